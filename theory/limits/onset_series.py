r"""The onset of chaos as series in the distance from the critical coupling, for a generic activation of slope 1 at 0.

``phi = x + b x^3/6 + d x^5/120 + ...``; `theory.limits.onset_steps` is the argument, step by step.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259 (onset); Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401 (dimension of
activity).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sympy import Add, Expr, S, Symbol, factorial, log, sqrt, zeta

from theory.averages.polynomial import moment
from theory.implicit import Branch
from theory.symbols import Delta, x

b, d = Symbol("b", negative=True), Symbol("d", real=True)
"""Third and fifth derivative of phi at 0 in units of its slope there."""

eps = Symbol("eps", positive=True)
"""Distance g/g_c - 1 from the critical coupling."""

kappa = Symbol("kappa", positive=True)
"""Decay rate of the autocovariance at long lags."""


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
def in_kappa() -> Mapping[str, Expr]:
    """What depends on the activation through kappa alone: to relative order kappa^2, over N the dimensions."""
    total, tail = pole_moment(1) / 2, tail_moment()  # psi/Delta0^2 = total/kappa^3 - tail/kappa^2
    diffusive = pole_moment(2) / 2  # (1/2) int dw/2pi psi(w, -w) = diffusive Delta0^2/kappa^5
    following = 1 + tail / total * kappa
    dimension, population = kappa**3 / total * following, (diffusive / total).expand() / kappa**2 * following
    return {"PR_x": dimension, "PR_phi": dimension, "tau_pop": population, "tau_unit": 1 / kappa}


@lru_cache(maxsize=1)
def laws() -> Mapping[str, Expr]:
    """Every result as a series in eps, in `b` and `d`."""
    activity = taylor_polynomial()
    branch = along_onset(activity)
    variance, squared = series(branch, Delta, 2), series(branch, decay_from_force(activity), 3)
    lowest, following = squared.coeff(eps, 2), squared.coeff(eps, 3)
    rate = sqrt(lowest) * eps * (1 + (following / lowest / 2).factor() * eps)

    def in_eps(law: Expr) -> Expr:
        leading = law.as_leading_term(kappa).subs(kappa, sqrt(lowest) * eps)
        slope = (law.subs(kappa, rate) / leading).cancel().diff(eps).subs(eps, 0)
        return leading * (1 + slope.expand() * eps)

    rows = {"Delta0": variance, "kappa2": squared, "kappa": rate}
    return rows | {key: in_eps(law) for key, law in in_kappa().items()}
