"""The words of a command line about a model, checked before anything large is imported: every problem at once."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numerics.models import find_treatment, treatments
from numerics.settings import Question, Setting
from numerics.sweep.ranges import check_ranges, ends
from numerics.treatment import EVERYWHERE, Treatment
from theory.errors import InputError, gathering
from theory.model import FileParameter, Model, Parameter
from theory.models import find_model
from theory.parameters import checked_parameters, with_files_read
from theory.text.names import free_names, with_names
from theory.text.numbers import DECIMAL, LONGEST, number
from theory.text.outline import FILTER, outline, wellformed

_RANGE = re.compile(r"([^:]+):([^:]+):([0-9]{1,6})(:log)?")

COMMANDS = ("solve", "design", *EVERYWHERE)
"""Those that take ``name=value`` pairs."""

LONGEST_TEXT = 100_000
"""Most characters of a setting that is a text."""

SWEPT = "sweep"
"""The command whose parameters may be ranges."""


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
    words: Sequence[str],
    options: Sequence[Setting] = (),
    value_of: Callable[[str], object] = number,
    files: Collection[str] = (),
    leading: str = "",
) -> tuple[dict[str, object], dict[str, tuple[Any, ...]]]:
    """Parameters of the model and settings of the command from ``name=value`` words, or ``--name=value`` for some settings.

    `value_of` reads a value of the model's parameters, or raises `ValueError`; those in `files` stay texts. A word that is no pair
    is the value of the parameter `leading`, where there is one.

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
        shown, equals, value = word.partition("=")
        name = shown.removeprefix("--")
        if leading and not (equals and name.isidentifier()) and word.strip():
            shown = name = leading
            value = word
        elif not equals or not name.isidentifier() or not value.strip():
            problems.append(f"'{word[:60]}' is not of the form name=value")
            continue
        if name in seen:
            problems.append(f"{shown[:60]} is given twice")
        seen.add(name)
        try:
            if name in known:
                settings[name] = _setting(known[name], shown, value)
            else:
                parameters[name] = value if name in files else value_of(value.strip())
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise InputError(problems)
    return parameters, settings


def _setting(option: Setting, shown: str, text: str) -> tuple[Any, ...]:
    if text.strip() in option.words:
        return (text.strip(),)
    if option.spans and isinstance(span := number_or_range(text.strip()), tuple):
        return (span,)
    if option.pattern and len(text) <= LONGEST_TEXT and re.fullmatch(option.pattern, text.strip()):
        return (text.strip(),)
    pieces = [piece.strip() for piece in text.split(",")]
    shape = "[0-9]{1,11}" if option.whole else DECIMAL
    if (
        not (option.words or option.spans or option.pattern)
        and len(pieces) <= option.most
        and all(len(p) <= LONGEST and re.fullmatch(shape, p) for p in pieces)
    ):
        values = tuple((int if option.whole else float)(piece) for piece in pieces)
        if all(option.lowest <= value <= option.highest for value in values):
            return values
    raise ValueError(f"{shown} = {text[:40]} is not allowed; {shown} takes {option.allowed} ({option.meaning})")


@dataclass(frozen=True)
class Asked:
    """A command line about one model, checked as far as words and numbers go; nothing large has been imported for it.

    Attributes
    ----------
    model : Model
        Without the filter, which is read later.
    treatment : Treatment
    activation : str or None
        Text; parameters whose names the model or the command uses have others.
    filter : str or None
    parameters : mapping of str to object
        Of the model and of the activation.
    settings : mapping of str to tuple
        Of the command.
    questions : tuple of (Question, values)
    renamed : tuple of str
        What the user should know about other names.
    """

    model: Model[Any]
    treatment: Treatment
    activation: str | None
    filter: str | None
    parameters: Mapping[str, Any]
    settings: Mapping[str, tuple[Any, ...]]
    questions: tuple[tuple[Question, Any], ...]
    renamed: tuple[str, ...]

    @property
    def network(self) -> dict[str, Any]:
        """What the verbs of the library are told of the network."""
        names = {"model": self.model.name, "activation": self.activation, "filter": self.filter}
        return {**names, "parameters": self.parameters}

    @property
    def single(self) -> dict[str, Any]:
        """Settings that were given, or have a default, one value each."""
        return {name: values[0] for name, values in self.settings.items() if values}


