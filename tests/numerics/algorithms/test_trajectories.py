"""The single site with feedback: exact limits, an independent time-stepping twin, honest errors, what is refused.

Model: Clark, Abbott, Litwin-Kumar 2023 (PRL 131 118401), couplings partially symmetric.  Rows without feedback: reference values
from other discretisations, also in test_dynamic.py.  The rows of linear networks were confirmed with random matrices.
"""

import numpy as np
import pytest
from scipy import special

from numerics.algorithms import trajectories
from numerics.algorithms.hermite import HermiteSeries, mehler_sum
from numerics.algorithms.outcomes import CRITICAL, SILENT, SOLVED, UNSTABLE_PAIRS
from numerics.algorithms.pairsum import pair_sum, slow_integral
from numerics.algorithms.trajectories import solve_by_trajectories
from tests.effort import one_in

ACTIVATIONS = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "erf": (lambda x: special.erf(np.sqrt(np.pi) / 2 * x), lambda x: np.exp(-np.pi * x * x / 4)),
    "pade": (lambda x: x / (1 + x * x / 3), lambda x: (1 - x * x / 3) / (1 + x * x / 3) ** 2),
    "steeper away from 0": (
        lambda x: np.tanh(x) ** 3 + x / 4,
        lambda x: 0.25 + 3 * np.tanh(x) ** 2 * (1 - np.tanh(x) ** 2),
    ),
    "linear": (lambda x: 1.0 * x, np.ones_like),
}
COARSE = {"replicates": 8, "trajectories": 32}


def leaky(s):
    return 1 / (1 + s)


def alpha(s):
    return 1 / (1 + s) ** 2


def delayed(s):
    return np.exp(-s) / (1 + s)


def bandpass(s):
    return 2 * s / (1 + s) ** 2


def white(power):
    return lambda omega: power * np.ones_like(omega)


def ou(power, tau):
    return lambda omega: 2 * power * tau / (1 + (omega * tau) ** 2)


def solved(name, g, eta, noise, transfer=leaky, **accuracy):
    rest = transfer, noise, g**2, eta * g**2
    return solve_by_trajectories(*ACTIVATIONS[name], *rest, twin(*rest), **{**COARSE, **accuracy})


def twin(transfer, noise, strength, feedback):
    """T, K and X from S and C: the twin of what is generated from the theory."""

    def one_site(omega, S, C):
        h, drive = transfer(1j * omega), strength * C + noise(omega)
        K = np.conj(h) * (S * drive + feedback * np.conj(S) * C)
        X = np.abs(h) ** 2 * (drive * (1 + 2 * feedback * np.real(S**2)) + feedback**2 * np.abs(S) ** 2 * C)
        return S, h * (1 + feedback * S**2), C, K, X

    return one_site


def psi(unit):
    """Pair spectra in one line each; the twin of what is generated from the theory."""
    g2, b = unit.strength, unit.feedback

    def entries(one, two):
        (S1, T1, C1, K1, _), (S2, T2, C2, K2, _) = one, two
        y, z = g2 * S1 * S2, b * S1 * np.conj(S2)
        ring = np.real((1 + z) / (1 - z)) / np.abs(1 - y) ** 2
        forward, back = g2 / (1 - y), b / (1 - z)
        mixed = b * g2 * S1 * C2 / ((1 - y) * (1 - z)), b * g2 * S2 * C1 / ((1 - y) * (1 - np.conj(z)))
        P1, P2, Q1, Q2 = T1 * K1, T2 * K2, np.abs(T1) ** 2, np.abs(T2) ** 2
        psi_x = P1 * P2 * forward + P1 * np.conj(P2) * back + P1 * Q2 * mixed[0] + P2 * Q1 * mixed[1]
        return C1 * C2 * (ring - 1), 2 * np.real(psi_x) + Q1 * Q2 * g2**2 * C1 * C2 * ring

    return entries


