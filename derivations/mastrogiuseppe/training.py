"""Training: the least-squares readout, its outlier, what else its loop can do; other readouts that know their own state."""

from __future__ import annotations

from math import sqrt

import numpy as np
from sympy import Expr, Rational

from derivations.claims import Claims
from derivations.comparison import near, number
from derivations.mastrogiuseppe import loop
from derivations.mastrogiuseppe.loop import (
    DRIVE,
    ERF,
    LOADING,
    P_SLOPE,
    Q_SLOPE,
    RELU,
    SIGMOIDAL,
    TANH,
    G,
    Geometry,
    P,
    Q,
)
from numerics.readout.least_squares import least_squares
from theory.averages.average import Average
from theory.derivation import same
from theory.engine.readout import I_, m
from theory.engine.two_states import at_one_state
from theory.models import derive
from theory.readout.eigenvector import LocalReadout
from theory.readout.least_squares import (
    PAIR,
    at_target,
    covariance_of_states,
    current_readout,
    least_squares_outlier,
    least_squares_slope,
    other_state,
    readout_scale,
    ridge,
    ridge_factor,
    strength,
)
from theory.symbols import SI2, A, Delta, Sm2, g, growth, phi, smI, snI, snm, x, z

claims = Claims()
LOCAL = "Stein's lemma at one site, canonical forms compared for a generic phi"
_S, _S_TARGET = DRIVE.subs(z, A), LOADING.subs(z, A)
_INPUT = smI * A + SI2
"""<I x> at the target."""

_POWERS = {RELU: 1.0, "relu(x)^(3/2)": 1.5, "relu(x)^2": 2.0}
# g, geometry, A: Delta0 and outlier to twelve decimals, fixed points of the trained loop to seven
NETWORKS: tuple[tuple[Geometry, float, float, tuple[float, ...]], ...] = (
    ({"g": 0.3, **loop.CORRELATED, "A": 1.0}, 2.037090104106, 0.271132813102, (1.0,)),
    ({"g": 0.3, **loop.CORRELATED, "A": -0.8}, 0.966530081190, 0.404546820139, (-0.8,)),
    ({"g": 0.5, **loop.OPPOSED, "A": -1.5}, 0.463500547382, 1.165774001378, (-1.67025233, -1.5, 1.79414792)),
    ({"g": 0.9, **loop.OPPOSED, "A": -1.5}, 0.656901579411, 0.891432011290, (-1.5, -1.40026618, 1.46073048)),
    ({"g": 0.9, **loop.OPPOSED, "A": -2.0}, 1.584906913671, 0.594101533034, (-2.0, -1.44028860, 2.06015385)),
)


@claims(
    "(L1) Least squares on the state at the target, n = A phi/(phi.phi): outlier P' (g^2 + A s/P), to which the overlap of n "
    "with the couplings contributes (derived here)",
    LOCAL,
)
def _outlier():
    for found in (least_squares_outlier(), derive("feedback").observables["lambda_ls"].expression):
        yield same(found, P_SLOPE * (g**2 + A * _S_TARGET / P))


@claims("(L1) The same is eps (1 - (A <m I> + <I^2>)/Delta), eps = dlnP/dlnDelta", f"g^2 eliminated by (M1); {LOCAL}")
def _outlier_by_growth():
    found = least_squares_outlier().subs(g**2, (Delta - _S) / P)
    yield same(found, Delta * P_SLOPE / P * (1 - _INPUT / Delta))


@claims("Least squares leaves one outlier, not two", LOCAL)
def _only_one():
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
    variance = np.geomspace(1e-2, 1e3, 30)

    def rate(text):
        return variance * loop.module(text).mean_phi2_d2(variance) / (2 * loop.module(text).mean_phi2(variance))

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
        found = loop.along(text, given, target)["lambda_ls"]
        yield np.all(found[~opposed] < 1)
        unstable += int(np.sum(found > 1))
    yield unstable > 0 and np.any(opposed) and not np.all(opposed)


@claims(
    "Without input the trained target is marginal for ReLU at every g, and unstable for [x]_+^q, q > 1, with outlier q",
    "the generated solver, three couplings, q = 3/2 and 2",
)
def _without_input():
    for text, q in _POWERS.items():
        for coupling in (0.05, 0.1, 0.2):
            yield near(loop.along(text, {"g": coupling, "Sm": 0.7, "pm": 1}, [0.3, 0.8])["lambda_ls"], q, 1e-11)


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
    return given["A"] * loop.pair_average(np.tanh, found.Delta0, state.Delta0, state.covariance) / found.C_phi


_QUADRATURE = "the toolkit's solution, tanh; <phi phi> again by the trapezoidal rule in the plane"


@claims(
    "Five trained networks: variances, outliers "
    + ", ".join(f"{row[2]:.4f}" for row in NETWORKS)
    + ", and all fixed points",
    _QUADRATURE,
)
def _trained_networks():
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
        state, covariance = float(loop.along(TANH, geometry, output)["Delta0"]), found.Delta0
        for _ in range(200):
            pair = loop.pair_average(np.tanh, found.Delta0, state, covariance)
            covariance = given["g"] ** 2 * pair + target * output + (target + output) * shared + 1.0
        outputs.append(target * pair / float(loop.module(TANH).mean_phi2(found.Delta0)))
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


