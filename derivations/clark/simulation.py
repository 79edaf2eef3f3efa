"""Simulations: networks with and without noise, and random matrices with partially symmetric entries."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_continuous_lyapunov
from sympy import Symbol, lambdify

from derivations.clark.quantities import TANH, Row, pair_spectrum, solver
from numerics.compare.validation import validate
from theory.fields.cavity_in_time import ONE, TWO
from theory.limits.linear_network import linear_network
from theory.models.dynamic import DYNAMIC
from theory.symbols import eta, frequency, g

_NOISY: dict[str, object] = {"g": 1.5, "sigma": 1.0, "noise": "white"}
_CHAOTIC: dict[str, object] = {"g": 5.0, "noise": "none"}
_RECIPROCAL: dict[str, object] = {**_NOISY, "eta": -0.4}
_MATRICES = {(0.5, -0.5): 0.93576, (0.45, 0.8): 0.69807, (0.35, 1.0): 0.83324, (0.8, -0.7): 0.90989}
"""(g, eta): equal-time participation ratio of the linear network with white noise, five digits."""


def _agrees(
    parameters: Mapping[str, object], sizes: tuple[int, int], couplings: tuple[int, int], seen: dict[str, float]
) -> bool:
    """`validate` agrees, and would have noticed the relative errors `seen` of the theory."""
    _, found = validate("dynamic", TANH, parameters, sizes=sizes, couplings=couplings, seed=31)
    power = {row.observable: row.detectable for row in found.rows}
    return found.ok and all(power[key] < error for key, error in seen.items())


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


def _random_matrices() -> bool:
    """12 matrices of 150 units each, Lyapunov's equation: within 4 standard errors plus 2/N, the latter for terms of order 1/N."""
    N, draws = 150, 12
    source = np.random.default_rng(31)
    for (strength, symmetry), claimed in _MATRICES.items():
        exact = _equal_time_dimension(strength, symmetry)
        if abs(exact - claimed) > 6e-6:
            return False
        rows = []
        for _ in range(draws):
            drift = _drawn(strength, symmetry, N, source) - np.eye(N)
            C = solve_continuous_lyapunov(drift, -np.eye(N))
            rows.append(np.trace(C) ** 2 / (N * np.sum(C**2)))
        error = np.std(rows, ddof=1) / np.sqrt(draws)
        if error > 0.01 or abs(np.mean(rows) - exact) > 4 * error + 2 / N:
            return False
    return True


def _sampled_process() -> bool:
    """The generated solver knows nothing of the elliptic law: it samples the process of one unit."""
    for strength, symmetry in ((0.45, 0.8), (0.8, -0.7)):
        found = solver("x").solve(g=strength, eta=symmetry, sigma=1.0, noise="white")
        exact = _equal_time_dimension(strength, symmetry)
        zero = float(linear_network().at_zero_frequency().subs({g: strength, eta: symmetry}))
        for key, value in {"PR_x": exact, "PR_phi": exact, "PR0_x": zero, "PR0_phi": zero}.items():
            if not abs(found.leading[key] - value) <= found.errors[key] < 2e-4:
                return False
    return True


ROWS: tuple[Row, ...] = (
    (
        "Simulations agree with the theory for tanh, g = 1.5, white noise of sigma = 1: variances and equal-time dimensions",
        "simulation at N = 120 and 240, extrapolated in 1/N: every value within 4 standard errors (false alarm 4e-4); an error of "
        "the theory of 5% in the variances and of a quarter in the dimensions would show",
        partial(_agrees, _NOISY, (120, 240), (100, 50), {"Delta0": 0.05, "C_phi0": 0.05, "PR_x": 0.25, "PR_phi": 0.25}),
    ),
    (
        "Simulations agree with the theory for tanh, g = 5, without noise: variances and equal-time dimensions",
        "simulation at N = 150 and 300, extrapolated in 1/N: every value within 4 standard errors (false alarm 4e-4); an error of "
        "the theory of 10% in the variances would show, in the dimensions only one of 80%: few directions are active",
        partial(_agrees, _CHAOTIC, (150, 300), (60, 30), {"Delta0": 0.1, "C_phi0": 0.1, "PR_x": 0.8, "PR_phi": 0.8}),
    ),
    (
        "Simulations agree with the theory for partially antisymmetric couplings: tanh, g = 1.5, eta = -0.4, white noise of "
        "sigma = 1",
        "simulation at N = 100 and 200, extrapolated in 1/N, against the sampled process of one unit: every value within 4 "
        "standard errors (false alarm 5e-4); an error of the theory of 5% in the variances and of 10% in the dimensions would show",
        partial(
            _agrees, _RECIPROCAL, (100, 200), (60, 30), {"Delta0": 0.05, "C_phi0": 0.05, "PR_x": 0.1, "PR_phi": 0.1}
        ),
    ),
    (
        "Linear network with partially symmetric couplings, white noise: equal-time dimensions "
        + ", ".join(f"{value} (g = {s}, eta = {t})" for (s, t), value in _MATRICES.items()),
        "simulation of random matrices, 12 of 150 units each: within 4 standard errors plus 2/N (false alarm 1%); the pair "
        "spectrum of the path integral with the elliptic law integrated over both frequencies",
        _random_matrices,
    ),
    (
        "The same from the process of one unit with feedback, sampled: (g, eta) = (0.45, 0.8) and (0.8, -0.7)",
        "the generated solver at equal times and at zero frequency, within its stated error, which is below 2e-4",
        _sampled_process,
    ),
)
