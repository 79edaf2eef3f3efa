"""Unbiased estimators of covariance statistics, and their errors over the couplings.

The samples of one coupling matrix form an (N, M) array: N units, M independent draws of the noise. A squared
covariance is estimated from products of *different* draws only, so that the sampling noise of the covariance matrix
does not add to it: the naive participation dimension of M draws obeys 1/D_naive ~ 1/D + N/M. All sums over distinct
draws (U-statistics) come from one M x M Gram matrix. Ratios are taken of averages over the couplings, never averaged
themselves, and get their error from the jackknife over the couplings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

COMPARABLE = 1e-4
"""Smallest error that counts in a fit, over the largest one: weights that differ more leave no digits."""

SMALLEST = 1e-70
"""Smallest error whose fourth power is a number."""

ROUNDING = 1e-9  # no average of simulated numbers is known to a smaller relative error
CONTROL = "control_"
COUPLINGS_PER_CONTROL = 10
HEAVY_TAIL_SHARE = 0.05  # one value carrying this share of a sum of squares: the variance is not finite in practice


class CovarianceStatistics(NamedTuple):
    """Unbiased statistics of the covariance matrix C of N units at one coupling matrix.

    Attributes
    ----------
    trace : float
        tr C.
    trace_squared : float
        (tr C)^2.
    square_trace : float
        tr C^2, the sum of all squared covariances.
    diagonal : float
        Sum over i of C_ii^2.
    """

    trace: float
    trace_squared: float
    square_trace: float
    diagonal: float


class Estimate(NamedTuple):
    """A value with its standard error and the degrees of freedom behind that error."""

    value: float
    error: float
    dof: float


class Extrapolation(NamedTuple):
    """The fit `value(N) = value + slope/N`.

    Attributes
    ----------
    value, error : float
        The limit N -> infinity and its standard error.
    slope, slope_error : float
        Coefficient of 1/N and its standard error.
    chi2, dof, p_value : float
        Weighted sum of squared residuals, number of sizes minus two, and the probability of a larger one when the fit
        holds (nan with two sizes: nothing is left to test).
    error_dof : float
        Effective degrees of freedom of `error` (Welch-Satterthwaite).
    last_term : float
        `|slope| / N` at the largest N, relative to `|value|`: how far the largest network still is from the limit.
    curvature : float
        What a term 1/N^2 in the data would add to the slope.
    """

    value: float
    error: float
    slope: float
    slope_error: float
    chi2: float
    dof: int
    p_value: float
    error_dof: float
    last_term: float
    curvature: float


def covariance_statistics(samples: Array, *, centred: bool) -> CovarianceStatistics:
    """Unbiased tr C, (tr C)^2, tr C^2 and sum_i C_ii^2 from independent samples.

    With `centred` the mean is known to be zero and C = <x x^T>: averages over pairs of distinct samples,
    `tr C^2 = mean_{a != b} (x_a . x_b)^2` and so on. Otherwise C is the connected covariance with unknown mean, and the
    statistics are the exact U-statistics of order four, e.g.
    `tr C^2 = mean_{a,b,c,d distinct} [(x_a - x_b) . (x_c - x_d)]^2 / 4`, written as sums over the Gram matrix
    (Chen, Zhang, Zhong 2010, J. Am. Stat. Assoc. 105, 810).

    Parameters
    ----------
    samples : array, shape (N, M)
        Columns are independent draws; M >= 2 (centred) or M >= 4.
    centred : bool
        Whether the mean vanishes by symmetry.

    Returns
    -------
    CovarianceStatistics

    Raises
    ------
    ValueError
        If there are too few samples.
    """
    needed = 2 if centred else 4
    if samples.shape[1] < needed:
        raise ValueError(f"{needed} samples are needed, got {samples.shape[1]}")
    return _second_moments(samples) if centred else _connected(samples)


def _second_moments(samples: Array) -> CovarianceStatistics:
    count = samples.shape[1]
    pairs = count * (count - 1)
    gram = samples.T @ samples
    norms = np.diagonal(gram)
    squares = samples**2
    second, fourth = squares.sum(axis=1), (squares**2).sum(axis=1)
    return CovarianceStatistics(
        trace=float(norms.mean()),
        trace_squared=float((norms.sum() ** 2 - np.sum(norms**2)) / pairs),
        square_trace=float((np.sum(gram**2) - np.sum(norms**2)) / pairs),
        diagonal=float(np.sum(second**2 - fourth) / pairs),
    )


def _connected(samples: Array) -> CovarianceStatistics:
    """Order-four U-statistics; the sample mean is removed first, which changes no U-statistic, only rounding."""
    x = samples - samples.mean(axis=1, keepdims=True)
    count = x.shape[1]
    pairs = count * (count - 1)
    triples = pairs * (count - 2)
    quadruples = triples * (count - 3)

    gram = x.T @ x
    norms = np.diagonal(gram).copy()
    np.fill_diagonal(gram, 0.0)
    rows = gram.sum(axis=1)
    # Sums over distinct indices: [ab][ab], [ab][bc], [ab][cd], and with norms n: n_a n_b, n_a [bc].
    ab_ab = np.sum(gram**2)
    ab_bc = rows @ rows - ab_ab
    ab_cd = rows.sum() ** 2 - 4 * ab_bc - 2 * ab_ab
    a_b = norms.sum() ** 2 - norms @ norms
    a_bc = norms.sum() * rows.sum() - 2 * norms @ rows

    # The same three sums for every unit alone, from its power sums (p1 = 0 after centring).
    squares = x**2
    p2, p4 = squares.sum(axis=1), (squares**2).sum(axis=1)
    unit_ab_ab = np.sum(p2**2 - p4)
    unit_ab_bc = np.sum(p4) - unit_ab_ab
    unit_ab_cd = np.sum(p2**2) - 4 * unit_ab_bc - 2 * unit_ab_ab
    return CovarianceStatistics(
        trace=float(norms.sum() / (count - 1)),
        trace_squared=float(a_b / pairs - 2 * a_bc / triples + ab_cd / quadruples),
        square_trace=float(ab_ab / pairs - 2 * ab_bc / triples + ab_cd / quadruples),
        diagonal=float(unit_ab_ab / pairs - 2 * unit_ab_bc / triples + unit_ab_cd / quadruples),
    )


def primitive_statistics(x: Array, f: Array, slope: Array | None = None, *, centred: bool) -> dict[str, float]:
    """All statistics of one coupling matrix that the observables are made of.

    Each is unbiased at fixed couplings, so that averages over couplings are, too; per unit, hence of order one.

    Parameters
    ----------
    x, f : array, shape (N, M)
        Fixed points and the activation at them; columns are independent draws of the noise.
    slope : array, shape (N, M), optional
        Derivative of the activation at `x`.
    centred : bool
        Whether `<x> = <phi> = 0` by symmetry (odd activation).

    Returns
    -------
    dict of str to float
        `x2`, `phi2` (raw second moments); `trace_*` = tr C/N, `trace_squared_*` = (tr C)^2/N^2, `square_trace_*` =
        tr C^2/N, `off_diagonal_*` = N times the mean squared off-diagonal covariance, `spread_*` = N times the variance
        of C_ii over the units, for `x` and `phi`; `x_phi` = tr <x phi>/N, connected; if not centred, `mean2_*` = the
        squared mean per unit and `diagonal_*` = sum_i C_ii^2/N; if `slope` is given, `slope_statistics`, and if not
        centred `mean2_slope`, the squared mean of phi' per unit.
    """
    units, count = x.shape
    result: dict[str, float] = {}
    for name, z in (("x", x), ("phi", f)):
        c = covariance_statistics(z, centred=centred)
        result[f"{name}2"] = float(np.mean(z**2))
        result[f"trace_{name}"] = c.trace / units
        result[f"trace_squared_{name}"] = c.trace_squared / units**2
        result[f"square_trace_{name}"] = c.square_trace / units
        result[f"off_diagonal_{name}"] = (c.square_trace - c.diagonal) / (units - 1)
        result[f"spread_{name}"] = c.diagonal - c.trace_squared / units
        if not centred:
            result[f"mean2_{name}"] = result[f"{name}2"] - result[f"trace_{name}"]
            result[f"diagonal_{name}"] = c.diagonal / units
    if centred:
        result["x_phi"] = float(np.mean(x * f))
    else:
        deviation = x - x.mean(axis=1, keepdims=True)
        result["x_phi"] = float(np.sum(deviation * f) / (units * (count - 1)))
    if slope is not None:
        result |= slope_statistics(slope)
        if not centred:
            squared_mean = slope.sum(axis=1) ** 2 - (slope**2).sum(axis=1)
            result["mean2_slope"] = float(np.sum(squared_mean) / (units * count * (count - 1)))
    return result


def slope_statistics(slope: Array) -> dict[str, float]:
    """Means of phi' and its square, `slope` and `slope2`; to judge their errors, sums of powers and the largest modulus of phi'.

    See `unless_heavy` for `slope2_sum`, `slope4_sum` and `slope_max`.
    """
    squares = slope**2
    return {
        "slope": float(np.mean(slope)),
        "slope2": float(np.mean(squares)),
        "slope2_sum": float(np.sum(squares)),
        "slope4_sum": float(np.sum(squares**2)),
        "slope_max": float(np.max(np.abs(slope))),
    }


def mean_estimate(values: Array, lost: int = 0) -> Estimate:
    """Mean over independent couplings, standard error, degrees of freedom (nan where undefined); `lost` as in `jackknife`."""
    count = values.size
    error = float(values.std(ddof=1) / np.sqrt(count)) if count > 1 else float("nan")
    return with_fewer_dof(
        Estimate(float(values.mean()) if count else float("nan"), error, float(max(count - 1, 0))), lost
    )


def jackknife(function: Callable[[Array], Array], *columns: Array, lost: int = 0) -> Estimate:
    """A smooth function of averages over independent couplings, with the jackknife error.

    The value is corrected for the leading bias of a non-linear function of averages.

    Parameters
    ----------
    function : callable
        Maps an array of averages, shape (number of columns, ...), to values of shape (...).
    *columns : array, shape (number of couplings,)
        One statistic per column, one value per coupling matrix.
    lost : int
        Degrees of freedom that `controlled` has used up.

    Returns
    -------
    Estimate
        With nan for what too few couplings leave undefined.

    References
    ----------
    Efron, Tibshirani, "An Introduction to the Bootstrap" (1993), chapters 10 and 11.
    """
    data = np.stack(columns)
    count = data.shape[1]
    if count == 0:
        return Estimate(np.nan, np.nan, 0.0)
    with np.errstate(all="ignore"):
        full = float(function(data.mean(axis=1)))
        if count == 1:
            return Estimate(full, np.nan, 0.0)
        without_one = function((data.sum(axis=1, keepdims=True) - data) / (count - 1))
        centre = without_one.mean()
        error = np.sqrt((count - 1) / count * np.sum((without_one - centre) ** 2))
    return with_fewer_dof(Estimate(float(count * full - (count - 1) * centre), float(error), float(count - 1)), lost)


def observables(statistics: Mapping[str, Array], g: float) -> dict[str, Estimate]:
    """The observables of the static network from the primitive statistics of many couplings.

    Parameters
    ----------
    statistics : mapping of str to array, shape (number of couplings,)
        As collected from `primitive_statistics`; couplings with an undefined (nan) statistic do not enter.
    g : float
        Coupling strength.

    Returns
    -------
    dict of str to Estimate
        `Delta` = [<x^2>], `C_phi` = [<phi^2>], `gain` = <phi'> from `<x phi>/<x x>` (Stein's lemma, right to leading
        order in 1/N, of finite variance for every activation), `D_x`, `D_phi` = (tr C)^2/(N tr C^2), `n_var_cov_x`,
        `n_var_cov_phi` = N times the mean squared off-diagonal covariance; `n_var_var_x`, `n_var_var_phi` = N times the
        variance of C_ii over the units of one network (that of the mean over units is smaller by 1/N). With the
        derivative of the activation: `gain_derivative` = [<phi'>] and `stability` = g^2 [<phi'^2>]; their error is set
        to nan where a single value dominates the sum of squares, as it does when the variance is infinite. For
        activations that are not odd: `Delta0` = [<x>^2], `var_x`, `var_phi` = mean over units of the variance over the
        noise, `var_var_phi` = its variance over units (in place of `n_var_var_*`), with the derivative `replicon_slope` =
        g^2 [<phi'>^2]; all covariances are connected. Empty if `statistics` is.
    """
    if not statistics:
        return {}
    usable = np.all([np.isfinite(values) for values in statistics.values()], axis=0)
    s, lost = controlled({name: values[usable] for name, values in statistics.items()})

    def ratio(top: str, bottom: str) -> Estimate:
        return jackknife(lambda mean: mean[0] / mean[1], s[top], s[bottom], lost=lost)

    def mean(values: Array) -> Estimate:
        return mean_estimate(values, lost)

    result = {"Delta": mean(s["x2"]), "C_phi": mean(s["phi2"])}
    if "mean2_x" in s:
        result["Delta0"] = mean(s["mean2_x"])
        result["var_x"], result["var_phi"] = mean(s["trace_x"]), mean(s["trace_phi"])
        result["var_var_phi"] = mean(s["diagonal_phi"] - s["trace_squared_phi"])
    result["gain"] = ratio("x_phi", "trace_x")
    if "slope" in s:
        result["gain_derivative"] = unless_heavy(mean(s["slope"]), s["slope_max"] ** 2, s["slope2_sum"])
        result["stability"] = unless_heavy(mean(g**2 * s["slope2"]), s["slope_max"] ** 4, s["slope4_sum"])
    if "mean2_slope" in s:
        result["replicon_slope"] = unless_heavy(mean(g**2 * s["mean2_slope"]), s["slope_max"] ** 2, s["slope2_sum"])
    for name in ("x", "phi"):
        result[f"D_{name}"] = ratio(f"trace_squared_{name}", f"square_trace_{name}")
        result[f"n_var_cov_{name}"] = mean(s[f"off_diagonal_{name}"])
        if "mean2_x" not in s:
            result[f"n_var_var_{name}"] = mean(s[f"spread_{name}"])
    return result


def controlled(statistics: Mapping[str, Array]) -> tuple[dict[str, Array], int]:
    """Statistics without the part that is linear in the control variates.

    A control variate (a name that begins with `control_`) is a statistic of the drawn couplings and noise alone whose average
    over both is exactly zero at every N. Subtracting a multiple of it leaves every average as it is and takes the fluctuation
    away that the two share; the multiples are those of least squares over the couplings (Glasserman 2003, "Monte Carlo Methods
    in Financial Engineering", section 4.1). Their estimation costs one degree of freedom each, and a bias that is smaller than
    the error by the square root of the number of couplings.

    Parameters
    ----------
    statistics : mapping of str to array, shape (number of couplings,)

    Returns
    -------
    adjusted : dict of str to array
        Without the control variates.
    lost : int
        Degrees of freedom used up; 0 where there are too few couplings for the fit.
    """
    controls = [values for name, values in statistics.items() if name.startswith(CONTROL)]
    rest = {name: values for name, values in statistics.items() if not name.startswith(CONTROL)}
    if not controls or controls[0].size < COUPLINGS_PER_CONTROL * len(controls):
        return rest, 0
    design = np.stack([np.ones_like(controls[0]), *controls], axis=1)
    adjusted = {}
    for name, values in rest.items():
        coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
        diagnostic = name.endswith(("_sum", "_max"))
        adjusted[name] = values if diagnostic else values - design[:, 1:] @ coefficients[1:]
    return adjusted, len(controls)


def with_fewer_dof(estimate: Estimate, lost: int) -> Estimate:
    """The error of residuals after a fit with `lost` coefficients."""
    if not 0 < lost < estimate.dof:
        return estimate
    dof = estimate.dof - lost
    return Estimate(estimate.value, float(estimate.error * np.sqrt(estimate.dof / dof)), dof)


def unless_heavy(estimate: Estimate, largest_squares: Array, sums_of_squares: Array) -> Estimate:
    """The estimate, without its error if one value makes up much of the sum of squares the error rests on.

    For values with finite variance the share of the largest falls towards zero as their number grows; with infinite
    variance (a slope that diverges at a kink) it stays of order one.
    """
    if largest_squares.size and largest_squares.max() > HEAVY_TAIL_SHARE * sums_of_squares.sum():
        return estimate._replace(error=float("nan"))
    return estimate


def extrapolate(sizes: Sequence[int], estimates: Sequence[Estimate]) -> Extrapolation:
    """Limit N -> infinity by a weighted straight line in 1/N.

    Assumes that the sizes are statistically independent and that terms of order 1/N^2 are negligible against the
    errors at every size given; with three sizes or more the p-value of the fit tests the second assumption. A large
    1/N term is no reason to distrust the line by itself, but leaves little room for the assumption: see `last_term`.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of units N, at least two different ones; or 0 alone, for a network without an N.
    estimates : sequence of Estimate
        The observable at each N.

    Returns
    -------
    Extrapolation

    Raises
    ------
    ValueError
        If fewer than two different sizes are given, or not one estimate per size.
    """
    if len(sizes) == len(estimates) == 1 and not sizes[0]:  # no N: nothing to extrapolate
        ((value, error, dof),) = estimates
        return _undefined(1)._replace(
            value=value, error=max(error, ROUNDING * abs(value)), error_dof=dof, last_term=0.0
        )
    if len(set(sizes)) < 2 or len(sizes) != len(estimates):
        raise ValueError("the extrapolation needs one estimate at each of two or more different sizes")
    values, errors, dofs = (np.array(column, dtype=float) for column in zip(*estimates, strict=True))
    design = np.stack([np.ones(len(sizes)), 1 / np.asarray(sizes, dtype=float)], axis=1)
    with np.errstate(all="ignore"):
        if not np.all(np.isfinite([values, errors])):
            return _undefined(len(sizes))
        # What does not fluctuate (the gain of a linear network) has error zero, up to rounding.
        errors = np.maximum(errors, ROUNDING * np.abs(values))
        errors = np.maximum(errors, max(COMPARABLE * errors.max(), SMALLEST))
        weighted = design / errors[:, None]
        covariance = np.linalg.inv(weighted.T @ weighted)
        coefficients = covariance @ weighted.T / errors  # how much each size counts in (value, slope)
        value, slope = coefficients @ values
        chi2 = float(np.sum(((values - design @ [value, slope]) / errors) ** 2))
        shares = (coefficients[0] * errors) ** 2
        last_term = abs(slope) / max(sizes) / abs(value)
    free = len(sizes) - 2
    return Extrapolation(
        value=float(value),
        error=float(np.sqrt(covariance[0, 0])),
        slope=float(slope),
        slope_error=float(np.sqrt(covariance[1, 1])),
        chi2=chi2,
        dof=free,
        # F instead of chi-squared, because the errors are themselves estimated.
        p_value=float(stats.f.sf(chi2 / free, free, dofs.mean())) if free else np.nan,
        error_dof=float(shares.sum() ** 2 / np.sum(shares**2 / dofs)),
        last_term=float(last_term),
        curvature=float(coefficients[1] @ design[:, 1] ** 2),
    )


def _undefined(count: int) -> Extrapolation:
    nan = float("nan")
    return Extrapolation(nan, nan, nan, nan, nan, count - 2, nan, 0.0, nan, nan)
