r"""A readout network with a homogeneous activation, ``phi(l x) = l^q phi(x)`` for l > 0: powers, piecewise powers, ReLU.

Every average is a power of the variance, P = P1 Delta^q and Q = Q1 Delta^((q-1)/2), and every result at the target a function of
the gain G of the slow variance mode and the geometry: Delta (1 - G/q) = S. For q > 1 the open loop ends in a fold at G = 1; for
q < 1 the bulk becomes unstable at weak drive; for q = 1 (ReLU) the output is linear in z and everything is explicit in g.

Source of the equations: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386; the power laws are this
toolkit's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from sympy import Eq, Expr, Float, Rational, S, Symbol, powsimp, sqrt, sstr
from sympy.logic.boolalg import Boolean

from theory.activation.activation import Activation
from theory.activation.homogeneity import degree
from theory.averages.average import Average
from theory.concrete import closed_form_of
from theory.derivation import Step, named
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
    law = _PowerLaw(target, activation, q, constants)
    return Limit(
        title=f"Homogeneous activation of degree {sstr(q)}",
        formulas=(
            *law.definitions(),
            *law.on_solution(),
            *law.threshold(_FOLD, q > 1, S.One, target.mode, Rational(3, 2)),
            *law.threshold(_EDGE, (q > S.Half) & (q < 1), mode_over_bulk(q), law.bulk, Rational(3, 4)),
        ),
        remarks=_remarks(q),
        lemmas=lambda: (*law.averages(), *(_linear(target, law.laws["a"]) if q == 1 else ())),
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


def _in_slope(law: Expr) -> Expr:
    """Collected in s."""
    return law.expand().collect(slope, tidy)


def _may(condition: Boolean) -> bool:
    """Whether a condition on the exponent holds or is left open by its parameters."""
    return bool(condition != False)  # noqa: E712 - a SymPy relation may stay open


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


@dataclass(frozen=True, eq=False)
class _PowerLaw:
    """What follows for an activation of degree q from its averages at unit variance."""

    target: Target
    activation: Activation
    q: Expr
    constants: Mapping[Symbol, Expr]

    @cached_property
    def bulk(self) -> Expr:
        """R^2."""
        return self.target.expression("bulk_radius") ** 2

    @cached_property
    def before(self) -> dict[str, Expr]:
        """Every result, in averages of a generic activation; g^2 and G are eliminated in favour of each other."""
        target, equation = self.target, self.target.equation
        return {
            "a": equation.loop_gain.subs(equation.amplitude, target.expression("C")),
            **({"G": target.mode} if self.q in (0, 1) else {"g^2": g**2}),
            "Delta0": target.variance,
            **({"bulk_radius^2": self.bulk} if _may(self.q > S.Half) else {}),
            "theta": target.theta,
            **{key: target.expression(key) for key in ("C", "H_slope", "lambda_ls")},
        }

    @cached_property
    def laws(self) -> dict[str, Expr]:
        """Averages inserted, g eliminated in favour of G; Delta from the self-consistency, which is linear once G is given."""
        target, q, inserted = self.target, self.q, powers(self.q)
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
            "bulk_radius^2": on_solution(self.bulk),
            "G": gain,
            "theta": on_solution(target.theta),
            "H_slope": target.loop + on_solution(target.theta) / (1 - gain),
            "lambda_ls": _in_slope(on_solution(target.expression("lambda_ls")).subs(Delta, variance)),
        }
        shown = {key: law for key, law in results.items() if key in self.before}
        return {key: _in_slope(law.subs(self.constants)) for key, law in shown.items()} if q in (0, 1) else shown

    # ---- formulas and steps

    @property
    def _section(self) -> str:
        return f"phi(l x) = l^q phi(x) for l > 0, q = {sstr(self.q)}; P1, Q1 are <phi^2>, <phi'> at unit variance"

    def definitions(self) -> Iterator[Formula]:
        """The constants."""
        for (symbol, value), average in zip(self.constants.items(), (POWER, GAIN), strict=True):
            title, shown = f"{symbol} is {average} at unit variance", named(symbol, value)
            before, check = average.subs(Delta, 1), self._check()
            yield follows(
                self._section, str(symbol), "=", value, before, "closed form", check, title=title, after=shown
            )

    def averages(self) -> Iterator[Step]:
        """That they are powers of the variance."""
        for average, power in powers(self.q).items():
            euler = average == SQUARED_SLOPE
            if not euler or _may(self.q > S.Half):
                rule = "Euler's x phi' = q phi ties it to <phi^2>, G = (2 - 1/q) R^2" if euler else "homogeneity"
                where = "q > 1/2" if euler else ""
                yield Step(
                    f"{average} is a power of Delta", rule, average, power, assumption=where, check=self._check()
                )

    def on_solution(self) -> Iterator[Formula]:
        """Every result, and what is left of two without input, where m A is the whole drive: A s = S."""
        rule = "averages inserted on the solution, g eliminated in favour of G"
        for key, law in self.laws.items():
            condition = words(self.q > S.Half) if key == "bulk_radius^2" else ""
            yield follows(self._section, key, "=", law, self.before[key], rule, self._check(), condition)
        for key in ("theta", "lambda_ls"):
            alone = tidy(self.laws[key].subs(slope, drive / A).subs(Delta, self.laws["Delta0"]).expand())
            yield follows(_NO_INPUT, key, "=", alone, self.before[key], "A s = S", self._check(with_input=False))

    def threshold(
        self, section: str, condition: Boolean, gain: Expr, multiplier: Expr, exponent: Expr
    ) -> Iterator[Formula]:
        """ghat^2 = g^2 S^(q-1), the strongest of the open loop or that at which the bulk becomes unstable, and Delta there."""
        if not _may(condition):
            return
        laws, q = self.laws, self.q
        share = (drive / laws["Delta0"]).cancel()
        point = {
            "ghat^2": (laws["g^2"].subs(Delta, 1) * share ** (q - 1)).subs(G, gain),
            "Delta0": tidy(laws["Delta0"].subs(G, gain)),
        }

        def values(key: str, found: Expr) -> Values:
            claims, own = {**point, key: found}, with_exponent(self.activation, q, exponent)
            squared = Float(number(claims["ghat^2"].subs(self.constants), self.activation, own), DIGITS)
            return {**own, drive: S.One, Delta: claims["Delta0"].subs(own).subs(drive, 1), g: sqrt(squared)}

        right = self.target.named(self.target.variance)
        for key, law in point.items():
            check = AtThreshold(self.activation, right, multiplier, partial(values, key))
            yield follows(section, key, "=", law, multiplier, "G inserted", check, words(condition))

    # ---- numbers

    def _check(self, *, with_input: bool = True) -> Numbers:
        def ways() -> list[list[Values]]:
            """One point on the solution; G is that of its coupling."""
            own = with_exponent(self.activation, self.q, _FINITE)
            values = at_drive(self.target, self.activation, own, Rational(3, 2), Rational(1, 5))
            values[G] = Float(number(self.target.mode, self.activation, values), DIGITS)
            if not with_input:
                values |= {A: sqrt(values[drive] / values[Sm2]).evalf(DIGITS), smI: S.Zero, SI2: S.Zero, snI: S.Zero}
            return [[values]]

        return Numbers(self.activation, ways, equal, _QUADRATURE, spelled=lambda e: e.subs(self.constants))


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
