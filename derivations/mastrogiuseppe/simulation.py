"""Simulations: networks at their target, all fixed points of one network, least squares, chaotic states."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from derivations.mastrogiuseppe.quantities import (
    APART,
    FIGURE_1E,
    INPUT_ONLY,
    LOOP_ONLY,
    TANH,
    Geometry,
    Row,
    along,
    complete,
    outliers,
    solved,
)
from numerics.chaos.open_loop import OpenLoop, Overlaps
from numerics.compare.validation import validate
from numerics.readout.least_squares import least_squares
from numerics.readout.network import FeedbackNetwork
from numerics.simulate import clamped
from numerics.simulate.simulation import simulate

_WIDE_LOOP: Geometry = {"g": 1.5, "Sm": 1.2, "SI": 0.8, "pm": 1}
_OPPOSED: Geometry = {"Sm": 1.0, "SI": 1.0, "rho": 0.975, "pI": 1}
_SIZES, _NETWORKS = (100, 200), (80, 50)
_DEVIATIONS = 4.5  # standard errors; false alarm below 6e-5 for 40 networks or more


def _agrees(geometry: Geometry, target: float, seen: Mapping[str, float]) -> bool:
    """`validate` agrees, and would have noticed the relative errors `seen` of the theory."""
    _, found = validate("feedback", TANH, {**geometry, "A": target}, sizes=_SIZES, couplings=_NETWORKS, seed=31)
    power = {row.observable: row.detectable for row in found.rows}
    return found.ok and all(power[key] < error for key, error in seen.items())


_ROOTS, _ROOT_NETWORKS, _ROOT_SIZE = np.linspace(-3.01, 3.0, 25), 40, 200


def _three_states() -> bool:
    """Three crossings of H(z) with z in each of 40 networks of 200 units, the middle one unstable; their means."""
    predicted = solved(TANH, FIGURE_1E, -0.5)
    rows = []
    for k in range(_ROOT_NETWORKS):
        network = FeedbackNetwork.draw(TANH, complete(FIGURE_1E), N=_ROOT_SIZE, seed=31, network=k)
        found = network.fixed_points(network.calibrate(-0.5), _ROOTS)
        if [state.stable for state in found] != [True, False, True]:
            return False
        rows.append([found[0].z, found[2].z, found[1].eigenvalue.real])
    low, _, high = (point.z for point in predicted.fixed_points)
    claimed = np.array([low, high, predicted.leading["outlier"]])
    mean, error = np.mean(rows, axis=0), np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows))
    return bool(np.all(np.abs(mean - claimed) < _DEVIATIONS * error) and np.all(error < 0.03))


_PROBES = np.array([0.8 + 0.5j, -0.3 + 0.7j, -1.0, 1.0, 1.0 + 1.0j])


def _loop_functions() -> bool:
    """h at five lambda in 40 networks of 200 units, with the mean-field amplitude: real and imaginary parts."""
    for geometry, target in ((FIGURE_1E, -0.5), (APART, 1.0)):
        found = solved(TANH, geometry, target)
        first, second = outliers(found)
        slope, product = found.leading["H_slope"], (first * second).real
        # a + theta = trace - G, h(1) = a + theta/(1 - G)
        mode = float(along(TANH, geometry, target)["slope"])
        gain = product / mode
        mixing = (slope - gain) * (1 - mode)
        claimed = gain / _PROBES + mixing / (_PROBES - mode)
        rows = []
        for k in range(40):
            network = FeedbackNetwork.draw(TANH, complete(geometry), N=200, seed=31, network=k)
            readout = found.leading["C"] * network.frozen.direction
            rows.append(network.loop_function(readout, network.state(target), _PROBES))
        measured = np.array(rows)
        for part in (np.real, np.imag):
            values = part(measured)
            error = np.std(values, axis=0, ddof=1) / np.sqrt(len(rows))
            if np.any(np.abs(values.mean(axis=0) - part(claimed)) > _DEVIATIONS * error + 1e-12) or error.max() > 0.05:
                return False
    return True


def _where_it_ends() -> bool:
    """15 networks of 150 units, 6 random initial states each: the outputs at which they come to rest."""
    ends: dict[str, set[float]] = {}
    for name, geometry, target in (
        ("input", INPUT_ONLY, 1.0),
        ("loop", LOOP_ONLY, 1.0),
        ("unstable", FIGURE_1E, -0.5),
    ):
        ends[name] = set()
        for k in range(15):
            network = FeedbackNetwork.draw(TANH, complete(geometry), N=150, seed=31, network=k)
            final = network.final_states(network.calibrate(target), 6, seed=k, T=80)
            if any(state.kind != "fixed point" for state in final):
                return False
            ends[name] |= {round(state.z, 6) for state in final}
    other = ends["loop"] - {1.0}  # -A up to the finite size: the input is not odd
    return (
        ends["input"] == {1.0}
        and 1.0 in ends["loop"]
        and len(other) > 5
        and all(abs(z + 1) < 0.3 for z in other)
        and -0.5 not in ends["unstable"]
    )


def _trained_gain() -> bool:
    """H'(A) of least squares at g = 0.9: within the error of the exact slope, and excludes that of the readout A m + I."""
    geometry, target = {**_OPPOSED, "g": 0.9}, -1.5
    sample = simulate("feedback", TANH, {**geometry, "A": target}, N=150, couplings=120, seed=31).sample
    measured = sample.observables()["H_slope_ls"]
    exact = least_squares(TANH, g=0.9, Sm=1.0, SI=1.0, rho=0.975, A=target).H_slope
    loads = {"p": 0.975 * (target + 1), "pm": target * (1 - 0.975**2) ** 0.5, "pI": (1 - 0.975**2) ** 0.5}
    independent = solved(TANH, {**geometry, **loads}, target).leading["H_slope"]
    return abs(measured.value - exact) < _DEVIATIONS * measured.error < abs(measured.value - independent) / 2


