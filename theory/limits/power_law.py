r"""Power laws: what follows for a homogeneous activation, ``phi(l x) = l^p phi(x)`` for l > 0, with the exponent p symbolic.

Every average is then a power of the variance, and all results are functions of the share ``s = 1 - sigma^2/Delta`` of the
recurrent input in the variance. Everything below is worked out from the expressions of a `Theory`; only the averages at unit
variance, by closed form, enter. Two constants carry them: ``m = <phi^2>`` and ``G = <phi'>^2/<phi^2>`` at unit variance. The
checks go through quadrature, not through the closed forms.

Source of the results: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from sympy import (
    Eq,
    Expr,
    Float,
    Function,
    Lt,
    Rational,
    S,
    Symbol,
    expand_power_base,
    factor,
    factorial,
    oo,
    powsimp,
    solve,
    sqrt,
    sstr,
)
from sympy.logic.boolalg import And, Boolean, false, true

from theory.activation.activation import Activation
from theory.activation.homogeneity import degree
from theory.activation.zeros import sign_of
from theory.averages.average import Average, averages
from theory.concrete import closed_form_of
from theory.derivation import Evaluated, Step, same
from theory.limits.checks import (
    DIGITS,
    AtThreshold,
    Holds,
    Numbers,
    Values,
    approaching,
    equal,
    falling,
    number,
    with_exponent,
)
from theory.limits.limit import Formula, Limit, follows, words
from theory.limits.powers import Power, exponent_of, tidy, unit_constant, when_finite
from theory.symbols import Delta, g, phi, sigma, x
from theory.theory import Theory

m = Symbol("m", positive=True)
G = Symbol("G", positive=True)
s = Symbol("s", positive=True)
y = Symbol("y", positive=True)
ghat = Symbol("ghat", positive=True)

MEANINGS = {
    m: "<phi^2> at unit variance",
    G: "<phi'>^2/<phi^2> at unit variance",
    s: "1 - sigma^2/Delta",
    y: "Delta/sigma^2",
}

POWER, GAIN = Average(phi(x) ** 2), Average(phi(x), 1)
_coupling, _noise = Symbol("g", positive=True), Symbol("sigma", positive=True)
_POSITIVE = {g: _coupling, sigma: _noise}
_PLAIN = {positive: plain for plain, positive in _POSITIVE.items()}
_QUADRATURE = "certified quadrature, 20 digits"
# where the exponent is free: one at which everything is finite, and one in each regime
_EXPONENT, _SUBLINEAR, _SUPERLINEAR, _UNSTABLE = Rational(4, 5), Rational(2, 3), Rational(3, 2), Rational(3, 4)


@dataclass(frozen=True)
class Point:
    """A distinguished point of the solution: loss of stability, or saddle-node.

    Attributes
    ----------
    condition : Boolean
        On the exponent, under which the point exists.
    s, y, coupling : Expr
        Share s, ratio Delta/sigma^2 and value of the collapse variable there.
    """

    condition: Boolean
    s: Expr
    y: Expr
    coupling: Expr


@dataclass(frozen=True, eq=False, kw_only=True)
class PowerLaw(Limit):
    """Scaling theory of one homogeneous activation.

    Attributes
    ----------
    theory : Theory
        At leading order in 1/N.
    activation : Activation
    exponent : Expr
        p.
    constants : mapping of Symbol to Expr
        The closed forms of `m` and `G`.
    unit : mapping of Average to Power
        Every average as ``prefactor * Delta^exponent``, in `m`, `G` and p.
    finite : mapping of str to Boolean
        For a result that is not always finite: when it is.
    collapse : Expr
        ghat in g and sigma.
    coupling_squared : Expr
        ghat^2 in `s` and `y`, which is 1/(1 - s).
    results : mapping of key to Power
        Every finite result and condition, ``f(s) Delta^exponent``.
    saddle_node, instability : Point or None
        Where the slope of the self-consistency, or the stability, reaches 1 on the branch from zero coupling.
    """

    theory: Theory
    activation: Activation
    exponent: Expr
    constants: Mapping[Symbol, Expr]
    unit: Mapping[Average, Power]
    finite: Mapping[str, Boolean]
    collapse: Expr
    coupling_squared: Expr
    results: Mapping[str, Power]
    saddle_node: Point | None
    instability: Point | None


def power_law(theory: Theory, activation: Activation) -> PowerLaw | None:
    """Scaling theory of an activation, None where it is not homogeneous or not odd, or an average has no closed form.

    Parameters
    ----------
    theory : Theory
        Needs the averages <phi^2> and <phi'> and the parameters g and sigma.
    activation : Activation
        One that the theory admits.

    Returns
    -------
    PowerLaw or None
        Of the results at leading order in 1/N.
    """
    if theory.frozen_averages:
        return None
    theory, p = theory.without_corrections, degree(activation.pieces)
    found = [(average, closed_form_of(average, activation)) for average in theory.averages]
    forms = {average: form for average, form in found if form is not None}
    if p is None or len(forms) < len(found) or not {POWER, GAIN} <= set(forms):
        return None
    closed = {average: form.expression for average, form in forms.items() if form.expression != oo}
    at_one = {average: unit_constant(expression) for average, expression in closed.items()}
    constants = {m: at_one[POWER], G: unit_constant(at_one[GAIN] ** 2 / at_one[POWER])}
    unit = {
        average: Power(_named(average, at_one), exponent_of(expression)) if expression != 0 else Power(S.Zero, S.Zero)
        for average, expression in closed.items()
    }
    rows = expressions(theory)
    finite = {key: And(*(when_finite(forms[a]) for a in averages(e))) for key, e in rows.items()}
    results = {key: _along_branch(e, theory, unit) for key, e in rows.items() if finite[key] != false}
    coupling_squared = _coupling_squared(theory, unit).subs(Delta, y)
    stable = results.get("stability", Power(S.Zero, S.Zero))
    law = PowerLaw(
        title=f"Power law of exponent {sstr(p)}",
        group="power_law",
        theory=theory,
        activation=activation,
        exponent=p,
        constants=constants,
        unit=unit,
        finite={key: condition for key, condition in finite.items() if condition != true},
        collapse=_collapse(theory, unit),
        coupling_squared=coupling_squared,
        results=results,
        saddle_node=_point(results["slope"].prefactor, p > 1, coupling_squared),
        instability=_point(stable.prefactor, And(finite["stability"], p < 1), coupling_squared),
    )
    remark = _infinite(law)
    names = {str(symbol): meaning for symbol, meaning in MEANINGS.items()}
    return replace(
        law,
        formulas=tuple(_formulas(law)),
        lemmas=partial(_homogeneity, law),
        remarks=(
            "here " + "; ".join(f"{name} = {meaning}" for name, meaning in names.items()),
            *((remark,) if remark else ()),
        ),
        facts={"exponent": p, "symbols": names, "infinite": remark},
    )


def expressions(theory: Theory) -> dict[str, Expr]:
    """Every result but Delta, and the expressions of the conditions."""
    rows = {key: q.expression for key, q in theory.leading.items() if q.expression != Delta}
    return rows | {condition.key: condition.expression for condition in theory.conditions}


def _infinite(law: PowerLaw) -> str:
    """Which of the results are infinite, and where."""
    return "; ".join(
        f"{key} is infinite" + ("" if condition == False else f" unless {sstr(condition)}")  # noqa: E712
        for key, condition in law.finite.items()
    )


# ---- the collapse ------------------------------------------------------------------------------------------------------------


def _named(average: Average, at_one: Mapping[Average, Expr]) -> Expr:
    """An average at unit variance in `m` and `G`: <phi'> is +-sqrt(G m), one of n factors phi a multiple of m^(n/2)."""
    if average == GAIN:
        return (-1 if sign_of(at_one[GAIN]) == -1 else 1) * sqrt(G * m)
    size = Symbol("size", positive=True)
    grown = average.integrand.replace(phi, lambda argument: size * phi(argument)).doit()
    half = factor(size * grown.diff(size) / grown) / 2
    return m**half * unit_constant(at_one[average] / at_one[POWER] ** half)


