"""Answers about threshold networks, verified from what they say alone: every claim by its definition, nothing is solved.

What solving costs much is checked here by a pencil: fields of a state, inequalities of a row, multipliers that prove a bound or
exclude weights, and every state of a network one after the other where that is possible.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from hashlib import sha256
from typing import Any

from theory.errors import InputError, gathering
from theory.threshold.claims import Claims, Verification, shown
from theory.threshold.entries import listed, mapped, number, numbers, state
from theory.threshold.every_state import MOST_UNITS, stable_and_marginal
from theory.threshold.filippov import box_solutions, sign
from theory.threshold.network import MOST_CERTIFIED, State, ThresholdNetwork, Vector, text_of
from theory.threshold.patterns import FEASIBLE, OBJECTIVES, Patterns, Row

_SEALED = (
    *("W", "b", "stable", "marginal", "certificates", "complete", "marginal_complete"),
    *(
        "patterns",
        "diag",
        "bias",
        "signs",
        "mask",
        "objective",
        "feasible",
        "rows",
        "stable_of_design",
        "forced",
        "avoidable",
    ),
)

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
    return Verification(tuple(claims.found))


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """An answer with a digest of what it claims: a claim that is altered and still true, such as other weights, is noticed too."""
    return {**data, "seal": _digest(data)}


def _digest(data: Mapping[str, Any]) -> str:
    content = {key: data[key] for key in _SEALED if key in data}
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
    N = network.N
    if "N" in data:
        claims.same("the number of units", number(data["N"], "N"), N)
    if "theta_if_I0" in data:
        claims.same(
            "the threshold without input", numbers(data["theta_if_I0"], N, "theta_if_I0"), tuple(-b for b in network.b)
        )
    kinds = {kind: _list_of_states(data, kind, N) for kind in ("stable", "marginal") if kind in data}
    _states_are(kinds, network, claims)
    said = {"stable": data.get("complete", True), "marginal": data.get("marginal_complete", data.get("complete", True))}
    _nothing_is_missing({kind: states for kind, states in kinds.items() if said[kind] is not False}, network, claims)
    _counts(data, kinds, network, claims)
    if "certificates" in data:
        _certificates(data["certificates"], kinds.get("stable"), network, claims)
    if isinstance(data.get("leaving_certificates"), Mapping):
        _leaving(data["leaving_certificates"], network, claims)
    if "filippov_equilibria" in data:
        _equilibria(data, network, claims)
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


def _states_are(kinds: Mapping[str, Sequence[State]], network: ThresholdNetwork, claims: Claims) -> None:
    """Every listed state is what it is said to be."""
    decide = {"stable": network.is_stable, "marginal": network.is_marginal}
    for kind, states in kinds.items():
        for s in states:
            claims.add(f"{text_of(s)} is {kind}", decide[kind](s))
        if len(set(states)) < len(states):
            claims.add(f"every {kind} state is listed once", False)


def _nothing_is_missing(kinds: Mapping[str, Sequence[State]], network: ThresholdNetwork, claims: Claims) -> None:
    if network.N > MOST_UNITS:
        for kind in kinds:
            claims.add(f"no other state is {kind}: too many states to look at, 2^{network.N}", None)
        return
    for (kind, states), right in zip(kinds.items(), _of_kinds(kinds, network), strict=True):
        missing = sorted(set(right) - set(states))
        named = f" ({', '.join(map(text_of, missing[:5]))} too)" if missing else ""
        claims.add(f"no other state is {kind}{named}", not missing)


def _of_kinds(kinds: Iterable[str], network: ThresholdNetwork) -> list[tuple[State, ...]]:
    found = dict(zip(("stable", "marginal"), stable_and_marginal(network), strict=True))
    return [found[kind] for kind in kinds]


def _counts(
    data: Mapping[str, Any], kinds: Mapping[str, Sequence[State]], network: ThresholdNetwork, claims: Claims
) -> None:
    """Numbers that a summary repeats."""
    summary = {
        **mapped(data.get("order_parameters", {}), "order_parameters"),
        **mapped(data.get("observables", {}), "observables"),
    }
    for kind, states in kinds.items():
        if f"{kind}_count" in summary:
            claims.same(f"the number of {kind} states", number(summary[f"{kind}_count"], f"{kind}_count"), len(states))
    robustness = summary.get("robustness")
    if robustness is not None and kinds.get("stable"):
        right = min(network.certificate(s).robustness for s in kinds["stable"][:MOST_CERTIFIED])
        given = number(robustness, "robustness")
        near = given == right or (isinstance(robustness, float) and robustness == float(right))
        claims.same("the smallest robustness", right if near else given, right)


def _certificates(given: Any, stable: Sequence[State] | None, network: ThresholdNetwork, claims: Claims) -> None:
    """Every number of every certificate."""
    seen = []
    for k, entry in enumerate(listed(given, "certificates"), 1):
        one = mapped(entry, f"certificate {k}")
        s = state(one.get("state"), network.N, f"certificate {k}, state")
        seen.append(s)
        text = text_of(s)
        claims.add(f"{text} is stable, as its certificate says", network.is_stable(s))
        right = network.certificate(s)
        place = f"certificate of {text}"
        if "field" in one:
            claims.same(f"the field in {text}", numbers(one["field"], network.N, f"{place}, field"), right.fields)
        for key, what, value in (
            ("signed_margin_min", "margin", right.margin),
            ("robustness_radius", "robustness", right.robustness),
            ("error_correction_radius", "radius of error correction", Fraction(right.correction)),
        ):
            if key in one:
                claims.same(f"the {what} of {text}", number(one[key], f"{place}, {key}"), value)
        if "sign_class_incl_bias" in one:
            claims.same(f"the sign class of {text}", one["sign_class_incl_bias"], right.sign_class)
    if stable is not None:
        all_of_them = len(seen) >= min(len(stable), MOST_CERTIFIED)
        claims.add(
            "every stable state has one certificate",
            set(seen) <= set(stable) and len(set(seen)) == len(seen) and all_of_them,
        )


def _leaving(given: Mapping[str, Any], network: ThresholdNetwork, claims: Claims) -> None:
    """Through which units trajectories leave a region."""
    seen = set()
    for key, units in given.items():
        s = state(key, network.N, "leaving_certificates")
        seen.add(s)
        left = numbers(units, None, f"leaving_certificates, {key}")
        claims.same(f"the list of units through which trajectories leave {key}", left, network.violated(s))
        if not left:
            claims.add(f"trajectories leave {key}", False)
    if network.N <= MOST_UNITS:
        staying = sum(map(len, stable_and_marginal(network)))
        claims.same("the number of states that trajectories leave", len(seen), 2**network.N - staying)
    else:
        claims.add("trajectories leave no other state", None)


def _equilibria(data: Mapping[str, Any], network: ThresholdNetwork, claims: Claims) -> None:
    """Equilibria in Filippov's sense: y = W u + b with u = 0 where y < 0, u = 1 where y > 0, and their indices."""
    N, seen, indices = network.N, [], []
    for k, entry in enumerate(listed(data["filippov_equilibria"], "filippov_equilibria"), 1):
        place = f"filippov_equilibria, entry {k}"
        one = mapped(entry, place)
        u, y = (numbers(one.get(key), N, f"{place}, {key}") for key in "uy")
        index = number(one.get("index"), f"{place}, index")
        seen.append(u)
        indices.append(index)
        consistent = all(
            0 <= v <= 1 and not (h > 0 and v < 1) and not (h < 0 and v > 0) for v, h in zip(u, y, strict=True)
        )
        claims.add(f"u = {shown(u)} is an equilibrium with y = {shown(y)}", consistent and network.fields(u) == y)
        F = [i for i, v in enumerate(u) if 0 < v < 1]
        right = sign(_determinant([[-network.W[i][j] for j in F] for i in F]))
        claims.same(f"the index of u = {shown(u)}", index, right)
    if "filippov_index_sum" in data:
        claims.same("the sum of the indices", number(data["filippov_index_sum"], "filippov_index_sum"), sum(indices))
    if N > MOST_FACES:
        claims.add(f"no other equilibrium has an index: too many choices of outputs to look at, 3^{N}", None)
        return
    every = box_solutions(network.W, network.b)
    claims.add(
        "no other equilibrium has an index",
        {s.u for s in every if s.index} <= set(seen) and len(set(seen)) == len(seen),
    )
    if "filippov_nondegenerate" in data:
        claims.same("that all equilibria have an index", data["filippov_nondegenerate"], all(s.index for s in every))