def dimensions(site):
    """Delta0, C_phi0, PR_x, PR_phi."""
    omega, weight = site.frequencies()
    psi_phi, psi_x = pair_sum(weight, site.one_site(omega), psi(site.unit))
    x, phi = site.variances
    return np.array([x, phi, x**2 / (x**2 + psi_x), phi**2 / (phi**2 + psi_phi)])


@pytest.mark.parametrize(
    ("name", "g", "noise", "expected"),
    [
        ("tanh", 1.5, white(1.0), (1.1180959147052, 0.4146412175984, 0.2569103610, 0.2821392648)),
        ("tanh", 0.9, white(0.5), (0.3530740440727, 0.2201200665290, 0.6281529775, 0.6357865789)),
        ("erf", 1.5, white(1.0), (1.1801928995899, 0.4501232571364, 0.2301940765, 0.2557433845)),
        ("tanh", 2.0, white(0.0), (1.9248054137371, 0.51317806597781, 0.0159147880109, 0.0197406697057)),
    ],
)
def test_without_feedback_it_is_the_exact_solution(name, g, noise, expected):
    value, error = solved(name, g, 0.0, noise).jackknife(dimensions)
    assert np.all(error < 5e-4 * value)
    np.testing.assert_array_less(np.abs(value - expected), error + 1e-8)


@pytest.mark.parametrize(
    ("g", "eta", "equal", "slow"),
    [
        (0.5, -0.5, 0.93576, 0.77984),
        (0.45, 0.8, 0.69807, 0.27509),
        (0.35, 1.0, 0.83324, 0.49582),
        (0.8, -0.7, 0.90989, 0.68687),
    ],
)
def test_linear_networks_obey_the_elliptic_law(g, eta, equal, slow):
    solution = solved("linear", g, eta, white(1.0))
    value, _ = solution.jackknife(dimensions)
    np.testing.assert_allclose(value[2:], equal, atol=1.2e-5)
    omega = np.array([3.0, 0.0, 0.4, 200.0])
    S, T, C, K, X = solution.site.one_site(omega)
    h = leaky(1j * omega)
    np.testing.assert_allclose(S, 2 * h / (1 + np.sqrt(1 - 4 * eta * (g * h) ** 2)), rtol=1e-9)
    np.testing.assert_allclose(C, np.abs(S) ** 2 / (1 - np.abs(g * S) ** 2), rtol=1e-9)
    for same in (np.abs(T - S), np.abs(K - C), X - C):
        np.testing.assert_allclose(same, 0.0, atol=1e-9)
    u, v = (g * S[1].real) ** 2, eta * (g * S[1].real) ** 2
    assert (1 - u) ** 2 * (1 - v) / (1 + v) == pytest.approx(slow, abs=1e-5)


def test_linear_networks_with_any_filter():
    """S = h (1 + eta g^2 S^2), the root that is h at high frequency, also where its phase turns many times."""
    omega = np.linspace(0.0, 30.0, 301)
    for transfer in (alpha, delayed, bandpass):
        for g, eta in ((0.4, 0.5), (0.6, -0.9)):
            S, T, *_ = solved("linear", g, eta, white(1.0), transfer).site.one_site(omega)
            np.testing.assert_allclose(S, transfer(1j * omega) * (1 + eta * (g * S) ** 2), atol=1e-9)
            np.testing.assert_allclose(T, S, atol=1e-9)
            assert np.abs(g * S).max() < 1


