r"""Onset of chaos without noise: everything as a series in the distance from the critical coupling, for any smooth activation.

For odd ``phi = a (x + b x^3/6 + d x^5/120 + ...)`` activity sets in at g_c = 1/|a|. With eps = g/g_c - 1 small and b < 0 the
variance Delta0, the decay rate kappa and the participation ratios vanish as powers of eps. To leading order in eps the decay
rate and the dimension depend on neither b nor d; as functions of kappa the dimension and both time scales are universal to
the order given.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259 (onset); Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401 (dimension of
activity). `theory.limits.onset_steps` is the argument, step by step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from sympy import Add, Eq, Expr, Function, S, Symbol, factorial, log, sqrt, sstr, zeta

from theory.activations.activation import Activation
from theory.activations.zeros import sign_of
from theory.averages.polynomial import moment
from theory.derivation import Replay, Step
from theory.implicit import Branch
from theory.limits.checks import Holds
from theory.limits.limit import Formula, Limit, follows
from theory.symbols import Delta, x

b, d = Symbol("b", negative=True), Symbol("d", real=True)
"""Third and fifth derivative of phi at 0 in units of its slope there."""

eps = Symbol("eps", positive=True)
"""Distance g/g_c - 1 from the critical coupling."""

kappa = Symbol("kappa", positive=True)
"""Decay rate of the autocovariance at long lags."""

_STEEP = "phi is infinitely steep at 0: x = 0 is unstable at every g, there is no critical coupling"
_FLAT = "phi'(0) = 0: x = 0 is stable at every g, other states set in at a finite variance"
_KINKED = "phi is not smooth at 0, where the series needs its fifth derivative"
_STRAIGHT = "phi'''(0) = 0: the variance does not grow linearly with g - g_c; that case is not derived"
_AWAY = (
    "phi'''(0)/phi'(0) > 0, phi bends away from the axis: small activity exists below g_c only, where it is not the stable "
    "state, and chaos sets in at a finite variance"
)


_UNIVERSAL = "the same for every such activation; kappa^2 = kappa2, tau_unit = int_0^oo (C_x/C_x(0))^2 dtau"
_TITLE = "Onset of chaos without noise"


class Expansion(NamedTuple):
    """The onset for a generic activation of slope 1 at 0: series in Delta, in `eps`, and in `kappa` to relative order kappa^2."""

    distance: Expr  # g^2/g_c^2 - 1 as a series in the variance, to second order
    variance: Expr  # Delta0, to second order in eps
    decay: Expr  # kappa^2, to third order in eps
    dimension: Expr  # PR_x = PR_phi over N, in kappa
    population_time: Expr  # tau_pop
    unit_time: Expr  # int_0^oo (C/C(0))^2 dtau of one unit


def near_critical(activation: Activation | str) -> Limit:
    """Series in the distance from the critical coupling, symbolic in the parameters of the activation.

    Parameters
    ----------
    activation : Activation or str
        Odd activation, or its text.

    Returns
    -------
    Limit
        Delta0, kappa2, kappa, PR_x, PR_phi, tau_pop, tau_unit as series in `eps`, then what is the same for every activation in
        `kappa`. Its facts are the critical coupling, b and d. Empty, with the reason, where phi is not smooth at 0 or does not bend
        towards the axis.
    """
    if isinstance(activation, str):
        activation = Activation.from_text(activation)
    slope = activation.slope_at_zero
    reason = "phi must be odd" if activation.parity != "odd" else _STEEP if slope.is_finite is False else ""
    reason = reason or (_FLAT if sign_of(slope) == 0 else "")
    if not reason and any(kink.position.is_zero for kink in activation.kinks):
        reason = _KINKED
    if reason:
        return Limit(title=_TITLE, reason=reason)
    own = {order: _derivative_at_zero(activation, order) / slope for order in (3, 5)}
    bend = sign_of(own[3])
    if bend in (0, 1):
        return Limit(title=_TITLE, reason=_STRAIGHT if bend == 0 else _AWAY)
    facts = {"g_c": abs(1 / slope), "b": own[3], "d": own[5]}
    where = "" if bend == -1 else f", where {sstr(own[3] < 0)}"
    section = f"onset of chaos without noise at g_c = {sstr(facts['g_c'])}{where}; eps = g/g_c - 1"
    inserted = Replay(lambda law: law.subs({b: own[3], d: own[5]}, simultaneous=True))
    return Limit(
        title=_TITLE,
        formulas=(
            *(follows(section, key, "~", inserted.rule(law), law, "inserted", inserted) for key, law in laws().items()),
            *(Formula(_UNIVERSAL, key, "~", law) for key, law in in_kappa().items()),
        ),
        lemmas=lambda: _argument(activation, facts),
        facts=facts,
    )


def _argument(activation: Activation, facts: Mapping[str, Expr]) -> Iterator[Step]:
    """For a generic activation, and what this one is near 0."""
    from theory.limits.onset_steps import derive, taylor_coefficients

    yield from derive()
    yield Step(
        f"phi(x) = {activation.text}: derivatives at 0 in units of the slope, and the critical coupling",
        "Taylor series",
        after=Eq(Function("phi")(x) * facts["g_c"], x + facts["b"] * x**3 / 6 + facts["d"] * x**5 / 120),
        assumption="terms of seventh order left out; the sign of phi does not matter",
        check=Holds(
            partial(taylor_coefficients, activation), "Taylor coefficients by numerical differentiation, 12 digits"
        ),
    )


def _derivative_at_zero(activation: Activation, order: int) -> Expr:
    """phi^(order)(0) of a function that is smooth there; by a limit where its expression is singular."""
    derivative = activation.derivative(order)
    for index, point in enumerate(derivative.breakpoints):
        if point.is_zero:
            return derivative.limit(index, 1)
    return derivative.at(S.Zero).subs(x, 0)


# ---- the series ----------------------------------------------------------------------------------------------------------------


def taylor_polynomial() -> Expr:
    """phi to the order that the series need, slope 1."""
    return x + b * x**3 / 6 + d * x**5 / 120


def mean(polynomial: Expr) -> Expr:
    """<F> of a polynomial by Wick's theorem."""
    terms = polynomial.as_poly(x).terms()
    return Add(*(c * Add(*moment(power, (), Delta)) for (power,), c in terms)).expand()


