"""The comparison of theory and simulation: agrees with the truth, refuses wrong factors, never passes silently.

The theory used here is a second copy of the closed formulas (Mato, Rigatuso, Torroba 2025, arXiv 2510.21742;
rederived), with its own quadrature; it shares no code with the toolkit's derivation.
"""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from scipy import optimize, stats

from numerics.compare.estimate import Estimate, mean_estimate, observables
from numerics.compare.validation import Validation, judge, validate_model
from numerics.compare.verdict import compare
from numerics.models.static import TREATMENT
from numerics.simulate.fixed_points import simulate
from numerics.solve.solver import Solver
from quenched.jsontext import json_text
from tests.effort import one_in
from theory.errors import InputError


def validate(theory, phi, g, sigma, **options):
    """The comparison for the static network with values given by hand."""
    return validate_model(TREATMENT.simulator, theory, phi, {"g": g, "sigma": sigma}, **options)


def twin_theory(phi, phi_prime, g, sigma):
    """Large-N observables of an odd activation by a root search and the trapezoidal rule."""
    z = np.linspace(-9, 9, 4001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()

    def average(f, variance):
        return float(weight @ f(math.sqrt(variance) * z))

    def phi_squared(x):
        return phi(x) ** 2

    delta = optimize.brentq(lambda d: sigma**2 + g**2 * average(phi_squared, d) - d, sigma**2, 1e3, xtol=1e-13)
    c, gain = average(phi_squared, delta), average(phi_prime, delta)
    gamma = (g * gain) ** 2
    return {
        "Delta": delta,
        "C_phi": c,
        "gain": gain,
        "stability": g**2 * average(lambda x: phi_prime(x) ** 2, delta),
        "D_x": (1 - gamma) ** 2 / (1 - gamma**2 + (1 - sigma**2 / delta) ** 2),
        "D_phi": (1 - gamma) ** 2,
        "n_var_cov_x": (g**2 * c) ** 2 / (1 - gamma) ** 2 + 2 * gamma * delta**2 / (1 - gamma),
        "n_var_cov_phi": c**2 * (1 / (1 - gamma) ** 2 - 1),
    }


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


def pade(x):
    return x / (1 + x**2 / 3)


def pade_prime(x):
    return (1 - x**2 / 3) / (1 + x**2 / 3) ** 2


def root(x):
    return np.sign(x) * np.sqrt(np.abs(x))


@pytest.fixture
def root_theory():
    """Reference row for sign(x) |x|^(1/2), g = 0.5, sigma = 1."""
    return {
        "Delta": 1.22035514122276,
        "C_phi": 0.8814205648910406,
        "gain": 0.8182708596984024,
        "stability": math.inf,
        "D_phi": 0.6932364147773612,
        "D_x": 0.6900729739115732,
        "n_var_cov_phi": 0.3437864816468862,
        "n_var_cov_x": 0.668862580850099,
    }


SIZES = (80, 160, 320)
COUPLINGS = (160, 100, 50)


@pytest.fixture(scope="module")
def tanh_theory():
    return twin_theory(np.tanh, tanh_prime, 0.8, 1.0)


@pytest.fixture(scope="module")
def tanh_run(tanh_theory) -> Validation:
    return validate(
        tanh_theory, np.tanh, 0.8, 1.0, phi_prime=tanh_prime, sizes=SIZES, couplings=COUPLINGS, samples=100, seed=1
    )


def row_of(validation: Validation, name: str):
    return next(row for row in validation.rows if row.observable == name)


def rejudge(run: Validation, theory) -> Validation:
    return judge(theory, run.samples_at_sizes)


def test_twin_theory_reproduces_the_reference_values():
    """Reference row for tanh, g = 1, sigma = 1 (forty-digit quadrature)."""
    found = twin_theory(np.tanh, tanh_prime, 1.0, 1.0)
    expected = {
        "Delta": 1.463850891102547,
        "stability": 0.3988790065437358,
        "D_x": 0.498851595332843,
        "n_var_cov_x": 2.152725571111788,
        "n_var_cov_phi": 0.2086153221069366,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9)


def test_right_theory_agrees(tanh_run, tanh_theory):
    assert tanh_run.verdict == "agree"
    assert tanh_run.ok
    assert [row.observable for row in tanh_run.rows] == [*tanh_theory, "gain_derivative"]
    assert all(row.status == "agree" and abs(row.z) < 4 for row in tanh_run.rows)
    assert tanh_run.unconverged == (0.0, 0.0, 0.0)
    assert tanh_run.false_alarm == pytest.approx(9 * 6.334e-5, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("n_var_cov_x", lambda value: 1.1 * value),
        ("n_var_cov_phi", lambda value: 1.2 * value),
        ("Delta", lambda value: 1.02 * value),
        ("gain", lambda value: 1.01 * value),
        ("stability", lambda value: 0.98 * value),
        ("D_phi", math.sqrt),
        ("D_x", lambda value: 0.9 * value),
    ],
)
def test_one_wrong_factor_disagrees(tanh_run, tanh_theory, name, wrong):
    result = rejudge(tanh_run, tanh_theory | {name: wrong(tanh_theory[name])})
    assert result.verdict == "disagree"
    assert not result.ok
    assert row_of(result, name).status == "disagree"
    assert name in result.sentence
    assert all(row.status == "agree" for row in result.rows if row.observable not in (name, "gain_derivative"))


