"""The theory of stored patterns against networks and linear programs: weights, spectra, outliers, dynamics, capacity.

Values of the theory are those of its quadratures to the digits given; networks are seeded, so that a test that passes goes on
passing. Comparisons of means allow four standard errors, which a right theory exceeds with probability 6e-5 a number.
"""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize_scalar
from scipy.stats import norm

from numerics.algorithms.patterns import law_nodes, stored_patterns
from numerics.algorithms.smoothed_power import smoothed_power
from numerics.compare.validation import judge
from numerics.simulate.attractor import simulate
from numerics.simulate.stored_network import stored_network

LOGNORMAL, GAMMA = "lognormal", "gamma"
SPARSE = {"law": "sparse", "CV": 0.5, "f": 0.3, "eps": 0.02}


def threshold_power(n, sigma, theta):
    """E[(u - theta + sigma eta)_+^n] and its slope."""
    return (
        lambda u: sigma**n * smoothed_power(n, (u - theta) / sigma),
        lambda u: n * sigma ** (n - 1) * smoothed_power(n - 1, (u - theta) / sigma),
    )


def of_law(law, CV=None):
    return law if isinstance(law, dict) else {"law": law} | ({} if CV is None else {"CV": CV})


def networks(functions, law, alpha, variant="noself", **run):
    phi, phi_prime = functions
    parameters = {**law, "alpha": alpha, "variant": variant}
    return simulate(phi, parameters, phi_prime=phi_prime, **({"seed": 5} | run))


def weights(functions, law, alpha, variant):
    """What holds of rows for infinitely many units."""
    r, weight = law_nodes(**law)
    at = stored_patterns(*functions, r, weight)
    m, ubar = weight @ at.r, weight @ at.u
    V_r, V_u, C = (weight @ (x * y) for x, y in ((r - m, r - m), (at.u - ubar,) * 2, (r - m, at.u - ubar)))
    b = C / V_r
    beta2 = V_u / V_r - b**2
    result = {"b": b, "beta2": beta2, "mean_gain": weight @ at.gain, "row_sum": ubar / m}
    if variant == "self":
        result["norm"] = np.sqrt(alpha * b**2 + alpha / (1 - alpha) * beta2)
        spread = b**2 * (1 - alpha) * V_r / alpha + beta2 * V_r / (alpha * (1 - alpha))
    else:
        result["norm"] = np.sqrt(alpha / (1 - alpha) * V_u / V_r)
        spread = V_u / (alpha * (1 - alpha))
    result["row_sum_sd"] = np.sqrt(spread) / m
    return result if variant != "bias" else result | {"row_sum": 0.0, "row_sum_sd": result["norm"]}


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("law", "CV", "activation", "alpha", "variant", "tabulated"),
    [
        (LOGNORMAL, 1.0, (1, 0.5, -1), 0.2, "noself", (-0.0541, 0.5199)),
        (LOGNORMAL, 1.0, (1, 0.5, -1), 0.2, "self", (-0.0541, 0.4653)),
        (LOGNORMAL, 1.0, (1, 0.5, -1), 0.2, "bias", (0.0, 0.5199)),
        (GAMMA, 1.0, (1, 0.5, -1), 0.5, "noself", (-0.1055, 1.1006)),
        (GAMMA, 1.0, (1, 0.5, -1), 0.5, "self", (-0.1055, 0.7862)),
        ("halfnormal", None, (1, 0.5, -1), 0.7, "noself", (-0.0778, 1.7182)),
        ("halfnormal", None, (1, 0.5, -1), 0.7, "self", (-0.0778, 0.9660)),
        (LOGNORMAL, 0.5, (2, 0.3, 0), 0.5, "noself", (0.9220, 0.4900)),
        (LOGNORMAL, 0.5, (0.5, 0.3, 0), 0.3, "self", (1.2814, 1.6747)),
        (SPARSE, None, (1, 0.5, -1), 0.1, "noself", (-0.490142, 0.387090)),
    ],
)
def test_weights(law, CV, activation, alpha, variant, tabulated):
    """Six observables, extrapolated in 1/N: a right theory fails with probability below 4e-4."""
    law, functions = of_law(law, CV), threshold_power(*activation)
    theory = weights(functions, law, alpha, variant)
    assert (theory["row_sum"], theory["norm"]) == pytest.approx(tabulated, abs=6e-5)
    runs = [
        networks(functions, law, alpha, variant, N=N, couplings=count, patterns=1)
        for N, count in ((200, 48), (400, 24), (800, 12))
    ]
    validation = judge(theory, runs)
    assert validation.ok or (variant == "bias" and all(row.status != "disagree" for row in validation.rows)), (
        validation.table()
    )


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("law", "CV", "activation", "variant", "alpha", "edge", "stable"),
    [
        (LOGNORMAL, 1.0, (1, 0.5, -1), "noself", 0.15, 0.9873, 0.92),
        (LOGNORMAL, 1.0, (1, 0.5, -1), "noself", 0.20, 1.0001, 0.58),
        (LOGNORMAL, 1.0, (1, 0.5, -1), "noself", 0.25, 1.0107, 0.0),
        (GAMMA, 1.5, (1, 0.5, -1), "noself", 0.12, 0.9430, 1.0),
        (GAMMA, 1.5, (1, 0.5, -1), "noself", 0.26, 1.0418, 0.0),
        (GAMMA, 1.5, (1, 0.5, -1), "self", 0.21, 1.0252, 0.0),
    ],
)
def test_end_of_the_bulk(law, CV, activation, variant, alpha, edge, stable):
    """The largest real part, to four standard errors and the distance between the last two real parts, by which it may be off.

    The fraction of stable patterns is that of another simulation with twelve patterns.
    """
    sample = networks(threshold_power(*activation), of_law(law, CV), alpha, variant, N=500, couplings=12)
    found, s = sample.observables(), sample.statistics
    statistical = np.std(s["abscissa"], ddof=1) / np.sqrt(12)
    assert abs(found["abscissa"].value - edge) < 4 * statistical + np.mean(s["spacing"])
    assert statistical < 0.006
    fraction = found["stable_fraction"]
    assert abs(fraction.value - stable) < 4 * np.hypot(fraction.error, np.sqrt((stable * (1 - stable) + 0.05) / 12))


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("law", "CV", "activation", "variant", "alpha", "outlier"),
    [
        (LOGNORMAL, 0.5, (2, 0.3, 0), "noself", 0.1, 1.8459),
        (LOGNORMAL, 0.5, (1, 0.3, 1), "noself", 0.1, 1.964051),
        (LOGNORMAL, 0.5, (1, 0.3, 1), "self", 0.4, 1.9647),
        (LOGNORMAL, 1.0, (1, 1, -0.5), "noself", 0.1, 0.999916),
        ("halfnormal", None, (1.5, 0.5, 0.5), "noself", 0.2, 1.8851),
        (SPARSE, None, (1, 0.5, -1), "noself", 0.1, 0.840739),
    ],
)
def test_outliers(law, CV, activation, variant, alpha, outlier):
    """Extrapolated in 1/N; a right value fails with probability 6e-5."""
    runs = [
        networks(threshold_power(*activation), of_law(law, CV), alpha, variant, N=N, couplings=count)
        for N, count in ((200, 32), (400, 16), (800, 8))
    ]
    validation = judge({"abscissa": outlier}, runs)
    assert validation.ok, validation.table()
    assert validation.rows[0].detectable < 0.02


