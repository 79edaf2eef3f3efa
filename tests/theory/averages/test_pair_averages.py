"""Two-point averages <F(u) G(v)>: against quadrature, Price's theorem, and the limits rho = 0 and rho = 1."""

import random
from itertools import pairwise

import numpy as np
import pytest
from scipy import special
from sympy import Abs, Add, Heaviside, Max, Rational, S, cos, diff, erf, exp, lambdify, sign, sin, sqrt, tanh

from theory.activation.pieces import Pieces, split
from theory.averages.closed import closed_form
from theory.averages.pair import pair_closed_form
from theory.symbols import Delta, mu, rho, x

R = Rational
CUBE_ROOT = sign(x) * Abs(x) ** R(1, 3)

SMOOTH = {
    "polynomials": (x**3 + x**2, x**2 - x + 2),
    "gaussians": (diff(erf(x), x), diff(erf(2 * x), x)),
    "gaussian moments": (x**3 * exp(-(x**2)), x * exp(-(x**2) / 3)),
    "waves": (sin(x), x * sin(2 * x) + cos(x)),
    "waves and exponentials": (cos(x) ** 2, x * exp(x / 3)),
    "gaussian and erf": (x * exp(-(x**2)), erf(x)),
    "square and rational": (x**2 + x, 1 / (1 + x**2)),
}
CENTRED = {
    "erf": (erf(2 * x), erf(x / 3)),
    "erf and its moments": (erf(x) + x, x**2 * erf(x) + x),
    "erf curvature": (x * diff(erf(x), x, 2), x * erf(x)),
    "erf squared and square": (erf(x) ** 2, x**2),
}
KINKED = {
    "relu": (Max(0, x), Max(0, x)),
    "step": (Heaviside(x), Heaviside(x)),
    "sign": (sign(x), sign(x)),
    "quadratic": (Max(0, x) ** 2, Max(0, x) ** 2),
    "relu and step": (Max(0, x), Heaviside(x)),
    "relu and quadratic": (Max(0, x), Max(0, x) ** 2),
    "sign and cubic": (sign(x), x + x**3),
    "modulus": (Abs(x) + x, Abs(x) ** 3 + x**2),
}
POWERS = {
    "cube root": (CUBE_ROOT, CUBE_ROOT),
    "even powers": (Abs(x) ** R(3, 4), Abs(x) ** R(3, 2) + 1),
    "cube root and sign": (CUBE_ROOT, sign(x)),
    "cube root and cubic": (CUBE_ROOT, x**3),
}
EVERY = {**SMOOTH, **CENTRED, **KINKED, **POWERS}


def on_grid(pieces, u):
    """A piecewise function on an array."""
    values = np.zeros_like(u)
    edges = [-np.inf, *(float(beta) for beta in pieces.breakpoints), np.inf]
    for (low, high), expression in zip(pairwise(edges), pieces.expressions, strict=True):
        inside = (u >= low) & (u <= high)
        values[inside] = lambdify(x, expression, ["scipy", "numpy"])(u[inside])
    return values


def by_quadrature(F, G, mean, variance, correlation):
    """Polar coordinates, panels between the directions along which u or v vanish, power-law ends smoothed."""
    nodes, weights = np.polynomial.legendre.leggauss(80)
    radius, radial = np.polynomial.legendre.leggauss(160)
    radius = 6.5 * (radius + 1)
    radial = 6.5 * radial * radius * np.exp(-(radius**2) / 2) / (2 * np.pi)
    rest = np.sqrt(1 - correlation**2)
    zero = np.arctan2(-correlation, rest)
    cuts = np.sort(np.mod([np.pi / 2, -np.pi / 2, zero, zero + np.pi, 0, np.pi], 2 * np.pi))
    total = 0.0
    for low, high in pairwise([*cuts, cuts[0] + 2 * np.pi]):
        s = (nodes + 1) / 2
        angle = low + (high - low) * s**3 * (10 - 15 * s + 6 * s**2)
        measure = (high - low) * 30 * s**2 * (1 - s) ** 2 * weights / 2
        u = mean + np.sqrt(variance) * np.outer(radius, np.cos(angle))
        v = mean + np.sqrt(variance) * np.outer(radius, correlation * np.cos(angle) + rest * np.sin(angle))
        total += radial @ (on_grid(F, u) * on_grid(G, v)) @ measure
    return total


