"""Sweeps of closed loops: columns, files and figures of what is no single number.

The loops are solved here from the closed forms of phi = erf(x) (Williams 1998), without the toolkit:
Delta = g^2 P(Delta) + S(z), z = C (snm z + snI) Q(Delta), calibrated to have the output A (Mastrogiuseppe, Ostojic 2019).
"""

import csv
import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.optimize import brentq

from numerics.data import as_data
from numerics.models import find_treatment
from numerics.simulate.sample import Estimate
from numerics.solve.fixed_point import FixedPoint
from numerics.solve.solution import Solution
from numerics.sweep.columns import detail_columns
from numerics.sweep.sweep import SimulatedPoint, Sweep, _chosen, sweep
from numerics.view import View
from quenched.cli import main
from quenched.figures.branches import branches
from quenched.figures.drawing import fenced, gapped, title
from quenched.jsontext import json_text
from theory.errors import InputError

SM2, SMI, SI2, SNM, SNI = 1.44, 0.15, 0.25, 1.2 * (0.5 + 0.75**0.5), 0.5 * (0.5 + 0.3 * 0.75**0.5)
FLEX = -SNI / SNM
GRID = np.sinh(np.linspace(-4, 4, 400)) / 4


def variance(z, g):
    """Of x; the iteration contracts by g^2 P' < 4 g^2/pi."""
    S = SM2 * z**2 + 2 * SMI * z + SI2
    Delta = S
    for _ in range(40):
        Delta = g**2 * 2 / np.pi * np.arcsin(2 * Delta / (1 + 2 * Delta)) + S
    return Delta


def gain(z, g):
    return 2 / np.sqrt(np.pi * (1 + 2 * variance(z, g)))


def amplitude(A, g):
    return A / ((SNM * A + SNI) * gain(A, g))


def state(z, C, g):
    """One fixed point; the outliers solve lambda^2 - (G + a + theta) lambda + a G = 0."""
    Delta = variance(z, g)
    G, a = g**2 * 4 / np.pi / ((1 + 2 * Delta) * np.sqrt(1 + 4 * Delta)), C * SNM * gain(z, g)
    theta = -4 * C / np.sqrt(np.pi) * (SNM * z + SNI) * (SM2 * z + SMI) * (1 + 2 * Delta) ** -1.5
    found = np.roots([1, -(G + a + theta), a * G]).astype(complex)
    radius = g * np.sqrt(4 / np.pi / np.sqrt(1 + 4 * Delta))
    visible = tuple(bool(abs(value) > radius) for value in found)
    stable = bool(radius < 1 and np.max(found.real) < 1)
    return FixedPoint(float(z), float(Delta), tuple(map(complex, found)), visible, float(radius), stable)


def turning(g):
    """A_c, where the amplitude is smallest beyond its pole, and A_b, where it has the same value again."""
    A_c = brentq(lambda A: np.diff(amplitude(A + np.array([-1e-5, 1e-5]), g))[0], -3, FLEX - 0.05)
    return A_c, brentq(lambda A: amplitude(A, g) - amplitude(A_c, g), 0.1, 5)


def solution(A, g, critical):
    C = amplitude(A, g)

    def without_target(z):
        return (C * (SNM * z + SNI) * gain(z, g) - z) / (z - A + 1e-12)

    values = without_target(GRID)
    ends = np.flatnonzero(np.sign(values[1:]) != np.sign(values[:-1]))
    others = [state(brentq(without_target, GRID[k], GRID[k + 1]), C, g) for k in ends]
    target = state(A, C, g)
    regime = "unstable target"
    if target.stable:
        regime = "bistable" if any(point.stable for point in others) else "monostable"
    flex = {"flex": FLEX, "A_c": critical[0], "A_b": critical[1]}
    observables = {"outlier": target.outliers[0].real, "bulk_radius": target.bulk_radius, **flex}
    return Solution(
        *("static", "erf(x)", {"g": g, "A": A}, {"Delta0": target.Delta0, "C": float(C)}, observables),
        *({}, 0.0, 0.0, target.stable),
        details={
            **{k: as_data(getattr(target, k)) for k in ("outliers", "visible")},
            "class": "mixed",
            "regime": regime,
        },
        fixed_points=tuple(sorted((*others, target), key=lambda point: point.z)),
    )


