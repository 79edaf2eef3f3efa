"""Powers |x|^q at zero mean: Gamma functions, and divergence at the origin for q <= -1."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Gt, S, oo

from theory.averages.polynomial import half_moment
from theory.averages.products import Kernel, NotInTable, flat_coefficient
from theory.averages.tilt import Tilt
from theory.errors import DomainError

REFERENCE = "absolute normal moments, Abramowitz & Stegun 6.1.1"


def weight_on_half_line(n: int, steps: Sequence[Expr], breakpoints: Sequence[Expr]) -> Expr:
    """Coefficient of ``int_0^oo x^q N dx`` for ``step(x) x^n |x|^p``, q = n + p, steps at the origin only."""
    if any(beta != 0 for beta in breakpoints):
        raise NotInTable
    return flat_coefficient(steps[-1] + (-1) ** (n % 2) * steps[0])


def absolute_moment(n: int, kernel: Kernel, weight: Expr, mean: Expr, variance: Expr) -> list[Expr]:
    """Terms of ``weight int_0^oo x^(n + p) exp(a x^2 + c) N(x; 0, variance) dx``.

    Parameters
    ----------
    n : int
        Integer part of the exponent.
    kernel : Kernel
        Its ``power`` is p; the only other factor allowed is an even exponential.
    weight : Expr
        From `weight_on_half_line`.
    mean, variance : Expr
        The Gaussian measure; the mean must vanish.
    """
    a, b, c = kernel.exponent
    if mean != 0 or b != 0 or kernel != Kernel(exponent=kernel.exponent, power=kernel.power):
        raise NotInTable
    tilt = Tilt(a, b, c, mean, variance)
    return [weight * tilt.mass * half_moment(n + kernel.power, tilt.new_variance)]


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


def integrability(q: Expr) -> Expr | None:
    """The condition q > -1, or None where it always holds."""
    return None if (q + 1).is_positive else Gt(q, -1)
