r"""Mato, Rigatuso, Torroba 2025: statistics of correlations in nonlinear recurrent neural networks (arXiv 2510.21742).

The claims in leading order of 1/N for static noise and odd phi, as re-derived (equations are not quoted from the paper). Each typed
formula on the paper's side is compared with what the collective-field engine derives: as a canonical form for a generic phi, or to
25 digits for concrete activations, where every average of the engine's expression is certified by mpmath quadrature.

Notation: gamma = g^2 <phi'>^2,  s = 1 - sigma^2/Delta,  G_p = 2 Gamma(1+p/2)^2 / (sqrt(pi) Gamma(p+1/2)),
m_q = <|z|^q> for z ~ N(0, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import mpmath
from sympy import Expr, Rational, Symbol, sqrt

from derivations.claims import Claim, Paper
from derivations.comparison import DIGITS, agree, exact, number, precisely, tends_to
from theory.activations.activation import Activation
from theory.catalogue import derive
from theory.concrete import closed_form_of
from theory.derivation import same
from theory.fields.cavity import two_site_cavity
from theory.gaussian.average import Average, averages, stein
from theory.models import STATIC
from theory.symbols import Delta, g, phi, sigma, x

REFERENCE = STATIC.reference

POWER = Average(phi(x) ** 2)
GAIN = Average(phi(x), 1)
GAMMA = g**2 * GAIN**2
S = 1 - sigma**2 / Delta

_GENERIC = "canonical forms compared for a generic phi"
_NUMBERS = f"{DIGITS} digits, averages by certified quadrature, at"


def derived(key: str) -> Expr:
    """What the engine derives under a canonical key, for a generic phi."""
    theory = derive("static")
    others = {
        "self_consistency": theory.equation.right,
        "slope": theory.equation.slope,
        "control": theory.equation.control_at,
    }
    return others[key] if key in others else theory.quantities[key].expression


def at_saddle(expression: Expr) -> Expr:
    """With sigma eliminated by the self-consistency Delta = sigma^2 + g^2 <phi^2>."""
    return expression.subs(sigma, sqrt(Delta - g**2 * POWER))


# ---- any odd activation ----------------------------------------------------------------------------------------------


def _matches(key: str, formula: Expr) -> Callable[[], bool]:
    return lambda: same(at_saddle(derived(key)), at_saddle(formula))


def _mean_square_deviation() -> Expr:
    """<(phi - <phi'> x)^2>, not negative, by Stein's lemma."""
    slope = Symbol("slope", real=True)
    return stein(Average((phi(x) - slope * x) ** 2)).subs(slope, GAIN)


def _dimension_of_x_is_smaller() -> bool:
    """1/D_x - 1/D_phi = (s^2 - gamma^2)/(1 - gamma)^2 with s - gamma = (g^2/Delta) <(phi - <phi'> x)^2> >= 0."""
    difference = (S**2 - GAMMA**2) / (1 - GAMMA) ** 2
    return same(1 / derived("D_x") - 1 / derived("D_phi"), at_saddle(difference)) and _room_below_one()


def _room_below_one() -> bool:
    return same(at_saddle(S - GAMMA), g**2 / Delta * _mean_square_deviation())


def _equal_for_linear() -> bool:
    linear = Activation.from_text("x")
    return same(_closed(derived("D_x"), linear), _closed(derived("D_phi"), linear))


def _cavity_agrees() -> bool:
    cavity = two_site_cavity(STATIC.couplings, STATIC.noise)
    pairs = ((cavity.variance, "self_consistency"), (cavity.phi, "n_var_cov_phi"), (cavity.x, "n_var_cov_x"))
    return all(same(by_cavity, derived(key)) for by_cavity, key in pairs)


# ---- linear and saturating activations -------------------------------------------------------------------------------


def _closed(expression: Expr, activation: Activation) -> Expr:
    forms = {average: closed_form_of(average, activation) for average in averages(expression)}
    return expression.xreplace({average: form.expression for average, form in forms.items() if form is not None})


def _linear_limit() -> bool:
    linear = Activation.from_text("x")
    variance, dimension = sigma**2 / (1 - g**2), (1 - g**2) ** 2
    n_variance = variance**2 * ((1 - g**2) ** -2 - 1)
    claimed = {
        "self_consistency": variance,
        "D_x": dimension,
        "D_phi": dimension,
        "n_var_cov_x": n_variance,
        "n_var_cov_phi": n_variance,
        "stability": g**2,
    }
    return all(same(_closed(derived(key), linear).subs(Delta, variance), value) for key, value in claimed.items())


def coupling(text: str, variance: Expr, noise: Expr | int = 1) -> mpmath.mpf:
    """The g at which `variance` is the solution, from the engine."""
    return number(derived("control"), text, Delta=variance, sigma=noise)


def on_branch(key: str, text: str, variance: Expr, noise: Expr | int = 1) -> mpmath.mpf:
    """A result of the engine where `variance` is the solution, for noise of standard deviation `noise`."""
    return number(at_saddle(derived(key)).subs(g, derived("control")), text, Delta=variance, sigma=noise)


def _instability_resolved() -> bool:
    """g(Delta) is bounded by 1 for linear phi, unbounded for sublinear phi; D_phi stays positive."""
    far = Rational(10) ** 40
    bounded = agree(coupling("x", far), mpmath.mpf(1), 38)
    tanh_grows = tends_to(lambda v: coupling("tanh(x)", v) / mpmath.sqrt(exact(v)), mpmath.mpf(1), Rational(1, 2))
    root_grows = tends_to(
        lambda v: coupling("power(1/2)", v) / mpmath.root(exact(v), 4), 1 / mpmath.sqrt(moment(1)), Rational(1)
    )
    positive = all(on_branch("D_phi", text, Rational(10) ** 16) > 0 for text in ("tanh(x)", "power(1/2)"))
    return bounded and tanh_grows and root_grows and positive


def _saturating() -> bool:
    limit = (1 - 2 / mpmath.pi) ** 2
    return all(
        tends_to(partial(on_branch, "D_phi", text), limit, Rational(1, 2))
        for text in ("tanh(x)", "erf(x)", "x/sqrt(1+x^2)")
    )


# ---- power laws ------------------------------------------------------------------------------------------------------

EXPONENTS = tuple(Rational(p) for p in ("1/3", "1/2", "3/4", "6/5", "3/2", "3"))
_VARIANCE, _COUPLING = Rational(7, 4), Rational(3, 10)


def moment(q: mpmath.mpf | int) -> mpmath.mpf:
    """<|z|^q> for z ~ N(0, 1)."""
    return 2 ** (mpmath.mpf(q) / 2) * mpmath.gamma((mpmath.mpf(q) + 1) / 2) / mpmath.sqrt(mpmath.pi)


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


# ---- Pade activations ------------------------------------------------------------------------------------------------


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


# ---- the table -------------------------------------------------------------------------------------------------------

_EXPONENTS = f"{_NUMBERS} p = {', '.join(map(str, EXPONENTS))}"

_ROWS: tuple[tuple[str, str, Callable[[], bool]], ...] = (
    (
        "Self-consistency: Delta = sigma^2 + g^2 <phi^2>, x ~ N(0, Delta)",
        _GENERIC,
        _matches("self_consistency", sigma**2 + g**2 * POWER),
    ),
    (
        "The fixed point is stable while g^2 <phi'^2> < 1",
        f"multiplier of the fluctuation kernel for two copies with the same noise; {_GENERIC}",
        _matches("stability", g**2 * Average(phi(x).diff(x) ** 2)),
    ),
    (
        "Off-diagonal covariances of phi: N Var = <phi^2>^2 (1/(1-gamma)^2 - 1)",
        f"fluctuation kernel of two replicas; {_GENERIC}",
        _matches("n_var_cov_phi", POWER**2 * ((1 - GAMMA) ** -2 - 1)),
    ),
    (
        "Off-diagonal covariances of x: N Var = (Delta s)^2/(1-gamma)^2 + 2 gamma Delta^2/(1-gamma)",
        f"fluctuation kernel of two replicas; {_GENERIC}",
        _matches("n_var_cov_x", (Delta * S) ** 2 / (1 - GAMMA) ** 2 + 2 * GAMMA * Delta**2 / (1 - GAMMA)),
    ),
    (
        "Participation dimension of phi: D_phi = (1 - gamma)^2, the linear result with g replaced by g <phi'>",
        _GENERIC,
        _matches("D_phi", (1 - GAMMA) ** 2),
    ),
    (
        "Participation dimension of x: D_x = (1-gamma)^2 / (1 - gamma^2 + s^2)",
        _GENERIC,
        _matches("D_x", (1 - GAMMA) ** 2 / (1 - GAMMA**2 + S**2)),
    ),
    (
        "D_x <= D_phi, with equality for linear phi",
        "1/D_x - 1/D_phi = (s^2-gamma^2)/(1-gamma)^2 and s - gamma = (g^2/Delta) <(phi - <phi'> x)^2> >= 0 "
        "by Stein's lemma, for a generic phi",
        lambda: _dimension_of_x_is_smaller() and _equal_for_linear(),
    ),
    (
        "The dimension is strictly positive: D_phi >= (sigma^2/Delta)^2",
        "1 - gamma - sigma^2/Delta = s - gamma is a mean square, for a generic phi",
        lambda: same(derived("D_phi"), (1 - GAMMA) ** 2) and _room_below_one(),
    ),
    (
        "The path integral agrees with the two-site cavity on Delta and both covariance statistics",
        f"two derivations that share no step; {_GENERIC}",
        _cavity_agrees,
    ),
    (
        "Linear network: Delta = sigma^2/(1-g^2), D = (1-g^2)^2, N Var = Delta^2 ((1-g^2)^-2 - 1), unstable at g = 1",
        "closed forms of the averages inserted, canonical forms compared",
        _linear_limit,
    ),
    (
        "Nonlinearity resolves the instability of the linear theory: g is bounded by 1 for linear phi, unbounded with D > 0 "
        "for sublinear phi",
        "asymptotics of the g that the engine assigns to Delta = 10^16, 10^20, 10^40; x, tanh, power(1/2)",
        precisely(_instability_resolved),
    ),
    (
        "Saturating phi, g -> infinity: gamma -> 2/pi, D_phi -> (1 - 2/pi)^2, of the formal saddle",
        "tanh, erf, x/sqrt(1+x^2) at Delta = 10^16 and 10^20, deviation falling as Delta^(-1/2)",
        precisely(_saturating),
    ),
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
        f"{_NUMBERS} p = 3/5, 3/4, 9/10",
        precisely(_loss_of_stability),
    ),
    (
        "Power law, p > 1: saddle-node at g^2 sigma^(2p-2) = (p-1)^(p-1)/(p^p m_2p), Delta = sigma^2 p/(p-1), where the "
        "network is stable",
        f"self-consistency and slope 1, {_NUMBERS} p = 6/5, 3/2, 3",
        precisely(_saddle_node),
    ),
    (
        "Pade [1/2] of tanh, x/(1+x^2/3): <phi^2> = (I_1-I_2)/a, <phi'> = 2 I_2 - I_1, <phi'^2> = 4 I_4 - 4 I_3 + I_2, "
        "I_n = <(1+a x^2)^-n>",
        f"approximant from the series of tanh; {_NUMBERS} Delta = 1/2, 5, 400",
        precisely(_bounded_pade),
    ),
    (
        "Pade [3/2] of tanh, x(15+x^2)/(15+6x^2) = c x + (1-c) x/(1+a x^2) with c = 1/6, a = 2/5: the same "
        "with the linear part added",
        f"approximant from the series of tanh; {_NUMBERS} Delta = 1/2, 5, 400",
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

PAPER = Paper(
    name="mato2025",
    title="Statistics of correlations in nonlinear recurrent neural networks",
    reference=REFERENCE,
    claims=tuple(
        Claim(number, statement, how, REFERENCE, check) for number, (statement, how, check) in enumerate(_ROWS, 1)
    ),
    not_covered=(
        "1/N corrections of mean activity, covariances and dimension",
        "white and coloured noise in time",
        "agreement with simulation: run 'quenched validate static -a EXPR g=... sigma=...' for an activation of your choice",
    ),
    note="Leading order in 1/N, static noise, odd phi. Statements are given as re-derived, not quoted; gamma = g^2 <phi'>^2, "
    "s = 1 - sigma^2/Delta, G_p = 2 Gamma(1+p/2)^2/(sqrt(pi) Gamma(p+1/2)), m_q = <|z|^q>, z ~ N(0, 1).",
)
