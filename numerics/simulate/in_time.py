"""Simulation of the network in time: many trajectories for many couplings, with exact noise and a measured time-step error.

    x_i = h(s) [sum_j J_ij phi(x_j) + xi_i(t)],     J_ij ~ N(0, g^2/N),    N <J_ij J_ji> = eta g^2

with h = 1/(1+s), that is dx_i/dt = -x_i + sum_j J_ij phi(x_j) + xi_i, unless another filter is given. All trajectories of one
coupling matrix are the columns of one matrix, so that a drive is one product. With noise the filter and the noise are
integrated exactly and the coupling term to second order in the step; without noise everything to fourth order
(`numerics.simulate.schemes`). What the time step leaves is measured: one network is run with the full and with half the step
and the same noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.backends import Advance, Backend, NumpyBackend, backend_named, matched
from numerics.compare.estimate import Estimate, mean_estimate
from numerics.simulate.couplings import draw
from numerics.simulate.estimates_in_time import Trajectories
from numerics.simulate.fixed_points import Function, Progress, is_odd
from numerics.simulate.linear import LOW_PASS, LinearUnit, read_transfer
from numerics.simulate.moments import Moments, Row, longest_lag, rounded
from numerics.simulate.normals import drawn_ahead
from numerics.simulate.parallel import WORKERS
from numerics.simulate.sample import collected
from numerics.simulate.schemes import DEFAULT_STEP, METHODS, STABLE, default_method
from theory.errors import DomainError, InputError, require

Array = NDArray[np.float64]

SPACING = 1.0  # time between the snapshots of a trajectory
# default time before the first snapshot: in units of the filter's slowest time constant; last: in units of tau_n
SETTLING, SETTLING_AUTONOMOUS, NOISE_TIMES = 20.0, 100.0, 5.0
STEP_TRAJECTORIES = 16  # of the run that measures the time-step error
NETWORK = ("noise", "g", "eta", "sigma", "tau_n")


def simulate(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    N: int,
    couplings: int,
    samples: int = 16,
    T: float = 20.0,
    burn: float | None = None,
    dt: float | None = None,
    seed: int = 0,
    method: str | None = None,
    precision: int | str = 64,
    backend: str = "numpy",
    transfer: object = LOW_PASS,
    phi_prime: Function | None = None,
    centred: bool | None = None,
    progress: Progress | None = None,
) -> Trajectories:
    """Trajectories of the network for many couplings.

    Parameters that are not listed are those of every simulator, see `numerics.treatment.Simulator`; of `phi_prime`, `gain` is the
    mean where eta is not 0.

    Parameters
    ----------
    phi : callable
        Odd; takes NumPy arrays and the arrays of `backend`, keeps their precision.
    parameters : mapping
        `g`, `noise` (none, white or ou), `sigma` and `tau_n` where the noise has them; `eta`, symmetry of the couplings in
        [-1, 1], by default 0.
    samples : int
        Independent trajectories for each coupling matrix, at least 2; 3 for an error within a coupling matrix.
    T, burn : float
        Observation time of each trajectory (a little more where it is cut into blocks), and time before it: by default 20 times
        the slowest time constant of the filter and 5 tau_n, 100 time constants without noise.
    dt : float, optional
        Time step, in the units of T; by default 1/8 for heun and 1/5 for rk4.
    method : {'heun', 'rk4'}, optional
        Exponential Runge-Kutta of second order with exact filter and noise, or the classical one of fourth order, for
        noise=none only and there the default.
    precision : {64, 32}
        Bits of state and products; sums of statistics are in double precision always.
    backend : {'numpy', 'jax', 'torch'}
        Array library of the time steps. JAX and PyTorch are extras; they use a GPU where they find one. All random numbers are
        NumPy's, on the host: with the same precision the results agree to rounding.
    transfer : pair of arrays
        Numerator and denominator of the filter h(s), highest power first; by default 1/(1+s). Its poles have negative real
        parts, and it vanishes at infinity.

    Raises
    ------
    InputError
        For parameters outside these ranges, or a library that is not installed.
    DomainError
        For an activation that is not odd.
    """
    unit = LinearUnit(
        str(parameters["noise"]),
        float(parameters.get("sigma", 0.0)),
        float(parameters.get("tau_n", 1.0)),
        read_transfer(transfer),
    )
    g, eta = float(parameters["g"]), float(parameters.get("eta", 0.0))
    method = default_method(unit.noise) if method is None else method
    dt = DEFAULT_STEP.get(method, SPACING) if dt is None else dt
    require(
        (np.isfinite(g) and g >= 0, f"g = {g}: the coupling strength must be finite and not negative"),
        (-1 <= eta <= 1, f"eta = {eta}: the symmetry of the couplings lies between -1 and 1"),
        (N >= 2, f"N = {N}: at least two units are needed"),
        (couplings >= 1, f"couplings = {couplings}: at least one coupling matrix is needed"),
        (samples >= 2, f"samples = {samples}: at least two trajectories are needed"),
        (SPACING <= T < np.inf, f"T = {T}: at least {SPACING:g} is needed"),
        (burn is None or 0 <= burn < np.inf, f"burn = {burn}: must not be negative"),
        (0 < dt <= SPACING, f"dt = {dt}: must lie between 0 and {SPACING:g}"),
        (method in METHODS, f"method = {method[:40]} is unknown; allowed: {', '.join(METHODS)}"),
        (method != "rk4" or unit.noise == "none", "method = rk4 is for noise=none: take method=heun"),
        (str(precision) in ("32", "64"), f"precision = {str(precision)[:40]}: 32 or 64 bits"),
        *((False, problem) for problem in unit.problems()),
    )
    if dt * unit.stiffness > STABLE[method]:
        largest = STABLE[method] / unit.stiffness
        raise InputError(f"dt = {dt:g}: unstable for this filter, at most {largest:.2g}, or take method=heun")
    if burn is None:
        burn = _settling(unit)
    library = backend_named(backend, int(precision))
    host = matched(phi)
    if not (is_odd(host) if centred is None else centred):
        raise DomainError("the network in time is simulated for odd phi only: others have a frozen mean activity")
    slope = matched(phi_prime) if phi_prime is not None and eta != 0 else None

    every = steps_between(dt)
    scheme = METHODS[method](unit, SPACING / every)
    advance = library.advance(phi, scheme)
    before, times = int(np.ceil(burn / SPACING)), rounded(samples, int(T / SPACING))
    tally = _Tally(progress, couplings * (before + times))

    def one(k: int) -> Row:
        J, stream = draw(g, eta, N=N, seed=seed, coupling=k)
        moments = Moments(host, slope, N, samples, times, library.dtype)
        with np.errstate(all="ignore"):
            state = unit.start(stream, N, samples)
            noise = drawn_ahead(noise_pool, stream, (every, scheme.noise, N, samples), library.dtype, before + times)
            for count, x in enumerate(snapshots(advance, library, J, state, noise)):
                if tally.stopped:
                    break
                if count >= before:
                    moments.add(x)
                tally.add()
            return moments.row()

    rows: list[Row] = []
    workers = WORKERS if library.parallel else 1
    pool, noise_pool = ThreadPoolExecutor(workers), ThreadPoolExecutor(WORKERS)
    try:
        rows += pool.map(one, range(couplings))
        time_step = time_step_error(phi, g, unit, method, eta=eta, burn=burn, dt=dt, seed=seed)
    finally:
        tally.stopped = True
        pool.shutdown(cancel_futures=True)
        noise_pool.shutdown(cancel_futures=True)
    return Trajectories(
        N=N,
        couplings=couplings,
        samples=samples,
        parameters={key: parameters[key] for key in NETWORK if key in parameters},
        seed=seed,
        T=times * SPACING,
        burn=burn,
        dt=SPACING / every,
        lags=longest_lag(samples, times) * SPACING,
        transfer=unit.transfer,
        method=method,
        precision=library.dtype.itemsize * 8,
        backend=backend,
        unconverged=np.array([row.lost / samples for row in rows]),
        time_step=time_step,
        statistics=collected([row.values for row in rows]),
        without_one=collected([row.without_one for row in rows]),
    )


def _settling(unit: LinearUnit) -> float:
    if unit.noise == "none":
        return SETTLING_AUTONOMOUS * unit.memory
    return SETTLING * unit.memory + (NOISE_TIMES * unit.tau_n if unit.noise == "ou" else 0.0)


def steps_between(dt: float) -> int:
    """Steps from one snapshot to the next."""
    return max(1, round(SPACING / dt))


class _Tally:
    """The finished part of all snapshots, told to `progress` every hundredth; and a word to stop."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total = progress, total
        self.done, self.told, self.stopped = 0, 0, False
        self.lock = Lock()

    def add(self) -> None:
        """One more snapshot."""
        if self.progress is None:
            return
        with self.lock:
            self.done += 1
            if (hundredths := 100 * self.done // self.total) > self.told:
                self.told = hundredths
                self.progress(self.done / self.total)


def snapshots(advance: Advance, library: Backend, J: Array, state: Array, noise: Iterator[Array]) -> Iterator[Array]:
    """x after every interval, shape (N, samples)."""
    couplings, at = library.asarray(J), library.asarray(state)
    for numbers in noise:
        at = advance(couplings, at, library.asarray(numbers))
        yield library.tohost(at[0])


@lru_cache(maxsize=4)  # sizes of one validation share it
def time_step_error(
    phi: Function,
    g: float,
    unit: LinearUnit,
    method: str,
    *,
    eta: float = 0.0,
    burn: float,
    dt: float,
    seed: int,
    N: int = 100,
    T: float = 100.0,
) -> Estimate:
    """Relative error of <x^2> made by the step, from runs with the full and with half the step and the same noise.

    The step acts on each unit by itself: its error hardly depends on N, and one small network measures it. For a scheme of
    order p the error is 2^p/(2^p - 1) of the difference. Where trajectories are chaotic the two runs part, and the standard
    error says how little the difference means.
    """
    J, stream = draw(g, eta, N=N, seed=seed, coupling=0)
    every, library = steps_between(dt), NumpyBackend("float64")
    coarse, fine = (METHODS[method](unit, SPACING / (every * parts)) for parts in (1, 2))
    joined = _joined(unit, SPACING / (2 * every))
    rough_steps, smooth_steps = library.advance(phi, coarse), library.advance(phi, fine)
    rough = smooth = unit.start(stream, N, STEP_TRAJECTORIES)
    before, count = int(np.ceil(burn / SPACING)) * every, int(T / SPACING) * every
    squares = np.zeros((2, STEP_TRAJECTORIES))
    with np.errstate(all="ignore"):
        for k in range(before + count):
            numbers = stream.standard_normal((2, fine.noise, N, STEP_TRAJECTORIES))
            smooth = smooth_steps(J, smooth, numbers)
            rough = rough_steps(J, rough, np.einsum("rhq,hqia->ria", joined, numbers)[None])
            if k >= before:
                squares += [np.mean(rough[0] ** 2, axis=0), np.mean(smooth[0] ** 2, axis=0)]
    gained = 2.0**coarse.order
    difference = gained / (gained - 1.0) * (squares[0] - squares[1]) / np.mean(squares[1])
    return mean_estimate(difference)


def _joined(unit: LinearUnit, dt: float) -> Array:
    """The normal numbers of a step of 2 dt as those of two steps dt, shape (r, 2, r): the noise of both is the same."""
    flow, root = unit.transition(dt)
    _, whole = unit.transition(2 * dt)
    return np.stack([np.linalg.pinv(whole) @ part for part in (flow @ root, root)], axis=1)
