"""Networks and patterns from files: numbers as they are meant, and every problem with its row and column.

A network is JSON ``{"W": [["0", "-1/2"], ...], "b": ["1", ...]}`` (or ``theta`` and ``I`` in place of ``b = I - theta``); CSV,
N rows of N numbers, or of N + 1 with the bias last; or NPY, a matrix of either shape. Fractions and all text in quotes are exact,
bare decimals the binary numbers that a computer takes them for. Patterns are one a line, or JSON ``{"patterns": ["110", ...]}``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from theory.errors import InputError, gathering
from theory.files import content_of, decoded, shortened
from theory.lazy import Later
from theory.model import Parameter
from theory.text.numbers import DECIMAL, LONGEST
from theory.threshold.network import State, ThresholdNetwork, state_of, text_of

MOST_UNITS, MOST_PATTERNS = 1000, 10_000
SMALLEST = Fraction(1, 10**300)
"""Size of the smallest number that is taken, and one over that of the largest."""

_EXACT = re.compile(rf"\s*({DECIMAL})(?:\s*/\s*({DECIMAL}))?\s*")
_RATIO = re.compile(r"\s*([+-]?[0-9]{1,4000})(?:/([0-9]{1,4000}))?\s*")  # designs have numbers of hundreds of digits
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
_NPY = b"\x93NUMPY"
_NAMED = 5  # problems of one kind that are named
_array = Later("numerics.threshold.arrays:rows_of_array")


class Bare(str):
    """A number as it stands in a file without quotes."""

    __slots__ = ()


@dataclass(frozen=True)
class PatternFile:
    """What a file of patterns asks for.

    Attributes
    ----------
    states : tuple of State
        All of one length, no two alike.
    options : mapping of str to object
        Those of ``diag``, ``bias``, ``signs`` and ``mask`` that it gives, as plain data.
    file : str
    """

    states: tuple[State, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What the command line's JSON shows of the file."""
        return {"file": self.file or None, "count": len(self.states)}


# ---- numbers -----------------------------------------------------------------------------------------------------------


def rational(entry: Any) -> Fraction | None:
    """The number that an entry stands for; None for what is no number, or smaller or larger than is taken.

    Text in quotes, such as ``-3/2`` or ``0.1``, is exact. A float, or a bare decimal in a file, is the binary fraction it is.
    """
    if isinstance(entry, bool):
        return None
    if isinstance(entry, str):
        value = _of_text(entry)
    elif isinstance(entry, Integral | Rational):
        value = Fraction(int(entry.numerator), int(entry.denominator))
    elif isinstance(entry, Real):
        value = _of_float(float(entry))
    else:
        return None
    return value if value is not None and _representable(value) else None


def _of_text(text: str) -> Fraction | None:
    match = _RATIO.fullmatch(text) or (_EXACT.fullmatch(text) if len(text) <= LONGEST else None)
    if match is None:
        return None
    if isinstance(text, Bare) and match[2] is None and not _WHOLE.fullmatch(text):
        return _of_float(float(match[1]))
    top, bottom = Fraction(match[1]), Fraction(match[2] or 1)
    return top / bottom if bottom else None


def _of_float(value: float) -> Fraction | None:
    return Fraction(value) if abs(value) < float("inf") else None


def _representable(value: Fraction) -> bool:
    """Whether doubles are near it and near sums of many of its size."""
    return value == 0 or SMALLEST <= abs(value) <= 1 / SMALLEST


def _is_rounded(entry: Any, value: Fraction) -> bool:
    """Whether the decimal that a person would write for this number is not quite the number."""
    if isinstance(entry, Bare) and "/" not in entry:
        return Fraction(entry.strip()) != value
    return isinstance(entry, float) and Fraction(repr(float(entry))) != value


def _shown(entry: Any) -> str:
    if isinstance(entry, list | dict):
        return "a list"
    if isinstance(entry, int) and abs(entry) > 10**300:  # Python refuses to print very long ones
        return "an integer of more than 300 digits"
    text = str(entry) if isinstance(entry, Bare) or not isinstance(entry, str) else f"'{entry}'"
    return text if len(text) <= 24 else f"{text[:20]}..."


