"""What each command does, in the words of the library."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quenched.pairs import Option, read_pairs
from quenched.progress import progress_bar
from theory.activations.activation import Activation
from theory.catalogue import derive as derive_theory
from theory.catalogue import describe_model
from theory.errors import InputError

_SEED = Option("seed", "seed of all random streams", (0,), 0, 2**31)
_SIMULATE = (
    Option("N", "units", (200,), 2, 20_000),
    Option("couplings", "coupling matrices", (40,), 2),
    Option("samples", "noise draws for each coupling matrix", (64,), 4),
    _SEED,
)
_VALIDATE = (
    Option("N", "units, two sizes or more", (), 2, 20_000, most=8),
    Option("couplings", "coupling matrices at each N", (), 2, most=8),
    Option("samples", "noise draws for each coupling matrix", (), 4),
    _SEED,
)


def run(arguments: argparse.Namespace) -> int:
    """Run the parsed command; returns the exit code."""
    describe_model(arguments.model)
    return _COMMANDS[arguments.command](arguments)


def _derive(arguments: argparse.Namespace) -> int:
    from quenched.presentation import present
    from theory.rendering import FORMATS

    if arguments.format not in FORMATS:
        raise InputError(f"--format {arguments.format[:40]} is unknown; allowed: {', '.join(FORMATS)}")
    activation = Activation.from_text(arguments.activation)
    theory = derive_theory(arguments.model)
    theory.admit(activation)
    print(present(theory, activation, arguments.format, steps=arguments.steps))
    return 0


def _solve(arguments: argparse.Namespace) -> int:
    from numerics.solve import Solver
    from quenched.presentation import solution_text

    pairs = read_pairs(arguments.pairs)
    solver = Solver(arguments.model, arguments.activation)
    solution = solver.solve(**pairs.parameters)
    _print(arguments, solution.to_dict(), lambda: solution_text(solution, solver.module.MEANINGS))
    for message in solution.messages:
        print(f"quenched: warning: {message}", file=sys.stderr)
    return 0


def _emit(arguments: argparse.Namespace) -> int:
    from numerics.codegen.cache import write_atomically
    from numerics.codegen.module import TARGETS, emit

    if arguments.target not in TARGETS:
        raise InputError(f"--target {arguments.target[:40]} cannot be emitted yet; available: {', '.join(TARGETS)}")
    activation = Activation.from_text(arguments.activation)
    text = emit(derive_theory(arguments.model), activation, arguments.target).text
    if arguments.output is None:
        print(text, end="")
        return 0
    try:
        write_atomically(Path(arguments.output), text)
    except OSError as error:
        raise InputError(f"cannot write {arguments.output}: {error.strerror}") from error
    return 0


def _simulate(arguments: argparse.Namespace) -> int:
    from numerics.experiment import simulate

    pairs = read_pairs(arguments.pairs, _SIMULATE)
    settings = {name: values[0] for name, values in pairs.settings.items()}
    with progress_bar("simulate") as progress:
        simulation = simulate(arguments.model, arguments.activation, pairs.parameters, progress=progress, **settings)
    _print(arguments, simulation.to_dict(), simulation.table)
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from numerics.experiment import validate

    pairs = read_pairs(arguments.pairs, _VALIDATE)
    N, couplings, samples, (seed,) = (pairs.settings[name] for name in ("N", "couplings", "samples", "seed"))
    with progress_bar("validate") as progress:
        solution, validation = validate(
            arguments.model,
            arguments.activation,
            pairs.parameters,
            sizes=N or None,
            couplings=couplings or None,
            samples=samples[0] if samples else None,
            seed=seed,
            progress=progress,
        )
    data = {**{key: solution.to_dict()[key] for key in ("model", "activation", "parameters")}, **validation.to_dict()}
    _print(arguments, data, validation.table)
    for message in solution.messages:
        print(f"quenched: warning: {message}", file=sys.stderr)
    return 0 if validation.ok else 1


def _print(arguments: argparse.Namespace, data: dict[str, Any], text: Callable[[], str]) -> None:
    print(json.dumps(data, indent=2) if arguments.json else text())


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "derive": _derive,
    "solve": _solve,
    "emit": _emit,
    "simulate": _simulate,
    "validate": _validate,
}
