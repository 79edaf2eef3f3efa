"""What is known in closed form of a theory for one activation: of fixed points, of networks in time, of networks with a readout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sympy import Expr, Rational, sstr

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.equations import AutocovarianceEquation, ReadoutEquation, SelfConsistency
from theory.limits.checks import Numbers, equal
from theory.limits.homogeneous import homogeneous_readout
from theory.limits.large_target import large_target
from theory.limits.limit import Formula, Limit, follows
from theory.limits.linear_network import linear_limit
from theory.limits.onset import near_critical
from theory.limits.power_law import power_law
from theory.limits.readout_series import near_pole, weak_coupling
from theory.limits.saturation import saturation
from theory.limits.strong_coupling import strong_coupling
from theory.limits.target import GEOMETRY, Target, written_out
from theory.meanfield.chaos import derive_chaotic_feedback, derive_chaotic_state
from theory.readout.vectors import drive, with_readout
from theory.symbols import A, C, Delta, frequency, g, z
from theory.theory import Theory

_LEAKY = 1 / (1 + frequency)
_EVEN = "phi is even: <phi'> = 0, the output of a Gaussian readout is 0 at every amplitude and reaches no target"
_INTEGRATED = "averages of this activation have no closed form in the table: they are integrated"
_ANYWHERE = "at any fixed point of the closed loop; lambda^2 - (a + G + theta) lambda + a G = 0"


def of_fixed_points(theory: Theory[SelfConsistency], activation: Activation) -> tuple[Limit, ...]:
    """Power laws, strong coupling, and the chaotic state that replaces an unstable fixed point."""
    law = power_law(theory, activation)
    chaos = Limit(title="Chaotic state", group="strong_coupling", lemmas=lambda: derive_chaotic_state().steps)
    return (*(() if law is None else (law,)), strong_coupling(theory, activation), chaos)


def of_motion(theory: Theory[AutocovarianceEquation], activation: Activation) -> tuple[Limit, ...]:
    """The onset of chaos and large coupling, or the linear network; for the leaky unit."""
    if theory.equation.transfer != _LEAKY:
        reason = f"derived for the transfer function {sstr(_LEAKY)} only"
        return (Limit(title="Limits", reason=reason, facts={"remark": ""}),)
    linear = linear_limit(activation)
    return (near_critical(activation), saturation(activation)) if linear is None else (linear,)


def of_readout(theory: Theory[ReadoutEquation], activation: Activation) -> tuple[Limit, ...]:
    """The equations written out, their limits at the target, and the chaotic state that replaces a fixed point."""
    target, equation = Target(theory), theory.equation
    chaos = derive_chaotic_feedback(z, equation.amplitude, drive(z), with_readout(z))
    closed, state = _written_out(target, activation), Limit(title="Chaotic state", lemmas=lambda: chaos.steps)
    if activation.parity == "even":
        return closed, Limit(title="Limits", reason=_EVEN), state
    found = (
        weak_coupling(target, activation),
        homogeneous_readout(target, activation),
        large_target(target, activation),
        near_pole(target, activation),
    )
    return closed, *(limit for limit in found if limit is not None), state


def _written_out(target: Target, activation: Activation) -> Limit:
    equation = target.equation
    anywhere = {
        str(equation.unknown): equation.right,
        str(equation.amplitude): equation.amplitude_at,
        "a": equation.loop_gain,
        "G": equation.slope,
        "theta": (equation.trace - equation.loop_gain - equation.slope).factor(),
    }
    at_target = {key: target.expression(key) for key in ("bulk_radius", "lambda_ls")}
    formulas = (*_closed(activation, _ANYWHERE, anywhere), *_closed(activation, "at the target", at_target))
    reason = "" if formulas else _INTEGRATED
    return Limit(title="Written out for this activation", group="written_out", formulas=formulas, reason=reason)


def _closed(activation: Activation, section: str, expressions: Mapping[str, Expr]) -> Iterator[Formula]:
    """Those whose averages have closed forms."""
    values = {**drawn(activation.parameters), **GEOMETRY, Delta: Rational(7, 3), g: Rational(2, 3)}
    values |= {A: Rational(2, 5), z: Rational(3, 5), C: Rational(5, 4)}
    for name, expression in expressions.items():
        form = written_out(expression, activation)
        if form is not None:
            check = Numbers(activation, lambda: [[values]], equal, "certified quadrature, 25 digits")
            yield follows(section, name, "=", form, expression, "closed forms inserted", check)
