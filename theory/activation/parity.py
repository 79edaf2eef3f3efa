"""Parity of a piecewise function.

Exact substitution x -> -x decides most cases. Where both sides are not the same expression after SymPy's automatic
evaluation, their values are compared at every narrow feature and at 20 random points (and random admissible parameters)
at 50 digits: a difference of analytic functions of the kind the parser admits that vanishes to 50 digits there is zero
identically for every purpose here, and one mismatch settles the opposite.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import mpmath
import sympy
from sympy import Expr, Rational, Symbol

from theory.activation.features import features
from theory.activation.pieces import Pieces, compare
from theory.errors import InputError
from theory.highprecision import mp_function
from theory.symbols import x

_POINTS = 20
_DIGITS = 50


def parity(pieces: Pieces) -> str:
    """'odd', 'even' or 'none'.

    Parameters
    ----------
    pieces : Pieces
        A function on the whole line; values at the breakpoints do not count.
    """
    mirror = pieces.reflect()
    if not _same_breakpoints(pieces, mirror):
        return "none"
    pairs = tuple(zip(pieces.expressions, mirror.expressions, strict=True))
    if all(a == b for a, b in pairs):
        return "even"
    if all(a == -b for a, b in pairs):
        return "odd"
    for name, sign in (("even", 1), ("odd", -1)):
        if _agree_at_random_points(pieces, sign):
            return name
    return "none"


def _same_breakpoints(a: Pieces, b: Pieces) -> bool:
    if len(a.breakpoints) != len(b.breakpoints):
        return False
    try:
        return all(compare(p, q) == 0 for p, q in zip(a.breakpoints, b.breakpoints, strict=True))
    except InputError:
        return False


def _agree_at_random_points(pieces: Pieces, sign: int) -> bool:
    draw = random.Random(20)
    parameters = sorted(set().union(*(e.free_symbols for e in pieces.expressions)) - {x}, key=str)
    functions = [mp_function((x, *parameters), e) for e in pieces.expressions]
    ends = [mp_function(tuple(parameters), p) for p in pieces.breakpoints]
    with mpmath.workdps(_DIGITS):
        points = [
            mpmath.mpf(draw.randrange(1, 10**15)) / 10**15 * draw.choice((0.25, 1, 4, 16)) for _ in range(_POINTS)
        ]
        # a narrow bump on one side is invisible everywhere else
        for point in (*points, *_beside_features(pieces)):
            values = [admissible_value(parameter, draw) for parameter in parameters]
            right = _value(functions, ends, point, values)
            left = _value(functions, ends, -point, values)
            if not abs(right - sign * left) <= mpmath.mpf(10) ** (8 - _DIGITS) * (abs(right) + abs(left)):
                return False
    return True


def _beside_features(pieces: Pieces) -> list[mpmath.mpf]:
    """Points half a scale from the centre of every numerical feature off the origin."""
    found = [f for f in features(pieces) if f.centre.is_number and f.scale.is_number and f.scale.is_positive]
    points = [abs(mpmath.mpf(float(f.centre)) + mpmath.mpf(float(f.scale)) / 2) for f in found]
    return [point for point in points if point > 0]


def _value(functions: list[Callable], ends: list[Callable], point: Any, values: list[Any]) -> Any:
    return functions[sum(1 for end in ends if end(*values) < point)](point, *values)


def admissible_value(parameter: Symbol, draw: random.Random) -> mpmath.mpf:
    """A random number that satisfies the sign and integer assumptions of a parameter."""
    size = draw.randrange(1, 6) if parameter.is_integer else Rational(draw.randrange(100, 3000), 1000)
    negative = parameter.is_negative or (not parameter.is_nonnegative and draw.random() < 0.5)
    number: Expr = sympy.sympify(-size if negative else size, strict=True)
    return mpmath.mpf(number.p) / number.q


def drawn(parameters: Iterable[Symbol], seed: int = 5) -> dict[Symbol, Expr]:
    """Admissible rational values of parameters, the same in every run."""
    draw = random.Random(seed)
    return {p: Rational(str(round(float(admissible_value(p, draw)), 3))) for p in parameters}
