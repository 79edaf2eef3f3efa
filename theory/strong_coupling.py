"""Strong coupling: how the solution of the self-consistency grows with g, from its averages at large variance.

Sublinear growth of <phi^2> ~ K Delta^k, k < 1, gives Delta ~ (K g^2)^(1/(1-k)), and every other result a power of g. Linear
growth, k = 1, bounds g by K^(-1/2), where Delta diverges. Faster growth ends in a saddle-node at finite Delta.

Source of the class of activations: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import mpmath
from sympy import Eq, Expr, Float, Rational, S, Symbol, cos, expand_power_base, oo, powsimp, sin, sqrt, sstr
from sympy.logic.boolalg import Boolean, true

from theory.activations.activation import Activation
from theory.activations.parity import admissible_value
from theory.activations.zeros import sign_of
from theory.derivation import Fact, Step
from theory.gaussian.average import Average
from theory.gaussian.integrand import evaluate
from theory.gaussian.polynomial import half_moment
from theory.large_variance import insert, large_variance, leading_power, tails
from theory.powers import Power, tidy
from theory.symbols import Delta, g, phi, sigma, x
from theory.theory import Theory

POWER, GAIN = Average(phi(x) ** 2), Average(phi(x), 1)
_SHOWN = ("Delta", "gain", "gamma", "stability", "D_x", "D_phi")
_VERDICTS = {
    True: "stable",
    False: "the fixed point is unstable there, so that these are limits of the formal saddle",
    None: "stability there is not decided",
}
_LONGEST = 24  # operations in a number that is printed exactly
_FASTER = "phi grows faster than x: solutions end in a saddle-node, there is no strong-coupling limit"


@dataclass(frozen=True, eq=False)
class StrongCoupling:
    """Behaviour at the largest couplings.

    Attributes
    ----------
    activation : Activation
    kind : str
        'sublinear' (g unbounded), 'linear' (g bounded), or 'none'.
    reason : str
        For the kind 'none': why there is no law.
    averages : mapping of Average to Power
        Every average that was found, as a power of Delta.
    limit : Expr
        Largest g; oo where there is none.
    variance : Expr or None
        For the kind 'linear': Delta as g approaches `limit`, in g and sigma.
    laws : mapping of key to Power
        For the kind 'sublinear': leading behaviour of the results as powers of g; a limit where the exponent is 0. With
        them ``gamma = g^2 <phi'>^2``.
    stable : bool or None
        Whether g^2 <phi'^2> stays below 1; None where that was not found or depends on parameters.
    condition : Boolean
        On the parameters of the activation.
    """

    activation: Activation
    kind: str
    reason: str = ""
    averages: Mapping[Average, Power] = field(default_factory=dict)
    limit: Expr = oo
    variance: Expr | None = None
    laws: Mapping[str, Power] = field(default_factory=dict)
    stable: bool | None = None
    condition: Boolean = true

    @property
    def sentence(self) -> str:
        """One line for the reader."""
        where = "" if self.condition == true else f" where {sstr(self.condition)}"
        if self.kind == "none":
            return f"strong coupling: {self.reason}"
        if self.kind == "linear":
            behaviour = f"Delta ~ {sstr(self.variance)}, where this is positive, and D_x, D_phi -> 0"
            return f"strong coupling{where}: g < {sstr(self.limit)}; on approach to it {behaviour}"
        rows = [f"{key} {_behaviour(self.laws[key])}" for key in _SHOWN if key in self.laws]
        return f"strong coupling{where}: {', '.join(rows)}; {_VERDICTS[self.stable]}"


def _behaviour(law: Power) -> str:
    return (
        f"-> {sstr(_readable(law.prefactor))}"
        if law.exponent == 0
        else f"~ {sstr(_readable(law.prefactor) * g**law.exponent)}"
    )


def _readable(expression: Expr) -> Expr:
    """A long number, or one that came from quadrature, with ten digits."""
    long = expression.is_number and (expression.count_ops() > _LONGEST or expression.has(Float))
    return expression.evalf(10) if long else expression


def strong_coupling(theory: Theory, activation: Activation) -> StrongCoupling:
    """Asymptotic law of the self-consistency and of every result whose averages have power laws.

    Parameters
    ----------
    theory : Theory
        With the self-consistency Delta = sigma^2 + g^2 <phi^2>.
    activation : Activation
        One that the theory admits.
    """
    if any(call.has(x) for piece in activation.pieces.expressions for call in piece.atoms(sin, cos)):
        return StrongCoupling(activation, "none", "not derived: phi oscillates")
    theory = theory.without_corrections
    found = {average: large_variance(average, activation) for average in theory.averages}
    averages = {average: power for average, power in found.items() if power is not None}
    whole = averages.get(POWER)
    if whole is None or whole.prefactor.is_finite is False:
        return StrongCoupling(activation, "none", "not derived: <phi^2> has no power law at large variance")
    growth = sign_of(whole.exponent - 1)
    if growth is None:
        return StrongCoupling(
            activation, "none", f"depends on the sign of {sstr(whole.exponent - 1)}, see the power law"
        )
    if growth > 0:
        return StrongCoupling(activation, "none", _FASTER)
    if growth == 0:
        condition = true if sign_of(whole.prefactor) == 1 else whole.prefactor > 0
        variance, limit = _linear(activation, whole.prefactor)
        if variance is None:
            return StrongCoupling(activation, "none", f"g < {sstr(limit)}; the law of Delta there is not derived")
        return StrongCoupling(
            activation, "linear", averages=averages, variance=variance, limit=limit, condition=condition
        )
    laws = {"Delta": _power_of_g(Power(S.One, S.One), whole), **_laws(theory, averages, whole)}
    return StrongCoupling(
        activation,
        "sublinear",
        averages=averages,
        laws=laws,
        stable=_stays_below_one(theory, averages, laws),
    )


def _stays_below_one(theory: Theory, averages: Mapping[Average, Power], laws: Mapping[str, Power]) -> bool | None:
    (multiplier,) = (condition.expression for condition in theory.conditions if condition.key == "stability")
    if any(averages[a].prefactor == oo for a in multiplier.atoms(Average) if a in averages):
        return False
    if "stability" not in laws:
        return None
    law = laws["stability"]
    growing = sign_of(law.exponent)
    above = sign_of(law.prefactor - 1) if growing == 0 else growing
    return None if above is None else above < 0


def _laws(theory: Theory, averages: Mapping[Average, Power], whole: Power) -> dict[str, Power]:
    """Every result whose averages are known as powers, with g^2 = Delta^(1-k)/K and sigma^2 << Delta."""
    names = {average: Symbol(f"K{n}", positive=True) for n, average in enumerate(averages)}
    values = {names[average]: power.prefactor for average, power in averages.items()}
    powers = {
        average: Power(names[average] if power.prefactor != 0 else S.Zero, power.exponent)
        for average, power in averages.items()
    }
    coupling = sqrt(Delta ** (1 - whole.exponent) / names[POWER])
    expressions = {key: q.expression for key, q in theory.leading.items() if q.expression != Delta}
    expressions |= {condition.key: condition.expression for condition in theory.conditions}
    expressions["gamma"] = g**2 * GAIN**2
    laws = {}
    for key, expression in expressions.items():
        inserted = insert(expression, powers).subs(sigma, 0).subs(g, coupling)
        leading = None if inserted.has(Average) else leading_power(tidy(inserted.expand()))
        if leading is not None and not any(values[name] == oo for name in inserted.free_symbols & set(values)):
            laws[key] = _power_of_g(Power(leading.prefactor.xreplace(values), leading.exponent), whole)
    return laws


def _power_of_g(law: Power, whole: Power) -> Power:
    """A power of Delta with Delta = (K g^2)^(1/(1-k)) inserted."""
    raised = law.exponent / (1 - whole.exponent)
    prefactor = powsimp(expand_power_base(tidy(law.prefactor * whole.prefactor**raised)))
    return Power(prefactor, tidy(2 * raised))


def _linear(activation: Activation, slope_squared: Expr) -> tuple[Expr | None, Expr]:
    """Linear growth, <phi^2> = K Delta + rest: Delta (1 - K g^2) = sigma^2 + g^2 rest, with g^2 = 1/K in the last term."""
    limit = 1 / sqrt(slope_squared)
    rest = _beyond_linear(activation, slope_squared)
    if rest is None:
        return None, limit
    distance = 1 - slope_squared * g**2
    if sign_of(rest.exponent) == 1:  # the rest outgrows the noise
        return (rest.prefactor / slope_squared / distance) ** (1 / (1 - rest.exponent)), limit
    constant = rest.prefactor if rest.exponent == 0 else S.Zero
    return tidy(sigma**2 + constant / slope_squared) / distance, limit


def _difference(a: Expr, b: Expr) -> Expr:
    """a - b, over one denominator for rational functions, so that what cancels is gone."""
    return (a - b).together().cancel() if a.is_rational_function(x) else (a - b).expand()


def _beyond_linear(activation: Activation, slope_squared: Expr) -> Power | None:
    """Leading power of <phi^2> - K Delta, from the tails of phi^2 - K x^2; prefactor 0 where it tends to zero."""
    found = tails(activation.pieces.map(lambda e: _difference(e**2, slope_squared * x**2)))
    if found is None:
        return None
    weight, q = found
    falling = q is S.NegativeInfinity or sign_of(q) == -1
    return Power(S.Zero, S.Zero) if falling else Power(2 * weight * half_moment(q, S.One), q / 2)


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def strong_coupling_steps(theory: Theory, found: StrongCoupling) -> tuple[Step, ...]:
    """Every power law at large variance, and Delta(g), against certified quadrature at very large Delta."""
    if found.kind == "none":
        return ()
    shown = {average: p for average, p in found.averages.items() if p.prefactor not in (0, oo)}
    steps = [
        Step(
            f"{sstr(average)} at large variance",
            "closed form expanded; or tails c |x|^q give c <|z|^q> Delta^(q/2), an integrable F its integral/(2 pi Delta)^(1/2)",
            average,
            power.of(Delta),
            check=Fact(partial(_approached, found, average, power.of(Delta)), _HOW),
        )
        for average, power in shown.items()
    ]
    if found.kind == "linear":
        law = Eq(g, found.limit)
        check = Fact(partial(_approached, found, theory.equation.control_at, found.limit), _HOW)
    else:
        growth = found.laws["Delta"]
        law = Eq(Delta, growth.of(g))
        at = (Delta / growth.prefactor) ** (1 / growth.exponent)
        check = Fact(partial(_approached, found, theory.equation.control_at, at), _HOW)
    title = "Largest couplings: the self-consistency at large variance, where sigma^2 is negligible"
    return (*steps, Step(title, "leading powers inserted", theory.equation.right, law, check=check))


_HOW = "ratio to certified quadrature tends to 1 as Delta grows by twelve decades"
_DECADES = ((12, 24), (40, 60))  # the second where coefficients differ by many orders of magnitude


def _approached(found: StrongCoupling, expression: Expr, law: Expr) -> bool:
    """Whether expression/law - 1 is small and falls, at values of the parameters that are drawn."""
    draw = random.Random(5)
    given = {p: Rational(str(round(float(admissible_value(p, draw)), 3))) for p in found.activation.parameters}
    return any(_falls(found, expression, law, given, decades) for decades in _DECADES)


def _falls(
    found: StrongCoupling, expression: Expr, law: Expr, given: dict[Symbol, Expr], decades: tuple[int, int]
) -> bool:
    deviations = []
    for decade in decades:
        values = {**given, Delta: Rational(10) ** decade, sigma: S.One}
        needed = {symbol: values[symbol] for symbol in _symbols(expression, given)}
        exact = evaluate(expression, found.activation, needed)
        deviations.append(abs(exact / mpmath.mpmathify(law.subs(values).evalf(20)) - 1))
    return bool(deviations[1] < 0.3 and (deviations[1] < deviations[0] / 3 or deviations[1] < 1e-13))


def _symbols(expression: Expr, given: Mapping[Symbol, Expr]) -> set[Symbol]:
    return {*expression.free_symbols, Delta, *given}
