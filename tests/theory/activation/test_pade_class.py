"""The Pade class c x + sum r_k x/(1 + a_k x^2): closed forms symbolic in the coefficients, stable at every variance.

Published averages of one pole: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742, in I_n = <(1 + a x^2)^-n>.
"""

import random

import mpmath
import pytest
from sympy import Rational, Symbol

import quenched
from derivations.mato.powerlaws import pole_average
from numerics.averages.average import mean_object
from theory.activation.activation import Activation
from theory.activation.parity import admissible_value
from theory.averages.average import Average
from theory.averages.integrand import certified
from theory.concrete import closed_form_of
from theory.models import derive
from theory.symbols import Delta, phi, x

CLASS = [
    "x/(1+a*x^2) where a>0",
    "x*(1+b*x^2)/(1+a*x^2) where a>0, b>=0",
    "c*x + r*x/(1+a*x^2) + s*x/(1+b*x^2) where a>0, b>0, c, r, s",
    "pade(tanh, 3, 4)",
    "pade(sin, 3, 4)",
    "pade(sin, 5, 4)",
]
P = phi(x)
HIGHER = {
    "<(phi^2)''>": Average(P**2, 2),
    "<(phi^2)^(4)>": Average(P**2, 4),
    "<phi^4>": Average(P**4),
    "<(phi^4)''>": Average(P**4, 2),
    "<phi'''>": Average(P, 3),
    "<(phi^3)'>": Average(P**3, 1),
}


@pytest.mark.parametrize("text", [pytest.param(t, marks=pytest.mark.heavy) if t == CLASS[2] else t for t in CLASS])
def test_every_average_has_a_closed_form(text):
    activation = Activation.from_text(text)
    assert all(closed_form_of(average, activation) is not None for average in derive("static").averages)
    assert all(closed_form_of(average, activation) is not None for average in HIGHER.values())


@pytest.mark.parametrize("variance", [Rational(1, 2), Rational(40)])
def test_published_averages_symbolic_in_the_coefficients(variance):
    """beta = c + r (2 I_2 - I_1), <phi^2> with its cross term between two poles, at random coefficients."""
    activation = Activation.from_text(CLASS[2])
    chosen = map(Rational, ("3/2", "2/7", "5/3", "-4/5", "7/6"))
    values = dict(zip(activation.parameters, chosen, strict=True))
    with mpmath.workdps(30):
        a, b, c, r, s = (mpmath.mpf(v.p) / v.q for v in values.values())
        D = mpmath.mpf(variance.p) / variance.q
        one, two, other, two_other = (pole_average(n, 1 / (2 * k * D)) for k in (a, b) for n in (1, 2))
        gain = c + r * (2 * two - one) + s * (2 * two_other - other)
        power = (
            c**2 * D
            + 2 * c * (r * (1 - one) / a + s * (1 - other) / b)
            + r**2 * (one - two) / a
            + s**2 * (other - two_other) / b
            + 2 * r * s * (other - one) / (a - b)
        )
        for average, expected in ((Average(P, 1), gain), (Average(P**2), power)):
            closed = closed_form_of(average, activation).expression.subs({**values, Delta: variance})
            assert abs(mpmath.mpmathify(closed.evalf(30)) - expected) < mpmath.mpf(10) ** -24 * abs(expected)


def deviations(text, averages, decades, limit):
    """Largest relative deviation of the generated code from certified quadrature; coefficients vary with the variance."""
    activation, draw, worst = Activation.from_text(text), random.Random(3), {}
    for name, average in averages.items():
        mean = mean_object(average, activation)
        for decade in decades:
            variance = Rational(10) ** decade * Rational(draw.randrange(100, 1000), 300)
            values = {p: Rational(str(round(float(admissible_value(p, draw)), 3))) for p in activation.parameters}
            exact = certified(average, activation, {**values, Delta: variance}, 20)
            found = float(mean(float(variance), *(float(values[p]) for p in activation.parameters)))
            worst[name, decade] = abs(found / float(exact) - 1)
    return {key: value for key, value in worst.items() if not value <= limit}


# higher weak derivatives lose digits at small variance; they enter 1/N terms with powers of the variance that make up for it,
# see tests/test_one_loop.py
THEORY = {str(average): average for average in derive("static").averages if average.order < 3}


@pytest.mark.heavy
@pytest.mark.parametrize("text", CLASS)
def test_twelve_decades(text):
    assert deviations(text, THEORY, (-6, -3, 0, 3, 6), 1e-12) == {}


@pytest.mark.parametrize(
    "text",
    [
        CLASS[0],
        *(
            pytest.param(t, marks=pytest.mark.heavy)
            for t in ("pade(sin, 3, 4)", "power(p) where p>0", "erf(k*x) where k>0")
        ),
    ],
)
def test_higher_averages(text):
    """Third and fourth weak derivatives lose digits at small variance, where the quadrature of their weights cancels."""
    low = {name: HIGHER[name] for name in ("<(phi^2)''>", "<phi^4>", "<(phi^4)''>", "<(phi^3)'>")}
    high = {name: HIGHER[name] for name in ("<(phi^2)^(4)>", "<phi'''>")}
    assert deviations(text, low, (-6, 0, 6), 1e-12) == {}
    assert deviations(text, high, (0, 6), 1e-12) == {}
    assert deviations(text, high, (-6,), 1e-9) == {}


@pytest.mark.parametrize("ratio", [1e-12, 1e-6, 1 - 1e-9, 1 + 1e-5, 1e9])
def test_nearly_equal_and_very_different_poles(ratio):
    """Partial fractions cancel as poles approach each other: the solver must then turn to quadrature by itself."""
    solver = quenched.Solver("static", "x/(1+a*x^2) + x/(1+b*x^2) where a>0, b>0")
    a, b = 0.3, 0.3 * ratio
    found = solver.module.mean_phi2(2.0, a, b)
    with mpmath.workdps(25):
        exact = 2 * mpmath.quad(
            lambda u: (
                (u / (1 + mpmath.mpf(a) * u * u) + u / (1 + mpmath.mpf(b) * u * u)) ** 2
                * mpmath.npdf(u, 0, mpmath.sqrt(2))
            ),
            [0, 1e-4, 1, 4, 20],
        )
    assert float(found) == pytest.approx(float(exact), rel=1e-12)


def test_weights_do_not_hide_numerical_poles():
    """<phi'> = <x phi>/Delta of a Pade approximant with complex poles: the factor 1/Delta stays outside the denominator."""
    closed = closed_form_of(Average(P, 1), Activation.from_text("pade(sin, 3, 4)"))
    assert closed is not None and closed.expression.has(Symbol("Delta", positive=True))
