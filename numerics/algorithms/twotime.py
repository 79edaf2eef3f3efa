"""The autocovariance C(tau) where a first integral exists: no noise, or white noise.

``C'' = -dV/dC`` conserves the energy ``C'^2/2 + V``.  With ``C -> 0`` at long lags it fixes the equal-time variance, and what is
left is one integral, ``tau(C) = int dC / |C'|``.  Neither shooting nor iteration in time is needed.
"""

import numpy as np
from numpy.polynomial import legendre
from scipy.optimize import brentq

from numerics.algorithms.panels import spherical_bessel
from numerics.algorithms.primitive import ORDER, gauss_panels, graded, running, subdivided

FLAT_ENERGY = 1e-13  # relative energy below which its sign is rounding
NEAR_ONE, NEAR_ZERO = 1.0471975511965976, 41.5  # angle with correlation 1/2; -log of the correlation at the longest lag
LARGEST_TRANSFORM = 2_000_000  # array elements held at once
LONGEST_PANEL = 16.0  # in units of the time constant of a unit


def energy_roots(primitive, strength, kinetic, lowest, highest):
    """Variances v with ``v^2/2 - strength Var Phi = kinetic``, increasing, and the slope of the left side at each."""

    def energy(v):
        spread, rate = primitive.variance(v)
        return 0.5 * v * v - strength * spread - kinetic, v - strength * rate

    grid = np.geomspace(lowest, highest, 1 + int(np.ceil(24 * np.log10(highest / lowest))))
    with np.errstate(all="ignore"):
        relative = (0.5 * grid**2 - strength * primitive.scan(grid) - kinetic) / grid**2
    sign = np.where(np.abs(relative) < FLAT_ENERGY, 0.0, np.sign(relative))
    for k in range(sign.size - 2, -1, -1):
        sign[k] = sign[k] or sign[k + 1]
    cells = np.nonzero(sign[:-1] * sign[1:] < 0)[0]
    roots = [
        np.exp(brentq(lambda u: float(energy(np.exp(u))[0][0]), *np.log(grid[k : k + 2]), xtol=1e-15, rtol=1e-15))
        for k in cells
    ]
    return np.array(roots), np.array([float(energy(v)[1][0]) for v in roots])


