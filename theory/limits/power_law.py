r"""Power laws: what follows for a homogeneous activation, ``phi(l x) = l^p phi(x)`` for l > 0, with the exponent p symbolic.

Every average is then a power of the variance, and all results are functions of the share ``s = 1 - sigma^2/Delta`` of the
recurrent input in the variance. Everything below is worked out from the expressions of a `Theory`; only the averages at unit
variance, by closed form, enter. Two constants carry them: ``m = <phi^2>`` and ``G = <phi'>^2/<phi^2>`` at unit variance. The
checks go through quadrature, not through the closed forms.

Source of the results: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

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
from theory.averages.closed import ClosedForm
from theory.concrete import closed_form_of
from theory.derivation import Evaluated, Step, named, same
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

m, G, s, y, ghat = (Symbol(name, positive=True) for name in ("m", "G", "s", "y", "ghat"))

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


def power_law(theory: Theory, activation: Activation) -> Limit | None:
    """Scaling theory of an activation, None where it is not homogeneous or not odd, or an average has no closed form.

    Parameters
    ----------
    theory : Theory
        Needs the averages <phi^2> and <phi'> and the parameters g and sigma.
    activation : Activation
        One that the theory admits.

    Returns
    -------
    Limit or None
        Of the results at leading order in 1/N, in sections: definitions of the constants `m` and `G` and of the collapse variable
        `ghat`; collapse, ghat^2 in `s` and `y`; on the solution, every finite result and condition, f(s) Delta^k; weak coupling;
        strong coupling; saddle-node and loss of stability, where the slope of the self-consistency, or the stability, reaches 1 on
        the branch from zero coupling. Its facts are the exponent, the meaning of symbols and, in words, what is infinite.
    """
    if theory.frozen_averages:
        return None
    theory, p = theory.without_corrections, degree(activation.pieces)
    found = [(average, closed_form_of(average, activation)) for average in theory.averages]
    forms = {average: form for average, form in found if form is not None}
    if p is None or len(forms) < len(found) or not {POWER, GAIN} <= set(forms):
        return None
    law = _Scaling(theory, activation, p, forms)
    names = {str(symbol): meaning for symbol, meaning in MEANINGS.items()}
    infinite = "; ".join(
        f"{key} is infinite" + ("" if condition == False else f" unless {sstr(condition)}")  # noqa: E712
        for key, condition in law.finite.items()
        if condition != true
    )
    here = "here " + "; ".join(f"{name} = {meaning}" for name, meaning in names.items())
    return Limit(
        title=f"Power law of exponent {sstr(p)}",
        group="power_law",
        formulas=tuple(law.formulas()),
        lemmas=law.homogeneity,
        remarks=(here, *((infinite,) if infinite else ())),
        facts={"exponent": p, "symbols": names, "infinite": infinite},
    )


def expressions(theory: Theory) -> dict[str, Expr]:
    """Every result but Delta, and the expressions of the conditions."""
    rows = {key: q.expression for key, q in theory.leading.items() if q.expression != Delta}
    return rows | {condition.key: condition.expression for condition in theory.conditions}


@dataclass(frozen=True, eq=False)
class _Scaling:
    """What follows from a theory at leading order in 1/N for a homogeneous activation of degree p.

    Attributes
    ----------
    theory : Theory
    activation : Activation
    p : Expr
    forms : mapping of Average to ClosedForm
        Of every average of the theory.
    """

    theory: Theory
    activation: Activation
    p: Expr
    forms: Mapping[Average, ClosedForm]

    @cached_property
    def rows(self) -> dict[str, Expr]:
        """Everything that is expressed, for a generic activation."""
        return expressions(self.theory)

    @cached_property
    def finite(self) -> dict[str, Boolean]:
        """When each of them is finite."""
        return {key: And(*(when_finite(self.forms[a]) for a in averages(e))) for key, e in self.rows.items()}

    @cached_property
    def at_one(self) -> dict[Average, Expr]:
        """Finite averages at unit variance."""
        return {a: unit_constant(form.expression) for a, form in self.forms.items() if form.expression != oo}

    @cached_property
    def constants(self) -> dict[Symbol, Expr]:
        """The closed forms of `m` and `G`."""
        return {m: self.at_one[POWER], G: unit_constant(self.at_one[GAIN] ** 2 / self.at_one[POWER])}

    @cached_property
    def unit(self) -> dict[Average, Power]:
        """Every finite average as ``prefactor * Delta^exponent``, in `m`, `G` and p."""
        zero = Power(S.Zero, S.Zero)  # of a derivative beyond the degree of a polynomial
        return {
            a: Power(self._named(a), exponent_of(self.forms[a].expression)) if value != 0 else zero
            for a, value in self.at_one.items()
        }

    def _named(self, average: Average) -> Expr:
        """An average at unit variance in `m` and `G`: <phi'> is +-sqrt(G m), one of n factors phi a multiple of m^(n/2)."""
        if average == GAIN:
            return (-1 if sign_of(self.at_one[GAIN]) == -1 else 1) * sqrt(G * m)
        size = Symbol("size", positive=True)
        grown = average.integrand.replace(phi, lambda argument: size * phi(argument)).doit()
        half = factor(size * grown.diff(size) / grown) / 2
        return m**half * unit_constant(self.at_one[average] / self.at_one[POWER] ** half)

    # ---- the collapse, and the branch of solutions

    def inserted(self, expression: Expr) -> Expr:
        """Averages replaced by powers of the variance, g and sigma by positive symbols."""
        powers = {average: power.of(Delta) for average, power in self.unit.items()}
        return expression.xreplace(powers).xreplace(_POSITIVE)

    @cached_property
    def recurrent(self) -> Expr:
        """The variance of the recurrent input."""
        return self.inserted(self.theory.equation.right) - _noise**2

    @cached_property
    def collapse(self) -> Expr:
        """Ghat = g sigma^(p-1): what the recurrent variance over sigma^2 is made of where Delta = sigma^2."""
        squared = self.recurrent.subs(Delta, _noise**2) / _noise**2 / m
        return powsimp(expand_power_base(sqrt(squared.expand()))).xreplace(_PLAIN)

    @cached_property
    def coupling_squared(self) -> Expr:
        """g^2 at which a given variance and share solve the self-consistency: sigma^2 = Delta (1 - s)."""
        squared = self.inserted(self.theory.equation.control_at) ** 2
        return powsimp(squared.subs(_noise, sqrt(Delta * (1 - s))).factor())

    @cached_property
    def results(self) -> dict[str, Power]:
        """Every finite result and condition along the branch: f(s) Delta^k, g and sigma eliminated."""
        return {key: self._along_branch(e) for key, e in self.rows.items() if self.finite[key] != false}

    def _along_branch(self, expression: Expr) -> Power:
        inserted = self.inserted(expression).subs(_coupling, sqrt(self.coupling_squared))
        inserted = inserted.subs(_noise, sqrt(Delta * (1 - s)))
        growth = (Delta * inserted.diff(Delta) / inserted).subs(Delta, 1) if inserted != 0 else S.Zero
        return Power(tidy(inserted.subs(Delta, 1)), tidy(growth))

    def weak(self) -> Iterator[tuple[str, Expr]]:
        """Series in e = ghat^2 by Lagrange inversion: w = y - 1 obeys w = e F(w), so [e^n] H(w) = [w^(n-1)] H'(w) F(w)^n / n."""
        w = Symbol("w", positive=True)
        F = self.recurrent.xreplace({_noise: S.One, _coupling: S.One}).subs(Delta, 1 + w)

        def coefficient(H: Expr, n: int) -> Expr:
            return tidy((H.diff(w) * F**n).diff(w, n - 1).subs(w, 0) / factorial(n))

        shares = {
            key: self.results[key].prefactor for key in ("D_x", "D_phi", "stability", "slope") if key in self.results
        }
        functions = {"Delta/sigma^2": 1 + w} | {key: law.subs(s, w / (1 + w)) for key, law in shares.items()}
        for key, H in functions.items():
            yield key, H.subs(w, 0) + coefficient(H, 1) * ghat**2 + coefficient(H, 2) * ghat**4

    # ---- formulas and the steps that lead to them

    def homogeneity(self) -> Iterator[Step]:
        """That every average is a power of the variance."""
        scale, f = Symbol("l", positive=True), Function("phi", real=True)
        own = with_exponent(self.activation, self.p, _EXPONENT)
        yield Step(
            "The activation is homogeneous",
            "Euler's theorem: x phi' = p phi on every piece",
            f(scale * x),
            scale**self.p * f(x),
            assumption="l > 0",
            check=Evaluated(lambda side: side.replace(f, lambda at: self.activation.expression.subs(x, at)).subs(own)),
        )
        for average, power in self.unit.items():
            if power.prefactor != 0:
                title = f"<F> is a power of Delta: the scale of x is taken out of F = {sstr(average)[1:-1]}"
                yield Step(title, "homogeneity", average, power.of(Delta), check=self._equal())

    def formulas(self) -> Iterator[Formula]:
        """Everything, in reading order."""
        exact = self._equal()
        for symbol, value in self.constants.items():
            before, shown = {m: POWER, G: GAIN**2 / POWER}[symbol].subs(Delta, 1), named(symbol, value)
            title = f"{symbol} is {MEANINGS[symbol]}"
            yield follows(
                "definitions", str(symbol), "=", value, before, "closed form", exact, title=title, after=shown
            )
        yield Formula("definitions", "ghat", "=", self.collapse)
        rule = f"Delta = sigma^2 y and ghat = {sstr(self.collapse)} inserted: sigma drops out, y depends on ghat alone"
        right = self.theory.equation.right
        at_unit_noise = self.inserted(right).xreplace({Delta: y, _coupling: ghat, _noise: S.One})
        yield follows("collapse", "y", "=", at_unit_noise, right / sigma**2, rule, exact)
        rule = "solved, with s = 1 - sigma^2/Delta = 1 - 1/y: s runs from 0 at g = 0 towards 1"
        squared = self.coupling_squared.subs(Delta, y)
        yield follows("collapse", "ghat^2", "=", squared, self.collapse**2, rule, exact)
        rule = "self-consistency inserted: g and sigma eliminated in favour of s and Delta"
        section, source = "on the solution", self.theory.model.reference
        for key, result in self.results.items():
            after, where = result.of(Delta), words(self.finite[key])
            yield follows(section, key, "=", after, self.rows[key], rule, exact, where, reference=source)
        section, rule = "weak coupling, to order ghat^4", "Lagrange inversion"
        for key, series in self.weak():
            before, where = self.rows.get(key, Delta / sigma**2), words(self.finite.get(key, true))
            yield follows(section, key, "=", series, before, rule, self._weakly(), where)
        if (self.p < 1) != False:  # noqa: E712 - a SymPy relation may stay open
            yield from self._strong()
        yield from self._point("saddle-node", "slope", self.p > 1, _SUPERLINEAR)
        yield from self._point("loss of stability", "stability", And(self.finite["stability"], self.p < 1), _UNSTABLE)

    def _strong(self) -> Iterator[Formula]:
        """s -> 1: Delta^(1-p) = m g^2/s, to first order in sigma^2/Delta = 1 - s; every result to leading order."""
        power, condition, section = 1 / (1 - self.p), words(Lt(self.p, 1)), "strong coupling"
        correction = -(s ** (-power)).diff(s).subs(s, 1)  # of Delta/(m g^2)^power, per sigma^2/Delta
        variance = (m * g**2) ** power + correction * sigma**2
        rule = "Delta^(1-p) = m g^2/s with s = 1 - sigma^2/Delta -> 1, to first order in sigma^2/Delta"
        check = self._strongly(falling(9.9), "certified quadrature: the error falls as 1 - s")
        yield follows(section, "Delta", "~", variance, Delta, rule, check, condition)
        rule = "s = 1 inserted, Delta = (m g^2)^(1/(1-p))"
        check = self._strongly(approaching, "certified quadrature: the ratio tends to 1 as s does")
        for key, result in self.results.items():
            exponent = tidy(result.exponent * power)
            right = tidy(result.prefactor.subs(s, 1)) * (m * g**2) ** exponent
            where = " and ".join(part for part in (condition, words(self.finite[key])) if part)
            yield follows(section, key, "~" if exponent else "->", right, self.rows[key], rule, check, where)

    def _point(self, section: str, multiplier: str, condition: Boolean, exponent: Expr) -> Iterator[Formula]:
        """Where a multiplier is 1: the slope at s < 1 for p > 1 only, the stability for every p, but for p > 1 beyond that."""
        if condition == False:  # noqa: E712 - a SymPy relation may stay open
            return
        before = Eq(self.results[multiplier].prefactor, 1)
        (share,) = (tidy(root) for root in solve(before, s))
        ratio = tidy(1 / (1 - share))
        coupling = sqrt(self.coupling_squared.subs(Delta, y).subs({s: share, y: ratio}))

        def values(found: Expr, key: str) -> Values:
            """At unit noise, the coupling and the variance there."""
            own = with_exponent(self.activation, self.p, exponent)
            claims = {"ghat": coupling, "Delta/sigma^2": ratio, key: found}
            strength = number(claims["ghat"].subs(self.constants), self.activation, own)
            return {**own, sigma: S.One, Delta: claims["Delta/sigma^2"].subs(own), g: Float(strength, DIGITS)}

        rule, right = f"{multiplier} = 1, a linear equation in s", self.theory.equation.right
        inserted = Holds(lambda step: same(step.before.lhs.subs(s, step.after), S.One), "inserted")
        for key, found in (("ghat", coupling), ("Delta/sigma^2", ratio), ("s", share)):
            at = AtThreshold(self.activation, right, self.rows[multiplier], partial(values, key=key))
            yield follows(section, key, "=", found, before, rule, inserted if key == "s" else at, words(condition))

    # ---- numbers

    def _branch(self, exponent: Expr, *shares: Expr, noise: Expr = S.One) -> list[list[Values]]:
        """Points on the solution: a share, the variance that it means, and the coupling that belongs to both, by quadrature."""
        own, way = with_exponent(self.activation, self.p, exponent), list[Values]()
        for share in shares:
            values = {**own, sigma: noise, Delta: noise**2 / (1 - share), s: share, y: 1 / (1 - share)}
            values[g] = Float(number(self.theory.equation.control_at, self.activation, values), DIGITS)
            way.append({**values, ghat: Float(number(self.collapse, self.activation, values), DIGITS)})
        return [way]

    def _numbers(self, agree: Callable, how: str, exponent: Expr, *shares: Expr, noise: Expr = S.One) -> Numbers:
        ways = partial(self._branch, exponent, *shares, noise=noise)
        return Numbers(self.activation, ways, agree, how, spelled=lambda e: e.subs(self.constants))

    def _equal(self) -> Numbers:
        return self._numbers(partial(equal, digits=20), _QUADRATURE, _EXPONENT, Rational(3, 8), noise=Rational(6, 5))

    def _weakly(self) -> Numbers:
        how = "certified quadrature: the remainder falls as ghat^6 or faster"
        return self._numbers(falling(990), how, _EXPONENT, Rational(1, 10**4), Rational(1, 10**5))

    def _strongly(self, agree: Callable, how: str) -> Numbers:
        return self._numbers(agree, how, _SUBLINEAR, *(1 - Rational(1, 10**k) for k in (8, 9)))
