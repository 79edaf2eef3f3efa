"""Stable states as a function of one parameter, against enumeration at values that the derivation did not choose."""

from fractions import Fraction
from itertools import pairwise, product
from random import Random

import numpy as np
import pytest

from theory.errors import InputError
from theory.threshold.family import Family, candidates, diagram
from theory.threshold.realroots import Root, ordered, roots


def stable(network):
    return tuple(s for s in product((0, 1), repeat=network.N) if network.is_stable(s))


def family(rng, N, degree):
    def entry():
        return "+".join(f"{rng.randint(-6, 6)}/{rng.randint(1, 3)}*q^{k}" for k in range(degree + 1)).replace("+-", "-")

    return Family.of([[entry() for _ in range(N)] for _ in range(N)], [entry() for _ in range(N)], "q")


def near(point):
    return ordered([point])[0][1]


@pytest.mark.parametrize(("count", "most"), [(8, 3), pytest.param(50, 5, marks=pytest.mark.heavy)], ids=["few", "many"])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_the_states_of_every_value(count, most, degree):
    rng, changes, irrational = Random(degree), 0, 0
    for _ in range(count):
        f = family(rng, rng.randint(1, most), degree)
        low = Fraction(rng.randint(-6, 0), 2)
        found = diagram(f, low, low + 4)
        changes += len(found.breakpoints)
        irrational += sum(isinstance(b.at, Root) for b in found.breakpoints)
        assert found.pieces[0].low == low and found.pieces[-1].high == low + 4
        for piece in found.pieces:
            left, right = near(piece.low), near(piece.high)
            for part in (Fraction(1, 1000), Fraction(rng.randint(1, 99), 100), Fraction(999, 1000)):
                assert piece.states == stable(f.at(left + (right - left) * part))
        at = {b.at: b for b in found.breakpoints}
        for left, right in pairwise(found.pieces):
            assert left.high == right.low
            change = at[left.high]
            assert change.lost + change.gained + change.touched
            assert set(left.states) - set(right.states) == set(change.lost)
            assert set(right.states) - set(left.states) == set(change.gained)
        for change in at.values():
            if isinstance(change.at, Fraction):
                assert change.states == stable(f.at(change.at))
                for s, units in change.vanishing:
                    h = f.at(change.at).fields(s)
                    assert units == tuple(i for i in range(f.N) if h[i] == 0) and not f.at(change.at).violated(s)
            else:  # the fields that are called zero change their sign nearby, the others do not
                e = Fraction(1, 10**9)
                below, above = f.at(near(change.at) - e), f.at(near(change.at) + e)
                for s, units in change.vanishing:
                    signs = zip(below.fields(s), above.fields(s), strict=True)
                    assert units == tuple(i for i, (a, b) in enumerate(signs) if a * b < 0)
    assert changes > count
    assert (irrational > count / 4) == (degree > 1)


def test_a_mutual_inhibition_that_becomes_a_switch():
    found = diagram(Family.of([["0", "-p"], ["-p", "0"]], ["1/2", "1/2"]), 0, 2)
    assert found.rows == (
        "0 < p < 1/2: 11",
        "  p = 1/2: 11 lost; 01 10 gained; zero field of units 0, 1",
        "1/2 < p < 2: 01 10",
    )
    assert found.latex.startswith(r"\mathcal{S}(p) = \begin{cases} \{11\} & 0 < p < \frac{1}{2} \\ ")
    assert found.data["breakpoints"][0]["vanishing_fields"] == {"01": [0], "10": [1], "11": [0, 1]}


def test_irrational_breakpoints_and_touching_zeros():
    found = diagram(Family.of([["p^2-1", "p"], ["-p^3+p", "2"]], ["1-p", "-1"]), -2, 3)
    assert [b.at for b in found.breakpoints if isinstance(b.at, Fraction)] == [0, 1]
    touched = next(b for b in found.breakpoints if b.touched)
    assert touched.at == 0 and touched.touched == ((1, 1),)
    assert found.data["breakpoints"][0]["polynomial"] == "p**3 - p + 1"
    assert r"p_{2} = 1.32471795724\ldots:\ p^{3} - p - 1 = 0" in found.latex
    golden = diagram(Family.of([["p^2-p-1"]], [0]), 0, 5)
    assert r"p = \frac{1}{2} + \frac{\sqrt{5}}{2}" in golden.latex
    assert "(root of p**2 - p - 1): 1 gained" in golden.rows[1]


def test_a_change_at_an_end_of_the_interval():
    found = diagram(Family.of([["p"]], ["-1"]), 1, 2)
    assert [b.at for b in found.breakpoints] == [1]
    assert found.breakpoints[0].states == ((0,),) and [p.states for p in found.pieces] == [((0,), (1,))]
    assert found.rows[0] == "  p = 1: 1 not stable here alone; zero field of unit 0"


def test_roots_against_floating_point_ones():
    rng = Random(3)
    for _ in range(100):
        c = [rng.randint(-9, 9) for _ in range(rng.randint(1, 6))]
        if not any(c):
            continue
        found = sorted(float(near(r)) for r in roots(tuple(c)))
        other = np.roots(c[::-1])
        assert np.allclose(found, np.unique(np.round(np.sort(other[abs(other.imag) < 1e-7].real), 6)), atol=1e-5)


def test_points_closer_than_their_first_approximation():
    """Two roots of different polynomials at a distance of about 1e-41."""
    big = 10**40
    pair = {*roots((-2 * big**2 - 1, 0, big**2)), *roots((-2, 0, 1))}
    assert len(ordered(pair)) == 4
    assert [isinstance(p, Root) for p, _ in ordered(pair | {Fraction(0)})] == [True, True, False, True, True]


@pytest.mark.parametrize("N", [10, pytest.param(16, marks=pytest.mark.heavy)])
def test_more_units(N):
    """The comparison with all 2^N states is made by `diagram` itself, at a point of each piece."""
    rng = Random(N)
    f = family(rng, N, 1)
    found = diagram(f, -1, 1)
    assert found.pieces and set(found.pieces[0].states) <= candidates(f, Fraction(-1), Fraction(1))


def test_problems_of_entries_are_named_together():
    with pytest.raises(InputError) as error:
        Family.of([["p", "1/p"], ["q", "p^9"]], ["__import__('os')", float("nan")])
    text = str(error.value)
    for place in ("row 1, column 2", "row 2, column 1", "row 2, column 2", "b: entry 1", "b: entry 2"):
        assert place in text
    with pytest.raises(InputError, match="row 2 has 1 entries; there are 2 rows; b has 1"):
        Family.of([["p", "1"], ["1"]], ["p"])
    with pytest.raises(InputError, match="no name"):
        Family.of([["p"]], ["p"], "1p")
    with pytest.raises(InputError, match="empty"):
        diagram(Family.of([["p"]], ["p"]), 1, 1)


def test_numbers_are_exact_and_matrices_are_symbolic():
    f = Family.of([[0.1, "0.1*p"], [2, Fraction(1, 3)]])
    assert f.W[0][0] == (Fraction(0.1),) and f.W[0][1] == (0, Fraction(1, 10))
    W, b = f.matrices
    assert str(W[0, 1]) == "p/10" and list(b) == [0, 0]
