"""Derivations and solutions as a person reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from textwrap import fill
from typing import TYPE_CHECKING, Any

from sympy import Expr, Symbol, latex, sstr

from numerics.solve.fixed_point import complex_text, state_rows
from numerics.solve.solution import Solution, shown, titled
from quenched.limits import limits_data, write_limits
from theory.activation.activation import Activation
from theory.concrete import closed_form_steps
from theory.derivation import Step, StepFailed
from theory.rendering import escaped, step_data, step_latex, step_markdown, step_text, verified
from theory.theory import Quantity, Theory

if TYPE_CHECKING:
    from numerics.chaos.state import ChaoticState

_LONGEST = 1500  # characters of a formula that is printed in full outside the derivation


def present(theory: Theory, activation: Activation, style: str, *, steps: bool) -> str:
    """The theory of a model for an activation.

    Parameters
    ----------
    style : {'text', 'markdown', 'latex', 'json'}
    steps : bool
        The whole argument instead of its results; every step is checked.

    Raises
    ------
    StepFailed
        If a step does not hold.
    """
    closed = closed_form_steps(theory, activation)
    limits = () if theory.model.limits is None else theory.model.limits(theory, activation)
    rows = verified(
        [*theory.derivation.steps, *closed, *(step for limit in limits for step in limit.steps)] if steps else closed
    )
    failed = [str(number) for number, _, holds in rows if not holds]
    if failed:
        raise StepFailed(f"steps {', '.join(failed)} of the derivation do not hold")
    if style == "json":
        return json.dumps(_data(theory, activation, rows) | limits_data(limits), indent=2)
    writer = {"text": step_text, "markdown": step_markdown, "latex": step_latex}[style]
    head, equations = _heading(theory, activation, style), _equations(theory, style)
    argument = ("\n\n" if style == "markdown" else "\n").join(writer(*row) for row in rows)
    if style == "latex":
        argument = f"\\begin{{enumerate}}\n{argument}\n\\end{{enumerate}}"
    checked = sum(step.check is not None for _, step, _ in rows)
    tail = (
        f"{len(rows)} steps: {checked} machine-checked, {len(rows) - checked} definitions or references to quadrature."
    )
    validity = _validity(theory, activation, style)
    results = [equations, *([validity] if validity else []), *([write_limits(limits, style)] if limits else [])]
    order = [head, argument, *results, tail] if steps else [head, *results, argument]
    return "\n\n".join(order)


def _existence(theory: Theory, activation: Activation) -> Any:
    """Where solutions exist, as far as the growth of the activation says it."""
    return theory.model.existence(theory, activation) if theory.model.needs_activation else None


def _validity(theory: Theory, activation: Activation, style: str) -> str:
    """Where solutions exist, and the conditions under which they mean what they say."""
    rows = [found.sentence] if (found := _existence(theory, activation)) else []
    named = (c.key if sstr(c.expression) == c.key else f"{c.key} = {sstr(c.expression)}" for c in theory.conditions)
    rows += [f"{name} < 1; otherwise {c.broken}" for name, c in zip(named, theory.conditions, strict=True)]
    if not rows:
        return ""
    if style == "text":
        return "\n".join(
            ["Validity:", *(fill(row, 116, initial_indent="  ", subsequent_indent="    ") for row in rows)]
        )
    if style == "markdown":
        return "\n".join(["## Validity", "", *(f"* {row}" for row in rows)])
    return "\n".join([r"\begin{itemize}", *(rf"\item {escaped(row)}" for row in rows), r"\end{itemize}"])


def _heading(theory: Theory, activation: Activation, style: str) -> str:
    properties = "; ".join(f"{name}: {value}" for name, value in activation.describe())
    title = f"Model {theory.model.name}: {theory.model.equation}"
    if not theory.model.needs_activation:
        return {"text": f"{title}\nSource: {theory.model.reference}", "markdown": f"# {title}"}.get(
            style, f"\\section*{{{escaped(title)}}}"
        )
    if style == "markdown":
        return f"# {title}\n\n$$\\phi(x) = {latex(activation.expression)}$$\n\n{properties}"
    if style == "latex":
        return (
            "% needs \\usepackage{amsmath,breqn}\n"
            f"\\section*{{Model {theory.model.name}}}\n\\[ \\phi(x) = {latex(activation.expression)} \\]"
        )
    return f"{title}\nphi(x) = {activation.text}\n{properties}\nSource: {theory.model.reference}"


def _equations(theory: Theory, style: str) -> str:
    unknowns = {str(u): latex(u) for u in (*theory.equation.symbols, *(e.unknown for e in theory.then))}
    # a result that the solver finds has no formula
    rows: list[tuple[str, str, Expr | None, str]]
    rows = [(name, unknowns.get(name, _roman(name)), e, meaning) for name, e, meaning in theory.statements]
    rows += [
        (key, _roman(key), None if q.is_found else _in_conditions(theory, q), q.meaning)
        for key, q in theory.derived.items()
    ]
    if style == "text":
        width = max(len(key) for key, *_ in rows)
        lines = [
            f"  {key:<{width}}   ({meaning})"
            if expression is None
            else f"  {key:<{width}} = {_shortened(expression)}\n  {'':<{width}}   ({meaning})"
            for key, _, expression, meaning in rows
        ]
        return "\n".join([fill(f"Results ({theory.notation}):", 116), *lines])
    formulas = [
        (name if expression is None else f"{name} = {latex(expression)}", meaning)
        for _, name, expression, meaning in rows
    ]
    if style == "markdown":
        return "\n\n".join(["## Results", *(f"$${formula}$$ {meaning}" for formula, meaning in formulas)])
    return "\n".join(rf"\begin{{dmath*}} {formula} \end{{dmath*}}" for formula, _ in formulas)


def _in_conditions(theory: Theory, quantity: Quantity) -> Expr:
    """A 1/N term written through the multipliers that the validity conditions name: 1/(1 - slope) is easier to read."""
    if quantity.key not in theory.finite_size:
        return quantity.expression
    return quantity.expression.xreplace({1 - c.expression: 1 - Symbol(c.key) for c in theory.conditions})


def _roman(name: str) -> str:
    """A name in LaTeX's mathematics."""
    if "^" in name:
        return latex(Symbol(name))
    return rf"\mathrm{{{name}}}".replace("_", r"\_").replace(", ", r",\ ")