def _inserted(expression: Expr, unit: Mapping[Average, Power]) -> Expr:
    """Averages replaced by powers of the variance, g and sigma by positive symbols."""
    powers = {average: law.prefactor * Delta**law.exponent for average, law in unit.items()}
    return expression.xreplace(powers).xreplace(_POSITIVE)


def _collapse(theory: Theory, unit: Mapping[Average, Power]) -> Expr:
    """g sigma^(p-1): what the recurrent variance over sigma^2 is made of where Delta = sigma^2."""
    recurrent = _inserted(theory.equation.right, unit) - _noise**2
    squared = recurrent.subs(Delta, _noise**2) / _noise**2 / m
    return powsimp(expand_power_base(sqrt(squared.expand()))).xreplace(_PLAIN)


def collapsed(law: PowerLaw) -> Expr:
    """The right-hand side of the self-consistency over sigma^2 in terms of `y` and `ghat`: that at unit noise."""
    return _inserted(law.theory.equation.right, law.unit).xreplace({Delta: y, _coupling: ghat, _noise: S.One})


def _coupling_squared(theory: Theory, unit: Mapping[Average, Power]) -> Expr:
    """g^2 at which a given variance and share solve the self-consistency: sigma^2 = Delta (1 - s)."""
    squared = _inserted(theory.equation.control_at, unit) ** 2
    return powsimp(squared.subs(_noise, sqrt(Delta * (1 - s))).factor())


