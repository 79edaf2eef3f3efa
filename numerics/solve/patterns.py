"""A network that stores patterns, solved for one set of parameters: results, what could not be resolved, and why."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan, nan
from typing import Any

import numpy as np

from numerics.algorithms import patterns, primitive, stability
from numerics.codegen.patterns import pattern_equations
from numerics.solve.method import Generated, Method
from numerics.solve.solution import Reading
from theory.errors import DomainError

RESOLVED = 1e-6  # largest change by cutting the law earlier, relative to numbers above 1, of what is called resolved
CUT = ("edge", "abscissa", "alpha_bulk", "alpha_S")
"""What depends on the largest gains."""


def read_patterns(generated: Generated, numbers: Mapping[str, Any]) -> Reading:
    """Results and errors from the generated module.

    Raises
    ------
    DomainError
        Where phi does not take the rates of the patterns, or nothing could be resolved.
    """
    try:
        with np.errstate(all="ignore"):
            result = generated.module.solve(**numbers)
    except ValueError as error:
        raise DomainError(f"{generated.at(numbers)}: {error}") from error
    errors = result.pop("errors")
    details = {key: result.pop(key) for key in ("outliers", "mechanism")}
    del result["first_outliers"]
    unresolved = [key for key in CUT if errors[key] > RESOLVED * max(1.0, abs(result[key]))]
    if "alpha_S" in unresolved:
        details["mechanism"] = "unresolved"
    values = {key: nan if key in unresolved else float(value) for key, value in result.items()}
    messages = (
        (
            f"{', '.join(unresolved)}: not resolved, they change with the largest gains of the law, which a network of N units "
            "has only up to a probability of 1/N",
        )
        if unresolved
        else ()
    )
    kept = {key: error for key, error in errors.items() if key in values and not isnan(error) and key not in unresolved}
    return Reading({**values, "error": errors["t"]}, (), kept, messages=messages, details=details)


PATTERNS = Method(
    name="patterns",
    use=(
        "Use: solve({names}, law='lognormal', variant='noself') returns a dict of numbers; law_nodes and stored_patterns give",
        "the rates that stand for a law, Jacobian(EQUATIONS, patterns, variant) everything at any eigenvalue and load.",
    ),
    algorithms=(primitive, patterns, stability),
    functions=pattern_equations,
    read=read_patterns,
)
