"""Leading order in 1/N for static noise and any odd activation, and the linear network."""

from __future__ import annotations

from functools import partial

import mpmath
from sympy import Rational, Symbol

from derivations.claims import Claims
from derivations.comparison import PRECISELY, agree, closed, exact, tends_to
from derivations.mato.quantities import (
    GAIN,
    GAMMA,
    GENERIC,
    POWER,
    S,
    at_saddle,
    coupling,
    derived,
    matches,
    moment,
    on_branch,
)
from theory.averages.average import Average, stein
from theory.derivation import same
from theory.engine.cavity import two_site_cavity
from theory.models.static import STATIC
from theory.symbols import Delta, g, phi, sigma, x

claims = Claims()
_KERNEL = f"fluctuation kernel of two replicas; {GENERIC}"

claims("Self-consistency: Delta = sigma^2 + g^2 <phi^2>, x ~ N(0, Delta)", GENERIC)(
    matches("self_consistency", sigma**2 + g**2 * POWER)
)
claims(
    "The fixed point is stable while g^2 <phi'^2> < 1",
    f"multiplier of the fluctuation kernel for two copies with the same noise; {GENERIC}",
)(matches("stability", g**2 * Average(phi(x).diff(x) ** 2)))
claims("Off-diagonal covariances of phi: N Var = <phi^2>^2 (1/(1-gamma)^2 - 1)", _KERNEL)(
    matches("n_var_cov_phi", POWER**2 * ((1 - GAMMA) ** -2 - 1))
)
claims("Off-diagonal covariances of x: N Var = (Delta s)^2/(1-gamma)^2 + 2 gamma Delta^2/(1-gamma)", _KERNEL)(
    matches("n_var_cov_x", (Delta * S) ** 2 / (1 - GAMMA) ** 2 + 2 * GAMMA * Delta**2 / (1 - GAMMA))
)
claims("Participation dimension of phi: D_phi = (1 - gamma)^2, the linear result with g replaced by g <phi'>", GENERIC)(
    matches("D_phi", (1 - GAMMA) ** 2)
)
claims("Participation dimension of x: D_x = (1-gamma)^2 / (1 - gamma^2 + s^2)", GENERIC)(
    matches("D_x", (1 - GAMMA) ** 2 / (1 - GAMMA**2 + S**2))
)


def _room_below_one():
    """s - gamma is a mean square, with <(phi - <phi'> x)^2> by Stein's lemma."""
    slope = Symbol("slope", real=True)
    deviation = stein(Average((phi(x) - slope * x) ** 2)).subs(slope, GAIN)
    return same(at_saddle(S - GAMMA), g**2 / Delta * deviation)


@claims(
    "D_x <= D_phi, with equality for linear phi",
    "1/D_x - 1/D_phi = (s^2-gamma^2)/(1-gamma)^2 and s - gamma = (g^2/Delta) <(phi - <phi'> x)^2> >= 0 "
    "by Stein's lemma, for a generic phi",
)
def _dimension_of_x_is_smaller():
    yield same(1 / derived("D_x") - 1 / derived("D_phi"), at_saddle((S**2 - GAMMA**2) / (1 - GAMMA) ** 2))
    yield _room_below_one()
    yield same(closed(derived("D_x"), "x"), closed(derived("D_phi"), "x"))


claims(
    "The dimension is strictly positive: D_phi >= (sigma^2/Delta)^2",
    "1 - gamma - sigma^2/Delta = s - gamma is a mean square, for a generic phi",
)(lambda: [same(derived("D_phi"), (1 - GAMMA) ** 2), _room_below_one()])


@claims(
    "The path integral agrees with the two-site cavity on Delta and both covariance statistics",
    f"two derivations that share no step; {GENERIC}",
)
def _cavity_agrees():
    cavity = two_site_cavity(STATIC.network.couplings, STATIC.network.noise)
    yield same(cavity.variance, derived("self_consistency"))
    yield same(cavity.phi, derived("n_var_cov_phi"))
    yield same(cavity.x, derived("n_var_cov_x"))


@claims(
    "Linear network: Delta = sigma^2/(1-g^2), D = (1-g^2)^2, N Var = Delta^2 ((1-g^2)^-2 - 1), unstable at g = 1",
    "closed forms of the averages inserted, canonical forms compared",
)
def _linear_limit():
    variance, dimension = sigma**2 / (1 - g**2), (1 - g**2) ** 2
    claimed = {"self_consistency": variance, "D_x": dimension, "D_phi": dimension, "stability": g**2}
    claimed |= dict.fromkeys(("n_var_cov_x", "n_var_cov_phi"), variance**2 * ((1 - g**2) ** -2 - 1))
    for key, value in claimed.items():
        yield same(closed(derived(key), "x").subs(Delta, variance), value)


@claims(
    "Nonlinearity resolves the instability of the linear theory: g is bounded by 1 for linear phi, unbounded with D > 0 "
    "for sublinear phi",
    "asymptotics of the g that the engine assigns to Delta = 10^16, 10^20, 10^40; x, tanh, power(1/2)",
    PRECISELY,
)
def _instability_resolved():
    root, half = 1 / mpmath.sqrt(moment(1)), Rational(1, 2)
    yield agree(coupling("x", Rational(10) ** 40), mpmath.mpf(1), 38)
    yield tends_to(lambda v: coupling("tanh(x)", v) / mpmath.sqrt(exact(v)), mpmath.mpf(1), half)
    yield tends_to(lambda v: coupling("power(1/2)", v) / mpmath.root(exact(v), 4), root, Rational(1))
    for text in ("tanh(x)", "power(1/2)"):
        yield on_branch("D_phi", text, Rational(10) ** 16) > 0


@claims(
    "Saturating phi, g -> infinity: gamma -> 2/pi, D_phi -> (1 - 2/pi)^2, of the formal saddle",
    "tanh, erf, x/sqrt(1+x^2) at Delta = 10^16 and 10^20, deviation falling as Delta^(-1/2)",
    PRECISELY,
)
def _saturating():
    for text in ("tanh(x)", "erf(x)", "x/sqrt(1+x^2)"):
        yield tends_to(partial(on_branch, "D_phi", text), (1 - 2 / mpmath.pi) ** 2, Rational(1, 2))
