"""Claims about trajectories: regions, the form in rates, completion of cues, energies, cycles."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, pairwise, product
from math import log, log1p, sqrt
from random import Random

from derivations.tournoy.instances import (
    Theorems,
    all_states,
    drawing,
    number,
    stable,
    union,
    with_state,
)
from numerics.threshold.trajectories import ACCUMULATES, CONVERGED, CYCLE, trajectory
from numerics.threshold.transitions import transition_graph
from theory.threshold import coupling
from theory.threshold.completion import Subspace, closure, completes_directly, energy, smallest_trap
from theory.threshold.network import State, ThresholdNetwork, Vector, text_of

claims = Theorems()
Instance = tuple[ThresholdNetwork, State, Vector]


@claims.on(
    with_state(), "Each region has a stable equilibrium to which all of it converges, or all trajectories leave it"
)
def _dichotomy(instance: Instance) -> bool:
    units, s, y = instance
    run = trajectory(units, y, most_events=1)
    if units.is_stable(s):
        return run.status == CONVERGED and not run.events and run.limit == units.fields(s)
    arrival = {i: log1p(abs(y[i] / h)) for i, h in enumerate(units.fields(s)) if (2 * s[i] - 1) * h < 0}
    first = min(arrival.values())
    return abs(run.events[0].time - first) < 1e-12 * max(1, first) and all(
        arrival[i] == first for i in run.events[0].units
    )


@claims.on(
    with_state(),
    "Rates: y = W r + b along every trajectory, with the same stable states; a cue r = q starts in the region "
    "of H(W q + b)",
)
def _rates(instance: Instance) -> bool:
    units, q, _ = instance
    run = trajectory(units, cue=q, form="R", most_events=20)
    points = [run.y0, *(event.y for event in run.events)]
    along = all(units.fields(r) == y for r, y in zip(run.rates, points, strict=False))
    still = units.is_stable(q) == (run.u_limit == q and not run.events)
    return along and still and run.states[0] == text_of(int(h > 0) for h in units.fields(q))


@claims.on(with_state(), "The limit depends on the direction of the start alone, not on its distance")
def _direction(instance: Instance) -> bool:
    units, _, y = instance
    near, far = (trajectory(units, tuple(scale * x for x in y), most_events=30, recognise=False) for scale in (1, 7))
    return near.states == far.states and near.status == far.status


@claims.on(
    with_state(diagonal="nonnegative"),
    "No unit inhibits itself: trajectories follow the transition graph, and none slides",
)
def _edges(instance: Instance) -> bool:
    units, _, y = instance
    run = trajectory(units, y, most_events=30)
    edges = transition_graph(units).edges
    outputs = [tuple(map(int, u)) for u in run.outputs]
    return not run.sliding and all(later in edges[now] for now, later in pairwise(outputs))


@claims.on(
    with_state(diagonal="nonnegative"), "Every edge of the transition graph is the first crossing of some trajectories"
)
def _realised(instance: Instance) -> bool:
    units, s, _ = instance
    for t in transition_graph(units).edges[s]:
        (i,) = (k for k in range(units.N) if s[k] != t[k])
        near = tuple((2 * x - 1) * (Fraction(1, 10**9) if k == i else Fraction(1)) for k, x in enumerate(s))
        if trajectory(units, near, most_events=1).events[0].units != (i,):
            return False
    return True


@claims.on(
    with_state(diagonal="nonnegative"),
    "Completion: where the part of the graph that a cue reaches has no cycle, the cue ends in a stable state "
    "of this part",
)
def _acyclic(instance: Instance) -> bool | None:
    units, q, y = instance
    graph = transition_graph(units, q)
    if not graph.acyclic:
        return None
    run = trajectory(units, y)
    return run.status == CONVERGED and any(run.u_limit == s and units.is_stable(s) for s in graph.terminals)


@claims.on(
    with_state(),
    "Completion: trap spaces have the fields that they state, and no trajectory leaves the smallest one around a cue",
)
def _traps(instance: Instance) -> bool:
    units, q, y = instance
    trap = smallest_trap(units, q)
    inside = [s for s in all_states(units.N) if all(i in trap.free or s[i] == x for i, x in enumerate(q))]
    columns = list(zip(*map(units.fields, inside), strict=True))
    exact = trap.low == tuple(map(min, columns)) and trap.high == tuple(map(max, columns))
    run = trajectory(units, y, most_events=30)
    return exact and all(u[i] == x for u in run.outputs for i, x in enumerate(q) if i not in trap.free)


@claims.on(
    with_state(sizes=(2, 4)),
    "Completion: where all fields point to s between cue and s, each differing unit crosses once, within the "
    "bound on the time",
    count=400,
)
def _direct(instance: Instance) -> bool | None:
    units, q, y = instance
    aims = [s for s in stable(units) if completes_directly(units, q, s)]
    run = trajectory(units, y) if aims else None
    for s in aims:
        differing = [i for i, (x, z) in enumerate(zip(q, s, strict=True)) if x != z]
        bound = Subspace(units, s, differing).latest_crossing(y)
        crossed = [] if run is None else sorted(i for event in run.events for i in event.units)
        if run is None or run.u_limit != s or crossed != differing or run.time > bound + 1e-12:
            return False
    return True if aims else None


@claims.on(
    drawing(sizes=(2, 5)),
    "Completion: cues within the radius r of error correction end in s, after r crossings at most",
    count=400,
    least=50,
)
def _corrected(units: ThresholdNetwork) -> bool | None:
    tried = None
    for s in stable(units):
        radius = units.certificate(s).correction
        for q in all_states(units.N) if radius else ():
            if sum(x != z for x, z in zip(q, s, strict=True)) <= radius:
                run, tried = trajectory(units, cue=q), True
                if run.u_limit != s or sum(len(e.units) for e in run.events) > radius:
                    return False
    return tried


COOPERATIVE = with_state(sizes=(2, 5), low=0, high=300)


def _cooperative(draw: Random) -> Instance:
    units, q, y = COOPERATIVE(draw)
    return ThresholdNetwork.of(units.W, [-abs(number(draw, 0, 700)) - Fraction(1, 10007) for _ in units.b]), q, y


@claims.on(
    _cooperative,
    "Completion, W >= 0: stable states are a lattice; a cue that supports itself ends in the least one above it",
    count=400,
    least=80,
)
def _closure(instance: Instance) -> bool | None:
    units, q, y = instance
    found, T = stable(units), tuple(int(h > 0) for h in units.fields(q))
    above = [s for s in found if union(q, s) == s]
    for s, t in product(found, repeat=2):
        joint = [v for v in found if union(union(s, t), v) == v]
        if not any(all(union(v, x) == x for x in joint) for v in joint):
            return False
    if not found or union(q, T) != T:
        return None if found else False
    run, closed = trajectory(units, y), closure(units, q)
    least = [s for s in above if all(union(s, x) == x for x in above)]
    return closed is not None and [closed] == least and run.u_limit == least[0] and len(run.events) <= units.N - sum(q)


@claims.on(
    _cooperative,
    "Coupling, W >= 0: the union of stable states is stable iff it recruits no unit, their intersection iff it "
    "loses none",
)
def _recruits(instance: Instance) -> bool | None:
    units, _, _ = instance
    pairs = list(combinations(stable(units), 2))
    found = [combine(units, s, t) for s, t in pairs for combine in (coupling.union, coupling.intersection)]
    return all(one.stable == units.is_stable(one.state) for one in found) if pairs else None


@claims.on(_cooperative, "W >= 0: every start that was tried converges, which is not proved for all", count=1000)
def _converges(instance: Instance) -> bool:
    units, _, y = instance
    return trajectory(units, y).status == CONVERGED


def _symmetrizable(draw: Random) -> Instance:
    units, q, y = with_state(diagonal="nonnegative", symmetric=True)(draw)
    scale = [Fraction(draw.randint(1, 9)) for _ in units.b]
    return ThresholdNetwork.of([[a * w for w in row] for a, row in zip(scale, units.W, strict=True)], units.b), q, y


@claims.on(
    _symmetrizable,
    "W = diag(a) M, M symmetric, no self-inhibition: an energy falls at crossings, so that all ends in stable states",
)
def _energy(instance: Instance) -> bool:
    units, _, y = instance
    E, graph, run = energy(units), transition_graph(units), trajectory(units, y)
    return (
        E is not None
        and E.falls
        and all(E(t) < E(s) for s, after in graph.edges.items() for t in after)
        and bool(graph.acyclic)
        and run.status == CONVERGED
        and run.u_limit in stable(units)
    )


@claims(
    "Limit cycles: three units that inhibit each other in a ring, focal points -c and c, have the period 6 ln((1 + sqrt 5)/2)",
    "ten random networks and starts, each with its proof",
)
def _ring() -> Iterator[bool]:
    draw = Random(6)
    golden = (1 + sqrt(5)) / 2
    for _ in range(10):
        c = abs(number(draw)) + 1
        units = ThresholdNetwork.of([[0, 0, -2 * c], [-2 * c, 0, 0], [0, -2 * c, 0]], [c] * 3)
        run = trajectory(units, tuple(number(draw) * sign for sign in (1, 1, -1)))
        cycle = run.recurrence
        yield run.status == CYCLE and cycle is not None
        if cycle is not None:
            yield abs(float(cycle.period) - 6 * log(golden)) < 1e-14
            sizes = sorted(abs(float(multiplier)) for multiplier in cycle.multipliers or ())
            yield all(abs(x - golden**-k) < 1e-14 for x, k in zip(sizes, (2, 1), strict=True))


@claims(
    "Two units in a negative loop spiral into the sliding equilibrium for ever, r_n = r_0/(1 + 2 n r_0)",
    "fractions of ten starts",
)
def _loop() -> Iterator[bool]:
    units = ThresholdNetwork.of([[0, 1], [-1, 0]], [Fraction(-1, 2), Fraction(1, 2)])
    for k in range(1, 11):
        r = Fraction(k, 13)
        run = trajectory(units, (0, r), most_events=12, recognise=False)
        start = [max(map(abs, event.y)) for event in run.events]
        yield start == [r / (1 + 2 * n * r) for n in range(1, 13)]
        yield trajectory(units, (Fraction(1, 5), r)).status == ACCUMULATES


@claims.on(
    lambda draw: [number(draw) for _ in range(3)],
    "Cycles of the transition graph need not be followed: a positive ring of three has one, and all starts converge",
)
def _positive_ring(y: list[Fraction]) -> bool:
    units = ThresholdNetwork.of([[0, 0, 2], [2, 0, 0], [0, 2, 0]], [-1] * 3)
    run = trajectory(units, y)
    return bool(transition_graph(units).cycles) and run.u_limit in ((0, 0, 0), (1, 1, 1))
