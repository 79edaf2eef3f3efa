"""The autocovariance C(tau) for any rational filter: ``S_x(omega) = |h(i omega)|^2 (strength S_phi(omega) + N(omega))``.

In time this is an integral equation.  ``|h|^2`` is a chain of stages ``1/(r^2 - s^2)``, each of which is solved exactly for
polynomials on panels of the lag; what is left is Newton's method on the nodes.
"""

import numpy as np

from numerics.algorithms.coloured import CLOSEST, FIRST_STEP, REFRESHES, SETTLED_VARIANCE
from numerics.algorithms.outcomes import CRITICAL, NO_CONVERGENCE, NOT_RESOLVED, SILENT, SOLVED
from numerics.algorithms.panels import Panels
from numerics.algorithms.primitive import ORDER, gauss_panels, graded, subdivided
from numerics.algorithms.twotime import LONGEST_PANEL, Autocovariance

LARGEST_SYSTEM, ROUGH_SYSTEM = 2800, 1500  # nodes of the lag: of the result, and of guesses
ROUGH_GAPS, SMALLEST_GAP = (1e-3, 1e-2, 0.1), 1e-6  # 1 - strength <phi'>^2 max |h|^2: while guessing; refused below
VARIANCES, AMPLIFYING = (1e10, 1e-10, 81), 0.7  # tried, and 1 - gap at which activity without noise is looked for
STEPS_ON_LAGS, GUESSED = 12, 1e-6  # GUESSED: relative change of the variance at which a guess is good enough
ROUNDED = 1e-9  # relative change below which one that no longer decreases is rounding, close to criticality
SHORTEST_STEP = 1e-4  # of the continuation
LONG, FAIR, ROUGH = 30.0, 20.0, 16.0  # the longest lag in units of the slowest decay: aimed at, least, and of guesses
NONLINEAR = 6.0  # the same for lags beyond which <phi phi> is linear
RESOLVED_TAILS = (1e-12, 1e-10, 1e-8)  # last Legendre coefficients of <phi phi> on a panel, relative: aimed at, in need
SUM_RULE = 1e-8  # relative violation of the equation in frequency above which a solution is refused
NEGATIVE = 1e-10  # relative size of a negative spectrum that is rounding
ADAPTATIONS, GRADING = 6, 7  # of the panels; halvings at lag 0
SEPARATE = 0.05  # relative distance of the poles above which partial fractions do not cancel


def lag_edges(rates, end):
    """Edges of panels for functions that decay at complex rates, up to `end` times the slowest decay."""
    fastest, slowest = np.max(np.abs(rates)), np.min(np.real(rates))
    edges = [0.0, 0.2 / fastest]
    while edges[-1] < end / slowest:
        alive = rates[np.real(rates) * edges[-1] < end]
        phase = 3.0 if edges[-1] * slowest < NONLINEAR else 5.0
        edges.append(edges[-1] + min(edges[-1], phase / np.max(np.abs(alive))))
    return np.array(edges)


def split(edges, unresolved):
    """Edges with some panels halved; the first panel is graded towards 0, where kinks of phi leave powers of the lag."""
    middle = 0.5 * (edges[1:] + edges[:-1])[unresolved]
    nearer = edges[1] * 0.5 ** np.arange(1, GRADING + 1) if unresolved[0] else []
    return np.unique(np.concatenate([edges, middle, nearer]))


