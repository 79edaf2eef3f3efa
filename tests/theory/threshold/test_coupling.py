"""Criteria for combined states and modules against the definition of a stable state."""

from fractions import Fraction
from itertools import combinations, product
from random import Random

import pytest

from tests import random_threshold as random
from theory.errors import InputError
from theory.threshold.coupling import (
    bias_intervals,
    biases,
    complement,
    coupling_table,
    difference,
    intersection,
    union,
)
from theory.threshold.network import ThresholdNetwork

MANY = pytest.mark.parametrize("count", [80, pytest.param(1500, marks=pytest.mark.heavy)])


def stable(network):
    return [s for s in product((0, 1), repeat=network.N) if network.is_stable(s)]


def network_of(rng, N):
    """Of one sign, with and without biases, and any; half of the weights are integers, so that fields vanish too."""
    kind = rng.choice(("any", "any", "excitatory", "inhibitory", "balanced"))
    low, high = {"excitatory": (0, 3), "inhibitory": (-3, 0)}.get(kind, (-3, 3))
    W = [[rng.randint(low, high) + (3 * (i == j) if kind == "any" else 0) for j in range(N)] for i in range(N)]
    if kind == "balanced":
        return ThresholdNetwork.of(W, [Fraction(-sum(row), 2) for row in W])
    return ThresholdNetwork.of(W, [Fraction(rng.randint(-4, 4), 2) if rng.random() < 0.6 else 0 for _ in range(N)])


@MANY
def test_two_stable_states_satisfy_the_difference_condition_and_their_combinations_are_decided(count):
    rng, seen = Random(18), {True: 0, False: 0}
    for _ in range(count):
        network = network_of(rng, rng.randint(2, 4))
        states = stable(network)
        for s, t in combinations(states, 2):
            assert min(difference(network, s, t).values()) > 0
            for found in (union(network, s, t), intersection(network, s, t), complement(network, s)):
                assert found.stable == network.is_stable(found.state)
                assert found.stable == (not found.units)
                h = network.fields(found.state)
                assert all((2 * found.state[i] - 1) * h[i] <= 0 for i in found.units)
                seen[found.stable] += 1
    assert min(seen.values()) > count / 4


@MANY
def test_biases_that_make_states_stable(count):
    rng, seen = Random(10), 0
    for _ in range(count):
        network = random.network(rng, rng.randint(2, 4))
        states = rng.sample(list(product((0, 1), repeat=network.N)), 2)
        found = biases(network, states)
        assert (found is not None) == all(x > 0 for x in difference(network, *states).values())
        if found is not None:
            seen += 1
            assert all(map(ThresholdNetwork(network.W, found).is_stable, states))
        for i, (low, high) in enumerate(bias_intervals(network, states)):
            for end in (low, high):
                if end is not None:
                    b = tuple(end if k == i else x for k, x in enumerate(network.b))
                    assert not all(map(ThresholdNetwork(network.W, b).is_stable, states))
    assert seen > count / 8


@MANY
def test_coupling_tables_hold_all_stable_states(count):
    rng, safe, lost = Random(19), 0, 0
    for _ in range(count):
        N, weak = rng.randint(2, 5), rng.choice((Fraction(0), Fraction(1, 20), Fraction(1)))
        first = set(range(rng.randint(1, N - 1)))
        full = random.network(rng, N)
        W = [
            [w if (i in first) == (j in first) else w * weak for j, w in enumerate(row)] for i, row in enumerate(full.W)
        ]
        network = ThresholdNetwork.of(W, full.b)
        table = coupling_table(network, sorted(first))
        products = {s + t for s, t in product(*table.states)}
        survivors = {
            s + t
            for s, row in zip(table.states[0], table.survives, strict=True)
            for t, fine in zip(table.states[1], row, strict=True)
            if fine
        }
        assert survivors == products & set(stable(network))
        assert not table.safe or survivors == products
        assert weak or (table.safe and products == set(stable(network)))
        safe += table.safe
        lost += survivors != products
    assert safe > count / 3 and lost > count / 20


def test_the_views():
    network = ThresholdNetwork.of([[2, 0], [1, 2]], [-1, -1])
    table = coupling_table(network, [0])
    assert table.rows == ("     0    1", "0  yes  yes", "1   no  yes")
    assert table.data["survives"] == [[True, True], [False, True]] and not table.data["safe"]
    assert union(network, (0, 0), (1, 1)).data["criterion"] == "one of the states contains the other"
    with pytest.raises(InputError, match="10 is no stable state"):
        union(network, (1, 0), (0, 1))
