"""Solvers for activations that are not odd: closed forms, an independent rule, limits, refusals, and simulations (heavy)."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import special
from scipy.optimize import brentq

import quenched
from numerics.algorithms.averages import Mean
from numerics.algorithms.frozen import FrozenMean, Variance, frozen_root
from numerics.averages.pair import pair_average
from numerics.codegen.module import emit
from numerics.compare.estimate import observables, primitive_statistics
from numerics.compare.validation import judge, validate
from numerics.simulate.fixed_points import simulate
from numerics.solve.solver import Solver
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.models import derive

KEYS = [
    "gain",
    "stability",
    "replicon_slope",
    "var_x",
    "var_phi",
    "var_var_phi",
    "D_x",
    "D_phi",
    "n_var_cov_x",
    "n_var_cov_phi",
]


def values(solution):
    return {**solution.order_parameters, **solution.observables}


def relu_theory(g, sigma):
    """Closed forms for max(0, x) (Cho & Saul 2009 for the arc-cosine kernel), but for [Var(phi)^2]."""
    total = sigma**2 / (1 - g**2 / 2)

    def kernel(rho):
        return (math.sqrt(1 - rho**2) + rho * (math.pi - math.acos(rho))) / (2 * math.pi)

    rho = brentq(lambda r: g**2 * kernel(r) - r, 0, 1, xtol=1e-15)
    slope = g**2 * (math.pi - math.acos(rho)) / (2 * math.pi)
    return {
        "Delta": total,
        "Delta0": rho * total,
        "gain": 0.5,
        "stability": g**2 / 2,
        "replicon_slope": slope,
        "var_phi": total / 2 - rho * total / g**2,
    }


@pytest.mark.parametrize(
    ("g", "sigma"), one_in(2, [(0.7, 1.0), (0.2, 0.3), (1.0, 2.0), (1.3, 1.0), (0.7, 1e-3), (0.01, 1.0)])
)
def test_relu_has_closed_forms(g, sigma):
    found = values(Solver("static", "relu(x)").solve(g=g, sigma=sigma))
    for key, exact in relu_theory(g, sigma).items():
        assert found[key] == pytest.approx(exact, rel=1e-10), key


def test_relu_reference_values():
    """Reference values, mpmath with 40 digits, for g = 0.7, sigma = 1."""
    found = values(Solver("static", "relu(x)").solve(g=0.7, sigma=1))
    reference = {
        "Delta": 1.324503311258278,
        "Delta0": 0.1181812696214188,
        "replicon_slope": 0.129467705269354,
        "var_phi": 0.4210653910956314,
        "var_var_phi": 0.1981569626395614 - 0.4210653910956314**2,
        "D_phi": 0.678046581409998,
        "D_x": 0.7459416609669095,
    }
    for key, exact in reference.items():
        assert found[key] == pytest.approx(exact, rel=1e-12), key


def test_square_is_a_polynomial():
    """phi = x^2: <phi> = mu^2 + d, <phi'> = 2 mu, Var(phi) = 4 mu^2 d + 2 d^2, all averages over mu by moments."""
    g = 0.2
    found = values(Solver("static", "x^2").solve(g=g, sigma=1))
    q, d = found["Delta0"], found["Delta"] - found["Delta0"]
    assert found["Delta"] == pytest.approx(1 + 3 * g**2 * found["Delta"] ** 2, rel=1e-14)
    assert q == pytest.approx(g**2 * (3 * q**2 + 2 * q * d + d**2), rel=1e-12)
    slope, v, v2 = 4 * g**2 * q, 4 * q * d + 2 * d**2, 48 * q**2 * d**2 + 16 * q * d**3 + 4 * d**4
    off = g**4 * v2 / (1 - slope) ** 2 + 2 * slope * d**2 / (1 - slope)
    exact = {
        "gain": 0,
        "replicon_slope": slope,
        "var_phi": v,
        "var_var_phi": v2 - v**2,
        "D_phi": v**2 / v2 * (1 - slope) ** 2,
        "n_var_cov_x": off,
        "D_x": d**2 / (d**2 + off),
    }
    for key, value in exact.items():
        assert found[key] == pytest.approx(value, rel=1e-11, abs=1e-15), key