class Stage:
    """Solution of ``r^2 y - y'' = q`` for even functions: y at 0, y and y' at the nodes, as matrices acting on q."""

    def __init__(self, panels, rate):
        order, count, size = panels.order, panels.half.size, panels.nodes.size
        length = 2.0 * panels.half
        inside, whole = exponential_moments(panels, rate)
        place = 0.5 * (1.0 + np.polynomial.legendre.leggauss(order)[0])  # of the nodes in their panel
        before, after = np.zeros((size, size), dtype=complex), np.zeros((size, size), dtype=complex)
        left, right = np.zeros(size, dtype=complex), np.zeros(size, dtype=complex)
        for k in range(count):
            block = slice(k * order, (k + 1) * order)
            before[block] = np.exp(-rate * length[k] * place)[:, None] * left
            before[block, block] += inside[k]
            left = np.exp(-rate * length[k]) * left
            left[block] += whole[k]
        for k in reversed(range(count)):
            block = slice(k * order, (k + 1) * order)
            after[block] = np.exp(-rate * length[k] * (1.0 - place))[:, None] * right
            after[block, block] += inside[k][::-1, ::-1]
            right = np.exp(-rate * length[k]) * right
            right[block] += whole[k][::-1]
        mirror = np.exp(-rate * panels.nodes)[:, None] * right
        self.start = right / rate
        self.value = (before + after + mirror) / (2.0 * rate)
        self.slope = (after - before - mirror) / 2.0

    def act(self, q):
        """y at 0 and at the nodes; y' at the nodes."""
        return np.append(self.start @ q, self.value @ q), self.slope @ q


def exponential_moments(panels, rate):
    """``int exp(-rate (t - u)) l_j(u) du`` from the left edge of a panel to each node t, and to its right edge.

    l_j are the Lagrange polynomials of the nodes; arrays of shape (panels, order, order) and (panels, order).
    """
    x = np.polynomial.legendre.leggauss(panels.order)[0]
    reach = 0.5 * (1.0 + np.append(x, 1.0))  # from the left edge, in units of the length
    narrow = 1.0 / max(1.0, np.max(2.0 * panels.half) * abs(rate))
    v, weight = gauss_panels(np.append(0.0, graded(narrow, 1.0, 2.0) if narrow < 1.0 else [1.0]))
    v, weight = v.ravel(), weight.ravel()
    moments = []
    for part in reach:
        lagrange = np.polynomial.legendre.legvander(2.0 * part * (1.0 - v) - 1.0, panels.order - 1) @ panels.to_series
        span = 2.0 * panels.half * part
        moments.append((span[:, None] * np.exp(-rate * np.outer(span, v)) * weight) @ lagrange)
    return np.stack(moments[:-1], axis=1), moments[-1]


class Convolution:
    """The autocorrelation of a filter as an operator on even functions of the lag.

    Attributes
    ----------
    matrix : ndarray, shape (1 + nodes, nodes)
        (A * q)(0) and (A * q) at the nodes, from q at the nodes.
    """

    def __init__(self, transfer, panels):
        self.panels, self.terms = panels, transfer.terms(SEPARATE)
        self.stages = {rate: Stage(panels, rate) for rate in {rate for _, chain in self.terms for rate in chain}}
        products, self.matrix = {(): None}, 0.0
        for part, chain in self.terms:
            *before, last = chain
            stage, earlier = self.stages[last], products[tuple(before)]
            rows = np.vstack([stage.start, stage.value])
            rows = rows if earlier is None else rows @ earlier
            products[chain] = rows[1:]
            self.matrix = self.matrix + np.real(part * rows)

    def apply(self, q, impulse=0.0):
        """Values at 0 and at the nodes, and slopes at the nodes, of the response to q plus `impulse` times a delta function."""
        value, slope = 0.0, 0.0
        for part, chain in self.terms:
            rate, *further = chain
            decay = impulse / (2.0 * rate) * np.exp(-rate * np.append(0.0, self.panels.nodes))
            here, rise = self.stages[rate].act(q)
            here, rise = here + decay, rise - rate * decay[1:]
            for later in further:
                here, rise = self.stages[later].act(here[1:])
            value, slope = value + np.real(part * here), slope + np.real(part * rise)
        return value, slope


