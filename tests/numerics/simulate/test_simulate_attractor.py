"""Networks with stored patterns: exact relations at every size, and the tables of the theory."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.special import ndtr

from numerics.algorithms.patterns import law_nodes, tail_of
from numerics.simulate.attractor import LEADING, simulate
from numerics.simulate.stored_network import (
    ARNOLDI_TOLERANCE,
    draw_rates,
    network_of_patterns,
    random_stream,
    stored_network,
)
from theory.errors import DomainError, InputError

LAWS = (
    {"law": "lognormal", "CV": 1.0},
    {"law": "gamma", "CV": 1.5},
    {"law": "halfnormal"},
    {"law": "sparse", "CV": 0.5, "f": 0.3, "eps": 0.02},
    {"law": "samples", "samples": tuple(np.geomspace(0.1, 3.0, 200))},
)


def smoothed_line(sigma, theta):
    """The threshold-linear function under normal noise, and its slope."""

    def phi(u):
        z = (u - theta) / sigma
        return sigma * (z * ndtr(z) + np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

    return phi, lambda u: ndtr((u - theta) / sigma)


def power(n, theta=0.0):
    """(x - theta)_+^n and its slope."""

    def positive(u):
        return np.maximum(u - theta, 0.0)

    return lambda u: positive(u) ** n, lambda u: np.where(u > theta, n * positive(u) ** (n - 1), 0.0)


def stored(functions, N=60, alpha=0.3, seed=0, **parameters):
    phi, phi_prime = functions
    given = {"law": "lognormal", "CV": 1.0, "alpha": alpha, **parameters}
    return stored_network(phi, given, N, seed, phi_prime=phi_prime)


@pytest.mark.parametrize("variant", ["self", "noself", "bias"])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law["law"])
@pytest.mark.parametrize("alpha", [0.1, 0.8])
def test_patterns_are_fixed_points(law, variant, alpha):
    network = stored(smoothed_line(0.5, -1.0), alpha=alpha, variant=variant, **law)
    phi = smoothed_line(0.5, -1.0)[0]
    assert network.R.shape == (60, round(60 * alpha))
    np.testing.assert_allclose(network.W @ network.R + network.bias[:, None], network.U, atol=1e-9)
    np.testing.assert_allclose(phi(network.U), network.R, rtol=1e-11)
    np.testing.assert_allclose(network.product(network.R), network.W @ network.R, atol=1e-9)
    np.testing.assert_allclose(network.product(np.ones(60)), network.W.sum(axis=1), atol=1e-11)
    np.testing.assert_allclose(network.squared_norms(), np.sum(network.W**2, axis=1), rtol=1e-10)
    assert np.any(network.bias) == (variant == "bias")
    if variant != "self":
        np.testing.assert_allclose(np.diag(network.W), 0.0, atol=1e-11)


@pytest.mark.parametrize("variant", ["self", "noself", "bias"])
def test_rows_have_the_least_norm(variant):
    """Each row against the solution of least norm of its own equations."""
    network = stored(smoothed_line(0.5, -1.0), variant=variant)
    R, U = network.R, network.U
    if variant == "bias":
        R, U = (x - x.mean(axis=1, keepdims=True) for x in (R, U))
    for i in (0, 17, 59):
        others = np.arange(60) if variant == "self" else np.delete(np.arange(60), i)
        least = np.linalg.lstsq(R[others].T, U[i], rcond=1e-10)[0]
        np.testing.assert_allclose(network.W[i, others], least, atol=1e-11)


def test_weights_without_a_weight_onto_itself():
    """W_B = W_A - diag(kappa) (1 - Pi), both built from the pseudo-inverse."""
    own, none = (stored(smoothed_line(0.5, -1.0), variant=variant) for variant in ("self", "noself"))
    inverse = np.linalg.pinv(own.R)
    outside = np.eye(60) - own.R @ inverse
    np.testing.assert_allclose(own.W, own.U @ inverse, atol=1e-11)
    kappa = np.diag(own.W) / np.diag(outside)
    np.testing.assert_allclose(none.W, own.W - kappa[:, None] * outside, atol=1e-11)
    assert none.kappa == pytest.approx(kappa, rel=1e-9)


@pytest.mark.parametrize("variant", ["self", "noself"])
@pytest.mark.parametrize("n", [0.5, 1.0, 1.7])
def test_power_without_threshold_has_the_eigenvalue_n(n, variant):
    """D W r = phi'(u) u = n r at every pattern and size."""
    network = stored(power(n), variant=variant)
    image = network.gains[:, 3] * network.product(network.R[:, 3])
    np.testing.assert_allclose(image, n * network.R[:, 3], rtol=1e-10)
    assert np.min(np.abs(network.jacobian_eigenvalues(3) - n)) < 1e-8


