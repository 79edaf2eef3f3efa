"""Pairs of units: two-site cavity, spectra of phi and x, dimensions at one frequency."""

from __future__ import annotations

import random

from sympy import Expr, I, Rational, Symbol, expand

from derivations.claims import Claims
from derivations.clark.quantities import GENERIC, YC, ZC, Y, Z, pair_spectrum
from theory.derivation import same
from theory.fields.cavity_in_time import ALPHA, BETA, EPSILON, GAMMA12, GAMMA21, ONE, TWO, two_site_cavity_in_time
from theory.models import derive
from theory.models.dynamic import DYNAMIC
from theory.symbols import eta, g

claims = Claims()
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
    """alpha = g^2 + g^4 (S1 S2 + S1^2 S2^2 alpha), epsilon = g^4 (C1 C2 + psi): solved by psi of the engine."""
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
    """C^2/(C^2 + psi(w, -w)) = |1 - g^2 |S|^2|^2, and at zero frequency kappa^4 with kappa^2 = 1 - g^2 S^2."""
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
