r"""Readouts that training finds: the outliers of a network whose readout depends on its own stationary state.

    dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i,      z = sum_i n_i phi(x_i),      n_i = f_i/N.

With the output clamped at the target A the network settles at x^A.  Least squares then fits n.phi(x^A) = A by the shortest vector,

    n = A phi(x^A) / (phi(x^A).phi(x^A)),

which is not independent of chi: it contains x^A.  At large N such a readout is handled exactly.  The eigenvector v of an outlier and
what it meets at a site, x and the entries of m and I, are jointly Gaussian, so that Stein's lemma leaves three numbers: the
covariances of v with x and, through n, with m and I.  What the trained loop does away from its target takes two states of one
network, replicas of the collective fields clamped at different outputs.

Everything is in averages of phi, phi^2 and phi'^2 and their weak derivatives: kinked activations are not special.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139 (model and training); the results for readouts that contain the
state are derived here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement, product

from sympy import Derivative, Eq, Expr, Function, Matrix, Rational, S, Symbol, diff, sqrt

from theory.derivation import Fact, Replay, Step, same
from theory.fields.cavity import linear_root
from theory.fields.two_states import PairOfStates, at_one_state, clamped_covariance, price_holds
from theory.gaussian.average import Average
from theory.gaussian.joint import Site, SiteAverage, polynomial_average
from theory.models import GaussianCouplings
from theory.symbols import Delta, g, phi, rho, x

REFERENCE = "Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139"

Sm2, SI2 = Symbol("Sm2", nonnegative=True), Symbol("SI2", nonnegative=True)
smI, snm, snI = Symbol("smI", real=True), Symbol("snm", real=True), Symbol("snI", real=True)
A, z, growth = Symbol("A", real=True), Symbol("z", real=True), Symbol("lambda")

_Sm, _SI = (Symbol(name, nonnegative=True) for name in ("Sm", "SI"))
OVERLAPS = (_Sm**2, _Sm * _SI * rho**2, _SI**2)
"""Sm2, smI and SI2 of m = Sm (rho xi + sqrt(1-rho^2) e_m), I = SI (rho xi + sqrt(1-rho^2) e_I)."""

m, I_ = Symbol("m", real=True), Symbol("I", real=True)
"""Entries of the feedback vector and of the input at one site."""

f = Function("f", real=True)
"""A local readout f(x, m, I), not specified."""

Delta_A = Symbol("Delta_A", positive=True)
"""Variance of x at the target, where `Delta` is that of another state of the same network."""

c12 = Symbol("c_12", real=True)
"""Covariance of x at the target and at another state."""

ridge = Symbol("alpha", nonnegative=True)
"""Ridge penalty per unit."""

_slope = diff(phi(x), x)
_power, _gain = Average(phi(x) ** 2), Average(phi(x), 1)
_alpha, _beta, _b, _c, _k = (Symbol(name, real=True) for name in ("alpha_m", "beta_I", "b", "c", "k"))
PAIR, SLOPES, CURVED = (PairOfStates(j, k, Delta_A, Delta, c12) for j, k in ((0, 0), (1, 1), (0, 2)))
"""<phi(x1) phi(x2)>, <phi' phi'> and <phi phi''> of the state at the target and another one."""


def loading(output: Expr) -> Expr:
    """s = <m x> at a state of this output: half the derivative of `input_power`."""
    return Sm2 * output + smI


def input_power(output: Expr) -> Expr:
    """S = <(m z + I)^2>."""
    return Sm2 * output**2 + 2 * smI * output + SI2


def input_overlap(output: Expr) -> Expr:
    """<I x> at a state of this output."""
    return smI * output + SI2


def variance(output: Expr) -> Expr:
    """Right-hand side of Delta = g^2 <phi^2> + S."""
    return g**2 * _power + input_power(output)


def mode() -> Expr:
    """G, the gain of the slow variance mode: d(g^2 <phi^2>)/dDelta."""
    return (g**2 * _power).diff(Delta)


def bulk_radius() -> Expr:
    """Radius of the disc that the bulk of the eigenvalues of the Jacobian fills, its leak left out."""
    return g * sqrt(Average(_slope**2))


def site_at(output: Expr) -> Site:
    """x and the entries of m and I at a stationary state of this output."""
    entries = {(m, m): Sm2, (m, I_): smI, (I_, m): smI, (I_, I_): SI2}
    return Site(Delta, {m: loading(output), I_: input_overlap(output)}, entries)


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
    gain = through * loading(output)
    return LocalReadout(through, direct, (mode() + gain + direct).expand(), (mode() * direct).expand())


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
    with_feedback, with_input : Expr
        Overlaps <n m> and <n I> of the readout.
    """

    outlier: Expr
    slope: Expr
    with_feedback: Expr
    with_input: Expr


