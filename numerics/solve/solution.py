"""The answer for one set of parameters: numbers, branches, diagnostics, and every reason to distrust them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

from numerics.data import as_data
from numerics.solve.fixed_point import FixedPoint
from theory.parameters import plain

RESIDUAL = 1e-11  # relative residual above which a solution is refused, where nothing else is said
LARGE = 0.2  # relative size above which a 1/N term is called large
REFERENCE_SIZE = 100  # units at which that is judged where no N is given


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
class FiniteSize:
    """The 1/N term of one quantity.

    Attributes
    ----------
    coefficient : float
        c or d; nan where it is not defined.
    of : str
        The quantity v that it corrects.
    relative : bool
        Whether N units have v (1 + d/N) rather than v + c/N.
    """

    coefficient: float
    of: str
    relative: bool

    def slope(self, value: float) -> float:
        """Derivative of the quantity with respect to 1/N."""
        return self.coefficient * value if self.relative else self.coefficient

    def share(self, value: float, N: float) -> float:
        """Size of the 1/N term at N units, relative to the quantity."""
        if self.slope(value) == 0:
            return 0.0
        return abs(self.slope(value) / value) / N if value else inf


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a generated module says about one set of parameters.

    Attributes
    ----------
    values : mapping of str to float
        Everything it returns as a number, ``residual`` and ``error`` among it.
    branches : tuple of Branch
        All solutions found, increasing.
    errors : mapping of str to float
        Absolute errors of order parameters and observables, as far as they are estimated.
    sampled : bool
        Whether these are standard errors of sampled trajectories.
    tolerance : float
        Relative residual above which the solution is refused.
    messages : tuple of str
        Reasons for caution.
    absent : mapping of str to str
        Results of which there are none, which is no reason for caution, and why.
    details : mapping of str to str or list
        Results that are no single number; complex numbers as [re, im].
    fixed_points : tuple of FixedPoint
        Of a closed loop, increasing in z.
    data : mapping
        Further keys of the command line's JSON, at its top.
    rows : tuple of str
        The same for a terminal.
    """

    values: Mapping[str, float] = field(default_factory=dict, repr=False, compare=False)
    branches: tuple[Branch, ...] = ()
    errors: Mapping[str, float] = field(default_factory=dict)
    sampled: bool = False
    tolerance: float = RESIDUAL
    messages: tuple[str, ...] = ()
    absent: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    fixed_points: tuple[FixedPoint, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    rows: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Solution(Reading):
    """Solution of a theory at one set of parameters: a reading that holds, its numbers under the keys of the theory.

    Attributes
    ----------
    model, activation : str
    parameters : mapping of str to float, word or what was read from a file
    order_parameters, observables : mapping of str to float
    finite_size : mapping of str to FiniteSize
        1/N terms.
    residual : float
        Relative residual of the self-consistency.
    error : float
        Estimate of the absolute error of the first order parameter.
    stable : bool
        Whether every condition of validity holds.
    filter : str
        Transfer function of one unit where it is not the model's own.
    """

    model: str
    activation: str
    parameters: Mapping[str, Any]
    order_parameters: Mapping[str, float]
    observables: Mapping[str, float]
    finite_size: Mapping[str, FiniteSize]
    residual: float
    error: float
    stable: bool
    filter: str = ""

    @property
    def leading(self) -> dict[str, float]:
        """Order parameters and observables for N -> infinity."""
        return {**self.order_parameters, **self.observables}

    def slopes(self) -> dict[str, float]:
        """Derivative with respect to 1/N of every quantity whose 1/N term is known."""
        known = {term.of: term.slope(self.leading[term.of]) for term in self.finite_size.values()}
        return {key: slope for key, slope in known.items() if isfinite(slope)}

    def at_size(self, N: float) -> dict[str, float]:
        """Every quantity whose 1/N term is known, for a network of N units: v + c/N or v (1 + d/N)."""
        return {key: self.leading[key] + slope / N for key, slope in self.slopes().items()}

    def cautions(self, N: float = REFERENCE_SIZE) -> tuple[str, ...]:
        """Which 1/N terms are undefined, and which are large at N units."""
        undefined = [key for key, term in self.finite_size.items() if not isfinite(term.coefficient)]
        texts = [f"the 1/N terms {', '.join(undefined)} are not defined: an average in them is infinite or unresolved"]
        large = {}
        for term in self.finite_size.values():
            share = term.share(self.leading[term.of], N)
            if isfinite(term.coefficient) and share > LARGE:
                large[term.of] = share
        enough = max(large.values(), default=0.0) / LARGE * N
        listed = ", ".join(f"{key} ({share:.0%})" for key, share in large.items())
        texts.append(
            f"1/N terms above {LARGE:.0%} of the value at N = {N:g}: {listed}; below that for N > {enough:.4g} only"
        )
        return tuple(text for text, found in zip(texts, (undefined, large), strict=True) if found)

    def warnings(self, N: float | None = None) -> tuple[str, ...]:
        """Every reason for caution, the size of the 1/N terms at N units included."""
        return (*self.messages, *self.cautions(REFERENCE_SIZE if N is None else N))

    def to_dict(self, N: float | None = None) -> dict[str, Any]:
        """Content under the keys of the command line's JSON; with `N`, also the values at N units."""
        return {
            "model": self.model,
            "activation": self.activation or None,
            "parameters": plain(self.parameters),
            **({"filter": self.filter} if self.filter else {}),
            "order_parameters": dict(self.order_parameters),
            "observables": {
                **self.observables,
                **{key: t.coefficient for key, t in self.finite_size.items()},
                **self.details,
            },
            "diagnostics": {
                "converged": True,  # a solution that did not converge is refused, never returned
                "residual": self.residual,
                "error": self.error,
                **{f"error_{key}": self.errors[key] for key in [*self.order_parameters][1:] if key in self.errors},
                "errors": dict(self.errors),
                "sampled": self.sampled,
                "stable": self.stable,
                "branches": len(self.branches),
                "branch_list": [{"value": b.value, "slope": b.slope, "label": b.label} for b in self.branches],
                "messages": list(self.warnings(N)),
                **({"absent": dict(self.absent)} if self.absent else {}),
            },
            **({"fixed_points": as_data(self.fixed_points)} if self.fixed_points else {}),
            **({} if N is None else {"finite_size": {"N": N, **self.at_size(N)}}),
            **self.data,
        }


def titled(model: str, activation: str) -> str:
    """A model and its activation, where it has one, as the beginning of a title."""
    return f"{model}, phi = {activation}" if activation else model


def shown(value: float | str) -> str:
    """A parameter for the reader: a number to six digits, a word as it is."""
    return value if isinstance(value, str) else f"{value:g}"
