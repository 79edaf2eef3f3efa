r"""Linear equivalence in time: the whole covariance matrix of the network `dynamic` at fixed couplings, frequency by frequency.

A unit answers the field that it receives with its mean response S and a remainder.  To first order in the 1/sqrt(N) couplings of
a pair, the covariance of two units holds nothing of the kind of unit but S and its spectrum C (`theory.engine.functional`).  The
network therefore shares its covariances with the linear network phi = F (J phi + n) of the same S and C,

    1/F = 1/S + eta g^2 S,      <n n*> = Q = C (1/|S|^2 - g^2),

whose unit F lacks the feedback through the others that S has.  The noise n contains the external one, n = xi + m; the spectrum of m
is D = Q - Xi.  With G = (1/F - J)^{-1} and the equation of motion x = h (J phi + xi),

    <phi phi^+> = Q G G^+,    <phi x^+> = h* (Q G G^+/F* - D G),    <x x^+> = |h|^2 (Q G G^+/|F|^2 - D (G/F + G^+/F*) + D).

Any filter h, any symmetry eta of the couplings; S and C come from the theory of one unit, F = S = <phi'> h at eta = 0.

Sources: Clark 2026, arXiv 2604.23489; Shen & Hu (linear equivalence); Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401 (pairs).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial

from sympy import (
    Adjoint,
    Eq,
    Expr,
    I,
    Identity,
    ImmutableMatrix,
    Matrix,
    MatrixExpr,
    MatrixSymbol,
    Rational,
    S,
    Symbol,
    conjugate,
    diag,
    symbols,
)

from theory.averages.average import averages
from theory.derivation import Derivation, Fact, Replay, Solves, Step, chain, same
from theory.engine.cavity import linear_root
from theory.engine.collective import ACTIVITY, RESPONSE, Bilinear, disorder_average
from theory.engine.functional import pair_steps
from theory.engine.ginibre import planar_pairings
from theory.engine.matrices import rational_matrix, with_matrices
from theory.engine.site_in_time import filtered_site
from theory.engine.spectral import CLARK, OneSite
from theory.equivalence.fixed_point import SIZE, J, N, R
from theory.equivalence.fixed_point import derive as derive_static
from theory.networks import GaussianCouplings
from theory.symbols import Delta, eta, frequency, g, sigma

EQUIVALENCE = "Clark 2026, arXiv 2604.23489"

response, response_x, cross, h = symbols("S T K h")
"""Mean response of phi and of x to the field, <phi x*>, and the filter of a unit, all at one frequency."""

C, X, noise = (Symbol(name, nonnegative=True) for name in ("C", "X", "Xi"))
"""Spectra of phi, of x and of the external noise."""

_functions = (response, response_x, C, cross, X, h)
SITE = OneSite(*_functions, *(conjugate(e) for e in (response, response_x, cross, h)))

field = g**2 * C + noise
"""Spectrum of what a unit receives from the others and from outside."""

inverse_F, total, remainder = symbols("inverse_F Q D")
"""1/F of a linear unit, and the spectra of its noise n and of the part m of it."""

G = MatrixSymbol("G", N, N)
propagator = (inverse_F * Identity(N) - J).I
"""The response matrix of the linear network, as a symbol and in terms of J."""

eigenvalue, gain = symbols("lambda gain")
ORDER = 6  # in g, to which traces are compared with planar contractions


@dataclass(frozen=True)
class Quadratic:
    """``square G G^+ + left G + right G^+ + constant``."""

    square: Expr
    left: Expr = S.Zero
    right: Expr = S.Zero
    constant: Expr = S.Zero

    @property
    def coefficients(self) -> tuple[Expr, ...]:
        """The four factors in this order."""
        return self.square, self.left, self.right, self.constant

    @property
    def matrix(self) -> MatrixExpr:
        """The expression in G."""
        return self.square * G * Adjoint(G) + self.left * G + self.right * Adjoint(G) + self.constant * Identity(N)

    def trace(self, squared: Expr) -> Expr:
        """1/N of the trace: (1/N) tr G is S, and (1/N) tr G G^+ is `squared`."""
        return self.square * squared + self.left * response + self.right * conjugate(response) + self.constant

    def at(self, values: dict[Expr, Expr]) -> Quadratic:
        """With values inserted into the factors."""
        return Quadratic(*(c.xreplace(values) for c in self.coefficients))


@dataclass(frozen=True)
class EquivalenceInTime:
    """Cross-spectral matrices at fixed couplings for any odd activation, filter and symmetry of the couplings.

    Attributes
    ----------
    inverse_F, total, remainder : Expr
        1/F, Q and D in terms of S, C, g, eta and the spectrum Xi of the external noise.
    filter, noise : Expr
        h and Xi as T and K tell them.
    propagator : MatrixExpr
        G in terms of J and 1/F.
    phi, phi_x, x : Quadratic
        <phi phi^+>, <phi x^+> and <x x^+> in terms of G, h, 1/F, Q and D.
    derivation : Derivation
    """

    inverse_F: Expr
    total: Expr
    remainder: Expr
    filter: Expr
    noise: Expr
    propagator: MatrixExpr
    phi: Quadratic
    phi_x: Quadratic
    x: Quadratic
    derivation: Derivation


@lru_cache(maxsize=1)
def derive() -> EquivalenceInTime:
    """Derive the cross-spectral matrices at fixed couplings."""
    exponent = disorder_average(GaussianCouplings(symmetry=eta)).F
    feedback = _feedback(exponent)
    drift, spectrum = Eq(response * inverse_F, 1 + feedback * response), Eq(C, _squared(response) * (g**2 * C + total))
    of_unit, of_noise = linear_root(drift, inverse_F), linear_root(spectrum, total)
    planar = C / of_noise  # (1/N) tr G G^+, for <phi phi^+> = Q G G^+ has the trace N C
    known = {inverse_F: of_unit, total: of_noise, remainder: of_noise - noise}
    one = filtered_site(SITE, field, feedback / response)
    filtered, heard = Eq(response_x, one.response_x), Eq(cross, one.cross)

    found = {pair: covariance(*pair) for pair in (("phi", "phi"), ("phi", "x"), ("x", "x"))}
    linear_steps = (
        Step(
            "The others feed the activity of a unit back to it: in the single-site weight, phi at one time comes with the response "
            "field at another and the factor eta g^2 <phi xr>",
            "conjugate field of xr phi",
            exponent,
            feedback,
            assumption="the two labels are times; saddle point <phi xr> = S",
            reference=CLARK,
            check=Replay(_feedback),
        ),
        Step(
            "With it the linear unit phi = F (u + eta g^2 S phi + n) must respond by S; solve for 1/F",
            "one-site cavity, linear equation solved",
            drift,
            of_unit,
            reference=EQUIVALENCE,
            check=Replay(lambda equation: linear_root(equation, inverse_F)),
        ),
        Step(
            "It answers field and noise alike, C = |S|^2 (g^2 C + Q); solve for the spectrum Q of n",
            "one-site cavity, linear equation solved",
            spectrum,
            of_noise,
            assumption="g |S| < 1",
            reference=EQUIVALENCE,
            check=Replay(lambda equation: linear_root(equation, total)),
        ),
        Step(
            "So at large N the response matrix G = (1/F - J)^{-1} has (1/N) tr G = S and (1/N) tr G G^+ =",
            "planar contractions",
            after=planar,
            check=Solves(partial(_beyond_planar, of_unit), f"enumeration of planar contractions to order g^{ORDER}"),
        ),
        Step(
            "Of the noise n a part is the external noise, n = xi + m: both networks have the response G, and <phi xi^+> is G times "
            "the spectrum of xi. The rest m has the spectrum",
            "Furutsu-Novikov theorem, external noise subtracted",
            of_noise - noise,
            C / _squared(response) - field,
            check=Replay(lambda e: e, "as a canonical form"),
        ),
    )
    matrix_steps = tuple(
        Step(
            f"At fixed J, phi = F (J phi + n) is solved by phi = G n, and x = h (J phi + xi) is then h (phi/F - m): <{a} {b}^+>",
            "covariance of a linear combination",
            after=quadratic.matrix,
            assumption="the linear network is stable: 1/F(s) is an eigenvalue of J only where Re s < 0",
            reference=EQUIVALENCE,
            check=Solves(
                partial(_beside_equations_of_motion, a, b),
                f"equations of motion solved with a random rational J of size {SIZE}, exactly",
            ),
        )
        for (a, b), quadratic in found.items()
    )
    site_steps = tuple(
        Step(
            f"(1/N) tr <{a} {b}^+> is the spectrum of one unit, x = h (u + eta g^2 S phi) with <phi u*> = S <u u*>",
            "trace over planar contractions",
            quadratic.at(known).trace(planar),
            spectrum_of_one,
            check=Replay(lambda e: e, "as a canonical form"),
        )
        for ((a, b), quadratic), spectrum_of_one in zip(found.items(), (C, one.cross, one.spectrum_x), strict=True)
    )
    use_steps = (
        Step(
            "The filter of a unit from its responses",
            "linear equation solved",
            filtered,
            linear_root(filtered, h),
            check=Replay(lambda equation: linear_root(equation, h)),
        ),
        Step(
            "and the external noise from the cross-spectrum K",
            "linear equation solved",
            heard,
            linear_root(heard, noise),
            check=Replay(lambda equation: linear_root(equation, noise)),
        ),
        Step(
            "With J = V diag(l) V^-1 and d = 1/(1/F - l), an integral over frequency acts on products of the d alone: "
            "G = V diag(d) V^-1 and G G^+ = V [(d d^+) o (V^-1 V^-+)] V^+, where o multiplies entry by entry",
            "eigenvectors",
            check=Fact(_by_eigenvectors, f"random rational V and l of size {SIZE}, exactly"),
        ),
        Step(
            "Modes of the linear network, at eta = 0 and h = 1/(1 + s): stable where Re lambda < 1/<phi'> for every eigenvalue "
            "of J",
            "zero of 1/F(s) - lambda",
            Eq((1 + frequency) / gain, eigenvalue),
            gain * eigenvalue - 1,
            check=Replay(lambda equation: linear_root(equation, frequency)),
        ),
        Step(
            "Where nothing changes in time, h = 1 and S = <phi'>, the matrices are those of the static network",
            "limit",
            check=Fact(
                partial(_tends_to_static, [q.at(known) for q in found.values()]),
                f"against the static linear equivalence with a random rational J of size {SIZE}, exactly",
            ),
        ),
    )
    return EquivalenceInTime(
        inverse_F=of_unit,
        total=of_noise,
        remainder=of_noise - noise,
        filter=linear_root(filtered, h),
        noise=linear_root(heard, noise),
        propagator=propagator,
        phi=found["phi", "phi"],
        phi_x=found["phi", "x"],
        x=found["x", "x"],
        derivation=chain(
            "Network in time at fixed couplings: linear equivalence",
            pair_steps(),
            linear_steps,
            matrix_steps,
            site_steps,
            use_steps,
        ),
    )


def _squared(number: Expr) -> Expr:
    """|number|^2."""
    return number * conjugate(number)


SIGNALS = {"phi": (S.One, S.Zero), "x": (h * inverse_F, -h)}
"""phi and x as combinations of G n and m."""


def covariance(a: str, b: str) -> Quadratic:
    """<a b^+> of 'phi' or 'x', from <n n^+> = Q and, as n = xi + m, <n m^+> = <m m^+> = D."""
    (first, own), (second, others) = SIGNALS[a], (conjugate(e) for e in SIGNALS[b])
    return Quadratic(
        first * second * total, first * others * remainder, own * second * remainder, own * others * remainder
    )


def _feedback(exponent: Expr) -> Expr:
    """The coefficient of xr(t) phi(t') in the single-site weight, with <phi(t) xr(t')> = S."""
    activity_late = Bilinear.of((1, RESPONSE), (2, ACTIVITY))
    activity_early = Bilinear.of((1, ACTIVITY), (2, RESPONSE))
    return exponent.diff(activity_late.symbol).subs(activity_early.symbol, response)


# ---- checks ------------------------------------------------------------------------------------------------------------


def _beyond_planar(of_unit: Expr, planar: Expr) -> Matrix:
    """Coefficients that are left to order g^ORDER where sums of planar contractions are (1/N) tr G = S and (1/N) tr G G^+.

    They are inserted, G = sum_a F (J F)^a, into the equation of S and into the result.
    """
    F, Fc, both = symbols("F Fc both")
    orders = range(ORDER + 1)
    series = sum(g**n * F ** (n + 1) * planar_pairings("N" * n, eta) for n in orders)
    squared = sum(
        g ** (n + m) * F ** (n + 1) * Fc ** (m + 1) * planar_pairings("N" * n + "T" * m, eta)
        for n in orders
        for m in range(ORDER + 1 - n)
    )
    values = {conjugate(response): series.subs(F, Fc), response: series, both: squared}
    equations = (e.together().as_numer_denom()[0].xreplace(values).expand() for e in (of_unit - 1 / F, planar - both))
    return Matrix([e.coeff(g, n) for e in equations for n in orders])


def _exact(matrix: ImmutableMatrix) -> ImmutableMatrix:
    return ImmutableMatrix(matrix.applyfunc(lambda e: e.expand(complex=True)))


def _complex(seed: int) -> Expr:
    real, imaginary = rational_matrix(1, 2, seed)
    return real + I * imaginary


_COUPLINGS, _ONE = rational_matrix(SIZE, SIZE, 4), ImmutableMatrix.eye(SIZE)
_NUMBERS = {h: _complex(5), inverse_F: _complex(6), total: Rational(7, 3), remainder: Rational(5, 4)}
"""One frequency of a network, with arbitrary values."""


def _beside_equations_of_motion(a: str, b: str, shown: MatrixExpr) -> ImmutableMatrix:
    """What a matrix misses of the covariance of the solution of the equations of motion with independent xi and m."""
    inverse = _exact(with_matrices(propagator, {J: _COUPLINGS}, _NUMBERS))
    answer = {  # to xi and to m
        "phi": (inverse, inverse),
        "x": (_NUMBERS[h] * (_COUPLINGS * inverse + _ONE), _NUMBERS[h] * _COUPLINGS * inverse),
    }
    strengths = _NUMBERS[total] - _NUMBERS[remainder], _NUMBERS[remainder]
    missing = with_matrices(shown, {G: inverse}, _NUMBERS)
    for strength, first, second in zip(strengths, answer[a], answer[b], strict=True):
        missing -= strength * first * second.H
    return _exact(missing)


def _by_eigenvectors() -> bool:
    V, own = rational_matrix(SIZE, SIZE, 7), [_complex(8 + k) for k in range(SIZE)]
    couplings, unit = V * diag(*own) * V.inv(), _complex(6)
    inverse = _exact((unit * _ONE - couplings).inv())
    d = ImmutableMatrix([1 / (unit - value) for value in own])
    product = V * (d * d.H).multiply_elementwise(V.inv() * V.inv().H) * V.H
    return same(_exact(V * diag(*d) * V.inv()), inverse) and same(_exact(product), _exact(inverse * inverse.H))


def _tends_to_static(matrices: list[Quadratic]) -> bool:
    """Both sets of matrices for the same values of <phi'>, <phi^2>, g and sigma."""
    static = derive_static()
    slope, power, strength, deviation = Rational(3, 7), Rational(2, 3), Rational(5, 6), Rational(5, 4)
    (square,) = set(averages(static.scale)) - {static.gain}
    inverse = (_ONE - slope * _COUPLINGS).inv()
    own = {static.gain: slope, square: power, g: strength, sigma: deviation, Delta: deviation**2 + strength**2 * power}
    here = {response: slope, h: S.One, C: power, noise: deviation**2, g: strength, eta: S.Zero, inverse_F: 1 / slope}
    return all(
        with_matrices(theirs, {J: _COUPLINGS, R: inverse}, own)
        == with_matrices(ours.at(here).matrix, {G: slope * inverse})
        for theirs, ours in zip((static.phi, static.phi_x, static.x), matrices, strict=True)
    )
