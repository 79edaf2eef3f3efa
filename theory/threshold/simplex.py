"""Strict linear inequalities and linear programs in rational arithmetic, every answer verified by definition.

`feasible` decides whether some x with prescribed signs has A x > 0 and returns such an x, or weights y of the rows that exclude
one (Gordan, Farkas). The free entries of x are eliminated first; what remains is one linear program that starts at the origin.
Tableaus hold integers over one common denominator, so that a pivot needs no greatest common divisor (Edmonds, Bareiss).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from theory.threshold.algebra import coprime, dot
from theory.threshold.network import Vector

Number = int | Fraction
Sign = int | None
"""Of an entry of x: 1 not negative, -1 not positive, 0 zero, None free."""


@dataclass(frozen=True)
class Witness:
    """x with the prescribed signs and A x >= 1 in every row, equal to 1 in one of them."""

    x: Vector


@dataclass(frozen=True)
class Obstruction:
    """Weights y >= 0 of the rows, not all zero, coprime integers, that exclude every x with A x > 0.

    A^T y is zero where x is free, not positive where x >= 0 and not negative where x <= 0, so that y.(A x) <= 0. Where every
    entry of x is free or zero, no row with a weight can be left out: the others have a solution.
    """

    y: tuple[int, ...]

    @property
    def support(self) -> tuple[int, ...]:
        """The rows with a weight: they already exclude every x."""
        return tuple(i for i, weight in enumerate(self.y) if weight)


@dataclass(frozen=True)
class Optimum:
    """x >= 0 that maximizes c.x with A x <= b; prices p >= 0 with A^T p >= c and p.b = c.x prove it."""

    x: Vector
    value: Fraction
    prices: Vector


@dataclass(frozen=True)
class Ray:
    """x >= 0 with A x <= 0 and c.x > 0: along it c.x grows without bound."""

    x: Vector


def feasible(rows: Sequence[Sequence[Number]], signs: Sequence[Sign] | None = None) -> Witness | Obstruction:
    """Decide whether an x with these signs has A x > 0.

    Parameters
    ----------
    rows : sequence of sequence of int or Fraction, shape (P, n)
        A, at least one row.
    signs : sequence of {1, -1, 0, None}, length n, optional
        Of every entry of x: not negative, not positive, zero, free; all free if not given.

    Returns
    -------
    Witness or Obstruction
        Exactly one of the two exists (Gordan 1873, Ville 1938).

    Examples
    --------
    >>> feasible([(1, -1), (0, 1)], (1, 1)).x
    (Fraction(2, 1), Fraction(1, 1))
    >>> feasible([(1, -1), (-1, 1)]).y
    (1, 1)
    """
    signs = (None,) * len(rows[0]) if signs is None else tuple(signs)
    scales = [lcm(*(a.denominator for a in row)) for row in rows]
    kept = [j for j, sign in enumerate(signs) if sign != 0]
    whole = [[int(row[j] * k) * (signs[j] or 1) for j in kept] for row, k in zip(rows, scales, strict=True)]
    table = _Tableau([[-a for a in row] for row in whole])
    exchanged = _eliminate(table, [c for c, j in enumerate(kept) if signs[j] is None])
    rest = [r for r in range(len(rows)) if r not in exchanged]
    freed = {c: r for r, c in exchanged.items()}
    inner = [c for c in range(len(kept)) if c in freed or signs[kept[c]] is not None]
    found = maximize([1] * len(rest), [[-table.rows[r][c] for r in rest] for c in inner], [1] * len(inner))
    if isinstance(found, Ray):
        y = [Fraction(0)] * len(rows)
        for r, weight in zip(rest, found.x, strict=True):
            y[r] = weight * scales[r]
            for c, pivot_row in freed.items():  # what the weight of this row asks of the eliminated ones
                y[pivot_row] += weight * table.rows[r][c] * scales[pivot_row] / table.denominator
        answer: Witness | Obstruction = Obstruction(coprime(y))
    else:
        inside = _inside(table, exchanged, rest, dict(zip(inner, found.prices, strict=True)))
        x = [Fraction(0)] * len(signs)
        for c, j in enumerate(kept):
            x[j] = inside.get(c, Fraction(0)) * (signs[j] or 1)
        least = min(dot(row, x) for row in rows)
        answer = Witness(tuple(v / least for v in x))
    if not holds(answer, rows, signs):
        raise ArithmeticError("an exact answer does not satisfy its definition")
    return answer


def holds(answer: Witness | Obstruction, rows: Sequence[Sequence[Number]], signs: Sequence[Sign] | None = None) -> bool:
    """Whether an answer is what its class says, for these rows and signs: the check that needs no solver."""
    signs = (None,) * len(rows[0]) if signs is None else signs
    if isinstance(answer, Witness):
        return all(_allowed(v, sign) for v, sign in zip(answer.x, signs, strict=True)) and all(
            dot(row, answer.x) >= 1 for row in rows
        )
    sums = [dot(column, answer.y) for column in zip(*rows, strict=True)]
    polar = (sign == 0 or (_allowed(-v, sign) if sign else v == 0) for v, sign in zip(sums, signs, strict=True))
    return all(polar) and all(y >= 0 for y in answer.y) and any(answer.y)


def maximize(c: Sequence[Number], A: Sequence[Sequence[Number]], b: Sequence[Number]) -> Optimum | Ray:
    """Maximize c.x over x >= 0 with A x <= b, where b >= 0 (the origin is allowed).

    Parameters
    ----------
    c : sequence of int or Fraction, length n
    A : sequence of sequence of int or Fraction, shape (m, n)
    b : sequence of int or Fraction, length m
        Not negative.

    Returns
    -------
    Optimum or Ray

    Raises
    ------
    ValueError
        If an entry of b is negative.

    Notes
    -----
    Largest coefficient, and Bland's rule from a pivot without progress until the next one with progress: no basis comes twice.
    """
    if any(v < 0 for v in b):
        raise ValueError("the origin has to satisfy A x <= b")
    m, n = len(A), len(c)
    factor = lcm(*(v.denominator for row in (*A, c, b) for v in row))
    body = [[int(v * factor) for v in (*row, bound)] for row, bound in zip(A, b, strict=True)]
    table = _Tableau([*body, [*(-int(v * factor) for v in c), 0]])
    basic, outside = list(range(n, n + m)), list(range(n))  # labels: variables first, then slacks
    stalled = False
    while True:
        cost = table.rows[m]
        entering = [j for j in range(n) if cost[j] < 0]
        if not entering:
            break
        *_, q = min((0 if stalled else cost[j], outside[j], j) for j in entering)
        leaving = [r for r in range(m) if table.rows[r][q] > 0]
        if not leaving:
            along = {outside[q]: Fraction(1)}
            along |= {basic[r]: Fraction(-table.rows[r][q], table.denominator) for r in range(m)}
            ray = Ray(tuple(along.get(j, Fraction(0)) for j in range(n)))
            return _proved(ray, c, A, b)
        p = min(leaving, key=lambda r: (Fraction(table.rows[r][n], table.rows[r][q]), basic[r]))
        stalled = table.rows[p][n] == 0
        table.exchange(p, q)
        basic[p], outside[q] = outside[q], basic[p]
    at = {label: Fraction(table.rows[r][n], table.denominator) for r, label in enumerate(basic)}
    prices = {label: Fraction(table.rows[m][j], table.denominator) for j, label in enumerate(outside)}
    x = tuple(at.get(j, Fraction(0)) for j in range(n))
    optimum = Optimum(x, dot(c, x), tuple(prices.get(n + r, Fraction(0)) for r in range(m)))
    return _proved(optimum, c, A, b)


class _Tableau:
    """Affine functions of the variables outside the basis: entry (r, c) over the denominator is -d(row)/d(column)."""

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows, self.denominator = rows, 1

    def exchange(self, p: int, q: int) -> None:
        """Exchange the variable of row p with that of column q; the division is exact: all entries are minors of the first rows."""
        pivot, old, row = self.rows[p][q], self.denominator, self.rows[p]
        for r, other in enumerate(self.rows):
            if r != p:
                factor = other[q]
                if factor:
                    changed = [(a * pivot - factor * e) // old for a, e in zip(other, row, strict=True)]
                    changed[q] = -factor
                else:
                    changed = [a * pivot // old for a in other]
                self.rows[r] = changed
        row[q] = old
        self.denominator = pivot
        if pivot < 0:
            self.denominator, self.rows = -pivot, [[-a for a in other] for other in self.rows]


def _eliminate(table: _Tableau, columns: Sequence[int]) -> dict[int, int]:
    """Exchange each of these columns with a row of its own as long as there is one; the column of every row that was exchanged."""
    exchanged: dict[int, int] = {}
    for c in columns:
        usable = [r for r in range(len(table.rows)) if r not in exchanged and table.rows[r][c]]
        if usable:
            best = min(usable, key=lambda r: (abs(table.rows[r][c]), r))
            table.exchange(best, c)
            exchanged[best] = c
    return exchanged


def _inside(
    table: _Tableau, exchanged: dict[int, int], rest: Sequence[int], outside: dict[int, Fraction]
) -> dict[int, Fraction]:
    """The variables of all columns, where the rows that were exchanged become positive and the others stay so."""
    raised = [c for c in exchanged.values() if not outside[c]]
    loss = [sum(table.rows[r][c] for c in raised) for r in rest]
    scale = 1 + max(0, *loss, 0)
    outside = {c: v * scale + (1 if c in raised else 0) for c, v in outside.items()}
    values = dict(outside)
    for r, c in exchanged.items():
        values[c] = -sum((table.rows[r][k] * v for k, v in outside.items()), Fraction(0)) / table.denominator
    return values


def _proved(
    answer: Optimum | Ray, c: Sequence[Number], A: Sequence[Sequence[Number]], b: Sequence[Number]
) -> Optimum | Ray:
    """The answer, after its definition was checked."""
    positive = all(v >= 0 for v in answer.x)
    if isinstance(answer, Ray):
        right = dot(c, answer.x) > 0 and all(dot(row, answer.x) <= 0 for row in A)
    else:
        p = answer.prices
        right = all(dot(row, answer.x) <= bound for row, bound in zip(A, b, strict=True)) and all(v >= 0 for v in p)
        right &= all(
            sum((w * row[j] for w, row in zip(p, A, strict=True) if w), Fraction(0)) >= v for j, v in enumerate(c)
        )
        right &= dot(b, p) == answer.value
    if not (positive and right):
        raise ArithmeticError("an exact answer does not satisfy its definition")
    return answer


def _allowed(value: Number, sign: Sign) -> bool:
    return sign is None or (value == 0 if sign == 0 else value * sign >= 0)
