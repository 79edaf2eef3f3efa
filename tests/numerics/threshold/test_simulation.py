"""Steep sigmoids against exact stable states, and a comparison that can fail."""

import json
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from numerics.compare.validation import validate
from numerics.simulate.simulation import simulate
from numerics.solve.solver import Solver
from numerics.threshold.integrator import SteepNetwork, random_starts
from numerics.threshold.simulation import compare_states
from tests.random_threshold import network as random_network
from theory.errors import InputError
from theory.threshold.network import ThresholdNetwork

TOGGLE = {"W": [[0, -1], [-1, 0]], "b": ["1/2", "1/2"]}
RING = {"W": [[0, 0, -1], [-1, 0, 0], [0, -1, 0]], "b": ["1/2"] * 3}
CLIQUES = {"W": [[1, 0, -1, -1], [0, 1, 0, -1], [-1, 0, 1, 0], [-1, -1, 0, 1]], "b": [0, 0, 0, 0]}


def altered(solution, stable, **more):
    return replace(solution, data={**solution.data, "stable": stable, **more})


@pytest.mark.parametrize("given", [TOGGLE, RING, {"W": [[-2]], "b": [1]}, {"W": [[0]], "b": [-3]}])
def test_steep_sigmoids_agree(given):
    solution, validation = validate("threshold", None, {"network": given})
    assert validation.ok and validation.verdict == "agree"
    assert sorted(validation.found) == solution.data["stable"]
    assert [row.observable for row in validation.rows] == [*solution.data["stable"], "others"]
    for row, certificate in zip(validation.rows, solution.data["certificates"], strict=False):
        assert row.simulation == pytest.approx(float(Fraction(certificate["signed_margin_min"])), rel=1e-9)
    json.dumps(validation.to_dict(), default=str)
    assert validation.table().endswith(validation.sentence)


def test_random_networks_agree():
    for seed in range(4):
        network = random_network(Random(seed), 4)
        solution, validation = validate("threshold", None, {"network": network}, seed=seed, starts=32)
        assert validation.verdict != "disagree", (network, validation.sentence)
        assert set(validation.found) <= set(solution.data["stable"])


def test_a_wrong_list_disagrees():
    solution = Solver("threshold").solve(network=TOGGLE)
    assert compare_states(solution, starts=8).verdict == "agree"
    missing = compare_states(altered(solution, ["01"]), starts=8)
    assert missing.verdict == "disagree" and "others (10)" in missing.sentence
    added = compare_states(altered(solution, ["01", "10", "11"]), starts=8)
    assert added.verdict == "disagree" and "11 (runs" in added.sentence
    other = compare_states(altered(solution, ["00", "10"]), starts=8)
    assert other.verdict == "disagree" and "00 (" in other.sentence and "others (01)" in other.sentence
    half = compare_states(altered(solution, ["01"], complete=False), starts=8)
    assert half.verdict == "inconclusive" and "was not complete" in half.sentence
    cycle = Solver("threshold").solve(network=RING)
    assert compare_states(altered(cycle, ["100"]), starts=8).verdict == "disagree"


def test_wrong_weights_disagree():
    solution = Solver("threshold").solve(network=TOGGLE)
    other = ThresholdNetwork.of([[0, 1], [1, 0]], ["-1/2", "-1/2"])
    wrong = replace(solution, parameters={**solution.parameters, "network": other})
    assert compare_states(wrong, starts=8).verdict == "disagree"


def test_a_margin_too_small_is_inconclusive():
    solution = Solver("threshold").solve(network={"W": [["1/100000", 1], [1, 0]], "b": [-1, "-1/2"]})
    assert solution.data["stable"] == ["00", "11"]
    found = compare_states(solution, starts=4)
    assert found.verdict == "inconclusive" and "the margin is too small" in found.sentence


def test_scaling_changes_nothing():
    network = ThresholdNetwork.of(TOGGLE["W"], TOGGLE["b"])
    huge = ThresholdNetwork.of([[w * 10**200 for w in row] for row in network.W], [b * 10**200 for b in network.b])
    small, large = SteepNetwork.of(network), SteepNetwork.of(huge)
    assert np.array_equal(small.W, large.W) and np.array_equal(small.b, large.b)


def test_starts():
    starts = random_starts(3, 20, 1)
    assert starts.shape == (3, 20) and len({tuple(column) for column in (starts > 0).T}) == 8
    assert np.array_equal(starts, random_starts(3, 20, 1)) and not np.array_equal(starts, random_starts(3, 20, 2))
    assert random_starts(40, 5, 0).shape == (40, 5)


def test_ends_of_many_runs():
    found = simulate("threshold", None, {"network": CLIQUES}, starts=64)
    data = found.to_dict()
    assert (
        {end["state"] for end in data["ends"]}
        == {"1100", "0110", "0011"}
        == set(Solver("threshold").solve(network=CLIQUES).data["stable"])
    )
    assert sum(end["share"] for end in data["ends"]) + data["between"] + data["moving"] == pytest.approx(1)
    assert "0011" in found.table()
    assert simulate("threshold", None, {"network": RING}, starts=8).to_dict()["moving"] == 1
    sliding = simulate("threshold", None, {"network": {"W": [[-2]], "b": [1]}}, starts=8).to_dict()
    assert sliding["between"] == 1 and sliding["ends"] == []


def test_trajectories():
    data = simulate("threshold", None, {"network": TOGGLE}, y0="1/3,-0.5").to_dict()
    assert data["status"] == "converged" and data["u_final"] == ["1", "0"] and data["y0"] == ["1/3", "-1/2"]
    assert simulate("threshold", None, {"network": RING}, cue="100").to_dict()["status"] == "cycle"
    capped = simulate("threshold", None, {"network": RING}, cue="100", events=5)
    assert capped.to_dict()["diagnostics"]["converged"] is False and "not known" in capped.sample.messages[-1]
    assert simulate("threshold", None, {"network": TOGGLE}, cue="10", form="R").to_dict()["states"] == ["10"]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"cue": "000"}, "cue = 000 has 3 units; the network has 2"),
        ({"y0": "1"}, "the point has 1 coordinates"),
        ({"y0": "1,1/0"}, r"y0: number 2 \('1/0'\): no rational number"),
        ({"y0": "1,1", "cue": "10"}, "does not lie in the region"),
        ({"form": "R"}, "give a cue"),
        ({"cue": "10", "starts": 3}, "leave cue and y0 out"),
    ],
)
def test_refusals(settings, sentence):
    with pytest.raises(InputError, match=sentence):
        simulate("threshold", None, {"network": TOGGLE}, **settings)
