"""Simulation of networks with feedback in time, the output clamped at the target: what the chaotic state is compared with.

    dx_i/dt = -x_i + sum_j J_ij phi(x_j) + m_i A + I_i

Where the stationary state is unstable the activity fluctuates for ever about a frozen part. The output does not: its readout
averages over all units, so that clamping it changes nothing at large N (Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139).

Several trajectories of one network, from independent initial states, have the frozen part in common and nothing else once the
initial states are forgotten: Delta_inf is the overlap of two of them at equal times, without the bias that an average over a
finite time leaves in the square of a mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from numerics.backends import NumpyBackend, matched
from numerics.simulate.couplings import stream
from numerics.simulate.fixed_points import Function, Progress
from numerics.simulate.linear import LinearUnit
from numerics.simulate.loop import AtTarget, check, control_variates, draw
from numerics.simulate.parallel import in_parallel
from numerics.simulate.sample import collected
from numerics.simulate.schemes import rk4

Array = NDArray[np.float64]


class ClampedTrajectories(AtTarget):
    """Statistics in time: `x2`, `phi2`, `overlap`, with phi' `slope`, `slope2`; `frozen` = <x x'> of two trajectories."""

    lost: ClassVar[str] = "networks leave the range of numbers"


def simulate(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    N: int,
    couplings: int,
    samples: int = 4,
    T: float = 40.0,
    burn: float = 60.0,
    dt: float = 0.2,
    seed: int = 0,
    phi_prime: Function | None = None,
    centred: bool | None = None,
    progress: Progress | None = None,
) -> ClampedTrajectories:
    """Trajectories of many networks with the output clamped at the target.

    Networks and all parameters but these are those of `numerics.simulate.loop.simulate`.

    Parameters
    ----------
    samples : int
        Trajectories of each network, at least 2, from normal initial states of the variance of the drive plus one.
    T, burn, dt : float
        Time of observation, time before it, time step (classical Runge-Kutta, order 4), in time constants of a unit.
    """
    given = check(
        parameters,
        (samples >= 2, f"samples = {samples}: the frozen part needs two trajectories"),
        (0 < dt <= 0.5, f"dt = {dt}: must lie between 0 and 0.5"),
        (1 <= T < np.inf, f"T = {T}: at least 1 is needed"),
        (0 <= burn < np.inf, f"burn = {burn}: must not be negative"),
        N=N,
        couplings=couplings,
        target=True,
    )
    phi = matched(phi)
    phi_prime = matched(phi_prime) if phi_prime is not None else None
    every = max(1, round(1 / dt))  # a snapshot each time constant
    no_noise = np.zeros((every, 0, N, samples))

    def one(k: int) -> dict[str, float]:
        """Statistics of network k; empty if its activity leaves the range of numbers."""
        frozen = draw(given, N=N, seed=seed, network=k)
        drive = (frozen.m * given["A"] + frozen.I)[:, None]
        # the scheme has no constant input: it runs y = x - drive, dy/dt = -y + J phi(y + drive)
        advance = NumpyBackend("float64").advance(lambda y: phi(y + drive), rk4(LinearUnit("none"), 1 / every))
        y = stream(seed, N, k, 2).normal(scale=np.sqrt(1 + np.mean(drive**2)), size=(samples, N)).T[None]
        rows = []
        with np.errstate(all="ignore"):
            for step in range(round(burn + T)):
                y = advance(frozen.J, y, no_noise)
                if step >= round(burn):
                    rows.append(snapshot(y[0] + drive, frozen.direction))
        means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        return means | control_variates(phi, phi_prime, frozen, given) if np.all(np.isfinite([*means.values()])) else {}

    def snapshot(x: Array, direction: Array) -> dict[str, float]:
        """Averages over units and trajectories at one time."""
        activity = phi(x)
        total = np.sum(x, axis=1)
        frozen = (total @ total - np.sum(x**2)) / (N * samples * (samples - 1))
        row = {"x2": np.mean(x**2), "phi2": np.mean(activity**2), "frozen": frozen}
        row["overlap"] = np.mean(direction @ activity)
        if phi_prime is not None:
            slope = phi_prime(x)
            row |= {"slope": np.mean(slope), "slope2": np.mean(slope**2)}
        return row

    rows = in_parallel(one, couplings, progress)
    found = np.array([not row for row in rows]), collected(rows)
    return ClampedTrajectories(N, couplings, samples, seed, given, *found)
