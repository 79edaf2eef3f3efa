"""The closed loop of a readout that feeds back, ``z = C overlap(Delta, z)``: every fixed point, and the extrema of C."""

from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from numerics.algorithms.clamped import CLAMPED_FLOOR, ClampedCurve, arc_roots, clamped_points
from numerics.algorithms.roots import FLAT
from numerics.algorithms.self_consistency import EPSILON, VANISHING, all_roots, flattened, physical_branch

LOOP_SILENT = 1e-100  # stands for Delta = 0 in averages, whose limit it gives
LOOP_MARGIN = 1e-9  # closer to 1 an eigenvalue is marginal
LOOP_NODES, LOOP_WEIGHTS = np.polynomial.legendre.leggauss(8)
LOOP_ROUNDED = 1e-9  # of the natural scale of z: what the rounding of w leaves uncertain where the sheets join
LOOP_POLISHES = 3
LOOP_DIP_REFINED = 67


class Readout:
    """Fixed points of the closed loop, from the curve of states in which the output is held.

    A fixed point is a solution (Delta, z) of ``Delta = variance(Delta, z)`` and ``z = C overlap(Delta, z)``. The first
    equation is a curve that does not depend on C (`ClampedCurve`), on which the fixed points are the level set C of
    ``z/overlap``: zeros of a function of one variable without poles, whatever the number of branches of Delta(z).

    Parameters
    ----------
    variance, variance_slope : callables
        ``f(Delta, z, *given)``: right-hand side of the first equation and its derivative with respect to Delta, where
        ``given = (g, Sm2, smI, SI2, snm, snI, *extra)``.
    overlap : callable
        ``overlap(Delta, z, *given)`` returns the output per unit amplitude and its derivatives in Delta and in z.
    results : callable
        ``results(Delta, z, C, *given)`` returns a dict with ``trace``, ``determinant`` (sum and product of the two
        outliers) and ``bulk_radius``.
    """

    def __init__(self, *, variance, variance_slope, overlap, results):
        self.variance, self.variance_slope, self.overlap, self.results = variance, variance_slope, overlap, results

        @lru_cache(maxsize=4)  # at other amplitudes, as in a sweep of the target, the curve is the same
        def curve(given):
            return ClampedCurve(variance, variance_slope, overlap, given)

        self.curve = curve

    def open_loop(self, z, given):
        """Variance at the held output.

        Parameters
        ----------
        z, given : array_like
            Broadcast against each other.

        Returns
        -------
        Delta : ndarray
            The physical branch: the smallest root at which the slope of the self-consistency is below 1; nan without one.
        roots : ndarray
            Every root, increasing along an additional first axis, padded with nan.
        """
        vectors, shape = flattened((z, *given))
        with np.errstate(all="ignore"):
            roots = all_roots(self.variance, self.variance_slope, vectors)
            slopes = self.variance_slope(np.maximum(roots, LOOP_SILENT), *vectors)
        return physical_branch(roots, slopes)[0].reshape(shape), roots.reshape(-1, *shape)

    def fixed_points(self, target, C, given, Delta=None):
        """Every fixed point of the loop closed with amplitude C, for one set of numbers.

        Parameters
        ----------
        target : float
            An output known to be a fixed point, as C was chosen for it; nan without one. Its partner next to a fold is
            found however near it is.
        C : float
        given : sequence of float
        Delta : float, optional
            Variance at the target; by default on the physical branch.

        Returns
        -------
        dict
            Arrays in the order of increasing z: ``z``, ``Delta``, ``outliers`` (points, 2), ``visible`` (points, 2),
            ``bulk_radius``, ``stable``, ``residual`` (relative to the terms of the equations); ``continuum``, whether every
            z is a fixed point; ``index``, the sum of the signs of (1 - first outlier)(1 - second), nan where one of them is 1,
            and ``index_expected``, what it must be if none is missed (nan where the curve does not say).
        """
        given = tuple(float(p) for p in given)
        known = []
        if np.isfinite(target):
            Delta = float(self.open_loop(target, given)[0]) if Delta is None else float(Delta)
            known = [(Delta, float(target))] if np.isfinite(Delta) else []
        if given[1] == 0.0:  # no feedback: one output above every variance
            roots = all_roots(self.variance, self.variance_slope, [np.array([p]) for p in (0.0, *given)])[:, 0]
            points = [(v, C * float(self.overlap(max(v, LOOP_SILENT), 0.0, *given)[0])) for v in roots[roots >= 0]]
            return self._described(points, C, given)
        curve = self.curve(given)
        pieces = list(curve.pieces)
        if pieces and not pieces[-1].bounded and not _settled(pieces[-1], C):
            pieces.append(curve.beyond())
        if pieces and all(np.all(np.abs(_mismatch(arc.points, C)[0]) < 10 * FLAT) for p in pieces for arc in p.arcs):
            return self._described(known, C, given, continuum=True)
        if known and given[2] == given[5] == 0.0 and target != 0.0:  # the loop is odd in z
            known.append((known[0][0], -known[0][1]))
        others = self._others(curve, pieces, known, C)
        if self.variance(VANISHING, 0.0, *given) < LOOP_SILENT:  # the curve begins, or has a lone point, at Delta = 0
            others = [(0.0, 0.0), *(point for point in others if point[0] > 2 * CLAMPED_FLOOR)]
        return self._described(_distinct([*known, *others], given), C, given, expected=_index(pieces, C))

    def _others(self, curve, pieces, known, C):
        """Fixed points other than the known ones."""

        def function(Delta, sheet):
            points = curve.at(Delta, sheet)
            f, slope = _mismatch(points, C)
            with np.errstate(all="ignore"):  # where the sheets join, the slope in Delta is infinite: bisect
                return f, np.where(points.climb == 0, 0.0, slope * Delta / points.climb)

        arcs, cells, loose = curve.without(known)
        arcs += pieces[-1].arcs if len(pieces) > len(curve.pieces) else []
        values = []
        for arc in arcs:
            f, slope = _mismatch(arc.points, C)
            values.append((f, slope * arc.sheet))
        rough = curve.at(*arc_roots(function, arcs, values))
        rough = [*zip(rough.Delta, rough.z, strict=True)]
        for piece in curve.pieces:
            rough += [(v, curve.base) for v in piece.joins([_mismatch(arc.points, C)[0] for arc in piece.arcs])]
        found = [_polished(curve, C, *point) for point in rough]
        found = [point for point in found if not any(curve.same(point, other) for other in loose)]
        for cell in cells:
            for Delta, z, distance in _partners(curve, C, *cell):
                found.append(_polished(curve, C, Delta, z, reach=1e-2 * distance))
        return found

    def _described(self, points, C, given, continuum=False, expected=np.nan):
        """The result for (Delta, z) pairs."""
        points = sorted(points, key=lambda point: (point[1], point[0]))
        Delta, z = np.array(points, dtype=float).reshape(-1, 2).T + 0.0
        with np.errstate(all="ignore"):
            at = np.maximum(Delta, LOOP_SILENT)
            values = self.results(at, z, C, *given)
            trace, determinant, radius = (values[k] + 0.0 * z for k in ("trace", "determinant", "bulk_radius"))
            pair = outliers(trace, determinant)
            points = clamped_points(self.variance_slope, self.overlap, at, z, given)
            gap = np.where(Delta > 0, _gap(self.variance(at, z, *given) - Delta, Delta, z, given), 0.0)
            residual = np.maximum(np.abs(gap), np.abs(_mismatch(points, C)[0]))
            index = 1 - trace + determinant
            index = np.where(np.abs(index) < FLAT * (1 + np.abs(trace) + np.abs(determinant)), np.nan, np.sign(index))
            index = np.where((Delta == 0) & (points.pace < 0), 0.0, index)  # silence that the curve does not reach
        return {
            "z": z,
            "Delta": Delta,
            "outliers": pair,
            "visible": np.abs(pair) > radius[:, None],
            "bulk_radius": radius,
            "stable": (radius < 1 - LOOP_MARGIN) & (np.max(pair.real, axis=1, initial=-np.inf) < 1 - LOOP_MARGIN),
            "residual": residual,
            "continuum": continuum,
            "index": float(np.sum(index)),
            "index_expected": expected,
        }

    def critical_targets(self, given):
        """Where the amplitude diverges and where it turns, for one set of numbers.

        Parameters
        ----------
        given : sequence of float

        Returns
        -------
        dict
            ``flex``, the target at which the amplitude is infinite; ``A_c``, the extremum of the amplitude next to it on the
            side away from 0, and ``C_c``, the amplitude there; ``A_b``, the smallest target of the other sign with that
            amplitude; nan for what does not exist. ``turns`` and ``C_turns``: every extremum of the amplitude on the physical
            branch, and the amplitudes.
        """
        given = tuple(float(p) for p in given)
        *_, snm, snI = given[1:6]
        turns = self._turns(given) if given[1] != 0.0 else np.empty((0, 2))
        Delta, z = turns.T
        with np.errstate(all="ignore"):
            overlap, _, overlap_z = self.overlap(np.maximum(Delta, LOOP_SILENT), z, *given)
            amplitudes = np.where(z == 0, 1 / overlap_z, z / overlap) if snI == 0.0 else z / overlap
        found = {"flex": np.nan, "A_c": np.nan, "C_c": np.nan, "A_b": np.nan, "turns": z, "C_turns": amplitudes}
        if snm == 0.0 or snI == 0.0:
            return found
        found["flex"] = flex = -snI / snm
        beyond = np.nonzero(z * np.sign(flex) > abs(flex))[0]
        if beyond.size:
            nearest = beyond[np.argmin(np.abs(z[beyond]))]
            found["A_c"], found["C_c"] = float(z[nearest]), float(amplitudes[nearest])
            others = self.fixed_points(z[nearest], amplitudes[nearest], given, Delta[nearest])
            opposite = others["z"] * flex < 0
            candidates = others["z"][opposite & self._physical(others["Delta"], others["z"], given)]
            if candidates.size:
                found["A_b"] = float(candidates[np.argmin(np.abs(candidates))])
        return found

    def _turns(self, given):
        """(Delta, z) of every extremum of the amplitude on the physical branch, in the order of z."""
        curve = self.curve(given)
        points = []
        for piece in curve.pieces:
            points += [(v, curve.base) for v in piece.joins([_turning(arc.points) for arc in piece.arcs])]
            for arc in piece.arcs:
                points += _arc_turns(curve, arc)
        points = np.array(sorted(points, key=lambda point: point[1])).reshape(-1, 2) + 0.0
        return points[self._physical(*points.T, given)]

    def _physical(self, Delta, z, given):
        """Whether points of the curve are on the physical branch at their output."""
        expected = self.open_loop(z, given)[0] if z.size else z
        with np.errstate(all="ignore"):
            return np.abs(Delta - expected) <= 1e-6 * Delta


