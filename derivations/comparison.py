"""What a claim may compare: expressions to 25 digits, numbers to a tolerance, limits, simulations; each True or False."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, Rational

from numerics.compare.validation import validate
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.concrete import in_closed_form
from theory.limits import checks

DIGITS = 25
PRECISELY = DIGITS + 15  # with which such a comparison is run

Check = Callable[[], "bool | Iterable[bool]"]  # one comparison, or several, one after another


def settled(check: Check, digits: int | None = None) -> Callable[[], bool]:
    """The check as one answer, run with `digits` of mpmath: it compares something, and all that it compares agrees."""

    def run() -> bool:
        with mpmath.workdps(digits or mpmath.mp.dps):
            found, agrees = check(), False
            for agrees in [found] if isinstance(found, bool) else found:
                if not agrees:
                    break
            return bool(agrees)

    return run


def exact(value: Expr | int) -> mpmath.mpf:
    """A rational number at the working precision."""
    ratio = Rational(value)
    return mpmath.mpf(ratio.p) / ratio.q


@lru_cache(maxsize=64)
def activation(text: str) -> Activation:
    """An activation from its text."""
    return Activation.from_text(text)


def number(expression: Expr, text: str, **values: Expr | int) -> mpmath.mpf:
    """An expression of the engine at rational values of its symbols, every average certified by quadrature; inf if infinite."""
    return checks.number(expression, activation(text), {s: Rational(values[s.name]) for s in expression.free_symbols})


def closed(expression: Expr, text: str) -> Expr:
    """With the closed forms of its averages for one activation."""
    return in_closed_form(expression, activation(text))


def agree(left: mpmath.mpf, right: mpmath.mpf, digits: int = DIGITS) -> bool:
    """Whether two numbers agree to `digits` significant digits."""
    if mpmath.isinf(left) or mpmath.isinf(right):
        return bool(left == right)
    return bool(abs(left - right) <= mpmath.mpf(10) ** -digits * max(abs(left), abs(right)))


def tends_to(value: Callable[[Rational], mpmath.mpf], limit: mpmath.mpf, rate: Rational) -> bool:
    """Whether value(Delta) - limit falls as Delta^-rate between Delta = 10^16 and 10^20, to one percent.

    The next order is Delta^-rate smaller, 10^-8 for the rates used here, so that a wrong limit or rate cannot pass.
    """
    first, second = (abs(value(Rational(10) ** k) - limit) for k in (16, 20))
    return second > 0 and abs(first / second / mpmath.mpf(10) ** (4 * mpmath.mpf(rate.p) / rate.q) - 1) < 0.01


def near(found: Any, claimed: Any, relative: float = 0.0, absolute: Any = 0.0) -> bool:
    """Whether numbers, one by one or under the keys of `claimed`, are as claimed within the larger of two tolerances."""
    if isinstance(claimed, Mapping):
        found, claimed = [found[key] for key in claimed], list(claimed.values())
    found, claimed = np.asarray(found), np.asarray(claimed)
    if claimed.ndim and found.shape != claimed.shape:
        return False
    return bool(np.all(np.abs(found - claimed) <= np.maximum(relative * np.abs(claimed), absolute)))


def mean_and_error(rows: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean over the networks that the rows are, and its standard error."""
    values = np.asarray(rows)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


@lru_cache(maxsize=32)
def solver(model: str, text: str) -> Solver:
    """The solver of one model and activation."""
    return Solver(model, text)


def simulated(
    model: str, text: str, parameters: Mapping[str, object], seen: Mapping[str, float], **settings: Any
) -> Iterator[bool]:
    """`validate` agrees, and would have noticed the relative errors `seen` of the theory."""
    _, found = validate(model, text, parameters, **settings)
    yield found.ok
    power = {row.observable: row.detectable for row in found.rows}
    yield all(power[key] < error for key, error in seen.items())
