"""Solve ``v = equation(v, *parameters)`` for a variance v: every branch, the physical one, and its error."""

import numpy as np

from numerics.algorithms.roots import positive_roots

LOWEST, LARGE = 1e-12, 1e16  # range of the first scan; it widens by itself
VANISHING = 1e-280
EPSILON = 2.3e-16


def flattened(parameters):
    """Parameters broadcast against each other as float vectors, and their common shape."""
    arrays = np.broadcast_arrays(*(np.asarray(p, dtype=float) for p in parameters))
    return [a.reshape(-1) for a in arrays], arrays[0].shape


def all_roots(equation, slope, parameters):
    """Every solution v >= 0, one column per parameter set.

    Parameters
    ----------
    equation, slope : callables
        Right-hand side of the self-consistency and its derivative, ``f(v, *parameters)``.
    parameters : list of ndarray
        Vectors of equal length.

    Returns
    -------
    ndarray, shape (most roots, sets)
        Increasing along the first axis, padded with nan; v = 0 is listed where it solves the equation.
    """
    varying = [p if p.size and np.any(p != p[0]) else p[:1] for p in parameters]

    def at(rows):
        return [p[rows] if p.size > 1 else p for p in varying]

    def excess(v, rows):
        # relative excess of the right-hand side, and its derivative in log v
        right = equation(v, *at(rows)) / v
        return right - 1.0, slope(v, *at(rows)) - right

    count = parameters[0].size
    with np.errstate(all="ignore"):
        at_zero = np.broadcast_to(equation(np.array(VANISHING), *varying), (count,))
        floor = np.min(at_zero[at_zero > 1e-100], initial=2 * LOWEST)
        lowest = 10.0 ** np.floor(np.log10(0.5 * floor))  # whole decades: averages remember the grid of the last scan
        roots = positive_roots(excess, lowest, LARGE, count)
    silent = np.where(at_zero < 1e-100, 0.0, np.nan)
    table = np.sort(np.vstack([silent, roots]), axis=0)  # nan last
    return table[: max(1, int(np.max(np.sum(~np.isnan(table), axis=0))))]


def physical_branch(roots, slopes):
    """The smallest root of each column at which the slope of the self-consistency is below 1, nan without one; its slope."""
    pick, columns = np.argmax(slopes < 1.0, axis=0), np.arange(roots.shape[1])
    slope = slopes[pick, columns]
    return np.where(slope < 1.0, roots[pick, columns], np.nan), slope


def solve_physical(equation, slope, error, observables, parameters):
    """The physical branch: the smallest v > 0 at which the slope of the self-consistency is below 1.

    Returns
    -------
    dict
        The observables, and ``slope``, ``residual`` (relative), ``error`` (absolute error estimate of v), each of the
        parameters' common shape, nan where there is no such branch; ``roots``, every solution v >= 0, increasing along an
        additional first axis and padded with nan.
    """
    vectors, shape = flattened(parameters)
    with np.errstate(all="ignore"):
        roots = all_roots(equation, slope, vectors)
        slopes = np.where(roots > 0, slope(np.where(roots > 0, roots, np.nan), *vectors), np.nan)
    v, slope_there = physical_branch(roots, slopes)
    found = ~np.isnan(v)
    inner = [p[found] for p in vectors]
    result = {}

    def keep(name, values):
        whole = np.full(v.shape, np.nan)
        whole[found] = values
        result[name] = whole.reshape(shape)

    for name, values in observables(v[found], *inner).items():
        keep(name, values)
    residual = equation(v[found], *inner) / v[found] - 1.0
    margin = 1.0 - slope_there[found]
    keep("slope", 1.0 - margin)
    keep("residual", residual)
    keep("error", (np.abs(residual) * v[found] + error(v[found], *inner)) / margin + EPSILON * v[found])
    result["roots"] = roots.reshape(-1, *shape)
    return result