class FilteredAutocovariance(Autocovariance):
    """An autocovariance that is a polynomial on every panel, so that its spectra are exact at any frequency.

    Attributes
    ----------
    panels : Panels
    on_panels : tuple of ndarray
        C_x and C_phi at the nodes of `panels`.
    """

    def __init__(self, panels, x, phi, slope, variance, table, mismatch):
        self.panels, self.on_panels, self.variance = panels, (x, phi), variance
        # panels fine enough for Laplace transforms
        edges = subdivided(np.concatenate([[0.0], graded(1e-9, panels.edges[1], 2.5), panels.edges[2:]]), LONGEST_PANEL)
        lag, weight = (a.ravel() for a in gauss_panels(edges))
        fine = panels.at(x, lag)
        theta = np.arccos(np.clip(fine / variance, -1.0, 1.0))
        super().__init__(lag, weight, fine, table.value(theta), panels.at(slope, lag), mismatch)

    def at(self, lag):
        """C_x at any lags >= 0."""
        lag = np.asarray(lag, dtype=float)
        inside = self.panels.at(self.on_panels[0], np.minimum(lag, self.panels.edges[-1]))
        return np.where(lag <= self.panels.edges[-1], inside, 0.0)

    def spectra(self, omega):
        """Spectra of x and of phi at real frequencies, an array of any shape."""
        omega = np.asarray(omega, dtype=float)
        return list(self.panels.cosine(self.on_panels, omega.ravel()).reshape(2, *omega.shape))


class Drive:
    """Noise of a network: a white part, and a part with a smooth autocovariance.

    Parameters
    ----------
    white : float
        Spectrum of the white part.
    forcing : callable, optional
        Autocovariance of the other part at lags >= 0.
    spectrum : callable, optional
        Its spectrum.
    rate : float, optional
        Its decay rate.
    """

    def __init__(self, white=0.0, forcing=None, spectrum=None, rate=None):
        self.white, self.forcing, self.smooth_spectrum = white, forcing, spectrum
        self.rates = [] if rate is None else [rate]

    def at(self, lag):
        """Autocovariance of the smooth part."""
        return np.zeros_like(lag) if self.forcing is None else self.forcing(lag)

    def spectrum(self, omega):
        """Spectrum of both parts."""
        return self.white + (0.0 if self.smooth_spectrum is None else self.smooth_spectrum(omega))


def follow(solve, known):
    """Solution at t = 1 from a guess at t = 0, in steps that adapt, along the secant; None where they become too short."""
    t, step, rate, failed = 0.0, 1.0, 0.0, False
    while t < 1.0:
        ahead = min(t + step, 1.0)
        found = solve(ahead, known + (ahead - t) * rate)
        if found is None:
            step, failed = 0.5 * step, True
            if step < SHORTEST_STEP:
                return None
        else:
            rate = (found - known) / (ahead - t) if t > 0.0 else 0.0
            t, known, step, failed = ahead, found, step if failed else 2.0 * step, False
    return known


