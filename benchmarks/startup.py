"""Import time: what a user pays before anything happens."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.harness import Effort, Row, Sample, alternated, process_time


def rows(effort: Effort) -> list[Row]:
    """`import quenched` alone, and with everything that it loads on first use."""
    repeats = effort.pick(11, 2)
    ours, theirs = _imports("import quenched", "import sympy", repeats)
    bare = Row("import quenched", "< 1.5 x baseline", ours, "import sympy", theirs)
    loaded, needed = _imports("from quenched import *", "import sympy, numpy, scipy.stats", repeats)
    return [
        replace(
            bare, met=bare.ratio < 1.5, note="names load on first use, SymPy with the first of them: see the next row"
        ),
        Row("import every public name", "-", loaded, "import sympy, numpy, scipy.stats", needed),
    ]


def _imports(ours: str, theirs: str, repeats: int) -> tuple[Sample, Sample]:
    return alternated(lambda: process_time(["-c", ours]), lambda: process_time(["-c", theirs]), repeats)
