"""Numbers as a user writes them: decimals and fractions. `float` would read `1_0`, digits of any alphabet, and words."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite

DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
LONGEST = 60
"""Most characters of a number."""

_NUMBER = re.compile(rf"({DECIMAL})(?:/({DECIMAL}))?")


def number(text: str) -> float | str:
    """A decimal number or a fraction a/b of two; the text itself if it is neither, or beyond double precision."""
    match = _NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return text
    try:
        value = float(match[1]) if match[2] is None else float(Fraction(match[1]) / Fraction(match[2]))
    except (ZeroDivisionError, OverflowError):
        return text
    return value if isfinite(value) else text
