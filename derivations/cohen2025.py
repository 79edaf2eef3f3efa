r"""Cohen, Lengyel 2025: dynamical stability for dense patterns in discrete attractor neural networks (arXiv 2507.10383).

The claims of the abstract, with the theory of networks that store graded patterns as derived here; `NOTE` says what that means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri
from sympy import S

from derivations.claims import Claims, Paper
from derivations.comparison import near, solver
from numerics.solve.storage import capacity
from theory.activation.activation import Activation
from theory.attractor import limits, spectrum, weights
from theory.attractor.patterns import mean, normal_form
from theory.attractor.symbols import alpha, b, beta2, c0, gain, omega, t
from theory.derivation import same
from theory.models import derive
from theory.symbols import growth

NOTE = (
    "The full text was not available: the claims are those of the abstract, in the words of this toolkit, and everything behind "
    "them is derived here, for weights of least norm in all variants of self-coupling; no formula is one of the paper's by number. "
    "Rates have mean 1, thresholds and noises are in these units."
)
claims, formulas = Claims(), Claims()
SOLVED, CANONICAL = "the generated solver", "canonical forms for any activation and law"
REPLAYED = "derivation replayed"
NOISY = "threshold_power(n,s,h) where n>0, s>0, h"


@lru_cache(maxsize=64)
def solved(n: float, sigma: float, theta: float, alpha: float = 0.1, CV: float = 1.0, **law: Any) -> Mapping[str, Any]:
    """Observables for a threshold-power law."""
    return solver("attractor", NOISY).solve(n=n, s=sigma, h=theta, alpha=alpha, CV=CV, **law).observables


def stable_load(n: float, sigma: float, theta: float, **given: Any) -> float:
    """alpha_S of a threshold-power law."""
    return float(solved(n, sigma, theta, **given)["alpha_S"])


@claims("Patterns are stable up to a load alpha_S that is below the capacity, 1 at most in all variants", SOLVED)
def _below_capacity() -> Iterator[bool]:
    yield capacity() == 1
    found = [stable_load(1, 0.5, -1), stable_load(1, 1, -0.5), stable_load(1, 1, -1, CV=1.5), stable_load(0.9, 0.5, -1)]
    yield near(found, [0.199625, 0.101270, 0.339968, 0.012471], absolute=2e-6)


@claims("The network is stable at loads below alpha_S and unstable above", f"{SOLVED}: abscissa on both sides")
def _threshold() -> Iterator[bool]:
    for numbers in ((1, 0.5, -1), (1, 1, -0.5)):
        below, above = (solved(*numbers, alpha=x * stable_load(*numbers))["abscissa"] for x in (0.98, 1.02))
        yield below < 1 < above


@claims("Near-threshold-linear activations are best: of the exponents 0.7, 0.8, 0.9, 1, 1.1, 1.2 it is 1", SOLVED)
def _linear_is_best() -> bool:
    best = {n: max(stable_load(n, sigma, -1) for sigma in (0.5, 1)) for n in (0.7, 0.8, 0.9, 1, 1.1, 1.2)}
    return max(best, key=lambda n: best[n]) == 1


@claims("Noise of finite strength is best", f"{SOLVED}: less and more noise than 0.5, and none")
def _finite_noise() -> Iterator[bool]:
    loads = [stable_load(1, sigma, -1.5, law="gamma") for sigma in (0.1, 0.3, 2)]
    yield loads[1] > loads[0] > 0 and loads[1] > loads[2]
    wide = [stable_load(1, sigma, -1.5, CV=0.5) for sigma in (0.2, 0.5, 1.5)]
    yield wide[1] > wide[0] and wide[1] > wide[2]
    sharp = solver("attractor", "threshold_power(1,0,-1)").solve(alpha=0.1, CV=1.0)
    yield sharp.observables["alpha_S"] == 0


@claims("A threshold below zero is best", f"{SOLVED}: critical thresholds; alpha_S falls to 0 as the threshold rises")
def _negative_threshold() -> Iterator[bool]:
    for sigma, CV, critical in ((1, 1.0, -0.498096), (0.5, 1.0, -0.042594), (1, 1.5, -0.416893)):
        yield near(solved(1, sigma, -1, CV=CV)["theta_c"], critical, absolute=2e-6) and critical < 0
    loads = [stable_load(1, 1, theta) for theta in (-1, -0.5, 0, 0.5)]
    yield loads[0] > loads[1] > loads[2] == loads[3] == 0


@claims("Sparse-like patterns help: more variation of the rates, or a share of the units all but silent", SOLVED)
def _sparse() -> Iterator[bool]:
    loads = [stable_load(1, 0.5, -1, CV=CV) for CV in (0.5, 1.0, 1.5)]
    yield loads[0] < loads[1] < loads[2]
    yield stable_load(1, 0.5, -1, CV=0.5, law="sparse", f=0.3, eps=0.02) > 1.2 * loads[2]


NORMAL = "Patterns whose rates have a normal law are never stable, b <g> = <1/g> <g> is at least 1 (derived here)"


@claims(NORMAL, f"{REPLAYED}, with Stein's kernel; b <g> of rates with a normal law, for two noises and exponents")
def _normal() -> Iterator[bool]:
    laws = limits.vanishing_load()
    yield all(step.verify() for step in laws.steps)
    yield laws.under("normal law")["b <g>"] == mean(1 / gain) * mean(gain)
    module, shares = solver("attractor", NOISY).module, (np.arange(4000) + 0.5) / 4000
    for numbers in ((-1, 1, 0.3), (-1, 1, 1), (-1, 0.8, 0.5), (-1, 1.2, 0.5)):  # h, n, s
        phi, slope = (lambda u, f=f, at=numbers: f(u, *at) for f in (module.phi, module.phi_prime))
        found = module.moments(module.stored_patterns(phi, slope, 1 + 0.25 * ndtri(shares), np.full(4000, 1 / 4000)))
        yield found["b"] * found["mean_gain"] > 1


@formulas(
    "(W1) ||w||^2 = alpha/(1 - alpha) V_u/V_r, with self-coupling alpha b^2 + alpha/(1 - alpha) beta^2", CANONICAL
)
def _norm() -> Iterator[bool]:
    found = derive("attractor").observables["norm"].expression ** 2
    yield same(found.subs(c0, weights.SELF), alpha / (1 - alpha) * (b**2 + beta2))
    yield same(found.subs(c0, 0), alpha * b**2 + alpha / (1 - alpha) * beta2)


@formulas("(I) alpha = <t (lambda - b g) omega>, 1 - alpha = <(lambda - c0 g) omega>", f"{CANONICAL}; the S-transform")
def _order_parameter() -> Iterator[bool]:
    load = derive("attractor").equation.load
    yield load == t * mean((growth - b * gain) * omega)
    yield same(normal_form(1 - load - mean((growth - c0 * gain) * omega)), S.Zero)
    yield same(normal_form(load - spectrum.by_s_transform()), S.Zero)


@formulas("(II) Real end of the bulk: beta^2 t <g^2 omega^2> = <(lambda - b g)(lambda - c0 g) omega^2>", CANONICAL)
def _boundary() -> bool:
    equation = derive("attractor").equation
    real = spectrum.on_the_real_axis(equation.boundary) - equation.load
    claimed = beta2 * t**2 * mean(gain**2 * omega**2) - t * mean((growth - b * gain) * (growth - c0 * gain) * omega**2)
    return same(normal_form(real - claimed), S.Zero)


@formulas("(III) With a sharp power law and no threshold the exponent n is an eigenvalue at every load", SOLVED)
def _exact_outlier() -> Iterator[bool]:
    for n in (2, 3):
        found = solver("attractor", f"threshold_power({n},0,0)").solve(alpha=0.1, law="halfnormal")
        yield any(abs(value - n) < 1e-9 for value in found.details["outliers"])


@formulas("(L) Small and large load, small variation of the rates, powers of the input: every step holds", REPLAYED)
def _limits() -> bool:
    found = limits.of_attractor(derive("attractor"), Activation.from_text("threshold_power(3/2,0,0)"))
    return all(step.verify() for limit in found for step in limit.steps)


@formulas("(L) alpha_S ~ (6/25) CV^2 (gamma/2 - kappa)^2 for CV -> 0", f"{SOLVED}: the ratio tends to 1")
def _small_variation() -> Iterator[bool]:
    """gamma = 3 for log-normal rates; kappa of a smoothed linear law is its relative curvature where phi = 1."""
    law = limits.small_variation().laws["alpha_bulk"]
    activation = solver("attractor", "threshold_power(1,1/2,-1)")
    phi, slope = activation.module.phi, activation.module.phi_prime
    u0 = brentq(lambda u: phi(u) - 1, -3, 3, xtol=1e-15)
    curvature = np.exp(-2 * (u0 + 1) ** 2) * 2 / np.sqrt(2 * np.pi)
    kappa = curvature / slope(u0) ** 2
    for CV, error in ((0.1, 0.1), (0.02, 0.005)):
        found = activation.solve(alpha=0.001, CV=CV, law="lognormal").observables["alpha_bulk"]
        yield near(found, float(law.subs({limits.kappa: kappa, limits.skew: 3, limits.CV: CV})), relative=error)


CAPACITIES = "Capacities 1.918, 1.303 with active shares 0.3, 0.6; 0.5, 0.375 with excitatory shares 0.5, 0.8"


@formulas(f"(C) {CAPACITIES}", "minima, three decimals")
def _capacities() -> bool:
    found = [capacity(0.3), capacity(0.6), capacity(1.0, 0.5), capacity(1.0, 0.8)]
    return near(found, [1.918, 1.303, 0.5, 0.375], absolute=5e-4)


PAPER = Paper.of(
    "cohen2025",
    "Dynamical stability for dense patterns in discrete attractor neural networks",
    "Cohen, Lengyel 2025, arXiv 2507.10383",
    claims,
    formulas,
    not_covered=(
        "the equations and figures of the full text",
        "the density of eigenvalues inside the bulk; complex outlier pairs",
    ),
    note=NOTE,
)
