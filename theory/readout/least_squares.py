r"""Readouts that training finds: the outliers of a network whose readout depends on its own stationary state.

    dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i,      z = sum_i n_i phi(x_i),      n_i = f_i/N.

With the output clamped at the target A the network settles at x^A.  Least squares then fits n.phi(x^A) = A by the shortest vector,

    n = A phi(x^A) / (phi(x^A).phi(x^A)),

which is not independent of chi: it contains x^A.  At large N such a readout is handled exactly.  The eigenvector v of an outlier
and what it meets at a site, x and the entries of m and I, are jointly Gaussian, so that Stein's lemma leaves three numbers: the
covariances of v with x and, through n, with m and I.  What the trained loop does away from its target takes two states of one
network, replicas of the collective fields clamped at different outputs.  `theory.readout.least_squares_steps` has the argument.

Everything is in averages of phi, phi^2 and phi'^2 and their weak derivatives: kinked activations are not special.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model and training); the results for readouts that contain the
state are derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sympy import Eq, Expr, Matrix, S, Symbol

from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.engine.cavity import linear_root
from theory.engine.readout import I_, m
from theory.engine.two_states import clamped_covariance, pair_of_states
from theory.factors import WEAK, positive_factors
from theory.models.feedback import FEEDBACK
from theory.readout.eigenvector import LocalReadout
from theory.readout.open_loop import mode
from theory.readout.vectors import drive, moment, signal, site_at, with_feedback
from theory.symbols import A, Delta, g, growth, phi, x, z

REFERENCE = FEEDBACK.reference

Delta_A = Symbol("Delta_A", positive=True)
"""Variance of x at the target, where `Delta` is that of another state of the same network."""

c12 = Symbol("c_12", real=True)
"""Covariance of x at the target and at another state."""

ridge = Symbol("alpha", nonnegative=True)
"""Ridge penalty per unit."""

strength = Symbol("b", real=True)
"""Size of a readout of given form."""

_power = Average(phi(x) ** 2)
PAIR, SLOPES, CURVED = (pair_of_states(j, k, Delta_A, Delta, c12) for j, k in ((0, 0), (1, 1), (0, 2)))
"""<phi(x1) phi(x2)>, <phi' phi'> and <phi phi''> of the state at the target and another one."""

_WEAK = {**WEAK, SLOPES: S.One, CURVED: S.One}


def readout_scale(factor: Expr = S.One, at: Symbol = Delta_A) -> Expr:
    """The number b of n = b phi(x^A)/N; `factor` 1 is least squares, `at` the variance at the target."""
    return factor * A / Average(phi(x) ** 2, 0, Normal(0, at))


def ridge_factor(penalty: Expr = ridge) -> Expr:
    """n.phi(x^A)/A, by which ridge regression shrinks the readout of least squares."""
    return 1 / (1 + penalty / _power)


@dataclass(frozen=True)
class AtTarget:
    """The clamped state at the target, with the readout b phi(x^A)/N that was fitted to it; `Delta` is the variance there.

    Attributes
    ----------
    outlier : Expr
        The one outlier of the Jacobian.
    slope : Expr
        H'(A), the change of n.phi(x(z)) with the clamped output z.
    on_feedback, on_input : Expr
        Overlaps <n m> and <n I> of the readout.
    """

    outlier: Expr
    slope: Expr
    on_feedback: Expr
    on_input: Expr


def at_target(scale: Expr) -> AtTarget:
    """The trained loop at its target, `scale` the number b."""
    readout, site = scale * phi(x), site_at(A)
    outlier = LocalReadout(readout, A).trace
    return AtTarget(
        outlier=outlier,
        slope=(outlier - mode()) / (1 - mode()),
        on_feedback=Average(m * readout, 0, site).factor(),
        on_input=Average(I_ * readout, 0, site).factor(),
    )


@lru_cache(maxsize=1)
def least_squares_outlier() -> Expr:
    """lambda_LS, the one outlier of a network trained by least squares at its target A; `Delta` is the variance there."""
    return at_target(readout_scale(at=Delta)).outlier


def least_squares_slope() -> Expr:
    """H'(A) of a network trained by least squares."""
    return at_target(readout_scale(at=Delta)).slope


def covariance_of_states(pair: Expr = PAIR) -> Expr:
    """Right-hand side for the covariance of x at outputs A and z."""
    return clamped_covariance(FEEDBACK.network.couplings, pair, moment(signal(A) * signal(z)))


@dataclass(frozen=True)
class OtherState:
    """A fixed point z of a loop whose readout is b phi(x^A)/N.

    Attributes
    ----------
    covariance : Expr
        Of x there and at the target: linear in z, because <phi phi> is z/b.
    slope : Expr
        H'(z), the change of n.phi(x(z)) with a clamped output.
    trace, determinant : Expr
        Of the equation of the outliers.
    """

    covariance: Expr
    slope: Expr
    trace: Expr
    determinant: Expr

    @property
    def polynomial(self) -> Expr:
        """Its zeros are the outliers."""
        return growth**2 - self.trace * growth + self.determinant


def other_state(scale: Expr) -> OtherState:
    """Fixed points of the trained loop and their outliers, with `scale` the number b.

    An eigenvector v has covariances c_1, c_2 with both states: k = b <phi(x1) phi'(x2) v> = b (c_1 <phi' phi'> + c_2 <phi phi''>).
    """
    inputs = Matrix(
        [scale * with_feedback(A) + g**2, scale * with_feedback(z)]
    )  # per k/b, to lambda c_1 and lambda c_2
    turn = inputs * Matrix([[SLOPES, CURVED]]) + Matrix([[0, 0], [0, mode()]])
    return OtherState(
        covariance=covariance_of_states(z / scale),
        slope=_slope_by_price(scale),
        trace=turn.trace(),
        determinant=turn.det().factor(),
    )


def _slope_by_price(scale: Expr) -> Expr:
    """d(b <phi phi>)/dz along Delta(z) and c_12(z), both differentiated implicitly."""
    spread, tilt = Symbol("dDelta"), Symbol("dc")
    widening = positive_factors(linear_root(Eq(spread, mode() * spread + drive(z).diff(z)), spread).factor())
    change = PAIR.diff(Delta) * spread + PAIR.diff(c12) * tilt
    turning = positive_factors(linear_root(Eq(tilt, g**2 * change + with_feedback(A)), tilt).factor(), _WEAK)
    return scale * change.subs(tilt, turning).subs(spread, widening)


def fitted_readout() -> Expr:
    """The readout of least squares, f = A phi/<phi^2>."""
    return readout_scale(at=Delta) * phi(x)


def current_readout() -> Expr:
    """The readout through the recurrent input sum_j g chi_ij phi(x_j) = x - m A - I."""
    return strength * (x - m * A - I_)
