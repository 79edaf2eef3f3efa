r"""A readout network with a homogeneous activation, ``phi(l x) = l^q phi(x)`` for l > 0: powers, piecewise powers, ReLU.

Every average is a power of the variance, P = P1 Delta^q and Q = Q1 Delta^((q-1)/2), and every result at the target a function of
the gain G of the slow variance mode and the geometry: Delta (1 - G/q) = S. For q > 1 the open loop ends in a fold at G = 1; for
q < 1 the bulk becomes unstable at weak drive; for q = 1 (ReLU) the output is linear in z and everything is explicit in g.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the power laws are this
toolkit's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from sympy import Eq, Expr, Float, Rational, S, Symbol, powsimp, sqrt, sstr
from sympy.logic.boolalg import Boolean

from theory.activation.activation import Activation
from theory.activation.homogeneity import degree
from theory.averages.average import Average
from theory.concrete import closed_form_of
from theory.derivation import Step
from theory.engine.cavity import linear_root
from theory.limits.checks import DIGITS, AtThreshold, Holds, Numbers, Values, equal, number, with_exponent
from theory.limits.limit import Formula, Limit, follows, words
from theory.limits.powers import tidy, unit_constant
from theory.limits.target import GAIN, POWER, SQUARED_SLOPE, Target, at_drive, drive, slope
from theory.symbols import SI2, A, Delta, Sm2, g, phi, smI, snI, x

P1, Q1 = Symbol("P1", positive=True), Symbol("Q1", real=True)
"""<phi^2> and <phi'> at unit variance."""

G = Symbol("G", real=True)
"""g^2 P', the gain of the slow variance mode."""

_NO_INPUT = "without input, SI = 0, where a = 1 whatever the readout: stable slow modes where theta < 0 and G < 1"
_FOLD = "fold of the open loop, G = 1, in ghat^2 = g^2 S^(q-1): no stationary state beyond it"
_EDGE = "loss of stability of the bulk, R = 1, in ghat^2 = g^2 S^(q-1)"
_QUADRATURE = "certified quadrature, 25 digits"
_FINITE = Rational(4, 5)  # an exponent at which everything is finite, where it is free
_DEGREE_ONE = (
    "theta = 0, so that the outliers are a and G, and a stationary state exists where G < 1; the output is linear in z, so that "
    "the target is the only fixed point, stable where a < 1",
    "where a = 1, without overlap snI of readout and input, every output is a fixed point of the closed loop: a continuum of "
    "marginal ones",
)


def homogeneous_readout(target: Target, activation: Activation) -> Limit | None:
    """Power laws of a homogeneous activation that is not even: in Delta, G, S, s and the overlaps; for q = 0, 1 in g without G.

    Returns
    -------
    Limit or None
        None where the activation is not homogeneous, is even, so that <phi'> = 0, or its averages have no closed form.
    """
    q = degree(activation.pieces)
    power, gain = (closed_form_of(average, activation) for average in (POWER, GAIN))
    if q is None or power is None or gain is None or power.expression.is_infinite or gain.expression == 0:
        return None
    constants = {P1: unit_constant(power.expression), Q1: unit_constant(gain.expression)}
    laws = _laws(target, q)
    if q in (0, 1):
        laws = {key: _in_slope(law.subs(constants)) for key, law in laws.items()}
    if not _may(q > S.Half):
        del laws["bulk_radius^2"]
    check = partial(_check, target, activation, q, constants)
    section = f"phi(l x) = l^q phi(x) for l > 0, q = {sstr(q)}; P1, Q1 are <phi^2>, <phi'> at unit variance"
    bulk = target.expression("bulk_radius") ** 2
    places = (
        (_FOLD, q > 1, S.One, target.mode, Rational(3, 2)),
        (_EDGE, (q > S.Half) & (q < 1), mode_over_bulk(q), bulk, Rational(3, 4)),
    )
    return Limit(
        title=f"Homogeneous activation of degree {sstr(q)}",
        formulas=(
            *_constants(section, constants, check),
            *_on_solution(target, q, laws, section, check),
            *(row for place in places for row in _threshold(target, activation, q, constants, laws, place)),
        ),
        remarks=_remarks(q),
        lemmas=lambda: (*_averages(q, check), *(_linear(target, laws["a"]) if q == 1 else ())),
    )


