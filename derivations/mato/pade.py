"""Pade activations."""

from __future__ import annotations

import mpmath
from sympy import Rational

from derivations.comparison import agree, exact, number, precisely, tends_to
from derivations.mato.quantities import (
    NUMBERS,
    Row,
    coupling,
    derived,
    on_branch,
)
from theory.activations.activation import Activation
from theory.derivation import same


def pole_average(n: int, w: mpmath.mpf) -> mpmath.mpf:
    """I_n = <(1 + a x^2)^-n>, w = 1/(2 a Delta), by upward recursion from I_0 = 1 and I_1 = sqrt(pi w) e^w erfc(sqrt w)."""
    previous, current = mpmath.mpf(1), mpmath.sqrt(mpmath.pi * w) * mpmath.exp(w) * mpmath.erfc(mpmath.sqrt(w))
    if n == 0:
        return previous
    for k in range(1, n):
        previous, current = current, ((2 * k - 1 - 2 * w) * current + 2 * w * previous) / (2 * k)
    return current


def _pade_averages(a: mpmath.mpf, c: mpmath.mpf, variance: mpmath.mpf) -> dict[str, mpmath.mpf]:
    """C_phi, gain and <phi'^2> of c x + (1-c) x/(1 + a x^2)."""
    one, two, three, four = (pole_average(n, 1 / (2 * a * variance)) for n in (1, 2, 3, 4))
    r = 1 - c
    return {
        "C_phi": c**2 * variance + 2 * c * r * (1 - one) / a + r**2 * (one - two) / a,
        "gain": c + r * (2 * two - one),
        "stability": c**2 + 2 * c * r * (2 * two - one) + r**2 * (4 * four - 4 * three + two),
    }


def _pade_closed(text: str, a: Rational, c: Rational) -> bool:
    for variance in (Rational(1, 2), Rational(5), Rational(400)):
        claimed = _pade_averages(exact(a), exact(c), exact(variance))
        if not all(agree(number(derived(key), text, Delta=variance, g=1), value) for key, value in claimed.items()):
            return False
    return True


def _approximant(m: int, n: int, text: str) -> bool:
    approximant = Activation.from_text(f"pade(tanh, {m}, {n})").expression
    return same(approximant, Activation.from_text(text).expression)


def _bounded_pade() -> bool:
    return _approximant(1, 2, "x/(1+x^2/3)") and _pade_closed("x/(1+x^2/3)", Rational(1, 3), Rational(0))


def _growing_pade() -> bool:
    text = "x*(15+x^2)/(15+6*x^2)"
    return _approximant(3, 2, text) and _pade_closed(text, Rational(2, 5), Rational(1, 6))


def _pade_strong_coupling() -> bool:
    """Delta/3 -> kappa g^(4/3), kappa = (sqrt(pi/8))^(2/3); gamma g^(2/3) kappa^2 -> 1; D_phi dips and returns to 1."""
    text, kappa, half = "x/(1+x^2/3)", mpmath.cbrt(mpmath.pi / 8), Rational(1, 2)

    def gamma_scaled(v: Rational) -> mpmath.mpf:
        coupled = coupling(text, v)
        return (coupled * on_branch("gain", text, v)) ** 2 * mpmath.cbrt(coupled) ** 2 * kappa**2

    scaling = tends_to(lambda v: exact(v) / 3 / mpmath.cbrt(coupling(text, v)) ** 4, kappa, half)
    weak, middle, strong = (on_branch("D_phi", text, v) for v in (Rational(101, 100), Rational(5), Rational(10) ** 6))
    unstable = on_branch("stability", text, Rational(10) ** 6) > 1
    return scaling and tends_to(gamma_scaled, mpmath.mpf(1), half) and middle < min(weak, strong) and unstable


ROWS: tuple[Row, ...] = (
    (
        "Pade [1/2] of tanh, x/(1+x^2/3): <phi^2> = (I_1-I_2)/a, <phi'> = 2 I_2 - I_1, <phi'^2> = 4 I_4 - 4 I_3 + I_2, "
        "I_n = <(1+a x^2)^-n>",
        f"approximant from the series of tanh; {NUMBERS} Delta = 1/2, 5, 400",
        precisely(_bounded_pade),
    ),
    (
        "Pade [3/2] of tanh, x(15+x^2)/(15+6x^2) = c x + (1-c) x/(1+a x^2) with c = 1/6, a = 2/5: the same "
        "with the linear part added",
        f"approximant from the series of tanh; {NUMBERS} Delta = 1/2, 5, 400",
        precisely(_growing_pade),
    ),
    (
        "Pade [1/2], g -> infinity: a Delta -> kappa g^(4/3), kappa = (pi/8)^(1/3), gamma -> g^(-2/3)/kappa^2; "
        "D_phi dips and returns to 1, "
        "beyond the loss of stability",
        "Delta = 10^16 and 10^20, deviation falling as Delta^(-1/2); D_phi at Delta = 1.01, 5, 10^6",
        precisely(_pade_strong_coupling),
    ),
)
