"""One unit: self-consistency in time, energy, onset of chaos; and pairs of units: spectra of phi and x by two routes."""

from __future__ import annotations

import random
from math import asin, pi, sqrt

import numpy as np
from scipy import integrate
from sympy import Expr, I, Rational, Symbol, expand

from derivations.claims import Claims
from derivations.clark.quantities import ERF, GENERIC, TANH, YC, ZC, Y, Z, pair_spectrum, values
from derivations.comparison import near
from theory.derivation import same
from theory.engine.cavity_in_time import ALPHA, BETA, EPSILON, GAMMA12, GAMMA21, ONE, TWO, two_site_cavity_in_time
from theory.errors import DomainError
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
    equation, transfer = derive("dynamic").equation, DYNAMIC.network.transfer
    yield same(equation.site.spectrum_x.subs(eta, 0), ONE.h * ONE.hc * (g**2 * ONE.C + _NOISE))
    for word, spectrum in {"none": 0, "white": sigma**2}.items():
        yield equation.noises[word].autocovariance == 0
        yield equation.noises[word].spectrum == spectrum
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


LADDER = ((1 + Z) / (1 - Z) + (1 + ZC) / (1 - ZC)) / 2
ENHANCEMENT = 1 / ((1 - Y) * (1 - YC))
MOMENTS: dict[Symbol, Expr] = {
    ALPHA: g**2 / (1 - Y),
    BETA: eta * g**2 / (1 - Z),
    GAMMA12: eta * g**4 * ONE.S * TWO.C / ((1 - Y) * (1 - Z)),
    GAMMA21: eta * g**4 * TWO.S * ONE.C / ((1 - Y) * (1 - ZC)),
    EPSILON: g**4 * ONE.C * TWO.C * LADDER / ((1 - Y) * (1 - YC)),
}
_SPECTRA = "psi_phi", "psi_x"


def _conjugate(e: Expr) -> Expr:
    return e.xreplace({**ONE.conjugates, **TWO.conjugates})


def _twice_real(e: Expr) -> Expr:
    return e + _conjugate(e)


@claims(
    "Two-site cavity, independent couplings: alpha = N <A A> = g^2/(1 - g^2 S1 S2), and a closed linear system for psi_phi",
    "the pair spectrum of the path integral inserted; canonical forms for a generic phi and any filter",
)
def _closed_system():
    alpha, psi, ss = MOMENTS[ALPHA], pair_spectrum("psi_phi").subs(eta, 0), ONE.S * TWO.S
    epsilon = g**4 * (ONE.C * TWO.C + psi)
    yield same(alpha, g**2 + g**4 * (ss + ss**2 * alpha))
    yield same(psi, _twice_real(ss * ONE.C * TWO.C * alpha) + ss * _conjugate(ss) * epsilon)


@claims(
    "Pair spectra: psi_phi = C1 C2 (M - 1), M = 1/|1 - g^2 S1 S2|^2; psi_x = |U|^2 C1 C2 + 2 Re[U K1 K2], "
    "U = g^2 T1 T2/(1 - g^2 S1 S2)",
    GENERIC,
)
def _independent():
    through = g**2 * ONE.T * TWO.T / (1 - Y)
    psi_x = through * _conjugate(through) * ONE.C * TWO.C + _twice_real(through * ONE.K * TWO.K)
    for name, claimed in zip(_SPECTRA, (ONE.C * TWO.C * (ENHANCEMENT - 1), psi_x), strict=True):
        yield same(pair_spectrum(name).subs(eta, 0), claimed)


@claims("Participation ratio at one frequency (1 - g^2 |S|^2)^2, at zero frequency kappa^4", GENERIC)
def _one_frequency():
    opposite = {TWO.S: ONE.Sc, TWO.Sc: ONE.S, TWO.C: ONE.C}
    psi = pair_spectrum("psi_phi").subs(eta, 0).xreplace(opposite)
    yield same(ONE.C**2 / (ONE.C**2 + psi), (1 - g**2 * ONE.S * ONE.Sc) ** 2)
    at_zero, kappa2 = (derive("dynamic").observables[key].expression.subs(eta, 0) for key in ("PR0_phi", "kappa2"))
    yield same(at_zero, kappa2**2)


