"""The papers of the toolkit, by name: the one list that command line, tests and documentation read."""

from __future__ import annotations

from derivations import clark2023, mastrogiuseppe2019, mato2025
from derivations.claims import Paper
from theory.errors import InputError

PAPERS: dict[str, Paper] = {paper.name: paper for paper in (mato2025.PAPER, clark2023.PAPER, mastrogiuseppe2019.PAPER)}


def find_paper(name: str) -> Paper:
    """The paper of that name.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name not in PAPERS:
        raise InputError(f"unknown paper {name[:40]!r}; available: {', '.join(PAPERS)}")
    return PAPERS[name]
