"""Stability of stored patterns: bulk, outliers and critical loads of the Jacobian, from the equations of the theory."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from numerics.algorithms.patterns import WHOLE, last, stored_patterns, tail_of

LOADS = np.concatenate(
    [np.geomspace(1e-7, 0.02, 24, endpoint=False), np.linspace(0.02, 0.98, 49), 1 - np.geomspace(1e-2, 1e-6, 9)]
)
TAILS = (WHOLE, 7.9)  # where laws are cut: for the results, and to see what the cut (and other panels) changes
SEARCHED = 96  # eigenvalues between which the edge of the bulk and outliers are looked for
STILL = 1e-14  # relative change of t below which it is found
MARGIN = 1e-12  # distance of b <g> from 1 that may be rounding
NARROWEST = 3e-5  # spread of the rates, relative to the largest, below which rounding decides what is an outlier
VARIANTS, FEWEST_UNITS = ("noself", "self", "bias"), 10
POINT = 1e-14  # squared width of the bulk, relative to its centre and the load, that is rounding
FURTHEST = 40.0  # largest outlier that is looked for, in units of the largest one at small load and of the edge


class Unstorable(ValueError):
    """Patterns that the network cannot store, or words and numbers that mean nothing."""


class Equations(NamedTuple):
    """What the theory says about a law of patterns: functions of numbers, and of `patterns`, the nodes of the law."""

    moments: object  # (patterns): a dict of m, ubar, V_r, V_u, mean_gain, b, beta2
    self_coupling: object  # (alpha, b): c0 of units that do not couple to themselves
    load: object  # (growth, t, c0, b, patterns): the load at which t is the order parameter, and its derivative in t
    boundary: object  # (growth, t, c0, b, beta2, patterns): the load at which `growth` is on the boundary of the bulk
    outlier: object  # (growth, t, c0, b, m, ubar, patterns): both vanish at an outlier, without and with trained biases
    directions: object  # the same: uniform and recalled entry behind the first, each over the factor of its eigenvalue
    threshold_shift: object  # the same: how far the threshold is from where `growth` is an outlier; its denominator
    first_outliers: object  # (m, ubar, patterns): coefficients in `growth` of both of `outlier` at a vanishing load


class Jacobian:
    """Eigenvalues of D W at a stored pattern, for one law of patterns and one kind of weights.

    Parameters
    ----------
    equations, patterns, variant : Equations, Patterns, {'noself', 'self', 'bias'}
    moments : dict, optional
        Of all patterns, where `patterns` are the rates of one of them.
    """

    def __init__(self, equations, patterns, variant, moments=None):
        self.equations, self.patterns, self.variant = equations, patterns, variant
        self.trained = int(variant == "bias")
        self.moments = equations.moments(patterns) if moments is None else moments
        self.b, self.beta2 = self.moments["b"], self.moments["beta2"]
        self.means = self.moments["m"], self.moments["ubar"]

    def self_coupling(self, alpha):
        """What a unit lacks of itself."""
        return 0.0 if self.variant == "self" else self.equations.self_coupling(alpha, self.b)

    def order_parameter(self, growth, alpha, start=0.0):
        """t outside the bulk, nan inside: the smallest positive root for real eigenvalues, of a concave function of t."""
        t, c0, is_real = start, self.self_coupling(alpha), not isinstance(growth, complex)
        alone, pull = growth - c0 * self.patterns.gain, growth - self.b * self.patterns.gain
        for _ in range(200):
            load, slope = self.equations.load(growth, t, c0, self.b, self.patterns)
            if is_real and not slope > 0:
                return np.nan
            step = (alpha - load) / slope
            t = t + step
            if is_real and not np.min(alone * (alone + t * pull)) > 0:
                return np.nan
            if abs(step) <= STILL * abs(t) or (is_real and step <= 0):  # steps towards a real root are positive
                return t
        return np.nan

    def at(self, growth, alpha, start=0.0):
        """t and c0 at an eigenvalue outside the bulk; None inside."""
        t, c0 = self.order_parameter(growth, alpha, start), self.self_coupling(alpha)
        known = np.isfinite(t) and self.equations.boundary(growth, t, c0, self.b, self.beta2, self.patterns) < alpha
        return (t, c0) if known else None

    def is_outside(self, growth, alpha):
        """Whether an eigenvalue would lie outside the bulk."""
        return self.at(growth, alpha) is not None

    def centre(self, alpha):
        """A real eigenvalue inside the bulk: where (lambda - b g)/(lambda - c0 g) is 0 on average."""
        c0, gain, weight = self.self_coupling(alpha), self.patterns.gain, self.patterns.weight
        highest = self.b * np.max(gain)

        def average(growth):
            return weight @ ((growth - self.b * gain) / (growth - c0 * gain))

        return brentq(average, 1e-12 * highest, highest * (1 + 1e-12), xtol=1e-15 * highest)

    def edge(self, alpha):
        """Largest real part of the bulk, and t there; of a bulk that is one point, for a constant gain, the point."""
        gain, weight, mean_gain = self.patterns.gain, self.patterns.weight, self.moments["mean_gain"]
        width = self.beta2 * (weight @ gain**2) + self.b**2 * (weight @ (gain - mean_gain) ** 2)
        if width < POINT * (self.b * mean_gain) ** 2:
            return 1.0, np.inf  # b = 1/g
        inside = self.centre(alpha)
        outside = 2.0 * inside + 1e-3
        while not self.is_outside(outside, alpha):
            outside *= 2.0
        edge = last(lambda growth: self.is_outside(growth, alpha), np.linspace(outside, inside, SEARCHED))
        # an atom of a discrete law: its largest gain is shared by many
        atom = abs(edge - self.b * np.max(gain)) <= MARGIN * edge
        return edge, np.inf if atom else self.order_parameter(edge, alpha)

    def boundary_curve(self, alpha, points):
        """The upper half of the boundary of the bulk in the complex plane, from its right end, an array of complex numbers."""
        right, _ = self.edge(alpha)
        centre = self.centre(alpha)
        curve = [complex(right)]
        for x in np.linspace(right, 3.0 * centre - 2.0 * right, 3 * points)[1:]:
            height = self.height(x, alpha, right)
            if height == 0 and x < centre:
                break
            curve.append(complex(x, height))
        return np.array(curve)

    def height(self, x, alpha, size):
        """Imaginary part of the boundary above x; t is followed from large imaginary parts, where it is alpha/(1 - alpha)."""
        t, height = alpha / (1.0 - alpha), 8.0 * size

        def is_outside(height):
            nonlocal t
            found = self.at(complex(x, height), alpha, t)
            t = t if found is None else found[0]
            return found is not None

        while is_outside(height):
            height *= 0.85
            if height <= 1e-9 * size:
                return 0.0
        return last(is_outside, (height / 0.85, height))

    def determinant(self, growth, alpha):
        """Vanishes at an outlier; nan inside the bulk."""
        found = self.at(growth, alpha)
        if found is None:
            return np.nan
        return self.equations.outlier(growth, *found, self.b, *self.means, self.patterns)[self.trained]

    def first_outliers(self):
        """Outliers for a vanishing load, decreasing."""
        found = np.roots(self.equations.first_outliers(*self.means, self.patterns)[self.trained])
        return np.sort(found[np.isreal(found)].real)[::-1]

    def outliers(self, alpha, edge):
        """Real outliers on both sides of the bulk, decreasing."""
        scale = FURTHEST * max(1.0, abs(edge), *np.abs(self.first_outliers()))
        left = min(0.0, self.self_coupling(alpha) * np.max(self.patterns.gain))
        steps = np.geomspace(1e-9, 1.0, SEARCHED) * scale
        sides = (edge + steps, left - steps)
        found = [growth for side in sides for growth in roots(lambda growth: self.determinant(growth, alpha), side)]
        return sorted(found, reverse=True)

    def critical_loads(self):
        """Loads at which the bulk and an outlier reach 1, and what ends stability: 'bulk', 'average' or 'pattern'."""
        bulk = self.bulk_load()
        first = [growth for growth in self.first_outliers() if growth > 1]
        out = 0.0 if first else self.outlier_load(bulk)
        if bulk == 0:
            return 0.0, np.nan, "bulk"
        return bulk, out, "bulk" if np.isnan(out) else self.direction(first[0] if first else 1.0, out)

    def bulk_load(self):
        """Smallest load at which the bulk reaches 1; 0 if it is beyond 1 at every load."""
        if not self.b * self.moments["mean_gain"] < 1 - MARGIN:
            return 0.0
        bulk = last(lambda load: self.is_outside(1.0, load) if load else True, (0.0, *LOADS))
        return 1.0 if bulk == LOADS[-1] else bulk

    def outlier_load(self, bulk):
        """Smallest load below that of the bulk at which an outlier is 1; nan if there is none."""
        loads = np.append(LOADS[bulk > LOADS], bulk * (1 - 1e-9)) if bulk > 0 else LOADS[:0]
        return min(roots(lambda alpha: self.determinant(1.0, alpha), loads), default=np.nan)

    def direction(self, growth, alpha):
        """Whether an outlier belongs to the average activity or to the recalled pattern."""
        if self.trained:
            return "pattern"
        t, c0 = (0.0, 0.0) if alpha == 0 else self.at(growth, alpha) or (np.nan, 0.0)
        uniform, recalled = self.equations.directions(growth, t, c0, self.b, *self.means, self.patterns)
        return "average" if abs(uniform) < abs(recalled) else "pattern"

    def threshold_shift(self, alpha):
        """How far below the critical threshold the threshold is; nan where there is none."""
        found = None if self.trained else self.at(1.0, alpha)
        if found is None:
            return np.nan
        shift, turn = self.equations.threshold_shift(1.0, *found, self.b, *self.means, self.patterns)
        return shift if turn > 0 else np.nan


def roots(function, points):
    """Roots between consecutive points at which a function has different signs."""
    values = np.array([function(point) for point in points])
    changes = np.flatnonzero(values[:-1] * values[1:] < 0)
    return [brentq(function, points[k], points[k + 1], xtol=1e-15, rtol=1e-14) for k in changes]


def stability(equations, weights, patterns, alpha, variant, threshold):
    """Every result for one law and load, as a dict of floats with `outliers`, a list, and `mechanism`, a word."""
    jacobian = Jacobian(equations, patterns, variant)
    moments = jacobian.moments
    edge, t = jacobian.edge(alpha)
    outliers = jacobian.outliers(alpha, edge)
    bulk, out, mechanism = jacobian.critical_loads()
    c0 = jacobian.self_coupling(alpha)
    found = weights(alpha, c0, *(moments[key] for key in ("m", "ubar", "V_r", "b", "beta2")))
    if variant == "bias":
        found = {**found, "row_sum": 0.0, "row_sum_sd": found["norm"]}
    residual = equations.load(edge, t, c0, moments["b"], patterns)[0] / alpha - 1.0 if np.isfinite(t) else 0.0
    known = {key: moments[key] for key in ("b", "beta2", "mean_gain")}
    spectrum = {
        "edge": edge,
        "abscissa": max([edge, *outliers]),
        "theta_c": threshold + jacobian.threshold_shift(alpha),
    }
    loads = {"alpha_bulk": bulk, "alpha_out": out, "alpha_S": np.fmin(bulk, out)}
    details = {"outliers": outliers, "first_outliers": list(jacobian.first_outliers()), "mechanism": mechanism}
    return {"t": t, **known, **found, **spectrum, **loads, "residual": residual, **details}


def with_errors(equations, weights, phi, phi_prime, nodes, alpha, variant, threshold, units=0.0):
    """The results of `stability`, with the errors that cutting the tails of the law makes; for `units` > 0 the law is cut.

    Raises
    ------
    Unstorable
        For a load outside (0, 1), an unknown variant, rates that do not vary or that phi does not take, too few units.
    """
    if not 0 < alpha < 1:
        raise Unstorable(f"alpha = {alpha} is not a number between 0 and 1")
    if variant not in VARIANTS:
        raise Unstorable(f"variant = {variant!r} is none of {', '.join(VARIANTS)}")
    if 0 < units < FEWEST_UNITS:
        raise Unstorable(f"units = {units:g}: give {FEWEST_UNITS} or more, or 0 for no cut of the law")
    found, before = [], ()
    for tail in TAILS if units == 0 else (tail_of(units),):
        r, weight = nodes(tail)
        if np.array_equal(r, before):  # a law without tails
            continue
        before = r
        if not np.ptp(r) > NARROWEST * np.max(np.abs(r)):
            raise Unstorable(f"rates vary by less than {NARROWEST:g} of the largest: all patterns would be the same")
        patterns = stored_patterns(phi, phi_prime, r, weight)
        lost = ~np.isfinite(patterns.u)
        if np.any(lost):
            rates = f"the law has rates from {np.min(r):.3g} to {np.max(r):.3g}"
            raise Unstorable(f"phi does not take the rate {r[lost][0]:.6g}, or does not increase there; {rates}")
        found.append(stability(equations, weights, patterns, alpha, variant, threshold))
    whole, shorter = found[0], found[-1]
    numbers = [key for key, value in whole.items() if np.isscalar(value) and not isinstance(value, str)]
    errors = {key: abs(whole[key] - shorter[key]) for key in numbers if np.isfinite(whole[key])}
    return {**whole, "errors": errors}
