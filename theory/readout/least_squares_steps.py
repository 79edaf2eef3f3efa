"""The argument of `theory.readout.least_squares`, step by step, for a generic activation; each step carries its check."""

from __future__ import annotations

from sympy import Derivative, Eq, Expr, Matrix, Rational, S, Symbol, diff, eye

from theory.averages.average import Average
from theory.derivation import Replay, Solves, Step, named
from theory.engine.cavity import linear_root
from theory.engine.readout import I_, m
from theory.engine.two_states import at_one_state, x1, x2
from theory.implicit import Branch
from theory.readout.eigenvector import LocalReadout
from theory.readout.least_squares import (
    CURVED,
    PAIR,
    REFERENCE,
    SLOPES,
    Delta_A,
    at_target,
    c12,
    covariance_of_states,
    current_readout,
    fitted_readout,
    least_squares_outlier,
    least_squares_slope,
    other_state,
    readout_scale,
    ridge,
    ridge_factor,
    strength,
)
from theory.readout.loop_steps import BY_PAIRINGS
from theory.readout.open_loop import bulk_radius, mode, variance
from theory.readout.vectors import drive, moment, signal, site_at, with_feedback, with_input
from theory.symbols import A, Delta, g, growth, phi, x, z

_power, _gain = Average(phi(x) ** 2), Average(phi(x), 1)
_c1, _c2, _k, _v = (Symbol(name, real=True) for name in ("c_1", "c_2", "k", "v"))


def steps() -> tuple[Step, ...]:
    """The argument, step by step, for a generic activation."""
    return (*_readout_steps(), *_two_state_steps())


def _readout_steps() -> tuple[Step, ...]:
    fitted, found, site = LocalReadout(fitted_readout(), A), at_target(readout_scale(at=Delta)), site_at(A)
    current, normalised = (
        LocalReadout(current_readout(), A),
        Eq(A, Average(current_readout() * phi(x), 0, site).factor()),
    )
    along = {y: Average(y * phi(x), 0, site, evaluate=False) for y in (x, m, I_)}
    return (
        Step(
            "Least squares on the stationary state at z = A: the shortest n with n.phi = A is A phi/(phi.phi), f = A phi/<phi^2>. "
            "It holds none of m, I and n, so that e = 0 and one root is 0: what is left is the one outlier lambda_LS. By the slope "
            "H' that follows below it is G + H' (1 - G)",
            "f inserted",
            fitted.polynomial,
            named("lambda_ls", least_squares_outlier()),
            assumption="the open loop rests at its target: bulk radius below 1",
            reference=REFERENCE,
            check=Replay(
                lambda polynomial: growth - (polynomial / growth).expand(),
                "the polynomial is lambda (lambda - lambda_LS)",
            ),
        ),
        Step(
            "With eps = dln<phi^2>/dlnDelta and Delta = g^2 <phi^2> + S(A) it is eps (1 - <I x>/Delta): below 1 for activations "
            "that grow slower than linearly (eps < 1) unless feedback opposes the input",
            "g^2 <phi^2> = Delta - S(A)",
            least_squares_outlier(),
            Delta * _power.diff(Delta) / _power * (1 - with_input(A) / Delta),
            check=Replay(lambda outlier: outlier.subs(g**2, (Delta - drive(A)) / _power), "g^2 eliminated"),
        ),
        Step(
            "Overlaps of the readout of least squares with m and I",
            "Stein's lemma",
            readout_scale(at=Delta) * Matrix([along[m], along[I_]]),
            Matrix([found.on_feedback, found.on_input]),
            check=BY_PAIRINGS,
        ),
        Step(
            "Ridge regression minimises (n.phi - A)^2 + N alpha n.n: the same direction, shrunk",
            "rank-one system solved",
            A,
            A * ridge_factor(),
            check=Solves(_normal_equations, "normal equations at N = 3 with rational numbers, exactly"),
        ),
        Step(
            "A readout through the recurrent input, f = b (x - m A - I), is fixed by n.phi = A",
            "Stein's lemma, linear equation solved",
            Eq(A, strength * (along[x] - A * along[m] - along[I_])),
            normalised,
            check=BY_PAIRINGS,
        ),
        Step(
            "So its size is",
            "linear equation solved",
            normalised,
            Eq(strength, linear_root(normalised, strength).factor()),
            check=Solves(lambda root: normalised.lhs - normalised.rhs.subs(root.lhs, root.rhs)),
        ),
        Step(
            "Its outliers: E1 = b (<phi'> + g^2 <phi^2> <phi'''>), e = - b s <phi'>",
            "f inserted; Delta - S(A) = g^2 <phi^2>",
            Matrix([current.through_state, current.direct]),
            strength * Matrix([_gain + g**2 * _power * Average(phi(x), 3), -with_feedback(A) * _gain]),
            check=Solves(
                lambda e: e.subs(g**2, (Delta - drive(A)) / _power) - Matrix([current.through_state, current.direct]),
                "Delta - S(A) in place of g^2 <phi^2>",
            ),
        ),
    )


