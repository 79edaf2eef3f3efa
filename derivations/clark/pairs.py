"""Two units: couplings through the reservoir, pair spectra of phi and x, dimensions at one frequency."""

from __future__ import annotations

import random

from sympy import Expr, I, Rational, Symbol, expand

from derivations.clark.quantities import GENERIC, YC, ZC, Row, Y, Z, by_cavity, pair_spectrum
from theory.derivation import same
from theory.fields.cavity_in_time import ALPHA, BETA, EPSILON, GAMMA12, GAMMA21, ONE, TWO
from theory.models import derive
from theory.symbols import eta, g

LADDER = ((1 + Z) / (1 - Z) + (1 + ZC) / (1 - ZC)) / 2
PSI_PHI = ONE.C * TWO.C * (LADDER / ((1 - Y) * (1 - YC)) - 1)
MOMENTS: dict[Symbol, Expr] = {
    ALPHA: g**2 / (1 - Y),
    BETA: eta * g**2 / (1 - Z),
    GAMMA12: eta * g**4 * ONE.S * TWO.C / ((1 - Y) * (1 - Z)),
    GAMMA21: eta * g**4 * TWO.S * ONE.C / ((1 - Y) * (1 - ZC)),
    EPSILON: g**4 * ONE.C * TWO.C * LADDER / ((1 - Y) * (1 - YC)),
}


def _conjugate(e: Expr) -> Expr:
    return e.xreplace({**ONE.conjugates, **TWO.conjugates})


def _twice_real(e: Expr) -> Expr:
    return e + _conjugate(e)


def _psi_x() -> Expr:
    """2 Re[P1 P2 alpha + P1 P2* beta + P1 Q2 gamma_12 + P2 Q1 gamma_21] + Q1 Q2 epsilon, P = T K, Q = |T|^2."""
    (p1, q1), (p2, q2) = ((s.T * s.K, s.T * s.Tc) for s in (ONE, TWO))
    paired = (
        p1 * p2 * MOMENTS[ALPHA]
        + p1 * _conjugate(p2) * MOMENTS[BETA]
        + p1 * q2 * MOMENTS[GAMMA12]
        + p2 * q1 * MOMENTS[GAMMA21]
    )
    return _twice_real(paired) + q1 * q2 * MOMENTS[EPSILON]


def _at_rational_points(left: Expr, right: Expr, points: int = 3) -> bool:
    """Exact equality at complex rational one-site functions with consistent conjugates."""
    source = random.Random(11)

    def rational() -> Rational:
        return Rational(source.randint(-9, 9), source.randint(10, 19))

    for _ in range(points):
        given: dict[Symbol, Expr] = {g: Rational(source.randint(4, 9), 10), eta: rational()}
        for site in (ONE, TWO):
            for plain, conjugate in ((site.S, site.Sc), (site.T, site.Tc), (site.K, site.Kc)):
                real, imaginary = rational(), rational()
                given |= {plain: real + I * imaginary, conjugate: real - I * imaginary}
            given |= {site.C: 1 + rational(), site.X: 1 + rational()}
        difference = (left - right).xreplace(given)
        if expand(difference, complex=True) != 0:
            return False
    return True


def _independent() -> bool:
    """psi_phi = C1 C2 (M - 1), M = 1/|1 - y|^2; psi_x = |U|^2 C1 C2 + 2 Re[U K1 K2], U = g^2 T1 T2/(1 - y)."""
    enhancement = 1 / ((1 - Y) * (1 - YC))
    through = g**2 * ONE.T * TWO.T / (1 - Y)
    psi_x = through * _conjugate(through) * ONE.C * TWO.C + _twice_real(through * ONE.K * TWO.K)
    phi, x = (pair_spectrum(name).subs(eta, 0) for name in ("psi_phi", "psi_x"))
    return same(phi, ONE.C * TWO.C * (enhancement - 1)) and same(x, psi_x)


def _closed_system() -> bool:
    """alpha = g^2 + g^4 (S1 S2 + S1^2 S2^2 alpha), epsilon = g^4 (C1 C2 + psi): solved by psi of the engine."""
    alpha, psi = MOMENTS[ALPHA], pair_spectrum("psi_phi").subs(eta, 0)
    ss = ONE.S * TWO.S
    epsilon = g**4 * (ONE.C * TWO.C + psi)
    closure = _twice_real(ss * ONE.C * TWO.C * alpha) + ss * _conjugate(ss) * epsilon
    return same(alpha, g**2 + g**4 * (ss + ss**2 * alpha)) and same(psi, closure)


