"""Claims of an answer, and whether they are true."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from theory.threshold.entries import Entry


@dataclass(frozen=True)
class Claim:
    """A statement of an answer, and whether it is true; None where that could not be decided."""

    sentence: str
    holds: bool | None


@dataclass(frozen=True)
class Verification:
    """All claims of an answer.

    Attributes
    ----------
    claims : tuple of Claim
    """

    claims: tuple[Claim, ...]

    @property
    def holds(self) -> bool | None:
        """False if one claim is false, else None if one is undecided, else True."""
        found = {claim.holds for claim in self.claims}
        return False if False in found else None if None in found else True

    def to_dict(self) -> dict[str, Any]:
        """Content for JSON."""
        claims = [{"claim": claim.sentence, "holds": claim.holds} for claim in self.claims]
        return {"holds": self.holds, "claims": claims}

    def table(self) -> str:
        """One line a claim."""
        words = {True: "true", False: "FALSE", None: "undecided"}
        total = {True: "every claim is true", False: "not every claim is true", None: "no claim is false"}[self.holds]
        lines = [f"{words[claim.holds]:9s}  {claim.sentence}" for claim in self.claims]
        undecided = sum(claim.holds is None for claim in self.claims)
        return "\n".join([*lines, f"{total}; {undecided} of {len(lines)} undecided" if undecided else total])


class Claims:
    """Claims as they are found."""

    def __init__(self) -> None:
        self.found: list[Claim] = []
        self.prefix = ""

    def add(self, sentence: str, holds: bool | None) -> None:
        """One claim."""
        self.found.append(Claim(self.prefix + sentence, holds))

    def given(self, data: Entry, key: str, what: str, right: Any) -> None:
        """That an entry is right, if there is one; it is read as what the right one is: a number, a list of them, or plain data."""
        if key not in data:
            return
        entry, value = data[key], data[key].value
        if isinstance(right, tuple):
            value = entry.numbers(len(right))
        elif isinstance(right, int | Fraction) and not isinstance(right, bool):
            value = entry.number
        self.same(what, value, right)

    def same(self, what: str, given: Any, right: Any) -> None:
        """That something is as it is given."""
        sentence = f"{what} is {shown(given)}"
        if isinstance(given, bool):
            sentence = what if given else f"not: {what}"
        self.add(sentence if given == right else f"{sentence} (it is {shown(right)})", bool(given == right))


def shown(value: Any) -> str:
    """A number, a text or a list of them, not longer than a line."""
    if isinstance(value, list | tuple):
        text = f"({', '.join(shown(entry) for entry in value[:12])}{', ...' if len(value) > 12 else ''})"
    else:
        text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