def loops(**parameters):
    """A sweep of closed loops; without a solution at A = flex."""
    axes = {name: np.atleast_1d(value) for name, value in parameters.items() if np.ndim(value)}
    critical = {g: turning(g) for g in np.atleast_1d(parameters["g"])}
    points = [{**parameters, **dict(zip(axes, values, strict=True))} for values in product(*axes.values())]
    solutions = tuple(None if p["A"] == FLEX else solution(p["A"], p["g"], critical[p["g"]]) for p in points)
    keys = ("Delta0", "C", "outlier", "bulk_radius", "flex", "A_c", "A_b")
    return Sweep(
        *("static", "erf(x)", {name: v for name, v in parameters.items() if name not in axes}, axes),
        *({key: key for key in keys}, solutions, tuple("" if s else "A = flex" for s in solutions)),
    )


@pytest.fixture(scope="module")
def line():
    return loops(A=np.sort([*np.linspace(-2, 2, 40), FLEX]), g=0.3)


@pytest.fixture(scope="module")
def plane():
    return loops(g=np.array([0.1, 0.5]), A=np.sort([*np.linspace(-2, 2, 12), FLEX]))


@pytest.fixture
def shown(monkeypatch):
    """The view of closed loops, for the sweeps of this file."""
    monkeypatch.setattr(
        "numerics.models.static.TREATMENT", replace(find_treatment("static"), view=find_treatment("feedback").view)
    )
    return find_treatment("static").view.states


# ---- columns and files -------------------------------------------------------------------------------------------------


def test_words_and_lists_are_columns(line):
    first, flex = line.solutions[0], list(line.axes["A"]).index(FLEX)
    assert line["regime"].tolist()[flex - 1 : flex + 2] == ["unstable target", "", "monostable"]
    assert {*line["regime"]} == {"bistable", "unstable target", "monostable", ""} and line["class"][0] == "mixed"
    assert [line[f"outlier_{k}_re"][0] for k in (1, 2)] == [value.real for value in first.fixed_points[0].outliers]
    assert line["outlier_1_im"][-1] == -line["outlier_2_im"][-1] != 0  # a pair: both feedback and input drive the units
    assert line["visible_1"][0] == 1 and line["visible_2"][0] == 0 and np.isnan(line["visible_1"][flex])
    assert line["fixed_points"][[0, flex + 1]].tolist() == [3, 1] and np.isnan(line["fixed_points"][flex])
    assert [line[f"fixed_point_{k}"][0] for k in (1, 2, 3)] == [point.z for point in first.fixed_points]
    assert [line[f"fixed_point_{k}_stable"][0] for k in (1, 2, 3)] == [1, 0, 1]
    assert np.isnan(line["fixed_point_2_Delta0"][flex + 1]) and "fixed_point_4" not in line.columns()
    with pytest.raises(KeyError):
        line["fixed_point_4"]


def test_what_coexists_changes_where_the_amplitude_turns(line):
    """Second route: the regimes come from the eigenvalues of all fixed points, A_c and A_b from C(A) alone."""
    A, (A_c, A_b) = line.axes["A"], turning(0.3)
    edges, words = [-np.inf, A_c, FLEX, A_b], ["bistable", "unstable target", "monostable", "bistable"]
    expected = ["" if a == FLEX else words[np.searchsorted(edges, a) - 1] for a in A]
    assert line["regime"].tolist() == expected


def test_files(line, plane, tmp_path):
    line.save(tmp_path / "line.csv")
    rows = list(csv.DictReader((tmp_path / "line.csv").read_text().splitlines()))
    flex = list(line.axes["A"]).index(FLEX)
    assert rows[0]["regime"] == "bistable" and float(rows[0]["fixed_point_3"]) == line["fixed_point_3"][0]
    assert {rows[flex][key] for key in ("regime", "class", "outlier_1_re", "fixed_points", "fixed_point_1")} == {""}
    assert rows[flex + 1]["fixed_point_1"] != "" and rows[flex + 1]["fixed_point_3_stable"] == ""
    plane.save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        assert data["regime"].shape == (2, 13) and data["regime"].dtype.kind == "U"
        assert np.array_equal(data["fixed_point_3"], plane["fixed_point_3"], equal_nan=True)


