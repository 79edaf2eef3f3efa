"""Forms that overflow, replaced by equal ones that do not: log(1 + e^u), 1/(1 + e^u), ratios and logarithms of exponentials.

Each rule looks at one node and its children and costs next to nothing; ratios of exponentials of one exponent take a few
milliseconds.
"""

from __future__ import annotations

from functools import reduce
from math import gcd
from typing import NamedTuple

import sympy
from sympy import Dummy, Expr, Poly, Rational, S, cosh, erfc, exp, igcd, log, sinh, tanh

from theory.functions import erfcx, sigmoid, softplus
from theory.symbols import x

_EXPLODING = (exp, sinh, cosh)
_OF_AN_EXPONENTIAL = {
    exp: lambda E: E,
    sinh: lambda E: (E - 1 / E) / 2,
    cosh: lambda E: (E + 1 / E) / 2,
    tanh: lambda E: (E**2 - 1) / (E**2 + 1),
    sigmoid: lambda E: E / (1 + E),
}
_HIGHEST = 24  # degree of a rational function of an exponential that is rewritten
_LONGEST = 120  # operations in it


def stable(expression: Expr) -> Expr:
    """Rewrite the top node of an expression where its literal form would overflow.

    Parameters
    ----------
    expression : Expr

    Returns
    -------
    Expr
        log(1 + exp(u)) as softplus(u), (1 + exp(u))^-n as sigmoid(-u)^n, exp(u) sigmoid(-u) as sigmoid(u),
        exp(u) + exp(-u) as 2 cosh(u), sinh(u)/cosh(u) as tanh(u), (exp(u) - 1)/(exp(u) + 1) as tanh(u/2),
        exp(u^2) erfc(u) as erfcx(u), a bounded rational function of exp(u) as one of tanh(u/2), the logarithm of any
        as a sum of softplus(u), softplus(-u) and the logarithm of a bounded one.
    """
    if isinstance(expression, log):
        u = _one_plus_exp(expression.args[0])
        return _logarithm(expression) if u is None else softplus(u)
    if isinstance(expression, sympy.Pow) and isinstance(expression.exp, sympy.Integer) and expression.exp < 0:
        u = _one_plus_exp(expression.base)
        return expression if u is None else sigmoid(-u) ** (-expression.exp)
    if isinstance(expression, sympy.Add):
        return _hyperbolic(expression)
    if isinstance(expression, sympy.Mul):
        return _quotient(expression)
    return expression


def _one_plus_exp(expression: Expr) -> Expr | None:
    """The u of 1 + exp(u), with x or a parameter in it."""
    if isinstance(expression, sympy.Add) and len(expression.args) == 2:
        one, other = expression.args
        if one is S.One and isinstance(other, exp):
            return other.args[0]
    return None


def _hyperbolic(expression: Expr) -> Expr:
    """c exp(u) + c exp(-u) and c exp(u) - c exp(-u)."""
    if len(expression.args) != 2:
        return expression
    (a, first), (b, second) = (term.as_coeff_Mul() for term in expression.args)
    if not (
        isinstance(first, exp) and isinstance(second, exp) and first.args[0] == -second.args[0] and abs(a) == abs(b)
    ):
        return expression
    if first.args[0].could_extract_minus_sign():
        a, b, first = b, a, second
    return 2 * a * (cosh if a == b else sinh)(first.args[0])


def _quotient(expression: Expr) -> Expr:
    factors = list(expression.args)
    for k, factor in enumerate(factors):
        base, n = factor.as_base_exp()
        for partner, together in _partners(base, n):
            if partner in factors:
                rest = [f for j, f in enumerate(factors) if j not in (k, factors.index(partner))]
                return stable(sympy.Mul(*rest, together))
    below = [factor.as_base_exp()[1].is_negative for factor in factors if factor.has(*_EXPLODING)]
    return _bounded(expression) if len(set(below)) == 2 else expression  # infinity over infinity


