r"""Spectral law of the activity covariance, C_phi = <phi^2> (1 - y) R R^T, at fixed couplings.

R R^T = (A^T A)^{-1} with A = 1 - sqrt(y) G, G a Ginibre matrix and y = gamma = g^2 <phi'>^2.  The resolvent of A A^T gives the
generating function of the moments m_k = (1/N) tr (R R^T)^k,

    m (1 - u^2 z) = u,     u = 1 + y m,     m(z) = sum_k m_k z^(k-1).

At z = 1/lambda it is a cubic for u with one negative root -v.  That root is a coordinate on the support: eigenvalue and
density are explicit in v and, with v = e^t/sqrt(1-y), in t from -a to a, without cancellation for any 0 < y < 1.

Source: Hu & Sompolinsky 2022 (linear network); here by the hermitised resolvent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache, partial
from math import factorial

from sympy import (
    Derivative,
    Eq,
    Expr,
    ImmutableMatrix,
    Poly,
    Rational,
    S,
    Symbol,
    asinh,
    cosh,
    discriminant,
    exp,
    log,
    pi,
    roots,
    sinh,
    sqrt,
    tanh,
)

from theory.derivation import Derivation, Evaluated, Replay, Solves, Step, chain
from theory.engine.ginibre import dyson_matrix, h, resolvent_law, resolvent_steps, shift, spread, u, z
from theory.equivalence.eigenvalues_x import ENUMERATED, beyond_planar, k, s, trace_steps, y
from theory.equivalence.fixed_point import LINEAR
from theory.equivalence.fixed_point import derive as derive_equivalence
from theory.models.static import STATIC

m, M = Symbol("m"), Symbol("M")
eigenvalue = Symbol("lambda", positive=True)
v = Symbol("v", positive=True)
t = Symbol("t", real=True)
a = Symbol("a", positive=True)

RANGES = {y: (0.3, 0.95), t: (-0.8, 0.8)}  # points on the support


@dataclass(frozen=True)
class SpectralLaw:
    """Law of the eigenvalues of R R^T, in y and the coordinate t on the support, -half_width <= t <= half_width.

    Attributes
    ----------
    generating : Expr
        Vanishes for the generating function m(z).
    half_width : Expr
    eigenvalue, slope : Expr
        lambda(t), increasing, and d log(lambda)/dt, between 2 and 3.
    density : Expr
        Of lambda, at lambda(t).
    derivation : Derivation
    """

    generating: Expr
    half_width: Expr
    eigenvalue: Expr
    slope: Expr
    density: Expr
    derivation: Derivation


@lru_cache(maxsize=1)
def derive() -> SpectralLaw:
    """Derive the law of R R^T and hold it against the theory's own covariance statistics."""
    generating = _of_response(resolvent_law(dyson_matrix()))
    cubic = _cubic(generating)
    edges = _edge_polynomial(cubic)
    at_root = _eigenvalue_at_root(cubic)
    squared = _imaginary_part_squared(at_root)

    half_width = asinh(sqrt(y * (y + 8)) / (2 * sqrt(1 - y)))
    b = -log(1 - y) / 2
    position = exp(2 * t) * cosh((t + b) / 2) / cosh((t - b) / 2) / (1 - y) ** Rational(3, 2)
    slope = 2 + (tanh((t + b) / 2) - tanh((t - b) / 2)) / 2
    height = sqrt((1 - y) * exp(-t) * sinh((a + t) / 2) * sinh((a - t) / 2)) / (pi * y * eigenvalue ** Rational(3, 2))
    in_t = exp(t) / sqrt(1 - y)
    on_support = Evaluated(lambda side: side.subs({v: in_t, a: half_width, eigenvalue: position}), RANGES)

    equivalence = derive_equivalence()
    scale = STATIC.derive().quantities["C_phi"].expression * (1 - y)  # C_phi = <phi^2> (1 - y) R R^T
    steps = (
        Step(
            "With J = g G the response is R = (1 - gain J)^{-1} = A^{-1}, A = 1 - sqrt(y) G, and R R^T = (A^T A)^{-1}: the "
            "generating function of its moments is the resolvent of A A^T, a shifted Ginibre matrix with c = 1 and t = y",
            "A^T A and A A^T have the same eigenvalues",
            before=resolvent_law(dyson_matrix()),
            after=generating,
            assumption="y < 1",
            reference=LINEAR,
            check=Replay(_of_response),
        ),
        Step(
            "Moments of all orders: m = (1 + z m u^2)/(1 - y) is solved as a power series in z, m_{n+1} = d^{n-1}/dm^{n-1} "
            "(m u^2/(1-y))^n / n! at m = 1/(1-y)",
            "Lagrange inversion",
            before=generating,
            after=ImmutableMatrix([[moment(k) for k in range(1, 5)]]),
            check=Solves(
                partial(_beyond_moments, generating),
                f"inserted, and enumeration of planar contractions to order y^{ENUMERATED}",
            ),
        ),
        *trace_steps("phi", "C_phi", scale * moment(1), scale**2 * moment(2), {}, "gamma inserted"),
        Step(
            "Insert z = 1/lambda and m = (u - 1)/y: a cubic for u. On the support it has a complex pair, whose imaginary part is "
            "the density",
            "substitution",
            before=generating,
            after=cubic,
            check=Replay(_cubic),
        ),
        Step(
            "The support ends where the pair becomes real",
            "discriminant of the cubic",
            before=cubic,
            after=edges,
            check=Replay(_edge_polynomial),
        ),
        Step(
            "The product of the roots is -lambda: the third root is negative, -v. It grows with lambda, which is explicit in it",
            "linear equation solved",
            before=cubic,
            after=Eq(eigenvalue, at_root),
            check=Replay(lambda c: Eq(eigenvalue, _eigenvalue_at_root(c))),
        ),
        Step(
            "Sum and product of the pair give the square of its imaginary part, positive between the edges",
            "Vieta's formulas",
            before=at_root,
            after=squared,
            check=Solves(
                lambda square: ((u - (1 + v) / 2) ** 2 + square) * (u + v) - cubic.subs(eigenvalue, at_root),
                "the pair inserted in the cubic",
            ),
        ),
        Step(
            "Write v = e^t/sqrt(1-y). The support is |t| <= a",
            "zeros of the imaginary part",
            before=squared,
            after=Eq(a, half_width),
            check=Evaluated(lambda side: S.Zero if side == squared else squared.subs(v, in_t.subs(t, side)), RANGES),
        ),
        Step(
            "Eigenvalue at t: it grows from t = -a to a, symmetrically in its logarithm",
            "substitution",
            before=at_root,
            after=position,
            check=on_support,
        ),
        Step(
            "Its logarithmic slope, between 2 and 3",
            "differentiation",
            before=Derivative(log(position), t),
            after=slope,
            check=on_support,
        ),
        Step(
            "Density of lambda: Im m/(pi lambda^2), as 1/lambda are the eigenvalues of A^T A and m their resolvent",
            "inversion of the Stieltjes transform",
            before=sqrt(squared) / (pi * y * eigenvalue**2),
            after=height,
            check=on_support,
        ),
    )
    return SpectralLaw(
        generating=generating,
        half_width=half_width,
        eigenvalue=position,
        slope=slope,
        density=height.subs({a: half_width, eigenvalue: position}),
        derivation=chain(
            "Spectrum of the covariance matrix at fixed couplings", equivalence.derivation, resolvent_steps(), steps
        ),
    )


