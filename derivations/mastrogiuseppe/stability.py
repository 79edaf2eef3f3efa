"""Local stability: outliers, loop transfer function, and what they say at the target."""

from __future__ import annotations

from math import sqrt

import mpmath
import numpy as np
from sympy import Matrix, Rational, Symbol, eye, log

from derivations.comparison import agree, number, precisely
from derivations.mastrogiuseppe.quantities import (
    GENERIC,
    LOADING,
    LOOP,
    MIXING,
    P_SLOPE,
    Q_SLOPE,
    READ,
    SHARED,
    TANH,
    G,
    Geometry,
    P,
    Q,
    Row,
    W,
    along,
    close,
    equation,
    outliers,
    polynomial,
    solved,
    solver,
)
from theory.activations.activation import Activation
from theory.averages.average import Average, averages
from theory.averages.measures import Normal
from theory.concrete import closed_form_of
from theory.derivation import same
from theory.feedback import MEANS, loop_with_means
from theory.fields.readout import LoadedSite, n, readout_loop
from theory.models import derive
from theory.models.feedback import FEEDBACK
from theory.readout.eigenvector import LocalReadout
from theory.readout.vectors import site_at
from theory.symbols import A, C, Delta, g, growth, mu, phi, snI, snm, x, z


def _outlier_equation() -> bool:
    """lambda^2 - (G + a + theta) lambda + a G, or (lambda - G)(lambda - a) = theta lambda."""
    factored = (growth - G) * (growth - LOOP) - MIXING * growth
    return same(equation().trace, G + LOOP + MIXING) and same(polynomial(), factored)


def _authors_matrix() -> bool:
    """[[G, 2 s], [b G, 2 b s + a]] on (Delta_1, kappa_1), b = snx <phi'''>/2."""
    b = READ * Average(phi(x), 3) / 2
    matrix = Matrix([[G, 2 * LOADING], [b * G, 2 * b * LOADING + LOOP]])
    return same((growth * eye(2) - matrix).det(), polynomial())


def _two_routes() -> bool:
    derive("feedback").derivation.check()
    return same(LocalReadout(C * n).polynomial, polynomial())


def _transfer() -> bool:
    """h = a/lambda + theta/(lambda - G); 1 at the outliers; h(1) = H'(z)."""
    transfer = readout_loop(FEEDBACK.network.couplings, LoadedSite(site_at(z))).transfer()
    return (
        same(transfer, LOOP / growth + MIXING / (growth - G))
        and same((1 - transfer) * growth * (growth - G), polynomial())
        and same(transfer.subs(growth, 1), equation().output_slope)
    )


def _target() -> bool:
    """(1 - G)(1 - a) - theta = (1 - G) dlnC/dlnA, the derivative by implicit differentiation of (M1)."""
    amplitude = A / ((snm * A + snI) * Q)
    widening = equation().right.diff(z).subs(z, A) / (1 - G)
    logarithmic = A * (log(amplitude).diff(A) + log(amplitude).diff(Delta) * widening)
    at_one = equation().at_target(polynomial().subs(growth, 1))
    factored = equation().at_target((1 - G) * (1 - LOOP) - MIXING)
    return same(at_one, (1 - G) * logarithmic) and same(at_one, factored)


def _geometric_loop() -> bool:
    """At the target a = A snm/(A snm + snI) and theta = 2 A s Q'/Q."""
    at, loading = equation().at_target, LOADING.subs(z, A)
    return same(at(equation().loop_gain), A * snm / (A * snm + snI)) and same(
        at(equation().trace - G - equation().loop_gain), 2 * A * loading * Q_SLOPE / Q
    )


def _stable_below_one() -> bool:
    """Routh and Hurwitz at lambda = 1 + k: k^2 + (2 - trace) k + polynomial(1)."""
    k = Symbol("k")
    shifted = polynomial().subs(growth, 1 + k).expand()
    return same(shifted.coeff(k, 1), 2 - equation().trace) and same(
        shifted.coeff(k, 0), (1 - G) * (1 - equation().output_slope)
    )


def _no_pair_crosses_first() -> bool:
    """polynomial(1) > 0 and trace > 2 need a G > 1; 4000 random geometries have none with R < 1."""
    if not same(polynomial().subs(growth, 1) + equation().trace - 2, equation().determinant - 1):
        return False
    source, draws = np.random.default_rng(23), 4000
    geometry = {
        "g": source.uniform(0.1, 1.5, draws),
        "Sm": source.uniform(0.2, 2, draws),
        "SI": source.uniform(0.05, 2, draws),
        "rho": np.sqrt(source.uniform(0, 1, draws)),
        **{name: source.normal(size=draws) for name in ("p", "pm", "pI")},
    }
    target = source.uniform(-3, 3, draws)
    found = along(TANH, geometry, target)
    vectors = solver(TANH).module.overlaps(*(geometry[name] for name in ("Sm", "SI", "rho", "p", "pm", "pI")))
    loop = solver(TANH).module.jacobian(found["Delta0"], target, found["C"], geometry["g"], *vectors)
    resting = found["bulk_radius"] < 1
    at_one = 1 - loop["trace"] + loop["determinant"]
    return bool(
        resting.sum() > draws / 2
        and np.any(at_one[resting] < 0)
        and np.all(loop["trace"][resting & (at_one > 0)] < 2)
        and np.any(loop["trace"][resting] > 2)
    )


