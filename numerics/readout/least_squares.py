"""Networks trained by least squares: the outlier at the target, and every other state in which the trained loop can rest.

Evaluates the generated code of what `theory.readout.least_squares` derives.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model and training).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from numerics.data import as_data
from numerics.readout.trained import FAR, SILENT, TrainedLoop
from numerics.settings import Answer
from numerics.solve.fixed_point import FixedPoint, state_rows
from numerics.solve.readout import DIRECTION
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.errors import InputError
from theory.interval import Interval
from theory.model import Parameter
from theory.models.feedback import FEEDBACK
from theory.parameters import checked_parameters, parameters_of

TRAINED = replace(
    FEEDBACK,
    parameters=(
        *(p for p in FEEDBACK.parameters if p.name not in DIRECTION),
        Parameter("ridge", "ridge penalty per unit", Interval.NONNEGATIVE, default=0.0),
    ),
)
"""The network without a direction of the readout, which is fitted."""

MARGINAL = 1e-9  # distance of an outlier from 1 that is rounding
CROSSING = 1e-5  # the same of H', where another fixed point is too close to the target to be found


@dataclass(frozen=True)
class TrainedState(FixedPoint):
    """One state in which the trained loop can rest.

    Attributes
    ----------
    covariance : float
        Of x with its state at the target.
    slope : float
        H'(z), the change of n.phi(x(z)) with a clamped output z.
    residual : float
        Of the equation for z, relative to the target.
    """

    covariance: float
    slope: float
    residual: float


@dataclass(frozen=True)
class LeastSquares:
    """A network trained by least squares, or ridge regression, on its stationary state at the target.

    Attributes
    ----------
    activation, parameters : str, mapping of str to float
    ridge, factor : float
        Penalty per unit, alpha of (n.phi - A)^2 + N alpha n.n; n.phi at the clamped target, over A: 1 without penalty.
    Delta0, C_phi, bulk_radius : float
        Variance of x, <phi^2>, and radius of the bulk at the clamped target.
    outlier, H_slope : float
        The one outlier of the Jacobian there, and the change of n.phi with the clamped output.
    overlaps : mapping of str to float
        ``snm`` = <n m> and ``snI`` = <n I> of the trained readout.
    stable : bool
        Whether bulk radius and outlier are below 1. With a penalty the target itself is no fixed point.
    fixed_points, messages : tuple of TrainedState, tuple of str
        Every state in which the loop can rest, by increasing z; reasons for caution.
    """

    activation: str
    parameters: Mapping[str, float]
    ridge: float
    factor: float
    Delta0: float
    C_phi: float
    bulk_radius: float
    outlier: float
    H_slope: float
    overlaps: Mapping[str, float]
    stable: bool
    fixed_points: tuple[TrainedState, ...]
    messages: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Content under the keys of JSON."""
        return dict(as_data(self))


def least_squares(problem: Solution | Activation | str, *, ridge: float = 0.0, **parameters: float) -> LeastSquares:
    """Train a network of the model `feedback` by least squares, at large N, and find every state of the trained loop.

    Parameters
    ----------
    problem : Solution, Activation or str
        A solution of the model `feedback`, whose network is then trained; or an activation, with the parameters below.
    ridge : float
        Ridge penalty per unit, >= 0.
    **parameters : float
        g, Sm, SI, rho (0 if not given), the target A, and the activation's own. The direction p, pm, pI of a readout that is
        not fitted may be given and plays no role.

    Returns
    -------
    LeastSquares

    Raises
    ------
    InputError
        For unusable parameters, all problems at once.
    DomainError
        Where the clamped network has no stationary state, or one without activity, to which nothing can be fitted.

    References
    ----------
    Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139; the exact results for readouts that contain the state are derived in
    `theory.readout.least_squares`.
    """
    given: dict[str, object] = {**parameters, "ridge": ridge}
    if isinstance(problem, Solution):
        if problem.model != TRAINED.name:
            raise InputError(f"least squares needs a solution of the model {TRAINED.name}, not of {problem.model}")
        given = {**problem.parameters, **given}
        activation = Activation.from_text(problem.activation)
    else:
        activation = Activation.of(problem)
    clash = {p.name for p in activation.parameters} & {p.name for p in TRAINED.parameters}
    if clash:
        raise InputError(f"parameter name '{min(clash)}' of the activation is a parameter of the model {TRAINED.name}")
    numbers = checked_parameters(
        TRAINED, parameters_of(activation), {k: v for k, v in given.items() if k not in DIRECTION}
    )
    penalty = numbers.pop("ridge")
    return _result(TrainedLoop(activation, numbers, penalty))


