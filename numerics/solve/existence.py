"""Where a self-consistency has solutions, and why it has none at given parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar

if TYPE_CHECKING:
    from numerics.solve.solution import Branch
    from numerics.solve.solver import Solver


ROUNDING = 1e-9


def control_limit(solver: Solver, numbers: Mapping[str, Any]) -> tuple[float, float]:
    """Largest control parameter with a solution, and the order parameter there.

    The control parameter that a given Delta asks for rises along the branch from zero coupling and turns back at a saddle-node.

    Returns
    -------
    control, Delta : float
        Delta is infinite where the supremum is only approached; both nan where no value of the control has a solution.
    """
    module = solver.module
    others = [value for name, value in numbers.items() if name != module.CONTROL]
    grid = np.geomspace(1e-8, 1e16, 24 * 16 + 1)
    with np.errstate(all="ignore"):
        control = np.broadcast_to(module.control_at(grid, *others), grid.shape)
    usable = np.isfinite(control) & (control > 0)
    if not np.any(usable):
        return float("nan"), float("nan")
    best = int(np.argmax(np.where(usable, control, -np.inf)))
    if best in (0, grid.size - 1):
        return float(control[best]), float("inf") if best else 0.0
    refined = minimize_scalar(
        lambda log: -float(module.control_at(np.exp(log), *others)),
        bounds=(np.log(grid[best - 1]), np.log(grid[best + 1])),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return -float(refined.fun), float(np.exp(refined.x))


def why_no_solution(solver: Solver, numbers: Mapping[str, Any], branches: tuple[Branch, ...]) -> str:
    """One sentence on why there is no physical solution, and where there would be one."""
    name = solver.module.CONTROL
    given = ", ".join(f"{key} = {value:g}" for key, value in numbers.items())
    opening = f"no solution for {solver.activation.text} at {given}: "
    if any(branch.label == "silent" for branch in branches):
        others = " besides unphysical branches" if len(branches) > 1 else ""
        return f"{opening}the only one{others} is Delta = 0, a silent network without correlations"
    if branches:
        return f"{opening}all {len(branches)} found lie on unphysical branches"
    limit, turning = control_limit(solver, numbers)
    if np.isnan(limit):
        condition = solver.activation.moment_condition(2)
        if condition is True:
            return f"{opening}it would lie beyond the range of variances that is searched"
        return f"{opening}<phi^2> is infinite at every Delta that the noise allows; it is finite only for {condition}"
    slope = _slope_at_infinity(solver, numbers)
    if np.isinf(turning) or limit * slope < 1 + ROUNDING:  # a maximum that does not exceed the supremum is rounding
        return (
            f"{opening}{name} times the slope of phi at infinity ({slope:.6g}) is not below 1; "
            f"solutions exist for {name} < {1 / slope:.10g}"
        )
    return (
        f"{opening}the branch from zero coupling ends in a saddle-node at {name} = {limit:.10g} (Delta = {turning:.6g})"
    )


def _slope_at_infinity(solver: Solver, numbers: Mapping[str, Any]) -> float:
    """Root mean square of the two slopes: <phi^2> tends to its square times Delta."""
    slope = solver.activation.mean_square_slope
    values = {p: numbers[p.name] for p in solver.activation.parameters}
    return float(slope.subs(values))