def test_json(line, plane):
    data = json.loads(json_text(plane.to_dict()))
    flex, solution = list(plane.axes["A"]).index(FLEX), plane.solutions[0]
    assert data["observables"]["regime"][1][0] == "bistable" and data["observables"]["regime"][1][flex] is None
    assert data["observables"]["outliers"][0][0] == solution.to_dict()["observables"]["outliers"]
    assert data["fixed_points"][0][0] == as_data(solution.fixed_points)
    assert data["fixed_points"][1][flex] is None and len(data["fixed_points"]) == 2
    assert solution.to_dict()["fixed_points"][0].keys() == {
        "z",
        "Delta0",
        "outliers",
        "visible",
        "bulk_radius",
        "stable",
    }
    assert len(json.loads(json_text(line.to_dict()))["fixed_points"]) == 41


def test_table_with_words(line, shown):
    lines = line.table().splitlines()
    assert lines[2].split() == ["A", "C", "Delta0", "outlier", "bulk_radius", "regime"]
    assert lines[3].endswith("bistable") and lines[3 + 14].split()[-4:] == ["unstable", "target", "not", "stable"]
    assert lines[3 + list(line.axes["A"]).index(FLEX)].split()[1:] == [*"-----", "no", "solution"]


def test_solutions_without_such_results():
    found = sweep("static", "tanh(x)", {"g": [0.2, 0.4], "sigma": 1})
    assert found.details == detail_columns([None]) == {} and "fixed_points" not in found.to_dict()
    assert not {"fixed_points", "regime"} & {*found.columns()}
    with pytest.raises(InputError, match="parameter name 'regime' of the activation is the name of a column"):
        sweep("static", "tanh(regime*x) where regime>0", {"g": [0.2, 0.4], "sigma": 1, "regime": 1})


def test_networks_are_simulated_wherever_the_open_loop_settles(line, shown):
    """Unstable targets included; where the bulk is unstable nothing settles, and at the pole there is no network."""
    flex = list(line.axes["A"]).index(FLEX)
    assert _chosen(line, 100, find_treatment("static").view, 300) == [k for k in range(41) if k != flex]
    assert not np.all(line["stable"][_chosen(line, 100, find_treatment("static").view, 300)])
    first = line.solutions[0]
    wild = replace(first, observables={**first.observables, "bulk_radius": 1.1})
    assert 0 not in _chosen(
        replace(line, solutions=(wild, *line.solutions[1:])), 100, find_treatment("static").view, 300
    )
    assert _chosen(line, 100, View(), 300) == np.flatnonzero(line["stable"]).tolist()


# ---- branches ----------------------------------------------------------------------------------------------------------


def points(*z):
    return [FixedPoint(value, 1.0, (0j, 0j), (False, False), 0.0, value > 0) for value in sorted(z)]


@pytest.mark.parametrize("direction", [1, -1])
def test_a_fold_is_closed(direction):
    """z^2 = x - 0.03, and a third branch apart from it."""
    x = np.linspace(-1, 1, 21)[::direction]
    columns = [points(3.0, *(s * np.sqrt(v - 0.03) for s in (-1, 1) if v > 0.03)) for v in x]
    lower, upper, apart = sorted(branches(x, columns, np.zeros(20, dtype=bool)), key=lambda curve: np.mean(curve.z))
    assert apart.x.tolist() == x.tolist() and np.all(apart.z == 3)
    for curve, stable in ((lower, False), (upper, True)):
        assert curve.x[::direction][0] == pytest.approx(0.03, abs=1e-14)
        assert curve.z**2 == pytest.approx(curve.x - 0.03, abs=1e-14)  # drawn points between fold and grid too
        assert np.all(curve.stable == stable)


def test_no_curve_passes_a_pole_or_a_missing_solution():
    x, columns = np.arange(6.0), [points(0.0), points(0.0), points(0.1), None, points(0.2), points(0.3)]
    found = branches(x, columns, np.array([False, True, False, False, False]))
    assert sorted(curve.x.tolist() for curve in found) == [[0, 1], [2], [4, 5]]


