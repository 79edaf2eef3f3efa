"""The autocovariance functions of a solution: `quenched.autocovariance(solution, lag)`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.solution import Solution
from numerics.solve import Solver
from theory.errors import InputError


class Autocovariances(NamedTuple):
    """C_x and C_phi at the lags asked for.

    Attributes
    ----------
    x, phi : ndarray
        <x(t) x(t+lag)> and <phi(t) phi(t+lag)>, averaged over units, noise and time.
    """

    x: NDArray[np.float64]
    phi: NDArray[np.float64]


def autocovariance(solution: Solution, lag: ArrayLike) -> Autocovariances:
    """Autocovariance functions of x and phi.

    Parameters
    ----------
    solution : Solution
        Of the model `dynamic`.
    lag : array_like
        In time constants of a unit; the sign does not matter.

    Raises
    ------
    InputError
        For the solution of a model without time, or lags that are not finite.
    """
    solver = Solver.of(solution)
    if solver.module.EQUATION != "autocovariance":
        raise InputError(f"the model {solution.model} has no time; an autocovariance needs the model dynamic")
    lags = np.asarray(lag, dtype=float)
    if not np.all(np.isfinite(lags)):
        raise InputError("lag must be finite")
    return Autocovariances(*solver.module.autocovariance(lags, **solution.parameters))
