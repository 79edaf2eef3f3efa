"""Papers: every claim holds, and a claim that is wrong is caught."""

import dataclasses
import json

import mpmath
import pytest
from sympy import Rational

from derivations import catalogue, mato2025
from derivations.claims import Claim, Paper, check_paper, summary, verdict_table
from derivations.clark import numbers, sites
from derivations.clark.quantities import values
from derivations.comparison import PRECISELY, near, settled, tends_to
from derivations.mastrogiuseppe import chaos, loop, mean_field, targets
from derivations.mato import one_loop, powerlaws, quantities
from derivations.mato.quantities import GAMMA, POWER, matches, on_branch
from quenched.cli import main
from theory.averages.average import Average
from theory.errors import DomainError
from theory.symbols import Delta, eta, g, phi, x

CLAIMS = mato2025.PAPER.claims
PAPERS = [catalogue.find_paper(name) for name in catalogue.PAPERS]
SLOW = {
    "mato2025": (
        "simulation",
        "nine digits",
        "25 digits",
        "Delta = 10^16",
        "solutions at two",
        "tanh, erf, x/sqrt",
        "self-consistency and slope 1, 25",
        "approximant from the series of tanh; 25",
        "exact Wick enumeration to g^10",
        "the generated solver against",
        "derivation replayed: every step",
    ),
    "clark2023": (
        "simulation",
        "derivation replayed",
        "the generated solver",
        "tanh and erf",
        "solutions inserted",
        "two deriv",
    ),
    "mastrogiuseppe2019": (
        "simulation",
        "the generated",
        "the toolkit's solution",
        "zero of",
        "25 digits",
        "four decimals",
        "two derivations",
        "product of",
        "polynomial(1)",
    ),
    "cohen2025": ("the generated solver", "derivation replayed"),
    "tournoy2022": ("derivation replayed", "exactly, on", "counterexamples among", "random rows"),
}
"""Beginnings of the words that say how a claim is checked, for those that take a second or more."""


def precisely(check):
    return settled(check, PRECISELY)


def _marked(paper, claim):
    heavy = pytest.mark.heavy if claim.how.startswith(SLOW[paper.name]) else ()
    return pytest.param(claim, marks=heavy, id=f"{paper.name}-{claim.number}")


@pytest.mark.parametrize("claim", [_marked(paper, claim) for paper in PAPERS for claim in paper.claims])
def test_claim_holds(claim):
    assert claim.check() is True


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)
def test_the_table_is_complete(paper):
    claims = paper.claims
    assert len(claims) > 10
    assert [claim.number for claim in claims] == list(range(1, len(claims) + 1))
    assert len({claim.statement for claim in claims}) == len(claims)
    assert all(claim.how and claim.reference == paper.reference for claim in claims)
    identifiers = {
        "mato2025": "2510.21742",
        "clark2023": "PRL 131 118401",
        "mastrogiuseppe2019": "1809.02386",
        "cohen2025": "2507.10383",
        "tournoy2022": "2210.03241",
    }
    assert identifiers[paper.name] in paper.reference


