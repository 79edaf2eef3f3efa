"""What solutions in time carry: filters end to end, sampled solutions, pair correlations, dimension at one frequency.

Reference values of partially symmetric networks: simulations of Clark, Abbott, Litwin-Kumar 2023 (PRL 131 118401) extended to
eta other than 0, N = 500, 4 coupling matrices.
"""

import json

import numpy as np
import pytest

import quenched
from quenched.cli import main
from quenched.presentation import solution_text
from theory.errors import DomainError, InputError

WHITE = {"g": 1.5, "sigma": 1.0}


@pytest.fixture(scope="module")
def leaky():
    return quenched.Solver("dynamic", "tanh(x)").solve(**WHITE)


@pytest.fixture(scope="module")
def antisymmetric():
    return quenched.Solver("dynamic", "tanh(x)").solve(**WHITE, eta=-0.4)


# ---- pairs at two lags, and at one frequency -----------------------------------------------------------------------------


def test_pair_correlation_contains_the_dimension(leaky):
    """At lags 0 it is C(0)^2 (1/PR - 1): the plane of two frequencies against residues and a contour."""
    found = quenched.pair_correlation(leaky, 0.0, 0.0)
    for name, variance, value, error in (
        ("phi", "C_phi0", found.phi, found.error_phi),
        ("x", "Delta0", found.x, found.error_x),
    ):
        expected = leaky.leading[variance] ** 2 * (1 / leaky.leading[f"PR_{name}"] - 1)
        assert value == pytest.approx(expected, rel=1e-11)
        assert error < 1e-10 * value


def test_population_time_is_the_integral_of_pair_correlations(leaky):
    lag, weight = np.polynomial.legendre.leggauss(60)
    lag, weight = 60 * (lag + 1), 60 * weight
    psi = quenched.pair_correlation(leaky, np.append(lag, 0.0), np.append(lag, 0.0)).phi
    assert weight @ psi[:-1] / psi[-1] == pytest.approx(leaky.observables["tau_pop"], rel=1e-7)
    assert np.all(np.diff(psi[:-1]) < 0)
    opposite = quenched.pair_correlation(leaky, lag, -lag).phi
    assert np.all(np.abs(opposite[1:]) < psi[1:-1])  # the difference of frequencies decays with one unit


def test_dimension_at_single_frequencies(leaky):
    found = quenched.frequency_dimension(leaky, [0.0, 0.7, -0.7, 300.0])
    assert found.phi[0] == pytest.approx(leaky.observables["PR0_phi"], rel=1e-12)
    assert found.x[0] == pytest.approx(leaky.observables["PR0_x"], rel=1e-10)
    u = (1 - leaky.observables["kappa2"]) / (1 + 0.7**2)
    assert found.phi[1] == pytest.approx((1 - u) ** 2, rel=1e-12)
    assert found.phi[1] == found.phi[2]
    assert found.phi[3] == pytest.approx(1, abs=1e-4)


def test_functions_of_time_need_time(leaky):
    still = quenched.Solver("static", "tanh(x)").solve(g=1, sigma=1)
    for call in (
        lambda: quenched.pair_correlation(still, 0, 0),
        lambda: quenched.frequency_dimension(still, 0),
        lambda: quenched.autocovariance(still, 0),
    ):
        with pytest.raises(InputError, match="model dynamic"):
            call()
    with pytest.raises(InputError, match="must be finite"):
        quenched.pair_correlation(leaky, 0, np.nan)
    with pytest.raises(InputError, match="must be real numbers"):
        quenched.autocovariance(leaky, "soon")


# ---- filters ---------------------------------------------------------------------------------------------------------------