_CHAOTIC_DRIVE, _CHAOTIC_NETWORKS = 0.3, {150: 80, 300: 60}


def _chaotic() -> bool:
    """tanh, g = 2.5, S = 0.3: both variances extrapolated in 1/N; a frozen state would be six standard errors away."""
    loop = OpenLoop.of(TANH, 2.5, Overlaps(0.0, 0.0, _CHAOTIC_DRIVE, 0.0, 0.0), {})
    predicted = loop.chaotic(_CHAOTIC_DRIVE)
    given = {**complete({"g": 2.5, "SI": _CHAOTIC_DRIVE**0.5, "pI": 1}), "A": 1.0}
    (small, large) = (
        clamped.simulate(np.tanh, given, N=N, couplings=count, T=20.0, burn=40.0, seed=31).observables()
        for N, count in _CHAOTIC_NETWORKS.items()
    )
    limits = {
        key: (2 * large[key].value - small[key].value, np.hypot(2 * large[key].error, small[key].error))
        for key in ("Delta0", "Delta_inf")
    }
    (total, total_error), (frozen, frozen_error) = limits.values()
    return bool(
        abs(total - predicted.total) < _DEVIATIONS * total_error
        and abs(frozen - predicted.frozen) < _DEVIATIONS * frozen_error
        and predicted.total - predicted.frozen > 6 * frozen_error
    )


_HOW = (
    f"simulation at N = {' and '.join(map(str, _SIZES))}, extrapolated in 1/N: every value within 4 standard errors (false alarm "
    "6e-4); "
)
_MEANS = {"Delta0": 0.15, "C": 0.15, "gain": 0.15, "bulk_radius": 0.15}

ROWS: tuple[Row, ...] = (
    (
        "Simulations agree with the theory at a stable target: loop and input, g = 0.3, A = 1",
        f"{_HOW}an error of the theory of 15% in variance, amplitude, gain, radius and of a quarter in H'(A) would show",
        partial(_agrees, FIGURE_1E, 1.0, {**_MEANS, "H_slope": 0.25}),
    ),
    (
        "Simulations agree with the theory at an unstable target: the same loop, A = -0.5, outlier 1.6001",
        f"{_HOW}an error of the theory of 15% in variance, amplitude, gain, radius, H'(A) and outlier would show",
        partial(_agrees, FIGURE_1E, -0.5, {**_MEANS, "H_slope": 0.15, "outlier": 0.15}),
    ),
    (
        "Simulations agree with the theory without a loop: input alone, g = 0.8, A = 1",
        f"{_HOW}an error of the theory of 15% in variance, amplitude, gain and radius would show",
        partial(_agrees, INPUT_ONLY, 1.0, _MEANS),
    ),
    (
        "Simulations agree with the theory for a loop alone at strong coupling, g = 1.5, A = 1.5",
        f"{_HOW}an error of the theory of 15% in variance, amplitude, gain and radius and of a third in H'(A) would show",
        partial(_agrees, _WIDE_LOOP, 1.5, {**_MEANS, "H_slope": 0.33}),
    ),
    (
        "(L1) in networks trained by least squares, m and I nearly cancelling: outlier 1.1658 at g = 0.5, A = -1.5",
        f"{_HOW}an error of the theory of 7% in the outlier would show (the readout A m + I has 1.2486)",
        partial(_agrees, {**_OPPOSED, "g": 0.5}, -1.5, {"lambda_ls": 0.07}),
    ),
    (
        "The same at g = 0.9: gain H'(A) = 0.8620, and not that of the readout A m + I",
        f"simulation of 120 networks of 150 units: within {_DEVIATIONS} standard errors (false alarm 2e-5), which separate both",
        _trained_gain,
    ),
    (
        "One network has all fixed points of the theory: three at A = -0.5 in the loop of g = 0.3, the target a saddle between",
        f"simulation of {_ROOT_NETWORKS} networks of {_ROOT_SIZE} units, in each of them; both other outputs and the eigenvalue at "
        f"the target within {_DEVIATIONS} standard errors below 0.03 (false alarm 2e-4)",
        _three_states,
    ),
    (
        "Loop transfer function h(lambda) = a/lambda + theta/(lambda - G) at complex lambda",
        f"simulation of 40 networks of 200 units, five lambda, two geometries: within {_DEVIATIONS} standard errors, which are "
        "below 0.05 (false alarm 1e-3)",
        _loop_functions,
    ),
    (
        "From random initial states networks that read the input alone always end at the target, networks with a loop alone at A "
        "or near -A, and a network whose target is a saddle never there",
        "simulation of 15 networks of 150 units, 6 initial states each; tanh, A = 1 and A = -0.5",
        _where_it_ends,
    ),
    (
        "A chaotic state with clamped output: Delta0 = 4.0724 and Delta_inf = 1.8950 at g = 2.5, S = 0.3",
        f"simulation of networks of 150 and 300 units in time, extrapolated in 1/N: within {_DEVIATIONS} standard errors (false "
        "alarm 5e-5); a state that does not fluctuate would be 6 away",
        _chaotic,
    ),
)
