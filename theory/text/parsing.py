"""Activation texts: `x/(1+a*x^2) where a>0` to a SymPy expression, without ever evaluating user text.

The text passes three gates: `theory.text.lexer` (characters, tokens, order), `theory.text.grammar` (a whitelist of syntax nodes,
built into SymPy objects with bounded sizes) and `theory.text.realness` (defined and real for every real x).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Symbol

from theory.errors import InputError
from theory.symbols import x
from theory.text.grammar import Builder
from theory.text.lexer import Token, at, check_order, report, shown, tokenize
from theory.text.names import RESERVED, bare_family

ASSUMPTIONS: dict[str, dict[str, bool]] = {
    ">": {"positive": True},
    ">=": {"real": True, "nonnegative": True},
    "<": {"negative": True},
    "<=": {"real": True, "nonpositive": True},
    "": {"real": True},
}
"""SymPy assumptions of `name > 0`, `name >= 0`, `name < 0`, `name <= 0` and a bare `name`."""

MAX_PARAMETERS = 8
"""Most parameters of one activation."""


@dataclass(frozen=True)
class Parsed:
    """An activation as it was understood.

    Attributes
    ----------
    expression : Expr
        Real function of ``theory.symbols.x`` with exact coefficients.
    parameters : tuple of Symbol
        Declared parameters, sorted by name, with their assumptions.
    text : str
        The text as given, without surrounding blanks.
    """

    expression: Expr
    parameters: tuple[Symbol, ...]
    text: str


def parse(text: str) -> Parsed:
    """Read an activation function.

    Parameters
    ----------
    text : str
        Formula in x: ``+ - * / ^`` (``**`` is the same as ``^``), exact numbers, ``pi``, ``E``, the functions and
        families of ``theory.activations.families.FAMILIES``; a family name alone (``tanh``) stands for that function of x.
        Parameters are declared after ``where``: ``x/(1+a*x^2) where a>0, b>=0, c``.

    Returns
    -------
    Parsed

    Raises
    ------
    InputError
        One sentence per problem: which piece, where (characters counted from 1), and what is allowed.

    Examples
    --------
    >>> parse("x/(1+a*x^2) where a>0").expression
    x/(a*x**2 + 1)
    """
    if not isinstance(text, str):
        raise InputError(f"an activation is a text such as tanh(x), not {type(text).__name__}")
    text = text.strip(" \t\r\n")
    tokens = tokenize(text)
    marks = [k for k, token in enumerate(tokens) if token.text == "where"]
    formula = tokens[: marks[0]] if marks else tokens
    problems: list[str] = []
    parameters = _declarations(tokens[marks[0] :], problems) if marks else {}
    expression = _formula(text, formula, tokens[marks[0]].start if marks else len(text), parameters, problems)
    if problems or expression is None:
        raise report(problems)
    return Parsed(expression, tuple(parameters[name] for name in sorted(parameters)), text)


def _formula(
    text: str, tokens: Sequence[Token], end: int, parameters: dict[str, Symbol], problems: list[str]
) -> Expr | None:
    """Build the formula; problems found are appended."""
    check_order(tokens, end)
    builder = Builder(text, columns(tokens), tokens, parameters)
    expression = bare_family(tokens[0].text) if len(tokens) == 1 else None
    if expression is None:
        expression = builder.build(tree(tokens))
    problems += builder.problems
    if expression is not None and not problems:
        unused = [name for name in sorted(parameters) if parameters[name] not in expression.free_symbols]
        problems += [
            f"the parameter {shown(name)} is declared but the formula does not depend on it" for name in unused
        ]
        if not expression.has(x):
            problems.append(f"{shown(text[:end].strip())} does not depend on x")
    return expression


def columns(tokens: Sequence[Token]) -> list[int]:
    """Index in the text of every character of the source given to `ast` (^ becomes **)."""
    return [token.start + (0 if token.text == "^" else k) for token in tokens for k in range(len(_python(token)) + 1)]


def _python(token: Token) -> str:
    return "**" if token.text == "^" else token.text


def tree(tokens: Sequence[Token]) -> ast.AST:
    """The syntax tree of a formula."""
    # Tokens are joined by blanks: the order has been checked, so this is the user's formula and nothing else. A leading
    # zero (007) is not Python, and the value of a number is read from its token anyway.
    source = " ".join("0" * len(t.text) if t.kind == "number" else _python(t) for t in tokens)
    try:
        return ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        detail = error.msg if isinstance(error, SyntaxError) else "it is too deeply nested"
        raise InputError(f"the formula cannot be read: {detail}") from None


def _declarations(tokens: Sequence[Token], problems: list[str]) -> dict[str, Symbol]:
    """Parameters of a `where` clause; problems found are appended."""
    parameters: dict[str, Symbol] = {}
    items: list[tuple[int, list[Token]]] = [(tokens[0].end, [])]
    for token in tokens[1:]:
        if token.kind == "comma":
            items.append((token.end, []))
        else:
            items[-1][1].append(token)
    for start, item in items:
        problem = _declaration_problem(item, parameters, start)
        if problem:
            problems.append(problem)
        relation = item[1].text if len(item) > 1 and not problem else ""
        # a name in a faulty declaration counts as declared, so that the formula is not blamed as well
        for token in item:
            if token.kind == "name" and token.text not in parameters:
                parameters[token.text] = Symbol(token.text, **ASSUMPTIONS[relation])
    if len(parameters) > MAX_PARAMETERS:
        raise InputError(f"{len(parameters)} parameters are declared; at most {MAX_PARAMETERS} are allowed")
    return parameters


def _declaration_problem(item: Sequence[Token], known: dict[str, Symbol], start: int) -> str | None:
    allowed = "allowed are name>0, name>=0, name<0, name<=0 and name, separated by commas"
    if not item:
        return f"a declaration is missing {at(start)}; {allowed}"
    name, *relation = item
    piece = " ".join(token.text for token in item)
    if name.kind != "name":
        return f"{shown(piece)} {at(name.start)} declares no name; {allowed}"
    if name.text in RESERVED:
        return f"{shown(name.text)} {at(name.start)} is reserved and cannot be a parameter; choose another name"
    if name.text in known:
        return f"the parameter {shown(name.text)} is declared twice, again {at(name.start)}"
    if not relation:
        return None
    zero = len(relation) == 2 and relation[1].kind == "number" and not relation[1].text.strip("0.")
    if not zero or relation[0].text not in ASSUMPTIONS:
        return f"{shown(piece)} {at(name.start)} is not a declaration; {allowed}; values are given apart, as name=value"
    return None
