"""The quick rules behind a solution in time against slower ones: moments of the primitive, the two-dimensional sum."""

import numpy as np
import pytest

from numerics.algorithms.pairs import COARSEST, quadrant_step, quadrant_sum
from numerics.algorithms.primitive import Primitive

ODD = {
    "tanh": np.tanh,
    "sign": np.sign,
    "sine": np.sin,
    "bump": lambda x: x * np.exp(-x * x),
    "root": lambda x: np.sign(x) * np.sqrt(np.abs(x)),
    "cubic": lambda x: x**3,
}


@pytest.mark.parametrize("name", ODD)
def test_scan(name):
    """Raw moments lose digits where the variance is small beside the squared mean, and nothing else."""
    primitive = Primitive(ODD[name], [0.0])
    variance = np.geomspace(1e-10, 1e12, 221)
    exact, scanned = primitive.variance(variance)[0], primitive.scan(variance)
    mean = 2 * np.sum(
        primitive.value.reshape(-1, 1)
        * primitive.weight.reshape(-1, 1)
        * np.exp(-(primitive.x.reshape(-1, 1) ** 2) / (2 * variance))
        / np.sqrt(2 * np.pi * variance),
        axis=0,
    )
    assert np.all(np.abs(scanned - exact) <= 4e-15 * (exact + mean**2))


def test_scan_where_phi_overflows():
    with np.errstate(all="ignore"):
        primitive = Primitive(np.sinh, [0.0])
        variance = np.geomspace(1e-2, 1e4, 121)
        exact, scanned = primitive.variance(variance)[0], primitive.scan(variance)
    finite = np.isfinite(exact)
    assert 50 < np.sum(finite) < variance.size
    assert scanned[finite] == pytest.approx(exact[finite], rel=1e-12)
    assert not np.any(np.isfinite(scanned[~finite]))


@pytest.mark.parametrize("name", ["tanh", "sine", "bump"])
@pytest.mark.parametrize("variance", [0.3, 3.0, 15.0])
def test_directions_sampled_differently(name, variance):
    """Against the same sum with equal and finer steps in both directions, at every correlation."""
    phi, deviation = ODD[name], np.sqrt(variance)
    theta = np.array([1e-4, 0.05, 0.4, 0.9, 1.3, 1.5])
    step = quadrant_step(phi, deviation)
    z = np.arange(0, 9.3, step / 1.7)
    weight = np.exp(-z * z / 2) * (step / 1.7) * 2 / np.sqrt(2 * np.pi)
    weight[0] /= 2
    exact, size = [], phi(deviation * z) ** 2 @ weight
    for angle in theta:
        along, across = deviation * np.cos(angle / 2) * z[:, None], deviation * np.sin(angle / 2) * z
        exact.append(weight @ (phi(along + across) * phi(along - across)) @ weight)
    assert step < COARSEST
    assert np.all(np.abs(quadrant_sum(phi, deviation, theta, step) - exact) <= 1e-14 * size)
