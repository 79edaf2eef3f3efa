"""Exact trajectories: against the closed forms, against steps of an integrator, and against the theorems on random networks."""

import math
from fractions import Fraction
from itertools import pairwise, product
from random import Random

import pytest

from numerics.threshold.trajectories import (
    ACCUMULATES,
    CAPPED,
    CONVERGED,
    CYCLE,
    DEGENERATE,
    MARGINAL,
    MAX_EVENTS,
    NONUNIQUE,
    minus_log,
    start_of,
    trajectory,
)
from tests import random_threshold as random
from theory.errors import InputError
from theory.threshold.network import ThresholdNetwork

TOGGLE = ThresholdNetwork.of([[0, -1], [-1, 0]], ["1/2", "1/2"])
SPIRAL = ThresholdNetwork.of([[0, 1], [-1, 0]], ["-1/2", "1/2"])
POSITIVE_RING = ThresholdNetwork.of([[0, 0, 2], [2, 0, 0], [0, 2, 0]], [-1, -1, -1])
REPRESSILATOR = ThresholdNetwork.of([[0, 0, -2], [-2, 0, 0], [0, -2, 0]], [1, 1, 1])
PATH = ThresholdNetwork.of([[1, 0, -1, -1], [0, 1, 0, -1], [-1, 0, 1, 0], [-1, -1, 0, 1]])
HOPFIELD = ThresholdNetwork.of([[0, 0, 0, -2], [0, 0, -2, 0], [0, -2, 0, 0], [-2, 0, 0, 0]], [1] * 4)
PHI = (1 + math.sqrt(5)) / 2

# network, start, status, number of events, outputs and point at the end, time of the last event
RUNS = [
    (TOGGLE, "-2/3 -1/4", CONVERGED, 1, "0 1", "-1/2 1/2", 0.405465108108),
    (POSITIVE_RING, "-11/13 -13/24 17/5", CONVERGED, 2, "1 1 1", "1 1 1", 1.173711832544),
    (POSITIVE_RING, "-2/3 1/4 -5/21", CONVERGED, 3, "0 0 0", "-1 -1 -1", 0.232622295269),
    (PATH, "2/3 1/4 5/21 7/5", MARGINAL, 1, "0 1 1 1", "-2 0 1 0", 0.510825623766),
    (PATH, "-2/3 1/4 -5/21 7/5", MARGINAL, 0, "0 1 0 1", "-1 0 0 0", 0.0),
    (HOPFIELD, "-2/3 -1/4 -5/21 -7/5", CONVERGED, 2, "1 0 1 0", "1 -1 1 -1", 0.510825623766),
    (ThresholdNetwork.of([[-2]], [1]), "-2/3", CONVERGED, 1, "1/2", "0", math.log(5 / 3)),
]


@pytest.mark.parametrize("network, y0, status, events, u, y, t", RUNS)
def test_worked_runs(network, y0, status, events, u, y, t):
    data = trajectory(network, y0.split()).data
    assert data["status"] == status
    assert data["events"] == events
    assert data["u_final"] == u.split()
    assert data["y_limit"] == y.split()
    assert data["t_last_event"] == pytest.approx(t, abs=1e-12)


def test_negative_loop_spirals_as_its_closed_form_says():
    """r_n = r0/(1 + 2 n r0) and t_n = ln(1 + 2 n r0) after n crossings, and the proof that it goes on so."""
    r0 = Fraction(3, 7)
    run = trajectory(SPIRAL, [r0, 0], most_events=40, recognise=False)
    assert run.status == MAX_EVENTS
    for n, event in enumerate(run.events, 1):
        assert sum(map(abs, event.y)) == r0 / (1 + 2 * n * r0)
        assert event.time == pytest.approx(math.log(1 + 2 * n * r0), rel=1e-12)
    proved = trajectory(SPIRAL, [r0, 0])
    assert proved.status == ACCUMULATES
    assert proved.limit == (0, 0)
    assert proved.u_limit == (Fraction(1, 2),) * 2
    assert proved.sliding == (0, 1)


def test_repressilator_has_the_golden_cycle():
    from sympy import log, simplify, sqrt

    run = trajectory(REPRESSILATOR, ["1/3", "-2/7", "1/5"])
    assert run.status == CYCLE
    phi = (1 + sqrt(5)) / 2
    found = run.recurrence
    assert simplify(found.period - 6 * log(phi)) == 0
    assert found.root[0] == 6
    assert [simplify(a - b) for a, b in zip(found.multipliers, (1 / phi, -1 / phi**2), strict=True)] == [0, 0]
    times = [e.time for e in run.events]
    assert times[-1] - times[-7] == pytest.approx(6 * math.log(PHI), rel=1e-4)
    assert run.ending == (
        "tends to a limit cycle: period 2.88727095 = 6*log(1/2 + sqrt(5)/2), "
        "multipliers (-1/2 + sqrt(5)/2, -3/2 + sqrt(5)/2) of 1/6 of it"
    )


