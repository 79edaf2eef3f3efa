"""Steps with another result, which their checks must notice."""

from dataclasses import replace

from sympy import Eq, Rational


def altered(step, factor=Rational(101, 100)):
    """The step with its result a little larger."""
    claim = step.after.rhs if isinstance(step.after, Eq) else step.after
    other = claim + Rational(1, 100) if claim == 0 else claim * factor
    return replace(step, after=Eq(step.after.lhs, other, evaluate=False) if isinstance(step.after, Eq) else other)
