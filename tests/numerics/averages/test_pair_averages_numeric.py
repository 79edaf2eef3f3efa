"""Two-point averages through the generated code, to 1e-10, against rules and formulas that the toolkit does not use."""

import math

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss
from scipy import special

from numerics.averages.pair import pair_average
from theory.errors import InputError

pytestmark = pytest.mark.filterwarnings("error")

CORRELATIONS = (-0.9, 0.3, 0.99)
MEASURES = ((0.8, 0.0), (2.5, 0.7))
SMOOTH = {
    "tanh(x)": np.tanh,
    "softplus(x)": lambda u: np.logaddexp(0, u),
    "x/(1+x^2/3)": lambda u: u / (1 + u**2 / 3),
    "x*exp(-x^2)": lambda u: u * np.exp(-(u**2)),
    "erf(x)": special.erf,
    "x*sigmoid(x)": lambda u: u * special.expit(u),
}


def on_plane(function, variance, mean, correlation):
    """<phi(u) phi(v)> and <|phi(u) phi(v)|> by the trapezoidal rule in two independent normal variables.

    The error is exp(-2 pi d/h) for a singularity at a distance d from the real plane (Trefethen & Weideman 2014, theorem
    5.1); here d > 0.7 and h = 1/16: below 1e-30, and the weight beyond 9 is below 1e-17.
    """
    z = np.arange(-144, 145) / 16
    first, second = np.meshgrid(z, z, indexing="ij")
    u = mean + math.sqrt(variance) * first
    v = mean + math.sqrt(variance) * (correlation * first + math.sqrt(1 - correlation**2) * second)
    terms = function(u) * function(v) * np.exp(-(first**2 + second**2) / 2) / (2 * np.pi * 16**2)
    return terms.sum(), np.abs(terms).sum()


@pytest.mark.parametrize("text", SMOOTH)
@pytest.mark.parametrize(("variance", "mean"), MEASURES)
def test_smooth_activations(text, variance, mean):
    """Also where the two variables are nearly equal, or nearly opposite."""
    value = pair_average("phi", "phi", text, variance=variance, correlation=CORRELATIONS, mean=mean)
    for correlation, found in zip(CORRELATIONS, value, strict=True):
        exact, size = on_plane(SMOOTH[text], variance, mean, correlation)
        assert abs(found - exact) <= 1e-10 * size, correlation


def threshold_linear_pair(theta, variance, mean, correlation):
    """E[(u - theta)+ (v - theta)+]: v given u is Gaussian with known truncated mean; u by Gauss-Legendre panels."""
    node, weight = leggauss(40)
    edges = np.linspace(0, 14, 57)  # standard deviations beyond the threshold
    middle, radius = (edges[1:] + edges[:-1]) / 2, (edges[1] - edges[0]) / 2
    excess = math.sqrt(variance) * (middle[:, None] + radius * node).ravel()
    weights = np.tile(radius * weight, len(middle))
    z = (theta + excess - mean) / math.sqrt(variance)
    left = math.sqrt(variance * (1 - correlation**2))
    above = mean + correlation * (theta + excess - mean) - theta
    given = above * special.ndtr(above / left) + left * np.exp(-((above / left) ** 2) / 2) / math.sqrt(2 * np.pi)
    return float(np.sum(weights * excess * given * np.exp(-z * z / 2)) / math.sqrt(2 * np.pi))


@pytest.mark.parametrize("theta", [0.5, -0.3, 0.0])
@pytest.mark.parametrize(("variance", "mean"), MEASURES)
def test_threshold_linear(theta, variance, mean):
    """A kink away from the mean, in both variables."""
    text = f"threshold_linear({theta})"
    value = pair_average("phi", "phi", text, variance=variance, correlation=CORRELATIONS, mean=mean)
    exact = [threshold_linear_pair(theta, variance, mean, correlation) for correlation in CORRELATIONS]
    assert np.all(np.abs(value - exact) <= 1e-10 * np.abs(exact))


@pytest.mark.parametrize("variance", [1e-4, 1.0, 1e4])
def test_centred_closed_forms(variance):
    """Sheppard 1899 for the sign, Cho & Saul 2009 for the rectifier, Williams 1998 for erf."""
    rho = np.array(CORRELATIONS)
    angle = np.arccos(rho)
    rectified = variance / (2 * np.pi) * (np.sqrt(1 - rho**2) + (np.pi - angle) * rho)
    arcsine = 2 / np.pi * np.arcsin(2 * variance * rho / (1 + 2 * variance))
    for text, exact in (
        ("sign(x)", 2 / np.pi * np.arcsin(rho)),
        ("step(x)", 0.25 + np.arcsin(rho) / (2 * np.pi)),
        ("relu(x)", rectified),
        ("erf(x)", arcsine),
    ):
        value = pair_average("phi", "phi", text, variance=variance, correlation=rho)
        assert np.all(np.abs(value - exact) <= 1e-10 * np.abs(exact)), text


def test_kinked_composition():
    """No closed form, a kink at 1 and a mean of 0.7: against a Gauss rule on the quadrant where both factors are smooth."""
    variance, correlation, mean = 2.0, 0.3, 0.7
    value = pair_average("phi", "phi", "relu(tanh(x-1))", variance=variance, correlation=correlation, mean=mean)
    nodes, weights = leggauss(200)
    span = mean + 9 * variance**0.5 - 1  # nine standard deviations: exp(-81/2)
    u = 1 + span * (nodes + 1) / 2
    z = (u - mean) / variance**0.5
    rest = 1 - correlation**2
    joint = np.exp(-(z[:, None] ** 2 + z**2 - 2 * correlation * z[:, None] * z) / (2 * rest))
    factor = np.tanh(u - 1) * weights * span / 2
    exact = factor @ joint @ factor / (2 * np.pi * variance * rest**0.5)
    assert abs(value - exact) <= 1e-10 * abs(exact)


def test_price_theorem():
    """d<phi(u) phi(v)>/d rho = variance <phi'(u) phi'(v)>, by a central difference of two averages."""
    rho, step, variance, mean = 0.3, 1e-4, 1.7, 0.7
    ends = pair_average("phi", "phi", "tanh(x)", variance=variance, correlation=[rho - step, rho + step], mean=mean)
    slope = variance * pair_average("phi'", "phi'", "tanh(x)", variance=variance, correlation=rho, mean=mean)
    # third derivative of order one: step**2; rounding: 1e-16/step
    assert (ends[1] - ends[0]) / (2 * step) == pytest.approx(float(slope), rel=1e-7)


def test_correlation_of_one_is_refused():
    """The rule divides by sqrt(1 - rho^2)."""
    with pytest.raises(InputError, match="between -1 and 1"):
        pair_average("phi", "phi", "tanh(x)", variance=1.0, correlation=1.0)
