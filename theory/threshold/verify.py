"""Answers about threshold networks, verified from what they say alone: every claim by its definition, nothing is solved.

What solving costs much is checked here by a pencil: fields of a state, inequalities of a row, multipliers that prove a bound or
exclude weights, and every state of a network one after the other where that is possible.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from hashlib import sha256
from typing import Any

from theory.errors import InputError, gathering
from theory.threshold.claims import Claims, Verification, shown
from theory.threshold.entries import listed, mapped, number, numbers, state
from theory.threshold.every_state import MOST_UNITS, stable_and_marginal
from theory.threshold.filippov import box_solutions, echelon, region_map, sign
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
"""What else claims are about; of a design nothing."""
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
    data = mapped(_parsed(given) if isinstance(given, str) else given, "the answer")
    claims = Claims()
    many = [entry for key in ("instances", "inverse_instances") for entry in listed(data.get(key, []), key)]
    if not many and not {"W", "patterns"} & set(data):
        raise InputError(
            "no answer about a threshold network: neither W nor patterns in it, but "
            f"{', '.join(str(key)[:20] for key in [*data][:5]) or 'nothing'}"
        )
    with gathering() as problems:
        for k, entry in enumerate(many or [data], 1):
            with gathering(problems):
                one = mapped(entry, f"answer {k}")
                claims.prefix = f"{str(one.get('name', f'answer {k}'))[:60]}: " if many else ""
                (_design if "patterns" in one else _solution)(one, claims)
                if "seal" in one:
                    claims.add("all of this is what was written (seal)", one["seal"] == _digest(one))
                known = {*_TOLD, *(_DESIGNED if "patterns" in one else (*_SOLVED, *_MORE))}
                if unseen := [str(key)[:20] for key, value in one.items() if key not in known and value]:
                    claims.add(f"what is not looked at here: {', '.join(unseen)}", None)
    return Verification(tuple(claims.found))


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with a digest of what it claims: a claim that is altered and still true, such as other weights, is noticed too."""
    return {**data, "seal": _digest(data)}


def _digest(data: Mapping[str, Any]) -> str:
    content = {key: data[key] for key in (_DESIGNED if "patterns" in data else _SOLVED) if key in data}
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"no JSON: {str(error)[:100]}") from None


# ---- networks ----------------------------------------------------------------------------------------------------------


def _solution(data: Mapping[str, Any], claims: Claims) -> None:
    """An answer of ``solve``, or an instance with more about its network."""
    network = _network(data)
    claims.given(data, "N", "the number of units", network.N)
    claims.given(data, "theta_if_I0", "the threshold without input", tuple(-b for b in network.b))
    kinds = {kind: _list_of_states(data, kind, network.N) for kind in ("stable", "marginal") if kind in data}
    every = data.get("complete", True)
    _states_are(kinds, network, claims, {"stable": every, "marginal": data.get("marginal_complete", every)})
    summary = {
        **mapped(data.get("order_parameters", {}), "order_parameters"),
        **mapped(data.get("observables", {}), "observables"),
    }
    for kind, states in kinds.items():
        claims.given(summary, f"{kind}_count", f"the number of {kind} states", len(states))
    if "certificates" in data:
        _certificates(data["certificates"], kinds.get("stable"), network, claims)
    if "stable" in kinds and "robustness" in summary:
        radii = (float(min(map(abs, network.fields(s))) / (sum(s) + 1)) for s in kinds["stable"])
        claims.given(summary, "robustness", "the smallest robustness", min(radii, default=None))
    if isinstance(data.get("leaving_certificates"), Mapping):
        _leaving(data["leaving_certificates"], network, claims)
    if "filippov_equilibria" in data:
        _equilibria(data, network, claims)
    if {"focal_points", "walls"} & set(data):
        regions = region_map(network).data
        for key, what in (("focal_points", "the list of focal points"), ("walls", "the list of walls")):
            claims.given(data, key, what, regions[key])
    for k, cue in enumerate(listed(data.get("completion", []), "completion"), 1):
        _completion(mapped(cue, f"completion {k}"), network, claims)


