r"""The onset of chaos as checked steps: energy condition, sech, Lorentzian pole of the pair spectrum, dimension, time scales.

Every closed result is checked by a route that its derivation does not take: Price's theorem against moments, quadrature in
frequency against sums in time, a double frequency integral at finite kappa against its expansion.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259; Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
"""

from __future__ import annotations

import math
import random
from functools import partial

import mpmath
from sympy import (
    Add,
    Derivative,
    Eq,
    Expr,
    Function,
    I,
    Integral,
    Rational,
    S,
    Symbol,
    cosh,
    exp,
    factorial,
    log,
    oo,
    pi,
    sech,
    sqrt,
    tanh,
)

from theory.activations.parity import admissible_value
from theory.activations.pieces import Pieces
from theory.derivation import Derivation, Fact, Replay, Sides, Step, same
from theory.fields.cavity_in_time import CLARK, ONE, TWO, two_site_cavity_in_time
from theory.gaussian.pair import pair_closed_form
from theory.highprecision import mp_function
from theory.models.dynamic import DYNAMIC
from theory.near_critical import (
    NearCritical,
    b,
    coupling_squared,
    d,
    decay_from_force,
    decay_from_gain,
    eps,
    expansion,
    kappa,
    laws,
    mean,
    pole_moment,
    primitive,
    tail_moment,
    taylor_polynomial,
    truncated,
    variance_of_primitive,
)
from theory.networks import GaussianCouplings
from theory.symbols import Delta, frequency, g, rho, tau, x

SOMPOLINSKY = "Sompolinsky, Crisanti, Sommers 1988, PRL 61 259"
_w, _s, _y = (Symbol(name, real=True) for name in ("omega", "delta_omega", "y"))
_u, _c = Symbol("u", positive=True), Symbol("c", real=True)
_C = Function("C")(tau)
_e = Symbol("e", real=True)  # seventh derivative of phi at 0
_VAR = Symbol("Var_Phi", positive=True)
_FREQUENCIES = "two frequencies omega + delta_omega/2 and -omega + delta_omega/2"


def derive() -> Derivation:
    """The whole argument for a generic activation of slope 1 at 0; g is in units of g_c."""
    return Derivation(
        "Onset of chaos without noise",
        (*_one_site_steps(), *_autocovariance_steps(), *_pair_steps(), *_dimension_steps(), *_time_steps()),
    )


def near_critical_steps(found: NearCritical) -> tuple[Step, ...]:
    """The argument and what it gives for one activation; nothing where there is no onset of this kind."""
    if found.coupling is None or found.b is None or found.d is None:
        return ()
    return (
        *derive(),
        Step(
            f"phi(x) = {found.activation.text}: derivatives at 0 in units of the slope, and the critical coupling",
            "Taylor series",
            after=Eq(Function("phi")(x) * found.coupling, x + found.b * x**3 / 6 + found.d * x**5 / 120),
            assumption="terms of seventh order left out; the sign of phi does not matter",
            check=Fact(partial(_taylor_holds, found), "Taylor coefficients by numerical differentiation, 12 digits"),
        ),
        *(
            Step(f"{key} at the onset", "inserted", law, found.laws[key], check=Replay(partial(_inserted, found)))
            for key, law in laws().items()
        ),
    )


# ---- one unit: Delta0 and kappa as series in eps -------------------------------------------------------------------------------


