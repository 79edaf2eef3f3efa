"""What every simulator hands over: estimates with errors over the couplings, and how the run went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from numerics.compare.estimate import Estimate


class Sample(Protocol):
    """Simulated networks of one size."""

    @property
    def N(self) -> int:
        """Units."""

    @property
    def couplings(self) -> int:
        """Coupling matrices."""

    @property
    def samples(self) -> int:
        """Independent draws of the noise for each coupling matrix."""

    @property
    def seed(self) -> int:
        """Seed of all random streams."""

    @property
    def unconverged_fraction(self) -> float:
        """Fraction of the draws that are not in the statistics."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the network."""

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the estimates."""

    @property
    def time_errors(self) -> Mapping[str, float]:
        """The part of each standard error that finite time and few draws at fixed couplings make; empty if not known."""

    def observables(self) -> dict[str, Estimate]:
        """Estimates under the keys of the theory; empty if there is nothing to report."""
