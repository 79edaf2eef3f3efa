r"""Weights of least norm that make patterns fixed points: rows w of W with R^T w = u.

R holds the rates, one row a unit and one column a pattern; u holds the inputs that one unit needs. Rows of R are independent,
so that one unit at a time is left out of G = R^T R: what is left is independent of that unit.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from sympy import Add, Eq, Expr, Identity, ImmutableMatrix, Matrix, MatrixSymbol, Rational, Symbol, solve, sqrt, symbols

from theory.attractor.patterns import equals, mean, reduced
from theory.attractor.symbols import V_r, V_u, alpha, b, beta2, c0, gain, m, r, tau, u, ubar
from theory.derivation import Solves, Step

N, P = symbols("N P", integer=True, positive=True)
R, U = MatrixSymbol("R", N, P), MatrixSymbol("U", N, P)
w, needed = MatrixSymbol("w", N, 1), MatrixSymbol("u", P, 1)
projector = R * (R.T * R).inverse() * R.T
"""On the space that the patterns span."""

penalty = Symbol("k", nonnegative=True)
"""Of ridge storage: N k V_r |w|^2 beside the squared errors."""

square = Symbol("q2", positive=True)
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
ROW_SUM = ubar / m
EXACT_LOAD = tau / (1 + tau)
"""The load at which V_r tr (R^T R)^-1 is tau; the same with a ridge; the derivative of tau in the penalty."""

RIDGE_LOAD = EXACT_LOAD + penalty * tau
SLOPE = -tau / (EXACT_LOAD.diff(tau).factor() + penalty)

_TRACE = tau / (alpha * V_r)
FREE_POISSON = 1 / _TRACE - penalty * V_r - V_r / (1 + alpha * V_r * _TRACE)
"""R^T R/N is free Poisson with jumps alpha V_r: this vanishes for its trace at -k V_r."""


def with_unit(form: Matrix) -> Matrix:
    """A form of (R^T R)^-1, from the one without the unit whose rates are its first vector: Sherman and Morrison."""
    return form - form[:, 0] * form[0, :] / (1 + form[0, 0])


def at_response(expression: Expr) -> Expr:
    """At the tau of exact storage, term by term."""
    free = Symbol("free")
    at = [(1 + tau, 1 / free), (tau, alpha / free), (free, 1 - alpha)]
    return Add(*(term.factor().subs(at) for term in Add.make_args(expression)))


RESPONSE = at_response(tau)
ALONE = Matrix([[tau, 0], [0, beta2 * tau]])
"""The form for (r - m, xi) of the unit that is left out."""

COST = (Matrix([[b, 1]]) * with_unit(ALONE) * Matrix([b, 1]))[0].cancel().apart(b)
"""u (R^T R)^-1 u with self-coupling, the squared norm of a row."""

OWN = with_unit(ALONE)[0, 0].cancel()
"""Diagonal of the projector Pi."""

SELF = at_response(solve(b * OWN + c0 * (1 - OWN), c0)[0])
NORM = sqrt(at_response(COST) + at_response(c0**2 * (1 - OWN)))
READOUT = (-SLOPE / tau**2).subs(penalty, 0).cancel().factor()
"""N m^2 |q|^2 of the row q of least norm with R^T q = 1: traces of (R^T R)^-1 and, by a derivative in the ridge, of its square."""

PART = ((b - c0) * (1 - OWN)).factor()
"""Of a unit's own rates along q in its sum: b (1 - Pi) by Sherman and Morrison, less c0 (1 - Pi)."""

SPREAD = sqrt(V_r * at_response(PART**2 * READOUT + beta2 * READOUT)) / m


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

        def residual(after: Eq, stated: Expr = expression) -> Matrix:
            known = (reduced(after.rhs) - after.lhs).subs(mean_gain, mean(gain))
            return Matrix([known, after.rhs - stated])

        known = Solves(residual, "moments compared")
        yield Step(f"{symbol}, of the law of the patterns", "definition", None, Eq(symbol, expression), check=known)
    title = "The input that the rate does not explain, xi = u - ubar - b (r - m), over the variance of the rates"
    compared = equals(UNEXPLAINED, "moments compared")
    yield Step(title, "variance of a sum", UNEXPLAINED, Eq(beta2, REST), check=compared)


