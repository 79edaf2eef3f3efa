"""Averages over couplings and noise of expressions in their entries, exact at a finite number of units."""

from __future__ import annotations

from sympy import Add, Expr, Indexed, IndexedBase, Mul, S, Symbol

from theory.symbols import g, sigma

N = Symbol("N", positive=True, integer=True)
"""Number of units."""

J = IndexedBase("J", real=True)
"""Couplings J[i, j] of variance g^2/N."""

xi = Symbol("xi", real=True)
"""Noise of one unit, of standard deviation sigma."""

ALL_PAIRINGS = "all pairings at N = 3, exactly"


def at_three_units(side: Expr) -> Expr:
    """Sums over units written out at N = 3 and averaged over couplings and noise: all pairings of J[i, j] and xi, exactly."""
    written, total = side.subs(N, 3).doit(), []
    for term in Add.make_args(written.expand()):
        constant, entries = S.One, []
        for factor in Mul.make_args(term):
            base, power = factor.as_base_exp()
            if base == xi or (isinstance(base, Indexed) and base.base == J):
                entries += [base] * int(power)
            else:
                constant *= factor
        total.append(constant * _paired(tuple(entries)))
    return Add(*total)


def _paired(entries: tuple[Expr, ...]) -> Expr:
    if not entries:
        return S.One
    first, *rest = entries
    # those of the same coupling, or of the noise twice
    variance = sigma**2 if first == xi else g**2 / 3
    return Add(*(variance * _paired((*rest[:k], *rest[k + 1 :])) for k, other in enumerate(rest) if other == first))
