"""The network in time: reference values, closed forms, limits, exact identities, and what is refused.

Reference values: Clark, Abbott, Litwin-Kumar 2023 (PRL 131 118401; without noise) and Mato, Rigatuso, Torroba 2025 (arXiv
2510.21742; with noise), computed there from other discretisations; variances to 16 digits from mpmath.
"""

import subprocess
import sys

import numpy as np
import pytest
from scipy import integrate, special

from numerics.averages.average import average
from numerics.averages.pair import pair_average
from numerics.codegen.module import emit
from numerics.solve.solver import Solver
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.derivation import same
from theory.engine.spectral import OneSite
from theory.errors import DomainError, InputError
from theory.models import derive
from theory.parameters import checked_parameters, parameters_of
from theory.symbols import g as coupling
from theory.symbols import phi, x

ERF = "erf(sqrt(pi)/2*x)"


@pytest.fixture(scope="module")
def solvers():
    known = {}

    def solver(text):
        if text not in known:
            known[text] = Solver("dynamic", text)
        return known[text]

    return solver


@pytest.fixture
def solve(solvers):
    def values(text, **numbers):
        solution = solvers(text).solve(**numbers)
        return {**solution.order_parameters, **solution.observables}

    return values


def test_published_pair_spectra():
    """Clark, Abbott, Litwin-Kumar 2023: psi of phi and of x at two frequencies, from the entries of the kernel."""
    steps = {
        step.title.split(" for eta")[0]: step.before for step in derive("dynamic").derivation if step.rule == "residues"
    }
    gain = Average(phi(x), 1)
    one, two = OneSite.of(1), OneSite.of(2)
    y, conjugate = coupling**2 * gain**2 * one.h * two.h, coupling**2 * gain**2 * one.hc * two.hc
    power = one.C * two.C / ((1 - y) * (1 - conjugate))
    assert same(steps["Equal-time second moment of phi"], power)
    ladder = y / (1 - y) + conjugate / (1 - conjugate)
    responses = one.h * two.h * one.hc * two.hc
    assert same(steps["Equal-time second moment of x"], coupling**4 * responses * power + one.X * two.X * (1 + ladder))


# ---- reference values --------------------------------------------------------------------------------------------------

AUTONOMOUS = [
    ("tanh(x)", 1.5, 0.747686380553398067, 0.00561124146952, 0.00623943463584),
    ("tanh(x)", 2.0, 1.92480541373705819, 0.0159147880109, 0.0197406697057),
    ("tanh(x)", 3.0, 5.44632608304246422, 0.0313719750578, 0.0446509424021),
    ("tanh(x)", 5.0, 16.964045702382, 0.0456346625653, 0.0740703066959),
    (ERF, 1.5, 0.838752527847315707, 0.00658389458771, 0.0074037647033),
    (ERF, 2.0, 2.06408001875429052, 0.0181993612033, 0.0230136949193),
    (ERF, 3.0, 5.63743196089017273, 0.0341995035839, 0.0497422109459),
    (ERF, 5.0, 17.201142446404, 0.0476763568505, 0.0787989501624),
]


@pytest.mark.parametrize(("text", "g", "variance", "pr_x", "pr_phi"), one_in(3, AUTONOMOUS))
def test_without_noise(solve, text, g, variance, pr_x, pr_phi):
    found = solve(text, g=g, noise="none")
    assert found["Delta0"] == pytest.approx(variance, rel=1e-12)
    assert found["PR_x"] == pytest.approx(pr_x, rel=1e-9)
    assert found["PR_phi"] == pytest.approx(pr_phi, rel=1e-9)
    assert found["PR0_phi"] == pytest.approx(found["kappa2"] ** 2, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "g", "sigma", "variance", "power", "pr_x", "pr_phi"),
    [
        ("tanh(x)", 1.5, 1.0, 1.118095914705164, 0.4146412175984, 0.2569103610, 0.2821392648),
        ("tanh(x)", 0.9, 0.5**0.5, 0.3530740440727, 0.2201200665290, 0.6281529775, 0.6357865789),
        (ERF, 1.5, 1.0, 1.1801928995899, 0.4501232571364, 0.2301940765, 0.2557433845),
    ],
)
def test_white_noise(solve, text, g, sigma, variance, power, pr_x, pr_phi):
    found = solve(text, g=g, sigma=sigma)
    assert found["Delta0"] == pytest.approx(variance, rel=1e-12)
    assert found["C_phi0"] == pytest.approx(power, rel=1e-12)
    assert found["PR_x"] == pytest.approx(pr_x, rel=1e-9)
    assert found["PR_phi"] == pytest.approx(pr_phi, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "g", "variance"),
    [
        ("tanh(x)", 0.8, 0.6044335603168202),
        ("tanh(x)", 1.0, 0.683559107375053),
        ("power(1/2)", 1.0, 1.012653636035546),
        ("power(3/4)", 0.8, 0.7727545307949743),
        (ERF, 1.0, 0.6991185252569391),
    ],
)
def test_variance_with_white_noise_to_rounding(solve, text, g, variance):
    assert solve(text, g=g, sigma=1)["Delta0"] == pytest.approx(variance, rel=2e-15)


