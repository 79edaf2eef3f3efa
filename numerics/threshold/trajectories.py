"""Trajectories of a threshold network from event to event, in rational arithmetic.

While no unit crosses zero the outputs u are constant and y moves on a straight line to the focal point f = W u + b,
y(t) = f + (y - f) z with z = exp(-t). Unit i arrives at zero at z = f_i/(f_i - y_i): z and the point are fractions, and only
times are logarithms, t = -ln z. At zero the box problem of `theory.threshold.filippov` says how the motion goes on; units that
slide keep constant outputs between 0 and 1 until the next event, so that sliding motion is a straight line as well.

Infinitely many events are recognised, with proof, by the return map of their word (`theory.threshold.cycles`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise, takewhile
from typing import Any

from numerics.view import vector_text
from theory.errors import DomainError, InputError, require
from theory.threshold.algebra import dot
from theory.threshold.completion import completed, energy, smallest_trap
from theory.threshold.cycles import Leg, Recurrence, recurrence, shortest_period
from theory.threshold.filippov import box_solutions
from theory.threshold.network import State, ThresholdNetwork, Vector, text_of

CONVERGED, MARGINAL, CYCLE, ACCUMULATES = "converged", "marginal", "cycle", "accumulates"
"""Known ends: at the focal point, a stable state or, with sliding units, a Filippov equilibrium; at a focal point with a field 0,
the boundary of its region, in infinite time; at a limit cycle; at a sliding equilibrium, after infinitely many crossings, at longer
and longer times. The last two are proved by the return map of their word."""

NONUNIQUE, DEGENERATE, MAX_EVENTS, CAPPED = "nonunique", "degenerate", "max_events", "capped"
"""Others: several continuations from a point; a field that vanishes where its unit arrives at zero; as many events as were allowed,
and no proof of what follows; too long fractions, or too many units at zero at one time."""

MOST_EVENTS = 1000
MOST_BITS = 10_000
"""Longest numerator or denominator of a coordinate, in bits: one event adds about as many bits as a weight has."""

_FIRST_LOOK = 16  # events before the first search for a repeated word; later ones at twice as many each
_REPEATS = 3  # times that a word must have been seen before its proof is tried


@dataclass(frozen=True)
class Event:
    """Units arrive at zero, and the outputs change.

    Attributes
    ----------
    units : tuple of int
        Those that arrive.
    z : Fraction
        exp(-time since the previous event).
    time : float
        Since the start, in time constants.
    y : tuple of Fraction
        The point.
    u : tuple of Fraction
        Outputs afterwards; before the point has a continuation (status `NONUNIQUE`, `DEGENERATE`) the outputs before it.
    word : tuple of int
        For infinitely many crossings that end here: the units of their word, else empty.
    """

    units: tuple[int, ...]
    z: Fraction
    time: float
    y: Vector
    u: Vector
    word: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trajectory:
    """An exact trajectory.

    Attributes
    ----------
    network : ThresholdNetwork
    form : str
        ``C``: dy/dt = -y + W H(y) + b. ``R``: dr/dt = -r + H(W r + b), followed as y = W r + b, which obeys C.
    cue : State or None
        What was asked for: in C the active units at the start, in R the rates r at the start.
    y0 : tuple of Fraction
        Where it starts.
    u0 : tuple of Fraction
        Outputs at first.
    events : tuple of Event
    status : str
        `CONVERGED`, `MARGINAL`, `CYCLE`, `ACCUMULATES`, `NONUNIQUE`, `DEGENERATE`, `MAX_EVENTS` or `CAPPED`.
    limit : tuple of Fraction or None
        Where y tends to; None for a cycle and where the end is not known.
    u_limit : tuple of Fraction or None
        The outputs there: W u_limit + b = limit.
    branches : tuple of tuple of Fraction
        Outputs of all continuations where there is more than one.
    recurrence : Recurrence or None
        Of a trajectory that crosses zero for ever: its word, its return map, the proof and, for a cycle, period and multipliers.
    """

    network: ThresholdNetwork
    form: str
    cue: State | None
    y0: Vector
    u0: Vector
    events: tuple[Event, ...]
    status: str
    limit: Vector | None = None
    u_limit: Vector | None = None
    branches: tuple[Vector, ...] = ()
    recurrence: Recurrence | None = field(default=None, compare=False)

    @property
    def outputs(self) -> tuple[Vector, ...]:
        """Outputs of the units between the events."""
        return (self.u0, *(event.u for event in self.events))

    @property
    def states(self) -> tuple[str, ...]:
        """The same as texts; the output of a sliding unit stands in brackets."""
        return tuple(map(output_text, self.outputs))

    @property
    def sliding(self) -> tuple[int, ...]:
        """Units that slide at the end: on their threshold, with an output between 0 and 1."""
        last = self.outputs[-1] if self.u_limit is None else self.u_limit
        return tuple(i for i, u in enumerate(last) if 0 < u < 1)

    @property
    def time(self) -> float:
        """Time of the last event, in time constants."""
        return self.events[-1].time if self.events else 0.0

    @cached_property
    def rates(self) -> tuple[Vector, ...]:
        """r at the start and at the events, in form R; up to the first end of infinitely many crossings."""
        require((self.form == "R" and self.cue is not None, "rates belong to form R, and this trajectory is in form C"))
        points = [tuple(map(Fraction, self.cue or ()))]
        for u, event in zip(self.outputs, takewhile(lambda event: not event.word, self.events), strict=False):
            points.append(tuple(x + (r - x) * event.z for x, r in zip(u, points[-1], strict=True)))
        return tuple(points)

    @cached_property
    def promised(self) -> dict[str, Any]:
        """What theorems say of every trajectory from the region of the start, for JSON.

        ``trap_free``: the only units that may change at all; ``region_completes_to``: the stable state to which all converge, or
        None where no theorem says it; ``energy``: of the outputs between the events, where the network has one that falls.
        """
        content: dict[str, Any] = {}
        if all(self.y0):
            cue = tuple(int(y > 0) for y in self.y0)
            state = completed(self.network, cue)
            content["trap_free"] = list(smallest_trap(self.network, cue).free)
            content["region_completes_to"] = None if state is None else text_of(state)
        if (E := energy(self.network)) is not None and E.falls:
            content["energy"] = [str(E(u)) for u in self.outputs]
        return content

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON, numbers as texts of fractions, times in floating point."""
        content: dict[str, Any] = {"form": self.form} | ({"cue": text_of(self.cue)} if self.cue is not None else {})
        content |= {"y0": list(map(str, self.y0)), "status": self.status, "events": len(self.events)}
        if self.limit is not None and self.u_limit is not None:
            content |= {"u_final": list(map(str, self.u_limit)), "y_limit": list(map(str, self.limit))}
        content |= {"t_last_event": self.time, "states": list(self.states), "sliding": list(self.sliding)}
        content["crossings"] = [
            {"units": list(e.units), "z": _short(e.z), "time": e.time} | ({"word": list(e.word)} if e.word else {})
            for e in self.events
        ]
        content |= self.promised
        if self.branches:
            content["branches"] = [list(map(str, u)) for u in self.branches]
        if self.recurrence is not None:
            content["recurrence"] = self.recurrence.data
        return content

    @property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """For a terminal: time, what happens, and the outputs afterwards."""
        lines = [("0", "start", output_text(self.u0))]
        for event in self.events:
            names = ", ".join(f"y{i}" for i in event.units)
            what = f"infinitely many crossings of {names} end" if event.word else f"{names} at zero"
            lines.append((f"{event.time:.6g}", what, output_text(event.u)))
        lines.append(("", self.ending, "" if self.u_limit is None else output_text(self.u_limit)))
        if (state := self.promised.get("region_completes_to")) is not None:
            lines.append(("", "as every trajectory from the region of the start does", state))
        elif len(free := self.promised.get("trap_free", range(self.network.N))) < self.network.N:
            lines.append(
                ("", f"no trajectory from its region changes other units than {', '.join(map(str, free))}", "")
            )
        return tuple(lines)

    @property
    def ending(self) -> str:
        """One sentence on how it ends."""
        slides = f", units {', '.join(map(str, self.sliding))} sliding" if self.sliding else ""
        point = "" if self.limit is None else f"{vector_text(self.limit)}{slides}"
        some = [*map(output_text, self.branches[:4]), *(["..."] if len(self.branches) > 4 else [])]
        return {
            CONVERGED: f"converges to y = {point}",
            MARGINAL: f"tends to the boundary point y = {point}",
            CYCLE: f"tends to a limit cycle: {self.recurrence if self.status == CYCLE else ''}",
            ACCUMULATES: f"crosses zero for ever and tends to y = {point}",
            NONUNIQUE: f"has {len(self.branches)} continuations: {'; '.join(some)}",
            DEGENERATE: "arrives at zero where the field vanishes; the continuation is degenerate",
            MAX_EVENTS: f"not finished after {len(self.events)} events",
            CAPPED: "stopped: the fractions became too long, or too many units are at zero at one time",
        }[self.status]


