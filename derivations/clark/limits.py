"""Limits: onset of chaos, strong coupling, the linear network and the elliptic law."""

from __future__ import annotations

import numpy as np
from sympy import Rational, Symbol, gamma, log, pi, sqrt, zeta

from derivations.claims import Claims
from derivations.clark.quantities import ERF, TANH, values
from derivations.comparison import near, solver
from theory.derivation import same
from theory.engine.cavity_in_time import ONE
from theory.limits import linear_network, onset_steps
from theory.limits.linear_network import decay
from theory.limits.onset import near_critical
from theory.limits.onset_series import b, coupling_squared, d, eps, in_kappa, kappa, laws, taylor_polynomial
from theory.limits.saturation import saturation
from theory.symbols import Delta, eta, g, sigma

claims = Claims()
_DERIVED = "derivation replayed, every step machine-checked; claimed formula equal as canonical form"


@claims(
    "Onset of chaos, phi = x + b x^3/6 + d x^5/120, b < 0: g^2 - 1 = |b| Delta0 + (2 b^2/3 - d/4) Delta0^2; tanh: "
    "Delta0 = eps + (7/6) eps^2, eps = g - 1",
    _DERIVED,
)
def _variance_at_onset():
    """In b = phi'''(0)/phi'(0) and d = phi^(5)(0)/phi'(0)."""
    onset_steps.derive().check()
    yield same(coupling_squared(taylor_polynomial()) - 1, -b * Delta + (2 * b**2 / 3 - d / 4) * Delta**2)
    yield same(near_critical(TANH).laws["Delta0"], eps + Rational(7, 6) * eps**2)


claims("Onset: kappa = eps/sqrt(3) for every such phi, kappa^2 = b^2 Delta0^2/12", _DERIVED)(
    lambda: [
        same(laws()["kappa"].expand().coeff(eps, 1), 1 / sqrt(3)),
        same(laws()["kappa2"].coeff(eps, 2), (b**2 * laws()["Delta0"] ** 2 / 12).expand().coeff(eps, 2)),
    ]
)


@claims(
    "Onset: C(tau) = Delta0 sech(kappa tau)",
    "the generated solver, tanh at eps = 0.08 and 0.04: largest deviation falls as eps^2",
)
def _sech():
    deviations = []
    for distance in (0.08, 0.04):
        found = values(TANH, g=1 + distance, noise="none")
        rate = found["kappa2"] ** 0.5
        lag = np.linspace(0, 12 / rate, 200)
        curve = solver("dynamic", TANH).module.autocovariance(lag, g=1 + distance, noise="none")[0] / found["Delta0"]
        deviations.append(np.max(np.abs(curve - 1 / np.cosh(rate * lag))))
    yield deviations[0] < 0.08**2
    yield abs(deviations[0] / deviations[1] - 4) < 0.7


@claims(
    "Onset: PR_x = PR_phi = (12/pi^2) kappa^3 = 4 eps^3/(sqrt(3) pi^2), universal; the next order, 1 + (12 log 2/pi^2) kappa, "
    "is derived here",
    f"{_DERIVED}; the generated solver, tanh and erf at eps = 0.04, to 5 kappa^2 = 0.002",
)
def _dimension_at_onset():
    formula = 12 * kappa**3 / pi**2 * (1 + 12 * log(2) / pi**2 * kappa)
    yield same(in_kappa()["PR_x"], formula)
    yield same(laws()["PR_x"].expand().coeff(eps, 3), 4 / (sqrt(3) * pi**2))
    for text in (TANH, ERF):
        found = values(text, g=1.04, noise="none")
        expected = float(formula.subs(kappa, found["kappa2"] ** 0.5))
        yield near(found, dict.fromkeys(("PR_x", "PR_phi"), expected), 5 * found["kappa2"])


