r"""Two weakly coupled units whose activity is any functional of their field: what a pair covariance can depend on.

A unit takes the whole past of a Gaussian field u to its activity phi.  Functions of two times are matrices; let

    S = <d phi / d u>,    C = <phi phi^T>

be the mean response and the autocovariance of a unit.  For two units with the fields u_1 + A_12 phi_2 and u_2 + A_21 phi_1,
<u_1 u_2^T> = E_12,

    <phi u^T> = S <u u^T>,                                                             (Furutsu 1963, Novikov 1965)
    <phi_1 phi_2^T> = S A_12 C + C A_21^T S^T + S E_12 S^T,      R_12 = S A_12 S       to first order.

Nothing else of the unit occurs.  In a stationary state the matrices commute and become functions of frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import prod

from sympy import Eq, Expr, ImmutableMatrix, MatrixExpr, MatrixSymbol, Poly, Rational, Symbol, factorial2, symbols

from theory.derivation import Fact, Solves, Step
from theory.engine.matrices import rational_matrix, with_matrices
from theory.engine.spectral import CLARK

TIMES = 2  # at which the functionals of the checks are known
TWO_CUBICS = f"two random cubic functionals over {TIMES} times, exactly"
_first, _second = symbols(f"z1:{2 * TIMES + 1}"), symbols(f"w1:{2 * TIMES + 1}")

_n = Symbol("n_t", integer=True, positive=True)
S_u, C_u, U, A12, A21, E12 = (MatrixSymbol(name, _n, _n) for name in ("S", "C", "U", "A_12", "A_21", "E_12"))
"""Response, autocovariance, covariance of the field, couplings within a pair, covariance fed to it: functions of two times."""

_phi_u, _phi_phi, _R12 = (MatrixSymbol(name, _n, _n) for name in ("<phi u^T>", "<phi_1 phi_2^T>", "R_12"))


def pair_steps() -> tuple[Step, ...]:
    """From the response of one unit to the covariance of two, for any functional."""
    return (
        Step(
            "The activity of a unit is a functional of its field u, Gaussian: from the others, from outside and through feedback. "
            "Split it into the mean response and a remainder, phi = S u + r: the remainder is uncorrelated with the field",
            "Furutsu-Novikov theorem",
            after=Eq(_phi_u, S_u * U, evaluate=False),
            assumption="N -> infinity; odd phi, so that means vanish",
            reference="Furutsu 1963, J. Res. NBS 67D, 303; Novikov 1965, Sov. Phys. JETP 20, 1290",
            check=Solves(
                lambda shown: _predicted(shown.rhs) - _covariance(CUBIC.sample(_first), ROOT * _z),
                f"random cubic functional over {TIMES} times, exactly",
            ),
        ),
        Step(
            "Two units of the network: their fields contain the other's activity, A_12 directly and through the rest, and a common "
            "part, E_12. The covariance of their activities to first order",
            "first-order expansion and the theorem above",
            after=Eq(_phi_phi, S_u * A12 * C_u + C_u * A21.T * S_u.T + S_u * E12 * S_u.T, evaluate=False),
            assumption="A and E are of order 1/sqrt(N)",
            reference=CLARK,
            check=Solves(lambda shown: _predicted(shown.rhs) - _pair(CUBIC), TWO_CUBICS),
        ),
        Step(
            "and the response of one to the other. A_12 = J_12 + sum J_1k R_kl J_l2 and E_12 = sum J_1k C_kl J_2l^T are made of "
            "the couplings and of these same responses and covariances",
            "first-order expansion",
            after=Eq(_R12, S_u * A12 * S_u, evaluate=False),
            assumption="A and E are of order 1/sqrt(N)",
            reference=CLARK,
            check=Solves(lambda shown: _predicted(shown.rhs) - _pair_response(CUBIC), TWO_CUBICS),
        ),
        Step(
            "So at given couplings the covariances of any two units depend on the kind of unit through S and C alone: a linear "
            "unit with independent noise and the same S and C has the same ones",
            "comparison of the two networks",
            assumption="entry by entry to leading order in 1/sqrt(N)",
            reference="Clark 2026, arXiv 2604.23489",
            check=Fact(
                lambda: _pair(CUBIC) == _pair(_linear_twin(CUBIC)) and _twins(CUBIC, _linear_twin(CUBIC)),
                "the cubic functionals and their linear twins, exactly",
            ),
        ),
    )


# ---- exact averages over a few Gaussian variables ----------------------------------------------------------------------


def _mean(expression: Expr) -> Expr:
    """Average over independent standard Gaussian variables, by Wick's theorem for each monomial."""
    poly = Poly(expression, *_first, *_second)
    return sum(
        (c * prod(factorial2(n - 1) for n in powers) for powers, c in poly.terms() if all(n % 2 == 0 for n in powers)),
        Rational(0),
    )


