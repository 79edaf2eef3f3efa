"""Hermite series of an activation over a Gaussian of any variance: gain, residual and slope correlations at every correlation.

For jointly Gaussian u, v of one variance and correlation rho, ``<F(u) F(v)> = sum_n a_n^2 rho^n`` (Mehler), with a_n the
coefficients of F over normalised Hermite polynomials.
"""

import numpy as np

HIGHEST_ORDER = 120
HERMITE_REACH, HERMITE_STEP = 12.0, 0.01  # standard deviations


class HermiteSeries:
    """Correlations of phi and phi' of a Gaussian variable.

    Parameters
    ----------
    phi, phi_prime : callable
        Of arrays; phi is odd.
    """

    def __init__(self, phi, phi_prime):
        self.phi, self.phi_prime = phi, phi_prime
        self.z = np.arange(-HERMITE_REACH, HERMITE_REACH + 0.5 * HERMITE_STEP, HERMITE_STEP)
        self.weight = HERMITE_STEP * np.exp(-0.5 * self.z**2) / np.sqrt(2.0 * np.pi)
        rows = [np.ones_like(self.z), self.z]
        for n in range(1, HIGHEST_ORDER):
            rows.append((self.z * rows[n] - np.sqrt(n) * rows[n - 1]) / np.sqrt(n + 1.0))
        self.table = np.array(rows) * self.weight

    def gain(self, variance):
        """<phi'>."""
        return np.sum(self.weight * self.phi_prime(np.sqrt(variance) * self.z))

    def power(self, variance):
        """<phi^2>."""
        return np.sum(self.weight * self.phi(np.sqrt(variance) * self.z) ** 2)

    def at(self, variance):
        """(gain, residual, slopes): <phi'>, and the squared coefficients of phi - <phi'> x and of phi' - <phi'>.

        What the orders beyond the last carry is added to the last, so that equal arguments have their exact variance.
        """
        x = np.sqrt(variance) * self.z
        values, slopes = self.phi(x), self.phi_prime(x)
        residual, fluctuation = (self.table @ values) ** 2, (self.table @ slopes) ** 2
        residual[-1] += np.sum(self.weight * values**2) - residual.sum()
        fluctuation[-1] += np.sum(self.weight * slopes**2) - fluctuation.sum()
        residual[1] = fluctuation[0] = 0.0
        return np.sum(self.weight * slopes), residual, fluctuation


def mehler_sum(coefficients, rho):
    """``sum_n coefficients[n] rho^n``."""
    return np.polynomial.polynomial.polyval(rho, coefficients)
