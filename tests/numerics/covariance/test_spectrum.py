"""Spectra of the covariance matrices: derivation, independent routes to the law, limits, random matrices."""

from dataclasses import replace
from itertools import product

import mpmath
import numpy as np
import pytest
from scipy import integrate
from sympy import Matrix, Rational

import quenched
from numerics.covariance.eigenvalues import ActivitySpectrum, PreactivationSpectrum
from tests.effort import one_in
from tests.mutation import altered_results
from tests.reference import rows
from theory.engine import ginibre
from theory.equivalence import eigenvalues_phi as spectrum
from theory.equivalence import eigenvalues_x as spectrum_x
from theory.equivalence import fixed_point as equivalence

COUPLINGS = [1e-6, 0.02, 0.3, 0.7, 0.97, 0.9999]
ROWS = [row for row in rows() if row[3]["stability"] < 1]


# ---- the argument ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [equivalence, spectrum, spectrum_x])
def test_every_step_holds(module):
    derivation = module.derive().derivation
    derivation.check()
    assert all(step.check is not None and step.is_read for step in derivation)


STEPS = [step for module in (spectrum, spectrum_x) for step in module.derive().derivation if step.after is not None]


@pytest.mark.parametrize("step", one_in(3, STEPS), ids=lambda step: step.title[:40])
def test_a_wrong_step_is_caught(step):
    wrong = list(altered_results(step.after))
    assert wrong and not any(replace(step, after=result).verify() for _, result in wrong)


def test_wrong_laws_are_caught():
    law = ginibre.resolvent_law(ginibre.dyson_matrix())
    assert not any(ginibre._beyond_planar(law))
    assert any(ginibre._beyond_planar(law.subs(ginibre.u, 1 + (ginibre.u - 1) / 2)))
    generating, moments = spectrum.derive().generating, Matrix([spectrum.moment(k) for k in range(1, 5)])
    assert not any(spectrum._beyond_moments(generating, moments))
    assert any(spectrum._beyond_moments(generating.subs(spectrum.y, 2 * spectrum.y), moments))


# ---- independent routes to the law -----------------------------------------------------------------------------------


def wick_leading(word):
    """(1/N) tr of a word of G and G^T as N -> infinity: all pairings, <G_ab G_cd> = d_ac d_bd/N, free indices counted."""
    length = len(word)

    def pairings(left):
        if not left:
            yield ()
        for k in range(1, len(left)):
            for rest in pairings(left[1:k] + left[k + 1 :]):
                yield ((left[0], left[k]), *rest)

    def ends(p):
        return (p, (p + 1) % length) if word[p] == "N" else ((p + 1) % length, p)

    leading = 0
    for pairing in pairings(tuple(range(length))):
        label = list(range(length))
        for p, q in pairing:
            for a, b in zip(ends(p), ends(q), strict=True):
                old, new = label[a], label[b]
                label = [new if other == old else other for other in label]
        leading += len(set(label)) == length // 2 + 1
    return leading


@pytest.mark.parametrize("length", [2, 4, 6])
def test_planar_contractions_are_the_leading_ones_of_all(length):
    for word in map("".join, product("NT", repeat=length)):
        assert ginibre.planar_pairings(word) == wick_leading(word)


def test_moments_to_order_eight():
    """Against the iteration of m = (1 + z m u^2)/(1 - y) in exact arithmetic, and the first three in closed form."""
    y = Rational(2, 7)
    series = [1 / (1 - y)]
    for n in range(1, 8):
        square = [sum((series[i] * series[j - i] for i in range(j + 1)), Rational(0)) for j in range(n)]
        one_plus = [2 * y * c + y**2 * q for c, q in zip(series, square, strict=True)]  # u^2 - 1
        one_plus[0] += 1
        series.append(sum(series[i] * one_plus[n - 1 - i] for i in range(n)) / (1 - y))
    assert [spectrum.moment(k).subs(spectrum.y, y) for k in range(1, 9)] == series
    assert series[:3] == [1 / (1 - y), 1 / (1 - y) ** 4, (1 + 2 * y) / (1 - y) ** 7]


