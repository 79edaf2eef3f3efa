"""Gaussian averages to many digits by mpmath, independent of every closed form and of the fast quadrature.

Composite Gauss-Legendre on panels graded geometrically around every kink, feature and the mean. Each panel is computed
with two numbers of nodes and halved until both agree; next to an algebraic or logarithmic singularity the variable is
the logarithm of the distance. Davis and Rabinowitz, Methods of Numerical Integration (2nd ed. 1984), sections 2.7, 6.1.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath
import sympy
from sympy import Expr, S

from theory.activation.endpoints import local_exponent
from theory.activation.features import features
from theory.activation.growth import growth
from theory.activation.pieces import Pieces, is_singular_at
from theory.errors import DomainError, InputError
from theory.highprecision import mp_function
from theory.symbols import x

GUARD = 15
"""Digits carried beyond those asked for."""

MAX_PANELS = 6000
_OCTAVES = 44

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
    return certify_with_size(pieces, mean, variance, digits)[0]


def certify_with_size(
    pieces: Pieces, mean: Number, variance: Number, digits: int = 30
) -> tuple[mpmath.mpf, mpmath.mpf]:
    """The average <F> as by `certify`, and <|F|> to a few per cent: the scale below which <F> cancels."""
    with mpmath.workdps(digits + GUARD):
        m, v = _checked(pieces, mean, variance)
        even = m == 0 and pieces.reflect() == pieces
        panels = _panels(pieces, m, mpmath.sqrt(v), digits, half=even)
        value, size = ((1 + even) * total for total in _refined(panels, _density(m, v), digits)[:2])
    with mpmath.workdps(digits + 3):
        return +value, +size


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
        correlation = real(rho)
        if not abs(correlation) < 1:
            raise InputError(f"rho = {rho} is not between -1 and 1")
        m, v = _checked(first, mean, variance)
        _checked(second, mean, variance)
        sd, narrow = mpmath.sqrt(v), mpmath.sqrt(1 - correlation**2)
        meshes = []
        for function in (first, second):
            panels = _panels(function, m, sd, digits, width=narrow)
            meshes.append(_refined(panels, _density(m, v), digits)[2])
        coarse = _orders(digits)[0]
        totals = [_pair_sum(meshes, n, m, sd, correlation, digits) for n in (coarse, coarse + 2)]
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
    m, v = real(mean), real(variance)
    if not (v > 0 and mpmath.isfinite(v) and mpmath.isfinite(m)):
        raise InputError(f"mean {mean} and variance {variance} do not define a Gaussian")
    for index, point in enumerate(pieces.breakpoints):
        for side in (-1, 1):
            exponent = pieces.exponent(index, side)
            if exponent is S.NegativeInfinity or (exponent.is_finite and real(exponent) <= -1):
                raise DomainError(f"the average is infinite: the integrand grows as |x - {point}|^({exponent})")
    for expression, side in ((pieces.expressions[-1], 1), (pieces.expressions[0], -1)):
        far = growth(expression, side)
        if far.kind == "faster" or (far.kind == "gaussian" and 2 * real(far.gaussian_rate) * v >= 1):
            raise DomainError(f"the average is infinite at variance {mpmath.nstr(v, 8)}: growth beats the Gaussian")
    return m, v


def real(number: Number) -> mpmath.mpf:
    """A number at the working precision."""
    if isinstance(number, Expr):
        if number.is_infinite:
            return mpmath.inf if number is S.Infinity else -mpmath.inf
        return mpmath.mpf(sympy.N(number, mpmath.mp.dps + 5)._to_mpmath(mpmath.mp.prec))
    return mpmath.mpf(number)


def _density(mean: mpmath.mpf, variance: mpmath.mpf) -> Callable[[mpmath.mpf], mpmath.mpf]:
    norm, rate = 1 / mpmath.sqrt(2 * mpmath.pi * variance), 1 / (2 * variance)
    return lambda point: norm * mpmath.exp(-rate * (point - mean) ** 2)


def _panels(
    pieces: Pieces, mean: mpmath.mpf, sd: mpmath.mpf, digits: int, width: Number = 1, half: bool = False
) -> list[Panel]:
    """All panels, with `half` those above the mean: graded cuts inside every piece, a logarithmic variable at singular ends."""
    drop = (digits + 10) * mpmath.log(10)
    window = _window(pieces, mean, sd, drop)
    low, high = mean if half else window.low, window.high
    centres = [(real(f.centre), real(f.scale)) for f in features(pieces)]
    cuts = _cuts(centres, window, sd * width, sd * mpmath.sqrt(2 * drop))
    panels: list[Panel] = []
    for (start, end), expression in zip(pieces.intervals, pieces.expressions, strict=True):
        if expression.is_zero:
            continue
        left, right = real(start), real(end)
        first, last = max(left, low), min(right, high)
        edges = [first, *(cut for cut in cuts if first < cut < last), last]
        f = mp_function(x, expression)
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
    try:
        value = mpmath.mpmathify(f(point))
    except (ArithmeticError, ValueError) as error:
        raise DomainError(f"the integrand has no value at x = {mpmath.nstr(point, 8)}: {error}") from error
    if isinstance(value, mpmath.mpc):
        if abs(value.imag) > abs(value) * mpmath.mpf(10) ** (GUARD - mpmath.mp.dps):
            raise DomainError(f"the integrand is not real at x = {mpmath.nstr(point, 8)}")
        return value.real
    return value


def _cuts(
    centres: list[tuple[mpmath.mpf, mpmath.mpf]], window: Window, step: mpmath.mpf, reach: mpmath.mpf
) -> list[mpmath.mpf]:
    """Cut points: multiples of `step` around mean and peak, centres, and geometric grading away from all of these."""
    cuts = []
    for middle in dict.fromkeys((window.mean, window.peak)):
        cuts += [middle + 2 * step * k for k in range(-int(reach / (2 * step)) - 1, int(reach / (2 * step)) + 2)]
    narrowest = min([scale for _, scale in centres if scale > 0] + [step])
    # far from the mean the weight falls on the length sd^2/|distance|, shorter than sd
    far = [window.peak] + [centre for centre, scale in centres if scale == 0]
    falls = [(point, step**2 / abs(point - window.mean)) for point in far if abs(point - window.mean) > step]
    for centre, scale in [*centres, *falls, (window.mean, 2 * reach)]:
        cuts.append(centre)
        distance = (scale or narrowest) / 2
        while distance < max(abs(window.high - centre), abs(window.low - centre)):
            cuts += [centre - distance, centre + distance]
            distance *= 2
    kept: list[mpmath.mpf] = []
    for cut in sorted(cut for cut in cuts if window.low < cut < window.high):
        # cuts that differ by rounding would leave empty panels; breakpoints are put in again by the caller
        if not kept or cut - kept[-1] > step * mpmath.mpf(10) ** (-mpmath.mp.dps // 2):
            kept.append(cut)
    return kept


class Window(NamedTuple):
    """Interval outside of which the integrand is negligible, its largest sampled point, and the mean."""

    low: mpmath.mpf
    high: mpmath.mpf
    peak: mpmath.mpf
    mean: mpmath.mpf


def _window(pieces: Pieces, mean: mpmath.mpf, sd: mpmath.mpf, drop: mpmath.mpf) -> Window:
    """Search outward for where log|F| - z^2/2 stays `drop` below its largest value.

    The largest value may lie far from the mean: exp(x) at large variance, Max(0, x - 1) at small variance.
    """
    samples = []
    spots = [(real(f.centre), real(f.scale)) for f in features(pieces)]
    for (start, end), expression in zip(pieces.intervals, pieces.expressions, strict=True):
        f = mp_function(x, expression)
        left, right = (real(point) for point in (start, end))
        for point in _probes(mean, sd, left, right, spots):
            value = abs(_value(f, point))
            level = mpmath.log(value) - ((point - mean) / sd) ** 2 / 2 if value else -mpmath.inf
            samples.append((point, level))
    samples.sort()
    top = max(range(len(samples)), key=lambda k: samples[k][1])
    if samples[top][1] == -mpmath.inf:
        return Window(mean, mean, mean, mean)
    inside = [k for k, (_, level) in enumerate(samples) if level > samples[top][1] - drop]
    if inside[0] == 0 or inside[-1] == len(samples) - 1:
        raise DomainError("the integrand does not fall off within reach: the average is too close to infinite")
    # one sample further out on each side the integrand is known to be negligible
    low, high = samples[inside[0] - 1][0], samples[inside[-1] + 1][0]
    return Window(min(low, mean), max(high, mean), samples[top][0], mean)


def _probes(
    mean: mpmath.mpf, sd: mpmath.mpf, left: mpmath.mpf, right: mpmath.mpf, spots: list[tuple[mpmath.mpf, mpmath.mpf]]
) -> list[mpmath.mpf]:
    """Sample points inside one piece: geometric around the mean and the features, and away from the piece's ends."""
    points = [
        mean + sign * sd * mpmath.mpf(2) ** (mpmath.mpf(k) / 4) for k in range(-16, 4 * _OCTAVES) for sign in (-1, 1)
    ]
    for centre, scale in spots:
        points += [centre + sign * scale * mpmath.mpf(2) ** k for k in range(-3, 6) for sign in (-1, 1) if scale]
    if mpmath.isfinite(left) and mpmath.isfinite(right):
        # a piece much narrower than sd would fall between the points above
        points += [left + (right - left) * k / 8 for k in range(1, 8)]
    for end, sign in ((left, 1), (right, -1)):
        if mpmath.isfinite(end) and abs(end - mean) > sd:
            # beyond an end far from the mean the weight falls on the length sd^2/|end - mean|
            fall = sd**2 / abs(end - mean)
            points += [end + sign * fall * mpmath.mpf(2) ** k for k in range(-4, 12)]
    return [point for point in points if left < point < right]


