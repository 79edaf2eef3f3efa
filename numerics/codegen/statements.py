"""The small intermediate form: a function is assignments of shared subexpressions followed by its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Symbol, cse, numbered_symbols

from numerics.codegen.printer import source


@dataclass(frozen=True)
class Assignment:
    """``name = expression``."""

    name: Symbol
    expression: Expr


@dataclass(frozen=True)
class FunctionDef:
    """A pure function of arrays.

    Attributes
    ----------
    name : str
    arguments : tuple of str
    body : tuple of Assignment
    results : tuple of Expr
    docstring : str
        One line or several; empty for private helpers that need none.
    as_tuple : bool
        Return a tuple even for a single result.
    """

    name: str
    arguments: tuple[str, ...]
    body: tuple[Assignment, ...]
    results: tuple[Expr, ...]
    docstring: str = ""
    as_tuple: bool = False


def lower(
    name: str, arguments: Sequence[Symbol | str], results: Sequence[Expr], docstring: str = "", as_tuple: bool = False
) -> FunctionDef:
    """Share common subexpressions and fix the order of statements."""
    taken = {str(a) for a in arguments}
    # not declared real: re(t) of a shared complex subexpression has to stay
    fresh = (s for s in numbered_symbols("t") if s.name not in taken)
    replacements, reduced = cse(list(results), symbols=fresh, order="canonical")
    body = tuple(Assignment(symbol, expression) for symbol, expression in replacements)
    return FunctionDef(name, tuple(map(str, arguments)), body, tuple(reduced), docstring, as_tuple)


def numpy_source(function: FunctionDef) -> str:
    """Source text of one function for the NumPy target."""
    lines = [f"def {function.name}({', '.join(function.arguments)}):"]
    if function.docstring:
        lines += _docstring(function.docstring)
    lines += [f"    {a.name} = {source(a.expression)}" for a in function.body]
    printed = [source(result) for result in function.results]
    if len(printed) == 1 and not function.as_tuple:
        lines.append(f"    return {printed[0]}")
    elif len("".join(printed)) < 90:
        lines.append(f"    return ({', '.join(printed)}{',' if len(printed) == 1 else ''})")
    else:
        lines += ["    return (", *(f"        {text}," for text in printed), "    )"]
    return "\n".join(lines)


def _docstring(text: str) -> list[str]:
    rows = text.splitlines()
    if len(rows) == 1:
        return [f'    """{rows[0]}"""']
    return [f'    """{rows[0]}', *(f"    {row}".rstrip() for row in rows[1:]), '    """']
