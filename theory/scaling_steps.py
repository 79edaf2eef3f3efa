"""The scaling theory of a power law as checked steps; the checks go through quadrature, not through the closed forms."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import mpmath
from sympy import Eq, Expr, Float, Function, Rational, S, Symbol, solve, sstr

from theory.activations.parity import admissible_value
from theory.derivation import Fact, Replay, Step
from theory.gaussian.integrand import certified
from theory.highprecision import mp_function
from theory.scaling import GAIN, MEANINGS, POWER, G, Point, PowerLaw, collapsed, ghat, m, s, y
from theory.symbols import Delta, g, sigma, x

DIGITS = 20
_VARIANCE, _NOISE = Rational(7, 3), Rational(6, 5)
# where the exponent is free: one at which everything is finite, and one in each regime
_EXPONENT, _SUBLINEAR, _SUPERLINEAR, _UNSTABLE = Rational(4, 5), Rational(2, 3), Rational(3, 2), Rational(3, 4)


def scaling_steps(law: PowerLaw) -> tuple[Step, ...]:
    """The argument, from homogeneity to limits and special points."""
    return (
        *_homogeneity(law),
        *_collapse(law),
        *_results(law),
        *_weak(law),
        *_strong(law),
        *_special(law),
    )


def _homogeneity(law: PowerLaw) -> tuple[Step, ...]:
    scale, phi = Symbol("l", positive=True), Function("phi", real=True)
    return (
        Step(
            "The activation is homogeneous",
            "Euler's theorem: x phi' = p phi on every piece",
            phi(scale * x),
            scale**law.exponent * phi(x),
            assumption="l > 0",
            check=Fact(partial(_is_homogeneous, law), "both sides at random points"),
        ),
        *(
            Step(
                f"{symbol} is {MEANINGS[symbol]}",
                "closed form",
                symbol,
                Eq(symbol, value, evaluate=False),
                check=Fact(partial(_constant_holds, law, symbol), f"{DIGITS} digits of mpmath quadrature"),
            )
            for symbol, value in law.constants.items()
        ),
        *(
            Step(
                f"<F> is a power of Delta: the scale of x is taken out of F = {sstr(average)[1:-1]}",
                "homogeneity",
                average,
                power.prefactor * Delta**power.exponent,
                check=Fact(partial(_average_holds, law, average), f"{DIGITS} digits of mpmath quadrature"),
            )
            for average, power in law.unit.items()
            if power.prefactor != 0  # a derivative beyond the degree of a polynomial
        ),
    )


def _collapse(law: PowerLaw) -> tuple[Step, ...]:
    return (
        Step(
            f"Insert Delta = sigma^2 y and ghat = {sstr(law.collapse)}: sigma drops out, Delta/sigma^2 depends on ghat alone",
            "change of variables",
            law.theory.equation.right,
            law.equation,
            check=Replay(lambda _: Eq(y, collapsed(law.theory, law.unit, law.collapse))),
        ),
        Step(
            "Solve for ghat^2, with s = 1 - sigma^2/Delta = 1 - 1/y: s runs from 0 at g = 0 towards 1",
            "elimination",
            law.equation,
            Eq(ghat**2, law.coupling_squared),
            check=Fact(partial(_coupling_holds, law), "inserted in the self-consistency, at random points"),
        ),
    )


def _results(law: PowerLaw) -> tuple[Step, ...]:
    rows = {key: q.expression for key, q in law.theory.quantities.items()}
    rows |= {condition.key: condition.expression for condition in law.theory.conditions}
    return tuple(
        Step(
            f"{key} on the solution, g and sigma eliminated in favour of s and Delta",
            "self-consistency inserted",
            rows[key],
            power.prefactor * Delta**power.exponent,
            assumption=sstr(law.finite[key]) if key in law.finite else "",
            reference=law.theory.model.reference,
            check=Fact(partial(_result_holds, law, rows[key], key), f"{DIGITS} digits of mpmath quadrature"),
        )
        for key, power in law.results.items()
    )


def _weak(law: PowerLaw) -> tuple[Step, ...]:
    return (
        Step(
            "Weak coupling: y to order ghat^4",
            "Lagrange inversion",
            law.equation,
            law.weak["Delta/sigma^2"],
            check=Fact(
                partial(_series_holds, law), "inserted in the self-consistency, the remainder is of order ghat^6"
            ),
        ),
    )


def _strong(law: PowerLaw) -> tuple[Step, ...]:
    if law.strong is None:
        return ()
    return (
        Step(
            "Strong coupling: Delta^(1-p) = m g^2/s with s = 1 - sigma^2/Delta -> 1, expanded to first order in sigma^2/Delta",
            "asymptotic expansion",
            law.equation,
            law.strong.variance,
            assumption=sstr(law.strong.condition),
            check=Fact(partial(_asymptote_holds, law), "the error at 1 - s = 1e-20 and 1e-30 falls as 1 - s"),
        ),
    )


def _special(law: PowerLaw) -> tuple[Step, ...]:
    steps = []
    if law.saddle_node is not None:
        steps.append(
            Step(
                "Saddle-node: the slope of the self-consistency is 1",
                "linear equation in s",
                Eq(law.results["slope"].prefactor, 1),
                Eq(ghat, law.saddle_node.coupling),
                assumption=sstr(law.saddle_node.condition),
                check=Fact(partial(_turns, law, law.saddle_node), "ghat^2 as a function of s has its maximum there"),
            )
        )
    if law.instability is not None:
        steps.append(
            Step(
                "Loss of stability: g^2 <phi'^2> is 1. For p > 1 this lies beyond the saddle-node",
                "linear equation in s",
                Eq(law.results["stability"].prefactor, 1),
                Eq(ghat, law.instability.coupling),
                assumption=sstr(law.instability.condition),
                check=Fact(partial(_loses_stability, law, law.instability), f"{DIGITS} digits of mpmath quadrature"),
            )
        )
    return tuple(steps)


# ---- the checks --------------------------------------------------------------------------------------------------------------


def _parameters(law: PowerLaw, exponent: Expr = _EXPONENT) -> dict[Any, Expr]:
    """Values of the activation's parameters that give the exponent, where it is free."""
    free = sorted(law.exponent.free_symbols, key=str)
    draw = random.Random(11)
    values = {p: Rational(str(round(float(admissible_value(p, draw)), 3))) for p in law.activation.parameters}
    if free:
        (solved,) = solve(law.exponent.subs({p: values[p] for p in free[1:]}) - exponent, free[0])
        values[free[0]] = solved
    return values


