r"""Spectral law of the covariance of x, C_x = R (s + k G G^T) R^T, at fixed couplings; s = sigma^2, k = g^2 <r^2>.

    C_x - z = R M R^T,    M = s - z + sqrt(y) z (G + G^T) + t G G^T,    t = k - y z,

and M completes to the square of a shifted Ginibre matrix.  With h = (1/N) tr M^{-1} = 1/w the law is a cubic for w, regular
for all y, k, s >= 0, and the resolvent of C_x is rational in h.  Linear networks have k = 0 and C_x = s R R^T.

Sources: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (variance of the covariances); the law is derived here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

from sympy import QQ, Eq, Expr, ImmutableMatrix, Poly, Rational, S, Symbol, discriminant, sqrt, symbols
from sympy.ntheory import multinomial_coefficients

from theory.derivation import Derivation, Replay, Solves, Step, named
from theory.engine.ginibre import dyson_matrix, h, planar_pairings, resolvent_law, shift, u, z
from theory.engine.matrices import rational_matrix
from theory.equivalence.fixed_point import derive as derive_equivalence
from theory.models.static import STATIC
from theory.symbols import Delta, g, sigma

y = Symbol("y", nonnegative=True)
"""gamma = g^2 <phi'>^2, the squared spectral radius of gain J; 0 <= y < 1."""

s = Symbol("s", nonnegative=True)
k = Symbol("k", nonnegative=True)
"""C_x = R (s + k G G^T) R^T: noise variance, and g^2 times the variance of the remainder."""

w = Symbol("w")
_t = k - y * z
_B, _B_T = symbols("B B^T")
ENUMERATED = 3  # order in y to which moments are compared with planar contractions


@dataclass(frozen=True)
class PreactivationLaw:
    """Law of the eigenvalues of C_x.

    Attributes
    ----------
    cubic : Expr
        Polynomial in w, monic, that vanishes at spectral parameter z.
    resolvent : Expr
        (1/N) tr (C_x - z)^{-1} in w, z.
    edges : Expr
        Polynomial in z; the support ends at its two largest real zeros.
    noise, strength : Expr
        s and k for the generic activation.
    derivation : Derivation
    """

    cubic: Expr
    resolvent: Expr
    edges: Expr
    noise: Expr
    strength: Expr
    derivation: Derivation


@lru_cache(maxsize=1)
def derive() -> PreactivationLaw:
    """Derive the law of C_x and hold its first two moments against the theory's own covariance statistics."""
    shifted = resolvent_law(dyson_matrix())
    law = _completed(shifted)
    resolvent = _regular(_traces(), law)
    cubic = _cubic(law)
    edges = _edge_polynomial(cubic)
    equivalence = derive_equivalence()
    strength = g**2 * equivalence.remainder
    steps = (
        Step(
            "Write C_x - z = R M R^T: M is quadratic in G, and the square of B = c + sqrt(t) G up to a number",
            "completing the square",
            after=named("M", _B * _B_T - (y * z**2 / _t + z - s)),
            check=Solves(_beside_the_square, "random rational matrices, exactly"),
        ),
        Step(
            "So h = (1/N) tr M^{-1} obeys the law of the shifted Ginibre matrix with c = sqrt(y) z/sqrt(t)",
            "substitution",
            before=shifted,
            after=law,
            check=Replay(_completed),
        ),
        Step(
            "Written for w = 1/h: a cubic",
            "substitution",
            before=law,
            after=cubic,
            check=Replay(_cubic),
        ),
        Step(
            "The resolvent of C_x is (1/N) tr M^{-1} A A^T, A = 1 - sqrt(y) G = (k - sqrt(y t) B)/t, which needs (1/N) tr "
            "M^{-1} B = c h/u and (1/N) tr M^{-1} B B^T. A multiple of the law removes the pole at t = 0",
            "linear combination of traces, reduced by the law",
            before=_traces(),
            after=resolvent,
            check=Replay(partial(_regular, law=law)),
        ),
        *_moment_steps(law, resolvent, strength),
        Step(
            "The support ends where two roots of the cubic meet",
            "discriminant of the cubic",
            before=cubic,
            after=edges,
            check=Replay(_edge_polynomial),
        ),
    )
    return PreactivationLaw(
        cubic=cubic,
        resolvent=resolvent.subs(h, 1 / w).factor(),
        edges=edges,
        noise=sigma**2,
        strength=strength,
        derivation=Derivation("Spectrum of the covariance of x at fixed couplings", steps),
    )


