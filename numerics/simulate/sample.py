"""What every simulator hands over: statistics network by network, estimates with errors, and how the run went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from numerics.compare.estimate import Estimate, mean_estimate
from numerics.compare.verdict import percent


@dataclass(frozen=True, eq=False)
class Sample:
    """Simulated networks of one size.

    Attributes
    ----------
    N, couplings : int
        Units, coupling matrices.
    samples : int
        Independent draws, of the noise or of the initial state, for each coupling matrix.
    seed : int
        Seed of all random streams.
    parameters : mapping
        Of the network.
    unconverged : array, shape (couplings,)
        Fraction of the draws of each coupling matrix that are not in the statistics.
    statistics : dict of str to array, shape (number of networks,)
        One value for each network.
    """

    lost: ClassVar[str] = "networks could not be simulated"
    """Draws that are not in the statistics, as the end of a sentence that begins with how many there are."""

    again: ClassVar[Mapping[str, str]] = {}
    """Estimates that measure what another key stands for by a second route."""

    rounding: ClassVar[Mapping[str, float]] = {}
    """Sizes below which a statistic is rounding."""

    N: int
    couplings: int
    samples: int
    seed: int
    parameters: Mapping[str, Any]
    unconverged: NDArray[Any]
    statistics: dict[str, NDArray[np.float64]] = field(repr=False)

    @property
    def unconverged_fraction(self) -> float:
        """Fraction of all draws that are not in the statistics."""
        return float(self.unconverged.mean())

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the estimates."""
        return (f"{self.lost_share}; they are left out",) if self.unconverged_fraction else ()

    @property
    def lost_share(self) -> str:
        """How many draws are not in the statistics, in words."""
        return f"{percent(self.unconverged_fraction)} of the {self.lost}"

    def of_measured(self, table: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
        """The rows of a table that belong to networks with statistics."""
        measured = np.isfinite(next(iter(self.statistics.values()), np.array([])))
        return {name: values[measured] for name, values in table.items()}

    @property
    def time_errors(self) -> Mapping[str, float]:
        """The part of each standard error that finite time and few draws at fixed couplings make; empty if not known."""
        return {}

    @property
    def details(self) -> Mapping[str, Any]:
        """What is no estimate, under its keys in JSON."""
        return {}

    @property
    def rows(self) -> list[str]:
        """The same for a terminal."""
        return []

    def observables(self) -> dict[str, Estimate]:
        """Estimates under the keys of the theory, here means over the networks; empty if there is nothing to report."""
        return {key: mean_estimate(values) for key, values in self.statistics.items()}


def collected(rows: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[np.float64]]:
    """One array for each statistic from those of each network; nan for a network without."""
    full = next((row for row in rows if row), {})
    return {
        name: np.array([row.get(name, np.full_like(full[name], np.nan, dtype=float)) for row in rows]) for name in full
    }


def single_run(parameters: Mapping[str, Any], values: Mapping[str, float]) -> Sample:
    """The sample of a model in which nothing is random: its values under the keys of the theory, exact to rounding."""
    statistics = {key: np.array([value], dtype=float) for key, value in values.items()}
    return SingleRun(0, 1, 1, 0, parameters, np.zeros(1), statistics)


class SingleRun(Sample):
    """A run in which nothing is random."""

    def observables(self) -> dict[str, Estimate]:
        """The values, without error."""
        return {key: Estimate(float(values[0]), 0.0, np.inf) for key, values in self.statistics.items()}
