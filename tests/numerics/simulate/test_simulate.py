"""The static network's simulator: exact fixed points, random streams, and an account of what did not converge."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
from scipy import stats

from numerics.compare.estimate import observables
from numerics.simulate.fixed_points import draw, fixed_points, is_odd, simulate
from theory.errors import InputError


def linear(x):
    return x


def power_two(x):
    return x * np.abs(x)


def relative_residual(phi, J, noise, x):
    return np.linalg.norm(J @ phi(x) + noise - x, axis=0) / np.linalg.norm(x, axis=0)


@pytest.mark.parametrize("g", [0.3, 0.9])
def test_linear_network_is_solved_exactly(g):
    J, noise = draw(g, 1.0, N=60, samples=20, seed=1, coupling=0)
    x, converged = fixed_points(linear, J, noise, tolerance=1e-10)
    exact = np.linalg.solve(np.eye(60) - J, noise)
    assert converged.all()
    # x - exact = -(1 - J)^-1 residual, so the criterion bounds the error by the norm of the inverse.
    bound = 1e-10 * np.linalg.norm(np.linalg.inv(np.eye(60) - J), 2) * np.linalg.norm(x, axis=0)
    assert np.all(np.linalg.norm(x - exact, axis=0) <= bound * (1 + 1e-4))


@pytest.mark.parametrize("g", [0.5, 1.5])
def test_converged_means_below_the_tolerance(g):
    J, noise = draw(g, 1.0, N=100, samples=64, seed=2, coupling=0)
    x, converged = fixed_points(np.tanh, J, noise, tolerance=1e-8, max_iterations=60)
    residual = relative_residual(np.tanh, J, noise, x)
    assert np.all(residual[converged] <= 1.01e-8)  # evaluated again in another order: rounding
    assert np.all(residual[~converged] > 1e-8)
    assert converged.all() == (g == 0.5)


def test_near_critical_columns_are_counted_and_acceleration_helps():
    """tanh at g = 1.5, sigma = 1 (g^2 <phi'^2> = 0.75): plain iteration leaves about 15% of the draws open."""
    arguments = {"N": 100, "couplings": 3, "samples": 64, "seed": 3}
    impatient = simulate(np.tanh, {"g": 1.5, "sigma": 1.0}, **arguments, max_iterations=60)
    patient = simulate(np.tanh, {"g": 1.5, "sigma": 1.0}, **arguments)
    assert np.all(impatient.unconverged > 0.1)
    assert patient.unconverged_fraction < 0.03
    for k in range(3):
        J, noise = draw(1.5, 1.0, N=100, samples=64, seed=3, coupling=k)
        x, converged = fixed_points(np.tanh, J, noise, max_iterations=60)
        assert impatient.unconverged[k] == 1 - converged.mean()
        # Statistics are those of the converged draws.
        assert impatient.statistics["x2"][k] == pytest.approx(np.mean(x[:, converged] ** 2), rel=1e-12)


def test_plain_iteration_is_beaten_where_it_is_slow():
    J, noise = draw(1.5, 1.0, N=100, samples=64, seed=3, coupling=1)
    x = noise.copy()
    for _ in range(500):
        x = J @ np.tanh(x) + noise
    plain = np.mean(relative_residual(np.tanh, J, noise, x) > 1e-8)
    _, converged = fixed_points(np.tanh, J, noise, max_iterations=500)
    assert 1 - converged.mean() < plain / 3


def test_escape_to_infinity_is_counted_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        all_lost = simulate(power_two, {"g": 2.0, "sigma": 1.0}, N=30, couplings=2, samples=8, seed=1)
        some_lost = simulate(
            power_two, {"g": 0.35, "sigma": 1.0}, N=30, couplings=6, samples=50, seed=1, phi_prime=lambda x: 2 * abs(x)
        )
        found = observables(some_lost.statistics, 0.35)
    assert all_lost.unconverged_fraction == 1.0
    assert all_lost.statistics == {}
    assert 0 < some_lost.unconverged_fraction < 1
    assert np.isfinite(found["Delta"].value)


def test_same_seed_same_bits():
    one, two = (simulate(np.tanh, {"g": 1.0, "sigma": 1.0}, N=40, couplings=3, samples=8, seed=7) for _ in range(2))
    other = simulate(np.tanh, {"g": 1.0, "sigma": 1.0}, N=40, couplings=3, samples=8, seed=8)
    for name, values in one.statistics.items():
        np.testing.assert_array_equal(values, two.statistics[name])
        assert not np.any(values == other.statistics[name])


def test_streams_do_not_depend_on_how_many_are_drawn():
    few = simulate(np.tanh, {"g": 1.0, "sigma": 1.0}, N=40, couplings=2, samples=8, seed=7)
    many = simulate(np.tanh, {"g": 1.0, "sigma": 1.0}, N=40, couplings=4, samples=8, seed=7)
    for name, values in few.statistics.items():
        np.testing.assert_array_equal(values, many.statistics[name][:2])
    J, noise = draw(1.0, 1.0, N=40, samples=8, seed=7, coupling=3)
    same_J, more_noise = draw(1.0, 1.0, N=40, samples=20, seed=7, coupling=3)
    np.testing.assert_array_equal(J, same_J)
    np.testing.assert_array_equal(noise, more_noise[:, :8])


def test_streams_are_independent_of_each_other():
    """Every pair of streams: correlation within 5/sqrt(2500) of zero (p = 6e-7 a pair)."""
    sizes_and_couplings = [(50, 0), (50, 1), (51, 0)]
    matrices = [draw(1.0, 1.0, N=N, samples=50, seed=0, coupling=k) for N, k in sizes_and_couplings]
    streams = [part[:50, :50].ravel() for pair in matrices for part in pair]
    correlations = np.corrcoef(streams)[np.triu_indices(6, 1)]
    assert np.abs(correlations).max() < 5 / 50


def test_variances_of_couplings_and_noise():
    J, noise = draw(1.3, 0.6, N=200, samples=200, seed=4, coupling=0)
    for values, scale in ((J, 1.3 / np.sqrt(200)), (noise, 0.6)):
        tail = stats.chi2.sf(np.sum((values / scale) ** 2), values.size)
        assert 1e-4 < tail < 1 - 1e-4
    assert np.any(np.diagonal(J) != 0)  # self-couplings included


def test_weak_coupling_has_the_exact_moments():
    """g = 0: x is the noise, C = sigma^2 1, D = 1, no covariances (|z| < 4.5: p = 7e-6 each)."""
    sample = simulate(np.tanh, {"g": 0.0, "sigma": 0.8}, N=50, couplings=40, samples=30, seed=5)
    found = observables(sample.statistics, 0.0)
    for name, value in {"Delta": 0.64, "D_x": 1.0, "D_phi": 1.0, "n_var_cov_x": 0.0, "n_var_cov_phi": 0.0}.items():
        assert abs(found[name].value - value) < 4.5 * found[name].error


def test_activations_that_are_not_odd_get_connected_statistics():
    sample = simulate(lambda x: np.maximum(x, 0.0), {"g": 0.7, "sigma": 1.0}, N=60, couplings=2, samples=20, seed=6)
    assert not sample.centred
    assert sample.statistics["mean2_x"].shape == (2,)
    assert simulate(np.tanh, {"g": 0.7, "sigma": 1.0}, N=60, couplings=2, samples=20).centred


@pytest.mark.parametrize(
    ("function", "odd"),
    [(np.tanh, True), (power_two, True), (np.sinh, True), (np.abs, False), (lambda x: np.tanh(x - 1e-6), False)],
)
def test_is_odd(function, odd):
    assert is_odd(function) == odd


def test_constant_derivative():
    sample = simulate(linear, {"g": 0.5, "sigma": 1.0}, N=30, couplings=2, samples=8, phi_prime=lambda x: 1.0)
    np.testing.assert_array_equal(sample.statistics["slope2"], [1.0, 1.0])


def test_progress_and_shapes():
    seen = []
    sample = simulate(np.tanh, {"g": 0.5, "sigma": 1.0}, N=20, couplings=4, samples=8, progress=seen.append)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert sample.unconverged.shape == (4,)
    assert all(values.shape == (4,) for values in sample.statistics.values())
    with pytest.raises(dataclasses.FrozenInstanceError):
        sample.N = 5


def test_every_unusable_argument_is_named():
    with pytest.raises(InputError) as caught:
        simulate(np.tanh, {"g": -1.0, "sigma": np.nan}, N=1, couplings=0, samples=3, tolerance=0.0, max_iterations=0)
    assert len(caught.value.problems) == 7
