"""A sweep as a figure: the theory as curves, simulated networks as points with error bars; a map of two parameters."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol, latex

from numerics.codegen.cache import write_atomically
from numerics.solution import shown
from numerics.sweep import FEW, Sweep
from numerics.views import Panel, View, view_of
from theory.catalogue import describe_model
from theory.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".pdf", ".svg")
# Okabe, Ito 2008: distinct for every kind of colour vision
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^v<>"
GREY = "0.35"
HOLLOW = f"simulated, fewer than {FEW:g} active directions:\nfinite-size effects expected"
DECADE = 10.0  # ratio of largest to smallest value above which an axis is logarithmic
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


def check_figure(path: str, keys: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a figure that cannot be drawn, before any work.

    Raises
    ------
    InputError
        For another suffix than png, pdf or svg, unknown quantities, or where matplotlib is not installed.
    """
    problems = []
    if Path(path).suffix.lower() not in SUFFIXES:
        problems.append(f"cannot tell the format of '{path[:200]}': its name must end in {', '.join(SUFFIXES)}")
    if find_spec("matplotlib") is None:
        problems.append("a figure needs the extra plot: pip install 'quenched[plot]'")
    problems += [f"quantity '{key[:40]}' is unknown; known: {', '.join(known)}" for key in keys if key not in known]
    if problems:
        raise InputError(problems)


def draw(sweep: Sweep, path: str, quantities: Sequence[str] = (), N: float | None = None) -> None:
    """Write the figure of a sweep.

    Parameters
    ----------
    sweep : Sweep
        With one solution at least.
    path : str
        Ends in .png, .pdf or .svg.
    quantities : sequence of str
        Keys to draw; by default those of `numerics.views`, of a model that is not there the order parameters.
    N : float, optional
        Units at which the theory is drawn once more, with its 1/N terms, where they are known.

    Raises
    ------
    InputError
        For a figure that cannot be drawn, or a file that cannot be written.
    """
    check_figure(path, quantities, list(sweep.meanings))
    from matplotlib import rc_context
    from matplotlib.figure import Figure  # without pyplot: no display is touched, whatever the backend

    view = view_of(sweep.model)
    first = next(solution.order_parameters for solution in sweep.solutions if solution is not None)
    panels = view.panels_of(quantities) if quantities else view.panels or view.panels_of(list(first))
    panels = tuple(p for panel in panels if (p := Panel(_present(panel, sweep), panel.label)).keys)
    kind = Path(path).suffix.lower().removeprefix(".")
    content = io.BytesIO()
    with rc_context(STYLE):
        figure = Figure(layout="constrained", dpi=200)
        (_draw_map if len(sweep.axes) == 2 else _draw_curves)(figure, sweep, view, panels, N)
        undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
        figure.savefig(content, format=kind, metadata=undated)
    try:
        write_atomically(Path(path), content.getvalue())
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise InputError(f"cannot write '{path[:200]}': {getattr(error, 'strerror', None) or error}") from error


def _present(panel: Panel, sweep: Sweep) -> tuple[str, ...]:
    return tuple(key for key in panel.keys if key in sweep.meanings)


def _draw_curves(figure: Figure, sweep: Sweep, view: View, panels: Sequence[Panel], N: float | None) -> None:
    ((name, values),) = sweep.axes.items()
    figure.set_size_inches(6.4, 1.3 + 2.7 * len(panels))
    rows: Any = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    styles: dict[str, dict[str, Any]] = {}
    for axes, panel in zip(rows, panels, strict=True):
        for k, key in enumerate(panel.keys):
            _curve(axes, sweep, key, k, N, styles)
        theory = np.concatenate([sweep[key] for key in panel.keys])
        if _spans_decades(theory):
            _in_log(axes, "y", theory)
        axes.set_ylabel(panel.label or fill(sweep.meanings[panel.keys[0]], 36))
    if _even_in_log(values):
        _in_log(rows[-1], "x", values)
    for axes, panel in zip(rows, panels, strict=True):
        colours = {view.labels.get(key, key): {"color": COLOURS[k % len(COLOURS)]} for k, key in enumerate(panel.keys)}
        _legend(axes, colours | (styles if axes is rows[0] else {}))
    rows[-1].set_xlabel(_named(sweep, name))
    rows[0].set_title(_title(sweep))
    figure.align_ylabels(rows)
    figure.supxlabel(fill(_caption(sweep), 100), fontsize=7.5, color="0.35")


