"""The equations of a theory as generated code: a scalar self-consistency, its slope and error, the observables, `solve`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sympy import Expr, Symbol, sstr

from numerics.codegen.means import MeanCode
from numerics.codegen.printer import source
from numerics.codegen.statements import lower
from theory.activations.activation import Activation
from theory.gaussian.average import averages
from theory.theory import Theory


def equations(theory: Theory, activation: Activation, means: Sequence[MeanCode]) -> list[str]:
    """Functions of the generated module, in order."""
    unknown, equation = theory.equation.unknown, theory.equation.right
    names = {mean.average: mean.name for mean in means}
    extra = [str(p) for p in activation.parameters]
    arguments = ", ".join([str(unknown), *(p.name for p in theory.model.parameters), *extra])
    parameters = ", ".join([*(p.name for p in theory.model.parameters), *extra])
    inner = ", ".join([str(unknown), *extra])
    together = parameters if ", " in parameters else f"{parameters},"

    def local(name: str) -> Symbol:
        return Symbol(name.replace("mean_", "avg_"), real=True)

    def function(name: str, doc: str, expressions: dict[str, Expr]) -> str:
        needed = [a for a in names if any(e.has(a) for e in expressions.values())]
        replace = {a: local(names[a]) for a in needed}
        code = lower(name, arguments.split(", "), [e.xreplace(replace) for e in expressions.values()])
        rows = [f"def {name}({arguments}):", f'    """{doc}"""']
        rows += [f"    {local(names[a])} = {names[a]}({inner})" for a in needed]
        rows += [f"    {a.name} = {source(a.expression)}" for a in code.body]
        printed = dict(zip(expressions, map(source, code.results), strict=True))
        if set(printed) == {""}:
            rows.append(f"    return {printed['']}")
        else:
            rows += ["    return {", *(f'        "{key}": {text},' for key, text in printed.items()), "    }"]
        return "\n".join(rows)

    weights = {a: equation.xreplace({a: local(names[a])}).diff(local(names[a])) for a in averages(equation)}
    terms = [f"np.abs({source(w)}) * {names[a].upper()}.with_error({inner})[1]" for a, w in weights.items()]
    error = "\n".join(
        [
            f"def self_consistency_error({arguments}):",
            '    """Error of the right-hand side that the averages bring."""',
            f"    return {' + '.join(terms) or '0.0'}",
        ]
    )
    docs = "\n".join(f"    {key} : {q.meaning}" for key, q in theory.leading.items())
    quantities = {key: q.expression for key, q in theory.leading.items()}
    corrections = {key: q.expression for key, q in theory.finite_size.items()}
    solve = "\n".join(
        [
            f"def solve({parameters}):",
            '    """Solve the self-consistency on the physical branch.',
            "",
            "    Returns a dict of arrays of the arguments' common shape (nan where there is no solution):",
            "",
            docs,
            "    slope, residual, error : diagnostics of the solution",
            f"    roots : every solution {unknown} >= 0, increasing along an additional first axis, padded with nan",
            '    """',
            "    return solve_physical(",
            f"        self_consistency, self_consistency_slope, self_consistency_error, observables, ({together})",
            "    )",
        ]
    )
    return [
        function("self_consistency", f"Right-hand side of {unknown} = {sstr(equation)}.", {"": equation}),
        function(
            "self_consistency_slope",
            f"Its derivative with respect to {unknown} (Price's theorem).",
            {"": theory.equation.slope},
        ),
        error,
        _control(theory, arguments, function),
        function("observables", f"Results at a given {unknown}.", quantities),
        function("finite_size", f"Coefficients of 1/N at a given {unknown}; see FINITE_SIZE.", corrections),
        solve,
    ]


def _control(theory: Theory, arguments: str, function: Callable[[str, str, dict[str, Expr]], str]) -> str:
    """The control parameter at which a given order parameter solves the equation: where it turns back, branches end."""
    equation, name = theory.equation, theory.equation.control.name
    doc = f"The {name} at which {equation.unknown} solves the self-consistency."
    text = function("control_at", doc, {"": equation.control_at})
    return text.replace(f"({arguments})", f"({', '.join(a for a in arguments.split(', ') if a != name)})", 1)