@pytest.mark.heavy
def test_a_filter_by_brute_force():
    """h = 1/(1+s)^2: both double integrals on a grid of 500 x 500 frequencies, omega = tan(theta)/2."""
    solution = quenched.Solver("dynamic", "tanh(x)", filter="1/(1+s)^2").solve(**WHITE)
    count = 500
    theta = np.pi * ((np.arange(count) + 0.5) / count - 0.5)
    omega, weight = 0.5 * np.tan(theta), 0.5 / np.cos(theta) ** 2 / (2 * count)
    S, T, C, K, X = quenched.one_site(solution, omega)
    g = WHITE["g"]
    y = g**2 * np.outer(S, S)
    both = np.outer(weight, weight)
    U = g**2 * np.outer(T, T) / (1 - y)
    psi_phi = np.sum(both * np.outer(C, C) * (1 / np.abs(1 - y) ** 2 - 1))
    psi_x = np.sum(both * (np.abs(U) ** 2 * np.outer(C, C) + 2 * np.real(U * np.outer(K, K))))
    for key, variance, psi in (("PR_phi", "C_phi0", psi_phi), ("PR_x", "Delta0", psi_x)):
        square = solution.leading[variance] ** 2
        assert solution.leading[key] == pytest.approx(square / (square + psi), rel=1e-10)
    assert weight @ X == pytest.approx(solution.leading["Delta0"], rel=1e-10)
    lag = np.array([0.0, 0.5, 3.0])
    curve = quenched.autocovariance(solution, lag)
    # the grid does not resolve the waves of high frequency: 7e-5 with 500 frequencies, 2e-6 with 4000
    assert curve.x == pytest.approx(np.cos(np.outer(lag, omega)) @ (weight * X), rel=2e-4)
    assert curve.phi == pytest.approx(np.cos(np.outer(lag, omega)) @ (weight * C), rel=2e-4)


@pytest.mark.heavy
def test_the_leaky_unit_by_the_other_route():
    """h = 1/(1+s) with a delay of 0 is the model's own; a delay changes pairs at different frequencies only."""
    own = quenched.Solver("dynamic", "erf(x)").solve(g=1.2, sigma=0.8)
    same = quenched.Solver("dynamic", "erf(x)", filter="2/(2+2*s)").solve(g=1.2, sigma=0.8)
    late = quenched.Solver("dynamic", "erf(x)", filter="exp(-s/2)/(1+s)").solve(g=1.2, sigma=0.8)
    assert same.leading == own.leading
    for key in ("Delta0", "C_phi0", "gain", "kappa2", "PR0_phi", "PR0_x"):
        assert late.leading[key] == pytest.approx(own.leading[key], rel=1e-10)
    assert late.leading["PR_phi"] > 1.1 * own.leading["PR_phi"]


