r"""Large targets of a readout network whose activation grows slower than x: limits as A -> +oo and A -> -oo.

The feedback m A then dominates the variance, Delta ~ <m^2> A^2, and the averages are powers of it. theta tends to 2 j for
<phi'> ~ Delta^j, and the gain of the loop is a = 1 - snI/(snm A) + ...: one outlier tends to 1 + 2 j, the other to 0. For a
saturating phi, j = -1/2, that limit is 0, and the next order in 1/A decides.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the limits are this toolkit's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Expr, Rational, S, Symbol, sqrt, sstr

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.activation.zeros import sign_of
from theory.averages.average import Average
from theory.concrete import closed_form_of
from theory.limits.checks import Numbers, Values, approaching
from theory.limits.large_variance import WAVES, has_waves, large_variance, leading_power, tail_power, tails
from theory.limits.limit import Formula, Limit, follows
from theory.limits.powers import Power
from theory.limits.target import GAIN, GEOMETRY, OUTLIERS, POWER, SQUARED_SLOPE, Target, outlier, target_of_variance
from theory.symbols import A, Delta, Sm2, g, phi, snm, x

CURVATURE = Average(phi(x) ** 2, 2)  # 2 P'
THIRD = Average(phi(x), 3)  # 2 Q'
SIZE = Symbol("|A|", positive=True)

_t, _u = Symbol("t", positive=True), Symbol("u", positive=True)  # 1/|A| and Delta^(-1/2)
_LOOP = "large |A|, for Sm > 0 and snm not 0"
_NO_LOOP = "large |A|, for Sm > 0 and snm = 0, where the other outlier is 0"
_NO_POWER = "not derived: <phi^2> or <phi'> has no power law at large variance"
_TOO_FAST = "not derived: phi grows as fast as x, the recurrent input stays comparable with the feedback"
_SLOW = "not derived: the correction to the leading power of <phi'> is not known"
_HIDDEN = "large targets: with a loop both outliers fall faster than the bulk radius and are hidden in the bulk"
_PAIR = (
    "large targets: where lambda_1 is 0 to this order, as without input overlaps snI = smI = 0, the outliers are a complex pair, "
    "lambda^2 ~ -G"
)
_OPEN = "depends on the sign of"
_BALANCED = "geometries where lambda_1 is not 0 to this order"
_VARIANCES = (Rational(10) ** 12, Rational(10) ** 24)


def large_target(target: Target, activation: Activation) -> Limit:
    """Leading behaviour at large |A|, for feedback m that is not 0: with a loop, and without, where one outlier is exactly 0."""
    power, gain = large_variance(POWER, activation), large_variance(GAIN, activation)
    reason, correction = _reason(activation, power, gain)
    if reason or power is None or gain is None:
        return Limit(title="Large targets", reason=reason)
    averages = {POWER: power, GAIN: gain}
    for average, law in (
        (CURVATURE, curvature(power, activation)),
        (SQUARED_SLOPE, large_variance(SQUARED_SLOPE, activation)),
    ):
        if law is not None and law.prefactor.is_finite:
            averages[average] = law
    loop = target.expression("C") * GAIN  # geometry alone
    with_loop = {
        **_common(target, averages),
        "C": loop.subs(A, 1 / _t).cancel().subs(_t, 0) / _far(gain),
        **_outliers(target, averages, correction),
    }
    without = {"C": loop.subs(snm, 0) / _far(gain), "lambda_1": _theta(target, gain, correction, 1).subs(_t, 0)}
    return Limit(
        title="Large targets",
        formulas=(
            *_formulas(target, activation, _LOOP, with_loop, {}),
            *_formulas(target, activation, _NO_LOOP, without, {snm: S.Zero}),
        ),
        remarks=_remarks(activation, averages) if sign_of(1 + 2 * gain.exponent) == 0 else (),
    )


def _reason(activation: Activation, power: Power | None, gain: Power | None) -> tuple[str, Expr]:
    """Why there is no limit; and where <phi'> ~ Delta^(-1/2), which alone gives no outlier, the coefficient of 1/Delta in it."""
    if has_waves(activation.pieces):
        return WAVES, S.Zero
    if power is None or gain is None or power.prefactor.is_finite is False or gain.prefactor == 0:
        return _NO_POWER, S.Zero
    growth, critical = sign_of(power.exponent - 1), sign_of(1 + 2 * gain.exponent)
    if growth is not None and growth >= 0:
        return _TOO_FAST, S.Zero
    if growth is None or critical is None:
        return f"{_OPEN} {sstr(power.exponent - 1 if growth is None else 1 + 2 * gain.exponent)}", S.Zero
    found = S.Zero if critical != 0 else second_term(activation) if power.exponent == 0 else None
    return (_SLOW, S.Zero) if found is None else ("", found)


def _remarks(activation: Activation, averages: Mapping[Average, Power]) -> tuple[str, ...]:
    """Of a saturating phi."""
    bulk, second = averages.get(SQUARED_SLOPE), averages.get(CURVATURE)
    hidden = bulk is not None and sign_of(bulk.exponent + 1) == 1
    paired = (  # G ~ |A|^-3 and what is neglected in a + theta falls faster than its root
        second is not None
        and sign_of(second.prefactor) == 1
        and second.exponent == -Rational(3, 2)
        and _falls_faster(activation, Rational(5, 2))
    )
    return (*((_HIDDEN,) if hidden else ()), *((_PAIR,) if paired else ()))


def _formulas(
    target: Target, activation: Activation, section: str, laws: Mapping[str, Expr], geometry: Values
) -> Iterator[Formula]:
    """Every law against the theory with certified averages at very large targets of both signs."""
    before = {"Delta0": target.variance, "G": target.mode, **dict.fromkeys(OUTLIERS, target.outliers)}
    how = "certified averages: the ratio tends to 1 at A of both signs as Delta grows by twelve decades"
    rule = "averages at large variance, Delta ~ <m^2> A^2"

    def ways() -> Iterator[list[Values]]:
        for side in (1, -1):
            yield [_far_out(target, activation, geometry, variance, side) for variance in _VARIANCES]

    for key, law in laws.items():
        check = Numbers(activation, ways, approaching, how, outlier(target, activation, key))
        where = _BALANCED if key in OUTLIERS and laws[OUTLIERS[0]].free_symbols else ""
        start = before[key] if key in before else target.expression(key)
        yield follows(section, key, "~" if law.free_symbols else "->", law, start, rule, check, where)


def _far_out(target: Target, activation: Activation, geometry: Values, variance: Expr, side: int) -> Values:
    values = {**drawn(activation.parameters), **GEOMETRY, **geometry, g: Rational(2, 3), Delta: variance}
    values[A] = target_of_variance(target, values, activation, side)
    return {**values, SIZE: abs(values[A])}


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
    squared = activation.pieces.power(2)
    even = squared.combine(squared.reflect(), lambda one, other: (one + other) / 2)
    rest = tail_power(even.map(lambda e: e - power.prefactor))
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
    found = tails(slopes) or tails(slopes.substitute(drawn(activation.parameters)))
    if found is None:
        return None
    return not found[1].is_finite or sign_of(found[1] + r) == -1


# ---- what follows --------------------------------------------------------------------------------------------------------------


def _far(power: Power) -> Expr:
    """A power of Delta where Delta ~ <m^2> A^2."""
    return power.prefactor * Sm2**power.exponent * SIZE ** (2 * power.exponent)


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
