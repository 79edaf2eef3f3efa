"""Entries of an answer that was written as JSON: numbers, states and lists, or a sentence that says which one is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from typing import Any

from theory.errors import InputError
from theory.text.numbers import DECIMAL, LONGEST
from theory.threshold.network import State, Vector, state_of

_RATIO = re.compile(r"([+-]?[0-9]{1,4000})(?:/([0-9]{1,4000}))?")  # proofs have numbers of hundreds of digits
_DECIMAL = re.compile(DECIMAL)


def number(entry: Any, place: str) -> Fraction:
    """A text such as ``-3/2``, an integer, or a float as the binary fraction it is."""
    value = _value(entry)
    if value is None:
        raise InputError(f"{place}: {_shown(entry)} is no rational number")
    return value


def _value(entry: Any) -> Fraction | None:
    if isinstance(entry, bool):
        return None
    if isinstance(entry, int | Fraction) or (isinstance(entry, float) and isfinite(entry)):
        return Fraction(entry)
    if not isinstance(entry, str):
        return None
    if match := _RATIO.fullmatch(entry):
        bottom = int(match[2] or 1)
        return Fraction(int(match[1]), bottom) if bottom else None
    return Fraction(entry) if len(entry) <= LONGEST and _DECIMAL.fullmatch(entry) else None


def numbers(given: Any, count: int | None, place: str) -> Vector:
    """A list of numbers, of so many if that is known."""
    entries = listed(given, place)
    if count is not None and len(entries) != count:
        raise InputError(f"{place} has {len(entries)} numbers; needed: {count}")
    return tuple(number(entry, f"{place}, number {k}") for k, entry in enumerate(entries, 1))


def state(entry: Any, N: int, place: str) -> State:
    """A text such as ``0110``."""
    if not isinstance(entry, str) or len(entry) != N or set(entry) - {"0", "1"}:
        raise InputError(f"{place}: {_shown(entry)} is no state of {N} units, a text of {N} characters 0 and 1")
    return state_of(entry)


def listed(given: Any, place: str) -> Sequence[Any]:
    """A list."""
    if not isinstance(given, list | tuple):
        raise InputError(f"{place}: {_shown(given)} is no list")
    return given


def mapped(given: Any, place: str) -> Mapping[str, Any]:
    """An object of JSON."""
    if not isinstance(given, Mapping):
        raise InputError(f"{place}: {_shown(given)} is no object with keys")
    return given


def _shown(entry: Any) -> str:
    text = repr(entry)
    return text if len(text) <= 40 else f"{text[:37]}..."
