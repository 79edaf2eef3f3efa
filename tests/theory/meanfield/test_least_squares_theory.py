"""The derivation for readouts found by least squares: every step, and the formulas against pairings and plain sums."""

import numpy as np
import pytest
from scipy.optimize import brentq
from sympy import Derivative, Eq, Float, Rational, Symbol, diff

from theory.averages.average import Average
from theory.averages.measures import Joint
from theory.averages.polynomial import polynomial_average
from theory.derivation import Derivation, StepFailed, same
from theory.engine.readout import I_, m, n
from theory.engine.two_states import pair_of_states
from theory.readout import least_squares as theory
from theory.readout.eigenvector import LocalReadout, f
from theory.readout.least_squares_steps import steps
from theory.readout.open_loop import mode
from theory.readout.vectors import site_at, with_feedback
from theory.rendering import step_latex, step_text
from theory.symbols import SI2, A, Delta, Sm2, g, phi, smI, x, z


def test_a_wrong_step_is_found():
    argument = list(steps())
    k = next(k for k, step in enumerate(argument) if isinstance(step.after, Eq) and step.after.lhs == theory.strength)
    wrong = argument[k].__class__(**{**vars(argument[k]), "after": Eq(theory.strength, 2 * argument[k].after.rhs)})
    with pytest.raises(StepFailed):
        Derivation("wrong", (wrong,)).check()


def test_the_outlier_for_a_generic_activation():
    """lambda_LS = P' (g^2 + A s/P), P = <phi^2>."""
    P, Pprime = Average(phi(x) ** 2), Average(phi(x) ** 2, 2) / 2
    assert same(theory.least_squares_outlier(), Pprime * (g**2 + A * (Sm2 * A + smI) / P))


def test_readout_that_is_the_activity_holds_no_derivative_of_a_kink():
    slope = Derivative(phi(x), x)
    nodes = theory.least_squares_outlier().atoms(Average)
    assert nodes == {Average(phi(x) ** 2), Average(phi(x) ** 2, 2)}
    assert not any(node.integrand.has(Derivative(slope, x)) for node in nodes)


@pytest.mark.parametrize("readout", [x, phi(x) ** 3, m * x + I_, x**2 * m - 3 * I_ * phi(x)])
def test_local_readouts_with_polynomials(readout):
    """E1 and e for phi = x + x^3/7 against the sum over all pairings."""
    cubic = x + x**3 / 7
    numbers = {Sm2: Rational(3, 2), smI: Rational(-2, 5), SI2: Rational(4, 3), z: Rational(1, 2), Delta: Rational(5, 2)}
    s, t = (e.subs(numbers) for e in (Sm2 * z + smI, smI * z + SI2))
    entries = {(m, m): Sm2, (m, I_): smI, (I_, I_): SI2}
    covariance = {(x, x): numbers[Delta], (x, m): s, (x, I_): t, **{pair: numbers[v] for pair, v in entries.items()}}
    site = Joint(covariance)
    local = LocalReadout(readout)

    def number(expression):
        """Averages of x alone by Isserlis' theorem; weak derivatives are those of polynomials."""
        values = {
            node: polynomial_average(diff(node.integrand.subs(phi(x), cubic).doit(), x, node.order), site)
            for node in expression.atoms(Average)
        }
        return expression.xreplace(values).subs(numbers)

    whole, slope = readout.subs(phi(x), cubic), diff(cubic, x)
    direct = numbers[Sm2] * slope * diff(whole, m) + numbers[smI] * slope * diff(whole, I_)
    assert number(local.through_state) == polynomial_average(diff(whole * slope, x), site)
    assert number(local.direct) == polynomial_average(direct, site)


