"""Intervals of real numbers, and arithmetic on them that never loses a value.

A finite end is exact, a whole number or a `Fraction`, or a number of mpmath. Every result that holds a number of mpmath is
widened by 1e-30 of its size, which covers the rounding at the 40 digits of `theory.enclosure` by a wide margin
(Moore, Kearfott, Cloud, Introduction to Interval Analysis, SIAM 2009, chapter 5).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, TypeAlias

Number: TypeAlias = Any
"""An int, a Fraction, a number of mpmath, or a float where it is infinite (or the end of a range that is only shown)."""
End: TypeAlias = tuple[Number, bool]
"""An end and whether it is left out."""

INFINITY = math.inf
_MAX_BITS = 4096  # fractions with more digits than this are widened to infinity
_SLACK = 1e-30


@dataclass(frozen=True)
class Interval:
    """A real interval.

    Attributes
    ----------
    low, high : number
        Its ends; an infinite end belongs to no value.
    open_low, open_high : bool
        Whether the end itself is left out.
    """

    low: Number
    high: Number
    open_low: bool = False
    open_high: bool = False

    REAL: ClassVar[Interval]
    POSITIVE: ClassVar[Interval]
    NONNEGATIVE: ClassVar[Interval]
    NEGATIVE: ClassVar[Interval]
    NONPOSITIVE: ClassVar[Interval]

    @classmethod
    def point(cls, value: Number) -> Interval:
        """One number."""
        return cls(value, value).widened()

    @classmethod
    def of_symbol(cls, symbol: Any) -> Interval:
        """The values that a symbol's assumptions about its sign allow."""
        if symbol.is_positive:
            return cls.POSITIVE
        if symbol.is_negative:
            return cls.NEGATIVE
        if symbol.is_nonnegative:
            return cls.NONNEGATIVE
        return cls.NONPOSITIVE if symbol.is_nonpositive else cls.REAL

    @property
    def words(self) -> str:
        """What a value in it is, for a user."""
        if self in _WORDS:
            return _WORDS[self]
        low, high = float(self.low), float(self.high)
        if high == INFINITY and low > -INFINITY:
            return f"a number {'>' if self.open_low else '>='} {low:g}"
        if self.open_low and self.open_high:
            return f"a number between {low:g} and {high:g}"
        left_out = f", without {low if self.open_low else high:g}" if self.open_low or self.open_high else ""
        return f"a number from {low:g} to {high:g}{left_out}"

    def contains(self, value: float) -> bool:
        """Whether `value` is finite and inside."""
        inside = self.low <= value <= self.high and abs(value) < INFINITY
        return inside and not (self.open_low and value == self.low) and not (self.open_high and value == self.high)

    # --- signs

    @property
    def positive(self) -> bool:
        """Every value is > 0."""
        return self.low > 0 or (self.low == 0 and self.open_low)

    @property
    def nonnegative(self) -> bool:
        """Every value is >= 0."""
        return self.low >= 0

    @property
    def negative(self) -> bool:
        """Every value is < 0."""
        return self.high < 0 or (self.high == 0 and self.open_high)

    @property
    def nonzero(self) -> bool:
        """No value is 0."""
        return self.positive or self.negative

    # --- arithmetic: an interval that holds every result

    def __neg__(self) -> Interval:
        return Interval(-self.high, -self.low, self.open_high, self.open_low)

    def __add__(self, other: Interval) -> Interval:
        low, high = _plus(self.low, other.low), _plus(self.high, other.high)
        return Interval(low, high, self.open_low or other.open_low, self.open_high or other.open_high).widened()

    def __mul__(self, other: Interval) -> Interval:
        corners = [_corner(*p, *q) for p in self._ends() for q in other._ends()]
        # an end is attained as soon as one corner attains it
        return _between(_lowest(corners), _highest(corners)).widened()

    def __abs__(self) -> Interval:
        if self.nonnegative:
            return self
        if self.high <= 0:
            return -self
        return _between((Fraction(0), False), _highest([*self._ends(), *(-self)._ends()]))

    def __or__(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        ends = (*self._ends(), *other._ends())
        return _between(_lowest(ends), _highest(ends))

    def largest(self, other: Interval) -> Interval:
        """Values of max(a, b)."""
        (low, high), (p, q) = self._ends(), other._ends()
        return _between(p if _less(low[0], p[0]) or (low[0] == p[0] and p[1]) else low, _highest([high, q]))

    def smallest(self, other: Interval) -> Interval:
        """Values of min(a, b)."""
        return -(-self).largest(-other)

    def power(self, n: int) -> Interval:
        """Values of a^n for an integer n >= 0."""
        base = abs(self) if n % 2 == 0 else self
        return Interval(_raised(base.low, n), _raised(base.high, n), base.open_low, base.open_high).widened()

    def reciprocal(self) -> Interval:
        """Values of 1/a where a is not 0."""
        if self.positive:
            low, high = _inverse(self.high), _inverse(self.low)
            return Interval(low, high, self.open_high or self.high == INFINITY, self.open_low).widened()
        return -(-self).reciprocal() if self.negative else Interval.REAL

    def trimmed(self) -> Interval:
        """The same interval without fractions too long to compute with."""
        low = self.low if _short(self.low) else (-INFINITY if self.low < 0 else Fraction(0))
        high = self.high if _short(self.high) else (INFINITY if self.high > 0 else Fraction(0))
        return Interval(low, high, self.open_low and low == self.low, self.open_high and high == self.high)

    def widened(self) -> Interval:
        """The same interval with ends that are numbers of mpmath moved outwards."""
        if _plain(self.low) and _plain(self.high):
            return self
        low = self.low if _plain(self.low) else self.low - abs(self.low) * _SLACK
        high = self.high if _plain(self.high) else self.high + abs(self.high) * _SLACK
        return Interval(low, high, self.open_low, self.open_high)

    def within(self, other: Interval) -> Interval:
        """The part that lies in another interval, which is known to hold all values."""
        (low, open_low), (high, open_high) = other._ends()
        above = self.largest(Interval(low, low, open_low, open_low))
        return above.smallest(Interval(high, high, open_high, open_high))

    def _ends(self) -> tuple[End, End]:
        return (self.low, self.open_low), (self.high, self.open_high)


Interval.REAL = Interval(-INFINITY, INFINITY)
Interval.POSITIVE = Interval(Fraction(0), INFINITY, open_low=True)
Interval.NONNEGATIVE = Interval(Fraction(0), INFINITY)
Interval.NEGATIVE = -Interval.POSITIVE
Interval.NONPOSITIVE = -Interval.NONNEGATIVE

_WORDS = {
    Interval.REAL: "a real number",
    Interval.POSITIVE: "a number > 0",
    Interval.NONNEGATIVE: "a number >= 0",
    Interval.NEGATIVE: "a number < 0",
    Interval.NONPOSITIVE: "a number <= 0",
}


def _plain(end: Number) -> bool:
    """Whether an end needs no care for rounding."""
    return isinstance(end, int | float | Fraction)


def _plus(p: Number, q: Number) -> Number:
    # Python would turn a long Fraction into a float to add it to an infinity, and overflow
    if isinstance(p, float) or isinstance(q, float):
        return p if isinstance(p, float) else q
    p, q = _alike(p, q)
    return p + q


def _alike(p: Number, q: Number) -> tuple[Number, Number]:
    """Two finite numbers, both of mpmath where one is."""
    if isinstance(p, Fraction) and not _plain(q):
        return type(q)(p.numerator) / p.denominator, q
    if isinstance(q, Fraction) and not _plain(p):
        return p, type(p)(q.numerator) / q.denominator
    return p, q


def _less(p: Number, q: Number) -> bool:
    p, q = _alike(p, q) if not isinstance(p, float) and not isinstance(q, float) else (p, q)
    return bool(p < q)


def _highest(ends: Iterable[End]) -> End:
    best, *others = ends
    for end in others:
        if _less(best[0], end[0]) or (end[0] == best[0] and not end[1]):
            best = end
    return best


def _lowest(ends: Iterable[End]) -> End:
    end, is_open = _highest((-end, is_open) for end, is_open in ends)
    return -end, is_open


def _between(low: End, high: End) -> Interval:
    return Interval(low[0], high[0], low[1], high[1])


def _corner(p: Number, p_open: bool, q: Number, q_open: bool) -> End:
    if p == 0 or q == 0:
        # zero times anything is attained as soon as one exact zero is
        return Fraction(0), not ((p == 0 and not p_open) or (q == 0 and not q_open))
    if isinstance(p, float) or isinstance(q, float):
        return (INFINITY if (p > 0) == (q > 0) else -INFINITY), True
    p, q = _alike(p, q)
    return p * q, p_open or q_open


def _raised(end: Number, n: int) -> Number:
    return math.copysign(INFINITY, end) ** n if isinstance(end, float) else end**n


def _inverse(end: Number) -> Number:
    if isinstance(end, float):
        return Fraction(0)
    return INFINITY if end == 0 else 1 / (Fraction(end) if _plain(end) else end)


def _short(end: Number) -> bool:
    return not isinstance(end, Fraction) or end.numerator.bit_length() + end.denominator.bit_length() < _MAX_BITS
