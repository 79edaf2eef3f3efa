r"""Where a trained loop can rest: clamped states of one network, and the equation of its fixed points.

The readout is n = b phi(x^A)/N, fitted to the stationary state x^A that the network takes with its output clamped at the target A;
at another fixed point z the states x^A and x^z are correlated,

    z = b <phi(x1) phi(x2)>,      c = g^2 z/b + A z Sm2 + (A + z) smI + SI2,

one equation for z, because a fixed point knows its covariance c beforehand.  Where c exceeds what the two variances allow there is
no fixed point: with c cut there the equation keeps its sign, as long as the product of the two radii of the bulk is below 1.

Sources: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model and training); `theory.readout.least_squares` (the
equations).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import ArrayLike

from numerics.chaos.open_loop import OpenLoop, Values
from numerics.codegen.leastsquares import least_squares_module
from numerics.readout.scan import roots_of
from numerics.readout.two_states import StatePairs
from theory.activation.activation import Activation
from theory.errors import DomainError

FAR = 1e2  # outputs beyond this many targets are not searched
PER_RANGE, PER_DECADE = 64, 10  # points of the scan
NEAREST = 1e-6  # distance from the target, relative to it, below which a second fixed point is not told apart
NEWTON_STEPS, LAST_STEP = 12, 1e-15
SHRINKINGS = 7  # eightfold each: of the last cell beside the end of a range of stationary states
SILENT = 1e-24  # variance that stands for the limit 0
ROUNDING = 1e-9  # relative excess of a covariance over what the variances allow
CONTINUUM, SEVERAL = 1e-11, 6  # relative residual that is zero, and the points of the scan that show a continuum


class TrainedLoop:
    """A network with the readout b phi(x^A)/N at one set of parameters: its clamped states, and where the closed loop can rest.

    Parameters
    ----------
    activation : Activation
    numbers : mapping of str to float
        g, Sm, SI, rho, A and the activation's own parameters.
    ridge : float
        Penalty per unit; with it the target is no fixed point.

    Raises
    ------
    DomainError
        Where the network clamped at the target has no stationary state, or one without activity.
    """

    def __init__(self, activation: Activation, numbers: Mapping[str, float], ridge: float) -> None:
        self.activation, self.numbers, self.ridge = activation, numbers, ridge
        self.formulas, self.A, g = least_squares_module(), numbers["A"], numbers["g"]
        self.open = OpenLoop(activation, g, numbers)
        self.vectors = (g, *self.formulas.overlaps(numbers["Sm"], numbers["SI"], numbers["rho"]))
        self.pairs = StatePairs(activation, self.open.own)
        self.Delta = float(self.variance(self.A))
        if np.isnan(self.Delta):
            input_power = float(self.formulas.variance(0.0, self.A, *self.vectors))
            why = (
                f"no stationary state: g = {g:g} is too large for {activation.text}"
                if input_power > 0
                else "no input, m A + I = 0 in every unit, and no activity: no readout can be fitted to it"
            )
            raise DomainError(f"with the output clamped at A = {self.A:g} the network has {why}")
        self.power = float(self.open.power(self.Delta))
        if not self.power > 0:
            raise DomainError("at the target phi is zero in every unit: no readout can be fitted to it")
        self.factor = float(self.formulas.ridge_factor(self.power, ridge))
        self.b = float(self.formulas.scale(self.power, self.factor, self.A))

    # --- clamped states ---------------------------------------------------------------------------------------------

    def right(self, v: Values, z: ArrayLike) -> Values:
        """Right-hand side for the variance with the output clamped at z."""
        return self.formulas.variance(self.open.power(v), z, *self.vectors)

    def variance(self, z: ArrayLike) -> Values:
        """Delta with the output clamped at z; nan where there is no stationary state."""
        return self.open.solved(self.right, z)

    def variance_near(self, z: float, guess: float) -> float:
        """The same at one output, by Newton's method from a neighbour's variance."""
        v = guess
        for _ in range(NEWTON_STEPS):
            slope = float(self.open.variance_mode(np.array(v)))
            change = (float(self.right(np.array(v), z)) - v) / (1 - slope)
            if not (slope < 1 and 0 < v + change < inf):
                break
            v += change
            if abs(change) <= LAST_STEP * v:
                return v
        return float(self.variance(z))

    def radius(self, variance: ArrayLike) -> Values:
        """Radius of the bulk."""
        return self.formulas.bulk(self.open.slope_power(variance), self.open.g)

    # --- fixed points of the loop -----------------------------------------------------------------------------------

    def excess(self, z: ArrayLike, variance: ArrayLike) -> Values:
        """b <phi(x1) phi(x2)> - z, with the covariance that z would have as a fixed point, cut to what the variances allow.

        Where |z| exceeds what Cauchy and Schwarz allow its sign is known, and the average is not needed.
        """
        z, variance = np.atleast_1d(np.asarray(z, dtype=float)), np.atleast_1d(np.asarray(variance, dtype=float))
        bound = self.bound(variance)
        value = np.where(variance == 0, 0.0, np.sign(z) * bound - z)
        inside = (np.abs(z) <= bound) & (variance > 0)
        if np.any(inside):
            largest = np.sqrt(self.Delta * variance[inside])
            covariance = np.clip(self.covariance(z[inside]), -largest, largest)
            value[inside] = self.b * self.pairs.activities(self.Delta, variance[inside], covariance) - z[inside]
        return value

    def bound(self, variance: Values) -> Values:
        """Largest |b <phi(x1) phi(x2)>|."""
        return np.abs(self.b) * np.sqrt(self.power * self.open.power(variance))

    def covariance(self, z: ArrayLike) -> Values:
        """Of x at the target and at a fixed point z."""
        return self.formulas.covariance(self.b, z, self.A, *self.vectors)

    @cached_property
    def scan(self) -> tuple[Values, Values, Values]:
        """Outputs at which the equation is sampled, the variances there, and the values.

        Dense about the target and about the smallest variance, none beyond the first that Cauchy and Schwarz rule out.
        """
        _, Sm2, smI, SI2 = self.vectors
        size, middle = abs(self.A), -smI / Sm2 if Sm2 else 0.0
        width = np.sqrt(max(SI2 / Sm2 - middle**2, 0.0)) if Sm2 else 0.0
        decades = np.geomspace(1e-3, FAR, 5 * PER_DECADE + 1) * size
        about = np.geomspace(1e-2, 1e2, 4 * PER_DECADE + 1) * (width or 1e-2 * size)
        wide = np.unique(np.concatenate([-decades, [0.0, middle], decades, middle - about, middle + about]))
        (allowed,) = np.nonzero(np.abs(wide) <= self.bound(self.variance(wide)) * (1 + ROUNDING))
        if allowed.size == 0:
            return np.empty(0), np.empty(0), np.empty(0)
        low, high = wide[max(allowed.min() - 1, 0)], wide[min(allowed.max() + 1, wide.size - 1)]
        near, even = np.geomspace(NEAREST, 1e-1, 6) * size, np.linspace(low, high, PER_RANGE)
        points = np.unique(np.concatenate([wide, even, self.A - near, self.A + near]))
        apart = np.abs(points - self.A) >= 0.5 * NEAREST * size
        points = self.with_ends(points[apart & (points >= low) & (points <= high)])
        variances = self.variance(points)
        return points, variances, self.excess(points, variances)

    def with_ends(self, points: Values) -> Values:
        """Also the ends of every range of outputs in which there is a stationary state."""
        known = np.isfinite(self.variance(points))
        ends = []
        for k in np.nonzero(known[:-1] != known[1:])[0]:
            inside, outside = (points[k], points[k + 1]) if known[k] else (points[k + 1], points[k])
            if outside == 0 and self.silent:
                continue
            for _ in range(SHRINKINGS):
                between = np.linspace(inside, outside, 9)
                last = int(np.nonzero(np.isfinite(self.variance(between[:-1])))[0].max())
                inside, outside = between[last], between[last + 1]
            ends.append(inside)
        return np.unique(np.append(points, ends))

    @property
    def is_continuum(self) -> bool:
        """Whether every output of some range is a fixed point."""
        grid, _, value = self.scan
        return bool(np.sum(np.abs(value) <= CONTINUUM * np.abs(grid)) >= SEVERAL)

    def other_states(self) -> list[tuple[float, float]]:
        """Output and variance of every fixed point besides a target that is one; those of a continuum are not listed.

        A target that is a fixed point is divided out, so that another one beside it changes a sign.
        """
        grid, variances, value = self.scan
        if self.is_continuum:
            return []
        if grid.size == 0:
            return self.silent
        known = np.nan if self.ridge else self.A

        def variance(z: float) -> float:
            return self.variance_near(z, float(np.interp(z, grid, variances)))

        def reduced(z: float) -> float:
            beside = z + 0.1 * NEAREST * abs(self.A) if z == known else z
            whole = float(self.excess(beside, variance(beside))[0])
            return whole if self.ridge else whole / (beside - known)

        roots = roots_of(reduced, grid, value if self.ridge else value / (grid - known))
        return [state for state in ((z, variance(z)) for z in roots) if self.is_another(*state)] + self.silent

    def is_another(self, z: float, variance: float) -> bool:
        """Whether a root is a fixed point, with a covariance that its variances allow, and not the target."""
        possible = abs(self.covariance(z)) <= np.sqrt(self.Delta * variance) * (1 + ROUNDING)
        return bool(possible and (self.ridge or abs(z - self.A) > NEAREST * abs(self.A)))

    @cached_property
    def silent(self) -> list[tuple[float, float]]:
        """x = 0, where it is a stationary state of the closed loop: no input, and phi(0) = 0."""
        rests = self.vectors[3] == 0 and self.activation.value_at_zero == 0
        return [(0.0, 0.0)] if rests and np.isnan(self.variance(0.0)) else []

    def linearised(self, z: float, variance: float) -> tuple[float, float, float]:
        """Trace and determinant of the outliers at a fixed point, and H'(z); nan where phi jumps."""
        if not self.activation.is_continuous:
            return np.nan, np.nan, np.nan
        variance = variance or SILENT
        pair = self.pairs.slopes(self.Delta, variance, float(self.covariance(z)))
        curvature = float(self.open.power_d2(variance))
        return self.formulas.linearisation(curvature, *pair, self.b, z, self.A, *self.vectors)
