"""Every property of the standard activations, against what one finds on paper."""

import os
import subprocess
import sys

import mpmath
import pytest
import sympy
from sympy import (
    Abs,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Symbol,
    asinh,
    atan,
    cosh,
    erf,
    exp,
    log,
    oo,
    pi,
    sign,
    sin,
    sqrt,
    tanh,
)

from theory.activation.activation import Activation
from theory.activation.features import MAX_FEATURES, feature_points, features
from theory.activation.growth import growth
from theory.activation.pieces import split
from theory.errors import InputError
from theory.functions import sigmoid, softplus
from theory.symbols import Delta, x

theta = Symbol("theta", positive=True)
p = Symbol("p", positive=True)
half = Rational(1, 2)

# expression: parity, ((kink, order), ...), slope at 0 (nan at a kink), kinds at +oo and -oo, (slope at +oo, -oo),
# whether <phi'^2>, <phi''^2> are finite
TABLE = {
    x: ("odd", (), 1, "linear linear", (1, 1), (True, True)),
    x - x**3 / 20: ("odd", (), 1, "power power", (-oo, -oo), (True, True)),
    tanh(x): ("odd", (), 1, "bounded bounded", (0, 0), (True, True)),
    erf(x): ("odd", (), 2 / sqrt(pi), "bounded bounded", (0, 0), (True, True)),
    sin(x): ("odd", (), 1, "bounded bounded", (0, 0), (True, True)),
    atan(x): ("odd", (), 1, "bounded bounded", (0, 0), (True, True)),
    asinh(x): ("odd", (), 1, "sublinear sublinear", (0, 0), (True, True)),
    sign(x): ("odd", ((0, 0),), oo, "bounded bounded", (0, 0), (False, False)),
    Heaviside(x): ("none", ((0, 0),), oo, "bounded bounded", (0, 0), (False, False)),
    Max(0, x): ("none", ((0, 1),), S.NaN, "linear bounded", (1, 0), (True, False)),
    Max(x, x / 10): ("none", ((0, 1),), S.NaN, "linear linear", (1, Rational(1, 10)), (True, False)),
    Max(0, x - theta): ("none", ((theta, 1),), 0, "linear bounded", (1, 0), (True, False)),
    softplus(x): ("none", (), half, "linear bounded", (1, 0), (True, True)),
    sigmoid(x): ("none", (), half / 2, "bounded bounded", (0, 0), (True, True)),
    sigmoid(x) - half: ("odd", (), half / 2, "bounded bounded", (0, 0), (True, True)),
    exp(-(x**2) / 2): ("even", (), 0, "bounded bounded", (0, 0), (True, True)),
    sign(x) * sqrt(Abs(x)): ("odd", ((0, 1),), oo, "sublinear sublinear", (0, 0), (False, False)),
    sign(x) * Abs(x) ** Rational(3, 4): ("odd", ((0, 1),), oo, "sublinear sublinear", (0, 0), (True, False)),
    sign(x) * Abs(x) ** Rational(3, 2): ("odd", ((0, 2),), 0, "power power", (oo, oo), (True, False)),
    x / (1 + x**2 / 3): ("odd", (), 1, "bounded bounded", (0, 0), (True, True)),
    x * (15 + x**2) / (15 + 6 * x**2): ("odd", (), 1, "linear linear", (Rational(1, 6),) * 2, (True, True)),
    tanh(x) ** 3: ("odd", (), 0, "bounded bounded", (0, 0), (True, True)),
    x * sigmoid(x): ("none", (), half, "linear bounded", (1, 0), (True, True)),
    sqrt(Abs(tanh(x))) * sign(x): ("odd", ((0, 1),), oo, "bounded bounded", (0, 0), (False, False)),
    Max(0, tanh(x - 1)): ("none", ((1, 1),), 0, "bounded bounded", (0, 0), (True, False)),
    Max(-1, Min(1, x)): ("odd", ((-1, 1), (1, 1)), 1, "bounded bounded", (0, 0), (True, False)),
    Piecewise((x, x >= 0), (exp(x) - 1, True)): ("none", ((0, 2),), 1, "linear bounded", (1, 0), (True, True)),
    x * tanh(x): ("even", (), 0, "linear linear", (1, -1), (True, True)),
    log(1 + exp(x)): ("none", (), half, "linear bounded", (1, 0), (True, True)),
    x / (1 + Abs(x)): ("odd", ((0, 2),), 1, "bounded bounded", (0, 0), (True, True)),
    x + sin(x): ("odd", (), 2, "linear linear", (1, 1), (True, True)),
}


