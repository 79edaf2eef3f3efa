"""A stationary state of a closed loop, as numbers, as data and for the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FixedPoint:
    """One stationary state of a closed loop.

    Attributes
    ----------
    z : float
        Output.
    Delta0 : float
        Variance of x.
    outliers : tuple of complex
        The two eigenvalues that the feedback can carry out of the bulk.
    visible : tuple of bool
        Whether they lie outside the bulk; inside it they are no eigenvalues.
    bulk_radius : float
    stable : bool
        Whether the bulk and both outliers have real parts below 1.
    """

    z: float
    Delta0: float
    outliers: tuple[complex, complex]
    visible: tuple[bool, bool]
    bulk_radius: float
    stable: bool


def state_rows(points: Sequence[FixedPoint]) -> list[str]:
    """A table of the states of a loop for the reader."""
    if not points:
        return []
    head = (
        f"  {'fixed point':<13}{'z':>14}{'Delta0':>14}{'bulk radius':>13}  {'stable':<8}outliers (* outside the bulk)"
    )
    rows = ["", head]
    for number, point in enumerate(points, 1):
        outliers = (
            f"{complex_text(o)}{'*' if seen else ''}" for o, seen in zip(point.outliers, point.visible, strict=True)
        )
        rows.append(
            f"  {number:<13}{point.z:>14.8g}{point.Delta0:>14.8g}{point.bulk_radius:>13.6g}  "
            f"{'yes' if point.stable else 'NO':<8}{', '.join(outliers)}"
        )
    return rows


def complex_text(value: complex) -> str:
    """A complex number for the reader."""
    return f"{value.real:.8g}" + (f"{value.imag:+.8g}i" if value.imag else "")
