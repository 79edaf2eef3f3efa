r"""Large coupling without noise: activations with tails |phi| ~ c |x|^p, -1 <= p < 1; for p = 0 they saturate.

Without noise nothing but the tails sets a scale for x. Var Phi = V Delta^(p+1) with Phi' = phi turns the energy condition
Delta0^2/2 = g^2 Var Phi into Delta0 = (2 V g^2)^(1/(1-p)), and the correlation rho = C/Delta0 obeys an equation without g. For
phi = sign(x) |x|^p itself this holds at every g, for other activations in the limit g -> infinity: the decay rate and the
participation ratios tend to those of that network.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259; Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import mpmath
from sympy import Abs, Eq, Expr, Float, Function, Lt, Rational, S, Symbol, expand_log, log, powsimp, sign, sqrt, sstr
from sympy.logic.boolalg import true

from theory.activation.activation import Activation
from theory.activation.homogeneity import degree
from theory.activation.parity import drawn
from theory.activation.zeros import sign_of
from theory.averages.pair import pair_closed_form
from theory.averages.polynomial import half_moment
from theory.derivation import Replay, Step
from theory.engine.cavity_in_time import CLARK, ONE, TWO
from theory.errors import DomainError
from theory.highprecision import mp_function
from theory.limits.checks import DIGITS, Holds, Numbers, Values, approaching, equal, number
from theory.limits.large_variance import large_variance, tails
from theory.limits.limit import Formula, Limit, follows, words
from theory.limits.onset_series import kappa
from theory.limits.onset_steps import SOMPOLINSKY, pair_enhancement
from theory.limits.power_law import GAIN, POWER
from theory.symbols import Delta, g, rho, x

_TITLE = "Large coupling without noise"
_NO_POWER = "not derived: phi oscillates, decays exponentially, or its tails are no power"
_TOO_FAST = "phi does not grow slower than x: g or the variance is bounded, there is no limit"
_TOO_SLOW = "not derived: phi decays faster than 1/x, Var Phi is not set by the tails"
_rho = Symbol("rho")
_F = Function("F")


def saturation(activation: Activation | str) -> Limit:
    """Limits at large coupling without noise, symbolic in the parameters of the activation.

    Parameters
    ----------
    activation : Activation or str
        Odd activation, or its text.

    Returns
    -------
    Limit
        Delta0 and C_phi0 in g, the limits of kappa2, PR0_x, PR0_phi, and the equation of rho(tau) = C(tau)/Delta0. Its facts are p
        and c in |phi| ~ c |x|^p and, in words, the network whose PR_x and PR_phi are the limits. Empty, with the reason, where the
        tails are no power between -1 and 1.
    """
    activation = Activation.of(activation)
    if activation.parity != "odd":
        return _none("phi must be odd")
    found = tails(activation.pieces.power(2))
    if found is None or found[1].is_finite is False:
        return _none(_NO_POWER)
    c, p = sqrt(found[0]), found[1] / 2
    sign_of_p = 1 if p.is_positive else sign_of(p)
    if sign_of_p is None:
        return _none(f"depends on the sign of {sstr(p)}")
    if sign_of(p - 1) in (0, 1):
        return _none(_TOO_FAST)
    if sign_of_p == -1 and sign_of(p + 1) != 1 and p != -1:
        return _none(_TOO_SLOW)
    condition = words(true if sign_of(p - 1) == -1 else Lt(p, 1))
    everywhere = degree(activation.pieces) is not None
    network = {0: "sign(x)", 1: f"power({sstr(p)})", -1: ""}[sign_of_p]
    same = (
        "are the same at every g" if everywhere else f"tend to those of phi = {network}, which are the same at every g"
    )
    remark = f"PR_x and PR_phi {same}" if network else ""
    where = f"{'every coupling' if everywhere else 'g -> infinity'} without noise{condition and f' where {condition}'}"
    return Limit(
        title=_TITLE,
        formulas=tuple(_formulas(activation, p, c, f"{where}, |phi| ~ {sstr(c * Abs(x) ** p)}", everywhere)),
        remarks=(remark,) if remark else (),
        lemmas=lambda: _lemmas(activation, p, c, condition),
        facts={"p": p, "c": c, "remark": remark},
    )


def absolute_moment(q: Expr) -> Expr:
    """m_q = <|z|^q> for z ~ N(0, 1)."""
    return 2 * half_moment(q, S.One)


def degree_of_primitive(p: Expr) -> Expr:
    """d in Phi = |x|^d/d; 1 for p = -1, where Phi = log |x|."""
    return S.One if p == -1 else p + 1


def relative_spread(p: Expr) -> Expr:
    """Var |x|^(p+1) / <|x|^(p+1)>^2; for p = -1 Var log |x|, the second cumulant of log |x|."""
    if p == -1:
        q = Symbol("q", positive=True)
        return expand_log(log(absolute_moment(q))).diff(q, 2).subs(q, 0)
    return powsimp(absolute_moment(2 * p + 2) / absolute_moment(p + 1) ** 2) - 1


def spread(p: Expr) -> Expr:
    """Var Phi at unit variance for phi = sign(x) |x|^p."""
    return absolute_moment(p + 1) ** 2 * relative_spread(p) / degree_of_primitive(p) ** 2


def decay_rate_squared(p: Expr) -> Expr:
    """kappa^2 = 1 - g^2 <phi'>^2 on the solution, <phi'> = <x phi>/Delta: neither g nor c is left."""
    return 1 - degree_of_primitive(p) ** 2 / (2 * relative_spread(p)).expand()


def pair_function(p: Expr) -> Expr:
    """<phi(u) phi(v)> at unit variance and correlation rho < 1 for phi = sign(x) |x|^p, from the table; F(rho) where it has none.

    For p < 0 by continuation in p: the average over 1/(u v) exists as a principal value.
    """
    continued = sign_of(p) == -1
    q = Symbol("q", positive=True) if continued else p
    pieces = Activation.from_expression(sign(x) * Abs(x) ** q).pieces
    closed = pair_closed_form(pieces, pieces, S.Zero, S.One, rho)
    return _F(rho) if closed is None else closed.expression.subs(q, p)


def scaled_force(p: Expr) -> Expr:
    """rho'' = rho - F(rho)/(2 V): C = Delta0 rho inserted, g^2 c^2 Delta0^(p-1) = 1/(2 V)."""
    factor = (pair_function(p) / absolute_moment(p + 1) ** 2).expand() * (1 - decay_rate_squared(p))
    return (rho - factor).subs(rho, _rho)


def _none(reason: str) -> Limit:
    return Limit(title=_TITLE, reason=reason, facts={"remark": ""})


# ---- formulas and steps --------------------------------------------------------------------------------------------------------


def _variance_of_primitive(p: Expr, c: Expr) -> Expr:
    return c**2 * spread(p) * Delta ** (p + 1)


def _gain(p: Expr, c: Expr) -> Expr:
    return c * absolute_moment(p + 1) * Delta ** ((p - 1) / 2)


def _lemmas(activation: Activation, p: Expr, c: Expr, condition: str) -> Iterator[Step]:
    law, gain = _variance_of_primitive(p, c), _gain(p, c)
    yield Step(
        f"At large variance only the tails count, |phi| ~ {sstr(c * Abs(x) ** p)}: Phi = int phi grows as "
        f"{'log |x|' if p == -1 else '|x|^(p+1)/(p+1)'}, p = {sstr(p)}; Var Phi as a power of Delta",
        "absolute moments of a Gaussian",
        Symbol("Var_Phi", positive=True),
        law,
        assumption=condition,
        check=Numbers(
            activation,
            lambda: [[{**_own(activation, p), Delta: S.One}]],
            partial(equal, digits=15),
            "the two-point function from the table integrated over the correlation",
            lambda _, values: number(c**2, activation, values) * _work(pair_function(p.subs(values))),
        ),
    )
    yield Step(
        "Size of the mean slope <phi'> = <x phi>/Delta", "Stein's lemma", Abs(GAIN), gain, check=_far(activation, p, c)
    )


def _formulas(activation: Activation, p: Expr, c: Expr, section: str, everywhere: bool) -> Iterator[Formula]:
    """From the tails to the limits; for p < 0 there is no network to tend to, since sign(x) |x|^p is infinite at 0."""
    variance, decay, power = variance_law(p, c), decay_rate_squared(p), large_variance(POWER, activation)
    about, limit = ("=", "=") if everywhere else ("~", "->")
    on_solution = Numbers(
        activation, lambda: [[_solution(activation, p, c)]], equal, "inserted, 25 digits at random parameters", _energy
    )
    energy = Eq(Delta**2 / 2, g**2 * _variance_of_primitive(p, c))
    say = partial(follows, section)
    rule = "energy condition solved for the variance"
    yield say("Delta0", about, variance, energy, rule, on_solution, reference=SOMPOLINSKY)
    if power is not None:
        right, rule = power.of(variance), "leading power at large variance"
        yield say("C_phi0", about if right.has(g) else limit, right, POWER, rule, _far(activation, p, c))
    rule = "kappa^2 = 1 - g^2 <phi'>^2 with slope and variance inserted: neither g nor c is left"
    yield say("kappa2", limit, decay, 1 - g**2 * _gain(p, c) ** 2, rule, on_solution, reference=CLARK)
    inserted = Replay(lambda e: e.subs(kappa, sqrt(decay)))
    at_rest = {h: S.One for site in (ONE, TWO) for h in (site.h, site.hc)}
    rule = "1/M with the pair spectrum M C C, at omega_1 = omega_2 = 0"
    for name in ("x", "phi"):
        value = (1 / pair_enhancement(name).subs(at_rest)).factor()
        yield say(f"PR0_{name}", limit, inserted.rule(value), value, rule, inserted, reference=CLARK)
    rule = "C = Delta0 rho: no g is left, so that functions of rho alone, as PR_x and PR_phi, do not depend on it"
    check = Holds(
        partial(_falls_from_rest, activation, p), "linear at small rho with that decay rate; no work from 1 to 0"
    )
    force = _rho - g**2 * _F(Delta * _rho) / Delta
    yield follows(f"{section}, rho = C(tau)/Delta0", "rho''", about, scaled_force(p), force, rule, check)


def variance_law(p: Expr, c: Expr) -> Expr:
    """Delta0 in g."""
    variance = (2 * spread(p) * c**2 * g**2) ** (1 / (1 - p))
    return variance.factor() if p == 0 else variance


# ---- numbers -------------------------------------------------------------------------------------------------------------------


def _own(activation: Activation, p: Expr) -> Values:
    """Parameters of the activation at which p < 1."""
    for seed in range(100):
        values = drawn(activation.parameters, seed)
        if p.subs(values) < 1:
            return values
    raise DomainError(f"no parameters with {sstr(p)} < 1 were found")


def _solution(activation: Activation, p: Expr, c: Expr) -> Values:
    values = {**_own(activation, p), g: Rational(7, 3)}
    return {**values, Delta: Float(number(variance_law(p, c), activation, values), DIGITS)}


def _energy(before: Expr, values: Values) -> mpmath.mpf:
    """The variance by the energy condition, or an expression as it is."""
    at = sqrt(2 * before.rhs) if isinstance(before, Eq) else before
    return mpmath.mpmathify(at.subs(values).evalf(DIGITS))


def _far(activation: Activation, p: Expr, c: Expr) -> Numbers:
    """Averages at large variances, and the couplings that belong to them."""

    def way() -> list[Values]:
        own, points = _own(activation, p), list[Values]()
        for variance in (Rational(10) ** 12, Rational(10) ** 24):
            squared = number(variance ** (1 - p) / (2 * spread(p) * c**2), activation, own)
            points.append({**own, Delta: variance, g: Float(mpmath.sqrt(squared), DIGITS)})
        return points

    return Numbers(
        activation, lambda: [way()], approaching, "certified quadrature: the ratio tends to 1 as Delta grows"
    )


def _work(force: Expr) -> mpmath.mpf:
    """``int_0^1`` of a function of rho, 20 digits; rho = sin(angle) tames its end."""
    with mpmath.workdps(40):
        F = mp_function(rho, force)

        def power(angle: mpmath.mpf) -> mpmath.mpf:
            correlation = mpmath.sin(angle)
            return F(correlation) * mpmath.cos(angle) if correlation < 1 else mpmath.mpf(0)  # beyond rounding

        return mpmath.quad(power, [0, mpmath.pi / 4, mpmath.pi / 2], maxdegree=7)


def _falls_from_rest(activation: Activation, p: Expr, step: Step) -> bool:
    """rho'' = kappa^2 rho for small rho, and the energy is the same at rest at 1 and at 0."""
    values = _own(activation, p)
    at = p.subs(values)
    force = step.after.subs(p, at).subs(values).replace(_F, lambda _: pair_function(at)).subs(_rho, rho)
    with mpmath.workdps(25):
        rate = mpmath.diff(mp_function(rho, force), 0)
        decay = mpmath.mpmathify(decay_rate_squared(at).evalf(25))
        return bool(abs(rate - decay) < mpmath.mpf(10) ** -12 and abs(_work(force)) < mpmath.mpf(10) ** -15)