def test_detectable_deviation_is_where_the_verdict_turns(tanh_run):
    row = row_of(tanh_run, "D_x")
    edge = row.detectable * row.theory
    for factor, status in ((0.999, "agree"), (1.001, "disagree"), (-0.999, "agree"), (-1.001, "disagree")):
        assert compare("D_x", row.simulation + factor * edge, SIZES, row.at_sizes).status == status


@pytest.fixture(scope="module")
def tanh_slopes():
    """1/N terms by the toolkit; `test_one_loop` holds what they are checked against."""
    return Solver("static", "tanh(x)").solve(g=0.8, sigma=1.0).slopes()


def test_slopes_in_inverse_size_are_compared(tanh_run, tanh_theory, tanh_slopes):
    known = {name: tanh_slopes[name] for name in ("Delta", "C_phi", "D_x", "n_var_cov_x")}
    result = judge(tanh_theory, tanh_run.samples_at_sizes, known)
    assert result.ok and "slopes in 1/N too" in result.sentence
    assert result.false_alarm > tanh_run.false_alarm
    for name, slope in known.items():
        row = row_of(result, name)
        assert row.slope_theory == slope and abs(row.slope_z) < 4
        assert row.theory_at_sizes == pytest.approx([row.theory + slope / size for size in SIZES])
        assert all(abs(z) < 4.5 for z in row.z_at_sizes)
    assert math.isnan(row_of(result, "D_phi").slope_z) and row_of(result, "D_phi").theory_at_sizes == ()
    data = json.loads(json_text(result.to_dict()))
    (row,) = [row for row in data["rows"] if row["observable"] == "Delta"]
    assert row["slope_theory"] == known["Delta"] and {"theory", "z"} <= set(row["at_sizes"][0])


def test_a_wrong_slope_disagrees(tanh_run, tanh_theory):
    """Off by six standard errors of the slope: the value at N -> infinity stays right, the 1/N term is wrong."""
    row = row_of(tanh_run, "C_phi")
    result = judge(tanh_theory, tanh_run.samples_at_sizes, {"C_phi": row.slope + 6 * row.slope_error})
    found = row_of(result, "C_phi")
    assert abs(found.z) < 4 < abs(found.slope_z)
    assert (result.verdict, found.status) == ("disagree", "disagree") and "slope in 1/N" in result.sentence


def test_the_unknown_next_order_counts_as_an_error():
    """A 1/N^2 term of the size of c^2/v is no reason to disagree; 50 times that is."""
    sizes, value, slope = (50, 100, 200), 2.0, 6.0
    for curvature, status in ((slope**2 / value, "agree"), (50 * slope**2 / value, "disagree")):
        data = tuple(Estimate(value + slope / n + curvature / n**2, 1e-3, 99.0) for n in sizes)
        row = compare("v", value, sizes, data, slope)
        assert (abs(row.slope_z) < 4) == (status == "agree")


def test_an_infinite_value_is_listed_and_not_tested(tanh_run, tanh_theory):
    result = rejudge(tanh_run, tanh_theory | {"stability": math.inf})
    row = row_of(result, "stability")
    assert (row.status, row.note) == ("not tested", "infinite")
    assert math.isnan(row.z)
    assert result.ok
    assert "stability not tested (infinite)" in result.sentence
    assert "not tested: infinite" in result.table()


