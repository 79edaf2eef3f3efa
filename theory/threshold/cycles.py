"""What repeats for ever: the return map of a word of crossings, with a proof that the word repeats, and its exact growth.

Between two crossings a trajectory is a straight line to a focal point f, and unit i arrives at zero at

    y' = (y - f y_i/f_i) / (1 - y_i/f_i),

a projective map. One turn through a word of crossings is y -> A y/(1 + psi.y) on the coordinates that decide it, and the order of
the crossings is a list of inequalities G y > 0 between numerators, all linear and homogeneous (Glass and Pasternack 1978).
A cone of directions with A(cone) inside the cone, inside G > 0 and around y proves that the word repeats for ever, and that A
has one largest, simple and positive eigenvalue (Krein and Rutman): lambda > 1 is a limit cycle of period ln(lambda) with the
multipliers 1/lambda and mu/lambda (mu the other eigenvalues); lambda = 1 a spiral that takes for ever, lambda < 1 one that ends
after infinitely many crossings in a finite time; both end at zero.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from operator import mul
from typing import Any

from sympy import QQ, Poly, Symbol, expand, log, radsimp

from theory.threshold.algebra import Rows, dot, exact, product, rows_of, sign, solved, times
from theory.threshold.network import Vector

MOST_EXACT = 6
"""Coordinates of a return map whose eigenvalues are written as algebraic numbers."""

_SQUARES = 8  # of the matrix that give the axis of a cone, in floating point: only a guess, the check is exact
_TURNS = 32  # largest power of the return map whose cone is tried


@dataclass(frozen=True)
class Leg:
    """A straight piece of a trajectory: where it starts, the focal point, and the unit that arrives at zero."""

    start: Vector
    focal: Vector
    unit: int

    @cached_property
    def rivals(self) -> tuple[int, ...]:
        """The other units that are on their way to zero."""
        return tuple(
            k for k, (y, f) in enumerate(zip(self.start, self.focal, strict=True)) if k != self.unit and y * f < 0
        )


@dataclass(frozen=True)
class ReturnMap:
    """One turn through a word: y -> A y/(1 + psi.y), which the inequalities G y > 0 make happen.

    Attributes
    ----------
    coordinates, zeros : tuple of int
        Units that decide the word, not at zero at its start and at zero.
    A, psi, G : matrix, vector and matrix of Fraction
        On the coordinates.
    rest : matrix of Fraction
        Rows of A for all units: y_k -> (y_k + rest_k.y)/(1 + psi.y) for a unit k that does not decide the word.
    """

    coordinates: tuple[int, ...]
    zeros: tuple[int, ...]
    A: Rows
    rest: Rows
    psi: Vector
    G: Rows

    @classmethod
    def of(cls, legs: Sequence[Leg], deciding: Collection[int]) -> ReturnMap:
        """The map of a word on the units that are to decide it, read off from one turn."""
        start = legs[0].start
        free = tuple(k for k in sorted(deciding) if start[k])
        rows = [[Fraction(int(k == j)) for j in free] for k in range(len(start))]
        G = [[sign(start[k]) * x for x in rows[k]] for k in free]
        psi = [Fraction(0)] * len(free)
        for leg in legs:
            step = [x / leg.focal[leg.unit] for x in rows[leg.unit]]
            G += [
                [x - y / leg.focal[k] for x, y in zip(step, rows[k], strict=True)] for k in leg.rivals if k in deciding
            ]
            rows = [
                [x - f * y for x, y in zip(row, step, strict=True)] if f else row
                for row, f in zip(rows, leg.focal, strict=True)
            ]
            psi = [x - y for x, y in zip(psi, step, strict=True)]
        zeros = tuple(k for k in sorted(deciding) if not start[k])
        return cls(
            free, zeros, tuple(tuple(rows[k]) for k in free), tuple(map(tuple, rows)), tuple(psi), tuple(map(tuple, G))
        )

    def cone(self, y: Sequence[Fraction]) -> Cone | None:
        """A cone around y that proves that the word repeats for ever, if one is found."""
        axis, dual = _leading(self.A)
        scale = dot(dual, axis)
        if not (side := sign(dot(dual, y) * scale)):
            return None
        cone = Cone(tuple(side * x for x in axis), tuple(side * x / scale for x in dual), Fraction(1), 1)
        rows, power = self.G, self.A
        while cone.turns <= _TURNS:
            ahead = times(rows, cone.axis)
            if any(x <= 0 for x in ahead):
                return None
            unit = replace(cone, width=Fraction(1)).rays
            across = [max(dot(row, ray) for ray in unit) - x for row, x in zip(rows, ahead, strict=True)]
            width = min((x / more for x, more in zip(ahead, across, strict=True) if more), default=Fraction(1)) / 2
            cone = replace(cone, width=width.limit_denominator(10**6) or width)
            if cone.stretch(power)[2] and cone.contains(y) and all(map(cone.keeps, rows)):
                return cone
            rows, power = rows + product(rows, power), product(power, power)
            cone = replace(cone, turns=2 * cone.turns)
        return None

    def end(self, y: Sequence[Fraction]) -> tuple[Fraction, Vector]:
        """Where infinitely many turns of a map that shrinks end: z = exp(-time) of all of them, and the sum T = (1 - A)^-1 y.

        z = 1/(1 + psi.T), and a unit that does not decide the word ends at (y_k + rest_k.T) z.
        """
        system = [[*((i == j) - x for j, x in enumerate(row)), y[i]] for i, row in enumerate(self.A)]
        _, total = solved(system, len(y))
        assert total is not None, "the largest eigenvalue is smaller than 1"
        return 1 / (1 + dot(self.psi, total)), total


@dataclass(frozen=True)
class Cone:
    """All c (axis + r) with c > 0, dual.r = 0 and a sum of abs(r_k) <= width over all k but one, where abs(dual_k) is largest.

    dual.axis = 1. As many turns of a word as `turns` says map it into its interior.
    """

    axis: Vector
    dual: Vector
    width: Fraction
    turns: int

    @cached_property
    def _pivot(self) -> int:
        return max(range(len(self.dual)), key=lambda k: abs(self.dual[k]))

    @cached_property
    def rays(self) -> Rows:
        """Its axis and its edges, all with c = 1: what holds on these holds in the whole cone."""

        def edge(k: int, step: Fraction) -> Vector:
            moves = {k: step, self._pivot: -step * self.dual[k] / self.dual[self._pivot]}
            return tuple(x + moves.get(j, 0) for j, x in enumerate(self.axis))

        others = [k for k in range(len(self.axis)) if k != self._pivot]
        return (self.axis, *(edge(k, step) for k in others for step in (self.width, -self.width)))

    def contains(self, y: Sequence[Fraction], *, inside: bool = False) -> bool:
        """Whether the cone holds this point, in its interior if that is asked."""
        c = dot(self.dual, y)
        across = sum(abs(x - c * a) for k, (x, a) in enumerate(zip(y, self.axis, strict=True)) if k != self._pivot)
        return c > 0 and (across < self.width * c or (across == self.width * c and not inside))

    def keeps(self, row: Sequence[Fraction]) -> bool:
        """Whether row.y > 0 in the whole cone, or row = 0 on it."""
        values = times(self.rays, row)
        return min(values) > 0 or not any(values)

    def stretch(self, matrix: Rows) -> tuple[Fraction, Fraction, bool]:
        """Least and largest factor of c under a matrix, and whether it maps the cone into its interior.

        If it does, its largest eigenvalue lies between the two.
        """
        images = [times(matrix, ray) for ray in self.rays]
        factors = times(images, self.dual)
        return min(factors), max(factors), all(self.contains(image, inside=True) for image in images)


@dataclass(frozen=True)
class Recurrence:
    """A word of crossings that a trajectory repeats for ever.

    Attributes
    ----------
    legs : tuple of Leg
        One turn of the trajectory.
    map : ReturnMap
        Of one turn.
    cone : Cone
        Proof that the word repeats for ever.
    """

    legs: tuple[Leg, ...]
    map: ReturnMap
    cone: Cone

    @property
    def units(self) -> tuple[int, ...]:
        """The units that cross zero in one turn, in their order."""
        return tuple(leg.unit for leg in self.legs)

    @cached_property
    def root(self) -> tuple[int, Rows]:
        """Number r of equal parts of the turn, and the matrix of one: A = B^r.

        The parts are equal up to a permutation of the units and a change of their signs, under which the focal points go over
        into each other; r = 1 without one.
        """
        legs, size = self.legs, len(self.legs)
        deciding = {*self.map.coordinates, *self.map.zeros}
        for shift in (k for k in range(1, size) if size % k == 0):
            pairs = [(leg, legs[(k + shift) % size]) for k, leg in enumerate(legs)]
            to = {leg.unit: (later.unit, sign(leg.focal[leg.unit] * later.focal[later.unit])) for leg, later in pairs}
            if to.keys() == {unit for unit, _ in to.values()} == deciding and all(
                later.unit == to[leg.unit][0] and later.focal[image] == factor * leg.focal[unit]
                for leg, later in pairs
                for unit, (image, factor) in to.items()
            ):
                part = ReturnMap.of(legs[:shift], to).rest
                parts = (tuple(to[k][1] * x for x in part[to[k][0]]) for k in self.map.coordinates)
                return size // shift, tuple(parts)
        return 1, self.map.A

    @cached_property
    def growth(self) -> int | None:
        """Sign of lambda - 1: 1 for a limit cycle, 0 for a spiral that takes for ever, -1 for one that ends in a finite time.

        None if lambda is closer to 1 than the bounds that the cone gives.
        """
        A, size = self.map.A, len(self.map.A)
        minus = exact(([x - (i == j) for j, x in enumerate(row)] for i, row in enumerate(A)), size)
        for vector in rows_of(minus.nullspace()):  # lambda = 1 if the eigenvector of 1 lies in the cone
            if self.cone.contains(vector) or self.cone.contains([-x for x in vector]):
                return 0
        power, turns = A, 1
        for _ in range(_TURNS.bit_length() + 2):
            low, high, inside = self.cone.stretch(power)
            if turns >= self.cone.turns and inside and not low <= 1 <= high:
                return 1 if low > 1 else -1
            power, turns = product(power, power), 2 * turns
        return None

    @cached_property
    def spectrum(self) -> tuple[Any, ...] | None:
        """Exact eigenvalues of the matrix of one part, algebraic numbers of SymPy, the largest first; None beyond `MOST_EXACT`."""
        B = self.root[1]
        if len(B) > MOST_EXACT:
            return None
        values = Poly(exact(B, len(B)).charpoly(), Symbol("x"), domain=QQ).all_roots()  # real ones first, in order
        return values.pop(sum(bool(value.is_real) for value in values) - 1), *values

    def stays(self, unit: int, number: Fraction, y: Sequence[Fraction]) -> bool:
        """Whether a unit that does not cross in the turn never does, if the others are at y; shown where these shrink.

        While they do, exp(-time) falls to z = 1/(1 + psi.y) in one turn, and to a z of its own for ever if lambda < 1. The unit
        is between its number and the worst focal point with the weights z and 1 - z. If lambda = 1, every turn keeps it above m
        where (rest - m psi).y >= 0 in the cone, and psi.y does not grow where psi.(1 - A) >= 0.
        """
        side, psi = sign(number), self.map.psi
        worst = min(side * leg.focal[unit] for leg in self.legs)
        if self.growth == -1:
            z, _ = self.map.end(y)
            return side * number * z + worst * (1 - z) > 0
        drift = [side * x for x in self.map.rest[unit]]
        least = min(side * number, dot(drift, self.cone.axis) / dot(psi, self.cone.axis)) / 2
        rises = [x - least * p for x, p in zip(drift, psi, strict=True)]
        shrinks = [p - q for p, q in zip(psi, times(zip(*self.map.A, strict=True), psi), strict=True)]
        bounded = self.cone.turns == 1 and least + worst * dot(psi, y) > 0
        return self.growth == 0 and bounded and self.cone.keeps(rises) and self.cone.keeps(shrinks)

    @property
    def period(self) -> Any:
        """Period ln(lambda) of the limit cycle, of SymPy, in time constants; None for too many coordinates."""
        return None if self.spectrum is None else self.root[0] * log(self.spectrum[0])

    @property
    def multipliers(self) -> tuple[Any, ...] | None:
        """Multipliers 1/lambda and mu/lambda of the map of one part, exact; those of the whole turn are their powers."""
        if self.spectrum is None:
            return None
        largest, *others = self.spectrum
        return tuple(expand(radsimp(value / largest)) for value in (1, *others))

    @property
    def period_value(self) -> float:
        """The period in floating point: the part of A axis along the axis is lambda up to the square of the axis' error."""
        return math.log(dot(self.cone.dual, times(self.map.A, self.cone.axis)))

    def __str__(self) -> str:
        """Of a limit cycle: period and multipliers, exact where that is short."""
        words = f"period {self.period_value:.10g}"
        if self.spectrum is None or len(exact := f"{self.period}, multipliers {self.multipliers}") > 150:
            return words
        return f"{words} = {exact}" + (f" of 1/{self.root[0]} of it" if self.root[0] > 1 else "")

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        content: dict[str, Any] = {
            "units": list(self.units),
            "coordinates": list(self.map.coordinates),
            "return_matrix": [list(map(str, row)) for row in self.map.A],
            "psi": list(map(str, self.map.psi)),
            "cone": {
                "axis": list(map(str, self.cone.axis)),
                "dual": list(map(str, self.cone.dual)),
                "width": str(self.cone.width),
                "turns": self.cone.turns,
            },
        }
        if self.growth == 1:
            content |= {"parts": self.root[0], "period_value": self.period_value}
            if self.multipliers is not None:
                content |= {"period": str(self.period), "multipliers": list(map(str, self.multipliers))}
        return content


