r"""Large coupling without noise: activations with tails |phi| ~ c |x|^p, -1 <= p < 1; for p = 0 they saturate.

Without noise nothing but the tails sets a scale for x. Var Phi = V Delta^(p+1) with Phi' = phi turns the energy condition
Delta0^2/2 = g^2 Var Phi into Delta0 = (2 V g^2)^(1/(1-p)), and the correlation rho = C/Delta0 obeys an equation without g. For
phi = sign(x) |x|^p itself this holds at every g, for other activations in the limit g -> infinity: the decay rate and the
participation ratios tend to those of that network.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259; Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import mpmath
from sympy import Abs, Eq, Expr, Function, Lt, Rational, S, Symbol, expand_log, log, powsimp, sign, sqrt, sstr
from sympy.logic.boolalg import Boolean, true

from theory.activations.activation import Activation
from theory.activations.homogeneity import degree
from theory.activations.parity import admissible_value
from theory.activations.zeros import sign_of
from theory.derivation import Fact, Replay, Step
from theory.errors import DomainError
from theory.fields.cavity_in_time import CLARK, ONE, TWO
from theory.gaussian.average import Average
from theory.gaussian.pair import pair_closed_form
from theory.gaussian.polynomial import half_moment
from theory.highprecision import mp_function
from theory.large_variance import large_variance, tails
from theory.near_critical import kappa
from theory.near_critical_steps import pair_enhancement
from theory.symbols import Delta, g, phi, rho, tau, x

_NO_POWER = "not derived: phi oscillates, decays exponentially, or its tails are no power"
_TOO_FAST = "phi does not grow slower than x: g or the variance is bounded, there is no limit"
_TOO_SLOW = "not derived: phi decays faster than 1/x, Var Phi is not set by the tails"
_rho = Function("rho")(tau)
_F = Function("F")


@dataclass(frozen=True, eq=False)
class Saturation:
    """Behaviour at large coupling without noise.

    Attributes
    ----------
    activation : Activation
    kind : str
        'saturating' (p = 0), 'power' (0 < p < 1), 'decaying' (-1 <= p < 0) or 'none'.
    reason : str
        For the kind 'none': why.
    exponent, prefactor : Expr or None
        p and c in |phi| ~ c |x|^p.
    everywhere : bool
        Whether phi is that power, so that the laws hold at every g.
    laws : mapping of str to Expr
        Delta0 and C_phi0 in g, the limits of kappa2, PR0_x, PR0_phi.
    equation : Eq or None
        Of rho(tau) = C(tau)/Delta0.
    network : str
        The activation whose PR_x and PR_phi, the same at every g, are the limits; empty for p < 0, where phi = sign(x) |x|^p
        is infinite at 0.
    condition : Boolean
        On the parameters of the activation.
    """

    activation: Activation
    kind: str
    reason: str = ""
    exponent: Expr | None = None
    prefactor: Expr | None = None
    everywhere: bool = False
    laws: Mapping[str, Expr] = field(default_factory=dict)
    equation: Eq | None = None
    network: str = ""
    condition: Boolean = true

    @property
    def sentence(self) -> str:
        """One line for the reader."""
        if self.kind == "none":
            return f"large coupling without noise: {self.reason}"
        where = "" if self.condition == true else f" where {sstr(self.condition)}"
        range_ = "every coupling" if self.everywhere else "g -> infinity"
        return f"{range_} without noise{where}, |phi| ~ {sstr(self.prefactor * Abs(x) ** self.exponent)}"


def saturation(activation: Activation | str) -> Saturation:
    """Limits at large coupling without noise, symbolic in the parameters of the activation.

    Parameters
    ----------
    activation : Activation or str
        Odd activation, or its text.

    Returns
    -------
    Saturation
        Of the kind 'none', with the reason, where the tails are no power between -1 and 1.
    """
    if isinstance(activation, str):
        activation = Activation.from_text(activation)
    if activation.parity != "odd":
        return Saturation(activation, "none", "phi must be odd")
    found = tails(activation.pieces.power(2))
    if found is None or found[1].is_finite is False:
        return Saturation(activation, "none", _NO_POWER)
    c, p = sqrt(found[0]), found[1] / 2
    sign_of_p = 1 if p.is_positive else sign_of(p)
    if sign_of_p is None:
        return Saturation(activation, "none", f"depends on the sign of {sstr(p)}")
    if sign_of(p - 1) in (0, 1):
        return Saturation(activation, "none", _TOO_FAST)
    if sign_of_p == -1 and sign_of(p + 1) != 1 and p != -1:
        return Saturation(activation, "none", _TOO_SLOW)
    return Saturation(
        activation,
        {0: "saturating", 1: "power", -1: "decaying"}[sign_of_p],
        exponent=p,
        prefactor=c,
        everywhere=degree(activation.pieces) is not None,
        laws=laws(p, c, activation),
        equation=scaled_equation(p),
        network={0: "sign(x)", 1: f"power({sstr(p)})", -1: ""}[sign_of_p],
        condition=true if sign_of(p - 1) == -1 else Lt(p, 1),
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


def laws(p: Expr, c: Expr, activation: Activation) -> dict[str, Expr]:
    """Delta0 and C_phi0 in g, limits of kappa2, PR0_x and PR0_phi."""
    variance = (2 * spread(p) * c**2 * g**2) ** (1 / (1 - p))
    decay, power = decay_rate_squared(p), large_variance(Average(phi(x) ** 2), activation)
    return {
        "Delta0": variance.factor() if p == 0 else variance,
        **({} if power is None else {"C_phi0": power.of(variance)}),
        "kappa2": decay,
        **{key: _at_limit(decay, value) for _, key, value in _zero_frequency()},
    }


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


def scaled_equation(p: Expr) -> Eq:
    """rho'' = rho - F(rho)/(2 V): C = Delta0 rho inserted, g^2 c^2 Delta0^(p-1) = 1/(2 V)."""
    factor = (pair_function(p) / absolute_moment(p + 1) ** 2).expand() * (1 - decay_rate_squared(p))
    return Eq(_rho.diff(tau, 2), _rho - factor.subs(rho, _rho))


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def saturation_steps(found: Saturation) -> tuple[Step, ...]:
    """From the tails to the limits."""
    p, c = found.exponent, found.prefactor
    if p is None or c is None:
        return ()
    variance = Symbol("Var_Phi", positive=True)
    law = c**2 * spread(p) * Delta ** (p + 1)
    gain = c * absolute_moment(p + 1) * Delta ** ((p - 1) / 2)
    assumption = sstr(found.condition) if found.condition != true else ""
    return (
        Step(
            f"At large variance only the tails count, |phi| ~ {sstr(c * Abs(x) ** p)}: Phi = int phi grows as "
            f"{'log |x|' if p == -1 else '|x|^(p+1)/(p+1)'}, p = {sstr(p)}; Var Phi as a power of Delta",
            "absolute moments of a Gaussian",
            variance,
            law,
            assumption=assumption,
            check=Fact(
                partial(_variance_from_pairs, p),
                "the two-point function from the table integrated over the correlation",
            ),
        ),
        Step(
            "The energy condition gives the variance",
            "solved for Delta",
            Eq(Delta**2 / 2, g**2 * law),
            Eq(Delta, found.laws["Delta0"]),
            reference="Sompolinsky, Crisanti, Sommers 1988, PRL 61 259",
            check=Fact(partial(_energy_holds, found, law), "inserted, 25 digits at random parameters"),
        ),
        Step(
            "Size of the mean slope <phi'> = <x phi>/Delta",
            "Stein's lemma",
            Abs(Average(phi(x), 1)),
            gain,
            check=Fact(
                partial(_gain_holds, found, gain), "leading power of <phi'> of this activation at large variance"
            ),
        ),
        Step(
            "Decay rate: neither g nor c is left",
            "kappa^2 = 1 - g^2 <phi'>^2 with both inserted",
            1 - g**2 * gain**2,
            found.laws["kappa2"],
            reference=CLARK,
            check=Fact(partial(_decay_holds, found, gain), "25 digits at random parameters"),
        ),
        Step(
            "The correlation rho = C/Delta0 obeys an equation without g: every function of rho alone, as PR_x and PR_phi, is that "
            f"of the network with phi = {found.network}",
            "change of variables",
            after=found.equation,
            check=Fact(partial(_decays_at_that_rate, p), "linear at small rho with the decay rate found above"),
        ),
        *(
            Step(
                f"Zero frequency, {key}",
                "1/M with the pair spectrum M C C, at omega_1 = omega_2 = 0",
                value,
                found.laws[key],
                reference=CLARK,
                check=Replay(partial(_at_limit, found.laws["kappa2"])),
            )
            for _, key, value in _zero_frequency()
        ),
    )


def _at_limit(decay: Expr, e: Expr) -> Expr:
    return e.subs(kappa, sqrt(decay))


def _zero_frequency() -> tuple[tuple[str, str, Expr], ...]:
    at_rest = {h: S.One for site in (ONE, TWO) for h in (site.h, site.hc)}
    return tuple((name, f"PR0_{name}", (1 / pair_enhancement(name).subs(at_rest)).factor()) for name in ("x", "phi"))


def _values(found: Saturation) -> dict[Symbol, Expr]:
    """Parameters of the activation that meet the condition."""
    for seed in range(100):
        draw = random.Random(seed)
        own = {q: Rational(str(round(float(admissible_value(q, draw)), 3))) for q in found.activation.parameters}
        if found.condition.subs(own) == true:
            return own
    raise DomainError(f"no parameters with {sstr(found.condition)} were found")


def _agree(left: Expr, right: Expr, values: Mapping[Symbol, Expr], digits: int = 25) -> bool:
    a, b = (mpmath.mpmathify(side.subs(values).evalf(digits + 10)) for side in (left, right))
    return bool(abs(a - b) <= mpmath.mpf(10) ** -digits * max(abs(a), abs(b)))


def _exponent_for_checks(p: Expr) -> Expr:
    return p if p.is_number else Rational(2, 3)


def _pair(p: Expr) -> tuple[Callable[[mpmath.mpf], mpmath.mpf], mpmath.mpf]:
    """F(rho) and Var Phi of a number p, as mpmath sees them."""
    number = _exponent_for_checks(p)
    return mp_function(rho, pair_function(number)), mpmath.mpmathify(spread(number).evalf(mpmath.mp.dps))


def _variance_from_pairs(p: Expr) -> bool:
    """W(Delta) = int_0^Delta f(c) dc, the potential of the force, is Var Phi; rho = sin(angle) tames the end."""
    with mpmath.workdps(40):
        F, total = _pair(p)

        def power(angle: mpmath.mpf) -> mpmath.mpf:
            correlation = mpmath.sin(angle)
            return F(correlation) * mpmath.cos(angle) if correlation < 1 else mpmath.mpf(0)  # beyond rounding

        work = mpmath.quad(power, [0, mpmath.pi / 4, mpmath.pi / 2], maxdegree=7)
        return bool(abs(work - total) < mpmath.mpf(10) ** -15)


def _energy_holds(found: Saturation, law: Expr) -> bool:
    values = {**_values(found), g: Rational(7, 3)}
    variance = found.laws["Delta0"]
    return _agree(variance**2 / 2, (g**2 * law).subs(Delta, variance), values)


def _gain_holds(found: Saturation, gain: Expr) -> bool:
    law = large_variance(Average(phi(x), 1), found.activation)
    return law is not None and _agree(law.of(Delta) ** 2, gain**2, {**_values(found), Delta: Rational(7, 3)})


def _decay_holds(found: Saturation, gain: Expr) -> bool:
    values = {**_values(found), g: Rational(7, 3)}
    return _agree((1 - g**2 * gain**2).subs(Delta, found.laws["Delta0"]), found.laws["kappa2"], values)


def _decays_at_that_rate(p: Expr) -> bool:
    """rho'' = kappa^2 rho for small rho: 1 - F'(0)/(2 V), F'(0) by differences, is the kappa^2 of the mean slope."""
    with mpmath.workdps(25):
        F, total = _pair(p)
        rate = 1 - mpmath.diff(F, 0) / (2 * total)
        claimed = mpmath.mpmathify(decay_rate_squared(_exponent_for_checks(p)).evalf(25))
        return bool(abs(rate - claimed) < mpmath.mpf(10) ** -12)


__all__ = ["Saturation", "saturation", "saturation_steps"]