def test_filters_on_the_command_line(capsys):
    assert main(["solve", "dynamic", "-a", "erf(x)", "--filter", "1/(1+s)^2", "g=1", "sigma=1", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["filter"] == "1/(1+s)^2"
    assert 0 < data["observables"]["PR_x"] < 1
    refused = {
        ("solve", "dynamic", "1/(1-s)", "g=1 sigma=1"): "pole with real part >= 0",
        ("solve", "static", "1/(1+s)", "g=1 sigma=1"): "has no time",
        ("simulate", "dynamic", "exp(-s)/(1+s)", "g=1 sigma=1"): "not simulated",
        ("sweep", "dynamic", "1/(1+y)", "g=1:2:3 sigma=1"): "a filter takes s",
        ("derive", "dynamic", "s", ""): "degree of its numerator",
    }
    for (command, model, text, words), sentence in refused.items():
        assert main([command, model, "-a", "tanh(x)", "--filter", text, *words.split()]) == 2
        error = capsys.readouterr().err
        assert sentence in error and error.count("\n") == 1


def test_lags_and_frequencies_on_the_command_line(capsys, leaky):
    words = [
        "solve",
        "dynamic",
        "-a",
        "tanh(x)",
        "g=3/2",
        "sigma=1",
        "--lag",
        "0",
        "--lag",
        "2.5",
        "--frequency",
        "1/2",
    ]
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["lags"]["C_x"][1] == quenched.autocovariance(leaky, 2.5).x
    assert data["lags"]["psi_phi"][1] == pytest.approx(float(quenched.pair_correlation(leaky, 2.5, 2.5).phi), rel=1e-9)
    assert data["frequencies"]["PR_phi"] == [float(quenched.frequency_dimension(leaky, 0.5).phi)]
    assert main(words) == 0
    assert "lag 2.5: C_x = " in capsys.readouterr().out
    assert main(["solve", "dynamic", "-a", "tanh(x)", "g=1", "sigma=1", "--lag", "now", "--frequency", "inf"]) == 2
    said = (f"--{words} is not allowed; it must be a real number" for words in ("lag now", "frequency inf"))
    assert capsys.readouterr().err == f"quenched: {'; '.join(said)}\n"
    assert main(["solve", "static", "-a", "tanh(x)", "g=1", "sigma=1", "--lag", "1"]) == 2
    assert "--lag is for the model dynamic" in capsys.readouterr().err


def test_a_sweep_with_a_filter():
    found = quenched.sweep("dynamic", "erf(x)", {"g": [0.8, 1.2], "sigma": 1.0}, filter="1/(1+s)^2")
    one = quenched.Solver("dynamic", "erf(x)", filter="1/(1+s)^2").solve(g=1.2, sigma=1)
    assert found["PR_phi"][1] == one.leading["PR_phi"]
    assert found.filter == "1/(1+s)^2"


# ---- partially symmetric couplings -------------------------------------------------------------------------------------------


def test_published_simulation_of_antisymmetric_couplings(antisymmetric):
    """Simulated: PR_x .6406(17), PR_phi .6590(17); four standard errors."""
    assert antisymmetric.leading["PR_x"] == pytest.approx(0.6406, abs=4 * 0.0017)
    assert antisymmetric.leading["PR_phi"] == pytest.approx(0.6590, abs=4 * 0.0017)
    assert antisymmetric.sampled and antisymmetric.to_dict()["diagnostics"]["sampled"]
    assert all(0 < antisymmetric.errors[key] < 2e-3 * abs(value) for key, value in antisymmetric.leading.items())


def test_a_sampled_solution_is_printed_with_its_errors(antisymmetric):
    text = solution_text(antisymmetric, quenched.Solver.of(antisymmetric).module.MEANINGS)
    row = next(line for line in text.splitlines() if line.startswith("  PR_phi"))
    value, sign, error = row.split()[1:4]
    assert sign == "±" and float(error) == pytest.approx(antisymmetric.errors["PR_phi"], rel=0.06)
    assert float(value) == pytest.approx(antisymmetric.leading["PR_phi"], rel=1e-6)


@pytest.mark.heavy
def test_a_sampled_solution_carries_its_functions(antisymmetric):
    """The same process seen in lags, in frequency and in pairs."""
    curve = quenched.autocovariance(antisymmetric, [0.0, 1.0])
    assert curve.x[0] == pytest.approx(antisymmetric.leading["Delta0"], rel=1e-6)
    assert curve.phi[0] == pytest.approx(antisymmetric.leading["C_phi0"], rel=1e-6)
    zero = quenched.frequency_dimension(antisymmetric, [0.0])
    assert zero.phi[0] == pytest.approx(antisymmetric.leading["PR0_phi"], rel=1e-9)
    pairs = quenched.pair_correlation(antisymmetric, 0.0, 0.0)
    expected = antisymmetric.leading["C_phi0"] ** 2 * (1 / antisymmetric.leading["PR_phi"] - 1)
    assert abs(pairs.phi - expected) < pairs.error_phi
    site = quenched.one_site(antisymmetric, [0.0])
    assert site.S[0].real == pytest.approx(np.sqrt(1 - antisymmetric.leading["kappa2"]) / 1.5, rel=1e-9)


def test_linear_networks_are_not_sampled_with_noise():
    """eta = 1, g = 0.35: symmetric couplings; the elliptic law. Reference .83324, confirmed by random matrices."""
    found = quenched.Solver("dynamic", "x").solve(g=0.35, sigma=1, eta=1)
    assert found.leading["PR_x"] == pytest.approx(0.83324, abs=3e-5)
    S = 2 / (1 + np.sqrt(1 - 4 * 0.35**2))
    u = (0.35 * S) ** 2
    assert found.leading["PR0_phi"] == pytest.approx((1 - u) ** 2 * (1 - u) / (1 + u), rel=1e-4)


@pytest.mark.parametrize(
    ("text", "numbers", "words"),
    [
        ("sign(x)", {"g": 1, "sigma": 1, "eta": 0.3}, "phi jumps"),
        ("x", {"g": 0.8, "sigma": 1, "eta": 0.5}, "does not exist|do not relax"),
        ("tanh(x)", {"g": 0.6, "eta": 0.2}, r"activity sets in at g = 1/\(\(1 \+ eta\) phi'\(0\)\) = 0.8333333333"),
        ("tanh(x)", {"g": 1.1, "eta": -0.5}, "activity sets in at g = .* = 2"),
    ],
)
def test_refused_with_a_reason(text, numbers, words):
    with pytest.raises(DomainError, match=words):
        quenched.Solver("dynamic", text).solve(**numbers)


def test_symmetry_has_a_range():
    with pytest.raises(InputError, match="eta must be a number from -1 to 1"):
        quenched.Solver("dynamic", "tanh(x)").solve(g=1, sigma=1, eta=1.5)
