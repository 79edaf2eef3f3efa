"""Chaotic states of a network with feedback: reference values, independent solutions, the edge of chaos, the network itself.

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139; Sompolinsky, Crisanti, Sommers 1988.
"""

import json

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from sympy import Symbol

import quenched
from numerics.averages.average import average
from numerics.averages.pair import pair_average, pair_function
from numerics.chaos.closed_loop import ClosedLoop
from numerics.chaos.open_loop import OpenLoop, Overlaps
from numerics.chaos.state import chaotic_state_of
from numerics.chaos.target import chaotic_feedback
from quenched.cli import main
from theory.activation.activation import Activation
from theory.errors import DomainError, InputError
from theory.meanfield.chaos import chaotic_state_equations, derive_chaotic_feedback

TANH, ERF = Activation.from_text("tanh(x)"), Activation.from_text("erf(x)")


def chaotic_loop(activation, g, overlaps, C):
    """All states of the closed loop with a readout of given amplitude."""
    return ClosedLoop(OpenLoop.of(activation, g, overlaps, {}), overlaps, C).states()


def overlaps(Sm, SI, rho, p, pm, pI):
    """Second moments of m = Sm (rho xi + r e_m), I = SI (rho xi + r e_I), n = p xi + pm e_m + pI e_I, r^2 = 1 - rho^2."""
    r = np.sqrt(1 - rho**2)
    return Overlaps(Sm**2, Sm * SI * rho**2, SI**2, Sm * (rho * p + r * pm), SI * (rho * p + r * pI))


INPUT, MIXED, LOOP = overlaps(0.8, 0.6, 0, 0, 0, 1), overlaps(1, 0.5, 0.5, 1, 1, 0.3), overlaps(1.2, 0.5, 0, 0, 1, 0)
FIGURE = overlaps(1.2, 0.5, 0.5, 1, 1, 0.3)


# ---- reference values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("g", "drive", "total", "frozen"),
    [
        (1.5, 0.0, 0.7476863806, 0.0),
        (2.0, 0.52, 2.8114691239, 2.2805184504),
        (2.0, 0.6, 2.9218794323, 2.4595853594),
        (2.5, 0.76, 4.7615830618, 3.2588097797),
        (2.5, 0.3, 4.0723665957, 1.8949550323),
        (3.0, 0.5, 6.3608295704, 2.8262910765),
        (1.8, 0.3, 1.9621871214, 1.5958719029),
    ],
)
def test_variances_of_the_open_loop(g, drive, total, frozen):
    """tanh, ten digits of an mpmath solution of the two equations with int phi = log cosh in place of the integral of f."""
    found = OpenLoop(TANH, g, {}).chaotic(drive)
    assert (found.total, found.frozen) == pytest.approx((total, frozen), abs=1e-10)
    assert found.residual < 1e-13 and found.error < 1e-9


def test_amplitude_of_the_chaotic_state():
    """The two trained networks whose simulation is known (tanh)."""
    state = chaotic_feedback(TANH, 2.0, INPUT, 0.5)
    assert (state.C, state.gain, state.z) == pytest.approx((1.9778569548, 0.4213314473, 0.5), abs=1e-10)
    mixed = chaotic_feedback("tanh(x)", 2.5, MIXED, 0.6)
    assert (mixed.C, mixed.gain, mixed.Delta_inf) == pytest.approx(
        (1.4771071339, 0.3386352036, 3.2588097797), abs=1e-10
    )
    assert set(state.to_dict()) == {"Delta0", "Delta_inf", "C", "gain", "residual", "error"}
    assert state.is_resolved and "Delta0 = 2.811469124, of which Delta_inf = 2.28051845" in state.text


@pytest.mark.parametrize(("g", "edge"), [(2.0, 0.98105571), (2.5, 1.98946507), (3.0, 3.20921618)])
def test_edge_of_chaos_of_the_open_loop(g, edge):
    """Large outputs suppress chaos: |z| at which g^2 <phi'^2> = 1 for tanh."""
    (drive,) = OpenLoop.of(TANH, g, LOOP, {}).edges
    assert LOOP.outputs(drive) == pytest.approx([-edge, edge], abs=6e-9)