def _one_site_steps() -> tuple[Step, ...]:
    activity = taylor_polynomial()
    variance, squared = variance_of_primitive(activity), coupling_squared(activity)
    found = expansion()
    return (
        Step(
            "Small activity: phi by its Taylor series, and the variance of its primitive Phi for x ~ N(0, Delta)",
            "moments of a Gaussian (Wick)",
            primitive(activity),
            variance,
            assumption="phi smooth at 0, slope 1: g is measured in units of g_c = 1/phi'(0)",
            check=Fact(_variance_by_price, "Var F = sum_n <F^(n)>^2 Delta^n/n! (Price) to the same order"),
        ),
        Step(
            "The energy of the autocovariance vanishes: Delta^2/2 = g^2 Var Phi gives the coupling of every variance",
            "energy condition solved for g^2",
            Eq(Delta**2 / 2, g**2 * _VAR),
            Eq(g**2, squared),
            reference=SOMPOLINSKY,
            check=Fact(
                lambda: truncated((squared * variance - Delta**2 / 2).expand(), Delta, 4) == 0,
                "inserted, to order Delta^4",
            ),
        ),
        Step(
            "Turn the series round with g = 1 + eps",
            "series reversion",
            Eq((1 + eps) ** 2, squared),
            Eq(Delta, found.variance),
            assumption="b < 0; for b > 0 the solution lies at g < g_c and is not the stable state",
            check=Fact(
                lambda: truncated((squared.subs(Delta, found.variance) - (1 + eps) ** 2).expand(), eps, 2) == 0,
                "inserted, to order eps^2",
            ),
        ),
        Step(
            "Decay rate, kappa^2 = 1 - g^2 <phi'>^2: the first order in Delta cancels and the fifth derivative drops out of the "
            "second. By the energy of the force, kappa^2 Delta^2/2 = g^2 sum_n <phi^(n)>^2 Delta^(n+1)/(n+1)!, n >= 3, it is "
            "known to one more order",
            "Price's theorem",
            decay_from_gain(activity),
            decay_from_force(activity),
            reference=CLARK,
            check=Fact(_decay_by_gain, "the definition to third order, with a term of seventh order in phi"),
        ),
        Step(
            "kappa in eps: the leading term is the same for every activation",
            "series inserted",
            decay_from_force(activity),
            found.decay,
            check=Replay(lambda decay: truncated(decay.subs(Delta, found.variance), eps, 3)),
        ),
    )


def _variance_by_price() -> bool:
    Phi = primitive(taylor_polynomial())
    total = Add(*(mean(Phi.diff(x, n)) ** 2 * Delta**n / factorial(n) for n in range(1, 7)))
    return bool(truncated(total.expand(), Delta, 4) == variance_of_primitive(taylor_polynomial()))


def _decay_by_gain() -> bool:
    longer = taylor_polynomial() + _e * x**7 / 5040
    return bool((decay_from_gain(longer, 3) - decay_from_force(taylor_polynomial())).expand() == 0)


# ---- C(tau) --------------------------------------------------------------------------------------------------------------------


def _autocovariance_steps() -> tuple[Step, ...]:
    activity = taylor_polynomial()
    cubic = Eq(Derivative(_C, (tau, 2)), kappa**2 * _C - b**2 / 6 * _C**3)
    return (
        Step(
            "The force: f(c) = <phi(u) phi(v)> of covariance c as a series in c",
            "Price's theorem, d^n f/dc^n = <phi^(n)>^2 at c = 0",
            activity,
            Add(*(mean(activity.diff(x, n)) ** 2 * _c**n / factorial(n) for n in (1, 3, 5))),
            check=Fact(_force_by_table, "<phi(u) phi(v)> of the polynomial from the table of two-point averages"),
        ),
        Step(
            "Near the onset the first two terms remain, because C <= Delta = O(kappa): the next is smaller by Delta^2. "
            "The solution decays as exp(-kappa tau) and has its maximum Delta where kappa^2 = b^2 Delta^2/12",
            "separatrix of a quartic potential",
            cubic,
            Eq(_C, Delta * sech(kappa * tau)),
            assumption="corrections of the shape are of relative order Delta^2",
            reference=SOMPOLINSKY,
            check=Fact(partial(_sech_solves, cubic), "inserted with kappa^2 = b^2 Delta^2/12, the law found above"),
        ),
        Step(
            "Its spectrum",
            "Fourier transform",
            Integral(Delta * sech(kappa * tau) * exp(-I * _w * tau), (tau, -oo, oo)),
            Delta * pi / kappa * sech(pi * _w / (2 * kappa)),
            check=Sides(
                lambda k, w: mpmath.quad(
                    lambda t: 2 * mpmath.sech(k * t) * mpmath.cos(w * t), [0, 5 / k, 20 / k, 60 / k]
                ),
                mp_function((kappa, _w), pi / kappa * sech(pi * _w / (2 * kappa))),
                lambda random: (random.uniform(0.5, 2), random.uniform(0, 2)),
            ),
        ),
    )


