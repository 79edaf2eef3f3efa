"""Accuracy of the Gaussian averages of every family against mpmath, with a 64-node Gauss-Hermite rule beside."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

import mpmath
import numpy as np
from sympy import Rational, S

from benchmarks.harness import Effort, Row, Sample
from benchmarks.naive import by_hermite
from numerics.averages.average import average
from numerics.codegen.backends import array_functions
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.integrand import certified
from theory.symbols import Delta
from theory.text.parsing import parse_monomial

FAMILIES = (
    "linear", "polynomial(0,1,1,1/3)", "tanh", "erf", "sin", "atan", "asinh", "sign",
    "step", "relu", "threshold_linear(1/2)", "leaky_relu(1/10)", "softplus", "sigmoid", "gaussian_bump",
    "power(1/2)", "power(3/2)", "x/(1+x^2)", "x*(15+x^2)/(15+6*x^2)", "pade(tanh,5,4)",
)  # fmt: skip
TARGET = 1e-12
MONOMIALS = ("phi^2", "phi'", "phi'^2")
ROUNDING = 1e-12  # size below which no fixed rule in double precision can have a correct digit
SMALLEST = 1e-290  # a double of this size has lost digits, or is an exact zero of symmetry: compared absolutely

# mpmath's quadrature would follow every oscillation up to Delta = 1e6; these are textbook integrals
_SINE: dict[str, Callable[[Any], Any]] = {
    "phi^2": lambda v: -mpmath.expm1(-2 * v) / 2,
    "phi'": lambda v: mpmath.exp(-v / 2),
    "phi'^2": lambda v: (1 + mpmath.exp(-2 * v)) / 2,
}


def rows(effort: Effort) -> list[Row]:
    """The worst relative error over families, averages and variances."""
    variances = [S(10) ** k * Rational(3, 2) for k in effort.pick(range(-6, 6), (-6, 1))] + [S(10) ** 6]
    ours: list[tuple[float, str]] = []
    theirs: list[tuple[float, str]] = []
    for family in FAMILIES:
        activation = Activation.from_text(family)
        phi, phi_prime = array_functions(activation, {})
        hermite: dict[str, Callable] = {
            "phi^2": partial(_squared, phi),
            "phi'": phi_prime,
            "phi'^2": partial(_squared, phi_prime),
        }
        for monomial in MONOMIALS:
            grid = np.array([float(v) for v in variances])
            references = [_reference(family, monomial, activation, v) for v in variances]
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # a warning ends the benchmark: it would be a broken promise
                values = average(monomial, activation, variance=grid)
            with np.errstate(all="ignore"):
                rough = by_hermite(hermite[monomial], grid)
            for v, reference, value, guess in zip(grid, references, values, rough, strict=True):
                name = f"<{monomial}> of {family} at Delta = {v:g}"
                ours.append((_error(value, reference), name))
                if ROUNDING < abs(reference) < mpmath.inf:
                    theirs.append((_error(guess, reference), name))
    worst, typical = max(ours), median(e for e, _ in ours)
    rough_worst = max(theirs)
    lost = sum(error > TARGET for error, _ in theirs) / len(theirs)
    note = (
        f"{len(ours)} averages against mpmath, worst {worst[1]}, median {typical:.1e}; "
        f"Gauss-Hermite misses the target in {lost:.0%}, worst {rough_worst[1]}"
    )
    promise = f"averages of {len(FAMILIES)} families, Delta 1e-6..1e6"
    errors = [Sample((e[0],), "error") for e in (worst, rough_worst)]
    return [Row(promise, "error <= 1e-12", errors[0], "64-node Gauss-Hermite", errors[1], worst[0] <= TARGET, note)]


def _squared(function: Callable, u: np.ndarray) -> np.ndarray:
    return function(u) ** 2


def _reference(family: str, monomial: str, activation: Activation, variance: Any) -> mpmath.mpf:
    if family == "sin":
        with mpmath.workdps(30):
            return _SINE[monomial](mpmath.mpf(variance.p) / variance.q)
    if monomial == "phi'" and activation.parity == "even":
        return mpmath.mpf(0)
    node = Average(parse_monomial(monomial))
    return certified(node, activation, {Delta: variance}, 20)


def _error(value: float, reference: mpmath.mpf) -> float:
    if not mpmath.isfinite(reference) or not np.isfinite(value):
        return 0.0 if value == reference else float("inf")
    difference = abs(mpmath.mpf(float(value)) - reference)
    return float(difference if abs(reference) < SMALLEST else difference / abs(reference))
