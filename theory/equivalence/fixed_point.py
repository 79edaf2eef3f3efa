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

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import product

from sympy import Eq, Expr, Identity, ImmutableMatrix, MatrixExpr, MatrixSymbol, Rational, Symbol, zeros

from theory.averages.average import Average, stein
from theory.derivation import Derivation, Fact, Replay, Step, same
from theory.engine.cavity import pair_covariance
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

    drive = sigma**2 * Identity(N) + r2 * J * J.T
    steps = (
        Step(
            "Split the activity into its linear part and a remainder, phi(x) = <phi'> x + r. The remainder is uncorrelated "
            "with x of the same unit and responds to nothing on average",
            "Stein's lemma",
            before=x * nonlinear,
            after=_correlation(x * nonlinear),
            assumption="x Gaussian with variance Delta (N -> infinity)",
            reference=REFERENCE,
            check=Fact(
                lambda: _correlation(x * nonlinear) == 0 and stein(Average(nonlinear, 1)) == 0, "<x r> = 0 and <r'> = 0"
            ),
        ),
        Step(
            "Remainders of two units are uncorrelated, and so are the remainder of one and the noise of another: both come with "
            "the factor <r'>",
            "first-order expansion of the two-site cavity",
            before=nonlinear,
            after=pair_covariance(nonlinear),
            assumption="A and E are of order 1/sqrt(N); what is left out is smaller by another 1/sqrt(N) in each entry",
            reference="Clark, Abbott, Litwin-Kumar 2023, PRL 131, 118401 (two-site cavity)",
            check=Fact(
                lambda: pair_covariance(nonlinear) == 0 and pair_covariance(phi(x)) != 0,
                "the covariance of two remainders vanishes to this order, that of two activities does not",
            ),
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
            after=Eq(activity, R * remainder + gain * R * noise, evaluate=False),
            assumption="spectral radius of gain J below 1, which is gamma < 1 at large N",
            check=Fact(partial(_solves, gain), f"inserted, with random rational matrices of size {SIZE}"),
        ),
        Step(
            "Average over independent noise and remainders: <phi phi^T>",
            "covariance of a linear combination",
            before=Eq(activity, R * remainder + gain * R * noise, evaluate=False),
            after=(r2 + gain**2 * sigma**2) * R * R.T,
            check=_OverSigns(gain, ("phi", "phi")),
        ),
        Step(
            "The same for x = J phi + xi = R (J r + xi)",
            "covariance of a linear combination",
            after=R * drive * R.T,
            check=_OverSigns(gain, ("x", "x")),
        ),
        Step(
            "and for the cross-covariance <phi x^T>",
            "covariance of a linear combination",
            after=R * (gain * sigma**2 * Identity(N) + r2 * J.T) * R.T,
            check=_OverSigns(gain, ("phi", "x")),
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
        x=(R * drive * R.T).subs(r2, unexplained),
        phi_x=(R * (gain * sigma**2 * Identity(N) + r2 * J.T) * R.T).subs(r2, unexplained),
        derivation=Derivation("Static network at fixed couplings: linear equivalence", steps),
    )


def _correlation(integrand: Expr) -> Expr:
    return stein(Average(integrand))


# ---- exact checks on small rational matrices -------------------------------------------------------------------------


def rational_matrix(rows: int, columns: int, seed: int) -> ImmutableMatrix:
    """Random rational matrix: an identity that holds for it is exact."""
    source = random.Random(seed)
    return ImmutableMatrix(rows, columns, lambda *_: Rational(source.randint(-9, 9), source.randint(2, 7)))


def _response(couplings: ImmutableMatrix, slope: Rational) -> ImmutableMatrix:
    return (ImmutableMatrix.eye(couplings.rows) - slope * couplings).inv()


def _solves(gain: Expr) -> bool:
    slope, couplings = Rational(3, 7), rational_matrix(SIZE, SIZE, 1)
    xi, rest = rational_matrix(SIZE, 1, 2), rational_matrix(SIZE, 1, 3)
    response = _response(couplings, slope)
    found = response * rest + slope * response * xi
    state = couplings * found + xi
    return found == slope * state + rest and state == response * (couplings * rest + xi)


@dataclass(frozen=True)
class _OverSigns:
    """Check a covariance by averaging the solution of the linear equations over all signs of noise and remainders."""

    gain: Expr
    pair: Sequence[str]
    name: str = f"average over all signs of noise and remainders, exactly, at N = {SIZE}"

    def __call__(self, step: Step) -> bool:
        """Whether the average is the covariance of the step."""
        slope, couplings = Rational(3, 7), rational_matrix(SIZE, SIZE, 4)
        response, deviation, spread = _response(couplings, slope), Rational(5, 4), Rational(2, 3)
        total = zeros(SIZE, SIZE)
        for signs in product((-1, 1), repeat=2 * SIZE):
            xi = deviation * ImmutableMatrix(signs[:SIZE])
            rest = spread * ImmutableMatrix(signs[SIZE:])
            state = response * (couplings * rest + xi)
            vector = {"x": state, "phi": slope * state + rest}
            total += vector[self.pair[0]] * vector[self.pair[1]].T
        scalars = {self.gain: slope, sigma: deviation, r2: spread**2}
        claimed = step.after.xreplace(scalars).subs(N, SIZE)
        claimed = claimed.subs(
            {MatrixSymbol("J", SIZE, SIZE): couplings, MatrixSymbol("R", SIZE, SIZE): response}
        ).doit()
        return same(ImmutableMatrix(claimed), ImmutableMatrix(total / 4**SIZE))
