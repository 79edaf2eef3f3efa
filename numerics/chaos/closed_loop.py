r"""All states of the closed loop of a network with rank-one feedback: fixed points, and chaotic states where they are unstable.

The output z = sum_i n_i phi(x_i) sums over all units and does not fluctuate at large N, even where every unit does. The readout
sees the total variance alone (Stein's lemma; derived in `theory.meanfield.chaos`), so that every state is a zero of

    F(z) = C (snm z + snI) <phi'>  -  z,        <phi'> at the variance that the open loop has when its output is held at z.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (fixed points); Sompolinsky, Crisanti, Sommers 1988 (chaos).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike, NDArray

from numerics.chaos.open_loop import OpenLoop, Overlaps, Values
from numerics.readout.scan import roots_of
from theory.errors import DomainError, require

DEGREES = (16, 32, 48)  # of the interpolants in the drive, until the last coefficients are small
SMOOTH_TO = 1e-9  # relative
OFFSET = 0.01  # of the logarithm, relative to the largest drive
OUTPUTS, STRETCH = 600, 8.0  # grid of outputs, z ~ sinh(STRETCH t): finest at 0
NEAREST, FARTHEST = 1e-6, 1e6  # largest output that is looked at: at least, and at most where activity is not bounded
CONTINUUM = 1e-12  # |F/z| below which every output is a state
ROUNDING = 1e-12  # relative, of a drive at the end of an interval
SILENT = 1e-20  # variance below which nothing is active
POLISHING = 6  # Newton steps from interpolated to exact states


@dataclass(frozen=True)
class LoopState:
    """One state of the closed loop.

    Attributes
    ----------
    z : float
        Output.
    Delta0, Delta_inf : float
        Total variance of x, and the variance of its time average: equal at a fixed point.
    chaotic : bool
        Whether the units fluctuate: the open loop at this output is unstable in the bulk.
    loop_slope : float
        H'(z), H the output <n phi> of the open loop as a function of the z fed back.
    """

    z: float
    Delta0: float
    Delta_inf: float
    chaotic: bool
    loop_slope: float

    @property
    def slow_stable(self) -> bool:
        """Whether a slow perturbation of the output decays, H'(z) < 1.

        At a fixed point an exact condition, though not the only one. At a chaotic state an adiabatic argument: it takes for granted
        that the units are always in the chaotic state that belongs to the present output. Simulated networks stay at H' = 0.75 and
        leave at H' = 1.4 (tanh, N = 600 and 1000); close to 1 it is not confirmed.
        """
        return self.loop_slope < 1


class Branch(NamedTuple):
    """Total variance of the chaotic state on an interval of the drive S, as a polynomial in log(S + offset).

    Without a drive the frozen part has a singularity a little below S = 0, from which the logarithm keeps away.
    """

    low: float
    high: float
    offset: float
    polynomial: Chebyshev

    @classmethod
    def of(cls, loop: OpenLoop, low: float, high: float) -> Branch:
        """Interpolated at Chebyshev nodes until it is resolved; what is left is polished at the roots."""
        offset = OFFSET * high

        def total(u: Values) -> Values:
            drives = np.clip(np.exp(u) - offset, low, high)
            pairs = zip(loop.fixed(drives), drives, strict=True)
            return np.array([loop.chaotic(drive, float(fixed)).total for fixed, drive in pairs])

        for degree in DEGREES:
            found = Chebyshev.interpolate(total, degree, np.log([low + offset, high + offset]))
            if np.max(np.abs(found.coef[-2:])) <= SMOOTH_TO * np.max(np.abs(found.coef)):
                break
        return cls(low, high, offset, found)

    def has(self, drive: ArrayLike) -> NDArray[np.bool_]:
        """Whether a drive lies inside."""
        return (np.asarray(drive) >= self.low * (1 - ROUNDING)) & (np.asarray(drive) <= self.high * (1 + ROUNDING))

    def total(self, drive: Values) -> Values:
        """The total variance."""
        return np.asarray(self.polynomial(np.log(drive + self.offset)))

    def slope(self, drive: Values) -> Values:
        """Its derivative."""
        return np.asarray(self.polynomial.deriv()(np.log(drive + self.offset)) / (drive + self.offset))


class ClosedLoop:
    """The function F(z) = C (snm z + snI) <phi'> - z, whose zeros are the states of the closed loop.

    Parameters
    ----------
    loop : OpenLoop
    overlaps : Overlaps
    C : float
        Amplitude of the readout.

    Raises
    ------
    InputError
        For an amplitude that is not finite.
    DomainError
        Where a two-point average could not be resolved.
    """

    def __init__(self, loop: OpenLoop, overlaps: Overlaps, C: float) -> None:
        require((np.isfinite(C), "the amplitude C must be a finite number"))
        self.loop, self.overlaps, self.C = loop, overlaps, C
        largest = self.largest_output()
        nodes = np.linspace(-1, 1, OUTPUTS)
        self.grid = largest * np.sinh(STRETCH * nodes) / np.sinh(STRETCH)
        drives = overlaps.drive(self.grid)
        vertex = -overlaps.smI / overlaps.Sm2 if overlaps.Sm2 else 0.0
        lowest = float(overlaps.drive(np.clip(vertex, -largest, largest)))
        highest = max(float(drives.max()), 2 * lowest)  # without feedback the drive is the same at every output
        self.branches = [Branch.of(loop, *ends) for ends in loop.unstable(lowest, highest)]
        edges = [z for s in loop.edges for z in overlaps.outputs(s) if abs(z) < largest]
        self.grid = np.sort(np.append(self.grid, edges))

    def largest_output(self) -> float:
        """|z| beyond which |z| > |C <n phi>| at every state, by the inequality of Cauchy and Schwarz."""
        z = np.geomspace(NEAREST, FARTHEST, 73)
        drive = np.maximum(self.overlaps.drive(z), self.overlaps.drive(-z))
        bound = abs(self.C) * np.sqrt(self.overlaps.within_span() * self.loop.power(self.loop.fixed(drive)))
        reached = np.nonzero(bound >= z)[0]
        return float(z[min(reached[-1] + 1, z.size - 1)]) if reached.size else float(z[0])

    def variance(self, z: ArrayLike) -> tuple[Values, Values]:
        """Total variance at an output and its derivative with respect to the drive; interpolated where units fluctuate."""
        drive = np.atleast_1d(self.overlaps.drive(z))
        total, slope, left = np.empty(drive.shape), np.empty(drive.shape), np.ones(drive.shape, dtype=bool)
        for branch in self.branches:
            here = branch.has(drive)
            total[here], slope[here], left[here] = branch.total(drive[here]), branch.slope(drive[here]), False
        if np.any(left):
            total[left] = self.loop.fixed(drive[left])
            slope[left] = 1 / (1 - self.loop.variance_mode(total[left]))
        return total.reshape(np.shape(z)), slope.reshape(np.shape(z))

    def excess(self, z: ArrayLike) -> Values:
        """F(z)."""
        total, _ = self.variance(z)
        return self.C * self.overlaps.readout(z) * self.loop.gain(total) - np.asarray(z, dtype=float)

    def slope(self, z: ArrayLike) -> Values:
        """H'(z) = F'(z) + 1."""
        total, per_drive = self.variance(z)
        moved = 0.5 * self.loop.gain_d2(total) * per_drive * self.overlaps.drive_slope(z)
        return self.C * (self.overlaps.snm * self.loop.gain(total) + self.overlaps.readout(z) * moved)

    def roots(self) -> list[float]:
        """Every zero: sign changes on the grid, and extrema that cross zero between its points.

        Raises
        ------
        DomainError
            Where no output has a stationary state, or every output is a state.
        """
        value = self.excess(self.grid)
        if np.all(np.isnan(value)):
            unbounded = "with the output held fixed the activity grows without bound"
            raise DomainError(f"{unbounded}: no stationary state at this g")
        if np.all(np.abs(value) <= CONTINUUM * np.abs(self.grid)):
            every = "every output is a state of this closed loop"
            raise DomainError(f"{every}: a continuum, sum_i n_i phi(x_i) = z at every z")
        return roots_of(self.excess, self.grid, value, 1e-14)

    def states(self) -> tuple[LoopState, ...]:
        """Every state, by increasing output.

        Fixed points that are unstable in the bulk are not listed: in their place stands the chaotic state. Across the edge between
        both, variances and output are continuous with their slopes.
        """
        return tuple(self.state(z) for z in self.roots())

    def state(self, z: float) -> LoopState:
        """The state at a zero; where units fluctuate, the zero is moved by the difference of exact and interpolated variance."""
        slope = float(self.slope(z))
        if not any(branch.has(self.overlaps.drive(z)) for branch in self.branches):
            total = _above_nothing(float(self.loop.fixed(self.overlaps.drive(z))))
            return LoopState(z, total, total, chaotic=False, loop_slope=slope)
        for _ in range(POLISHING):
            found = self.loop.chaotic(float(self.overlaps.drive(z)))
            step = (self.C * self.overlaps.readout(z) * self.loop.gain(found.total) - z) / (1 - slope)
            z += float(step)
            if abs(step) <= 1e-13 * max(1.0, abs(z)):
                break
        return LoopState(z, found.total, _above_nothing(found.frozen), chaotic=True, loop_slope=slope)


def _above_nothing(variance: float) -> float:
    """0 for what only the slightest drive has brought about."""
    return variance if variance > SILENT else 0.0
