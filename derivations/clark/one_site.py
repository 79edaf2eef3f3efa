"""One unit: two-time self-consistency, energy condition, onset of chaos, feedback of partially symmetric couplings."""

from __future__ import annotations

from math import asin, pi, sqrt

import numpy as np
from scipy import integrate
from sympy import Symbol

from derivations.claims import Claims
from derivations.clark.quantities import ERF, GENERIC, TANH, values
from derivations.comparison import near
from theory.derivation import same
from theory.errors import DomainError
from theory.fields.cavity_in_time import ONE
from theory.models import derive
from theory.models.dynamic import DYNAMIC
from theory.symbols import eta, frequency, g, sigma

claims = Claims()
_NOISE = Symbol("noise", nonnegative=True)


@claims(
    "Two-time self-consistency: (1 + omega^2) X = g^2 C + noise, with C the spectrum of <phi(u) phi(v)> over Gaussian u, v of "
    "covariance C_x(tau)",
    GENERIC,
)
def _self_consistency():
    """X = |h|^2 (g^2 C + noise); no noise and white noise have no autocovariance at tau > 0."""
    equation, transfer = derive("dynamic").equation, DYNAMIC.network.transfer
    yield same(equation.site.spectrum_x.subs(eta, 0), ONE.h * ONE.hc * (g**2 * ONE.C + _NOISE))
    for word, spectrum in {"none": 0, "white": sigma**2}.items():
        yield equation.noises[word] == 0
        yield equation.noise_spectra[word] == spectrum
    yield same(1 / (transfer * transfer.subs(frequency, -frequency)), 1 - frequency**2)


def _spread_of_primitive(text: str, variance: float) -> float:
    """Var Phi: log cosh by quadrature; for erf the arcsine law integrated."""
    if text == ERF:
        b = variance + 2 / pi
        u = variance / b
        return 2 / pi * b * (u * asin(u) - u * u / (1 + sqrt(1 - u * u)))

    def weighted(v: float, power: int) -> float:
        y = sqrt(variance) * v
        return float((y + np.log1p(np.exp(-2 * y)) - np.log(2)) ** power * np.exp(-v * v / 2))

    one, two = (integrate.quad(weighted, 0, 14, args=(k,), epsabs=0, epsrel=1e-13, limit=400)[0] for k in (1, 2))
    return 2 * two / sqrt(2 * pi) - (2 * one / sqrt(2 * pi)) ** 2


@claims(
    "Energy condition: Delta0^2/2 = g^2 Var Phi, Phi' = phi, without noise; with white noise less sigma^4/8",
    "solutions inserted, Var Phi of tanh by quadrature of log cosh, of erf from the arcsine law, 11 digits",
)
def _energy():
    for text, strength, noise in ((TANH, 1.5, 0), (TANH, 3.0, 0), (ERF, 2.0, 0), (TANH, 1.5, 1.0), (ERF, 1.5, 1.0)):
        given = {"sigma": noise, "noise": "white"} if noise else {"noise": "none"}
        variance = values(text, g=strength, **given)["Delta0"]
        yield near(strength**2 * _spread_of_primitive(text, variance), variance**2 / 2 - noise**4 / 8, 1e-11)


@claims(
    "Without noise activity sets in at g = 1/phi'(0)", "the generated solver on both sides of it, tanh(2 x) and erf"
)
def _onset():
    for text, critical in (("tanh(2*x)", 0.5), (ERF, 1.0)):
        try:
            yield not values(text, g=0.99 * critical, noise="none")
        except DomainError:
            yield values(text, g=1.1 * critical, noise="none")["Delta0"] > 0


@claims(
    "Partially symmetric couplings, feedback eta g^2 S: T = h (1 + eta g^2 S^2), K = h* (S hh + eta g^2 S* C), "
    "X = |h|^2 (hh + 2 eta g^2 Re(S^2) hh + eta^2 g^4 |S|^2 C), hh = g^2 C + noise",
    "one-site cavity with the Furutsu-Novikov theorem, canonical forms compared for a generic phi and any filter",
)
def _feedback():
    site = derive("dynamic").equation.site
    hh, back = g**2 * ONE.C + _NOISE, eta * g**2
    spectrum = hh + back * (ONE.S**2 + ONE.Sc**2) * hh + back**2 * ONE.S * ONE.Sc * ONE.C
    yield same(site.response_x, ONE.h * (1 + back * ONE.S**2))
    yield same(site.cross, ONE.hc * (ONE.S * hh + back * ONE.Sc * ONE.C))
    yield same(site.spectrum_x, ONE.h * ONE.hc * spectrum)