def _result(loop: TrainedLoop) -> LeastSquares:
    """Everything about the trained network."""
    averages = loop.open.power_d2(loop.Delta), loop.open.gain(loop.Delta)
    outlier, slope, snm, snI = map(float, loop.formulas.target(*averages, loop.b, loop.A, *loop.vectors))
    radius = float(loop.radius(loop.Delta))
    stable = bool(radius < 1 and outlier < 1 - MARGINAL)
    states = [_state(loop, z, variance) for z, variance in (loop.other_states() if loop.A else [])]
    if not (loop.ridge and loop.A):
        roots, visible = (complex(outlier), complex(radius**2)), (abs(outlier) > radius, False)
        states.append(TrainedState(loop.A, loop.Delta, roots, visible, radius, stable, loop.Delta, slope, residual=0.0))
    return LeastSquares(
        activation=loop.activation.text,
        parameters=loop.numbers,
        ridge=loop.ridge,
        factor=loop.factor,
        Delta0=loop.Delta,
        C_phi=loop.power,
        bulk_radius=radius,
        outlier=outlier,
        H_slope=slope,
        overlaps={"snm": snm, "snI": snI},
        stable=stable,
        fixed_points=tuple(sorted(states, key=lambda state: state.z)),
        messages=tuple(_cautions(loop, radius, slope, states)),
    )


def _state(loop: TrainedLoop, z: float, variance: float) -> TrainedState:
    """A fixed point besides the target."""
    trace, determinant, slope = loop.linearised(z, variance)
    half, gap = 0.5 * complex(trace), np.sqrt(complex(0.25 * trace**2 - determinant))
    roots = (complex(half + gap), complex(half - gap))
    radius = float(loop.radius(variance or SILENT))
    return TrainedState(
        z=z,
        Delta0=variance,
        covariance=float(loop.covariance(z)),
        slope=float(slope),
        outliers=roots,
        visible=(abs(roots[0]) > radius, abs(roots[1]) > radius),
        bulk_radius=radius,
        stable=bool(radius < 1 and all(root.real < 1 - MARGINAL for root in roots)),
        residual=abs(float(loop.excess(z, variance)[0])) / abs(loop.A),
    )


def _cautions(loop: TrainedLoop, radius: float, slope: float, states: list[TrainedState]) -> list[str]:
    """Reasons for caution."""
    found = []
    if not radius < 1:
        found.append(
            f"bulk_radius = {radius:.6g} at the target is not below 1: the clamped network does not rest, and these numbers "
            "describe its formal stationary state"
        )
    if not loop.A:
        return found
    outputs, variances, values = loop.scan
    missed = "there may be fixed points that are not found"
    if radius < 1 and not radius * np.max(loop.radius(variances[variances > 0]), initial=0.0) < 1:
        found.append(f"between the fixed points the bulk of the clamped network is unstable: {missed}")
    if np.any(np.isnan(values) & np.isfinite(variances)):
        found.append(f"averages over two states are not resolved at some outputs: {missed}")
    if any(np.isnan(state.slope) for state in states):
        found.append(
            "the outliers are not known at every fixed point: phi jumps, or an average over two states is not resolved"
        )
    if loop.is_continuum:
        found.append("the fixed points form a continuum, of which the target is one")
    elif abs(slope - 1) <= CROSSING and not loop.ridge:
        found.append(
            "the outlier at the target is 1 within 1e-5: another fixed point crosses it here, and is not told apart"
        )
    if np.max(np.abs(outputs), initial=0.0) >= FAR * abs(loop.A):
        found.append(f"fixed points beyond |z| = {FAR * abs(loop.A):g} are not searched for")
    return found


def answer(solver: Solver, solution: Solution, asked: Any, settings: Mapping[str, Any]) -> Answer:
    """The readout fitted at the target, and every state of its loop."""
    fitted = least_squares(solution, ridge=settings.get("ridge", 0.0))
    name = f"ridge regression, penalty {fitted.ridge:g}" if fitted.ridge else "least squares"
    stable = "stable" if fitted.stable else "NOT stable"
    head = f"  {name}: outlier {fitted.outlier:.16g}, H'(A) = {fitted.H_slope:.10g}, target {stable}"
    return Answer(
        {"least_squares": fitted.to_dict()},
        ["", head, *state_rows(fitted.fixed_points)],
        tuple(f"least squares: {message}" for message in fitted.messages),
    )