def _along_branch(expression: Expr, theory: Theory, unit: Mapping[Average, Power]) -> Power:
    """g and sigma eliminated: a function of s times a power of the variance."""
    coupling = sqrt(_coupling_squared(theory, unit))
    inserted = _inserted(expression, unit).subs(_coupling, coupling).subs(_noise, sqrt(Delta * (1 - s)))
    growth = (Delta * inserted.diff(Delta) / inserted).subs(Delta, 1) if inserted != 0 else S.Zero
    return Power(tidy(inserted.subs(Delta, 1)), tidy(growth))


# ---- limits and special points -----------------------------------------------------------------------------------------------


def _weak(law: PowerLaw) -> dict[str, Expr]:
    """Series in e = ghat^2 by Lagrange inversion: w = y - 1 obeys w = e F(w), so [e^n] H(w) = [w^(n-1)] H'(w) F(w)^n / n."""
    w = Symbol("w", positive=True)
    recurrent = (_inserted(law.theory.equation.right, law.unit) - _noise**2).xreplace({_noise: S.One, _coupling: S.One})
    F = recurrent.subs(Delta, 1 + w)
    functions = {"Delta/sigma^2": 1 + w}
    for key in ("D_x", "D_phi", "stability", "slope"):
        if key in law.results:
            functions[key] = law.results[key].prefactor.subs(s, w / (1 + w))

    def coefficient(H: Expr, n: int) -> Expr:
        return tidy((H.diff(w) * F**n).diff(w, n - 1).subs(w, 0) / factorial(n))

    return {
        key: H.subs(w, 0) + coefficient(H, 1) * ghat**2 + coefficient(H, 2) * ghat**4 for key, H in functions.items()
    }


def _point(multiplier: Expr, condition: Boolean, coupling_squared: Expr) -> Point | None:
    """Where a multiplier is 1: the slope at s < 1 for p > 1 only, the stability for every p, but for p > 1 beyond that."""
    if condition == False:  # noqa: E712 - a SymPy relation may stay open
        return None
    (share,) = (tidy(root) for root in solve(multiplier - 1, s))
    ratio = tidy(1 / (1 - share))
    return Point(condition, share, ratio, sqrt(coupling_squared.subs({s: share, y: ratio})))


