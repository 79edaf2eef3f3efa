r"""The chaotic state under static noise: what replaces the fixed point where it is unstable.

The field of a unit then fluctuates about a frozen part; `numerics.chaos.fluctuating` solves for both variances, here with the drive
sigma^2 of the static noise.

Source: Sompolinsky, Crisanti, Sommers 1988 (without noise); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (static noise).
"""

from __future__ import annotations

from numerics.averages.average import average
from numerics.chaos.fluctuating import Motion
from numerics.chaos.state import ChaoticState
from numerics.solve.solution import Solution
from theory.activation.activation import Activation


def chaos_under_noise(solution: Solution, activation: Activation) -> ChaoticState | None:
    """The chaotic state that replaces a fixed point under static noise.

    Returns
    -------
    ChaoticState or None
        None where the fixed point is stable in the bulk: then q = Delta is the only solution.

    Raises
    ------
    DomainError
        Where a two-point average could not be resolved.
    """
    if solution.observables["stability"] < 1:
        return None
    parameters = dict(solution.parameters)
    motion = Motion(activation, parameters.pop("g"), parameters.pop("sigma") ** 2, parameters)
    found = motion.variances(solution.order_parameters["Delta"])
    mean_square = float(average("phi^2", activation, variance=found.total, **parameters))
    values = {"Delta": found.total, "q": found.frozen, "C_phi": mean_square}
    return ChaoticState(values, ("Delta", "C_phi"), found.residual, found.error)
