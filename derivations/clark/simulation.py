"""Simulations: networks with and without noise, and random matrices with partially symmetric entries."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_continuous_lyapunov
from sympy import Symbol, lambdify

from derivations.claims import Claims
from derivations.clark.quantities import TANH, pair_spectrum
from derivations.comparison import mean_and_error, near, simulated, solver
from theory.fields.cavity_in_time import ONE, TWO
from theory.limits.linear_network import linear_network
from theory.models.dynamic import DYNAMIC
from theory.symbols import eta, frequency, g

claims = Claims()
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
