"""Time steps as tables: every stage is a linear combination of the state, the noise and the drives J phi(x) found so far.

A scheme with n components of the state, r of the noise and K drives per step has K - 1 rows of weights for the x of the
later stages, and n rows for the new state. What the unit and its noise do is in the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from numerics.simulate.linear import LinearUnit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scheme:
    """One time step.

    Attributes
    ----------
    order : int
        The error of a stationary average is of this order in dt.
    noise : int
        Standard normal numbers per unit and step, r.
    stages : tuple of array
        Weights of x at stage k = 2, ..., K over (state, noise, drives 1 to k - 1).
    final : array, shape (n, n + r + K)
        Weights of the new state over (state, noise, all drives).
    """

    order: int
    noise: int
    stages: tuple[Array, ...]
    final: Array

    @property
    def drives(self) -> int:
        """Matrix products per step."""
        return len(self.stages) + 1


def heun(unit: LinearUnit, dt: float) -> Scheme:
    """Exponential Runge-Kutta of second order (Cox, Matthews 2002, J. Comput. Phys. 176, 430) with exact filter and noise."""
    flow, root = unit.transition(dt)
    constant, rising = (column[:, None] for column in unit.responses(dt))
    predictor = np.hstack([flow, root, constant])[0]
    final = np.hstack([flow, root, constant - rising, rising])
    return Scheme(2, root.shape[1], (predictor,), final)


def rk4(unit: LinearUnit, dt: float) -> Scheme:
    """The classical Runge-Kutta method of fourth order, without noise."""
    A, b, _ = unit.system
    size = len(A)
    state, drives = np.eye(size, size + 4), np.eye(4, size + 4, k=size)

    def slope(at: Array, k: int) -> Array:
        return A @ at + np.outer(b, drives[k])

    first = slope(state, 0)
    second = slope(state + dt / 2 * first, 1)
    third = slope(state + dt / 2 * second, 2)
    fourth = slope(state + dt * third, 3)
    stages = [state + dt / 2 * first, state + dt / 2 * second, state + dt * third]
    final = state + dt / 6 * (first + 2 * second + 2 * third + fourth)
    return Scheme(4, 0, tuple(at[0, : size + k] for k, at in enumerate(stages, 1)), final)


METHODS: dict[str, Callable[[LinearUnit, float], Scheme]] = {"heun": heun, "rk4": rk4}
STABLE = {"heun": np.inf, "rk4": 2.5}  # largest rate times dt; the interval of stability of rk4 ends at 2.785


def default_method(noise: str) -> str:
    """Fourth order where there is no noise."""
    return "rk4" if noise == "none" else "heun"


DEFAULT_STEP = {"heun": 0.125, "rk4": 0.2}