@pytest.mark.parametrize(
    ("g", "tau_n", "variance"),
    one_in(
        2, [(0.8, 0.3, 0.317410), (1.5, 0.3, 0.904869), (0.8, 1, 0.6556298), (1.5, 10, 2.0209745), (1.5, 3, 1.7285414)]
    ),
)
def test_coloured_noise(solve, g, tau_n, variance):
    """The reference comes from a Fourier iteration on a grid."""
    found = solve("tanh(x)", g=g, sigma=1, tau_n=tau_n, noise="ou")
    assert found["Delta0"] == pytest.approx(variance, abs=2.5e-7)


def test_strong_coupling_is_the_sign_network(solve):
    found = solve("sign(x)", g=1, noise="none")
    assert found["Delta0"] == pytest.approx(2 * (1 - 2 / np.pi), rel=1e-12)
    assert found["kappa2"] == pytest.approx(0.124030803, abs=1e-9)
    assert (found["PR_x"], found["PR_phi"]) == (pytest.approx(0.06024, abs=1e-5), pytest.approx(0.12652, abs=1e-5))
    five, ten = (solve("tanh(x)", g=g, noise="none")["Delta0"] / g**2 for g in (5, 10))
    assert (4 * ten - five) / 3 == pytest.approx(found["Delta0"], rel=3e-3)  # deviations fall as 1/g^2


@pytest.mark.heavy
def test_onset_is_universal(solve):
    """PR/N -> (12/pi^2) kappa^3 at the onset of activity, with a correction of relative order kappa."""
    ratios = []
    for g in (1.02, 1.04):
        found = solve("tanh(x)", g=g, noise="none")
        kappa = found["kappa2"] ** 0.5
        ratios.append((found["PR_x"] / (12 / np.pi**2 * kappa**3) - 1) / kappa)
    assert ratios[0] == pytest.approx(0.75, abs=0.1)
    assert ratios[0] == pytest.approx(ratios[1], abs=0.05)


# ---- closed forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("g", [0.3, 0.6, 0.95])
def test_linear_network_with_white_noise(solve, g):
    a, found = np.sqrt(1 - g**2), solve("x", g=g, sigma=1.3)
    assert found["Delta0"] == pytest.approx(1.3**2 / (2 * a), rel=1e-13)
    dimension = 8 * a**3 / (a**4 + 2 * a**3 + 4 * a**2 - 2 * a + 3)
    assert (found["PR_x"], found["PR_phi"]) == (
        pytest.approx(dimension, rel=1e-12),
        pytest.approx(dimension, rel=1e-12),
    )
    assert (found["PR0_x"], found["PR0_phi"]) == (pytest.approx(a**4, rel=1e-12), pytest.approx(a**4, rel=1e-12))


@pytest.mark.parametrize("tau_n", one_in(2, [1.0, 0.05, 1 / 0.6, 20.0]))
def test_linear_network_with_coloured_noise(solvers, tau_n):
    g, sigma = 0.8, 0.7
    a, b = np.sqrt(1 - g**2), 1 / tau_n
    solver = solvers("x")
    numbers = {"g": g, "sigma": sigma, "tau_n": tau_n, "noise": "ou"}
    assert solver.solve(**numbers).order_parameters["Delta0"] == pytest.approx(sigma**2 / (a * (a + b)), rel=1e-11)
    if abs(a - b) > 0.1:
        lag = np.array([0.0, 0.1, 1.0, 4.0])
        exact = sigma**2 / (a**2 - b**2) * (np.exp(-b * lag) - b / a * np.exp(-a * lag))
        assert solver.module.autocovariance(lag, **numbers)[0] == pytest.approx(exact, rel=1e-8)


