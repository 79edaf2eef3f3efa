"""One-site functions of the network in time at real frequencies: responses and spectra of a solution.

The autocovariances are polynomials on panels of the lag, whose Fourier transforms are spherical Bessel functions: the rule is exact
at every frequency, where a quadrature of exp(-i omega tau) would need nodes for every oscillation (Filon 1928; Bakhvalov, Vasil'eva
1968, USSR Comput. Math. Math. Phys. 8, 241).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray
from scipy.special import spherical_jn

from numerics.algorithms import autocovariance
from numerics.algorithms.primitive import ORDER
from numerics.algorithms.twotime import Autocovariance
from numerics.codegen.couplingsintime import couplings_in_time_module
from numerics.solution import Solution
from numerics.solve import Solver
from theory.errors import DomainError, InputError

Complex = NDArray[np.complex128]
Transform = Callable[[NDArray[np.float64]], NDArray[np.float64]]
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

    S: Complex
    T: Complex
    C: Complex
    K: Complex
    X: Complex


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
    X, C = _sampled(solution.activation, tuple(solution.parameters.items()), even.tobytes())
    shape = frequency.shape
    closed = couplings_in_time_module().one_site(
        1j * frequency, solution.observables["gain"], C.reshape(shape), X.reshape(shape)
    )
    return OneSite(*closed)


@lru_cache(maxsize=32)  # networks with the same one-site functions share most frequencies
def _sampled(activation: str, given: tuple[tuple[str, object], ...], omega: bytes) -> NDArray[np.float64]:
    return _transform(activation, given)(np.frombuffer(omega))


@lru_cache(maxsize=8)
def _transform(activation: str, given: tuple[tuple[str, object], ...]) -> Transform:
    """Spectra of x and phi as functions of frequency."""
    module, values = Solver("dynamic", activation).module, dict(given)
    numbers = tuple(values.get(name, 0.0) for name in module.PARAMETERS)  # a noise without a parameter does not use it
    status, _, _, found, *_ = module.EQUATIONS.correlations(values["noise"], numbers, values.get("tau_n", 0.0))
    if status != autocovariance.SOLVED:
        raise DomainError(f"the autocovariance for {activation} at these parameters could not be resolved")
    return piecewise_transform(found)


def piecewise_transform(found: Autocovariance) -> Transform:
    """Spectra of x and phi, shape (2, frequencies), from the polynomials through the nodes of each panel.

    The weights of a panel add up to its length, so that the panels can be told from nodes and weights.
    """
    length = found.weight.reshape(-1, ORDER).sum(axis=1)
    end = np.cumsum(length)
    half, middle = 0.5 * length, end - 0.5 * length
    basis = legendre.legvander((found.lag.reshape(-1, ORDER) - middle[:, None]) / half[:, None], ORDER - 1)
    both = np.stack([found.x.reshape(-1, ORDER), found.phi.reshape(-1, ORDER)], axis=-1)
    # int_-1^1 P_n(t) exp(-i k t) dt = 2 (-i)^n j_n(k), and both halves of the lag axis count
    series = 4.0 * half[:, None, None] * (-1j) ** np.arange(ORDER)[:, None] * np.linalg.solve(basis, both)

    def spectra(omega: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = []
        for block in np.array_split(omega, 1 + omega.size // BLOCK):
            bessel = spherical_jn(np.arange(ORDER), block[:, None, None] * half[:, None])
            phase = np.exp(-1j * block[:, None] * middle)
            parts.append(np.real(np.einsum("wp,wpn,pnk->kw", phase, bessel, series)))
        return np.concatenate(parts, axis=1)

    return spectra
