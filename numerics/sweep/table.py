"""Columns over the points of a sweep as a file: CSV (RFC 4180), a line for each point, or NPZ; never a pickle."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.files import TABLES, check_file, write_file

Columns = Mapping[str, NDArray[Any]]


def write_table(
    path: str | Path,
    columns: Mapping[str, NDArray[Any]],
    axes: Mapping[str, NDArray[Any]],
    fixed: Mapping[str, Any],
    named: Mapping[str, Any],
) -> None:
    """Write a file, whole or not at all.

    CSV has a line for each point: swept parameters, fixed ones, the other columns; a cell is empty where there is no value. NPZ has
    the swept parameters as vectors, the results as arrays over them, the fixed parameters and what is `named`.

    Parameters
    ----------
    path : str or Path
    columns : mapping of str to array
        Swept parameters first, then every result, of one shape.
    axes : mapping of str to array
        Values of the swept parameters.
    fixed, named : mapping
        Fixed parameters; words such as the model.

    Raises
    ------
    InputError
        For another suffix, or a file that cannot be written.
    """
    check_file(path, TABLES)
    write_file(path, _WRITERS[Path(path).suffix.lower()](columns, axes, fixed, named))


def _csv(columns: Columns, axes: Columns, fixed: Mapping[str, Any], named: Mapping[str, Any]) -> bytes:
    swept = len(axes)
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # lines end in CR LF
    writer.writerow([*list(columns)[:swept], *fixed, *list(columns)[swept:]])
    for row in zip(*(values.ravel().tolist() for values in columns.values()), strict=True):
        cells = [*row[:swept], *fixed.values(), *row[swept:]]
        writer.writerow(["" if isinstance(c, float) and isnan(c) else c for c in cells])
    return text.getvalue().encode()


def _npz(columns: Columns, axes: Columns, fixed: Mapping[str, Any], named: Mapping[str, Any]) -> bytes:
    alone = {key: np.array(v if isinstance(v, float | str) else str(v)) for key, v in {**named, **fixed}.items()}
    arrays = {**alone, **columns, **axes}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


_WRITERS = {".csv": _csv, ".npz": _npz}
