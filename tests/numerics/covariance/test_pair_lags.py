"""Pair statistics at two lags: against residues, a uniform grid, random matrices, identities, published values.

Source: Clark, Abbott, Litwin-Kumar 2023 (PRL 131 118401).
"""

import numpy as np
import pytest
from scipy import integrate, linalg

from numerics.algorithms.filtered import Drive
from numerics.algorithms.plane import PairPlane
from numerics.solve.solver import Solver
from tests.filters import Network, ou, published, white

ONE, ALPHA = ([1.0], [1.0, 1.0]), ([1.0], [1.0, 2.0, 1.0])


@pytest.fixture(scope="module")
def solvers():
    known = {}
    return lambda text: known.setdefault(text, Solver("dynamic", text))


@pytest.fixture(scope="module")
def chaotic(solvers):
    return Network(solvers("tanh(x)"), 2.0, Drive(), *ONE)


@pytest.mark.parametrize(
    ("text", "g", "drive", "numbers"),
    [
        ("tanh(x)", 2.0, Drive(), {"noise": "none"}),
        ("tanh(x)", 1.5, white(), {"sigma": 1.0}),
        ("tanh(x)", 1.5, ou(1.0), {"sigma": 1.0, "tau_n": 1.0, "noise": "ou"}),
        ("x", 0.6, white(), {"sigma": 1.0}),
        pytest.param("sign(x)", 0.8, white(), {"sigma": 1.0}, marks=pytest.mark.heavy),
        pytest.param("tanh(x)", 1.25, Drive(), {"noise": "none"}, marks=pytest.mark.heavy),
        pytest.param("tanh(x)", 1.05, Drive(), {"noise": "none"}, marks=pytest.mark.heavy),
    ],
)
def test_dimension_against_residues(solvers, text, g, drive, numbers):
    network = Network(solvers(text), g, drive, *ONE)
    (of_phi, of_x), error = network.dimensions()
    expected = solvers(text).solve(g=g, **numbers).observables
    assert of_phi == pytest.approx(expected["PR_phi"], rel=1e-10)
    assert of_x == pytest.approx(expected["PR_x"], rel=1e-10)
    assert np.all(error < 1e-9)


def test_published_decay_of_pair_correlations(chaotic):
    lag = np.array([0.0, 1.6, 3.2, 6.4, 12.8, 25.6])
    psi, _ = chaotic.plane().at(lag, lag)
    assert psi[0, 1:] / psi[0, 0] == pytest.approx([0.981, 0.931, 0.793, 0.540, 0.248], abs=6e-4)
    assert chaotic.plane().slow_integral()[0] / psi[0, 0] == pytest.approx(19.144, abs=6e-4)


def test_integral_over_lags(chaotic):
    """int_0^oo psi(tau, tau) dtau two ways: over lags, over frequencies."""
    plane, lag = chaotic.plane(), np.linspace(0.0, 600.0, 3001)
    over_lags = integrate.simpson(plane.at(lag, lag)[0], x=lag)
    assert over_lags == pytest.approx(plane.slow_integral(), rel=1e-9)


def test_slow_and_fast_lags(chaotic):
    """psi(tau, tau) decays slowly, at the rate of the pole (1 + s)^2 = (g <phi'>)^2 on both axes, times tau^(-1/2)."""
    lag, step = np.array([150.0, 200.0, 260.0, 340.0]), 1.0
    before, after = (chaotic.plane().at(lag + d, lag + d)[0] for d in (-step, step))
    rates = np.log(before / after) / (2 * step)
    series = np.array([np.polyfit(1 / lag, r, 3) for r in rates])  # the rate at infinite lag, and the power of the lag
    assert series[:, 3] == pytest.approx(2 * (1 - 2 * chaotic.gain), rel=1e-3)
    assert series[:, 2] == pytest.approx(0.5, abs=0.05)
    equal, slow, fast = np.moveaxis(chaotic.plane().at([0.0, 12.8, 12.8], [0.0, 12.8, -12.8])[0], 1, 0)
    assert np.all(fast < 0.15 * slow) and np.all(slow < equal)


def test_uniform_grid(solvers):
    """The trapezoidal rule in both frequencies converges exponentially where C decays exponentially."""
    network = Network(solvers("tanh(x)"), 3.0, Drive(), *ONE)
    omega = 0.0143 * (np.arange(-600, 600) + 0.5)
    sites = [np.where(omega > 0, f, np.conj(f)) for f in network.sites()(np.abs(omega))]
    values = published(3.0)([f[:, None] for f in sites], [f[None, :] for f in sites])
    pairs = np.array([[0.0, 0.0], [3.0, 1.0], [-2.0, 5.0], [20.0, 20.0], [7.0, -7.0]])
    waves = np.exp(1j * np.outer(pairs.ravel(), omega)).reshape(len(pairs), 2, -1)
    expected = [[np.real(a @ v @ b) * (0.0143 / (2 * np.pi)) ** 2 for a, b in waves] for v in values]
    psi, error = PairPlane(network.sites(), published(3.0), 0.02).at(*pairs.T)
    assert np.all(np.abs(psi - expected) < 1e-9 * psi[:, :1])
    assert np.all(error < 1e-9 * psi[:, :1])