def number(expression, **values):
    table = {"mean": mu, "variance": Delta, "correlation": rho}
    return expression.xreplace({table[name]: S.Zero + value for name, value in values.items()}).evalf(30, maxn=1000)


@pytest.mark.parametrize("name", EVERY)
def test_quadrature(name):
    F, G = (split(function) for function in EVERY[name])
    # quadrature: 1e-12 for integrands smooth between the cuts; a power 1/3 at the ends of a panel of 80 nodes,
    # smoothed to order 3 (1 + 1/3) by the change of variable, leaves 80^(-2 (4 + 1)) ~ 1e-9
    tolerance = 3e-9 if name in POWERS else 1e-12
    for mean in (S.Zero, R(1, 3)) if name in SMOOTH else (S.Zero,):
        form = pair_closed_form(F, G, mean, Delta, rho)
        for variance, correlation in ((0.3, 0.6), (1.7, -0.37)):
            value = float(number(form.expression, variance=R(variance), correlation=R(correlation)))
            expected = by_quadrature(F, G, float(mean), variance, correlation)
            assert abs(value - expected) <= tolerance * (1 + abs(expected))


@pytest.mark.parametrize("name", EVERY)
def test_limits(name):
    """rho = 0 factorises, rho = 1 is a one-point average; over twelve decades of variance."""
    F, G = (split(function) for function in EVERY[name])
    product = split(EVERY[name][0] * EVERY[name][1])
    exponential = name == "waves and exponentials"  # exp(v) overflows in no sensible use
    for mean in (S.Zero, mu) if name in SMOOTH else (S.Zero,):
        form = pair_closed_form(F, G, mean, Delta, rho)
        separate = [closed_form(pieces, mean, Delta) for pieces in (F, G)]
        joint = closed_form(product, mean, Delta)
        for decade in (-6, -2, 0, 1) if exponential else (-6, -2, 1, 6):
            point = {"mean": R(2, 7), "variance": R(13, 10) * S(10) ** decade}
            first, second = (number(s.expression, **point) for s in separate)
            sizes = sum(abs(number(t, **point, correlation=0)) for t in Add.make_args(form.expression))
            assert abs(number(form.expression, **point, correlation=0) - first * second) <= 1e-26 * (sizes + 1e-30)
            if joint is not None:
                value = number(form.expression, **point, correlation=1)
                assert abs(value - number(joint.expression, **point)) <= 1e-24 * (abs(value) + sizes + 1e-30)


@pytest.mark.parametrize("name", [*SMOOTH, *CENTRED, "relu", "quadratic", "relu and quadratic"])
def test_price_theorem(name):
    """d<F G>/d rho = variance <F' G'> (Price 1958): with rho = 0 this fixes the average at every rho."""
    source = random.Random(name)
    F, G = (split(function) for function in EVERY[name])
    slopes = [Pieces(f.breakpoints, tuple(diff(e, x) for e in f.expressions)) for f in (F, G)]
    for mean in (S.Zero, mu) if name in SMOOTH and name != "square and rational" else (S.Zero,):
        left = diff(pair_closed_form(F, G, mean, Delta, rho).expression, rho)
        right = Delta * pair_closed_form(*slopes, mean, Delta, rho).expression
        for decade in (-6, -3, 0, 1) if name == "waves and exponentials" else (-6, -2, 2, 6):
            point = {
                "mean": R(1, 3),
                "variance": R(source.randint(100, 999), 100) * S(10) ** decade,
                "correlation": R(source.randint(-99, 99), 100),
            }
            value, expected = number(left, **point), number(right, **point)
            sizes = sum(abs(number(term, **point)) for term in Add.make_args(left))
            assert abs(value - expected) <= 1e-25 * (sizes + abs(expected) + 1e-30)


