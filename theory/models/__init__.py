"""The models of the toolkit, a declaration each: the one list that command line, solver and documentation read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from theory.errors import InputError, did_you_mean, require
from theory.model import Model

if TYPE_CHECKING:
    from theory.theory import Theory

NAMES = ("static", "dynamic", "feedback", "attractor", "threshold")
"""Files of this folder, each with its `MODEL`."""

_ADDED: dict[str, Model[Any]] = {}


def add_model(model: Model[Any]) -> None:
    """Make a model of your own known under its name, beside those of the toolkit; a second one replaces the first.

    Raises
    ------
    InputError
        For the name of a model of the toolkit, and for a parameter with the name of a symbol that formulas use otherwise.
    """
    from theory import symbols

    shared = {p.name for name in NAMES for p in find_model(name).parameters}
    taken = (p.name for p in model.parameters if hasattr(symbols, p.name) and p.name not in shared)
    require(
        (
            model.name not in NAMES,
            f"the name {model.name} is taken by a model of the toolkit: give your model another one",
        ),
        *(
            (False, f"the parameter {name} of {model.name} has the name of a symbol of formulas: rename it")
            for name in taken
        ),
    )
    _ADDED[model.name] = model


def is_added(name: str) -> bool:
    """Whether the model was declared outside the toolkit, so that other processes do not know it."""
    return name in _ADDED


def model_names() -> tuple[str, ...]:
    """The names of all models."""
    return (*NAMES, *_ADDED)


def find_model(name: str, filter: str | None = None) -> Model[Any]:
    """The declaration of a model.

    Parameters
    ----------
    name : str
    filter : str, optional
        Transfer function of one unit, such as ``1/(1+s)^2``, where the model has time.

    Raises
    ------
    InputError
        For an unknown name, or a filter that the model cannot have.
    """
    if name not in model_names():
        raise InputError(
            f"unknown model {str(name)[:40]!r}; {did_you_mean(name, model_names())}available: {', '.join(model_names())}"
        )
    model = _ADDED.get(name) or import_module(f"theory.models.{name}").MODEL
    return model.filtered(filter)


def derive(name: str, *, odd: bool = True, filter: str | None = None) -> Theory:
    """Derive the theory of a model for a generic activation.

    Parameters
    ----------
    name : str
    odd : bool
        Whether phi is odd. Other activations have a frozen mean activity, which a model may or may not cover.
    filter : str, optional
        Transfer function of one unit, where the model has time.

    Raises
    ------
    InputError
        For an unknown name, or a filter that the model cannot have.
    """
    return find_model(name, filter).derive(odd=odd)
