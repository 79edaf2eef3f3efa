"""A derivation as data: a list of steps, each with a rule that can be replayed or a check that can be repeated."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import mpmath
from sympy import Basic, Expr, MatrixBase

from theory.errors import QuenchedError


class StepFailed(QuenchedError, AssertionError):
    """A step of a derivation does not follow from the one before it."""


class Check(Protocol):
    """A way to verify a step, with a name for the reader."""

    @property
    def name(self) -> str:
        """How the step is checked, in a few words."""

    def __call__(self, step: Step) -> bool:
        """Whether the step holds."""


@dataclass(frozen=True)
class Replay:
    """Check by applying the rule again: ``rule(before)`` must equal ``after`` as a canonical form."""

    rule: Callable[[Any], Any]
    name: str = "rule applied again"

    def __call__(self, step: Step) -> bool:
        """Whether the step holds."""
        return same(self.rule(step.before), step.after)


@dataclass(frozen=True)
class Sides:
    """Check by evaluating both sides, given as numerical functions, at seeded random points with mpmath."""

    left: Callable[..., Any]
    right: Callable[..., Any]
    draw: Callable[[random.Random], tuple[float, ...]]
    points: int = 3
    digits: int = 12
    name: str = "both sides evaluated at random points"

    def __call__(self, step: Step) -> bool:
        """Whether both sides agree to `digits` at every point."""
        source = random.Random(20251022)
        for _ in range(self.points):
            arguments = self.draw(source)
            with mpmath.workdps(self.digits + 10):
                a, b = self.left(*arguments), self.right(*arguments)
                if not abs(a - b) <= mpmath.mpf(10) ** -self.digits * max(1, abs(a), abs(b)):
                    return False
        return True


@dataclass(frozen=True)
class Fact:
    """Check by a statement about the step's results that is computed another way."""

    holds: Callable[[], bool]
    name: str

    def __call__(self, step: Step) -> bool:
        """Whether the statement holds."""
        return bool(self.holds())


@dataclass(frozen=True)
class Step:
    """One step: from `before` to `after` by `rule` under `assumption`.

    A step without a check is a definition: it introduces notation and claims nothing.

    Attributes
    ----------
    title : str
        What is done, in the words of a paper's appendix.
    rule : str
        Name of the mathematical rule.
    before, after : Basic, Matrix or None
        Expressions, equations or matrices; None where the title says all.
    assumption : str
        What must hold for the step.
    reference : str
        Where the rule or result is found.
    check : Check or None
    """

    title: str
    rule: str
    before: Any = None
    after: Any = None
    assumption: str = ""
    reference: str = ""
    check: Check | None = field(default=None, compare=False)

    @property
    def how(self) -> str:
        """How the step is checked."""
        return "definition" if self.check is None else self.check.name

    def verify(self) -> bool:
        """Run the check; a definition holds by itself."""
        return True if self.check is None else bool(self.check(self))


@dataclass(frozen=True)
class Derivation:
    """An ordered argument."""

    title: str
    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def check(self) -> None:
        """Check every step.

        Raises
        ------
        StepFailed
            Naming all steps that do not hold.
        """
        failed = [f"step {n} ({step.title})" for n, step in enumerate(self.steps, 1) if not step.verify()]
        if failed:
            raise StepFailed(f"{self.title}: does not follow: " + ", ".join(failed))


def chain(title: str, *parts: Iterable[Step]) -> Derivation:
    """Join lists of steps into one derivation."""
    return Derivation(title, tuple(step for part in parts for step in part))


def same(a: Basic | MatrixBase, b: Basic | MatrixBase) -> bool:
    """Equality of rational canonical forms, entry by entry for matrices and side by side for equations."""
    if isinstance(a, MatrixBase) or isinstance(b, MatrixBase):
        return a.shape == b.shape and all(same(p, q) for p, q in zip(a, b, strict=True))
    if a == b:
        return True
    if isinstance(a, Expr) and isinstance(b, Expr):
        return bool((a - b).together().as_numer_denom()[0].expand() == 0)
    return (
        type(a) is type(b)
        and len(a.args) == len(b.args)
        and all(same(p, q) for p, q in zip(a.args, b.args, strict=True))
    )
