"""The theory of networks of threshold units: what holds for a generic unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Eq, Expr, Symbol

from theory.derivation import Derivation, Replay, Step
from theory.model import Model
from theory.theory import Quantity, Theory

_h, _b = Symbol("h", real=True), Symbol("b", real=True)


@dataclass(frozen=True)
class FieldEquation:
    """The field of a unit in a state."""

    unknown: Symbol = _h
    control: Symbol = _b
    field: Expr = _b

    notation = "h is the field of a unit"

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        return (("h", self.field, "field of a unit"),)

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What its statements define."""
        return (self.unknown,)

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """Everything that generated code evaluates."""
        return (self.field,)


def derive(model: Model, *, odd: bool) -> Theory:
    """The theory for any weights."""
    steps = (Step("The field", "definition", _b, Eq(_h, _b), check=Replay(lambda e: Eq(_h, e))),)

    def found(key: str, meaning: str) -> Quantity:
        return Quantity(key, Symbol(key), meaning, bounds=(0, float("inf")))

    first: Mapping[str, Quantity] = {"stable_count": found("stable_count", "number of stable states")}
    undefined = "there is no stable state"
    second = {
        "robustness": Quantity(
            "robustness",
            Symbol("robustness"),
            "every entry of W and b may change by less, and all states stay stable",
            bounds=(0, float("inf")),
            undefined=undefined,
        ),
        "marginal_count": found(
            "marginal_count", "number of states with a field that vanishes and none of the wrong sign"
        ),
    }
    return Theory(model, FieldEquation(), first, second, (), Derivation("Threshold units", steps))
