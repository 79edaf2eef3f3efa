"""The exponent left by the disorder average, checked term by term on a network of three units."""

from __future__ import annotations

import random
from dataclasses import dataclass

from sympy import Expr, IndexedBase, Rational, Sum, Symbol, symbols

from theory.derivation import Step
from theory.fields.collective import Action, Operator
from theory.models import GaussianCouplings
from theory.symbols import phi, x

_N = Symbol("N", positive=True, integer=True)


def coupling_exponent(couplings: GaussianCouplings) -> Expr:
    """(strength^2/2N) sum_ij ( A_ij^2 + symmetry A_ij A_ji ) with A_ij = sum_a xr_i^a phi_j^a."""
    i, j, a, n = symbols("i j a n", integer=True)
    xr, activity = IndexedBase("xr"), IndexedBase("phi")
    direct = Sum(xr[i, a] * activity[j, a], (a, 1, n))
    square = direct**2 + couplings.symmetry * direct * Sum(xr[j, a] * activity[i, a], (a, 1, n))
    return couplings.strength**2 / (2 * _N) * Sum(square, (i, 1, _N), (j, 1, _N))


@dataclass(frozen=True)
class FiniteSizeIdentity:
    """Check that the double sum over units equals N F[B] for random rational fields at N = 3: an exact identity."""

    couplings: GaussianCouplings
    action: Action
    replicas: tuple[int, ...] = (1, 2)
    name: str = "exact identity at N = 3 with random rational fields"

    def __call__(self, step: Step) -> bool:
        """Whether both sides are equal, as exact rationals and symbols."""
        source = random.Random(3)
        units, replicas = range(3), self.replicas
        xr, activity, field = (
            {(i, a): Rational(source.randint(-9, 9), source.randint(1, 9)) for i in units for a in replicas}
            for _ in range(3)
        )
        left = 0
        for i in units:
            for j in units:
                direct = sum(xr[i, a] * activity[j, a] for a in replicas)
                transposed = sum(xr[j, a] * activity[i, a] for a in replicas)
                left += direct**2 + self.couplings.symmetry * direct * transposed
        left *= self.couplings.strength**2 / (2 * len(units))

        def value(operator: Operator, i: int, a: int) -> Expr:
            return xr[i, a] ** operator.power * operator.function.subs({phi(x): activity[i, a], x: field[i, a]})

        numbers = {}
        for b in self.action.fields:
            total = Rational(0)
            for i in units:
                term = Rational(1)
                for replica, operator in b.factors:
                    term *= value(operator, i, replica)
                total += term
            numbers[b.symbol] = total / len(units)
        return (left - len(units) * self.action.F.subs(numbers)).expand() == 0


__all__ = ["FiniteSizeIdentity", "coupling_exponent"]
