"""Solutions of the network in time: what they have in common, and the statistics of pairs that each carries.

A state has a `status`, the equal-time `variance` of x, `roots` and `slopes` of its self-consistency, a relative `residual` with the
`tolerance` beyond which it is refused, and

    sites(omega)    one-site functions S, T, C, K, X at frequencies >= 0,
    lags(lag)       autocovariances of x and of phi at lags >= 0,
    results()       values of all observables and their errors; none where an integral is not resolved,
    pair_lags(...)  psi_phi and psi_x at two lags, and their errors,
    frequency_dimensions(omega)
                    participation ratios over N at single frequencies, and their errors.
"""

import numpy as np
from scipy.interpolate import BPoly

from numerics.algorithms.contour import contour_integral, opposite_frequencies
from numerics.algorithms.filtered import Drive, FilteredEquation
from numerics.algorithms.outcomes import SOLVED
from numerics.algorithms.pairsum import pair_sum, slow_integral
from numerics.algorithms.plane import PairPlane
from numerics.algorithms.trajectories import solve_by_trajectories
from numerics.algorithms.transfer import PowerTransfer

AGREEMENT = 1e-9  # of two orders of quadrature
DOUBLE_PRECISION = 4e-16
RESOLUTION = 0.3  # of the smallest panel of frequencies, in units of the margin 1 - strength max|S|^2
INTEGRATED = 1e-4  # relative error of an integral over the plane above which it is not resolved


def single_frequency(pairs, one):
    """C(w)^2/(C(w)^2 + psi(w,-w)) of phi and of x: participation ratios over N of the cross-spectral matrix."""
    opposite = [np.conj(part) for part in one]
    return np.array([size**2 / (size**2 + psi) for size, psi in zip(one[2::2], pairs(one, opposite), strict=True)])


class PairStatistics:
    """Statistics of pairs that follow from `sites`, `margin`, `marks` and the pair spectra, for x Gaussian."""

    sampled, marks, tolerance = False, (), 1e-11

    def sites(self, omega):
        """One-site functions at frequencies >= 0."""
        given, s = self.equations, 1j * np.asarray(omega, dtype=float)
        response = given.gaussian_site(self.variance, *self.numbers)["G_0"] * given.transfer(s)
        spectrum = self.found.spectra(omega)[1]
        return given.one_site(s, response, spectrum, given.noise_spectra[self.noise](s, *self.numbers), *self.numbers)

    @property
    def rounding(self):
        """Relative error of the variance, which moves the margin: integrals depend on that through its inverse."""
        return (self.error / self.variance + DOUBLE_PRECISION) * (1.0 + 3.0 / self.margin)

    def stated(self, integrals, others, at_zero):
        """Values of all observables from integrals of pair spectra, and errors: the change to others, and that of the variance.

        `at_zero` are the one-site functions at frequency 0.
        """
        given, numbers = self.equations, self.numbers
        process = [
            *given.gaussian_site(self.variance, *numbers).values(),
            *(float(np.real(part[0])) for part in at_zero),
        ]
        first, second = (given.observables(self.variance, *process, *row, *numbers) for row in (integrals, others))
        values = {key: float(value) for key, value in first.items()}
        errors = {key: abs(v - float(second[key])) + self.rounding * abs(v) for key, v in values.items()}
        return values, {**errors, "Delta0": self.error}

    def pairs(self, one, two):
        """psi_phi and psi_x at two frequencies."""
        return self.equations.pair_spectra(one, two, *self.numbers)

    def plane(self):
        """Pair spectra in the plane of two frequencies."""
        return PairPlane(self.sites, self.pairs, RESOLUTION * self.margin, self.marks)

    def pair_lags(self, t1, t2):
        """psi_phi, psi_x at lags, shape (2, ...), and their errors; nan where they are not resolved."""
        plane = self.plane()
        values, errors = plane.at(t1, t2)
        return (values, errors) if plane.resolved else (np.full(values.shape, np.nan), np.full(values.shape, np.inf))

    def frequency_dimensions(self, omega):
        """Participation ratios over N of phi and x at frequencies >= 0, shape (2, ...), and their errors."""
        value = single_frequency(self.pairs, self.sites(omega))
        return value, self.rounding * value


