r"""What the claims of Mastrogiuseppe, Ostojic 2019 are stated in.

Notation, x ~ N(0, Delta): P = <phi^2>, Q = <phi'>, W = <phi'^2>, P' and Q' their derivatives in Delta;  S(z) = <(m z + I)^2>,
s = <m x>, snx = C (snm z + snI) = <n x>;  G = g^2 P', a = C snm Q, theta = 2 snx s Q', R = g sqrt(W).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, diff, log

from derivations.comparison import solver
from numerics.readout.network import FeedbackNetwork
from numerics.solve.fixed_point import FixedPoint
from numerics.solve.readout import fixed_points
from numerics.solve.solution import Solution
from theory.averages.average import Average
from theory.equations import ReadoutEquation
from theory.models import derive
from theory.models.feedback import FEEDBACK
from theory.symbols import SI2, A, C, Delta, Sm2, g, growth, phi, smI, snI, snm, x, z

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
WIDE_LOOP: Geometry = {"g": 1.5, "Sm": 1.2, "SI": 0.8, "pm": 1}
LOOPS = (FIGURE_1E, SHARED, APART)
CORRELATED: Geometry = {"Sm": 1.2, "SI": 0.5, "rho": 0.5}
OPPOSED: Geometry = {"Sm": 1.0, "SI": 1.0, "rho": 0.975}


def equation() -> ReadoutEquation:
    """The equations as the engine derives them."""
    found = derive("feedback").equation
    assert isinstance(found, ReadoutEquation)
    return found


def polynomial() -> Expr:
    """Its zeros in lambda are the outliers, as the engine derives it."""
    return growth**2 - equation().trace * growth + equation().determinant


def logarithmic_derivative(amplitude: Expr) -> Expr:
    """dlnC/dlnA by implicit differentiation of (M1)."""
    widening = equation().right.diff(z).subs(z, A) / (1 - G)
    return A * (log(amplitude).diff(A) + log(amplitude).diff(Delta) * widening)


def module(text: str) -> Any:
    """The generated module of one activation."""
    return solver("feedback", text).module


@lru_cache(maxsize=256)
def _solved(text: str, given: tuple[tuple[str, float], ...]) -> Solution:
    return solver("feedback", text).solve(**dict(given))


def solved(text: str, geometry: Mapping[str, float], target: float) -> Solution:
    """The solution at one target."""
    return _solved(text, tuple(sorted({**geometry, "A": target}.items())))


def states(text: str, geometry: Mapping[str, float], target: float) -> tuple[FixedPoint, ...]:
    """Every fixed point of the loop whose readout is calibrated at one target, increasing in z."""
    return fixed_points(module(text).fixed_points(**complete(geometry), A=target))


def along(text: str, geometry: Mapping[str, ArrayLike], target: ArrayLike) -> dict[str, NDArray[np.float64]]:
    """Results of the open loop at many targets, without fixed points."""
    with np.errstate(all="ignore"):
        return dict(module(text).open_loop(**complete(geometry), A=np.asarray(target)))


def critical(text: str, geometry: Mapping[str, float]) -> dict[str, Any]:
    """Pole and extrema of the amplitude: flex, A_c, A_b, C_c."""
    return dict(module(text).critical_targets(**complete(geometry)))


def complete(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """With zeros for what is not given."""
    return {**{p.name: 0.0 for p in FEEDBACK.parameters if p.symbol != FEEDBACK.network.target}, **geometry}


def overlaps(geometry: Mapping[str, Any]) -> tuple[Any, ...]:
    """<m^2>, <m I>, <I^2>, snm, snI at amplitude 1."""
    vectors = {key: value for key, value in complete(geometry).items() if key != "g"}
    return tuple(module(TANH).overlaps(**vectors))


def outliers(solution: Solution) -> tuple[complex, complex]:
    """Both outliers at the target, the larger real part first."""
    first, second = (complex(*pair) for pair in solution.details["outliers"])
    return first, second


def networks(geometry: Mapping[str, float], count: int, N: int) -> Iterator[FeedbackNetwork]:
    """Networks of tanh, of N units each."""
    return (FeedbackNetwork.draw(TANH, complete(geometry), N=N, seed=31, network=k) for k in range(count))


_GRID = np.linspace(-10, 10, 401)
_WEIGHT = np.exp(-(_GRID**2) / 2) * (_GRID[1] - _GRID[0]) / np.sqrt(2 * np.pi)


def pair_average(function: Callable[[Any], Any], first: float, second: float, covariance: float) -> float:
    """<f(x1) f(x2)> of centred Gaussian x1, x2 by the trapezoidal rule in the plane."""
    share = covariance / np.sqrt(first)
    rest = np.sqrt(max(second - share**2, 0.0))
    inner = function(share * _GRID[:, None] + rest * _GRID[None, :]) @ _WEIGHT
    return float(_WEIGHT @ (function(np.sqrt(first) * _GRID) * inner))