def test_linear_with_an_offset():
    """phi = x + 1: Delta0 = g^2/(1 - g^2), and D = (1 - g^2)^2 as without the offset (Hu & Sompolinsky 2022)."""
    found = values(Solver("static", "x+1").solve(g=0.5, sigma=1))
    assert found["Delta0"] == pytest.approx(1 / 3, rel=1e-13)
    assert [found[key] for key in ("D_x", "D_phi")] == pytest.approx([0.5625, 0.5625], rel=1e-12)
    assert found["n_var_cov_x"] == pytest.approx(1.382716049382716, rel=1e-12)
    assert abs(found["var_var_phi"]) < 1e-14


def twin_theory(phi, prime, g, sigma):
    """The formulas once more, both averages by the trapezoidal rule: exponentially accurate for analytic phi."""
    z = np.linspace(-9, 9, 721)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    total = brentq(
        lambda v: sigma**2 + g**2 * weight @ phi(math.sqrt(v) * z) ** 2 - v, sigma**2 or 1e-9, 1e3, xtol=1e-15
    )

    def at_means(function, frozen):
        return function(math.sqrt(frozen) * z[:, None] + math.sqrt(total - frozen) * z) @ weight

    frozen = brentq(lambda q: g**2 * weight @ at_means(phi, q) ** 2 - q, 0, total * (1 - 1e-9), xtol=1e-16, rtol=1e-14)
    mean, slopes, d = at_means(phi, frozen), at_means(prime, frozen), total - frozen
    variance = at_means(lambda x: phi(x) ** 2, frozen) - mean**2
    gR, v, v2 = g**2 * weight @ slopes**2, weight @ variance, weight @ variance**2
    off = g**4 * v2 / (1 - gR) ** 2 + 2 * gR * d**2 / (1 - gR)
    return {
        "Delta": total,
        "C_phi": weight @ phi(math.sqrt(total) * z) ** 2,
        "Delta0": frozen,
        "gain": weight @ prime(math.sqrt(total) * z),
        "stability": g**2 * weight @ prime(math.sqrt(total) * z) ** 2,
        "replicon_slope": gR,
        "var_x": d,
        "var_phi": v,
        "var_var_phi": v2 - v**2,
        "D_phi": v**2 / v2 * (1 - gR) ** 2,
        "D_x": d**2 / (d**2 + off),
        "n_var_cov_x": off,
        "n_var_cov_phi": v2 * (1 / (1 - gR) ** 2 - 1),
    }


SMOOTH = {
    "tanh(x-7/10)": (lambda x: np.tanh(x - 0.7), lambda x: 1 / np.cosh(x - 0.7) ** 2, 1.2, 1.0),
    "softplus(x)": (lambda x: np.logaddexp(0, x), special.expit, 0.8, 0.6),
    "(x+x^2/2)/(1+x^2)": (lambda x: (x + x**2 / 2) / (1 + x**2), lambda x: (1 + x - x**2) / (1 + x**2) ** 2, 1.0, 0.7),
    "x^2/(1+x^2)": (lambda x: x**2 / (1 + x**2), lambda x: 2 * x / (1 + x**2) ** 2, 1.3, 0.5),
    "gaussian_bump(1)": (lambda x: np.exp(-(x**2) / 2), lambda x: -x * np.exp(-(x**2) / 2), 1.0, 1.0),
    "erf(x+1/3)": (
        lambda x: special.erf(x + 1 / 3),
        lambda x: 2 / math.sqrt(math.pi) * np.exp(-((x + 1 / 3) ** 2)),
        0.6,
        1.0,
    ),
}


@pytest.mark.parametrize("text", one_in(3, SMOOTH))
def test_smooth_activations_against_an_independent_rule(text):
    phi, prime, g, sigma = SMOOTH[text]
    found = values(Solver("static", text).solve(g=g, sigma=sigma))
    twin = twin_theory(phi, prime, g, sigma)
    assert set(found) == set(twin)
    for key, exact in twin.items():
        assert found[key] == pytest.approx(exact, rel=1e-10, abs=1e-13), key


@pytest.mark.parametrize(
    "text", one_in(2, ["relu(x)", "abs(x)", "step(x)", "tanh(x-7/10)", "cos(x)+x/3", "threshold_linear(1)"])
)
def test_two_replicas_are_two_correlated_fields(text):
    """[<phi>^2] is the two-point average <phi(u) phi(v)> at correlation Delta0/Delta, by other code."""
    g = 0.6
    found = values(Solver("static", text).solve(g=g, sigma=0.9))
    rho = found["Delta0"] / found["Delta"]
    pair = float(pair_average("phi", "phi", text, variance=found["Delta"], correlation=rho))
    assert found["Delta0"] == pytest.approx(g**2 * pair, rel=1e-11)
    assert found["var_phi"] == pytest.approx(found["C_phi"] - pair, rel=1e-11)


