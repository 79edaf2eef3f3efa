"""Gaussian averages by double-exponential quadrature that knows where the integrand is not smooth.

The line is cut at the breakpoints of the integrand (kinks, jumps, narrow features) and at the mean.  Each piece is mapped so
that every length scale beside its ends is resolved on a logarithmic axis, and the trapezoidal rule is halved until two
successive refinements agree (Takahasi & Mori 1974).  Integrands are functions of the offset u = x - breakpoint, so that an
algebraic singularity at a breakpoint loses no digits.
"""

from functools import lru_cache

import numpy as np

FIRST_LEVEL, LAST_LEVEL = 3, 11  # step 2^-level
LARGEST_BLOCK = 2_000_000  # array elements held at once
REACH = 38.0  # standard deviations; the Gaussian weight beyond is below 1e-313
TOUCHING = (
    1e-6  # standard deviations: the line is not cut at a mean so close to a breakpoint, no piece would be as short
)
SETTLED = 1e-6  # last relative change above which no rate of convergence is trusted
UNRESOLVED = 1e-10  # relative error above which a value is refused
CUT_OFF = 1e-13  # relative size of the outermost term above which the integrand does not end within reach
SQRT_2PI = 2.5066282746310002


@lru_cache(maxsize=256)
def trapezoid(level, lower, upper):
    """Nodes that halving the step from ``2^-(level-1)`` adds on [lower, upper] (all nodes at the first level)."""
    step = 2.0**-level
    k = np.arange(np.floor(lower / step), np.floor(upper / step) + 1)
    return (k if level == FIRST_LEVEL else k[k % 2 != 0]) * step


def half_line(t):
    """Map t -> (0, inf) and its derivative: exp(t - exp(-t)), for integrands with Gaussian decay."""
    decay = np.exp(-t)
    value = np.exp(t - decay)
    return value, value * (1.0 + decay)


def unit_interval(t):
    """Map t -> (0, 1): the value, its distance from 1 (both to full relative accuracy), and the derivative."""
    s = np.pi * np.sinh(t)
    small = np.exp(-np.abs(s)) / (1.0 + np.exp(-np.abs(s)))
    value = np.where(s < 0, small, 1.0 - small)
    rest = np.where(s < 0, 1.0 - small, small)
    return value, rest, np.pi * np.cosh(t) * value * rest


class Tail:
    """From `start` (distance from the breakpoint, >= 0) to infinity in direction `side`."""

    def __init__(self, function, side, breakpoint, start, scale):
        self.function, self.side = function, side
        self.columns = (breakpoint, start, scale)

    def contribution(self, t, columns, mean, deviation, parameters):
        """Integrand, and Gaussian weight times dx/dt, at the nodes t."""
        breakpoint, start, scale = columns
        distance, jacobian = half_line(t)
        u = self.side * (start + scale * distance)
        from_mean = np.where(start > 0, self.side * scale * distance, (breakpoint - mean) + u)
        z = from_mean / deviation
        return self.function(u, *parameters), np.exp(-0.5 * z * z) * (scale / deviation) * jacobian / SQRT_2PI

    def limits(self, lowest, deviation):
        """Range of t; the piece begins exp(-lowest) from its breakpoint."""
        # distance is measured in `scale`, which never exceeds the deviation
        scale = self.columns[2]
        return -np.log(lowest), np.log(REACH * np.max(deviation / scale))


class Segment:
    """A stretch of `length` beside a breakpoint in direction `side`; `reaches_mean` where its far end is the mean."""

    def __init__(self, function, side, breakpoint, length, reaches_mean):
        self.function, self.side = function, side
        self.columns = (breakpoint, length, reaches_mean)

    def contribution(self, t, columns, mean, deviation, parameters):
        """Integrand, and Gaussian weight times dx/dt, at the nodes t."""
        breakpoint, length, reaches_mean = columns
        near, far, jacobian = unit_interval(t)
        u = self.side * length * near
        from_mean = np.where(reaches_mean, -self.side * length * far, (breakpoint - mean) + u)
        z = from_mean / deviation
        return self.function(u, *parameters), np.exp(-0.5 * z * z) * (length / deviation) * jacobian / SQRT_2PI

    def limits(self, lowest, deviation):
        """Range of t; the piece begins exp(-lowest) from its breakpoint."""
        length = self.columns[1]
        crowding = np.log(max(np.max(length / deviation), 1.0))
        return -np.arcsinh((lowest + crowding) / np.pi), np.arcsinh((38.0 + crowding) / np.pi)


