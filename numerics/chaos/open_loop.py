"""The open loop of a network with rank-one feedback: one unit driven by an output that is held fixed.

    dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i

What drives a unit from outside is m z + I, of variance S(z) over units. At a fixed point Delta = S(z) + g^2 <phi^2>; where that is
unstable in the bulk, g^2 <phi'^2> > 1, the units fluctuate, and `numerics.chaos.fluctuating` gives total and frozen variance.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import isfinite
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, lambdify

from numerics.algorithms.roots import positive_roots
from numerics.algorithms.self_consistency import solve_physical
from numerics.averages.average import check_measure, mean_object
from numerics.chaos.fluctuating import Motion, Variances
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.errors import require
from theory.readout.vectors import drive, with_readout
from theory.symbols import SI2, Sm2, phi, smI, snI, snm, x, z

Values = NDArray[np.float64]

SLIGHTEST = 1e-24  # drive below which the field is as without drive
SMALLEST_VARIANCE, LARGEST_VARIANCE = 1e-12, 1e16  # between which edges are looked for first
NEARBY = 1e-3  # relative step of a difference quotient in Delta
SAME = 1e-9  # relative distance of variances that belong to one branch

_drive, _drive_slope, _with_readout = (
    lambdify((Sm2, smI, SI2, snm, snI, z), formula) for formula in (drive(z), drive(z).diff(z), with_readout(z))
)


class Overlaps(NamedTuple):
    """Second moments over units of feedback m, input I and readout n (per unit amplitude).

    Attributes
    ----------
    Sm2, smI, SI2 : float
        <m^2>, <m I>, <I^2>.
    snm, snI : float
        <n m>, <n I>.
    """

    Sm2: float
    smI: float
    SI2: float
    snm: float
    snI: float

    def drive(self, z: ArrayLike) -> Values:
        """S(z), variance over units of m z + I."""
        return np.maximum(_drive(*self, np.asarray(z, dtype=float)), SLIGHTEST)

    def drive_slope(self, z: ArrayLike) -> Values:
        """S'(z)."""
        return _drive_slope(*self, np.asarray(z, dtype=float))

    def readout(self, z: ArrayLike) -> Values:
        """<n x>, the covariance of readout and field."""
        return _with_readout(*self, np.asarray(z, dtype=float))

    def outputs(self, drive: float) -> list[float]:
        """The real z with S(z) = drive, increasing."""
        roots = np.roots([self.Sm2, 2 * self.smI, self.SI2 - drive]) if self.Sm2 else np.array([])
        return sorted(float(z.real) for z in roots if z.imag == 0)

    @property
    def conditions(self) -> tuple[tuple[bool, str], ...]:
        """What holds where there are vectors with these moments, see `theory.errors.require`."""
        finite = all(isfinite(value) for value in self)
        possible = self.Sm2 >= 0 and self.SI2 >= 0 and self.smI**2 <= self.Sm2 * self.SI2 * (1 + 1e-12)
        return (
            (finite, "overlaps must be finite numbers"),
            (possible or not finite, "overlaps need Sm2 >= 0, SI2 >= 0 and smI^2 <= Sm2 SI2"),
        )

    def within_span(self) -> float:
        """Variance of the part of the readout that lies in the span of m and I: <n phi>^2 is below it times <phi^2>."""
        both = np.array([self.snm, self.snI])
        moments = np.array([[self.Sm2, self.smI], [self.smI, self.SI2]])
        return float(both @ np.linalg.pinv(moments, hermitian=True) @ both)


def _average(integrand: Expr, order: int = 0) -> cached_property[Callable[[ArrayLike], Values]]:
    """<F^(order)> as a function of Delta, built when an open loop is first asked for it."""

    def built(loop: OpenLoop) -> Callable[[ArrayLike], Values]:
        evaluator = mean_object(Average(integrand, order), loop.activation)
        return lambda variance: evaluator(variance, *loop.own)

    return cached_property(built)


