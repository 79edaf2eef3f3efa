"""Networks and patterns from files: numbers as they are meant, and every problem with its row and column.

A network is JSON ``{"W": [["0", "-1/2"], ...], "b": ["1", ...]}`` (or ``theta`` and ``I`` in place of ``b = I - theta``); CSV,
N rows of N numbers, or of N + 1 with the bias last; or NPY, a matrix of either shape. Patterns are one a line, or JSON
``{"patterns": ["110", ...]}``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar

from theory.errors import InputError, gathering
from theory.files import content_of, decoded, shortened
from theory.lazy import Later
from theory.model import Parameter
from theory.threshold.entries import (
    WEIGHT,
    Bare,
    is_rounded,
    listed,
    matrix,
    numbers,
    one_of,
    parsed,
    rational,
    shown,
    some,
)
from theory.threshold.network import State, ThresholdNetwork, state_of

MOST_UNITS, MOST_PATTERNS = 1000, 10_000
WORDS = {"diag": ("free", "zero", "nonpositive"), "bias": ("free", "zero")}
"""What weights of units onto themselves, and biases, may be."""

_NPY = b"\x93NUMPY"
_array = Later("numerics.threshold.arrays:rows_of_array")
_Made = TypeVar("_Made")


@dataclass(frozen=True)
class PatternFile:
    """What a file of patterns asks for.

    Attributes
    ----------
    states : tuple of State
        All of one length, no two alike.
    options : mapping of str to object
        Those of ``diag``, ``bias``, ``signs`` and ``mask`` that it gives; the last two as matrices.
    file : str
    """

    states: tuple[State, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What the command line's JSON shows of the file."""
        return {"file": self.file or None, "count": len(self.states)}


# ---- files -------------------------------------------------------------------------------------------------------------


def network_of(parameter: Parameter, given: Any) -> ThresholdNetwork:
    """The network that a user gives: the name of a file; in Python also W, {"W": W, "b": b} or a `ThresholdNetwork`.

    Raises
    ------
    InputError
        With all problems of rows and columns, counted from 1.
    """
    return given if isinstance(given, ThresholdNetwork) else _read(parameter, given, _cells, _network)


def patterns_of(parameter: Parameter, given: Any) -> PatternFile:
    """The patterns that a user gives: the name of a file; in Python also their texts, or a mapping with options.

    Raises
    ------
    InputError
        With all problems, patterns, rows and columns counted from 1.
    """
    return given if isinstance(given, PatternFile) else _read(parameter, given, str, _patterns)


def _read(parameter: Parameter, given: Any, of_line: Callable[[str], Any], made: Callable[[Any, str], _Made]) -> _Made:
    """What is made of the content of a file (NPY, JSON, or lines without comments after #), or of data in its place."""
    if not isinstance(given, str | os.PathLike):
        with _named(parameter.name):
            return made(given, "")
    file = os.fspath(given)
    content = content_of(parameter, file)
    text = None if content.startswith(_NPY) else decoded(parameter, file, content)
    with _named(f"{parameter.name} = {shortened(file)}"):
        if text is None:
            return made(_array(content), file)
        if file.lower().endswith(".json") or text.lstrip()[:1] in ("{", "["):
            return made(parsed(text, Bare), file)
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        return made([of_line(line) for line in lines if line], file)


@contextmanager
def _named(where: str) -> Iterator[None]:
    """Where the problems are, in front of the first of them."""
    try:
        yield
    except InputError as error:
        raise InputError([f"{where}: {error.problems[0]}", *error.problems[1:]]) from None


def _cells(line: str) -> list[Bare]:
    """Numbers with commas, semicolons or white space between them."""
    return [Bare(cell.strip()) for cell in line.split(next((mark for mark in ",;" if mark in line), None))]


def _at(data: Mapping[str, Any], key: str) -> Any:
    if key not in data:
        raise InputError(f"no {key} in it, but {', '.join(str(other)[:20] for other in [*data][:5]) or 'nothing'}")
    return data[key]


# ---- networks ----------------------------------------------------------------------------------------------------------


def _network(data: Any, file: str) -> ThresholdNetwork:
    """A matrix, one with the biases in a last column, or a mapping; keys for other readers are left alone."""
    W = _at(data, "W") if isinstance(data, Mapping) else data
    rows = listed(W) or []
    if len(rows) > MOST_UNITS:
        raise InputError(f"W has {len(rows)} rows; at most {MOST_UNITS} units are taken")
    if not isinstance(data, Mapping):
        if not rows:
            raise InputError("no rows of numbers; needed: N rows of N numbers, or of N + 1 with the bias last")
        split = [listed(row) or [] for row in rows]
        if all(len(row) == len(rows) + 1 for row in split):
            return _checked([row[:-1] for row in split], {"b": [row[-1] for row in split]}, file)
        return _checked(rows, {}, file)
    if "tau" in data:
        raise InputError("tau: all units have the time constant 1; only stable states would be the same with others")
    name = data.get("parameter", "p")
    if isinstance(name, str) and name.isidentifier() and _holds(name, W, data.get("b")):
        return _of_family(data, name, file)
    parts = {key: data[key] for key in ("b", "I", "theta") if data.get(key) is not None}
    if "b" in parts and len(parts) > 1:
        raise InputError(f"b is given and {' and '.join([*parts][1:])} too: b = I - theta, give either")
    return _checked(W, parts, file)