def recurrence(legs: Sequence[Leg], y: Vector) -> Recurrence | None:
    """The recurrence of a turn whose word is to start again at y, if a cone proves that it does.

    Units that are not on their way to zero in any leg keep their signs and decide nothing. One that is, but does not cross in the
    turn, is a coordinate like those that cross; where this gives no cone because the others shrink, it is shown to stay away from
    zero.
    """
    crossing = {leg.unit for leg in legs}
    rivals = {k for leg in legs for k in leg.rivals} - crossing
    for deciding in (crossing | rivals, crossing) if rivals else (crossing,):
        found = ReturnMap.of(legs, deciding)
        point = [y[k] for k in found.coordinates]
        if point and not any(any(found.rest[k]) for k in found.zeros) and (cone := found.cone(point)) is not None:
            known = Recurrence(tuple(legs), found, cone)
            stays = all(known.stays(k, y[k], point) for k in rivals - deciding)
            return known if stays and known.growth is not None else None
    return None


def shortest_period(letters: Sequence[Any], repeats: int) -> int | None:
    """Length of the shortest word that the letters end with so many times."""
    for size in range(1, len(letters) // repeats + 1):
        tail = letters[-repeats * size :]
        if all(a == b for a, b in zip(tail, tail[size:], strict=False)):
            return size
    return None


def _leading(matrix: Rows) -> tuple[Vector, Vector]:
    """About the eigenvectors of the largest eigenvalue, of the matrix and of its transpose, as short fractions.

    A high power of the matrix is their outer product, up to a factor; where there is no such eigenvalue, no cone will be found.
    """
    largest = max((abs(x) for row in matrix for x in row), default=Fraction(0)) or Fraction(1)
    power = [[float(x / largest) for x in row] for row in matrix]
    for _ in range(_SQUARES):
        columns = list(zip(*power, strict=True))
        power = [[sum(map(mul, row, column)) for column in columns] for row in power]
        size = max(abs(x) for row in power for x in row) or 1.0
        power = [[x / size for x in row] for row in power]
    places = range(len(power))
    i, j = max(((i, j) for i in places for j in places), key=lambda at: abs(power[at[0]][at[1]]))
    axis, dual = (row[j] for row in power), power[i]
    return tuple(_short(x) for x in axis), tuple(_short(x) for x in dual)


def _short(x: float) -> Fraction:
    return Fraction(x).limit_denominator(10**6)