@pytest.mark.heavy
def test_dynamics_near_a_pattern():
    """A small perturbation decays or grows at last with the leading eigenvalue: within a quarter of its distance from 1."""
    functions = threshold_power(1, 0.5, -1)
    for alpha, sign, size in ((0.1, -1, 1e-3), (0.3, 1, 1e-5)):
        network = stored_network(
            functions[0], {**of_law(LOGNORMAL, 1.0), "alpha": alpha}, 300, 2, phi_prime=functions[1]
        )
        rate = network.jacobian_eigenvalues(0)[0].real - 1
        assert np.sign(rate) == sign
        start = network.R[:, 0] + size * np.random.default_rng(0).standard_normal(300)
        near = network.relax(start, 150.0)
        further = network.relax(near, 100.0)
        growth = np.log(network.distance(further, 0) / network.distance(near, 0)) / 100
        assert growth == pytest.approx(rate, rel=0.25)


def K(M):
    return (1 + M**2) * norm.cdf(M) + M * norm.pdf(M)


def feasible(N, P, stream, active=1.0, excitatory=None):
    """Whether one unit has weights for P patterns: given inputs where it is active, at most the threshold where it is silent."""
    r = stream.lognormal(size=(P, N))
    is_active = stream.random(P) < active
    inputs = stream.lognormal(size=P)
    signs = [(None, None)] * N
    if excitatory is not None:
        signs = [(0, None) if j < round(excitatory * N) else (None, 0) for j in range(N)]
    found = linprog(
        np.zeros(N),
        A_eq=r[is_active],
        b_eq=inputs[is_active],
        A_ub=r[~is_active] if not is_active.all() else None,
        b_ub=np.zeros(np.sum(~is_active)) if not is_active.all() else None,
        bounds=signs,
        method="highs",
    )
    return found.status == 0


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("conditions", "capacity", "N"),
    [
        ({"active": 0.3}, 1.918, 100),
        ({"active": 0.6}, 1.303, 100),
        ({"excitatory": 0.5}, 0.5, 320),
        ({"excitatory": 0.8}, 0.375, 320),
    ],
)
def test_capacity(conditions, capacity, N):
    """Linear programs have solutions below it and none above: 15% away, in most of twelve draws."""
    if "active" in conditions:
        f = conditions["active"]
        theory = 1 / minimize_scalar(lambda M: f * (1 + M**2) + (1 - f) * K(M)).fun
    else:
        f = conditions["excitatory"]
        theory = minimize_scalar(lambda M: f * K(M) + (1 - f) * K(-M)).fun
    assert theory == pytest.approx(capacity, abs=6e-4)
    stream = np.random.default_rng(3)
    below, above = (
        np.mean([feasible(N, round(load * theory * N), stream, **conditions) for _ in range(12)])
        for load in (0.85, 1.15)
    )
    assert below > 0.75
    assert above < 0.25
