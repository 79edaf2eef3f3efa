"""States that a network shall have: what may be chosen, and the linear inequalities of each row of weights.

Every unit is a problem of its own. The weights onto it that are allowed, and its bias if that is free, are the unknowns x of
strict inequalities A x > 0, one a pattern; each unknown may have a prescribed sign. Either some x solves them, or some y >= 0,
not 0, has A^T y = 0 for unknowns of free sign, <= 0 for positive, >= 0 for negative ones (Gordan, Farkas, Motzkin): an obstruction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from theory.errors import gathering
from theory.threshold.algebra import dot
from theory.threshold.network import State, Vector, text_of
from theory.threshold.reading import WORDS, PatternFile, pattern_file

FREE, ZERO, NONPOSITIVE = WORDS["diag"]

FEASIBLE, MINNORM, MARGIN, INTEGER = "feasible", "minnorm", "margin", "integer"
OBJECTIVES = (FEASIBLE, MINNORM, MARGIN, INTEGER)
"""Any weights; smallest sum of squares at margin one; largest margin with abs <= 1; smallest sum of abs of integers."""

Signs = tuple[tuple[int, ...], ...]
Number = int | Fraction

_NO_DIAG = (
    "diag is missing: it must be one of free, zero, nonpositive, for weights of units onto themselves. With diag=free any states "
    "can be stored, so that the answer says little"
)


@dataclass(frozen=True)
class Row:
    """The inequalities of one unit.

    Attributes
    ----------
    unit : int
    columns : tuple of int
        The unknowns: presynaptic units, and N for the bias.
    signs : tuple of int
        +1 or -1 where an unknown may not have the other sign, else 0.
    strict : tuple of tuple of int
        A: A x > 0 is asked of x, with at least one row.
    """

    unit: int
    columns: tuple[int, ...]
    signs: tuple[int, ...]
    strict: tuple[tuple[int, ...], ...]

    @property
    def allowed(self) -> tuple[int | None, ...]:
        """The signs as `theory.threshold.simplex` takes them: None for any."""
        return tuple(sign or None for sign in self.signs)

    def values(self, x: Sequence[Number]) -> list[Fraction]:
        """A x."""
        return _products(self.strict, x)

    def is_solved_by(self, x: Sequence[Number]) -> bool:
        """Whether A x > 0 and the signs are right; exactly."""
        signs_hold = all(sign * value >= 0 for sign, value in zip(self.signs, x, strict=True))
        return signs_hold and all(value > 0 for value in self.values(x))

    def combined(self, y: Sequence[Number]) -> list[Fraction]:
        """A^T y."""
        return _products(zip(*self.strict, strict=True), y)

    def is_obstructed_by(self, y: Sequence[Number]) -> bool:
        """Whether y >= 0, not 0, proves that nothing solves the inequalities: it would prove 0 > 0; exactly."""
        return self.forces([0] * len(self.columns), y)

    def forces(self, t: Sequence[Number], y: Sequence[Number]) -> bool:
        """Whether y >= 0, not 0, proves t.x > 0 for every solution: t.x >= y.A x because of the signs; exactly."""
        surplus = [c - entry for c, entry in zip(self.combined(y), t, strict=True)]
        never_positive = all(c * sign <= 0 if sign else c == 0 for c, sign in zip(surplus, self.signs, strict=True))
        return any(y) and all(value >= 0 for value in y) and never_positive

    def kept(self, patterns: Iterable[int]) -> Row:
        """The inequalities of these patterns alone."""
        return Row(self.unit, self.columns, self.signs, tuple(self.strict[k] for k in patterns))

    def spread(self, x: Sequence[Fraction], N: int) -> tuple[Vector, Fraction]:
        """Weights onto the unit and its bias; 0 where there is no unknown."""
        full = dict(zip(self.columns, x, strict=True))
        return tuple(full.get(j, Fraction(0)) for j in range(N)), full.get(N, Fraction(0))

    def gathered(self, w: Vector, b: Fraction) -> Vector:
        """The unknowns among these weights and this bias."""
        return tuple((*w, b)[j] for j in self.columns)

    def projected(self, c: Sequence[Fraction]) -> list[Fraction]:
        """The nearest vector with the right signs."""
        return [value if sign * value >= 0 else Fraction(0) for value, sign in zip(c, self.signs, strict=True)]

    def value(self, objective: str, x: Sequence[Fraction]) -> Fraction:
        """What an objective counts for a solution.

        ``minnorm``: (sum of x^2) / (smallest entry of A x)^2, to be small; ``margin``: (smallest entry of A x) / max abs(x), to be
        large; ``integer``: sum of abs(x), to be small. The bias is one of the x.
        """
        smallest = min(self.values(x))
        if objective == MINNORM:
            return dot(x, x) / smallest**2
        if objective == MARGIN:
            return smallest / max(map(abs, x))
        return sum(map(abs, x), Fraction(0))

    def bound(self, objective: str, y: Sequence[Number]) -> Fraction:
        """What no solution surpasses, proved by multipliers y >= 0 of A x >= 1 (weak duality); exact.

        ``minnorm``: 2 sum y - sum x(y)^2 with x(y) the projection of A^T y on the signs. ``margin``: the largest y.A x over
        abs(x) <= 1, for sum y = 1. ``integer``: sum y, rounded up, for A^T y within -1 and 1 as far as the signs ask for it.
        """
        c = self.projected(self.combined(y))
        total = sum(y, Fraction(0))
        if objective == MINNORM:
            return 2 * total - dot(c, c)
        if objective == MARGIN:
            return sum(map(abs, c), Fraction(0)) / total
        most = max((*map(abs, c), Fraction(1)))
        return Fraction(-(-total // most))


@dataclass(frozen=True)
class Patterns:
    """States to be stable together, and what the network may be.

    Attributes
    ----------
    states : tuple of State
        All of one length, no two alike.
    diag : str
        ``free``, ``zero`` or ``nonpositive``: weights of units onto themselves.
    bias : str
        ``free`` or ``zero``.
    signs : tuple of tuple of int, shape (N, N), or None
        +1, -1, or 0 for a weight of any sign; ``signs[i][j]`` from unit j onto unit i.
    mask : tuple of tuple of int, shape (N, N), or None
        1 where a weight is allowed.
    """

    states: tuple[State, ...]
    diag: str
    bias: str = FREE
    signs: Signs | None = None
    mask: Signs | None = None

    @classmethod
    def of(
        cls, states: Any, diag: str | None = None, bias: str | None = None, signs: Any = None, mask: Any = None
    ) -> Patterns:
        """Patterns as a user gives them.

        Parameters
        ----------
        states : PatternFile, or sequence of str or of sequences of int
            Texts such as ``0110``, or lists of 0 and 1; or a file, whose own options hold where no others are given.
        diag : str
            Required: with free weights of units onto themselves any set of states can be stored.
        bias : str
            Free if nothing is given.
        signs : str, sequence of int, or matrix, optional
            One sign for each presynaptic unit (Dale's law), ``++-`` or ``[1, 1, -1]``, or one for each weight.
        mask : matrix, optional

        Raises
        ------
        InputError
            With all problems; patterns, rows and columns are counted from 1.
        """
        given = {"diag": diag, "bias": bias, "signs": signs, "mask": mask}
        own = states.options if isinstance(states, PatternFile) else {}
        options = {key: own.get(key) if value is None else value for key, value in given.items()}
        if isinstance(states, PatternFile):
            states = [text_of(state) for state in states.states]
        with gathering() as problems:
            problems += [] if options["diag"] else [_NO_DIAG]
            with gathering(problems):
                read = pattern_file(states, options)
        return cls(read.states, **read.options)

    @property
    def N(self) -> int:
        """Number of units."""
        return len(self.states[0])

    @property
    def P(self) -> int:
        """Number of patterns."""
        return len(self.states)

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "patterns": [text_of(state) for state in self.states],
            "diag": self.diag,
            "bias": self.bias,
            "signs": self.signs and [list(row) for row in self.signs],
            "mask": self.mask and [list(row) for row in self.mask],
        }

    def unknowns(self, unit: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Columns and signs of the unknowns of one row; a weight that must be both >= 0 and <= 0 is none."""
        found = []
        for j in range(self.N):
            sign: int | None = self.signs[unit][j] if self.signs else 0
            if j == unit and self.diag == NONPOSITIVE:
                sign = None if sign == 1 else -1
            if (self.mask and not self.mask[unit][j]) or (j == unit and self.diag == ZERO) or sign is None:
                continue
            found.append((j, sign))
        if self.bias == FREE:
            found.append((self.N, 0))
        return tuple(j for j, _ in found), tuple(sign for _, sign in found)

    def row(self, unit: int) -> Row:
        """The inequalities of one unit: Xi x > 0 with Xi = (2 s_i - 1) s, restricted to the unknowns."""
        columns, signs = self.unknowns(unit)
        return Row(unit, columns, signs, tuple(self.signed(unit, state, columns) for state in self.states))

    def signed(self, unit: int, state: State, columns: Sequence[int]) -> tuple[int, ...]:
        """Field of a unit in a state as coefficients of the unknowns, times the sign that it must have."""
        sign = 2 * state[unit] - 1
        return tuple(sign * (state[j] if j < self.N else 1) for j in columns)

    def admits(self, unit: int, w: Sequence[Fraction], b: Fraction) -> bool:
        """Whether a row of weights and its bias are what was allowed."""
        columns, signs = self.unknowns(unit)
        allowed = dict(zip(columns, signs, strict=True))
        return all(not value or (j in allowed and allowed[j] * value >= 0) for j, value in enumerate((*w, b)))

    @cached_property
    def active(self) -> tuple[tuple[int, ...], ...]:
        """The active units of each pattern."""
        return tuple(tuple(j for j, s in enumerate(state) if s) for state in self.states)

    def are_stored(self, unit: int, w: Sequence[Fraction], b: Fraction) -> bool:
        """Whether the field of a unit has the right strict sign in every pattern; exactly."""
        scale = lcm(*(value.denominator for value in (*w, b)))
        whole, bias = [int(value * scale) for value in w], int(b * scale)
        return all(
            (bias + sum(whole[j] for j in active)) * (2 * state[unit] - 1) > 0
            for active, state in zip(self.active, self.states, strict=True)
        )


def _products(rows: Iterable[Sequence[int]], x: Sequence[Number]) -> list[Fraction]:
    """Rows times x, in integers over one denominator."""
    scale = lcm(*(value.denominator for value in x))
    whole = [int(value * scale) for value in x]
    return [Fraction(sum(a * v for a, v in zip(row, whole, strict=True) if a), scale) for row in rows]
