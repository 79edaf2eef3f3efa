"""Random threshold networks: how many stable states are expected, and how many patterns a row can store.

What is exact for finite N, or for points in general position, stands beside what random networks and patterns of that size show,
with its standard error. Patterns of 0 and 1 are not in general position: the deviation is a result, not a failure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import linprog

from numerics.view import aligned
from theory.errors import require
from theory.threshold.patterns import FREE, ZERO

MOST_UNITS = 16
"""Units of a random network whose 2^N states are all looked at."""


@dataclass(frozen=True)
class Comparison:
    """One exact number beside an average over random draws.

    Attributes
    ----------
    name : str
    N, P : int
        Units; patterns, 0 where there are none.
    exact : Fraction
    measured, error : float
        Average and its standard error.
    draws : int
    z : float
        Deviation in standard errors: for a fraction of draws those that the exact number makes expected, if it is not 0 or 1.
    """

    name: str
    N: int
    P: int
    exact: Fraction
    measured: float
    error: float
    draws: int
    z: float


@dataclass(frozen=True)
class Comparisons:
    """Exact numbers beside random draws of one seed, and what the exact numbers assume."""

    rows: tuple[Comparison, ...]
    seed: int
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Content for JSON."""
        rows = [{**vars(row), "exact": str(row.exact), "value": float(row.exact)} for row in self.rows]
        return {"seed": self.seed, "note": self.note, "rows": rows}

    def table(self) -> str:
        """One line a number."""
        head = ["", "N", "P", "P/N", "exact", "measured", "s.e.", "z", "draws"]
        body = [
            f"{row.name}|{row.N}|{row.P or ''}|{f'{row.P / row.N:.2f}' if row.P else ''}|{float(row.exact):.5g}"
            f"|{row.measured:.5g}|{row.error:.2g}|{row.z:+.1f}|{row.draws}".split("|")
            for row in self.rows
        ]
        return "\n".join([*aligned([head, *body], left=(0,)), self.note])


# ---- number of stable states -------------------------------------------------------------------------------------------


def expected_count(N: int, bias: str, diag: str) -> Fraction:
    """Expected number of stable states where rows (w_i, b_i) are independent, symmetric under a change of sign, and atomless.

    Every field that is not identically zero has the right sign with probability one half, so that a state is stable with
    probability 2^-N; with b = 0 the field is identically zero in the state without activity, and for w_ii = 0 too that of the
    active unit where there is no other.
    """
    require((bias in (FREE, ZERO) and diag in (FREE, ZERO), "bias and diag must be free or zero"))
    never = 0 if bias == FREE else 1 if diag == FREE else 1 + N
    return Fraction(2**N - never, 2**N)


def stable_counts(
    N: int, draws: int, rng: np.random.Generator, *, bias: str = FREE, diag: str = ZERO, symmetric: bool = False
) -> NDArray[np.int64]:
    """Numbers of stable states of random networks with normal weights, and biases of variance N/4; every state is looked at.

    Parameters
    ----------
    N, draws : int
    rng : numpy.random.Generator
    bias, diag : str
    symmetric : bool
        W_ij = W_ji: rows are dependent then, and `expected_count` does not hold.
    """
    require((1 <= N <= MOST_UNITS, f"N = {N}: 1 to {MOST_UNITS} units, whose 2^N states are all looked at"))
    states = ((np.arange(2**N)[:, None] >> np.arange(N)) & 1).astype(float)
    needed = 2 * states - 1
    counts = np.zeros(draws, np.int64)
    for k in range(draws):
        W = rng.standard_normal((N, N))
        W = (W + W.T) / math.sqrt(2) if symmetric else W
        if diag == ZERO:
            np.fill_diagonal(W, 0.0)
        b = rng.standard_normal(N) * math.sqrt(N) / 2 if bias == FREE else np.zeros(N)
        right = np.ones(2**N, bool)
        for unit in range(N):  # the states that are left get fewer with every row
            left = np.flatnonzero(right)
            right[left] = needed[left, unit] * (states[left] @ W[unit] + b[unit]) > 0
        counts[k] = np.count_nonzero(right)
    return counts


