"""Sizes that SymPy and a double can carry: every constant, exponent and degree of a formula stays within them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from theory.lazy import Lazy, sympy

if TYPE_CHECKING:
    from sympy import Expr, Rational, Symbol

evaluation: Any = Lazy("theory.text.evaluation")

MAX_DEGREE = 128
"""Largest degree of a numerator or denominator in x, or any other name of a text."""

MAX_EXPONENT = 64
"""Largest size of a numerical exponent."""

MAX_DENOMINATOR = 10**9
"""Largest denominator of a fractional exponent."""

MAX_PARAMETER_DEGREE = 8
"""Largest degree in one parameter."""

MAX_BITS = 2048
"""Largest size of an exact constant, numerator and denominator together, in bits."""

LARGEST = 10**300
"""Largest size of a constant and of its inverse, within what a double holds."""


def excess(expression: Expr, parameters: Iterable[Symbol]) -> str | None:
    """What about an expression exceeds the bounds, in words, or None.

    Parameters
    ----------
    expression : Expr
    parameters : iterable of Symbol
        Symbols of which only low powers are allowed.

    Returns
    -------
    str or None
    """
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I):
        return "is not a finite real number"
    if any(bits(number) > MAX_BITS or not _fits(number) for number in expression.atoms(sympy.Rational)):
        return "contains a constant too large or too small to compute with"
    if not expression.free_symbols and not isinstance(expression, sympy.Rational):
        size = evaluation.value(expression)
        if size is None or (size and (abs(size) >= LARGEST or abs(1 / size) >= LARGEST)):
            return "is a constant that is too large, too small or cannot be told from zero"
    if any(isinstance(p.exp, sympy.Rational) and abs(p.exp) > MAX_EXPONENT for p in expression.atoms(sympy.Pow)):
        return f"has an exponent larger than {MAX_EXPONENT} in size"
    parameters = tuple(parameters)
    for symbol in sorted(expression.free_symbols, key=str):
        largest = MAX_PARAMETER_DEGREE if symbol in parameters else MAX_DEGREE
        if max(degrees(expression, symbol)) > largest:
            return f"has a degree in {symbol.name} above {largest}"
    if any(_slow_sign(sum_) for sum_ in expression.atoms(sympy.Add) if sum_.free_symbols <= {*parameters}):
        return "has irrational coefficients in a polynomial of degree above 2 in a parameter; name them as parameters"
    return None


def _slow_sign(expression: Expr) -> bool:
    """Whether SymPy would hunt for the roots of a polynomial with irrational coefficients to find a sign (seconds)."""
    if len(expression.free_symbols) != 1:
        return False
    (symbol,) = expression.free_symbols
    irrational = expression.has(sympy.NumberSymbol, sympy.Function) or any(
        not isinstance(p.exp, sympy.Integer) for p in expression.atoms(sympy.Pow)
    )
    return irrational and max(degrees(expression, symbol)) > 2


def degrees(expression: Expr, symbol: Symbol) -> tuple[int, int]:
    """Upper bounds for the degrees of numerator and denominator of the whole; functions count as symbols."""
    if expression == symbol:
        return 1, 0
    if isinstance(expression, sympy.Add):
        n, d = 0, 0
        for p, q in (degrees(term, symbol) for term in expression.args):
            n, d = max(n + q, p + d), d + q
        return n, d
    if isinstance(expression, sympy.Mul):
        pairs = [degrees(factor, symbol) for factor in expression.args]
        return sum(p for p, _ in pairs), sum(q for _, q in pairs)
    if isinstance(expression, sympy.Pow):
        p, q = degrees(expression.base, symbol)
        k = int(sympy.ceiling(abs(expression.exp))) if isinstance(expression.exp, sympy.Rational) else 1
        return (p * k, q * k) if not expression.exp.could_extract_minus_sign() else (q * k, p * k)
    return (1 if expression.has(symbol) else 0), 0


def bits(number: Rational) -> int:
    """Size of a rational number, numerator and denominator together."""
    return int(abs(number.p)).bit_length() + int(number.q).bit_length()


def _fits(number: Rational) -> bool:
    """Whether a rational constant and its inverse are within the range of a double."""
    return number == 0 or abs(int(abs(number.p)).bit_length() - int(number.q).bit_length()) < 997
