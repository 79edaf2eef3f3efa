"""The covariance matrix of one network in time: argument, exact linear networks, identities, simulated networks, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import solve_continuous_lyapunov
from scipy.optimize import brentq

import quenched
from numerics.backends import NumpyBackend
from numerics.compare.estimate import extrapolate, mean_estimate
from numerics.covariance.correlation import OneSite, one_site
from numerics.covariance.in_time import CovarianceInTime, LinearNetwork
from numerics.simulate.couplings import draw
from numerics.simulate.in_time import snapshots
from numerics.simulate.linear import LinearUnit
from numerics.simulate.schemes import heun
from tests.effort import one_in
from tests.mutation import altered_results
from theory.engine import functional
from theory.engine.matrices import rational_matrix
from theory.equivalence import two_times as equivalence_in_time

WHITE, QUIET = {"noise": "white", "sigma": 1.0}, {"noise": "none"}
OU = {"noise": "ou", "sigma": 1.0, "tau_n": 2.0}


def solved(text, **parameters):
    return quenched.Solver("dynamic", text).solve(**parameters)


def couplings(g, N, k=0, seed=1):
    return draw(g, N=N, seed=seed, coupling=k)[0]


def elliptic(g, eta, N, seed):
    """Couplings with <J_ij J_ji> = eta g^2/N."""
    one, two = np.random.default_rng(seed).normal(size=(2, N, N)) * g / np.sqrt(N)
    symmetric, antisymmetric = (one + one.T) / np.sqrt(2), (two - two.T) / np.sqrt(2)
    return np.sqrt((1 + eta) / 2) * symmetric + np.sqrt((1 - eta) / 2) * antisymmetric


def linear_unit(g, eta, noise):
    """One-site functions of the linear network by the elliptic law; h = 1/(1 + s)."""

    def unit(omega):
        h = 1 / (1 + 1j * omega)
        S = 2 * h / (1 + np.sqrt(1 - 4 * eta * g**2 * h**2))
        C = noise(omega) * np.abs(S) ** 2 / (1 - g**2 * np.abs(S) ** 2)
        return OneSite(S, S, C, C + 0j, C)

    return unit


def lyapunov(J, sigma, tau_n=None):
    """<x x^T> of the linear network, exactly."""
    N = len(J)
    if tau_n is None:
        return solve_continuous_lyapunov(J - np.eye(N), -(sigma**2) * np.eye(N))
    drift = np.block([[J - np.eye(N), np.eye(N)], [np.zeros((N, N)), -np.eye(N) / tau_n]])
    diffusion = np.zeros((2 * N, 2 * N))
    diffusion[N:, N:] = 2 * sigma**2 / tau_n * np.eye(N)
    return solve_continuous_lyapunov(drift, -diffusion)[:N, :N]


# ---- the argument ----------------------------------------------------------------------------------------------------

STEPS = equivalence_in_time.derive().derivation


def test_every_step_holds():
    STEPS.check()
    assert all(step.check is not None and step.is_read for step in STEPS)


@pytest.mark.parametrize(
    "step", one_in(3, [step for step in STEPS if step.after is not None]), ids=lambda step: step.title[:40]
)
def test_a_wrong_step_is_caught(step):
    wrong = list(altered_results(step.after))
    assert wrong and not any(replace(step, after=result).verify() for _, result in wrong)


def test_wrong_laws_are_caught():
    derived = equivalence_in_time.derive()
    planar = equivalence_in_time.C / derived.total
    assert not any(equivalence_in_time._beyond_planar(derived.inverse_F, planar))
    assert any(equivalence_in_time._beyond_planar(1 / equivalence_in_time.response, planar))
    bare = replace(
        functional.CUBIC, noise=rational_matrix(functional.TIMES, functional.TIMES, 9)
    )  # another C, the same S
    (of_pair,) = (step.after.rhs for step in STEPS if "The covariance of their activities" in step.title)
    assert functional._predicted(of_pair, bare) == functional._pair(bare) != functional._pair(functional.CUBIC)


# ---- exact networks --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [WHITE, OU, {"noise": "ou", "sigma": 0.7, "tau_n": 0.05}], ids=str)
def test_linear_network_is_exact_at_every_size(noise):
    J = couplings(0.6, 30)
    found = quenched.covariance(solved("x", g=0.6, **noise), J)
    exact = lyapunov(J, noise["sigma"], noise.get("tau_n"))
    for matrix in (found.phi, found.x, found.phi_x):
        np.testing.assert_allclose(matrix, exact, atol=1e-10)
    assert found.error < 1e-10


@pytest.mark.parametrize("g, eta", [(0.5, -0.7), (0.45, 0.8), (0.35, 1.0), (0.8, -1.0)])
def test_linear_network_with_symmetric_couplings_is_exact(g, eta):
    J = elliptic(g, eta, 24, seed=2)
    for unit, exact in (
        (linear_unit(g, eta, np.ones_like), lyapunov(J, 1.0)),
        (linear_unit(g, eta, lambda omega: 4 / (1 + 4 * omega**2)), lyapunov(J, 1.0, 2.0)),
    ):
        network = LinearNetwork(J, unit, g, eta)
        network.check_stability()
        for matrix in network.at_equal_times()[0]:
            np.testing.assert_allclose(matrix, exact, atol=1e-10 * np.abs(exact).max())


@pytest.mark.heavy
@pytest.mark.parametrize("g, eta", [(0.5, -0.7), (0.35, 0.8)])
def test_linear_network_with_symmetric_couplings_from_its_solution(g, eta):
    J = elliptic(g, eta, 60, seed=3)
    found = quenched.covariance(solved("x", g=g, eta=eta, **WHITE), J)
    for matrix in (found.phi, found.x, found.phi_x):
        np.testing.assert_allclose(matrix, lyapunov(J, 1.0), atol=1e-10)


@pytest.mark.parametrize("distance", [0.0, 1e-12, 1e-6])
def test_couplings_without_a_basis_of_eigenvectors(distance, monkeypatch):
    """A strictly triangular J has one eigenvector: the integral is done without any, as it is close to such a J."""
    monkeypatch.setattr(LinearNetwork, "_by_eigenvectors", lambda *_: pytest.fail("eigenvectors used"))
    one, two = np.random.default_rng(3).normal(size=(2, 12, 12)) * 0.2
    J = np.triu(one, 1) + distance * np.tril(two)
    for matrix in LinearNetwork(J, linear_unit(0.5, 0.0, np.ones_like), 0.5).at_equal_times()[0]:
        np.testing.assert_allclose(matrix, lyapunov(J, 1.0), atol=1e-9)


def test_without_coupling():
    solution = solved("tanh(x)", g=0.0, **WHITE)
    found = quenched.covariance(solution, np.zeros((3, 3)))
    for matrix, value in (
        (found.phi, solution.order_parameters["C_phi0"]),
        (found.x, 0.5),
        (found.phi_x, solution.observables["gain"] * 0.5),
    ):
        np.testing.assert_allclose(matrix, value * np.eye(3), atol=1e-11)


# ---- two routes to the same numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, g, noise", one_in(2, [("tanh(x)", 1.5, WHITE), ("tanh(x)", 1.2, OU), ("erf(x)", 1.5, QUIET)])
)
def test_spectra_at_every_frequency(text, g, noise):
    """x = h (J phi + xi) relates both spectra, transformed one by one, from zero to far beyond the nodes of the lag."""
    solution = solved(text, g=g, **noise)
    omega = np.concatenate([[0.0], np.geomspace(1e-3, 1e5, 60)])
    S, h, C, K, _ = one_site(solution, omega)
    X, _ = correlations(solution).spectra(omega)
    np.testing.assert_allclose(S, solution.observables["gain"] / (1 + 1j * omega))
    sigma, tau_n = noise.get("sigma", 0.0), noise.get("tau_n", 0.0)
    xi = {"none": 0.0, "white": sigma**2, "ou": 2 * sigma**2 * tau_n / (1 + (tau_n * omega) ** 2)}[noise["noise"]]
    np.testing.assert_allclose(X, np.abs(h) ** 2 * (g**2 * C + xi), atol=2e-11 * X[0])
    np.testing.assert_allclose(K, solution.observables["gain"] * X, atol=2e-11 * X[0])
    lag = np.linspace(0, 200, 400001)
    phi = quenched.autocovariance(solution, lag).phi
    np.testing.assert_allclose(C[0], 2 * (phi.sum() - phi[0] / 2) * lag[1], rtol=1e-7)  # kink at lag 0: second order


def correlations(solution):
    p, solver = solution.parameters, quenched.Solver("dynamic", solution.activation)
    numbers = tuple(p.get(name, 0.0) for name in solver.module.PARAMETERS)
    return solver.module.EQUATIONS.correlations(p["noise"], numbers, p.get("tau_n", 0.0))[3]


def by_residues(solution, J):
    """<phi phi^T> at eta = 0, h = 1/(1+s): poles at s = gain lambda - 1, without a frequency grid."""
    p, gain = solution.parameters, solution.observables["gain"]
    found = correlations(solution)
    values, V = np.linalg.eig(J)
    pole = 1 - gain * values
    rest = 1 - pole**2 - (p["g"] * gain) ** 2
    transformed = rest * found.laplace(pole)[1]
    inner = solution.order_parameters["C_phi0"] + (transformed[:, None] + transformed.conj()) / (
        pole[:, None] + pole.conj()
    )
    inverse = np.linalg.inv(V)
    return np.real(V @ (inner * (inverse @ inverse.conj().T)) @ V.conj().T)


@pytest.mark.parametrize(
    "text, g, noise", one_in(2, [("tanh(x)", 1.2, WHITE), ("erf(x)", 1.0, OU), ("erf(x)", 3.0, QUIET)])
)
def test_equal_times_by_residues(text, g, noise):
    solution, J = solved(text, g=g, **noise), couplings(g, 40, k=2)
    found = quenched.covariance(solution, J)
    np.testing.assert_allclose(found.phi, by_residues(solution, J), atol=1e-9)
    assert found.error < 1e-7


@pytest.mark.parametrize("g, noise", [(1.2, WHITE), (3.0, QUIET)])
def test_the_matrices_are_stationary(g, noise):
    """d<x x^T>/dt = 0 by the equation of motion: -2 <x x^T> + J <phi x^T> + <x phi^T> J^T + sigma^2 = 0, exactly."""
    J = couplings(g, 40, k=2)
    found = quenched.covariance(solved("tanh(x)", g=g, **noise), J)
    drift = J @ found.phi_x
    flow = -2 * found.x + drift + drift.T + noise.get("sigma", 0.0) ** 2 * np.eye(40)
    np.testing.assert_allclose(flow, 0, atol=1e-9)
    for matrix in (found.phi, found.x):
        np.testing.assert_array_equal(matrix, matrix.T)
        assert np.linalg.eigvalsh(matrix)[0] > 0


def test_equal_times_are_the_integral_over_frequencies():
    solution, J = solved("tanh(x)", g=1.0, **OU), couplings(1.0, 6, k=4)
    angle = np.pi * (np.arange(-40, 40) + 0.5) / 80
    spectra, found = quenched.covariance(solution, J, frequency=np.tan(angle)), quenched.covariance(solution, J)
    np.testing.assert_allclose(spectra.phi, spectra.phi.conj().swapaxes(1, 2), atol=1e-12)
    for name in ("phi", "x", "phi_x"):
        total = np.mean(getattr(spectra, name) / np.cos(angle)[:, None, None] ** 2, axis=0) / 2
        np.testing.assert_allclose(total, getattr(found, name), atol=1e-9)
    single = quenched.covariance(solution, J, frequency=np.tan(angle[50]))
    np.testing.assert_array_equal(single.x, spectra.x[50])


# ---- networks over couplings, simulated networks -------------------------------------------------------------------------


def test_traces_are_those_of_large_networks():
    """(1/N) tr of C and C^2 over couplings, extrapolated from N = 30, 60, 120: the theory within 4.5 errors (1e-5 each)."""
    solution = solved("tanh(x)", g=0.8, **WHITE)
    expected = solution.order_parameters["C_phi0"]
    sizes, columns = (30, 60, 120), []
    for N, count in zip(sizes, (60, 30, 16), strict=True):
        found = [quenched.covariance(solution, couplings(0.8, N, k)).phi for k in range(count)]
        columns.append(np.array([(np.trace(C) / N, np.sum(C**2) / N) for C in found]).T)
    limits = [extrapolate(sizes, [mean_estimate(column[k]) for column in columns]) for k in range(2)]
    for limit, target in zip(limits, (expected, expected**2 / solution.observables["PR_phi"]), strict=True):
        assert abs(limit.value - target) < 4.5 * limit.error < 0.1 * target


def test_symmetric_couplings_have_the_derived_traces():
    """(1/N) tr G and (1/N) tr G G^+ of random matrices, N = 400: they scatter by about 1/N = 0.0025."""
    for g, eta, unit in ((0.6, 0.5, 1.3 + 0.4j), (0.9, -0.8, 1.1 + 0.9j)):
        J = elliptic(g, eta, 400, seed=7)
        response = np.linalg.inv(unit * np.eye(400) - J)
        S = 2 / unit / (1 + np.sqrt(1 - 4 * eta * g**2 / unit**2))
        np.testing.assert_allclose(np.trace(response) / 400, S, atol=0.02)
        squared = abs(S) ** 2 / (1 - g**2 * abs(S) ** 2)
        np.testing.assert_allclose(np.sum(np.abs(response) ** 2) / 400, squared, rtol=0.03)


def compared(solution, noise, N, k, samples, T, predict=quenched.covariance):
    """Slope of simulated off-diagonal covariances on predicted ones, and their unexplained share, free of sampling noise."""
    J, stream = draw(solution.parameters["g"], N=N, seed=11, coupling=k)
    if eta := solution.parameters["eta"]:
        J = elliptic(solution.parameters["g"], eta, N, seed=k)
    unit = LinearUnit(noise["noise"], noise.get("sigma", 0.0), noise.get("tau_n", 1.0))
    scheme, library, burn = heun(unit, 0.2), NumpyBackend("float64"), 20
    numbers = (stream.standard_normal((5, scheme.noise, N, samples)) for _ in range(burn + int(T)))
    start = unit.start(stream, N, samples)
    at_times = [at.copy() for at in snapshots(library.advance(np.tanh, scheme), library, J, start, numbers)]
    x = np.stack(at_times[burn:], axis=-1)
    predicted, outside, rest = predict(solution, J), ~np.eye(N, dtype=bool), []
    halves = [x[:, part].reshape(N, -1) for part in (slice(samples // 2), slice(samples // 2, samples))]
    for kinds, P in ((("phi", "phi"), predicted.phi), (("x", "x"), predicted.x), (("phi", "x"), predicted.phi_x)):
        measured = []
        for half in halves:
            values = {"x": half, "phi": np.tanh(half)}
            measured.append((values[kinds[0]] @ values[kinds[1]].T / half.shape[1])[outside])
        one, two, p = *measured, P[outside]
        rest += [p @ (one + two) / 2 / (p @ p), ((one - p) @ (two - p)) / (one @ two)]
    return rest


def test_a_simulated_network():
    """N = 300, tanh, g = 0.9: off the diagonal the predicted matrices are those of the simulated network.

    Over ten networks the slopes are 0.994 +- 0.010 and the unexplained shares -0.001 +- 0.008 (standard deviations); five of them
    are allowed.  With the gain off by 10% the slopes are below 0.89.
    """
    noise = {"noise": "white", "sigma": 0.7}
    solution = solved("tanh(x)", g=0.9, **noise)
    found = compared(solution, noise, 300, 0, 8, 300.0)
    for slope, share in zip(found[::2], found[1::2], strict=True):
        assert abs(slope - 0.994) < 0.052
        assert share < 0.04
    assert max(compared(solution, noise, 300, 0, 8, 300.0, stronger)[::2]) < 0.9


def stronger(solution, J):
    """The prediction with a response of phi that is too strong by 10%."""

    def unit(omega):
        site = one_site(solution, omega)
        return site._replace(S=1.1 * site.S, K=1.1 * site.K)

    phi, x, phi_x = LinearNetwork(J, unit, solution.parameters["g"]).at_equal_times()[0]
    return CovarianceInTime(phi, x, phi_x)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "g, eta, noise", [(0.9, 0.0, {"noise": "white", "sigma": 0.7}), (1.1, 0.0, OU), (1.5, -0.4, WHITE)], ids=str
)
def test_simulated_networks_approach_the_prediction(g, eta, noise):
    """Slopes tend to 1 and unexplained shares to 0 as N grows, linearly in 1/N; six values, 2e-5 false alarms each."""
    solution, sizes = solved("tanh(x)", g=g, eta=eta, **noise), (100, 200, 400)
    columns = [
        np.array([compared(solution, noise, N, k, 16, 200.0) for k in range(count)]).T
        for N, count in zip(sizes, (14, 8, 5), strict=True)
    ]
    for k in range(6):
        limit = extrapolate(sizes, [mean_estimate(column[k]) for column in columns])
        target = 1.0 - k % 2
        assert abs(limit.value - target) < stats.t.isf(1e-5, limit.error_dof) * limit.error, k
        assert limit.error < (0.03 if target else 0.01), k


# ---- cautions and refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("g, noise", [(2.0, QUIET), (3.0, QUIET)])
def test_unstable_networks_are_those_with_an_eigenvalue_beyond_one_over_the_gain(g, noise):
    solution = solved("tanh(x)", g=g, **noise)
    limit, outcomes = 1 / solution.observables["gain"], set()
    for k in range(12):
        J = couplings(g, 40, k)
        top = np.linalg.eigvals(J).real.max()
        if stable := top < limit:
            assert quenched.covariance(solution, J).phi.shape == (40, 40)
        else:
            with pytest.raises(quenched.DomainError, match="unstable: of the 40 eigenvalues"):
                quenched.covariance(solution, J)
        outcomes.add(stable)
    assert outcomes == {True, False}


def test_stability_with_a_delay():
    """F = a exp(-2s)/(1+s): an oscillation sets in at lambda = -1/|F| where F is negative, not at the real end lambda = 1/a."""
    a, delay = 0.5, 2.0
    crossing = brentq(lambda w: delay * w + np.arctan(w) - np.pi, 0.1, 3.0)  # phase of F is -pi
    onset = -np.hypot(1, crossing) / a

    def unit(omega):
        h = np.exp(-1j * delay * omega) / (1 + 1j * omega)
        C = 1 / (1 + omega**2)
        return OneSite(a * h, h, C, a * C + 0j, C)

    for value, stable in ((0.99 * onset, True), (1.01 * onset, False), (1.99, True), (2.01, False)):
        network = LinearNetwork(np.array([[value]]), unit, 0.1)
        if stable:
            network.check_stability()
        else:
            with pytest.raises(quenched.DomainError, match="1 lie beyond"):
                network.check_stability()


def test_networks_too_small_for_the_prediction_carry_a_message():
    near = quenched.covariance(solved("tanh(x)", g=1.5, **WHITE), couplings(1.5, 60, 1))
    assert len(near.messages) == 2
    assert "2.82 times" in near.messages[1]
    assert quenched.covariance(solved("tanh(x)", g=0.8, **WHITE), couplings(0.8, 120)).messages == ()


def test_unusable_input():
    solution, J = solved("tanh(x)", g=1.0, **WHITE), couplings(1.0, 60)
    symmetric = (J + J.T) / np.sqrt(2)
    for wrong, text in ((J[:30], "shape"), (1.5 * J, "mean square"), (symmetric, "eta g\\^2")):
        with pytest.raises(quenched.InputError, match=text):
            quenched.covariance(solution, wrong)
    for frequency in (np.nan, "a", []):
        with pytest.raises(quenched.InputError, match="frequency"):
            quenched.covariance(solution, J, frequency=frequency)
    static = quenched.Solver("static", "tanh(x)").solve(g=1.0, sigma=1.0)
    with pytest.raises(quenched.InputError, match="frequency"):
        quenched.covariance(static, J, frequency=1.0)
    with pytest.raises(quenched.InputError, match="dynamic"):
        one_site(static, 0.0)
    with pytest.raises(quenched.InputError, match="finite"):
        one_site(solution, np.inf)
