"""Simulations: networks at their target, all fixed points of one network, least squares, chaotic states."""

from __future__ import annotations

from functools import partial

import numpy as np

from derivations.claims import Claims
from derivations.comparison import mean_and_error, simulated
from derivations.mastrogiuseppe import loop
from derivations.mastrogiuseppe.chaos import open_loop
from derivations.mastrogiuseppe.loop import TANH, Geometry
from numerics.readout.least_squares import least_squares
from numerics.simulate import clamped
from numerics.simulate.simulation import simulate

claims = Claims()
_DEVIATIONS = 4.5  # standard errors; false alarm below 6e-5 for 40 networks or more
_MEANS = {"Delta0": 0.15, "C": 0.15, "gain": 0.15, "bulk_radius": 0.15}
_15 = "15% in variance, amplitude, gain"
# statement, geometry, target, error of the theory that would show, in words and under its keys
_RUNS: tuple[tuple[str, Geometry, float, str, dict[str, float]], ...] = (
    (
        "Simulations agree with the theory at a stable target: loop and input, g = 0.3, A = 1",
        *(loop.FIGURE_1E, 1.0, f"{_15}, radius and of a quarter in H'(A) would show", {**_MEANS, "H_slope": 0.25}),
    ),
    (
        "Simulations agree with the theory at an unstable target: the same loop, A = -0.5, outlier 1.6001",
        *(loop.FIGURE_1E, -0.5, f"{_15}, radius, H'(A) and outlier would show"),
        {**_MEANS, "H_slope": 0.15, "outlier": 0.15},
    ),
    (
        "Simulations agree with the theory without a loop: input alone, g = 0.8, A = 1",
        *(loop.INPUT_ONLY, 1.0, f"{_15} and radius would show", _MEANS),
    ),
    (
        "Simulations agree with the theory for a loop alone at strong coupling, g = 1.5, A = 1.5",
        *(loop.WIDE_LOOP, 1.5, f"{_15} and radius and of a third in H'(A) would show", {**_MEANS, "H_slope": 0.33}),
    ),
    (
        "(L1) in networks trained by least squares, m and I nearly cancelling: outlier 1.1658 at g = 0.5, A = -1.5",
        {**loop.OPPOSED, "pI": 1, "g": 0.5},
        *(-1.5, "7% in the outlier would show (the readout A m + I has 1.2486)", {"lambda_ls": 0.07}),
    ),
)
_HOW = "simulation at N = 100 and 200, extrapolated in 1/N: every value within 4 standard errors (false alarm 6e-4); "
_SETTINGS = {"sizes": (100, 200), "couplings": (80, 50), "seed": 31}
for _statement, _geometry, _target, _words, _seen in _RUNS:
    claims(_statement, f"{_HOW}an error of the theory of {_words}")(
        partial(simulated, "feedback", TANH, {**_geometry, "A": _target}, _seen, **_SETTINGS)
    )


@claims(
    "The same at g = 0.9: gain H'(A) = 0.8620, and not that of the readout A m + I",
    f"simulation of 120 networks of 150 units: within {_DEVIATIONS} standard errors (false alarm 2e-5), which separate both",
)
def _trained_gain():
    geometry, target = {**loop.OPPOSED, "pI": 1, "g": 0.9}, -1.5
    sample = simulate("feedback", TANH, {**geometry, "A": target}, N=150, couplings=120, seed=31).sample
    measured = sample.observables()["H_slope_ls"]
    exact = least_squares(TANH, g=0.9, Sm=1.0, SI=1.0, rho=0.975, A=target).H_slope
    loads = {"p": 0.975 * (target + 1), "pm": target * (1 - 0.975**2) ** 0.5, "pI": (1 - 0.975**2) ** 0.5}
    independent = loop.solved(TANH, {**geometry, **loads}, target).leading["H_slope"]
    yield abs(measured.value - exact) < _DEVIATIONS * measured.error < abs(measured.value - independent) / 2