class FilteredEquation:
    """``C = A * (strength f(C; C(0)) + noise)``, A the autocorrelation of the filter, f = <phi phi>.

    Parameters
    ----------
    table_at : callable
        Variance -> `PairTable`.
    multiplier : callable
        Variance -> strength <phi'>^2.  Times |h|^2 it is below 1 where pair correlations relax.
    transfer : PowerTransfer
        Of any rational filter h(s).  A delay changes nothing here.
    strength : float
        Factor of <phi phi>.
    drive : Drive
    """

    def __init__(self, table_at, multiplier, transfer, strength, drive):
        self.table_at, self.multiplier, self.transfer = table_at, multiplier, transfer
        self.strength, self.drive = strength, drive

    def solve(self):
        """(status, variance, table, autocovariance); without a solution the last three are None.

        The status is SOLVED, SILENT, NO_CONVERGENCE, CRITICAL or NOT_RESOLVED.
        """
        status, *guess = self.rough()
        return self.refined(*guess) if status == SOLVED else (status, None, None, None)

    def gap(self, variance):
        """``1 - strength <phi'>^2 |h|^2`` at the largest |h|^2."""
        return 1.0 - float(self.multiplier(variance)) * self.transfer.peak()[1]

    def rates(self, gap):
        """Decay rates that set the scales of the lag."""
        of_network = self.transfer.decay_rates((1.0 - gap) / self.transfer.peak()[1])
        return np.concatenate([self.transfer.rates, self.drive.rates, of_network])

    def rough(self):
        """(SOLVED, variance, curve), a guess; or the status alone, where there is none."""
        if all(self.gap(v) <= 0.0 for v in np.geomspace(*VARIANCES)):  # a linear network beyond its instability
            return (NO_CONVERGENCE,)
        trials = (Panels(lag_edges(self.rates(gap), ROUGH)) for gap in ROUGH_GAPS)
        panels = next((p for p in trials if p.nodes.size <= ROUGH_SYSTEM), None)
        if panels is None:
            return (NOT_RESOLVED,)
        operator = Convolution(self.transfer, panels)

        def solve(strength, noise, unknown):
            found = settled(self.table_at, operator.matrix, noise, strength, unknown, GUESSED)
            return None if found is None else found[0]

        quiet = self.drive.white == 0.0 and self.drive.forcing is None
        noise = operator.apply(self.drive.at(panels.nodes), 1.0 if quiet else self.drive.white)[0]

        def from_weak_couplings(noise):
            return follow(lambda t, known: solve(t * self.strength, noise, known), noise)

        def from_strong_noise():
            factor = (self.saturating() or 0.0) / noise[0]
            unknown = from_weak_couplings(factor * noise) if factor > (0.0 if quiet else 1.0) else None
            level = (lambda t: factor * (1.0 - t)) if quiet else (lambda t: factor ** (1.0 - t))
            return None if unknown is None else follow(lambda t, u: solve(self.strength, level(t) * noise, u), unknown)

        unknown = None if quiet else from_weak_couplings(noise)
        if unknown is None:  # no noise, or an onset of activity on the way that weak noise hardly softens
            unknown = from_strong_noise()
        if unknown is None:
            return (SILENT if quiet and self.gap(VARIANCES[1]) > 0.0 else NO_CONVERGENCE,)
        return SOLVED, unknown[0], curve_on(panels, unknown[1:])

    def saturating(self):
        """The largest variance at which a linear network with the same <phi'> would still amplify, or None."""
        return next((v for v in np.geomspace(*VARIANCES) if 1.0 - self.gap(v) > AMPLIFYING), None)

    def long_edges(self, gap):
        """Edges for the result; less far where the tail oscillates through very many panels."""
        edges = lag_edges(self.rates(gap), LONG)
        return edges if edges.size * ORDER <= 0.5 * LARGEST_SYSTEM else lag_edges(self.rates(gap), FAIR)

    def refined(self, variance, curve):
        """(status, variance, table, autocovariance) on panels that fit the solution."""
        gap = self.gap(variance)
        edges, beside = self.long_edges(max(gap, SMALLEST_GAP)), None
        for _ in range(ADAPTATIONS):
            panels = Panels(edges)
            if panels.nodes.size > LARGEST_SYSTEM:
                break
            operator, smooth = Convolution(self.transfer, panels), self.drive.at(panels.nodes)
            noise, _ = operator.apply(smooth, self.drive.white)
            guess = np.append(variance, curve(panels.nodes))
            found = settled(self.table_at, operator.matrix, noise, self.strength, guess, SETTLED_VARIANCE, beside)
            if found is None:
                return NO_CONVERGENCE, None, None, None
            (variance, *x), table, beside = found
            x, gap = np.array(x), self.gap(variance)
            if gap < SMALLEST_GAP:
                return (CRITICAL if gap > -SMALLEST_GAP else NO_CONVERGENCE), None, None, None
            if edges[-1] * np.min(np.real(self.rates(gap))) < 0.9 * FAIR:  # the guess decayed too fast
                edges = self.long_edges(gap)
            else:
                phi = table.value(np.arccos(np.clip(x / variance, -1.0, 1.0)))
                tail = panels.tail(phi) / float(table.value(np.zeros(1))[0])
                tail *= np.minimum(1.0, 2.0 * panels.half * np.max(np.abs(self.transfer.rates)))
                finer = ((tail >= size, split(edges, tail >= size)) for size in RESOLVED_TAILS)
                bad, edges = next(((b, e) for b, e in finer if (e.size - 1) * ORDER <= LARGEST_SYSTEM), (None, None))
                if bad is None:
                    break
                if not np.any(bad):
                    slope = operator.apply(self.strength * phi + smooth, self.drive.white)[1]
                    return self.judged(panels, variance, x, phi, slope, table, np.max(tail))
            curve = curve_on(panels, x)
        return NOT_RESOLVED, None, None, None

    def judged(self, panels, variance, x, phi, slope, table, tail):
        """The solution, if its spectra obey the equation and are not negative."""
        scales = np.append(np.abs(self.transfer.rates), self.transfer.peak()[0])
        omega = np.append(0.0, np.outer(np.geomspace(0.03, 3.0, 24), scales))
        of_x, of_phi = panels.cosine((x, phi), omega)
        expected = self.transfer(omega) * (self.strength * of_phi + self.drive.spectrum(omega))
        violation = np.max(np.abs(of_x - expected)) / np.max(np.abs(expected))
        positive = np.min(of_x) >= -NEGATIVE * np.max(of_x) and np.min(of_phi) >= -NEGATIVE * np.max(of_phi)
        if not (violation < SUM_RULE and positive and np.all(np.abs(x) <= variance * (1.0 + 1e-12))):
            return NOT_RESOLVED, None, None, None
        found = FilteredAutocovariance(panels, x, phi, slope, variance, table, max(violation, tail))
        return SOLVED, variance, table, found


