"""What a cue completes to: trap spaces, cooperative networks, and energies of symmetrizable ones, with proofs in rational numbers.

Each function checks the hypotheses of its theorem exactly and returns None, or raises, where they do not hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.threshold.network import State, ThresholdNetwork, Vector, text_of


@dataclass(frozen=True)
class Subspace:
    """States that agree with s outside a set of free units; no trajectory leaves a trap.

    Attributes
    ----------
    state : State
    free : tuple of int
        Units that may be active or not.
    low, high : tuple of Fraction
        Smallest and largest field of every unit over these states; each is attained.
    """

    state: State
    free: tuple[int, ...]
    low: Vector
    high: Vector

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

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "state": text_of(self.state),
            "free": list(self.free),
            "trap": self.is_trap,
            "completes": self.completes,
            "field_low": list(map(str, self.low)),
            "field_high": list(map(str, self.high)),
        }


def subspace(network: ThresholdNetwork, state: State, free: Sequence[int]) -> Subspace:
    """The states that agree with s outside the free units, and the exact range of every field over them."""
    base = network.fields(tuple(0 if i in free else s for i, s in enumerate(state)))
    low, high = (
        tuple(
            h + sum(w for w in (row[j] for j in free) if w * side > 0) for h, row in zip(base, network.W, strict=True)
        )
        for side in (-1, 1)
    )
    return Subspace(state, tuple(sorted(set(free))), low, high)


def smallest_trap(network: ThresholdNetwork, cue: State) -> Subspace:
    """The smallest trap that holds a cue: units whose field may switch them are freed until none is left.

    Trajectories from the region of the cue never leave it.
    """
    free: tuple[int, ...] = ()
    while True:
        space = subspace(network, cue, free)
        if space.is_trap:
            return space
        free = tuple(i for i in range(network.N) if i in free or not space._held(i))


def completes_directly(network: ThresholdNetwork, cue: State, state: State) -> bool:
    """Whether every field points to a stable state all over the states between it and the cue.

    Then every trajectory from the region of the cue converges to it, and each differing unit crosses zero once.
    """
    return subspace(network, state, [i for i, (q, s) in enumerate(zip(cue, state, strict=True)) if q != s]).completes


# ----------------------------------------------------------------------------------------------- cooperative networks


def balance(network: ThresholdNetwork) -> State | None:
    """A set X of units whose switching makes all weights non-negative, or None: the network is structurally balanced or not.

    With signs e_i = -1 on X, e_i W_ij e_j >= 0 for all i and j. Every connected part has two such sets; the one returned leaves
    the first unit of every part as it is.
    """
    N, W = network.N, network.W
    signs: list[int] = [0] * N
    for root in range(N):
        if signs[root]:
            continue
        signs[root], waiting = 1, [root]
        while waiting:
            i = waiting.pop()
            for j in range(N):
                for w in (W[i][j], W[j][i]):
                    wanted = signs[i] * (1 if w > 0 else -1)
                    if not w or signs[j] == wanted:
                        continue
                    if signs[j]:
                        return None
                    signs[j] = wanted
                    waiting.append(j)
    return tuple(int(sign < 0) for sign in signs)


@dataclass(frozen=True)
class Closure:
    """Completion of a cue in a balanced network without zero fields.

    Attributes
    ----------
    steps : tuple of State
        From the cue to the state that it completes to, all switches of a step at once.
    up : bool
        Whether the state is the least stable one above the cue (or the greatest one below), in the order that the switching of
        `balance` gives.
    """

    steps: tuple[State, ...]
    up: bool

    @property
    def state(self) -> State:
        """The stable state."""
        return self.steps[-1]


def closure(network: ThresholdNetwork, cue: State) -> Closure | None:
    """To which stable state all trajectories from the region of a cue converge, where the network is balanced and supports the cue.

    In a cooperative network (W >= 0) a cue q whose active units all have positive fields is completed to the least stable state
    above q, with at most one crossing by each other unit; one whose inactive units all have negative fields to the greatest
    stable state below. None where the theorem does not apply, a zero field on the way included.
    """
    if (flipped := balance(network)) is None:
        return None
    steps = [cue]
    direction = 0
    while True:
        s, h = steps[-1], network.fields(steps[-1])
        if not all(h):
            return None
        after = tuple(int(x > 0) for x in h)
        if after == s:
            return Closure(tuple(steps), direction >= 0)
        changes = {(t - q) * (1 - 2 * x) for q, t, x in zip(s, after, flipped, strict=True) if q != t}
        if len(changes) != 1 or direction + next(iter(changes)) == 0:
            return None
        (direction,) = changes
        steps.append(after)


def join(network: ThresholdNetwork, first: State, second: State) -> State | None:
    """The least stable state of a cooperative network above two stable states: the closure of their union."""
    found = closure(network, tuple(map(max, first, second))) if _cooperative(network) else None
    return None if found is None else found.state


def meet(network: ThresholdNetwork, first: State, second: State) -> State | None:
    """The greatest stable state of a cooperative network below two stable states."""
    found = closure(network, tuple(map(min, first, second))) if _cooperative(network) else None
    return None if found is None else found.state


def _cooperative(network: ThresholdNetwork) -> bool:
    return all(w >= 0 for row in network.W for w in row)


# ------------------------------------------------------------------------------------------------ symmetrizable networks


def symmetrizer(network: ThresholdNetwork) -> Vector | None:
    """Positive a with W = diag(a) M and M symmetric, or None; a is 1 for the first unit of every connected part."""
    N, W = network.N, network.W
    a: list[Fraction] = [Fraction(0)] * N
    for root in range(N):
        if a[root]:
            continue
        a[root], waiting = Fraction(1), [root]
        while waiting:
            i = waiting.pop()
            for j in range(N):
                if not W[i][j] and not W[j][i]:
                    continue
                if W[i][j] * W[j][i] <= 0:
                    return None
                if not a[j]:
                    a[j] = a[i] * W[j][i] / W[i][j]
                    waiting.append(j)
                elif W[i][j] / a[i] != W[j][i] / a[j]:
                    return None
    return tuple(a)


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
    """The energy of a symmetrizable network, or None."""
    a = symmetrizer(network)
    return None if a is None else Energy(network, a)
