"""Enclosures: an interval that contains every value of an expression where x and the parameters vary.

Ends are exact where they can be, enough to prove that 1 + x^2, 2 + sin(x) or 1 - tanh(x)^2 never vanish. A bound never
proves a falsehood; where operands are correlated (1 + x + x^2) it proves nothing.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import mpmath
import sympy
from sympy import Expr, Rational

from theory.elementary import EVEN, ElementaryFunction
from theory.functions import record_of
from theory.interval import INFINITY, Interval
from theory.symbols import x

DIGITS = 40
_UNIT = Interval(Fraction(-1), Fraction(1))


def enclosure(expression: Expr, box: Interval = Interval.REAL) -> Interval:
    """An interval that contains the expression for every x in a box and every parameter that its assumptions allow.

    Parameters
    ----------
    expression : Expr
        Real expression; partial operations (1/u, log u) are assumed to be defined.
    box : Interval
        Values of x.

    Returns
    -------
    Interval
    """
    with mpmath.workdps(DIGITS):
        return _enclosure(expression, box)


def _enclosure(u: Expr, box: Interval) -> Interval:
    if u == x:
        return box
    if isinstance(u, Rational):
        return Interval.point(Fraction(int(u.p), int(u.q))).trimmed()
    if isinstance(u, sympy.Symbol):
        return Interval.of_symbol(u)
    if isinstance(u, sympy.NumberSymbol | sympy.Float):
        return Interval.point(mpmath.mpf(u._to_mpmath(mpmath.mp.prec)))
    parts = [_enclosure(argument, box) for argument in u.args if isinstance(argument, Expr)]
    if isinstance(u, sympy.Add):
        return reduce(Interval.__add__, parts).trimmed()
    if isinstance(u, sympy.Mul):
        return reduce(Interval.__mul__, parts).trimmed()
    if isinstance(u, sympy.Pow):
        return _power(parts[0], u.exp).trimmed()
    if isinstance(u, sympy.Max | sympy.Min):
        return reduce(Interval.largest if isinstance(u, sympy.Max) else Interval.smallest, parts)
    if isinstance(u, sympy.Piecewise):
        return reduce(Interval.__or__, [_enclosure(pair.expr, box) for pair in u.args])
    record = record_of(u)
    if record is not None:
        return _image(record, parts[len(record.parameters)])
    return Interval.point(mpmath.mpf(sympy.N(u, DIGITS)._to_mpmath(mpmath.mp.prec))) if u.is_number else Interval.REAL


def _power(base: Interval, exponent: Expr) -> Interval:
    if isinstance(exponent, sympy.Integer):
        result = base.power(abs(int(exponent)))
        return result if exponent > 0 else result.reciprocal()
    if isinstance(exponent, Rational):
        size = abs(mpmath.mpf(int(exponent.p)) / int(exponent.q))
        base = base.largest(Interval.point(Fraction(0)))  # where it is negative the power is not real
        low, high = (end if end in (0, 1, INFINITY) else mpmath.mpmathify(end) ** size for end in (base.low, base.high))
        result = Interval(low, high, base.open_low, base.open_high).widened()
        return result if exponent > 0 else result.reciprocal()
    return Interval.POSITIVE if base.positive else Interval.NONNEGATIVE


def _image(function: ElementaryFunction, a: Interval) -> Interval:
    """Values of an elementary function on an interval."""
    if function.levels is not None:
        reached = zip(function.levels, (a.low < 0, not a.nonzero, a.high > 0), strict=True)
        values = [Fraction(value) for value, found in reached if found]
        return Interval(min(values), max(values))
    if function.wave:
        return _wave(function, a)
    if function.name == "abs":
        return abs(a)
    if not function.monotone:
        return _whole(function)
    if function.parity == EVEN:
        a = abs(a)
    if function.positive_argument:
        a = a.largest(Interval(Fraction(0), Fraction(0), open_low=True))
    low, high = ((a.low, a.open_low), (a.high, a.open_high))[:: function.monotone]
    result = Interval(_at(function, low[0], -1), _at(function, high[0], 1), low[1], high[1])
    return result.widened().within(_whole(function))


@lru_cache(maxsize=64)
def _whole(function: ElementaryFunction) -> Interval:
    """Every value: only an even function attains a bound, at 0."""
    (low, high), even = map(_number, function.bounds), function.parity == EVEN
    return Interval(low, high, not even or function.monotone < 0, not even or function.monotone > 0).widened()


def _at(function: ElementaryFunction, end: Any, side: int) -> Any:
    """Value or limit at an end, exact where it is rational; infinite to the given side where it is beyond reach."""
    if end == 0 and not function.positive_argument:
        return _number(function.node(0))
    if abs(end) == INFINITY or end == 0:
        return _number(function.bounds[(1 + (side if end else -1)) // 2])
    try:
        return function.value(*map(_number, function.parameters), mpmath.mpmathify(end))
    except OverflowError:
        return side * INFINITY


def _number(value: Expr) -> Any:
    if isinstance(value, Rational):
        return Fraction(int(value.p), int(value.q))
    return float(value) if value.is_infinite else mpmath.mpf(value._to_mpmath(mpmath.mp.prec))


def _wave(function: ElementaryFunction, a: Interval) -> Interval:
    """Mean value bound |f(b) - f(m)| <= |b - m|, cut to [-1, 1]."""
    radius = (a.high - a.low) / 2 if abs(a.low) != INFINITY != abs(a.high) else INFINITY
    if radius > 1:
        return _UNIT
    middle = function.value(mpmath.mpmathify((a.high + a.low) / 2))
    return Interval(middle - radius, middle + radius).widened().within(_UNIT)