def _number(law: PowerLaw, expression: Expr, values: Mapping[Any, Expr]) -> mpmath.mpf:
    """Value of an expression in `m`, `G`, the parameters and further symbols; generously precise."""
    constants = {symbol: constant.subs(values) for symbol, constant in law.constants.items()}
    return mpmath.mpmathify(expression.xreplace(values).subs(constants).subs(values).evalf(DIGITS + 20, maxn=400))


@lru_cache(maxsize=32)
def _by_quadrature(law: PowerLaw, exponent: Expr, variance: Expr) -> dict[Any, Expr]:
    """The parameters, the variance and every average of the theory at it, by certified quadrature."""
    values = {**_parameters(law, exponent), Delta: variance}
    numbers = {average: certified(average, law.activation, values, DIGITS + 5) for average in law.unit}
    return {**values, **{average: Float(number, DIGITS + 10) for average, number in numbers.items()}}


@lru_cache(maxsize=32)
def _on_branch(law: PowerLaw) -> dict[Any, Expr]:
    """The same with a noise, the coupling that belongs to both, and the share."""
    values = {**_by_quadrature(law, _EXPONENT, _VARIANCE), sigma: _NOISE}
    coupling = law.theory.equation.control_at.xreplace(values).subs(values).evalf(DIGITS + 10)
    return {**values, g: coupling, s: 1 - _NOISE**2 / _VARIANCE, y: _VARIANCE / _NOISE**2}


def _agree(a: mpmath.mpf, b: mpmath.mpf) -> bool:
    with mpmath.workdps(DIGITS + 20):
        return bool(abs(a - b) <= mpmath.mpf(10) ** -DIGITS * max(abs(a), abs(b)))


