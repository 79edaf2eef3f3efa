"""Parameters that are read from a file: what a file holds, and every line of it that cannot be read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from theory.errors import InputError
from theory.model import Parameter
from theory.text.numbers import number

MOST_BYTES = 64_000_000
"""Size of the largest file that is read."""

_NAMED = 5  # bad lines that are named


@dataclass(frozen=True)
class Numbers:
    """The numbers of a file, or of a sequence in its place.

    Attributes
    ----------
    values : tuple of float
    file : str
        Name of the file; empty for a sequence.
    """

    values: tuple[float, ...]
    file: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What the command line's JSON shows of them."""
        return {"file": self.file or None, "count": len(self.values)}

    def __str__(self) -> str:
        count = f"{len(self.values)} number{'s' * (len(self.values) != 1)}"
        return f"{self.file} ({count})" if self.file else count

    def __format__(self, spec: str) -> str:
        return str(self)


def numbers_of(parameter: Parameter, given: Any) -> Numbers:
    """The value of a parameter that is one number a line, blank lines and comments after # apart.

    Parameters
    ----------
    parameter : Parameter
        Its interval holds every number.
    given : str, path, sequence of numbers or Numbers
        The name of a file, or the numbers.

    Raises
    ------
    InputError
        If there is none, or naming the first lines that are no such number.
    """
    if isinstance(given, Numbers):
        return given
    if isinstance(given, str | os.PathLike):
        file, kind = os.fspath(given), "line"
        holder = f"{parameter.name} = {shortened(file)}"
        lines = (line.partition("#")[0].strip() for line in text_of(parameter, file).splitlines())
        read: list[tuple[int, Any, Any]] = [(k, text, number(text)) for k, text in enumerate(lines, 1) if text]
    elif isinstance(given, Iterable):
        file, kind, holder = "", "number", parameter.name
        read = [(k, entry, _number_of(entry)) for k, entry in enumerate(given, 1)]
    else:
        raise InputError(f"{parameter.name} = {str(given)[:40]} is no file and no sequence of numbers")
    bad = [(k, entry) for k, entry, v in read if not (isinstance(v, float) and parameter.interval.contains(v))]
    if bad:  # the beginning of what stands in place of a number
        shown = (repr(entry[:20]) if isinstance(entry, str) else repr(entry)[:20] for _, entry in bad[:_NAMED])
        named = ", ".join(f"{kind} {k} ({text})" for (k, _), text in zip(bad, shown, strict=False))
        more = f" and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise InputError(f"{holder}: {named}{more}: each must be {parameter.interval.words}")
    if not read:
        raise InputError(f"{holder} holds no number; it must be {parameter.allowed}")
    return Numbers(tuple(v for _, _, v in read), file)


def differing_numbers_of(parameter: Parameter, given: Any) -> Numbers:
    """The same, of numbers that are not all equal."""
    found = numbers_of(parameter, given)
    if len(set(found.values)) == 1:
        raise InputError(f"{parameter.name} = {found}: all equal; give two different numbers or more")
    return found


def _number_of(entry: Any) -> Any:
    """A number of any library as a float; text stays text."""
    try:
        return entry if isinstance(entry, str) else float(entry)
    except (TypeError, ValueError, OverflowError):
        return entry


def text_of(parameter: Parameter, file: str) -> str:
    """The text that a file holds.

    Raises
    ------
    InputError
        If it cannot be read, is too large or holds no text.
    """
    return decoded(parameter, file, content_of(parameter, file))


def content_of(parameter: Parameter, file: str) -> bytes:
    """What a file holds.

    Raises
    ------
    InputError
        If it cannot be read or is too large.
    """
    try:
        with open(file, "rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot read {parameter.name} = '{shortened(file)}': {reason}") from None
    if len(content) > MOST_BYTES:
        raise InputError(f"{parameter.name} = {shortened(file)} is larger than {MOST_BYTES // 10**6} MB")
    return content


def decoded(parameter: Parameter, file: str, content: bytes) -> str:
    """The text that the content of a file stands for.

    Raises
    ------
    InputError
        If it stands for none.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{parameter.name} = {shortened(file)} is no text; it must be {parameter.allowed}") from None


def shortened(file: str) -> str:
    """The end of a long name, which tells more than its beginning."""
    return file if len(file) <= 80 else f"...{file[-77:]}"
