"""Strong coupling and averages at large variance, against published laws, the solver and the scaling theory.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742, for the Pade class and saturating activations.
"""

import json

import pytest
from sympy import Float, Integral, Rational, S, Symbol, cbrt, pi, sqrt

import quenched
from tests.alter import altered
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.derivation import same
from theory.highprecision import mp_function
from theory.limits.large_variance import from_tails, large_variance
from theory.limits.power_law import G, m, power_law
from theory.limits.strong_coupling import strong_coupling
from theory.models import derive
from theory.symbols import Delta, g, phi, sigma, x

a, b, c = (Symbol(name, positive=True) for name in "abc")
POWER, GAIN, SLOPE = Average(phi(x) ** 2), Average(phi(x), 1), Average(phi(x).diff(x) ** 2)


def found(text):
    return strong_coupling(derive("static"), Activation.from_text(text))


def test_bounded_pade_symbolic_in_its_coefficient():
    """a Delta ~ kappa g^(4/3), kappa = (sqrt(pi/2)/2)^(2/3); gamma ~ g^(-2/3)/kappa^2; D_phi returns to 1, unstable."""
    law = found("x/(1+a*x^2) where a>0")
    kappa = cbrt(pi / 8)
    assert (law.laws["Delta"] * a / (kappa * g ** Rational(4, 3))).simplify() == 1
    assert (law.laws["gamma"] * kappa**2 * g ** Rational(2, 3)).simplify() == 1
    assert law.laws["D_phi"] == 1 and law.laws["D_x"] == S.Half
    assert law.facts["stable"] is False and law.laws["stability"].as_coeff_exponent(g)[1] == Rational(4, 3)
    assert law.facts["kind"] == "sublinear" and "formal saddle" in law.sentence


@pytest.mark.parametrize(
    "text", ["tanh(x)", "erf(x)", "x/sqrt(1+x^2)", "max(-2, min(2, x))", "sign(x)", "tanh(a*x) where a>0"]
)
def test_saturating(text):
    law = found(text)
    assert law.laws["gamma"] == 2 / pi
    assert same(law.laws["D_phi"], (1 - 2 / pi) ** 2)
    assert law.facts["stable"] is False


def test_linear_growth():
    law = found("x*(1+b*x^2)/(1+a*x^2) where a>0, b>0")
    assert law.laws["g"] == a / b
    # phi^2 = (b/a)^2 x^2 + 2 (b/a)(1 - b/a)/a + O(1/x^2)
    expected = (sigma**2 + 2 * (1 - b / a) / b) / (1 - (b * g / a) ** 2)
    assert same(law.laws["Delta"], expected)
    assert found("x").laws["Delta"] == sigma**2 / (1 - g**2)
    faster = found("x/2+tanh(x)")  # the rest grows as |x|: Delta = (4 <|z|>/(1 - g^2/4))^2
    assert same(faster.laws["Delta"], (4 * sqrt(2 / pi) / (1 - g**2 / 4)) ** 2)


@pytest.mark.parametrize("text", one_in(3, ["x/2+tanh(x)", "x+power(1/2)", "x*(15+x^2)/(15+6*x^2)"]))
def test_linear_growth_in_the_solver(text):
    """Next to the largest g the solver's Delta follows the law; deviations fall with the distance."""
    law, solver = found(text), quenched.Solver("static", text)
    deviations = []
    for distance in (1e-4, 1e-6):
        coupling = float(law.laws["g"]) * (1 - distance)
        expected = float(law.laws["Delta"].subs({g: Float(coupling, 30), sigma: 1}))
        deviations.append(abs(solver.solve(g=coupling, sigma=1).order_parameters["Delta"] / expected - 1))
    assert deviations[1] < 0.02 and deviations[1] < deviations[0] / 3, deviations


@pytest.mark.parametrize(
    "text",
    one_in(4, ["x/(1+x^2/3)", "pade(tanh,3,4)", "power(3/4)", "x*exp(-x^2)", "tanh(x)", "pade(sin,3,4)"]),
)
def test_the_solver_follows_the_laws(text):
    law, solver = found(text), quenched.Solver("static", text)
    deviations = {}
    for coupling in (1e5, 1e7):
        solution = solver.solve(g=coupling, sigma=1)
        values = {**solution.order_parameters, **solution.observables}
        for key, power in law.laws.items():
            if key in values:
                expected = float(power.subs(g, coupling))
                deviations.setdefault(key, []).append(abs(values[key] / expected - 1))
    assert {"Delta", "gain", "D_x", "D_phi", "stability"} <= set(deviations)
    for key, (near, far) in deviations.items():
        assert far < 1e-3 and (far < near / 3 or far < 1e-9), (key, near, far)


