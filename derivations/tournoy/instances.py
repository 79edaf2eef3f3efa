"""Random threshold networks in rational numbers, and statements that are tried on them: one harness for true and false ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from itertools import product
from random import Random
from typing import Any

from derivations.claims import Claims
from numerics.threshold.states import stable_states
from theory.threshold.network import State, ThresholdNetwork

Draw = Callable[[Random], Any]
Statement = Callable[..., "bool | None"]


@dataclass(frozen=True)
class Survey:
    """A statement tried on random instances: how many its hypothesis holds for, and those that contradict it."""

    tried: int
    counterexamples: tuple[Any, ...]


def survey(statement: Statement, draw: Draw, count: int, seed: int = 2022) -> Survey:
    """Try a statement, which is None where its hypothesis does not hold, on `count` instances."""
    tried, against = 0, []
    for k in range(count):
        instance = draw(Random(f"{seed} {k}"))
        holds = statement(instance)
        tried += holds is not None
        if holds is False:
            against.append(instance)
    return Survey(tried, tuple(against))


class Theorems(Claims):
    """Statements without exception, each on at least so many instances that fulfil its hypothesis."""

    def on(self, draw: Draw, text: str, count: int = 200, least: int = 100) -> Callable[[Statement], Statement]:
        """Decorator of a statement about what `draw` returns."""

        def add(statement: Statement) -> Statement:
            def check() -> Iterator[bool]:
                found = survey(statement, draw, count)
                yield found.tried >= least and not found.counterexamples

            self(text, f"exactly, on {count} random instances")(check)
            return statement

        return add


class Refutations(Claims):
    """Statements that are false: an instance contradicts them, which `confirmed` says from the definitions alone."""

    def on(
        self, draw: Draw, text: str, confirmed: Callable[[Any], bool], count: int = 400
    ) -> Callable[[Statement], Statement]:
        """Decorator of a false statement about what `draw` returns."""

        def add(statement: Statement) -> Statement:
            def check() -> Iterator[bool]:
                found = survey(statement, draw, count)
                yield 0 < len(found.counterexamples) < found.tried  # one that always fails would say little
                yield all(map(confirmed, found.counterexamples[:5]))

            self(f"False: {text}", f"counterexamples among {count} random instances, verified in fractions")(check)
            return statement

        return add


def number(draw: Random, low: int = -300, high: int = 300) -> Fraction:
    """A fraction that sums of others do not meet by chance."""
    return Fraction(draw.randint(low, high), draw.choice((97, 101, 103, 107)))


def network(
    draw: Random, sizes: tuple[int, int] = (2, 5), *, diagonal: str = "any", biased: bool = True, low: int = -300,
    high: int = 300, symmetric: bool = False,
) -> ThresholdNetwork:  # fmt: skip
    """Random weights, a fifth of them 0; the diagonal is any, zero, nonnegative or negative."""
    N = draw.randint(*sizes)
    W = [
        [number(draw, low, high) if i == j or draw.random() < 0.8 else Fraction(0) for j in range(N)] for i in range(N)
    ]
    for i in range(N):
        W[i][i] = {"zero": Fraction(0), "nonnegative": abs(W[i][i]), "negative": -abs(W[i][i]) - 1}.get(
            diagonal, W[i][i]
        )
        for j in range(i) if symmetric else ():
            W[i][j] = W[j][i]
    return ThresholdNetwork.of(W, [number(draw) + Fraction(1, 10007) for _ in range(N)] if biased else None)


def drawing(**kind: Any) -> Draw:
    """Networks of one kind."""
    return partial(network, **kind)


def with_state(**kind: Any) -> Draw:
    """Networks of one kind, each with a state and a point in its region."""

    def draw(random: Random) -> tuple[ThresholdNetwork, State, tuple[Fraction, ...]]:
        units = network(random, **kind)
        s = tuple(random.randint(0, 1) for _ in range(units.N))
        return units, s, tuple((2 * x - 1) * Fraction(random.randint(1, 999), random.choice((89, 91, 95))) for x in s)

    return draw


def all_states(N: int) -> Iterator[State]:
    """All states of N units, in the order of their texts."""
    return product((0, 1), repeat=N)


def by_definition(units: ThresholdNetwork) -> list[State]:
    """Stable states: every state looked at, in fractions."""
    return [s for s in all_states(units.N) if units.is_stable(s)]


@lru_cache(maxsize=4096)
def stable(units: ThresholdNetwork) -> tuple[State, ...]:
    """Stable states as the toolkit enumerates them."""
    return stable_states(units).stable


def switched(s: State, *units: int) -> State:
    """A state with other values of some units."""
    return tuple(1 - x if i in units else x for i, x in enumerate(s))


def union(s: State, t: State) -> State:
    """Where one of two states is active."""
    return tuple(map(max, s, t))


def directed(units: ThresholdNetwork, s: State) -> list[Fraction]:
    """Fields times the signs that a state needs."""
    return [(2 * x - 1) * h for x, h in zip(s, units.fields(s), strict=True)]


def positive(rows: Sequence[Sequence[Any]], x: Sequence[Any]) -> bool:
    """Whether A x > 0."""
    return all(sum(a * v for a, v in zip(row, x, strict=True)) > 0 for row in rows)


def obstructs(rows: Sequence[Sequence[Any]], y: Sequence[Any]) -> bool:
    """Whether y >= 0, not 0, has A^T y <= 0: no x >= 0 has A x > 0."""
    columns = zip(*rows, strict=True)
    return min(y) >= 0 and any(y) and all(sum(a * v for a, v in zip(column, y, strict=True)) <= 0 for column in columns)
