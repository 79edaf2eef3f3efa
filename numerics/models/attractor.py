"""Networks that store patterns: weights, spectrum and critical loads."""

from __future__ import annotations

from numerics.treatment import Treatment
from numerics.view import Panel, View
from theory.lazy import Later
from theory.models.attractor import ATTRACTOR

TREATMENT = Treatment(
    model=ATTRACTOR,
    method=Later("numerics.solve.patterns:PATTERNS"),
    view=View(
        panels=(
            Panel(("edge", "abscissa"), "real part of eigenvalues", line=1.0),
            Panel(("alpha_S", "alpha_bulk", "alpha_out"), "critical load"),
        ),
        columns=("alpha_S", "alpha_bulk", "alpha_out", "edge", "abscissa", "norm", "mechanism"),
        labels={
            "alpha_S": r"$\alpha_S$",
            "alpha_bulk": r"$\alpha_\mathrm{bulk}$",
            "alpha_out": r"$\alpha_\mathrm{out}$",
            "edge": "bulk edge",
            "norm": r"$\|w\|$",
        },
    ),
)
