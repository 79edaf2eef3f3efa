r"""The linear network exactly, order by order in the couplings: Wick's theorem by enumeration of pairings.

``x = (1 - J)^{-1} xi``, so ``C = sigma^2 sum_mn J^m (J^T)^n``.  A word of L letters J, J^T is a polygon of L indices; a pairing
of its letters identifies rows with rows and columns with columns, and contributes
``(g^2/N)^{L/2} N^{number of distinct indices}``.  No expansion in 1/N is made: an independent route to what the path integral
says about linear networks.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations_with_replacement

from sympy import Expr, Integer, S

from theory.engine.moments import N
from theory.symbols import g

Word = tuple[bool, ...]
"""True for J, False for its transpose."""


def mean_covariance(order: int) -> Expr:
    """[(1/N) tr C]/sigma^2 to order g^(2 order), exact in N."""
    return _sum(order, factors=1, glued=False)


def mean_squared_covariance(order: int) -> Expr:
    """[(1/N) tr C^2]/sigma^4 to order g^(2 order), exact in N."""
    return _sum(order, factors=2, glued=False)


def mean_squared_variance(order: int) -> Expr:
    """[(1/N) sum_i C_ii^2]/sigma^4 to order g^(2 order), exact in N."""
    return _sum(order, factors=2, glued=True)


def _sum(order: int, factors: int, *, glued: bool) -> Expr:
    """Products of `factors` covariances J^m (J^T)^n around one polygon; `glued`: each begins at the same index."""
    total: Expr = S.Zero
    for letters in range(0, 2 * order + 1, 2):
        for cuts in combinations_with_replacement(range(letters + 1), 2 * factors - 1):
            ends = (0, *cuts, letters)
            lengths = [ends[k + 1] - ends[k] for k in range(2 * factors)]
            word = tuple(letter for k, length in enumerate(lengths) for letter in (k % 2 == 0,) * length)
            joint = ends[2] if glued else None
            total += g**letters * _moment(word, joint)
    return total.expand()


@lru_cache(maxsize=100_000)
def _moment(word: Word, joint: int | None) -> Expr:
    """(1/N) of the average of a closed word over J of unit strength, index 0 equal to index `joint` if given."""
    length = len(word)
    total: Expr = S.Zero
    for pairing in _pairings(tuple(range(length))):
        index = list(range(max(length, 1)))
        if joint is not None:
            _identify(index, 0, joint % max(length, 1))
        for k, m in pairing:
            for row_or_column in (False, True):
                _identify(index, _end(word, k, row_or_column), _end(word, m, row_or_column))
        total += N ** (len({_root(index, k) for k in range(len(index))}) - Integer(length) / 2 - 1)
    return total


def _end(word: Word, k: int, column: bool) -> int:
    """Index that the row (or column) of letter k stands on."""
    return (k + (word[k] == column)) % len(word)


def _pairings(items: tuple[int, ...]) -> Iterator[list[tuple[int, int]]]:
    if not items:
        yield []
        return
    head, *tail = items
    for position, partner in enumerate(tail):
        for rest in _pairings((*tail[:position], *tail[position + 1 :])):
            yield [(head, partner), *rest]


def _root(index: list[int], k: int) -> int:
    while index[k] != k:
        k = index[k]
    return k


def _identify(index: list[int], k: int, m: int) -> None:
    index[_root(index, k)] = _root(index, m)
