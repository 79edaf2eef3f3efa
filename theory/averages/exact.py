"""Averages for a polynomial activation, exact: what the checks of derivations put in the place of an undefined phi."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sympy import Expr, Rational

from theory.averages.average import Average, outermost, without_variances
from theory.averages.measures import Connected
from theory.averages.polynomial import polynomial_average
from theory.symbols import O, phi, x

ODD_CUBIC = 2 * x / 3 + x**3 / 7
CUBIC = Rational(2, 5) + 2 * x / 3 - x**2 / 5 + x**3 / 7
QUARTIC = x / 3 + x**2 - x**4 / 11


def exact(
    expression: Any, activation: Expr = CUBIC, inserted: Mapping[Expr, Expr] = MappingProxyType({O(x): QUARTIC})
) -> Any:
    """An expression, equation or matrix for a polynomial phi.

    Parameters
    ----------
    expression : Expr, Relational or Matrix
        In `phi(x)` and averages.
    activation : Expr
        Polynomial in x.
    inserted : mapping of Expr to Expr
        Polynomials in the place of other undefined functions.

    Returns
    -------
    Expr, Relational or Matrix
        Without averages: every one is a polynomial in means and covariances.
    """
    values = {node: _value(node, activation, tuple(inserted.items())) for node in outermost(expression)}
    plain = expression.xreplace(values)
    return plain.subs({phi(x): activation, **inserted}).doit(integrals=False) if plain.has(phi, *inserted) else plain


@lru_cache(maxsize=4096)
def _value(node: Average, activation: Expr, inserted: tuple[tuple[Expr, Expr], ...]) -> Expr:
    if isinstance(node.measure, Connected):
        return exact(without_variances(node), activation, dict(inserted)).expand()
    integrand = exact(node.integrand.subs(inserted), activation, dict(inserted))
    polynomial = integrand.replace(phi, lambda y: activation.subs(x, y)).doit().diff(x, node.order)
    return polynomial_average(polynomial, node.measure).expand()


__all__ = ["CUBIC", "ODD_CUBIC", "QUARTIC", "exact"]
