"""The command line: parse the words, run one command, turn errors into one sentence and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import re
import signal
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from derivations.catalogue import PAPERS
from numerics.models import find_treatment, treatments
from numerics.treatment import Treatment
from quenched.arguments import COMMANDS, SWEPT, setting_options
from theory import __version__
from theory.errors import InputError, QuenchedError
from theory.model import FileParameter, Model
from theory.models import model_names

BAD_INPUT, INTERRUPTED = 2, 130  # 0 and 1 come from the commands
BROKEN_PIPE = 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1
LONGEST_MESSAGE = 1000

_EXITS = """exit codes: 0 done; 1 a comparison or a check that does not hold, or is inconclusive; 2 unusable input, or a question
without an answer, explained in one sentence on standard error; 3 a certificate that cannot be decided; 130 interrupted"""

_ACTIVATION = """activation in x, e.g. 'tanh(x)', '-x/(1+x^2)', 'x/(1+a*x^2) where a>0', 'power(1/2)', 'pade(tanh, 3, 2)';
parameters declared after 'where' get their values as name=value pairs"""

_FILTER = """transfer function of one unit in s = i omega, rational with a delay or without, e.g. '1/(1+s)^2',
'exp(-s/2)/(1+s)'; 1/(1+s) if not given"""

_PARAMETERS = "parameters of the model and of the activation: decimal numbers or fractions, e.g. g=1.2 sigma=1/2"

_RANGES = """; one or two of them a range start:stop:count, evenly spaced with both ends, or start:stop:count:log, e.g.
g=1.1:5:30 sigma=0.01:1:9:log"""

_TABLE = "file for every result at every point, its format by its suffix: .csv or .npz"

_FIGURE = """figure, its format by its suffix: .png, .pdf or .svg, MODEL.png if no file is given (needs matplotlib); theory as
curves, simulated networks as points"""

_EXAMPLES = {
    "derive": "--format markdown",
    "solve": "--json",
    "design": "diag=zero --json",
    "emit": "-o solver.py",
    "simulate": "N=400 couplings=50",
    "validate": "N=100,200,400",
    "sweep": "--plot figure.png",
}
"""How an example of each command about a model ends."""


class _Parser(argparse.ArgumentParser):
    """Reports usage errors as `InputError`, in one sentence; options are never abbreviated."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **settings)

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see '{self.prog} --help')")