def test_even_activations_have_no_gain():
    found = values(Solver("static", "abs(x)").solve(g=0.7, sigma=1))
    assert found["gain"] == 0 and found["replicon_slope"] > 0.01
    assert found["Delta"] == pytest.approx(1 / (1 - 0.49), rel=1e-13)


def test_arrays_equal_scalars():
    module = Solver("static", "tanh(x-a) where a").module
    g, sigma, a = np.array([0.0, 0.4, 1.1])[:, None], np.array([0.3, 1.0]), 0.6
    whole = module.solve(g, sigma, a)
    assert whole["D_x"].shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        one = module.solve(float(g[i, 0]), float(sigma[j]), a)
        for key in ["Delta", "Delta0", *KEYS]:
            assert whole[key][i, j] == pytest.approx(float(one[key]), rel=1e-11, abs=1e-15), key
    assert np.all(whole["Delta0"][0] == 0) and whole["D_phi"][0] == pytest.approx([1, 1], rel=1e-13)


def test_without_coupling():
    """g = 0: no frozen mean, independent units."""
    found = values(Solver("static", "relu(x)").solve(g=0, sigma=2))
    assert found["Delta0"] == 0 and found["D_x"] == 1 and found["D_phi"] == 1
    assert found["var_phi"] == pytest.approx(4 * (0.5 - 0.5 / math.pi), rel=1e-13)
    assert found["n_var_cov_x"] == found["n_var_cov_phi"] == found["var_var_phi"] == 0


def test_an_almost_odd_activation_is_almost_the_odd_one():
    odd = values(Solver("static", "tanh(x)").solve(g=1.2, sigma=1))
    shifted = values(Solver("static", "tanh(x-a) where a").solve(g=1.2, sigma=1, a=1e-6))
    # N times the variance of C_ii over units: for phi that is not odd it is of order N, and so is not defined
    for key in odd.keys() - {"n_var_var_x", "n_var_var_phi"}:
        assert shifted[key] == pytest.approx(odd[key], rel=1e-9), key
    # to lowest order Delta0 = g^2 (a <phi'>)^2 / (1 - g^2 <phi'>^2)
    gamma = (1.2 * odd["gain"]) ** 2
    assert shifted["Delta0"] == pytest.approx(1e-12 * gamma / (1 - gamma), rel=1e-6)
    exactly = values(Solver("static", "tanh(x-a) where a").solve(g=1.2, sigma=1, a=0))
    assert exactly["Delta0"] == 0 and exactly["D_x"] == pytest.approx(odd["D_x"], rel=1e-13)


def test_weak_noise():
    """delta -> 0: Var(phi) -> delta phi'^2, so D_phi -> [phi'^2]^2/[phi'^4] (1 - g^2 <phi'^2>)^2."""
    g = 1.2
    found = values(Solver("static", "tanh(x-7/10)").solve(g=g, sigma=1e-3))
    at = {"variance": found["Delta"]}
    second, fourth = (float(quenched.average(m, "tanh(x-7/10)", **at)) for m in ("phi'^2", "phi'^4"))
    slope = g**2 * second
    assert found["D_phi"] == pytest.approx(second**2 / fourth * (1 - slope) ** 2, rel=1e-4)
    assert found["var_x"] == pytest.approx(1e-6 / (1 - slope), rel=1e-4)


@pytest.mark.parametrize("sigma", [0, 1e-6])
def test_no_noise_is_refused(sigma):
    with pytest.raises(quenched.DomainError, match="the noise is zero or too weak; Delta0 equals Delta to rounding"):
        Solver("static", "relu(x+1)").solve(g=0.7, sigma=sigma)


def test_silent_and_impossible_networks_are_refused():
    solver = Solver("static", "relu(x)")
    with pytest.raises(quenched.DomainError, match="silent network"):
        solver.solve(g=0.7, sigma=0)
    with pytest.raises(quenched.DomainError, match=r"solutions exist for g < 1\.414213562"):
        solver.solve(g=1.5, sigma=1)


def test_unstable_is_flagged():
    solution = Solver("static", "tanh(x-7/10)").solve(g=3, sigma=0.5)
    assert not solution.stable and "unstable" in solution.messages[0]
    assert solution.observables["replicon_slope"] < 1 < solution.observables["stability"]


