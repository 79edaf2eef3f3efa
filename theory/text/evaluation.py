"""Guarded evaluation of an expression at one point with mpmath: never hangs, never pretends to know.

`evalf` and `lambdify` would follow exp(exp(exp(exp(10)))) until memory ends. Here a value that is too large, or that is
all rounding error, is `None`.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping

import mpmath
import sympy
from mpmath import mpf
from sympy import Basic, Expr, Symbol

from theory.functions import record_of

DIGITS = 50
_LOST_DIGITS = 42  # a sum smaller than this many digits of its largest term is rounding error
_MAX_ARGUMENT = 2 * 10**4  # largest |u| in exp(u): sin(exp(2e4)) still reduces its argument in a millisecond
_MAX_MAGNITUDE = 10**6  # largest binary exponent of any value


class _Unknown(Exception):
    """The value is out of reach or all rounding error."""


def value(expression: Expr, point: Mapping[Symbol, mpf | int] | None = None) -> mpf | None:
    """Value of a real expression at a point.

    Parameters
    ----------
    expression : Expr
        Expression of the parser's whitelist.
    point : mapping of Symbol to number, optional
        Values of all its symbols.

    Returns
    -------
    mpf or None
        The value to about 40 digits, or None where it is out of range, not real, undefined or lost to cancellation.
    """
    with mpmath.workdps(DIGITS):
        try:
            return _value(expression, point or {})
        except (_Unknown, ArithmeticError, ValueError):
            return None


def holds(condition: Basic, point: Mapping[Symbol, mpf | int]) -> bool:
    """Whether a condition (comparison, And, true, false) holds at a point; unknown counts as not."""
    if condition in (sympy.true, sympy.false):
        return bool(condition)
    if isinstance(condition, sympy.And):
        return all(holds(part, point) for part in condition.args)
    left, right = (value(side, point) for side in condition.args)
    if left is None or right is None:
        return False
    return bool(_COMPARE[condition.rel_op](left, right))


_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _value(node: Expr, point: Mapping[Symbol, mpf | int]) -> mpf:
    result = _raw_value(node, point)
    if isinstance(result, mpmath.mpc) or not mpmath.isfinite(result):
        raise _Unknown
    if result and abs(mpmath.mag(result)) > _MAX_MAGNITUDE:
        raise _Unknown
    return result


def _raw_value(node: Expr, point: Mapping[Symbol, mpf | int]) -> mpf:
    if isinstance(node, sympy.Rational):
        return mpf(int(node.p)) / int(node.q)
    if isinstance(node, sympy.Symbol):
        return mpf(point[node])
    if isinstance(node, sympy.NumberSymbol):
        return mpf(node._to_mpmath(mpmath.mp.prec))
    if isinstance(node, sympy.Add):
        return _sum([_value(term, point) for term in node.args])
    if isinstance(node, sympy.Mul):
        return mpmath.fprod(_value(factor, point) for factor in node.args)
    if isinstance(node, sympy.Pow):
        return _power(_value(node.base, point), _value(node.exp, point))
    if isinstance(node, sympy.Piecewise):
        for pair in node.args:
            if holds(pair.cond, point):
                return _value(pair.expr, point)
        raise _Unknown
    return _function(node, [_value(argument, point) for argument in node.args])


def _sum(terms: list[mpf]) -> mpf:
    total = mpmath.fsum(terms)
    largest = max(abs(term) for term in terms)
    if largest and abs(total) < largest * mpf(10) ** -_LOST_DIGITS:
        raise _Unknown
    return total


def _power(base: mpf, exponent: mpf) -> mpf:
    if base and abs(mpmath.mag(base) * exponent) > _MAX_MAGNITUDE:
        raise _Unknown
    return base**exponent


def _function(node: Expr, arguments: list[mpf]) -> mpf:
    if isinstance(node, sympy.Max | sympy.Min):
        return max(arguments) if isinstance(node, sympy.Max) else min(arguments)
    record = record_of(node)
    if record is None:
        raise _Unknown
    u = arguments[0]
    if record.explodes and abs(u) > _MAX_ARGUMENT:
        raise _Unknown
    if record.wave and abs(mpmath.mag(u)) > 10 * _MAX_ARGUMENT:
        raise _Unknown
    return record.value(u)
