"""Error functions times polynomials and Gaussians: Stein's lemma down to two base cases.

With W(n; Phi) the average of x^n Phi over a tilted Gaussian of mean M and variance V,

    W(n) = M W(n-1) + (n-1) V W(n-2) + V <x^(n-1) Phi'>,      erf(k x + l)' = 2k/sqrt(pi) exp(-(k x + l)^2),
    <erf(k x + l)> = erf((k M + l)/sqrt(1 + 2 k^2 V)),
    <erf(k x) erf(q x)> = (2/pi) atan(2 k q V / sqrt(1 + 2 (k^2 + q^2) V))          (M = 0).

The last is the arcsine law of C. K. I. Williams, Neural Computation 10, 1203 (1998), in the form that stays
accurate where the argument of the arcsine is close to one.
"""

from __future__ import annotations

from sympy import Expr, Pow, S, atan, erf, pi

from theory.averages.polynomial import times
from theory.averages.products import NotInTable
from theory.averages.tilt import Tilt, monomial

REFERENCE = "Williams 1998 (arcsine); Stein's lemma"

Erfs = tuple[tuple[Expr, Expr], ...]


def error_functions(n: int, erfs: Erfs, tilt: Tilt) -> list[Expr]:
    """Terms of ``<x^n prod erf(k x + l)>`` over a tilted Gaussian.

    Parameters
    ----------
    n : int
        Power of x.
    erfs : tuple of pairs of Expr
        (k, l) of each error function, at most three. Two need zero offsets and a zero tilted mean; three with an odd power of x
        are lowered to two.
    tilt : Tilt
        The measure.

    Raises
    ------
    NotInTable
        For two error functions off centre, or a negative power.
    """
    if n < 0:
        raise NotInTable
    centred = not tilt.mean_parts and all(offset == 0 for _, offset in erfs)
    if centred and (n + len(erfs)) % 2:
        return []
    if not erfs:
        return monomial(n, tilt)
    if n == 0:
        return [tilt.mass * _base_case(erfs, tilt, centred)]
    return _lower(n, erfs, tilt)


def _base_case(erfs: Erfs, tilt: Tilt, centred: bool) -> Expr:
    v, s = tilt.variance, tilt.shrink
    if len(erfs) == 1:
        ((k, offset),) = erfs
        argument = k * tilt.mean + k * tilt.b * v + offset * s
        return erf(argument / (Pow(s, S.Half) * Pow(s + 2 * k**2 * v, S.Half)))
    if not centred or len(erfs) > 2:
        raise NotInTable
    (k, _), (q, _) = erfs
    width = Pow(s, S.Half) * Pow(s + 2 * (k**2 + q**2) * v, S.Half)
    return 2 / pi * atan(2 * k * q * v / width)


def _lower(n: int, erfs: Erfs, tilt: Tilt) -> list[Expr]:
    """Stein's lemma once."""
    variance = tilt.new_variance
    terms = []
    if tilt.mean_parts:
        terms += times(tilt.mean_parts, error_functions(n - 1, erfs, tilt))
    if n > 1:
        terms += times([(n - 1) * variance], error_functions(n - 2, erfs, tilt))
    for j, (k, offset) in enumerate(erfs):
        rest = erfs[:j] + erfs[j + 1 :]
        bell = tilt.times_gaussian(-(k**2), -2 * k * offset, -(offset**2))
        terms += times([2 * k / Pow(pi, S.Half) * variance], error_functions(n - 1, rest, bell))
    return terms