def test_no_edge_where_the_input_alone_suppresses_chaos():
    assert [z for drive in OpenLoop.of(TANH, 1.2, LOOP, {}).edges for z in LOOP.outputs(drive)] == []
    assert chaotic_feedback(TANH, 1.2, LOOP, 0.3) is None


# ---- independent solutions -------------------------------------------------------------------------------------------------


def arcsine(c, variance):
    """<erf(u) erf(v)> (Williams 1998)."""
    return 2 / np.pi * np.arcsin(2 * c / (1 + 2 * variance))


def erf_variance(g, drive):
    """Total variance of the open loop for erf, in the chaotic state where there is one, with SciPy alone."""

    def force(c, variance):
        return drive + g**2 * arcsine(c, variance) - c

    fixed = brentq(lambda v: force(v, v), 1e-9, 1e3, xtol=1e-14)
    if 4 * g**2 / np.pi / np.sqrt(1 + 4 * fixed) <= 1:
        return fixed

    def work(variance):
        least = (0.5 + variance) * np.sqrt(max(0.0, 1 - (4 * g**2 / np.pi / (1 + 2 * variance)) ** 2))
        if force(least, variance) >= 0:
            return 1.0  # nothing is frozen below this variance: the force does positive work
        frozen = brentq(force, 0, least, args=(variance,), xtol=1e-15)
        return quad(force, frozen, variance, args=(variance,), epsabs=1e-15)[0]

    return brentq(work, drive, fixed * (1 - 1e-6), xtol=1e-13)


def erf_output(g, o, C, z):
    """H(z) for erf: <phi'> = (2/sqrt pi)(1 + 2 Delta)^(-1/2)."""
    variance = erf_variance(g, o.Sm2 * z * z + 2 * o.smI * z + o.SI2)
    return C * (o.snm * z + o.snI) * 2 / np.sqrt(np.pi * (1 + 2 * variance))


def test_all_states_for_erf_against_an_independent_scan():
    """Fixed points outside, chaotic states inside the edges: the same outputs by a scan of H(z) - z with SciPy alone."""
    g, o, C = 2.0, overlaps(1.2, 0.5, 0, 0, 1, 0.05), 2.7
    states = chaotic_loop(ERF, g, o, C)
    z = np.linspace(-2, 2, 42)
    value = np.array([erf_output(g, o, C, each) - each for each in z])
    cells = np.nonzero(value[:-1] * value[1:] < 0)[0]
    expected = [brentq(lambda u: erf_output(g, o, C, u) - u, z[k], z[k + 1], xtol=1e-11) for k in cells]
    assert [s.z for s in states] == pytest.approx(expected, abs=1e-8)
    assert {s.chaotic for s in states} == {True, False} and len(states) == 3
    for state in states:
        by_hand = (erf_output(g, o, C, state.z + 1e-4) - erf_output(g, o, C, state.z - 1e-4)) / 2e-4
        assert state.loop_slope == pytest.approx(by_hand, abs=2e-6)
        assert state.Delta0 == pytest.approx(erf_variance(g, o.drive(state.z)), abs=1e-8)
        assert (state.Delta_inf < state.Delta0) == state.chaotic


@pytest.fixture(scope="module")
def solver():
    return quenched.Solver("feedback", TANH)


def solved(solver, g, Sm, SI, rho, p, pm, pI, A):
    return solver.solve(g=g, Sm=Sm, SI=SI, rho=rho, p=p, pm=pm, pI=pI, A=A)


