"""What certifies a stable state, against its definition: how much may change before it is none."""

from fractions import Fraction
from itertools import combinations, product
from random import Random

import pytest

from theory.errors import InputError
from theory.threshold.every_state import stable_and_marginal
from theory.threshold.network import ThresholdNetwork


def drawn(seed):
    draw = Random(seed)
    N = draw.randint(2, 6)
    return draw, ThresholdNetwork.of(
        [[Fraction(draw.randint(-6, 6), draw.randint(1, 3)) for _ in range(N)] for _ in range(N)],
        [Fraction(draw.randint(-6, 6), draw.randint(1, 3)) for _ in range(N)],
    )


def perturbed(network, state, size, harm):
    """Every entry changed by at most `size`; `harm(i)` is +1 or -1 for the worst or the best change, or a number between."""
    return ThresholdNetwork.of(
        [[w - harm() * size * (2 * s - 1) for w in row] for row, s in zip(network.W, state, strict=True)],
        [b - harm() * size * (2 * s - 1) for b, s in zip(network.b, state, strict=True)],
    )


@pytest.mark.parametrize("seed", range(40))
def test_entries_may_change_by_the_robustness_and_no_more(seed):
    draw, network = drawn(seed)
    for state in stable_and_marginal(network)[0]:
        radius = network.certificate(state).robustness
        for _ in range(5):
            below = radius * Fraction(99, 100)
            assert perturbed(network, state, below, lambda: Fraction(draw.randint(-8, 8), 8)).is_stable(state)
        assert perturbed(network, state, radius * Fraction(999, 1000), lambda: 1).is_stable(state)
        assert not perturbed(network, state, radius, lambda: 1).is_stable(state)


@pytest.mark.parametrize("seed", range(40))
def test_the_radius_of_correction_counts_states_with_right_fields(seed):
    _, network = drawn(seed)
    for state in stable_and_marginal(network)[0]:
        needed = [2 * s - 1 for s in state]

        def right(flipped, state=state, needed=needed):
            cue = [1 - s if i in flipped else s for i, s in enumerate(state)]
            return all(d * h > 0 for d, h in zip(needed, network.fields(cue), strict=True))

        bad = [len(f) for r in range(network.N + 1) for f in combinations(range(network.N), r) if not right(f)]
        assert network.certificate(state).correction == min(bad, default=network.N + 1) - 1


@pytest.mark.parametrize("seed", range(20))
def test_sign_classes_hold_for_random_magnitudes(seed):
    draw, network = drawn(seed)
    sampled = [
        ThresholdNetwork.of(
            [[w * Fraction(draw.randint(1, 50), 10) for w in row] for row in network.W],
            [b * Fraction(draw.randint(1, 50), 10) for b in network.b],
        )
        for _ in range(6)
    ]
    for state in product((0, 1), repeat=network.N):
        stable = [other.is_stable(state) for other in sampled]
        assert {"required": all(stable), "permitted": True, "forbidden": not any(stable)}[network.sign_class(state)]


@pytest.mark.parametrize(
    ("W", "b", "sentence"),
    [
        (None, None, "no list of rational numbers"),
        ([], [], "0 rows, 0 biases"),
        ([[1], [1, 2]], None, "not N rows of N numbers"),
        ([[1]], [1, 2], "1 rows, 2 biases"),
        ([[float("nan")]], None, "no list of rational numbers"),
        ([["1/0"]], None, "no list of rational numbers"),
    ],
)
def test_no_network_of_other_numbers(W, b, sentence):
    with pytest.raises(InputError, match=sentence):
        ThresholdNetwork.of(W, b)
