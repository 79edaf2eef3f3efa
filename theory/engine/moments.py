"""Averages over couplings and noise of expressions in their entries, exact at a finite number of units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Add, Expr, Indexed, IndexedBase, Integer, KroneckerDelta, Mul, S, Symbol

from theory.derivation import Step, same
from theory.symbols import g, sigma

N = Symbol("N", positive=True, integer=True)
"""Number of units."""

J = IndexedBase("J", real=True)
"""Couplings J[i, j] of variance g^2/N."""

xi = Symbol("xi", real=True)
"""Noise of one unit, of standard deviation sigma."""


def over_couplings(expression: Expr, symmetry: Expr = S.Zero, size: Expr = N) -> Expr:
    """Average of a polynomial in J[i, j] and xi, by pairings: ``N <J_ij J_kl> = g^2 (d_ik d_jl + symmetry d_il d_jk)``."""

    def covariance(a: Expr, b: Expr) -> Expr:
        if xi in (a, b):
            return sigma**2 if a == b else S.Zero
        (i, j), (k, m) = a.indices, b.indices
        direct, crossed = (KroneckerDelta(p, r) * KroneckerDelta(q, s) for p, q, r, s in ((i, j, k, m), (i, j, m, k)))
        return g**2 / size * (direct + symmetry * crossed)

    total = []
    for term in Add.make_args(expression.expand()):
        constant, entries = S.One, []
        for factor in Mul.make_args(term):
            base, power = factor.as_base_exp()
            if base == xi or (isinstance(base, Indexed) and base.base == J):
                entries += [base] * int(power)
            else:
                constant *= factor
        total.append(constant * _paired(tuple(entries), covariance))
    return Add(*total)


def _paired(entries: tuple[Expr, ...], covariance: Callable[[Expr, Expr], Expr]) -> Expr:
    if not entries:
        return S.One
    first, *rest = entries
    return Add(
        *(covariance(first, rest[k]) * _paired((*rest[:k], *rest[k + 1 :]), covariance) for k in range(len(rest)))
    )


@dataclass(frozen=True)
class OverCouplings:
    """Check that ``after`` is the average of ``before`` over couplings and noise: both written out at three units.

    Attributes
    ----------
    symmetry : Expr
    closed : callable
        Applied to `after` first: sums over units for one-site averages, which they tend to.
    """

    symmetry: Expr = S.Zero
    closed: Callable[[Expr], Expr] = lambda after: after
    name: str = "all pairings at N = 3, exactly"

    def __call__(self, step: Step) -> bool:
        """Whether both are equal as polynomials in all other entries."""
        before, after = (e.subs(N, 3).doit() for e in (step.before, self.closed(step.after.rhs)))
        return same(over_couplings(before, self.symmetry, Integer(3)), after)


__all__ = ["J", "N", "OverCouplings", "over_couplings", "xi"]
