"""Networks with any filter, set up from a generated module; the published pair spectra, to compare with."""

import numpy as np
from numpy.polynomial import polynomial

from numerics.algorithms.filtered import Drive, FilteredEquation
from numerics.algorithms.plane import PairPlane
from numerics.algorithms.transfer import PowerTransfer


def white(sigma=1.0):
    return Drive(white=sigma**2)


def ou(tau_n, sigma=1.0):
    return Drive(
        forcing=lambda lag: sigma**2 * np.exp(-lag / tau_n),
        spectrum=lambda omega: 2 * sigma**2 * tau_n / (1 + (omega * tau_n) ** 2),
        rate=1 / tau_n,
    )


class Network:
    """Solution for one filter, with the plane of its pair spectra."""

    def __init__(self, solver, g, drive, numerator, denominator):
        self.g, self.drive, self.filter = g, drive, (numerator, denominator)
        module, own = solver.module, (g, 0.0, 0.0, 0.0)
        multiplier = lambda variance: float(module.multiplier(variance, *own))  # noqa: E731
        transfer = PowerTransfer.of(numerator, denominator)
        equation = FilteredEquation(module.PAIR.table, multiplier, transfer, g**2, drive)
        self.status, self.variance, table, self.found = equation.solve()
        if self.found is not None:
            self.power = float(table.value(np.zeros(1))[0])
            self.gain = np.sqrt(multiplier(self.variance)) / g

    def sites(self, delay=0.0):
        h = frequency_response(*self.filter, delay)
        return one_site_functions(self.found, h, self.gain, self.g**2, self.drive)

    def plane(self, delay=0.0):
        at, peak = PowerTransfer.of(*self.filter).peak()
        gap = 1 - (self.g * self.gain) ** 2 * peak
        return PairPlane(self.sites(delay), published(self.g), 0.3 * gap, [at])

    def dimensions(self, delay=0.0):
        """PR of phi and of x over N at equal times, and the relative errors of psi."""
        psi, error = self.plane(delay).at(0.0, 0.0)
        square = np.array([self.power, self.variance]) ** 2
        return square / (square + psi), error / psi


def published(g):
    """Clark, Abbott, Litwin-Kumar 2023: pair spectra of phi and x."""

    def entries(one, two):
        (s_1, t_1, c_1, k_1, _), (s_2, t_2, c_2, k_2, _) = one, two
        y = g**2 * s_1 * s_2
        u = g**2 * t_1 * t_2 / (1 - y)
        return c_1 * c_2 * (1 / np.abs(1 - y) ** 2 - 1), np.abs(u) ** 2 * c_1 * c_2 + 2 * np.real(u * k_1 * k_2)

    return entries


def frequency_response(numerator, denominator, delay=0.0):
    """The function omega -> h(i omega), for complex omega too."""

    def h(omega):
        s = 1j * np.asarray(omega)
        return np.exp(-delay * s) * polynomial.polyval(s, numerator) / polynomial.polyval(s, denominator)

    return h


def one_site_functions(found, h, gain, strength, drive):
    """omega -> (S, T, C, K, X) for independent couplings: a twin of what is generated."""

    def sites(omega):
        transfer, of_phi = h(omega), found.spectra(omega)[1]
        of_x = np.abs(transfer) ** 2 * (strength * of_phi + drive.spectrum(omega))
        return gain * transfer, transfer, of_phi, gain * of_x, of_x

    return sites
