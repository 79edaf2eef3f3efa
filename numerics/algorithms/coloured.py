"""The autocovariance C(tau) for noise with a correlation time: a boundary-value problem, by Newton's method on panels.

``C'' = C - strength f(C; C(0)) - forcing``, ``C'(0) = 0``, ``C -> 0``.  The unknown is C'' at the Gauss nodes of panels graded
towards tau = 0; C follows by integrating twice from the longest lag, where it vanishes, so that the tail keeps its relative
accuracy and no derivative is ever taken.
"""

import numpy as np
from scipy.optimize import brentq

from numerics.algorithms.primitive import ORDER, gauss_panels, graded, running_integral, subdivided
from numerics.algorithms.twotime import LONGEST_PANEL, Autocovariance

END = 40.0  # the longest lag in units of the slowest decay
SETTLED_VARIANCE = 1e-13  # relative change of the equal-time variance at which the iteration ends
NEWTON_ITERATIONS, REFRESHES = 40, 12
FIRST_STEP, CLOSEST = 1e-2, 1e-6  # relative distances of the two variances between which the table is differentiated


def closure(square, strength, size, tau_n):
    """Variance of the linear network with the same ratio <phi^2>/<x^2>: a first guess.

    ``v a (a + 1/tau_n) = size`` with ``a^2 = 1 - strength <phi^2>/v`` and `size` the variance of the noise.  Exact for linear phi
    and for tau_n -> infinity.  The smallest root; None where there is none.
    """

    def excess(v):
        a = np.sqrt(np.maximum(1.0 - strength * square(v) / v, 0.0))
        return v * a * (a + 1.0 / tau_n) - size

    lowest = size * tau_n / (1.0 + tau_n)  # without couplings
    grid = lowest * np.geomspace(0.999, 1e8, 400)
    with np.errstate(all="ignore"):
        values = np.array([float(excess(v)) for v in grid])
    above = np.nonzero(values > 0)[0]
    if above.size == 0:
        return None
    k = above[0]
    return grid[0] if k == 0 else float(brentq(lambda v: float(excess(v)), grid[k - 1], grid[k]))


def lag_panels(rate, tau_n, fineness=1.0):
    """Edges of panels that resolve short lags, the decay rate of the network and that of the noise."""
    slowest = max(1.0 / rate, tau_n)
    edges, shortest = [0.0], 0.2 * fineness * min(1.0, tau_n)
    while edges[-1] < END * slowest:
        scale = 1.0 / rate if edges[-1] < END / rate else slowest
        edges.append(edges[-1] + fineness * min(max(shortest / fineness, edges[-1]), 3.0 * scale))
    return np.array(edges)


class Lags:
    """Nodes on panels of the lag, and the map from C'' to C.

    Attributes
    ----------
    nodes, weight : ndarray, shape (panels, order)
    to_x, to_slope, start : ndarray
        C at 0 and at all nodes, C' at all nodes, and C'(0), from C'' at all nodes and -C' at the longest lag.
    """

    def __init__(self, edges):
        self.edges = edges
        self.nodes, self.weight = gauss_panels(edges)
        panels, size = self.nodes.shape[0], self.nodes.size
        half = 0.5 * np.diff(edges)
        inner = running_integral()
        once = np.zeros((size, size))  # int_tau^T C''
        total = np.zeros((panels + 1, size))  # int_edge^T C''
        for k in reversed(range(panels)):
            block = slice(k * ORDER, (k + 1) * ORDER)
            total[k] = total[k + 1]
            total[k, block] += self.weight[k]
            once[block] = total[k]
            once[block, block] -= half[k] * inner
        twice = np.zeros((size + 1, size))
        outer = np.zeros(size)
        for k in reversed(range(panels)):
            block = slice(k * ORDER, (k + 1) * ORDER)
            whole = outer + self.weight[k] @ once[block]
            twice[1 + k * ORDER : 1 + (k + 1) * ORDER] = whole - half[k] * (inner @ once[block])
            outer = whole
        twice[0] = outer
        # C = (C' at the longest lag) (tau - T) + the double integral
        self.to_x = np.column_stack([twice, edges[-1] - np.append(0.0, self.nodes)])
        self.to_slope = -np.column_stack([once, np.ones(size)])
        self.start = -np.append(total[0], 1.0)

    def interpolate(self, values, lag):
        """Values at other lags, from the polynomial of each panel."""
        x = np.polynomial.legendre.leggauss(ORDER)[0]
        panel = np.clip(np.searchsorted(self.edges, lag, side="right") - 1, 0, len(self.edges) - 2)
        low, high = self.edges[panel], self.edges[panel + 1]
        place = (2.0 * lag - low - high) / (high - low)
        series = values.reshape(self.nodes.shape) @ np.linalg.inv(np.polynomial.legendre.legvander(x, ORDER - 1)).T
        return np.sum(np.polynomial.legendre.legvander(place, ORDER - 1) * series[panel], axis=-1)