def _logarithmic(expression: Expr, point: Expr, side: int, length: mpmath.mpf, digits: int) -> list[Panel]:
    """Panels in y = -log t for t = |x - point| in (0, length], down to a negligible remainder."""
    t = sympy.Symbol("t", positive=True)
    f = mp_function(t, expression.xreplace({x: point + side * t}))
    exponent = local_exponent(expression, point, side)
    power = 1 + (real(exponent) if exponent.is_finite else 10)
    centre, depth = real(point), (digits + 8) * mpmath.log(10) / power
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
) -> tuple[mpmath.mpf, mpmath.mpf, list[Panel]]:
    """Halve panels until the two rules agree everywhere; the value, its size and the final panels."""
    if not panels:
        return mpmath.mpf(0), mpmath.mpf(0), []
    estimates = [(panel, _estimate(panel, density, digits)) for panel in panels]
    while True:
        size = mpmath.fsum(estimate.size for _, estimate in estimates)
        if not mpmath.isfinite(size):
            raise DomainError("the integrand is infinite at a point where the average is evaluated")
        allowed = mpmath.mpf(10) ** -digits * size / (2 * len(estimates))
        bad = [pair for pair in estimates if pair[1].change > allowed]
        change = mpmath.fsum(estimate.change for _, estimate in estimates)
        if not bad or change <= mpmath.mpf(10) ** -digits * size / 2:
            value = mpmath.fsum(estimate.value for _, estimate in estimates)
            return value, size, [panel for panel, _ in estimates]
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
    across = mpmath.sqrt(2 * (1 - rho**2))
    rows, columns = (_significant(mesh, n, mean, sd, digits) for mesh in meshes)
    columns = sorted((z / across, b) for z, b in columns)
    places = [z for z, _ in columns]
    reach = mpmath.sqrt((digits + 8) * mpmath.log(10))
    total = size = mpmath.mpf(0)
    for u, a in rows:
        centre = rho * u / across
        near = columns[bisect_left(places, centre - reach) : bisect_right(places, centre + reach)]
        inner = [b * mpmath.exp(-((z - centre) ** 2)) for z, b in near]
        outer = a * mpmath.exp(-u * u / 2)
        total += outer * mpmath.fsum(inner)
        size += abs(outer) * mpmath.fsum(inner, absolute=True)
    norm = 1 / (mpmath.pi * mpmath.sqrt(2) * across * sd**2)
    return norm * total, norm * size


def _significant(
    mesh: list[Panel], n: int, mean: mpmath.mpf, sd: mpmath.mpf, digits: int
) -> list[tuple[mpmath.mpf, mpmath.mpf]]:
    """(z, weight times F) at the nodes that can matter to the digits asked for."""
    nodes = [((p - mean) / sd, w * f) for panel in mesh for p, f, w in _samples(panel, n)]
    sizes = [abs(a) * mpmath.exp(-(z**2) / 2) for z, a in nodes]
    floor = max(sizes, default=mpmath.mpf(0)) * mpmath.mpf(10) ** (-digits - 6)
    return [node for node, size in zip(nodes, sizes, strict=True) if size > floor]
