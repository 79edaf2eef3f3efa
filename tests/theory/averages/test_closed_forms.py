"""Every entry of the table of Gaussian averages against certified quadrature and in double precision."""

import random
import warnings

import numpy as np
import pytest
from scipy import special
from sympy import (
    Abs,
    Add,
    Float,
    Heaviside,
    Integer,
    Max,
    Min,
    Rational,
    S,
    Symbol,
    cos,
    cosh,
    diff,
    erf,
    erfc,
    exp,
    gamma,
    im,
    lambdify,
    log,
    oo,
    pi,
    re,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
)

from tests.effort import one_in
from theory.activation.pieces import Pieces, split
from theory.averages.certify import certify
from theory.averages.closed import closed_form
from theory.errors import DomainError
from theory.functions import erfcx, mpmath_names
from theory.symbols import Delta, mu, x

R = Rational
PADE_32 = x * (15 + x**2) / (15 + 6 * x**2)
PADE_34 = x * (105 + 10 * x**2) / (105 + 45 * x**2 + x**4)
COMPLEX = (x + 2 * x**3) / (3 + x**2 + x**4)
GELU = x * (1 + erf(x / sqrt(2))) / 2
CUBE_ROOT = sign(x) * Abs(x) ** R(1, 3)
HARD = Max(-1, Min(1, x))

ANY_MEAN = {
    "polynomial": 2 - x + x**3 - x**6 / 7,
    "gaussian": x * exp(-(x**2) / 2),
    "shifted gaussian": (1 + x**2) * exp(-((x - 1) ** 2) / 3),
    "cosh gaussian": cosh(x / 2) * exp(-(x**2)),
    "erf minus gaussian": erf(2 * x) - x * exp(-(x**2)),
    "shifted erf": x**3 * erf(x / 3 + R(1, 2)) - erfc(x - 1) * exp(-(x**2) / 5),
    "mixed": erf(x) * x + exp(-(x**2)) * cos(x) + x**3,
    "relu": Max(0, x),
    "sign": sign(x),
    "threshold-quadratic": Max(0, x - 1) ** 2,
    "threshold-quintic": Max(0, x - R(1, 2)) ** 5,
    "hard tanh": HARD + HARD**2,
    "box": Heaviside(x + 1) * Heaviside(2 - x) * x**2,
    "half gaussian": Heaviside(x) * x * exp(-(x**2)),
    "pade 32": PADE_32**2,
    "pade 34": PADE_34**2,
    "lorentzian": x / (1 + x**2) ** 2,
    "complex poles": COMPLEX**2,
    "not even": (1 + x) / (1 + x + x**2) ** 2,
    "three factors": x**3 / ((1 + x**2) * (2 + x**2) ** 2 * (x**2 - x + 1)),
    "gaussian rational": x**2 * exp(-(x**2)) / (1 + 3 * x**2),
    "multiplicity six": x**2 / (1 + x**2 / 3) ** 6,
    "quartic roots of -1": (1 - x) / (1 + x**4),
}
ZERO_MEAN = {
    "pade 32 slope": diff(PADE_32, x) ** 2,
    "pade 34 slope": diff(PADE_34, x) ** 2,
    "complex slope": diff(COMPLEX, x) ** 2,
    "sextic": 1 / (1 + x**6),
    "cubic with one real root": 1 / (1 + x**2 + x**6),
    "erf squared": erf(x) ** 2,
    "erf slope": diff(erf(2 * x), x) ** 2,
    "erf curvature": erf(x) * diff(erf(x), x, 2),
    "d2 erf2": diff(erf(x) ** 2, x, 2),
    "gelu squared": GELU**2,
    "gelu slope": diff(GELU, x) ** 2,
    "erf pair": x**2 * erf(x) * erf(2 * x) * exp(-(x**2) / 3),
    "cube root": (CUBE_ROOT**2 + x * CUBE_ROOT),
    "power gaussian": Abs(x) ** R(5, 2) * exp(-(x**2) / 3),
    "inverse square root": Abs(x) ** R(-1, 2),
    "odd modulus": Abs(x) ** 3 + x**2,
    "two thresholds": Max(0, Abs(x) - 1) ** 2 + Max(0, Abs(x) - 2),
}
WAVES = {
    "sin x^2": sin(3 * x) * x**2,
    "sin squared": sin(x) ** 2 * (1 + x) + cos(2 * x + 1),
    "sin gaussian": x * sin(2 * x) * exp(-((x + 1) ** 2) / 7) * sinh(x / 3),
}
HALF_WAVES = {
    "relu sin": Max(0, x) * sin(2 * x),
    "elu": Heaviside(-x) * (exp(x) - 1) + Max(0, x),
    "elu squared": Heaviside(-x) * (exp(x) - 1) ** 2 + Max(0, x) ** 2,
    "damped cosine": Heaviside(x - 1) * cos(x) * exp(-x) * x**2,
    "laplace": x * sign(x) * exp(-Abs(x)),
}


