"""States of a network whose output is held at z: every solution of ``Delta = variance(Delta, z)`` as one curve."""

import numpy as np

from numerics.algorithms.roots import BEYOND, FLAT, HIGHEST, log_grid, refine, signs
from numerics.algorithms.self_consistency import EPSILON, LARGE, all_roots

CLAMPED_PER_DECADE = 32
CLAMPED_FLOOR = 1e-30  # Delta at which a piece that reaches down to 0 is cut, relative to the input
# a sheet bends as the root of the distance to its edge, and where the readout has no constant part two zeros can be there
BESIDE_EDGE = np.append(np.sin(0.5 * np.pi * np.arange(2, 16) / 16) ** 2, 0.25 ** np.arange(3, 21))
DIP_LEVELS, DIP_POINTS = 6, 17


class ClampedPoints:
    """Points of the curve and what changes along it, in the direction (dDelta, dz) = (climb, pace).

    Attributes
    ----------
    Delta, z : ndarray
    overlap, overlap_Delta, overlap_z : ndarray
        Output per unit amplitude, and its partial derivatives.
    climb, pace : ndarray
        d variance/dz and 1 - d variance/dDelta: a tangent of the curve, which never vanishes where the curve is smooth.
    """

    def __init__(self, Delta, z, overlap, climb, pace):
        self.Delta, self.z = Delta, z
        self.overlap, self.overlap_Delta, self.overlap_z = overlap
        self.climb, self.pace = climb, pace

    def __getitem__(self, part):
        """Some of the points."""
        overlap = (self.overlap[part], self.overlap_Delta[part], self.overlap_z[part])
        return ClampedPoints(self.Delta[part], self.z[part], overlap, self.climb[part], self.pace[part])

    @property
    def along(self):
        """Derivative of the overlap along the curve."""
        return self.overlap_Delta * self.climb + self.overlap_z * self.pace

    @property
    def turning(self):
        """Derivative of z/overlap along the curve, times overlap^2."""
        return self.pace * self.overlap - self.z * self.along

    def size(self, C):
        """Sum of the absolute values of the terms of `mismatch`."""
        constant = self.overlap - self.overlap_z * self.z
        return np.abs(self.z) * (1 + np.abs(C * self.overlap_z)) + np.abs(C * constant)

    def mismatch(self, C):
        """``C overlap - z``, zero at a fixed point of the loop that is closed with amplitude C, and its derivative."""
        return C * self.overlap - self.z, C * self.along - self.pace


def clamped_points(variance_slope, overlap, Delta, z, given, w=None):
    """Points given by Delta and z, with the distance w of z from the base where it is known more precisely."""
    Sm2, smI = given[1:3]
    with np.errstate(all="ignore"):
        climb = 2 * (Sm2 * z + smI if w is None else Sm2 * w)
        pace = 1 - variance_slope(Delta, z, *given)
        columns = np.broadcast_arrays(Delta, z, *overlap(Delta, z, *given), climb, pace)
    return ClampedPoints(*columns[:2], columns[2:5], *columns[5:])