def _normal_equations(shrunk: Expr) -> Expr:
    """n.phi - shrunk, where (phi phi^T + N alpha) n = A phi at N = 3."""
    activity, target, penalty = Matrix([Rational(1, 2), Rational(-3, 4), Rational(2)]), Rational(7, 3), Rational(2, 5)
    N = len(activity)
    fitted = (activity * activity.T + N * penalty * eye(N)).solve(target * activity)
    return fitted.dot(activity) - shrunk.subs({_power: activity.dot(activity) / N, ridge: penalty, A: target})


def _two_state_steps() -> tuple[Step, ...]:
    fitted, scaled = other_state(readout_scale()), other_state(strength)
    branch = Branch(z, {Delta: variance(z) - Delta, c12: covariance_of_states() - c12}, {})
    with_v = PAIR.measure.joined({(x1, _v): _c1, (x2, _v): _c2, (_v, _v): S.One})
    return (
        Step(
            "Where else can the trained loop rest? Clamp the same network at A and at z: two replicas of the collective fields. "
            "The weight of a site has c_12 beside the product of two response fields: the share of the couplings, and that of the "
            "inputs m A + I and m z + I",
            "disorder average, saddle point",
            signal(A) * signal(z),
            Eq(c12, covariance_of_states()),
            check=Replay(
                lambda inputs: g**2 * PAIR + moment(inputs),
                "two inputs through the same couplings have the covariance of what they carry",
            ),
        ),
        Step(
            "The readout b phi(x^A)/N, b = A/<phi^2> for least squares, gives <phi(x1) phi(x2)> = z/b at every fixed point z "
            "of the loop: c_12 is known beforehand, and one equation for z is left",
            "substitution",
            covariance_of_states(),
            scaled.covariance,
            check=Replay(lambda e: e.subs(PAIR, z / strength)),
        ),
        Step(
            "Averages over both states change with the covariance and with the variances",
            "Price's theorem",
            Matrix([Derivative(PAIR, v) for v in (c12, Delta_A, Delta)]),
            Matrix([PAIR.diff(v) for v in (c12, Delta_A, Delta)]),
            check=BY_PAIRINGS,
        ),
        Step(
            "Slope H'(z) of the readout along the clamped states, Delta(z) and c_12(z) differentiated implicitly",
            "Price's theorem",
            strength * PAIR,
            scaled.slope,
            check=Replay(branch.along, "total derivative along the solutions of both equations"),
        ),
        Step(
            "At z = A both states are one, and the slope is that of the one-state theory",
            "z = A",
            fitted.slope,
            named("H_slope_ls", least_squares_slope()),
            check=Replay(lambda slope: at_one_state(slope).subs(z, A)),
        ),
        Step(
            "There the outlier that is not 0 is G + H' (1 - G), as a signal along m passes the variance mode",
            "H' = (lambda_LS - G)/(1 - G)",
            fitted.slope,
            named("lambda_ls", least_squares_outlier()),
            check=Replay(
                lambda slope: mode() + at_one_state(slope).subs(z, A) * (1 - mode()),
                "the slope by Price's theorem against the eigenvector",
            ),
        ),
        Step(
            "Outliers at another fixed point: an eigenvector v has covariances c_1, c_2 with both states",
            "Stein's lemma in two variables",
            strength * Average(phi(x1) * diff(phi(x2), x2) * _v, 0, with_v, evaluate=False),
            Eq(_k, strength * (_c1 * SLOPES + _c2 * CURVED)),
            check=BY_PAIRINGS,
        ),
        Step(
            "With lambda c_1 = s(A) k + g^2 k/b and lambda c_2 = s(z) k + G c_2 three equations for c_1, c_2 and k have a solution",
            "determinant",
            Matrix(
                [
                    [growth, 0, -(with_feedback(A) + g**2 / strength)],
                    [0, growth - mode(), -with_feedback(z)],
                    [-strength * SLOPES, -strength * CURVED, 1],
                ]
            ),
            scaled.polynomial,
            assumption="|lambda| above the radius of the bulk",
            check=Replay(lambda equations: equations.det()),
        ),
        Step(
            "At z = A they are lambda_LS and g^2 <phi'^2>, the square of the radius of the bulk, hidden in it",
            "z = A",
            fitted.polynomial,
            (growth - least_squares_outlier()) * (growth - bulk_radius() ** 2),
            check=Replay(lambda polynomial: at_one_state(polynomial).subs(z, A)),
        ),
        Step(
            "An outlier is 1 where a fixed point is a fold of the equation for z: the polynomial at 1 is "
            "(1 - G)(1 - g^2 <phi' phi'>)(1 - H'(z))",
            "lambda = 1",
            scaled.polynomial,
            (1 - mode()) * (1 - g**2 * SLOPES) * (1 - scaled.slope),
            check=Replay(
                lambda polynomial: polynomial.subs(growth, 1),
                "the slope by Price's theorem against the determinant of the eigenvector",
            ),
        ),
    )
