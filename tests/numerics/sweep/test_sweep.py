"""Sweeps: ranges, the same numbers as one solution at a time, files, processes, simulated points, figures, refusals."""

import csv
import io
import json
import os
from dataclasses import replace
from math import isqrt
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import quenched
from numerics.models import find_treatment
from numerics.solve.solver import Solver
from numerics.sweep.execute import execute
from numerics.sweep.sweep import Sweep, sweep
from numerics.view import Panel, View
from quenched.arguments import number_or_range
from quenched.cli import main
from theory.errors import InputError

STATIC = ("static", "tanh(x)")
SMALL = {"N": 30, "couplings": 4, "samples": 8}


@pytest.fixture(scope="module")
def chaotic() -> Sweep:
    """Without noise; silent at g = 0.9."""
    return sweep("dynamic", "tanh(x)", {"g": [0.9, 1.5, 2.0]})


def saved(found):
    """The content of a CSV file."""
    with TemporaryDirectory() as folder:
        found.save(f"{folder}/points.csv")
        return Path(f"{folder}/points.csv").read_bytes()


def run(capsys, *words):
    code = main(["sweep", *words])
    out, err = capsys.readouterr()
    return code, out, err


# ---- ranges ------------------------------------------------------------------------------------------------------------


def test_ranges():
    assert number_or_range("1.1:5:4") == pytest.approx((1.1, 2.4, 3.7, 5.0), rel=1e-15)
    assert number_or_range("1/2:0:3") == (0.5, 0.25, 0.0)
    assert number_or_range("0.01:100:5:log") == pytest.approx((0.01, 0.1, 1, 10, 100), rel=1e-14)
    assert number_or_range("-1:-100:3:log") == pytest.approx((-1, -10, -100), rel=1e-14)
    assert number_or_range("2.5") == 2.5 and number_or_range("white") == "white"


@pytest.mark.parametrize(
    "text",
    ["1:2", "1:2:1", "1:2:0", "1:2:2.5", "1:1:5", "a:2:5", "1:2:5:lin", "1:2:5:log:", "0:1:5:log", "-1:1:5:log", ":"],
)
def test_what_is_no_range(text):
    with pytest.raises(ValueError, match="is no range"):
        number_or_range(text)


# ---- results -----------------------------------------------------------------------------------------------------------


def test_a_sweep_is_one_solution_after_the_other(chaotic):
    solver = Solver("dynamic", "tanh(x)")
    assert chaotic.shape == (3,) and chaotic.solved == 2
    assert "activity sets in at g = 1/phi'(0) = 1" in chaotic["reason"][0] and chaotic["reason"][1] == ""
    assert chaotic["stable"].tolist() == [False, True, True]
    for key in ("Delta0", "PR_x", "PR0_phi"):
        assert np.isnan(chaotic[key][0])
        assert chaotic[key][1:].tolist() == [solver.solve(g=g).leading[key] for g in (1.5, 2.0)]
    assert chaotic["error"][2] == solver.solve(g=2).error
    assert chaotic.parameters == {"noise": "none", "eta": 0.0} and chaotic.stated == {"noise": "none"}
    assert chaotic["PR_x"][1:] == pytest.approx([0.00561124146952, 0.0159147880109], rel=1e-10)  # Clark et al. 2023
    with pytest.raises(KeyError):
        chaotic["nothing"]


def test_two_parameters():
    """On a grid, the last one fastest; 1/N terms are among the results, and none is left out."""
    found = sweep(*STATIC, {"sigma": [0.5, 1.0], "g": [0.2, 0.4, 0.8]})
    solver = Solver(*STATIC)
    assert found.shape == (2, 3)
    assert found["sigma"].tolist() == [[0.5] * 3, [1.0] * 3] and found["g"][0].tolist() == [0.2, 0.4, 0.8]
    one = solver.solve(sigma=1.0, g=0.4)
    assert found["D_x"][1, 1] == one.observables["D_x"] and found["d1_x"][1, 1] == one.finite_size["d1_x"].coefficient
    assert found.at_size("D_x", 50)[1, 1] == one.at_size(50)["D_x"]
    assert set(solver.module.MEANINGS) < set(found.columns())


def test_noise_follows_from_what_is_swept():
    found = sweep("dynamic", "x", {"g": 0.6, "sigma": [1.0, 2.0]})
    assert found.stated == {"noise": "white", "g": 0.6}
    assert found["Delta0"] == pytest.approx([1 / 1.6, 4 / 1.6], rel=1e-13)


