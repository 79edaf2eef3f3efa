r"""The chaotic state under static noise: what replaces the fixed point where it is unstable.

The field of a unit then fluctuates about a frozen part; `numerics.chaos.fluctuating` solves for both variances, here with the drive
sigma^2 of the static noise.

Source: Sompolinsky, Crisanti, Sommers 1988 (without noise); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (static noise).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from numerics.averages.average import average
from numerics.chaos.fluctuating import Motion
from numerics.solve.solution import Solution
from theory.activations.activation import Activation


@dataclass(frozen=True)
class ChaoticState:
    """Mean-field solution that fluctuates in time.

    Attributes
    ----------
    Delta : float
        Total variance of x over units, noise and time.
    q : float
        Its frozen part, the variance of the time average of x; equal to `Delta` where fluctuations are too small to be resolved.
    C_phi : float
        Mean square activity.
    residual : float
        Larger of the two equations' residuals, relative to Delta and Delta^2.
    error : float
        Estimate of the absolute error of `Delta` and `q`.
    """

    Delta: float
    q: float
    C_phi: float
    residual: float
    error: float

    @property
    def is_resolved(self) -> bool:
        """Whether fluctuations were found above rounding."""
        return self.q < self.Delta

    @property
    def measured(self) -> dict[str, float]:
        """What networks show of it, under the keys of the theory."""
        return {"Delta": self.Delta, "C_phi": self.C_phi}

    @property
    def text(self) -> str:
        """One line for the reader."""
        if not self.is_resolved:
            size = self.error / self.Delta
            return (
                f"chaotic state: fluctuations below {size:.0e} Delta; the fixed point's numbers hold to that accuracy"
            )
        return (
            f"chaotic state: Delta = {self.Delta:.10g}, of which q = {self.q:.10g} is frozen; C_phi = {self.C_phi:.10g} "
            f"(residual {self.residual:.1e}, error {self.error:.1e})"
        )

    def to_dict(self) -> dict[str, float]:
        """Content under the key ``chaotic_state`` of the command line's JSON."""
        return asdict(self)


def chaos_under_noise(solution: Solution, activation: Activation) -> ChaoticState | None:
    """The chaotic state that replaces a fixed point under static noise.

    Returns
    -------
    ChaoticState or None
        None where the fixed point is stable in the bulk: then q = Delta is the only solution.

    Raises
    ------
    DomainError
        Where a two-point average could not be resolved.
    """
    if solution.observables["stability"] < 1:
        return None
    parameters = dict(solution.parameters)
    motion = Motion(activation, parameters.pop("g"), parameters.pop("sigma") ** 2, parameters)
    found = motion.variances(solution.order_parameters["Delta"])
    return ChaoticState(
        Delta=found.total,
        q=found.frozen,
        C_phi=float(average("phi^2", activation, variance=found.total, **parameters)),
        residual=found.residual,
        error=found.error,
    )
