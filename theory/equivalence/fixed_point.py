r"""Linear equivalence: the whole covariance matrix of the static network at fixed couplings.

Split the activity of each unit into its linear part and a remainder, ``phi(x) = <phi'> x + r``.  By Stein's lemma the
remainder is uncorrelated with x; by the first-order expansion of the two-site cavity it is uncorrelated between units.
The network is then the linear one, ``x = gain J x + (J r + xi)``, driven by white noise, and its covariances are

    C_phi = <phi^2> (1 - gamma) R R^T,    C_x = R (sigma^2 + r2 J J^T) R^T,    <phi x^T> = R (gain sigma^2 + r2 J^T) R^T,

with R = (1 - gain J)^{-1}, gain = <phi'>, gamma = g^2 gain^2, r2 = <r^2>.  Entry by entry they hold to leading order: the
relative mean square of what they leave out vanishes as N -> infinity.

Sources: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742; Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

from sympy import Eq, Expr, Identity, ImmutableMatrix, Matrix, MatrixExpr, MatrixSymbol, Rational, S, Symbol, zeros

from theory.averages.average import Average, stein
from theory.derivation import Derivation, Replay, Solves, Step
from theory.engine.cavity import pair_covariance
from theory.engine.matrices import rational_matrix, with_matrices
from theory.models.static import STATIC
from theory.symbols import Delta, g, phi, sigma, x

REFERENCE = STATIC.reference
LINEAR = "Hu & Sompolinsky 2022, PLoS Comput. Biol. 18, e1010327"

N = Symbol("N", integer=True, positive=True)
J = MatrixSymbol("J", N, N)
R = MatrixSymbol("R", N, N)
"""Couplings, and the response matrix R = (1 - gain J)^{-1}."""

activity, noise, remainder = (MatrixSymbol(name, N, 1) for name in ("phi", "xi", "r"))
r2 = Symbol("r2", nonnegative=True)
"""Variance of the remainder."""

SIZE = 3  # of the random rational matrices on which matrix identities are checked, exactly


@dataclass(frozen=True)
class LinearEquivalence:
    """Covariances at fixed couplings for a generic odd activation.

    Attributes
    ----------
    gain, gamma, remainder, scale : Expr
        <phi'>, g^2 <phi'>^2, the variance of phi(x) - <phi'> x, and the factor <phi^2> (1 - gamma) of R R^T.
    response : MatrixExpr
        R in terms of J.
    phi, x, phi_x : MatrixExpr
        <phi phi^T>, <x x^T> and <phi x^T> in terms of J and R.
    derivation : Derivation
    """

    gain: Expr
    gamma: Expr
    remainder: Expr
    scale: Expr
    response: MatrixExpr
    phi: MatrixExpr
    x: MatrixExpr
    phi_x: MatrixExpr
    derivation: Derivation


@lru_cache(maxsize=1)
def derive() -> LinearEquivalence:
    """Derive the covariance matrices at fixed couplings."""
    theory = STATIC.derive()
    variance, power = theory.equation.right, theory.quantities["C_phi"].expression
    gain = theory.quantities["gain"].expression
    gamma = g**2 * gain**2
    scale = power * (1 - gamma)
    nonlinear = phi(x) - gain * x
    unexplained = stein(Average(nonlinear**2))

    of_x = R * (sigma**2 * Identity(N) + r2 * J * J.T) * R.T
    solution = Eq(activity, R * remainder + gain * R * noise, evaluate=False)
    cross = R * (gain * sigma**2 * Identity(N) + r2 * J.T) * R.T
    steps = (
        Step(
            "Split the activity into its linear part and a remainder, phi(x) = <phi'> x + r. The remainder is uncorrelated "
            "with x of the same unit and responds to nothing on average",
            "Stein's lemma",
            before=Matrix([x * nonlinear, nonlinear.diff(x)]),
            after=Matrix([0, 0]),
            assumption="x Gaussian with variance Delta (N -> infinity)",
            reference=REFERENCE,
            check=Replay(lambda both: both.applyfunc(lambda e: stein(Average(e))), "<x r> = 0 and <r'> = 0"),
        ),
        Step(
            "Remainders of two units are uncorrelated, and so are the remainder of one and the noise of another: both come with "
            "the factor <r'>",
            "first-order expansion of the two-site cavity",
            before=nonlinear,
            after=S.Zero,
            assumption="A and E are of order 1/sqrt(N); what is left out is smaller by another 1/sqrt(N) in each entry",
            reference="Clark, Abbott, Litwin-Kumar 2023, PRL 131, 118401 (two-site cavity)",
            check=Replay(pair_covariance, "covariance of two weakly coupled units, expanded"),
        ),
        Step(
            "Variance of the remainder",
            "Stein's lemma",
            before=nonlinear,
            after=unexplained,
            check=Replay(lambda remains: stein(Average(remains**2))),
        ),
        Step(
            "Solve the linear equations x = J phi + xi, phi = gain x + r for the activities, with R = (1 - gain J)^{-1}",
            "linear equations solved",
            before=Eq(activity, gain * (J * activity + noise) + remainder, evaluate=False),
            after=solution,
            assumption="spectral radius of gain J below 1, which is gamma < 1 at large N",
            check=Solves(
                lambda solved: _in_numbers(solved.rhs, gain) - _solved()["phi"],
                f"inserted, with random rational matrices of size {SIZE}",
            ),
        ),
        *(
            Step(
                title,
                "covariance of a linear combination",
                before=solution,
                after=claimed,
                check=Solves(
                    partial(_beside_signs, gain, *pair),
                    f"average over all signs of noise and remainders, exactly, at N = {SIZE}",
                ),
            )
            for title, pair, claimed in (
                (
                    "Average over independent noise and remainders: <phi phi^T>",
                    ("phi", "phi"),
                    (r2 + gain**2 * sigma**2) * R * R.T,
                ),
                ("The same for x = J phi + xi = R (J r + xi)", ("x", "x"), of_x),
                ("and for the cross-covariance <phi x^T>", ("phi", "x"), cross),
            )
        ),
        Step(
            "By the self-consistency, remainder and transmitted noise add up to <phi^2> (1 - gamma)",
            "self-consistency inserted",
            before=r2 + gain**2 * sigma**2,
            after=scale,
            assumption=f"{Delta} = {variance}",
            reference=LINEAR,
            check=Replay(
                lambda e: e.subs(r2, unexplained).subs(sigma**2, sigma**2 + Delta - variance),
                "variance of the remainder and of the noise inserted",
            ),
        ),
    )
    return LinearEquivalence(
        gain=gain,
        gamma=gamma,
        remainder=unexplained,
        scale=scale,
        response=(Identity(N) - gain * J).I,
        phi=scale * R * R.T,
        x=of_x.subs(r2, unexplained),
        phi_x=cross.subs(r2, unexplained),
        derivation=Derivation("Static network at fixed couplings: linear equivalence", steps),
    )


# ---- exact checks on small rational matrices -------------------------------------------------------------------------

_SLOPE, _DEVIATION, _SPREAD = Rational(3, 7), Rational(5, 4), Rational(2, 3)
_COUPLINGS = rational_matrix(SIZE, SIZE, 4)
_RESPONSE = (ImmutableMatrix.eye(SIZE) - _SLOPE * _COUPLINGS).inv()
_XI, _REST = rational_matrix(SIZE, 1, 2), rational_matrix(SIZE, 1, 3)


def _in_numbers(shown: MatrixExpr, gain: Expr) -> ImmutableMatrix:
    """What a step shows, for one matrix, slope, noise and remainder."""
    vectors = {noise: _XI, remainder: _REST}
    return with_matrices(
        shown, {J: _COUPLINGS, R: _RESPONSE} | vectors, {gain: _SLOPE, sigma: _DEVIATION, r2: _SPREAD**2}
    )


def _solved(xi: ImmutableMatrix = _XI, rest: ImmutableMatrix = _REST) -> dict[str, ImmutableMatrix]:
    """The solution of x = J (slope x + rest) + xi, and phi."""
    state = _RESPONSE * (_COUPLINGS * rest + xi)
    return {"x": state, "phi": _SLOPE * state + rest}


def _beside_signs(gain: Expr, first: str, second: str, shown: MatrixExpr) -> ImmutableMatrix:
    """What a covariance misses of the average of a product of two signals over all signs of noise and remainders."""
    total = zeros(SIZE, SIZE)
    for signs in product((-1, 1), repeat=2 * SIZE):
        found = _solved(_DEVIATION * ImmutableMatrix(signs[:SIZE]), _SPREAD * ImmutableMatrix(signs[SIZE:]))
        total += found[first] * found[second].T
    return _in_numbers(shown, gain) - total / 4**SIZE
