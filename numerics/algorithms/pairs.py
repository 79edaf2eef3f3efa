"""Two-point averages <phi(u) phi(v)> of an odd activation at every correlation, as one interpolant for each variance."""

import numpy as np
from numpy.polynomial import chebyshev

from numerics.algorithms.averages import summed
from numerics.algorithms.quadrature import gaussian_average

NODES = 32  # Chebyshev nodes of one panel
SPLIT = 0.25  # an unresolved panel beside correlation 1 is cut here
SMALLEST = 1e-9  # angle below which nothing is left to resolve
TAIL = 3e-15  # relative size of the last Chebyshev coefficients of a resolved panel
STANDARD_DEVIATIONS = 8.9  # the Gaussian weight beyond is below 1e-17
SMALLEST_ERROR = 1e-18  # that the step aims at; rounding comes first
LARGEST_ANGLE = 1.55  # angle beyond every node: terms of a closed form cancel most where the correlation is smallest
TRIAL = np.array([1e-3, 0.3, 0.9, 1.3])  # angles at which a step is judged
COARSEST, FINEST = 0.4, 0.012  # steps of the two-dimensional trapezoidal rule, in standard deviations


def quadrant_sum(phi, deviation, theta, step):
    """<phi(u) phi(v)> by the trapezoidal rule along (u+v) and (u-v), for angles theta with correlation cos(theta).

    For odd phi the product is even in both: one quadrant is enough. Converges exponentially where phi is analytic in a strip,
    at the same rate for every correlation. `step` resolves phi along its argument, in standard deviations; a direction along
    which the arguments move more slowly is sampled less finely, down to what the Gaussian weight needs.
    """
    value = np.empty(theta.shape)
    for k, angle in enumerate(theta):
        nodes, weights = [], []
        fast, slow = np.cos(0.5 * angle), np.sin(0.5 * angle)
        for fraction, other in ((fast, slow), (slow, fast)):
            spacing = 1.0 / np.hypot(fraction / step, other / COARSEST)
            z = np.arange(int(STANDARD_DEVIATIONS / spacing) + 2) * spacing
            weight = np.exp(-0.5 * z * z) * spacing * 2.0 / np.sqrt(2.0 * np.pi)
            weight[0] *= 0.5
            nodes.append(deviation * fraction * z)
            weights.append(weight)
        along, across = nodes[0][:, None], nodes[1]
        value[k] = weights[0] @ (phi(along + across) * phi(along - across)) @ weights[1]
    return value


def quadrant_step(phi, deviation):
    """Step at which `quadrant_sum` has converged; None where none is fine enough.

    The error is exp(-c/step): the change from twice the step tells c.
    """
    step, previous = COARSEST, None
    while step > FINEST:
        value = quadrant_sum(phi, deviation, TRIAL, step)
        if previous is not None:
            change = np.max(np.abs(value - previous) / np.abs(value))
            if change <= 1e-5:
                return step * min(1.0, 2.0 * np.log(max(change, 1e-300)) / np.log(SMALLEST_ERROR))
        step, previous = 0.5 * step, value
    return None


def nested_average(outer, inner, mean, variance, rho, left, parameters):
    """<F(u) G(v)> of two `Mean` by nested one-point rules, E_u[F(u) E_v[G(v) | u]]; `left` = variance (1 - rho^2) is that of v | u.

    All numbers are arrays of one shape.
    """
    points = [np.broadcast_to(np.asarray(b, dtype=float), mean.shape) for b in outer.breakpoints(*parameters)]

    def conditional(function, k):
        def integrand(u, mean, variance, rho, left, *rest):
            own = rest[len(points) :]
            given = inner(left, *own, mean=mean + rho * (rest[k] + u - mean))
            return function(u, mean, variance, *own) * given

        return integrand

    before, after = ([conditional(f, k) for k, f in enumerate(side)] for side in (outer.left, outer.right))
    passed = [mean, variance, rho, left, *points, *parameters]
    return gaussian_average(before, after, points, mean, variance, passed, exponent=outer.exponent)[0]


