"""The harness of the claims on threshold networks: wrong theorems fail, true statements are not refuted."""

from dataclasses import replace
from fractions import Fraction

import pytest

from derivations.catalogue import find_paper
from derivations.tournoy import motion, refuted, states
from derivations.tournoy.instances import Refutations, Theorems, drawing, survey
from theory.threshold.network import ThresholdNetwork


def claims(part, words):
    """Checks of one part whose statement has these words."""
    return [check for statement, _, check in part.claims if words in statement]


def test_every_subject_of_the_abstract_has_claims_and_nine_statements_are_refuted():
    statements = [claim.statement for claim in find_paper("tournoy2022").claims]
    for subject in (
        "Each region",
        "Topology",
        "Sign stability",
        "Semipositivity",
        "Factorization",
        "Completion",
        "Coupling",
    ):
        assert any(statement.startswith(subject) for statement in statements)
    assert sum(statement.startswith("False: ") for statement in statements) == 9


def test_a_statement_that_is_not_always_true_is_no_theorem():
    theorems = Theorems()
    theorems.on(drawing(sizes=(2, 4)), "there is a stable state", count=40, least=20)(
        lambda units: bool(states.stable(units))
    )
    theorems.on(drawing(sizes=(2, 4)), "nothing is said", count=40, least=20)(lambda units: None)
    assert [check() for _, _, check in theorems] == [False, False]


def test_a_true_statement_is_not_refuted_and_a_counterexample_must_be_one():
    refutations = Refutations()
    refutations.on(drawing(), "true", lambda units: True, count=20)(lambda units: True)
    refutations.on(drawing(), "not confirmed", lambda units: False, count=20)(lambda units: units.b[0] > 0)
    refutations.on(drawing(), "never true", lambda units: True, count=20)(lambda units: False)
    assert [check() for _, _, check in refutations] == [False, False, False]


def test_instances_are_the_same_every_time():
    found = [survey(lambda units: units.b[0] > 0, drawing(), 10).counterexamples for _ in range(2)]
    assert found[0] == found[1] and 0 < len(found[0]) < 10


WRONG = {
    "robustness without the bias": (
        states._robustness,
        drawing(sizes=(2, 6)),
        "certificate",
        lambda right: (
            lambda self, s: replace((c := right(self, s)), robustness=c.robustness * (sum(s) + 1) / max(1, sum(s)))
        ),
    ),
    "radius of correction": (
        states._correction,
        drawing(sizes=(2, 6)),
        "certificate",
        lambda right: lambda self, s: replace((c := right(self, s)), correction=c.correction + 1),
    ),
    "fields without biases": (
        states._enumeration,
        drawing(sizes=(2, 4)),
        "fields",
        lambda right: lambda self, s: right(replace(self, b=(Fraction(0),) * self.N), s),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_engine_has_counterexamples(name, monkeypatch):
    statement, draw, method, wrong = WRONG[name]
    monkeypatch.setattr(ThresholdNetwork, method, wrong(getattr(ThresholdNetwork, method)))
    states.stable.cache_clear()
    assert survey(statement, draw, 30).counterexamples


def test_some_claims_of_each_part():
    for part, words in ((motion, "Two units in a negative loop"), (refuted, "every network has a stable state")):
        (check,) = claims(part, words)
        assert check() is True
