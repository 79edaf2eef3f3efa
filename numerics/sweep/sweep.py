"""A theory along one or two parameters: every key of every point, and why a point has no solution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.data import as_data
from numerics.models import find_treatment
from numerics.simulate.sample import Estimate
from numerics.simulate.simulation import simulate
from numerics.solve.solution import Solution, shown, titled
from numerics.solve.solver import Solver
from numerics.sweep.columns import detail_columns
from numerics.sweep.execute import check_executor, execute
from numerics.sweep.ranges import check_ranges, ends
from numerics.sweep.table import write_table
from numerics.view import View, aligned
from theory.activation.activation import Activation, activation_for
from theory.errors import DomainError, InputError, gathering
from theory.model import Model
from theory.models import find_model, is_added
from theory.parameters import checked_parameters, parameters_of

Array = NDArray[Any]
Progress = Callable[[float], None]

FEW = 5.0  # directions explored by N units below which a simulated point is expected to lie off the theory
DIAGNOSTICS = ("error", "residual", "stable", "reason")
_RESERVED = (*DIAGNOSTICS, "model", "activation", "file", "class", "regime", "fixed_points")


@dataclass(frozen=True)
class SimulatedPoint:
    """Simulated networks at one point of a sweep.

    Attributes
    ----------
    index : int
        Of the point.
    estimates : mapping of str to Estimate
        Under the keys of the theory, for networks of N units; errors over coupling matrices.
    directions : float
        Directions that the activity of N units explores, according to the theory; nan where the model has no such number.
    messages : tuple of str
        Reasons to distrust the estimates.
    """

    index: int
    estimates: Mapping[str, Estimate]
    directions: float
    messages: tuple[str, ...]

    @property
    def few_directions(self) -> bool:
        """Whether so few directions are explored that finite-size effects are expected."""
        return self.directions < FEW


@dataclass(frozen=True)
class Sweep:
    """Solutions of a theory on a grid of one or two parameters.

    Attributes
    ----------
    model, activation : str
    parameters : mapping of str to float or str
        Those that are fixed.
    axes : mapping of str to array
        Values of those that are swept; the last one varies fastest.
    meanings : mapping of str to str
        Of every key.
    solutions : tuple of Solution or None
        In order.
    reasons : tuple of str
        Why a point has no solution; empty where it has one.
    filter : str
        Transfer function of one unit where it is not the model's own.
    simulations : tuple of SimulatedPoint
        Networks simulated at some of the points.
    network : mapping of str to number
        Settings of these simulations.
    """

    model: str
    activation: str
    parameters: Mapping[str, Any]
    axes: Mapping[str, NDArray[np.float64]]
    meanings: Mapping[str, str]
    solutions: tuple[Solution | None, ...]
    reasons: tuple[str, ...]
    filter: str = ""
    simulations: tuple[SimulatedPoint, ...] = ()
    network: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of every array: one length for each axis."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def solved(self) -> int:
        """Number of points with a solution."""
        return sum(solution is not None for solution in self.solutions)

    def __getitem__(self, key: str) -> Array:
        """A swept parameter on the grid, a key of the theory, one of `columns`; of shape `shape`.

        What is not defined is nan, or an empty text; `stable` is false where there is no solution.
        """
        if key in self.axes:
            return np.meshgrid(*self.axes.values(), indexing="ij")[list(self.axes).index(key)]
        if key == "reason":
            values: Sequence[Any] = self.reasons
        elif key == "stable":
            values = [solution is not None and solution.stable for solution in self.solutions]
        elif key in (*self.meanings, *DIAGNOSTICS, *self.errors):
            values = [float("nan") if solution is None else _value(solution, key) for solution in self.solutions]
        else:
            return self.details[key].reshape(self.shape)
        return np.array(values).reshape(self.shape)

    @cached_property
    def details(self) -> dict[str, Array]:
        """Results that are no single number, as columns over the points; see `numerics.sweep.columns`."""
        return detail_columns(self.solutions)

    @property
    def errors(self) -> tuple[str, ...]:
        """Keys `error_KEY` of the absolute errors of single results, as far as they are estimated."""
        known = [solution.errors for solution in self.solutions if solution is not None]
        return tuple(dict.fromkeys(f"error_{name}" for errors in known for name in errors))

    @property
    def stated(self) -> dict[str, Any]:
        """The fixed parameters that do not have their default value."""
        usual = {p.name: p.default for p in find_model(self.model).parameters}
        return {name: value for name, value in self.parameters.items() if value != usual.get(name)}

    def at_size(self, key: str, N: float) -> Array:
        """A quantity with its 1/N term at N units; nan where that is not known."""
        values = [float("nan") if s is None else s.at_size(N).get(key, float("nan")) for s in self.solutions]
        return np.array(values).reshape(self.shape)

    def simulated(self, key: str) -> tuple[Array, Array]:
        """Estimates and standard errors of a key on the grid; nan where no network was simulated."""
        values = np.full((2, len(self.solutions)), np.nan)
        for point in self.simulations:
            if key in point.estimates:
                values[:, point.index] = point.estimates[key].value, point.estimates[key].error
        return values[0].reshape(self.shape), values[1].reshape(self.shape)

    def columns(self) -> dict[str, Array]:
        """Every result by name, of shape `shape`; with simulated networks also `simulated_KEY` and `simulated_KEY_error`."""
        found = {key: self[key] for key in (*self.axes, *self.meanings, *self.details, *DIAGNOSTICS, *self.errors)}
        for key in dict.fromkeys(key for point in self.simulations for key in point.estimates):
            found[f"simulated_{key}"], found[f"simulated_{key}_error"] = self.simulated(key)
        return found

    @property
    def messages(self) -> tuple[str, ...]:
        """How many points have no solution or are not stable, and why; reasons to distrust the simulations."""
        count = len(self.solutions)
        missing = _counted(self.reasons)
        rows = [f"{n} of {count} points have no solution, such as: {reason}" for reason, n in missing.items()]
        broken = sum(solution is not None and not solution.stable for solution in self.solutions)
        rows += [f"{broken} of {self.solved} solutions are not stable"] if broken else []
        cautions = _counted([m for s in self.solutions if s is not None and s.stable for m in s.messages])
        rows += [f"{n} of {self.solved} solutions come with a caution, such as: {m}" for m, n in cautions.items()]
        if self.network and not self.simulations:
            rows.append(
                "no networks were simulated: where the theory is stable, their units explore less than one direction"
            )
        few = sum(point.few_directions for point in self.simulations)
        if few:
            rows.append(
                f"{few} of {len(self.simulations)} simulated points explore fewer than {FEW:g} directions: finite-size "
                "effects are expected there"
            )
        return (*rows, *dict.fromkeys(m for point in self.simulations for m in point.messages))

    def to_dict(self) -> dict[str, Any]:
        """Content under the keys of the command line's JSON: every value is a list, nested where two parameters are swept."""
        first = next((s.order_parameters for s in self.solutions if s is not None), {})
        details = dict.fromkeys(key for s in self.solutions if s is not None for key in s.details)
        states = [s and as_data(s.fixed_points) for s in self.solutions]
        simulation = {
            "network": dict(self.network),
            "points": [
                {
                    **{name: float(self[name].flat[point.index]) for name in self.axes},
                    "values": {key: e.value for key, e in point.estimates.items()},
                    "standard_errors": {key: e.error for key, e in point.estimates.items()},
                    "directions": point.directions,
                    "finite_size_effects_expected": point.few_directions,
                    "messages": list(point.messages),
                }
                for point in self.simulations
            ],
        }
        return {
            "model": self.model,
            "activation": self.activation or None,
            "parameters": dict(self.parameters),
            **({"filter": self.filter} if self.filter else {}),
            "swept": {name: values.tolist() for name, values in self.axes.items()},
            "order_parameters": {key: self[key].tolist() for key in first},
            "observables": {
                **{key: self[key].tolist() for key in self.meanings if key not in first},
                **{key: self._nested([s and s.details.get(key) for s in self.solutions]) for key in details},
            },
            "diagnostics": {
                "solved": self.solved,
                **{key: self[key].tolist() for key in (*DIAGNOSTICS, *self.errors)},
                "messages": list(self.messages),
            },
            **({"fixed_points": self._nested(states)} if any(states) else {}),
            **({"simulation": simulation} if self.simulations else {}),
        }

    def _nested(self, values: Sequence[Any]) -> list[Any]:
        """One value for each point, of any kind, in lists of `shape`."""
        grid = np.empty(len(values), dtype=object)
        for index, value in enumerate(values):  # one by one: lists would be taken for further axes
            grid[index] = value
        return grid.reshape(self.shape).tolist()

    def table(self) -> str:
        """The main results as aligned text."""
        keys = [
            k
            for k in find_treatment(self.model).view.columns or self.meanings
            if k in self.meanings or k in self.details
        ]
        columns = [self[key].ravel().tolist() for key in (*self.axes, *keys)]
        rows = [[c if isinstance(c, str) else f"{c:.6g}" for c in row] for row in zip(*columns, strict=True)]
        for row, solution, reason in zip(rows, self.solutions, self.reasons, strict=True):
            row[len(self.axes) :] = ["-"] * len(keys) if solution is None else row[len(self.axes) :]
            row.append("no solution" if reason else "" if solution is None or solution.stable else "not stable")
        given = ", ".join(f"{name} = {shown(value)}" for name, value in self.stated.items())
        title = ", ".join(filter(None, (titled(self.model, self.activation), given)))
        lines = aligned([[*self.axes, *keys, ""], *rows])
        return "\n".join([title, "", *lines, *self._simulated_rows(keys)])

    def _simulated_rows(self, keys: Sequence[str]) -> list[str]:
        if not self.simulations:
            return []
        rows = ["", f"simulated, {', '.join(f'{name} = {value:g}' for name, value in self.network.items())}:"]
        for point in self.simulations:
            at = ", ".join(f"{name} = {self[name].flat[point.index]:.6g}" for name in self.axes)
            values = [f"{key} {e.value:.4g} +- {e.error:.1g}" for key, e in point.estimates.items() if key in keys]
            rows.append(f"  {at}: {', '.join(values)}")
        return rows

    def save(self, path: str | Path) -> None:
        """Write all columns to a file, CSV or NPZ by its suffix; see `numerics.sweep.table` and `columns`.

        Raises
        ------
        InputError
            For another suffix, or a file that cannot be written.
        """
        named = {"model": self.model, "activation": self.activation}
        write_table(path, self.columns(), self.axes, self.parameters, named)


