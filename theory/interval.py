"""Intervals of real numbers, and arithmetic on them that never loses a value.

A finite end of an interval that is computed with is a `Fraction`, so no rounding has to be guarded; a range that a user is
told, such as that of a parameter, may have any numbers as ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, TypeAlias

Number: TypeAlias = int | float | Fraction

INFINITY = math.inf
_MAX_BITS = 4096  # ends with more digits than this are widened to infinity


@dataclass(frozen=True)
class Interval:
    """A real interval.

    Attributes
    ----------
    low, high : int, float or Fraction
        Its ends; an infinite end is a float and belongs to no value.
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
        return cls(value, value)

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
        return f"a number from {float(self.low):g} to {float(self.high):g}"

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
        return Interval(low, high, self.open_low or other.open_low, self.open_high or other.open_high)

    def __mul__(self, other: Interval) -> Interval:
        corners = [_corner(*p, *q) for p in self._ends() for q in other._ends()]
        low = min(corners)  # a closed end (False) sorts before an open one: attained if any corner attains it
        high = max(corners, key=lambda corner: (corner[0], not corner[1]))
        return Interval(low[0], high[0], low[1], high[1])

    def __abs__(self) -> Interval:
        if self.nonnegative:
            return self
        if self.high <= 0:
            return -self
        high, is_open = max((-self.low, not self.open_low), (self.high, not self.open_high))
        return Interval(Fraction(0), high, False, not is_open)

    def __or__(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        low = min((self.low, self.open_low), (other.low, other.open_low))
        high = max((self.high, not self.open_high), (other.high, not other.open_high))
        return Interval(low[0], high[0], low[1], not high[1])

    def largest(self, other: Interval) -> Interval:
        """Values of max(a, b)."""
        low = max((self.low, self.open_low), (other.low, other.open_low))
        high = max((self.high, not self.open_high), (other.high, not other.open_high))
        return Interval(low[0], high[0], low[1], not high[1])

    def smallest(self, other: Interval) -> Interval:
        """Values of min(a, b)."""
        return -(-self).largest(-other)

    def power(self, n: int) -> Interval:
        """Values of a^n for an integer n >= 0."""
        base = abs(self) if n % 2 == 0 else self
        if n > 64:
            return base if base.nonnegative and base.low == 0 and base.high == INFINITY else Interval.REAL
        return Interval(_raised(base.low, n), _raised(base.high, n), base.open_low, base.open_high)

    def reciprocal(self) -> Interval:
        """Values of 1/a where a is not 0."""
        if self.positive:
            low = Fraction(0) if self.high == INFINITY else 1 / Fraction(self.high)
            high = INFINITY if self.low == 0 else 1 / Fraction(self.low)
            return Interval(low, high, self.open_high or self.high == INFINITY, self.open_low)
        return -(-self).reciprocal() if self.negative else Interval.REAL

    def trimmed(self) -> Interval:
        """The same interval without ends too long to compute with."""
        low = self.low if _short(self.low) else (-INFINITY if self.low < 0 else Fraction(0))
        high = self.high if _short(self.high) else (INFINITY if self.high > 0 else Fraction(0))
        return Interval(low, high, self.open_low and low == self.low, self.open_high and high == self.high)

    def _ends(self) -> tuple[tuple[Number, bool], tuple[Number, bool]]:
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


def _plus(p: Number, q: Number) -> Number:
    # Python would turn a long Fraction into a float to add it to an infinity, and overflow
    return p if isinstance(p, float) else q if isinstance(q, float) else p + q


def _times(p: Number, q: Number) -> Number:
    if isinstance(p, float) or isinstance(q, float):
        return INFINITY if (p > 0) == (q > 0) else -INFINITY
    return p * q


def _corner(p: Number, p_open: bool, q: Number, q_open: bool) -> tuple[Number, bool]:
    if p == 0 or q == 0:
        # zero times anything is attained as soon as one exact zero is
        return Fraction(0), not ((p == 0 and not p_open) or (q == 0 and not q_open))
    return _times(p, q), p_open or q_open


def _raised(end: Number, n: int) -> Number:
    return math.copysign(INFINITY, end) ** n if isinstance(end, float) else end**n


def _short(end: Number) -> bool:
    return not isinstance(end, Fraction) or end.numerator.bit_length() + end.denominator.bit_length() < _MAX_BITS
