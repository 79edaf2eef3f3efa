"""Averages over a frozen mean, [ prod_a <f_a>^n_a ] with x ~ N(mu, Delta - Delta0) and mu ~ N(0, Delta0), and the root Delta0.

The outer average over mu uses the same double-exponential rule as the inner ones.  As a function of mu an inner average is
smooth on the scale sqrt(Delta - Delta0); only where that is small need the line of mu be cut at the activation's breakpoints.
"""

import numpy as np

from numerics.algorithms.averages import ROUNDING
from numerics.algorithms.quadrature import gaussian_average

OUTER_RTOL = 1e-11  # the inner averages are noisy; with exponential convergence the error is far below it
DIFFERENCE_RTOL = 1e-12  # differences of rounded values are noisy, too
SMOOTHED = 100.0  # frozen over noise variance below which inner averages are wide enough for a rule without cuts
LAST_OUTER_LEVEL = 9  # what smoothing has not made easy by then is noise
INNER_ERROR = 1e-13  # relative error that the inner averages bring
IRRELEVANT = 9.0  # standard deviations of mu: what is undefined beyond has a weight below 1e-17
CLOSE = 1e-13  # relative error above which <F^2> - <F>^2 is integrated as one
FLOOR = 1e-13  # of <F^2>: a smaller variance need not have relative accuracy
NEWTON_STEPS = 80
LAST_STEP = 1e-9  # of the upper end: Newton's method squares it
AT_REST = 1e-12  # relative distance from its upper end at which a root is that end


class Variance:
    """<F^2> - <F>^2 over x ~ N(mean, variance) from the `Mean` of F and that of F^2; as <(F - <F>)^2> where these cancel."""

    def __init__(self, first, second):
        self.first, self.second = first, second
        self.breakpoints = first.breakpoints

    def __call__(self, variance, *parameters, mean=0.0):
        """Value, nan where it could not be resolved."""
        columns = np.broadcast_arrays(*(np.asarray(c, dtype=float) for c in (mean, variance, *parameters)))
        first, error_first = self.first.with_error(variance, *parameters, mean=mean)
        second, error_second = self.second.with_error(variance, *parameters, mean=mean)
        with np.errstate(all="ignore"):
            value = np.where(np.isinf(second), np.inf, second - first * first)
            error = error_second + 2 * np.abs(first) * error_first + ROUNDING * np.abs(second)
            cancels = ~(error <= CLOSE * value) & np.isfinite(first) & np.isfinite(second)
        if np.any(cancels):
            value[cancels] = self.by_quadrature([c[cancels] for c in columns], first[cancels], FLOOR * second[cancels])
        return value

    def by_quadrature(self, columns, centre, floor):
        """<(F - centre)^2>, for all elements; F is rounded, so that accuracy is relative to the value plus `floor`."""
        mean, variance, *parameters = columns

        def squared(f):
            return lambda u, centre, floor, *rest: (f(u, *rest) - centre) ** 2 + floor

        left, right = [squared(f) for f in self.first.left], [squared(f) for f in self.first.right]
        points, exponent = self.first.breakpoints(*parameters), min(0.0, 2 * self.first.exponent)
        passed = [centre, floor, *columns]
        raised, _ = gaussian_average(
            left, right, points, mean, variance, passed, exponent=exponent, rtol=DIFFERENCE_RTOL
        )
        return np.maximum(raised - floor, 0.0)


