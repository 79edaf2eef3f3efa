"""Variance of the primitive Phi of an odd activation over x ~ N(0, variance), vectorised over variances."""

from functools import lru_cache

import numpy as np
from numpy.polynomial import legendre

ORDER = 16  # Gauss-Legendre nodes of one panel
NEAREST, FARTHEST = 1e-12, 1e12  # distances from a breakpoint between which panels are graded
INNERMOST, OUTERMOST = 1e-10, 39.0  # standard deviations between which a scan takes nodes
SCANNED = 8  # variances of a scan that share their nodes


@lru_cache(maxsize=16)
def gauss_rule(order):
    """Nodes and weights of the Gauss-Legendre rule on [-1, 1]."""
    return legendre.leggauss(order)


def gauss_panels(edges, order=ORDER):
    """Nodes and weights of Gauss-Legendre rules on consecutive panels, each of shape (panels, order)."""
    x, w = gauss_rule(order)
    half = 0.5 * np.diff(edges)[:, None]
    return 0.5 * (edges[1:] + edges[:-1])[:, None] + half * x, half * w


@lru_cache(maxsize=16)
def legendre_series(order):
    """Matrix that takes values at the nodes of [-1, 1] to the coefficients of their Legendre series."""
    x, w = gauss_rule(order)
    return (np.arange(order) + 0.5)[:, None] * (legendre.legvander(x, order - 1) * w[:, None]).T


@lru_cache(maxsize=1)
def running_integral():
    """Matrix that takes values at the nodes of [-1, 1] to integrals from -1 to each node."""
    x, _ = gauss_rule(ORDER)
    integrals = [legendre.legval(x, legendre.legint(row, lbnd=-1)) for row in np.eye(ORDER)]
    return np.array(integrals).T @ legendre_series(ORDER)


def running(values, weight):
    """Integral from the first edge to every node, from values at the nodes of `gauss_panels`."""
    within = 0.5 * weight.sum(axis=1)[:, None] * (values @ running_integral().T)
    whole = np.sum(values * weight, axis=1)
    return within + np.append(0.0, np.cumsum(whole)[:-1])[:, None]


class Primitive:
    """Phi(x) = integral of phi from 0 to x, on panels graded towards every breakpoint.

    Parameters
    ----------
    phi : callable
        Function of x alone, odd.
    breakpoints : sequence of float
        Where phi is not smooth or has a narrow feature, x >= 0; the first is 0.
    ratio : float
        Of the lengths of neighbouring panels.
    """

    def __init__(self, phi, breakpoints, ratio=2.0):
        points = [float(b) for b in breakpoints]
        edges = [0.0]
        for low, high in zip(points, [*points[1:], np.inf], strict=True):
            if np.isinf(high):
                edges.extend(low + graded(max(NEAREST, 1e-15 * low), FARTHEST, ratio))
                continue
            half = graded(1e-12 * (high - low), 0.5 * (high - low), ratio)
            edges.extend([*(low + half), *(high - half[-2::-1]), high])
        edges = np.array(edges)
        self.x, self.weight = gauss_panels(edges[np.append(True, np.diff(edges) > 0)])
        with np.errstate(all="ignore"):
            self.value = running(phi(self.x), self.weight)

    def variance(self, variance):
        """Var Phi over N(0, variance) and its derivative with respect to the variance; arrays."""
        variance = np.atleast_1d(np.asarray(variance, dtype=float))
        x, weight, value = self.x.reshape(-1, 1), self.weight.reshape(-1, 1), self.value.reshape(-1, 1)
        with np.errstate(all="ignore"):
            density = 2.0 * weight * np.exp(-0.5 * x * x / variance) / np.sqrt(2.0 * np.pi * variance)
            inside = density > 0
            mean = np.sum(np.where(inside, value * density, 0.0), axis=0)
            terms = np.where(inside, (value - mean) ** 2 * density, 0.0)
            rate = np.sum(np.where(inside, terms * (x * x / variance - 1.0), 0.0), axis=0) / (2.0 * variance)
        return np.sum(terms, axis=0), rate

    def scan(self, variance):
        """Var Phi at many increasing variances, from raw moments: rounded more than `variance`, in a tenth of its time."""
        x, weight, value = self.x.ravel(), self.weight.ravel(), self.value.ravel()
        found = []
        for block in np.array_split(variance, max(1, variance.size // SCANNED)):
            low, high = np.searchsorted(x, [INNERMOST * np.sqrt(block[0]), OUTERMOST * np.sqrt(block[-1])])
            here = slice(low, high)
            with np.errstate(all="ignore"):
                density = weight[here] * np.exp(np.outer(-0.5 / block, x[here] ** 2))
                moments = density @ np.column_stack([value[here], value[here] ** 2])
                mean, square = moments.T * 2.0 / np.sqrt(2.0 * np.pi * block)
            # where phi overflows: in a block only some variances may reach so far
            found.append(square - mean**2 if np.all(np.isfinite(square)) else self.variance(block)[0])
        return np.concatenate(found)


def subdivided(edges, longest):
    """Edges with every panel cut into equal parts no longer than `longest`."""
    parts = [
        np.linspace(low, low + length, 1 + max(1, int(np.ceil(length / longest))))[1:]
        for low, length in zip(edges[:-1], np.diff(edges), strict=True)
    ]
    return np.concatenate([edges[:1], *parts])


def graded(first, last, ratio):
    """Distances from `first` to `last`, each `ratio` times the one before it."""
    count = int(np.ceil(np.log(last / first) / np.log(ratio)))
    return np.append(first * ratio ** np.arange(count), last)