def _determinant(matrix: list[list[Fraction]]) -> Fraction:
    """By expansion in minors along the first row: the definition, for a few rows."""
    if not matrix:
        return Fraction(1)
    minors = ([row[:j] + row[j + 1 :] for row in matrix[1:]] for j in range(len(matrix)))
    return sum(
        (
            (-1) ** j * entry * _determinant(minor)
            for j, (entry, minor) in enumerate(zip(matrix[0], minors, strict=True))
            if entry
        ),
        Fraction(0),
    )


def _completion(data: Mapping[str, Any], network: ThresholdNetwork, claims: Claims) -> None:
    """What can be reached from a cue in the transition graph, where it ends, and whether it can go round."""
    cue = state(data.get("cue"), network.N, "completion, cue")
    text = text_of(cue)
    if "stg_reachable" in data or "stg_terminal" in data:
        edges = _reached(cue, network)
        terminal = sorted(s for s, following in edges.items() if not following)
        if "stg_terminal" in data:
            given = sorted(_list_of_states(data, "stg_terminal", network.N))
            claims.same(
                f"the list of terminal states of {text}", list(map(text_of, given)), list(map(text_of, terminal))
            )
        if "stg_reachable" in data:
            claims.same(
                f"the number of states reached from {text}", number(data["stg_reachable"], "stg_reachable"), len(edges)
            )
        if "stg_acyclic" in data:
            claims.same(f"that nothing reached from {text} is in a cycle", data["stg_acyclic"], _is_acyclic(edges))