@pytest.mark.parametrize("g", [0.3, 0.9, 1.3])
def test_the_error_estimate_covers_the_error(g):
    solution = Solver("static", "relu(x)").solve(g=g, sigma=1)
    error = abs(solution.order_parameters["Delta0"] - relu_theory(g, 1.0)["Delta0"])
    assert error <= solution.errors["Delta0"] < 1e-11


# ---- algorithms ------------------------------------------------------------------------------------------------------


def mean_of(function):
    return Mean(left=[lambda u, m, v: function(u)], right=[lambda u, m, v: function(u)], breakpoints=lambda: (0.0,))


def test_a_small_variance_of_a_large_function_keeps_its_digits():
    """F = 100 + tanh x and tanh x have the same variance, though <F^2> - <F>^2 loses eight digits at delta = 1e-5."""
    raised, plain = (
        Variance(mean_of(lambda x, c=c: c + np.tanh(x)), mean_of(lambda x, c=c: (c + np.tanh(x)) ** 2))
        for c in (100, 0)
    )
    mean = np.array([-0.5, 0.0, 1.0])
    assert raised(1e-5, mean=mean) == pytest.approx(plain(1e-5, mean=mean), rel=1e-9)
    first, second = raised.first(1e-5, mean=mean), raised.second(1e-5, mean=mean)
    assert np.max(np.abs((second - first**2) / plain(1e-5, mean=mean) - 1)) > 1e-9


def test_a_kink_seen_through_little_noise_is_resolved():
    """[<|x|>^2] for delta from 1 to 1e-10 against the two-point closed form (arc-cosine kernel)."""
    absolute = FrozenMean((mean_of(np.abs), 2))
    delta = np.array([1.0, 1e-2, 1e-4, 1e-7, 1e-10])
    total, rho = 1.5 + delta, 1.5 / (1.5 + delta)
    exact = 2 * total / np.pi * (np.sqrt(delta * (1.5 + total)) / total + rho * np.arcsin(rho))
    assert absolute(total, 1.5) == pytest.approx(exact, rel=1e-11)


def test_a_mean_beside_a_singularity_is_resolved():
    """<phi'> of sign(x)|x|^(3/4), infinite at 0, for means that touch 0 or stand a little off it: smooth in the mean."""
    touching = np.array([1e-17, 1e-13, 1e-9, 1e-7, 1e-5])
    found = quenched.average("phi'", "power(3/4)", variance=1.0, mean=np.concatenate([-touching, touching]))
    assert found == pytest.approx(float(quenched.average("phi'", "power(3/4)", variance=1.0)), rel=1e-9)


def test_outside_its_domain_an_average_over_the_frozen_mean_is_nan():
    square = FrozenMean((mean_of(np.tanh), 2))
    assert np.isnan(square([1.0, 1.0, 1.0, 0.0, np.inf], [1.0, 1.5, -0.1, 0.0, 1.0])).all()
    assert square(1.0, 0.0) == pytest.approx(0.0, abs=1e-15)


def test_root_of_a_convex_function():
    """v = c (1 + v^2)/2: roots (1 -+ sqrt(1 - c^2))/c, the smaller one wanted; and at the upper end without noise."""
    c = np.linspace(0.1, 0.99, 7)
    root, residual, error = frozen_root(
        lambda top, v, c: c * (1 + v**2) / 2, lambda top, v, c: c * v, lambda top, v, c: 0 * v, np.ones(7), (c,)
    )
    assert root == pytest.approx((1 - np.sqrt(1 - c**2)) / c, rel=1e-12)
    assert np.all(np.abs(residual) < 1e-15) and np.all(error < 1e-13)
    top, _, _ = frozen_root(lambda t, v: (t + v) / 2, lambda t, v: 0.5 + 0 * v, lambda t, v: 0 * v, 2.0, ())
    assert top == 2.0


# ---- the face --------------------------------------------------------------------------------------------------------


def test_the_solver_stands_alone(tmp_path):
    code = emit(derive("static", odd=False), Activation.from_text("leaky_relu(1/10)"))
    (tmp_path / "solver.py").write_text(code.text)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import solver\n"
        "r = solver.solve([0.3, 0.5], 0.9)\n"
        "assert (r['D_x'] > 0).all() and (r['Delta0'] > 0).all() and (abs(r['Delta0_residual']) < 1e-14).all()\n"
        "assert not {'sympy', 'theory', 'numerics', 'quenched'} & set(sys.modules)\n"
        "assert solver.observables.__doc__ and solver.results.__doc__ and solver.frozen_phi_power2.__doc__\n"
    )
    subprocess.run([sys.executable, "-I", "-W", "error", "-c", program], check=True)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E9,F", str(tmp_path / "solver.py")]
    subprocess.run(command, check=True, capture_output=True)


