r"""Power laws sign(x)|x|^p, and Pade activations.  G_p = 2 Gamma(1+p/2)^2 / (sqrt(pi) Gamma(p+1/2))."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import mpmath
from sympy import Rational

from derivations.claims import Claims
from derivations.comparison import PRECISELY, agree, exact, number, tends_to
from derivations.mato.quantities import NUMBERS, S, at_saddle, coupling, derived, moment, on_branch
from theory.activation.activation import Activation
from theory.derivation import same

claims = Claims()
EXPONENTS = tuple(Rational(p) for p in ("1/3", "1/2", "3/4", "6/5", "3/2", "3"))
AT = {"Delta": Rational(7, 4), "g": Rational(3, 10)}
_EXPONENTS = f"{NUMBERS} p = {', '.join(map(str, EXPONENTS))}"


def squared_gain(p: mpmath.mpf) -> mpmath.mpf:
    """G_p: gamma = G_p s."""
    return 2 * mpmath.gamma(1 + p / 2) ** 2 / (mpmath.sqrt(mpmath.pi) * mpmath.gamma(p + mpmath.mpf(1) / 2))


def power_law(
    claimed: Callable[[mpmath.mpf, mpmath.mpf], dict[str, mpmath.mpf]], exponents: tuple[Rational, ...] = EXPONENTS
) -> Iterator[bool]:
    """Compare `claimed(p, s)` with the engine at a given g and Delta for every exponent."""
    for text, p in ((f"power({exponent})", exact(exponent)) for exponent in exponents):
        for key, value in claimed(p, number(at_saddle(S), text, **AT)).items():
            yield agree(number(derived(key), text, **AT), value)


@claims(
    "Power law sign(x)|x|^p: gamma = G_p s, slope of the self-consistency p s, D_phi = (1 - G_p s)^2, D_x likewise",
    _EXPONENTS,
    PRECISELY,
)
def _variances():
    def claimed(p, s):
        gamma, power = squared_gain(p) * s, moment(2 * p) * exact(AT["Delta"]) ** p
        dimension = (1 - gamma) ** 2
        return {"slope": p * s, "C_phi": power, "D_phi": dimension, "D_x": dimension / (1 - gamma**2 + s**2)}

    return power_law(claimed)


@claims("Power law: g^2 <phi'^2> = p^2 s/(2p-1) for p > 1/2, infinite for p <= 1/2", _EXPONENTS, PRECISELY)
def _stability():
    return power_law(lambda p, s: {"stability": p**2 * s / (2 * p - 1) if 2 * p > 1 else mpmath.inf})


@claims("Power law: Delta/sigma^2 and the dimensions depend on g sigma^(p-1) alone", _EXPONENTS, PRECISELY)
def _collapse():
    ratio, noise = Rational(9, 4), Rational(3)
    for text, p in ((f"power({exponent})", exact(exponent)) for exponent in EXPONENTS):
        scaled = coupling(text, ratio * noise**2, noise) * exact(noise) ** (p - 1)
        yield agree(scaled, coupling(text, ratio))
        yield agree(on_branch("D_x", text, ratio * noise**2, noise), on_branch("D_x", text, ratio))


@claims(
    "Power law, p < 1, strong coupling: Delta -> (g^2 m_2p)^(1/(1-p)), D_phi -> (1 - G_p)^2 > 0",
    "Delta = 10^16 and 10^20, deviation falling as 1/Delta; p = 1/3, 1/2, 3/4",
    PRECISELY,
)
def _strong_coupling():

    def scaled(text, p, variance):
        return coupling(text, variance) ** 2 * moment(2 * p) * exact(variance) ** (p - 1)

    for text, p in ((f"power({q})", exact(q)) for q in EXPONENTS if q < 1):
        yield tends_to(partial(scaled, text, p), mpmath.mpf(1), Rational(1))
        yield tends_to(partial(on_branch, "D_phi", text), (1 - squared_gain(p)) ** 2, Rational(1))


@claims(
    "Power law, 1/2 < p < 1: stability is lost at Delta/sigma^2 = p^2/(1-p)^2",
    f"{NUMBERS} p = 3/5, 3/4, 9/10",
    PRECISELY,
)
def _loss_of_stability():
    for p in (Rational(3, 5), Rational(3, 4), Rational(9, 10)):
        yield agree(on_branch("stability", f"power({p})", p**2 / (1 - p) ** 2), mpmath.mpf(1))


@claims(
    "Power law, p > 1: saddle-node at g^2 sigma^(2p-2) = (p-1)^(p-1)/(p^p m_2p), Delta = sigma^2 p/(p-1), where the "
    "network is stable",
    f"self-consistency and slope 1, {NUMBERS} p = 6/5, 3/2, 3",
    PRECISELY,
)
def _saddle_node():
    """At the claimed g the engine's self-consistency holds at Delta = p/(p-1) with slope exactly 1; stability is below 1."""
    for exponent in (q for q in EXPONENTS if q > 1):
        text, p, turning = f"power({exponent})", exact(exponent), exponent / (exponent - 1)
        yield agree(coupling(text, turning), mpmath.sqrt((p - 1) ** (p - 1) / (p**p * moment(2 * p))))
        yield agree(on_branch("slope", text, turning), mpmath.mpf(1))
        yield on_branch("stability", text, turning) < 1


