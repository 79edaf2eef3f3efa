"""A network of threshold units solved: its stable states with what certifies each, and whether these are all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np

from numerics.algorithms import stablestates
from numerics.codegen.threshold import threshold_equations
from numerics.solve.method import Method
from numerics.solve.solution import Reading
from numerics.solve.solver import Solver
from numerics.threshold.states import States
from theory.errors import InputError
from theory.threshold.network import MOST_CERTIFIED, Certificate, ThresholdNetwork, text_of
from theory.threshold.verify import sealed

SHOWN = 40  # states shown on a terminal
_GIVEN_UP = "the search was given up, there may be other stable states"
_UNPROVED = {
    "milp": "HiGHS found no other state, in floating point: that there is none is not proved",
    "cooperative": "the least and the greatest state; all others lie between these: method=tree finds them",
}


def read_states(solver: Solver, numbers: Mapping[str, Any]) -> Reading:
    """States from the generated module, certified in fractions.

    Raises
    ------
    InputError
        Where the method does not apply.
    """
    network = numbers["network"]
    try:
        states = States.of(solver.module.solve(*network.integers, numbers.get("method", "auto")))
    except ValueError as error:
        raise InputError(str(error)) from error
    certificates = [network.certificate(state) for state in states.stable[:MOST_CERTIFIED]]
    messages = [*network.notes]
    if not states.complete:
        messages.append(f"not complete: {_UNPROVED.get(states.method, _GIVEN_UP)}")
    elif not states.marginal_complete:
        messages.append("all stable states, but not all marginal ones: there are too many")
    if len(states.stable) > MOST_CERTIFIED:
        messages.append(f"certificates are given for the first {MOST_CERTIFIED} stable states")
    return Reading(
        values={
            "stable_count": len(states.stable),
            "marginal_count": len(states.marginal),
            "robustness": _robustness(network, states, certificates),
            "residual": 0.0,
            "error": 0.0,
        },
        messages=tuple(messages),
        data=sealed(
            {
                "W": [list(map(str, row)) for row in network.W],
                "b": list(map(str, network.b)),
                "stable": list(map(text_of, states.stable)),
                "marginal": list(map(text_of, states.marginal)),
                "certificates": [certificate.data for certificate in certificates],
                "method": states.method,
                "complete": states.complete,
                "marginal_complete": states.marginal_complete,
            }
        ),
        rows=_rows(states, certificates),
    )


def _robustness(network: ThresholdNetwork, states: States, certificates: Sequence[Certificate]) -> float:
    """The smallest of all stable states; where not all are certified, that of the one that is smallest to double precision."""
    if len(certificates) == len(states.stable):
        return min((float(c.robustness) for c in certificates), default=nan)
    every = np.array(states.stable, dtype=float)
    fields = every @ np.array(network.W, dtype=float).T + np.array(network.b, dtype=float)
    least = int(np.argmin(np.abs(fields).min(axis=1) / (every.sum(axis=1) + 1)))
    return float(network.certificate(states.stable[least]).robustness)


def _rows(states: States, certificates: list[Certificate]) -> tuple[str, ...]:
    """States for a terminal, the stable ones with their margins."""
    wide = max(len("state"), len(text_of((states.stable or states.marginal or ((),))[0])))
    rows = [f"  {'state':<{wide}}  {'margin':>12}  {'robustness':>12}  corrects  signs"] if certificates else []
    rows += [
        f"  {text_of(c.state):<{wide}}  {float(c.margin):>12.6g}  {float(c.robustness):>12.6g}  {c.correction:>8}  {c.sign_class}"
        for c in certificates[:SHOWN]
    ]
    rows += [f"  {text_of(state):<{wide}}  marginal" for state in states.marginal[:SHOWN]]
    more = sum(max(0, len(found) - SHOWN) for found in (states.stable, states.marginal))
    named = ("states found, which may not be all", "all stable states and some marginal ones", "all states")
    found = named[states.complete + states.marginal_complete]
    return (
        "",
        f"  {found} (method {states.method}):",
        *(rows or ["  none"]),
        *([f"  ... and {more} more"] if more else []),
    )


THRESHOLD = Method(
    name="states",
    use=(
        "Use: solve(W, b) with W[i][j] the weight from unit j onto unit i returns a dict: texts of the stable and of the",
        "marginal states, character k for unit k; the method; whether it is proved that there are no others of either kind.",
    ),
    algorithms=(stablestates,),
    functions=threshold_equations,
    read=read_states,
)
