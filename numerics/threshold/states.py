"""Stable and marginal states of a network of threshold units, all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numerics.algorithms import stablestates
from theory.errors import InputError
from theory.threshold.network import State, ThresholdNetwork, state_of


@dataclass(frozen=True)
class States:
    """States in which no field has the wrong sign, in the order of their texts.

    Attributes
    ----------
    stable, marginal : tuple of State
        Without and with fields that are zero.
    method : str
        How they were found.
    complete, marginal_complete : bool
        Whether it is proved that there are no other stable, and no other marginal, states.
    """

    stable: tuple[State, ...]
    marginal: tuple[State, ...]
    method: str
    complete: bool
    marginal_complete: bool

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> States:
        """What `solve` of a generated module returns."""
        stable, marginal = (tuple(map(state_of, result[key])) for key in ("stable", "marginal"))
        return cls(stable, marginal, *(result[key] for key in ("method", "complete", "marginal_complete")))


def stable_states(network: ThresholdNetwork, method: str = "auto", most: int | None = None) -> States:
    """All stable and all marginal states of a network.

    Parameters
    ----------
    network : ThresholdNetwork
    method : {'auto', 'brute', 'tree', 'product', 'sweep', 'cooperative', 'milp'}
    most : int, optional
        Largest number of states, partial ones included, that are looked at.

    Raises
    ------
    InputError
        Where the method does not apply.
    """
    try:
        return States.of(stablestates.stable_states(*network.integers, method, most))
    except ValueError as error:
        raise InputError(str(error)) from error