_S_TARGET = LOADING.subs(z, A)
_CURRENT_SIZE = A / (g**2 * P * Q)
_CURRENT = current_readout().subs(strength, _CURRENT_SIZE)
"""Readout through the recurrent input, b (x - m A - I)."""

# outlier of least squares, and of the readout A m + I that takes its place if the overlap with the couplings is forgotten
UNCORRELATED: tuple[tuple[Geometry, float, float], ...] = (
    ({"g": 0.3, **loop.CORRELATED, "A": 1.0}, 0.2711, 0.1972),
    ({"g": 0.3, **loop.CORRELATED, "A": -0.8}, 0.4045, 0.3432),
    ({"g": 0.5, **loop.OPPOSED, "A": -1.5}, 1.1658, 1.2486),
    ({"g": 0.9, **loop.OPPOSED, "A": -1.5}, 0.8914, 1.3091),
    ({"g": 0.9, **loop.OPPOSED, "A": -1.2}, 0.9592, 1.4619),
)


@claims("(L3) A readout linear in m and I has the outliers (O) of its overlaps", LOCAL)
def _linear_readout():
    alpha, beta = snm, snI  # any two symbols
    with_m, with_i = alpha * Sm2 + beta * smI, alpha * smI + beta * SI2
    theta = 2 * (with_m * z + with_i) * LOADING * Q_SLOPE
    claimed = growth**2 - (G + with_m * Q + theta) * growth + with_m * Q * G
    yield same(LocalReadout(alpha * m + beta * I_).polynomial, claimed)


@claims(
    "(L3) A readout through the recurrent input, b (x - m A - I), b = A/(g^2 P Q): E1 = b (Q + g^2 P <phi'''>), e = -b Q s",
    LOCAL,
)
def _recurrent_readout():
    """With g^2 P = Delta - S from (M1)."""
    found = LocalReadout(_CURRENT, A)
    yield same(found.through_state, _CURRENT_SIZE * (Q + (Delta - DRIVE.subs(z, A)) * Average(phi(x), 3)))
    yield same(found.direct, -_CURRENT_SIZE * Q * _S_TARGET)


@claims(
    "(L3) tanh, correlation 0.95, g = 0.8, A = -1.5: outliers 0.8986, 0.8220, 0.9617 of readouts x, tanh^3, tanh; h = 1.2291 "
    "at -1 and an outlier -1.1622 of that through the recurrent input",
    "four decimals, averages by certified quadrature",
)
def _other_readouts():
    geometry: Geometry = {"g": 0.8, "Sm": 1.0, "SI": 1.0, "rho": sqrt(0.95), "pI": 1.0}
    variance = Rational(float(loop.along(TANH, geometry, -1.5)["Delta0"]))
    given = {"g": Rational(4, 5), "Sm2": 1, "smI": Rational(19, 20), "SI2": 1, "A": Rational(-3, 2), "Delta": variance}

    def value(expression: Expr) -> float:
        return float(number(expression, TANH, **given))

    for readout, claimed in ((x, 0.8986), (phi(x) ** 3, 0.8220), (phi(x), 0.9617)):
        found = LocalReadout(A / Average(readout * phi(x)) * readout, A)
        yield found.direct == 0 and near(value(found.trace), claimed, absolute=6e-5)
    current = LocalReadout(_CURRENT, A)
    mode, through, direct, loading = map(value, (G, current.through_state, current.direct, _S_TARGET))
    for at, transfer in {-1.0: 1.2291, 0.8 + 0.5j: -0.3214 - 0.4487j, -1.1622: 1.0}.items():
        yield near(loading * through / (at - mode) + direct / at, transfer, absolute=1e-4)


@claims(
    "Least squares taken for the independent readout A m + I gives "
    + ", ".join(f"{claimed} for {exact}" for _, exact, claimed in UNCORRELATED)
    + ": wrong side of 1 at g = 0.9",
    "the generated solver, class of that direction, four decimals",
)
def _uncorrelated_is_wrong():
    """The readout A m + I, calibrated, is what least squares would be without its overlap with the couplings."""
    for given, exact, claimed in UNCORRELATED:
        Sm, SI, rho, target = (given[key] for key in ("Sm", "SI", "rho", "A"))
        alone, geometry = sqrt(1 - rho**2), {key: value for key, value in given.items() if key != "A"}
        direction = {"p": rho * (target * Sm + SI), "pm": alone * target * Sm, "pI": alone * SI}
        yield near(loop.solved(TANH, {**geometry, **direction}, target).leading["outlier"], claimed, absolute=6e-5)
        yield near(loop.along(TANH, {**geometry, "pI": 1}, target)["lambda_ls"], exact, absolute=6e-5)
