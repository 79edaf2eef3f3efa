"""One text per expression, equal for equal expressions in every process: the basis of cache keys."""

from __future__ import annotations

from sympy import Basic, Symbol

_UNORDERED = ("Add", "Mul", "Max", "Min", "And", "Or")


def canonical_text(expression: Basic) -> str:
    """Prefix notation with sorted arguments of commutative nodes; symbols carry their declared assumptions.

    Independent of SymPy's printing order, of its cache and of the hash seed.
    """
    if isinstance(expression, Symbol):
        declared = sorted(f"{name}={value}" for name, value in expression.assumptions0.items() if value is not None)
        return f"{expression.name}[{','.join(declared)}]"
    if not expression.args:
        return str(expression)
    parts = [canonical_text(argument) for argument in expression.args]
    name = type(expression).__name__
    return f"{name}({','.join(sorted(parts) if name in _UNORDERED else parts)})"
