"""The network in time in its limits: onset of chaos, large coupling, the linear network; against the solver and random matrices.

Sources: Sompolinsky, Crisanti, Sommers 1988 (PRL 61 259); Clark, Abbott, Litwin-Kumar 2023 (PRL 131 118401).
"""

import json
from functools import lru_cache

import numpy as np
import pytest
from sympy import Rational, StrictLessThan, Symbol, gamma, log, pi, sqrt, zeta

import quenched
from numerics.solve.solver import Solver
from quenched.cli import main
from quenched.limits import write_limits
from tests.alter import altered
from theory.activation.activation import Activation
from theory.derivation import same
from theory.engine.cavity_in_time import ONE
from theory.limits import known
from theory.limits import linear_network as linear
from theory.limits import onset_steps as onset
from theory.limits.onset import near_critical
from theory.limits.onset_series import b, coupling_squared, d, eps, in_kappa, kappa, laws, taylor_polynomial
from theory.limits.saturation import saturation
from theory.models import derive
from theory.symbols import Delta, eta, g, sigma

ERF = "erf(sqrt(pi)/2*x)"


@lru_cache(maxsize=8)
def solver(text):
    return Solver("dynamic", text)


def known_laws(limit):
    """All but the equation of the correlation."""
    return [(key, law) for key, law in limit.laws.items() if key != "rho''"]


@lru_cache(maxsize=32)
def solve(text, **numbers):
    return solver(text).solve(**numbers).leading


# ---- onset of chaos ----------------------------------------------------------------------------------------------------


def test_series_of_the_onset():
    """Published leading orders: kappa = eps/sqrt(3), PR = 4 eps^3/(sqrt(3) pi^2); next orders as derived here."""
    found = in_kappa()
    assert same(coupling_squared(taylor_polynomial()) - 1, -b * Delta + (2 * b**2 / 3 - d / 4) * Delta**2)
    assert same(found["PR_x"], 12 * kappa**3 / pi**2 * (1 + 12 * log(2) / pi**2 * kappa))
    assert same(found["tau_pop"], (1 + zeta(3) / zeta(2)) / 2 / kappa**2 * (1 + 12 * log(2) / pi**2 * kappa))
    assert same(laws()["kappa"].expand().coeff(eps, 1), 1 / sqrt(3))
    assert same(laws()["PR_x"].expand().coeff(eps, 3), 4 / (sqrt(3) * pi**2))
    tanh = near_critical("tanh(x)")
    assert tanh.facts == {"g_c": 1, "b": -2, "d": 16}
    assert same(tanh.laws["Delta0"], eps + Rational(7, 6) * eps**2)
    assert near_critical("erf(x)").facts["g_c"] == sqrt(pi) / 2


def test_every_step_of_the_onset_holds():
    onset.derive().check()


STEPS = (*near_critical("tanh(x)").steps, *saturation("tanh(x)").steps, *linear.derive())


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.title[:30])
def test_a_wrong_step_is_caught(step):
    assert step.verify()
    if not isinstance(step.after, StrictLessThan):
        assert not altered(step).verify()


def test_a_wrong_constant_is_caught():
    """The double integral notices another constant in either order."""
    right = pi**2 / 12 / kappa**3 - log(2) / kappa**2
    assert onset._expands(right)
    assert not onset._expands(right - 1 / kappa**2 / 20) and not onset._expands(right + 1 / kappa**3 / 2000)


@pytest.mark.parametrize(
    ("text", "critical"), [("tanh(x)", 1), pytest.param("-3*erf(x/2)/4", 4 * sqrt(pi) / 3, marks=pytest.mark.heavy)]
)
def test_series_against_the_solver(text, critical):
    """What the series leave out is of relative order eps^2: between eps = 0.08 and 0.04 it falls by about four."""
    found, remainders = near_critical(text), []
    assert found.facts["g_c"] == critical
    for distance in (0.08, 0.04):
        exact = solve(text, g=float(critical) * (1 + distance), noise="none")
        keys = ("Delta0", "kappa2", "PR_x", "PR_phi", "tau_pop")
        series = {key: float(found.laws[key].subs(eps, distance)) for key in keys}
        remainders.append(np.array([exact[key] / series[key] - 1 for key in keys]))
    assert np.all(np.abs(remainders[0]) < 40 * 0.08**2)
    assert np.all(np.abs(remainders[0] / remainders[1] - 4) < 1.5)


@pytest.mark.parametrize(
    "text", ["tanh(x)", *(pytest.param(text, marks=pytest.mark.heavy) for text in (ERF, "sin(x)"))]
)
def test_dimension_is_a_universal_function_of_the_decay_rate(text):
    """Activations with different series in eps: what is left out of PR(kappa) is of relative order kappa^2."""
    exact = solve(text, g=1.04, noise="none")
    rate = exact["kappa2"] ** 0.5
    for key in ("PR_x", "PR_phi", "tau_pop"):
        ratio = exact[key] / float(near_critical(text).under("the same")[key].subs(kappa, rate))
        assert abs(ratio - 1) < 5 * rate**2 < 0.2 * 0.84 * rate, key  # the second order of PR is 0.84 kappa


