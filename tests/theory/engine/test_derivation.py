"""The argument: every step holds, a wrong step is caught, both routes agree, and the results are the published ones."""

from dataclasses import replace

import pytest
from sympy import Eq, Function, Rational, Symbol, exp, symbols

from tests.effort import one_in
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.integrand import evaluate
from theory.averages.measures import Normal
from theory.concrete import closed_form_steps
from theory.derivation import Derivation, Step, StepFailed, same
from theory.engine.cavity import two_site_cavity
from theory.engine.collective import (
    ACTIVITY,
    PREACTIVATION,
    RESPONSE,
    Bilinear,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    pair_fields,
)
from theory.engine.finite_size import FiniteSizeIdentity
from theory.engine.moments import N
from theory.models import derive
from theory.models.static import STATIC
from theory.networks import GaussianCouplings
from theory.symbols import Delta, g, phi, sigma, x

THEORY = derive("static")
C, S = Average(phi(x) ** 2), Average(phi(x), 1)
gamma = g**2 * S**2


def test_a_wrong_step_is_named():
    step = next(step for step in THEORY.derivation if step.title.startswith("Participation dimension of phi"))
    wrong = replace(step, after=Eq(step.after.lhs, 2 * step.after.rhs))
    with pytest.raises(StepFailed, match="step 1"):
        Derivation("one wrong step", (wrong,)).check()


def test_what_no_step_shows_is_named():
    c1_gain = THEORY.finite_size["c1_gain"]
    wrong = {**THEORY.finite_size, "c1_gain": replace(c1_gain, expression=c1_gain.expression / 2)}
    with pytest.raises(StepFailed, match="no step shows c1_gain"):
        replace(THEORY, finite_size=wrong).check()
    steps = (*THEORY.derivation.steps, Step("a result without a check", "none", after=g))
    with pytest.raises(StepFailed, match="no check reads"):
        replace(THEORY, derivation=Derivation("", steps)).check()


def test_published_results():
    """Equations (2.1)-(2.7) of the verified note on Mato, Rigatuso, Torroba 2025."""
    r = 1 - sigma**2 / Delta
    results = {key: q.expression for key, q in THEORY.quantities.items()}
    on_saddle = {sigma**2: Delta - g**2 * C}
    assert same(THEORY.equation.right, sigma**2 + g**2 * C)
    assert same(results["n_var_cov_phi"], C**2 * (1 / (1 - gamma) ** 2 - 1))
    assert same(results["n_var_cov_x"], (g**2 * C) ** 2 / (1 - gamma) ** 2 + 2 * gamma * Delta**2 / (1 - gamma))
    assert same(results["D_phi"], (1 - gamma) ** 2)
    assert same(results["D_x"], ((1 - gamma) ** 2 / (1 - gamma**2 + r**2)).subs(on_saddle))
    assert same(results["stability"], g**2 * Average(phi(x).diff(x) ** 2))
    assert same(THEORY.equation.slope, g**2 * Average(phi(x) ** 2, 2) / 2)


def test_mixed_covariances():
    """N [C_ij Cphi_ij] and the response entry come from the same kernel: K_xphi = (gain Delta)^2, dX = g^2 dq."""
    action = disorder_average(STATIC.network.couplings)
    kernel = fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY, PREACTIVATION)), SiteMeasure(Delta))
    xx, ff = (kernel.index((1, o), (2, o)) for o in (PREACTIVATION, ACTIVITY))
    # dX = g^2 dq + eta_x, dq = (g^2... ): Cov = (K_xphi + g^2 K_phiphi/(1-gamma)) / (1-gamma)
    assert same(kernel.column(ff)[xx], ((S * Delta) ** 2 + g**2 * C**2 / (1 - gamma)) / (1 - gamma))


def test_two_routes_for_a_generic_phi():
    cavity = two_site_cavity(STATIC.network.couplings, STATIC.network.noise)
    assert same(cavity.variance, THEORY.equation.right)
    assert same(cavity.phi, THEORY.observables["n_var_cov_phi"].expression)
    assert same(cavity.x, THEORY.observables["n_var_cov_x"].expression)


