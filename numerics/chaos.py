r"""The chaotic state under static noise: what replaces the fixed point where it is unstable.

The field of a unit then fluctuates about a frozen part. Its autocovariance C(tau) moves, as a particle in time tau, from the total
variance Delta at rest to the frozen variance q at rest, under the force G(c) = c - sigma^2 - g^2 f(c), f(c) = <phi(u) phi(v)> for
u, v of variance Delta and covariance c (derived in `theory.chaos`):

    q = sigma^2 + g^2 f(q),        int_q^Delta (sigma^2 + g^2 f(c) - c) dc = 0.

Source: Sompolinsky, Crisanti, Sommers 1988 (without noise); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (static noise).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import brentq

from numerics.average import average
from numerics.pair import pair_average
from numerics.solution import Solution
from numerics.solve import Solver
from theory.activations.activation import Activation
from theory.errors import DomainError

ITERATIONS = 80  # of the secant rule for q
ROUNDING = 1e-14  # relative error of one two-point average
SMALLEST = 1e-7  # fluctuating share of the variance below which rounding hides it
NODES = {True: 14, False: 24}  # of the integral over c
TOLERANCE = 1e-12  # of Delta, relative
BELOW_ONE = 1 - 2.0**-53
# Keyed by whether phi is smooth: at a kink f has a singularity (1 - c/Delta)^(p + 1/2) or a logarithm, which the fourth root of
# the distance smooths.
GRADING = {True: 1, False: 4}


@dataclass(frozen=True)
class ChaoticState:
    """Mean-field solution that fluctuates in time.

    Attributes
    ----------
    Delta : float
        Total variance of x over units, noise and time.
    q : float
        Its frozen part, the variance of the time average of x; equal to `Delta` where fluctuations are too small to be resolved.
    C_phi : float
        Mean square activity.
    residual : float
        Larger of the two equations' residuals, relative to Delta and Delta^2.
    error : float
        Estimate of the absolute error of `Delta` and `q`.
    """

    Delta: float
    q: float
    C_phi: float
    residual: float
    error: float

    @property
    def is_resolved(self) -> bool:
        """Whether fluctuations were found above rounding."""
        return self.q < self.Delta

    def to_dict(self) -> dict[str, float]:
        """Content under the key ``chaotic_state`` of the command line's JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Overlap:
    """sigma^2 + g^2 f(c; Delta) - c for one network: convex in c, because f has a power series in c with positive coefficients."""

    activation: Activation
    g: float
    sigma: float
    parameters: Mapping[str, float]

    def excess(self, covariance: np.ndarray | float, variance: float) -> np.ndarray:
        """The function at covariances below the variance."""
        correlation = np.minimum(np.asarray(covariance) / variance, BELOW_ONE)
        f = pair_average("phi", "phi", self.activation, variance=variance, correlation=correlation, **self.parameters)
        return self.sigma**2 + self.g**2 * f - np.asarray(covariance)

    def frozen(self, variance: float) -> float:
        """The smaller zero, by secants from below, which on a convex function do not overshoot; where there is none, a point at
        which the function has stopped falling.
        """
        before, here = 0.0, float(self.excess(0.0, variance))
        value_before, value = here, here
        if here > 0:
            value = float(self.excess(here, variance)) if here < variance else np.nan
        for _ in range(ITERATIONS):
            if not ROUNDING * variance < value < value_before:
                break
            step = value * (here - before) / (value_before - value)
            before, value_before, here = here, value, here + step
            if here >= variance * (1 - ROUNDING):
                return variance
            value = float(self.excess(here, variance))
        return min(here, variance)

    def energy(self, variance: float) -> float:
        """The integral from the frozen part to the variance, over variance^2: falls through zero at the chaotic state.

        Where nothing is frozen below the variance the integrand is positive throughout.
        """
        frozen = self.frozen(variance)
        return self.integral(frozen if frozen < variance else 0.0, variance)

    def integral(self, frozen: float, variance: float, refined: int = 1) -> float:
        """Gauss-Legendre in the graded distance from the upper end."""
        power, nodes = GRADING[self.activation.is_smooth], NODES[self.activation.is_smooth]
        u, weight = np.polynomial.legendre.leggauss(refined * nodes)
        u, weight = 0.5 * (u + 1), 0.5 * weight
        width = variance - frozen
        values = self.excess(variance - width * u**power, variance)
        return float(np.sum(weight * power * u ** (power - 1) * values) * width) / variance**2


def chaotic_state(solver: Solver | Activation | str, /, **values: object) -> ChaoticState | None:
    """The chaotic state of a static network, None where its fixed point is stable.

    Parameters
    ----------
    solver : Solver, Activation or str
        A solver of the model 'static', or the activation.
    **values : float
        g, sigma and the parameters of the activation.

    Raises
    ------
    InputError, DomainError
        As for `Solver.solve`, and where a two-point average could not be resolved.

    Examples
    --------
    >>> round(chaotic_state("power(1/2)", g=2, sigma=1).q, 4)
    8.7727
    """
    own = solver if isinstance(solver, Solver) else Solver("static", solver)
    return chaotic_state_of(own.solve(**values), own.activation)


def chaotic_state_of(solution: Solution, activation: Activation) -> ChaoticState | None:
    """The chaotic state that belongs to a fixed point found before.

    Parameters
    ----------
    solution : Solution
        The fixed point, with its parameters g, sigma and those of the activation.
    activation : Activation

    Returns
    -------
    ChaoticState or None
        None where the fixed point is stable: then q = Delta is the only solution.

    Raises
    ------
    DomainError
        Where a two-point average could not be resolved.
    """
    if solution.observables["stability"] < 1:
        return None
    parameters = dict(solution.parameters)
    overlap = _Overlap(activation, parameters.pop("g"), parameters.pop("sigma"), parameters)
    fixed = solution.order_parameters["Delta"]
    near = overlap.frozen(fixed)
    if fixed - near < SMALLEST * fixed:
        return ChaoticState(fixed, fixed, solution.order_parameters["C_phi"], 0.0, SMALLEST * fixed)
    lowest = max(overlap.sigma**2, SMALLEST * fixed)  # where the integrand is positive throughout
    if near > lowest and overlap.energy(near) > 0:
        lowest = near
    if not overlap.energy(lowest) > 0 > overlap.energy(fixed):
        raise DomainError(f"the chaotic state for {activation.text} was not found: a two-point average is not resolved")
    found = brentq(overlap.energy, lowest, fixed, xtol=TOLERANCE * fixed, rtol=4 * np.finfo(float).eps)
    frozen = overlap.frozen(found)
    energy, finer = (overlap.integral(frozen, found, refined) for refined in (1, 2))
    force = float(overlap.excess(frozen, found)) / found if frozen > 0 else 0.0
    per_variance = abs(overlap.energy(fixed)) / (fixed - found) if fixed > found else np.inf
    return ChaoticState(
        Delta=found,
        q=frozen,
        C_phi=float(average("phi^2", activation, variance=found, **parameters)),
        residual=max(abs(force), abs(finer)),
        error=(abs(finer - energy) + abs(finer)) / per_variance + (TOLERANCE + ROUNDING / (1 - frozen / found)) * found,
    )
