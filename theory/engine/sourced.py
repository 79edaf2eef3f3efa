r"""The free energy at one loop with a finite source, as a power series: what the 1/N terms of `theory.engine.one_loop` are held to.

For polynomial phi every average over a site is a sum of Gaussian moments, and with a source e s in the site weight

    W1(e) = -(1/2) ln det(1 - Pi F'')_commuting + (1/2) ln det(1 - Pi F'')_anticommuting

is a series in e of exact rational numbers: Pi is taken in the measure exp( e s + sum_k f_k b_k ), where f_k is the change of
dF/dB_k at the saddle that the source moves.  No cumulants, no effective source, no ladders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import factorial

from sympy import QQ, Matrix, Rational, eye
from sympy.polys.rings import PolyElement, ring

from theory.averages.exact import ODD_CUBIC, exact
from theory.derivation import Step
from theory.engine.collective import Action, Bilinear
from theory.symbols import Delta, g, x

POINT = {g: Rational(3, 7), Delta: Rational(5, 4)}
_RING, *_VARIABLES = ring("xr_1, x_1, xr_2, x_2", QQ)
_SITE = {1: _VARIABLES[:2], 2: _VARIABLES[2:]}


@dataclass(frozen=True)
class FromFiniteSource:
    """Check that the 1/N term shown is a derivative of W1 at e = 0, for cubic phi and quartic O at one rational point.

    Attributes
    ----------
    action : Action
        Of one or two replicas with different noise.
    source : Bilinear
    order : int
        1 for the average of the source, 2 for N Cov of its field.
    """

    action: Action
    source: Bilinear
    order: int
    name: str = "derivative of W1 with a finite source, for cubic phi, exactly"

    def __call__(self, step: Step) -> bool:
        """Whether both are the same rational number."""
        return bool(exact(step.after, ODD_CUBIC).subs(POINT) == self._derivative)

    @cached_property
    def _derivative(self) -> Rational:
        sectors = ([b for b in self.action.fields if b.is_odd == odd] for odd in (False, True))
        commuting, anticommuting = (self._log_determinant(fields) for fields in sectors)
        return (anticommuting - commuting) / 2

    def _log_determinant(self, fields: Sequence[Bilinear]) -> Rational:
        """The derivative of ln det(1 - Pi F'') at e = 0."""
        coupling = self._coupling(fields)
        zero, first, second = (-Pi * coupling for Pi in self._sourced.covariances(fields))
        inverse = (eye(len(fields)) + zero).inv()
        slope = inverse * first
        return slope.trace() if self.order == 1 else 2 * (inverse * second).trace() - (slope * slope).trace()

    def _coupling(self, fields: Sequence[Bilinear]) -> Matrix:
        return Matrix(len(fields), len(fields), lambda k, m: self.action.coupling(fields[k], fields[m]).subs(POINT))

    @cached_property
    def _sourced(self) -> _Weight:
        """The saddle moves with the source, and the site weight with the saddle."""
        fields = [b for b in self.action.fields if not b.is_odd]
        monomials = [_monomial(b) for b in fields]
        coupling = self._coupling(fields)
        moves = coupling * (eye(len(fields)) - _Weight(_RING.zero, _RING.zero).covariances(fields)[0] * coupling).inv()
        exponent = [_monomial(self.source), _RING.zero]
        for order in (1, 2):
            moved = Matrix([_Weight(*exponent).average(b)[order] for b in monomials])
            for change, b in zip(moves * moved, monomials, strict=True):
                exponent[order - 1] += QQ(change.p, change.q) * b
        return _Weight(*exponent)


class _Weight:
    """The Gaussian measure of independent replicas, weighted with exp(e first + e^2 second)."""

    def __init__(self, first: PolyElement, second: PolyElement) -> None:
        self._weights = tuple(list(w.terms()) for w in (_RING.one, first, second + first**2 / 2))
        self._known: dict[tuple[int, ...], list[QQ]] = {}
        self._norm = self._plain(_RING.one)

    def average(self, polynomial: PolyElement) -> list[Rational]:
        """Coefficients of 1, e and e^2 in the average."""
        plain = self._plain(polynomial)
        series: list[QQ] = []
        for n in range(3):
            series.append(plain[n] - sum((series[i] * self._norm[n - i] for i in range(n)), QQ(0)))
        return [Rational(c.numerator, c.denominator) for c in series]

    def covariances(self, fields: Sequence[Bilinear]) -> list[Matrix]:
        """Pi of the fields: the coefficients of 1, e and e^2."""
        means = [self.average(_monomial(b)) for b in fields]
        both = [[self.average(_monomial(a * b)) for b in fields] for a in fields]
        return [
            Matrix(
                len(fields),
                len(fields),
                lambda k, m, n=n: both[k][m][n] - sum(means[k][i] * means[m][n - i] for i in range(n + 1)),
            )
            for n in range(3)
        ]

    def _plain(self, polynomial: PolyElement) -> list[QQ]:
        """The average, not divided by the norm."""
        total = [QQ(0)] * 3
        for powers, c in polynomial.terms():
            if powers not in self._known:
                self._known[powers] = [
                    sum((weight * _gaussian(powers, extra) for extra, weight in terms), QQ(0))
                    for terms in self._weights
                ]
            total = [t + c * value for t, value in zip(total, self._known[powers], strict=True)]
        return total


@lru_cache(maxsize=4096)
def _monomial(b: Bilinear) -> PolyElement:
    """A product of site operators as a polynomial, its ghosts averaged: <cb c> = -1."""
    total = _RING.one * b.sign
    for replica, operator in b.factors:
        xr, field = _SITE[replica]
        ghosts = {(): 1, ("cb", "c"): -1}.get(operator.ghosts, 0)
        terms = exact(operator.function, ODD_CUBIC).as_poly(x).terms()
        total *= ghosts * xr**operator.power * sum((QQ(c.p, c.q) * field**n for (n,), c in terms), _RING.zero)
    return total


def _gaussian(powers: Sequence[int], extra: Sequence[int]) -> QQ:
    """Average of a product of two monomials in xr_1, x_1, xr_2, x_2, where ``<xr^n x^m> = <(x^m)^(n)>``."""
    n1, m1, n2, m2 = (p + q for p, q in zip(powers, extra, strict=True))
    return _moment(n1, m1) * _moment(n2, m2)


@lru_cache(maxsize=1024)
def _moment(derivatives: int, power: int) -> QQ:
    left = power - derivatives
    if left < 0 or left % 2:
        return QQ(0)
    variance = QQ(POINT[Delta].p, POINT[Delta].q)
    return QQ(factorial(power), 2 ** (left // 2) * factorial(left // 2)) * variance ** (left // 2)
