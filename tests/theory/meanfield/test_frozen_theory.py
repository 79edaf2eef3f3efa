"""The theory of activations that are not odd: rules of the average over the frozen mean, every step, limits, two routes."""

from dataclasses import replace

import pytest
from sympy import Integer, Rational, expand, latex, sqrt, sstr

from theory.activation.activation import Activation
from theory.averages.average import Average, averages, over_frozen_mean, variance_at_mean, without_variances
from theory.averages.exact import exact
from theory.averages.measures import AT_MEAN, Normal
from theory.averages.polynomial import polynomial_average
from theory.derivation import same
from theory.engine.cavity import two_site_cavity
from theory.engine.collective import ACTIVITY, PREACTIVATION, RESPONSE, Bilinear, SiteMeasure, disorder_average
from theory.engine.replicon import (
    REPLICAS,
    Replicon,
    connected_two_point,
    decouples,
    replicon_fields,
    replicon_kernel,
)
from theory.engine.statistics import connected
from theory.engine.steps import unique_root_steps
from theory.errors import DomainError
from theory.limits.power_law import power_law
from theory.models import derive
from theory.models.static import STATIC
from theory.symbols import Delta, Delta0, delta, g, mu, phi, sigma, x

THEORY = derive("static", odd=False)
RESULTS = {key: q.expression for key, q in THEORY.quantities.items()}
f = phi(x)
M, M1 = (Average(f, n, AT_MEAN) for n in (0, 1))
V = variance_at_mean(f)


@pytest.mark.parametrize(
    "product", [M**2, M1**2, M * M1, V, V**2, M1**2 * V, M**2 * Average(f**2, 0, AT_MEAN)], ids=sstr
)
@pytest.mark.parametrize("variable", [Delta, Delta0], ids=str)
def test_price_over_the_frozen_mean(product, variable):
    """The rule against the derivative of the exact average of a cubic, not odd."""
    node = over_frozen_mean(product)
    assert expand(exact(node).diff(variable) - exact(node.diff(variable))) == 0
    assert exact(node.diff(variable)) != 0


@pytest.mark.parametrize("product", [mu * M, mu**2 * M1 * M, mu**3 * V, mu**2], ids=sstr)
def test_stein_over_the_frozen_mean(product):
    node = over_frozen_mean(product)
    assert not any(n.has(mu**2) or mu in n.integrand.args for n in averages(node, mu))  # no bare mu is left
    direct = exact(product).subs(delta, Delta - Delta0)
    assert expand(exact(node) - polynomial_average(direct, Normal(0, Delta0, mu))) == 0


def test_canonical_forms():
    assert over_frozen_mean(M) == Average(f)  # one factor: the frozen mean is part of x
    assert over_frozen_mean(M1) == Average(f, 1)
    assert over_frozen_mean(delta * M1) == (Delta - Delta0) * Average(f, 1)
    assert over_frozen_mean(3 * M**2 + M1 * M) == 3 * over_frozen_mean(M**2) + over_frozen_mean(M1 * M)
    assert over_frozen_mean(M * M1) == over_frozen_mean(M1 * M)
    assert over_frozen_mean(M**2).free_symbols == {Delta, Delta0}
    assert averages(over_frozen_mean(M**2) * Average(f)) == (Average(f),)  # those inside are bound
    assert variance_at_mean(x) == delta and variance_at_mean(Integer(2)) == 0
    node = over_frozen_mean(M**2)
    assert node.subs({mu: 1, x: 2, delta: 3}) == node


def test_limits_of_the_frozen_variance():
    node = over_frozen_mean(M**2)
    assert node.subs(Delta0, 0) == Average(f) ** 2
    assert over_frozen_mean(V**2).subs(Delta0, 0) == (Average(f**2) - Average(f) ** 2) ** 2
    assert node.subs(Delta0, Delta) == Average(f**2)
    assert over_frozen_mean(M1**2).subs(Delta0, Delta) == Average(f.diff(x) ** 2)


def test_how_it_reads():
    assert sstr(over_frozen_mean(M1**2)) == "[<phi'>**2]"
    assert sstr(over_frozen_mean(V**2)) == "[Var(phi)**2]"
    assert latex(over_frozen_mean(V)) == r"\left[ \operatorname{Var}\left( \phi \right) \right]"
    assert latex(over_frozen_mean(M1**2)) == r"\left[ \left\langle \phi' \right\rangle^{2} \right]"


def test_results():
    """What Mato, Rigatuso, Torroba 2025 have for odd phi, with connected quantities averaged over the frozen mean."""
    gR, v2, d = g**2 * over_frozen_mean(M1**2), over_frozen_mean(V**2), Delta - Delta0
    off_x = g**4 * v2 / (1 - gR) ** 2 + 2 * gR * d**2 / (1 - gR)
    assert same(THEORY.equation.right, sigma**2 + g**2 * Average(f**2))
    assert same(THEORY.then[0].right, g**2 * over_frozen_mean(M**2))
    assert same(THEORY.then[0].slope, gR)
    assert same(RESULTS["replicon_slope"], gR)
    assert same(RESULTS["gain"], Average(f, 1))
    assert same(RESULTS["n_var_cov_phi"], v2 * (1 / (1 - gR) ** 2 - 1))
    assert same(RESULTS["D_phi"], over_frozen_mean(V) ** 2 / v2 * (1 - gR) ** 2)
    assert same(RESULTS["n_var_cov_x"], off_x)
    assert same(RESULTS["D_x"], d**2 / (d**2 + off_x))
    assert same(RESULTS["stability"], g**2 * Average(f.diff(x) ** 2))


