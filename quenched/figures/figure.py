"""A sweep as a figure: the theory as curves, simulated networks as points with error bars; a map of two parameters."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from numerics.files import check_figure, write_file
from numerics.models import find_treatment
from numerics.sweep.sweep import FEW, Sweep
from numerics.view import Panel, Picture, States, View
from quenched.figures.bifurcation import draw_entries, draw_states, entries, mark, poles
from quenched.figures.drawing import (
    COLOURS,
    GREY,
    MARKERS,
    WIDTH,
    even_in_log,
    fenced,
    gapped,
    in_log,
    legend,
    named,
    spans_decades,
    title,
)
from quenched.figures.phases import draw_phases
from theory.errors import did_you_mean, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HOLLOW = f"simulated, fewer than {FEW:g} active directions:\nfinite-size effects expected"
STYLE: Any = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "mathtext.fontset": "cm",
    "svg.fonttype": "none",
    "svg.hashsalt": "quenched",  # the same figure is the same file
}


def check_quantities(keys: Sequence[str], known: Sequence[str]) -> None:
    """Refuse what cannot be drawn because there is no such quantity.

    Raises
    ------
    InputError
    """
    require(
        *(
            (key in known, f"quantity '{key[:40]}' is unknown; {did_you_mean(key, known)}known: {', '.join(known)}")
            for key in keys
        )
    )


def draw(sweep: Sweep, path: str, quantities: Sequence[str] = (), N: float | None = None) -> None:
    """Write the figure of a sweep.

    Parameters
    ----------
    sweep : Sweep
        With one solution at least.
    path : str
        Ends in .png, .pdf or .svg.
    quantities : sequence of str
        Keys to draw; by default the panels of the model's view, or its order parameters.
    N : float, optional
        Units at which the theory is drawn once more, with its 1/N terms, where they are known.

    Raises
    ------
    InputError
        For a figure that cannot be drawn, or a file that cannot be written.
    """
    check_figure(path)
    check_quantities(quantities, list(sweep.meanings))
    view = find_treatment(sweep.model).view
    first = next(solution.order_parameters for solution in sweep.solutions if solution is not None)
    panels = view.panels_of(quantities) if quantities else view.panels or view.panels_of(list(first))
    panels = tuple(p for panel in panels if (p := replace(panel, keys=_present(panel, sweep))).keys)
    states = view.states if not quantities and sweep.details else None

    def paint(figure: Figure) -> None:
        if len(sweep.axes) == 1:
            _draw_curves(figure, sweep, view, panels, N, states)
        elif states is None:
            _draw_map(figure, sweep, view, panels)
        else:
            draw_phases(figure, sweep, states)

    _write(path, paint)


def draw_picture(picture: Picture, path: str) -> None:
    """Write the figure of one solution: simulated points, curves and single values of the theory.

    Raises
    ------
    InputError
        As `draw`.
    """
    check_figure(path)

    def paint(figure: Figure) -> None:
        axes: Any = figure.subplots()
        for label, values in picture.points.items():
            axes.plot(values.real, values.imag, ".", color=GREY, markersize=3, label=label)
        lines = [("-", *entry) for entry in picture.curves.items()] + [("D", *entry) for entry in picture.marks.items()]
        for colour, (style, label, values) in zip(COLOURS, lines, strict=False):
            axes.plot(values.real, values.imag, style, color=colour, markerfacecolor="none", label=label)
        for start, end in picture.arrows:
            drawn = {"arrowstyle": "->", "color": GREY, "linewidth": 0.8, "shrinkA": 4, "shrinkB": 4}
            axes.annotate("", (end.real, end.imag), (start.real, start.imag), arrowprops=drawn)
        for text, place in picture.texts.items():
            axes.annotate(text, (place.real, place.imag), (4, 5), textcoords="offset points", fontsize=8)
        axes.set(xlabel=picture.x, ylabel=picture.y, title=fill(picture.title, WIDTH))
        if not picture.x:
            axes.set_xticks([])
        if not picture.y:
            axes.set_yticks([])
        beside: Any = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if picture.texts else {"loc": "upper left"}
        if picture.points or lines:
            axes.legend(**beside)

    _write(path, paint)


def _write(path: str, paint: Callable[[Figure], None]) -> None:
    """A figure as a file, whole or not at all."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure  # without pyplot: no display is touched, whatever the backend

    kind, content = Path(path).suffix.lower().removeprefix("."), io.BytesIO()
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
    with rc_context(STYLE):
        figure = Figure(layout="constrained", dpi=200)
        paint(figure)
        figure.savefig(content, format=kind, metadata=undated)
    write_file(path, content.getvalue())


