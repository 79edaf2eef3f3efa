"""Products written as papers write them: every factor positive in a weakly coupled network."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Mul, Rational, S, Symbol

from theory.averages.average import averages
from theory.symbols import eta, g, mu

WEAK: Mapping[Symbol, Expr] = {g: Rational(1, 10), eta: Rational(1, 2)}
"""A weakly coupled network, whose other numbers are of order 1."""


def positive_factors(product: Expr, weak: Mapping[Expr, Expr] = WEAK) -> Expr:
    """A factored product with the sign of every sum chosen so that it is positive at `weak`, where all other numbers are 1.

    ``(g^2 S^2 - 1)/(g S - 1)`` becomes ``(1 - g^2 S^2)/(1 - g S)``.
    """
    nodes = {*averages(product), *averages(product, mu)}
    at = {**dict.fromkeys(product.free_symbols | nodes, S.One), **weak}
    sign, factors = S.One, []
    for base, exponent in (factor.as_base_exp() for factor in Mul.make_args(product)):
        if base.is_Add and base.xreplace(at) < 0:
            sign, base = sign * (-1) ** exponent, -base
        if base.is_number and base < 0:
            sign, base = -sign, -base
        factors.append(base**exponent)
    return sign * Mul(*factors)


__all__ = ["WEAK", "positive_factors"]