def test_commands(capsys):
    from quenched.cli import main

    assert main(["solve", "static", "-a", "relu(x)", "g=0.7", "sigma=1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert list(answer["order_parameters"]) == ["Delta", "C_phi", "Delta0"]
    assert list(answer["observables"]) == [*KEYS, "c1_x", "c1_phi"]
    assert answer["diagnostics"]["error_Delta0"] < 1e-12
    assert main(["solve", "static", "-a", "tanh(x)", "g=0.7", "sigma=1", "--json"]) == 0
    odd = json.loads(capsys.readouterr().out)
    assert list(odd["order_parameters"]) == ["Delta", "C_phi"] and "error_Delta0" not in odd["diagnostics"]
    assert main(["derive", "static", "-a", "relu(x)", "--format", "json"]) == 0
    derived = json.loads(capsys.readouterr().out)
    assert derived["equations"]["Delta0"]["expression"] == "g**2*[<phi>**2]"
    assert sum("at a fixed mean mu" in step["title"] for step in derived["steps"]) == 3


# ---- estimators and simulation ---------------------------------------------------------------------------------------


def test_estimators_of_the_frozen_statistics_are_unbiased():
    """Against double sums over distinct draws, written out."""
    source = np.random.default_rng(4)
    x = source.normal(size=(5, 6)) + source.normal(size=(5, 1))
    slope = np.cos(x)
    found = primitive_statistics(x, np.sin(x), slope, centred=False)
    pairs = [(a, b) for a in range(6) for b in range(6) if a != b]
    assert found["mean2_slope"] == pytest.approx(np.mean([slope[:, a] * slope[:, b] for a, b in pairs]), rel=1e-13)
    assert found["mean2_x"] == pytest.approx(np.mean([x[:, a] * x[:, b] for a, b in pairs]), rel=1e-12)


def test_simulation_reports_the_frozen_statistics():
    """|z| < 5 (p = 6e-7 each) at N = 150; the 1/N terms, about 1%, are added to the error."""
    phi, prime, g, sigma = SMOOTH["tanh(x-7/10)"]
    sample = simulate(phi, {"g": g, "sigma": sigma}, N=150, couplings=40, samples=48, seed=8, phi_prime=prime)
    found = observables(sample.statistics, g)
    theory = values(Solver("static", "tanh(x-7/10)").solve(g=g, sigma=sigma))
    for key in ("Delta", "Delta0", "gain", "var_x", "var_phi", "replicon_slope"):
        assert abs(found[key].value - theory[key]) < 5 * found[key].error + 0.015 * abs(theory[key]), key


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("text", "g", "sigma"),
    [
        ("relu(x)", 0.7, 1),
        ("softplus(x)", 0.8, 1),
        ("tanh(x-7/10)", 1.2, 1),
        ("(x+x^2/2)/(1+x^2)", 1.0, 0.8),
        ("abs(x)", 0.6, 1),
    ],
)
def test_theory_agrees_with_simulation(text, g, sigma):
    """The verdict of `validate` on 14 values and 2 slopes: false alarms 1e-3 a run; wrong theories are noticed too."""
    solution, validation = validate("static", text, {"g": g, "sigma": sigma}, couplings=(240, 140, 80), seed=3)
    assert validation.verdict == "agree", validation.sentence
    assert validation.false_alarm < 17 * 6.4e-5
    tested = {row.observable for row in validation.rows if row.status == "agree"}
    assert {"Delta", "Delta0", "D_x", "D_phi", "n_var_cov_x", "n_var_cov_phi", "var_x", "var_phi", "gain"} <= tested
    raw = values(solution)
    second_moments = raw | {"var_x": raw["Delta"], "var_phi": raw["C_phi"]}  # forgets the frozen mean
    assert judge(second_moments, validation.samples_at_sizes).verdict == "disagree"
    stable_slope = raw | {
        "D_phi": raw["var_phi"] ** 2 / (raw["var_phi"] ** 2 + raw["var_var_phi"])
    }  # forgets the replicon slope
    if raw["replicon_slope"] > 0.05:
        assert judge(stable_slope, validation.samples_at_sizes).verdict == "disagree"
