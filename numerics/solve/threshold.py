"""All stable states of a network of threshold units."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from numerics.solve.method import Method
from numerics.solve.solution import Reading
from numerics.solve.solver import Solver
from theory.errors import DomainError
from theory.threshold.network import text_of


def read_states(solver: Solver, numbers: Mapping[str, Any]) -> Reading:
    """The states with their certificates."""
    network = numbers["network"]
    if network.N > 16:
        raise DomainError("more than 16 units")
    states = list(product((0, 1), repeat=network.N))
    stable = [s for s in states if network.is_stable(s)]
    marginal = [s for s in states if network.is_marginal(s)]
    data = {
        "W": [[str(w) for w in row] for row in network.W],
        "b": [str(b) for b in network.b],
        "stable": list(map(text_of, stable)),
        "marginal": list(map(text_of, marginal)),
        "certificates": [network.certificate(s).data for s in stable],
        "method": "brute",
        "complete": True,
    }
    values = {"stable_count": len(stable), "marginal_count": len(marginal), "residual": 0.0, "error": 0.0}
    rows = ("", *(f"  {text_of(s)}" for s in stable))
    return Reading(values=values, messages=network.notes, data=data, rows=rows)


THRESHOLD = Method(
    name="states",
    use=("Use: solve(W, b).",),
    algorithms=(),
    functions=lambda *_: [
        'def solve(W, b, method="auto"):\n    """All stable states."""\n    raise NotImplementedError'
    ],
    read=read_states,
)
