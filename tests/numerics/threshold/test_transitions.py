"""The transition graph: against the definition, against networkx's words for it, and against exact trajectories."""

from itertools import product
from random import Random

import pytest

from numerics.threshold.trajectories import CONVERGED, trajectory
from numerics.threshold.transitions import transition_graph
from tests import random_threshold as random
from theory.errors import InputError
from theory.threshold.network import ThresholdNetwork, text_of

TOGGLE = ThresholdNetwork.of([[0, -1], [-1, 0]], ["1/2", "1/2"])
SPIRAL = ThresholdNetwork.of([[0, 1], [-1, 0]], ["-1/2", "1/2"])
RING = ThresholdNetwork.of([[0, 0, 2], [2, 0, 0], [0, 2, 0]], [-1, -1, -1])
PATH = ThresholdNetwork.of([[1, 0, -1, -1], [0, 1, 0, -1], [-1, 0, 1, 0], [-1, -1, 0, 1]])


@pytest.mark.parametrize(
    "network, cue, terminal, acyclic, reachable",
    [
        (TOGGLE, (0, 0), ["01", "10"], True, 3),
        (TOGGLE, (0, 1), ["01"], True, 1),
        (SPIRAL, (0, 0), [], False, 4),
        (RING, (0, 0, 1), ["000", "111"], False, 8),
        (RING, (1, 1, 1), ["111"], True, 1),
        (PATH, (1, 1, 1, 1), ["0111", "1110"], True, 3),
    ],
)
def test_worked_graphs(network, cue, terminal, acyclic, reachable):
    data = transition_graph(network, cue).data
    assert data["stg_terminal"] == terminal
    assert data["stg_acyclic"] == acyclic
    assert data["stg_reachable"] == reachable
    assert data["stg_complete"] is True


@random.seeds
def test_edges_are_the_violated_units(seed):
    rng = Random(1 + 100 * seed)
    for _ in range(30):
        network = random.network(rng, rng.randint(1, 5))
        graph = transition_graph(network)
        assert len(graph.edges) == 2**network.N
        for s, after in graph.edges.items():
            assert [tuple(x != y for x, y in zip(s, t, strict=True)).index(True) for t in after] == list(
                network.violated(s)
            )
            assert all(sum(x != y for x, y in zip(s, t, strict=True)) == 1 for t in after)
        assert set(graph.terminals) == {s for s in graph.edges if network.is_stable(s) or network.is_marginal(s)}


def reached(graph, s):
    seen, waiting = {s}, [s]
    while waiting:
        for t in graph.edges[waiting.pop()]:
            if t not in seen:
                seen.add(t)
                waiting.append(t)
    return seen


@random.seeds
def test_components_reach_each_other_and_attractors_keep_what_reaches_them(seed):
    rng = Random(2 + 100 * seed)
    for _ in range(15):
        graph = transition_graph(random.network(rng, 4))
        reach = {s: reached(graph, s) for s in graph.edges}
        assert sorted(s for c in graph.components for s in c) == sorted(graph.edges)
        for component in graph.components:
            for s in graph.edges:
                together = s in reach[component[0]] and component[0] in reach[s]
                assert together == (s in component)
        assert all(reach[a[0]] == set(a) for a in graph.attractors)
        assert all(set(reach[s]) & {x for a in graph.attractors for x in a} for s in graph.edges)
        part = transition_graph(graph.network, (0, 0, 0, 0))
        assert set(part.edges) == reach[0, 0, 0, 0]


@random.seeds
def test_acyclic_graphs_complete_to_a_reachable_stable_state(seed):
    rng = Random(4 + 100 * seed)
    done = 0
    for _ in range(80):
        network = random.network(rng, 4, diagonal="nonnegative")
        cue = random.state(rng, 4)
        graph = transition_graph(network, cue)
        if not graph.acyclic:
            continue
        run = trajectory(network, random.point(rng, cue), most_events=60)
        assert run.status == CONVERGED
        assert run.u_limit in graph.terminals
        assert all(tuple(map(int, text)) in graph.edges for text in run.states)
        done += 1
    assert done > 30


@random.seeds
def test_every_edge_is_the_first_crossing_of_some_trajectory(seed):
    rng = Random(6 + 100 * seed)
    for _ in range(10):
        network = random.network(rng, 3, diagonal="nonnegative")
        for s, after in transition_graph(network).edges.items():
            for t in after:
                unit = next(i for i in range(3) if s[i] != t[i])
                y0 = list(random.point(rng, s))
                y0[unit] /= 10**6
                first = trajectory(network, y0, most_events=1).events[0]
                assert first.units == (unit,)
                assert first.u == t


@random.seeds
def test_a_cycle_of_the_graph_need_not_be_followed(seed):
    """The positive ring has a cycle of six transitions, and every trajectory tried ends in 000 or 111."""
    assert [len(c) for c in transition_graph(RING).cycles] == [6]
    rng = Random(8 + 100 * seed)
    for s in product((0, 1), repeat=3):
        for _ in range(8):
            run = trajectory(RING, random.point(rng, s))
            assert run.status == CONVERGED
            assert text_of(map(int, run.u_limit)) in ("000", "111")


def test_graphs_that_are_too_large():
    large = ThresholdNetwork.of([[2 * (i == j) for j in range(20)] for i in range(20)], [1] * 20)
    with pytest.raises(InputError, match="give a cue"):
        transition_graph(large)
    part = transition_graph(large, (0,) * 20, most_states=50)
    assert not part.complete
    assert part.acyclic is None
    assert 0 < len(part.edges) < 50
    with pytest.raises(InputError, match="the cue has 2 units and the network 20"):
        transition_graph(large, (0, 1))
