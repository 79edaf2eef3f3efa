"""Claims about signs, strengths and all weights for prescribed states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product
from random import Random

from sympy import Rational

from derivations.tournoy.instances import (
    Theorems,
    all_states,
    drawing,
    network,
    obstructs,
    positive,
    stable,
    union,
    with_state,
)
from numerics.threshold.design import design, forced_states
from theory.threshold.inequalities import factorization, inequalities, weight
from theory.threshold.network import FORBIDDEN, REQUIRED, State, ThresholdNetwork
from theory.threshold.patterns import Patterns
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
from theory.threshold.simplex import Witness, feasible
from theory.threshold.verify import verify

claims = Theorems()
Instance = tuple[ThresholdNetwork, State, object]


def _several(draw: Random, N: tuple[int, int] = (2, 5), most: int = 5) -> list[State]:
    size = draw.randint(*N)
    states = [s for s in all_states(size) if any(s)]
    return draw.sample(states, min(draw.randint(1, most), len(states)))


def _signs_and_states(draw: Random) -> tuple[ThresholdNetwork, list[State]]:
    states = _several(draw, (2, 4), 3)
    N = len(states[0])
    return ThresholdNetwork.of([[draw.choice((-1, 0, 1, 1)) for _ in range(N)] for _ in range(N)]), states


@claims.on(
    with_state(sizes=(1, 4)), "Sign stability: signs require a state (all magnitudes), permit it (some) or forbid it"
)
def _sign_classes(instance: Instance) -> bool:
    units, s, _ = instance
    kind, made, broken = units.sign_class(s), stabilizing(units, s), destabilizing(units, s)
    right = (made is None) == (kind == FORBIDDEN) and (broken is None) == (kind == REQUIRED)
    return (
        right
        and (made is None or (made.is_stable(s) and _signs(made) == _signs(units)))
        and (broken is None or (not broken.is_stable(s) and _signs(broken) == _signs(units)))
        and (kind != REQUIRED or units.is_stable(s))
        and (kind != FORBIDDEN or not units.is_stable(s))
    )


def _signs(units: ThresholdNetwork) -> list[list[int]]:
    return [[(w > 0) - (w < 0) for w in (*row, b)] for row, b in zip(units.W, units.b, strict=True)]


@claims.on(
    _signs_and_states,
    "Semipositivity: strengths exist for given signs if and only if every matrix (d_i s_j sign_ij) is semipositive, "
    "else an obstruction proves that none do",
    count=120,
)
def _strengths(instance: tuple[ThresholdNetwork, list[State]]) -> bool:
    units, states = instance
    found = strengths(units, states)
    for i, row in enumerate(found.rows):
        A = strength_rows(units, states, i)
        if isinstance(row, Witness):
            rays = extreme_rays(A) if A[0] else ()
            if min(row.x, default=0) <= 0 or not (
                positive(A, row.x) and positive(A, [*map(sum, zip(*rays, strict=True))])
            ):
                return False
        elif not obstructs(A, row.y):
            return False
    served = found.network
    return served is None or (all(map(served.is_stable, states)) and _signs(served) == _signs(units))


@claims.on(
    with_state(sizes=(1, 4), biased=False),
    "Output gains make s stable if and only if D_s W, in the columns of the active units, is semipositive",
)
def _gains(instance: Instance) -> bool:
    units, s, _ = instance
    active = [j for j, x in enumerate(s) if x]
    if not active:
        return True
    found = output_gains(units, s)
    rows = [[(2 * x - 1) * row[j] for j in active] for x, row in zip(s, units.W, strict=True)]
    if isinstance(found, Witness):
        gain = dict(zip(active, found.x, strict=True))
        scaled = ThresholdNetwork.of([[w * gain.get(j, 1) for j, w in enumerate(row)] for row in units.W])
        return min(found.x) > 0 and scaled.is_stable(s)
    return obstructs(rows, found.y)


@claims.on(
    _several,
    "Sign stability, b = 0: some signs require all states together iff each is a maximal clique of the co-activity graph; "
    "W = I - complement then has the maximal cliques and no other states",
    count=100,
)
def _cliques(states: list[State]) -> bool:
    graph, found = coactivity(states), sign_storage(states)
    cliques, units = maximal_cliques(graph), clique_network(graph)
    return (
        (found.network is not None) == all(s in cliques for s in states)
        and stable(units) == cliques
        and all(units.sign_class(s) == REQUIRED for s in cliques)
        and len(cliques) <= moon_moser(units.N)
        and (found.network is None) == any(units.sign_class(s) != REQUIRED for s in states)
    )


@claims(
    "Sign stability, b = 0: signs require as many states together as Moon and Moser say",
    "all signs, N = 2 and 3; N = 6",
)
def _moon_moser() -> Iterator[bool]:
    for N in (2, 3):
        states = [s for s in all_states(N) if any(s)]
        kept = [{_required(i, row, states) for row in product((-1, 0, 1), repeat=N)} for i in range(N)]
        together = kept[0]
        for row in kept[1:]:
            together = {a & b for a in together for b in row}
        yield max(map(int.bit_count, together)) == moon_moser(N)
    graph = tuple(frozenset(j for j in range(6) if j // 3 != i // 3) for i in range(6))
    yield len(stable(clique_network(graph))) == moon_moser(6) == 9


def _required(unit: int, row: Sequence[int], states: Sequence[State]) -> int:
    """The states for which a row of signs fixes the sign of the field, as bits."""
    found = 0
    for k, s in enumerate(states):
        terms = [(2 * s[unit] - 1) * w for w, x in zip(row, s, strict=True) if x]
        found |= (min(terms) >= 0 and any(terms)) << k
    return found


@claims.on(
    drawing(sizes=(2, 5)),
    "Dale's law: stable states meet what the signs of outputs ask of them, with biases and without",
)
def _dale(units: ThresholdNetwork) -> bool:
    columns = [1 if w > 0 else -1 for w in units.W[0]]
    rows = [[e * abs(w) for e, w in zip(columns, row, strict=True)] for row in units.W]
    found = {biased: stable(ThresholdNetwork.of(rows, units.b if biased else None)) for biased in (True, False)}
    return not any(dale_objections(columns, states, biased) for biased, states in found.items())


@claims.on(_several, "Self-coupling free, b = 0: any states but 0 can be stored")
def _anything(states: list[State]) -> bool:
    found = design(Patterns.of(states, "free", "zero")).network
    return found is not None and all(map(found.is_stable, states))


@claims.on(_several, "Every design, and every obstruction to one, is verified from what it says alone")
def _alternatives(states: list[State]) -> bool:
    patterns = Patterns.of(states, "zero", "free" if len(states) % 2 else "zero")
    found = design(patterns)
    near = any(sum(x != y for x, y in zip(s, t, strict=True)) == 1 for s in states for t in states)
    return verify(found.data).holds is True and not (near and found.feasible)


@claims.on(
    _several,
    "Semipositivity: a row exists if and only if its Gram matrix is semipositive, and the least row is a sum "
    "of the states",
)
def _gram(states: list[State]) -> bool:
    found = design(Patterns.of(states, "free", "zero"), "minnorm")
    for row in found.rows:
        hebbian = isinstance(embedding_strengths(states, row.unit, False), Witness)
        if hebbian != row.feasible:
            return False
        if row.feasible:
            signed = [a * (2 * s[row.unit] - 1) for a, s in zip(row.multipliers, states, strict=True)]
            sums = [sum(a * x for a, x in zip(signed, column, strict=True)) for column in zip(*states, strict=True)]
            if min(row.multipliers) < 0 or (row.value == row.bound and list(row.w) != sums):
                return False
    return verify(found.data).holds is True


@claims.on(
    _several,
    "Factorization: W = F S^+ + Z (1 - S S^+) stores independent states for all F with the signs of 2 S - 1, and all Z",
    count=200,
    least=80,
)
def _factorization(states: list[State]) -> bool | None:
    found = factorization(Patterns.of(states, "free", "zero"))
    if found.equations:
        return None
    draw, N = Random(str(states)), len(states[0])
    rows = [found.row(i) for i in range(N)]
    symbols = sorted(set().union(*(row.free_symbols for row in rows)), key=str)
    values = {x: draw.randint(1, 9) if x.is_positive else draw.randint(-9, 9) for x in symbols}
    units = ThresholdNetwork.of([[_fraction(w) for w in row.subs(values)] for row in rows])
    return all(map(units.is_stable, states))


@claims.on(
    _several, "Semipositivity: states are stable iff weights satisfy the inequalities that are kept, the others follow"
)
def _inequalities(states: list[State]) -> bool:
    patterns, draw = Patterns.of(states, "zero"), Random(str(states))
    found = inequalities(patterns)
    infeasible = any(unit.conflict for unit in found.units)
    for network_ in (design(patterns).network, network(draw, (patterns.N,) * 2, diagonal="zero")):
        if network_ is None:
            if not infeasible:
                return False
            continue
        N = patterns.N
        values = {weight(i, j, N): Rational(str(w)) for i, row in enumerate(network_.W) for j, w in enumerate(row)}
        values |= {weight(i, N, N): Rational(str(b)) for i, b in enumerate(network_.b)}
        if all(bool(r.subs(values)) for r in found.relations) != all(map(network_.is_stable, states)):
            return False
    return True


def _fraction(value: Rational) -> Fraction:
    return Fraction(int(value.p), int(value.q))


@claims("Coupling: e_1, ..., e_N and all units together force all other states but 0, b = 0", "proofs for every row")
def _forced() -> Iterator[bool]:
    for N in (2, 3, 4):
        states = [tuple(int(i == j) for j in range(N)) for i in range(N)] + [(1,) * N]
        others = [s for s in all_states(N) if any(s) and s not in states]
        found = design(Patterns.of(states, "free", "zero"), candidates=others)
        yield (
            found.forced is not None
            and {entry.state for entry in found.forced} == set(others)
            and verify(found.data).holds is True
        )


@claims.on(
    _several,
    "Coupling: every state is forced by its proof, or some network with the patterns avoids it",
    count=200,
    least=20,
)
def _forced_or_not(states: list[State]) -> bool | None:
    patterns = Patterns.of(states, "zero", "zero")
    found = design(patterns)
    if found.network is None:
        return None
    others = [s for s in all_states(patterns.N) if any(s) and s not in states]
    forced, avoidable = forced_states(patterns, others, found.network)
    return all(map(found.network.is_stable, (entry.state for entry in forced))) and len(forced) + len(avoidable) == len(
        others
    )


def _union_rule(draw: Random) -> tuple[State, State, State]:
    N = draw.randint(3, 6)
    parts = [draw.randint(0, 3) for _ in range(N)]
    s, t, p = (tuple(int(k == part) for k in parts) for part in range(3))
    return s, t, p


@claims.on(
    _union_rule,
    "Coupling, b = 0: disjoint s, t, p stable with the union of all three make the union of s and t stable",
    count=200,
    least=40,
)
def _three(parts: tuple[State, State, State]) -> bool | None:
    s, t, p = parts
    if not (any(s) and any(t) and any(p)):
        return None
    found = design(Patterns.of([s, t, p, union(union(s, t), p)], "free", "zero"), candidates=[union(s, t)])
    return found.forced is not None and [entry.state for entry in found.forced] == [union(s, t)]


@claims.on(_several, "Strict inequalities have a solution or an obstruction, never both")
def _alternative(states: list[State]) -> bool:
    rows = [[(2 * s[0] - 1) * x for x in s[1:]] for s in states]
    found = feasible(rows)
    both_signs = [[*row, *(-a for a in row)] for row in rows]
    return positive(rows, found.x) if isinstance(found, Witness) else obstructs(both_signs, found.y)
