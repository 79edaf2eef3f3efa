"""Statistics of one coupling matrix from snapshots of independent trajectories.

A squared covariance is estimated from products of two different trajectories a != b only,

    sum_ij C_ij(tau)^2 = < [phi_a(t + tau) . phi_b(s + tau)] [phi_a(t) . phi_b(s)] >_{t, s}

over all pairs of times t, s of a block, so that neither sampling noise nor correlations in time bias it. Snapshots are kept
for one block; of a block remains one number per pair of trajectories and statistic. Inner products have the precision of the
snapshots; their squares and all sums are in double precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]

COLUMNS = 512  # snapshots of all trajectories in a block: few enough for their matrix of inner products to be cheap
STARTS = 16  # about as many times t of a block are used at each lag: neighbours say the same


class Row(NamedTuple):
    """Statistics of one coupling matrix.

    Attributes
    ----------
    values : dict of str to float
        `x2`, `phi2`, `x_phi`, `slope` (mean of phi'): means over units and time; `trace_squared_*` = (tr C)^2/N^2 and
        `square_trace_*` = tr C^2/N at equal times, for x and phi; `pair_phi` = psi_phi(0, 0) = their difference for phi,
        `pair_area` = the integral of psi_phi(tau, tau) over the lags up to half a block.
    without_one : dict of str to array, shape (trajectories,)
        The same with one trajectory left out; nan where too few are left, and for trajectories that were lost.
    lost : int
        Trajectories that left the range of numbers.
    """

    values: dict[str, float]
    without_one: dict[str, Array]
    lost: int


class Moments:
    """Accumulates snapshots of one coupling matrix.

    Parameters
    ----------
    phi, phi_prime : callable
        Without phi_prime there is no `slope`.
    N, samples, times : int
        Units, trajectories, snapshots to come: as many as `rounded` says.
    dtype : numpy.dtype
        Precision of the snapshots.
    """

    def __init__(
        self, phi: Function, phi_prime: Function | None, N: int, samples: int, times: int, dtype: Any = float
    ) -> None:
        self.phi, self.phi_prime = phi, phi_prime
        self.units, self.samples, self.blocks = N, samples, blocks(samples, times)
        self.block = np.empty((times // self.blocks, N, samples), dtype)
        count = samples * len(self.block)
        self.rows, self.products = np.empty((count, N), dtype), np.empty((count, count), dtype)
        self.gram = np.empty((samples, len(self.block)) * 2)
        self.filled = 0
        names = ["x2", "phi2", "x_phi", *(["slope"] if phi_prime is not None else [])]
        self.single = {name: np.zeros(samples) for name in names}
        pairs = ("trace_squared_x", "trace_squared_phi", "square_trace_x", "square_trace_phi", "pair_area")
        self.pair = {name: np.zeros((samples, samples)) for name in pairs}

    def add(self, x: Array) -> None:
        """One snapshot, shape (N, samples)."""
        self.block[self.filled] = x
        self.filled += 1
        if self.filled == len(self.block):
            self._count()
            self.filled = 0

    def _count(self) -> None:
        """Adds the block: columns of trajectory a at time t become the rows (a, t)."""
        times, units, samples = self.block.shape
        self.rows.reshape(samples, times, units)[:] = self.block.transpose(2, 0, 1)
        x, f = self.rows, self.phi(self.rows)
        share = 1.0 / self.blocks
        self.single["x2"] += share * _mean(x * x, samples)
        self.single["phi2"] += share * _mean(f * f, samples)
        self.single["x_phi"] += share * _mean(x * f, samples)
        if self.phi_prime is not None:
            self.single["slope"] += share * _mean(self.phi_prime(x), samples)
        for name, rows in (("x", x), ("phi", f)):
            np.matmul(rows, rows.T, out=self.products)
            np.divide(self.products.reshape(self.gram.shape), units, out=self.gram)
            squares = np.einsum("atbs,atbs->ab", self.gram, self.gram) / times**2
            self.pair[f"square_trace_{name}"] += share * units * squares
        lags = np.stack([_pair_spectrum(self.gram, lag, units) for lag in range(longest_lag(samples, times) + 1)])
        self.pair["pair_area"] += share * (lags.sum(axis=0) - 0.5 * (lags[0] + lags[-1]))

    def row(self) -> Row:
        """What was found, from at least two trajectories that stayed finite."""
        finite = np.isfinite(self.single["x2"]) & np.isfinite(self.single["phi2"])
        kept = int(finite.sum())
        if kept < 2:
            return Row({}, {}, self.samples)
        for name in ("x", "phi"):
            norms = self.single[f"{name}2"]
            self.pair[f"trace_squared_{name}"] = np.outer(norms, norms)
        self.pair["pair_phi"] = self.pair["square_trace_phi"] - self.pair["trace_squared_phi"]
        values, without_one = {}, {}
        for name, single in self.single.items():
            values[name], without_one[name] = _means(single[finite])
        for name, pair in self.pair.items():
            values[name], without_one[name] = _pair_means(pair[np.ix_(finite, finite)])
        spread = {name: np.full(self.samples, np.nan) for name in without_one}
        for name, array in without_one.items():
            spread[name][finite] = array
        return Row(values, spread, self.samples - kept)


def blocks(samples: int, times: int) -> int:
    """Number of equal blocks of the snapshots of all trajectories."""
    return -(-times // max(2, COLUMNS // samples))


def rounded(samples: int, times: int) -> int:
    """Snapshots that fill the blocks, not fewer than `times`."""
    count = blocks(samples, times)
    return count * -(-times // count)


def longest_lag(samples: int, times: int) -> int:
    """Half the snapshots of a block."""
    return times // blocks(samples, times) // 2


def _mean(products: Array, samples: int) -> Array:
    """Mean over units and times for each trajectory."""
    return products.reshape(samples, -1).mean(axis=1, dtype=float)


def _pair_spectrum(gram: Array, lag: int, units: int) -> Array:
    """psi(lag, lag) of every pair of trajectories, from the inner products over N at all pairs of times."""
    times = gram.shape[1]
    stride = max(1, times // STARTS)
    later, earlier = gram[:, lag::stride, :, lag:], gram[:, : times - lag : stride, :, : times - lag]
    squares = units * np.einsum("atbs,atbs->ab", later, earlier) / (later.shape[1] * later.shape[3])
    traces = np.einsum("atat->a", gram[:, lag:, :, : times - lag]) / (times - lag)
    return squares - np.outer(traces, traces)


def _means(values: Array) -> tuple[float, Array]:
    total, count = values.sum(), len(values)
    return float(total / count), (total - values) / (count - 1)


def _pair_means(values: Array) -> tuple[float, Array]:
    """Mean over pairs of different trajectories, and the same without each of them."""
    count = len(values)
    off = values - np.diag(np.diagonal(values))
    total, rows = off.sum(), off.sum(axis=0) + off.sum(axis=1)
    left = (count - 1) * (count - 2)
    without = (total - rows) / left if left else np.full(count, np.nan)
    return float(total / (count * (count - 1))), without
