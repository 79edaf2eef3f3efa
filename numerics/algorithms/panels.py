"""Functions on panels, a polynomial on each: values anywhere, and Fourier integrals that no frequency can make inaccurate."""

import numpy as np
from numpy.polynomial import legendre

from numerics.algorithms.primitive import ORDER, gauss_panels, legendre_series

RISING = 20.0  # argument beyond which spherical Bessel functions of these orders are stable under forward recurrence
BESSEL_NODES = 24  # of half a Gauss rule for smaller arguments
FOURIER_BLOCK = 2_000_000  # array elements held at once


def spherical_bessel(z, count):
    """j_0, ..., j_(count-1) at an array z >= 0, along a new last axis: half the transforms of Legendre polynomials."""
    values = np.empty((*z.shape, count))
    small = z <= RISING
    x, w = legendre.leggauss(2 * BESSEL_NODES)
    weighted = legendre.legvander(x[BESSEL_NODES:], count - 1) * w[BESSEL_NODES:, None]
    phase = np.outer(z[small], x[BESSEL_NODES:])
    sign = (-1.0) ** (np.arange(count) // 2)
    here = np.empty((phase.shape[0], count))
    here[:, ::2] = np.cos(phase) @ weighted[:, ::2]
    here[:, 1::2] = np.sin(phase) @ weighted[:, 1::2]
    values[small] = here * sign
    large = z[~small]
    rows = [np.sin(large) / large, np.sin(large) / large**2 - np.cos(large) / large]
    for n in range(1, count - 1):
        rows.append((2 * n + 1) / large * rows[n] - rows[n - 1])
    values[~small] = np.stack(rows[:count], axis=-1)
    return values


class Panels:
    """Gauss-Legendre nodes on consecutive panels.

    Parameters
    ----------
    edges : ndarray
        Increasing.
    order : int
        Nodes of one panel.

    Attributes
    ----------
    nodes, weight : ndarray, shape (panels * order,)
    middle, half : ndarray, shape (panels,)
        Centres and half lengths.
    """

    def __init__(self, edges, order=ORDER):
        self.edges, self.order = np.asarray(edges, dtype=float), order
        nodes, weight = gauss_panels(self.edges, order)
        self.nodes, self.weight = nodes.ravel(), weight.ravel()
        self.middle, self.half = 0.5 * (self.edges[1:] + self.edges[:-1]), 0.5 * np.diff(self.edges)
        self.to_series = legendre_series(order)

    def series(self, values):
        """Legendre coefficients on every panel, shape (panels, order)."""
        return values.reshape(-1, self.order) @ self.to_series.T

    def halved(self, unresolved):
        """The panels, some of them cut in the middle."""
        return Panels(np.sort(np.append(self.edges, self.middle[unresolved])), self.order)

    def at(self, values, point):
        """The function at points within the edges."""
        panel = np.clip(np.searchsorted(self.edges, point, side="right") - 1, 0, self.half.size - 1)
        place = (point - self.middle[panel]) / self.half[panel]
        return np.sum(legendre.legvander(place, self.order - 1) * self.series(values)[panel], axis=-1)

    def fourier(self, t):
        """Matrix W, shape (t.size, nodes): ``W @ f(nodes)`` is the integral of ``exp(i t x) f(x)`` over all panels."""
        bessel = spherical_bessel(np.abs(np.outer(t, self.half)), self.order)
        turn = 1j ** np.arange(self.order)
        rows = 2.0 * bessel @ (turn[:, None] * self.to_series)  # of |t|
        rows *= (np.exp(1j * np.outer(np.abs(t), self.middle)) * self.half)[..., None]
        rows = rows.reshape(len(t), -1)
        return np.where(np.asarray(t)[:, None] < 0, rows.conj(), rows)

    def cosine(self, values, omega):
        """``2 int cos(omega x) f(x) dx`` for one or more functions f, shape (..., nodes): spectra of even functions."""
        blocks = np.array_split(omega, max(1, omega.size * self.nodes.size // FOURIER_BLOCK))
        return 2.0 * np.concatenate([np.real(self.fourier(block)) @ np.asarray(values).T for block in blocks]).T

    def tail(self, values):
        """Size of the last Legendre coefficients of every panel."""
        return np.max(np.abs(self.series(values)[:, -3:]), axis=1)
