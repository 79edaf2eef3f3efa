"""Spectrum of the activity covariance of a large static network: `quenched.spectrum(solution)`.

Evaluates the generated code of what `theory.spectrum` derives. N -> infinity.

Sources: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft, optimize

from numerics.codegen.fixedcouplings import fixed_couplings_module
from numerics.covariance import numbers_of
from numerics.solution import Solution
from theory import spectrum as law
from theory.errors import DomainError, InputError

Array = NDArray[np.float64]

RESOLVED = 1e-15  # relative size of the last coefficients of a cosine series
MOST_POINTS = 4096
BISECTIONS = 60


def spectrum(solution: Solution, *, formal: bool = False) -> Spectrum:
    """Law of the eigenvalues of the covariance matrix <phi phi^T> of one large network.

    Parameters
    ----------
    solution : Solution
        Of the model `static`.
    formal : bool
        Take a solution that is flagged unstable, as that of the formal saddle.

    Returns
    -------
    Spectrum
        N -> infinity; the same for almost every J.

    Raises
    ------
    InputError
        For a solution of another model.
    DomainError
        For an unstable solution, and at gamma = g^2 <phi'>^2 = 1, where the law does not exist.

    References
    ----------
    Hu & Sompolinsky 2022, PLoS Comput. Biol. 18, e1010327; Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
    """
    values = numbers_of(solution, formal)
    arguments = values["C_phi"], values["gain"], values["g"]
    coupling, scale = fixed_couplings_module().parameters(*arguments)
    if not coupling < 1:
        raise DomainError(f"gamma = g^2 <phi'>^2 = {coupling:.6g} is not below 1: the covariance matrix does not exist")
    return Spectrum(coupling=float(coupling), scale=float(scale))


@dataclass(frozen=True)
class Spectrum:
    """Law of the eigenvalues of `scale` R R^T, R = (1 - sqrt(coupling) G)^{-1}, G Ginibre of variance 1/N.

    Eigenvalues are in the units of <phi^2>.

    Attributes
    ----------
    coupling : float
        gamma = g^2 <phi'>^2, 0 <= gamma < 1. At 0 all eigenvalues are equal to `scale`.
    scale : float
        <phi^2> (1 - gamma).
    """

    coupling: float
    scale: float

    @property
    def edges(self) -> tuple[float, float]:
        """Ends of the support."""
        low, high = self._eigenvalue(self._width * np.array([-1.0, 1.0]))
        return float(low), float(high)

    def moments(self, k: int) -> Array:
        """(1/N) tr C_phi^j for j = 1, ..., k, shape (k,); powers of <phi^2>."""
        if not (isinstance(k, int | np.integer) and k >= 1):
            raise InputError(f"k = {k}: the number of moments must be an integer >= 1")
        return self.scale ** np.arange(1, k + 1) * _moments(int(k), self.coupling)

    def density(self, values: ArrayLike) -> Array:
        """Probability density of an eigenvalue at `values`, of their shape; 0 outside the support.

        At gamma = 0 the law is a point mass: infinite there, 0 elsewhere.
        """
        values = np.asarray(values, dtype=float)
        if self._width == 0:
            return np.where(values == self.scale, np.inf, _nan_kept(values, 0.0))
        t = self._coordinate(values)
        inside = np.abs(t) < self._width
        height = fixed_couplings_module().density(np.where(inside, t, 0.0), self.coupling) / self.scale
        return np.where(inside, height, _nan_kept(values, 0.0))

    def cdf(self, values: ArrayLike) -> Array:
        """Fraction of eigenvalues below `values`, of their shape."""
        values = np.asarray(values, dtype=float)
        if self._width == 0:
            return _nan_kept(values, np.where(values >= self.scale, 1.0, 0.0))
        t = self._coordinate(values)
        return _nan_kept(values, self._below(np.arccos(np.clip(-t / self._width, -1.0, 1.0))))

    def quantile(self, fractions: ArrayLike) -> Array:
        """Eigenvalue below which a fraction of all lies, of the shape of `fractions`.

        Raises
        ------
        InputError
            For fractions outside [0, 1].
        """
        fractions = np.asarray(fractions, dtype=float)
        if not np.all((fractions >= 0) & (fractions <= 1)):
            raise InputError("fractions must lie between 0 and 1")
        low, high = np.zeros(fractions.shape), np.full(fractions.shape, np.pi)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = self._below(middle) < fractions
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return self._eigenvalue(-self._width * np.cos(0.5 * (low + high)))

    # t = -width cos(theta) on the support; in theta the law is smooth, with the square roots at both edges lifted

    @cached_property
    def _width(self) -> float:
        return float(fixed_couplings_module().half_width(self.coupling))

    def _eigenvalue(self, t: Array) -> Array:
        return self.scale * fixed_couplings_module().eigenvalue(t, self.coupling)

    def _coordinate(self, values: Array) -> Array:
        """The t of an eigenvalue. Newton contracts from anywhere: the logarithmic slope lies between 2 and 3."""
        with np.errstate(divide="ignore", invalid="ignore"):
            target = np.log(values / self.scale)
        finite = np.isfinite(target)
        code = fixed_couplings_module()

        def excess(t: Array) -> Array:
            return np.log(code.eigenvalue(t, self.coupling)) - target[finite]

        t = np.where(values > 0, np.inf, -np.inf)
        if finite.any():
            start = (target[finite] + 1.5 * np.log1p(-self.coupling)) / 2.5
            t[finite] = optimize.newton(excess, start, fprime=lambda t: code.slope(t, self.coupling), tol=1e-15)
        return t

    @cached_property
    def _series(self) -> Array:
        """Coefficients of the cosine series in theta of the density of theta."""
        points = 32
        while True:
            theta = np.pi * (np.arange(points) + 0.5) / points
            t = -self._width * np.cos(theta)
            code = fixed_couplings_module()
            weight = code.density(t, self.coupling) * code.eigenvalue(t, self.coupling) * code.slope(t, self.coupling)
            series = fft.dct(weight * self._width * np.sin(theta)) / points
            series[0] /= 2
            if np.abs(series[-4:]).max() <= RESOLVED * np.abs(series).max() or points >= MOST_POINTS:
                return series
            points *= 2

    def _below(self, theta: Array) -> Array:
        """Probability of a smaller theta: the cosine series integrated term by term."""
        series = self._series
        order = np.arange(1, series.size)
        total = series[0] * theta + np.sin(theta[..., None] * order) @ (series[1:] / order)
        return np.clip(total, 0.0, 1.0)


def _nan_kept(values: Array, result: ArrayLike) -> Array:
    return np.where(np.isnan(values), np.nan, result)


@lru_cache(maxsize=64)
def _moments(k: int, coupling: float) -> Array:
    return np.array([float(law.moment(j).subs(law.y, coupling)) for j in range(1, k + 1)])
