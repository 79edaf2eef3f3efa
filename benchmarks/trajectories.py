"""Trajectories in time against the matrix products that they cannot avoid."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter

import numpy as np

from benchmarks.harness import Effort, Row, alternated
from numerics.backends import NumpyBackend
from numerics.codegen.backends import array_functions
from numerics.simulate.couplings import draw
from numerics.simulate.dynamic import snapshots, steps_between
from numerics.simulate.linear import LinearUnit
from numerics.simulate.moments import Moments, rounded
from numerics.simulate.normals import drawn_ahead
from numerics.simulate.schemes import DEFAULT_STEP, METHODS, Scheme, default_method
from theory.activations.activation import Activation

SIZES, SAMPLES, G = (500, 1000, 2000), 32, 1.5
LARGEST = 1.03  # promised ratio to the bare products


def rows(effort: Effort) -> list[Row]:
    """tanh, one coupling matrix, single precision, without noise and with white noise; statistics in rows of their own."""
    return [
        _row(effort, N, noise, statistics)
        for statistics in (False, True)
        for N in SIZES[: effort.pick(3, 1)]
        for noise in ("none", "white")
    ]


def _row(effort: Effort, N: int, noise: str, statistics: bool) -> Row:
    unit = LinearUnit(noise, 1.0 if noise == "white" else 0.0)
    method = default_method(noise)
    every = steps_between(DEFAULT_STEP[method])
    scheme = METHODS[method](unit, 1.0 / every)
    phi, _ = array_functions(Activation.from_text("tanh(x)"), {})
    times = rounded(SAMPLES, 16)
    with ThreadPoolExecutor(1) as pool:
        ours = partial(_ours, phi, unit, scheme, pool, N, every, times, statistics)
        measured, products = alternated(
            ours, partial(_products, phi, N, times * every * scheme.drives), effort.pick(9, 3)
        )
    row = Row(
        f"{times} time units, N = {N}, {SAMPLES} trajectories, {noise} noise ({method}){', statistics' if statistics else ''}",
        "-" if statistics else f"< {LARGEST} x baseline",
        measured,
        f"its {times * every * scheme.drives} matrix products",
        products,
        None,
        "beyond the products: phi, sums of rows, noise (drawn in a second thread)"
        + ("; inner products of all snapshots" if statistics else ""),
    )
    return row if statistics else row.judged(row.ratio < LARGEST)


def _ours(
    phi: Callable,
    unit: LinearUnit,
    scheme: Scheme,
    pool: ThreadPoolExecutor,
    N: int,
    every: int,
    times: int,
    statistics: bool,
) -> float:
    """Seconds for the trajectories of one matrix, drawing it apart."""
    library = NumpyBackend("float32")
    J, stream = draw(G, N=N, seed=0, coupling=0)
    state = unit.start(stream, N, SAMPLES)
    advance = library.advance(phi, scheme)
    moments = Moments(phi, None, N, SAMPLES, times, library.dtype)
    noise = drawn_ahead(pool, stream, (every, scheme.noise, N, SAMPLES), library.dtype, times)
    couplings = library.asarray(J)
    start = perf_counter()
    for x in snapshots(advance, library, couplings, state, noise):
        if statistics:
            moments.add(x)
    return perf_counter() - start


def _products(phi: Callable, N: int, count: int) -> float:
    """Seconds for the products alone, of the same arrays."""
    library = NumpyBackend("float32")
    J, stream = draw(G, N=N, seed=0, coupling=0)
    couplings, f = library.asarray(J), phi(library.asarray(stream.normal(size=(N, SAMPLES))))
    drive = np.empty_like(f)
    start = perf_counter()
    for _ in range(count):
        np.matmul(couplings, f, out=drive)
    return perf_counter() - start
