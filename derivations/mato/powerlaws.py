r"""Power laws sign(x)|x|^p.  G_p = 2 Gamma(1+p/2)^2 / (sqrt(pi) Gamma(p+1/2))."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import mpmath
from sympy import Rational

from derivations.comparison import agree, exact, number, precisely, tends_to
from derivations.mato.quantities import (
    NUMBERS,
    Row,
    S,
    at_saddle,
    coupling,
    derived,
    moment,
    on_branch,
)

EXPONENTS = tuple(Rational(p) for p in ("1/3", "1/2", "3/4", "6/5", "3/2", "3"))
_VARIANCE, _COUPLING = Rational(7, 4), Rational(3, 10)


def squared_gain(p: mpmath.mpf) -> mpmath.mpf:
    """G_p: gamma = G_p s."""
    return 2 * mpmath.gamma(1 + p / 2) ** 2 / (mpmath.sqrt(mpmath.pi) * mpmath.gamma(p + mpmath.mpf(1) / 2))


def _power_law(claimed: Callable[[mpmath.mpf, mpmath.mpf], dict[str, mpmath.mpf]]) -> bool:
    """Compare `claimed(p, s)` with the engine at a given g and Delta for every exponent."""
    for exponent in EXPONENTS:
        text, p = f"power({exponent})", exact(exponent)
        s = number(at_saddle(S), text, Delta=_VARIANCE, g=_COUPLING)
        for key, value in claimed(p, s).items():
            if not agree(number(derived(key), text, Delta=_VARIANCE, g=_COUPLING), value):
                return False
    return True


def _power_variances(p: mpmath.mpf, s: mpmath.mpf) -> dict[str, mpmath.mpf]:
    gamma, variance = squared_gain(p) * s, exact(_VARIANCE)
    return {
        "slope": p * s,
        "C_phi": moment(2 * p) * variance**p,
        "D_phi": (1 - gamma) ** 2,
        "D_x": (1 - gamma) ** 2 / (1 - gamma**2 + s**2),
    }


def _power_stability(p: mpmath.mpf, s: mpmath.mpf) -> dict[str, mpmath.mpf]:
    return {"stability": p**2 * s / (2 * p - 1) if 2 * p > 1 else mpmath.inf}


def _collapse() -> bool:
    """Delta/sigma^2 and D depend on g sigma^(p-1) alone."""
    ratio, noise = Rational(9, 4), Rational(3)
    for exponent in EXPONENTS:
        text, p = f"power({exponent})", exact(exponent)
        scaled = coupling(text, ratio * noise**2, noise) * exact(noise) ** (p - 1)
        same_coupling = agree(scaled, coupling(text, ratio))
        if not same_coupling or not agree(
            on_branch("D_x", text, ratio * noise**2, noise), on_branch("D_x", text, ratio)
        ):
            return False
    return True


def _strong_coupling() -> bool:
    """g^2 m_2p Delta^(p-1) -> 1 and D_phi -> (1 - G_p)^2, with corrections sigma^2/Delta."""

    def scaled(text: str, p: mpmath.mpf) -> Callable[[Rational], mpmath.mpf]:
        return lambda v: coupling(text, v) ** 2 * moment(2 * p) * exact(v) ** (p - 1)

    return all(
        tends_to(scaled(f"power({q})", exact(q)), mpmath.mpf(1), Rational(1))
        and tends_to(partial(on_branch, "D_phi", f"power({q})"), (1 - squared_gain(exact(q))) ** 2, Rational(1))
        for q in EXPONENTS
        if q < 1
    )


def _loss_of_stability() -> bool:
    return all(
        agree(on_branch("stability", f"power({p})", p**2 / (1 - p) ** 2), mpmath.mpf(1))
        for p in (Rational(3, 5), Rational(3, 4), Rational(9, 10))
    )


def _saddle_node() -> bool:
    """At the claimed g the engine's self-consistency holds at Delta = p/(p-1) with slope exactly 1; stability is below 1."""
    for exponent in (q for q in EXPONENTS if q > 1):
        text, p, turning = f"power({exponent})", exact(exponent), exponent / (exponent - 1)
        claimed = mpmath.sqrt((p - 1) ** (p - 1) / (p**p * moment(2 * p)))
        if not agree(coupling(text, turning), claimed) or not agree(on_branch("slope", text, turning), mpmath.mpf(1)):
            return False
        if not on_branch("stability", text, turning) < 1:
            return False
    return True


_EXPONENTS = f"{NUMBERS} p = {', '.join(map(str, EXPONENTS))}"

ROWS: tuple[Row, ...] = (
    (
        "Power law sign(x)|x|^p: gamma = G_p s, slope of the self-consistency p s, D_phi = (1 - G_p s)^2, D_x likewise",
        _EXPONENTS,
        precisely(lambda: _power_law(_power_variances)),
    ),
    (
        "Power law: g^2 <phi'^2> = p^2 s/(2p-1) for p > 1/2, infinite for p <= 1/2",
        _EXPONENTS,
        precisely(lambda: _power_law(_power_stability)),
    ),
    (
        "Power law: Delta/sigma^2 and the dimensions depend on g sigma^(p-1) alone",
        _EXPONENTS,
        precisely(_collapse),
    ),
    (
        "Power law, p < 1, strong coupling: Delta -> (g^2 m_2p)^(1/(1-p)), D_phi -> (1 - G_p)^2 > 0",
        "Delta = 10^16 and 10^20, deviation falling as 1/Delta; p = 1/3, 1/2, 3/4",
        precisely(_strong_coupling),
    ),
    (
        "Power law, 1/2 < p < 1: stability is lost at Delta/sigma^2 = p^2/(1-p)^2",
        f"{NUMBERS} p = 3/5, 3/4, 9/10",
        precisely(_loss_of_stability),
    ),
    (
        "Power law, p > 1: saddle-node at g^2 sigma^(2p-2) = (p-1)^(p-1)/(p^p m_2p), Delta = sigma^2 p/(p-1), where the "
        "network is stable",
        f"self-consistency and slope 1, {NUMBERS} p = 6/5, 3/2, 3",
        precisely(_saddle_node),
    ),
)
