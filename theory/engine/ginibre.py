r"""Resolvent of a shifted Ginibre matrix B = c + sqrt(t) G, G_ij independent Gaussian with variance 1/N.

The singular values of B are the eigenvalues of its hermitisation, whose resolvent at w = sqrt(z) is averaged over G:

    Gamma = ( w - [[0, B], [B^T, 0]] )^{-1},     Gamma_11 = w (z - B B^T)^{-1},     Gamma_12 = (z - B B^T)^{-1} B.

Only planar contractions survive N -> infinity; they sum to Dyson's equation, whose solution is

    h (c^2 - z u^2) = u,   u = 1 + t h,    h = (1/N) tr (B B^T - z)^{-1},    (1/N) tr (B B^T - z)^{-1} B = c h/u.

Sources: Girko 1985; Feinberg & Zee 1997, Nucl. Phys. B 504, 579 (hermitisation); 't Hooft 1974 (planar diagrams).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import product

from sympy import Expr, ImmutableMatrix, Integer, Matrix, Rational, S, Symbol, eye, symbols, zeros

from theory.derivation import Fact, Replay, Step, same

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
            check=Fact(partial(_counts_planar, law), "expansion to sixth order against enumerated planar contractions"),
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
            check=Fact(partial(_off_diagonal, dyson, law, off_diagonal), "difference vanishes on the law of h"),
        ),
    )


def _on_law(expression: Expr, law: Expr) -> Expr:
    """Eliminate z, which the law gives in the other variables, and t = (u - 1)/h."""
    return expression.subs(z, _solved(law)).subs(spread, (u - 1) / h)


def _solved(law: Expr) -> Expr:
    return (law.subs(z, 0) / -law.diff(z)).cancel()


def _off_diagonal(dyson: Matrix, law: Expr, claimed: Expr) -> bool:
    squared = (dyson.inv()[0, 1]).subs(spread, (u - 1) / h).together()
    value = squared.expand().subs(_w**2, z).subs(_w, z ** Rational(1, 2))
    return same(_on_law(-value, law), claimed)


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


def _counts_planar(law: Expr) -> bool:
    """(1/N) tr (B B^T)^k for k <= 3 from the series of h at large z, h = -sum_k z^(-k-1) <(B B^T)^k>."""
    inverse = Symbol("inverse")
    series = S.Zero
    exact = law.subs(z, 1 / inverse)
    for k in range(4):
        unknown = Symbol("unknown")
        trial = series - unknown * inverse ** (k + 1)
        equation = exact.subs(u, 1 + spread * h).subs(h, trial).together().as_numer_denom()[0].expand()
        lowest = min(term.as_coeff_exponent(inverse)[1] for term in equation.as_ordered_terms())
        condition = equation.coeff(inverse, lowest)
        value = (condition.subs(unknown, 0) / -condition.diff(unknown)).cancel()
        if not same(value, planar_trace(((shift, "N"), (shift, "T")) * k)):
            return False
        series = trial.subs(unknown, value)
    return True


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
def planar_pairings(word: str) -> int:
    """Number of non-crossing pairings of each G ('N') with a G^T ('T'): (1/N) tr of the word as N -> infinity."""
    if not word:
        return 1
    return sum(
        planar_pairings(word[1:k]) * planar_pairings(word[k + 1 :]) for k in range(1, len(word)) if word[k] != word[0]
    )


def exponents(slots: int, total: int) -> Iterator[tuple[int, ...]]:
    """All ways to share `total` among `slots`."""
    if slots == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in exponents(slots - 1, total - first):
            yield (first, *rest)
