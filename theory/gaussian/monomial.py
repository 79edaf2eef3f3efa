"""Averages of a monomial in a form that exists for kinked phi too."""

from __future__ import annotations

from sympy import Derivative, Expr

from theory.gaussian.average import Average
from theory.symbols import phi, x


def weak_product(average: Average) -> Expr | None:
    """<phi^k phi''> as <(phi^(k+1))''>/(k+1) - k <phi^(k-1) phi'^2>, which exists for kinked phi too; None for other averages."""
    second, slope = Derivative(phi(x), (x, 2)), Derivative(phi(x), x)
    rest = average.integrand / second
    base, k = rest.as_base_exp()
    if average.order or base != phi(x) or not k.is_Integer or k < 1:
        return None
    return Average(phi(x) ** (k + 1), 2, average.measure) / (k + 1) - k * Average(
        rest / phi(x) * slope**2, 0, average.measure
    )
