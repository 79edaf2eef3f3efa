"""Threshold-power laws under Gaussian noise: values, derivatives, growth and thresholds against what defines them."""

import mpmath
import pytest
from sympy import Rational, S, Symbol, diff, erfc, exp, oo, pi, sqrt

from theory.activation.activation import Activation
from theory.enclosure import enclosure
from theory.errors import InputError
from theory.functions import SmoothedPower, smoothed_power
from theory.interval import Interval
from theory.symbols import x
from theory.text.evaluation import value

ORDERS = [Rational(-1, 2), 0, Rational(1, 2), 1, Rational(3, 2), 2, 5, Rational(19, 2)]
PLACES = [-30, -7, -1, Rational(-1, 3), 0, Rational(1, 2), 3, 20]


def defined(n, z):
    """E[(z + eta)_+^n] by quadrature."""
    edges = [0, 1e-6, 0.01, 0.1, 0.5, 1, 2, 4, *range(6, max(10, int(z) + 20), 2)]
    return mpmath.quad(lambda t: t**n * mpmath.npdf(t - z), edges)


@pytest.mark.parametrize("n", ORDERS[2:], ids=str)
@pytest.mark.parametrize("z", PLACES[1:], ids=str)
def test_values(n, z):
    with mpmath.workdps(20):
        expected = defined(*(mpmath.mpf(S(number).p) / S(number).q for number in (n, z)))
    assert float(SmoothedPower(n, z).evalf(20) / expected) == pytest.approx(1, rel=1e-12)


def test_recursion_holds_for_all_orders():
    """I_(n+1) = z I_n + n I_(n-1), where neither side is evaluated by it."""
    with mpmath.workdps(30):
        for n in map(mpmath.mpf, (-0.5, 0.3, 1.5, 7.25)):
            for z in (-25, -3, -0.1, 0.4, 6, 300):
                lower, middle, upper = (smoothed_power(n + k, z) for k in (-1, 0, 1))
                assert abs(upper - z * middle - n * lower) < mpmath.mpf(10) ** -27 * (abs(upper) + abs(z * middle))


def test_closed_forms_of_whole_orders():
    Phi, density = erfc(-x / sqrt(2)) / 2, exp(-(x**2) / 2) / sqrt(2 * pi)
    for n, form in ((0, Phi), (1, x * Phi + density), (2, (x**2 + 1) * Phi + x * density)):
        for z in (Rational(-5, 2), Rational(1, 7), S(4)):
            assert SmoothedPower(n, z).evalf(30) == pytest.approx(form.subs(x, z).evalf(30), rel=1e-25)
    assert SmoothedPower(3, 0) == sqrt(2) / sqrt(pi) and SmoothedPower(0, 0) == S.Half


@pytest.mark.parametrize("n", [*ORDERS, Symbol("n", positive=True)], ids=str)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives(n, order):
    derivative = diff(SmoothedPower(n, x), x, order).subs(Symbol("n", positive=True), Rational(3, 2))
    number = Rational(3, 2) if isinstance(n, Symbol) else n
    for z in (-3, Rational(1, 5), 4):
        with mpmath.workdps(60):
            expected = mpmath.diff(
                lambda t: smoothed_power(mpmath.mpf(S(number).p) / S(number).q, t), mpmath.mpf(float(z)), order
            )
        assert abs(derivative.subs(x, float(z)).evalf(40) - expected) < 1e-15 * (1 + abs(expected))


def test_derivatives_at_whole_orders_end():
    assert diff(SmoothedPower(1, x), x, 2) == exp(-(x**2) / 2) / sqrt(2 * pi)
    n = Symbol("n", positive=True)
    at_one = diff(SmoothedPower(n, x), x, 2).subs(n, 1)  # n (n - 1) I_(n-2) would have no value
    assert at_one.subs(x, Rational(1, 3)).evalf(20) == pytest.approx(float(mpmath.npdf(mpmath.mpf(1) / 3)), rel=1e-15)


