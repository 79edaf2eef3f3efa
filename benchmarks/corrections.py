"""1/N terms of an activation never seen before, and the spectra of the network in time."""

from __future__ import annotations

from benchmarks.harness import Effort, Row, in_processes

NEW = ("atan(3*x)*exp(-x^2/9)", "x/(1+x^2/5)+x/7", "sign(x)*log(1+abs(x))")

_NEW_ACTIVATION = """
import os, tempfile
from time import perf_counter
from quenched import Solver
os.environ["QUENCHED_CACHE"] = tempfile.mkdtemp()
start = perf_counter()
solution = Solver("static", "{text}").solve(g=0.8, sigma=1)
elapsed = perf_counter() - start
assert all(abs(solution.finite_size[key].coefficient) < 10 for key in ("c1_x", "c1_phi", "d1_x", "d1_phi"))
print(elapsed)
"""

_LEADING = """
from time import perf_counter
from dataclasses import replace
from quenched import Activation, derive, emit
theory = replace(derive("static"), finite_size={{}})
start = perf_counter()
emit(theory, Activation.from_text("{text}"))
print(perf_counter() - start)
"""

_IN_TIME = """
from time import perf_counter
from quenched import Solver
solver = Solver("{model}", "tanh(x)")
solver.solve(g=1.4, sigma=1{noise})
start = perf_counter()
solver.solve(g=1.5, sigma=1{noise})
print(perf_counter() - start)
"""


def rows(effort: Effort) -> list[Row]:
    """The engine with everything that follows it, in a fresh process; then dimensions of activity in time."""
    repeats = effort.pick(3, 1)
    found = []
    for text in NEW[: effort.pick(3, 1)]:
        ours = in_processes(_NEW_ACTIVATION.format(text=text), repeats)
        leading = in_processes(_LEADING.format(text=text), repeats)
        promise = f"1/N terms of {text}: derived, generated, solved"
        note = "a fresh process without cached modules; baseline: generating the leading order alone, theory derived before"
        found.append(Row(promise, "< 2 s", ours, "leading order, emission only", leading, note=note).below(2.0))
    static = in_processes(_IN_TIME.format(model="static", noise=""), repeats)
    for noise in ("white", "ou"):
        given = f", noise='{noise}'" + (", tau_n=1" if noise == "ou" else "")
        ours = in_processes(_IN_TIME.format(model="dynamic", noise=given), repeats)
        promise = f"dynamic, tanh, {noise} noise: C(tau) and both dimensions"
        found.append(Row(promise, "< 0.5 s", ours, "static solve of the same process", static).below(0.5))
    return found
