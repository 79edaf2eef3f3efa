"""What each command does, in the words of the library; each imports what it needs when it runs."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from derivations.catalogue import PAPERS
from numerics.models import treatments
from quenched.arguments import SWEPT, Asked, read_asked
from quenched.jsontext import json_text
from quenched.progress import progress_bar
from theory.errors import DomainError, InputError, gathering, require
from theory.files import text_of
from theory.model import FileParameter

if TYPE_CHECKING:
    from theory.activation.activation import Activation
    from theory.theory import Theory


SIMULATED = 7
"""Points of a figure at which networks are simulated."""

FORMATS = ("text", "markdown", "latex", "json")
"""How a derivation is written."""


def run(arguments: argparse.Namespace) -> int:
    """Run the parsed command; returns the exit code."""
    if arguments.command == "check":
        return _check(arguments)
    with gathering() as problems:
        _check_files(arguments, problems)
        with gathering(problems):
            asked = read_asked(arguments)
            if arguments.command == SWEPT and arguments.quantity:
                from quenched.figures.figure import check_quantities

                check_quantities(arguments.quantity, list(_derived(asked)[0].quantities))
    code = _COMMANDS[arguments.command](arguments, asked)
    _warn(asked.renamed)
    return code


def _derived(asked: Asked) -> tuple[Theory, Activation]:
    """The theory of the model with its filter, and the activation, which need not be admitted."""
    from theory.activation.activation import activation_for

    activation = activation_for(asked.model, asked.activation)
    return asked.model.filtered(asked.filter).theory_of(activation), activation


def _derive(arguments: argparse.Namespace, asked: Asked) -> int:
    if arguments.format not in FORMATS:
        raise InputError(f"--format {arguments.format[:40]} is unknown; allowed: {', '.join(FORMATS)}")
    derivation_for = asked.treatment.derivation_for
    if asked.parameters and derivation_for is not None:
        (read,) = asked.parameters.values()
        require(
            (
                not arguments.steps,
                "--steps: what follows for given states is one step; derive without a file has the argument",
            )
        )
        print(derivation_for(read, arguments.format, **asked.single))
        return 0
    from quenched.presentation import present
    from theory.derivation import StepFailed

    theory, activation = _derived(asked)
    theory.admit(activation)
    try:
        print(present(theory, activation, arguments.format, steps=arguments.steps))
    except StepFailed as error:
        print(f"quenched: {error}", file=sys.stderr)
        return 1
    return 0


def _solve(arguments: argparse.Namespace, asked: Asked) -> int:
    size, picture = asked.single.get("N"), asked.treatment.picture
    plot = f"{asked.model.name}.png" if arguments.plot == "" else arguments.plot
    lacking = f"--plot: the model {asked.model.name} has no figure of one solution; sweep draws curves"
    require((plot is None or picture is not None, lacking))
    from numerics.chaos.state import chaotic_state_of
    from numerics.solve.solver import Solver
    from quenched.presentation import solution_text

    solver = Solver(asked.model.name, asked.activation, filter=asked.filter)
    solution = solver.solve(**asked.parameters)
    chaos, messages = None, solution.warnings(size)
    if not solution.stable:
        try:
            chaos = chaotic_state_of(solution, solver.activation)
        except DomainError as error:
            messages += (str(error),)
    answers = [question.answer(solver, solution, values, asked.single) for question, values in asked.questions]
    if plot is not None and picture is not None:
        from quenched.figures.figure import draw_picture

        asked_for = [answer.picture for answer in answers if answer.picture is not None]
        draw_picture(asked_for[0] if asked_for else picture(solver, solution), plot)
    data = solution.to_dict(size) | ({} if chaos is None else {"chaotic_state": chaos.to_dict()})
    for answer in answers:
        data |= answer.data
    text = solution_text(solution, solver.module.MEANINGS, size, chaos)
    _print(arguments, data, lambda: "\n".join([text, *(row for answer in answers for row in answer.rows)]))
    _warn((*messages, *(message for answer in answers for message in answer.messages)))
    return 0


def _design(arguments: argparse.Namespace, asked: Asked) -> int:
    from numerics.files import write_file

    design = asked.treatment.design
    assert design is not None  # the command line was checked
    (read,) = asked.parameters.values()
    found = design(read, **asked.single)
    if arguments.output is not None:
        reason = "no network has these states; without -o you are told which exclude each other"
        require((found.feasible, f"nothing is written to '{arguments.output[:200]}': {reason}"))
        write_file(arguments.output, f"{json_text(found.to_dict())}\n")
    _print(arguments, found.to_dict(), found.table)
    return 0


def _emit(arguments: argparse.Namespace, asked: Asked) -> int:
    from numerics.codegen.module import TARGETS, emit
    from numerics.files import write_file

    if arguments.target not in TARGETS:
        raise InputError(f"--target {arguments.target[:40]} cannot be emitted yet; available: {', '.join(TARGETS)}")
    text = emit(*_derived(asked), arguments.target).text
    if arguments.output is None:
        print(text, end="")
    else:
        write_file(arguments.output, text)
    return 0


def _simulate(arguments: argparse.Namespace, asked: Asked) -> int:
    from numerics.simulate.simulation import simulate

    with progress_bar("simulate") as progress:
        simulation = simulate(**asked.network, progress=progress, **asked.single)
    _print(arguments, simulation.to_dict(), simulation.table)
    _warn(simulation.sample.messages)
    return 0


def _validate(arguments: argparse.Namespace, asked: Asked) -> int:
    from numerics.compare.validation import validate

    settings = asked.single
    for given, name in (("N", "sizes"), ("couplings", "couplings")):
        settings.pop(given, None)
        settings[name] = asked.settings.get(given) or None
    with progress_bar("validate") as progress:
        solution, validation = validate(**asked.network, progress=progress, **settings)
    smallest = min(validation.sizes) or None
    _print(arguments, {**solution.to_dict(smallest), **validation.to_dict()}, validation.table)
    _warn(solution.warnings(smallest))
    return 0 if validation.ok else 1


def _check_files(arguments: argparse.Namespace, problems: list[str]) -> None:
    """What is wrong with the files that a command line asks for, the target, the executor and the quantities of a figure."""
    from numerics.files import TABLES, check_figure, check_file

    swept = arguments.command == SWEPT
    if getattr(arguments, "output", None) is not None:
        with gathering(problems):
            check_file(arguments.output, TABLES if swept else ())
    if getattr(arguments, "plot", None) is not None:
        with gathering(problems):
            check_figure(arguments.plot or f"{arguments.model}.png")
    if swept:
        from numerics.sweep.execute import check_executor

        with gathering(problems):
            check_executor(arguments.executor)
        if arguments.quantity and arguments.plot is None:
            problems.append("--quantity chooses what is drawn: give --plot FILE too")


def _sweep(arguments: argparse.Namespace, asked: Asked) -> int:
    from numerics.sweep.sweep import sweep
    from quenched.figures.figure import draw

    plot = f"{asked.model.name}.png" if arguments.plot == "" else arguments.plot
    ranges = sum(isinstance(value, tuple) for value in asked.parameters.values())
    settings = asked.single
    with progress_bar("sweep") as progress:
        found = sweep(
            **asked.network,
            executor=arguments.executor,
            simulated=settings.pop("simulate", SIMULATED if plot is not None and ranges == 1 else 0),
            progress=progress,
            **settings,
        )
    if not found.solved:
        raise DomainError(f"no point of the sweep has a solution: {found.reasons[0]}")
    if arguments.output is not None:
        found.save(arguments.output)
    if plot is not None:
        draw(found, plot, arguments.quantity, found.network.get("N") or settings.get("N"))
    if arguments.json or (arguments.output is None and arguments.plot is None):
        _print(arguments, found.to_dict(), found.table)
    _warn(found.messages)
    return 0


def _check(arguments: argparse.Namespace) -> int:
    if is_file(arguments.paper):
        return _check_certificate(arguments)
    from derivations.catalogue import find_paper

    paper = find_paper(arguments.paper)
    from derivations.claims import check_paper, verdict_data, verdict_table

    with progress_bar(f"check {paper.name}") as progress:
        verdicts = check_paper(paper, progress)
    _print(arguments, verdict_data(paper, verdicts), lambda: verdict_table(paper, verdicts))
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def is_file(word: str) -> bool:
    """Whether what is to be checked is an answer in a file rather than a paper."""
    return word.lower().endswith(".json") or (word not in PAPERS and os.path.exists(word) and not os.path.isdir(word))


def _check_certificate(arguments: argparse.Namespace) -> int:
    """Check an answer, as JSON, by the treatment of the model that it names."""
    file = FileParameter("certificate", "", content="what solve or design printed as JSON")
    text = text_of(file, arguments.paper)
    able = {t.model.name: t.verify for t in treatments() if t.verify is not None}
    named = [name for name in able if re.search(rf'"model"\s*:\s*"{name}"', text[:10_000])]
    if not able:
        raise InputError("no model has answers that are checked by themselves")
    found = able[(named or [*able])[0]](text)
    require((found.claims, f"{arguments.paper[:200]} claims nothing that could be checked"))
    _print(arguments, found.to_dict(), found.table)
    return {True: 0, False: 1, None: 3}[found.holds]


def _print(arguments: argparse.Namespace, data: dict[str, Any], text: Callable[[], str]) -> None:
    print(json_text(data) if arguments.json else text())


def _warn(messages: Iterable[str]) -> None:
    for message in messages:
        print(f"quenched: warning: {message}", file=sys.stderr)


_COMMANDS: dict[str, Callable[[argparse.Namespace, Asked], int]] = {
    "derive": _derive,
    "solve": _solve,
    "design": _design,
    "emit": _emit,
    "simulate": _simulate,
    "validate": _validate,
    "sweep": _sweep,
}