@claims(
    "Onset: the population relaxes over (1/2 + 3 zeta(3)/pi^2)/kappa^2 ~ 1/eps^2, one unit over 1/kappa ~ 1/eps",
    f"{_DERIVED}; the generated solver, tanh at eps = 0.04, to 5 kappa^2",
)
def _times_at_onset():
    formula = (1 + zeta(3) / zeta(2)) / 2 / kappa**2 * (1 + 12 * log(2) / pi**2 * kappa)
    yield same(in_kappa()["tau_pop"], formula) and same(in_kappa()["tau_unit"], 1 / kappa)
    found = values(TANH, g=1.04, noise="none")
    yield near(found["tau_pop"], float(formula.subs(kappa, found["kappa2"] ** 0.5)), 5 * found["kappa2"])


@claims(
    "g -> infinity, saturating phi: Delta0 = 2 (1 - 2/pi) g^2, kappa^2 = (pi-3)/(pi-2) = 0.12403, PR_x -> 0.06024, "
    "PR_phi -> 0.12652",
    f"{_DERIVED}; sign network, and tanh at g = 100 to two percent",
)
def _strong_coupling():
    found = saturation(TANH)
    yield from (step.verify() for step in found.steps)
    yield same(found.laws["Delta0"], 2 * (1 - 2 / pi) * g**2) and same(found.laws["kappa2"], (pi - 3) / (pi - 2))
    sign, far = values("sign(x)", g=1.0, noise="none"), values(TANH, g=100.0, noise="none")
    yield near(sign, {"PR_x": 0.06024, "PR_phi": 0.12652}, 1e-4)
    yield near(far, {key: sign[key] for key in ("kappa2", "PR_x", "PR_phi")}, 0.02)


@claims(
    "phi = sign(x) |x|^p, p < 1: dimensions and decay rate are the same at every g, kappa^2 = 1 - (p+1)^2/(2 (r-1)), "
    "r = sqrt(pi) Gamma(p+3/2)/Gamma(p/2+1)^2 (derived here)",
    f"{_DERIVED}; the generated solver, p = 1/2 at two couplings",
)
def _power_laws():
    p = Symbol("p", positive=True)
    ratio = sqrt(pi) * gamma(p + Rational(3, 2)) / gamma(p / 2 + 1) ** 2
    symbolic = saturation("power(p) where p>0")
    one, two = (values("power(1/2)", g=strength, noise="none") for strength in (0.8, 2.5))
    yield near(one, {key: two[key] for key in ("kappa2", "PR_x", "PR_phi", "PR0_x", "PR0_phi")}, 1e-9)
    yield from (step.verify() for step in symbolic.steps)
    yield same(symbolic.laws["kappa2"], 1 - (p + 1) ** 2 / (2 * (ratio - 1)))


@claims(
    "Linear network, white noise: Delta0 = sigma^2/(2a), PR = 8a^3/(a^4+2a^3+4a^2-2a+3), a = sqrt(1-g^2); (1-g^2)^2 at zero "
    "frequency",
    f"{_DERIVED}; the generated solver, ten digits",
)
def _linear():
    linear_network.derive().check()
    found, a = linear_network.linear_network(), decay
    yield same(found.dimension, 8 * a**3 / (a**4 + 2 * a**3 + 4 * a**2 - 2 * a + 3))
    yield same(found.variance, sigma**2 / (2 * a)) and same(found.at_zero_frequency().subs(eta, 0), (1 - g**2) ** 2)
    for strength in (0.6, 0.9):
        expected = float(found.dimension.subs(a, (1 - strength**2) ** 0.5))
        claimed = {"PR_x": expected, "PR0_x": (1 - strength**2) ** 2}
        yield near(values("x", g=strength, sigma=1.2, noise="white"), claimed, 1e-10)


@claims(
    "Linear network, partially symmetric couplings: S = 2h/(1 + sqrt(1 - 4 eta g^2 h^2)), C = noise |S|^2/(1 - g^2 |S|^2)",
    "one-site cavity with phi = x, and the two-site cavity at zero frequency; canonical forms",
)
def _elliptic():
    found, u, squared = linear_network.linear_network(), g**2 * ONE.S**2, ONE.S * ONE.Sc
    yield found.response == 2 * ONE.h / (1 + sqrt(1 - 4 * eta * g**2 * ONE.h**2))
    yield same(found.zero_frequency, (1 - u) ** 2 * (1 - eta * u) / (1 + eta * u))
    yield same(found.spectrum, Symbol("noise", positive=True) * squared / (1 - g**2 * squared))
