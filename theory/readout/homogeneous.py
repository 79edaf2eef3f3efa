r"""A readout network with a homogeneous activation, ``phi(l x) = l^q phi(x)`` for l > 0: powers, piecewise powers, ReLU.

Every average is a power of the variance, P = P1 Delta^q and Q = Q1 Delta^((q-1)/2), and every result at the target a function of
the gain G of the slow variance mode and the geometry: Delta (1 - G/q) = S. For q > 1 the open loop ends in a fold at G = 1; for
q < 1 the bulk becomes unstable at weak drive; for q = 1 (ReLU) the output is linear in z and everything is explicit in g.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the power laws are this
toolkit's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import mpmath
from sympy import And, Eq, Expr, Float, Gt, Lt, Rational, S, Symbol, powsimp, solve, sqrt, sstr
from sympy.logic.boolalg import Boolean, true

from theory.activations.activation import Activation
from theory.activations.homogeneity import degree
from theory.concrete import closed_form_of
from theory.derivation import Fact, Step
from theory.fields.cavity import linear_root
from theory.gaussian.average import Average
from theory.powers import tidy
from theory.readout.target import (
    DIGITS,
    GAIN,
    GEOMETRY,
    POWER,
    SQUARED_SLOPE,
    Target,
    drawn,
    drive,
    number,
    slope,
)
from theory.scaling import unit_constant
from theory.symbols import SI2, A, Delta, Sm2, g, phi, smI, snI, x

P1, Q1 = Symbol("P1", positive=True), Symbol("Q1", real=True)
"""<phi^2> and <phi'> at unit variance."""

G = Symbol("G", real=True)
"""g^2 P', the gain of the slow variance mode."""


@dataclass(frozen=True, eq=False)
class HomogeneousReadout:
    """What homogeneity says about a readout network.

    Attributes
    ----------
    target : Target
    activation : Activation
    exponent : Expr
        q.
    constants : mapping of Symbol to Expr
        Closed forms of `P1`, `Q1`.
    laws : mapping of str to Expr
        Delta0 in `G` and the drive's S; g^2, a, C, theta, bulk_radius^2, H_slope, lambda_ls in Delta, G, S, s and the overlaps.
        For q = 1 and q = 0 in g, without G.
    without_input : mapping of str to Expr
        theta and lambda_ls for SI = 0, where a = 1 whatever the readout.
    finite : Boolean
        When the bulk radius is finite.
    fold, edge : mapping of str to Expr
        Strongest coupling ghat^2 = g^2 S^(q-1) of the open loop and Delta there, for q > 1; coupling at which the bulk becomes
        unstable and Delta there, for 1/2 < q < 1. Empty where there is none.
    fold_condition, edge_condition : Boolean
        On an exponent with parameters.
    """

    target: Target
    activation: Activation
    exponent: Expr
    constants: Mapping[Symbol, Expr]
    laws: Mapping[str, Expr]
    without_input: Mapping[str, Expr]
    finite: Boolean
    fold: Mapping[str, Expr]
    edge: Mapping[str, Expr]
    fold_condition: Boolean
    edge_condition: Boolean

    @property
    def sentences(self) -> tuple[str, ...]:
        """What no formula says."""
        degree_of = f"homogeneous of degree {sstr(self.exponent)}"
        if self.exponent == 1:
            return (
                f"{degree_of}: theta = 0, so that the outliers are a and G, and a stationary state exists where G < 1; the output "
                "is linear in z, so that the target is the only fixed point, stable where a < 1",
                "where a = 1, without overlap snI of readout and input, every output is a fixed point of the closed loop: a "
                "continuum of marginal ones",
            )
        if self.exponent == 0:
            return (f"{degree_of}: G = 0, the outliers are a + theta and 0; the bulk radius is infinite",)
        branch = ", below 1 on the branch that starts at g = 0" if self.fold else ""
        return (
            f"{degree_of}: at fixed geometry everything depends on g and S by {sstr(g**2 * drive ** (self.exponent - 1))} alone; "
            f"G is a number between 0 and {sstr(self.exponent)}{branch}",
        )


