"""Simulations of the network against theory, at leading order and at order 1/N."""

from __future__ import annotations

from functools import partial

from derivations.mato.quantities import Row
from numerics.averages.observable import observable_average
from numerics.compare.validation import validate
from numerics.simulate.simulation import simulate
from numerics.solve.solver import Solver

_CASES = (("tanh(x)", 1.0), ("power(3/4)", 0.5), ("x/(1+x^2/3)", 0.8), ("x*(15+x^2)/(15+6*x^2)", 0.8))
_SIZES, _COUPLINGS = (60, 120, 240), (240, 120, 60)
_DETECTED = 0.1  # relative errors of the theory that each run must be able to see, for the means and the dimensions
_MUST_SEE = ("Delta", "C_phi", "gain", "D_x", "D_phi")


def _agrees(text: str, coupling: float) -> bool:
    """`validate` agrees, and would have noticed an error of a tenth."""
    _, found = validate("static", text, {"g": coupling, "sigma": 1.0}, sizes=_SIZES, couplings=_COUPLINGS, seed=25)
    power = {row.observable: row.detectable for row in found.rows}
    return found.ok and all(power[key] < _DETECTED for key in _MUST_SEE)


def _tadpole_needs_jacobian() -> bool:
    """N ([<phi^2>] - C_phi) at N = 60, p = 3/4: within 4.5 standard errors of c1, more than 6 from the variant."""
    size, text, parameters = 60, "power(3/4)", {"g": 0.5, "sigma": 1.0}
    solver = Solver("static", text)
    solution = solver.solve(**parameters)
    right, wrong = (observable_average("phi^2", solver, solution, jacobian=flag) for flag in (True, False))
    estimate = simulate("static", text, parameters, N=size, couplings=800, seed=25, samples=16).sample.observables()[
        "C_phi"
    ]
    slope, error = size * (estimate.value - right.value), size * estimate.error
    next_order = 4 * right.c1**2 / right.value / size  # as in numerics.compare.verdict
    return abs(slope - right.c1) < 4.5 * error + next_order and abs(slope - wrong.c1) > 6 * error


ROWS: tuple[Row, ...] = (
    *(
        (
            f"Simulations agree with the theory for phi = {text}, g = {coupling:g}, sigma = 1: means, "
            "covariances, dimensions, and their 1/N terms",
            f"simulation at N = {', '.join(map(str, _SIZES))}, extrapolated in 1/N: every value and every slope "
            "within 4 standard errors (false alarm 1.2e-3), an error of the theory of a tenth in the means and "
            "dimensions would show",
            partial(_agrees, text, coupling),
        )
        for text, coupling in _CASES
    ),
    (
        "Simulations select the 1/N term with the Jacobian: [<phi^2>] for p = 3/4, g = 1/2",
        "simulation at N = 60: within 4.5 standard errors of c1 (false alarm 7e-6), more than 6 from the term without Jacobian",
        _tadpole_needs_jacobian,
    ),
)
