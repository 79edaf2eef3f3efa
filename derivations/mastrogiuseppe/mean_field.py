"""Mean field, target matching, and the fixed points of the closed loop."""

from __future__ import annotations

import numpy as np
from sympy import Expr, Rational, Symbol, diff, sqrt

from derivations.comparison import agree, number, precisely
from derivations.mastrogiuseppe.quantities import (
    APART,
    DRIVE,
    ERF,
    FIGURE_1E,
    GENERIC,
    LOOP_ONLY,
    READ,
    SHARED,
    SIGMOIDAL,
    TANH,
    Geometry,
    P,
    Q,
    Row,
    along,
    close,
    critical,
    equation,
    states,
)
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.derivation import same
from theory.feedback import MEANS, loop_with_means
from theory.fields.readout import OUTPUT
from theory.symbols import SI, SI2, A, C, Delta, Sm, Sm2, g, mu, p, phi, pI, pm, rho, smI, snI, snm, x

_ALONE = sqrt(1 - rho**2)
_OVERLAPS: dict[Symbol, Expr] = {
    Sm2: Sm**2,
    smI: Sm * SI * rho**2,
    SI2: SI**2,
    snm: Sm * (rho * p + _ALONE * pm),
    snI: SI * (rho * p + _ALONE * pI),
}


def _overlaps() -> bool:
    found = equation().overlaps
    correlation = found[smI] / sqrt(found[Sm2] * found[SI2])
    return all(same(found[key], value) for key, value in _OVERLAPS.items()) and same(correlation, rho**2)


def _weak_derivatives() -> bool:
    """G/g^2 = <phi'^2 + phi phi''>, 2 Q' = <phi'''>, and for tanh Q = 1 - P."""
    slope, bend = diff(phi(x), x), diff(phi(x), x, 2)
    pairs = ((P.diff(Delta), Average(slope**2 + phi(x) * bend)), (2 * Q.diff(Delta), Average(diff(phi(x), x, 3))))
    for text in SIGMOIDAL[:3]:
        for weak, plain in pairs:
            if not agree(*(number(e, text, Delta=Rational(7, 4)) for e in (weak, plain))):
                return False
    return agree(number(Q, TANH, Delta=Rational(7, 4)), 1 - number(P, TANH, Delta=Rational(7, 4)))


def _pole() -> bool:
    """flex = -snI/snm, and (A - flex) C(A) has one finite limit from both sides."""
    denominator = equation().at_target(equation().amplitude_at).as_numer_denom()[1]
    if not same(denominator.subs(A, -snI / snm), 0):
        return False
    for geometry in (FIGURE_1E, SHARED, APART):
        pole = critical(TANH, geometry)["flex"]
        offset = np.array([-1e-6, 1e-6])
        below, above = offset * along(TANH, geometry, pole + offset)["C"]
        if not (close(above, below, 1e-4) and abs(above) > 0.01):
            return False
    return True


_CLOSED: tuple[tuple[Geometry, tuple[float, ...]], ...] = (
    (FIGURE_1E, (-1.3, -0.5, -0.1, 0.9, 2.1)),
    (SHARED, (-1.4, -0.7, 0.8)),
    (LOOP_ONLY, (0.8,)),
)
_SCAN = np.linspace(-9.0, 9.0, 1500)


def _level_set() -> bool:
    """At every fixed point C(z) = C(A); between them C overlap(z) - z keeps its sign on the scan."""
    for text in (TANH, ERF, "x/(1+x^2)"):
        for geometry, targets in _CLOSED:
            overlap = along(text, geometry, _SCAN)["overlap"]
            for target in targets:
                amplitude = float(along(text, geometry, target)["C"])
                outputs = np.array([point.z for point in states(text, geometry, target)])
                mismatch = along(text, geometry, outputs)["overlap"] * amplitude - outputs
                sign = np.sign(amplitude * overlap - _SCAN)
                if np.max(np.abs(mismatch)) > 1e-11 or np.sum(sign[1:] != sign[:-1]) != outputs.size:
                    return False
    return True


def _means() -> bool:
    """z = Mn <phi> + snx <phi'> at mean mu = Mm z + MI."""
    (_, _, readout_mean), (site, _) = MEANS, loop_with_means()
    expected = C * readout_mean * Average(phi(x), 0, Normal(mu)) + READ * Average(phi(x), 1, Normal(mu))
    return same(site.average(OUTPUT), expected)


ROWS: tuple[Row, ...] = (
    (
        "(M1) Variance of x at an output z: Delta = g^2 <phi^2> + S(z), S(z) = <m^2> z^2 + 2 <m I> z + <I^2>",
        GENERIC,
        lambda: same(equation().right, g**2 * P + DRIVE),
    ),
    (
        "(M2) Output of the closed loop: z = C (snm z + snI) <phi'>, with snm, snI the overlaps of n with m and I at amplitude 1",
        GENERIC,
        lambda: same(equation().readout, READ * Q),
    ),
    (
        "(M3) Target matching: C(A) = A/((snm A + snI) <phi'>) at the variance of the open loop",
        GENERIC,
        lambda: same(equation().at_target(equation().amplitude_at), A / ((snm * A + snI) * Q)),
    ),
    (
        "The amplitude has a pole at A = flex = -snI/snm",
        "zero of the derived denominator; residue from both sides with the generated solver, tanh, three geometries",
        _pole,
    ),
    (
        "Overlaps from the loadings: <m^2> = Sm^2, <m I> = Sm SI rho^2, <I^2> = SI^2, snm = Sm (rho p + sqrt(1-rho^2) pm), snI = "
        "SI (rho p + sqrt(1-rho^2) pI); rho is a loading, the correlation of m and I is rho^2",
        "independent standard normal vectors, canonical forms compared",
        _overlaps,
    ),
    (
        "The theory needs phi through P = <phi^2>, Q = <phi'> and <phi'^2> alone: <phi'^2 + phi phi''> = P', <phi'''> = 2 Q'; "
        "for tanh Q = 1 - P",
        "25 digits, averages by certified quadrature, at Delta = 7/4; tanh, erf, x/sqrt(1+x^2)",
        precisely(_weak_derivatives),
    ),
    (
        "Vectors with means: z = Mn <phi> + snx <phi'> at x ~ N(Mm z + MI, Delta), overlaps those of the centred parts",
        GENERIC,
        _means,
    ),
    (
        "The fixed points of the closed loop are the level set C(z) = C(A) of the open loop, and nothing else",
        "the generated solver inserted in C(z), and its signs on a scan of 1500 outputs; tanh, erf, x/(1+x^2), nine targets",
        _level_set,
    ),
)
