"""Gaussian averages at large variance: ``<F> ~ prefactor * Delta^exponent``.

Where a closed form is known its leading term is taken, with ``erfcx(z) = sum_n (-z)^n/Gamma(1 + n/2)`` inserted
(Abramowitz & Stegun 7.1.8). Elsewhere the tails decide, ``F ~ c |x|^q`` on average over both sides, m_q = <|z|^q>:

    q > -1                        <F> ~ c m_q Delta^(q/2),
    F integrable over the line    <F> ~ (2 pi Delta)^(-1/2) int F dx.
"""

from __future__ import annotations

import mpmath
from sympy import Add, Expr, Float, Integral, S, Symbol, cos, factor, gamma, oo, pi, sin, sqrt

from theory.activation.activation import Activation
from theory.activation.endpoints import Leading, leading_term
from theory.activation.features import feature_points
from theory.activation.pieces import Pieces
from theory.activation.zeros import sign_of
from theory.averages.average import Average
from theory.averages.integrand import ordinary_integrand
from theory.averages.polynomial import half_moment
from theory.concrete import closed_form_of
from theory.errors import DomainError, InputError
from theory.functions import erfcx
from theory.highprecision import mp_function
from theory.limits.powers import Power
from theory.symbols import Delta, phi, x

WAVES = "not derived: phi oscillates"
_TERMS = 6  # of the series of erfcx
_DIGITS = 15  # of an integral over the line that has no closed form
_t = Symbol("t", positive=True)  # Delta^(-1/2)


def large_variance(average: Average, activation: Activation) -> Power | None:
    """Leading power of the variance in an average, None where it is not derived.

    Parameters
    ----------
    average : Average
        Generic average at zero mean.
    activation : Activation

    Returns
    -------
    Power or None
        In Delta; infinite prefactor where the average is infinite, prefactor 0 where it falls faster than every power.
    """
    if average.order == 2:  # Price: <F''> = 2 d<F>/dDelta, unless <F> tends to a constant
        whole = large_variance(Average(average.integrand), activation)
        if whole is None or whole.exponent == 0:
            return None
        return Power(2 * whole.prefactor * whole.exponent, whole.exponent - 1)
    closed = closed_form_of(average, activation)
    if closed is not None and closed.expression == oo:
        return Power(oo, S.Zero)
    found = None if closed is None else leading_power(closed.expression)
    return from_tails(average, activation) if found is None else found


def leading_power(expression: Expr) -> Power | None:
    """Leading power of an expression in Delta as Delta tends to infinity, None where the rules do not decide."""
    summed = _leading_of_powers(_series(expression.xreplace({Delta: _t**-2})))
    if summed is not None:
        return summed
    try:
        return _in_variance(leading_term(expression.xreplace({Delta: x}), oo, 1))
    except InputError:
        return None


def _in_variance(leading: Leading) -> Power | None:
    coefficient, exponent = leading
    if exponent is S.Infinity:
        return Power(S.Zero, S.Zero)
    if coefficient.is_infinite or exponent.is_infinite or exponent.has(Float):  # a measured exponent may be a logarithm
        return None
    return Power(coefficient, -exponent)


def _series(expression: Expr) -> Expr:
    """erfcx of multiples of t by its Taylor series."""
    return expression.replace(
        lambda node: isinstance(node, erfcx) and node.has(_t) and not (node.args[0] / _t).has(_t),
        lambda node: Add(*((-node.args[0]) ** n / gamma(1 + S(n) / 2) for n in range(_TERMS))),
    )


