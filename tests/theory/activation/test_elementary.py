"""Records of elementary functions: each says what is true of its function, and adding one is all a new function needs."""

import math
import subprocess
import sys

import mpmath
import numpy as np
import pytest
import sympy
from scipy import special

from numerics.codegen.printer import source
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.elementary import ELEMENTARY, EVEN, INCREASING, ODD, ElementaryFunction, End, exact
from theory.enclosure import enclosure
from theory.functions import node, record_of
from theory.interval import Interval
from theory.symbols import x
from theory.text.parsing import parse

LOGCOSH = ElementaryFunction(
    name="logcosh",
    doc="log(cosh(x))",
    monotone=INCREASING,
    parity=EVEN,
    right=End(exponent=1),
    inverse=lambda c: sympy.acosh(sympy.exp(c)),
    evaluate=lambda m, u: abs(u) + m.log1p(m.exp(-2 * abs(u))) - m.log(2),
    numpy="(np.logaddexp({0}, -({0})) - np.log(2.0))",
    at_zero=0,
    derivative=lambda f, u: sympy.tanh(u),
)

REAL = [record for record in ELEMENTARY.values() if record.name != "faddeeva"]
POINTS = [-40.0, -3.0, -0.7, -1e-3, 0.2, 1.0, 2.5, 40.0]


@pytest.fixture
def logcosh(monkeypatch):
    monkeypatch.setitem(ELEMENTARY, "logcosh", LOGCOSH)


def test_a_record_is_all_that_a_function_needs(logcosh):
    """Text, zeros, growth, Pade, emission and solution, against the same activation written with log and cosh."""
    new, known = (
        Solver("static", f"x/(1+{text}^2)").solve(g=1.5, sigma=0.7) for text in ("logcosh(x)", "log(cosh(x))")
    )
    assert new.order_parameters == pytest.approx(known.order_parameters, rel=1e-12)
    assert new.observables == pytest.approx(known.observables, rel=1e-9)
    assert Activation.from_text("abs(logcosh(x)-1)").pieces.breakpoints == (
        -sympy.acosh(sympy.E),
        sympy.acosh(sympy.E),
    )
    assert Activation.from_text("logcosh(x)").growth[0].kind == "linear"
    assert parse("pade(logcosh, 4, 2)").expression == parse("pade(log(cosh(x)), 4, 2)").expression
    assert parse("1/(logcosh(x)+1)").expression == 1 / (1 + LOGCOSH.node(x))


def test_sech_is_known():
    new, known = (Solver("static", text).solve(g=1.5, sigma=1) for text in ("x*sech(x)", "2*x/(exp(x)+exp(-x))"))
    assert new.order_parameters == pytest.approx(known.order_parameters, rel=1e-13)
    assert Activation.from_text("abs(sech(x)-1/2)").pieces.breakpoints == (-sympy.acosh(2), sympy.acosh(2))


@pytest.mark.parametrize("record", [*REAL, LOGCOSH], ids=lambda record: record.name)
def test_what_a_record_states_holds(record):
    points = [u for u in POINTS if u > 0 or not record.positive_argument]
    values = [record.value(mpmath.mpf(u)) for u in points]
    low, high = map(float, record.bounds)
    assert all(low <= value <= high for value in values)
    assert record.positive == (low >= 0 and record.node(0) != 0)
    if record.monotone:
        start = points.index(0.2) if record.parity == EVEN else 0
        steps = [b - a for a, b in zip(values[start:], values[start + 1 :], strict=False)]
        assert all(step * record.monotone >= 0 for step in steps)
    if record.parity:
        assert record.value(mpmath.mpf(-0.7)) == record.parity * record.value(mpmath.mpf(0.7))
    if record.inverse:
        c = record.node(sympy.Rational(7, 10))
        assert sympy.N(record.inverse(c), 20) == pytest.approx(0.7, rel=1e-14)


