"""Enclosures contain every value; poles and negative radicands are found where exact root isolation says they are."""

import mpmath
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
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
    sinh,
    sqrt,
    tanh,
)

from theory.enclosure import enclosure
from theory.errors import InputError
from theory.functions import sigmoid, softplus
from theory.symbols import x
from theory.text.evaluation import value
from theory.text.realness import NONNEGATIVE, NONZERO, POINTS, POSITIVE, Effort, failure

a, b = Symbol("a", positive=True), Symbol("b", real=True)

UNARY = [tanh, sin, cos, atan, asinh, erf, erfc, Abs, sign, sigmoid, softplus, sinh, cosh, exp, lambda u: Max(0, u)]


def expressions():
    numbers = st.fractions(-9, 9, max_denominator=7).map(lambda q: Rational(q.numerator, q.denominator))
    leaves = st.just(x) | st.just(a) | numbers | st.just(pi)

    def grow(inner):
        pairs = st.tuples(inner, inner)
        return (
            pairs.map(lambda p: p[0] + p[1])
            | pairs.map(lambda p: p[0] * p[1])
            | pairs.map(lambda p: Min(p[0], p[1]))
            | pairs.map(lambda p: p[0] / (1 + p[1] ** 2))
            | inner.map(lambda u: sqrt(1 + u**2))
            | st.tuples(inner, st.integers(2, 5)).map(lambda p: p[0] ** p[1])
            | st.tuples(st.sampled_from(UNARY), inner).map(lambda p: p[0](p[1]))
        )

    return st.recursive(leaves, grow, max_leaves=6)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(expressions(), st.floats(-30, 30), st.floats(0.01, 30))
def test_an_enclosure_contains_every_value(expression, at, parameter):
    bounds = enclosure(expression)
    number = value(expression, {x: mpmath.mpf(at), a: mpmath.mpf(parameter)})
    if number is None:
        return
    with mpmath.workdps(50):
        slack = abs(number) / mpmath.mpf(10) ** 39  # digits that a sum may lose
        assert mpmath.mpmathify(bounds.low) <= number + slack
        assert mpmath.mpmathify(bounds.high) >= number - slack


@pytest.mark.parametrize(
    "expression",
    [
        1 + x**2,
        2 + sin(x),
        1 + tanh(x),
        1 - tanh(x) ** 2,
        cosh(x) - Rational(1, 2),
        1 + a * x**2,
        exp(-(x**2)),
        softplus(x) + Abs(x),
        sqrt(1 + x**2) - Rational(1, 2),
        1 / (1 + x**2) + Max(0, x),
        sigmoid(x) * erfc(x),
        a + sign(x) ** 2,
    ],
    ids=str,
)
def test_what_is_obviously_positive_is_proven_positive(expression):
    assert enclosure(expression).positive


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.integers(-6, 6), min_size=2, max_size=6), st.sampled_from([NONZERO, NONNEGATIVE, POSITIVE]))
@pytest.mark.heavy
def test_polynomials_are_decided_exactly(coefficients, requirement):
    p = Poly(coefficients, x)
    roots = p.count_roots() if not p.is_zero else 1
    samples = [p.eval(Rational(k, 16)) for k in range(-256, 257)]  # all real roots lie within 1 + 6 of zero
    expected = {
        NONZERO: roots == 0,
        NONNEGATIVE: min(samples) >= 0 and all(k % 2 == 0 for r, k in p.sqf_list()[1] if r.count_roots()),
        POSITIVE: roots == 0 and min(samples) > 0,
    }[requirement]
    if p.is_zero:
        expected = requirement == NONNEGATIVE
    assert (failure(p.as_expr(), requirement) is None) == expected


@pytest.mark.parametrize(
    ("expression", "requirement", "where"),
    [
        (tanh(x) - Rational(1, 3), NONZERO, "0.346574"),
        (1 + sin(x), NONZERO, "-1.5708"),
        (exp(x) - 2, NONZERO, "0.693147"),
        (cosh(x) - 1, NONZERO, "0"),
        ((tanh(x) - Rational(1, 2)) ** 2, NONZERO, "0.549306"),
        (x**2 - Rational(1, 10**12), NONNEGATIVE, "0"),
        (x - 10**9, NONZERO, "1000000000"),
    ],
    ids=str,
)
def test_violations_are_located(expression, requirement, where):
    assert failure(expression, requirement).split(" and ")[0] == f"at x = {where}"


@pytest.mark.parametrize(
    "expression",
    [
        exp(2 * x) - exp(x) + 1,
        Rational(1, 2) + sign(x),
        x * tanh(x) + 1,
        sin(x) ** 2 + cos(x) ** 2 / 2,
        log(2 + x**4) - sin(x) / 9,
    ],
    ids=str,
)
def test_what_never_vanishes_passes(expression):
    assert failure(expression, NONZERO) is None


def test_parameters_are_tried_within_their_assumptions():
    assert failure(a + x**2, NONZERO, [a]) is None
    assert failure(b + x**2, NONZERO, [b]) == "at x = 0 for b = 0"
    assert failure(1 + b * x + b**2 * x**2, NONZERO, [b]) is None


def test_only_the_branch_counts():
    assert failure(x, NONZERO, branch=[(x > 0, True)]) is None
    assert failure(x, NONZERO, branch=[(x >= 0, True)]) is not None
    assert failure(x, POSITIVE, branch=[(x <= 0, False)]) is None
    assert failure(x - a, NONZERO, [a], branch=[(x > a, True)]) is None
    assert failure(tanh(x), POSITIVE, branch=[(x > 0, True)]) is None


def test_the_work_is_bounded():
    with pytest.raises(InputError, match="too intricate"):
        failure(exp(2 * x) - exp(x) + 1, NONZERO, effort=Effort(100))


def test_points_cover_the_line():
    assert 0 in POINTS
    assert len(POINTS) >= 41
    assert min(POINTS) == -max(POINTS)
    assert abs(max(POINTS) - 1000) < 1e-9


def test_evaluation_never_pretends_to_know():
    assert value(exp(exp(exp(exp(x)))), {x: mpmath.mpf(10)}) is None
    assert value(sin(x) ** 2 + cos(x) ** 2 - 1, {x: mpmath.mpf(2)}) is None
    assert value(1 / x, {x: mpmath.mpf(0)}) is None
    assert value(sqrt(x), {x: mpmath.mpf(-1)}) is None
    assert abs(value(sympy.E - pi) - (mpmath.e - mpmath.pi)) < 1e-15