class Autocovariance:
    """C_x and C_phi at quadrature nodes of the lag.

    Attributes
    ----------
    lag, weight : ndarray
        Increasing nodes tau > 0 and weights: sums of ``weight * F(lag)`` are integrals over tau > 0.
    x, phi : ndarray
        C_x(tau) and C_phi(tau).
    slope : ndarray
        dC_x/dtau.
    mismatch : float
        Relative disagreement of two independent evaluations.
    """

    def __init__(self, lag, weight, x, phi, slope, mismatch):
        self.lag, self.weight, self.x, self.phi, self.slope, self.mismatch = lag, weight, x, phi, slope, mismatch

    def at(self, lag):
        """C_x at any lags, by linear interpolation: a guess."""
        return np.interp(lag, self.lag, self.x, right=0.0)

    def spectra(self, omega):
        """Spectra of x and of phi at real frequencies, shape (2, frequencies).

        C is a polynomial on every panel; its transform is a sum of spherical Bessel functions, right at any frequency, where a
        quadrature would need nodes for every oscillation (Filon 1928; Bakhvalov, Vasil'eva 1968, USSR Comput.
        Math. Math. Phys. 8, 241).
        """
        half = 0.5 * self.weight.reshape(-1, ORDER).sum(axis=1)
        middle = np.cumsum(2.0 * half) - half
        place = (self.lag.reshape(-1, ORDER) - middle[:, None]) / half[:, None]
        both = np.stack([self.x.reshape(-1, ORDER), self.phi.reshape(-1, ORDER)], axis=-1)
        # int_-1^1 P_n(t) exp(-i k t) dt = 2 (-i)^n j_n(k), and both halves of the lag axis count
        series = np.linalg.solve(legendre.legvander(place, ORDER - 1), both)
        series = 4.0 * half[:, None, None] * (-1j) ** np.arange(ORDER)[:, None] * series
        omega, found = np.abs(np.asarray(omega, dtype=float)), []
        for block in np.array_split(omega, max(1, omega.size * self.lag.size // LARGEST_TRANSFORM)):
            parts = spherical_bessel(np.outer(block, half), ORDER)
            phase = np.exp(-1j * np.outer(block, middle))
            found.append(np.real(np.einsum("wp,wpn,pnk->kw", phase, parts, series, optimize=True)))
        return np.concatenate(found, axis=1)

    def laplace(self, s):
        """``int_0^oo exp(-s tau) C(tau) dtau`` of C_x and of C_phi, for an array of complex s."""
        weighted = np.column_stack([self.weight * self.x, self.weight * self.phi])
        blocks = np.array_split(s, max(1, s.size * self.lag.size // LARGEST_TRANSFORM))
        both = np.concatenate([np.exp(-np.outer(block, self.lag)) @ weighted for block in blocks])
        return both[:, 0], both[:, 1]


def by_energy(table, variance, strength, kinetic, rate):
    """C(tau) from the first integral.

    Parameters
    ----------
    table : PairTable
        <phi(u) phi(v)> at the variance.
    variance, strength : float
        C(0), and the factor of <phi phi> in the equation of C.
    kinetic : float
        C'(0+)^2/2.
    rate : float
        Decay rate of C at long lags.

    Returns
    -------
    Autocovariance or None
        None where C(tau) would not decay to zero.
    """
    # short lags, correlation cos(theta) > 1/2: the energy is followed down from C(0)
    edges = subdivided(np.append(0.0, graded(1e-7, NEAR_ONE, 2.5)), LONGEST_PANEL * rate)
    theta, weight = gauss_panels(edges)
    force = (strength * table.value(theta) - variance * np.cos(theta)) * variance * np.sin(theta)
    short = kinetic + running(force, weight)
    step = variance * np.sin(theta) / np.sqrt(2.0 * short)
    half = kinetic + np.sum(force * weight)
    # long lags, correlation exp(-u) < 1/2: the energy relative to C^2 is followed up from C = 0
    edges = subdivided(np.array([np.log(2.0), NEAR_ZERO]), min(1.5, LONGEST_PANEL * rate))
    u, long_weight = gauss_panels(edges)
    rho = np.exp(-u)
    long_energy = relative_energy(table, variance, strength, rho)
    mismatch = abs(half - 0.25 * relative_energy(table, variance, strength, np.array(0.5))) / (0.5 * variance**2)
    if not (np.all(short > 0) and np.all(long_energy > 0)):
        return None
    long_step = variance / np.sqrt(2.0 * long_energy)
    lag = running(step, weight).ravel()
    turn = np.sum(step * weight)
    angle = np.append(theta.ravel(), np.arccos(rho).ravel())
    return Autocovariance(
        lag=np.append(lag, turn + running(long_step, long_weight).ravel()),
        weight=np.append((step * weight).ravel(), (long_step * long_weight).ravel()),
        x=variance * np.append(np.cos(theta).ravel(), rho.ravel()),
        phi=np.append(np.cos(theta).ravel(), rho.ravel()) * table.ratio(angle),
        slope=-np.append(np.sqrt(2.0 * short).ravel(), (np.sqrt(2.0 * long_energy) * rho).ravel()),
        mismatch=float(mismatch),
    )


def relative_energy(table, variance, strength, rho):
    """``C'^2/(2 rho^2)`` of the orbit that ends at C = 0: variance^2/2 - strength variance int_0^1 t P(rho t) dt."""
    t, w = gauss_panels(np.array([0.0, 1.0]), 24)
    inner = table.ratio(np.arccos(np.clip(rho[..., None] * t[0], -1.0, 1.0)))
    return 0.5 * variance**2 - strength * variance * (inner @ (t[0] * w[0]))
