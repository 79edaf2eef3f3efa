"""Estimators: identities by brute force, unbiasedness against exact covariances, errors against known distributions."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from numerics.compare.estimate import (
    Estimate,
    covariance_statistics,
    extrapolate,
    jackknife,
    mean_estimate,
    observables,
    primitive_statistics,
)

# A z-score of an average of many repetitions is normal: beyond 4.5 with probability 7e-6, and each test draws fewer
# than ten of them from one fixed seed.
Z_LIMIT = 4.5


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_centred_statistics_are_averages_over_all_pairs():
    x = rng(1).normal(size=(3, 5))
    pairs = list(permutations(x.T, 2))
    result = covariance_statistics(x, centred=True)
    assert result.trace == pytest.approx(np.mean([a @ a for a in x.T]), rel=1e-12)
    assert result.trace_squared == pytest.approx(np.mean([(a @ a) * (b @ b) for a, b in pairs]), rel=1e-12)
    assert result.square_trace == pytest.approx(np.mean([(a @ b) ** 2 for a, b in pairs]), rel=1e-12)
    assert result.diagonal == pytest.approx(np.mean([np.sum((a * b) ** 2) for a, b in pairs]), rel=1e-12)


def test_connected_statistics_are_averages_over_all_quadruples():
    x = rng(2).normal(size=(3, 6)) + np.array([[2.0], [-1.0], [0.5]])
    quadruples = [(a - b, c - d) for a, b, c, d in permutations(x.T, 4)]
    result = covariance_statistics(x, centred=False)
    assert result.trace == pytest.approx(np.trace(np.cov(x)), rel=1e-12)
    expected = np.mean([(u @ u) * (v @ v) / 4 for u, v in quadruples])
    assert result.trace_squared == pytest.approx(expected, rel=1e-12)
    assert result.square_trace == pytest.approx(np.mean([(u @ v) ** 2 / 4 for u, v in quadruples]), rel=1e-12)
    assert result.diagonal == pytest.approx(np.mean([np.sum((u * v) ** 2) / 4 for u, v in quadruples]), rel=1e-12)


def test_connected_statistics_do_not_see_the_mean():
    x = rng(3).normal(size=(5, 9))
    shifted = covariance_statistics(x + rng(4).normal(scale=100.0, size=(5, 1)), centred=False)
    # A mean of 1e2 leaves rounding errors of 1e2 eps in x - mean, some thirty operations deep.
    np.testing.assert_allclose(shifted, covariance_statistics(x, centred=False), rtol=1e-11)


@pytest.mark.parametrize(("centred", "count"), [(True, 1), (False, 3)])
def test_too_few_samples(centred, count):
    with pytest.raises(ValueError, match="samples are needed"):
        covariance_statistics(np.ones((4, count)), centred=centred)


@pytest.mark.parametrize("centred", [True, False])
def test_unbiased_for_the_linear_network(centred):
    """At fixed J the linear network has C = sigma^2 (1-J)^-1 (1-J)^-T exactly, whatever N is."""
    units, count, repetitions, sigma = 6, 6, 6000, 0.7
    generator = rng(5)
    response = np.linalg.inv(np.eye(units) - generator.normal(scale=0.6 / np.sqrt(units), size=(units, units)))
    mean = np.zeros((units, 1)) if centred else generator.normal(size=(units, 1))
    C = sigma**2 * response @ response.T
    exact = [np.trace(C), np.trace(C) ** 2, np.trace(C @ C), np.sum(np.diagonal(C) ** 2)]
    noise = generator.normal(scale=sigma, size=(repetitions, units, count))
    found = np.array([covariance_statistics(mean + response @ xi, centred=centred) for xi in noise])
    found = np.column_stack([found, found[:, 2] - found[:, 3]])
    exact.append(exact[2] - exact[3])
    z = (found.mean(axis=0) - exact) / (found.std(axis=0, ddof=1) / np.sqrt(repetitions))
    assert np.abs(z).max() < Z_LIMIT
    # The test can fail: with six samples the plug-in estimate of tr C^2 is off by tens of standard errors.
    naive = np.array([np.sum((x @ x.T / count) ** 2) for x in response @ noise[:1000]])
    assert naive.mean() - exact[2] > 10 * naive.std() / np.sqrt(1000)


def test_off_diagonal_covariances_of_independent_units_vanish():
    generator = rng(6)
    found = np.array(
        [primitive_statistics(x, x, centred=True)["off_diagonal_x"] for x in generator.normal(size=(3000, 5, 8))]
    )
    assert abs(found.mean()) < Z_LIMIT * found.std() / np.sqrt(3000)


def test_mean_estimate():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    assert mean_estimate(values) == (3.0, pytest.approx(np.sqrt(10 / 3 / 4)), 3)
    assert np.isnan(mean_estimate(values[:1]).error)
    assert np.isnan(mean_estimate(values[:0]).value)


def test_jackknife_of_a_mean_is_the_mean():
    values = rng(7).normal(size=30)
    np.testing.assert_allclose(jackknife(lambda m: m[0], values), mean_estimate(values), rtol=1e-12)


def test_jackknife_of_a_ratio():
    """Value: bias 1/n removed. Error: the spread over repetitions."""
    generator = rng(8)
    repetitions, count = 2000, 25
    top, bottom = generator.normal(1.0, 0.3, (2, repetitions, count))
    found = np.array([jackknife(lambda m: m[0] / m[1], a, b) for a, b in zip(top, bottom, strict=True)])
    spread = found[:, 0].std()
    assert abs(found[:, 0].mean() - 1) < Z_LIMIT * spread / np.sqrt(repetitions)
    plain = top.mean(axis=1) / bottom.mean(axis=1)
    # What it removes is the bias 0.3^2/25 of the plain ratio, here to 10% (next order: 3 * 0.3^2/25 = 1%, plus noise).
    assert np.mean(plain - found[:, 0]) == pytest.approx(0.3**2 / 25, rel=0.1)
    # The mean square error is known to sqrt(2/2000) = 3%, and itself right to order 1/n = 4%.
    assert np.mean(found[:, 1] ** 2) / spread**2 == pytest.approx(1, abs=4 * 0.03 + 0.04)


def test_observables_from_primitive_statistics():
    generator = rng(9)
    x = generator.normal(size=(12, 20, 40))
    rows = [primitive_statistics(z, np.tanh(z), 1 - np.tanh(z) ** 2, centred=True) for z in x]
    statistics = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    result = observables(statistics, 2.0)
    assert result["Delta"].value == pytest.approx(np.mean(x**2), rel=1e-12)
    assert result["C_phi"].value == pytest.approx(np.mean(np.tanh(x) ** 2), rel=1e-12)
    assert result["stability"].value == pytest.approx(4 * np.mean((1 - np.tanh(x) ** 2) ** 2), rel=1e-12)
    # Stein's lemma: both estimates of <phi'> are of the same number, 0.6057 for unit variance (quadrature below).
    points, weights = np.polynomial.hermite_e.hermegauss(100)
    gain = weights @ (1 - np.tanh(points) ** 2) / weights.sum()
    for name in ("gain", "gain_derivative"):
        assert abs(result[name].value - gain) < Z_LIMIT * result[name].error
    # Independent units: participation dimension 1.
    assert abs(result["D_x"].value - 1) < Z_LIMIT * result["D_x"].error


def test_undefined_couplings_do_not_enter():
    row = {name: np.array([1.0, 3.0, np.nan]) for name in ("x2", "phi2", "x_phi", "trace_x", "trace_phi")}
    row |= {f"{name}_{z}": np.array([1.0, 1.5, 2.0]) for name in _COVARIANCE for z in ("x", "phi")}
    assert observables(row, 1.0)["Delta"].value == 2.0
    assert observables(row, 1.0)["n_var_cov_x"].value == 1.25
    assert observables({}, 1.0) == {}


_COVARIANCE = ("trace_squared", "square_trace", "off_diagonal", "spread")


@pytest.mark.parametrize(("p", "defined"), [(0.5, False), (0.55, False), (1.5, True)])
def test_infinite_variance_is_noticed(p, defined):
    """Mean phi'^2 of |x|^p has finite variance for p > 3/4 only: otherwise it gets no standard error."""
    generator = rng(10)
    rows = []
    for _ in range(30):
        x = generator.normal(size=(50, 20))
        rows.append(primitive_statistics(x, np.sign(x) * abs(x) ** p, p * abs(x) ** (p - 1), centred=True))
    found = observables({name: np.array([row[name] for row in rows]) for name in rows[0]}, 1.0)
    assert np.isfinite(found["stability"].error) == defined
    assert np.isfinite(found["gain"].error)