def test_statuses_that_say_why_there_is_no_answer():
    both = trajectory(TOGGLE, cue=(0, 0))
    assert both.status == NONUNIQUE
    assert set(both.branches) == {(0, 1), (1, 0), (Fraction(1, 2),) * 2}
    assert trajectory(ThresholdNetwork.of([[2]], [-1]), [0]).status == NONUNIQUE
    assert trajectory(ThresholdNetwork.of([[-1]], [1]), [-1]).status == DEGENERATE
    together = trajectory(ThresholdNetwork.of([[0] * 13] * 13, [1] * 13), cue=(0,) * 13)
    assert together.status == CONVERGED
    assert together.events[0].units == tuple(range(13))
    assert trajectory(REPRESSILATOR, [1, -2, "1/3"], most_events=5).status == MAX_EVENTS


@random.seeds
def test_cues_of_the_two_forms(seed):
    """In form C the cue is the region, in form R the rates, which may lie in another region."""
    assert start_of(TOGGLE, (1, 0)) == (1, -1)
    assert start_of(TOGGLE, (1, 1), "R") == (Fraction(-1, 2), Fraction(-1, 2))
    rng = Random(3 + 100 * seed)
    for _ in range(40):
        network = random.network(rng, 3, diagonal="zero")
        for q in product((0, 1), repeat=3):
            run = trajectory(network, cue=q, form="R", most_events=12, recognise=False)
            assert run.u0 == tuple(int(h > 0) for h in network.fields(q))  # the region T(q)
            for r, y in zip(run.rates, (run.y0, *(e.y for e in run.events)), strict=True):
                assert network.fields(r) == y  # y = W r + b all along
            if network.is_stable(q):
                assert run.status == CONVERGED
                assert run.events == ()


@pytest.mark.parametrize(
    "arguments, problem",
    [
        ({}, "a point y0 or a cue"),
        ({"y0": [1, 2], "form": "R"}, "form R starts from a cue"),
        ({"cue": (1, 0), "form": "X"}, "form is 'X'"),
        ({"cue": (1, 0, 1)}, "the cue has 3 units and the network 2"),
        ({"cue": (1, 2)}, "neither 0 nor 1"),
        ({"y0": [1]}, "the point has 1 coordinates and the network 2"),
        ({"y0": ["a", 1]}, "no rational number"),
        ({"y0": [float("nan"), 1]}, "no rational number"),
        ({"y0": [1, 1], "cue": (1, 0)}, "does not lie in the region"),
    ],
)
def test_starts_that_are_refused(arguments, problem):
    with pytest.raises(InputError, match=problem):
        trajectory(TOGGLE, **arguments)


@random.seeds
def test_dichotomy_and_exit_time(seed):
    """A trajectory stays in the region of a stable or marginal state; it leaves any other at ln(1 + |y_i|/|h_i|), the smallest."""
    rng = Random(7 + 100 * seed)
    for _ in range(150):
        network = random.network(rng, rng.randint(1, 5))
        s = random.state(rng, network.N)
        y0 = random.point(rng, s)
        run = trajectory(network, y0, most_events=1)
        h = network.fields(s)
        if network.violated(s):
            exits = {i: math.log1p(abs(y0[i]) / abs(h[i])) for i in network.violated(s)}
            assert run.events[0].time == pytest.approx(min(exits.values()), rel=1e-12)
            assert all(exits[i] == pytest.approx(min(exits.values())) for i in run.events[0].units)
        else:
            assert run.events == ()
            assert run.limit == h


@random.seeds
def test_what_is_promised_happens(seed):
    rng = Random(13 + 100 * seed)
    kept = 0
    for _ in range(60):
        network = random.network(rng, 4, diagonal=rng.choice(("any", "zero")))
        run = trajectory(network, random.point(rng, random.state(rng, 4)), most_events=60)
        promised = run.promised
        changed = {i for u in run.outputs for i in range(4) if u[i] != run.u0[i]}
        assert changed <= set(promised["trap_free"])
        if (state := promised["region_completes_to"]) is not None:
            kept += 1
            assert run.u_limit == tuple(map(int, state))
            assert run.rows[-1][2] == state
    assert kept > 10


