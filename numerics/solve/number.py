"""The self-consistency of one number: its branches, its physical solution, and why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.algorithms import averages, self_consistency
from numerics.codegen.number import equations
from numerics.solve.method import Method
from numerics.solve.solution import Branch, Reading
from numerics.solve.solver import Solver
from theory.errors import DomainError

ROUNDING = 1e-9


def read_number(solver: Solver, numbers: Mapping[str, Any]) -> Reading:
    """Results and branches from the generated module.

    Raises
    ------
    DomainError
        Where there is no solution; the text says why and where there would be one.
    """
    arguments, module = tuple(numbers.values()), solver.module
    try:
        with np.errstate(all="ignore"):  # what is not finite is judged below, not announced
            result = module.solve(*arguments)
            branches = _branches(solver, result.pop("roots"), arguments, result)
            raw = {key: float(value) for key, value in result.items()}
            if np.isnan(raw["slope"]):
                raise DomainError(why_no_solution(solver, numbers, branches))
    except (OverflowError, ZeroDivisionError) as error:  # Python's own floats raise where NumPy's become inf
        raise DomainError(f"the solution for {solver.at(numbers)} leaves the range of double precision") from error
    first = module.ORDER_PARAMETERS[0]
    further = {name: raw[f"{name}_error"] for name in module.FOLLOW_UPS}
    return Reading(values=raw, branches=branches, errors={first: raw["error"], **further})


def _branches(
    solver: Solver,
    found: NDArray[np.float64],
    arguments: tuple[float, ...],
    solved: Mapping[str, NDArray[np.float64]],
) -> tuple[Branch, ...]:
    """All solutions with their labels; `solved` has the results on one of them."""
    module = solver.module
    rows, physical = [], solved[module.ORDER_PARAMETERS[0]]
    for value in found[~np.isnan(found)]:
        if value == 0:
            rows.append(Branch(0.0, float("nan"), "silent"))
            continue
        slope = float(module.self_consistency_slope(value, *arguments))
        at = solved if value == physical else module.observables(value, *arguments)
        broken = [key for key in module.CONDITIONS if key in at and not at[key] < 1]
        rows.append(Branch(float(value), slope, "unphysical" if not slope < 1 else "unstable" if broken else "stable"))
    return tuple(rows)


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
    if usable[-1] and control[best] <= control[-1] * (
        1 + ROUNDING
    ):  # a maximum that does not exceed the supremum is rounding
        best = grid.size - 1
    if best in (0, grid.size - 1):
        return float(control[best]), float("inf") if best else 0.0
    from scipy.optimize import minimize_scalar  # takes as long to load as SymPy

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
    opening = f"no solution for {solver.at(numbers)}: "
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
    if np.isinf(turning) and not solver.activation.text:
        return f"{opening}solutions exist for {name} < {limit:.10g}"
    slope = _slope_at_infinity(solver, numbers)
    if np.isinf(turning):
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


NUMBER = Method(
    name="number",
    use=(
        "Use: solve({names}) returns a dict of arrays; arguments broadcast.  Its 'roots' are all solutions;",
        "observables(Delta, ...) evaluates the results at a given Delta, finite_size(Delta, ...) the 1/N terms.",
    ),
    algorithms=(averages, self_consistency),
    functions=equations,
    read=read_number,
)
