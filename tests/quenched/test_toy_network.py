"""A model is added, not woven in: a network that no file of the toolkit knows gets every command from its declaration here."""

import json

import numpy as np
import pytest
from sympy import Eq

from numerics.models import add_treatment
from numerics.simulate.sample import Sample
from numerics.treatment import Simulator, Treatment
from quenched.cli import main
from theory.derivation import Derivation, Replay, Step
from theory.equations import SelfConsistency
from theory.interval import Interval
from theory.model import Model, Parameter
from theory.symbols import Delta, g
from theory.theory import Condition, Quantity, Theory

G = Parameter("g", "coupling strength", Interval.NONNEGATIVE)
S = Parameter("s", "standard deviation over units of the input h_i", Interval.POSITIVE)


def linear_theory(model, odd):
    """J x has variance g^2 Delta, independent of h; the condition is that of a geometric series in g^2."""
    right = S.symbol**2 + g**2 * Delta
    steps = (
        Step("Variances add", "independence", right, Eq(Delta, right), check=Replay(lambda e: Eq(Delta, e))),
        Step("Slope", "derivative", right, g**2, check=Replay(lambda e: e.diff(Delta))),
    )
    variance = {"Delta": Quantity("Delta", Delta, "variance of x over units", "a textbook")}
    condition = Condition("radius", g**2, "activity grows without bound")
    return Theory(
        model, SelfConsistency(Delta, right, g), variance, {}, (condition,), Derivation("Linear network", steps)
    )


def simulate_linear(phi, parameters, *, N, couplings, seed, **_):
    """Mean squares over the units of networks."""
    random = np.random.default_rng(seed)
    J, h = (random.normal(0, parameters[p], (couplings, N, n)) for p, n in (("g", N), ("s", 1)))
    x = np.linalg.solve(np.eye(N) - J / N**0.5, h)
    return Sample(N, couplings, 1, seed, parameters, np.zeros(couplings), {"Delta": np.mean(x**2, axis=(1, 2))})


LINEAR = Model("line", "x_i = sum_j J_ij x_j + h_i", (G, S), "a textbook", linear_theory, needs_activation=False)
add_treatment(Treatment(LINEAR, Simulator(simulate_linear)))
WORDS = ["line", "g=1/2", "s=2"]


def test_every_command(capsys, tmp_path):
    assert main(["solve", *WORDS, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["order_parameters"]["Delta"] == pytest.approx(4 / 0.75, rel=1e-14) and data["activation"] is None
    assert main(["derive", "line", "--steps"]) == 0 and "2 steps: 2 machine-checked" in capsys.readouterr().out
    assert main(["emit", "line", "-o", str(tmp_path / "line.py")]) == 0
    assert main(["simulate", *WORDS, "N=50", "couplings=20", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["diagnostics"]["couplings"] == 20
    assert main(["validate", *WORDS]) == 0 and "agree" in capsys.readouterr().out
    assert main(["sweep", "line", "s=1", "g=0:0.9:4", "-o", str(tmp_path / "line.csv")]) == 0
    assert (tmp_path / "line.csv").read_text().startswith("g,s,Delta,")
    with pytest.raises(SystemExit):
        main(["solve", "line", "--help"])
    assert S.meaning in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    {"s=0 g=1": "s must be a number > 0", "g=1": "s is missing", "g=2 s=1": "solutions exist for g < 1"}.items(),
)
def test_refusals(capsys, words, sentence):
    assert main(["solve", "line", *words.split()]) == 2 and sentence in capsys.readouterr().err
    assert main(["solve", *WORDS, "-a", "tanh(x)"]) == 2 and "has no activation" in capsys.readouterr().err
