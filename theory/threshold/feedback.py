"""Feedback cycles of a network and what they say of the number of its stable states; upper bounds of that number.

The sign of a cycle is that of the product of its weights. Two stable states differ on units among which a positive cycle runs;
without a negative cycle, and without zero fields, there is a stable state.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import comb

from theory.threshold.algebra import exact
from theory.threshold.completion import balance
from theory.threshold.coupling import module
from theory.threshold.network import ThresholdNetwork

EFFORT = 20_000
"""Steps of the search for a positive cycle; beyond it all units that any cycle could use are taken for one."""

Cycle = tuple[int, ...]


def strong_components(network: ThresholdNetwork, units: Collection[int] | None = None) -> tuple[Cycle, ...]:
    """The strongly connected sets of units, those without a cycle apart, sorted."""
    units = sorted(range(network.N) if units is None else units)
    onto = {j: {i for i in units if network.W[i][j]} for j in units}
    for k in units:  # onto[j] becomes what j reaches
        for j in units:
            if k in onto[j]:
                onto[j] |= onto[k]
    return tuple(sorted({tuple(k for k in units if k in onto[j] and j in onto[k]) for j in units if j in onto[j]}))


def positive_cycle(network: ThresholdNetwork, units: Collection[int] | None = None) -> Cycle | None:
    """A cycle of positive sign among some units, each unit once, in the order of its weights; None if there is none.

    Where the search takes more than `EFFORT` steps, a strongly connected set of units comes in place of a cycle.
    """
    steps = 0
    for part in strong_components(network, units):
        for root in part:
            allowed = [j for j in part if j >= root]
            stack: list[tuple[Cycle, int]] = [((root,), 1)]
            while stack:
                path, sign = stack.pop()
                for j in allowed:
                    w = network.W[j][path[-1]]
                    steps += 1
                    if not w:
                        continue
                    after = sign if w > 0 else -sign
                    if j == root and after > 0:
                        return path
                    if j not in path:
                        stack.append(((*path, j), after))
                if steps > EFFORT:
                    return part
    return None


def has_negative_cycle(network: ThresholdNetwork) -> bool:
    """Whether some cycle has negative sign: some strongly connected set of units is not switched to W >= 0 by any switching."""
    return any(balance(module(network, part)) is None for part in strong_components(network))


def positive_feedback_set(network: ThresholdNetwork) -> tuple[int, ...]:
    """Units without which no positive cycle is left, as few as a search of `EFFORT` steps in all finds; never too few."""
    left = EFFORT // 100

    def smallest(units: frozenset[int], size: int) -> tuple[int, ...] | None:
        nonlocal left
        cycle = positive_cycle(network, units)
        if cycle is None:
            return ()
        left -= 1
        for unit in cycle if size else ():
            if left > 0 and (rest := smallest(units - {unit}, size - 1)) is not None:
                return (unit, *rest)
        return None

    everything = frozenset(range(network.N))
    for size in range(network.N + 1):
        if left > 0 and (found := smallest(everything, size)) is not None:
            return tuple(sorted(found))
    units = everything  # out of steps: any unit of every cycle that is met
    while cycle := positive_cycle(network, units):
        units -= {cycle[0]}
    return tuple(sorted(everything - units))


@dataclass(frozen=True)
class Bound:
    """The number of stable states is not larger than this.

    Attributes
    ----------
    name : str
    value : int
    reason : str
        Why the bound applies to this network.
    """

    name: str
    value: int
    reason: str


def bounds(network: ThresholdNetwork) -> tuple[Bound, ...]:
    """Upper bounds of the number of stable states that apply to a network, the smallest first."""
    N, W = network.N, network.W
    found = [Bound("states", 2**N, f"there are 2^{N} states")]
    if all(W[i][i] <= 0 for i in range(N)):
        found.append(
            Bound("distance", 2 ** (N - 1), "no unit excites itself: stable states differ in two units at least")
        )
    if all(w <= 0 for row in W for w in row):
        found.append(Bound("antichain", comb(N, N // 2), "no weight is positive: no stable state contains another"))
    rank = exact(W, N).rank()
    if any(network.b):
        found.append(
            Bound("rank", sum(comb(N, k) for k in range(rank + 1)), f"W has rank {rank}: cells of {N} hyperplanes")
        )
    else:
        cells = 2 * sum(comb(N - 1, k) for k in range(rank))
        found.append(Bound("rank", cells, f"W has rank {rank} and b = 0: cells of {N} hyperplanes through the origin"))
    units = positive_feedback_set(network)
    found.append(Bound("cycles", 2 ** len(units), f"all positive cycles pass through {len(units)} units"))
    return tuple(sorted(found, key=lambda bound: bound.value))