_CANCELLING: Geometry = {
    "g": 0.50211,
    "Sm": 1.9354,
    "SI": 3.33333,
    "rho": sqrt(0.996952),
}
_WITH_M, _WITH_I = 2.80567, 3.05923


def _cancelling() -> Geometry:
    """A readout with given overlaps with m and I, along xi and e_m."""
    shared, alone = _CANCELLING["rho"], sqrt(1 - _CANCELLING["rho"] ** 2)
    p = _WITH_I / (_CANCELLING["SI"] * shared)
    return {**_CANCELLING, "p": p, "pm": (_WITH_M / _CANCELLING["Sm"] - shared * p) / alone}


def _pairs() -> bool:
    """The modulus of a pair is sqrt(a G): hidden in one geometry, visible where m and I nearly cancel."""
    if not same(equation().determinant, LOOP * G):
        return False
    for geometry, target, pair, seen in (
        (SHARED, 1.0, 0.1170252753807294 + 0.1402748942867651j, False),
        (_cancelling(), -1.88887, 0.479 + 0.298j, True),
    ):
        found = solved(TANH, geometry, target)
        first, second = outliers(found)
        radius = found.leading["bulk_radius"]
        product = (first * second).real
        if not (first == second.conjugate() and abs(abs(first) ** 2 - product) < 1e-13):
            return False
        if not close(first, pair, 1e-3 if seen else 1e-12) or (abs(first) > radius) is not seen:
            return False
        if found.details["visible"] != [seen, seen] or (product > radius**2) is not seen:
            return False
    return True


def _with_means() -> bool:
    """3x3 on (mean, covariance with x, output): lambda times the polynomial of the engine."""
    (feedback_mean, _, readout_mean), (_, loop) = MEANS, loop_with_means()

    def bar(function, order=0):
        return Average(function, order, Normal(mu))

    shift = Matrix([[0, 0, feedback_mean]])
    covariance = Matrix([[g**2 * bar(phi(x) ** 2, 1) / 2, g**2 * bar(phi(x) ** 2, 2) / 2, LOADING]])
    on_mean, on_covariance = (C * readout_mean * bar(phi(x), k) + READ * bar(phi(x), k + 1) for k in (1, 2))
    output = Matrix([[0, 0, C * snm * bar(phi(x), 1)]]) + on_mean * shift + on_covariance * covariance
    matrix = Matrix.vstack(shift, covariance, output)
    return same((growth * eye(3) - matrix).det(), growth * loop.polynomial)


def _relu() -> bool:
    """Outliers a and g^2/2, whatever the vectors; the output is linear in z."""
    relu = Activation.from_text("relu(x)")
    forms = {average: closed_form_of(average, relu).expression for average in averages(polynomial())}  # type: ignore[union-attr]
    expected = (growth - C * snm / 2) * (growth - g**2 / 2)
    return same(polynomial().xreplace(forms), expected)


def _powers_of_half_line() -> bool:
    """P = 2^(q-1) Gamma(q+1/2) Delta^q/sqrt(pi), Q = q 2^((q-3)/2) Gamma(q/2) Delta^((q-1)/2)/sqrt(pi), P'/W = 2 - 1/q."""
    variance = mpmath.mpf(7) / 3
    for text, q in (("relu(x)^(5/4)", 1.25), ("relu(x)^(3/2)", 1.5), ("relu(x)^2", 2.0), ("relu(x)^3", 3.0)):
        power = 2 ** mpmath.mpf(q - 1) * mpmath.gamma(q + 0.5) * variance**q
        gain = q * 2 ** mpmath.mpf((q - 3) / 2) * mpmath.gamma(q / 2) * variance ** ((q - 1) / 2)
        at = {average: number(average, text, Delta=Rational(7, 3)) for average in (P, Q, W, P_SLOPE)}
        normal = mpmath.sqrt(mpmath.pi)
        if not (agree(at[P], power / normal) and agree(at[Q], gain / normal)):
            return False
        if not agree(at[P_SLOPE] / at[W], 2 - 1 / mpmath.mpf(q)):
            return False
    return True


