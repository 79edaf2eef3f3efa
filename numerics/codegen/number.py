"""The equations of a theory as generated code: self-consistencies, their slopes and errors, the observables, `solve`."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, sstr

from numerics.codegen.functions import Call, call, function
from numerics.codegen.means import FrozenCode, MeanCode
from numerics.codegen.printer import source
from theory.activation.activation import Activation
from theory.averages.average import averages
from theory.equations import FollowUp
from theory.symbols import mu
from theory.theory import Theory

SLOPE = "slope"
"""Key of the slope of the self-consistency, which the algorithm adds to every solution."""


def equations(
    theory: Theory, activation: Activation, means: Sequence[MeanCode], frozen: Sequence[FrozenCode] = ()
) -> list[str]:
    """Functions of the generated module, in order."""
    unknown, equation = str(theory.equation.unknown), theory.equation.right
    extra = [str(p) for p in activation.parameters]
    parameters = [*(p.name for p in theory.model.parameters), *extra]
    arguments = [unknown, *parameters]
    unknowns = [unknown, *(str(e.unknown) for e in theory.then)]
    calls: dict[Expr, Call] = {m.average: call(m.name, [unknown, *extra]) for m in means}
    calls.update({code.average: call(code.name, [*unknowns, *extra]) for code in frozen})

    control = theory.equation.control.name
    results = {key: q.expression for key, q in theory.leading.items()}
    stated = {c.key: c.expression for c in theory.conditions}
    results = {**results, **{key: e for key, e in stated.items() if key not in (*results, SLOPE)}}
    corrections = {key: q.expression for key, q in theory.finite_size.items()}
    return [
        function(
            "self_consistency", f"Right-hand side of {unknown} = {sstr(equation)}.", arguments, {"": equation}, calls
        ),
        function(
            "self_consistency_slope",
            f"Its derivative with respect to {unknown} (Price's theorem).",
            arguments,
            {"": theory.equation.slope},
            calls,
        ),
        error_function("self_consistency_error", arguments, equation, calls),
        function(
            "control_at",
            f"The {control} at which {unknown} solves the self-consistency.",
            [a for a in arguments if a != control],
            {"": theory.equation.control_at},
            calls,
        ),
        *(text for e in theory.then for text in _follow_up(e, [*unknowns, *parameters], calls)),
        *_observables(theory, arguments, [*unknowns, *parameters], results, calls),
        function(
            "finite_size", f"Coefficients of 1/N at a given {unknown}; see FINITE_SIZE.", arguments, corrections, calls
        ),
        _solve(theory, parameters),
    ]


def error_function(name: str, arguments: Sequence[str], right: Expr, calls: dict[Expr, Call]) -> str:
    """The error of a right-hand side, to first order in the errors of its averages."""
    plain = right.xreplace({node: call.local for node, call in calls.items()})
    nodes = (*averages(right), *averages(right, mu))
    terms = [f"np.abs({source(plain.diff(calls[a].local))}) * {calls[a].error}" for a in nodes]
    return "\n".join(
        [
            f"def {name}({', '.join(arguments)}):",
            '    """Error of the right-hand side that the averages bring."""',
            f"    return {' + '.join(terms) or '0.0'}",
        ]
    )


def _follow_up(equation: FollowUp, arguments: Sequence[str], calls: dict[Expr, Call]) -> list[str]:
    name = f"self_consistency_{equation.unknown}"
    doc = f"Right-hand side of {equation.unknown} = {sstr(equation.right)}, solved after the first equation."
    slope = f"Its derivative with respect to {equation.unknown} (Price's theorem)."
    return [
        function(name, doc, arguments, {"": equation.right}, calls),
        function(f"{name}_slope", slope, arguments, {"": equation.slope}, calls),
        error_function(f"{name}_error", arguments, equation.right, calls),
    ]


def _observables(
    theory: Theory,
    arguments: Sequence[str],
    inner: Sequence[str],
    results: dict[str, Expr],
    calls: dict[Expr, Call],
) -> list[str]:
    """`observables` at a given first order parameter: with further order parameters, these are solved for in it."""
    doc = f"Results at a given {theory.equation.unknown}"
    if not theory.then:
        return [function("observables", f"{doc}.", arguments, results, calls)]
    (equation,) = theory.then
    name, given = str(equation.unknown), _tuple(arguments[1:])
    solver = [
        f"def observables({', '.join(arguments)}):",
        f'    """{doc}: {name} is solved for, its relative residual and its error are added."""',
        f"    {name}, residual, error = frozen_root(",
        f"        self_consistency_{name},",
        f"        self_consistency_{name}_slope,",
        f"        self_consistency_{name}_error,",
        f"        {source(equation.upper)},",
        f"        {given},",
        "    )",
        f"    values = results({', '.join(inner)})",
        f'    return {{**values, "{name}_residual": residual, "{name}_error": error}}',
    ]
    at = f"Results at given {' and '.join(map(str, (theory.equation.unknown, name)))}."
    return [function("results", at, inner, results, calls), "\n".join(solver)]


def _solve(theory: Theory, parameters: Sequence[str]) -> str:
    docs = "\n".join(f"    {key} : {q.meaning}" for key, q in theory.leading.items())
    further = [
        f"    {e.unknown}_residual, {e.unknown}_error : diagnostics of {e.unknown} (residual relative to {e.upper})"
        for e in theory.then
    ]
    return "\n".join(
        [
            f"def solve({', '.join(parameters)}):",
            '    """Solve the self-consistency on the physical branch.',
            "",
            "    Returns a dict of arrays of the arguments' common shape (nan where there is no solution):",
            "",
            docs,
            "    slope, residual, error : diagnostics of the solution",
            *further,
            f"    roots : every solution {theory.equation.unknown} >= 0, increasing along an additional first axis, "
            "padded with nan",
            '    """',
            "    return solve_physical(",
            f"        self_consistency, self_consistency_slope, self_consistency_error, observables, {_tuple(parameters)}",
            "    )",
        ]
    )


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"
