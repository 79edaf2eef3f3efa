"""The command line end to end, in fresh processes: an activation that was solved before, and a new one."""

from __future__ import annotations

import os

from benchmarks.derivation import PADE
from benchmarks.harness import Effort, Row, Sample, alternated, fresh_cache, process_time

_FLOOR = "import sympy, numpy, scipy.special"


def rows(effort: Effort) -> list[Row]:
    """`quenched solve` with and without a cached solver, against importing what it needs."""
    command = ["-m", "quenched", "solve", "static", "-a", PADE, "g=1.2", "sigma=1", "--json"]
    kept = os.environ["QUENCHED_CACHE"]
    cached, floor = alternated(lambda: process_time(command), lambda: process_time(["-c", _FLOOR]), effort.pick(9, 2))
    new = []
    for _ in range(effort.pick(4, 1)):
        with fresh_cache():
            new.append(process_time(command))
    os.environ["QUENCHED_CACHE"] = kept
    return [
        Row("quenched solve --json, cached", "-", cached, _FLOOR, floor),
        Row("quenched solve --json, derived anew", "-", Sample(tuple(new)), _FLOOR, floor),
    ]