def at_target(scale: Expr) -> AtTarget:
    """The trained loop at its target, `scale` the number b."""
    readout, site = scale * phi(x), site_at(A)
    outlier = local_readout(readout, A).trace
    return AtTarget(
        outlier=outlier,
        slope=(outlier - mode()) / (1 - mode()),
        with_feedback=site.average(m * readout).factor(),
        with_input=site.average(I_ * readout).factor(),
    )


@lru_cache(maxsize=1)
def least_squares_outlier() -> Expr:
    """lambda_LS, the one outlier of a network trained by least squares at its target A; `Delta` is the variance there."""
    return at_target(readout_scale(at=Delta)).outlier.factor()


def least_squares_slope() -> Expr:
    """H'(A) of a network trained by least squares."""
    return at_target(readout_scale(at=Delta)).slope


def covariance_of_states(pair: Expr = PAIR) -> Expr:
    """Right-hand side for the covariance of x at outputs A and z."""
    return clamped_covariance(GaussianCouplings(), pair, Sm2 * A * z + smI * (A + z) + SI2)


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
    """Fixed points of the trained loop and their outliers, with `scale` the number b."""
    memory = SLOPES * (scale * loading(A) + g**2)
    along = scale * CURVED * loading(z)
    return OtherState(
        covariance=covariance_of_states(z / scale),
        slope=_slope_by_price(scale),
        trace=mode() + memory + along,
        determinant=memory * mode(),
    )


def _slope_by_price(scale: Expr) -> Expr:
    """d(b <phi phi>)/dz along Delta(z) and c_12(z), both differentiated implicitly."""
    spread, tilt = Symbol("dDelta"), Symbol("dc")
    widening = linear_root(Eq(spread, mode() * spread + input_power(z).diff(z)), spread)
    change = PAIR.diff(Delta) * spread + PAIR.diff(c12) * tilt
    turning = linear_root(Eq(tilt, g**2 * change + loading(A)), tilt)
    return scale * change.subs(tilt, turning).subs(spread, widening)


def _fitted() -> Expr:
    """The readout of least squares, f = A phi/<phi^2>."""
    return readout_scale(at=Delta) * phi(x)


def _current() -> Expr:
    """The readout through the recurrent input sum_j g chi_ij phi(x_j) = x - m A - I."""
    return _b * (x - m * A - I_)


# --- the argument ----------------------------------------------------------------------------------------------------


def steps() -> tuple[Step, ...]:
    """The argument, step by step, for a generic activation."""
    return (*_eigenvector_steps(), *_readout_steps(), *_two_state_steps())


