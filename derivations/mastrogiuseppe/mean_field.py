"""Mean field: target matching, fixed points of the closed loop, and their stability."""

from __future__ import annotations

import mpmath
import numpy as np
from sympy import Expr, Matrix, Rational, Symbol, diff, eye, sqrt

from derivations.claims import Claims
from derivations.comparison import PRECISELY, agree, closed, near, number
from derivations.mastrogiuseppe import loop
from derivations.mastrogiuseppe.loop import (
    DRIVE,
    ERF,
    GENERIC,
    LOADING,
    LOOP,
    MIXING,
    P_SLOPE,
    Q_SLOPE,
    READ,
    SIGMOIDAL,
    TANH,
    G,
    Geometry,
    P,
    Q,
    W,
)
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.derivation import same
from theory.engine.readout import OUTPUT, LoadedSite, n, readout_loop
from theory.meanfield.readout import MEANS, loop_with_means
from theory.models import derive
from theory.models.feedback import FEEDBACK
from theory.readout.eigenvector import LocalReadout
from theory.readout.vectors import site_at
from theory.symbols import SI, SI2, A, C, Delta, Sm, Sm2, g, growth, mu, p, phi, pI, pm, rho, smI, snI, snm, x, z

claims = Claims()

claims("(M1) Variance of x at an output z: Delta = g^2 <phi^2> + S(z), S(z) = <m^2> z^2 + 2 <m I> z + <I^2>", GENERIC)(
    lambda: same(loop.equation().right, g**2 * P + DRIVE)
)
claims(
    "(M2) Output of the closed loop: z = C (snm z + snI) <phi'>, with snm, snI the overlaps of n with m and I at amplitude 1",
    GENERIC,
)(lambda: same(loop.equation().readout, READ * Q))
claims("(M3) Target matching: C(A) = A/((snm A + snI) <phi'>) at the variance of the open loop", GENERIC)(
    lambda: same(loop.equation().at_target(loop.equation().amplitude_at), A / ((snm * A + snI) * Q))
)


@claims(
    "The amplitude has a pole at A = flex = -snI/snm",
    "zero of the derived denominator; residue from both sides with the generated solver, tanh, three geometries",
)
def _pole():
    denominator = loop.equation().at_target(loop.equation().amplitude_at).as_numer_denom()[1]
    yield same(denominator.subs(A, -snI / snm), 0)
    for geometry in loop.LOOPS:
        pole, offset = loop.critical(TANH, geometry)["flex"], np.array([-1e-6, 1e-6])
        below, above = offset * loop.along(TANH, geometry, pole + offset)["C"]
        yield near(above, below, 1e-4, 1e-4) and abs(above) > 0.01


@claims(
    "Overlaps from the loadings: <m^2> = Sm^2, <m I> = Sm SI rho^2, <I^2> = SI^2, snm = Sm (rho p + sqrt(1-rho^2) pm), snI = "
    "SI (rho p + sqrt(1-rho^2) pI); rho is a loading, the correlation of m and I is rho^2",
    "independent standard normal vectors, canonical forms compared",
)
def _overlaps():
    found, alone = loop.equation().overlaps, sqrt(1 - rho**2)
    claimed: dict[Symbol, Expr] = {Sm2: Sm**2, smI: Sm * SI * rho**2, SI2: SI**2}
    claimed |= {snm: Sm * (rho * p + alone * pm), snI: SI * (rho * p + alone * pI)}
    for key, value in claimed.items():
        yield same(found[key], value)
    yield same(found[smI] / sqrt(found[Sm2] * found[SI2]), rho**2)


@claims(
    "The theory needs phi through P = <phi^2>, Q = <phi'> and <phi'^2> alone: <phi'^2 + phi phi''> = P', <phi'''> = 2 Q'; "
    "for tanh Q = 1 - P",
    "25 digits, averages by certified quadrature, at Delta = 7/4; tanh, erf, x/sqrt(1+x^2)",
    PRECISELY,
)
def _weak_derivatives():
    slope, bend = diff(phi(x), x), diff(phi(x), x, 2)
    pairs = ((P.diff(Delta), Average(slope**2 + phi(x) * bend)), (2 * Q.diff(Delta), Average(diff(phi(x), x, 3))))
    for text in SIGMOIDAL[:3]:
        for pair in pairs:
            yield agree(*(number(e, text, Delta=Rational(7, 4)) for e in pair))
    yield agree(number(Q, TANH, Delta=Rational(7, 4)), 1 - number(P, TANH, Delta=Rational(7, 4)))


