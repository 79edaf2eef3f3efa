"""Enclosures: an interval that contains every value of an expression over all real x and all allowed parameters.

Plain interval arithmetic with exact end points, enough to prove that 1 + x^2, 2 + sin(x) or 1 - tanh(x)^2 never vanish.
It never proves a falsehood; where operands are correlated (1 + x + x^2) it proves nothing and leaves the rest
to `theory.text.realness`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce

import sympy
from sympy import Expr

from theory.functions import sigmoid, softplus

End = Fraction | float  # a finite end is a Fraction, an infinite one a float

_INF = math.inf
_MAX_BITS = 4096  # ends with more digits than this are widened to infinity


@dataclass(frozen=True)
class Interval:
    """A real interval; an end that is not attained is open."""

    low: End
    high: End
    low_open: bool = False
    high_open: bool = False

    @property
    def positive(self) -> bool:
        """Every value is > 0."""
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def nonnegative(self) -> bool:
        """Every value is >= 0."""
        return self.low >= 0

    @property
    def negative(self) -> bool:
        """Every value is < 0."""
        return self.high < 0 or (self.high == 0 and self.high_open)

    @property
    def nonzero(self) -> bool:
        """No value is 0."""
        return self.positive or self.negative


REALS = Interval(-_INF, _INF)
POSITIVE = Interval(Fraction(0), _INF, low_open=True)
NONNEGATIVE = Interval(Fraction(0), _INF)
UNIT = Interval(Fraction(-1), Fraction(1))
OPEN_UNIT = Interval(Fraction(-1), Fraction(1), True, True)


def enclosure(expression: Expr) -> Interval:
    """An interval that contains the expression for every real value of its symbols, assumptions respected.

    Parameters
    ----------
    expression : Expr
        Real expression; partial operations (1/u, log u) are assumed to be defined.

    Returns
    -------
    Interval
    """
    if isinstance(expression, sympy.Rational):
        value = Fraction(int(expression.p), int(expression.q))
        return _trimmed(Interval(value, value))
    if isinstance(expression, sympy.Symbol):
        return _of_symbol(expression)
    if isinstance(expression, sympy.NumberSymbol):
        near = Fraction(str(expression.evalf(30)))
        return Interval(near - Fraction(1, 10**25), near + Fraction(1, 10**25))
    if isinstance(expression, sympy.Add):
        return _trimmed(reduce(_sum, map(enclosure, expression.args)))
    if isinstance(expression, sympy.Mul):
        return _trimmed(reduce(_product, map(enclosure, expression.args)))
    if isinstance(expression, sympy.Pow):
        return _trimmed(_power(enclosure(expression.base), expression.exp))
    if isinstance(expression, sympy.Piecewise):
        return reduce(_union, [enclosure(pair.expr) for pair in expression.args])
    return _of_function(expression)


def _of_symbol(symbol: sympy.Symbol) -> Interval:
    if symbol.is_positive:
        return POSITIVE
    if symbol.is_negative:
        return _negated(POSITIVE)
    if symbol.is_nonnegative:
        return NONNEGATIVE
    if symbol.is_nonpositive:
        return _negated(NONNEGATIVE)
    return REALS


def _of_function(node: Expr) -> Interval:
    if isinstance(node, sympy.Max | sympy.Min):
        return reduce(_largest if isinstance(node, sympy.Max) else _smallest, map(enclosure, node.args))
    if not node.args:
        return REALS
    inner = enclosure(node.args[0])
    if isinstance(node, sympy.Abs):
        return _absolute(inner)
    if isinstance(node, sympy.sin | sympy.cos):
        return UNIT
    if isinstance(node, sympy.exp):
        return _exponential(inner)
    if isinstance(node, sympy.cosh):
        return Interval(Fraction(1), _INF, low_open=inner.nonzero)
    if isinstance(node, softplus):
        return POSITIVE
    if isinstance(node, sigmoid):
        return Interval(Fraction(0), Fraction(1), True, True)
    if isinstance(node, sympy.erfc):
        return Interval(Fraction(0), Fraction(2), True, True)
    if isinstance(node, sympy.sign):
        return _signed(UNIT, inner)
    if isinstance(node, sympy.Heaviside):
        return Interval(Fraction(0), Fraction(1))
    if isinstance(node, sympy.tanh | sympy.erf):
        return _signed(OPEN_UNIT, inner)
    if isinstance(node, sympy.atan):
        return _signed(Interval(Fraction(-11, 7), Fraction(11, 7), True, True), inner)
    if isinstance(node, sympy.sinh | sympy.asinh):
        return _signed(REALS, inner)
    return REALS


def _signed(whole: Interval, inner: Interval) -> Interval:
    """Range of an increasing odd function with image `whole`: it keeps the sign of its argument."""
    if inner.nonnegative:
        return Interval(Fraction(0), whole.high, inner.positive, whole.high_open)
    if inner.high <= 0:
        return Interval(whole.low, Fraction(0), whole.low_open, inner.negative)
    return whole


def _exponential(inner: Interval) -> Interval:
    if inner.nonnegative:
        return Interval(Fraction(1), _INF, low_open=inner.positive)
    if inner.high <= 0:
        return Interval(Fraction(0), Fraction(1), True, inner.negative)
    return POSITIVE


def _power(base: Interval, exponent: Expr) -> Interval:
    """base**exponent for a number as exponent; for any other exponent only positivity is kept."""
    if isinstance(exponent, sympy.Integer):
        n = int(exponent)
        result = _integer_power(base, abs(n))
        return result if n > 0 else _reciprocal(result)
    if base.low >= 1 and isinstance(exponent, sympy.Rational):
        return Interval(Fraction(1), _INF) if exponent > 0 else Interval(Fraction(0), Fraction(1), True)
    return POSITIVE if base.positive else NONNEGATIVE


def _integer_power(base: Interval, n: int) -> Interval:
    if n % 2 == 0:
        base = _absolute(base)
    if n > 64:
        return base if base.nonnegative and base.low == 0 and base.high == _INF else REALS
    return Interval(_raised(base.low, n), _raised(base.high, n), base.low_open, base.high_open)


def _raised(end: End, n: int) -> End:
    return math.copysign(_INF, end) ** n if isinstance(end, float) else end**n


def _reciprocal(a: Interval) -> Interval:
    if a.positive:
        return _reciprocal_of_positive(a)
    if a.negative:
        return _negated(_reciprocal_of_positive(_negated(a)))
    return REALS


def _reciprocal_of_positive(a: Interval) -> Interval:
    low: End = Fraction(0) if isinstance(a.high, float) else 1 / a.high
    high: End = _INF if a.low == 0 else 1 / Fraction(a.low)
    return Interval(low, high, a.high_open or isinstance(a.high, float), a.low_open)


def _negated(a: Interval) -> Interval:
    return Interval(-a.high, -a.low, a.high_open, a.low_open)


def _absolute(a: Interval) -> Interval:
    if a.nonnegative:
        return a
    if a.high <= 0:
        return _negated(a)
    high, is_open = max((-a.low, not a.low_open), (a.high, not a.high_open))
    return Interval(Fraction(0), high, False, not is_open)


def _sum(a: Interval, b: Interval) -> Interval:
    return Interval(_plus(a.low, b.low), _plus(a.high, b.high), a.low_open or b.low_open, a.high_open or b.high_open)


def _plus(p: End, q: End) -> End:
    # Python would turn a long Fraction into a float to add it to an infinity, and overflow
    return p if isinstance(p, float) else q if isinstance(q, float) else p + q


def _times(p: End, q: End) -> End:
    if isinstance(p, float) or isinstance(q, float):
        return _INF if (p > 0) == (q > 0) else -_INF
    return p * q


def _product(a: Interval, b: Interval) -> Interval:
    corners = [
        _corner(p, p_open, q, q_open)
        for p, p_open in ((a.low, a.low_open), (a.high, a.high_open))
        for q, q_open in ((b.low, b.low_open), (b.high, b.high_open))
    ]
    low = min(corners)  # a closed end (False) sorts before an open one: attained if any corner attains it
    high = max(corners, key=lambda corner: (corner[0], not corner[1]))
    return Interval(low[0], high[0], low[1], high[1])


def _corner(p: End, p_open: bool, q: End, q_open: bool) -> tuple[End, bool]:
    if p == 0 or q == 0:
        # zero times anything is attained as soon as one exact zero is
        return Fraction(0), not ((p == 0 and not p_open) or (q == 0 and not q_open))
    return _times(p, q), p_open or q_open


def _union(a: Interval, b: Interval) -> Interval:
    low = min((a.low, a.low_open), (b.low, b.low_open))
    high = max((a.high, not a.high_open), (b.high, not b.high_open))
    return Interval(low[0], high[0], low[1], not high[1])


def _largest(a: Interval, b: Interval) -> Interval:
    low = max((a.low, a.low_open), (b.low, b.low_open))
    high = max((a.high, not a.high_open), (b.high, not b.high_open))
    return Interval(low[0], high[0], low[1], not high[1])


def _smallest(a: Interval, b: Interval) -> Interval:
    return _negated(_largest(_negated(a), _negated(b)))


def _trimmed(a: Interval) -> Interval:
    """The same interval without ends too long to compute with."""
    low = a.low if _short(a.low) else (-_INF if a.low < 0 else Fraction(0))
    high = a.high if _short(a.high) else (_INF if a.high > 0 else Fraction(0))
    return Interval(low, high, a.low_open and low == a.low, a.high_open and high == a.high)


def _short(end: End) -> bool:
    return isinstance(end, float) or end.numerator.bit_length() + end.denominator.bit_length() < _MAX_BITS
