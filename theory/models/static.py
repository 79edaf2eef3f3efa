"""The static network: units at rest under static noise (Mato, Rigatuso, Torroba 2025)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from theory.interval import Interval
from theory.lazy import Later
from theory.model import Model, Parameter

if TYPE_CHECKING:
    from theory.networks import StaticNetwork


def network() -> StaticNetwork:
    """Independent Gaussian couplings, Gaussian noise that does not change in time."""
    from theory.networks import GaussianCouplings, StaticNetwork, StaticNoise

    return StaticNetwork(GaussianCouplings(), StaticNoise())


MODEL = STATIC = Model(
    name="static",
    equation="x_i = sum_j J_ij phi(x_j) + xi_i",
    parameters=(
        Parameter("g", "coupling strength: J_ij has variance g^2/N", Interval.NONNEGATIVE),
        Parameter("sigma", "standard deviation of the static noise xi_i", Interval.NONNEGATIVE),
    ),
    reference="Mato, Rigatuso, Torroba 2025, arXiv 2510.21742",
    derive_theory=Later("theory.meanfield.fixed_point:derive"),
    describe=network,
    limits=Later("theory.limits.known:of_fixed_points"),
)
