"""Nodes of the laws of stored patterns against closed forms, and the inversion of activations."""

import mpmath
import numpy as np
import pytest
from numpy import sqrt
from scipy import special
from scipy.special import digamma, gammainc, gammaincc, gammaln, ndtr

from numerics.algorithms.patterns import invert, law_nodes, stored_patterns

POWERS = [-0.1, 0.5, 1.0, 1.7, 2.0, 3.0]
TAIL = 8.5


def rising(u, n):
    """E[(u + eta)_+^n] for n = 1, 2."""
    density = np.exp(-0.5 * u * u) / sqrt(2 * np.pi)
    return u * ndtr(u) + density if n == 1 else (u * u + 1) * ndtr(u) + u * density


@pytest.mark.parametrize("tail", [6.0, TAIL, 12.0])
@pytest.mark.parametrize("CV", [0.01, 0.3, 1.0, 1.5, 3.0, 10.0])
def test_moments_of_the_lognormal_law(CV, tail):
    r, weight = law_nodes("lognormal", CV, tail=tail)
    variance = np.log1p(CV**2)
    for k in POWERS:
        kept = ndtr(tail - k * sqrt(variance)) - ndtr(-tail - k * sqrt(variance))
        exact = np.exp(0.5 * variance * k * (k - 1)) * kept / (ndtr(tail) - ndtr(-tail))
        assert weight @ r**k == pytest.approx(exact, rel=1e-12)
    assert weight @ np.log(r) == pytest.approx(-0.5 * variance, rel=1e-12, abs=1e-15)
    assert r.size < 3200  # bends of the input, not these moments, decide how fine panels are


@pytest.mark.parametrize("CV", [0.05, 0.3, 1.0, 1.5, 3.0])
def test_moments_of_the_gamma_law(CV):
    r, weight = law_nodes("gamma", CV)
    k = CV**-2
    highest = special.gammainccinv(k, ndtr(-TAIL))
    for q in POWERS[(CV > 2) :]:  # the first one diverges
        exact = np.exp(gammaln(k + q) - gammaln(k) - q * np.log(k)) * gammainc(k + q, highest)
        assert weight @ r**q == pytest.approx(exact, rel=1e-12)
    assert weight @ np.log(r) == pytest.approx(digamma(k) - np.log(k), rel=1e-12)
    assert r.size <= 1600


def test_moments_of_the_halfnormal_law():
    r, weight = law_nodes("halfnormal")
    for q in POWERS:
        assert weight @ r**q == pytest.approx(
            np.pi ** (0.5 * q) * special.gamma(0.5 + 0.5 * q) / sqrt(np.pi), rel=1e-12
        )
    assert weight @ np.log(r) == pytest.approx(0.5 * (np.log(np.pi) + digamma(0.5)), rel=1e-12)
    assert sqrt(weight @ r**2 - 1) == pytest.approx(0.7555, abs=1e-4)


def test_moments_of_the_sparse_law():
    CV, f, eps = 0.5, 0.3, 0.02
    r, weight = law_nodes("sparse", CV, f, eps)
    mean = (1 - (1 - f) * eps) / f
    for q in POWERS:
        active = mean**q * (1 + CV**2) ** (0.5 * q * (q - 1))
        assert weight @ r**q == pytest.approx((1 - f) * eps**q + f * active, rel=1e-12 if q < 3 else 1e-11)
    assert np.isnan(law_nodes("sparse", CV, 0.5, 2.0)[0]).any()
    assert np.array_equal(law_nodes("sparse", CV, 1.0, 2.0)[0], law_nodes("lognormal", CV)[0])


def test_samples_are_the_law():
    r, weight = law_nodes("samples", samples=[1.0, 0.5, 3.0])
    assert r.tolist() == [1.0, 0.5, 3.0]
    assert weight.tolist() == [1 / 3] * 3


@pytest.mark.parametrize(
    ("law", "CV", "beyond"),
    [
        ("lognormal", 0.8, lambda b, s2: 0.5 * special.erfc((np.log(b) + 0.5 * s2) / sqrt(2 * s2))),
        ("gamma", 1.5, lambda b, _: gammaincc(1.5**-2, b * 1.5**-2)),
        ("halfnormal", 1.0, lambda b, _: special.erfc(b / sqrt(np.pi))),
    ],
)
def test_breakpoints_are_edges_of_panels(law, CV, beyond):
    breaks = [0.3, 2.0]
    r, weight = law_nodes(law, CV, breakpoints=[-1.0, 0.0, *breaks, 1e9])
    for b in breaks:
        assert weight @ (r > b) == pytest.approx(beyond(b, np.log1p(CV**2)), rel=1e-12)