def test_extrapolation_of_an_exact_line():
    sizes = (50, 100, 200)
    fit = extrapolate(sizes, [Estimate(3 - 7 / N, 0.01 * k, 40) for k, N in enumerate(sizes, 1)])
    assert fit.value == pytest.approx(3, rel=1e-12)
    assert fit.slope == pytest.approx(-7, rel=1e-10)
    assert fit.chi2 == pytest.approx(0, abs=1e-18)
    assert (fit.dof, fit.p_value) == (1, pytest.approx(1))
    assert fit.last_term == pytest.approx(7 / 200 / 3)


def test_extrapolation_from_two_sizes_is_the_textbook_formula():
    fit = extrapolate((100, 300), [Estimate(1.0, 0.2, 10), Estimate(2.0, 0.1, 20)])
    assert fit.value == pytest.approx((300 * 2.0 - 100 * 1.0) / 200)
    assert fit.error == pytest.approx(np.hypot(1.5 * 0.1, 0.5 * 0.2))
    assert fit.dof == 0
    assert np.isnan(fit.p_value)
    # Welch-Satterthwaite: (0.15^2 + 0.1^2)^2 / (0.15^4/20 + 0.1^4/10)
    assert fit.error_dof == pytest.approx(0.0325**2 / (0.15**4 / 20 + 0.1**4 / 10))


