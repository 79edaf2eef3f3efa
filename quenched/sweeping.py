"""The command `sweep`: check everything, solve, simulate, write."""

from __future__ import annotations

import argparse
from typing import Any

from numerics.sweep.sweep import Sweep, sweep
from quenched.arguments import Asked
from quenched.figures.figure import check_figure, draw
from quenched.progress import progress_bar
from theory.activation.activation import activation_for
from theory.errors import DomainError

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
    activation = activation_for(asked.model, asked.activation)
    if arguments.plot is not None:
        theory = asked.model.filtered(asked.filter).theory_of(activation)
        check_figure(arguments.plot, arguments.quantity, list(theory.quantities))
    ranges = sum(isinstance(value, tuple) for value in asked.parameters.values())
    settings: dict[str, Any] = asked.single
    with progress_bar("sweep") as progress:
        found = sweep(
            asked.model.name,
            activation if asked.model.needs_activation else None,
            asked.parameters,
            filter=asked.filter,
            executor=arguments.executor,
            simulated=settings.pop("simulate", SIMULATED if arguments.plot is not None and ranges == 1 else 0),
            progress=progress,
            **settings,
        )
    if not found.solved:
        raise DomainError(f"no point of the sweep has a solution: {found.reasons[0]}")
    if arguments.output is not None:
        found.save(arguments.output)
    if arguments.plot is not None:
        draw(found, arguments.plot, arguments.quantity, found.network.get("N") or settings.get("N"))
    return found