def _covariance(a: ImmutableMatrix, b: ImmutableMatrix) -> ImmutableMatrix:
    return ImmutableMatrix(a.rows, b.rows, lambda t, s: _mean(a[t] * b[s]))


ROOT, FORWARD, BACK, FED = (rational_matrix(TIMES, TIMES, seed) for seed in (1, 2, 3, 4))
"""The field is u = ROOT z with z standard Gaussian; A_12, A_21 and E_12."""

_z = ImmutableMatrix(_first[:TIMES])
_u = ImmutableMatrix(symbols(f"u1:{TIMES + 1}"))


@dataclass(frozen=True)
class Unit:
    """A unit over a few times: its activity as polynomials in u and, for a noisy one, in further Gaussian variables.

    Attributes
    ----------
    activity : ImmutableMatrix
        phi, a column, in u.
    noise : ImmutableMatrix
        Added to it: this matrix times standard Gaussian variables.
    """

    activity: ImmutableMatrix
    noise: ImmutableMatrix

    def sample(self, z: tuple[Symbol, ...]) -> ImmutableMatrix:
        """phi in terms of Gaussian variables: the first half makes the field, the second the noise."""
        return self.of(self.activity, z) + self.noise * ImmutableMatrix(z[TIMES:])

    @staticmethod
    def of(expression: ImmutableMatrix, z: tuple[Symbol, ...]) -> ImmutableMatrix:
        """An expression in u with u = ROOT z inserted."""
        values = ROOT * ImmutableMatrix(z[:TIMES])
        return expression.subs(dict(zip(_u, values, strict=True)), simultaneous=True).expand()

    def slope(self, z: tuple[Symbol, ...]) -> ImmutableMatrix:
        """d phi / d u."""
        return self.of(self.activity.jacobian(_u), z)

    @property
    def response(self) -> ImmutableMatrix:
        """S."""
        return self.slope(_first).applyfunc(_mean)

    @property
    def autocovariance(self) -> ImmutableMatrix:
        """C."""
        phi = self.sample(_first)
        return _covariance(phi, phi)


def _cubic() -> Unit:
    u, v = _u
    cubes = ImmutableMatrix([u**3, u**2 * v, u * v**2, v**3])
    linear, cubic = rational_matrix(TIMES, TIMES, 5), rational_matrix(TIMES, 4, 6)
    return Unit(linear * _u + cubic * cubes, ImmutableMatrix.zeros(TIMES, TIMES))


CUBIC = _cubic()


@lru_cache(maxsize=1)
def _linear_twin(unit: Unit) -> Unit:
    """phi = S u + r with r independent Gaussian noise of the covariance that is missing."""
    missing = unit.autocovariance - unit.response * ROOT * ROOT.T * unit.response.T
    return Unit(unit.response * _u, missing.cholesky(hermitian=False))


def _twins(one: Unit, other: Unit) -> bool:
    return one.response == other.response and one.autocovariance == other.autocovariance.expand()


@lru_cache(maxsize=2)
def _pair(unit: Unit) -> ImmutableMatrix:
    """Derivative of the covariance of two units with respect to the size of A_12, A_21 and E_12, at zero."""
    phi1, phi2 = unit.sample(_first), unit.sample(_second)
    shift1 = FORWARD * phi2
    # u_2 = ROOT w + E^T ROOT^{-T} z has the covariance E with u_1 = ROOT z
    shift2 = BACK * phi1 + FED.T * ROOT.T.inv() * _z
    changed1, changed2 = unit.slope(_first) * shift1, unit.slope(_second) * shift2
    return (_covariance(changed1, phi2) + _covariance(phi1, changed2)).expand()


def _predicted(shown: MatrixExpr, unit: Unit = CUBIC) -> ImmutableMatrix:
    """What a step says of two units of one kind."""
    values = {S_u: unit.response, C_u: unit.autocovariance, U: ROOT * ROOT.T, A12: FORWARD, A21: BACK, E12: FED}
    return with_matrices(shown, values)


def _pair_response(unit: Unit) -> ImmutableMatrix:
    """Mean response of phi_1 to the field of unit 2, to first order in A_12."""
    return (unit.slope(_first) * FORWARD * unit.slope(_second)).applyfunc(_mean)
