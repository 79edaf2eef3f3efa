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
        value, size = ((1 + even) * total for total in _refined(panels, _density(m, v), digits))
    with mpmath.workdps(digits + 3):
        return +value, +size


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
        if not growth(expression, side).finite(S(v)):
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


class Place(NamedTuple):
    """Where panels have to be short: not longer than `size` within `reach` of the centre, than the distance to it beyond."""

    centre: mpmath.mpf
    size: mpmath.mpf
    reach: mpmath.mpf

    def allows(self, low: mpmath.mpf, high: mpmath.mpf) -> bool:
        """Whether a panel is short enough."""
        gap = max(low - self.centre, self.centre - high, 0)
        return high - low <= (self.size if gap < self.reach else gap)


def _panels(pieces: Pieces, mean: mpmath.mpf, sd: mpmath.mpf, digits: int, half: bool) -> list[Panel]:
    """Every piece graded towards features, mean and peak, a logarithmic variable at singular ends; half: above the mean."""
    drop = (digits + 10) * mpmath.log(10)
    low, high, peak = _window(pieces, mean, sd, drop)
    low, peak = (mean, abs(peak)) if half else (low, peak)
    places = _places(pieces, mean, sd, peak, sd * mpmath.sqrt(2 * drop))
    panels: list[Panel] = []
    for (start, end), expression in zip(pieces.intervals, pieces.expressions, strict=True):
        if expression.is_zero:
            continue
        left, right = real(start), real(end)
        f = _compiled(expression)
        for a, b in _graded(max(left, low), min(right, high), places):
            if a == left and is_singular_at(expression, start):
                panels += _logarithmic(expression, start, 1, b - a, digits)
            elif b == right and is_singular_at(expression, end):
                panels += _logarithmic(expression, end, -1, b - a, digits)
            else:
                panels.append(Panel(a, b, lambda y, f=f: (y, _value(f, y))))  # type: ignore[misc]
    return panels


def _places(pieces: Pieces, mean: mpmath.mpf, sd: mpmath.mpf, peak: mpmath.mpf, reach: mpmath.mpf) -> list[Place]:
    centres = [(real(f.centre), real(f.scale)) for f in features(pieces)]
    narrowest = min([scale for _, scale in centres if scale > 0] + [sd])
    # far from the mean the weight falls on the length sd^2/|distance|, shorter than sd
    far = [peak] + [centre for centre, scale in centres if scale == 0]
    falls = [(point, sd**2 / abs(point - mean)) for point in far if abs(point - mean) > sd]
    sizes = [(centre, (scale or narrowest) / 2) for centre, scale in [*centres, *falls]]
    return [Place(point, 2 * sd, reach) for point in (mean, peak)] + [Place(point, size, size) for point, size in sizes]


def _graded(low: mpmath.mpf, high: mpmath.mpf, places: list[Place]) -> list[tuple[mpmath.mpf, mpmath.mpf]]:
    """An interval halved until every place allows every part."""
    if not low < high:
        return []
    if all(place.allows(low, high) for place in places):
        return [(low, high)]
    middle = (low + high) / 2
    return _graded(low, middle, places) + _graded(middle, high, places)


@lru_cache(maxsize=64)
def _compiled(expression: Expr) -> Callable[[mpmath.mpf], Any]:
    return mp_function(x, expression, cse=True)


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


def _window(
    pieces: Pieces, mean: mpmath.mpf, sd: mpmath.mpf, drop: mpmath.mpf
) -> tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf]:
    """Interval outside of which log|F| - z^2/2 stays `drop` below its largest sampled value, and the point of that.

    The largest value may lie far from the mean: exp(x) at large variance, Max(0, x - 1) at small variance.
    """
    samples = []
    spots = [(real(f.centre), real(f.scale)) for f in features(pieces)]
    for (start, end), expression in zip(pieces.intervals, pieces.expressions, strict=True):
        f = _compiled(expression)
        left, right = (real(point) for point in (start, end))
        for point in _probes(mean, sd, left, right, spots):
            value = abs(_value(f, point))
            level = mpmath.log(value) - ((point - mean) / sd) ** 2 / 2 if value else -mpmath.inf
            samples.append((point, level))
    samples.sort()
    top = max(range(len(samples)), key=lambda k: samples[k][1])
    if samples[top][1] == -mpmath.inf:
        return mean, mean, mean
    inside = [k for k, (_, level) in enumerate(samples) if level > samples[top][1] - drop]
    if inside[0] == 0 or inside[-1] == len(samples) - 1:
        raise DomainError("the integrand does not fall off within reach: the average is too close to infinite")
    # one sample further out on each side the integrand is known to be negligible
    low, high = samples[inside[0] - 1][0], samples[inside[-1] + 1][0]
    return min(low, mean), max(high, mean), samples[top][0]


def _probes(
    mean: mpmath.mpf, sd: mpmath.mpf, left: mpmath.mpf, right: mpmath.mpf, spots: list[tuple[mpmath.mpf, mpmath.mpf]]
) -> list[mpmath.mpf]:
    """Sample points inside one piece: geometric around the mean and the features, and away from the piece's ends."""
    points = [mean + sign * sd * distance for distance in _distances(mpmath.mp.prec) for sign in (-1, 1)]
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


@lru_cache(maxsize=8)
def _distances(precision: int) -> tuple[mpmath.mpf, ...]:
    """Four to an octave where a Gaussian has its weight, then one to an octave, where only what grows beats it."""
    with mpmath.workprec(precision):
        near = [mpmath.mpf(2) ** (mpmath.mpf(k) / 4) for k in range(-16, 24)]
        return (*near, *(mpmath.mpf(2**k) for k in range(6, _OCTAVES)))


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
) -> tuple[mpmath.mpf, mpmath.mpf]:
    """Halve panels until the two rules agree everywhere; the value and its size."""
    if not panels:
        return mpmath.mpf(0), mpmath.mpf(0)
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
            return value, size
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
    """Nodes and weights of the n-point Gauss-Legendre rule on [-1, 1]."""
    with mpmath.workprec(precision + 20):
        return tuple(zip(*mpmath.mp.gauss_quadrature(n, "legendre"), strict=True))