def test_no_couplings_no_correlations(solve):
    for noise in ({"noise": "white"}, {"noise": "ou", "tau_n": 2}):
        found = solve("tanh(x)", g=0, sigma=1, **noise)
        assert [found[key] for key in ("PR_x", "PR_phi", "PR0_x", "PR0_phi", "kappa2")] == [1.0] * 5


# ---- second routes -----------------------------------------------------------------------------------------------------

CASES = [
    ("tanh(x)", {"g": 1.5, "sigma": 1.0}),
    ("tanh(x)", {"g": 1.5, "sigma": 1.0, "tau_n": 1.0, "noise": "ou"}),
    ("tanh(x)", {"g": 3.0, "noise": "none"}),
    ("x/(1+abs(x))", {"g": 1.5, "sigma": 1.0}),
    ("power(3/4)", {"g": 0.8, "sigma": 1.0, "tau_n": 1.0, "noise": "ou"}),
]


@pytest.mark.parametrize(("text", "numbers"), one_in(3, CASES))
def test_pair_spectra_by_brute_force(solvers, text, numbers):
    """The double frequency integral of the published spectra on a grid, against the residues and the contour."""
    solver = solvers(text)
    found = solver.solve(**numbers)
    g, gain = numbers["g"], found.observables["gain"]
    edges = np.concatenate([[0], np.geomspace(1e-6, 0.1, 20), np.arange(0.13, 40, 0.03)])
    x, w = np.polynomial.legendre.leggauss(10)
    lag = (0.5 * (edges[1:] + edges[:-1])[:, None] + 0.5 * np.diff(edges)[:, None] * x).ravel()
    weight = (0.5 * np.diff(edges)[:, None] * w).ravel()
    correlations = solver.module.autocovariance(lag, **numbers)
    count = 500
    theta = np.pi * ((np.arange(count) + 0.5) / count - 0.5)
    omega, measure = np.tan(theta), np.pi / count / np.cos(theta) ** 2 / (2 * np.pi)
    waves = np.cos(np.outer(omega, lag))
    spectrum_x, spectrum_phi = (2 * waves @ (weight * c) for c in correlations)
    h = 1 / (1 + 1j * omega)
    gamma, both = (g * gain) ** 2, h[:, None] * h[None, :]
    kernel = 1 / np.abs(1 - gamma * both) ** 2
    outer_phi, outer_x = (np.outer(s * measure, s * measure) for s in (spectrum_phi, spectrum_x))
    total_phi = np.sum(outer_phi * kernel)
    total_x = np.sum(
        g**4 * np.abs(both) ** 2 * outer_phi * kernel
        + 2 * gamma * outer_x * np.real(both / (1 - gamma * both))
        + outer_x
    )
    size_phi, size_x = np.sum(spectrum_phi * measure), np.sum(spectrum_x * measure)
    # ratios: the slowly decaying tails of the grid cancel to first order
    assert size_phi**2 / total_phi == pytest.approx(found.observables["PR_phi"], rel=2e-3)
    assert size_x**2 / total_x == pytest.approx(found.observables["PR_x"], rel=2e-3)


@pytest.mark.parametrize(("text", "numbers"), one_in(3, CASES))
def test_autocovariance_solves_its_equation(solvers, text, numbers):
    """C'' by differences, <phi phi> by nested one-point quadrature."""
    solver = solvers(text)
    lag, step = np.array([0.2, 0.7, 2.0, 5.0]), 2e-3
    shifted = np.concatenate([lag - step, lag, lag + step, [0.0]])
    c_x, c_phi = solver.module.autocovariance(shifted, **numbers)
    (before, here, after), variance = c_x[:-1].reshape(3, -1), c_x[-1]
    second = (before - 2 * here + after) / step**2
    force = numbers["g"] ** 2 * pair_average("phi", "phi", text, variance=variance, correlation=here / variance)
    noise = numbers["sigma"] ** 2 * np.exp(-lag / numbers["tau_n"]) if "tau_n" in numbers else 0.0
    assert second == pytest.approx(here - force - noise, abs=2e-6 * variance)
    assert numbers["g"] ** 2 * c_phi[4:8] == pytest.approx(force, abs=1e-9)