@pytest.mark.parametrize(
    "text", one_in(3, ["tanh(x)", "x/(1+x^2/3)", "power(3/4)", "sign(x)", "sin(2*x)-x*exp(-x^2)", "min(1,max(-1,x))"])
)
def test_two_routes_for_concrete_activations(text):
    activation = Activation.from_text(text)
    cavity = two_site_cavity(STATIC.network.couplings, STATIC.network.noise)
    values = {g: Rational(3, 10), sigma: Rational(4, 5), Delta: Rational(13, 10)}
    for route, key in ((cavity.phi, "n_var_cov_phi"), (cavity.x, "n_var_cov_x"), (cavity.variance, None)):
        other = THEORY.equation.right if key is None else THEORY.observables[key].expression
        a, b = (evaluate(e, activation, values, 20) for e in (route, other))
        assert abs(a - b) <= 1e-18 * abs(b)
        assert abs(b) > 0


def test_linear_network():
    """phi = x: the exact large-N results of Hu and Sompolinsky 2022."""
    linear = Activation.from_text("x")
    values = {g: Rational(1, 2), sigma: 1, Delta: Rational(4, 3)}
    assert evaluate(THEORY.equation.right, linear, values) == pytest.approx(4 / 3, rel=1e-14)
    assert evaluate(THEORY.observables["D_x"].expression, linear, values) == pytest.approx(0.5625, rel=1e-14)


def test_symmetric_couplings_give_the_response_fields():
    eta = Symbol("eta", real=True)
    couplings = GaussianCouplings(symmetry=eta)
    action = disorder_average(couplings)
    identity = FiniteSizeIdentity(couplings, action.fields)
    right = Step("", "", after=N * action.F)
    assert identity(right)
    assert action.F.has(Bilinear.of((1, ACTIVITY), (2, RESPONSE)).symbol)
    assert not identity(replace(right, after=N * (action.F + eta * action.fields[0].symbol)))


def test_kernel_of_symmetric_couplings_is_the_published_one():
    """Zero frequency, partially symmetric: 1/PR = (1+z)/(1-z)/(1-y)^2 with y = g^2 S^2, z = eta g^2 S^2 (Clark et al. 2023)."""
    eta = Symbol("eta", real=True)
    action = disorder_average(GaussianCouplings(symmetry=eta))
    kernel = fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY)), SiteMeasure(Delta))
    k = kernel.index((1, ACTIVITY), (2, ACTIVITY))
    z = eta * gamma
    assert same(kernel.column(k)[k], C**2 * (1 + z) / ((1 - z) * (1 - gamma) ** 2))


@pytest.mark.parametrize(
    "text",
    [
        "sign(x)",
        *(
            pytest.param(text, marks=pytest.mark.heavy)
            for text in ("x*(15+x^2)/(15+6*x^2)", "power(1/2)", "erf(x)", "x/(1+a*x^2) where a>0", "sin(x)")
        ),
    ],
)
def test_closed_forms_are_certified(text):
    steps = closed_form_steps(THEORY, Activation.from_text(text))
    assert len(steps) == len(THEORY.averages)
    checked = [step for step in steps if step.check is not None]
    assert checked and all(step.verify() for step in checked)
    wrong = replace(checked[0], after=Eq(checked[0].after.lhs, checked[0].after.rhs * Rational(1000001, 1000000)))
    assert not Step(**{**wrong.__dict__, "check": checked[0].check}).verify()


def test_average_node():
    f = phi(x)
    a, m = symbols("a m", real=True)
    assert Average(f, 1) == Average(f.diff(x))
    assert Average(3 * f**2) == 3 * Average(f**2)
    assert C.diff(Delta) == Average(f**2, 2) / 2
    assert Average(f, 0, Normal(m)).diff(m) == Average(f, 1, Normal(m))
    both = Normal(m, m**2)
    assert Average(f, 0, both).diff(m) == Average(f, 1, both) + m * Average(f, 2, both)
    assert Average(exp(a) * f) == exp(a) * Average(f)
    assert C.free_symbols == {Delta}
    assert C.subs(Delta, a).measure == Normal(0, a)
    assert C.subs(x, a) == C
    assert isinstance(f, Function)
    assert (str(C), str(S), str(Average(f.diff(x) ** 2)), str(Average(f**2, 2))) == (
        "<phi**2>",
        "<phi'>",
        "<phi'**2>",
        "<(phi**2)''>",
    )