@claims(
    "Vectors with means: z = Mn <phi> + snx <phi'> at x ~ N(Mm z + MI, Delta), overlaps those of the centred parts",
    GENERIC,
)
def _means():
    (_, _, readout_mean), (site, _) = MEANS, loop_with_means()
    expected = C * readout_mean * Average(phi(x), 0, Normal(mu)) + READ * Average(phi(x), 1, Normal(mu))
    yield same(site.average(OUTPUT), expected)


_CLOSED = ((loop.FIGURE_1E, (-1.3, -0.5, -0.1, 0.9, 2.1)), (loop.SHARED, (-1.4, -0.7, 0.8)), (loop.LOOP_ONLY, (0.8,)))
_SCAN = np.linspace(-9.0, 9.0, 1500)


@claims(
    "The fixed points of the closed loop are the level set C(z) = C(A) of the open loop, and nothing else",
    "the generated solver inserted in C(z), and its signs on a scan of 1500 outputs; tanh, erf, x/(1+x^2), nine targets",
)
def _level_set():
    for text in (TANH, ERF, "x/(1+x^2)"):
        for geometry, targets in _CLOSED:
            overlap = loop.along(text, geometry, _SCAN)["overlap"]
            for target in targets:
                amplitude = float(loop.along(text, geometry, target)["C"])
                outputs = np.array([point.z for point in loop.states(text, geometry, target)])
                yield near(loop.along(text, geometry, outputs)["overlap"] * amplitude, outputs, absolute=1e-11)
                sign = np.sign(amplitude * overlap - _SCAN)
                yield np.sum(sign[1:] != sign[:-1]) == outputs.size


@claims(
    "(O) Outliers: lambda^2 - (G + a + theta) lambda + a G = 0, that is (lambda - G)(lambda - a) = 2 snx Q' s lambda; G = "
    "g^2 P', a = C snm Q",
    GENERIC,
)
def _outlier_equation():
    yield same(loop.equation().trace, G + LOOP + MIXING)
    yield same(loop.polynomial(), (growth - G) * (growth - LOOP) - MIXING * growth)


@claims(
    "They are the eigenvalues of [[G, 2s], [bG, 2bs + a]], b = snx <phi'''>/2, which acts on the variance and the output of a "
    "perturbation",
    GENERIC,
)
def _authors_matrix():
    b = READ * Average(phi(x), 3) / 2
    matrix = Matrix([[G, 2 * LOADING], [b * G, 2 * b * LOADING + LOOP]])
    yield same((growth * eye(2) - matrix).det(), loop.polynomial())


@claims(
    "The path integral agrees with the statistics of the eigenvector",
    "two derivations that share no step, every step checked; canonical forms for a generic phi",
)
def _two_routes():
    derive("feedback").check()
    yield same(LocalReadout(C * n).polynomial, loop.polynomial())


@claims(
    "Loop transfer function h(lambda) = a/lambda + theta/(lambda - G), theta = 2 snx Q' s: 1 at the outliers, and h(1) = H'(z)",
    GENERIC,
)
def _transfer():
    transfer = readout_loop(FEEDBACK.network.couplings, LoadedSite(site_at(z))).transfer()
    yield same(transfer, LOOP / growth + MIXING / (growth - G))
    yield same((1 - transfer) * growth * (growth - G), loop.polynomial())
    yield same(transfer.subs(growth, 1), loop.equation().output_slope)


@claims("At the target a = A snm/(A snm + snI) is geometry alone, and theta = 2 A s Q'/Q", GENERIC)
def _geometric_loop():
    at, gain = loop.equation().at_target, loop.equation().loop_gain
    yield same(at(gain), A * snm / (A * snm + snI))
    yield same(at(loop.equation().trace - G - gain), 2 * A * LOADING.subs(z, A) * Q_SLOPE / Q)


