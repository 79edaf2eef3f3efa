"""What is imported when it is first used: SymPy and mpmath, and what declarations name by its place."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


class Lazy:
    """A module by its name, imported at the first access to an attribute."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(import_module(self._name), attribute)
        setattr(self, attribute, value)
        return value


sympy: Any = Lazy("sympy")
mpmath: Any = Lazy("mpmath")


@dataclass(frozen=True)
class Later:
    """What stands at ``module:name``, imported on first use.

    Attributes
    ----------
    place : str
        ``module:name``.
    """

    place: str

    @property
    def found(self) -> Any:
        """The object itself."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(module), name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call the function that stands there."""
        return self.found(*arguments, **named)
