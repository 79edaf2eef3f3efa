"""The conditions that prescribed states put on weights and biases, in symbols: strict linear inequalities and all their solutions.

A state asks for W_ij summed over its active units j, plus b_i, to be positive where unit i is active and negative where it is not.
`inequalities` keeps those that no others imply; `factorization` writes all solutions as W = F S+ + Z (1 - S S+), F with the signs
of the states. Units are counted from 0, as the characters of a state.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from sympy import Add, Expr, Matrix, StrictGreaterThan, StrictLessThan, Symbol, eye, latex

from theory.errors import InputError, require
from theory.threshold.network import State, text_of
from theory.threshold.patterns import Patterns, Row
from theory.threshold.simplex import Obstruction, Witness, feasible

MOST_TERMS = 200_000
"""Writing more takes longer than a minute."""


def weight(i: int, j: int, N: int, letter: str = "W") -> Symbol:
    """W_ij, from unit j onto unit i; the bias b_i for j = N."""
    if j == N and letter == "W":
        return Symbol(f"b_{i}", real=True)
    return Symbol(f"{letter}_{i}{j}" if N <= 10 else f"{letter}_{i}_{j}", real=True)


@dataclass(frozen=True)
class Inequality:
    """What one state asks of the weights onto one unit.

    Attributes
    ----------
    state : State
    field : Expr
        h_i in symbols.
    active : bool
        Whether the field shall be positive, or else negative.
    implied : tuple of (Fraction, State)
        Empty, or factors of inequalities that are kept: written with positive left sides, their sum is the left side of this
        one, or is less for all unknowns with the prescribed signs.
    """

    state: State
    field: Expr
    active: bool
    implied: tuple[tuple[Fraction, State], ...] = ()

    @property
    def relation(self) -> Any:
        """The inequality in SymPy's terms."""
        return (StrictGreaterThan if self.active else StrictLessThan)(self.field, 0, evaluate=False)

    @property
    def text(self) -> str:
        """The inequality as text."""
        return f"{self.field} {'>' if self.active else '<'} 0"

    @property
    def latex(self) -> str:
        """The inequality in LaTeX."""
        return f"{latex(self.field)} {'>' if self.active else '<'} 0"


@dataclass(frozen=True)
class UnitInequalities:
    """What all states ask of the weights onto one unit.

    Attributes
    ----------
    unit : int
    kept : tuple of Inequality
        None of them follows from the others; all of them where there is no solution.
    removed : tuple of Inequality
        They follow from those that are kept.
    signs : tuple of (Symbol, int)
        Unknowns that must not be negative (1) or not be positive (-1).
    conflict : tuple of (int, State)
        Where there is no solution: factors of inequalities whose sum, written with positive left sides, is never positive.
    """

    unit: int
    kept: tuple[Inequality, ...]
    removed: tuple[Inequality, ...]
    signs: tuple[tuple[Symbol, int], ...]
    conflict: tuple[tuple[int, State], ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """Texts of the inequalities that are kept and of the prescribed signs."""
        return (*(e.text for e in self.kept), *(f"{s} {'>=' if sign > 0 else '<='} 0" for s, sign in self.signs))

    @property
    def latex(self) -> tuple[str, ...]:
        """The same in LaTeX."""
        signs = (latex(symbol) + (r" \geq 0" if sign > 0 else r" \leq 0") for symbol, sign in self.signs)
        return (*(entry.latex for entry in self.kept), *signs)

    @property
    def refusal(self) -> tuple[str, ...]:
        """Why there is no solution; empty where there is one."""
        total = _combined(self.conflict)
        return (f"no solution: each written as ... > 0, {total} is never positive",) if self.conflict else ()


@dataclass(frozen=True)
class Inequalities:
    """What states ask of a network, unit by unit; these problems do not depend on each other."""

    patterns: Patterns
    units: tuple[UnitInequalities, ...]

    @property
    def relations(self) -> list[Any]:
        """All inequalities that are kept, in SymPy's terms."""
        return [entry.relation for unit in self.units for entry in unit.kept]

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            **self.patterns.data,
            "feasible": not any(unit.conflict for unit in self.units),
            "inequalities": [
                {
                    "row": unit.unit,
                    "conditions": list(unit.conditions),
                    "latex": [entry.latex for entry in unit.kept],
                    "states": [text_of(entry.state) for entry in unit.kept],
                    "removed": [
                        {
                            "state": text_of(entry.state),
                            "condition": entry.text,
                            "follows_from": {text_of(s): str(factor) for factor, s in entry.implied},
                        }
                        for entry in unit.removed
                    ],
                    "conflict": {text_of(s): str(y) for y, s in unit.conflict},
                }
                for unit in self.units
            ],
        }

    @property
    def rows(self) -> tuple[str, ...]:
        """Lines for a terminal."""
        found = []
        for unit in self.units:
            found.append(f"unit {unit.unit}:")
            found += [f"  {entry.text}    ({text_of(entry.state)})" for entry in unit.kept]
            found += [f"  {condition}" for condition in unit.conditions[len(unit.kept) :]]
            found += [
                f"  {text_of(e.state)} follows: {_combined([(abs(f), s) for f, s in e.implied])}" for e in unit.removed
            ]
            found += [f"  {refusal}" for refusal in unit.refusal]
        return tuple(found)

    @property
    def latex(self) -> str:
        """All inequalities that are kept, one a line; comments say where they have no solution."""
        lines = [line for unit in self.units for line in unit.latex]
        refused = [f"\n% unit {unit.unit}: {refusal}" for unit in self.units for refusal in unit.refusal]
        return r"\begin{gather*} " + r" \\ ".join(lines) + r" \end{gather*}" + "".join(refused)


