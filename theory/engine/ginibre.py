r"""Resolvent of a shifted Ginibre matrix B = c + sqrt(t) G, G_ij independent Gaussian with variance 1/N.

The singular values of B are the eigenvalues of its hermitisation, whose resolvent at w = sqrt(z) is averaged over G:

    Gamma = ( w - [[0, B], [B^T, 0]] )^{-1},     Gamma_11 = w (z - B B^T)^{-1},     Gamma_12 = (z - B B^T)^{-1} B.

Only planar contractions survive N -> infinity; they sum to Dyson's equation, whose solution is

    h (c^2 - z u^2) = u,   u = 1 + t h,    h = (1/N) tr (B B^T - z)^{-1},    (1/N) tr (B B^T - z)^{-1} B = c h/u.

Sources: Girko 1985; Feinberg & Zee 1997, Nucl. Phys. B 504, 579 (hermitisation); 't Hooft 1974 (planar diagrams).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from itertools import product

from sympy import Add, Eq, Expr, ImmutableMatrix, Integer, Matrix, Rational, S, Symbol, eye, sqrt, symbols, zeros

from theory.derivation import Fact, Replay, Solves, Step, same
from theory.engine.cavity import linear_root

REFERENCE = "Feinberg & Zee 1997, Nucl. Phys. B 504, 579"

z, h, u = symbols("z h u")
"""Spectral parameter, (1/N) tr (B B^T - z)^{-1}, and 1 + t h."""

shift, spread = Symbol("c"), Symbol("t")
"""B = shift + sqrt(spread) G."""

_w = Symbol("w")
_SIZE = 2


def dyson_matrix() -> Matrix:
    """w minus the mean hermitisation minus the self-energy, with Gamma_11 = Gamma_22 = -w h; its inverse is Gamma."""
    own = -_w * h
    return Matrix([[_w - spread * own, -shift], [-shift, _w - spread * own]])


def resolvent_law(dyson: Matrix) -> Expr:
    """Polynomial in h, u and z that vanishes: entry 11 of Dyson's equation."""
    entry = (dyson.inv()[0, 0] + _w * h).together().as_numer_denom()[0]
    reduced = (entry / _w).subs(spread * h, u - 1).expand().subs(_w**2, z)
    return reduced.expand().collect(h)


def resolvent_steps() -> tuple[Step, ...]:
    """From the singular values of B to the algebraic law of h."""
    dyson = dyson_matrix()
    law = resolvent_law(dyson)
    off_diagonal = shift * h / u
    return (
        Step(
            "Hermitise: the resolvent of [[0, B], [B^T, 0]] at w = sqrt(z) holds that of B B^T",
            "block inversion",
            assumption="none: exact for every matrix",
            reference=REFERENCE,
            check=Fact(_hermitised, "blocks compared for a random rational matrix, exactly"),
        ),
        Step(
            "Average over B = c + sqrt(t) G. A contraction of two G around a block M gives its trace, (1/N) tr M on the diagonal "
            "blocks; what it gives off the diagonal is smaller by 1/N",
            "Wick's theorem",
            assumption="G_ij independent with variance 1/N",
            check=Fact(_contractions, f"averages over all signs at N = {_SIZE}, exactly"),
        ),
        Step(
            "Keep the planar contractions, the only ones of order one: Dyson's equation for Gamma, with self-energy t Gamma_11 = "
            "t Gamma_22 = -t w h on the diagonal",
            "planar diagrams summed",
            after=dyson,
            assumption="N -> infinity, z outside the support",
            reference="'t Hooft 1974, Nucl. Phys. B 72, 461; " + REFERENCE,
            check=Solves(
                lambda shown: _beyond_planar(resolvent_law(shown)),
                "planar contractions to sixth order enumerated, inserted",
            ),
        ),
        Step(
            "Its entry 11 is an algebraic equation for h, with u = 1 + t h",
            "matrix inverted",
            before=dyson,
            after=law,
            check=Replay(resolvent_law),
        ),
        Step(
            "Its entry 12 gives (1/N) tr (B B^T - z)^{-1} B",
            "matrix inverted",
            before=dyson,
            after=off_diagonal,
            check=Solves(partial(_beside_entry, dyson, law), "difference vanishes on the law of h"),
        ),
    )


def _beside_entry(dyson: Matrix, law: Expr, off_diagonal: Expr) -> Expr:
    """What entry 12 of Gamma lacks, with z from the law and t = (u - 1)/h."""
    entry = dyson.inv()[0, 1].subs(spread, (u - 1) / h).together().expand().subs(_w**2, z).subs(_w, sqrt(z))
    return entry.subs(z, linear_root(Eq(law, 0), z)) + off_diagonal


# ---- checks ----------------------------------------------------------------------------------------------------------


def _hermitised() -> bool:
    B = ImmutableMatrix([[1, Rational(2, 3), -2], [Rational(1, 5), 3, 1], [0, -1, Rational(5, 2)]])
    w, size = Rational(3, 7), 3
    inverse = (w * eye(2 * size) - Matrix([[zeros(size), B], [B.T, zeros(size)]])).inv()
    resolvent = (w**2 * eye(size) - B * B.T).inv()
    return inverse[:size, :size] == w * resolvent and inverse[:size, size:] == resolvent * B


def _contractions() -> bool:
    """<G M G^T> = (tr M/N) 1 and <G M G> = M^T/N."""
    M = Matrix(_SIZE, _SIZE, symbols(f"M:{_SIZE**2}"))
    around, through = zeros(_SIZE, _SIZE), zeros(_SIZE, _SIZE)
    for signs in product((-1, 1), repeat=_SIZE**2):
        G = Matrix(_SIZE, _SIZE, signs)
        around += G * M * G.T
        through += G * M * G
    weight = Integer(2) ** _SIZE**2 * _SIZE  # configurations, and the variance 1/N
    return same(around / weight, M.trace() / _SIZE * eye(_SIZE)) and same(through / weight, M.T / _SIZE)


def _beyond_planar(law: Expr) -> Matrix:
    """What is left, by powers of 1/z, where h = -sum_k z^(-k-1) (1/N) tr (B B^T)^k, k <= 3, is inserted into the law."""
    inverse = Symbol("inverse")
    series = -sum(inverse ** (k + 1) * planar_trace(((shift, "N"), (shift, "T")) * k) for k in range(4))
    inserted = law.subs({z: 1 / inverse, u: 1 + spread * h}).subs(h, series).expand()
    return Matrix([inserted.coeff(inverse, n) for n in range(4)])


def planar_trace(factors: Sequence[tuple[Expr, str]]) -> Expr:
    """(1/N) tr of a product of shifted matrices c + sqrt(t) G ('N') or their transposes ('T'), N -> infinity."""
    total = S.Zero
    for chosen in product((False, True), repeat=len(factors)):
        word = "".join(kind for (_, kind), taken in zip(factors, chosen, strict=True) if taken)
        weight = S.One
        for (c, _), taken in zip(factors, chosen, strict=True):
            weight *= 1 if taken else c
        total += weight * spread ** Rational(len(word), 2) * planar_pairings(word)
    return total


@cache
def planar_pairings(word: str, symmetry: Expr = S.Zero) -> Expr:
    """(1/N) tr of a word of G ('N') and G^T ('T') as N -> infinity: non-crossing pairings, of equals with weight `symmetry`."""
    if not word:
        return S.One
    return Add(
        *(
            (symmetry if word[k] == word[0] else 1)
            * planar_pairings(word[1:k], symmetry)
            * planar_pairings(word[k + 1 :], symmetry)
            for k in range(1, len(word), 2)
        )
    )
