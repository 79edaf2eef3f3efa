"""What one writes without the toolkit: scipy's quad, Gauss-Hermite on a lambdified function, fixed-point iteration."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, pi, sqrt

import numpy as np
from numpy.polynomial.hermite import hermgauss
from numpy.typing import NDArray
from scipy.integrate import quad
from sympy import Expr, lambdify

from theory.activations.activation import Activation
from theory.symbols import x

Array = NDArray[np.float64]
NODES = 64


def lambdified(text: str) -> Callable:
    """NumPy function of an activation by SymPy's own printer."""
    return lambdify_expression(Activation.from_text(text).expression)


def lambdify_expression(expression: Expr) -> Callable:
    return lambdify(x, expression, ["scipy", "numpy"])


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
