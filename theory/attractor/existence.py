"""Which patterns a network can store."""

from __future__ import annotations

from dataclasses import dataclass

from theory.activation.activation import Activation
from theory.theory import Theory


@dataclass(frozen=True)
class Storable:
    """What the law of the patterns needs of the activation.

    Attributes
    ----------
    sentence : str
    """

    sentence: str


def existence(theory: Theory, activation: Activation) -> Storable:
    """Every load below 1 can be stored; the rates have to be values that phi takes while it increases."""
    return Storable("weights exist for every load below 1 and all rates that phi takes on a stretch where it increases")
