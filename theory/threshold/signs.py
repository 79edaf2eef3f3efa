"""What the signs of weights say of states, and the strengths that go with given signs.

Semipositivity (some x >= 0 has A x > 0) appears in three uses that say different things:

`output_gains`: A = D_s W, columns of the active units: positive gains of the units' outputs that make one state stable.
`strengths`: A_i = (d_i(s) s_j sign_ij): absolute values of the weights onto one unit that serve all states together.
`embedding_strengths`: A = Gram matrix of the signed states: Hebbian weights, which exist where any weights exist.

Everything is decided exactly, row by row, with a witness or with an obstruction (`theory.threshold.simplex`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

from theory.threshold.network import FORBIDDEN, PERMITTED, REQUIRED, State, ThresholdNetwork, Vector, text_of
from theory.threshold.simplex import Number, Obstruction, Witness, feasible

Neighbours = tuple[frozenset[int], ...]
"""An undirected graph without loops: the neighbours of every unit."""


# ------------------------------------------------------------------------------------------------------- one state


def stabilizing(network: ThresholdNetwork, state: State) -> ThresholdNetwork | None:
    """A network with the same signs in which the state is stable; None for a state that the signs forbid.

    In every row with a wrong field the entries of the right sign become larger by one factor.
    """
    return None if network.sign_class(state) == FORBIDDEN else _tuned(network, state, range(network.N), 1)


def destabilizing(network: ThresholdNetwork, state: State) -> ThresholdNetwork | None:
    """A network with the same signs in which the state is not stable; None for a state that the signs require."""
    if network.sign_class(state) == REQUIRED:
        return None
    against = [i for i in range(network.N) if any(d < 0 for _, d in _contributions(network, state, i))]
    return _tuned(network, state, against[:1], -1)


def _contributions(network: ThresholdNetwork, state: State, unit: int) -> Iterator[tuple[int, Fraction]]:
    """What each active unit, and the bias as unit N, adds to a field, positive where it supports the state."""
    row = (*network.W[unit], network.b[unit])
    yield from ((j, (2 * state[unit] - 1) * w) for j, (w, q) in enumerate(zip(row, (*state, 1), strict=True)) if q)


def _tuned(network: ThresholdNetwork, state: State, units: Iterable[int], wanted: int) -> ThresholdNetwork:
    """The entries whose contribution has the wanted sign, enlarged until the field has it too, in the rows of some units."""
    rows = [[*row, bias] for row, bias in zip(network.W, network.b, strict=True)]
    for i in units:
        parts = [(j, d * wanted) for j, d in _contributions(network, state, i)]
        good, bad = (sum((d for _, d in parts if d * side > 0), Fraction(0)) for side in (1, -1))
        if good + bad <= 0:
            for j in (j for j, d in parts if d > 0):
                rows[i][j] *= 1 - bad / good
    return ThresholdNetwork.of([row[:-1] for row in rows], [row[-1] for row in rows])


def output_gains(network: ThresholdNetwork, state: State) -> Witness | Obstruction:
    """Positive gains g of the outputs of the active units, W -> W diag(g), with which a state becomes stable.

    Returns
    -------
    Witness
        ``x``: one gain for each active unit, in their order; with a bias one more number, by which the gains are still to be
        divided (or the bias multiplied).
    Obstruction
        Weights of the units' fields that exclude all gains.
    """
    biased = any(network.b)
    rows = [[d for j, d in _contributions(network, state, i) if j < network.N or biased] for i in range(network.N)]
    found = feasible(rows, (1,) * len(rows[0]))
    return Witness(_positive(rows, found.x)) if isinstance(found, Witness) else found


# ------------------------------------------------------------------------------------- several states, given signs


@dataclass(frozen=True)
class Strengths:
    """Absolute values of the weights that make states stable together, for given signs, or what excludes them.

    Attributes
    ----------
    states : tuple of State
    rows : tuple of Witness or Obstruction
        For each unit: the absolute values of its non-zero entries, the bias last; or weights of the states that exclude any.
    network : ThresholdNetwork or None
        With these values, where every row has them.
    sign_class : str
        `FORBIDDEN`: no values serve all states together; `REQUIRED`: all values do; `PERMITTED`: some do.
    """

    states: tuple[State, ...]
    rows: tuple[Witness | Obstruction, ...]
    network: ThresholdNetwork | None
    sign_class: str

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "states": list(map(text_of, self.states)),
            "sign_class": self.sign_class,
            "rows": [
                {"row": i, "feasible": True, "strengths": list(map(str, row.x))}
                if isinstance(row, Witness)
                else {"row": i, "feasible": False, "farkas_y": list(map(str, row.y))}
                for i, row in enumerate(self.rows)
            ],
        }


def strength_rows(network: ThresholdNetwork, states: Sequence[State], unit: int) -> list[list[int]]:
    """A_i of one unit, entries -1, 0, 1: its non-zero entries have absolute values m that serve all states iff A_i m > 0."""
    signs = [(w > 0) - (w < 0) for w in (*network.W[unit], network.b[unit])]
    return [[(2 * s[unit] - 1) * q * e for q, e in zip((*s, 1), signs, strict=True) if e] for s in states]


def strengths(network: ThresholdNetwork, states: Sequence[State]) -> Strengths:
    """Absolute values of the weights and biases with which states are stable together; only the signs of the network count."""
    answers: list[Witness | Obstruction] = []
    rows: list[list[Fraction]] = []
    for i in range(network.N):
        A = strength_rows(network, states, i)
        found = feasible(A, (1,) * len(A[0]))
        answers.append(Witness(_positive(A, found.x)) if isinstance(found, Witness) else found)
        if isinstance(found, Witness):
            sizes = iter(answers[-1].x)  # type: ignore[union-attr]
            rows.append([(next(sizes) if w > 0 else -next(sizes)) if w else w for w in (*network.W[i], network.b[i])])
    if len(rows) < network.N:
        return Strengths(tuple(states), tuple(answers), None, FORBIDDEN)
    served = ThresholdNetwork.of([row[:-1] for row in rows], [row[-1] for row in rows])
    required = all(network.sign_class(s) == REQUIRED for s in states)
    return Strengths(tuple(states), tuple(answers), served, REQUIRED if required else PERMITTED)


def extreme_rays(rows: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Extreme rays of the cone of all m >= 0 with A m >= 0, coprime integers, sorted (double description, row by row).

    Some m >= 0 has A m > 0 iff their sum has. Their number can grow exponentially with the number of rows.
    """
    n = len(rows[0])
    rays = {tuple(int(i == j) for i in range(n)): frozenset(k for k in range(n) if k != j) for j in range(n)}
    for k, row in enumerate(rows, n):  # each ray with the inequalities, entries of m first, that are equalities on it
        value = {m: sum(a * v for a, v in zip(row, m, strict=True)) for m in rays}
        new = {m: tight | {k} if value[m] == 0 else tight for m, tight in rays.items() if value[m] >= 0}
        for p in (m for m in rays if value[m] > 0):
            for q in (m for m in rays if value[m] < 0):
                common = rays[p] & rays[q]
                if not any(common <= tight for m, tight in rays.items() if m not in (p, q)):
                    mixed = [value[p] * b - value[q] * a for a, b in zip(p, q, strict=True)]
                    new[tuple(v // gcd(*mixed) for v in mixed)] = common | {k}
        rays = new
    return tuple(sorted(rays))


def embedding_strengths(states: Sequence[State], unit: int, biased: bool) -> Witness | Obstruction:
    """Strengths alpha >= 0 of the states with which the row w_i = sum_mu alpha_mu d_i(s^mu) s^mu stores them.

    They exist iff any weights onto this unit (and any bias, if `biased`) store the states: the Gram matrix is semipositive.
    """
    signed = [[(2 * s[unit] - 1) * q for q in (*s, *(1,) * biased)] for s in states]
    gram = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in signed] for p in signed]
    return feasible(gram, (1,) * len(gram))


