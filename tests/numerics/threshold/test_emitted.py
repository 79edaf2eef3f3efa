"""The emitted module stands alone, and the toolkit runs it and certifies what it says."""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
from sympy import Eq, Symbol

from numerics.codegen.module import emit
from numerics.models import add_treatment
from numerics.solve.solver import Solver
from numerics.threshold.states import stable_states
from numerics.treatment import Treatment
from theory.activation.activation import NO_ACTIVATION
from theory.derivation import Derivation, Replay, Step
from theory.errors import InputError
from theory.lazy import Later
from theory.model import Choice, FileParameter, Model
from theory.theory import Quantity, Theory
from theory.threshold.network import ThresholdNetwork, state_of

h, field = Symbol("h"), Symbol("W") * Symbol("s") + Symbol("b")


@dataclass(frozen=True)
class Field:
    """An equation without a parameter that is turned up."""

    unknown: Symbol = h
    control: None = None
    symbols: tuple = (h,)
    expressions: tuple = ()
    statements: tuple = (("h", field, "field"),)
    notation: str = "s is a state of 0 and 1"


def theory(model, odd):
    steps = (Step("Field", "definition", field, Eq(h, field), check=Replay(lambda right: Eq(h, right))),)
    keys = ("stable_count", "marginal_count", "robustness")
    found = {key: Quantity(key, Symbol(key), key, undefined="there is none") for key in keys}
    return Theory(model, Field(), found, {}, (), Derivation("Fields", steps))


UNITS = Model(
    "units",
    "dy/dt = -y + W H(y) + b",
    (FileParameter("network", "weights", read=lambda parameter, given: given),),
    "a textbook",
    theory,
    choices=(Choice("method", "how", ("auto", "brute", "tree", "sweep", "cooperative", "milp"), default="auto"),),
    needs_activation=False,
    needs_couplings=False,
)
add_treatment(Treatment(UNITS, method=Later("numerics.solve.threshold:THRESHOLD")))
TOGGLE = ThresholdNetwork.of([[0, -1], [-1, 0]], ["1/2", "1/2"])


def test_it_runs_without_the_toolkit(tmp_path):
    text = emit(UNITS.derive(), NO_ACTIVATION).text
    (tmp_path / "states.py").write_text(text)
    code = "import states, sys, json; print(json.dumps([states.solve([[0, -1], [-1, 0]], ['1/2', 0.5]), 'sympy' in sys.modules]))"
    run = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {code}"], cwd=tmp_path, **PIPES
    )
    assert json.loads(run.stdout) == [
        {"stable": ["01", "10"], "marginal": [], "method": "brute", "complete": True, "marginal_complete": True},
        False,
    ]
    assert "h = W*s + b" in text and "numerics" not in text and "CONTROL = ''" in text


PIPES = {"capture_output": True, "text": True, "check": True}


def test_the_solution_certifies_its_states():
    data = Solver("units").solve(network=TOGGLE).to_dict()
    assert data["stable"] == ["01", "10"] and data["marginal"] == [] and data["complete"] and data["method"] == "brute"
    assert data["order_parameters"] == {"stable_count": 2, "marginal_count": 0, "robustness": 0.25}
    assert data["W"] == [["0", "-1"], ["-1", "0"]] and data["b"] == ["1/2", "1/2"]
    assert data["certificates"] == [TOGGLE.certificate(state_of(text)).data for text in data["stable"]]
    json.dumps(data)


def test_what_is_not_proved_is_said():
    solver = Solver("units")
    for method, said in (("milp", "floating point"), ("cooperative", "least and the greatest")):
        solution = solver.solve(network=TOGGLE, method=method)
        assert not solution.data["complete"] and any(said in message for message in solution.messages)
        assert any("may not be all" in row for row in solution.rows)
    spiral = ThresholdNetwork.of([[0, 1], [-1, 0]], ["-1/2", "1/2"])
    none = solver.solve(network=spiral)
    assert none.order_parameters["stable_count"] == 0 and "  none" in none.rows and none.data["complete"]
    with pytest.raises(InputError, match="rank 1"):
        solver.solve(network=spiral, method="sweep")


def test_the_library_and_the_module_agree():
    found = stable_states(TOGGLE)
    assert found.stable == ((0, 1), (1, 0)) and found.complete and found.marginal == ()
    with pytest.raises(InputError, match="none of"):
        stable_states(TOGGLE, "guess")
