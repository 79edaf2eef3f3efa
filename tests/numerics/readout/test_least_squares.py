"""Readouts found by least squares: averages over two states, the solver against independent sums, and networks of 200 units.

Networks: vectors xi, e_m, e_I orthonormalised, seeds fixed. A mean over 40 networks is compared at 4 standard errors: with
Student's law of 39 degrees of freedom a right theory fails one comparison with probability 2.8e-4, all of a test with below 1%.
"""

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy import special
from scipy.optimize import brentq

from numerics.readout.least_squares import least_squares
from numerics.readout.scan import roots_of
from numerics.readout.two_states import StatePairs
from numerics.solve.solution import Solution
from tests.effort import one_in
from theory.activation.activation import Activation
from theory.errors import DomainError, InputError

CANCELLING = {"g": 0.5, "Sm": 1, "SI": 1, "rho": 0.975, "A": -1.5}  # feedback nearly cancels the input
ORDINARY = {"g": 0.3, "Sm": 1.2, "SI": 0.5, "rho": 0.5, "A": 1}


# --- averages over two states ----------------------------------------------------------------------------------------

MEASURES = [(2.0, 0.5, 0.7), (0.3, 1.7, -0.4), (1.3, 1.3, 1.3), (0.4, 2.5, -1.0), (5.0, 0.01, 0.1)]


def closed_pair(text, D1, D2, c):
    """Arcsine and arc-cosine laws, and the power law by homogeneity."""
    rho = c / np.sqrt(D1 * D2)
    if text == "erf(x)":
        return 2 / np.pi * np.arcsin(2 * c / np.sqrt((1 + 2 * D1) * (1 + 2 * D2)))
    if text == "relu(x)":
        angle = np.arccos(np.clip(rho, -1, 1))
        return np.sqrt(D1 * D2) / (2 * np.pi) * (np.sin(angle) + (np.pi - angle) * rho)
    size = 2 * (4 * D1 * D2) ** 0.25 / np.pi * special.gamma(1.25) ** 2
    return size * rho * special.hyp2f1(0.25, 0.25, 1.5, rho**2)  # power(1/2)


@pytest.mark.parametrize("text", ["erf(x)", "relu(x)", "power(1/2)"])
def test_pairs_of_states_against_closed_forms(text):
    """Also where both states coincide or are opposite."""
    pairs = StatePairs(Activation.from_text(text), [])
    first, second, c = np.array(MEASURES).T
    expected = closed_pair(text, first, second, c)
    assert pairs.activities(first, second, c) == pytest.approx(expected, rel=1e-11, abs=1e-14)


def test_smooth_pairs_by_both_routes():
    """The sum over the plane and the nested rules share no code."""
    pairs = StatePairs(Activation.from_text("x/(1+x^2)"), [])
    first, second, c = np.array(MEASURES).T
    plane = pairs.activities(first, second, c)
    assert plane == pytest.approx(pairs._nested(pairs.activity, pairs.activity, first, second, c), rel=1e-12)


@pytest.mark.parametrize("text", ["tanh(x)", "threshold_linear(1/2)", "tanh(a*x+1/3) where a>0"])
def test_slopes_are_derivatives(text):
    """<phi' phi'> = d/dc and <phi phi''> = 2 d/dDelta2, by central differences."""
    activation = Activation.from_text(text)
    pairs = StatePairs(activation, [1.5] * len(activation.parameters))
    D1, D2, c, h = 1.7, 0.9, 0.6, 1e-4
    both, curved = pairs.slopes(D1, D2, c)
    up, down = (pairs.activities(D1, np.array([D2, D2 + d]), np.array([c + d, c])) for d in (h, -h))
    assert (up - down) / (2 * h) == pytest.approx([both, curved / 2], rel=2e-7)


def test_slopes_without_the_derivative():
    """By parts, as for an exponent that is a parameter, and directly."""
    pairs = StatePairs(Activation.from_text("power(4/5)"), [])
    both, _ = pairs.slopes(2.0, 0.5, 0.7)
    scaled = float(pairs.average(pairs.activity, pairs.scaling, 2.0, 0.5, 0.7))
    assert pairs._slopes_by_parts(2.0, 0.5, 0.7, scaled) == pytest.approx(both, rel=1e-12)


def test_a_kink_away_from_zero_is_cut_from_both_sides():
    """Exchanging the states moves the cuts to other places."""
    pairs = StatePairs(Activation.from_text("threshold_linear(1/2)"), [])
    for D1, D2, c in MEASURES:
        one, other = float(pairs.activities(D1, D2, c)), float(pairs.activities(D2, D1, c))
        assert one == pytest.approx(other, rel=1e-11, abs=1e-15)