def homogeneous_readout(target: Target, activation: Activation) -> HomogeneousReadout | None:
    """Power laws of a homogeneous activation that is not even.

    Returns
    -------
    HomogeneousReadout or None
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
    finite, fold, edge = (_decided(c) for c in (Gt(q, S.Half), Gt(q, 1), And(Gt(q, S.Half), Lt(q, 1))))
    if finite is None:
        del laws["bulk_radius^2"]
    return HomogeneousReadout(
        target,
        activation,
        q,
        constants=constants,
        laws=laws,
        without_input={key: _without_input(laws, key) for key in ("theta", "lambda_ls")},
        finite=true if finite is None else finite,
        fold={} if fold is None else _point(laws, q, S.One),
        edge={} if edge is None else _point(laws, q, mode_over_bulk(q)),
        fold_condition=true if fold is None else fold,
        edge_condition=true if edge is None else edge,
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
    trivial = {"g^2"} if q in (0, 1) else {"G"}
    return {key: law for key, law in results.items() if key not in trivial}


def _in_slope(law: Expr) -> Expr:
    """Collected in s."""
    return law.expand().collect(slope, tidy)


def _without_input(laws: Mapping[str, Expr], key: str) -> Expr:
    """m A is the whole drive: A s = S."""
    return tidy(laws[key].subs(slope, drive / A).subs(Delta, laws["Delta0"]).expand())


def _point(laws: Mapping[str, Expr], q: Expr, gain: Expr) -> dict[str, Expr]:
    """ghat^2 = g^2 S^(q-1) and Delta at a given G; g^2 is proportional to Delta^(1-q)."""
    share = (drive / laws["Delta0"]).cancel()
    scaled = laws["g^2"].subs(Delta, 1) * share ** (q - 1)
    return {"ghat^2": scaled.subs(G, gain), "Delta0": tidy(laws["Delta0"].subs(G, gain))}


def _decided(condition: Boolean) -> Boolean | None:
    """A condition on the exponent, None where it does not hold."""
    return None if condition == False else condition  # noqa: E712 - a SymPy relation may stay open


# ---- the argument as checked steps ---------------------------------------------------------------------------------------------


def homogeneous_readout_steps(found: HomogeneousReadout) -> tuple[Step, ...]:
    """From homogeneity to the laws and the special points, checked by quadrature."""
    before = _before(found.target)
    return (
        *(
            Step(
                f"{symbol} is {average} at unit variance",
                "closed form",
                symbol,
                Eq(symbol, value, evaluate=False),
                check=Fact(partial(_agree, found, average, value, {Delta: S.One}), _HOW),
            )
            for (symbol, value), average in zip(found.constants.items(), (POWER, GAIN), strict=True)
        ),
        Step(
            "Averages are powers of Delta; Euler's x phi' = q phi ties <phi'^2> to <phi^2>, G = (2 - 1/q) R^2",
            "homogeneity",
            SQUARED_SLOPE,
            powers(found.exponent).get(SQUARED_SLOPE),
            assumption="q > 1/2",
            check=Fact(partial(_powers_hold, found), _HOW),
        ),
        *(
            Step(
                f"{key} on the solution",
                "averages inserted, g eliminated in favour of G",
                before[key],
                law,
                assumption=sstr(found.finite) if key == "bulk_radius^2" and found.finite != true else "",
                check=Fact(partial(_law_holds, found, key), _HOW),
            )
            for key, law in found.laws.items()
        ),
        *(
            Step(
                f"Without input, SI = 0: {key}, a being 1 whatever the readout",
                "A s = S",
                found.laws[key],
                law,
                check=Fact(partial(_holds_without_input, found, key), _HOW),
            )
            for key, law in found.without_input.items()
        ),
        *_special(found),
        *_linear(found),
    )


def _before(target: Target) -> dict[str, Expr]:
    keys = ("C", "H_slope", "lambda_ls")
    return {
        "a": target.equation.loop_gain.subs(target.equation.amplitude, target.expression("C")),
        "g^2": g**2,
        "G": target.mode,
        "Delta0": target.variance,
        "bulk_radius^2": target.expression("bulk_radius") ** 2,
        "theta": target.theta,
        **{key: target.expression(key) for key in keys},
    }


def _special(found: HomogeneousReadout) -> tuple[Step, ...]:
    points = (
        (
            "Fold of the open loop: G = 1, beyond it no stationary state exists",
            found.fold,
            found.fold_condition,
            _FOLDING,
        ),
        (
            "Loss of stability of the bulk: R = 1, at stronger coupling or weaker drive",
            found.edge,
            found.edge_condition,
            _BULK,
        ),
    )
    return tuple(
        Step(
            title,
            "G inserted",
            Symbol("ghat") ** 2,
            Eq(Symbol("ghat") ** 2, point["ghat^2"]),
            assumption=sstr(condition) if condition != true else "",
            check=Fact(partial(_point_holds, found, point, multiplier), _HOW),
        )
        for title, point, condition, multiplier in points
        if point
    )


def _linear(found: HomogeneousReadout) -> tuple[Step, ...]:
    """For q = 1: one fixed point, or all outputs."""
    if found.exponent != 1:
        return ()
    equation = found.target.equation
    closed = Eq(equation.output, equation.readout.xreplace(powers(S.One)))
    calibrated = closed.subs(equation.amplitude, found.target.expression("C").xreplace(powers(S.One)))
    return (
        Step(
            "The closed loop does not depend on Delta and is linear in the output: the target is its only fixed point",
            "linear equation solved",
            closed,
            Eq(equation.output, equation.target),
            assumption="snI is not 0, A is not flex",
            check=Fact(
                lambda: (linear_root(calibrated, equation.output) - equation.target).cancel() == 0,
                "solved for the output at the calibrated amplitude",
            ),
        ),
        Step(
            "Without overlap of readout and input every output is a fixed point, and a = 1",
            "both sides equal",
            closed.subs(snI, 0),
            Eq(found.laws["a"].subs(snI, 0), 1, evaluate=False),
            check=Fact(
                lambda: (
                    (calibrated.lhs - calibrated.rhs).subs(snI, 0).cancel() == 0 and found.laws["a"].subs(snI, 0) == 1
                ),
                "at the calibrated amplitude the equation of the closed loop is 0 = 0",
            ),
        ),
    )


_HOW = "certified quadrature, 25 digits"
_VARIANCE = Rational(7, 3)
_FINITE = Rational(4, 5)  # an exponent at which everything is finite, where it is free
_FOLDING, _BULK = "mode", "bulk"
_REGIMES = {_FOLDING: Rational(3, 2), _BULK: Rational(3, 4)}  # exponents at which the points exist, where they are free


def _parameters(found: HomogeneousReadout, exponent: Expr = _FINITE) -> dict[Symbol, Expr]:
    """Values of the activation's parameters that give the exponent, where it is free."""
    values = drawn(found.activation)
    free = sorted(found.exponent.free_symbols, key=str)
    if free:
        (solved,) = solve(found.exponent.subs({p: values[p] for p in free[1:]}) - exponent, free[0])
        values[free[0]] = solved
    return values


