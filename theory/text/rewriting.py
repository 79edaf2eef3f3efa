"""Forms that overflow, replaced by equal ones that do not: log(1 + e^u), 1/(1 + e^u), ratios of exponentials.

Each rule looks at one node and its children and costs next to nothing.
"""

from __future__ import annotations

import sympy
from sympy import Expr, S, cosh, exp, log, sinh, tanh

from theory.functions import sigmoid, softplus


def stable(expression: Expr) -> Expr:
    """Rewrite the top node of an expression where its literal form would overflow.

    Parameters
    ----------
    expression : Expr

    Returns
    -------
    Expr
        log(1 + exp(u)) as softplus(u), (1 + exp(u))^-n as sigmoid(-u)^n, exp(u) sigmoid(-u) as sigmoid(u),
        exp(u) + exp(-u) as 2 cosh(u), sinh(u)/cosh(u) as tanh(u), (exp(u) - 1)/(exp(u) + 1) as tanh(u/2).
    """
    if isinstance(expression, log):
        u = _one_plus_exp(expression.args[0])
        return expression if u is None else softplus(u)
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
    return expression


def _partners(base: Expr, n: Expr) -> list[tuple[Expr, Expr]]:
    """Factors that combine with base^n, each with what the two become."""
    if isinstance(base, sigmoid) and n == 1:
        u = -base.args[0]  # sigmoid(-u) = 1/(1 + exp(u))
        return [(exp(u), sigmoid(u)), (exp(u) - 1, tanh(u / 2)), (1 - exp(u), -tanh(u / 2))]
    if isinstance(base, cosh) and n == -1:
        return [(sinh(base.args[0]), tanh(base.args[0]))]
    return []
