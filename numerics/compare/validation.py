"""Theory against simulation: every observable with its error, and one verdict.

The theory holds for N -> infinity; the network has N units. Simulations at several N are extrapolated linearly in
1/N, so that neither a 1/N effect counts as a disagreement nor a disagreement hides behind one.
`numerics.compare.verdict` states how the verdict is reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from numerics.compare.verdict import THRESHOLD, Row, compare, conclude, number, percent, untested
from numerics.models import find_treatment
from numerics.simulate.sample import Sample
from numerics.simulate.simulation import network_of
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from numerics.treatment import Simulator
from numerics.view import aligned
from theory.activation.activation import Activation, activation_for
from theory.errors import InputError, require
from theory.models import find_model
from theory.parameters import checked_parameters, parameters_of

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]

HOPELESS = 0.1  # unconverged fraction of the pilot above which more couplings are a waste of time

_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Validation:
    """The comparison of a theory with simulations.

    Attributes
    ----------
    rows : tuple of Row
    verdict : str
        `agree`, `disagree` or `inconclusive`.
    sentence : str
        The verdict in words.
    false_alarm : float
        Upper bound of the probability that a right theory is found to disagree.
    samples_at_sizes : tuple of Sample
        The simulations; `judge` compares them with another theory.
    """

    rows: tuple[Row, ...]
    verdict: str
    sentence: str
    false_alarm: float
    samples_at_sizes: tuple[Sample, ...] = field(repr=False, compare=False)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of the networks."""
        return tuple(sample.N for sample in self.samples_at_sizes)

    @property
    def couplings(self) -> tuple[int, ...]:
        """Coupling matrices at each size."""
        return tuple(sample.couplings for sample in self.samples_at_sizes)

    @property
    def unconverged(self) -> tuple[float, ...]:
        """Fraction of noise draws, or networks, without a fixed point, at each size."""
        return tuple(sample.unconverged_fraction for sample in self.samples_at_sizes)

    @property
    def ok(self) -> bool:
        """Whether theory and simulation agree; not so when the run is inconclusive."""
        return self.verdict == "agree"

    def to_dict(self) -> dict[str, Any]:
        """The content as plain numbers, strings and lists; infinite and undefined numbers stay as they are."""
        first = self.samples_at_sizes[0]
        return {
            "verdict": self.verdict,
            "ok": self.ok,
            "sentence": self.sentence,
            "false_alarm": self.false_alarm,
            "critical_z": THRESHOLD,
            **{name: value for name, value in first.parameters.items() if isinstance(value, float | int | str)},
            "seed": first.seed,
            "samples": first.samples,
            "sizes": list(self.sizes),
            "couplings": list(self.couplings),
            "unconverged": list(self.unconverged),
            "rows": [self._row_dict(row) for row in self.rows],
        }

    def _row_dict(self, row: Row) -> dict[str, Any]:
        numbers = {key: value for key, value in vars(row).items() if isinstance(value, float)}
        at_sizes: list[dict[str, float]] = [
            {"N": size, "value": float(estimate.value), "error": float(estimate.error)}
            for size, estimate in zip(self.sizes, row.at_sizes, strict=False)
        ]
        for entry, theory, z in zip(at_sizes, row.theory_at_sizes, row.z_at_sizes, strict=False):
            entry.update(theory=theory, z=z)
        return {
            "observable": row.observable,
            **numbers,
            "at_sizes": at_sizes,
            "status": row.status,
            "note": row.note,
        }

    def table(self) -> str:
        """The comparison as text for a terminal: the extrapolation, the values at each N, the verdict."""
        head = ["observable", "theory", "simulation", "s.e.", "z", "1/N term", "detects", "status"]
        body = [
            [
                row.observable,
                number(row.theory) + (f" ± {number(row.theory_error, 2)}" if row.theory_error else ""),
                number(row.simulation),
                number(row.error, 2),
                _fixed(row.z),
                percent(row.last_term),
                percent(row.detectable),
                f"{row.status}: {row.note}" if row.note else row.status,
            ]
            for row in self.rows
        ]
        sizes = [["", *(f"N = {size}" for size in self.sizes), "slope in 1/N", "theory", "z"]]
        for row in self.rows:
            if row.at_sizes:
                cells = [f"{number(e.value)} ± {number(e.error, 2)}" for e in row.at_sizes]
                slope = f"{number(row.slope, 3)} ± {number(row.slope_error, 2)}"
                sizes.append([row.observable, *cells, slope, number(row.slope_theory), _fixed(row.slope_z)])
            if row.theory_at_sizes:
                sizes.append(["  theory", *map(number, row.theory_at_sizes), "", "", ""])
        sizes.append(["couplings", *(str(count) for count in self.couplings), "", "", ""])
        sizes.append(["not converged", *(percent(fraction) for fraction in self.unconverged), "", "", ""])
        tables = (aligned(table, left=(0, len(table[0]) - 1)) for table in ([head, *body], sizes))
        return "\n\n".join([*("\n".join(lines) for lines in tables), f"{self.verdict}: {self.sentence}"])


