"""One row of weights at a time: linear algebra and linear programs in floats guess, rational arithmetic decides.

No float is an answer here. A guess is rounded to integers or fractions and verified by definition; where that fails, the exact
simplex method decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, lsq_linear, milp

from theory.threshold.algebra import coprime, solved
from theory.threshold.network import Vector
from theory.threshold.patterns import INTEGER, MARGIN, MINNORM, Row
from theory.threshold.simplex import Obstruction, Witness, feasible

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

ZERO_FLOAT = 1e-9  # an entry of a float solution below it is guessed to be 0; a wrong guess does not verify
MOST_BITS = 40  # a guess is rounded to multiples of 2^-bits, for bits up to this
MOST_EXACT = 40  # active inequalities up to which the smallest norm is solved for exactly
MOST_NODES = 20_000  # of branch and bound for integer weights; a limit of time would make answers depend on the machine
DENOMINATORS = (1, 12, 1000, 100_000)  # largest ones that are tried for the entries of a float solution


@dataclass(frozen=True)
class Solution:
    """Unknowns x with A x > 0.

    Attributes
    ----------
    x : tuple of Fraction
    multipliers : tuple of Fraction
        y >= 0, one a pattern, that prove what no solution surpasses (`Row.bound`); empty without an objective.
    """

    x: Vector
    multipliers: Vector = ()


def solve_row(row: Row, objective: str) -> Solution | Obstruction:
    """Unknowns that solve the inequalities of a row, best ones if an objective asks for it; or what excludes them."""
    answer = decide(row)
    if isinstance(answer, Obstruction):
        return minimal(row, answer)
    improve = {MINNORM: _smallest_norm, MARGIN: _largest_margin, INTEGER: _smallest_integers}.get(objective)
    return improve(row, answer) if improve else answer


def decide(row: Row) -> Solution | Obstruction:
    """Any solution, or any obstruction: where floats do not decide, fractions do, first of all for a conflict that floats see."""
    A = np.array(row.strict, float).reshape(len(row.strict), len(row.columns))
    x, y = _margin_program(A, row.signs)
    (whole,) = rounded(A.astype(np.int64), np.ones((1, len(A)), np.int64), x[None])
    if whole is not None and row.is_solved_by(whole):
        return Solution(tuple(map(Fraction, whole)))
    conflict = np.flatnonzero(y > ZERO_FLOAT).tolist()
    found = feasible(row.kept(conflict).strict, row.allowed) if conflict else None
    if isinstance(found, Obstruction):
        return _among(found, conflict, len(A))
    found = feasible(row.strict, row.allowed)
    return Solution(found.x) if isinstance(found, Witness) else found


def minimal(row: Row, answer: Obstruction) -> Obstruction:
    """An obstruction from which no pattern can be left out: the others would have a solution.

    Where all signs are free that of the simplex method is one. Else one pattern after the other is left out if the rest conflicts
    still.
    """
    for k in answer.support if any(row.signs) else ():
        rest = [pattern for pattern in answer.support if pattern != k]
        if rest and k in answer.support:
            found = decide(row.kept(rest))
            answer = _among(found, rest, len(answer.y)) if isinstance(found, Obstruction) else answer
    return answer


def _among(answer: Obstruction, patterns: Sequence[int], P: int) -> Obstruction:
    """An obstruction of some patterns as one of all P."""
    weights = dict(zip(patterns, answer.y, strict=True))
    return Obstruction(tuple(weights.get(k, 0) for k in range(P)))


def rounded(states: Whole, needed: Whole, x: Array) -> list[tuple[int, ...] | None]:
    """The coarsest rounding of float weights, as integers, that gives all fields their signs; None where there is none.

    Parameters
    ----------
    states : array of int, shape (P, n)
        Entries -1, 0, 1.
    needed : array of int, shape (R, P)
        Sign that the field of row r must have in each state.
    x : array, shape (R, n)

    Returns
    -------
    list of tuple of int, or None
        One for each row of x. Sums of 64-bit integers below 2^62 in all are exact.
    """
    found: list[tuple[int, ...] | None] = [None] * len(x)
    if not x.size:
        return found
    smallest = (needed * (x @ states.T)).min(axis=1)
    left = np.flatnonzero(smallest > 0)
    x = x / np.where(smallest > 0, smallest, 1.0)[:, None]
    for bits in range(MOST_BITS):
        left = left[np.abs(x[left]).sum(axis=1) * 2.0**bits < 2.0**62]
        if not left.size:
            break
        whole = np.rint(x[left] * 2.0**bits).astype(np.int64)
        fine = (needed[left] * (whole @ states.T) > 0).all(axis=1)
        for row, values in zip(left[fine], whole[fine], strict=True):
            found[row] = tuple((values // np.gcd.reduce(values)).tolist())
        left = left[~fine]
    return found


def _margin_program(A: Array, signs: Sequence[int]) -> tuple[Array, Array]:
    """The x with abs(x) <= 1 and largest t in A x >= t, and the multipliers y of A x >= t, of sum one; in floats.

    t > 0 where there is a solution; else t = 0, and y is an obstruction.
    """
    P, n = A.shape
    bounds = [(0.0 if s > 0 else -1.0, 0.0 if s < 0 else 1.0) for s in signs]
    found = linprog(
        np.append(np.zeros(n), -1.0), np.hstack([-A, np.ones((P, 1))]), np.zeros(P), bounds=[*bounds, (None, None)]
    )
    if found.x is None:  # numerical trouble of the library: the exact simplex method decides
        return np.zeros(n), np.zeros(P)
    return found.x[:n], np.maximum(-found.ineqlin.marginals, 0)


def _near(values: Array) -> Iterator[Vector]:
    """Floats as fractions: of small denominators, the simplest first, and as they are."""
    for largest in DENOMINATORS:
        yield tuple(Fraction(float(v)).limit_denominator(largest) for v in values)
    yield tuple(Fraction(float(v)) for v in values)


# ---- objectives --------------------------------------------------------------------------------------------------------


def _smallest_norm(row: Row, first: Solution) -> Solution:
    """The x of least sum of squares with A x >= 1: least squares for its multipliers, which are not negative (Lawson and Hanson).

    x is the projection of A^T y on the signs, so that a row of weights is Hebbian with embedding strengths y >= 0 where signs
    are free. The linear system of the inequalities that are active is solved exactly where it is small. (`nnls` of
    SciPy 1.17 stops too early in some degenerate cases; `lsq_linear` solves the same problem.)
    """
    signed = [j for j, sign in enumerate(row.signs) if sign]
    P, n = len(row.strict), len(row.columns)
    G = np.vstack([np.array(row.strict, float).reshape(P, n), *(row.signs[j] * np.eye(n)[j] for j in signed)])
    h = np.append(np.ones(P), np.zeros(len(signed)))
    found = lsq_linear(np.vstack([G.T, h]), np.append(np.zeros(n), 1.0), (0, np.inf), method="bvls", tol=1e-14)
    rest = 1 - h @ found.x
    if rest <= 0:
        return first
    y = found.x / rest
    active = np.flatnonzero(y > ZERO_FLOAT)
    fewest = linprog(np.ones(active.size), A_eq=G[active].T, b_eq=G.T @ y).x  # of dependent inequalities
    exact = None if fewest is None else _active_system(G, h, active[fewest > ZERO_FLOAT])
    dyadic = [Fraction(round(float(v) * 2**MOST_BITS), 2**MOST_BITS) for v in y]
    for multipliers in (exact, dyadic):
        if multipliers and min(multipliers) >= 0:
            x = tuple(row.projected(row.combined(multipliers[:P])))
            if row.is_solved_by(x) and (multipliers is dyadic or min(row.values(x)) == 1):
                return Solution(x, tuple(multipliers[:P]))
    return first


def _active_system(G: Array, h: Array, active: NDArray[np.intp]) -> list[Fraction] | None:
    """y with G G^T y = h on the active inequalities and 0 elsewhere; None if that is singular or large."""
    if not 0 < active.size <= MOST_EXACT:
        return None
    gram = (G[active] @ G[active].T).astype(int).tolist()
    _, y = solved(
        [[*map(Fraction, line), Fraction(int(h[k]))] for line, k in zip(gram, active, strict=True)], active.size
    )
    values = dict(zip(active.tolist(), y or (), strict=False))
    return [values.get(k, Fraction(0)) for k in range(len(h))] if y else None


def _largest_margin(row: Row, first: Solution) -> Solution:
    """The x with abs(x) <= 1 whose smallest entry of A x is largest."""
    x, y = _margin_program(np.array(row.strict, float), row.signs)
    solving = [v for near in _near(np.clip(x, -1, 1)) if row.is_solved_by(v := tuple(row.projected(near)))]
    proving = [near for near in _near(y) if any(near)]
    if not solving or not proving:
        return first
    best = min(proving, key=lambda c: row.bound(MARGIN, c))
    total = sum(best, Fraction(0))
    return Solution(max(solving, key=lambda v: row.value(MARGIN, v)), tuple(v / total for v in best))


def _smallest_integers(row: Row, first: Solution) -> Solution:
    """Integers x with A x >= 1 and the least sum of absolute values: branch and bound over positive and negative parts."""
    A = np.array(row.strict, float)
    P, n = A.shape
    split = np.hstack([A, -A])
    bounds = Bounds(0, np.where(np.append(np.negative(row.signs), row.signs) > 0, 0.0, np.inf))
    cost = np.ones(2 * n)
    relaxed = linprog(cost, -split, -np.ones(P), bounds=[*zip(bounds.lb * cost, bounds.ub, strict=True)])
    y = np.zeros(P) if relaxed.x is None else np.maximum(-relaxed.ineqlin.marginals, 0)
    multipliers = max(_near(y), key=lambda c: row.bound(INTEGER, c))
    found = milp(
        cost,
        constraints=LinearConstraint(split, lb=1),
        integrality=np.ones(2 * n),
        bounds=bounds,
        options={"node_limit": MOST_NODES},
    )
    parts = np.zeros(2 * n) if found.x is None else np.rint(found.x)
    whole = [tuple(map(Fraction, coprime(x))) for x in (first.x, (parts[:n] - parts[n:]).tolist())]
    solving = [x for x in whole if row.is_solved_by(x)]
    return Solution(min(solving, key=lambda x: row.value(INTEGER, x)), multipliers if any(multipliers) else ())