def outliers(trace, determinant):
    """Both roots of ``v^2 - trace v + determinant``, the larger real part first, without cancellation; shape (..., 2)."""
    with np.errstate(all="ignore"):
        root = np.emath.sqrt(trace**2 - 4 * determinant + 0j)
        real = root.imag == 0
        far = 0.5 * (trace + np.where(trace < 0, -1.0, 1.0) * root.real)
        near = np.where(far == 0, 0.0, determinant / far) + 0.0
        pair = np.where(real, far, 0.5 * (trace + root)), np.where(real, near, 0.5 * (trace - root))
    first = (pair[0].real > pair[1].real) | ~real
    return np.stack([np.where(first, *pair), np.where(first, *pair[::-1])], axis=-1)


def _mismatch(points, C):
    """The mismatch and its derivative along the curve, relative to the terms of the mismatch."""
    f, slope = points.mismatch(C)
    size = points.size(C)
    size = np.where(size > 0, size, 1.0)
    return f / size, slope / size


def _gap(gap, Delta, z, given):
    """The mismatch of the variance relative to its terms."""
    return gap / (Delta + given[1] * z**2 + given[3])


def _turning(points):
    """Derivative of the amplitude along the curve, relative to its terms."""
    with np.errstate(all="ignore"):
        size = np.abs(points.pace * points.overlap) + np.abs(points.z * points.along)
    return points.turning / np.where(size > VANISHING, size, np.inf)  # an output that underflows has no sign


