"""Loops written by hand for the tests of the algorithm: averages in closed form or as a trapezoid sum, nothing generated."""

import numpy as np

from numerics.algorithms.loop import Readout

Y = np.arange(-10, 10.01, 0.04)
WEIGHT = 0.04 * np.exp(-(Y**2) / 2) / np.sqrt(2 * np.pi)
ROOT = np.sqrt(2 / np.pi)


class Loop:
    """P = <phi^2>, its derivative, Q = <phi'>, its derivative and W = <phi'^2>, as functions of the variance."""

    def __init__(self, P, dP, Q, dQ, W):
        self.P, self.dP, self.Q, self.dQ, self.W = P, dP, Q, dQ, W
        self.readout = Readout(
            variance=self.variance, variance_slope=self.variance_slope, overlap=self.overlap, results=self.results
        )

    def variance(self, Delta, z, g, Sm2, smI, SI2, snm, snI):
        return g**2 * self.P(Delta) + Sm2 * z**2 + 2 * smI * z + SI2

    def variance_slope(self, Delta, z, g, *overlaps):
        return g**2 * self.dP(Delta) + 0 * z

    def overlap(self, Delta, z, g, Sm2, smI, SI2, snm, snI):
        Q = self.Q(Delta)
        return (snm * z + snI) * Q, (snm * z + snI) * self.dQ(Delta), snm * Q + 0 * z

    def results(self, Delta, z, C, g, Sm2, smI, SI2, snm, snI):
        G, a = g**2 * self.dP(Delta), C * snm * self.Q(Delta)
        theta = 2 * C * (snm * z + snI) * (Sm2 * z + smI) * self.dQ(Delta)
        return {"trace": G + a + theta, "determinant": a * G, "bulk_radius": g * np.sqrt(self.W(Delta))}

    def closed(self, target, given):
        """Variance at the target, amplitude, and the fixed points of the loop closed with it."""
        Delta = float(self.readout.open_loop(target, given)[0])
        C = target / self.overlap(Delta, target, *given)[0]
        return Delta, C, self.readout.fixed_points(target, C, given)


def overlaps(g, Sm, SI, rho, p, pm, pI):
    """g and the second moments of the vectors m, I and n."""
    own = np.sqrt(1 - rho**2)
    return g, Sm**2, Sm * SI * rho**2, SI**2, Sm * (rho * p + own * pm), SI * (rho * p + own * pI)


def trapezoid(function):
    """<function(x)> over x ~ N(0, Delta); for tanh the error exp(-pi^2/(0.04 sqrt(Delta))) is below 1e-16 up to Delta = 40."""

    def mean(Delta):
        Delta = np.asarray(Delta, dtype=float)
        values = [
            function(np.sqrt(part)[:, None] * Y) @ WEIGHT
            for part in np.array_split(Delta.ravel(), 1 + Delta.size // 256)
        ]
        return np.concatenate(values).reshape(Delta.shape)

    return mean


def _tanh():
    def steep(x):
        return 1 - np.tanh(x) ** 2

    return Loop(
        trapezoid(lambda x: np.tanh(x) ** 2),
        trapezoid(lambda x: steep(x) * (1 - 3 * np.tanh(x) ** 2)),
        trapezoid(steep),
        trapezoid(lambda x: steep(x) * (3 * np.tanh(x) ** 2 - 1)),
        trapezoid(lambda x: steep(x) ** 2),
    )


def _erf():
    """phi = erf(sqrt(pi) x/2)."""
    t = np.pi / 4
    return Loop(
        lambda D: 2 / np.pi * np.arcsin(2 * t * D / (1 + 2 * t * D)),
        lambda D: 4 * t / np.pi / ((1 + 2 * t * D) * np.sqrt(1 + 4 * t * D)),
        lambda D: (1 + 2 * t * D) ** -0.5,
        lambda D: -t * (1 + 2 * t * D) ** -1.5,
        lambda D: 4 * t / np.pi / np.sqrt(1 + 4 * t * D),
    )


def _bump():
    """phi = x exp(-x^2/2), which has a largest <phi^2>: up to three variances at one output."""

    def W(D):
        s = D / (1 + 2 * D)
        return (1 - 2 * s + 3 * s**2) / np.sqrt(1 + 2 * D)

    return Loop(
        lambda D: D * (1 + 2 * D) ** -1.5,
        lambda D: (1 - D) * (1 + 2 * D) ** -2.5,
        lambda D: (1 + D) ** -1.5,
        lambda D: -1.5 * (1 + D) ** -2.5,
        W,
    )


TANH, ERF = _tanh(), _erf()
RELU = Loop(lambda D: D / 2, lambda D: 0.5 + 0 * D, lambda D: 0.5 + 0 * D, lambda D: 0 * D, lambda D: 0.5 + 0 * D)
SINE = Loop(
    lambda D: -np.expm1(-2 * D) / 2,
    lambda D: np.exp(-2 * D),
    lambda D: np.exp(-D / 2),
    lambda D: -np.exp(-D / 2) / 2,
    lambda D: (1 + np.exp(-2 * D)) / 2,
)
ROTATED = Loop(  # sin x + cos x: <phi^2> = 1 at every variance
    lambda D: 1 + 0 * D,
    lambda D: 0 * D,
    lambda D: np.exp(-D / 2),
    lambda D: -np.exp(-D / 2) / 2,
    lambda D: 1 + 0 * D,
)
SQUARE = Loop(  # x |x|: two variances at one output, or none
    lambda D: 3 * D**2, lambda D: 6 * D, lambda D: 2 * ROOT * np.sqrt(D), lambda D: ROOT / np.sqrt(D), lambda D: 4 * D
)
CUBIC = Loop(  # x - x^3: <phi'> changes sign
    lambda D: D - 6 * D**2 + 15 * D**3,
    lambda D: 1 - 12 * D + 45 * D**2,
    lambda D: 1 - 3 * D,
    lambda D: -3 + 0 * D,
    lambda D: 1 - 6 * D + 27 * D**2,
)
SIGN = Loop(  # of infinite slope: <phi'^2> is infinite
    lambda D: 1 + 0 * D,
    lambda D: 0 * D,
    lambda D: ROOT / np.sqrt(D),
    lambda D: -ROOT / 2 * D**-1.5,
    lambda D: np.inf + 0 * D,
)
BUMP = _bump()
