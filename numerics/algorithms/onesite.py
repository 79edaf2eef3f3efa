"""One-site functions at any frequency, from the response of phi to x and the part of phi that is uncorrelated with its field.

The single site of a network with partially symmetric couplings obeys ``x = h * [zeta + xi + feedback R * phi(x)]``: the Gaussian
zeta has the spectrum ``strength C`` of phi, and R, with transform S, is the mean response of phi to the field; strength = g^2,
feedback = eta g^2.  With p the mean response of phi to x, and T that of x to the field,

    S = p T,   T = h (1 + feedback S^2)   =>   S = 2 p h / (1 + sqrt(1 - 4 feedback (p h)^2)) :

the elliptic law with a gain that depends on frequency.  With N the spectrum of xi and D that of the part of phi which is
uncorrelated with H = zeta + xi,

    C = |S|^2 (strength C + N) + D   =>   C = (|S|^2 N + D) / (1 - strength |S|^2) .

The functional Stein lemma <phi H*> = S <H H*> (Furutsu 1963, Novikov 1965) gives the rest, K = <phi x*> and X = <x x*>.
Model: Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
"""

import numpy as np
from scipy import special
from scipy.interpolate import CubicSpline

from numerics.algorithms.panels import Panels

SMALLEST_MARGIN = 1e-9  # that 1 - strength |S|^2 is divided by: states beyond are refused later
PANEL_ORDER = 12
WIDTHS_PER_PANEL = 2.0  # of the sharpest feature of a pair spectrum
RESOLVED_SERIES = 1e-3  # of the Legendre series on a panel, relative to the largest value
DOUBLINGS, MOST_HALVINGS = 13, 14  # of the panels, from the bandwidth of a unit up and down
IMAGES = 4  # of the frequency window on either side that are summed one by one


class LinearUnit:
    """The linear part of a unit, its drive and its feedback.

    Parameters
    ----------
    transfer : callable
        h(s) at s = i omega for an array of s: causal, decaying at least like 1/s.
    noise_spectrum : callable
        N(omega), real.
    strength, feedback : float
        g^2 and eta g^2.
    one_site : callable
        ``one_site(omega, S, C)`` -> (S, T, C, K, X): what the equation of motion makes of S and C.

    Attributes
    ----------
    peak, time_constant : float
        ``max |h|`` and ``max |h|^2 / (2 int |h|^2 domega/2pi)``; both 1 for h = 1/(1+s).
    """

    def __init__(self, transfer, noise_spectrum, strength, feedback, one_site):
        self.transfer, self.noise_spectrum, self.one_site = transfer, noise_spectrum, one_site
        self.strength, self.feedback = strength, feedback
        omega = np.geomspace(1e-8, 1e8, 3201)
        size = np.abs(self.filter(omega)) ** 2
        self.peak = np.sqrt(np.max(size))
        self.time_constant = np.pi * np.max(size) / (2.0 * np.log(omega[1] / omega[0]) * np.sum(size * omega))

    def filter(self, omega):
        """h at real frequencies."""
        return self.transfer(1j * omega) * np.ones_like(omega)

    def noise(self, omega):
        """N at real frequencies."""
        return self.noise_spectrum(omega) * np.ones_like(omega)

    def responses(self, omega, slope):
        """S and T from p, at frequencies that increase and end where |feedback (p h)^2| is small."""
        h = self.filter(omega)
        square = 1.0 - 4.0 * self.feedback * (slope * h) ** 2
        phase = np.unwrap(np.angle(square)[::-1])[::-1]  # the branch that tends to 1 at high frequency
        T = 2.0 * h / (1.0 + np.sqrt(np.abs(square)) * np.exp(0.5j * phase))
        return slope * T, T

    def spectrum(self, omega, S, residual):
        """C from S and D."""
        size = np.abs(S) ** 2
        return (size * self.noise(omega) + residual) / np.maximum(1.0 - self.strength * size, SMALLEST_MARGIN)


