"""A network that stores patterns, solved for one set of parameters: results, what could not be resolved, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sympy import Rational

from numerics.algorithms import stability
from numerics.codegen.patterns import pattern_equations
from numerics.settings import Answer
from numerics.solve.method import Method
from numerics.solve.optimum import answer, optimum
from numerics.solve.solution import Reading, Solution
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.attractor.discrete import ExactLoads, critical_loads, rational_rate
from theory.errors import DomainError, require
from theory.parameters import written_out

RESOLVED = 1e-6  # largest change by cutting the law earlier, relative to numbers above 1, of what is called resolved
SMALL = ("t", "residual")
"""What is not asked whether it depends on the far tail of the law."""


def read_patterns(solver: Solver, numbers: Mapping[str, Any]) -> Reading:
    """Results and errors from the generated module.

    Raises
    ------
    DomainError
        Where phi does not take the rates of the patterns, or nothing could be resolved.
    """
    try:
        with np.errstate(all="ignore"):
            result = solver.module.solve(**written_out(numbers))
    except solver.module.Unstorable as error:
        raise DomainError(f"{solver.at(numbers)}: {error}") from error
    except (ValueError, ArithmeticError) as error:
        reason = "rates, inputs or gains are too far apart for floating-point numbers"
        raise DomainError(f"{solver.at(numbers)}: the spectrum could not be resolved: {reason}") from error
    errors = result.pop("errors")
    details = {key: result.pop(key) for key in ("outliers", "mechanism")}
    del result["first_outliers"]
    far = [key for key, error in errors.items() if key not in SMALL and error > RESOLVED * max(1.0, abs(result[key]))]
    if "alpha_S" in far:
        details["mechanism"] = "unresolved"
    tail = "they change with the far tail of the law (its largest rates or gains)"
    advice = "which a network of N units has only up to a probability of 1/N: give units=N"
    no_threshold = (
        "with trained biases outliers do not depend on the threshold"
        if numbers["variant"] == "bias"
        else "the bulk is above 1 at this load"
        if result["edge"] >= 1
        else "no threshold takes the outlier of the recalled pattern below 1"
    )
    reasons = {"alpha_out": "no outlier reaches 1 as long as the bulk is below it", "theta_c": no_threshold}
    values = {key: nan if key in far else float(value) for key, value in result.items()}
    return Reading(
        values={**values, "error": errors.get("t", 0.0)},
        errors={key: error for key, error in errors.items() if key in values and key not in far},
        messages=(f"{', '.join(far)}: not resolved, {tail}, {advice}",) if far else (),
        details=details,
        absent={key: reason for key, reason in reasons.items() if np.isnan(result[key])},
    )


def answer_boundary(solver: Solver, solution: Solution, asked: Sequence[float], _: Mapping[str, Any]) -> Answer:
    """The boundary of the bulk in the complex plane."""
    given = solution.parameters
    with np.errstate(all="ignore"):
        curve = jacobian_of(solver, given).boundary_curve(given["alpha"], int(asked[0]))
    rows = ["", "  boundary of the bulk, the half with imaginary parts >= 0:"]
    rows += [f"  {value.real:>14.8g} {value.imag:>+14.8g} i" for value in curve]
    return Answer({"boundary": [[value.real, value.imag] for value in curve]}, rows)


def answer_best(solver: Solver, solution: Solution, asked: Sequence[str], _: Mapping[str, Any]) -> Answer:
    """Parameters of the activation at which the critical load is largest."""
    return answer(optimum(solution, asked, "alpha_S", critical_load), "alpha_S", ("mechanism",))


def critical_load(solver: Solver, given: Mapping[str, Any]) -> float:
    """alpha_S; where it is 0, how far the first eigenvalue at a vanishing load is beyond 1, negative."""
    with np.errstate(all="ignore"):
        jacobian = jacobian_of(solver, given)
        if not np.all(np.isfinite(jacobian.patterns.u)):
            return nan
        bulk, out, _ = jacobian.critical_loads()
        first = max([jacobian.b * jacobian.moments["mean_gain"], *jacobian.first_outliers()])
    return float(np.fmin(bulk, out)) or 1.0 - float(first)


def jacobian_of(solver: Solver, given: Mapping[str, Any], rates: ArrayLike | None = None) -> Any:
    """The Jacobian at a stored pattern (`numerics.algorithms.stability`), of which any eigenvalue and load may be asked.

    Of given `rates`, shape (N, P), one pattern a column, the Jacobian is that of the first and the moments are those of all.
    """
    module, values = solver.module, written_out(given)
    own = [values[p.name] for p in solver.activation.parameters]
    functions = [lambda x, f=f: f(x, *own) for f in (module.phi, module.phi_prime)]
    if rates is None:
        law = {key: values[key] for key in ("law", "CV", "f", "eps", "samples") if key in values}
        nodes = module.nodes_of_law(module.tail_of(values.get("units", 0)), *own, **law)
        first = every = module.stored_patterns(*functions, *nodes)
    else:
        whole = np.asarray(rates, dtype=float)
        equal = ((r, np.full(r.size, 1 / r.size)) for r in (whole.ravel(), whole[:, 0]))
        every, first = (module.stored_patterns(*functions, *nodes) for nodes in equal)
    return module.Jacobian(module.EQUATIONS, first, values["variant"], module.EQUATIONS.moments(every))


def exact_loads(solution: Solution) -> ExactLoads:
    """Critical loads of a law of two or three distinct rates as algebraic numbers.

    Parameters
    ----------
    solution : Solution
        Of a network that stores patterns, with `law` samples: rates that occur several times are more likely.

    Raises
    ------
    InputError
        For another law or model, one distinct rate, or too many of them.

    References
    ----------
    Derived in `theory.attractor.discrete`.
    """
    solver, given = Solver.of(solution), solution.parameters
    require((given.get("law") == "samples", "exact loads are found for a law=samples of few distinct rates"))
    counted = Counter(given["samples"].values)
    patterns = jacobian_of(solver, given).patterns
    near = dict(zip(patterns.r.tolist(), patterns.u.tolist(), strict=True))
    own = {p: Rational(str(given[p.name])) for p in solver.activation.parameters}
    activation = Activation.from_expression(solver.activation.expression.subs(own))
    found = [
        rational_rate(activation, rate, near[rate], Rational(count, counted.total()))
        for rate, count in sorted(counted.items())
    ]
    loads = critical_loads([rate for rate, _ in found], given["variant"])
    return loads._replace(is_rounded=any(rounded for _, rounded in found))


PATTERNS = Method(
    name="patterns",
    use=(
        "Use: solve(alpha, ..., law='lognormal', variant='noself', CV=1.0), one number each, what the law takes by its name,",
        "returns a dict; law_nodes and stored_patterns give the rates that stand for a law, and",
        "Jacobian(EQUATIONS, patterns, variant) everything at any eigenvalue and load.",
    ),
    algorithms=(stability,),
    functions=pattern_equations,
    read=read_patterns,
)
