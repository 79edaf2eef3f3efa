"""Three generic units: symbols for weights, biases and states, and the steps that compare two forms of one quantity."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from sympy import Eq, Expr, IndexedBase, Matrix, MatrixBase, S, Sum, Symbol, symbols

from theory.derivation import Solves, Step
from theory.threshold.network import ThresholdNetwork

Given = Mapping[Any, Any]

N = Symbol("N", integer=True, positive=True)
i, j = symbols("i j", integer=True)
WEIGHTS, STATE, BIAS = IndexedBase("W"), IndexedBase("s"), IndexedBase("b")
FIELD = Sum(WEIGHTS[i, j] * STATE[j], (j, 1, N)) + BIAS[i]
"""The field of unit i."""

ACTIVE = Sum(STATE[j], (j, 1, N))
"""Number of active units."""

W = Matrix(3, 3, symbols("W_1(1:4) W_2(1:4) W_3(1:4)", real=True))
b = Matrix(symbols("b_1:4", real=True))
s, t, p = (Matrix(symbols(f"{name}_1:4", real=True)) for name in "stp")
"""States, of zeros and ones."""

u, y = (Matrix(symbols(f"{name}_1:4", real=True)) for name in "uy")
"""Outputs, which may be fractions of activity; currents."""

ones = Matrix([1, 1, 1])


def fields(state: Iterable[Expr], weights: Matrix = W, bias: Matrix = b) -> Matrix:
    """Fields of a state of the three units, as the network counts them."""
    return Matrix(ThresholdNetwork(tuple(map(tuple, weights.tolist())), tuple(bias)).fields(tuple(state)))


def joint(first: Matrix, second: Matrix) -> Matrix:
    """Where one of two states is active."""
    return first + second - common(first, second)


def common(first: Matrix, second: Matrix) -> Matrix:
    """Where both of two states are active."""
    return first.multiply_elementwise(second)


def states(*names: Matrix) -> tuple[Given, ...]:
    """Zeros and ones for all entries of these states, in every way."""
    entries = [entry for name in names for entry in name]
    return tuple(dict(zip(entries, bits, strict=True)) for bits in product((S.Zero, S.One), repeat=len(entries)))


def written_out(formula: Expr, state: Matrix) -> Matrix:
    """A formula for unit i with a sum over all units, for the three generic ones in a state."""
    known = {WEIGHTS[row + 1, k + 1]: W[row, k] for row in range(3) for k in range(3)}
    known |= {base[k + 1]: values[k] for base, values in ((STATE, state), (BIAS, b)) for k in range(3)}
    return Matrix([formula.subs({i: row, N: 3}).doit().xreplace(known) for row in (1, 2, 3)])


def compared(
    title: str,
    rule: str,
    before: Any,
    after: Any,
    meant: Any = None,
    at: Sequence[Given] = ({},),
    by: Callable[[Any], Any] = lambda result: result,
    name: str = "both sides compared",
    **details: str,
) -> Step:
    """The step from `before` to `after`, checked by comparing ``by(result)`` with `meant`, or `before`, at all given values."""
    target = before if meant is None else meant

    def residual(result: Any) -> Matrix:
        difference = by(result.rhs if isinstance(result, Eq) else result) - target
        entries = list(difference) if isinstance(difference, MatrixBase) else [difference]
        return Matrix([entry.subs(values) for entry in entries for values in at])

    return Step(title, rule, before, after, check=Solves(residual, name), **details)
