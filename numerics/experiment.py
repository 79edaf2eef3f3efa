"""Simulate a model for an activation, and compare it with the theory: text in, tables out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.codegen.cache import content_key, load_cached, store
from numerics.codegen.module import emit_activation
from numerics.estimate import observables
from numerics.simulate.static import Sample
from numerics.simulate.static import simulate as simulate_static
from numerics.solution import Solution
from numerics.solve import Solver, checked_parameters
from numerics.validate import DEFAULT_SAMPLES, DEFAULT_SIZES, Validation
from numerics.validate import validate as validate_static
from numerics.verdict import percent
from theory.activations.activation import Activation
from theory.catalogue import describe_model
from theory.errors import DomainError

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Simulation:
    """A simulated network: estimates with standard errors over coupling matrices, and how it went.

    Attributes
    ----------
    model, activation : str
    parameters : mapping
    sample : Sample
    """

    model: str
    activation: str
    parameters: Mapping[str, float]
    sample: Sample

    def to_dict(self) -> dict[str, Any]:
        """Content under the keys of the command line's JSON; the values are at N units, not extrapolated."""
        estimates = observables(self.sample.statistics, self.sample.g)
        first = ("Delta", "C_phi", "Delta0")
        return {
            "model": self.model,
            "activation": self.activation,
            "parameters": dict(self.parameters),
            "order_parameters": {key: estimates[key].value for key in first if key in estimates},
            "observables": {key: e.value for key, e in estimates.items() if key not in first},
            "diagnostics": {
                "converged": self.sample.unconverged_fraction == 0,
                "unconverged": self.sample.unconverged_fraction,
                "N": self.sample.N,
                "couplings": self.sample.couplings,
                "samples": self.sample.samples,
                "seed": self.sample.seed,
                "standard_errors": {key: e.error for key, e in estimates.items()},
                "messages": list(self.messages),
            },
        }

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the estimates."""
        lost = self.sample.unconverged_fraction
        return (f"{percent(lost)} of the noise draws have no fixed point and are left out",) if lost else ()

    def table(self) -> str:
        """Estimates as text for a terminal."""
        estimates = observables(self.sample.statistics, self.sample.g)
        s = self.sample
        rows = [
            f"{self.model}, phi = {self.activation}, N = {s.N}, {s.couplings} coupling matrices x {s.samples} noise draws"
        ]
        rows += [f"  {key:<16} {e.value:>14.6g} +- {e.error:.2g}" for key, e in estimates.items()]
        rows.append(f"  not converged    {s.unconverged_fraction:>13.2%}")
        return "\n".join(rows)


def activation_functions(activation: Activation, values: Mapping[str, float]) -> tuple[Function, Function]:
    """phi and its derivative as NumPy functions of x alone, from a generated module."""
    name = f"activation_{content_key('activation', activation)}"
    module = load_cached(name) or store(name, emit_activation(activation))
    own = [values[p.name] for p in activation.parameters]
    return (lambda x: module.phi(x, *own)), (lambda x: module.phi_prime(x, *own))


def simulate(
    model: str,
    activation: Activation | str,
    parameters: Mapping[str, object],
    *,
    N: int = 200,
    couplings: int = 40,
    samples: int = 64,
    seed: int = 0,
    progress: Progress | None = None,
) -> Simulation:
    """Simulate a network; any activation, whether or not the theory admits it.

    Parameters
    ----------
    model : str
    activation : Activation or str
    parameters : mapping of str to number
        Parameters of the model and of the activation.
    N, couplings, samples : int
        Units, coupling matrices, noise draws for each of them.
    seed : int
    progress : callable, optional
        Called with the finished fraction.

    Raises
    ------
    InputError
        For an unusable activation or parameters.
    DomainError
        If no noise draw reaches a fixed point.
    """
    if isinstance(activation, str):
        activation = Activation.from_text(activation)
    values = checked_parameters(describe_model(model), activation, parameters)
    phi, phi_prime = activation_functions(activation, values)
    sample = simulate_static(
        phi,
        values["g"],
        values["sigma"],
        N=N,
        couplings=couplings,
        samples=samples,
        seed=seed,
        phi_prime=phi_prime if activation.is_continuous else None,
        centred=activation.parity == "odd",
        progress=progress,
    )
    if not sample.statistics:
        given = ", ".join(f"{key} = {value:g}" for key, value in values.items())
        raise DomainError(
            f"nothing to report for {activation.text} at {given}: {percent(sample.unconverged_fraction)} of the noise draws "
            "reach no fixed point, too few are left for statistics; either there is none or it is unstable (chaotic regime)"
        )
    return Simulation(model, activation.text, values, sample)


def validate(
    model: str,
    activation: Activation | str,
    parameters: Mapping[str, object],
    *,
    sizes: Sequence[int] | None = None,
    couplings: Sequence[int] | None = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Solution, Validation]:
    """Solve the theory, simulate the network at several sizes, and compare.

    Parameters
    ----------
    model, activation, parameters :
        As for `simulate`; the theory must admit the activation.
    sizes, couplings : sequence of int, optional
        Numbers of units, and coupling matrices at each.
    samples : int, optional
        Noise draws for each coupling matrix.
    seed : int
    progress : callable, optional

    Returns
    -------
    solution : Solution
    validation : Validation

    Raises
    ------
    InputError, DomainError
        For unusable input, or where the theory has no solution.
    """
    if isinstance(activation, str):
        activation = Activation.from_text(activation)
    checked_parameters(describe_model(model), activation, parameters)  # before anything is derived
    solver = Solver(model, activation)
    solution = solver.solve(**parameters)
    phi, phi_prime = activation_functions(solver.activation, solution.parameters)
    validation = validate_static(
        {**solution.order_parameters, **solution.observables},
        phi,
        solution.parameters["g"],
        solution.parameters["sigma"],
        phi_prime=phi_prime if solver.activation.is_continuous else None,
        sizes=sizes or DEFAULT_SIZES,
        couplings=couplings,
        samples=samples or DEFAULT_SAMPLES,
        seed=seed,
        progress=progress,
    )
    return solution, validation
