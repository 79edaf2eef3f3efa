"""Laws of few distinct rates: at lambda = 1 every condition is a polynomial in t and the load, and critical loads are algebraic.

The equations are those of the theory, averages being sums over the rates; t is eliminated by a resultant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import mpmath
from sympy import Add, Expr, Poly, Rational, S, Symbol, resultant

from theory.activation.activation import Activation
from theory.attractor import spectrum
from theory.attractor.patterns import DENOMINATOR, each_average
from theory.attractor.symbols import alpha, b, beta2, c0, gain, omega, r, t, u
from theory.attractor.weights import MOMENTS, SELF, UNEXPLAINED, mean_gain
from theory.errors import require
from theory.highprecision import mp_function
from theory.symbols import growth, x

MOST = 3
"""Distinct rates of the laws for which resultants are found in seconds."""

DIGITS, SAME = 30, Rational(1, 10**15)
"""Digits of numbers that are no rational ones, and relative size below which a residual is rounding."""

SIMPLEST = 10**4
"""Largest denominator of an input that is tried as a rational number."""


class Rate(NamedTuple):
    """A rate with its probability and the input and gain that it asks for, rational numbers."""

    r: Expr
    u: Expr
    gain: Expr
    weight: Expr


class ExactLoads(NamedTuple):
    """Critical loads as algebraic numbers.

    Attributes
    ----------
    alpha_bulk, alpha_out, alpha_S : Expr or None
        None where no outlier reaches 1 as long as the bulk is below it.
    is_rounded : bool
        Whether inputs and gains that are no rational numbers were replaced by rational ones of `DIGITS` digits.
    """

    alpha_bulk: Expr
    alpha_out: Expr | None
    alpha_S: Expr
    is_rounded: bool = False


def critical_loads(rates: Sequence[Rate], variant: str = "noself") -> ExactLoads:
    """Loads at which the bulk and an outlier reach 1, for distinct rates; refused for one of them, or more than `MOST`."""
    require((2 <= len(rates) <= MOST, f"{len(rates)} distinct rates: critical loads are exact for 2 to {MOST} of them"))
    known: dict[Symbol, Expr] = {}
    for symbol, moment in {**MOMENTS, beta2: UNEXPLAINED}.items():
        known[symbol] = _summed(moment, rates).subs(known)
    determinant = spectrum.CENTRED if variant == "bias" else spectrum.OUTLIER
    first = Poly(_summed(spectrum.at_vanishing_load(determinant), rates).subs(known), growth)
    out = S.Zero if any(root > 1 for root in first.real_roots()) else None
    if known[b] * known[mean_gain] >= 1:
        return ExactLoads(S.Zero, out, S.Zero)
    known |= {growth: S.One, c0: S.Zero if variant == "self" else SELF.subs(known)}
    conditions = spectrum.LOAD - alpha, spectrum.on_the_real_axis(spectrum.BOUNDARY) - spectrum.LOAD, determinant
    numerators = (_summed(e, rates).subs(known).together().as_numer_denom()[0] for e in conditions)
    load, boundary, outlier = (Poly(e, t, alpha) for e in numerators)
    of_unit = spectrum.left_out.subs(known), spectrum.right_out.subs(known)
    pairs = [tuple(e.subs(gain, one.gain) for e in of_unit) for one in rates]
    bulk = next(_loads(load, boundary, pairs), S.One)
    out = next((x for x in _loads(load, outlier, pairs) if x < bulk), None) if out is None else out
    return ExactLoads(bulk, out, bulk if out is None else out)


def _summed(expression: Expr, rates: Sequence[Rate]) -> Expr:
    """Averages as sums over the rates."""

    def average(F: Expr) -> Expr:
        F = F.subs(omega, 1 / DENOMINATOR)
        return Add(*(one.weight * F.subs({r: one.r, u: one.u, gain: one.gain}) for one in rates))

    return each_average(expression, average)


def _loads(load: Poly, condition: Poly, pairs: Sequence[tuple[Expr, ...]]) -> Iterator[Expr]:
    """Loads in (0, 1) at which a condition holds for the order parameter, the smallest positive t that has the load; increasing."""
    _, factors = Poly(resultant(load, condition, t), alpha).factor_list()
    roots = [root for factor, _ in factors if factor.count_roots(0, 1) for root in factor.real_roots()]
    for root in sorted((root for root in roots if 0 < _rounded(root) < 1), key=_rounded):
        at = _rounded(root)
        left, right = (Poly(p.as_expr().subs(alpha, at), t) for p in (load, condition))
        size = Poly([abs(c) for c in left.all_coeffs()], t)
        apart = [tuple(e.subs(alpha, at) for e in pair) for pair in pairs]
        for (start, end), _ in right.intervals(eps=SAME**3, inf=0):
            middle = (start + end) / 2
            outside = all(alone * (alone + middle * pull) > 0 for alone, pull in apart)
            holds = abs(left.eval(middle)) < SAME * size.eval(middle)
            if outside and holds and not left.count_roots(SAME, middle * (1 - SAME)):
                yield root
                break


def _rounded(number: Expr) -> Expr:
    return Rational(str(number.evalf(DIGITS)))


def rational_rate(activation: Activation, rate: float, near: float, weight: Expr) -> tuple[Rate, bool]:
    """A rate with input and gain as rational numbers, and whether they are rounded; `near` is the input in double precision."""
    value, phi = Rational(str(rate)), activation.expression
    given = Rational(str(near)).limit_denominator(SIMPLEST)
    found = phi.diff(x).subs(x, given)
    if phi.subs(x, given) == value and found.is_Rational:
        return Rate(value, given, found, weight), False
    with mpmath.workdps(DIGITS + 10):
        root = mpmath.findroot(mp_function([x], phi - value), mpmath.mpf(near))
        given, found = (Rational(mpmath.nstr(e, DIGITS)) for e in (root, mp_function([x], phi.diff(x))(root)))
        return Rate(value, given, found, weight), True