@pytest.mark.parametrize("y", COUPLINGS)
def test_edges_are_the_published_ones(y):
    """mu (1 + y mu)^2/((1-y) mu - 1) at mu = (3y +- sqrt(y^2 + 8y))/(4y(1-y)) (Hu & Sompolinsky 2022), 50 digits."""
    with mpmath.workdps(50):
        c = mpmath.mpf(y)
        root = mpmath.sqrt(c**2 + 8 * c)
        mu = [(3 * c + sign * root) / (4 * c * (1 - c)) for sign in (-1, 1)]
        published = [float(p * (1 + c * p) ** 2 / ((1 - c) * p - 1)) for p in mu]
    np.testing.assert_allclose(ActivitySpectrum(y, 1.0).edges, published, rtol=2e-15 / (1 - y))


def from_cubic(values, y):
    """Density from the complex root of m (1 - u^2 z) = u, 40 digits."""
    found = []
    with mpmath.workdps(40):
        for value in values:
            z, c = 1 / mpmath.mpf(value), mpmath.mpf(y)
            roots = mpmath.polyroots([z * c**2, 2 * z * c, z + c - 1, 1], maxsteps=500, extraprec=200)
            found.append(float(max(r.imag for r in roots) / mpmath.pi * z**2))
    return found


@pytest.mark.parametrize("y", COUPLINGS)
def test_density(y):
    """Against the cubic, normalised, and with the moments in closed form."""
    law = ActivitySpectrum(y, 1.0)
    points = law.quantile([1e-4, 0.1, 0.5, 0.9, 0.999])
    low, high = law.edges
    room = (
        np.minimum(points - low, high - points) / points
    )  # rounding of a value counts relative to its distance from an edge
    assert np.all(np.abs(law.density(points) / from_cubic(points, y) - 1) < 2e-15 * (1 + 1 / room))
    total = []
    for power in range(3):  # by an adaptive rule, in log(lambda) so that the long upper tail is covered

        def integrand(t, power=power):
            return np.exp((power + 1) * t) * float(law.density(np.exp(t)))

        total.append(integrate.quad(integrand, np.log(low), np.log(high), epsrel=1e-11, limit=400)[0])
    np.testing.assert_allclose(total, [1, *law.moments(2)], rtol=1e-10)


@pytest.mark.parametrize("y", COUPLINGS)
def test_moments_from_the_distribution(y):
    """The angular density integrates to the closed moments, order by order to eight."""
    law = ActivitySpectrum(y, 0.7)
    by_rule = super(ActivitySpectrum, law)._moments(8)
    np.testing.assert_allclose(by_rule, law.moments(8), rtol=1e-12 / (1 - y) ** 0.5)


# ---- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [ActivitySpectrum(0.0, 0.4), PreactivationSpectrum(0.0, 0.0, 0.4)])
def test_without_coupling_the_law_is_a_point_mass(law):
    assert law.edges == (0.4, 0.4)
    np.testing.assert_array_equal(law.density([0.3, 0.4, 0.5, np.nan]), [0, np.inf, 0, np.nan])
    np.testing.assert_array_equal(law.cdf([0.3, 0.4, 0.5, np.nan]), [0, 1, 1, np.nan])
    np.testing.assert_array_equal(law.quantile([0.0, 0.5, 1.0]), 0.4)
    np.testing.assert_allclose(law.moments(3), [0.4, 0.16, 0.064], rtol=1e-15)


