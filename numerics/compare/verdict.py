"""The verdict on a theory from simulations at several N: one row for each observable, one sentence for all.

How the verdict is reached
--------------------------
A row (one observable) compares the extrapolated value with the theory. Its z is the deviation in standard errors,
mapped from Student's t with the effective degrees of freedom of the error to the normal deviate of the same tail
probability; a standard error of the theory itself (sampled solutions) counts too. So |z| >= 4 happens by chance with
probability 6.3e-5 a row, and in a run at most with that times the number of tested rows (which are correlated). Where
the theory gives the coefficient of 1/N, the measured slope is compared with it in the same way. The unknown term of
order 1/N^2 counts as an error of it: a coefficient of standard deviation 4 c^2/|v| for a value v with 1/N term c, the
size that a geometric series in 1/N has (for the variance of a linear network it is 2.3 c^2/v).
A row is

* `disagree` if |z| >= 4 for the value or for the slope;
* `inconclusive` if the line in 1/N does not fit (p < 1e-4), the 1/N term at the largest N is significant and exceeds a
  fifth of the value (1/N^2 can then not be neglected), the run would not have noticed an error of 100% in the theory,
  or the theory's value is not a number;
* `not tested` if the theory's value is infinite, or the simulation does not measure it or has no standard error for it
  (a slope of infinite variance at a kink);
* `agree` otherwise.

The verdict is `inconclusive` if more than 1% of the noise draws did not converge at some N (the statistics are then
those of a selected part), or nothing was tested; else `disagree` if one row does; else `inconclusive` if one row is;
else `agree`. Rows that were not tested are named in the sentence. Agreement means no more than the power says:
`detectable` is the relative error of the theory that this run would have noticed with probability one half (84% for a
quarter more).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from numerics.compare.estimate import Estimate, Extrapolation, extrapolate

THRESHOLD = 4.0
MAX_UNCONVERGED = 0.01  # measured for tanh near criticality: 3% lost draws shift Delta and stability by three errors
MIN_FIT_PROBABILITY = 1e-4
MAX_LAST_TERM = 0.2
SIGNIFICANT_SLOPE = 3.0  # in standard errors: a slope that is only noise is in the error of the extrapolation already
MAX_DETECTABLE = 1.0
NEXT_ORDER = 4.0  # standard deviation of the unknown coefficient of 1/N^2, in units of c^2/|v|


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
    slope_theory : float
        Coefficient of 1/N according to the theory; nan where it is not known.
    slope_z : float
        Deviation of the measured slope from it as a normal deviate.
    theory_error : float
        Standard error of the theory's value, 0 where it is exact to rounding; it counts in every z.
    theory_at_sizes, z_at_sizes : tuple of float
        Theory with its 1/N term at each N, and the deviation of the simulation from it; empty where it is not known.
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
    slope_theory: float = math.nan
    slope_z: float = math.nan
    theory_at_sizes: tuple[float, ...] = ()
    z_at_sizes: tuple[float, ...] = ()
    theory_error: float = 0.0


def compare(
    observable: str,
    theory: float,
    sizes: Sequence[int],
    estimates: tuple[Estimate, ...],
    slope_theory: float = math.nan,
    theory_error: float = 0.0,
) -> Row:
    """One row: extrapolate the estimates at the given sizes, test the theory's value and, if given, its 1/N term."""
    fit = extrapolate(sizes, estimates)
    both = math.hypot(fit.error, theory_error)
    # Welch and Satterthwaite, the error of the theory taken as known
    dof = fit.error_dof * (both / fit.error) ** 4 if fit.error > 0 else fit.error_dof
    threshold = _student(THRESHOLD, dof)
    deviation = fit.value - theory
    z = _deviate(deviation, both, dof)
    detectable = threshold * both / abs(theory) if theory else math.nan
    next_order = NEXT_ORDER * slope_theory**2 / abs(theory) if theory else 0.0
    slope_error = math.hypot(fit.slope_error, next_order * fit.curvature)
    slope_z = _deviate(fit.slope - slope_theory, slope_error, fit.error_dof)
    status, note = _status(theory, fit, z, slope_z, detectable)
    known = math.isfinite(slope_theory) and math.isfinite(theory)
    predicted = tuple(theory + slope_theory / N for N in sizes) if known else ()
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
        slope_theory=slope_theory if known else math.nan,
        slope_z=slope_z if known else math.nan,
        theory_at_sizes=predicted,
        z_at_sizes=tuple(
            _deviate(e.value - value, math.hypot(e.error, theory_error, next_order / N**2), e.dof)
            for N, e, value in zip(sizes, estimates, predicted, strict=False)
        ),
        theory_error=theory_error,
    )


