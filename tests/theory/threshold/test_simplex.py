"""Exact answers about strict inequalities and linear programs, against definitions and an independent solver."""

import random
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from theory.threshold.simplex import Obstruction, Optimum, Ray, Witness, feasible, holds, maximize

BOUNDS = {1: (0, None), -1: (None, 0), 0: (0, 0), None: (None, None)}


def systems(seed, count, signs=(1, -1, 0, None, None)):
    rng = random.Random(seed)
    for _ in range(count):
        P, n = rng.randint(1, 7), rng.randint(1, 6)
        rows = [[Fraction(rng.randint(-2, 2), rng.choice((1, 1, 2, 3))) for _ in range(n)] for _ in range(P)]
        yield rows, [rng.choice(signs) for _ in range(n)]


def solvable(rows, signs):
    """The same question to HiGHS."""
    A = np.array(rows, float)
    found = linprog(np.zeros(A.shape[1]), A_ub=-A, b_ub=-np.ones(len(A)), bounds=[BOUNDS[s] for s in signs])
    return found.status == 0


@pytest.mark.parametrize("count", [150, pytest.param(3000, marks=pytest.mark.heavy)])
def test_exactly_one_alternative_holds_and_an_independent_solver_agrees(count):
    kinds = {Witness: 0, Obstruction: 0}
    for rows, signs in systems(1, count):
        answer = feasible(rows, signs)
        kinds[type(answer)] += 1
        assert holds(answer, rows, signs)
        assert isinstance(answer, Witness) == solvable(rows, signs)
    assert min(kinds.values()) > count / 4


@pytest.mark.parametrize("count", [200, pytest.param(3000, marks=pytest.mark.heavy)])
def test_obstructions_of_free_entries_are_minimal(count):
    seen = 0
    for rows, signs in systems(2, count, (None, None, None, 0)):
        answer = feasible(rows, signs)
        if isinstance(answer, Obstruction):
            seen += 1
            for left_out in answer.support:
                others = [rows[i] for i in answer.support if i != left_out]
                assert not others or isinstance(feasible(others, signs), Witness)
    assert seen > count / 5


def test_answers_are_normalized():
    for rows, signs in systems(3, 200):
        answer = feasible(rows, signs)
        if isinstance(answer, Witness):
            assert min(sum(a * v for a, v in zip(row, answer.x, strict=True)) for row in rows) == 1
        else:
            assert np.gcd.reduce(answer.y) == 1
            assert len(answer.support) <= len(signs) + 1


def test_altered_answers_do_not_hold():
    """The check is by definition: whatever breaks a sign, a row or a sum is refused."""
    rows, signs = [[1, -1, 0], [0, 1, 1]], (1, 1, None)
    assert holds(Witness((Fraction(2), Fraction(1), Fraction(0))), rows, signs)
    assert not holds(Witness((Fraction(2), Fraction(-1), Fraction(3))), rows, signs)
    assert not holds(Witness((Fraction(2), Fraction(3, 2), Fraction(0))), rows, signs)
    rows = [[1, -1, 0], [-1, 1, 0], [-1, 0, 1]]
    assert holds(Obstruction((1, 1, 0)), rows, (1, 1, None))
    assert holds(Obstruction((0, 0, 1)), rows, (1, 1, 0))
    assert not holds(Obstruction((0, 0, 1)), rows, (1, 1, None))
    assert not holds(Obstruction((0, 0, 1)), rows, (1, -1, 1))
    assert not holds(Obstruction((0, 0, 0)), rows, (1, 1, None))
    assert not holds(Obstruction((-1, 1, 0)), rows, (0, 0, 0))


def test_no_column_and_no_choice():
    assert feasible([[], []], ()) == Obstruction((1, 0)) or feasible([[], []], ()) == Obstruction((0, 1))
    assert isinstance(feasible([[1]], (-1,)), Obstruction)
    assert feasible([[-3]], (-1,)) == Witness((Fraction(-1, 3),))


@pytest.mark.parametrize("count", [100, pytest.param(1500, marks=pytest.mark.heavy)])
def test_linear_programs(count):
    rng, kinds = random.Random(4), {Optimum: 0, Ray: 0}
    for _ in range(count):
        m, n = rng.randint(0, 6), rng.randint(1, 5)
        A = [[Fraction(rng.randint(-2, 4), rng.choice((1, 2))) for _ in range(n)] for _ in range(m)]
        b = [Fraction(rng.choice((0, 0, 1, 2, 3))) for _ in range(m)]
        c = [Fraction(rng.randint(-2, 3)) for _ in range(n)]
        answer = maximize(c, A, b)
        kinds[type(answer)] += 1
        bounded = {"A_ub": np.array(A, float).reshape(m, n), "b_ub": np.array(b, float)} if m else {}
        other = linprog(-np.array(c, float), **bounded)
        assert isinstance(answer, Optimum) == (other.status == 0)
        if isinstance(answer, Optimum):
            assert float(answer.value) == pytest.approx(-other.fun, abs=1e-9)
    assert min(kinds.values()) > count / 10
    with pytest.raises(ValueError, match="origin"):
        maximize([1], [[1]], [-1])


def test_a_program_in_which_the_largest_coefficient_alone_goes_round_for_ever():
    """Beale 1955: six degenerate bases in a circle."""
    A = [["1/4", -60, "-1/25", 9], ["1/2", -90, "-1/50", 3], [0, 0, 1, 0]]
    found = maximize([Fraction(3, 4), -150, Fraction(1, 50), -6], [[Fraction(a) for a in r] for r in A], [0, 0, 1])
    assert found.value == Fraction(1, 20)


@pytest.mark.heavy
def test_patterns_of_fifty_units():
    rng = random.Random(5)
    for P in (60, 90, 120):
        patterns = [[rng.randint(0, 1) for _ in range(50)] for _ in range(P)]
        rows = [[(2 * s[0] - 1) * v for v in (*s[1:], 1)] for s in patterns]
        for signs in ([None] * 50, [rng.choice((1, 1, 1, -1)) for _ in range(50)]):
            assert isinstance(feasible(rows, signs), Witness) == solvable(rows, signs)
