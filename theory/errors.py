"""The errors a user can cause or meet. The command line prints their text and exits with code 2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

CLOSE = 0.7  # share of equal letters from which one name may have been meant by another
LONGEST_NAME = 40  # letters that are compared


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


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """The known name that is closest to an unknown one, as a question; empty where none is close."""
    from difflib import get_close_matches

    folded = {other.casefold(): other for other in known}
    close = get_close_matches(str(name)[:LONGEST_NAME].casefold(), folded, 1, CLOSE)
    return f"did you mean {folded[close[0]]}? " if close else ""


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
