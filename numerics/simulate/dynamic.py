"""Simulation of the network in time: many trajectories for many couplings, with exact noise and a measured time-step error.

    dx_i/dt = -x_i + sum_j J_ij phi(x_j) + xi_i(t),     J_ij ~ N(0, g^2/N) (including i = j)

The decay and the noise are integrated exactly: a unit and its noise are a linear system, whose transition over a step
is a matrix exponential and a Gaussian (Van Loan 1978, IEEE Trans. Autom. Control 23, 395). The coupling term is taken
to second order in the step (exponential Runge-Kutta; Cox, Matthews 2002, J. Comput. Phys. 176, 430). All trajectories
of one coupling matrix are the columns of one matrix. What the time step leaves is measured: one network is run with
the full and with half the step and the same noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from numerics.estimate import Estimate, jackknife, mean_estimate
from numerics.simulate.static import WORKERS, Function, Progress, elementwise, is_odd
from theory.errors import DomainError, InputError

Array = NDArray[np.float64]

SPACING = 1.0  # time between the snapshots of a trajectory, in time constants of a unit
SETTLING, SETTLING_AUTONOMOUS, NOISE_TIMES = (
    20.0,
    100.0,
    5.0,
)  # default time before the first snapshot; last: in units of tau_n
STEP_TRAJECTORIES = 16  # of the run that measures the time-step error
NOTICEABLE = 1.0  # time-step error, in standard errors of the estimate, above which it is announced


@dataclass(frozen=True, eq=False)
class Sample:
    """Statistics of simulated trajectories, coupling by coupling.

    Attributes
    ----------
    N, couplings, samples : int
        Units, coupling matrices, independent trajectories for each of them.
    parameters : mapping
        Of the network.
    seed : int
    T, burn, dt : float
        Time over which each trajectory is observed, time before that, time step.
    unconverged : array, shape (couplings,)
        Fraction of trajectories that left the range of numbers.
    time_step : Estimate
        Relative error of <x^2> that the time step makes, with its standard error over trajectories.
    statistics : dict of str to array, shape (couplings,)
        See `trajectory_statistics`.
    """

    N: int
    couplings: int
    samples: int
    parameters: Mapping[str, Any]
    seed: int
    T: float
    burn: float
    dt: float
    unconverged: Array
    time_step: Estimate
    statistics: dict[str, Array] = field(repr=False)

    @property
    def unconverged_fraction(self) -> float:
        """Fraction of all trajectories that left the range of numbers."""
        return float(self.unconverged.mean())

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the estimates."""
        found = self.observables()
        if not found:
            return ()
        relative = found["Delta0"].error / found["Delta0"].value
        shift, error = abs(self.time_step.value), self.time_step.error
        if shift > max(3 * error, NOTICEABLE * relative):
            return (
                f"the time step dt = {self.dt:g} shifts <x^2> by {shift:.1e} of itself, more than its error: take a smaller dt",
            )
        return ()

    def observables(self) -> dict[str, Estimate]:
        """Estimates with errors over the coupling matrices.

        Returns
        -------
        dict of str to Estimate
            `Delta0` = [<x^2>], `C_phi0` = [<phi^2>], `gain` from <x phi>/<x x> (Stein's lemma), `kappa2` = 1 - g^2 gain^2, `PR_x`,
            `PR_phi` = (tr C)^2/(N tr C^2).  The participation ratios at zero frequency are not measured: they need windows that
            are long against the slowest correlations.
        """
        usable = np.all([np.isfinite(v) for v in self.statistics.values()], axis=0) if self.statistics else np.array([])
        s = {name: values[usable] for name, values in self.statistics.items()}
        if not s or s["x2"].size == 0:
            return {}
        g = self.parameters["g"]
        return {
            "Delta0": mean_estimate(s["x2"]),
            "C_phi0": mean_estimate(s["phi2"]),
            "gain": jackknife(lambda m: m[0] / m[1], s["x_phi"], s["x2"]),
            "kappa2": jackknife(lambda m: 1 - (g * m[0] / m[1]) ** 2, s["x_phi"], s["x2"]),
            **{
                f"PR_{name}": jackknife(lambda m: m[0] / m[1], s[f"trace_squared_{name}"], s[f"square_trace_{name}"])
                for name in ("x", "phi")
            },
        }


