r"""Averages over one site at which x and the entries of fixed vectors are jointly Gaussian with zero means.

Stein's lemma for the whole site, y any Gaussian variable that goes with it and e the entries,

    <y F(x, e)> = <y x> <d_x F> + sum_e <y e> <d_e F>,

removes every bare entry, until only averages over x are left, or functions that nobody has named yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sympy import Add, Derivative, Expr, Integer, S, Symbol, diff, latex, sstr
from sympy.core.function import AppliedUndef

from theory.gaussian.average import Average, stein
from theory.gaussian.measures import Normal
from theory.symbols import phi, x


class SiteAverage(Expr):
    """``< d^order integrand / dx^order >`` over one site, unevaluated: the integrand has an undefined function of the entries.

    Parameters
    ----------
    integrand : Expr
        Function of x and of the entries.
    order : int
        Number of weak derivatives with respect to x.
    """

    is_commutative = True

    def __new__(cls, integrand, order=0):
        """An average of one term."""
        return super().__new__(cls, integrand, Integer(order))

    integrand = property(lambda self: self.args[0])
    order = property(lambda self: int(self.args[1]))

    def _sympystr(self, printer):
        return f"<{'d_x ' * self.order}{_plain(self.integrand, lambda e, names: sstr(e))}>"

    def _latex(self, printer):
        derivatives = r"\partial_x " * self.order
        return rf"\left\langle {derivatives}{_plain(self.integrand, _latex)} \right\rangle"


def _plain(integrand: Expr, printer: Callable[[Expr, Iterable[str]], str]) -> str:
    """Text with f(x, m, I) -> f, its derivatives -> d_m f, and primes for those of phi; in brackets where it is a product."""
    names = {}
    for node in sorted(integrand.atoms(Derivative), key=lambda n: -n.derivative_count):
        own = str(node.expr.func)
        primed = node.expr == phi(x)
        by = "".join(f"d_{v} " * count for v, count in node.variable_count)
        names[node] = own + "'" * node.derivative_count if primed else f"({by}{own})"
    names.update({node: str(node.func) for node in integrand.atoms(AppliedUndef)})
    text = printer(integrand.xreplace({node: Symbol(name) for node, name in names.items()}), names.values())
    return f"({text})" if integrand.is_Mul else text


def _latex(expression: Expr, names: Iterable[str]) -> str:
    """LaTeX with these symbols printed as they are, but for phi and d_."""
    shown = {Symbol(n): n.replace("phi", r"\phi").replace("d_", r"\partial_") for n in names}
    return latex(expression, symbol_names=shown)


@dataclass(frozen=True)
class Site:
    """x and the entries of fixed vectors at one site, jointly Gaussian with zero means.

    Attributes
    ----------
    variance : Expr
        Of x.
    with_x : mapping of Symbol to Expr
        Covariance of each entry with x.
    between : mapping of (Symbol, Symbol) to Expr
        Covariances of the entries, in both orders.
    """

    variance: Expr
    with_x: Mapping[Symbol, Expr]
    between: Mapping[tuple[Symbol, Symbol], Expr]

    def average(self, F: Expr, order: int = 0) -> Expr:
        """<d^order F/dx^order>: bare factors removed by Stein's lemma."""
        return Add(*(self._term(term, order) for term in Add.make_args(F.expand()))).expand()

    def _term(self, term: Expr, order: int) -> Expr:
        constant, rest = term.as_independent(x, *self.with_x, as_Add=False)
        for entry, covariance in self.with_x.items():
            if rest.as_powers_dict()[entry] >= 1:
                others = rest / entry
                moved = covariance * self.average(others, order + 1)
                for other in self.with_x:
                    moved += self.between[entry, other] * self.average(diff(others, other), order)
                return constant * moved
        if rest.has(*self.with_x):
            return constant * SiteAverage(rest, order)
        return constant * stein(Average(rest, order, Normal(0, self.variance)) + 0)

    def with_gaussian(self, F: Expr, covariances: Mapping[Symbol, Expr]) -> Expr:
        """<y F> for a further Gaussian variable y of zero mean, by its covariances with x and with the entries."""
        total = covariances[x] * self.average(F, 1)
        return total + sum(covariances[entry] * self.average(diff(F, entry)) for entry in self.with_x)


def gaussian_moment(word: Sequence[Symbol], covariance: Mapping[tuple[Symbol, Symbol], Expr]) -> Expr:
    """<y_1 y_2 ... y_n> of jointly Gaussian variables of zero mean: the sum over all pairings (Isserlis 1918)."""
    if not word:
        return S.One
    head, *tail = word
    return sum(
        (
            covariance[head, other] * gaussian_moment((*tail[:k], *tail[k + 1 :]), covariance)
            for k, other in enumerate(tail)
        ),
        S.Zero,
    )


def polynomial_average(F: Expr, covariance: Mapping[tuple[Symbol, Symbol], Expr]) -> Expr:
    """<F> of a polynomial in jointly Gaussian variables, monomial by monomial."""
    variables = tuple(dict.fromkeys(first for first, _ in covariance))
    total = S.Zero
    for powers, coefficient in F.expand().as_poly(*variables).terms():
        word = [v for v, power in zip(variables, powers, strict=True) for _ in range(power)]
        total += coefficient * gaussian_moment(word, covariance)
    return total


__all__ = ["Site", "SiteAverage", "gaussian_moment", "polynomial_average"]