def _network(data: Mapping[str, Any]) -> ThresholdNetwork:
    rows = listed(data.get("W"), "W")
    if not rows:
        raise InputError("W has no rows")
    W = [numbers(row, len(rows), f"W, row {i}") for i, row in enumerate(rows, 1)]
    return ThresholdNetwork.of(W, numbers(data["b"], len(rows), "b") if "b" in data else None)


def _list_of_states(data: Mapping[str, Any], key: str, N: int) -> tuple[State, ...]:
    return tuple(state(entry, N, f"{key}, entry {k}") for k, entry in enumerate(listed(data[key], key), 1))


def _states_are(
    kinds: Mapping[str, Sequence[State]], network: ThresholdNetwork, claims: Claims, every: Mapping[str, Any]
) -> None:
    """Every listed state is what it is said to be, once, and no other one is, of the kinds that say so."""
    decide = {"stable": network.is_stable, "marginal": network.is_marginal}
    for kind, states in kinds.items():
        for s in states:
            claims.add(f"{text_of(s)} is {kind}", decide[kind](s))
        if len(set(states)) < len(states):
            claims.add(f"every {kind} state is listed once", False)
    found = stable_and_marginal(network) if network.N <= MOST_UNITS else None
    for kind, states in kinds.items():
        if every[kind] is False:
            continue
        if found is None:
            claims.add(f"no other state is {kind}: too many states to look at, 2^{network.N}", None)
        else:
            missing = sorted({*found[kind == "marginal"]} - {*states})
            named = f" ({', '.join(map(text_of, missing[:5]))} too)" if missing else ""
            claims.add(f"no other state is {kind}{named}", not missing)


def _certificates(given: Any, stable: Sequence[State] | None, network: ThresholdNetwork, claims: Claims) -> None:
    """Every number of every certificate."""
    seen: set[State] = set()
    for k, entry in enumerate(listed(given, "certificates"), 1):
        one = mapped(entry, f"certificate {k}")
        s = state(one.get("state"), network.N, f"certificate {k}, state")
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


def _leaving(given: Mapping[str, Any], network: ThresholdNetwork, claims: Claims) -> None:
    """Through which units trajectories leave a region."""
    for key, units in given.items():
        s = state(key, network.N, "leaving_certificates")
        left = numbers(units, None, f"leaving_certificates, {key}")
        claims.add(f"trajectories leave {key} through {shown(left)}", bool(left) and left == network.violated(s))
    if network.N <= MOST_UNITS:
        staying = sum(map(len, stable_and_marginal(network)))
        claims.same("the number of states that trajectories leave", len(given), 2**network.N - staying)
    else:
        claims.add("trajectories leave no other state", None)


def _equilibria(data: Mapping[str, Any], network: ThresholdNetwork, claims: Claims) -> None:
    """Equilibria in Filippov's sense: y = W u + b with u = 0 where y < 0, u = 1 where y > 0, and their indices."""
    indices: dict[Vector, Fraction] = {}
    for k, entry in enumerate(listed(data["filippov_equilibria"], "filippov_equilibria"), 1):
        one = mapped(entry, place := f"filippov_equilibria, entry {k}")
        u, y = (numbers(one.get(key), network.N, f"{place}, {key}") for key in "uy")
        allowed = all(0 <= v <= 1 and (v == 1 or h <= 0) and (v == 0 or h >= 0) for v, h in zip(u, y, strict=True))
        once = u not in indices
        claims.add(f"u = {shown(u)} is an equilibrium with y = {shown(y)}", allowed and once and network.fields(u) == y)
        indices[u] = number(one.get("index"), f"{place}, index")
        F = [i for i, v in enumerate(u) if 0 < v < 1]
        determinant = echelon([[-network.W[i][j] for j in F] for i in F], len(F)).determinant
        claims.same(f"the index of u = {shown(u)}", indices[u], sign(determinant))
    claims.given(data, "filippov_index_sum", "the sum of the indices", sum(indices.values(), Fraction(0)))
    if network.N > MOST_FACES:
        claims.add(f"no other equilibrium has an index: too many choices of outputs to look at, 3^{network.N}", None)
        return
    every = box_solutions(network.W, network.b)
    claims.add("no other equilibrium has an index", {s.u for s in every if s.index} <= set(indices))
    claims.given(data, "filippov_nondegenerate", "all equilibria have an index", all(s.index for s in every))