def test_site_average_leaves_undefined_functions_alone():
    known = {(x, x): Delta, (x, m): smI, (x, I_): SI2, (m, m): Sm2, (m, I_): smI, (I_, I_): SI2}
    site = Joint({**known, **{(e, n): 0 for e in (x, m, I_)}, (n, n): 1})
    assert Average(3 * f, 0, site) == 3 * Average(f, 0, site)
    moved = smI * Average(f, 1, site) + Sm2 * Average(diff(f, m), 0, site) + smI * Average(diff(f, I_), 0, site)
    assert same(Average(m * f, 0, site), moved)
    assert Average(m * f, 0, site, evaluate=False).doit() == Average(m * f, 0, site)


def test_the_steps_can_be_printed():
    for number, step in enumerate(steps(), 1):
        assert step.title[:20] in step_text(number, step, True).replace("\n     ", " ")
        assert "Symbol" not in step_latex(number, step, True)
    assert str(pair_of_states(0, 2, 1, 1, Symbol("c"))) == "<phi(x1) phi''(x2)>"


def hermite(F, variance, step=0.02):
    """<F(x)> by the trapezoidal rule."""
    y = np.arange(-10, 10 + step / 2, step)
    return np.sum(np.exp(-0.5 * y * y) * F(np.sqrt(variance) * y)) * step / np.sqrt(2 * np.pi)


def evaluated(expression, values, variance):
    """A generic expression for tanh, with the derivatives that it needs written out."""
    t = np.tanh
    averages = {
        Average(phi(x) ** 2): lambda u: t(u) ** 2,
        Average(phi(x) ** 2, 2): lambda u: 2 * (1 - t(u) ** 2) * (1 - 3 * t(u) ** 2),
        Average(phi(x), 1): lambda u: 1 - t(u) ** 2,
        Average(phi(x), 3): lambda u: (1 - t(u) ** 2) * (6 * t(u) ** 2 - 2),
    }
    numbers = {node: hermite(F, variance) for node, F in averages.items()}
    return complex(
        expression.xreplace({node: Float(value) for node, value in numbers.items()}).subs({**values, Delta: variance})
    )


def test_readout_through_the_recurrent_input():
    """Outliers and h(lambda) = s E1/(lambda - G) + e/lambda of tanh: reference values, confirmed by networks of 800 units."""
    numbers = {g: 0.8, Sm2: 1, SI2: 1, smI: 0.95, A: -1.5}
    variance = brentq(lambda D: D - 0.64 * hermite(lambda u: np.tanh(u) ** 2, D) - 0.4, 1e-6, 10)
    power = hermite(lambda u: np.tanh(u) ** 2, variance)
    numbers[theory.strength] = -1.5 / (0.64 * power * (1 - power))
    local = LocalReadout(theory.current_readout(), A)
    trace, determinant = (evaluated(e, numbers, variance).real for e in (local.trace, local.determinant))
    assert np.roots([1, -trace, determinant])[0] == pytest.approx(-1.1622, abs=5e-5)
    s, E1, e, G = (
        evaluated(part, numbers, variance).real
        for part in (with_feedback(A), local.through_state, local.direct, mode())
    )

    def h(growth):
        return s * E1 / (growth - G) + e / growth

    assert h(-1) == pytest.approx(1.2291, abs=5e-5)
    assert h(0.8 + 0.5j) == pytest.approx(-0.3214 - 0.4487j, abs=1e-4)


@pytest.mark.parametrize(("readout", "expected"), [(x, 0.8986), (phi(x), 0.9617)])
def test_readouts_that_are_functions_of_the_state(readout, expected):
    """The one outlier of f = b x and of f = b phi, normalised to n.phi = A: reference values, e = 0."""
    numbers = {g: 0.8, Sm2: 1, SI2: 1, smI: 0.95, A: -1.5}
    variance = brentq(lambda D: D - 0.64 * hermite(lambda u: np.tanh(u) ** 2, D) - 0.4, 1e-6, 10)
    output = Average(readout * phi(x), 0, site_at(A))
    strength = -1.5 / evaluated(output, numbers, variance).real
    local = LocalReadout(theory.strength * readout, A)
    assert local.direct == 0
    assert evaluated(local.trace, {**numbers, theory.strength: strength}, variance).real == pytest.approx(
        expected, abs=5e-5
    )
