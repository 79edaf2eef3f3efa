"""How each model is treated numerically, a declaration each."""

from __future__ import annotations

from importlib import import_module

from numerics.treatment import Treatment
from theory.models import add_model, find_model, model_names

_ADDED: dict[str, Treatment] = {}


def add_treatment(treatment: Treatment) -> None:
    """Make a model of your own known, with its treatment: to every command and function of the toolkit."""
    add_model(treatment.model)
    _ADDED[treatment.model.name] = treatment


def find_treatment(name: str) -> Treatment:
    """The treatment of a model.

    Raises
    ------
    InputError
        For an unknown name.
    """
    find_model(name)
    return _ADDED.get(name) or import_module(f"numerics.models.{name}").TREATMENT


def treatments() -> tuple[Treatment, ...]:
    """The treatments of all models."""
    return tuple(find_treatment(name) for name in model_names())