@pytest.mark.parametrize(
    ("text", "kind", "exponent"),
    [
        ("threshold_power(1, 1/2, -1)", "linear", 1),
        ("threshold_power(3/2, 1/2, 0)", "power", Rational(3, 2)),
        ("threshold_power(1/2, 1, 0)", "sublinear", Rational(1, 2)),
        ("threshold_power(0, 1, 2)", "bounded", 0),
        ("threshold_power(-1/2, 1, 2)", "bounded", Rational(-1, 2)),
        ("threshold_power(n, s, theta) where n>0, s>0, theta", "parametric", Symbol("n", positive=True)),
    ],
)
def test_growth(text, kind, exponent):
    activation = Activation.from_text(text)
    right, left = activation.growth
    assert (right.kind, right.exponent) == (kind, exponent)
    assert (left.kind, left.exponent, left.limit) == ("bounded", -oo, 0)
    assert activation.is_smooth and activation.parity == "none" and activation.square_integrable_derivative(3) is True


def test_ranges():
    box = Interval(-1, 2)
    whole, part = enclosure(SmoothedPower(Rational(3, 2), x)), enclosure(SmoothedPower(Rational(3, 2), x), box)
    assert whole.positive and part.low > 0.02 and part.high < 4.1
    assert enclosure(SmoothedPower(Rational(-1, 2), x), box).positive
    assert not enclosure(SmoothedPower(Rational(-3, 2), x), box).nonzero
    assert enclosure(SmoothedPower(0, x)).high == 1
    assert Activation.from_text("abs(threshold_power(1, 1, 0) - 1)").pieces.breakpoints[0].evalf(20) == pytest.approx(
        float(mpmath.findroot(lambda z: smoothed_power(1, z) - 1, 0.9)), rel=1e-14
    )
    n = Symbol("n", positive=True)
    at = value(SmoothedPower(n, x), {n: mpmath.mpf(3) / 2, x: mpmath.mpf(2)})
    assert abs(at - smoothed_power(mpmath.mpf(3) / 2, 2)) < 1e-13


def test_printing():
    assert str(SmoothedPower(Rational(3, 2), x)) == "smoothed_power(3/2, x)"
    assert Activation.from_text("threshold_power(1, 1, 0)").latex() == r"I_{1}\left(x\right)"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("threshold_power(-1, 1, 0)", ["n > -1, not -1"]),
        ("threshold_power(-2, -1, 0)", ["n > -1, not -2", "sigma >= 0, not -1"]),
        ("threshold_power(-1/2, 0, 0)", ["n >= 0 where sigma = 0, not -1/2"]),
        ("threshold_power(n, 1, 0) where n", ["n > -1, not n", "where n>0"]),
        ("threshold_power(1, s, 0) where s", ["sigma >= 0, not s", "where s>0"]),
        ("threshold_power(65, 1, 0)", ["n up to 64, not 65"]),
    ],
)
def test_refusals(text, sentences):
    with pytest.raises(InputError) as caught:
        Activation.from_text(text)
    (problem,) = caught.value.problems
    assert all(sentence in problem for sentence in sentences)


theta = Symbol("theta", real=True)


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("threshold_power(1, 1/2, -1)", -1),
        ("threshold_power(1, 0, -1)", -1),
        ("threshold_power(0, 0, 1)", 1),
        ("threshold_power(n, sigma, theta) where n>0, sigma>0, theta", theta),
        ("threshold_power(1, s, theta, 2*x) where s>0, theta", theta / 2),
        ("tanh(x)", 0),
        ("softplus(x-2)", 2),
        ("log(1+exp(x-theta)) where theta", theta),
        ("leaky_relu(1/10)", 0),
        ("power(1/3)", 0),
        ("tanh(x-1)+erf(3*x-3)", 1),
        ("tanh(softplus(x-2))", 2),
        ("gaussian_bump(2, x-1)", 1),
        ("Piecewise((0, x<1), (x-1, True))", 1),
        ("tanh(x)+tanh(x-1)", None),
        ("max(0, min(1, x))", None),
        ("tanh(x^2-1)", None),
        ("x/(1+x^2)", None),
        ("x", None),
    ],
)
def test_thresholds(text, threshold):
    assert Activation.from_text(text).threshold == threshold


def test_noise_smooths_a_power_law():
    """E[phi_0(x + sigma eta)] by quadrature, phi_0 the law without noise."""
    smooth = Activation.from_text("threshold_power(3/2, 1/2, 1/4)").expression
    for place in (-1, 0, 2):
        with mpmath.workdps(20):
            expected = mpmath.quad(
                lambda t, at=place: max(0, at - 0.25 + 0.5 * t) ** 1.5 * mpmath.npdf(t), [-12, -2 * place + 0.5, 12]
            )
        assert smooth.subs(x, place).evalf(20) == pytest.approx(float(expected), rel=1e-12)
