"""Autocovariances of networks with any linear filter: closed forms, an iteration on a grid, the first integral, refusals."""

import numpy as np
import pytest
from scipy import integrate, special
from scipy.fft import dct

from numerics.algorithms.filtered import Convolution, Drive
from numerics.algorithms.outcomes import SILENT, SOLVED
from numerics.algorithms.panels import Panels, spherical_bessel
from numerics.algorithms.transfer import PowerTransfer
from numerics.solve.solver import Solver
from tests.effort import one_in
from tests.filters import Network, frequency_response, ou, white

ERF = "erf(sqrt(pi)/2*x)"
ONE = ([1.0], [1.0, 1.0])
ALPHA = ([1.0], [1.0, 2.0, 1.0])
TWO = ([1.0], [1.0, 1.5, 0.5])
LEAD = ([1.0, 1 / 3], [1.0, 2.0, 1.0])
RESONANT = ([1.0], [1.0, 0.5, 1.0])
TRIPLE = ([1.0], [1.0, 3.0, 3.0, 1.0])


@pytest.fixture(scope="module")
def solvers():
    known = {}
    return lambda text: known.setdefault(text, Solver("dynamic", text))


# ---- the pieces --------------------------------------------------------------------------------------------------------


def test_spherical_bessel_functions():
    z = np.array([0.0, 1e-9, 0.3, 5.0, 19.99, 20.01, 1e3, 1e9])
    exact = np.array([special.spherical_jn(n, z) for n in range(16)]).T
    assert spherical_bessel(z, 16) == pytest.approx(exact, abs=1e-13)


def test_fourier_integrals_at_any_frequency():
    panels = Panels(np.append(np.arange(0.0, 8.0, 0.5), np.arange(8.0, 60.0, 1.0)))
    omega = np.array([-2.0, 0.0, 0.7, 30.0, 1e4, 1e8])
    exact = 1 / (1 - 1j * omega)
    assert panels.fourier(omega) @ np.exp(-panels.nodes) == pytest.approx(exact, abs=2e-15, rel=1e-8)


@pytest.mark.parametrize("coefficients", [ONE, ALPHA, TWO, LEAD, RESONANT, TRIPLE, ([0, 1, 2], [3, 1, 2, 0.4])])
def test_power_of_a_filter(coefficients):
    transfer, omega = PowerTransfer.of(*coefficients), np.linspace(0.01, 30, 2001)
    exact = np.abs(frequency_response(*coefficients)(omega)) ** 2
    assert transfer(omega) == pytest.approx(exact, rel=1e-12)
    chains = sum(a / np.prod([r**2 + omega**2 for r in chain], axis=0) for a, chain in transfer.terms(0.05))
    assert np.real(chains) == pytest.approx(exact, rel=1e-10, abs=1e-14)
    at, peak = transfer.peak()
    assert peak >= np.max(exact) * (1 - 1e-12) and peak == pytest.approx(np.max(exact), rel=1e-2)
    assert transfer(at) == pytest.approx(peak)
    for rate in transfer.decay_rates(0.5 / peak):  # zeros of 1 - 0.5 |h|^2 / peak at s = rate and s = -rate
        h = [frequency_response(*coefficients)(s / 1j) for s in (rate, -rate)]
        assert 0.5 / peak * h[0] * h[1] == pytest.approx(1.0, rel=1e-6) and rate.real > 0


@pytest.mark.parametrize("coefficients", one_in(2, [(RESONANT,), (TRIPLE,)]))
def test_convolution_with_an_exponential(coefficients):
    """A * exp(-b |tau|) and its slope against the frequency integral."""
    b, transfer = 0.7, PowerTransfer.of(*coefficients)
    panels = Panels(np.append(np.arange(0.0, 10.0, 0.5), np.arange(10.0, 150.0, 2.0)))
    start_and_value, slope = Convolution(transfer, panels).apply(np.exp(-b * panels.nodes), impulse=0.4)
    integrand = lambda w: transfer(w) * (2 * b / (b**2 + w**2) + 0.4) / np.pi  # noqa: E731
    assert start_and_value[0] == pytest.approx(integrate.quad(integrand, 0, np.inf)[0], rel=1e-8)
    for k in (10, 150):
        t = panels.nodes[k]
        exact = integrate.quad(integrand, 0, np.inf, weight="cos", wvar=t)[0]
        falling = integrate.quad(lambda w: -w * integrand(w), 0, np.inf, weight="sin", wvar=t)[0]
        assert start_and_value[1 + k] == pytest.approx(exact, abs=1e-8)
        assert slope[k] == pytest.approx(falling, abs=1e-8)