# --- solutions -------------------------------------------------------------------------------------------------------

OUTLIERS = [  # activation, g, Sm, SI, rho, A, lambda_LS: reference values, quadrature with 34 digits or closed forms
    ("tanh(x)", 0.3, 1.2, 0.5, 0.5, 1, 0.2711328131015652),
    ("tanh(x)", 0.3, 1.2, 0.5, 0.5, -0.5, 0.38263352113803),
    ("tanh(x)", 0.3, 1.2, 0.5, 0.5, -2, 0.2070882686689929),
    ("tanh(x)", 0.8, 1.2, 0.5, 0, 1, 0.2966001302695049),
    ("tanh(x)", 1.2, 1.2, 0.8, 0, 1, 0.2212088277146229),
    ("tanh(x)", 1.5, 1.2, 0.8, 0, 1.5, 0.1820262547500825),
    ("erf(sqrt(pi)*x/2)", 0.3, 1.2, 0.5, 0.5, -0.5, 0.3891877658532526),
    ("erf(sqrt(pi)*x/2)", 1.5, 1.2, 0.8, 0, 1.5, 0.1670796880405268),
    ("relu(x)", 0.8, 1.2, 0.5, 0.5, 1, 0.8633165829145729),
    ("relu(x)", 0.8, 1.2, 0.5, 0.5, -1, 0.9510791366906475),
    ("relu(x)", 0.8, 1.2, 0.5, 0, 1, 0.8994082840236686),
]


@pytest.mark.parametrize(("text", "coupling", "Sm", "SI", "rho", "target", "expected"), OUTLIERS[1::7])
def test_outliers(text, coupling, Sm, SI, rho, target, expected):
    answer = least_squares(text, g=coupling, Sm=Sm, SI=SI, rho=rho, A=target)
    assert answer.outlier == pytest.approx(expected, rel=2e-13)
    assert answer.stable
    assert target in [state.z for state in answer.fixed_points]


@pytest.mark.heavy
@pytest.mark.parametrize(("text", "coupling", "Sm", "SI", "rho", "target", "expected"), OUTLIERS)
def test_all_outliers(text, coupling, Sm, SI, rho, target, expected):
    test_outliers(text, coupling, Sm, SI, rho, target, expected)


FIXED_POINTS = [  # g, Sm, SI, rho, A, Delta0, lambda_LS, fixed points: two equations for (z, c) in 19-digit arithmetic
    (0.3, 1.2, 0.5, 0.5, 1, 2.037090104106, 0.271132813102, [1]),
    (0.3, 1.2, 0.5, 0.5, -0.8, 0.966530081190, 0.404546820139, [-0.8]),
    (0.5, 1, 1, 0.975, -1.5, 0.463500547382, 1.165774001378, [-1.67025232534157, -1.5, 1.79414790566783]),
    (0.9, 1, 1, 0.975, -1.5, 0.656901579411, 0.891432011290, [-1.5, -1.40026617652616, 1.46073051060632]),
    (0.9, 1, 1, 0.975, -2, 1.584906913671, 0.594101533034, [-2, -1.44028859588398, 2.06015385267109]),
]


class Clamped:
    """Two clamped states of a tanh network in plain NumPy: the covariance from its own equation, by iteration from 0."""

    def __init__(self, coupling, Sm, SI, rho, target, step=0.08):
        self.g, self.Sm2, self.smI, self.SI2, self.A = coupling, Sm**2, Sm * SI * rho**2, SI**2, target
        self.y = np.arange(-9, 9 + step / 2, step)
        self.w = np.exp(-0.5 * self.y**2) * step / np.sqrt(2 * np.pi)
        self.D = self.variance(target)
        self.P = self.power(self.D)

    def power(self, D):
        return self.w @ np.tanh(np.sqrt(D) * self.y) ** 2

    def variance(self, output):
        S = self.Sm2 * output**2 + 2 * self.smI * output + self.SI2
        return brentq(lambda D: D - self.g**2 * self.power(D) - S, 1e-12, S + self.g**2 + 1, xtol=1e-15, rtol=1e-15)

    def pair(self, D, c):
        rho = np.clip(c / np.sqrt(self.D * D), -1, 1)
        along, across = np.sqrt((1 + rho) / 2) * self.y[:, None], np.sqrt((1 - rho) / 2) * self.y
        return self.w @ (np.tanh(np.sqrt(self.D) * (along + across)) * np.tanh(np.sqrt(D) * (along - across))) @ self.w

    def loop(self, output):
        """H(z), the readout of the state clamped at z, and the covariance."""
        D, c = self.variance(output), 0.0
        inputs = self.Sm2 * self.A * output + self.smI * (self.A + output) + self.SI2
        for _ in range(300):
            new = self.g**2 * self.pair(D, c) + inputs
            if abs(new - c) < 1e-15:
                break
            c = new
        return self.A * self.pair(D, new) / self.P, new