def test_a_value_that_is_not_a_number_is_inconclusive(tanh_run, tanh_theory):
    result = rejudge(tanh_run, tanh_theory | {"D_x": math.nan})
    assert result.verdict == "inconclusive"
    assert not result.ok
    assert "D_x (the theory gives no value)" in result.sentence


def test_what_is_not_measured_is_listed(tanh_run, tanh_theory):
    result = rejudge(tanh_run, tanh_theory | {"chi": 1.0})
    assert result.ok
    assert "chi not tested (not measured by the simulation)" in result.sentence
    assert row_of(result, "chi").status == "not tested"


def test_nothing_tested_is_not_agreement(tanh_run):
    for theory in ({}, {"chi": 1.0}, {"stability": math.inf}):
        assert rejudge(tanh_run, theory).verdict == "inconclusive"


@pytest.mark.parametrize("wrong", [1.0, 1.5])
def test_unconverged_draws_make_it_inconclusive(tanh_run, tanh_theory, wrong):
    *others, last = tanh_run.samples_at_sizes
    theory = tanh_theory | {"Delta": wrong * tanh_theory["Delta"]}
    for fraction, verdict in ((0.011, "inconclusive"), (0.009, "agree" if wrong == 1 else "disagree")):
        samples = [*others, dataclasses.replace(last, unconverged=np.full(last.couplings, fraction))]
        result = judge(theory, samples)
        assert result.verdict == verdict
    assert result.unconverged[-1] == pytest.approx(0.009)


def test_json_and_table(tanh_run, tanh_theory):
    result = rejudge(tanh_run, tanh_theory | {"stability": math.inf})
    data = json.loads(json_text(result.to_dict()))
    assert data["ok"] is True
    assert data["sizes"] == list(SIZES)
    by_name = {row["observable"]: row for row in data["rows"]}
    assert by_name["stability"]["theory"] == math.inf  # infinite is a result, undefined is null
    assert by_name["stability"]["z"] is None
    assert by_name["Delta"]["z"] == row_of(result, "Delta").z
    assert [point["N"] for point in by_name["Delta"]["at_sizes"]] == list(SIZES)
    lines = result.table().splitlines()
    assert max(map(len, lines[:-1])) <= 120
    column = lines[0].index("status")
    assert all(line[column - 1] == " " and line[column:].startswith(("agree", "not tested")) for line in lines[1:10])


def test_same_seed_same_result(tanh_theory):
    arguments = {"sizes": (20, 40), "couplings": 4, "samples": 8}
    one, two, other = (validate(tanh_theory, np.tanh, 0.8, 1.0, seed=seed, **arguments) for seed in (3, 3, 4))
    assert json_text(one.to_dict()) == json_text(two.to_dict())
    assert json_text(one.to_dict()) != json_text(other.to_dict())


def test_progress_rises_to_one(tanh_theory):
    seen: list[float] = []
    validate(tanh_theory, np.tanh, 0.8, 1.0, sizes=(20, 40), couplings=(6, 4), samples=8, progress=seen.append)
    assert len(seen) == 10
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_linear_network_with_exact_observables():
    """gain = 1 and stability = g^2 do not fluctuate: compared to rounding, not to a vanishing error."""
    g = 0.5
    theory = {"gain": 1.0, "stability": g**2, "Delta": 4 / 3, "D_x": (1 - g**2) ** 2, "D_phi": (1 - g**2) ** 2}
    arguments = {
        "phi_prime": np.ones_like,
        "sizes": (50, 100, 200),
        "couplings": (60, 40, 30),
        "samples": 50,
        "seed": 2,
    }
    right = validate(theory, lambda x: x, g, 1.0, **arguments)
    assert right.ok, right.table()
    assert rejudge(right, theory | {"gain": 1 + 1e-6}).verdict == "disagree"


