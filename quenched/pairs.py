"""``name=value`` pairs of the command line: split, checked and reported all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.errors import InputError


@dataclass(frozen=True)
class Option:
    """A setting of a command that is no parameter of the model.

    Attributes
    ----------
    name, meaning : str
    default : tuple of int
    lowest : int
        Smallest value allowed.
    most : int
        How many values may be given, separated by commas.
    """

    name: str
    meaning: str
    default: tuple[int, ...]
    lowest: int
    highest: int = 10**6
    most: int = 1


@dataclass(frozen=True)
class Pairs:
    """Model parameters, and settings of the command."""

    parameters: Mapping[str, object]
    settings: Mapping[str, tuple[int, ...]]


def number(text: str) -> float | str:
    """A decimal number or a fraction a/b; the text itself if it is neither."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError, OverflowError):
        return text


def read_pairs(words: Sequence[str], options: Sequence[Option] = ()) -> Pairs:
    """Split ``name=value`` words.

    Raises
    ------
    InputError
        Listing every word that is no pair, every repeated name and every impossible setting.
    """
    known = {option.name: option for option in options}
    parameters: dict[str, object] = {}
    settings = {option.name: option.default for option in options}
    problems, seen = [], set()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier() or not value.strip():
            problems.append(f"'{word[:60]}' is not of the form name=value")
            continue
        if name in seen:
            problems.append(f"{name} is given twice")
        seen.add(name)
        if name not in known:
            parameters[name] = number(value.strip())
            continue
        try:
            settings[name] = _setting(known[name], value)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise InputError(problems)
    return Pairs(parameters, settings)


def _setting(option: Option, text: str) -> tuple[int, ...]:
    pieces = text.split(",")
    allowed = (
        f"whole number{'s, separated by commas,' if option.most > 1 else ''} from {option.lowest} to {option.highest}"
    )
    if len(pieces) > option.most or not all(piece.strip().isdecimal() and len(piece) < 12 for piece in pieces):
        raise ValueError(
            f"{option.name} = {text[:40]} is not allowed; {option.name} takes {allowed} ({option.meaning})"
        )
    values = tuple(int(piece) for piece in pieces)
    if not all(option.lowest <= value <= option.highest for value in values):
        raise ValueError(
            f"{option.name} = {text[:40]} is not allowed; {option.name} takes {allowed} ({option.meaning})"
        )
    return values