def sweep(
    model: str,
    activation: Activation | str | None,
    parameters: Mapping[str, Any],
    *,
    filter: str | None = None,
    executor: str = "local",
    workers: int | None = None,
    simulated: int = 0,
    progress: Progress | None = None,
    **network: Any,
) -> Sweep:
    """Solve a theory along one or two parameters.

    Parameters
    ----------
    model : str
    activation : Activation or str
    parameters : mapping of str to number, word or sequence of numbers
        One or two of them sequences: these are swept.
    filter : str, optional
        Transfer function of one unit, where the model has time.
    executor, workers
        See `numerics.sweep.execute.execute`. Results do not depend on them.
    simulated : int
        At how many of the points networks are simulated too; spread over those at which N units can show what N -> infinity
        predicts. One swept parameter only.
    progress : callable, optional
        Called with the finished fraction of the theory, then of the simulations.
    **network
        `N`, `couplings`, `seed` and the settings of the model's simulator.

    Returns
    -------
    Sweep
        A point without a solution carries the reason.

    Raises
    ------
    InputError
        For unusable input, all problems at once.
    DomainError
        For an activation that the model refuses.
    """
    description = find_model(model, filter)
    activation = activation_for(description, activation)
    with gathering() as problems:
        with gathering(problems):
            check_parameters(description, activation, parameters, simulated)
        with gathering(problems):
            check_executor(executor, workers)
        if is_added(model) and (executor != "local" or (workers or 1) > 1):
            problems.append(
                f"the model {model} was declared here, other processes do not know it: leave workers and executor out"
            )
    workers = 1 if is_added(model) else workers
    axes = {name: np.asarray(value, dtype=float) for name, value in parameters.items() if np.ndim(value)}
    solver = _solver(description, activation.text, filter)
    clash = sorted({*parameters} & {*solver.module.MEANINGS})
    if clash:
        raise InputError(f"parameter name '{clash[0]}' of the activation is a result of the model {model}")
    points = [dict(zip(axes, values, strict=True)) for values in product(*(a.tolist() for a in axes.values()))]
    fixed = {name: value for name, value in parameters.items() if name not in axes}
    given = checked_parameters(description, parameters_of(activation), {**fixed, **points[0]})
    tasks = [(model, activation.text, filter, {**given, **point}) for point in points]
    answers = execute(solve_point, tasks, executor=executor, workers=workers, progress=progress)
    swept = Sweep(
        model=model,
        activation=activation.text,
        parameters={name: value for name, value in given.items() if name not in axes},
        axes=axes,
        meanings=dict(solver.module.MEANINGS),
        solutions=tuple(answer if isinstance(answer, Solution) else None for answer in answers),
        reasons=tuple("" if isinstance(answer, Solution) else answer for answer in answers),
        filter=description.filter,
    )
    return with_simulations(swept, simulated, network, progress) if simulated else swept


