"""Training: the least-squares readout, its outlier, and what else the trained loop can do."""

from __future__ import annotations

import numpy as np

from derivations.claims import Claims
from derivations.comparison import near
from derivations.mastrogiuseppe.quantities import (
    CORRELATED,
    DRIVE,
    ERF,
    LOADING,
    OPPOSED,
    P_SLOPE,
    RELU,
    SIGMOIDAL,
    TANH,
    G,
    Geometry,
    P,
    Q,
    along,
    module,
    pair_average,
)
from numerics.readout.least_squares import least_squares
from theory.derivation import same
from theory.fields.two_states import at_one_state
from theory.models import derive
from theory.readout.eigenvector import LocalReadout
from theory.readout.least_squares import (
    PAIR,
    at_target,
    covariance_of_states,
    least_squares_outlier,
    least_squares_slope,
    other_state,
    readout_scale,
    ridge,
    ridge_factor,
)
from theory.symbols import SI2, A, Delta, Sm2, g, growth, phi, smI, x, z

claims = Claims()
LOCAL = "Stein's lemma at one site, canonical forms compared for a generic phi"
_S, _S_TARGET = DRIVE.subs(z, A), LOADING.subs(z, A)
_INPUT = smI * A + SI2
"""<I x> at the target."""

_POWERS = {RELU: 1.0, "relu(x)^(3/2)": 1.5, "relu(x)^2": 2.0}
# g, geometry, A: Delta0 and outlier to twelve decimals, fixed points of the trained loop to seven
NETWORKS: tuple[tuple[Geometry, float, float, tuple[float, ...]], ...] = (
    ({"g": 0.3, **CORRELATED, "A": 1.0}, 2.037090104106, 0.271132813102, (1.0,)),
    ({"g": 0.3, **CORRELATED, "A": -0.8}, 0.966530081190, 0.404546820139, (-0.8,)),
    ({"g": 0.5, **OPPOSED, "A": -1.5}, 0.463500547382, 1.165774001378, (-1.67025233, -1.5, 1.79414792)),
    ({"g": 0.9, **OPPOSED, "A": -1.5}, 0.656901579411, 0.891432011290, (-1.5, -1.40026618, 1.46073048)),
    ({"g": 0.9, **OPPOSED, "A": -2.0}, 1.584906913671, 0.594101533034, (-2.0, -1.44028860, 2.06015385)),
)


@claims(
    "(L1) Least squares on the state at the target, n = A phi/(phi.phi): outlier P' (g^2 + A s/P), to which the overlap of n "
    "with the couplings contributes (derived here)",
    LOCAL,
)
def _outlier():
    """As the readout derives it and as the theory of the model states it."""
    for found in (least_squares_outlier(), derive("feedback").observables["lambda_ls"].expression):
        yield same(found, P_SLOPE * (g**2 + A * _S_TARGET / P))


@claims("(L1) The same is eps (1 - (A <m I> + <I^2>)/Delta), eps = dlnP/dlnDelta", f"g^2 eliminated by (M1); {LOCAL}")
def _outlier_by_growth():
    found = least_squares_outlier().subs(g**2, (Delta - _S) / P)
    yield same(found, Delta * P_SLOPE / P * (1 - _INPUT / Delta))


@claims("Least squares leaves one outlier, not two", LOCAL)
def _only_one():
    """lambda (lambda - lambda_LS): the readout holds neither m nor I."""
    fitted = LocalReadout(readout_scale(at=Delta) * phi(x), A)
    yield fitted.direct == 0 and same(fitted.polynomial, growth * (growth - least_squares_outlier()))


@claims("Its overlaps: <n m> = A s Q/P, <n I> = A (A <m I> + <I^2>) Q/P", LOCAL)
def _overlaps():
    found = at_target(readout_scale(at=Delta))
    yield same(found.on_feedback, A * _S_TARGET * Q / P)
    yield same(found.on_input, A * _INPUT * Q / P)


@claims(
    "eps = 1 for ReLU, q for [x]_+^q, below 1 for sigmoidal phi",
    "the generated averages, Delta = 0.01 to 1000, ten digits; tanh, erf, x/sqrt(1+x^2), atan",
)
def _growth_rates():
    """eps = dln<phi^2>/dlnDelta of the generated averages."""
    variance = np.geomspace(1e-2, 1e3, 30)

    def rate(text):
        return variance * module(text).mean_phi2_d2(variance) / (2 * module(text).mean_phi2(variance))

    for text, q in _POWERS.items():
        yield near(rate(text), q, 1e-10)
    for text in SIGMOIDAL:
        yield np.all((rate(text) > 0) & (rate(text) < 1))


