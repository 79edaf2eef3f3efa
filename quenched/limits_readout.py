"""A network with a readout as a person reads it: its equations written out for one activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, symbols

from quenched.limits import Row, write_rows
from theory.activations.activation import Activation
from theory.chaos import derive_chaotic_feedback
from theory.concrete import closed_form_of
from theory.derivation import Step
from theory.equations import ReadoutEquation
from theory.gaussian.average import averages
from theory.symbols import z
from theory.theory import Theory
from theory.vectors import drive, with_readout

_WRITTEN_OUT = "written out for this activation, at any fixed point of the closed loop; lambda^2 - (a + G + theta) lambda + a G = 0"


@dataclass(frozen=True)
class ReadoutForms:
    """What is known in closed form of a network with a readout for one activation.

    Attributes
    ----------
    theory : Theory
    activation : Activation
    """

    theory: Theory[ReadoutEquation]
    activation: Activation

    @property
    def steps(self) -> tuple[Step, ...]:
        """The argument for the chaotic state that replaces a fixed point whose bulk is unstable."""
        return derive_chaotic_feedback(z, self.theory.equation.amplitude, drive(z), with_readout(z)).steps

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every formula, in reading order."""
        equation = self.theory.equation
        a, G, theta = symbols("a G theta")
        loop = equation.loop_gain
        formulas = {
            equation.unknown: equation.right,
            equation.amplitude: equation.amplitude_at,
            a: loop,
            G: equation.slope,
            theta: (equation.trace - loop - equation.slope).factor(),
        }
        written = {str(name): self._written_out(formula) for name, formula in formulas.items()}
        return tuple(Row(_WRITTEN_OUT, name, "=", form) for name, form in written.items() if form is not None)

    def _written_out(self, formula: Expr) -> Expr | None:
        """The formula with closed forms for its averages, None where one has none."""
        forms = {node: closed_form_of(node, self.activation) for node in averages(formula)}
        if any(form is None for form in forms.values()):
            return None
        return formula.xreplace({node: form.expression for node, form in forms.items() if form is not None})

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why others do not exist."""
        return (
            () if self.rows else ("averages of this activation have no closed form in the table: they are integrated",)
        )

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {"written_out": {"rows": [row.data for row in self.rows], "reasons": list(self.reasons)}}

    def write(self, style: str) -> str:
        """In one of the styles 'text', 'markdown', 'latex'."""
        return write_rows("Closed forms", self.rows, self.reasons, style)
