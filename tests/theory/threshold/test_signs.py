"""Signs and strengths: every class and every theorem against its definition on random instances."""

from fractions import Fraction
from itertools import combinations, product
from random import Random

import pytest

from tests import random_threshold as random
from theory.threshold.network import FORBIDDEN, PERMITTED, REQUIRED, ThresholdNetwork, state_of
from theory.threshold.signs import (
    clique_network,
    coactivity,
    dale_objections,
    destabilizing,
    embedding_strengths,
    extreme_rays,
    maximal_cliques,
    moon_moser,
    output_gains,
    sign_storage,
    stabilizing,
    strength_rows,
    strengths,
)
from theory.threshold.simplex import Obstruction, Witness, feasible, holds

MANY = pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.heavy)])


def every(N):
    return product((0, 1), repeat=N)


def stable(network):
    return [s for s in every(network.N) if network.is_stable(s)]


def signs(network):
    return [[(w > 0) - (w < 0) for w in (*row, bias)] for row, bias in zip(network.W, network.b, strict=True)]


def with_magnitudes(rng, network):
    """Other values of the same signs, over several orders of magnitude."""

    def other(w):
        return ((w > 0) - (w < 0)) * Fraction(rng.randint(1, 9)) * Fraction(7) ** rng.randint(-3, 3)

    return ThresholdNetwork.of([map(other, row) for row in network.W], map(other, network.b))


def states_of(rng, N, most):
    return rng.sample(list(every(N)), rng.randint(1, min(most, 2**N)))


def graph(rng, N):
    edges = [e for e in combinations(range(N), 2) if rng.random() < 0.5]
    return tuple(frozenset(j for j in range(N) if (i, j) in edges or (j, i) in edges) for i in range(N))


@MANY
def test_sign_classes_with_witnesses_both_ways(count):
    rng, seen = Random(6), {REQUIRED: 0, PERMITTED: 0, FORBIDDEN: 0}
    for _ in range(count):
        network = random.network(rng, rng.randint(1, 4), density=0.5, bias=rng.random() < 0.5)
        for s in every(network.N):
            kind = network.sign_class(s)
            seen[kind] += 1
            up, down = stabilizing(network, s), destabilizing(network, s)
            assert (up is None, down is None) == (kind == FORBIDDEN, kind == REQUIRED)
            assert up is None or (signs(up) == signs(network) and up.is_stable(s))
            assert down is None or (signs(down) == signs(network) and not down.is_stable(s))
            if kind != PERMITTED:
                for _ in range(3):
                    assert with_magnitudes(rng, network).is_stable(s) == (kind == REQUIRED)
    assert min(seen.values()) > count / 10


@MANY
def test_strengths_of_given_signs_or_what_excludes_them(count):
    rng, seen = Random(7), {None: 0, "found": 0}
    for _ in range(count):
        network = random.network(rng, rng.randint(2, 4), bias=rng.random() < 0.5)
        states = states_of(rng, network.N, 3)
        found = strengths(network, states)
        seen[found.network and "found"] += 1
        for i, row in enumerate(found.rows):
            A = strength_rows(network, states, i)
            assert holds(row, A, (1,) * len(A[0]))
            assert isinstance(row, Obstruction) or all(m > 0 for m in row.x)
        if found.network:
            assert signs(found.network) == signs(network)
            assert all(map(found.network.is_stable, states))
        else:
            assert found.sign_class == FORBIDDEN
            assert not any(all(map(with_magnitudes(rng, network).is_stable, states)) for _ in range(5))
        if len(states) == 1:
            assert found.sign_class == network.sign_class(states[0])
    assert min(seen.values()) > count / 8


@MANY
def test_output_gains_that_stabilize_a_state_without_bias(count):
    rng, seen = Random(23), 0
    for _ in range(count):
        network = random.network(rng, rng.randint(1, 4), bias=False)
        for s in every(network.N):
            found, active = output_gains(network, s), [j for j, q in enumerate(s) if q]
            if isinstance(found, Witness):
                seen += 1
                gain = dict(zip(active, found.x, strict=True))
                scaled = [[w * gain.get(j, 1) for j, w in enumerate(row)] for row in network.W]
                assert min(found.x) > 0 and ThresholdNetwork.of(scaled, network.b).is_stable(s)
            else:  # the weighted sum of the signed fields is negative or zero for every gain of one unit
                d = [(2 * q - 1) * y for q, y in zip(s, found.y, strict=True)]
                assert all(sum(x * row[j] for x, row in zip(d, network.W, strict=True)) <= 0 for j in active)
            assert not network.is_stable(s) or isinstance(found, Witness)
    assert seen > count / 3