def stable_state_count(sizes: Sequence[int] = (4, 8, 12), draws: int = 400, seed: int = 0) -> Comparisons:
    """Expected number of stable states against enumeration.

    Parameters
    ----------
    sizes : sequence of int
        Units, at most `MOST_UNITS`.
    draws : int
        Random networks of each size and kind.
    seed : int
    """
    require((draws >= 2, f"draws = {draws}: two or more are needed for a standard error"))
    rows: list[Comparison] = []
    for N in sizes:
        for bias, diag in ((FREE, FREE), (FREE, ZERO), (ZERO, FREE), (ZERO, ZERO)):
            counts = stable_counts(N, draws, np.random.default_rng([seed, N, len(rows)]), bias=bias, diag=diag)
            exact, mean = expected_count(N, bias, diag), float(counts.mean())
            error = float(counts.std(ddof=1)) / math.sqrt(draws)
            z = (mean - float(exact)) / error if error else math.nan
            rows.append(Comparison(f"stable states, bias {bias}, diag {diag}", N, 0, exact, mean, error, draws, z))
    return Comparisons(
        tuple(rows), seed, "exact for independent rows that are symmetric under a change of sign, at every N"
    )


# ---- capacity ----------------------------------------------------------------------------------------------------------


def cover_count(P: int, n: int) -> int:
    """Number of divisions of P points in general position by hyperplanes through the origin of n dimensions (Cover 1965)."""
    return 2 * sum(math.comb(P - 1, k) for k in range(min(n, P)))


def capacity_probability(P: int, n: int, signed: bool = False) -> Fraction:
    """Probability that random signs of P fields can be had with n weights.

    Parameters
    ----------
    P, n : int
        Patterns, in general position; unknown weights of the row, the bias included.
    signed : bool
        Whether each weight has a prescribed sign; the patterns' law is then symmetric under reflection of each coordinate, and the
        P + n hyperplanes are in general position.
    """
    return Fraction(cover_count(P + n, n), 2 ** (P + n)) if signed else Fraction(cover_count(P, n), 2**P)


def _is_solved(P: int, n: int, rng: np.random.Generator, signed: bool, gaussian: bool, bias: bool) -> bool:
    """Whether some weights solve a random row problem, as HiGHS decides in floats.

    Weights with prescribed signs are weights that are not negative, and patterns with a random sign of each coordinate.
    """
    patterns = rng.standard_normal((P, n)) if gaussian else rng.integers(0, 2, (P, n)).astype(float)
    if signed and not gaussian:
        patterns *= rng.choice([-1.0, 1.0], n)
    rows = rng.choice([-1.0, 1.0], P)[:, None] * (np.column_stack([patterns, np.ones(P)]) if bias else patterns)
    bounds = [(0 if signed else None, None)] * n + [(None, None)] * bias
    return bool(linprog(np.zeros(n + bias), -rows, -np.ones(P), bounds=bounds).status == 0)


def row_capacity(
    N: int = 20,
    loads: Sequence[float] = (0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
    draws: int = 200,
    seed: int = 0,
    *,
    signed: bool = False,
    gaussian: bool = False,
    bias: str = FREE,
) -> Comparisons:
    """Fractions of rows that can store random patterns, beside the count for points in general position.

    Parameters
    ----------
    N : int
        Units; a row has N - 1 weights, for w_ii = 0, and a bias if that is free.
    loads : sequence of float
        Patterns per unit.
    draws : int
    seed : int
    signed : bool
        Prescribed signs of all weights; then with ``bias='zero'`` alone is there an exact number.
    gaussian : bool
        Patterns in general position: the exact numbers hold for them.
    bias : str

    Raises
    ------
    InputError
        For fewer than two units, no draws, or prescribed signs with a free bias.
    """
    require(
        (N >= 2, f"N = {N}: two or more units"),
        (draws >= 1, f"draws = {draws}: one or more"),
        (bias in (FREE, ZERO), "bias must be free or zero"),
        (
            not (signed and bias == FREE),
            "prescribed signs of weights need bias = zero: no exact number is known with a free bias",
        ),
        (all(load > 0 for load in loads), "loads must be positive"),
    )
    rows, n = [], N - 1 + (bias == FREE)
    for k, load in enumerate(loads):
        P = max(1, round(load * N))
        exact = capacity_probability(P, n, signed)
        rng = np.random.default_rng([seed, N, k])
        solved = sum(_is_solved(P, N - 1, rng, signed, gaussian, bias == FREE) for _ in range(draws))
        interval = stats.binomtest(solved, draws).proportion_ci(0.6827, "wilson")
        expected, error = math.sqrt(float(exact * (1 - exact)) / draws), float(interval.high - interval.low) / 2
        measured = solved / draws
        z = (measured - float(exact)) / (expected or error)
        name = f"rows that store{' with signs' if signed else ''}"
        rows.append(Comparison(name, N, P, exact, measured, error, draws, z))
    holds = "the patterns are" if gaussian else "patterns of 0 and 1 are not: z is a deviation of finite N, no failure"
    symmetric = " and symmetric under reflections" if signed else ""
    return Comparisons(tuple(rows), seed, f"exact for patterns in general position{symmetric}; {holds}")
