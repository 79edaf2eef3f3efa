"""The simulator in time: exact noise, second-order steps, unbiased estimators, and the theory as seen by it."""

import json

import numpy as np
import pytest

from numerics.experiment import validate
from numerics.simulate.dynamic import LinearNoise, Stepper, simulate, time_step_error, trajectory_statistics
from numerics.validate import judge
from quenched.cli import main
from theory.errors import DomainError, InputError

WHITE, OU = LinearNoise("white", 0.8, 1.0), LinearNoise("ou", 0.8, 2.5)


# ---- one step ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.01, 0.3, 2.0])
def test_noise_is_exact_for_any_step(dt):
    """The stationary covariance of (x, xi) without couplings, from its closed form, is kept by the step."""
    t, size = OU.tau_n, OU.sigma**2
    stationary = size * np.array([[t / (1 + t), t / (1 + t)], [t / (1 + t), 1.0]])
    step, root = OU.transition(dt)
    assert step @ stationary @ step.T + root @ root.T == pytest.approx(stationary, rel=1e-12)
    step, root = WHITE.transition(dt)
    assert step[0, 0] ** 2 * 0.32 + root[0, 0] ** 2 == pytest.approx(0.32, rel=1e-12)


def test_equal_rates():
    """tau_n = 1: the drift has one eigenvalue twice."""
    step, root = LinearNoise("ou", 1.0, 1.0).transition(0.5)
    stationary = np.array([[0.5, 0.5], [0.5, 1.0]])
    assert step @ stationary @ step.T + root @ root.T == pytest.approx(stationary, rel=1e-12)
    assert step[0, 1] == pytest.approx(0.5 * np.exp(-0.5), rel=1e-12)


@pytest.mark.parametrize("noise", [WHITE, OU])
def test_step_is_of_second_order(noise):
    """One linear unit coupled to itself: the stationary variance of the scheme is exact algebra, and so is its error."""
    J, size = np.array([[0.6]]), noise.transition(1.0)[0].shape[0]

    def variance(dt):
        stepper = Stepper(lambda x: x, J, noise, dt)
        columns = np.eye(size)[:, None, :]
        A = stepper.step(columns, np.zeros_like(columns))[:, 0]
        B = stepper.step(np.zeros_like(columns), columns)[:, 0] @ stepper.root
        vector = np.linalg.solve(np.eye(size**2) - np.kron(A, A), (B @ B.T).ravel())
        return vector[0]

    rate, t = 0.4, noise.tau_n
    exact = 0.64 / (2 * rate) if noise is WHITE else 0.64 / (rate * (rate + 1 / t))
    errors = [variance(dt) / exact - 1 for dt in (1 / 8, 1 / 16, 1 / 32, 1 / 64)]
    assert errors[1] / errors[2] == pytest.approx(4, abs=0.2)
    assert errors[2] / errors[3] == pytest.approx(4, abs=0.1)
    assert abs(errors[0]) < 2e-3


def test_coarse_and_fine_steps_share_their_noise():
    """Two kicks of half a step make one of a whole step: a linear unit without couplings shows no time-step error."""
    found = time_step_error(np.tanh, 0.0, OU, burn=5, dt=0.25, seed=3, N=10, T=5.0)
    assert abs(found.value) < 1e-12
    found = time_step_error(np.tanh, 1.2, OU, burn=20, dt=0.5, seed=3, N=60)
    assert found.value < -5 * found.error  # a coarse step is seen
    quarter = time_step_error(np.tanh, 1.2, OU, burn=20, dt=0.25, seed=3, N=60)
    assert found.value / quarter.value == pytest.approx(4, abs=1)


# ---- estimators --------------------------------------------------------------------------------------------------------


def test_statistics_are_unbiased():
    """Three correlated times of three trajectories; 4 standard errors, false alarm 6e-5 a number (3e-4 in all)."""
    rng = np.random.default_rng(5)
    C = np.array([[1.0, 0.5, 0.1], [0.5, 2.0, -0.3], [0.1, -0.3, 0.7]])
    in_time = np.linalg.cholesky(0.8 ** np.abs(np.subtract.outer(range(3), range(3))))
    rows = []
    for _ in range(3000):
        x = np.einsum("ij,jat,st->ias", np.linalg.cholesky(C), rng.normal(size=(3, 3, 3)), in_time)
        rows.append(trajectory_statistics(x, 2 * x))
    expected = {
        "x2": np.trace(C) / 3,
        "x_phi": 2 * np.trace(C) / 3,
        "trace_squared_x": np.trace(C) ** 2 / 9,
        "square_trace_x": np.trace(C @ C) / 3,
        "square_trace_phi": 16 * np.trace(C @ C) / 3,
    }
    for name, value in expected.items():
        values = np.array([row[name] for row in rows])
        assert abs(values.mean() - value) < 4 * values.std() / np.sqrt(values.size), name


