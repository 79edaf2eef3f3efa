"""Power laws and strong coupling of the static network as a person reads them, as text, Markdown, LaTeX or data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Basic, Expr, latex, sstr
from sympy.logic.boolalg import true

from theory.activations.activation import Activation
from theory.chaos import derive_chaotic_state
from theory.derivation import Step
from theory.powers import Power
from theory.rendering import escaped
from theory.scaling import MEANINGS, Point, PowerLaw, m, power_law
from theory.scaling_steps import scaling_steps
from theory.strong_coupling import StrongCoupling, strong_coupling, strong_coupling_steps
from theory.symbols import Delta, g
from theory.theory import Theory

_NO_DIMENSION = ("D_x", "D_phi", "stability", "slope")


@dataclass(frozen=True)
class Row:
    """One formula of a section, with the condition under which it holds."""

    section: str
    left: str
    relation: str
    right: Expr
    condition: str = ""

    @property
    def text(self) -> str:
        """For a terminal."""
        return f"{self.left} {self.relation} {sstr(self.right)}" + (
            f"   for {self.condition}" if self.condition else ""
        )

    @property
    def latex(self) -> str:
        """The formula."""
        relation = {"->": r"\to", "~": r"\sim"}.get(self.relation, self.relation)
        return rf"{_left_latex(self.left)} {relation} {latex(self.right)}"

    @property
    def data(self) -> dict[str, str]:
        """For JSON."""
        return {
            "section": self.section,
            "left": self.left,
            "relation": self.relation,
            "right": sstr(self.right),
            "latex": self.latex,
            "condition": self.condition,
        }


def write_rows(title: str, rows: Sequence[Row], notes: Sequence[str], style: str) -> str:
    """Formulas by section, then sentences, in one of the styles 'text', 'markdown', 'latex'."""
    sentences = [note[0].upper() + note[1:] + "." for note in notes]
    if style == "markdown":
        return "\n\n".join([f"## {title}", *(f"$${row.latex}$$ ({row.section})" for row in rows), *sentences])
    if style == "latex":
        body = [rf"\begin{{dmath*}} {row.latex} \end{{dmath*}} {escaped(row.section)}" for row in rows]
        return "\n".join([rf"\subsection*{{{title}}}", *body, *map(escaped, sentences)])
    lines, section = [f"{title}:"], ""
    for row in rows:
        if row.section != section:
            section = row.section
            lines.append(f"  {section}:")
        lines.append(f"    {row.text}")
    return "\n".join([*lines, *(f"  {note}" for note in sentences)])


def _left_latex(name: str) -> str:
    known = {
        "ghat": r"\hat g",
        "ghat^2": r"\hat g^2",
        "g^2": "g^2",
        "Delta": r"\Delta",
        "Delta/sigma^2": r"\Delta/\sigma^2",
        "theta": r"\theta",
        "lambda_1": r"\lambda_1",
        "lambda_2": r"\lambda_2",
        "bulk_radius^2": r"\mathrm{bulk\_radius}^2",
    }
    return known.get(name, name if len(name) == 1 else rf"\mathrm{{{escaped(name)}}}")


def power_law_rows(law: PowerLaw) -> tuple[Row, ...]:
    """The scaling theory of a homogeneous activation, in reading order."""
    return (
        *(Row("definitions", name, "=", value) for name, value in _definitions(law).items()),
        Row("collapse", "y", "=", law.equation.rhs),
        Row("collapse", "ghat^2", "=", law.coupling_squared),
        *(Row("on the solution", key, "=", power.of(Delta), _when(law, key)) for key, power in law.results.items()),
        *(
            Row("weak coupling, to order ghat^4", key, "=", series, _when(law, key))
            for key, series in law.weak.items()
            if key == "Delta/sigma^2" or key in _NO_DIMENSION
        ),
        *_strong_rows(law),
        *_point_rows("saddle-node", law.saddle_node),
        *_point_rows("loss of stability", law.instability),
    )


def _definitions(law: PowerLaw) -> dict[str, Expr]:
    return {**{str(symbol): value for symbol, value in law.constants.items()}, "ghat": law.collapse}


def _when(law: PowerLaw, key: str) -> str:
    return sstr(law.finite[key]) if key in law.finite else ""


def _condition(condition: Basic) -> str:
    return "" if condition == true else sstr(condition)


def _strong_rows(law: PowerLaw) -> tuple[Row, ...]:
    if law.strong is None:
        return ()
    section, condition = "strong coupling", _condition(law.strong.condition)
    rows = [Row(section, "Delta", "~", law.strong.variance, condition)]
    for key, power in law.strong.laws.items():
        if key != "Delta":
            own = " and ".join(part for part in (condition, _when(law, key)) if part)
            rows.append(_limit(section, key, power, m * g**2, own))
    return tuple(rows)


def _limit(section: str, key: str, power: Power, base: Expr, condition: str) -> Row:
    settled = power.exponent == 0
    return Row(section, key, "->" if settled else "~", power.prefactor if settled else power.of(base), condition)


def _point_rows(section: str, point: Point | None) -> tuple[Row, ...]:
    if point is None:
        return ()
    condition = _condition(point.condition)
    return (
        Row(section, "ghat", "=", point.coupling, condition),
        Row(section, "Delta/sigma^2", "=", point.y, condition),
        Row(section, "s", "=", point.s, condition),
    )


def _remark(law: PowerLaw) -> str:
    """Which of the results are infinite, and where."""
    parts = [
        f"{key} is infinite" + ("" if condition == False else f" unless {sstr(condition)}")  # noqa: E712
        for key, condition in law.finite.items()
    ]
    return "; ".join(parts)


def write_power_law(law: PowerLaw, style: str) -> str:
    """The scaling theory in one of the styles 'text', 'markdown', 'latex'."""
    rows, remark = power_law_rows(law), _remark(law)
    names = [f"{symbol} = {meaning}" for symbol, meaning in MEANINGS.items()]
    title = f"Power law of exponent {sstr(law.exponent)}"
    if style == "markdown":
        body = [f"$${row.latex}$$ {_place(row)}" for row in rows]
        return "\n\n".join([f"## {title}", "; ".join(names), *body, *([remark] if remark else [])])
    if style == "latex":
        body = [rf"\begin{{dmath*}} {row.latex} \end{{dmath*}} {escaped(_place(row))}" for row in rows]
        return "\n".join([rf"\subsection*{{{escaped(title)}}}", escaped("; ".join(names)), *body, escaped(remark)])
    lines, section = [f"{title}:", *(f"  {name}" for name in names)], ""
    for row in rows:
        if row.section != section:
            section = row.section
            lines.append(f"  {section}:")
        lines.append(f"    {row.text}")
    return "\n".join([*lines, *([f"  {remark}"] if remark else [])])


def _place(row: Row) -> str:
    return f"({row.section}{', ' + row.condition if row.condition else ''})"


def power_law_data(law: PowerLaw) -> dict[str, Any]:
    """The scaling theory for JSON."""
    return {
        "exponent": sstr(law.exponent),
        "symbols": {str(symbol): meaning for symbol, meaning in MEANINGS.items()},
        "rows": [row.data for row in power_law_rows(law)],
        "infinite": _remark(law),
    }


def strong_coupling_data(found: StrongCoupling) -> dict[str, Any]:
    """The law of strong coupling for JSON; powers of g with their LaTeX."""
    return {
        "kind": found.kind,
        "sentence": found.sentence,
        "limit": sstr(found.limit),
        "stable": found.stable,
        "laws": {
            key: {"expression": sstr(power.of(g)), "exponent": sstr(power.exponent), "latex": latex(power.of(g))}
            for key, power in found.laws.items()
        },
    }


def write_strong_coupling(found: StrongCoupling, style: str) -> str:
    """One line in one of the styles 'text', 'markdown', 'latex'."""
    sentence = found.sentence[0].upper() + found.sentence[1:] + "."
    return escaped(sentence) if style == "latex" else sentence


@dataclass(frozen=True)
class StaticLimits:
    """What is known in closed form of the static network for one activation.

    Attributes
    ----------
    theory : Theory
    law : PowerLaw or None
        For a homogeneous activation.
    strong : StrongCoupling
    """

    theory: Theory
    law: PowerLaw | None
    strong: StrongCoupling

    @classmethod
    def of(cls, theory: Theory, activation: Activation) -> StaticLimits:
        """All limits of one activation that the theory admits."""
        return cls(theory, power_law(theory, activation), strong_coupling(theory, activation))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The argument for those that exist, and for the chaotic state that replaces an unstable fixed point."""
        scaling = () if self.law is None else scaling_steps(self.law)
        return (*scaling, *strong_coupling_steps(self.theory, self.strong), *derive_chaotic_state().steps)

    def data(self) -> dict[str, Any]:
        """For JSON."""
        own = {} if self.law is None else {"power_law": power_law_data(self.law)}
        return {"strong_coupling": strong_coupling_data(self.strong), **own}

    def write(self, style: str) -> str:
        """In one of the styles 'text', 'markdown', 'latex'."""
        return write_strong_coupling(self.strong, style) if self.law is None else write_power_law(self.law, style)