@pytest.mark.parametrize("expression", TABLE, ids=str)
def test_table(expression):
    parity, kinks, slope, kinds, slopes, integrable = TABLE[expression]
    activation = Activation.from_expression(expression)
    right, left = activation.growth
    assert activation.parity == parity
    assert tuple((kink.position, kink.order) for kink in activation.kinks) == kinks
    assert activation.is_smooth == (not kinks)
    assert activation.slope_at_zero is slope or (activation.slope_at_zero - slope).equals(0) or slope == oo
    assert (activation.slope_at_zero is S.Infinity) == (slope == oo)
    assert f"{right.kind} {left.kind}" == kinds
    assert (right.slope, left.slope) == slopes
    assert tuple(activation.square_integrable_derivative(n) for n in (1, 2)) == integrable
    assert activation.moment_condition(4) is True


def test_table_covers_kinks_with_one_sided_exponents():
    (kink,) = Activation.from_expression(Max(0, x)).kinks
    assert (kink.left, kink.right) == (oo, 1)
    (kink,) = Activation.from_expression(sign(x) * Abs(x) ** Rational(3, 4) + 2).kinks
    assert (kink.left, kink.right) == (Rational(3, 4), Rational(3, 4))
    assert Activation.from_expression(Max(0, x)).slopes_at_zero == (0, 1)


def test_slopes_at_infinity():
    assert Activation.from_expression(Max(x, x / 10)).slope_at_infinity == 1
    assert Activation.from_expression(Max(0, x)).mean_square_slope == sqrt(2) / 2
    assert Activation.from_expression(theta * x + tanh(x)).slope_at_infinity == theta
    assert Activation.from_expression(x - x**3).slope_at_infinity == oo


def test_symbolic_power():
    activation = Activation.from_expression(sign(x) * Abs(x) ** p)
    assert activation.parity == "odd"
    assert [growth.exponent for growth in activation.growth] == [p, p]
    assert activation.square_integrable_derivative(1) == (p > half)
    assert activation.square_integrable_derivative(2) == (p > Rational(3, 2))
    assert activation.moment_condition(2) is True
    for value, slope, far in ((half, oo, 0), (1, 1, 1), (2, 0, oo)):
        assert activation.slope_at_zero.subs(p, value) == slope
        assert activation.slope_at_infinity.subs(p, value) == far
    # an exponent that may be negative leaves a condition
    q = Symbol("q", real=True)
    assert Activation.from_expression(Abs(x) ** q).moment_condition(2) == (q > -half)


@pytest.mark.parametrize(
    "expression, condition",
    [
        (exp(x**2 / 5), Delta < Rational(5, 4)),
        (x**3 * cosh(x) * exp(x**2 / 4), Delta < 1),
        (exp(x**4), False),
        (exp(exp(x)), False),
        (cosh(3 * x), True),
        (1 / x, False),
        (x / (x - 1), False),
        (Abs(x) ** Rational(-1, 3), True),
        (Abs(x) ** Rational(-1, 2), False),
        (log(Abs(x)), True),
    ],
    ids=str,
)
def test_second_moment_condition(expression, condition):
    assert Activation.from_expression(expression).moment_condition(2) == condition


@pytest.mark.parametrize(
    "expression, side, kind, exponent",
    [
        (sqrt(1 + x**2) - x, 1, "bounded", -1),
        (sqrt(1 + x**2), -1, "linear", 1),
        (x * sqrt(Abs(x)) / (1 + Abs(x)), 1, "sublinear", half),
        (x**2 * log(1 + x**2), 1, "power", 2),
        (x * log(1 + x**2), 1, "power", 1),
        (sqrt(x**2 + 3 * x + 5) - x, 1, "bounded", 0),
        (exp(x) / (1 + exp(x)), 1, "bounded", 0),
        (x**2 * exp(-x), 1, "bounded", -oo),
        (x**2 * exp(-x), -1, "exponential", oo),
    ],
    ids=str,
)
def test_growth(expression, side, kind, exponent):
    found = growth(split(expression).expressions[-1 if side == 1 else 0], side)
    assert (found.kind, found.exponent) == (kind, exponent)


def test_limits_at_infinity():
    assert growth(atan(2 * x), -1).limit == -pi / 2
    assert growth(sqrt(x**2 + 3 * x + 5) - x, 1).limit == Rational(3, 2)
    assert growth(sin(x), 1).limit is None


