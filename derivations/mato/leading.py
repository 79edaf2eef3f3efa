"""Leading order in 1/N for static noise and any odd activation, and the linear network."""

from __future__ import annotations

from functools import partial

import mpmath
from sympy import Expr, Rational, Symbol

from derivations.comparison import agree, exact, precisely, tends_to
from derivations.mato.quantities import (
    GAIN,
    GAMMA,
    GENERIC,
    POWER,
    Row,
    S,
    at_saddle,
    closed,
    coupling,
    derived,
    matches,
    moment,
    on_branch,
)
from theory.activations.activation import Activation
from theory.averages.average import Average, stein
from theory.derivation import same
from theory.fields.cavity import two_site_cavity
from theory.models.static import STATIC
from theory.symbols import Delta, g, phi, sigma, x


def _mean_square_deviation() -> Expr:
    """<(phi - <phi'> x)^2>, not negative, by Stein's lemma."""
    slope = Symbol("slope", real=True)
    return stein(Average((phi(x) - slope * x) ** 2)).subs(slope, GAIN)


def _dimension_of_x_is_smaller() -> bool:
    """1/D_x - 1/D_phi = (s^2 - gamma^2)/(1 - gamma)^2 with s - gamma = (g^2/Delta) <(phi - <phi'> x)^2> >= 0."""
    difference = (S**2 - GAMMA**2) / (1 - GAMMA) ** 2
    return same(1 / derived("D_x") - 1 / derived("D_phi"), at_saddle(difference)) and _room_below_one()


def _room_below_one() -> bool:
    return same(at_saddle(S - GAMMA), g**2 / Delta * _mean_square_deviation())


def _equal_for_linear() -> bool:
    linear = Activation.from_text("x")
    return same(closed(derived("D_x"), linear), closed(derived("D_phi"), linear))


def _cavity_agrees() -> bool:
    cavity = two_site_cavity(STATIC.network.couplings, STATIC.network.noise)
    pairs = ((cavity.variance, "self_consistency"), (cavity.phi, "n_var_cov_phi"), (cavity.x, "n_var_cov_x"))
    return all(same(by_cavity, derived(key)) for by_cavity, key in pairs)


def _linear_limit() -> bool:
    linear = Activation.from_text("x")
    variance, dimension = sigma**2 / (1 - g**2), (1 - g**2) ** 2
    n_variance = variance**2 * ((1 - g**2) ** -2 - 1)
    claimed = {
        "self_consistency": variance,
        "D_x": dimension,
        "D_phi": dimension,
        "n_var_cov_x": n_variance,
        "n_var_cov_phi": n_variance,
        "stability": g**2,
    }
    return all(same(closed(derived(key), linear).subs(Delta, variance), value) for key, value in claimed.items())


def _instability_resolved() -> bool:
    """g(Delta) is bounded by 1 for linear phi, unbounded for sublinear phi; D_phi stays positive."""
    far = Rational(10) ** 40
    bounded = agree(coupling("x", far), mpmath.mpf(1), 38)
    tanh_grows = tends_to(lambda v: coupling("tanh(x)", v) / mpmath.sqrt(exact(v)), mpmath.mpf(1), Rational(1, 2))
    root_grows = tends_to(
        lambda v: coupling("power(1/2)", v) / mpmath.root(exact(v), 4), 1 / mpmath.sqrt(moment(1)), Rational(1)
    )
    positive = all(on_branch("D_phi", text, Rational(10) ** 16) > 0 for text in ("tanh(x)", "power(1/2)"))
    return bounded and tanh_grows and root_grows and positive


def _saturating() -> bool:
    limit = (1 - 2 / mpmath.pi) ** 2
    return all(
        tends_to(partial(on_branch, "D_phi", text), limit, Rational(1, 2))
        for text in ("tanh(x)", "erf(x)", "x/sqrt(1+x^2)")
    )


ROWS: tuple[Row, ...] = (
    (
        "Self-consistency: Delta = sigma^2 + g^2 <phi^2>, x ~ N(0, Delta)",
        GENERIC,
        matches("self_consistency", sigma**2 + g**2 * POWER),
    ),
    (
        "The fixed point is stable while g^2 <phi'^2> < 1",
        f"multiplier of the fluctuation kernel for two copies with the same noise; {GENERIC}",
        matches("stability", g**2 * Average(phi(x).diff(x) ** 2)),
    ),
    (
        "Off-diagonal covariances of phi: N Var = <phi^2>^2 (1/(1-gamma)^2 - 1)",
        f"fluctuation kernel of two replicas; {GENERIC}",
        matches("n_var_cov_phi", POWER**2 * ((1 - GAMMA) ** -2 - 1)),
    ),
    (
        "Off-diagonal covariances of x: N Var = (Delta s)^2/(1-gamma)^2 + 2 gamma Delta^2/(1-gamma)",
        f"fluctuation kernel of two replicas; {GENERIC}",
        matches("n_var_cov_x", (Delta * S) ** 2 / (1 - GAMMA) ** 2 + 2 * GAMMA * Delta**2 / (1 - GAMMA)),
    ),
    (
        "Participation dimension of phi: D_phi = (1 - gamma)^2, the linear result with g replaced by g <phi'>",
        GENERIC,
        matches("D_phi", (1 - GAMMA) ** 2),
    ),
    (
        "Participation dimension of x: D_x = (1-gamma)^2 / (1 - gamma^2 + s^2)",
        GENERIC,
        matches("D_x", (1 - GAMMA) ** 2 / (1 - GAMMA**2 + S**2)),
    ),
    (
        "D_x <= D_phi, with equality for linear phi",
        "1/D_x - 1/D_phi = (s^2-gamma^2)/(1-gamma)^2 and s - gamma = (g^2/Delta) <(phi - <phi'> x)^2> >= 0 "
        "by Stein's lemma, for a generic phi",
        lambda: _dimension_of_x_is_smaller() and _equal_for_linear(),
    ),
    (
        "The dimension is strictly positive: D_phi >= (sigma^2/Delta)^2",
        "1 - gamma - sigma^2/Delta = s - gamma is a mean square, for a generic phi",
        lambda: same(derived("D_phi"), (1 - GAMMA) ** 2) and _room_below_one(),
    ),
    (
        "The path integral agrees with the two-site cavity on Delta and both covariance statistics",
        f"two derivations that share no step; {GENERIC}",
        _cavity_agrees,
    ),
    (
        "Linear network: Delta = sigma^2/(1-g^2), D = (1-g^2)^2, N Var = Delta^2 ((1-g^2)^-2 - 1), unstable at g = 1",
        "closed forms of the averages inserted, canonical forms compared",
        _linear_limit,
    ),
    (
        "Nonlinearity resolves the instability of the linear theory: g is bounded by 1 for linear phi, unbounded with D > 0 "
        "for sublinear phi",
        "asymptotics of the g that the engine assigns to Delta = 10^16, 10^20, 10^40; x, tanh, power(1/2)",
        precisely(_instability_resolved),
    ),
    (
        "Saturating phi, g -> infinity: gamma -> 2/pi, D_phi -> (1 - 2/pi)^2, of the formal saddle",
        "tanh, erf, x/sqrt(1+x^2) at Delta = 10^16 and 10^20, deviation falling as Delta^(-1/2)",
        precisely(_saturating),
    ),
)