def test_branches_of_the_closed_loop(line, shown):
    """The pair that appears at A_b appears at z = A_c, where the amplitude has its minimum."""
    from quenched.figures.bifurcation import _others, poles

    A, (A_c, A_b) = line.axes["A"], turning(0.3)
    columns = [None if s is None else _others(s, z) for s, z in zip(line.solutions, A, strict=True)]
    assert not np.any(poles(line, shown))  # there is a value at the pole, without a solution
    born = [curve for curve in branches(A, columns, np.zeros(40, dtype=bool)) if curve.x[0] > 1]
    assert len(born) == 2
    for curve in born:
        assert curve.x[0] == pytest.approx(A_b, abs=0.02) and curve.z[0] == pytest.approx(A_c, abs=0.05)
    others = [curve for curve in branches(A, columns, np.zeros(40, dtype=bool)) if curve.x[0] < -1]
    assert len(others) == 2 and sorted(curve.stable.all() for curve in others) == [
        False,
        True,
    ]  # one crosses the target


def test_poles_between_the_values(shown):
    from quenched.figures.bifurcation import poles

    found = loops(A=np.array([-1.0, -0.3, -0.2, 0.3]), g=0.3)
    assert poles(found, shown).tolist() == [False, True, False] and not np.any(poles(found, None))
    assert np.isnan(gapped(found.axes["A"], poles(found, shown))).tolist() == [False, False, True, False, False]
    assert gapped(np.ones(4, dtype=bool), poles(found, shown)).tolist() == [True, True, False, True, True]


# ---- figures -----------------------------------------------------------------------------------------------------------


def test_axes_ignore_what_runs_to_infinity():
    low, high = fenced(np.array([*np.linspace(0, 1, 20), 50.0, -np.inf, np.nan]), show=(1.5,))
    assert -0.2 < low < 0 and 1.5 < high < 1.7
    assert fenced(np.array([np.nan]), show=(0.0, 1.0)) == pytest.approx((-0.05, 1.05))


def test_a_long_title_has_several_lines(line):
    long = replace(line, parameters={f"parameter{k}": 0.5 for k in range(9)})
    assert title(line).count("\n") == 0 and title(long).count(",\n") >= 2


def test_bifurcation_diagram(line, shown, tmp_path):
    pytest.importorskip("matplotlib")
    from quenched.figures.figure import draw

    measured = {"Delta0": Estimate(5.5, 0.1, 9), "outlier": Estimate(0.25, 0.02, 9)}
    point = SimulatedPoint(0, measured, float("nan"), ())
    draw(replace(line, simulations=(point,), network={"N": 400}), str(tmp_path / "a.svg"), N=400)
    drawn = (tmp_path / "a.svg").read_text()
    for part in ("output", "target", "other fixed points", "unstable", "flex", "inside the bulk", "simulated, N = 400"):
        assert part in drawn
    draw(line, str(tmp_path / "b.svg"), ["bulk_radius"])
    drawn = (tmp_path / "b.svg").read_text()
    assert "real part of eigenvalues" in drawn and "fixed points" not in drawn and "outliers" not in drawn


def test_phase_diagram(plane, shown, tmp_path):
    pytest.importorskip("matplotlib")
    from quenched.figures.figure import draw
    from quenched.figures.phases import _beyond

    draw(plane, str(tmp_path / "a.svg"))
    drawn = (tmp_path / "a.svg").read_text()
    for part in ("monostable", "bistable", "unstable target", "no solution", "flex: pole of the amplitude"):
        assert part in drawn
    assert "chaotic" not in drawn and "bulk radius" not in drawn
    draw(plane, str(tmp_path / "b.svg"), ["C"])
    assert "monostable" not in (tmp_path / "b.svg").read_text()
    beyond = _beyond(replace(plane, solutions=(*plane.solutions[:-1], None)), shown, "A_c")
    assert np.isnan(beyond[1, -1]) and beyond[0, 0] == pytest.approx(-2 - turning(0.1)[0])


@pytest.mark.parametrize("words", [["--plot"], ["--plot", "simulate=0"], ["--plot", "--json"]])
def test_a_figure_without_a_name_is_called_after_the_model(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    given = ["g=0.3", "Sm=1.2", "SI=0.5", "rho=0.5", "p=1", "A=0.4:0.8:3"]
    quiet = [] if "simulate=0" in words else ["simulate=0"]
    assert main(["sweep", "feedback", "-a", "erf(x)", *given, *quiet, *words]) == 0
    assert (tmp_path / "feedback.png").read_bytes().startswith(b"\x89PNG")