def _shortened(expression: Expr) -> str:
    """An expression that fits a terminal, or how long it is."""
    text = sstr(expression)
    if len(text) <= _LONGEST:
        return text
    terms = len(expression.args) if expression.is_Add else 1
    return f"(a sum of {terms} terms: see --steps, or --format json)"


def _data(theory: Theory, activation: Activation, rows: list[tuple[int, Step, bool]]) -> dict[str, Any]:
    return {
        "model": theory.model.name,
        "activation": activation.text or None,
        "properties": dict(activation.describe()) if activation.text else {},
        "equations": {
            **{name: {"expression": sstr(e), "latex": latex(e)} for name, e, _ in theory.statements},
            **{
                key: {"expression": sstr(q.expression), "latex": latex(q.expression), "meaning": q.meaning}
                for key, q in theory.derived.items()
            },
        },
        **({"existence": found.sentence} if (found := _existence(theory, activation)) else {}),
        "conditions": {c.key: {"expression": sstr(c.expression), "broken": c.broken} for c in theory.conditions},
        "steps": [step_data(*row) for row in rows],
    }


def solution_text(
    solution: Solution,
    meanings: Mapping[str, str],
    size: float | None = None,
    chaos: ChaoticState | None = None,
) -> str:
    """A solution as an aligned table, with the chaotic state that replaces an unstable fixed point.

    With `size`, also the values at that number of units.
    """
    given = ", ".join(f"{name} = {shown(value)}" for name, value in solution.parameters.items())
    filtered = f", filter {solution.filter}" if solution.filter else ""
    rows = [f"{titled(solution.model, solution.activation)}, {given}{filtered}", ""]
    terms = {key: term.coefficient for key, term in solution.finite_size.items()}
    for key, value in {**solution.leading, **terms}.items():
        shown_value = "none" if key in solution.absent else _with_error(solution, key, value)
        rows.append(f"  {key:<16} {shown_value:<22} {solution.absent.get(key, meanings[key])}")
    errors = {key: error for key, error in solution.errors.items() if key in solution.order_parameters}
    if not solution.rows:  # what is exact has no residual
        rows += [
            "",
            "  "
            + "".join(f"error of {name} {error:.1e}, " for name, error in errors.items())
            + f"relative residual {abs(solution.residual):.1e}, stable: {'yes' if solution.stable else 'NO'}",
        ]
    if size is not None:
        rows += ["", f"  with the 1/N terms, at N = {size:g} units:"]
        rows += [f"  {key:<16} {value:<22.10g}" for key, value in solution.at_size(size).items()]
    rows += _words(solution)
    for number, branch in enumerate(solution.branches, 1):
        rows.append(
            f"  branch {number}: {next(iter(solution.order_parameters))} = {branch.value:.10g} ({branch.label})"
        )
    if chaos is not None:
        rows.append(f"  {chaos.text}")
    rows += solution.rows
    return "\n".join(rows)


def _words(solution: Solution) -> list[str]:
    """Results that are no single number, and the fixed points of a closed loop."""
    rows = [""] if solution.details else []
    for key, value in solution.details.items():
        rows.append(f"  {key:<16} {value if isinstance(value, str) else _listed(value)}")
    rows += state_rows(solution.fixed_points)
    return [*rows, ""] if rows else []


def _listed(values: Any) -> str:
    """A list of numbers, complex ones given as [re, im], or of truths."""
    return ", ".join(map(_entry, values)) or "none"


def _entry(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return complex_text(complex(*value) if isinstance(value, list) else complex(value))


def _with_error(solution: Solution, key: str, value: float) -> str:
    """A result to rounding; where it is sampled, with its standard error and the digits that this leaves."""
    if not (solution.sampled and key in solution.errors):
        return f"{value:.16g}"
    return f"{value:.7g} ± {solution.errors[key]:.1e}"
