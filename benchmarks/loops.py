"""The feedback network: every fixed point of a bifurcation diagram, beside root searches from many starts."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite import hermgauss
from scipy.optimize import fsolve

from benchmarks.harness import Effort, Row, times
from numerics.solve.solver import Solver

# geometry of Fig. 1e of Mastrogiuseppe, Ostojic 2019
GEOMETRY = {"g": 0.3, "Sm": 1.2, "SI": 0.5, "rho": 0.5, "p": 1.0, "pm": 1.0, "pI": 0.3}
TARGETS = np.linspace(-2, 2, 201)
NODES, STARTS = 200, 40


def rows(effort: Effort) -> list[Row]:
    """One target, and a whole diagram; the baseline is fsolve in (z, Delta) with the paper's Gauss-Hermite rule."""
    repeats, every = effort.pick(7, 2), effort.pick(4, 20)
    solver = Solver("feedback", "tanh(x)")
    some = TARGETS[1::every]  # without A = 0, where the readout is silent
    found = {float(A): solver.solve(**GEOMETRY, A=float(A)) for A in some}
    naive = {A: _from_many_starts(A, solution.order_parameters["C"]) for A, solution in found.items()}
    missed = sum(len(naive[A]) < len(solution.fixed_points) for A, solution in found.items())
    amplitude, per_target = solver.solve(**GEOMETRY, A=-1.0).order_parameters["C"], TARGETS.size / some.size
    one = times(lambda: solver.solve(**GEOMETRY, A=-1.0), repeats)
    one_naive = times(lambda: _from_many_starts(-1.0, amplitude), repeats)
    whole = times(lambda: [solver.solve(**GEOMETRY, A=float(A)) for A in some], effort.pick(3, 1)).scaled(per_target)
    whole_naive = times(lambda: [_from_many_starts(A, s.order_parameters["C"]) for A, s in found.items()], 1)
    baseline = f"fsolve from {STARTS} starts, {NODES}-point Gauss-Hermite"
    points = [(A, point.z) for A, solution in found.items() for point in solution.fixed_points if naive[A]]
    away = max(min(abs(z - own) for z in naive[A]) for A, own in points)
    note = f"fixed points missed by the baseline at {missed} of {some.size} targets, the others off by up to {away:.1e}"
    diagram = (
        "feedback, tanh: bifurcation diagram, 201 targets",
        "< 20 s",
        whole,
        baseline,
        whole_naive.scaled(per_target),
    )
    return [
        Row("feedback, tanh: every fixed point at one target", "< 0.1 s", one, baseline, one_naive).below(0.1),
        Row(*diagram, note=note).below(20),
    ]


def _from_many_starts(target: float, amplitude: float) -> list[float]:
    """Outputs of the fixed points that fsolve reaches."""
    nodes, weights = hermgauss(NODES)
    weights = weights / np.sqrt(np.pi)
    g, Sm, SI, rho, p, pm, pI = GEOMETRY.values()
    alone = np.sqrt(1 - rho**2)
    snm, snI = amplitude * Sm * (rho * p + alone * pm), amplitude * SI * (rho * p + alone * pI)

    def equations(state):
        z, variance = state
        activity = np.tanh(np.sqrt(2 * abs(variance)) * nodes)
        power = weights @ activity**2
        return (
            g**2 * power + Sm**2 * z * z + 2 * Sm * SI * rho**2 * z + SI**2 - variance,
            (snm * z + snI) * (1 - power) - z,
        )

    found: list[float] = []
    for start in np.linspace(-2 * abs(target) - 2, 2 * abs(target) + 2, STARTS):
        (z, variance), _, status, _ = fsolve(equations, (start, 1 + start * start), full_output=True, xtol=1e-10)
        if status == 1 and variance > 0 and all(abs(z - other) > 1e-6 for other in found):
            found.append(float(z))
    return found
