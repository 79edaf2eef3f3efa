"""1/N corrections by the path integral, with the Jacobian of the fixed-point equation."""

from __future__ import annotations

import mpmath
from sympy import Expr, Rational, cancel, series

from derivations.claims import Claims
from derivations.comparison import DIGITS, PRECISELY, agree, closed, exact, number
from derivations.mato.powerlaws import AT, power_law, squared_gain
from derivations.mato.quantities import (
    GAMMA,
    GENERIC,
    NUMBERS,
    POWER,
    S,
    at_saddle,
    coupling,
    derived,
    matches,
    moment,
    on_branch,
)
from theory.averages.average import Average
from theory.derivation import same
from theory.engine.collective import RESPONSE, Bilinear
from theory.engine.one_loop import source
from theory.engine.wick import N, mean_covariance, mean_squared_covariance
from theory.meanfield.corrections import one_replica, one_site_correction, two_replicas
from theory.models.static import STATIC
from theory.symbols import Delta, g, phi, sigma, x

claims = Claims()
SLOPE = g**2 * Average(phi(x) ** 2, 2) / 2  # lambda
SPREAD = Average(phi(x) ** 4) - POWER**2  # V
SPREAD_SLOPE = Average(phi(x) ** 4, 2) / 2 - POWER * Average(phi(x) ** 2, 2)  # dV/dDelta
CURVATURE = Average(phi(x) ** 2, 4) / 4  # d^2 <phi^2>/dDelta^2
C1_PHI = (g**4 * CURVATURE * SPREAD / (1 - SLOPE) ** 2 + g**2 * SPREAD_SLOPE / (1 - SLOPE)) / (2 * (1 - SLOPE))

claims(
    "1/N term of the mean square activity: c1 = [g^4 <phi^2>'' V/(1-lambda)^2 + g^2 V'/(1-lambda)] / (2 (1-lambda)), "
    "V = <phi^4> - <phi^2>^2, primes d/dDelta, lambda the slope of the self-consistency",
    f"one loop with ghosts; {GENERIC}",
)(matches("c1_phi", C1_PHI))
claims(
    "1/N term of the variance of x: c1_x = g^2 c1_phi + 2 Delta lambda/(1-lambda)", f"one loop with ghosts; {GENERIC}"
)(matches("c1_x", g**2 * C1_PHI + 2 * Delta * SLOPE / (1 - SLOPE)))


def _linear(key: str) -> Expr:
    """A result of the engine for phi(x) = x and sigma = 1."""
    return cancel(closed(derived(key), "x").subs({Delta: 1 / (1 - g**2), sigma: 1}))


@claims(
    "Linear network: the 1/N term of [<x^2>] is 2 g^2 sigma^2/(1-g^2)^3",
    "exact Wick enumeration to g^10, and the one-loop result as a rational function of g^2",
)
def _linear_tadpole():
    formula = 2 * g**2 / (1 - g**2) ** 3
    yield series(formula, g, 0, 11).removeO().expand() == mean_covariance(5).coeff(N, -1)
    for key in ("c1_x", "c1_phi"):
        yield cancel(_linear(key) - formula) == 0


@claims(
    "Linear network: D_N = (1-g^2)^2 - (2 g^2 + 7 g^4)/N, [tr C^2]/N = sigma^4 ((1-g^2)^-4 + (6 g^2 + 7 g^4)(1-g^2)^-6/N)",
    "exact Wick enumeration to g^8, and the one-loop result as a rational function of g^2",
)
def _linear_dimension():
    exact_entry = mean_squared_covariance(4)
    for order, part in enumerate(((1 - g**2) ** -4, (6 * g**2 + 7 * g**4) * (1 - g**2) ** -6)):
        yield series(part, g, 0, 9).removeO().expand() == exact_entry.coeff(N, -order)
    for key in ("d1_x", "d1_phi"):
        yield cancel(_linear(key) * (1 - g**2) ** 2 + 2 * g**2 + 7 * g**4) == 0


