"""The network in time: rate units with noise or without (Clark, Abbott, Litwin-Kumar 2023)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from theory.interval import Interval
from theory.lazy import Later
from theory.model import Choice, Model, Parameter

if TYPE_CHECKING:
    from theory.networks import NetworkInTime


def network() -> NetworkInTime:
    """Partially symmetric Gaussian couplings, leaky units, white or coloured noise."""
    from sympy import S, exp

    from theory.networks import GaussianCouplings, NetworkInTime, TemporalNoise
    from theory.symbols import eta, frequency, sigma, tau, tau_n

    coloured = sigma**2 * exp(-tau / tau_n), S.Zero, 2 * sigma**2 * tau_n / (1 - tau_n**2 * frequency**2)
    noises = {
        "none": TemporalNoise(S.Zero, S.Zero, S.Zero),
        "white": TemporalNoise(S.Zero, sigma**2, sigma**2),
        "ou": TemporalNoise(*coloured),
    }
    return NetworkInTime(GaussianCouplings(symmetry=eta), 1 / (1 + frequency), MappingProxyType(noises))


@lru_cache(maxsize=32)  # the same filter is the same model, whose theory is derived once
def with_filter(model: Model[NetworkInTime], text: str) -> Model[NetworkInTime]:
    """Units with another transfer function."""
    from sympy import sstr

    from theory.filters import Filter

    transfer = Filter.from_text(text).transfer
    leaky = model.network.transfer
    if (transfer - leaky).cancel() == 0:
        return model
    shown = sstr(transfer)
    return replace(
        model,
        equation=f"x_i = h [sum_j J_ij phi(x_j) + xi_i(t)], h(s) = {shown}, s = d/dt",
        describe=lambda: replace(model.network, transfer=transfer),
        filter=text.strip(),
    )


MODEL = DYNAMIC = Model(
    name="dynamic",
    equation="dx_i/dt = -x_i + sum_j J_ij phi(x_j) + xi_i(t)",
    parameters=(
        Parameter("g", "coupling strength: J_ij has variance g^2/N", Interval.NONNEGATIVE),
        Parameter(
            "sigma",
            "strength of the noise: <xi xi'> = sigma^2 delta(t-t') for white noise, sigma^2 exp(-|t-t'|/tau_n) for ou",
            Interval.POSITIVE,
            only=("noise", ("white", "ou")),
        ),
        Parameter(
            "tau_n",
            "correlation time of the noise in units of the time constant of a unit",
            Interval.POSITIVE,
            only=("noise", ("ou",)),
        ),
        Parameter(
            "eta",
            "symmetry of the couplings, N <J_ij J_ji> = eta g^2: 0 independent, 1 symmetric, -1 antisymmetric",
            Interval(-1.0, 1.0),
            default=0.0,
        ),
    ),
    reference="Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401; Mato, Rigatuso, Torroba 2025, arXiv 2510.21742",
    choices=(
        Choice(
            "noise",
            "external noise: none, white or ou (Ornstein-Uhlenbeck); if not given, ou with tau_n, else white with sigma",
            ("none", "white", "ou"),
        ),
    ),
    derive_theory=Later("theory.meanfield.two_times:derive"),
    describe=network,
    limits=Later("theory.limits.known:of_motion"),
    existence=Later("theory.meanfield.existence:existence_in_time"),
    with_filter=with_filter,
)