class _Once(argparse.Action):
    """Stores a value; a second one is refused."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if getattr(namespace, self.dest, None) is not None:
            parser.error(f"{'/'.join(self.option_strings)} is given twice")
        setattr(namespace, self.dest, values)


# The matrix products of a simulation are small: more threads inside one product cost more than they give (measured:
# twice the time with two), and coupling matrices run beside each other already. Read when NumPy is first imported.
_BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def build_parser(model: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands; help shows what is meant for this model, or for every model where none is named."""
    parser = _Parser(prog="quenched", description="Large-N theory of random recurrent networks.", epilog=_EXITS)
    parser.add_argument("--version", action="version", version=f"quenched {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    shown = [find_treatment(model)] if model in model_names() else list(treatments())

    def command(name: str, help_text: str) -> argparse.ArgumentParser:
        model_help = [_parameters_help(shown[0].stated(name))] if len(shown) == 1 and name != "check" else []
        epilog = "\n\n".join([*model_help, *_settings_help(name, shown), *_example(name, shown[0]), _EXITS])
        return commands.add_parser(name, help=help_text, description=f"{help_text.capitalize()}.", epilog=epilog)

    def model_command(name: str, help_text: str, *, pairs: bool, ranges: bool = False) -> argparse.ArgumentParser:
        sub = command(name, help_text)
        own = [t.files[name] for t in shown if name in t.files]
        sub.add_argument("model", metavar="MODEL", help="the network model: " + "; ".join(map(_model_help, shown)))
        active = any(t.model.needs_activation for t in shown)
        sub.add_argument(
            "-a", "--activation", action=_Once, metavar="EXPR", help=_ACTIVATION if active else argparse.SUPPRESS
        )
        timed = any(t.model.with_filter is not None for t in shown)
        sub.add_argument("--filter", action=_Once, metavar="H", help=_FILTER if timed else argparse.SUPPRESS)
        given = _PARAMETERS if active else _PARAMETERS.partition(" and of the activation")[0] + ", listed below"
        taken = given + ranges * _RANGES if pairs else "; ".join(f"{f.meaning}: {f.allowed}" for f in own)
        shape = "name=value" if pairs else "FILE"
        sub.add_argument("pairs", nargs="*", metavar=shape, help=taken.replace("%", "%%") or argparse.SUPPRESS)
        if pairs:
            _add_json(sub)
        return sub

    derive = model_command("derive", "derive the theory for an activation", pairs=False)
    derive.add_argument("--steps", action="store_true", help="print the whole argument, every step checked")
    derive.add_argument("--format", default="text", metavar="F", help="text (default), markdown, latex or json")
    solve = model_command("solve", "solve the theory", pairs=True)
    _add_questions(solve, shown)
    pictured = [t.model.name for t in shown if t.picture is not None]
    picture_help = f"figure of the solution and the network ({', '.join(pictured)})" if pictured else argparse.SUPPRESS
    solve.add_argument("--plot", action=_Once, metavar="FILE", help=picture_help)
    design = model_command("design", "find parameters for prescribed states", pairs=True)
    design.add_argument(
        "-o", "--output", action=_Once, metavar="FILE", help="file for the network that was found, as JSON"
    )
    emit = model_command("emit", "write the generated solver module", pairs=False)
    emit.add_argument("--target", default="numpy", metavar="T", help="language of the module: numpy (default)")
    emit.add_argument(
        "-o", "--output", action=_Once, metavar="FILE", help="file to write; standard output if not given"
    )
    model_command("simulate", "simulate the network", pairs=True)
    model_command("validate", "compare theory and simulation", pairs=True)
    sweep = model_command("sweep", "solve the theory along one or two parameters", pairs=True, ranges=True)
    sweep.add_argument("-o", "--output", action=_Once, metavar="FILE", help=_TABLE)
    sweep.add_argument("--plot", action=_Once, metavar="FILE", help=_FIGURE)
    sweep.add_argument("--quantity", action="append", default=[], metavar="KEY", help="what is drawn; repeatable")
    sweep.add_argument("--executor", default="local", metavar="E", help="local (default) or dask://HOST:PORT")
    check = command("check", "check the claims of a paper, or an answer, without trusting what found it")
    check.add_argument(
        "paper",
        metavar="PAPER|FILE",
        help=f"name of the paper: {', '.join(PAPERS)}; or the JSON that solve or design printed, of a model with certificates",
    )
    _add_json(check)
    return parser


def _example(command: str, treatment: Treatment) -> list[str]:
    """A line for help, where the model has one: pairs where the command takes them, a range where it sweeps."""
    if command not in _EXAMPLES:
        return [f"example: quenched {command} {PAPERS[0]}"]
    own = treatment.files.get(command)
    words = treatment.example.split() if own is None else [f"{own.name}.json"]
    pairs = [word for word in words if "=" in word]
    if (command == SWEPT and not pairs) or (command == "design" and treatment.design is None):
        return []
    if command == SWEPT:
        name, _, value = pairs[0].partition("=")
        words = [f"{name}={float(value) / 10:g}:{value}:20" if word == pairs[0] else word for word in words]
    if command not in COMMANDS and own is None:  # no values, of parameters and of files
        words = [word for word in words if word not in pairs] if treatment.model.needs_activation else []
    settings = {setting.name for setting in treatment.settings_of(command)} | {*treatment.stated(command).names}
    ending = [word for word in _EXAMPLES[command].split() if "=" not in word or word.partition("=")[0] in settings]
    line = " ".join(["example: quenched", command, treatment.model.name, *words, *ending])
    return [line] if treatment.example else []


def _model_help(treatment: Treatment) -> str:
    """A model with what it takes."""
    model = treatment.model
    words = (f"{choice.name}={'|'.join(choice.options)}" for choice in model.choices)
    return f"{model.name} ({', '.join([*(p.name for p in model.parameters), *words])})"


def _parameters_help(model: Model[Any]) -> str:
    """The equation of a model, and what a user gives."""
    rows = [f"model {model.name}: {model.equation}"]
    for choice in model.choices:
        rows.append(f"  {choice.name:<12} {choice.meaning}")
    for parameter in model.parameters:
        default = "" if parameter.default is None else f" (default {parameter.default:g})"
        bare = (
            f"; {parameter.name}= may be left out" if isinstance(parameter, FileParameter) and parameter.leads else ""
        )
        rows.append(f"  {parameter.name:<12} {parameter.meaning}; {parameter.allowed}{default}{bare}")
    return "\n".join(rows)


def _add_questions(parser: argparse.ArgumentParser, shown: Sequence[Treatment]) -> None:
    """Every question of every model, kept under its option; those of models that are not shown are refused in a sentence."""
    for name in dict.fromkeys(question.name for t in treatments() for question in t.questions):
        having = [(t.model.name, q) for t in shown for q in t.questions if q.name == name]
        texts = [q.meaning + (f" ({model})" if len(shown) > 1 else "") for model, q in having]
        value = next(q.value for t in treatments() for q in t.questions if q.name == name)
        taken: Any = {"action": "append", "metavar": value} if value else {"action": "append_const", "const": True}
        parser.add_argument(f"--{name}", dest=f"--{name}", help="; ".join(texts) or argparse.SUPPRESS, **taken)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object and nothing else; infinite values are written Infinity, undefined ones null",
    )


