"""A derivation as data: a list of steps, each of which verifies its own `before` and `after`.

A check receives the step and reads what the step shows: it replays the rule, inserts the result into the equation that it
solves, or evaluates both sides.  So a step whose result is altered does not hold.
`Fact` does not read it: `Theory.check` accepts it for steps that show no result.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any, Protocol

import mpmath
from sympy import Add, Basic, Derivative, Eq, Expr, Indexed, Integer, MatrixBase, Mul, Pow, Rational, S, Symbol
from sympy.core.function import AppliedUndef

from theory.averages.average import Average
from theory.errors import QuenchedError
from theory.highprecision import mp_function


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
    """Check by applying the rule again, or another one: ``rule(before)`` must equal ``after`` as a canonical form.

    Where ``after`` is ``name = result`` and ``rule(before)`` is no equation, that is the result.
    """

    rule: Callable[[Any], Any]
    name: str = "rule applied again"

    def __call__(self, step: Step) -> bool:
        """Whether the step holds."""
        found = self.rule(step.before)
        return same(found, _unnamed(step.after, found))


def _unnamed(after: Any, other: Any) -> Any:
    """What a step shows without its name, where the other side is no equation."""
    named = isinstance(after, Eq) and isinstance(after.lhs, Symbol) and not isinstance(other, Eq)
    return after.rhs if named else after


@dataclass(frozen=True)
class Solves:
    """Check by insertion: ``residual(after)``, an expression or a matrix, must vanish."""

    residual: Callable[[Any], Any]
    name: str = "inserted into the equation"

    def __call__(self, step: Step) -> bool:
        """Whether the step holds."""
        residual = self.residual(step.after)
        return all(same(entry, S.Zero) for entry in (residual if isinstance(residual, MatrixBase) else (residual,)))


@dataclass(frozen=True)
class Evaluated:
    """Check by evaluating both sides that the step shows, ``before`` and ``after``, at seeded random points; names as in `Replay`.

    Parameters
    ----------
    concrete : callable, optional
        Applied to both sides first: puts in an activation where phi is undefined (``theory.averages.exact.exact``), or a density.
    ranges : mapping of Symbol to (low, high)
        Where the points lie; otherwise the assumptions of a symbol say it.
    points, digits : int
    name : str
    """

    concrete: Callable[[Any], Any] = lambda side: side
    ranges: Mapping[Symbol, tuple[float, float]] = field(default_factory=dict)
    points: int = 3
    digits: int = 12
    name: str = "both sides evaluated at random points"

    def __call__(self, step: Step) -> bool:
        """Whether both sides agree to `digits` at every point."""
        sides = (_entries(self.concrete(side)) for side in (step.before, _unnamed(step.after, step.before)))
        try:
            pairs = list(zip(*sides, strict=True))
        except ValueError:
            return False
        differences = [_modulo_prime(a - b, {}) for a, b in pairs]  # zero where rational functions agree at every point
        left, right = ([pair[k] for pair, d in zip(pairs, differences, strict=True) if d is None] for k in (0, 1))
        if any(differences):
            return False
        draw = random.Random(20251022)
        symbols = sorted(set().union(*(e.free_symbols for e in (*left, *right))), key=str)
        for _ in range(self.points):
            point = {symbol: _drawn(symbol, self.ranges.get(symbol), draw) for symbol in symbols}
            with mpmath.workdps(self.digits + 5):
                try:
                    a, b = ([_number(e, point) for e in side] for side in (left, right))
                except (ArithmeticError, ValueError):  # no such number, as the density of a negative variance
                    return False
                tolerance = mpmath.mpf(10) ** -self.digits
                if any(not abs(p - q) <= tolerance * max(1, abs(p), abs(q)) for p, q in zip(a, b, strict=True)):
                    return False
        return True


def _entries(side: Any) -> list[Expr]:
    """What is compared: every entry of a matrix, both sides of an equation."""
    return list(side.args) if isinstance(side, Eq) else list(side) if isinstance(side, MatrixBase) else [side]


def _drawn(symbol: Symbol, interval: tuple[float, float] | None, draw: random.Random) -> Expr:
    if symbol.is_integer:
        return Integer(draw.randint(*(interval or (0, 3))))
    low, high = interval or ((0.25, 2) if symbol.is_nonnegative else (-2, 2))
    return Rational(round(draw.uniform(low, high) * 64), 64)


def _number(expression: Expr, point: Mapping[Symbol, Expr]) -> Any:
    """Orders of derivatives first, so that the derivatives can be taken; integrals by quadrature."""
    whole = {symbol: value for symbol, value in point.items() if symbol.is_integer}
    symbols, function = _compiled(expression.subs(whole) if whole else expression)
    return function(*(mpmath.mpf(point[s].p) / point[s].q for s in symbols))


@lru_cache(maxsize=64)
def _compiled(expression: Expr) -> tuple[list[Symbol], Callable[..., Any]]:
    plain = expression.doit(integrals=False) if expression.has(Derivative) else expression
    symbols = sorted(plain.free_symbols, key=str)
    return symbols, mp_function(symbols, plain)


@dataclass(frozen=True)
class Fact:
    """Check of a claim in words, for a step that shows no result."""

    holds: Callable[[], bool]
    name: str

    def __call__(self, step: Step) -> bool:
        """Whether the statement holds."""
        return bool(self.holds())


@dataclass(frozen=True)
class Step:
    """One step: from `before` to `after` by `rule` under `assumption`.

    A step that shows a result has a check that reads it; one without is a definition, introduces notation and claims nothing.

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
    def is_read(self) -> bool:
        """Whether a check reads the result, if there is one."""
        return self.after is None or not (self.check is None or isinstance(self.check, Fact))

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

    @property
    def results(self) -> Mapping[str, frozenset[Expr]]:
        """What the steps show: results by their names where a step is ``name = result``, all others under the empty name."""
        found: dict[str, set[Expr]] = {"": set()}
        for step in self.steps:
            if isinstance(step.after, Eq) and isinstance(step.after.lhs, Symbol):
                found.setdefault(step.after.lhs.name, set()).add(step.after.rhs)
            elif step.after is not None:
                found[""] |= {*_entries(step.after)}
        return {name: frozenset(values) for name, values in found.items()}

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