def test_coloured_noise_against_a_library_solver(solvers):
    """power(3/4), whose two-point function is a hypergeometric function, by scipy's boundary-value solver."""
    g, p = 0.8, 0.75
    moment = 2 ** (p + 1) * special.gamma(1 + p / 2) ** 2 / np.pi

    def pair(c, v):
        rho = np.clip(c / v, -1, 1)
        return v**p * moment * rho * special.hyp2f1((1 - p) / 2, (1 - p) / 2, 1.5, rho**2)

    def right(tau, y, parameters):
        return np.array([y[1], y[0] - g**2 * pair(y[0], parameters[0]) - np.exp(-tau)])

    def ends(first, last, parameters):
        rate = np.sqrt(1 - g**2 * moment * parameters[0] ** (p - 1))
        return np.array([first[1], first[0] - parameters[0], last[1] + rate * last[0]])

    tau = np.concatenate([np.linspace(0, 1, 100), np.linspace(1.05, 16, 200)])
    guess = np.array([0.9 * np.exp(-0.6 * tau), -0.54 * np.exp(-0.6 * tau)])
    bvp = integrate.solve_bvp(right, ends, tau, guess, p=[0.9], tol=1e-8, max_nodes=40000)
    assert bvp.success
    found = solvers("power(3/4)").solve(g=g, sigma=1, tau_n=1, noise="ou")
    assert found.order_parameters["Delta0"] == pytest.approx(bvp.p[0], abs=1e-5)


@pytest.mark.parametrize("tau_n", one_in(3, [1.0, 0.2, 5.0]))
def test_energy_identity(solvers, tau_n):
    """Delta^2/2 - g^2 Var log cosh = sigma^2 (Delta - int exp(-tau/tau_n) C dtau / tau_n), all by other quadratures."""
    solver, g, sigma = solvers("tanh(x)"), 1.3, 0.9
    numbers = {"g": g, "sigma": sigma, "tau_n": tau_n, "noise": "ou"}
    variance = solver.solve(**numbers).order_parameters["Delta0"]
    z, w = np.polynomial.hermite_e.hermegauss(200)
    w /= w.sum()
    primitive = np.log(np.cosh(np.sqrt(variance) * z))
    spread = w @ primitive**2 - (w @ primitive) ** 2
    u, v = np.polynomial.laguerre.laggauss(60)
    work = sigma**2 * (variance - v @ solver.module.autocovariance(tau_n * u, **numbers)[0])
    assert variance**2 / 2 - g**2 * spread == pytest.approx(work, rel=1e-8)


@pytest.mark.parametrize(("text", "numbers"), one_in(3, CASES))
def test_spectra_obey_the_equation_at_zero_frequency(solvers, text, numbers):
    """S_x(0) = g^2 S_phi(0) + N(0): a sum rule that neither the energy nor collocation uses."""
    module = solvers(text).module
    arguments = (numbers["g"], numbers.get("sigma", 0.0), numbers.get("tau_n", 0.0), 0.0)
    correlation = module.EQUATIONS.correlations(numbers.get("noise", "white"), arguments, arguments[2])[3]
    s_x, s_phi = correlation.spectra(np.zeros(1))
    noise = {"white": 1.0, "none": 0.0, "ou": 2 * arguments[2]}[numbers.get("noise", "white")] * arguments[1] ** 2
    assert s_x[0] == pytest.approx(numbers["g"] ** 2 * s_phi[0] + noise, rel=1e-11)


# ---- limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shortest", "accuracy"), one_in(2, [(10, 1e-2), (40, 2e-4)]))
def test_slow_noise_is_static_noise(solve, shortest, accuracy):
    """A series in 1/tau_n: three values extrapolate to the static network, up to a term of third order."""
    static = Solver("static", "tanh(x)").solve(g=1.2, sigma=1)
    times = (shortest, 2 * shortest, 4 * shortest)
    one, two, four = (solve("tanh(x)", g=1.2, sigma=1, tau_n=tau_n, noise="ou") for tau_n in times)
    expected = {**static.order_parameters, **static.observables}
    pairs = [("Delta0", "Delta"), ("C_phi0", "C_phi"), ("gain", "gain"), ("PR_x", "D_x"), ("PR_phi", "D_phi")]
    for key, of_static in pairs:
        extrapolated = (one[key] - 6 * two[key] + 8 * four[key]) / 3
        assert extrapolated == pytest.approx(expected[of_static], rel=accuracy)
        assert abs(extrapolated - expected[of_static]) < 0.2 * abs(four[key] - expected[of_static])