def _is_homogeneous(law: PowerLaw) -> bool:
    values = _parameters(law)
    pieces, power = law.activation.pieces.substitute(values), _number(law, law.exponent, values)
    with mpmath.workdps(DIGITS + 10):
        for point, scale in ((Rational(3, 7), Rational(5, 2)), (Rational(-8, 5), Rational(1, 9))):
            phi = mp_function((x,), pieces.at(point))
            at, factor = mpmath.mpf(point.p) / point.q, mpmath.mpf(scale.p) / scale.q
            if not _agree(phi(factor * at), factor**power * phi(at)):
                return False
    return True


def _constant_holds(law: PowerLaw, symbol: Symbol) -> bool:
    values = _by_quadrature(law, _EXPONENT, S.One)
    by_quadrature = {m: POWER, G: GAIN**2 / POWER}[symbol]
    return _agree(_number(law, by_quadrature, values), _number(law, law.constants[symbol], values))


def _average_holds(law: PowerLaw, average: Expr) -> bool:
    values, power = _by_quadrature(law, _EXPONENT, _VARIANCE), law.unit[average]
    return _agree(_number(law, average, values), _number(law, power.prefactor * Delta**power.exponent, values))


def _coupling_holds(law: PowerLaw) -> bool:
    values = _on_branch(law)
    return _agree(_number(law, law.collapse**2, values), _number(law, law.coupling_squared, values))


def _result_holds(law: PowerLaw, expression: Expr, key: str) -> bool:
    values, power = _on_branch(law), law.results[key]
    return _agree(_number(law, expression, values), _number(law, power.prefactor * Delta**power.exponent, values))


def _series_holds(law: PowerLaw) -> bool:
    values, remainders = _parameters(law), []
    for small in (Rational(1, 10**6), Rational(1, 10**8)):
        found = law.weak["Delta/sigma^2"].subs(ghat, small)
        remainder = (law.equation.rhs - law.equation.lhs).subs({y: found, ghat: small})
        remainders.append(_number(law, remainder / small**6, values))
    return abs(remainders[0] - remainders[1]) <= abs(remainders[0]) / 100


def _asymptote_holds(law: PowerLaw) -> bool:
    """Delta from ghat(s) at unit noise, minus its expansion, in units of 1 - s: the same at both distances."""
    assert law.strong is not None
    values, errors = _parameters(law, _SUBLINEAR), []
    for small in (Rational(1, 10**20), Rational(1, 10**30)):
        coupling = law.coupling_squared.subs({s: 1 - small, y: 1 / small}) ** S.Half
        difference = 1 / small - law.strong.variance.subs({g: coupling, sigma: 1})
        errors.append(_number(law, difference / small, values))
    return abs(errors[0] - errors[1]) <= mpmath.mpf(10) ** -10 * (1 + abs(errors[0]))


def _turns(law: PowerLaw, point: Point) -> bool:
    """ghat^2 as a function of s is largest at the claimed share, and ghat and y are those of that share."""
    values = _parameters(law, _SUPERLINEAR)
    constants = {symbol: constant.subs(values) for symbol, constant in law.constants.items()}
    with mpmath.workdps(DIGITS + 20):
        squared = mp_function((s,), law.coupling_squared.subs(y, 1 / (1 - s)).subs(constants).subs(values))
        share = _number(law, point.s, values)
        slope, bend = (mpmath.diff(squared, share, n) for n in (1, 2))
        claimed = _agree(mpmath.sqrt(squared(share)), _number(law, point.coupling, values))
        return bool(
            claimed
            and _agree(1 / (1 - share), _number(law, point.y, values))
            and abs(slope) <= mpmath.mpf(10) ** -10 * squared(share)
            and bend < 0
        )


def _loses_stability(law: PowerLaw, point: Point) -> bool:
    """At unit noise, with the claimed coupling and variance, the self-consistency holds and g^2 <phi'^2> is 1."""
    ratio = point.y.subs(_parameters(law, _UNSTABLE))
    values = {**_by_quadrature(law, _UNSTABLE, ratio), sigma: S.One}
    values[g] = Float(_number(law, point.coupling, values), DIGITS + 10)
    (stability,) = (c.expression for c in law.theory.conditions if c.key == "stability")
    holds = _agree(_number(law, law.theory.equation.right, values), _number(law, ratio, values))
    return holds and _agree(_number(law, stability, values), mpmath.mpf(1))
