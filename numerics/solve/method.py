"""How one kind of equation is solved: what is generated for it, and how one reads what the generated module says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from numerics.solve.solution import Reading, shown
from theory.activation.activation import Activation


@dataclass(frozen=True)
class Generated:
    """A generated module, and what it was generated for.

    Attributes
    ----------
    module : ModuleType
        ``module.solve`` takes arrays of parameters.
    activation : Activation
    filter : str or None
        Transfer function of one unit where it is not the model's own.
    """

    module: ModuleType
    activation: Activation
    filter: str | None = None

    def at(self, numbers: Mapping[str, Any]) -> str:
        """The activation and its parameters, for a sentence."""
        given = ", ".join(f"{key} = {shown(value)}" for key, value in numbers.items())
        return f"{self.activation.text} at {given}" if self.activation.text else given


@dataclass(frozen=True)
class Method:
    """How one kind of equation is solved.

    Attributes
    ----------
    name : str
        The constant EQUATION of generated modules.
    use : tuple of str
        Lines of their docstring; ``{names}`` stands for the parameters.
    algorithms : tuple of ModuleType
        Files of `numerics.algorithms` that are pasted into them, in dependency order.
    functions : callable
        ``functions(theory, activation, means, frozen)`` returns the sources of their own functions.
    read : callable
        ``read(generated, numbers)`` returns a `Reading`, or raises `DomainError` with the reason why there is no solution.
    """

    name: str
    use: tuple[str, ...]
    algorithms: tuple[ModuleType, ...]
    functions: Callable[..., list[str]]
    read: Callable[[Generated, Mapping[str, Any]], Reading]
