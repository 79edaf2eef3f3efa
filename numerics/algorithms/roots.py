"""All positive roots of a scalar function, vectorised over parameters: scan in the logarithm, bracket, safeguarded Newton."""

import numpy as np

PER_DECADE, BEYOND = 16, 2  # grid points to a decade; outside the first range only power laws are left to follow
LOWEST_OF_ALL, HIGHEST = 1e-280, 1e280
ITERATIONS = 120
FLAT = 1e-14  # |f| below this is rounding: where f tends to zero without reaching it, its sign is noise


def positive_roots(function, lowest, highest, count):
    """All roots v > 0 of ``function`` for each of `count` parameter sets.

    Parameters
    ----------
    function : callable
        ``function(v, rows)`` returns f and df/dlog(v); `v` broadcasts against the parameter sets picked by `rows`.
    lowest, highest : float
        Range of the scan; extended upwards where f > 0 at its top, downwards where f < 0 at its bottom.
    count : int
        Number of parameter sets.

    Returns
    -------
    roots : ndarray, shape (most roots, count)
        Increasing along the first axis, padded with nan.
    """
    everything = np.arange(count)
    grid = log_grid(lowest, highest)
    f, slope = values_on(function, grid, everything)
    if np.any(f[-1] > 0):
        beyond = log_grid(highest, HIGHEST, BEYOND)[1:]
        more = values_on(function, beyond, everything)
        grid, f, slope = np.append(grid, beyond), np.vstack([f, more[0]]), np.vstack([slope, more[1]])
    if np.any(f[0] < 0) and lowest > LOWEST_OF_ALL:
        below = log_grid(LOWEST_OF_ALL, lowest, BEYOND)[:-1]
        more = values_on(function, below, everything)
        grid, f, slope = np.append(below, grid), np.vstack([more[0], f]), np.vstack([more[1], slope])
    row, low, high = crossings(function, grid, f, slope)
    roots = refine(function, low, high, row)
    return by_row(roots, row, count)


def log_grid(low, high, per_decade=PER_DECADE):
    """Points evenly spaced in the logarithm."""
    return np.geomspace(low, high, max(2, int(np.ceil(per_decade * np.log10(high / low))) + 1))


def values_on(function, grid, rows):
    """Values of the function and its slope, shape (grid, rows)."""
    with np.errstate(all="ignore"):
        f, slope = function(grid[:, None], rows)
    shape = (grid.size, rows.size)
    return np.broadcast_to(f, shape), np.broadcast_to(slope, shape)


def crossings(function, grid, f, slope):
    """Brackets of single roots: sign changes, and both sides of an extremum that crosses zero between grid points."""
    with np.errstate(all="ignore"):
        sign = signs(f)
        change = sign[:-1] * sign[1:] < 0
        dips = (f[:-1] > FLAT) & (f[1:] > FLAT) & (slope[:-1] < 0) & (slope[1:] > 0)
        bumps = (f[:-1] < -FLAT) & (f[1:] < -FLAT) & (slope[:-1] > 0) & (slope[1:] < 0)
    cell, row = np.nonzero(change)
    low, high = grid[cell], grid[cell + 1]
    inner, inner_row = np.nonzero(dips | bumps)
    if inner.size:
        a, b = grid[inner], grid[inner + 1]
        turn = extremum(function, a, b, inner_row, slope[inner, inner_row])
        crosses = np.sign(function(turn, inner_row)[0]) != sign[inner, inner_row]
        low = np.concatenate([low, a[crosses], turn[crosses]])
        high = np.concatenate([high, turn[crosses], b[crosses]])
        row = np.concatenate([row, inner_row[crosses], inner_row[crosses]])
    return row, low, high


def signs(f):
    """Sign of f, a zero taking the sign of the next point: a zero on the grid is one crossing, a flat stretch none."""
    sign = np.where(np.abs(f) < FLAT, 0.0, np.sign(f))
    for k in range(len(sign) - 2, -1, -1):
        sign[k] = np.where(sign[k] == 0, sign[k + 1], sign[k])
    return sign


def extremum(function, low, high, rows, slope_low):
    """Zero of the slope between `low` and `high`, by bisection in the logarithm."""
    a, b = np.log(low), np.log(high)
    for _ in range(60):
        middle = 0.5 * (a + b)
        same = function(np.exp(middle), rows)[1] * slope_low > 0
        a, b = np.where(same, middle, a), np.where(same, b, middle)
    return np.exp(0.5 * (a + b))


def refine(function, low, high, rows):
    """Root in each bracket by Newton in log v, bisecting whenever a step leaves the bracket or gains too little."""
    a, b = np.log(low), np.log(high)
    if a.size == 0:
        return a
    sign_low = np.sign(function(np.exp(a), rows)[0])
    point = 0.5 * (a + b)
    active = np.arange(a.size)
    for iteration in range(ITERATIONS):
        f, slope = function(np.exp(point[active]), rows[active])
        left = (np.sign(f) == sign_low[active]) & (f != 0)
        a[active] = np.where(left, point[active], a[active])
        b[active] = np.where(left, b[active], point[active])
        with np.errstate(all="ignore"):
            step = point[active] - f / slope
        width = b[active] - a[active]
        inside = (step > a[active]) & (step < b[active]) & (iteration % 8 != 7)
        new = np.where(inside, step, 0.5 * (a[active] + b[active]))
        moved = np.abs(new - point[active])
        point[active] = np.where(f == 0, point[active], new)
        active = active[(f != 0) & (moved > 4e-16 * np.maximum(1.0, np.abs(new))) & (width > 4e-16)]
        if active.size == 0:
            break
    return np.exp(point)


def by_row(roots, row, count):
    """Sort the roots of each row into the columns of a padded array, dropping duplicates from shared cell ends."""
    order = np.lexsort((roots, row))
    roots, row = roots[order], row[order]
    if roots.size:
        fresh = np.ones(roots.size, dtype=bool)
        fresh[1:] = (row[1:] != row[:-1]) | (roots[1:] > roots[:-1] * (1 + 1e-14))
        roots, row = roots[fresh], row[fresh]
    place = np.arange(row.size) - np.searchsorted(row, row)
    table = np.full((max(1, int(place.max()) + 1) if row.size else 1, count), np.nan)
    table[place, row] = roots
    return table
