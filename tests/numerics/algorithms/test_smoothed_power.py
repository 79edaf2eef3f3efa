"""Smoothed powers in double precision against mpmath, and modules that carry them."""

import subprocess
import sys

import mpmath
import numpy as np
import pytest

from numerics.algorithms.patterns import law_nodes, stored_patterns
from numerics.algorithms.smoothed_power import smoothed_power
from numerics.averages.average import average
from numerics.codegen.backends import array_functions
from numerics.codegen.module import emit
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.functions import smoothed_power as exact
from theory.models import derive

ORDERS = [-0.9, -0.5, -0.1, 0.0, 0.3, 1.0, 1.5, 2.0, 3.0, 5.0, 6.7, 9.99]


@pytest.mark.parametrize("n", [*ORDERS, -1.1, -2.5], ids=str)
def test_values(n):
    z = np.array([-37.0, -21.3, -12.0, -5.6, -5.4, -2.2, -1.01, -0.99, -1e-3, 0.0, 1e-3, 0.4, 3.0, 7.9, 31.0, 999.0])
    with mpmath.workdps(30):
        expected = np.array([float(exact(n, place)) for place in z.tolist()])
    assert smoothed_power(n, z) == pytest.approx(expected, rel=1e-12, abs=0)


def test_orders_and_places_broadcast():
    n, z = np.array([0.5, 1.0, 2.0])[:, None], np.linspace(-8, 8, 7)
    table = smoothed_power(n, z)
    assert table.shape == (3, 7)
    assert table == pytest.approx(np.array([smoothed_power(order, z) for order in (0.5, 1.0, 2.0)]), rel=1e-13)
    assert isinstance(smoothed_power(1.5, 0.3), float) and smoothed_power(1.5, -60.0) == 0.0
    assert smoothed_power(0.5, np.array([1e8, 1e100])) == pytest.approx([1e4, 1e50], rel=1e-14)


def test_averages_of_another_form_of_the_same_law():
    given = "(x+1)*erfc(-sqrt(2)*(x+1))/2 + exp(-2*(x+1)^2)/sqrt(8*pi)"
    for monomial in ("phi", "phi^2", "phi'^2", "phi*phi''"):
        of_law, of_form = (average(monomial, text, variance=2.5) for text in ("threshold_power(1, 1/2, -1)", given))
        assert of_law == pytest.approx(of_form, rel=1e-10)


@pytest.mark.heavy
def test_solution_for_symbols_at_a_whole_exponent():
    numbers = Solver("static", "threshold_power(1, 1/2, -1)").solve(g=0.7, sigma=1)
    symbols = Solver("static", "threshold_power(n, s, theta) where n>0, s>0, theta").solve(
        g=0.7, sigma=1, n=1, s=0.5, theta=-1
    )
    assert symbols.leading == pytest.approx(numbers.leading, rel=1e-10)
    averages = {
        key: average(key, "threshold_power(1, 1/2, -1)", variance=numbers.leading["Delta"]) for key in ("phi^2", "phi'")
    }
    assert [averages["phi^2"], averages["phi'"]] == pytest.approx(
        [numbers.leading["C_phi"], numbers.leading["gain"]], rel=1e-12
    )


def test_module_stands_alone(tmp_path):
    text = emit(derive("static", odd=False), Activation.from_text("threshold_power(3/2, 1/2, 0)")).text
    (tmp_path / "law.py").write_text(text)
    code = "import law; print(law.phi(0.3), law.phi_prime(-0.2))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    phi, slope = 0.5**1.5 * exact(1.5, 0.6), 1.5 * 0.5**0.5 * exact(0.5, -0.4)
    assert [float(word) for word in out.split()] == pytest.approx([float(phi), float(slope)], rel=1e-12)


def test_average_over_a_gaussian_is_the_law_with_more_noise():
    found = average("phi", "threshold_power(3/2, 3/5, 1/5)", variance=0.64)
    assert found == pytest.approx(float(exact(1.5, -0.2)), rel=1e-10)


def test_functions_of_networks():
    phi, phi_prime = array_functions(Activation.from_text("threshold_power(n, 1/2, 0) where n>0"), {"n": 1.5})
    x = np.linspace(-2, 2, 6).reshape(2, 3)
    assert phi(x) == pytest.approx(0.5**1.5 * smoothed_power(1.5, 2 * x), rel=1e-14)
    assert phi_prime(x) == pytest.approx(1.5 * 0.5**0.5 * smoothed_power(0.5, 2 * x), rel=1e-14)


@pytest.mark.parametrize(("n", "sigma", "theta"), [(1, 0.5, -1), (2, 0.3, 0), (0.5, 0.5, 0), (1.4, 1.0, 2.0)])
def test_inputs_of_the_smallest_rates(n, sigma, theta):
    """For a law with rates down to 1e-150; the input that a rate needs gives this rate to rounding."""

    def phi(u):
        return sigma**n * smoothed_power(n, (u - theta) / sigma)

    def phi_prime(u):
        return n * sigma ** (n - 1) * smoothed_power(n - 1, (u - theta) / sigma)

    patterns = stored_patterns(phi, phi_prime, *law_nodes("gamma", 3.0))
    assert np.min(patterns.r) < 1e-150 and np.all(np.isfinite(patterns.u))
    sensitivity = np.abs(patterns.u) * patterns.gain / patterns.r
    assert np.all(np.abs(phi(patterns.u) / patterns.r - 1) < 2e-13 + 4e-16 * sensitivity)