def test_output_gains_with_bias():
    rng = Random(24)
    for _ in range(60):
        network = random.network(rng, 3)
        for s in filter(any, every(3)):
            if isinstance(found := output_gains(network, s), Witness) and any(network.b):
                gains = iter(found.x)
                gain = [next(gains) if q else 1 for q in s]
                scaled = [[w * g for w, g in zip(row, gain, strict=True)] for row in network.W]
                bias = next(gains)
                assert ThresholdNetwork.of(scaled, [b * bias for b in network.b]).is_stable(s)


def test_semipositivity_over_all_columns_does_not_make_a_state_stable():
    """The false converse of the use for gains: columns of inactive units do not count."""
    rng, counterexamples = Random(8), 0
    for _ in range(200):
        network = random.network(rng, 3, bias=False)
        for s in every(3):
            signed = [[(2 * q - 1) * w for w in row] for q, row in zip(s, network.W, strict=True)]
            counterexamples += isinstance(feasible(signed, (1,) * 3), Witness) and not network.is_stable(s)
    assert counterexamples > 20


@MANY
def test_weights_exist_iff_the_gram_matrix_is_semipositive(count):
    rng, seen = Random(5), {Witness: 0, Obstruction: 0}
    for _ in range(count):
        N, biased = rng.randint(2, 4), rng.random() < 0.5
        states = states_of(rng, N, 8)
        for i in range(N):
            columns = [[(2 * s[i] - 1) * q for q in (*s, *(1,) * biased)] for s in states]
            found = embedding_strengths(states, i, biased)
            seen[type(found)] += 1
            assert type(found) is type(feasible(columns))
            if isinstance(found, Witness):
                w = [sum(a * v for a, v in zip(found.x, c, strict=True)) for c in zip(*columns, strict=True)]
                assert all(sum(a * b for a, b in zip(row, w, strict=True)) >= 1 for row in columns)
    assert seen[Obstruction] and seen[Witness] > count


@MANY
def test_free_diagonal_stores_any_states_and_zero_diagonal_none_at_distance_one(count):
    rng = Random(15)
    for _ in range(count):
        N = rng.randint(2, 4)
        states = [s for s in states_of(rng, N, 8) if any(s)] or [(1,) * N]
        for i in range(N):
            assert isinstance(embedding_strengths(states, i, biased=False), Witness)
        s = states[0]
        i = rng.randrange(N)
        rows = [[d * q for j, q in enumerate((*s, 1)) if j != i] for d in (-1, 1)]  # the state with unit i off and on
        assert isinstance(feasible(rows), Obstruction)


@MANY
def test_states_are_sign_storable_iff_they_are_maximal_cliques(count):
    rng, seen = Random(9), 0
    for _ in range(count):
        N = rng.randint(2, 5)
        states = states_of(rng, N, 4)
        found, cliques = sign_storage(states), maximal_cliques(coactivity(states))
        assert (found.network is not None) == (set(states) <= set(cliques))
        for s, i in found.conflicts:
            assert not s[i] and all(any(t[i] and t[j] for t in states) for j, q in enumerate(s) if q)
        if found.network:
            seen += 1
            assert tuple(stable(found.network)) == cliques
            assert {found.network.sign_class(s) for s in states} == {REQUIRED}
    assert seen > count / 12


@pytest.mark.parametrize("N", [1, 2, pytest.param(3, marks=pytest.mark.heavy)])
def test_no_other_signs_store_states_and_none_store_more_than_moon_and_moser(N):
    """All sign patterns without biases, all sets of states."""
    stored, most = set(), 0
    for entries in product((-1, 0, 1), repeat=N * N):
        network = ThresholdNetwork.of([entries[i * N : i * N + N] for i in range(N)])
        required = [s for s in every(N) if network.sign_class(s) == REQUIRED]
        most = max(most, len(required))
        stored |= {frozenset(c) for k in range(1, len(required) + 1) for c in combinations(required, k)}
    assert most == moon_moser(N)
    for k in range(1, most + 1):
        for states in combinations(every(N), k):
            assert (sign_storage(states).network is not None) == (frozenset(states) in stored)


