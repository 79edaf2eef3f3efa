"""What `solve` adds at the lags and frequencies that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from quenched.arguments import number
from theory.errors import InputError
from theory.model import Model
from theory.models.dynamic import DYNAMIC
from theory.models.feedback import FEEDBACK

if TYPE_CHECKING:
    from numerics.solve.solution import Solution


def asked_numbers(model: Model, lags: Sequence[str], frequencies: Sequence[str]) -> tuple[list[float], list[float]]:
    """Lags and frequencies of the command line as numbers.

    Raises
    ------
    InputError
        For a model without such functions, and for every text that is no number.
    """
    given = {"--lag": [number(text) for text in lags], "--frequency": [number(text) for text in frequencies]}
    problems = [
        f"{option} {value[:40]} is no number"
        for option, values in given.items()
        for value in values
        if isinstance(value, str)
    ]
    if lags and model.name != DYNAMIC.name:
        problems.append(f"the model {model.name} has no time: --lag is for the model {DYNAMIC.name}")
    if frequencies and model.name not in (DYNAMIC.name, FEEDBACK.name):
        problems.append(f"the model {model.name} has no time: --frequency is for {DYNAMIC.name} and {FEEDBACK.name}")
    if problems:
        raise InputError(problems)
    first, second = given.values()
    return [v for v in first if isinstance(v, float)], [v for v in second if isinstance(v, float)]


def functions_of_time(
    solution: Solution, lags: Sequence[float], frequencies: Sequence[float]
) -> tuple[dict[str, Any], list[str]]:
    """What the model has at these lags and frequencies: for the JSON, and as lines of text."""
    if solution.model == FEEDBACK.name:
        return _responses(solution, frequencies) if frequencies else ({}, [])
    from numerics.covariance.correlation import autocovariance, frequency_dimension, pair_correlation

    data: dict[str, Any] = {}
    rows: list[str] = []
    if lags:
        curve, pairs = autocovariance(solution, lags), pair_correlation(solution, lags, lags)
        columns = {"C_x": curve.x, "C_phi": curve.phi, "psi_x": pairs.x, "psi_phi": pairs.phi}
        data["lags"] = {"lag": list(lags)} | {key: values.tolist() for key, values in columns.items()}
        for k, lag in enumerate(lags):
            rows.append(f"  lag {lag:g}: " + ", ".join(f"{key} = {values[k]:.10g}" for key, values in columns.items()))
    if frequencies:
        found = frequency_dimension(solution, frequencies)
        data["frequencies"] = {"frequency": list(frequencies), "PR_x": found.x.tolist(), "PR_phi": found.phi.tolist()}
        for k, frequency in enumerate(frequencies):
            rows.append(f"  frequency {frequency:g}: PR_x = {found.x[k]:.10g}, PR_phi = {found.phi[k]:.10g}")
    return data, rows


def _responses(solution: Solution, frequencies: Sequence[float]) -> tuple[dict[str, Any], list[str]]:
    """Responses of the output at the target; complex numbers as [re, im]."""
    from numerics.readout.response import output_response
    from theory.feedback import ENTRANCES

    data: dict[str, Any] = {"frequency": list(frequencies)}
    rows: list[list[str]] = [[] for _ in frequencies]
    for entrance in ENTRANCES:
        found = output_response(solution, frequencies, along=entrance)
        for kind, values in found._asdict().items():
            key = f"{kind}_{entrance}"
            data[key] = [[value.real, value.imag] for value in values.tolist()]
            for row, value in zip(rows, values.tolist(), strict=True):
                row.append(f"{key} = {value.real:.10g}{value.imag:+.10g}i")
    lines = [f"  frequency {w:g}: {', '.join(row)}" for w, row in zip(frequencies, rows, strict=True)]
    return {"frequencies": data}, lines
