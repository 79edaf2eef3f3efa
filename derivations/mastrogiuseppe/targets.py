"""Classes of readouts, target by target, and special targets: where the amplitude turns, where the bulk becomes unstable."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import inf

import numpy as np
from scipy.optimize import brentq

from derivations.claims import Claims
from derivations.comparison import near
from derivations.mastrogiuseppe import loop
from derivations.mastrogiuseppe.loop import MIXING, RELU, SIGMOIDAL, TANH, G, Geometry
from numerics.solve.fixed_point import FixedPoint
from theory.derivation import same
from theory.symbols import growth, smI, snI, snm

claims = Claims()
_TARGETS = (0.4, 0.9, 1.6, 2.4)
_GRID = "the generated solver, three geometries, tanh, erf, x/sqrt(1+x^2), atan"
_SOLVER = "the generated solver, tanh, erf, x/sqrt(1+x^2), atan"


def _pattern(points: Sequence[FixedPoint], own: FixedPoint | None = None) -> str:
    """Stability of the fixed points in the order of z, + stable, the target in brackets."""
    return "".join(("[+]" if point is own else "+").replace("+", "+" if point.stable else "-") for point in points)


@claims(
    "Readout along the part of I alone (snm = 0): outliers {0, G + theta}, dlnC/dlnA = 1 - theta/(1 - G)",
    "path integral with snm = 0, canonical forms compared for a generic phi",
)
def _input_only():
    at = loop.equation().at_target
    mixing = at(MIXING).subs(snm, 0)
    yield same(at(loop.polynomial()).subs(snm, 0), growth * (growth - G - mixing))
    yield same(loop.logarithmic_derivative(at(loop.equation().amplitude_at).subs(snm, 0)), 1 - mixing / (1 - G))


@claims(
    "That class without correlation of m and I: the target is the only state and stable, |C| grows with |A|",
    f"{_SOLVER}, g = 0.3 and 0.8, five targets",
)
def _monostable():
    for text in SIGMOIDAL:
        for geometry in ({**loop.INPUT_ONLY, "g": strength} for strength in (0.3, 0.8)):
            for target in (*_TARGETS, -0.9):
                yield _pattern(loop.states(text, geometry, target)) == "+"
            yield np.all(np.diff(loop.along(text, geometry, np.linspace(0.05, 4.0, 60))["C"]) > 0)


@claims(
    "Readout along the part of m alone, m and I uncorrelated: (lambda - 1)(lambda - G) = theta lambda at the target",
    "path integral with snI = <m I> = 0, canonical forms compared for a generic phi",
)
def _loop_only():
    found, mixing = (loop.equation().at_target(e).subs({snI: 0, smI: 0}) for e in (loop.polynomial(), MIXING))
    yield same(found, (growth - 1) * (growth - G) - mixing * growth)


@claims(
    "That class has three states at every target: A and -A stable, 0 a saddle",
    f"{_SOLVER}, g = 0.3 and 0.8, four targets",
)
def _always_bistable():
    for text in SIGMOIDAL:
        for strength in (0.3, 0.8):
            for target in _TARGETS:
                points = loop.states(text, {**loop.LOOP_ONLY, "g": strength}, target)
                yield _pattern(points) == "+-+"
                yield near([point.z for point in points], [-target, 0.0, target], absolute=1e-10)
                yield points[1].outliers[0].real >= 1


def _loop_gain(geometry: Geometry, target: float) -> float:
    """a at the target, from the overlaps."""
    return target / (target - loop.critical(TANH, geometry)["flex"])


def _everywhere(*rows):
    """At targets chosen from flex, A_c, A_b: the pattern of all states, the range of a, and what else holds at the target."""
    for chosen, pattern, (low, high), holds in rows:
        for text in SIGMOIDAL:
            for geometry in loop.LOOPS:
                special = loop.critical(text, geometry)
                for target in chosen(special["flex"], special["A_c"], special["A_b"]):
                    points = loop.states(text, geometry, target)
                    own = min(points, key=lambda point: abs(point.z - target))
                    yield abs(own.z - target) < 1e-12 and own.bulk_radius < 1
                    yield _pattern(points, own) == pattern and low < _loop_gain(geometry, target) < high
                    yield holds(own)


def _class(statement, *rows):
    claims(statement, f"{_GRID}, targets inside and next to its ends")(partial(_everywhere, *rows))


_class(
    "Loop and input, A > 0: 0 < a < 1, stable target; the only state up to A_b, beyond it a second stable state and a saddle",
    (lambda flex, A_c, A_b: (0.1 * A_b, 0.6 * A_b, 0.999 * A_b), "[+]", (0, 1), lambda own: own.stable),
    (lambda flex, A_c, A_b: (1.001 * A_b, 1.2 * A_b, 1.6 * A_b), "+-[+]", (0, 1), lambda own: own.stable),
)


@claims("That saddle and that second state have outputs of the other sign", f"{_SOLVER}, three geometries, A = 1.3 A_b")
def _other_signs():
    for text in SIGMOIDAL:
        for geometry in loop.LOOPS:
            first, second, third = (
                point.z for point in loop.states(text, geometry, 1.3 * loop.critical(text, geometry)["A_b"])
            )
            yield first < second < 0 < third


_class(
    "Loop and input, flex < A < 0: a < 0, one negative outlier; the target is stable and the only state",
    (
        lambda flex, A_c, A_b: (0.95 * flex, 0.5 * flex, 0.1 * flex),
        *("[+]", (-inf, 0), lambda own: own.outliers[1].real < 0),
    ),
)
_class(
    "Loop and input, A_c < A < flex: a > 1 and an outlier above 1, the target is a saddle between two stable states",
    (
        lambda flex, A_c, A_b: (1.03 * flex, 0.5 * (flex + A_c), 0.999 * A_c),
        *("+[-]+", (1, inf), lambda own: own.outliers[0].real > 1),
    ),
)
_class(
    "Loop and input, A < A_c: a > 1, the target is stable beside a saddle and another stable state",
    (
        lambda flex, A_c, A_b: (1.001 * A_c, 1.2 * A_c, 1.6 * A_c),
        *("[+]-+", (1, inf), lambda own: own.outliers[0].real < 1),
    ),
)


@claims(
    "ReLU: Delta = S/(1 - g^2/2) for g^2 < 2; one fixed point, stable where a < 1: geometry alone decides",
    "the generated solver, three geometries, four targets",
)
def _relu_line():
    for geometry in loop.LOOPS:
        for target in (-2.0, -0.1, 0.7, 3.0):
            gain = _loop_gain(geometry, target)
            (point,) = loop.states(RELU, geometry, target)
            drive = geometry["Sm"] ** 2 * target**2 + geometry["SI"] ** 2
            drive += 2 * geometry["Sm"] * geometry["SI"] * geometry.get("rho", 0) ** 2 * target
            variance = drive / (1 - geometry["g"] ** 2 / 2)
            yield near((point.z, point.Delta0), (target, variance), 1e-12, 1e-12)
            yield any(near(root, gain, 1e-11, 1e-11) for root in point.outliers) and point.stable is (gain < 1)
    for factor in (0.999, 1.001):
        found = loop.along(RELU, {**loop.SHARED, "g": factor * np.sqrt(2.0)}, 1.0)["Delta0"]
        yield bool(np.isfinite(found)) is (factor < 1)


@claims(
    "With snI/snm of the other sign the same is true of -A",
    "the generated solver, tanh and erf, pI and -pI at rho = 0, four targets",
)
def _mirror():
    for text in SIGMOIDAL[:2]:
        for target in (0.2, 0.6, 1.4, -2.5):
            plain = loop.states(text, loop.APART, target)
            mirrored = loop.states(text, {**loop.APART, "pI": -loop.APART["pI"]}, -target)[::-1]
            yield near([point.z for point in plain], [-point.z for point in mirrored], absolute=1e-9)
            yield _pattern(plain) == _pattern(mirrored)


# flex, A_c, C at A_c, A_b; ten decimals, computed here by quadrature of 34 digits
TABLE: tuple[tuple[Geometry, tuple[float, ...]], ...] = (
    (loop.FIGURE_1E, (-0.2317574094, -0.7379772483, 1.3983114406, 1.4401000142)),
    (loop.SHARED, (-0.4166666667, -1.0939141310, 5.5837637068, 2.3157124639)),
    (loop.APART, (-0.3333333333, -1.0645405092, 3.0062663049, 2.3896710809)),
)
COUPLINGS = (0.1, 0.3, 0.6, 0.9)
# A_c at the couplings
TURNS: tuple[tuple[Geometry, tuple[float, ...]], ...] = (
    (loop.FIGURE_1E, (-0.73678818, -0.73797725, -0.74425600, -0.76202464)),
    (loop.SHARED, (-1.05914621, -1.06291535, -1.07711516, -1.10493958)),
    ({"Sm": 1.2, "SI": 0.5, "pm": 1, "pI": 0.5}, (-0.69221558, -0.69379592, -0.70099838, -0.71882602)),
)
EDGES = {2.0: 0.98105571, 2.5: 1.98946507, 3.0: 3.20921618}
"""g: |A| at which the radius of the bulk is 1; Sm = 1.2, SI = 0.5, rho = 0."""

AT_ZERO = {1.05: 0.7894, 1.2: 0.8647, 1.5: 0.9834}
"""g: radius of the bulk at A = 0."""

_TEN, _EIGHT, _FOUR = 6e-11, 6e-9, 6e-5  # half a unit of the last printed decimal


@claims(
    "Pole, extremum of C beyond it, amplitude there, and the target A_b of equal amplitude: "
    + "; ".join(", ".join(f"{value:.5f}" for value in row) for _, row in TABLE),
    "the generated solver, tanh, three geometries, ten decimals",
)
def _table():
    for geometry, row in TABLE:
        claimed = dict(zip(("flex", "A_c", "C_c", "A_b"), row, strict=True))
        yield near(loop.critical(TANH, geometry), claimed, absolute=_TEN)


@claims("A_c is a fold: an outlier is 1 there, and C(A_b) = C(A_c)", "the generated solver, tanh, nine digits")
def _folds():
    for geometry, _ in TABLE:
        found = loop.critical(TANH, geometry)
        at_fold = loop.solved(TANH, geometry, found["A_c"])
        yield near(loop.outliers(at_fold)[0], 1.0, 1e-9)
        yield near(loop.along(TANH, geometry, found["A_b"])["C"], at_fold.leading["C"], 1e-9, 1e-9)


@claims(
    "A_c depends weakly on g: by less than 5% between g = 0.1 and 0.9",
    "the generated solver, tanh, three geometries at four couplings, eight decimals",
)
def _weak_dependence():
    for geometry, row in TURNS:
        found = [loop.critical(TANH, {**geometry, "g": strength})["A_c"] for strength in COUPLINGS]
        yield near(found, row, absolute=_EIGHT)
        yield abs(row[-1] / row[0] - 1) < 0.05


def _radius(strength, target):
    return loop.along(TANH, {**loop.INPUT_ONLY, "g": strength}, target)["bulk_radius"]


@claims(
    "Large targets suppress chaos: the bulk is stable for |A| above "
    + ", ".join(f"{value:.5f} (g = {strength:g})" for strength, value in EDGES.items()),
    "the generated solver, tanh, eight decimals, and its radius falling on a grid",
)
def _edges():
    """R falls through 1 once, at |A*|, for either sign of A."""
    for strength, value in EDGES.items():
        edge = brentq(lambda target, at: float(_radius(at, target)) - 1, 0.5, 5.0, args=(strength,), xtol=1e-12)
        yield near(edge, value, absolute=_EIGHT) and near(_radius(strength, -edge), 1.0, 1e-10)
        yield np.all(np.diff(_radius(strength, np.linspace(0.0, 6.0, 200))) < 0)


@claims(
    "For g up to 1.5 the input alone does: radius at A = 0 "
    + ", ".join(f"{value} (g = {strength:g})" for strength, value in AT_ZERO.items()),
    "the generated solver, tanh, four decimals",
)
def _input_suppresses():
    for strength, value in AT_ZERO.items():
        yield near(_radius(strength, 0.0), value, absolute=_FOUR)