def output_text(u: Sequence[Fraction]) -> str:
    """Outputs as text: 0 and 1 as in a state, the others in brackets."""
    return "".join(str(x) if x in (0, 1) else f"({x})" for x in u)


def start_of(network: ThresholdNetwork, cue: State, form: str = "C") -> Vector:
    """Where the trajectory of a cue starts.

    In form C the active units start at y = 1 and the others at y = -1. In form R the cue is the rates r, and y = W r + b lies in
    the region of H(W r + b), in general another one.
    """
    return network.fields(cue) if form == "R" else tuple(Fraction(2 * q - 1) for q in cue)


def trajectory(
    network: ThresholdNetwork,
    y0: Sequence[Any] | None = None,
    *,
    cue: State | None = None,
    form: str = "C",
    most_events: int = MOST_EVENTS,
    recognise: bool = True,
) -> Trajectory:
    """The exact trajectory from a point or a cue.

    Parameters
    ----------
    network : ThresholdNetwork
    y0 : sequence of numbers or texts of fractions, shape (N,), optional
        The point, in form C; with a cue, a point in its region.
    cue : State, optional
        Active units at the start (form C) or the rates at the start (form R); `start_of` says at which point.
    form : {"C", "R"}
    most_events : int
        Events after which the trajectory is left.
    recognise : bool
        Whether to look for words of crossings that repeat for ever.

    Raises
    ------
    InputError
        If the start does not fit the network, the form or the cue.
    """
    y = _start(network, y0, cue, form)
    run = _Run(network, y)
    status = run.resolve()
    u0, look = run.u, _FIRST_LOOK
    repeated: Recurrence | None = None
    while status is None:
        if not run.heading:
            status = CONVERGED if run.strict else MARGINAL
        elif len(run.events) >= most_events:
            status = MAX_EVENTS
        elif recognise and len(run.events) == look and (found := run.repeated()) is not None:
            status, repeated = run.settle(found)
            look = len(run.events) + _FIRST_LOOK
        else:
            look *= 2 if len(run.events) == look else 1
            status = run.step()
    ended = status in (CONVERGED, MARGINAL, ACCUMULATES)
    limit, u_limit = (tuple(run.f), run.u) if ended else (None, None)
    return Trajectory(network, form, cue, y, u0, tuple(run.events), status, limit, u_limit, run.branches, repeated)