def test_errors_of_single_results(chaotic):
    solution = Solver("dynamic", "tanh(x)").solve(g=2)
    assert chaotic.errors == tuple(f"error_{key}" for key in solution.errors)
    assert chaotic["error_PR_x"][2] == solution.errors["PR_x"] and np.isnan(chaotic["error_PR_x"][0])
    assert {*chaotic.errors} < {*chaotic.columns()} and {*chaotic.errors} < {*chaotic.to_dict()["diagnostics"]}


def test_progress_and_table(chaotic):
    seen = []
    found = sweep(*STATIC, {"g": [0.2, 1.0, 3.0], "sigma": 1}, progress=seen.append)
    assert seen == [1 / 3, 2 / 3, 1.0]
    lines = found.table().splitlines()
    assert lines[0] == "static, phi = tanh(x), sigma = 1"
    assert lines[2].split()[:3] == ["g", "Delta", "C_phi"]
    assert len({len(line.removesuffix("  not stable")) for line in lines[2:]}) == 1
    assert lines[-1].endswith("not stable") and "1 of 3 solutions are not stable" in found.messages
    assert chaotic.table().splitlines()[3].split() == ["0.9", *"-" * 8, "no", "solution"]


# ---- files -------------------------------------------------------------------------------------------------------------


def test_csv(chaotic, tmp_path):
    chaotic.save(tmp_path / "found.csv")
    data = (tmp_path / "found.csv").read_bytes()
    assert data.count(b"\r\n") == 4 == data.count(b"\n")
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert list(rows[0])[:4] == ["g", "noise", "eta", "Delta0"]
    assert rows[0]["Delta0"] == "" and "activity sets in" in rows[0]["reason"] and rows[0]["stable"] == "False"
    assert [float(row["PR_phi"]) for row in rows[1:]] == chaotic["PR_phi"][1:].tolist()  # every digit


def test_npz(tmp_path):
    found = sweep(*STATIC, {"sigma": [0.5, 1.0], "g": [0.2, 0.4, 0.8]})
    found.save(tmp_path / "found.npz")
    with np.load(tmp_path / "found.npz", allow_pickle=False) as data:
        assert data["g"].tolist() == [0.2, 0.4, 0.8] and str(data["activation"]) == "tanh(x)"
        assert np.array_equal(data["D_phi"], found["D_phi"]) and data["reason"].shape == (2, 3)
        assert {*found.columns(), "model", "activation"} == set(data)


def test_json_and_files_of_the_command(capsys, tmp_path):
    words = ["dynamic", "-a", "tanh(x)", "g=0.9:1.5:2"]
    code, out, err = run(capsys, *words, "--json", "-o", str(tmp_path / "a.csv"))
    data = json.loads(out)
    assert code == 0 and err.startswith("quenched: warning: 1 of 2 points have no solution, such as: ")
    assert data["swept"] == {"g": [0.9, 1.5]} and data["parameters"] == {"noise": "none", "eta": 0.0}
    assert data["order_parameters"]["Delta0"] == [None, pytest.approx(0.747686380553398067, rel=1e-12)]
    assert data["diagnostics"]["stable"] == [False, True] and data["diagnostics"]["solved"] == 1
    assert (tmp_path / "a.csv").exists() and "simulation" not in data
    code, out, _ = run(capsys, *words, "-o", str(tmp_path / "a.npz"))
    assert (code, out) == (0, "")
    code, out, _ = run(capsys, *words)
    assert code == 0 and out.startswith("dynamic, phi = tanh(x), noise = none\n")


def test_no_point_has_a_solution(capsys, tmp_path):
    """As for one solution: exit code 2, one sentence, nothing written."""
    code, out, err = run(capsys, "dynamic", "-a", "tanh(x)", "g=0.5:0.9:3", "-o", str(tmp_path / "a.csv"))
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert "no point of the sweep has a solution" in err and "activity sets in at g" in err
    assert list(tmp_path.iterdir()) == []


# ---- refusals ----------------------------------------------------------------------------------------------------------


