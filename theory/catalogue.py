"""The models of the toolkit, by name: the one list that command line, solver and documentation read."""

from __future__ import annotations

from collections.abc import Callable

from theory import dynamic, feedback, frozen, static
from theory.errors import InputError
from theory.filters import Filter, network_in_time
from theory.models import DYNAMIC, FEEDBACK, STATIC, DynamicNetwork, Model
from theory.theory import Theory

_MODELS: dict[str, tuple[Model, Callable[[], Theory]]] = {
    STATIC.name: (STATIC, static.derive),
    DYNAMIC.name: (DYNAMIC, dynamic.derive),
    FEEDBACK.name: (FEEDBACK, feedback.derive),
}

_NOT_ODD: dict[str, Callable[[], Theory]] = {STATIC.name: frozen.derive}

MODEL_NAMES: tuple[str, ...] = tuple(_MODELS)


def _entry(name: str) -> tuple[Model, Callable[[], Theory]]:
    if name not in _MODELS:
        raise InputError(f"unknown model {name[:40]!r}; available: {', '.join(MODEL_NAMES)}")
    return _MODELS[name]


def describe_model(name: str, filter: str | None = None) -> Model:
    """The description of a model.

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
    model = _entry(name)[0]
    if filter is None:
        return model
    if not isinstance(model, DynamicNetwork):
        raise InputError(f"the model {name} has no time; a filter needs the model {DYNAMIC.name}")
    return network_in_time(Filter.from_text(filter).transfer)


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
    model = describe_model(name, filter)
    if isinstance(model, DynamicNetwork):
        return dynamic.derive(model.transfer)
    derivation = _entry(name)[1]
    return derivation() if odd else _NOT_ODD.get(model.name, derivation)()
