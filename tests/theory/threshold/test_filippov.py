"""Walls, ties and Filippov equilibria: against definitions, degree theory and worked examples."""

from fractions import Fraction
from itertools import combinations, product
from random import Random

import pytest

from tests import random_threshold as random
from theory.errors import DomainError, InputError
from theory.threshold.algebra import exact
from theory.threshold.filippov import (
    CROSSING,
    DEGENERATE,
    REPELLING,
    SLIDING,
    box_solutions,
    filippov_equilibria,
    is_p_matrix,
    region_map,
    wall,
)
from theory.threshold.network import ThresholdNetwork, state_of, text_of

# W, b, outputs and indices of the regular equilibria, whether there are no others
WORKED = {
    "self-excitation": ([["2"]], ["-1"], {"0": 1, "1": 1, "1/2": -1}, True),
    "self-inhibition": ([["-2"]], ["1"], {"1/2": 1}, True),
    "toggle": ([["0", "-1"], ["-1", "0"]], ["1/2", "1/2"], {"0 1": 1, "1 0": 1, "1/2 1/2": -1}, True),
    "negative loop": ([["0", "1"], ["-1", "0"]], ["-1/2", "1/2"], {"1/2 1/2": 1}, True),
    "cliques of a path": (
        [["1", "0", "-1", "-1"], ["0", "1", "0", "-1"], ["-1", "0", "1", "0"], ["-1", "-1", "0", "1"]],
        ["0"] * 4,
        {"0 0 1 1": 1, "0 1 1 0": 1, "1 1 0 0": 1},
        False,
    ),
    "symmetric": (
        [["1", "2", "-3", "1"], ["2", "0", "1", "-2"], ["-3", "1", "2", "1"], ["1", "-2", "1", "0"]],
        ["1/2", "-1/2", "1/2", "-1/2"],
        {
            "0 0 1 1": 1,
            "0 1 1 0": 1,
            "0 1/4 1 1/4": -1,
            "1 0 0 1": 1,
            "1 1 0 0": 1,
            "1 1 1 0": 1,
            "1 1 3/4 0": -1,
            "1 1/4 0 3/4": -1,
            "1/2 1 1 0": -1,
            "3/4 3/8 1 1": -1,
            "7/12 13/24 1 5/6": 1,
        },
        False,
    ),
}


@pytest.mark.parametrize("name", WORKED)
def test_worked_equilibria(name):
    W, b, expected, regular = WORKED[name]
    found = filippov_equilibria(ThresholdNetwork.of(W, b))
    assert {" ".join(map(str, p.u)): p.index for p in found.regular} == expected
    assert (not found.degenerate) == regular
    assert found.index_sum == sum(expected.values())
    assert found.data["filippov_nondegenerate"] == regular


def is_equilibrium(network, u, y):
    return network.fields(u) == y and all(
        0 <= a <= 1 if x == 0 else a == (x > 0) for a, x in zip(u, y, strict=True)
    )  # fmt: skip


@random.seeds
def test_equilibria_of_random_networks(seed):
    """Existence, definition, the index sum, and the binary ones among them."""
    rng = Random(seed)
    for _ in range(25):
        network = random.network(rng, rng.randint(1, 4))
        found = filippov_equilibria(network)
        assert found.regular
        assert not found.degenerate
        assert found.index_sum == 1
        assert len(found.regular) % 2 == 1
        assert all(is_equilibrium(network, p.u, p.y) for p in found.regular)
        states = {text_of(s) for s in product((0, 1), repeat=network.N) if network.is_stable(s)}
        assert {"".join(map(str, p.u)) for p in found.regular if set(p.u) <= {0, 1}} == states
        assert all(p.index == 1 for p in found.regular if set(p.u) <= {0, 1})


