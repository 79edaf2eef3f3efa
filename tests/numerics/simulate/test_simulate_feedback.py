"""The simulator of networks with feedback: exact vectors, exact states, unbiased estimates, and numbers against theory.

The theory is that of Mastrogiuseppe, Ostojic 2019 (Neural Computation 31, 1139): reference values by 40-digit mpmath, and a second
copy of the equations with its own quadrature; no code is shared with the toolkit's derivation.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import optimize, stats

from numerics.compare.validation import judge, validate_model
from numerics.models.feedback import TREATMENT
from numerics.simulate import clamped
from numerics.simulate import loop as feedback
from numerics.simulate.loop import draw, jacobian_eigenvalues, response, simulate, stationary
from theory.errors import InputError

NAMES = ("g", "Sm", "SI", "rho", "p", "pm", "pI", "A")


def tanh_prime(x):
    return 1 - np.tanh(x) ** 2


def at(*values):
    return dict(zip(NAMES, values, strict=True))


# C, Delta0, <phi'>, <phi^2>, largest outlier, bulk radius, least squares' outlier
REFERENCE = {
    "loop and input, A > 0": (
        at(0.3, 1.2, 0.5, 0.5, 1, 1, 0.3, 1),
        (1.038771063485082, 2.03709010410609, 0.4767766210434397, 0.5232233789565603, None, 0.1766529515408903, None),
    ),
    "loop and input, saddle": (
        at(0.3, 1.2, 0.5, 0.5, 1, 1, 0.3, -0.5),
        (
            1.554436667391469,
            0.4841627435322,
            0.7315250718641,
            0.2684749281359,
            1.600145681277779,
            0.2320771393464,
            None,
        ),
    ),
    "shared direction, saddle": (
        at(0.8, 1.2, 0.5, 0.5, 1, 0, 0, -1),
        (5.617900358723253, 1.7045098147332, 0.5085784144794, 0.4914215855206, 1.1446661580961, 0.4894207245838, None),
    ),
    "least squares, unstable": (
        at(0.5, 1, 1, 0.975, 1, 0, 0, -1.5),
        (None, 0.463500547382, None, None, None, None, 1.165774001378),
    ),
}
KEYS = ("overlap", "Delta0", "gain", "C_phi", "outlier", "bulk_radius", "lambda_ls")


def theory_of(case):
    parameters, values = REFERENCE[case]
    C, *others = values
    overlap = None if C is None else parameters["A"] / C
    row = {key: value for key, value in zip(KEYS, (overlap, *others), strict=True) if value is not None}
    return parameters, row


def twin(phi, phi_prime, parameters):
    """Large-N values by the trapezoidal rule and finite differences in the variance."""
    g, Sm, SI, rho, p, pm, pI, A = (parameters[name] for name in NAMES)
    y = np.linspace(-12, 12, 6000)
    weight = np.exp(-(y**2) / 2) / np.sum(np.exp(-(y**2) / 2))

    def square(D):
        return float(weight @ phi(np.sqrt(D) * y) ** 2)

    def gain(D):
        return float(weight @ (y * phi(np.sqrt(D) * y))) / np.sqrt(D)

    rest = np.sqrt(1 - rho**2)
    snm, snI, s = Sm * (rho * p + rest * pm), SI * (rho * p + rest * pI), A * Sm**2 + Sm * SI * rho**2
    S = (A * Sm) ** 2 + 2 * A * Sm * SI * rho**2 + SI**2
    D = optimize.brentq(lambda d: d - g**2 * square(d) - S, 1e-9, 100, xtol=1e-14)
    step = 1e-4 * D
    dP, dQ = (float((f(D + step) - f(D - step)) / (2 * step)) for f in (square, gain))
    overlap, G = (snm * A + snI) * gain(D), g**2 * dP
    slope = snm * gain(D) + 2 * (snm * A + snI) * s * dQ / (1 - G)
    least = dP * (g**2 + A * s / square(D))
    return {
        "Delta0": D,
        "C_phi": square(D),
        "gain": gain(D),
        "bulk_radius": g * np.sqrt(weight @ phi_prime(np.sqrt(D) * y) ** 2),
        "overlap": overlap,
        "C": A / overlap,
        "overlap_slope": slope,
        "H_slope": A * slope / overlap,
        "H_slope_ls": (least - G) / (1 - G),
        "lambda_ls": least,
    }


def test_twin_reproduces_the_reference_values():
    for case in REFERENCE:
        parameters, expected = theory_of(case)
        found = twin(np.tanh, tanh_prime, parameters)
        for key in set(expected) & set(found):
            assert found[key] == pytest.approx(expected[key], rel=2e-7)


# what is drawn


def test_vectors_have_exactly_the_overlaps_of_the_theory():
    given = at(0.5, 1.2, 0.7, 0.6, 1, -0.4, 0.3, 1)
    net, rest = draw(given, N=57, seed=1), 0.8
    assert net.m @ net.m / 57 == pytest.approx(1.44, rel=1e-13)
    assert pytest.approx(0.49, rel=1e-13) == net.I @ net.I / 57
    assert net.m @ net.I / 57 == pytest.approx(1.2 * 0.7 * 0.36, rel=1e-13)
    assert net.direction @ net.m == pytest.approx(1.2 * (0.6 - 0.4 * rest), rel=1e-13)
    assert net.direction @ net.I == pytest.approx(0.7 * (0.6 + 0.3 * rest), rel=1e-13)


def test_couplings_and_vectors_are_normal_and_independent():
    given = at(1.3, 1, 1, 0, 0, 1, 0, 1)
    nets = [draw(given, N=40, seed=2, network=k) for k in range(40)]
    J = np.array([net.J for net in nets])
    tail = stats.chi2.sf(np.sum(J**2) * 40 / 1.3**2, J.size)
    assert 1e-6 < tail < 1 - 1e-6
    m = np.concatenate([net.m for net in nets])  # m of a sphere in 40 dimensions: kurtosis 3 * 40/42, no preferred sign
    assert abs(np.mean(m)) < 5 / np.sqrt(m.size)
    assert abs(np.mean(m**4) - 3 * 40 / 42) < 5 * np.sqrt(96 / m.size)  # 5 standard errors: false alarm 6e-7 each
    work = [net.m @ net.J @ net.I / (1.3 * np.sqrt(40)) for net in nets]  # standard normal
    assert stats.kstest(work, "norm").pvalue > 1e-6


def test_streams_depend_on_seed_size_and_number_alone():
    given = at(0.5, 1, 1, 0, 0, 1, 0, 1)
    few, many = (simulate(np.tanh, given, N=30, couplings=k, seed=7, phi_prime=tanh_prime) for k in (2, 4))
    other = simulate(np.tanh, given, N=30, couplings=2, seed=8, phi_prime=tanh_prime)
    for name, values in few.statistics.items():
        np.testing.assert_array_equal(values, many.statistics[name][:2])
        assert not np.any(values == other.statistics[name])


def test_control_variates_average_to_zero():
    """600 networks of 12 units, 6 statistics: 4.5 standard errors, a false alarm in 2e4 runs."""
    given = feedback.check(at(0.7, 1.1, 0.6, 0.5, 1, 0.5, -0.3, 0.8), N=12, target=True)
    rows = [
        feedback.control_variates(np.tanh, tanh_prime, draw(given, N=12, seed=3, network=k), given) for k in range(600)
    ]
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        assert abs(values.mean()) < 4.5 * values.std(ddof=1) / np.sqrt(600)
        assert values.std() > 0


# what is found in one network


def test_a_linear_network_is_exact():
    given = feedback.check(at(0.4, 1.2, 0.5, 0.5, 1, 1, 0.3, 0.7), N=50, target=True)
    net = draw(given, N=50, seed=4)
    ones = np.ones(50)
    x, converged = stationary(lambda x: x, net, np.array([0.7, -2.0]))
    exact = np.linalg.solve(np.eye(50) - net.J, np.outer(net.m, [0.7, -2.0]) + net.I[:, None])
    assert converged.all()
    np.testing.assert_allclose(x, exact, rtol=1e-8, atol=1e-9)
    row = feedback.network_statistics(lambda x: x, lambda x: ones, net, given, exact[:, 0])
    inverse = np.linalg.inv(np.eye(50) - net.J)
    assert row["overlap"] == pytest.approx(net.direction @ exact[:, 0], rel=1e-12)
    assert row["overlap_slope"] == pytest.approx(net.direction @ inverse @ net.m, rel=1e-10)
    assert row["slope2"] == row["slope_max"] == 1


def test_the_slope_is_that_of_the_output_curve():
    given = at(0.8, 1.2, 0.5, 0.5, 1, 1, 0.3, -0.6)
    net, step = draw(given, N=80, seed=5), 1e-4
    x, converged = stationary(np.tanh, net, np.array([-0.6 - step, -0.6, -0.6 + step]), tolerance=1e-13)
    assert converged.all()
    outputs = net.direction @ np.tanh(x)
    slope = tanh_prime(x[:, 1])
    assert net.direction @ (slope * response(net, slope)) == pytest.approx((outputs[2] - outputs[0]) / 2e-4, rel=1e-6)


@pytest.mark.parametrize("readout", ["class", "least squares"])
def test_outliers_solve_the_loop_equation(readout):
    """n D (lambda - J D)^-1 m = 1 at every eigenvalue outside the bulk."""
    given = feedback.check(at(0.3, 1.2, 0.5, 0.5, 1, 1, 0.3, -0.5), N=100, target=True)
    net = draw(given, N=100, seed=6)
    x = stationary(np.tanh, net, np.array([-0.5]))[0][:, 0]
    activity, slope = np.tanh(x), tanh_prime(x)
    n = (
        -0.5
        * {"class": net.direction / (net.direction @ activity), "least squares": activity / (activity @ activity)}[
            readout
        ]
    )
    top = jacobian_eigenvalues(net, slope, n)[0]
    radius = 0.3 * np.sqrt(np.mean(slope**2))
    assert abs(top) > 1.1 * radius
    assert (n * slope) @ np.linalg.solve(top * np.eye(100) - net.J * slope, net.m) == pytest.approx(1, rel=1e-9)
    row = feedback.network_statistics(np.tanh, tanh_prime, net, given, x)
    assert row["outlier" if readout == "class" else "outlier_ls"] == pytest.approx(top.real, rel=1e-9)


# what is reported


def test_hidden_outliers_are_not_reported():
    """Readout along the input alone: outliers 0 and -0.470, the bulk ends at 0.472."""
    sample = simulate(np.tanh, at(0.8, 1.2, 0.5, 0, 0, 0, 1, 1), N=60, couplings=20, seed=1, phi_prime=tanh_prime)
    assert np.isnan(sample.statistics["outlier"]).any()
    assert not {"outlier", "lambda_ls"} & set(sample.observables())
    assert {"H_slope", "H_slope_ls", "bulk_radius"} <= set(sample.observables())


def test_no_own_amplitude_where_the_class_has_no_output():
    """A = -snI/snm, where the output of the class vanishes: slope per amplitude yes, slope of the calibrated network no."""
    given = at(0.5, 0.8, 0.3, 0, 0, 1, 0.8, -0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = simulate(np.tanh, given, N=60, couplings=40, seed=1, phi_prime=tanh_prime).observables()
    assert not {"C", "H_slope", "outlier"} & set(found)
    assert abs(found["overlap"].value) < 4.5 * found["overlap"].error
    assert found["overlap_slope"].value > 0.5


def test_without_a_derivative_only_the_state_is_reported():
    given = at(0.1, 1.2, 0.5, 0.5, 1, 1, 0.3, 1)
    found = simulate(np.tanh, given, N=60, couplings=20, seed=1).observables()
    assert set(found) == {"Delta0", "C_phi", "overlap", "C"}


def test_chaotic_networks_are_counted_and_not_repaired():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sample = simulate(np.tanh, at(6, 0.8, 0.3, 0, 0, 1, 0.3, 0.3), N=100, couplings=4, seed=1, phi_prime=tanh_prime)
        explosive = simulate(lambda x: x**3, at(2, 1, 1, 0, 0, 1, 0, 1), N=30, couplings=3, seed=1)
    assert sample.unconverged_fraction == explosive.unconverged_fraction == 1
    assert sample.observables() == {}
    assert "100% of the networks" in sample.messages[0]
    judged = judge({"Delta0": 1.0}, [sample, sample])
    assert judged.verdict == "inconclusive" and "100% of the networks have no stationary state" in judged.sentence


def test_states_with_a_bulk_radius_above_one_are_pointed_out():
    sample = simulate(np.tanh, at(1.3, 1, 0, 0, 0, 1, 0, 0.3), N=40, couplings=10, seed=1, phi_prime=tanh_prime)
    above = np.mean(1.3**2 * sample.of_measured(sample.statistics)["slope2"] >= 1)
    assert above > 0
    assert f"unstable in {100 * above:.0f}% of the others" in sample.messages[-1]


def test_silent_networks():
    """Without input and at A = 0 every unit is silent; power(3/4) has no finite slope there."""
    given = at(0.5, 1, 0, 0, 0, 1, 0, 0)
    sample = simulate(
        lambda x: np.sign(x) * np.abs(x) ** 0.75,
        given,
        N=20,
        couplings=3,
        seed=1,
        phi_prime=lambda x: np.full_like(x, np.inf),
    )
    assert {key: e.value for key, e in sample.observables().items()} == {"Delta0": 0, "C_phi": 0, "overlap": 0}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"g": -1}, "g = -1"),
        ({"rho": 1.2}, "rho = 1.2"),
        ({"Sm": float("nan")}, "finite"),
        ({"p": 0, "pm": 0, "pI": 0}, "direction"),
    ],
)
def test_impossible_networks_are_refused(changes, words):
    with pytest.raises(InputError, match=words):
        simulate(np.tanh, at(0.5, 1, 1, 0, 1, 1, 1, 1) | changes, N=20, couplings=2)


def test_every_problem_of_the_settings_is_named():
    with pytest.raises(InputError) as caught:
        simulate(np.tanh, at(0.5, 1, 1, 0, 1, 1, 1, 1), N=20, couplings=0, samples=5)
    assert all(word in str(caught.value) for word in ("couplings", "samples"))
    with pytest.raises(InputError, match="four units"):
        simulate(np.tanh, at(0.5, 1, 1, 0, 1, 1, 1, 1), N=3, couplings=2)
    with pytest.raises(InputError, match="missing parameters of the network: rho"):
        simulate(np.tanh, {"g": 1, "Sm": 1, "SI": 1}, N=20, couplings=2)


# numbers against theory: a row disagrees by chance with probability 6.3e-5 (|z| >= 4)


@pytest.fixture(scope="module")
def saddle():
    parameters, row = theory_of("loop and input, saddle")
    theory = twin(np.tanh, tanh_prime, parameters) | row
    run = validate_model(
        TREATMENT.simulator,
        theory,
        np.tanh,
        parameters,
        phi_prime=tanh_prime,
        sizes=(40, 80, 160),
        couplings=(180, 100, 70),
        seed=1,
    )
    return theory, run


def test_theory_and_simulation_agree(saddle):
    theory, run = saddle
    assert run.verdict == "agree", run.table()
    tested = {row.observable for row in run.rows if row.status == "agree"}
    assert tested == set(theory) - {"lambda_ls"}
    assert run.false_alarm < 1e-3 and run.samples_at_sizes[0].samples == 1
    assert "lambda_ls not tested (not measured by the simulation)" in run.sentence


@pytest.mark.parametrize(
    ("name", "factor"), [("outlier", 1.05), ("H_slope", 0.95), ("Delta0", 1.02), ("overlap", 1.03), ("H_slope_ls", 0.9)]
)
def test_a_wrong_factor_is_found(saddle, name, factor):
    theory, run = saddle
    result = judge(theory | {name: factor * theory[name]}, run.samples_at_sizes)
    assert [row.observable for row in result.rows if row.status == "disagree"] == [name], result.table()


@pytest.mark.heavy
@pytest.mark.parametrize("case", ["shared direction, saddle", "least squares, unstable"])
def test_classes_agree_with_theory(case):
    parameters, row = theory_of(case)
    run = validate_model(
        TREATMENT.simulator,
        twin(np.tanh, tanh_prime, parameters) | row,
        np.tanh,
        parameters,
        phi_prime=tanh_prime,
        sizes=(60, 120, 240),
        couplings=(150, 90, 50),
        seed=2,
    )
    assert run.verdict == "agree", run.table()
    measured = {row.observable for row in run.rows if row.status == "agree"}
    assert measured >= {"Delta0", "C_phi", "gain", "overlap", "overlap_slope", "H_slope", "H_slope_ls", "bulk_radius"}
    assert ("lambda_ls" in measured) == (case == "least squares, unstable")


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("phi", "phi_prime"),
    [
        (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
        (lambda x: x / (1 + x**2), lambda x: (1 - x**2) / (1 + x**2) ** 2),
    ],
    ids=["relu", "pade"],
)
def test_other_activations_agree_with_theory(phi, phi_prime):
    parameters = at(0.6, 1.2, 0.5, 0.5, 1, 1, 0.3, 0.6)
    run = validate_model(
        TREATMENT.simulator,
        twin(phi, phi_prime, parameters),
        phi,
        parameters,
        phi_prime=phi_prime,
        sizes=(60, 120, 240),
        couplings=(150, 90, 50),
        seed=3,
    )
    assert run.verdict == "agree", run.table()


# in time


def test_in_time_a_stable_network_reaches_its_stationary_state():
    """The same networks as the search for stationary states draws; all of the activity is frozen."""
    given = at(0.6, 1.2, 0.5, 0.5, 1, 1, 0.3, 0.7)
    still = simulate(np.tanh, given, N=40, couplings=3, seed=5, phi_prime=tanh_prime).statistics
    sample = clamped.simulate(np.tanh, given, N=40, couplings=3, samples=3, T=2, seed=5, phi_prime=tanh_prime)
    for name in ("x2", "phi2", "overlap", "slope", "slope2"):
        np.testing.assert_allclose(sample.statistics[name], still[name], rtol=1e-8)
    np.testing.assert_allclose(sample.statistics["frozen"], still["x2"], rtol=1e-8)
    found = sample.observables()
    assert found["Delta_inf"].value == pytest.approx(found["Delta0"].value, rel=1e-8)
    assert found["C"].value == pytest.approx(0.7 / found["overlap"].value, rel=0.05)


def test_in_time_bad_settings_and_explosions_are_named():
    given = at(0.6, 1, 1, 0, 0, 1, 0, 1)
    with pytest.raises(InputError) as caught:
        clamped.simulate(np.tanh, given, N=20, couplings=0, samples=1, T=0, burn=-1, dt=1)
    assert all(word in str(caught.value) for word in ("couplings", "samples", "T = 0", "burn", "dt"))
    sample = clamped.simulate(lambda x: x**3, given | {"g": 2}, N=20, couplings=2, T=2, seed=1)
    assert sample.unconverged_fraction == 1 and sample.observables() == {} and "100%" in sample.messages[0]


@pytest.mark.heavy
def test_chaotic_states_agree_with_theory():
    """tanh, g = 3, drive S = 0.5: variances by 40-digit mpmath; the frozen part has a 1/N term of two fifths at N = 100."""
    parameters = at(3, 0.5, 0.5, 0, 0, 0.5, 1, 1)
    theory = {"Delta0": 6.3608295704, "Delta_inf": 2.8262910765}
    y = np.linspace(-12, 12, 4001)
    weight = np.exp(-(y**2) / 2) / np.sum(np.exp(-(y**2) / 2))
    theory["gain"] = float(weight @ tanh_prime(np.sqrt(theory["Delta0"]) * y))
    theory["C"] = 1 / ((0.25 + 0.5) * theory["gain"])
    run = validate_model(
        TREATMENT.replacing_simulator,
        theory,
        np.tanh,
        parameters,
        phi_prime=tanh_prime,
        sizes=(100, 200, 400),
        couplings=(80, 50, 30),
        seed=1,
    )
    rows = {row.observable: row for row in run.rows}
    assert all(abs(row.z) < 4 for row in run.rows), run.table()
    assert [rows[name].status for name in ("Delta0", "gain", "C")] == ["agree"] * 3
    assert rows["Delta_inf"].at_sizes[0].value > 1.3 * theory["Delta_inf"]  # small networks are more frozen
    assert rows["Delta_inf"].error < 0.15 * theory["Delta_inf"]
