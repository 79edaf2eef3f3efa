"""Couplings, noises and vectors of networks: plain frozen descriptions, no mathematics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Expr, S, Symbol

from theory.symbols import g, sigma


@dataclass(frozen=True)
class GaussianCouplings:
    """J_ij Gaussian, mean 0, variance strength^2/N, with N <J_ij J_ji> = symmetry * strength^2."""

    strength: Expr = g
    symmetry: Expr = S.Zero


@dataclass(frozen=True)
class StaticNoise:
    """xi_i Gaussian, constant in time, independent over units: variance `variance`."""

    variance: Expr = sigma**2


@dataclass(frozen=True)
class TemporalNoise:
    """xi_i(t) Gaussian, stationary, independent over units.

    Attributes
    ----------
    autocovariance : Expr
        <xi(t) xi(t + tau)> for lags tau > 0.
    impulse : Expr
        Strength of the delta function at lag 0.
    spectrum : Expr
        Fourier transform of the whole, as a function of s = i omega.
    """

    autocovariance: Expr
    impulse: Expr
    spectrum: Expr


@dataclass(frozen=True)
class StaticNetwork:
    """Units that rest at a fixed point.

    Attributes
    ----------
    couplings : GaussianCouplings
    noise : StaticNoise
    """

    couplings: GaussianCouplings
    noise: StaticNoise


@dataclass(frozen=True)
class NetworkInTime:
    """Rate units driven by noise in time.

    Attributes
    ----------
    couplings : GaussianCouplings
    transfer : Expr
        Response of one unit without couplings, as a function of s = i omega.
    noises : mapping of str to TemporalNoise
        By the word that chooses them.
    """

    couplings: GaussianCouplings
    transfer: Expr
    noises: Mapping[str, TemporalNoise]


@dataclass(frozen=True)
class ReadoutNetwork:
    """A trained readout that is fed back, a rank-one loop; feedback m, input I and readout n loaded on standard normal vectors.

    Attributes
    ----------
    couplings : GaussianCouplings
    feedback, input, readout : mapping of str to Expr
        Loadings of m, I and n on the vectors, by their names.
    target : Symbol
        The output at which the readout is meant to sit.
    """

    couplings: GaussianCouplings
    feedback: Mapping[str, Expr]
    input: Mapping[str, Expr]
    readout: Mapping[str, Expr]
    target: Symbol