@MANY
def test_clique_networks_have_the_maximal_cliques_for_states(count):
    rng = Random(10)
    for _ in range(count):
        N = rng.randint(1, 6)
        network = clique_network(g := graph(rng, N))
        cliques = maximal_cliques(g)
        assert tuple(stable(network)) == cliques
        assert {network.sign_class(s) for s in cliques} == {REQUIRED}
        assert len(cliques) <= moon_moser(N)


@pytest.mark.parametrize("N", [2, 3, 4, 5, 6, 7])
def test_moon_and_moser_is_attained(N):
    """Groups of three units, two or one left over (or two groups of two): units of different groups are neighbours."""
    sizes = [3] * (N // 3) + [N % 3] * (N % 3 > 0)
    if N % 3 == 1 and N > 3:
        sizes[-2:] = [2, 2]
    group = [k for k, size in enumerate(sizes) for _ in range(size)]
    complete = tuple(frozenset(j for j in range(N) if group[i] != group[j]) for i in range(N))
    assert len(maximal_cliques(complete)) == moon_moser(N)


@MANY
def test_stable_states_of_networks_with_dales_law_have_no_objection(count):
    rng, refused = Random(11), 0
    for _ in range(count):
        N, biased = rng.randint(1, 4), rng.random() < 0.5
        columns = [rng.choice((1, -1)) for _ in range(N)]
        W = [[e * rng.randint(0, 3) for e in columns] for _ in range(N)]
        b = [Fraction(rng.randint(-3, 3), 2) * biased for _ in range(N)]
        states = stable(ThresholdNetwork.of(W, b))
        assert not states or dale_objections(columns, states, biased) == ()
        states = states_of(rng, N, 3)
        if dale_objections(columns, states, biased):
            refused += 1
            signed = ThresholdNetwork.of([columns] * N, [0] * N)
            assert biased or strengths(signed, states).network is None
    assert refused > count / 3
    assert dale_objections((1, -1), [(1, 0), (1, 1)], True) == (
        "11 has active inhibitory units alone in addition to 10",
    )


@pytest.mark.parametrize("count", [60, pytest.param(600, marks=pytest.mark.heavy)])
def test_extreme_rays_generate_the_cone(count):
    rng, seen = Random(12), {Witness: 0, Obstruction: 0}
    for _ in range(count):
        n, P = rng.randint(1, 4), rng.randint(1, 4)
        A = [[rng.randint(-1, 1) for _ in range(n)] for _ in range(P)]
        rays = extreme_rays(A)
        assert all(min(m) >= 0 and all(sum(a * v for a, v in zip(row, m, strict=True)) >= 0 for row in A) for m in rays)
        found = feasible(A, (1,) * n)
        seen[type(found)] += 1
        total = list(map(sum, zip(*rays, strict=True))) or [0] * n
        assert all(sum(a * v for a, v in zip(row, total, strict=True)) > 0 for row in A) == isinstance(found, Witness)
        for m in rays:  # no ray is a combination of the others: some half space holds it and none of them
            others = [q for q in rays if q != m]
            assert isinstance(feasible([[-v for v in m], *others]), Witness)
        for m in product(range(3), repeat=n):  # and each point of the cone is a combination of rays
            inside = any(m) and all(sum(a * v for a, v in zip(row, m, strict=True)) >= 0 for row in A)
            assert not inside or isinstance(feasible([[-v for v in m], *rays]), Obstruction)
    assert min(seen.values()) > 5


def test_the_views():
    network = ThresholdNetwork.of([[1, -1], [-1, 1]])
    data = strengths(network, [state_of("10"), state_of("01")]).data
    assert data["sign_class"] == REQUIRED and data["rows"][0] == {"row": 0, "feasible": True, "strengths": ["1", "1"]}
    found = strengths(ThresholdNetwork.of([[1, 1], [1, 1]]), [state_of("11"), state_of("10")])
    assert found.data["rows"][1] == {"row": 1, "feasible": False, "farkas_y": ["0", "1"]}
    assert (found.sign_class, found.network) == (FORBIDDEN, None)
    assert sign_storage([(1, 1, 0), (1, 0, 0)]).data["conflicts"] == [{"state": "100", "unit": 1}]
    assert sign_storage([(1, 0), (0, 1)]).data["W"] == [["1", "-1"], ["-1", "1"]]
