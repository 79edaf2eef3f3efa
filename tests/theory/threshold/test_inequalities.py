"""Inequalities in symbols against the definition of a stable state, and the form of all solutions."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest
from sympy import Matrix, Rational, eye, zeros

from theory.errors import InputError
from theory.threshold.inequalities import factorization, inequalities, weight
from theory.threshold.network import ThresholdNetwork, text_of
from theory.threshold.patterns import Patterns
from theory.threshold.simplex import Witness, feasible

DIAGONALS, BIASES = ("free", "zero", "nonpositive"), ("free", "zero")

MANY = pytest.mark.parametrize("count", [25, pytest.param(500, marks=pytest.mark.heavy)])


def patterns_of(rng, N, most, signed=True):
    states = rng.sample([text_of(s) for s in product((0, 1), repeat=N)], rng.randint(1, most))
    signs = [[rng.choice((1, -1, 0)) for _ in range(N)] for _ in range(N)] if signed and rng.random() < 0.4 else None
    mask = [[int(rng.random() < 0.8) for _ in range(N)] for _ in range(N)] if rng.random() < 0.3 else None
    return Patterns.of(states, rng.choice(DIAGONALS if signed else DIAGONALS[:2]), rng.choice(BIASES), signs, mask)


def values(patterns, unit, x):
    """Numbers for the symbols of one row."""
    columns, _ = patterns.unknowns(unit)
    return {weight(unit, j, patterns.N): Rational(str(v)) for j, v in zip(columns, x, strict=True)}


@MANY
def test_the_inequalities_that_are_kept_are_those_of_the_states(count):
    rng, removed, conflicts = Random(1), 0, 0
    for _ in range(count):
        patterns = patterns_of(rng, rng.randint(3, 4), 6)
        for i, unit in enumerate(inequalities(patterns).units):
            row = patterns.row(i)
            assert len(unit.kept) + len(unit.removed) == patterns.P
            if unit.conflict:
                conflicts += 1
                y = {s: y for y, s in unit.conflict}
                assert row.is_obstructed_by([y.get(s, 0) for s in patterns.states])
                continue
            for _ in range(4):  # any numbers of the right signs: the kept ones hold iff the fields have the right signs
                x = [Fraction(rng.randint(1, 9) * (s or rng.choice((1, -1)))) for s in row.signs]
                numbers = values(patterns, i, x)
                assert all(bool(e.relation.subs(numbers)) for e in unit.kept) == row.is_solved_by(x)
            for e in unit.removed:
                removed += 1
                target = patterns.signed(i, e.state, row.columns)
                factors = {s: f for f, s in e.implied}
                assert row.forces(target, [factors.get(s, Fraction(0)) for s in patterns.states])
                assert set(factors) <= {k.state for k in unit.kept}
            for e in unit.kept:  # and none can be left out: the others have a solution that violates it, or nearly
                others = [patterns.signed(i, k.state, row.columns) for k in unit.kept if k is not e]
                target = patterns.signed(i, e.state, row.columns)
                signs = [s or None for s in row.signs]
                zero = [0 if a else s for a, s in zip(target, signs, strict=True)]
                violated = isinstance(feasible([*others, [-a for a in target]], signs), Witness)
                assert violated or not others or isinstance(feasible(others, zero), Witness)
    assert removed > count / 4 and conflicts > count / 2


def test_the_views():
    found = inequalities(Patterns.of(["110", "001", "111"], "zero", "free", "++-"))
    assert found.rows[:4] == ("unit 0:", "  W_02 + b_0 < 0    (001)", "  W_01 + W_02 + b_0 > 0    (111)", "  W_01 >= 0")
    assert "  110 follows: 111" in found.rows
    assert str(found.relations[0]) == "W_02 + b_0 < 0"
    assert found.latex.startswith(r"\begin{gather*} W_{02} + b_{0} < 0 \\ W_{01} + W_{02} + b_{0} > 0 \\ W_{01} \geq 0")
    entry = found.data["inequalities"][0]
    assert entry["conditions"][0] == "W_02 + b_0 < 0" and entry["removed"][0]["follows_from"] == {"111": "1"}
    parity = inequalities(Patterns.of(["000", "011", "101", "110"], "zero"))
    assert "  no solution: each written as ... > 0, 000 + 011 + 101 + 110 is never positive" in parity.rows
    assert not parity.data["feasible"]
    assert str(weight(3, 11, 12)) == "W_3_11" and str(weight(3, 12, 12)) == "b_3"


@MANY
def test_all_solutions_and_only_solutions_are_factored(count):
    rng, dependent = Random(2), 0
    for _ in range(count):
        patterns = patterns_of(rng, rng.randint(2, 4), 4, signed=False)
        found = factorization(patterns)
        assert sorted(i for f in found.factors for i in f.units) == list(range(patterns.N))
        for f in found.factors:
            dependent += bool(f.kernel)
            for i in f.units:
                w, sizes = found.row(i), found.fields.row(i)
                if not f.kernel:  # symbolically: the fields of w in the states are F
                    assert (w * f.S - sizes).expand() == zeros(1, patterns.P)
                x = Matrix([[Rational(rng.randint(-5, 5)) for _ in f.columns]])  # and any weights are of this form
                fields = x * f.S
                assert fields * f.inverse + x * f.projector == x
                assert all((fields * z).is_zero_matrix for z in f.kernel)
    assert dependent > count / 8


def test_a_factored_network_stores_the_states():
    patterns = Patterns.of(["1100", "0110", "0011"], "free", "zero")
    found = factorization(patterns)
    rng = Random(3)
    rows = [found.row(i) for i in range(4)]
    numbers = {symbol: rng.randint(1, 9) for row in rows for symbol in sorted(row.free_symbols, key=str)}
    network = ThresholdNetwork.of([[str(w) for w in row.subs(numbers)] for row in rows])
    assert all(map(network.is_stable, patterns.states))
    (factor,) = found.factors
    assert factor.inverse * factor.S == eye(3) and found.equations == ()
    assert found.rows[1] == "units 0, 1, 2, 3 from 0, 1, 2, 3:" and found.data["factors"][0]["S"][0] == ["1", "0", "0"]
    assert r"S^{+} = \left[\begin{matrix}\frac{3}{4}" in found.latex


def test_dependent_states_restrict_the_fields():
    found = factorization(Patterns.of(["110", "101", "011", "111"], "free", "zero"))
    assert len(found.equations) == 3
    assert str(found.equations[0]) == "-M_00/2 - M_01/2 + M_02/2 + M_03"
    with pytest.raises(InputError, match="signs"):
        factorization(Patterns.of(["110"], "free", "zero", "++-"))


def test_more_terms_than_can_be_written():
    with pytest.raises(InputError, match="of 300 units in 3 states have 270000 terms; at most 200000"):
        inequalities(Patterns.of(["1" * k + "0" * (300 - k) for k in (1, 2, 3)], "free"))