def test_promises_of_worked_networks():
    assert trajectory(TOGGLE, ["-2/3", "1/4"]).promised == {
        "trap_free": [],
        "region_completes_to": "01",
        "energy": ["-1/2"],
    }
    both = trajectory(TOGGLE, ["-2/3", "-1/4"])
    assert both.promised == {"trap_free": [0, 1], "region_completes_to": None, "energy": ["0", "-1/2"]}
    assert trajectory(SPIRAL, ["1/3", "0"]).promised == {}
    half = ThresholdNetwork.of([[0, 1, 0], [-1, 0, 0], [0, 0, 2]], ["-1/2", "1/2", "-1"])
    assert (
        trajectory(half, ["1/3", "1/5", 1]).rows[-1][1] == "no trajectory from its region changes other units than 0, 1"
    )


@random.seeds
def test_an_integrator_agrees(seed):
    """Small steps of the exact flow with outputs of the step before: an error of the order of the step."""
    rng = Random(19 + 100 * seed)
    step, done = 1e-3, 0
    for _ in range(12):
        network = random.network(rng, 3)
        y0 = random.point(rng, random.state(rng, 3))
        run = trajectory(network, y0, most_events=30, recognise=False)
        if run.status != CONVERGED:
            continue
        W, b = [list(map(float, row)) for row in network.W], list(map(float, network.b))
        y = list(map(float, y0))
        for _ in range(1000):
            u = [x > 0 for x in y]
            f = [sum(w for w, on in zip(row, u, strict=True) if on) + c for row, c in zip(W, b, strict=True)]
            y = [g + (x - g) * math.exp(-step) for g, x in zip(f, y, strict=True)]
        start, u, t = [(run.y0, run.u0, 0.0), *((e.y, e.u, e.time) for e in run.events if e.time <= 1)][-1]
        z = math.exp(t - 1)
        there = [float(f) + (float(x) - float(f)) * z for f, x in zip(network.fields(u), start, strict=True)]
        assert there == pytest.approx(y, abs=0.05)
        done += 1
    assert done >= 4


@random.seeds
def test_transitions_without_self_inhibition_follow_the_fields(seed):
    rng = Random(23 + 100 * seed)
    for _ in range(60):
        network = random.network(rng, 4, diagonal="nonnegative")
        run = trajectory(network, random.point(rng, random.state(rng, 4)), most_events=40, recognise=False)
        assert set("".join(run.states)) <= {"0", "1"}  # no sliding
        for (before, after), event in zip(pairwise(run.outputs), run.events, strict=True):
            changed = tuple(i for i in range(4) if before[i] != after[i])
            assert changed == event.units
            assert set(changed) <= set(network.violated(before))


def test_steps_that_end_in_a_finite_time_are_passed():
    """Two units that inhibit themselves a little spiral into the corner in a finite time, and stay there."""
    network = ThresholdNetwork.of([["-1/4", 1, 0], [-1, 0, 0], [1, 0, 1]], ["-3/8", "1/2", "-3/4"])
    run = trajectory(network, ["1/3", "1/5", "2"])
    ending = [event for event in run.events if event.word]
    assert len(ending) == 1
    assert ending[0].y[:2] == (0, 0)
    assert run.status == CONVERGED
    assert run.sliding == (0, 1)
    long = trajectory(network, ["1/3", "1/5", "2"], most_events=400, recognise=False)
    assert long.status == MAX_EVENTS
    end, near = (math.prod(e.z for e in events) for events in (run.events, long.events))
    assert 0 < near - end < Fraction(1, 10**12)  # exp(-time), exactly
    assert abs(long.events[-1].y[2] - ending[0].y[2]) < Fraction(1, 10**12)


def test_long_fractions_and_many_cases_stop_a_run(monkeypatch):
    monkeypatch.setattr("numerics.threshold.trajectories.MOST_BITS", 60)
    assert trajectory(REPRESSILATOR, ["1/3", "-2/7", "1/5"], recognise=False).status == CAPPED
    monkeypatch.setattr("theory.threshold.filippov.MOST_CASES", 2)
    assert trajectory(TOGGLE, cue=(0, 0)).status == CAPPED


def test_logarithms_keep_their_digits():
    assert minus_log(1 - Fraction(1, 10**20)) == pytest.approx(1e-20, rel=1e-14)
    assert minus_log(Fraction(1, 10**400)) == pytest.approx(400 * math.log(10), rel=1e-14)
