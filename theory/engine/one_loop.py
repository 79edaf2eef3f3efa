r"""One loop of the collective fields: 1/N terms of averages and of fluctuations, for any action and site measure.

A source e added to the site weight, ``exp( e sum_i s(site i) )``, gives ``ln Z(e) = N W0(e) + W1(e) + O(1/N)``.  W0 is the
value at the saddle, W1 the Gaussian integral over the fields about it,

    W1 = -(1/2) ln det(1 - Pi F'')_commuting + (1/2) ln det(1 - Pi F'')_anticommuting,

with Pi the covariance of the bilinears in the sourced site measure.  The derivatives at e = 0 are

    dW1/de      N times the 1/N term of <s>,
    d2W1/de2    N times the 1/N term of N Cov of the field of s.

The source also moves the saddle, B -> B + e B' + e^2 B''/2, and with it the site weight; F is quadratic, so that

    B' = (1 - Pi F'')^{-1} <b s>_c,        s^  = s + sum_k (F'' B')_k b_k      the effective source,
    B'' = (1 - Pi F'')^{-1} <b s^ s^>_c,   s^' =     sum_k (F'' B'')_k b_k     its own change,

    dPi = <b b s^>_c,     d2Pi = <b b s^ s^>_c + <b b s^'>_c.

Everything is a joint cumulant of site monomials, so it follows for an undefined activation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import factorial

from sympy import QQ, Expr, Integer, Matrix, Mul, Rational, S, Symbol, Tuple, eye, lex, sstr, zeros
from sympy.polys.rings import PolyRing
from sympy.utilities.iterables import multiset_partitions

from theory.averages.average import averages
from theory.engine.collective import Action, Bilinear, Kernel, SiteMeasure, fluctuation_kernel

Source = tuple[tuple[Expr, Bilinear], ...]
"""A linear combination of site monomials."""


def source(*bilinears: Bilinear) -> Source:
    """The sum of some site monomials."""
    return tuple((S.One, b) for b in bilinears)


@dataclass(frozen=True)
class Sector:
    """The commuting or the anticommuting fields of an action.

    Attributes
    ----------
    fields : tuple of Bilinear
    kernel : Kernel
    response : Matrix
        (1 - Pi F'')^{-1}, polynomial in the resummed ladders 1/(1 - multiplier), which are symbols.
    inverse_determinant : Expr
        1/det(1 - Pi F''), a product of ladders.
    weight : Rational
        1/2 for commuting, -1/2 for anticommuting fields.
    """

    fields: tuple[Bilinear, ...]
    kernel: Kernel
    response: Matrix
    inverse_determinant: Expr
    weight: Rational

    @cached_property
    def ladder(self) -> Matrix:
        """F'' (1 - Pi F'')^{-1}."""
        return self.kernel.coupling * self.response


class OneLoop:
    """1/N terms about one saddle.

    Parameters
    ----------
    action : Action
    measure : SiteMeasure

    Attributes
    ----------
    action, measure
    sectors : tuple of Sector
        Commuting fields first.
    ladders : dict of Symbol to Expr
        Each symbol 1/(1 - multiplier) with its multiplier.
    """

    def __init__(self, action: Action, measure: SiteMeasure) -> None:
        self.action, self.measure = action, measure
        self.ladders: dict[Symbol, Expr] = {}
        self._cumulants: dict[tuple[Bilinear, ...], Expr] = {}
        sectors = []
        for odd, weight in ((False, Rational(1, 2)), (True, Rational(-1, 2))):
            fields = tuple(b for b in action.fields if b.is_odd == odd)
            if fields:
                kernel = fluctuation_kernel(action, fields, measure)
                sectors.append(Sector(fields, kernel, *self._response(kernel), weight))
        self.sectors = tuple(sectors)

    def mean(self, s: Source) -> Expr:
        """The coefficient of 1/N in the average of s over units."""
        shifted = self.effective(s)
        return self.tidy(sum((self._trace(sector, shifted) for sector in self.sectors), S.Zero))

    def leading(self, s: Source) -> Expr:
        """N Cov of the field of s for N -> infinity."""
        return self.tidy(self._joint(self.effective(s), s))

    def variance(self, s: Source) -> Expr:
        """The coefficient of 1/N in N Cov of the field of s."""
        shifted = self.effective(s)
        moved = self._coupled(self._means(shifted, shifted))
        total = S.Zero
        for sector in self.sectors:
            total += self._trace(sector, moved) + self._trace(sector, shifted, shifted)
            first = self._changes(sector, shifted)
            total += sector.weight * (first * sector.ladder * first * sector.ladder).trace()
        return self.tidy(total)

    def effective(self, s: Source) -> Source:
        """s^: the source together with the change of the site weight that it brings about."""
        return (*s, *self._coupled(self._means(s)))

    def tidy(self, expression: Expr) -> Expr:
        """Partial fractions in the ladders: no product of a multiplier with its own ladder is left, so equal results look equal."""
        expression = expression.xreplace({1 - m: 1 / ladder for ladder, m in self.ladders.items()})
        whole = [expression, *self.ladders.values()]
        symbols = set().union(*(e.free_symbols for e in whole)) - set(self.ladders)
        ring = PolyRing([*self.ladders, *averages(Tuple(*whole)), *sorted(symbols, key=str)], QQ, lex)
        relations = [ring.from_expr((1 - m) * ladder - 1) for ladder, m in self.ladders.items()]
        polynomial = ring.from_expr(expression)
        return self.written_out((polynomial.rem(relations) if relations else polynomial).as_expr())

    def written_out(self, expression: Expr) -> Expr:
        """Ladders as 1/(1 - multiplier)."""
        return expression.xreplace({ladder: 1 / (1 - m) for ladder, m in self.ladders.items()})

    def _response(self, kernel: Kernel) -> tuple[Matrix, Expr]:
        """(1 - Pi F'')^{-1} and the inverse of its determinant, block by block."""
        size = len(kernel.fields)
        distance = eye(size) - kernel.Pi * kernel.coupling
        response, inverse_determinant = zeros(size, size), S.One
        for block in distance.connected_components():
            part = distance.extract(block, block)
            ladders = Mul(*(self._ladder(1 - value) ** times for value, times in part.eigenvals().items()))
            inverse_determinant *= ladders
            inverse = part.adjugate() * ladders
            for row, k in enumerate(block):
                for column, m in enumerate(block):
                    response[k, m] = inverse[row, column]
        return response, inverse_determinant

    def _ladder(self, multiplier: Expr) -> Expr:
        multiplier = multiplier.expand()
        if multiplier == 0:
            return S.One
        symbol = Symbol(f"1/(1 - {sstr(multiplier)})")
        self.ladders[symbol] = multiplier
        return symbol

    def _means(self, *sources: Source) -> Matrix:
        """Change of the commuting fields: (1 - Pi F'')^{-1} <b s ...>_c."""
        commuting = self.sectors[0]
        return commuting.response * Matrix([self._joint(source(b), *sources) for b in commuting.fields])

    def _coupled(self, change: Matrix) -> Source:
        """sum_k (F'' dB)_k b_k."""
        weights = self.sectors[0].kernel.coupling * change
        fields = self.sectors[0].fields
        return tuple((w, b) for w, b in zip(weights, fields, strict=True) if w != 0)

    def _changes(self, sector: Sector, s: Source) -> Matrix:
        """dPi = <b b s>_c, where the fields on both sides take part in a ladder."""
        fields = sector.fields
        taking_part = [any(sector.ladder[k, :]) or any(sector.ladder[:, k]) for k in range(len(fields))]

        def entry(k: int, m: int) -> Expr:
            return self._joint(source(fields[k]), source(fields[m]), s) if taking_part[k] and taking_part[m] else S.Zero

        return Matrix(len(fields), len(fields), entry)

    def _trace(self, sector: Sector, *sources: Source) -> Expr:
        """Weighted tr[ <b b s ...>_c F'' (1 - Pi F'')^{-1} ]."""
        fields = [source(b) for b in sector.fields]
        total = S.Zero
        for (m, k), weight in sector.ladder.todok().items():
            total += weight * self._joint(fields[k], fields[m], *sources)
        return sector.weight * total

    def _joint(self, *sources: Source) -> Expr:
        """Joint cumulant of linear combinations."""
        if not sources[0]:
            return S.Zero
        return sum(
            (Mul(*(w for w, _ in term)) * self._cumulant(tuple(b for _, b in term)) for term in product(*sources)),
            S.Zero,
        )

    def _cumulant(self, bilinears: tuple[Bilinear, ...]) -> Expr:
        if bilinears not in self._cumulants:
            self._cumulants[bilinears] = cumulant(bilinears, self.measure)
        return self._cumulants[bilinears]


def cumulant(bilinears: Sequence[Bilinear], measure: SiteMeasure) -> Expr:
    """Joint cumulant of site monomials: sum over partitions of (-1)^(n-1) (n-1)! times the averages of the n blocks.

    Anticommuting monomials may occur in pairs; they keep their order inside a block.
    """
    total = S.Zero
    for partition in multiset_partitions(len(bilinears)):
        term: Expr = Integer((-1) ** (len(partition) - 1) * factorial(len(partition) - 1))
        for block in partition:
            product = bilinears[block[0]]
            for k in block[1:]:
                product *= bilinears[k]
            term *= measure.average(product) if product.sign else S.Zero
            if term == 0:
                break
        total += term
    return total.expand()
