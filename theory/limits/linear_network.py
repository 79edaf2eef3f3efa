r"""The linear network, phi(x) = x: everything in closed form.

With white noise and independent couplings the double frequency integral of the pair spectrum is one of a rational function and
is done by residues. With partially symmetric couplings the response follows the elliptic law, and the dimension at zero
frequency is a function of it.

Sources: Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401; Sommers, Crisanti, Sompolinsky, Stein 1988, PRL 60 1895 (elliptic law);
Hu, Sompolinsky 2022, PLoS Comput. Biol. 18 e1010327 (zero frequency).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import mpmath
from sympy import Eq, Expr, I, Integral, Mul, Poly, Rational, S, Symbol, factorial, oo, pi, re, solve, sqrt

from theory.activation.activation import Activation
from theory.derivation import Derivation, Evaluated, Replay, Step, chain, same
from theory.engine.cavity_in_time import CLARK, ONE, TWO, factored_root, two_site_cavity_in_time
from theory.engine.site_in_time import filtered_site
from theory.factors import positive_factors
from theory.limits.checks import Holds
from theory.limits.limit import Formula, Limit
from theory.models.dynamic import DYNAMIC
from theory.networks import GaussianCouplings
from theory.symbols import eta, frequency, g, sigma, x

ELLIPTIC = "Sommers, Crisanti, Sompolinsky, Stein 1988, PRL 60 1895"
HU = "Hu, Sompolinsky 2022, PLoS Comput. Biol. 18 e1010327"
decay = Symbol("a", positive=True)
"""Decay rate sqrt(1 - g^2) of the autocovariance with white noise."""

_s, _t = frequency, Symbol("t")
_v, _w = Symbol("omega_1", real=True), Symbol("omega", real=True)
_noise, _y = Symbol("noise", positive=True), Symbol("y", positive=True)
_TRIAL = {ONE.h: S.One, g: Rational(2, 5), eta: Rational(1, 2)}
_SAMPLE = {decay: Rational(3, 5), _s: I * Rational(7, 10)}


_WHITE = "linear network, white noise, independent couplings"
_PARTLY = "partially symmetric couplings, N <J_ij J_ji> = eta g^2; S is the response at zero frequency"


class LinearNetwork(NamedTuple):
    """Closed results for phi(x) = x."""

    variance: Expr  # Delta0 with white noise and independent couplings, in sigma and `decay`
    dimension: Expr  # PR_x over N at equal times, in `decay`
    response: Expr  # of x at transfer function h, in g and eta
    spectrum: Expr  # of x, in the response S and the spectrum of the noise
    zero_frequency: Expr  # PR_x over N at zero frequency, in g, eta and the response S there

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


def linear_limit(activation: Activation) -> Limit | None:
    """The closed results for phi = slope x; None for another activation."""
    pieces = activation.pieces.expressions
    slope = pieces[0].diff(x) if len(pieces) == 1 else x
    if slope.has(x):
        return None
    found, scaled = linear_network(), {g: abs(slope) * g}
    at_zero = found.at_zero_frequency().subs(eta, 0).subs(g, sqrt(1 - decay**2)).expand()
    rows = (
        (_WHITE, "a", sqrt(1 - g**2).subs(scaled)),
        (_WHITE, "Delta0", found.variance),
        *((_WHITE, key, found.dimension) for key in ("PR_x", "PR_phi")),
        *((_WHITE, key, at_zero) for key in ("PR0_x", "PR0_phi")),
        (_PARTLY, "S", (found.response.subs(ONE.h, 1) * slope).subs(scaled)),
        *((_PARTLY, key, found.zero_frequency.subs(ONE.S, Symbol("S"))) for key in ("PR0_x", "PR0_phi")),
    )
    formulas = tuple(Formula(section, left, "=", right) for section, left, right in rows)
    return Limit(title="Linear network", formulas=formulas, lemmas=derive, facts={"remark": ""})


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
    return chain("The linear network", _equal_time_steps(), _symmetric_steps())


def _equal_time_steps() -> Iterator[Step]:
    total, found = second_moment(), linear_network()
    inner = residues(total, _t)
    outer = residues(inner, _s)
    filtered = [DYNAMIC.network.transfer.subs(frequency, value) for value in (_s, -_s)]
    yield Step(
        "White noise, independent couplings: the spectrum of x, with a^2 = 1 - g^2 and sigma = 1",
        "solved for C",
        Eq(ONE.X, Mul(*filtered) * ((1 - decay**2) * ONE.X + 1)),
        spectrum(_s),
        check=Holds(lambda step: same(step.before.rhs.subs(ONE.X, step.after), step.after), "inserted"),
    )
    pair = "Pair spectrum with its diagonal at s = i omega_1, t = i omega_2; integrated over omega_2"
    at = {_s: I * _v}
    for title, before, after in (
        ("Variance of x", _over_frequency(spectrum(_s), _s), found.variance / sigma**2),
        (pair, _over_frequency(total.subs(at), _t), inner.subs(at)),
        ("Integrate over omega_1: (1/N) tr C^2 at equal times", _over_frequency(inner, _s), outer),
    ):
        check = Evaluated(ranges={decay: (0.4, 0.9)}, digits=8, name="frequency integral by quadrature, 8 digits")
        yield Step(title, "residues in the left half plane", before, after, reference=CLARK, check=check)
    yield Step(
        "Participation ratio at equal times",
        "PR/N = ((1/N) tr C)^2/((1/N) tr C^2)",
        outer,
        found.dimension,
        check=Replay(lambda e: (1 / (2 * decay)) ** 2 / e),
    )


def _over_frequency(rational: Expr, variable: Symbol) -> Expr:
    return Integral(rational.subs(variable, I * _w) / (2 * pi), (_w, -oo, oo))


def _symmetric_steps() -> Iterator[Step]:
    found = linear_network()
    yield Step(
        "Partially symmetric couplings, N <J_ij J_ji> = eta g^2: phi = x makes the response of x that of phi, and the feedback "
        "closes on itself. The root that tends to h",
        "quadratic equation",
        _response_equation(),
        Eq(ONE.S, found.response),
        reference=ELLIPTIC,
        check=Holds(
            lambda step: (
                (step.before.lhs - step.before.rhs).subs(*step.after.args).cancel() == 0
                and step.after.rhs.subs(eta, 0) == ONE.h
            ),
            "inserted; h at eta = 0",
        ),
    )
    yield Step(
        "Spectrum of x, h eliminated by the equation of S",
        "C = X solved",
        filtered_site(ONE, g**2 * ONE.C + _noise, eta * g**2).spectrum_x,
        found.spectrum,
        check=Holds(
            lambda step: same(step.after, ONE.S * ONE.Sc * (g**2 * step.after + _noise)),
            "C = |S|^2 (g^2 C + noise), as at fixed couplings with the dressed response",
        ),
    )
    yield Step(
        "Participation ratio at zero frequency, where S is real",
        "C^2 over the pair spectrum with its diagonal",
        enhancement_at_zero(),
        found.zero_frequency,
        reference=HU,
        check=Holds(
            lambda step: (
                same(step.after * step.before, S.One)
                and _extreme_symmetries(step.after.subs(ONE.S, found.response.subs(ONE.h, 1)))
            ),
            "inserted; and eta = 1, -1, 0: moments of 1/(1 - J) by the semicircle law, and (1 - g^2)^2",
        ),
    )
    yield Step(
        "The dimension vanishes where g S(0) = 1: the network is stable for",
        "S inserted",
        Eq(g * ONE.S, 1),
        g * (1 + eta) < 1,
        reference=ELLIPTIC,
        check=Holds(_edge_of_stability, "S = 1/g at g = 1/(1 + eta), the edge of the ellipse"),
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


def _edge_of_stability(step: Step) -> bool:
    (edge,) = solve(step.after.lhs - step.after.rhs, g)
    product = step.before.lhs.subs(ONE.S, linear_network().response.subs(ONE.h, 1)).subs(g, edge)
    return all(
        (product.subs(eta, v) - step.before.rhs).cancel() == 0 for v in (Rational(-1, 3), S.Zero, Rational(4, 5))
    )