@pytest.mark.parametrize("text", one_in(3, ["power(1/3)", "power(3/4)", "sign(x)"]))
def test_agrees_with_the_scaling_theory(text):
    """Two derivations of one limit: asymptotics of averages here, exact functions of s there."""
    law, scaling = found(text), power_law(derive("static"), Activation.from_text(text))
    for key, power in scaling.under("strong").items():
        if key in law.laws:
            exact = power.subs({m: scaling.laws["m"], G: scaling.laws["G"]}).subs(sigma, 0)
            for coupling in (1, 7):
                assert float((law.laws[key] / exact).subs(g, coupling)) == pytest.approx(1, rel=1e-12), key


@pytest.mark.parametrize(
    ("text", "reason"),
    [("sin(x)", "oscillates"), ("asinh(x)", "no power law"), ("x^3", "faster than x"), ("x*exp(x)", "not derived")],
)
def test_what_is_not_derived_is_said(text, reason):
    law = found(text)
    assert law.facts["kind"] == "none" and reason in law.sentence and not law.laws


BOTH = ["x/(1+x^2)", "pade(tanh,3,4)", "erf(x)", "x*exp(-x^2)", "max(-1, min(1, x))", "power(2/3)", "atan(x)"]


@pytest.mark.parametrize("text", BOTH)
@pytest.mark.parametrize("average", [POWER, GAIN, SLOPE])
def test_closed_forms_and_tails_agree(text, average):
    """The leading term of the closed form, and the rule from the tails, which knows no closed form."""
    activation = Activation.from_text(text)
    one, other = large_variance(average, activation), from_tails(average, activation)
    assert one.exponent == other.exponent
    assert float(one.prefactor) == pytest.approx(float(other.prefactor), rel=1e-13)


def test_an_integral_with_parameters_stays_an_integral():
    power = large_variance(SLOPE, Activation.from_text("tanh(a*x) where a>0"))
    assert power.exponent == -S.Half and power.prefactor.has(Integral)
    assert float(mp_function((), power.prefactor.subs(a, 1))()) == pytest.approx(4 / 3 / (2 * 3.141592653589793) ** 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "sign(x)",
        *(
            pytest.param(t, marks=pytest.mark.heavy)
            for t in ("erf(x)", "x/(1+a*x^2) where a>0", "tanh(x)", "x/2+tanh(x)")
        ),
    ],
)
def test_steps_hold_and_notice_a_wrong_law(text):
    for step in found(text).steps:
        assert step.verify() and not altered(step).verify(), step.title


@pytest.mark.heavy
def test_two_poles_with_symbols_are_quick_to_state():
    law = found("c*x + r*x/(1+a*x^2) + s*x/(1+b*x^2) where a>0, b>0, c>0, r, s")
    r, s_ = (Symbol(name, real=True) for name in "rs")
    assert law.laws["g"] == 1 / c
    assert same(law.laws["Delta"], (sigma**2 + 2 * (r / a + s_ / b) / c) / (1 - (c * g) ** 2))


@pytest.mark.heavy
def test_printed(capsys):
    from quenched.cli import main

    assert main(["derive", "static", "-a", "x/(1+x^2/3)"]) == 0
    assert "g -> infinity:\n    Delta ~ 3*pi**(1/3)*g**(4/3)/2" in capsys.readouterr().out
    assert main(["derive", "static", "-a", "tanh(x)", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)["strong_coupling"]
    assert data["laws"]["Delta"]["expression"] == "g**2" and data["stable"] is False


def test_leading_term_of_error_functions():
    """erf has the slope 2/sqrt(pi) at zero."""
    from theory.activation.growth import growth

    activation = Activation.from_text("x*erf(2*x/(1+x^2))")
    assert growth(activation.pieces.expressions[-1], 1).limit == 4 / sqrt(pi)


def test_variance_is_not_bound_to_the_name():
    assert large_variance(POWER, Activation.from_text("tanh(x)")).of(Delta) == 1


def test_nothing_is_claimed_of_what_grows_with_the_frozen_mean():
    """Delta0 and what is made of it are no power of Delta alone; the others are checked by quadrature."""
    law = strong_coupling(derive("static", odd=False), Activation.from_text("erf(x)+1/2"))
    assert {"Delta", "C_phi", "gain", "stability", "gamma"} == set(law.laws)
    assert all(step.verify() for step in law.steps)
