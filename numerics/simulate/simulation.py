"""Simulate a model for an activation: text in, a table out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numerics.codegen.backends import array_functions
from numerics.models import find_treatment
from numerics.simulate.sample import Sample
from numerics.solve.solution import shown, titled
from theory.activation.activation import Activation, activation_for
from theory.errors import DomainError, InputError
from theory.filters import Filter
from theory.models import find_model
from theory.parameters import checked_parameters, parameters_of, plain, written_out

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
            "activation": self.activation or None,
            "parameters": plain(self.parameters),
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
                "messages": list(self.sample.messages),
            },
            **self.sample.details,
        }

    def table(self) -> str:
        """Estimates as text for a terminal."""
        estimates = self.sample.observables()
        s = self.sample
        counted = f"{s.couplings} {'coupling matrices' if s.samples > 1 else 'networks'}"
        counted += f" x {s.samples} noise draws" if s.samples > 1 else ""
        counted = f", {counted}" if s.couplings > 1 else ""
        given = "".join(f", {name} = {shown(value)}" for name, value in self.parameters.items())
        rows = [titled(self.model, self.activation) + given + (f", N = {s.N}{counted}" if s.N else "")]
        within = {key: f"   within couplings {error:.2g}" for key, error in s.time_errors.items()}
        errors = {key: f" +- {e.error:.2g}" if e.error else "" for key, e in estimates.items()}
        rows += [f"  {key:<16} {e.value:>14.6g}{errors[key]}{within.get(key, '')}" for key, e in estimates.items()]
        rows.append(f"  not converged    {s.unconverged_fraction:>13.2%}")
        return "\n".join([*rows, *s.rows])


def simulate(
    model: str,
    activation: Activation | str | None,
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
    activation : Activation or str, optional
        None for a model without one.
    parameters : mapping of str to number or word
        Parameters of the model and of the activation.
    N, couplings : int
        Units and coupling matrices, where couplings are drawn.
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
    described, simulator = find_model(model, filter), find_treatment(model).simulator
    if simulator is None:
        raise InputError(f"the model {model} is not simulated")
    activation = activation_for(described, activation)
    values = checked_parameters(described, parameters_of(activation), parameters)
    drawn = {"N": N, "couplings": couplings} if described.needs_couplings else {}
    sample = simulator.run(
        seed=seed,
        progress=progress,
        centred=activation.parity == "odd",
        **network_of(activation, values, filter),
        **drawn,
        **settings,
    )
    if not sample.observables():
        given = ", ".join(f"{key} = {shown(value)}" for key, value in values.items())
        raise DomainError(f"nothing to report for {activation.text or model} at {given}: {sample.lost_share}")
    order_parameters = tuple(described.theory_of(activation).order_parameters)
    return Simulation(model, activation.text, values, sample, order_parameters, described.filter)


def network_of(activation: Activation, values: Mapping[str, Any], filter: str | None) -> dict[str, Any]:
    """What a simulator is told of the network: activation and its slope as functions, parameters, coefficients of the filter.

    Raises
    ------
    InputError
        For a filter with a delay.
    """
    phi, phi_prime = array_functions(activation, values)
    told = {"phi": phi, "parameters": written_out(values), "phi_prime": phi_prime if activation.is_continuous else None}
    if filter is None:
        return told
    parsed = Filter.from_text(filter)
    if parsed.delay:
        raise InputError(f"the filter {filter[:60]} has a delay: networks with a delay are solved, but not simulated")
    return {**told, "transfer": (parsed.numerator[::-1], parsed.denominator[::-1])}