def test_same_seed_same_numbers():
    network = {"g": 1.2, "noise": "ou", "sigma": 1.0, "tau_n": 0.5}
    arguments = {"N": 20, "couplings": 2, "samples": 4, "T": 5, "burn": 5}
    one, two = (simulate(np.tanh, network, **arguments, seed=4) for _ in range(2))
    other = simulate(np.tanh, network, **arguments, seed=5)
    for name, values in one.statistics.items():
        assert np.array_equal(values, two.statistics[name])
        assert not np.array_equal(values, other.statistics[name])
    assert one.parameters == network


def test_runaway_is_counted():
    sample = simulate(
        lambda x: x**3, {"g": 3.0, "noise": "white", "sigma": 3.0}, N=10, couplings=2, samples=4, T=3, burn=3
    )
    assert sample.unconverged_fraction == 1.0
    assert sample.observables() == {} and sample.messages == ()


def test_bad_input():
    network = {"g": -1.0, "noise": "none"}
    with pytest.raises(InputError, match=r"g = -1.*N = 1.*couplings = 0.*samples = 1.*T = 0.*burn = -1.*dt = 3"):
        simulate(np.tanh, network, N=1, couplings=0, samples=1, T=0, burn=-1, dt=3)
    with pytest.raises(DomainError, match="odd"):
        simulate(np.cos, {"g": 1.0, "noise": "none"}, N=10, couplings=1)


# ---- theory and simulation ---------------------------------------------------------------------------------------------

MEASURED = ["Delta0", "C_phi0", "gain", "kappa2", "PR_x", "PR_phi"]
SMALL = {"sizes": (50, 100), "couplings": (120, 60), "samples": 8, "T": 12, "burn": 12}


@pytest.mark.parametrize("noise", [{"noise": "white"}, {"noise": "ou", "tau_n": 1.5}])
def test_theory_agrees_with_small_networks(noise):
    """Six rows at |z| < 4: false alarm at most 4e-4; a theory that is 25% off in its dimension is found out."""
    solution, run = validate("dynamic", "tanh(x)", {"g": 1.0, "sigma": 1, **noise}, seed=2, **SMALL)
    assert run.verdict == "agree", run.sentence
    assert [row.observable for row in run.rows if row.status == "agree"] == MEASURED
    theory = {**solution.order_parameters, **solution.observables}
    for name in ("Delta0", "C_phi0", "gain", "PR_x", "PR_phi"):
        assert judge(theory | {name: 1.25 * theory[name]}, run.samples_at_sizes).verdict == "disagree"


@pytest.mark.heavy
@pytest.mark.timeout(300)
@pytest.mark.parametrize("noise", [{"noise": "white"}, {"noise": "ou", "tau_n": 1}])
def test_theory_agrees_beyond_the_onset(noise):
    """g = 1.5 by default settings, smaller: false alarm at most 4e-4."""
    settings = {"sizes": (100, 200, 400), "couplings": (150, 80, 40)}
    _, run = validate("dynamic", "tanh(x)", {"g": 1.5, "sigma": 1, **noise}, seed=1, **settings)
    assert run.verdict == "agree", run.sentence


def test_command_line(capsys):
    words = [
        "simulate",
        "dynamic",
        "-a",
        "tanh(x)",
        "g=1",
        "sigma=1",
        "N=30",
        "couplings=4",
        "samples=4",
        "T=5",
        "dt=0.25",
        "--json",
    ]
    assert main(words) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["parameters"] == {"noise": "white", "g": 1.0, "sigma": 1.0}
    assert list(data["order_parameters"]) == ["Delta0", "C_phi0"]
    assert sorted(data["observables"]) == sorted(MEASURED[2:])
    assert main(["solve", "dynamic", "-a", "tanh(x)", "g=1.5", "noise=ou", "sigma=1", "tau_n=1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert list(data["order_parameters"]) == ["Delta0", "C_phi0"]
    assert list(data["observables"]) == ["gain", "kappa2", "PR_x", "PR_phi", "PR0_x", "PR0_phi"]
    assert set(data["diagnostics"]) >= {"converged", "residual", "error", "stable", "branches"}
    assert main(["solve", "static", "-a", "tanh(x)", "g=1", "sigma=1", "noise=white"]) == 2
    assert "unknown parameter 'noise'; allowed: g, sigma" in capsys.readouterr().err
    assert main(["simulate", "static", "-a", "tanh(x)", "g=1", "sigma=1", "dt=0.1"]) == 2
    assert "unknown parameter 'dt'" in capsys.readouterr().err
