"""Strong coupling: how the solution of the self-consistency grows with g, from its averages at large variance.

Sublinear growth of <phi^2> ~ K Delta^k, k < 1, gives Delta ~ (K g^2)^(1/(1-k)), and every other result a power of g. Linear
growth, k = 1, bounds g by K^(-1/2), where Delta diverges. Faster growth ends in a saddle-node at finite Delta.

Source of the class of activations: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from sympy import Expr, Float, Rational, S, Symbol, expand_power_base, latex, oo, powsimp, sqrt, sstr
from sympy.logic.boolalg import true

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.activation.zeros import sign_of
from theory.averages.average import Average
from theory.averages.polynomial import half_moment
from theory.derivation import Step
from theory.limits.checks import DIGITS, Numbers, Values, approaching, number
from theory.limits.large_variance import WAVES, has_waves, large_variance, leading_power, tails
from theory.limits.limit import Limit, follows, words
from theory.limits.power_law import GAIN, POWER, expressions
from theory.limits.powers import Power, tidy
from theory.symbols import Delta, g, sigma, x
from theory.theory import Theory

_VERDICTS = {
    True: "stable",
    False: "the fixed point is unstable there, so that these are limits of the formal saddle",
    None: "stability there is not decided",
}
_TITLE = "Strong coupling"
_FASTER = "phi grows faster than x: solutions end in a saddle-node, there is no strong-coupling limit"
_NO_POWER = "not derived: <phi^2> has no power law at large variance"
_HOW = "certified quadrature: the ratio tends to 1 as Delta grows by twelve decades or more"
_DECADES = ((12, 24), (40, 60))  # the second where coefficients differ by many orders of magnitude


def strong_coupling(theory: Theory, activation: Activation) -> Limit:
    """Asymptotic law of the self-consistency and of every result whose averages have power laws.

    Its facts are the kind, 'sublinear' (g unbounded), 'linear' (g bounded) or 'none'; the largest g, oo where there is none;
    whether g^2 <phi'^2> stays below 1, None where that is not decided; and the laws as data. With the results
    ``gamma = g^2 <phi'>^2``.

    Parameters
    ----------
    theory : Theory
        With the self-consistency Delta = sigma^2 + g^2 <phi^2>.
    activation : Activation
        One that the theory admits.
    """
    theory = theory.without_corrections
    if has_waves(activation.pieces):
        return _none(WAVES)
    found = {average: large_variance(average, activation) for average in theory.averages}
    averages = {average: power for average, power in found.items() if power is not None}
    whole = averages.get(POWER)
    if whole is None or whole.prefactor.is_finite is False:
        return _none(_NO_POWER)
    growth = sign_of(whole.exponent - 1)
    if growth is None:
        return _none(f"depends on the sign of {sstr(whole.exponent - 1)}, see the power law")
    if growth > 0:
        return _none(_FASTER)
    if growth == 0:
        return _bounded(theory, activation, averages)
    laws = {"Delta": _power_of_g(Power(S.One, S.One), whole), **_laws(theory, averages, whole)}
    stable = _stays_below_one(theory, averages, laws)
    check, before = _check(theory, activation), {**expressions(theory), "Delta": Delta, "gamma": g**2 * GAIN**2}
    rule = "leading powers at large variance inserted, where sigma^2 is negligible"
    return Limit(
        title=_TITLE,
        group="strong_coupling",
        formulas=tuple(
            follows("g -> infinity", key, "~" if law.exponent else "->", law.of(g), before[key], rule, check)
            for key, law in laws.items()
        ),
        lemmas=lambda: _averages(averages, check),
        remarks=(_VERDICTS[stable],),
        facts=_facts("sublinear", oo, stable, laws),
    )


def _none(reason: str) -> Limit:
    return Limit(title=_TITLE, group="strong_coupling", reason=reason, facts=_facts("none", oo, None, {}))


def _facts(kind: str, limit: Expr, stable: bool | None, laws: Mapping[str, Power]) -> dict[str, object]:
    data = {
        key: {"expression": sstr(power.of(g)), "exponent": sstr(power.exponent), "latex": latex(power.of(g))}
        for key, power in laws.items()
    }
    return {"kind": kind, "limit": limit, "stable": stable, "laws": data}


def _bounded(theory: Theory, activation: Activation, averages: Mapping[Average, Power]) -> Limit:
    """Linear growth, <phi^2> = K Delta + rest: Delta (1 - K g^2) = sigma^2 + g^2 rest, with g^2 = 1/K in the last term."""
    slope_squared = averages[POWER].prefactor
    limit = 1 / sqrt(slope_squared)
    variance = _variance_near_limit(activation, slope_squared)
    if variance is None:
        return _none(f"g < {sstr(limit)}; the law of Delta there is not derived")
    condition = words(true if sign_of(slope_squared) == 1 else slope_squared > 0)
    rows = [("g", "<", limit, theory.equation.control_at, "leading powers inserted, sigma^2 being negligible")]
    rows += [("Delta", "~", variance, Delta, "what <phi^2> has beyond its linear growth, from the tails")]
    quantities = expressions(theory)
    rows += [(key, "->", S.Zero, quantities[key], "at large variance") for key in ("D_x", "D_phi") if key in quantities]
    section, check = "on approach to the largest g, where this is positive", _check(theory, activation)
    return Limit(
        title=_TITLE,
        group="strong_coupling",
        formulas=tuple(follows(section, *row, check, condition) for row in rows),
        lemmas=lambda: _averages(averages, check),
        facts=_facts("linear", limit, None, {}),
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
    inserted_powers = {average: power.of(Delta) for average, power in powers.items()}
    laws = {}
    for key, expression in {**expressions(theory), "gamma": g**2 * GAIN**2}.items():
        if expression.free_symbols & {equation.unknown for equation in theory.then}:
            continue  # another order parameter grows with Delta
        inserted = expression.xreplace(inserted_powers).subs(sigma, 0).subs(g, coupling)
        leading = None if inserted.has(Average) else leading_power(tidy(inserted.expand()))
        if leading is not None and not any(values[name] == oo for name in inserted.free_symbols & set(values)):
            laws[key] = _power_of_g(Power(leading.prefactor.xreplace(values), leading.exponent), whole)
    return laws


def _power_of_g(law: Power, whole: Power) -> Power:
    """A power of Delta with Delta = (K g^2)^(1/(1-k)) inserted."""
    raised = law.exponent / (1 - whole.exponent)
    prefactor = powsimp(expand_power_base(tidy(law.prefactor * whole.prefactor**raised)))
    return Power(prefactor, tidy(2 * raised))


def _variance_near_limit(activation: Activation, slope_squared: Expr) -> Expr | None:
    """Delta in g and sigma as g approaches its largest value, from the tails c |x|^q of phi^2 - K x^2."""

    def beyond(e: Expr) -> Expr:  # over one denominator for rational functions, so that what cancels is gone
        rest = e**2 - slope_squared * x**2
        return rest.together().cancel() if e.is_rational_function(x) else rest.expand()

    found = tails(activation.pieces.map(beyond))
    if found is None:
        return None
    (weight, q), distance = found, 1 - slope_squared * g**2
    falling = q is S.NegativeInfinity or sign_of(q) == -1
    rest = S.Zero if falling else 2 * weight * half_moment(q, S.One) / slope_squared
    if not falling and sign_of(q) == 1:  # the rest outgrows the noise
        return (rest / distance) ** (1 / (1 - q / 2))
    return tidy(sigma**2 + rest) / distance


# ---- the steps and their numbers -----------------------------------------------------------------------------------------------


def _averages(averages: Mapping[Average, Power], check: Numbers) -> Iterator[Step]:
    for average, power in averages.items():
        if power.prefactor not in (0, oo):
            yield Step(
                f"{sstr(average)} at large variance",
                "closed form expanded; or tails c |x|^q give c <|z|^q> Delta^(q/2), an integrable F int F/(2 pi Delta)^(1/2)",
                average,
                power.of(Delta),
                check=check,
            )


def _check(theory: Theory, activation: Activation) -> Numbers:
    return Numbers(activation, partial(_deep, theory, activation), approaching, _HOW, decisive=any)


def _deep(theory: Theory, activation: Activation) -> Iterator[list[Values]]:
    """Large variances, and the coupling at which each is a solution at unit noise."""
    for decades in _DECADES:
        way: list[Values] = []
        for decade in decades:
            values = {**drawn(activation.parameters), Delta: Rational(10) ** decade, sigma: S.One}
            strength = number(theory.equation.control_at, activation, values)
            way.append({**values, g: Float(strength, DIGITS)})
        yield way
