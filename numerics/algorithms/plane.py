"""Pair statistics at two lags: double integrals over the plane of two frequencies, for any one-site functions.

The pair spectra are steep across the line omega_2 = -omega_1, along which slow collective activity lives, and decay along both axes
on the scales of one unit.  Panels of one frequency are halved until the spectra are polynomials on the square of every panel with
itself and its mirror image, where they are steepest; the same panels serve both frequencies.  On panels the oscillation with the
lag is integrated exactly, however long the lag.
"""

import numpy as np

from numerics.algorithms.pairsum import slow_integral
from numerics.algorithms.panels import Panels

FIRST_DROP = 1e-15  # spectra over their maximum at which the range of frequencies ends
RANGE_END, RATIO = 1e9, 3.0  # end of the range at the latest, in units of the slowest rate; of panels at first
SMOOTH = 1e-11  # last Legendre coefficients of a pair spectrum on a panel, times its area, over the whole integral
COARSE, FINE = 12, 16  # nodes of one panel, for the error and for the result
SMOOTH_STRIP = 1e-7  # the same along the axes
HALVINGS, MOST_NODES, LARGEST_SQUARE = 30, 2500, 500_000  # LARGEST_SQUARE: array elements handled at once


class PairPlane:
    """Pair spectra on the squares of panels of two frequencies.

    Parameters
    ----------
    sites : callable
        ``sites(omega)``: the one-site functions at an array of frequencies >= 0, arrays (S, T, C, K, X) of the same shape:
        responses of phi and x, spectrum of phi, cross spectrum <phi x*>, spectrum of x.
    entries : callable
        ``entries(one, two)``: the pair spectra (psi_phi, psi_x) from two tuples of one-site functions; real up to rounding.
    slowest : float
        A rate below which nothing has structure: the first panel ends there.
    marks : sequence of float
        Frequencies of resonances, to begin panels at.
    edges : ndarray, optional
        Of the panels, where they are known already.

    Attributes
    ----------
    edges : ndarray
    resolved : bool
    """

    def __init__(self, sites, entries, slowest, marks=(), edges=None):
        self.sites, self.entries = sites, entries
        self.edges, self.resolved = self._edges(slowest, marks) if edges is None else (edges, True)
        self.grids = [self._grid(order) for order in (COARSE, FINE)]

    def _edges(self, slowest, marks):
        edges, size = [0.0, slowest], 0.0
        while edges[-1] < RANGE_END * slowest:
            spectra = [np.max(np.abs(self.sites(np.array(edges[-2:]))[k])) for k in (2, 4)]
            size = np.maximum(size, spectra)
            if np.all(spectra <= FIRST_DROP * size):
                break
            edges.append(RATIO * edges[-1])
        edges = np.unique(np.append(edges, [m for m in marks if 0.0 < m < edges[-1]]))
        panels = Panels(edges)
        for _ in range(HALVINGS):
            bad = self._unresolved(panels)
            if not np.any(bad):
                return panels.edges, True
            if (panels.edges.size + np.sum(bad)) * FINE > MOST_NODES:
                break
            panels = panels.halved(bad)
        return panels.edges, False

    def _unresolved(self, panels):
        """Panels on whose squares a pair spectrum is no polynomial."""
        shape = (panels.half.size, panels.order)
        functions = [values.reshape(shape) for values in self.sites(panels.nodes)]
        one, two = [f[:, :, None] for f in functions], [f[:, None, :] for f in functions]
        length, bad = 2.0 * panels.half, np.zeros(panels.half.size, dtype=bool)
        both = np.einsum("pi,pj->pij", *(panels.weight.reshape(shape),) * 2)
        squares = [*self.entries(one, two), *self.entries(one, [np.conj(f) for f in two])]
        scales = [np.sum(both * (np.abs(a) + np.abs(b))) for a, b in zip(squares[:2], squares[2:], strict=True)]
        for square, scale in zip(squares, scales * 2, strict=True):
            bad |= np.max(np.abs(panels.to_series[-3:] @ np.real(square)), axis=(1, 2)) * length**2 > SMOOTH * scale
        # strips along the axes, where one frequency is high and the other is not
        middle = [f[None, None, :] for f in self.sites(panels.middle)]
        for strip, scale in zip(self.entries([f[:, :, None] for f in functions], middle), scales, strict=True):
            tail = np.max(np.abs(panels.to_series[-3:] @ np.real(strip)), axis=1)
            bad |= np.max(tail * length, axis=1) * length > SMOOTH_STRIP * scale
        return bad

    def _grid(self, order):
        """Panels, and the sums and differences of the pair spectra at (omega_1, -omega_2) and (omega_1, omega_2)."""
        panels = Panels(self.edges, order)
        functions = self.sites(panels.nodes)
        even, odd = np.empty((2, 2, panels.nodes.size, panels.nodes.size))
        two = [f[None, :] for f in functions]
        mirrored = [np.conj(f) for f in two]
        for rows in np.array_split(np.arange(panels.nodes.size), max(1, panels.nodes.size**2 // LARGEST_SQUARE)):
            one = [f[rows, None] for f in functions]
            for k, (same, opposite) in enumerate(zip(self.entries(one, two), self.entries(one, mirrored), strict=True)):
                even[k, rows], odd[k, rows] = np.real(opposite) + np.real(same), np.real(opposite) - np.real(same)
        return panels, even, odd

    def at(self, t1, t2):
        """psi_phi, psi_x at lags t1, t2 (arrays of one shape), shape (2, ...), and estimates of their errors."""
        t1, t2 = np.broadcast_arrays(np.asarray(t1, dtype=float), np.asarray(t2, dtype=float))
        lags, place = np.unique(np.append(t1, t2), return_inverse=True)
        first, second = place.ravel().reshape(2, t1.size)
        coarse, fine = (self._sum(*grid, lags, first, second).reshape(2, *t1.shape) for grid in self.grids)
        return fine, np.abs(fine - coarse)

    def _sum(self, panels, even, odd, lags, first, second):
        wave = panels.fourier(lags)
        total = []
        for plus, minus in zip(even, odd, strict=True):
            cosines = (np.real(wave) @ plus)[first] * np.real(wave)[second]
            sines = (np.imag(wave) @ minus)[first] * np.imag(wave)[second]
            total.append(np.sum(cosines + sines, axis=-1) / (2.0 * np.pi**2))
        return np.array(total)

    def slow_integral(self):
        """``int_0^oo psi(tau, tau) dtau`` of phi and x."""
        panels = Panels(self.edges, FINE)
        return slow_integral(panels.weight, self.sites(panels.nodes), self.entries)