class ClampedCurve:
    """All states at one set of numbers: over Delta lie two sheets, ``z = base -+ w(Delta)``, joined where w = 0.

    With ``variance = g^2 <phi^2> + Sm2 z^2 + 2 smI z + SI2`` the curve exists where ``Delta >= variance(Delta, base)``, base
    being the output at which the drive is smallest. That is a half-line, on which z runs from -infinity to infinity, and
    possibly intervals, which are closed loops of the curve.

    Attributes
    ----------
    pieces : list of ClampedPiece
    base : float
    """

    def __init__(self, variance, variance_slope, overlap, given):
        self.variance, self.variance_slope, self.overlap, self.given = variance, variance_slope, overlap, given
        _, self.Sm2, smI, SI2 = given[:4]
        self.base = -smI / self.Sm2
        roots = all_roots(variance, variance_slope, [np.array([float(p)]) for p in (self.base, *given)])[:, 0]
        edges = roots[roots > 0]
        floor = CLAMPED_FLOOR * (SI2 or 1.0)
        ends = [min([floor, *(1e-3 * edges)]), *edges]
        between = np.sqrt(ends) * np.sqrt([*ends[1:], 100 * ends[-1] if edges.size else LARGE])
        ends.append(LARGE * max(1.0, ends[-1]))
        self.further = None
        self.pieces = [
            ClampedPiece(self, *ends[k : k + 2], bounded=k < between.size - 1)
            for k in range(between.size)
            if self.excess(between[k]) > 0
        ]

    def beyond(self):
        """The half-line continued to the largest numbers."""
        if self.further is None:
            self.further = ClampedPiece(self, self.pieces[-1].high, HIGHEST, bounded=False, per_decade=BEYOND)
        return self.further

    def excess(self, Delta):
        """What is left of Delta for the output to explain: Sm2 w^2."""
        return Delta - self.variance(Delta, self.base, *self.given)

    def at(self, Delta, sheet):
        """The points above `Delta` on the sheets -1 and +1."""
        with np.errstate(all="ignore"):
            w = np.sqrt(np.maximum(self.excess(Delta), 0.0) / self.Sm2)
        return self.points(Delta, self.base + sheet * w, sheet * w)

    def points(self, Delta, z, w=None):
        """Points given by Delta and z."""
        return clamped_points(self.variance_slope, self.overlap, Delta, z, self.given, w)

    def same(self, point, known):
        """Whether a point may be a known one next to the end of a sheet, for what rounding leaves of its w."""
        (Delta, z), (known_Delta, known_z) = point, known
        w = abs(known_z - self.base)
        near = abs(z - known_z) <= min(0.5, max(1e-3, 10 * self.blur(known_Delta, w))) * w
        return near and abs(Delta - known_Delta) <= 1e-6 * known_Delta + 10 * EPSILON * self.given[3]

    def blur(self, Delta, w):
        """Relative rounding error of w."""
        return EPSILON * (Delta + self.given[3]) / (self.Sm2 * w**2 or np.inf)

    def without(self, known):
        """Arcs of all pieces, with the cells around known points left out.

        Parameters
        ----------
        known : list of (Delta, z)

        Returns
        -------
        list of ClampedArc
        list of (float, float, float, float)
            (Delta, sheet, lower end, upper end) of the cells left out.
        list of (Delta, z)
            The known points that have none, being so near an end of a sheet that rounding hides their w.
        """
        arcs, cells, loose = [arc for piece in self.pieces for arc in piece.arcs], [], []
        for Delta, z in known:
            sheet = np.sign(z - self.base)
            for arc in arcs:
                if arc.sheet == sheet and arc.encloses(Delta) and self.blur(Delta, z - self.base) < 1e-6:
                    before, after = arc.split(Delta)
                    cells.append((Delta, sheet, before.Delta[-1], after.Delta[0]))
                    arcs = [a for a in arcs if a is not arc] + [before, after]
                    break
            else:
                loose.append((Delta, z))
        return arcs, cells, loose


class ClampedPiece:
    """The curve above one interval of Delta: a closed loop where the interval is `bounded`."""

    def __init__(self, curve, low, high, *, bounded, per_decade=CLAMPED_PER_DECADE):
        self.high, self.bounded = high, bounded
        grid = log_grid(low, high, per_decade)
        beside = [low + (grid[1] - low) * BESIDE_EDGE]
        if bounded:
            beside.append(high - (high - grid[-2]) * BESIDE_EDGE)
        Delta = np.unique(np.concatenate([grid, *beside]))
        both = curve.at(Delta[:, None], np.array([-1.0, 1.0]))
        self.arcs = [ClampedArc(sheet, both[:, k]) for k, sheet in enumerate((-1.0, 1.0))]

    def joins(self, values):
        """Ends of the interval at which a function, given on the two arcs, changes its sign from one to the other."""
        ends = [(self.arcs[0].Delta[0], 1), *([(self.arcs[0].Delta[-1], -1)] if self.bounded else [])]
        return [Delta for Delta, step in ends if np.prod([leading_sign(v[::step]) for v in values]) < 0]


