"""A power of one variable with a prefactor: how results depend on the variance in scaling and asymptotic laws."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, Mul, factor


@dataclass(frozen=True)
class Power:
    """``prefactor * base^exponent``; which base is said where it is used."""

    prefactor: Expr
    exponent: Expr

    def of(self, base: Expr) -> Expr:
        """The power of a given base."""
        return self.prefactor * base**self.exponent


def tidy(expression: Expr) -> Expr:
    """Factored, without a minus sign in front where a sum can take it up."""
    factored = factor(expression)
    if not factored.could_extract_minus_sign():
        return factored
    factors = list(Mul.make_args(-factored))
    for k, one in enumerate(factors):
        base, power = one.as_base_exp()
        if base.is_Add and power in (1, -1):
            factors[k] = (-base).expand() ** power
            return Mul(*factors)
    return factored