def _status(theory: float, fit: Extrapolation, z: float, slope_z: float, detectable: float) -> tuple[str, str]:
    if math.isinf(theory):
        return "not tested", "infinite"
    if not math.isnan(theory) and not math.isfinite(fit.error):
        return "not tested", "no finite standard error"
    steep = abs(fit.slope) > SIGNIFICANT_SLOPE * fit.slope_error
    reasons = (
        (math.isnan(theory), "the theory gives no value"),
        (fit.p_value < MIN_FIT_PROBABILITY, f"not a straight line in 1/N (p = {fit.p_value:.1g})"),
        (steep and fit.last_term > MAX_LAST_TERM, f"1/N term is {percent(fit.last_term)} of the value"),
        (abs(z) < THRESHOLD and detectable > MAX_DETECTABLE, "too noisy to test"),
    )
    for holds, note in reasons:
        if holds:
            return "inconclusive", note
    if abs(z) < THRESHOLD <= abs(slope_z):
        return "disagree", f"slope in 1/N (z = {slope_z:.1f})"
    return ("agree" if abs(z) < THRESHOLD else "disagree"), ""


def untested(name: str, theory: float, note: str) -> Row:
    """A row without a test, with the reason."""
    nan = math.nan
    return Row(name, theory, nan, nan, nan, nan, nan, nan, nan, nan, (), "not tested", note)


def conclude(rows: Sequence[Row], unconverged: float, lost: str) -> tuple[str, str]:
    """The verdict of all rows together, and the sentence that explains it; `lost` says how many draws have not converged."""
    groups = {
        status: [row for row in rows if row.status == status]
        for status in ("agree", "disagree", "inconclusive", "not tested")
    }
    tested = [*groups["agree"], *groups["disagree"]]
    skipped = "".join(f"; {row.observable} not tested ({row.note})" for row in groups["not tested"])
    if unconverged > MAX_UNCONVERGED:
        return "inconclusive", f"{lost}{skipped}"
    if groups["disagree"]:
        listed = ", ".join(
            f"{row.observable} ({row.note or f'{_deviation(row)}, z = {row.z:.1f}'})" for row in groups["disagree"]
        )
        return "disagree", f"theory and simulation differ in {listed}{skipped}"
    if groups["inconclusive"]:
        listed = ", ".join(f"{row.observable} ({row.note})" for row in groups["inconclusive"])
        return "inconclusive", f"no answer for {listed}{skipped}"
    if not tested:
        return "inconclusive", f"nothing was tested{skipped}"
    largest = max(tested, key=lambda row: abs(row.z))
    return "agree", (
        f"{len(tested)} observables within {THRESHOLD:g} standard errors of the theory "
        f"(largest |z| = {abs(largest.z):.1f}, {largest.observable}){_slopes(tested)}; {_power(tested)}{skipped}"
    )


def _slopes(tested: Sequence[Row]) -> str:
    compared = [row for row in tested if math.isfinite(row.slope_z)]
    if not compared:
        return ""
    largest = max(compared, key=lambda row: abs(row.slope_z))
    return f", {len(compared)} slopes in 1/N too (largest |z| = {abs(largest.slope_z):.1f}, {largest.observable})"


def _power(tested: Sequence[Row]) -> str:
    measurable = [row for row in tested if math.isfinite(row.detectable)]
    if not measurable:
        return "the power of the test is not defined"
    best, worst = min(measurable, key=lambda r: r.detectable), max(measurable, key=lambda r: r.detectable)
    return (
        f"an error of the theory of {percent(best.detectable)} ({best.observable}) "
        f"to {percent(worst.detectable)} ({worst.observable}) would have shown"
    )


def _deviation(row: Row) -> str:
    if row.theory == 0:
        return f"simulation {number(row.simulation)} for 0"
    return f"simulation {100 * (row.simulation / row.theory - 1):+.2g}%"


def _deviate(deviation: float, error: float, dof: float) -> float:
    """A deviation as a normal deviate; nan without an error."""
    return math.copysign(_normal(abs(deviation) / error, dof), deviation) if error > 0 else math.nan


def _normal(t: float, dof: float) -> float:
    """Normal deviate with the tail probability of Student's t; bounded where that underflows."""
    return float(stats.norm.isf(max(stats.t.sf(t, dof), 1e-300)))


def _student(z: float, dof: float) -> float:
    return float(stats.t.isf(stats.norm.sf(z), dof)) if dof > 0 else math.nan


def number(value: float, digits: int = 5) -> str:
    """To significant digits; a dash for what is undefined."""
    return "-" if math.isnan(value) else f"{value:.{digits}g}"


def percent(value: float) -> str:
    """As a percentage to two digits or to one percent; a dash for what is undefined."""
    if math.isnan(value):
        return "-"
    return f"{100 * value:.0f}%" if value >= 0.1 else f"{100 * value:.2g}%"
