"""Random networks and patterns: exact numbers beside draws, the deviation of small N included."""

from fractions import Fraction
from itertools import product
from math import comb

import numpy as np
import pytest

from numerics.threshold.random_networks import (
    capacity_probability,
    cover_count,
    expected_count,
    row_capacity,
    stable_counts,
    stable_state_count,
)
from numerics.threshold.rows import Solution, decide
from theory.errors import InputError
from theory.threshold.every_state import stable_and_marginal
from theory.threshold.network import ThresholdNetwork
from theory.threshold.patterns import Row


def test_expected_numbers_agree_with_enumeration():
    found = stable_state_count(sizes=(3, 6), draws=300)
    assert len(found.rows) == 8
    assert all(abs(row.z) < 4 for row in found.rows)
    assert found.table().count("\n") == 9
    assert found.to_dict()["rows"][2]["exact"] == "7/8"


def test_dependent_rows_have_more_stable_states():
    """The formula needs independent rows: with symmetric weights the same comparison fails."""
    counts = stable_counts(8, 200, np.random.default_rng(0), symmetric=True)
    error = counts.std(ddof=1) / np.sqrt(200)
    assert counts.mean() - float(expected_count(8, "free", "zero")) > 4 * error


@pytest.mark.parametrize(("bias", "diag"), [("free", "free"), ("free", "zero"), ("zero", "free"), ("zero", "zero")])
def test_the_enumeration_is_the_exact_one(bias, diag):
    N, rng, again = 5, np.random.default_rng(4), np.random.default_rng(4)
    counts = stable_counts(N, 20, rng, bias=bias, diag=diag)
    for count in counts:
        W = again.standard_normal((N, N))
        if diag == "zero":
            np.fill_diagonal(W, 0)
        b = again.standard_normal(N) * np.sqrt(N) / 2 if bias == "free" else np.zeros(N)
        assert len(stable_and_marginal(ThresholdNetwork.of(W.tolist(), b.tolist()))[0]) == count


@pytest.mark.parametrize(("P", "n"), [(1, 1), (3, 1), (3, 2), (4, 2), (5, 3), (6, 2), (6, 4)])
def test_dichotomies_are_counted_exactly(P, n):
    """All 2^P signs of points in general position, each decided exactly; the moment curve has its points so."""
    points = [[k**power for power in range(n)] for k in range(1, P + 1)]
    solved = 0
    for signs in product((1, -1), repeat=P):
        rows = tuple(tuple(s * v for v in point) for s, point in zip(signs, points, strict=True))
        solved += isinstance(decide(Row(0, tuple(range(n)), (0,) * n, rows)), Solution)
    assert solved == cover_count(P, n)


def test_known_capacities():
    assert [cover_count(4, n) for n in (1, 2, 3, 4, 9)] == [2, 8, 14, 16, 16]
    for n in range(1, 8):
        assert capacity_probability(2 * n, n) == Fraction(1, 2)
        assert capacity_probability(n, n, signed=True) == Fraction(1, 2)
        assert capacity_probability(n, n) == 1
    assert cover_count(9, 5) == 2 * sum(comb(8, k) for k in range(5))


@pytest.mark.parametrize("options", [{}, {"bias": "zero"}, {"bias": "zero", "signed": True}])
def test_capacity_of_points_in_general_position(options):
    found = row_capacity(8, (1.0, 2.0), draws=60, gaussian=True, **options)
    assert all(abs(row.z) < 4 for row in found.rows)


def test_patterns_of_small_networks_deviate_from_the_count():
    (row,) = row_capacity(10, (1.5,), draws=100).rows
    assert row.z < -4
    assert row.exact == capacity_probability(15, 10)
    assert "finite N" in row_capacity(4, (1.0,), draws=2).table()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: expected_count(3, "none", "zero"), "bias and diag must be"),
        (lambda: expected_count(3, "zero", "nonpositive"), "bias and diag must be"),
        (lambda: stable_state_count((40,)), "N = 40"),
        (lambda: stable_state_count((4,), draws=1), "draws = 1"),
        (lambda: row_capacity(1), "N = 1"),
        (lambda: row_capacity(5, (-1.0,)), "loads"),
        (lambda: row_capacity(5, signed=True), "bias = zero"),
    ],
)
def test_unusable_questions_are_named(call, sentence):
    with pytest.raises(InputError, match=sentence):
        call()


@pytest.mark.heavy
def test_many_random_networks():
    assert all(abs(row.z) < 4 for row in stable_state_count((4, 8, 12), draws=1500, seed=1).rows)


@pytest.mark.heavy
@pytest.mark.parametrize("options", [{}, {"bias": "zero"}, {"bias": "zero", "signed": True}])
def test_capacity_of_many_draws(options):
    found = row_capacity(20, (0.5, 1.5, 2.0), draws=400, gaussian=True, **options)
    assert all(abs(row.z) < 4 for row in found.rows)