@claims(
    "Partially symmetric couplings, second moments: alpha = g^2/(1-y), beta = eta g^2/(1-z), "
    "gamma_12 = eta g^4 S1 C2/((1-y)(1-z)), epsilon = g^4 C1 C2 Re[(1+z)/(1-z)]/|1-y|^2",
    "two-site cavity, canonical forms compared for a generic phi and any filter",
)
def _partially_symmetric_moments():
    found = two_site_cavity_in_time(DYNAMIC.network.couplings).moments
    for symbol, formula in MOMENTS.items():
        yield same(found[symbol], formula)


@claims(
    "Partially symmetric couplings: psi_phi = C1 C2 (Re[(1+z)/(1-z)]/|1-y|^2 - 1); eta -> 0 gives back C1 C2 (M - 1)",
    GENERIC,
)
def _symmetric_limit():
    claimed = ONE.C * TWO.C * (LADDER * ENHANCEMENT - 1)
    yield same(claimed.subs(eta, 0), ONE.C * TWO.C * (ENHANCEMENT - 1))
    yield same(pair_spectrum("psi_phi"), claimed)


@claims(
    "Partially symmetric couplings: psi_x = 2 Re[P1 P2 alpha + P1 P2* beta + P1 Q2 gamma_12 + P2 Q1 gamma_21] + Q1 Q2 epsilon, "
    "P = T K, Q = |T|^2",
    "path integral, equal exactly at complex rational one-site functions",
)
def _psi_x():
    """Exact equality at three points with consistent conjugates."""
    (p1, q1), (p2, q2) = ((s.T * s.K, s.T * s.Tc) for s in (ONE, TWO))
    paired = p1 * p2 * MOMENTS[ALPHA] + p1 * _conjugate(p2) * MOMENTS[BETA]
    paired += p1 * q2 * MOMENTS[GAMMA12] + p2 * q1 * MOMENTS[GAMMA21]
    difference = pair_spectrum("psi_x") - (_twice_real(paired) + q1 * q2 * MOMENTS[EPSILON])
    source = random.Random(11)

    def rational() -> Rational:
        return Rational(source.randint(-9, 9), source.randint(10, 19))

    for _ in range(3):
        given: dict[Symbol, Expr] = {g: Rational(source.randint(4, 9), 10), eta: rational()}
        for site in (ONE, TWO):
            for plain, conjugate in ((site.S, site.Sc), (site.T, site.Tc), (site.K, site.Kc)):
                real, imaginary = rational(), rational()
                given |= {plain: real + I * imaginary, conjugate: real - I * imaginary}
            given |= {site.C: 1 + rational(), site.X: 1 + rational()}
        yield expand(difference.xreplace(given), complex=True) == 0


@claims(
    "Partially symmetric couplings, zero frequency: PR0_phi = (1 - g^2 S^2)^2 (1 - eta g^2 S^2)/(1 + eta g^2 S^2)",
    GENERIC,
)
def _zero_frequency():
    u = g**2 * Symbol("S_0") ** 2
    yield same(derive("dynamic").observables["PR0_phi"].expression, (1 - u) ** 2 * (1 - eta * u) / (1 + eta * u))


@claims(
    "The path integral agrees with the two-site cavity on both pair spectra",
    "two derivations that share no step, every step checked; canonical forms for a generic phi, any filter and symmetry",
)
def _cavity_is_path_integral():
    cavity = two_site_cavity_in_time(DYNAMIC.network.couplings)
    cavity.derivation.check()
    for found, name in zip((cavity.phi, cavity.x), _SPECTRA, strict=True):
        yield same(found, pair_spectrum(name))
