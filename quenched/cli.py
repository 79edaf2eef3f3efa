"""The command line: parse the words, run one command, turn errors into one sentence and an exit code."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from theory import __version__
from theory.errors import InputError, QuenchedError

AGREE, DISAGREE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """Reports usage errors as `InputError`, in one sentence."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message} (see '{self.prog} --help')")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = _Parser(prog="quenched", description="Large-N theory of random recurrent networks.")
    parser.add_argument("--version", action="version", version=f"quenched {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, help_text: str, pairs: str = "") -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help_text, description=help_text)
        sub.add_argument("model", metavar="MODEL", help="the network model: static")
        sub.add_argument(
            "-a",
            "--activation",
            required=True,
            metavar="EXPR",
            help="activation in x, e.g. 'tanh(x)', 'x/(1+a*x^2) where a>0', 'power(1/2)', 'pade(tanh, 3, 2)'",
        )
        if pairs:
            sub.add_argument("pairs", nargs="*", metavar="name=value", help=pairs)
            sub.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        return sub

    derive = command("derive", "derive the theory for an activation")
    derive.add_argument("--steps", action="store_true", help="print the whole argument, every step checked")
    derive.add_argument("--format", default="text", metavar="F", help="text, markdown, latex or json")
    command("solve", "solve the theory", "model parameters, e.g. g=1.2 sigma=1")
    emit = command("emit", "write the generated solver module")
    emit.add_argument("--target", default="numpy", metavar="T", help="language of the module (numpy)")
    emit.add_argument("-o", "--output", metavar="FILE", help="file to write; standard output if not given")
    command("simulate", "simulate the network", "model parameters, and N, couplings, samples, seed")
    command("validate", "compare theory and simulation", "model parameters, and N, couplings, samples, seed")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0 done (or agreement), 1 no agreement between theory and simulation, 2 unusable input, 130 interrupted.
    """
    # parameters may start with a minus sign, and so may an activation: argparse must not take it for an option
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        arguments = _parsed(words)
        from quenched.commands import run

        return run(arguments)
    except QuenchedError as error:
        print(f"quenched: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("quenched: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE


def _parsed(words: list[str]) -> argparse.Namespace:
    """Parsed words; ``name=value`` pairs may stand before, between and after the options."""
    arguments, rest = build_parser().parse_known_args(_joined(words))
    strange = [word for word in rest if word.startswith("-") or not hasattr(arguments, "pairs")]
    if strange:
        raise InputError(f"unrecognized: {' '.join(strange)[:100]} (see 'quenched {arguments.command} --help')")
    if hasattr(arguments, "pairs"):
        arguments.pairs += rest
    return arguments


def _joined(words: list[str]) -> list[str]:
    """``-a EXPR`` as one word, so that an activation may start with a minus sign."""
    joined: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in ("-a", "--activation"):
            value = next(rest, None)
            joined.append(word if value is None else f"--activation={value}")
        else:
            joined.append(word)
    return joined
