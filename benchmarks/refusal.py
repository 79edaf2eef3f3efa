"""How long a hostile or malformed text, or command line, takes to be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from typing import TypeVar

from benchmarks.harness import Effort, Row, Sample, process_time, repeated, timed
from quenched.cli import main
from tests.hostile import HOSTILE
from tests.hostile_lines import IN_A_PROCESS, LINES
from theory.activation.activation import Activation
from theory.errors import InputError

T = TypeVar("T")
_ACCEPTED = "x*(15+x^2)/(15+6*x^2)"


def rows(effort: Effort) -> list[Row]:
    """The slowest text through the parser, the slowest line through the command line, and a fresh process for one of each kind."""
    repeats = effort.pick(5, 2)
    accepted = repeated(lambda: Activation.from_text(_ACCEPTED), repeats)
    floor = Sample(tuple(process_time(["-c", "import sympy"]) for _ in range(repeats)))
    text, parser = _slowest(HOSTILE, _refused, repeats)
    line, command = _slowest(LINES, _answered, repeats)
    kind, process = _slowest(IN_A_PROCESS, _ended, repeats)
    found = (
        (f"slowest refusal of {len(HOSTILE)} texts", parser, "an accepted Pade", accepted, f"text: {_short(text)}"),
        (f"slowest refusal of {len(LINES)} lines", command, "import sympy", floor, f"line: {_short(' '.join(line))}"),
        ("slowest refusal by a fresh process", process, "import sympy", floor, f"line: {' '.join(kind)}"),
    )
    return [
        Row(promise, "< 2 s", ours, base, theirs, note=f"the {note}").below(2)
        for promise, ours, base, theirs, note in found
    ]


def _slowest(items: Sequence[T], refuse: Callable[[T], None], repeats: int) -> tuple[T, Sample]:
    """The item that takes longest, and its times."""
    times = [timed(partial(refuse, item)) for item in items]
    k = max(range(len(items)), key=times.__getitem__)
    # the first refusal fills caches: it counts as well
    return items[k], Sample((times[k], *repeated(partial(refuse, items[k]), repeats).values))


def _ended(words: Sequence[str]) -> None:
    process_time(["-m", "quenched", *words], code=2)


def _answered(words: Sequence[str]) -> None:
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        code = main(list(words))
    if code != 2:
        raise RuntimeError(f"{_short(' '.join(words))} ended with {code}")


def _refused(text: str) -> None:
    try:
        Activation.from_text(text)
    except InputError:
        return
    raise RuntimeError(f"{_short(text)} was not refused")


def _short(text: str) -> str:
    return repr(text if len(text) <= 50 else f"{text[:40]}... ({len(text)} characters)")
