"""The static network solved: reference rows, branches, existence limits, arrays, refusals."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad

import quenched
from numerics.solve.number import control_limit
from tests.effort import one_in
from tests.reference import rows

OBSERVED = ("C_phi", "gain", "stability", "D_phi", "D_x", "n_var_cov_phi", "n_var_cov_x")


@pytest.mark.parametrize(("text", "g", "sigma", "values"), one_in(3, rows()), ids=lambda v: str(v)[:24])
def test_reference_rows(text, g, sigma, values):
    # the rows are printed to 16 digits, so 1e-12 and 1e-10 are the promises, not slack
    solution = quenched.Solver("static", text).solve(g=g, sigma=sigma)
    assert solution.order_parameters["Delta"] == pytest.approx(values["Delta"], rel=1e-12)
    found = {**solution.order_parameters, **solution.observables}
    for name in OBSERVED:
        assert found[name] == pytest.approx(values[name], rel=1e-10), name
    assert g**2 * found["gain"] ** 2 == pytest.approx(values["gamma"], rel=1e-10)
    assert solution.branches[-1 if len(solution.branches) == 1 else 0].slope == pytest.approx(values["slope"], rel=1e-9)
    assert solution.error < 1e-12 * values["Delta"]
    assert solution.stable == (values["stability"] < 1)


def test_stability_points():
    # g at which g^2 <phi'^2> = 1 for sigma = 1: two-dimensional root search in 25-digit mpmath, independent of the toolkit
    for text, g in (
        ("tanh(x)", 1.85558910113889181),
        ("x/(1+x^2/3)", 1.80898672441528439),
        ("x*(15+x^2)/(15+6*x^2)", 1.87210178901205678),
    ):
        solution = quenched.Solver("static", text).solve(g=g, sigma=1)
        assert solution.observables["stability"] == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("p", "limit"), one_in(3, [("3/2", 0.4911215920585138), ("2", 0.2886751345948129), ("3", 0.09938079899999065)])
)
def test_power_law_saddle_node(p, limit):
    """g_c^2 = (p-1)^(p-1)/(p^p m_2p) at Delta = p/(p-1): two roots below, none above."""
    solver = quenched.Solver("static", f"power({p})")
    exponent = float(Fraction(p))
    control, delta = control_limit(solver, {"g": 0.0, "sigma": 1.0})
    assert control == pytest.approx(limit, rel=1e-12)
    assert delta == pytest.approx(exponent / (exponent - 1), rel=1e-6)
    below = solver.solve(g=limit * (1 - 1e-9), sigma=1)
    assert [b.label for b in below.branches][1:] == ["unphysical"]
    assert below.branches[0].slope < 1 < below.branches[1].slope
    with pytest.raises(quenched.DomainError, match=r"saddle-node at g = "):
        solver.solve(g=limit * (1 + 1e-9), sigma=1)


def test_without_noise():
    tanh = quenched.Solver("static", "tanh(x)")
    with pytest.raises(quenched.DomainError, match="silent"):
        tanh.solve(g=0.9, sigma=0)
    chaotic = tanh.solve(g=1.5, sigma=0)
    assert [b.label for b in chaotic.branches] == ["silent", "unstable"]
    assert not chaotic.stable and "not below 1" in chaotic.messages[0]
    root = quenched.Solver("static", "power(1/2)").solve(g=0.7, sigma=0)
    # Delta = (g^2 m_1)^(1/(1-p)) with m_1 = sqrt(2/pi)
    assert root.order_parameters["Delta"] == pytest.approx((0.49 * math.sqrt(2 / math.pi)) ** 2, rel=1e-13)
    assert root.branches[0].value == 0


def test_linear_growth_has_a_limit():
    solver = quenched.Solver("static", "x")
    with pytest.raises(quenched.DomainError, match=r"slope of phi at infinity \(1\) is not below 1"):
        solver.solve(g=1.0, sigma=1)
    close = solver.solve(g=0.999, sigma=1)
    assert close.order_parameters["Delta"] == pytest.approx(1 / (1 - 0.999**2), rel=1e-12)
    mixed = quenched.Solver("static", "x/2+tanh(x)")
    with pytest.raises(quenched.DomainError, match="solutions exist for g < 2"):
        mixed.solve(g=2.01, sigma=1)


@pytest.mark.parametrize(("text", "g"), [("x/2+tanh(x)", 2), ("x+x/(1+x^2)", 1), ("x", 1)])
def test_at_the_limit_of_linear_growth_rounding_makes_no_roots(text, g):
    """g times the slope is exactly 1: the excess of the right-hand side tends to zero from above and is never zero."""
    solver = quenched.Solver("static", text)
    assert np.isnan(solver.module.solve(float(g), 1.0)["roots"]).all()
    with pytest.raises(quenched.DomainError, match=f"solutions exist for g < {g}$"):
        solver.solve(g=g, sigma=1)


def test_bistable_self_consistency():
    """A steep sigmoid of |x| that starts as x^3 has three roots: two physical, one unphysical between them."""
    solver = quenched.Solver("static", "4*x^3/(1+x^2)^(3/2)")
    found = solver.solve(g=0.8, sigma=0.2)
    assert [b.label == "unphysical" for b in found.branches] == [False, True, False]
    assert found.order_parameters["Delta"] == found.branches[0].value
    for branch in found.branches:
        right = float(solver.module.self_consistency(branch.value, 0.8, 0.2))
        assert right == pytest.approx(branch.value, rel=1e-12)


def test_arrays_equal_scalars():
    solver = quenched.Solver("static", "power(p) where p>0")
    g, sigma, p = np.linspace(0.2, 1.1, 4)[:, None, None], np.array([0.5, 2.0])[:, None], np.array([0.3, 0.75, 0.9])
    whole = solver.module.solve(g, sigma, p)
    assert whole["Delta"].shape == (4, 2, 3)
    for index in np.ndindex(4, 2, 3):
        arguments = [np.broadcast_to(a, (4, 2, 3))[index] for a in (g, sigma, p)]
        one = solver.module.solve(*arguments)
        roots, own = whole["roots"][(slice(None), *index)], one.pop("roots")
        assert roots[~np.isnan(roots)] == pytest.approx(own[~np.isnan(own)], rel=1e-12)
        for key in one:
            values = whole[key]
            assert values[index] == pytest.approx(float(one[key]), rel=1e-12, abs=1e-15, nan_ok=True), key


def test_parameters_are_checked_all_at_once():
    solver = quenched.Solver("static", "tanh(a*x) where a>0")
    with pytest.raises(quenched.InputError) as caught:
        solver.solve(g=-1, sigma=float("nan"), b=3)
    text = str(caught.value)
    assert all(piece in text for piece in ("g = -1", "sigma = nan", "unknown parameter 'b'", "parameter a is missing"))


@pytest.mark.heavy
def test_sums_of_shifted_functions_and_complex_poles():
    """Integrands whose tails cancel, and a Pade approximant with complex poles that grows linearly."""
    shifted = quenched.Solver("static", "tanh(x-1)+tanh(x+1)").solve(g=1.0, sigma=0.5)
    # independent: scipy.integrate.quad on N(0, Delta)
    d = shifted.order_parameters["Delta"]

    def weighted(z):
        phi = np.tanh(d**0.5 * z - 1) + np.tanh(d**0.5 * z + 1)
        return phi**2 * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    assert d == pytest.approx(0.25 + 2 * quad(weighted, 0, 12, epsabs=1e-13)[0], rel=1e-11)
    labels = [b.label for b in quenched.Solver("static", "pade(sin, 5, 4)").solve(g=0.3, sigma=1).branches]
    assert labels == ["stable", "unphysical"]
