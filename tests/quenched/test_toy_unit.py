"""A model without activation and without couplings: one unit at rest, dx/dt = -x + h."""

import json

import pytest
from sympy import Eq

from numerics.models import add_treatment
from numerics.simulate.sample import single_run
from numerics.treatment import Simulator, Treatment
from quenched.cli import main
from theory.derivation import Derivation, Replay, Step
from theory.equations import SelfConsistency
from theory.interval import Interval
from theory.model import Model, Parameter
from theory.symbols import Delta
from theory.theory import Quantity, Theory

H = Parameter("h", "input", Interval.POSITIVE)


def theory(model, odd):
    """x = h."""
    square = H.symbol**2
    steps = (
        Step("At rest x = h", "square", H.symbol, Eq(Delta, square), check=Replay(lambda h: Eq(Delta, h**2))),
        Step("No feedback", "derivative", square, square.diff(Delta), check=Replay(lambda right: right.diff(Delta))),
    )
    key = {"Delta": Quantity("Delta", Delta, "square of x at rest")}
    return Theory(model, SelfConsistency(Delta, square, H.symbol), key, {}, (), Derivation("One unit", steps))


UNIT = Model("unit", "dx/dt = -x + h", (H,), "a textbook", theory, needs_activation=False, needs_couplings=False)
REST = Simulator(lambda parameters, **_: single_run(parameters, {"Delta": parameters["h"] ** 2}))
add_treatment(Treatment(UNIT, REST))


@pytest.mark.parametrize("command", ["solve", "simulate", "validate"])
def test_commands(capsys, command):
    assert main([command, "unit", "h=3/2", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["order_parameters"]["Delta"] == pytest.approx(2.25, rel=1e-14) and data["activation"] is None
    assert main([command, "unit", "h=3/2"]) == 0 and "Delta" in capsys.readouterr().out


def test_what_needs_no_numbers(capsys, tmp_path):
    assert main(["derive", "unit", "--steps"]) == 0 and "dx/dt = -x + h" in capsys.readouterr().out
    assert main(["emit", "unit"]) == 0 and "def phi" not in capsys.readouterr().out
    assert main(["sweep", "unit", "h=1:3:3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["order_parameters"]["Delta"] == pytest.approx([1, 4, 9], rel=1e-14)


def test_there_is_no_N(capsys):
    assert main(["simulate", "unit", "h=1", "N=100"]) == 2 and "unknown parameter 'N'" in capsys.readouterr().err
