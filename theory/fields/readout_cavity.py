r"""The outliers once more, by the eigenvector: an independent second route.

An eigenvector v of the Jacobian with an eigenvalue outside the bulk solves

    lambda v_i = sum_j g chi_ij phi'(x_j) v_j + m_i k,      k = (1/N) sum_j n_j phi'(x_j) v_j,

a network driven along m like x itself: by the cavity argument (x, v, m, n) are jointly Gaussian over units.  Two numbers close the
problem, c = <x v> and k.  Shares nothing with the collective fields but `Average`.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (outliers as a 2x2 problem); this derivation is the toolkit's.
"""

from __future__ import annotations

from dataclasses import dataclass

import mpmath
from sympy import Eq, Expr, Matrix, Symbol

from theory.derivation import Derivation, Replay, Sides, Step
from theory.gaussian.average import Average, stein
from theory.networks import GaussianCouplings
from theory.symbols import growth, phi, x

c, k = Symbol("c", real=True), Symbol("k", real=True)
"""<x v> of an eigenvector v, and its overlap with the readout through the gain."""


@dataclass(frozen=True)
class Eigenvector:
    """Result of the eigenvector route.

    Attributes
    ----------
    polynomial : Expr
        Its zeros in lambda are the outliers.
    derivation : Derivation
    """

    polynomial: Expr
    derivation: Derivation


def eigenvector(couplings: GaussianCouplings, with_m: Expr, with_n: Expr, between: Expr) -> Eigenvector:
    """Outliers from the joint Gaussian statistics of activity and eigenvector.

    Parameters
    ----------
    couplings : GaussianCouplings
    with_m, with_n, between : Expr
        Covariances <m x>, <n x>, <m n> over units.
    """
    strength = couplings.strength
    through_bulk = c * _bar(phi(x) ** 2, 2) / 2  # <phi phi' v> = c <(phi phi')'>
    first = Eq(growth * c, k * with_m + strength**2 * through_bulk)
    with_v = k * between / growth  # <n v>: v contains m k/lambda, the rest is independent of n
    second = Eq(k, with_v * _bar(phi(x), 1) + with_n * c * _bar(phi(x), 3))
    matrix = Matrix(
        [
            [(first.lhs - first.rhs).diff(unknown) for unknown in (c, k)],
            [(growth * (second.lhs - second.rhs)).expand().diff(unknown) for unknown in (c, k)],
        ]
    )
    polynomial = matrix.det().expand()
    steps = (
        Step(
            "An eigenvector outside the bulk is a network driven along m by k, as x is by z: cavity argument, (x, v, m, n) are "
            "jointly Gaussian over units. <phi'(x) v phi(x)> needs c = <x v> alone",
            "Stein's lemma: <v F(x)> = c <F'>",
            Eq(growth * c, k * with_m + strength**2 * Symbol("<phi phi' v>")),
            first,
            assumption="lambda outside the bulk; N -> infinity",
            check=Replay(lambda equation: equation.subs(Symbol("<phi phi' v>"), through_bulk)),
        ),
        Step(
            "The overlap of the eigenvector with the readout, <n v F(x)> = <n v> <F> + <n x> c <F''> with F = phi' and <n v> = "
            "<n m> k/lambda",
            "Stein's lemma, twice",
            after=second,
            check=Sides(_conditioned, _by_parts, _random_covariances, digits=8),
        ),
        Step(
            "Two linear equations for c and k have a solution where their determinant vanishes",
            "determinant",
            matrix,
            polynomial,
            check=Replay(lambda m: m.det().expand()),
        ),
    )
    return Eigenvector(polynomial, Derivation("Eigenvector route to the outliers", steps))


def _bar(function: Expr, order: int) -> Expr:
    return stein(Average(function, order))


def _conditioned(variance: float, xv: float, xn: float, nv: float) -> mpmath.mpf:
    """<n v F(x)> for F = 1/cosh^2 by conditioning n and v on x: <n v | x> = <n v> + <n x><v x> (x^2/D - 1)/D."""
    D = mpmath.mpf(variance)
    return _integral(lambda y: (nv + xn * xv / D * (y * y / D - 1)) * mpmath.sech(y) ** 2, D)


def _by_parts(variance: float, xv: float, xn: float, nv: float) -> mpmath.mpf:
    """<n v> <F> + <n x> <x v> <F''>, F = 1/cosh^2, F'' = 4/cosh^2 - 6/cosh^4."""
    return _integral(
        lambda y: nv * mpmath.sech(y) ** 2 + xn * xv * (4 * mpmath.sech(y) ** 2 - 6 * mpmath.sech(y) ** 4),
        mpmath.mpf(variance),
    )


def _integral(function, variance: mpmath.mpf) -> mpmath.mpf:
    deviation = mpmath.sqrt(variance)
    return mpmath.quad(lambda y: function(deviation * y) * mpmath.npdf(y), [-mpmath.inf, -2, 0, 2, mpmath.inf])


def _random_covariances(random) -> tuple[float, ...]:
    return random.uniform(0.3, 3), random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)


__all__ = ["Eigenvector", "eigenvector"]