def simulate(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    N: int,
    couplings: int,
    samples: int = 16,
    T: float = 20.0,
    burn: float | None = None,
    dt: float = 0.125,
    seed: int = 0,
    phi_prime: Function | None = None,
    centred: bool | None = None,
    progress: Progress | None = None,
) -> Sample:
    """Trajectories of the network for many couplings.

    Parameters
    ----------
    phi : callable
        Activation, odd, vectorised over arrays.
    parameters : mapping
        `g`, `noise` (none, white or ou), `sigma` and `tau_n` where the noise has them.
    N, couplings : int
        Units (at least 2) and coupling matrices (at least 1).
    samples : int
        Independent trajectories for each coupling matrix, at least 2.
    T, burn, dt : float
        Observation time of each trajectory, time before it (by default 20 time constants of a unit and 5 tau_n, 100 without
        noise), and time step, in time constants of a unit.
    seed : int
        The streams of coupling matrix k at size N depend on (seed, N, k) alone. The same seed gives the same numbers.
    phi_prime : callable, optional
        Not used.
    centred : bool, optional
        Whether phi is odd; by default found at a set of test points.
    progress : callable, optional
        Called with the finished fraction after each coupling matrix.

    Raises
    ------
    InputError
        For parameters outside these ranges.
    DomainError
        For an activation that is not odd.
    """
    noise = LinearNoise(
        str(parameters["noise"]), float(parameters.get("sigma", 0.0)), float(parameters.get("tau_n", 1.0))
    )
    if burn is None:
        burn = SETTLING_AUTONOMOUS if noise.word == "none" else SETTLING + NOISE_TIMES * noise.memory
    _check(float(parameters["g"]), N, couplings, samples, T, burn, dt)
    function, phi = phi, elementwise(phi)
    if not (is_odd(phi) if centred is None else centred):
        raise DomainError("the network in time is simulated for odd phi only: others have a frozen mean activity")

    def one(k: int) -> tuple[float, dict[str, float]]:
        J, stream = draw(float(parameters["g"]), N=N, seed=seed, coupling=k)
        with np.errstate(all="ignore"):
            x = trajectories(phi, J, noise, stream, samples=samples, T=T, burn=burn, dt=dt)
            finite = np.all(np.isfinite(x), axis=(0, 2))
            x = np.ascontiguousarray(x[:, finite])
            row = trajectory_statistics(x, phi(x)) if x.shape[1] >= 2 else {}
        return 1 - x.shape[1] / samples, row

    unconverged, rows = np.empty(couplings), []
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for k, (fraction, row) in enumerate(pool.map(one, range(couplings))):
            unconverged[k] = fraction
            rows.append(row)
            if progress is not None:
                progress((k + 1) / couplings)
        time_step = time_step_error(function, float(parameters["g"]), noise, burn=burn, dt=dt, seed=seed)
    finally:
        pool.shutdown(cancel_futures=True)
    names = next((list(row) for row in rows if row), [])
    statistics = {name: np.array([row.get(name, np.nan) for row in rows]) for name in names}
    network = {key: parameters[key] for key in ("noise", "g", "sigma", "tau_n") if key in parameters}
    return Sample(N, couplings, samples, network, seed, T, burn, dt, unconverged, time_step, statistics)


def _check(g: float, N: int, couplings: int, samples: int, T: float, burn: float, dt: float) -> None:
    conditions = (
        (np.isfinite(g) and g >= 0, f"g = {g}: the coupling strength must be finite and not negative"),
        (N >= 2, f"N = {N}: at least two units are needed"),
        (couplings >= 1, f"couplings = {couplings}: at least one coupling matrix is needed"),
        (samples >= 2, f"samples = {samples}: at least two trajectories are needed"),
        (SPACING <= T < np.inf, f"T = {T}: at least {SPACING:g} is needed"),
        (0 <= burn < np.inf, f"burn = {burn}: must not be negative"),
        (0 < dt <= SPACING, f"dt = {dt}: must lie between 0 and {SPACING:g}"),
    )
    if problems := [text for fine, text in conditions if not fine]:
        raise InputError(problems)


def draw(g: float, *, N: int, seed: int, coupling: int) -> tuple[Array, np.random.Generator]:
    """One coupling matrix, shape (N, N), and the stream of its noise."""
    j_stream, noise_stream = (
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(N, coupling, part))) for part in (0, 1)
    )
    return j_stream.normal(scale=g / np.sqrt(N), size=(N, N)), noise_stream


@dataclass(frozen=True)
class LinearNoise:
    """External noise as the output of a linear system driven by white noise.

    Attributes
    ----------
    word : str
        none, white or ou.
    sigma, tau_n : float
    """

    word: str
    sigma: float
    tau_n: float

    @property
    def memory(self) -> float:
        """Correlation time."""
        return self.tau_n if self.word == "ou" else 0.0

    def drift_and_diffusion(self) -> tuple[Array, Array]:
        """``d(x, xi) = A (x, xi) dt + white noise`` of covariance Q without couplings; for white noise and none just x."""
        if self.word == "ou":
            rate = 1.0 / self.tau_n
            return np.array([[-1.0, 1.0], [0.0, -rate]]), np.diag([0.0, 2.0 * rate * self.sigma**2])
        return np.array([[-1.0]]), np.array([[self.sigma**2 if self.word == "white" else 0.0]])

    def transition(self, dt: float) -> tuple[Array, Array]:
        """Matrix of the step and a square root of the covariance of what the noise adds, both exact."""
        A, Q = self.drift_and_diffusion()
        size = A.shape[0]
        block = expm(dt * np.block([[-A, Q], [np.zeros_like(A), A.T]]))
        step = block[size:, size:].T
        values, vectors = np.linalg.eigh(step @ block[:size, size:])
        return step, vectors * np.sqrt(np.maximum(values, 0.0))

    def start(self, stream: np.random.Generator, N: int, samples: int) -> Array:
        """x of order one and, for ou, its noise in its stationary state; shape (1 or 2, N, samples)."""
        state = stream.normal(size=(self.drift_and_diffusion()[0].shape[0], N, samples))
        if self.word == "ou":
            state[1] *= self.sigma
        return state