def _variance_mode_alone() -> bool:
    """[x]_+^2 driven by an input of variance 1: Delta = (1 +- sqrt(1 - 6 g^2))/(3 g^2), G = 3 g^2 Delta, R^2 = 2 g^2 Delta."""
    text, weak, strong = "relu(x)^2", 0.38, 0.42
    driven: Geometry = {"Sm": 1.0, "SI": 1.0, "pI": 1.0}
    found = along(text, {**driven, "g": weak}, 0.0)["roots"]
    half_gap = sqrt(1 - 6 * weak**2)
    claimed = [(1 - half_gap) / (3 * weak**2), (1 + half_gap) / (3 * weak**2)]
    loop = solver(text).module.jacobian(claimed[1], 0.0, 0.0, weak, 1.0, 0.0, 1.0, 0.0, 0.0)
    upper = 3 * weak**2 * claimed[1]
    return (
        found.size == 2
        and all(close(root, value, 1e-12) for root, value in zip(found, claimed, strict=True))
        and close(float(loop["trace"]), upper, 1e-12)
        and close(float(loop["bulk_radius"]) ** 2, 2 * upper / 3, 1e-12)
        and float(loop["bulk_radius"]) < 1 < upper
        and not np.any(np.isfinite(along(text, {**driven, "g": strong}, 0.0)["roots"]))
    )


ROWS: tuple[Row, ...] = (
    (
        "(O) Outliers: lambda^2 - (G + a + theta) lambda + a G = 0, that is (lambda - G)(lambda - a) = 2 snx Q' s lambda; G = "
        "g^2 P', a = C snm Q",
        GENERIC,
        _outlier_equation,
    ),
    (
        "They are the eigenvalues of [[G, 2s], [bG, 2bs + a]], b = snx <phi'''>/2, which acts on the variance and the output of a "
        "perturbation",
        GENERIC,
        _authors_matrix,
    ),
    (
        "The path integral agrees with the statistics of the eigenvector",
        "two derivations that share no step, every step checked; canonical forms for a generic phi",
        _two_routes,
    ),
    (
        "Loop transfer function h(lambda) = a/lambda + theta/(lambda - G), theta = 2 snx Q' s: 1 at the outliers, and h(1) = H'(z)",
        GENERIC,
        _transfer,
    ),
    (
        "At the target a = A snm/(A snm + snI) is geometry alone, and theta = 2 A s Q'/Q",
        GENERIC,
        _geometric_loop,
    ),
    (
        "(T1) At the target (1 - G)(1 - a) - theta = (1 - G) dlnC/dlnA: a fold of fixed points, dC/dA = 0, is an outlier 1",
        GENERIC,
        _target,
    ),
    (
        "Outliers have real parts below 1 where polynomial(1) = (1 - G)(1 - H'(z)) > 0 and the trace is below 2",
        f"Routh and Hurwitz at lambda = 1 + k; {GENERIC}",
        _stable_below_one,
    ),
    (
        "A complex pair could be the first to leave only where a G > 1; over random geometries, correlation of m and I uniform, it "
        "never does: where polynomial(1) > 0 and R < 1 the target is stable",
        "polynomial(1) + trace - 2 = a G - 1 as derived; the generated solver, tanh, 4000 random geometries",
        _no_pair_crosses_first,
    ),
    (
        "A complex pair has modulus sqrt(a G) and is outside the bulk only for a > R^2/G: hidden in one geometry; visible, "
        "0.479 +- 0.298 i, where m and I nearly cancel",
        "product of the outliers for a generic phi; the generated solver, tanh, two geometries",
        _pairs,
    ),
    (
        "Vectors with means: a 3x3 matrix on mean, variance and output of a perturbation, with one eigenvalue 0",
        f"its characteristic polynomial is lambda times that of the engine; {GENERIC}",
        _with_means,
    ),
    (
        "ReLU: outliers a and g^2/2 whatever the vectors",
        "closed forms of the averages inserted, canonical forms compared",
        _relu,
    ),
    (
        "[x]_+^q: <phi^2> = 2^(q-1) Gamma(q+1/2) Delta^q/sqrt(pi), <phi'> = q 2^((q-3)/2) Gamma(q/2) Delta^((q-1)/2)/sqrt(pi), "
        "G/R^2 = 2 - 1/q",
        "25 digits, averages by certified quadrature, at q = 5/4, 3/2, 2, 3",
        precisely(_powers_of_half_line),
    ),
    (
        "[x]_+^2: two variances or none; at the larger one the variance mode G is itself an outlier above 1 beside a stable bulk",
        "the generated solver against the roots of a quadratic equation, g = 0.38 and 0.42",
        _variance_mode_alone,
    ),
)
