"""What a user gives against what a model takes: every problem of the numbers and words, at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from theory.errors import InputError, did_you_mean, gathering
from theory.interval import Interval
from theory.model import FileParameter, Model, Parameter

if TYPE_CHECKING:
    from theory.activation.activation import Activation


def parameters_of(activation: Activation) -> tuple[Parameter, ...]:
    """The parameters of an activation as a user sees them."""
    return tuple(Parameter(p.name, "parameter of the activation", Interval.of_symbol(p)) for p in activation.parameters)


def with_files_read(model: Model[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values, those that name a file replaced by what it holds, or by its problem, which `checked_parameters` raises.

    So no file is read twice: a pipe would be empty the second time.
    """
    files = {p.name: p for p in model.parameters if isinstance(p, FileParameter)}
    read = dict(values)
    for name in files.keys() & values.keys():
        try:
            read[name] = files[name].value(values[name])
        except InputError as error:
            read[name] = error
    return read


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for JSON: numbers and words as they are, of what was read from a file its name and size."""
    return {name: value if isinstance(value, float | int | str) else value.data for name, value in values.items()}


def written_out(values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for generated code and simulators: of what was read from a file the values."""
    return {name: getattr(value, "values", value) for name, value in values.items()}


def checked_parameters(
    model: Model[Any], own: Sequence[Parameter], values: Mapping[str, object], others: Collection[str] = ()
) -> dict[str, Any]:
    """Words for all choices of the model and values of all parameters that have a meaning with them, in order.

    Parameters
    ----------
    model : Model
    own : sequence of Parameter
        Those of the activation.
    values : mapping
        What was given.
    others : collection of str
        Names of settings, which an unknown name may have been meant for.

    Raises
    ------
    InputError
        Listing every unknown, missing or impossible value.
    """
    parameters = {p.name: p for p in (*model.parameters, *own)}
    known = [*(c.name for c in model.choices), *parameters]
    problems = [
        f"unknown parameter '{name[:40]}'; {did_you_mean(name, {*known, *others} - values.keys())}allowed: {', '.join(known)}"
        for name in values
        if name not in known
    ]
    options = {c.name: c.options for c in model.choices}
    words: dict[str, str] = {}
    for choice in model.choices:
        word = values.get(choice.name, choice.inferred(parameters.values(), values))
        if word not in choice.options:
            guess = did_you_mean(word, choice.options)
            problems.append(
                f"{choice.name} = {str(word)[:40]} is not allowed; {choice.name} must be {choice.allowed}"
                + f"; {guess.strip()}" * bool(guess)
            )
        words[choice.name] = str(word)
    numbers: dict[str, Any] = {}
    for name, parameter in parameters.items():
        choice_name, meant = parameter.only or ("", ())
        if choice_name and words[choice_name] not in meant:
            if name in values and words[choice_name] in options[choice_name]:
                problems.append(
                    f"{name} has a meaning only with {choice_name}={' or '.join(meant)}, not with "
                    f"{choice_name}={words[choice_name]}"
                )
            continue
        if name not in values and parameter.default is None:
            needed = f", needed with {choice_name}={' or '.join(meant)}" if choice_name else ""
            problems.append(f"parameter {name} is missing ({parameter.meaning}; {parameter.allowed}{needed})")
            continue
        with gathering(problems):
            numbers[name] = parameter.value(values.get(name, parameter.default))
    if problems:
        raise InputError(problems)
    return {**words, **numbers}
