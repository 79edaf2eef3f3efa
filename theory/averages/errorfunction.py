"""Error functions times polynomials and Gaussians: Stein's lemma down to two base cases.

With W(n; Phi) the average of prod y_i^n_i Phi over a tilted Gaussian of means M_i and covariances V_ij,

    W(n + e_i) = M_i W(n) + sum_j V_ij (n_j W(n - e_j) + <y^n d_j Phi>),    erf(k y + l)' = 2k/sqrt(pi) exp(-(k y + l)^2),
    <erf(k y_i + l)> = erf((k M_i + l)/sqrt(1 + 2 k^2 V_ii)),
    <erf(k y_i) erf(q y_j)> = (2/pi) atan(2 k q V_ij / sqrt(1 + 2 k^2 V_ii + 2 q^2 V_jj + 4 k^2 q^2 (V_ii V_jj - V_ij^2))),

at M = 0. The last is the arcsine law of C. K. I. Williams, Neural Computation 10, 1203 (1998), in the form that stays
accurate where the argument of the arcsine is close to one.
"""

from __future__ import annotations

from sympy import Expr, Pow, S, atan, erf, pi

from theory.averages.polynomial import times
from theory.averages.products import NotInTable
from theory.averages.tilt import Tilt, Tilted

REFERENCE = "Williams 1998 (arcsine); Stein's lemma"

Erfs = tuple[tuple[int, Expr, Expr], ...]
"""(i, k, l) of each factor erf(k y_i + l)."""


def error_functions(orders: tuple[int, ...], erfs: Erfs, measure: Tilt | Tilted) -> list[Expr]:
    """Terms of ``<prod y_i^orders_i prod erf(k y_i + l)>`` over a tilted Gaussian.

    Parameters
    ----------
    orders : tuple of int
        Power of each variable.
    erfs : tuple of (int, Expr, Expr)
        At most three. Two need zero offsets and zero tilted means; three with an odd power are lowered to two.
    measure : Tilt or Tilted
        Of one variable or of two.

    Raises
    ------
    NotInTable
        For two error functions off centre, or a negative power.
    """
    if min(orders) < 0:
        raise NotInTable
    centred = not any(measure.mean_of(j) for j in range(len(orders))) and all(offset == 0 for *_, offset in erfs)
    if centred and (sum(orders) + len(erfs)) % 2:
        return []
    if not any(orders):
        return [measure.mass * _base_case(erfs, measure, centred)]
    i = next(j for j, order in enumerate(orders) if order)
    lowered = _lower(orders, i)
    terms = times(measure.mean_of(i), error_functions(lowered, erfs, measure)) if measure.mean_of(i) else []
    for j, order in enumerate(lowered):
        if order:
            terms += times([order * measure.covariance(i, j)], error_functions(_lower(lowered, j), erfs, measure))
    for index, (j, k, offset) in enumerate(erfs):
        slope = 2 * k / Pow(pi, S.Half) * measure.covariance(i, j)
        rest = erfs[:index] + erfs[index + 1 :]
        terms += times([slope], error_functions(lowered, rest, measure.times_gaussian(j, k, offset)))
    return terms


def _lower(orders: tuple[int, ...], i: int) -> tuple[int, ...]:
    return tuple(order - (j == i) for j, order in enumerate(orders))


def _base_case(erfs: Erfs, measure: Tilt | Tilted, centred: bool) -> Expr:
    if not erfs:
        return S.One
    s = measure.shrink  # every covariance is something over s, which cancels here
    if len(erfs) == 1:
        ((i, k, offset),) = erfs
        mean = sum((part * s for part in measure.mean_of(i)), S.Zero)
        return erf(
            (k * mean + offset * s) / (Pow(s, S.Half) * Pow(s + 2 * k**2 * measure.covariance(i, i) * s, S.Half))
        )
    if not centred or len(erfs) > 2:
        raise NotInTable
    (i, k, _), (j, q, _) = erfs
    width = s + 2 * k**2 * measure.covariance(i, i) * s + 2 * q**2 * measure.covariance(j, j) * s
    width += 4 * k**2 * q**2 * measure.minor(i, j) * s
    return 2 / pi * atan(2 * k * q * measure.covariance(i, j) * s / (Pow(s, S.Half) * Pow(width, S.Half)))
