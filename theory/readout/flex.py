r"""Small loops near the pole of C(A): where the readout has no overlap with the activity, A = flex = -<n I>/<n m>.

The amplitude that holds the target diverges there, C ~ residue/(A - flex), and with it one outlier, lambda_1 ~ flex/(A - flex): on
the side of the pole away from A = 0 the target is unstable, on the other side it is approached ever faster. The other outlier, the
bulk and the least-squares readout do not notice. All averages are at the variance of the open loop at A = flex.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the expansion is this
toolkit's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import mpmath
from sympy import Add, Eq, Expr, Float, Function, Rational, Symbol, solve, sqrt

from theory.activations.activation import Activation
from theory.derivation import Fact, Replay, Step
from theory.implicit import Branch
from theory.readout.target import (
    DIGITS,
    GEOMETRY,
    OUTLIERS,
    Letter,
    Target,
    a,
    drawn,
    lettered,
    mixing,
    number,
    roots,
    slope,
    target_of_variance,
)
from theory.symbols import A, Delta, g, growth, smI, snI, snm

FLEX = Letter("flex")
"""-<n I>/<n m>, where the pole is."""

_distance, _scaled = Symbol("d", real=True), Symbol("u", real=True)  # A - flex, lambda (A - flex)
_theta = Function("theta", real=True)(Delta, A)


@dataclass(frozen=True, eq=False)
class NearFlex:
    """First two orders in A - flex of what diverges, the limit of what does not.

    Attributes
    ----------
    target : Target
    activation : Activation
    pole : Expr
        flex in the overlaps.
    laws : mapping of str to Expr
        C, lambda_1, lambda_2, H_slope, in A, `FLEX`, s and averages at Delta, which is that of the open loop at A = flex.
    """

    target: Target
    activation: Activation
    pole: Expr
    laws: Mapping[str, Expr]

    @property
    def rows(self) -> Mapping[str, Expr]:
        """The laws in letters, term by term."""
        return {key: sum(lettered(term).factor() for term in Add.make_args(law)) for key, law in self.laws.items()}


def near_flex(target: Target, activation: Activation) -> NearFlex:
    """Laurent series of the amplitude and of the outliers about the pole, for snm and snI that are not 0."""
    (pole,) = solve(1 / target.loop, A)
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
    return NearFlex(target, activation, pole, {**laws, "lambda_2": target.mode})


def _about_pole(expression: Expr) -> Expr:
    """With <n I> = -flex <n m>."""
    return expression.subs(snI, -FLEX * snm).factor()


def _named(target: Target, coefficient: Expr) -> Expr:
    """With s and theta at A = flex; <m I> is eliminated in favour of s."""
    (overlap,) = solve(target.slope.subs(A, FLEX) - slope, smI)
    return coefficient.replace(_theta.func, lambda *_: mixing).subs(smI, overlap).factor()


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def near_flex_steps(found: NearFlex) -> tuple[Step, ...]:
    """The pole and the expansions, against the theory with certified averages on the open loop next to the pole."""
    target = found.target
    before = {
        "C": target.expression("C"),
        "lambda_1": target.outliers,
        "lambda_2": target.outliers,
        "H_slope": target.expression("H_slope"),
    }
    return (
        Step(
            "The pole of the amplitude: <n m> A + <n I> = 0",
            "zero of the denominator",
            target.expression("C"),
            Eq(FLEX, found.pole),
            assumption="snm is not 0",
            check=Replay(lambda amplitude: Eq(FLEX, solve(amplitude.as_numer_denom()[1], A)[0])),
        ),
        *(
            Step(
                f"Near the pole: {key}; averages at the variance of the open loop at A = flex",
                "Laurent series: total derivatives by A along the open loop",
                before[key],
                law,
                assumption="snI and snm are not 0",
                check=Fact(
                    partial(_remainder_falls, found, key), "certified averages: the remainder falls as A - flex"
                ),
            )
            for key, law in found.laws.items()
        ),
    )


_VARIANCE = Rational(3, 5)
_DISTANCES = (Rational(1, 10**4), Rational(1, 10**5))


def _remainder_falls(found: NearFlex, key: str) -> bool:
    """Over A - flex it does not grow as the distance falls."""
    remainders = [_remainder(found, key, distance) for distance in _DISTANCES]
    negligible = mpmath.mpf(10) ** (20 - DIGITS)
    return bool(all(abs(r) < negligible for r in remainders) or abs(remainders[0]) > 0.99 * abs(remainders[1]))


def _remainder(found: NearFlex, key: str, distance: Expr) -> mpmath.mpf:
    target, activation = found.target, found.activation
    at_pole = {**drawn(activation), **GEOMETRY, Delta: _VARIANCE}
    at_pole[FLEX] = found.pole.subs(at_pole)
    at_pole[A] = at_pole[FLEX]
    at_pole[slope] = target.slope.subs(at_pole)
    per_coupling = Float(number(target.variance.subs(g, 1) - target.drive, activation, at_pole), DIGITS)
    at_pole[g] = sqrt((_VARIANCE - target.drive.subs(at_pole)) / per_coupling).evalf(DIGITS)
    law = found.laws[key].subs(mixing, target.theta.subs(A, FLEX))
    near = {**at_pole, Delta: _VARIANCE * (1 + distance)}
    near[A] = target_of_variance(target, near, activation, 1 if at_pole[slope] > 0 else -1)
    claimed = number(law, activation, {**at_pole, A: near[A]})
    with mpmath.workdps(DIGITS):
        if key in OUTLIERS:
            exact = roots(target, activation, near)[OUTLIERS.index(key)]
        else:
            exact = number(target.expression(key), activation, near)
        return (exact - claimed) / mpmath.mpmathify(near[A] - near[FLEX])


__all__ = ["NearFlex", "near_flex", "near_flex_steps"]
