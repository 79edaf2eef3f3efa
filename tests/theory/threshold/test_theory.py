"""The argument for threshold networks: every step holds and reads its result, and an altered engine is caught."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from sympy import S, Symbol

from tests.mutation import altered_parts, engine_altered, fails, not_caught_steps
from tests.random_threshold import network, state
from theory.models import derive
from theory.threshold import motion, states
from theory.threshold.generic import written_out


def theory():
    return derive("threshold")


def test_it_holds():
    theory().check()
    assert len(theory().derivation) >= 50 and all(step.check is not None for step in theory().derivation)


def test_every_step_reads_its_result():
    survivors, tried = not_caught_steps(theory().derivation)
    assert tried >= 150
    assert not survivors, "\n".join(survivors)


def test_everything_stated_is_shown():
    whole = theory()
    assert whole.unshown == ()
    mutants = list(altered_parts(whole, random.Random(1), 40))
    assert len(mutants) >= 100
    assert [how for how, mutant in mutants if not mutant.unshown] == []


def _times(factor):
    """Fields, or another vector of numbers, multiplied."""
    return lambda function: lambda *args: tuple(factor * x for x in function(*args))


def _transposed(fields):
    return lambda self, state: fields(replace(self, W=tuple(zip(*self.W, strict=True))), state)


def _of(change):
    return lambda attribute: property(lambda self: change(attribute.fget(self)))


NETWORK, FILIPPOV, CYCLES = "theory.threshold.network", "theory.threshold.filippov", "theory.threshold.cycles"
ENGINE = {
    "fields doubled": (f"{NETWORK}:ThresholdNetwork.fields", _times(2)),
    "sign of fields": (f"{NETWORK}:ThresholdNetwork.fields", _times(-1)),
    "weights transposed": (f"{NETWORK}:ThresholdNetwork.fields", _transposed),
    "bias lost": (
        f"{NETWORK}:ThresholdNetwork.fields",
        lambda fields: lambda self, state: fields(replace(self, b=(S.Zero,) * self.N), state),
    ),
    "energy doubled": ("theory.threshold.completion:Energy.__call__", lambda E: lambda self, u: 2 * E(self, u)),
    "a solution of the box problem lost": (f"{FILIPPOV}:box_solutions", lambda f: lambda *args: f(*args)[1:]),
    "indices of sliding equilibria": (
        f"{FILIPPOV}:box_solutions",
        lambda f: (
            lambda *args: tuple(replace(s, index=-s.index) if any(0 < x < 1 for x in s.u) else s for s in f(*args))
        ),
    ),
    "period of a part": (f"{CYCLES}:Recurrence.period", _of(lambda period: period / 6)),
    "multipliers of a turn": (f"{CYCLES}:Recurrence.multipliers", _of(lambda found: tuple(m**6 for m in found))),
    "no cone": (f"{CYCLES}:ReturnMap.cone", lambda cone: lambda self, y: None),
    "everything is feasible": (
        "theory.threshold.simplex:feasible",
        lambda f: lambda rows, signs=None: f([rows[0]], None),
    ),
    "signs of weights ignored": ("theory.threshold.simplex:feasible", lambda f: lambda rows, signs=None: f(rows)),
}


QUICK = ("fields doubled", "weights transposed", "bias lost", "indices of sliding equilibria", "no cone")


@pytest.mark.parametrize(
    "altered", [pytest.param(name, marks=() if name in QUICK else pytest.mark.heavy) for name in ENGINE]
)
def test_an_altered_engine_is_caught(altered):
    with engine_altered(*ENGINE[altered]):
        assert fails(theory)


def test_statements_are_what_certificates_say():
    """Margins and robustness from the formulas, for three units with numbers."""
    draw = random.Random(4)
    for _ in range(20):
        units, at = network(draw, 3), state(draw, 3)
        numbers = {
            Symbol(f"W_{k + 1}{j + 1}", real=True): S(w) for k, row in enumerate(units.W) for j, w in enumerate(row)
        }
        numbers |= {Symbol(f"b_{k + 1}", real=True): S(w) for k, w in enumerate(units.b)}
        formulas = [written_out(e, at).subs(numbers) for e in (motion.FIELD, states.MARGIN, states.ROBUSTNESS)]
        fields = [Fraction(int(h.p), int(h.q)) for h in formulas[0]]
        assert tuple(fields) == units.fields(at)
        margins = [m.subs(motion.h_i, h) for m, h in zip(formulas[1], formulas[0], strict=True)]
        assert all(m > 0 for m in margins) == units.is_stable(at)
        if units.is_stable(at):
            radii = [r.subs(states.m_i, m) for r, m in zip(formulas[2], margins, strict=True)]
            assert min(radii) == S(units.certificate(at).robustness)
