"""A real function of x as smooth expressions between breakpoints."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr


@dataclass(frozen=True)
class Pieces:
    """A piecewise smooth function of the real variable ``theory.symbols.x``.

    Attributes
    ----------
    breakpoints : tuple of Expr
        Strictly increasing real numbers (or expressions in real parameters).
    expressions : tuple of Expr
        ``len(breakpoints) + 1`` expressions in x, free of Abs, sign, Heaviside, Max, Min and Piecewise;
        ``expressions[k]`` holds on ``(breakpoints[k-1], breakpoints[k])``.
    """

    breakpoints: tuple[Expr, ...]
    expressions: tuple[Expr, ...]
