"""The chaotic state of any model: what replaces a fixed point that is unstable in the bulk."""

from __future__ import annotations

from typing import Any

from numerics.models import find_treatment
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.activations.activation import Activation
from theory.models.static import STATIC


def chaotic_state(solver: Solver | Activation | str, /, **values: object) -> Any:
    """The chaotic state of a network, None where its fixed point is stable in the bulk.

    Parameters
    ----------
    solver : Solver, Activation or str
        An activation stands for the static network.
    **values : float
        The model's parameters, such as g and sigma, and those of the activation.

    Returns
    -------
    ChaoticState, ChaoticFeedback or None
        By the model.

    Raises
    ------
    InputError, DomainError
        As for `Solver.solve`, and where a two-point average could not be resolved.

    Examples
    --------
    >>> round(chaotic_state("power(1/2)", g=2, sigma=1).q, 4)
    8.7727
    """
    own = solver if isinstance(solver, Solver) else Solver(STATIC.name, solver)
    return chaotic_state_of(own.solve(**values), own.activation)


def chaotic_state_of(solution: Solution, activation: Activation) -> Any:
    """The chaotic state that belongs to a fixed point found before; None where that is stable, or the model knows of none.

    Raises
    ------
    DomainError
        Where a two-point average could not be resolved.
    """
    replacement = find_treatment(solution.model).replacement
    return None if replacement is None else replacement(solution, activation)
