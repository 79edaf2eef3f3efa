"""The answer for one set of parameters: numbers, branches, diagnostics, and every reason to distrust them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Branch:
    """One solution of the self-consistency equation.

    Attributes
    ----------
    value : float
        The order parameter.
    slope : float
        Slope of the self-consistency; above 1 the branch is unphysical.
    label : str
        'silent' (zero activity), 'stable', 'unstable' (a condition of validity is broken) or 'unphysical'.
    """

    value: float
    slope: float
    label: str


@dataclass(frozen=True)
class Solution:
    """Solution of a theory at one set of parameters.

    Attributes
    ----------
    model, activation : str
    parameters, order_parameters, observables : mapping of str to float
    residual : float
        Relative residual of the self-consistency.
    error : float
        Estimate of the absolute error of the first order parameter.
    stable : bool
        Whether every condition of validity holds.
    branches : tuple of Branch
        All solutions found, increasing.
    messages : tuple of str
        Conditions that do not hold, and other reasons for caution.
    further_errors : mapping of str to float
        Estimates of the absolute errors of further order parameters, where the theory has them.
    """

    model: str
    activation: str
    parameters: Mapping[str, float]
    order_parameters: Mapping[str, float]
    observables: Mapping[str, float]
    residual: float
    error: float
    stable: bool
    branches: tuple[Branch, ...]
    messages: tuple[str, ...] = ()
    further_errors: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Content under the keys of the command line's JSON."""
        return {
            "model": self.model,
            "activation": self.activation,
            "parameters": dict(self.parameters),
            "order_parameters": dict(self.order_parameters),
            "observables": dict(self.observables),
            "diagnostics": {
                "converged": True,  # a solution that did not converge is refused, never returned
                "residual": self.residual,
                "error": self.error,
                **{f"error_{name}": error for name, error in self.further_errors.items()},
                "stable": self.stable,
                "branches": len(self.branches),
                "branch_list": [{"value": b.value, "slope": b.slope, "label": b.label} for b in self.branches],
                "messages": list(self.messages),
            },
        }
