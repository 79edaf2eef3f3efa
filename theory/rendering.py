"""Derivations and equations as text, Markdown, LaTeX or plain data."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from sympy import Basic, Equality, MatrixBase, latex, sstr

from theory.derivation import Step

_WIDTH = 116
_OPERATORS = {"phi": r"\phi", "xr": r"\tilde x", "x": "x"}


def plain(value: Basic | MatrixBase) -> str:
    """One expression or matrix as text."""
    if isinstance(value, MatrixBase):
        return "\n".join("[" + ", ".join(sstr(entry) for entry in value.row(r)) + "]" for r in range(value.rows))
    if isinstance(value, Equality):
        return f"{sstr(value.lhs)} = {sstr(value.rhs)}"
    return sstr(value)


def as_latex(value: Basic | MatrixBase) -> str:
    """One expression or matrix as LaTeX."""
    fields = {s: _field_latex(s.name) for s in value.free_symbols if s.name.startswith(("B[", "R["))}
    return latex(value, symbol_names=fields)


def _field_latex(name: str) -> str:
    """A collective field with its site operators below: ``B[phi1^2]`` -> B_{\\phi_1^2}, ``R[phi x]`` -> R_{\\phi x}."""
    operators = re.sub(r"(phi|xr|x)(\d?)", lambda m: _OPERATORS[m[1]] + (f"_{m[2]}" if m[2] else ""), name[2:-1])
    return f"{name[0]}_{{{operators}}}"


def step_text(number: int, step: Step, holds: bool | None) -> str:
    """A numbered step for a terminal."""
    head = textwrap.fill(f"{number:>3}. {step.title}.", _WIDTH, subsequent_indent="     ")
    rows = [head]
    for label, value in (("from", step.before), ("to", step.after)):
        if value is not None:
            rows.append(
                textwrap.indent(_folded(plain(value)), f"       {'':>4} ").replace(" " * 12, f"       {label:>4} ", 1)
            )
    rows += [f"       {line}" for line in _notes(step, holds)]
    return "\n".join(rows)


def _folded(text: str) -> str:
    return "\n".join(
        textwrap.fill(line, _WIDTH - 12, subsequent_indent="  ", break_long_words=False) for line in text.splitlines()
    )


def _notes(step: Step, holds: bool | None) -> list[str]:
    notes = [f"rule: {step.rule}"]
    notes += [f"assumes: {step.assumption}"] if step.assumption else []
    notes += [f"see: {step.reference}"] if step.reference else []
    verdict = {None: "", True: " -- holds", False: " -- FAILS"}[holds if step.check else None]
    return [*notes, f"check: {step.how}{verdict}"]


def step_markdown(number: int, step: Step, holds: bool | None) -> str:
    """A numbered step for a Markdown document with LaTeX formulas."""
    rows = [f"**{number}.** {step.title}."]
    rows += [f"$${as_latex(value)}$$" for value in (step.before, step.after) if value is not None]
    return "\n\n".join([*rows, "*" + "; ".join(_notes(step, holds)) + "*"])


def step_latex(number: int, step: Step, holds: bool | None) -> str:
    """A numbered step as an item of a LaTeX enumeration."""
    rows = [rf"\item {escaped(step.title)}."]
    rows += [rf"\begin{{dmath*}} {as_latex(v)} \end{{dmath*}}" for v in (step.before, step.after) if v is not None]
    return "\n".join([*rows, rf"\emph{{{escaped('; '.join(_notes(step, holds)))}}}"])


def escaped(text: str) -> str:
    """Text with the characters that LaTeX reads as commands replaced."""
    table = {
        "\\": r"\textbackslash{}",
        "_": r"\_",
        "^": r"\^{}",
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "<": r"$<$",
        ">": r"$>$",
        "{": r"\{",
        "}": r"\}",
    }
    return "".join(table.get(character, character) for character in text)


def step_data(number: int, step: Step, holds: bool | None) -> dict[str, Any]:
    """A step as plain data for JSON."""
    return {
        "number": number,
        "title": step.title,
        "rule": step.rule,
        "assumption": step.assumption,
        "reference": step.reference,
        "before": None if step.before is None else plain(step.before),
        "after": None if step.after is None else plain(step.after),
        "latex": None if step.after is None else as_latex(step.after),
        "check": step.how,
        "holds": holds,
    }


def verified(steps: Sequence[Step]) -> list[tuple[int, Step, bool]]:
    """Number and check every step."""
    return [(number, step, step.verify()) for number, step in enumerate(steps, 1)]
