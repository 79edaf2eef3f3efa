"""Powers |x|^q at zero mean: Gamma functions, and divergence at the origin for q <= -1."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Gt, S, oo

from theory.averages.polynomial import half_moment
from theory.averages.products import Kernel, NotInTable, SteppedTerm, flat_coefficient
from theory.averages.tilt import Tilt
from theory.errors import DomainError

REFERENCE = "absolute normal moments, Abramowitz & Stegun 6.1.1"


def absolute_moment(term: SteppedTerm, tilt: Tilt) -> list[Expr]:
    """Terms of <step(x) x^n |x|^p exp(a x^2 + c)> at zero mean, for a step at the origin only.

    Raises
    ------
    NotInTable
        Off centre, with another factor, or with another step.
    """
    kernel = term.kernel
    if tilt.mean_parts or kernel != Kernel(exponent=kernel.exponent, power=kernel.power) or any(term.breakpoints):
        raise NotInTable
    weight = flat_coefficient(term.steps[-1] + (-1) ** (term.n % 2) * term.steps[0])
    return [weight * tilt.mass * half_moment(term.n + kernel.power, tilt.new_variance)]


def divergence(powers: Sequence[tuple[Expr, Expr, Expr]]) -> Expr | None:
    """+oo or -oo for a sum of ``weight |x|^q`` that is not integrable at the origin, None where it cancels.

    Parameters
    ----------
    powers : sequence of (q, left, right)
        Exponents q <= -1 with their weights on x < 0 and x > 0; the smallest q decides.

    Raises
    ------
    DomainError
        Where the two sides diverge with opposite signs.
    NotInTable
        Where symbolic parameters leave the sign open.
    """
    totals: dict[Expr, list[Expr]] = {}
    for q, left, right in powers:
        entry = totals.setdefault(q, [S.Zero, S.Zero])
        entry[0] += left
        entry[1] += right
    totals = {q: [flat_coefficient(side) for side in sides] for q, sides in totals.items()}
    totals = {q: sides for q, sides in totals.items() if any(side != 0 for side in sides)}
    if not totals:
        return None
    if len(totals) > 1 and not all(q.is_number for q in totals):
        raise NotInTable
    left, right = totals[min(totals)] if len(totals) > 1 else next(iter(totals.values()))
    if left.is_nonnegative and right.is_nonnegative:
        return oo
    if left.is_nonpositive and right.is_nonpositive:
        return -oo
    if left.is_extended_real and (left * right).is_negative:
        raise DomainError("the function has opposite infinite integrals on the two sides of the origin: no average")
    raise NotInTable


def integrability(q: Expr) -> list[Expr]:
    """The condition q > -1 where it does not always hold."""
    return [] if (q + 1).is_positive else [Gt(q, -1)]