def _curve(axes: Axes, sweep: Sweep, key: str, number: int, N: float | None, styles: dict[str, dict[str, Any]]) -> None:
    """One quantity: theory, theory at N units where it is known, simulated networks; what lines mean goes to `styles`."""
    ((_, x),) = sweep.axes.items()
    colour, theory, stable = COLOURS[number % len(COLOURS)], sweep[key], sweep["stable"]

    def line(values: NDArray[np.float64], meaning: str, **style: Any) -> None:
        if np.any(np.isfinite(values)):
            axes.plot(x, values, color=colour, **style)
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
            axes.errorbar(x[here], value[here], error[here], color=colour, elinewidth=1, capsize=2, zorder=3, **style)
            styles[meaning] = {**style, "color": GREY, "marker": MARKERS[0]}


def _legend(axes: Axes, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Colours of the quantities, then the meaning of lines and points."""
    from matplotlib.lines import Line2D

    axes.legend([Line2D([], [], **style) for style in entries.values()], list(entries))


def _draw_map(figure: Figure, sweep: Sweep, view: View, panels: Sequence[Panel], N: float | None) -> None:
    """Colours over two parameters, one panel for each quantity."""
    from matplotlib.colors import LogNorm

    (first, y), (second, x) = sweep.axes.items()
    keys = [key for panel in panels for key in panel.keys]
    figure.set_size_inches(1.2 + 4.2 * min(2, len(keys)), 1.0 + 3.3 * ((len(keys) + 1) // 2))
    grid: Any = figure.subplots((len(keys) + 1) // 2, min(2, len(keys)), squeeze=False)
    for axes, key in zip(grid.flat, keys, strict=False):
        values = np.ma.masked_invalid(sweep[key])
        norm = LogNorm() if _spans_decades(values.compressed()) else None
        axes.set_facecolor("0.85")
        mesh = axes.pcolormesh(x, y, values, shading="nearest", cmap="cividis", norm=norm, rasterized=True)
        figure.colorbar(mesh, ax=axes)
        stable = np.where(np.isnan(sweep[key]), np.nan, sweep["stable"].astype(float))
        if np.any(stable == 0) and np.any(stable == 1):
            axes.contour(x, y, stable, levels=[0.5], colors=COLOURS[1], linewidths=1.2)
        for which, along in (("x", x), ("y", y)):
            if _even_in_log(along):
                _in_log(axes, which, along)
        axes.set_title(view.labels.get(key, key))
        axes.set_xlabel(_named(sweep, second))
        axes.set_ylabel(_named(sweep, first))
    for axes in grid.flat[len(keys) :]:
        axes.set_visible(False)
    figure.suptitle(_title(sweep), fontsize=11)
    figure.supxlabel("grey: no solution; orange line: loss of stability", fontsize=7.5, color="0.35")


def _in_log(axes: Axes, which: str, values: NDArray[np.float64]) -> None:
    """Logarithmic, with ticks at 1, 2, 5 where there is room for them."""
    from matplotlib.ticker import LogLocator, NullFormatter

    finite = values[np.isfinite(values)]
    decades = np.log10(np.max(finite) / np.min(finite))
    axes.set(**{f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2 else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _spans_decades(values: NDArray[np.float64]) -> bool:
    finite = values[np.isfinite(values)]
    return bool(finite.size and np.min(finite) > 0 and np.max(finite) > DECADE * np.min(finite))


def _even_in_log(values: NDArray[np.float64]) -> bool:
    if values.size < 3 or not _spans_decades(values):
        return False
    return bool(np.allclose(np.diff(np.log(values)), np.log(values[1] / values[0]), rtol=1e-6))


def _named(sweep: Sweep, name: str) -> str:
    """A parameter in words, with its symbol."""
    meaning = {p.name: p.meaning for p in describe_model(sweep.model).parameters}.get(name, "parameter")
    return f"{re.split('[:;,]', meaning)[0]}, {_symbol(name)}"


def _symbol(name: str) -> str:
    return f"${latex(Symbol(name))}$"


def _title(sweep: Sweep) -> str:
    words = [f"{name} = {value}" for name, value in sweep.stated.items() if isinstance(value, str)]
    given = [f"{_symbol(name)} = {shown(value)}" for name, value in sweep.stated.items() if not isinstance(value, str)]
    text = sweep.activation if len(sweep.activation) <= 50 else f"{sweep.activation[:47]}..."
    return ", ".join([f"{sweep.model}, $\\phi(x)$ = {text}", *words, *given])


def _caption(sweep: Sweep) -> str:
    rows = []
    if any(solution is not None and solution.sampled for solution in sweep.solutions):
        rows.append("shaded: standard error of the theory where its process is sampled")
    if sweep.simulations:
        settings = ", ".join(f"{name} = {value:g}" for name, value in sweep.network.items())
        rows.append(f"points: simulated networks, {settings}; bars: one standard error over coupling matrices")
    return "; ".join(rows)
