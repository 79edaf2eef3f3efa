"""Averages for a polynomial activation, exact: what the checks of derivations put in the place of an undefined phi."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import Add, Expr, Rational

from theory.gaussian.average import Average, outermost, without_variances
from theory.gaussian.measures import Connected
from theory.gaussian.polynomial import moment
from theory.symbols import O, phi, x

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
    plain = expression.xreplace({node: _value(node, activation, observable) for node in outermost(expression)})
    return _inserted(plain, activation, observable)


def _inserted(expression: Any, activation: Expr, observable: Expr) -> Any:
    if not expression.has(phi, O):
        return expression
    return expression.subs({phi(x): activation, O(x): observable}).doit(integrals=False)


@lru_cache(maxsize=4096)
def _value(node: Average, activation: Expr, observable: Expr) -> Expr:
    if isinstance(node.measure, Connected):
        return exact(without_variances(node), activation, observable).expand()
    integrand, measure = exact(node.integrand, activation, observable).diff(x, node.order), node.measure
    terms = integrand.expand().as_poly(*measure.variables).terms()
    return Add(*(c * Add(*moment(power, (measure.mean,), measure.variance)) for (power,), c in terms)).expand()


__all__ = ["CUBIC", "ODD_CUBIC", "QUARTIC", "exact"]
