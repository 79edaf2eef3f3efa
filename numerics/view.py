"""What a sweep shows: columns of the table, panels of the figure, the network simulated beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any


def aligned(rows: Sequence[Sequence[str]], left: Sequence[int] = ()) -> list[str]:
    """Lines of a table with columns of equal width; cells end at the right, but in the columns `left` begin at the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        [cell.ljust(w) if k in left else cell.rjust(w) for k, (cell, w) in enumerate(zip(row, widths, strict=True))]
        for row in rows
    )
    return ["  ".join(line).rstrip() for line in lines]


def fraction_text(value: Fraction) -> str:
    """A fraction for a terminal: exact, or ten digits of one that is longer than 24 characters."""
    return text if len(text := str(value)) <= 24 else f"{float(value):.10g}"


def vector_text(values: Sequence[Fraction]) -> str:
    """A vector of fractions for a terminal."""
    return f"({', '.join(map(fraction_text, values))})"


@dataclass(frozen=True)
class Panel:
    """One panel of a figure.

    Attributes
    ----------
    keys : tuple of str
        Quantities drawn in it.
    label : str
        Of the vertical axis, with the unit where there is one.
    line : float, optional
        Value at which a horizontal line is drawn, such as a limit of stability.
    """

    keys: tuple[str, ...]
    label: str
    line: float | None = None


@dataclass(frozen=True)
class Picture:
    """Points and curves in a plane, of one solution.

    Attributes
    ----------
    title, x, y : str
        Above, and along the axes.
    points, curves : mapping of str to complex array
        What is simulated and what theory says, by their labels.
    marks : mapping of str to complex array
        Single values of the theory.
    arrows : tuple of (complex, complex)
    texts : mapping of str to complex
        Words in the plane and where they stand.
    """

    title: str
    x: str
    y: str
    points: Mapping[str, Any]
    curves: Mapping[str, Any]
    marks: Mapping[str, Any] = field(default_factory=dict)
    arrows: tuple[tuple[complex, complex], ...] = ()
    texts: Mapping[str, complex] = field(default_factory=dict)


@dataclass(frozen=True)
class States:
    """How the coexisting states of a closed loop are shown.

    Attributes
    ----------
    target : str
        The parameter that is the output in the state asked for.
    pole : str
        The quantity that is the target at which the theory has a pole; curves do not pass it.
    marks : mapping of str to str
        Quantities that are targets at which what coexists changes, with what happens there.
    limits : mapping of str to tuple of float and str
        Quantities that bound a phase, each with the value at which it does, and what happens there.
    phases : str
        Key of the word that a phase diagram shows.
    order : tuple of str
        Words in the order of their colours.
    """

    target: str
    pole: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    phases: str = "regime"
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """What a sweep of one model shows.

    Attributes
    ----------
    panels : tuple of Panel
    columns : tuple of str
        Quantities in the printed table; empty for all order parameters and observables.
    labels : mapping of str to str
        Quantities and parameters as they are written in a figure.
    directions : str
        The quantity of which N times is the number of directions that the activity explores: where it is small, so is
        what N -> infinity tells about N units. Empty if there is none.
    network : mapping of str to number
        Settings of the simulated points that are not given.
    states : States, optional
        Where solutions carry coexisting states: figures then show these first, and a map of two parameters its phases.
    """

    panels: tuple[Panel, ...] = ()
    columns: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    directions: str = ""
    network: Mapping[str, float] = field(default_factory=dict)
    states: States | None = None

    def panels_of(self, keys: Sequence[str]) -> tuple[Panel, ...]:
        """Panels for these quantities: those that share one in the table still do."""
        shared = tuple(replace(p, keys=tuple(k for k in p.keys if k in keys)) for p in self.panels)
        alone = dict.fromkeys(k for k in keys if not any(k in p.keys for p in self.panels))
        return (*(p for p in shared if p.keys), *(Panel((key,), "") for key in alone))
