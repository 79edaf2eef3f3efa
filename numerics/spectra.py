"""One-site functions of the network in time at real frequencies: responses and spectra of a solution.

Autocovariances are polynomials on panels of the lag, whose Fourier transforms are spherical Bessel functions: the rule holds at
every frequency, where a quadrature of exp(-i omega tau) would need nodes for every oscillation (Filon 1928; Bakhvalov, Vasil'eva
1968, USSR Comput. Math. Math. Phys. 8, 241).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray
from scipy.special import spherical_jn

from numerics.algorithms.primitive import ORDER
from numerics.algorithms.twotime import Autocovariance
from numerics.solution import Solution
from numerics.solve import Solver
from theory.errors import DomainError, InputError

Array = NDArray[Any]
Real = NDArray[np.float64]
BLOCK = 256  # frequencies transformed at once


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
    if not isinstance(solution, Solution) or solution.model != "dynamic":
        raise InputError(
            "a solution of the model 'dynamic' is needed, such as Solver('dynamic', 'tanh(x)').solve(g=1, sigma=1)"
        )
    frequency = np.asarray(omega, dtype=float)
    if not np.all(np.isfinite(frequency)):
        raise InputError("frequencies must be finite")
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
    module, values = Solver("dynamic", activation, filter=filter or None).module, dict(given)
    numbers = tuple(values.get(name, 0.0) for name in module.PARAMETERS)  # a noise without a parameter does not use it
    state = module.EQUATIONS.state(values["noise"], numbers, values.get("tau_n", 0.0))
    if state.status != module.SOLVED:
        raise DomainError(f"the one-site functions for {activation} at these parameters could not be resolved")
    if isinstance(state, module.GaussianState):
        state = copy(state)
        state.found = PiecewiseTransform(state.found)
    return state.sites


class PiecewiseTransform:
    """Fourier transforms of C_x and C_phi, from the polynomials through the nodes of each panel.

    Parameters
    ----------
    found : Autocovariance
        Its weights add up to the length of each panel, so that nodes and weights tell the panels.
    """

    def __init__(self, found: Autocovariance) -> None:
        length = found.weight.reshape(-1, ORDER).sum(axis=1)
        self.half = 0.5 * length
        self.middle = np.cumsum(length) - self.half
        place = (found.lag.reshape(-1, ORDER) - self.middle[:, None]) / self.half[:, None]
        both = np.stack([found.x.reshape(-1, ORDER), found.phi.reshape(-1, ORDER)], axis=-1)
        legendre_series = np.linalg.solve(legendre.legvander(place, ORDER - 1), both)
        # int_-1^1 P_n(t) exp(-i k t) dt = 2 (-i)^n j_n(k), and both halves of the lag axis count
        self.series = 4.0 * self.half[:, None, None] * (-1j) ** np.arange(ORDER)[:, None] * legendre_series

    def spectra(self, omega: Real) -> Real:
        """Spectra of x and of phi, shape (2, frequencies)."""
        parts = []
        for block in np.array_split(np.abs(omega), 1 + omega.size // BLOCK):
            bessel = spherical_jn(np.arange(ORDER), block[:, None, None] * self.half[:, None])
            phase = np.exp(-1j * block[:, None] * self.middle)
            parts.append(np.real(np.einsum("wp,wpn,pnk->kw", phase, bessel, self.series)))
        return np.concatenate(parts, axis=1)
