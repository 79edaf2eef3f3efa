"""What `solve` adds at the lags and frequencies that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from quenched.pairs import number
from theory.errors import InputError
from theory.models import DynamicNetwork, Model

if TYPE_CHECKING:
    from numerics.solution import Solution


def asked_numbers(model: Model, lags: Sequence[str], frequencies: Sequence[str]) -> tuple[list[float], list[float]]:
    """Lags and frequencies of the command line as numbers.

    Raises
    ------
    InputError
        For a model without time, and for every text that is no number.
    """
    given = {"--lag": [number(text) for text in lags], "--frequency": [number(text) for text in frequencies]}
    problems = [
        f"{option} {value[:40]} is no number"
        for option, values in given.items()
        for value in values
        if isinstance(value, str)
    ]
    if (lags or frequencies) and not isinstance(model, DynamicNetwork):
        problems.append(f"the model {model.name} has no time: --lag and --frequency are for the model dynamic")
    if problems:
        raise InputError(problems)
    first, second = given.values()
    return [v for v in first if isinstance(v, float)], [v for v in second if isinstance(v, float)]


def functions_of_time(
    solution: Solution, lags: Sequence[float], frequencies: Sequence[float]
) -> tuple[dict[str, Any], list[str]]:
    """Autocovariances and pair correlations at lags, dimensions at frequencies: for the JSON, and as lines of text."""
    from numerics.correlation import autocovariance, frequency_dimension, pair_correlation

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