def _eigenvector_steps() -> tuple[Step, ...]:
    local = local_readout(f(x, m, I_))
    matrix = Matrix([[mode(), loading(z)], [growth * local.through_state, local.direct]])
    return (
        Step(
            "Readout n_i = f(x_i, m_i, I_i)/N at a fixed point with output z. An eigenvector of the Jacobian (its leak left out), "
            "lambda v = m k + g chi phi' v with k = n.(phi' v), outside the disc of the bulk is a sum of many weak inputs: with x, m "
            "and I it is jointly Gaussian over units, <m v> = Sm2 k/lambda, <I v> = smI k/lambda",
            "central limit theorem, one-site cavity",
            reference=REFERENCE,
            assumption="N -> infinity; |lambda| above the radius g <phi'^2>^(1/2) of the bulk",
        ),
        Step(
            "Its covariance c with x = m z + I + g chi phi(x): two inputs through the same chi have the covariance of what they carry, "
            "and <phi phi' v> = c <(phi phi')'>",
            "couplings averaged; Stein's lemma",
            after=Eq(growth * _c, loading(z) * _k + mode() * _c),
            check=Fact(
                lambda: (
                    _shared_couplings()
                    and same(g**2 * site_at(z).with_gaussian(phi(x) * _slope, {x: _c, m: 0, I_: 0}), mode() * _c)
                ),
                "<(chi a)_i (chi b)_i> = a.b/N at N = 3, exactly; Stein's lemma applied again",
            ),
        ),
        Step(
            "k = <f phi' v>: v is Gaussian together with x, m and I, and meets each of them in f phi'",
            "Stein's lemma in three variables",
            SiteAverage(f(x, m, I_) * _slope * Symbol("v"), 0),
            local.through_state * _c + local.direct * _k / growth,
            check=Fact(_stein_in_three, "a polynomial readout and phi = x + x^3/7: every moment by Isserlis' theorem"),
        ),
        Step(
            "Both equations have a solution (c, k) where their determinant vanishes: the outliers, (lambda - G)(lambda - e) = s E1 lambda "
            "with G the gain of the slow variance mode, E1 = <d_x(f phi')>, e = Sm2 <phi' d_m f> + smI <phi' d_I f>",
            "determinant",
            matrix,
            local.polynomial,
            check=Fact(
                lambda: same((growth * Matrix([[1, 0], [0, 1]]) - matrix).det(), local.polynomial),
                "det(lambda - matrix) for (c, k)",
            ),
        ),
    )


def _readout_steps() -> tuple[Step, ...]:
    linear, fitted = local_readout(_alpha * m + _beta * I_), local_readout(_fitted(), A)
    overlaps = {snm: _alpha * Sm2 + _beta * smI, snI: _alpha * smI + _beta * SI2}
    uncorrelated = (snm * z + snI) * loading(z) * Average(phi(x), 3)
    expected = growth**2 - (mode() + snm * _gain + uncorrelated) * growth + snm * _gain * mode()
    outlier, site = least_squares_outlier(), site_at(A)
    exponent = Delta * _power.diff(Delta) / _power
    relative = exponent * (1 - input_overlap(A) / Delta)
    current = local_readout(_current(), A)
    strength = linear_root(Eq(A, site.average(_current() * phi(x))), _b)
    return (
        Step(
            "A readout that is linear in m and I knows them by the overlaps snm = <n m>, snI = <n I> alone: the outliers of a readout "
            "that is independent of the couplings",
            "f = alpha m + beta I inserted",
            linear.polynomial,
            expected,
            reference=REFERENCE,
            check=Fact(
                lambda: same(linear.polynomial, expected.subs(overlaps)), "polynomials in lambda, overlaps inserted"
            ),
        ),
        Step(
            "Least squares on the stationary state at z = A: the shortest n with n.phi = A is A phi/(phi.phi), f = A phi/<phi^2>. It "
            "holds neither m nor I, so that e = 0 and one root is 0: what is left is the one outlier lambda_LS",
            "f inserted",
            fitted.polynomial,
            growth * (growth - outlier),
            assumption="the open loop rests at its target: bulk radius below 1",
            reference=REFERENCE,
            check=Fact(
                lambda: fitted.direct == 0 and same(fitted.polynomial, growth * (growth - outlier)),
                "polynomials in lambda",
            ),
        ),
        Step(
            "With eps = dln<phi^2>/dlnDelta and Delta = g^2 <phi^2> + S(A) it is eps (1 - <I x>/Delta): below 1 for activations that "
            "grow slower than linearly (eps < 1) unless feedback opposes the input",
            "g^2 <phi^2> = Delta - S(A)",
            outlier,
            relative,
            check=Fact(lambda: same(outlier.subs(g**2, (Delta - input_power(A)) / _power), relative), "g^2 eliminated"),
        ),
        Step(
            "Overlap of the readout of least squares with m; that with I is A <I x> <phi'>/<phi^2>",
            "Stein's lemma",
            SiteAverage(m * _fitted()),
            A * loading(A) * _gain / _power,
            check=Fact(
                lambda: (
                    same(site.average(m * _fitted()), A * loading(A) * _gain / _power)
                    and same(site.average(I_ * _fitted()), A * input_overlap(A) * _gain / _power)
                ),
                "both averages reduced by Stein's lemma",
            ),
        ),
        Step(
            "Ridge regression minimises (n.phi - A)^2 + N alpha n.n: the same direction, shrunk",
            "rank-one system solved",
            A,
            A * ridge_factor(),
            check=Fact(_ridge_shrinks, "normal equations at N = 3 with rational numbers, exactly"),
        ),
        Step(
            "A readout through the recurrent input, f = b (x - m A - I), is fixed by n.phi = A",
            "Stein's lemma, linear equation solved",
            Eq(A, site.average(_current() * phi(x))),
            Eq(_b, strength),
            check=Replay(lambda equation: Eq(_b, linear_root(equation, _b))),
        ),
        Step(
            "Its outliers: E1 = b (<phi'> + g^2 <phi^2> <phi'''>), e = - b s <phi'>",
            "f inserted; Delta - S(A) = g^2 <phi^2>",
            current.through_state,
            _b * (_gain + g**2 * _power * Average(phi(x), 3)),
            check=Fact(
                lambda: (
                    same(current.through_state, _b * (_gain + (Delta - input_power(A)) * Average(phi(x), 3)))
                    and same(current.direct, -_b * loading(A) * _gain)
                ),
                "both averages reduced by Stein's lemma, Delta - S(A) in place of g^2 <phi^2>",
            ),
        ),
    )