@pytest.mark.heavy
def test_frozen_mean_activity():
    """ReLU, g = 0.7, sigma = 1: connected covariances; reference values of the frozen-mean theory."""
    g, delta, delta0 = 0.7, 1.324503311258278, 0.1181812696214188
    replicon, v2 = 0.129467705269354, 0.1981569626395614
    c = delta - delta0
    n_var_x = g**4 * v2 / (1 - replicon) ** 2 + 2 * replicon * c**2 / (1 - replicon)
    theory = {
        "Delta": delta,
        "Delta0": delta0,
        "D_x": 0.7459416609669095,
        "D_phi": 0.678046581409998,
        "n_var_cov_x": n_var_x,
        "n_var_cov_phi": v2 * (1 / (1 - replicon) ** 2 - 1),
    }
    arguments = {"sizes": (80, 160, 320), "couplings": (120, 80, 40), "samples": 60, "seed": 1}
    result = validate(theory, lambda x: np.maximum(x, 0), g, 1.0, **arguments)
    assert result.ok, result.table()
    assert row_of(result, "Delta0").detectable < 0.25


def test_chaotic_network_gives_up_early():
    """tanh at g = 3 without a stable fixed point: inconclusive after the pilot, whatever number was asked for."""
    theory = twin_theory(np.tanh, tanh_prime, 3.0, 0.5)
    assert theory["stability"] > 1
    result = validate(theory, np.tanh, 3.0, 0.5, sizes=(60, 120), couplings=5000, samples=16)
    assert result.verdict == "inconclusive"
    assert "did not converge" in result.sentence
    assert result.couplings == (4, 4)


def test_escape_everywhere_is_inconclusive():
    result = validate({"Delta": 1.0}, lambda x: x * abs(x), 3.0, 1.0, sizes=(20, 40), couplings=4, samples=8)
    assert result.verdict == "inconclusive"
    assert result.unconverged == (1.0, 1.0)
    assert "100%" in result.table()


@pytest.mark.parametrize(
    ("estimates", "note"),
    [
        ([Estimate(1 + 200 / N**2, 1e-3, 100) for N in (50, 100, 200)], "not a straight line"),
        ([Estimate(1 + 100 / N, 1e-3, 100) for N in (50, 100, 200)], "1/N term is 50% of the value"),
        ([Estimate(1.0, 0.5, 100)] * 3, "too noisy"),
    ],
)
def test_rows_that_cannot_decide(estimates, note):
    row = compare("Delta", 1.0, (50, 100, 200), tuple(estimates))
    assert row.status == "inconclusive"
    assert note in row.note


def test_a_row_without_an_error_is_not_tested():
    row = compare("stability", 1.0, (50, 100, 200), (Estimate(1.0, math.nan, 9),) * 3)
    assert (row.status, row.note) == ("not tested", "no finite standard error")


def test_a_slope_that_is_only_noise_does_not_count_as_a_large_term():
    """No covariances without couplings: the value is zero within its error, and so is the 1/N term."""
    estimates = (Estimate(0.03, 0.02, 99), Estimate(-0.01, 0.02, 99), Estimate(0.01, 0.02, 99))
    row = compare("n_var_cov_x", 0.0, (50, 100, 200), estimates)
    assert row.last_term > 0.2
    assert row.status == "agree"


def test_square_root_activation(root_theory):
    """g^2 <phi'^2> is infinite; the rest is finite, and the derivative's mean has no finite variance."""
    arguments = {"sizes": (60, 120, 240), "couplings": (80, 50, 30), "samples": 40, "seed": 1}
    result = validate(root_theory, root, 0.5, 1.0, phi_prime=lambda x: 0.5 * np.abs(x) ** -0.5, **arguments)
    assert result.ok, result.table()
    assert row_of(result, "stability").status == "not tested"
    assert row_of(result, "gain").status == "agree"


def test_a_standard_error_of_the_theory_counts():
    """A sampled theory: z is a normal deviate where both sides are drawn, and too large where its error is forgotten."""
    random = np.random.default_rng(5)
    known, forgotten = [], []
    for _ in range(2000):
        estimates = tuple(Estimate(1 + 0.03 * random.normal(), 0.03, 60.0) for _ in range(2))
        theory = 1 + 0.2 * random.normal()
        known.append(compare("Delta", theory, (100, 200), estimates, theory_error=0.2).z)
        forgotten.append(compare("Delta", theory, (100, 200), estimates).z)
    assert np.std(known) == pytest.approx(1, abs=0.07)  # 4.4 standard errors of a standard deviation of 2000
    assert np.std(forgotten) > 2