def read_asked(words: argparse.Namespace) -> Asked:
    """What a command line asks of a model.

    Raises
    ------
    InputError
        Listing all problems at once.
    """
    command = words.command
    model, treatment = find_model(words.model), find_treatment(words.model)
    stated, settings = treatment.stated(command), treatment.settings_of(command)
    parameters: dict[str, object] = {}
    given: dict[str, tuple[Any, ...]] = {}
    activation: str | None = words.activation
    renamed: tuple[str, ...] = ()
    own: list[Parameter] = []
    readable = False
    questions: list[tuple[Question, Any]] = []
    with gathering() as problems:
        with gathering(problems):
            if activation is not None:
                written = wellformed(activation)
                taken = {*model.names, *(s.name for c in COMMANDS for s in treatment.settings_of(c))}
                names = free_names(written.ranges, taken)
                activation = with_names(written.text, names)
                own = [Parameter(names.get(n, n), "parameter of the activation", i) for n, i in written.ranges.items()]
                renamed = tuple(
                    f"the parameter {old} of the activation is called {new} here: the model {model.name} uses the name {old} itself"
                    for old, new in names.items()
                )
            readable = True
        with gathering(problems):
            model.check_activation(activation is not None)
        if words.filter is not None:
            with gathering(problems):
                if model.with_filter is None:
                    model.filtered(words.filter)
                else:
                    outline(words.filter, FILTER)
        for option, values in vars(words).items():
            if option.startswith("--") and values is not None:
                with gathering(problems):
                    questions.append(_question(treatment, option.removeprefix("--"), values))
        if command == "design" and treatment.design is None:
            problems.append(
                f"the model {model.name} has no design: nothing is chosen there but the parameters of solve"
            )
        elif words.pairs and command not in (*COMMANDS, *treatment.files):
            problems.append(
                f"{command} {model.name} is for all parameters: it takes no numbers and no file such as {words.pairs[0][:60]}"
            )
        elif words.pairs or command in COMMANDS:
            with gathering(problems):
                files = {p.name: p for p in stated.parameters if isinstance(p, FileParameter)}
                leading = next((name for name, p in files.items() if p.leads), "")
                reader = number_or_range if command == SWEPT else number
                parameters, given = read_pairs(words.pairs, settings, reader, files, leading)
                parameters = with_files_read(stated, parameters)
                problems += _unmet(settings, given, [question.name for question, _ in questions])
                known = {*stated.names, *(parameter.name for parameter in own)}
                # what an unreadable text declares is not known
                told = {name: value for name, value in parameters.items() if readable or name in known}
                ranges = {name: value for name, value in told.items() if isinstance(value, tuple)}
                for values in ends(told, ranges):
                    with gathering(problems):
                        checked_parameters(stated, own, values, [setting.name for setting in settings])
                if command == SWEPT and len(files) == len(stated.parameters):
                    problems.append(f"the model {model.name} has no number that could be swept")
                elif command == SWEPT:
                    with gathering(problems):
                        check_ranges([len(values) for values in ranges.values()], *given["simulate"])
                hints = (_elsewhere(command, treatment, name) for name in told if name not in known)
                problems += [*filter(None, hints), *(renamed if problems else ())]
    return Asked(model, treatment, activation, words.filter, parameters, given, tuple(questions), renamed)


def setting_options() -> set[str]:
    """Options that stand for a setting of some command."""
    every = (setting for t in treatments() for command in COMMANDS for setting in t.settings_of(command))
    return {f"--{setting.name}" for setting in every if setting.is_option}


def _question(treatment: Treatment, name: str, values: Any) -> tuple[Question, Any]:
    """The question of that name, and what is asked."""
    own = next((question for question in treatment.questions if question.name == name), None)
    if own is None:
        having = [t.model.name for t in treatments() if any(q.name == name for q in t.questions)]
        raise InputError(
            f"--{name} is for the model{'s' * (len(having) > 1)} {' and '.join(having)}, not for {treatment.model.name}"
        )
    if problems := own.problems(values) if own.value else []:
        raise InputError(problems)
    return own, [number(text) for text in values] if own.takes_numbers else values


def _unmet(settings: Sequence[Setting], given: Mapping[str, tuple[Any, ...]], asked: Sequence[str]) -> list[str]:
    """Settings that have no meaning without another one."""
    missing: dict[str, list[str]] = {}
    for setting in settings:
        met = setting.needs.removeprefix("--") in asked or bool(given.get(setting.needs))
        if setting.needs and given[setting.name] and not met:
            missing.setdefault(setting.needs, []).append(setting.name)
    words = {setting.name: f"={'|'.join(setting.words)}" for setting in settings if setting.words}
    return [
        f"{', '.join(names)}: has a meaning only with {needs}{words.get(needs, '')}" for needs, names in missing.items()
    ]


def _elsewhere(command: str, treatment: Treatment, name: str) -> str:
    """What a name that is no parameter would be for another command or model; empty if nothing."""
    own = [c for c in COMMANDS if any(s.name == name for s in treatment.settings_of(c))]
    if own:
        return f"{name} is a setting of {', '.join(own)}, not of {command}"
    others = {
        t.model.name: [c for c in COMMANDS if any(s.name == name for s in t.settings_of(c))] for t in treatments()
    }
    having = [f"{', '.join(commands)} {model}" for model, commands in others.items() if commands]
    return f"{name} is a setting of {' and '.join(having)}" if having else ""