def _agree(found: HomogeneousReadout, left: Expr, right: Expr, given: Mapping[Symbol, Expr]) -> bool:
    """Both sides as numbers, constants at unit variance by their closed forms."""
    values = {**_parameters(found), **given}
    a, b = (number(side.subs(found.constants), found.activation, values) for side in (left, right))
    return bool(abs(a - b) <= mpmath.mpf(10) ** -25 * max(1, abs(a), abs(b)))


def _powers_hold(found: HomogeneousReadout) -> bool:
    values = {**_parameters(found), Delta: _VARIANCE}
    finite = found.exponent.subs(values) > S.Half
    return all(
        _agree(found, average, power, values)
        for average, power in powers(found.exponent).items()
        if finite or average != SQUARED_SLOPE
    )


def _open_loop(found: HomogeneousReadout) -> dict[Symbol, Expr]:
    """A geometry, a variance, and the coupling at which G = q/(q + 2), below 1; for q = 0, 1 simply a coupling."""
    values = {**_parameters(found), **GEOMETRY, A: Rational(2, 5), Delta: _VARIANCE}
    q = found.exponent.subs(values)
    values[G] = q / (q + 2)
    per_coupling = Float(number(found.target.mode.subs(g, 1), found.activation, values), DIGITS)
    values[g] = S.One / 3 if q == 0 else sqrt(values[G] / per_coupling).evalf(DIGITS)
    recurrent = Float(number(found.target.variance - found.target.drive, found.activation, values), DIGITS)
    values[drive] = values[Delta] - recurrent
    values[slope] = values[Sm2] * values[A] + values[smI]
    return {**values, SI2: values[drive] - (values[Sm2] * values[A] + 2 * values[smI]) * values[A]}


def _law_holds(found: HomogeneousReadout, key: str) -> bool:
    return _agree(found, _before(found.target)[key], found.laws[key], _open_loop(found))


def _holds_without_input(found: HomogeneousReadout, key: str) -> bool:
    values = _open_loop(found)
    values |= {A: sqrt(values[drive] / values[Sm2]).evalf(DIGITS), smI: S.Zero, SI2: S.Zero, snI: S.Zero}
    return _agree(found, _before(found.target)[key], found.without_input[key], values)


def _point_holds(found: HomogeneousReadout, point: Mapping[str, Expr], multiplier: str) -> bool:
    """At the claimed coupling and variance the self-consistency holds and the multiplier is 1, drive of variance 1."""
    own = _parameters(found, _REGIMES[multiplier])
    q = found.exponent.subs(own)
    values = {**own, Delta: point["Delta0"].subs(own).subs(drive, 1)}
    squared = Float(number(point["ghat^2"].subs(found.constants), found.activation, own), DIGITS)
    values[g] = sqrt(squared)
    recurrent = number(found.target.variance - found.target.drive, found.activation, values)
    one = found.target.mode if multiplier == _FOLDING else found.target.expression("bulk_radius") ** 2
    with mpmath.workdps(DIGITS):
        tolerance = mpmath.mpf(10) ** -25
        holds = abs(recurrent + 1 - number(values[Delta], found.activation, own)) < tolerance * max(1, abs(recurrent))
        return bool(holds and abs(number(one, found.activation, values) - 1) < tolerance and q.is_number)


__all__ = ["HomogeneousReadout", "homogeneous_readout", "homogeneous_readout_steps"]
