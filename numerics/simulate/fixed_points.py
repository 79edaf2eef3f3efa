"""Simulation of the network with static noise: fixed points for many couplings and many draws of the noise.

    x_i = sum_j J_ij phi(x_j) + xi_i,     J_ij ~ N(0, g^2/N) (including i = j),     xi_i ~ N(0, sigma^2)

All noise draws of one coupling matrix are the columns of one matrix, so that an iteration is one matrix product. A
column that has converged is frozen and leaves the product. What does not converge is counted and reported, never
repaired.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from numerics.backends import matched
from numerics.compare.estimate import Estimate, observables, primitive_statistics
from numerics.simulate.couplings import draw as draw_couplings
from numerics.simulate.parallel import in_parallel
from numerics.simulate.sample import Sample, collected
from theory.errors import require

Array = NDArray[np.float64]
Function = Callable[[Array], Array]
Progress = Callable[[float], None]

# Measured for tanh, x/(1+x^2/3) and power laws with g^2 <phi'^2> between 0.6 and 0.95, N = 100 and 300, 500 iterations:
# of the columns that plain iteration leaves open, acceleration leaves a seventh or fewer. Memory beyond 8 gains little.
# The damped steps in between free columns on which acceleration cycles.
PLAIN_ITERATIONS = 30
ACCELERATED_ITERATIONS = 50
DAMPED_ITERATIONS = 20
DAMPING = 0.5
MEMORY = 8  # past changes kept by the acceleration
MIN_SAMPLES = 4  # the connected estimators need four independent draws


@dataclass(frozen=True, eq=False)
class FixedPoints(Sample):
    """Statistics of simulated fixed points, see `numerics.compare.estimate.primitive_statistics`.

    Attributes
    ----------
    centred : bool
        Whether means were taken as zero by symmetry (odd activation).
    """

    lost: ClassVar[str] = (
        "noise draws did not converge to a fixed point (there is none, or it is unstable: chaotic regime)"
    )
    again: ClassVar[Mapping[str, str]] = {"gain_derivative": "gain"}
    centred: bool = False

    def observables(self) -> dict[str, Estimate]:
        """Estimates with errors over the coupling matrices; see `numerics.compare.estimate.observables`."""
        return observables(self.statistics, self.parameters["g"])


def simulate(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    N: int,
    couplings: int,
    samples: int = 64,
    seed: int = 0,
    phi_prime: Function | None = None,
    centred: bool | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 500,
    progress: Progress | None = None,
) -> FixedPoints:
    """Fixed points of the static network for many couplings and noise draws.

    Parameters that are not listed are those of every simulator, see `numerics.treatment.Simulator`.

    Parameters
    ----------
    parameters : mapping
        `g` and `sigma`, coupling strength and standard deviation of the noise, not negative.
    samples : int
        Noise draws for each coupling matrix, at least 4; the default is near the optimum for a given time, because the spread over
        couplings dominates.
    tolerance : float
        A noise draw has converged when the root mean square of `J phi(x) + xi - x` is below `tolerance` times that
        of x.
    max_iterations : int
        Matrix products per coupling matrix.
    """
    g, sigma = float(parameters["g"]), float(parameters["sigma"])
    require(
        (np.isfinite(g) and g >= 0, f"g = {g}: the coupling strength must be finite and not negative"),
        (np.isfinite(sigma) and sigma >= 0, f"sigma = {sigma}: the noise must be finite and not negative"),
        (N >= 2, f"N = {N}: at least two units are needed"),
        (couplings >= 1, f"couplings = {couplings}: at least one coupling matrix is needed"),
        (samples >= MIN_SAMPLES, f"samples = {samples}: at least {MIN_SAMPLES} noise draws are needed"),
        (0 < tolerance < 1, f"tolerance = {tolerance}: must lie between 0 and 1"),
        (max_iterations >= 1, f"max_iterations = {max_iterations}: at least one is needed"),
    )
    phi = matched(phi)
    phi_prime = matched(phi_prime) if phi_prime is not None else None
    symmetric = is_odd(phi) if centred is None else centred

    def one(k: int) -> tuple[float, dict[str, float]]:
        """Unconverged fraction and statistics of coupling matrix k."""
        J, noise = draw(g, sigma, N=N, samples=samples, seed=seed, coupling=k)
        with np.errstate(all="ignore"):
            x, converged = fixed_points(phi, J, noise, tolerance=tolerance, max_iterations=max_iterations)
            x = np.ascontiguousarray(x[:, converged])
            enough = x.shape[1] >= MIN_SAMPLES
            slope = phi_prime(x) if phi_prime is not None and enough else None
            row = primitive_statistics(x, phi(x), slope, centred=symmetric) if enough else {}
            if row:
                row.update(control_variates(J, noise, g, sigma))
        return 1 - x.shape[1] / samples, row

    unconverged, rows = zip(*in_parallel(one, couplings, progress), strict=True)
    found = np.array(unconverged), collected(rows)
    return FixedPoints(N, couplings, samples, seed, {"g": g, "sigma": sigma}, *found, centred=symmetric)


def draw(g: float, sigma: float, *, N: int, samples: int, seed: int, coupling: int) -> tuple[Array, Array]:
    """One coupling matrix, shape (N, N), and noise draws in columns, shape (N, samples)."""
    J, stream = draw_couplings(g, N=N, seed=seed, coupling=coupling)
    return J, stream.normal(scale=sigma, size=(samples, N)).T.copy()


def control_variates(J: Array, noise: Array, g: float, sigma: float) -> dict[str, float]:
    """Statistics of couplings and noise whose averages over both vanish exactly at every N; see `estimate.controlled`."""
    units = len(J)
    driven = J @ noise
    return {
        "control_noise": float(np.mean(noise**2)) - sigma**2,
        "control_trace": float(np.trace(J)) / units,
        "control_strength": float(np.sum(J**2)) / units - g**2,
        "control_loops": float(np.sum(J * J.T)) / units - g**2 / units,
        "control_work": float(np.mean(noise * driven)),
        "control_drive": float(np.mean(driven**2)) - g**2 * sigma**2,
    }


def is_odd(phi: Function) -> bool:
    """Whether phi(-x) = -phi(x) to rounding at points between 1e-3 and 30."""
    points = np.geomspace(1e-3, 30.0, 61)
    with np.errstate(all="ignore"):
        right, left = phi(points), phi(-points)
    return bool(np.allclose(left, -right, rtol=1e-10, atol=1e-14, equal_nan=True))


def fixed_points(
    phi: Function, J: Array, noise: Array, *, tolerance: float = 1e-8, max_iterations: int = 500
) -> tuple[Array, NDArray[np.bool_]]:
    """Solve x = J phi(x) + xi for all columns of `noise` at once.

    Plain iteration contracts by about sqrt(g^2 <phi'^2>) in the root mean square. Columns still open after
    `PLAIN_ITERATIONS` go on with Anderson acceleration, each with its own coefficients (Walker, Ni 2011, SIAM J. Numer.
    Anal. 49, 1715), and damped steps by turns. A column that overflows is given up.

    Parameters
    ----------
    phi : callable
        Activation.
    J : array, shape (N, N)
        Couplings.
    noise : array, shape (N, M)
        Noise draws in columns.
    tolerance, max_iterations
        See `simulate`.

    Returns
    -------
    x : array, shape (N, M)
        Fixed points; the last iterate where there is none.
    converged : array of bool, shape (M,)
    """
    solution = np.zeros_like(noise)
    converged = np.zeros(noise.shape[1], dtype=bool)
    active = np.arange(noise.shape[1])
    x, xi = noise.copy(), noise
    memory: _Memory | None = None
    for iteration in range(max_iterations):
        residual = J @ phi(x) + xi
        residual -= x
        size, length = _norms(residual), _norms(x)
        done = size <= tolerance * length
        lost = ~np.isfinite(size) | ~np.isfinite(length)
        if (finished := done | lost).any():
            solution[:, active[finished]] = x[:, finished]
            converged[active[done]] = True
            keep = ~finished
            if not keep.any():
                return solution, converged
            active, x, xi, residual = active[keep], x[:, keep], xi[:, keep], residual[:, keep]
            if memory is not None:
                memory.keep(keep)
        if iteration == max_iterations - 1:
            break
        turn = (iteration - PLAIN_ITERATIONS) % (ACCELERATED_ITERATIONS + DAMPED_ITERATIONS)
        if iteration < PLAIN_ITERATIONS:
            x = x + residual
        elif turn < ACCELERATED_ITERATIONS:
            memory = memory or _Memory(x)
            x = memory.step(x, residual)
        else:
            memory = None
            x = x + DAMPING * residual
    solution[:, active] = x
    return solution, converged


def _norms(columns: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->j", columns, columns))


class _Memory:
    """Anderson acceleration of many columns: the next iterate cancels the residual in the span of recent changes."""

    def __init__(self, x: Array) -> None:
        units, columns = x.shape
        self.images = np.zeros((MEMORY, units, columns))  # changes of x + residual, in a ring
        self.residuals = np.zeros((MEMORY, units, columns))  # changes of the residual
        self.gram = np.zeros((columns, MEMORY, MEMORY))  # their inner products, column by column
        self.gram[:, range(MEMORY), range(MEMORY)] = 1.0  # an empty slot gets weight zero
        self.steps = 0
        self.last: tuple[Array, Array] = (x, x)

    def keep(self, columns: NDArray[np.bool_]) -> None:
        """Forget the other columns."""
        self.images, self.residuals = self.images[:, :, columns], self.residuals[:, :, columns]
        self.gram = self.gram[columns]
        self.last = self.last[0][:, columns], self.last[1][:, columns]

    def step(self, x: Array, residual: Array) -> Array:
        """Next iterate from the present one and its residual."""
        image = x + residual
        if self.steps:
            self._remember((self.steps - 1) % MEMORY, image - self.last[0], residual - self.last[1])
        self.steps += 1
        self.last = image, residual
        if self.steps == 1:
            return image
        overlap = np.einsum("kin,in->nk", self.residuals, residual)
        weights = np.linalg.solve(self.gram, overlap[..., None])[..., 0]
        return image - np.einsum("nk,kin->in", weights, self.images)

    def _remember(self, slot: int, image: Array, residual: Array) -> None:
        self.images[slot], self.residuals[slot] = image, residual
        products = np.einsum("kin,in->nk", self.residuals, residual)
        self.gram[:, slot, :] = self.gram[:, :, slot] = products
        # The ridge only guards against rank loss.
        self.gram[:, slot, slot] = products[:, slot] * (1 + 1e-12) + np.finfo(float).tiny
