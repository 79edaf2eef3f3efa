r"""Weak coupling of a readout network: every result at the target as a series in g^2, at fixed geometry.

Without couplings x = m A + I has variance S. The self-consistency Delta = S + g^2 P(Delta) continues that, Delta = S + g^2 P +
g^4 P P' + ..., and with it everything else, to order g^4. All averages are at variance S.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the series are this toolkit's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import mpmath
from sympy import Eq, Expr, Float, Rational, S, Symbol, sqrt

from theory.activations.activation import Activation
from theory.derivation import Fact, Step
from theory.gaussian.average import averages
from theory.implicit import Branch
from theory.readout.target import (
    DIGITS,
    GEOMETRY,
    OUTLIERS,
    Letter,
    Target,
    a,
    drawn,
    drive,
    is_finite,
    lettered,
    mixing,
    number,
    roots,
    slope,
)
from theory.symbols import SI2, A, Delta, Sm2, g, growth, smI

ORDER = 2
squared = Symbol("g_squared", nonnegative=True)
LEADING = Letter("L")
"""a + theta, the outlier without couplings."""


@dataclass(frozen=True, eq=False)
class WeakCoupling:
    """Series at weak coupling.

    Attributes
    ----------
    target : Target
    activation : Activation
    laws : mapping of str to Expr
        Delta0, C, bulk_radius^2, H_slope, lambda_ls and the outliers lambda_1 (of the loop), lambda_2 (of the slow variance
        mode), in g, averages at variance S, and the letters of `theory.readout.target`.
    """

    target: Target
    activation: Activation
    laws: Mapping[str, Expr]

    @property
    def rows(self) -> Mapping[str, Expr]:
        """The laws in letters, order by order in g; L is a + theta."""
        return {
            key: sum(_short(law.coeff(g, 2 * n)) * g ** (2 * n) for n in range(ORDER + 1))
            for key, law in self.laws.items()
        }


def weak_coupling(target: Target, activation: Activation) -> WeakCoupling:
    """Series in g^2 of every result at the target that is finite for this activation."""
    variance = target.variance.subs(g, sqrt(squared))
    self_consistency = {Delta: target.named(variance) - Delta}
    branch = Branch(squared, self_consistency, {squared: S.Zero, Delta: drive})
    laws = {key: _series(branch, e) for key, e in _subjects(target).items() if _exists(e, activation)}
    outliers = target.outliers.subs(g, sqrt(squared))
    for name, value in zip(OUTLIERS, (a + mixing, S.Zero), strict=True):
        followed = Branch(
            squared, {**self_consistency, growth: outliers}, {growth: value, squared: S.Zero, Delta: drive}
        )
        laws[name] = _series(followed, growth)
    return WeakCoupling(target, activation, laws)


def _subjects(target: Target) -> dict[str, Expr]:
    """What is expanded: results at the target in averages at Delta, letters for what the couplings do not change."""
    return {
        "Delta0": Delta,
        "C": target.expression("C"),
        "bulk_radius^2": target.expression("bulk_radius") ** 2,
        "H_slope": a + mixing / (1 - target.mode),
        "lambda_ls": target.named(target.expression("lambda_ls")),
    }


def _short(coefficient: Expr) -> Expr:
    """In letters, factored; in powers of 1/L, L = a + theta, where that is in a denominator."""
    plain = lettered(coefficient)
    if not plain.as_numer_denom()[1].has(a):
        return plain.factor()
    return plain.subs(a, LEADING - lettered(mixing)).expand()


def _exists(expression: Expr, activation: Activation) -> bool:
    return all(is_finite(average, activation) for average in averages(expression))


def _series(branch: Branch, expression: Expr) -> Expr:
    coefficients = branch.taylor(expression.subs(g, sqrt(squared)), ORDER)
    return sum(c.factor() * g ** (2 * n) for n, c in enumerate(coefficients))


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def weak_coupling_steps(found: WeakCoupling) -> tuple[Step, ...]:
    """The series, each against the theory with certified averages."""
    target = found.target
    before = {**_subjects(target), **dict.fromkeys(OUTLIERS, target.outliers)}
    letters = Step(
        "At the target: the variance S of the drive m A + I and its covariance s with m; a is geometry alone, and theta",
        "abbreviations",
        Eq(
            Symbol("lambda") ** 2,
            target.equation.at_target(target.equation.trace * growth - target.equation.determinant),
        ),
        target.outliers,
        check=Fact(lambda: _letters_hold(target), "a, G, theta inserted, for a generic phi"),
    )
    return (
        letters,
        *(
            Step(
                f"Weak coupling: {key} to order g^4, averages at variance S",
                "total derivatives by g^2 along the solution of the self-consistency",
                before[key],
                law,
                assumption="a + theta is not 0" if key in OUTLIERS else "",
                check=Fact(partial(_remainder_falls, found, key), _HOW),
            )
            for key, law in found.laws.items()
        ),
    )


_HOW = "certified averages: the remainder falls as g^6 or faster"
_VARIANCE = Rational(3, 5)
_DISTANCES = (Rational(1, 10**4), Rational(1, 10**5))


def _letters_hold(target: Target) -> bool:
    exact = growth**2 - target.equation.at_target(target.equation.trace * growth - target.equation.determinant)
    return bool((exact - target.spelled(target.outliers)).expand() == 0)


def _remainder_falls(found: WeakCoupling, key: str) -> bool:
    """At Delta = S (1 + h) the coupling is known exactly; h ten times smaller leaves a thousandth of the remainder, or less."""
    remainders = [_remainder(found, key, distance) for distance in _DISTANCES]
    negligible = mpmath.mpf(10) ** (10 - DIGITS)
    return bool(abs(remainders[0]) < negligible or abs(remainders[0]) > 990 * abs(remainders[1]))


def _remainder(found: WeakCoupling, key: str, distance: Expr) -> mpmath.mpf:
    values = _open_loop(found, distance)
    series = number(found.target.spelled(found.laws[key]), found.activation, values)
    with mpmath.workdps(DIGITS):
        if key in OUTLIERS:
            exact = min(roots(found.target, found.activation, values), key=lambda root: abs(root - series))
        else:
            exact = number(found.target.spelled(_subjects(found.target)[key]), found.activation, values)
        return exact - series


def _open_loop(found: WeakCoupling, distance: Expr) -> dict[Symbol, Expr]:
    """A geometry whose drive has the variance S, and the coupling at which Delta exceeds it by a given share."""
    values = {
        **drawn(found.activation),
        **GEOMETRY,
        A: Rational(2, 5),
        drive: _VARIANCE,
        Delta: _VARIANCE * (1 + distance),
    }
    values[SI2] = _VARIANCE - (values[Sm2] * values[A] + 2 * values[smI]) * values[A]
    values[slope] = values[Sm2] * values[A] + values[smI]
    per_coupling = found.target.variance.subs(g, 1) - found.target.drive
    coupling = sqrt((values[Delta] - _VARIANCE) / Float(number(per_coupling, found.activation, values), DIGITS))
    return {**values, g: coupling.evalf(DIGITS)}


__all__ = ["WeakCoupling", "weak_coupling", "weak_coupling_steps"]