@pytest.mark.parametrize("law", [ActivitySpectrum(1e-10, 1.0), PreactivationSpectrum(1e-10, 1e-13, 1.0)])
def test_weak_coupling_is_a_semicircle(law):
    """R R^T = 1 + sqrt(y) (G + G^T): semicircle of radius sqrt(8 y), up to terms of relative order sqrt(y)."""
    radius = np.sqrt(8e-10)
    np.testing.assert_allclose((np.array(law.edges) - 1) / radius, [-1, 1], rtol=1e-4)
    s = np.array([-0.9, -0.2, 0.0, 0.6])
    np.testing.assert_allclose(law.density(1 + radius * s) * radius, 2 / np.pi * np.sqrt(1 - s**2), rtol=1e-4)
    below = 0.5 + (s * np.sqrt(1 - s**2) + np.arcsin(s)) / np.pi
    np.testing.assert_allclose(law.cdf(1 + radius * s), below, atol=1e-4)


def test_linear_network_has_one_law():
    a, b = PreactivationSpectrum(0.4, 0.0, 2.0), ActivitySpectrum(0.4, 2.0)
    np.testing.assert_allclose(a.edges, b.edges, rtol=1e-14)
    points = b.quantile([0.01, 0.3, 0.8, 0.99])
    np.testing.assert_allclose(a.density(points), b.density(points), rtol=1e-10)
    np.testing.assert_allclose(a.cdf(points), [0.01, 0.3, 0.8, 0.99], rtol=1e-10)
    np.testing.assert_allclose(a.moments(4), b.moments(4), rtol=1e-12)


def test_without_gain_the_law_of_x_is_marchenko_pastur():
    """C_x = s + k G G^T: support [s, s + 4k], density sqrt((4k - e)/e)/(2 pi k) at s + e."""
    law = PreactivationSpectrum(0.0, 0.5, 1.5)
    np.testing.assert_allclose(law.edges, [1.5, 3.5], rtol=1e-14)
    excess = np.array([1e-3, 0.4, 1.0, 1.9])
    np.testing.assert_allclose(law.density(1.5 + excess), np.sqrt((2 - excess) / excess) / np.pi, rtol=1e-10)
    np.testing.assert_allclose(law.moments(2), [2.0, 4.25], rtol=1e-12)


def test_distribution_and_quantiles_are_inverse():
    for law in (ActivitySpectrum(0.6, 0.3), PreactivationSpectrum(0.6, 0.2, 0.1), PreactivationSpectrum(0.5, 1.0, 0.0)):
        fractions = np.linspace(0, 1, 41).reshape(1, 41)
        values = law.quantile(fractions)
        assert values.shape == fractions.shape and np.all(np.diff(values) > 0)
        np.testing.assert_allclose(law.cdf(values), fractions, atol=1e-12)
        low, high = law.edges
        assert law.cdf(low - 1) == 0 == law.density(low - 1) and law.cdf(2 * high) == 1 and law.density(2 * high) == 0
        assert np.isnan(law.cdf(np.nan)) and np.isnan(law.density(np.nan))


# ---- random matrices -------------------------------------------------------------------------------------------------

TRACY_WIDOM = -1.2065335745820, 1.2680  # mean and standard deviation, real symmetric class
LAWS = {
    "phi": (ActivitySpectrum(0.3, 1.0), lambda G: np.eye(len(G))),
    "x": (PreactivationSpectrum(0.3, 0.05, 0.9), lambda G: 0.9 * np.eye(len(G)) + 0.05 * G @ G.T),
    "x, steep lower edge": (PreactivationSpectrum(0.3, 0.5, 0.5), lambda G: 0.5 * np.eye(len(G)) + 0.5 * G @ G.T),
    "x without noise": (PreactivationSpectrum(0.3, 1.0, 0.0), lambda G: G @ G.T),
}


def eigenvalues(middle, N, seed, y=0.3):
    G = np.random.default_rng([20221, N, seed]).normal(size=(N, N)) / np.sqrt(N)
    R = np.linalg.inv(np.eye(N) - np.sqrt(y) * G)
    return np.linalg.eigvalsh(R @ middle(G) @ R.T)


