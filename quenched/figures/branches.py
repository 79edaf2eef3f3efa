"""Fixed points along a sweep as curves: connected by continuity, closed where two of them meet in a fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from numerics.solve.fixed_point import FixedPoint

Array = NDArray[np.float64]
FAR = 2.0  # distance of the extrapolated fold, in steps, above which the two curves are not taken to meet
_NOSE = np.linspace(0.0, 1.0, 12, endpoint=False)  # points drawn between a fold and the first value beside it


@dataclass(frozen=True)
class Curve:
    """One branch of fixed points.

    Attributes
    ----------
    x : array, shape (n,)
        The swept parameter.
    z : array, shape (n,)
    stable : array of bool, shape (n,)
    """

    x: Array
    z: Array
    stable: NDArray[np.bool_]


def branches(x: Array, columns: Sequence[Sequence[FixedPoint] | None], cut: NDArray[np.bool_]) -> list[Curve]:
    """Curves through the fixed points at successive values of a parameter.

    Parameters
    ----------
    x : array, shape (n,)
    columns : sequence of n sequences of FixedPoint
        Increasing in z; None where there is no solution.
    cut : array of bool, shape (n - 1,)
        Between which neighbours no curve may pass, such as a pole.

    Returns
    -------
    list of Curve
        Every fixed point is in exactly one. Between neighbours as many are connected as there are in both, so that the sum
        of the squared distances is smallest: on a line these never cross. Two that appear or end together are closed at the
        fold where (z_2 - z_1)^2, linear in x there, vanishes.
    """
    grown: list[list[tuple[int, int]]] = []
    growing: list[list[tuple[int, int]]] = []
    for index, points in enumerate(column or () for column in columns):
        if index and cut[index - 1]:
            grown, growing = grown + growing, []
        ends = np.array([_at(columns, chain[-1]).z for chain in growing])
        old, new = linear_sum_assignment(np.subtract.outer(ends, np.array([p.z for p in points])) ** 2)
        connected = dict(zip(new.tolist(), old.tolist(), strict=True))
        grown += [chain for k, chain in enumerate(growing) if k not in connected.values()]
        growing = [[*(growing[connected[k]] if k in connected else ()), (index, k)] for k in range(len(points))]
    chains = grown + growing
    found = [_curve(x, columns, chain) for chain in chains]
    for end, beside in ((0, -1), (-1, 1)):
        for first, second in _together(chains, end):
            before = chains[first][end][0] + beside
            if 0 <= before < len(x) and columns[before] is not None and not cut[min(before, before - beside)]:
                found[first], found[second] = _closed(found[first], found[second], x[before], reverse=end == -1)
    return found


def _at(columns: Sequence[Sequence[FixedPoint] | None], place: tuple[int, int]) -> FixedPoint:
    column = columns[place[0]]
    assert column is not None
    return column[place[1]]


def _curve(x: Array, columns: Sequence[Sequence[FixedPoint] | None], chain: Sequence[tuple[int, int]]) -> Curve:
    points = [_at(columns, place) for place in chain]
    return Curve(x[[i for i, _ in chain]], np.array([p.z for p in points]), np.array([p.stable for p in points]))


def _together(chains: Sequence[Sequence[tuple[int, int]]], end: int) -> list[tuple[int, int]]:
    """Neighbouring pairs of those chains that begin (0) or end (-1) at the same value."""
    order = sorted((chain[end], number) for number, chain in enumerate(chains) if len(chain) > 1)
    groups = [[number for _, number in group] for _, group in groupby(order, key=lambda item: item[0][0])]
    return [pair for group in groups for pair in zip(group[::2], group[1::2], strict=False)]


def _closed(lower: Curve, upper: Curve, before: float, *, reverse: bool) -> tuple[Curve, Curve]:
    """Both curves continued to their fold, which lies between their first point and the value before it."""
    step = -1 if reverse else 1
    (x0, x1), a, b = lower.x[::step][:2], lower.z[::step][:2], upper.z[::step][:2]
    squared, middle = (b - a) ** 2, (a + b) / 2
    if not squared[1] > squared[0] > 0:
        return lower, upper
    distance = squared[0] * (x1 - x0) / (squared[1] - squared[0]) / (x0 - before)
    if not 0 < distance < FAR:
        return lower, upper
    fold = x0 - min(distance, 1.0) * (x0 - before)
    x = fold + (x0 - fold) * _NOSE**2
    centre = middle[0] + (middle[1] - middle[0]) * (x - x0) / (x1 - x0)

    def continued(curve: Curve, sign: float) -> Curve:
        z = centre + sign * np.sqrt(squared[0]) / 2 * _NOSE
        stable = np.full(x.size, curve.stable[::step][0])
        parts = ((x, curve.x[::step]), (z, curve.z[::step]), (stable, curve.stable[::step]))
        return Curve(*(np.concatenate(part)[::step] for part in parts))

    return continued(lower, -1.0), continued(upper, 1.0)