def test_a_large_deviation_has_a_finite_z():
    row = compare("Delta", 5.0, (50, 100), (Estimate(1.0, 1e-6, 1e4), Estimate(1.0, 1e-6, 1e4)))
    assert row.status == "disagree"
    assert -40 < row.z < -4


@pytest.mark.parametrize("couplings", one_in(2, [((8, 8),), ((40, 60, 20),)]))
def test_z_is_standard_normal_under_the_null(couplings):
    """Gaussian values of known mean at each N: normal up to Welch's approximation, even with eight couplings.

    With three sizes the weights are estimated, too, which adds terms of order 1/dof to the variance of z; with twenty
    couplings or more that is below what four thousand repetitions resolve.
    """
    generator = np.random.default_rng(12)
    sizes = (100, 200, 400)[: len(couplings)]
    z = []
    for _ in range(4000):
        estimates = tuple(
            mean_estimate(generator.normal(2 + 30 / N, 5 / N**0.5, count))
            for N, count in zip(sizes, couplings, strict=True)
        )
        z.append(compare("Delta", 2.0, sizes, estimates).z)
    assert stats.kstest(z, "norm").pvalue > 1e-4
    # |z| > 3 has probability 2.7e-3: 10.8 expected, above 26 with probability 3e-5.
    assert np.sum(np.abs(z) > 3) <= 26


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"sizes": (100,)}, "two or more different sizes"),
        ({"sizes": (100, 100)}, "two or more different sizes"),
        ({"sizes": (50, 100), "couplings": (3, 4, 5)}, "one for each of the 2 sizes"),
        ({"sizes": (50, 100), "couplings": 1}, "two or more coupling matrices"),
        ({"sizes": (50, 100), "samples": 2}, "noise draws"),
    ],
)
def test_unusable_arguments(arguments, text):
    with pytest.raises(InputError, match=text):
        validate({"Delta": 1.0}, np.tanh, 0.8, 1.0, **arguments)


@pytest.mark.heavy
def test_default_budget_on_the_pade_activation():
    """The documented power: x/(1+x^2/3), g = 1.3, sigma = 0.8, g^2 <phi'^2> = 0.68."""
    theory = twin_theory(pade, pade_prime, 1.3, 0.8)
    result = validate(theory, pade, 1.3, 0.8, phi_prime=pade_prime, seed=1)
    assert result.ok, result.table()
    assert row_of(result, "Delta").detectable < 4 * 0.003
    assert max(row.detectable for row in result.rows) < 4 * 0.015
    for name, factor in (("Delta", 1.02), ("n_var_cov_x", 1.1), ("D_phi", 1.05)):
        assert rejudge(result, theory | {name: factor * theory[name]}).verdict == "disagree"


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("phi", "g", "expected"),
    [
        (np.tanh, 1.0, {"D_phi": 0.5109, "D_x": 0.4961, "n_var_cov_phi": 0.2069, "n_var_cov_x": 2.167}),
        (pade, 0.8, {"D_phi": 0.6826, "D_x": 0.6722, "n_var_cov_phi": 0.07071, "n_var_cov_x": 0.7552}),
        (root, 0.5, {"D_phi": 0.6942, "D_x": 0.6873, "n_var_cov_phi": 0.3436, "n_var_cov_x": 0.6737}),
    ],
)
def test_one_loop_values_at_a_hundred_units(phi, g, expected):
    """Theory including its 1/N term, sigma = 1, N = 100, against one simulation; the values are rounded to four digits.

    Four standard errors (of about 0.2% to 0.5%), p = 6e-5 for each of the twelve numbers; what is left out, the 1/N^2
    term, is about the square of the 1/N term, at most 1% for these, hence of order 1e-4.
    """
    sample = simulate(phi, {"g": g, "sigma": 1.0}, N=100, couplings=400, samples=100, seed=11)
    found = observables(sample.statistics, g)
    assert sample.unconverged_fraction < 1e-3
    for name, value in expected.items():
        estimate = found[name]
        rounding = 0.5 * 10 ** (math.floor(math.log10(value)) - 3)
        assert abs(estimate.value - value) < 4 * estimate.error + rounding, (name, estimate)
