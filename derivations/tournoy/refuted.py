"""Statements that look true and are not: the harness of the theorems finds what contradicts them."""

from __future__ import annotations

from itertools import combinations

from derivations.tournoy.instances import Refutations, by_definition, drawing, network, stable, union, with_state
from derivations.tournoy.motion import Instance
from numerics.threshold.trajectories import CONVERGED, trajectory
from theory.threshold.network import State, ThresholdNetwork
from theory.threshold.simplex import Witness, feasible

claims = Refutations()


def _none(units: ThresholdNetwork) -> bool:
    return not by_definition(units)


@claims.on(drawing(), "every network has a stable state", _none)
def _any(units: ThresholdNetwork) -> bool:
    return bool(stable(units))


@claims.on(drawing(diagonal="zero"), "every network without self-coupling has a stable state", lambda units: _none(units) and not any(units.W[i][i] for i in range(units.N)))
def _zero(units: ThresholdNetwork) -> bool:
    return bool(stable(units))


@claims.on(drawing(diagonal="negative", symmetric=True), "every symmetric network has a stable state, with self-inhibition too", _none)
def _symmetric(units: ThresholdNetwork) -> bool:
    return bool(stable(units))