@pytest.mark.parametrize("variant", ["self", "noself"])
def test_line_with_threshold_is_marginal(variant):
    """W = 1 on combinations of patterns with weights of sum zero; for all weights the last eigenvalue is 1 + theta sum_j q_j."""
    theta = 0.7
    network = stored(power(1.0, theta), variant=variant)
    patterns = network.R.shape[1]
    values = network.jacobian_eigenvalues(0)
    assert np.sum(np.abs(values - 1) < 1e-6) == patterns - 1
    if variant == "self":
        readout = np.linalg.pinv(network.R).sum(axis=0)
        assert values[0] == pytest.approx(1 + theta * readout.sum(), rel=1e-9)
        assert np.sum(np.abs(values) < 1e-9) == 60 - patterns


@pytest.mark.parametrize("variant", ["self", "noself", "bias"])
def test_arnoldi_finds_what_the_whole_matrix_has(variant):
    network = stored(smoothed_line(1.0, -0.5), N=120, alpha=0.4, variant=variant)
    for mu in (0, 5):
        whole, some = (network.leading_eigenvalues(mu, LEADING, dense) for dense in (True, False))
        np.testing.assert_allclose(some[0].real, whole[0].real, atol=5 * ARNOLDI_TOLERANCE)
        np.testing.assert_allclose(np.abs(some[0].imag), np.abs(whole[0].imag), atol=5 * ARNOLDI_TOLERANCE)
        np.testing.assert_allclose(some[1], whole[1], atol=1e-3)
        every = network.jacobian_eigenvalues(mu)
        np.testing.assert_allclose(every[:LEADING].real, whole[0].real, atol=1e-9)
        dense = np.linalg.eigvals(network.gains[:, mu, None] * network.W)
        np.testing.assert_allclose(np.sort(dense.real), np.sort(every.real), atol=1e-7)


def test_part_of_an_eigenvector_in_the_plane_of_the_outliers():
    """The eigenvector r of the eigenvalue n lies in it, as the recalled pattern itself does."""
    values, parts = stored(power(1.7), N=80).leading_eigenvalues(3)
    assert parts[np.argmin(np.abs(values - 1.7))] == pytest.approx(1.0, abs=1e-8)


def test_small_perturbations_move_as_the_jacobian_says():
    network = stored(smoothed_line(0.5, -1.0), alpha=0.2)
    pattern, T = network.R[:, 0], 3.0
    change = 1e-5 * np.random.default_rng(1).standard_normal((60, 2))
    end = network.relax(pattern[:, None] + change, T) - pattern[:, None]
    expected = expm(T * (network.gains[:, 0, None] * network.W - np.eye(60))) @ change
    np.testing.assert_allclose(end, expected, atol=1e-8)
    assert network.relax(pattern, T) == pytest.approx(pattern, abs=1e-8)


def test_recall():
    network = stored(smoothed_line(0.5, -1.0), N=100, alpha=0.05)
    assert network.jacobian_eigenvalues(0)[0].real < 1
    state, distance = network.recall(0, 0.1, T=150.0)
    assert distance == network.distance(state, 0) < 0.05
    assert network.distance(network.R[:, 1], 0) == pytest.approx(np.sqrt(2), abs=0.6)
    replaced = network.recall(0, 0.1, T=0.0)[0]
    assert np.sum(replaced != network.R[:, 0]) == 10


def test_runaway_is_not_a_state():
    network = stored(power(2.0), N=20)
    assert np.all(np.isnan(network.relax(2 * network.R[:, 0], 50.0)))


def measured(N=50, couplings=4, seed=1, functions=None, alpha=0.2, patterns=3, **more):
    phi, phi_prime = functions or smoothed_line(0.5, -1.0)
    parameters = {"alpha": alpha, **more.pop("parameters", {"law": "lognormal", "CV": 1.0})}
    run = {"N": N, "couplings": couplings, "seed": seed, "phi_prime": phi_prime, "patterns": patterns}
    return simulate(phi, parameters, **(run | more))


@pytest.mark.parametrize("units", [0, 20])
@pytest.mark.parametrize("law", LAWS[:4], ids=lambda law: law["law"])
def test_rates_are_drawn_from_the_law_that_the_theory_averages_over(law, units):
    """Means of r^(1/2) and r^2 to five standard errors; a cut law has no rates beyond the cut."""
    r, weight = law_nodes(**law, tail=tail_of(units))
    drawn = draw_rates({**law, "units": units}, random_stream(3, 100, 0), (200_000,))
    for k in (0.5, 1, 2):
        mean = weight @ r**k
        assert abs(np.mean(drawn**k) - mean) < 5 * np.sqrt((weight @ (r**k - mean) ** 2) / drawn.size)
    assert drawn.max() < (1.01 * r.max() if units else np.inf)