class PairAverage:
    """<phi(u) phi(v)>, u and v of equal variance and zero mean, for one activation.

    Parameters
    ----------
    phi : callable
        ``phi(x, *parameters)``, odd.
    mean_phi : Mean
        Its average at any mean and variance; carries breakpoints and integrand.
    smooth : bool
        No kink or jump: the trapezoidal rule is tried first.
    terms : callable or None
        ``terms(mean, variance, correlation, *parameters)``: the closed form, to be summed.
    """

    def __init__(self, phi, mean_phi, smooth, terms=None):
        self.phi, self.mean_phi, self.smooth, self.terms = phi, mean_phi, smooth, terms

    def sampler(self, variance, parameters):
        """Function of the angles theta that returns <phi(u) phi(v)> / cos(theta)."""
        deviation = np.sqrt(variance)

        def closed(theta):
            rho = np.cos(theta)
            _, total, _, clear = summed(self.terms, (0.0, variance, rho, *parameters), rho.shape)
            return np.where(clear, total / rho, np.nan)

        def phi(x):
            return self.phi(x, *parameters)

        def nested(theta):
            rest = [np.full(theta.size, float(p)) for p in (0.0, variance, *parameters)]
            mean, total, *own = rest
            rho, left = np.cos(theta), total * np.sin(theta) ** 2
            return nested_average(self.mean_phi, self.mean_phi, mean, total, rho, left, own) / rho

        if self.terms is not None and np.all(np.isfinite(closed(np.append(TRIAL, LARGEST_ANGLE)))):
            return closed
        step = quadrant_step(phi, deviation) if self.smooth else None
        return nested if step is None else lambda theta: quadrant_sum(phi, deviation, theta, step) / np.cos(theta)

    def table(self, variance, parameters=()):
        """Interpolant in the correlation at one variance."""
        return PairTable(self.sampler(float(variance), parameters))


class PairTable:
    """``value(theta)`` = <phi(u) phi(v)> and its derivatives, correlation cos(theta), from Chebyshev panels.

    What is interpolated is P = <phi(u) phi(v)>/cos(theta). It is even about theta = pi/2, so that the outermost panel takes
    polynomials in (pi/2 - theta)^2; beside theta = 0, where kinks of phi leave powers of theta, panels shrink until the
    innermost is resolved.
    """

    def __init__(self, sample):
        x = np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        quarter = 0.5 * np.pi
        ends, self.coefficients, self.resolved = [quarter, 0.0], [], True
        last = False
        while not last:
            high, low = ends[-2], ends[-1]
            for low in (0.0, SPLIT * high):
                nodes = self._angles(x, low, high)
                coefficients = chebyshev_coefficients(sample(nodes))
                if tail(coefficients) <= TAIL or (low == 0.0 and high < SMALLEST):
                    break
            else:
                self.resolved = self.resolved and tail(coefficients) < 1e-12
            self.coefficients.append(coefficients)
            ends[-1] = low
            last = low == 0.0
            if not last:
                ends.append(0.0)
        self.ends = np.array(ends[::-1])
        self.coefficients = self.coefficients[::-1]
        self.error = max(tail(c) for c in self.coefficients)

    def _angles(self, x, low, high):
        quarter = 0.5 * np.pi
        if high == quarter:
            return quarter - (quarter - low) * np.sqrt(0.5 * (1.0 + x))
        return 0.5 * (low + high) + 0.5 * (high - low) * x

    def ratio(self, theta, derivative=False):
        """P at the angles, or dP/dtheta."""
        quarter = 0.5 * np.pi
        theta = np.asarray(theta, dtype=float)
        folded = np.where(theta > quarter, np.pi - theta, theta)
        panel = np.clip(np.searchsorted(self.ends, folded, side="right") - 1, 0, len(self.coefficients) - 1)
        value = np.empty(theta.shape)
        for k in np.unique(panel):
            here, low, high = panel == k, self.ends[k], self.ends[k + 1]
            angle = folded[here]
            if high == quarter:
                x = 2.0 * ((quarter - angle) / (quarter - low)) ** 2 - 1.0
                slope = -4.0 * (quarter - angle) / (quarter - low) ** 2
            else:
                x = (2.0 * angle - low - high) / (high - low)
                slope = 2.0 / (high - low)
            series = self.coefficients[k]
            if derivative:
                value[here] = chebyshev.chebval(x, chebyshev.chebder(series)) * slope
            else:
                value[here] = chebyshev.chebval(x, series)
        return np.where(theta > quarter, -value, value) if derivative else value

    def value(self, theta):
        """<phi(u) phi(v)> at correlation cos(theta)."""
        return np.cos(theta) * self.ratio(theta)

    def slope(self, theta):
        """Its derivative with respect to the correlation."""
        angle = np.maximum(theta, 1e-7)
        return self.ratio(angle) - np.cos(angle) / np.sin(angle) * self.ratio(angle, derivative=True)


def chebyshev_coefficients(values):
    """Coefficients of the interpolant through values at the roots of the next Chebyshev polynomial."""
    count = values.size
    angles = np.pi * (np.arange(count) + 0.5) / count
    coefficients = 2.0 / count * np.cos(np.outer(np.arange(count), angles)) @ values
    coefficients[0] *= 0.5
    return coefficients


def tail(coefficients):
    """Relative size of the last coefficients; infinite where a value is undefined."""
    size = np.max(np.abs(coefficients))
    return np.max(np.abs(coefficients[-4:])) / size if np.isfinite(size) and size > 0 else np.inf
