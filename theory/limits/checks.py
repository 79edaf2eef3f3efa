"""How steps of limits are checked: both sides as numbers, averages by certified quadrature, ever deeper in the limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
from sympy import Dummy, Eq, Expr, Symbol, solve

from theory.activation.activation import Activation
from theory.activation.parity import drawn
from theory.averages.average import Average, averages
from theory.averages.integrand import certified
from theory.derivation import Step
from theory.highprecision import mp_function
from theory.symbols import Delta

DIGITS = 40
Values = Mapping[Symbol, Expr]
Pairs = Sequence[tuple[mpmath.mpf, mpmath.mpf]]


@lru_cache(maxsize=1024)
def _certified(average: Average, activation: Activation, own: tuple[tuple[Symbol, Expr], ...]) -> mpmath.mpf:
    return certified(average, activation, dict(own), DIGITS)


def number(expression: Expr, activation: Activation, values: Values) -> mpmath.mpf:
    """An expression as a number, its averages certified by quadrature; the variance must be rational."""
    own = tuple((p, values[p]) for p in activation.parameters)
    symbols, nodes, function = _compiled(expression)
    with mpmath.workdps(DIGITS + 10):
        given = [mpmath.mpmathify(values[symbol].evalf(DIGITS + 10)) for symbol in symbols]
        measured = [_certified(node.xreplace(dict(values)), activation, own) for node in nodes]
        return mpmath.mpmathify(function(*given, *measured))


@lru_cache(maxsize=256)
def _compiled(expression: Expr) -> tuple[list[Symbol], list[Average], Callable[..., Any]]:
    """An expression as a function of its symbols, then its averages."""
    names = {node: Dummy() for node in averages(expression)}
    plain = expression.xreplace(names)
    symbols = sorted(plain.free_symbols - set(names.values()), key=str)
    return symbols, list(names), mp_function((*symbols, *names.values()), plain)


def with_exponent(activation: Activation, exponent: Expr, value: Expr) -> dict[Symbol, Expr]:
    """Drawn parameters of an activation that give a certain exponent, where it depends on them."""
    values = drawn(activation.parameters)
    free = sorted(exponent.free_symbols, key=str)
    if free:
        (solved,) = solve(exponent.subs({p: values[p] for p in free[1:]}) - value, free[0])
        values[free[0]] = solved
    return values


# ---- when two rows of numbers agree ----------------------------------------------------------------------------------------------


def equal(pairs: Pairs, digits: int = 25) -> bool:
    """Equal at every point."""
    return all(abs(a - b) <= mpmath.mpf(10) ** -digits * max(1, abs(a), abs(b)) for a, b in pairs)


def approaching(pairs: Pairs) -> bool:
    """The ratio tends to 1, or the first to 0 where the second is."""
    far, deep = (abs(a - b) if b == 0 else abs(a / b - 1) for a, b in pairs)
    return bool(deep < 0.01 and (deep < far / 3 or deep < 1e-13))


def falling(factor: float) -> Callable[[Pairs], bool]:
    """The difference falls at least by a factor from the first point to the second, or is rounding."""

    def holds(pairs: Pairs) -> bool:
        with mpmath.workdps(DIGITS):
            far, deep = (abs(a - b) for a, b in pairs)
            return bool(far < mpmath.mpf(10) ** (10 - DIGITS) or far > factor * deep)

    return holds


# ---- the checks ------------------------------------------------------------------------------------------------------------------


def claimed(step: Step) -> Expr:
    """What a step says of its left-hand side."""
    return step.after.rhs if isinstance(step.after, Eq) else step.after


@dataclass(frozen=True)
class Numbers:
    """Check by numbers for what stands before and after, along one or several ways into the limit.

    Attributes
    ----------
    activation : Activation
    ways : callable
        For every way the values of all symbols at its points.
    agree : callable
        Whether the numbers before and after, at the points of one way, agree.
    name : str
    before : callable, optional
        The number for `before` at given values, where it is no expression.
    spelled : callable, optional
        Writes what expressions abbreviate.
    decisive : callable
        `all` where they must agree along every way, `any` where one suffices.
    """

    activation: Activation
    ways: Callable[[], Iterable[Sequence[Values]]]
    agree: Callable[[Pairs], bool]
    name: str
    before: Callable[[Any, Values], mpmath.mpf] | None = None
    spelled: Callable[[Expr], Expr] = lambda e: e
    decisive: Callable[[Iterable[bool]], bool] = all

    def __call__(self, step: Step) -> bool:
        """Whether they agree."""
        return self.decisive(self.agree([self._pair(step, values) for values in way]) for way in self.ways())

    def _pair(self, step: Step, values: Values) -> tuple[mpmath.mpf, mpmath.mpf]:
        before = self.before or (lambda e, at: number(self.spelled(e), self.activation, at))
        return before(step.before, values), number(self.spelled(claimed(step)), self.activation, values)


@dataclass(frozen=True)
class Holds:
    """Check by a statement about the step itself."""

    statement: Callable[[Step], Any]
    name: str

    def __call__(self, step: Step) -> bool:
        """Whether it is true."""
        return bool(self.statement(step))


@dataclass(frozen=True)
class AtThreshold:
    """Check a special point: at its variance and coupling the self-consistency ``Delta = right`` holds and a multiplier is 1.

    Attributes
    ----------
    activation : Activation
    right, multiplier : Expr
    values : callable
        Values of all symbols, given what the step claims.
    name : str
    """

    activation: Activation
    right: Expr
    multiplier: Expr
    values: Callable[[Expr], Values]
    name: str = "self-consistency and multiplier by certified quadrature, 20 digits"

    def __call__(self, step: Step) -> bool:
        """Whether both hold."""
        values = self.values(claimed(step))
        right, one = (number(e, self.activation, values) for e in (self.right, self.multiplier))
        return equal([(right, mpmath.mpmathify(values[Delta].evalf(DIGITS))), (one, mpmath.mpf(1))], 20)
