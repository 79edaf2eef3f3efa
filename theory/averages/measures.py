r"""What an average is over, with the rules that only the measure knows.

For jointly Gaussian variables y with means m and covariances C, F' the derivative by x and d_y that by another variable,

    Stein   <y F> = m_y <F> + sum_w C_yw <d_w F>
    Price   d<F>/dp = <dF/dp> + sum_y (dm_y/dp) <d_y F> + sum_yw (dC_yw/dp) <d_y d_w F>/2

A rule returns terms (c, F, n), each standing for ``c < d^n F/dx^n >`` over the same measure: derivatives by x are weak and are
counted, those by other variables, of which F is a smooth function, are taken.
"""

from __future__ import annotations

from functools import cached_property
from itertools import product

from sympy import Basic, Dict, Expr, S, Symbol, diff, sympify

from theory.symbols import Delta, delta, mu, x

Terms = list[tuple[Expr, Expr, int]]


class Gaussian(Basic):
    """Jointly Gaussian variables."""

    rank = 0
    variables: tuple[Symbol, ...]

    def mean_of(self, y: Symbol) -> Expr:
        """Mean of one variable."""
        raise NotImplementedError

    def covariance(self, y: Symbol, w: Symbol) -> Expr:
        """Covariance of two variables."""
        raise NotImplementedError

    def derivative(self, F: Expr, order: int, symbol: Symbol) -> Terms:
        """d<F^(order)>/dsymbol: Price's theorem."""
        terms = [(S.One, diff(F, symbol), order)]
        terms += [(diff(self.mean_of(y), symbol), *_moved(F, order, y)) for y in self.variables]
        for y, w in product(self.variables, repeat=2):
            terms.append((diff(self.covariance(y, w), symbol) / 2, *_moved(*_moved(F, order, y), w)))
        return [term for term in terms if term[0] != 0]

    def lowered(self, F: Expr, order: int, y: Symbol) -> Terms:
        """<(y F)^(order)>: Stein's lemma."""
        terms = [(self.mean_of(y), F, order)]
        terms += [(self.covariance(y, w), *_moved(F, order, w)) for w in self.variables]
        return [term for term in (*terms, *([(S(order), F, order - 1)] if y == x and order else ())) if term[0] != 0]


def _moved(F: Expr, order: int, y: Symbol) -> tuple[Expr, int]:
    return (F, order + 1) if y == x else (diff(F, y), order)


class Normal(Gaussian):
    """One Gaussian variable.

    Parameters
    ----------
    mean, variance : Expr
    variable : Symbol
        The preactivation x; or mu, its mean at a site, over which averages at a fixed mean are averaged.
    """

    def __new__(cls, mean=S.Zero, variance=Delta, variable=x):
        """Numbers are made SymPy's."""
        return super().__new__(cls, *(sympify(a, strict=True) for a in (mean, variance, variable)))

    mean = property(lambda self: self.args[0])
    variance = property(lambda self: self.args[1])
    variables = property(lambda self: self.args[2:])

    def mean_of(self, y: Symbol) -> Expr:
        """The mean."""
        return self.mean

    def covariance(self, y: Symbol, w: Symbol) -> Expr:
        """The variance."""
        return self.variance


CENTRED = Normal()
"""x of a site without a frozen mean."""

AT_MEAN = Normal(mu, delta)
"""x of the replicas at one site, whose mean mu the couplings fix."""


class Joint(Gaussian):
    """Several Gaussian variables: x and the entries of fixed vectors at one site, or one unit in two states.

    Parameters
    ----------
    covariances : mapping of (Symbol, Symbol) to Expr
        Of all variables, each pair in either order.
    means : mapping of Symbol to Expr
        0 where not given.
    """

    rank = 1

    def __new__(cls, covariances, means=()):
        """Both mappings in canonical order."""
        return super().__new__(cls, Dict(dict(covariances)), Dict(dict(means)))

    @cached_property
    def variables(self) -> tuple[Symbol, ...]:  # type: ignore[override]
        """All variables, by name."""
        return tuple(sorted({y for pair in self.args[0] for y in pair}, key=str))

    def mean_of(self, y: Symbol) -> Expr:
        """Mean of one variable."""
        return self.args[1].get(y, S.Zero)

    def covariance(self, y: Symbol, w: Symbol) -> Expr:
        """Covariance of two variables."""
        return self.args[0][(y, w) if (y, w) in self.args[0] else (w, y)]

    def joined(self, covariances, means=()) -> Joint:
        """The same with further variables, by their covariances with all others and among each other."""
        return Joint({**self.args[0], **covariances}, {**self.args[1], **dict(means)})


class Connected(Basic):
    """What is left of <F F> without <F><F>, kept in one piece: the two cancel where the variance of x is small.

    Parameters
    ----------
    measure : Normal
    """

    rank = 2
    measure = property(lambda self: self.args[0])
    variables = property(lambda self: self.measure.variables)
