"""What one writes without the toolkit: scipy's quad, Gauss-Hermite on a lambdified function, iteration, sums on grids."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, factorial, pi, sqrt

import numpy as np
from numpy.polynomial.hermite import hermgauss
from numpy.polynomial.hermite_e import hermegauss, hermevander
from numpy.polynomial.polynomial import polyval
from numpy.typing import NDArray
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq
from sympy import lambdify

from theory.activation.activation import Activation
from theory.symbols import x

Array = NDArray[np.float64]
NODES = 64
LONGEST, SPACING, HIGHEST = 200.0, 0.1, 6.0  # lags, their spacing, and frequencies of the network in time


def squared(text: str) -> Callable:
    """NumPy function phi^2 of an activation by SymPy's own printer."""
    return lambdify(x, Activation.from_text(text).expression ** 2, ["scipy", "numpy"])


def by_quad(function: Callable, variance: float) -> float:
    """<F> for x ~ N(0, variance) by adaptive quadrature over twelve standard deviations."""
    reach = 12 * sqrt(variance)
    value = quad(
        lambda u: function(u) * exp(-u * u / (2 * variance)), -reach, reach, epsabs=0, epsrel=1e-12, limit=200
    )[0]
    return value / sqrt(2 * pi * variance)


def by_hermite(function: Callable, variance: Array) -> Array:
    """The same for many variances by a fixed Gauss-Hermite rule."""
    nodes, weights = hermgauss(NODES)
    values = function(np.sqrt(2 * np.asarray(variance, dtype=float))[..., None] * nodes)
    return np.broadcast_to(values, (*np.shape(variance), NODES)) @ weights / sqrt(pi)


def iterated(average: Callable, g: Array | float, sigma: float, tolerance: float = 1e-12) -> Array | float:
    """Delta = sigma^2 + g^2 <phi^2> by plain iteration from Delta = sigma^2 until it moves by less than `tolerance`."""
    delta = np.full(np.shape(g), sigma**2) if np.ndim(g) else sigma**2
    for _ in range(10_000):
        new = sigma**2 + g**2 * average(delta)
        if np.all(abs(new - delta) <= tolerance * new):
            return new
        delta = new
    return delta


def lag_function(function: Callable, g: float, order: int = 60) -> tuple[Array, Array, Array, float]:
    """C_x and C_phi of the network without noise on a lag grid, and <phi'>, as one writes it from the papers.

    The equal-time variance from the conserved energy, <phi phi> as a series in the correlation with Gauss-Hermite
    coefficients, and the equation of motion integrated from lag 0 until it leaves the decaying solution.
    """
    z, w = hermegauss(2 * NODES)
    w = w / w.sum()
    basis = hermevander(z, order) / np.sqrt([float(factorial(n)) for n in range(order + 1)])

    def series(variance: float) -> Array:
        return np.asarray((w * function(sqrt(variance) * z)) @ basis) ** 2

    def energy(variance: float) -> float:
        primitive = series(variance) * variance / np.arange(1, order + 2)
        return variance**2 / 2 - g**2 * primitive.sum()

    grid = np.geomspace(1e-2, 1e3, 200)
    place = next(k for k in range(grid.size - 1) if energy(grid[k]) < 0 <= energy(grid[k + 1]))
    variance = brentq(energy, grid[place], grid[place + 1], rtol=1e-12)
    squares = series(variance)

    def motion(_: float, y: Array) -> list[float]:
        return [y[1], y[0] - g**2 * polyval(y[0] / variance, squares)]

    def turns(_: float, y: Array) -> float:
        return y[1] + 1e-6 * variance if y[0] < 0.9 * variance else -1.0

    turns.terminal = True  # type: ignore[attr-defined]
    lag = np.arange(0.0, LONGEST, SPACING)
    start = [variance, 0.0]
    path = solve_ivp(motion, (0, LONGEST), start, t_eval=lag, events=turns, rtol=1e-9, atol=1e-12)
    c = np.zeros(lag.size)
    c[: path.y.shape[1]] = np.maximum(path.y[0], 0.0)
    slope = float(w @ (z * function(sqrt(variance) * z))) / sqrt(variance)
    return lag, c, polyval(c / variance, squares), slope


def dimensions_on_grid(function: Callable, g: float) -> tuple[float, float]:
    """PR_x and PR_phi over N of the network without noise: Fourier transforms, and a double sum over frequencies."""
    lag, c, f, slope = lag_function(function, g)
    spectrum = 2 * SPACING * np.real(np.fft.rfft(f)) - SPACING * f[0]
    omega = 2 * pi * np.arange(spectrum.size) / (lag.size * SPACING)
    keep = omega < HIGHEST
    omega, spectrum = omega[keep], spectrum[keep]
    both = np.append(-omega[:0:-1], omega)
    power = np.append(spectrum[:0:-1], spectrum)
    h, measure = 1 / (1 + 1j * both), power * (omega[1] / (2 * pi))
    total = np.zeros(2)
    for k in range(omega.size):  # w1 >= 0: the rest is the mirror image
        y = (g * slope) ** 2 * h[omega.size - 1 + k] * h
        ladder = measure / np.abs(1 - y) ** 2
        x = g**2 * np.abs(h) ** 2 * measure
        here = measure[omega.size - 1 + k] * (1 if k else 0.5)
        own = here * g**2 * np.abs(h[omega.size - 1 + k]) ** 2
        total[1] += 2 * here * ladder.sum()
        total[0] += 2 * own * np.sum(g**2 * np.abs(h) ** 2 * ladder + x * 2 * np.real(y / (1 - y)) + x)
    return c[0] ** 2 / total[0], f[0] ** 2 / total[1]