def _force_by_table() -> bool:
    activity = taylor_polynomial()
    closed = pair_closed_form(Pieces((), (activity,)), Pieces((), (activity,)))
    series = Add(*(mean(activity.diff(x, n)) ** 2 * (rho * Delta) ** n / factorial(n) for n in (1, 3, 5)))
    return closed is not None and bool((closed.expression - series).expand() == 0)


def _sech_solves(equation: Eq) -> bool:
    curve = Delta * sech(kappa * tau)
    rest = (equation.lhs - equation.rhs).subs(_C, curve).doit()
    rest = rest.subs(tanh(kappa * tau) ** 2, 1 - sech(kappa * tau) ** 2).expand()
    lowest = truncated(decay_from_force(taylor_polynomial()), Delta, 2)
    rest = rest.subs(b**2, 12 * kappa**2 / Delta**2)
    return bool(rest.expand() == 0 and (lowest - b**2 * Delta**2 / 12).expand() == 0)


# ---- pairs ---------------------------------------------------------------------------------------------------------------------


def pair_enhancement(name: str) -> Expr:
    """Total pair spectrum over the product of the two spectra, without noise, in the transfer functions h of two replicas."""
    pairs = two_site_cavity_in_time(GaussianCouplings())
    total = {"phi": (pairs.phi + ONE.C * TWO.C) / (ONE.C * TWO.C), "x": (pairs.x + ONE.X * TWO.X) / (ONE.X * TWO.X)}[
        name
    ]
    for site in (ONE, TWO):
        total = total.subs(site.gaussian(sqrt(1 - kappa**2) / g)).subs(site.X, site.h * site.hc * g**2 * site.C)
    return total


def _at_frequencies(expression: Expr) -> Expr:
    for site, w in ((ONE, _w + _s / 2), (TWO, -_w + _s / 2)):
        values = {site.h: I * w, site.hc: -I * w}
        expression = expression.subs(
            {h: DYNAMIC.network.transfer.subs(frequency, value) for h, value in values.items()}
        )
    return expression


def _pair_steps() -> tuple[Step, ...]:
    both = (1 + (_w + _s / 2) ** 2) * (1 + (_w - _s / 2) ** 2)
    lorentzian = both / ((kappa**2 + _w**2 - _s**2 / 4) ** 2 + _s**2)
    rest = 2 - (1 - kappa**2) ** 2 * ONE.h * ONE.hc * TWO.h * TWO.hc
    m_phi, m_x = (Symbol(f"M_{name}", positive=True) for name in ("phi", "x"))
    return (
        Step(
            f"Pair spectrum of phi with its diagonal, M_phi C(omega_1) C(omega_2), at {_FREQUENCIES}: beside delta_omega = 0 a "
            "Lorentzian of width kappa^2 + omega^2, far narrower than the spectrum, which has width kappa",
            "1/|1 - g^2 <phi'>^2 h_1 h_2|^2 with g^2 <phi'>^2 = 1 - kappa^2",
            m_phi,
            lorentzian,
            reference=CLARK,
            check=Fact(
                lambda: same(_at_frequencies(pair_enhancement("phi")), lorentzian),
                "the two-site cavity, equal as rational functions",
            ),
        ),
        Step(
            "The same for x: at the pole M_x/M_phi is 1 up to order kappa^2, so that both dimensions agree to the order given "
            "here",
            "no noise: C_x = g^2 |h|^2 C_phi",
            m_x / m_phi,
            rest,
            check=Fact(
                lambda: same(pair_enhancement("x"), pair_enhancement("phi") * rest),
                "the two-site cavity, equal as rational functions",
            ),
        ),
    )