@pytest.mark.parametrize("name", [*SMOOTH, *CENTRED, *KINKED])
def test_double_precision(name):
    """Cancellation shows between the terms only, up to |rho| = 1."""
    form = pair_closed_form(*(split(function) for function in EVERY[name]), S.Zero, Delta, rho)
    terms = Add.make_args(form.expression)
    names = {"erfcx": special.erfcx, "faddeeva": special.wofz}
    function = lambdify((Delta, rho), terms, modules=[names, "scipy", "numpy"])
    for variance in (1e-12, 1e-6, 0.01, 1.5, 100.0) + (() if "wave" in name else (1e6, 1e12)):
        for correlation in (-1.0, -0.999999, -0.3, 0.0, 1e-9, 0.7, 1.0 - 1e-14, 1.0):
            with np.errstate(all="raise", under="ignore"):
                values = [float(value) for value in function(np.float64(variance), np.float64(correlation))]
            exact = [number(term, variance=R(variance), correlation=R(correlation)) for term in terms]
            sizes = sum(abs(float(value)) for value in exact)
            # exp(E) is exact to |E| eps at best, asin(rho) is not differentiable at one: its value is exact there
            exponent = max((abs(np.log(abs(float(v)))) for v in exact if abs(float(v)) > 0), default=0.0)
            assert abs(sum(values) - float(Add(*exact))) <= (50 + exponent) * np.finfo(float).eps * sizes + 1e-300


def test_literature():
    step = pair_closed_form(split(sign(x)), split(sign(x)))
    assert abs(float(number(step.expression, variance=1, correlation=R(1, 2))) - 1 / 3) < 1e-15
    relu = pair_closed_form(split(Max(0, x)), split(Max(0, x))).expression
    c, angle = 0.3, np.arccos(0.3)
    kernel = 1.7 * (np.sqrt(1 - c**2) + c * (np.pi - angle)) / (2 * np.pi)  # Cho & Saul 2009, order one
    assert abs(float(number(relu, variance=R(17, 10), correlation=R(3, 10))) - kernel) < 1e-15
    arcsine = pair_closed_form(split(erf(x)), split(erf(x))).expression
    williams = 2 / np.pi * np.arcsin(2 * 0.3 * 1.7 / (1 + 2 * 1.7))  # Williams 1998
    assert abs(float(number(arcsine, variance=R(17, 10), correlation=R(3, 10))) - williams) < 1e-15


def test_odd_against_even_vanishes():
    for odd, even in ((sin(x), cos(x)), (sign(x), Abs(x)), (erf(x), x**2), (CUBE_ROOT, Abs(x) ** R(1, 2))):
        assert pair_closed_form(split(odd), split(even)).expression == 0


def test_threshold_against_a_polynomial():
    form = pair_closed_form(split(Max(0, x - 1)), split(2 + x), mu, Delta, rho)
    expected = closed_form(split((2 + mu * (1 - rho) + rho * x) * Max(0, x - 1)), mu, Delta).expression
    point = {"mean": R(1, 5), "variance": R(7, 3), "correlation": R(2, 5)}
    assert abs(number(form.expression, **point) - number(expected, **point)) < 1e-26


@pytest.mark.parametrize(
    ("F", "G", "mean"),
    [
        (tanh(x), x, S.Zero),
        (1 / (1 + x**2), 1 / (1 + x**2), S.Zero),
        (erf(x), erf(x), mu),
        (Max(0, x), Max(0, x), mu),
        (Max(0, x - 1), Max(0, x), S.Zero),
        (sqrt(1 + x**2), S.One, S.Zero),
        (1 / x, 1 / x, S.Zero),
        (exp(x**2), exp(x), S.Zero),
    ],
)
def test_not_in_the_table(F, G, mean):
    assert pair_closed_form(Pieces((), (F,)) if not F.has(Max) else split(F), split(G), mean) is None