def applied(title: str, rule: str, before: Any, operation: Callable[[Any], Any], **details: str) -> Step:
    """The step whose result is ``operation(before)``, checked by doing it again."""
    return Step(title, rule, before, operation(before), check=Replay(operation), **details)


def named(name: str | Symbol, result: Expr) -> Eq:
    """``name = result``, left open: SymPy would try to decide it, which takes long for a large result."""
    return Eq(Symbol(name) if isinstance(name, str) else name, result, evaluate=False)


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
        difference = a - b
        if _modulo_prime(difference, {}):
            return False  # what differs is large when multiplied out
        return bool(difference.together().as_numer_denom()[0].expand() == 0)
    return (
        type(a) is type(b)
        and len(a.args) == len(b.args)
        and all(same(p, q) for p, q in zip(a.args, b.args, strict=True))
    )


_PRIME = 2**61 - 1


def _modulo_prime(node: Basic, known: dict[Basic, int | None]) -> int | None:
    """A rational function at random integers modulo a prime, its functions and averages variables; None where it has no value."""
    if node in known:
        return known[node]
    value: int | None = None
    if isinstance(node, Rational):
        value = node.p * pow(node.q, -1, _PRIME)
    elif isinstance(node, AppliedUndef | Average) and (plain := node.expand()) != node:
        value = _modulo_prime(plain, known)
    elif isinstance(node, Symbol | Indexed | AppliedUndef | Average) or (
        isinstance(node, Derivative) and isinstance(node.expr, AppliedUndef)
    ):
        value = random.Random(len(known)).randrange(1, _PRIME)
    elif isinstance(node, Add | Mul):
        parts = [found for part in node.args if (found := _modulo_prime(part, known)) is not None]
        if len(parts) == len(node.args):
            value = sum(parts) if isinstance(node, Add) else prod(parts)
    elif isinstance(node, Pow) and isinstance(node.exp, Integer):
        base = _modulo_prime(node.base, known)
        value = pow(base, int(node.exp), _PRIME) if base else None
    known[node] = None if value is None else value % _PRIME
    return known[node]
