"""Evaluating <phi^2> at a thousand variances: generated code, scipy's quad, Gauss-Hermite."""

from __future__ import annotations

import numpy as np
from sympy import Float

from benchmarks.derivation import PADE
from benchmarks.harness import Effort, Row, repeated, times
from benchmarks.naive import by_hermite, by_quad, squared
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.integrand import certified
from theory.symbols import Delta, phi, x

COUNT = 1000
LOW, HIGH = 1e-3, 1e3


def rows(effort: Effort) -> list[Row]:
    """Two activations: one by quadrature, one by a closed form."""
    return [row for name, text in (("tanh", "tanh(x)"), ("[3/2] Pade", PADE)) for row in _rows(name, text, effort)]


def _rows(name: str, text: str, effort: Effort) -> list[Row]:
    variances = np.geomspace(LOW, HIGH, COUNT)
    some = variances[:: effort.pick(10, 50)]
    square = squared(text)
    mean = Solver("static", text).module.mean_phi2
    ours = repeated(lambda: mean(variances), effort.pick(15, 5))
    quad_loop = times(lambda: [by_quad(square, v) for v in some], effort.pick(5, 2))
    hermite = repeated(lambda: by_hermite(square, variances), effort.pick(15, 5))

    tested = variances[:: COUNT // 8]
    exact = np.array(
        [float(certified(Average(phi(x) ** 2), Activation.from_text(text), {Delta: Float(v, 17)}, 18)) for v in tested]
    )

    def worst(values):
        return f"{np.max(np.abs(np.asarray(values) / exact - 1)):.1e}"

    errors = (
        f"worst error here: ours {worst(mean(tested))}, quad {worst([by_quad(square, v) for v in tested])}, "
        f"Gauss-Hermite {worst(by_hermite(square, tested))}"
    )
    loop = quad_loop.scaled(COUNT / some.size)
    what = f"{COUNT} values of <phi^2>, {name}"
    fast = Row(what, "faster than quad", ours, "scipy.integrate.quad", loop, ours.median < loop.median, errors)
    return [fast, Row(what, "-", ours, "lambdify + Gauss-Hermite", hermite, None, "the baseline is fast, not accurate")]
