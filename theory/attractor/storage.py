r"""What else rows of weights may be asked for: fewer and smaller errors for smaller weights (a ridge), rates with noise.

A row of least N k V_r |w|^2 + |R^T w - u|^2 makes that N k V_r F with F = u^T (R^T R + N k V_r)^-1 u.  F follows from tau, the same
as for exact storage, and the two parts of the minimum from the derivative of the whole (envelope theorem).
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Eq, Expr, Identity, Matrix, Rational, S, Symbol, sqrt

from theory.attractor.patterns import V_r, alpha, b, c0, tau
from theory.attractor.weights import (
    ALONE,
    COST,
    NORM,
    RESPONSE,
    RIDGE_LOAD,
    SELF,
    SLOPE,
    N,
    P,
    R,
    drawn,
    needed,
    norm,
    penalty,
    w,
)
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.derivation import Replay, Solves, Step
from theory.limits.limit import Formula, Limit, follows
from theory.symbols import mu, x

ROOT = 2 * alpha / (1 + penalty - alpha + sqrt((1 + penalty - alpha) ** 2 + 4 * penalty * alpha))
"""tau, with a ridge."""

_INPUT = Matrix([b, 1])
COSTS = {"noself": (_INPUT.T * ALONE * _INPUT)[0], "self": COST}
"""F, without and with self-coupling: a unit's own rates add to R^T R what they explain."""

noise, rate_noise, effective = (Symbol(name, nonnegative=True) for name in ("sigma_0", "s_r", "sigma_eff"))
"""Standard deviation of the noise that an activation is smoothed by, of the rates' own noise, and of both together."""

NOISE = noise**2 + rate_noise**2 * norm**2
"""sigma_eff^2."""


def ridge(variant: str) -> tuple[Expr, Expr]:
    """Squared norm of a row and mean square of its errors, for tau and the penalty k."""
    cost = COSTS["self" if variant == "self" else "noself"]
    slope = cost.diff(tau) * SLOPE
    return cost + penalty * slope, -(penalty**2) * V_r * slope / alpha


def storage_limit() -> tuple[Limit, Limit]:
    """Storage with a ridge, and noise of the rates."""
    without, with_it = _of_variant("noself", SELF, "without"), _of_variant("self", S.Zero, "with")
    title = "Storage with a ridge"
    return Limit(title=title, lemmas=_least_cost, formulas=(*without, *with_it)), _noise_limit()


def _least_cost() -> Iterator[Step]:
    size, at = N * penalty * V_r, {penalty: Rational(3, 7), V_r: Rational(2, 3)}
    inverse = (R.T * R + size * Identity(P)).inverse()
    least, whole = R * inverse * needed, size * needed.T * inverse * needed

    def stationary(after: Eq) -> Matrix:
        return drawn((R * (R.T * after.rhs - needed) + size * after.rhs).subs(at))

    def compared(after: Expr) -> Matrix:
        errors = R.T * least - needed
        return drawn((errors.T * errors + size * least.T * least - after).subs(at))

    cost, inserted = Solves(stationary, "cost stationary"), Solves(compared, "random matrices of rational numbers")
    solved = Solves(lambda e: RIDGE_LOAD.subs(tau, e.rhs) - alpha)
    derived = Solves(lambda e: RIDGE_LOAD.diff(penalty) + RIDGE_LOAD.diff(tau) * e.rhs)
    load, slope = Eq(alpha, RIDGE_LOAD), Eq(Symbol("tau'"), SLOPE)
    yield Step("A row of least cost", "ridge regression", None, Eq(w, least), check=cost)
    yield Step("Its cost", "inserted", None, whole, check=inserted)
    yield Step("tau", "solved", load, Eq(tau, ROOT), check=solved)
    yield Step("Its derivative in k", "implicit differentiation", load, slope, check=derived)


def _of_variant(variant: str, coupling: Expr, word: str) -> tuple[Formula, Formula]:
    """Squared norm of a row and mean square of its errors."""
    where, cost, exact = f"penalty N k V_r |w|^2; {word} self-coupling", COSTS[variant], NORM.subs(c0, coupling) ** 2
    squared, errors = ridge(variant)
    whole, at_zero = penalty * cost, {tau: RESPONSE, penalty: 0}
    moved = Solves(
        lambda e: Matrix([e - whole.diff(penalty) - whole.diff(tau) * SLOPE, e.subs(at_zero) - exact]),
        "exact storage at k = 0",
    )
    left = Solves(lambda e: alpha * e + penalty * V_r * (squared - cost), "both parts make up the cost")
    return (
        follows(where, "norm^2", "=", squared, whole, "derivative in k", moved),
        follows(where, "error", "=", errors, V_r * whole, "what is left of the cost", left),
    )


def _noise_limit() -> Limit:
    """The noise of many rates adds up to one normal variable."""
    own = Average(x**4, 0, Normal(mu, noise**2))
    both = Average(own, 0, Normal(0, (rate_noise * norm) ** 2, mu))
    check = Replay(lambda e: e.measure.variance, "noise on noise averaged, as one average")
    section, where = "faster than the units, independent", "norm taken at sigma_eff"
    formula = follows(section, "sigma_eff^2", "=", NOISE, both, "sum of normal variables", check, where)
    return Limit(title="Noise of the rates, s_r its standard deviation", formulas=(formula,))
