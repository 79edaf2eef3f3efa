"""Frequency integrals of pair statistics along a contour on which nothing oscillates.

The second moment over J of the covariances between two units is a double frequency integral.  The inner one is done by
residues; what is left needs the Laplace transforms of the autocovariances at s = i omega and at the poles.  All singularities of
the integrand lie on the real axis of s, so that beyond omega = 1 the path may leave the imaginary axis at 45 degrees: there
exp(-s tau) decays.
"""

import numpy as np

from numerics.algorithms.primitive import gauss_panels, graded

BEND, FARTHEST_FREQUENCY = 1.0, 1e9


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
