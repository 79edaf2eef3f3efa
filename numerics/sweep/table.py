"""A sweep as a file: CSV (RFC 4180), one line for each point, or NPZ, one array for each result; never a pickle."""

from __future__ import annotations

import csv
import io
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from numerics.codegen.cache import write_atomically
from theory.errors import InputError

if TYPE_CHECKING:
    from numerics.sweep.sweep import Sweep


def check_path(path: str | Path) -> None:
    """Refuse a file whose suffix is neither .csv nor .npz.

    Raises
    ------
    InputError
    """
    if Path(path).suffix.lower() not in _WRITERS:
        raise InputError(f"cannot tell the format of '{str(path)[:200]}': its name must end in {' or '.join(_WRITERS)}")


def save(sweep: Sweep, path: str | Path) -> None:
    """Write all columns of a sweep, whole or not at all.

    CSV has a line for each point: swept parameters, fixed ones, every key of the theory, words, lists and fixed points (see
    `numerics.sweep.columns`), `error`, `residual`, `stable`, `reason`, and `simulated_KEY`, `simulated_KEY_error` where networks
    were simulated; a cell is empty where there is no value. NPZ has the swept parameters as vectors, the results as arrays
    over them, and `model`, `activation` and the fixed parameters.

    Raises
    ------
    InputError
        For another suffix, or a file that cannot be written.
    """
    check_path(path)
    try:
        write_atomically(Path(path), _WRITERS[Path(path).suffix.lower()](sweep))
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot write '{str(path)[:200]}': {reason}") from error


def csv_bytes(sweep: Sweep) -> bytes:
    """The content of a CSV file."""
    columns = sweep.columns()
    fixed = list(sweep.parameters.values())
    swept = len(sweep.axes)
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # lines end in CR LF
    writer.writerow([*list(columns)[:swept], *sweep.parameters, *list(columns)[swept:]])
    for row in zip(*(values.ravel().tolist() for values in columns.values()), strict=True):
        cells = [*row[:swept], *fixed, *row[swept:]]
        writer.writerow(["" if isinstance(c, float) and isnan(c) else c for c in cells])
    return text.getvalue().encode()


def npz_bytes(sweep: Sweep) -> bytes:
    """The content of an NPZ file."""
    named = {"model": sweep.model, "activation": sweep.activation, **sweep.parameters}
    arrays = {**{key: np.array(value) for key, value in named.items()}, **sweep.columns(), **sweep.axes}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


_WRITERS = {".csv": csv_bytes, ".npz": npz_bytes}
