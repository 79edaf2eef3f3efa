"""Patterns and their options: what is read, what is refused, and the inequalities of a row."""

from fractions import Fraction

import pytest

from theory.errors import InputError
from theory.threshold.patterns import Patterns


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"states": ["01", "10"]}, "diag is missing"),
        ({"states": ["01", "10"], "diag": "maybe"}, "diag = maybe is not allowed"),
        ({"states": ["01", "10"], "diag": "zero", "bias": "one"}, "bias = one is not allowed"),
        ({"states": [], "diag": "zero"}, "no patterns"),
        ({"states": ["01", "012"], "diag": "zero"}, r"pattern 2 \('012'\)"),
        ({"states": ["01", "010"], "diag": "zero"}, "pattern 2 has 3 characters, pattern 1 has 2"),
        ({"states": ["01", "10", "01"], "diag": "zero"}, r"pattern 3 \('01'\) is pattern 1 again"),
        ({"states": ["01"], "diag": "zero", "signs": "+-+"}, "signs: 3 numbers; needed: 2"),
        ({"states": ["01"], "diag": "zero", "signs": "+x"}, "signs: 0 rows; needed: 2 rows of 2 numbers"),
        ({"states": ["01"], "diag": "zero", "signs": [[1, 1], [1, 2]]}, r"signs: row 2, column 2 \(2\)"),
        ({"states": ["01"], "diag": "zero", "mask": [[1, 1]]}, "mask: .*needed: 2 rows of 2 numbers"),
        ({"states": ["01"], "diag": "zero", "mask": [[1, 1], [1]]}, "mask: .*needed: 2 rows of 2 numbers"),
    ],
)
def test_unusable_patterns_are_named(given, sentence):
    with pytest.raises(InputError, match=sentence):
        Patterns.of(**given)


def test_all_problems_are_told_together():
    with pytest.raises(InputError) as error:
        Patterns.of(["01", "0"], bias="no")
    assert len(error.value.problems) == 3


def test_signs_of_units_are_columns():
    assert Patterns.of(["110"], "free", signs="+-+").signs == ((1, -1, 1),) * 3
    assert Patterns.of(["110"], "free", signs=[1, -1, 1]).signs == ((1, -1, 1),) * 3


def test_unknowns_follow_the_options():
    patterns = Patterns.of(
        ["110", "011"], "nonpositive", signs=[[1, -1, 0]] * 3, mask=[[1, 1, 0], [1, 1, 1], [1, 0, 1]]
    )
    assert patterns.unknowns(0) == ((1, 3), (-1, 0))  # a positive unit has no weight <= 0 onto itself
    assert patterns.unknowns(1) == ((0, 1, 2, 3), (1, -1, 0, 0))
    assert patterns.unknowns(2) == ((0, 2, 3), (1, -1, 0))
    assert Patterns.of(["110"], "zero", "zero").unknowns(1) == ((0, 2), (0, 0))


def test_a_row_checks_by_definition():
    row = Patterns.of(["110", "011"], "free", "zero", signs="+--").row(0)
    assert row.strict == ((1, 1, 0), (0, -1, -1))
    assert row.is_solved_by([2, Fraction(-1, 3), 0])
    assert not row.is_solved_by([2, 1, -2]), "a wrong sign"
    assert not row.is_obstructed_by([1, 1])
    assert not row.is_obstructed_by([0, 0])
    excluded = Patterns.of(["110", "011"], "free", "zero", signs="-++").row(0)
    assert excluded.is_obstructed_by([0, 1])
    assert not excluded.is_obstructed_by([1, 0])
    assert not excluded.is_obstructed_by([-1, 1])
