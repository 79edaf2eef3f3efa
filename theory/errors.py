"""The errors a user can cause or meet. The command line prints their text and exits with code 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class QuenchedError(Exception):
    """Base of every error that `quenched` raises on purpose; `str(error)` is one sentence for the user."""


class InputError(QuenchedError, ValueError):
    """Unusable input: what is wrong, where, and what is allowed.

    Parameters
    ----------
    problems : str or sequence of str
        One sentence per problem; all problems of one input are reported at once.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("; ".join(self.problems))


def require(*conditions: tuple[object, str]) -> None:
    """Raise InputError with the sentences of all conditions that do not hold."""
    if problems := [problem for fine, problem in conditions if not fine]:
        raise InputError(problems)


class DomainError(QuenchedError, ArithmeticError):
    """The question is well posed but its answer lies outside the domain of the theory (no root, infinite moment)."""


@contextmanager
def gathering(problems: list[str] | None = None) -> Iterator[list[str]]:
    """Add the problems of unusable input to a list instead of raising; without a list, raise those of the new one at the end."""
    gathered = [] if problems is None else problems
    try:
        yield gathered
    except InputError as error:
        gathered += error.problems
    if problems is None and gathered:
        raise InputError(list(dict.fromkeys(gathered)))