WRONG = {
    "tadpole without the factor 1/2": matches("c1_phi", 2 * one_loop.C1_PHI),
    "tadpole of x without that of phi": matches("c1_x", 2 * Delta * one_loop.SLOPE / (1 - one_loop.SLOPE)),
    "stability with <phi'>^2": matches("stability", g**2 * Average(phi(x), 1) ** 2),
    "D_phi without the square": matches("D_phi", 1 - GAMMA),
    "covariance of x without the factor 2": matches(
        "n_var_cov_x",
        (g**2 * POWER) ** 2 / (1 - GAMMA) ** 2 + GAMMA * Delta**2 / (1 - GAMMA),
    ),
    "power law with s^2": precisely(lambda: powerlaws.power_law(lambda p, s: {"slope": p * s**2})),
    "power law off in the 20th digit": precisely(
        lambda: powerlaws.power_law(lambda p, s: {"slope": p * s * (1 + mpmath.mpf(10) ** -20)})
    ),
    "Pade with a = 2/5": precisely(lambda: powerlaws.pade("x/(1+x^2/3)", "1, 2", Rational(2, 5), Rational(0))),
    "gamma of tanh tends to 1/2": precisely(
        lambda: tends_to(lambda v: on_branch("D_phi", "tanh(x)", v), mpmath.mpf(1) / 4, Rational(1, 2))
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_claim_fails(name):
    assert WRONG[name]() is False


def test_wrong_pair_spectra_fail(monkeypatch):
    """Another factor in the engine's pair spectra, and the claims on them do not hold."""
    right = sites.pair_spectrum
    monkeypatch.setattr(sites, "pair_spectrum", lambda name: right(name) * (1 + eta * g**2))
    assert not sites._symmetric_limit() and sites._independent()
    monkeypatch.setattr(sites, "pair_spectrum", lambda name: right(name) * (1 + g**2))
    assert not sites._independent() and not sites._one_frequency()


def test_wrong_numbers_fail(monkeypatch):
    """A dimension that is off by 2e-9."""
    monkeypatch.setattr(
        numbers, "values", lambda *given, **more: {k: v * (1 + 2e-9) for k, v in values(*given, **more).items()}
    )
    assert not numbers._white_noise()


def test_wrong_outliers_fail(monkeypatch):
    """Another factor in one entry of the engine's outlier equation, and the claims on it do not hold."""
    right = loop.equation()
    wrong = dataclasses.replace(right, trace=right.trace + right.slope)
    monkeypatch.setattr(loop, "equation", lambda: wrong)
    assert not mean_field._outlier_equation() and not mean_field._authors_matrix() and not mean_field._target()
    assert not mean_field._transfer() and not mean_field._stable_below_one()


def test_a_wrong_amplitude_fails(monkeypatch):
    """(M2) without the gain: the amplitude that matches the target is not the claimed one."""
    right = loop.equation()
    wrong = dataclasses.replace(right, readout=right.readout / loop.Q)
    monkeypatch.setattr(loop, "equation", lambda: wrong)
    statements = {row[0][:4]: row[2] for row in mean_field.claims}
    assert statements["(M1)"]() and not statements["(M2)"]() and not statements["(M3)"]()


@pytest.mark.heavy
def test_wrong_patterns_of_states_fail(monkeypatch):
    """A state too few, or one of the wrong stability, and no class of readouts is what it is claimed to be."""
    right = loop.states
    monkeypatch.setattr(loop, "states", lambda *given: right(*given)[:-1])
    checks = {statement.split(":")[0]: check for statement, _, check in targets.claims}
    unstable, beyond = (checks[f"Loop and input, {where}"] for where in ("A_c < A < flex", "A < A_c"))
    assert not targets._always_bistable() and not unstable() and not beyond()

    def flipped(*given):
        return tuple(dataclasses.replace(point, stable=not point.stable) for point in right(*given))

    monkeypatch.setattr(loop, "states", flipped)
    positive, between = (checks[f"Loop and input, {where}"] for where in ("A > 0", "flex < A < 0"))
    assert not targets._monostable() and not positive() and not between()


@pytest.mark.heavy
def test_wrong_special_targets_fail(monkeypatch):
    """A_c off in the tenth decimal, the edge of chaos in the eighth."""
    ((geometry, (flex, A_c, C_c, A_b)), *_) = targets.TABLE
    monkeypatch.setattr(targets, "TABLE", ((geometry, (flex, A_c + 2e-10, C_c, A_b)),))
    monkeypatch.setattr(targets, "EDGES", {strength: edge + 2e-8 for strength, edge in targets.EDGES.items()})
    assert not targets._table() and not targets._edges()


def test_a_wrong_chaotic_state_fails(monkeypatch):
    """The frozen variance off in the ninth decimal; and equations that know a state from its neighbour."""
    drive, (total, frozen) = next(iter(chaos.OPEN.items()))
    monkeypatch.setattr(chaos, "OPEN", {drive: (total, frozen + 1e-9)})
    assert not chaos._open_loop()
    total, frozen = 2.9218794323, 2.4595853594
    right = chaos._both_equations(2.0, 0.6, total, frozen)
    covariance, _ = chaos._both_equations(2.0, 0.6, total, frozen + 1e-5)
    _, energy = chaos._both_equations(2.0, 0.6, total + 1e-5, frozen)
    assert max(map(abs, right)) < 1e-9 < min(abs(covariance), abs(energy))


def _paper(*checks):
    claims = [Claim(n, f"claim {n}", "by hand", "nobody 2025", check) for n, check in enumerate(checks, 1)]
    return Paper("toy", "A toy", "nobody 2025", tuple(claims), ("the rest",))


def test_a_check_that_compares_nothing_does_not_hold():
    assert settled(lambda: iter([True, True]))() is True
    assert settled(lambda: [])() is False and settled(lambda: (value for value in (True, False, True)))() is False
    assert not near([1.0], [1.0, 1.0], 1.0) and not near(float("nan"), 1.0, 1.0, 1.0) and not near([], [1.0], 1.0)
    assert near({"a": 1.0, "b": 2.0}, {"b": 2.1}, 0.05) and not near({"b": 2.0}, {"b": 2.1}, 0.04, 0.08)


def test_verdicts_and_table():
    paper = _paper(lambda: True, lambda: False, lambda: True)
    seen = []
    verdicts = check_paper(paper, seen.append)
    assert [v.holds for v in verdicts] == [True, False, True]
    assert all(v.seconds >= 0 for v in verdicts)
    assert seen[-1] == 1 and sorted(seen) == seen
    assert summary(verdicts) == "1 of 3 claims do not hold: 2"
    table = verdict_table(paper, verdicts)
    assert table.count("holds (") == 2 and table.count("FAILS (") == 1
    assert table.endswith("Not covered yet:\n  - the rest")


def test_a_claim_that_cannot_be_checked_does_not_hold():
    def refuses():
        raise DomainError("the average is not defined")

    paper = _paper(lambda: True, refuses)
    verdicts = check_paper(paper)
    assert [v.holds for v in verdicts] == [True, False]
    assert "FAILS: the average is not defined" in verdict_table(paper, verdicts)


@pytest.mark.parametrize("holds", [True, False])
def test_exit_code_of_check(monkeypatch, capsys, holds):
    toy = _paper(lambda: True, lambda: holds)
    monkeypatch.setattr(catalogue, "find_paper", lambda name: toy)
    assert main(["check", "toy"]) == (0 if holds else 1)
    assert ("All 2 claims hold." in capsys.readouterr().out) is holds
    assert main(["check", "toy", "--json"]) == (0 if holds else 1)
    out, err = capsys.readouterr()
    data = json.loads(out)
    assert err == ""
    assert set(data) == {"paper", "title", "reference", "ok", "claims", "not_covered"}
    assert data["ok"] is holds
    assert [claim["holds"] for claim in data["claims"]] == [True, holds]


def test_a_changed_theory_is_caught(monkeypatch):
    """The claims look at what the engine derives: with another factor in the theory, the right formula fails."""
    theory = quantities.derive("static")
    wrong = dataclasses.replace(theory.observables["D_phi"], expression=1 - GAMMA)
    changed = dataclasses.replace(theory, observables={**theory.observables, "D_phi": wrong})
    monkeypatch.setattr(quantities, "derive", lambda model: changed)
    symbolic = [claim for claim in CLAIMS if claim.number <= 10]
    failed = {claim.number for claim in symbolic if not claim.check()}
    assert failed == {5, 7, 8, 10}


def test_what_is_open_is_said(capsys):
    assert main(["check", "unheard2020"]) == 2
    assert "available: mato2025, clark2023" in capsys.readouterr().err
    text = " ".join(mato2025.PAPER.not_covered)
    assert "not odd" in text and "p <= 1/2" in text
