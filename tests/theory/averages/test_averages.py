"""Gaussian averages of every family against mpmath: relative error 1e-12 over twelve decades of the variance.

Where the average cancels (|<F>| < 1e-3 <|F|>) no number of fixed precision can hold 1e-12 of it; there the error is
measured against <|F|>: 1e-14, the tolerance that the quadrature sets itself, and the rounding of x itself, 1e-16 |mean|,
in standard deviations. <phi phi''> of a kinked activation cancels like that too: <(phi^2)''>, by parts, less <phi'^2>.
"""

import mpmath
import numpy as np
import pytest

from numerics.averages.average import average
from tests.certification import reference
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.errors import DomainError

pytestmark = pytest.mark.filterwarnings("error")

FAMILIES = (
    "linear(3/2)",
    "polynomial(1, -2, 0, 3)",
    "tanh(x)",
    "erf(x)",
    "sin(x)",
    "atan(x)",
    "asinh(x)",
    "sign(x)",
    "step(x)",
    "relu(x)",
    "threshold_linear(1/2)",
    "leaky_relu(1/10)",
    "softplus(x)",
    "sigmoid(x)",
    "gaussian_bump(1)",
    "power(1/3)",
    "power(1/2)",
    "power(3/4)",
    "power(3/2)",
    "power(2)",
    "x/(1+x^2/3)",
    "pade(tanh, 3, 4)",
    "x*(1+x^2)/(1+x^4)",
    "(x^3-2*x)/(1+x+x^2+x^4)",
)
COMPOSITIONS = (
    "x*sigmoid(x)",
    "tanh(x)^3",
    "x*exp(-x^2)",
    "relu(tanh(x-1))",
    "1/(1+1000*(x-3)^2)",
    "tanh(50*(x-2))",
    "tanh(50*(tanh(x)-1/2))",
    "x+exp(-(150*(asinh(x)+1.4))^2)",
)
EVERY = FAMILIES + COMPOSITIONS
MONOMIALS = ("phi^2", "phi'", "phi'^2", "phi*phi''", "phi^4", "x*phi", "phi^3")
VARIANCES = (1e-6, 1e-3, 0.3, 1.0, 30.0, 1e3, 1e6)
MEANS = (0.0, 0.7, -6.0)
DIGITS = 18  # of the reference, relative to <|F|>; three more than 1e-12 of a value of 1e-3 <|F|> asks for
SMALLEST = 1e-290  # numbers near the end of double precision have fewer digits


def check(monomial, text, variances, mean, values=None):
    """Compare one average at several variances."""
    activation = Activation.from_text(text)
    try:
        values = average(monomial, activation, variance=variances, mean=mean) if values is None else values
    except DomainError:
        with pytest.raises(DomainError):
            reference(monomial, activation, variances[0], mean, DIGITS)
        return
    for variance, value in zip(variances, values, strict=True):
        exact, size = reference(monomial, activation, variance, mean, DIGITS)
        if mpmath.isinf(exact):
            assert np.isinf(value), (variance, value)
            continue
        cancelling = (1e-14 + 1e-16 * abs(mean) / variance**0.5) * size
        allowed = 1e-12 * abs(exact) if abs(exact) > 1e-3 * size else cancelling
        assert abs(value - exact) <= allowed + SMALLEST, (variance, value, float(abs(value - exact) / size))


@pytest.mark.parametrize("text", one_in(3, EVERY))
def test_average_is_certified(text):
    """Each activation with two monomials, a small, a middle and a large variance, zero and another mean."""
    k = EVERY.index(text)
    for shift, mean in ((0, 0.0), (3, MEANS[1 + k % 2])):
        # mpmath needs ten seconds for the thousand oscillations of a sine within 1e3 standard deviations
        large = 1e3 if text == "sin(x)" else VARIANCES[5 + (k + shift) % 2]
        variances = [VARIANCES[(k + shift) % 2], VARIANCES[2 + (k + shift) % 3], large]
        check(MONOMIALS[(k + shift) % 7], text, variances, mean)


@pytest.mark.heavy
@pytest.mark.parametrize("text", EVERY)
def test_average_is_certified_everywhere(text):
    """Each activation with every monomial at all variances; the means take turns."""
    for k, monomial in enumerate(MONOMIALS):
        check(monomial, text, VARIANCES, MEANS[(k + EVERY.index(text)) % 3])


@pytest.mark.parametrize("exponent", [1 / 4, 1 / 2, 5 / 4, 3])
def test_symbolic_exponent(exponent):
    """power(p) with p given at the call: the same numbers as with p in the text."""
    for monomial, mean in (("phi^2", 0.0), ("x*phi", 0.7)):
        values = average(monomial, "power(p) where p>0", variance=[1e-6, 1.0, 1e6], mean=mean, p=exponent)
        check(monomial, f"power({exponent})", [1e-6, 1.0, 1e6], mean, values)


def test_oscillation_is_resolved_or_refused():
    """sin(x) tanh(x) swings 1e3 times within a standard deviation: <phi^2> tends to 1/2, and nan is the other answer."""
    for variance in (1e2, 1e4, 1e6, 1e8):
        value = average("phi^2", "sin(x)*tanh(x)", variance=variance)
        # 1 - tanh^2 has area 2: it takes (1/2 +- 1/2) 2/sqrt(2 pi variance) away
        assert np.isnan(value) or abs(value - 0.5) <= 2 / np.sqrt(2 * np.pi * variance)


@pytest.mark.parametrize("monomial", ["phi^2", "phi'", "phi'^2", "phi^4"])
def test_rational_terms_are_real_at_any_mean(monomial):
    """The Faddeeva function of a shifted pole is complex; only its parts may stand in the sum."""
    check(monomial, "x/(1+x^2/3)", [0.5, 1.0, 40.0], 0.7)
