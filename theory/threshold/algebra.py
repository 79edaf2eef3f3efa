"""Rational vectors and matrices: fractions outside, SymPy's exact linear algebra inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import gcd, lcm

from sympy import QQ
from sympy.polys.matrices import DomainMatrix

from theory.threshold.network import Vector

Rows = tuple[Vector, ...]


def exact(rows: Iterable[Sequence[Fraction]], width: int) -> DomainMatrix:
    """The matrix with these rows, each so wide."""
    entries = [[QQ(x.numerator, x.denominator) for x in row] for row in rows]
    return DomainMatrix(entries, (len(entries), width), QQ)


def rows_of(matrix: DomainMatrix) -> Rows:
    """The rows of a matrix."""
    return tuple(tuple(Fraction(int(x.numerator), int(x.denominator)) for x in row) for row in matrix.to_list())


def solved(rows: Iterable[Sequence[Fraction]], width: int) -> tuple[tuple[int, ...], Vector | None]:
    """Pivots of rows (A | r) of this width and 1, and the one x with A x = r; None if there is no x, or more than one."""
    reduced, pivots = exact(rows, width + 1).rref()
    unique = pivots == tuple(range(width))
    return pivots, tuple(row[-1] for row in rows_of(reduced)[:width]) if unique else None


def dot(a: Sequence[int | Fraction], b: Sequence[int | Fraction]) -> Fraction:
    """Scalar product."""
    return Fraction(sum(x * y for x, y in zip(a, b, strict=True) if x and y))


def coprime(values: Iterable[float | Fraction]) -> tuple[int, ...]:
    """The coprime integers in the same proportions."""
    fractions = [Fraction(value) for value in values]
    scale = lcm(*(value.denominator for value in fractions))
    whole = [int(value * scale) for value in fractions]
    divisor = gcd(*whole) or 1
    return tuple(value // divisor for value in whole)


def times(matrix: Iterable[Sequence[Fraction]], vector: Sequence[Fraction]) -> Vector:
    """A matrix on a vector."""
    return tuple(dot(row, vector) for row in matrix)


def product(a: Rows, b: Rows) -> Rows:
    """A matrix times another."""
    return rows_of(exact(a, len(b)) * exact(b, len(b[0])))


def sign(number: Fraction | int) -> int:
    """-1, 0 or 1."""
    return (number > 0) - (number < 0)