@random.seeds
def test_equilibria_of_small_integers_exist(seed):
    """Ties and singular matrices abound, and still a solution exists, and every corner found is one."""
    rng = Random(seed)
    for _ in range(30):
        N = rng.randint(1, 4)
        network = ThresholdNetwork.of(
            [[rng.randint(-1, 1) for _ in range(N)] for _ in range(N)], [rng.randint(-1, 1) for _ in range(N)]
        )
        found = filippov_equilibria(network)
        points = found.regular + found.degenerate
        assert points
        assert all(is_equilibrium(network, p.u, p.y) for p in points)
        marginal = {s for s in product((0, 1), repeat=N) if network.is_marginal(s)}
        assert marginal <= {p.u for p in found.degenerate}


def minors(M):
    n = len(M)
    for size in range(1, n + 1):
        for rows in combinations(range(n), size):
            yield exact([[M[i][j] for j in rows] for i in rows], size).det()


@random.seeds
def test_p_matrices_have_one_equilibrium(seed):
    rng = Random(5 + 100 * seed)
    seen = 0
    for _ in range(120):
        N = rng.randint(1, 3)
        M = [[Fraction(rng.randint(-3, 3) + 3 * (i == j)) for j in range(N)] for i in range(N)]
        assert is_p_matrix(M) == all(minor > 0 for minor in minors(M))
        if not is_p_matrix(M):
            continue
        seen += 1
        network = ThresholdNetwork.of([[-x for x in row] for row in M], [random.number(rng) for _ in range(N)])
        found = filippov_equilibria(network)
        assert len(found.regular + found.degenerate) == 1
    assert seen > 30


@random.seeds
def test_walls_are_the_box_problem_of_one_unit(seed):
    rng = Random(11 + 100 * seed)
    kinds = set()
    for _ in range(200):
        network = random.network(rng, rng.randint(1, 4))
        unit, s = rng.randrange(network.N), random.state(rng, network.N)
        found = wall(network, unit, s)
        kinds.add(found.kind)
        w, low = network.W[unit][unit], found.low
        solutions = box_solutions([[w]], [low])
        outputs = {x.u[0] for x in solutions}
        if found.kind == CROSSING:
            assert low * (low + w) > 0
            assert outputs == {Fraction(int(low > 0))}
        elif found.kind == SLIDING:
            assert w < 0
            assert outputs == {found.sliding_output} == {low / abs(w)}
        else:
            assert w > 0
            assert outputs == {0, 1, -low / w}
    assert kinds == {CROSSING, SLIDING, REPELLING}
    assert wall(ThresholdNetwork.of([[1]], [-1]), 0, (0,)).kind == DEGENERATE


def test_region_map():
    found = region_map(ThresholdNetwork.of([[-2, 0], [1, 2]], [1, "-3/2"]))
    assert len(found.focal_points) == 4
    assert len(found.walls) == 4
    assert {(w.unit, text_of(w.below), w.kind) for w in found.walls} == {
        (0, "00", SLIDING),
        (0, "01", SLIDING),
        (1, "00", REPELLING),
        (1, "10", REPELLING),
    }
    assert found.focal_points[state_of("11")] == (-1, Fraction(3, 2))
    assert found.data["walls"][0]["u"] == "1/2"
    with pytest.raises(InputError, match="N = 12"):
        region_map(ThresholdNetwork.of([[0] * 13] * 13))


def test_a_continuum_of_solutions_is_given_by_its_corners():
    found = box_solutions([[Fraction(0)]], [Fraction(0)])
    assert {s.u for s in found} == {(0,), (1,)}
    assert {s.index for s in found} == {0}
    W = [[Fraction(1), Fraction(-1)], [Fraction(1), Fraction(-1)]]  # u1 = u0 everywhere
    assert {s.u for s in box_solutions(W, [Fraction(0)] * 2)} >= {(0, 0), (1, 1)}


def test_too_many_cases_are_refused():
    with pytest.raises(DomainError, match="9 units at zero have more than 20000 cases"):
        filippov_equilibria(ThresholdNetwork.of([[0] * 9] * 9))