def _leading_of_powers(expression: Expr) -> Power | None:
    """First term of a sum of powers of t whose coefficient does not cancel."""
    coefficients: dict[Expr, Expr] = {}
    for term in Add.make_args(expression.expand()):
        constant, rest = term.as_independent(_t, as_Add=False)
        base, power = (_t, S.Zero) if rest is S.One else rest.as_base_exp()
        if base != _t or not power.is_Rational:
            return None
        coefficients[power] = coefficients.get(power, S.Zero) + constant
    for power in sorted(coefficients):
        coefficient = factor(coefficients[power])
        if power > 2:
            return None  # beyond the terms of the series
        if sign_of(coefficient) != 0:
            return Power(coefficient, -power / 2)
    return None


# ---- tails ---------------------------------------------------------------------------------------------------------------------


def from_tails(average: Average, activation: Activation) -> Power | None:
    """The same from the tails of the integrand alone, without a closed form."""
    if average.order == 1 and average.integrand == phi(x):  # Stein: <phi'> = <x phi>/Delta
        moved = from_tails(Average(x * phi(x)), activation)
        return None if moved is None else Power(moved.prefactor, moved.exponent - 1)
    if average.order != 0:
        return None
    try:
        pieces = ordinary_integrand(average, activation)
    except DomainError:
        return None
    return Power(oo, S.Zero) if pieces is None else tail_power(pieces)


def tail_power(pieces: Pieces) -> Power | None:
    """Leading power of the variance in the average of a piecewise function, from its tails."""
    found = tails(pieces)
    if found is None:
        return None
    weight, q = found
    excess = sign_of(q + 1) if q.is_finite else -1
    if excess == 1:
        return Power(2 * weight * half_moment(q, S.One), q / 2)
    integral = integral_over_line(pieces) if excess == -1 else None
    return None if integral is None or sign_of(integral) == 0 else Power(integral / sqrt(2 * pi), -S.Half)


def tails(pieces: Pieces) -> tuple[Expr, Expr] | None:
    """(c, q): the mean over both sides of F ~ c |x|^q; None for waves, logarithms and faster growth."""
    if has_waves(pieces):
        return None
    try:
        ends = [leading_term(pieces.expressions[k], side * oo, side) for k, side in ((0, -1), (-1, 1))]
    except InputError:
        return None
    if any(
        end.coefficient.is_infinite or end.exponent is S.NegativeInfinity or end.exponent.has(Float) for end in ends
    ):
        return None
    lowest = min((end.exponent for end in ends), key=lambda e: float(e) if e.is_number else 0.0)
    if lowest is S.Infinity:
        return S.Zero, -oo
    weight = Add(*(end.coefficient for end in ends if end.exponent == lowest)) / 2
    return (weight, -lowest) if sign_of(weight) != 0 else None


def has_waves(pieces: Pieces) -> bool:
    """Whether a function oscillates, so that it has no tails."""
    return any(call.has(x) for piece in pieces.expressions for call in piece.atoms(sin, cos))


def integral_over_line(pieces: Pieces) -> Expr | None:
    """``int F dx``: a number where F has no parameters, else the integral as such; None where quadrature does not settle."""
    if any(e.free_symbols - {x} for e in (*pieces.expressions, *pieces.breakpoints)):
        ends = pieces.intervals
        return Add(*(Integral(e, (x, *end)) for e, end in zip(pieces.expressions, ends, strict=True)))
    total = mpmath.mpf(0)
    with mpmath.workdps(_DIGITS + 10):
        for expression, (low, high) in zip(pieces.expressions, pieces.intervals, strict=True):
            inside = [p for p in feature_points(pieces) if (p > low) == True and (p < high) == True]  # noqa: E712
            points = [_number(point) for point in (low, *sorted(inside), high)]
            value, error = mpmath.quad(mp_function((x,), expression), points, error=True, maxdegree=8)
            if not error <= mpmath.mpf(10) ** -_DIGITS * (1 + abs(value)):
                return None
            total += value
        return Float(total, _DIGITS)


def _number(point: Expr) -> mpmath.mpf:
    if point.is_infinite:
        return mpmath.inf if point is oo else -mpmath.inf
    return mpmath.mpmathify(point.evalf(_DIGITS + 10))
