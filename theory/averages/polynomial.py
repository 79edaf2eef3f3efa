"""Moments of a normal variable (Wick's theorem), expanded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import product as cartesian
from math import factorial

from sympy import Add, Expr, Integer, Mul, Pow, S, gamma, pi
from sympy.ntheory import multinomial_coefficients

from theory.averages.measures import Gaussian

REFERENCE = "Abramowitz & Stegun 26.2.27 (Wick's theorem)"


def power_of_sum(parts: Sequence[Expr], n: int) -> list[Expr]:
    """Terms of ``(sum parts)^n`` by the multinomial theorem; the parts themselves stay closed.

    A sum such as mean + b variance can cancel, so no power of it may hide inside a term.
    """
    parts = [part for part in parts if part != 0]
    return [
        Mul(Integer(weight), *(Pow(part, k) for part, k in zip(parts, exponents, strict=True)))
        for exponents, weight in sorted(multinomial_coefficients(len(parts), n).items())
    ]


def moment(n: int, mean_parts: Sequence[Expr], variance: Expr) -> list[Expr]:
    """Terms of <x^n> for x ~ N(sum of mean_parts, variance): sum over pairings, n!/(2^k k! (n-2k)!) each.

    Parameters
    ----------
    n : int
        Order, non-negative.
    mean_parts : sequence of Expr
        The mean as a sum.
    variance : Expr
        The variance.

    Returns
    -------
    list of Expr
        Terms whose sum is the moment; none of them hides a cancellation.
    """
    terms = []
    for k in range(n // 2 + 1):
        pairings = factorial(n) // (2**k * factorial(k) * factorial(n - 2 * k))
        for term in power_of_sum(mean_parts, n - 2 * k):
            terms.append(Integer(pairings) * Pow(variance, k) * term)
    return terms


def half_moment(q: Expr, variance: Expr) -> Expr:
    """``int_0^oo x^q N(x; 0, variance) dx = (2 variance)^(q/2) Gamma((q+1)/2) / (2 sqrt(pi))``."""
    q = S.Zero + q
    return Pow(2, q / 2) * Pow(variance, q / 2) * gamma((q + 1) / 2) / (2 * Pow(pi, S.Half))


def times(left: Sequence[Expr], right: Sequence[Expr]) -> list[Expr]:
    """Terms of the product of two sums."""
    return [Mul(p, q) for p, q in cartesian(left, right)]


def collected(terms: Sequence[Expr]) -> Expr:
    """Sum of terms; equal ones merge, so that what cancels exactly is gone."""
    return Add(*terms)


def polynomial_average(F: Expr, measure: Gaussian) -> Expr:
    """<F> of a polynomial in the variables of a Gaussian measure: sums over pairings (Isserlis 1918)."""
    variables = measure.variables

    @cache
    def centred(powers: tuple[int, ...]) -> Expr:
        first = next((k for k, power in enumerate(powers) if power), None)
        if first is None:
            return S.One
        rest = tuple(power - (k == first) for k, power in enumerate(powers))
        pairs = ((k, measure.covariance(variables[first], w)) for k, w in enumerate(variables) if rest[k])
        return Add(*(rest[k] * c * centred(tuple(q - (j == k) for j, q in enumerate(rest))) for k, c in pairs))

    shifted = F.subs({y: y + measure.mean_of(y) for y in variables}, simultaneous=True)
    return Add(*(c * centred(powers) for powers, c in shifted.expand().as_poly(*variables).terms()))
