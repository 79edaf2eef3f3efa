"""Threshold networks: all stable states, and weights for prescribed ones, on fresh random networks in every repeat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from time import process_time

import numpy as np
from scipy.optimize import linprog

from benchmarks.harness import Effort, Row, Sample, timed, times
from numerics.threshold.design import design
from numerics.threshold.states import States, stable_states
from theory.threshold.network import ThresholdNetwork
from theory.threshold.patterns import Patterns

NORMAL, NONE, BALANCED = "normal b", "b = 0", "b = -W 1/2"
"""Biases: of variance N/4, so that units are silent or active for some; none; those that treat a state and its complement alike."""

SIZES = (
    (25, None, NORMAL, 0.5, 5),
    (25, None, NONE, 0.5, 5),
    (25, None, BALANCED, 0.5, 5),
    (40, None, NORMAL, 10.0, 5),
    (40, None, NONE, 10.0, 9),
    (40, None, BALANCED, 10.0, 3),
    (100, 5, NORMAL, 60.0, 5),
    (100, 5, NONE, 60.0, 3),
)
"""Units, inputs of each (None: all, itself included), biases, the seconds promised for all states, and repeats."""

ROWS, SECONDS, N, P = 1000, 10.0, 200, 100
"""Rows of weights and the seconds promised for all, of networks of N units with P patterns."""


def rows(effort: Effort) -> list[Row]:
    """Enumeration against all 2^N states in NumPy, extrapolated from what NumPy can do; design against a linear program a row."""
    fresh = count(effort.pick(1000, 2000))
    measured = effort.pick(20, 16)
    reference = random_network(measured, None, NONE, next(fresh))
    naive = times(lambda: by_brute_force(reference), effort.pick(3, 2))
    if by_brute_force(reference) != stable_states(reference).stable:
        raise RuntimeError("enumeration and all states in NumPy find different stable states")
    sizes = [row for row in SIZES if not effort.quick or row[2] == NORMAL or row[0] == 25]
    return [*(_enumeration(row, fresh, measured, naive, effort) for row in sizes), _designs(fresh, effort)]


def random_network(units: int, inputs: int | None, biases: str, seed: int) -> ThresholdNetwork:
    """Weights with a normal law, as integers; only so many inputs of each unit from others, if that is given."""
    rng = np.random.default_rng(seed)
    W = np.rint(1e4 * rng.standard_normal((units, units)))
    for i in range(units if inputs else 0):
        others = np.delete(np.arange(units), i)
        W[i, np.setdiff1d(np.arange(units), rng.choice(others, inputs, replace=False))] = 0
    drawn = np.rint(1e4 * np.sqrt((inputs or units) / 4) * rng.standard_normal(units))
    return ThresholdNetwork.of(
        W.tolist(), {NORMAL: drawn, NONE: 0 * drawn, BALANCED: -W.sum(axis=1) / 2}[biases].tolist()
    )


def by_brute_force(network: ThresholdNetwork, block: int = 2**14) -> tuple[tuple[int, ...], ...]:
    """Stable states: every state looked at, in blocks of floating-point numbers, which are exact for these integers."""
    W, b = (np.array(part, dtype=float) for part in network.integers)
    found = []
    for start in range(0, 2**network.N, block):
        s = (np.arange(start, min(start + block, 2**network.N))[:, None] >> np.arange(network.N)[::-1]) & 1
        found += s[np.all((2 * s - 1) * (s @ W.T + b) > 0, axis=1)].tolist()
    return tuple(map(tuple, found))


def _enumeration(size: tuple, fresh: Iterator[int], measured: int, naive: Sample, effort: Effort) -> Row:
    """Times for fresh networks, the drawing of which is not counted; the slowest one decides."""
    units, inputs, biases, promised, repeats = size
    repeats = effort.pick(repeats, 2)
    networks = [random_network(units, inputs, biases, next(fresh)) for _ in range(repeats)]
    answers: list[States] = []
    start = process_time()
    ours = Sample(tuple(timed(lambda n=n: answers.append(stable_states(n))) for n in networks))
    cpu = (process_time() - start) / repeats
    proved = sum(answer.complete for answer in answers)
    methods = " and ".join(sorted({answer.method for answer in answers}))
    numbers = ", ".join(f"{len(answer.stable)} + {len(answer.marginal)}" for answer in answers)
    note = (
        f"fresh networks, nothing is cached; {numbers} stable + marginal states by {methods}, complete for {proved} of "
        f"{repeats}; {cpu:.2g} s of CPU each; the slowest decides; the baseline measured at N = {measured}, extrapolated by N 2^N"
    )
    theirs = naive.scaled(units * 2.0 ** (units - measured) / measured)
    name = f"all stable states, N = {units}, {f'{inputs} inputs a unit' if inputs else 'dense'}, {biases}"
    row = Row(name, f"<= {promised} s", ours, "all 2^N states in NumPy, extrapolated", theirs, note=note)
    return replace(row, met=max(ours.values) <= promised and proved == repeats)


def _designs(fresh: Iterator[int], effort: Effort) -> Row:
    """Designs without self-coupling, exact; the baseline solves the same rows in floating point and verifies nothing."""
    rng = np.random.default_rng(next(fresh))
    networks = effort.pick(ROWS // N, 1)
    drawn = [[tuple(map(int, s)) for s in rng.integers(0, 2, (P, N))] for _ in range(networks)]
    answers: list[bool] = []
    start = process_time()
    ours = times(lambda: answers.extend(design(Patterns.of(p, "zero"), candidates=()).feasible for p in drawn), 1)
    cpu = process_time() - start
    tried = effort.pick(20, 5)
    naive = times(lambda: [by_linear_program(np.array(drawn[0]), unit) for unit in range(tried)], 1)
    note = (
        f"fresh patterns, nothing is cached; {networks * N} rows, {sum(answers)} of {networks} networks feasible, {cpu:.2g} s of "
        f"CPU; every row is verified in fractions; the baseline is measured on {tried} rows"
    )
    scaled = ours.scaled(ROWS / (networks * N)), naive.scaled(ROWS / tried)
    name = f"{ROWS} rows of weights, N = {N}, P = {P}"
    return Row(name, f"<= {SECONDS} s", scaled[0], "scipy's linprog a row, floating point", scaled[1], note=note).below(
        SECONDS
    )


def by_linear_program(states: np.ndarray, unit: int) -> np.ndarray:
    """Weights and bias of one row with margins of at least 1, in floating point."""
    sign = 2 * states[:, unit] - 1
    inputs = np.column_stack([np.delete(states, unit, axis=1), np.ones(len(states))])
    return linprog(np.zeros(inputs.shape[1]), -sign[:, None] * inputs, -np.ones(len(states)), bounds=(None, None)).x