def validate(
    model: str,
    activation: Activation | str | None,
    parameters: Mapping[str, object],
    *,
    sizes: Sequence[int] | None = None,
    couplings: Sequence[int] | None = None,
    seed: int = 0,
    filter: str | None = None,
    progress: Callable[[float], None] | None = None,
    **settings: Any,
) -> tuple[Solution, Validation]:
    """Solve the theory, simulate the network at several sizes, and compare.

    Where the stationary state is unstable and the model can simulate what replaces it, that state is compared.

    Parameters
    ----------
    model, activation, parameters :
        As for `simulate`; the theory must admit the activation.
    sizes, couplings : sequence of int, optional
        Numbers of units, and coupling matrices at each.
    seed : int
    filter : str, optional
    progress : callable, optional
    **settings
        Of the model's simulator.

    Returns
    -------
    solution : Solution
    validation : Validation

    Raises
    ------
    InputError, DomainError
        For unusable input, or where the theory has no solution.
    """
    described, treatment = find_model(model, filter), find_treatment(model)
    activation = activation_for(described, activation)
    values = checked_parameters(described, parameters_of(activation), parameters)  # before anything is derived
    network = network_of(activation, values, filter)
    simulator = treatment.simulator
    if simulator is None:
        raise InputError(f"the model {model} is not simulated")
    if not described.needs_couplings:
        simulator = replace(simulator, sizes=(), couplings=())
    solver = Solver(model, activation if described.needs_activation else None, filter=filter)
    solution = solver.solve(**parameters)
    if treatment.comparison is not None:
        return solution, treatment.comparison(solution, seed=seed, progress=progress, **settings)
    theory = described.theory_of(activation)
    compared = {key: value for key, value in solution.leading.items() if not theory.leading[key].elsewhere}
    if treatment.replacing_simulator is not None and treatment.replacement is not None and not solution.stable:
        state = treatment.replacement(solution, activation)
        if state is not None and state.is_resolved:
            simulator, compared = treatment.replacing_simulator, state.measured
    validation = validate_model(
        simulator,
        compared,
        slopes=solution.slopes(),
        errors=solution.errors if solution.sampled else {},
        sizes=sizes,
        couplings=couplings,
        seed=seed,
        progress=progress,
        **network,
        **settings,
    )
    return solution, validation


def validate_model(
    simulator: Simulator,
    theory: Mapping[str, float],
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    slopes: Mapping[str, float] = _NOTHING,
    errors: Mapping[str, float] = _NOTHING,
    phi_prime: Function | None = None,
    sizes: Sequence[int] | None = None,
    couplings: int | Sequence[int] | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    **settings: Any,
) -> Validation:
    """Compare large-N values with simulated networks, extrapolated in 1/N.

    Parameters
    ----------
    simulator : Simulator
    theory : mapping of str to float
        Values for N -> infinity under the names of the simulator's estimates; others are listed as not tested.
    phi, parameters, phi_prime, seed, progress, **settings
        Of the simulator.
    slopes : mapping of str to float
        Coefficients of 1/N of the values in `theory`, as far as they are known.
    errors : mapping of str to float
        Standard errors of the values in `theory`, where they are sampled.
    sizes : sequence of int, optional
        Numbers of units; two at least, three to test the extrapolation itself.
    couplings : int or sequence of int, optional
        Coupling matrices at each size, one number for all or one for each. By default those of the simulator, and for
        other sizes in proportion to 1/N.

    Returns
    -------
    Validation
        `numerics.compare.verdict` states how the verdict is reached. When a tenth of the draws of the first couplings at
        some size do not converge, only those couplings are simulated and the verdict is `inconclusive`.

    Raises
    ------
    InputError
        For fewer than two different sizes, fewer than two couplings, or parameters outside their range.
    """
    network = {"phi": phi, "phi_prime": phi_prime, "parameters": parameters, "centred": None, "seed": seed, **settings}
    if not simulator.sizes:  # nothing is drawn at random, there is no N
        return judge(theory, [simulator.run(progress=progress, **network)], slopes, errors)
    sizes = simulator.sizes if sizes is None else sizes
    counts = _couplings(simulator, sizes, couplings)

    def run(size: int, count: int, report: Callable[[float], None] | None = None) -> Sample:
        return simulator.run(N=size, couplings=count, progress=report, **network)

    simulated = _simulate_all(run, simulator.pilot, sizes, counts, progress)
    return judge(theory, simulated, slopes, errors)


