r"""Total and frozen variance of a field that fluctuates in time about a frozen part, whatever drives it.

The autocovariance C(tau) of one unit moves, as a particle in time tau, from the total variance D at rest to the frozen variance q
at rest, under the force S + g^2 f(c) - c, f(c) = <phi(u) phi(v)> for u, v of variance D and covariance c. S is the variance of
what drives the unit from outside and does not change in time (derived in `theory.meanfield.chaos`):

    q = S + g^2 f(q),        int_q^D (S + g^2 f(c) - c) dc = 0.

Source: Sompolinsky, Crisanti, Sommers 1988.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from numerics.averages.pair import pair_function
from theory.activation.activation import Activation
from theory.errors import DomainError

ITERATIONS = 80  # of the secant rule for q
ROUNDING = 1e-14  # relative error of one two-point average
SMALLEST = 1e-7  # fluctuating share of the variance below which rounding hides it
NODES = 24  # of the integral over c
TOLERANCE = 1e-12  # of the total variance, relative
BELOW_ONE = 1 - 2.0**-53
# Keyed by whether phi is smooth: at a kink f has a singularity (1 - c/D)^(p + 1/2) or a logarithm, which the fourth root of
# the distance smooths.
GRADING = {True: 1, False: 4}


Force = Callable[[ArrayLike], NDArray[np.float64]]


@dataclass(frozen=True)
class Variances:
    """Solution of the two equations.

    Attributes
    ----------
    total, frozen : float
        Variance of x, and of its time average; equal where fluctuations are too small to be resolved.
    residual : float
        Larger of the two equations' residuals, relative to the total variance and its square.
    error : float
        Estimate of the absolute error of both.
    """

    total: float
    frozen: float
    residual: float
    error: float


@dataclass(frozen=True)
class Motion:
    """The force on C in one network.

    Attributes
    ----------
    activation : Activation
    g : float
    drive : float
        S, variance over units of the constant external drive.
    parameters : mapping of str to float
        Of the activation.
    """

    activation: Activation
    g: float
    drive: float
    parameters: Mapping[str, float]

    def force(self, variance: float) -> Force:
        """S + g^2 f(c) - c at covariances c below the variance: convex, for f has a power series with positive coefficients."""
        f = pair_function(self.activation, variance, **self.parameters)

        def at(covariance: ArrayLike) -> NDArray[np.float64]:
            c = np.asarray(covariance, dtype=float)
            return self.drive + self.g**2 * f(np.minimum(c / variance, BELOW_ONE)) - c

        return at

    def _first_zero(self, force: Force, variance: float) -> float:
        """The frozen part at a total variance: the smaller zero of the force, by secants from below, which on a convex function do
        not overshoot; where there is none, a point at which the function has stopped falling.
        """
        before, here = 0.0, float(force(0.0))
        if here <= ROUNDING * variance:
            return self.drive
        value_before, value = here, float(force(here)) if here < variance else np.nan
        for _ in range(ITERATIONS):
            if not ROUNDING * variance < value < value_before:
                break
            step = value * (here - before) / (value_before - value)
            before, value_before, here = here, value, here + step
            if here >= variance * (1 - ROUNDING):
                return variance
            value = float(force(here))
        return min(here, variance)

    def energy(self, variance: float) -> float:
        """The integral from the frozen part to the variance, over variance^2: falls through zero at the chaotic state.

        Where nothing is frozen below the variance the integrand is positive throughout.
        """
        force = self.force(variance)
        frozen = self._first_zero(force, variance)
        return self._integral(force, frozen if frozen < variance else 0.0, variance)

    def _integral(self, force: Force, frozen: float, variance: float, refined: int = 1) -> float:
        """Gauss-Legendre in the graded distance from the upper end."""
        power = GRADING[self.activation.is_smooth]
        u, weight = np.polynomial.legendre.leggauss(refined * NODES)
        u, weight = 0.5 * (u + 1), 0.5 * weight
        width = variance - frozen
        values = force(variance - width * u**power)
        return float(np.sum(weight * power * u ** (power - 1) * values) * width) / variance**2

    def variances(self, fixed: float) -> Variances:
        """The chaotic state below the variance of a fixed point that is unstable in the bulk, g^2 <phi'^2> > 1.

        Raises
        ------
        DomainError
            Where a two-point average could not be resolved.
        """
        near = self._first_zero(self.force(fixed), fixed)
        energy = cache(self.energy)  # its ends are asked for repeatedly
        if fixed - near < SMALLEST * fixed:
            return Variances(fixed, fixed, 0.0, SMALLEST * fixed)
        lowest = max(self.drive, SMALLEST * fixed)  # where the integrand is positive throughout
        if near > lowest and energy(near) > 0:
            lowest = near
        if not energy(lowest) > 0 > energy(fixed):
            text = self.activation.text
            raise DomainError(f"the chaotic state for {text} was not found: a two-point average is not resolved")
        found = brentq(energy, lowest, fixed, xtol=TOLERANCE * fixed, rtol=4 * np.finfo(float).eps)
        force = self.force(found)
        frozen = self._first_zero(force, found)
        rough, finer = (self._integral(force, frozen, found, refined) for refined in (1, 2))
        at_rest = float(force(frozen)) / found if frozen > 0 else 0.0
        per_variance = abs(energy(fixed)) / (fixed - found) if fixed > found else np.inf
        return Variances(
            total=found,
            frozen=frozen,
            residual=max(abs(at_rest), abs(finer)),
            error=(abs(finer - rough) + abs(finer)) / per_variance
            + (TOLERANCE + ROUNDING / (1 - frozen / found)) * found,
        )