@pytest.mark.heavy
def test_fast_noise_is_white_noise(solve):
    """At fixed 2 sigma^2 tau_n."""
    white = solve("tanh(x)", g=1.2, sigma=1)
    one, two = (solve("tanh(x)", g=1.2, sigma=(0.5 / t) ** 0.5, tau_n=t, noise="ou") for t in (4e-3, 2e-3))
    for key in ("Delta0", "C_phi0", "gain", "kappa2", "PR_x", "PR_phi", "PR0_x", "PR0_phi"):
        assert 2 * two[key] - one[key] == pytest.approx(white[key], rel=1e-4)


def test_weak_noise_is_no_noise(solve):
    quiet = solve("tanh(x)", g=2, noise="none")
    for noise in ({"noise": "white"}, {"noise": "ou", "tau_n": 1}):
        found = solve("tanh(x)", g=2, sigma=0.01, **noise)
        assert found["Delta0"] == pytest.approx(quiet["Delta0"], rel=1e-4)
        assert found["PR_phi"] == pytest.approx(quiet["PR_phi"], rel=1e-2)


# ---- activations that no table covers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    one_in(
        3,
        [
            "sin(x)",
            "power(3/5)",
            "x/sqrt(1+x^2)+x/10",
            "x*exp(-x^2)",
            "x*(15+x^2)/(15+6*x^2)",
            "sign(x)*max(abs(x)-1/2,0)",
        ],
    ),
)
def test_two_point_table(solvers, text):
    """The interpolant against nested one-point quadrature, at correlations between the nodes."""
    table = solvers(text).module.PAIR.table(1.7)
    theta = np.array([2e-3, 0.05, 0.4, 1.0, 1.5, 2.5])
    exact = pair_average("phi", "phi", text, variance=1.7, correlation=np.cos(theta))
    assert table.resolved
    assert table.value(theta) == pytest.approx(exact, rel=1e-11)
    rate = (table.value(theta + 1e-5) - table.value(theta - 1e-5)) / (-2e-5 * np.sin(theta))
    assert table.slope(theta[1:]) == pytest.approx(rate[1:], rel=1e-6)


@pytest.mark.parametrize(
    ("text", "numbers"),
    one_in(
        3,
        [
            ("x*(15+x^2)/(15+6*x^2)", {"g": 1.3, "sigma": 1, "tau_n": 2, "noise": "ou"}),
            ("x/sqrt(1+x^2)+x/10", {"g": 2.0, "sigma": 0.5}),
            ("sign(x)*max(abs(x)-1/2,0)", {"g": 1.2, "sigma": 1}),
            ("-tanh(a*x) where a>0", {"g": 1.3, "sigma": 1, "a": 2}),
        ],
    ),
)
def test_invariants(solvers, text, numbers):
    solver = solvers(text)
    solution = solver.solve(**numbers)
    assert solution.stable
    assert solution.error < 1e-11 * solution.order_parameters["Delta0"]
    lag = np.linspace(0, 30, 301)
    c_x, c_phi = solver.module.autocovariance(lag, **numbers)
    assert c_x[0] == pytest.approx(solution.order_parameters["Delta0"], rel=1e-13)
    own = {"a": numbers["a"]} if "a" in numbers else {}
    power = float(average("phi^2", text.split(" where")[0] if not own else text, variance=c_x[0], **own))
    assert c_phi[0] == pytest.approx(power, rel=1e-11)
    assert np.all(np.abs(c_x[1:]) < c_x[0]) and np.all(np.diff(c_x) < 0)


# ---- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "numbers", "words"),
    [
        ("tanh(x)", {"g": 0.9, "noise": "none"}, "activity sets in at g = 1/phi'(0) = 1"),
        ("tanh(2*x)", {"g": 0.4, "noise": "none"}, "activity sets in at g = 1/phi'(0) = 0.5"),
        ("x", {"g": 1.2, "noise": "none"}, "x = 0 is unstable beyond g = 1/phi'(0) = 1 and no other state exists"),
        ("x", {"g": 1.0, "sigma": 1}, "activity grows without bound"),
        ("x^3", {"g": 0.8, "sigma": 1}, "activity grows without bound"),
        ("tanh(x)", {"g": 1.0005, "noise": "none"}, "too close to a critical point"),
        ("tanh(x)", {"g": 1, "sigma": 1, "tau_n": 1e5, "noise": "ou"}, "use the model static"),
        ("tanh(x)", {"g": 1, "sigma": 1e90}, "double precision"),
    ],
)
def test_refused_with_a_reason(solvers, text, numbers, words):
    with pytest.raises(DomainError, match=words.replace("(", r"\(").replace(")", r"\)")):
        solvers(text).solve(**numbers)


