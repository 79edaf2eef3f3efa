"""The activation at which the critical load is largest, against a grid; and what is not called an optimum."""

import json

import numpy as np
import pytest

from numerics.solve.optimum import optimum
from numerics.solve.patterns import critical_load
from quenched import InputError, Solver
from quenched.cli import main

RATES = (0.3, 0.8, 2.5)
LAW = {"alpha": 0.1, "law": "samples", "samples": RATES}
NOISY = "threshold_power(n,s,h) where n>0, s>0, h"


def best(*vary, text=NOISY, **values):
    own = {"n": 0.9, "s": 1, "h": -1} if text == NOISY else {}
    return optimum(Solver("attractor", text).solve(**{**own, **LAW, **values}), vary, "alpha_S", critical_load)


@pytest.mark.heavy
def test_the_optimal_exponent_is_the_best_of_a_grid():
    found, solver = best("n"), Solver("attractor", NOISY)
    assert not found.reason
    grid = found.parameters["n"] * np.linspace(0.9, 1.1, 9)  # the optimum is in the middle
    loads = [solver.solve(n=n, s=1, h=-1, **LAW).observables["alpha_S"] for n in grid]
    assert np.argmax(loads) == 4 and loads[4] == pytest.approx(found.value, rel=1e-12)
    assert min(loads[4] - loads[3], loads[4] - loads[5]) > 1e-5


@pytest.mark.heavy
def test_the_search_starts_where_nothing_is_stable():
    assert best("n", n=1.25).value == pytest.approx(best("n").value, rel=1e-6)


@pytest.mark.parametrize(
    ("vary", "text", "values", "reason"),
    [
        pytest.param("h", NOISY, {}, "does not change with h", marks=pytest.mark.heavy),
        ("d", "threshold_power(1+d,s,-1) where d>=0, s>0", {"d": 0.05, "s": 1.0}, "d at an edge"),
        ("c", "c*x where c>0", {"c": 1.0}, "is 0 wherever"),
    ],
)
def test_what_is_no_optimum(vary, text, values, reason):
    assert reason in best(vary, text=text, **values).reason


@pytest.mark.heavy
def test_the_largest_gains_of_the_law_decide_beyond_exponent_1():
    whole = {"law": "lognormal", "CV": 1, "alpha": 0.1}
    solver = Solver("attractor", NOISY)
    found = [
        optimum(solver.solve(n=1, s=0.5, h=-1, units=units, **whole), ["n", "s"], "alpha_S", critical_load)
        for units in (0, 1000)
    ]
    assert "not resolved next to it" in found[0].reason and not found[1].reason
    assert found[1].value == pytest.approx(0.225149, abs=2e-6)
    at = found[1].parameters
    loads = np.array(
        [
            [solver.solve(n=n, s=s, h=-1, units=1000, **whole).observables["alpha_S"] for s in at["s"] * factors]
            for factors in [np.geomspace(0.8, 1.25, 7)]
            for n in at["n"] * np.linspace(0.94, 1.06, 7)
        ]
    )
    assert np.unravel_index(np.argmax(loads), loads.shape) == (3, 3)


def test_command_line(capsys, tmp_path):
    file = tmp_path / "rates.txt"
    file.write_text("\n".join(map(str, RATES)))
    words = ["solve", "attractor", "-a", NOISY, "n=0.9", "s=1", "h=-1", "alpha=0.1", "law=samples", f"samples={file}"]
    assert main([*words, "--best", "n", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["best"]
    assert found["optimum"] and found["mechanism"] == "bulk" and set(found["parameters"]) == {"n"}
    assert main([*words, "--best", "q"]) == 2
    assert "best q: no parameter of the activation; the activation has h, n, s" in capsys.readouterr().err
    with pytest.raises(InputError, match="give every parameter once"):
        best("s", "s")
