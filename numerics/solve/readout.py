"""The solution of a network with a readout for one set of parameters: results, fixed points, and why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import signature
from math import isfinite, isnan
from types import ModuleType
from typing import Any

import numpy as np

from numerics.algorithms import averages, loop, sets
from numerics.codegen.readout import readout_equations
from numerics.data import as_data
from numerics.models.feedback import REGIMES
from numerics.solve.fixed_point import FixedPoint
from numerics.solve.method import Method
from numerics.solve.number import read_number
from numerics.solve.solution import RESIDUAL, Reading
from numerics.solve.solver import Solver
from theory.errors import DomainError
from theory.models.feedback import FEEDBACK

TARGET = FEEDBACK.network.target.name
DIRECTION = tuple(str(load) for load in FEEDBACK.network.readout.values())
SAME = 1e-9  # relative distance within which a fixed point is the target
ROUNDING = 1e-13  # relative size below which a sum of two terms is zero

MONOSTABLE, BISTABLE, UNSTABLE, CHAOTIC, CONTINUUM = REGIMES


def read_readout(solver: Solver, numbers: Mapping[str, float]) -> Reading:
    """Results, branches of the open loop and fixed points of the closed loop from the generated module.

    Raises
    ------
    DomainError
        For vectors or a target for which no amplitude is defined, or where there is no solution.
    """
    overlaps = overlaps_at(solver.module, numbers)
    opening = solver.at(numbers)
    if problem := _undefined_amplitude(numbers, overlaps):
        raise DomainError(f"no amplitude C for {opening}: {problem}")
    read = read_number(solver, numbers)
    if not isfinite(read.values["C"]):
        raise DomainError(
            f"no amplitude C for {opening}: <phi'> = {read.values['gain']:.6g}, the output does not follow x"
        )
    with np.errstate(all="ignore"):
        found = solver.module.fixed_points(**numbers, calibrated=read.values)
    worst = max(np.abs(found["residual"]), default=0.0)
    if not worst <= RESIDUAL:
        raise DomainError(
            f"the fixed points for {opening} are not trustworthy: (M1), (M2) are solved only to a relative residual of {worst:.1e}"
        )
    points = fixed_points(found)
    target = min(points, key=lambda point: abs(point.z - numbers[TARGET]), default=None)
    if target is None or not abs(target.z - numbers[TARGET]) <= SAME * abs(numbers[TARGET]):
        raise DomainError(
            f"the fixed points for {opening} are not trustworthy: the target is not among them, numbers leave the range of "
            "double precision"
        )
    regime = CONTINUUM if found["continuum"] else regime_of(points, target)
    details = {
        "outliers": as_data(target.outliers),
        "visible": list(target.visible),
        "class": readout_class(numbers, overlaps),
        "regime": regime,
    }
    messages = (*read.messages, *_messages(points, target, regime), *_index_message(found))
    return replace(read, details=details, fixed_points=points, messages=messages)


def overlaps_at(module: ModuleType, numbers: Mapping[str, float]) -> dict[str, float]:
    """Overlaps of the vectors at amplitude 1: Sm2, smI, SI2, snm, snI."""
    found = module.overlaps(*(numbers[name] for name in signature(module.overlaps).parameters))
    return dict(zip(("Sm2", "smI", "SI2", "snm", "snI"), map(float, found), strict=True))


def _undefined_amplitude(numbers: Mapping[str, float], overlaps: Mapping[str, float]) -> str:
    """Why no amplitude, or every one, puts the output at the target; empty where one does."""
    target, on_feedback, on_input = numbers[TARGET], overlaps["snm"], overlaps["snI"]
    if all(numbers[name] == 0 for name in DIRECTION):
        return f"the readout direction is zero; at least one of {', '.join(DIRECTION)} must not be"
    if on_feedback == on_input == 0:
        return (
            "the readout direction overlaps neither with the feedback m nor with the input I "
            "(Sm (rho p + sqrt(1-rho^2) pm) = SI (rho p + sqrt(1-rho^2) pI) = 0); its output is 0 at every amplitude"
        )
    overlap = on_feedback * target + on_input
    if target == 0 and on_input == 0:
        return f"the readout overlaps with the feedback alone, so that at {TARGET} = 0 every amplitude does"
    if abs(overlap) <= ROUNDING * (abs(on_feedback * target) + abs(on_input)):
        return (
            f"{TARGET} is at flex = {-on_input / on_feedback:.10g}, the pole of C({TARGET}), where the overlaps of the readout "
            "with feedback and input cancel"
        )
    return ""


def fixed_points(found: Mapping[str, Any]) -> tuple[FixedPoint, ...]:
    """The rows of a generated module's `fixed_points`."""
    rows = []
    columns = (found[key] for key in ("z", "Delta", "outliers", "bulk_radius", "stable"))
    for z, variance, outliers, radius, stable in zip(*columns, strict=True):
        first, second = map(complex, outliers)
        visible = bool(abs(first) > radius), bool(abs(second) > radius)
        rows.append(FixedPoint(float(z) + 0.0, float(variance), (first, second), visible, float(radius), bool(stable)))
    return tuple(rows)


def regime_of(points: Sequence[FixedPoint], target: FixedPoint) -> str:
    """What the target is among the fixed points of its loop."""
    if not target.bulk_radius < 1:
        return CHAOTIC
    if not target.stable:
        return UNSTABLE
    return BISTABLE if sum(point.stable for point in points) > 1 else MONOSTABLE


def readout_class(numbers: Mapping[str, float], overlaps: Mapping[str, float]) -> str:
    """The class of the readout: the directions that it takes, and what they make of the loop."""
    taken = "+".join(name for name in DIRECTION if numbers[name] != 0)
    loop, driven = overlaps["snm"] != 0, overlaps["snI"] != 0
    return f"{taken}: {'loop and input' if loop and driven else 'loop only' if loop else 'input only'}"


def _index_message(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Whether the signs of det(1 - Jacobian) at the fixed points add up to what they must."""
    if found["index"] == found["index_expected"] or isnan(found["index"]) or isnan(found["index_expected"]):
        return ()
    return (
        f"the signs of the fixed points add up to {found['index']:g} instead of {found['index_expected']:g}: one may be missing or "
        "listed twice",
    )


def _messages(points: Sequence[FixedPoint], target: FixedPoint, regime: str) -> tuple[str, ...]:
    """What the user should know about the other states."""
    others = [point for point in points if point is not target]
    stable = ", ".join(f"{point.z:.6g}" for point in others if point.stable)
    rows = []
    if regime == CONTINUUM:
        rows.append(
            "<phi'> does not depend on the variance and the gain of the loop is 1: every output is a fixed point, the network "
            "keeps whatever output it has (a line of marginal states)"
        )
    if regime == BISTABLE:
        rows.append(f"other stable states, at z = {stable}: which one the network reaches depends on where it starts")
    if regime == UNSTABLE:
        rows.append(f"stable states of this loop: {f'z = {stable}' if stable else 'none that is a fixed point'}")
    loose = ", ".join(f"{point.z:.6g}" for point in others if not point.bulk_radius < 1)
    if loose:
        rows.append(f"the bulk is unstable at the fixed points z = {loose}: chaotic states may exist near them")
    return tuple(rows)


READOUT = Method(
    name="readout",
    use=(
        "Use: solve({names}) returns a dict of arrays, fixed_points(...)",
        "every fixed point of the closed loop for one set of numbers.  LOOP holds the algorithm; it takes (g, *overlaps(...)).",
    ),
    algorithms=(averages, sets, loop),
    functions=readout_equations,
    read=read_readout,
)