def _positive(rows: Sequence[Sequence[Number]], x: Vector) -> Vector:
    """x with its zeros raised, and the rest enlarged until every row keeps A x >= 1."""
    raised = [j for j, v in enumerate(x) if not v]
    loss = max((-sum(row[j] for j in raised) for row in rows), default=0)
    return tuple(v * (1 + max(Fraction(0), Fraction(loss))) or Fraction(1) for v in x)


# ------------------------------------------------------------------------------- stable for all magnitudes (b = 0)


@dataclass(frozen=True)
class SignStorage:
    """Whether some signs without biases require states together, stable for all magnitudes of the weights.

    They do iff every state is a maximal clique of the co-activity graph. Every network with the signs of I - (complement of that
    graph) then has exactly the maximal cliques of the graph for its states.

    Attributes
    ----------
    states : tuple of State
    network : ThresholdNetwork or None
        I - (complement of the co-activity graph), if the states are storable.
    conflicts : tuple of tuple (State, int)
        States that are no maximal cliques, each with a unit outside that is active together with each unit of the state.
    """

    states: tuple[State, ...]
    network: ThresholdNetwork | None
    conflicts: tuple[tuple[State, int], ...]

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "states": list(map(text_of, self.states)),
            "storable": self.network is not None,
            "W": None if self.network is None else [list(map(str, row)) for row in self.network.W],
            "conflicts": [{"state": text_of(s), "unit": i} for s, i in self.conflicts],
        }