@claims(
    "(T1) At the target (1 - G)(1 - a) - theta = (1 - G) dlnC/dlnA: a fold of fixed points, dC/dA = 0, is an outlier 1",
    GENERIC,
)
def _target():
    at_one = loop.equation().at_target(loop.polynomial().subs(growth, 1))
    yield same(at_one, (1 - G) * loop.logarithmic_derivative(A / ((snm * A + snI) * Q)))
    yield same(at_one, loop.equation().at_target((1 - G) * (1 - LOOP) - MIXING))


@claims(
    "Outliers have real parts below 1 where polynomial(1) = (1 - G)(1 - H'(z)) > 0 and the trace is below 2",
    f"Routh and Hurwitz at lambda = 1 + k; {GENERIC}",
)
def _stable_below_one():
    """k^2 + (2 - trace) k + polynomial(1)."""
    k = Symbol("k")
    shifted = loop.polynomial().subs(growth, 1 + k).expand()
    yield same(shifted.coeff(k, 1), 2 - loop.equation().trace)
    yield same(shifted.coeff(k, 0), (1 - G) * (1 - loop.equation().output_slope))


@claims(
    "A complex pair could be the first to leave only where a G > 1; over random geometries, correlation of m and I uniform, it "
    "never does: where polynomial(1) > 0 and R < 1 the target is stable",
    "polynomial(1) + trace - 2 = a G - 1 as derived; the generated solver, tanh, 4000 random geometries",
)
def _no_pair_crosses_first():
    yield same(loop.polynomial().subs(growth, 1) + loop.equation().trace - 2, loop.equation().determinant - 1)
    source, draws = np.random.default_rng(23), 4000
    geometry = {
        key: source.uniform(*ends, draws) for key, ends in {"g": (0.1, 1.5), "Sm": (0.2, 2), "SI": (0.05, 2)}.items()
    }
    geometry["rho"] = np.sqrt(source.uniform(0, 1, draws))
    geometry |= {name: source.normal(size=draws) for name in ("p", "pm", "pI")}
    target = source.uniform(-3, 3, draws)
    found = loop.along(TANH, geometry, target)
    entries = loop.module(TANH).jacobian(found["Delta0"], target, found["C"], geometry["g"], *loop.overlaps(geometry))
    resting, trace = found["bulk_radius"] < 1, entries["trace"]
    at_one = 1 - trace + entries["determinant"]
    yield resting.sum() > draws / 2 and np.any(at_one[resting] < 0)
    yield np.all(trace[resting & (at_one > 0)] < 2) and np.any(trace[resting] > 2)


def _cancelling() -> Geometry:
    """A readout with overlaps 2.80567 with m and 3.05923 with I, along xi and e_m."""
    Sm, SI, rho = 1.9354, 3.33333, np.sqrt(0.996952)
    p = 3.05923 / (SI * rho)
    return {"g": 0.50211, "Sm": Sm, "SI": SI, "rho": rho, "p": p, "pm": (2.80567 / Sm - rho * p) / np.sqrt(1 - rho**2)}


@claims(
    "A complex pair has modulus sqrt(a G) and is outside the bulk only for a > R^2/G: hidden in one geometry; visible, "
    "0.479 +- 0.298 i, where m and I nearly cancel",
    "product of the outliers for a generic phi; the generated solver, tanh, two geometries",
)
def _pairs():
    yield same(loop.equation().determinant, LOOP * G)
    for geometry, target, pair, tolerance, seen in (
        (loop.SHARED, 1.0, 0.1170252753807294 + 0.1402748942867651j, 1e-12, False),
        (_cancelling(), -1.88887, 0.479 + 0.298j, 1e-3, True),
    ):
        found = loop.solved(TANH, geometry, target)
        first, second = loop.outliers(found)
        radius, product = found.leading["bulk_radius"], (first * second).real
        yield first == second.conjugate() and near(abs(first) ** 2, product, absolute=1e-13)
        yield near(first, pair, tolerance, tolerance) and found.details["visible"] == [seen, seen]
        yield (abs(first) > radius) is seen and (product > radius**2) is seen