def truncated(expression: Expr, variable: Symbol, order: int) -> Expr:
    """A series in `variable` without the terms beyond `order`."""
    return expression.series(variable, 0, order + 1).removeO().expand()


def primitive(activity: Expr) -> Expr:
    """Phi with Phi' = phi, of a polynomial."""
    return activity.as_poly(x).integrate(x).as_expr()


def variance_of_primitive(activity: Expr, order: int = 2) -> Expr:
    """<Phi^2> - <Phi>^2 to relative order Delta^order."""
    Phi = primitive(activity)
    return truncated((mean(Phi**2) - mean(Phi) ** 2).expand(), Delta, order + 2)


def coupling_squared(activity: Expr, order: int = 2) -> Expr:
    """g^2/g_c^2 at which the variance is Delta: the energy condition Delta^2/2 = g^2 Var Phi solved, to order Delta^order."""
    return truncated((Delta**2 / 2 / variance_of_primitive(activity, order)).cancel(), Delta, order)


def decay_from_gain(activity: Expr, order: int = 2) -> Expr:
    """kappa^2 = 1 - g^2 <phi'>^2 in Delta to the given order: the definition."""
    gain = mean(activity.diff(x))
    return truncated((1 - coupling_squared(activity, order) * gain**2).expand(), Delta, order)


def decay_from_force(activity: Expr) -> Expr:
    """kappa^2 in Delta to third order, from the energy of the force that Price's theorem gives.

    The force is g^2 sum_n <phi^(n)>^2 C^n/n!, so that zero energy at C = Delta is
    kappa^2 Delta^2/2 = g^2 sum_{n>=3} <phi^(n)>^2 Delta^(n+1)/(n+1)!, where what cancels has cancelled already.
    """
    terms = (2 * mean(activity.diff(x, n)) ** 2 * Delta ** (n - 1) / factorial(n + 1) for n in (3, 5))
    return truncated((coupling_squared(activity) * Add(*terms)).expand(), Delta, 3)


