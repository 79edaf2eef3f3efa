"""Degree of a homogeneous activation, ``phi(l x) = l^p phi(x)`` for l > 0, read off its pieces."""

from __future__ import annotations

from sympy import Dummy, Expr, Rational, powsimp

from theory.activation.parity import drawn
from theory.activation.pieces import Pieces
from theory.symbols import x


def degree(pieces: Pieces) -> Expr | None:
    """The exponent p of a homogeneous function that is not zero, None for any other function.

    By Euler's theorem it is the one constant ``x phi'/phi`` of all pieces, and there is no breakpoint but the origin.
    """
    if any(point != 0 for point in pieces.breakpoints):
        return None
    size = Dummy("size", positive=True)
    found: set[Expr] = set()
    for expression, side in zip(pieces.expressions, _sides(pieces), strict=True):
        on_side = expression.xreplace({x: side * size})
        if on_side == 0:
            continue
        logarithmic = size * on_side.diff(size) / on_side
        if _varies(logarithmic, size):
            return None
        logarithmic = powsimp(logarithmic.expand()).cancel()
        if logarithmic.has(size):
            return None
        found.add(logarithmic)
    return found.pop() if len(found) == 1 else None


def _varies(expression: Expr, size: Dummy) -> bool:
    """Whether the values at two sizes differ, which spares the symbolic reduction of everything else."""
    given = drawn(sorted(expression.free_symbols - {size}, key=str), seed=1)
    one, other = (expression.subs(given).subs(size, point).evalf(30) for point in (Rational(5, 7), Rational(9, 4)))
    return bool(abs(one - other) > Rational(1, 10**20) * (1 + abs(one)))


def _sides(pieces: Pieces) -> tuple[int, ...]:
    return (-1, 1) if pieces.breakpoints else (1,)
