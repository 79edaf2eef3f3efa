"""The open loop of a network with a readout: what holds at an output that is held, whatever the readout."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr, sqrt

from theory.averages.average import Average
from theory.engine.collective import (
    ACTIVITY,
    RESPONSE,
    Kernel,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    pair_fields,
)
from theory.engine.readout import NOISE_POWER, POWER
from theory.engine.two_states import clamped_covariance
from theory.models.feedback import FEEDBACK
from theory.readout.vectors import drive
from theory.symbols import Delta, phi, x, z


@lru_cache(maxsize=16)
def variance(output: Expr) -> Expr:
    """Right-hand side of (M1), Delta = g^2 <phi^2> + S."""
    return clamped_covariance(FEEDBACK.network.couplings, Average(phi(x) ** 2), drive(output))


@lru_cache(maxsize=1)
def mode() -> Expr:
    """G, the gain of the slow variance mode: d(g^2 <phi^2>)/dDelta."""
    return variance(z).diff(Delta)


@lru_cache(maxsize=1)
def kernels() -> tuple[Kernel, Kernel]:
    """Of two copies of one state, and of one replica."""
    action = disorder_average(FEEDBACK.network.couplings)
    copies, one = (SiteMeasure(Delta, shared_noise=shared, phi_parity="none") for shared in (True, False))
    return (
        fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY)), copies),
        fluctuation_kernel(action, (NOISE_POWER, POWER), one),
    )


@lru_cache(maxsize=1)
def bulk_radius() -> Expr:
    """Radius of the disc that the bulk of the eigenvalues of the Jacobian fills, its leak left out."""
    (squared,) = kernels()[0].multipliers()
    return sqrt(squared)
