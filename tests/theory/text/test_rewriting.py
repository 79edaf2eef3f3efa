"""Forms that overflow are replaced by equal ones that do not."""

import mpmath
import numpy as np
import pytest

from numerics.averages.average import average
from numerics.codegen.backends import array_functions
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.activation.growth import growth
from theory.errors import InputError
from theory.symbols import x

# text, what it is where it does not overflow (by mpmath)
FORMS = {
    "log(cosh(10*x))/10": lambda m, v: m.log(m.cosh(10 * v)) / 10,
    "sign(x)*(1-exp(x^2)*erfc(abs(x)))": lambda m, v: m.sign(v) * (1 - m.exp(v * v) * m.erfc(abs(v))),
    "exp(x)/(1+exp(x))^2": lambda m, v: m.exp(v) / (1 + m.exp(v)) ** 2,
    "exp(2*x)/(1+exp(x))^3": lambda m, v: m.exp(2 * v) / (1 + m.exp(v)) ** 3,
    "sinh(10*x)/(1+cosh(10*x))": lambda m, v: m.sinh(10 * v) / (1 + m.cosh(10 * v)),
    "log(1+tanh(x))": lambda m, v: m.log(1 + m.tanh(v)),
    "log(1+exp(x)+exp(2*x))": lambda m, v: m.log(1 + m.exp(v) + m.exp(2 * v)),
    "log(exp(x)+exp(-2*x))": lambda m, v: m.log(m.exp(v) + m.exp(-2 * v)),
    "(exp(x)-exp(-x))/(exp(x)+exp(-x)+1)": lambda m, v: 2 * m.sinh(v) / (2 * m.cosh(v) + 1),
    "x*exp(x^2)/(1+exp(x^2))^2": lambda m, v: v * m.exp(v * v) / (1 + m.exp(v * v)) ** 2,
    "cosh(x)/cosh(2*x)": lambda m, v: m.cosh(v) / m.cosh(2 * v),
    "(x+exp(x))/(2+exp(x))": lambda m, v: (v + m.exp(v)) / (2 + m.exp(v)),
    "tanh(x)/(1+exp(-x))": lambda m, v: m.tanh(v) / (1 + m.exp(-v)),
}


@pytest.mark.parametrize("text", FORMS)
def test_the_same_function_without_overflow(text):
    activation = Activation.from_text(text)
    phi, _ = array_functions(activation, {})
    points = np.concatenate([np.linspace(-7, 7, 41), [-1e3, -60.0, 45.0, 2e3]])
    with np.errstate(all="raise", under="ignore"):
        values = phi(points)
    with mpmath.workdps(2000):
        right = [float(FORMS[text](mpmath, mpmath.mpf(point))) for point in points if abs(point) < 100]
    found = [value for value, point in zip(values, points, strict=True) if abs(point) < 100]
    assert found == pytest.approx(right, rel=1e-13, abs=1e-15) and np.all(np.isfinite(values))


def test_what_grows_is_left_alone():
    for text in ("sinh(x)*exp(-x^2)", "exp(x/4)/(1+x^2)", "exp(a*x)/(b+exp(a*x)) where a>0, b>0"):
        assert "tanh" not in str(Activation.from_text(text).expression)


@pytest.mark.parametrize(
    ("text", "given", "Delta"),
    [
        ("x*tanh(softplus(x))", {"g": 0.8, "sigma": 1}, 1.42217110550269),
        ("log(1+tanh(x))", {"g": 0.3, "sigma": 1}, 1.13853754132103),
        ("log(cosh(10*x))/10", {"g": 0.5, "sigma": 2}, 5.250454726988),
        ("sign(x)*(1-exp(x^2)*erfc(abs(x)))", {"g": 0.8, "sigma": 1}, 1.16169391977),
        ("exp(x)/(1+exp(x))^2", {"g": 0.8, "sigma": 10}, 100.004228165),
        ("log(cosh(x))", {"g": 0.5, "sigma": 20}, 525.045472698795),
    ],
)
@pytest.mark.heavy
def test_solutions(text, given, Delta):
    assert Solver("static", text).solve(**given).order_parameters["Delta"] == pytest.approx(
        Delta, rel=5e-12
    )  # the digits of the reference


@pytest.mark.heavy
def test_solutions_in_time():
    for text, given, variance in (
        ("sinh(10*x)/(1+cosh(10*x))", {"g": 3}, 6.48692138372),
        ("sinh(x)/(1+cosh(x))", {"g": 30, "sigma": 1}, 648.6925268665),
    ):
        assert Solver("dynamic", text).solve(**given).order_parameters["Delta0"] == pytest.approx(variance, rel=1e-11)


def test_an_average_is_finite_where_only_terms_of_its_closed_form_are_not():
    """<phi'> of 1 - erfcx(abs(x)) at a variance where exp(x^2) has no average; by mpmath."""
    with mpmath.workdps(30):
        variance = mpmath.mpf("1.16")

        def slope(v):
            return 2 / mpmath.sqrt(mpmath.pi) - 2 * v * mpmath.exp(v * v) * mpmath.erfc(v)

        def weight(v):
            return mpmath.exp(-v * v / (2 * variance)) / mpmath.sqrt(2 * mpmath.pi * variance)

        right = float(2 * mpmath.quad(lambda v: slope(v) * weight(v), [0, 1, 3, 8, 14]))
    found = average("phi'", "sign(x)*(1-exp(x^2)*erfc(abs(x)))", variance=1.16)
    assert float(found) == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["x*exp(-softplus(x))", "x*tanh(softplus(x))", "tanh(1/softplus(x))", "x*tanh(exp(x))", "erf(softplus(x))"]
)
def test_growth_of_compositions(text):
    """Derivatives of functions of an exponentially small or large argument."""
    expression = Activation.from_text(text).expression
    for piece in (expression, expression.diff(x), (expression**2).diff(x, 2)):
        for side in (1, -1):
            found = growth(piece, side)
            with mpmath.workdps(60):
                far = piece.subs(x, side * 30).evalf(30)
            assert found.kind in ("bounded", "linear", "power")
            assert found.limit is None or found.limit.is_infinite or abs(far - found.limit) < 0.05


def test_a_tail_beyond_reach_is_refused_in_a_sentence():
    with pytest.raises(InputError, match="cannot find the behaviour"):
        growth(Activation.from_text("log(1+erf(x))").expression, -1)
