"""How long a hostile or malformed text takes to be refused."""

from __future__ import annotations

from functools import partial

from benchmarks.harness import Effort, Row, Sample, judged, process_time, repeated, timed
from tests.hostile import HOSTILE
from theory.activations.activation import Activation
from theory.errors import InputError

_ACCEPTED = "x*(15+x^2)/(15+6*x^2)"


def rows(effort: Effort) -> list[Row]:
    """The slowest text through the parser, and through the whole command line."""
    repeats = effort.pick(5, 2)
    times = {text: timed(partial(_refused, text)) for text in HOSTILE}
    slowest = max(times, key=lambda t: times[t])
    parser = repeated(partial(_refused, slowest), repeats)
    ours = Sample((times[slowest], *parser.values))  # the first refusal fills caches: it counts as well
    accepted = repeated(lambda: Activation.from_text(_ACCEPTED), repeats)
    passable = max((t for t in HOSTILE if "\0" not in t and len(t) < 100_000), key=lambda t: times[t])
    command = ["-m", "quenched", "solve", "static", "-a", passable, "g=1", "sigma=1"]
    whole = Sample(tuple(process_time(command, code=2) for _ in range(repeats)))
    floor = Sample(tuple(process_time(["-c", "import sympy"]) for _ in range(repeats)))
    return [
        judged(
            Row(
                f"slowest refusal of {len(HOSTILE)} texts",
                "< 2 s",
                ours,
                "an accepted Pade",
                accepted,
                None,
                f"the text: {_short(slowest)}",
            ),
            2.0,
        ),
        judged(
            Row(
                "refusal through the command line",
                "< 2 s",
                whole,
                "import sympy",
                floor,
                None,
                f"the text: {_short(passable)}",
            ),
            2.0,
        ),
    ]


def _refused(text: str) -> None:
    try:
        Activation.from_text(text)
    except InputError:
        return
    raise RuntimeError(f"{_short(text)} was not refused")


def _short(text: str) -> str:
    return repr(text if len(text) <= 50 else f"{text[:40]}... ({len(text)} characters)")
