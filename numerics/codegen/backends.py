"""The activation as generated code for every array library: no masks are assigned to, no library is imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympy import Symbol, sstr

from numerics.backends import functions_for
from numerics.codegen.cache import cached, content_key
from numerics.codegen.printer import source
from numerics.codegen.statements import function
from theory.activation.activation import Activation
from theory.activation.pieces import Pieces
from theory.symbols import x

_LIBRARIES = ("np", "special")


def emit_for_arrays(activation: Activation) -> str:
    """Source of a module with ``phi(np, special, x, ...)`` and ``phi_prime``; the first two are the functions of a library."""
    header = (
        f'"""The activation phi(x) = {sstr(activation.expression)} and its derivative, for the arrays of any library.\n\n'
        'Arguments: elementary functions, special functions, x, parameters.\n"""'
    )
    both = {"phi": activation.pieces, "phi_prime": activation.derivative(1)}
    functions = (_function(name, pieces, activation) for name, pieces in both.items())
    text = "\n\n\n".join([header, *functions]) + "\n"
    return text.replace("smoothed_power(", "special.smoothed_power(")  # not every library has it


def _function(name: str, pieces: Pieces, activation: Activation) -> str:
    """Every piece is evaluated everywhere, with x held within its ends, so that it cannot overflow where another holds."""
    arguments = (*_LIBRARIES, x, *activation.parameters)
    if not pieces.breakpoints:
        (whole,) = pieces.expressions
        return function(name, arguments, whole, form="" if whole.has(x) else "0.0*x + {}")
    ends = [None, *pieces.breakpoints, None]
    rows = [f"def {name}({', '.join(map(str, arguments))}):"]
    for k, expression in enumerate(pieces.expressions):
        left, right = (None if end is None else source(end) for end in ends[k : k + 2])
        piece = source(expression.xreplace({x: Symbol("here", real=True)}))
        piece = piece if expression.has(x) else f"0.0*here + {piece}"
        rows.append(f"    here = np.clip(x, {left}, {right})")
        rows.append(f"    value = {piece}" if left is None else f"    value = np.where(x >= {left}, {piece}, value)")
    return "\n".join([*rows, "    return value"])


def array_functions(activation: Activation, values: Mapping[str, Any]) -> tuple[Callable, Callable]:
    """phi and its derivative as functions of x alone, for arrays of any library that `numerics.backends` knows."""
    name = f"activation_{content_key('activation', activation)}"
    module = cached(name, lambda: emit_for_arrays(activation))
    own = [values[p.name] for p in activation.parameters]
    return (
        lambda at: module.phi(*functions_for(at), at, *own),
        lambda at: module.phi_prime(*functions_for(at), at, *own),
    )
