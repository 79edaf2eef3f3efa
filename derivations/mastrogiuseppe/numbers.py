"""Numbers: solutions at their targets and every other fixed point, against reference values."""

from __future__ import annotations

from functools import partial

import numpy as np

from derivations.comparison import number
from derivations.mastrogiuseppe.quantities import ERF, Q_SLOPE, RELU, TANH, Q, Row, W, close, outliers, solved
from derivations.mastrogiuseppe.reference import REFERENCES, Reference
from numerics.solve.solution import FixedPoint, Solution

_SIXTEEN, _TEN = 1e-12, 2e-10  # tolerances for numbers of sixteen digits and of ten decimals
_SCALARS = ("C", "Delta0", "gain", "C_phi", "bulk_radius", "lambda_ls")


def agrees(reference: Reference) -> bool:
    """Whether the generated solver gives a reference solution, and all fixed points where they are listed."""
    found = solved(reference.activation, reference.geometry, reference.target)
    target = min(found.fixed_points, key=lambda point: abs(point.z - reference.target))
    return (
        all(close(found.leading[key], getattr(reference, key), _SIXTEEN) for key in _SCALARS)
        and _same_pair(outliers(found), reference.outliers, _SIXTEEN)
        and target.stable is reference.stable
        and close(target.z, reference.target, _SIXTEEN)
        and close(target.Delta0, reference.Delta0, _SIXTEEN)
        and _same_others(found, target, reference)
    )


def _same_others(found: Solution, target: FixedPoint, reference: Reference) -> bool:
    """Every other fixed point, in the order of z."""
    if reference.others is None:
        return True
    others = [point for point in found.fixed_points if point is not target]
    return len(others) == len(reference.others) and all(
        close(point.z, claimed.z, _TEN)
        and close(point.Delta0, claimed.Delta0, _TEN)
        and close(point.bulk_radius, claimed.bulk_radius, _TEN)
        and _same_pair(point.outliers, claimed.outliers, _TEN)
        and point.stable is claimed.stable
        for point, claimed in zip(others, reference.others, strict=True)
    )


def _same_pair(pair: tuple[complex, complex], claimed: tuple[complex, complex], tolerance: float) -> bool:
    """Largest real part first; of a complex pair either first."""
    return any(
        all(close(value, other, tolerance) for value, other in zip(pair, order, strict=True))
        for order in (claimed, claimed[::-1])
    )


def _table(text: str) -> bool:
    return all(agrees(reference) for reference in REFERENCES if reference.activation == text)


def _marginal() -> bool:
    """ReLU, a = 1: every output is a fixed point, at every g; the target is not called stable."""
    for strength in (0.2, 0.8, 1.3):
        found = solved(RELU, {"g": strength, "Sm": 1.2, "SI": 0.5, "pm": 1}, 1.0)
        if found.details["regime"] != "continuum" or not close(outliers(found)[0], 1.0, 1e-12):
            return False
        if any(point.stable for point in found.fixed_points):
            return False
    return True


_RULE = np.polynomial.hermite_e.hermegauss(200)
# Delta: absolute errors of the rule in <phi'>, <phi'^2>, <phi'''>
_RULE_ERRORS = {4: (1e-8, 3e-7, 2e-6), 10: (1e-5, 2e-4, 1e-3), 30: (1e-3, 7e-3, 4e-2)}


def _hermite_rule() -> bool:
    """200 Gauss-Hermite nodes against certified averages, tanh: errors within a factor 2 of the claim."""
    node, weight = _RULE
    for variance, errors in _RULE_ERRORS.items():
        slope = np.cosh(np.sqrt(variance) * node) ** -2.0
        functions = slope, slope**2, 4 * slope - 6 * slope**2
        for average, function, error in zip((Q, W, 2 * Q_SLOPE), functions, errors, strict=True):
            rule = float(weight @ function) / np.sqrt(2 * np.pi)
            if not error / 2 < abs(rule - float(number(average, TANH, Delta=variance))) < 2 * error:
                return False
    return True


_KEYS = "Delta0, C, <phi'>, <phi^2>, outliers, radius of the bulk, least-squares outlier and stability"
_HOW = "the generated solver to twelve digits of numbers computed here by quadrature of 34 digits, other fixed points to ten"

ROWS: tuple[Row, ...] = (
    *(
        (
            f"Solutions for phi = {text}: {_KEYS} at {sum(r.activation == text for r in REFERENCES)} targets, and all other fixed "
            "points of these loops",
            _HOW,
            partial(_table, text),
        )
        for text in (TANH, ERF, RELU)
    ),
    (
        "ReLU with a loop alone: a = 1, marginal at every g; every output is a fixed point",
        "the generated solver, g = 0.2, 0.8, 1.3",
        _marginal,
    ),
    (
        "A Gauss-Hermite rule of 200 nodes, as in the public code, is not enough at large variance: errors of <phi'>, <phi'^2>, "
        "<phi'''> for tanh 1e-8, 3e-7, 2e-6 at Delta = 4; 1e-5, 2e-4, 1e-3 at 10; 1e-3, 7e-3, 4e-2 at 30",
        "25 digits, averages by certified quadrature, errors to a factor 2",
        _hermite_rule,
    ),
)
