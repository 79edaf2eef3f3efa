r"""The onset of chaos as checked steps: energy condition, sech, Lorentzian pole of the pair spectrum, dimension, time scales.

Every closed result is checked by a route that its derivation does not take: Price's theorem against moments, quadrature in
frequency against sums in time, a double frequency integral at finite kappa against its expansion.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259; Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import mpmath
from sympy import Add, Derivative, Eq, Expr, Function, I, Integral, S, Symbol, exp, factorial, oo, pi, sech, sqrt, tanh

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.activation.pieces import Pieces
from theory.averages.pair import pair_closed_form
from theory.derivation import Derivation, Evaluated, Replay, Step, chain, same
from theory.engine.cavity_in_time import CLARK, ONE, TWO, two_site_cavity_in_time
from theory.highprecision import mp_function
from theory.limits.checks import Holds
from theory.limits.onset_series import (
    along_onset,
    b,
    coupling_squared,
    decay_from_force,
    decay_from_gain,
    eps,
    in_kappa,
    kappa,
    laws,
    mean,
    pole_moment,
    primitive,
    series,
    tail_moment,
    taylor_polynomial,
    truncated,
    variance_of_primitive,
)
from theory.models.dynamic import DYNAMIC
from theory.networks import GaussianCouplings
from theory.symbols import Delta, frequency, g, rho, tau, x

SOMPOLINSKY = "Sompolinsky, Crisanti, Sommers 1988, PRL 61 259"
_w, _s, _y = (Symbol(name, real=True) for name in ("omega", "delta_omega", "y"))
_u, _c = Symbol("u", positive=True), Symbol("c", real=True)
_C = Function("C")(tau)
_e = Symbol("e", real=True)  # seventh derivative of phi at 0
_VAR = Symbol("Var_Phi", positive=True)
_FREQUENCIES = "two frequencies omega + delta_omega/2 and -omega + delta_omega/2"
_QUADRATURE = "the integral by quadrature, 12 digits"
_SQUARED = (pi * sech(pi * _y / 2)) ** 2 / (2 * pi)  # spectrum of C, squared, over 2 pi


def derive() -> Derivation:
    """The whole argument for a generic activation of slope 1 at 0; g is in units of g_c."""
    parts = (_one_site_steps(), _autocovariance_steps(), _pair_steps(), _dimension_steps(), _time_steps())
    return chain("Onset of chaos without noise", *parts)


# ---- one unit: Delta0 and kappa as series in eps -------------------------------------------------------------------------------


def _one_site_steps() -> Iterator[Step]:
    activity = taylor_polynomial()
    variance, squared = variance_of_primitive(activity), coupling_squared(activity)
    yield Step(
        "Small activity: phi by its Taylor series, and the variance of its primitive Phi for x ~ N(0, Delta)",
        "moments of a Gaussian (Wick)",
        primitive(activity),
        variance,
        assumption="phi smooth at 0, slope 1: g is measured in units of g_c = 1/phi'(0)",
        check=Holds(_variance_by_price, "Var F = sum_n <F^(n)>^2 Delta^n/n! (Price) to the same order"),
    )
    yield Step(
        "The energy of the autocovariance vanishes: Delta^2/2 = g^2 Var Phi gives the coupling of every variance",
        "energy condition solved for g^2",
        Eq(Delta**2 / 2, g**2 * _VAR),
        Eq(g**2, squared),
        reference=SOMPOLINSKY,
        check=Holds(
            lambda step: (
                truncated(
                    (step.before.lhs - step.before.rhs.subs({step.after.lhs: step.after.rhs, _VAR: variance})).expand(),
                    Delta,
                    4,
                )
                == 0
            ),
            "inserted, to order Delta^4",
        ),
    )
    yield Step(
        "Turn the series round with g = 1 + eps",
        "series reversion",
        Eq((1 + eps) ** 2, squared),
        Eq(Delta, laws()["Delta0"]),
        assumption="b < 0; for b > 0 the solution lies at g < g_c and is not the stable state",
        check=Holds(
            lambda step: (
                truncated((step.before.rhs.subs(*step.after.args) - step.before.lhs).expand(), eps, 2) == 0
                and truncated(step.after.rhs, eps, 2) == step.after.rhs.expand()
            ),
            "inserted, to order eps^2",
        ),
    )
    yield Step(
        "Decay rate, kappa^2 = 1 - g^2 <phi'>^2: the first order in Delta cancels and the fifth derivative drops out of the "
        "second. By the energy of the force, kappa^2 Delta^2/2 = g^2 sum_n <phi^(n)>^2 Delta^(n+1)/(n+1)!, n >= 3, it is "
        "known to one more order",
        "Price's theorem",
        decay_from_gain(activity),
        decay_from_force(activity),
        reference=CLARK,
        check=Holds(_decay_by_gain, "the definition to third order, with a term of seventh order in phi"),
    )
    yield Step(
        "kappa in eps: the leading term is the same for every activation",
        "series inserted",
        decay_from_force(activity),
        laws()["kappa2"],
        check=Replay(lambda decay: series(along_onset(activity), decay, 3)),
    )


def _variance_by_price(step: Step) -> bool:
    Phi = step.before
    total = Add(*(mean(Phi.diff(x, n)) ** 2 * Delta**n / factorial(n) for n in range(1, 7)))
    return bool(Phi.diff(x).expand() == taylor_polynomial() and truncated(total.expand(), Delta, 4) == step.after)


def _decay_by_gain(step: Step) -> bool:
    longer = taylor_polynomial() + _e * x**7 / 5040
    exact = decay_from_gain(longer, 3)
    return bool((exact - step.after).expand() == 0 and (truncated(exact, Delta, 2) - step.before).expand() == 0)


# ---- C(tau) --------------------------------------------------------------------------------------------------------------------


def _autocovariance_steps() -> Iterator[Step]:
    activity = taylor_polynomial()
    yield Step(
        "The force: f(c) = <phi(u) phi(v)> of covariance c as a series in c",
        "Price's theorem, d^n f/dc^n = <phi^(n)>^2 at c = 0",
        activity,
        Add(*(mean(activity.diff(x, n)) ** 2 * _c**n / factorial(n) for n in (1, 3, 5))),
        check=Holds(_force_by_table, "<phi(u) phi(v)> of the polynomial from the table of two-point averages"),
    )
    yield Step(
        "Near the onset the first two terms remain, because C <= Delta = O(kappa): the next is smaller by Delta^2. "
        "The solution decays as exp(-kappa tau) and has its maximum Delta where kappa^2 = b^2 Delta^2/12",
        "separatrix of a quartic potential",
        Eq(Derivative(_C, (tau, 2)), kappa**2 * _C - b**2 / 6 * _C**3),
        Eq(_C, Delta * sech(kappa * tau)),
        assumption="corrections of the shape are of relative order Delta^2",
        reference=SOMPOLINSKY,
        check=Holds(_sech_solves, "inserted with kappa^2 = b^2 Delta^2/12, the law found above"),
    )
    yield Step(
        "Its spectrum",
        "Fourier transform",
        Integral(Delta * sech(kappa * tau) * exp(-I * _w * tau), (tau, -oo, oo)),
        Delta * pi / kappa * sech(pi * _w / (2 * kappa)),
        check=Evaluated(name=_QUADRATURE),
    )


def _force_by_table(step: Step) -> bool:
    pieces = Pieces((), (step.before,))
    closed = pair_closed_form(pieces, pieces)
    return closed is not None and bool((closed.expression - step.after.subs(_c, rho * Delta)).expand() == 0)


def _sech_solves(step: Step) -> bool:
    rest = (step.before.lhs - step.before.rhs).subs(*step.after.args).doit()
    rest = rest.subs(tanh(kappa * tau) ** 2, 1 - sech(kappa * tau) ** 2).expand()
    lowest = truncated(decay_from_force(taylor_polynomial()), Delta, 2)
    start = step.after.rhs.subs(tau, 0) == Delta
    rest = rest.subs(b**2, 12 * kappa**2 / Delta**2)
    return bool(start and rest.expand() == 0 and (lowest - b**2 * Delta**2 / 12).expand() == 0)


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


def _pair_steps() -> Iterator[Step]:
    both = (1 + (_w + _s / 2) ** 2) * (1 + (_w - _s / 2) ** 2)
    m_phi, m_x = (Symbol(f"M_{name}", positive=True) for name in ("phi", "x"))
    cavity = "the two-site cavity, equal as rational functions"
    yield Step(
        f"Pair spectrum of phi with its diagonal, M_phi C(omega_1) C(omega_2), at {_FREQUENCIES}: beside delta_omega = 0 a "
        "Lorentzian of width kappa^2 + omega^2, far narrower than the spectrum, which has width kappa",
        "1/|1 - g^2 <phi'>^2 h_1 h_2|^2 with g^2 <phi'>^2 = 1 - kappa^2",
        m_phi,
        both / ((kappa**2 + _w**2 - _s**2 / 4) ** 2 + _s**2),
        reference=CLARK,
        check=Holds(lambda step: same(_at_frequencies(pair_enhancement("phi")), step.after), cavity),
    )
    yield Step(
        "The same for x: at the pole M_x/M_phi is 1 up to order kappa^2, so that both dimensions agree to the order given here",
        "no noise: C_x = g^2 |h|^2 C_phi",
        m_x / m_phi,
        2 - (1 - kappa**2) ** 2 * ONE.h * ONE.hc * TWO.h * TWO.hc,
        check=Holds(lambda step: same(pair_enhancement("x"), pair_enhancement("phi") * step.after), cavity),
    )


# ---- dimension -----------------------------------------------------------------------------------------------------------------


def _dimension_steps() -> Iterator[Step]:
    yield Step(
        "Integrate the Lorentzian over delta_omega, 1/(2 (kappa^2 + omega^2)), then over omega = kappa y. In time the square "
        "of the spectrum is 2 u/sinh u and 1/(1 + y^2) is e^-|u|/2: a sum of 1/n^2. This is kappa^3 psi/Delta0^2 at leading "
        "order",
        "Parseval; e^-u/sinh u = 2 sum_n e^(-2 n u)",
        Integral(_SQUARED / (2 * (1 + _y**2)), (_y, -oo, oo)),
        pole_moment(1) / 2,
        reference=CLARK,
        check=Evaluated(name=_QUADRATURE),
    )
    yield Step(
        "Next order: away from the pole the pair spectrum is C(omega_1) C(omega_2)/delta_omega^2, in time -|tau|/2 with C^2. "
        "This is -psi/Delta0^2 at order 1/kappa^2",
        "finite part of 1/delta_omega^2; u tanh u - log cosh u at both ends",
        Integral(_u * sech(_u) ** 2, (_u, 0, oo)),
        tail_moment(),
        check=Evaluated(name=_QUADRATURE),
    )
    yield Step(
        "Both orders together: psi/Delta0^2, the double frequency integral of the pair spectrum",
        "sum",
        Symbol("psi") / Symbol("Delta0") ** 2,
        pole_moment(1) / 2 / kappa**3 - tail_moment() / kappa**2,
        check=Holds(
            lambda step: _expands(step.after),
            "the double integral at kappa = 1/50 and 1/100: the rest falls as kappa^2",
        ),
    )
    yield Step(
        "Dimension in kappa",
        "PR/N = Delta0^2/psi, the diagonal is of relative order kappa^3",
        pole_moment(1) / 2 / kappa**3 - tail_moment() / kappa**2,
        in_kappa()["PR_x"],
        reference=CLARK,
        check=Replay(lambda psi: kappa**3 * truncated((1 / (psi * kappa**3)).cancel(), kappa, 1)),
    )


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


def _expands(psi: Expr) -> bool:
    """The remainder after two orders falls as kappa^2."""
    rest = [_double_integral(rate) - float((psi * kappa**3).subs(kappa, rate)) for rate in (0.02, 0.01)]
    return abs(rest[0]) < 5 * 0.02**2 and abs(rest[0] / rest[1] - 4) < 0.3


# ---- time scales ---------------------------------------------------------------------------------------------------------------


def _time_steps() -> Iterator[Step]:
    yield Step(
        "Time scale of the population, tau_pop = int_0^oo psi(tau, tau) dtau/psi(0, 0): the numerator is (1/2) int dw/2pi "
        "psi(w, -w), at leading order Delta0^2/kappa^5 times this",
        "Parseval with 1/(1 + y^2)^2 = transform of (1 + |u|) e^-|u|/4",
        Integral(_SQUARED / (2 * (1 + _y**2) ** 2), (_y, -oo, oo)),
        pole_moment(2) / 2,
        check=Evaluated(name=_QUADRATURE),
    )
    yield Step(
        "tau_pop in kappa: longer than the time of one unit by 1/kappa",
        "ratio",
        pole_moment(2) / 2 / kappa**5 / (pole_moment(1) / 2 / kappa**3 - tail_moment() / kappa**2),
        in_kappa()["tau_pop"],
        check=Replay(lambda ratio: truncated((ratio * kappa**2).cancel(), kappa, 1) / kappa**2),
    )
    yield Step(
        "Time scale of one unit, int_0^oo (C/C(0))^2 dtau",
        "tanh at both ends",
        Integral(sech(kappa * tau) ** 2, (tau, 0, oo)),
        in_kappa()["tau_unit"],
        check=Evaluated(name=_QUADRATURE),
    )


# ---- one activation ------------------------------------------------------------------------------------------------------------


def taylor_coefficients(activation: Activation, step: Step) -> bool:
    """The coefficients of phi, up to its sign, by numerical differentiation at parameters that are drawn."""
    own, coupling = drawn(activation.parameters), step.after.lhs.subs(Function("phi")(x), 1)
    with mpmath.workdps(60):
        measured = mpmath.taylor(mp_function(x, activation.pieces.substitute(own).at(S.Zero)), 0, 5)
        claimed = [mpmath.mpmathify((step.after.rhs.coeff(x, n) / coupling).subs(own).evalf(50)) for n in range(6)]
        signed = [m * mpmath.sign(measured[1]) for m in measured]
        return all(abs(c - m) <= mpmath.mpf(10) ** -12 * max(1, abs(c)) for c, m in zip(claimed, signed, strict=True))
