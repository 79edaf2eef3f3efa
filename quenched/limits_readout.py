"""A network with a readout as a person reads it: its equations written out for one activation, and their limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Expr, Float, sstr
from sympy.logic.boolalg import Boolean, true

from quenched.limits import Row, write_rows
from theory.activations.activation import Activation
from theory.chaos import derive_chaotic_feedback
from theory.derivation import Step
from theory.equations import ReadoutEquation
from theory.readout.far import LargeTarget, large_target, large_target_steps
from theory.readout.flex import FLEX, NearFlex, near_flex, near_flex_steps
from theory.readout.homogeneous import HomogeneousReadout, homogeneous_readout, homogeneous_readout_steps
from theory.readout.target import OUTLIERS, Target, a, drive, lettered, mixing, slope, written_out
from theory.readout.vectors import drive as power_of_input
from theory.readout.vectors import with_readout
from theory.readout.weak import ORDER, WeakCoupling, weak_coupling, weak_coupling_steps
from theory.symbols import g, z
from theory.theory import Theory

_WRITTEN_OUT = "written out for this activation, at any fixed point of the closed loop; lambda^2 - (a + G + theta) lambda + a G = 0"
_AT_TARGET = "at the target, written out"
_LETTERS = (
    "at the target; P = <phi^2>, Q = <phi'>, W = <phi'^2>, primes are derivatives by the variance of x: P' = <(phi^2)''>/2, "
    "Q' = <phi'''>/2"
)
_WEAK = "weak coupling, to order g^4 at fixed geometry; averages at variance S, primes of theta are derivatives by S"
_FAR = "large |A|, for Sm > 0 and snm not 0"
_NO_LOOP = "large |A|, for Sm > 0 and snm = 0, where the other outlier is 0"
_NEAR_FLEX = "near the pole of C(A), for snm and snI not 0; averages, s and theta of the open loop at A = flex"
_EVEN = "phi is even: <phi'> = 0, the output of a Gaussian readout is 0 at every amplitude and reaches no target"
_NO_INPUT = "without input, SI = 0, where a = 1 whatever the readout: stable slow modes where theta < 0 and G < 1"
_FOLD = "fold of the open loop, G = 1, in ghat^2 = g^2 S^(q-1): no stationary state beyond it"
_EDGE = "loss of stability of the bulk, R = 1, in ghat^2 = g^2 S^(q-1)"
_STABLE = "the target is stable where R < 1, (1 - G) (1 - a) - theta > 0 and a + G + theta < 2; R is the bulk radius"
_NOT_BALANCED = "geometries where lambda_1 is not 0 to this order"
_LONGEST = 240  # characters of a series that is written out


@dataclass(frozen=True, eq=False)
class ReadoutForms:
    """What is known in closed form of a network with a readout for one activation.

    Attributes
    ----------
    theory : Theory
    activation : Activation
    """

    theory: Theory[ReadoutEquation]
    activation: Activation

    @cached_property
    def target(self) -> Target:
        """The equations at the target, in letters."""
        return Target(self.theory)

    @cached_property
    def weak(self) -> WeakCoupling | None:
        """Series at weak coupling."""
        return None if self._is_even else weak_coupling(self.target, self.activation)

    @cached_property
    def homogeneous(self) -> HomogeneousReadout | None:
        """Power laws of a homogeneous activation."""
        return None if self._is_even else homogeneous_readout(self.target, self.activation)

    @cached_property
    def far(self) -> LargeTarget | None:
        """Large targets."""
        return None if self._is_even else large_target(self.target, self.activation)

    @cached_property
    def flex(self) -> NearFlex | None:
        """The pole of the amplitude."""
        return None if self._is_even else near_flex(self.target, self.activation)

    @property
    def _is_even(self) -> bool:
        return self.activation.parity == "even"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The argument for the limits, and for the chaotic state that replaces a fixed point whose bulk is unstable."""
        equation = self.theory.equation
        return (
            *(() if self.weak is None else weak_coupling_steps(self.weak)),
            *(() if self.homogeneous is None else homogeneous_readout_steps(self.homogeneous)),
            *(() if self.far is None else large_target_steps(self.far)),
            *(() if self.flex is None else near_flex_steps(self.flex)),
            *derive_chaotic_feedback(z, equation.amplitude, power_of_input(z), with_readout(z)).steps,
        )

    @cached_property
    def forms(self) -> tuple[Row, ...]:
        """The equations written out, where averages have closed forms."""
        equation = self.theory.equation
        anywhere = {
            str(equation.unknown): equation.right,
            str(equation.amplitude): equation.amplitude_at,
            "a": equation.loop_gain,
            "G": equation.slope,
            "theta": (equation.trace - equation.loop_gain - equation.slope).factor(),
        }
        at_target = {key: self.target.expression(key) for key in ("bulk_radius", "lambda_ls")}
        return (*self._written(_WRITTEN_OUT, anywhere), *self._written(_AT_TARGET, at_target))

    def _written(self, section: str, formulas: Mapping[str, Expr]) -> Iterator[Row]:
        """Those formulas whose averages have closed forms."""
        for name, formula in formulas.items():
            form = written_out(formula, self.activation)
            if form is not None:
                yield Row(section, name, "=", form)

    @cached_property
    def limits(self) -> tuple[Row, ...]:
        """Every limit, in reading order."""
        return (*self._weak(), *self._homogeneous(), *self._far(), *self._flex())

    def _weak(self) -> Iterator[Row]:
        if self.weak is None:
            return
        letters = {"S": self.target.drive, "s": self.target.slope, "a": self.target.loop}
        letters |= {"theta": lettered(self.target.theta.subs(self.target.slope, slope)), "L": a + lettered(mixing)}
        yield from (Row(_LETTERS, name, "=", formula) for name, formula in letters.items())
        for key, law in self.weak.rows.items():
            yield Row(_WEAK, key, "=", law, "a + theta != 0" if key in OUTLIERS else "")
        for key in ("Delta0", "C", "lambda_ls"):
            form = written_out(self.weak.laws[key], self.activation)
            if form is not None and len(sstr(form)) <= _LONGEST:
                series = sum(form.coeff(g, 2 * n).factor() * g ** (2 * n) for n in range(ORDER + 1))
                yield Row(f"{_WEAK}; written out for this activation", key, "=", series)

    def _homogeneous(self) -> Iterator[Row]:
        found = self.homogeneous
        if found is None:
            return
        section = (
            f"phi(l x) = l^q phi(x) for l > 0, q = {sstr(found.exponent)}; P1, Q1 are <phi^2>, <phi'> at unit variance"
        )
        for symbol, value in found.constants.items():
            yield Row(section, str(symbol), "=", value)
        for key, law in found.laws.items():
            yield Row(section, key, "=", law, _condition(found.finite) if key == "bulk_radius^2" else "")
        yield from (Row(_NO_INPUT, key, "=", law) for key, law in found.without_input.items())
        special = (
            (_FOLD, found.fold, found.fold_condition),
            (_EDGE, found.edge, found.edge_condition),
        )
        for title, point, condition in special:
            yield from (Row(title, key, "=", value, _condition(condition)) for key, value in point.items())

    def _far(self) -> Iterator[Row]:
        if self.far is None:
            return
        for section, laws in ((_FAR, self.far.laws), (_NO_LOOP, self.far.without_loop)):
            for key, law in laws.items():
                settled = not law.free_symbols
                open_ = key in OUTLIERS and laws[OUTLIERS[0]].free_symbols
                yield Row(section, key, "->" if settled else "~", _shortened(law), _NOT_BALANCED if open_ else "")

    def _flex(self) -> Iterator[Row]:
        if self.flex is None:
            return
        yield Row(_NEAR_FLEX, str(FLEX), "=", self.flex.pole)
        yield Row(_NEAR_FLEX, "Delta", "=", lettered(self.target.variance.subs(self.target.drive, drive)))
        for key, law in self.flex.rows.items():
            yield Row(_NEAR_FLEX, key, "~", law)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every formula, in reading order."""
        return (*self.forms, *self.limits)

    @property
    def missing(self) -> tuple[str, ...]:
        """Why there are no closed forms, where there are none."""
        return (
            () if self.forms else ("averages of this activation have no closed form in the table: they are integrated",)
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What formulas do not say, and why limits do not exist."""
        if self._is_even:
            return (_EVEN,)
        own = () if self.homogeneous is None else self.homogeneous.sentences
        return (_STABLE, *own, *(() if self.far is None else self.far.sentences))

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "written_out": {"rows": [row.data for row in self.forms], "reasons": list(self.missing)},
            "limits": {"rows": [row.data for row in self.limits], "remarks": list(self.remarks)},
        }

    def write(self, style: str) -> str:
        """In one of the styles 'text', 'markdown', 'latex'."""
        return write_rows("Closed forms and limits", self.rows, (*self.missing, *self.remarks), style)


def _condition(condition: Boolean) -> str:
    return "" if condition == true else sstr(condition)


def _shortened(law: Expr) -> Expr:
    """Numbers that come from quadrature with ten digits."""
    constant, rest = law.as_independent(*law.free_symbols, as_Add=False)
    return constant.evalf(10) * rest if constant.has(Float) else law
