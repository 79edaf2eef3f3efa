"""A paper as a list of claims, each with the check that compares it with what the toolkit derives."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from derivations.comparison import Check, settled
from theory.errors import QuenchedError

_WIDTH = 116


@dataclass(frozen=True)
class Claim:
    """One claim of a paper: what is claimed, how that is checked, its source, and the check, which is True if they agree."""

    number: int
    statement: str
    how: str
    reference: str
    check: Callable[[], bool]


class Claims(list[tuple[str, str, Callable[[], bool]]]):
    """Claims of one part of a paper: statement, how it is checked and the check, in the order of the checks in the file."""

    def __call__(self, statement: str, how: str, digits: int | None = None) -> Callable[[Check], Callable[[], bool]]:
        """Decorator of a check, which is run with that many digits of mpmath."""

        def add(check: Check) -> Callable[[], bool]:
            self.append((statement, how, settled(check, digits)))
            return self[-1][-1]

        return add


@dataclass(frozen=True)
class Verdict:
    """Whether a claim holds, the seconds it took to find out, and why it could not be checked (it then does not hold)."""

    claim: Claim
    holds: bool
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class Paper:
    """A paper, its claims, those that are not checked yet, and the standing of its statements: quoted, or derived anew."""

    name: str
    title: str
    reference: str
    claims: tuple[Claim, ...]
    not_covered: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def of(cls, name: str, title: str, reference: str, *parts: Claims, **more: Any) -> Paper:
        """A paper from the claims of its parts, numbered through."""
        rows = enumerate((row for part in parts for row in part), 1)
        claims = (Claim(number, statement, how, reference, check) for number, (statement, how, check) in rows)
        return cls(name, title, reference, tuple(claims), **more)


def check_paper(paper: Paper, progress: Callable[[float], None] | None = None) -> tuple[Verdict, ...]:
    """Check every claim, in order; `progress` is called with the finished fraction."""
    verdicts = []
    for count, claim in enumerate(paper.claims, 1):
        start, problem = time.perf_counter(), ""
        try:
            holds = bool(claim.check())
        except QuenchedError as error:
            holds, problem = False, str(error)
        verdicts.append(Verdict(claim, holds, time.perf_counter() - start, problem))
        if progress is not None:
            progress(count / len(paper.claims))
    return tuple(verdicts)


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many claims hold, and which do not."""
    failed = [str(v.claim.number) for v in verdicts if not v.holds]
    if failed:
        return f"{len(failed)} of {len(verdicts)} claims do not hold: {', '.join(failed)}"
    return f"all {len(verdicts)} claims hold"


def verdict_table(paper: Paper, verdicts: Sequence[Verdict]) -> str:
    """Claim, how it is checked, verdict and time, as text for a terminal."""
    rows = [f"{paper.title}\n{paper.reference}"]
    rows += [textwrap.fill(paper.note, _WIDTH)] if paper.note else []
    for v in verdicts:
        verdict = "holds" if v.holds else f"FAILS: {v.problem}" if v.problem else "FAILS"
        statement = textwrap.fill(f"{v.claim.number:>3}. {v.claim.statement}", _WIDTH, subsequent_indent=" " * 5)
        how = textwrap.fill(f"     checked: {v.claim.how}", _WIDTH, subsequent_indent=" " * 14)
        rows.append(f"{statement}\n{how}\n     {verdict} ({v.seconds:.2f} s)")
    rows.append(f"{summary(verdicts)[0].upper()}{summary(verdicts)[1:]}.")
    if paper.not_covered:
        rows.append("Not covered yet:\n" + "\n".join(f"  - {text}" for text in paper.not_covered))
    return "\n\n".join(rows)


def verdict_data(paper: Paper, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The table as plain data."""
    rows = [{**vars(v.claim), "holds": v.holds, "seconds": v.seconds, "problem": v.problem} for v in verdicts]
    return {
        "paper": paper.name,
        "title": paper.title,
        "reference": paper.reference,
        "ok": all(v.holds for v in verdicts),
        "claims": [{key: value for key, value in row.items() if key != "check"} for row in rows],
        "not_covered": list(paper.not_covered),
    }
