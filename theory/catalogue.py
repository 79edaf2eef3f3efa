"""The models of the toolkit, by name: the one list that command line, solver and documentation read."""

from __future__ import annotations

from collections.abc import Callable

from theory import dynamic, static
from theory.errors import InputError
from theory.models import DYNAMIC, STATIC, Model
from theory.theory import Theory

_MODELS: dict[str, tuple[Model, Callable[[], Theory]]] = {
    STATIC.name: (STATIC, static.derive),
    DYNAMIC.name: (DYNAMIC, dynamic.derive),
}

MODEL_NAMES: tuple[str, ...] = tuple(_MODELS)


def _entry(name: str) -> tuple[Model, Callable[[], Theory]]:
    if name not in _MODELS:
        raise InputError(f"unknown model {name[:40]!r}; available: {', '.join(MODEL_NAMES)}")
    return _MODELS[name]


def describe_model(name: str) -> Model:
    """The description of a model.

    Raises
    ------
    InputError
        For an unknown name.
    """
    return _entry(name)[0]


def derive(name: str) -> Theory:
    """Derive the theory of a model for a generic activation.

    Raises
    ------
    InputError
        For an unknown name.
    """
    return _entry(name)[1]()