def test_odd_phi_is_the_limit_without_frozen_mean():
    """At Delta0 = 0 and <phi> = 0 every result is the one derived for odd phi, as a canonical form."""
    odd = derive("static")
    centred = {Average(f): Integer(0), Average(f**2, 1): Integer(0)}

    def limit(expression):
        return without_variances(expression).subs(Delta0, 0).xreplace(centred)

    assert limit(THEORY.then[0].right) == 0
    # N times the variance of C_ii over units is of order N here, and the other 1/N terms are derived for odd phi only
    for key in [key for key in odd.quantities if key in RESULTS or (key in odd.leading and "var_var" not in key)]:
        quantity = odd.quantities[key]
        assert same(limit(RESULTS[key]), quantity.expression), key
    assert same(limit(RESULTS["replicon_slope"]), g**2 * Average(f, 1) ** 2)
    assert same(limit(RESULTS["var_var_phi"]), Integer(0))


def test_the_odd_theory_refuses_and_this_one_admits():
    relu = Activation.from_text("relu(x)")
    with pytest.raises(DomainError, match="theory of odd phi"):
        derive("static").admit(relu)
    THEORY.admit(relu)


OPERATORS = (RESPONSE, ACTIVITY, PREACTIVATION)
FIELDS = replicon_fields(OPERATORS)
MEASURE = SiteMeasure(Delta, phi_parity="none", frozen=Delta0)


def test_replicon_fields_decouple_only_from_a_symmetric_action():
    action = disorder_average(STATIC.network.couplings, REPLICAS)
    assert decouples(action, FIELDS)
    single = Bilinear.of((1, RESPONSE), (3, RESPONSE)).symbol
    assert not decouples(replace(action, F=action.F + single), FIELDS)


@pytest.mark.heavy
def test_the_kernel_is_checked_against_four_replicas():
    """Without the frozen mean in the measure, or with a wrong variance, the entries of Pi do not agree."""
    action = disorder_average(STATIC.network.couplings, REPLICAS)
    two_point = connected_two_point(OPERATORS)
    right = replicon_kernel(action, FIELDS, two_point, MEASURE)
    second = two_point.copy()
    second[1, 1] = Average(f**2, 0, AT_MEAN)  # <phi^2> instead of its connected part
    wrong = replicon_kernel(action, FIELDS, second, MEASURE)
    activities = FIELDS.index(Replicon(ACTIVITY, ACTIVITY))
    by_replicas = connected(FIELDS[activities], FIELDS[activities], MEASURE)
    assert same(without_variances(right.Pi[activities, activities]), by_replicas)
    assert not same(without_variances(wrong.Pi[activities, activities]), by_replicas)


def test_one_root_needs_the_noise():
    right, variance = THEORY.then[0].right, THEORY.equation.right
    slope = THEORY.then[0].slope
    assert all(step.verify() for step in unique_root_steps(right, variance, sigma**2, g, slope))
    assert not unique_root_steps(right, variance, 2 * sigma**2, g, slope)[-1].verify()
    more = right + g**2 * over_frozen_mean(M * M1)
    assert not unique_root_steps(more, variance, sigma**2, g, slope)[-1].verify()


def test_cavity_for_symmetric_couplings_is_refused():
    with pytest.raises(ValueError, match="independent couplings"):
        two_site_cavity(replace(STATIC.network.couplings, symmetry=Rational(1, 2)), STATIC.network.noise, odd=False)


def test_linear_with_an_offset_is_linear():
    """phi = x + 1: the frozen mean decouples; the exact dimension (1 - g^2)^2 of Hu and Sompolinsky 2022 remains."""
    line = x + 1
    frozen = g**2 / (1 - g**2)  # Delta0 = g^2 (Delta0 + 1)
    variance = (sigma**2 + g**2) / (1 - g**2)  # Delta = sigma^2 + g^2 (Delta + 1)

    def value(expression):
        nodes = {V: delta, M: mu + 1, M1: Integer(1)}
        nodes = {node.subs(delta, Delta - Delta0): value for node, value in nodes.items()}
        averaged = expression.xreplace(
            {n: over_frozen_mean(n.integrand.xreplace(nodes)) for n in averages(expression, mu)}
        )
        known = {
            a: polynomial_average(a.integrand.subs(f, line).doit().diff(x, a.order), Normal(0, Delta))
            for a in averages(averaged)
        }
        return averaged.xreplace(known).subs({Delta: variance, Delta0: frozen})

    assert (value(THEORY.then[0].right) - frozen).simplify() == 0
    assert (value(THEORY.equation.right) - variance).simplify() == 0
    for key in ("D_x", "D_phi"):
        assert (value(RESULTS[key]) - (1 - g**2) ** 2).simplify() == 0
    assert (value(RESULTS["var_x"]) - sigma**2 / (1 - g**2)).simplify() == 0
    assert sqrt(value(RESULTS["replicon_slope"])) == g


def test_no_scaling_theory_with_a_frozen_mean():
    """relu is homogeneous, but averages over the frozen mean are not powers of the variance."""
    assert power_law(derive("static", odd=False), Activation.from_text("relu(x)")) is None
