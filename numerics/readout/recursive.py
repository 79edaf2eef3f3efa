"""Recursive least squares on a running network (FORCE learning).

After every few time steps of the closed loop, with r = phi(x) and z = n.r,

    k = P r/(1 + r.P r),    n <- n - (z - A) k,    P <- P - k (P r)^T,    P(0) = 1/alpha

(Sussillo, Abbott 2009, Neuron 63, 544). At every moment n is exactly the minimum of sum_s (n.r_s - A)^2 + alpha |n|^2 over all
activities r_s visited so far: training imposes the target on the whole transient, not on the final state alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from numerics.backends import NumpyBackend
from numerics.simulate.fixed_points import Function
from numerics.simulate.linear import LinearUnit
from numerics.simulate.loop import Frozen
from numerics.simulate.schemes import rk4
from theory.errors import DomainError, require

Array = NDArray[np.float64]


class Trained(NamedTuple):
    """What training leaves.

    Attributes
    ----------
    n : array, shape (N,)
        Readout.
    x : array, shape (N,)
        State at the last time.
    t, z : array, shape (K,)
        Times of the updates, and the outputs before them.
    """

    n: Array
    x: Array
    t: Array
    z: Array


def recursive_least_squares(
    phi: Function, frozen: Frozen, A: float, alpha: float, *, T: float, dt: float, every: int, x0: Array
) -> Trained:
    """Train a readout while the network runs with its own output fed back.

    Parameters
    ----------
    phi : callable
        Activation.
    frozen : Frozen
        The network.
    A : float
        Target.
    alpha : float
        Penalty on |n|^2, positive; the readout starts at 0.
    T, dt : float
        Time of training and time step (classical Runge-Kutta, order 4), in time constants of a unit.
    every : int
        Time steps from one update to the next.
    x0 : array, shape (N,)
        Initial state.

    Raises
    ------
    InputError
        For parameters outside these ranges.
    DomainError
        If the state leaves the range of numbers.
    """
    require(
        (0 < alpha < np.inf, f"alpha = {alpha}: must be positive"),
        (0 < dt <= 1, f"dt = {dt}: must lie between 0 and 1"),
        (every >= 1, f"every = {every}: at least one time step is needed"),
        (dt * every <= T < np.inf, f"T = {T}: shorter than the time between two updates, {dt * every:g}"),
    )
    drive = frozen.I[:, None]
    # the scheme has no constant input: it runs y = x - I, dy/dt = -y + J phi(y + I)
    advance = NumpyBackend("float64").advance(lambda y: phi(y + drive), rk4(LinearUnit("none"), dt))
    no_noise = np.zeros((every, 0, len(x0), 1))
    n, P = np.zeros(len(x0)), np.eye(len(x0)) / alpha
    y = (x0[:, None] - drive)[None]
    t = dt * every * np.arange(1, int(T / (dt * every) + 1e-9) + 1, dtype=float)
    z = np.empty(len(t))
    for step in range(len(t)):
        y = advance(frozen.J + np.outer(frozen.m, n), y, no_noise)
        r = phi(y[0] + drive)[:, 0]
        z[step] = n @ r
        if not np.isfinite(z[step]):
            raise DomainError("the network leaves the range of numbers while it is trained")
        projected = P @ r
        gain = projected / (1 + r @ projected)
        n = n - (z[step] - A) * gain
        P -= np.outer(gain, projected)
    return Trained(n, y[0, :, 0] + frozen.I, t, z)
