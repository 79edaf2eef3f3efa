"""Answers about threshold networks, verified from what they say alone: every claim by its definition, nothing is solved.

What solving costs much is checked here by a pencil: fields of a state, inequalities of a row, multipliers that prove a bound or
exclude weights, and every state of a network one after the other where that is possible.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import Any

from theory.errors import InputError, gathering
from theory.threshold.claims import Claims, Verification, shown
from theory.threshold.entries import Entry, matrix, parsed
from theory.threshold.every_state import MOST_UNITS, stable_and_marginal
from theory.threshold.filippov import box_solutions, index_of, region_map
from theory.threshold.network import MOST_CERTIFIED, State, ThresholdNetwork, Vector, text_of
from theory.threshold.patterns import FEASIBLE, OBJECTIVES, Patterns, Row

_SOLVED = ("W", "b", "stable", "marginal", "certificates", "complete", "marginal_complete")
_DESIGNED = (
    *("W", "b", "patterns", "diag", "bias", "signs", "mask", "objective"),
    *("feasible", "rows", "stable_of_design", "forced", "avoidable"),
)
_MORE = (
    *("N", "theta_if_I0", "order_parameters", "observables", "leaving_certificates", "completion"),
    *("filippov_equilibria", "filippov_index_sum", "filippov_nondegenerate", "focal_points", "walls"),
)
"""What else is looked at; of a design nothing."""
_TOLD = ("name", "comment", "model", "activation", "parameters", "diagnostics", "method", "seal")
"""How an answer was found, and other entries that claim nothing about the network."""

MOST_REACHED = 50_000
"""States of a transition graph that are looked at from one cue."""

MOST_FACES = 6
"""Units up to which all 3^N choices of outputs 0, 1 or between are looked at."""


def verify(given: str | Mapping[str, Any]) -> Verification:
    """Verify an answer about a threshold network.

    Parameters
    ----------
    given : str or mapping
        JSON, or what it holds: the answer of ``solve`` (``W``, ``b``, ``stable``, ...), of ``design`` (``patterns``,
        ``rows``, ...), or ``{"instances": [...], "inverse_instances": [...]}`` with many of them.

    Returns
    -------
    Verification

    Raises
    ------
    InputError
        If it is none of these, naming what cannot be read.
    """
    data = Entry(parsed(given) if isinstance(given, str) else given, "the answer")
    many = [entry for key in ("instances", "inverse_instances") if key in data for entry in data.list(key)]
    if not many and not {"W", "patterns"} & set(data.mapping):
        raise InputError(
            "no answer about a threshold network: neither W nor patterns in it, but "
            f"{', '.join(str(key)[:20] for key in [*data.mapping][:5]) or 'nothing'}"
        )
    claims = Claims()
    with gathering() as problems:
        for k, one in enumerate(many or [data], 1):
            with gathering(problems):
                claims.prefix = f"{str(one.mapping.get('name', f'answer {k}'))[:60]}: " if many else ""
                (_design if "patterns" in one else _solution)(one, claims)
                if "seal" in one:
                    claims.add("all of this is what was written (seal)", one["seal"].value == _digest(one.mapping))
                known = {*_TOLD, *(_DESIGNED if "patterns" in one else (*_SOLVED, *_MORE))}
                if unseen := [str(key)[:20] for key, value in one.mapping.items() if value and key not in known]:
                    claims.add(f"what is not looked at here: {', '.join(unseen)}", None)
    return Verification(tuple(claims.found))


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with a digest of what it claims: a claim that is altered and still true, such as other weights, is noticed too."""
    return {**data, "seal": _digest(data)}


def _digest(data: Mapping[str, Any]) -> str:
    content = {key: data[key] for key in (_DESIGNED if "patterns" in data else _SOLVED) if key in data}
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


# ---- networks ----------------------------------------------------------------------------------------------------------


