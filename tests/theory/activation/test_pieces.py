"""Splitting into smooth pieces: exact breakpoints, the same values as the original, clear refusals."""

import random

import pytest
import sympy
from sympy import (
    Abs,
    CRootOf,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    S,
    Symbol,
    asinh,
    cosh,
    erf,
    exp,
    log,
    oo,
    sign,
    sin,
    sqrt,
    tanh,
)

from theory.activation.pieces import Pieces, compare, split
from theory.errors import InputError
from theory.functions import sigmoid
from theory.symbols import x

a = Symbol("a", positive=True)
b = Symbol("b", real=True)
p = Symbol("p", positive=True)

EXACT = [
    (x, (), (x,)),
    (Abs(x), (0,), (-x, x)),
    (Abs(x) ** 2, (), (x**2,)),
    (Abs(x) ** p * sign(x), (0,), (-((-x) ** p), x**p)),
    (Max(0, x - a), (a,), (0, x - a)),
    (Max(x - a, 0) - Max(-x - a, 0), (-a, a), (x + a, 0, x - a)),
    (Abs(x - a), (a,), (a - x, x - a)),
    (tanh(Max(0, x - 1)), (1,), (0, tanh(x - 1))),
    (Max(0, tanh(x - 1)), (1,), (0, tanh(x - 1))),
    (sqrt(Abs(tanh(x))) * sign(x), (0,), (-sqrt(-tanh(x)), sqrt(tanh(x)))),
    (Max(0, Min(1, x)), (0, 1), (0, x, 1)),
    (Piecewise((x, x >= 0), (exp(x) - 1, True)), (0,), (exp(x) - 1, x)),
    (Piecewise((0, Abs(x) < 1), (x, True)), (-1, 1), (x, 0, x)),
    (Abs(exp(x) - 2), (log(2),), (2 - exp(x), exp(x) - 2)),
    (Abs(asinh(erf(x - 3))), (3,), (-asinh(erf(x - 3)), asinh(erf(x - 3)))),
    (Abs(x**5 - x - 1), (CRootOf(x**5 - x - 1, 0),), (-(x**5) + x + 1, x**5 - x - 1)),
    (Max(1, x, x**2), (-1, 1), (x**2, 1, x**2)),
    (Max(x**2, -1), (), (x**2,)),
    (Max(x, sign(x) * Abs(x) ** Rational(3, 4)), (-1, 0, 1), (-((-x) ** Rational(3, 4)), x, x ** Rational(3, 4), x)),
    (x / (1 + x**2 / 3), (), (x / (1 + x**2 / 3),)),
    # singular points of one expression stay: a hidden kink, a real pole
    (sqrt(x**4 + x**2), (0,), (sqrt(x**4 + x**2),) * 2),
    (x / (x - 1), (1,), (x / (x - 1),) * 2),
]


@pytest.mark.parametrize("expression, breakpoints, expressions", EXACT, ids=[str(row[0]) for row in EXACT])
def test_exact_pieces(expression, breakpoints, expressions):
    pieces = split(expression)
    assert pieces.breakpoints == tuple(sympy.sympify(point) for point in breakpoints)
    assert all((got - want).expand() == 0 for got, want in zip(pieces.expressions, expressions, strict=True))


@pytest.mark.parametrize(
    "expression",
    [
        Max(-1, Min(1, x)) * Abs(x - 2) + Heaviside(x + Rational(1, 3)) * sin(x),
        Abs(Abs(Abs(x) - 2) - 1),
        Max(x, tanh(x + 1)),
        Max(2 * x + 3, cosh(x / 4)),
        Max(x + Rational(7, 4), exp(-(x**2))),
        Max(-x / 3 - 2, Abs(x) ** Rational(7, 3) - 5),
        Abs(x**3 - sqrt(2) * x + 1) ** Rational(1, 3),
        Abs(tanh(x) ** 2 - Rational(1, 4)) / (1 + Abs(x)),
        Min(x**2, 2 - x, 4 + x) + Max(sign(x), sigmoid(x)),
        Abs(tanh(x) + erf(x - 1)),
        log(1 + Abs(x)) * sign(x - Rational(1, 7)),
    ],
    ids=str,
)
def test_pieces_have_the_values_of_the_expression(expression):
    pieces = split(expression)
    draw = random.Random(7)
    for _ in range(12):
        point = Rational(draw.randrange(-5000, 5000), 1009)
        got, want = (sympy.N(e.subs(x, point), 40) for e in (pieces.at(point), expression))
        # located zeros carry 50 digits, the values 40
        assert abs(got - want) <= 1e-35 * (1 + abs(want))


