"""``name=value`` pairs of the command line: split, checked and reported all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any

from theory.errors import InputError

_DECIMAL = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_NUMBER = re.compile(rf"({_DECIMAL})(?:/({_DECIMAL}))?")
_RANGE = re.compile(r"([^:]+):([^:]+):([0-9]{1,6})(:log)?")
_LONGEST = 60


@dataclass(frozen=True)
class Option:
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
    models : tuple of str
        Those that have it; empty for all.
    whole : bool
        Whether it takes whole numbers only.
    words : tuple of str
        The words allowed instead of numbers.
    spans : bool
        Whether it takes a range ``start:stop:count``, both ends included.
    """

    name: str
    meaning: str
    default: tuple[float, ...]
    lowest: float = 0
    highest: float = 10**6
    most: int = 1
    models: tuple[str, ...] = ()
    whole: bool = True
    words: tuple[str, ...] = ()
    spans: bool = False

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.words:
            return f"one of {', '.join(self.words)}"
        if self.spans:
            return "a range start:stop:count"
        plural = "s, separated by commas," if self.most > 1 else ""
        return f"{'whole ' if self.whole else ''}number{plural} from {self.lowest} to {self.highest}"


_SEED = Option("seed", "seed of all random streams", (0,), 0, 2**31)
_IN_TIME = (
    Option("T", "observation time of each trajectory", (), 1, 10**6, models=("dynamic",), whole=False),
    Option("burn", "time before the observation", (), 0, 10**6, models=("dynamic",), whole=False),
    Option("dt", "time step", (), 1e-4, 1, models=("dynamic",), whole=False),
    Option("method", "second order with exact noise, or fourth order", (), models=("dynamic",), words=("heun", "rk4")),
    Option("precision", "bits of the numbers", (), models=("dynamic",), words=("64", "32")),
)
_SAMPLES = Option(
    "samples", "independent draws of the noise for each coupling matrix", (), 4, models=("static", "dynamic")
)
_TRAINING = (
    Option(
        "training",
        "train the readout of each network and release it, instead of the amplitude of the theory",
        (),
        models=("feedback",),
        words=("class", "least_squares", "ridge", "force"),
    ),
    Option("ridge", "penalty of ridge regression per unit", (), 0, 10**6, models=("feedback",), whole=False),
    Option("alpha", "penalty of recursive least squares (force)", (), 1e-9, 10**9, models=("feedback",), whole=False),
    Option(
        "T", "time of training by force, and of runs after the release", (), 1, 10**6, models=("feedback",), whole=False
    ),
    Option("dt", "time step of training by force", (), 1e-4, 1, models=("feedback",), whole=False),
    Option(
        "final_states", "random initial states from which each network is released", (), 0, 1000, models=("feedback",)
    ),
    Option("spread", "standard deviation of these states", (), 0, 1000, models=("feedback",), whole=False),
    Option(
        "curve",
        "outputs z at which the curve H(z) of each trained network is taken",
        (),
        models=("feedback",),
        spans=True,
    ),
)
TRAINING = {option.name: option for option in _TRAINING}
"""Settings of `simulate` that train a readout, by name."""

SETTINGS: dict[str, tuple[Option, ...]] = {
    "solve": (
        Option("N", "units at which the 1/N terms are added", (), 2, 10**9, models=("static",)),
        Option("ridge", "penalty per unit, with --least-squares", (), 0, 10**6, models=("feedback",), whole=False),
    ),
    "simulate": (
        Option("N", "units", (200,), 2, 20_000),
        Option("couplings", "coupling matrices", (40,), 2),
        _SAMPLES,
        *_IN_TIME,
        *_TRAINING,
        _SEED,
    ),
    "validate": (
        Option("N", "units, two sizes or more", (), 2, 20_000, most=8),
        Option("couplings", "coupling matrices, one number or one for each N", (), 2, most=8),
        _SAMPLES,
        *_IN_TIME,
        _SEED,
    ),
    "sweep": (
        Option("simulate", "points at which networks are simulated too; 7 for a plot, else none", (), 0, 1000),
        Option("N", "units of these networks", (), 2, 20_000),
        Option("couplings", "coupling matrices", (), 2),
        _SAMPLES,
        *_IN_TIME,
        _SEED,
        Option("workers", "local processes", (), 1, 1000),
    ),
}
"""Settings of each command that takes any."""


