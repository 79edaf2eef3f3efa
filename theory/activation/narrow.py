"""Narrow structure of a call f(u) whose argument u is no polynomial, found by sampling u along the real line.

tanh(50*(sin(x) - 1/2)) switches where its argument vanishes, exp(-(50*(tanh(x) - 1/2))**2) peaks where it turns. Both are
sign changes, of u and of u'. Samples lie 2% of 1 + |x| apart: what is wider than that shows itself to a quadrature rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

from sympy import Expr, lambdify

from theory.elementary import ELEMENTARY
from theory.functions import SmoothedPower, smoothed_power
from theory.symbols import x

_SPACING = 0.02
_REACH = 1e4
_NARROW = 0.1  # wider features, in units of 1 + |x|, need no help
_SATURATED = 50.0  # a call turns where |u| is larger: exp(-u), tanh(u), ... are constant there to all digits

Function = Callable[[float], float]


@lru_cache(maxsize=256)
def narrow_places(u: Expr, singular: bool) -> tuple[tuple[float, float], ...]:
    """Centre and scale of the narrow features of f(u), or of a power of u.

    Parameters
    ----------
    u : Expr
        Function of x alone.
    singular : bool
        Whether f is a power that is infinite at complex zeros of u, such as 1/u.

    Returns
    -------
    tuple of (float, float)
        In increasing order of the scale times 1 + |centre|.
    """
    value, slope, curvature = (_real_function(derivative) for derivative in (u, u.diff(x), u.diff(x, 2)))
    found = [(root, 1 / max(abs(slope(root)), 1e-300)) for root in _sign_changes(value)]
    for root in _sign_changes(slope):
        if not singular and abs(value(root)) > _SATURATED:
            continue
        bend = max(abs(curvature(root)), 1e-300)
        found.append((root, math.sqrt(2 * abs(value(root)) / bend) if singular else 1 / math.sqrt(bend)))
    narrow = [(centre, scale) for centre, scale in found if 0 < scale < _NARROW * (1 + abs(centre))]
    return tuple(sorted(narrow, key=lambda place: (place[1] * (1 + abs(place[0])), place[0])))


def _sign_changes(function: Function) -> Iterator[float]:
    """Points where the function changes sign between two samples, by bisection."""
    samples = [(point, function(point)) for point in _grid()]
    for (low, below), (high, above) in pairwise(samples):
        if below == 0:
            yield low
        elif below * above < 0:
            for _ in range(60):
                middle = (low + high) / 2
                if function(middle) * below > 0:
                    low = middle
                else:
                    high = middle
            yield (low + high) / 2


@lru_cache(maxsize=1)
def _grid() -> tuple[float, ...]:
    count = int(math.asinh(_REACH) / _SPACING)
    return tuple(math.sinh(_SPACING * k) for k in range(-count, count + 1))


def _real_function(expression: Expr) -> Function:
    """A function of floats, nan where it has no real value."""
    own: dict[str, Any] = {r.name: partial(r.value, m=math) for r in ELEMENTARY.values() if r.evaluate}
    own[SmoothedPower.__name__] = lambda n, z: float(smoothed_power(n, z))
    compiled = lambdify(x, expression, [own, "math"])

    def evaluated(point: float) -> float:
        try:
            value = compiled(point)
        except (ArithmeticError, ValueError):
            return math.nan
        return float(value) if isinstance(value, int | float) else math.nan

    return evaluated
