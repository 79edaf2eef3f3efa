"""The inverse problem: the effective coupling of a network from a measured covariance matrix of its activity.

By linear equivalence the participation dimension of <phi phi^T> depends on g_eff = g |<phi'>| alone, whatever the activation
and the units of the measurement.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; Hu & Sompolinsky 2022, PLoS Comput. Biol. 18, e1010327.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from numerics.codegen.fixedcouplings import fixed_couplings_module
from numerics.compare.estimate import Estimate
from numerics.covariance.couplings import real_array
from theory.errors import InputError, require

Array = NDArray[np.float64]

FEWEST_UNITS, FEWEST_DRAWS = 10, 10


def effective_coupling(
    covariance: ArrayLike, *, samples: int | None = None, draws: int = 60, seed: int = 0
) -> Estimate:
    """g_eff = g |<phi'>| of one network of `static`, from the covariance matrix of its activity.

    The dimension (tr C)^2/(N tr C^2) is inverted; bias and error are those of the same estimate on random networks of N
    units with the coupling found: median, and half the distance between the 16% and 84% quantiles. Close to g_eff = 1 the
    estimate has a long upper tail: over 60 networks of 100 units with g_eff = 0.8 the error was too small by 1.3 to 1.4.
    Close to 0 it is the square root of a difference, and not Gaussian: read it as an upper bound.

    Parameters
    ----------
    covariance : array_like, shape (N, N) or (N,)
        Covariance matrix of phi, in any units, or its eigenvalues; N >= 10.
    samples : int, optional
        Number of independent samples the covariance was measured with, less one if their mean was subtracted. Sampling
        noise adds (tr C)^2/samples to tr C^2, which is taken out (to leading order in 1/N for activities that are not
        Gaussian). Without it the covariance is taken as exact.
    draws : int
        Random networks for bias and error, at least 10.
    seed : int
        Of these draws.

    Returns
    -------
    Estimate
        Value, standard error, `draws` - 1. The value is 0 where the dimension is not below 1.

    Raises
    ------
    InputError
        For an unusable matrix, `samples` or `draws`.
    """
    eigenvalues = _eigenvalues(covariance, samples, draws)
    found = _coupling(eigenvalues, samples)
    random, N = np.random.default_rng(seed), eigenvalues.size
    again = [_coupling(_drawn(found, N, samples, random), samples) for _ in range(draws)]
    low, middle, high = np.quantile(again, [0.16, 0.5, 0.84])
    return Estimate(float(max(2 * found - middle, 0.0)), float((high - low) / 2), float(draws - 1))


def _coupling(eigenvalues: Array, samples: int | None) -> float:
    first, second = eigenvalues.mean(), np.mean(eigenvalues**2)
    if samples is not None:
        second -= eigenvalues.size * first**2 / samples
    dimension = first**2 / second if second > first**2 else 1.0
    return float(np.sqrt(fixed_couplings_module().coupling(dimension)))


def _drawn(coupling: float, N: int, samples: int | None, random: np.random.Generator) -> Array:
    """Eigenvalues of the covariance of a random network, measured with as many samples."""
    inverse = np.eye(N) - coupling * random.normal(scale=N**-0.5, size=(N, N))
    if samples is None:
        return np.asarray(np.linalg.svd(inverse, compute_uv=False) ** -2, dtype=float)
    activity = np.linalg.solve(inverse, random.normal(size=(N, samples)))
    return np.asarray(np.linalg.eigvalsh(activity @ activity.T / samples), dtype=float)


def _eigenvalues(covariance: ArrayLike, samples: int | None, draws: int) -> Array:
    given = real_array(covariance, "the covariance must be a matrix of real numbers, or its eigenvalues")
    square = given.ndim == 2 and given.shape[0] == given.shape[1]
    fits = (square or given.ndim == 1) and len(given) >= FEWEST_UNITS
    finite = np.all(np.isfinite(given))
    even = not (square and finite) or np.allclose(given, given.T, rtol=0, atol=1e-8 * np.abs(given).max(initial=0.0))
    require(
        (fits, f"the covariance has shape {given.shape}; (N, N) or (N,) with N >= {FEWEST_UNITS} is needed"),
        (finite, "the covariance has entries that are not finite"),
        (even, "the covariance matrix is not symmetric"),
        *(
            (
                isinstance(value, int | np.integer) and value >= least,
                f"{name} = {value}: an integer >= {least} is needed",
            )
            for name, value, least in (
                ("samples", 2 if samples is None else samples, 2),
                ("draws", draws, FEWEST_DRAWS),
            )
        ),
    )
    eigenvalues = np.asarray(np.linalg.eigvalsh(given), dtype=float) if square else given
    if not eigenvalues.sum() > 0 or eigenvalues.min() < -1e-8 * eigenvalues.max():
        raise InputError("the eigenvalues of a covariance matrix are not negative, and not all zero")
    return eigenvalues
