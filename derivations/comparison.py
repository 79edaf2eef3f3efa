"""Numbers behind the engine's expressions, to 25 digits, and how a paper's formula is compared with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import mpmath
from sympy import Expr, Float, Rational, oo

from theory.activations.activation import Activation
from theory.averages.average import Average, averages
from theory.averages.integrand import certified
from theory.symbols import Delta

DIGITS = 25


def exact(value: Expr | int) -> mpmath.mpf:
    """A rational number at the working precision."""
    ratio = Rational(value)
    return mpmath.mpf(ratio.p) / ratio.q


@lru_cache(maxsize=512)
def _certified(average: Average, text: str, variance: Rational) -> Expr:
    value = certified(average, Activation.from_text(text), {Delta: variance}, DIGITS + 10)
    return oo if mpmath.isinf(value) else Float(value, DIGITS + 10)


def number(expression: Expr, text: str, **values: Expr | int) -> mpmath.mpf:
    """An expression of the engine as a number for one activation, every average certified by quadrature.

    Parameters
    ----------
    expression : Expr
        In averages of the generic activation and symbols.
    text : str
        Activation, without parameters.
    **values : rational number
        A value for every free symbol, by name.

    Returns
    -------
    mpmath.mpf
        inf where the expression is infinite.
    """
    given = {symbol: Rational(values[symbol.name]) for symbol in sorted(expression.free_symbols, key=str)}
    forms = {average: _certified(average, text, given[Delta]) for average in averages(expression)}
    value = expression.xreplace(forms).subs(given).evalf(DIGITS + 10)
    return mpmath.inf if value == oo else mpmath.mpmathify(value)


def agree(left: mpmath.mpf, right: mpmath.mpf, digits: int = DIGITS) -> bool:
    """Whether two numbers agree to `digits` significant digits."""
    if mpmath.isinf(left) or mpmath.isinf(right):
        return bool(left == right)
    return bool(abs(left - right) <= mpmath.mpf(10) ** -digits * max(abs(left), abs(right)))


def precisely(check: Callable[[], bool]) -> Callable[[], bool]:
    """The check, run with guard digits."""

    def run() -> bool:
        with mpmath.workdps(DIGITS + 15):
            return check()

    return run


def tends_to(value: Callable[[Rational], mpmath.mpf], limit: mpmath.mpf, rate: Rational) -> bool:
    """Whether value(Delta) - limit falls as Delta^-rate between Delta = 10^16 and 10^20, to one percent.

    The next order is Delta^-rate smaller, 10^-8 for the rates used here, so that a wrong limit or rate cannot pass.
    """
    first, second = (abs(value(Rational(10) ** k) - limit) for k in (16, 20))
    return second > 0 and abs(first / second / mpmath.mpf(10) ** (4 * mpmath.mpf(rate.p) / rate.q) - 1) < 0.01
