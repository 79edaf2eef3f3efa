"""Functions of a generated module whose averages are evaluated once, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr, Symbol

from numerics.codegen.printer import source
from numerics.codegen.statements import lower


@dataclass(frozen=True)
class Call:
    """How generated code gets an average: a local name, the public function, its arguments."""

    local: Symbol
    function: str
    arguments: str

    @property
    def error(self) -> str:
        """The estimated error of the average."""
        return f"{self.function.upper()}.with_error({self.arguments})[1]"


def call(name: str, arguments: Sequence[str]) -> Call:
    """The call of the public function of an average."""
    return Call(Symbol(f"avg_{name.removeprefix('mean_')}", real=True), name, ", ".join(arguments))


def function(
    name: str,
    doc: str,
    arguments: Sequence[str],
    expressions: Mapping[str, Expr],
    calls: Mapping[Expr, Call],
    *,
    as_tuple: bool = False,
) -> str:
    """A function that evaluates its averages once and returns one number, or several as a dict or a tuple."""
    needed = [node for node in calls if any(e.has(node) for e in expressions.values())]
    replace = {node: calls[node].local for node in needed}
    code = lower(name, arguments, [e.xreplace(replace) for e in expressions.values()])
    rows = [f"def {name}({', '.join(arguments)}):", f'    """{doc}"""']
    rows += [f"    {calls[node].local} = {calls[node].function}({calls[node].arguments})" for node in needed]
    rows += [f"    {a.name} = {source(a.expression)}" for a in code.body]
    printed = dict(zip(expressions, map(source, code.results), strict=True))
    if as_tuple:
        rows += ["    return (", *(f"        {text}," for text in printed.values()), "    )"]
    elif set(printed) == {""}:
        rows.append(f"    return {printed['']}")
    else:
        rows += ["    return {", *(f'        "{key}": {text},' for key, text in printed.items()), "    }"]
    return "\n".join(rows)
