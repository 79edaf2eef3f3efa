"""Behaviour of a smooth piece on approach to an end of its interval: leading term c t^q, t the distance to the end.

The leading term is built by structural rules (valid for symbolic exponents); where leading terms cancel, it is read off
high-precision values at distances 1e-30 and 1e-60. No symbolic limit is taken: that can run for minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import mpmath
import sympy
from sympy import Expr, Float, Rational, S

from theory.activation.zeros import sign_of
from theory.elementary import EVEN, ODD, ElementaryFunction, exact
from theory.errors import InputError
from theory.functions import record_of
from theory.highprecision import mp_function
from theory.symbols import x

_MAX_DERIVATIVE = 6
_BEYOND_POWERS = 1000
_DISTANCES, _MODERATE = (30, 60), (3, 4)
"""Negative decimal logarithms of the distances at which values are read off; the second where the first are out of range."""


class Leading(NamedTuple):
    """``coefficient * t**exponent``; infinite coefficient: a logarithm; infinite exponent: beyond every power."""

    coefficient: Expr
    exponent: Expr


def direction(exponent: Expr) -> int | None:
    """Sign of an exponent that may be infinite; None when parameters leave it open."""
    if exponent.is_infinite:
        return 1 if exponent is S.Infinity else -1
    return sign_of(exponent)


class _NoRule(Exception):
    """No structural rule applies."""


def local_exponent(piece: Expr, point: Expr, side: int) -> Expr:
    """Exponent q with F ~ c |x - point|^q on approach to `point`.

    Parameters
    ----------
    piece : Expr
        Smooth expression in ``x`` on that side.
    point : Expr
        Finite real point.
    side : int
        -1 for the approach from the left, +1 from the right.

    Returns
    -------
    Expr
        0 for a finite non-zero limit or a logarithm, oo for the zero function; exact when structurally simple.

    Raises
    ------
    InputError
        If parameters hide the leading term.
    """
    return leading_term(piece, point, side).exponent


def one_sided_value(piece: Expr, point: Expr, side: int) -> Expr:
    """Limit of `piece` on approach to `point` from one side, oo or -oo included (arguments as `local_exponent`)."""
    value = _substituted(piece, point)
    if value is not None:
        return value
    coefficient, exponent = leading_term(piece, point, side)
    growth = direction(exponent)
    if growth == 0:
        return coefficient
    if growth == 1:
        return S.Zero
    sign = sign_of(coefficient) if coefficient.is_finite else (1 if coefficient is S.Infinity else -1)
    if growth is None or sign is None:
        raise InputError(f"the limit of '{piece}' at {point} depends on the signs of the parameters; declare them")
    return S.Infinity * sign


def same_value(a: Expr, b: Expr) -> bool:
    """Equality of two finite limits; decimal values must agree to 30 digits."""
    if a == b:
        return True
    difference = a - b
    if difference.is_number and (a.has(Float) or b.has(Float)):
        return bool(abs(sympy.N(difference, 45)) < Float("1e-30") * (1 + abs(sympy.N(a, 45))))
    sign = sign_of(difference)
    return sign == 0


def leading_term(piece: Expr, point: Expr, side: int) -> Leading:
    """Leading term of `piece` in the distance t to `point`, or in t = 1/|x| where `point` is infinite.

    Arguments and errors as `local_exponent`.
    """
    t = sympy.Dummy("t", positive=True)
    local = piece.xreplace({x: side / t if point.is_infinite else point + side * t})
    try:
        return _leading(local, t)
    except _NoRule:
        pass
    if local.free_symbols - {t}:
        raise InputError(f"cannot find the behaviour of '{piece}' at x = {point} for general values of its parameters")
    return _measured(local, t)


def _substituted(piece: Expr, point: Expr) -> Expr | None:
    if any(power.exp.could_extract_minus_sign() and power.base.subs(x, point) == 0 for power in piece.atoms(sympy.Pow)):
        return None
    value = piece.subs(x, point)
    bad = (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity)
    if value.has(*bad) or value.has(sympy.AccumBounds) or value.has(x) or value.is_extended_real is False:
        return None
    # 0**q with an undecided exponent is not a value yet
    if any(power.base.is_zero for power in value.atoms(sympy.Pow)):
        return None
    return value


def _leading(u: Expr, t: sympy.Dummy) -> Leading:
    if not u.has(t):
        return Leading(u, S.Infinity if sign_of(u) == 0 else S.Zero)
    if u == t:
        return Leading(S.One, S.One)
    if u.is_Mul:
        parts = [_leading(factor, t) for factor in u.args]
        whole = Leading(sympy.Mul(*(p.coefficient for p in parts)), sympy.Add(*(p.exponent for p in parts)))
        if S.NaN in whole:
            raise _NoRule
        return whole
    if u.is_Pow and not u.exp.has(t):
        return _leading_power(_leading(u.base, t), u.exp)
    if u.is_Add:
        return _leading_sum(u, t)
    return _leading_call(u, t)


def _leading_power(base: Leading, exponent: Expr) -> Leading:
    coefficient, q = base
    if not exponent.is_integer and sign_of(coefficient) != 1:
        raise _NoRule
    if not coefficient.is_finite:
        raise _NoRule
    if q.is_infinite and direction(exponent) is None:
        raise _NoRule
    return Leading(coefficient**exponent, sympy.expand(q * exponent) if q.is_finite else q * exponent)


def _leading_sum(u: Expr, t: sympy.Dummy) -> Leading:
    if u.is_polynomial(t):
        (degree,), coefficient = sympy.Poly(u, t).terms()[-1]
        return Leading(coefficient, S(degree))
    parts = [_leading(term, t) for term in u.args]
    lowest = parts[0].exponent
    for part in parts[1:]:
        order = 0 if part.exponent == lowest else direction(part.exponent - lowest)
        if order is None:
            raise _NoRule
        lowest = part.exponent if order < 0 else lowest
    total = sympy.Add(*(p.coefficient for p in parts if p.exponent == lowest))
    if total is S.NaN or sign_of(total) == 0:
        return _taylor(u, t)
    return Leading(total, lowest)


def _leading_call(u: Expr, t: sympy.Dummy) -> Leading:
    record = record_of(u)
    if record is None:
        raise _NoRule
    inner = _leading(record.argument(u), t)
    growth = direction(inner.exponent)
    if growth is None:
        raise _NoRule
    if growth == 1 and record.parity == ODD and not record.kink:
        slope = u.func(t).diff(t).xreplace({t: S.Zero})
        return Leading(slope * inner.coefficient, inner.exponent)
    if growth == 1 and isinstance(u, sympy.log) and inner.exponent.is_finite:
        return Leading(S.NegativeInfinity, S.Zero)
    if growth == -1:
        return _at_infinity(record, inner)
    value = record.node(inner.coefficient if growth == 0 else S.Zero)
    if not value.is_finite:
        raise _NoRule
    # exp(-150) is no zero, however small a number
    return Leading(value, S.Zero) if record.positive or sign_of(value) != 0 else _taylor(u, t)


def _at_infinity(record: ElementaryFunction, inner: Leading) -> Leading:
    """f(v) where |v| -> oo."""
    sign = 1 if record.parity == EVEN else sign_of(inner.coefficient)
    end = None if sign is None else record.end(sign)
    if end is None or (end.logarithmic and not inner.exponent.is_finite):
        raise _NoRule
    coefficient = exact(end.coefficient)
    if end.rate:
        return Leading(coefficient, -end.rate * S.Infinity)
    if end.logarithmic:
        return Leading(end.limit, S.Zero)
    if not end.exponent:
        return Leading(coefficient, S.Zero)
    return Leading(coefficient * (sign * inner.coefficient) ** end.exponent, end.exponent * inner.exponent)


def _taylor(u: Expr, t: sympy.Dummy) -> Leading:
    """First non-zero Taylor coefficient at t = 0 of an expression analytic there."""
    if not all(power.exp.is_integer or power.exp.has(t) for power in u.atoms(sympy.Pow) if power.base.has(t)):
        raise _NoRule
    derivative = u
    for order in range(_MAX_DERIVATIVE + 1):
        value = _substituted(derivative.xreplace({t: x}), S.Zero)
        sign = None if value is None else sign_of(value)
        if value is None or sign is None:
            raise _NoRule
        if sign != 0:
            return Leading(value / sympy.factorial(order), S(order))
        derivative = derivative.diff(t)
    raise _NoRule


def _measured(u: Expr, t: sympy.Dummy) -> Leading:
    """Leading term from the values at t = 1e-30 and 1e-60, or the limit where it is reached long before."""
    f = mp_function(t, u)
    with mpmath.workdps(400):
        for before, far in (_DISTANCES, _MODERATE):
            if values := _values(f, before, far):
                break
        else:
            raise InputError(f"cannot find the behaviour of '{u}' as {t} tends to 0")
        near, nearer = values
        if nearer == 0:
            return Leading(S.Zero, S.Infinity)
        if abs(mpmath.im(nearer)) > abs(nearer) * mpmath.mpf(10) ** -50:
            raise InputError(f"'{u}' is not real")
        near, nearer = mpmath.re(near), mpmath.re(nearer)
        slope = mpmath.log(abs(near / nearer)) / mpmath.log(mpmath.mpf(10) ** (far - before))
        if (before, far) == _MODERATE and abs(slope) > mpmath.mpf(10) ** -50:
            raise InputError(f"cannot find the behaviour of '{u}' as {t} tends to 0")
        if abs(slope) > _BEYOND_POWERS:
            return Leading(S.One, S.Infinity if slope > 0 else S.NegativeInfinity)
        exponent = _recognised(slope, mpmath.mpf(10) ** -10)
        value = nearer / mpmath.mpf(10) ** (-far * slope)
        power = mpmath.mpf(10) ** (-far * mpmath.mpf(exponent.p) / exponent.q) if exponent.is_Rational else None
        return Leading(_recognised(nearer / power if power else value, mpmath.mpf(10) ** -25), exponent)


def _values(f: Callable[..., mpmath.mpf], near: int, far: int) -> list[mpmath.mpf]:
    """The values at 1e-near and 1e-far; none where these leave the range of mpmath."""
    try:
        found = [mpmath.mpmathify(f(mpmath.mpf(10) ** -k)) for k in (near, far)]
    except (ArithmeticError, ValueError):
        return []
    return found if all(map(mpmath.isfinite, found)) else []


def _recognised(number: mpmath.mpf, tolerance: mpmath.mpf) -> Expr:
    """The rational with denominator dividing 5040 within `tolerance`, else a 25-digit Float."""
    if abs(number) > 10**20:
        return Float(number, 25)
    nearby = Rational(int(mpmath.nint(number * 5040)), 5040)
    if abs(number - mpmath.mpf(nearby.p) / nearby.q) < tolerance:
        return nearby
    return Float(number, 25)
