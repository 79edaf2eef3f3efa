"""Every state of a network, decided by definition: half of the units at a time, one bit a state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from theory.threshold.network import State, ThresholdNetwork

MOST_UNITS = 26
"""Beyond it the 2^N states take more than seconds."""


def stable_and_marginal(network: ThresholdNetwork) -> tuple[tuple[State, ...], tuple[State, ...]]:
    """All stable states and all marginal ones, sorted by text; in integers.

    A field is a sum over the first units plus one over the last ones. The sums over the last units are sorted once for each
    row; then the sign of the field is known, for one choice of the first units and all choices of the last ones together, from
    the place of a number among them: a set of states is an integer with one bit a state.
    """
    rows, biases = network.integers
    N, head = network.N, network.N // 2
    tail = N - head
    everything = (1 << (1 << tail)) - 1
    never_wrong = [everything] * (1 << head)  # no field has the wrong sign
    stable = [everything] * (1 << head)
    for unit, (row, bias) in enumerate(zip(rows, biases, strict=True)):
        sums = _sums(row[head:])
        order = sorted(range(1 << tail), key=sums.__getitem__)
        ranked = [sums[k] for k in order]
        below = [0, *accumulate((1 << k for k in order), int.__or__)]  # below[m]: the m smallest sums
        own = sum(1 << k for k in range(1 << tail) if k >> (N - 1 - unit) & 1) if unit >= head else 0
        for first, offset in enumerate(_sums(row[:head])):
            if not never_wrong[first]:
                continue
            active = own if unit >= head else (everything if first >> (head - 1 - unit) & 1 else 0)
            negative = below[bisect_left(ranked, -offset - bias)]
            not_positive = below[bisect_right(ranked, -offset - bias)]
            never_wrong[first] &= (active & ~negative) | (~active & not_positive)
            stable[first] &= (active & ~not_positive) | (~active & negative)
    return (
        tuple(_states(stable, head, tail)),
        tuple(_states([w & ~s & everything for w, s in zip(never_wrong, stable, strict=True)], head, tail)),
    )


def _sums(weights: tuple[int, ...]) -> list[int]:
    """The sum of weights of the active units, for every choice of them; the first unit is the highest bit."""
    sums = [0]
    for w in reversed(weights):
        sums += [s + w for s in sums]
    return sums


def _states(sets: list[int], head: int, tail: int) -> list[State]:
    """The states of each set, in order."""
    found = []
    for first, chosen in enumerate(sets):
        while chosen:
            lowest = chosen & -chosen
            second = lowest.bit_length() - 1
            found.append(tuple(map(int, f"{(first << tail) | second:0{head + tail}b}")))
            chosen ^= lowest
    return found
