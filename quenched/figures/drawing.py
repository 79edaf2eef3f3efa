"""What figures share: colours, axes, legends, names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol, latex

from numerics.models import find_treatment
from numerics.solve.solution import shown
from numerics.sweep.sweep import Sweep
from theory.models import find_model

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe, Ito 2008: distinct for every kind of colour vision
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^v<>"
GREY = "0.35"
WIDTH = 72  # characters of a line of the title
FENCE = 2.5  # distance beyond the quartiles, relative to their own, outside which values do not widen an axis
DECADE = 10.0  # ratio of largest to smallest value above which an axis is logarithmic


def legend(axes: Axes, entries: Mapping[str, Mapping[str, Any]], *, beside: bool = False) -> None:
    """Colours of the quantities, then the meaning of lines and points; inside the axes, or to their right."""
    from matplotlib.lines import Line2D

    place: Any = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if beside else {}
    axes.legend([Line2D([], [], **style) for style in entries.values()], list(entries), **place)


def in_log(axes: Axes, which: str, values: NDArray[np.float64]) -> None:
    """Logarithmic, with ticks at 1, 2, 5 where there is room for them."""
    from matplotlib.ticker import LogLocator, NullFormatter

    finite = values[np.isfinite(values)]
    decades = np.log10(np.max(finite) / np.min(finite))
    axes.set(**{f"{which}scale": "log"})
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2 else (1,)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def spans_decades(values: NDArray[np.float64]) -> bool:
    """Whether these values are positive and more than a decade apart."""
    finite = values[np.isfinite(values)]
    return bool(finite.size and np.min(finite) > 0 and np.max(finite) > DECADE * np.min(finite))


def even_in_log(values: NDArray[np.float64]) -> bool:
    """Whether these values are evenly spaced in their logarithm."""
    if values.size < 3 or not spans_decades(values):
        return False
    return bool(np.allclose(np.diff(np.log(values)), np.log(values[1] / values[0]), rtol=1e-6))


def fenced(values: NDArray[np.float64], *, show: tuple[float, ...]) -> tuple[float, float]:
    """Limits of an axis for values some of which run to infinity: the bulk of them, and what must be seen."""
    finite = np.concatenate([values[np.isfinite(values)], show])
    low, high = np.quantile(finite, [0.25, 0.75])
    reach = FENCE * max(high - low, 0.1 * abs(high), 1e-9)
    bottom = min(*finite[finite >= low - reach], *show)
    top = max(*finite[finite <= high + reach], *show)
    return bottom - 0.05 * (top - bottom), top + 0.05 * (top - bottom)


def gapped(values: NDArray[Any], cut: NDArray[np.bool_]) -> NDArray[Any]:
    """With a gap between the neighbours that are marked; `cut` is one shorter than `values`."""
    return np.insert(values, np.flatnonzero(cut) + 1, False if values.dtype == bool else np.nan)


def named(sweep: Sweep, name: str) -> str:
    """A parameter in words, with its symbol."""
    meaning = {p.name: p.meaning for p in find_model(sweep.model).parameters}.get(name, "parameter")
    return f"{re.split('[:;,]', meaning)[0]}, {symbol(sweep, name)}"


def symbol(sweep: Sweep, name: str) -> str:
    """A parameter as it is written in a figure."""
    return find_treatment(sweep.model).view.labels.get(name, f"${latex(Symbol(name))}$")


def title(sweep: Sweep) -> str:
    """Model, activation and the parameters that are fixed, on as many lines as they need."""
    words = [f"{name} = {value}" for name, value in sweep.stated.items() if isinstance(value, str)]
    numbers = {name: value for name, value in sweep.stated.items() if not isinstance(value, str)}
    given = [f"{symbol(sweep, name)} = {shown(value)}" for name, value in numbers.items()]
    text = sweep.activation if len(sweep.activation) <= 50 else f"{sweep.activation[:47]}..."
    lines = [f"{sweep.model}, $\\phi(x)$ = {text}" if text else sweep.model]
    for part in (*words, *given):
        if len(re.sub(r"[$\\{}]", "", f"{lines[-1]}, {part}")) > WIDTH:
            lines.append(part)
        else:
            lines[-1] += f", {part}"
    return ",\n".join(lines)
