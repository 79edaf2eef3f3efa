"""The argument of `theory.readout.least_squares`, step by step, for a generic activation; each step carries its check."""

from __future__ import annotations

import random
from itertools import combinations_with_replacement, product

from sympy import Eq, Expr, Function, Matrix, Rational, S, Symbol, diff, symbols

from theory.derivation import Fact, Replay, Step, same
from theory.fields.cavity import linear_root
from theory.fields.two_states import PairOfStates, at_one_state, cubic_pair, price_holds
from theory.gaussian.average import Average
from theory.gaussian.joint import Site, SiteAverage, polynomial_average
from theory.readout.least_squares import (
    CURVED,
    I_,
    PAIR,
    REFERENCE,
    SLOPES,
    OtherState,
    bulk_radius,
    c12,
    covariance_of_states,
    current_readout,
    fitted_readout,
    least_squares_outlier,
    least_squares_slope,
    local_readout,
    m,
    mode,
    other_state,
    readout_scale,
    ridge_factor,
    site_at,
    strength,
)
from theory.readout.vectors import drive, with_feedback, with_input
from theory.symbols import SI2, A, Delta, Sm2, g, growth, phi, smI, snI, snm, x, z

f = Function("f", real=True)
"""A local readout f(x, m, I), not specified."""

_slope = diff(phi(x), x)
_power, _gain = Average(phi(x) ** 2), Average(phi(x), 1)
_alpha, _beta, _c, _k = (Symbol(name, real=True) for name in ("alpha_m", "beta_I", "c", "k"))


def steps() -> tuple[Step, ...]:
    """The argument, step by step, for a generic activation."""
    return (*_eigenvector_steps(), *_readout_steps(), *_two_state_steps())


