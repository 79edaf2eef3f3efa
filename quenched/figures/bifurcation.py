"""Coexisting states along one parameter: every fixed point of the closed loop, and where their number changes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from numerics.solve.fixed_point import FixedPoint
from numerics.solve.solution import Solution
from numerics.sweep.sweep import Sweep
from numerics.view import States
from quenched.figures.branches import branches
from quenched.figures.drawing import COLOURS, GREY, fenced, gapped, legend

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
TARGET, OTHERS = COLOURS[-1], COLOURS[0]
SAME = 1e-7  # difference in output, relative to 1 + |z|, below which a fixed point is the target
CLOSE = 0.06  # distance of two marks, relative to the axis, below which they share a label
MARKS = ("--", "-", "-.")


def draw_states(axes: Axes, sweep: Sweep, states: States) -> None:
    """Outputs of all fixed points: solid where stable, dotted where not; the target is bolder."""
    ((_, x),) = sweep.axes.items()
    target = np.where([s is not None for s in sweep.solutions], target_of(sweep, states), np.nan)
    cut = poles(sweep, states)
    columns = [
        None if s is None else _others(s, z) for s, z in zip(sweep.solutions, target_of(sweep, states), strict=True)
    ]
    others = branches(x, columns, cut)
    for curve in others:
        _line(axes, curve.x, curve.z, curve.stable, color=OTHERS, linewidth=1.5)
    _line(axes, *(gapped(values, cut) for values in (x, target, sweep["stable"])), color=TARGET, linewidth=2.6)
    outputs = np.concatenate([target, *(curve.z for curve in others)])
    axes.set_ylim(*fenced(outputs, show=(np.nanmin(target), np.nanmax(target))))
    axes.set_ylabel("output $z$ of fixed points")
    stable = np.concatenate([sweep["stable"][np.isfinite(target)], *(curve.stable for curve in others)])
    meanings: dict[str, tuple[bool, dict[str, Any]]] = {
        "target": (True, {"color": TARGET, "linewidth": 2.6}),
        "other fixed points": (bool(others), {"color": OTHERS}),
        "stable": (bool(np.any(stable)), {"color": GREY}),
        "unstable": (not np.all(stable), {"color": GREY, "linestyle": ":"}),
    }
    legend(axes, {meaning: style for meaning, (drawn, style) in meanings.items() if drawn}, beside=True)


def mark(axes: Axes, sweep: Sweep, states: States, labels: Mapping[str, str] | None) -> None:
    """Vertical lines at the targets at which what coexists changes, where the target is swept; named above the axes."""
    ((name, x),) = sweep.axes.items()
    if name != states.target:
        return
    width = np.ptp(x)
    named: dict[float, str] = {}
    for key, style in zip(states.marks, MARKS, strict=False):
        for place in _places(sweep, key):
            axes.axvline(place, color="0.6", linewidth=0.9, linestyle=style, zorder=0)
            near = next((p for p in named if abs(p - place) < CLOSE * width), place)
            named[near] = ", ".join([*([named[near]] if near in named else []), (labels or {}).get(key, key)])
    if labels is not None:
        for place, text in named.items():
            axes.text(place, 1.02, text, transform=axes.get_xaxis_transform(), ha="center", fontsize=9, color=GREY)


def _places(sweep: Sweep, key: str) -> Array:
    """Where a mark is, within the sweep: it does not depend on the target, so that at most one value is found."""
    ((_, x),) = sweep.axes.items()
    values = sweep[key] if key in sweep.meanings else np.empty(0)
    return np.unique(values[np.isfinite(values) & (np.min(x) <= values) & (values <= np.max(x))])[:1]


def entries(sweep: Sweep, key: str) -> tuple[tuple[Array, Flags], ...]:
    """Real parts of the complex numbers KEY_1, KEY_2, ... in decreasing order at each point, and whether they are visible."""
    listed = list(takewhile(lambda k: f"{key}_{k}_re" in sweep.details, count(1)))
    if not listed:
        return ()
    values = np.stack([sweep[f"{key}_{k}_re"] for k in listed])
    visible = np.stack([sweep[f"visible_{k}"] == 1 for k in listed])
    order = np.argsort(-values, axis=0, kind="stable")
    return tuple(zip(np.take_along_axis(values, order, 0), np.take_along_axis(visible, order, 0), strict=True))


def draw_entries(
    axes: Axes,
    sweep: Sweep,
    states: States,
    several: tuple[tuple[Array, Flags], ...],
    colour: str,
    styles: dict[str, dict[str, Any]],
) -> None:
    """Eigenvalues: solid outside the bulk, dashed inside it, where they are hidden."""
    ((_, x),) = sweep.axes.items()
    cut = poles(sweep, states)
    for values, visible in several:
        _line(axes, *(gapped(v, cut) for v in (x, values, visible)), other="--", color=colour, linewidth=1.5)
    if any(np.any(visible) for _, visible in several):
        styles["theory, $N \\to \\infty$"] = {"color": GREY, "linestyle": "-"}
    if any(np.any(~visible & np.isfinite(values)) for values, visible in several):
        styles["inside the bulk: no eigenvalue"] = {"color": GREY, "linestyle": "--"}


def target_of(sweep: Sweep, states: States) -> Array:
    """The output asked for, at every point."""
    if states.target in sweep.axes:
        return sweep[states.target].ravel().astype(float)
    return np.full(len(sweep.solutions), float(sweep.parameters[states.target]))


def poles(sweep: Sweep, states: States | None) -> Flags:
    """Between which neighbours the target passes the pole of the theory, if it has one."""
    if states is None or states.pole not in sweep.meanings:
        return np.zeros(len(sweep.solutions) - 1, dtype=bool)
    side = np.sign(target_of(sweep, states) - sweep[states.pole].ravel())
    return np.isfinite(side[:-1] * side[1:]) & (side[:-1] != side[1:])


def _others(solution: Solution, target: float) -> list[FixedPoint]:
    """The fixed points without the target."""
    points = list(solution.fixed_points)
    if points:
        nearest = min(points, key=lambda point: abs(point.z - target))
        if abs(nearest.z - target) <= SAME * (1 + abs(target)):
            points.remove(nearest)
    return points


def _line(axes: Axes, x: Array, y: Array, solid: Flags, *, other: str = ":", **style: Any) -> None:
    """A curve, solid where that is said; the other parts reach their solid neighbours, so that it has no gap."""
    rest = ~solid & np.isfinite(y)
    beside = rest | np.append(rest[1:], False) | np.append(False, rest[:-1])
    for shown, linestyle in ((solid, "-"), (beside & np.any(rest), other)):
        if np.any(shown):
            axes.plot(x, np.where(shown, y, np.nan), linestyle=linestyle, **style)
