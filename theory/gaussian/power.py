"""Powers |x|^q at zero mean: Gamma functions, and divergence at the origin for q <= -1."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Gt, S, oo

from theory.gaussian.polynomial import half_moment
from theory.gaussian.products import Kernel, NotInTable, flat_coefficient
from theory.gaussian.tilt import Tilt

REFERENCE = "absolute normal moments, Abramowitz & Stegun 6.1.1"


def weight_on_half_line(n: int, steps: Sequence[Expr], breakpoints: Sequence[Expr]) -> Expr:
    """Coefficient of ``int_0^oo x^q N dx`` for ``step(x) x^n |x|^p``, q = n + p; the only kink allowed is the origin."""
    if any(beta != 0 for beta in breakpoints):
        raise NotInTable
    return flat_coefficient(steps[-1] + (-1) ** n * steps[0])


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


def divergence(exponents: Sequence[tuple[Expr, Expr]]) -> Expr | None:
    """+oo or -oo where a sum of ``weight |x|^q`` is not integrable at the origin, else None.

    Parameters
    ----------
    exponents : sequence of (q, weight)
        All powers that occur; the smallest q decides.
    """
    singular = [(q, weight) for q, weight in exponents if weight != 0 and (q + 1).is_nonpositive]
    if not singular:
        return None
    worst, weight = min(singular, key=lambda pair: pair[0]) if all(q.is_number for q, _ in singular) else singular[0]
    total = sum((other for q, other in singular if q == worst), S.Zero)
    if total.is_positive:
        return oo
    if total.is_negative:
        return -oo
    raise NotInTable


def integrability(q: Expr) -> Expr | None:
    """The condition q > -1, or None where it always holds."""
    return None if (q + 1).is_positive else Gt(q, -1)
