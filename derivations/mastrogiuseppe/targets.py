"""Special targets: where the amplitude turns, where a second state appears, and where the bulk becomes unstable."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from derivations.claims import Claims
from derivations.comparison import near
from derivations.mastrogiuseppe.quantities import (
    APART,
    FIGURE_1E,
    INPUT_ONLY,
    SHARED,
    TANH,
    Geometry,
    along,
    critical,
    outliers,
    solved,
)

claims = Claims()
# flex, A_c, C at A_c, A_b; ten decimals, computed here by quadrature of 34 digits
TABLE: tuple[tuple[Geometry, tuple[float, ...]], ...] = (
    (FIGURE_1E, (-0.2317574094, -0.7379772483, 1.3983114406, 1.4401000142)),
    (SHARED, (-0.4166666667, -1.0939141310, 5.5837637068, 2.3157124639)),
    (APART, (-0.3333333333, -1.0645405092, 3.0062663049, 2.3896710809)),
)
COUPLINGS = (0.1, 0.3, 0.6, 0.9)
# A_c at the couplings
TURNS: tuple[tuple[Geometry, tuple[float, ...]], ...] = (
    (FIGURE_1E, (-0.73678818, -0.73797725, -0.74425600, -0.76202464)),
    (SHARED, (-1.05914621, -1.06291535, -1.07711516, -1.10493958)),
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
        yield near(critical(TANH, geometry), claimed, absolute=_TEN)


@claims("A_c is a fold: an outlier is 1 there, and C(A_b) = C(A_c)", "the generated solver, tanh, nine digits")
def _folds():
    for geometry, _ in TABLE:
        found = critical(TANH, geometry)
        at_fold = solved(TANH, geometry, found["A_c"])
        yield near(outliers(at_fold)[0], 1.0, 1e-9)
        yield near(along(TANH, geometry, found["A_b"])["C"], at_fold.leading["C"], 1e-9, 1e-9)


@claims(
    "A_c depends weakly on g: by less than 5% between g = 0.1 and 0.9",
    "the generated solver, tanh, three geometries at four couplings, eight decimals",
)
def _weak_dependence():
    for geometry, row in TURNS:
        found = [critical(TANH, {**geometry, "g": strength})["A_c"] for strength in COUPLINGS]
        yield near(found, row, absolute=_EIGHT)
        yield abs(row[-1] / row[0] - 1) < 0.05


def _radius(strength, target):
    return along(TANH, {**INPUT_ONLY, "g": strength}, target)["bulk_radius"]


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