# ---- dimension -----------------------------------------------------------------------------------------------------------------


def _dimension_steps() -> tuple[Step, ...]:
    found = expansion()
    spectrum = (pi * sech(pi * _y / 2)) ** 2 / (2 * pi)
    total = pole_moment(1) / 2 / kappa**3 - tail_moment() / kappa**2
    return (
        Step(
            "Integrate the Lorentzian over delta_omega, 1/(2 (kappa^2 + omega^2)), then over omega = kappa y. In time the square "
            "of the spectrum is 2 u/sinh u and 1/(1 + y^2) is e^-|u|/2: a sum of 1/n^2. This is kappa^3 psi/Delta0^2 at leading "
            "order",
            "Parseval; e^-u/sinh u = 2 sum_n e^(-2 n u)",
            Integral(spectrum / (2 * (1 + _y**2)), (_y, -oo, oo)),
            pole_moment(1) / 2,
            reference=CLARK,
            check=_pole_moment_check(1),
        ),
        Step(
            "Next order: away from the pole the pair spectrum is C(omega_1) C(omega_2)/delta_omega^2, in time -|tau|/2 with C^2. "
            "This is -psi/Delta0^2 at order 1/kappa^2",
            "finite part of 1/delta_omega^2; u tanh u - log cosh u at both ends",
            Integral(_u * sech(_u) ** 2, (_u, 0, oo)),
            tail_moment(),
            check=Fact(
                lambda: _primitive_of_tail() and _expansion_of_double_integral(),
                "derivative of the primitive; the double frequency integral at kappa = 1/50 and 1/100 against both orders",
            ),
        ),
        Step(
            "Dimension in kappa",
            "PR/N = Delta0^2/psi, the diagonal is of relative order kappa^3",
            total,
            found.dimension,
            reference=CLARK,
            check=Replay(lambda psi: kappa**3 * truncated((1 / (psi * kappa**3)).cancel(), kappa, 1)),
        ),
    )


def _pole_moment_check(power: int) -> Sides:
    return Sides(
        partial(_by_quadrature, power),
        lambda: _number(pole_moment(power) / 2),
        lambda _: (),
        points=1,
        name="the integral by quadrature, 12 digits",
    )


def _number(expression: Expr) -> mpmath.mpf:
    return mpmath.mpmathify(expression.evalf(mpmath.mp.dps + 5))


def _by_quadrature(power: int) -> mpmath.mpf:
    """``int dy/2pi (pi sech(pi y/2))^2/(2 (1 + y^2)^power)``; the factor 1/2 for both powers."""
    return mpmath.quad(
        lambda y: mpmath.pi / 2 * mpmath.sech(mpmath.pi * y / 2) ** 2 / (1 + y * y) ** power, mpmath.linspace(0, 24, 13)
    )


def _primitive_of_tail() -> bool:
    """u tanh u - log cosh u vanishes at 0 and tends to log 2, since log cosh u = u - log 2 + log(1 + e^(-2u))."""
    antiderivative = _u * tanh(_u) - log(cosh(_u))
    slope = antiderivative.diff(_u) - _u * sech(_u) ** 2
    return bool(slope.rewrite(exp).together().expand() == 0 and antiderivative.subs(_u, 0) == 0)


def _double_integral(rate: float) -> float:
    """kappa^3 psi/Delta0^2 by the trapezoidal rule; omega = rate y, delta_omega = rate u, u = rate (1 + y^2) sinh v."""
    step, total = 0.1, 0.0
    for i in range(81):
        y = i * step
        width = rate * (1 + y * y)
        for j in range(int(math.asinh(20 / width) / step) + 1):
            u = width * math.sinh(j * step)
            pair = 1 / math.cosh(math.pi * (y + u / 2) / 2) / math.cosh(math.pi * (y - u / 2) / 2)
            weight = (1 if i == 0 else 2) * (1 if j == 0 else 2)
            pole = (rate * (1 + y * y - u * u / 4)) ** 2 + u * u
            total += weight * pair * width * math.cosh(j * step) / pole
    return rate / 4 * total * step**2


