"""Gaussian averages to many digits by mpmath, independent of every closed form and of the fast quadrature.

Composite Gauss-Legendre on panels graded geometrically around every kink, feature and the mean. Each panel is computed
with two numbers of nodes and halved until both agree; next to an algebraic or logarithmic singularity the variable is
the logarithm of the distance. Davis and Rabinowitz, Methods of Numerical Integration (2nd ed. 1984), sections 2.7, 6.1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath
import sympy
from sympy import Expr, S

from theory.endpoints import local_exponent
from theory.errors import DomainError, InputError
from theory.features import features
from theory.functions import MPMATH_NAMES
from theory.growth import growth
from theory.pieces import Pieces, is_singular_at
from theory.symbols import x

GUARD = 15
"""Digits carried beyond those asked for."""

MAX_PANELS = 6000

Number = Any
"""mpmath real, Python number or SymPy number."""


class Panel(NamedTuple):
    """An interval of the integration variable y, and y -> (x, F(x) dx/dy)."""

    low: mpmath.mpf
    high: mpmath.mpf
    at: Callable[[mpmath.mpf], tuple[mpmath.mpf, mpmath.mpf]]


class Estimate(NamedTuple):
    """Integral over one panel by the finer rule, its size, and the change from the coarser rule."""

    value: mpmath.mpf
    size: mpmath.mpf
    change: mpmath.mpf


def certify(pieces: Pieces, mean: Number, variance: Number, digits: int = 30) -> mpmath.mpf:
    """The average <F> for x ~ N(mean, variance).

    Parameters
    ----------
    pieces : Pieces
        F, without free parameters.
    mean, variance : number
        Real; variance > 0.
    digits : int
        The error is below ``10**-digits`` times <|F|> (so below 10**-digits of the value itself unless F cancels).

    Returns
    -------
    mpmath.mpf

    Raises
    ------
    InputError
        If a parameter has no value or the variance is not positive.
    DomainError
        If the average is infinite, or two rules do not agree to the digits asked for.
    """
    with mpmath.workdps(digits + GUARD):
        m, v = _checked(pieces, mean, variance)
        density = _density(m, v)
        panels = _panels(pieces, m, mpmath.sqrt(v), digits)
        value, _ = _refined(panels, density, digits)
    with mpmath.workdps(digits + 3):
        return +value


def certify_pair(
    first: Pieces, second: Pieces, mean: Number, variance: Number, rho: Number, digits: int = 15
) -> mpmath.mpf:
    """The two-point average <F(u) G(v)>, u and v ~ N(mean, variance) with correlation rho.

    Parameters
    ----------
    first, second : Pieces
        F and G, without free parameters.
    mean, variance, rho : number
        Real; variance > 0 and \\|rho\\| < 1. The work grows as 1/(1 - rho^2).
    digits : int
        As in `certify`, relative to <|F(u) G(v)|>.

    Raises
    ------
    InputError, DomainError
        As in `certify`; InputError if \\|rho\\| >= 1.
    """
    with mpmath.workdps(digits + GUARD):
        correlation = _real(rho)
        if not abs(correlation) < 1:
            raise InputError(f"rho = {rho} is not between -1 and 1")
        m, v = _checked(first, mean, variance)
        _checked(second, mean, variance)
        sd, narrow = mpmath.sqrt(v), mpmath.sqrt(1 - correlation**2)
        meshes = []
        for function in (first, second):
            panels = _panels(function, m, sd, digits, width=narrow)
            meshes.append(_refined(panels, _density(m, v), digits)[1])
        coarse, fine = _orders(digits)
        totals = [_pair_sum(meshes, n, m, sd, correlation, digits) for n in (coarse, fine)]
        if not abs(totals[1][0] - totals[0][0]) <= mpmath.mpf(10) ** -digits * totals[1][1]:
            raise DomainError(f"two rules for the two-point average do not agree to {digits} digits")
        value = totals[1][0]
    with mpmath.workdps(digits + 3):
        return +value


def _checked(pieces: Pieces, mean: Number, variance: Number) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Mean and variance as numbers, after the average is known to be finite."""
    free = sorted({s.name for part in (*pieces.expressions, *pieces.breakpoints) for s in part.free_symbols - {x}})
    if free:
        raise InputError(f"a number is needed for the parameters {', '.join(free)}")
    m, v = _real(mean), _real(variance)
    if not (v > 0 and mpmath.isfinite(v) and mpmath.isfinite(m)):
        raise InputError(f"mean {mean} and variance {variance} do not define a Gaussian")
    for index, point in enumerate(pieces.breakpoints):
        for side in (-1, 1):
            exponent = pieces.exponent(index, side)
            if exponent is S.NegativeInfinity or (exponent.is_finite and _real(exponent) <= -1):
                raise DomainError(f"the average is infinite: the integrand grows as |x - {point}|^({exponent})")
    for expression, side in ((pieces.expressions[-1], 1), (pieces.expressions[0], -1)):
        far = growth(expression, side)
        if far.kind == "faster" or (far.kind == "gaussian" and 2 * _real(far.gaussian_rate) * v >= 1):
            raise DomainError(f"the average is infinite at variance {mpmath.nstr(v, 8)}: growth beats the Gaussian")
    return m, v