# ---- formulas and the steps that lead to them ----------------------------------------------------------------------------------


def _homogeneity(law: PowerLaw) -> Iterator[Step]:
    """That every average is a power of the variance."""
    scale, f, own = (
        Symbol("l", positive=True),
        Function("phi", real=True),
        with_exponent(law.activation, law.exponent, _EXPONENT),
    )
    yield Step(
        "The activation is homogeneous",
        "Euler's theorem: x phi' = p phi on every piece",
        f(scale * x),
        scale**law.exponent * f(x),
        assumption="l > 0",
        check=Evaluated(lambda side: side.replace(f, lambda at: law.activation.expression.subs(x, at)).subs(own)),
    )
    for average, power in law.unit.items():
        if power.prefactor != 0:  # a derivative beyond the degree of a polynomial
            yield Step(
                f"<F> is a power of Delta: the scale of x is taken out of F = {sstr(average)[1:-1]}",
                "homogeneity",
                average,
                power.of(Delta),
                check=_equal(law),
            )


def _formulas(law: PowerLaw) -> Iterator[Formula]:
    """Everything, in reading order."""
    rows, p = expressions(law.theory), law.exponent

    def finite(key: str) -> str:
        return words(law.finite.get(key, true))

    for symbol, value in law.constants.items():
        before, shown = {m: POWER, G: GAIN**2 / POWER}[symbol].subs(Delta, 1), Eq(symbol, value, evaluate=False)
        title = f"{symbol} is {MEANINGS[symbol]}"
        yield follows(
            "definitions", str(symbol), "=", value, before, "closed form", _equal(law), title=title, after=shown
        )
    yield Formula("definitions", "ghat", "=", law.collapse)
    rule = f"Delta = sigma^2 y and ghat = {sstr(law.collapse)} inserted: sigma drops out, y depends on ghat alone"
    yield follows("collapse", "y", "=", collapsed(law), law.theory.equation.right / sigma**2, rule, _equal(law))
    rule = "solved, with s = 1 - sigma^2/Delta = 1 - 1/y: s runs from 0 at g = 0 towards 1"
    yield follows("collapse", "ghat^2", "=", law.coupling_squared, law.collapse**2, rule, _equal(law))
    rule, source = (
        "self-consistency inserted: g and sigma eliminated in favour of s and Delta",
        law.theory.model.reference,
    )
    for key, result in law.results.items():
        yield follows(
            "on the solution", key, "=", result.of(Delta), rows[key], rule, _equal(law), finite(key), reference=source
        )
    section, rule = "weak coupling, to order ghat^4", "Lagrange inversion"
    for key, series in _weak(law).items():
        before = rows.get(key, Delta / sigma**2)
        yield follows(section, key, "=", series, before, rule, _weakly(law), finite(key))
    if (p < 1) != False:  # noqa: E712 - a SymPy relation may stay open
        yield from _strong_formulas(law, rows, finite)
    saddle, loss = "saddle-node", "loss of stability"
    yield from _point_formulas(law, saddle, law.saddle_node, "slope", rows, _SUPERLINEAR)
    yield from _point_formulas(law, loss, law.instability, "stability", rows, _UNSTABLE)


