r"""What else rows of weights may be asked for: fewer and smaller errors for smaller weights (a ridge), rates with noise.

A row of least N k V_r |w|^2 + |R^T w - u|^2 makes that N k V_r F with F = u^T (R^T R + N k V_r)^-1 u.  F follows from tau, the same
as for exact storage, and the two parts of the minimum from the derivative of the whole (envelope theorem).
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Eq, Expr, Function, Identity, Matrix, Rational, S, Symbol, sqrt

from theory.attractor import weights
from theory.attractor.symbols import V_r, alpha, b, c0, tau
from theory.attractor.weights import RIDGE_LOAD, SLOPE, N, P, R, drawn, needed, norm, penalty, w
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.derivation import Replay, Solves, Step
from theory.limits.limit import Formula, Limit, follows
from theory.symbols import mu, x

ROOT = 2 * alpha / (1 + penalty - alpha + sqrt((1 + penalty - alpha) ** 2 + 4 * penalty * alpha))
"""tau, with a ridge."""

cost, cost_slope, tau_slope = Symbol("F"), Symbol("F'"), Symbol("tau'")
SQUARED, ERROR = cost + penalty * cost_slope, -(penalty**2) * V_r * cost_slope / alpha
"""Squared norm of a row, mean square of its errors."""

_INPUT = Matrix([b, 1])
COSTS = {"without": (_INPUT.T * weights.ALONE * _INPUT)[0], "with": weights.COST}
"""F, without and with self-coupling: a unit's own rates add to R^T R what they explain."""

noise, rate_noise = Symbol("sigma_0", nonnegative=True), Symbol("s_r", nonnegative=True)
"""Standard deviation of the noise that an activation is smoothed by, and of the rates' own noise."""

NOISE = noise**2 + rate_noise**2 * norm**2
"""sigma_eff^2."""


def ridge(variant: str) -> tuple[Expr, Expr]:
    """Squared norm of a row and mean square of its errors, for tau and the penalty k."""
    whole = COSTS["with" if variant == "self" else "without"]
    known = {cost: whole, cost_slope: whole.diff(tau) * SLOPE}
    return SQUARED.subs(known), ERROR.subs(known)


def storage_limit() -> tuple[Limit, Limit]:
    """Storage with a ridge, and noise of the rates."""
    formulas = *_of_variant("without", weights.SELF), *_of_variant("with", S.Zero), *_parts()
    return Limit(title="Storage with a ridge", lemmas=_least_cost, formulas=formulas), _noise_limit()


def _least_cost() -> Iterator[Step]:
    size, at = N * penalty * V_r, {penalty: Rational(3, 7), V_r: Rational(2, 3)}
    inverse = (R.T * R + size * Identity(P)).inverse()
    least, whole = R * inverse * needed, size * needed.T * inverse * needed

    def stationary(after: Eq) -> Matrix:
        return drawn((R * (R.T * after.rhs - needed) + size * after.rhs).subs(at))

    def compared(after: Expr) -> Matrix:
        errors = R.T * least - needed
        return drawn((errors.T * errors + size * least.T * least - after).subs(at))

    stated, inserted = Solves(stationary, "cost stationary"), Solves(compared, "random matrices of rational numbers")
    yield Step("A row of least cost", "ridge regression", None, Eq(w, least), check=stated)
    yield Step("Its cost", "inserted", None, whole, check=inserted)


def _of_variant(word: str, coupling: Expr) -> Iterator[Formula]:
    """F and its derivative in k."""
    where, whole, exact = f"{word} self-coupling", COSTS[word], weights.NORM.subs(c0, coupling) ** 2
    stored = Solves(lambda e: e.subs(tau, weights.RESPONSE) - exact, "squared norm of exact storage at k = 0")
    moved = Solves(lambda e: e - whole.diff(tau) * tau_slope)
    yield follows(where, "F", "=", whole, weights.ALONE.as_immutable(), "form inserted", stored)
    yield follows(where, "F'", "=", whole.diff(tau).cancel().apart(b) * tau_slope, whole, "derivative in k", moved)


def _parts() -> Iterator[Formula]:
    """The penalty and the errors share the cost N k V_r F."""
    where, of_penalty = "penalty N k V_r |w|^2", Function("F")(penalty)
    whole = penalty * of_penalty
    solved = Solves(lambda e: RIDGE_LOAD.subs(tau, e) - alpha)
    derived = Solves(lambda e: RIDGE_LOAD.diff(penalty) + RIDGE_LOAD.diff(tau) * e)
    named = {of_penalty.diff(penalty): cost_slope, of_penalty: cost}
    moved = Replay(lambda e: e.diff(penalty).subs(named), "envelope theorem")
    left = Solves(lambda e: alpha * e + penalty * V_r * (SQUARED - cost), "both parts make up the cost")
    yield follows(where, "tau", "=", ROOT, Eq(alpha, RIDGE_LOAD), "solved", solved)
    yield follows(where, "tau'", "=", SLOPE, RIDGE_LOAD, "implicit differentiation", derived)
    yield follows(where, "norm^2", "=", SQUARED, whole, "derivative in k", moved)
    yield follows(where, "error", "=", ERROR, V_r * whole, "what is left of the cost", left)


def _noise_limit() -> Limit:
    """The noise of many rates adds up to one normal variable."""
    own = Average(x**4, 0, Normal(mu, noise**2))
    both = Average(own, 0, Normal(0, (rate_noise * norm) ** 2, mu))
    check = Replay(lambda e: e.measure.variance, "noise on noise averaged, as one average")
    section, where = "faster than the units, independent", "norm taken at sigma_eff"
    formula = follows(section, "sigma_eff^2", "=", NOISE, both, "sum of normal variables", check, where)
    return Limit(title="Noise of the rates, s_r its standard deviation", formulas=(formula,))