def _settings_help(command: str, shown: Sequence[Treatment]) -> list[str]:
    rows: dict[str, list[str]] = {}
    for treatment in shown:
        for s in treatment.settings_of(command):
            row = f"{s.meaning}; {s.allowed}" + (f" (default {s.default[0]})" if s.default else "")
            rows.setdefault(f"  {s.name:<12} {row}", []).append(treatment.model.name)
    if not rows:
        return []
    lines = [row + (f" ({', '.join(having)})" if len(having) < len(shown) else "") for row, having in rows.items()]
    return ["\n".join(["further name=value pairs:", *lines])]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 done (or agreement); 1 theory and simulation, or theory and paper, do not agree; 2 unusable input; 130
        interrupted.
    """
    for name in _BLAS_THREADS:
        os.environ.setdefault(name, "1")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the sign ± shows ? instead of failing
    try:
        arguments = _parsed(list(sys.argv[1:] if argv is None else argv))
        from quenched.commands import run

        code = run(arguments)
        sys.stdout.flush()  # a reader that has gone is noticed here and not at exit
        return code
    except QuenchedError as error:
        print(f"quenched: {one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("quenched: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough
        _silence_output()
        return BROKEN_PIPE
    except OSError as error:
        _silence_output()
        print(f"quenched: {one_line(error.strerror or str(error))}: cannot read or write", file=sys.stderr)
        return BAD_INPUT


def _silence_output() -> None:
    """Send what is still buffered nowhere, so that it does not fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def one_line(text: str) -> str:
    """A message as one line of bounded length without control characters: it may quote what the user typed."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]} ..."


def _parsed(words: list[str]) -> argparse.Namespace:
    """Parsed words; ``name=value`` pairs may stand before, between and after the options."""
    arguments, rest = build_parser(next((word for word in words if word in model_names()), None)).parse_known_args(
        _joined(words)
    )
    takes_words = hasattr(arguments, "pairs")
    pair = setting_options() if arguments.command in COMMANDS else ()
    strange = [w for w in rest if not takes_words or (w.startswith("-") and w.partition("=")[0] not in pair)]
    if strange:
        raise InputError(f"unrecognized: {' '.join(strange)[:100]} (see 'quenched {arguments.command} --help')")
    if takes_words:
        arguments.pairs += rest
    return arguments


def _joined(words: list[str]) -> list[str]:
    """``-a EXPR`` as one word, so that an activation may start with a minus sign, ``--plot`` without a file as ``--plot=``, and
    ``--backend B`` as the pair that it is.
    """
    joined: list[str] = []
    rest = list(reversed(words))
    while rest:
        word = rest.pop()
        if word in ("-a", "--activation"):
            joined.append(f"--activation={rest.pop()}" if rest else word)
        elif rest and (word in setting_options() or (word.startswith("--") and re.match(r"-[0-9.]", rest[-1]))):
            joined.append(f"{word}={rest.pop()}")
        elif word == "--plot" and not (rest and rest[-1] and not rest[-1].startswith("-") and "=" not in rest[-1]):
            joined.append("--plot=")
        else:
            joined.append(word)
    return joined
