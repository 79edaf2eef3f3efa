"""Limits in which the spectrum at a stored pattern is known in closed form."""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Eq, Expr, Poly, Symbol, sqrt, symbols

from theory.attractor.patterns import alpha, b, c0, gain, t
from theory.attractor.spectrum import left_out, right_out
from theory.attractor.weights import mean_gain
from theory.derivation import Replay, Solves, Step
from theory.symbols import growth

v, share = symbols("v q", positive=True)
"""Variance of the gain over its squared mean; beta^2 <g^2>/(b <g>)^2."""

x, t1, s = Symbol("x"), Symbol("t_1", positive=True), Symbol("s", positive=True)
SMALL_LOAD = b * mean_gain * (1 + sqrt(alpha) * (share + 2 * v) / sqrt(share + v))


def limiting_steps() -> Iterator[Step]:
    """At small load the bulk is an ellipse about b <g>."""
    ratio = (right_out / left_out).subs(c0, 0)
    yield Step(
        "Small load: lambda = b <g> (1 + sqrt(alpha) x), t = sqrt(alpha) t_1; c0 is of order alpha",
        "series in sqrt(alpha)",
        t * ratio / (1 + t * ratio),
        Eq(1, x * t1 - v * t1**2),
        check=Replay(_leading),
    )
    yield Step(
        "Where xi makes the bulk end, |t_1|^2 (q + v) = 1: its real end, with v = <g^2>/<g>^2 - 1 and q = beta^2 <g^2>/(b <g>)^2",
        "solved",
        Eq(1, x * t1 - v * t1**2),
        Eq(Symbol("edge_0"), SMALL_LOAD),
        assumption="relative corrections of order alpha",
        check=Solves(lambda after: (_scaled(after.rhs) * t1 - v * t1**2 - 1).subs(t1, 1 / sqrt(share + v)).expand()),
    )


def _leading(response: Expr) -> Expr:
    """Order alpha of the average; the one of order sqrt(alpha) vanishes."""
    at = response.subs({growth: b * mean_gain * (1 + s * x), t: s * t1})
    first, second = (Poly((at.diff(s, k).subs(s, 0) / k).cancel(), gain) for k in (1, 2))
    powers = 1, mean_gain, mean_gain**2 * (1 + v)
    first, second = (sum(p.coeff_monomial(gain**k) * known for k, known in enumerate(powers)) for p in (first, second))
    return Eq(1 + first.cancel(), second.expand())


def _scaled(edge: Expr) -> Expr:
    return ((edge / (b * mean_gain) - 1) / sqrt(alpha)).expand()
