"""Parameters of an activation at which a result is largest, as far as that can be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite, isnan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from numerics.settings import Answer
from numerics.solve.solution import Solution, shown
from numerics.solve.solver import Solver
from theory.errors import DomainError, require
from theory.parameters import parameters_of

FURTHEST, NEAREST = 100.0, 1e-3  # search where a range has no end, and distance from one left out, in starting values
STEPS = (0.2, 0.01)  # sizes of the first simplex, over the starting values, each search beginning where the last ended
AROUND = (1e-2, 1e-3)  # distances at which the result is compared with that at the point found
SETTLED = 1e-6  # size of the last simplex, over the starting values
SAME = 1e-9  # difference between results that may be rounding


class Optimum(NamedTuple):
    """The largest result that was found.

    Attributes
    ----------
    parameters : dict of str to float
        Those that were varied.
    value : float
        The result there.
    solution : Solution
    reason : str
        Why this is not called an optimum; empty where it is one.
    """

    parameters: dict[str, float]
    value: float
    solution: Solution
    reason: str


def optimum(
    solution: Solution,
    vary: Sequence[str],
    quantity: str,
    score: Callable[[Solver, Mapping[str, Any]], float] | None = None,
) -> Optimum:
    """The largest value of a result over some parameters of the activation, near those of a solution.

    By simplices (Nelder, Mead 1965, Comput. J. 7, 308), which kinks do not stop; then by comparison with points around.

    Parameters
    ----------
    solution : Solution
        Where the search begins; all other parameters are kept.
    vary : sequence of str
        Names of parameters of the activation, varied within their ranges.
    quantity : str
        Key of an observable.
    score : callable, optional
        ``score(solver, parameters)``: the same number found sooner, or a negative one that says how far from being positive it is.

    Raises
    ------
    InputError
        For names that are no parameters of the activation, or no observable.
    """
    solver = Solver.of(solution)
    ranges = {p.name: p.interval for p in parameters_of(solver.activation)}
    own = f"the activation has {', '.join(ranges) or 'none'}"
    require(
        *((name in ranges, f"best {name[:40]}: no parameter of the activation; {own}") for name in vary),
        (0 < len(vary) == len(set(vary)), f"best {', '.join(vary)}: give every parameter once"),
        (quantity in solution.observables, f"{quantity[:40]} is no observable of {solution.model}"),
    )
    start = np.array([solution.parameters[name] for name in vary])
    scale = np.where(start == 0, 1.0, np.abs(start))
    low, high = np.array([_ends(ranges[name], size) for name, size in zip(vary, scale, strict=True)]).T

    def numbers(point: NDArray[np.float64]) -> dict[str, Any]:
        return {**solution.parameters, **dict(zip(vary, np.clip(point, low, high).tolist(), strict=True))}

    def cost(point: NDArray[np.float64], score: Callable[..., float] | None = score) -> float:
        try:
            at = numbers(point)
            value = score(solver, at) if score else solver.solve(**at).observables[quantity]
        except DomainError:
            return np.inf
        return -value if isfinite(value) else np.inf

    best = start
    for step in STEPS:
        inwards = np.where(best + step * scale > high, -1, 1) * step * scale
        options = {"initial_simplex": best + np.vstack([0 * best, np.diag(inwards)]), "xatol": SETTLED * np.max(scale)}
        bounds = list(zip(low, high, strict=True))
        with np.errstate(invalid="ignore"):
            best = minimize(cost, best, method="Nelder-Mead", bounds=bounds, options={**options, "fatol": SAME}).x
    found, count = solver.solve(**numbers(best)), len(vary)
    value = found.observables[quantity]
    draw = np.random.default_rng(0).standard_normal((4 * (count - 1), count))
    ways = np.vstack([np.eye(count), -np.eye(count), draw / np.linalg.norm(draw, axis=1, keepdims=True)])
    around = np.array([[value + cost(best + size * scale * way, None) for way in ways] for size in AROUND])
    at_edge = np.minimum(best - low, high - best) < min(AROUND) * scale
    slack = max(SAME, found.errors.get(quantity, 0.0))
    flat = np.min(around[0, : 2 * count].reshape(2, count), axis=0) <= slack
    reasons = {
        f"{quantity} is not resolved there": isnan(value),
        f"{quantity} is 0 wherever the search went": value == 0,
        f"{quantity} is not resolved next to it": np.isinf(np.max(around)),
        "the search did not settle": np.min(around) < -slack,
        f"{_listed(vary, at_edge)} at an edge of the range that was searched": any(at_edge),
        f"{quantity} does not change with {_listed(vary, flat)} there": any(flat),
    }
    reason = next((said for said, holds in reasons.items() if holds), "")
    return Optimum({name: found.parameters[name] for name in vary}, value, found, reason)


def _listed(names: Sequence[str], chosen: NDArray[np.bool_]) -> str:
    return ", ".join(name for name, is_chosen in zip(names, chosen, strict=True) if is_chosen)


def _ends(interval: Any, size: float) -> tuple[float, float]:
    """Of the search for one parameter."""
    low, high = float(interval.low), float(interval.high)
    low = low + interval.open_low * NEAREST * size if isfinite(low) else min(-FURTHEST * size, high - FURTHEST * size)
    return low, high - interval.open_high * NEAREST * size if isfinite(high) else FURTHEST * size


def answer(found: Optimum, quantity: str, keys: Sequence[str]) -> Answer:
    """An optimum, or what was found in place of one, with further results under these keys."""
    given = ", ".join(f"{name} = {shown(value)}" for name, value in found.parameters.items())
    more = {key: value for key, value in found.solution.to_dict()["observables"].items() if key in keys}
    said = ", ".join([f"{quantity} = {found.value:.10g}", *(f"{key} {value}" for key, value in more.items())])
    head = f"no optimum: {found.reason}; the search ended" if found.reason else "best"
    data = {"parameters": found.parameters, quantity: found.value, **more, "optimum": not found.reason}
    messages = () if not found.reason else found.solution.messages
    return Answer({"best": {**data, "reason": found.reason}}, ["", f"  {head} at {given}: {said}"], messages)
