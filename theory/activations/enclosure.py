"""Interval enclosures of real expressions, and zeros isolated with proof by them (interval bisection with derivatives).

Moore, Kearfott, Cloud, Introduction to Interval Analysis (SIAM 2009), chapters 5 and 8. Bounds are computed at 40
digits and widened by 1e-30 of their size, which covers mpmath's rounding by a wide margin.
"""

from __future__ import annotations

from typing import NamedTuple

import mpmath
import sympy
from sympy import Expr, Float, Rational

from theory.errors import InputError
from theory.functions import MPMATH_NAMES, sigmoid, softplus
from theory.highprecision import mp_function
from theory.symbols import x

_DIGITS = 40
_MAX_BOXES = 4000
_MAX_TAIL_DERIVATIVE = 5
_REACH = mpmath.mpf(10) ** 6

_INCREASING = {
    sympy.tanh: mpmath.tanh,
    sympy.erf: mpmath.erf,
    sympy.asinh: mpmath.asinh,
    sympy.sinh: mpmath.sinh,
    sympy.atan: mpmath.atan,
    sympy.exp: mpmath.exp,
    sigmoid: MPMATH_NAMES["sigmoid"],
    softplus: MPMATH_NAMES["softplus"],
}


class Interval(NamedTuple):
    """Closed real interval; infinite ends are allowed."""

    low: mpmath.mpf
    high: mpmath.mpf

    def excludes_zero(self) -> bool:
        """Whether zero lies strictly outside."""
        return self.low > 0 or self.high < 0


def _outward(low: mpmath.mpf, high: mpmath.mpf) -> Interval:
    low = -mpmath.inf if mpmath.isnan(low) else low
    high = mpmath.inf if mpmath.isnan(high) else high
    slack = mpmath.mpf(10) ** -30
    return Interval(low - slack * abs(low) if mpmath.isfinite(low) else low,
                    high + slack * abs(high) if mpmath.isfinite(high) else high)  # fmt: skip


def _product(a: Interval, b: Interval) -> Interval:
    corners = [mpmath.mpf(0) if 0 in (p, q) else p * q for p in a for q in b]
    return _outward(min(corners), max(corners))


def _power(base: Interval, n: Rational) -> Interval:
    if n < 0:
        whole = _power(base, -n)
        return _outward(1 / whole.high, 1 / whole.low) if whole.excludes_zero() else Interval(-mpmath.inf, mpmath.inf)
    if not n.is_Integer and base.low < 0:
        return Interval(-mpmath.inf, mpmath.inf)
    exponent = mpmath.mpf(n.p) / n.q
    low, high = base.low**exponent, base.high**exponent
    if n.is_Integer and n % 2 == 0:
        bottom = min(abs(base.low), abs(base.high)) if base.excludes_zero() else mpmath.mpf(0)
        return _outward(bottom**exponent, max(abs(base.low), abs(base.high)) ** exponent)
    return _outward(low, high)


def enclose(u: Expr, box: Interval) -> Interval:
    """Interval that contains u(x) for every x in `box` (the whole line where no bound is known)."""
    if u == x:
        return box
    if u.is_number:
        value = mpmath.mpf(sympy.N(u, _DIGITS)._to_mpmath(mpmath.mp.prec))
        return _outward(value, value)
    parts = [enclose(argument, box) for argument in u.args]
    if u.is_Add:
        return _outward(mpmath.fsum(p.low for p in parts), mpmath.fsum(p.high for p in parts))
    if u.is_Mul:
        product = parts[0]
        for part in parts[1:]:
            product = _product(product, part)
        return product
    if u.is_Pow and u.exp.is_Rational:
        return _power(parts[0], u.exp)
    return _enclose_call(u, parts)


def _enclose_call(u: Expr, parts: list[Interval]) -> Interval:
    argument = parts[0] if parts else Interval(-mpmath.inf, mpmath.inf)
    if u.func in _INCREASING:
        f = _INCREASING[u.func]
        return _outward(f(argument.low), f(argument.high))
    if isinstance(u, sympy.log) and argument.low > 0:
        return _outward(mpmath.log(argument.low), mpmath.log(argument.high))
    if isinstance(u, sympy.erfc):
        return _outward(mpmath.erfc(argument.high), mpmath.erfc(argument.low))
    if isinstance(u, sympy.cosh):
        size = [abs(argument.low), abs(argument.high)]
        return _outward(mpmath.cosh(min(size)) if argument.excludes_zero() else mpmath.mpf(1), mpmath.cosh(max(size)))
    if isinstance(u, (sympy.sin, sympy.cos)):
        return _enclose_wave(u, argument)
    return Interval(-mpmath.inf, mpmath.inf)


