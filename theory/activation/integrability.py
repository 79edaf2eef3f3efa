"""When Gaussian moments are finite: local exponents at kinks, growth at infinity."""

from __future__ import annotations

from typing import TypeAlias

import sympy
from sympy import Expr, S, Symbol
from sympy.logic.boolalg import Boolean

from theory.activation.endpoints import same_value
from theory.activation.growth import Growth
from theory.activation.pieces import Pieces
from theory.errors import InputError

Condition: TypeAlias = bool | Boolean
"""True, False, or a condition on parameters or on Delta."""


def square_integrable(derivatives: list[Pieces], sides: tuple[Growth, Growth], variance: Symbol) -> Condition:
    """When the Gaussian average of the square of phi^(n), the last of phi, phi', ..., phi^(n), is finite.

    Needs local exponents above -1/2 and no jump of a lower derivative (a jump leaves a delta function), and at infinity
    what <phi^2> needs: differentiation does not change a Gaussian rate. For an exponent that depends on a parameter the
    condition is the one for generic values of it.
    """
    last = derivatives[-1]
    conditions: list[Condition] = []
    for index in range(len(last.breakpoints)):
        if any(_jumps(lower, index) for lower in derivatives[:-1]):
            return False
        conditions += [_exceeds(last.exponent(index, side), -S.Half) for side in (-1, 1)]
    return _all_of([*conditions, *(side.finite(variance, S(2)) for side in sides)])


def absolute_moment_condition(pieces: Pieces, sides: tuple[Growth, Growth], k: Expr, variance: Symbol) -> Condition:
    """When <|F|^k> is finite for a Gaussian of the given variance.

    Parameters
    ----------
    pieces : Pieces
        F.
    sides : tuple of Growth
        Its growth at +oo and -oo.
    k : Expr
        Positive order.
    variance : Symbol
        Symbol for the bound: log|F| ~ c x^2 asks for variance < 1/(2 k c).
    """
    conditions: list[Condition] = []
    for index in range(len(pieces.breakpoints)):
        conditions += [_exceeds(sympy.expand(k * pieces.exponent(index, side)), S.NegativeOne) for side in (-1, 1)]
    return _all_of([*conditions, *(side.finite(variance, k) for side in sides)])


def _jumps(pieces: Pieces, index: int) -> bool:
    try:
        left, right = pieces.limit(index, -1), pieces.limit(index, 1)
    except InputError:
        # an exponent of open sign: the condition on the last exponent implies a common finite limit for generic values
        return False
    return bool(left.is_finite and right.is_finite and not same_value(left, right))


def _exceeds(exponent: Expr, bound: Expr) -> Condition:
    """``exponent > bound``, solved for a parameter that enters linearly."""
    if exponent.is_infinite:
        return exponent is S.Infinity
    difference = sympy.expand(exponent - bound)
    if difference.is_positive:
        return True
    if difference.is_nonpositive:
        return False
    symbols = sorted(difference.free_symbols, key=str)
    if len(symbols) == 1 and difference.is_polynomial(symbols[0]) and sympy.degree(difference, symbols[0]) == 1:
        slope, offset = sympy.Poly(difference, symbols[0]).all_coeffs()
        threshold = -offset / slope
        return sympy.Gt(symbols[0], threshold) if slope.is_positive else sympy.Lt(symbols[0], threshold)
    return sympy.Gt(difference, 0)


def _all_of(conditions: list[Condition]) -> Condition:
    whole = sympy.And(*conditions)
    return bool(whole) if whole in (sympy.true, sympy.false) else whole