def test_extrapolation_sees_curvature():
    fit = extrapolate((50, 100, 200), [Estimate(1 + 200 / N**2, 1e-3, 100) for N in (50, 100, 200)])
    assert fit.p_value < 1e-4


def test_extrapolation_is_calibrated():
    """Known Gaussian errors: deviations are standard normal and p-values uniform (Kolmogorov-Smirnov, p > 1e-4)."""
    sizes, errors = np.array([100, 200, 400]), np.array([0.3, 0.2, 0.4])
    values = 2 + 50 / sizes + errors * rng(11).normal(size=(2000, 3))
    fits = [
        extrapolate(tuple(sizes), [Estimate(v, e, 1e9) for v, e in zip(row, errors, strict=True)]) for row in values
    ]
    assert stats.kstest([(fit.value - 2) / fit.error for fit in fits], "norm").pvalue > 1e-4
    assert stats.kstest([(fit.slope - 50) / fit.slope_error for fit in fits], "norm").pvalue > 1e-4
    assert stats.kstest([fit.p_value for fit in fits], "uniform").pvalue > 1e-4


def test_extrapolation_of_what_does_not_fluctuate():
    fit = extrapolate((10, 20), [Estimate(1.0, 0.0, 5), Estimate(1.0, 0.0, 5)])
    assert fit.value == pytest.approx(1.0, rel=1e-12)
    assert 0 < fit.error < 1e-8


def test_extrapolation_without_an_error_is_undefined():
    fit = extrapolate((10, 20), [Estimate(1.0, np.nan, 5), Estimate(1.0, 0.1, 5)])
    assert np.isnan(fit.value)
    assert np.isnan(fit.error)


@pytest.mark.parametrize("sizes", [(10,), (10, 10), (10, 20, 30)])
def test_extrapolation_needs_two_sizes(sizes):
    with pytest.raises(ValueError, match="two or more different sizes"):
        extrapolate(sizes, [Estimate(1.0, 0.1, 5)] * min(len(sizes), 2))


def test_estimates_that_are_exact_beside_those_that_are_not():
    """Values without fluctuation, all zero or beside a noisy one, are extrapolated like others."""
    for first, second in (
        (Estimate(0.0, 0.0, 3.0), Estimate(0.0, 0.0, 3.0)),
        (Estimate(1.0, 5e-16, 5.0), Estimate(1.5, 0.65, 5.0)),
    ):
        fit = extrapolate((200, 400), (first, second))
        assert fit.value == pytest.approx(2 * second.value - first.value, abs=1e-6)
        assert fit.error == pytest.approx(2 * second.error, rel=1e-6, abs=1e-60)
