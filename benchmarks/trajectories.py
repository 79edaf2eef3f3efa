"""Trajectories in time against the matrix products that they cannot avoid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import perf_counter

import numpy as np

from benchmarks.harness import Effort, Row, alternated
from numerics.backends import NumpyBackend
from numerics.codegen.backends import array_functions
from numerics.simulate.couplings import draw
from numerics.simulate.in_time import snapshots, steps_between
from numerics.simulate.linear import LinearUnit
from numerics.simulate.moments import Moments
from numerics.simulate.normals import drawn_ahead
from numerics.simulate.schemes import DEFAULT_STEP, METHODS, default_method
from theory.activation.activation import Activation

SAMPLES, G = 32, 1.5
REPEATS = {500: 41, 1000: 21, 2000: 9}
LARGEST = 1.03  # promised ratio to the bare products


def rows(effort: Effort) -> list[Row]:
    """tanh, one coupling matrix, single precision, without noise and with white noise; statistics in rows of their own."""
    sizes = effort.pick((500, 1000, 2000), (500,))
    return [
        _row(N, noise, statistics, effort.pick(REPEATS[N], 5))
        for statistics in (False, True)
        for N in sizes
        for noise in ("none", "white")
    ]


def _row(N: int, noise: str, statistics: bool, repeats: int) -> Row:
    case = _Case(N, noise, 16 if statistics else 4, statistics)
    with ThreadPoolExecutor(1) as case.pool:
        ours, products = alternated(case.ours, case.theirs, repeats)
    shown, target = (", statistics", "-") if statistics else ("", f"< {LARGEST} x baseline")
    promise = f"{case.times} time units, N = {N}, {noise} noise ({case.method}){shown}"
    note = f"{SAMPLES} trajectories; beyond the products: phi, sums of rows, noise (drawn in a second thread)"
    note += "; inner products of all snapshots" if statistics else ""
    row = Row(promise, target, ours, f"its {case.products} matrix products", products, note=note)
    return row if statistics else replace(row, met=row.ratio < LARGEST)


class _Case:
    """One coupling matrix and its trajectories; the first time unit, in which memory is taken, is not measured."""

    pool: ThreadPoolExecutor

    def __init__(self, N: int, noise: str, times: int, statistics: bool) -> None:
        self.N, self.times, self.statistics = N, times, statistics
        self.unit = LinearUnit(noise, 1.0 if noise == "white" else 0.0)
        self.method = default_method(noise)
        self.every = steps_between(DEFAULT_STEP[self.method])
        self.scheme = METHODS[self.method](self.unit, 1.0 / self.every)
        self.products = times * self.every * self.scheme.drives
        self.library = NumpyBackend("float32")
        self.phi, _ = array_functions(Activation.from_text("tanh(x)"), {})
        J, self.stream = draw(G, N=N, seed=0, coupling=0)
        self.J = self.library.asarray(J)
        self.state = self.unit.start(self.stream, N, SAMPLES)
        self.advance = self.library.advance(self.phi, self.scheme)
        self.moments = Moments(self.phi, None, N, SAMPLES, times, self.library.dtype)

    def ours(self) -> float:
        shape = (self.every, self.scheme.noise, self.N, SAMPLES)
        noise = drawn_ahead(self.pool, self.stream, shape, self.library.dtype, self.times + 1)
        found = snapshots(self.advance, self.library, self.J, self.state, noise)
        next(found)
        start = perf_counter()
        for x in found:
            if self.statistics:
                self.moments.add(x)
        return perf_counter() - start

    def theirs(self) -> float:
        f = self.phi(self.library.asarray(self.state[0]))
        drive = self.J @ f
        start = perf_counter()
        for _ in range(self.products):
            np.matmul(self.J, f, out=drive)
        return perf_counter() - start