@pytest.mark.parametrize("record", [*REAL, LOGCOSH], ids=lambda record: record.name)
@pytest.mark.parametrize("side", [1, -1])
def test_the_ends_are_approached(record, side):
    end = record.end(side)
    if end is None:
        return
    with mpmath.workdps(60):
        u = mpmath.mpf(10) ** (3 if end.rate and end.degree == 2 else 8)
        value, c = record.value(side * u), mpmath.mpmathify(exact(end.coefficient).evalf(60))
        if end.rate:
            assert mpmath.log(value / mpmath.sign(c)) / u**end.degree == pytest.approx(end.rate, rel=1e-4)
        else:
            expected = c * (mpmath.log(u) if end.logarithmic else u**end.exponent)
            assert value / expected == pytest.approx(1, rel=0.05 if end.logarithmic else 1e-5)


@pytest.mark.parametrize("record", [*REAL, LOGCOSH], ids=lambda record: record.name)
def test_source_derivative_and_enclosure_agree_with_the_value(record, logcosh):
    call = record.node(x)
    assert record_of(call) is record
    points = [u for u in POINTS[1:-1] if u > 0 or not record.positive_argument]
    for u in points:
        value = float(record.value(mpmath.mpf(u)))
        if record.numpy is not None:
            assert eval(record.numpy.format("u"), {"np": np, "special": special, "u": u}) == pytest.approx(
                value, rel=1e-13
            )
        if not record.kink:
            slope = float(sympy.N(call.diff(x).subs(x, sympy.Rational(str(u))), 20))
            h = mpmath.mpf(10) ** -5
            with mpmath.workdps(40):
                assert float((record.value(u + h) - record.value(u - h)) / (2 * h)) == pytest.approx(
                    slope, rel=1e-8, abs=1e-9
                )
        low, high = mpmath.mpf(u) * 0.9, mpmath.mpf(u) * 1.1
        box = enclosure(call, Interval(min(low, high), max(low, high)))
        with mpmath.workdps(40):
            ends = [record.value(low), record.value(high)]
        assert mpmath.mpmathify(box.low) <= min(ends)
        assert mpmath.mpmathify(box.high) >= max(ends)
        if record.monotone:
            assert [float(box.low), float(box.high)] == pytest.approx([float(min(ends)), float(max(ends))], rel=1e-12)


def test_records_print_in_the_source():
    assert source(ELEMENTARY["sech"].node(x) ** 2) == "(1/np.cosh(x))**2"
    assert source(ELEMENTARY["softplus"].node(2 * x)) == "np.logaddexp(0.0, 2*x)"
    assert node(ELEMENTARY["step"]) is sympy.Heaviside


def test_odd_records_have_odd_ends():
    assert ELEMENTARY["asinh"].end(-1).limit == -sympy.oo
    assert ELEMENTARY["atan"].end(-1).limit == -sympy.pi / 2
    assert ELEMENTARY["erf"].parity == ODD


@pytest.mark.parametrize(("interval", "words", "inside", "outside"), [
    (Interval.REAL, "a real number", [-1e9, 0], [math.inf, -math.inf, math.nan]),
    (Interval.POSITIVE, "a number > 0", [1e-300, 5], [0, -1, math.inf]),
    (Interval.NONNEGATIVE, "a number >= 0", [0, 5], [-1e-300]),
    (Interval.NEGATIVE, "a number < 0", [-2], [0, 3]),
    (Interval.NONPOSITIVE, "a number <= 0", [-2, 0], [3]),
    (Interval(-1.0, 1.0), "a number from -1 to 1", [-1, 1, 0], [1.01]),
])  # fmt: skip
def test_ranges_in_words(interval, words, inside, outside):
    assert interval.words == words
    assert all(interval.contains(value) for value in inside)
    assert not any(interval.contains(value) for value in outside)


def test_text_is_refused_without_sympy():
    code = (
        "import sys; from theory.text.outline import wellformed; from theory.errors import InputError\n"
        "assert wellformed('x/(1+a*x^2) where a>0').names == {'x', 'a'}\n"
        "for text in ('tnah(x)', 'x+*', 'power(p)', 'tanh(', '1/0'*900, 'x;', 'tanh(x, x)', 'a where a>1'):\n"
        "    try: wellformed(text)\n"
        "    except InputError as error: assert 'did you mean tanh?' in str(error) or text != 'tnah(x)'\n"
        "    else: raise AssertionError(text)\n"
        "print(sorted({'sympy', 'mpmath', 'numpy'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