def _solution(data: Entry, claims: Claims) -> None:
    """An answer of ``solve``, or an instance with more about its network."""
    network = _network(data)
    claims.given(data, "N", "the number of units", network.N)
    claims.given(data, "theta_if_I0", "the threshold without input", tuple(-b for b in network.b))
    kinds = {kind: data.states(kind, network.N) for kind in ("stable", "marginal") if kind in data}
    every = data.mapping.get("complete", True)
    _states_are(kinds, network, claims, {"stable": every, "marginal": data.mapping.get("marginal_complete", every)})
    summaries = [data[key] for key in ("order_parameters", "observables") if key in data]
    for summary in summaries:
        for kind, states in kinds.items():
            claims.given(summary, f"{kind}_count", f"the number of {kind} states", len(states))
    if "certificates" in data:
        _certificates(data, kinds.get("stable"), network, claims)
    for summary in summaries:
        if "robustness" in summary and "stable" in kinds:
            radii = (float(min(map(abs, network.fields(s))) / (sum(s) + 1)) for s in kinds["stable"])
            claims.given(summary, "robustness", "the smallest robustness", min(radii, default=None))
    if isinstance(data["leaving_certificates"].value, Mapping):
        _leaving(data["leaving_certificates"], network, claims)
    if "filippov_equilibria" in data:
        _equilibria(data, network, claims)
    if "focal_points" in data or "walls" in data:
        regions = region_map(network).data
        for key, what in (("focal_points", "the list of focal points"), ("walls", "the list of walls")):
            claims.given(data, key, what, regions[key])
    if "completion" in data:
        for cue in data.list("completion"):
            _completion(cue, network, claims)


def _network(data: Entry) -> ThresholdNetwork:
    W = matrix(data["W"].place, data["W"].value)
    return ThresholdNetwork(W, data["b"].numbers(len(W)) if "b" in data else (Fraction(0),) * len(W))


def _states_are(
    kinds: Mapping[str, Sequence[State]], network: ThresholdNetwork, claims: Claims, every: Mapping[str, Any]
) -> None:
    """Every listed state is what it is said to be, once, and no other one is, of the kinds that say so."""
    decide = {"stable": network.is_stable, "marginal": network.is_marginal}
    found = stable_and_marginal(network) if network.N <= MOST_UNITS else None
    for kind, states in kinds.items():
        for s in states:
            claims.add(f"{text_of(s)} is {kind}", decide[kind](s))
        if len(set(states)) < len(states):
            claims.add(f"every {kind} state is listed once", False)
        if every[kind] is False:
            continue
        if found is None:
            claims.add(f"no other state is {kind}: too many states to look at, 2^{network.N}", None)
        else:
            missing = sorted({*found[kind == "marginal"]} - {*states})
            named = f" ({', '.join(map(text_of, missing[:5]))} too)" if missing else ""
            claims.add(f"no other state is {kind}{named}", not missing)


def _certificates(data: Entry, stable: Sequence[State] | None, network: ThresholdNetwork, claims: Claims) -> None:
    """Every number of every certificate."""
    seen: set[State] = set()
    for one in data.list("certificates"):
        s = one["state"].state(network.N)
        text, right = text_of(s), network.certificate(s)
        claims.add(f"{text} is stable and has one certificate", network.is_stable(s) and s not in seen)
        seen.add(s)
        claims.given(one, "field", f"the field in {text}", right.fields)
        claims.given(one, "signed_margin_min", f"the margin of {text}", right.margin)
        claims.given(one, "robustness_radius", f"the robustness of {text}", right.robustness)
        claims.given(one, "error_correction_radius", f"the radius of error correction of {text}", right.correction)
        claims.given(one, "sign_class_incl_bias", f"the sign class of {text}", right.sign_class)
    if stable is not None:
        enough = len(seen) >= min(len(stable), MOST_CERTIFIED)
        claims.add("the stable states have the certificates", seen <= set(stable) and enough)