@dataclass(frozen=True)
class OpenLoop:
    """One unit of the network with the output held fixed, so that it is driven with a given variance.

    Attributes
    ----------
    activation : Activation
    g : float
    parameters : mapping of str to float
        Of the activation.
    """

    activation: Activation
    g: float
    parameters: Mapping[str, float]

    @classmethod
    def of(
        cls, activation: Activation | str, g: float, overlaps: Overlaps, parameters: Mapping[str, float]
    ) -> OpenLoop:
        """With checked arguments.

        Parameters
        ----------
        activation : Activation or str
        g : float
        overlaps : Overlaps
        parameters : mapping of str to float
            Of the activation.

        Raises
        ------
        InputError
            For unusable arguments.
        """
        own = Activation.of(activation)
        require((isfinite(g) and g >= 0, "g must be a finite number >= 0"), *overlaps.conditions)
        check_measure(own, parameters, 1.0, 0.0)
        return cls(own, float(g), parameters)

    power = _average(phi(x) ** 2)  # <phi^2>
    power_d2 = _average(phi(x) ** 2, 2)  # <(phi^2)''>, twice the slope of <phi^2>
    gain = _average(phi(x), 1)  # <phi'>
    gain_d2 = _average(phi(x), 3)  # <phi'''>, twice the slope of <phi'>
    slope_power = _average(phi(x).diff(x) ** 2)  # <phi'^2>

    @cached_property
    def own(self) -> list[float]:
        """Parameters of the activation in order."""
        return [self.parameters[p.name] for p in self.activation.parameters]

    def fixed(self, drive: ArrayLike) -> Values:
        """Delta = S + g^2 <phi^2> at the fixed point, on the branch that grows with the drive; nan where there is none."""
        return self.solved(lambda v, s: s + self.g**2 * self.power(v), drive)

    def solved(self, right: Callable[[Values, Values], Values], at: ArrayLike) -> Values:
        """The same, where S + g^2 <phi^2> is given as a function of Delta and of the values `at`."""
        mode, error = (lambda v, _: self.variance_mode(v)), (lambda v, _: np.zeros_like(v))
        return np.asarray(solve_physical(right, mode, error, lambda v, _: {"Delta": v}, [at])["Delta"])

    def variance_mode(self, variance: ArrayLike) -> Values:
        """G = g^2 d<phi^2>/dDelta."""
        return 0.5 * self.g**2 * self.power_d2(variance)

    def bulk(self, variance: ArrayLike) -> Values:
        """Squared radius of the bulk of the Jacobian, g^2 <phi'^2>."""
        return self.g**2 * self.slope_power(variance)

    def chaotic(self, drive: float, fixed: float | None = None) -> Variances:
        """The chaotic state at a drive where the fixed point, perhaps of known variance, is unstable in the bulk."""
        fixed = float(self.fixed(drive)) if fixed is None else fixed
        return Motion(self.activation, self.g, float(drive), self.parameters).variances(fixed)

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """Drives at which the bulk reaches the instability, increasing."""

        def excess(v: Values, rows: Values) -> tuple[Values, Values]:
            shifted = self.bulk(v * np.exp(NEARBY)) - self.bulk(v * np.exp(-NEARBY))
            return self.bulk(v) - 1.0, shifted / (2 * NEARBY)

        with np.errstate(all="ignore"):
            roots = positive_roots(excess, SMALLEST_VARIANCE, LARGEST_VARIANCE, 1)
            roots = roots[np.isfinite(roots)]
            drives = roots - self.g**2 * self.power(roots)
            reached = [s >= 0 and abs(self.fixed(s) - v) < SAME * v for s, v in zip(drives, roots, strict=True)]
        return tuple(sorted(float(s) for s in drives[reached]))

    def unstable(self, lowest: float, highest: float) -> list[tuple[float, float]]:
        """The intervals of the drive between two values in which the fixed point is unstable in the bulk."""
        ends = [lowest, *(s for s in self.edges if lowest < s < highest), highest]
        return [
            (low, high) for low, high in pairwise(ends) if high > low and self.bulk(self.fixed(0.5 * (low + high))) > 1
        ]
