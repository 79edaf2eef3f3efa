"""The command `sweep`: check everything, solve, simulate, write."""

from __future__ import annotations

import argparse
from typing import Any

from numerics.sweep.sweep import Sweep, check_parameters, sweep, with_simulations
from quenched.arguments import Asked
from quenched.figures.figure import check_figure, draw
from quenched.progress import progress_bar
from theory.activation.activation import Activation, activation_for
from theory.errors import DomainError, InputError, gathering

SIMULATED = 7
"""Points of a figure at which networks are simulated."""


def swept(arguments: argparse.Namespace, asked: Asked) -> Sweep:
    """Run the command and write its files.

    Raises
    ------
    InputError
        All problems at once, before any work.
    DomainError
        If no point has a solution; nothing is written.
    """
    if arguments.plot == "":
        arguments.plot = f"{asked.model.name}.png"
    activation, count = _checked(arguments, asked)
    settings: dict[str, Any] = asked.single
    settings.pop("simulate", None)
    workers = settings.pop("workers", None)
    with progress_bar("sweep") as progress:
        found = sweep(
            asked.model.name,
            activation if asked.model.needs_activation else None,
            asked.parameters,
            filter=asked.filter,
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


def _checked(arguments: argparse.Namespace, asked: Asked) -> tuple[Activation, int]:
    """The activation and the number of simulated points; every problem of the input is reported at once."""
    problems: list[str] = []
    ranges = sum(isinstance(value, tuple) for value in asked.parameters.values())
    count = asked.single.get("simulate", SIMULATED if arguments.plot is not None and ranges == 1 else 0)
    activation = None
    with gathering(problems):
        activation = activation_for(asked.model, asked.activation)
        model = asked.model.filtered(asked.filter)
        with gathering(problems):
            check_parameters(model, activation, asked.parameters, count)
        if arguments.plot is not None:
            keys = list(model.derive(odd=activation.parity == "odd").quantities)
            check_figure(arguments.plot, arguments.quantity, keys)
    if problems or activation is None:
        raise InputError(problems)
    return activation, count
