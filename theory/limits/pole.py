r"""Small loops near the pole of C(A): where the readout has no overlap with the activity, A = flex = -<n I>/<n m>.

The amplitude that holds the target diverges there, C ~ residue/(A - flex), and with it one outlier, lambda_1 ~ flex/(A - flex): on
the side of the pole away from A = 0 the target is unstable, on the other side it is approached ever faster. The other outlier, the
bulk and the least-squares readout do not notice. All averages are at the variance of the open loop at A = flex.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the expansion is this
toolkit's.
"""

from __future__ import annotations

from functools import partial

from sympy import Add, Eq, Expr, Float, Function, Rational, Symbol, solve, sqrt

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.derivation import Replay
from theory.implicit import Branch
from theory.limits.checks import DIGITS, Numbers, Values, falling, number
from theory.limits.limit import Formula, Limit, follows
from theory.limits.target import (
    GEOMETRY,
    OUTLIERS,
    Letter,
    Target,
    a,
    drive,
    lettered,
    mixing,
    outlier,
    slope,
    target_of_variance,
)
from theory.symbols import A, Delta, g, growth, smI, snI, snm

FLEX = Letter("flex")
"""-<n I>/<n m>, where the pole is."""

_SECTION = "near the pole of C(A), for snm and snI not 0; averages, s and theta of the open loop at A = flex"
_distance, _scaled = Symbol("d", real=True), Symbol("u", real=True)  # A - flex, lambda (A - flex)
_theta = Function("theta", real=True)(Delta, A)
_VARIANCE = Rational(3, 5)
_DISTANCES = (Rational(1, 10**4), Rational(1, 10**5))


def near_pole(target: Target, activation: Activation) -> Limit:
    """Laurent series of what diverges at the pole, limits of what does not, for snm and snI that are not 0."""
    (pole,) = solve(1 / target.loop, A)
    before = {key: target.expression(key) for key in ("C", "H_slope")} | dict.fromkeys(OUTLIERS, target.outliers)

    def formula(key: str, law: Expr) -> Formula:
        check = Numbers(
            activation,
            lambda: [[_beside(target, activation, pole, distance) for distance in _DISTANCES]],
            falling(9.9),
            "certified averages: the remainder falls as A - flex",
            partial(_exact, target, activation, key),
            lambda e: e.subs(mixing, target.theta.subs(A, FLEX)),
        )
        short = sum(lettered(term).factor() for term in Add.make_args(law))
        rule = "Laurent series: total derivatives by A along the open loop"
        return follows(_SECTION, key, "~", short, before[key], rule, check, after=law)

    zero = Replay(lambda e: Eq(FLEX, solve(e.as_numer_denom()[1], A)[0]))
    rule = "zero of the denominator, <n m> A + <n I> = 0"
    return Limit(
        title="Pole of C(A)",
        formulas=(
            follows(_SECTION, str(FLEX), "=", pole, before["C"], rule, zero, after=Eq(FLEX, pole)),
            Formula(_SECTION, "Delta", "=", lettered(target.variance.subs(target.drive, drive))),
            *(formula(key, law) for key, law in laurent(target).items()),
        ),
    )


def laurent(target: Target) -> dict[str, Expr]:
    """C, lambda_1 and H_slope to two orders, lambda_2 to one, in averages at the Delta of the open loop at A = flex."""
    open_loop = {Delta: target.variance - Delta}
    start = {Delta: Delta, A: FLEX}
    loop = _about_pole(target.loop)
    polynomial = target.outliers.subs(mixing, _theta).subs(
        {growth: _scaled / _distance, a: loop * (A - FLEX) / _distance}
    )
    diverging = (polynomial * _distance**2).expand().subs(_distance, A - FLEX)
    along = Branch(A, open_loop, start)
    followed = Branch(A, {**open_loop, _scaled: diverging}, {_scaled: FLEX, **start})
    series = {
        "C": along.taylor(_about_pole(target.expression("C")) * (A - FLEX), 1),
        "lambda_1": followed.taylor(_scaled, 1),
        "H_slope": along.taylor(loop * (A - FLEX) + _theta * (A - FLEX) / (1 - target.mode), 1),
    }
    laws = {
        key: _named(target, residue) / (A - FLEX) + _named(target, constant)
        for key, (residue, constant) in series.items()
    }
    return {**laws, "lambda_2": target.mode}


def _about_pole(expression: Expr) -> Expr:
    """With <n I> = -flex <n m>."""
    return expression.subs(snI, -FLEX * snm).factor()


def _named(target: Target, coefficient: Expr) -> Expr:
    """With s and theta at A = flex; <m I> is eliminated in favour of s."""
    (overlap,) = solve(target.slope.subs(A, FLEX) - slope, smI)
    return coefficient.replace(_theta.func, lambda *_: mixing).subs(smI, overlap).factor()


# ---- numbers -------------------------------------------------------------------------------------------------------------------

_NEAR = Symbol("Delta_near", positive=True)  # the variance where A is, Delta being that at the pole


def _beside(target: Target, activation: Activation, pole: Expr, distance: Expr) -> Values:
    """A geometry, and the A beside its pole at which the variance of the open loop is larger by a share."""
    values = {**drawn(activation.parameters), **GEOMETRY, Delta: _VARIANCE, _NEAR: _VARIANCE * (1 + distance)}
    values[FLEX] = values[A] = pole.subs(values)
    values[slope] = target.slope.subs(values)
    per_coupling = Float(number(target.variance.subs(g, 1) - target.drive, activation, values), DIGITS)
    values[g] = sqrt((_VARIANCE - target.drive.subs(values)) / per_coupling).evalf(DIGITS)
    side = 1 if values[slope] > 0 else -1
    values[A] = target_of_variance(target, {**values, Delta: values[_NEAR]}, activation, side)
    return values


def _exact(target: Target, activation: Activation, key: str, before: Expr, values: Values):
    near = {**values, Delta: values[_NEAR]}
    found = outlier(target, activation, key)
    return number(before, activation, near) if found is None else found(before, near)
