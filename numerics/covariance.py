"""Covariance matrices of one static network, predicted from its couplings: `quenched.covariance(solution, J)`.

Evaluates the generated code of what `theory.equivalence` derives. Leading order in 1/N, entry by entry.

Sources: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.codegen.fixedcouplings import fixed_couplings_module
from numerics.solution import Solution
from theory.errors import DomainError, InputError

Array = NDArray[np.float64]

DEVIATION = 10  # standard errors by which the mean square of J may differ from g^2/N


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


def covariance(solution: Solution, J: ArrayLike, *, formal: bool = False) -> CovarianceMatrices:
    """Covariance matrices of one network, predicted from its couplings.

    Parameters
    ----------
    solution : Solution
        Of the model `static`.
    J : array_like, shape (N, N)
        Couplings; `J[i, j]` is the weight of unit j in the input of unit i. Mean square g^2/N, as in the solution.
    formal : bool
        Take a solution that is flagged unstable, as that of the formal saddle.

    Returns
    -------
    CovarianceMatrices
        Right to leading order in 1/N, entry by entry.

    Raises
    ------
    InputError
        For an unusable `J`, a solution of another model, or a `J` of another coupling strength.
    DomainError
        For an unstable solution, and where the spectral radius of gain J is not below 1.

    References
    ----------
    Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
    """
    matrix = _couplings(J)
    values = numbers_of(solution, formal)
    _check_strength(matrix, values["g"])
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
    return CovarianceMatrices(_symmetric(phi), _symmetric(x), phi_x)


def numbers_of(solution: Solution, formal: bool) -> dict[str, float]:
    """Parameters, order parameters and observables of a solution, after refusing what the theory does not cover."""
    if not isinstance(solution, Solution) or solution.model != "static":
        raise InputError(
            "a solution of the model 'static' is needed, such as Solver('static', 'tanh(x)').solve(g=1, sigma=1)"
        )
    if "Delta0" in solution.order_parameters:
        raise DomainError(
            f"{solution.activation} is not odd: the covariance matrix at fixed couplings is derived for odd activations only"
        )
    if not (solution.stable or formal):
        raise DomainError("; ".join(solution.messages) + "; formal=True takes it nevertheless")
    return {**solution.parameters, **solution.order_parameters, **solution.observables}


def _couplings(J: ArrayLike) -> Array:
    try:
        matrix = np.asarray(J, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError("J must be a matrix of real numbers") from error
    problems = []
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        problems.append(f"J has shape {matrix.shape}; a square matrix is needed")
    if not np.all(np.isfinite(matrix)):
        problems.append("J has entries that are not finite")
    if problems:
        raise InputError(problems)
    return matrix


def _check_strength(matrix: Array, g: float) -> None:
    """Refuse couplings that do not have the mean square g^2/N; without self-couplings it is smaller by a factor 1 - 1/N."""
    N = len(matrix)
    squares = N * matrix**2
    allowed = DEVIATION * squares.std() / N + 2 * g**2 / N
    if not abs(squares.mean() - g**2) <= allowed:
        raise InputError(
            f"the entries of J have mean square {squares.mean():.4g}/N, but the solution is for g^2/N with g^2 = {g**2:.4g}"
        )


def _symmetric(matrix: Array) -> Array:
    return 0.5 * (matrix + matrix.T)
