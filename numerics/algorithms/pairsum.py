"""Double frequency integrals of pair spectra given on the (omega_1, omega_2) plane."""

import numpy as np

PAIR_BLOCK = 200_000  # pairs of frequencies held at once


def pair_sum(weight, functions, entries):
    """``int int domega_1 domega_2/(2 pi)^2`` of pair spectra over the whole plane.

    A pair spectrum does not change when the two frequencies are exchanged, and becomes its complex conjugate when both change
    sign, so that half of two quadrants is enough.

    Parameters
    ----------
    weight : ndarray
        Of a quadrature rule on [0, infinity).
    functions : sequence of ndarray
        One-site functions at its nodes; their values at -omega are the complex conjugates.
    entries : callable
        ``entries(one, two)``: pair spectra from the one-site functions at omega_1 and omega_2, by broadcasting.

    Returns
    -------
    ndarray
        One integral for each of the `entries`.
    """
    total, count = 0.0, weight.size
    rows = max(1, PAIR_BLOCK // count)
    for start in range(0, count, rows):
        stop = min(start + rows, count)
        one = [values[start:stop, None] for values in functions]
        order = np.arange(stop) - np.arange(start, stop)[:, None]
        measure = np.where(order < 0, 2.0, np.where(order == 0, 1.0, 0.0)) * weight[start:stop, None] * weight[:stop]
        for sign in (1, -1):
            two = [values[:stop] if sign > 0 else np.conj(values[:stop]) for values in functions]
            total = total + np.array([np.sum(np.real(psi) * measure) for psi in entries(one, two)])
    return 2.0 * total / (2.0 * np.pi) ** 2


def slow_integral(weight, functions, entries):
    """``int_0^oo psi(tau, tau) dtau = (1/2) int domega/(2 pi) psi(omega, -omega)`` of pair spectra.

    Parameters and result as for `pair_sum`.
    """
    opposite = [np.conj(values) for values in functions]
    return np.array([np.sum(np.real(psi) * weight) for psi in entries(functions, opposite)]) / (2.0 * np.pi)