def _leaving(data: Entry, network: ThresholdNetwork, claims: Claims) -> None:
    """Through which units trajectories leave a region."""
    for key in data.mapping:
        s, left = Entry(key, data.place).state(network.N), data[key].numbers()
        claims.add(f"trajectories leave {key} through {shown(left)}", bool(left) and left == network.violated(s))
    if network.N <= MOST_UNITS:
        staying = sum(map(len, stable_and_marginal(network)))
        claims.same("the number of states that trajectories leave", len(data.mapping), 2**network.N - staying)
    else:
        claims.add("trajectories leave no other state", None)


def _equilibria(data: Entry, network: ThresholdNetwork, claims: Claims) -> None:
    """Equilibria in Filippov's sense: y = W u + b with u = 0 where y < 0, u = 1 where y > 0, and their indices."""
    indices: dict[Vector, Fraction] = {}
    for one in data.list("filippov_equilibria"):
        u, y = (one[key].numbers(network.N) for key in "uy")
        allowed = all(0 <= v <= 1 and (v == 1 or h <= 0) and (v == 0 or h >= 0) for v, h in zip(u, y, strict=True))
        once = u not in indices
        claims.add(f"u = {shown(u)} is an equilibrium with y = {shown(y)}", allowed and once and network.fields(u) == y)
        indices[u] = one["index"].number
        claims.same(f"the index of u = {shown(u)}", indices[u], index_of(network.W, u))
    claims.given(data, "filippov_index_sum", "the sum of the indices", sum(indices.values(), Fraction(0)))
    if network.N > MOST_FACES:
        claims.add(f"no other equilibrium has an index: too many choices of outputs to look at, 3^{network.N}", None)
        return
    every = box_solutions(network.W, network.b)
    claims.add("no other equilibrium has an index", {s.u for s in every if s.index} <= set(indices))
    claims.given(data, "filippov_nondegenerate", "all equilibria have an index", all(s.index for s in every))


def _completion(data: Entry, network: ThresholdNetwork, claims: Claims) -> None:
    """What can be reached from a cue in the transition graph, where it ends, and whether it can go round."""
    cue = data["cue"].state(network.N)
    edges: dict[State, list[State]] = {}
    left = [cue]
    while left and len(edges) <= MOST_REACHED:
        s = left.pop()
        if s not in edges:
            edges[s] = [(*s[:i], 1 - s[i], *s[i + 1 :]) for i in network.violated(s)]
            left += edges[s]
    if left:
        claims.add(f"what is reached from {text_of(cue)}: too many states to look at", None)
        return
    if "stg_terminal" in data:
        given = sorted(map(text_of, data.states("stg_terminal", network.N)))
        terminal = sorted(text_of(s) for s, following in edges.items() if not following)
        claims.same(f"the list of terminal states of {text_of(cue)}", given, terminal)
    claims.given(data, "stg_reachable", f"the number of states reached from {text_of(cue)}", len(edges))
    claims.given(data, "stg_acyclic", f"nothing reached from {text_of(cue)} is in a cycle", _is_acyclic(edges))


def _is_acyclic(edges: Mapping[State, Sequence[State]]) -> bool:
    try:
        TopologicalSorter(edges).prepare()
    except CycleError:
        return False
    return True


# ---- designs -----------------------------------------------------------------------------------------------------------


