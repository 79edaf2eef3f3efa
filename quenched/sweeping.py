"""The command `sweep`: check everything, solve, simulate, write."""

from __future__ import annotations

import argparse
from typing import Any

from numerics.sweep.execute import check_executor
from numerics.sweep.sweep import Sweep, check_parameters, gathered, sweep, with_simulations
from numerics.sweep.table import check_path
from quenched.arguments import Pairs, number_or_range, read_pairs, settings_of
from quenched.figures.figure import check_figure, draw
from quenched.progress import progress_bar
from theory.activations.activation import Activation
from theory.errors import DomainError, InputError
from theory.models import derive, find_model

SIMULATED = 7
"""Points of a figure at which networks are simulated."""


def swept(arguments: argparse.Namespace) -> Sweep:
    """Run the command and write its files.

    Raises
    ------
    InputError
        All problems at once, before any work.
    DomainError
        If no point has a solution; nothing is written.
    """
    if arguments.plot == "":
        arguments.plot = f"{arguments.model}.png"
    pairs, activation, count = _checked(arguments)
    settings: dict[str, Any] = {name: values[0] for name, values in pairs.settings.items() if values}
    settings.pop("simulate", None)
    workers = settings.pop("workers", None)
    with progress_bar("sweep") as progress:
        found = sweep(
            arguments.model,
            activation,
            pairs.parameters,
            filter=arguments.filter,
            executor=arguments.executor,
            workers=workers,
            progress=progress,
        )
    if not found.solved:
        raise DomainError(f"no point of the sweep has a solution: {found.reasons[0]}")
    if count:
        with progress_bar("simulate") as progress:
            found = with_simulations(found, count, settings, progress)
    if arguments.output is not None:
        found.save(arguments.output)
    if arguments.plot is not None:
        draw(found, arguments.plot, arguments.quantity, found.network.get("N") or settings.get("N"))
    return found


def _checked(arguments: argparse.Namespace) -> tuple[Pairs, Activation, int]:
    """What was asked for, and the number of simulated points; every problem of the input is reported at once."""
    model, known = find_model(arguments.model, arguments.filter), settings_of("sweep", arguments.model)
    read: list[Pairs] = []
    parsed: list[Activation] = []
    problems = gathered(
        lambda: read.append(read_pairs(arguments.pairs, known, number_or_range)),
        lambda: parsed.append(Activation.from_text(arguments.activation)),
        lambda: check_executor(arguments.executor),
        lambda: check_path(arguments.output) if arguments.output is not None else None,
    )
    if parsed:
        keys = list(derive(model.name, odd=parsed[0].parity == "odd", filter=arguments.filter).quantities)
        if arguments.plot is not None:
            problems += gathered(lambda: check_figure(arguments.plot, arguments.quantity, keys))
    if arguments.quantity and arguments.plot is None:
        problems.append("--quantity chooses what is drawn: give --plot FILE too")
    count = 0
    if read and parsed:
        ranges = sum(isinstance(value, tuple) for value in read[0].parameters.values())
        asked = read[0].settings["simulate"] or (SIMULATED if arguments.plot is not None and ranges == 1 else 0,)
        count = int(asked[0])
        problems += gathered(lambda: check_parameters(model, parsed[0], read[0].parameters, count))
    if problems:
        raise InputError(list(dict.fromkeys(problems)))
    return read[0], parsed[0], count
