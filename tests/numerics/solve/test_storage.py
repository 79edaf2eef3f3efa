"""Capacity, storage with a ridge and noisy rates."""

import json

import numpy as np
import pytest
from scipy.optimize import linprog

from numerics.solve.storage import capacity, ridge_storage, with_rate_noise
from quenched import Solver
from quenched.cli import main
from theory.errors import DomainError, InputError

SMOOTH = "threshold_power(1,1/2,-1)"


def solved(text=SMOOTH, **values):
    return Solver("attractor", text).solve(**{"alpha": 0.8, "CV": 1, "law": "lognormal", **values})


def test_capacities():
    found = [capacity(), capacity(0.3), capacity(0.6), capacity(1.0, 0.5), capacity(1.0, 0.8), capacity(1.0, 1)]
    assert found == pytest.approx([1, 1.917582, 1.302533, 0.5, 0.374870, 0], abs=1e-6)
    assert capacity(0.3, 0.8) == pytest.approx(capacity(0.3) * capacity(1, 0.8))


@pytest.mark.parametrize(("active", "excitatory"), [(0.4, None), (1.0, 0.7), (0.4, 0.7)])
def test_capacity_by_linear_programming(active, excitatory, N=100, tries=5):
    """Feasible well below the capacity, not well above it."""
    draw, share = np.random.default_rng(3), []
    for factor in (0.75, 1.3):
        feasible = 0
        for _ in range(tries):
            P = round(factor * capacity(active, excitatory) * N)
            r, on = draw.lognormal(-0.35, 0.83, (P, N)), draw.random(P) < active
            u = draw.normal(size=P)
            positive = N if excitatory is None else round(excitatory * N)
            bounds = [(None if excitatory is None else 0, None)] * positive + [(None, 0)] * (N - positive)
            silent = {"A_ub": r[~on], "b_ub": np.zeros((~on).sum())} if not on.all() else {}
            feasible += linprog(np.zeros(N), A_eq=r[on], b_eq=u[on], bounds=bounds, **silent).status == 0
        share.append(feasible / tries)
    assert share[0] > 0.7 and share[1] < 0.3


@pytest.mark.parametrize("active", [0, 1.5])
def test_impossible_shares(active):
    with pytest.raises(InputError, match="active_share"):
        capacity(active)


def test_ridge_of_the_reference():
    """Section 2.3 of the note: theory for k = 0.01, 0.1, 1."""
    found = [ridge_storage(solved(), k) for k in (0.01, 0.1, 1)]
    assert [one.norm**2 for one in found] == pytest.approx([3.006, 1.0635, 0.1621], rel=2e-4)
    assert [one.error for one in found] == pytest.approx([0.00693, 0.0970, 0.4421], rel=1e-3)


@pytest.mark.parametrize("variant", ["self", "noself"])
def test_ridge_of_networks(variant, N=900, ridge=0.2):
    solution = solved(variant=variant, alpha=0.5)
    phi = Solver.of(solution).module
    draw = np.random.default_rng(5)
    r = np.exp(np.sqrt(np.log(2)) * draw.normal(size=(N, N // 2)) - np.log(2) / 2)
    u = phi.stored_patterns(phi.phi, phi.phi_prime, r.ravel(), np.ones(r.size)).u.reshape(r.shape)
    gram = r.T @ r + N * ridge * np.eye(N // 2)
    squares, errors = [], []
    for i in range(40):
        rest = gram - (variant != "self") * np.outer(r[i], r[i])
        others = r * (variant == "self" or np.arange(N) != i).reshape(-1, 1) if variant != "self" else r
        w = others @ np.linalg.solve(rest, u[i])
        squares.append(w @ w)
        errors.append(np.mean((u[i] - others.T @ w) ** 2))
    found = ridge_storage(solution, ridge)
    for values, expected in ((squares, found.norm**2), (errors, found.error)):
        assert abs(np.mean(values) - expected) < 4 * np.std(values) / np.sqrt(len(values)) + 0.01 * expected


def test_weights_without_a_ridge_are_the_limit():
    for variant in ("self", "noself", "bias"):
        solution = solved(variant=variant)
        assert ridge_storage(solution, 1e-9).norm == pytest.approx(solution.observables["norm"], rel=1e-6)


def test_rate_noise_is_consistent():
    solution = solved(alpha=0.1)
    found = with_rate_noise(solution, 0.5)
    norm, effective = found.observables["norm"], found.parameters["s_eff"]
    assert effective**2 == pytest.approx(0.25 + 0.25 * norm**2)
    assert solved(f"threshold_power(1,{effective!r},-1)", alpha=0.1).observables["norm"] == pytest.approx(norm)
    assert with_rate_noise(solution, 0).observables["alpha_S"] == pytest.approx(solution.observables["alpha_S"])
    named = solved("threshold_power(n,sigma,-1) where n>0, sigma>0", alpha=0.1, n=1, sigma=0.5)
    assert with_rate_noise(named, 0.5).parameters["s_eff"] == pytest.approx(effective)
    sharp = with_rate_noise(solved("threshold_power(1,0,-1)", alpha=0.1), 0.5)
    assert sharp.parameters["s_eff"] ** 2 == pytest.approx(0.25 * sharp.observables["norm"] ** 2)


def test_noise_needs_a_threshold_power_law():
    with pytest.raises(DomainError, match="no threshold_power"):
        with_rate_noise(solved("log(1+exp(x))", alpha=0.1), 0.5)
    with pytest.raises(InputError, match="rate_noise"):
        with_rate_noise(solved(alpha=0.1), -1)
    with pytest.raises(InputError, match="ridge"):
        ridge_storage(solved(), 0)


def test_the_command_line_answers(capsys):
    words = ["solve", "attractor", "-a", SMOOTH, "alpha=0.8", "CV=1", "--ridge", "0.1", "--rate-noise", "0.5", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ridge"][0]["norm"] ** 2 == pytest.approx(1.0635, rel=2e-4)
    assert found["rate_noise"][0]["sigma_eff"] > 0.5
