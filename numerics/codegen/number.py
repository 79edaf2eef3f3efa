"""The equations of a theory as generated code: self-consistencies, their slopes and errors, the observables, `solve`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sympy import Expr, sstr

from numerics.codegen.means import FrozenCode, MeanCode
from numerics.codegen.printer import source
from numerics.codegen.statements import Call, call, function
from theory.activation.activation import Activation
from theory.averages.average import averages
from theory.equations import FollowUp, ReadoutEquation, SelfConsistency
from theory.symbols import mu
from theory.theory import Theory

SLOPE = "slope"
"""Key of the slope of the self-consistency, which the algorithm adds to every solution."""


def equations(
    theory: Theory, activation: Activation, means: Sequence[MeanCode], frozen: Sequence[FrozenCode] = ()
) -> list[str]:
    """Functions of the generated module, in order."""
    equation, unknown = theory.equation, str(theory.equation.unknown)
    extra = [str(p) for p in activation.parameters]
    parameters = [*(p.name for p in theory.model.parameters), *extra]
    arguments = [unknown, *parameters]
    unknowns = [unknown, *(str(e.unknown) for e in theory.then)]
    everything = [*unknowns, *parameters]
    calls: dict[Expr, Call] = {m.average: call(m.name, [unknown, *extra]) for m in means}
    calls.update({code.average: call(code.name, [*unknowns, *extra]) for code in frozen})

    results = {key: q.expression for key, q in theory.leading.items()}
    stated = {c.key: c.expression for c in theory.conditions}
    results = {**results, **{key: e for key, e in stated.items() if key not in (*results, SLOPE)}}
    corrections = {key: q.expression for key, q in theory.finite_size.items()}
    at = partial(function, calls=calls)
    return [
        *self_consistency(equation, arguments, calls, f"Right-hand side of {unknown} = {sstr(equation.right)}."),
        control_function(equation, arguments, equation.control_at, calls),
        *(text for e in theory.then for text in _follow_up(e, unknown, arguments, everything, calls)),
        at(
            "results" if theory.then else "observables", everything, results, f"Results at given {', '.join(unknowns)}."
        ),
        at("finite_size", arguments, corrections, f"Coefficients of 1/N at a given {unknown}; see FINITE_SIZE."),
        _solve(theory, parameters),
    ]


def self_consistency(
    equation: SelfConsistency | FollowUp,
    arguments: Sequence[str],
    calls: Mapping[Expr, Call],
    doc: str,
    name: str = "self_consistency",
) -> list[str]:
    """Right-hand side, slope and error of the equation for one number."""
    slope = f"Its derivative with respect to {equation.unknown} (Price's theorem)."
    nodes = (*averages(equation.right), *averages(equation.right, mu))
    plain = equation.right.xreplace({node: call.local for node, call in calls.items()})
    errors = [f"np.abs({source(plain.diff(calls[a].local))}) * {calls[a].error}" for a in nodes]
    of_averages = "Error of the right-hand side that the averages bring."
    return [
        function(name, arguments, equation.right, doc, calls),
        function(f"{name}_slope", arguments, equation.slope, slope, calls),
        function(f"{name}_error", arguments, [], of_averages, form=" + ".join(errors) or "0.0"),
    ]


def control_function(
    equation: SelfConsistency | ReadoutEquation, arguments: Sequence[str], control_at: Expr, calls: Mapping[Expr, Call]
) -> str:
    """The control parameter from the unknown."""
    control = equation.control.name
    doc = f"The {control} at which {equation.unknown} solves the self-consistency."
    return function("control_at", [a for a in arguments if a != control], control_at, doc, calls)


def _follow_up(
    equation: FollowUp, first: str, arguments: Sequence[str], inner: Sequence[str], calls: Mapping[Expr, Call]
) -> list[str]:
    """The equation of the second order parameter, and `observables` at the first: the second is solved for in it."""
    unknown, name = equation.unknown, f"self_consistency_{equation.unknown}"
    right = f"Right-hand side of {unknown} = {sstr(equation.right)}, solved after the first equation."
    observables = f'''\
def observables({", ".join(arguments)}):
    """Results at a given {first}: {unknown} is solved for, its relative residual and its error are added."""
    {unknown}, residual, error = frozen_root(
        {name}, {name}_slope, {name}_error, {source(equation.upper)}, {_tuple(arguments[1:])}
    )
    values = results({", ".join(inner)})
    return {{**values, "{unknown}_residual": residual, "{unknown}_error": error}}'''
    return [*self_consistency(equation, inner, calls, right, name), observables]


def _solve(theory: Theory, parameters: Sequence[str]) -> str:
    docs = "\n".join(f"    {key} : {q.meaning}" for key, q in theory.leading.items())
    further = "".join(
        f"    {e.unknown}_residual, {e.unknown}_error : diagnostics of {e.unknown} (residual relative to {e.upper})\n"
        for e in theory.then
    )
    return f'''\
def solve({", ".join(parameters)}):
    """Solve the self-consistency on the physical branch.

    Returns a dict of arrays of the arguments' common shape (nan where there is no solution):

{docs}
    slope, residual, error : diagnostics of the solution
{further}\
    roots : every solution {theory.equation.unknown} >= 0, increasing along an additional first axis, padded with nan
    """
    return solve_physical(
        self_consistency, self_consistency_slope, self_consistency_error, observables, {_tuple(parameters)}
    )'''


def _tuple(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"