def check_parameters(model: Model, activation: Activation, parameters: Mapping[str, Any], simulated: int = 0) -> None:
    """Refuse parameters that cannot be swept.

    Raises
    ------
    InputError
        All problems at once.
    """
    swept = {name: value for name, value in parameters.items() if np.ndim(value)}
    ranges: dict[str, tuple[float, float]] = {}
    with gathering() as problems:
        for name, values in swept.items():
            try:
                array = np.asarray(values, dtype=float)
            except (TypeError, ValueError):
                array = np.empty(0)
            if array.ndim != 1 or array.size == 0:
                problems.append(f"{name[:40]}: what is swept must be a sequence of numbers, one at least")
            else:  # nan spreads to both
                ranges[name] = (float(np.min(array)), float(np.max(array)))
        with gathering(problems):
            check_ranges([np.size(values) for values in swept.values()], simulated)
        reserved = sorted({*parameters} & {*_RESERVED} & {p.name for p in activation.parameters})
        problems += [f"parameter name '{name}' of the activation is the name of a column" for name in reserved]
        fixed = {name: value for name, value in parameters.items() if name not in swept}
        for at in ends(fixed, ranges):
            with gathering(problems):
                checked_parameters(model, parameters_of(activation), at)


def solve_point(model: str, activation: str, filter: str | None, values: Mapping[str, Any]) -> Solution | str:
    """The solution at one point, or why there is none."""
    try:
        return _solver(find_model(model, filter), activation, filter).solve(**values)
    except DomainError as error:
        return str(error)