# ---- networks ----------------------------------------------------------------------------------------------------------


def network_of(parameter: Parameter, given: Any) -> ThresholdNetwork:
    """The network that a user gives: the name of a file; in Python also W, {"W": W, "b": b} or a `ThresholdNetwork`.

    Raises
    ------
    InputError
        With all problems of rows and columns, counted from 1.
    """
    if isinstance(given, ThresholdNetwork):
        return given
    if isinstance(given, str | os.PathLike):
        file = os.fspath(given)
        content = content_of(parameter, file)
        held = f"{parameter.name} = {shortened(file)}: "
        if content.startswith(_NPY):
            with _named(held):
                return _of_rows(_array(content), file)
        text = decoded(parameter, file, content)
        with _named(held):
            if not _is_json(file, text):
                return _of_rows(list(_table(text)), file)
            data = _parsed(text)
            return _of_mapping(data, file) if isinstance(data, Mapping) else _of_rows(data, file)
    with _named(f"{parameter.name}: "):
        return _of_mapping(given, "") if isinstance(given, Mapping) else _of_rows(given, "")


def _of_rows(given: Any, file: str) -> ThresholdNetwork:
    """A matrix, or one with the biases in a last column."""
    rows = _listed(given)
    if rows is None or not rows:
        raise InputError("no rows of numbers; needed: N rows of N numbers, or of N + 1 with the bias last")
    split = [_listed(row) for row in rows]
    if all(row is not None and len(row) == len(rows) + 1 for row in split):
        return _network([row[:-1] for row in split if row], [row[-1] for row in split if row], file)
    return _network(rows, None, file)


def _of_mapping(data: Mapping[str, Any], file: str) -> ThresholdNetwork:
    """``W`` with ``b``, or with ``theta`` and ``I``; other keys are for other readers."""
    if "W" not in data:
        raise InputError(f"no W in it, but {', '.join(str(key)[:20] for key in [*data][:_NAMED]) or 'nothing'}")
    if "tau" in data:
        raise InputError("tau: all units have the time constant 1; only stable states would be the same with others")
    name = data.get("parameter", "p")
    if isinstance(name, str) and name.isidentifier() and _holds(name, data["W"], data.get("b")):
        return _of_family(data, name, file)
    shift = {name: data[name] for name in ("I", "theta") if data.get(name) is not None}
    if shift and data.get("b") is not None:
        raise InputError(f"b is given and {' and '.join(shift)} too: b = I - theta, give either")
    if not shift:
        return _network(data["W"], data.get("b"), file)
    with gathering() as problems:
        parts = {
            name: _vector(name, values, len(_listed(data["W"]) or ()), problems)[0] for name, values in shift.items()
        }
    zeros = [Fraction(0)] * len(next(iter(parts.values())))
    return _network(
        data["W"],
        [up - down for up, down in zip(parts.get("I", zeros), parts.get("theta", zeros), strict=True)],
        file,
        tuple(entry for values in shift.values() for entry in values),
    )


