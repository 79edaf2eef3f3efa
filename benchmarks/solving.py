"""Solving the self-consistency: many couplings at once, and one."""

from __future__ import annotations

import numpy as np

from benchmarks.derivation import PADE
from benchmarks.harness import Effort, Row, repeated, times
from benchmarks.naive import by_hermite, by_quad, iterated, squared
from numerics.solve.solver import Solver

COUNT = 1000
SIGMA = 1.0


def rows(effort: Effort) -> list[Row]:
    """Times per solution; ours brings every branch, all observables and an error with it, the baselines Delta alone."""
    return [row for name, text in (("tanh", "tanh(x)"), ("[3/2] Pade", PADE)) for row in _rows(name, text, effort)]


def _rows(name: str, text: str, effort: Effort) -> list[Row]:
    g = np.linspace(0.05, 3.0, COUNT) if name == "tanh" else np.linspace(0.05, 2.5, COUNT)
    some = g[COUNT // 20 :: effort.pick(COUNT // 10, COUNT // 3)]
    square = squared(text)

    def quad_iteration(values):
        return [iterated(lambda v: by_quad(square, v), value, SIGMA) for value in values]

    solver = Solver("static", text)
    together = repeated(lambda: solver.module.solve(g, SIGMA), effort.pick(7, 3)).scaled(1 / COUNT)
    single = repeated(lambda: solver.module.solve(1.2, SIGMA), effort.pick(15, 5))
    checked = repeated(lambda: solver.solve(g=1.2, sigma=SIGMA), effort.pick(15, 5))
    by_quads = times(lambda: quad_iteration(some), effort.pick(3, 1)).scaled(1 / some.size)
    one_by_quad = times(lambda: quad_iteration([1.2]), effort.pick(5, 2))
    by_nodes = repeated(lambda: iterated(lambda v: by_hermite(square, v), g, SIGMA), effort.pick(7, 3)).scaled(
        1 / COUNT
    )

    delta = solver.module.solve(some, SIGMA)["Delta"]
    away = {
        "quad": np.max(np.abs(np.array(quad_iteration(some)) / delta - 1)),
        "Gauss-Hermite": np.max(np.abs(iterated(lambda v: by_hermite(square, v), some, SIGMA) / delta - 1)),
    }
    note = ", ".join(f"{key} iteration differs from ours by {value:.1e}" for key, value in away.items())
    many, one = f"solve for {COUNT} g, {name}, each", f"solve for one g, {name}"
    scope = "ours scans 28 decades for every branch and brings all observables; the iteration finds Delta alone"
    met, quicker = together.median < by_quads.median, "faster than baseline"
    return [
        Row(many, quicker, together, "iteration with quad", by_quads, met, note),
        Row(many, "-", together, "iteration with Gauss-Hermite", by_nodes),
        Row(one, "-", single, "iteration with quad", one_by_quad, note=scope),
        Row(f"{one}, checked and labelled", "-", checked, "iteration with quad", one_by_quad),
    ]
