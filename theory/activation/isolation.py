"""Zeros of a real function isolated with proof: interval bisection with derivatives.

Moore, Kearfott, Cloud, Introduction to Interval Analysis (SIAM 2009), chapter 8.
"""

from __future__ import annotations

import mpmath
import sympy
from sympy import Expr, Float, Rational

from theory.enclosure import DIGITS, enclosure
from theory.errors import InputError
from theory.highprecision import mp_function
from theory.interval import INFINITY, Interval
from theory.symbols import x

_MAX_BOXES = 4000
_MAX_TAIL_DERIVATIVE = 5
_REACH = mpmath.mpf(10) ** 6


def isolate_zeros(u: Expr, reach: Expr | None = None) -> tuple[Expr, ...]:
    """All real zeros of `u`, each proved to exist and to be alone in its box, the rest of the line proved free.

    Parameters
    ----------
    u : Expr
        Expression in ``x`` alone, without switches.
    reach : Expr, optional
        A number known to exceed every zero in magnitude; without it the tails beyond 1e6 are enclosed too.

    Returns
    -------
    tuple of Expr
        Increasing; an exact rational where one fits exactly, otherwise a 50-digit Float.

    Raises
    ------
    InputError
        If the proof does not close: a zero of higher order, infinitely many zeros, or no enclosure of a function.
    """
    slope = sympy.diff(u, x)
    refusal = InputError(f"cannot locate all zeros of '{u}' with certainty; write it with an explicit Piecewise in x")
    with mpmath.workdps(DIGITS):
        end = _REACH if reach is None else mpmath.mpf(sympy.N(reach, DIGITS)._to_mpmath(mpmath.mp.prec))
        if reach is None and not all(_keeps_sign_beyond(u, side * end, side) for side in (-1, 1)):
            raise refusal
        # off-centre bisection: a zero at a round number must not sit on every box edge
        boxes: list[Interval] = [Interval(-end, end)]
        found: list[Expr] = []
        for _ in range(_MAX_BOXES):
            if not boxes:
                return tuple(found)
            box = boxes.pop()
            if enclosure(u, box).nonzero:
                continue
            if enclosure(slope, box).nonzero:
                if box.high - box.low < 1:
                    found += _single_zero(u, box)
                    continue
                if _signs_agree(u, box):
                    continue
            if box.high - box.low < mpmath.mpf(10) ** -12:
                break
            cut = box.low + (box.high - box.low) * mpmath.mpf(64) / 131
            boxes += [Interval(cut, box.high), Interval(box.low, cut)]
    raise refusal


def _keeps_sign_beyond(u: Expr, end: mpmath.mpf, side: int) -> bool:
    """Proof that `u` has no zero from `end` outwards.

    A derivative of fixed sign there makes the one below it monotone; if that one starts with the sign it moves to, it
    has fixed sign too, and so on down to `u` itself.
    """
    tail = Interval(end, INFINITY) if side > 0 else Interval(-INFINITY, end)
    derivatives = [u]
    while not (bound := enclosure(derivatives[-1], tail)).nonzero:
        if len(derivatives) > _MAX_TAIL_DERIVATIVE:
            return False
        derivatives.append(sympy.diff(derivatives[-1], x))
    sign = 1 if bound.positive else -1
    for derivative in reversed(derivatives[:-1]):
        sign *= side
        start = enclosure(derivative, Interval(end, end))
        if not (start.positive if sign > 0 else start.negative):
            return False
    return True


def _signs_agree(u: Expr, box: Interval) -> bool:
    low, high = (enclosure(u, Interval.point(end)) for end in (box.low, box.high))
    return (low.positive and high.positive) or (low.negative and high.negative)


def _single_zero(u: Expr, box: Interval) -> list[Expr]:
    """The zero of a function monotone on `box`, if its ends have different signs."""
    f = mp_function(x, u)
    with mpmath.workdps(60):
        low, high = box.low, box.high
        if (f(low) > 0) == (f(high) > 0):
            return []
        root = mpmath.findroot(f, (low, high), solver="bisect", maxsteps=400, verify=False)
        nearby = Rational(int(mpmath.nint(root * 5040)), 5040)
        exact = abs(root - mpmath.mpf(nearby.p) / nearby.q) < mpmath.mpf(10) ** -45 and u.subs(x, nearby).is_zero
        return [nearby if exact else Float(root, 50)]