@cache
def moment(k: int) -> Expr:
    """m_k = (1/N) tr (R R^T)^k as a rational function of y, for k >= 1, by Lagrange inversion.

    With m = M/(1-y): M = 1 + z f(M), f = M (1 - y + y M)^2/(1-y)^3, so that the coefficient of z^n in M is
    (1/n!) d^(n-1) f^n/dM^(n-1) at M = 1. The numerator is a polynomial in y with positive coefficients.
    """
    n = k - 1
    if n == 0:
        return 1 / (1 - y)
    numerator = Poly(M * (1 - y + y * M) ** 2, M, y) ** n
    derivative = numerator.diff((M, n - 1)) if n > 1 else numerator
    coefficient = derivative.eval(M, 1).as_expr() / factorial(n)
    return coefficient.expand() / (1 - y) ** (3 * n + 1)


def coupling_at(dimension: Symbol) -> Expr:
    """The y in [0, 1] at which the participation dimension m_1^2/m_2 has a given value."""
    equation = (moment(1) ** 2 / moment(2)).cancel() - dimension
    (root,) = [r for r in roots(equation, y) if 0 <= r.subs(dimension, Rational(1, 4)) <= 1]
    return root


def _of_response(law: Expr) -> Expr:
    """The law of the resolvent of A A^T: c = 1, t = y, with h named m and u written out."""
    return law.subs({shift: 1, u: 1 + spread * h}).subs({spread: y, h: m})


def _cubic(generating: Expr) -> Expr:
    polynomial = generating.subs(m, (u - 1) / y).subs(z, 1 / eigenvalue) * y * eigenvalue
    return polynomial.expand().collect(u)


def _edge_polynomial(cubic: Expr) -> Expr:
    """The factor of the discriminant that vanishes at the edges: quadratic in lambda."""
    _, factors = Poly(discriminant(cubic, u), eigenvalue, y).factor_list()
    (edge,) = [f.as_expr() for f, _ in factors if f.degree(eigenvalue) == 2]
    return edge.collect(eigenvalue)


def _eigenvalue_at_root(cubic: Expr) -> Expr:
    at_root = cubic.subs(u, -v)
    return (at_root.subs(eigenvalue, 0) / -at_root.diff(eigenvalue)).factor()


def _imaginary_part_squared(at_root: Expr) -> Expr:
    """For a pair with sum 1 + v and product lambda/v."""
    return (at_root / v - (1 + v) ** 2 / 4).factor()


# ---- checks ----------------------------------------------------------------------------------------------------------


def _beyond_moments(generating: Expr, shown: ImmutableMatrix) -> ImmutableMatrix:
    """What is left where the series of moments is inserted, and what they miss of planar contractions: those of C_x at s = 1.

    Inserted at more rational values of y than the numerators have coefficients.
    """
    series, left = sum(value * z**n for n, value in enumerate(shown)), []
    for coupling in (Rational(n, 10) for n in range(1, 10)):
        inserted = generating.subs(m, series).subs(y, coupling).expand()
        left += [inserted.coeff(z, n) for n in range(len(shown))]
    return ImmutableMatrix(left).col_join(beyond_planar(shown[:3]).subs({s: 1, k: 0}))