def along_onset(activity: Expr) -> Branch:
    """The variance as a function of eps, with g = 1 + eps."""
    return Branch(eps, {Delta: coupling_squared(activity) - (1 + eps) ** 2}, {Delta: S.Zero, eps: S.Zero})


def series(branch: Branch, expression: Expr, order: int) -> Expr:
    """An expression in Delta as a series in eps."""
    return Add(*(c.factor() * eps**n for n, c in enumerate(branch.taylor(expression, order))))


# ---- universal integrals: u = kappa tau ----------------------------------------------------------------------------------------


def laplace_of_convolution(k: int) -> Expr:
    """``int_0^oo u^k e^-u / sinh(u) du``, from e^-u/sinh u = 2 sum_n e^(-2 n u) and int u^k e^(-2 n u) du = k!/(2 n)^(k+1)."""
    return factorial(k) * 2 ** (-S(k)) * zeta(k + 1)


def pole_moment(k: int) -> Expr:
    """``int dy/2pi (pi sech(pi y/2))^2 / (1 + y^2)^k`` for k = 1, 2.

    (pi sech(pi y/2))^2 is the transform of the convolution 2 u/sinh u of sech with itself, 1/(1 + y^2) that of e^-|u|/2 and
    1/(1 + y^2)^2 that of (1 + |u|) e^-|u|/4.
    """
    if k == 1:
        return 2 * laplace_of_convolution(1)
    return laplace_of_convolution(1) + laplace_of_convolution(2)


def tail_moment() -> Expr:
    """``int_0^oo u sech(u)^2 du``: u tanh u - log cosh u at its ends, where log cosh u = u - log 2 + o(1)."""
    return log(2)


@lru_cache(maxsize=1)
def expansion() -> Expansion:
    """The onset for a generic activation, with all its coefficients."""
    activity = taylor_polynomial()
    branch = along_onset(activity)
    total, tail = pole_moment(1) / 2, tail_moment()  # psi/Delta0^2 = total/kappa^3 - tail/kappa^2
    relative = tail / total * kappa
    diffusive = pole_moment(2) / 2  # (1/2) int dw/2pi psi(w, -w) = diffusive Delta0^2/kappa^5
    return Expansion(
        distance=(coupling_squared(activity) - 1).expand(),
        variance=series(branch, Delta, 2),
        decay=series(branch, decay_from_force(activity), 3),
        dimension=kappa**3 / total * (1 + relative),
        population_time=(diffusive / total).expand() / kappa**2 * (1 + relative),
        unit_time=1 / kappa,
    )


def in_kappa() -> dict[str, Expr]:
    """What depends on the activation through kappa alone."""
    found = expansion()
    return {
        "PR_x": found.dimension,
        "PR_phi": found.dimension,
        "tau_pop": found.population_time,
        "tau_unit": found.unit_time,
    }


@lru_cache(maxsize=1)
def laws() -> Mapping[str, Expr]:
    """Every result as a series in eps, in `b` and `d`."""
    found = expansion()
    lowest, following = found.decay.coeff(eps, 2), found.decay.coeff(eps, 3)
    rate = sqrt(lowest) * eps * (1 + (following / lowest / 2).factor() * eps)

    def in_eps(law: Expr) -> Expr:
        leading = law.as_leading_term(kappa).subs(kappa, sqrt(lowest) * eps)
        slope = (law.subs(kappa, rate) / leading).cancel().diff(eps).subs(eps, 0)
        return leading * (1 + slope.expand() * eps)

    rows = {"Delta0": found.variance, "kappa2": found.decay, "kappa": rate}
    return rows | {key: in_eps(law) for key, law in in_kappa().items()}


__all__ = ["Expansion", "b", "d", "eps", "expansion", "kappa", "near_critical"]
