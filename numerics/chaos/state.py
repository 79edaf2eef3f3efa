"""The chaotic state of any model: what replaces a fixed point that is unstable in the bulk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numerics.models import find_treatment
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.models.static import STATIC


@dataclass(frozen=True)
class ChaoticState:
    """Mean-field solution that fluctuates in time.

    Attributes
    ----------
    values : mapping of str to float
        Numbers under the keys of the theory, each also an attribute: total variance of x over units, noise and time; its frozen
        part, the variance of the time average of x, equal to it where fluctuations are too small to be resolved; and others.
    seen : tuple of str
        Keys of what is compared with simulated networks.
    residual : float
        Larger of the two equations' residuals, relative to the total variance and its square.
    error : float
        Estimate of the absolute error of both variances.
    z : float
        Output, of a network with a readout.
    """

    values: Mapping[str, float]
    seen: tuple[str, ...]
    residual: float
    error: float
    z: float | None = None

    def __getattr__(self, key: str) -> float:
        if key in (values := self.__dict__.get("values", {})):
            return float(values[key])
        raise AttributeError(f"the chaotic state has no {key}")

    @property
    def is_resolved(self) -> bool:
        """Whether fluctuations were found above rounding."""
        total, frozen, *_ = self.values.values()
        return frozen < total

    @property
    def measured(self) -> dict[str, float]:
        """What networks show of the state."""
        return {key: self.values[key] for key in self.seen}

    @property
    def text(self) -> str:
        """One line for the reader."""
        total, frozen, *others = self.values
        if not self.is_resolved:
            size = f"{self.error / self.values[total]:.0e} {total}"
            return f"chaotic state: fluctuations below {size}; the fixed point's numbers hold to that accuracy"
        shown = {key: f"{key} = {value:.10g}" for key, value in self.values.items()}
        return (
            f"chaotic state: {shown[total]}, of which {shown[frozen]} is frozen; {', '.join(shown[key] for key in others)} "
            f"(residual {self.residual:.1e}, error {self.error:.1e})"
        )

    def to_dict(self) -> dict[str, float]:
        """Content under the key ``chaotic_state`` of the command line's JSON."""
        return {**self.values, "residual": self.residual, "error": self.error}


def chaotic_state(solver: Solver | Activation | str, /, **values: object) -> Any:
    """The chaotic state of a network, None where its fixed point is stable in the bulk.

    Parameters
    ----------
    solver : Solver, Activation or str
        An activation stands for the static network.
    **values : float
        The model's parameters, such as g and sigma, and those of the activation.

    Returns
    -------
    ChaoticState or None

    Raises
    ------
    InputError, DomainError
        As for `Solver.solve`, and where a two-point average could not be resolved.

    Examples
    --------
    >>> round(chaotic_state("power(1/2)", g=2, sigma=1).q, 4)
    8.7727
    """
    own = solver if isinstance(solver, Solver) else Solver(STATIC.name, solver)
    return chaotic_state_of(own.solve(**values), own.activation)


def chaotic_state_of(solution: Solution, activation: Activation) -> ChaoticState | None:
    """The chaotic state that belongs to a fixed point found before; None where that is stable, or the model knows of none.

    Raises
    ------
    DomainError
        Where a two-point average could not be resolved.
    """
    replacement = find_treatment(solution.model).replacement
    return None if replacement is None else replacement(solution, activation)