def judge(
    theory: Mapping[str, float],
    simulated: Sequence[Sample],
    slopes: Mapping[str, float] = _NOTHING,
    errors: Mapping[str, float] = _NOTHING,
) -> Validation:
    """The comparison for simulations that are already there, one `Sample` for each size.

    `slopes` are the coefficients of 1/N under the keys of `theory`, `errors` its standard errors, as far as they are known.
    """
    sizes = tuple(sample.N for sample in simulated)
    measured = [sample.observables() for sample in simulated]
    keys = {name: name for name in theory} | {name: k for name, k in simulated[0].again.items() if k in theory}
    rows = []
    for name, key in keys.items():
        value = float(theory[key])
        if all(name in at_size for at_size in measured):
            estimates = tuple(at_size[name] for at_size in measured)
            if max(abs(value), *(abs(e.value) + e.error for e in estimates)) < simulated[0].rounding.get(name, 0.0):
                rows.append(untested(name, value, "zero to rounding in both"))
                continue
            rows.append(compare(name, value, sizes, estimates, slopes.get(name, math.nan), errors.get(key, 0.0)))
        elif name in theory:
            rows.append(untested(name, value, "not measured by the simulation"))
    worst = max(simulated, key=lambda sample: sample.unconverged_fraction)
    verdict, sentence = conclude(rows, worst.unconverged_fraction, worst.lost_share)
    tested = sum(1 + math.isfinite(row.slope_z) for row in rows if row.status in ("agree", "disagree"))
    return Validation(
        rows=tuple(rows),
        verdict=verdict,
        sentence=sentence,
        false_alarm=tested * 2 * float(stats.norm.sf(THRESHOLD)),
        samples_at_sizes=tuple(simulated),
    )


def _couplings(simulator: Simulator, sizes: Sequence[int], couplings: int | Sequence[int] | None) -> tuple[int, ...]:
    if couplings is None:
        counts = tuple(simulator.coupling_count(size) for size in sizes)
    elif isinstance(couplings, int | np.integer):
        counts = (int(couplings),) * len(sizes)
    else:
        counts = tuple(couplings) * (len(sizes) if len(couplings) == 1 else 1)
    given = f"couplings = {_listed(counts)}"
    require(
        (1 < len(sizes) == len(set(sizes)), f"N = {_listed(sizes)}: two or more different sizes are needed"),
        (len(counts) == len(sizes), f"{given}: one number, or one for each of the {len(sizes)} sizes, is needed"),
        (min(counts, default=2) >= 2, f"{given}: two or more coupling matrices are needed for a standard error"),
    )
    return counts


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _simulate_all(
    run: Callable[..., Sample],
    pilot: int,
    sizes: Sequence[int],
    counts: Sequence[int],
    progress: Callable[[float], None] | None,
) -> list[Sample]:
    pilots = [run(size, min(pilot, count)) for size, count in zip(sizes, counts, strict=True)]
    if max(sample.unconverged_fraction for sample in pilots) > HOPELESS:
        return pilots
    work = np.array([size * count for size, count in zip(sizes, counts, strict=True)], dtype=float)
    work /= work.sum()
    result = []
    for k, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        before, share = float(work[:k].sum()), float(work[k])

        def report(fraction: float, before: float = before, share: float = share) -> None:
            if progress is not None:
                progress(min(1.0, before + share * fraction))

        result.append(run(size, count, report))
    return result


def _fixed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.2f}"
