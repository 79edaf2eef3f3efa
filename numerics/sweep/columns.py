"""Columns of what is no single number: words, lists of eigenvalues, the fixed points of closed loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.solve.solution import Solution

Cell = str | float


def detail_columns(solutions: Sequence[Solution | None]) -> dict[str, NDArray[Any]]:
    """One array for each word, number and number inside a list that the solutions carry.

    Parameters
    ----------
    solutions : sequence of Solution or None

    Returns
    -------
    dict of str to array
        A word under its key; the k-th entry of a list `KEYs` as `KEY_k`, complex numbers as `KEY_k_re` and `KEY_k_im`; of
        fixed points their number `fixed_points`, and `fixed_point_k` (the output z), `fixed_point_k_Delta0` and
        `fixed_point_k_stable` (1 or 0). Where there is none: an empty text or nan.
    """
    rows = [{} if s is None else {**dict(_details(s.details)), **dict(_fixed_points(s))} for s in solutions]
    return {key: _column([row.get(key) for row in rows]) for key in dict.fromkeys(key for row in rows for key in row)}


def _details(details: Mapping[str, Any]) -> Iterator[tuple[str, Cell]]:
    """Words first, as in a table that is read from the left."""
    for key, value in sorted(details.items(), key=lambda item: not isinstance(item[1], str)):
        yield from [(key, value)] if isinstance(value, str) else _entries(key.removesuffix("s"), value)


def _entries(name: str, values: Sequence[Any]) -> Iterator[tuple[str, float]]:
    for k, value in enumerate(values, start=1):
        if np.ndim(value):
            real, imaginary = value
            yield from ((f"{name}_{k}_re", float(real)), (f"{name}_{k}_im", float(imaginary)))
        else:
            yield f"{name}_{k}", float(value)


def _fixed_points(solution: Solution) -> Iterator[tuple[str, float]]:
    if solution.fixed_points:
        yield "fixed_points", float(len(solution.fixed_points))
    for k, point in enumerate(solution.fixed_points, start=1):
        yield f"fixed_point_{k}", point.z
        yield f"fixed_point_{k}_Delta0", point.Delta0
        yield f"fixed_point_{k}_stable", float(point.stable)


def _column(cells: Sequence[Cell | None]) -> NDArray[Any]:
    missing = "" if any(isinstance(cell, str) for cell in cells) else float("nan")
    return np.array([missing if cell is None else cell for cell in cells])