def test_streams_depend_on_seed_size_and_number_alone():
    three, five = measured(couplings=3), measured(couplings=5)
    for name, values in three.statistics.items():
        np.testing.assert_array_equal(values, five.statistics[name][:3])
    assert measured(couplings=3, seed=2).statistics["norm2"][0] != three.statistics["norm2"][0]


def test_statistics_of_one_network():
    sample = measured(couplings=2)
    phi, phi_prime = smoothed_line(0.5, -1.0)
    given = {"law": "lognormal", "CV": 1.0, "alpha": 0.2}
    for k in range(2):
        network = stored_network(phi, given, 50, 1, network=k, phi_prime=phi_prime)
        row = {name: values[k] for name, values in sample.statistics.items()}
        tops = [network.jacobian_eigenvalues(mu)[0].real for mu in range(3)]
        assert row["abscissa"] == pytest.approx(np.mean(tops))
        assert row["stable_fraction"] == np.mean(np.array(tops) < 1)
        assert row["norm2"] == pytest.approx(np.sum(network.W**2) / 50)
        assert row["row_sum_var"] == pytest.approx(np.var(network.W.sum(axis=1), ddof=1))
        assert row["covariance"] / row["var_r"] == pytest.approx(
            np.polyfit(network.R.ravel(), network.U.ravel(), 1)[0], rel=1e-10
        )
        assert row["edge"] <= row["abscissa"] + 1e-12


def test_number_of_patterns_is_right_on_average():
    """Where alpha N is not whole: a number rounded to the nearest would shift every observable by an uneven term of order 1/N."""
    phi, phi_prime = smoothed_line(0.5, -1.0)
    given = {"law": "lognormal", "CV": 1.0, "alpha": 0.23}
    drawn = [stored_network(phi, given, 20, network=k, phi_prime=phi_prime).R.shape[1] for k in range(200)]
    assert set(drawn) == {4, 5}
    assert np.mean(drawn) == pytest.approx(4.6, abs=5 * np.sqrt(0.24 / 200))  # five standard errors


def test_dynamics_are_measured_on_request():
    still = measured()
    assert not {"growth", "recall_distance", "recalled_fraction"} & set(still.observables())
    moved = measured(T=60.0, corrupt=0.05, alpha=0.06, N=100, couplings=2).observables()
    assert {"growth", "recall_distance", "recalled_fraction"} <= set(moved)
    assert moved["growth"].value < 0
    assert 0 <= moved["recalled_fraction"].value <= 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"alpha": 1.2}, "alpha = 1.2 is not allowed"),
        ({"alpha": 0.01}, "at least two patterns"),
        ({"alpha": 0.97}, "at least two units more than patterns"),
        ({"parameters": {"law": "lognormal", "CV": 0.0}}, "CV = 0 is not allowed"),
        ({"parameters": {"law": "normal"}}, "law = normal is not allowed; law must be one of lognormal, gamma"),
        ({"parameters": {"law": "halfnormal", "variant": "both"}}, "variant = both is not allowed"),
        ({"parameters": {"law": "sparse", "CV": 1.0}}, "parameter f is missing.*parameter eps is missing"),
        ({"parameters": {"law": "sparse", "CV": 1.0, "f": 0.3, "eps": 2.0}}, "eps = 2 is not allowed"),
        ({"parameters": {"law": "samples", "samples": (1.0, 1.0)}}, "all equal"),
        ({"parameters": {"law": "samples", "samples": ()}}, "samples holds no number"),
        ({"phi_prime": None}, "no derivative"),
        ({"couplings": 0}, "at least one network"),
        ({"patterns": 0}, "at least one recalled pattern"),
        ({"spectrum": "qr"}, "dense or arnoldi"),
        ({"T": -1.0}, "T = -1.0"),
        ({"corrupt": 2.0}, "corrupt = 2.0"),
        ({"corrupt": 0.1}, "give a time T"),
        ({"N": 20_000, "alpha": 0.5}, "one network takes 19.2 GB, at most 4 GB are allowed"),
    ],
)
def test_refusals(more, said):
    with pytest.raises(InputError, match=said):
        measured(**more)


def test_rates_that_the_activation_does_not_take():
    with pytest.raises(DomainError, match="does not take the rate 1\\."):
        measured(functions=(np.tanh, lambda u: 1 / np.cosh(u) ** 2))


def test_dependent_patterns_are_counted_as_lost():
    sample = measured(
        N=12, couplings=20, alpha=0.5, parameters={"law": "samples", "samples": (0.5, 0.5, 0.5, 0.5, 2.0)}
    )
    assert 0 < sample.unconverged_fraction < 1
    assert "depend linearly" in sample.messages[0]
    R = random_stream(0, 4, 0).random((4, 2)) + 0.1
    assert network_of_patterns(power(1.0)[0], R[:, [0, 0]], phi_prime=power(1.0)[1]) is None
