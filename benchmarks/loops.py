"""The feedback network: every fixed point of a bifurcation diagram, beside root searches from many starts."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite import hermgauss
from scipy.optimize import fsolve

from benchmarks.harness import Effort, Row, Sample, judged, timed
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
    one = Sample(tuple(timed(lambda: solver.solve(**GEOMETRY, A=-1.0)) for _ in range(repeats)))
    amplitude = solver.solve(**GEOMETRY, A=-1.0).order_parameters["C"]
    one_naive = Sample(tuple(timed(lambda: _from_many_starts(-1.0, amplitude)) for _ in range(repeats)))
    whole = Sample(
        tuple(timed(lambda: [solver.solve(**GEOMETRY, A=float(A)) for A in some]) for _ in range(effort.pick(3, 1)))
    ).scaled(TARGETS.size / some.size)
    whole_naive = Sample(
        (timed(lambda: [_from_many_starts(A, s.order_parameters["C"]) for A, s in found.items()]),)
    ).scaled(TARGETS.size / some.size)
    baseline = f"fsolve from {STARTS} starts, {NODES}-point Gauss-Hermite"
    away = max(
        min(abs(z - point.z) for z in naive[A])
        for A, solution in found.items()
        for point in solution.fixed_points
        if naive[A]
    )
    note = f"fixed points missed by the baseline at {missed} of {some.size} targets, the others off by up to {away:.1e}"
    return [
        judged(Row("feedback, tanh: every fixed point at one target", "< 0.1 s", one, baseline, one_naive, None), 0.1),
        judged(
            Row("feedback, tanh: bifurcation diagram, 201 targets", "< 20 s", whole, baseline, whole_naive, None, note),
            20.0,
        ),
    ]


def _from_many_starts(target: float, amplitude: float) -> list[float]:
    """Outputs of the fixed points that fsolve reaches."""
    nodes, weights = hermgauss(NODES)
    weights = weights / np.sqrt(np.pi)
    alone = np.sqrt(1 - GEOMETRY["rho"] ** 2)
    snm = amplitude * GEOMETRY["Sm"] * (GEOMETRY["rho"] * GEOMETRY["p"] + alone * GEOMETRY["pm"])
    snI = amplitude * GEOMETRY["SI"] * (GEOMETRY["rho"] * GEOMETRY["p"] + alone * GEOMETRY["pI"])
    Sm2, SI2 = GEOMETRY["Sm"] ** 2, GEOMETRY["SI"] ** 2
    smI = GEOMETRY["Sm"] * GEOMETRY["SI"] * GEOMETRY["rho"] ** 2

    def equations(state):
        z, variance = state
        activity = np.tanh(np.sqrt(2 * abs(variance)) * nodes)
        power = weights @ activity**2
        return (
            GEOMETRY["g"] ** 2 * power + Sm2 * z * z + 2 * smI * z + SI2 - variance,
            (snm * z + snI) * (1 - power) - z,
        )

    found: list[float] = []
    for start in np.linspace(-2 * abs(target) - 2, 2 * abs(target) + 2, STARTS):
        (z, variance), _, status, _ = fsolve(equations, (start, 1 + start * start), full_output=True, xtol=1e-10)
        if status == 1 and variance > 0 and all(abs(z - other) > 1e-6 for other in found):
            found.append(float(z))
    return found