@lru_cache(maxsize=8)
def _solver(model: Model[Any], activation: str, filter: str | None) -> Solver:
    return Solver(model.name, activation or None, filter=filter)


def with_simulations(swept: Sweep, count: int, network: Mapping[str, Any], progress: Progress | None = None) -> Sweep:
    """The sweep with networks simulated at up to `count` of its points."""
    view = find_treatment(swept.model).view
    settings = {**view.network, **network}
    seed = int(settings.pop("seed", 0))
    chosen = _chosen(swept, count, view, settings.get("N", 0))
    found, used = [], settings
    for number, index in enumerate(chosen):
        solution = swept.solutions[index]
        assert solution is not None

        def report(fraction: float, number: int = number) -> None:
            if progress is not None:
                progress((number + fraction) / len(chosen))

        own_seed = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])  # errors of the points independent
        directions = settings.get("N", float("nan")) * solution.leading.get(view.directions, float("nan"))
        try:
            run = simulate(
                swept.model,
                swept.activation or None,
                solution.parameters,
                seed=own_seed,
                filter=swept.filter or None,
                progress=report,
                **settings,
            )
        except DomainError as error:
            found.append(SimulatedPoint(index, {}, directions, (str(error),)))
        else:
            used = settings | {"samples": run.sample.samples}
            found.append(SimulatedPoint(index, run.sample.observables(), directions, run.sample.messages))
    return replace(swept, simulations=tuple(found), network={**used, "seed": seed})


def _chosen(swept: Sweep, count: int, view: View, N: float) -> list[int]:
    """Points spread evenly over those where N units can show what the theory says: at least one direction explored."""
    shows = [
        k
        for k, s in enumerate(swept.solutions)
        if s is not None and _is_simulated(s, view) and not N * s.leading.get(view.directions, float("inf")) < 1
    ]
    places = np.linspace(0, len(shows) - 1, min(count, len(shows))).round().astype(int)
    return [shows[k] for k in dict.fromkeys(places)]


def _is_simulated(solution: Solution, view: View) -> bool:
    """Whether networks settle there: a loop is simulated open, where only the limits of its view make it unstable."""
    if view.states is None:
        return solution.stable
    return all(solution.leading.get(key, 0.0) < level for key, (level, _) in view.states.limits.items())


def _value(solution: Solution, key: str) -> float:
    if key in ("error", "residual"):
        return float(getattr(solution, key))
    if key.startswith("error_"):
        return solution.errors.get(key.removeprefix("error_"), float("nan"))
    if key in solution.finite_size:
        return solution.finite_size[key].coefficient
    return solution.leading[key]


def _counted(reasons: Sequence[str]) -> dict[str, int]:
    """The first of the reasons that differ in numbers only, and how many there are."""
    first: dict[str, str] = {}
    counts: dict[str, int] = {}
    for reason in filter(None, reasons):
        kind = "".join(c for c in reason if c not in "0123456789.+-e")
        counts[first.setdefault(kind, reason)] = counts.get(first.setdefault(kind, reason), 0) + 1
    return counts