def curve_on(panels, x):
    """A function of the lag from values at the nodes, zero beyond the last panel."""
    return lambda lag: np.where(lag < panels.edges[-1], panels.at(x, np.minimum(lag, panels.edges[-1])), 0.0)


def settled(table_at, matrix, noise, strength, unknown, accuracy, beside=None):
    """(unknown, table, another variance) by Newton's method, or None; `unknown` is C at 0 and at the nodes.

    The dependence of f on the variance is differenced between the tables of two variances that close in on the solution.
    """
    variance = float(unknown[0])
    if not variance > 0.0:  # a secant too long
        return None
    beside = beside or variance * (1.0 + FIRST_STEP)
    tables, before = [(beside, table_at(beside)), (variance, table_at(variance))], np.inf
    for _ in range(REFRESHES):
        unknown = filtered_newton(*tables, matrix, noise, unknown, strength)
        if unknown is None or not 0.05 < unknown[0] / tables[1][0] < 20.0:
            return None
        variance = float(unknown[0])
        moved = abs(variance / tables[1][0] - 1.0)
        if moved > CLOSEST:
            tables[0] = tables[1]
        tables[1] = (variance, table_at(variance))
        if moved <= accuracy or before <= moved < ROUNDED:
            return unknown, tables[1][1], tables[0][0]
        before = moved
    return None


def filtered_newton(older, newest, matrix, noise, unknown, strength):
    """Solve on the nodes, with f linear in the variance through two tables, as far as that is accurate."""
    (other_variance, other), (at, table) = older, newest
    before = np.inf
    for _ in range(STEPS_ON_LAGS):
        variance, x = unknown[0], unknown[1:]
        rho = np.clip(x / variance, -1.0, 1.0)
        theta = np.arccos(rho)
        value, slope = table.value(theta), table.slope(theta)
        rate = (other.value(theta) - value) / (other_variance - at)
        residual = unknown - noise - strength * (matrix @ (value + (variance - at) * rate))
        jacobian = np.eye(unknown.size)
        jacobian[:, 1:] -= strength * matrix * (slope / variance)
        jacobian[:, 0] -= strength * (matrix @ (rate - slope * rho / variance))
        step = np.linalg.solve(jacobian, residual)
        step *= min(1.0, 0.5 * abs(variance) / max(abs(step[0]), 1e-300))
        unknown = unknown - step
        if not np.all(np.isfinite(unknown)) or unknown[0] <= 0.0:
            break
        size = np.max(np.abs(step))
        if size <= max(1e-12 * unknown[0], 1e-3 * abs(unknown[0] - at)) or before <= size < ROUNDED * unknown[0]:
            return unknown
        before = size
    return None