class LagWindow:
    """Lags and frequencies of a periodic window; functions of the lag have decayed at half the period.

    Attributes
    ----------
    steps, dt : int, float
        Even number of time steps, and the step.
    omega : ndarray
        Frequencies from 0 to `nyquist` = pi/dt.
    time : ndarray
        Lags from 0 to half the period.
    """

    def __init__(self, steps, dt):
        self.steps, self.dt, self.nyquist = steps, dt, np.pi / dt
        self.time = dt * np.arange(steps // 2 + 1)
        self.omega = 2.0 * np.pi / (steps * dt) * np.arange(steps // 2 + 1)

    def spectrum(self, lags):
        """Transform of an even function given at `time`: that of the sampled function."""
        return self.dt * np.fft.hfft(lags, self.steps)[: self.time.size]

    def lags(self, spectrum):
        """Inverse of `spectrum`."""
        return np.fft.irfft(spectrum, self.steps)[: self.time.size] / self.dt

    def causal(self, values):
        """Transform of a function that vanishes at negative times, given at `time`."""
        return self.dt * np.fft.rfft(values, self.steps)

    @property
    def beyond(self):
        """Frequencies of the window and of its first images, one grid."""
        return self.omega[1] * np.arange((2 * IMAGES + 1) * (self.steps // 2) + 1)

    def sampled(self, spectrum):
        """Spectrum of a process that is seen at the times of the window: the sum over the images of each frequency.

        Parameters
        ----------
        spectrum : ndarray
            At the frequencies `beyond`; the images further out follow 1/omega^2.
        """
        place = self.steps * np.arange(1, IMAGES + 1)[:, None]
        k = np.arange(self.omega.size)
        images = np.sum(spectrum[place + k] + spectrum[place - k], axis=0)
        last = 2.0 * spectrum[self.steps * IMAGES] * IMAGES**2 * special.polygamma(1, IMAGES + 1)
        return spectrum[k] + images + last

    def images(self, omega):
        """``sum over m != 0 of 1/(omega + 2 pi m/dt)^2``: what sampling adds to a spectrum with the tail 1/omega^2."""
        half = np.maximum(0.5 * self.dt * omega, 1e-2)  # below, the difference would cancel
        return (0.5 * self.dt) ** 2 * (1.0 / np.sin(half) ** 2 - 1.0 / half**2)


class Site:
    """The solution of one site.

    Attributes
    ----------
    unit : LinearUnit
    window : LagWindow
    gain : float
        <phi'>.
    memory : ndarray
        p(t) - gain delta(t) at the times of the window.
    residual : ndarray
        Autocovariance with spectrum D, sampled at the lags of the window.
    tail : float
        ``omega^2 D`` at high frequency.
    shift : float
        Gain less that of a Gaussian x with the same response to the field.
    """

    def __init__(self, unit, window, gain, memory, residual, tail=0.0, shift=0.0):
        self.unit, self.window, self.gain = unit, window, gain
        self.memory, self.residual, self.tail, self.shift = memory, residual, tail, shift

    @classmethod
    def mean(cls, sites):
        """The site with the mean of what defines the given ones."""
        parts = zip(*((s.gain, s.memory, s.residual, s.tail, s.shift) for s in sites), strict=True)
        return cls(sites[0].unit, sites[0].window, *(np.mean(part, axis=0) for part in parts))

    def on(self, window):
        """The same functions on another window."""
        slope, residual = self.slope_and_residual(window.omega)
        memory = window.lags(slope - self.gain)
        sampled = window.lags(residual + self.tail * window.images(window.omega))
        return Site(self.unit, window, self.gain, memory, sampled, self.tail, self.shift)

    def on_grid(self):
        """p and D at the frequencies of the window; D of sampled functions may be slightly negative."""
        slope = self.gain + self.window.causal(self.memory)
        return slope, self.window.spectrum(self.residual) - self.tail * self.window.images(self.window.omega)

    def extended(self):
        """p and D at the frequencies `LagWindow.beyond`: without memory, and with the tail, beyond the window."""
        slope, residual = self.on_grid()
        far = self.window.beyond[slope.size :]
        return np.append(slope, np.full(far.shape, self.gain)), np.append(residual, self.tail / far**2)

    def on_window(self):
        """(S, T, C, K, X) at the frequencies `LagWindow.beyond`."""
        slope, residual = self.extended()
        omega, unit = self.window.beyond, self.unit
        S, _ = unit.responses(omega, slope)
        return unit.one_site(omega, S, unit.spectrum(omega, S, residual))

    def slope_and_residual(self, omega):
        """p and D at any frequencies >= 0: exact interpolation within the window, beyond it as in `extended`."""
        window = self.window
        inside = omega <= window.nyquist
        slope, residual = (
            np.full(omega.shape, self.gain, dtype=complex),
            self.tail / np.maximum(omega, window.nyquist) ** 2,
        )
        phases = window.dt * np.exp(-1j * np.outer(omega[inside], window.time))
        slope[inside] += phases @ self.memory
        both_signs = 2.0 * self.residual
        both_signs[[0, -1]] *= 0.5
        residual[inside] = phases.real @ both_signs - self.tail * window.images(omega[inside])
        return slope, residual

    def one_site(self, omega):
        """(S, T, C, K, X) at any frequencies >= 0."""
        slope, residual = self.slope_and_residual(omega)
        every, place = np.unique(np.append(omega, self.window.omega), return_inverse=True)  # to follow the branch of S
        slopes = np.empty(every.shape, dtype=complex)
        slopes[place] = np.append(slope, self.on_grid()[0])
        S = self.unit.responses(every, slopes)[0][place[: omega.size]]
        return self.unit.one_site(omega, S, self.unit.spectrum(omega, S, residual))

    @property
    def margin(self):
        """Smallest value of ``1 - strength |S|^2``, positive where pair correlations decay."""
        S, _ = self.unit.responses(self.window.omega, self.on_grid()[0])
        return 1.0 - self.unit.strength * np.max(np.abs(S)) ** 2

    def frequencies(self):
        """Nodes and weights of panels from 0 to infinity that resolve one-site functions and their pair spectra."""
        edges = np.append(0.0, 2.0 ** np.arange(DOUBLINGS)) / self.unit.time_constant
        panels = Panels(edges, PANEL_ORDER)
        for _ in range(MOST_HALVINGS):
            coarse = self._unresolved(panels)
            if not np.any(coarse):
                break
            panels = panels.halved(coarse)
        return panels.nodes, panels.weight

    def _unresolved(self, panels):
        """Panels wider than the ridge at omega_2 = -omega_1 of a pair spectrum, or on which C and X are no short series."""
        S, _, C, _, X = self.one_site(panels.nodes)
        turning = np.abs(np.gradient(S, panels.nodes)) * np.abs(S) * self.unit.strength
        width = np.maximum(1.0 - self.unit.strength * np.abs(S) ** 2, SMALLEST_MARGIN) / np.maximum(turning, 1e-300)
        ridge = 2.0 * panels.half > WIDTHS_PER_PANEL * np.min(width.reshape(-1, PANEL_ORDER), axis=1)
        curved = [panels.tail(values) > RESOLVED_SERIES * np.max(values) for values in (C, X)]
        return ridge | curved[0] | curved[1]

    def autocovariance(self, lag):
        """C_x and C_phi at lags >= 0: exact at those of the window, a spline between, 0 beyond."""
        window, end = self.window, self.window.time[-1]
        _, _, C, _, X = self.on_window()
        curves = [CubicSpline(window.time, window.lags(window.sampled(spectrum))) for spectrum in (X, C)]
        return tuple(np.where(lag <= end, curve(np.minimum(lag, end)), 0.0) for curve in curves)

    @property
    def variances(self):
        """C_x(0) and C_phi(0)."""
        return tuple(float(value[0]) for value in self.autocovariance(np.zeros(1)))
