"""Steps with another result, which their checks must notice."""

from dataclasses import replace

from sympy import Eq, Rational


def altered(step):
    """The step with its result larger by a hundredth."""
    claim = step.after.rhs if isinstance(step.after, Eq) else step.after
    other = claim + Rational(1, 100) if claim == 0 else claim * Rational(101, 100)
    return replace(step, after=Eq(step.after.lhs, other, evaluate=False) if isinstance(step.after, Eq) else other)
