"""A user's one-site observable: its average over the network, and the 1/N term of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from sympy import Expr

from numerics.averages.average import evaluated, mean_object
from numerics.settings import Answer
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.averages.average import Average, stein
from theory.errors import DomainError, InputError
from theory.meanfield.corrections import one_site_correction
from theory.models.static import STATIC
from theory.symbols import Delta, O, x
from theory.text.parsing import parse_monomial


@dataclass(frozen=True)
class ObservableAverage:
    """Average of O(x) over noise, couplings and units of the static network: value + c1/N.

    Attributes
    ----------
    text : str
        The observable.
    value : float
        For N -> infinity.
    c1 : float
        Coefficient of 1/N.
    """

    text: str
    value: float
    c1: float

    def to_dict(self) -> dict[str, float]:
        """Value and 1/N term under their keys in JSON."""
        return {"value": self.value, "c1": self.c1}


def observable_average(text: str, solver: Solver, solution: Solution, *, jacobian: bool = True) -> ObservableAverage:
    """Average of a one-site observable at a solution of the static network, and its 1/N term.

    Parameters
    ----------
    text : str
        A function of x, such as ``x^4`` or ``exp(-x^2)``, or a product of powers of x, phi, phi', ... such as ``x*phi``.
    solver : Solver
        Of the model `static`.
    solution : Solution
        Its solution.
    jacobian : bool
        False leaves out the Jacobian of the fixed-point equation, which is wrong at order 1/N; for comparison only.

    Returns
    -------
    ObservableAverage

    Raises
    ------
    InputError
        For text that is no observable, and for other models.
    DomainError
        Where the average or its 1/N term does not exist.
    """
    if solution.model != STATIC.name:
        raise InputError(
            f"the 1/N term of an observable is derived for the model {STATIC.name}, not for {solution.model}"
        )
    expression, observable = _parsed(text)
    value = _number(stein(Average(expression)), solver.activation, observable, solution)
    correction = one_site_correction(expression, STATIC.network.couplings, jacobian=jacobian)
    c1 = _number(correction, solver.activation, observable, solution)
    if not (isfinite(value) and isfinite(c1)):
        raise DomainError(
            f"<{text[:60]}> = {value:g} with 1/N term {c1:g} for {solver.activation.text}: an average in it is infinite or "
            "unresolved"
        )
    return ObservableAverage(text, value, c1)


def _parsed(text: str) -> tuple[Expr, Activation | None]:
    """The observable as an expression, and what O(x) stands for in it."""
    if "phi" in text:
        return parse_monomial(text), None
    observable = Activation.from_text(text)
    if observable.parameters:
        names = ", ".join(map(str, observable.parameters))
        raise InputError(f"the observable '{text[:60]}' has a parameter ({names}); only x and numbers are allowed")
    if observable.expression.is_polynomial(x):
        return observable.expression, None
    return O(x), observable


def _number(expression: Expr, activation: Activation, observable: Activation | None, solution: Solution) -> float:
    """The expression at a solution, every average by generated code."""
    own = [float(solution.parameters[p.name]) for p in activation.parameters]
    variance = solution.order_parameters[Delta.name]

    def value(node: Average) -> float:
        return float(mean_object(node, activation, observable)(variance, *own))

    return float(evaluated(expression, value, {**solution.parameters, Delta.name: variance}))


def answer(solver: Solver, solution: Solution, asked: Sequence[str], settings: Mapping[str, Any]) -> Answer:
    """Averages of observables and their 1/N terms."""
    found = [observable_average(text, solver, solution) for text in asked]
    rows = [f"  <{o.text}> = {o.value:.16g}, 1/N term c1 = {o.c1:.10g}" for o in found]
    return Answer({"one_site": {o.text: o.to_dict() for o in found}}, rows)
