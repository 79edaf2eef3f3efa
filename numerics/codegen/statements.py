"""The text of a generated function: its averages, each evaluated once, then shared subexpressions, then the results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sympy import Basic, Expr, Symbol, cse, numbered_symbols

from numerics.codegen.printer import source


@dataclass(frozen=True)
class Call:
    """How generated code gets an average: a local name, the public function, its arguments."""

    local: Symbol
    function: str
    arguments: str

    @property
    def statement(self) -> str:
        """Its evaluation."""
        return f"{self.local} = {self.function}({self.arguments})"

    @property
    def error(self) -> str:
        """The estimated error of the average."""
        return f"{self.function.upper()}.with_error({self.arguments})[1]"


def call(name: str, arguments: Sequence[str]) -> Call:
    """The call of the public function of an average."""
    return Call(Symbol(f"avg_{name.removeprefix('mean_')}", real=True), name, ", ".join(arguments))


def function(
    name: str,
    arguments: Sequence[Symbol | str],
    results: Basic | Sequence[Basic] | Mapping[str, Basic],
    doc: str = "",
    calls: Mapping[Expr, Call] = MappingProxyType({}),
    *,
    before: Sequence[str] = (),
    form: str = "",
    share: bool = True,
) -> str:
    """A pure function of arrays for the NumPy target.

    Parameters
    ----------
    name, arguments
    results : expression, or a sequence or mapping of expressions
        Returned as one number, a tuple, a dict.
    doc : str
        One line or several; empty for private helpers that need none.
    calls : mapping
        Of averages in the results.
    before : sequence of str
        Statements that come first.
    form : str, optional
        What is returned, with a place ``{}`` for every result.
    share : bool
        Whether common subexpressions are named; not those of matrices.
    """
    if isinstance(results, Mapping):
        expressions = list(results.values())
    else:
        expressions = list(results) if isinstance(results, Sequence) else [results]
    needed = [node for node in calls if any(e.has(node) for e in expressions)]
    expressions = [e.xreplace({node: calls[node].local for node in needed}) for e in expressions]
    shared = []
    if share:
        taken = {str(a) for a in arguments}
        # not declared real: re(t) of a shared complex subexpression has to stay
        fresh = (s for s in numbered_symbols("t") if s.name not in taken)
        shared, expressions = cse(expressions, symbols=fresh, order="canonical")
    printed = [source(e) for e in expressions]
    rows = [f"def {name}({', '.join(map(str, arguments))}):", *_docstring(doc), *(f"    {row}" for row in before)]
    rows += [f"    {calls[node].statement}" for node in needed]
    rows += [f"    {symbol} = {source(expression)}" for symbol, expression in shared]
    if isinstance(results, Mapping):
        rows += [
            "    return {",
            *(f'        "{k}": {text},' for k, text in zip(results, printed, strict=True)),
            "    }",
        ]
    elif isinstance(results, Sequence) and not form:
        rows += ["    return (", *(f"        {text}," for text in printed), "    )"]
    else:
        rows.append(f"    return {(form or '{}').format(*printed)}")
    return "\n".join(rows)


def _docstring(text: str) -> list[str]:
    first, *more = text.splitlines() or [""]
    if not more:
        return [f'    """{first}"""'] if text else []
    return [f'    """{first}', *(f"    {row}".rstrip() for row in more), '    """']
