"""Stored patterns: nodes of the law of their rates, and the inputs and gains that an activation asks for to have these rates.

A law is integrated in y = log r, cut where either tail has the probability of a normal variable beyond `tail` standard
deviations.  The input u = phi^-1(r) is found between the neighbours of r in a table of phi, by Newton in log phi where phi is
positive: rates may be as small as numbers are.
"""

from typing import NamedTuple

import numpy as np
from scipy import special

from numerics.algorithms.primitive import gauss_panels

WHOLE = 8.5  # standard deviations of a normal variable beyond which a law is cut in any case
NODES_OF_PANEL = 12
WIDEST = 0.25  # panel in log r, and in standard deviations of log r: bends of phi come near the rates as singularities
TAIL_PANELS = 40.0  # panels below the bulk of a law beyond which they grow
GROWTH = 1.12  # of neighbouring panels in the lower tail of a law, where its density is exponential in log r
INPUTS = np.concatenate([np.geomspace(1e-300, 1e-2, 150), np.arange(0.05, 50.0, 0.05), np.geomspace(50.0, 1e100, 400)])
NOISE = 1e-12  # relative change of phi between neighbouring inputs of the table that may be rounding
STEPS = 200  # of the search for an input
INPUT_SETTLED = 1e-14  # relative size of the last step of Newton: what is left is its square
RATE_ROUNDING = 4e-16  # of an input, or of a value of phi
LARGEST_MISS = 1e-12  # of an input where phi is rounded, relative to the largest input
HIGHEST_RATE = np.finfo(float).max
MISSED = 1e-9  # relative distance from r at which phi jumps over it


class Patterns(NamedTuple):
    """Rates of a stored pattern with the input and the gain that each asks for, arrays of shape (M,)."""

    r: np.ndarray
    u: np.ndarray  # phi^-1(r)
    gain: np.ndarray  # phi'(u)
    weight: np.ndarray  # probabilities, of sum 1


def law_nodes(law, CV=1.0, f=1.0, eps=1.0, samples=(), tail=WHOLE, breakpoints=()):
    """Rates and probabilities that stand for a law with mean 1.

    Parameters
    ----------
    law : {'lognormal', 'gamma', 'halfnormal', 'sparse', 'samples'}
    CV : float
        Coefficient of variation, of the log-normal part for 'sparse'.
    f, eps : float
        Of 'sparse': the rate is eps with probability 1 - f, and log-normal otherwise; rates are nan unless (1 - f) eps < 1.
    samples : sequence of float
        Of 'samples': the rates themselves, with equal weights.
    tail : float
        Where the law is cut, in standard deviations of a normal variable with the same probability beyond it.
    breakpoints : sequence of float
        Rates at which the integrands are not smooth.

    Returns
    -------
    r, weight : ndarray, shape (M,)
    """
    if law == "samples" and len(samples):
        r = np.asarray(samples, dtype=float)
        return r, np.full(r.shape, 1.0 / r.size)
    if law == "lognormal":
        return lognormal_nodes(CV, tail, breakpoints)
    if law == "sparse":
        mean = (1.0 - (1.0 - f) * eps) / f if (1.0 - f) * eps < 1.0 else np.nan
        r, weight = lognormal_nodes(CV, tail, np.asarray(breakpoints) / mean)
        return (np.append(eps, mean * r), np.append(1.0 - f, f * weight)) if f < 1 else (r, weight)
    if law == "gamma":
        return gamma_power_nodes(CV**-2, 1.0, 1.0, tail, breakpoints)
    if law != "halfnormal":
        raise ValueError(f"law = {law!r} is none of lognormal, gamma, halfnormal, sparse, samples")
    return gamma_power_nodes(0.5, 0.5, np.sqrt(0.5 * np.pi), tail, breakpoints)


def tail_of(units):
    """Where a law is cut that a number of units stand for, `tail` of `law_nodes`; 0 for no cut."""
    return -special.ndtri(1.0 / units) if units > 0 else WHOLE


def lognormal_nodes(CV, tail, breakpoints):
    """Nodes of r = exp(s x - s^2/2), x ~ N(0, 1), s^2 = log(1 + CV^2)."""
    s = np.sqrt(np.log1p(CV**2))
    step = WIDEST / max(1.0, s)
    edges = np.linspace(-tail, tail, int(np.ceil(2.0 * tail / step)) + 1)
    x, weight = panel_nodes(edges, breakpoints, lambda r: np.log(r) / s + 0.5 * s, lambda x: np.exp(-0.5 * x * x))
    return np.exp(s * x - 0.5 * s * s), weight


def gamma_power_nodes(shape, power, scale, tail, breakpoints):
    """Nodes of ``r = scale (G/shape)^power``, G a gamma variable of this shape, in w = log(G/shape)."""
    beyond = special.ndtr(-tail)
    low = special.gammaincinv(shape, beyond)
    low = np.log(low) if low > 1e-20 else (np.log(beyond) + special.gammaln(shape + 1.0)) / shape
    low = max(low - np.log(shape), -690.0)
    high = np.log(special.gammainccinv(shape, beyond) / shape)
    step = WIDEST * min(1.0, shape**-0.5)
    core = max(low, -TAIL_PANELS * step)
    edges = np.linspace(core, high, int(np.ceil((high - core) / step)) + 1)
    growths = int(np.ceil(np.log(low / core) / np.log(GROWTH)))
    edges = np.append(-np.geomspace(-low, -core, growths + 1)[:-1], edges)
    w, weight = panel_nodes(
        edges, breakpoints, lambda r: np.log(r / scale) / power, lambda w: np.exp(shape * (w - np.expm1(w)))
    )
    return scale * np.exp(power * w), weight


