"""The families: exact expressions, the table of names, and Pade approximants against independent definitions."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Heaviside,
    Max,
    Min,
    Poly,
    Rational,
    Symbol,
    asinh,
    atan,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    log,
    pi,
    sign,
    sin,
    sqrt,
    tanh,
)

from theory.activation.activation import Activation
from theory.activation.families import (
    ALIASES,
    FAMILIES,
    gaussian_bump,
    leaky_relu,
    linear,
    polynomial,
    power,
    threshold_linear,
)
from theory.activation.pade import pade
from theory.elementary import ELEMENTARY
from theory.errors import InputError
from theory.functions import SmoothedPower, sigmoid, softplus
from theory.symbols import x
from theory.text.evaluation import value
from theory.text.grammar import alone
from theory.text.names import bare, callables, called
from theory.text.parsing import parse

p = Symbol("p", positive=True)

CALLS = {
    "tanh": tanh(x),
    "erf": erf(x),
    "sin": sin(x),
    "atan": atan(x),
    "asinh": asinh(x),
    "sign": sign(x),
    "step": Heaviside(x),
    "relu": Max(0, x),
    "ReLU": Max(0, x),
    "softplus": softplus(x),
    "sigmoid": sigmoid(x),
    "linear": x,
    "gaussian_bump": exp(-(x**2) / 2),
    "cos": cos(x),
    "cbrt": sign(x) * Abs(x) ** Rational(1, 3),
    "relu(2*x-1)": Max(0, 2 * x - 1),
    "linear(3)": 3 * x,
    "linear(tanh(x))": tanh(x),
    "linear(3, tanh(x))": 3 * tanh(x),
    "polynomial(1, 0, 1/2)": 1 + x**2 / 2,
    "polynomial(0, 1, 0, -1/3)": x - x**3 / 3,
    "polynomial(0, 0, 1, tanh(x))": tanh(x) ** 2,
    "threshold_linear(1/2)": Max(0, x - Rational(1, 2)),
    "threshold_linear(0.5, 2*x)": Max(0, 2 * x - Rational(1, 2)),
    "threshold_power(1, 0, -1)": Max(0, x + 1),
    "threshold_power(1/2, 0, 1)": sqrt(Max(0, x - 1)),
    "threshold_power(0, 0, 1)": Heaviside(x - 1),
    "threshold_power(1, 0.5, -1)": SmoothedPower(1, 2 * x + 2) / 2,
    "threshold_power(3/2, 2, 0, x^3)": 2 * sqrt(2) * SmoothedPower(Rational(3, 2), x**3 / 2),
    "leaky_relu(0.1)": Max(0, x) + Min(0, x) / 10,
    "leaky_relu(1/10, x)": Max(0, x) + Min(0, x) / 10,
    "leaky_relu(x, 1/10)": Max(0, x) + Min(0, x) / 10,
    "gaussian_bump(2)": exp(-(x**2) / 8),
    "gaussian_bump(x-1)": exp(-((x - 1) ** 2) / 2),
    "gaussian_bump(2, x-1)": exp(-((x - 1) ** 2) / 8),
    "power(0)": sign(x),
    "power(1)": x,
    "power(2)": sign(x) * Abs(x) ** 2,
    "power(3)": x**3,
    "power(1/2)": sign(x) * sqrt(Abs(x)),
    "power(0.5, x-1)": sign(x - 1) * sqrt(Abs(x - 1)),
    "power(1/3, tanh(x))": sign(tanh(x)) * Abs(tanh(x)) ** Rational(1, 3),
    "pade(tanh, 1, 2)": x / (1 + x**2 / 3),
    "pade(tanh, 3, 2)": x * (15 + x**2) / (15 + 6 * x**2),
    "pade(tanh(x), 3, 2)": x * (15 + x**2) / (15 + 6 * x**2),
    "pade(tanh, 3, 4)": x * (105 + 10 * x**2) / (105 + 45 * x**2 + x**4),
    "pade(atan, 3, 2)": x * (15 + 4 * x**2) / (15 + 9 * x**2),
    "2*pade(tanh, 1, 2) - x": 2 * x / (1 + x**2 / 3) - x,
}


@pytest.mark.parametrize("text", CALLS, ids=str)
def test_family_calls_give_exactly_this_expression(text):
    assert parse(text).expression == CALLS[text]


def test_every_name_of_the_table_is_documented_and_reachable():
    for name in (*ELEMENTARY, *FAMILIES):
        if name not in callables():
            assert not ELEMENTARY[name].typed
            continue
        entry = called(name)
        assert entry.name == name
        assert entry.signature.startswith(name + "(")
        assert entry.doc
        assert "\n" not in entry.doc
        if bare(name):
            assert parse(name).expression == alone(name)
    assert set(ALIASES.values()) <= set(callables())


def test_parametric_families_take_symbols():
    assert parse("power(p) where p>0").expression == sign(x) * Abs(x) ** p
    assert parse("leaky_relu(p) where p>0").expression == Max(0, x) + p * Min(0, x)
    assert parse("gaussian_bump(p) where p>0").expression == exp(-(x**2) / (2 * p**2))


def test_constructors_take_python_numbers_exactly():
    assert leaky_relu(0.1) == leaky_relu(Fraction(1, 10)) == leaky_relu(Rational(1, 10))
    assert polynomial(0, 1, 0.5) == x + x**2 / 2
    assert threshold_linear(1) == Max(0, x - 1)
    assert linear(2) == 2 * x
    assert power(1.5) == sign(x) * Abs(x) ** Rational(3, 2)


@pytest.mark.parametrize("number", ["1/2", None, float("nan"), float("inf"), True, 1j, [1]])
def test_constructors_refuse_what_is_no_number(number):
    with pytest.raises(InputError):
        linear(number)


@pytest.mark.parametrize(
    ("construct", "arguments"),
    [
        (power, (-1,)),
        (power, (Symbol("q", real=True),)),
        (power, (x,)),
        (power, (65,)),
        (gaussian_bump, (0,)),
        (gaussian_bump, (Symbol("w", real=True),)),
        (leaky_relu, (x,)),
        (polynomial, ()),
        (polynomial, tuple(range(66))),
    ],
)
def test_constructors_refuse_impossible_parameters(construct, arguments):
    with pytest.raises(InputError):
        construct(*arguments)


def _taylor(function, order):
    """Taylor coefficients by numerical differentiation on a circle of radius 1/4: an independent route to 25 digits."""
    f = sympy.lambdify(
        x,
        function,
        modules=[
            {"sigmoid": lambda u: 1 / (1 + mpmath.exp(-u)), "softplus": lambda u: mpmath.log1p(mpmath.exp(u))},
            "mpmath",
        ],
    )
    with mpmath.workdps(60):
        n, r = 256, mpmath.mpf(1) / 4
        roots = [mpmath.expjpi(mpmath.mpf(2 * k) / n) for k in range(n)]
        values = [f(r * z) for z in roots]
        return [
            (sum(v * mpmath.conj(z) ** k for v, z in zip(values, roots, strict=True)) / n).real / r**k
            for k in range(order + 1)
        ]


@pytest.mark.parametrize(
    ("function", "m", "n"),
    [
        (tanh(x), 1, 2),
        (tanh(x), 5, 4),
        (tanh(x), 7, 8),
        (atan(x), 5, 6),
        (asinh(x), 3, 4),
        (erf(x), 3, 2),
        (erf(x), 5, 4),
        (erfc(x), 2, 2),
        (sin(x), 3, 4),
        (cos(x), 2, 4),
        (1 / cosh(x), 2, 2),
        (exp(x), 2, 2),
        (exp(-(x**2)), 2, 4),
        (sigmoid(x), 3, 2),
        (softplus(x), 2, 2),
        (log(1 + x**2), 2, 2),
        (x / sqrt(4 + x**2), 3, 2),
        (tanh(x + x**2), 3, 2),
        (sin(tanh(x)), 3, 4),
        (tanh(pi * x / 2), 3, 2),
        (sin(x) / (2 + cos(x)), 3, 4),
    ],
    ids=str,
)
def test_pade_agrees_with_the_function_through_order_m_plus_n(function, m, n):
    result = pade(function, m, n)
    numerator, denominator = result.as_numer_denom()
    assert Poly(numerator, x).degree() <= m
    assert Poly(denominator, x).degree() <= n
    mine, theirs = _taylor(result, m + n), _taylor(function, m + n)
    # aliasing of the circle rule is (r/R)^256 with r/R <= 1/3: far below 1e-25
    for left, right in zip(mine, theirs, strict=True):
        assert abs(left - right) < mpmath.mpf(10) ** -25


@pytest.mark.parametrize(("m", "n"), [(2, 2), (3, 3), (1, 1), (5, 5)])
def test_entries_of_the_wrong_parity_reduce_to_lower_ones(m, n):
    assert pade(tanh(x), m, n) == pade(tanh(x), m - (m % 2 == 0), n - n % 2)


def test_a_rational_function_is_its_own_approximant():
    f = x / (1 + x**2)
    assert pade(f, 1, 2) == pade(f, 3, 4) == pade(f, 5, 5) == f


def test_pade_without_denominator_is_the_taylor_polynomial():
    assert sympy.expand(pade(sin(x), 5, 0) - (x - x**3 / 6 + x**5 / 120)) == 0


def test_pade_keeps_parameters_exact():
    expected = (p * x + p**3 * x**3 / 15) / (1 + 2 * p**2 * x**2 / 5)
    assert sympy.cancel(pade(tanh(p * x), 3, 2) - expected) == 0


@pytest.mark.parametrize(
    ("function", "m", "n", "reason"),
    [
        (tanh(x), 2, 1, "does not exist"),
        (tanh(x), 0, 1, "does not exist"),
        (sin(x) / (2 + cos(x)), 3, 2, "does not exist"),
        (exp(x), 1, 1, "vanishes at x = 2"),
        (exp(x), 0, 1, "vanishes at x = 1"),
        (cos(x), 0, 2, None),
        (sin(x), 1, 4, None),
        (Abs(x), 1, 2, "Abs(x) is not analytic"),
        (Max(0, x), 1, 2, "not analytic"),
        (sqrt(x**2 + x**4), 1, 2, "not analytic"),
        (tanh(x + 1), 1, 2, "irrational value"),
        (tanh(x), 20, 20, "m + n <= 24"),
        (tanh(x), -1, 2, "m + n <= 24"),
        (tanh(p * x), 7, 6, "parameters"),
    ],
    ids=str,
)
def test_pade_refuses_or_returns_what_has_no_real_pole(function, m, n, reason):
    if reason is None:
        assert not Poly(pade(function, m, n).as_numer_denom()[1], x).real_roots()
        return
    with pytest.raises(InputError) as caught:
        pade(function, m, n)
    assert reason in str(caught.value)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=4),
    st.lists(st.integers(-5, 5), min_size=1, max_size=4),
)
@pytest.mark.heavy
def test_pade_recovers_random_rational_functions(top, bottom):
    numerator = sum(c * x**k for k, c in enumerate(top))
    denominator = 1 + sum(Rational(c, 40) * x ** (k + 1) for k, c in enumerate(bottom))
    f = numerator / denominator
    try:
        result = pade(f, len(top) - 1, len(bottom))
    except InputError as error:
        assert "vanishes" in str(error)
        assert Poly(sympy.cancel(f).as_numer_denom()[1], x).count_roots() > 0
    else:
        assert sympy.cancel(result - f) == 0


@pytest.mark.parametrize("text", ["softplus", "sigmoid", "tanh", "erf", "atan", "x/(1+exp(-x))", "exp(x)/(1+exp(x))"])
def test_saturating_families_do_not_overflow(text):
    expression = parse(text).expression
    assert value(expression, {x: 800}) is not None
    assert value(expression, {x: -800}) is not None


def test_an_activation_is_a_text_or_a_sympy_expression():
    u, a = Symbol("x"), Symbol("a", positive=True)
    assert Activation.of(tanh(u)).expression == Activation.of("tanh(x)").expression == tanh(x)
    assert Activation.of(a * tanh(u)).parameters == (a,)
    for wrong in (np.tanh, lambda v: v, 5, None):
        with pytest.raises(InputError, match="a text such as"):
            Activation.of(wrong)
    with pytest.raises(InputError, match="nor a parameter"):
        Activation(tanh(u))
    with pytest.raises(InputError, match="not declared real"):
        Activation.of(Symbol("b") * u)