def _partially_symmetric_moments() -> bool:
    found = by_cavity().moments
    return all(same(found[symbol], formula) for symbol, formula in MOMENTS.items())


def _cavity_is_path_integral() -> bool:
    cavity = by_cavity()
    cavity.derivation.check()
    return same(cavity.phi, pair_spectrum("psi_phi")) and same(cavity.x, pair_spectrum("psi_x"))


def _symmetric_limit() -> bool:
    """eta -> 0 of the one line is C1 C2 (M - 1)."""
    independent = ONE.C * TWO.C * (1 / ((1 - Y) * (1 - YC)) - 1)
    return same(PSI_PHI.subs(eta, 0), independent) and same(pair_spectrum("psi_phi"), PSI_PHI)


def _one_frequency() -> bool:
    """C^2/(C^2 + psi(w, -w)) = |1 - g^2 |S|^2|^2, and at zero frequency kappa^4 with kappa^2 = 1 - g^2 S^2."""
    opposite = {TWO.S: ONE.Sc, TWO.Sc: ONE.S, TWO.C: ONE.C}
    psi = pair_spectrum("psi_phi").subs(eta, 0).xreplace(opposite)
    observed = derive("dynamic").observables
    kappa_fourth = (observed["kappa2"].expression ** 2).subs(eta, 0)
    return same(ONE.C**2 / (ONE.C**2 + psi), (1 - g**2 * ONE.S * ONE.Sc) ** 2) and same(
        observed["PR0_phi"].expression.subs(eta, 0), kappa_fourth
    )


def _zero_frequency() -> bool:
    response = Symbol("S_0")
    u = g**2 * response**2
    return same(derive("dynamic").observables["PR0_phi"].expression, (1 - u) ** 2 * (1 - eta * u) / (1 + eta * u))


ROWS: tuple[Row, ...] = (
    (
        "Two-site cavity, independent couplings: alpha = N <A A> = g^2/(1 - g^2 S1 S2), and a closed linear system for psi_phi",
        "the pair spectrum of the path integral inserted; canonical forms for a generic phi and any filter",
        _closed_system,
    ),
    (
        "Pair spectra: psi_phi = C1 C2 (M - 1), M = 1/|1 - g^2 S1 S2|^2; psi_x = |U|^2 C1 C2 + 2 Re[U K1 K2], "
        "U = g^2 T1 T2/(1 - g^2 S1 S2)",
        GENERIC,
        _independent,
    ),
    (
        "Participation ratio at one frequency (1 - g^2 |S|^2)^2, at zero frequency kappa^4",
        GENERIC,
        _one_frequency,
    ),
    (
        "Partially symmetric couplings, second moments: alpha = g^2/(1-y), beta = eta g^2/(1-z), "
        "gamma_12 = eta g^4 S1 C2/((1-y)(1-z)), epsilon = g^4 C1 C2 Re[(1+z)/(1-z)]/|1-y|^2",
        "two-site cavity, canonical forms compared for a generic phi and any filter",
        _partially_symmetric_moments,
    ),
    (
        "Partially symmetric couplings: psi_phi = C1 C2 (Re[(1+z)/(1-z)]/|1-y|^2 - 1); eta -> 0 gives back C1 C2 (M - 1)",
        GENERIC,
        _symmetric_limit,
    ),
    (
        "Partially symmetric couplings: psi_x = 2 Re[P1 P2 alpha + P1 P2* beta + P1 Q2 gamma_12 + P2 Q1 gamma_21] + Q1 Q2 epsilon, "
        "P = T K, Q = |T|^2",
        "path integral, equal exactly at complex rational one-site functions",
        lambda: _at_rational_points(pair_spectrum("psi_x"), _psi_x()),
    ),
    (
        "Partially symmetric couplings, zero frequency: PR0_phi = (1 - g^2 S^2)^2 (1 - eta g^2 S^2)/(1 + eta g^2 S^2)",
        GENERIC,
        _zero_frequency,
    ),
    (
        "The path integral agrees with the two-site cavity on both pair spectra",
        "two derivations that share no step, every step checked; canonical forms for a generic phi, any filter and symmetry",
        _cavity_is_path_integral,
    ),
)
