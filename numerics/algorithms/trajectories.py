"""The self-consistent single site with feedback, from trajectories that differ little from an exactly solved Gaussian process.

The equation of the site, ``x = h * [H + feedback R * phi(x)]``, is solved by all times at once in a periodic window:

    x = y + kappa * (phi(x) - p * x),   y = T H Gaussian,   kappa = feedback S T,

the same equation with what phi does on average taken to the left.  For a linear phi the bracket vanishes and x = y; otherwise x is
close to y, of which every average is a sum over Hermite orders.  Averages over x are therefore those over y plus the mean of a
difference along the same trajectories.  The mean response needs the linearised equation with an impulse at one time u,

    d = T + kappa * (phi'(x) d - p * d),   p T = <phi'(x) d>,

whose first order in kappa contains only the autocovariance of phi' and is averaged over all u; trajectories with an impulse add
the higher orders.  The random numbers stay fixed while gain, memory and residual of the site converge (Anderson's method).
"""

import numpy as np
from scipy.optimize import brentq

from numerics.algorithms.hermite import HermiteSeries, mehler_sum
from numerics.algorithms.onesite import LagWindow, LinearUnit, Site
from numerics.algorithms.outcomes import CRITICAL, NO_CONVERGENCE, NO_ROOT, SILENT, SOLVED, UNSTABLE_PAIRS

FIXED_POINT, MOST_UPDATES = 1e-7, 80  # relative change at which the iteration ends
HISTORY = 6  # of Anderson's method
LEAST_MARGIN, SILENCE = 1e-6, 1e-10  # of 1 - strength max|S|^2, and of the spectrum of y summed over frequencies
LARGEST_DEVIATION = 10.0  # factor on the standard range of x within which the steepest slope is looked for
SWEEPS = 2  # of the trajectories' own fixed point for one update of the site
STEP, FIRST_PERIOD = 0.25, 32.0  # time step and shortest window, in time constants of a unit
FULL_STEPS, MOST_STEPS = 2**10, 2**12  # of a window: longer ones have fewer trajectories, none is longer
DECAYED, STILL_DECAYED = 3e-4, 2e-3  # what is left of C and R at half the period: aimed at, accepted
RESOLVED_MARGIN = 3.0  # standard errors that the margin must be away from 0


