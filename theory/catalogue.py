"""The models of the toolkit, by name: the one list that command line, solver and documentation read."""

from __future__ import annotations

from collections.abc import Callable

from theory import dynamic, frozen, static
from theory.errors import InputError
from theory.models import DYNAMIC, STATIC, Model
from theory.theory import Theory

_MODELS: dict[str, tuple[Model, Callable[[], Theory]]] = {
    STATIC.name: (STATIC, static.derive),
    DYNAMIC.name: (DYNAMIC, dynamic.derive),
}

_NOT_ODD: dict[str, Callable[[], Theory]] = {STATIC.name: frozen.derive}

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


def derive(name: str, *, odd: bool = True) -> Theory:
    """Derive the theory of a model for a generic activation.

    Parameters
    ----------
    name : str
    odd : bool
        Whether phi is odd. Other activations have a frozen mean activity, which a model may or may not cover.

    Raises
    ------
    InputError
        For an unknown name.
    """
    model, derivation = _entry(name)
    return derivation() if odd else _NOT_ODD.get(model.name, derivation)()