def _real(number: Number) -> mpmath.mpf:
    if isinstance(number, Expr):
        return mpmath.mpf(sympy.N(number, mpmath.mp.dps + 5)._to_mpmath(mpmath.mp.prec))
    return mpmath.mpf(number)


def _density(mean: mpmath.mpf, variance: mpmath.mpf) -> Callable[[mpmath.mpf], mpmath.mpf]:
    norm, rate = 1 / mpmath.sqrt(2 * mpmath.pi * variance), 1 / (2 * variance)
    return lambda point: norm * mpmath.exp(-rate * (point - mean) ** 2)


def _panels(pieces: Pieces, mean: mpmath.mpf, sd: mpmath.mpf, digits: int, width: Number = 1) -> list[Panel]:
    """All panels: graded cuts inside every piece, a logarithmic variable next to singular ends."""
    low, high = _edges(pieces, mean, sd, digits)
    centres = [(_real(f.centre), _real(f.scale)) for f in features(pieces)]
    cuts = _cuts(centres, mean, sd * width, low, high)
    panels: list[Panel] = []
    for (start, end), expression in zip(pieces.intervals, pieces.expressions, strict=True):
        if expression.is_zero:
            continue
        left = low if start.is_infinite else _real(start)
        right = high if end.is_infinite else _real(end)
        inside = [left, *(cut for cut in cuts if left < cut < right), right]
        edges = [max(edge, low) for edge in inside if edge <= high] + ([high] if right > high > left else [])
        f = sympy.lambdify(x, expression, modules=[MPMATH_NAMES, "mpmath"])
        for a, b in pairwise(edges):
            if not a < b:
                continue
            if a == left and is_singular_at(expression, start):
                panels += _logarithmic(expression, start, 1, b - a, digits)
            elif b == right and is_singular_at(expression, end):
                panels += _logarithmic(expression, end, -1, b - a, digits)
            else:
                panels.append(Panel(a, b, lambda y, f=f: (y, _value(f, y))))  # type: ignore[misc]
    return panels


def _value(f: Callable, point: mpmath.mpf) -> mpmath.mpf:
    value = mpmath.mpmathify(f(point))
    if isinstance(value, mpmath.mpc):
        if abs(value.imag) > abs(value) * mpmath.mpf(10) ** (GUARD - mpmath.mp.dps):
            raise DomainError(f"the integrand is not real at x = {mpmath.nstr(point, 8)}")
        return value.real
    return value