@claims(
    "Vectors with means: a 3x3 matrix on mean, variance and output of a perturbation, with one eigenvalue 0",
    f"its characteristic polynomial is lambda times that of the engine; {GENERIC}",
)
def _with_means():
    """3x3 on (mean, covariance with x, output)."""
    (feedback_mean, _, readout_mean), (_, found) = MEANS, loop_with_means()

    def bar(function, order=0):
        return Average(function, order, Normal(mu))

    shift = Matrix([[0, 0, feedback_mean]])
    covariance = Matrix([[g**2 * bar(phi(x) ** 2, 1) / 2, g**2 * bar(phi(x) ** 2, 2) / 2, LOADING]])
    on_mean, on_covariance = (C * readout_mean * bar(phi(x), k) + READ * bar(phi(x), k + 1) for k in (1, 2))
    output = Matrix([[0, 0, C * snm * bar(phi(x), 1)]]) + on_mean * shift + on_covariance * covariance
    matrix = Matrix.vstack(shift, covariance, output)
    yield same((growth * eye(3) - matrix).det(), growth * found.polynomial)


claims(
    "ReLU: outliers a and g^2/2 whatever the vectors", "closed forms of the averages inserted, canonical forms compared"
)(lambda: same(closed(loop.polynomial(), "relu(x)"), (growth - C * snm / 2) * (growth - g**2 / 2)))


@claims(
    "[x]_+^q: <phi^2> = 2^(q-1) Gamma(q+1/2) Delta^q/sqrt(pi), <phi'> = q 2^((q-3)/2) Gamma(q/2) Delta^((q-1)/2)/sqrt(pi), "
    "G/R^2 = 2 - 1/q",
    "25 digits, averages by certified quadrature, at q = 5/4, 3/2, 2, 3",
    PRECISELY,
)
def _powers_of_half_line():
    variance, normal = mpmath.mpf(7) / 3, mpmath.sqrt(mpmath.pi)
    for text, q in (("relu(x)^(5/4)", 1.25), ("relu(x)^(3/2)", 1.5), ("relu(x)^2", 2.0), ("relu(x)^3", 3.0)):
        power = 2 ** mpmath.mpf(q - 1) * mpmath.gamma(q + 0.5) * variance**q
        gain = q * 2 ** mpmath.mpf((q - 3) / 2) * mpmath.gamma(q / 2) * variance ** ((q - 1) / 2)
        at = {average: number(average, text, Delta=Rational(7, 3)) for average in (P, Q, W, P_SLOPE)}
        yield agree(at[P], power / normal) and agree(at[Q], gain / normal)
        yield agree(at[P_SLOPE] / at[W], 2 - 1 / mpmath.mpf(q))


@claims(
    "[x]_+^2: two variances or none; at the larger one the variance mode G is itself an outlier above 1 beside a stable bulk",
    "the generated solver against the roots of a quadratic equation, g = 0.38 and 0.42",
)
def _variance_mode_alone():
    """Driven by an input of variance 1: Delta = (1 +- sqrt(1 - 6 g^2))/(3 g^2), G = 3 g^2 Delta, R^2 = 2 g^2 Delta."""
    text, driven = "relu(x)^2", {"Sm": 1.0, "SI": 1.0, "pI": 1.0}
    none, found = (loop.along(text, {**driven, "g": strength}, 0.0)["roots"] for strength in (0.42, 0.38))
    yield not np.any(np.isfinite(none))
    claimed = [(1 + sign * np.sqrt(1 - 6 * 0.38**2)) / (3 * 0.38**2) for sign in (-1, 1)]
    yield near(found, claimed, 1e-12, 1e-12)
    upper = 3 * 0.38**2 * claimed[1]
    entries = loop.module(text).jacobian(claimed[1], 0.0, 0.0, 0.38, 1.0, 0.0, 1.0, 0.0, 0.0)
    yield near((entries["trace"], entries["bulk_radius"] ** 2), (upper, 2 * upper / 3), 1e-12, 1e-12)
    yield entries["bulk_radius"] < 1 < upper