def gaussian_average(
    left,
    right,
    breakpoints,
    mean,
    variance,
    parameters=(),
    *,
    even=False,
    exponent=0.0,
    rtol=1e-14,
    last_level=LAST_LEVEL,
):
    """Average <F(x)> over x ~ N(mean, variance), vectorised over all numerical arguments.

    Parameters
    ----------
    left, right : sequence of callables
        ``right[k](u, *parameters)`` is F(b_k + u) for u > 0 up to the next breakpoint, ``left[k]`` the same for u < 0.
    breakpoints : sequence of array_like
        Increasing; at least one.  With `even`, only those >= 0, the first being 0.
    mean, variance : array_like
        Broadcast against each other, the breakpoints and the parameters.
    parameters : sequence of array_like
        Passed on to the integrand, one column per element.
    even : bool
        F is even and the mean is zero: integrate over x > 0 and double.
    exponent : float
        Lower bound (> -1) of the exponents q with F ~ |u|^q at a breakpoint.
    rtol : float
        Requested accuracy relative to <|F|>.
    last_level : int
        Level of refinement after which an element is given up.

    Returns
    -------
    value, error : ndarray
        The average and an estimate of its absolute error; value is nan where the integrand could not be resolved.
    """
    columns = np.broadcast_arrays(mean, variance, *breakpoints, *parameters)
    shape = columns[0].shape
    columns = [np.array(c, dtype=float).reshape(-1, 1) for c in columns]
    mean, deviation = columns[0], np.sqrt(columns[1])
    points, parameters = columns[2 : 2 + len(breakpoints)], columns[2 + len(breakpoints) :]
    value, error, size = np.zeros((3, mean.shape[0]))
    for piece in cut(left, right, points, mean, deviation, even):
        v, e, s = integrate_piece(piece, mean, deviation, parameters, 38.0 / (1.0 + exponent), rtol, size, last_level)
        value, error, size = value + v, error + e, size + s
    value[~((error <= UNRESOLVED * size) & np.isfinite(value))] = np.nan
    factor = 2.0 if even else 1.0
    return (factor * value).reshape(shape), (factor * error).reshape(shape)


def cut(left, right, points, mean, deviation, even):
    """Pieces of the line: tails beyond the outer breakpoints, and segments between breakpoints and the mean."""
    pieces = []
    outer = [(right[-1], 1.0, points[-1])] + ([] if even else [(left[0], -1.0, points[0])])
    for function, side, point in outer:
        inside = np.maximum(side * (mean - point), 0.0)  # the mean lies beyond the outer breakpoint
        inside = np.where(inside < TOUCHING * deviation, 0.0, inside)
        outside = np.maximum(side * (point - mean), 0.0)
        if np.any(inside > 0):
            pieces.append(Segment(function, side, point, inside, inside > 0))
        pieces.append(Tail(function, side, point, inside, deviation / (1.0 + outside / deviation)))
    for k in range(len(points) - 1):
        low, high = points[k], points[k + 1]
        margin = TOUCHING * np.minimum(deviation, high - low)
        between = (low + margin < mean) & (mean < high - margin)
        middle = np.where(between, mean, 0.5 * (low + high))
        pieces.append(Segment(right[k], 1.0, low, middle - low, between))
        pieces.append(Segment(left[k + 1], -1.0, high, high - middle, between))
    return pieces


def integrate_piece(piece, mean, deviation, parameters, lowest, rtol, others, last_level):
    """Refine the trapezoidal sum of one piece until every element has converged; `others` is <|F|> of earlier pieces.

    Returns the integrals of F and an estimate of their error, and the integrals of |F|.
    """
    lower, upper = piece.limits(lowest, deviation)
    count = mean.shape[0]
    total, scale, outermost = np.zeros((3, count))  # sums of F w and |F| w over the nodes so far, and the last term
    previous, change = np.full(count, np.nan), np.full(count, np.inf)
    value, error, size = np.full(count, np.nan), np.full(count, np.inf), np.zeros(count)
    active = np.arange(count)
    for level in range(FIRST_LEVEL, last_level + 1):
        t, step = trapezoid(level, lower, upper), 2.0**-level
        for block in np.array_split(active, max(1, int(active.size * t.size / LARGEST_BLOCK))):
            with np.errstate(all="ignore"):
                f, weight = piece.contribution(
                    t, [c[block] for c in piece.columns], mean[block], deviation[block], [p[block] for p in parameters]
                )
                terms = np.where(weight > 0, f * weight, 0.0)
            outermost[block] = np.maximum(outermost[block], np.abs(terms[:, -1]))
            total[block] += terms.sum(axis=1)
            scale[block] += np.abs(terms).sum(axis=1)
        estimate = step * total[active]
        new_change = np.abs(estimate - previous[active])
        size[active] = step * scale[active]
        with np.errstate(all="ignore"):
            # exponential convergence: the next change would be smaller by at least the last ratio
            ratio = np.where(new_change > 0, new_change / change[active], 0.0)
            expected = new_change * np.minimum(ratio, 1.0)
            known = size[active] + others[active]
            done = (expected <= rtol * known) & (new_change <= SETTLED * known)
        value[active], error[active] = estimate, np.maximum(expected, 1e-16 * size[active])
        previous[active], change[active] = estimate, new_change
        active = active[~done & np.isfinite(estimate)]
        if active.size == 0:
            break
    unended = ~(outermost <= CUT_OFF * scale)
    error[unended] = size[unended]
    return value, error, size
