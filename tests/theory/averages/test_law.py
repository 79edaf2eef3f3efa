"""Averages over laws that are not Gaussian: against closed forms, and the rule for their derivatives against differences."""

import mpmath
import pytest
from sympy import Rational, Symbol, erfinv, exp, gamma, latex, log, pi, sqrt, sstr, symbols

from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.integrand import evaluate
from theory.averages.law import Law, Samples, mixture, q, r, z
from theory.errors import DomainError
from theory.symbols import phi

s, k = symbols("s k", positive=True)
TANH = Activation.from_text("tanh(x)")

LOG_NORMAL = Law(exp(-((log(r) + s**2 / 2) ** 2) / (2 * s**2)) / (r * s * sqrt(2 * pi)))
LOG_NORMAL_IMAGE = Law.of_normal(exp(s * z - s**2 / 2))
LOG_NORMAL_QUANTILE = Law.of_quantile(exp(s * sqrt(2) * erfinv(2 * q - 1) - s**2 / 2))
GAMMA = Law(k**k * r ** (k - 1) * exp(-k * r) / gamma(k))
HALF_NORMAL = Law(2 / pi * exp(-(r**2) / pi))


def number(expression, **values):
    return evaluate(expression, TANH, {Symbol(name, positive=True): value for name, value in values.items()}, 20)


def close(value, expected, digits=18):
    return abs(value - mpmath.mpmathify(expected.evalf(30))) <= mpmath.mpf(10) ** -digits * abs(value)


@pytest.mark.parametrize("law", [LOG_NORMAL, LOG_NORMAL_IMAGE, LOG_NORMAL_QUANTILE])
@pytest.mark.parametrize(
    ("size", "n"), [(Rational(83, 100), Rational(1)), (Rational(1, 20), Rational(3)), (1, Rational(-1, 2))]
)
def test_moments_of_the_log_normal_law(law, size, n):
    """exp(s^2 n (n - 1)/2) at unit mean."""
    assert close(number(Average(r**n, 0, law), s=size), exp(size**2 * n * (n - 1) / 2))


@pytest.mark.parametrize("shape", [Rational(4, 9), 1, 7])
@pytest.mark.parametrize("n", [Rational(1, 2), 2, Rational(-1, 3)])
def test_moments_of_the_gamma_law(shape, n):
    assert close(number(Average(r**n, 0, GAMMA), k=shape), gamma(shape + n) / gamma(shape) / shape**n)


def test_other_functions():
    """Laplace transform of the gamma law, moments of the half-normal one, uniform rates, an activation."""
    assert close(number(Average(exp(-2 * r), 0, GAMMA), k=3), (1 + Rational(2, 3)) ** Rational(-3))
    assert close(number(Average(r, 0, HALF_NORMAL)), Rational(1))
    assert close(number(Average(r**2, 0, HALF_NORMAL)), pi / 2)
    assert close(number(Average(1 / (1 + r), 0, Law(Rational(1, 2), 1, 3))), log(2) / 2)
    assert close(number(Average(phi(r).diff(r), 0, Law(1, 0, 1))), (exp(2) - 1) / (exp(2) + 1))
    assert close(number(1 + 2 * Average(r, 0, GAMMA) ** 2, k=2), Rational(3))


def test_discrete_laws_and_samples_are_exact():
    v, f = symbols("v f", positive=True)
    two = Samples((v, 1), (f, 1 - f))
    assert two.written(r**2) == f * v**2 + 1 - f
    assert Average(r**2, 0, two).diff(v) == 2 * f * v
    assert Average(r**2, 0, two).diff(f) == v**2 - 1
    assert Average(r * s, 0, two).diff(s) == Average(r, 0, two)
    assert close(number(Average(r**2, 0, Samples((1, 2, 4)))), Rational(7))
    sparse = mixture(r, {Samples((Rational(1, 50),)): Rational(7, 10), GAMMA: Rational(3, 10)})
    assert close(number(sparse, k=2), Rational(7, 500) + Rational(3, 10))


@pytest.mark.parametrize(
    ("law", "parameter"), [(LOG_NORMAL, s), (LOG_NORMAL_IMAGE, s), (GAMMA, k)], ids=["density", "image", "gamma"]
)
def test_derivatives_by_a_parameter(law, parameter):
    exact = {s: exp(s**2), k: 1 + 1 / k}[parameter].diff(parameter).subs(parameter, Rational(6, 5))
    assert close(number(Average(r**2, 0, law).diff(parameter), **{str(parameter): Rational(6, 5)}), exact, 15)


def test_the_node():
    node = Average(s * r**2 + 3, 0, GAMMA)
    assert Average(s * r**2, 0, GAMMA) == s * Average(r**2, 0, GAMMA) and Average(s, 0, GAMMA) == s
    assert Average(r**3, 1, GAMMA) == 3 * Average(r**2, 0, GAMMA)
    assert node.free_symbols == {s, k} and node.subs(r, 2) == node
    assert Average(r, 0, GAMMA).subs(k, 2) == Average(r, 0, GAMMA.subs(k, 2))
    assert (sstr(Average(r * phi(r), 0, GAMMA)), latex(Average(r**2, 0, GAMMA))) == (
        "<phi(r)*r>",
        r"\left\langle r^{2} \right\rangle",
    )


def test_what_is_no_law_is_refused():
    with pytest.raises(DomainError, match="integrates to 2"):
        number(Average(r, 0, Law(2 * exp(-r))))
    with pytest.raises(DomainError, match="not resolved"):
        number(Average(r, 0, Law(2 / pi / (1 + r**2))))
    with pytest.raises(DomainError, match="support"):
        Average(r, 0, Law(1 / s, 0, s)).diff(s)
