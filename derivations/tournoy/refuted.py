"""Statements that look true and are not: the harness of the theorems finds what contradicts them."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from random import Random

from derivations.tournoy.instances import (
    Refutations,
    by_definition,
    directed,
    drawing,
    positive,
    stable,
    switched,
    union,
    with_state,
)
from numerics.threshold.trajectories import CONVERGED, start_of, trajectory
from theory.threshold.network import State, ThresholdNetwork, Vector
from theory.threshold.simplex import Witness, feasible

claims = Refutations()
Instance = tuple[ThresholdNetwork, State, Vector]
FOLLOWED = with_state(diagonal="nonnegative")


def _none(units: ThresholdNetwork) -> bool:
    return not by_definition(units)


def _ends(units: ThresholdNetwork, start: Vector) -> State | None:
    """The stable state in which a trajectory ends, followed by the definition alone while one unit at a time crosses."""
    y, state = start, tuple(int(x > 0) for x in start)
    for _ in range(1000):
        if units.is_stable(state):
            return state
        f = units.fields(state)
        *_, second, (z, unit) = (0, -1), *sorted((f[i] / (f[i] - y[i]), i) for i in units.violated(state))
        state = switched(state, unit)
        if z == second[0] or directed(units, state)[unit] <= 0:
            return None  # two units at once, or one that is sent back
        y = tuple(Fraction(0) if k == unit else h + (x - h) * z for k, (h, x) in enumerate(zip(f, y, strict=True)))
    return None


def _has_stable_states(units: ThresholdNetwork) -> bool:
    return bool(stable(units))


claims.on(drawing(), "every network has a stable state", _none)(_has_stable_states)
claims.on(drawing(diagonal="zero"), "every network without self-coupling has a stable state", _none)(_has_stable_states)
claims.on(
    drawing(diagonal="negative", symmetric=True),
    "every symmetric network has a stable state, self-inhibition or not",
    _none,
)(_has_stable_states)


def _nested(units: ThresholdNetwork) -> bool:
    return any(union(s, t) in (s, t) for s, t in combinations(by_definition(units), 2))


@claims.on(drawing(diagonal="zero"), "without self-coupling no stable state contains another one", _nested)
def _antichain(units: ThresholdNetwork) -> bool:
    return not any(union(s, t) in (s, t) for s, t in combinations(stable(units), 2))


def _semipositive_and_not_stable(instance: Instance) -> bool:
    units, s, _ = instance
    rows = [[(2 * x - 1) * w for w in row] for x, row in zip(s, units.W, strict=True)]
    found = feasible(rows, (1,) * units.N)
    return (
        isinstance(found, Witness) and min(found.x) >= 0 and positive(rows, found.x) and not min(directed(units, s)) > 0
    )


@claims.on(
    with_state(biased=False),
    "s is stable if D_s W is semipositive over all columns, b = 0",
    _semipositive_and_not_stable,
)
def _all_columns(instance: Instance) -> bool | None:
    units, s, _ = instance
    rows = [[(2 * x - 1) * w for w in row] for x, row in zip(s, units.W, strict=True)]
    return units.is_stable(s) if isinstance(feasible(rows, (1,) * units.N), Witness) else None


def _all_at_once(units: ThresholdNetwork, q: State) -> State | None:
    """Where all units that switch at once lead to, if anywhere."""
    for _ in range(2**units.N):
        after = tuple(int(h > 0) for h in units.fields(q))
        if after == q:
            return q
        q = after
    return None


def _ends_elsewhere(instance: Instance) -> bool:
    units, q, y = instance
    return _ends(units, y) not in (None, _all_at_once(units, q))


@claims.on(FOLLOWED, "the limit is what switching all units with a wrong field at once leads to", _ends_elsewhere)
def _synchronous(instance: Instance) -> bool | None:
    units, q, y = instance
    run, aim = trajectory(units, y), _all_at_once(units, q)
    return run.u_limit == aim if run.status == CONVERGED and aim is not None else None


def _two_starts(draw: Random) -> tuple[ThresholdNetwork, Vector, Vector]:
    units, _, y = FOLLOWED(draw)
    return units, y, tuple(x * draw.randint(1, 30) for x in y)


def _two_ends(instance: tuple[ThresholdNetwork, Vector, Vector]) -> bool:
    units, first, second = instance
    ends = {_ends(units, first), _ends(units, second)}
    return len(ends) == 2 and None not in ends


@claims.on(_two_starts, "the limit is the same from everywhere in the region of a cue", _two_ends)
def _one_limit(instance: tuple[ThresholdNetwork, Vector, Vector]) -> bool | None:
    units, first, second = instance
    runs = [trajectory(units, y) for y in (first, second)]
    return runs[0].u_limit == runs[1].u_limit if all(run.status == CONVERGED for run in runs) else None


def _forms_differ(instance: Instance) -> bool:
    units, q, _ = instance
    ends = {_ends(units, start_of(units, q, form)) for form in "CR"}
    return len(ends) == 2 and None not in ends


@claims.on(FOLLOWED, "currents and rates complete the same cue to the same state", _forms_differ)
def _forms(instance: Instance) -> bool | None:
    units, q, _ = instance
    runs = [trajectory(units, cue=q, form=form) for form in "CR"]
    return runs[0].u_limit == runs[1].u_limit if all(run.status == CONVERGED for run in runs) else None


def _disjoint(states: tuple[State, ...] | list[State]) -> list[tuple[State, State]]:
    return [(s, t) for s, t in combinations(states, 2) if not any(x and y for x, y in zip(s, t, strict=True))]


def _unstable_union(units: ThresholdNetwork) -> bool:
    return any(min(directed(units, union(s, t))) <= 0 for s, t in _disjoint(by_definition(units)))


@claims.on(drawing(sizes=(3, 6), biased=False), "the union of disjoint stable states is stable, b = 0", _unstable_union)
def _unions(units: ThresholdNetwork) -> bool | None:
    pairs = _disjoint(stable(units))
    return all(units.is_stable(union(s, t)) for s, t in pairs) if pairs else None
