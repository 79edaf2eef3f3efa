"""1/N terms of an activation never seen before, and the spectra of the network in time."""

from __future__ import annotations

from benchmarks.harness import Effort, Row, Sample, in_processes

NEW = ("atan(3*x)*exp(-x^2/9)", "x/(1+x^2/5)+x/7", "sign(x)*log(1+abs(x))")

_NEW_CACHE = """
import os, tempfile
from quenched import Solver
os.environ["QUENCHED_CACHE"] = tempfile.mkdtemp()
"""
_SMALL = 'all(abs(solution.finite_size[key].coefficient) < 10 for key in ("c1_x", "c1_phi", "d1_x", "d1_phi"))'

_LEADING = """
from dataclasses import replace
from quenched import Activation, derive, emit
theory = replace(derive("static"), finite_size={})
"""


def rows(effort: Effort) -> list[Row]:
    """The engine with everything that follows it, in a fresh process; then dimensions of activity in time."""
    repeats, found = effort.pick(3, 1), []
    for text in NEW[: effort.pick(3, 1)]:
        solve = f'solution = Solver("static", "{text}").solve(g=0.8, sigma=1)'
        ours = in_processes(solve, repeats, _NEW_CACHE, f"assert {_SMALL}")
        leading = in_processes(f'emit(theory, Activation.from_text("{text}"))', repeats, _LEADING)
        promise = f"1/N terms of {text}: derived, generated, solved"
        note = "a fresh process without cached modules; baseline: generating the leading order alone, theory derived before"
        found.append(Row(promise, "< 2 s", ours, "leading order, emission only", leading, note=note).below(2.0))
    static = _second_solution("static", "", repeats)
    for noise, more in (("white", ""), ("ou", ", tau_n=1")):
        ours = _second_solution("dynamic", f", noise='{noise}'{more}", repeats)
        promise = f"dynamic, tanh, {noise} noise: C(tau) and both dimensions"
        found.append(Row(promise, "< 0.5 s", ours, "static solve of the same process", static).below(0.5))
    return found


def _second_solution(model: str, given: str, repeats: int) -> Sample:
    first = f'from quenched import Solver\nsolver = Solver("{model}", "tanh(x)")\nsolver.solve(g=1.4, sigma=1{given})'
    return in_processes(f"solver.solve(g=1.5, sigma=1{given})", repeats, first)
