"""Exponentials of quadratics, absorbed into the Gaussian measure of one variable or of two.

    exp(a x^2 + b x + c) N(x; m, v) = exp(E)/sqrt(s) N(x; m', v'),    s = 1 - 2 a v,
    v' = v/s,   m' = (m + b v)/s,   E = (c + m b + a m^2 + v (b^2/2 - 2 a c))/s.

A sine or cosine is the real or imaginary part of the same with b -> b + i omega.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, I, Pow, S, cos, exp, sin

from theory.averages.polynomial import moment
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

    def mean_of(self, i: int) -> list[Expr]:
        """`mean_parts`, for rules that hold for several variables."""
        return self.mean_parts

    def covariance(self, i: int, j: int) -> Expr:
        """`new_variance`, for rules that hold for several variables."""
        return self.new_variance

    def minor(self, i: int, j: int) -> Expr:
        """Determinant of the covariance of the variable with itself."""
        return S.Zero

    def times_gaussian(self, i: int, k: Expr, offset: Expr) -> Tilt:
        """The measure multiplied by exp(-(k x + offset)^2)."""
        return Tilt(self.a - k**2, self.b - 2 * k * offset, self.c - offset**2, self.mean, self.variance)


@dataclass(frozen=True)
class Bivariate:
    """Two Gaussian variables of equal mean and variance with correlation rho."""

    mean: Expr
    variance: Expr
    rho: Expr

    @property
    def rest(self) -> Expr:
        """1 - rho^2 as a product."""
        return (1 - self.rho) * (1 + self.rho)


@dataclass(frozen=True)
class Tilted:
    """``exp(a u^2 + b u + c) exp(a' v^2 + b' v + c')`` times the bivariate Gaussian.

    With Sigma the covariance and A = diag(a, a'), the new covariance is (1 - 2 Sigma A)^-1 Sigma; its determinant
    ``det = 1 - 2 v (a + a') + 4 a a' v^2 (1 - rho^2)`` is a sum of positive terms for a, a' <= 0.
    """

    first: tuple[Expr, Expr, Expr]
    second: tuple[Expr, Expr, Expr]
    measure: Bivariate

    @property
    def shrink(self) -> Expr:
        """det(1 - 2 Sigma A)."""
        a, d, v = self.first[0], self.second[0], self.measure.variance
        return 1 - 2 * v * a - 2 * v * d + 4 * a * d * v**2 * self.measure.rest

    def covariance(self, i: int, j: int) -> Expr:
        """Entry of the new covariance."""
        v = self.measure.variance
        if i != j:
            return self.measure.rho * v / self.shrink
        other = (self.second, self.first)[i][0]
        return v * (1 - 2 * v * other * self.measure.rest) / self.shrink

    def minor(self, i: int, j: int) -> Expr:
        """Determinant of the new covariance of two variables, factored by hand."""
        return self.measure.variance**2 * self.measure.rest / self.shrink if i != j else S.Zero

    def mean_of(self, i: int) -> list[Expr]:
        """The new mean, m + Sigma' (b + 2 A m), as terms."""
        m = self.measure.mean
        sources = [quadratic[1] + 2 * quadratic[0] * m for quadratic in (self.first, self.second)]
        parts = [m] + [self.covariance(i, j) * source for j, source in enumerate(sources)]
        return [part for part in parts if part != 0]

    @property
    def mass(self) -> Expr:
        """Integral of the tilted measure."""
        m = self.measure.mean
        sources = [b + 2 * a * m for a, b, _ in (self.first, self.second)]
        exponent = sum((a * m**2 + b * m + c for a, b, c in (self.first, self.second)), S.Zero)
        for i in range(2):
            for j in range(2):
                exponent += sources[i] * self.covariance(i, j) * sources[j] / 2
        return exp(exponent) / Pow(self.shrink, S.Half)

    def times_gaussian(self, i: int, k: Expr, offset: Expr) -> Tilted:
        """The measure times exp(-(k u_i + offset)^2)."""
        both = [self.first, self.second]
        a, b, c = both[i]
        both[i] = (a - k**2, b - 2 * k * offset, c - offset**2)
        return Tilted(both[0], both[1], self.measure)


def normal_constant(variance: Expr) -> Expr:
    """1/sqrt(2 pi v), as separate powers."""
    return 1 / (Pow(2, S.Half) * Pow(S.Pi, S.Half) * Pow(variance, S.Half))


def monomial(n: int, wave: tuple[str, Expr] | None, tilt: Tilt) -> list[Expr]:
    """Terms of <x^n>, <x^n cos(omega x)> or <x^n sin(omega x)> over the tilted measure (characteristic function)."""
    if n < 0:
        raise NotInTable
    kind, omega = wave or ("cos", S.Zero)
    v, s = tilt.variance, tilt.shrink
    damping = exp(tilt.exponent - v * omega**2 / (2 * s)) / Pow(s, S.Half)
    phase = sum((part * omega for part in tilt.mean_parts), S.Zero)
    terms = moment(n, [*tilt.mean_parts, I * omega * v / s], v / s)
    return [value for turns, term in by_turns(terms) if (value := damping * term * wave_part(kind, phase, turns)) != 0]


def wave_part(kind: str, phase: Expr, quarter_turns: int) -> Expr:
    """Real ("cos") or imaginary ("sin") part of ``i^quarter_turns exp(i phase)``."""
    turn = (quarter_turns + (0 if kind == "cos" else -1)) % 4
    return (cos(phase), -sin(phase), -cos(phase), sin(phase))[turn]


def by_turns(terms: Sequence[Expr]) -> list[tuple[int, Expr]]:
    """Products with powers of i as (j, t), each standing for ``i^j t`` with a real t."""
    return [(1, term / I) if term.has(I) else (0, term) for term in terms]