def heavy_but(first, cases):
    """All cases, those not in `first` under the marker."""
    return [case if k in first else pytest.param(case, marks=pytest.mark.heavy) for k, case in enumerate(cases)]


@lru_cache(maxsize=8)
def solved(coupling, Sm, SI, rho, target):
    return least_squares("tanh(x)", g=coupling, Sm=Sm, SI=SI, rho=rho, A=target)


@pytest.mark.parametrize("row", heavy_but((0, 2), FIXED_POINTS))
def test_fixed_points(row):
    """Reference values; every output returns to itself through clamped states that know nothing of fixed points."""
    *parameters, variance, outlier, outputs = row
    answer = solved(*parameters)
    assert (answer.Delta0, answer.outlier) == pytest.approx((variance, outlier), abs=1e-12)
    assert [state.z for state in answer.fixed_points] == pytest.approx(outputs, abs=1e-13)
    clamped = Clamped(*parameters)
    for state in answer.fixed_points:
        output, covariance = clamped.loop(state.z)
        assert output == pytest.approx(state.z, abs=2e-11)
        assert state.covariance == pytest.approx(covariance, abs=2e-11)
    assert answer.messages == ()


@pytest.mark.parametrize("k", heavy_but((0,), [0, 2]))
def test_slopes_of_the_loop(k):
    """H'(z) at the fixed points by central differences of clamped states, and the outliers' polynomial at 1."""
    answer = solved(*CANCELLING.values())
    state, clamped, h = answer.fixed_points[k], Clamped(*CANCELLING.values()), 1e-4
    up, down = clamped.loop(state.z + h)[0], clamped.loop(state.z - h)[0]
    assert state.slope == pytest.approx((up - down) / (2 * h), abs=3e-8)
    assert np.prod([1 - root for root in state.outliers]).real * (1 - state.slope) > 0


@pytest.mark.parametrize("seed", [3, *(pytest.param(seed, marks=pytest.mark.heavy) for seed in range(4, 10))])
def test_no_fixed_point_is_missed(seed):
    """Signs of 1 - H' add up to 1 for a bounded activation, and a scan of clamped states finds as many."""
    draw = np.random.default_rng(seed)
    coupling, Sm, SI = draw.uniform(0.2, 0.8), draw.uniform(0.5, 1.2), draw.uniform(0.5, 1.2)
    rho, target = 1 - 10 ** draw.uniform(-2.5, -1), -SI / Sm * draw.uniform(0.9, 1.8)
    answer = least_squares("tanh(x)", g=coupling, Sm=Sm, SI=SI, rho=rho, A=target)
    assert sum(np.sign(1 - state.slope) for state in answer.fixed_points) == 1
    clamped = Clamped(coupling, Sm, SI, rho, target, step=0.2)
    furthest = 1.1 * abs(target) / np.sqrt(answer.C_phi)
    values = np.array([clamped.loop(output)[0] - output for output in np.linspace(-furthest, furthest, 60)])
    missed = len(answer.fixed_points) - np.sum(values[1:] * values[:-1] < 0)
    assert missed in (0, 2)  # a pair closer than the points of the scan is invisible to it


def test_a_fold_is_resolved():
    """Two fixed points are born at A = 1.54379937: 1e-8 beyond they are 3e-4 apart, below there is one fixed point."""
    fold = 1.5437993705
    states = least_squares("tanh(x)", **{**ORDINARY, "A": fold + 1e-8}).fixed_points
    assert [state.stable for state in states] == [True, False, True]
    assert 1e-4 < states[1].z - states[0].z < 1e-3
    assert states[0].slope < 1 < states[1].slope
    assert len(least_squares("tanh(x)", **{**ORDINARY, "A": fold - 1e-6}).fixed_points) == 1