@pytest.mark.parametrize("text", ["relu(x)", "tanh(x-1)", "x^2"])
def test_activation_that_is_not_odd(text):
    with pytest.raises(DomainError, match="phi must be odd"):
        Solver("dynamic", text)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"g": 1, "noise": "white"}, "parameter sigma is missing .*needed with noise=white or ou"),
        ({"g": 1, "tau_n": 1}, "parameter sigma is missing .*needed with noise=white or ou"),
        ({"g": 1, "noise": "pink", "sigma": 1}, "noise = pink is not allowed; noise must be one of none, white, ou$"),
        ({"g": 1, "noise": 3, "sigma": 1}, "noise = 3 is not allowed"),
        (
            {"g": 1, "sigma": 1, "tau_n": 1, "noise": "white"},
            "^tau_n has a meaning only with noise=ou, not with noise=white$",
        ),
        ({"g": 1, "sigma": 1, "noise": "none"}, "sigma has a meaning only with noise=white or ou, not with noise=none"),
        ({"g": 1, "sigma": 1, "noise": "ou"}, "parameter tau_n is missing"),
        ({"g": 1, "sigma": 0}, "sigma must be a number > 0"),
        ({"g": -1, "sigma": 1, "h": 2}, "unknown parameter 'h'.*g = -1 is not allowed"),
    ],
)
def test_unusable_parameters(solvers, numbers, words):
    with pytest.raises(InputError, match=words):
        solvers("tanh(x)").solve(**numbers)


def test_noise_follows_from_the_parameters(solvers):
    solver = solvers("tanh(x)")
    for word, numbers in (("none", {}), ("white", {"sigma": 0.7}), ("ou", {"sigma": 0.7, "tau_n": 2.0})):
        given = {"g": 1.4, **numbers}
        assert checked_parameters(solver.model, parameters_of(solver.activation), given) == {
            "noise": word,
            **given,
            "eta": 0.0,
        }
        assert solver.module.inferred_noise(numbers.get("sigma", 0.0), numbers.get("tau_n", 0.0)) == word
    inferred, said = solver.module.solve(1.4, 0.7), solver.module.solve(1.4, noise="white", sigma=0.7)
    assert inferred["Delta0"] == said["Delta0"] == solver.solve(g=1.4, sigma=0.7).order_parameters["Delta0"]
    assert solver.module.autocovariance(0.5, 1.4) == solver.module.autocovariance(0.5, 1.4, noise="none")


# ---- the generated module ----------------------------------------------------------------------------------------------


def test_module_stands_alone(tmp_path):
    (tmp_path / "solver.py").write_text(emit(derive("dynamic"), Activation.from_text("tanh(x)")).text)
    code = "import solver, sys; r = solver.solve(1.5, 1.0); print(r['Delta0'], 'theory' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True)
    assert done.stderr == ""
    value, loaded = done.stdout.split()
    assert float(value) == pytest.approx(1.118095914705164, rel=1e-14)
    assert loaded == "False"


def test_autocovariance_of_a_solution():
    import quenched

    solution = quenched.Solver("dynamic", "tanh(x)").solve(g=1.5, sigma=1)
    found = quenched.autocovariance(solution, [0.0, 1.0, -1.0, 1e4])
    assert found.x[0] == pytest.approx(solution.order_parameters["Delta0"], rel=1e-14)
    assert found.phi[0] == pytest.approx(solution.order_parameters["C_phi0"], rel=1e-12)
    assert found.x[1] == found.x[2] and found.x[3] == 0
    with pytest.raises(InputError, match="model dynamic"):
        quenched.autocovariance(quenched.Solver("static", "tanh(x)").solve(g=1, sigma=1), 1.0)
    with pytest.raises(InputError, match="finite"):
        quenched.autocovariance(solution, np.inf)
