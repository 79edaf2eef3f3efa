"""The threshold of an activation: where the arguments of all its functions vanish, and its only breakpoint lies."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, Function, Poly, preorder_traversal

from theory.activation.pieces import Pieces
from theory.functions import record_of
from theory.symbols import x


def threshold(pieces: Pieces) -> Expr | None:
    """The only breakpoint and the common zero of the arguments of all functions of x; None where there is no such point.

    Of functions inside each other the innermost counts.

    Parameters
    ----------
    pieces : Pieces
        Its parameters may be symbolic.
    """
    arguments = (argument for expression in pieces.expressions for argument in _arguments(expression))
    points = {*pieces.breakpoints, *map(_zero, arguments)}
    return points.pop() if len(points) == 1 else None


def _arguments(expression: Expr) -> Iterator[Expr]:
    """What every function of x is taken of that is taken of no other function."""
    for node in preorder_traversal(expression):
        record = record_of(node) if node.has(x) else None
        if record is not None and not record.argument(node).has(Function):
            yield record.argument(node)


def _zero(argument: Expr) -> Expr | None:
    """The zero of a multiple of a power of x - c."""
    simple = Poly(argument, x).sqf_part() if argument.is_polynomial(x) else None
    if simple is None or simple.degree() != 1:
        return None
    slope, offset = simple.all_coeffs()
    return (-offset / slope).cancel()
