"""Limits of the network in time as a person reads them: onset of chaos, large coupling, the linear network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Float, Symbol, sqrt, sstr

from quenched.limits import Row, write_rows
from theory.activations.activation import Activation
from theory.derivation import Step
from theory.fields.cavity_in_time import ONE
from theory.linear_network import decay, linear_network
from theory.linear_network import derive as derive_linear_network
from theory.models.dynamic import DYNAMIC
from theory.near_critical import NearCritical, near_critical
from theory.near_critical_steps import near_critical_steps
from theory.saturation import Saturation, saturation, saturation_steps
from theory.symbols import eta, g, x

_LONGEST = 12  # operations in a number that is printed exactly
_S = Symbol("S")


@dataclass(frozen=True)
class LimitsInTime:
    """What is known in closed form of the network in time for one activation.

    Attributes
    ----------
    onset : NearCritical
    large : Saturation
    slope : Expr or None
        Of a linear activation.
    """

    onset: NearCritical
    large: Saturation
    slope: Expr | None

    @classmethod
    def of(cls, activation: Activation, transfer: Expr = DYNAMIC.network.transfer) -> LimitsInTime:
        """All limits of one odd activation; none where the transfer function of a unit is another."""
        if transfer != DYNAMIC.network.transfer:
            reason = f"derived for the transfer function {sstr(DYNAMIC.network.transfer)} only"
            return cls(NearCritical(activation, "none", reason), Saturation(activation, "none", reason), None)
        slope = activation.pieces.expressions[0].diff(x) if len(activation.pieces.expressions) == 1 else x
        return cls(near_critical(activation), saturation(activation), None if slope.has(x) else slope)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The argument for those that exist."""
        linear = () if self.slope is None else derive_linear_network().steps
        return (*near_critical_steps(self.onset), *saturation_steps(self.large), *linear)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every formula, in reading order."""
        return (*self._onset(), *self._large(), *self._linear())

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why others do not exist."""
        missing = (found.sentence for found in (self.onset, self.large) if found.kind == "none")
        return tuple(missing) if self.slope is None else ()

    def _onset(self) -> Iterator[Row]:
        if self.onset.kind == "none":
            return
        section = f"{self.onset.sentence}; eps = g/g_c - 1"
        for keys, law in _together(self.onset.laws):
            yield Row(section, keys, "~", law)
        universal = "the same for every such activation; kappa^2 = kappa2, tau_unit = int_0^oo (C_x/C_x(0))^2 dtau"
        for keys, law in _together(self.onset.in_kappa):
            yield Row(universal, keys, "~", law)

    def _large(self) -> Iterator[Row]:
        found = self.large
        if found.kind == "none" or found.equation is None:
            return
        relation = "=" if found.everywhere else "~"
        for key, law in found.laws.items():
            settled = not law.has(g)
            yield Row(found.sentence, key, "->" if settled and not found.everywhere else relation, _readable(law))
        correlation = found.equation.lhs.args[0]
        equation = found.equation.rhs.subs(correlation, Symbol(correlation.func.__name__))
        yield Row(f"{found.sentence}, rho = C(tau)/Delta0", "rho''", relation, equation)

    def _linear(self) -> Iterator[Row]:
        if self.slope is None:
            return
        found, scaled = linear_network(), {g: abs(self.slope) * g}
        white = "linear network, white noise, independent couplings"
        yield Row(white, "a", "=", sqrt(1 - g**2).subs(scaled))
        yield Row(white, "Delta0", "=", found.variance)
        yield Row(white, "PR_x, PR_phi", "=", found.dimension)
        yield Row(
            white, "PR0_x, PR0_phi", "=", found.at_zero_frequency().subs(eta, 0).subs(g, sqrt(1 - decay**2)).expand()
        )
        partly = "partially symmetric couplings, N <J_ij J_ji> = eta g^2; S is the response at zero frequency"
        yield Row(partly, "S", "=", (found.response.subs(ONE.h, 1) * self.slope).subs(scaled))
        yield Row(partly, "PR0_x, PR0_phi", "=", found.zero_frequency.subs(ONE.S, _S))

    @property
    def remark(self) -> str:
        """Where the limits that have no formula come from."""
        if self.large.kind == "none" or not self.large.network:
            return ""
        if self.large.everywhere:
            return "PR_x and PR_phi are the same at every g"
        return f"PR_x and PR_phi tend to those of phi = {self.large.network}, which are the same at every g"

    def data(self) -> dict[str, Any]:
        """For JSON."""
        rows = [row.data for row in self.rows]
        return {"limits": {"rows": rows, "reasons": list(self.reasons), "remark": self.remark}}

    def write(self, style: str) -> str:
        """In one of the styles 'text', 'markdown', 'latex'."""
        notes = (self.remark, *self.reasons) if self.remark else self.reasons
        return write_rows("Limits", self.rows, notes, style)


def _together(laws: Mapping[str, Expr]) -> Iterator[tuple[str, Expr]]:
    """Laws with the names of all results that obey them."""
    for law in dict.fromkeys(laws.values()):
        yield ", ".join(key for key, other in laws.items() if other == law), law


def _readable(expression: Expr) -> Expr:
    """A long number with ten digits."""
    long = expression.is_number and (expression.count_ops() > _LONGEST or expression.has(Float))
    return expression.evalf(10) if long else expression