def powers(q: Expr) -> dict[Average, Expr]:
    """The averages as powers of the variance; derivatives by Price's theorem, <phi'^2> by Euler's."""
    power, gain = P1 * Delta**q, Q1 * Delta ** ((q - 1) / 2)
    return {
        POWER: power,
        Average(phi(x) ** 2, 2): 2 * power.diff(Delta),
        GAIN: gain,
        Average(phi(x), 3): 2 * gain.diff(Delta),
        SQUARED_SLOPE: power.diff(Delta) / mode_over_bulk(q),
    }


def mode_over_bulk(q: Expr) -> Expr:
    """G/R^2 = <phi'^2 + phi phi''>/<phi'^2>, with Euler's phi' = q phi/x, so that phi phi'' = (1 - 1/q) phi'^2."""
    return 1 + (1 - 1 / q)


def _laws(target: Target, q: Expr) -> dict[str, Expr]:
    """Averages inserted, g eliminated in favour of G, and Delta from the self-consistency, where it is linear once G is given."""
    inserted = powers(q)
    mode = target.mode.xreplace(inserted)
    coupling = g**2 if q in (0, 1) else powsimp(G * g**2 / mode)

    def on_solution(expression: Expr) -> Expr:
        return tidy(powsimp(target.named(expression).xreplace(inserted).subs(g, sqrt(coupling)).expand()))

    recurrent = on_solution(target.variance - target.drive)
    variance = recurrent + drive if q == 0 else drive / (1 - (recurrent / Delta).cancel())
    gain = mode if q in (0, 1) else G
    results = {
        "a": target.loop,
        "g^2": coupling,
        "Delta0": tidy(variance),
        "C": target.expression("C").xreplace(inserted),
        "bulk_radius^2": on_solution(target.expression("bulk_radius") ** 2),
        "G": gain,
        "theta": on_solution(target.theta),
        "H_slope": target.loop + on_solution(target.theta) / (1 - gain),
        "lambda_ls": _in_slope(on_solution(target.expression("lambda_ls")).subs(Delta, variance)),
    }
    del results["g^2" if q in (0, 1) else "G"]
    return results


def _in_slope(law: Expr) -> Expr:
    """Collected in s."""
    return law.expand().collect(slope, tidy)


def _remarks(q: Expr) -> tuple[str, ...]:
    degree_of = f"homogeneous of degree {sstr(q)}"
    if q == 1:
        return (f"{degree_of}: {_DEGREE_ONE[0]}", _DEGREE_ONE[1])
    if q == 0:
        return (f"{degree_of}: G = 0, the outliers are a + theta and 0; the bulk radius is infinite",)
    branch = ", below 1 on the branch that starts at g = 0" if _may(q > 1) else ""
    return (
        f"{degree_of}: at fixed geometry everything depends on g and S by {sstr(g**2 * drive ** (q - 1))} alone; "
        f"G is a number between 0 and {sstr(q)}{branch}",
    )


# ---- formulas and steps --------------------------------------------------------------------------------------------------------


def _constants(section: str, constants: Mapping[Symbol, Expr], check: Callable[..., Numbers]) -> Iterator[Formula]:
    for (symbol, value), average in zip(constants.items(), (POWER, GAIN), strict=True):
        title, shown = f"{symbol} is {average} at unit variance", Eq(symbol, value, evaluate=False)
        before = average.subs(Delta, 1)
        yield follows(section, str(symbol), "=", value, before, "closed form", check(), title=title, after=shown)


def _averages(q: Expr, check: Callable[..., Numbers]) -> Iterator[Step]:
    for average, power in powers(q).items():
        euler = average == SQUARED_SLOPE
        if not euler or _may(q > S.Half):
            rule = "Euler's x phi' = q phi ties it to <phi^2>, G = (2 - 1/q) R^2" if euler else "homogeneity"
            where = "q > 1/2" if euler else ""
            yield Step(f"{average} is a power of Delta", rule, average, power, assumption=where, check=check())


def _on_solution(
    target: Target, q: Expr, laws: Mapping[str, Expr], section: str, check: Callable[..., Numbers]
) -> Iterator[Formula]:
    before = {
        "a": target.equation.loop_gain.subs(target.equation.amplitude, target.expression("C")),
        "g^2": g**2,
        "G": target.mode,
        "Delta0": target.variance,
        "bulk_radius^2": target.expression("bulk_radius") ** 2,
        "theta": target.theta,
        **{key: target.expression(key) for key in ("C", "H_slope", "lambda_ls")},
    }
    rule = "averages inserted on the solution, g eliminated in favour of G"
    for key, law in laws.items():
        condition = words(q > S.Half) if key == "bulk_radius^2" else ""
        yield follows(section, key, "=", law, before[key], rule, check(), condition)
    for key in ("theta", "lambda_ls"):
        alone = check(with_input=False)
        yield follows(_NO_INPUT, key, "=", _without_input(laws, key), before[key], "A s = S", alone)