def _enclose_wave(u: Expr, argument: Interval) -> Interval:
    """Mean value bound |f(b) - f(m)| <= |b - m|, cut to [-1, 1]."""
    radius = (argument.high - argument.low) / 2
    if not mpmath.isfinite(radius) or radius > 1:
        return Interval(mpmath.mpf(-1), mpmath.mpf(1))
    middle = (mpmath.sin if isinstance(u, sympy.sin) else mpmath.cos)((argument.low + argument.high) / 2)
    bound = _outward(middle - radius, middle + radius)
    return Interval(max(bound.low, mpmath.mpf(-1)), min(bound.high, mpmath.mpf(1)))


def isolate_zeros(u: Expr, reach: Expr | None = None) -> tuple[Expr, ...]:
    """All real zeros of `u`, each proved to exist and to be alone in its box, the rest of the line proved free.

    Parameters
    ----------
    u : Expr
        Expression in ``x`` alone, without switches.
    reach : Expr, optional
        A number known to exceed every zero in magnitude; without it the tails beyond 1e6 are enclosed too.

    Returns
    -------
    tuple of Expr
        Increasing; an exact rational where one fits exactly, otherwise a 50-digit Float.

    Raises
    ------
    InputError
        If the proof does not close: a zero of higher order, infinitely many zeros, or no enclosure of a function.
    """
    slope = sympy.diff(u, x)
    refusal = InputError(f"cannot locate all zeros of '{u}' with certainty; write it with an explicit Piecewise in x")
    with mpmath.workdps(_DIGITS):
        end = _REACH if reach is None else mpmath.mpf(sympy.N(reach, _DIGITS)._to_mpmath(mpmath.mp.prec))
        if reach is None and not all(_keeps_sign_beyond(u, side * end, side) for side in (-1, 1)):
            raise refusal
        # off-centre bisection: a zero at a round number must not sit on every box edge
        boxes: list[Interval] = [Interval(-end, end)]
        found: list[Expr] = []
        for _ in range(_MAX_BOXES):
            if not boxes:
                return tuple(found)
            box = boxes.pop()
            if enclose(u, box).excludes_zero():
                continue
            if box.high - box.low < 1 and enclose(slope, box).excludes_zero():
                found += _single_zero(u, box)
                continue
            if box.high - box.low < mpmath.mpf(10) ** -12:
                break
            cut = box.low + (box.high - box.low) * mpmath.mpf(64) / 131
            boxes += [Interval(cut, box.high), Interval(box.low, cut)]
    raise refusal


def _keeps_sign_beyond(u: Expr, end: mpmath.mpf, side: int) -> bool:
    """Proof that `u` has no zero from `end` outwards.

    A derivative of fixed sign there makes the one below it monotone; if that one starts with the sign it moves to, it
    has fixed sign too, and so on down to `u` itself.
    """
    tail = Interval(end, mpmath.inf) if side > 0 else Interval(-mpmath.inf, end)
    derivatives = [u]
    while not (bound := enclose(derivatives[-1], tail)).excludes_zero():
        if len(derivatives) > _MAX_TAIL_DERIVATIVE:
            return False
        derivatives.append(sympy.diff(derivatives[-1], x))
    sign = 1 if bound.low > 0 else -1
    for derivative in reversed(derivatives[:-1]):
        sign *= side
        start = enclose(derivative, Interval(end, end))
        if not (start.low > 0 if sign > 0 else start.high < 0):
            return False
    return True


def _single_zero(u: Expr, box: Interval) -> list[Expr]:
    """The zero of a function monotone on `box`, if its ends have different signs."""
    f = mp_function(x, u)
    with mpmath.workdps(60):
        low, high = box
        rising = f(high) > f(low)
        if (f(low) > 0) == (f(high) > 0):
            return []
        for _ in range(190):
            middle = (low + high) / 2
            if (f(middle) > 0) == rising:
                high = middle
            else:
                low = middle
        root = (low + high) / 2
        nearby = Rational(int(mpmath.nint(root * 5040)), 5040)
        exact = abs(root - mpmath.mpf(nearby.p) / nearby.q) < mpmath.mpf(10) ** -45 and u.subs(x, nearby).is_zero
        return [nearby if exact else Float(root, 50)]
