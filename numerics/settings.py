"""What a command is told beside the model's parameters: settings, and questions about a solution. Plain declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from numerics.data import as_data
from numerics.view import Picture
from theory.interval import Interval
from theory.text.numbers import number


@dataclass(frozen=True)
class Setting:
    """A setting of a command that is no parameter of the model.

    Attributes
    ----------
    name, meaning : str
    default : tuple of number
        Empty: chosen by the command.
    lowest, highest : number
        Smallest and largest value allowed.
    most : int
        How many values may be given, separated by commas.
    whole : bool
        Whether it takes whole numbers only.
    words : tuple of str
        The words allowed instead of numbers.
    spans : bool
        Whether it takes a range ``start:stop:count``, both ends included.
    needs : str
        Name of the setting, or question, without which it has no meaning.
    is_option : bool
        Whether it may also be given as ``--name value``.
    pattern, form : str
        Where it is a text: the regular expression of all of it, and the same in words.
    """

    name: str
    meaning: str
    default: tuple[float, ...] = ()
    lowest: float = 0
    highest: float = 10**6
    most: int = 1
    whole: bool = True
    words: tuple[str, ...] = ()
    spans: bool = False
    needs: str = ""
    is_option: bool = False
    pattern: str = ""
    form: str = ""

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.words:
            return f"one of {', '.join(self.words)}"
        if self.spans:
            return "a range start:stop:count"
        if self.pattern:
            return self.form
        plural = "s, separated by commas," if self.most > 1 else ""
        return f"{'whole ' if self.whole else ''}number{plural} from {self.lowest} to {self.highest}"


@dataclass(frozen=True)
class Answer:
    """What a question adds to a solution.

    Attributes
    ----------
    data : mapping
        Content of the command line's JSON.
    rows : list of str
        For a terminal.
    messages : tuple of str
        Reasons for caution.
    picture : Picture, optional
        What ``--plot`` draws in place of the picture of the solution.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    messages: tuple[str, ...] = ()
    picture: Picture | None = None

    @classmethod
    def of_columns(cls, key: str, name: str, asked: Sequence[float], columns: Mapping[str, Sequence[Any]]) -> Answer:
        """Values of several functions, under `key`, at the numbers that were asked for; complex ones as [re, im]."""
        rows = [
            f"  {name} {at:g}: " + ", ".join(f"{column} = {_number(v[k])}" for column, v in columns.items())
            for k, at in enumerate(asked)
        ]
        return cls({key: as_data({name: asked, **columns})}, rows)


def _number(value: complex) -> str:
    return f"{value.real:.10g}{value.imag:+.10g}i" if isinstance(value, complex) else f"{value:.10g}"


@dataclass(frozen=True)
class Question:
    """An option ``--name`` of `solve`: something asked of a solution beside its numbers.

    Attributes
    ----------
    name, meaning : str
    answer : callable
        ``answer(solver, solution, asked, settings)`` returns an `Answer`; `asked` are the values given.
    value : str
        What the option takes, as help shows it; empty for a switch.
    takes_numbers : bool
        Whether its values are numbers.
    interval : Interval
        Numbers that are allowed.
    once : bool
        Whether it is one number, and a whole one; otherwise the option may be given several times.
    pattern, form : str
        Where it takes one text: the regular expression of all of it, and the same in words.
    """

    name: str
    meaning: str
    answer: Callable[..., Answer]
    value: str = ""
    takes_numbers: bool = False
    interval: Interval = Interval.REAL
    once: bool = False
    pattern: str = ""
    form: str = ""

    def problems(self, texts: Sequence[str]) -> list[str]:
        """What is wrong with the values given."""
        if self.pattern:
            wrong = [text for text in texts if not re.fullmatch(self.pattern, text)]
            found = [f"--{self.name} {text[:40]} is not allowed; it takes {self.form}" for text in wrong]
            return [*found, *([f"--{self.name} is given {len(texts)} times"] if len(texts) > 1 else [])]
        if not self.takes_numbers:
            return []
        numbers = [number(text) for text in texts]
        words = f"a whole {self.interval.words.removeprefix('a ')}" if self.once else self.interval.words
        found = [
            f"--{self.name} {text[:40]} is not allowed; it must be {words}"
            for text, value in zip(texts, numbers, strict=True)
            if isinstance(value, str) or not self.interval.contains(value) or (self.once and value % 1)
        ]
        return [*found, *([f"--{self.name} is given {len(texts)} times"] if self.once and len(texts) > 1 else [])]
