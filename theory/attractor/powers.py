"""Powers of the input above a threshold, without noise: moments in closed form for log-normal and gamma laws, exact outliers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sympy import Add, Dummy, Expr, Matrix, Rational, S, Symbol, exp, gamma, log, sqrt, sstr

from theory.activation.activation import Activation
from theory.attractor.capacity import RELU
from theory.attractor.patterns import each_average, mean, normal_form, with_input
from theory.attractor.spectrum import OUTLIER, at_constant_gain, power, threshold
from theory.attractor.symbols import V_r, b, beta2, gain, m, r, u, ubar
from theory.attractor.weights import MOMENTS, UNEXPLAINED, mean_gain
from theory.averages.average import Average
from theory.averages.integrand import evaluate
from theory.averages.law import Law, z
from theory.derivation import Replay, Solves, Step
from theory.limits.checks import Holds
from theory.limits.limit import Formula, Limit, follows
from theory.symbols import growth, x

CV = Symbol("CV", positive=True)
"""Coefficient of variation of the rates."""

_LOG, _SHAPE = log(1 + CV**2), 1 / CV**2
exponent = Symbol("s", real=True)

_LOGNORMAL = Law.of_normal(exp(sqrt(_LOG) * z - _LOG / 2)), (1 + CV**2) ** (exponent * (exponent - 1) / 2)
_GAMMA = Law(_SHAPE**_SHAPE * r ** (_SHAPE - 1) * exp(-_SHAPE * r) / gamma(_SHAPE))
LAWS = {
    "log-normal law": _LOGNORMAL,
    "gamma law": (_GAMMA, gamma(_SHAPE + exponent) / gamma(_SHAPE) / _SHAPE**exponent),
}
"""Laws of rates of mean 1 with <r^s>; that of the gamma law for s + 1/CV^2 > 0."""


def spelled(expression: Expr, known: Mapping[Symbol, Expr] = MappingProxyType({})) -> Expr:
    """Moments of the theory as averages, but for what is known; m is the mean rate."""
    expression = expression.subs(beta2, UNEXPLAINED)
    for symbol in [*MOMENTS][:0:-1]:  # each is made of those before it, the first is m
        expression = expression.subs(symbol, known.get(symbol, MOMENTS[symbol]))
    return expression


@dataclass(frozen=True)
class AboveThreshold:
    """phi = factor (x - threshold)^exponent above the threshold."""

    factor: Expr
    exponent: Expr
    threshold: Expr

    @classmethod
    def of(cls, activation: Activation) -> AboveThreshold | None:
        """The power that an activation is above its only kink, or its zero; None for others."""
        pieces = activation.pieces.expressions
        step, right = Dummy(positive=True), pieces[-1]
        if len(pieces) > 2:
            return None
        slope = right.diff(x)
        zero = S.Zero if slope.has(x) else -right.subs(x, 0) / slope
        from_ = activation.kinks[0].position if activation.kinks else zero
        factor, rest = right.subs(x, from_ + step).factor().as_independent(step, as_Add=False)
        base, exponent = rest.as_base_exp()
        fits = base == step and not exponent.has(step) and exponent.is_positive and factor.is_positive
        return cls(factor, exponent, from_) if fits else None

    @property
    def given(self) -> Mapping[Expr, Expr]:
        """Input and gain at a rate."""
        needed = (r / self.factor) ** (1 / self.exponent)
        return {u: self.threshold + needed, gain: 1 / needed.diff(r)}

    def written(self, expression: Expr, name: str) -> Expr:
        """Averages of powers of rate, input and gain by the moments of a law."""
        moment = LAWS[name][1]

        def average(F: Expr) -> Expr:
            terms = (term.as_coeff_exponent(r) for term in Add.make_args(F.subs(self.given).expand()))
            return Add(*(factor * moment.subs(exponent, power) for factor, power in terms))

        return each_average(expression, average)


def closed_power(phi: AboveThreshold) -> tuple[Limit, ...]:
    """Exact outliers of a power without noise, and its moments in closed form."""
    if phi.exponent == 1:
        return (_constant_gain(phi),)
    exact = (_exact_outlier(phi),) if phi.threshold == 0 else ()
    return *exact, Limit(
        title="Moments in closed form, at mean rate 1",
        lemmas=_moments,
        formulas=tuple(formula for name in LAWS for formula in _closed(phi, name)),
    )


def _constant_gain(phi: AboveThreshold) -> Limit:
    """The gain g is the same everywhere."""
    determinant, section = at_constant_gain(OUTLIER).factor(), "constant gain, any law and load"
    at = {gain: phi.factor, threshold: phi.threshold}
    check = Solves(lambda e: determinant.subs({**at, growth: e}), "inserted into the determinant")
    unexplained = mean(u**2) - mean(u) ** 2 - V_r * MOMENTS[b] ** 2
    marginal = Solves(lambda e: Matrix([gain * at_constant_gain(MOMENTS[b]) - e, at_constant_gain(unexplained)]))
    outlier = 1 + phi.factor * phi.threshold / m
    return Limit(
        title="Constant gain",
        formulas=(
            follows(section, "outlier", "=", outlier, determinant, "other root", check),
            follows(section, "edge", "=", S.One, gain * MOMENTS[b], "b <g>, and beta2 = 0", marginal),
        ),
        remarks=("every pattern of rates above the threshold is a fixed point: a marginal continuum of attractors",),
    )


def _exact_outlier(phi: AboveThreshold) -> Limit:
    """W r = u makes D W r = g u a multiple of r."""
    determinant = with_input(OUTLIER, power * r / gain)  # the deviation's column is minus the uniform one
    image = (phi.given[u] * phi.given[gain] / r).powsimp()

    def holds(value: Expr) -> Matrix:
        return Matrix([image - value, normal_form(determinant.subs({power: value, growth: value}))])

    check = Solves(holds, "D W r = g u = lambda r at any N, and the determinant")
    section = "any law and load, without trained biases"
    formula = follows(section, "outlier", "=", phi.exponent, u * gain, "D W r = g u", check)
    return Limit(title="Power of the input", formulas=(formula,))


def _moments() -> Iterator[Step]:
    """Moments of both laws."""
    points = [{CV: variation, exponent: Rational(7, 3)} for variation in (Rational(1, 3), Rational(5, 4))]

    def agree(step: Step) -> bool:
        return all(abs(evaluate(step.before - step.after, RELU, at, 20)) < 1e-14 for at in points)

    certified = Holds(agree, "quadrature, 14 digits")
    for name, (law, moment) in LAWS.items():
        yield Step(f"<r^s>, {name} of mean 1", "table", Average(r**exponent, 0, law), moment, check=certified)


def _closed(phi: AboveThreshold, name: str) -> Iterator[Formula]:
    """Results for one law; the averages of powers of the gain may not exist for a gamma law."""
    lowest = 2 / phi.exponent - 2
    limited = name == "gamma law" and not lowest.is_nonpositive
    moments = {str(symbol): symbol for symbol in (ubar, b, beta2, mean_gain)}
    for key, result in {**moments, "<g^2>": mean(gain**2), "b <g>": b * mean_gain}.items():
        known = {V_r: CV**2, **({b: b} if result == beta2 else {})}
        before = spelled(result, known).subs(m, 1)
        condition = f"{sstr(lowest)} < 1/CV^2" if limited and "g" in key else ""
        rule = Replay(lambda e: phi.written(e, name))
        yield follows(name, key, "=", phi.written(before, name), before, "moments inserted", rule, condition)