def _settled(piece, C):
    """Whether at the end of the half-line feedback is too weak for fixed points further out, or nothing is resolved any more."""
    for arc in piece.arcs:
        end = arc.points[-1]
        if abs(C * end.overlap_z) >= 0.5 or abs(C * end.overlap) >= 0.5 * abs(end.z):
            return False
    return True


def _distinct(points, given):
    """The points without those that rounding cannot tell from an earlier one."""
    kept = []
    for Delta, z in points:
        blur = 10 * EPSILON * given[3]
        if not any(abs(Delta - v) <= 1e-14 * v + blur and abs(z - u) <= 1e-14 * abs(u) for v, u in kept):
            kept.append((Delta, z))
    return kept


def _index(pieces, C):
    """Sum of the signs of det(1 - Jacobian) over all fixed points.

    Along the curve the mismatch changes with the opposite sign: on a closed loop the changes add up to nothing, on the half-line
    to the difference of its ends.
    """
    if not pieces or pieces[-1].bounded:
        return 0.0
    first, last = (np.sign(arc.last.mismatch(C)[0]) for arc in pieces[-1].arcs)
    return float(0.5 * (first - last))


def _arc_turns(curve, arc):
    """Extrema of the amplitude on an arc, also two between the same points."""
    f, Delta = _turning(arc.points), arc.Delta
    height = np.abs(f)
    with np.errstate(all="ignore"):
        same = f[:-2] * f[2:] > 0
        dips = same & (height[1:-1] < height[:-2]) & (height[1:-1] < height[2:]) & (height[1:-1] > FLAT)
    for k in np.nonzero(dips)[0]:
        Delta = np.union1d(Delta, np.geomspace(*arc.Delta[[k, k + 2]], LOOP_DIP_REFINED))
    if Delta.size > arc.Delta.size:
        f = _turning(curve.at(Delta, arc.sheet))
    clear = np.nonzero(~(np.abs(f) <= FLAT))[0]  # nan stays, and has no sign
    cells = np.nonzero(f[clear[:-1]] * f[clear[1:]] < 0)[0]
    found = []
    for low, high in zip(Delta[clear[cells]], Delta[clear[cells + 1]], strict=True):
        v = brentq(lambda v: float(_turning(curve.at(v, arc.sheet))), low, high, xtol=1e-300, rtol=1e-15)
        points = curve.at(np.array([low, v, high]), arc.sheet)
        with np.errstate(all="ignore"):
            below, at, above = points.overlap / points.z
        if (at - below) * (at - above) > -((1e-12 * at) ** 2):  # elsewhere the derivative of an average is not resolved
            found.append((v, float(points.z[1])))
    return found