def exact(form, mean, variance):
    """Sum and terms of a closed form to 25 digits."""
    values = {mu: mean, Delta: variance}
    terms = [term.xreplace(values).evalf(40, maxn=3000) for term in Add.make_args(form.expression)]
    return Add(*terms), [abs(term) for term in terms]


def assert_certified(function, mean, variance):
    pieces = split(function)
    form = closed_form(pieces, mu if mean != 0 else S.Zero, Delta)
    assert form is not None
    assert form.condition is None
    value, sizes = exact(form, mean, variance)
    reference = Float(certify(pieces, mean, variance, 20), 40)
    reference = reference if reference.is_finite else None
    # `certify` promises 1e-20 <|F|>; |F| within three standard deviations stands for <|F|>. Poles of higher degree
    # enter with 30 digits, which the cancellation between the terms amplifies.
    sample = lambdify(x, pieces.expressions[-1], modules=[mpmath_names(), "mpmath"])
    width = float(sqrt(variance))
    scale = max(abs(complex(sample(float(mean) + width * t))) for t in np.linspace(-3, 3, 12))
    tolerance = 1e-18 * (scale + abs(reference)) + 1e-27 * sum(sizes)
    assert abs(value - reference) <= tolerance, (value, reference)


def variances(seed, low=-6, high=6, count=3):
    """Random exact variances, one in each of `count` equal ranges of decades."""
    source = random.Random(seed)
    step = (high - low) / count
    return [R(round(10**6 * 10 ** (low + step * (k + source.random())))) / 10**6 + R(1, 10**7) for k in range(count)]


@pytest.mark.parametrize("name", one_in(3, ANY_MEAN))
def test_any_mean(name):
    for k, variance in enumerate(variances(name)):
        assert_certified(ANY_MEAN[name], R(-3, 7) if k % 2 else R(2, 3), variance)


@pytest.mark.parametrize("name", one_in(3, [*ZERO_MEAN, *ANY_MEAN]))
def test_zero_mean(name):
    for variance in variances(name, count=2):
        assert_certified({**ANY_MEAN, **ZERO_MEAN}[name], S.Zero, variance)


@pytest.mark.parametrize("name", one_in(3, [*WAVES, *HALF_WAVES]))
def test_waves(name):
    # beyond a variance of ~30 the averages of waves are exponentially small and certification expensive
    for variance in variances(name, high=1.5, count=3):
        assert_certified({**WAVES, **HALF_WAVES}[name], S.Zero, variance)
        if name in WAVES:
            assert_certified(WAVES[name], R(-3, 7), variance)


@pytest.mark.heavy
@pytest.mark.parametrize("name", [*ANY_MEAN, *ZERO_MEAN])
def test_all_decades(name):
    for variance in variances(name + "heavy", count=12):
        assert_certified({**ANY_MEAN, **ZERO_MEAN}[name], S.Zero, variance)
        if name in ANY_MEAN:
            assert_certified(ANY_MEAN[name], R(5, 4), variance)


def in_double_precision(form, mean, variance):
    """The terms of a closed form as a generated program would compute them; overflow and nan raise."""
    names = {"erfcx": special.erfcx, "faddeeva": special.wofz}
    function = lambdify((mu, Delta), Add.make_args(form.expression), modules=[names, "scipy", "numpy"])
    with np.errstate(all="raise", under="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")
        return np.array([float(term) for term in function(np.float64(mean), np.float64(variance))])


ALL = {**ANY_MEAN, **ZERO_MEAN, **HALF_WAVES, "sin x^2": WAVES["sin x^2"], "sin squared": WAVES["sin squared"]}


