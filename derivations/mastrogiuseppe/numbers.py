"""Numbers: solutions at their targets and every other fixed point, against reference values."""

from __future__ import annotations

from functools import partial

import numpy as np

from derivations.claims import Claims
from derivations.comparison import near, number
from derivations.mastrogiuseppe.quantities import ERF, Q_SLOPE, RELU, TANH, Q, W, outliers, solved
from derivations.mastrogiuseppe.reference import REFERENCES, Reference

claims = Claims()
_SIXTEEN, _TEN = (1e-12, 1e-12), (2e-10, 2e-10)  # tolerances for numbers of sixteen digits and of ten decimals
_SCALARS = ("C", "Delta0", "gain", "C_phi", "bulk_radius", "lambda_ls")


def agrees(reference: Reference) -> bool:
    """Whether the generated solver gives a reference solution, and all fixed points where they are listed."""
    found = solved(reference.activation, reference.geometry, reference.target)
    target = min(found.fixed_points, key=lambda point: abs(point.z - reference.target))
    others = [point for point in found.fixed_points if point is not target]
    claimed = reference.others or ()
    return (
        near(found.leading, {key: getattr(reference, key) for key in _SCALARS}, *_SIXTEEN)
        and _same_pair(outliers(found), reference.outliers, _SIXTEEN)
        and target.stable is reference.stable
        and near((target.z, target.Delta0), (reference.target, reference.Delta0), *_SIXTEEN)
        and (reference.others is None or len(others) == len(claimed))
        and all(
            near([getattr(point, key) for key in _STATE], [getattr(state, key) for key in _STATE], *_TEN)
            and _same_pair(point.outliers, state.outliers, _TEN)
            and point.stable is state.stable
            for point, state in zip(others, claimed, strict=False)
        )
    )


_STATE = ("z", "Delta0", "bulk_radius")


def _same_pair(
    pair: tuple[complex, complex], claimed: tuple[complex, complex], tolerances: tuple[float, float]
) -> bool:
    """Largest real part first; of a complex pair either first."""
    return near(pair, claimed, *tolerances) or near(pair, claimed[::-1], *tolerances)


for _text in (TANH, ERF, RELU):
    _rows = [reference for reference in REFERENCES if reference.activation == _text]
    claims(
        f"Solutions for phi = {_text}: Delta0, C, <phi'>, <phi^2>, outliers, radius of the bulk, least-squares outlier and "
        f"stability at {len(_rows)} targets, and all other fixed points of these loops",
        "the generated solver to twelve digits of numbers computed here by quadrature of 34 digits, other fixed points to ten",
    )(partial(map, agrees, _rows))


@claims(
    "ReLU with a loop alone: a = 1, marginal at every g; every output is a fixed point",
    "the generated solver, g = 0.2, 0.8, 1.3",
)
def _marginal():
    """The target is not called stable."""
    for strength in (0.2, 0.8, 1.3):
        found = solved(RELU, {"g": strength, "Sm": 1.2, "SI": 0.5, "pm": 1}, 1.0)
        yield found.details["regime"] == "continuum" and near(outliers(found)[0], 1.0, 1e-12)
        yield not any(point.stable for point in found.fixed_points)


# Delta: absolute errors of the rule in <phi'>, <phi'^2>, <phi'''>
_RULE_ERRORS = {4: (1e-8, 3e-7, 2e-6), 10: (1e-5, 2e-4, 1e-3), 30: (1e-3, 7e-3, 4e-2)}


@claims(
    "A Gauss-Hermite rule of 200 nodes, as in the public code, is not enough at large variance: errors of <phi'>, <phi'^2>, "
    "<phi'''> for tanh 1e-8, 3e-7, 2e-6 at Delta = 4; 1e-5, 2e-4, 1e-3 at 10; 1e-3, 7e-3, 4e-2 at 30",
    "25 digits, averages by certified quadrature, errors to a factor 2",
)
def _hermite_rule():
    node, weight = np.polynomial.hermite_e.hermegauss(200)
    for variance, errors in _RULE_ERRORS.items():
        slope = np.cosh(np.sqrt(variance) * node) ** -2.0
        functions = slope, slope**2, 4 * slope - 6 * slope**2
        for average, function, error in zip((Q, W, 2 * Q_SLOPE), functions, errors, strict=True):
            rule = float(weight @ function) / np.sqrt(2 * np.pi)
            yield error / 2 < abs(rule - float(number(average, TANH, Delta=variance))) < 2 * error
