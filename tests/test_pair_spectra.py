"""Pair spectra for partially symmetric couplings and any filter: two derivations, published formulas, limits, numbers.

Published: Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
"""

import cmath
import random
from functools import lru_cache

import numpy as np
import pytest
from scipy import integrate
from sympy import Symbol

from numerics.solve.solver import Solver
from theory.derivation import same
from theory.errors import InputError
from theory.fields.cavity_in_time import ALPHA, BETA, GAMMA12, ONE, TWO, two_site_cavity_in_time
from theory.filters import Filter
from theory.models import derive
from theory.models.dynamic import DYNAMIC
from theory.networks import GaussianCouplings
from theory.symbols import eta, g


@lru_cache(maxsize=1)
def cavity():
    return two_site_cavity_in_time(DYNAMIC.network.couplings)


def engine(name):
    return derive("dynamic").equation.pair_spectra[name]


def test_every_step_of_the_cavity_holds():
    cavity().derivation.check()


def test_cavity_and_path_integral_agree():
    """Generic phi, any one-site functions, any symmetry: as rational canonical forms."""
    assert same(cavity().phi, engine("psi_phi"))
    assert same(cavity().x, engine("psi_x"))
    independent = two_site_cavity_in_time(GaussianCouplings())
    assert same(independent.phi, engine("psi_phi").subs(eta, 0))


def test_published_moments():
    y, z = g**2 * ONE.S * TWO.S, eta * g**2 * ONE.S * TWO.Sc
    moments = cavity().moments
    assert same(moments[ALPHA], g**2 / (1 - y))
    assert same(moments[BETA], eta * g**2 / (1 - z))
    assert same(moments[GAMMA12], eta * g**4 * ONE.S * TWO.C / ((1 - y) * (1 - z)))


def at_random(expression, source):
    """The expression at complex one-site functions, conjugates consistent."""
    values = {g: 0.7, eta: source.uniform(-1, 1)}
    for site in (ONE, TWO):
        for plain, conj in ((site.S, site.Sc), (site.T, site.Tc), (site.K, site.Kc)):
            number = cmath.rect(source.uniform(0.1, 1), source.uniform(0, 6))
            values |= {plain: number, conj: number.conjugate()}
        values |= {site.C: source.uniform(0.2, 2), site.X: source.uniform(0.2, 2)}
    return complex(expression.xreplace(values)), values


def test_published_pair_spectra_of_partially_symmetric_couplings():
    """psi_phi in one line; psi_x = 2 Re[P1 P2 alpha + P1 P2* beta + P1 Q2 gamma12 + P2 Q1 gamma21] + Q1 Q2 eps."""
    source = random.Random(4)
    for _ in range(5):
        phi, v = at_random(engine("psi_phi"), source)
        g2, h = v[g] ** 2, v[eta]
        S1, S2, T1, T2, K1, K2 = (v[s] for s in (ONE.S, TWO.S, ONE.T, TWO.T, ONE.K, TWO.K))
        C1, C2 = v[ONE.C], v[TWO.C]
        y, z = g2 * S1 * S2, h * g2 * S1 * S2.conjugate()
        ladder = ((1 + z) / (1 - z)).real
        assert phi == pytest.approx(C1 * C2 * (ladder / abs(1 - y) ** 2 - 1), rel=1e-12)
        x = complex(engine("psi_x").xreplace(v))
        alpha, beta = g2 / (1 - y), h * g2 / (1 - z)
        gamma12 = h * g2**2 * S1 * C2 / ((1 - y) * (1 - z))
        gamma21 = h * g2**2 * S2 * C1 / ((1 - y) * (1 - z.conjugate()))
        P1, P2, Q1, Q2 = T1 * K1, T2 * K2, abs(T1) ** 2, abs(T2) ** 2
        eps = g2**2 * C1 * C2 * ladder / abs(1 - y) ** 2
        paired = P1 * P2 * alpha + P1 * P2.conjugate() * beta + P1 * Q2 * gamma12 + P2 * Q1 * gamma21
        assert x == pytest.approx(2 * paired.real + Q1 * Q2 * eps, rel=1e-12)


def test_zero_frequency_dimension():
    S = Symbol("S_0")
    u = g**2 * S**2
    assert same(derive("dynamic").observables["PR0_phi"].expression, (1 - u) ** 2 * (1 - eta * u) / (1 + eta * u))