class FrozenMean:
    """[ prod_a f_a^n_a ], vectorised over the total variance, the frozen variance and parameters.

    Parameters
    ----------
    *factors : tuples (f, n)
        ``f(variance, *parameters, mean=mu)`` is an average at a fixed mean, a `Mean` or a `Variance`; n a power.
    """

    def __init__(self, *factors):
        self.factors = factors

    def __call__(self, variance, frozen, *parameters):
        """Value; nan where it could not be resolved, and where not 0 <= frozen < variance."""
        return self.with_error(variance, frozen, *parameters)[0]

    def with_error(self, variance, frozen, *parameters):
        """Value and an estimate of its absolute error."""
        columns = np.broadcast_arrays(*(np.asarray(c, dtype=float) for c in (variance, frozen, *parameters)))
        shape = columns[0].shape
        value, error = np.full(shape, np.nan), np.full(shape, np.nan)
        resting = (columns[1] == 0) & (columns[0] > 0)
        if np.any(resting):
            total, _, *own = [c[resting] for c in columns]
            value[resting] = self.at_mean(np.zeros(total.shape), total, *own)
        moving = (columns[1] > 0) & (columns[1] < columns[0]) & np.isfinite(columns[0])
        smooth = columns[1] <= SMOOTHED * (columns[0] - columns[1])
        for rows, cut in ((moving & smooth, False), (moving & ~smooth, True)):
            if np.any(rows):
                value[rows], error[rows] = self.over_means([c[rows] for c in columns], cut)
        error = np.where(resting, 0.0, error) + INNER_ERROR * np.abs(value)
        return value, error

    def at_mean(self, mean, variance, *parameters):
        """The product at a fixed mean."""
        product = np.ones(np.shape(mean))
        for factor, power in self.factors:
            product = product * factor(variance, *parameters, mean=mean) ** power
        return product

    def over_means(self, columns, cut):
        """The product averaged over the mean; with `cut`, by a rule that resolves what lies beside the breakpoints."""
        total, frozen, *own = columns
        points = self.factors[0][0].breakpoints(*own) if cut else (0.0,)
        points = [np.broadcast_to(b, total.shape) for b in points]

        def beside(k):
            def integrand(u, frozen, variance, *rest):
                mean = rest[k] + u
                product = self.at_mean(mean, variance, *rest[len(points) :])
                undefined_far_out = np.isnan(product) & (np.abs(mean) > IRRELEVANT * np.sqrt(frozen))
                return np.where(undefined_far_out, 0.0, product)

            return integrand

        sides = [beside(k) for k in range(len(points))]
        passed = [frozen, total - frozen, *points, *own]
        return gaussian_average(sides, sides, points, 0.0, frozen, passed, rtol=OUTER_RTOL, last_level=LAST_OUTER_LEVEL)


def frozen_root(right, slope, error, upper, parameters):
    """The root in [0, upper] of ``v = right(upper, v, *parameters)``, vectorised over `upper` and parameters.

    The right-hand side is convex in v, >= v at 0 and <= v at `upper`.  Newton's method from 0 therefore climbs to the smallest
    root without passing it; rounding is caught by bisection.  A root that agrees with `upper` to rounding is `upper`.

    Returns
    -------
    root, residual, error : ndarray
        The residual is relative to `upper`.
    """
    columns = np.broadcast_arrays(*(np.asarray(c, dtype=float) for c in (upper, *parameters)))
    shape = columns[0].shape
    top, *own = [c.reshape(-1) for c in columns]
    low, high, v = np.zeros(top.size), top.copy(), np.zeros(top.size)
    active = np.arange(top.size)
    for _ in range(NEWTON_STEPS):
        here = [c[active] for c in (top, v, *own)]
        with np.errstate(all="ignore"):
            excess, decrease = right(*here) - here[1], 1.0 - slope(*here)
            low[active] = np.where(excess >= 0, here[1], low[active])
            high[active] = np.where(excess < 0, here[1], high[active])
            step = np.minimum(here[1] + excess / decrease, high[active])
            inside = (decrease > 0) & (step >= low[active])
        new = np.where(inside, step, 0.5 * (low[active] + high[active]))
        new = np.minimum(new, (1.0 - AT_REST) * here[0])
        v[active] = np.where(np.isnan(excess), np.nan, new)
        active = active[(np.abs(new - here[1]) > LAST_STEP * here[0]) & ~np.isnan(excess)]
        if active.size == 0:
            break
    with np.errstate(all="ignore"):
        excess, decrease = right(top, v, *own) - v, 1.0 - slope(top, v, *own)
        uncertainty = (np.abs(excess) + error(top, v, *own)) / decrease + ROUNDING * top
    v = np.where(v >= (1.0 - 2 * AT_REST) * top, top, v)
    return v.reshape(shape), (excess / top).reshape(shape), uncertainty.reshape(shape)