def coactivity(states: Sequence[State]) -> Neighbours:
    """The graph in which two units are neighbours if some state has both active."""
    N = len(states[0])
    return tuple(frozenset(j for j in range(N) if j != i and any(s[i] and s[j] for s in states)) for i in range(N))


def sign_storage(states: Sequence[State]) -> SignStorage:
    """Whether some signs without biases make states stable for all magnitudes, all of them together."""
    graph = coactivity(states)
    conflicts = [
        (s, i) for s in states for i in range(len(s)) if not s[i] and all(j in graph[i] for j, q in enumerate(s) if q)
    ]
    return SignStorage(tuple(states), None if conflicts else clique_network(graph), tuple(conflicts))


def clique_network(graph: Neighbours) -> ThresholdNetwork:
    """W = I - (complement of the graph), b = 0: its stable states are the maximal cliques, all required by the signs."""
    N = len(graph)
    return ThresholdNetwork.of([[1 if i == j else -(j not in graph[i]) for j in range(N)] for i in range(N)])


def maximal_cliques(graph: Neighbours) -> tuple[State, ...]:
    """All maximal cliques as states, sorted by text (Bron and Kerbosch with a pivot)."""
    found: list[frozenset[int]] = []

    def extend(clique: frozenset[int], candidates: frozenset[int], excluded: frozenset[int]) -> None:
        if not candidates and not excluded:
            found.append(clique)
            return
        pivot = max(sorted(candidates | excluded), key=lambda v: len(graph[v] & candidates))
        for v in sorted(candidates - graph[pivot]):
            extend(clique | {v}, candidates & graph[v], excluded & graph[v])
            candidates, excluded = candidates - {v}, excluded | {v}

    extend(frozenset(), frozenset(range(len(graph))), frozenset())
    return tuple(sorted(tuple(int(i in clique) for i in range(len(graph))) for clique in found))


def moon_moser(N: int) -> int:
    """Most maximal cliques of N units, hence most states that signs without biases can require together (Moon and Moser 1965)."""
    if N < 2:
        return 1
    rest = N % 3
    return 3 ** (N // 3) if rest == 0 else 4 * 3 ** ((N - 4) // 3) if rest == 1 else 2 * 3 ** (N // 3)


# ------------------------------------------------------------------------------------------------------ Dale's law


def dale_objections(columns: Sequence[int], states: Sequence[State], biased: bool) -> tuple[str, ...]:
    """Why units with these signs of their outputs cannot store states, one sentence each; necessary tests, no search.

    Parameters
    ----------
    columns : sequence of {1, -1}
        Excitatory and inhibitory units.
    states : sequence of State
    biased : bool
        Whether there are biases; without them every state needs an active excitatory unit, and an active inhibitory unit
        unless all units are active.
    """
    found = []
    for s in () if biased else states:
        active = {columns[j] for j, q in enumerate(s) if q}
        if 1 not in active:
            found.append(f"{text_of(s)} has no active excitatory unit, and there is no bias")
        if -1 not in active and not all(s):
            found.append(f"{text_of(s)} has no active inhibitory unit that could silence the others")
    for s in states:
        for t in states:
            more = [j for j, (p, q) in enumerate(zip(s, t, strict=True)) if q > p]
            if more and all(p <= q for p, q in zip(s, t, strict=True)) and all(columns[j] < 0 for j in more):
                found.append(f"{text_of(t)} has active inhibitory units alone in addition to {text_of(s)}")
    return tuple(found)
