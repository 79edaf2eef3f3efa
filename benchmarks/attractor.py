"""Critical loads of networks that store patterns: one, and a map of them.

The generated module is made before any clock starts, as it is for a user after the first call; no result is kept, and no set of
numbers is solved twice: CV grows in every repeat, and the map lies at points drawn for this run.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import numpy as np
from scipy import special
from scipy.integrate import quad
from scipy.optimize import brentq, root

from benchmarks.harness import Effort, Row, Sample, processor_seconds, repeated, times
from numerics.solve.solver import Solver
from numerics.sweep.sweep import sweep

ONE, MAP = 0.5, 600.0 / 50**2
"""Seconds promised for one set of numbers, and for a point of a map of 50 x 50 on two cores."""


def rows(effort: Effort) -> list[Row]:
    """Fresh numbers in every repeat; ours brings every observable, the baselines one load."""
    solver = Solver("attractor", "threshold_power(n,sigma,-1) where n>0, sigma>0")
    fresh = count()

    def solve(n: float) -> float:
        return solver.solve(n=n, sigma=0.5, alpha=0.1, CV=1 + 1e-3 * next(fresh)).observables["alpha_S"]

    side = effort.pick(10, 3)
    drawn = np.random.default_rng()
    axes = {"n": np.sort(drawn.uniform(0.85, 1.05, side)), "sigma": np.sort(drawn.uniform(0.2, 1.2, side))}
    network = "attractor", "threshold_power(n,sigma,-1) where n>0, sigma>0"
    repeats = effort.pick(7, 3)
    whole, whole_cpu = with_processor(lambda: repeated(lambda: solve(1.0), repeats), repeats + 1)
    broken, broken_cpu = with_processor(lambda: repeated(lambda: solve(0.9), repeats), repeats + 1)
    mapped, mapped_cpu = with_processor(
        lambda: times(lambda: sweep(*network, {**axes, "alpha": 0.1, "CV": 1.0}), 1).scaled(1 / side**2), side**2
    )
    found = {}
    naive = times(lambda: found.update(quad=by_quad(1 + 1e-3 * next(fresh))), 1)
    size = effort.pick(800, 300)
    simulated = times(lambda: found.update(spectra=by_spectra(size, 1.0)), 1)
    exact = solver.solve(n=1, sigma=0.5, alpha=0.1, CV=1).observables["alpha_S"]
    cached = "times are wall times, the generated module is cached and no result; "
    note = f"{cached}{whole_cpu}; quad finds the load of the bulk alone"
    spectra = f"spectra of N = {size} give {found['spectra']:.3f}, the theory {exact:.4f}"
    points = f"{mapped_cpu} with its processes; n and sigma drawn for this run"
    linear, power, point = "alpha_S, n = 1", "alpha_S, n = 0.9", f"map of alpha_S, {side} x {side}, a point"
    bisected, quads = "bisection on simulated spectra", "both equations with quad"
    measured = [
        (linear, ONE, whole, quads, naive, note),
        (linear, ONE, whole, bisected, simulated, spectra),
        (power, ONE, broken, f"{quads}, n = 1", naive, broken_cpu),
        (point, MAP, mapped, "one solution, n = 0.9", broken, points),
    ]
    return [
        Row(what, f"<= {limit:g} s", ours, other, theirs, note=said).below(limit)
        for what, limit, ours, other, theirs, said in measured
    ]


def with_processor(measure: Callable[[], Sample], calls: int) -> tuple[Sample, str]:
    """A measurement of wall time, and the processor time of each of its calls in words."""
    before = processor_seconds()
    sample = measure()
    return sample, f"{(processor_seconds() - before) / calls:.3g} s of processor time each"


def by_quad(CV: float) -> float:
    """The load at which the bulk reaches 1, every average by quad, for n = 1, sigma = 1/2, theta = -1."""
    s = np.sqrt(np.log1p(CV**2))

    def phi(u: float) -> float:
        return 0.5 * (2 * u * special.ndtr(2 * u) + np.exp(-2 * u * u) / np.sqrt(2 * np.pi))

    def unit(x: float) -> tuple[float, float, float]:
        r = np.exp(s * x - s * s / 2)
        u = brentq(lambda u: phi(u) - r, -40, r + 1)
        return r, u - 1, special.ndtr(2 * u)

    def mean(function) -> float:
        density = lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi)  # noqa: E731
        return quad(lambda x: function(*unit(x)) * density(x), -8, 8, epsabs=1e-7, limit=100)[0]

    powers = (1, 0), (0, 1), (2, 0), (0, 2), (1, 1)
    m, ubar, *second = (mean(lambda r, u, g, i=i, j=j: r**i * u**j) for i, j in powers)
    V_r, V_u = second[0] - m * m, second[1] - ubar**2
    b = (second[2] - m * ubar) / V_r
    beta2 = V_u / V_r - b * b

    def at_the_boundary(unknowns) -> list[float]:
        alpha, t = unknowns
        c0 = -b * alpha / (1 - alpha)
        omega = lambda g: 1 / (1 - c0 * g + t * (1 - b * g))  # noqa: E731
        load = mean(lambda r, u, g: t * (1 - b * g) * omega(g))
        boundary = mean(lambda r, u, g: (t * omega(g)) ** 2 * (beta2 * g * g + (1 - b * g) ** 2))
        return [load - alpha, (load - boundary) / t]  # not both at 0

    return float(root(at_the_boundary, (0.15, 0.3), tol=1e-4).x[0])


def by_spectra(N: int, CV: float) -> float:
    """The load at which the mean spectral abscissa of two simulated networks is 1, by bisection with fixed random numbers."""
    from numerics.simulate.simulation import simulate

    low, high = 0.1, 0.3
    while high - low > 5e-3:
        alpha = (low + high) / 2
        run = simulate("attractor", "threshold_power(1,0.5,-1)", {"alpha": alpha, "CV": CV}, N=N, couplings=2)
        low, high = (alpha, high) if run.sample.observables()["abscissa"].value < 1 else (low, alpha)
    return (low + high) / 2