class Ensemble:
    """Trajectories of one replicate, with their random numbers.

    Parameters
    ----------
    unit : LinearUnit
    series : HermiteSeries
    window : LagWindow
    white : ndarray of complex, shape (trajectories, steps/2 + 1)
        Fourier coefficients of white noise of unit variance; real at frequency 0 and at the last.  None: the Gaussian process y
        stands for x, to first order in kappa.
    """

    def __init__(self, unit, series, window, white=None):
        self.unit, self.series, self.window, self.white = unit, series, window, white
        shape = () if white is None else (white.shape[0], window.steps)
        self.echo = self.higher = np.zeros(shape)  # x - y, and the tangent beyond its first order
        self.unsettled = 0.0
        slopes = series.phi_prime(series.z * LARGEST_DEVIATION)
        self.slopes = np.nanmin(slopes), np.nanmax(slopes)

    def balanced(self, site):
        """The site with the gain that its own variance produces, and the Gaussian y that goes with it.

        The variance of y grows with the gain, without bound where pair correlations cease to decay, and a saturating phi has the
        smaller gain the larger the variance: the balance lies where they decay.  Of several, the one next to the gain of the site.

        Returns
        -------
        site, S, T, spectrum of y as seen at the times of the window, its tail ``omega^2 Y``
        """
        window, unit = self.window, self.unit
        slope, residual = site.extended()
        memory, residual = slope - site.gain, np.maximum(residual, 0.0)

        def gaussian(gain):
            S, T = unit.responses(window.beyond, gain + memory)
            C = unit.spectrum(window.beyond, S, residual)
            return S, T, np.abs(T) ** 2 * (unit.strength * C + unit.noise(window.beyond))

        def excess(gain):
            S, _, Y = gaussian(gain)
            if unit.strength * np.max(np.abs(S)) ** 2 >= 1.0:
                return -gain  # the variance is infinite
            return self.series.gain(window.lags(window.sampled(Y))[0]) + site.shift - gain

        lowest, highest = (1.01 * (slope + np.copysign(abs(site.shift), slope)) for slope in self.slopes)
        ends = bracket(excess, site.gain, min(lowest, -1e-9), max(highest, 1e-9))
        gain = brentq(excess, *ends, xtol=1e-13, rtol=1e-13)
        S, T, Y = gaussian(gain)
        inside = slice(window.omega.size)
        balanced = Site(unit, window, gain, site.memory, site.residual, site.tail, site.shift)
        return balanced, S[inside], T[inside], window.sampled(Y), float(Y[-1] * window.beyond[-1] ** 2)

    def update(self, balanced):
        """The site that is driven by the given one; its gain is not balanced yet."""
        site, S, T, seen, tail = balanced
        window, slope = self.window, site.on_grid()[0]
        lags = window.lags(seen)
        rho = np.clip(lags / lags[0], -1.0, 1.0)
        gain, rest, fluctuation = self.series.at(lags[0])
        rest, slopes = mehler_sum(rest, rho), mehler_sum(fluctuation, rho)
        kappa = real_at_end(self.unit.feedback * S * T)
        shift = higher = 0.0
        if self.white is not None:
            x, y, uncorrelated = self._trajectories(slope, kappa, seen)
            steep, gentle = self.series.phi_prime(x), self.series.phi_prime(y)
            shift = np.mean(steep - gentle)
            delta = steep - gain - shift
            rest = rest + self._difference(uncorrelated, self.series.phi(y) - gain * y)
            slopes = slopes + self._difference(delta, gentle - gain)
            higher = self._higher_orders(delta, slope - site.gain, T, kappa)
        memory = window.lags(kappa) * slopes + higher
        memory[-1] = 0.0
        return Site(self.unit, window, gain + shift, memory, rest, tail * slopes[0], shift)

    def _trajectories(self, slope, kappa, seen):
        """x, y and what of phi(x) is uncorrelated with the field, at the times of the window."""
        steps, slope = self.window.steps, real_at_end(slope)
        spectrum = self.white * np.sqrt(np.maximum(seen, 0.0) * steps / self.window.dt)
        y, mean = np.fft.irfft(spectrum, steps), np.fft.irfft(slope * spectrum, steps)  # S H = p T H
        for _ in range(SWEEPS):
            before = self.echo
            bracket = np.fft.rfft(self.series.phi(y + before) - mean) - slope * np.fft.rfft(before)
            self.echo = np.fft.irfft(kappa * bracket, steps)
        self.unsettled = np.sqrt(np.mean((self.echo - before) ** 2) / np.mean(y**2))
        x = y + self.echo
        return x, y, self.series.phi(x) - mean

    def _difference(self, one, other):
        """Difference of the autocovariances of two sets of trajectories."""
        powers = [np.mean(np.abs(np.fft.rfft(z)) ** 2, axis=0) for z in (one, other)]
        return self.window.lags((powers[0] - powers[1]) * self.window.dt / self.window.steps)

    def _higher_orders(self, delta, memory, T, kappa):
        """p(t) beyond first order in kappa, from one impulse on each trajectory; `delta` = phi' - <phi'>."""
        steps, dt = self.window.steps, self.window.dt
        impulse, memory = np.fft.irfft(real_at_end(T), steps) / dt, real_at_end(memory)
        first = np.fft.irfft(kappa * np.fft.rfft(delta * impulse), steps)
        for _ in range(SWEEPS):
            change = first + self.higher
            bracket = np.fft.rfft(delta * change) - memory * np.fft.rfft(impulse + change)
            self.higher = np.fft.irfft(kappa * bracket, steps)
        response = np.fft.rfft(np.mean(delta * self.higher, axis=0))
        seen = np.abs(T) > 1e-9 * np.max(np.abs(T))
        return np.fft.irfft(np.where(seen, response / np.where(seen, T, 1.0), 0.0), steps)[: self.window.time.size]


def bracket(function, start, lowest, highest):
    """Interval next to `start` in which a function falls through zero; it is positive at `lowest` and negative at `highest`."""
    edge, step = min(max(start, lowest), highest), 1e-3 * (highest - lowest)
    sign = np.sign(function(edge)) or 1.0
    while True:
        following = min(max(edge + sign * step, lowest), highest)
        if not function(following) * sign > 0 or following in (lowest, highest):
            return min(edge, following), max(edge, following)
        edge, step = following, 2.0 * step


def real_at_end(values):
    """Spectrum of a real sequence of even length: the last coefficient is real."""
    return np.append(values[:-1], values[-1].real)


