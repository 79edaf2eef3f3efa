"""The emitted module stands alone, and the toolkit runs it and certifies what it says."""

import json
import subprocess
import sys

import pytest

from numerics.codegen.module import emit
from numerics.solve import threshold
from numerics.solve.solver import Solver
from numerics.threshold.states import stable_states
from theory.activation.activation import NO_ACTIVATION
from theory.errors import InputError
from theory.models.threshold import THRESHOLD
from theory.threshold.network import ThresholdNetwork, state_of

TOGGLE = ThresholdNetwork.of([[0, -1], [-1, 0]], ["1/2", "1/2"])


def test_it_runs_without_the_toolkit(tmp_path):
    text = emit(THRESHOLD.derive(), NO_ACTIVATION).text
    (tmp_path / "states.py").write_text(text)
    code = "import states, sys, json; print(json.dumps([states.solve([[0, -1], [-1, 0]], ['1/2', 0.5]), 'sympy' in sys.modules]))"
    run = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {code}"], cwd=tmp_path, **PIPES
    )
    assert json.loads(run.stdout) == [
        {"stable": ["01", "10"], "marginal": [], "method": "brute", "complete": True, "marginal_complete": True},
        False,
    ]
    assert "h_i = " in text and "numerics" not in text and "CONTROL = ''" in text


PIPES = {"capture_output": True, "text": True, "check": True}


def test_the_solution_certifies_its_states():
    data = Solver("threshold").solve(network=TOGGLE).to_dict()
    assert data["stable"] == ["01", "10"] and data["marginal"] == [] and data["complete"] and data["method"] == "brute"
    assert data["order_parameters"] == {"stable_count": 2}
    assert data["observables"]["marginal_count"] == 0 and data["observables"]["robustness"] == 0.25
    assert data["W"] == [["0", "-1"], ["-1", "0"]] and data["b"] == ["1/2", "1/2"]
    assert data["certificates"] == [TOGGLE.certificate(state_of(text)).data for text in data["stable"]]
    json.dumps(data)


def test_what_is_not_proved_is_said():
    solver = Solver("threshold")
    for method, said in (("milp", "floating point"), ("cooperative", "least and the greatest")):
        solution = solver.solve(network=TOGGLE, method=method)
        assert not solution.data["complete"] and any(said in message for message in solution.messages)
        assert any("may not be all" in row for row in solution.rows)
    spiral = ThresholdNetwork.of([[0, 1], [-1, 0]], ["-1/2", "1/2"])
    none = solver.solve(network=spiral)
    assert none.order_parameters["stable_count"] == 0 and "  none" in none.rows and none.data["complete"]
    with pytest.raises(InputError, match="rank 1"):
        solver.solve(network=spiral, method="sweep")


def test_of_many_states_few_are_certified(monkeypatch):
    monkeypatch.setattr(threshold, "MOST_CERTIFIED", 3)
    rows = [[3, 0, 0], [0, 3, 0], [0, 0, "5/2"]]
    solution = Solver("threshold").solve(network=ThresholdNetwork.of(rows, [-1, -1, "-3/2"]))
    assert len(solution.data["certificates"]) == 3 and len(solution.data["stable"]) == 8
    assert solution.observables["robustness"] == 0.25  # of 111, the last one
    assert any("first 3 stable states" in message for message in solution.messages)


def test_the_library_and_the_module_agree():
    found = stable_states(TOGGLE)
    assert found.stable == ((0, 1), (1, 0)) and found.complete and found.marginal == ()
    with pytest.raises(InputError, match="none of"):
        stable_states(TOGGLE, "guess")
