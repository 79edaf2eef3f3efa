r"""Series of a readout network at its target: in weak couplings, and about the pole of C(A).

Without couplings x = m A + I has variance S. The self-consistency Delta = S + g^2 P(Delta) continues that, Delta = S + g^2 P +
g^4 P P' + ..., and with it everything else, to order g^4 at fixed geometry. All averages are at variance S.

Where the readout has no overlap with the activity, A = flex = -<n I>/<n m>, the amplitude that holds the target diverges, C ~
residue/(A - flex), and with it one outlier, lambda_1 ~ flex/(A - flex): on the side of the pole away from A = 0 the target is
unstable, on the other side it is approached ever faster. The other outlier, the bulk and the least-squares readout do not notice.
All averages are at the variance of the open loop at A = flex.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the series are this toolkit's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from sympy import Add, Eq, Expr, Function, Rational, S, Symbol, solve, sqrt, sstr

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.averages.average import averages
from theory.averages.integrand import ordinary_integrand
from theory.derivation import Replay, Step
from theory.implicit import Branch
from theory.limits.checks import Holds, Numbers, Values, equal, falling, number
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
    target_of_variance,
    with_coupling,
    written_out,
)
from theory.symbols import A, Delta, g, growth, smI, snI, snm

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

FLEX = Letter("flex")
"""-<n I>/<n m>, where the pole is."""

_POLE = "near the pole of C(A), for snm and snI not 0; averages, s and theta of the open loop at A = flex"
_distance, _scaled = Symbol("d", real=True), Symbol("u", real=True)  # A - flex, lambda (A - flex)
_theta = Function("theta", real=True)(Delta, A)
_near = Symbol("Delta_near", positive=True)  # the variance where A is, Delta being that at the pole
_VARIANCE = Rational(3, 5)
_DISTANCES = (Rational(1, 10**4), Rational(1, 10**5))


# ---- weak coupling -------------------------------------------------------------------------------------------------------------


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
    before = {**_subjects(target), **dict.fromkeys(OUTLIERS, target.outliers)}[key]
    rule = "total derivatives by g^2 along the solution of the self-consistency"
    how = "certified averages: the remainder falls as g^6 or faster"
    ways, exact = partial(_open_loops, target, activation), outlier(target, activation, key)
    check = Numbers(activation, ways, falling(990), how, exact, target.spelled)
    condition = "a + theta != 0" if key in OUTLIERS else ""
    return follows(_SERIES, key, "=", _by_order(law, _short), before, rule, check, condition, after=law)


def _by_order(law: Expr, shape: Callable[[Expr], Expr]) -> Expr:
    return sum(shape(law.coeff(g, 2 * n)) * g ** (2 * n) for n in range(ORDER + 1))


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
            section, how = f"{_SERIES}; written out for this activation", "certified averages, 25 digits"
            check = Numbers(activation, lambda: [[{**drawn(activation.parameters), **_ANYWHERE}]], equal, how)
            yield follows(section, key, "=", _by_order(form, Expr.factor), laws[key], "closed forms inserted", check)


def _open_loops(target: Target, activation: Activation) -> list[list[Values]]:
    """At Delta = S (1 + h) the coupling is known exactly; h ten times smaller leaves a thousandth of the remainder, or less."""
    own = drawn(activation.parameters)
    return [[at_drive(target, activation, own, Rational(3, 5), distance) for distance in _DISTANCES]]


# ---- the pole of C(A) ----------------------------------------------------------------------------------------------------------


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
        return follows(_POLE, key, "~", short, before[key], rule, check, after=law)

    zero = Replay(lambda e: Eq(FLEX, solve(e.as_numer_denom()[1], A)[0]))
    rule = "zero of the denominator, <n m> A + <n I> = 0"
    return Limit(
        title="Pole of C(A)",
        formulas=(
            follows(_POLE, str(FLEX), "=", pole, before["C"], rule, zero, after=Eq(FLEX, pole)),
            Formula(_POLE, "Delta", "=", lettered(target.variance.subs(target.drive, drive))),
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


def _beside(target: Target, activation: Activation, pole: Expr, distance: Expr) -> Values:
    """A geometry, and the A beside its pole at which the variance of the open loop is larger by a share."""
    values = {**drawn(activation.parameters), **GEOMETRY, Delta: _VARIANCE, _near: _VARIANCE * (1 + distance)}
    values[FLEX] = values[A] = pole.subs(values)
    values[slope] = target.slope.subs(values)
    values = with_coupling(target, activation, values)
    side = 1 if values[slope] > 0 else -1
    return {**values, A: target_of_variance(target, {**values, Delta: values[_near]}, activation, side)}


def _exact(target: Target, activation: Activation, key: str, before: Expr, values: Values):
    near = {**values, Delta: values[_near]}
    found = outlier(target, activation, key)
    return number(before, activation, near) if found is None else found(before, near)
