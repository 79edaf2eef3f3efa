"""Random rational matrices, on which identities between matrices are checked exactly."""

from __future__ import annotations

import random
from collections.abc import Mapping

from sympy import Expr, ImmutableMatrix, MatrixExpr, MatrixSymbol, Rational


def rational_matrix(rows: int, columns: int, seed: int) -> ImmutableMatrix:
    """Random rational matrix: an identity that holds for it is exact."""
    source = random.Random(seed)
    return ImmutableMatrix(rows, columns, lambda *_: Rational(source.randint(-9, 9), source.randint(2, 7)))


def with_matrices(
    expression: MatrixExpr, matrices: Mapping[MatrixSymbol, ImmutableMatrix], numbers: Mapping[Expr, Expr] | None = None
) -> ImmutableMatrix:
    """A matrix expression with explicit matrices in the place of its symbols, and `numbers` in that of scalars."""
    size = {symbol.rows: matrix.rows for symbol, matrix in matrices.items()}
    places = {MatrixSymbol(s.name, *matrix.shape): matrix for s, matrix in matrices.items()}
    return ImmutableMatrix(expression.xreplace(dict(numbers or {})).subs(size).subs(places).doit())