@claims(
    "The Jacobian of the fixed-point equation restores causality at order 1/N: response fields have no average and no correlation",
    "1/N terms of <xr xr> and Cov(xr xr), with and without ghosts, for a generic phi",
)
def _causality():
    couplings = STATIC.network.couplings
    own, pair = source(Bilinear.of((1, RESPONSE), (1, RESPONSE))), source(Bilinear.of((1, RESPONSE), (2, RESPONSE)))
    for jacobian in (True, False):
        yield (one_replica(couplings, jacobian=jacobian).mean(own) == 0) is jacobian
        yield (two_replicas(couplings, jacobian=jacobian).variance(pair) == 0) is jacobian


@claims(
    "Without the Jacobian the 1/N term of a linear network is twice too large",
    "the engine without ghosts, closed form in g",
)
def _without_jacobian():
    wrong = closed(one_site_correction(x**2, STATIC.network.couplings, jacobian=False), "x")
    yield cancel(wrong.subs(Delta, 1 / (1 - g**2)) - 4 * g**2 / (1 - g**2) ** 3) == 0


@claims(
    "Variances of single units: N Var(C_ii) of x is twice N Var(C_ij); of phi it is "
    "2 lambda^2 <phi^2>^2/(1-gamma)^2 + 4 g^2 <phi^2 phi'>^2/(1-gamma)",
    f"1/N term of O = phi1^2 phi2^2 of two replicas; {GENERIC}",
)
def _spread_of_variances():
    third = Average(phi(x) ** 3, 1) / 3
    yield same(at_saddle(derived("n_var_var_x")), at_saddle(2 * derived("n_var_cov_x")))
    phi_part = 2 * SLOPE**2 * POWER**2 / (1 - GAMMA) ** 2 + 4 * g**2 * third**2 / (1 - GAMMA)
    yield matches("n_var_var_phi", phi_part)()


_EXPONENTS = tuple(Rational(p) for p in ("1/3", "1/2", "3/4", "6/5"))


@claims(
    "Power law: c1_phi/<phi^2> = k4 p s/(1-ps)^2 (1 - (1-p)s/(2(1-ps))), k4 = m_4p/m_2p^2 - 1; c1_x/Delta = s c1_phi/<phi^2> "
    "+ 2 p s/(1-ps)",
    f"{NUMBERS} p = {', '.join(map(str, _EXPONENTS))}",
    PRECISELY,
)
def _power_law():

    def claimed(p, s):
        k4 = moment(4 * p) / moment(2 * p) ** 2 - 1
        phi_part = k4 * p * s / (1 - p * s) ** 2 * (1 - (1 - p) * s / (2 * (1 - p * s)))
        x_part = s * phi_part + 2 * p * s / (1 - p * s)
        # <phi^2> = m_2p Delta^p
        return {"c1_phi": phi_part * moment(2 * p) * exact(AT["Delta"]) ** p, "c1_x": x_part * exact(AT["Delta"])}

    yield from power_law(claimed, _EXPONENTS)
    text, p = "power(3/4)", Rational(3, 4)
    yield agree(number(GAMMA, text, **AT), squared_gain(exact(p)) * number(at_saddle(S), text, **AT))


# (activation, Delta at sigma = 1): g, d1_phi, d1_x. Delta from the self-consistency at that g, 16 digits; d to ten digits
_DIMENSIONS = {
    ("tanh(x)", "1.463850891102547"): ("1", "0.6245818994", "-0.5458385539"),
    ("power(1/2)", "1.22035514122276"): ("0.5", "0.1393144122", "-0.4065279662"),
    ("power(3/4)", "1.254931615603928"): ("0.5", "-0.2479026176", "-0.7084156432"),
    ("x/(1+x^2/3)", "1.24896595756585"): ("0.8", "0.2921979128", "-0.3358261673"),
    ("x*(15+x^2)/(15+6*x^2)", "1.285303119367874"): ("0.8", "0.2815446093", "-0.4482618792"),
}


@claims(
    "1/N term of the participation dimension, D (1 + d/N), for tanh, p = 1/2, p = 3/4 and the Pade activations [1/2], [3/2]",
    f"nine digits of an independent effective-action calculation; averages to {DIGITS} digits by certified quadrature",
    PRECISELY,
)
def _dimensions():
    for (text, variance), (strength, *claimed) in _DIMENSIONS.items():
        yield agree(coupling(text, Rational(variance)), mpmath.mpf(strength), 12)
        for key, value in zip(("d1_phi", "d1_x"), claimed, strict=True):
            yield agree(on_branch(key, text, Rational(variance)), mpmath.mpf(value), 9)
