"""Functions of lag and frequency that a solution carries: of one unit, of pairs, dimensions at one frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.covariance.couplings import real_array
from numerics.settings import Answer
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.errors import DomainError, require
from theory.models.dynamic import DYNAMIC

Array = NDArray[np.float64]


class Autocovariances(NamedTuple):
    """C_x and C_phi at the lags asked for.

    Attributes
    ----------
    x, phi : ndarray
        <x(t) x(t+lag)> and <phi(t) phi(t+lag)>, averaged over units, noise and time.
    """

    x: Array
    phi: Array


class OneSite(NamedTuple):
    """Functions of one unit, each of the shape of the frequencies.

    Attributes
    ----------
    S, T : array
        Mean responses of phi and of x to the field of a unit, complex.
    C, K, X : array
        <phi phi*>, <phi x*> (complex) and <x x*>.
    """

    S: NDArray[Any]
    T: NDArray[Any]
    C: NDArray[Any]
    K: NDArray[Any]
    X: NDArray[Any]


class PairStatistic(NamedTuple):
    """A statistic of pairs of units, for phi and for x, with absolute errors.

    Attributes
    ----------
    phi, x : ndarray
    error_phi, error_x : ndarray
        Of the integration; standard errors where the solution is sampled (eta other than 0).
    """

    phi: Array
    x: Array
    error_phi: Array
    error_x: Array


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
    solver, (lags,) = in_time(solution, lag)
    return Autocovariances(*solver.module.autocovariance(lags, **solution.parameters))


def pair_correlation(solution: Solution, t1: ArrayLike, t2: ArrayLike) -> PairStatistic:
    """N times the mean of C_ij(t1) C_ij(t2) over pairs of different units: psi(t1, t2).

    ``psi(tau, tau)`` is the mean squared cross-covariance at lag tau, which decays with the time of the population;
    ``psi(tau, -tau)`` decays with that of one unit.

    Parameters
    ----------
    solution : Solution
        Of the model `dynamic`.
    t1, t2 : array_like
        Lags in time constants of a unit, of any sign; they broadcast.

    Raises
    ------
    InputError
        For the solution of a model without time, or lags that are not finite.
    DomainError
        Where the integrals over the plane of two frequencies could not be resolved.

    References
    ----------
    Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
    """
    solver, (first, second) = in_time(solution, t1, t2)
    found = PairStatistic(*solver.module.pair_lags(first, second, **solution.parameters))
    if not np.all(np.isfinite(found.phi) & np.isfinite(found.error_phi)):
        raise DomainError("the pair spectra of this solution could not be resolved in the plane of two frequencies")
    return found


def frequency_dimension(solution: Solution, omega: ArrayLike) -> PairStatistic:
    """Participation ratio over N of the cross-spectral matrix C_ij(omega) at single frequencies.

    Parameters
    ----------
    solution : Solution
        Of the model `dynamic`.
    omega : array_like
        Angular frequencies, in units of the inverse time constant of a unit; at 0 they are `PR0_phi` and `PR0_x`.

    Raises
    ------
    InputError
        For the solution of a model without time, or frequencies that are not finite.

    References
    ----------
    Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
    """
    solver, (frequency,) = in_time(solution, omega)
    return PairStatistic(*solver.module.frequency_dimensions(frequency, **solution.parameters))


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
    solver, (frequency,) = in_time(solution, omega)
    found = _spectra(solver.module, tuple(solution.parameters.items()), frequency.tobytes())
    found = OneSite(*(part.reshape(frequency.shape).copy() for part in found))
    if np.any(np.isnan(found.C)):
        raise DomainError(f"the one-site functions for {solution.activation} at these parameters could not be resolved")
    return found


@lru_cache(maxsize=32)  # networks with the same one-site functions share most frequencies
def _spectra(module: ModuleType, given: tuple[tuple[str, Any], ...], omega: bytes) -> Sequence[NDArray[Any]]:
    return module.spectra(np.frombuffer(omega), **dict(given))


def in_time(solution: Solution, *numbers: ArrayLike) -> tuple[Solver, list[Array]]:
    """The solver of a solution in time, and arrays of finite numbers.

    Raises
    ------
    InputError
        For the solution of a model without time, or lags or frequencies that are not finite.
    """
    solver = Solver.of(solution, DYNAMIC)
    arrays = [real_array(number, "lags and frequencies must be real numbers") for number in numbers]
    require((all(np.all(np.isfinite(array)) for array in arrays), "lags and frequencies must be finite"))
    return solver, arrays


def answer_lags(solver: Solver, solution: Solution, asked: Sequence[float], settings: Mapping[str, Any]) -> Answer:
    """Autocovariances and mean squared cross-covariances at lags."""
    curve, pairs = autocovariance(solution, asked), pair_correlation(solution, asked, asked)
    columns = {"C_x": curve.x, "C_phi": curve.phi, "psi_x": pairs.x, "psi_phi": pairs.phi}
    return Answer.of_columns("lags", "lag", asked, {key: values.tolist() for key, values in columns.items()})


def answer_frequencies(
    solver: Solver, solution: Solution, asked: Sequence[float], settings: Mapping[str, Any]
) -> Answer:
    """Participation ratios at single frequencies."""
    found = frequency_dimension(solution, asked)
    columns = {"PR_x": found.x.tolist(), "PR_phi": found.phi.tolist()}
    return Answer.of_columns("frequencies", "frequency", asked, columns)