def panel_nodes(edges, breakpoints, coordinate, density):
    """Nodes and probabilities of a density, not normalised, between the edges; panels end also where a rate is a breakpoint."""
    points = np.asarray(breakpoints, dtype=float)
    breaks = coordinate(points[points > 0])
    x, weight = gauss_panels(np.union1d(edges, breaks[(breaks > edges[0]) & (breaks < edges[-1])]), NODES_OF_PANEL)
    weight = weight * density(x)
    return x.ravel(), weight.ravel() / np.sum(weight)


def stored_patterns(phi, phi_prime, r, weight):
    """The patterns with these rates; input and gain are nan where phi does not take the rate."""
    u = invert(phi, phi_prime, r)
    return Patterns(r, u, phi_prime(u), weight)


def invert(phi, phi_prime, r):
    """The input u with phi(u) = r, on the stretch where phi increases and takes all of r.

    The activation and its slope are functions of u alone; rates are positive down to 1e-300, or of any sign. To relative
    accuracy 1e-13 as far as phi is accurate and u not rounded by it; nan where phi does not take the value with a positive slope,
    and everywhere if no stretch, or more than one, takes all of r.
    """
    r = np.asarray(r, dtype=float)
    with np.errstate(all="ignore"):
        stretches = increasing_stretches(phi, phi_prime)
        if len(stretches) > 1:
            stretches = [(u, f) for u, f in stretches if f[0] < np.min(r) and np.max(r) < f[-1]]
        if len(stretches) != 1:
            return np.full(r.shape, np.nan)
        table, values = stretches[0]
        inside = (r > values[0]) & (r < values[-1])
        place = np.searchsorted(values, r[inside])
        u = np.full(r.shape, np.nan)
        u[inside] = root_between(phi, phi_prime, r[inside], table[place - 1], table[place])
    return u


def increasing_stretches(phi, phi_prime):
    """Tables (inputs, values) of phi, one for every stretch on which it increases, ends found to rounding."""
    u = np.concatenate([-INPUTS[::-1], [0.0], INPUTS])
    f = np.clip(np.broadcast_to(phi(u), u.shape), -HIGHEST_RATE, HIGHEST_RATE)
    middle = INPUTS.size
    broken = np.flatnonzero(np.isnan(f))
    first = np.max(broken[broken < middle], initial=-1) + 1
    last = np.min(broken[broken > middle], initial=u.size)
    u, f = u[first:last], f[first:last]
    change = np.diff(f)
    falls = change < -NOISE * np.abs(f[1:])
    rises = change > NOISE * np.abs(f[1:])
    starts = np.flatnonzero(~falls & np.append(True, falls[:-1]))
    ends = np.flatnonzero(~falls & np.append(falls[1:], True)) + 1
    stretches = []
    for start, end in zip(starts, ends, strict=True):
        if not np.any(rises[start:end]):
            continue
        inputs = u[start : end + 1].copy()
        if start > 0:
            inputs[0] = turning_point(phi_prime, u[start + 1], u[start - 1])
        if end < u.size - 1:
            inputs[-1] = turning_point(phi_prime, u[end - 1], u[end + 1])
        stretches.append((inputs, np.maximum.accumulate(phi(inputs))))
    return stretches


def turning_point(phi_prime, rising, falling):
    """Where the slope of phi changes sign between two inputs."""
    return last(lambda u: phi_prime(np.array([u]))[0] > 0, (rising, falling))


def last(holds, points):
    """Last number along points, the first of which satisfies a condition, up to which it holds; by bisection."""
    fails = next((k for k, point in enumerate(points) if k > 0 and not holds(point)), None)
    if fails is None:
        return points[-1]
    inside, outside = points[fails - 1], points[fails]
    while True:
        middle = 0.5 * (inside + outside)
        if middle in (inside, outside) or abs(outside - inside) <= 1e-15 * abs(middle):
            return inside
        if holds(middle):
            inside = middle
        else:
            outside = middle


def root_between(phi, phi_prime, r, low, high):
    """Roots of phi(u) = r in brackets: Newton in log phi where phi is positive, bisection where that does not halve the step."""
    low, high, size = low.copy(), high.copy(), high - low
    u = 0.5 * (low + high)
    active = np.arange(r.size)
    for _ in range(STEPS):
        here, target = u[active], r[active]
        f, slope = phi(here), phi_prime(here)
        below = f < target
        low[active] = np.where(below, here, low[active])
        high[active] = np.where(below, high[active], here)
        a, b = low[active], high[active]
        error = np.where((f > 0) & (target > 0), f * np.log(f / target), f - target)
        newton = here - error / slope
        inside, step = (newton >= a) & (newton <= b), np.abs(newton - here)
        settled = inside & (step <= INPUT_SETTLED * np.abs(newton) + RATE_ROUNDING * np.abs(f / slope))
        new = np.where(settled | (inside & (step <= 0.5 * size[active])), newton, 0.5 * (a + b))
        size[active] = np.abs(new - here)
        u[active] = np.where(f == target, here, new)
        active = active[~((f == target) | settled | (b <= np.nextafter(a, np.inf)))]
        if active.size == 0:
            break
    f, slope = phi(u), phi_prime(u)
    resolved = np.abs(f - r) <= MISSED * np.abs(r) + LARGEST_MISS * np.max(np.abs(u), initial=0.0) * slope
    return np.where(resolved & (slope > 0), u, np.nan)
