"""The exponent left by the disorder average, checked term by term on a network of three units."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import product
from math import prod

from sympy import Expr, Indexed, IndexedBase, Poly, Rational, S, Sum, Symbol, diff, symbols

from theory.derivation import Step, same
from theory.engine.collective import Bilinear, Operator
from theory.engine.grassmann import Element
from theory.engine.moments import N
from theory.networks import GaussianCouplings
from theory.symbols import phi, x

XR, ACTIVITIES = IndexedBase("xr"), IndexedBase("phi")
_n = Symbol("n", integer=True)


def coupling_exponent(couplings: GaussianCouplings) -> Expr:
    """(strength^2/2N) sum_ij ( A_ij^2 + symmetry A_ij A_ji ) with A_ij = sum_a xr_i^a phi_j^a."""
    i, j, a = symbols("i j a", integer=True)
    direct = Sum(XR[i, a] * ACTIVITIES[j, a], (a, 1, _n))
    square = direct**2 + couplings.symmetry * direct * Sum(XR[j, a] * ACTIVITIES[i, a], (a, 1, _n))
    return couplings.strength**2 / (2 * N) * Sum(square, (i, 1, N), (j, 1, N))


@dataclass(frozen=True)
class FiniteSizeIdentity:
    """Check that the double sum over units equals N F[B] for random rational fields at N = 3: an exact identity.

    Reads N F, the result, and the double sum, if the step shows it; the sum is also written out from what each J_ij multiplies.
    Ghosts, where the action has any, are generators of an exterior algebra, so that every sign is checked too.
    """

    couplings: GaussianCouplings
    fields: tuple[Bilinear, ...]
    replicas: tuple[int, ...] = (1, 2)
    jacobian: bool = False
    name: str = "exact identity at N = 3 with random rational fields"

    def __call__(self, step: Step) -> bool:
        """Whether all are equal, as exact rationals, symbols and ghosts."""
        units = range(1, 4)
        site = _RandomSites(units, self.replicas)
        vertices = {ends: self._vertex(site, *ends) for ends in product(units, units)}
        pairs = (direct * (direct + self.couplings.symmetry * vertices[j, i]) for (i, j), direct in vertices.items())
        left = (self.couplings.strength**2 / (2 * len(units))) * sum(pairs, Element({}))
        fields = {b.symbol: (Rational(1) / len(units)) * site.total(b) for b in self.fields}
        difference = left
        for powers, weight in Poly(step.after.subs(N, len(units)), *fields).terms():
            factors = (field for field, power in zip(fields.values(), powers, strict=True) for _ in range(power))
            difference = difference + prod(factors, start=Element.number(-weight))
        shown = step.before is None or same(site.inserted(step.before, len(self.replicas)), left.terms[()])
        return shown and all(value.expand() == 0 for value in difference.terms.values())

    def _vertex(self, site: _RandomSites, i: int, j: int) -> Element:
        """A_ij: everything that J_ij multiplies."""
        total = Element({})
        for a in self.replicas:
            total = total + Element.number(site.response[i, a] * site.activity[j, a])
            if self.jacobian:
                ghosts = Element.generator((i, a, 0)) * Element.generator((j, a, 1))
                total = total + site.slope[j, a] * ghosts
        return total


class _RandomSites:
    """Random rational values of every site field in every replica; ghosts are generators (site, replica, 0 or 1)."""

    def __init__(self, units: range, replicas: tuple[int, ...]) -> None:
        draw = random.Random(3)
        self.units = units
        self.response, self.activity, self.slope, self.field = (
            {(i, a): Rational(draw.randint(-9, 9), draw.randint(1, 9)) for i in units for a in replicas}
            for _ in range(4)
        )

    def inserted(self, exponent: Expr, replicas: int) -> Expr:
        """The double sum over units written out, with these values."""
        written = exponent.subs({N: len(self.units), _n: replicas}).doit()
        values = {XR: self.response, ACTIVITIES: self.activity}
        return written.xreplace({node: values[node.base][node.indices] for node in written.atoms(Indexed)})

    def total(self, b: Bilinear) -> Element:
        """Sum of a bilinear over the units."""
        one = Element.number(S.One)
        terms = (prod((self._value(operator, i, a) for a, operator in b.factors), start=one) for i in self.units)
        return sum(terms, Element({}))

    def _value(self, operator: Operator, i: int, a: int) -> Element:
        values = {diff(phi(x), x): self.slope[i, a], phi(x): self.activity[i, a], x: self.field[i, a]}
        number = self.response[i, a] ** operator.power * operator.function.xreplace(values)
        ghosts = (Element.generator((i, a, ("cb", "c").index(ghost))) for ghost in operator.ghosts)
        return prod(ghosts, start=Element.number(number))