@pytest.mark.parametrize("name", one_in(4, ALL))
def test_cancellation_shows_only_between_terms(name):
    """|error| <= 50 eps sum |terms| for variances from 1e-12 to 1e12."""
    source = random.Random(name)
    for mean in (0.0, 0.75) if name in ANY_MEAN else (0.0,):
        form = closed_form(split(ALL[name]), mu if mean else S.Zero, Delta)
        for decade in range(-12, 13, 2):
            variance = 10.0 ** (decade + source.random())
            if decade > 10:
                variance = 10.0**decade
            terms = in_double_precision(form, mean, variance)
            assert np.all(np.isfinite(terms))
            value, sizes = exact(form, R(mean), R(variance))
            total = sum(sizes)
            # exp(E) in double precision is exact to |E| eps at best
            exponent = max((-float(log(size)) for size in sizes if size > 0), default=0.0)
            bound = (50 + max(exponent, 0)) * np.finfo(float).eps * total + 1e-300
            assert abs(R(float(np.sum(terms))) - value) <= bound, (mean, variance, terms)


def random_rational(source):
    """Odd rational with random positive coefficients, in one of three classes of poles."""
    a, b, c = (R(source.randint(1, 40), source.randint(1, 12)) for _ in range(3))
    below = (1 + a * x**2, 1 + a * x**2 + b * x**4, (1 + a * x**2) * (1 + b * x**2 + c * x**6))
    return x * (1 + c * x**2) / source.choice(below)


@pytest.mark.parametrize("seed", one_in(3, range(6)))
def test_random_rational(seed):
    phi = random_rational(random.Random(seed))
    assert_certified(phi**2, S.Zero, variances(seed, -4, 4, 1)[0])
    assert_certified(phi + diff(phi, x), R(seed, 5) + R(1, 7), variances(seed + 100, -4, 4, 1)[0])


@pytest.mark.parametrize("seed", range(4))
def test_random_products(seed):
    source = random.Random(seed)
    k, offset, a, b = (R(source.randint(-20, 20), source.randint(3, 9)) for _ in range(4))
    function = x ** source.randint(0, 4) * erf(k * x + offset) * exp(-(a**2) * x**2 + b * x / 3)
    assert_certified(function, R(1, 3), variances(seed, -5, 1, 1)[0])


# --- symbolic parameters ----------------------------------------

a, b, c, p = (Symbol(name, positive=True) for name in "abcp")
q = Symbol("q", real=True)


@pytest.mark.parametrize("mean", [S.Zero, mu])
@pytest.mark.parametrize(
    "function",
    [
        (b * x + c * x / (1 + a * x**2)) ** 2,
        (b + c * x**2) / (1 + a * x**2) ** 3,
        x**2 * exp(-a * x**2 + b * x),
        x * erf(a * x + b) - c,
        Max(0, b * x) * x,
        x / (1 + a * x**2) / (1 + b * x**2),
    ],
)
def test_symbolic_parameters(function, mean):
    values = {a: R(2, 3), b: R(7, 5), c: R(1, 9)}
    symbolic = closed_form(split(function), mean, Delta)
    numeric = closed_form(split(function.xreplace(values)), mean, Delta)
    point = {mu: R(2, 7), Delta: R(13, 10)}
    expected = numeric.expression.xreplace(point).evalf(30)
    value = symbolic.expression.xreplace(values).xreplace(point).evalf(30)
    assert abs(value - expected) <= 1e-26 * abs(expected) + Float("1e-40", 30)


def test_symbolic_threshold():
    form = closed_form(Pieces((a,), (S.Zero, x - a)), S.Zero, Delta)
    value = form.expression.xreplace({a: R(3, 2), Delta: R(2)}).evalf(30)
    assert abs(value - Float(certify(split(Max(0, x - R(3, 2))), 0, 2, 25), 30)) < 1e-24


def test_power_law_with_symbolic_exponent():
    phi = Pieces((S.Zero,), ((-x) ** p, x**p))
    form = closed_form(phi, S.Zero, Delta)
    expected = (2 * Delta) ** (p / 2) * gamma((p + 1) / 2) / sqrt(pi)
    for value in (R(1, 3), R(1, 2), 2, R(7, 2)):
        assert abs((form.expression - expected).xreplace({p: S(value), Delta: R(9, 7)}).evalf(30)) < 1e-27
    slope = Pieces((S.Zero,), (p**2 * (-x) ** (2 * p) / x**2, p**2 * x ** (2 * p) / x**2))
    condition = closed_form(slope, S.Zero, Delta).condition
    assert condition.xreplace({p: R(3, 4)}) == S.true
    assert condition.xreplace({p: R(1, 2)}) == S.false


