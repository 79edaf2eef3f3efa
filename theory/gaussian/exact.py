"""Averages for a polynomial activation, exact: what the checks of derivations put in the place of an undefined phi."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import Add, Expr, Rational, S

from theory.gaussian.average import Average
from theory.gaussian.frozen import FrozenAverage, Variance
from theory.gaussian.polynomial import moment
from theory.symbols import O, delta, mu, phi, x

ODD_CUBIC = 2 * x / 3 + x**3 / 7
CUBIC = Rational(2, 5) + 2 * x / 3 - x**2 / 5 + x**3 / 7
QUARTIC = x / 3 + x**2 - x**4 / 11


def exact(expression: Any, activation: Expr = CUBIC, observable: Expr = QUARTIC) -> Any:
    """An expression, equation or matrix for polynomial phi and O.

    Parameters
    ----------
    expression : Expr, Relational or Matrix
        In `phi(x)`, `O(x)` and averages of them.
    activation, observable : Expr
        Polynomials in x.

    Returns
    -------
    Expr, Relational or Matrix
        Without averages: every one is a polynomial in means and variances.
    """
    nodes = expression.atoms(Average, FrozenAverage, Variance)
    plain = expression.xreplace({node: _value(node, activation, observable) for node in nodes})
    return _inserted(plain, activation, observable)


def _inserted(expression: Any, activation: Expr, observable: Expr) -> Any:
    if not expression.has(phi, O):
        return expression
    return expression.subs({phi(x): activation, O(x): observable}).doit(integrals=False)


@lru_cache(maxsize=4096)
def _value(node: Expr, activation: Expr, observable: Expr) -> Expr:
    if isinstance(node, Average):
        integrand = _inserted(node.integrand, activation, observable).diff(x, node.order)
        return _gaussian(integrand, x, node.mean, node.variance)
    if isinstance(node, Variance):
        return exact(node.expanded, activation, observable).expand()
    inner = exact(node.product, activation, observable).subs(delta, node.variance - node.frozen)
    return _gaussian(inner, mu, S.Zero, node.frozen)


def _gaussian(polynomial: Expr, variable: Expr, mean: Expr, variance: Expr) -> Expr:
    terms = polynomial.expand().as_poly(variable).terms()
    return Add(*(c * Add(*moment(power, (mean,), variance)) for (power,), c in terms)).expand()


__all__ = ["CUBIC", "ODD_CUBIC", "QUARTIC", "exact"]