def test_all_problems_at_once(capsys):
    words = ["g=-1:3:5", "sigma=-0.5", "h=3", "N=1", "-o", "a.txt", "--executor", "cloud", "--quantity", "D_x"]
    code, out, err = run(capsys, "static", "-a", "tanh(x)", *words)
    assert (code, out) == (2, "") and err.count("\n") == 1
    for part in ("N = 1 is not allowed", "must end in .csv or .npz", "executor 'cloud' is unknown", "give --plot FILE"):
        assert part in err
    code, _, err = run(capsys, "static", "-a", "tanh(x)", *words[:3], "--executor", "cloud")
    for part in ("unknown parameter 'h'", "g = -1 is not allowed", "sigma = -0.5 is not allowed", "executor 'cloud'"):
        assert err.count(part) == 1


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"g": 1, "sigma": 1}, "no parameters are swept"),
        ({"g": [1, 2], "sigma": [1, 2], "a": [1, 2]}, "3 parameters are swept"),
        ({"g": [1, float("nan")], "sigma": 1, "a": 1}, "g = nan is not allowed"),
        ({"g": [[1, 2]], "sigma": 1, "a": 1}, "g: what is swept must be a sequence of numbers"),
        ({"g": ["one", "two"], "sigma": 1, "a": 1}, "g: what is swept must be a sequence of numbers"),
        ({"g": [1, 2], "sigma": 1, "a": [1, -1]}, "^a = -1 is not allowed; a must be a number > 0$"),
        ({"g": np.ones(400), "sigma": np.ones(400), "a": 1}, "more than 100000 points"),
    ],
)
def test_what_cannot_be_swept(parameters, words):
    with pytest.raises(InputError, match=words):
        sweep("static", "x/(1+a*x^2) where a>0", parameters)


@pytest.mark.parametrize("name", ["reason", "file", "gain"])
def test_names_that_columns_have(name):
    with pytest.raises(InputError, match=f"parameter name '{name}' of the activation"):
        sweep("static", f"tanh({name}*x) where {name}>0", {"g": [0.5, 0.6], "sigma": 1, name: 1})


def test_no_simulations_on_a_map():
    with pytest.raises(InputError, match="not on a map of two"):
        quenched.sweep(*STATIC, {"g": [0.5, 0.6], "sigma": [1, 2]}, simulated=3)


# ---- processes ---------------------------------------------------------------------------------------------------------


def test_processes():
    """In order, whatever finishes first."""
    seen: list[float] = []
    assert execute(isqrt, [(k * k,) for k in range(6)], workers=2, progress=seen.append) == list(range(6))
    assert seen == sorted(seen) and seen[-1] == 1.0


@pytest.mark.heavy
def test_processes_give_the_same_numbers():
    parameters = {"g": [0.3, 0.6, 0.9], "sigma": 1}
    here, beside = (sweep(*STATIC, parameters, workers=workers) for workers in (1, 2))
    assert saved(here) == saved(beside)


def dies_elsewhere(number):
    if parent_process() is not None:
        os._exit(1)
    return number**2


@pytest.mark.heavy
def test_work_goes_on_where_processes_die():
    with pytest.warns(RuntimeWarning, match="worker processes could not be used"):
        assert execute(dies_elsewhere, [(k,) for k in range(4)], workers=2) == [0, 1, 4, 9]


def raises(number):
    raise ZeroDivisionError(number)


@pytest.mark.heavy
def test_an_unforeseen_error_is_not_hidden():
    for workers in (1, 2):
        with pytest.raises(ZeroDivisionError):
            execute(raises, [(1,), (2,), (3,)], workers=workers)


def test_dask_that_is_missing(monkeypatch):
    monkeypatch.setattr("numerics.sweep.execute.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install 'quenched\\[dask\\]'"):
        sweep(*STATIC, {"g": [0.3, 0.6], "sigma": 1}, executor="dask://localhost:8786")
    with pytest.raises(InputError, match="executor 'dask://here' is unknown"):
        sweep(*STATIC, {"g": [0.3, 0.6], "sigma": 1}, executor="dask://here")


@pytest.mark.heavy
def test_dask():
    distributed = pytest.importorskip("distributed")
    parameters = {"g": [0.3, 0.6, 0.9], "sigma": 1}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address.replace("tcp", "dask")
        assert saved(sweep(*STATIC, parameters, executor=address)) == saved(sweep(*STATIC, parameters))
    with pytest.raises(InputError, match="no dask scheduler answers"):
        sweep(*STATIC, parameters, executor="dask://127.0.0.1:9")


# ---- simulated points --------------------------------------------------------------------------------------------------


