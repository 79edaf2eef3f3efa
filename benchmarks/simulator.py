"""The simulator against the matrix products that it cannot avoid.

``python -m benchmarks.simulator FILE ARGUMENT ...`` is the command line, its matrix products tallied by shape in FILE.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.harness import Effort, Row, Sample, process_time, repeated, timed
from numerics.codegen.backends import array_functions
from numerics.simulate import fixed_points as static
from numerics.simulate.fixed_points import draw, fixed_points
from quenched.cli import main
from theory.activation.activation import Activation

TEXT, G, SIGMA = "x/(1+x^2/3)", 1.3, 0.8
N, SAMPLES = 400, 64


def rows(effort: Effort) -> list[Row]:
    """One coupling matrix; and, unless quick, the whole validation of the issue."""
    found = [_one_matrix(effort)]
    return found if effort.quick else [*found, _validation()]


def _one_matrix(effort: Effort) -> Row:
    phi, _ = array_functions(Activation.from_text(TEXT), {})
    J, noise = draw(G, SIGMA, N=N, samples=SAMPLES, seed=0, coupling=0)
    products: Counter[tuple[int, int]] = Counter()
    fixed_points(counting(phi, products), J, noise)
    repeats = effort.pick(15, 5)
    ours = repeated(lambda: fixed_points(phi, J, noise), repeats)
    bare = Sample(tuple(_bare(products) for _ in range(repeats)))
    promise = f"fixed points of one J, N = {N}, {SAMPLES} draws"
    note = "beyond the products: the activation, norms of the residual, acceleration"
    return Row(promise, "-", ours, f"its {sum(products.values())} matrix products", bare, note=note)


def _validation() -> Row:
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / "products.json"
        arguments = ["validate", "static", "-a", TEXT, f"g={G}", f"sigma={SIGMA}"]
        elapsed = process_time(["-m", "benchmarks.simulator", str(tally), *arguments])
        products = Counter({(n, m): k for n, m, k in json.loads(tally.read_text())})
    baseline, bare = f"its {sum(products.values())} matrix products", Sample((_bare(products),))
    note = "one run, end to end; products counted in this run, then timed alone by shape; they ended with agreement (exit code 0)"
    return Row(
        f"quenched validate {TEXT}", "< 60 s on two cores", Sample((elapsed,)), baseline, bare, elapsed < 60, note
    )


def _bare(products: Counter[tuple[int, int]]) -> float:
    """Time of the products J @ Y alone, for the tally of shapes (N, columns)."""
    total = 0.0
    random = np.random.default_rng(0)
    for (units, columns), times in sorted(products.items()):
        J, Y = random.normal(size=(units, units)), random.normal(size=(units, columns))
        J @ Y
        sampled = min(times, 20)
        total += timed(partial(_multiply, J, Y, sampled)) * times / sampled
    return total


def counting(phi: Callable, products: Counter[tuple[int, int]]) -> Callable:
    """The activation, counting its calls: every iteration calls it once, on the matrix that J then multiplies."""

    def counted(x):
        products[x.shape] += 1
        return phi(x)

    return counted


def _multiply(J: np.ndarray, Y: np.ndarray, times: int) -> None:
    for _ in range(times):
        J @ Y


if __name__ == "__main__":
    tally: Counter[tuple[int, int]] = Counter()
    static.fixed_points = lambda phi, *rest, **options: fixed_points(counting(phi, tally), *rest, **options)
    code = main(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps([[*shape, times] for shape, times in tally.items()]))
    raise SystemExit(code)
