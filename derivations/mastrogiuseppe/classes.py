"""Classes of readouts: fixed points of the closed loop and their stability, target by target."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from sympy import log

from derivations.mastrogiuseppe.quantities import (
    APART,
    FIGURE_1E,
    INPUT_ONLY,
    LOOP_ONLY,
    MIXING,
    RELU,
    SHARED,
    SIGMOIDAL,
    TANH,
    G,
    Geometry,
    Row,
    along,
    close,
    critical,
    equation,
    polynomial,
    states,
)
from numerics.solve.solution import FixedPoint
from theory.derivation import same
from theory.symbols import A, Delta, growth, smI, snI, snm, z

_LOOPS = (FIGURE_1E, SHARED, APART)
_TARGETS = (0.4, 0.9, 1.6, 2.4)


def _input_only() -> bool:
    """snm = 0: (lambda - G - theta) lambda; dlnC/dlnA = 1 - theta/(1 - G)."""
    at = equation().at_target
    amplitude = equation().at_target(equation().amplitude_at).subs(snm, 0)
    widening = equation().right.diff(z).subs(z, A) / (1 - G)
    logarithmic = A * (log(amplitude).diff(A) + log(amplitude).diff(Delta) * widening)
    mixing = at(MIXING).subs(snm, 0)
    return same(at(polynomial()).subs(snm, 0), growth * (growth - G - mixing)) and same(
        logarithmic, 1 - mixing / (1 - G)
    )


def _loop_only() -> bool:
    """snI = smI = 0 at the target: (lambda - 1)(lambda - G) = theta lambda."""
    found = equation().at_target(polynomial()).subs({snI: 0, smI: 0})
    mixing = equation().at_target(MIXING).subs({snI: 0, smI: 0})
    return same(found, (growth - 1) * (growth - G) - mixing * growth)


def _monostable() -> bool:
    """The target is the one fixed point, stable, where R < 1; |C| grows with |A|."""
    grid = np.linspace(0.05, 4.0, 60)
    for text in SIGMOIDAL:
        for strength in (0.3, 0.8):
            geometry = {**INPUT_ONLY, "g": strength}
            found = [states(text, geometry, target) for target in (*_TARGETS, -0.9)]
            if not all(len(points) == 1 and points[0].stable for points in found):
                return False
            if not np.all(np.diff(along(text, geometry, grid)["C"]) > 0):
                return False
    return True


def _always_bistable() -> bool:
    """-A and A stable, 0 a saddle with one outlier above 1."""
    for text in SIGMOIDAL:
        for strength in (0.3, 0.8):
            for target in _TARGETS:
                points = states(text, {**LOOP_ONLY, "g": strength}, target)
                if not (len(points) == 3 and _pattern(points) == "+-+"):
                    return False
                outputs = np.array([point.z for point in points])
                if np.max(np.abs(outputs - [-target, 0.0, target])) > 1e-10 or points[1].outliers[0].real < 1:
                    return False
    return True


def _pattern(points: Sequence[FixedPoint]) -> str:
    """Stability of the fixed points in the order of z, + stable."""
    return "".join("+" if point.stable else "-" for point in points)


def _loop_gain(geometry: Geometry, target: float) -> float:
    """a at the target, from the overlaps."""
    return target / (target - critical(TANH, geometry)["flex"])


def _everywhere(
    targets: Callable[[float, float, float], Sequence[float]], holds: Callable[[FixedPoint, str, float, float], bool]
) -> bool:
    """Whether at targets chosen from flex, A_c, A_b the target, the pattern of all states, a and A satisfy `holds`."""
    for text in SIGMOIDAL:
        for geometry in _LOOPS:
            special = critical(text, geometry)
            for target in targets(special["flex"], special["A_c"], special["A_b"]):
                points = states(text, geometry, target)
                own = min(points, key=lambda point: abs(point.z - target))
                gain = _loop_gain(geometry, target)
                at_target = abs(own.z - target) < 1e-12 and own.bulk_radius < 1
                if not (at_target and holds(own, _marked(points, own), gain, target)):
                    return False
    return True


def _marked(points: Sequence[FixedPoint], own: FixedPoint) -> str:
    """The pattern, the target in brackets."""
    return "".join(f"[{_pattern([point])}]" if point is own else _pattern([point]) for point in points)


def _positive() -> bool:
    """0 < a < 1, stable; alone below A_b, above it with a stable state of the other sign and a saddle between."""

    def alone(own: FixedPoint, pattern: str, gain: float, target: float) -> bool:
        return pattern == "[+]" and 0 < gain < 1

    def accompanied(own: FixedPoint, pattern: str, gain: float, target: float) -> bool:
        return pattern == "+-[+]" and 0 < gain < 1

    return _everywhere(lambda flex, A_c, A_b: (0.1 * A_b, 0.6 * A_b, 0.999 * A_b), alone) and _everywhere(
        lambda flex, A_c, A_b: (1.001 * A_b, 1.2 * A_b, 1.6 * A_b), accompanied
    )


def _other_signs() -> bool:
    """In a loop with a state of the other sign: the saddle and that state are at negative outputs."""
    for text in SIGMOIDAL:
        for geometry in _LOOPS:
            first, second, third = (point.z for point in states(text, geometry, 1.3 * critical(text, geometry)["A_b"]))
            if not first < second < 0 < third:
                return False
    return True


def _between() -> bool:
    """flex < A < 0: a < 0, a fast negative outlier, the only state."""
    return _everywhere(
        lambda flex, A_c, A_b: (0.95 * flex, 0.5 * flex, 0.1 * flex),
        lambda own, pattern, gain, target: pattern == "[+]" and gain < 0 and own.outliers[1].real < 0,
    )


def _unstable() -> bool:
    """A_c < A < flex: a > 1, the target is a saddle between two stable states."""
    return _everywhere(
        lambda flex, A_c, A_b: (1.03 * flex, 0.5 * (flex + A_c), 0.999 * A_c),
        lambda own, pattern, gain, target: pattern == "+[-]+" and gain > 1 and own.outliers[0].real > 1,
    )


def _beyond() -> bool:
    """A < A_c: a > 1, stable target, a saddle and a stable state."""
    return _everywhere(
        lambda flex, A_c, A_b: (1.001 * A_c, 1.2 * A_c, 1.6 * A_c),
        lambda own, pattern, gain, target: pattern == "[+]-+" and gain > 1 and own.outliers[0].real < 1,
    )


def _mirror() -> bool:
    """pI -> -pI and p -> -p, pm -> pm for rho = 0: fixed points change sign with the target."""
    for text in SIGMOIDAL[:2]:
        for target in (0.2, 0.6, 1.4, -2.5):
            plain = states(text, APART, target)
            mirrored = states(text, {**APART, "pI": -APART["pI"]}, -target)
            outputs = np.array([point.z for point in plain]) + np.array([point.z for point in mirrored[::-1]])
            if np.max(np.abs(outputs)) > 1e-9 or _pattern(plain) != _pattern(mirrored[::-1]):
                return False
    return True


def _relu_line() -> bool:
    """ReLU: Delta = S/(1 - g^2/2) for g^2 < 2, one fixed point, stable for a < 1."""
    for geometry in _LOOPS:
        for target in (-2.0, -0.1, 0.7, 3.0):
            gain = _loop_gain(geometry, target)
            (point,) = states(RELU, geometry, target)
            drive = geometry["Sm"] ** 2 * target**2 + geometry["SI"] ** 2
            drive += 2 * geometry["Sm"] * geometry["SI"] * geometry.get("rho", 0) ** 2 * target
            variance = drive / (1 - geometry["g"] ** 2 / 2)
            if not (close(point.z, target, 1e-12) and close(point.Delta0, variance, 1e-12)):
                return False
            if not any(close(root, gain, 1e-11) for root in point.outliers) or point.stable is not (gain < 1):
                return False
    edge = np.sqrt(2.0)
    inside, beyond = (along(RELU, {**SHARED, "g": factor * edge}, 1.0)["Delta0"] for factor in (0.999, 1.001))
    return bool(np.isfinite(inside) and not np.isfinite(beyond))


_GRID = "the generated solver, three geometries, tanh, erf, x/sqrt(1+x^2), atan, targets inside and next to its ends"
_SOLVER = "the generated solver, tanh, erf, x/sqrt(1+x^2), atan"

ROWS: tuple[Row, ...] = (
    (
        "Readout along the part of I alone (snm = 0): outliers {0, G + theta}, dlnC/dlnA = 1 - theta/(1 - G)",
        "path integral with snm = 0, canonical forms compared for a generic phi",
        _input_only,
    ),
    (
        "That class without correlation of m and I: the target is the only state and stable, |C| grows with |A|",
        f"{_SOLVER}, g = 0.3 and 0.8, five targets",
        _monostable,
    ),
    (
        "Readout along the part of m alone, m and I uncorrelated: (lambda - 1)(lambda - G) = theta lambda at the target",
        "path integral with snI = <m I> = 0, canonical forms compared for a generic phi",
        _loop_only,
    ),
    (
        "That class has three states at every target: A and -A stable, 0 a saddle",
        f"{_SOLVER}, g = 0.3 and 0.8, four targets",
        _always_bistable,
    ),
    (
        "Loop and input, A > 0: 0 < a < 1, stable target; the only state up to A_b, beyond it a second stable state and a saddle",
        _GRID,
        _positive,
    ),
    (
        "That saddle and that second state have outputs of the other sign",
        f"{_SOLVER}, three geometries, A = 1.3 A_b",
        _other_signs,
    ),
    (
        "Loop and input, flex < A < 0: a < 0, one negative outlier; the target is stable and the only state",
        _GRID,
        _between,
    ),
    (
        "Loop and input, A_c < A < flex: a > 1 and an outlier above 1, the target is a saddle between two stable states",
        _GRID,
        _unstable,
    ),
    (
        "Loop and input, A < A_c: a > 1, the target is stable beside a saddle and another stable state",
        _GRID,
        _beyond,
    ),
    (
        "ReLU: Delta = S/(1 - g^2/2) for g^2 < 2; one fixed point, stable where a < 1: geometry alone decides",
        "the generated solver, three geometries, four targets",
        _relu_line,
    ),
    (
        "With snI/snm of the other sign the same is true of -A",
        "the generated solver, tanh and erf, pI and -pI at rho = 0, four targets",
        _mirror,
    ),
)
