"""Training: the least-squares readout, its outlier, and what else the trained loop can do."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from derivations.mastrogiuseppe.quantities import (
    DRIVE,
    ERF,
    LOADING,
    P_SLOPE,
    RELU,
    SIGMOIDAL,
    TANH,
    G,
    Geometry,
    P,
    Q,
    Row,
    along,
    close,
    solver,
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

_AT = {z: A}
_S, _S_TARGET = DRIVE.subs(_AT), LOADING.subs(_AT)
_INPUT = smI * A + SI2
"""<I x> at the target."""

CORRELATED: Geometry = {"Sm": 1.2, "SI": 0.5, "rho": 0.5}
OPPOSED: Geometry = {"Sm": 1.0, "SI": 1.0, "rho": 0.975}
# g, geometry, A: Delta0 and outlier to twelve decimals, fixed points of the trained loop to seven
NETWORKS: tuple[tuple[Geometry, float, float, tuple[float, ...]], ...] = (
    ({"g": 0.3, **CORRELATED, "A": 1.0}, 2.037090104106, 0.271132813102, (1.0,)),
    ({"g": 0.3, **CORRELATED, "A": -0.8}, 0.966530081190, 0.404546820139, (-0.8,)),
    ({"g": 0.5, **OPPOSED, "A": -1.5}, 0.463500547382, 1.165774001378, (-1.67025233, -1.5, 1.79414792)),
    ({"g": 0.9, **OPPOSED, "A": -1.5}, 0.656901579411, 0.891432011290, (-1.5, -1.40026618, 1.46073048)),
    ({"g": 0.9, **OPPOSED, "A": -2.0}, 1.584906913671, 0.594101533034, (-2.0, -1.44028860, 2.06015385)),
)


def _outlier() -> bool:
    """P' (g^2 + A s/P), as the readout derives it and as the theory of the model states it."""
    claimed = P_SLOPE * (g**2 + A * _S_TARGET / P)
    return same(least_squares_outlier(), claimed) and same(
        derive("feedback").observables["lambda_ls"].expression, claimed
    )


def _outlier_by_growth() -> bool:
    """eps (1 - (A <m I> + <I^2>)/Delta), eps = dlnP/dlnDelta, with g^2 from (M1)."""
    growth_rate = Delta * P_SLOPE / P
    return same(least_squares_outlier().subs(g**2, (Delta - _S) / P), growth_rate * (1 - _INPUT / Delta))


def _only_one() -> bool:
    """lambda (lambda - lambda_LS): the readout holds neither m nor I."""
    fitted = LocalReadout(readout_scale(at=Delta) * phi(x), A)
    return fitted.direct == 0 and same(fitted.polynomial, growth * (growth - least_squares_outlier()))


def _overlaps() -> bool:
    found = at_target(readout_scale(at=Delta))
    return same(found.on_feedback, A * _S_TARGET * Q / P) and same(found.on_input, A * _INPUT * Q / P)