@claims(
    "One network has all fixed points of the theory: three at A = -0.5 in the loop of g = 0.3, the target a saddle between",
    "simulation of 40 networks of 200 units, in each of them; both other outputs and the eigenvalue at "
    f"the target within {_DEVIATIONS} standard errors below 0.03 (false alarm 2e-4)",
)
def _three_states():
    predicted, rows = loop.solved(TANH, loop.FIGURE_1E, -0.5), []
    for network in loop.networks(loop.FIGURE_1E, 40, 200):
        found = network.fixed_points(network.calibrate(-0.5), np.linspace(-3.01, 3.0, 25))
        yield [state.stable for state in found] == [True, False, True]
        rows.append([found[0].z, found[2].z, found[1].eigenvalue.real])
    low, _, high = (point.z for point in predicted.fixed_points)
    mean, error = mean_and_error(rows)
    yield np.all(np.abs(mean - [low, high, predicted.leading["outlier"]]) < _DEVIATIONS * error)
    yield np.all(error < 0.03)


@claims(
    "Loop transfer function h(lambda) = a/lambda + theta/(lambda - G) at complex lambda",
    f"simulation of 40 networks of 200 units, five lambda, two geometries: within {_DEVIATIONS} standard errors, which are "
    "below 0.05 (false alarm 1e-3)",
)
def _loop_functions():
    """With the mean-field amplitude; real and imaginary parts."""
    probes = np.array([0.8 + 0.5j, -0.3 + 0.7j, -1.0, 1.0, 1.0 + 1.0j])
    for geometry, target in ((loop.FIGURE_1E, -0.5), (loop.APART, 1.0)):
        found = loop.solved(TANH, geometry, target)
        first, second = loop.outliers(found)
        # a + theta = trace - G, h(1) = a + theta/(1 - G)
        mode = float(loop.along(TANH, geometry, target)["slope"])
        gain = (first * second).real / mode
        mixing = (found.leading["H_slope"] - gain) * (1 - mode)
        claimed = gain / probes + mixing / (probes - mode)
        C, nets = found.leading["C"], loop.networks(geometry, 40, 200)
        measured = np.array([net.loop_function(C * net.frozen.direction, net.state(target), probes) for net in nets])
        for part in (np.real, np.imag):
            mean, error = mean_and_error(part(measured))
            yield np.all(np.abs(mean - part(claimed)) <= _DEVIATIONS * error + 1e-12) and error.max() <= 0.05


@claims(
    "From random initial states networks that read the input alone always end at the target, networks with a loop alone at A "
    "or near -A, and a network whose target is a saddle never there",
    "simulation of 15 networks of 150 units, 6 initial states each; tanh, A = 1 and A = -0.5",
)
def _where_it_ends():
    ends: list[set[float]] = []
    for geometry, target in ((loop.INPUT_ONLY, 1.0), (loop.LOOP_ONLY, 1.0), (loop.FIGURE_1E, -0.5)):
        ends.append(set())
        for k, network in enumerate(loop.networks(geometry, 15, 150)):
            final = network.final_states(network.calibrate(target), 6, seed=k, T=80)
            yield all(state.kind == "fixed point" for state in final)
            ends[-1] |= {round(state.z, 6) for state in final}
    alone, looped, unstable = ends
    other = looped - {1.0}  # -A up to the finite size: the input is not odd
    yield alone == {1.0} and 1.0 in looped and -0.5 not in unstable
    yield len(other) > 5 and all(abs(z + 1) < 0.3 for z in other)


@claims(
    "A chaotic state with clamped output: Delta0 = 4.0724 and Delta_inf = 1.8950 at g = 2.5, S = 0.3",
    f"simulation of networks of 150 and 300 units in time, extrapolated in 1/N: within {_DEVIATIONS} standard errors (false "
    "alarm 5e-5); a state that does not fluctuate would be 6 away",
)
def _chaotic():
    predicted = open_loop(2.5, 0.3).chaotic(0.3)
    given = {**loop.complete({"g": 2.5, "SI": 0.3**0.5, "pI": 1}), "A": 1.0}
    small, large = (
        clamped.simulate(np.tanh, given, N=N, couplings=count, T=20.0, burn=40.0, seed=31).observables()
        for N, count in ((150, 80), (300, 60))
    )
    for key, value in {"Delta0": predicted.total, "Delta_inf": predicted.frozen}.items():
        error = np.hypot(2 * large[key].error, small[key].error)
        yield abs(2 * large[key].value - small[key].value - value) < _DEVIATIONS * error
    yield predicted.total - predicted.frozen > 6 * error
