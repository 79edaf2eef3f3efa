"""Zeros of a function of one output that is known on a scan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from theory.errors import DomainError

Values = NDArray[np.float64]


def roots_of(function: Callable[[float], Any], grid: Values, value: Values, precision: float = 1e-15) -> list[float]:
    """Zeros of a function from its values on a grid: sign changes, and both sides of an extremum that crosses zero in between.

    `precision` is that of the zeros, relative.

    Raises
    ------
    DomainError
        Where rounding hides the signs.
    """
    roots = [float(z) for z in grid[value == 0]]
    cells = [(grid[k], grid[k + 1]) for k in np.nonzero(value[:-1] * value[1:] < 0)[0]]
    for k in dips(grid, value):
        sign, (low, high) = np.sign(value[k]), (grid[k - 1], grid[k + 1])
        found = minimize_scalar(
            lambda z, sign=sign: sign * function(z), bounds=(low, high), method="bounded", options={"xatol": 1e-10}
        )
        cells += [(low, found.x), (found.x, high)] if found.fun < 0 else []
    try:
        roots += [float(brentq(function, *cell, xtol=1e-15, rtol=precision)) for cell in cells]
    except ValueError as error:  # the sign on the grid was rounding
        raise DomainError("the states of the loop cannot be resolved in double precision") from error
    return [root + 0.0 for root in sorted(roots)]


def dips(grid: Values, value: Values) -> list[int]:
    """Points of a scan at which a stretch of one sign comes closest to zero, where a parabola gets far closer."""
    size, sign = np.abs(value), np.sign(value)
    same = (sign[1:-1] == sign[:-2]) & (sign[1:-1] == sign[2:])
    found = 1 + np.nonzero(same & (size[1:-1] < size[:-2]) & (size[1:-1] <= size[2:]))[0]
    return [int(k) for k in found if vertex(grid[k - 1 : k + 2], size[k - 1 : k + 2]) < 0.5 * size[k]]


def vertex(z: Values, size: Values) -> float:
    """Lowest value of the parabola through three points, the middle one lowest."""
    left, right = (size[0] - size[1]) / (z[0] - z[1]), (size[2] - size[1]) / (z[2] - z[1])
    curvature = (right - left) / (z[2] - z[0])
    slope = left - curvature * (z[0] - z[1])
    return float(size[1] - slope**2 / (4 * curvature))
