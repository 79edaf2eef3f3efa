"""Polynomials in one variable with rational coefficients: their exact real roots, in order, and bounds on an interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import comb, lcm
from typing import Any

from sympy import QQ, ZZ, Expr, Poly, Rational, Symbol, sqrt

_UNKNOWN = Symbol("p", real=True)


@dataclass(frozen=True)
class Root:
    """An irrational real number: the one root in an interval of an irreducible polynomial, integer coefficients, constant first."""

    polynomial: tuple[int, ...]
    low: Fraction
    high: Fraction

    def expression(self, name: str) -> Expr:
        """The polynomial in a variable of this name."""
        return expression_of(self.polynomial, Symbol(name))


Point = Fraction | Root
"""A value of the parameter, exact."""


@lru_cache(maxsize=4096)
def roots(polynomial: tuple[int, ...]) -> tuple[Point, ...]:
    """The real roots, each once; none of the zero polynomial."""
    while polynomial and not polynomial[-1]:
        polynomial = polynomial[:-1]
    if len(polynomial) < 3:
        return (Fraction(-polynomial[0], polynomial[1]),) if len(polynomial) == 2 else ()
    factors = [factor.primitive()[1] for factor, _ in Poly(polynomial[::-1], _UNKNOWN, domain=ZZ).factor_list()[1]]
    found: list[Point] = []
    for factor in factors:
        whole = tuple(map(int, reversed(factor.all_coeffs())))
        if len(whole) == 2:
            found.append(Fraction(-whole[0], whole[1]))
        else:
            found += [Root(whole, fraction(a), fraction(b)) for (a, b), _ in factor.intervals()]
    return tuple(found)


def ordered(points: Iterable[Point]) -> list[tuple[Point, Fraction]]:
    """Points in their order, each with a fraction near it; neighbours are more than 1000 times the error of these apart."""
    points, digits = list(points), 16
    while True:
        found = sorted(((p, near(p, digits)) for p in points), key=lambda pair: pair[1])
        if all(right - left > Fraction(1, 10 ** (digits - 3)) for (_, left), (_, right) in pairwise(found)):
            return found
        digits *= 2


@lru_cache(maxsize=4096)
def near(point: Point, digits: int) -> Fraction:
    """A fraction below the point, or the point itself, at a distance of 10^-digits at most."""
    if isinstance(point, Fraction):
        return point
    d = lcm(point.low.denominator, point.high.denominator)
    low, high = int(point.low * d), int(point.high * d)
    rises = scaled(point.polynomial, low, d) < 0  # the root is simple and no fraction: bisection meets no zero
    while (high - low) * 10**digits > d:
        low, high, d = 2 * low, 2 * high, 2 * d
        middle = (low + high) // 2
        if (scaled(point.polynomial, middle, d) < 0) == rises:
            low = middle
        else:
            high = middle
    return Fraction(low, d)


def scaled(polynomial: Sequence[int], numerator: int, denominator: int) -> int:
    """The value at a fraction times the power of its denominator that makes an integer."""
    total, power = 0, 1
    for c in reversed(polynomial):
        total = total * numerator + c * power
        power *= denominator
    return total


def fraction(number: Any) -> Fraction:
    """A rational number of SymPy's as a fraction."""
    return Fraction(int(number.p), int(number.q))


def between(left: tuple[Point, Fraction], right: tuple[Point, Fraction]) -> Fraction:
    """A fraction between two neighbours of `ordered`, with a small denominator."""
    width = right[1] - left[1]
    low, high = left[1] + width / 8, right[1] - width / 8
    denominator = 1
    while not low < (found := ((low + high) / 2).limit_denominator(denominator)) < high:
        denominator *= 2
    return found


def is_inside(point: Point, low: Fraction, high: Fraction) -> bool:
    """Whether a point lies between two fractions, strictly."""
    return low < point < high if isinstance(point, Fraction) else ordered({low, high, point})[1][0] is point


def vanishes(polynomial: tuple[int, ...], p: Point) -> bool:
    """Whether a polynomial is zero at a point; exactly, for a root by division through its irreducible polynomial."""
    if isinstance(p, Fraction):
        return scaled(polynomial, p.numerator, p.denominator) == 0
    minimal = Poly(p.polynomial[::-1], _UNKNOWN, domain=QQ)
    return Poly(polynomial[::-1], _UNKNOWN, domain=QQ).rem(minimal).is_zero


def value_at(polynomial: Sequence[Any], p: Fraction | int) -> Fraction:
    """The value at a fraction."""
    total = Fraction(0)
    for c in reversed(polynomial):
        total = total * p + c
    return total


def bernstein(polynomial: Sequence[int], low: Fraction, high: Fraction, degree: int) -> list[Fraction]:
    """Coefficients in the Bernstein basis of an interval: the polynomial lies between the smallest and the largest."""
    shifted = [Fraction(0)] * (degree + 1)  # in powers of (p - low)/(high - low)
    for c in reversed(polynomial):
        shifted = [
            low * a + (high - low) * previous + (c if k == 0 else 0)
            for k, (a, previous) in enumerate(zip(shifted, [Fraction(0), *shifted], strict=False))
        ]
    return [
        sum((shifted[m] * Fraction(comb(k, m), comb(degree, m)) for m in range(k + 1)), Fraction(0))
        for k in range(degree + 1)
    ]


def expression_of(polynomial: Sequence[Any], symbol: Symbol) -> Expr:
    """A polynomial in SymPy's terms."""
    return sum(Rational(c.numerator, c.denominator) * symbol**k for k, c in enumerate(polynomial))


def closed_form(point: Point) -> Expr:
    """A fraction or the root of a quadratic polynomial in SymPy's terms."""
    if isinstance(point, Fraction):
        return Rational(point.numerator, point.denominator)
    c, b, a = point.polynomial
    upper = near(point, 20) > Fraction(-b, 2 * a)
    return (-b + (1 if upper else -1) * sqrt(b**2 - 4 * a * c)) / (2 * a)
