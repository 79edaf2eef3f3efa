"""Trained readouts: exact linear algebra, the dynamics of the closed loop, and what training makes of unstable targets.

Physics: Mastrogiuseppe, Ostojic 2019 (Neural Computation 31, 1139). FORCE: Sussillo, Abbott 2009 (Neuron 63, 544).
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import linalg, optimize

from numerics.compare.estimate import mean_estimate
from numerics.readout.network import FeedbackNetwork
from numerics.readout.training import report
from numerics.simulate.simulation import simulate
from quenched.jsontext import json_text
from theory.errors import DomainError, InputError

MIXED = {"g": 0.3, "Sm": 1.2, "SI": 0.5, "rho": 0.5, "p": 1, "pm": 1, "pI": 0.3}
LOOP = {"g": 0.8, "Sm": 1.2, "SI": 0.5, "rho": 0, "p": 0, "pm": 1, "pI": 0}
OPPOSED = {"g": 0.5, "Sm": 1.0, "SI": 1.0, "rho": 0.975}  # at A < 0 the feedback nearly cancels the input


def net(parameters=MIXED, activation="tanh(x)", **settings):
    return FeedbackNetwork.draw(activation, {"p": 0, "pm": 1, "pI": 0} | parameters, **settings)


def training(activation, parameters, *, method="least_squares", **settings):
    """Networks trained by a method, as the command `simulate` runs them."""
    return simulate("feedback", activation, parameters, training=method, **settings)


# readouts


@pytest.mark.parametrize("activation", ["tanh(x)", "relu(x)", "x/(1+x^2)", "power(3/4)"])
def test_readouts_have_the_output_they_were_trained_to(activation):
    network = net(activation=activation, N=80, seed=1)
    activity = network.phi(network.state(0.7))
    for n in (network.calibrate(0.7), network.least_squares(0.7)):
        assert n @ activity == pytest.approx(0.7, rel=1e-12)
        assert network.output_curve(0.7, n)[0] == pytest.approx(0.7, rel=1e-9)
    smallest = np.linalg.lstsq(activity[None], np.array([0.7]), rcond=None)[0]
    np.testing.assert_allclose(network.least_squares(0.7), smallest, rtol=1e-9)


def test_ridge_is_least_squares_times_a_factor():
    """The minimum of (n.phi - A)^2 + N h |n|^2 by linear algebra, and A/(1 + h/<phi^2>)."""
    network = net(N=60, seed=2)
    activity = network.phi(network.state(-0.8))
    n = network.ridge(-0.8, 0.05)
    minimum = np.linalg.solve(np.outer(activity, activity) + 60 * 0.05 * np.eye(60), -0.8 * activity)
    np.testing.assert_allclose(n, minimum, rtol=1e-9)
    factor = 1 / (1 + 0.05 / np.mean(activity**2))
    np.testing.assert_allclose(n, factor * network.least_squares(-0.8), rtol=1e-12)


def test_recursive_least_squares_is_ridge_over_all_visited_states():
    network = net(N=40, seed=3)
    calls = []

    def recorded(x):
        calls.append(network.phi(x))
        return calls[-1]

    x0 = np.random.default_rng(4).standard_normal(40)
    spy = FeedbackNetwork(recorded, network.phi_prime, network.frozen, network.g)
    trained = spy.force(1.0, 0.3, T=4, dt=0.1, every=2, x0=x0)
    assert len(trained.t) == 20 and trained.t[-1] == pytest.approx(4)
    visited = np.hstack(calls[8::9])  # two steps of four stages, then the update
    assert visited.shape == (40, 20)
    batch = np.linalg.solve(visited @ visited.T + 0.3 * np.eye(40), visited.sum(axis=1))
    np.testing.assert_allclose(trained.n, batch, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(np.tanh(trained.x), visited[:, -1], rtol=1e-12)
    assert trained.z[0] == 0


def test_the_loop_function_follows_theory():
    """a/lambda + 2 snx Q' s/(lambda - G) with the readout along the feedback, A = 1; variance 2.0241 by 40-digit mpmath.

    60 networks of 150 units; real and imaginary parts at three lambda within 4 standard errors: false alarm below 2e-3.
    """
    lam = np.array([1.0, 0.8 + 0.5j, -0.9 + 0.2j])
    y = np.linspace(-12, 12, 4001)
    w = np.exp(-(y**2) / 2) / np.sum(np.exp(-(y**2) / 2))
    f = np.tanh(np.sqrt(2.024142283699964) * y)
    phi1, phi2 = 1 - f**2, -2 * f * (1 - f**2)
    phi3 = -2 * phi1**2 - 2 * f * phi2
    G = 0.64 * (w @ (phi1**2 + f * phi2))
    theory = 1 / lam + 1.44 * (w @ phi3) / (w @ phi1) / (lam - G)  # a = 1; snx Q = A = 1, s = A Sm^2
    values = []
    for k in range(60):
        network = net(LOOP, N=150, seed=3, network=k)
        n, x = network.calibrate(1.0), network.state(1.0)
        values.append(network.loop_function(n, x, lam))
        assert values[-1][0].real == pytest.approx(network.output_slope(n, x), rel=1e-10)
    top = network.leading_outlier(n, x) or network.jacobian_eigenvalues(n, x)[0]
    assert network.loop_function(n, x, top) == pytest.approx(1, rel=1e-7)
    for part in (np.real, np.imag):
        for expected, column in zip(part(theory), part(values).T, strict=True):
            estimate = mean_estimate(column)
            assert abs(estimate.value - expected) <= 4 * estimate.error


# the closed loop


def test_a_linear_loop_runs_as_its_matrix_exponential():
    network = net({"g": 0.6, "Sm": 1.2, "SI": 0.5, "rho": 0.5}, "x", N=30, seed=5)
    n = 0.3 * network.frozen.direction
    A = network.frozen.J + np.outer(network.frozen.m, n) - np.eye(30)
    x0 = np.random.default_rng(6).standard_normal((30, 2))
    rest = -np.linalg.solve(A, network.frozen.I)
    path = network.run(n, x0, 3.0, points=4, tolerance=1e-9)
    for t, z in zip(path.t, path.z, strict=True):
        np.testing.assert_allclose(z, n @ (rest[:, None] + linalg.expm(A * t) @ (x0 - rest[:, None])), atol=1e-7)
    settled = network.settle(n, rest * 1.01)
    np.testing.assert_allclose(settled, rest, rtol=1e-8)


def test_every_fixed_point_is_found_and_its_stability_is_that_of_the_dynamics():
    """The readout along the feedback alone, A = 1: outputs near A and -A are stable, one near 0 is a saddle."""
    network = net(LOOP, N=150, seed=7)
    n = network.calibrate(1.0)
    states = network.fixed_points(n, np.linspace(-2, 2, 41))
    assert [state.stable for state in states] == [True, False, True]
    assert states[2].z == pytest.approx(1, abs=1e-8)
    on_grid = network.fixed_points(n, np.linspace(-2, 2, 5))  # z = 1 is one of them
    assert [state.z for state in on_grid] == pytest.approx([state.z for state in states], abs=1e-7)
    ends = network.final_states(n, 16, seed=8, T=60)
    assert {end.kind for end in ends} == {"fixed point"} and sum(end.share for end in ends) == 1
    stable = sorted(state.z for state in states if state.stable)
    for end in ends:
        assert min(abs(end.z - z) for z in stable) < 1e-6
        assert end.eigenvalue.real < 1
    assert len(ends) == 2
    for state in states:  # released next to it
        x = network.state(state.z)
        z = network.run(n, x + 1e-3 * network.frozen.m, 60).z[-1, 0]
        assert (abs(z - state.z) < 1e-4) == state.stable


def test_chaotic_loops_end_moving():
    network = net({"g": 5, "Sm": 0.5, "SI": 0.2, "rho": 0}, N=100, seed=1)
    (end,) = network.final_states(0.1 * network.frozen.direction, 3, seed=2, T=30)
    assert (end.kind, end.share, end.eigenvalue) == ("moving", 1.0, None)
    assert end.z_range[0] < end.z < end.z_range[1]
    with pytest.raises(DomainError, match=r"clamped at 0\.3"):
        network.least_squares(0.3)


def test_the_output_curve_of_least_squares_follows_two_replica_theory():
    """H(z) = A <phi(x^A) phi(x^z)>/<phi^2>, the covariance of the two states self-consistent: a copy of the equations.

    Four outputs, 40 networks of 150 units: |z| < 4 with Student's t, false alarm below 2e-3.
    """
    g, A, targets = 0.5, -1.5, np.array([-2.5, -0.7, 0.5, 1.8])
    y, w = np.polynomial.hermite_e.hermegauss(80)
    w = w / w.sum()

    def S(z1, z2):
        return z1 * z2 + (z1 + z2) * 0.975**2 + 1

    def variance(z):
        return optimize.brentq(lambda D: D - S(z, z) - g**2 * (w @ np.tanh(np.sqrt(D) * y) ** 2), 1e-9, 50)

    def joint(D1, D2, c):
        x1 = np.sqrt(D1) * y[:, None]
        x2 = c / np.sqrt(D1) * y[:, None] + np.sqrt(D2 - c**2 / D1) * y
        return float(w @ (np.tanh(x1) * np.tanh(x2)) @ w)

    D_A = variance(A)
    power = float(w @ np.tanh(np.sqrt(D_A) * y) ** 2)
    theory = []
    for z in targets:
        D = variance(z)
        bound = 0.9999 * np.sqrt(D * D_A)
        c = optimize.brentq(lambda c: c - S(A, z) - g**2 * joint(D_A, D, c), -bound, bound)  # noqa: B023
        theory.append(A * joint(D_A, D, c) / power)
    curves = []
    for k in range(40):
        network = net(OPPOSED, N=150, seed=9, network=k)
        curves.append(network.output_curve(targets, network.least_squares(A)))
    for expected, values in zip(theory, np.transpose(curves), strict=True):
        estimate = mean_estimate(values)
        assert abs(estimate.value - expected) < 4 * estimate.error


# reports


def test_a_stable_target_holds_and_an_unstable_one_is_left():
    stable = report(*trained(MIXED, 1.0, seed=1), T=60, final_states=6)
    assert stable.stable and stable.readout_error < 1e-4 and stable.share_at_target == 1
    assert stable.H_slope < 1 and stable.outlier == stable.top_eigenvalue and stable.cosine == pytest.approx(1)
    unstable = report(*trained(OPPOSED | {"g": 0.3}, -1.2, seed=1), T=60, final_states=6)
    assert not unstable.stable and unstable.readout_error > 0.5 and unstable.share_at_target == 0
    assert unstable.state_output == pytest.approx(-1.2) and unstable.H_slope > 1


def trained(parameters, A, **settings):
    network = net(parameters, N=100, **settings)
    return network, network.least_squares(A), A


def test_least_squares_outlier_and_overlaps_match_theory():
    """lambda = P' (g^2 + A s/P), n.m = A s Q/P, n.I = A (A smI + SI^2) Q/P, at variance .463500547382: 30 networks of 200 units.

    lambda by 40-digit mpmath; |z| < 4 for three numbers, false alarm below 2e-3 with Student's t.
    """
    sample = training("tanh(x)", OPPOSED | {"A": -1.5}, N=200, couplings=30, T=5, seed=3).sample
    y = np.linspace(-12, 12, 4001)
    w = np.exp(-(y**2) / 2) / np.sum(np.exp(-(y**2) / 2))
    f = np.tanh(np.sqrt(0.463500547382) * y)
    P, Q, smI = w @ f**2, 1 - w @ f**2, 0.975**2
    theory = {
        "top_eigenvalue": 1.165774001378,
        "overlap_m": -1.5 * (-1.5 + smI) * Q / P,
        "overlap_I": -1.5 * (-1.5 * smI + 1) * Q / P,
    }
    found = sample.observables()
    for name, value in theory.items():
        assert abs(found[name].value - value) < 4 * found[name].error
        assert found[name].error < 0.1 * abs(value)
    assert found["stable"].value < 0.1 and "unstable in" in sample.messages[0]


def test_training_is_reproducible_and_readable():
    settings = {"method": "force", "N": 50, "couplings": 2, "T": 20, "final_states": 4, "seed": 5, "curve": (-3, 0, 3)}
    one, two = (training("tanh(x)", MIXED | {"A": 1}, **settings) for _ in range(2))
    assert json_text(one.to_dict()) == json_text(two.to_dict())
    content = json.loads(json_text(one.to_dict()))
    assert content["training"] == "force" and content["settings"] == {"alpha": 1.0, "dt": 0.1, "T": 20}
    assert len(content["networks"]) == 2 and content["networks"][0]["final_states"][0]["kind"] == "fixed point"
    assert content["observables"]["released_output"] == pytest.approx(1, abs=2e-3)
    assert [point["z"] for point in content["curve"]] == [-3, 0, 3]
    assert content["curve"][2]["H"] == pytest.approx(np.mean([r.curve[2][1] for r in one.sample.reports]))
    for trained in one.sample.reports:
        assert len(trained.fixed_points) == 1
        assert trained.fixed_points[0].z == pytest.approx(trained.state_output, abs=1e-6)
    assert all(words in one.table() for words in ("training = force", "end at z = ", "fixed points ", "H(-3)"))
    other = training("tanh(x)", MIXED | {"A": 1}, **settings | {"seed": 6})
    assert other.sample.reports[0].overlap_m != one.sample.reports[0].overlap_m


def test_ridge_falls_short_of_the_target():
    target = {"A": 1.0} | MIXED
    exact = training("tanh(x)", target, N=100, couplings=3, T=20, seed=1)
    short = training("tanh(x)", target, method="ridge", ridge=0.05, N=100, couplings=3, T=20, seed=1)
    for a, b in zip(exact.sample.reports, short.sample.reports, strict=True):
        assert a.trained_output == pytest.approx(1) and 0.85 < b.trained_output < 0.95
        assert b.norm < a.norm and b.state_output < b.trained_output
        assert b.released_output == pytest.approx(b.state_output, abs=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: training("tanh(x)", MIXED | {"A": 1}, method="hebb"), "hebb"),
        (lambda: training("tanh(x)", MIXED | {"A": 1}, couplings=0), "couplings = 0"),
        (lambda: training("tanh(x)", MIXED), "A"),
        (lambda: net(MIXED | {"h": 1}), "unknown parameter: h"),
        (lambda: net(activation="tanh(b*x) where b>0"), "missing parameter of the activation: b"),
        (lambda: net(N=20).ridge(1.0, -1.0), "ridge = -1"),
        (lambda: net(N=20).force(1.0, 0.0), "alpha = 0"),
        (lambda: net(N=20).force(1.0, 1.0, dt=2.0, every=0), "dt = 2.0.*every = 0"),
        (lambda: net(N=20).final_states(np.zeros(20), 0), "count = 0"),
        (lambda: net(N=20).run(np.zeros(20), np.zeros(20), -1.0), "T = -1"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(InputError, match=f"(?s){words}"):
        call()


def test_what_cannot_be_trained_says_why():
    with pytest.raises(DomainError, match="jumps"):
        net(activation="sign(x)")
    with pytest.raises(DomainError, match=r"no network could be trained.*does not settle"):
        training("tanh(x)", {"g": 6, "Sm": 0.5, "SI": 0.2, "rho": 0, "A": 0.3}, N=100, couplings=2)
    with pytest.raises(DomainError, match="silent"):
        net(LOOP | {"SI": 0}, N=20).least_squares(0.0)


@pytest.mark.heavy
def test_force_stabilises_targets_that_least_squares_leaves_unstable():
    """g = 0.3, A = -1.2: all networks turn stable, by smaller overlaps; the other state still takes every random start."""
    target = OPPOSED | {"g": 0.3, "A": -1.2}
    settings = {"N": 400, "couplings": 6, "seed": 1, "final_states": 10}
    before = training("tanh(x)", target, **settings)
    after = training("tanh(x)", target, method="force", **settings)
    for batch, running in zip(before.sample.reports, after.sample.reports, strict=True):
        assert batch.top_eigenvalue > 1.3 and running.top_eigenvalue < 1
        assert batch.readout_error > 0.2 and running.readout_error < 2e-3
        assert running.overlap_m < 0.85 * batch.overlap_m and running.overlap_I < 0.6 * batch.overlap_I
        assert 0.6 < abs(running.cosine) < 0.9
        assert batch.share_at_target == running.share_at_target == 0


@pytest.mark.heavy
def test_force_tames_a_network_that_is_chaotic_without_input():
    """g = 1.5: trained from random activity, stable at z = A to 1e-4 (bulk radius 0.79 at the target)."""
    target = {"g": 1.5, "Sm": 1.2, "SI": 0.5, "rho": 0.5, "A": 1.0}
    sample = training("tanh(x)", target, method="force", N=400, couplings=3, T=150, seed=2).sample
    for network in sample.reports:
        assert network.stable and network.readout_error < 1e-4
        assert network.bulk_radius == pytest.approx(0.79, abs=0.04)