@pytest.mark.parametrize("name", LAWS)
def test_eigenvalues_of_random_matrices(name):
    """Largest distance between empirical and predicted distribution.

    Eigenvalues are rigid: over 60 draws at N = 200 the distance times N is 2.2 with standard deviation 0.36, so that a mean
    over 4 draws above 3.3 is a false alarm of 6 standard deviations. A law off by 10% in scale gives more than 4.
    """
    law, middle = LAWS[name]
    N, draws = 200, 4
    place = (np.arange(N) + 0.5) / N

    def distance(factor):
        found = [N * np.abs(law.cdf(factor * eigenvalues(middle, N, k)) - place).max() for k in range(draws)]
        return np.mean(found)

    assert distance(1.0) < 3.3 < 4 < min(distance(1.1), distance(0.9))


@pytest.mark.heavy
def test_extreme_eigenvalues_follow_tracy_widom():
    """Where the density ends as (c/pi) sqrt(e - lambda), N^(2/3) c^(2/3) (lambda_max - e) has the Tracy-Widom law.

    200 draws: standard error 0.09; allowed 4 of them (6e-5) and 0.2 for the finite-size correction, which is 0.11 at both
    edges (400 draws of other seeds). An edge off by 5% shifts the lower mean by 4.2 and the upper one by 0.7.
    """
    law, middle = LAWS["phi"]
    N, draws, gap = 200, 200, 1e-6
    found = np.array([eigenvalues(middle, N, k)[[0, -1]] for k in range(draws)])
    for edge, extreme, outward in zip(law.edges, found.T, (-1, 1), strict=True):
        c = np.pi * law.density(edge * (1 - outward * gap)) / np.sqrt(edge * gap)
        scaled = outward * (extreme - edge) * (N * c) ** (2 / 3)
        assert abs(scaled.mean() - TRACY_WIDOM[0]) < 4 * TRACY_WIDOM[1] / np.sqrt(draws) + 0.2


# ---- of a solution ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", one_in(4, [(row,) for row in ROWS]), ids=lambda row: f"{row[0]} g={row[1]:g}")
def test_moments_are_those_of_the_theory(row):
    text, g, sigma, known = row
    solution = quenched.Solver("static", text).solve(g=g, sigma=sigma)
    for of, trace, dimension in (("phi", "C_phi", "D_phi"), ("x", "Delta", "D_x")):
        first, second = quenched.spectrum(solution, of).moments(2)
        assert first == pytest.approx(known[trace], rel=1e-11)
        assert first**2 / second == pytest.approx(known[dimension], rel=1e-10)


def test_what_is_refused():
    solution = quenched.Solver("static", "tanh(x)").solve(g=1, sigma=1)
    law = quenched.spectrum(solution)
    for k in (0, 1.5, "2"):
        with pytest.raises(quenched.InputError, match="moments"):
            law.moments(k)
    with pytest.raises(quenched.InputError, match="between 0 and 1"):
        law.quantile([0.5, 1.1])
    with pytest.raises(quenched.InputError, match="'phi' or 'x'"):
        quenched.spectrum(solution, "xi")
    with pytest.raises(quenched.InputError, match="static"):
        quenched.spectrum(replace(solution, model="dynamic"))
    with pytest.raises(quenched.DomainError, match="gamma"):
        quenched.spectrum(replace(solution, parameters={"g": 2.0, "sigma": 1.0}))


def test_unstable_solutions_only_on_request():
    solution = quenched.Solver("static", "power(1/2)").solve(g=0.5, sigma=1)
    with pytest.raises(quenched.DomainError, match="formal=True"):
        quenched.spectrum(solution)
    first, second = quenched.spectrum(solution, formal=True).moments(2)
    assert first**2 / second == pytest.approx(solution.observables["D_phi"], rel=1e-12)


def test_activations_that_are_not_odd_are_refused():
    solution = quenched.Solver("static", "relu(x)").solve(g=0.5, sigma=1.0)
    for ask in (lambda: quenched.spectrum(solution), lambda: quenched.covariance(solution, np.zeros((3, 3)))):
        with pytest.raises(quenched.DomainError, match="not odd"):
            ask()