class ClampedArc:
    """Part of one sheet: points in the order of increasing Delta."""

    def __init__(self, sheet, points):
        self.sheet, self.points, self.Delta = sheet, points, points.Delta

    @property
    def last(self):
        """The last point that is resolved."""
        resolved = np.nonzero(np.isfinite(self.points.overlap))[0]
        return self.points[resolved[-1] if resolved.size else -1]

    def encloses(self, Delta):
        """Whether Delta lies inside."""
        return self.Delta[0] < Delta < self.Delta[-1]

    def split(self, Delta):
        """The parts before and after Delta, without nodes that nearly coincide with it."""
        k = int(np.searchsorted(self.Delta, Delta))
        low, high = k - 1, k
        width = self.Delta[high] - self.Delta[low]
        low -= Delta - self.Delta[low] < 1e-3 * width and low > 0
        high += self.Delta[high] - Delta < 1e-3 * width and high < self.Delta.size - 1
        return ClampedArc(self.sheet, self.points[: low + 1]), ClampedArc(self.sheet, self.points[high:])


def leading_sign(values):
    """Sign of the first value that is not zero."""
    sign = np.sign(values[np.abs(values) > FLAT])
    return sign[0] if sign.size else 0.0


def arc_roots(function, arcs, values):
    """Zeros of a function on arcs.

    Parameters
    ----------
    function : callable
        ``function(Delta, sheet)`` returns f and df/dlog(Delta).
    arcs : list of ClampedArc
    values : list of (ndarray, ndarray)
        f and its derivative at the points of each arc.

    Returns
    -------
    Delta, sheet : ndarray
    """
    low, high, sheet, dips = [], [], [], []
    for arc, (f, slope) in zip(arcs, values, strict=True):
        with np.errstate(all="ignore"):
            sign = signs(f[:, None])[:, 0]
            change = np.nonzero(sign[:-1] * sign[1:] < 0)[0]
            facing = (sign[:-1] == sign[1:]) & (sign[:-1] * slope[:-1] < 0) & (sign[1:] * slope[1:] > 0)
        low.append(arc.Delta[change])
        high.append(arc.Delta[change + 1])
        sheet.append(np.full(change.size, arc.sheet))
        dips += [(arc.Delta[k], arc.Delta[k + 1], arc.sheet) for k in np.nonzero(facing)[0]]
    for bracket in pairs_in_dips(function, dips):
        for column, value in zip((low, high, sheet), bracket, strict=True):
            column.append(np.array([value]))
    if not low:
        return np.array([]), np.array([])
    low, high, sheet = map(np.concatenate, (low, high, sheet))
    with np.errstate(all="ignore"):
        return refine(function, low, high, sheet), sheet


def pairs_in_dips(function, dips):
    """Brackets of the two zeros in each cell in which |f| falls from both ends, where it does reach zero.

    A cell is given up when the tangents from both sides of its minimum meet before zero.
    """
    found = []
    for _ in range(DIP_LEVELS):
        if not dips:
            break
        low, high, sheet = map(np.array, zip(*dips, strict=True))
        grid = low * (high / low) ** np.linspace(0.0, 1.0, DIP_POINTS)[:, None]
        with np.errstate(all="ignore"):
            values = function(grid.ravel(), np.broadcast_to(sheet, grid.shape).ravel())
        f, slope = (v.reshape(grid.shape) for v in values)
        dips = []
        for k in range(low.size):
            height, rate = f[:, k] * np.sign(f[0, k]), slope[:, k] * np.sign(f[0, k])
            below = np.nonzero(height < -FLAT)[0]
            if below.size:
                found += [(low[k], grid[below[0], k], sheet[k]), (grid[below[-1], k], high[k], sheet[k])]
                continue
            j = int(np.argmin(height))
            left, right = max(j - 1, 0), min(j + 1, DIP_POINTS - 1)
            meet = height[j] - np.max(np.abs(rate[left : right + 1])) * np.log(grid[right, k] / grid[left, k])
            if meet < 0:
                dips.append((grid[left, k], grid[right, k], sheet[k]))
    return found
