r"""One unit in a stored pattern, and averages over its law.

A unit of rate r needs the input u = phi^-1(r) and has the gain g = phi'(u) there.  Nothing else of activation and law enters:
an average over patterns is one over triples (r, u, g), whatever their joint law.  omega, the propagator of a unit at an
eigenvalue lambda, depends on g through

    omega (lambda (1 + t) - (c0 + t b) g) = 1,

so every polynomial in r, u, g and omega has a normal form without the product g omega.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Add, Basic, Expr, Mul, Poly, Pow, S, Symbol, diff
from sympy import reduced as polynomial_division

from theory.attractor.symbols import V_r, V_u, b, c0, gain, m, omega, r, t, u, ubar
from theory.averages.average import Average
from theory.averages.measures import Terms
from theory.derivation import Solves
from theory.symbols import growth


class StoredPatterns(Basic):
    """The joint law, not specified, of r, u, g and omega at a unit; its argument is 1/omega, linear in g."""

    rank = 3
    variables = (r, u, gain, omega)
    denominator = property(lambda self: self.args[0])

    def __new__(cls, denominator):
        """The denominator expanded, as everything that contains it may be."""
        return super().__new__(cls, denominator.expand())

    def derivative(self, F: Expr, order: int, symbol: Symbol) -> Terms:
        """d<F>/dsymbol for a symbol that omega depends on; the law of r, u and g is fixed."""
        return [(S.One, diff(F, symbol) - diff(F, omega) * omega**2 * diff(self.denominator, symbol), 0)]


DENOMINATOR = growth - c0 * gain + t * (growth - b * gain)
"""1/omega."""

PATTERNS = StoredPatterns(DENOMINATOR)


def mean(F: Expr) -> Expr:
    """<F> over units of stored patterns, term by term."""
    return Average(F, 0, PATTERNS)


def each_average(expression: Expr, change: Callable[[Expr], Any]) -> Expr:
    """With every average replaced by a function of what it averages."""
    return expression.replace(lambda node: isinstance(node, Average), lambda node: change(node.integrand))


def normal_form(expression: Expr) -> Expr:
    """A polynomial in averages of polynomials of r, u, g and omega, each written without the product g omega."""
    return expression.replace(lambda node: isinstance(node, Average), _normal).expand()


def _normal(node: Average) -> Expr:
    variables = gain, omega, r, u  # the product g omega leads
    _, remainder = polynomial_division(node.integrand, [omega * node.measure.denominator - 1], *variables)
    terms = Poly(remainder, *variables).terms()
    monomials = (Mul(*map(Pow, variables, powers)) for powers, _ in terms)
    return Add(*(c * Average(F, 0, node.measure) for F, (_, c) in zip(monomials, terms, strict=True)))


def reduced(expression: Expr) -> Expr:
    """The normal form, means, variances and the regression of u on r by their names."""
    names = {
        mean(r): m,
        mean(u): ubar,
        mean(r**2): V_r + m**2,
        mean(u**2): V_u + ubar**2,
        mean(r * u): b * V_r + m * ubar,
    }
    return normal_form(expression).xreplace(names)


def equals(other: Expr, name: str) -> Solves:
    """Check: what a step shows is `other` for every law of the patterns, as normal forms."""
    return Solves(lambda after: reduced(after.rhs - other), name)


def with_input(expression: Expr, F: Expr) -> Expr:
    """The same with u a function F of rate and gain."""
    return each_average(expression, lambda G: mean(G.subs(u, F).expand()))