def _partners(base: Expr, n: Expr) -> list[tuple[Expr, Expr]]:
    """Factors that combine with base^n, each with what the two become."""
    if not isinstance(base, sigmoid | cosh | erfc):
        return []
    u = -base.args[0]
    if isinstance(base, sigmoid) and n.is_Integer and n >= 1:  # sigmoid(-u) = 1/(1 + exp(u))
        rest = base ** (n - 1)
        powers = [(exp(k * u), sigmoid(u) ** k * base ** (n - k)) for k in range(1, min(n, _HIGHEST) + 1)]
        return [*powers, (exp(u) - 1, tanh(u / 2) * rest), (1 - exp(u), -tanh(u / 2) * rest)]
    if isinstance(base, cosh) and n == -1:
        return [(sinh(base.args[0]), tanh(base.args[0]))]
    if isinstance(base, erfc) and n == 1:
        return [(exp(u**2), erfcx(-u))]
    return []


class _InExponential(NamedTuple):
    """``E^power * above/below`` with ``E = exp(u)``, two polynomials in E that do not vanish at E = 0."""

    u: Expr
    E: Dummy
    power: int
    above: Poly
    below: Poly


def _in_exponential(expression: Expr) -> _InExponential | None:
    """A rational function of one exponential and of what does not contain it; None if it is none, or is too large."""
    calls = sorted((c for c in expression.atoms(*_OF_AN_EXPONENTIAL) if c.free_symbols), key=sympy.default_sort_key)
    if not calls or expression.count_ops() > _LONGEST:
        return None
    base = calls[0].args[0]
    ratios = [(call.args[0] / base).cancel() for call in calls]
    if not all(isinstance(ratio, Rational) for ratio in ratios):
        return None
    step = Rational(reduce(gcd, (r.p for r in ratios)), reduce(sympy.ilcm, (r.q for r in ratios)))
    if max(abs(ratio / step) for ratio in ratios) > _HIGHEST:
        return None
    E = Dummy("E", positive=True)
    written = {c: _OF_AN_EXPONENTIAL[c.func](E ** (r / step)) for c, r in zip(calls, ratios, strict=True)}
    whole = expression.xreplace(written)
    if not whole.is_rational_function(E):
        return None
    above, below = (Poly(part, E) for part in sympy.fraction(sympy.together(whole).cancel()))
    lowest = [min(m for (m,) in part.monoms()) for part in (above, below)]
    above, below = (part.exquo(Poly(E**k, E)) for part, k in zip((above, below), lowest, strict=True))
    if (above.as_expr().free_symbols | below.as_expr().free_symbols) - {E, x}:
        return None
    return _InExponential(step * base, E, lowest[0] - lowest[1], above, below)


def _through_tanh(ratio: Expr, E: Dummy, u: Expr) -> Expr:
    """A rational function of E = exp(u) through tanh(u/2) = (E - 1)/(E + 1)."""
    T = Dummy("T", real=True)
    return ratio.subs(E, (1 + T) / (1 - T)).cancel().xreplace({T: tanh(u / 2)})


def _bounded(expression: Expr) -> Expr:
    """A ratio of exponentials that is bounded at both ends."""
    found = _in_exponential(expression)
    if found is None or not 0 <= found.power <= found.below.degree() - found.above.degree():
        return expression
    return _through_tanh(found.E**found.power * found.above.as_expr() / found.below.as_expr(), found.E, found.u)


def _logarithm(expression: Expr) -> Expr:
    """log of a rational function of one exponential: its slopes at both ends as softplus(u) and softplus(-u)."""
    found = _in_exponential(expression.args[0])
    if found is None or found.above.has(x) or found.below.has(x):
        return expression
    k = int(igcd(*(m for part in (found.above, found.below) for (m,) in part.monoms()))) or 1
    above, below = (Poly({(m // k,): c for (m,), c in part.terms()}, found.E) for part in (found.above, found.below))
    degree, power, u = above.degree() - below.degree(), Rational(found.power, k), k * found.u
    bounded = _through_tanh(above.as_expr() / below.as_expr() / (1 + found.E) ** degree, found.E, u)
    return (degree + power) * softplus(u) - power * softplus(-u) + log(bounded)
