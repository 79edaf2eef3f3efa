r"""The chaotic state of a trained network with rank-one feedback whose output is at the target.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model); Sompolinsky, Crisanti, Sommers 1988 (chaos).
"""

from __future__ import annotations

from math import isnan

from numerics.chaos.closed_loop import ClosedLoop, LoopState
from numerics.chaos.open_loop import OpenLoop, Overlaps
from numerics.chaos.state import ChaoticState
from numerics.solve.readout import overlaps_at
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.errors import DomainError
from theory.models.feedback import FEEDBACK


def chaotic_feedback(
    activation: Activation | str, g: float, overlaps: Overlaps, A: float, **parameters: float
) -> ChaoticState | None:
    """The chaotic state with its output at a target, None where the open loop there is stable in the bulk.

    Parameters
    ----------
    activation, g, overlaps, **parameters
        See `OpenLoop.of`.
    A : float
        Target.

    Raises
    ------
    InputError
        For unusable arguments.
    DomainError
        Where no stationary open loop or no amplitude exists, or a two-point average could not be resolved.
    """
    loop = OpenLoop.of(activation, g, overlaps, parameters)
    drive = float(overlaps.drive(A))
    fixed = float(loop.fixed(drive))
    if isnan(fixed):
        unbounded = f"with the output held at {A:g} the activity grows without bound"
        raise DomainError(f"{unbounded}: no stationary state at g = {g:g}")
    if loop.bulk(fixed) < 1:
        return None
    found = loop.chaotic(drive)
    gain = float(loop.gain(found.total))
    seen = float(overlaps.readout(A)) * gain
    if seen == 0 and A != 0:
        none = f"no amplitude of the readout puts the output at {A:g}"
        raise DomainError(f"{none}: the readout is uncorrelated with the activity")
    values = {"Delta0": found.total, "Delta_inf": found.frozen, "C": A / seen if A else 0.0, "gain": gain}
    # the frozen part in networks converges too slowly in 1/N to be compared
    return ChaoticState(values, ("Delta0", "gain", "C"), found.residual, found.error, z=float(A))


def chaotic_feedback_of(solution: Solution, activation: Activation) -> ChaoticState | None:
    """The chaotic state that belongs to a solution of a network with feedback, its output at the same target."""
    if solution.observables["bulk_radius"] < 1:
        return None
    overlaps, own = _geometry(Solver.of(solution), solution)
    return chaotic_feedback(activation, solution.parameters["g"], overlaps, solution.parameters["A"], **own)


def closed_loop_states(solution: Solution) -> tuple[LoopState, ...]:
    """All states of a trained network: fixed points, and chaotic states where these are unstable in the bulk.

    The amplitude is that of the fixed point at the target or, where this is unstable in the bulk, of the chaotic state there.

    Parameters
    ----------
    solution : Solution
        Of a network with feedback.

    Returns
    -------
    tuple of LoopState
        By increasing output.

    Raises
    ------
    InputError
        For the solution of another model.
    DomainError
        Where a two-point average could not be resolved, or every output is a state.
    """
    solver = Solver.of(solution, FEEDBACK)
    overlaps, own = _geometry(solver, solution)
    chaos = chaotic_feedback_of(solution, solver.activation)
    amplitude = solution.order_parameters["C"] if chaos is None else chaos.C
    loop = OpenLoop.of(solver.activation, solution.parameters["g"], overlaps, own)
    return ClosedLoop(loop, overlaps, amplitude).states()


def _geometry(solver: Solver, solution: Solution) -> tuple[Overlaps, dict[str, float]]:
    """Overlaps of the vectors, and parameters of the activation."""
    own = {p.name: solution.parameters[p.name] for p in solver.activation.parameters}
    return Overlaps(**overlaps_at(solver.module, solution.parameters)), own
