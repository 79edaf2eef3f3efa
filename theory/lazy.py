"""SymPy and mpmath, loaded when the first of their names is used: text is read and refused before it needs them."""

from __future__ import annotations

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
