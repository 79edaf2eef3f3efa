"""Entries of files and answers: numbers, states and lists, or a sentence that says which entry is none, and where it stands.

Text in quotes, such as ``-3/2`` or ``0.1``, is exact. A float, or a bare decimal in a file, is the binary fraction it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from numbers import Rational, Real
from typing import Any, NamedTuple

from theory.errors import InputError
from theory.text.numbers import DECIMAL, LONGEST
from theory.threshold.network import State, Vector, state_of

SMALLEST = Fraction(1, 10**300)
"""Size of the smallest weight that is taken, and one over that of the largest: doubles are near sums of many of them."""

_EXACT = re.compile(rf"\s*({DECIMAL})(?:\s*/\s*({DECIMAL}))?\s*")
_RATIO = re.compile(r"\s*([+-]?[0-9]{1,4000})(?:/([0-9]{1,4000}))?\s*")  # proofs have numbers of hundreds of digits
_NAMED = 5  # places of one kind that are named


class Bare(str):
    """A number as it stands in a file without quotes."""

    __slots__ = ()


class Kind(NamedTuple):
    """Which numbers are taken, and what is said of others."""

    takes: Callable[[Fraction], bool]
    needed: str


RATIONAL = Kind(lambda value: True, "no rational number such as -3/2, 0.25 or 1e-3")
WEIGHT = Kind(
    lambda value: not value or SMALLEST <= abs(value) <= 1 / SMALLEST, f"{RATIONAL.needed}, of size 1e-300 to 1e300"
)


def one_of(*values: int) -> Kind:
    """A few whole numbers."""
    return Kind(lambda value: value in values, f"each must be one of {', '.join(map(str, values))}")


def rational(entry: Any, kind: Kind = RATIONAL) -> Fraction | None:
    """The number that an entry stands for; None for what is no number, or none of this kind."""
    value = _of_text(entry) if isinstance(entry, str) else _of_number(entry)
    return value if value is not None and kind.takes(value) else None


def _of_text(text: str) -> Fraction | None:
    match = _RATIO.fullmatch(text) or (_EXACT.fullmatch(text) if len(text) <= LONGEST else None)
    if match is None or (match[2] and not Fraction(match[2])):
        return None
    if isinstance(text, Bare) and not match[2] and match.re is _EXACT:
        return _of_number(float(match[1]))
    return Fraction(match[1]) / Fraction(match[2] or 1)


def _of_number(entry: Any) -> Fraction | None:
    if isinstance(entry, Rational) and not isinstance(entry, bool):
        return Fraction(int(entry.numerator), int(entry.denominator))
    is_finite = isinstance(entry, Real) and not isinstance(entry, bool) and isfinite(entry)
    return Fraction(float(entry)) if is_finite else None


def is_rounded(entry: Any) -> bool:
    """Whether the decimal that a person would write for a number is not quite the number."""
    text = repr(float(entry)) if isinstance(entry, float) else entry if isinstance(entry, Bare) else "/"
    return "/" not in text and (value := rational(entry)) is not None and Fraction(text.strip()) != value


def parsed(text: str, number: type[Bare] | None = None) -> Any:
    """JSON in which no key is given twice; numbers without quotes stay as they are written if `number` is `Bare`."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in pairs:
            if key in data:
                raise InputError(f"the key '{key[:40]}' is given twice")
            data[key] = value
        return data

    if not text.strip():
        raise InputError("no JSON: it is empty")
    try:
        return json.loads(text, parse_float=number, parse_int=number, parse_constant=number, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise InputError(f"no JSON: {error.msg.lower()} in line {error.lineno}, column {error.colno}") from None
    except InputError:
        raise
    except ValueError as error:  # a whole number of thousands of digits
        raise InputError(f"no JSON: {str(error)[:100]}") from None
    except RecursionError:
        raise InputError("no JSON of this kind: lists within lists within lists") from None


def listed(given: Any) -> list[Any] | None:
    """The entries of a list, tuple or array; None for what is none."""
    if hasattr(given, "tolist"):
        given = given.tolist()
    return list(given) if isinstance(given, Sequence) and not isinstance(given, str | bytes) else None


def shown(entry: Any) -> str:
    """The beginning of an entry, in quotes if it was in quotes."""
    if isinstance(entry, list | dict):
        return "a list" if isinstance(entry, list) else "an object"
    if isinstance(entry, int) and abs(entry) > 10**300:  # Python refuses to print very long ones
        return "an integer of more than 300 digits"
    text = f"'{entry}'" if isinstance(entry, str) and not isinstance(entry, Bare) else str(entry)
    return text if len(text) <= 24 else f"{text[:20]}..."


def some(places: Sequence[str]) -> str:
    """The first places, and how many there are more."""
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return f"{', '.join(places[:_NAMED])}{more}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _values(name: str, rows: Sequence[Sequence[Any]], place: str, kind: Kind) -> list[Vector]:
    """The numbers of all rows, or a problem that names the places of those that are none."""
    read = [[rational(entry, kind) for entry in row] for row in rows]
    bad = [
        f"{place.format(row=i, column=j)} ({shown(entry)})"
        for i, (row, values) in enumerate(zip(rows, read, strict=True), 1)
        for j, (entry, value) in enumerate(zip(row, values, strict=True), 1)
        if value is None
    ]
    if bad:
        raise InputError(f"{name}: {some(bad)}: {kind.needed}")
    return [tuple(value for value in row if value is not None) for row in read]


def numbers(name: str, given: Any, count: int | None = None, kind: Kind = RATIONAL) -> Vector:
    """A list of numbers, of so many if that is known.

    Raises
    ------
    InputError
        With the name, and the numbers, counted from 1, that are none.
    """
    entries = listed(given)
    if entries is None:
        raise InputError(f"{name}: {shown(given)} is no list")
    if count is not None and len(entries) != count:
        raise InputError(f"{name}: {_count(len(entries), 'number')}; needed: {count}")
    return _values(name, [entries], "number {column}", kind)[0]


def matrix(name: str, given: Any, N: int | None = None, kind: Kind = RATIONAL) -> tuple[Vector, ...]:
    """N rows of N numbers, as many as there are rows if N is not known.

    Raises
    ------
    InputError
        With the name, and all rows of another length or the places, counted from 1, of what is no number.
    """
    rows = listed(given) or []
    N, split = N or len(rows), [listed(row) for row in rows]
    wrong = [] if rows and len(rows) == N else [_count(len(rows), "row")]
    for k, row in enumerate(split, 1):
        if row is None or len(row) != N:
            wrong.append(f"row {k} " + ("is no list" if row is None else f"has {_count(len(row), 'number')}"))
    needed = f"{_count(N, 'row')} of {_count(N, 'number')}" if N else "N rows of N numbers"
    problems = [f"{name}: {some(wrong)}; needed: {needed}"] if wrong else []
    try:
        values = _values(name, [row or () for row in split], "row {row}, column {column}", kind)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    return tuple(values)


@dataclass(frozen=True)
class Entry:
    """An entry of an answer written as JSON, and its place in it; InputError with the place if it is of another kind."""

    value: Any
    place: str

    @property
    def mapping(self) -> Mapping[str, Any]:
        """An object of JSON."""
        if not isinstance(self.value, Mapping):
            raise self._none_of("object with keys")
        return self.value

    def __contains__(self, key: str) -> bool:
        return key in self.mapping

    def __getitem__(self, key: str) -> Entry:
        """What an object holds at a key; None where it has no such key."""
        return Entry(self.mapping.get(key), f"{self.place}, {key}")

    def list(self, key: str) -> list[Entry]:
        """The entries of the list that an object holds at a key."""
        entries = listed(self[key].value)
        if entries is None:
            raise self[key]._none_of("list")
        return [Entry(entry, f"{self.place}, {key}, entry {k}") for k, entry in enumerate(entries, 1)]

    @property
    def number(self) -> Fraction:
        """A text such as ``-3/2``, an integer, or a float as the binary fraction it is."""
        if (value := rational(self.value)) is None:
            raise self._none_of("rational number")
        return value

    def numbers(self, count: int | None = None) -> Vector:
        """A list of numbers, of so many if that is known."""
        return numbers(self.place, self.value, count)

    def unit(self, N: int) -> int:
        """A unit, counted from 0."""
        if self.number not in range(N):
            raise InputError(f"{self.place}: {shown(self.value)} is none of 0 to {N - 1}")
        return int(self.number)

    def state(self, N: int) -> State:
        """A text such as ``0110``."""
        if not isinstance(self.value, str) or len(self.value) != N or set(self.value) - {"0", "1"}:
            raise self._none_of(f"state of {N} units, a text of {N} characters 0 and 1")
        return state_of(self.value)

    def states(self, key: str, N: int) -> tuple[State, ...]:
        """A list of such texts."""
        return tuple(entry.state(N) for entry in self.list(key))

    def _none_of(self, kind: str) -> InputError:
        return InputError(f"{self.place}: {shown(self.value)} is no {kind}")
