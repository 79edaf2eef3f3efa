"""What is known in closed form as a person reads it, as text, Markdown, LaTeX or data, whatever the limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from sympy import Basic, Expr, Float, latex, sstr

from theory.limits.limit import Formula, Limit
from theory.rendering import escaped

_LONGEST = 12  # operations in a number that is printed exactly; twice that in a factor
_RELATIONS = {"->": r"\to", "~": r"\sim"}
_LATEX = {
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


def write_limits(limits: Sequence[Limit], style: str) -> str:
    """Every limit under its title, in one of the styles 'text', 'markdown', 'latex'."""
    written = [_write(limit, style) for limit in limits if limit.formulas or limit.reason]
    return ("\n" if style == "latex" else "\n\n").join(written)


def limits_data(limits: Sequence[Limit]) -> dict[str, Any]:
    """For JSON: one entry for every group of limits."""
    return {
        group: _data([one for one in limits if one.group == group]) for group in dict.fromkeys(i.group for i in limits)
    }


def _write(limit: Limit, style: str) -> str:
    rows, sentences = list(_rows(limit)), [_sentence(words) for words in (limit.reason, *limit.remarks) if words]
    if style == "text":
        lines = [f"{limit.title}:"]
        for section, group in groupby(rows, lambda row: row.section):
            lines += [f"  {section}:", *(f"    {row.text}{_where(row, '   for ')}" for row in group)]
        return "\n".join([*lines, *(f"  {sentence}" for sentence in sentences)])
    if style == "markdown":
        formulas = [f"$${_formula(row)}$$ ({row.section}{_where(row, ', ')})" for row in rows]
        return "\n\n".join([f"## {limit.title}", *formulas, *sentences])
    formulas = [rf"\begin{{dmath*}} {_formula(r)} \end{{dmath*}} {escaped(r.section + _where(r, ', '))}" for r in rows]
    return "\n".join([rf"\subsection*{{{escaped(limit.title)}}}", *formulas, *map(escaped, sentences)])


def _data(limits: Sequence[Limit]) -> dict[str, Any]:
    whole = {
        "rows": [
            {
                "section": row.section,
                "left": row.left,
                "relation": row.relation,
                "right": sstr(row.right),
                "latex": _formula(row),
                "condition": row.condition,
            }
            for limit in limits
            for row in _rows(limit)
        ],
        "reasons": [f"{limit.title}: {limit.reason}" for limit in limits if limit.reason],
        "remarks": [remark for limit in limits for remark in limit.remarks],
        "sentence": "; ".join(limit.sentence for limit in limits if limit.formulas or limit.reason),
    }
    facts = {key: value for limit in limits for key, value in limit.facts.items()}
    return whole | {key: sstr(value) if isinstance(value, Basic) else value for key, value in facts.items()}


def _rows(limit: Limit) -> Iterator[Formula]:
    """Readable formulas; results of x and of phi that obey the same law share one."""
    for _, group in groupby(
        limit.formulas, lambda f: (f.left.split("_")[0], f.section, f.relation, f.right, f.condition)
    ):
        first, *others = group
        left = ", ".join(f.left for f in (first, *others))
        yield Formula(first.section, left, first.relation, _readable(first.right), first.condition)


def _readable(expression: Expr) -> Expr:
    """A long number, or one that came from quadrature, with ten digits."""
    constant, rest = expression.as_independent(*expression.free_symbols, as_Add=False)
    long = constant.count_ops() > (_LONGEST if expression.is_number else 2 * _LONGEST)
    return constant.evalf(10) * rest if long or constant.has(Float) else expression


def _formula(row: Formula) -> str:
    left = _LATEX.get(row.left, row.left if len(row.left) == 1 else rf"\mathrm{{{escaped(row.left)}}}")
    return rf"{left} {_RELATIONS.get(row.relation, row.relation)} {latex(row.right)}"


def _where(row: Formula, before: str) -> str:
    return f"{before}{row.condition}" if row.condition else ""


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."
