"""What each command does, in the words of the library."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quenched.arguments import TRAINING, Pairs, read_pairs, settings_of
from quenched.jsontext import json_text
from quenched.progress import progress_bar
from theory.activations.activation import Activation
from theory.derivation import StepFailed
from theory.errors import DomainError, InputError
from theory.models import derive as derive_theory
from theory.models import find_model
from theory.models.feedback import FEEDBACK

if TYPE_CHECKING:
    from numerics.chaos.static_noise import ChaoticState
    from numerics.chaos.target import ChaoticFeedback
    from numerics.readout.training import Training
    from numerics.simulate.simulation import Simulation
    from numerics.solve.solution import Solution


def run(arguments: argparse.Namespace) -> int:
    """Run the parsed command; returns the exit code."""
    if hasattr(arguments, "model"):
        find_model(arguments.model, arguments.filter)
    return _COMMANDS[arguments.command](arguments)


def _derive(arguments: argparse.Namespace) -> int:
    from quenched.presentation import present
    from theory.rendering import FORMATS

    if arguments.format not in FORMATS:
        raise InputError(f"--format {arguments.format[:40]} is unknown; allowed: {', '.join(FORMATS)}")
    activation = Activation.from_text(arguments.activation)
    theory = derive_theory(arguments.model, odd=activation.parity == "odd", filter=arguments.filter)
    theory.admit(activation)
    try:
        print(present(theory, activation, arguments.format, steps=arguments.steps))
    except StepFailed as error:
        print(f"quenched: {error}", file=sys.stderr)
        return 1
    return 0


_BULK = ("stability", "bulk_radius")
"""Observables at or above 1 where a fixed point is unstable in the bulk of the Jacobian."""


def _solve(arguments: argparse.Namespace) -> int:
    from numerics.averages.observable import observable_average
    from numerics.solve.solver import Solver, checked_parameters
    from quenched.functions import asked_numbers, functions_of_time
    from quenched.presentation import fitted_rows, solution_text

    pairs = read_pairs(arguments.pairs, settings_of("solve", arguments.model))
    (size,) = pairs.settings.get("N") or (None,)
    (ridge,) = pairs.settings.get("ridge") or (None,)
    _check_fitted(arguments, ridge)
    activation = Activation.from_text(arguments.activation)
    model = find_model(arguments.model, arguments.filter)
    lags, frequencies = asked_numbers(model, arguments.lag, arguments.frequency)
    checked_parameters(model, activation, pairs.parameters)  # before code is generated
    solver = Solver(arguments.model, activation, filter=arguments.filter)
    solution = solver.solve(**pairs.parameters)
    chaos, problem = None, ""
    if any(not solution.observables.get(key, 0.0) < 1 for key in _BULK):
        chaos, problem = _chaotic_state(solution, activation)
    observed = [observable_average(text, solver, solution) for text in arguments.observable]
    data = solution.to_dict(size)
    data |= {} if chaos is None else {"chaotic_state": chaos.to_dict()}
    data |= {"one_site": {o.text: o.to_dict() for o in observed}} if observed else {}
    in_time, lines = functions_of_time(solution, lags, frequencies)
    data |= in_time
    fitted, warnings = None, solution.warnings(size)
    if arguments.least_squares:
        from numerics.readout.least_squares import least_squares

        fitted = least_squares(solution, ridge=ridge or 0.0)
        data |= {"least_squares": fitted.to_dict()}
        warnings += tuple(f"least squares: {message}" for message in fitted.messages)
        lines += fitted_rows(fitted)
    text = solution_text(solution, solver.module.MEANINGS, size, chaos)
    rows = [f"  <{o.text}> = {o.value:.16g}, 1/N term c1 = {o.c1:.10g}" for o in observed]
    _print(arguments, data, lambda: "\n".join([text, *rows, *lines]))
    _warn((*warnings, *((problem,) if problem else ())))
    return 0


def _check_fitted(arguments: argparse.Namespace, ridge: float | None) -> None:
    """Refuse questions about a fitted readout where there is none."""
    if arguments.least_squares and arguments.model != FEEDBACK.name:
        raise InputError(f"--least-squares is for the model {FEEDBACK.name}, not for {arguments.model}")
    if ridge is not None and not arguments.least_squares:
        raise InputError("ridge is for the fitted readout: give --least-squares too")


def _chaotic_state(solution: Solution, activation: Activation) -> tuple[ChaoticState | ChaoticFeedback | None, str]:
    """What replaces an unstable fixed point, or why it was not found."""
    from numerics.chaos.static_noise import chaotic_state_of

    try:
        return chaotic_state_of(solution, activation), ""
    except DomainError as error:
        return None, str(error)


def _emit(arguments: argparse.Namespace) -> int:
    from numerics.codegen.cache import write_atomically
    from numerics.codegen.module import TARGETS, emit

    if arguments.target not in TARGETS:
        raise InputError(f"--target {arguments.target[:40]} cannot be emitted yet; available: {', '.join(TARGETS)}")
    activation = Activation.from_text(arguments.activation)
    theory = derive_theory(arguments.model, odd=activation.parity == "odd", filter=arguments.filter)
    text = emit(theory, activation, arguments.target).text
    if arguments.output is None:
        print(text, end="")
        return 0
    try:
        write_atomically(Path(arguments.output), text)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"cannot write '{arguments.output[:200]}': {reason}") from error
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    from numerics.readout.training import simulate_training as train
    from numerics.simulate.simulation import simulate

    pairs = read_pairs(arguments.pairs, settings_of("simulate", arguments.model))
    settings = _single(pairs) | _backend(arguments)
    with progress_bar("simulate") as progress:
        if method := settings.pop("training", None):
            networks = settings.pop("couplings")
            simulation: Simulation | Training = train(
                arguments.activation,
                pairs.parameters,
                method=method,
                networks=networks,
                progress=progress,
                **settings,
            )
        else:
            simulation = simulate(
                arguments.model,
                arguments.activation,
                pairs.parameters,
                progress=progress,
                filter=arguments.filter,
                **_untrained(settings, arguments.model),
            )
    _print(arguments, simulation.to_dict(), simulation.table)
    _warn(simulation.messages)
    return 0


def _untrained(settings: dict[str, Any], model: str) -> dict[str, Any]:
    """The settings of a network that is not trained; none of them may be one of training.

    Raises
    ------
    InputError
    """
    strange = [name for name in settings if name in TRAINING and model in TRAINING[name].models]
    if strange:
        raise InputError(
            f"{', '.join(strange)}: only with training=..., one of {', '.join(TRAINING['training'].words)}"
        )
    return settings


def _validate(arguments: argparse.Namespace) -> int:
    from numerics.simulate.simulation import validate

    pairs = read_pairs(arguments.pairs, settings_of("validate", arguments.model))
    settings = _single(pairs) | _backend(arguments) | {"filter": arguments.filter}
    lists = {"sizes": pairs.settings["N"] or None, "couplings": pairs.settings["couplings"] or None}
    settings = {name: value for name, value in settings.items() if name not in ("N", "couplings")} | lists
    with progress_bar("validate") as progress:
        solution, validation = validate(
            arguments.model, arguments.activation, pairs.parameters, progress=progress, **settings
        )
    smallest = min(validation.sizes)
    _print(arguments, {**solution.to_dict(smallest), **validation.to_dict()}, validation.table)
    _warn(solution.warnings(smallest))
    return 0 if validation.ok else 1


def _sweep(arguments: argparse.Namespace) -> int:
    from quenched.sweeping import swept

    found = swept(arguments)
    if arguments.json or (arguments.output is None and arguments.plot is None):
        _print(arguments, found.to_dict(), found.table)
    _warn(found.messages)
    return 0


def _single(pairs: Pairs) -> dict[str, Any]:
    """Settings that were given, or have a default, one value each."""
    return {name: values[0] for name, values in pairs.settings.items() if values}


def _backend(arguments: argparse.Namespace) -> dict[str, str]:
    """The array library, if one was asked for."""
    if arguments.backend is None:
        return {}
    if arguments.model != "dynamic":
        raise InputError("--backend is for the model dynamic")
    return {"backend": arguments.backend}


def _check(arguments: argparse.Namespace) -> int:
    from derivations.catalogue import find_paper
    from derivations.claims import check_paper, verdict_data, verdict_table

    paper = find_paper(arguments.paper)
    with progress_bar(f"check {paper.name}") as progress:
        verdicts = check_paper(paper, progress)
    _print(arguments, verdict_data(paper, verdicts), lambda: verdict_table(paper, verdicts))
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _print(arguments: argparse.Namespace, data: dict[str, Any], text: Callable[[], str]) -> None:
    print(json_text(data) if arguments.json else text())


def _warn(messages: Iterable[str]) -> None:
    for message in messages:
        print(f"quenched: warning: {message}", file=sys.stderr)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "derive": _derive,
    "solve": _solve,
    "emit": _emit,
    "simulate": _simulate,
    "validate": _validate,
    "sweep": _sweep,
    "check": _check,
}