def _eigenvector_steps() -> tuple[Step, ...]:
    local = local_readout(f(x, m, I_))
    matrix = Matrix([[mode(), with_feedback(z)], [growth * local.through_state, local.direct]])
    return (
        Step(
            "Readout n_i = f(x_i, m_i, I_i)/N at a fixed point with output z. An eigenvector of the Jacobian (its leak left out), "
            "lambda v = m k + g chi phi' v with k = n.(phi' v), outside the disc of the bulk is a sum of many weak inputs: it is "
            "jointly Gaussian over units with x, m and I, <m v> = Sm2 k/lambda, <I v> = smI k/lambda",
            "central limit theorem, one-site cavity",
            reference=REFERENCE,
            assumption="N -> infinity; |lambda| above the radius g <phi'^2>^(1/2) of the bulk",
        ),
        Step(
            "Its covariance c with x = m z + I + g chi phi(x): two inputs through the same chi have the covariance of what they "
            "carry, and <phi phi' v> = c <(phi phi')'>",
            "couplings averaged; Stein's lemma",
            after=Eq(growth * _c, with_feedback(z) * _k + mode() * _c),
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
            "Both equations have a solution (c, k) where their determinant vanishes: the outliers, (lambda - G)(lambda - e) "
            "= s E1 lambda with G the gain of the slow variance mode, E1 = <d_x(f phi')>, e = Sm2 <phi' d_m f> + smI <phi' d_I f>",
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
    linear, fitted = local_readout(_alpha * m + _beta * I_), local_readout(fitted_readout(), A)
    overlaps = {snm: _alpha * Sm2 + _beta * smI, snI: _alpha * smI + _beta * SI2}
    uncorrelated = (snm * z + snI) * with_feedback(z) * Average(phi(x), 3)
    expected = growth**2 - (mode() + snm * _gain + uncorrelated) * growth + snm * _gain * mode()
    outlier, site = least_squares_outlier(), site_at(A)
    exponent = Delta * _power.diff(Delta) / _power
    relative = exponent * (1 - with_input(A) / Delta)
    current, normalised = local_readout(current_readout(), A), Eq(A, site.average(current_readout() * phi(x)).factor())
    return (
        Step(
            "A readout that is linear in m and I knows them by the overlaps snm = <n m>, snI = <n I> alone: the outliers of a "
            "readout that is independent of the couplings",
            "f = alpha m + beta I inserted",
            linear.polynomial,
            expected,
            reference=REFERENCE,
            check=Fact(
                lambda: same(linear.polynomial, expected.subs(overlaps)), "polynomials in lambda, overlaps inserted"
            ),
        ),
        Step(
            "Least squares on the stationary state at z = A: the shortest n with n.phi = A is A phi/(phi.phi), f = A phi/<phi^2>. "
            "It holds neither m nor I, so that e = 0 and one root is 0: what is left is the one outlier lambda_LS",
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
            "With eps = dln<phi^2>/dlnDelta and Delta = g^2 <phi^2> + S(A) it is eps (1 - <I x>/Delta): below 1 for activations "
            "that grow slower than linearly (eps < 1) unless feedback opposes the input",
            "g^2 <phi^2> = Delta - S(A)",
            outlier,
            relative,
            check=Fact(lambda: same(outlier.subs(g**2, (Delta - drive(A)) / _power), relative), "g^2 eliminated"),
        ),
        Step(
            "Overlap of the readout of least squares with m; that with I is A <I x> <phi'>/<phi^2>",
            "Stein's lemma",
            after=Eq(snm, A * with_feedback(A) * _gain / _power),
            check=Fact(
                lambda: (
                    same(site.average(m * fitted_readout()), A * with_feedback(A) * _gain / _power)
                    and same(site.average(I_ * fitted_readout()), A * with_input(A) * _gain / _power)
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
            normalised,
            Eq(strength, linear_root(normalised, strength).factor()),
            check=Replay(lambda equation: Eq(strength, linear_root(equation, strength))),
        ),
        Step(
            "Its outliers: E1 = b (<phi'> + g^2 <phi^2> <phi'''>), e = - b s <phi'>",
            "f inserted; Delta - S(A) = g^2 <phi^2>",
            current.through_state,
            strength * (_gain + g**2 * _power * Average(phi(x), 3)),
            check=Fact(
                lambda: (
                    same(current.through_state, strength * (_gain + (Delta - drive(A)) * Average(phi(x), 3)))
                    and same(current.direct, -strength * with_feedback(A) * _gain)
                ),
                "both averages reduced by Stein's lemma, Delta - S(A) in place of g^2 <phi^2>",
            ),
        ),
    )


def _two_state_steps() -> tuple[Step, ...]:
    fitted, any_ridge = other_state(readout_scale()), other_state(strength)
    scale = strength
    inputs = Sm2 * A * z + smI * (A + z) + SI2
    bulk = bulk_radius() ** 2
    one_state = at_one_state(fitted.polynomial).subs({z: A})
    return (
        Step(
            "Where else can the trained loop rest? Clamp the same network at A and at z: two replicas of the collective fields. "
            "The weight of a site has c_12 beside the product of two response fields: the share of the couplings, and that of the "
            "inputs m A + I and m z + I",
            "disorder average, saddle point",
            after=Eq(c12, covariance_of_states()),
            check=Fact(
                lambda: (
                    _shared_couplings()
                    and same(polynomial_average((m * A + I_) * (m * z + I_), site_at(z).between), inputs)
                    and same(covariance_of_states(), g**2 * PAIR + inputs)
                ),
                "couplings averaged at N = 3, exactly; inputs by Isserlis' theorem",
            ),
        ),
        Step(
            "The readout b phi(x^A)/N, b = A/<phi^2> for least squares, at the other state: a fixed point of the "
            "loop where it gives z",
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
            "Outliers at another fixed point: v has covariances c_1, c_2 with both states, k = b (c_1 <phi' phi'> + c_2 <phi "
            "phi''>), lambda c_1 = s(A) k + g^2 k/b, lambda c_2 = s(z) k + G c_2",
            "Stein's lemma in two variables, determinant",
            after=any_ridge.polynomial,
            assumption="|lambda| above the radius of the bulk",
            check=Fact(
                lambda: _stein_in_two() and _eliminated(any_ridge, scale),
                "k for phi = x + x^3/7 by Isserlis' theorem; c_1, c_2 and k eliminated from the three equations",
            ),
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


def _stein_in_two() -> bool:
    """<phi(x1) phi'(x2) v> for phi = x + x^3/7 and a covariance of (x1, x2, v) that leaves all of them different."""
    first, second, v = symbols("x1 x2 v", real=True)
    D1, D2, c, c1, c2 = (Rational(*pair) for pair in ((3, 2), (5, 7), (-2, 3), (4, 5), (-1, 6)))
    covariance = {
        (first, first): D1,
        (second, second): D2,
        (first, second): c,
        (first, v): c1,
        (second, v): c2,
        (v, v): S.One,
    }
    covariance.update({(q, p): value for (p, q), value in covariance.items()})
    cubic = [y + y**3 / 7 for y in (first, second)]
    by_parts = c1 * cubic_pair(PairOfStates(1, 1, D1, D2, c)) + c2 * cubic_pair(PairOfStates(0, 2, D1, D2, c))
    return same(by_parts, polynomial_average(cubic[0] * diff(cubic[1], second) * v, covariance))


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
            [growth, 0, -(with_feedback(A) + g**2 / scale)],
            [0, growth - mode(), -with_feedback(z)],
            [-scale * SLOPES, -scale * CURVED, 1],
        ]
    )
    return same(equations.det(), state.polynomial)
