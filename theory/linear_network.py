r"""The linear network, phi(x) = x: everything in closed form.

With white noise and independent couplings the double frequency integral of the pair spectrum is one of a rational function and
is done by residues. With partially symmetric couplings the response follows the elliptic law, and the dimension at zero
frequency is a function of it.

Sources: Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401; Sommers, Crisanti, Sompolinsky, Stein 1988, PRL 60 1895 (elliptic law);
Hu, Sompolinsky 2022, PLoS Comput. Biol. 18 e1010327 (zero frequency).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import mpmath
from sympy import Eq, Expr, I, Mul, Poly, Rational, S, Symbol, factorial, lambdify, re, solve, sqrt

from theory.derivation import Derivation, Fact, Replay, Sides, Step, same
from theory.factors import positive_factors
from theory.fields.cavity_in_time import CLARK, ONE, TWO, factored_root, two_site_cavity_in_time
from theory.fields.site_in_time import filtered_site
from theory.highprecision import mp_function
from theory.models.dynamic import DYNAMIC
from theory.networks import GaussianCouplings
from theory.symbols import eta, frequency, g, sigma

ELLIPTIC = "Sommers, Crisanti, Sompolinsky, Stein 1988, PRL 60 1895"
HU = "Hu, Sompolinsky 2022, PLoS Comput. Biol. 18 e1010327"
decay = Symbol("a", positive=True)
"""Decay rate sqrt(1 - g^2) of the autocovariance with white noise."""

_s, _t = frequency, Symbol("t")
_noise, _y = Symbol("noise", positive=True), Symbol("y", positive=True)
_TRIAL = {ONE.h: S.One, g: Rational(2, 5), eta: Rational(1, 2)}
_SAMPLE = {decay: Rational(3, 5), _s: I * Rational(7, 10)}


@dataclass(frozen=True)
class LinearNetwork:
    """Closed results for phi(x) = x.

    Attributes
    ----------
    variance : Expr
        Delta0 with white noise and independent couplings, in sigma and `decay`.
    dimension : Expr
        PR_x over N at equal times, in `decay`.
    response : Expr
        Response of x at transfer function h, in g and eta.
    spectrum : Expr
        Spectrum of x, in the response S and the spectrum of the noise.
    zero_frequency : Expr
        PR_x over N at zero frequency, in g, eta and the response S there.
    """

    variance: Expr
    dimension: Expr
    response: Expr
    spectrum: Expr
    zero_frequency: Expr

    def at_zero_frequency(self) -> Expr:
        """PR_x over N at zero frequency in g and eta alone."""
        return self.zero_frequency.subs(ONE.S, self.response.subs(ONE.h, 1))


@lru_cache(maxsize=1)
def linear_network() -> LinearNetwork:
    """Derive the closed results."""
    variance = residues(spectrum(_s), _s)
    total = residues(residues(second_moment(), _t), _s)
    return LinearNetwork(
        variance=sigma**2 * variance,
        dimension=(variance**2 / total).factor(),
        response=elliptic_response(),
        spectrum=dressed_spectrum(),
        zero_frequency=dimension_at_zero(),
    )


# ---- equal times: white noise, independent couplings ---------------------------------------------------------------------------


def spectrum(s: Expr) -> Expr:
    """C_x(s) at sigma = 1: C = |h|^2 (g^2 C + 1) solved, with 1 - g^2 = a^2."""
    filtered = [DYNAMIC.network.transfer.subs(frequency, value) for value in (s, -s)]
    equation = Eq(ONE.X, Mul(*filtered) * ((1 - decay**2) * ONE.X + 1))
    return factored_root(equation, ONE.X)


def second_moment() -> Expr:
    """N <C_12 C_12> with its diagonal, at s = i omega_1 and t = i omega_2, sigma = 1: a rational function."""
    pairs = two_site_cavity_in_time(GaussianCouplings())
    total = (pairs.phi + ONE.C * TWO.C).subs(g, sqrt(1 - decay**2))
    for site, s in ((ONE, _s), (TWO, _t)):
        h, conjugate = (DYNAMIC.network.transfer.subs(frequency, value) for value in (s, -s))
        total = total.subs({site.S: h, site.Sc: conjugate, site.C: spectrum(s)})
    return total.factor()


def residues(rational: Expr, variable: Symbol) -> Expr:
    """``int domega/2pi`` of a rational function of `variable` = i omega: the residues in its left half plane.

    Poles are linear factors of the denominator; no pole crosses the axis, so that one sample tells on which side it lies.
    """
    total: Expr = S.Zero
    for factor, order in rational.as_numer_denom()[1].as_poly(variable).factor_list()[1]:
        pole = (-factor.coeff_monomial(1) / factor.coeff_monomial(variable)).cancel()
        if re(pole.subs(_SAMPLE).evalf()) < 0:
            regular = (rational * (variable - pole) ** order).factor()
            total += (regular.diff(variable, order - 1) / factorial(order - 1)).subs(variable, pole)
    return total.factor()


# ---- partially symmetric couplings ---------------------------------------------------------------------------------------------


def elliptic_response() -> Expr:
    """The root of S = h (1 + eta g^2 S^2) that tends to h as eta tends to 0: the product of both roots over the large one."""
    equation = _response_equation()
    quadratic = Poly(equation.lhs - equation.rhs, ONE.S)
    large = max(solve(equation, ONE.S), key=lambda root: root.subs(_TRIAL).evalf())
    return quadratic.coeff_monomial(1) / quadratic.coeff_monomial(ONE.S**2) / large


def _response_equation() -> Eq:
    drive = g**2 * ONE.C + _noise
    return Eq(ONE.S, filtered_site(ONE, drive, eta * g**2).response_x.expand())


def dressed_spectrum() -> Expr:
    """C in S and the noise: C = X solved, with h eliminated by the equation of S."""
    drive = g**2 * ONE.C + _noise
    found = factored_root(Eq(ONE.C, filtered_site(ONE, drive, eta * g**2).spectrum_x), ONE.C)
    bare = {h: s / (1 + eta * g**2 * s**2) for h, s in ((ONE.h, ONE.S), (ONE.hc, ONE.Sc))}
    return found.subs(bare).factor()


def enhancement_at_zero() -> Expr:
    """N <C_12 C_12> with its diagonal over C^2 at zero frequency, where S is real."""
    pairs = two_site_cavity_in_time(GaussianCouplings(symmetry=eta))
    at_zero = pairs.phi.xreplace(TWO.renamed(ONE)).xreplace(ONE.real())
    return (at_zero / ONE.C**2 + 1).factor()


def dimension_at_zero() -> Expr:
    """C^2 over that moment, as factors in y = g^2 S^2."""
    even = (1 / enhancement_at_zero()).cancel().subs(ONE.S**2, _y / g**2)
    return positive_factors(even.factor(), {_y: Rational(1, 2), eta: Rational(1, 2)}).subs(_y, g**2 * ONE.S**2)


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def derive() -> Derivation:
    """The closed results, step by step."""
    return Derivation("The linear network", (*_equal_time_steps(), *_symmetric_steps()))


def _equal_time_steps() -> tuple[Step, ...]:
    found, total = linear_network(), second_moment()
    inner = residues(total, _t)
    outer = residues(inner, _s)
    return (
        Step(
            "White noise, independent couplings: the spectrum of x, with a^2 = 1 - g^2 and sigma = 1",
            "C = |h|^2 (g^2 C + 1) solved",
            after=spectrum(_s),
            check=Fact(lambda: residues(spectrum(_s), _s) == 1 / (2 * decay), "variance sigma^2/(2 a) by residues"),
        ),
        Step(
            "Pair spectrum with its diagonal at s = i omega_1, t = i omega_2; integrate over omega_2",
            "residues in the left half plane",
            total,
            inner,
            reference=CLARK,
            check=Replay(lambda e: residues(e, _t)),
        ),
        Step(
            "Integrate over omega_1: (1/N) tr C^2 at equal times",
            "residues in the left half plane",
            inner,
            outer,
            check=Sides(
                _double_integral,
                mp_function(decay, outer),
                lambda random: (random.uniform(0.4, 0.9),),
                digits=8,
                name="double frequency integral by quadrature, 8 digits",
            ),
        ),
        Step(
            "Participation ratio at equal times",
            "PR/N = ((1/N) tr C)^2/((1/N) tr C^2)",
            outer,
            found.dimension,
            check=Replay(lambda e: (1 / (2 * decay)) ** 2 / e),
        ),
    )


def _double_integral(a: float) -> float:
    """omega = tan(angle): the integrand is smooth and periodic in both angles, where the midpoint rule converges."""
    count, integrand = 96, lambdify((_s, _t), second_moment().subs(decay, a), "math")
    angles = [math.pi * ((k + 0.5) / count - 0.5) for k in range(count)]
    nodes = [(math.tan(u), math.pi / count / math.cos(u) ** 2) for u in angles]
    half = math.fsum(v * w * integrand(1j * p, 1j * q).real for p, v in nodes for q, w in nodes if p > 0)
    return half / (2 * math.pi**2)


def _symmetric_steps() -> tuple[Step, ...]:
    found = linear_network()
    law = found.at_zero_frequency()
    return (
        Step(
            "Partially symmetric couplings, N <J_ij J_ji> = eta g^2: phi = x makes the response of x that of phi, and the feedback "
            "closes on itself. The root that tends to h",
            "quadratic equation",
            _response_equation(),
            Eq(ONE.S, found.response),
            reference=ELLIPTIC,
            check=Fact(
                lambda: (
                    (_response_equation().lhs - _response_equation().rhs).subs(ONE.S, found.response).cancel() == 0
                    and found.response.subs(eta, 0) == ONE.h
                ),
                "inserted; h at eta = 0",
            ),
        ),
        Step(
            "Spectrum of x, h eliminated by the equation of S",
            "C = X solved",
            filtered_site(ONE, g**2 * ONE.C + _noise, eta * g**2).spectrum_x,
            found.spectrum,
            check=Fact(
                lambda: same(found.spectrum, ONE.S * ONE.Sc * (g**2 * found.spectrum + _noise)),
                "C = |S|^2 (g^2 C + noise), as at fixed couplings with the dressed response",
            ),
        ),
        Step(
            "Participation ratio at zero frequency, where S is real",
            "C^2 over the pair spectrum with its diagonal",
            enhancement_at_zero(),
            found.zero_frequency,
            reference=HU,
            check=Fact(
                lambda: same(found.zero_frequency * enhancement_at_zero(), S.One) and _extreme_symmetries(law),
                "inserted; and eta = 1, -1, 0: moments of 1/(1 - J) by the semicircle law, and (1 - g^2)^2",
            ),
        ),
        Step(
            "The dimension vanishes where g S(0) = 1: the network is stable for",
            "S inserted",
            Eq(g * ONE.S, 1),
            g * (1 + eta) < 1,
            reference=ELLIPTIC,
            check=Fact(_edge_of_stability, "S = 1/g at g = 1/(1 + eta), the edge of the ellipse"),
        ),
    )


def _extreme_symmetries(law: Expr) -> bool:
    """Symmetric J: C = (1 - J)^-2. Antisymmetric J = i A: C = (1 + A^2)^-1. Both spectra are semicircles of radius 2 g."""
    for coupling in (Rational(3, 10), Rational(9, 20)):
        r = 2 * mpmath.mpf(coupling.p) / coupling.q

        def mean(power: int, base: Callable[[mpmath.mpf], mpmath.mpf], r: mpmath.mpf = r) -> mpmath.mpf:
            return mpmath.quad(
                lambda u: 2 / mpmath.pi * mpmath.sin(u) ** 2 * base(r * mpmath.cos(u)) ** -power, [0, mpmath.pi]
            )

        symmetric = mean(2, lambda v: 1 - v) ** 2 / mean(4, lambda v: 1 - v)
        antisymmetric = mean(1, lambda v: 1 + v * v) ** 2 / mean(2, lambda v: 1 + v * v)
        for value, exact in ((1, symmetric), (-1, antisymmetric), (0, (1 - r * r / 4) ** 2)):
            if not abs(mpmath.mpmathify(law.subs({eta: value, g: coupling}).evalf(20)) - exact) < mpmath.mpf(10) ** -12:
                return False
    return True


def _edge_of_stability() -> bool:
    edge = linear_network().response.subs(ONE.h, 1).subs(g, 1 / (1 + eta))
    return all((edge.subs(eta, v) - (1 + v)).cancel() == 0 for v in (Rational(-1, 3), Rational(0), Rational(4, 5)))


__all__ = ["LinearNetwork", "decay", "derive", "linear_network"]
