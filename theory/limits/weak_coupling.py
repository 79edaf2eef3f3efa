r"""Weak coupling of a readout network: every result at the target as a series in g^2, at fixed geometry.

Without couplings x = m A + I has variance S. The self-consistency Delta = S + g^2 P(Delta) continues that, Delta = S + g^2 P +
g^4 P P' + ..., and with it everything else, to order g^4. All averages are at variance S.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the series are this toolkit's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from sympy import Eq, Expr, Rational, S, Symbol, sqrt, sstr

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.averages.average import averages
from theory.averages.integrand import ordinary_integrand
from theory.derivation import Step
from theory.implicit import Branch
from theory.limits.checks import Holds, Numbers, Values, equal, falling
from theory.limits.limit import Formula, Limit, follows
from theory.limits.target import (
    GEOMETRY,
    OUTLIERS,
    Letter,
    Target,
    a,
    at_drive,
    drive,
    lettered,
    mixing,
    outlier,
    slope,
    written_out,
)
from theory.symbols import A, Delta, g, growth

ORDER = 2
squared = Symbol("g_squared", nonnegative=True)
LEADING = Letter("L")
"""a + theta, the outlier without couplings."""

_LETTERS = (
    "at the target; P = <phi^2>, Q = <phi'>, W = <phi'^2>, primes are derivatives by the variance of x: P' = <(phi^2)''>/2, "
    "Q' = <phi'''>/2"
)
_SERIES = "weak coupling, to order g^4 at fixed geometry; averages at variance S, primes of theta are derivatives by S"
_STABLE = "the target is stable where R < 1, (1 - G) (1 - a) - theta > 0 and a + G + theta < 2; R is the bulk radius"
_LONGEST = 240  # characters of a series that is written out
_ANYWHERE = {**GEOMETRY, A: Rational(2, 5), drive: Rational(3, 5), slope: Rational(2, 3), g: S.Half}
_DISTANCES = (Rational(1, 10**4), Rational(1, 10**5))


def weak_coupling(target: Target, activation: Activation) -> Limit:
    """Series in g^2 of every result at the target that is finite for this activation, in letters."""
    laws = series(target, activation)
    return Limit(
        title="Weak coupling",
        formulas=(
            *_letters(target),
            *(_formula(target, activation, key, law) for key, law in laws.items()),
            *_written_out(laws, activation),
        ),
        remarks=(_STABLE,),
        lemmas=lambda: (_outliers_at_target(target),),
    )


def series(target: Target, activation: Activation) -> dict[str, Expr]:
    """Delta0, C, bulk_radius^2, H_slope, lambda_ls, and lambda_1 of the loop, lambda_2 of the slow mode, in averages at S."""
    variance = target.variance.subs(g, sqrt(squared))
    self_consistency = {Delta: target.named(variance) - Delta}
    start = {squared: S.Zero, Delta: drive}
    branch = Branch(squared, self_consistency, start)
    laws = {
        key: _series(branch, e)
        for key, e in _subjects(target).items()
        if all(ordinary_integrand(f, activation) for f in averages(e))
    }
    outliers = target.outliers.subs(g, sqrt(squared))
    for name, value in zip(OUTLIERS, (a + mixing, S.Zero), strict=True):
        followed = Branch(squared, {**self_consistency, growth: outliers}, {growth: value, **start})
        laws[name] = _series(followed, growth)
    return laws


def _subjects(target: Target) -> dict[str, Expr]:
    """What is expanded: results at the target in averages at Delta, letters for what the couplings do not change."""
    return {
        "Delta0": Delta,
        "C": target.expression("C"),
        "bulk_radius^2": target.expression("bulk_radius") ** 2,
        "H_slope": a + mixing / (1 - target.mode),
        "lambda_ls": target.named(target.expression("lambda_ls")),
    }


def _series(branch: Branch, expression: Expr) -> Expr:
    coefficients = branch.taylor(expression.subs(g, sqrt(squared)), ORDER)
    return sum(c.factor() * g ** (2 * n) for n, c in enumerate(coefficients))


# ---- formulas ------------------------------------------------------------------------------------------------------------------


def _letters(target: Target) -> Iterator[Formula]:
    letters = {"S": target.drive, "s": target.slope, "a": target.loop}
    letters |= {"theta": lettered(target.theta.subs(target.slope, slope)), "L": a + lettered(mixing)}
    yield from (Formula(_LETTERS, name, "=", formula) for name, formula in letters.items())


def _outliers_at_target(target: Target) -> Step:
    equation = target.equation
    return Step(
        "At the target: the variance S of the drive m A + I and its covariance s with m; a is geometry alone, and theta",
        "abbreviations",
        Eq(Symbol("lambda") ** 2, equation.at_target(equation.trace * growth - equation.determinant)),
        target.outliers,
        check=Holds(
            lambda step: (growth**2 - step.before.rhs - target.spelled(step.after)).expand() == 0,
            "a, G, theta inserted, for a generic phi",
        ),
    )


def _formula(target: Target, activation: Activation, key: str, law: Expr) -> Formula:
    short = sum(_short(law.coeff(g, 2 * n)) * g ** (2 * n) for n in range(ORDER + 1))
    before = {**_subjects(target), **dict.fromkeys(OUTLIERS, target.outliers)}[key]
    rule, how = (
        "total derivatives by g^2 along the solution of the self-consistency",
        "the remainder falls as g^6 or faster",
    )
    ways, exact = partial(_open_loops, target, activation), outlier(target, activation, key)
    check = Numbers(activation, ways, falling(990), f"certified averages: {how}", exact, target.spelled)
    condition = "a + theta != 0" if key in OUTLIERS else ""
    return follows(_SERIES, key, "=", short, before, rule, check, condition, after=law)


def _short(coefficient: Expr) -> Expr:
    """In letters, factored; in powers of 1/L, L = a + theta, where that is in a denominator."""
    plain = lettered(coefficient)
    if not plain.as_numer_denom()[1].has(a):
        return plain.factor()
    return plain.subs(a, LEADING - lettered(mixing)).expand()


def _written_out(laws: Mapping[str, Expr], activation: Activation) -> Iterator[Formula]:
    for key in ("Delta0", "C", "lambda_ls"):
        form = written_out(laws[key], activation) if key in laws else None
        if form is not None and len(sstr(form)) <= _LONGEST:
            series = sum(form.coeff(g, 2 * n).factor() * g ** (2 * n) for n in range(ORDER + 1))
            section, how = f"{_SERIES}; written out for this activation", "certified averages, 25 digits"
            check = Numbers(activation, lambda: [[{**drawn(activation.parameters), **_ANYWHERE}]], equal, how)
            yield follows(section, key, "=", series, laws[key], "closed forms inserted", check)


def _open_loops(target: Target, activation: Activation) -> list[list[Values]]:
    """At Delta = S (1 + h) the coupling is known exactly; h ten times smaller leaves a thousandth of the remainder, or less."""
    own = drawn(activation.parameters)
    return [[at_drive(target, activation, own, Rational(3, 5), distance) for distance in _DISTANCES]]