def _completed(shifted: Expr) -> Expr:
    """The law of h, with z -> c^2 + z - s and c^2 = y z^2/t, divided by what vanishes identically."""
    c2 = y * z**2 / _t
    law = shifted.subs(z, shift**2 + z - s).subs(shift, sqrt(c2))
    reduced = law.subs(u, 1 + _t * h).together().as_numer_denom()[0].expand()
    return _primitive(reduced)


def _primitive(polynomial: Expr) -> Expr:
    """The factor that contains h; constant term 1."""
    _, factors = Poly(polynomial, h, z, y, k, s).factor_list()
    (law,) = [f.as_expr() for f, _ in factors if f.degree(h) > 0]
    return (law / law.subs(h, 0)).expand().collect(h)


def _cubic(law: Expr) -> Expr:
    return (law.subs(h, 1 / w) * w**3).expand().collect(w)


def _edge_polynomial(cubic: Expr) -> Expr:
    return discriminant(cubic, w).expand().collect(z)


def _traces() -> Expr:
    """(1/N) tr M^{-1} A A^T from the traces with 1, B and B B^T = M + c^2 + z - s."""
    along = y * z / _t  # c sqrt(y/t)
    squared = 1 + (y * z**2 / _t + z - s) * h
    return (k / _t) ** 2 * h - 2 * (k / _t) * along * h / u + y / _t * squared


def _regular(traces: Expr, law: Expr) -> Expr:
    """The traces minus (y/t) law/u, which vanishes, in h alone."""
    return (traces - y / _t * law / u).subs(u, 1 + _t * h).factor()


# ---- moments and consistency -----------------------------------------------------------------------------------------


def moments(law: Expr, resolvent: Expr, count: int) -> tuple[Expr, ...]:
    """(1/N) tr C_x^j for j = 1, ..., count, from the resolvent - sum_j z^(-j-1) (1/N) tr C_x^j at large z.

    With h = e f and resolvent = e F, e = 1/z, both laws are polynomial: p(f, e) = 0 and u F = q(f, e).
    """
    e, f, F = symbols("e f F")
    scaled = {h: e * f, z: 1 / e}
    p = law.subs(scaled).expand()
    q = ((resolvent * (1 + _t * h)).cancel() / e).subs(scaled).expand()
    f_series = _power_series(p, f, e, {}, count + 1)
    F_series = _power_series(F * (1 + _t * h).subs(scaled).expand() - q, F, e, {f: f_series}, count + 1)
    return tuple(-F_series.coeff_monomial(e**j).factor() for j in range(1, count + 1))


def _power_series(equation: Expr, unknown: Symbol, e: Symbol, known: Mapping[Symbol, Poly], order: int) -> Poly:
    """Series in e of the unknown, `equation = 0`, linear in it at e = 0; its other variables are known series."""
    field = QQ.frac_field(y, k, s)
    names = (unknown, *known)
    polynomial = Poly(equation, *names, e, domain=field)

    def value(series: Poly) -> Poly:
        total, given = Poly(0, e, domain=field), (series, *known.values())
        for powers, coefficient in polynomial.terms():
            term = Poly({(powers[-1],): coefficient}, e, domain=field)
            for base, power in zip(given, powers, strict=False):
                term = (term * base**power).rem(Poly(e**order, e, domain=field))
            total += term
        return total

    zero, one = (Poly(n, e, domain=field) for n in (0, 1))
    slope = value(one).eval(e, 0) - value(zero).eval(e, 0)
    series = zero
    for _ in range(order):
        series -= value(series).mul_ground(1 / slope)
    return series.rem(Poly(e**order, e, domain=field))


