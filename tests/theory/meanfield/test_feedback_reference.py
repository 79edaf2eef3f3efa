"""Feedback networks against reference solutions: quadrature with 34 digits, closed forms for erf and ReLU."""

from functools import lru_cache

import pytest

from derivations.mastrogiuseppe import numbers
from derivations.mastrogiuseppe.loop import TANH
from derivations.mastrogiuseppe.numbers import REFERENCES
from numerics.solve.solver import Solver

QUICK = (0, 1, 6)  # tanh: one state; an unstable target between two; a loop alone
KEYS = ("C", "Delta0", "gain", "C_phi", "bulk_radius", "lambda_ls")


@lru_cache
def solver(text):
    return Solver("feedback", text)


def _rows():
    for k, row in enumerate(REFERENCES):
        slow = row.activation == TANH and k not in QUICK
        geometry = " ".join(f"{key}={value:g}" for key, value in row.geometry.items())
        name = f"{row.activation} {geometry} A={row.target:g}"
        yield pytest.param(row, id=name, marks=pytest.mark.heavy if slow else ())


def _pair(values):
    """Two eigenvalues in an order that does not depend on rounding."""
    return sorted((complex(v) for v in values), key=lambda v: (round(v.real, 6), v.imag))


@pytest.mark.parametrize("row", list(_rows()))
def test_solution(row):
    found = solver(row.activation).solve(**row.geometry, A=row.target)
    assert {key: found.leading[key] for key in KEYS} == pytest.approx(
        {key: getattr(row, key) for key in KEYS}, rel=1e-12, abs=1e-12
    )
    outliers = [complex(*pair) for pair in found.details["outliers"]]
    assert _pair(outliers) == pytest.approx(_pair(row.outliers), rel=1e-12, abs=1e-12)
    (target,) = (point for point in found.fixed_points if point.z == pytest.approx(row.target, abs=1e-12))
    assert target.stable is row.stable
    assert target.Delta0 == pytest.approx(row.Delta0, rel=1e-12)
    others = [point for point in found.fixed_points if point is not target]
    if row.others is None:
        return
    assert len(others) == len(row.others)
    for point, claimed in zip(others, row.others, strict=True):
        values = (point.z, point.Delta0, point.bulk_radius)
        assert values == pytest.approx((claimed.z, claimed.Delta0, claimed.bulk_radius), abs=2e-10)
        assert _pair(point.outliers) == pytest.approx(_pair(claimed.outliers), abs=2e-10)
        assert point.stable is claimed.stable


WRONG = {
    "C": {"C": 1.554436667396},
    "stability": {"stable": True},
    "a state too few": {"others": REFERENCES[1].others[:1]},
    "another state": {"others": (REFERENCES[1].others[0], REFERENCES[1].others[1]._replace(z=1.62641848))},
    "outlier": {"outliers": (1.600145681282, 0.03483572487481415)},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_reference_is_caught(name):
    assert numbers.agrees(REFERENCES[1])
    assert not numbers.agrees(REFERENCES[1]._replace(**WRONG[name]))