def _checked(W: Any, parts: Mapping[str, Any], file: str) -> ThresholdNetwork:
    """The network of these rows, and of b, or I and theta, as far as they are given."""
    N = len(listed(W) or ())
    vectors = [[Fraction(0)] * N]
    with gathering() as problems:
        with gathering(problems):
            rows = matrix("W", W, kind=WEIGHT)
        for key, given in parts.items():
            with gathering(problems):
                sign = -1 if key == "theta" else 1
                vectors.append([sign * value for value in numbers(key, given, N, WEIGHT)])
    b = numbers("I - theta", [sum(column) for column in zip(*vectors, strict=True)], N, WEIGHT)
    return ThresholdNetwork(rows, b, file, _notes(W, parts))


def _notes(W: Any, parts: Mapping[str, Any]) -> tuple[str, ...]:
    """What a user should know of the numbers that were read."""
    rounded = [
        entry for row in (*(listed(W) or ()), *parts.values()) for entry in listed(row) or () if is_rounded(entry)
    ]
    notes = []
    if rounded:
        notes.append(
            f"{len(rounded)} decimal{'s' * (len(rounded) > 1)}, {shown(rounded[0])} the first, taken for the binary fractions "
            'that floating-point numbers are; write a text such as "1/10" for another number'
        )
    if not parts:
        notes.append("no biases are given: b = 0, with which the state without activity is marginal")
    return tuple(notes)


def _holds(name: str, *parts: Any) -> bool:
    """Whether some text among the entries has this name in it."""
    entries = (e for part in parts for row in listed(part) or () for e in listed(row) or (row,))
    return any(isinstance(e, str) and re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", e) for e in entries)


def _of_family(data: Mapping[str, Any], name: str, file: str) -> ThresholdNetwork:
    """The network of a family at the value ``at`` of its parameter, 0 if it is not given."""
    from theory.threshold.family import Family

    (at,) = numbers("at", [data.get("at", 0)], 1, WEIGHT)
    parts = {} if data.get("b") is None else {"b": data["b"]}
    family = Family.of(data["W"], parts.get("b"), name)
    note = (
        f'W and b depend on {name}: these are the states at {name} = {at}; another value is chosen by "at" in the file'
    )
    network = family.at(at)
    return ThresholdNetwork(network.W, network.b, file, (note, *_notes(data["W"], parts)), family)


# ---- patterns ----------------------------------------------------------------------------------------------------------


def _patterns(data: Any, file: str) -> PatternFile:
    return (
        pattern_file(_at(data, "patterns"), data, file) if isinstance(data, Mapping) else pattern_file(data, {}, file)
    )


def pattern_file(given: Any, options: Mapping[str, Any], file: str = "") -> PatternFile:
    """Patterns and the options that are given among all entries of a mapping, after all of them were checked.

    Raises
    ------
    InputError
        With all problems, patterns, rows and columns counted from 1.
    """
    entries = listed(given)
    if not entries:
        raise InputError("no patterns; needed: texts such as 0110, one character for each unit")
    if len(entries) > MOST_PATTERNS:
        raise InputError(f"{len(entries)} patterns; at most {MOST_PATTERNS} are taken")
    texts = [_pattern_text(entry) for entry in entries]
    lengths = [len(text) for text in texts]
    N = max({*lengths} - {0}, key=lengths.count, default=0)
    first: dict[str, int] = {}
    wrong: list[str] = []
    for k, (entry, text) in enumerate(zip(entries, texts, strict=True), 1):
        if not text:
            wrong.append(f"pattern {k} ({shown(entry)}) is no text of 0 and 1")
        elif len(text) != N:
            wrong.append(f"pattern {k} has {len(text)} characters, pattern {lengths.index(N) + 1} has {N}")
        elif first.setdefault(text, k) < k:
            wrong.append(f"pattern {k} ({shown(text)}) is pattern {first[text]} again")
    kept: dict[str, Any] = {}
    with gathering() as problems:
        problems += [some(wrong)] if wrong else []
        if N > MOST_UNITS:
            problems.append(f"patterns of {N} units; at most {MOST_UNITS} are taken")
        for name in ("diag", "bias", "signs", "mask"):
            if options.get(name) is not None:
                with gathering(problems):
                    kept[name] = _option(name, options[name], N)
    return PatternFile(tuple(map(state_of, texts)), kept, file)


def _pattern_text(entry: Any) -> str:
    """A pattern given as text, or as a list of 0 and 1; empty for what is none."""
    if (given := listed(entry)) is not None:
        entry = "".join(str(rational(value)) for value in given)
    return entry if isinstance(entry, str) and re.fullmatch("[01]+", entry) else ""


def _option(name: str, given: Any, N: int) -> Any:
    """A word, or a matrix of a few whole numbers; a list of +1 and -1, or ``++-``, are the signs of all weights from one unit."""
    if name in WORDS:
        if not isinstance(given, str) or given not in WORDS[name]:
            raise InputError(
                f"{name} = {str(given)[:40]} is not allowed; {name} must be one of {', '.join(WORDS[name])}"
            )
        return given
    if name == "mask":
        return _whole(matrix(name, given, N, one_of(0, 1)))
    marks = [f"{mark}1" for mark in given] if isinstance(given, str) and re.fullmatch("[+-]+", given) else listed(given)
    if marks and all(listed(mark) is None for mark in marks):
        return _whole([numbers(name, marks, N, one_of(1, -1))] * N)
    return _whole(matrix(name, given, N, one_of(-1, 0, 1)))


def _whole(rows: Sequence[Sequence[Fraction]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(map(int, row)) for row in rows)