def test_a_network_trained_to_a_chaotic_state(solver):
    """The loop calibrated at A = 0.5 by the amplitude of the chaotic state has that state, its mirror image and z = 0."""
    solution = solved(solver, 2.0, 1.2, 0.5, 0, 0, 1, 0, A=0.5)
    state = chaotic_state_of(solution, TANH)
    assert state == quenched.chaotic_state(solver, **solution.parameters) == chaotic_feedback(TANH, 2.0, LOOP, 0.5)
    low, middle, high = quenched.closed_loop_states(solution)
    assert (low.z, middle.z, high.z) == pytest.approx((-0.5, 0.0, 0.5), abs=1e-10)
    assert high.Delta0 == pytest.approx(state.Delta0, abs=1e-10) and high.Delta_inf == pytest.approx(
        state.Delta_inf, abs=1e-9
    )
    assert low.chaotic and middle.chaotic and high.chaotic
    assert high.slow_stable and low.slow_stable and not middle.slow_stable


def test_fixed_points_where_nothing_fluctuates(solver):
    """tanh, g = 0.3: the fixed points that the generated solver finds another way, and none missed beside a fold."""
    solution = solved(solver, 0.3, 1.2, 0.5, 0.5, 1, 1, 0.3, A=-0.5)
    assert chaotic_state_of(solution, TANH) is None
    states = quenched.closed_loop_states(solution)
    assert [s.z for s in states] == pytest.approx([-1.160302056407, -0.5, 1.626418485457], abs=1e-11)
    assert [s.z for s in states] == pytest.approx([point.z for point in solution.fixed_points], abs=1e-11)
    assert [s.Delta0 for s in states] == pytest.approx([point.Delta0 for point in solution.fixed_points], abs=1e-11)
    assert [s.slow_stable for s in states] == [True, False, True] and not any(s.chaotic for s in states)
    assert states[1].loop_slope == pytest.approx(solution.observables["H_slope"], abs=1e-10)
    assert (
        len(chaotic_loop(TANH, 0.3, FIGURE, 1.3983114406 * (1 + 1e-9))) == 3
    )  # the least amplitude with three, almost


def test_fixed_points_outside_the_edges_stay(solver):
    """A loop with one chaotic state between two fixed points that are stable in the bulk."""
    solution = solved(solver, 2.0, 1.2, 0.5, 0, 0, 1, 0.1, A=2.5)
    states = quenched.closed_loop_states(solution)
    assert [s.chaotic for s in states] == [False, True, False]
    outside = [point.z for point in solution.fixed_points if point.bulk_radius < 1]
    assert [s.z for s in states if not s.chaotic] == pytest.approx(outside, abs=1e-11)


def test_kinks_and_chaos_at_every_output():
    """<phi'^2> of power(1/2) is infinite: every state fluctuates, the farther out the less."""
    activation, C = Activation.from_text("power(1/2)"), 1.3
    states = chaotic_loop(activation, 1.0, FIGURE, C)
    assert len(states) == 3 and all(s.chaotic for s in states)
    for state in states:
        gain = average("x*phi", activation, variance=state.Delta0) / state.Delta0
        assert state.z == pytest.approx(C * (FIGURE.snm * state.z + FIGURE.snI) * float(gain), rel=1e-9)


# ---- the edge between fixed points and chaos -------------------------------------------------------------------------------


def test_continuous_across_the_edge():
    """To second order in the distance from the edge: Delta - Delta_inf = 3 h1/(2 h2), Delta_fixed - Delta = h2 (..)^2/(6 (1-G)).

    From the force expanded about c = Delta, h1 = g^2 <phi'^2> - 1 and h2 = g^2 <phi''^2> at the chaotic state; the corrections
    are linear in the distance, so that extrapolation leaves those of second order.
    """
    g = 2.0
    loop = OpenLoop(ERF, g, {})
    (edge,) = loop.edges

    def ratios(distance):
        found, fixed = loop.chaotic(edge - distance), float(loop.fixed(edge - distance))
        h1 = float(loop.bulk(found.total)) - 1
        h2 = g**2 * float(average("phi''^2", ERF, variance=found.total))
        fluctuating = found.total - found.frozen
        missing = h2 * fluctuating**2 / (6 * (1 - float(loop.variance_mode(fixed))))
        return np.array([fluctuating / (1.5 * h1 / h2), (fixed - found.total) / missing])

    near, far = ratios(0.01), ratios(0.02)
    assert np.all(np.abs(far - 1) > 2 * np.abs(2 * near - far - 1))  # there is something to extrapolate
    assert 2 * near - far == pytest.approx([1, 1], abs=2e-3)


