"""Special targets: where the amplitude turns, where a second state appears, and where the bulk becomes unstable."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from derivations.mastrogiuseppe.quantities import (
    APART,
    FIGURE_1E,
    INPUT_ONLY,
    SHARED,
    TANH,
    Geometry,
    Row,
    along,
    close,
    critical,
    outliers,
    solved,
)

# flex, A_c, C at A_c, A_b; ten decimals, computed here by quadrature of 34 digits
TABLE: tuple[tuple[Geometry, tuple[float, ...]], ...] = (
    (FIGURE_1E, (-0.2317574094, -0.7379772483, 1.3983114406, 1.4401000142)),
    (SHARED, (-0.4166666667, -1.0939141310, 5.5837637068, 2.3157124639)),
    (APART, (-0.3333333333, -1.0645405092, 3.0062663049, 2.3896710809)),
)
COUPLINGS = (0.1, 0.3, 0.6, 0.9)
UNCORRELATED: Geometry = {"Sm": 1.2, "SI": 0.5, "pm": 1, "pI": 0.5}
# A_c at the couplings
TURNS: tuple[tuple[Geometry, tuple[float, ...]], ...] = (
    (FIGURE_1E, (-0.73678818, -0.73797725, -0.74425600, -0.76202464)),
    (SHARED, (-1.05914621, -1.06291535, -1.07711516, -1.10493958)),
    (UNCORRELATED, (-0.69221558, -0.69379592, -0.70099838, -0.71882602)),
)
EDGES = {2.0: 0.98105571, 2.5: 1.98946507, 3.0: 3.20921618}
"""g: |A| at which the radius of the bulk is 1; Sm = 1.2, SI = 0.5, rho = 0."""

AT_ZERO = {1.05: 0.7894, 1.2: 0.8647, 1.5: 0.9834}
"""g: radius of the bulk at A = 0."""

_TEN, _EIGHT = 6e-11, 6e-9  # half a unit of the last printed decimal


def _table() -> bool:
    for geometry, row in TABLE:
        found = critical(TANH, geometry)
        if not all(
            abs(found[key] - value) < _TEN for key, value in zip(("flex", "A_c", "C_c", "A_b"), row, strict=True)
        ):
            return False
    return True


def _folds() -> bool:
    """At A_c an outlier is 1 and C is the same as at A_b."""
    for geometry, _ in TABLE:
        found = critical(TANH, geometry)
        at_fold = solved(TANH, geometry, found["A_c"])
        other = float(along(TANH, geometry, found["A_b"])["C"])
        if not (close(outliers(at_fold)[0], 1.0, 1e-9) and close(other, at_fold.leading["C"], 1e-9)):
            return False
    return True


def _weak_dependence() -> bool:
    for geometry, row in TURNS:
        for strength, value in zip(COUPLINGS, row, strict=True):
            if not abs(critical(TANH, {**geometry, "g": strength})["A_c"] - value) < _EIGHT:
                return False
        if not abs(row[-1] / row[0] - 1) < 0.05:
            return False
    return True


def _radius(strength: float, target: float) -> float:
    return float(along(TANH, {**INPUT_ONLY, "g": strength}, target)["bulk_radius"])


def _edges() -> bool:
    """R falls through 1 once, at |A*|, for either sign of A."""
    grid = np.linspace(0.0, 6.0, 200)
    for strength, value in EDGES.items():
        edge = brentq(lambda target, at: _radius(at, target) - 1, 0.5, 5.0, args=(strength,), xtol=1e-12)
        radii = along(TANH, {**INPUT_ONLY, "g": strength}, grid)["bulk_radius"]
        if not (abs(edge - value) < _EIGHT and close(_radius(strength, -edge), 1.0, 1e-10)):
            return False
        if not np.all(np.diff(radii) < 0):
            return False
    return True


def _input_suppresses() -> bool:
    return all(abs(_radius(strength, 0.0) - value) < 6e-5 for strength, value in AT_ZERO.items())


ROWS: tuple[Row, ...] = (
    (
        "Pole, extremum of C beyond it, amplitude there, and the target A_b of equal amplitude: "
        + "; ".join(", ".join(f"{value:.5f}" for value in row) for _, row in TABLE),
        "the generated solver, tanh, three geometries, ten decimals",
        _table,
    ),
    ("A_c is a fold: an outlier is 1 there, and C(A_b) = C(A_c)", "the generated solver, tanh, nine digits", _folds),
    (
        "A_c depends weakly on g: by less than 5% between g = 0.1 and 0.9",
        "the generated solver, tanh, three geometries at four couplings, eight decimals",
        _weak_dependence,
    ),
    (
        "Large targets suppress chaos: the bulk is stable for |A| above "
        + ", ".join(f"{value:.5f} (g = {strength:g})" for strength, value in EDGES.items()),
        "the generated solver, tanh, eight decimals, and its radius falling on a grid",
        _edges,
    ),
    (
        "For g up to 1.5 the input alone does: radius at A = 0 "
        + ", ".join(f"{value} (g = {strength:g})" for strength, value in AT_ZERO.items()),
        "the generated solver, tanh, four decimals",
        _input_suppresses,
    ),
)