def _two_state_steps() -> tuple[Step, ...]:
    fitted, any_ridge = other_state(readout_scale()), other_state(Symbol("b"))
    scale = Symbol("b")
    inputs = Sm2 * A * z + smI * (A + z) + SI2
    bulk = bulk_radius() ** 2
    one_state = at_one_state(fitted.polynomial).subs({z: A})
    return (
        Step(
            "Where else can the trained loop rest? Clamp the same network at A and at z: two replicas of the collective fields. The weight "
            "of a site has c_12 beside the product of two response fields: the couplings' share, and that of the inputs m A + I, m z + I",
            "disorder average, saddle point",
            after=Eq(c12, covariance_of_states()),
            check=Fact(
                lambda: polynomial_average((m * A + I_) * (m * z + I_), site_at(z).between).expand() == inputs.expand(),
                "covariance of the inputs by Isserlis' theorem",
            ),
        ),
        Step(
            "The readout b phi(x^A)/N, b = A/<phi^2> for least squares, at the other state: a fixed point of the loop where it gives z",
            "readout inserted",
            after=Eq(z, scale * PAIR),
        ),
        Step(
            "So <phi(x1) phi(x2)> = z/b at every fixed point, and c_12 is known beforehand: one equation for z is left",
            "substitution",
            covariance_of_states(),
            any_ridge.covariance,
            check=Replay(lambda e: e.subs(PAIR, z / scale)),
        ),
        Step(
            "Slope H'(z) of the readout along the clamped states, Delta(z) and c_12(z) differentiated implicitly",
            "Price's theorem",
            scale * PAIR,
            any_ridge.slope,
            check=Fact(price_holds, "Price's theorem for phi = x + x^3/7, every moment by Isserlis' theorem"),
        ),
        Step(
            "At z = A both states are one, and the slope is that of the one-state theory",
            "z = A",
            fitted.slope,
            least_squares_slope(),
            check=Fact(
                lambda: same(at_one_state(fitted.slope).subs(z, A), least_squares_slope()), "rational canonical forms"
            ),
        ),
        Step(
            "Outliers at another fixed point: v has covariances c_1, c_2 with both states, k = b (c_1 <phi' phi'> + c_2 <phi phi''>), "
            "lambda c_1 = s(A) k + g^2 k/b, lambda c_2 = s(z) k + G c_2",
            "Stein's lemma in two variables, determinant",
            after=any_ridge.polynomial,
            assumption="|lambda| above the radius of the bulk",
            check=Fact(lambda: _eliminated(any_ridge, scale), "c_1, c_2 and k eliminated from the three equations"),
        ),
        Step(
            "At z = A they are lambda_LS and g^2 <phi'^2>, the square of the radius of the bulk, hidden in it",
            "z = A",
            fitted.polynomial,
            (growth - least_squares_outlier()) * (growth - bulk),
            check=Fact(
                lambda: same(one_state, (growth - least_squares_outlier()) * (growth - bulk)), "polynomials in lambda"
            ),
        ),
        Step(
            "An outlier is 1 where a fixed point is a fold of the equation for z: the polynomial at 1 is "
            "(1 - G)(1 - g^2 <phi' phi'>)(1 - H'(z))",
            "lambda = 1",
            any_ridge.polynomial,
            (1 - mode()) * (1 - g**2 * SLOPES) * (1 - any_ridge.slope),
            check=Fact(
                lambda: same(
                    any_ridge.polynomial.subs(growth, 1), (1 - mode()) * (1 - g**2 * SLOPES) * (1 - any_ridge.slope)
                ),
                "the slope by Price's theorem against the determinant of the eigenvector",
            ),
        ),
    )


