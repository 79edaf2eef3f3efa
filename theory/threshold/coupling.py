"""How the stability of states hangs together: two states, their union, intersection and complements, and modules.

h(s) + h(t) = h(s or t) + h(s and t) and h(s) + h(1 - s) = W 1 + 2 b hold for all states; the criteria here follow from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.errors import require
from theory.threshold.every_state import stable_and_marginal
from theory.threshold.network import State, ThresholdNetwork, Vector, text_of


def difference(network: ThresholdNetwork, s: State, t: State) -> dict[int, Fraction]:
    """For each unit i in which two states differ, d_i sum_j W_ij d_j over these units, d = t - s.

    Some biases make both states stable iff all of these are positive. Their sum d.(W d) is so for any two stable states.
    """
    d = {i: q - p for i, (p, q) in enumerate(zip(s, t, strict=True)) if p != q}
    return {i: sum((e * network.W[i][j] * f for j, f in d.items()), Fraction(0)) for i, e in d.items()}


def bias_intervals(
    network: ThresholdNetwork, states: Sequence[State]
) -> tuple[tuple[Fraction | None, Fraction | None], ...]:
    """For each unit the open interval of biases that make all states stable with these weights; None where it is unbounded.

    The interval is empty, first end not below second, where no bias does.
    """
    ends = []
    for i, row in enumerate(network.W):
        inputs = [(s[i], sum((w for w, q in zip(row, s, strict=True) if q), Fraction(0))) for s in states]
        low = max((-x for active, x in inputs if active), default=None)
        high = min((-x for active, x in inputs if not active), default=None)
        ends.append((low, high))
    return tuple(ends)


def biases(network: ThresholdNetwork, states: Sequence[State]) -> Vector | None:
    """Biases that make all states stable with these weights, in the middle of their intervals, or None."""
    found = []
    for low, high in bias_intervals(network, states):
        if low is not None and high is not None:
            if low >= high:
                return None
            found.append((low + high) / 2)
        else:
            found.append(low + 1 if low is not None else high - 1 if high is not None else Fraction(0))
    return tuple(found)


# ------------------------------------------------------------------------------------------------- combinations of states


@dataclass(frozen=True)
class Combination:
    """Whether a combination of stable states is stable, and what decides it.

    Attributes
    ----------
    name : str
        ``union``, ``intersection`` or ``complement``.
    of : tuple of State
    state : State
    stable : bool
    criterion : str
        The condition that decides, as a sentence.
    units : tuple of int
        The units that violate it.
    """

    name: str
    of: tuple[State, ...]
    state: State
    stable: bool
    criterion: str
    units: tuple[int, ...]

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "combination": self.name,
            "of": list(map(text_of, self.of)),
            "state": text_of(self.state),
            "stable": self.stable,
            "criterion": self.criterion,
            "units": list(self.units),
        }


def union(network: ThresholdNetwork, s: State, t: State) -> Combination:
    """Whether the union of two stable states is stable; InputError if they are not."""
    _all_stable(network, s, t)
    both = tuple(map(max, s, t))
    total = [p + q for p, q in zip(network.fields(s), network.fields(t), strict=True)]
    shared = network.fields(tuple(map(min, s, t)))
    h = [a - c for a, c in zip(total, shared, strict=True)]  # the field of the union, by the identity
    inside, outside = [i for i, q in enumerate(both) if q], [i for i, q in enumerate(both) if not q]
    if both in (s, t):
        return Combination("union", (s, t), both, True, "one of the states contains the other", ())
    if _one_sign(network, -1):
        wrong = tuple(i for i in inside if h[i] <= 0)
        criterion = "stable states do not contain each other where no weight is positive"
        return _decided("union", (s, t), both, criterion, wrong)
    if _one_sign(network, 1):
        wrong = tuple(i for i in outside if h[i] >= 0)
        return _decided("union", (s, t), both, "the union must recruit no other unit, as no weight is negative", wrong)
    if not any(network.b) and not any(map(min, s, t)):
        wrong = tuple(i for i in inside if total[i] <= 0)
        return _decided(
            "union",
            (s, t),
            both,
            "the fields of both must add to positive ones on the union, as there is no bias",
            wrong,
        )
    wrong = tuple(i for i in inside if h[i] <= 0) + tuple(i for i in outside if h[i] >= 0)
    return _decided("union", (s, t), both, "h(s) + h(t) - h(intersection) must have the signs of the union", wrong)


def intersection(network: ThresholdNetwork, s: State, t: State) -> Combination:
    """Whether the intersection of two stable states is stable."""
    _all_stable(network, s, t)
    common = tuple(map(min, s, t))
    either = network.fields(tuple(map(max, s, t)))
    h = [p + q - u for p, q, u in zip(network.fields(s), network.fields(t), either, strict=True)]
    if common in (s, t):
        return Combination("intersection", (s, t), common, True, "one of the states contains the other", ())
    if _one_sign(network, 1):
        wrong = tuple(i for i, q in enumerate(common) if q and h[i] <= 0)
        return _decided(
            "intersection", (s, t), common, "the intersection must lose no unit, as no weight is negative", wrong
        )
    wrong = tuple(i for i, q in enumerate(common) if (2 * q - 1) * h[i] <= 0)
    return _decided(
        "intersection", (s, t), common, "h(s) + h(t) - h(union) must have the signs of the intersection", wrong
    )


def complement(network: ThresholdNetwork, s: State) -> Combination:
    """Whether the complement of a stable state is stable: h_i(s) above max(0, k_i) or below min(0, k_i), k = W 1 + 2 b."""
    other = tuple(1 - q for q in s)
    _all_stable(network, s)
    k = [sum(row, Fraction(0)) + 2 * bias for row, bias in zip(network.W, network.b, strict=True)]
    zero = Fraction(0)
    h = network.fields(s)
    wrong = tuple(i for i, q in enumerate(s) if (h[i] <= max(zero, k[i]) if q else h[i] >= min(zero, k[i])))
    return _decided("complement", (s,), other, "the fields must lie beyond zero and beyond W 1 + 2 b", wrong)


def _all_stable(network: ThresholdNetwork, *states: State) -> None:
    require(*((network.is_stable(s), f"{text_of(s)} is no stable state of this network") for s in states))


def _decided(name: str, of: tuple[State, ...], state: State, criterion: str, wrong: tuple[int, ...]) -> Combination:
    return Combination(name, of, state, not wrong, criterion, wrong)


def _one_sign(network: ThresholdNetwork, sign: int) -> bool:
    return all(w * sign >= 0 for row in network.W for w in row)


# --------------------------------------------------------------------------------------------------------------- modules


def module(network: ThresholdNetwork, units: Sequence[int]) -> ThresholdNetwork:
    """Some units of a network without the others."""
    return ThresholdNetwork.of([[network.W[i][j] for j in units] for i in units], [network.b[i] for i in units])


@dataclass(frozen=True)
class CouplingTable:
    """Which combinations of the stable states of two modules are stable in the network that couples them.

    Attributes
    ----------
    units : tuple of two tuples of int
        Of both modules.
    states : tuple of two tuples of State
        Stable in each module alone.
    survives : tuple of tuple of bool
        For each state of the first module and each of the second: whether the combination is stable.
    safe : bool
        Whether no input from the other module, whatever its state, is as large as a margin: then all combinations survive.
    """

    units: tuple[tuple[int, ...], tuple[int, ...]]
    states: tuple[tuple[State, ...], tuple[State, ...]]
    survives: tuple[tuple[bool, ...], ...]
    safe: bool

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "units": [list(part) for part in self.units],
            "states": [list(map(text_of, part)) for part in self.states],
            "survives": [list(row) for row in self.survives],
            "safe": self.safe,
        }

    @property
    def rows(self) -> tuple[str, ...]:
        """Lines for a terminal: states of the first module down, of the second across."""
        across = max(3, *map(len, self.states[1])) if self.states[1] else 3
        head = " " * len(self.units[0]) + "".join(f"  {text_of(t):>{across}}" for t in self.states[1])
        body = (
            text_of(s) + "".join(f"  {'yes' if fine else 'no':>{across}}" for fine in row)
            for s, row in zip(self.states[0], self.survives, strict=True)
        )
        return (head, *body)


def coupling_table(network: ThresholdNetwork, units: Sequence[int]) -> CouplingTable:
    """The coupling table of some units and all others.

    A combination (s, t) is stable iff the margins survive the input: D_s (h(s) + C t) > 0 for the weights C from the second
    module onto the first, and likewise for the second. Modules without stable state have none in common.
    """
    parts = (tuple(units), tuple(i for i in range(network.N) if i not in units))
    alone = tuple(module(network, part) for part in parts)
    states = tuple(stable_and_marginal(each)[0] for each in alone)
    fields = [[each.fields(s) for s in found] for each, found in zip(alone, states, strict=True)]

    def withstands(side: int, k: int, other: Sequence[int]) -> bool:
        """Whether state k of one module stays stable with the input from active units of the other."""
        signs = states[side][k]
        inputs = [sum((network.W[i][j] for j in other), Fraction(0)) for i in parts[side]]
        return all((2 * q - 1) * (h + x) > 0 for q, h, x in zip(signs, fields[side][k], inputs, strict=True))

    def harmless(side: int, k: int) -> bool:
        """Whether state k of one module stays stable whatever the other module does."""
        worst = [
            sum((max(Fraction(0), (1 - 2 * q) * network.W[i][j]) for j in parts[1 - side]), Fraction(0))
            for i, q in zip(parts[side], states[side][k], strict=True)
        ]
        return all(x < abs(h) for x, h in zip(worst, fields[side][k], strict=True))

    active = [
        [[i for i, q in zip(part, s, strict=True) if q] for s in found]
        for part, found in zip(parts, states, strict=True)
    ]
    survives = tuple(
        tuple(withstands(0, k, active[1][m]) and withstands(1, m, active[0][k]) for m in range(len(states[1])))
        for k in range(len(states[0]))
    )
    safe = all(harmless(side, k) for side in (0, 1) for k in range(len(states[side])))
    return CouplingTable((parts[0], parts[1]), (states[0], states[1]), survives, safe)
