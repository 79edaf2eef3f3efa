"""Pair spectra for partially symmetric couplings and any filter: two derivations, published formulas, limits, numbers.

Published: Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401.
"""

import cmath
import itertools
import random
from functools import lru_cache

import numpy as np
import pytest
from scipy import integrate
from sympy import Eq, Rational, Symbol, sqrt, symbols

from numerics.solve.solver import Solver
from theory.derivation import same
from theory.engine.cavity_in_time import (
    ALPHA,
    BETA,
    EPSILON,
    GAMMA12,
    ONE,
    PSI,
    TWO,
    cross_spectrum,
    two_site_cavity_in_time,
)
from theory.errors import InputError
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


def test_cavity_and_path_integral_agree():
    """Without symmetry the cavity is that of independent couplings; for any symmetry a step of the theory compares the two."""
    independent = two_site_cavity_in_time(GaussianCouplings())
    assert same(independent.phi, engine("psi_phi").subs(eta, 0))


def test_second_moments_over_couplings():
    """alpha, beta, gamma_12 and epsilon counted out over all couplings between the pair and a reservoir of two units, exactly.

    J = u p + w q and J' = u p - w q with signs p, q have the variance u^2 + w^2 = 25 and the correlation 7/25.
    """
    S1, C1, S2, S2c, C2 = 2, 5, 3, -4, 7
    # between two units k, l of the reservoir: A_kl at both frequencies, A_lk*, E_kl, and their cross-spectra
    A1, A2, B2, E2, P1 = (np.array([[0, a], [b, 0]]) for a, b in ((3, -2), (1, 5), (-3, 4), (2, 7), (6, -1)))
    P2, unit = S2 * C2 * A2 + S2c * C2 * B2 + S2 * S2c * E2, np.eye(2, dtype=int)
    signs = np.array(list(itertools.product((-1, 1), repeat=10))).T
    J, back = 4 * signs[:5] + 3 * signs[5:], 4 * signs[:5] - 3 * signs[5:]
    out1, out2, in1, in2 = J[:2], J[2:4], back[:2], back[2:4]

    def through(left, matrix, right):
        return np.einsum("kd,kl,ld->d", left, matrix, right)

    first = {"A": J[4] + through(out1, S1 * unit + S1**2 * A1, in2), "E": through(out1, C1 * unit + P1, out2)}
    second = {
        "A": J[4] + through(out1, S2 * unit + S2**2 * A2, in2),
        "B": back[4] + through(out2, S2c * unit + S2c**2 * B2.T, in1),
        "E": through(out1, C2 * unit + P2, out2),
    }
    moments = {ALPHA: (A1, A2), BETA: (A1, B2), GAMMA12: (A1, E2), PSI: (P1, P2)}
    at = {g: sqrt(50), eta: Rational(7, 25), ONE.S: S1, ONE.C: C1, TWO.S: S2, TWO.Sc: S2c, TWO.C: C2}
    at |= {symbol: Rational(int((a * b).sum()), 2) for symbol, (a, b) in moments.items()}
    stated = {step.before.lhs: step.before.rhs for step in cavity().derivation if isinstance(step.before, Eq)}
    for symbol, a, b in ((ALPHA, "A", "A"), (BETA, "A", "B"), (GAMMA12, "A", "E"), (EPSILON, "E", "E")):
        counted = Rational(2 * int((first[a] * second[b]).sum()), signs.shape[1])
        assert stated[symbol].subs(at) == counted


def test_cross_spectra_of_linear_units():
    """phi = S f + rest, x = T f + w rest for two units with fields f: first order in the coupling, against `cross_spectrum`."""
    f1, f2, f1c, f2c, r1, r2, r1c, r2c, small = symbols("f1 f2 f1c f2c r1 r2 r1c r2c small")
    field, rest, w, wc, a, bc, fed = symbols("D q w w_c A12_1 A21c_1 E12_1")
    for observable, unit, conjugate in (("phi", (ONE.S, 1), (ONE.Sc, 1)), ("x", (ONE.T, w), (ONE.Tc, wc))):
        first = unit[0] * (f1 + small * a * (ONE.S * f2 + r2)) + unit[1] * r1
        second = conjugate[0] * (f2c + small * bc * (ONE.Sc * f1c + r1c)) + conjugate[1] * r2c
        covariances = {(f1, f1c): field, (f2, f2c): field, (r1, r1c): rest, (r2, r2c): rest, (f1, f2c): small * fed}
        product = (first * second).expand()
        exact = sum(product.coeff(p).coeff(q) * value for (p, q), value in covariances.items()).expand().coeff(small)
        spectra = {ONE.C: ONE.S * ONE.Sc * field + rest}
        spectra |= {ONE.K: ONE.S * ONE.Tc * field + wc * rest, ONE.Kc: ONE.Sc * ONE.T * field + w * rest}
        assert same(cross_spectrum(1, observable).xreplace(spectra), exact)


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


@pytest.mark.heavy
@pytest.mark.parametrize("text", ["1/(1+s)^2", "1/(1+s/2+s^2)"])
def test_every_step_holds_for_other_filters(text):
    derive("dynamic", filter=text).check()


def test_the_pair_spectra_hold_for_any_filter():
    theory = derive("dynamic", filter="exp(-s/10)/(1+s)")
    assert theory.equation.pair_spectra == derive("dynamic").equation.pair_spectra
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
        ("1/(1+x)", "'x' at character 6 is not allowed: a filter takes s"),
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
