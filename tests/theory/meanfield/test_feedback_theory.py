"""The theory of feedback networks against what the paper and independent routes say, for a generic activation."""

import pytest
from sympy import Matrix, diff, eye, sqrt

from theory.activation.activation import Activation
from theory.averages.average import Average, averages
from theory.averages.measures import Normal
from theory.concrete import closed_form_of
from theory.derivation import Derivation, Step, StepFailed, same
from theory.engine.readout import OUTPUT, LoadedSite, readout_loop
from theory.meanfield.readout import MEANS, loop_with_means
from theory.models import derive
from theory.models.feedback import FEEDBACK
from theory.readout.vectors import site_at
from theory.symbols import SI, SI2, A, C, Delta, Sm, Sm2, g, growth, mu, p, phi, pI, pm, rho, smI, snI, snm, x, z

P, Q = Average(phi(x) ** 2), Average(phi(x), 1)
SLOPE, CURVATURE = P.diff(Delta), Q.diff(Delta)  # P', Q'
s, snx = Sm2 * z + smI, C * (snm * z + snI)


@pytest.fixture(scope="module")
def theory():
    return derive("feedback")


def test_the_check_of_the_determinant_can_fail(theory):
    (step,) = (step for step in theory.derivation if "is a square" in step.title)
    assert step.verify()
    wrong = Step(step.title, step.rule, step.before, step.after.subs(snm, 2 * snm), check=step.check)
    with pytest.raises(StepFailed):
        Derivation("wrong", (wrong,)).check()


def test_mean_field_equations(theory):
    """Mastrogiuseppe, Ostojic 2019: (M1), (M2) and the amplitude that calibrates the readout."""
    equation = theory.equation
    assert same(equation.right, g**2 * P + Sm2 * z**2 + 2 * smI * z + SI2)
    assert same(equation.readout, snx * Q)
    assert same(theory.order_parameters["C"].expression, A / ((snm * A + snI) * Q))


def test_overlaps_come_from_the_loadings(theory):
    alone = sqrt(1 - rho**2)
    published = {
        Sm2: Sm**2,
        smI: Sm * SI * rho**2,  # the loading is rho, the correlation of m and I rho^2
        SI2: SI**2,
        snm: Sm * (rho * p + alone * pm),
        snI: SI * (rho * p + alone * pI),
    }
    assert all(same(theory.equation.overlaps[key], value) for key, value in published.items())


def test_outliers_are_those_of_the_two_by_two_matrix(theory):
    """The paper's matrix on (Delta_1, kappa_1), b = snx <phi'''>/2."""
    G, a, b = g**2 * SLOPE, C * snm * Q, snx * CURVATURE
    matrix = Matrix([[G, 2 * s], [b * G, 2 * b * s + a]])
    polynomial = (growth * eye(2) - matrix).det()
    assert same(growth**2 - theory.equation.trace * growth + theory.equation.determinant, polynomial)


def test_the_slope_of_the_output_is_one_where_an_outlier_is(theory):
    equation = theory.equation
    at_one = 1 - equation.trace + equation.determinant
    assert same(at_one, (1 - equation.slope) * (1 - equation.output_slope))


def test_the_amplitude_turns_where_an_outlier_is_one(theory):
    """(T1): at the target the polynomial at 1 is (1 - G) dlnC/dlnA; `turning` has its zeros and no poles."""
    equation = theory.equation
    at_one = equation.at_target(1 - equation.trace + equation.determinant)
    turning = equation.turning.subs(z, A)
    assert same(turning, at_one * (snm * A + snI))
    assert not turning.as_numer_denom()[1].has(A)


def test_the_bulk(theory):
    slope = diff(phi(x), x)
    assert same(theory.observables["bulk_radius"].expression ** 2, g**2 * Average(slope**2))


def test_no_higher_derivative_of_phi_is_averaged(theory):
    """Kinked activations need phi and phi' alone: derivatives stand outside, in the weak sense."""
    assert {(a.integrand, a.order) for a in theory.averages} == {
        (phi(x) ** 2, 0),
        (phi(x) ** 2, 2),
        (phi(x), 1),
        (phi(x), 3),
        (diff(phi(x), x) ** 2, 0),
    }


def test_vectors_with_means():
    """The 3x3 matrix on (mean, covariance, output) of a perturbation has the same outliers and a zero."""
    Mm, _, Mn = MEANS
    site, loop = loop_with_means()
    n_mean = C * Mn

    def bar(function, order=0):
        return Average(function, order, Normal(mu))

    K, G = g**2 * bar(phi(x) ** 2, 1) / 2, g**2 * bar(phi(x) ** 2, 2) / 2
    direct = Matrix([[0, 0, C * snm * bar(phi(x), 1)]])
    on_mean, on_covariance = (n_mean * bar(phi(x), k) + snx * bar(phi(x), k + 1) for k in (1, 2))
    shift, covariance = Matrix([[0, 0, Mm]]), Matrix([[K, G, s]])
    matrix = Matrix.vstack(shift, covariance, direct + on_mean * shift + on_covariance * covariance)
    assert same((growth * eye(3) - matrix).det(), growth * loop.polynomial)
    assert same(site.average(OUTPUT), n_mean * bar(phi(x)) + snx * bar(phi(x), 1))


def test_without_means_the_extension_is_the_theory(theory):
    _, loop = loop_with_means()
    plain = loop.polynomial.subs(dict.fromkeys(MEANS, 0)).subs(mu, 0)
    assert same(plain, growth**2 - theory.equation.trace * growth + theory.equation.determinant)


def test_relu_in_closed_form(theory):
    """P = Delta/2, Q = 1/2, no Q': outliers a and g^2/2, whatever the vectors."""
    relu = Activation.from_text("relu(x)")
    forms = {
        a: closed_form_of(a, relu).expression for a in averages(theory.equation.trace + theory.equation.determinant)
    }
    trace, determinant = (e.xreplace(forms) for e in (theory.equation.trace, theory.equation.determinant))
    assert same(trace, C * snm / 2 + g**2 / 2)
    assert same(determinant, C * snm * g**2 / 4)


def test_transfer_function_is_the_response_of_the_output():
    """h(lambda) = a/lambda + theta/(lambda - G), and h(1) = dH/dz."""
    equation, loop = derive("feedback").equation, readout_loop(FEEDBACK.network.couplings, LoadedSite(site_at(z)))
    a, G = equation.loop_gain, equation.slope
    theta = equation.trace - a - G
    assert same(loop.transfer(), a / growth + theta / (growth - G))
    assert same(loop.transfer().subs(growth, 1), equation.output_slope)
