"""All stable states: every method against the definition, on given instances and on random networks with ties."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.algorithms import stablestates, thresholdsearch
from numerics.algorithms.stablestates import SEARCHES, integer_rows, stable_states
from numerics.algorithms.thresholdsearch import SignBounds, ThresholdRows
from theory.threshold.network import ThresholdNetwork, text_of

ALWAYS = ("auto", "brute", "tree", "product", "milp")
INSTANCES = {
    "bistable": ([[2]], [-1], "0 1", ""),
    "toggle": ([[0, -1], [-1, 0]], ["1/2", "1/2"], "01 10", ""),
    "spiral": ([[0, 1], [-1, 0]], ["-1/2", "1/2"], "", ""),
    "positive ring": ([[0, 0, 2], [2, 0, 0], [0, 2, 0]], [-1, -1, -1], "000 111", ""),
    "maximal cliques of a path": (
        [[1, 0, -1, -1], [0, 1, 0, -1], [-1, 0, 1, 0], [-1, -1, 0, 1]],
        [0] * 4,
        "0011 0110 1100",
        "0000 0001 0010 0100 0101 0111 1000 1001 1010 1110",
    ),
    "all forced": ([[3, -1, -1], [-1, 3, -1], [-1, -1, 3]], [0] * 3, "001 010 011 100 101 110 111", "000"),
    "complements": (
        [[0, 0, 0, -2], [0, 0, -2, 0], [0, -2, 0, 0], [-2, 0, 0, 0]],
        [1] * 4,
        "0011 0101 1010 1100",
        "",
    ),
    "excitatory and inhibitory": (
        [[4, 0, 1, -3], [0, 4, 3, -2], [0, 0, 3, -1], [3, 2, 0, 0]],
        [0] * 4,
        "0101 0111 1001 1101 1111",
        "0000 0001",
    ),
    "symmetric": (
        [[1, 2, -3, 1], [2, 0, 1, -2], [-3, 1, 2, 1], [1, -2, 1, 0]],
        ["1/2", "-1/2", "1/2", "-1/2"],
        "0011 0110 1001 1100 1110",
        "",
    ),
    "formula": (
        [
            [2, 0, 0, 0, 0, 0],
            [0, 2, 0, 0, 0, 0],
            [1, 1, 0, 0, 0, 0],
            [-1, 1, 0, 0, 0, 0],
            [0, 0, -3, 0, -2, 0],
            [0, 0, 0, -3, 0, -2],
        ],
        [-1, -1, "-1/2", "1/2", 1, 1],
        "011100 111100",
        "",
    ),
    "modules": (
        [[2, -1, 0, 0], [-1, 2, 0, 0], [0, 0, 0, -1], [0, 0, -1, 0]],
        ["-1/2", "-1/2", "1/2", "1/2"],
        "0001 0010 0101 0110 1001 1010 1101 1110",
        "",
    ),
}


def by_definition(W, b):
    network = ThresholdNetwork.of(W, b)
    states = list(product((0, 1), repeat=network.N))
    return (
        [text_of(s) for s in states if network.is_stable(s)],
        [text_of(s) for s in states if network.is_marginal(s)],
    )


def expect(W, b, stable, marginal, methods=SEARCHES):
    """Every method finds these; those that do not apply, or do not claim to be complete, find no others."""
    for method in methods:
        try:
            found = stable_states(W, b, method)
        except ValueError:
            assert method in ("sweep", "cooperative")
            continue
        if method in ALWAYS or found["complete"]:
            assert (found["stable"], found["marginal"]) == (stable, marginal), method
        assert set(found["stable"]) <= set(stable) and set(found["marginal"]) <= set(marginal)


@pytest.mark.parametrize("name", INSTANCES)
def test_instances(name):
    W, b, stable, marginal = INSTANCES[name]
    assert by_definition(W, b) == (stable.split(), marginal.split())
    expect(W, b, stable.split(), marginal.split())


@st.composite
def networks(draw):
    """Small networks whose fields often vanish: few different numbers, rows of zeros, weights of rank 1."""
    N = draw(st.integers(1, 6))
    number = draw(st.sampled_from([st.integers(-2, 2), st.sampled_from([0.1, 0.2, -0.3, 0.0]), st.floats(-1, 1)]))
    b = draw(st.lists(number, min_size=N, max_size=N))
    if draw(st.integers(0, 3)) == 0:
        u, v = (draw(st.lists(st.integers(-2, 2), min_size=N, max_size=N)) for _ in "uv")
        return [[p * q for q in v] for p in u], b
    density = draw(st.floats(0, 1))
    keep = st.floats(0, 1).map(lambda share: share <= density)
    return [[draw(number) if draw(keep) else 0 for _ in range(N)] for _ in range(N)], b


@settings(max_examples=150, deadline=None)
@given(networks())
def test_every_method_agrees_with_the_definition(network):
    expect(*network, *by_definition(*network), methods=[m for m in SEARCHES if m != "milp"])


@settings(max_examples=15, deadline=None)
@given(networks())
def test_programming_agrees_with_the_definition(network):
    expect(*network, *by_definition(*network), methods=["milp"])


@pytest.mark.parametrize("seed", range(3))
def test_larger_networks_against_all_states(seed):
    rng = np.random.default_rng(seed)
    for N, W in (
        (14, rng.normal(size=(14, 14))),
        (13, rng.integers(-2, 3, size=(13, 13)) * (rng.random((13, 13)) < 0.4)),
        (15, np.triu(rng.integers(-2, 3, size=(15, 15))) + np.diag(rng.normal(size=14), -1) * (rng.random(15) < 0.3)),
    ):
        b = rng.integers(-1, 2, size=N) / 2 + (rng.normal(size=N) if N == 14 else 0)
        full = stable_states(W, b, "brute")
        for method in ("auto", "tree", "product"):
            found = stable_states(W, b, method)
            assert found["complete"] and (found["stable"], found["marginal"]) == (full["stable"], full["marginal"])


def test_fields_near_zero_are_exact():
    """0.1 + 0.2 - 0.3 is no zero in binary fractions; 1/10 + 1/5 - 3/10 is one; and both decide a state."""
    W = [[0, 0, 0], [0, 1, 0], [0.1, 0.2, 0]]
    b = [1, "1/2", -0.3]
    above = Fraction(0.1) + Fraction(0.2) - Fraction(0.3)
    assert above > 0 and stable_states(W, b)["stable"] == ["111"]
    tied = stable_states([[0, 0, 0], [0, 1, 0], ["1/10", "1/5", 0]], [1, "1/2", "-3/10"])
    assert tied["stable"] == [] and tied["marginal"] == ["110", "111"]
    huge = [[0, 10**40], [1, 0]]
    assert stable_states(huge, [1 - 10**40, "-1/2"])["stable"] == ["00", "11"]
    assert stable_states(huge, [-(10**40), "-1/2"], "tree")["marginal"] == ["11"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_bounds_drop_no_state(seed):
    """Whatever is decided in a partial state, every completion without a wrong sign is left."""
    rng = np.random.default_rng(seed)
    W, b = rng.integers(-3, 4, size=(6, 6)), rng.integers(-2, 3, size=6)
    stable, marginal = by_definition(W.tolist(), b.tolist())
    whole = np.array([[int(c) for c in text] for text in stable + marginal]).reshape(-1, 6)
    partial = np.where(rng.random((20, 6)) < 0.5, 0.5, rng.integers(0, 2, size=(20, 6)))
    narrowed, *_ = SignBounds(ThresholdRows(*integer_rows(W, b))).narrowed(partial, np.zeros_like(partial))

    def count(states):
        fits = np.abs(states[:, None, :] - whole[None]) <= 0.5
        return np.all(fits, axis=2).any(axis=0)

    assert np.array_equal(count(partial), count(narrowed))


@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize("strict", [False, True])
def test_the_search_in_either_precision(monkeypatch, precise, strict):
    """Also with stable states alone, and with numbers so unequal that single precision decides nothing."""
    monkeypatch.setattr(SignBounds, "COARSE", 1e9 if precise else 0)
    rng = np.random.default_rng(7)
    for W in (rng.normal(size=(11, 11)), rng.integers(-1, 2, (11, 11)), 2.0 ** rng.integers(-30, 30, (11, 11))):
        W, b = W * rng.choice([-1, 1], (11, 11)), rng.integers(-1, 2, 11) / 2
        network = ThresholdRows(*integer_rows(W, b), strict)
        assert SignBounds(network).precision == (np.float64 if precise else np.float32)
        found, every = (
            method(network, 10**5) for method in (thresholdsearch.by_search, thresholdsearch.by_brute_force)
        )
        assert found.complete and sorted(found.states.tolist()) == sorted(every.states.tolist())
        assert found.stable.sum() == every.stable.sum() and (not strict or np.all(found.stable))


def test_all_stable_states_where_there_are_too_many_marginal_ones(monkeypatch):
    """Maximal cliques of a graph of eight edges without common ends; marginal are all sets in which nobody misses two others."""
    W = np.kron(np.ones((8, 8)) - np.eye(8), np.full((2, 2), -1)) + np.eye(16)
    few = stable_states(W, np.zeros(16), "tree")
    monkeypatch.setattr(thresholdsearch, "AREA", 16)
    cut = stable_states(W, np.zeros(16), "tree", most=120)
    assert few["stable"] == cut["stable"] and len(few["stable"]) == 8 and len(few["marginal"]) == 1 + 16 + 112
    assert few["marginal_complete"] and not cut["marginal_complete"] and cut["complete"]
    assert set(cut["marginal"]) < set(few["marginal"])


def test_a_search_that_is_given_up_says_so(monkeypatch):
    rng = np.random.default_rng(5)
    W, b = rng.normal(size=(20, 20)), rng.normal(size=20)
    for method in ("tree", "brute", "product"):
        assert not stable_states(W, b, method, most=10)["complete"]
    monkeypatch.setattr(thresholdsearch, "MOST_STATES", 100)
    monkeypatch.setattr(stablestates, "MOST_STATES", 100)
    free = np.eye(20), np.full(20, -0.5)
    for method in ("tree", "product"):
        found = stable_states(*free, method)
        assert not found["complete"] and all(text in ("0", "1") for text in "".join(found["stable"]))
    assert not stable_states(np.eye(2), [-0.5, -0.5], "milp")["complete"]


def test_an_acyclic_network_has_exactly_one_state():
    rng = np.random.default_rng(1)
    order = rng.permutation(60)
    W = np.tril(rng.normal(size=(60, 60)), -1)[np.ix_(order, order)]
    found = stable_states(W, rng.normal(size=60))
    assert found["method"] == "product" and found["complete"] and len(found["stable"]) == 1


def test_balanced_signs_have_a_least_and_a_greatest_state():
    rng = np.random.default_rng(2)
    flips, W = rng.integers(0, 2, size=12), rng.integers(0, 3, size=(12, 12)) * (rng.random((12, 12)) < 0.3)
    turned = 1 - 2 * flips
    b = turned * (W @ np.ones(12) * -0.5 + 0.25) - (turned[:, None] * W * turned) @ flips
    ends = stable_states(turned[:, None] * W * turned, b, "cooperative")
    every = stable_states(turned[:, None] * W * turned, b, "brute")["stable"]
    switched = [np.array([int(c) for c in text]) ^ flips for text in every]
    for text in ends["stable"]:
        one = np.array([int(c) for c in text]) ^ flips
        assert all(np.all(one <= s) for s in switched) or all(np.all(one >= s) for s in switched)
    assert len(ends["stable"]) == 2 and not ends["complete"]


@pytest.mark.parametrize(
    "W, b, method, said",
    [
        ([[1, 2]], [1], "auto", "N rows"),
        ([[1, 2], [3, 4]], [0, 0], "sweep", "rank 1"),
        ([[0, 1], [-1, 0]], [0, 0], "cooperative", "every cycle"),
        ([[1]], [0], "guess", "'guess' is none of auto"),
    ],
)
def test_refusals(W, b, method, said):
    with pytest.raises(ValueError, match=said):
        stable_states(W, b, method)
