"""The chaotic state under static noise: reference values, an independent solution for erf, a simulated network, the derivation.

Source: Sompolinsky, Crisanti, Sommers 1988; Mato, Rigatuso, Torroba 2025, arXiv 2510.21742.
"""

import json

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.optimize import brentq
from scipy.special import erf

import quenched
from numerics.chaos.state import chaotic_state_of
from quenched.cli import main
from theory.meanfield.chaos import chaotic_state_equations, derive_chaotic_state


def solved(text, **parameters):
    solver = quenched.Solver("static", text)
    solution = solver.solve(**parameters)
    return solution, chaotic_state_of(solution, solver.activation)


def test_reference_value_of_the_square_root():
    """power(1/2), g = 2, sigma = 1: <x^2> = 11.7987, frozen part 8.7727; the fixed point would have 12.1033."""
    solution, state = solved("power(1/2)", g=2, sigma=1)
    assert (state.Delta, state.q) == (pytest.approx(11.7987, abs=5e-5), pytest.approx(8.7727, abs=5e-5))
    assert solution.order_parameters["Delta"] == pytest.approx(12.10329422364895, rel=1e-13)
    assert state.residual < 1e-12 and state.error < 1e-9 and state.is_resolved


def arcsine(c, variance):
    """<erf(u) erf(v)> (Williams 1998)."""
    return 2 / np.pi * np.arcsin(2 * c / (1 + 2 * variance))


def independent_erf(g, sigma):
    """(Delta, q) for erf with SciPy alone: bracket q on the left of the minimum of the convex force, integrate by quad."""

    def force(c, variance):
        return sigma**2 + g**2 * arcsine(c, variance) - c

    def frozen(variance):
        # the force is least where 2 g^2/pi * 2/(1 + 2 variance)/cos = 1
        slope = 4 * g**2 / np.pi / (1 + 2 * variance)
        least = (1 + 2 * variance) / 2 * np.sqrt(max(0.0, 1 - slope**2))
        return 0.0 if sigma == 0 else brentq(force, 0, least, args=(variance,), xtol=1e-15)

    def work(variance):
        return quad(force, frozen(variance), variance, args=(variance,), epsabs=1e-14, epsrel=1e-13)[0]

    fixed = brentq(lambda v: force(v, v), 1e-3, 1e3)
    low = fixed
    while work(low) < 0:
        low -= 0.01 * fixed
    variance = brentq(work, low, low + 0.01 * fixed, xtol=1e-14)
    return variance, frozen(variance)


@pytest.mark.parametrize(("g", "sigma"), [(3.0, 1.0), (2.2, 0.5), (1.5, 0.0)])
def test_erf_against_an_independent_solution(g, sigma):
    _, state = solved("erf(x)", g=g, sigma=sigma)
    assert (state.Delta, state.q) == pytest.approx(independent_erf(g, sigma), rel=1e-9, abs=1e-12)


def test_trajectory_of_the_autocovariance():
    """C'' = C - sigma^2 - g^2 f(C) released at rest from Delta comes to rest at q, and nowhere else nearby."""
    g, sigma = 3.0, 1.0
    _, state = solved("erf(x)", g=g, sigma=sigma)

    def motion(_, point):
        c, speed = point
        return [speed, c - sigma**2 - g**2 * arcsine(min(c, state.Delta), state.Delta)]

    # the approach to q is unstable: follow it while the distance is still large against the integration error
    path = solve_ivp(motion, (0, 30), [state.Delta, 0.0], rtol=1e-12, atol=1e-13)
    closest = np.argmin(np.abs(path.y[0] - state.q))
    assert abs(path.y[0][closest] - state.q) < 2e-3 and abs(path.y[1][closest]) < 2e-3


def test_stable_fixed_points_have_none():
    solution, state = solved("tanh(x)", g=1, sigma=1)
    assert solution.stable and state is None
    assert solved("power(3/4)", g=1, sigma=1)[1] is None


def test_the_state_grows_out_of_the_loss_of_stability():
    """Next to stability = 1 the chaotic state joins the fixed point: q and Delta tend to its Delta."""
    shares = []
    for g in (2.3, 2.0, 1.8):
        solution, state = solved("erf(x)", g=g, sigma=1)
        assert state.q < state.Delta < solution.order_parameters["Delta"]
        shares.append(1 - state.q / state.Delta)
    assert shares[0] > shares[1] > shares[2]


def test_formally_unstable_but_not_visible():
    """<phi'^2> is infinite for power(1/2) at any g; at weak coupling the fluctuations are below rounding."""
    solution, state = solved("power(1/2)", g=0.3, sigma=1)
    assert solution.observables["stability"] == np.inf and "formally always lost" in solution.messages[0]
    assert not state.is_resolved and state.q == state.Delta == solution.order_parameters["Delta"]