class Stepper:
    """One time step of all trajectories of one coupling matrix."""

    def __init__(self, phi: Function, J: Array, noise: LinearNoise, dt: float) -> None:
        self.phi, self.J = phi, J
        self.matrix, self.root = noise.transition(dt)
        decay = np.exp(-dt)
        self.first, self.second = 1.0 - decay, (decay - 1.0 + dt) / dt

    def noise(self, stream: np.random.Generator, shape: tuple[int, ...]) -> Array:
        """What the noise adds in one step."""
        return np.tensordot(self.root, stream.normal(size=shape), axes=1)

    def step(self, state: Array, kick: Array) -> Array:
        """The state one step later: linear part exact, coupling term by exponential Runge-Kutta of second order."""
        drive = self.J @ self.phi(state[0])
        new = np.tensordot(self.matrix, state, axes=1) + kick
        new[0] += self.first * drive
        new[0] += self.second * (self.J @ self.phi(new[0]) - drive)
        return new


def trajectories(
    phi: Function,
    J: Array,
    noise: LinearNoise,
    stream: np.random.Generator,
    *,
    samples: int,
    T: float,
    burn: float,
    dt: float,
) -> Array:
    """Snapshots of x, shape (N, samples, times): independent trajectories, `SPACING` apart in time."""
    every = max(1, round(SPACING / dt))
    stepper = Stepper(phi, J, noise, SPACING / every)
    state = noise.start(stream, J.shape[0], samples)
    before, count = int(np.ceil(burn / SPACING)), int(T / SPACING)
    found = np.empty((J.shape[0], samples, count))
    for k in range(before + count):
        for _ in range(every):
            state = stepper.step(state, stepper.noise(stream, state.shape))
        if k >= before:
            found[:, :, k - before] = state[0]
    return found


@lru_cache(maxsize=4)  # sizes of one validation share it
def time_step_error(
    phi: Function, g: float, noise: LinearNoise, *, burn: float, dt: float, seed: int, N: int = 100, T: float = 100.0
) -> Estimate:
    """Relative error of <x^2> made by the step, from runs with the full and with half the step and the same noise.

    The step acts on each unit by itself: its error hardly depends on N, and one small network measures it. The scheme is
    of second order, so that the error is 4/3 of the difference. Where trajectories are chaotic the two runs part, and
    the standard error says how little the difference means.
    """
    phi = elementwise(phi)
    J, stream = draw(g, N=N, seed=seed, coupling=0)
    every = max(1, round(SPACING / dt))
    coarse, fine = (Stepper(phi, J, noise, SPACING / (every * parts)) for parts in (1, 2))
    rough = smooth = noise.start(stream, N, STEP_TRAJECTORIES)
    before, count = int(np.ceil(burn / SPACING)) * every, int(T / SPACING) * every
    squares = np.zeros((2, STEP_TRAJECTORIES))
    with np.errstate(all="ignore"):
        for k in range(before + count):
            kicks = [fine.noise(stream, smooth.shape) for _ in range(2)]
            for kick in kicks:
                smooth = fine.step(smooth, kick)
            rough = coarse.step(rough, np.tensordot(fine.matrix, kicks[0], axes=1) + kicks[1])
            if k >= before:
                squares += [np.mean(rough[0] ** 2, axis=0), np.mean(smooth[0] ** 2, axis=0)]
    difference = 4.0 / 3.0 * (squares[0] - squares[1]) / np.mean(squares[1])
    return mean_estimate(difference)


def trajectory_statistics(x: Array, f: Array) -> dict[str, float]:
    """Statistics of one coupling matrix from snapshots of independent trajectories.

    A squared covariance is estimated from products of two different trajectories only, at all pairs of their times, so that
    neither sampling noise nor correlations in time bias it.

    Parameters
    ----------
    x, f : array, shape (N, trajectories, times)
        Preactivations and the activation at them; means vanish by symmetry.

    Returns
    -------
    dict of str to float
        `x2`, `phi2`, `x_phi`: means over units; `trace_squared_*` = (tr C)^2/N^2 and `square_trace_*` = tr C^2/N for x and phi.
    """
    units, count, times = x.shape
    result = {"x2": float(np.mean(x**2)), "phi2": float(np.mean(f**2)), "x_phi": float(np.mean(x * f))}
    pairs = count * (count - 1)
    for name, z in (("x", x), ("phi", f)):
        norms = np.einsum("iat,iat->a", z, z) / times
        columns = z.reshape(units, -1)
        squares = ((columns.T @ columns) ** 2).reshape(count, times, count, times).mean(axis=(1, 3))
        result[f"trace_squared_{name}"] = float((norms.sum() ** 2 - norms @ norms) / pairs / units**2)
        result[f"square_trace_{name}"] = float((squares.sum() - np.trace(squares)) / pairs / units)
    return result