STEPS_OF_U = np.linspace(-1, 1, 201)
INVERTIBLE = {
    "threshold_power(1,.5,-1)": (
        lambda u: 0.5 * rising((u + 1) / 0.5, 1),
        lambda u: ndtr((u + 1) / 0.5),
        np.linspace(-6, 40, 401),
    ),
    "threshold_power(2,.3,0)": (
        lambda u: 0.09 * rising(u / 0.3, 2),
        lambda u: 0.6 * rising(u / 0.3, 1),
        np.linspace(-1.5, 40, 400),
    ),
    "softplus": (lambda u: np.logaddexp(0, u), special.expit, np.linspace(-300, 1000, 400)),
    "sigmoid": (special.expit, lambda u: special.expit(u) * special.expit(-u), np.linspace(-300, 30, 400)),
    "tanh": (np.tanh, lambda u: np.cosh(u) ** -2, np.linspace(-15, 15, 400)),
    "exp": (np.exp, np.exp, np.linspace(-690, 700, 400)),
    "square of the rectifier": (
        lambda u: np.maximum(0, u) ** 2,
        lambda u: 2 * np.maximum(0, u),
        np.geomspace(1e-60, 1e9),
    ),
    "root of the rectifier": (
        lambda u: np.sqrt(np.maximum(0, u)),
        lambda u: np.where(u > 0, 0.5 / np.sqrt(np.maximum(0, u)), 0.0),
        np.geomspace(1e-100, 1e9),
    ),
    "power beyond a threshold": (
        lambda u: np.maximum(0, u + 3) ** 1.5,
        lambda u: 1.5 * np.maximum(0, u + 3) ** 0.5,
        -3 + np.geomspace(1e-8, 1e9),
    ),
    "leaky rectifier": (lambda u: np.where(u > 0, u, 0.1 * u), lambda u: np.where(u > 0, 1.0, 0.1), 50 * STEPS_OF_U),
    "cube": (lambda u: u**3, lambda u: 3 * u * u, np.linspace(-30, 30, 100)),
    "Pade": (lambda u: u / (1 + u * u), lambda u: (1 - u * u) / (1 + u * u) ** 2, 0.99 * STEPS_OF_U),
}


@pytest.mark.parametrize("name", INVERTIBLE)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_inversion(name):
    phi, phi_prime, u = INVERTIBLE[name]
    r = phi(u)
    rounding = np.abs(r / phi_prime(u))  # change of u for a change of phi by its own size
    found = invert(phi, phi_prime, r)
    assert np.all(np.abs(found - u) <= 1e-13 * (np.abs(u) + 2e-3 * rounding))


def test_inversion_of_the_smallest_rates():
    r = np.array([1e-300, 1e-30, 1e-12])
    softplus = invert(lambda u: np.logaddexp(0, u), special.expit, r)
    assert softplus == pytest.approx(np.log(np.expm1(r)), rel=1e-13)
    z = invert(lambda u: rising(u, 1), ndtr, r[1:])
    with mpmath.workdps(50):
        exact = [mpmath.mpf(v) * mpmath.ncdf(v) + mpmath.npdf(v) for v in z]
    assert np.array(exact, dtype=float) == pytest.approx(r[1:], rel=1e-11)


@pytest.mark.parametrize(
    ("phi", "phi_prime", "r", "taken"),
    [
        (np.tanh, lambda u: np.cosh(u) ** -2, [-1.0, 0.5, 1.0, 2.0], [0, 1, 0, 0]),
        (lambda u: np.maximum(0, u), lambda u: 1.0 * (u > 0), [-1.0, 0.0, 1.0], [0, 0, 1]),
        (lambda u: u / (1 + u * u), lambda u: (1 - u * u) / (1 + u * u) ** 2, [-0.1, 0.4999999, 0.51], [1, 1, 0]),
        (lambda u: u / (1 + u * u), lambda u: (1 - u * u) / (1 + u * u) ** 2, [-0.1, 0.4999999], [1, 1]),
        (lambda u: u + np.sign(u), lambda u: 1 + 0 * u, [-2.0, 0.3, 2.0], [1, 0, 1]),
        (np.sin, np.cos, [0.3], [0]),
        (lambda u: -u, lambda u: -1 + 0 * u, [0.3], [0]),
        (lambda u: 1 + 0 * u, lambda u: 0 * u, [1.0], [0]),
    ],
    ids=[
        "saturation",
        "silence",
        "beyond the maximum",
        "one of three stretches",
        "jump",
        "many stretches",
        "falling",
        "flat",
    ],
)
def test_values_that_are_not_taken(phi, phi_prime, r, taken):
    found = invert(phi, phi_prime, np.array(r))
    assert np.array_equal(np.isfinite(found), np.array(taken, dtype=bool))
    assert phi(found[np.isfinite(found)]) == pytest.approx(np.array(r)[np.isfinite(found)], rel=1e-12)


def test_moments_of_patterns():
    """b and mean gain of log-normal patterns for threshold_power(1, 1/2, -1), computed independently to 1e-9."""
    phi, phi_prime, _ = INVERTIBLE["threshold_power(1,.5,-1)"]
    p = stored_patterns(phi, phi_prime, *law_nodes("lognormal", 1.0))
    mean, mean_u = p.weight @ p.r, p.weight @ p.u
    b = (p.weight @ (p.r * p.u) - mean * mean_u) / (p.weight @ p.r**2 - mean**2)
    assert (mean_u, b, p.weight @ p.gain) == pytest.approx((-0.054053, 1.037564, 0.843811), abs=6e-7)
