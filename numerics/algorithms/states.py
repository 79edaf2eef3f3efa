"""Solutions of the network in time: what they have in common, and the statistics of pairs that each carries.

A state has a `status`, the equal-time `variance` of x, `roots` and `slopes` of its self-consistency, a relative `residual`, and

    sites(omega)    one-site functions S, T, C, K, X at frequencies >= 0,
    lags(lag)       autocovariances of x and of phi at lags >= 0,
    results()       values of all observables and their errors.
"""

from functools import lru_cache

import numpy as np
from scipy.interpolate import BPoly

from numerics.algorithms.contour import contour_integral, opposite_frequencies
from numerics.algorithms.pairsum import antidiagonal_sum, pair_sum
from numerics.algorithms.trajectories import FOUND, NO_MARGIN, UNBOUNDED, UNSETTLED, solve_by_trajectories

SOLVED, SILENT, NO_ROOT, NO_DECAY, NO_CONVERGENCE, CRITICAL, UNRESOLVED, UNSTABLE_PAIRS = range(8)  # status
AGREEMENT = 1e-9  # of two orders of quadrature
ROUNDING = 4e-16


class GaussianState:
    """Independent couplings and units 1/(1+s): x is Gaussian, and pole and contour integrals are exact.

    Parameters
    ----------
    equations : InTime
    noise : str
    numbers : sequence of float
    tau_n : float
    """

    sampled = False

    def __init__(self, equations, noise, numbers, tau_n):
        self.equations, self.noise, self.numbers, self.tau_n = equations, noise, numbers, tau_n
        found = equations.correlations(noise, numbers, tau_n)
        self.status, self.variance, self.table, self.found, self.roots, self.slopes, self.residual, self.error = found

    def sites(self, omega):
        """One-site functions at frequencies >= 0."""
        given, s = self.equations, 1j * np.asarray(omega, dtype=float)
        response = given.gaussian_site(self.variance, *self.numbers)["G_0"] * given.transfer(s)
        spectrum = self.found.spectra(omega)[1]
        return given.one_site(s, response, spectrum, given.noise_spectra[self.noise](s, *self.numbers), *self.numbers)

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
        """Values of all observables and their errors; the status changes where they are not resolved."""
        given, numbers, variance, found = self.equations, self.numbers, self.variance, self.found
        decay = 1.0 - float(given.multiplier(variance, *numbers))
        slowest = min(np.sqrt(decay), 1.0 / max(self.tau_n, 1.0))

        def integrand(s, transform):
            return given.integrands(s, transform, variance, *numbers)

        def pairs(one, two):
            return given.pair_spectra(one, two, *numbers)

        integrals = []
        for order in (12, 16):
            slow, beyond = opposite_frequencies(self.sites, pairs, slowest, order)
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
            self.status = UNRESOLVED
            return {}, {}
        process = [*given.gaussian_site(variance, *numbers).values(), *(float(np.real(part[0])) for part in one)]
        first, second = (given.observables(variance, *process, *integral, *numbers) for integral in (fine, coarse))
        values = {key: float(value) for key, value in first.items()}
        # an error of the variance moves the decay rate, on which the integrals depend through its inverse
        relative = (self.error / variance + ROUNDING) * (1.0 + 3.0 / decay)
        errors = {key: abs(v - float(second[key])) + relative * abs(v) for key, v in values.items()}
        errors["Delta0"] = self.error
        errors["tau_pop"] += abs(beyond / fine[0]) if fine[0] else 0.0
        return values, errors


class SampledState:
    """Partially symmetric couplings: the process of one unit is sampled, and errors are standard errors.

    Parameters
    ----------
    equations : InTime
    noise : str
    numbers : sequence of float
    """

    sampled = True
    slopes, roots = np.array([]), np.array([])
    variance = residual = np.nan

    def __init__(self, equations, noise, numbers):
        self.equations, self.noise, self.numbers = equations, noise, numbers
        own = numbers[equations.count :]
        self.found = solve_by_trajectories(
            lambda x: equations.phi(x, *own),
            lambda x: equations.phi_prime(x, *own),
            equations.transfer,
            lambda omega: np.real(equations.noise_spectra[noise](1j * omega, *numbers)),
            float(equations.strength(*numbers)),
            float(equations.feedback(*numbers)),
        )
        others = {FOUND: SOLVED, NO_MARGIN: UNSTABLE_PAIRS, UNBOUNDED: NO_ROOT, UNSETTLED: NO_CONVERGENCE}
        self.status = others.get(self.found.status, CRITICAL)

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

        def pairs(one, two):
            return given.pair_spectra(one, two, *numbers)

        def observed(site):
            one, zero = site.one_site(nodes), site.one_site(np.zeros(1))
            variance, power = site.variances
            integrals = [*pair_sum(weight, one, pairs), 0.5 * antidiagonal_sum(weight, one, pairs)[0]]
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


@lru_cache(maxsize=8)
def sampled_state(equations, noise, numbers):
    """The sampled solution; the latest are kept, because each takes some time."""
    return SampledState(equations, noise, numbers)
