"""Limits of attractor networks: every step holds, no altered result passes, and the numbers are those of the solver."""

import json
from math import sqrt

import pytest
from sympy import Rational

from numerics.solve.patterns import jacobian_of
from quenched import Solver
from quenched.cli import main
from tests.mutation import not_caught_steps
from theory.activation.activation import Activation
from theory.attractor import limits
from theory.attractor.powers import CV, AboveThreshold
from theory.attractor.symbols import alpha, b
from theory.attractor.weights import mean_gain
from theory.models import derive

LINES = {
    "smooth": "threshold_power(1,1/2,-1)",
    "power": "threshold_power(2,0,0)",
    "threshold": "threshold_power(3/2,0,1/2)",
    "constant gain": "2*x+1",
}
heavy = pytest.mark.heavy


def of(name):
    return limits.of_attractor(derive("attractor"), Activation.from_text(LINES[name]))


def by_title(name, words):
    (found,) = (limit for limit in of(name) if words in limit.title)
    return found


@pytest.mark.parametrize(
    "words", ["Small load", "Large load", "Necessary", "Small variation", "Power of", "Capacity", "ridge", "Noise"]
)
def test_no_altered_result_passes(words):
    steps = by_title("power", words).steps
    assert all(step.verify() for step in steps)
    assert all(step.is_read for step in steps)
    survivors, tried = not_caught_steps(steps)
    assert tried and not survivors, "\n".join(survivors)


@heavy
@pytest.mark.parametrize(
    ("name", "words"), [("constant gain", "Constant"), ("power", "Moments"), ("threshold", "Moments")]
)
def test_no_altered_result_of_an_activation_passes(name, words):
    steps = by_title(name, words).steps
    assert all(step.verify() for step in steps)
    survivors, tried = not_caught_steps(steps)
    assert tried >= 4 and not survivors, "\n".join(survivors)


def test_what_is_a_power_above_a_threshold():
    found = {text: AboveThreshold.of(Activation.from_text(text)) for text in (*LINES.values(), "tanh(x)", "relu(x)+1")}
    assert found["threshold_power(3/2,0,1/2)"] == AboveThreshold(1, Rational(3, 2), Rational(1, 2))
    assert found["2*x+1"] == AboveThreshold(2, 1, -Rational(1, 2))
    assert [text for text, one in found.items() if one is None] == [LINES["smooth"], "tanh(x)", "relu(x)+1"]


def test_limits_are_printed(capsys):
    assert main(["derive", "attractor", "-a", LINES["power"], "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["limits"]["rows"]
    assert ("outlier", "=", "2") in {(row["left"], row["relation"], row["right"]) for row in rows}
    assert len({row["section"] for row in rows}) > 10


@pytest.mark.parametrize("law", ["log-normal law", "gamma law"])
def test_moments_of_powers_are_the_solvers(law):
    solution = Solver("attractor", LINES["threshold"]).solve(
        alpha=0.1, CV=0.6, law=law.partition(" ")[0].replace("-", "")
    )
    laws = by_title("threshold", "Moments").under(law)
    values = {b: laws["b"], CV: Rational(3, 5)}
    found = {key: float(laws[key].subs(values).subs(values)) for key in ("b", "beta2", "mean_gain")}
    assert found == pytest.approx({key: solution.observables[key] for key in found}, rel=1e-9)
    assert float(laws["ubar"].subs(values)) == pytest.approx(solution.observables["row_sum"], rel=1e-9)


@pytest.mark.parametrize("variant", ["self", "noself"])
def test_edge_at_small_and_large_load(variant):
    solution = Solver("attractor", LINES["smooth"]).solve(alpha=0.1, CV=1, law="lognormal", variant=variant)
    jacobian = jacobian_of(Solver.of(solution), solution.parameters)
    gain, weight = jacobian.patterns.gain, jacobian.patterns.weight
    first, second = weight @ gain, weight @ gain**2
    share, v = jacobian.beta2 * second / (jacobian.b * first) ** 2, second / first**2 - 1
    small, large = by_title("smooth", "Small load").laws["edge - b <g>"], sqrt(jacobian.beta2 * second / 1e-9)
    at = {alpha: 1e-8, limits.share: share, limits.v: v, b: jacobian.b, mean_gain: first}
    assert jacobian.edge(1e-8)[0] - jacobian.b * first == pytest.approx(float(small.subs(at)), rel=1e-3)
    assert jacobian.edge(1 - 1e-9)[0] == pytest.approx(large, rel=2e-3)
