"""The network in time without noise: the solution of one site, the dimension of activity, a whole curve."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.harness import Effort, Row, Sample, times
from benchmarks.naive import dimensions_on_grid, lag_function
from numerics.solve.solver import Solver
from numerics.sweep.sweep import sweep

# tanh: PR_x/N and PR_phi/N, Clark, Abbott, Litwin-Kumar 2023 evaluated on refined grids; 12 digits
PUBLISHED = {
    1.5: (0.00561124146952, 0.00623943463584),
    2.0: (0.0159147880109, 0.0197406697057),
    3.0: (0.0313719750578, 0.0446509424021),
    5.0: (0.0456346625653, 0.0740703066959),
}
COUPLINGS = (1.25, *PUBLISHED)
DIGITS = 1e-10
CURVE = np.linspace(1.1, 10.0, 50)


def rows(effort: Effort) -> list[Row]:
    """The slowest of five couplings, and a sweep in one process; the baseline is what one writes from the papers."""
    repeats, solver = effort.pick(7, 2), Solver("dynamic", "tanh(x)")
    module = solver.module

    def one_site(g: float) -> object:
        return module.EQUATIONS.correlations("none", (g, 0.0, 0.0, 0.0), 0.0)

    slowest, slowest_naive = (_slowest(f, repeats) for f in (one_site, lambda g: lag_function(np.tanh, g)))
    whole, whole_naive = (
        _slowest(f, repeats) for f in (lambda g: solver.solve(g=g), lambda g: dimensions_on_grid(np.tanh, g))
    )
    solved = {g: solver.solve(g=g).observables for g in PUBLISHED}
    away = max(_relative((solved[g]["PR_x"], solved[g]["PR_phi"]), pair) for g, pair in PUBLISHED.items())
    naive_away = max(_relative(dimensions_on_grid(np.tanh, g), pair) for g, pair in PUBLISHED.items())
    every, few = effort.pick(1, 5), effort.pick(3, 1)
    curve, some = sweep("dynamic", "tanh(x)", {"g": CURVE}, workers=1), CURVE[::every]
    apart = np.abs(np.array([dimensions_on_grid(np.tanh, g)[0] for g in some]) / curve["PR_x"][::every] - 1)
    ours = times(lambda: sweep("dynamic", "tanh(x)", {"g": CURVE}, workers=1), few)
    theirs = times(lambda: [dimensions_on_grid(np.tanh, g) for g in some], few).scaled(CURVE.size / some.size)
    grid = "energy by Gauss-Hermite, equation of motion by solve_ivp"
    note = (
        f"one process; baseline off by {np.median(apart):.1e} in the median, {np.max(apart):.1e} at worst, near g = 1.1"
    )
    digits = f"largest relative error at g = 1.5 ... 5: ours {away:.1e}, baseline {naive_away:.1e}"
    with_pr = f"slowest of g = 1.25 ... 5; {digits}"
    promise, target = "dynamic, tanh, no noise: with PR_x and PR_phi", "< 0.5 s, 10 digits"
    met = whole.median < 0.5 and away < DIGITS
    return [
        Row("dynamic, tanh, no noise: C(tau) alone", "< 20 ms", slowest, grid, slowest_naive).below(0.02),
        Row(promise, target, whole, "sums on grids", whole_naive, met, with_pr),
        Row(
            "dynamic, tanh: PR(g) at 50 couplings 1.1 ... 10", "< 20 s", ours, "sums on grids", theirs, note=note
        ).below(20),
    ]


def _slowest(function, repeats: int) -> Sample:
    """Times at the coupling that takes longest."""
    function(COUPLINGS[0])
    samples = [times(partial(function, g), repeats) for g in COUPLINGS]
    return max(samples, key=lambda sample: sample.median)


def _relative(found: tuple[float, float], pair: tuple[float, float]) -> float:
    return max(abs(a / b - 1) for a, b in zip(found, pair, strict=True))
