"""Networks W(p), b(p) with polynomial entries in one parameter: the stable states as a piecewise constant function of p.

A field h_i(s; p) is a polynomial too; where it vanishes, a state can lose or gain stability. Its coefficients in the Bernstein
basis of an interval bound it there, and they are fields of fixed networks: one search tree over partial states, with the interval
halved where the tree is too large, finds all states that may be stable somewhere. Breakpoints are exact: fractions, or roots of
integer polynomials. The states of every piece are enumerated once more at a rational point inside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import lcm
from typing import Any

from sympy import Matrix, Symbol, latex

from theory.errors import InputError, gathering, require
from theory.text.parsing import parse_polynomial
from theory.threshold.entries import WEIGHT, listed, rational
from theory.threshold.every_state import MOST_UNITS, stable_and_marginal
from theory.threshold.network import State, ThresholdNetwork, text_of
from theory.threshold.realroots import (
    Point,
    Root,
    bernstein,
    between,
    closed_form,
    expression_of,
    fraction,
    is_inside,
    near,
    ordered,
    roots,
    scaled,
    value_at,
    vanishes,
)

Polynomial = tuple[Fraction, ...]
"""Coefficients, that of the constant first."""


MOST_NODES = 4000
"""Of the search tree over one interval of the parameter, which is halved beyond, `MOST_HALVINGS` times at most."""
MOST_HALVINGS = 8

_SHOWN = 12  # states of a piece in a terminal


@dataclass(frozen=True)
class Family:
    """Networks with one parameter.

    Attributes
    ----------
    W : tuple of tuple of Polynomial, shape (N, N)
    b : tuple of Polynomial, shape (N,)
    parameter : str
        Its name.
    """

    W: tuple[tuple[Polynomial, ...], ...]
    b: tuple[Polynomial, ...]
    parameter: str = "p"

    @classmethod
    def of(cls, W: Sequence[Sequence[Any]], b: Sequence[Any] | None = None, parameter: str = "p") -> Family:
        """The family with these entries: numbers, or texts such as ``1-2*p/3``.

        Raises
        ------
        InputError
            With all problems of rows and columns, counted from 1.
        """
        rows = [listed(row) or [] for row in listed(W) or ()]
        entries = [0] * len(rows) if b is None else listed(b) or []
        N = len(rows)
        require(
            (re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", parameter), f"{parameter[:40]!r} is no name of a parameter")
        )
        shapes = [
            f"W: row {k} has {len(row)} entries; there are {N} rows" for k, row in enumerate(rows, 1) if len(row) != N
        ]
        shapes += [f"b has {len(entries)} entries; there are {N} rows"] if len(entries) != N else []
        require((N, "W has no rows"), *((False, problem) for problem in shapes))
        problems: list[str] = []
        weights = [
            tuple(_entry(entry, parameter, f"W: row {i}, column {j}", problems) for j, entry in enumerate(row, 1))
            for i, row in enumerate(rows, 1)
        ]
        biases = [_entry(entry, parameter, f"b: entry {i}", problems) for i, entry in enumerate(entries, 1)]
        if problems:
            raise InputError(problems)
        return cls(tuple(weights), tuple(biases), parameter)

    @property
    def N(self) -> int:
        """Number of units."""
        return len(self.b)

    def at(self, p: Fraction | int) -> ThresholdNetwork:
        """The network at a value of the parameter."""
        W = [[value_at(w, p) for w in row] for row in self.W]
        return ThresholdNetwork.of(W, [value_at(bias, p) for bias in self.b])

    @property
    def matrices(self) -> tuple[Matrix, Matrix]:
        """W and b in SymPy's terms."""
        symbol = Symbol(self.parameter, real=True)
        rows = [[expression_of(w, symbol) for w in row] for row in self.W]
        return Matrix(rows), Matrix([expression_of(bias, symbol) for bias in self.b])

    @cached_property
    def _whole(self) -> tuple[tuple[tuple[tuple[int, ...], ...], ...], tuple[tuple[int, ...], ...]]:
        """W and b with integer coefficients: every row with its bias times a positive number, which leaves states as they are."""
        scales = [
            lcm(*(c.denominator for e in (*row, bias) for c in e)) for row, bias in zip(self.W, self.b, strict=True)
        ]
        rows = [
            [tuple(int(c * k) for c in e) for e in (*row, bias)]
            for row, bias, k in zip(self.W, self.b, scales, strict=True)
        ]
        return tuple(tuple(row[:-1]) for row in rows), tuple(row[-1] for row in rows)

    def fields(self, state: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """h_i(state; p), each times a positive number, as polynomials with integer coefficients."""
        W, b = self._whole
        return tuple(
            _sum([w for w, q in zip(row, state, strict=True) if q] + [bias]) for row, bias in zip(W, b, strict=True)
        )


def _entry(entry: Any, parameter: str, where: str, problems: list[str]) -> Polynomial:
    found: list[str] = []
    with gathering(found):
        if (value := rational(entry, WEIGHT)) is not None:
            return (value,)
        if isinstance(entry, str):
            return tuple(fraction(c) for c in reversed(parse_polynomial(entry, parameter).all_coeffs()))
        raise InputError(f"{str(entry)[:40]} is no number and no text")
    problems += [f"{where}: {problem}" for problem in found]
    return (Fraction(0),)


# ------------------------------------------------------------------------------------------------------------- diagram


@dataclass(frozen=True)
class Piece:
    """An open interval of the parameter in which the stable states do not change; `inside` is a rational point of it."""

    low: Point
    high: Point
    inside: Fraction
    states: tuple[State, ...]


@dataclass(frozen=True)
class Breakpoint:
    """A value of the parameter at which the stable states change.

    Attributes
    ----------
    at : Fraction or Root
    states : tuple of State
        Stable at this very value.
    lost, gained : tuple of State
        Stable below and not above this value, above and not below.
    touched : tuple of State
        Stable on both sides, not at the value itself.
    vanishing : tuple of (State, tuple of int)
        For each of these states the units whose fields are zero at this value.
    """

    at: Point
    states: tuple[State, ...]
    lost: tuple[State, ...]
    gained: tuple[State, ...]
    touched: tuple[State, ...]
    vanishing: tuple[tuple[State, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Diagram:
    """The stable states of a family as a function of its parameter from `low` to `high`.

    Attributes
    ----------
    family : Family
    low, high : Fraction
    pieces : tuple of Piece
        In order; the breakpoints lie between them, or at the ends.
    breakpoints : tuple of Breakpoint
    """

    family: Family
    low: Fraction
    high: Fraction
    pieces: tuple[Piece, ...]
    breakpoints: tuple[Breakpoint, ...]

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON; roots of polynomials with their polynomial and a decimal."""
        return {
            "parameter": self.family.parameter,
            "low": str(self.low),
            "high": str(self.high),
            "pieces": [
                {
                    "low": _short(p.low),
                    "high": _short(p.high),
                    "inside": str(p.inside),
                    "stable": list(map(text_of, p.states)),
                }
                for p in self.pieces
            ],
            "breakpoints": [
                {
                    "at": _short(b.at),
                    "decimal": float(near(b.at, 20)),
                    "polynomial": None if isinstance(b.at, Fraction) else str(b.at.expression(self.family.parameter)),
                    "stable": list(map(text_of, b.states)),
                    "lost": list(map(text_of, b.lost)),
                    "gained": list(map(text_of, b.gained)),
                    "touched": list(map(text_of, b.touched)),
                    "vanishing_fields": {text_of(s): list(units) for s, units in b.vanishing},
                }
                for b in self.breakpoints
            ],
        }

    @property
    def rows(self) -> tuple[str, ...]:
        """Lines for a terminal."""
        lines = {b.at: self._change(b) for b in self.breakpoints}
        found = [lines[self.low]] if self.low in lines else []
        for piece in self.pieces:
            found.append(
                f"{_short(piece.low)} < {self.family.parameter} < {_short(piece.high)}: {_listed(piece.states) or 'none'}"
            )
            found += [lines[piece.high]] if piece.high in lines else []
        return tuple(found)

    def _change(self, b: Breakpoint) -> str:
        changes = ((b.lost, "lost"), (b.gained, "gained"), (b.touched, "not stable here alone"))
        units = sorted({unit for _, units in b.vanishing for unit in units})
        where = "" if isinstance(b.at, Fraction) else f" (root of {b.at.expression(self.family.parameter)})"
        what = "; ".join(f"{_listed(states)} {verb}" for states, verb in changes if states)
        return f"  {self.family.parameter} = {_short(b.at)}{where}: {what}; zero field of {_plural(units)}"

    @property
    def latex(self) -> str:
        """The stable states as a function of the parameter, by cases; roots of polynomials without a short form are named below."""
        p = latex(Symbol(self.family.parameter))
        named = [b.at for b in self.breakpoints if isinstance(b.at, Root) and len(b.at.polynomial) > 3]
        names = {at: f"{p}_{{{k}}}" for k, at in enumerate(named, 1)}

        def tex(at: Point) -> str:
            return names[at] if isinstance(at, Root) and at in names else latex(closed_form(at))

        cases = [(f"{tex(piece.low)} < {p} < {tex(piece.high)}", piece.states) for piece in self.pieces]
        cases += [(f"{p} = {tex(b.at)}", b.states) for b in self.breakpoints]
        body = r" \\ ".join(rf"\{{{','.join(map(text_of, states))}\}} & {where}" for where, states in cases)
        equations = [
            rf"\quad {name} = {_short(at)}\ldots:\ {latex(at.expression(self.family.parameter))} = 0"
            for at, name in names.items()
        ]
        return ",".join([rf"\mathcal{{S}}({p}) = \begin{{cases}} {body} \end{{cases}}", *equations])


def diagram(family: Family, low: Any, high: Any) -> Diagram:
    """The stable states for every value of the parameter from low to high.

    Parameters
    ----------
    family : Family
    low, high : int, Fraction, or text of a fraction
        low < high.

    Raises
    ------
    ArithmeticError
        If an enumeration at a point of a piece does not agree: never seen.

    Notes
    -----
    The network at the rational point of every piece, and at every rational breakpoint, is enumerated apart from this derivation:
    all 2^N states up to 26 units, a search tree for this one network beyond. At other breakpoints the fields that vanish are
    known from divisibility by the minimal polynomial.
    """
    low, high = Fraction(low), Fraction(high)
    require((low < high, f"the interval from {low} to {high} is empty"))
    where = {s: spans for s in candidates(family, low, high) if (spans := _stable_spans(family, s, low, high))}
    ends = ordered({end for spans in where.values() for span in spans for end in span} | {low, high})
    place = {end: k for k, (end, _) in enumerate(ends)}
    inside = [between(left, right) for left, right in pairwise(ends)]
    present: list[list[State]] = [[] for _ in inside]
    ending = {end: sorted(s for s, spans in where.items() if any(end in span for span in spans)) for end, _ in ends}
    for s in sorted(where):
        for start, stop in where[s]:
            for k in range(place[start], place[stop]):
                present[k].append(s)
    pieces: list[Piece] = []
    breakpoints: list[Breakpoint] = []
    for k, (end, _) in enumerate(ends):
        before = set(present[k - 1]) if k else set(present[0])
        after = set(present[k]) if k < len(inside) else before
        zeros = {s: _zeros(family, s, end) for s in ending[end]}
        zeros = {s: units for s, units in zeros.items() if units}  # none where the interval ends without a change
        if zeros:
            breakpoints.append(
                Breakpoint(
                    end,
                    tuple(sorted((before & after) - set(zeros))),
                    tuple(sorted(before - after)),
                    tuple(sorted(after - before)),
                    tuple(sorted(before & after & set(zeros))),
                    tuple(zeros.items()),
                )
            )
            if isinstance(end, Fraction):
                _agree(breakpoints[-1].states, family, end)
        if k < len(inside):
            pieces.append(Piece(end, ends[k + 1][0], inside[k], tuple(present[k])))
            _agree(pieces[-1].states, family, inside[k])
    return Diagram(family, low, high, tuple(pieces), tuple(breakpoints))


def _agree(states: Sequence[State], family: Family, p: Fraction) -> None:
    network = family.at(p)
    if family.N <= MOST_UNITS:
        enumerated = list(stable_and_marginal(network)[0])
    else:
        enumerated = sorted(s for s in candidates(family, p, p) if network.is_stable(s))
    if enumerated != list(states):
        raise ArithmeticError(f"the states at {family.parameter} = {p} are not those of the enumeration")


# --------------------------------------------------------------------------------- states that may be stable somewhere


def candidates(family: Family, low: Fraction, high: Fraction, halvings: int = MOST_HALVINGS) -> set[State]:
    """All states that are stable for some value from low to high, and perhaps some more."""
    found = list(_search(family, low, high, MOST_NODES if halvings and low < high else None))
    if found and found[-1] is None:
        middle = (low + high) / 2
        return candidates(family, low, middle, halvings - 1) | candidates(family, middle, high, halvings - 1)
    return {s for s in found if s is not None}


def _search(family: Family, low: Fraction, high: Fraction, most: int | None) -> Iterator[State | None]:
    """Full states whose fields are not excluded anywhere on the interval; None at last if the tree has too many nodes."""
    W, b = family._whole
    N = family.N
    degree = max(len(e) for row in (*W, b) for e in row) - 1
    exact = [[c for e in entries for c in bernstein(e, low, high, degree)] for entries in (*zip(*W, strict=True), b)]
    scale = lcm(*(c.denominator for column in exact for c in column))
    *columns, base = ([int(c * scale) for c in column] for column in exact)
    order = sorted(range(N), key=lambda j: (-sum(map(abs, columns[j])), j))
    block = degree + 1
    up, down = [[0] * (N * block)], [[0] * (N * block)]  # most that the units still open can add, and least
    for j in reversed(order):
        up.append([a + max(c, 0) for a, c in zip(up[-1], columns[j], strict=True)])
        down.append([a + min(c, 0) for a, c in zip(down[-1], columns[j], strict=True)])
    stack: list[tuple[list[int], dict[int, int]]] = [(base, {})]
    nodes = 0
    while stack:
        fields, state = stack.pop()
        nodes += 1
        if most is not None and nodes > most:
            yield None
            return
        above, below = up[N - len(state)], down[N - len(state)]
        if not all(
            any(fields[k] + above[k] > 0 for k in range(i * block, i * block + block))
            if active
            else any(fields[k] + below[k] < 0 for k in range(i * block, i * block + block))
            for i, active in state.items()
        ):
            continue
        if len(state) == N:
            yield tuple(state[i] for i in range(N))
            continue
        j = order[len(state)]
        stack.append((fields, state | {j: 0}))
        stack.append(([h + c for h, c in zip(fields, columns[j], strict=True)], state | {j: 1}))


def _stable_spans(family: Family, state: State, low: Fraction, high: Fraction) -> list[tuple[Point, Point]]:
    """The open intervals between low and high on which a state is stable, cut at isolated zeros of its fields."""
    signed = {h if q else tuple(-c for c in h) for h, q in zip(family.fields(state), state, strict=True)}
    cuts: set[Point] = {low, high}
    for h in signed:
        bounds = bernstein(h, low, high, len(h) - 1)
        if max(bounds) <= 0:
            return []
        if min(bounds) <= 0:
            cuts |= {root for root in roots(h) if is_inside(root, low, high)}
    spans = ((left[0], right[0], between(left, right)) for left, right in pairwise(ordered(cuts)))
    return [(a, c) for a, c, p in spans if all(scaled(h, p.numerator, p.denominator) > 0 for h in signed)]


def _zeros(family: Family, state: State, p: Point) -> tuple[int, ...]:
    """The units whose fields in a state vanish at a point; exactly."""
    return tuple(i for i, h in enumerate(family.fields(state)) if vanishes(h, p))


def _sum(polynomials: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    total = [0] * max(map(len, polynomials))
    for polynomial in polynomials:
        for k, c in enumerate(polynomial):
            total[k] += c
    return tuple(total)


def _short(point: Point) -> str:
    return str(point) if isinstance(point, Fraction) else f"{float(near(point, 20)):.12g}"


def _listed(states: Sequence[State]) -> str:
    more = f" and {len(states) - _SHOWN} more" if len(states) > _SHOWN else ""
    return " ".join(map(text_of, states[:_SHOWN])) + more


def _plural(units: Sequence[int]) -> str:
    return f"unit{'s' * (len(units) > 1)} {', '.join(map(str, units))}"