@claims(
    "Sigmoidal phi: the trained target is stable against slow modes unless feedback opposes the input, A <m I> < -<I^2>",
    "the generated solver, tanh and erf, 300 random geometries",
)
def _stable_where_input_helps():
    source, draws, unstable = np.random.default_rng(17), 300, 0
    Sm, SI, rho = source.uniform(0.2, 2, draws), source.uniform(0.05, 2, draws), source.uniform(0, 1, draws) ** 0.2
    target = source.uniform(-3, 3, draws)
    opposed = target * Sm * rho**2 + SI < 0
    for text in (TANH, ERF):
        given = {"g": source.uniform(0.1, 1, draws), "Sm": Sm, "SI": SI, "rho": rho, "pI": np.ones(draws)}
        found = along(text, given, target)["lambda_ls"]
        yield np.all(found[~opposed] < 1)
        unstable += np.sum(found > 1)
    yield unstable > 0 and np.any(opposed) and not np.all(opposed)


@claims(
    "Without input the trained target is marginal for ReLU at every g, and unstable for [x]_+^q, q > 1, with outlier q",
    "the generated solver, three couplings, q = 3/2 and 2",
)
def _without_input():
    for text, q in _POWERS.items():
        for coupling in (0.05, 0.1, 0.2):
            yield near(along(text, {"g": coupling, "Sm": 0.7, "pm": 1}, [0.3, 0.8])["lambda_ls"], q, 1e-11)


claims(
    "(L2) States at outputs A and z of one network: <x1 x2> = g^2 <phi phi> + A z <m^2> + (A + z) <m I> + <I^2>; the trained "
    "loop rests where z = A <phi phi>/P (derived here)",
    "two replicas of the collective fields, canonical forms compared for a generic phi",
)(lambda: same(covariance_of_states(), g**2 * PAIR + A * z * Sm2 + (A + z) * smI + SI2))


@claims(
    "Slope at the target: H'(A) = (lambda_LS - G)/(1 - G)",
    "one state, and two states with Price's theorem; canonical forms compared for a generic phi",
)
def _slope():
    for found in (least_squares_slope(), at_one_state(other_state(readout_scale()).slope).subs(z, A)):
        yield same(found, (least_squares_outlier() - G) / (1 - G))


def _again(given, found, state):
    """A <phi phi>/P at a fixed point of the trained loop, by another quadrature."""
    return given["A"] * pair_average(np.tanh, found.Delta0, state.Delta0, state.covariance) / found.C_phi


_QUADRATURE = "the toolkit's solution, tanh; <phi phi> again by the trapezoidal rule in the plane"


@claims(
    "Five trained networks: variances, outliers "
    + ", ".join(f"{row[2]:.4f}" for row in NETWORKS)
    + ", and all fixed points",
    _QUADRATURE,
)
def _trained_networks():
    """Every fixed point solves z = factor A <phi phi>/P."""
    for given, variance, outlier, outputs in NETWORKS:
        found = least_squares(TANH, **given)
        yield near((found.Delta0, found.outlier), (variance, outlier), 1e-12, 1e-12)
        yield near([state.z for state in found.fixed_points], outputs, absolute=1e-7)
        for state in found.fixed_points:
            yield near(_again(given, found, state), state.z, absolute=1e-9)


@claims("Gain of the trained loop at g = 0.9, A = -1.5, m and I nearly cancelling: H'(A) = 0.8620", _QUADRATURE)
def _gain_at_target():
    """The slope of <phi phi> A/P across the target, by another quadrature."""
    given, outputs = NETWORKS[3][0], []
    found, shared, target = least_squares(TANH, **given), given["rho"] ** 2, given["A"]
    geometry = {**{k: v for k, v in given.items() if k != "A"}, "pI": 1.0}
    for output in (target - 1e-3, target + 1e-3):
        state, covariance = float(along(TANH, geometry, output)["Delta0"]), found.Delta0
        for _ in range(200):
            pair = pair_average(np.tanh, found.Delta0, state, covariance)
            covariance = given["g"] ** 2 * pair + target * output + (target + output) * shared + 1.0
        outputs.append(target * pair / float(module(TANH).mean_phi2(found.Delta0)))
    yield near(found.H_slope, 0.8620, absolute=5e-5)
    yield near((outputs[1] - outputs[0]) / 2e-3, found.H_slope, absolute=1e-5)


@claims(
    "Ridge penalty alpha: the readout shrinks by 1/(1 + alpha/P), and the closed loop rests below that",
    f"{_QUADRATURE}; {LOCAL}",
)
def _ridge():
    yield same(ridge_factor(), 1 / (1 + ridge / P))
    given = NETWORKS[0][0]
    found = least_squares(TANH, ridge=0.1, **given)
    (state,) = found.fixed_points
    yield near(found.factor, 1 / (1 + 0.1 / found.C_phi), absolute=1e-14)
    yield near(found.factor * _again(given, found, state), state.z, absolute=1e-9)
    yield 0 < state.z < found.factor * given["A"]