def _combined(terms: Any) -> str:
    return " + ".join(f"{text_of(s)}" if factor == 1 else f"{factor}*{text_of(s)}" for factor, s in terms)


def inequalities(patterns: Patterns) -> Inequalities:
    """The strict linear inequalities of states in W_ij and b_i, those that follow from others removed; exactly.

    Parameters
    ----------
    patterns : Patterns
        With what the network may be: diagonal, biases, signs, allowed weights.

    Raises
    ------
    InputError
        For more than `MOST_TERMS` terms.
    """
    N, P = patterns.N, patterns.P
    require(
        (
            N * N * P <= MOST_TERMS,
            f"the inequalities of {N} units in {P} states have {N * N * P} terms; at most {MOST_TERMS} are written",
        )
    )
    return Inequalities(patterns, tuple(_of_unit(patterns, patterns.row(i)) for i in range(patterns.N)))


def _of_unit(patterns: Patterns, row: Row) -> UnitInequalities:
    N, signs = patterns.N, [s or None for s in row.signs]
    unknowns = [weight(row.unit, j, N) for j in row.columns]
    entries = [
        Inequality(
            s,
            Add(*(x for x, a in zip(unknowns, patterns.signed(row.unit, s, row.columns), strict=True) if a)),
            bool(s[row.unit]),
        )
        for s in patterns.states
    ]
    prescribed = tuple((x, sign) for x, sign in zip(unknowns, row.signs, strict=True) if sign)
    found = feasible(row.strict, signs)
    if isinstance(found, Obstruction):
        conflict = tuple((y, s) for y, s in zip(found.y, patterns.states, strict=True) if y)
        return UnitInequalities(row.unit, tuple(entries), (), prescribed, conflict)
    kept = list(range(len(entries)))
    for k in sorted(
        kept, key=lambda k: (-sum(map(abs, row.strict[k])), -k)
    ):  # long ones first, and of two alike the later one
        others = [q for q in kept if q != k]
        if _factors(row, others, k, signs):
            kept = others
    removed = []
    for k in (k for k in range(len(entries)) if k not in kept):
        factors = zip(_factors(row, kept, k, signs), kept, strict=True)
        implied = tuple((factor, patterns.states[q]) for factor, q in factors if factor)
        removed.append(Inequality(entries[k].state, entries[k].field, entries[k].active, implied))
    return UnitInequalities(row.unit, tuple(entries[k] for k in kept), tuple(removed), prescribed, ())


def _factors(row: Row, others: list[int], k: int, signs: list[int | None]) -> list[Fraction]:
    """Factors, not all zero, of other inequalities from which one follows; none if it does not follow."""
    if not others:
        return []
    target, strict = row.strict[k], [row.strict[q] for q in others]
    found = feasible([*strict, [-a for a in target]], signs)
    if isinstance(found, Witness):
        return []
    *factors, own = (Fraction(y) for y in found.y)
    if any(factors):
        return [y / own for y in factors]
    # the left side is not negative because of the signs alone, and zero iff all of its unknowns are
    found = feasible(strict, [0 if a else sign for a, sign in zip(target, signs, strict=True)])
    if isinstance(found, Witness):
        return []
    sums = row.kept(others).combined(found.y)
    largest = max((c / a for c, a in zip(sums, target, strict=True) if a), default=Fraction(0))
    return [y / max(largest, Fraction(1)) for y in found.y]


# -------------------------------------------------------------------------------------------------------- factorization


@dataclass(frozen=True)
class Factor:
    """All weights onto some units that store states: w = f S+ + z (1 - S S+).

    Attributes
    ----------
    units : tuple of int
        To which this applies: they have the same unknowns.
    columns : tuple of int
        The unknowns: presynaptic units, and N for the bias.
    S : Matrix, shape (n, P)
        The states as columns, restricted to the unknowns, a row of ones for the bias.
    inverse : Matrix, shape (P, n)
        S+ (Moore and Penrose).
    projector : Matrix, shape (n, n)
        1 - S S+: what can be added without a change of any field.
    kernel : tuple of Matrix, shape (P, 1)
        Combinations of states that are zero: the fields f must be zero on each of them.
    """

    units: tuple[int, ...]
    columns: tuple[int, ...]
    S: Matrix
    inverse: Matrix
    projector: Matrix
    kernel: tuple[Matrix, ...]