def _start(network: ThresholdNetwork, y0: Sequence[Any] | None, cue: State | None, form: str) -> Vector:
    require(
        (form in ("C", "R"), f"form is {form!r}; it is C (currents y) or R (rates r)"),
        (y0 is not None or cue is not None, "a trajectory needs a point y0 or a cue"),
        (
            form == "C" or (cue is not None and y0 is None),
            "form R starts from a cue, the rates, and from no other point",
        ),
        (cue is None or len(cue) == network.N, f"the cue has {len(cue or ())} units and the network {network.N}"),
        (cue is None or set(cue) <= {0, 1}, "an entry of the cue is neither 0 nor 1"),
        (y0 is None or len(y0) == network.N, f"the point has {len(y0 or ())} coordinates and the network {network.N}"),
    )
    if y0 is None:
        assert cue is not None
        return start_of(network, cue, form)
    try:
        y = tuple(Fraction(x) for x in y0)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise InputError(f"a coordinate of the point is no rational number: {error}") from None
    outside = [i for i, (x, q) in enumerate(zip(y, cue, strict=True)) if (2 * q - 1) * x <= 0] if cue else []
    require((not outside, f"the point does not lie in the region of the cue: coordinates {outside}"))
    return y


class _Run:
    """A trajectory while it is followed."""

    def __init__(self, network: ThresholdNetwork, y: Vector) -> None:
        self.network = network
        self.y = y
        self.u: Vector = tuple(Fraction(int(x > 0)) for x in y)
        self.f = list(network.fields(self.u))
        self.columns = tuple(zip(*network.W, strict=True))
        self.time = 0.0
        self.events: list[Event] = []
        self.branches: tuple[Vector, ...] = ()

    @property
    def heading(self) -> list[int]:
        """Units on their way to zero."""
        return [i for i, (x, f) in enumerate(zip(self.y, self.f, strict=True)) if x * f < 0]

    @property
    def strict(self) -> bool:
        """Whether the focal point lies inside the region: zero fields are those of sliding units alone."""
        return all(f or 0 < u < 1 for f, u in zip(self.f, self.u, strict=True))

    def step(self) -> str | None:
        """To the next event and through it."""
        times = {i: self.f[i] / (self.f[i] - self.y[i]) for i in self.heading}
        z = max(times.values())
        units = tuple(i for i, value in times.items() if value == z)
        point = tuple(f + (x - f) * z if x or f else x for x, f in zip(self.y, self.f, strict=True))
        return self.arrive(units, z, point)

    def arrive(self, units: tuple[int, ...], z: Fraction, y: Vector, word: tuple[int, ...] = ()) -> str | None:
        """Put the point where an event is, and resolve it."""
        self.y, self.time = y, self.time + minus_log(z)
        status = self.resolve()
        self.events.append(Event(units, z, self.time, y, self.u, word))
        longest = max(max(x.numerator.bit_length(), x.denominator.bit_length()) for x in y)
        return status or (CAPPED if longest > MOST_BITS else None)

    def resolve(self) -> str | None:
        """Choose the outputs of the units at zero, or say why this cannot be done."""
        zero = [i for i, x in enumerate(self.y) if not x]
        W = [[self.network.W[i][j] for j in zero] for i in zero]
        now = [self.u[j] for j in zero]
        try:
            found = (
                box_solutions(W, [self.f[i] - dot(row, now) for i, row in zip(zero, W, strict=True)]) if zero else ()
            )
        except DomainError:
            return CAPPED
        if len(found) > 1:
            choices = [dict(zip(zero, solution.u, strict=True)) for solution in found]
            self.branches = tuple(tuple(u.get(i, x) for i, x in enumerate(self.u)) for u in choices)
            return NONUNIQUE
        for solution in found:
            u = list(self.u)
            for j, output in zip(zero, solution.u, strict=True):
                if change := output - u[j]:
                    self.f = [f + w * change for f, w in zip(self.f, self.columns[j], strict=True)]
                u[j] = output
            self.u = tuple(u)
        return DEGENERATE if found and not found[0].index else None

    def repeated(self) -> Recurrence | None:
        """The word that the last events repeat, if a proof says that it goes on for ever."""
        letters = [(event.units, event.u, tuple(not x for x in event.y)) for event in self.events]
        if (size := shortest_period(letters, _REPEATS)) is None:
            return None
        turn = self.events[-size - 1 :]  # seen several times: an event before it exists
        if any(event.word or len(event.units) > 1 for event in turn[1:]):
            return None
        legs = [Leg(a.y, self.network.fields(a.u), b.units[0]) for a, b in pairwise(turn)]
        return recurrence(legs, self.y)

    def settle(self, found: Recurrence) -> tuple[str | None, Recurrence | None]:
        """Where a word that repeats for ever leads: a cycle, a point after an infinite time, or a point from which to go on."""
        if found.growth == 1:
            return CYCLE, found
        units = tuple(sorted({*found.map.coordinates, *found.map.zeros}))
        if found.growth == 0:
            self.y = tuple(Fraction(0) if i in units else x for i, x in enumerate(self.y))
            known = self.resolve() is None and not self.heading and self.strict
            self.branches = ()
            return ACCUMULATES if known else MAX_EVENTS, found
        z, total = found.map.end([self.y[k] for k in found.map.coordinates])
        rest = found.map.rest
        point = tuple(Fraction(0) if i in units else (x + dot(rest[i], total)) * z for i, x in enumerate(self.y))
        status = self.arrive(units, z, point, found.units)
        return status, found if status else None


def minus_log(z: Fraction) -> float:
    """-ln z to all digits of a floating-point number, close to 1 as well."""
    return -math.log1p(float(z - 1)) if z > Fraction(1, 2) else math.log(z.denominator) - math.log(z.numerator)


def _short(z: Fraction) -> str:
    """A fraction as text, to 20 digits where its own digits would fill lines."""
    return str(z) if z.denominator.bit_length() <= 256 else f"{float(z):.17g}"