@pytest.mark.heavy
def test_a_fixed_point_that_crosses_the_target():
    """Stability is exchanged where the outlier is 1; what is too close to be told apart is said."""
    crossing = -1.6478031371
    for shift, stable in ((1e-4, False), (-1e-4, True)):
        answer = least_squares("tanh(x)", **{**CANCELLING, "A": crossing + shift})
        near = [state for state in answer.fixed_points if abs(state.z - crossing) < 1e-2]
        assert answer.stable is stable
        assert sorted(state.stable for state in near) == [False, True]
    assert "crosses" in " ".join(least_squares("tanh(x)", **{**CANCELLING, "A": crossing}).messages)


def test_roots_between_grid_points():
    grid = np.linspace(-1, 1, 8)
    found = roots_of(lambda v: (v - 0.2) ** 2 - 1e-8, grid, (grid - 0.2) ** 2 - 1e-8)
    assert found == pytest.approx([0.1999, 0.2001], abs=1e-9)
    assert roots_of(lambda v: v, np.array([-1.0, 0.0, 1.0]), np.array([-1.0, 0.0, 1.0])) == [0.0]
    assert roots_of(lambda v: v * v + 1e-3, grid, grid**2 + 1e-3) == []


# --- special cases ---------------------------------------------------------------------------------------------------


def test_no_input():
    """Odd phi, SI = 0: the states come in pairs, and the silent one is a saddle."""
    answer = least_squares("tanh(x)", g=0.5, Sm=1, SI=0, A=1)
    assert [state.z for state in answer.fixed_points] == pytest.approx([-1, 0, 1], abs=1e-12)
    left, silent, right = answer.fixed_points
    assert (silent.Delta0, silent.stable) == (0.0, False)
    assert sorted(root.real for root in left.outliers) == pytest.approx(
        sorted(root.real for root in right.outliers), rel=1e-9
    )
    assert sorted(root.real for root in silent.outliers)[0] == pytest.approx(0.25, rel=1e-9)  # G = g^2 phi'(0)^2


def test_relu_without_input_is_marginal():
    answer = least_squares("relu(x)", g=0.8, Sm=1.2, SI=0, A=1)
    assert answer.outlier == pytest.approx(1, abs=1e-14)
    assert not answer.stable
    assert any("continuum" in message for message in answer.messages)


def test_no_target():
    """A = 0: nothing is fitted, the loop is open, and the variance mode is left."""
    answer = least_squares("tanh(x)", g=0.5, Sm=1, SI=1, A=0)
    assert [state.z for state in answer.fixed_points] == [0]
    assert (answer.H_slope, answer.overlaps["snm"]) == (0, 0)


def test_unstable_bulk_is_said():
    answer = least_squares("tanh(3*x)", g=1, Sm=0.3, SI=0.3, A=0.5)
    assert not answer.stable
    assert "bulk_radius" in answer.messages[0]
    jump = least_squares("sign(x)", g=0.3, Sm=1, SI=1, A=0.3)
    assert jump.bulk_radius == np.inf
    assert not any(state.stable for state in jump.fixed_points)


def test_superlinear_activations_have_ends():
    """x^3: no stationary state beyond a largest output; fixed points up to there."""
    answer = least_squares("x^3", g=0.1, Sm=1, SI=0.3, rho=0.9, A=0.2)
    assert [state.stable for state in answer.fixed_points] == [False, True, False]
    assert max(state.residual for state in answer.fixed_points) < 1e-12


def test_refusals():
    with pytest.raises(InputError) as caught:
        least_squares("tanh(x)", g=-1, Sm=1, rho=2, A="one", ridge=-1, q=3)
    assert len(caught.value.problems) == 6
    with pytest.raises(InputError, match="parameter of the model"):
        least_squares("tanh(Sm*x) where Sm>0", g=1, Sm=1, SI=1, A=1)
    with pytest.raises(DomainError, match="no input"):
        least_squares("tanh(x)", g=0.5, Sm=1, SI=1, rho=1, A=-1)
    with pytest.raises(DomainError, match="too large"):
        least_squares("x", g=1.5, Sm=1, SI=1, A=1)


def test_from_a_solution():
    """The readout of the solution plays no role: the same network is trained."""
    given = {**ORDINARY, "p": 1.0, "pm": 1.0, "pI": 0.3}
    solution = Solution("feedback", "tanh(x)", given, {}, {}, {}, 0.0, 0.0, True)
    assert least_squares(solution) == solved(*ORDINARY.values())
    with pytest.raises(InputError, match="feedback"):
        least_squares(replace(solution, model="static"))