# ---- generality and refusals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["tanh(x)", "1/cosh(x)", "1/(1+exp(-x))"])
def test_two_point_averages_of_odd_even_and_other_functions(text):
    """The rule in the plane against two nested one-point rules."""
    activation, correlation = Activation.from_text(text), np.array([0.0, 0.4, 0.95, 1 - 1e-9])
    nested = pair_average("phi", "phi", activation, variance=3.0, correlation=correlation)
    assert pair_function(activation, 3.0)(correlation) == pytest.approx(nested, abs=1e-14)


def test_parameters_of_the_activation():
    free = chaotic_feedback("tanh(b*x) where b>0", 2.0, INPUT, 0.5, b=1.0)
    assert abs(free.C - 1.9778569548) < 1e-10
    with pytest.raises(InputError, match="parameter b is missing"):
        OpenLoop.of("tanh(b*x) where b>0", 2.0, INPUT, {})


def test_silent_and_autonomous_networks():
    """Without input z = 0 is a state: silent below g = 1/phi'(0) = 0.886, chaotic without a frozen part above."""
    alone = overlaps(1.2, 0, 0, 0, 1, 0)
    silent = [s for s in chaotic_loop(ERF, 0.5, alone, 2.0) if s.z == 0]
    assert [(s.Delta0, s.Delta_inf, s.chaotic, s.slow_stable) for s in silent] == [(0.0, 0.0, False, False)]
    (restless,) = (s for s in chaotic_loop(ERF, 1.5, alone, 0.5) if abs(s.z) < 1e-12)
    assert restless.chaotic and restless.Delta_inf == 0
    assert restless.Delta0 == pytest.approx(erf_variance(1.5, 1e-12), abs=1e-9)
    fed = overlaps(0, 0.5, 0, 0, 1, 1)  # no feedback: the output is that of the open loop
    (only,) = chaotic_loop(ERF, 2.0, fed, 0.7)
    gain = chaotic_feedback(ERF, 2.0, fed, only.z).gain
    assert only.loop_slope == 0 and only.z == pytest.approx(0.7 * 0.5 * gain, rel=1e-9)


def test_refusals():
    with pytest.raises(DomainError, match="a continuum"):
        chaotic_loop("relu(x)", 0.8, LOOP, 2 / 1.2)
    with pytest.raises(DomainError, match="grows without bound"):
        chaotic_loop("relu(x)", 1.8, LOOP, 1.0)
    with pytest.raises(DomainError, match="grows without bound"):
        chaotic_feedback("relu(x)", 1.8, LOOP, 1.0)
    flex = -MIXED.snI / MIXED.snm
    with pytest.raises(DomainError, match="no amplitude"):
        chaotic_feedback(TANH, 2.5, Overlaps(1, 0, 0.25, 0, 0), flex)
    with pytest.raises(InputError, match=r"g must be.*Sm2"):
        OpenLoop.of(TANH, -1.0, Overlaps(1, 2, 1, 0, 0), {})
    with pytest.raises(InputError, match="model feedback"):
        quenched.closed_loop_states("tanh(x)")
    with pytest.raises(InputError, match="amplitude"):
        chaotic_loop(TANH, 1.0, LOOP, float("nan"))


# ---- command line and derivation ---------------------------------------------------------------------------------------------