@pytest.mark.parametrize(
    ("coefficients", "why"),
    [
        (([1.0], [1.0, -1.0]), "unstable"),
        (([1.0], [1.0, 0.0, 1.0]), "unstable"),
        (([1.0, 1.0], [2.0, 1.0]), "degree"),
        (([0.0], [1.0, 1.0]), "degree"),
    ],
)
def test_unusable_filters(coefficients, why):
    with pytest.raises(ValueError, match=why):
        PowerTransfer.of(*coefficients)


# ---- against the first integral and closed forms -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "g", "drive", "numbers"),
    [
        (ERF, 2.0, Drive(), {"noise": "none"}),
        pytest.param("tanh(x)", 2.0, Drive(), {"noise": "none"}, marks=pytest.mark.heavy),
        (ERF, 1.5, white(), {"sigma": 1.0}),
        (ERF, 1.5, ou(1.0), {"sigma": 1.0, "tau_n": 1.0, "noise": "ou"}),
        ("sign(x)", 0.8, white(), {"sigma": 1.0}),
        pytest.param("tanh(x)", 1.1, Drive(), {"noise": "none"}, marks=pytest.mark.heavy),
        pytest.param("x/(1+x^2/3)", 1.5, white(), {"sigma": 1.0}, marks=pytest.mark.heavy),
        pytest.param("tanh(x)^3+x/4", 1.5, white(), {"sigma": 1.0}, marks=pytest.mark.heavy),
        pytest.param("tanh(x)^3+x/4", 2.0, Drive(), {"noise": "none"}, marks=pytest.mark.heavy),
        pytest.param("power(3/4)", 0.8, white(), {"sigma": 1.0}, marks=pytest.mark.heavy),
    ],
)
def test_first_order_filter(solvers, text, g, drive, numbers):
    """1/(1 + s) has a first integral, or collocation in C''."""
    network, solver = Network(solvers(text), g, drive, *ONE), solvers(text)
    assert network.status == SOLVED
    assert network.variance == pytest.approx(solver.solve(g=g, **numbers).order_parameters["Delta0"], rel=1e-12)
    lag = np.array([0.0, 0.1, 1.0, 5.0])
    curve = solver.module.autocovariance(lag, g, **numbers)[0]
    assert network.found.at(lag) == pytest.approx(curve, rel=1e-7)


@pytest.mark.parametrize(("g", "sigma"), one_in(2, [(1.5, 1e-3), (1.0, 1e-3)]))
def test_weak_noise(solvers, g, sigma):
    """At the onset and above it, where the way from weak couplings passes the onset."""
    network = Network(solvers(ERF), g, white(sigma), *ONE)
    expected = solvers(ERF).solve(g=g, sigma=sigma).order_parameters["Delta0"]
    assert network.variance == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("g", [0.3, 0.9])
def test_linear_network_of_two_stages(solvers, g):
    """1/((1 + w^2)^2 - g^2) in partial fractions: two exponentials from a double pole."""
    network, lag = Network(solvers("x"), g, white(1.3), *ALPHA), np.array([0.0, 0.2, 1.0, 6.0])
    a, b = np.sqrt(1 - g), np.sqrt(1 + g)
    exact = 1.3**2 / (4 * g) * (np.exp(-a * lag) / a - np.exp(-b * lag) / b)
    assert network.found.at(lag) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(
    ("coefficients", "drive", "g"), [(LEAD, ou(2.0), 0.7), (RESONANT, white(), 0.3), (TWO, ou(0.2), 0.9)]
)
def test_linear_network_by_quadrature(solvers, coefficients, drive, g):
    network, transfer = Network(solvers("x"), g, drive, *coefficients), PowerTransfer.of(*coefficients)
    spectrum = lambda w: transfer(w) * drive.spectrum(w) / (1 - g**2 * transfer(w)) / np.pi  # noqa: E731
    exact = sum(integrate.quad(spectrum, *ends, epsabs=0, epsrel=1e-12, limit=400)[0] for ends in ((0, 3), (3, np.inf)))
    assert network.variance == pytest.approx(exact, rel=1e-11)


def test_coloured_noise_is_white_noise_through_another_stage(solvers):
    """Without couplings OU noise on h is white noise on h/(1 + tau_n s)."""
    tau_n, lag = 0.6, np.array([0.0, 0.5, 3.0])
    one = Network(solvers("x"), 1e-9, ou(tau_n), *LEAD)
    longer = np.convolve(LEAD[1], [1.0, tau_n])
    other = Network(solvers("x"), 1e-9, white(np.sqrt(2 * tau_n)), LEAD[0], longer)
    assert one.found.at(lag) == pytest.approx(other.found.at(lag), rel=1e-12)


