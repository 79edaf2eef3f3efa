r"""What the claims of Mastrogiuseppe, Ostojic 2019 are stated in.

Notation, x ~ N(0, Delta): P = <phi^2>, Q = <phi'>, W = <phi'^2>, P' and Q' their derivatives in Delta;  S(z) = <(m z + I)^2>,
s = <m x>, snx = C (snm z + snI) = <n x>;  G = g^2 P', a = C snm Q, theta = 2 snx s Q', R = g sqrt(W).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, diff

from numerics.solve.readout import fixed_points
from numerics.solve.solution import FixedPoint, Solution
from numerics.solve.solver import Solver
from theory.averages.average import Average
from theory.equations import ReadoutEquation
from theory.models import derive
from theory.models.feedback import FEEDBACK
from theory.symbols import SI2, C, Delta, Sm2, g, growth, phi, smI, snI, snm, x, z

Row = tuple[str, str, Callable[[], bool]]
"""Statement, how it is checked, and the check."""

Geometry = dict[str, float]
"""g, Sm, SI, rho, p, pm, pI, as far as they are not 0."""

REFERENCE = FEEDBACK.reference

P, Q, W = Average(phi(x) ** 2), Average(phi(x), 1), Average(diff(phi(x), x) ** 2)
P_SLOPE, Q_SLOPE = P.diff(Delta), Q.diff(Delta)
DRIVE = Sm2 * z**2 + 2 * smI * z + SI2
LOADING, READ = Sm2 * z + smI, C * (snm * z + snI)
G, LOOP, MIXING = g**2 * P_SLOPE, C * snm * Q, 2 * READ * LOADING * Q_SLOPE

GENERIC = "path integral, canonical forms compared for a generic phi"
TANH, ERF, RELU = "tanh(x)", "erf(sqrt(pi)/2*x)", "relu(x)"
SIGMOIDAL = (TANH, ERF, "x/sqrt(1+x^2)", "atan(x)")

FIGURE_1E: Geometry = {"g": 0.3, "Sm": 1.2, "SI": 0.5, "rho": 0.5, "p": 1, "pm": 1, "pI": 0.3}
SHARED: Geometry = {"g": 0.8, "Sm": 1.2, "SI": 0.5, "rho": 0.5, "p": 1}
APART: Geometry = {"g": 1.2, "Sm": 1.2, "SI": 0.8, "pm": 1, "pI": 0.5}
INPUT_ONLY: Geometry = {"g": 0.8, "Sm": 1.2, "SI": 0.5, "pI": 1}
LOOP_ONLY: Geometry = {"g": 0.8, "Sm": 1.2, "SI": 0.5, "pm": 1}


def equation() -> ReadoutEquation:
    """The equations as the engine derives them."""
    found = derive("feedback").equation
    assert isinstance(found, ReadoutEquation)
    return found


def polynomial() -> Expr:
    """Its zeros in lambda are the outliers, as the engine derives it."""
    return growth**2 - equation().trace * growth + equation().determinant


@lru_cache(maxsize=16)
def solver(text: str) -> Solver:
    """The solver of one activation."""
    return Solver("feedback", text)


@lru_cache(maxsize=256)
def _solved(text: str, given: tuple[tuple[str, float], ...]) -> Solution:
    return solver(text).solve(**dict(given))


def solved(text: str, geometry: Mapping[str, float], target: float) -> Solution:
    """The solution at one target."""
    return _solved(text, tuple(sorted({**geometry, "A": target}.items())))


def states(text: str, geometry: Mapping[str, float], target: float) -> tuple[FixedPoint, ...]:
    """Every fixed point of the loop whose readout is calibrated at one target, increasing in z."""
    found = solver(text).module.fixed_points(**complete(geometry), A=target)
    return fixed_points(found)


def along(text: str, geometry: Mapping[str, ArrayLike], target: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Results of the open loop at many targets, without fixed points."""
    with np.errstate(all="ignore"):
        return dict(solver(text).module.open_loop(**complete(geometry), A=np.asarray(target)))


def critical(text: str, geometry: Mapping[str, float]) -> dict[str, Any]:
    """Pole and extrema of the amplitude: flex, A_c, A_b, C_c."""
    return dict(solver(text).module.critical_targets(**complete(geometry)))


def complete(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """With zeros for what is not given."""
    return {**{p.name: 0.0 for p in FEEDBACK.parameters if p.symbol != FEEDBACK.network.target}, **geometry}


def overlaps(text: str, geometry: Mapping[str, float]) -> tuple[float, ...]:
    """<m^2>, <m I>, <I^2>, snm, snI at amplitude 1."""
    vectors = {key: value for key, value in complete(geometry).items() if key != "g"}
    return tuple(float(value) for value in solver(text).module.overlaps(**vectors))


def outliers(solution: Solution) -> tuple[complex, complex]:
    """Both outliers at the target, the larger real part first."""
    first, second = (complex(*pair) for pair in solution.details["outliers"])
    return first, second


def close(value: complex, claimed: complex, tolerance: float) -> bool:
    """Relative agreement, absolute below 1."""
    return abs(value - claimed) <= tolerance * max(1.0, abs(claimed))
