"""A trajectory that was reported, followed again by its definition: straight lines between switches of single units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log

from theory.threshold.network import State, ThresholdNetwork


@dataclass(frozen=True)
class Run:
    """The state after some switches, their number, and the time of the last one."""

    state: State
    events: int
    time: float


def replayed(network: ThresholdNetwork, y0: Sequence[Fraction], most: int) -> Run | None:
    """Follow dy/dt = -y + W H(y) + b from y0 for so many switches; None where more than single transparent ones occur.

    In the region of a state y moves straight to its field f, so that y_i vanishes when e^(-t) = f_i / (f_i - y_i).
    """
    y, state, time = list(y0), tuple(int(v > 0) for v in y0), 0.0
    if not all(y0):
        return None
    for events in range(most + 1):
        f = network.fields(state)
        switching = {i: f[i] / (f[i] - y[i]) for i in network.violated(state)}
        if not switching or events == most:
            break
        z = max(switching.values())
        first = [i for i, value in switching.items() if value == z]
        if len(first) > 1:
            return None
        y = [target + (v - target) * z for v, target in zip(y, f, strict=True)]
        time -= log(z)
        (i,) = first
        state = (*state[:i], 1 - state[i], *state[i + 1 :])
        if (2 * state[i] - 1) * network.fields(state)[i] <= 0:
            return None  # the unit is sent back: it stays at zero
        y[i] = Fraction(0)
    return Run(state, events, time)