# ---- any filter --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["exp(-s/10)/(1+s)", *(pytest.param(t, marks=pytest.mark.heavy) for t in ("1/(1+s)^2", "1/(1+s/2+s^2)"))],
)
def test_the_pair_spectra_hold_for_any_filter(text):
    theory = derive("dynamic", filter=text)
    assert theory.equation.pair_spectra == derive("dynamic").equation.pair_spectra
    theory.derivation.check()
    assert not theory.equation.transforms and not theory.equation.kinetic


def test_the_filter_of_the_model_is_recognised():
    assert derive("dynamic", filter="2/(2*s+2)") is derive("dynamic")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1/(1-s)", "pole with real part >= 0"),
        ("1/s", "pole with real part >= 0"),
        ("s/(1+s)", "degree of its numerator"),
        ("exp(s)/(1+s)", "delay is negative"),
        ("1/(1+x)", r"cannot be read from 'x\)' at character 6"),
        ("exp(-s^2)/(1+s)", "rational in s"),
        ("1/(1+s)^9", "whole powers up to 8"),
        ("__import__('os')", "not allowed"),
        ("1/0", "divides by zero"),
        ("1/((1+s)^8*(2+s))", "at most 8"),
    ],
)
def test_unusable_filters(text, words):
    with pytest.raises(InputError, match=words):
        Filter.from_text(text)
    with pytest.raises(InputError, match="has no time"):
        derive("static", filter="1/(1+s)")


# ---- numbers -----------------------------------------------------------------------------------------------------------


def test_one_site_functions_of_a_solution():
    """The spectrum of x integrates to its variance, X = |h|^2 (g^2 C + noise), and C is even and positive."""
    solver = Solver("dynamic", "tanh(x)")
    numbers = {"g": 1.5, "sigma": 1.0, "noise": "white"}
    solution = solver.solve(**numbers)
    theta = np.pi * (np.arange(600) + 0.5) / 1200
    omega = np.tan(theta)
    S, T, C, K, X = solver.module.spectra(omega, **numbers)
    weight = np.pi / 1200 / np.cos(theta) ** 2 / np.pi
    assert weight @ X == pytest.approx(solution.order_parameters["Delta0"], rel=1e-9)
    assert np.allclose(S, solution.observables["gain"] / (1 + 1j * omega), rtol=1e-13)
    assert np.allclose(T, 1 / (1 + 1j * omega), rtol=1e-13)
    assert np.allclose(K, solution.observables["gain"] * X, rtol=1e-10)
    assert np.all(C > 0)
    assert solver.module.spectra(-omega, **numbers)[2] == pytest.approx(C, rel=1e-14)


@pytest.mark.parametrize("sigma", [0.4, 1.0])
def test_population_time_of_the_linear_network(sigma):
    """C(w) = sigma^2/(a^2 + w^2), psi(w,-w) = C^2 ((1+w^2)^2/(a^2+w^2)^2 - 1): integrated by scipy; psi(0,0) from PR."""
    coupling = 0.7
    a2 = 1 - coupling**2

    def psi(w):
        return (sigma**2 / (a2 + w * w)) ** 2 * (((1 + w * w) / (a2 + w * w)) ** 2 - 1)

    total = integrate.quad(psi, 0, np.inf, epsabs=0, epsrel=1e-11)[0] / (2 * np.pi)
    found = Solver("dynamic", "x").solve(g=coupling, sigma=sigma, noise="white")
    variance, dimension = found.order_parameters["C_phi0"], found.observables["PR_phi"]
    assert found.observables["tau_pop"] == pytest.approx(total / (variance**2 * (1 / dimension - 1)), rel=1e-9)


def test_population_time_of_tanh():
    """tanh, g = 2: 19.144 (Clark, Abbott, Litwin-Kumar 2023 for the statistic), close to 1/kappa^2."""
    found = Solver("dynamic", "tanh(x)").solve(g=2, noise="none")
    assert found.observables["tau_pop"] == pytest.approx(19.1444, abs=5e-4)
    assert found.observables["tau_pop"] * found.observables["kappa2"] == pytest.approx(1, abs=0.01)


def test_errors_are_stated_and_cover_what_is_known():
    found = Solver("dynamic", "tanh(x)").solve(g=2, noise="none")
    reference = {"Delta0": 1.92480541373705819, "PR_x": 0.0159147880109, "PR_phi": 0.0197406697057}
    for key, value in reference.items():
        assert abs(found.leading[key] - value) < found.errors[key] + 5e-14  # digits printed
    assert set(found.errors) == set(found.leading)


def test_no_population_time_without_couplings():
    found = Solver("dynamic", "tanh(x)").solve(g=0, sigma=1, noise="white")
    assert np.isnan(found.observables["tau_pop"])
    assert any("tau_pop" in message for message in found.messages)
