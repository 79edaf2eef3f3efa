"""A solver: the generated module of one model and activation, with checked input, refusals and invariants."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite, isnan
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.codegen.cache import content_key, load_cached, store
from numerics.codegen.module import emit
from numerics.solve import autocovariance as intime
from numerics.solve import readout as reading
from numerics.solve.solution import Branch, FiniteSize, Reading, Solution
from theory.activations.activation import Activation
from theory.errors import DomainError, InputError
from theory.interval import Interval
from theory.model import Model, Parameter
from theory.models import derive, find_model

FROZEN = 1e-6  # largest relative error allowed in the difference of total and frozen variance
SLACK = 1e-9  # relative rounding allowed in an invariant
_ALWAYS = (
    "; an infinite value means that stability is formally always lost, while the effect is tiny at weak coupling; "
    "the 1/N terms are not confirmed there"
)


class Solver:
    """Solver for one model and activation.

    Parameters
    ----------
    model : str
        Name of the model.
    activation : Activation or str
        Activation, or its text.
    filter : str, optional
        Transfer function of one unit in s = i omega, such as ``1/(1+s)^2``, where the model has time.

    Raises
    ------
    InputError, DomainError
        For an unusable or refused activation or filter.

    Attributes
    ----------
    module : ModuleType
        The generated module; ``module.solve`` takes arrays of parameters.
    """

    def __init__(self, model: str, activation: Activation | str, *, filter: str | None = None) -> None:
        self.activation = Activation.from_text(activation) if isinstance(activation, str) else activation
        self.filter = filter
        self.model = find_model(model, filter)
        name = f"{model}_{content_key(self.model.key, self.activation)}"
        self.module: ModuleType = load_cached(name) or store(
            name, emit(derive(model, odd=self.activation.parity == "odd", filter=filter), self.activation).text
        )

    @classmethod
    def of(cls, solution: Solution) -> Solver:
        """The solver that a solution came from."""
        return cls(solution.model, solution.activation, filter=solution.filter or None)

    def solve(self, /, **values: object) -> Solution:
        """Solve for one set of parameters.

        Raises
        ------
        InputError
            For unusable parameters, all problems at once.
        DomainError
            Where there is no solution; the text says why and where there would be one.
        """
        numbers = checked_parameters(self.model, self.activation, values)
        read = _READ[self.module.EQUATION](self, numbers)
        raw = read.values
        self._assert_fluctuating(raw, numbers)
        self._assert_sound(raw, read.tolerance)
        finite_size = self._finite_size(raw, numbers) if self.module.FINITE_SIZE else {}
        broken = tuple(
            f"{key} = {raw.get(key, float('nan')):.6g} is not below 1: {text}{_ALWAYS if raw[key] == inf else ''}"
            for key, text in self.module.CONDITIONS.items()
            if not raw[key] < 1
        )
        missing: dict[str, list[str]] = {}
        for key, text in self.module.UNDEFINED.items():
            if isnan(raw[key]):
                missing.setdefault(text, []).append(key)
        undefined = tuple(
            f"{', '.join(keys)} {'are' if keys[1:] else 'is'} not defined: {text}" for text, keys in missing.items()
        )
        order = [key for key in self.module.MEANINGS if key in self.module.ORDER_PARAMETERS]
        return Solution(
            model=self.model.name,
            activation=self.activation.text,
            parameters=numbers,
            order_parameters={key: raw[key] for key in order},
            observables={key: raw[key] for key in self.module.BOUNDS if key not in order},
            finite_size=finite_size,
            residual=raw["residual"],
            error=raw["error"],
            stable=not broken,
            branches=read.branches,
            messages=(*broken, *undefined, *read.messages),
            errors=read.errors,
            sampled=read.sampled,
            filter=self.filter or "",
            details=read.details,
            fixed_points=read.fixed_points,
        )

    def _finite_size(self, raw: Mapping[str, float], numbers: Mapping[str, float]) -> dict[str, FiniteSize]:
        """1/N terms of the solution; nan where an average they need is infinite or beyond quadrature."""
        first = next(iter(self.module.ORDER_PARAMETERS))
        with np.errstate(all="ignore"):
            terms = self.module.finite_size(raw[first], *numbers.values())
        rows = {}
        for key, (of, relative) in self.module.FINITE_SIZE.items():
            term = float(terms[key])
            rows[key] = FiniteSize(term if isfinite(term) else float("nan"), of, relative)
        return rows

    def read_number(self, numbers: Mapping[str, float]) -> Reading:
        """What the generated module says where its equation is that of one number.

        Raises
        ------
        DomainError
            Where there is no solution; the text says why and where there would be one.
        """
        arguments = tuple(numbers.values())
        try:
            with np.errstate(all="ignore"):  # what is not finite is judged below, not announced
                result = self.module.solve(*arguments)
                branches = self._branches(result.pop("roots"), arguments, result)
                raw = {key: float(value) for key, value in result.items()}
                if isnan(raw["slope"]):
                    from numerics.solve.existence import (
                        why_no_solution,  # scipy.optimize takes as long to load as SymPy
                    )

                    raise DomainError(why_no_solution(self, numbers, branches))
        except (OverflowError, ZeroDivisionError) as error:  # Python's own floats raise where NumPy's become inf
            given = ", ".join(f"{key} = {value:g}" for key, value in numbers.items())
            raise DomainError(
                f"the solution for {self.activation.text} at {given} leaves the range of double precision"
            ) from error
        first = self.module.ORDER_PARAMETERS[0]
        further = {name: raw[f"{name}_error"] for name in self.module.FOLLOW_UPS}
        return Reading(raw, branches, {first: raw["error"], **further})

    def _branches(
        self, found: NDArray[np.float64], arguments: tuple[float, ...], solved: Mapping[str, NDArray[np.float64]]
    ) -> tuple[Branch, ...]:
        """All solutions with their labels; `solved` has the results on one of them."""
        rows, physical = [], solved[self.module.ORDER_PARAMETERS[0]]
        for value in found[~np.isnan(found)]:
            if value == 0:
                rows.append(Branch(0.0, float("nan"), "silent"))
                continue
            slope = float(self.module.self_consistency_slope(value, *arguments))
            at = solved if value == physical else self.module.observables(value, *arguments)
            broken = [key for key in self.module.CONDITIONS if key in at and not at[key] < 1]
            rows.append(
                Branch(float(value), slope, "unphysical" if not slope < 1 else "unstable" if broken else "stable")
            )
        return tuple(rows)

    def _assert_fluctuating(self, raw: Mapping[str, float], numbers: Mapping[str, float]) -> None:
        """Refuse a network whose fluctuations about its frozen mean are lost in rounding."""
        for name in self.module.FOLLOW_UPS:
            first = self.module.ORDER_PARAMETERS[0]
            if raw[f"{name}_error"] > FROZEN * (raw[first] - raw[name]):
                given = ", ".join(f"{key} = {value:g}" for key, value in numbers.items())
                raise DomainError(
                    f"{self.activation.text} at {given}: the noise is zero or too weak; {name} equals {first} to rounding, the "
                    "network is frozen, its covariances vanish and the dimension is not defined"
                )

    def _assert_sound(self, raw: Mapping[str, float], tolerance: float) -> None:
        """Invariants of every result; a violation is a defect of the toolkit or an unresolved average, never printed."""
        problems = []
        for key in ("residual", *(f"{name}_residual" for name in self.module.FOLLOW_UPS)):
            if not abs(raw[key]) <= tolerance:
                problems.append(f"the self-consistency is solved only to a relative residual of {raw[key]:.1e}")
        for key, (low, high) in self.module.BOUNDS.items():
            slack = SLACK * max(1.0, abs(raw[key]) if isfinite(raw[key]) else 1.0)
            if isnan(raw[key]) and key in self.module.UNDEFINED:
                continue
            if isnan(raw[key]):
                problems.append(f"{key} is undefined in double precision")
            elif not low - slack <= raw[key] <= high + slack:
                problems.append(f"{key} = {raw[key]:.6g} lies outside [{low:g}, {high:g}]")
        if problems:
            raise DomainError(f"the solution for {self.activation.text} is not trustworthy: " + "; ".join(problems))


# by kind of equation: results and branches of one set of parameters
_READ = {"number": Solver.read_number, "autocovariance": intime.values, "readout": reading.values}


def all_parameters(model: Model, activation: Activation) -> tuple[Parameter, ...]:
    """Parameters of the model, then of the activation."""
    own = (Parameter(p.name, "parameter of the activation", Interval.of_symbol(p)) for p in activation.parameters)
    return (*model.parameters, *own)


def checked_parameters(model: Model, activation: Activation, values: Mapping[str, object]) -> dict[str, Any]:
    """Words for all choices of the model and numbers for all parameters that have a meaning with them, in order.

    Raises
    ------
    InputError
        Listing every unknown, missing or impossible value.
    """
    parameters = {p.name: p for p in all_parameters(model, activation)}
    known = [*(c.name for c in model.choices), *parameters]
    problems = [f"unknown parameter '{name[:40]}'; allowed: {', '.join(known)}" for name in values if name not in known]
    words: dict[str, str] = {}
    for choice in model.choices:
        word = values.get(choice.name, choice.inferred(parameters.values(), values))
        if word not in choice.options:
            problems.append(f"{choice.name} = {str(word)[:40]} is not allowed; {choice.name} must be {choice.allowed}")
        words[choice.name] = str(word)
    numbers: dict[str, float] = {}
    for name, parameter in parameters.items():
        choice_name, meant = parameter.only or ("", ())
        if choice_name and words[choice_name] not in meant:
            if name in values and words[choice_name] in _options(model, choice_name):
                problems.append(
                    f"{name} has a meaning only with {choice_name}={' or '.join(meant)}, not with "
                    f"{choice_name}={words[choice_name]}"
                )
            continue
        if name not in values and parameter.default is None:
            needed = f", needed with {choice_name}={' or '.join(meant)}" if choice_name else ""
            problems.append(f"parameter {name} is missing ({parameter.meaning}; {parameter.allowed}{needed})")
            continue
        given = values.get(name, parameter.default)
        try:
            if isinstance(given, str):  # float() would read "1_0" and digits of any alphabet
                raise TypeError
            numbers[name] = float(given)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            problems.append(f"{name} = {str(given)[:40]} is no finite number; {name} must be {parameter.allowed}")
            continue
        if not parameter.interval.contains(numbers[name]):
            problems.append(f"{name} = {numbers[name]:g} is not allowed; {name} must be {parameter.allowed}")
    if problems:
        raise InputError(problems)
    return {**words, **numbers}


def _options(model: Model, choice: str) -> tuple[str, ...]:
    return next(c.options for c in model.choices if c.name == choice)
