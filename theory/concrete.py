"""The generic theory for one activation: closed forms of its averages, each certified against quadrature at 20 digits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import mpmath
from sympy import Eq, Expr, Rational, Symbol, oo, sstr

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.averages.average import Average, averages
from theory.averages.closed import ClosedForm, closed_form
from theory.averages.integrand import certified, ordinary_integrand
from theory.derivation import Step
from theory.symbols import Delta, delta, mu
from theory.theory import Theory

_POINTS = tuple({Delta: variance, mu: Rational(3, 5)} for variance in (Rational(1, 3), Rational(7, 4), Rational(12)))
_CONDITIONAL_POINTS = tuple(
    {mu: mean, delta: variance}
    for mean, variance in (
        (Rational(-1, 2), Rational(1, 3)),
        (Rational(2, 3), Rational(7, 4)),
        (Rational(-1), Rational(6)),
    )
)


@dataclass(frozen=True)
class _Certified:
    """Check a closed form against mpmath quadrature at three variances (and fixed values of the mean and the parameters)."""

    average: Average
    activation: Activation
    name: str = "20 digits of mpmath quadrature at three variances"

    def __call__(self, step: Step) -> bool:
        """Whether both agree to 20 digits."""
        return _agrees(self.average, self.activation, step.after.rhs)


@lru_cache(maxsize=512)
def _agrees(average: Average, activation: Activation, closed: Expr) -> bool:
    values = drawn(activation.parameters, seed=7)
    points = _CONDITIONAL_POINTS if average.measure.variance == delta else _POINTS
    return all(_agrees_at(average, activation, closed, {**values, **point}) for point in points)


def _agrees_at(average: Average, activation: Activation, closed: Expr, values: dict[Symbol, Expr]) -> bool:
    exact = certified(average, activation, values, 22)
    if mpmath.isinf(exact) or closed == oo:
        return bool(mpmath.isinf(exact)) and closed == oo
    value = closed.subs(values).evalf(40)
    with mpmath.workdps(40):
        return bool(
            abs(mpmath.mpmathify(value) - exact) <= mpmath.mpf(10) ** -20 * max(abs(exact), mpmath.mpf(10) ** -10)
        )


def closed_form_of(average: Average, activation: Activation) -> ClosedForm | None:
    """Closed form of a generic average for one activation, or None where the table has none; expression oo if infinite."""
    pieces = ordinary_integrand(average, activation)
    if pieces is None:
        return ClosedForm(oo, "infinite", "", None)
    return closed_form(pieces, average.measure.mean, average.measure.variance)


def in_closed_form(expression: Expr, activation: Activation) -> Expr:
    """An expression with the closed forms of its averages, as far as the table has them."""
    forms = {average: closed_form_of(average, activation) for average in averages(expression)}
    return expression.xreplace({average: form.expression for average, form in forms.items() if form is not None})


def closed_form_steps(theory: Theory, activation: Activation) -> tuple[Step, ...]:
    """One step for every average of the theory that has a closed form for this activation."""
    steps = []
    for average in (*theory.averages, *theory.conditional_averages):
        closed = closed_form_of(average, activation)
        name = Symbol(sstr(average))
        of = " at a fixed mean mu" if average.measure.variance == delta else ""
        of += f" for phi(x) = {sstr(activation.expression)}"
        if closed is None:
            steps.append(
                Step(
                    f"{name}{of} has no closed form in the table; it is integrated numerically",
                    "quadrature",
                    average,
                )
            )
            continue
        steps.append(
            Step(
                f"{name}{of}",
                f"table: {closed.family}",
                average,
                Eq(name, closed.expression, evaluate=False),
                assumption="" if closed.condition is None else sstr(closed.condition),
                reference=closed.reference,
                check=_Certified(average, activation),
            )
        )
    return tuple(steps)
