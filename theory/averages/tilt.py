"""Exponentials of a quadratic, absorbed into the Gaussian measure.

    exp(a x^2 + b x + c) N(x; m, v) = exp(E)/sqrt(s) N(x; m', v'),    s = 1 - 2 a v,
    v' = v/s,   m' = (m + b v)/s,   E = (c + m b + a m^2 + v (b^2/2 - 2 a c))/s.

A sine or cosine is the real or imaginary part of the same with b -> b + i omega.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb

from sympy import Expr, Pow, S, cos, exp, sin

from theory.averages.polynomial import compositions, moment
from theory.averages.products import NotInTable

REFERENCE = "completing the square; Abramowitz & Stegun 7.4.32"


@dataclass(frozen=True)
class Tilt:
    """The measure exp(a x^2 + b x + c) N(x; mean, variance), not normalised."""

    a: Expr
    b: Expr
    c: Expr
    mean: Expr
    variance: Expr

    @cached_property
    def shrink(self) -> Expr:
        """s = 1 - 2 a v; the average exists for s > 0."""
        return 1 - 2 * self.a * self.variance

    @cached_property
    def new_variance(self) -> Expr:
        """Variance v' of the tilted measure."""
        return self.variance / self.shrink

    @cached_property
    def mean_parts(self) -> list[Expr]:
        """The mean m' of the tilted measure as terms that may cancel against each other."""
        return [part for part in (self.mean / self.shrink, self.b * self.variance / self.shrink) if part != 0]

    @cached_property
    def exponent(self) -> Expr:
        """E, with the constant completed to the square so that exp(-c^2) exp(+c^2 ...) never appears."""
        m, v, a, b, c = self.mean, self.variance, self.a, self.b, self.c
        if m == 0 and b == 0:
            return c
        return (c + m * b + a * m**2 + v * (b**2 / 2 - 2 * a * c)) / self.shrink

    @cached_property
    def mass(self) -> Expr:
        """Integral of the tilted measure, exp(E)/sqrt(s)."""
        return exp(self.exponent) / Pow(self.shrink, S.Half)

    def density(self, point: Expr) -> Expr:
        """The tilted measure at a point, from the untilted one: no large exponents of opposite sign."""
        quadratic = self.a * point**2 + self.b * point + self.c - (point - self.mean) ** 2 / (2 * self.variance)
        return exp(quadratic) * normal_constant(self.variance)

    def times_gaussian(self, a: Expr, b: Expr, c: Expr) -> Tilt:
        """The measure multiplied by exp(a x^2 + b x + c)."""
        return Tilt(self.a + a, self.b + b, self.c + c, self.mean, self.variance)


def normal_constant(variance: Expr) -> Expr:
    """1/sqrt(2 pi v), as separate powers."""
    return 1 / (Pow(2, S.Half) * Pow(S.Pi, S.Half) * Pow(variance, S.Half))


def monomial(n: int, tilt: Tilt) -> list[Expr]:
    """Terms of <x^n> over the tilted measure."""
    if n < 0:
        raise NotInTable
    return [tilt.mass * term for term in moment(n, tilt.mean_parts, tilt.new_variance)]


def monomial_wave(n: int, kind: str, omega: Expr, tilt: Tilt) -> list[Expr]:
    """Terms of <x^n cos(omega x)> or <x^n sin(omega x)> over the tilted measure (characteristic function)."""
    if n < 0:
        raise NotInTable
    v, s = tilt.variance, tilt.shrink
    damping = exp(tilt.exponent - v * omega**2 / (2 * s)) / Pow(s, S.Half)
    phase = sum((part * omega for part in tilt.mean_parts), S.Zero)
    terms = []
    for quarter_turns, term in imaginary_moment(n, tilt.mean_parts, omega * v / s, v / s):
        terms.append(damping * term * wave_part(kind, phase, quarter_turns))
    return [term for term in terms if term != 0]


def wave_part(kind: str, phase: Expr, quarter_turns: int) -> Expr:
    """Real ("cos") or imaginary ("sin") part of ``i^quarter_turns exp(i phase)``."""
    turn = (quarter_turns + (0 if kind == "cos" else -1)) % 4
    return (cos(phase), -sin(phase), -cos(phase), sin(phase))[turn]


def imaginary_moment(n: int, mean_parts: list[Expr], imaginary: Expr, variance: Expr) -> list[tuple[int, Expr]]:
    """Terms (j, t) of the n-th moment at complex mean ``sum(mean_parts) + i imaginary``; each stands for i^j t."""
    terms = []
    parts = [*mean_parts, imaginary]
    for k in range(n // 2 + 1):
        pairings = moment(2 * k, (), variance)[0]
        for exponents in compositions(n - 2 * k, len(parts)):
            weight = S.One
            left = n
            for size in (2 * k, *exponents):
                weight *= comb(left, size)
                left -= size
            for part, size in zip(parts, exponents, strict=True):
                weight *= Pow(part, size)
            terms.append((exponents[-1], pairings * weight))
    return terms
