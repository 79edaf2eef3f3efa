r"""Large targets of a readout network whose activation grows slower than x: limits as A -> +oo and A -> -oo.

The feedback m A then dominates the variance, Delta ~ <m^2> A^2, and the averages are powers of it. theta tends to 2 j for
<phi'> ~ Delta^j, and the gain of the loop is a = 1 - snI/(snm A) + ...: one outlier tends to 1 + 2 j, the other to 0. For a
saturating phi, j = -1/2, that limit is 0, and the next order in 1/A decides.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the limits are this toolkit's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import mpmath
from sympy import Expr, Rational, S, Symbol, cos, sin, sqrt, sstr

from theory.activations.activation import Activation
from theory.activations.pieces import Pieces
from theory.activations.zeros import sign_of
from theory.concrete import closed_form_of
from theory.derivation import Fact, Step
from theory.gaussian.average import Average
from theory.large_variance import large_variance, leading_power, tail_power, tails
from theory.powers import Power
from theory.readout.target import (
    GAIN,
    GEOMETRY,
    POWER,
    SQUARED_SLOPE,
    Target,
    drawn,
    number,
    roots,
    target_of_variance,
)
from theory.symbols import A, Delta, Sm2, g, phi, snm, x

CURVATURE = Average(phi(x) ** 2, 2)  # 2 P'
THIRD = Average(phi(x), 3)  # 2 Q'
SIZE = Symbol("|A|", positive=True)

_t, _u = Symbol("t", positive=True), Symbol("u", positive=True)  # 1/|A| and Delta^(-1/2)
_NO_POWER = "not derived: <phi^2> or <phi'> has no power law at large variance"
_WAVES = "not derived: phi oscillates"
_TOO_FAST = "not derived: phi grows as fast as x, the recurrent input stays comparable with the feedback"
_SLOW = "not derived: the correction to the leading power of <phi'> is not known"
_HIDDEN = "large targets: with a loop both outliers fall faster than the bulk radius and are hidden in the bulk"
_PAIR = (
    "large targets: where lambda_1 is 0 to this order, as without input overlaps snI = smI = 0, the outliers are a complex pair, "
    "lambda^2 ~ -G"
)
_OPEN = "depends on the sign of"


@dataclass(frozen=True, eq=False)
class LargeTarget:
    """Leading behaviour at large |A|, for feedback m that is not 0.

    Attributes
    ----------
    target : Target
    activation : Activation
    kind : str
        'saturating' (<phi^2> tends to a constant, <phi'> to Delta^(-1/2)), 'power', or 'none'.
    reason : str
        For the kind 'none': why.
    averages : mapping of Average to Power
        As powers of Delta.
    laws, without_loop : mapping of str to Expr
        Delta0, C, bulk_radius, G, lambda_ls, and the outliers lambda_1, lambda_2, in A and |A|: for snm not 0, and for snm = 0,
        where one outlier is exactly 0. Those that were found.
    """

    target: Target
    activation: Activation
    kind: str
    reason: str = ""
    averages: Mapping[Average, Power] = field(default_factory=dict)
    laws: Mapping[str, Expr] = field(default_factory=dict)
    without_loop: Mapping[str, Expr] = field(default_factory=dict)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What no formula says."""
        if self.kind == "none":
            return (f"large targets: {self.reason}",)
        if self.kind != "saturating":
            return ()
        bulk, second = self.averages.get(SQUARED_SLOPE), self.averages.get(CURVATURE)
        hidden = bulk is not None and sign_of(bulk.exponent + 1) == 1
        paired = (  # G ~ |A|^-3 and what is neglected in a + theta falls faster than its root
            second is not None
            and sign_of(second.prefactor) == 1
            and second.exponent == -Rational(3, 2)
            and _falls_faster(self.activation, Rational(5, 2))
        )
        return (
            *((_HIDDEN,) if hidden else ()),
            *((_PAIR,) if paired else ()),
        )


def large_target(target: Target, activation: Activation) -> LargeTarget:
    """Leading behaviour of the results at the target as |A| grows."""

    def none(reason: str) -> LargeTarget:
        return LargeTarget(target, activation, "none", reason)

    if any(call.has(x) for piece in activation.pieces.expressions for call in piece.atoms(sin, cos)):
        return none(_WAVES)
    power, gain = large_variance(POWER, activation), large_variance(GAIN, activation)
    if power is None or gain is None or power.prefactor.is_finite is False or gain.prefactor == 0:
        return none(_NO_POWER)
    growth = sign_of(power.exponent - 1)
    if growth is None:
        return none(f"{_OPEN} {sstr(power.exponent - 1)}")
    if growth >= 0:
        return none(_TOO_FAST)
    critical = sign_of(1 + 2 * gain.exponent)
    if critical is None:
        return none(f"{_OPEN} {sstr(1 + 2 * gain.exponent)}")
    correction = S.Zero
    if critical == 0:
        found = second_term(activation) if power.exponent == 0 else None
        if found is None:
            return none(_SLOW)
        correction = found
    averages = {POWER: power, GAIN: gain}
    for average, law in (
        (CURVATURE, curvature(power, activation)),
        (SQUARED_SLOPE, large_variance(SQUARED_SLOPE, activation)),
    ):
        if law is not None and law.prefactor.is_finite:
            averages[average] = law
    common = _common(target, averages)
    loop = _without_gain(target)
    return LargeTarget(
        target,
        activation,
        "saturating" if critical == 0 else "power",
        averages=averages,
        laws={
            **common,
            "C": loop.subs(A, 1 / _t).cancel().subs(_t, 0) / _far(gain),
            **_outliers(target, averages, correction),
        },
        without_loop={"C": loop.subs(snm, 0) / _far(gain), "lambda_1": _theta(target, gain, correction, 1).subs(_t, 0)},
    )


# ---- averages ------------------------------------------------------------------------------------------------------------------


def curvature(power: Power, activation: Activation) -> Power | None:
    """2 P' at large variance: the derivative of the leading power, or what <phi^2> has beyond its limit."""
    if power.exponent != 0:
        return Power(2 * power.prefactor * power.exponent, power.exponent - 1)
    closed = closed_form_of(CURVATURE, activation)
    if closed is not None:
        if closed.expression == 0:
            return Power(S.Zero, S.Zero)
        found = leading_power(closed.expression)
        if found is not None:
            return found
    rest = tail_power(even_part(activation.pieces.power(2)).map(lambda e: e - power.prefactor))
    return None if rest is None else Power(2 * rest.prefactor * rest.exponent, rest.exponent - 1)


def second_term(activation: Activation) -> Expr | None:
    """q1 in <phi'> ~ q0 Delta^(-1/2) + q1/Delta: tails phi' ~ c/x^2 give -c, faster ones 0.

    With phi = s - c/|x|, x phi - s |x| tends to -c, and <phi'> = <x phi>/Delta. None for slower tails or where parameters hide
    them.
    """
    excess = _falls_faster(activation, S(2))
    if excess is None:
        return None
    found = tails(activation.derivative(1))
    return S.Zero if excess else None if found is None or found[1] != -2 else -found[0]


def _falls_faster(activation: Activation, r: Expr) -> bool | None:
    """Whether |x|^r phi' tends to 0; None where phi' has no power as its tail. At drawn values where parameters hide it."""
    slopes = activation.derivative(1)
    found = tails(slopes) or tails(slopes.substitute(drawn(activation)))
    if found is None:
        return None
    return not found[1].is_finite or sign_of(found[1] + r) == -1


def even_part(pieces: Pieces) -> Pieces:
    """(F(x) + F(-x))/2."""
    return pieces.combine(pieces.reflect(), lambda one, other: (one + other) / 2)


# ---- what follows --------------------------------------------------------------------------------------------------------------


def _far(power: Power) -> Expr:
    """A power of Delta where Delta ~ <m^2> A^2."""
    return power.prefactor * Sm2**power.exponent * SIZE ** (2 * power.exponent)


def _without_gain(target: Target) -> Expr:
    """C <phi'>: geometry alone."""
    return target.expression("C") * GAIN


def _common(target: Target, averages: Mapping[Average, Power]) -> dict[str, Expr]:
    """What does not depend on the readout."""
    laws: dict[str, Expr] = {"Delta0": _far(Power(S.One, S.One))}
    if SQUARED_SLOPE in averages:
        bulk = averages[SQUARED_SLOPE]
        laws["bulk_radius"] = g * _far(Power(sqrt(bulk.prefactor), bulk.exponent / 2))
    if CURVATURE in averages:
        laws["G"] = target.mode.xreplace({CURVATURE: _far(averages[CURVATURE])})
        inserted = {average: power.of(Delta) for average, power in averages.items()}
        least_squares = target.expression("lambda_ls").subs(target.slope, Delta / A).xreplace(inserted).expand()
        law = Power(S.Zero, S.Zero) if least_squares == 0 else leading_power(least_squares)
        if law is not None:
            laws["lambda_ls"] = _far(law)
    return laws


def _theta(target: Target, gain: Power, correction: Expr, side: int) -> Expr:
    """theta at A = side/t to first order in t, analytic at t = 0.

    <phi'> = q0 Delta^j + q1/Delta, the second term for j = -1/2 only; 2 Q'/Q over 1/Delta as a function of u = Delta^(-1/2).
    """
    mean = gain.of(Delta) + correction / Delta
    relative = (2 * mean.diff(Delta) / mean * Delta).subs(Delta, _u**-2).together().cancel()
    weight = (target.theta * GAIN / THIRD * _t**2).subs(A, side / _t).expand()
    growth = (target.drive * _t**2).subs(A, side / _t).expand()
    return weight / growth * relative.subs(_u, _t / sqrt(growth))


def _outliers(target: Target, averages: Mapping[Average, Power], correction: Expr) -> dict[str, Expr]:
    """With the loop: lambda_1 = a + theta to leading order, lambda_2 = a G/lambda_1."""
    gain = averages[GAIN]
    sums = [target.loop.subs(A, side / _t).cancel() + _theta(target, gain, correction, side) for side in (1, -1)]
    limit = sums[0].subs(_t, 0).factor()
    if limit == 0:
        above, below = (total.diff(_t).subs(_t, 0).expand() for total in sums)
        limit = ((above + below) / 2).expand() / SIZE + ((above - below) / 2).expand() / A
    laws = {"lambda_1": limit}
    if CURVATURE in averages:
        laws["lambda_2"] = target.mode.xreplace({CURVATURE: _far(averages[CURVATURE])}) / limit
    return laws


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def large_target_steps(found: LargeTarget) -> tuple[Step, ...]:
    """Every law against the theory with certified averages at very large targets of both signs."""
    if found.kind == "none":
        return ()
    target = found.target
    before = {
        "Delta0": target.variance,
        "bulk_radius": target.expression("bulk_radius"),
        "G": target.mode,
        "lambda_ls": target.expression("lambda_ls"),
        "C": target.expression("C"),
        **dict.fromkeys(("lambda_1", "lambda_2"), target.outliers),
    }
    return tuple(
        Step(
            f"Large |A|{geometry}: {key}",
            "averages at large variance, Delta ~ <m^2> A^2",
            before[key],
            law,
            assumption="Sm > 0" + (", lambda_1 does not vanish to this order" if key == "lambda_2" else ""),
            check=Fact(partial(_approached, found, key, law, loop), _HOW),
        )
        for geometry, laws, loop in (
            (" with a loop", found.laws, True),
            (" without loop, snm = 0", found.without_loop, False),
        )
        for key, law in laws.items()
    )


_HOW = "certified averages: the ratio tends to 1 at A of both signs as Delta grows by twelve decades"
_VARIANCES = (Rational(10) ** 12, Rational(10) ** 24)


def _approached(found: LargeTarget, key: str, law: Expr, loop: bool) -> bool:
    return all(_falls(found, key, law, loop, side) for side in (1, -1))


def _falls(found: LargeTarget, key: str, law: Expr, loop: bool, side: int) -> bool:
    deviations = []
    for variance in _VARIANCES:
        values = {**drawn(found.activation), **GEOMETRY, g: Rational(2, 3), Delta: variance}
        if not loop:
            values[snm] = S.Zero
        values[A] = target_of_variance(found.target, values, found.activation, side)
        values[SIZE] = abs(values[A])
        claimed, exact = number(law, found.activation, values), _exact(found, key, values)
        deviations.append(abs(exact - claimed) if claimed == 0 else abs(exact / claimed - 1))
    return bool(deviations[1] < 0.01 and (deviations[1] < deviations[0] / 3 or deviations[1] < 1e-13))


def _exact(found: LargeTarget, key: str, values: Mapping[Symbol, Expr]) -> mpmath.mpf:
    if key in ("lambda_1", "lambda_2"):
        return roots(found.target, found.activation, values)[int(key[-1]) - 1]
    quantity = {"Delta0": Delta, "G": found.target.mode}.get(key)
    return number(found.target.expression(key) if quantity is None else quantity, found.activation, values)


__all__ = ["LargeTarget", "large_target", "large_target_steps"]