def test_exponential_growth_has_a_condition():
    form = closed_form(Pieces((), (exp(a * x**2),)), S.Zero, Delta)
    assert form.condition.xreplace({a: R(1, 4), Delta: R(1)}) == S.true
    assert form.condition.xreplace({a: R(1, 2), Delta: R(1)}) == S.false
    assert closed_form(Pieces((), (exp(x**2),)), S.Zero, S.Half).expression == oo
    with pytest.raises(DomainError):
        closed_form(Pieces((), (x * exp(x**2),)), S.Zero, S.One)


# --- what is not in the table, and what does not exist ----------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        cos(x) ** 2 / (1 + x**2),
        tanh(x),
        log(1 + x**2),
        1 / cosh(x),
        erf(x) ** 4,
        sin(x) / x,
        (1 - exp(-(x**2))) / x**2,
        (exp(-(x**2)) - exp(-1)) / (x - 1),
        erf(x) * x / (1 + x**2),
        1 / sqrt(1 + x**2),
        exp(x**3),
        erf(x**2),
        1 / (1 + q * x**2 + x**4),
    ],
)
def test_not_in_the_table(function):
    assert closed_form(Pieces((), (function,)), S.Zero, Delta) is None


@pytest.mark.parametrize("function", [1 / x, 1 / (1 - x**2), x / (x**2 - x - 3), 1 / (x**3 - x + 1)])
@pytest.mark.parametrize("mean", [S.Zero, R(1, 2)])
def test_pole_on_the_real_axis(function, mean):
    with pytest.raises(DomainError):
        closed_form(Pieces((), (function,)), mean, Delta)


@pytest.mark.parametrize("pieces", [split(1 / Abs(x)), split(Abs(x) ** R(-3, 2) - 5 / sqrt(Abs(x))), split(x**-2)])
def test_divergence_at_the_origin(pieces):
    assert closed_form(pieces, S.Zero, Delta).expression == oo
    assert closed_form(pieces, R(1, 3), Delta).expression == oo


def test_removable_poles():
    assert closed_form(Pieces((), ((x**2 - 1) / (x - 1),)), S.One, Delta).expression == 2
    compensated = 1 / x**2 - 1 / (x**2 * (1 + x**2))
    expected = closed_form(Pieces((), (1 / (1 + x**2),))).expression
    assert closed_form(Pieces((), (compensated,))).expression == expected


# --- formulas of the literature ----------------------------------------


def test_textbook_formulas():
    assert closed_form(split(Max(0, x) ** 2)).expression == Delta / 2
    assert closed_form(split(Abs(x))).expression == sqrt(2) * sqrt(Delta) / sqrt(pi)
    assert closed_form(split(cos(x))).expression == exp(-Delta / 2)
    assert closed_form(split(x**4)).expression == 3 * Delta**2
    assert closed_form(split(x * sign(x) ** 3)).family == "truncated polynomial"
    w = 1 / (2 * a * Delta)
    one_pole = closed_form(Pieces((), (1 / (1 + a * x**2),))).expression
    point = {a: R(3, 4), Delta: R(5, 3)}
    assert abs((one_pole - sqrt(pi * w) * erfcx(sqrt(w))).xreplace(point).evalf(30)) < 1e-28


def test_odd_functions_vanish_at_zero_mean():
    for function in (x**3, x / (1 + x**2), erf(x) * x**2, sin(x), sign(x), x * Abs(x), HARD, CUBE_ROOT):
        assert closed_form(split(function)).expression == 0


def test_decimal_coefficients_become_fractions():
    decimal = closed_form(Pieces((), (Float(1.5) * x**2 / (1 + Float(0.1) * x**2),))).expression
    assert decimal == closed_form(Pieces((), (R(3, 2) * x**2 / (1 + x**2 / 10),))).expression
    assert not decimal.atoms(Float)


def test_real_form():
    """No imaginary unit outside the argument of a Faddeeva function whose real or imaginary part is taken."""
    for function in (COMPLEX**2, (1 + x) / (1 + x + x**2), sin(x) * Max(0, x)):
        for mean in (S.Zero, mu):
            form = closed_form(split(function), mean)
            if form is None:
                continue
            for term in Add.make_args(form.expression):
                bare = term.replace(lambda e: isinstance(e, (re, im)), lambda e: Integer(1))
                assert not bare.has(S.ImaginaryUnit)
