r"""Weights of least norm that make patterns fixed points: rows w of W with R^T w = u.

R holds the rates, one row a unit and one column a pattern; u holds the inputs that one unit needs. Rows of R are independent,
so that one unit at a time is left out of G = R^T R: what is left is independent of that unit.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from sympy import Eq, Identity, ImmutableMatrix, Matrix, MatrixSymbol, Rational, Symbol, sqrt, symbols

from theory.attractor.patterns import V_r, V_u, alpha, b, beta2, c0, equals, gain, m, mean, r, reduced, tau, u, ubar
from theory.derivation import Solves, Step

N, P = symbols("N P", integer=True, positive=True)
R, U = MatrixSymbol("R", N, P), MatrixSymbol("U", N, P)
w, needed = MatrixSymbol("w", N, 1), MatrixSymbol("u", P, 1)
projector = R * (R.T * R).inverse() * R.T
"""On the space that the patterns span."""

penalty = Symbol("k", nonnegative=True)
"""Of ridge storage: N k V_r |w|^2 beside the squared errors."""

mean_gain, norm, row_sum, row_sum_sd = symbols("mean_gain norm row_sum row_sum_sd", real=True)

MOMENTS = {
    m: mean(r),
    ubar: mean(u),
    V_r: mean((r - m) ** 2),
    V_u: mean((u - ubar) ** 2),
    mean_gain: mean(gain),
    b: mean((r - m) * (u - ubar)) / V_r,
}
"""Means, variances and the regression of the input on the rate; deviations from means, which do not cancel for a narrow law."""

REST = mean((u - ubar - b * (r - m)) ** 2) / V_r
UNEXPLAINED = V_u / V_r - b**2
RESPONSE = alpha / (1 - alpha)
SELF = -b * alpha / (1 - alpha)
NORM = sqrt(alpha * b**2 + (1 - alpha) * c0**2 + alpha / (1 - alpha) * beta2)
ROW_SUM = ubar / m
SPREAD = sqrt(V_r * ((1 - alpha) * (b - c0) ** 2 + beta2 / (1 - alpha)) / alpha) / m


def drawn(expression: Any) -> Any:
    """A matrix expression with random rational matrices of 4 units and 2 patterns put in; D is diagonal."""
    sized = expression.subs({N: 4, P: 2})
    for symbol in sized.atoms(MatrixSymbol):
        rows, columns = map(int, symbol.shape)
        draw = random.Random(symbol.name)
        entries = Matrix(rows, columns, lambda *_, draw=draw: Rational(draw.randint(1, 9), draw.randint(1, 5)))
        entries = Matrix.diag(*entries[:rows]) if symbol.name == "D" else entries
        sized = sized.subs(symbol, ImmutableMatrix(entries))
    return Matrix(sized.doit())


def moments() -> Iterator[Step]:
    """What the theory needs to know of rates, inputs and gains."""
    for symbol, expression in MOMENTS.items():
        known = Solves(lambda after: (reduced(after.rhs) - after.lhs).subs(mean_gain, mean(gain)), "moments compared")
        yield Step(f"{symbol}, of the law of the patterns", "definition", None, Eq(symbol, expression), check=known)
    yield Step(
        "The input that the rate does not explain, xi = u - ubar - b (r - m), over the variance of the rates",
        "variance of a sum",
        REST,
        Eq(beta2, UNEXPLAINED),
        check=equals(REST, "moments compared"),
    )


def weights() -> Iterator[Step]:
    """Rows of least norm, what a unit without self-coupling lacks, norm and sums of the rows."""
    yield Step(
        "Of all rows w with R^T w = u the one in the span of the patterns has the least norm",
        "least squares",
        Eq(R.T * w, needed),
        Eq(w, R * (R.T * R).inverse() * needed),
        check=Solves(
            lambda after: Matrix.vstack(drawn(R.T * after.rhs - needed), drawn((Identity(N) - projector) * after.rhs)),
            "random matrices of rational numbers inserted",
        ),
    )
    share, diagonal = alpha, b * alpha
    yield Step(
        "V_r tr (R^T R)^-1: each unit adds its outer product, tau/(1 + tau) of a pattern; with a ridge, k V_r on the diagonal",
        "one unit left out",
        None,
        Eq(alpha, tau / (1 + tau) + penalty * tau),
        assumption="N and P large at fixed load",
        check=Solves(_free_poisson, "the R-transform of a free Poisson law"),
    )
    yield Step(
        "Exact storage, k = 0",
        "solved",
        Eq(alpha, tau / (1 + tau)),
        Eq(tau, RESPONSE),
        check=Solves(lambda after: alpha - after.rhs / (1 + after.rhs)),
    )
    yield Step(
        "A unit that does not couple to itself: c0 (1 - Pi) is added to the weights, Pi = R (R^T R)^-1 R^T with the diagonal alpha",
        "diagonal of W",
        Eq(w, R * (R.T * R).inverse() * needed),
        Eq(c0, SELF),
        check=Solves(lambda after: diagonal + after.rhs * (1 - share), "the diagonal vanishes"),
    )
    explained = V_r * (b**2 + beta2)
    yield Step(
        "Norm of a row: b Pi, xi and c0 (1 - Pi) are orthogonal",
        "Pythagoras",
        None,
        Eq(norm, NORM),
        check=Solves(
            lambda after: Matrix(
                [
                    # Sherman and Morrison, the unit's own rates independent of what is left of G without it
                    (after.rhs**2).subs(c0, 0)
                    - (tau * (b**2 + beta2) - (b * tau) ** 2 / (1 + tau)).subs(tau, RESPONSE),
                    # Gardner's volume of weights of given norm shrinks to a point
                    alpha * (explained / V_r / (after.rhs**2).subs(c0, SELF) + 1) - 1,
                ]
            ),
            "with self-coupling by Sherman and Morrison, without by Gardner's volume",
        ),
    )
    yield Step(
        "Sum of a row: the average over patterns of R^T w = u",
        "law of large numbers",
        Eq(m * row_sum, ubar),
        Eq(row_sum, ROW_SUM),
        check=Solves(lambda after: m * after.rhs - ubar),
    )
    yield Step(
        "Standard deviation of the sums over units, times sqrt(N); without self-coupling from the average over P patterns, the "
        "unit's own inputs independent of the other rates",
        "variance of a sum",
        Eq(row_sum_sd**2, (V_u + norm**2 * V_r) / alpha / m**2),
        Eq(row_sum_sd, SPREAD),
        check=Solves(
            lambda after: (after.rhs**2 - (explained + NORM**2 * V_r) / alpha / m**2).subs(c0, SELF),
            "without self-coupling, inserted",
        ),
    )


def _free_poisson(after: Any) -> Any:
    """The matrix R^T R/N is free Poisson with jumps alpha V_r: 1/s - k V_r = V_r/(1 + alpha V_r s) for its trace s at -k V_r."""
    trace = tau / (alpha * V_r)
    return (1 / trace - penalty * V_r - V_r / (1 + alpha * V_r * trace)).subs(alpha, after.rhs)
