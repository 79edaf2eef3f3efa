"""Random threshold networks in rational numbers, whose fields vanish nowhere."""

from fractions import Fraction
from random import Random

import pytest

from theory.threshold.network import ThresholdNetwork

seeds = pytest.mark.parametrize("seed", [0, *(pytest.param(k, marks=pytest.mark.heavy) for k in range(1, 21))])
"""One sample of networks by default, twenty more in the longer validation."""


def number(rng: Random, low: int = -300, high: int = 300) -> Fraction:
    """A fraction that sums of others do not meet by chance."""
    return Fraction(rng.randint(low, high), rng.choice((97, 101, 103, 107)))


def network(
    rng: Random, N: int, *, diagonal: str = "any", density: float = 0.8, low: int = -300, bias: bool = True
) -> ThresholdNetwork:
    """A network of N units; the weights of units onto themselves are any, zero or nonnegative."""

    def weight(i: int, j: int) -> Fraction:
        if i == j:
            if diagonal == "zero":
                return Fraction(0)
            w = number(rng, low)
            return abs(w) if diagonal == "nonnegative" else w
        return number(rng, low) if rng.random() < density else Fraction(0)

    W = [[weight(i, j) for j in range(N)] for i in range(N)]
    return ThresholdNetwork.of(W, [number(rng) + Fraction(1, 10007) if bias else 0 for _ in range(N)])


def point(rng: Random, state: tuple[int, ...]) -> tuple[Fraction, ...]:
    """A point in the region of a state."""
    return tuple((2 * s - 1) * Fraction(rng.randint(1, 999), rng.choice((89, 91, 95))) for s in state)


def state(rng: Random, N: int) -> tuple[int, ...]:
    """Any state."""
    return tuple(rng.randint(0, 1) for _ in range(N))
