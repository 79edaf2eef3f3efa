"""The response of a fed-back readout to small signals in time, at a fixed point of its loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.covariance.couplings import real_array
from numerics.settings import Answer
from numerics.solve.readout import overlaps_at
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.errors import DomainError, require
from theory.meanfield.readout import ENTRANCES
from theory.models.feedback import FEEDBACK

Complex = NDArray[np.complex128]


class OutputResponse(NamedTuple):
    """Response of the output z to a signal exp(i omega t) of amplitude 1.

    Attributes
    ----------
    open, closed : ndarray of complex
        With the feedback cut, h, and with it, h/(1 - h_feedback).
    """

    open: Complex
    closed: Complex


def output_response(
    solution: Solution, frequency: ArrayLike, *, along: str = next(iter(ENTRANCES)), point: int | None = None
) -> OutputResponse:
    """Linear response of the output to a small current, in the limit N -> infinity.

    Parameters
    ----------
    solution : Solution
        Of the model `feedback`.
    frequency : array_like
        Angular frequency, in units of the inverse time constant of a unit.
    along : str
        The vector along which the current enters, one of `theory.meanfield.readout.ENTRANCES`.
    point : int, optional
        Which of `solution.fixed_points`; the target if not given.

    Raises
    ------
    InputError
        For the solution of another model, or impossible arguments.
    DomainError
        Where the fixed point is unstable: a small signal grows.

    References
    ----------
    The transfer function of the open loop, derived in `theory.meanfield.readout`; its pole structure is that of the outliers of
    Mastrogiuseppe, Ostojic 2019.
    """
    solver = Solver.of(solution, FEEDBACK)
    omega, points = real_array(frequency, "frequencies must be real numbers"), solution.fixed_points
    require(
        (along in ENTRANCES, f"along = {str(along)[:40]} is not allowed; it must be one of {', '.join(ENTRANCES)}"),
        (np.all(np.isfinite(omega)), "frequencies must be finite"),
        (
            point is None or 0 <= point < len(points),
            f"point = {point} is not allowed; the solution has fixed points 0 to {len(points) - 1}",
        ),
    )
    numbers = solution.parameters
    target = numbers[FEEDBACK.network.target.name]
    chosen = min(points, key=lambda p: abs(p.z - target)) if point is None else points[point]
    if not chosen.stable:
        where = f"the fixed point at z = {chosen.z:.6g} is unstable"
        raise DomainError(f"{where}: small signals grow, there is no linear response")
    extra = [numbers[p.name] for p in solver.activation.parameters]
    state = (chosen.Delta0, chosen.z, solution.order_parameters["C"])
    given = (numbers["g"], *overlaps_at(solver.module, numbers).values(), *extra)
    growth = 1 + 1j * omega
    loop = solver.module.transfer_feedback(growth, *state, *given)
    signal = getattr(solver.module, f"transfer_{along}")(growth, *state, *given)
    return OutputResponse(signal, signal / (1 - loop))


def answer(solver: Solver, solution: Solution, asked: Sequence[float], settings: Mapping[str, Any]) -> Answer:
    """Responses of the output at the target; complex numbers as [re, im]."""
    columns = {
        f"{kind}_{entrance}": values.tolist()
        for entrance in ENTRANCES
        for kind, values in output_response(solution, asked, along=entrance)._asdict().items()
    }
    return Answer.of_columns("frequencies", "frequency", asked, columns)
