"""How a function grows at plus and minus infinity, found from its expression.

The leading term in t = 1/|x| comes from `theory.activation.endpoints` (degree counting and structural rules, high-precision values
where leading terms cancel); exponential rates are collected by rules of their own. No symbolic limit is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy
from sympy import Dummy, Expr, Rational, S
from sympy.logic.boolalg import Boolean

from theory.activation.endpoints import Leading, direction, leading_term
from theory.activation.zeros import sign_of
from theory.errors import InputError
from theory.functions import record_of
from theory.symbols import x


@dataclass(frozen=True)
class Growth:
    """Behaviour on one side of the real axis.

    Attributes
    ----------
    kind : str
        'bounded', 'sublinear', 'linear', 'power' (faster than linear), 'exponential', 'gaussian', 'faster', or
        'parametric' when the exponent depends on a parameter whose range leaves the kind open.
    slope : Expr
        Limit of phi(x)/x; for an oscillating function the largest size it returns to; may be infinite.
    exponent : Expr
        q in phi ~ |x|^q; -oo for decay and oo for growth faster than any power.
    gaussian_rate : Expr
        c in log|phi| ~ c x^2 (0 unless the kind is 'gaussian', oo for 'faster').
    limit : Expr or None
        Limit of phi(x); None where it oscillates or depends on parameters.
    """

    kind: str
    slope: Expr
    exponent: Expr
    gaussian_rate: Expr = S.Zero
    limit: Expr | None = None

    def finite(self, variance: Expr, k: Expr = S.One) -> Boolean:
        """When this side of <|phi|^k> is finite for a Gaussian of that variance: log|phi| ~ c x^2 asks for 2 k c variance < 1."""
        if self.kind == "gaussian":
            return sympy.Lt(variance, 1 / (2 * k * self.gaussian_rate))
        return sympy.false if self.kind == "faster" else sympy.true


@lru_cache(maxsize=256)
def growth(piece: Expr, side: int) -> Growth:
    """Growth of a smooth expression as x -> +oo (`side` 1) or -oo (`side` -1).

    Raises
    ------
    InputError
        If parameters hide the leading term.
    """
    steady, wave = _without_waves(piece, side)
    leading = _leading_at_infinity(steady, side, wave)
    oscillates = leading.coefficient.has(wave)
    coefficient, exponent = leading.coefficient.xreplace({wave: S.One}), -leading.exponent
    if exponent.is_infinite:
        return _exponential(steady.xreplace({wave: S.One}), side) if exponent is S.Infinity else _decay()
    excess = sign_of(exponent - 1)
    if excess is None:
        return Growth("parametric", _parametric_slope(side * coefficient, exponent - 1), exponent)
    limit = None if oscillates else _infinite(coefficient)
    if excess == 0 and not coefficient.is_infinite:
        return Growth("linear", side * coefficient, exponent, limit=limit)
    if excess >= 0:
        return Growth("power", S.Infinity * _sign_or_one(side * coefficient), exponent, limit=limit)
    sign = sign_of(exponent)
    if sign == 0 and coefficient.is_infinite is not True:
        return Growth("bounded", S.Zero, S.Zero, limit=None if oscillates else coefficient)
    if sign == -1:
        return Growth("bounded", S.Zero, exponent, limit=S.Zero)
    # below linear for every allowed parameter, growing or not
    return Growth("sublinear", S.Zero, exponent, limit=None if sign is None else limit)


def _decay() -> Growth:
    return Growth("bounded", S.Zero, S.NegativeInfinity, limit=S.Zero)


def _infinite(coefficient: Expr) -> Expr | None:
    sign = coefficient if coefficient.is_infinite else sign_of(coefficient)
    return None if sign is None else S.Infinity * sign


def _sign_or_one(coefficient: Expr) -> int:
    return sign_of(coefficient) or 1


def _parametric_slope(coefficient: Expr, excess: Expr) -> Expr:
    """Limit of c |x|^excess for an exponent of open sign."""
    return sympy.Piecewise(
        (S.Zero, excess < 0), (coefficient, sympy.Eq(excess, 0)), (S.Infinity * _sign_or_one(coefficient), True)
    )


def _without_waves(piece: Expr, side: int) -> tuple[Expr, Dummy]:
    """Replace sin(v), cos(v) of an unbounded v by one positive symbol, which bounds them in size."""
    wave = Dummy("wave", positive=True)
    calls = (u for u in piece.atoms(sympy.Function) if u.has(x) and (record := record_of(u)) and record.wave)
    unbounded = (u for u in calls if direction(leading_term(u.args[0], S.Infinity * side, side).exponent) != 1)
    return piece.xreplace(dict.fromkeys(unbounded, wave)), wave


def _leading_at_infinity(piece: Expr, side: int, wave: Dummy) -> Leading:
    if piece.is_rational_function(x) and not piece.has(wave):
        numerator, denominator = (sympy.Poly(part, x) for part in sympy.fraction(sympy.together(piece)))
        if numerator.is_zero:
            return Leading(S.Zero, S.Infinity)
        degree = numerator.degree() - denominator.degree()
        return Leading(side**degree * numerator.LC() / denominator.LC(), S(-degree))
    try:
        return leading_term(piece, S.Infinity * side, side)
    except InputError:
        if not piece.has(wave):
            raise
        return leading_term(piece.xreplace({wave: S.Half}), S.Infinity * side, side)


def _exponential(piece: Expr, side: int) -> Growth:
    """Growth faster than every power: rate and degree of log|phi| ~ rate |x|^degree."""
    rate, degree = _log_growth(piece, side)
    slope = S.Infinity
    if degree.is_infinite or sign_of(degree - 2) == 1:
        return Growth("faster", slope, S.Infinity, S.Infinity)
    if sign_of(degree - 2) == 0:
        return Growth("gaussian", slope, S.Infinity, rate)
    return Growth("exponential", slope, S.Infinity)


def _log_growth(u: Expr, side: int) -> tuple[Expr, Expr]:
    """(rate, degree) of log|u|; (0, 0) for anything between powers."""
    if u.is_Mul:
        parts = [_log_growth(factor, side) for factor in u.args]
        degree = max((d for _, d in parts), key=_size)
        return sympy.Add(*(r for r, d in parts if d == degree)), degree
    if u.is_Pow and not u.exp.has(x):
        rate, degree = _log_growth(u.base, side)
        return rate * u.exp, degree
    if u.is_Add:
        parts = [_log_growth(term, side) for term in u.args]
        growing = [part for part in parts if sign_of(part[0]) == 1] or parts
        return max(growing, key=lambda part: (_size(part[1]), _size(part[0])))
    return _log_growth_of_call(u, side) if u.args and u.has(x) else (S.Zero, S.Zero)


def _log_growth_of_call(u: Expr, side: int) -> tuple[Expr, Expr]:
    record = record_of(u)
    argument = sympy.log(u.base) * u.exp if u.is_Pow else record.argument(u) if record else u.args[0]
    c, q = leading_term(argument, S.Infinity * side, side)
    if direction(q) != -1:
        return S.Zero, S.Zero
    if u.is_Pow:
        return c, -q
    side = 1 if sign_of(c) == 1 else -1
    end = None if record is None else record.end(side)
    if record is None or end is None or not end.rate:
        return S.Zero, S.Zero
    return end.rate * (abs(c) if record.parity else side * c) ** end.degree, -end.degree * q


def _size(value: Expr) -> float:
    """A number to order by; a parameter counts as a generic positive value, which only breaks ties in a bound."""
    if value.is_infinite:
        return float("inf") if value is S.Infinity else float("-inf")
    return float(value.subs({symbol: Rational(7, 5) for symbol in value.free_symbols}))
