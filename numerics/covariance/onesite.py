"""One-site functions of the network in time at real frequencies: responses and spectra of a solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.covariance.correlation import in_time
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.errors import DomainError
from theory.models.dynamic import DYNAMIC

Array = NDArray[Any]
Real = NDArray[np.float64]


class OneSite(NamedTuple):
    """Functions of one unit, each of the shape of the frequencies.

    Attributes
    ----------
    S, T : array
        Mean responses of phi and of x to the field of a unit, complex.
    C, K, X : array
        <phi phi*>, <phi x*> (complex) and <x x*>.
    """

    S: Array
    T: Array
    C: Array
    K: Array
    X: Array


def one_site(solution: Solution, omega: ArrayLike) -> OneSite:
    """Responses and spectra of a solution.

    Parameters
    ----------
    solution : Solution
        Of the model `dynamic`.
    omega : array_like
        Real angular frequencies, in units of the inverse time constant of a unit; spectra are
        ``int C(tau) exp(-i omega tau) dtau``.

    Returns
    -------
    OneSite

    Raises
    ------
    InputError
        For the solution of a model without time, or frequencies that are not finite.

    References
    ----------
    Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
    """
    _, (frequency,) = in_time(solution, omega)
    even = np.abs(frequency.ravel())
    found = _sampled(solution.activation, solution.filter, tuple(solution.parameters.items()), even.tobytes())
    whole = (np.broadcast_to(part, even.size).reshape(frequency.shape) for part in found)
    return OneSite(*(np.where(frequency < 0, np.conj(part), part) for part in whole))


@lru_cache(maxsize=32)  # networks with the same one-site functions share most frequencies
def _sampled(activation: str, filter: str, given: tuple[tuple[str, Any], ...], omega: bytes) -> Sequence[Array]:
    return _unit(activation, filter, given)(np.frombuffer(omega))


@lru_cache(maxsize=8)
def _unit(activation: str, filter: str, given: tuple[tuple[str, Any], ...]) -> Callable[[Real], Sequence[Array]]:
    """S, T, C, K, X as functions of frequencies >= 0."""
    module, values = Solver(DYNAMIC.name, activation, filter=filter or None).module, dict(given)
    numbers = tuple(values.get(name, 0.0) for name in module.PARAMETERS)  # a noise without a parameter does not use it
    state = module.EQUATIONS.state(values["noise"], numbers, values.get("tau_n", 0.0))
    if state.status != module.SOLVED:
        raise DomainError(f"the one-site functions for {activation} at these parameters could not be resolved")
    return state.sites
