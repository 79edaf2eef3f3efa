"""The theory of networks of threshold units, assembled: what decides about a state, and the argument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType

from sympy import Expr, Symbol

from theory.derivation import chain
from theory.model import Model
from theory.theory import Quantity, Theory
from theory.threshold import motion, states, storage
from theory.threshold.generic import FIELD

_NAMED = {
    motion.h_i: FIELD,
    states.m_i: states.MARGIN,
    states.rho_i: states.ROBUSTNESS,
    Symbol("t_i"): motion.EXIT,
    Symbol("z"): motion.CROSSING,
    Symbol("y_k'"): motion.LANDED,
    Symbol("u_i"): motion.OUTPUT,
}
MEANINGS = dict(
    zip(
        _NAMED,
        (
            "field of unit i in the state s, the focal point of its region",
            "margin; s is stable if and only if all margins are positive, marginal if the smallest one is 0",
            "s stays stable if no entry of row i of W and b changes by this or more",
            "time after which unit i, its margin being negative, is at zero; in units of the time constant",
            "exp(-t) at this time; the first unit that arrives has the largest",
            "where unit k is then",
            "output of a unit that slides along y_i = 0, h_i without its own output; W_ii < 0 and 0 < u_i < 1",
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class StateConditions:
    """What decides about states and motions of a threshold network, from its weights and biases.

    Attributes
    ----------
    named : mapping of Symbol to Expr
        Field, margin and robustness of unit i in a state; its way to zero; its output while it slides.
    control : None
        No parameter is turned up.
    """

    named: Mapping[Symbol, Expr] = field(default_factory=lambda: MappingProxyType(_NAMED))
    control: None = None

    notation = "s is a state of zeros and ones; W_ij is the weight from unit j onto unit i; time constants are 1"

    @property
    def statements(self) -> tuple[tuple[str, Expr, str], ...]:
        """(name, expression, meaning) of every equation."""
        return tuple((str(symbol), e, MEANINGS[symbol]) for symbol, e in self.named.items())

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """What its statements define."""
        return tuple(self.named)

    @property
    def expressions(self) -> tuple[Expr, ...]:
        """What generated code evaluates: nothing, it counts in integers."""
        return ()


def _found(key: str, meaning: str, undefined: str = "") -> Quantity:
    return Quantity(key, Symbol(key), meaning, bounds=(0, inf), undefined=undefined)


def derive(model: Model, *, odd: bool) -> Theory:
    """The theory for any weights and biases; there is no activation that could be odd."""
    return Theory(
        model=model,
        equation=StateConditions(),
        order_parameters={"stable_count": _found("stable_count", "number of stable states")},
        observables={
            q.key: q
            for q in (
                _found("marginal_count", "number of states with a field that is 0 and none of the wrong sign"),
                _found(
                    "robustness",
                    "every entry of W and b may change by less than this, and all stable states stay stable",
                    "there is no stable state",
                ),
            )
        },
        conditions=(),
        derivation=chain(
            "Networks of threshold units",
            motion.regions(),
            motion.walls(),
            states.margins(),
            states.pairs(),
            states.symmetries(),
            states.energies(),
            motion.cycles(),
            motion.loops(),
            storage.rows(),
            storage.counts(),
        ),
    )