def test_symmetries_and_bounds(chaotic):
    """psi(t1, t2) = psi(t2, t1) = psi(-t1, -t2); psi(t1, t2)^2 <= psi(t1, t1) psi(t2, t2)."""
    plane, (one, two) = chaotic.plane(), np.random.default_rng(5).uniform(-20, 20, (2, 40))
    psi = plane.at(one, two)[0]
    assert plane.at(two, one)[0] == pytest.approx(psi, rel=1e-10)
    assert plane.at(-one, -two)[0] == pytest.approx(psi, rel=1e-10)
    assert np.all(psi**2 <= plane.at(one, one)[0] * plane.at(two, two)[0] * (1 + 1e-9))
    assert plane.at(np.ones((2, 3)), 0.5)[0].shape == (2, 2, 3)


def test_delay(solvers):
    """exp(-delay s) leaves one unit and psi(w, -w) as they are and turns S_1 S_2: equal-time dimension rises."""
    network = Network(solvers("tanh(x)"), 1.5, white(), *ALPHA)
    prompt, late = network.plane(), network.plane(delay=1.0)
    assert late.slow_integral() == pytest.approx(prompt.slow_integral(), rel=1e-9)
    (at_once, _), (delayed, error) = network.dimensions(), network.dimensions(delay=1.0)
    assert np.all(delayed > at_once * 1.2) and np.all(error < 1e-7)
    far = network.dimensions(delay=4.0)[0]
    assert np.all(far > delayed)


@pytest.mark.parametrize(
    ("eta", "g", "expected"), [(-0.5, 0.5, 0.93576), (0.8, 0.45, 0.69807), (1.0, 0.35, 0.83324), (-0.7, 0.8, 0.90989)]
)
def test_linear_network_with_partially_symmetric_couplings(eta, g, expected):
    """Elliptic law; psi = C_1 C_2 (Re[(1+z)/(1-z)]/|1-y|^2 - 1); reference values confirmed by random matrices."""

    def sites(omega):
        f = 1 / (1 + 1j * omega)
        response = 2 * f / (1 + np.sqrt(1 - 4 * eta * g**2 * f**2))
        power = np.abs(response) ** 2 / (1 - g**2 * np.abs(response) ** 2)
        return response, response, power, power, power

    def entries(one, two):
        y, z = g**2 * one[0] * two[0], eta * g**2 * one[0] * np.conj(two[0])
        psi = one[2] * two[2] * (np.real((1 + z) / (1 - z)) / np.abs(1 - y) ** 2 - 1)
        return psi, psi

    omega = np.tan(np.pi / 2 * (np.arange(20000) + 0.5) / 20000)
    variance = np.mean(sites(omega)[2] * (1 + omega**2)) / 2  # int domega/2 pi
    psi, error = PairPlane(sites, entries, 0.1).at(0.0, 0.0)
    assert variance**2 / (variance**2 + psi[0]) == pytest.approx(expected, abs=6e-6)
    assert error[0] < 1e-9 * psi[0]


def test_what_cannot_be_resolved_says_so(solvers):
    network = Network(solvers("x"), 0.5, white(), *ONE)
    assert not PairPlane(network.sites(delay=300.0), published(0.5), 0.1).resolved


@pytest.mark.heavy
def test_random_matrices(solvers):
    """A linear network of alpha-function units with white noise: covariances of x from a Lyapunov equation, 6 draws of J.

    False-alarm rate 1e-3 at 4 standard errors (Student, 5 degrees of freedom: 1e-2 two-sided at 4.03), plus a bias of order 1/N.
    """
    g, n, lag = 0.5, 300, 2.0
    rng, draws = np.random.default_rng(11), []
    for _ in range(6):
        coupling = rng.standard_normal((n, n)) * g / np.sqrt(n)
        # states u, x: u' = -u + J x + xi, x' = -x + u
        drift = np.block([[-np.eye(n), coupling], [np.eye(n), -np.eye(n)]])
        noise = np.zeros((2 * n, 2 * n))
        noise[:n, :n] = np.eye(n)
        equal = linalg.solve_continuous_lyapunov(drift, -noise)
        later = (linalg.expm(drift * lag) @ equal)[n:, n:]
        now = equal[n:, n:]
        draws.append([np.sum(c * c) / n - np.trace(c) ** 2 / n**2 for c in (now, later)])
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0, ddof=1) / np.sqrt(6)
    network = Network(solvers("x"), g, white(), *ALPHA)
    psi = network.plane().at([0.0, lag], [0.0, lag])[0][1]
    assert np.all(np.abs(mean - psi) < 4 * error + 0.02 * psi)
    assert np.all(error < 0.05 * psi)