def test_json_and_text(solver, capsys):
    words = ["solve", "feedback", "-a", "tanh(x)", "g=2", "Sm=0.8", "SI=0.6", "pI=1", "A=0.5"]
    assert main([*words, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["order_parameters"]["C"] == pytest.approx(1.98631324047)  # of the unstable fixed point
    assert data["chaotic_state"] == pytest.approx(chaotic_feedback(TANH, 2.0, INPUT, 0.5).to_dict())
    assert main(words) == 0
    assert "chaotic state: Delta0 = 2.811469124, of which Delta_inf = 2.28051845 is frozen" in capsys.readouterr().out


def test_derivation():
    z, C, snm, snI, drive = (Symbol(name, real=True) for name in ("z", "C", "snm", "snI", "S"))
    derivation = derive_chaotic_feedback(z, C, drive, snm * z + snI)
    derivation.check()
    frozen, total = chaotic_state_equations(drive)
    assert {frozen, total} <= {step.after for step in derivation}
    assert "adiabatic" in derivation.steps[-1].assumption


# ---- the network itself ----------------------------------------------------------------------------------------------------


def network(g, Sm, SI, N, seed):
    """Velocity of x under n = C e/N and, with `z` given, a held output; e is along I without feedback, along m with it."""
    random = np.random.default_rng(seed)
    chi = random.normal(0, g / np.sqrt(N), (N, N))
    along, across = np.sqrt(N) * np.linalg.qr(random.normal(size=(N, 2)))[0].T[:, :, None]

    def velocity(x, n, z=None):
        phi = np.tanh(x)
        return chi @ phi + Sm * along * (n.T @ phi if z is None else z) + SI * across - x

    return velocity, along / N, across / N, random


def heun(velocity, x, steps, *arguments):
    """States at every step of 0.1."""
    for _ in range(steps):
        first = velocity(x, *arguments)
        x = x + 0.05 * (first + velocity(x + 0.1 * first, *arguments))
        yield x


@pytest.mark.heavy
def test_simulated_network():
    """g = 2, N = 600, 24 networks: output and variance within 4 standard errors (23 degrees of freedom: false alarm 1.1e-3)."""
    state, rows = chaotic_feedback(TANH, 2.0, INPUT, 0.5), []
    for k in range(24):
        velocity, _, along_input, random = network(2.0, 0.8, 0.6, 600, [11, k])
        n, x = state.C * along_input, random.normal(size=(600, 2))
        path = list(heun(velocity, x, 1000, n))[400::5]
        rows.append([np.mean([n.T @ np.tanh(x) for x in path]), np.mean([x**2 for x in path])])
    value, error = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))
    assert np.all(np.abs(value - [state.z, state.Delta0]) < 4 * error), (value, error, state)
    assert np.all(error < [0.02, 0.05])


@pytest.mark.heavy
def test_slow_stability_of_chaotic_states():
    """A chaotic state at z = 0, prepared with the output held there and let go: H' = 0.75 stays, H' = 1.4 leaves for z = +-1.3.

    N = 600; finite networks stay within about 0.15 of z = 0, so that half of 1.3 is 4 standard deviations from either outcome.
    """
    staying, leaving = (chaotic_loop(TANH, 2.0, LOOP, C) for C in (1.4, 2.6))
    (rest,), (low, middle, high) = staying, leaving
    assert rest.chaotic and middle.chaotic and rest.slow_stable and not middle.slow_stable
    assert high.z == pytest.approx(-low.z, abs=1e-10) and high.z == pytest.approx(1.3006683, abs=1e-6)
    for k in range(4):
        velocity, along_feedback, _, random = network(2.0, 1.2, 0.5, 600, [12, k])
        *_, held = heun(velocity, random.normal(size=(600, 2)), 300, along_feedback, 0.0)
        for C, leaves in ((1.4, False), (2.6, True)):
            n = C * along_feedback
            late = list(heun(velocity, held, 700, n))[400:]
            output = np.abs(np.mean([n.T @ np.tanh(x) for x in late], axis=0))
            assert np.all((output > 0.5 * high.z) == leaves), (k, C, output)
