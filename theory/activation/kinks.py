"""Kinks: where a function or one of its low derivatives jumps or is infinite."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr

from theory.activation.endpoints import local_exponent
from theory.activation.pieces import Pieces
from theory.errors import InputError


@dataclass(frozen=True)
class Kink:
    """A point where a function is not smooth.

    Attributes
    ----------
    position : Expr
        Where.
    order : int or None
        Lowest derivative that is discontinuous or infinite (0 a jump or pole, 1 a corner or a vertical tangent);
        None when it depends on a parameter.
    left, right : Expr
        q in |phi(x) - phi(position -+ 0)| ~ |x - position|^q (oo where phi is constant); the exponent of phi itself
        where phi is infinite.
    """

    position: Expr
    order: int | None
    left: Expr
    right: Expr

    def text(self) -> str:
        """One phrase for reports."""
        what = {None: "order set by a parameter", 0: "jump or pole"}.get(self.order, f"derivative {self.order}")
        return f"x = {self.position} ({what}; exponents {self.left}, {self.right})"


def kinks(pieces: Pieces) -> tuple[Kink, ...]:
    """Kinks of a function, in increasing order; removable singularities such as that of sin(x)/x are none."""
    found = []
    for index, point in enumerate(pieces.breakpoints):
        # where the expression goes on unchanged only a removable singularity can be smooth: three orders tell
        highest = 3 if pieces.expressions[index] == pieces.expressions[index + 1] else 6
        try:
            order = pieces.first_break(index, highest)
            if order is None:
                continue
        except InputError:
            order = None
        found.append(Kink(point, order, _increment_exponent(pieces, index, -1), _increment_exponent(pieces, index, 1)))
    return tuple(found)


def _increment_exponent(pieces: Pieces, index: int, side: int) -> Expr:
    piece, point = pieces.expressions[index + (side > 0)], pieces.breakpoints[index]
    limit = pieces.limit(index, side)
    return local_exponent(piece - limit if limit.is_finite else piece, point, side)