def white_coefficients(generator, trajectories, steps):
    """Fourier coefficients of real white noise, mean square 1; those at frequency 0 and at the last are real."""
    parts = generator.standard_normal((2, trajectories, steps // 2 + 1)) / np.sqrt(2.0)
    white = parts[0] + 1j * parts[1]
    white[:, [0, -1]] = np.sqrt(2.0) * parts[0][:, [0, -1]]
    return white


def every_second_step(white):
    """The same noise for a window of half as many steps."""
    if white is None:
        return None
    coarse = white[:, : white.shape[1] // 2 + 1].copy()
    coarse[:, -1] = np.sqrt(2.0) * coarse[:, -1].real
    return coarse


def settle(ensemble, site):
    """Fixed point of the ensemble by Anderson's method (1965, J. ACM 12, 547).

    Returns
    -------
    site, status
    """
    size, gain = site.window.time.size, max(np.abs(ensemble.slopes))
    power = ensemble.series.power(site.window.lags(ensemble.balanced(site)[3])[0])
    scale = np.concatenate([[gain], np.full(size, gain / site.window.dt), np.full(size, power)])

    def packed(s):
        return np.concatenate([[s.shift], s.memory, s.residual]) / scale

    points, changes = [], []
    for _ in range(MOST_UPDATES):
        balanced = ensemble.balanced(site)
        if balanced[0].margin < LEAST_MARGIN:
            return site, UNSTABLE_PAIRS
        if np.sum(balanced[3]) < SILENCE and not np.any(site.unit.noise(site.window.omega)):
            return site, SILENT
        new = ensemble.update(balanced)
        points.append(packed(site))
        changes.append(packed(new) - points[-1])
        change = np.linalg.norm(changes[-1])
        if not np.isfinite(change):
            return site, NO_ROOT
        if max(change, ensemble.unsettled) < FIXED_POINT:
            return ensemble.balanced(new)[0], SOLVED
        if change > 10.0 * min(np.linalg.norm(c) for c in changes):  # led astray: forget
            points, changes = points[-1:], changes[-1:]
        points, changes = points[-HISTORY:], changes[-HISTORY:]
        target = points[-1] + changes[-1]
        if len(points) > 1:
            past = np.array([changes[-1] - c for c in changes[:-1]]).T
            moves = np.array([points[-1] - q for q in points[:-1]]).T + past
            target = target - moves @ np.linalg.lstsq(past, changes[-1], rcond=1e-8)[0]
        shift, memory, residual = np.split(target * scale, [1, 1 + size])
        site = Site(site.unit, site.window, balanced[0].gain, memory, residual, new.tail, float(shift[0]))
    return site, NO_CONVERGENCE


def first_site(unit, series, window):
    """A site without memory, inside the region where pair correlations decay."""
    strength = max(unit.strength, 1e-300)
    # for linear phi, h = 1/(1+s)
    stable = 0.9 / (np.sqrt(strength) * unit.peak * max(1.0 + unit.feedback / strength, 0.3))

    def excess(log_variance):
        return abs(series.gain(np.exp(log_variance))) - stable

    lowest, highest = np.log(1e-3), 25.0
    variance = np.exp(brentq(excess, lowest, highest) if excess(lowest) > 0.0 > excess(highest) else lowest)
    gain, rest, _ = series.at(variance)
    shape = np.exp(-window.time / unit.time_constant)
    return Site(unit, window, gain, np.zeros(window.time.size), mehler_sum(rest, shape))


def left_at_the_end(sites):
    """Part of C and of R that is left at half the period of the window, root mean square and free of the noise of replicates."""
    window = sites[0].window
    late, count, left = window.time.size // 10, len(sites), []
    for index in (0, 2):
        spectra = np.array([real_at_end(site.on_window()[index][: window.omega.size]) for site in sites])
        lags = np.fft.irfft(spectra, window.steps)[:, : window.time.size]
        lags = 0.5 * (lags[:, 1:] + lags[:, :-1])  # a jump leaves a ripple that alternates from step to step
        mean, noise = lags.mean(axis=0), lags.var(axis=0, ddof=1) / count if count > 1 else 0.0
        left.append(np.sqrt(max(np.mean((mean**2 - noise)[-late:]), 0.0)) / np.max(np.abs(mean)))
    return max(left)


class FeedbackSolution:
    """Replicates of the site, each with its own random numbers.

    Attributes
    ----------
    status : int
        SOLVED; else UNSTABLE_PAIRS (pair correlations do not decay: ``strength max|S|^2`` is not below 1 by `RESOLVED_MARGIN`
        standard errors), NO_ROOT, NO_CONVERGENCE (the iteration does not converge), CRITICAL (C or R has not decayed) or
        SILENT (x = 0).  Without sites, but for UNSTABLE_PAIRS by the standard errors and CRITICAL.
    sites : list of Site
    coarse : list of Site
        The same with twice the time step.
    site : Site
        The pooled solution.
    left : float
        Part of C and R that is left at half the period of the window.
    """

    def __init__(self, status, sites, coarse, left):
        self.status, self.sites, self.coarse, self.left = status, sites, coarse, left
        self.site = Site.mean(sites) if sites else None

    def jackknife(self, functional):
        """Value and standard error of any functional of the pooled solution.

        The error is that of the random numbers, by leaving out one replicate after the other, that of the time step, the change
        from twice the step, and that of the window, the part `left` of the value.

        Parameters
        ----------
        functional : callable
            Takes a `Site`, returns a number or an array.
        """
        value = np.asarray(functional(self.site))
        count = len(self.sites)
        left_out = [functional(Site.mean(self.sites[:k] + self.sites[k + 1 :])) for k in range(count)]
        variance = (count - 1) * np.var(left_out, axis=0)
        step = np.abs(value - functional(Site.mean(self.coarse)))
        return value, np.sqrt(variance + step**2 + (self.left * value) ** 2)


def solve_by_trajectories(
    phi,
    phi_prime,
    transfer,
    noise_spectrum,
    strength,
    feedback,
    one_site,
    *,
    seed=0,
    replicates=16,
    trajectories=256,
):
    """Solve ``x = h * [zeta + xi + feedback R * phi(x)]`` self-consistently.

    Parameters
    ----------
    phi, phi_prime : callable
        Of arrays; phi is odd.
    transfer, noise_spectrum : callable
        h(s) for an array of s = i omega, causal and decaying at least like 1/s, and N(omega), real.
    strength, feedback : float
        g^2 and eta g^2, |eta| <= 1.
    one_site : callable
        ``one_site(omega, S, C)`` -> (S, T, C, K, X).
    seed : int
        The stream of replicate k depends on (seed, k) alone.
    replicates, trajectories : int
        Independent solutions, at least 2, and trajectories of each; fewer, of the same length together, in long windows.

    Returns
    -------
    FeedbackSolution
    """
    unit, series = LinearUnit(transfer, noise_spectrum, strength, feedback, one_site), HermiteSeries(phi, phi_prime)
    with np.errstate(all="ignore"):
        dt = time_step(unit, series)
        guess, steps = gaussian_guess(unit, series, dt)
        while True:
            sites, coarse, status = replicated(guess, series, steps, dt, seed, replicates, trajectories)
            if status != SOLVED:
                return FeedbackSolution(status, [], [], np.nan)
            left = left_at_the_end(sites)
            if left < STILL_DECAYED or 2 * steps > MOST_STEPS:
                break
            guess, steps = Site.mean(coarse), 2 * steps
        found = FeedbackSolution(SOLVED, sites, coarse, left)
        margin, error = found.jackknife(lambda site: site.margin)
    if left >= STILL_DECAYED:
        found.status = CRITICAL
    elif margin < RESOLVED_MARGIN * error:
        found.status = UNSTABLE_PAIRS
    return found


def time_step(unit, series):
    """`STEP` in units of the time constant, or of what negative feedback shortens it to."""
    first = first_site(unit, series, LagWindow(2, unit.time_constant))
    return STEP * unit.time_constant / max(1.0, np.sqrt(abs(unit.feedback)) * unit.peak * abs(first.gain))


def gaussian_guess(unit, series, dt):
    """The site to first order in kappa, where there is such a solution, and the number of steps of a window that it fits."""
    steps = 4 * int(np.ceil(FIRST_PERIOD * unit.time_constant / dt / 4))
    window = LagWindow(steps // 2, 2.0 * dt)
    site = first_site(unit, series, window)
    while True:
        found, status = settle(Ensemble(unit, series, window), site.on(window))
        if status != SOLVED or 2 * steps > FULL_STEPS or left_at_the_end([found]) < DECAYED:
            return found, steps
        site, steps = found, 2 * steps
        window = LagWindow(steps // 2, 2.0 * dt)


def replicated(guess, series, steps, dt, seed, replicates, trajectories):
    """Sites of all replicates, with the time step and with twice the step, and the status."""
    unit, windows = guess.unit, (LagWindow(steps // 2, 2.0 * dt), LagWindow(steps, dt))
    trajectories = int(np.ceil(trajectories * min(1.0, FULL_STEPS / steps)))
    found = [], []
    for k in range(replicates if unit.feedback != 0 else 2):  # without feedback there is nothing random
        white = None
        if unit.feedback != 0:
            white = white_coefficients(np.random.default_rng([seed, k]), trajectories, steps)
        site = guess
        for window, noise, sites in zip(windows, (every_second_step(white), white), found, strict=True):
            site, status = settle(Ensemble(unit, series, window, noise), site.on(window))
            if status != SOLVED:
                return [], [], status
            sites.append(site)
    return found[1], found[0], SOLVED