def linear_curve(variance, square, strength, tau_n):
    """C(tau) of the linear network with the ratio <phi^2>/<x^2> of `square` at `variance`, as a function."""
    a, b = np.sqrt(max(1.0 - strength * square(variance) / variance, 1e-6)), 1.0 / tau_n
    a = a if abs(a - b) > 1e-6 * b else b * (1.0 + 1e-6)
    return lambda lag: variance / (a - b) * (a * np.exp(-b * lag) - b * np.exp(-a * lag))


def by_collocation(table_at, variance, curve, strength, forcing, tau_n, rate, fineness=1.0, beside=None):
    """C(tau) by Newton's method.

    Parameters
    ----------
    table_at : callable
        Variance -> `PairTable`.
    variance, curve : float, callable
        First guess of C(0) and of C at given lags.
    strength : float
        Factor of <phi phi> in the equation of C.
    forcing : callable
        Autocovariance of the noise at given lags.
    tau_n, rate : float
        Correlation time of the noise, and an estimate of the slowest decay rate of the network.
    fineness : float
        Factor on the lengths of the panels.
    beside : float, optional
        Another variance near the first guess, to differentiate the table with.

    Returns
    -------
    variance, table, autocovariance
        Or None where the iteration does not converge.
    """
    lags = Lags(lag_panels(rate, tau_n, fineness))
    nodes = lags.nodes.ravel()
    noise = forcing(nodes)
    tables = [(v, table_at(v)) for v in (beside or variance * (1.0 + FIRST_STEP), variance)]
    x = curve(nodes)
    unknown = np.append(x - strength * tables[1][1].value(np.arccos(np.clip(x / variance, -1.0, 1.0))) - noise, 0.0)
    for _ in range(REFRESHES):
        unknown = newton(*tables, lags, noise, unknown, strength)
        variance = float(lags.to_x[0] @ unknown)
        if not (np.isfinite(variance) and 0.1 < variance / tables[1][0] < 10.0):
            return None
        moved = abs(variance / tables[1][0] - 1.0)
        if moved > CLOSEST:  # else the older table stays: the slope of two that are too close is rounding
            tables[0] = tables[1]
        tables[1] = (variance, table_at(variance))
        if moved <= SETTLED_VARIANCE:
            return variance, tables[1][1], sampled(lags, unknown, tables[1][1], variance)
    return None


def by_continuation(solve, starts):
    """Solution directly from one of the starts, else from stronger noise downwards.

    Parameters
    ----------
    solve : callable
        ``solve(factor, variance, curve)``: `by_collocation` with the noise multiplied by `factor`.
    starts : callable
        ``starts(factor)`` lists pairs (variance, curve).
    """
    for factor in 4.0 ** np.arange(0.0, 4.5, 0.5):
        found = next(filter(None, (solve(factor, *start) for start in starts(factor))), None)
        if found is not None:
            break
    while found is not None and factor > 1.0:
        factor = max(factor / 4.0**0.25, 1.0)
        found = solve(factor, found[0], found[2].at)
    return found


def newton(older, newest, lags, noise, unknown, strength):
    """Solve the boundary-value problem with f taken to be linear in the variance through two tables."""
    (other_variance, other), (at, table) = older, newest
    first, rest = lags.to_x[0], lags.to_x[1:]
    identity = np.eye(rest.shape[0], rest.shape[1])
    for _ in range(NEWTON_ITERATIONS):
        variance, x = first @ unknown, rest @ unknown
        rho = np.clip(x / variance, -1.0, 1.0)
        theta = np.arccos(rho)
        value = table.value(theta)
        rate = (other.value(theta) - value) / (other_variance - at)
        slope = table.slope(theta)
        force = value + (variance - at) * rate
        residual = np.append(unknown[:-1] - x + strength * force + noise, lags.start @ unknown)
        change = slope[:, None] * (rest / variance - np.outer(x, first) / variance**2) + np.outer(rate, first)
        matrix = np.vstack([identity - rest + strength * change, lags.start])
        step = np.linalg.solve(matrix, residual)
        unknown = unknown - step
        if not np.all(np.isfinite(unknown)) or np.max(np.abs(lags.to_x @ step)) <= 1e-14 * abs(variance):
            break
    return unknown


def sampled(lags, unknown, table, variance):
    """C on panels fine enough for Laplace transforms."""
    short = graded(1e-9, lags.edges[1], 2.5)
    lag, weight = gauss_panels(subdivided(np.concatenate([[0.0], short, lags.edges[2:]]), LONGEST_PANEL))
    lag, weight = lag.ravel(), weight.ravel()
    x = lags.interpolate(lags.to_x[1:] @ unknown, lag)
    slope = lags.interpolate(lags.to_slope @ unknown, lag)
    theta = np.arccos(np.clip(x / variance, -1.0, 1.0))
    return Autocovariance(lag, weight, x, table.value(theta), slope, 0.0)