def pole_average(n: int, w: mpmath.mpf) -> mpmath.mpf:
    """I_n = <(1 + a x^2)^-n>, w = 1/(2 a Delta), by upward recursion from I_0 = 1 and I_1 = sqrt(pi w) e^w erfc(sqrt w)."""
    previous, current = mpmath.mpf(1), mpmath.sqrt(mpmath.pi * w) * mpmath.exp(w) * mpmath.erfc(mpmath.sqrt(w))
    if n == 0:
        return previous
    for k in range(1, n):
        previous, current = current, ((2 * k - 1 - 2 * w) * current + 2 * w * previous) / (2 * k)
    return current


def pade(text: str, degrees: str, a: Rational, c: Rational) -> Iterator[bool]:
    """`text` is that approximant of tanh; C_phi, gain and <phi'^2> of c x + (1-c) x/(1 + a x^2)."""
    approximant, r = Activation.from_text(f"pade(tanh, {degrees})").expression, 1 - exact(c)
    yield same(approximant, Activation.from_text(text).expression)
    a, c = exact(a), exact(c)
    for variance in (Rational(1, 2), Rational(5), Rational(400)):
        one, two, three, four = (pole_average(n, 1 / (2 * a * exact(variance))) for n in (1, 2, 3, 4))
        claimed = {
            "C_phi": c**2 * exact(variance) + 2 * c * r * (1 - one) / a + r**2 * (one - two) / a,
            "gain": c + r * (2 * two - one),
            "stability": c**2 + 2 * c * r * (2 * two - one) + r**2 * (4 * four - 4 * three + two),
        }
        for key, value in claimed.items():
            yield agree(number(derived(key), text, Delta=variance, g=1), value)


_PADE = f"approximant from the series of tanh; {NUMBERS} Delta = 1/2, 5, 400"
claims(
    "Pade [1/2] of tanh, x/(1+x^2/3): <phi^2> = (I_1-I_2)/a, <phi'> = 2 I_2 - I_1, <phi'^2> = 4 I_4 - 4 I_3 + I_2, "
    "I_n = <(1+a x^2)^-n>",
    _PADE,
    PRECISELY,
)(lambda: pade("x/(1+x^2/3)", "1, 2", Rational(1, 3), Rational(0)))
claims(
    "Pade [3/2] of tanh, x(15+x^2)/(15+6x^2) = c x + (1-c) x/(1+a x^2) with c = 1/6, a = 2/5: the same with the linear part added",
    _PADE,
    PRECISELY,
)(lambda: pade("x*(15+x^2)/(15+6*x^2)", "3, 2", Rational(2, 5), Rational(1, 6)))


@claims(
    "Pade [1/2], g -> infinity: a Delta -> kappa g^(4/3), kappa = (pi/8)^(1/3), gamma -> g^(-2/3)/kappa^2; "
    "D_phi dips and returns to 1, beyond the loss of stability",
    "Delta = 10^16 and 10^20, deviation falling as Delta^(-1/2); D_phi at Delta = 1.01, 5, 10^6",
    PRECISELY,
)
def _pade_strong_coupling():
    text, kappa, half = "x/(1+x^2/3)", mpmath.cbrt(mpmath.pi / 8), Rational(1, 2)

    def gamma_scaled(v):
        coupled = coupling(text, v)
        return (coupled * on_branch("gain", text, v)) ** 2 * mpmath.cbrt(coupled) ** 2 * kappa**2

    yield tends_to(lambda v: exact(v) / 3 / mpmath.cbrt(coupling(text, v)) ** 4, kappa, half)
    yield tends_to(gamma_scaled, mpmath.mpf(1), half)
    weak, middle, strong = (on_branch("D_phi", text, v) for v in (Rational(101, 100), Rational(5), Rational(10) ** 6))
    yield middle < min(weak, strong)
    yield on_branch("stability", text, Rational(10) ** 6) > 1
