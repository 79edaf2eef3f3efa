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
from functools import partial

from sympy import Eq, Expr, Function, S, sstr

from theory.activation.activation import Activation
from theory.activation.zeros import sign_of
from theory.derivation import Replay, Step
from theory.limits.checks import Holds
from theory.limits.limit import Formula, Limit, follows
from theory.limits.onset_series import b, d, in_kappa, laws
from theory.limits.onset_steps import derive, taylor_coefficients
from theory.symbols import x

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
    activation = Activation.of(activation)
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