def _present(panel: Panel, sweep: Sweep) -> tuple[str, ...]:
    return tuple(key for key in panel.keys if key in sweep.meanings)


def _draw_curves(
    figure: Figure, sweep: Sweep, view: View, panels: Sequence[Panel], N: float | None, states: States | None
) -> None:
    """Panels over one parameter; first the coexisting states, where there are any."""
    ((name, values),) = sweep.axes.items()
    heights = [1.4] * (states is not None) + [1.0] * len(panels)
    figure.set_size_inches(6.4, 1.3 + 2.7 * sum(heights))
    rows: Any = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    if states is not None:
        figure.set_size_inches(8.6, figure.get_size_inches()[1])
        draw_states(rows[0], sweep, states)
        for number, axes in enumerate(rows):
            mark(axes, sweep, states, view.labels if number == 0 else None)
    lower = rows[-len(panels) :]
    meanings = [_draw_panel(axes, sweep, panel, N, states) for axes, panel in zip(lower, panels, strict=True)]
    if even_in_log(values):
        in_log(rows[-1], "x", values)
    told: set[str] = set()
    for axes, panel, styles in zip(lower, panels, meanings, strict=True):
        colours = {view.labels.get(key, key): {"color": COLOURS[k % len(COLOURS)]} for k, key in enumerate(panel.keys)}
        new = {meaning: style for meaning, style in styles.items() if meaning not in told}
        legend(axes, colours | new, beside=states is not None)
        told.update(styles)
    rows[-1].set_xlabel(named(sweep, name))
    rows[0].set_title(title(sweep), pad=6 if states is None else 18)
    figure.align_ylabels(rows)
    figure.supxlabel(fill(_caption(sweep), 100), fontsize=7.5, color="0.35")


def _draw_panel(
    axes: Axes, sweep: Sweep, panel: Panel, N: float | None, states: States | None
) -> dict[str, dict[str, Any]]:
    """The quantities of one panel; returns the meaning of lines and points."""
    styles: dict[str, dict[str, Any]] = {}
    drawn = []
    for k, key in enumerate(panel.keys):
        several = entries(sweep, key) if states is not None else ()
        if states is not None and several:
            draw_entries(axes, sweep, states, several, COLOURS[k % len(COLOURS)], styles)
        else:
            _curve(axes, sweep, key, k, N, styles, stable=None if panel.line is None else np.isfinite(sweep[key]))
        _points(axes, sweep, key, k, N, styles)
        drawn += [sweep[key], *(values for values, _ in several)]
    values = np.concatenate(drawn)
    if panel.line is not None:  # it shows what is stable
        axes.axhline(panel.line, color=GREY, linewidth=0.8, zorder=1)
        axes.set_ylim(*fenced(values, show=(0.0, 1.75 * panel.line)))
    elif spans_decades(values):
        in_log(axes, "y", values)
    axes.set_ylabel(panel.label or fill(sweep.meanings[panel.keys[0]], 36))
    return styles