def _completion(data: Mapping[str, Any], network: ThresholdNetwork, claims: Claims) -> None:
    """What can be reached from a cue in the transition graph, where it ends, and whether it can go round."""
    cue = state(data.get("cue"), network.N, "completion, cue")
    edges = _reached(cue, network)
    if edges is None:
        claims.add(f"what is reached from {text_of(cue)}: too many states to look at", None)
        return
    if "stg_terminal" in data:
        given = sorted(_list_of_states(data, "stg_terminal", network.N))
        terminal = sorted(s for s, following in edges.items() if not following)
        claims.same(f"the list of terminal states of {text_of(cue)}", [*map(text_of, given)], [*map(text_of, terminal)])
    claims.given(data, "stg_reachable", f"the number of states reached from {text_of(cue)}", len(edges))
    claims.given(data, "stg_acyclic", f"nothing reached from {text_of(cue)} is in a cycle", _is_acyclic(edges))


def _reached(cue: State, network: ThresholdNetwork) -> dict[State, list[State]] | None:
    """States that single transitions lead to, each with those that follow it; None for too many."""
    edges: dict[State, list[State]] = {}
    left = [cue]
    while left and len(edges) <= MOST_REACHED:
        s = left.pop()
        if s not in edges:
            edges[s] = [(*s[:i], 1 - s[i], *s[i + 1 :]) for i in network.violated(s)]
            left += edges[s]
    return None if left else edges


def _is_acyclic(edges: Mapping[State, Sequence[State]]) -> bool:
    left = {s: set(following) for s, following in edges.items()}
    while ends := {s for s, following in left.items() if not following}:
        left = {s: following - ends for s, following in left.items() if s not in ends}
    return not left


# ---- designs -----------------------------------------------------------------------------------------------------------


def _design(data: Mapping[str, Any], claims: Claims) -> None:
    """An answer of ``design``, or an inverse instance."""
    patterns = Patterns.of(data["patterns"], *(data.get(key) for key in ("diag", "bias", "signs", "mask")))
    objective = data.get("objective", FEASIBLE)
    if objective not in OBJECTIVES:
        raise InputError(f"objective = {str(objective)[:40]} is none of {', '.join(OBJECTIVES)}")
    N = patterns.N
    found: dict[int, tuple[Vector, Fraction] | None] = {}
    rows = listed(data.get("rows"), "rows")
    for k, entry in enumerate(rows, 1):
        one = mapped(entry, f"entry {k} of rows")
        unit = number(one.get("row"), f"entry {k} of rows, row")
        if unit not in range(N):
            raise InputError(f"entry {k} of rows: row {unit} is none of 0 to {N - 1}")
        found[int(unit)] = _row(one, int(unit), patterns, objective, claims)
    claims.add("every unit has one row", len(rows) == len(found) == N)
    claims.given(data, "feasible", "every row is feasible", None not in found.values())
    if "W" not in data and "stable_of_design" not in data:
        return
    if None in found.values() or len(found) < N:
        claims.add("the rows make a network", False)
        return
    network = ThresholdNetwork(
        tuple(row[0] for _, row in sorted(found.items()) if row),
        tuple(row[1] for _, row in sorted(found.items()) if row),
    )
    if "W" in data:
        given = _network(data)
        claims.add("W and b are those of the rows", given.W == network.W and given.b == network.b)
    if data.get("stable_of_design") is not None:
        kinds = {"stable": _list_of_states(data, "stable_of_design", N)}
        _states_are(kinds, network, claims, {"stable": True})
    _others(data, patterns, claims)


