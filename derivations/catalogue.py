"""The papers of the toolkit, by name: the one list that command line, tests and documentation read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from theory.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from derivations.claims import Paper

PAPERS = ("mato2025", "clark2023", "mastrogiuseppe2019", "cohen2025", "tournoy2022")
"""Files of this folder, each with its `PAPER`."""


def find_paper(name: str) -> Paper:
    """The paper of that name.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name not in PAPERS:
        raise InputError(f"unknown paper {name[:40]!r}; {did_you_mean(name, PAPERS)}available: {', '.join(PAPERS)}")
    return import_module(f"derivations.{name}").PAPER