def test_json():
    content = json.loads(json.dumps(solved(*CANCELLING.values()).to_dict()))
    assert len(content["fixed_points"]) == 3
    assert content["fixed_points"][1]["outliers"][0] == [pytest.approx(content["outlier"]), 0.0]


# --- networks --------------------------------------------------------------------------------------------------------

N, NETWORKS, LIMIT = 200, 40, 4.0


def network(coupling, Sm, SI, rho, seed):
    """g chi, m and I."""
    draw = np.random.default_rng(seed)
    xi, e_m, e_I = np.sqrt(N) * np.linalg.qr(draw.standard_normal((N, 3)))[0].T
    alone = np.sqrt(1 - rho**2)
    return (
        coupling * draw.standard_normal((N, N)) / np.sqrt(N),
        Sm * (rho * xi + alone * e_m),
        SI * (rho * xi + alone * e_I),
    )


def rest(J, inputs, state):
    """Fixed point of x = J tanh(x) + inputs by Newton's method."""
    for _ in range(50):
        excess = state - J @ np.tanh(state) - inputs
        state = state - np.linalg.solve(np.eye(N) - J * (1 - np.tanh(state) ** 2), excess)
        if np.max(np.abs(excess)) < 1e-9:
            break
    return state


def measured(parameters, ridge, outputs, spectrum=False):
    """z, <x^2>, <x x^A>, H' (and the leading eigenvalue) at every fixed point, shape (networks, points, 4 or 5)."""
    *vectors, target = (parameters[name] for name in ("g", "Sm", "SI", "rho", "A"))
    table = []
    for seed in range(NETWORKS):
        J, feedback, inputs = network(*vectors, seed)
        clamped = rest(J, feedback * target + inputs, np.zeros(N))
        activity = np.tanh(clamped)
        readout = target * activity / (activity @ activity + N * ridge)
        rows = []
        for output in outputs:
            start = rest(J, feedback * output + inputs, np.zeros(N))
            state = rest(J + np.outer(feedback, readout), inputs, start)
            slope = 1 - np.tanh(state) ** 2
            gain = readout @ (slope * np.linalg.solve(np.eye(N) - J * slope, feedback))
            row = [readout @ np.tanh(state), np.mean(state**2), np.mean(state * clamped), gain]
            if spectrum:
                row.append(np.max(np.linalg.eigvals((J + np.outer(feedback, readout)) * slope).real))
            rows.append(row)
        table.append(rows)
    return np.array(table)


def agrees(values, expected):
    """Whether the mean over networks is within the limit of the theory, or equal to rounding."""
    error = np.std(values, axis=0, ddof=1) / np.sqrt(len(values))
    return np.all(np.abs(np.mean(values, axis=0) - expected) <= LIMIT * error + 1e-9)


def predicted(state):
    return [state.z, state.Delta0, state.covariance, state.slope]


@pytest.mark.parametrize("ridge", one_in(2, [0.0, 0.05]))
def test_networks(ridge):
    """Output, variance, covariance and gain at every fixed point; ridge regression loses the target and keeps one state."""
    answer = least_squares("tanh(x)", ridge=ridge, **CANCELLING)
    assert len(answer.fixed_points) == (1 if ridge else 3)
    values = measured(CANCELLING, ridge, [state.z for state in answer.fixed_points])
    assert agrees(values, np.array([predicted(state) for state in answer.fixed_points]))


@pytest.mark.heavy
@pytest.mark.parametrize("parameters", [CANCELLING, {**CANCELLING, "g": 0.9, "A": -2}])
def test_eigenvalues_of_networks(parameters):
    """The leading eigenvalue at every fixed point whose outlier is well outside the bulk: what decides its stability."""
    answer = least_squares("tanh(x)", **parameters)
    states = [state for state in answer.fixed_points if max(r.real for r in state.outliers) > 1.5 * state.bulk_radius]
    assert len(states) == (2 if parameters is CANCELLING else 1)
    values = measured(parameters, 0.0, [state.z for state in states], spectrum=True)
    expected = [[*predicted(state), max(root.real for root in state.outliers)] for state in states]
    assert agrees(values, np.array(expected))


def test_ridge_without_input_leaves_silence_alone():
    """The penalty lowers the gain of the loop below what a network without input needs."""
    for text in ("x", "relu(x)"):
        found = least_squares(text, ridge=0.1, g=0.1, Sm=0.5, SI=0, rho=0.5, A=-1.5)
        assert [state.z for state in found.fixed_points] == [0.0] and found.fixed_points[0].stable
