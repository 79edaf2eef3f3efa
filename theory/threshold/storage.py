"""Weights for prescribed states, row by row: least norm, all weights, how many there are; numbers of states and of dichotomies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from random import Random

from sympy import Expr, Matrix, Rational, S, Sum, Symbol, binomial, eye, symbols

from theory.derivation import Step, named
from theory.threshold.generic import N, compared
from theory.threshold.simplex import Witness, feasible

P, n = symbols("P n", integer=True, positive=True)
_k = Symbol("k", integer=True, nonnegative=True)
DICHOTOMIES = 2 * Sum(binomial(P - 1, _k), (_k, 0, n - 1))
"""Ways to label P points in general position in n dimensions by the side of a plane through the origin."""


def rows() -> Iterator[Step]:
    """Weights of one row for prescribed margins."""
    g11, g12, g22 = symbols("g_11 g_12 g_22", real=True)
    gram = Matrix([[g11, g12], [g12, g22]])
    strengths = Matrix([g22 - g12, g11 - g12]) / gram.det()
    norm, width = (g11 + g22 - 2 * g12) / gram.det(), Symbol("x", real=True)
    inputs = Matrix(2, 3, symbols("xi_1(1:4) xi_2(1:4)", real=True))
    known = dict(zip((g11, g12, g22), (lambda g: (g[0, 0], g[0, 1], g[1, 1]))(inputs * inputs.T), strict=True))
    first = inputs.row(0).T
    yield compared(
        "Row i stores states s^mu with margins of at least 1 where w.xi^mu >= 1 for all mu, xi^mu = d_i^mu s^mu. For one state the "
        "shortest row is",
        "Karush, Kuhn and Tucker: gradient w = xi alpha, w.xi = 1",
        first,
        first / first.dot(first),
        Matrix([1, 0, 0, 0]),
        by=lambda e: Matrix([e.dot(first), *e.cross(first)]),
        name="w.xi = 1, and w along xi",
    )
    yield compared(
        "For two states it is w = alpha_1 xi^1 + alpha_2 xi^2, a sum of the states with embedding strengths, where both alpha are "
        "positive; G = xi.xi^T the Gram matrix",
        "Karush, Kuhn and Tucker",
        gram,
        strengths,
        Matrix([1, 1]),
        by=lambda e: inputs * inputs.T * e.subs(known),
        name="margins of three generic weights",
        assumption="g_12 < g_11, g_22; otherwise the shortest row for one of the two serves both",
    )
    between = width**2 * g11 + 2 * width * (1 - width) * g12 + (1 - width) ** 2 * g22
    total = strengths[0] + strengths[1]
    nearest = (g22 - g12) / (g11 + g22 - 2 * g12)
    yield compared(
        "Its squared norm is one over the squared distance of the origin from the states' convex hull",
        "duality",
        total,
        norm,
        Matrix([total, 1, 0]),
        by=lambda e: Matrix([e, e * between.subs(width, nearest), between.diff(width).subs(width, nearest)]),
        name="the nearest point x xi^1 + (1 - x) xi^2 found by its derivative",
    )
    stored = Matrix(3, 2, symbols("S_1(1:3) S_2(1:3) S_3(1:3)", real=True))
    targets, free = Matrix([symbols("F_1:3", real=True)]), Matrix([symbols("Z_1:4", real=True)])
    inverse = (stored.T * stored).inv() * stored.T
    yield compared(
        "For states that are linearly independent, the columns of S, all weights with the fields F at these states are F S^+ + "
        "Z (1 - S S^+), Z arbitrary: F has the signs of 2 S - 1 and any magnitudes. Here one row, two states of three units",
        "pseudoinverse",
        (targets * inverse + free * (eye(3) - stored * inverse)) * stored,
        targets,
        assumption="no biases; with these, a row of ones more in S",
    )
    weights = Matrix([symbols("w_1:4", real=True)])
    yield compared(
        "Every row is of this form, with its own fields F = w S and Z = w",
        "pseudoinverse",
        weights * stored * inverse + weights * (eye(3) - stored * inverse),
        weights,
    )


def counts() -> Iterator[Step]:
    """Numbers of stable states of random weights, and of labels that a row can have."""
    for given, result, own, bias in (
        ("weights and biases", S.One, True, True),
        ("weights, without biases: units have no field in the state 0", 1 - 2**-N, True, False),
        (
            "weights, without biases and self-coupling: the same in states of one unit",
            (2**N - 1 - N) / 2**N,
            False,
            False,
        ),
    ):
        yield compared(
            "Each unit has the sign that a state needs with probability 1/2 if its field has any terms, otherwise never. The mean "
            f"number of stable states is the number of states all of whose fields have terms, over 2^N; random {given}",
            "sum of probabilities",
            None,
            named("E_stable_count", result),
            Matrix([_share(size, own, bias) for size in range(1, 7)]),
            by=lambda e: Matrix([e.subs(N, size) for size in range(1, 7)]),
            name="all states of up to six units",
            assumption="independent rows whose laws do not change with the sign and have no atoms",
        )
    yield compared(
        "A plane more divides as many cells as there are in one dimension less. So P states in general position have this many "
        "labels, active or not, in a row of n weights",
        "C(P + 1, n) = C(P, n) + C(P, n - 1), C(1, n) = C(P, 1) = 2",
        None,
        named("C(P, n)", DICHOTOMIES),
        Matrix([*[0] * (3 * len(_SMALL)), *(_labels(*size, signed=False) for size in _SIZES)]),
        by=lambda e: Matrix([*(x for at in _SMALL for x in _recursion(e, at)), *(_value(e, *size) for size in _SIZES)]),
        name="recursion and starts; all labels of a few random states tried by exact linear programs",
        reference="Cover 1965",
        assumption="general position, which states of zeros and ones of a few units need not have",
    )
    half = DICHOTOMIES.subs(P, 2 * n) / 2 ** (2 * n)
    yield compared(
        "Half of all labels are possible at P = 2 n",
        "symmetry of binomial coefficients",
        half,
        S.Half,
        Matrix([half.subs(n, size).doit() for size in range(1, 7)]),
        by=lambda e: Matrix([e] * 6),
        name="n up to 6",
    )
    cells = DICHOTOMIES.subs(P, P + n)
    signed = cells / 2 ** (P + n)
    yield compared(
        "Weights of prescribed signs have n planes more, those of the signs. If inputs may be reflected, all cells are alike, and "
        "random labels are possible with this probability",
        "cells of P + n planes",
        cells,
        named("Pr(P, n)", signed),
        Matrix([_labels(*size, signed=True) for size in _SIZES]),
        by=lambda e: Matrix([_value(e, *size) * 2 ** sum(size) for size in _SIZES]),
        name="all labels and signs of a few random inputs tried by exact linear programs",
        assumption="general position, a law of the inputs that does not change with the sign of one: not zeros and ones",
    )
    yield compared(
        "This is one half at P = n",
        "symmetry of binomial coefficients",
        signed.subs(P, n),
        S.Half,
        Matrix([signed.subs(P, n).subs(n, size).doit() for size in range(1, 7)]),
        by=lambda e: Matrix([e] * 6),
        name="n up to 6",
    )


def _share(size: int, own: bool, bias: bool) -> Rational:
    """States of so many units all of whose fields have terms, over the number of all states."""
    full = [
        state
        for state in product((0, 1), repeat=size)
        if all(bias or any(x for k, x in enumerate(state) if own or k != unit) for unit in range(size))
    ]
    return Rational(len(full), 2**size)


_SMALL = tuple(product(range(1, 6), range(2, 5)))
_SIZES = ((3, 2), (4, 2), (3, 3), (4, 3))
"""Numbers P and n: for the recursion; for linear programs."""


def _value(e: Expr, points: int, size: int) -> Expr:
    return e.subs({P: points, n: size}).doit()


def _recursion(e: Expr, at: tuple[int, int]) -> tuple[Expr, Expr, Expr]:
    """What vanishes."""
    points, size = at
    more = _value(e, points + 1, size) - _value(e, points, size) - _value(e, points, size - 1)
    return more, _value(e, 1, size) - 2, _value(e, points, 1) - 2


@cache
def _labels(points: int, size: int, signed: bool) -> int:
    """Labels of random points, with all signs of the weights if these are prescribed, for which there are weights."""
    draw = Random(1965)
    inputs = [[draw.randint(-1000, 1000) for _ in range(size)] for _ in range(points)]
    found = 0
    for labels in product((1, -1), repeat=points):
        rows = [[label * x for x in row] for label, row in zip(labels, inputs, strict=True)]
        for signs in product((1, -1), repeat=size) if signed else (None,):
            found += isinstance(feasible(rows, signs), Witness)
    return found
