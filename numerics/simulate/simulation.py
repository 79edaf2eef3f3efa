"""Simulate a model for an activation, and compare it with the theory: text in, tables out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numerics.chaos.static_noise import chaotic_state_of
from numerics.chaos.target import ChaoticFeedback
from numerics.codegen.backends import array_functions
from numerics.compare.validation import Validation, validate_model
from numerics.compare.verdict import percent
from numerics.simulate.catalogue import IN_TIME, SIMULATORS, Simulator
from numerics.simulate.sample import Sample
from numerics.solve.solution import Solution, shown
from numerics.solve.solver import Solver, checked_parameters
from theory.activations.activation import Activation
from theory.errors import DomainError, InputError
from theory.filters import Filter
from theory.models import derive, find_model

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Simulation:
    """A simulated network: estimates with standard errors over coupling matrices, and how it went.

    Attributes
    ----------
    model, activation : str
    parameters : mapping
    sample : Sample
    order_parameters : tuple of str
        Keys that are order parameters of the theory.
    filter : str
        Transfer function of one unit where it is not the model's own.
    """

    model: str
    activation: str
    parameters: Mapping[str, Any]
    sample: Sample
    order_parameters: tuple[str, ...]
    filter: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Content under the keys of the command line's JSON; the values are at N units, not extrapolated."""
        estimates, first = self.sample.observables(), self.order_parameters
        return {
            "model": self.model,
            "activation": self.activation,
            "parameters": dict(self.parameters),
            **({"filter": self.filter} if self.filter else {}),
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
                "time_errors": dict(self.sample.time_errors),
                "messages": list(self.messages),
            },
        }

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons to distrust the estimates."""
        return self.sample.messages

    def table(self) -> str:
        """Estimates as text for a terminal."""
        estimates = self.sample.observables()
        s = self.sample
        counted = (
            f"{s.couplings} networks"
            if s.samples == 1
            else f"{s.couplings} coupling matrices x {s.samples} noise draws"
        )
        rows = [f"{self.model}, phi = {self.activation}, N = {s.N}, {counted}"]
        within = {key: f"   within couplings {error:.2g}" for key, error in s.time_errors.items()}
        rows += [f"  {key:<16} {e.value:>14.6g} +- {e.error:.2g}{within.get(key, '')}" for key, e in estimates.items()]
        rows.append(f"  not converged    {s.unconverged_fraction:>13.2%}")
        return "\n".join(rows)


def simulate(
    model: str,
    activation: Activation | str,
    parameters: Mapping[str, object],
    *,
    N: int = 200,
    couplings: int = 40,
    seed: int = 0,
    filter: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Simulation:
    """Simulate a network; any activation, whether or not the theory admits it.

    Parameters
    ----------
    model : str
    activation : Activation or str
    parameters : mapping of str to number or word
        Parameters of the model and of the activation.
    N, couplings : int
        Units and coupling matrices.
    seed : int
    filter : str, optional
        Transfer function of one unit in s = i omega, rational, where the model has time.
    progress : callable, optional
        Called with the finished fraction.
    **settings
        Of the model's simulator: `samples`, independent draws of the noise for each coupling matrix, and others; see
        `numerics.simulate.in_time.simulate` for those of networks in time.

    Raises
    ------
    InputError
        For an unusable activation or parameters.
    DomainError
        If there is nothing to report.
    """
    if isinstance(activation, str):
        activation = Activation.from_text(activation)
    values = checked_parameters(find_model(model, filter), activation, parameters)
    phi, phi_prime = array_functions(activation, values)
    simulator = SIMULATORS[model]
    sample = simulator.run(
        phi,
        values,
        N=N,
        couplings=couplings,
        seed=seed,
        phi_prime=phi_prime if activation.is_continuous else None,
        centred=activation.parity == "odd",
        progress=progress,
        **settings,
        **_state_space(filter),
    )
    if not sample.observables():
        given = ", ".join(f"{key} = {shown(value)}" for key, value in values.items())
        reason = simulator.nothing.format(lost=percent(sample.unconverged_fraction))
        raise DomainError(f"nothing to report for {activation.text} at {given}: {reason}")
    return Simulation(model, activation.text, values, sample, tuple(derive(model).order_parameters), filter or "")


def _state_space(filter: str | None) -> dict[str, Any]:
    """The filter as the simulator takes it: coefficients of numerator and denominator, highest power first."""
    if filter is None:
        return {}
    parsed = Filter.from_text(filter)
    if parsed.delay:
        raise InputError(f"the filter {filter[:60]} has a delay: networks with a delay are solved, but not simulated")
    return {"transfer": (parsed.numerator[::-1], parsed.denominator[::-1])}


def validate(
    model: str,
    activation: Activation | str,
    parameters: Mapping[str, object],
    *,
    sizes: Sequence[int] | None = None,
    couplings: Sequence[int] | None = None,
    seed: int = 0,
    filter: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> tuple[Solution, Validation]:
    """Solve the theory, simulate the network at several sizes, and compare.

    Parameters
    ----------
    model, activation, parameters :
        As for `simulate`; the theory must admit the activation.
    sizes, couplings : sequence of int, optional
        Numbers of units, and coupling matrices at each.
    seed : int
    filter : str, optional
    progress : callable, optional
    **settings
        Of the model's simulator.

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
    checked_parameters(find_model(model, filter), activation, parameters)  # before anything is derived
    transfer = _state_space(filter)
    solver = Solver(model, activation, filter=filter)
    solution = solver.solve(**parameters)
    phi, phi_prime = array_functions(solver.activation, solution.parameters)
    simulator, leading = _comparison(solver, solution)
    validation = validate_model(
        simulator,
        leading,
        phi,
        solution.parameters,
        slopes=solution.slopes(),
        errors=solution.errors if solution.sampled else {},
        phi_prime=phi_prime if solver.activation.is_continuous else None,
        sizes=sizes,
        couplings=couplings,
        seed=seed,
        progress=progress,
        **settings,
        **transfer,
    )
    return solution, validation


def _comparison(solver: Solver, solution: Solution) -> tuple[Simulator, dict[str, float]]:
    """What simulates the state that the theory describes, and the results that one network has.

    Where the stationary state is unstable and the model knows how to simulate what replaces it, the chaotic state is compared.
    """
    if solution.model in IN_TIME and not solution.stable:
        chaos = chaotic_state_of(solution, solver.activation)
        if isinstance(chaos, ChaoticFeedback) and chaos.is_resolved:
            return IN_TIME[solution.model], {"Delta0": chaos.Delta0, "gain": chaos.gain, "C": chaos.C}
    theory = derive(solution.model, odd=solver.activation.parity == "odd", filter=solver.filter)
    found = {
        key for key, quantity in theory.observables.items() if quantity.is_found
    }  # of other targets than the given one
    return SIMULATORS[solution.model], {key: value for key, value in solution.leading.items() if key not in found}
