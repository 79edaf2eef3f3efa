"""Series of functions that equations define implicitly, by total derivatives along the branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sympy import Expr, Symbol, factorial


@dataclass(frozen=True, eq=False)
class Branch:
    """Unknowns as functions of one variable.

    Attributes
    ----------
    variable : Symbol
    equations : mapping of Symbol to Expr
        For every unknown an expression that vanishes, in the variable, the unknown and those before it.
    start : mapping of Symbol to Expr
        Values where the series begins: of the unknowns, the last one first, then of the variable.
    """

    variable: Symbol
    equations: Mapping[Symbol, Expr]
    start: Mapping[Symbol, Expr]

    @cached_property
    def rates(self) -> Mapping[Symbol, Expr]:
        """d(unknown)/d(variable), by implicit differentiation."""
        found: dict[Symbol, Expr] = {}
        for unknown, vanishing in self.equations.items():
            found[unknown] = -_along(vanishing, self.variable, found) / vanishing.diff(unknown)
        return found

    def along(self, expression: Expr) -> Expr:
        """The total derivative of an expression in the variable."""
        return _along(expression, self.variable, self.rates)

    def taylor(self, expression: Expr, order: int) -> tuple[Expr, ...]:
        """Coefficients of the powers 0, ..., `order` of (variable - start)."""
        coefficients = []
        for n in range(order + 1):
            coefficients.append(self.at_start(expression) / factorial(n))
            if n < order:
                expression = self.along(expression)
        return tuple(coefficients)

    def at_start(self, expression: Expr) -> Expr:
        """An expression where the series begins."""
        for symbol, value in self.start.items():
            expression = expression.subs(symbol, value)
        return expression


def _along(expression: Expr, variable: Symbol, rates: Mapping[Symbol, Expr]) -> Expr:
    total = expression.diff(variable)
    for unknown, rate in rates.items():
        total += expression.diff(unknown) * rate
    return total
