"""Readouts that know their own state: local readouts in general, and what is lost if least squares is taken for another class."""

from __future__ import annotations

from math import sqrt

from sympy import Expr, Rational

from derivations.claims import Claims
from derivations.comparison import near, number
from derivations.mastrogiuseppe.quantities import (
    CORRELATED,
    DRIVE,
    LOADING,
    OPPOSED,
    Q_SLOPE,
    TANH,
    G,
    Geometry,
    P,
    Q,
    along,
    solved,
)
from derivations.mastrogiuseppe.training import LOCAL
from theory.derivation import same
from theory.fields.readout import I_, m
from theory.gaussian.average import Average
from theory.readout.eigenvector import LocalReadout
from theory.readout.least_squares import current_readout, strength
from theory.symbols import SI2, A, Delta, Sm2, g, growth, phi, smI, snI, snm, x, z

claims = Claims()
_S_TARGET = LOADING.subs(z, A)
_CURRENT_SIZE = A / (g**2 * P * Q)
_CURRENT = current_readout().subs(strength, _CURRENT_SIZE)
"""Readout through the recurrent input, b (x - m A - I)."""

# outlier of least squares, and of the readout A m + I that takes its place if the overlap with the couplings is forgotten
UNCORRELATED: tuple[tuple[Geometry, float, float], ...] = (
    ({"g": 0.3, **CORRELATED, "A": 1.0}, 0.2711, 0.1972),
    ({"g": 0.3, **CORRELATED, "A": -0.8}, 0.4045, 0.3432),
    ({"g": 0.5, **OPPOSED, "A": -1.5}, 1.1658, 1.2486),
    ({"g": 0.9, **OPPOSED, "A": -1.5}, 0.8914, 1.3091),
    ({"g": 0.9, **OPPOSED, "A": -1.2}, 0.9592, 1.4619),
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
    variance = Rational(float(along(TANH, geometry, -1.5)["Delta0"]))
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
        yield near(solved(TANH, {**geometry, **direction}, target).leading["outlier"], claimed, absolute=6e-5)
        yield near(along(TANH, {**geometry, "pI": 1}, target)["lambda_ls"], exact, absolute=6e-5)