@pytest.mark.parametrize("point, kink", [(0.96117975137153947, Max(x, tanh(x + 1)))])
def test_certified_zero_is_a_zero(point, kink):
    (found,) = split(kink).breakpoints
    assert abs(found - point) < 1e-15
    assert abs(sympy.N((x - tanh(x + 1)).subs(x, found), 60)) < 1e-45


@pytest.mark.parametrize(
    "expression, word",
    [
        (Abs(sin(x)), "infinitely many"),
        (Abs(x) + Abs(x - b), "order"),
        (Abs(x**2 - b), "declare"),
        (Abs(b * x), "declare"),
        (Piecewise((x, x > 0)), "not defined"),
        (Abs(x**70 + x**3 - 7), "degree"),
        pytest.param(Abs(x - tanh(x) - x**3 / 3), "certainty", marks=pytest.mark.heavy),
    ],
)
def test_refusals_say_why(expression, word):
    with pytest.raises(InputError, match=word):
        split(expression)


def test_limits_and_exponents_at_a_breakpoint():
    root = split(sign(x) * Abs(x) ** Rational(3, 4)).diff()
    assert root.limit(0, 1) == oo and root.limit(0, -1) == oo
    assert root.exponent(0, 1) == Rational(-1, 4)
    symbolic = split(sign(x) * Abs(x) ** p)
    assert symbolic.exponent(0, -1) == p
    assert symbolic.diff(2).exponent(0, 1) == p - 2
    assert split(Max(0, x)).exponent(0, -1) == oo
    assert split(tanh(x) / x).limit(0, 1) == 1
    assert split(exp(-1 / Abs(x))).exponent(0, 1) == oo


def test_measured_exponent_where_leading_terms_cancel():
    # sqrt(1 + |x|) - 1 - |x|/2 = -x^2/8 + ..., not a Taylor series in the eyes of the structural rules at x = 0
    piece = split(sqrt(1 + sqrt(Abs(x))) - 1 - sqrt(Abs(x)) / 2)
    assert piece.exponent(0, 1) == 1


@pytest.mark.parametrize(
    "expression, order",
    [
        (sign(x), 0),
        (Max(0, x), 1),
        (Piecewise((x, x >= 0), (exp(x) - 1, True)), 2),
        (Abs(x) ** 3, 3),
        (Abs(x) ** Rational(5, 2), 3),
        (sin(x) / x, None),
    ],
    ids=str,
)
def test_first_discontinuous_derivative(expression, order):
    assert split(expression).first_break(0, 4) == order


def test_algebra_of_pieces():
    product = split(Max(0, x)).combine(split(Max(0, 1 - x)), lambda a, b: a * b)
    assert product.breakpoints == (0, 1)
    assert product.expressions[0] == 0 and product.expressions[2] == 0
    assert (product.expressions[1] - x * (1 - x)).expand() == 0
    assert split(Max(0, x - a)).substitute({a: 2}) == split(Max(0, x - 2))
    with pytest.raises(InputError, match="after"):
        split(Max(x - a, 0) - Max(-x - a, 0)).substitute({a: -1})
    merged = split(Max(-a, Min(a, x))).substitute({a: 0})
    assert merged.breakpoints == (0,) and merged.expressions == (S.Zero, S.Zero)
    assert split(Max(0, x)).reflect() == Pieces((S.Zero,), (-x, S.Zero))


def test_compare_decides_algebraic_numbers_exactly():
    golden = (1 + sqrt(5)) / 2
    assert compare(golden**2, golden + 1) == 0
    assert compare(CRootOf(x**5 - x - 1, 0), Rational(1167303978261418684, 10**18)) == 1


def test_breakpoint_at_an_algebraic_number_has_limits():
    pieces = split(Max(1 - 7 * x, Abs(x) ** Rational(7, 3)))
    assert [pieces.first_break(k) for k in range(len(pieces.breakpoints))] == [1] * len(pieces.breakpoints)
