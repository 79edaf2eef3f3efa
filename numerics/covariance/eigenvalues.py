"""Spectra of the covariance matrices of a large static network: `quenched.spectrum(solution, of="phi")`.

Evaluates the generated code of what `theory.equivalence` derives. N -> infinity.

Sources: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft
from sympy import Poly, Rational

from numerics.codegen.fixedcouplings import fixed_couplings_module
from numerics.covariance.matrices import numbers_of
from numerics.solve.solution import Solution
from theory.equivalence import eigenvalues_phi as law_of_phi
from theory.equivalence import eigenvalues_x as law_of_x
from theory.errors import DomainError, InputError

Array = NDArray[np.float64]

RESOLVED = 1e-14  # relative size at which the coefficients of a cosine series are dropped
MOST_POINTS = 4096
BISECTIONS = 60
NEWTON_STEPS = 10  # the error at least halves, and is squared over 16 once it is small


def spectrum(solution: Solution, of: str = "phi", *, formal: bool = False) -> Spectrum:
    """Law of the eigenvalues of a covariance matrix of one large network.

    Parameters
    ----------
    solution : Solution
        Of the model `static`.
    of : {'phi', 'x'}
        Covariance of the activities, <phi phi^T>, or of the preactivations, <x x^T>.
    formal : bool
        Take a solution that is flagged unstable, as that of the formal saddle.

    Returns
    -------
    Spectrum
        N -> infinity; the same for almost every J. Eigenvalues are in units of <phi^2> or <x^2>.

    Raises
    ------
    InputError
        For a solution of another model, or another `of`.
    DomainError
        For an unstable solution, and where gamma = g^2 <phi'>^2 is not below 1.

    References
    ----------
    Hu & Sompolinsky 2022, PLoS Comput. Biol. 18, e1010327; Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
    """
    if of not in ("phi", "x"):
        raise InputError(f"of = {of!r}: must be 'phi' or 'x'")
    values = numbers_of(solution, formal)
    arguments = (values[key] for key in ("Delta", "C_phi", "gain", "g", "sigma"))
    coupling, scale, remainder, noise = map(float, fixed_couplings_module().parameters(*arguments))
    if not coupling < 1:
        raise DomainError(f"gamma = g^2 <phi'>^2 = {coupling:.6g} is not below 1: the covariance matrix does not exist")
    if of == "phi":
        return ActivitySpectrum(coupling, scale)
    return PreactivationSpectrum(coupling, max(remainder, 0.0), noise)


class Spectrum(ABC):
    """Law of the eigenvalues of a covariance matrix; the support is one interval.

    On the support an angle theta, from 0 at its lower end to pi at its upper end, lifts the singularities of the density
    at both ends: the density of theta is a fast converging cosine series, from which the distribution follows.
    """

    @property
    @abstractmethod
    def edges(self) -> tuple[float, float]:
        """Ends of the support, equal without coupling, when the law is a point mass."""

    @abstractmethod
    def _eigenvalue(self, theta: Array) -> Array:
        """Eigenvalue at an angle."""

    @abstractmethod
    def _angle(self, values: Array) -> Array:
        """Angle of an eigenvalue inside the support."""

    @abstractmethod
    def _angular_density(self, theta: Array) -> Array:
        """Density of the angle, for 0 < theta < pi."""

    @abstractmethod
    def _density(self, values: Array) -> Array:
        """Density of the eigenvalue inside the support."""

    def moments(self, k: int) -> Array:
        """(1/N) tr C^j for j = 1, ..., k, shape (k,).

        Raises
        ------
        InputError
            Unless k is an integer >= 1.
        """
        if not (isinstance(k, int | np.integer) and k >= 1):
            raise InputError(f"k = {k}: the number of moments must be an integer >= 1")
        return self._moments(int(k))

    def density(self, values: ArrayLike) -> Array:
        """Probability density of an eigenvalue at `values`, of their shape; 0 outside the support.

        A point mass is infinite at its place.
        """
        values = np.asarray(values, dtype=float)
        low, high = self.edges
        result = np.where(np.isnan(values), np.nan, 0.0)
        if low == high:
            return np.where(values == low, np.inf, result)
        inside = (values > low) & (values < high)
        result[inside] = self._density(values[inside])
        return result

    def cdf(self, values: ArrayLike) -> Array:
        """Fraction of eigenvalues below `values`, of their shape."""
        values = np.asarray(values, dtype=float)
        low, high = self.edges
        result = np.where(np.isnan(values), np.nan, np.where(values >= high, 1.0, 0.0))
        inside = (values > low) & (values < high)
        if inside.any():
            result[inside] = self._below(self._angle(values[inside]))
        return result

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
        if self.edges[0] < self.edges[1]:
            for _ in range(BISECTIONS):
                middle = 0.5 * (low + high)
                below = self._below(middle) < fractions
                low, high = np.where(below, middle, low), np.where(below, high, middle)
        return self._eigenvalue(np.where(fractions == 1, np.pi, low))

    def _moments(self, k: int) -> Array:
        """By the midpoint rule in theta, which converges as fast as the cosine series."""
        if self.edges[0] == self.edges[1]:
            return np.power(self.edges[0], np.arange(1, k + 1), dtype=float)
        theta = _midpoints(2 * self._series.size)
        weight = self._angular_density(theta) * np.pi / theta.size
        return np.array([weight @ self._eigenvalue(theta) ** j for j in range(1, k + 1)])

    @cached_property
    def _series(self) -> Array:
        """Coefficients of the cosine series of the angular density."""
        points = 16
        while True:
            points *= 2
            series = fft.dct(self._angular_density(_midpoints(points))) / points
            series[0] /= 2
            needed = np.flatnonzero(np.abs(series) > RESOLVED * np.abs(series).max())[-1] + 1
            if needed < 0.9 * points or points >= MOST_POINTS:
                return series[:needed]

    def _below(self, theta: Array) -> Array:
        """Probability of a smaller angle: the cosine series integrated term by term."""
        sines = np.append(0.0, self._series[1:] / np.arange(1, self._series.size))
        total = self._series[0] * theta + np.polynomial.polynomial.polyval(np.exp(1j * theta), sines).imag
        return np.clip(total, 0.0, 1.0)


@dataclass(frozen=True)
class ActivitySpectrum(Spectrum):
    """Law of the eigenvalues of <phi phi^T> = scale R R^T, R = (1 - sqrt(coupling) G)^{-1}, G Ginibre of variance 1/N.

    Attributes
    ----------
    coupling : float
        gamma = g^2 <phi'>^2, 0 <= gamma < 1.
    scale : float
        <phi^2> (1 - gamma).
    """

    coupling: float
    scale: float

    @cached_property
    def edges(self) -> tuple[float, float]:
        """Ends of the support."""
        low, high = self._eigenvalue(np.array([0.0, np.pi]))
        return float(low), float(high)

    @cached_property
    def _width(self) -> float:
        return float(fixed_couplings_module().half_width(self.coupling))

    def _position(self, theta: Array) -> Array:
        """The coordinate t of the law, from -width to width."""
        return -self._width * np.cos(theta)

    def _eigenvalue(self, theta: Array) -> Array:
        return self.scale * fixed_couplings_module().eigenvalue(self._position(theta), self.coupling)

    def _angle(self, values: Array) -> Array:
        return np.arccos(np.clip(-self._coordinate(values) / self._width, -1.0, 1.0))

    def _angular_density(self, theta: Array) -> Array:
        code, t = fixed_couplings_module(), self._position(theta)
        stretch = code.eigenvalue(t, self.coupling) * code.slope(t, self.coupling) * self._width * np.sin(theta)
        return code.density(t, self.coupling) * stretch

    def _density(self, values: Array) -> Array:
        t = np.clip(self._coordinate(values), -self._width, self._width)
        return fixed_couplings_module().density(t, self.coupling) / self.scale

    def _coordinate(self, values: Array) -> Array:
        """The t of an eigenvalue. Newton contracts from anywhere, as the logarithmic slope lies between 2 and 3."""
        code, target = fixed_couplings_module(), np.log(values / self.scale)
        t = (target + 1.5 * np.log1p(-self.coupling)) / 2.5
        for _ in range(NEWTON_STEPS):
            t = t - (np.log(code.eigenvalue(t, self.coupling)) - target) / code.slope(t, self.coupling)
        return t

    def _moments(self, k: int) -> Array:
        """In closed form."""
        return self.scale ** np.arange(1, k + 1) * _closed_moments(k, self.coupling)


@dataclass(frozen=True)
class PreactivationSpectrum(Spectrum):
    """Law of the eigenvalues of <x x^T> = R (noise + remainder G G^T) R^T, R = (1 - sqrt(coupling) G)^{-1}.

    Attributes
    ----------
    coupling : float
        gamma = g^2 <phi'>^2, 0 <= gamma < 1.
    remainder : float
        g^2 (<phi^2> - <phi'>^2 <x^2>), 0 for a linear network.
    noise : float
        sigma^2.
    """

    coupling: float
    remainder: float
    noise: float

    @cached_property
    def edges(self) -> tuple[float, float]:
        """Ends of the support: the two largest real zeros of the discriminant."""
        if self.coupling == 0 and self.remainder == 0:
            return self.noise, self.noise
        given = zip((law_of_x.y, law_of_x.k, law_of_x.s), self._parameters, strict=True)
        polynomial = Poly(law_of_x.derive().edges.subs({name: Rational(v) for name, v in given}), law_of_x.z)
        low, high = sorted({float(root.evalf(20)) for root in polynomial.real_roots()})[-2:]
        return low, high

    @property
    def _parameters(self) -> tuple[float, float, float]:
        return self.coupling, self.remainder, self.noise

    @property
    def _offset(self) -> float:
        """The eigenvalue plus this is spread evenly in its logarithm."""
        return self.noise + self.remainder

    @cached_property
    def _decades(self) -> float:
        low, high = self.edges
        return float(np.log1p((high - low) / (low + self._offset)))

    def _above_low(self, theta: Array) -> Array:
        return (self.edges[0] + self._offset) * np.expm1(self._decades * np.sin(theta / 2) ** 2)

    def _eigenvalue(self, theta: Array) -> Array:
        return self.edges[0] + self._above_low(theta)

    def _angle(self, values: Array) -> Array:
        above = np.log1p((values - self.edges[0]) / (self.edges[0] + self._offset))
        return 2 * np.arcsin(np.sqrt(np.clip(above / self._decades, 0.0, 1.0)))

    def _angular_density(self, theta: Array) -> Array:
        stretch = (self._eigenvalue(theta) + self._offset) * self._decades * np.sin(theta) / 2
        return self._density(self._eigenvalue(theta)) * stretch

    def _density(self, values: Array) -> Array:
        """Imaginary part of the resolvent, at the complex root of the cubic, over pi."""
        code = fixed_couplings_module()
        companion = np.zeros((*values.shape, 3, 3))
        companion[..., 1, 0] = companion[..., 2, 1] = 1.0
        for column, coefficient in enumerate(code.cubic(values, *self._parameters)):
            companion[..., 0, column] = -coefficient
        roots = np.linalg.eigvals(companion)
        chosen = np.take_along_axis(roots, np.argmax(roots.imag, axis=-1)[..., None], axis=-1)[..., 0]
        return np.abs(np.imag(code.resolvent(chosen, values, *self._parameters))) / np.pi


def _midpoints(count: int) -> Array:
    return np.pi * (np.arange(count) + 0.5) / count


@lru_cache(maxsize=64)
def _closed_moments(k: int, coupling: float) -> Array:
    return np.array([float(law_of_phi.moment(j).subs(law_of_phi.y, coupling)) for j in range(1, k + 1)])
