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

from sympy import Eq, Expr, Matrix, S, Symbol, diff, sqrt

from theory.factors import WEAK, positive_factors
from theory.fields.cavity import linear_root
from theory.fields.two_states import PairOfStates, clamped_covariance
from theory.gaussian.average import Average
from theory.gaussian.joint import Site
from theory.models.feedback import FEEDBACK
from theory.readout.vectors import drive, with_feedback, with_input
from theory.symbols import SI2, A, Delta, Sm2, g, growth, phi, smI, x, z

REFERENCE = FEEDBACK.reference

m, I_ = Symbol("m", real=True), Symbol("I", real=True)
"""Entries of the feedback vector and of the input at one site."""

Delta_A = Symbol("Delta_A", positive=True)
"""Variance of x at the target, where `Delta` is that of another state of the same network."""

c12 = Symbol("c_12", real=True)
"""Covariance of x at the target and at another state."""

ridge = Symbol("alpha", nonnegative=True)
"""Ridge penalty per unit."""

strength = Symbol("b", real=True)
"""Size of a readout of given form."""

_slope = diff(phi(x), x)
_power = Average(phi(x) ** 2)
_c, _k = Symbol("c", real=True), Symbol("k", real=True)
PAIR, SLOPES, CURVED = (PairOfStates(j, k, Delta_A, Delta, c12) for j, k in ((0, 0), (1, 1), (0, 2)))
"""<phi(x1) phi(x2)>, <phi' phi'> and <phi phi''> of the state at the target and another one."""

_WEAK = {**WEAK, SLOPES: S.One, CURVED: S.One}


def variance(output: Expr) -> Expr:
    """Right-hand side of Delta = g^2 <phi^2> + S."""
    return g**2 * _power + drive(output)


def mode() -> Expr:
    """G, the gain of the slow variance mode: d(g^2 <phi^2>)/dDelta."""
    return (g**2 * _power).diff(Delta)


def bulk_radius() -> Expr:
    """Radius of the disc that the bulk of the eigenvalues of the Jacobian fills, its leak left out."""
    return g * sqrt(Average(_slope**2))


def site_at(output: Expr) -> Site:
    """x and the entries of m and I at a stationary state of this output."""
    entries = {(m, m): Sm2, (m, I_): smI, (I_, m): smI, (I_, I_): SI2}
    return Site(Delta, {m: with_feedback(output), I_: with_input(output)}, entries)


@dataclass(frozen=True)
class LocalReadout:
    """What a readout n_i = f(x_i, m_i, I_i)/N does to an eigenvector.

    Attributes
    ----------
    through_state : Expr
        E1 = <d_x (f phi')>.
    direct : Expr
        e = Sm2 <phi' d_m f> + smI <phi' d_I f>.
    trace, determinant : Expr
        ``lambda^2 - trace lambda + determinant = 0`` is the equation of the outliers.
    """

    through_state: Expr
    direct: Expr
    trace: Expr
    determinant: Expr

    @property
    def polynomial(self) -> Expr:
        """Its zeros are the outliers."""
        return growth**2 - self.trace * growth + self.determinant


def local_readout(readout: Expr, output: Expr = z) -> LocalReadout:
    """Outliers of a network with a readout that is a function of x, m and I of each unit, at a fixed point with this output."""
    site = site_at(output)
    projected = site.with_gaussian(readout * _slope, {x: _c, m: Sm2 * _k / growth, I_: smI * _k / growth}).expand()
    through, direct = projected.coeff(_c, 1), (projected.coeff(_k, 1) * growth).expand()
    gain = through * with_feedback(output)
    return LocalReadout(through, direct, mode() + gain + direct, mode() * direct)


def readout_scale(factor: Expr = S.One, at: Symbol = Delta_A) -> Expr:
    """The number b of n = b phi(x^A)/N; `factor` 1 is least squares, `at` the variance at the target."""
    return factor * A / Average(phi(x) ** 2, 0, S.Zero, at)


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
    outlier = local_readout(readout, A).trace
    return AtTarget(
        outlier=outlier,
        slope=(outlier - mode()) / (1 - mode()),
        on_feedback=site.average(m * readout).factor(),
        on_input=site.average(I_ * readout).factor(),
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
    return clamped_covariance(FEEDBACK.network.couplings, pair, Sm2 * A * z + smI * (A + z) + SI2)


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