def _moment_steps(law: Expr, resolvent: Expr, strength: Expr) -> tuple[Step, ...]:
    """First moments, and the traces of C_x against what the collective fields gave; sigma^2 by the self-consistency."""
    first, second = moments(law, resolvent, 2)
    noise = Delta - (STATIC.derive().equation.right - sigma**2)
    series = Step(
        "First moments (1/N) tr C_x and (1/N) tr C_x^2, from the resolvent at large z",
        "power series of the algebraic functions",
        before=resolvent,
        after=ImmutableMatrix([first, second]),
        check=Solves(beyond_planar, f"enumeration of planar contractions to {2 * ENUMERATED} factors G"),
    )
    values = {k: strength, s: noise}
    how = "y, k and s inserted, sigma eliminated by the self-consistency"
    return series, *trace_steps("x", "Delta", first, second, values, how)


def trace_steps(
    name: str, trace: str, first: Expr, second: Expr, values: Mapping[Symbol, Expr], how: str
) -> tuple[Step, ...]:
    """Traces of C and C^2 over N against what the collective fields gave; `trace` is the key of the first."""
    quantities, of = STATIC.derive().quantities, f"C_{name}"
    inserted = {y: derive_equivalence().gamma, **values}
    return tuple(
        Step(
            f"The trace {text} is that of the collective fields",
            "comparison",
            before=value,
            after=quantities[key].expression,
            check=Replay(lambda e: e.subs(inserted), how),
        )
        for key, text, value in (
            (trace, f"(1/N) tr {of}", first),
            (f"D_{name}", f"(tr {of})^2/(N tr {of}^2)", first**2 / second),
            (f"n_var_cov_{name}", f"(1/N) tr {of}^2 - {trace}^2", second - first**2),
        )
    )


# ---- checks ----------------------------------------------------------------------------------------------------------


def _beside_the_square(shown: Eq) -> ImmutableMatrix:
    """What R M R^T misses of C_x - z, with B = sqrt(t) (G + c) and sqrt(t) c = sqrt(y) z."""
    size, root, point, noise, strength = 3, Rational(2, 5), Rational(9, 4), Rational(3, 4), Rational(5, 7)
    one, G = ImmutableMatrix.eye(size), rational_matrix(size, size, 5)
    spread_at = strength - root**2 * point
    centred = G + root * point / spread_at * one
    squared = _B * _B_T
    numbers = {y: root**2, z: point, s: noise, k: strength}
    weight, rest = shown.rhs.coeff(squared), (shown.rhs - shown.rhs.coeff(squared) * squared).subs(numbers)
    response = (one - root * G).inv()
    completed = weight * spread_at * centred * centred.T + rest * one
    return response * (noise * one + strength * G * G.T - completed) * response.T - point * one


def beyond_planar(found: ImmutableMatrix) -> ImmutableMatrix:
    """What moments miss of enumerated planar contractions, times (1-y)^(3j-2); G^2n counts as y^n, G^2 in k as y."""
    count, missing = Symbol("count"), []
    for j, value in enumerate(found, 1):
        series = sum(planar_moment(j, n) for n in range(ENUMERATED + 1))
        rest = (
            ((series - value) * (1 - y) ** (3 * j - 2)).cancel().subs({y: count * y, k: count * k}, simultaneous=True)
        )
        missing += [rest.expand().coeff(count, n) for n in range(ENUMERATED + 1)]
    return ImmutableMatrix(missing)


def planar_moment(power: int, n: int) -> Expr:
    """Terms with 2n factors G in (1/N) tr C_x^power: planar contractions, R = sum_a (sqrt(y) G)^a."""
    total = S.Zero
    for chosen in product((False, True), repeat=power):  # s or k G G^T in each factor
        outside = 2 * (n - sum(chosen))
        for powers in multinomial_coefficients(2 * power, outside) if outside >= 0 else ():
            pairs = zip(powers[::2], powers[1::2], chosen, strict=True)
            word = "".join("N" * left + "NT" * taken + "T" * right for left, right, taken in pairs)
            total += s ** (power - sum(chosen)) * k ** sum(chosen) * y ** (n - sum(chosen)) * planar_pairings(word)
    return total
