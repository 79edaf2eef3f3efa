"""How one kind of equation is solved: what is generated for it, and how one reads what the generated module says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from numerics.solve.solution import Reading
from numerics.solve.solver import Solver


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
        Files of `numerics.algorithms` that are pasted into them, after those that they import.
    functions : callable
        ``functions(theory, activation, means, frozen)`` returns the sources of their own functions.
    read : callable
        ``read(solver, numbers)`` returns a `Reading`, or raises `DomainError` with the reason why there is no solution.
    """

    name: str
    use: tuple[str, ...]
    algorithms: tuple[ModuleType, ...]
    functions: Callable[..., list[str]]
    read: Callable[[Solver, Mapping[str, Any]], Reading]