def test_parity_needs_every_piece():
    assert Activation.from_expression(sign(x) * log(1 + Abs(x))).parity == "odd"
    assert Activation.from_expression(Max(0, x) + Max(0, -x)).parity == "even"
    assert Activation.from_expression(tanh(theta * x) + theta).parity == "none"
    # not visible by substitution: equal at 50 digits at 20 points
    assert Activation.from_expression((exp(2 * x) - 1) / (exp(2 * x) + 1)).parity == "odd"
    # a difference of 1e-40 is seen
    assert Activation.from_expression(sigmoid(x) - half + Rational(1, 10**40)).parity == "none"


def test_poles():
    poles = Activation.from_expression(x / ((1 + x**2 / 3) ** 2 * (x**2 - 2 * x + 2))).poles
    want = [-sqrt(3) * sympy.I, sqrt(3) * sympy.I, 1 - sympy.I, 1 + sympy.I]
    assert len(poles) == 4 and all(abs(sympy.N(a - b, 30)) < 1e-25 for a, b in zip(poles, want, strict=True))
    # a common factor is no pole
    assert (
        Activation.from_expression((x**2 - 1) / (x - 1) / (x**2 + 4)).poles == (-2 * sympy.I, 2 * sympy.I)
        or len(Activation.from_expression((x**2 - 1) / (x - 1) / (x**2 + 4)).poles) == 2
    )
    assert not Activation.from_expression(x / (1 + Abs(x))).is_rational
    assert Activation.from_expression(x**3).is_rational and not Activation.from_expression(x**3).poles


def test_features_know_centre_and_scale():
    found = {(float(f.centre), round(float(f.scale), 12)) for f in features(split(tanh(50 * x - 3) + Max(0, x - 2)))}
    assert found == {(0.06, 0.02), (2.0, 0.0)}
    (bump,) = features(split(exp(-((x - 3) ** 2) * 8)))
    assert float(bump.centre) == 3 and abs(float(bump.scale) - 0.25) < 1e-15
    (pole,) = features(split(1 / ((x - 1) ** 2 + Rational(1, 10**6))))
    assert float(pole.centre) == pytest.approx(1, abs=1e-15) and float(pole.scale) == pytest.approx(1e-3, rel=1e-15)
    assert feature_points(split(tanh(theta * x - 1))) == (1 / theta,)
    many = sum(tanh(x * k - k**2) for k in range(1, 30))
    assert len(features(split(many))) == MAX_FEATURES


def test_from_expression_refuses():
    with pytest.raises(InputError, match="real"):
        Activation.from_expression(tanh(Symbol("c") * x))
    with pytest.raises(InputError, match="another x"):
        Activation.from_expression(tanh(Symbol("x")))
    with pytest.raises(InputError, match="not a real function"):
        Activation.from_expression(sympy.I * x)
    with pytest.raises(InputError, match="infinitely many"):
        Activation.from_expression(Abs(sin(x)))


def test_from_text_agrees_with_expression():
    activation = Activation.from_text("x*(15+x^2)/(15+6*x^2)")
    assert activation.canonical == Activation.from_expression(x * (15 + x**2) / (15 + 6 * x**2)).canonical
    assert activation.parity == "odd"
    assert hash(activation) == hash(Activation.from_text("x*(15+x^2)/(15+6*x^2)"))


def test_derivative_is_cached_and_classical():
    activation = Activation.from_expression(Max(0, x) ** 2)
    assert activation.derivative(1).expressions == (0, 2 * x)
    assert activation.derivative(3).expressions == (0, 0)
    assert activation.derivative(2) is activation.derivative(2)


def test_canonical_does_not_depend_on_the_hash_seed():
    code = (
        "from sympy import *; from theory.activation.activation import Activation; from theory.symbols import x;"
        "a = Symbol('a', positive=True); b = Symbol('b', real=True);"
        "print(Activation.from_expression(Max(0, tanh(a*x) + b*x*a + x**2*exp(-x**2) + sin(x), erf(x) + 9)*0"
        " + tanh(a*x)*Abs(x) + b*x + Max(0, x, x/3)).canonical)"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1 and len(runs.pop()) > 50


def test_describe_is_text():
    rows = dict(Activation.from_expression(sign(x) * Abs(x) ** p).describe())
    assert rows["parity"] == "odd" and rows["<phi'^2> finite"] == "for p > 1/2"
    assert all(isinstance(value, str) for value in rows.values())
    assert r"\tanh" in Activation.from_expression(tanh(x)).latex()


def test_values_at_zero():
    assert Activation.from_expression(softplus(x)).value_at_zero == log(2)
    assert Activation.from_expression(Heaviside(x)).value_at_zero == half
    assert mpmath.almosteq(float(Activation.from_expression(sin(x) / x).value_at_zero), 1)