def _reached(cue: State, network: ThresholdNetwork) -> dict[State, list[State]]:
    """States that single transitions lead to, each with those that follow it."""
    edges: dict[State, list[State]] = {}
    left = [cue]
    while left:
        s = left.pop()
        if s not in edges:
            edges[s] = [(*s[:i], 1 - s[i], *s[i + 1 :]) for i in network.violated(s)]
            left += edges[s]
    return edges


def _is_acyclic(edges: Mapping[State, Sequence[State]]) -> bool:
    left = {s: set(following) for s, following in edges.items()}
    while ends := {s for s, following in left.items() if not following}:
        left = {s: following - ends for s, following in left.items() if s not in ends}
    return not left


# ---- designs -----------------------------------------------------------------------------------------------------------


def _design(data: Mapping[str, Any], claims: Claims) -> None:
    """An answer of ``design``, or an inverse instance."""
    patterns = Patterns.of(
        data["patterns"],
        data.get("diag"),
        data.get("bias"),
        data.get("signs"),
        data.get("mask"),
    )
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
    if "feasible" in data:
        claims.same("that every row is feasible", data["feasible"], None not in found.values())
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
        _states_are(kinds, network, claims)
        _nothing_is_missing(kinds, network, claims)
    _others(data, patterns, claims)


def _row(
    data: Mapping[str, Any], unit: int, patterns: Patterns, objective: str, claims: Claims
) -> tuple[Vector, Fraction] | None:
    """The weights of a row; None where it has an obstruction instead."""
    place, row = f"row {unit}", patterns.row(unit)
    feasible = "farkas_y" not in data
    if "feasible" in data:
        claims.same(f"{place}: whether there are weights", data["feasible"], feasible)
    if not feasible:
        y = numbers(data.get("farkas_y"), patterns.P, f"{place}, farkas_y")
        claims.add(f"{place}: y = {shown(y)} excludes all weights", row.is_obstructed_by(y))
        if "conflict" in data:
            conflicting = [text_of(s) for s, v in zip(patterns.states, y, strict=True) if v]
            claims.same(f"{place}: the list of patterns in conflict", data["conflict"], conflicting)
        return None
    w = numbers(data.get("w"), patterns.N, f"{place}, w")
    b = number(data.get("b", "0"), f"{place}, b")
    claims.add(f"{place}: the weights are allowed ones", patterns.admits(unit, w, b))
    claims.add(f"{place}: the weights store every pattern", patterns.are_stored(unit, w, b))
    if "value" in data:
        x = [(*w, b)[j] for j in row.columns]
        fine = row.is_solved_by(x)
        claims.same(
            f"{place}: the value of {objective}",
            number(data["value"], f"{place}, value"),
            row.value(objective, x) if fine else None,
        )
    if "bound" in data:
        y = numbers(data.get("multipliers"), patterns.P, f"{place}, multipliers")
        right = row.bound(objective, y) if any(y) and min(y) >= 0 else None
        claims.same(f"{place}: the proved bound of {objective}", number(data["bound"], f"{place}, bound"), right)
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