def _curve(
    axes: Axes,
    sweep: Sweep,
    key: str,
    number: int,
    N: float | None,
    styles: dict[str, dict[str, Any]],
    stable: NDArray[np.bool_] | None = None,
) -> None:
    """One quantity: theory, and theory at N units where it is known; what lines mean goes to `styles`."""
    ((_, x),) = sweep.axes.items()
    cut = poles(sweep, find_treatment(sweep.model).view.states)
    colour, theory = COLOURS[number % len(COLOURS)], sweep[key]
    stable = sweep["stable"] if stable is None else stable

    def line(values: NDArray[np.float64], meaning: str, **style: Any) -> None:
        if np.any(np.isfinite(values)):
            axes.plot(gapped(x, cut), gapped(values, cut), color=colour, **style)
            styles[meaning] = {"color": GREY, **style}

    sampled = [solution is not None and solution.sampled for solution in sweep.solutions]
    if np.any(sampled) and f"error_{key}" in sweep.errors:
        error = np.where(sampled & stable, sweep[f"error_{key}"], 0.0)
        axes.fill_between(x, theory - error, theory + error, color=colour, alpha=0.25, linewidth=0)
    unstable = ~stable & np.isfinite(theory)
    beside = unstable | np.append(unstable[1:], False) | np.append(False, unstable[:-1])  # the curve has no gap
    line(np.where(stable, theory, np.nan), r"theory, $N \to \infty$")
    line(np.where(beside & np.any(unstable), theory, np.nan), "theory, unstable", linestyle=":", alpha=0.5)
    if N is not None:
        line(np.where(stable, sweep.at_size(key, N), np.nan), f"theory, N = {N:g}", linestyle="--")


def _points(
    axes: Axes, sweep: Sweep, key: str, number: int, N: float | None, styles: dict[str, dict[str, Any]]
) -> None:
    """Simulated networks with their standard errors; what markers mean goes to `styles`."""
    ((_, x),) = sweep.axes.items()
    value, error = sweep.simulated(key)
    few = np.isin(np.arange(x.size), [point.index for point in sweep.simulations if point.few_directions])
    for meaning, here, face in ((f"simulated, N = {N or 0:g}", ~few, {}), (HOLLOW, few, {"markerfacecolor": "white"})):
        here = here & np.isfinite(value)
        if np.any(here):
            style: dict[str, Any] = {
                "linestyle": "none",
                "marker": MARKERS[number % len(MARKERS)],
                "markersize": 5,
                **face,
            }
            colour = COLOURS[number % len(COLOURS)]
            axes.errorbar(x[here], value[here], error[here], color=colour, elinewidth=1, capsize=2, zorder=3, **style)
            styles[meaning] = {**style, "color": GREY, "marker": MARKERS[0]}


def _draw_map(figure: Figure, sweep: Sweep, view: View, panels: Sequence[Panel]) -> None:
    """Colours over two parameters, one panel for each quantity."""
    from matplotlib.colors import LogNorm

    (first, y), (second, x) = sweep.axes.items()
    keys = [key for panel in panels for key in panel.keys]
    figure.set_size_inches(1.2 + 4.2 * min(2, len(keys)), 1.0 + 3.3 * ((len(keys) + 1) // 2))
    grid: Any = figure.subplots((len(keys) + 1) // 2, min(2, len(keys)), squeeze=False)
    for axes, key in zip(grid.flat, keys, strict=False):
        values = np.ma.masked_invalid(sweep[key])
        norm = LogNorm() if spans_decades(values.compressed()) else None
        axes.set_facecolor("0.85")
        mesh = axes.pcolormesh(x, y, values, shading="nearest", cmap="cividis", norm=norm, rasterized=True)
        figure.colorbar(mesh, ax=axes)
        stable = np.where(np.isnan(sweep[key]), np.nan, sweep["stable"].astype(float))
        if np.any(stable == 0) and np.any(stable == 1):
            axes.contour(x, y, stable, levels=[0.5], colors=COLOURS[1], linewidths=1.2)
        for which, along in (("x", x), ("y", y)):
            if even_in_log(along):
                in_log(axes, which, along)
        axes.set_title(view.labels.get(key, key))
        axes.set_xlabel(named(sweep, second))
        axes.set_ylabel(named(sweep, first))
    for axes in grid.flat[len(keys) :]:
        axes.set_visible(False)
    figure.suptitle(title(sweep), fontsize=11)
    figure.supxlabel("grey: no solution; orange line: loss of stability", fontsize=7.5, color="0.35")


def _caption(sweep: Sweep) -> str:
    rows = []
    if any(solution is not None and solution.sampled for solution in sweep.solutions):
        rows.append("shaded: standard error of the theory where its process is sampled")
    if sweep.simulations:
        settings = ", ".join(f"{name} = {value:g}" for name, value in sweep.network.items())
        rows.append(f"points: simulated networks, {settings}; bars: one standard error over coupling matrices")
    return "; ".join(rows)
