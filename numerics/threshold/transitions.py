"""The state transition graph of a threshold network: s -> s with one unit switched, where the field of that unit asks for it.

Every edge is the first crossing of an open set of trajectories from the region of s (small abs(y_i)), and where no unit inhibits
itself every generic trajectory follows edges. Paths of two edges or more, and cycles, need not be followed by any trajectory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from theory.errors import require
from theory.threshold.network import State, ThresholdNetwork, text_of

MOST_STATES = 1 << 16
"""States that are followed if nothing else is said; the whole graph has 2^N."""

_MOST_ENTRIES = 1 << 23  # zeros and ones of all states met: what memory holds of networks of many units


@dataclass(frozen=True)
class TransitionGraph:
    """States and the transitions between them.

    Attributes
    ----------
    network : ThresholdNetwork
    cue : State or None
        Where it starts: the graph is what the cue reaches; None for all 2^N states.
    edges : dict of State to tuple of State
        Successors of every state that was visited.
    complete : bool
        Whether all states were visited; otherwise the graph was left after as many as were allowed.
    """

    network: ThresholdNetwork
    cue: State | None
    edges: dict[State, tuple[State, ...]]
    complete: bool

    @property
    def terminals(self) -> tuple[State, ...]:
        """States that no transition leaves: stable and marginal ones."""
        return tuple(sorted(s for s, after in self.edges.items() if not after))

    @cached_property
    def components(self) -> tuple[tuple[State, ...], ...]:
        """Strongly connected components: sets of states that reach each other (the nodes of the Morse graph)."""
        states = sorted(self.edges)
        number = {s: k for k, s in enumerate(states)}
        pairs = [(number[s], number[t]) for s in states for t in self.edges[s] if t in number]
        ends = np.array(pairs, dtype=int).reshape(-1, 2).T
        graph = csr_matrix((np.ones(len(pairs)), tuple(ends)), shape=(len(states), len(states)))
        _, labels = connected_components(graph, connection="strong")
        found: dict[int, list[State]] = {}
        for s, label in zip(states, labels.tolist(), strict=True):
            found.setdefault(label, []).append(s)
        return tuple(map(tuple, found.values()))

    @property
    def cycles(self) -> tuple[tuple[State, ...], ...]:
        """Components of more than one state."""
        return tuple(c for c in self.components if len(c) > 1)

    @property
    def acyclic(self) -> bool | None:
        """Whether no transition leads back; None where states are missing and no cycle was seen among the others."""
        return False if self.cycles else True if self.complete else None

    @property
    def attractors(self) -> tuple[tuple[State, ...], ...]:
        """Components that no transition leaves: terminals, and cycles in which following edges stays for ever."""
        return tuple(c for c in self.components if set(c).issuperset(t for s in c for t in self.edges[s]))

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        content: dict[str, Any] = {} if self.cue is None else {"cue": text_of(self.cue)}
        return content | {
            "stg_terminal": list(map(text_of, self.terminals)),
            "stg_acyclic": self.acyclic,
            "stg_reachable": len(self.edges),
            "stg_complete": self.complete,
            "stg_cycles": [list(map(text_of, c)) for c in self.cycles],
            "stg_attractors": [list(map(text_of, c)) for c in self.attractors],
            "stg_edges": {text_of(s): list(map(text_of, after)) for s, after in sorted(self.edges.items())},
        }


def transition_graph(
    network: ThresholdNetwork, cue: State | None = None, *, most_states: int = MOST_STATES
) -> TransitionGraph:
    """The transition graph of all states, or of those that a cue reaches.

    Parameters
    ----------
    network : ThresholdNetwork
    cue : State, optional
    most_states : int
        States met after which a graph from a cue is left (`TransitionGraph.complete` says so); fewer of more than 128 units.

    Raises
    ------
    InputError
        If the whole graph has more states than that, or the cue another number of units.
    """
    N = network.N
    require(
        (
            cue is not None or most_states >= 1 << N,
            f"the graph of all 2^{N} states is too large; give a cue to start from",
        ),
        (cue is None or len(cue) == N, f"the cue has {len(cue or ())} units and the network {N}"),
    )
    edges: dict[State, tuple[State, ...]] = {}
    start: Iterable[State] = product((0, 1), repeat=N) if cue is None else (cue,)
    seen = {s: s for s in start}  # one object for each state
    waiting = list(seen)
    W, b = network.integers
    while waiting and len(seen) <= min(most_states, _MOST_ENTRIES // max(N, 1)):
        s = waiting.pop()
        active = [j for j, on in enumerate(s) if on]
        found = [
            (*s[:i], 1 - on, *s[i + 1 :])
            for i, on in enumerate(s)
            if (2 * on - 1) * (b[i] + sum(W[i][j] for j in active)) < 0
        ]
        waiting += [t for t in found if t not in seen]
        edges[s] = tuple(seen.setdefault(t, t) for t in found)
    return TransitionGraph(network, cue, edges, not waiting)
