r"""The spectrum of the Jacobian at a stored pattern: order parameter, boundary of the bulk, outliers.

    J + 1 = D W,    D = diag(g_i),    W = c0 (1 - Pi) + U (R^T R)^-1 R^T,    Pi = R (R^T R)^-1 R^T

Its eigenvalues lambda make a P x P matrix H singular, to which each unit contributes a rank-one term that is independent of all
others but for g_i, fixed by the recalled pattern.  In the directions of the other patterns u = ubar + b (r - m) + xi, xi being
uncorrelated with r; the uniform direction and the recalled pattern are kept apart and carry the outliers.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Abs, Add, Eq, Expr, Identity, Matrix, MatrixSymbol, Poly, Rational, Symbol, solve, sqrt, symbols

from theory.attractor.patterns import DENOMINATOR, each_average, equals, mean, normal_form, reduced, with_input
from theory.attractor.symbols import V_r, alpha, b, beta2, c0, gain, m, omega, r, t, u, ubar
from theory.attractor.weights import NORM, RESPONSE, N, R, U, drawn, projector
from theory.derivation import Replay, Solves, Step, applied
from theory.symbols import growth

D = MatrixSymbol("D", N, N)
gains = (growth * Identity(N) - c0 * D).inverse()

chi, shift, theta_c, alpha_b = Symbol("chi"), Symbol("d", real=True), Symbol("theta_c", real=True), Symbol("alpha_b")
Lambda, Lambda_bias = symbols("Lambda Lambda_bias")
power, threshold = Symbol("n", positive=True), Symbol("theta", real=True)
left_out, right_out = growth - c0 * gain, growth - b * gain
"""1/omega of a unit that the others do not answer to; what multiplies z z^T in H."""

LOAD = t * mean(right_out * omega)
"""The load at which t is the order parameter at lambda."""

BOUNDARY = Abs(t) ** 2 * mean((beta2 * gain**2 + Abs(right_out) ** 2) * Abs(omega) ** 2)
"""The load at which lambda lies on the boundary of the bulk."""


def outlier_matrix(rate: Expr = r, mean_rate: Expr = m, given: Expr = u, mean_given: Expr = ubar) -> Matrix:
    """H on the uniform direction and on the recalled pattern, a factor m of the first taken out."""
    columns = (growth * mean_rate - gain * mean_given, growth * rate - gain * given)
    return Matrix([[mean(row * column * omega) for column in columns] for row in (1, rate)])


_UNIFORM, _DEVIATION = growth * m - gain * ubar, growth * (r - m) - gain * (u - ubar)
ENTRIES = Matrix([[mean(row * column * omega) for column in (_UNIFORM, _DEVIATION)] for row in (1, r - m)])
H, moved = Matrix(2, 2, symbols("H_11 H_12 H_21 H_22")), Matrix(symbols("G_1 G_2"))
FALLS = Matrix([mean(row * gain * omega) for row in (1, r - m)])
PARTS = dict(zip((*H, *moved), (*ENTRIES, *FALLS), strict=True))
"""`ENTRIES` of the determinant, and how fast those of the uniform direction fall as all inputs rise."""

OUTLIER, NAMED_OUTLIER = ENTRIES.det(), H.det()
"""Vanishes at an outlier; the same by its parts. In deviations from the means, which do not cancel for a narrow law."""

CENTRED = outlier_matrix(r - m, 0, u - ubar, 0)[1, 1]
"""The same where every unit has a trained bias."""

TURN = -(H - shift * moved * Matrix([[1, 0]])).det().diff(shift).subs(shift, 0)
"""How fast `OUTLIER` falls with the threshold."""


def bulk() -> Iterator[Step]:
    """From H to the order parameter and the boundary."""
    title, matrix = "det(lambda - D W) = det(lambda - c0 D) det H/det(R^T R)", R.T * gains * (growth * R - D * U)
    stated = Eq(MatrixSymbol("H", *matrix.shape), matrix, evaluate=False)
    inserted = Solves(_determinants, "random matrices of rational numbers inserted")
    yield Step(title, "matrix determinant lemma", None, stated, check=inserted)

    title = "The response z Q z of H^-1 = Q to a unit's own direction, from t, the one without that unit"
    answer, own = Symbol("q"), "omega = 1/(lambda (1 + t) - (c0 + t b) g)"
    response, found = Eq(answer, t - t * right_out / left_out * answer), Eq(answer, t * left_out * omega)
    solved = Replay(lambda before: Eq(answer, _in_omega(solve(before, answer)[0])))
    yield Step(title, "Sherman and Morrison", response, found, assumption=own, check=solved)

    yield Step("The propagator of a unit", "a name", None, Eq(omega, 1 / DENOMINATOR), check=Solves(_continues))

    title, large = "The load: P = tr Q H, one unit at a time", "t tends to alpha/(1 - alpha) for large lambda"
    transform = equals(by_s_transform(), "the S-transform of D (c0 + (b - c0) Pi), Pi on a random space")
    yield Step(title, "one unit left out", None, Eq(alpha, LOAD), assumption=large, check=transform)

    ladder = Abs(t) ** 2 / (alpha - Abs(t) ** 2 * mean(Abs(right_out) ** 2 * Abs(omega) ** 2))
    massive = Solves(_mass, "real lambda: response of the order parameter to a mass")
    yield Step("Two resolvents, chi = N V_r^2 tr Q Q^*", "ladder", None, Eq(chi, ladder), check=massive)

    title = "Boundary of the bulk: xi multiplies H^-1 by a matrix of independent entries, of spectral radius 1 there"
    radius, outside = Eq(1, beta2 * mean(gain**2 * Abs(omega) ** 2) * chi), "outside the bulk the right side is smaller"
    cases = Solves(_boundary_cases, "beta = 0: branch point of t; b = c0 = 0: independent weights")
    yield Step(title, "circular law", radius, Eq(alpha_b, BOUNDARY), assumption=outside, check=cases)


def _determinants(after: Expr) -> Expr:
    weights = c0 * (Identity(N) - projector) + U * (R.T * R).inverse() * R.T
    at = {growth: Rational(5, 3), c0: Rational(-2, 5)}
    left = drawn((growth * Identity(N) - D * weights).subs(at)).det() * drawn(R.T * R).det()
    return left - drawn((growth * Identity(N) - c0 * D).subs(at)).det() * drawn(after.rhs.subs(at)).det()


def _in_omega(expression: Expr) -> Expr:
    numerator, denominator = expression.together().as_numer_denom()
    return (numerator / (denominator / DENOMINATOR).cancel()).factor() * omega


def _continues(after: Expr) -> Expr:
    """omega (lambda - c0 g) + omega t (lambda - b g) = 1: what a unit is by itself and what the others answer."""
    return (after.rhs * (left_out + t * right_out) - 1).cancel()


def _mass(after: Expr) -> Expr:
    return normal_form(LOAD.diff(t) / t - on_the_real_axis(1 / after.rhs).subs(alpha, LOAD))


def by_s_transform() -> Expr:
    """The load in terms of t, as det(1 - y X Pi) for X = D/(lambda - c0 D), y = b - c0 and a projection Pi on a random space.

    S-transforms multiply: y = y0 (1 + psi)/(alpha + psi) with psi = <y0 X/(1 - y0 X)> and S_Pi = (1 + psi)/(alpha + psi).
    """
    y0, psi, load, weight = symbols("y0 psi load omega_mean")
    own = solve((left_out - y0 * gain) * (1 + t) - DENOMINATOR, y0)[0]
    transform = solve(own * (1 + psi) - (b - c0) * (load + psi), psi)[0]
    found = solve(transform - own * (1 + t) * weight, load)[0]
    return found.subs(weight, mean(gain * omega))


def on_the_real_axis(expression: Expr) -> Expr:
    """The same for real lambda."""
    return expression.replace(Abs, lambda e: e)


def _boundary_cases(after: Expr) -> Matrix:
    structured = normal_form(LOAD - on_the_real_axis(after.rhs).subs(beta2, 0) - t * LOAD.diff(t))
    return Matrix([structured, _at_independent_weights(after.rhs) - alpha])


def _at_independent_weights(expression: Expr) -> Expr:
    """b = c0 = 0: t is tau, and the boundary the circle |lambda|^2 = norm^2 <g^2>."""
    second, none = Symbol("g2", positive=True), {b: 0, c0: 0}

    def average(F: Expr) -> Expr:
        return F.subs(omega, 1 / DENOMINATOR).subs(none).subs(gain, sqrt(second))  # linear in g^2

    radius = NORM.subs(none) * sqrt(second)
    return each_average(on_the_real_axis(expression), average).subs({t: RESPONSE, growth: radius})


def outliers() -> Iterator[Step]:
    """The outliers, without and with trained biases, and the threshold at which one of them is lambda."""
    title = "The other patterns leave each unit's term divided by 1 + t (lambda - b g)/(lambda - c0 g)"
    divided, matrix = 1 - right_out * t / DENOMINATOR, outlier_matrix().as_immutable()
    yield Step(title, "Schur complement, one unit left out", divided, left_out * omega, check=Replay(_in_omega))

    title = "H on the uniform direction and on the recalled pattern, for each unit"
    exact = Solves(_exact_cases, "exact eigenvalues at finite N: constant gain; a power law without threshold")
    yield Step(title, "law of large numbers", None, matrix, check=exact)

    title, entries = "The uniform column and row taken from the others", ENTRIES.as_immutable()
    compared = Solves(lambda after: reduced(after.det() - matrix.det()), "determinants compared")
    yield Step(title, "same determinant", matrix, entries, check=compared)

    yield applied("Outliers lambda", "determinant", H.as_immutable(), lambda parts: Eq(Lambda, parts.det()))

    title = "Outliers with trained biases, by which rates and inputs are centred"
    centred = Solves(_centred_cases, "exact eigenvalue: constant gain; no effect of the mean rate")
    yield Step(title, "determinant", matrix, Eq(Lambda_bias, CENTRED), check=centred)

    title = "How fast the entries of the uniform direction fall as all inputs rise"
    change = ENTRIES[:, 0].applyfunc(lambda e: each_average(e, lambda F: mean(F.diff(ubar))))
    falling = Solves(lambda after: (after + change).applyfunc(reduced))
    yield Step(title, "derivative", None, FALLS.as_immutable(), check=falling)

    title = "The threshold at which lambda is an outlier: inputs and threshold rise by the same d, the determinant falls linearly"
    shifted = Eq(theta_c, threshold + Lambda / TURN)
    yield Step(title, "linear equation", Lambda, shifted, check=Solves(_at_threshold))


def _exact_cases(after: Matrix) -> Matrix:
    """D W 1 and D W r of the recalled pattern, where they are known at any N."""
    constant = at_constant_gain(after.det()) - omega**2 * V_r * (growth - 1) * ((growth - 1) * m - threshold * gain)
    return Matrix([constant, with_input(after.det(), power * r / gain).subs(growth, power)])


def _centred_cases(after: Expr) -> Matrix:
    moved = with_input(after.rhs.subs(m, m + shift), u).replace(r, r + shift)
    constant = at_constant_gain(after.rhs) - V_r * (growth - 1) * omega
    return Matrix([constant, normal_form(moved - after.rhs)])


def at_constant_gain(expression: Expr) -> Expr:
    """For u = theta + r/g with the same gain g, and so the same omega, everywhere."""

    def moment(F: Expr) -> Expr:
        polynomial = Poly(F.subs(u, threshold + r / gain), r)
        return Add(*(polynomial.coeff_monomial(r**k) * known for k, known in enumerate((1, m, V_r + m**2))))

    return each_average(expression, moment).subs(ubar, threshold + m / gain).expand()


def at_vanishing_load(determinant: Expr) -> Expr:
    """A determinant of averages with one factor omega each, at a load at which units are alone, omega lambda = 1."""

    def alone(F: Expr) -> Expr:
        F = F.subs(omega, 1)
        return mean(F.subs(growth, 0)) + growth * mean(F.diff(growth))

    return each_average(determinant, alone)


def _at_threshold(after: Expr) -> Matrix:
    moved = Poly(reduced(outlier_matrix(given=u + shift, mean_given=ubar + shift).det()), shift)
    numerator, denominator = (after.rhs - threshold).subs(Lambda, H.det()).as_numer_denom()
    numerator, denominator = numerator.subs(PARTS), denominator.subs(PARTS)
    return Matrix([reduced(numerator) - moved.coeff_monomial(1), reduced(denominator) + moved.coeff_monomial(shift)])
