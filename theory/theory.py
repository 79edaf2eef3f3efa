"""The answer of a derivation: equations, observables, conditions and the argument, one class for all models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sympy import Expr, Symbol

from theory.averages.average import Average, averages, conditional_averages
from theory.derivation import Derivation, StepFailed
from theory.equations import AutocovarianceEquation, FollowUp, ReadoutEquation, SelfConsistency
from theory.errors import DomainError
from theory.model import Model
from theory.symbols import mu

if TYPE_CHECKING:
    from theory.activation.activation import Activation


@dataclass(frozen=True)
class Quantity:
    """A named result.

    Attributes
    ----------
    key : str
        Canonical key, the same in JSON, generated code and validation tables.
    expression : Expr
        In the order parameters, the model's parameters and averages of the generic activation.
    meaning : str
        One line.
    reference : str
        Source.
    bounds : tuple of float
        Closed interval in which every valid result lies: an invariant, asserted on each solution.
    undefined : str
        Why there may be no such number; empty where there always is one.
    """

    key: str
    expression: Expr
    meaning: str
    reference: str = ""
    bounds: tuple[float, float] = (-inf, inf)
    undefined: str = ""

    @property
    def is_found(self) -> bool:
        """Whether it has no formula, but is found by the solver under its key."""
        return isinstance(self.expression, Symbol) and self.expression.name == self.key


@dataclass(frozen=True)
class Correction(Quantity):
    """Coefficient of 1/N of another quantity.

    Attributes
    ----------
    of : str
        Key of that quantity, v.
    relative : bool
        Whether the network of N units has v (1 + c/N) rather than v + c/N.
    """

    of: str = ""
    relative: bool = False


@dataclass(frozen=True)
class Condition:
    """Validity: the theory holds while ``expression < 1``.

    Attributes
    ----------
    key : str
    expression : Expr
    broken : str
        What it means when it does not hold.
    """

    key: str
    expression: Expr
    broken: str


@dataclass(frozen=True)
class Requirement:
    """What a model asks of an activation: ``holds(activation)`` or a reason to refuse."""

    holds: Callable[[Activation], bool]
    reason: str


Equation = TypeVar("Equation", SelfConsistency, AutocovarianceEquation, ReadoutEquation)


@dataclass(frozen=True)
class Theory(Generic[Equation]):
    """Large-N theory of one model for a generic activation.

    Attributes
    ----------
    model : Model
    equation : SelfConsistency, AutocovarianceEquation or ReadoutEquation
        What has to be solved first; everything else is evaluated at its solution.
    then : tuple of FollowUp
        Equations for further order parameters, solved after it.
    order_parameters, observables : mapping of key to Quantity
    finite_size : mapping of key to Correction
        1/N terms of the quantities above, where they are derived.
    conditions : tuple of Condition
    requirements : tuple of Requirement
    closure : mapping of Symbol to Expr
        What symbols in the quantities are for a Gaussian site, where the site need not be Gaussian.
    derivation : Derivation
    """

    model: Model
    equation: Equation
    order_parameters: Mapping[str, Quantity]
    observables: Mapping[str, Quantity]
    conditions: tuple[Condition, ...]
    derivation: Derivation
    requirements: tuple[Requirement, ...] = field(default=())
    finite_size: Mapping[str, Correction] = field(default_factory=dict)
    then: tuple[FollowUp, ...] = field(default=())
    closure: Mapping[Symbol, Expr] = field(default_factory=dict)

    @property
    def leading(self) -> Mapping[str, Quantity]:
        """Order parameters and observables: what holds for N -> infinity."""
        return MappingProxyType({**self.order_parameters, **self.observables})

    @property
    def without_corrections(self) -> Theory:
        """The same theory at leading order in 1/N alone."""
        return replace(self, finite_size={})

    @property
    def quantities(self) -> Mapping[str, Quantity]:
        """Order parameters, observables and 1/N terms in one mapping."""
        return MappingProxyType({**self.leading, **self.finite_size})

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation, in the order of solution."""
        closed: list[tuple[str, Expr, str]] = [
            (str(symbol), e, "for eta = 0, where x is Gaussian") for symbol, e in self.closure.items()
        ]
        followed: list[tuple[str, Expr, str]] = [
            (str(equation.unknown), equation.right, "self-consistency") for equation in self.then
        ]
        return (*self.equation.statements, *followed, *closed)

    @property
    def derived(self) -> Mapping[str, Quantity]:
        """The quantities that are not themselves unknowns of an equation."""
        unknowns = {name for name, _, _ in self.statements}
        return MappingProxyType({key: q for key, q in self.quantities.items() if key not in unknowns})

    @property
    def notation(self) -> str:
        """What the brackets in formulas mean."""
        plain = "<.> is an average over x ~ N(0, Delta)"
        frozen = "; [.] is one over mu ~ N(0, Delta0), in which <.> and Var(.) are over x ~ N(mu, Delta - Delta0)"
        return plain + (frozen if self.frozen_averages else "")

    @property
    def averages(self) -> tuple[Average, ...]:
        """Every distinct Gaussian average that the theory needs, in a canonical order."""
        return tuple(dict.fromkeys(average for e in self._expressions for average in averages(e)))

    @property
    def frozen_averages(self) -> tuple[Average, ...]:
        """Every distinct average over the frozen mean that the theory needs, in a canonical order."""
        return tuple(dict.fromkeys(average for e in self._expressions for average in averages(e, mu)))

    @property
    def conditional_averages(self) -> tuple[Average, ...]:
        """Every distinct average over x ~ N(mu, delta) at a fixed frozen mean mu, in a canonical order."""
        return conditional_averages(self.frozen_averages)

    @property
    def content(self) -> str:
        """Everything that is stated, as text."""
        stated: list[str] = [f"{name} = {e}: {meaning}" for name, e, meaning in self.statements]
        stated += [f"{key} = {q.expression}: {q.meaning}" for key, q in self.quantities.items()]
        return "; ".join([*stated, *(f"{c.key} = {c.expression}: {c.broken}" for c in self.conditions)])

    @property
    def _expressions(self) -> tuple[Expr, ...]:
        return (
            *self.equation.expressions,
            *(e for equation in self.then for e in (equation.right, equation.slope)),
            *(q.expression for q in self.quantities.values()),
            *(c.expression for c in self.conditions),
        )

    @property
    def unshown(self) -> tuple[str, ...]:
        """Names of what the theory states and no step shows, exactly as stated; what the solver finds needs no step.

        A quantity, condition or equation that steps show as ``name = ...`` must be one of these; a part of an equation that the
        model does not give, anything that a step shows. Numbers are shown by their names alone.
        """
        shown = self.derivation.results
        whole = {e for name, values in shown.items() for e in values if not e.is_number}
        given = self.model.network if self.model.describe else None
        unknowns = {*self.equation.symbols, *(equation.unknown for equation in self.then), *self.closure}
        unknowns |= {q.expression for q in self.quantities.values() if q.is_found}
        stated = [
            *((name, e) for name, e, _ in self.statements),
            *((key, q.expression) for key, q in self.quantities.items()),
            *((c.key, c.expression) for c in self.conditions),
        ]
        parts: list[str] = [
            name
            for part in fields(self.equation)
            if getattr(given, part.name, None) != getattr(self.equation, part.name)
            for name, e in expressions(getattr(self.equation, part.name), f".{part.name}")
            if not e.is_Symbol and e not in shown.get(name, whole)
        ]
        missing: list[str] = [
            name for name, e in stated if e not in shown.get(name, shown[""]) and not (e in unknowns and str(e) == name)
        ]
        return tuple(dict.fromkeys((*missing, *parts)))

    def check(self) -> None:
        """Check that every equation, quantity and condition is the result of a step, that a check reads it, and every step.

        Raises
        ------
        StepFailed
            Naming all steps that are not read, or all results that no step shows, or all steps that do not hold.
        """
        unread = [f"step {n} ({step.title})" for n, step in enumerate(self.derivation, 1) if not step.is_read]
        if unread:
            raise StepFailed(f"{self.derivation.title}: no check reads the result of {', '.join(unread)}")
        if self.unshown:
            raise StepFailed(f"{self.derivation.title}: no step shows {', '.join(self.unshown)}")
        self.derivation.check()

    def admit(self, activation: Activation) -> None:
        """Refuse an activation for which the theory does not hold.

        Raises
        ------
        DomainError
            With every reason.
        """
        reasons = [r.reason for r in self.requirements if not r.holds(activation)]
        if reasons:
            raise DomainError(f"{self.model.name}: {activation.text} is refused: " + "; ".join(reasons))


def expressions(value: Any, name: str = "") -> Iterator[tuple[str, Expr]]:
    """Every expression inside an expression, a mapping or a dataclass, with its key or, after a dot, the name of its field."""
    if isinstance(value, Expr):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from expressions(part, str(key))
    elif is_dataclass(value):
        for part in fields(value):
            yield from expressions(getattr(value, part.name), f".{part.name}")