def _holds(name: str, *parts: Any) -> bool:
    """Whether some text among the entries has this name in it."""
    entries = (e for part in parts for row in _listed(part) or () for e in _listed(row) or (row,))
    return any(isinstance(e, str) and re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", e) for e in entries)


def _of_family(data: Mapping[str, Any], name: str, file: str) -> ThresholdNetwork:
    """The network of a family at the value ``at`` of its parameter, 0 if it is not given."""
    from theory.threshold.family import Family

    at = rational(data.get("at", 0))
    if at is None:
        raise InputError(f"at: {_shown(data['at'])} is no value of {name}: {_NO_NUMBER}")
    W, b = ([_entry(e) for e in _listed(part) or ()] for part in (data["W"], data.get("b")))
    if not W or not all(isinstance(row, list) for row in W) or not len(W) <= MOST_UNITS:
        raise InputError(f"W is no list of at most {MOST_UNITS} rows")
    family = Family.of(W, None if data.get("b") is None else b, name)
    note = (
        f'W and b depend on {name}: these are the states at {name} = {at}; another value is chosen by "at" in the file'
    )
    entries = (e for row in (*(_listed(data["W"]) or ()), data.get("b")) for e in _listed(row) or ())
    rounded = [e for e in entries if (value := rational(e)) is not None and _is_rounded(e, value)]
    network = family.at(at)
    return ThresholdNetwork(network.W, network.b, file, (note, *_notes(rounded, data.get("b"))), family)


def _entry(entry: Any) -> Any:
    """An entry as the reader of families takes it."""
    if (listed := None if isinstance(entry, str) else _listed(entry)) is not None:
        return [_entry(e) for e in listed]
    value = rational(entry)
    return value if value is not None else str(entry)


def _network(W: Any, b: Any, file: str, written: Sequence[Any] = ()) -> ThresholdNetwork:
    """The network of these rows and biases; `written` are the entries that b was made of."""
    rows = _listed(W)
    if rows is None or not rows:
        raise InputError("W has no rows; needed: N rows of N numbers")
    N, problems = len(rows), []
    if N > MOST_UNITS:
        raise InputError(f"W has {N} rows; at most {MOST_UNITS} units are taken")
    matrix: list[tuple[Fraction, ...]] = []
    rounded: list[Any] = []
    lengths = [len(entries) if (entries := _listed(row)) is not None else None for row in rows]
    wrong = [(k, length) for k, length in enumerate(lengths, 1) if length != N]
    if len(wrong) == N and len(set(lengths)) == 1 and lengths[0] is not None:
        problems.append(f"W is not square: {N} row{'s' * (N > 1)} of {lengths[0]} numbers; needed: N rows of N numbers")
        wrong = []
    for k, length in wrong[:_NAMED]:
        problems.append(f"W: row {k} {'is no list' if length is None else f'has {length} numbers'}; there are {N} rows")
    bad: list[str] = []
    for k, row in enumerate(rows, 1):
        values, strange, inexact = _numbers(_listed(row) or ())
        bad += [f"row {k}, column {column} ({_shown(entry)})" for column, entry in strange]
        matrix.append(values)
        rounded += inexact
    if bad:
        problems.append(f"W: {_some(bad)}: {_NO_NUMBER}")
    bias, inexact = ((Fraction(0),) * N, []) if b is None else _vector("b", b, N, problems)
    if problems:
        raise InputError(problems)
    rounded += [*inexact, *(entry for entry in written if (v := rational(entry)) is not None and _is_rounded(entry, v))]
    return ThresholdNetwork(tuple(matrix), bias, file, _notes(rounded, b))


def _notes(rounded: Sequence[Any], b: Any) -> tuple[str, ...]:
    """What a user should know of the numbers that were read."""
    decimals = (
        f"{len(rounded)} decimal{'s' * (len(rounded) > 1)}, {_shown(rounded[0]) if rounded else ''} the first, taken for the "
        'binary fractions that floating-point numbers are; write a text such as "1/10" for another number'
    )
    missing = "no biases are given: b = 0, with which the state without activity is marginal"
    return (*([decimals] if rounded else []), *([missing] if b is None else []))


_NO_NUMBER = "no rational number such as -3/2, 0.25 or 1e-3, of size 1e-300 to 1e300"


def _numbers(entries: Iterable[Any]) -> tuple[tuple[Fraction, ...], list[tuple[int, Any]], list[Any]]:
    """Values; what is none of them, with its place; what is not quite the decimal that it looks like."""
    read = [(column, entry, rational(entry)) for column, entry in enumerate(entries, 1)]
    return (
        tuple(value for _, _, value in read if value is not None),
        [(column, entry) for column, entry, value in read if value is None],
        [entry for _, entry, value in read if value is not None and _is_rounded(entry, value)],
    )


def _vector(name: str, given: Any, N: int, problems: list[str]) -> tuple[tuple[Fraction, ...], list[Any]]:
    entries = _listed(given)
    if entries is None or len(entries) != N:
        count = "no list" if entries is None else f"{len(entries)} numbers"
        problems.append(f"{name}: {count}; there are {N} rows of W, so {N} numbers are needed")
        return (Fraction(0),) * N, []
    values, strange, inexact = _numbers(entries)
    if strange:
        problems.append(f"{name}: {_some([f'number {k} ({_shown(entry)})' for k, entry in strange])}: {_NO_NUMBER}")
    return values, inexact


# ---- patterns ----------------------------------------------------------------------------------------------------------


def patterns_of(parameter: Parameter, given: Any) -> PatternFile:
    """The patterns that a user gives: the name of a file; in Python also their texts, or a mapping with options.

    Raises
    ------
    InputError
        With all problems, patterns, rows and columns counted from 1.
    """
    if isinstance(given, PatternFile):
        return given
    if isinstance(given, str | os.PathLike):
        file = os.fspath(given)
        text = decoded(parameter, file, content_of(parameter, file))
        with _named(f"{parameter.name} = {shortened(file)}: "):
            if not _is_json(file, text):
                lines = (line.partition("#")[0].strip() for line in text.splitlines())
                return pattern_file([line for line in lines if line], {}, file)
            data = _parsed(text)
            return _of_pattern_data(data, file)
    with _named(f"{parameter.name}: "):
        return _of_pattern_data(given, "")


def _of_pattern_data(data: Any, file: str) -> PatternFile:
    if not isinstance(data, Mapping):
        return pattern_file(data, {}, file)
    if "patterns" not in data:
        raise InputError(f"no patterns in it, but {', '.join(str(key)[:20] for key in [*data][:_NAMED]) or 'nothing'}")
    return pattern_file(data["patterns"], data, file)


def pattern_file(given: Any, options: Mapping[str, Any], file: str = "") -> PatternFile:
    """Patterns and the options that are given among all entries of a mapping, after all of them were checked.

    Raises
    ------
    InputError
        With all problems, patterns, rows and columns counted from 1.
    """
    entries = _listed(given)
    if not entries:
        raise InputError("no patterns; needed: texts such as 0110, one character for each unit")
    if len(entries) > MOST_PATTERNS:
        raise InputError(f"{len(entries)} patterns; at most {MOST_PATTERNS} are taken")
    problems: list[str] = []
    texts = [_pattern_text(entry) for entry in entries]
    problems += _each(
        texts, lambda k, t: f"pattern {k} ({_shown(entries[k - 1])}) is no text of 0 and 1" if t is None else ""
    )
    lengths = [len(text) for text in texts if text is not None]
    most = max(set(lengths), key=lengths.count, default=0)
    problems += _each(
        texts,
        lambda k, t: (
            f"pattern {k} has {len(t)} characters, pattern {lengths.index(most) + 1} has {most}"
            if t is not None and len(t) != most
            else ""
        ),
    )
    if most > MOST_UNITS:
        problems.append(f"patterns of {most} units; at most {MOST_UNITS} are taken")
    first = {text: k for k, text in reversed([*enumerate(texts, 1)])}
    problems += _each(
        texts,
        lambda k, t: f"pattern {k} ({_shown(t)}) is pattern {first[t]} again" if t is not None and first[t] < k else "",
    )
    kept: dict[str, Any] = {}
    for name, read in _OPTIONS.items():
        if options.get(name) is not None:
            with gathering(problems):
                kept[name] = read(name, options[name], most)
    if problems:
        raise InputError(problems)
    return PatternFile(tuple(map(state_of, filter(None, texts))), kept, file)


def _pattern_text(entry: Any) -> str | None:
    """A pattern given as text, or as a list of 0 and 1."""
    listed = None if isinstance(entry, str) else _listed(entry)
    if listed is not None and all(rational(number) in (0, 1) for number in listed):
        entry = text_of(int(rational(number) or 0) for number in listed)
    return entry if isinstance(entry, str) and re.fullmatch("[01]+", entry) else None


def _word(*allowed: str) -> Callable[[str, Any, int], str]:
    def read(name: str, given: Any, N: int) -> str:
        if given not in allowed:
            raise InputError(f"{name} = {str(given)[:40]} is not allowed; {name} must be one of {', '.join(allowed)}")
        return str(given)

    return read


def _matrix(allowed: tuple[int, ...], column_signs: bool) -> Callable[[str, Any, int], Any]:
    """Reader of a matrix of a few whole numbers; a list of +1 and -1, or ``++-``, are the signs of all weights from one unit."""

    def read(name: str, given: Any, N: int) -> Any:
        rows = [f"{mark}1" for mark in given] if column_signs and _are_signs(given) else _listed(given)
        flat = column_signs and rows is not None and all(_listed(row) is None for row in rows)
        listed = [_listed(row) for row in ([rows] if flat else rows or [])]
        if not listed or (not flat and len(listed) != N) or any(row is None or len(row) != N for row in listed):
            also = f", or one list of {N} signs of units" if column_signs else ""
            raise InputError(f"{name} is no matrix of {N} rows of {N} numbers{also}")
        values = allowed[-1:] + allowed[:1] if flat else allowed
        bad = [
            f"row {k}, column {column} ({_shown(entry)})"
            for k, row in enumerate(listed, 1)
            for column, entry in enumerate(row or (), 1)
            if rational(entry) not in values
        ]
        if bad:
            raise InputError(f"{name}: {_some(bad)}: each must be one of {', '.join(map(str, values))}")
        matrix = tuple(tuple(int(rational(entry) or 0) for entry in row or ()) for row in listed)
        return matrix[0] if flat else matrix

    return read


def _are_signs(given: Any) -> bool:
    return isinstance(given, str) and re.fullmatch("[+-]+", given) is not None


_OPTIONS: Mapping[str, Callable[[str, Any, int], Any]] = {
    "diag": _word("free", "zero", "nonpositive"),
    "bias": _word("free", "zero"),
    "signs": _matrix((-1, 0, 1), column_signs=True),
    "mask": _matrix((0, 1), column_signs=False),
}


# ---- files -------------------------------------------------------------------------------------------------------------


class _named:
    """Where the problems are, in front of each of them."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, InputError):
            raise InputError([self.where + error.problems[0], *error.problems[1:]]) from None


def _is_json(file: str, text: str) -> bool:
    return file.lower().endswith(".json") or text.lstrip()[:1] in ("{", "[")


def _parsed(text: str) -> Any:
    """JSON whose numbers stay as they are written, and in which no key is given twice."""

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in pairs:
            if key in data:
                raise InputError(f"the key '{key[:40]}' is given twice")
            data[key] = value
        return data

    if not text.strip():
        raise InputError("it is empty")
    try:
        return json.loads(text, parse_float=Bare, parse_int=Bare, parse_constant=Bare, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise InputError(f"no JSON: {error.msg.lower()} in line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise InputError("no network: lists within lists within lists") from None


def _table(text: str) -> Iterable[list[Bare]]:
    """Rows of numbers with commas, semicolons or white space between them; blank lines and comments after # apart."""
    for line in text.splitlines():
        row = line.partition("#")[0].strip()
        if row:
            mark = next((m for m in ",;" if m in row), None)
            yield [Bare(cell.strip()) for cell in row.split(mark)]


def _listed(given: Any) -> list[Any] | None:
    """The entries of a list, tuple or array; None for what is none."""
    if hasattr(given, "tolist"):
        given = given.tolist()
    return list(given) if isinstance(given, Sequence) and not isinstance(given, str | bytes) else None


def _each(entries: Sequence[Any], problem: Callable[[int, Any], str]) -> list[str]:
    """The first problems of a sequence."""
    return [sentence for k, entry in enumerate(entries, 1) if (sentence := problem(k, entry))][:_NAMED]


def _some(places: Sequence[str]) -> str:
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return f"{', '.join(places[:_NAMED])}{more}"