def _rate(text: str, variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """eps = dln<phi^2>/dlnDelta of the generated averages."""
    module = solver(text).module
    return np.asarray(variance * module.mean_phi2_d2(variance) / (2 * module.mean_phi2(variance)))


def _growth_rates() -> bool:
    """eps: 1 for ReLU, q for [x]_+^q, below 1 for sigmoidal phi."""
    variance = np.geomspace(1e-2, 1e3, 30)
    powers = {RELU: 1.0, "relu(x)^(3/2)": 1.5, "relu(x)^2": 2.0}
    return all(np.allclose(_rate(text, variance), q, rtol=1e-10, atol=0) for text, q in powers.items()) and all(
        np.all((_rate(text, variance) > 0) & (_rate(text, variance) < 1)) for text in SIGMOIDAL
    )


def _stable_where_input_helps() -> bool:
    """300 random geometries: outlier below 1 wherever A <m I> + <I^2> >= 0; above 1 only where feedback opposes the input."""
    source = np.random.default_rng(17)
    draws = 300
    Sm, SI, rho = source.uniform(0.2, 2, draws), source.uniform(0.05, 2, draws), source.uniform(0, 1, draws) ** 0.2
    target = source.uniform(-3, 3, draws)
    opposed = target * Sm * rho**2 + SI < 0
    unstable = 0
    for text in (TANH, ERF):
        given = {"g": source.uniform(0.1, 1, draws), "Sm": Sm, "SI": SI, "rho": rho, "pI": np.ones(draws)}
        found = along(text, given, target)["lambda_ls"]
        if not np.all(found[~opposed] < 1):
            return False
        unstable += int(np.sum(found > 1))
    return unstable > 0 and bool(np.any(opposed)) and not np.all(opposed)


def _without_input() -> bool:
    """Outlier 1 for ReLU and q for [x]_+^q, at every g and target."""
    for text, q in ((RELU, 1.0), ("relu(x)^(3/2)", 1.5), ("relu(x)^2", 2.0)):
        for coupling in (0.05, 0.1, 0.2):
            found = along(text, {"g": coupling, "Sm": 0.7, "pm": 1}, [0.3, 0.8])["lambda_ls"]
            if not np.allclose(found, q, rtol=1e-11, atol=0):
                return False
    return True


def _two_states() -> bool:
    """c = g^2 <phi phi> + A z <m^2> + (A + z) <m I> + <I^2>."""
    return same(covariance_of_states(), g**2 * PAIR + A * z * Sm2 + (A + z) * smI + SI2)


def _slope() -> bool:
    """H'(A) = (lambda_LS - G)/(1 - G), and the same from the two-state equation by Price's theorem."""
    claimed = (least_squares_outlier() - G) / (1 - G)
    by_two_states = at_one_state(other_state(readout_scale()).slope).subs(z, A)
    return same(least_squares_slope(), claimed) and same(by_two_states, claimed)


_GRID = np.linspace(-9, 9, 241)
_WEIGHT = np.exp(-(_GRID**2) / 2) * (_GRID[1] - _GRID[0]) / sqrt(2 * np.pi)


def _pair_of_tanh(first: float, second: float, covariance: float) -> float:
    """<tanh(x1) tanh(x2)> by the trapezoidal rule in the plane."""
    share = covariance / sqrt(first)
    rest = sqrt(max(second - share**2, 0.0))
    inner = np.tanh(share * _GRID[:, None] + rest * _GRID[None, :]) @ _WEIGHT
    return float(_WEIGHT @ (np.tanh(sqrt(first) * _GRID) * inner))


def _trained_networks() -> bool:
    """Seven decimals of every fixed point; each solves z = factor A <phi phi>/P with the average by another quadrature."""
    for given, variance, outlier, outputs in NETWORKS:
        found = least_squares(TANH, **given)
        if not (close(found.Delta0, variance, 1e-12) and close(found.outlier, outlier, 1e-12)):
            return False
        if len(found.fixed_points) != len(outputs):
            return False
        for state, output in zip(found.fixed_points, outputs, strict=True):
            again = given["A"] * _pair_of_tanh(found.Delta0, state.Delta0, state.covariance) / found.C_phi
            if not (abs(state.z - output) < 1e-7 and abs(again - state.z) < 1e-9):
                return False
    return True


def _gain_at_target() -> bool:
    """H'(A) at g = 0.9, A = -1.5: 0.8620, the slope of <phi phi> A/P across the target, by another quadrature."""
    given = NETWORKS[3][0]
    found = least_squares(TANH, **given)
    module, overlaps = solver(TANH).module, (1.0, given["rho"] ** 2, 1.0)
    outputs = []
    for output in (given["A"] - 1e-3, given["A"] + 1e-3):
        state = float(along(TANH, {**{k: v for k, v in given.items() if k != "A"}, "pI": 1.0}, output)["Delta0"])
        covariance = found.Delta0
        for _ in range(200):
            pair = _pair_of_tanh(found.Delta0, state, covariance)
            drive = given["A"] * output * overlaps[0] + (given["A"] + output) * overlaps[1] + overlaps[2]
            covariance = given["g"] ** 2 * pair + drive
        outputs.append(given["A"] * pair / float(module.mean_phi2(found.Delta0)))
    slope = (outputs[1] - outputs[0]) / 2e-3
    return close(found.H_slope, 0.8620, 5e-5) and close(slope, found.H_slope, 1e-5)


def _ridge() -> bool:
    """Factor 1/(1 + alpha/P); fixed points of the shrunk readout by another quadrature."""
    if not same(ridge_factor(), 1 / (1 + ridge / P)):
        return False
    given = NETWORKS[0][0]
    found = least_squares(TANH, ridge=0.1, **given)
    (state,) = found.fixed_points
    again = given["A"] * _pair_of_tanh(found.Delta0, state.Delta0, state.covariance) / found.C_phi
    return (
        close(found.factor, 1 / (1 + 0.1 / found.C_phi), 1e-14)
        and abs(found.factor * again - state.z) < 1e-9
        and 0 < state.z < found.factor * given["A"]
    )


LOCAL = "Stein's lemma at one site, canonical forms compared for a generic phi"
_QUADRATURE = "the toolkit's solution, tanh; <phi phi> again by the trapezoidal rule in the plane"

ROWS: tuple[Row, ...] = (
    (
        "(L1) Least squares on the state at the target, n = A phi/(phi.phi): outlier P' (g^2 + A s/P), to which the overlap of n "
        "with the couplings contributes (derived here)",
        LOCAL,
        _outlier,
    ),
    (
        "(L1) The same is eps (1 - (A <m I> + <I^2>)/Delta), eps = dlnP/dlnDelta",
        f"g^2 eliminated by (M1); {LOCAL}",
        _outlier_by_growth,
    ),
    ("Least squares leaves one outlier, not two", LOCAL, _only_one),
    ("Its overlaps: <n m> = A s Q/P, <n I> = A (A <m I> + <I^2>) Q/P", LOCAL, _overlaps),
    (
        "eps = 1 for ReLU, q for [x]_+^q, below 1 for sigmoidal phi",
        "the generated averages, Delta = 0.01 to 1000, ten digits; tanh, erf, x/sqrt(1+x^2), atan",
        _growth_rates,
    ),
    (
        "Sigmoidal phi: the trained target is stable against slow modes unless feedback opposes the input, A <m I> < -<I^2>",
        "the generated solver, tanh and erf, 300 random geometries",
        _stable_where_input_helps,
    ),
    (
        "Without input the trained target is marginal for ReLU at every g, and unstable for [x]_+^q, q > 1, with outlier q",
        "the generated solver, three couplings, q = 3/2 and 2",
        _without_input,
    ),
    (
        "(L2) States at outputs A and z of one network: <x1 x2> = g^2 <phi phi> + A z <m^2> + (A + z) <m I> + <I^2>; the trained "
        "loop rests where z = A <phi phi>/P (derived here)",
        "two replicas of the collective fields, canonical forms compared for a generic phi",
        _two_states,
    ),
    (
        "Slope at the target: H'(A) = (lambda_LS - G)/(1 - G)",
        "one state, and two states with Price's theorem; canonical forms compared for a generic phi",
        _slope,
    ),
    (
        "Five trained networks: variances, outliers "
        + ", ".join(f"{row[2]:.4f}" for row in NETWORKS)
        + ", and all fixed points",
        _QUADRATURE,
        _trained_networks,
    ),
    (
        "Gain of the trained loop at g = 0.9, A = -1.5, m and I nearly cancelling: H'(A) = 0.8620",
        _QUADRATURE,
        _gain_at_target,
    ),
    (
        "Ridge penalty alpha: the readout shrinks by 1/(1 + alpha/P), and the closed loop rests below that",
        f"{_QUADRATURE}; {LOCAL}",
        _ridge,
    ),
)