def test_two_point_table_of_a_sum_of_waves_near_the_onset():
    """sin at small variance: the closed form cancels at small correlation, where another rule must take over."""
    table = solver("sin(x)").module.PAIR.table(0.04)
    theta = np.array([0.1, 1.0, 1.5, 1.565])
    exact = np.exp(-0.04) * np.sinh(0.04 * np.cos(theta))
    assert table.resolved
    assert table.value(theta) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sign(x)", "infinitely steep"),
        ("power(1/2)", "infinitely steep"),
        ("x^3", "phi'(0) = 0"),
        ("x/(1+abs(x))", "not smooth at 0"),
        ("x + sin(x)^3", "bends away from the axis"),
        ("x", "phi'''(0) = 0"),
        ("x - x^5", "phi'''(0) = 0"),
        ("relu(x)", "must be odd"),
    ],
)
def test_no_onset_of_this_kind(text, words):
    found = near_critical(text)
    assert words in found.reason and not found.laws and found.steps == ()


def test_parameters_stay_symbolic():
    c = Symbol("c", real=True)
    found = near_critical("x - c*x^3 where c")
    assert found.facts["b"] == -6 * c and "where -6*c < 0" in found.formulas[0].section
    k = Symbol("k", positive=True)
    assert same(near_critical("tanh(k*x) where k>0").laws["Delta0"], (eps + Rational(7, 6) * eps**2) / k**2)
    assert all(step.verify() for step in near_critical("tanh(k*x) where k>0").steps[-8:])


# ---- large coupling ----------------------------------------------------------------------------------------------------


def test_limits_of_saturating_activations():
    """Delta0 = 2 (1-2/pi) g^2, kappa^2 = (pi-3)/(pi-2); dimensions are those of the sign network: 0.06024, 0.12652."""
    found = saturation("tanh(x)")
    assert same(found.laws["Delta0"], 2 * (1 - 2 / pi) * g**2)
    assert same(found.laws["kappa2"], (pi - 3) / (pi - 2))
    assert float(found.laws["kappa2"]) == pytest.approx(0.124030803, abs=1e-9)
    sign = solve("sign(x)", g=1.7, noise="none")
    assert {"Delta0", "C_phi0", "kappa2", "PR0_x", "PR0_phi"} == set(found.laws) - {"rho''"}
    for key, law in known_laws(found):
        assert sign[key] == pytest.approx(float(law.subs(g, 1.7)), rel=1e-12)
    assert sign["PR_x"] == pytest.approx(0.06024, abs=5e-6)
    assert sign["PR_phi"] == pytest.approx(0.12652, abs=5e-6)
    near = [solve("tanh(x)", g=strength, noise="none") for strength in (10.0, 20.0)]
    for key in ("PR_x", "PR_phi", "kappa2"):
        first, second = (abs(values[key] / sign[key] - 1) for values in near)
        assert second < 0.6 * first and first < 0.25


@pytest.mark.parametrize("p", ["1/2", pytest.param("1/3", marks=pytest.mark.heavy)])
def test_power_laws_are_free_of_scale(p):
    text = f"power({p})"
    found = saturation(text)
    assert "every coupling" in found.formulas[0].section and found.remarks == (
        "PR_x and PR_phi are the same at every g",
    )
    one, two = (solve(text, g=strength, noise="none") for strength in (0.7, 3.0))
    for key, law in known_laws(found):
        assert one[key] == pytest.approx(float(law.subs(g, 0.7)), rel=1e-11)
    assert one["PR_x"] == pytest.approx(two["PR_x"], rel=1e-9)
    assert one["PR_phi"] == pytest.approx(two["PR_phi"], rel=1e-9)


@pytest.mark.parametrize(
    "text", ["sign(x)", "-k*tanh(c*x) where c>0, k>0", "power(p) where p>0", "x/(1+abs(x)^(2/3))", "2*x/(1+3*x^2)"]
)
def test_every_step_of_large_coupling_holds(text):
    steps = saturation(text).steps
    assert len(steps) == 8 and all(step.verify() for step in steps)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x/(1+x^4)", "decays faster than 1/x"),
        ("x*exp(-x^2)", "decays exponentially"),
        ("sin(x)", "oscillates"),
        ("tanh(x)+x/5", "does not grow slower than x"),
        ("x^3", "does not grow slower than x"),
        ("asinh(x)", "tails are no power"),
        ("softplus(x)", "must be odd"),
    ],
)
def test_no_limit_at_large_coupling(text, words):
    found = saturation(text)
    assert words in found.reason and found.steps == ()


