"""Words of crossings: projective maps against trajectories, cycles against Jacobians, proofs against words that do not repeat."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest

from numerics.threshold.trajectories import ACCUMULATES, CONVERGED, CYCLE, trajectory
from tests import random_threshold as random
from theory.threshold.algebra import dot, times
from theory.threshold.cycles import Cone, Leg, ReturnMap, recurrence, shortest_period
from theory.threshold.network import ThresholdNetwork

REPRESSILATOR = ThresholdNetwork.of([[0, 0, -2], [-2, 0, 0], [0, -2, 0]], [1, 1, 1])


def legs_of(run):
    points, outputs = (run.y0, *(e.y for e in run.events)), run.outputs
    return [
        Leg(y, run.network.fields(u), e.units[0]) for y, u, e in zip(points, outputs, run.events, strict=False)
    ]  # fmt: skip


def turned(found, y):
    """One turn of a point on the coordinates of a return map."""
    scale = 1 + dot(found.psi, y)
    return tuple(x / scale for x in times(found.A, y))


@random.seeds
def test_projective_maps_are_the_trajectory_and_inequalities_its_itinerary(seed, count=60):
    rng = Random(1 + 100 * seed)
    inside = outside = 0
    for _ in range(count):
        N = rng.randint(2, 5)
        network = random.network(rng, N, diagonal="nonnegative")
        s = random.state(rng, N)
        y0 = random.point(rng, s)
        run = trajectory(network, y0, most_events=4, recognise=False)
        if not run.events:
            continue
        found = ReturnMap.of(legs_of(run), range(N))
        assert found.coordinates == tuple(range(N))
        assert turned(found, y0) == run.events[-1].y
        word = [e.units for e in run.events]
        for other in (y0, *(random.point(rng, s) for _ in range(4)), tuple(3 * y for y in y0)):
            itinerary = [e.units for e in trajectory(network, other, most_events=len(word), recognise=False).events]
            within = all(sum(g * y for g, y in zip(row, other, strict=True)) > 0 for row in found.G)
            assert within == (itinerary == word)
            inside, outside = inside + within, outside + (not within)
        z = Fraction(1)
        for event in run.events:
            z *= event.z
        assert z == 1 / (1 + sum(p * y for p, y in zip(found.psi, y0, strict=True)))
    assert inside > count
    assert outside > count / 4


def test_golden_section_of_the_repressilator():
    """z = exp(-time between crossings) is a root of z^3 - 2z + 1 on the cycle, the inverse of the golden ratio."""
    from sympy import Symbol, expand, sqrt

    z, phi = Symbol("z"), (1 + sqrt(5)) / 2
    assert expand((z**3 - 2 * z + 1).subs(z, phi - 1)) == 0  # 1/phi = phi - 1
    run = trajectory(REPRESSILATOR, ["1/3", "-2/7", "1/5"])
    assert float(run.events[-1].z) == pytest.approx(float(phi - 1), abs=1e-6)


@random.seeds
def test_every_start_of_the_repressilator_reaches_the_golden_cycle(seed, count=6):
    rng = Random(2 + 100 * seed)
    for _ in range(count):
        scale = Fraction(rng.randint(1, 40), 7)
        network = ThresholdNetwork.of([[w * scale for w in row] for row in REPRESSILATOR.W], [scale] * 3)
        run = trajectory(network, random.point(rng, random.state(rng, 3)))
        assert run.status == CYCLE
        assert run.recurrence.root[0] == 6
        assert str(run.recurrence.period) == "6*log(1/2 + sqrt(5)/2)"
        assert run.recurrence.period_value == pytest.approx(2.887270950357621, abs=1e-10)


def numerical(found):
    """Period and multipliers of the whole turn, by iteration and finite differences."""
    A, psi = np.array(found.map.A, dtype=float), np.array(found.map.psi, dtype=float)
    y = np.array([float(found.legs[0].start[k]) for k in found.map.coordinates])

    def turn(y):
        return A @ y / (1 + psi @ y)

    for _ in range(3000):
        y = turn(y)
    J = [(turn(y + 1e-6 * e) - turn(y - 1e-6 * e)) / 2e-6 for e in np.eye(len(y))]
    return np.log(1 + psi @ y), np.sort(np.abs(np.linalg.eigvals(np.array(J).T)))[::-1]


@random.seeds
def test_cycles_of_random_rings(seed, count=12):
    """Negative rings of random strength: the word goes on, and period and multipliers are those of the map by brute force."""
    rng = Random(3 + 100 * seed)
    cycles = 0
    for _ in range(count):
        N = rng.randint(2, 6)
        W = [[Fraction(0)] * N for _ in range(N)]
        for i in range(N):
            W[i][i - 1] = (abs(random.number(rng)) + 1) * (1 if i else -1)
            W[i][i] = Fraction(rng.randint(0, 9), 20)
        b = [-row[i - 1] * Fraction(rng.randint(40, 60), 101) - row[i] / 2 for i, row in enumerate(W)]
        network = ThresholdNetwork.of(W, b)
        y0 = random.point(rng, random.state(rng, N))
        run = trajectory(network, y0)
        if run.status != CYCLE:
            continue
        cycles += 1
        found, before = run.recurrence, len(run.events)
        size = len(found.legs)
        longer = trajectory(network, y0, most_events=before + 3 * size, recognise=False)
        assert [e.units[0] for e in longer.events[before:]] == 3 * list(found.units)
        period, multipliers = numerical(found)
        assert found.period_value == pytest.approx(period, rel=1e-8)
        if N > 3:  # algebraic numbers of high degree: seconds
            continue
        assert float(found.period.n(15)) == pytest.approx(period, rel=1e-8)
        sizes = sorted((float(abs(m.n(15))) for m in found.multipliers), reverse=True)
        assert [x ** found.root[0] for x in sizes] == pytest.approx(multipliers, abs=1e-6)
        assert all(x < 1 for x in sizes)
    assert cycles > count / 3


def test_cone_is_a_proof():
    """A true one holds; a wider one, one around another point and one of a map that turns do not."""
    found = trajectory(REPRESSILATOR, ["1/3", "-2/7", "1/5"]).recurrence
    point = [found.legs[0].start[k] for k in found.map.coordinates]
    cone = found.cone
    assert cone.stretch(found.map.A)[2]
    assert all(cone.keeps(row) for row in found.map.G)
    assert cone.contains(turned(found.map, point))
    wide = replace(cone, width=3 * cone.width)
    assert not all(wide.keeps(row) for row in found.map.G)
    assert not cone.contains([-x for x in point])
    assert found.map.cone([-x for x in point]) is None
    turning = replace(found.map, A=((Fraction(0), Fraction(-1)), (Fraction(1), Fraction(0))))
    assert turning.cone(point) is None
    shear = (
        (Fraction(1), Fraction(1)),
        (Fraction(0), Fraction(1)),
    )  # one eigenvalue twice: no cone is mapped into its interior
    axes = Cone((Fraction(1), Fraction(0)), (Fraction(1), Fraction(0)), Fraction(1, 2), 1)
    assert not axes.stretch(shear)[2]


@random.seeds
def test_words_that_stop_are_not_taken_for_repeating(seed):
    """Every word of a run that converges, given as if it went on: none is proved from its last point."""
    rng = Random(5 + 100 * seed)
    tried = 0
    for _ in range(150):
        network = random.network(rng, 4, diagonal="nonnegative")
        run = trajectory(network, random.point(rng, random.state(rng, 4)))
        legs = legs_of(run)
        for size in range(2, len(legs) + 1):
            turn = legs[-size:]
            zeros = [k for k, y in enumerate(turn[0].start) if not y]
            if run.status == CONVERGED and zeros == [turn[-1].unit]:
                tried += 1
                assert recurrence(turn, run.events[-1].y) is None
    assert tried


@pytest.mark.parametrize(
    "W, b, cue, status, growth",
    [
        # a third unit is on its way to zero in a part of each turn, and never arrives
        (
            "2 -1 3 -1 3; 0 2 1 0 2; 1 0 0 -2 2; 0 0 1 0 1; -1 1 -2 1 0",
            "5/2 -5/2 -1/2 3/2 1",
            (1, 0, 0, 1, 0),
            ACCUMULATES,
            0,
        ),
        (
            "-2 0 0 -1 3; 0 0 -1 1 0; 0 3 0 0 1; 2 -2 -1 1 2; -1 3 2 0 1",
            "-3/2 1/2 -3/2 -3/2 -2",
            (0, 0, 1, 0, 0),
            ACCUMULATES,
            0,
        ),
        (
            "-2 -2 -2 -2 0; -1 2 0 2 -1; 3 2 -1 3 -2; -1 -1 -2 0 -2; -2 2 3 -2 0",
            "1 -1 -1 1/2 -2",
            (1, 0, 0, 1, 0),
            CONVERGED,
            -1,
        ),
    ],
)
def test_bystanders(W, b, cue, status, growth):
    network = ThresholdNetwork.of([row.split() for row in W.split(";")], b.split())
    run = trajectory(network, cue=cue)
    assert run.status == status
    assert any(event.word for event in run.events) == (growth < 0)
    long = trajectory(network, cue=cue, most_events=400, recognise=False)
    if growth == 0:
        assert run.recurrence.growth == 0
        last = long.events[-1].y
        assert all(abs(a - b) < Fraction(1, 20) for a, b in zip(last, run.limit, strict=True))
    else:
        (end,) = [event for event in run.events if event.word]
        assert all(abs(a - b) < Fraction(1, 10**12) for a, b in zip(long.events[-1].y, end.y, strict=True))


def test_shortest_period():
    assert shortest_period("xyabcabcabc", 3) == 3
    assert shortest_period("aaa", 3) == 1
    assert shortest_period("abcabc", 3) is None
