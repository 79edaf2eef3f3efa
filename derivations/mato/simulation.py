"""Simulations of the network against theory, at leading order and at order 1/N."""

from __future__ import annotations

from functools import partial

from derivations.claims import Claims
from derivations.comparison import simulated, solver
from numerics.averages.observable import observable_average
from numerics.simulate.simulation import simulate

claims = Claims()
_CASES = (("tanh(x)", 1.0), ("power(3/4)", 0.5), ("x/(1+x^2/3)", 0.8), ("x*(15+x^2)/(15+6*x^2)", 0.8))
_RUN = {"sizes": (60, 120, 240), "couplings": (240, 120, 60), "seed": 25}
_SEEN = dict.fromkeys(
    ("Delta", "C_phi", "gain", "D_x", "D_phi"), 0.1
)  # relative errors that each run must be able to see

for _text, _coupling in _CASES:
    claims(
        f"Simulations agree with the theory for phi = {_text}, g = {_coupling:g}, sigma = 1: means, "
        "covariances, dimensions, and their 1/N terms",
        "simulation at N = 60, 120, 240, extrapolated in 1/N: every value and every slope "
        "within 4 standard errors (false alarm 1.2e-3), an error of the theory of a tenth in the means and "
        "dimensions would show",
    )(partial(simulated, "static", _text, {"g": _coupling, "sigma": 1.0}, _SEEN, **_RUN))


@claims(
    "Simulations select the 1/N term with the Jacobian: [<phi^2>] for p = 3/4, g = 1/2",
    "simulation at N = 60: within 4.5 standard errors of c1 (false alarm 7e-6), more than 6 from the term without Jacobian",
)
def _tadpole_needs_jacobian():
    """N ([<phi^2>] - C_phi) at N = 60, p = 3/4."""
    size, text, given = 60, "power(3/4)", {"g": 0.5, "sigma": 1.0}
    network = solver("static", text)
    right, wrong = (
        observable_average("phi^2", network, network.solve(**given), jacobian=flag) for flag in (True, False)
    )
    sample = simulate("static", text, given, N=size, couplings=800, seed=25, samples=16).sample
    estimate = sample.observables()["C_phi"]
    slope, error = size * (estimate.value - right.value), size * estimate.error
    next_order = 4 * right.c1**2 / right.value / size  # as in numerics.compare.verdict
    yield abs(slope - right.c1) < 4.5 * error + next_order
    yield abs(slope - wrong.c1) > 6 * error
