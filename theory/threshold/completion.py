"""What a cue completes to: trap spaces, cooperative networks, and energies of symmetrizable ones, with proofs in rational numbers.

Each function checks the hypotheses of its theorem exactly and returns None where they do not hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from theory.threshold.algebra import sign
from theory.threshold.network import State, ThresholdNetwork, Vector


@dataclass(frozen=True)
class Subspace:
    """States that agree with s outside a set of free units, which may be active or not; no trajectory leaves a trap."""

    network: ThresholdNetwork
    state: State
    free: Collection[int]

    def _extreme(self, side: int) -> Vector:
        base = self.network.fields(tuple(0 if i in self.free else s for i, s in enumerate(self.state)))
        rows = zip(base, self.network.W, strict=True)
        return tuple(h + sum(row[j] for j in self.free if row[j] * side > 0) for h, row in rows)

    @cached_property
    def low(self) -> Vector:
        """Smallest field of every unit over these states; each is attained."""
        return self._extreme(-1)

    @cached_property
    def high(self) -> Vector:
        """Largest field of every unit."""
        return self._extreme(1)

    def _held(self, unit: int) -> bool:
        return self.low[unit] > 0 if self.state[unit] else self.high[unit] < 0

    @property
    def is_trap(self) -> bool:
        """Whether every field of a unit that is not free keeps that unit as it is, strictly, in all of these states."""
        return all(self._held(i) for i in range(len(self.state)) if i not in self.free)

    @property
    def completes(self) -> bool:
        """Whether every trajectory that starts here converges to s: all fields, those of free units too, point to s everywhere."""
        return all(map(self._held, range(len(self.state))))

    def latest_crossing(self, y0: Sequence[Fraction]) -> float:
        """Bound on the time of the last crossing on the way to s, where it completes."""
        towards = [(y0[i] / self.low[i] if self.state[i] else y0[i] / self.high[i]) for i in self.free]
        return max((math.log1p(float(-x)) for x in towards if x < 0), default=0.0)


def smallest_trap(network: ThresholdNetwork, cue: State) -> Subspace:
    """The smallest trap that holds a cue: units whose field may switch them are freed until none is left.

    Trajectories from the region of the cue never leave it.
    """
    space = Subspace(network, cue, ())
    while not space.is_trap:
        space = Subspace(network, cue, [i for i in range(network.N) if i in space.free or not space._held(i)])
    return space


def completes_directly(network: ThresholdNetwork, cue: State, state: State) -> bool:
    """Whether every field points to a stable state all over the states between it and the cue.

    Then every trajectory from the region of the cue converges to it, and each differing unit crosses zero once.
    """
    return Subspace(network, state, [i for i, (q, s) in enumerate(zip(cue, state, strict=True)) if q != s]).completes


def _spread(N: int, ratio: Callable[[int, int], Fraction | int | None]) -> list[Any] | None:
    """Labels with label_j = ratio(i, j) label_i wherever two units are linked, 1 for the first unit of every connected part.

    A ratio is None where two units are not linked; with a ratio 0, or labels that contradict each other, there are none.
    """
    labels: list[Any] = [0] * N
    for root in range(N):
        waiting = [] if labels[root] else [root]
        labels[root] = labels[root] or 1
        while waiting:
            i = waiting.pop()
            for j, factor in ((j, factor) for j in range(N) if (factor := ratio(i, j)) is not None):
                if not labels[j] and factor:
                    labels[j] = factor * labels[i]
                    waiting.append(j)
                elif labels[j] != factor * labels[i] or not factor:
                    return None
    return labels


def balance(network: ThresholdNetwork) -> State | None:
    """A set X of units whose switching makes all weights non-negative, or None: the network is structurally balanced or not.

    With signs e_i = -1 on X, e_i W_ij e_j >= 0 for all i and j; the first unit of every connected part is left as it is.
    """

    def ratio(i: int, j: int) -> int | None:
        signs = {sign(w) for w in (network.W[i][j], network.W[j][i]) if w}
        return sum(signs) if signs else None

    labels = _spread(network.N, ratio)
    return None if labels is None else tuple(int(label < 0) for label in labels)


def closure(network: ThresholdNetwork, cue: State) -> State | None:
    """To which stable state all trajectories from the region of a cue converge, where the network is balanced and supports the cue.

    In a cooperative network (W >= 0) a cue q whose active units all have positive fields is completed to the least stable state
    above q, with at most one crossing by each other unit; one whose inactive units all have negative fields to the greatest
    stable state below; in a balanced one the same holds after the switching of `balance`. None where the theorem does not
    apply, a zero field on the way included.
    """
    flipped, state = balance(network), cue
    while flipped is not None and all(h := network.fields(state)):
        after = tuple(int(x > 0) for x in h)
        if after == state:
            return state
        if len({(t - q) * (1 - 2 * x) for q, t, x in zip(state, after, flipped, strict=True) if q != t}) > 1:
            return None  # up and down
        state = after
    return None


def completed(network: ThresholdNetwork, cue: State) -> State | None:
    """The stable state to which every trajectory from the region of a cue converges, where one of the theorems here says so."""
    if (closed := closure(network, cue)) is not None or not all(h := network.fields(cue)):
        return closed
    state = tuple(int(x > 0) for x in h)  # the only one to which the fields at the cue can point
    return state if completes_directly(network, cue, state) else None


@dataclass(frozen=True)
class Energy:
    """E(u) = -u.M u/2 - sum_i b_i u_i/a_i of a network with W = diag(a) M, M symmetric.

    Where no unit inhibits itself (w_ii >= 0), E falls at every crossing of one unit: the transition graph has no cycle, every
    generic trajectory converges, and a stable state exists. In form R, E(r) does not grow along any trajectory, whatever the w_ii.
    """

    network: ThresholdNetwork
    a: Vector

    @property
    def falls(self) -> bool:
        """Whether E falls at every crossing: no weight of a unit onto itself is negative."""
        return all(self.network.W[i][i] >= 0 for i in range(self.network.N))

    def __call__(self, u: Sequence[Any]) -> Fraction:
        """E of outputs or rates."""
        half = zip(u, self.network.fields(u), self.network.b, self.a, strict=True)
        return -sum((x * (h + bias) / (2 * scale) for x, h, bias, scale in half if x), Fraction(0))


def energy(network: ThresholdNetwork) -> Energy | None:
    """The energy of a symmetrizable network, with a = 1 for the first unit of every connected part; None of any other."""

    def ratio(i: int, j: int) -> Fraction | None:
        there, back = network.W[i][j], network.W[j][i]
        return (back / there if there * back > 0 else Fraction(0)) if there or back else None

    labels = _spread(network.N, ratio)
    return None if labels is None else Energy(network, tuple(map(Fraction, labels)))
