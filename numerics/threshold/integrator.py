"""Threshold units with steep sigmoids: dy/dt = -y + W s(beta y) + b with s(x) = 1/(1 + exp(-x)), many initial states at once.

Rows are scaled first, so that all fields lie within -1 and 1 (a conjugacy of the network with steps). A step of exponential Euler
solves dy/dt = -y + constant exactly, so that its fixed points are those of the equation, whatever the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from theory.threshold.network import State, ThresholdNetwork

Array = NDArray[np.float64]

TIME = 30.0  # after the last crossing, what is left of the way is at most exp(-30)
STEP = 1.0  # times 1/beta: the slope of the sigmoid, beta/4, makes no longer step stable with weights of size 1
SATURATED = 12.0  # beta abs(y) from which an output counts as 0 or 1: it is within 6e-6 of it
SETTLED = 1e-9  # largest speed of what counts as at rest
REGIONS = 10  # units up to which there are starts in every region


@dataclass(frozen=True)
class SteepNetwork:
    """A network with sigmoids of one steepness, its rows scaled.

    Attributes
    ----------
    W, b, scale : array, shapes (N, N), (N,), (N,)
        Of the scaled network, whose y times `scale` is that of the given one.
    """

    W: Array
    b: Array
    scale: Array

    @classmethod
    def of(cls, network: ThresholdNetwork) -> SteepNetwork:
        """The scaled network in floating point; numbers are divided as fractions, so that none overflows."""
        sums = [sum(map(abs, row), abs(bias)) or 1 for row, bias in zip(network.W, network.b, strict=True)]
        W = [[float(w / size) for w in row] for row, size in zip(network.W, sums, strict=True)]
        b = [float(bias / size) for bias, size in zip(network.b, sums, strict=True)]
        return cls(np.array(W), np.array(b), np.array(list(map(float, sums))))

    def field(self, y: Array, steepness: float) -> Array:
        """Where the units head for, shape (N, M)."""
        outputs: Array = expit(steepness * y)
        return self.W @ outputs + self.b[:, None]

    def ends(self, starts: Array, steepness: float, progress: Callable[[float], None] | None = None) -> Array:
        """Where initial states of shape (N, M) are after a long time."""
        step = STEP / steepness
        y, left, count = starts, np.exp(-step), int(TIME / step)
        for k in range(count):
            focal = self.field(y, steepness)
            y = focal + (y - focal) * left
            if k % 256 == 0:
                if progress is not None:
                    progress(k / count)
                if np.all(np.abs(focal - y) < SETTLED / 10):
                    break
        return y

    def at_rest(self, y: Array, steepness: float) -> NDArray[np.bool_]:
        """Which columns no longer move."""
        return np.all(np.abs(self.field(y, steepness) - y) < SETTLED, axis=0)

    def states(self, y: Array, steepness: float) -> list[State | None]:
        """The state that each column rests in; None where it moves, or where an output is neither 0 nor 1."""
        sure = self.at_rest(y, steepness) & np.all(steepness * np.abs(y) > SATURATED, axis=0)
        return [tuple(map(int, column > 0)) if good else None for column, good in zip(y.T, sure, strict=True)]


def random_starts(N: int, count: int, seed: int) -> Array:
    """Initial states, shape (N, M): one in each region of up to `REGIONS` units, then in random ones until there are `count`."""
    draw = np.random.default_rng([seed, N])
    every = np.array(np.unravel_index(np.arange(2**N), (2,) * N)) if N <= REGIONS else np.zeros((N, 0), int)
    signs = np.concatenate([every, draw.integers(0, 2, (N, max(0, count - every.shape[1])))], axis=1) * 2 - 1
    return signs * draw.uniform(0.05, 1.0, signs.shape)


def starts_near(smooth: SteepNetwork, states: Sequence[State], count: int, seed: int) -> Array:
    """Initial states in the regions of these states, `count` for each, within half of the way from the focal point to the walls."""
    draw = np.random.default_rng([seed, len(states)])
    columns = np.repeat(np.array(states, float).T, count, axis=1)
    focal = smooth.W @ columns + smooth.b[:, None]
    inside = np.abs(focal) * np.sign(columns - 0.5)  # of a state that is not stable, in its region all the same
    return inside * draw.uniform(0.5, 1.5, focal.shape)
