"""The inverse problem: the effective coupling of a network from the covariance matrix of its activity."""

import numpy as np
import pytest

import quenched
from numerics.simulate.fixed_points import draw, fixed_points
from tests.effort import one_in


def linear_covariance(g, N, random, samples=None):
    R = np.linalg.inv(np.eye(N) - g * random.normal(size=(N, N)) / np.sqrt(N))
    if samples is None:
        return R @ R.T
    activity = R @ random.normal(size=(N, samples))
    return activity @ activity.T / samples


@pytest.mark.parametrize("g, samples", one_in(3, [(0.55, 40), (0.55, None), (0.2, None)]))
def test_coupling_and_its_error(g, samples):
    """Deviations over errors of 60 networks: mean 0 and spread 1.

    Allowed for the mean: 0.2 for the remaining bias (measured 0.03 to 0.2) and 4 standard errors of 1/sqrt(60) (6e-5); for
    the spread 0.6 to 1.5, 4 standard errors and more.
    """
    random, N = np.random.default_rng([9, int(100 * g)]), 50
    pulls = []
    for _ in range(60):
        found = quenched.effective_coupling(linear_covariance(g, N, random, samples), samples=samples, draws=40)
        pulls.append((found.value - g) / found.error)
    assert abs(np.mean(pulls)) < 0.2 + 4 / np.sqrt(60)
    assert 0.6 < np.std(pulls) < 1.5


def test_sampling_noise_counts():
    """40 samples of 50 units without coupling: taken as exact, their covariance pretends g_eff = 0.58.

    With the noise taken out g_eff^2 scatters about 0 by about 0.02, so that 0.35 is 6 standard deviations.
    """
    C = linear_covariance(0.0, 50, np.random.default_rng(1), samples=40)
    taken_out, ignored = (quenched.effective_coupling(C, samples=n) for n in (40, None))
    assert taken_out.value < 0.35 < 0.45 < ignored.value - 4 * ignored.error


@pytest.mark.parametrize("text, g", one_in(3, [("power(3/4)", 0.5), ("tanh(x)", 1.0), ("x/(1+x^2/3)", 0.8)]))
def test_simulated_network_reveals_its_coupling(text, g):
    """g |<phi'>| within 4.5 errors (1e-5), from 400 samples of one network of 100 units; the activation is not used."""
    solver = quenched.Solver("static", text)
    J, noise = draw(g, 1.0, N=100, samples=400, seed=21, coupling=0)
    x, converged = fixed_points(solver.module.phi, J, noise)
    activity = solver.module.phi(x[:, converged])
    samples = activity.shape[1]
    found = quenched.effective_coupling(activity @ activity.T / samples, samples=samples)
    expected = g * solver.solve(g=g, sigma=1).observables["gain"]
    assert abs(found.value - expected) < 4.5 * found.error < 0.5 * expected


def test_units_and_form_do_not_matter():
    C = linear_covariance(0.5, 40, np.random.default_rng(2))
    plain = quenched.effective_coupling(C)
    np.testing.assert_allclose(quenched.effective_coupling(7 * C), plain, rtol=1e-9)
    np.testing.assert_allclose(quenched.effective_coupling(np.linalg.eigvalsh(C)), plain, rtol=1e-9)
    assert quenched.effective_coupling(C) == plain
    assert quenched.effective_coupling(np.eye(20)).value == 0


def test_unusable_input():
    C = np.eye(12)
    for wrong, text in (
        (np.eye(5), "shape"),
        (C[:7], "shape"),
        (C + np.triu(np.ones((12, 12)), 1), "symmetric"),
        (np.full(12, np.nan), "finite"),
        (-np.ones(12), "not negative"),
        (np.zeros((12, 12)), "not all zero"),
        ("C", "numbers"),
    ):
        with pytest.raises(quenched.InputError, match=text):
            quenched.effective_coupling(wrong)
    with pytest.raises(quenched.InputError) as caught:
        quenched.effective_coupling(np.eye(3), samples=1, draws=2.5)
    assert len(caught.value.problems) == 3