def _cuts(
    centres: list[tuple[mpmath.mpf, mpmath.mpf]], mean: mpmath.mpf, step: mpmath.mpf, low: mpmath.mpf, high: mpmath.mpf
) -> list[mpmath.mpf]:
    """Cut points: multiples of `step` around the mean, centres, and geometric grading away from each centre."""
    span = high - low
    steps = int(mpmath.ceil(span / (2 * step)))
    if steps > MAX_PANELS:
        raise DomainError("the integrand is spread over too many standard deviations")
    cuts = [mean] + [mean + sign * 2 * step * k for k in range(1, steps + 1) for sign in (-1, 1)]
    narrowest = min([scale for _, scale in centres if scale > 0] + [step])
    for centre, scale in centres:
        cuts.append(centre)
        distance = (scale or narrowest) / 2
        while distance < max(abs(high - centre), abs(low - centre)):
            cuts += [centre - distance, centre + distance]
            distance *= 2
    kept: list[mpmath.mpf] = []
    for cut in sorted(cut for cut in cuts if low < cut < high):
        # cuts that differ by rounding would leave empty panels; breakpoints are put in again by the caller
        if not kept or cut - kept[-1] > span * mpmath.mpf(10) ** (-mpmath.mp.dps // 2):
            kept.append(cut)
    return kept


def _edges(pieces: Pieces, mean: mpmath.mpf, sd: mpmath.mpf, digits: int) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Interval outside of which the integrand is negligible, growth of F included."""
    drop = (digits + 10) * mpmath.log(10)
    edges = []
    for side, expression in ((-1, pieces.expressions[0]), (1, pieces.expressions[-1])):
        reach = mpmath.sqrt(2 * drop)
        if growth(expression, side).kind in ("exponential", "gaussian"):
            reach = _reach(expression, mean, sd, side, drop)
        edges.append(mean + side * sd * reach)
    return edges[0], edges[1]


def _reach(expression: Expr, mean: mpmath.mpf, sd: mpmath.mpf, side: int, drop: mpmath.mpf) -> mpmath.mpf:
    """Distance in standard deviations beyond which log|F| - z^2/2 stays `drop` below its largest value."""
    f = sympy.lambdify(x, expression, modules=[MPMATH_NAMES, "mpmath"])
    distances = [mpmath.mpf(2) ** (mpmath.mpf(k) / 4) for k in range(-8, 100)]
    logs = []
    for z in distances:
        value = abs(_value(f, mean + side * sd * z))
        logs.append(mpmath.log(value) - z**2 / 2 if value else -mpmath.inf)
    top = max([*logs, mpmath.mpf(0)])
    reach = max((z for z, value in zip(distances, logs, strict=True) if value > top - drop), default=distances[0])
    if reach == distances[-1]:
        raise DomainError("the integrand does not fall off within reach: the average is too close to infinite")
    return max(reach * mpmath.mpf(2) ** 0.5, mpmath.sqrt(2 * drop))


def _logarithmic(expression: Expr, point: Expr, side: int, length: mpmath.mpf, digits: int) -> list[Panel]:
    """Panels in y = -log t for t = |x - point| in (0, length], down to a negligible remainder."""
    t = sympy.Symbol("t", positive=True)
    f = sympy.lambdify(t, expression.xreplace({x: point + side * t}), modules=[MPMATH_NAMES, "mpmath"])
    exponent = local_exponent(expression, point, side)
    power = 1 + (_real(exponent) if exponent.is_finite else 10)
    centre, depth = _real(point), (digits + 8) * mpmath.log(10) / power
    # t is exact but point + t is not: carry the digits that cancel
    extra = 0 if point.is_zero else int(depth * mpmath.mpf("1.45")) + 10

    def at(y: mpmath.mpf) -> tuple[mpmath.mpf, mpmath.mpf]:
        with mpmath.extraprec(extra):
            distance = mpmath.exp(-y)
            return centre + side * distance, _value(f, distance) * distance

    start = -mpmath.log(length)
    count = int(mpmath.ceil(depth * min(power, 1) / 4)) + 4
    stops = [start + depth * k / count for k in range(count + 1)]
    return [Panel(a, b, at) for a, b in pairwise(stops)]


def _orders(digits: int) -> tuple[int, int]:
    """Numbers of nodes: on a panel as long as its distance to a singularity each node gives 1.5 digits."""
    coarse = int((digits + 4) / 1.53) + 2
    return coarse, coarse + coarse // 4 + 2


def _refined(
    panels: list[Panel], density: Callable[[mpmath.mpf], mpmath.mpf], digits: int
) -> tuple[mpmath.mpf, list[Panel]]:
    """Halve panels until the two rules agree everywhere; the value and the final panels."""
    if not panels:
        return mpmath.mpf(0), []
    estimates = [(panel, _estimate(panel, density, digits)) for panel in panels]
    while True:
        size = mpmath.fsum(estimate.size for _, estimate in estimates)
        if not mpmath.isfinite(size):
            raise DomainError("the integrand is infinite at a point where the average is evaluated")
        allowed = mpmath.mpf(10) ** -digits * size / (2 * len(estimates))
        bad = [pair for pair in estimates if pair[1].change > allowed]
        change = mpmath.fsum(estimate.change for _, estimate in estimates)
        if not bad or change <= mpmath.mpf(10) ** -digits * size / 2:
            return mpmath.fsum(estimate.value for _, estimate in estimates), [panel for panel, _ in estimates]
        if len(estimates) + len(bad) > MAX_PANELS or any(_too_short(panel) for panel, _ in bad):
            raise DomainError(f"two quadrature rules do not agree to {digits} digits")
        estimates = [pair for pair in estimates if pair[1].change <= allowed]
        for panel, _ in bad:
            middle = (panel.low + panel.high) / 2
            for half in (Panel(panel.low, middle, panel.at), Panel(middle, panel.high, panel.at)):
                estimates.append((half, _estimate(half, density, digits)))


def _too_short(panel: Panel) -> bool:
    size = abs(panel.low) + abs(panel.high)
    return bool(panel.high - panel.low <= size * mpmath.mpf(10) ** (GUARD // 2 - mpmath.mp.dps))


def _estimate(panel: Panel, density: Callable[[mpmath.mpf], mpmath.mpf], digits: int) -> Estimate:
    coarse, fine = _orders(digits)
    rough = mpmath.fsum(w * f * density(p) for p, f, w in _samples(panel, coarse))
    terms = [w * f * density(p) for p, f, w in _samples(panel, fine)]
    value = mpmath.fsum(terms)
    return Estimate(value, mpmath.fsum(abs(term) for term in terms), abs(value - rough))


def _samples(panel: Panel, n: int) -> list[tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]]:
    """(x, F(x) dx/dy, weight) at the nodes of the n-point rule."""
    middle, radius = (panel.low + panel.high) / 2, (panel.high - panel.low) / 2
    return [(*panel.at(middle + radius * node), radius * weight) for node, weight in _legendre(n, mpmath.mp.prec)]


@lru_cache(maxsize=32)
def _legendre(n: int, precision: int) -> tuple[tuple[mpmath.mpf, mpmath.mpf], ...]:
    """Nodes and weights of the n-point Gauss-Legendre rule by Newton's method (Abramowitz & Stegun 25.4.29)."""
    with mpmath.workprec(precision + 20):
        rule = []
        for k in range(n):
            node = mpmath.cos(mpmath.pi * (k + mpmath.mpf(3) / 4) / (n + mpmath.mpf(1) / 2))
            for _ in range(100):
                before, value = mpmath.mpf(1), node
                for order in range(2, n + 1):
                    before, value = value, ((2 * order - 1) * node * value - (order - 1) * before) / order
                slope = n * (node * value - before) / (node**2 - 1)
                node -= value / slope
                if abs(value / slope) < mpmath.mpf(2) ** (-precision // 2 - 10):
                    break
            before, value = mpmath.mpf(1), node
            for order in range(2, n + 1):
                before, value = value, ((2 * order - 1) * node * value - (order - 1) * before) / order
            slope = n * (node * value - before) / (node**2 - 1)
            rule.append((node, 2 / ((1 - node**2) * slope**2)))
        return tuple(rule)


def _pair_sum(
    meshes: list[list[Panel]], n: int, mean: mpmath.mpf, sd: mpmath.mpf, rho: mpmath.mpf, digits: int
) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Double sum over the two meshes with the joint density, and the sum of sizes."""
    across = mpmath.sqrt(1 - rho**2)
    norm = 1 / (2 * mpmath.pi * across * sd**2)
    reach = mpmath.sqrt(2 * (digits + 10) * mpmath.log(10)) * across
    rows, columns = ([((p - mean) / sd, w * f) for panel in mesh for p, f, w in _samples(panel, n)] for mesh in meshes)
    total = size = mpmath.mpf(0)
    for u, a in rows:
        if a == 0:
            continue
        outer = a * mpmath.exp(-(u**2) / 2)
        near = [(z - rho * u, b) for z, b in columns if abs(z - rho * u) < reach]
        inner = [b * mpmath.exp(-((z / across) ** 2) / 2) for z, b in near]
        total += outer * mpmath.fsum(inner)
        size += abs(outer) * mpmath.fsum(abs(term) for term in inner)
    return norm * total, norm * size
