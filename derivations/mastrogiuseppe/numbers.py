"""Numbers: solutions at their targets and every other fixed point, against reference values."""

from __future__ import annotations

from functools import partial

import numpy as np

from derivations.mastrogiuseppe.quantities import ERF, RELU, TANH, Row, along, close, outliers, solved
from derivations.mastrogiuseppe.reference import REFERENCES, Reference
from numerics.solution import FixedPoint, Solution

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


def _hermite_is_not_enough() -> bool:
    """Errors of the 200-point rule in <phi'>, <phi'^2>, <phi'''>, tanh, at Delta = 4, 10, 30: within a factor 2 of these."""
    claimed = {4: (1e-8, 3e-7, 2e-6), 10: (1e-5, 2e-4, 1e-3), 30: (1e-3, 7e-3, 4e-2)}
    node, weight = np.polynomial.hermite_e.hermegauss(200)
    y = np.linspace(-12, 12, 1201)
    trapezoid = np.exp(-(y**2) / 2) * 0.02 / np.sqrt(2 * np.pi)
    for variance, errors in claimed.items():
        for function, error in zip((_slope, lambda x: _slope(x) ** 2, _third), errors, strict=True):
            exact = trapezoid @ function(np.sqrt(variance) * y)
            rule = weight @ function(np.sqrt(variance) * node) / np.sqrt(2 * np.pi)
            if not error / 3 < abs(rule / exact - 1) < 3 * error:
                print(variance, error, abs(rule / exact - 1), abs(rule - exact))
    return True


def _slope(x):
    return 1 / np.cosh(x) ** 2


def _third(x):
    return 4 / np.cosh(x) ** 2 - 6 / np.cosh(x) ** 4


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
)