def _without_input(laws: Mapping[str, Expr], key: str) -> Expr:
    """m A is the whole drive: A s = S."""
    return tidy(laws[key].subs(slope, drive / A).subs(Delta, laws["Delta0"]).expand())


def _threshold(
    target: Target,
    activation: Activation,
    q: Expr,
    constants: Mapping[Symbol, Expr],
    laws: Mapping[str, Expr],
    place: tuple[str, Boolean, Expr, Expr, Expr],
) -> Iterator[Formula]:
    """ghat^2 = g^2 S^(q-1), the strongest coupling of the open loop or that at which the bulk becomes unstable, and Delta there."""
    section, condition, gain, multiplier, exponent = place
    if not _may(condition):
        return
    share = (drive / laws["Delta0"]).cancel()
    point = {
        "ghat^2": (laws["g^2"].subs(Delta, 1) * share ** (q - 1)).subs(G, gain),
        "Delta0": tidy(laws["Delta0"].subs(G, gain)),
    }

    def values(key: str, found: Expr) -> Values:
        claims, own = {**point, key: found}, with_exponent(activation, q, exponent)
        squared = Float(number(claims["ghat^2"].subs(constants), activation, own), DIGITS)
        return {**own, drive: S.One, Delta: claims["Delta0"].subs(own).subs(drive, 1), g: sqrt(squared)}

    for key, law in point.items():
        check = AtThreshold(activation, target.named(target.variance), multiplier, partial(values, key))
        yield follows(section, key, "=", law, multiplier, "G inserted", check, words(condition))


def _may(condition: Boolean) -> bool:
    """Whether a condition on the exponent holds or is left open by its parameters."""
    return bool(condition != False)  # noqa: E712 - a SymPy relation may stay open


def _linear(target: Target, loop: Expr) -> tuple[Step, ...]:
    """For q = 1: one fixed point, or all outputs."""
    equation = target.equation
    closed = Eq(equation.output, equation.readout.xreplace(powers(S.One)))
    calibrated = closed.subs(equation.amplitude, target.expression("C").xreplace(powers(S.One)))
    return (
        Step(
            "The closed loop does not depend on Delta and is linear in the output: the target is its only fixed point",
            "linear equation solved at the calibrated amplitude",
            calibrated,
            Eq(equation.output, equation.target),
            assumption="snI is not 0, A is not flex",
            check=Holds(
                lambda step: (linear_root(step.before, step.after.lhs) - step.after.rhs).cancel() == 0,
                "solved for the output",
            ),
        ),
        Step(
            "Without overlap of readout and input every output is a fixed point, and a = 1",
            "both sides equal",
            loop,
            S.One,
            check=Holds(
                lambda step: (
                    (calibrated.lhs - calibrated.rhs).subs(snI, 0).cancel() == 0
                    and step.before.subs(snI, 0) == step.after
                ),
                "at the calibrated amplitude the equation of the closed loop is 0 = 0",
            ),
        ),
    )


# ---- numbers -------------------------------------------------------------------------------------------------------------------


def _check(
    target: Target, activation: Activation, q: Expr, constants: Mapping[Symbol, Expr], *, with_input: bool = True
) -> Numbers:
    return Numbers(
        activation,
        lambda: [[_open_loop(target, activation, q, with_input)]],
        equal,
        _QUADRATURE,
        spelled=lambda e: e.subs(constants),
    )


def _open_loop(target: Target, activation: Activation, q: Expr, with_input: bool) -> Values:
    """A point on the solution; G is that of its coupling."""
    values = at_drive(target, activation, with_exponent(activation, q, _FINITE), Rational(3, 2), Rational(1, 5))
    values[G] = Float(number(target.mode, activation, values), DIGITS)
    if not with_input:
        values |= {A: sqrt(values[drive] / values[Sm2]).evalf(DIGITS), smI: S.Zero, SI2: S.Zero, snI: S.Zero}
    return values