def _strong_formulas(law: PowerLaw, rows: Mapping[str, Expr], finite: Callable[[str], str]) -> Iterator[Formula]:
    """s -> 1: Delta^(1-p) = m g^2/s, to first order in sigma^2/Delta = 1 - s; every result to leading order."""
    power, condition, section = 1 / (1 - law.exponent), words(Lt(law.exponent, 1)), "strong coupling"
    correction = -(s ** (-power)).diff(s).subs(s, 1)  # of Delta/(m g^2)^power, per sigma^2/Delta
    variance = (m * g**2) ** power + correction * sigma**2
    rule = "Delta^(1-p) = m g^2/s with s = 1 - sigma^2/Delta -> 1, to first order in sigma^2/Delta"
    check = _strongly(law, falling(9.9), "certified quadrature: the error falls as 1 - s")
    yield follows(section, "Delta", "~", variance, Delta, rule, check, condition)
    rule = "s = 1 inserted, Delta = (m g^2)^(1/(1-p))"
    check = _strongly(law, approaching, "certified quadrature: the ratio tends to 1 as s does")
    for key, result in law.results.items():
        exponent = tidy(result.exponent * power)
        right = tidy(result.prefactor.subs(s, 1)) * (m * g**2) ** exponent
        where = " and ".join(part for part in (condition, finite(key)) if part)
        yield follows(section, key, "~" if exponent else "->", right, rows[key], rule, check, where)


def _point_formulas(
    law: PowerLaw, section: str, point: Point | None, multiplier: str, rows: Mapping[str, Expr], exponent: Expr
) -> Iterator[Formula]:
    if point is None:
        return

    def values(found: Expr, key: str) -> Values:
        """At unit noise, the coupling and the variance there."""
        own = with_exponent(law.activation, law.exponent, exponent)
        claims = {"ghat": point.coupling, "Delta/sigma^2": point.y, key: found}
        strength = number(claims["ghat"].subs(law.constants), law.activation, own)
        return {**own, sigma: S.One, Delta: claims["Delta/sigma^2"].subs(own), g: Float(strength, DIGITS)}

    before, rule = Eq(law.results[multiplier].prefactor, 1), f"{multiplier} = 1, a linear equation in s"
    inserted = Holds(lambda step: same(step.before.lhs.subs(s, step.after), S.One), "inserted")
    for key, found in (("ghat", point.coupling), ("Delta/sigma^2", point.y), ("s", point.s)):
        at = AtThreshold(law.activation, law.theory.equation.right, rows[multiplier], partial(values, key=key))
        check = inserted if key == "s" else at
        yield follows(section, key, "=", found, before, rule, check, words(point.condition))


# ---- numbers -------------------------------------------------------------------------------------------------------------------


def _branch(law: PowerLaw, exponent: Expr, *shares: Expr, noise: Expr = S.One) -> list[list[Values]]:
    """Points on the solution: a share, the variance that it means, and the coupling that belongs to both, by quadrature."""
    own, way = with_exponent(law.activation, law.exponent, exponent), list[Values]()
    for share in shares:
        values = {**own, sigma: noise, Delta: noise**2 / (1 - share), s: share, y: 1 / (1 - share)}
        values[g] = Float(number(law.theory.equation.control_at, law.activation, values), DIGITS)
        way.append({**values, ghat: Float(number(law.collapse, law.activation, values), DIGITS)})
    return [way]


def _numbers(law: PowerLaw, agree: Callable, how: str, exponent: Expr, *shares: Expr, noise: Expr = S.One) -> Numbers:
    ways = partial(_branch, law, exponent, *shares, noise=noise)
    return Numbers(law.activation, ways, agree, how, spelled=lambda e: e.subs(law.constants))


def _equal(law: PowerLaw) -> Numbers:
    return _numbers(law, partial(equal, digits=20), _QUADRATURE, _EXPONENT, Rational(3, 8), noise=Rational(6, 5))


def _weakly(law: PowerLaw) -> Numbers:
    how = "certified quadrature: the remainder falls as ghat^6 or faster"
    return _numbers(law, falling(990), how, _EXPONENT, Rational(1, 10**4), Rational(1, 10**5))


def _strongly(law: PowerLaw, agree: Callable, how: str) -> Numbers:
    return _numbers(law, agree, how, _SUBLINEAR, *(1 - Rational(1, 10**k) for k in (8, 9)))
