"""Models declared outside the toolkit: a changed theory is a new module, names and processes are looked after."""

from dataclasses import replace

import pytest

import quenched
from quenched.cli import main
from tests.quenched.test_toy_network import LINEAR, S, linear_theory, simulate_linear
from theory.errors import InputError
from theory.models import NAMES
from theory.symbols import Delta, g


def added(**changes):
    treatment = quenched.Treatment(replace(LINEAR, **changes), quenched.Simulator(simulate_linear))
    quenched.add_treatment(treatment)
    return quenched.Solver(treatment.model.name)


def wrong_theory(model, odd):
    """With a tenth too much of what the couplings give."""
    theory = linear_theory(model, odd)
    right = S.symbol**2 + g**2 * Delta * 3 / 2
    return replace(theory, equation=replace(theory.equation, right=right))


def test_a_changed_theory_is_solved_anew(capsys):
    right, wrong = added(), added(derive_theory=wrong_theory)
    values = [solver.solve(g=0.5, s=2.0).order_parameters["Delta"] for solver in (right, wrong, added())]
    assert values == pytest.approx([4 / 0.75, 4 / 0.625, 4 / 0.75], rel=1e-14)
    added(derive_theory=wrong_theory)
    assert main(["validate", "line", "g=1/2", "s=2"]) == 1 and "disagree" in capsys.readouterr().out
    added()


@pytest.mark.parametrize("name", NAMES)
def test_names_of_the_toolkit_are_taken(name):
    with pytest.raises(InputError, match=f"the name {name} is taken"):
        added(name=name)


@pytest.mark.parametrize("name", ["x", "Delta", "tau", "phi"])
def test_parameters_are_no_symbols_of_the_site(name):
    with pytest.raises(InputError, match=f"the parameter {name} of line has the name of a symbol of formulas"):
        added(parameters=(*LINEAR.parameters, quenched.Parameter(name, "an input")))


def test_sweeps_stay_in_this_process():
    added()
    with pytest.raises(InputError, match="other processes do not know it"):
        quenched.sweep("line", None, {"g": [0.1, 0.2], "s": 1.0}, workers=2)
    swept = quenched.sweep("line", None, {"g": [0.1, 0.2], "s": 1.0}, simulated=2, N=30, couplings=4)
    assert len(swept.simulations) == 2 and swept.solved == 2


@pytest.mark.parametrize("name", ["C", "z", "smI", "np"])
def test_names_that_formulas_use_are_refused(name):
    text = f"x/(1+{name}*x^2) where {name}>0"
    with pytest.raises(InputError, match=f"the parameter {name} of the activation has a name that formulas"):
        quenched.Solver("feedback", text)