def _design(data: Entry, claims: Claims) -> None:
    """An answer of ``design``, or an inverse instance."""
    patterns = Patterns.of(*(data[key].value for key in ("patterns", "diag", "bias", "signs", "mask")))
    objective = data.mapping.get("objective", FEASIBLE)
    if objective not in OBJECTIVES:
        raise InputError(f"objective = {str(objective)[:40]} is none of {', '.join(OBJECTIVES)}")
    N = patterns.N
    found = [(one["row"].unit(N), one) for one in data.list("rows")]
    solutions = {unit: _row(one, patterns.row(unit), patterns, objective, claims) for unit, one in found}
    claims.add("every unit has one row", len(found) == len(solutions) == N)
    claims.given(data, "feasible", "every row is feasible", None not in solutions.values())
    if "W" not in data and "stable_of_design" not in data:
        return
    weights = [solution for _, solution in sorted(solutions.items()) if solution]
    if len(weights) < N:
        claims.add("the rows make a network", False)
        return
    network = ThresholdNetwork(tuple(w for w, _ in weights), tuple(b for _, b in weights))
    if "W" in data:
        claims.add("W and b are those of the rows", _network(data) == network)
    if data["stable_of_design"].value is not None:
        _states_are({"stable": data.states("stable_of_design", N)}, network, claims, {"stable": True})
    _others(data, patterns, claims)


def _row(data: Entry, row: Row, patterns: Patterns, objective: str, claims: Claims) -> tuple[Vector, Fraction] | None:
    """The weights of a row; None where it has an obstruction instead."""
    place, feasible = f"row {row.unit}", "farkas_y" not in data
    claims.given(data, "feasible", f"{place}: there are weights", feasible)
    if not feasible:
        y = data["farkas_y"].numbers(patterns.P)
        claims.add(f"{place}: y = {shown(y)} excludes all weights", row.is_obstructed_by(y))
        conflicting = [text_of(s) for s, v in zip(patterns.states, y, strict=True) if v]
        claims.given(data, "conflict", f"{place}: the list of patterns in conflict", conflicting)
        return None
    w, b = _weights(data, patterns)
    claims.add(f"{place}: the weights are allowed ones", patterns.admits(row.unit, w, b))
    claims.add(f"{place}: the weights store every pattern", patterns.are_stored(row.unit, w, b))
    x = row.gathered(w, b)
    claims.given(
        data, "value", f"{place}: the value of {objective}", row.value(objective, x) if row.is_solved_by(x) else None
    )
    if "bound" in data:
        y = data["multipliers"].numbers(patterns.P)
        proved = row.bound(objective, y) if any(y) and min(y) >= 0 else None
        claims.given(data, "bound", f"{place}: the proved bound of {objective}", proved)
    return w, b


def _weights(data: Entry, patterns: Patterns) -> tuple[Vector, Fraction]:
    return data["w"].numbers(patterns.N), data["b"].number if "b" in data else Fraction(0)


def _others(data: Entry, patterns: Patterns, claims: Claims) -> None:
    """States that every network with the patterns has, and states that some network avoids."""
    forced, avoidable = (data.list(key) if data[key].value is not None else [] for key in ("forced", "avoidable"))
    rows = [patterns.row(unit) for unit in range(patterns.N)] if forced or avoidable else []
    for one in forced:
        s, ys = one["state"].state(patterns.N), one.list("multipliers")
        if len(ys) != patterns.N:
            raise InputError(f"{one.place}: {len(ys)} lists of multipliers for {patterns.N} units")
        holds = [
            row.forces(patterns.signed(row.unit, s, row.columns), y.numbers(patterns.P))
            for row, y in zip(rows, ys, strict=True)
        ]
        claims.add(f"{text_of(s)} is stable in every network with the patterns", all(holds))
        claims.add(f"{text_of(s)} is not one of the patterns", s not in patterns.states)
    for one in avoidable:
        s, row = one["state"].state(patterns.N), rows[one["row"].unit(patterns.N)]
        w, b = _weights(one, patterns)
        stored = patterns.admits(row.unit, w, b) and patterns.are_stored(row.unit, w, b)
        field = sum((v for v, active in zip(w, s, strict=True) if active), b)
        wrong = field * (2 * s[row.unit] - 1) <= 0
        claims.add(
            f"weights onto unit {row.unit} store every pattern and make {text_of(s)} not stable", stored and wrong
        )
