"""The equations of a network with a readout as generated code: open loop, closed loop, outliers, `solve`, `fixed_points`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sympy import Expr, Symbol, sstr

from numerics.codegen.means import FrozenCode, MeanCode
from numerics.codegen.number import control_function, self_consistency
from numerics.codegen.printer import source
from numerics.codegen.statements import Call, call, function
from theory import symbols
from theory.activation.activation import Activation
from theory.equations import ReadoutEquation, SelfConsistency
from theory.theory import Theory


def readout_equations(
    theory: Theory, activation: Activation, means: Sequence[MeanCode], frozen: Sequence[FrozenCode] = ()
) -> list[str]:
    """Functions of the generated module, in order."""
    equation = theory.equation
    assert isinstance(equation, ReadoutEquation)
    unknown, output, amplitude, control = (
        str(s) for s in (equation.unknown, equation.output, equation.amplitude, equation.control)
    )
    extra = [str(p) for p in activation.parameters]
    parameters = [*(p.name for p in theory.model.parameters), *extra]
    given = [control, *map(str, equation.overlaps), *extra]
    calls: dict[Expr, Call] = {m.average: call(m.name, [unknown, *extra]) for m in means}
    radius = next(c.expression for c in theory.conditions if c.key == "bulk_radius")
    open_loop, in_parameters = [unknown, output, *given], [unknown, *parameters]
    growth = Symbol("growth")
    clamped = SelfConsistency(equation.unknown, _in_parameters(equation, equation.right), equation.control)
    derivatives = [equation.overlap.diff(symbol) for symbol in (equation.unknown, equation.output)]
    results = {key: _in_parameters(equation, q.expression) for key, q in theory.leading.items() if not q.is_found}
    outliers = {"trace": equation.trace, "determinant": equation.determinant, "bulk_radius": radius}
    at, loop = partial(function, calls=calls), [unknown, output, amplitude, *given]
    to_signal = (
        f"Response of the {output} to a signal exp((growth-1) t) along the {{}}, the loop open; outside the bulk."
    )
    return [
        _overlaps(theory),
        at("variance_at", open_loop, equation.right, f"Right-hand side of {unknown} = {sstr(equation.right)}."),
        at("variance_slope", open_loop, equation.slope, f"Its derivative in {unknown}, the gain of the variance mode."),
        at(
            "overlap_at",
            open_loop,
            [equation.overlap, *derivatives],
            f"Output per unit amplitude, {sstr(equation.overlap)}, and its derivatives in {unknown} and {output}.",
        ),
        at(
            "jacobian",
            loop,
            outliers,
            "Outliers lambda^2 - trace lambda + determinant = 0, and radius of the bulk, at a fixed point of the closed loop.",
        ),
        *(
            at(f"transfer_{name}", ["growth", *loop], response.subs(symbols.growth, growth), to_signal.format(name))
            for name, response in equation.transfers.items()
        ),
        *self_consistency(clamped, in_parameters, calls, f"variance_at with {output} = {equation.target}."),
        control_function(equation, in_parameters, _in_parameters(equation, equation.control_at), calls),
        at(
            "observables",
            in_parameters,
            results,
            f"Results at a given {unknown}, for the readout calibrated at the target.",
        ),
        _LOOP,
        _solve(theory, parameters, extra),
    ]


def _in_parameters(equation: ReadoutEquation, expression: Expr) -> Expr:
    """At the target, with the overlaps written out."""
    return equation.at_target(expression).xreplace(dict(equation.overlaps))


def _overlaps(theory: Theory) -> str:
    """Overlaps from the model's parameters."""
    overlaps = theory.equation.overlaps
    rows = [
        f"def overlaps({', '.join(vector_parameters(theory))}):",
        f'    """{", ".join(map(str, overlaps))}, at amplitude 1; what cancels to rounding is zero."""',
        "    return (",
        *(f"        cancelled({', '.join(map(source, e.as_ordered_terms()))})," for e in overlaps.values()),
        "    )",
    ]
    return "\n".join(rows)


def vector_parameters(theory: Theory) -> list[str]:
    """Parameters of the vectors, in the order of the model."""
    used = {symbol for expression in theory.equation.overlaps.values() for symbol in expression.free_symbols}
    return [p.name for p in theory.model.parameters if p.symbol in used]


_LOOP = "LOOP = Readout(variance=variance_at, variance_slope=variance_slope, overlap=overlap_at, results=jacobian)"


def _solve(theory: Theory, parameters: Sequence[str], extra: Sequence[str]) -> str:
    equation = theory.equation
    control, target, vectors = equation.control.name, equation.target.name, vector_parameters(theory)
    geometry = [name for name in parameters if name != target]
    own = "".join(f", {name}" for name in extra)
    found = tuple(key for key, q in theory.leading.items() if q.is_found)
    docs = "\n".join(f"    {key} : {q.meaning}" for key, q in theory.leading.items())
    return f'''\
def solve({", ".join(parameters)}):
    """The open loop at the target, and the readout calibrated there.

    Returns a dict of arrays of the arguments' common shape (nan where there is no solution):

{docs}
    slope, residual, error : diagnostics of the solution
    roots : every variance {equation.unknown} >= 0 of the open loop, increasing along an additional first axis, padded with nan
    """
    result = open_loop({", ".join(parameters)})
    found = over_sets(critical_targets, {found!r}, ({", ".join(geometry)}), result["slope"].shape)
    return {{**result, **found}}


def open_loop({", ".join(parameters)}):
    """What `solve` returns, without {", ".join(found)}."""
    return solve_physical(
        self_consistency, self_consistency_slope, self_consistency_error, observables, ({", ".join(parameters)})
    )


@lru_cache(maxsize=256)
def critical_targets({", ".join(geometry)}):
    """Pole and extrema of the amplitude as a function of the target; one set of numbers.

    Returns a dict: flex, A_c, A_b, C_c (the amplitude at A_c), turns and C_turns (all targets of extremal amplitude).
    """
    return LOOP.critical_targets(({control}, *overlaps({", ".join(vectors)}){own}))


def fixed_points({", ".join(parameters)}, calibrated=None):
    """Every fixed point of the closed loop whose readout is calibrated at the target; one set of numbers.

    `calibrated` is what `solve` returned for them, if that is known. Returns a dict of arrays, increasing in z: z, Delta, outliers
    (complex, two in a row), visible, bulk_radius, stable, residual; and continuum, whether every output is a fixed point.
    """
    given = ({control}, *overlaps({", ".join(vectors)}){own})
    target = calibrated or open_loop({", ".join(parameters)})
    return LOOP.fixed_points({target}, float(target["C"]), given, float(target["{next(iter(theory.order_parameters))}"]))'''
