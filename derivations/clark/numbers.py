"""Numbers: dimensions without and with noise, their order, the two time scales; and simulations of networks and matrices."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import integrate
from scipy.linalg import solve_continuous_lyapunov
from sympy import Symbol, lambdify

from derivations.claims import Claims
from derivations.clark.quantities import ERF, TANH, pair_spectrum, values
from derivations.comparison import mean_and_error, near, simulated, solver
from theory.engine.cavity_in_time import ONE, TWO
from theory.limits.linear_network import linear_network
from theory.models.dynamic import DYNAMIC
from theory.symbols import eta, frequency, g

claims = Claims()
# g: Delta0, C_phi(0), <phi'>, kappa^2, PR_x, PR_phi. Computed to 12 digits with another discretisation: Fourier transforms on a
# grid of lags, double sums over frequencies; Delta0, C_phi(0) and <phi'> agree with 30-digit mpmath at g = 1.5, 2, 3
KEYS = ("Delta0", "C_phi0", "gain", "kappa2", "PR_x", "PR_phi")
# fmt: off
WITHOUT_NOISE: dict[str, dict[float, tuple[float, ...]]] = {
    TANH: {
        1.1: (0.11106318936989, 0.09201356354931, 0.90798643645069, 0.002428363778, 0.00015116375491, 0.000152642867263),
        1.5: (0.7476863805534, 0.34209348868376, 0.65790651131624, 0.02610780033, 0.00561124146952, 0.00623943463584),
        2.0: (1.9248054137371, 0.51317806597781, 0.48682193402219, 0.05201761822, 0.0159147880109, 0.0197406697057),
        3.0: (5.4463260830425, 0.68057948112094, 0.31942051887906, 0.08173478907, 0.0313719750578, 0.0446509424021),
        4.0: (10.467473214109, 0.76236000457898, 0.23763999542102, 0.09643572122, 0.0402738816563, 0.0620676901783),
        5.0: (16.964045702382, 0.81075325057744, 0.18924674942256, 0.1046416958, 0.0456346625653, 0.0740703066959),
        10.0: (71.368091581283, 0.90609078143576, 0.09390921856424, 0.1181058669, 0.0552587519465, 0.100703319488),
    },
    ERF: {
        1.1: (0.1356902787645, 0.11243388778406, 0.9079129652983, 0.002589797406, 0.000166392796056, 0.000168126104119),
        1.5: (0.83875252784732, 0.38495390687611, 0.65688485469151, 0.02913014727, 0.00658389458771, 0.0074037647033),
        2.0: (2.0640800187543, 0.55380693580023, 0.48551416609814, 0.05710397807, 0.0181993612033, 0.0230136949193),
        3.0: (5.6374319608902, 0.71072979806324, 0.31854149485362, 0.08678184451, 0.0341995035839, 0.0497422109459),
        4.0: (10.686654576791, 0.78551090246917, 0.23711227997874, 0.1004442669, 0.042745400696, 0.0672118819069),
        5.0: (17.201142446404, 0.82940544062362, 0.18891649363034, 0.1077639609, 0.0476763568505, 0.0787989501624),
        10.0: (71.644822677097, 0.91544465859797, 0.09384835316622, 0.1192486608, 0.0561197978115, 0.10347409731),
    },
}
# fmt: on
# phi, g, sigma^2: Delta0, C_phi(0), <phi'>, PR_x, PR_phi; the dimensions to nine digits
WHITE_NOISE = (
    (TANH, 1.5, 1.0, (1.1180959147052, 0.4146412175984, 0.5853587824016, 0.2569103610, 0.2821392648)),
    (TANH, 0.9, 0.5, (0.3530740440727, 0.2201200665290, 0.7798799334710, 0.6281529775, 0.6357865789)),
    (ERF, 1.5, 1.0, (1.1801928995899, 0.4501232571364, 0.5919499474044, 0.2301940765, 0.2557433845)),
)
_HOW = "the generated solver against nine digits of numbers computed to 12 digits here with another discretisation"


def _table(text):
    for strength, row in WITHOUT_NOISE[text].items():
        yield near(values(text, g=strength, noise="none"), dict(zip(KEYS, row, strict=True)), 1e-9)


for _text, _rows in WITHOUT_NOISE.items():
    claims(
        f"Variances, decay rate and dimensions without noise, phi = {_text}, g = 1.1 to 10 (PR_x = "
        f"{_rows[2.0][4]:.6f}, PR_phi = {_rows[2.0][5]:.6f} at g = 2)",
        _HOW,
    )(partial(_table, _text))


@claims(
    "The same with white noise: tanh at g = 1.5, sigma^2 = 1 and g = 0.9, sigma^2 = 1/2; erf at g = 1.5, sigma^2 = 1",
    _HOW,
)
def _white_noise():
    keys = [key for key in KEYS if key != "kappa2"]
    for text, strength, variance, row in WHITE_NOISE:
        found = values(text, g=strength, sigma=variance**0.5, noise="white")
        yield near(found, dict(zip(keys, row, strict=True)), 1e-9)  # twice the error that ten printed digits leave


@claims("0 < PR_x < PR_phi < 1 in the chaotic state, both rising with g", "tanh and erf, g = 1.1 to 10")
def _order():
    for text, table in WITHOUT_NOISE.items():
        rows = [values(text, g=strength, noise="none") for strength in table]
        x, phi = (np.array([row[key] for row in rows]) for key in ("PR_x", "PR_phi"))
        yield np.all((x > 0) & (x < phi) & (phi < 1))
        yield np.all(np.diff(x) > 0) and np.all(np.diff(phi) > 0)


@claims(
    "The population relaxes far more slowly than one unit: tanh at g = 2, tau_pop = 19.144 (1/kappa^2 = 19.224) against "
    "int_0^oo (C_phi/C_phi(0))^2 dtau = 3.718",
    "the generated solver; tau_pop again from psi(w, -w) on a grid of frequencies, eight digits",
)
def _population_time():
    given: dict[str, float | str] = {"g": 2.0, "noise": "none"}
    found, module = values(TANH, **given), solver("dynamic", TANH).module
    lags = np.linspace(0, 80, 4001)
    curve = module.autocovariance(lags, **given)[1] / found["C_phi0"]
    theta = np.pi / 2 * (np.arange(4000) + 0.5) / 4000
    omega, weight = np.tan(theta), np.pi / 2 / 4000 / np.cos(theta) ** 2
    S, _, C, _, _ = module.spectra(omega, **given)
    total = weight @ (C**2 * (1 / (1 - 2.0**2 * np.abs(S) ** 2) ** 2 - 1)) / (2 * np.pi)
    by_spectra = total / (found["C_phi0"] ** 2 * (1 / found["PR_phi"] - 1))
    yield near((found["tau_pop"], 1 / found["kappa2"]), (19.144, 19.224), 3e-5)
    yield near(by_spectra, found["tau_pop"], 1e-8)
    yield near(integrate.simpson(curve**2, x=lags), 3.718, 2e-4)


_NOISY: dict[str, object] = {"g": 1.5, "sigma": 1.0, "noise": "white"}
_MATRICES = {(0.5, -0.5): 0.93576, (0.45, 0.8): 0.69807, (0.35, 1.0): 0.83324, (0.8, -0.7): 0.90989}
"""(g, eta): equal-time participation ratio of the linear network with white noise, five digits."""

_HOW = "extrapolated in 1/N: every value within 4 standard errors (false alarm 4e-4); an error of the theory of"
# statement, how it is checked, parameters, sizes, couplings at each; relative errors of variances and dimensions that would show
_RUNS: tuple[tuple[str, str, dict[str, object], tuple[int, int], tuple[int, int], float, float], ...] = (
    (
        "Simulations agree with the theory for tanh, g = 1.5, white noise of sigma = 1: variances and equal-time dimensions",
        f"simulation at N = 120 and 240, {_HOW} 5% in the variances and of a quarter in the dimensions would show",
        *(_NOISY, (120, 240), (100, 50), 0.05, 0.25),
    ),
    (
        "Simulations agree with the theory for tanh, g = 5, without noise: variances and equal-time dimensions",
        f"simulation at N = 150 and 300, {_HOW} 10% in the variances would show, in the dimensions only one of 80%: few "
        "directions are active",
        *({"g": 5.0, "noise": "none"}, (150, 300), (60, 30), 0.1, 0.8),
    ),
    (
        "Simulations agree with the theory for partially antisymmetric couplings: tanh, g = 1.5, eta = -0.4, white noise of "
        "sigma = 1",
        "simulation at N = 100 and 200, extrapolated in 1/N, against the sampled process of one unit: every value within 4 "
        "standard errors (false alarm 5e-4); an error of the theory of 5% in the variances and of 10% in the dimensions would show",
        *({**_NOISY, "eta": -0.4}, (100, 200), (60, 30), 0.05, 0.1),
    ),
)
for _statement, _how, _given, _sizes, _couplings, _variances, _dimensions in _RUNS:
    _seen = {"Delta0": _variances, "C_phi0": _variances, "PR_x": _dimensions, "PR_phi": _dimensions}
    _settings = {"sizes": _sizes, "couplings": _couplings, "seed": 31}
    claims(_statement, _how)(partial(simulated, "dynamic", TANH, _given, _seen, **_settings))


def _drawn(strength: float, symmetry: float, N: int, source: np.random.Generator) -> NDArray[np.float64]:
    """Entries of variance g^2/N with N <J_ij J_ji> = eta g^2."""
    one, two = source.normal(size=(2, N, N)) * strength / np.sqrt(N)
    return np.sqrt(1 + symmetry) * (one + one.T) / 2 + np.sqrt(1 - symmetry) * (two - two.T) / 2


def _equal_time_dimension(strength: float, symmetry: float, count: int = 400) -> float:
    """(int C)^2 over the double integral of the pair spectrum of the path integral; omega = tan(angle), midpoint rule."""
    angle = np.pi * ((np.arange(count) + 0.5) / count - 0.5)
    weight, found = 1 / np.cos(angle) ** 2, linear_network()
    h = lambdify(frequency, DYNAMIC.network.transfer)(1j * np.tan(angle))
    S = lambdify((ONE.h, g, eta), found.response)(h, strength, symmetry)
    C = lambdify((ONE.S, ONE.Sc, g, Symbol("noise", positive=True)), found.spectrum)(S, S.conj(), strength, 1.0).real
    one = {ONE.S: S[:, None], ONE.Sc: S.conj()[:, None], ONE.C: C[:, None]}
    two = {TWO.S: S[None, :], TWO.Sc: S.conj()[None, :], TWO.C: C[None, :]}
    given = {**one, **two, g: strength, eta: symmetry}
    psi = lambdify(list(given), pair_spectrum("psi_phi"))(*given.values()).real
    variance = weight @ C
    return float(variance**2 / (variance**2 + weight @ psi @ weight))


@claims(
    "Linear network with partially symmetric couplings, white noise: equal-time dimensions "
    + ", ".join(f"{value} (g = {s}, eta = {t})" for (s, t), value in _MATRICES.items()),
    "simulation of random matrices, 12 of 150 units each: within 4 standard errors plus 2/N (false alarm 1%); the pair "
    "spectrum of the path integral with the elliptic law integrated over both frequencies",
)
def _random_matrices():
    """Lyapunov's equation; 2/N for terms of order 1/N."""
    N, draws, source = 150, 12, np.random.default_rng(31)
    for (strength, symmetry), claimed in _MATRICES.items():
        exact, rows = _equal_time_dimension(strength, symmetry), []
        yield near(exact, claimed, absolute=6e-6)
        for _ in range(draws):
            C = solve_continuous_lyapunov(_drawn(strength, symmetry, N, source) - np.eye(N), -np.eye(N))
            rows.append(np.trace(C) ** 2 / (N * np.sum(C**2)))
        mean, error = mean_and_error(rows)
        yield error < 0.01 and near(mean, exact, absolute=4 * error + 2 / N)


@claims(
    "The same from the process of one unit with feedback, sampled: (g, eta) = (0.45, 0.8) and (0.8, -0.7)",
    "the generated solver at equal times and at zero frequency, within its stated error, which is below 2e-4",
)
def _sampled_process():
    """The generated solver knows nothing of the elliptic law: it samples the process of one unit."""
    for strength, symmetry in ((0.45, 0.8), (0.8, -0.7)):
        found = solver("dynamic", "x").solve(g=strength, eta=symmetry, sigma=1.0, noise="white")
        exact = _equal_time_dimension(strength, symmetry)
        zero = float(linear_network().at_zero_frequency().subs({g: strength, eta: symmetry}))
        for key, value in {"PR_x": exact, "PR_phi": exact, "PR0_x": zero, "PR0_phi": zero}.items():
            yield abs(found.leading[key] - value) <= found.errors[key] < 2e-4
