"""Repeated timings, child processes, and the rows of the table."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Effort:
    """How much work to spend: ``quick`` for a first look."""

    quick: bool = False

    def pick(self, full: Any, quick: Any) -> Any:
        return quick if self.quick else full


@dataclass(frozen=True)
class Sample:
    """Repeated measurements of one quantity; ``censored`` where a time limit cut them off."""

    values: tuple[float, ...]
    unit: str = "s"
    censored: bool = False

    @property
    def median(self) -> float:
        return median(self.values)

    def scaled(self, factor: float) -> Sample:
        return Sample(tuple(v * factor for v in self.values), self.unit, self.censored)

    def __str__(self) -> str:
        if self.censored:
            return f"not finished in {shown(self.median, self.unit)}"
        if len(self.values) == 1:
            return shown(self.median, self.unit)
        low, high = shown(min(self.values), self.unit), shown(max(self.values), self.unit)
        return f"{shown(self.median, self.unit)} [{low} - {high}]"


def shown(value: float, unit: str) -> str:
    """A time with a readable unit, or a bare number."""
    if unit == "error":
        return f"{value:.1e}"
    if unit != "s":
        return f"{value:.3g}"
    for factor, name in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= factor or name == "us":
            return f"{value / factor:.3g} {name}"
    raise AssertionError


@dataclass(frozen=True)
class Row:
    """One line of the table; `met` is None where nothing is promised and the ratio is only informative."""

    promise: str
    target: str
    ours: Sample
    baseline: str
    theirs: Sample
    met: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        """Ours over the baseline: of the paired repeats where there are as many, else of the medians."""
        if len(self.ours.values) == len(self.theirs.values):
            pairs = [a / b for a, b in zip(self.ours.values, self.theirs.values, strict=True) if b]
            return median(pairs) if pairs else float("nan")
        return self.ours.median / self.theirs.median

    @property
    def verdict(self) -> str:
        return {True: "met", False: "MISSED", None: "-"}[self.met]

    def below(self, limit: float) -> Row:
        """Met where the median is below an absolute limit."""
        return replace(self, met=self.ours.median < limit)

    def cells(self) -> tuple[str, ...]:
        bound = "< " if self.theirs.censored else ""
        ratio = f"{bound}{self.ratio:.3g}"
        return self.promise, self.target, str(self.ours), self.baseline, str(self.theirs), ratio, self.verdict

    def to_dict(self) -> dict[str, Any]:
        found = {"promise": self.promise, "target": self.target, "unit": self.ours.unit}
        found |= {"measured": list(self.ours.values), "median": self.ours.median, "baseline": self.baseline}
        found |= {"baseline_measured": list(self.theirs.values), "baseline_median": self.theirs.median}
        found |= {"baseline_unfinished": self.theirs.censored, "ratio": self.ratio, "verdict": self.verdict}
        return found | {"note": self.note}


HEADER = ("promise", "target", "measured", "baseline", "baseline measured", "ratio", "verdict")


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, notes and misses below."""
    cells = [HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(HEADER))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += ["", *(f"{row.promise}: {row.note}" for row in rows if row.note)]
    missed = [row.promise for row in rows if row.met is False]
    return "\n".join([*lines, "", f"MISSED: {'; '.join(missed)}" if missed else "Every promise is met."])


def timed(function: Callable[[], object]) -> float:
    start = perf_counter()
    function()
    return perf_counter() - start


def times(function: Callable[[], object], repeats: int) -> Sample:
    """Times of a function, as it is called."""
    return Sample(tuple(timed(function) for _ in range(repeats)))


def processor_seconds() -> float:
    """Processor time so far, of this process and of its children that have ended."""
    return sum(os.times()[:4])


def repeated(function: Callable[[], object], repeats: int) -> Sample:
    """Times of a function after one call to warm up."""
    function()
    return times(function, repeats)


def alternated(ours: Callable[[], float], theirs: Callable[[], float], repeats: int) -> tuple[Sample, Sample]:
    """Two measurements by turns, so that a drift of the machine meets both; one pair to warm up is dropped."""
    pairs = [(ours(), theirs()) for _ in range(repeats + 1)][1:]
    return Sample(tuple(a for a, _ in pairs)), Sample(tuple(b for _, b in pairs))


def process_time(arguments: Sequence[str], code: int = 0) -> float:
    """Wall time of a fresh Python process with the given arguments; it must end with the exit code `code`."""
    start = perf_counter()
    done = _python(arguments)
    elapsed = perf_counter() - start
    if done.returncode != code:
        raise RuntimeError(f"{' '.join(arguments)[:200]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return elapsed


def in_processes(work: str, repeats: int, before: str = "", after: str = "") -> Sample:
    """Times of lines of Python in fresh processes, without what stands before and after them.

    One process more comes first, so that files are read and compiled.
    """
    clock = "from time import perf_counter as clock"
    script = f"{clock}\n{before}\nstart = clock()\n{work}\nelapsed = clock() - start\n{after}\nprint(elapsed)"
    found = []
    for _ in range(repeats + 1):
        done = _python(["-c", script])
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        found.append(float(done.stdout.split()[-1]))
    return Sample(tuple(found[1:]))


def within(script: str, limit: float) -> tuple[Sample, str]:
    """Time of a script in a fresh process under a time limit, and what it printed."""
    try:
        start = perf_counter()
        done = _python(["-c", script], limit)
        return Sample((perf_counter() - start,)), done.stdout.strip()
    except subprocess.TimeoutExpired:
        return Sample((limit,), censored=True), ""


def _python(arguments: Sequence[str], limit: float | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=limit)


def fresh_cache() -> tempfile.TemporaryDirectory[str]:
    """An empty cache of generated modules for this process and its children, as long as the context lasts."""
    folder = tempfile.TemporaryDirectory(prefix="quenched-benchmark-")
    os.environ["QUENCHED_CACHE"] = folder.name
    return folder