class GaussianState(PairStatistics):
    """Independent couplings and units 1/(1+s): x is Gaussian, and pole and contour integrals are exact.

    Parameters
    ----------
    equations : InTime
    noise : str
    numbers : sequence of float
    tau_n : float
    """

    def __init__(self, equations, noise, numbers, tau_n):
        self.equations, self.noise, self.numbers, self.tau_n = equations, noise, numbers, tau_n
        found = equations.correlations(noise, numbers, tau_n)
        self.status, self.variance, self.table, self.found, self.roots, self.slopes, self.residual, self.error = found

    @property
    def margin(self):
        """1 - strength max|S|^2."""
        return 1.0 - float(self.equations.multiplier(self.variance, *self.numbers))

    def lags(self, lag):
        """C_x and C_phi, from C_x with two derivatives at the nodes."""
        given, found, numbers = self.equations, self.found, self.numbers
        order = np.append(0.0, found.lag)
        conserved = self.noise in given.kinetic
        slope = -np.sqrt(2.0 * float(given.kinetic[self.noise](*numbers))) if conserved else 0.0
        phi = np.append(self.table.value(np.zeros(1)), found.phi)
        x = np.append(self.variance, found.x)
        forcing = 0.0 if conserved else given.forcing[self.noise](order, *numbers)
        second = x - float(given.strength(*numbers)) * phi - forcing
        curve = BPoly.from_derivatives(order, np.column_stack([x, np.append(slope, found.slope), second]))
        at = np.where(lag < order[-1], curve(np.minimum(lag, order[-1])), 0.0)
        return at, self.table.value(np.arccos(np.clip(at / self.variance, -1.0, 1.0)))

    def results(self):
        """Values of all observables and their errors."""
        variance, found = self.variance, self.found
        slowest = min(np.sqrt(self.margin), 1.0 / max(self.tau_n, 1.0))

        def integrand(s, transform):
            return self.equations.integrands(s, transform, variance, *self.numbers)

        integrals = []
        for order in (12, 16):
            slow, beyond = opposite_frequencies(self.sites, self.pairs, slowest, order)
            integrals.append([*contour_integral(found, integrand, slowest, order), slow])
        coarse, fine = np.array(integrals)
        one = self.sites(np.append(0.0, np.geomspace(1e-2 * slowest, 1.0, 40)))
        sound = (
            np.allclose(coarse, fine, rtol=AGREEMENT, atol=AGREEMENT * variance**2 * 1e-3)
            and np.all(np.abs(found.x) <= variance * (1.0 + 1e-12))
            and np.all(one[2] >= -1e-11 * one[2][0])
            and np.all(one[4] >= -1e-11 * one[4][0])
        )
        if not sound:
            return {}, {}
        values, errors = self.stated(fine, coarse, one)
        errors["tau_pop"] += abs(beyond / fine[0]) if fine[0] else 0.0
        return values, errors


class FilteredState(PairStatistics):
    """Independent couplings and any rational filter, with a delay or without: x is Gaussian, integrals are over the plane.

    Parameters
    ----------
    equations : InTime
    noise : str
    numbers : sequence of float
    tau_n : float
    """

    tolerance = 1e-6  # of the residual: beyond, a solution is refused

    def __init__(self, equations, noise, numbers, tau_n):
        self.equations, self.noise, self.numbers = equations, noise, numbers
        own, smooth = numbers[equations.count :], noise == "ou"
        drive = Drive(
            white=float(equations.impulses[noise](*numbers)),
            forcing=(lambda lag: equations.forcing[noise](lag, *numbers)) if smooth else None,
            spectrum=(lambda omega: equations.noise_spectra[noise](1j * omega, *numbers).real) if smooth else None,
            rate=1.0 / tau_n if smooth else None,
        )
        self.network = FilteredEquation(
            lambda variance: equations.pair.table(variance, own),
            lambda variance: float(equations.multiplier(variance, *numbers)),
            PowerTransfer.of(*equations.filter),
            float(equations.strength(*numbers)),
            drive,
        )
        self.status, self.variance, self.table, self.found = self.network.solve()
        solved = self.status == SOLVED
        self.variance = float(self.variance) if solved else np.nan
        self.roots, self.slopes = np.array([self.variance] * solved), np.array([np.nan] * solved)
        self.residual = self.found.mismatch if solved else np.nan
        self.error = self.residual * self.variance
        self.marks = [self.network.transfer.peak()[0]]

    @property
    def margin(self):
        """1 - strength max|S|^2."""
        return self.network.gap(self.variance)

    def lags(self, lag):
        """C_x and C_phi, from the polynomial of each panel."""
        at = self.found.at(lag)
        return at, self.table.value(np.arccos(np.clip(at / self.variance, -1.0, 1.0)))

    def results(self):
        """Values of all observables and their errors."""
        plane = self.plane()
        psi, error = plane.at(0.0, 0.0)
        if not (plane.resolved and np.all(error <= INTEGRATED * np.abs(psi) + DOUBLE_PRECISION * self.variance**2)):
            return {}, {}
        slow = plane.slow_integral()[0]
        return self.stated((*psi, slow), (*psi + error, slow), self.sites(np.zeros(1)))


