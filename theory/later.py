"""Functions and objects that are imported when they are needed: what declares a model costs nothing to read."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


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