def settings_of(command: str, model: str) -> tuple[Option, ...]:
    """Settings of a command for a model."""
    return tuple(option for option in SETTINGS[command] if not option.models or model in option.models)


@dataclass(frozen=True)
class Pairs:
    """Model parameters, and settings of the command."""

    parameters: Mapping[str, object]
    settings: Mapping[str, tuple[Any, ...]]


def number(text: str) -> float | str:
    """A decimal number or a fraction a/b of two; the text itself if it is neither, or beyond double precision."""
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return text
    try:
        value = float(match[1]) if match[2] is None else float(Fraction(match[1]) / Fraction(match[2]))
    except (ZeroDivisionError, OverflowError):
        return text
    return value if isfinite(value) else text


def number_or_range(text: str) -> float | str | tuple[float, ...]:
    """A number, or the values of a range ``start:stop:count``, both ends included.

    They are evenly spaced, or with ``start:stop:count:log`` their logarithms are.

    Raises
    ------
    ValueError
        For text with a colon that is no range.
    """
    if ":" not in text:
        return number(text)
    from numpy import geomspace, linspace

    match = _RANGE.fullmatch(text)
    start, stop = (number(match[1]), number(match[2])) if match else ("", "")
    if match is None or isinstance(start, str) or isinstance(stop, str) or start == stop or int(match[3]) < 2:
        raise ValueError(
            f"'{text[:60]}' is no range; a range is start:stop:count, or start:stop:count:log, of two different numbers and "
            "2 points or more"
        )
    if match[4] is None:
        return tuple(linspace(start, stop, int(match[3])).tolist())
    if not start * stop > 0:
        raise ValueError(f"'{text[:60]}' is no range: a logarithmic one needs ends of one sign, neither of them 0")
    return tuple(geomspace(start, stop, int(match[3])).tolist())


def read_pairs(
    words: Sequence[str], options: Sequence[Option] = (), value_of: Callable[[str], object] = number
) -> Pairs:
    """Split ``name=value`` words; `value_of` reads a value of the model's parameters, or raises `ValueError`.

    Raises
    ------
    InputError
        Listing every word that is no pair, every repeated name and every impossible setting.
    """
    known = {option.name: option for option in options}
    parameters: dict[str, object] = {}
    settings: dict[str, tuple[Any, ...]] = {option.name: option.default for option in options}
    problems, seen = [], set()
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier() or not value.strip():
            problems.append(f"'{word[:60]}' is not of the form name=value")
            continue
        if name in seen:
            problems.append(f"{name[:60]} is given twice")
        seen.add(name)
        try:
            if name in known:
                settings[name] = _setting(known[name], value)
            else:
                parameters[name] = value_of(value.strip())
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise InputError(problems)
    return Pairs(parameters, settings)


def _setting(option: Option, text: str) -> tuple[Any, ...]:
    if text.strip() in option.words:
        return (text.strip(),)
    if option.spans and isinstance(span := number_or_range(text.strip()), tuple):
        return (span,)
    pieces = [piece.strip() for piece in text.split(",")]
    shape = "[0-9]{1,11}" if option.whole else _DECIMAL
    if (
        not option.words
        and not option.spans
        and len(pieces) <= option.most
        and all(len(p) <= _LONGEST and re.fullmatch(shape, p) for p in pieces)
    ):
        values = tuple((int if option.whole else float)(piece) for piece in pieces)
        if all(option.lowest <= value <= option.highest for value in values):
            return values
    raise ValueError(
        f"{option.name} = {text[:40]} is not allowed; {option.name} takes {option.allowed} ({option.meaning})"
    )
