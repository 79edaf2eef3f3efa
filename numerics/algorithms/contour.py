"""Frequency integrals of pair statistics along a contour on which nothing oscillates.

The second moment over J of the covariances between two units is a double frequency integral.  The inner one is done by
residues; what is left needs the Laplace transforms of the autocovariances at s = i omega and at the poles.  All singularities of
the integrand lie on the real axis of s, so that beyond omega = 1 the path may leave the imaginary axis at 45 degrees: there
exp(-s tau) decays.
"""

import numpy as np

from numerics.algorithms.primitive import gauss_panels, graded

BEND, FARTHEST_FREQUENCY = 1.0, 1e9
HIGHEST_FREQUENCY = 40.0  # frequency beyond which spectra are power laws


def contour(slowest, order=14):
    """Nodes s and weights ds/i of a path from 0 to infinity; `slowest` is the smallest rate of decay in the problem."""
    straight, w = gauss_panels(np.append(0.0, graded(1e-2 * slowest, BEND, 3.0)), order)
    oblique, v = gauss_panels(np.append(0.0, graded(0.05, FARTHEST_FREQUENCY, 3.0)), order)
    direction = np.exp(0.25j * np.pi)
    nodes = np.append(1j * straight.ravel(), 1j * BEND + direction * oblique.ravel())
    return nodes, np.append(w.ravel() + 0j, -1j * direction * v.ravel())


def contour_integral(autocovariance, integrand, slowest, order=14):
    """``int int dw1 dw2/(2 pi)^2`` of the pair spectra of x and of phi.

    Parameters
    ----------
    autocovariance : Autocovariance
    integrand : callable
        ``integrand(s, transform)`` returns two arrays; ``transform(p)`` is the pair of Laplace transforms at p.
    slowest : float
    """
    s, ds = contour(slowest, order)
    values = integrand(s, autocovariance.laplace)
    return [2.0 / np.pi * float(np.sum(np.real(ds * value))) for value in values]


def opposite_frequencies(sites, pair_spectra, slowest, order=14):
    """``(1/2) int domega/(2 pi) psi_phi(omega, -omega)``: the integral over tau > 0 of psi_phi(tau, tau).

    Parameters
    ----------
    sites : callable
        Frequencies -> one-site functions (S, T, C, K, X).
    pair_spectra : callable
        Of the one-site functions at two frequencies: psi_phi and psi_x.
    slowest : float

    Returns
    -------
    integral : float
    beyond : float
        The part beyond the highest frequency, extrapolated as a power law; zero where the spectrum decays faster.
    """
    edges = np.append(0.0, graded(1e-2 * slowest, HIGHEST_FREQUENCY, 2.0))
    omega, weight = gauss_panels(edges, order)
    at = np.concatenate([omega.ravel(), [HIGHEST_FREQUENCY / 1.2, HIGHEST_FREQUENCY]])
    one = sites(at)
    values = pair_spectra(one, [np.conj(part) for part in one])[0] / (2.0 * np.pi)
    inside = float(weight.ravel() @ values[:-2])
    before, last = values[-2:]
    steepness = np.log(before / last) / np.log(1.2) if before > last > 0 else np.inf
    beyond = last * HIGHEST_FREQUENCY / (steepness - 1.0) if 3.0 < steepness < 12.0 else 0.0
    return inside + float(beyond), float(beyond)
