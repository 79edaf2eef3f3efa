"""The solution of an autocovariance equation for one set of parameters: results, branches, and why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
from sympy import Float

from numerics.algorithms import autocovariance, averages, outcomes, pairs
from numerics.codegen.autocovariance import equations_in_time
from numerics.solve.method import Method
from numerics.solve.solution import Branch, Reading
from numerics.solve.solver import Solver
from theory.errors import DomainError

_RAISED = (OverflowError, ZeroDivisionError, FloatingPointError, np.linalg.LinAlgError)


def read_autocovariance(solver: Solver, numbers: Mapping[str, Any]) -> Reading:
    """Results, branches and errors from the generated module.

    Raises
    ------
    DomainError
        Where there is no solution, or none that could be resolved.
    """
    if numbers["eta"] != 0 and not solver.activation.is_continuous:
        raise DomainError(
            f"{_opening(solver, numbers)} is not solved for eta other than 0: phi jumps, and the response of a unit to its own "
            "activity needs phi'"
        )
    try:
        with np.errstate(all="ignore"):
            result = solver.module.solve(**numbers)
    except _RAISED as error:
        raise DomainError(f"{_opening(solver, numbers)} leaves the range of double precision") from error
    branches = _branches(result)
    if result["status"] != outcomes.SOLVED:
        raise DomainError(_why(solver, numbers, result))
    raw = {key: float(result[key]) for key in (*solver.module.MEANINGS, "residual", "error")}
    errors = {key: float(error) for key, error in result["errors"].items()}
    values = {**raw, "multiplier": 1.0 - raw["kappa2"]}
    trust = {"sampled": result["sampled"], "tolerance": result["tolerance"]}
    return Reading(values=values, branches=branches, errors=errors, **trust)


def _branches(result: Mapping[str, Any]) -> tuple[Branch, ...]:
    """The energy rises with the variance on a physical branch; where it is not conserved one solution is found."""
    rows = []
    for value, slope in zip(result["roots"], result["slopes"], strict=True):
        label = "silent" if value == 0 else "stable" if isnan(slope) or slope > 0 else "unphysical"
        rows.append(Branch(float(value), float(slope), label))
    return tuple(rows)


def _opening(solver: Solver, numbers: Mapping[str, Any]) -> str:
    return f"the autocovariance for {solver.at(numbers)}"


def _why(solver: Solver, numbers: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """One sentence on why there is no solution, and where there would be one."""
    opening, status = _opening(solver, numbers), result["status"]
    if status == outcomes.UNSTABLE_PAIRS:
        return (
            f"{opening} has pair correlations that do not relax: g^2 |S|^2 is not below 1 at every frequency by three standard "
            "errors; the network is at the edge of its stability for these couplings"
        )
    if status == outcomes.SILENT:
        return f"{opening} is zero or unbounded: without noise {_threshold(solver, numbers)}"
    if status == outcomes.NO_ROOT:
        return f"{opening} does not exist: no equal-time variance balances the energy, activity grows without bound"
    if status == outcomes.NO_DECAY:
        return (
            f"{opening} does not decay to zero at variance {result['variance']:.6g}: kappa2 = 1 - g^2 <phi'>^2 is not "
            "positive or the force changes sign; states with a frozen part are not covered yet"
        )
    if status == outcomes.NO_CONVERGENCE:
        return (
            f"{opening} was not found: the boundary-value problem does not converge from any start; either activity grows "
            "without bound, or the noise is very weak and the network close to the onset of chaos"
        )
    if status == outcomes.CRITICAL:
        return (
            f"{opening} is too close to a critical point: its decay rate is below {autocovariance.SLOWEST_RATE:g} and the "
            "frequency integrals cannot be resolved"
        )
    if numbers.get("tau_n", 0.0) > autocovariance.LONGEST_MEMORY:
        return (
            f"{opening} cannot be resolved for tau_n above {autocovariance.LONGEST_MEMORY:g}; for noise that does not change "
            "in time use the model static"
        )
    return f"{opening} could not be resolved in double precision: an average or the range of lags has too many scales"


def _threshold(solver: Solver, numbers: Mapping[str, Any]) -> str:
    """Activity sets in at the coupling at which the state x = 0 becomes unstable; above, phi may grow too fast."""
    own = {p: Float(numbers[p.name]) for p in solver.activation.parameters}
    slope, name = solver.activation.slope_at_zero.subs(own), solver.module.CONTROL
    stretch = 1.0 + numbers["eta"]  # the rightmost eigenvalue of J is at (1 + eta) g
    if solver.model.filter or stretch == 0 or not (slope.is_number and slope.is_finite and slope != 0):
        return "the network is silent"
    onset, formula = float(abs(1 / slope)) / stretch, "1/((1 + eta) phi'(0))" if numbers["eta"] else "1/phi'(0)"
    if numbers[name] > onset:
        return f"x = 0 is unstable beyond {name} = {formula} = {onset:.10g} and no other state exists"
    return f"the network is silent; activity sets in at {name} = {formula} = {onset:.10g}"


AUTOCOVARIANCE = Method(
    name="autocovariance",
    use=(
        "Use: solve(g, ..., noise=...) returns a dict for one set of numbers; autocovariance(lag, g, ...) returns",
        "C_x and C_phi at the lags of an array.",
    ),
    algorithms=(averages, pairs, autocovariance),
    functions=equations_in_time,
    read=read_autocovariance,
)
