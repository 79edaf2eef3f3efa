r"""The chaotic state of a trained network with rank-one feedback whose output is at the target.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model); Sompolinsky, Crisanti, Sommers 1988 (chaos).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from numerics.chaos.closed_loop import LoopState, chaotic_loop
from numerics.chaos.open_loop import OpenLoop, Overlaps
from numerics.solve.readout import overlaps_at
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.activations.activation import Activation
from theory.errors import DomainError
from theory.models.feedback import FEEDBACK


@dataclass(frozen=True)
class ChaoticFeedback:
    """The chaotic state of a trained network whose output is at the target.

    Attributes
    ----------
    z : float
        Output.
    Delta0, Delta_inf : float
        Total variance of x, and the variance of its time average; equal where fluctuations are too small to be resolved.
    C : float
        Amplitude of the readout that puts the output of this state at z.
    gain : float
        <phi'>.
    residual, error : float
        Larger relative residual of the two equations; estimate of the absolute error of both variances.
    """

    z: float
    Delta0: float
    Delta_inf: float
    C: float
    gain: float
    residual: float
    error: float

    @property
    def is_resolved(self) -> bool:
        """Whether fluctuations were found above rounding."""
        return self.Delta_inf < self.Delta0

    @property
    def measured(self) -> dict[str, float]:
        """What networks show of it, under the keys of the theory; their Delta_inf converges too slowly in 1/N."""
        return {"Delta0": self.Delta0, "gain": self.gain, "C": self.C}

    @property
    def text(self) -> str:
        """One line for the reader."""
        if not self.is_resolved:
            size = self.error / self.Delta0
            return (
                f"chaotic state: fluctuations below {size:.0e} Delta0; the fixed point's numbers hold to that accuracy"
            )
        return (
            f"chaotic state: Delta0 = {self.Delta0:.10g}, of which Delta_inf = {self.Delta_inf:.10g} is frozen; "
            f"C = {self.C:.10g}, gain = {self.gain:.10g} (residual {self.residual:.1e}, error {self.error:.1e})"
        )

    def to_dict(self) -> dict[str, float]:
        """Content under the key ``chaotic_state`` of the command line's JSON."""
        keys = ("Delta0", "Delta_inf", "C", "gain", "residual", "error")
        return {key: getattr(self, key) for key in keys}


def chaotic_feedback(
    activation: Activation | str, g: float, overlaps: Overlaps, A: float, **parameters: float
) -> ChaoticFeedback | None:
    """The chaotic state with its output at a target, None where the open loop there is stable in the bulk.

    Parameters
    ----------
    activation : Activation or str
    g : float
    overlaps : Overlaps
    A : float
        Target.
    **parameters : float
        Parameters of the activation.

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
        raise DomainError(
            f"with the output held at {A:g} the activity grows without bound: no stationary state at g = {g:g}"
        )
    if loop.bulk(fixed) < 1:
        return None
    found = loop.chaotic(drive)
    gain = float(loop.gain(found.total))
    seen = float(overlaps.readout(A)) * gain
    if seen == 0 and A != 0:
        raise DomainError(
            f"no amplitude of the readout puts the output at {A:g}: the readout is uncorrelated with the activity"
        )
    return ChaoticFeedback(
        z=float(A),
        Delta0=found.total,
        Delta_inf=found.frozen,
        C=A / seen if A else 0.0,
        gain=gain,
        residual=found.residual,
        error=found.error,
    )


def chaotic_feedback_of(solution: Solution, activation: Activation) -> ChaoticFeedback | None:
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
    return chaotic_loop(solver.activation, solution.parameters["g"], overlaps, amplitude, **own)


def _geometry(solver: Solver, solution: Solution) -> tuple[Overlaps, dict[str, float]]:
    """Overlaps of the vectors, and parameters of the activation."""
    names = [p.name for p in solver.activation.parameters]
    return Overlaps(**overlaps_at(solver.module, solution.parameters)), {
        name: solution.parameters[name] for name in names
    }