# ---- nonlinear networks against an iteration on a grid -----------------------------------------------------------------


def on_a_grid(coefficients, drive, g, spacing=0.02, count=2**14):
    """Damped fixed-point iteration with fast cosine transforms; <phi phi> of erf is an arcsine."""
    lag_count = count + 1
    omega = np.pi * np.arange(lag_count) / (count * spacing)
    transfer, noise = PowerTransfer.of(*coefficients)(omega), drive.spectrum(omega)
    x = dct(transfer * noise, type=1) / (2 * count * spacing)
    for _ in range(400):
        phi = 2 / np.pi * np.arcsin(np.clip(x / (x[0] + 2 / np.pi), -1, 1))
        new = dct(transfer * (g**2 * dct(phi, type=1) * spacing + noise), type=1) / (2 * count * spacing)
        if np.max(np.abs(new - x)) < 1e-11:
            break
        x = 0.4 * x + 0.6 * new
    return spacing * np.arange(lag_count), new


@pytest.mark.parametrize(
    ("coefficients", "drive", "g"),
    [
        (ALPHA, white(), 1.5),
        (TRIPLE, ou(3.0), 1.2),
        pytest.param(RESONANT, white(0.7), 0.6, marks=pytest.mark.heavy),
        pytest.param(TWO, white(), 1.2, marks=pytest.mark.heavy),
        (LEAD, ou(0.5), 1.3),
    ],
)
def test_nonlinear_network_on_a_grid(solvers, coefficients, drive, g):
    network = Network(solvers(ERF), g, drive, *coefficients)
    assert network.status == SOLVED
    lag, x = on_a_grid(coefficients, drive, g)
    assert network.found.at(lag[:500:50]) == pytest.approx(x[:500:50], abs=3e-6 * network.variance)


@pytest.mark.parametrize("coefficients", one_in(3, [(ALPHA,), (TWO,), (LEAD,)]))
def test_chaos_with_other_filters(solvers, coefficients):
    """Without noise: spectra are not negative, C'(0) = 0, decay, and the equation in frequency, at frequencies of our own."""
    network, g = Network(solvers(ERF), 1.5, Drive(), *coefficients), 1.5
    assert network.status == SOLVED
    omega = np.linspace(0.0, 3.0, 41)
    of_x, of_phi = network.found.spectra(omega)
    assert np.min(of_x) > -1e-13 and np.min(of_phi) > -1e-13
    assert of_x == pytest.approx(PowerTransfer.of(*coefficients)(omega) * g**2 * of_phi, abs=1e-11 * of_x[0])
    assert network.found.slope[0] == pytest.approx(0.0, abs=1e-8)
    assert abs(network.found.x[-1]) < 1e-11
    first = 0.838752527847315707  # variance for 1/(1 + s): slow activity, the filter changes little
    assert 1e-5 < abs(network.variance / first - 1) < 1e-3


@pytest.mark.heavy
def test_resonant_chaos(solvers):
    """Active where g |h| > 1 at the peak, although g |h(0)| < 1; sum rule with the frequency integral."""
    network = Network(solvers("tanh(x)"), 0.9, Drive(), *RESONANT)
    assert network.status == SOLVED
    omega = np.linspace(0, 40, 40001)
    of_x = network.found.spectra(omega)[0]
    assert integrate.simpson(of_x, x=omega) / np.pi == pytest.approx(network.variance, rel=1e-8)
    assert omega[np.argmax(of_x)] == pytest.approx(PowerTransfer.of(*RESONANT).peak()[0], abs=0.1)


# ---- what is refused ---------------------------------------------------------------------------------------------------


def test_silence(solvers):
    assert Network(solvers(ERF), 0.95, Drive(), *ALPHA).status == SILENT
    assert Network(solvers(ERF), 0.3, Drive(), [2.0], [1.0, 2.0, 1.0]).status == SILENT
    assert Network(solvers(ERF), 0.6, Drive(), [2.0], [1.0, 2.0, 1.0]).status == SOLVED


def test_instability_is_judged_at_the_peak(solvers):
    """g |h(0)| = 0.9 < 1 but g |h| > 1 at the peak of 1/(1 + s + s^2): a linear network is unstable."""
    resonant = ([1.0], [1.0, 1.0, 1.0])
    assert Network(solvers("x"), 0.9, white(), *resonant).found is None
    assert Network(solvers("x"), 0.8, white(), *resonant).status == SOLVED
