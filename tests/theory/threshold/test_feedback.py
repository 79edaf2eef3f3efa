"""Cycles and bounds against all cycles and all states."""

from itertools import combinations, permutations, product
from math import prod
from random import Random

import pytest

from tests import random_threshold as random
from theory.threshold.feedback import (
    bounds,
    has_negative_cycle,
    positive_cycle,
    positive_feedback_set,
    strong_components,
)
from theory.threshold.network import ThresholdNetwork

MANY = pytest.mark.parametrize("count", [60, pytest.param(1200, marks=pytest.mark.heavy)])


def stable(network):
    return [s for s in product((0, 1), repeat=network.N) if network.is_stable(s)]


def cycles(network, units):
    """All cycles among some units with their signs."""
    for k in range(1, len(units) + 1):
        for chosen in combinations(units, k):
            for rest in permutations(chosen[1:]):
                path = (chosen[0], *rest)
                weight = prod(network.W[path[(m + 1) % k]][path[m]] for m in range(k))
                if weight:
                    yield path, weight > 0


def sparse(rng, N):
    density = rng.choice((0.3, 0.5))
    W = [[rng.randint(-3, 3) if rng.random() < density else 0 for _ in range(N)] for _ in range(N)]
    return ThresholdNetwork.of(W, random.network(rng, N).b)


@MANY
def test_positive_and_negative_cycles_against_all_cycles(count):
    rng, kinds = Random(17), set()
    for _ in range(count):
        network = sparse(rng, rng.randint(1, 5))
        units = sorted(rng.sample(range(network.N), rng.randint(1, network.N)))
        some = list(cycles(network, units))
        found = positive_cycle(network, units)
        positive = {path for path, sign in some if sign}
        assert (found is not None) == bool(positive)
        assert found is None or any(found[k:] + found[:k] in positive for k in range(len(found)))
        everywhere = list(cycles(network, range(network.N)))
        assert has_negative_cycle(network) == any(not sign for _, sign in everywhere)
        assert {i for part in strong_components(network) for i in part} == {i for path, _ in everywhere for i in path}
        smallest = positive_feedback_set(network)
        hit = [set(c) for k in range(network.N + 1) for c in combinations(range(network.N), k)]
        least = next(c for c in hit if all(c & set(path) for path, sign in everywhere if sign))
        assert len(smallest) == len(least)
        assert all(set(smallest) & set(path) for path, sign in everywhere if sign)
        kinds.add((bool(positive), has_negative_cycle(network)))
    assert len(kinds) == 4


@MANY
def test_cycles_and_stable_states(count):
    """No negative cycle: a stable state. Two stable states: a positive cycle among the units in which they differ."""
    rng, without, pairs = Random(16), 0, 0
    for _ in range(count):
        network = sparse(rng, rng.randint(1, 5))
        states = stable(network)
        if not has_negative_cycle(network):
            without += 1
            assert states
        for s, t in combinations(states, 2):
            pairs += 1
            assert positive_cycle(network, [i for i in range(network.N) if s[i] != t[i]])
        if positive_cycle(network) is None:
            assert len(states) <= 1
    assert without > count / 5 and pairs > count / 20


@MANY
def test_no_network_has_more_stable_states_than_its_bounds(count):
    rng, tight = Random(11), 0
    for _ in range(count):
        N, rank = rng.randint(1, 5), rng.randint(0, 2)
        low, high = rng.choice(((-3, 3), (-3, 0)))
        left, right = ([[rng.randint(low, high) for _ in range(rank)] for _ in range(N)] for _ in range(2))
        sign = -1 if high == 0 else 1
        W = [[sign * sum(a * c for a, c in zip(left[i], right[j], strict=True)) for j in range(N)] for i in range(N)]
        network = ThresholdNetwork.of(W, random.network(rng, N).b if rng.random() < 0.6 else None)
        number = len(stable(network))
        found = bounds(network)
        assert number <= found[0].value
        assert [b.value for b in found] == sorted(b.value for b in found)
        if high == 0:  # an antichain
            assert "antichain" in {b.name for b in found}
            states = stable(network)
            assert not any(s != t and all(p <= q for p, q in zip(s, t, strict=True)) for s in states for t in states)
        tight += number == found[0].value
    assert tight > count / 10


@pytest.mark.parametrize("N", [4, 5, pytest.param(7, marks=pytest.mark.heavy)])
def test_the_antichain_bound_is_attained_by_winners(N):
    network = ThresholdNetwork.of([[-(i != j) for j in range(N)] for i in range(N)], [f"{2 * (N // 2) - 1}/2"] * N)
    assert {b.name: b.value for b in bounds(network)}["antichain"] == len(stable(network))


def test_a_dense_network_is_not_searched_for_ever():
    rng = Random(4)
    network = random.network(rng, 14)
    assert bounds(network)[0].value <= 2**14
    units = positive_feedback_set(network)
    assert positive_cycle(network, set(range(14)) - set(units)) is None