def _partners(curve, C, Delta, sheet, low, high):
    """Fixed points other than the known one in the cell around it: zeros of the divided difference of the mismatch.

    Near the known point this is the mean of the derivative in between, which does not cancel however near the partner is.
    """
    reach = 0.1 * min(Delta, high - Delta, Delta - low)

    def divided(offset):
        offset = np.atleast_1d(offset)
        close = np.abs(offset) <= reach
        value = np.empty(offset.size)
        far = curve.at(Delta + offset[~close], sheet)
        value[~close] = far.mismatch(C)[0] / offset[~close]
        between = curve.at(Delta + offset[close][:, None] * 0.5 * (1 + LOOP_NODES), sheet)
        value[close] = (between.mismatch(C)[1] / between.climb) @ (0.5 * LOOP_WEIGHTS)
        return value

    found = []
    for end in (low - Delta, high - Delta):
        offsets = end * 0.25 ** np.arange(7.0)
        offsets = np.append(offsets, 0.0)
        values = divided(offsets)
        for k in np.nonzero(values[:-1] * values[1:] < 0)[0]:
            offset = brentq(lambda u: float(divided(u)[0]), offsets[k + 1], offsets[k], xtol=1e-17 * Delta, rtol=1e-13)
            pair = curve.at(Delta + np.array([offset, 0.0]), sheet)
            found.append((float(pair.Delta[0]), float(pair.z[0]), float(np.abs(np.diff(pair.z)[0]))))
    return found


def _polished(curve, C, Delta, z, reach=np.inf):
    """Newton's method in both unknowns on both equations, as long as it improves the solution and z moves less than `reach`."""
    if curve.given[5] == 0.0 and abs(z) < LOOP_ROUNDED * np.sqrt(Delta / curve.Sm2):
        z = 0.0  # without a constant part of the readout exactly a solution

    def state(Delta, z):
        points = curve.points(Delta, z)
        gap = curve.variance(Delta, z, *curve.given) - Delta
        return points, gap, abs(_gap(gap, Delta, z, curve.given)) + abs(_mismatch(points, C)[0])

    points, gap, error = state(Delta, z)
    for _ in range(LOOP_POLISHES):
        f, slope = points.mismatch(C)
        f_Delta, f_z = C * points.overlap_Delta, C * points.overlap_z - 1
        with np.errstate(all="ignore"):
            new_Delta = Delta - (points.climb * f - gap * f_z) / slope
            new_z = z - (points.pace * f + gap * f_Delta) / slope
        if not (new_Delta > 0 and abs(new_z - z) < reach):
            break
        points, gap, better = state(new_Delta, new_z)
        if not better < error:
            break
        Delta, z, error = float(new_Delta), float(new_z), better
    return Delta, z
