"""Claims about the stable states of a network, alone, in pairs and all of them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from itertools import combinations, product
from math import comb, prod
from random import Random

import numpy as np

from derivations.tournoy.instances import (
    Theorems,
    all_states,
    by_definition,
    drawing,
    network,
    number,
    stable,
    switched,
    union,
    with_state,
)
from numerics.threshold.random_networks import row_capacity, stable_state_count
from numerics.threshold.states import stable_states
from theory.threshold import coupling
from theory.threshold.family import Family, diagram
from theory.threshold.feedback import bounds, has_negative_cycle, positive_cycle, positive_feedback_set
from theory.threshold.filippov import (
    CROSSING,
    REPELLING,
    SLIDING,
    box_solutions,
    filippov_equilibria,
    is_p_matrix,
    sign,
    wall,
)
from theory.threshold.network import State, ThresholdNetwork
from theory.threshold.realroots import near

claims = Theorems()
SMALL = drawing(sizes=(2, 6))


@claims.on(
    SMALL, "Every method of enumeration finds the states that the definition gives, and says that there are no others"
)
def _enumeration(units: ThresholdNetwork) -> bool:
    answers = [stable_states(units, method) for method in ("auto", "brute", "tree", "product")]
    return all(list(found.stable) == by_definition(units) and found.complete for found in answers)


def _of_rank_one(draw: Random) -> ThresholdNetwork:
    N = draw.randint(3, 6)
    out, back = [number(draw) for _ in range(N)], [number(draw) for _ in range(N)]
    return ThresholdNetwork.of([[x * y for y in back] for x in out], [number(draw) + Fraction(1, 10007) for _ in out])


@claims.on(
    _of_rank_one, "Weights of rank r have at most sum_(k <= r) C(N, k) stable states; here r = 1, by a sweep too"
)
def _low_rank(units: ThresholdNetwork) -> bool:
    return stable(units) == stable_states(units, "sweep").stable and len(stable(units)) <= 1 + units.N


def _acyclic(draw: Random) -> ThresholdNetwork:
    units = network(draw)
    return ThresholdNetwork.of(
        [[w if j < i else 0 for j, w in enumerate(row)] for i, row in enumerate(units.W)], units.b
    )


@claims.on(_acyclic, "A network without cycles has one stable state")
def _one(units: ThresholdNetwork) -> bool:
    return len(stable(units)) == 1


@claims.on(
    SMALL,
    "Topology: two stable states need a cycle of positive weight product within the units that differ",
    count=600,
    least=80,
)
def _positive_cycle(units: ThresholdNetwork) -> bool | None:
    pairs = list(combinations(stable(units), 2))
    cycles = [positive_cycle(units, [i for i, (x, y) in enumerate(zip(s, t, strict=True)) if x != y]) for s, t in pairs]
    return all(cycle is not None and _sign(units, cycle) > 0 for cycle in cycles) if pairs else None


def _sign(units: ThresholdNetwork, cycle: tuple[int, ...]) -> int:
    return prod(sign(units.W[i][j]) for j, i in zip(cycle, (*cycle[1:], cycle[0]), strict=True))


@claims.on(
    SMALL, "Topology: at most 2^k stable states, k units meeting all positive cycles; and all other bounds that apply"
)
def _bounds(units: ThresholdNetwork) -> bool:
    met = positive_cycle(units, set(range(units.N)) - set(positive_feedback_set(units)))
    return met is None and all(len(stable(units)) <= bound.value for bound in bounds(units))


@claims.on(
    drawing(sizes=(2, 4)),
    "Topology: without a cycle of negative weight product there is a stable state",
    count=1000,
    least=60,
)
def _negative_cycle(units: ThresholdNetwork) -> bool | None:
    return None if has_negative_cycle(units) else len(stable(units)) > 0


@claims.on(
    SMALL,
    "Two stable states s, t: delta_i (W delta)_i > 0 in the units that differ, delta = t - s",
    count=600,
    least=60,
)
def _difference(units: ThresholdNetwork) -> bool | None:
    pairs = list(combinations(stable(units), 2))
    return all(min(coupling.difference(units, s, t).values()) > 0 for s, t in pairs) if pairs else None


@claims.on(drawing(sizes=(2, 3)), "Some biases make two states stable if and only if this holds: the midpoints then do")
def _biases(units: ThresholdNetwork) -> bool:
    for s, t in combinations(all_states(units.N), 2):
        found, needed = coupling.biases(units, (s, t)), min(coupling.difference(units, s, t).values()) > 0
        if (found is not None) != needed or (
            found and not all(map(ThresholdNetwork(units.W, found).is_stable, (s, t)))
        ):
            return False
    return True


@claims.on(
    drawing(sizes=(2, 6), low=-300, high=0),
    "W <= 0: no stable state contains another one, so there are at most C(N, [N/2])",
)
def _antichain(units: ThresholdNetwork) -> bool:
    found = stable(units)
    return len(found) <= comb(units.N, units.N // 2) and not any(
        union(s, t) == t for s in found for t in found if s != t
    )


@claims("W_ij = -1 for i != j, b = k - 1/2: the states of k active units, all of them", "up to eight units")
def _winners() -> Iterator[bool]:
    for N, k in ((4, 2), (5, 1), (6, 3), (8, 4)):
        units = ThresholdNetwork.of([[-(i != j) for j in range(N)] for i in range(N)], [Fraction(2 * k - 1, 2)] * N)
        yield list(stable(units)) == [s for s in all_states(N) if sum(s) == k]


@claims.on(
    SMALL, "Every stable state survives changes of all entries of W and b below its robustness, and not all larger ones"
)
def _robustness(units: ThresholdNetwork) -> bool | None:
    for s in stable(units):
        radius = units.certificate(s).robustness
        for size, survives in ((Fraction(999, 1000) * radius, True), (Fraction(1001, 1000) * radius, False)):
            change = [(2 * x - 1) * size for x in s]
            rows = [[w - e for w in row] for row, e in zip(units.W, change, strict=True)]
            changed = ThresholdNetwork.of(rows, [b - e for b, e in zip(units.b, change, strict=True)])
            if changed.is_stable(s) != survives:
                return False
    return True if stable(units) else None


@claims.on(
    SMALL, "The radius of error correction is the largest of balls in which all fields have the signs that s needs"
)
def _correction(units: ThresholdNetwork) -> bool | None:
    for s in stable(units):
        distance = {q: sum(x != y for x, y in zip(q, s, strict=True)) for q in all_states(units.N)}
        wrong = (
            d for q, d in distance.items() if any((2 * x - 1) * h <= 0 for x, h in zip(s, units.fields(q), strict=True))
        )
        if units.certificate(s).correction != min(wrong, default=units.N + 1) - 1:
            return False
    return True if stable(units) else None


@claims.on(drawing(sizes=(2, 5)), "Rows times positive numbers leave the stable states; switched units switch them")
def _symmetries(units: ThresholdNetwork) -> bool:
    draw = Random(str(units.b))
    scale = [abs(number(draw)) + 1 for _ in units.b]
    scaled = ThresholdNetwork.of(
        [[a * w for w in row] for a, row in zip(scale, units.W, strict=True)],
        [a * b for a, b in zip(scale, units.b, strict=True)],
    )
    x = [draw.randint(0, 1) for _ in units.b]
    sign = [1 - 2 * k for k in x]
    W = [[sign[i] * w * sign[j] for j, w in enumerate(row)] for i, row in enumerate(units.W)]
    other = ThresholdNetwork.of(W, [e * h for e, h in zip(sign, units.fields(x), strict=True)])
    chosen = [i for i, k in enumerate(x) if k]
    return stable(scaled) == stable(units) and set(stable(other)) == {switched(s, *chosen) for s in stable(units)}


@claims.on(
    drawing(sizes=(2, 5)),
    "Coupling: complements are both stable iff h lies beyond 0 and W 1 + 2 b; all of them for b = -W 1/2",
)
def _complement(units: ThresholdNetwork) -> bool:
    balanced = ThresholdNetwork.of(units.W, [-sum(row) / 2 for row in units.W])
    for network_ in (units, balanced):
        for s in stable(network_):
            found = coupling.complement(network_, s)
            if found.stable != network_.is_stable(found.state) or (network_ is balanced and not found.stable):
                return False
    return True


@claims.on(
    drawing(sizes=(3, 6), biased=False),
    "Coupling, b = 0: disjoint stable s and t have a stable union if and only if h(s) + h(t) > 0 on it",
    count=2000,
    least=60,
)
def _disjoint(units: ThresholdNetwork) -> bool | None:
    pairs = [(s, t) for s, t in combinations(stable(units), 2) if not any(map(min, s, t))]
    found = [coupling.union(units, s, t) for s, t in pairs]
    return all(one.stable == units.is_stable(one.state) for one in found) if pairs else None


@claims.on(
    lambda draw: (network(draw, (1, 3)), network(draw, (1, 3))),
    "Coupling: modules have the products of their states, without weights between them, and with weights those of a table",
)
def _modules(pair: tuple[ThresholdNetwork, ThresholdNetwork]) -> bool:
    (first, second), draw = pair, Random(str(pair[0].b))
    for size in (0, 40, 300):
        across = [[number(draw, -size, size) for _ in second.b] for _ in first.b]
        back = [[number(draw, -size, size) for _ in first.b] for _ in second.b]
        rows = [[*row, *more] for row, more in zip(first.W, across, strict=True)]
        rows += [[*more, *row] for row, more in zip(second.W, back, strict=True)]
        whole = ThresholdNetwork.of(rows, (*first.b, *second.b))
        table = coupling.coupling_table(whole, range(first.N))
        together = list(zip(product(*table.states), [x for row in table.survives for x in row], strict=True))
        kept = [s + t for (s, t), survives in together if survives]
        alone = table.states == (stable(first), stable(second)) and set(kept) <= set(stable(whole))
        all_of_them = len(kept) == len(together) if table.safe or not size else True
        if not alone or not all_of_them or any(whole.is_stable(s + t) != survives for (s, t), survives in together):
            return False
    return True


@claims.on(
    drawing(sizes=(1, 5)),
    "The indices of all Filippov equilibria sum to 1; those without sliding units are the stable states",
)
def _indices(units: ThresholdNetwork) -> bool | None:
    found = filippov_equilibria(units)
    binary = sorted(tuple(map(int, p.u)) for p in found.regular if all(x in (0, 1) for x in p.u))
    return None if found.degenerate else found.index_sum == 1 and tuple(binary) == stable(units)


@claims.on(drawing(sizes=(1, 3), diagonal="negative"), "If -W is a P-matrix there is one equilibrium, for every b")
def _unique(units: ThresholdNetwork) -> bool | None:
    if not is_p_matrix([[-w for w in row] for row in units.W]):
        return None
    draw = Random(str(units.b))
    return all(len(box_solutions(units.W, [number(draw) for _ in units.b])) == 1 for _ in range(5))


@claims.on(
    with_state(sizes=(1, 4)),
    "Walls are crossed, slide or repel as the fields on their sides say, with 1, 1 or 3 continuations",
)
def _walls(instance: tuple[ThresholdNetwork, State, object]) -> bool:
    units, s, _ = instance
    for i in range(units.N):
        low, high = (units.fields((*s[:i], x, *s[i + 1 :]))[i] for x in (0, 1))
        kind = CROSSING if low * high > 0 else SLIDING if low > high else REPELLING
        if wall(units, i, s).kind != kind or len(box_solutions(((units.W[i][i],),), (low,))) != (
            3 if kind == REPELLING else 1
        ):
            return False
    return True


def _formula(draw: Random) -> tuple[int, list[tuple[tuple[int, bool], ...]]]:
    variables = draw.randint(1, 3)
    size = min(variables, 2)
    return variables, [
        tuple((v, draw.random() < 0.5) for v in draw.sample(range(variables), size)) for _ in range(draw.randint(1, 3))
    ]


@claims.on(
    _formula, "Formulas as networks, one stable state for every solution: existence is NP-hard, counting #P-hard"
)
def _satisfiability(formula: tuple[int, list[tuple[tuple[int, bool], ...]]]) -> bool:
    variables, clauses = formula
    N = variables + 2 * len(clauses)
    W, b = [[Fraction(0)] * N for _ in range(N)], [Fraction(-1)] * N
    for v in range(variables):
        W[v][v] = Fraction(2)
    for k, clause in enumerate(clauses):
        gate, alarm = variables + 2 * k, variables + 2 * k + 1
        for v, positive in clause:
            W[gate][v] = Fraction(1 if positive else -1)
        b[gate] = sum(not positive for _, positive in clause) - Fraction(1, 2)
        W[alarm][alarm], W[alarm][gate], b[alarm] = Fraction(-2), Fraction(-3), Fraction(1)
    solutions = [
        x for x in all_states(variables) if all(any(x[v] == positive for v, positive in clause) for clause in clauses)
    ]
    return [s[:variables] for s in stable(ThresholdNetwork.of(W, b))] == solutions


@claims(
    "Random rows, symmetric and independent: the mean number of stable states is 1, 1 - 2^-N or 1 - (N + 1)/2^N",
    "4 s.e.",
)
def _mean_number() -> bool:
    return all(abs(row.z) < 4 for row in stable_state_count((4, 7), draws=400, seed=3).rows)


@claims(
    "Cover's count, and that with prescribed signs of weights, for patterns in general position", "random rows, 4 s.e."
)
def _capacity() -> Iterator[bool]:
    for signed in (False, True):
        found = row_capacity(8, (0.5, 1, 2), 150, 5, signed=signed, gaussian=True, bias="zero")
        yield all(abs(row.z) < 4 for row in found.rows)


@claims(
    "Without self-coupling N = 2, 3, 4 units have at most C(N, [N/2]) stable states",
    "all threshold functions of N - 1 inputs",
)
def _most() -> Iterator[bool]:
    for N, known in ((2, 4), (3, 14), (4, 104)):  # Muroga 1971: numbers of threshold functions of N - 1 inputs
        inputs, states = list(all_states(N - 1)), list(all_states(N))
        functions = {
            tuple(int(2 * sum(a * x for a, x in zip(w, s, strict=True)) > b) for s in inputs)
            for w in product((-2, -1, 0, 1, 2), repeat=N - 1)
            for b in range(-13, 14, 2)
        }
        yield len(functions) == known
        value = [dict(zip(inputs, f, strict=True)) for f in functions]
        kept = [
            np.array([sum(1 << k for k, s in enumerate(states) if f[s[:i] + s[i + 1 :]] == s[i]) for f in value])
            for i in range(N)
        ]
        sizes = np.array([bits.bit_count() for bits in range(2 ** len(states))], dtype=np.int8)
        halves = [np.unique(reduce(np.bitwise_and.outer, part).ravel()) for part in (kept[: N // 2], kept[N // 2 :])]
        yield max(sizes[halves[1] & bits].max() for bits in halves[0]) == comb(N, N // 2)


def _family(draw: Random) -> Family:
    N, degree = draw.randint(1, 3), draw.choice((1, 1, 2))
    entry = lambda: "+".join(f"({number(draw)})*p^{k}" for k in range(degree + 1))  # noqa: E731
    return Family.of([[entry() for _ in range(N)] for _ in range(N)], [entry() for _ in range(N)])


@claims.on(
    _family,
    "The stable states are a piecewise constant function of a parameter, which changes at zeros of fields",
    60,
    60,
)
def _diagram(family: Family) -> bool:
    found, draw = diagram(family, -2, 2), Random(str(family.b))
    for _ in range(20):
        p = Fraction(draw.randint(-1999, 1999), 1000)
        here = [piece.states for piece in found.pieces if float(near(piece.low, 20)) < p < float(near(piece.high, 20))]
        if here != [tuple(by_definition(family.at(p)))]:
            return False
    return all(any(units for _, units in point.vanishing) for point in found.breakpoints)
