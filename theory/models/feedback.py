"""Networks with a trained readout that is fed back (Mastrogiuseppe, Ostojic 2019)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from theory.interval import Interval
from theory.lazy import Later
from theory.model import Model, Parameter

if TYPE_CHECKING:
    from theory.networks import ReadoutNetwork


def network() -> ReadoutNetwork:
    """Independent Gaussian couplings; feedback and input share the direction xi, the readout takes any of the three."""
    from sympy import sqrt

    from theory.networks import GaussianCouplings, ReadoutNetwork
    from theory.symbols import SI, A, Sm, p, pI, pm, rho

    alone = sqrt(1 - rho**2)
    return ReadoutNetwork(
        couplings=GaussianCouplings(),
        feedback=MappingProxyType({"xi": Sm * rho, "e_m": Sm * alone}),
        input=MappingProxyType({"xi": SI * rho, "e_I": SI * alone}),
        readout=MappingProxyType({"xi": p, "e_m": pm, "e_I": pI}),
        target=A,
    )


MODEL = FEEDBACK = Model(
    name="feedback",
    equation="dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i, z = sum_i n_i phi(x_i)",
    parameters=(
        Parameter("g", "coupling strength: g chi_ij has variance g^2/N", Interval.NONNEGATIVE),
        Parameter("Sm", "standard deviation over units of the feedback vector m", Interval.NONNEGATIVE),
        Parameter("SI", "standard deviation over units of the input vector I", Interval.NONNEGATIVE),
        Parameter(
            "rho",
            "loading of m and I on the direction xi that they share: m = Sm (rho xi + sqrt(1-rho^2) e_m), their correlation "
            "is rho^2",
            Interval(-1.0, 1.0),
            default=0.0,
        ),
        Parameter("p", "part of the readout direction along xi: N n = C (p xi + pm e_m + pI e_I)", default=0.0),
        Parameter("pm", "part along e_m, what only the feedback has", default=0.0),
        Parameter("pI", "part along e_I, what only the input has", default=0.0),
        Parameter("A", "target: output z at which the readout is meant to sit"),
    ),
    reference="Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386",
    derive_theory=Later("theory.meanfield.readout:derive"),
    describe=network,
    limits=Later("theory.limits.known:of_readout"),
)