@dataclass(frozen=True)
class Factorization:
    """All networks that store states, as far as no signs are prescribed: fields F with the right signs, and what is free."""

    patterns: Patterns
    factors: tuple[Factor, ...]

    @cached_property
    def fields(self) -> Matrix:
        """F_i,mu = (2 s_i - 1) M_i,mu with M > 0, shape (N, P)."""
        P = self.patterns.P
        return Matrix(self.patterns.N, P, lambda i, k: (2 * self.patterns.states[k][i] - 1) * _size(i, k, P))

    @property
    def equations(self) -> tuple[Expr, ...]:
        """What has to vanish of the M where states depend linearly on each other."""
        return tuple(
            (self.fields.row(i) * z)[0] for factor in self.factors for i in factor.units for z in factor.kernel
        )

    def row(self, unit: int) -> Matrix:
        """The unknowns of one unit in symbols M > 0 and Z, in the order of the columns of its factor."""
        factor = next(f for f in self.factors if unit in f.units)
        free = Matrix([[weight(unit, j, self.patterns.N, "Z") for j in factor.columns]])
        return self.fields.row(unit) * factor.inverse + free * factor.projector

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "form": "w = f S+ + z (1 - S S+), f = (2 s - 1) M with M > 0, z free",
            "factors": [
                {
                    "rows": list(f.units),
                    "columns": list(f.columns),
                    "S": _texts(f.S),
                    "S_plus": _texts(f.inverse),
                    "projector": _texts(f.projector),
                    "kernel": [list(map(str, z)) for z in f.kernel],
                }
                for f in self.factors
            ],
            "equations": [f"{e} = 0" for e in self.equations],
        }

    @property
    def rows(self) -> tuple[str, ...]:
        """Lines for a terminal."""
        found = ["w = f S+ + z (1 - S S+), f = (2 s - 1) M with M > 0, z free"]
        for f in self.factors:
            names = ", ".join("bias" if j == self.patterns.N else str(j) for j in f.columns)
            found.append(f"units {', '.join(map(str, f.units))} from {names}:")
            found += [f"  {'S+ =' if k == 0 else '    '} {line}" for k, line in enumerate(_lines(f.inverse))]
            if not f.projector.is_zero_matrix:
                found += [
                    f"  {'1 - S S+ =' if k == 0 else '          '} {line}" for k, line in enumerate(_lines(f.projector))
                ]
        return (*found, *(f"  {e} = 0" for e in self.equations))

    @property
    def latex(self) -> str:
        """The factors one after the other."""
        found = [r"w = f S^{+} + z (1 - S S^{+}),\quad f_\mu = (2 s^\mu - 1) M_\mu,\ M > 0"]
        for f in self.factors:
            found.append(rf"S^{{+}} = {latex(f.inverse)},\quad 1 - S S^{{+}} = {latex(f.projector)}")
        return (
            r"\begin{gather*} "
            + r" \\ ".join([*found, *(f"{latex(e)} = 0" for e in self.equations)])
            + r" \end{gather*}"
        )


def factorization(patterns: Patterns) -> Factorization:
    """All weights and biases that store states, without prescribed signs.

    Raises
    ------
    InputError
        If signs are prescribed: the solutions are no linear images of positive numbers then.

    Notes
    -----
    The four equations of Moore and Penrose are checked for each S+. Where S has independent columns f is free, so that
    (F, Z (1 - S S+)) and the weights correspond one to one.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for i in range(patterns.N):
        columns, signs = patterns.unknowns(i)
        if any(signs):
            raise InputError("the factorization is of weights without prescribed signs; see the inequalities for these")
        groups.setdefault(columns, []).append(i)
    return Factorization(patterns, tuple(_factor(patterns, units, columns) for columns, units in groups.items()))


def _factor(patterns: Patterns, units: list[int], columns: tuple[int, ...]) -> Factor:
    S = Matrix(len(columns), patterns.P, lambda r, k: 1 if columns[r] == patterns.N else patterns.states[k][columns[r]])
    inverse = S.pinv() if columns else Matrix(patterns.P, 0, [])
    outer, inner = S * inverse, inverse * S
    if S * inner != S or inner * inverse != inverse or outer != outer.T or inner != inner.T:
        raise ArithmeticError("a pseudo-inverse does not satisfy its definition")
    return Factor(tuple(units), columns, S, inverse, eye(len(columns)) - outer, tuple(S.nullspace()))


def _size(i: int, k: int, P: int) -> Symbol:
    return Symbol(f"M_{i}{k}" if P <= 10 else f"M_{i}_{k}", positive=True)


def _texts(matrix: Matrix) -> list[list[str]]:
    return [list(map(str, matrix.row(r))) for r in range(matrix.rows)]


def _lines(matrix: Matrix) -> list[str]:
    return ["[" + ", ".join(row) + "]" for row in _texts(matrix)]