def stepped(site, activation, transfer, impulse_response, seed, count, dt=0.1, period=40.0, memory=20.0):
    """The same process step by step in time, driven as the solution says; what it should reproduce, trajectory by trajectory.

    Forward stepping with trapezoidal memory; the response from a second copy with a small impulse.  The variance beyond the last
    frequency is given to all frequencies alike.
    """
    phi, phi_prime = activation
    stream = np.random.default_rng(seed)
    steps, length = round(period / dt), round(memory / dt)
    omega = 2 * np.pi / period * np.arange(steps // 2 + 1)
    _, _, C, _, _ = site.one_site(omega)
    spectrum = site.unit.strength * C + site.unit.noise(omega)
    coefficients = np.fft.rfft(stream.standard_normal((count, steps))) * np.sqrt(spectrum / dt)
    drive = np.fft.irfft(coefficients * transfer(1j * omega), steps)
    beyond = np.abs(transfer(1j * omega[-1]) * omega[-1]) ** 2 * site.unit.noise(omega)[-1]
    drive += np.sqrt(beyond * dt / np.pi**2) * stream.standard_normal(drive.shape)

    dense = 2 * np.pi / (4 * memory) * np.arange(32 * length + 1)
    kernel = np.fft.irfft(site.unit.feedback * transfer(1j * dense) * site.one_site(dense)[0])[: 16 * length : 16] * 16
    kernel[0] = 0.0

    def run(x, f, start, stop, push):
        for k in range(start, stop):
            past = np.arange(k - length + 1, k) % steps
            x[:, k] = drive[:, k] + f[:, past] @ kernel[:0:-1] + push[k - start]
            f[:, k] = phi(x[:, k])

    x, f = drive.copy(), phi(drive)
    for _ in range(2):
        run(x, f, 0, steps, np.zeros(steps))
    kicked, echo, size = x.copy(), f.copy(), 1e-4
    run(kicked, echo, steps // 4, 3 * steps // 4, size * impulse_response(dt * np.arange(steps // 2)))
    window = slice(steps // 4, 3 * steps // 4)
    responses = np.sum((echo - f)[:, window], axis=1) * dt / size
    f_hat, x_hat, scale = np.fft.rfft(f), np.fft.rfft(x), dt / steps
    low = slice(1, 5)
    _, _, C, K, X = site.one_site(omega[low])
    S = site.one_site(omega[low])[0]
    measured = {
        "S(0)": (responses, site.one_site(np.zeros(1))[0][0].real),
        "C_phi(0)": (np.mean(f**2, axis=1), site.variances[1]),
        "C_x(0)": (np.mean(x**2, axis=1), site.variances[0]),
        "gain": (np.mean(phi_prime(x), axis=1), site.gain),
        "C": (np.mean(np.abs(f_hat[:, low]) ** 2, axis=1) * scale, np.mean(C)),
        "X": (np.mean(np.abs(x_hat[:, low]) ** 2, axis=1) * scale, np.mean(X)),
        "K": (np.mean(np.real(f_hat * np.conj(x_hat))[:, low], axis=1) * scale, np.mean(K.real)),
        "S hh": (
            np.mean(np.real(f_hat * np.conj(coefficients))[:, low], axis=1) * scale,
            np.mean((S * (site.unit.strength * C + site.unit.noise(omega[low]))).real),
        ),
    }
    return {key: (np.mean(v) - want) / (np.std(v) / np.sqrt(v.size)) for key, (v, want) in measured.items()}


def leaky_impulse(t):
    return np.where(t == 0, 0.5, np.exp(-t))


def delayed_impulse(t):
    since = np.round(t - 1.0, 9)
    return np.where(since == 0, 0.5, np.exp(-np.maximum(since, 0))) * (since >= 0)


@pytest.mark.parametrize(("g", "eta"), one_in(2, [(1.0, 0.4), (1.5, -0.4)]))
def test_stepping_in_time_agrees(g, eta):
    """16 z-values below 4: false alarms 1e-3."""
    solution = solved("tanh", g, eta, white(1.0))
    z = stepped(solution.site, ACTIVATIONS["tanh"], leaky, leaky_impulse, 3, 500)
    assert max(np.abs(list(z.values()))) < 4, z


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "g", "eta", "noise", "transfer", "impulse"),
    [
        ("tanh", 1.0, 0.4, white(1.0), leaky, leaky_impulse),
        ("tanh", 1.5, -0.4, white(1.0), leaky, leaky_impulse),
        ("pade", 2.0, -1.0, ou(1.0, 1.0), leaky, leaky_impulse),
        ("steeper away from 0", 0.8, 0.6, white(1.0), leaky, leaky_impulse),
        ("erf", 1.2, 0.3, ou(1.0, 3.0), leaky, leaky_impulse),
        ("tanh", 1.2, -0.4, white(1.0), delayed, delayed_impulse),
        ("tanh", 0.7, 1.0, white(1.0), leaky, leaky_impulse),
    ],
)
def test_stepping_in_time_agrees_closely(name, g, eta, noise, transfer, impulse):
    """Thousands of trajectories; 56 z-values below 4.5: false alarms 4e-4."""
    solution = solved(name, g, eta, noise, transfer, trajectories=64)
    z = stepped(solution.site, ACTIVATIONS[name], transfer, impulse, 4, 2000)
    assert solution.status == SOLVED
    assert max(np.abs(list(z.values()))) < 4.5, z


def test_stated_errors():
    """Two independent coarse solutions differ as they say, and by less than 0.5 % in the participation ratios."""
    for g, eta in ((1.0, 0.4), (1.5, -0.4)):
        (a, da), (b, db) = (
            solved("tanh", g, eta, white(1.0), seed=seed, trajectories=16).jackknife(dimensions) for seed in (1, 2)
        )
        assert np.all(np.abs(a - b) < 4 * np.hypot(da, db))  # Student's t, 14 degrees: 8 values, false alarms 1e-2
        assert np.all(da[2:] < 5e-3 * a[2:])


@pytest.mark.heavy
@pytest.mark.parametrize(("g", "eta"), [(1.0, 0.4), (1.5, -0.4)])
def test_stated_errors_are_those_of_many_seeds(g, eta):
    """Spread of 20 solutions over their stated errors; 7 degrees of freedom each, sd of the ratio 0.17."""
    rows = [solved("tanh", g, eta, white(1.0), seed=seed, trajectories=8).jackknife(dimensions) for seed in range(20)]
    values, errors = (np.array(part) for part in zip(*rows, strict=True))
    ratio = np.std(values, axis=0, ddof=1) / np.sqrt(np.mean(errors**2, axis=0))
    assert np.all((ratio > 0.5) & (ratio < 1.6)), ratio


def test_activity_without_noise():
    """A chaotic network with weakly symmetric couplings lies on the side of stronger coupling, and conversely."""
    exact = 0.0197406697057  # eta = 0
    more, less = (
        solved("tanh", 2.0, eta, white(0.0), replicates=4, trajectories=16).jackknife(dimensions)
        for eta in (0.05, -0.05)
    )
    slopes = (more[0][3] - exact) / 0.05, (exact - less[0][3]) / 0.05
    assert slopes[0] == pytest.approx(slopes[1], rel=0.3)
    assert less[0][3] + 10 * less[1][3] < exact < more[0][3] - 10 * more[1][3]


def test_what_has_no_solution():
    def never(omega):
        return np.zeros_like(omega)

    assert solved("linear", 0.9, 0.4, white(1.0)).status == UNSTABLE_PAIRS  # g (1 + eta) > 1: no stationary state
    assert solved("linear", 0.5, 0.4, never).status == SILENT
    assert solved("tanh", 1.5, -0.5, never).status == SILENT  # below the edge g (1 + eta) = 1 of the spectrum


def test_a_window_that_is_too_short(monkeypatch):
    monkeypatch.setattr(trajectories, "MOST_STEPS", 256)
    long = solved("tanh", 1.0, 0.4, ou(1.0, 40.0), replicates=2, trajectories=4)
    assert long.status == CRITICAL
    assert long.left > trajectories.STILL_DECAYED


def of_replicates(solution, omega):
    """S, T, C, K, X, each of shape (replicates, frequencies)."""
    return [np.array(rows) for rows in zip(*(site.one_site(omega) for site in solution.sites), strict=True)]


def test_seeds_and_units():
    """The same seed gives the same numbers; x, phi and noise in other units, time in another unit, phi of the other sign."""
    few = {"replicates": 3, "trajectories": 8}
    first, again = (solved("tanh", 1.0, 0.4, white(1.0), **few) for _ in range(2))
    omega = np.array([0.0, 0.7])
    S, _, C, _, X = of_replicates(first, omega)
    assert S.shape == (3, 2)
    np.testing.assert_array_equal(S, of_replicates(again, omega)[0])
    rest = (lambda s: 1 / (1 + 5 * s)), white(500.0), 1.0, 0.4
    phi, slope = lambda x: -10 * np.tanh(x / 10), lambda x: np.tanh(x / 10) ** 2 - 1
    scaled = solve_by_trajectories(phi, slope, *rest, twin(*rest), **few)
    S5, _, C5, _, X5 = of_replicates(scaled, omega / 5)
    np.testing.assert_allclose(S5, -S, rtol=1e-5)
    np.testing.assert_allclose(C5, 500 * C, rtol=1e-4)
    np.testing.assert_allclose(X5, 500 * X, rtol=1e-4)


def test_autocovariances_are_the_transforms_of_the_spectra():
    site = solved("tanh", 1.0, 0.4, ou(1.0, 1.0), trajectories=8).site
    omega, weight = site.frequencies()
    lag = np.array([0.0, 0.3, 1.0, 2.6])
    waves = np.cos(np.outer(lag, omega)) * weight / np.pi
    _, _, C, _, X = site.one_site(omega)
    for found, spectrum in zip(site.autocovariance(lag), (X, C), strict=True):
        np.testing.assert_allclose(found, waves @ spectrum, rtol=1e-3)
    assert site.autocovariance(np.array([1e6]))[0][0] == 0.0


def test_hermite_series():
    series = HermiteSeries(*ACTIVATIONS["erf"])
    for variance in (0.01, 1.0, 8.0):
        gain, rest, slopes = series.at(variance)
        rho = np.array([-0.9, 0.2, 0.7, 1.0])
        assert gain == pytest.approx(1 / np.sqrt(1 + np.pi * variance / 2), rel=1e-12)
        exact = 2 / np.pi * np.arcsin(variance * rho / (variance + 2 / np.pi)) - gain**2 * variance * rho
        np.testing.assert_allclose(mehler_sum(rest, rho), exact, atol=1e-6)
        whole = np.sqrt((variance + 2 / np.pi) ** 2 - (variance * rho) ** 2) * np.pi / 2
        np.testing.assert_allclose(mehler_sum(slopes, rho), 1 / whole - gain**2, atol=1e-4)


def test_pair_sums_over_the_whole_plane():
    """Against a plain sum over both signs of both frequencies, and the closed form of linear networks with eta = 0."""
    solution = solved("linear", 0.6, 0.0, white(1.0))
    omega, weight = solution.site.frequencies()
    functions = solution.site.one_site(omega)
    both = [np.append(np.conj(values[::-1]), values) for values in functions]
    weights = np.append(weight[::-1], weight) / (2 * np.pi)
    plain = psi(solution.site.unit)([v[:, None] for v in both], both)
    expected = [np.real(weights @ table @ weights) for table in plain]
    np.testing.assert_allclose(pair_sum(weight, functions, psi(solution.site.unit)), expected, rtol=1e-11)
    a = 0.8
    trace = (a**4 + 2 * a**3 + 4 * a**2 - 2 * a + 3) / (32 * a**5)
    np.testing.assert_allclose(expected, trace - 1 / (4 * a**2), rtol=1e-5)
    along = 2 * slow_integral(weight, functions, psi(solution.site.unit))
    # psi(w, -w) = C^2 (1/(1 - g^2 |h|^2)^2 - 1) with C = 1/(a^2 + w^2), 1 - g^2 |h|^2 = (a^2 + w^2)/(1 + w^2)
    want = np.sum((1 / (a**2 + omega**2)) ** 2 * (((1 + omega**2) / (a**2 + omega**2)) ** 2 - 1) * weight) / np.pi
    np.testing.assert_allclose(along, want, rtol=1e-4)