def test_public_function():
    assert quenched.chaotic_state("tanh(x)", g=1, sigma=1) is None
    solver = quenched.Solver("static", "power(1/2)")
    assert quenched.chaotic_state(solver, g=2, sigma=1) == quenched.chaotic_state("power(1/2)", g=2, sigma=1)
    with pytest.raises(quenched.InputError, match="sigma is missing"):
        quenched.chaotic_state("power(1/2)", g=2)


def test_jumps_and_parameters():
    _, step = solved("sign(x)", g=1, sigma=1)
    # f = (2/pi) asin(c/Delta), C_phi = 1: the same two equations by SciPy
    residual = 1 + 2 / np.pi * np.arcsin(step.q / step.Delta) - step.q
    work = quad(lambda c: 1 + 2 / np.pi * np.arcsin(c / step.Delta) - c, step.q, step.Delta)[0]
    assert abs(residual) < 1e-11 and abs(work) < 1e-11 and step.C_phi == 1
    _, free = solved("power(p) where p>0", g=2, sigma=1, p=0.5)
    assert free.Delta == pytest.approx(solved("power(1/2)", g=2, sigma=1)[1].Delta, rel=1e-10)


@pytest.mark.heavy
def test_without_a_closed_form():
    """tanh, two-point averages by nested quadrature: both equations by independent nested Gauss-Hermite sums."""
    g, sigma = 3.0, 1.0
    _, state = solved("tanh(x)", g=g, sigma=sigma)
    z, w = np.polynomial.hermite_e.hermegauss(120)
    w = w / w.sum()

    def f(c):
        own = np.sqrt(max(state.Delta - c, 0.0))
        return w @ (np.tanh(np.sqrt(c) * z[:, None] + own * z) @ w) ** 2

    assert abs(sigma**2 + g**2 * f(state.q) - state.q) < 1e-5
    assert abs(quad(lambda c: sigma**2 + g**2 * f(c) - c, state.q, state.Delta, epsabs=1e-9)[0]) < 1e-4


# ---- the network itself ----------------------------------------------------------------------------------------------------


def simulated(phi, g, sigma, N, couplings, seed):
    """Means over coupling matrices of <x^2> and <x(t) x(t + 40)>, with standard errors; Heun steps of 0.1."""
    columns, step, settle, measure = 4, 0.1, 30, 80
    rows = []
    for k in range(couplings):
        random = np.random.default_rng([seed, N, k])
        J, noise = random.normal(0, g / np.sqrt(N), (N, N)), sigma * random.normal(size=(N, columns))
        x, snapshots = 2 * random.normal(size=(N, columns)), []
        for n in range(round((settle + measure) / step)):
            first = J @ phi(x) + noise - x
            ahead = x + step * first
            x = x + 0.5 * step * (first + J @ phi(ahead) + noise - ahead)
            if n * step >= settle and n % round(1 / step) == 0:
                snapshots.append(x)
        path = np.array(snapshots)
        half = len(path) // 2
        rows.append([np.mean(path**2), np.mean(path[:half] * path[half : 2 * half])])
    table = np.array(rows)
    return table.mean(axis=0), table.std(axis=0, ddof=1) / np.sqrt(couplings)


@pytest.mark.heavy
def test_simulated_network():
    """erf, g = 3, sigma = 1, extrapolated linearly in 1/N from N = 200 and 400.

    Both numbers within 4 standard errors of theory (false alarm 1.3e-4 for the pair if Gaussian), and the frozen part far
    below that of a fixed point, 8.028.
    """
    _, state = solved("erf(x)", g=3, sigma=1)
    (small, small_error), (large, large_error) = (
        simulated(erf, 3.0, 1.0, N, couplings, seed=7) for N, couplings in ((200, 40), (400, 20))
    )
    value, error = 2 * large - small, np.sqrt(4 * large_error**2 + small_error**2)
    assert np.all(np.abs(value - [state.Delta, state.q]) < 4 * error), (value, error, state)
    fixed = quenched.Solver("static", "erf(x)").solve(g=3, sigma=1).order_parameters["Delta"]
    assert value[1] + 6 * error[1] < fixed


# ---- derivation and command line -------------------------------------------------------------------------------------------


def test_derivation():
    derivation = derive_chaotic_state()
    derivation.check()
    frozen, total = chaotic_state_equations()
    assert {frozen, total} <= {step.after for step in derivation}


def test_json_and_text(capsys):
    words = ["solve", "static", "-a", "power(1/2)", "g=2", "sigma=1"]
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["order_parameters"]["Delta"] == pytest.approx(12.10329422364895)
    assert data["chaotic_state"]["Delta"] == pytest.approx(11.7987, abs=5e-5)
    assert set(data["chaotic_state"]) == {"Delta", "q", "C_phi", "residual", "error"}
    assert main(words) == 0
    assert "chaotic state: Delta = 11.79870528, of which q = 8.7727413" in capsys.readouterr().out
    assert main(["solve", "static", "-a", "tanh(x)", "g=1", "sigma=1", "--json"]) == 0
    assert "chaotic_state" not in json.loads(capsys.readouterr().out)
