"""Phase diagram over two parameters: what coexists, as colours; where that changes, as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from numerics.models import find_treatment
from numerics.sweep.sweep import Sweep
from numerics.view import States
from quenched.figures.bifurcation import MARKS, target_of
from quenched.figures.drawing import GREY, even_in_log, in_log, named, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# after Okabe, Ito 2008, of different lightness, so that neighbours differ in grey too
PHASES = ("#A6D5F2", "#F5E79E", "#E8935A", "#B5739D", "#5FB79B", "#D8D8D8")
NONE: dict[str, Any] = {"facecolor": "0.93", "edgecolor": "0.6", "hatch": "////", "linewidth": 0.0}


def draw_phases(figure: Figure, sweep: Sweep, states: States) -> None:
    """One panel: a colour for each phase, hatched where there is no solution, lines where the theory puts the boundaries."""
    from matplotlib.colors import ListedColormap
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    (first, y), (second, x) = sweep.axes.items()
    words = sweep[states.phases]
    order = [word for word in (*states.order, *np.unique(words)) if word]
    known = dict.fromkeys(order)
    colours = {word: PHASES[k % len(PHASES)] for k, word in enumerate(known)}
    present = [word for word in known if np.any(words == word)]
    figure.set_size_inches(6.4, 5.6)
    axes = figure.subplots()
    codes = np.select([words == word for word in present], list(range(len(present))), -1)
    palette = ListedColormap([colours[word] for word in present])
    shown = np.ma.masked_less(codes, 0)
    edges = np.arange(len(present) + 1) - 0.5
    axes.patch.set(**NONE)
    axes.pcolormesh(x, y, shown, shading="nearest", cmap=palette, vmin=edges[0], vmax=edges[-1], rasterized=True)
    patches: list[Any] = [Patch(facecolor=colours[word], label=word) for word in present]
    patches += [Patch(**NONE, label="no solution")] if np.any(codes < 0) else []
    lines = [Line2D([], [], **style, label=meaning) for meaning, style in _boundaries(axes, sweep, states).items()]
    for which, along in (("x", x), ("y", y)):
        if even_in_log(along):
            in_log(axes, which, along)
        if along.size > 1:  # lines end where the values do, so do colours
            axes.set(**{f"{which}lim": (np.min(along), np.max(along))})
    axes.set_xlabel(named(sweep, second))
    axes.set_ylabel(named(sweep, first))
    axes.set_title(title(sweep))
    figure.legend(handles=[*patches, *lines], loc="outside lower center", ncols=2)


def _boundaries(axes: Axes, sweep: Sweep, states: States) -> dict[str, dict[str, Any]]:
    """Draw the lines on which a mark or a limit is met; what they mean, with their style."""
    labels = find_treatment(sweep.model).view.labels
    heights = [
        (f"{labels.get(key, key)}: {meaning}", _beyond(sweep, states, key), {"color": "0.1", "linestyle": style})
        for (key, meaning), style in zip(states.marks.items(), MARKS, strict=False)
        if key in sweep.meanings
    ]
    heights += [
        (f"{labels.get(key, key)} = {level:g}: {meaning}", sweep[key] - level, {"color": GREY, "linestyle": ":"})
        for key, (level, meaning) in states.limits.items()
        if key in sweep.meanings
    ]
    (_, y), (_, x) = sweep.axes.items()
    found = {}
    for meaning, height, style in heights:
        if _crossed(height):
            axes.contour(
                x, y, height, levels=[0.0], colors=style["color"], linestyles=style["linestyle"], linewidths=1.2
            )
            found[meaning] = style
    return found


def _beyond(sweep: Sweep, states: States, key: str) -> NDArray[np.float64]:
    """The target minus a mark; nan where the mark is far outside the targets of the sweep, as beside its own poles."""
    target = target_of(sweep, states).reshape(sweep.shape)
    distance = target - sweep[key]
    far = np.ptp(target) if states.target in sweep.axes else np.inf
    return np.where(np.abs(distance) <= far, distance, np.nan)


def _crossed(height: NDArray[np.float64]) -> bool:
    finite = height[np.isfinite(height)]
    return min(height.shape) > 1 and bool(finite.size and np.min(finite) < 0 < np.max(finite))
