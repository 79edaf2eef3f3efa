"""The answer of a derivation: equations, observables, conditions and the argument, one class for all models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING

from sympy import Expr, Symbol, roots

from theory.derivation import Derivation
from theory.errors import DomainError
from theory.gaussian.average import Average, averages
from theory.models import Model

if TYPE_CHECKING:
    from theory.activations.activation import Activation


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
    """

    key: str
    expression: Expr
    meaning: str
    reference: str = ""
    bounds: tuple[float, float] = (-inf, inf)


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


@dataclass(frozen=True)
class Theory:
    """Large-N theory of one model for a generic activation.

    Attributes
    ----------
    model : Model
    unknown : Symbol
        The order parameter found from the self-consistency equation.
    self_consistency : Expr
        ``unknown = self_consistency``.
    order_parameters, observables : mapping of key to Quantity
    conditions : tuple of Condition
    control : Symbol
        Parameter that is turned up to follow a branch, usually the coupling strength.
    requirements : tuple of Requirement
    derivation : Derivation
    """

    model: Model
    unknown: Symbol
    self_consistency: Expr
    order_parameters: Mapping[str, Quantity]
    observables: Mapping[str, Quantity]
    conditions: tuple[Condition, ...]
    control: Symbol
    derivation: Derivation
    requirements: tuple[Requirement, ...] = field(default=())

    @property
    def slope(self) -> Expr:
        """d(self_consistency)/d(unknown), by Price's theorem: 1 at a saddle-node."""
        return self.self_consistency.diff(self.unknown)

    @property
    def control_at(self) -> Expr:
        """The value of the control parameter at which a given `unknown` is a solution."""
        found = tuple(roots(self.unknown - self.self_consistency, self.control))
        sample = {atom: 1 for root in found for atom in root.free_symbols | root.atoms(Average)} | {self.unknown: 2}
        return max(found, key=lambda root: root.xreplace(sample))  # couplings are not negative

    @property
    def quantities(self) -> Mapping[str, Quantity]:
        """Order parameters and observables in one mapping."""
        return MappingProxyType({**self.order_parameters, **self.observables})

    @property
    def averages(self) -> tuple[Average, ...]:
        """Every distinct Gaussian average that the theory needs, in a canonical order."""
        found: dict[Average, None] = {}
        expressions = [self.self_consistency, self.slope, *(q.expression for q in self.quantities.values())]
        expressions += [c.expression for c in self.conditions]
        for expression in expressions:
            found.update((average, None) for average in averages(expression))
        return tuple(found)

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