def _expansion_of_double_integral() -> bool:
    """The remainder after two orders falls as kappa^2."""
    leading, following = float(pole_moment(1) / 2), float(tail_moment())
    rest = [_double_integral(rate) - leading + following * rate for rate in (0.02, 0.01)]
    return abs(rest[0]) < 5 * 0.02**2 and abs(rest[0] / rest[1] - 4) < 0.3


# ---- time scales ---------------------------------------------------------------------------------------------------------------


def _time_steps() -> tuple[Step, ...]:
    found = expansion()
    spectrum = (pi * sech(pi * _y / 2)) ** 2 / (2 * pi)
    return (
        Step(
            "Time scale of the population, tau_pop = int_0^oo psi(tau, tau) dtau/psi(0, 0): the numerator is (1/2) int dw/2pi "
            "psi(w, -w), at leading order Delta0^2/kappa^5 times this",
            "Parseval with 1/(1 + y^2)^2 = transform of (1 + |u|) e^-|u|/4",
            Integral(spectrum / (2 * (1 + _y**2) ** 2), (_y, -oo, oo)),
            pole_moment(2) / 2,
            check=_pole_moment_check(2),
        ),
        Step(
            "tau_pop in kappa: longer than the time of one unit by 1/kappa",
            "ratio",
            pole_moment(2) / 2 / kappa**5 / (pole_moment(1) / 2 / kappa**3 - tail_moment() / kappa**2),
            found.population_time,
            check=Replay(lambda ratio: truncated((ratio * kappa**2).cancel(), kappa, 1) / kappa**2),
        ),
        Step(
            "Time scale of one unit, int_0^oo (C/C(0))^2 dtau",
            "tanh at both ends",
            Integral(sech(kappa * tau) ** 2, (tau, 0, oo)),
            found.unit_time,
            check=Fact(
                lambda: (
                    ((tanh(kappa * tau) / kappa).diff(tau) - sech(kappa * tau) ** 2).rewrite(exp).together().expand()
                    == 0
                ),
                "derivative of the primitive tanh(kappa tau)/kappa",
            ),
        ),
    )


# ---- one activation ------------------------------------------------------------------------------------------------------------


def _inserted(found: NearCritical, law: Expr) -> Expr:
    return law.subs({b: found.b, d: found.d}, simultaneous=True)


def _taylor_holds(found: NearCritical) -> bool:
    """phi'(0), phi'''(0) and phi^(5)(0) by Cauchy's integral on a small circle, at parameters that are drawn."""
    draw, activation = random.Random(5), found.activation
    own = {p: Rational(str(round(float(admissible_value(p, draw)), 3))) for p in activation.parameters}
    with mpmath.workdps(60):
        phi = mp_function(x, activation.pieces.substitute(own).at(S.Zero))
        radius, points = mpmath.mpf(10) ** -4, mpmath.unitroots(24)
        values = [phi(radius * z) for z in points]

        def derivative(n: int) -> mpmath.mpf:
            coefficient = mpmath.fsum(v / z**n for v, z in zip(values, points, strict=True)) / len(points)
            return mpmath.re(coefficient) * mpmath.factorial(n) / radius**n

        slope = derivative(1)
        claimed = [mpmath.mpmathify((S.Zero + e).subs(own).evalf(50)) for e in (found.coupling, found.b, found.d)]
        measured = [abs(1 / slope), derivative(3) / slope, derivative(5) / slope]
        return all(abs(c - v) <= mpmath.mpf(10) ** -12 * max(1, abs(v)) for c, v in zip(claimed, measured, strict=True))


__all__ = ["derive", "near_critical_steps", "pair_enhancement"]