def _row(
    data: Mapping[str, Any], unit: int, patterns: Patterns, objective: str, claims: Claims
) -> tuple[Vector, Fraction] | None:
    """The weights of a row; None where it has an obstruction instead."""
    place, row = f"row {unit}", patterns.row(unit)
    feasible = "farkas_y" not in data
    claims.given(data, "feasible", f"{place}: there are weights", feasible)
    if not feasible:
        y = numbers(data.get("farkas_y"), patterns.P, f"{place}, farkas_y")
        claims.add(f"{place}: y = {shown(y)} excludes all weights", row.is_obstructed_by(y))
        conflicting = [text_of(s) for s, v in zip(patterns.states, y, strict=True) if v]
        claims.given(data, "conflict", f"{place}: the list of patterns in conflict", conflicting)
        return None
    w = numbers(data.get("w"), patterns.N, f"{place}, w")
    b = number(data.get("b", "0"), f"{place}, b")
    claims.add(f"{place}: the weights are allowed ones", patterns.admits(unit, w, b))
    claims.add(f"{place}: the weights store every pattern", patterns.are_stored(unit, w, b))
    x = [(*w, b)[j] for j in row.columns]
    claims.given(
        data, "value", f"{place}: the value of {objective}", row.value(objective, x) if row.is_solved_by(x) else None
    )
    if "bound" in data:
        y = numbers(data.get("multipliers"), patterns.P, f"{place}, multipliers")
        proved = row.bound(objective, y) if any(y) and min(y) >= 0 else None
        claims.given(data, "bound", f"{place}: the proved bound of {objective}", proved)
    return w, b


def _others(data: Mapping[str, Any], patterns: Patterns, claims: Claims) -> None:
    """States that every network with the patterns has, and states that some network avoids."""
    rows = [patterns.row(unit) for unit in range(patterns.N)]
    for k, entry in enumerate(listed(data.get("forced") or [], "forced"), 1):
        one = mapped(entry, f"forced, entry {k}")
        s = state(one.get("state"), patterns.N, f"forced, entry {k}")
        ys = listed(one.get("multipliers"), f"forced, entry {k}, multipliers")
        if len(ys) != patterns.N:
            raise InputError(f"forced, entry {k}: {len(ys)} lists of multipliers for {patterns.N} units")
        proofs = [numbers(y, patterns.P, f"forced, entry {k}, multipliers {i}") for i, y in enumerate(ys, 1)]
        holds = all(row.forces(_field(patterns, row, s), y) for row, y in zip(rows, proofs, strict=True))
        claims.add(f"{text_of(s)} is stable in every network with the patterns", holds)
        claims.add(f"{text_of(s)} is not one of the patterns", s not in patterns.states)
    for k, entry in enumerate(listed(data.get("avoidable") or [], "avoidable"), 1):
        place = f"avoidable, entry {k}"
        one = mapped(entry, place)
        s = state(one.get("state"), patterns.N, place)
        w, b = numbers(one.get("w"), patterns.N, f"{place}, w"), number(one.get("b"), f"{place}, b")
        unit = number(one.get("row"), f"{place}, row")
        if unit not in range(patterns.N):
            raise InputError(f"{place}: row {unit} is none of 0 to {patterns.N - 1}")
        row = rows[int(unit)]
        stored = patterns.admits(row.unit, w, b) and patterns.are_stored(row.unit, w, b)
        x = [(*w, b)[j] for j in row.columns]
        wrong = sum((a * v for a, v in zip(_field(patterns, row, s), x, strict=True)), Fraction(0)) <= 0
        claims.add(f"weights onto unit {unit} store every pattern and make {text_of(s)} not stable", stored and wrong)


def _field(patterns: Patterns, row: Row, s: State) -> tuple[int, ...]:
    return patterns.signed(row.unit, s, row.columns)