def test_limits_of_an_activation_that_decays_as_1_over_x():
    """Phi = log|x| beyond: Delta0 = pi g/2, kappa^2 = 1 - 4/pi^2; corrections of relative order Delta0^(-1/2) ~ g^(-1/2)."""
    found = saturation("x/(1+x^2)")
    assert not found.remarks and "g -> infinity" in found.formulas[0].section
    assert same(found.laws["Delta0"], pi * g / 2) and same(found.laws["kappa2"], 1 - 4 / pi**2)
    assert float(found.laws["C_phi0"].subs(g, 4)) == pytest.approx(0.25, rel=1e-14)
    near, far = (
        {key: 1 - solve("x/(1+x^2)", g=q, noise="none")[key] / float(law.subs(g, q)) for key, law in known_laws(found)}
        for q in (20.0, 80.0)
    )
    assert abs(far.pop("C_phi0")) < 0.03  # where two corrections nearly cancel
    for key, deviation in far.items():
        assert 0 < deviation < 0.45 and 1.45 < near[key] / deviation < 2, key  # 2 in the limit


def test_scale_free_laws_in_the_exponent():
    p = Symbol("p", positive=True)
    found = saturation("power(p) where p>0")
    ratio = sqrt(pi) * gamma(p + Rational(3, 2)) / gamma(p / 2 + 1) ** 2
    assert same(found.laws["kappa2"], 1 - (p + 1) ** 2 / (2 * (ratio - 1)))
    assert "where p < 1" in found.formulas[0].section


# ---- the linear network ------------------------------------------------------------------------------------------------


def test_closed_forms_of_the_linear_network():
    found, a = quenched.linear_network(), linear.decay
    assert same(found.dimension, 8 * a**3 / (a**4 + 2 * a**3 + 4 * a**2 - 2 * a + 3))
    assert same(found.variance, sigma**2 / (2 * a))
    u = g**2 * ONE.S**2
    assert same(found.zero_frequency, (1 - u) ** 2 * (1 - eta * u) / (1 + eta * u))
    assert found.response == 2 * ONE.h / (1 + sqrt(1 - 4 * eta * g**2 * ONE.h**2))
    exact = solve("x", g=0.6, sigma=1.3)
    assert exact["PR_x"] == pytest.approx(float(found.dimension.subs(a, 0.8)), rel=1e-12)
    assert float(found.dimension.subs(a, 0.8)) == pytest.approx(0.759419, abs=5e-7)


def test_every_step_of_the_linear_network_holds():
    linear.derive().check()


@pytest.mark.parametrize(("strength", "symmetry"), [(0.5, -0.5), (0.45, 0.8), (0.8, -0.7)])
def test_elliptic_law_against_random_matrices(strength, symmetry):
    """(1/N) tr C and tr C^2 of C = (1-J)^-1 (1-J)^-T, 30 matrices of 200 units: ratio within 4 standard errors plus 4/N."""
    N, source, rows = 200, np.random.default_rng(3), []
    for _ in range(30):
        one, two = source.normal(size=(2, N, N)) * strength / np.sqrt(N)
        symmetric, antisymmetric = (one + one.T) / 2, (two - two.T) / 2
        J = np.sqrt(1 + symmetry) * symmetric + np.sqrt(1 - symmetry) * antisymmetric
        G = np.linalg.inv(np.eye(N) - J)
        C = G @ G.T
        rows.append((np.trace(C) / N) ** 2 / (np.sum(C**2) / N))
    exact = float(quenched.linear_network().at_zero_frequency().subs({g: strength, eta: symmetry}))
    error = np.std(rows, ddof=1) / np.sqrt(len(rows))
    assert (
        abs(np.mean(rows) / exact - 1) < 4 * error / exact + 2 * 2 / N
    )  # false alarm below 2% with 5 degrees of freedom
    assert error < 0.02 * exact


# ---- for the reader ----------------------------------------------------------------------------------------------------


def test_limits_on_the_command_line(capsys):
    assert main(["derive", "dynamic", "-a", "tanh(k*x) where k>0"]) == 0
    text = capsys.readouterr().out
    assert "onset of chaos without noise at g_c = 1/k" in text and "Delta0 ~ 7*eps**2/(6*k**2) + eps/k**2" in text
    assert "PR_x and PR_phi tend to those of phi = sign(x)" in text
    assert main(["derive", "dynamic", "-a", "x/(1+x^4/9+x^2)", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)["limits"]
    laws_of = {row["left"]: row["right"] for row in data["rows"]}
    assert laws_of["kappa2"].endswith("eps**2/3") and any("decays" in reason for reason in data["reasons"])
    linear_rows = write_limits(known.of_motion(derive("dynamic"), Activation.from_text("-2*x")), "latex")
    assert r"\subsection*{Linear network}" in linear_rows and r"\sqrt{1 - 4 g^{2}}" in linear_rows


def test_limits_hold_for_the_plain_filter_only():
    (found,) = known.of_motion(derive("dynamic", filter="1/(1+s)^2"), Activation.from_text("tanh(x)"))
    assert found.formulas == () and "1/(s + 1) only" in found.reason