def weights() -> Iterator[Step]:
    """Rows of least norm, what a unit without self-coupling lacks, norm and sums of the rows."""
    title = "Of all rows w with R^T w = u the one in the span of the patterns has the least norm"
    least = Eq(w, R * (R.T * R).inverse() * needed)
    drawn_at_random = Solves(_least, "random matrices of rational numbers inserted")
    yield Step(title, "least squares", Eq(R.T * w, needed), least, check=drawn_at_random)

    title = "V_r tr (R^T R)^-1: each unit adds its outer product, tau/(1 + tau) of a pattern; with a ridge, k V_r on the diagonal"
    poisson = Solves(lambda after: FREE_POISSON.subs(alpha, after.rhs), "the R-transform of a free Poisson law")
    load, large = Eq(alpha, RIDGE_LOAD), "N and P large at fixed load"
    yield Step(title, "one unit left out", None, load, assumption=large, check=poisson)

    exact = Solves(lambda after: alpha - after.rhs / (1 + after.rhs))
    yield Step("Exact storage, k = 0", "solved", Eq(alpha, EXACT_LOAD), Eq(tau, RESPONSE), check=exact)

    title = "Without self-coupling c0 (1 - Pi) is added to the weights, Pi = R (R^T R)^-1 R^T with the diagonal alpha"
    vanishes = Solves(lambda after: b * alpha + after.rhs * (1 - alpha), "the diagonal vanishes")
    yield Step(title, "diagonal of W", least, Eq(c0, SELF), check=vanishes)

    title = "The form of (R^T R)^-1, in units of V_r, for the rates of a unit and for xi; from the one without the unit"
    alone, form, apart = ALONE.as_immutable(), with_unit(ALONE).as_immutable(), "a unit is independent of the others"
    sums = Solves(lambda after: after * (ALONE.inv() + Matrix.diag(1, 0)) - Matrix.eye(2), "inverse of a sum")
    yield Step(title, "Sherman and Morrison", alone, form, assumption=apart, check=sums)

    title = "Norm of a row: u (R^T R)^-1 u, and c0 (1 - Pi), which is orthogonal to the patterns"
    norms = Solves(_norms, "c0 + (b - c0) Pi and xi by Pythagoras; without self-coupling by Gardner's volume")
    yield Step(title, "form inserted", form, Eq(norm, NORM), check=norms)

    title, mean_input = "Sum of a row: the average over patterns of R^T w = u", Eq(m * row_sum, ubar)
    averaged = Solves(lambda after: m * after.rhs - ubar)
    yield Step(title, "law of large numbers", mean_input, Eq(row_sum, ROW_SUM), check=averaged)

    title = "N m^2 |q|^2 of the row of least norm q with R^T q = 1: (R^T R)^-1 has the trace tau/V_r, its square one from a ridge"
    derived = Solves(_readout, "derivative of the R-transform")
    yield Step(title, "derivative in k", load, Eq(square, READOUT), check=derived)

    title = "Standard deviation of the sums over units, times sqrt(N): (b - c0) (1 - Pi) of the unit's own rates, and xi, along q"
    variance = Eq(row_sum_sd**2, V_r * (PART**2 + beta2) * square / m**2)
    spreads = Solves(_spreads, "average over patterns without self-coupling; with it the uniform vector projected")
    yield Step(title, "variance of a sum", variance, Eq(row_sum_sd, SPREAD), check=spreads)


def _least(after: Any) -> Matrix:
    return Matrix.vstack(drawn(R.T * after.rhs - needed), drawn((Identity(N) - projector) * after.rhs))


def _norms(after: Any) -> Matrix:
    """Any c0, Pi having the diagonal alpha; Gardner's volume of weights of given norm shrinks to a point."""
    whole = c0**2 + 2 * c0 * (b - c0) * alpha + (b - c0) ** 2 * alpha + beta2 * RESPONSE
    volume = alpha * ((b**2 + beta2) / (after.rhs**2).subs(c0, SELF) + 1) - 1
    return Matrix([after.rhs**2 - whole, volume])


def _readout(after: Any) -> Any:
    law = FREE_POISSON
    return (after.rhs - law.diff(penalty) / law.diff(tau) / tau**2).subs(penalty, 0).subs(tau, RESPONSE)


def _spreads(after: Any) -> Matrix:
    """Without self-coupling inputs are independent of the other rates; with it, |(1 - Pi) 1|^2 = V_r/(m^2 tau), and xi R^+ 1."""
    averaged = (V_r * (b**2 + beta2) + NORM**2 * V_r) / alpha / m**2
    projected = (b**2 / RESPONSE + beta2 / alpha / (1 - alpha)) * V_r / m**2
    return Matrix([(after.rhs**2 - averaged).subs(c0, SELF), after.rhs.subs(c0, 0) ** 2 - projected])
