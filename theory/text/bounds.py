"""Sizes that SymPy and a double can carry: every constant, exponent and degree of a formula stays within them."""

from __future__ import annotations

from collections.abc import Iterable

import mpmath
import sympy
from sympy import Expr, Rational, Symbol

from theory.symbols import x
from theory.text.evaluation import value
from theory.text.realness import MAX_DEGREE, degrees

MAX_EXPONENT = 64
"""Largest size of a numerical exponent."""

MAX_DENOMINATOR = 10**9
"""Largest denominator of a fractional exponent."""

MAX_PARAMETER_DEGREE = 8
"""Largest degree in one parameter."""

MAX_BITS = 2048
"""Largest size of an exact constant, numerator and denominator together, in bits."""

LARGEST = mpmath.mpf(10) ** 300
"""Largest size of a constant and of its inverse, within what a double holds."""


def excess(expression: Expr, parameters: Iterable[Symbol]) -> str | None:
    """What about an expression exceeds the bounds, in words, or None.

    Parameters
    ----------
    expression : Expr
    parameters : iterable of Symbol
        Symbols besides x.

    Returns
    -------
    str or None
    """
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
        return "is not a finite real number"
    if any(bits(number) > MAX_BITS or not _fits(number) for number in expression.atoms(Rational)):
        return "contains a constant too large or too small to compute with"
    if not expression.free_symbols and not isinstance(expression, Rational):
        size = value(expression)
        if size is None or (size and not 1 / LARGEST < abs(size) < LARGEST):
            return "is a constant that is too large, too small or cannot be told from zero"
    if any(isinstance(p.exp, Rational) and abs(p.exp) > MAX_EXPONENT for p in expression.atoms(sympy.Pow)):
        return f"has an exponent larger than {MAX_EXPONENT} in size"
    if max(degrees(expression, x)) > MAX_DEGREE:
        return f"has a degree in x above {MAX_DEGREE}"
    for symbol in parameters:
        if max(degrees(expression, symbol)) > MAX_PARAMETER_DEGREE:
            return f"has a degree in {symbol.name} above {MAX_PARAMETER_DEGREE}"
    if any(_slow_sign(sum_) for sum_ in expression.atoms(sympy.Add)):
        return "has irrational coefficients in a polynomial of degree above 2 in a parameter; name them as parameters"
    return None


def _slow_sign(expression: Expr) -> bool:
    """Whether SymPy would hunt for the roots of a polynomial with irrational coefficients to find a sign (seconds)."""
    if len(expression.free_symbols) != 1 or expression.has(x):
        return False
    (symbol,) = expression.free_symbols
    irrational = expression.has(sympy.NumberSymbol, sympy.Function) or any(
        not isinstance(p.exp, sympy.Integer) for p in expression.atoms(sympy.Pow)
    )
    return irrational and max(degrees(expression, symbol)) > 2


def bits(number: Rational) -> int:
    """Size of a rational number, numerator and denominator together."""
    return int(abs(number.p)).bit_length() + int(number.q).bit_length()


def _fits(number: Rational) -> bool:
    """Whether a rational constant and its inverse are within the range of a double."""
    return number == 0 or abs(int(abs(number.p)).bit_length() - int(number.q).bit_length()) < 997
