"""Theory against simulation: every observable with its error, and one verdict.

The theory holds for N -> infinity; the network has N units. Simulations at several N are extrapolated linearly in
1/N, so that neither a 1/N effect counts as a disagreement nor a disagreement hides behind one.

How the verdict is reached
--------------------------
A row (one observable) compares the extrapolated value with the theory. Its z is the deviation in standard errors,
mapped from Student's t with the effective degrees of freedom of the error to the normal deviate of the same tail
probability; so |z| >= 4 happens by chance with probability 6.3e-5 a row, and in a run at most with that times the
number of tested rows (which are correlated). A row is

* `disagree` if |z| >= 4;
* `inconclusive` if the simulation gives no error (too few couplings, infinite variance), the line in 1/N does not fit
  (p < 1e-4), the 1/N term at the largest N exceeds a fifth of the value (1/N^2 can then not be neglected), the run
  would not have noticed an error of 100% in the theory, or the theory's value is not a number;
* `not tested` if the theory's value is infinite or the simulation does not measure it;
* `agree` otherwise.

The verdict is `inconclusive` if more than 1% of the noise draws did not converge at some N (the statistics are then
those of a selected part), or nothing was tested; else `disagree` if one row does; else `inconclusive` if one row is;
else `agree`. Rows that were not tested are named in the sentence. Agreement means no more than the power says:
`detectable` is the relative error of the theory that this run would have noticed with probability one half (84% for a
quarter more).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from numerics.estimate import Estimate, Extrapolation, extrapolate, observables
from numerics.simulate.static import Sample, simulate
from theory.errors import InputError

Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]

THRESHOLD = 4.0
MAX_UNCONVERGED = 0.01
MIN_FIT_PROBABILITY = 1e-4
MAX_LAST_TERM = 0.2
MAX_DETECTABLE = 1.0
PILOT_COUPLINGS = 4
HOPELESS = 0.1  # unconverged fraction of the pilot above which more couplings are a waste of time

DEFAULT_SIZES = (100, 200, 400)
DEFAULT_COUPLINGS = (400, 240, 120)  # about the same time and the same errors at each of these sizes
DEFAULT_SAMPLES = 64  # near the optimum for a given time: the spread over couplings dominates

# A second measurement of the same quantity by another route.
ALIASES = {"gain_derivative": "gain"}


@dataclass(frozen=True)
class Row:
    """One observable.

    Attributes
    ----------
    observable : str
        Name.
    theory : float
        Value for N -> infinity to be tested.
    simulation, error : float
        Extrapolated value and its standard error.
    z : float
        Deviation of the simulation from the theory as a normal deviate.
    slope, slope_error : float
        Coefficient of 1/N.
    last_term : float
        |slope|/N at the largest N, relative to the value.
    fit_probability : float
        p-value of the straight line in 1/N.
    detectable : float
        Relative error of the theory that would have been noticed with probability one half.
    at_sizes : tuple of Estimate
        The observable at each N.
    status : str
        `agree`, `disagree`, `inconclusive` or `not tested`.
    note : str
        Why, for the last two.
    """

    observable: str
    theory: float
    simulation: float
    error: float
    z: float
    slope: float
    slope_error: float
    last_term: float
    fit_probability: float
    detectable: float
    at_sizes: tuple[Estimate, ...]
    status: str
    note: str = ""


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
    unconverged : tuple of float
        Fraction of noise draws without a fixed point, at each N.
    sizes, couplings : tuple of int
        Units, and coupling matrices at each size.
    samples, seed : int
        Noise draws for each coupling matrix, and the seed of all streams.
    g, sigma : float
        Parameters of the network.
    samples_at_sizes : tuple of Sample
        The simulations; `judge` compares them with another theory.
    """

    rows: tuple[Row, ...]
    verdict: str
    sentence: str
    false_alarm: float
    unconverged: tuple[float, ...]
    sizes: tuple[int, ...]
    couplings: tuple[int, ...]
    samples: int
    seed: int
    g: float
    sigma: float
    samples_at_sizes: tuple[Sample, ...] = field(default=(), repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether theory and simulation agree; not so when the run is inconclusive."""
        return self.verdict == "agree"

    def to_dict(self) -> dict[str, Any]:
        """The content as plain numbers, strings and lists; what is not finite becomes None (strict JSON)."""
        return {
            "verdict": self.verdict,
            "ok": self.ok,
            "sentence": self.sentence,
            "false_alarm": self.false_alarm,
            "threshold": THRESHOLD,
            "g": self.g,
            "sigma": self.sigma,
            "seed": self.seed,
            "samples": self.samples,
            "sizes": list(self.sizes),
            "couplings": list(self.couplings),
            "unconverged": list(self.unconverged),
            "rows": [self._row_dict(row) for row in self.rows],
        }

    def _row_dict(self, row: Row) -> dict[str, Any]:
        names = (
            "theory",
            "simulation",
            "error",
            "z",
            "slope",
            "slope_error",
            "last_term",
            "fit_probability",
            "detectable",
        )
        at_sizes = [
            {"N": size, "value": _plain(estimate.value), "error": _plain(estimate.error)}
            for size, estimate in zip(self.sizes, row.at_sizes, strict=False)
        ]
        return {
            "observable": row.observable,
            **{name: _plain(getattr(row, name)) for name in names},
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
                _number(row.theory),
                _number(row.simulation),
                _number(row.error, 2),
                _fixed(row.z),
                _percent(row.last_term),
                _percent(row.detectable),
                f"{row.status}: {row.note}" if row.note else row.status,
            ]
            for row in self.rows
        ]
        sizes = [["", *(f"N = {size}" for size in self.sizes), "slope in 1/N"]]
        for row in self.rows:
            if row.at_sizes:
                cells = [f"{_number(e.value)} ± {_number(e.error, 2)}" for e in row.at_sizes]
                sizes.append([row.observable, *cells, f"{_number(row.slope, 3)} ± {_number(row.slope_error, 2)}"])
        sizes.append(["couplings", *(str(count) for count in self.couplings), ""])
        sizes.append(["not converged", *(_percent(fraction) for fraction in self.unconverged), ""])
        return f"{_aligned([head, *body])}\n\n{_aligned(sizes)}\n\n{self.verdict}: {self.sentence}"


def validate(
    theory: Mapping[str, float],
    phi: Function,
    g: float,
    sigma: float,
    *,
    phi_prime: Function | None = None,
    sizes: Sequence[int] = DEFAULT_SIZES,
    couplings: int | Sequence[int] | None = None,
    samples: int = DEFAULT_SAMPLES,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Validation:
    """Compare large-N values with simulated networks, extrapolated in 1/N.

    Parameters
    ----------
    theory : mapping of str to float
        Values for N -> infinity under the names of `numerics.estimate.observables`; others are listed as not tested.
    phi, phi_prime : callable
        Activation and, optionally, its derivative (needed to test `stability`); vectorised over arrays.
    g, sigma : float
        Coupling strength and standard deviation of the static noise.
    sizes : sequence of int
        Numbers of units; two at least, three to test the extrapolation itself.
    couplings : int or sequence of int, optional
        Coupling matrices at each size. By default as many as keep the time of a run at `DEFAULT_SIZES` below about
        half a minute, and for other sizes in proportion to 1/N.
    samples : int
        Noise draws for each coupling matrix.
    seed : int
        Seed; the same seed gives the same result.
    progress : callable, optional
        Called with the finished fraction of the work.

    Returns
    -------
    Validation
        The module's docstring states how the verdict is reached. When a tenth of the draws of the first couplings at
        some size do not converge, only those couplings are simulated and the verdict is `inconclusive`.

    Raises
    ------
    InputError
        For fewer than two different sizes, fewer than two couplings, or parameters outside their range.
    """
    counts = _couplings(sizes, couplings)
    simulated = _simulate_all(phi, g, sigma, phi_prime, sizes, counts, samples, seed, progress)
    return judge(theory, simulated)


def judge(theory: Mapping[str, float], simulated: Sequence[Sample]) -> Validation:
    """The comparison for simulations that are already there, one `Sample` for each size."""
    g = simulated[0].g
    sizes = tuple(sample.N for sample in simulated)
    measured = [observables(sample.statistics, g) for sample in simulated]
    names = [name for name in (*theory, *ALIASES) if name in theory or ALIASES[name] in theory]
    rows = []
    for name in dict.fromkeys(names):
        value = float(theory[name] if name in theory else theory[ALIASES[name]])
        if all(name in at_size for at_size in measured):
            estimates = tuple(at_size[name] for at_size in measured)
            rows.append(compare(name, value, sizes, estimates))
        elif name in theory:
            rows.append(_untested(name, value, "not measured by the simulation"))
    unconverged = tuple(sample.unconverged_fraction for sample in simulated)
    verdict, sentence = _verdict(rows, unconverged)
    tested = sum(row.status in ("agree", "disagree") for row in rows)
    return Validation(
        rows=tuple(rows),
        verdict=verdict,
        sentence=sentence,
        false_alarm=tested * 2 * float(stats.norm.sf(THRESHOLD)),
        unconverged=unconverged,
        sizes=sizes,
        couplings=tuple(sample.couplings for sample in simulated),
        samples=simulated[0].samples,
        seed=simulated[0].seed,
        g=g,
        sigma=simulated[0].sigma,
        samples_at_sizes=tuple(simulated),
    )


def compare(observable: str, theory: float, sizes: Sequence[int], estimates: tuple[Estimate, ...]) -> Row:
    """One row: extrapolate the estimates at the given sizes and test the theory's value."""
    fit = extrapolate(sizes, estimates)
    threshold = _student(THRESHOLD, fit.error_dof)
    deviation = fit.value - theory
    z = math.copysign(_normal(abs(deviation) / fit.error, fit.error_dof), deviation) if fit.error > 0 else math.nan
    detectable = threshold * fit.error / abs(theory) if theory else math.nan
    status, note = _status(theory, fit, z, detectable)
    return Row(
        observable=observable,
        theory=theory,
        simulation=fit.value,
        error=fit.error,
        z=z if math.isfinite(theory) else math.nan,
        slope=fit.slope,
        slope_error=fit.slope_error,
        last_term=fit.last_term,
        fit_probability=fit.p_value,
        detectable=detectable if math.isfinite(theory) else math.nan,
        at_sizes=estimates,
        status=status,
        note=note,
    )


def _status(theory: float, fit: Extrapolation, z: float, detectable: float) -> tuple[str, str]:
    if math.isinf(theory):
        return "not tested", "infinite"
    reasons = (
        (math.isnan(theory), "the theory gives no value"),
        (not math.isfinite(fit.error), "no standard error"),
        (fit.p_value < MIN_FIT_PROBABILITY, f"not a straight line in 1/N (p = {fit.p_value:.1g})"),
        (fit.last_term > MAX_LAST_TERM, f"1/N term is {_percent(fit.last_term)} of the value"),
        (abs(z) < THRESHOLD and detectable > MAX_DETECTABLE, "too noisy to test"),
    )
    for holds, note in reasons:
        if holds:
            return "inconclusive", note
    return ("agree" if abs(z) < THRESHOLD else "disagree"), ""


def _untested(name: str, theory: float, note: str) -> Row:
    nan = math.nan
    return Row(name, theory, nan, nan, nan, nan, nan, nan, nan, nan, (), "not tested", note)


def _verdict(rows: Sequence[Row], unconverged: Sequence[float]) -> tuple[str, str]:
    groups = {
        status: [row for row in rows if row.status == status]
        for status in ("agree", "disagree", "inconclusive", "not tested")
    }
    tested = [*groups["agree"], *groups["disagree"]]
    skipped = "".join(f"; {row.observable} not tested ({row.note})" for row in groups["not tested"])
    if max(unconverged) > MAX_UNCONVERGED:
        return (
            "inconclusive",
            f"{_percent(max(unconverged))} of the noise draws did not converge to a fixed point{skipped}",
        )
    if groups["disagree"]:
        listed = ", ".join(f"{row.observable} ({_deviation(row)}, z = {row.z:.1f})" for row in groups["disagree"])
        return "disagree", f"theory and simulation differ in {listed}{skipped}"
    if groups["inconclusive"]:
        listed = ", ".join(f"{row.observable} ({row.note})" for row in groups["inconclusive"])
        return "inconclusive", f"no answer for {listed}{skipped}"
    if not tested:
        return "inconclusive", f"nothing was tested{skipped}"
    largest = max(tested, key=lambda row: abs(row.z))
    return "agree", (
        f"{len(tested)} observables within {THRESHOLD:g} standard errors of the theory "
        f"(largest |z| = {abs(largest.z):.1f}, {largest.observable}); {_power(tested)}{skipped}"
    )


def _power(tested: Sequence[Row]) -> str:
    measurable = [row for row in tested if math.isfinite(row.detectable)]
    if not measurable:
        return "the power of the test is not defined"
    best, worst = min(measurable, key=lambda r: r.detectable), max(measurable, key=lambda r: r.detectable)
    return (
        f"an error of the theory of {_percent(best.detectable)} ({best.observable}) "
        f"to {_percent(worst.detectable)} ({worst.observable}) would have shown"
    )


def _deviation(row: Row) -> str:
    if row.theory == 0:
        return f"simulation {_number(row.simulation)} for 0"
    return f"simulation {100 * (row.simulation / row.theory - 1):+.2g}%"


def _normal(t: float, dof: float) -> float:
    """Normal deviate with the tail probability of Student's t; bounded where that underflows."""
    return float(stats.norm.isf(max(stats.t.sf(t, dof), 1e-300)))


def _student(z: float, dof: float) -> float:
    return float(stats.t.isf(stats.norm.sf(z), dof)) if dof > 0 else math.nan


def _couplings(sizes: Sequence[int], couplings: int | Sequence[int] | None) -> tuple[int, ...]:
    if couplings is None:
        default = dict(zip(DEFAULT_SIZES, DEFAULT_COUPLINGS, strict=True))
        counts = tuple(default.get(size, max(40, round(48000 / max(size, 1)))) for size in sizes)
    elif isinstance(couplings, int | np.integer):
        counts = (int(couplings),) * len(sizes)
    else:
        counts = tuple(couplings)
    problems = []
    if len(set(sizes)) < 2 or len(set(sizes)) != len(sizes):
        problems.append(f"sizes = {tuple(sizes)}: two or more different sizes are needed")
    if len(counts) != len(sizes):
        problems.append(f"couplings = {counts}: one number, or one for each of the {len(sizes)} sizes, is needed")
    if any(count < 2 for count in counts):
        problems.append(f"couplings = {counts}: two or more coupling matrices are needed for a standard error")
    if problems:
        raise InputError(problems)
    return counts


def _simulate_all(
    phi: Function,
    g: float,
    sigma: float,
    phi_prime: Function | None,
    sizes: Sequence[int],
    counts: Sequence[int],
    samples: int,
    seed: int,
    progress: Callable[[float], None] | None,
) -> list[Sample]:
    def run(size: int, count: int, report: Callable[[float], None] | None = None) -> Sample:
        return simulate(
            phi, g, sigma, N=size, couplings=count, samples=samples, seed=seed, phi_prime=phi_prime, progress=report
        )

    pilots = [run(size, min(PILOT_COUPLINGS, count)) for size, count in zip(sizes, counts, strict=True)]
    if max(pilot.unconverged_fraction for pilot in pilots) > HOPELESS:
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


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _number(value: float, digits: int = 5) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}g}"


def _fixed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.2f}"


def _percent(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{100 * value:.0f}%" if value >= 0.1 else f"{100 * value:.2g}%"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to equal width: the first and last to the left, numbers to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    last = len(widths) - 1
    lines = (
        "  ".join(
            cell.ljust(width) if k in (0, last) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