def _shared_couplings() -> bool:
    """<(sum_j chi_j a_j)(sum_j chi_j b_j)> = a.b for couplings of unit variance."""
    a, b = (Rational(2, 3), S.One, Rational(-5, 2)), (Rational(1, 4), Rational(-3), Rational(7, 5))
    total = sum(
        sum(s * p for s, p in zip(signs, a, strict=True)) * sum(s * q for s, q in zip(signs, b, strict=True))
        for signs in product((-1, 1), repeat=3)
    )
    return total / 8 == sum(p * q for p, q in zip(a, b, strict=True))


def _stein_in_three() -> bool:
    """k = <f phi' v> for f = x^2 m + x m I - 2 I, phi = x + x^3/7 and a random covariance of (x, m, I, v)."""
    v, source = Symbol("v", real=True), random.Random(31)
    covariance = {}
    for first, second in combinations_with_replacement((x, m, I_, v), 2):
        value = Rational(source.randint(-9, 9), source.randint(1, 5))
        covariance[first, second] = covariance[second, first] = value
    site = Site(covariance[x, x], {e: covariance[e, x] for e in (m, I_)}, covariance)
    readout, cubic = x**2 * m + x * m * I_ - 2 * I_, x + x**3 / 7
    by_parts = site.with_gaussian(readout * diff(cubic, x), {y: covariance[y, v] for y in (x, m, I_)})
    return same(by_parts, polynomial_average(readout * diff(cubic, x) * v, covariance))


def _ridge_shrinks() -> bool:
    """(phi phi^T + N alpha) n = A phi at N = 3: n.phi is A/(1 + alpha/P) with P = phi.phi/N, and n is along phi."""
    activity, target, penalty = Matrix([Rational(1, 2), Rational(-3, 4), Rational(2)]), Rational(7, 3), Rational(2, 5)
    N = len(activity)
    n = (activity * activity.T + N * penalty * Matrix.eye(N)).solve(target * activity)
    shrunk = ridge_factor(penalty).subs(_power, activity.dot(activity) / N)
    return n.dot(activity) == shrunk * target and n == n.dot(activity) / activity.dot(activity) * activity


def _eliminated(state: OtherState, scale: Expr) -> bool:
    """Whether the determinant of (c_1, c_2, k) is the polynomial, times a power of lambda."""
    equations = Matrix(
        [
            [growth, 0, -(loading(A) + g**2 / scale)],
            [0, growth - mode(), -loading(z)],
            [-scale * SLOPES, -scale * CURVED, 1],
        ]
    )
    return same(equations.det(), state.polynomial)


__all__ = [
    "CURVED",
    "OVERLAPS",
    "SLOPES",
    "AtTarget",
    "LocalReadout",
    "OtherState",
    "at_target",
    "bulk_radius",
    "covariance_of_states",
    "least_squares_outlier",
    "least_squares_slope",
    "local_readout",
    "mode",
    "other_state",
    "readout_scale",
    "ridge_factor",
    "steps",
    "variance",
]
