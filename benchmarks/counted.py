"""``python -m benchmarks.counted FILE ARGUMENT ...``: the command line, its matrix products tallied by shape in FILE."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numerics.simulate.fixed_points as static
from quenched.cli import main


def counting(phi: Callable, products: Counter[tuple[int, int]]) -> Callable:
    """The activation, counting its calls: every iteration calls it once, on the matrix that J then multiplies."""

    def counted(x):
        products[x.shape] += 1
        return phi(x)

    return counted


def _tallied(arguments: list[str]) -> tuple[int, Counter[tuple[int, int]]]:
    products: Counter[tuple[int, int]] = Counter()
    original = static.fixed_points
    static.fixed_points = lambda phi, *rest, **options: original(counting(phi, products), *rest, **options)
    return main(arguments), products


if __name__ == "__main__":
    code, tally = _tallied(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps([[*shape, times] for shape, times in tally.items()]))
    raise SystemExit(code)
