"""Arrays and coupling matrices handed in by the user: whether they are that, and of the ensemble that a solution is for."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.errors import InputError, require

Array = NDArray[np.float64]

DEVIATION = 10  # standard errors by which a moment of J may differ from that of its ensemble


def real_array(value: ArrayLike, refusal: str) -> Array:
    """What a user gave as an array of numbers; else an `InputError` with this sentence."""
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(refusal) from error


def coupling_matrix(J: ArrayLike) -> Array:
    """J as an array of shape (N, N).

    Raises
    ------
    InputError
        Where it is none, with all problems.
    """
    matrix = real_array(J, "J must be a matrix of real numbers")
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] and matrix.size > 0
    require(
        (square, f"J has shape {matrix.shape}; a square matrix is needed"),
        (np.all(np.isfinite(matrix)), "J has entries that are not finite"),
    )
    return matrix


def check_ensemble(matrix: Array, g: float, eta: float = 0.0) -> None:
    """Refuse couplings without the mean square g^2/N or without N <J_ij J_ji> = eta g^2.

    Both within ten standard errors; a share 1/N is left for self-couplings, which may be absent.
    """
    N = len(matrix)
    squares, slack = N * matrix**2, 2 * g**2 / N
    pairs = N * (matrix * matrix.T)[np.triu_indices(N, 1)] if N > 1 else np.array([eta * g**2])
    found, symmetry = squares.mean(), pairs.mean()
    require(
        (
            abs(found - g**2) <= DEVIATION * squares.std() / N + slack,
            f"the entries of J have mean square {found:.4g}/N, but the solution is for g^2/N with g^2 = {g**2:.4g}",
        ),
        (
            abs(symmetry - eta * g**2) <= DEVIATION * pairs.std() / np.sqrt(pairs.size) + slack,
            f"pairs of entries of J have N <J_ij J_ji> = {symmetry:.4g}, but the solution is for eta g^2 = {eta * g**2:.4g}",
        ),
    )