class SampledState(PairStatistics):
    """Partially symmetric couplings: the process of one unit is sampled, and errors are standard errors.

    Parameters
    ----------
    equations : InTime
    noise : str
    numbers : sequence of float
    tau_n : float
    """

    sampled, tolerance = True, 1e-3
    error = 0.0
    slopes, roots = np.array([]), np.array([])
    variance = residual = np.nan

    def __init__(self, equations, noise, numbers, tau_n):
        self.equations, self.noise, self.numbers = equations, noise, numbers
        own = numbers[equations.count :]

        def drive(omega):
            return np.real(equations.noise_spectra[noise](1j * omega, *numbers))

        self.found = solve_by_trajectories(
            lambda x: equations.phi(x, *own),
            lambda x: equations.phi_prime(x, *own),
            equations.transfer,
            drive,
            float(equations.strength(*numbers)),
            float(equations.reaction(*numbers)),
            lambda omega, S, C: equations.one_site(1j * omega, S, C, drive(omega), *numbers),
        )
        self.status = self.found.status

    @property
    def margin(self):
        """1 - strength max|S|^2."""
        return self.found.site.margin

    def sites(self, omega):
        """One-site functions of the pooled solution at frequencies >= 0."""
        return self.found.site.one_site(np.asarray(omega, dtype=float))

    def lags(self, lag):
        """C_x and C_phi of the pooled solution."""
        return self.found.site.autocovariance(lag)

    def results(self):
        """Values of all observables and their standard errors."""
        given, numbers = self.equations, self.numbers
        nodes, weight = self.found.site.frequencies()

        def observed(site):
            one, zero = site.one_site(nodes), site.one_site(np.zeros(1))
            variance, power = site.variances
            integrals = [*pair_sum(weight, one, self.pairs), slow_integral(weight, one, self.pairs)[0]]
            process = [power, site.gain, *(float(np.real(part[0])) for part in zero)]
            results = given.observables(variance, *process, *integrals, *numbers)
            keys.update(dict.fromkeys(results))
            return np.array(list(results.values()), dtype=float)

        keys = {}
        value, error = self.found.jackknife(observed)
        values, errors = (dict(zip(keys, map(float, row), strict=True)) for row in (value, error))
        self.variance, self.roots, self.slopes = values["Delta0"], np.array([values["Delta0"]]), np.array([np.nan])
        # the spectrum of phi from the equations of the site against its variance along the trajectories
        self.residual = float(weight @ self.sites(nodes)[2] / np.pi / values["C_phi0"] - 1.0)
        return values, errors

    def pair_lags(self, t1, t2):
        """psi_phi, psi_x at lags, shape (2, ...), and their standard errors."""
        plane = self.plane()

        def at(site):
            return PairPlane(site.one_site, self.pairs, 0.0, edges=plane.edges).at(t1, t2)[0]

        value, error = self.found.jackknife(at)
        return value, error if plane.resolved else np.full(error.shape, np.inf)

    def frequency_dimensions(self, omega):
        """Participation ratios over N of phi and x at frequencies >= 0, shape (2, ...), and their standard errors."""
        return self.found.jackknife(lambda site: single_frequency(self.pairs, site.one_site(omega)))
