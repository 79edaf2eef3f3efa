"""Pade approximants with exact coefficients, from Taylor series built by rational recurrences.

A power series is a list of coefficients in a field K. K is the rationals, extended by the parameters and by the two
constants 2/sqrt(pi) and log(2) that erf and softplus bring; each function of a series follows from its derivative, as
f(u)' = u' f'(u), coefficient by coefficient. `sympy.series` is not used: it can hang.

References
----------
G. A. Baker, P. Graves-Morris, Pade Approximants, 2nd ed. (1996), sections 1.1 and 1.4.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import sympy
from sympy import QQ, Expr, Poly, Rational
from sympy.polys.fields import field
from sympy.polys.matrices import DomainMatrix

from theory.errors import InputError
from theory.functions import record_of
from theory.symbols import x
from theory.text.realness import NONZERO, failure

MAX_ORDER = 24
"""Largest m + n of a Pade approximant."""

MAX_SYMBOLIC_ORDER = 10
"""Largest m + n when the function contains parameters, whose powers fill the coefficients."""

MAX_TERMS = 16
"""Most terms of one coefficient with parameters or constants."""

Series = list[Any]
"""Taylor coefficients about 0, elements of one field."""


class _NoSeries(Exception):
    """The function has no Taylor series about 0 in the field; the text says why."""


def pade(function: Expr, m: int, n: int) -> Expr:
    """The [m/n] Pade approximant about 0: numerator of degree m, denominator of degree n.

    P/Q with deg P <= m, deg Q <= n, Q(0) = 1 agrees with the function up to and including x^(m+n). An odd function has
    odd P and even Q, so that entries such as [2/2] reduce to lower ones ([1/2]) and entries such as [2/1] do not exist.

    Parameters
    ----------
    function : Expr
        Function of ``theory.symbols.x``, analytic at 0: rational combinations and compositions of tanh, sinh, cosh,
        exp, sin, cos, atan, asinh, erf, erfc, sigmoid, softplus, log(1 + ...), and powers.
    m, n : int
        Degrees of the numerator and of the denominator, m + n <= ``MAX_ORDER``.

    Returns
    -------
    Expr
        Quotient with exact coefficients, e.g. pade(tanh(x), 3, 2) = x*(15 + x**2)/(15 + 6*x**2).

    Raises
    ------
    InputError
        No Taylor series at 0, a table entry that does not exist, or a denominator with a real zero.
    """
    largest = MAX_SYMBOLIC_ORDER if function.free_symbols - {x} else MAX_ORDER
    if min(m, n) < 0 or m + n > largest:
        why = " for a function with parameters" if largest < MAX_ORDER else ""
        raise InputError(f"the degrees of pade(f, m, n) are integers m, n >= 0 with m + n <= {largest}{why}")
    ring = _Taylor(function, m + n + 1)
    try:
        c = ring.whole(function)
    except _NoSeries as reason:
        raise InputError(f"pade(f, m, n) needs a Taylor series of f at 0, but {reason}") from None
    q = _denominator(ring, c, m, n)
    if q is None:
        raise InputError(
            f"the [{m}/{n}] Pade approximant of {function} does not exist (its equations are singular); "
            "choose other degrees, for an odd function odd m and even n"
        )
    p = [sum((q[j] * c[i - j] for j in range(min(i, n) + 1)), ring.zero) for i in range(m + 1)]
    if ring.symbols and max(len(a.numer) + len(a.denom) for a in [*p, *q]) > MAX_TERMS:
        raise InputError(
            "the coefficients of this Pade approximant are too long; use fewer parameters or lower degrees"
        )
    result = _quotient([ring.to_sympy(a) for a in p], [ring.to_sympy(a) for a in q])
    _refuse_poles(result, function, m, n)
    return result


def _denominator(ring: _Taylor, c: Series, m: int, n: int) -> Series | None:
    """Coefficients 1, q_1, ..., q_n with sum_j q_j c_(m+i-j) = 0 for i = 1..n, or None if there are none."""

    def entry(i: int, j: int) -> Any:
        return c[m + i - j] if m + i >= j else ring.zero

    q = [ring.one] + [ring.zero] * n
    if not n:
        return q
    domain = ring.field if ring.field is QQ else ring.field.to_domain()
    rows = [[entry(i, j) for j in range(1, n + 1)] + [-entry(i, 0)] for i in range(1, n + 1)]
    reduced, pivots = DomainMatrix(rows, (n, n + 1), domain).rref()
    if n in pivots:
        return None
    # A consistent singular system means that f is (to this order) rational of lower degree: free q_j are zero.
    for row, column in enumerate(pivots):
        q[column + 1] = reduced[row, n].element
    return q


def _quotient(p: list[Expr], q: list[Expr]) -> Expr:
    """P/Q as a theorist writes it: powers of x taken out, integer coefficients unless the numerator is a monomial."""
    power = next((k for k, a in enumerate(p) if a != 0), 0)
    factor = p[power] if p[power].free_symbols or not p[power].is_Rational else sympy.S.One
    scaled = [sympy.cancel(a / factor) if a.free_symbols else sympy.Mul(a, 1 / factor) for a in p]
    if not all(a.is_Rational for a in [*scaled, *q]):
        return x**power * _polynomial(p[power:]) / _polynomial(q)
    P, Q = (Poly(a[::-1], x, domain="QQ") for a in (scaled, q))
    P, Q = P.cancel(Q, include=True)  # jointly primitive integers
    p = P.all_coeffs()[::-1][power:]
    scale = Q.eval(0) if len(p) == 1 else sympy.sign(Q.eval(0))
    return factor * x**power * _polynomial([a / scale for a in p]) / (Q.as_expr() / scale).expand()


def _polynomial(coefficients: list[Expr]) -> Expr:
    return sympy.Add(*(a * x**k for k, a in enumerate(coefficients)))


def _refuse_poles(result: Expr, function: Expr, m: int, n: int) -> None:
    denominator = result.as_numer_denom()[1]
    parameters = sorted(denominator.free_symbols - {x}, key=lambda symbol: symbol.name)
    found = failure(denominator, NONZERO, parameters)
    if found is not None:
        raise InputError(
            f"the denominator of the [{m}/{n}] Pade approximant of {function} vanishes {found}; choose other degrees"
        )


class _Taylor:
    """Power series of expressions over one field, up to `length` coefficients."""

    def __init__(self, function: Expr, length: int) -> None:
        self.length = length
        symbols: list[Expr] = sorted(function.free_symbols - {x}, key=str)
        symbols += sorted(function.atoms(sympy.NumberSymbol), key=str)
        self.symbols: dict[Expr, Any] = {}
        self.calls: dict[Expr, Series] = {}
        self.field: Any = QQ
        if symbols or function.atoms(sympy.Function):
            self.field, *generators = field([*map(str, symbols), "2/sqrt(pi)", "log(2)"], QQ)
            self.symbols = dict(zip(symbols, generators, strict=False))
            self.symbols |= {1 / sympy.sqrt(sympy.pi): generators[-2] / 2, sympy.log(2): generators[-1]}
        self._values = [*symbols, 2 / sympy.sqrt(sympy.pi), sympy.log(2)]
        self.zero, self.one = self.field(0), self.field(1)

    def to_sympy(self, element: Any) -> Expr:
        """The field element as an expression."""
        return QQ.to_sympy(element) if self.field is QQ else element.as_expr(*self._values)

    def constant(self, element: Any) -> Series:
        """The series of a constant."""
        return [element] + [self.zero] * (self.length - 1)

    def whole(self, function: Expr) -> Series:
        """Coefficients of an expression in x: each pass makes one more coefficient of the calls in it exact."""
        result, known = self.series(function), None
        while known != self.calls:
            known = dict(self.calls)
            for call, series in known.items():
                du, slope = self.derivative(self.series(call.args[0])), self.series(call.fdiff())
                self.calls[call] = [series[0], *(a / k for k, a in enumerate(self.times(du, slope)[:-1], 1))]
            result = self.series(function)
        return result

    def series(self, node: Expr) -> Series:
        """Coefficients of an expression, where those of the calls in it are what is known of them so far."""
        if isinstance(node, Rational):
            return self.constant(self.field(QQ(int(node.p), int(node.q))))
        if node in self.symbols:
            return self.constant(self.symbols[node])
        if node == x:
            return [self.zero, self.one, *[self.zero] * (self.length - 2)][: self.length]
        if isinstance(node, sympy.Add):
            return [sum(column, self.zero) for column in zip(*map(self.series, node.args), strict=True)]
        if isinstance(node, sympy.Mul):
            product = self.constant(self.one)
            for factor in node.args:
                product = self.times(product, self.series(factor))
            return product
        if isinstance(node, sympy.Pow):
            return self.power(node)
        record = record_of(node)
        if record is None or record.kink:
            raise _NoSeries(f"{node} is not analytic there or its series is not rational")
        if node not in self.calls:
            self.calls[node] = self.constant(self.start(node))
        return self.calls[node]

    def start(self, call: Expr) -> Any:
        """Value at x = 0."""
        value = call.func(self.to_sympy(self.series(call.args[0])[0]))
        if isinstance(value, Rational):
            return self.field(QQ(int(value.p), int(value.q)))
        if value not in self.symbols:
            raise _NoSeries(f"{call} has an irrational value there")
        return self.symbols[value]

    def times(self, a: Series, b: Series) -> Series:
        """Cauchy product."""
        return [sum((a[j] * b[k - j] for j in range(k + 1)), self.zero) for k in range(self.length)]

    def power(self, node: Expr) -> Series:
        """b^s from b (b^s)' = s b' b^s."""
        base, exponent = self.series(node.base), node.exp
        if not isinstance(exponent, Rational):
            raise _NoSeries(f"{node} has no rational exponent")
        if exponent.is_Integer and exponent > 0:
            return reduce(self.times, [base] * int(exponent))
        if exponent.is_Integer and not base[0]:
            raise _NoSeries(f"{node} has a pole there")
        start = sympy.Pow(self.to_sympy(base[0]), exponent) if base[0] else sympy.nan
        if not (exponent.is_Integer or isinstance(start, Rational)):
            raise _NoSeries(f"{node} is not analytic there or its series is not rational")
        result = [base[0] ** int(exponent) if exponent.is_Integer else self.field(QQ(int(start.p), int(start.q)))]
        s = self.field(QQ(int(exponent.p), int(exponent.q)))
        for k in range(1, self.length):
            total = sum(((s * j - (k - j)) * base[j] * result[k - j] for j in range(1, k + 1)), self.zero)
            result.append(total / (base[0] * k))
        return result

    def derivative(self, a: Series) -> Series:
        """Term by term, padded with the unknown (never used) last coefficient."""
        return [*(a[k] * k for k in range(1, self.length)), self.zero]
