"""Covariance matrices of one network, predicted from its couplings: `quenched.covariance(solution, J)`.

Evaluates the generated code of what `theory.equivalence` derives, at rest and in time. Leading order in 1/N, entry by entry.

Sources: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.codegen.fixedcouplings import fixed_couplings_module
from numerics.covariance.couplings import check_ensemble, coupling_matrix, real_array
from numerics.models import find_treatment, treatments
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.errors import DomainError, InputError, require
from theory.models.dynamic import DYNAMIC
from theory.models.static import STATIC

Array = NDArray[np.float64]


class CovarianceMatrices(NamedTuple):
    """Covariances over the noise at fixed couplings, each of shape (N, N).

    Attributes
    ----------
    phi, x : array
        <phi_i phi_j> and <x_i x_j>.
    phi_x : array
        <phi_i x_j>.
    """

    phi: Array
    x: Array
    phi_x: Array


def covariance(solution: Solution, J: ArrayLike, *, frequency: ArrayLike | None = None, formal: bool = False) -> Any:
    """Covariance matrices of one network, predicted from its couplings.

    Parameters
    ----------
    solution : Solution
        Of the model `static` or `dynamic`.
    J : array_like, shape (N, N)
        Couplings; `J[i, j]` is the weight of unit j in the input of unit i. Mean square g^2/N, as in the solution, and
        N <J_ij J_ji> = eta g^2 where it has an `eta`, else 0.
    frequency : array_like, optional
        Of a network in time: cross-spectral matrices ``int <a_i(t+tau) a_j(t)> exp(-i omega tau) dtau`` at these angular
        frequencies instead of covariances at equal times.
    formal : bool
        Take a static solution that is flagged unstable, as that of the formal saddle.

    Returns
    -------
    CovarianceMatrices or CovarianceInTime
        With the matrices `phi`, `x` and `phi_x`, right to leading order in 1/N, entry by entry. Those of a network in time have
        the `error` of the integral over frequency and `messages`.

    Raises
    ------
    InputError
        For an unusable `J`, a solution of another model, or a `J` of another coupling strength or symmetry.
    DomainError
        For an unstable solution, and where the linearly equivalent network of this `J` is unstable.

    References
    ----------
    Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; in time Clark 2026, arXiv 2604.23489.
    """
    matrix = coupling_matrix(J)
    known = [treatment for treatment in treatments() if treatment.covariance is not None]
    solver = Solver.of(solution, *(treatment.model for treatment in known))
    predict = find_treatment(solver.model.name).covariance
    assert predict is not None
    if frequency is not None:
        frequency = real_array(frequency, "frequency must be a real number, or an array of them")
        finite = frequency.size > 0 and np.all(np.isfinite(frequency))
        require((finite, "frequency must be finite, and there must be one"))
    return predict(solution, matrix, frequency, formal)


def static_covariance(solution: Solution, matrix: Array, frequency: Array | None, formal: bool) -> CovarianceMatrices:
    """Covariance matrices of a network at rest; see `covariance`."""
    values = numbers_of(solution, formal)
    if frequency is not None:
        raise InputError(f"a frequency has a meaning only for a solution of the model '{DYNAMIC.name}'")
    check_ensemble(matrix, values["g"])
    gain = values["gain"]
    radius = float(np.abs(np.linalg.eigvals(gain * matrix)).max())
    if not radius < 1:
        raise DomainError(
            f"the spectral radius of <phi'> J is {radius:.4g}, not below 1: the linearly equivalent network has no fixed point"
        )
    code = fixed_couplings_module()
    response = code.propagator(len(matrix), matrix, gain)
    phi, x, phi_x = code.covariances(
        len(matrix), matrix, response, *(values[key] for key in ("Delta", "C_phi", "gain", "g", "sigma"))
    )
    return CovarianceMatrices(0.5 * (phi + phi.T), 0.5 * (x + x.T), phi_x)


def numbers_of(solution: Solution, formal: bool) -> dict[str, float]:
    """Parameters, order parameters and observables of a solution, after refusing what the theory does not cover."""
    Solver.of(solution, STATIC)
    if "Delta0" in solution.order_parameters:
        raise DomainError(
            f"{solution.activation} is not odd: the covariance matrix at fixed couplings is derived for odd activations only"
        )
    if not (solution.stable or formal):
        raise DomainError("; ".join(solution.messages) + "; formal=True takes it nevertheless")
    return {**solution.parameters, **solution.order_parameters, **solution.observables}
