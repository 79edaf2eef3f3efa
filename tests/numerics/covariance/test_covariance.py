"""The covariance matrix at fixed couplings: exact identities, agreement with the theory, simulated networks."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import quenched
from numerics.compare.estimate import extrapolate, mean_estimate
from numerics.simulate.fixed_points import draw, fixed_points
from tests.effort import one_in
from tests.reference import rows

ROWS = [row for row in rows() if row[3]["stability"] < 1]


def solved(text, g, sigma=1.0):
    solver = quenched.Solver("static", text)
    return solver.module.phi, solver.solve(g=g, sigma=sigma)


def couplings(g, N, seed=0):
    return draw(g, 1.0, N=N, samples=1, seed=seed, coupling=0)[0]


# ---- identities ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", one_in(4, [(row,) for row in ROWS]), ids=lambda row: f"{row[0]} g={row[1]:g}")
def test_the_matrices_obey_the_equation_of_motion(row):
    """x = J phi + xi with <phi xi^T> = gain sigma^2 R: two relations between the three matrices, to rounding."""
    text, g, sigma, known = row
    _, solution = solved(text, g, sigma)
    J = couplings(g, 40)
    phi, x, phi_x = quenched.covariance(solution, J)
    with_noise = known["gain"] * sigma**2 * np.linalg.inv(np.eye(40) - known["gain"] * J)
    scale = np.abs(x).max()
    np.testing.assert_allclose(phi_x, phi @ J.T + with_noise, atol=1e-11 * scale)
    np.testing.assert_allclose(x, J @ phi_x + with_noise.T @ J.T + sigma**2 * np.eye(40), atol=1e-11 * scale)
    for matrix in (phi, x):
        np.testing.assert_array_equal(matrix, matrix.T)
        assert np.linalg.eigvalsh(matrix)[0] > 0


def test_linear_network_is_exact_at_every_size():
    _, solution = solved("x", 0.6, 1.3)
    J = couplings(0.6, 5, seed=3)
    response = np.linalg.inv(np.eye(5) - J)
    for matrix in quenched.covariance(solution, J):
        np.testing.assert_allclose(matrix, 1.3**2 * response @ response.T, rtol=1e-12, atol=1e-13)


def test_without_coupling():
    _, solution = solved("tanh(x)", 0.0, 0.8)
    phi, x, phi_x = quenched.covariance(solution, np.zeros((3, 3)))
    np.testing.assert_allclose(phi, solution.order_parameters["C_phi"] * np.eye(3), rtol=1e-13)
    np.testing.assert_allclose(x, 0.64 * np.eye(3), rtol=1e-13)
    np.testing.assert_allclose(phi_x, solution.observables["gain"] * 0.64 * np.eye(3), rtol=1e-13)


@pytest.mark.parametrize("text, g", [pytest.param("tanh(x)", 1.0, marks=pytest.mark.heavy), ("power(3/4)", 0.5)])
def test_statistics_over_couplings_are_those_of_the_theory(text, g):
    """Traces of the predicted matrices, extrapolated from N = 50, 100, 200: the theory within 4.5 errors (1e-5 each)."""
    _, solution = solved(text, g)
    expected = {**solution.order_parameters, **solution.observables}
    sizes, table = (50, 100, 200), {key: [] for key in ("C_phi", "Delta", "n_var_cov_phi", "n_var_cov_x")}
    for N, count in zip(sizes, (160, 80, 40), strict=True):
        found = []
        for k in range(count):
            phi, x, _ = quenched.covariance(solution, draw(g, 1.0, N=N, samples=1, seed=1, coupling=k)[0])
            outside = [np.mean(C[~np.eye(N, dtype=bool)] ** 2) * N for C in (phi, x)]
            found.append([np.trace(phi) / N, np.trace(x) / N, *outside])
        for key, column in zip(table, np.array(found).T, strict=True):
            table[key].append(mean_estimate(column))
    for key, estimates in table.items():
        limit = extrapolate(sizes, estimates)
        assert abs(limit.value - expected[key]) < 4.5 * limit.error
        assert limit.error < 0.05 * expected[key]


# ---- simulated networks ----------------------------------------------------------------------------------------------


def compared(text, g, N, coupling, samples):
    """Regression slope of simulated off-diagonal covariances on predicted ones, and their unexplained share of variance.

    Both are free of the sampling noise of the covariances: the slope by linearity, the share by two independent halves.
    """
    phi, solution = solved(text, g)
    J, noise = draw(g, 1.0, N=N, samples=samples, seed=11, coupling=coupling)
    x, converged = fixed_points(phi, J, noise)
    assert converged.mean() > 0.999  # power laws leave out one draw in thousands
    x = x[:, converged]
    predicted, outside, rest = quenched.covariance(solution, J), ~np.eye(N, dtype=bool), []
    f, half = phi(x), x.shape[1] // 2
    for a, b, P in ((f, f, predicted.phi), (x, x, predicted.x), (f, x, predicted.phi_x)):
        one, two = ((a[:, part] @ b[:, part].T / half)[outside] for part in (slice(half), slice(half, 2 * half)))
        p = P[outside]
        rest += [p @ (one + two) / 2 / (p @ p), ((one - p) @ (two - p)) / (one @ two)]
    return rest


def agrees(text, g, sizes, counts, samples):
    """Slopes tend to 1 and unexplained shares to 0 as N grows, linearly in 1/N.

    Six values, each by a t-test with a false-alarm rate of 2e-5, resolved to 0.05 (slopes) and 0.02 (shares) or better.
    """
    columns = [
        np.array([compared(text, g, N, k, samples) for k in range(count)]).T
        for N, count in zip(sizes, counts, strict=True)
    ]
    for quantity, name in enumerate(("phi", "phi share", "x", "x share", "phi x", "phi x share")):
        limit = extrapolate(sizes, [mean_estimate(column[quantity]) for column in columns])
        target = 0.0 if name.endswith("share") else 1.0
        allowed = stats.t.isf(1e-5, limit.error_dof) * limit.error
        assert abs(limit.value - target) < allowed < (0.05 if target else 0.02), f"{name}: {limit}"


@pytest.mark.heavy
def test_simulated_covariances_are_the_predicted_ones():
    """For phi at N = 60, 120, 240 the slopes are 0.950, 0.977, 0.995 and the unexplained shares 0.015, 0.006, 0.002."""
    agrees("tanh(x)", 1.0, sizes=(50, 100, 200), counts=(24, 16, 10), samples=900)


@pytest.mark.heavy
@pytest.mark.parametrize("text, g", [("tanh(x)", 1.0), ("x/(1+x^2/3)", 0.8), ("power(3/4)", 0.5)])
def test_simulated_covariances_at_larger_sizes(text, g):
    agrees(text, g, sizes=(100, 200, 400), counts=(20, 12, 8), samples=1600)


def test_a_wrong_gain_is_seen():
    """With the gain off by 10% the slope at N = 200 is off by more than its distance from 1 there."""
    phi, solution = solved("tanh(x)", 1.0)
    wrong = replace(solution, observables={**solution.observables, "gain": 1.1 * solution.observables["gain"]})
    J, noise = draw(1.0, 1.0, N=200, samples=1000, seed=11, coupling=0)
    x, _ = fixed_points(phi, J, noise)
    outside = ~np.eye(200, dtype=bool)
    measured = (phi(x) @ phi(x).T / 1000)[outside]
    slopes = [p @ measured / (p @ p) for p in (quenched.covariance(s, J).phi[outside] for s in (solution, wrong))]
    assert abs(slopes[0] - 1) < 0.05 < 0.1 < abs(slopes[1] - 1)


# ---- refusals --------------------------------------------------------------------------------------------------------


def test_unusable_couplings():
    _, solution = solved("tanh(x)", 1.0)
    J = couplings(1.0, 100)
    spoiled = J.copy()
    spoiled[3, 4] = np.nan
    for wrong, text in (
        (J[:50], "shape"),
        (J[0], "shape"),
        (np.empty((0, 0)), "shape"),
        (spoiled, "finite"),
        ([["a"]], "numbers"),
        (1.5 * J, "g\\^2"),
        (np.zeros((100, 100)), "g\\^2"),
    ):
        with pytest.raises(quenched.InputError, match=text):
            quenched.covariance(solution, wrong)
    with pytest.raises(quenched.InputError) as caught:
        quenched.covariance(solution, spoiled[:50])
    assert len(caught.value.problems) == 2
    with pytest.raises(quenched.InputError, match="static"):
        quenched.covariance({"Delta": 1.0}, J)


def test_couplings_without_diagonal_are_taken():
    _, solution = solved("tanh(x)", 1.0)
    J = couplings(1.0, 100)
    np.fill_diagonal(J, 0.0)
    assert quenched.covariance(solution, J).x.shape == (100, 100)


def test_out_of_domain():
    _, solution = solved("x", 0.9)
    seed = next(k for k in range(200) if np.abs(np.linalg.eigvals(couplings(0.9, 4, seed=k))).max() > 1)
    with pytest.raises(quenched.DomainError, match="spectral radius"):
        quenched.covariance(solution, couplings(0.9, 4, seed=seed))
    _, formal = solved("power(1/2)", 0.5)
    J = couplings(0.5, 60)
    with pytest.raises(quenched.DomainError, match="formal=True"):
        quenched.covariance(formal, J)
    assert quenched.covariance(formal, J, formal=True).phi.shape == (60, 60)
