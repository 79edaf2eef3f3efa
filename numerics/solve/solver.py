"""A solver: the generated module of one model and activation, with checked input, refusals and invariants."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite, isnan
from types import ModuleType
from typing import Any

import numpy as np

from numerics.codegen.cache import load_cached, store
from numerics.codegen.module import emit, module_name
from numerics.models import find_treatment
from numerics.solve.solution import FiniteSize, Solution, shown
from theory.activation.activation import Activation, activation_for
from theory.errors import DomainError, InputError
from theory.model import Model
from theory.models import find_model
from theory.parameters import checked_parameters, parameters_of

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
    activation : Activation or str, optional
        Activation, or its text, where the model has one.
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

    def __init__(self, model: str, activation: Activation | str | None = None, *, filter: str | None = None) -> None:
        self.model = find_model(model, filter)
        self.activation = activation_for(self.model, activation)
        name = module_name(self.model, self.activation)
        self.module: ModuleType = load_cached(name) or store(
            name, emit(self.model.theory_of(self.activation), self.activation).text
        )

    @classmethod
    def of(cls, solution: Solution, *models: Model[Any]) -> Solver:
        """The solver that a solution came from.

        Raises
        ------
        InputError
            For anything but a solution of one of the models, where some are given.
        """
        if not isinstance(solution, Solution) or (models and solution.model not in {m.name for m in models}):
            needed = f"of the model {' or '.join(m.name for m in models)}" if models else "of a solver"
            raise InputError(f"a solution {needed} is needed, what Solver(...).solve(...) returns")
        return cls(solution.model, solution.activation or None, filter=solution.filter or None)

    def at(self, numbers: Mapping[str, Any]) -> str:
        """The activation and its parameters, for a sentence."""
        given = ", ".join(f"{key} = {shown(value)}" for key, value in numbers.items())
        return f"{self.activation.text} at {given}" if self.activation.text else given

    def solve(self, /, **values: object) -> Solution:
        """Solve for one set of parameters.

        Raises
        ------
        InputError
            For unusable parameters, all problems at once.
        DomainError
            Where there is no solution; the text says why and where there would be one.
        """
        numbers = checked_parameters(self.model, parameters_of(self.activation), values)
        read = find_treatment(self.model.name).method.found.read(self, numbers)
        raw = read.values
        self._assert_fluctuating(raw, numbers)
        self._assert_sound(raw, read.tolerance)
        finite_size = self._finite_size(raw, numbers) if self.module.FINITE_SIZE else {}
        broken = tuple(
            f"whether {key} is below 1 is not resolved"
            if isnan(raw[key])
            else f"{key} = {raw[key]:.6g} is not below 1: {text}{_ALWAYS if raw[key] == inf else ''}"
            for key, text in self.module.CONDITIONS.items()
            if not raw[key] < 1
        )
        missing: dict[str, list[str]] = {}
        for key, text in self.module.UNDEFINED.items():
            if isnan(raw[key]) and key not in read.absent:
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
            filter=self.model.filter,
            **{**vars(read), "messages": (*broken, *undefined, *read.messages)},
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

    def _assert_fluctuating(self, raw: Mapping[str, float], numbers: Mapping[str, float]) -> None:
        """Refuse a network whose fluctuations about its frozen mean are lost in rounding."""
        for name in self.module.FOLLOW_UPS:
            first = self.module.ORDER_PARAMETERS[0]
            if raw[f"{name}_error"] > FROZEN * (raw[first] - raw[name]):
                raise DomainError(
                    f"{self.at(numbers)}: the noise is zero or too weak; {name} equals {first} "
                    "to rounding, the network is frozen, its covariances vanish and the dimension is not defined"
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
            raise DomainError(
                f"the solution for {self.activation.text or self.model.name} is not trustworthy: " + "; ".join(problems)
            )
