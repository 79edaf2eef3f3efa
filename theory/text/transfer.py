"""Transfer functions as text: `1/((1+s)*(1+s/2))`, `exp(-s/10)/(1+s)` to an expression in s, without evaluating user text."""

from __future__ import annotations

import ast

from sympy import Expr, Integer, Rational, exp

from theory.errors import InputError
from theory.symbols import frequency
from theory.text.lexer import at, check_order, shown, tokenize
from theory.text.parsing import columns, tree

LARGEST_POWER = 8
_ALLOWED = "a filter takes s, numbers, + - * / ^ with whole powers up to 8, and exp(-d*s) for a delay d >= 0"


def parse_transfer(text: str) -> Expr:
    """Read the transfer function h(s) of one unit, s = i omega.

    Parameters
    ----------
    text : str
        Rational in s with exact coefficients, times ``exp(-d*s)`` for a delay.

    Raises
    ------
    InputError
        Which piece cannot be read, where, and what is allowed.

    Examples
    --------
    >>> parse_transfer("1/(1+s)^2")
    (s + 1)**(-2)
    """
    if not isinstance(text, str):
        raise InputError(f"a filter is a text such as 1/(1+s)^2, not {type(text).__name__}")
    stripped = text.strip(" \t\r\n")
    tokens = tokenize(stripped)
    check_order(tokens, len(stripped))
    places = columns(tokens)
    numbers = {token.start: token.text for token in tokens if token.kind == "number"}

    def read(node: ast.AST) -> Expr:
        start = places[getattr(node, "col_offset", 0)]
        match node:
            case ast.Constant():
                return Rational(numbers[start])
            case ast.Name(id="s"):
                return frequency
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -read(inner)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return read(inner)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return read(left) + read(right)
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return read(left) - read(right)
            case ast.BinOp(left=left, op=ast.Mult(), right=right):
                return read(left) * read(right)
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                below = read(right)
                if below == 0:
                    raise InputError(f"the filter divides by zero {at(start)}")
                return read(left) / below
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                power = read(right)
                if isinstance(power, Integer) and abs(int(power)) <= LARGEST_POWER:
                    return read(left) ** power
            case ast.Call(func=ast.Name(id="exp"), args=[argument], keywords=[]):
                return exp(read(argument))
        piece = stripped[start : start + 30]
        raise InputError(f"the filter cannot be read from {shown(piece)} {at(start)}: {_ALLOWED}")

    return read(tree(tokens))
