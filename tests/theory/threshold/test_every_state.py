"""Every state, decided half of the units at a time, against the definition."""

from itertools import product
from random import Random

import pytest

from theory.threshold.every_state import stable_and_marginal
from theory.threshold.network import ThresholdNetwork


@pytest.mark.parametrize("seed", range(60))
def test_each_state_is_decided_by_its_definition(seed):
    draw = Random(seed)
    N = 1 + seed % 7
    network = ThresholdNetwork.of(
        [[draw.randint(-2, 2) for _ in range(N)] for _ in range(N)], [draw.randint(-2, 2) for _ in range(N)]
    )
    states = list(product((0, 1), repeat=N))
    stable, marginal = stable_and_marginal(network)
    assert stable == tuple(s for s in states if network.is_stable(s))
    assert marginal == tuple(s for s in states if network.is_marginal(s))


def test_numbers_of_any_size_are_exact():
    huge = 10**30
    network = ThresholdNetwork.of([[huge + 1, -huge], [-huge, huge + 1]], ["-1/3", "-2/3"])
    assert stable_and_marginal(network) == (((0, 0), (0, 1), (1, 0), (1, 1)), ())
    assert stable_and_marginal(ThresholdNetwork.of(network.W, [-1, -1])) == (((0, 0), (0, 1), (1, 0)), ((1, 1),))