def test_simulated_points():
    """Where N units can show the theory; errors over couplings; independent of how many points are solved around."""
    parameters = {"g": np.linspace(0.2, 3, 8), "sigma": 1}
    found = sweep(*STATIC, parameters, simulated=3, **SMALL, seed=5)
    indices = [point.index for point in found.simulations]
    assert len(indices) == 3 and np.all(found["stable"][indices]) and indices[0] == 0
    assert not np.any(found["stable"][indices[-1] + 1 :])
    value, error = found.simulated("Delta")
    assert np.isfinite(value).sum() == 3
    z = (value - found["Delta"])[indices] / error[indices]
    assert np.all(np.abs(z[:2]) < 8)  # four matrices: t with 3 degrees of freedom, false alarms 0.4% each
    again = sweep(*STATIC, parameters, simulated=3, **SMALL, seed=5)
    assert saved(again) == saved(found) != saved(sweep(*STATIC, parameters, simulated=3, **SMALL, seed=6))
    assert "simulated_D_x_error" in found.columns()
    data = found.to_dict()["simulation"]
    assert data["network"] == {**SMALL, "seed": 5} and data["points"][0]["g"] == pytest.approx(0.2)
    assert data["points"][0]["directions"] == pytest.approx(30 * found["D_phi"][0])


def test_nothing_to_simulate():
    found = sweep("dynamic", "tanh(x)", {"g": [1.1, 1.2]}, simulated=2, N=100)
    assert found.simulations == () and "no networks were simulated" in found.messages[0]


def test_few_directions(chaotic):
    """N PR at 100 units: 0.6 at g = 1.5, less than any network can have; 2 at g = 2, marked."""
    found = sweep("dynamic", "tanh(x)", {"g": [1.5, 2.0]}, simulated=2, N=100, couplings=2, samples=4, T=2, burn=5)
    (point,) = found.simulations
    assert point.index == 1 and point.few_directions
    assert point.directions == pytest.approx(100 * 0.0197406697057, rel=1e-9)
    assert any("finite-size effects are expected" in message for message in found.messages)
    assert found.to_dict()["simulation"]["points"][0]["finite_size_effects_expected"] is True


# ---- figures -----------------------------------------------------------------------------------------------------------


def test_panels():
    view = View(panels=(Panel(("a", "b"), "both"), Panel(("c",), "third")))
    assert view.panels_of(["b", "c", "d"]) == (Panel(("b",), "both"), Panel(("c",), "third"), Panel(("d",), ""))


def test_figure_that_cannot_be_drawn(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("numerics.files.find_spec", lambda name: None)
    words = ["static", "-a", "tanh(x)", "g=0.1:2:9", "sigma=1", "-o", str(tmp_path / "a.csv"), "--quantity", "E"]
    code, out, err = run(capsys, *words, "--plot", str(tmp_path / "a.gif"))
    assert (code, out) == (2, "") and list(tmp_path.iterdir()) == []  # before any work
    for part in (
        "must end in .png, .pdf or .svg",
        "pip install 'quenched[plot]'",
        "quantity 'E' is unknown; known: Delta, ",
    ):
        assert part in err


def test_figure(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    small = [f"{name}={value}" for name, value in SMALL.items()]
    words = ["static", "-a", "tanh(x)", "g=0.2:3:6", "sigma=1", *small, "simulate=2"]
    path = tmp_path / "a.svg"
    code, out, err = run(capsys, *words, "--plot", str(path), "--quantity", "D_x")
    drawn = path.read_text()
    assert (code, out) == (0, "") and "not stable" in err
    for part in (
        "participation dimension over N",
        "theory, N = 30",
        "theory, unstable",
        "simulated, N = 30",
        "coupling strength",
    ):
        assert part in drawn
    assert "fewer than" not in drawn and "variance" not in drawn


def test_figure_of_a_model_that_no_table_lists(chaotic, monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    from quenched.figures import figure

    plain = replace(find_treatment(chaotic.model), view=View())
    monkeypatch.setattr(figure, "find_treatment", lambda model: plain)
    figure.draw(chaotic, str(tmp_path / "a.svg"))
    drawn = (tmp_path / "a.svg").read_text()
    assert "Delta0" in drawn and "C_phi0" in drawn and "PR_x" not in drawn


def test_figure_of_a_map_and_of_few_directions(chaotic, tmp_path):
    pytest.importorskip("matplotlib")
    from quenched.figures.figure import draw

    grid = sweep(*STATIC, {"sigma": [0.5, 1.0], "g": [0.4, 3.0]})
    draw(grid, str(tmp_path / "map.png"))
    draw(
        sweep("dynamic", "tanh(x)", {"g": [0.9, 2.0]}, simulated=1, N=60, couplings=2, samples=4, T=2, burn=5),
        str(tmp_path / "c.svg"),
    )
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "fewer than 5 active directions" in (tmp_path / "c.svg").read_text()
    with pytest.raises(InputError, match="cannot write"):
        draw(grid, str(tmp_path / "map.png" / "inside.png"))
