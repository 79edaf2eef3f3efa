"""Designs: weights that are verified, or obstructions that are, on random patterns and options."""

from fractions import Fraction
from itertools import combinations, product
from random import Random

import numpy as np
import pytest
from scipy.optimize import linprog

from numerics.threshold.design import design
from numerics.threshold.rows import Solution, decide, solve_row
from theory.errors import InputError
from theory.threshold.every_state import stable_and_marginal
from theory.threshold.network import ThresholdNetwork, text_of
from theory.threshold.patterns import INTEGER, MARGIN, MINNORM, OBJECTIVES, Patterns
from theory.threshold.simplex import Obstruction, Witness, feasible
from theory.threshold.verify import verify

# patterns, options, which rows are feasible, stable states of any design where these are known
KNOWN = {
    "even parity": (["000", "011", "101", "110"], {"diag": "zero"}, [False] * 3),
    "all but silence": (
        ["001", "010", "011", "100", "101", "110", "111"],
        {"diag": "free", "bias": "zero"},
        [True] * 3,
    ),
    "two of three": (["110", "011", "101"], {"diag": "zero"}, [True] * 3),
    "two excitatory units": (["101", "011"], {"diag": "free", "bias": "zero", "signs": "++-"}, [True] * 3),
    "a common cone": (["1100", "0110", "1010", "0011"], {"diag": "zero", "bias": "zero"}, [False, False, False, True]),
    "excitatory alone": (["110", "111"], {"diag": "free", "bias": "zero", "signs": "+++"}, [True, True, False]),
}


def drawn(seed, most=6):
    """Random patterns with random options."""
    draw = Random(seed)
    N = draw.randint(2, most)
    states = draw.sample(list(product((0, 1), repeat=N)), draw.randint(1, min(7, 2**N - 1)))
    signs = [[draw.choice((-1, 0, 1)) for _ in range(N)] for _ in range(N)]
    mask = [[int(draw.random() < 0.8) for _ in range(N)] for _ in range(N)]
    return Patterns.of(
        states,
        draw.choice(("free", "zero", "nonpositive")),
        draw.choice(("free", "zero")),
        signs=draw.choice((None, None, "+-" * (N // 2) + "+" * (N % 2), signs)),
        mask=draw.choice((None, mask)),
    )


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_known_designs(name, objective):
    states, options, feasible_rows = KNOWN[name]
    found = design(Patterns.of(states, **options), objective)
    assert [row.feasible for row in found.rows] == feasible_rows
    assert verify(found.data).holds
    if found.feasible:
        assert set(states) <= {text_of(s) for s in found.stable}
        assert all(row.value == row.bound for row in found.rows)


def test_exclusive_or_needs_all_four_patterns():
    found = design(Patterns.of(*KNOWN["even parity"][:1], diag="zero"))
    assert [row.obstruction for row in found.rows] == [(1, 1, 1, 1)] * 3


@pytest.mark.parametrize("seed", range(30))
def test_each_row_has_weights_or_an_obstruction(seed):
    """Gordan's alternative, with HiGHS and the exact simplex method as the second and third opinions."""
    patterns = drawn(seed)
    for unit in range(patterns.N):
        row = patterns.row(unit)
        found = solve_row(row, "feasible")
        if isinstance(found, Solution):
            assert row.is_solved_by(found.x)
        else:
            assert row.is_obstructed_by(found.y)
            support = [k for k, y in enumerate(found.y) if y]
            for k in support:  # no pattern can be left out
                assert len(support) == 1 or isinstance(decide(row.kept([j for j in support if j != k])), Solution)
        assert isinstance(found, Solution) == isinstance(feasible(row.strict, [s or None for s in row.signs]), Witness)
        if row.columns:
            bounds = [(0 if s > 0 else None, 0 if s < 0 else None) for s in row.signs]
            A = -np.array(row.strict, float)
            assert isinstance(found, Solution) == (
                linprog(np.zeros(len(bounds)), A, -np.ones(len(A)), bounds=bounds).status == 0
            )


@pytest.mark.parametrize("seed", range(20))
def test_bounds_are_reached(seed):
    """Small rows are solved to proved optimality, the integer ones as far as the relaxation tells."""
    patterns = drawn(seed, most=5)
    for unit in range(patterns.N):
        row = patterns.row(unit)
        for objective in (MINNORM, MARGIN, INTEGER):
            found = solve_row(row, objective)
            if isinstance(found, Obstruction):
                break
            value, bound = row.value(objective, found.x), row.bound(objective, found.multipliers)
            assert value <= bound if objective == MARGIN else value >= bound
            assert objective == INTEGER or value == bound
            assert all(v.denominator == 1 for v in found.x) or objective != INTEGER


@pytest.mark.parametrize("seed", range(12))
def test_integers_are_the_smallest_of_all(seed):
    """Against all integer weights within -2 and 2."""
    draw = Random(seed)
    patterns = Patterns.of(draw.sample(list(product((0, 1), repeat=4)), draw.randint(2, 5)), "zero")
    for unit in range(4):
        row = patterns.row(unit)
        found = solve_row(row, INTEGER)
        if isinstance(found, Solution) and max(map(abs, found.x)) <= 2:
            choices = np.array(list(product(range(-2, 3), repeat=len(row.columns))))
            solving = choices[(choices @ np.array(row.strict).T > 0).all(axis=1)]
            assert row.value(INTEGER, found.x) == np.abs(solving).sum(axis=1).min()


@pytest.mark.parametrize("seed", range(12))
def test_a_row_is_feasible_where_its_gram_matrix_is_semipositive(seed):
    draw = Random(seed)
    patterns = Patterns.of(draw.sample(list(product((0, 1), repeat=5)), draw.randint(2, 7)), "zero", "zero")
    for unit in range(5):
        row = patterns.row(unit)
        gram = [[sum(a * b for a, b in zip(r, s, strict=True)) for s in row.strict] for r in row.strict]
        semipositive = isinstance(feasible(gram, [1] * len(gram)), Witness)
        assert isinstance(decide(row), Solution) == semipositive


@pytest.mark.parametrize("seed", range(12))
def test_the_smallest_weights_are_hebbian_with_embedding_strengths(seed):
    """W = [(2S - 1) o A] S^T with A >= 0 where any sign is allowed and w_ii is free."""
    draw = Random(seed)
    states = draw.sample(list(product((0, 1), repeat=6))[1:], 5)
    found = design(Patterns.of(states, "free", "zero"), MINNORM)
    S = np.array(states).T.astype(object)
    A = np.array([row.multipliers for row in found.rows], object)
    assert (A >= 0).all()
    assert (np.array(found.network.W, object) == (((2 * S - 1) * A) @ S.T)).all()


def test_with_free_weights_onto_themselves_all_states_but_silence_are_stored():
    for seed in range(20):
        draw = Random(seed)
        states = draw.sample(list(product((0, 1), repeat=5))[1:], draw.randint(1, 31))
        assert design(Patterns.of(states, "free", "zero"), candidates=()).feasible


@pytest.mark.parametrize("diag", ["zero", "nonpositive"])
def test_neighbours_conflict_without_excitation_of_oneself(diag):
    for seed in range(20):
        draw = Random(seed)
        one = tuple(draw.randint(0, 1) for _ in range(6))
        unit = draw.randrange(6)
        other = tuple(1 - s if i == unit else s for i, s in enumerate(one))
        found = design(Patterns.of([one, other], diag))
        assert found.rows[unit].obstruction == (1, 1)
        assert sum(not row.feasible for row in found.rows) == 1


# ---- forced states -----------------------------------------------------------------------------------------------------


def test_singletons_and_full_activity_force_every_state():
    N = 4
    states = [tuple(int(i == j) for j in range(N)) for i in range(N)] + [(1,) * N]
    found = design(Patterns.of(states, "free", "zero"))
    assert len(found.forced) + len(states) == 2**N - 1
    assert verify(found.data).holds


def test_a_state_that_signs_alone_keep_from_the_wrong_side():
    """The field of unit 0 in 001 has one term >= 0 alone, and it can be zero: the state is avoidable, and the weights show it."""
    found = design(
        Patterns.of(["110", "101"], "zero", "zero", signs=[[0, 1, 1], [0, 0, 0], [0, 0, 0]]), candidates=["001", "111"]
    )
    assert {entry.state for entry in found.avoidable} | {entry.state for entry in found.forced} == {
        (0, 0, 1),
        (1, 1, 1),
    }
    assert verify(found.data).holds


@pytest.mark.parametrize("seed", range(14))
def test_forced_states_are_in_every_network_and_the_others_are_not(seed):
    patterns = drawn(seed, most=5)
    first = design(patterns)
    if not first.feasible:
        return
    every = [s for s in product((0, 1), repeat=patterns.N) if s not in patterns.states]
    found = design(patterns, candidates=every)
    assert verify(found.data).holds
    forced = {entry.state for entry in found.forced}
    assert forced == {entry.state for entry in first.forced}, "they are among the stable states of any design"
    draw = Random(seed)
    several = [design(patterns, objective, candidates=()).network for objective in OBJECTIVES[:3]]
    for _ in range(10):  # positive combinations of designs are designs
        weights = [draw.random() for _ in several]
        mixed = ThresholdNetwork.of(
            [
                [sum(Fraction(c) * n.W[i][j] for c, n in zip(weights, several, strict=True)) for j in range(patterns.N)]
                for i in range(patterns.N)
            ],
            [sum(Fraction(c) * n.b[i] for c, n in zip(weights, several, strict=True)) for i in range(patterns.N)],
        )
        assert forced <= set(stable_and_marginal(mixed)[0])
    for entry in found.avoidable:  # the weights of one row, in place of that row, make the state not stable
        W, b = list(first.network.W), list(first.network.b)
        W[entry.row.unit], b[entry.row.unit] = entry.row.w, entry.row.b
        changed = ThresholdNetwork.of(W, b)
        assert all(changed.is_stable(s) for s in patterns.states)
        assert not changed.is_stable(entry.state)


# ---- input, and size ---------------------------------------------------------------------------------------------------


def test_unusable_questions_are_named():
    patterns = Patterns.of(["110"], "zero")
    with pytest.raises(InputError, match="objective = best"):
        design(patterns, "best")
    for candidate, sentence in (
        ("01", "needed: of 3"),
        ("0a1", "no text of 0 and 1"),
        ((0, 2, 1), "no text of 0 and 1"),
    ):
        with pytest.raises(InputError, match=sentence):
            design(patterns, candidates=[candidate])


@pytest.mark.parametrize("options", [{"diag": "zero"}, {"diag": "free", "bias": "zero"}, {"diag": "nonpositive"}])
def test_many_rows_get_small_integers(options):
    rng = np.random.default_rng(3)
    patterns = Patterns.of(np.unique(rng.integers(0, 2, (40, 80)), axis=0).tolist(), **options)
    found = design(patterns)
    assert found.feasible
    assert max(abs(w) for row in found.rows for w in row.w) < 100
    assert all(patterns.are_stored(row.unit, row.w, row.b) for row in found.rows)
    assert found.stable is None
    assert found.forced is None


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(30, 600))
def test_each_row_of_many_more_has_weights_or_an_obstruction(seed):
    test_each_row_has_weights_or_an_obstruction(seed)
    test_bounds_are_reached(seed)


@pytest.mark.heavy
def test_large_rows_are_decided_exactly():
    """Twice and three times as many patterns as units: both answers occur, obstructions have fractions of many digits."""
    rng = np.random.default_rng(5)
    answers = set()
    for load in (1.5, 2.0, 2.5):
        for _ in range(3):
            patterns = Patterns.of(rng.integers(0, 2, (round(40 * load), 40)).tolist(), "zero")
            row = patterns.row(0)
            found = solve_row(row, "feasible")
            answers.add(type(found))
            assert row.is_solved_by(found.x) if isinstance(found, Solution) else row.is_obstructed_by(found.y)
    assert answers == {Solution, Obstruction}


@pytest.mark.heavy
def test_the_most_stable_states_without_weights_onto_themselves():
    """At most C(N, N/2) for N = 2, 3 with w_ii = 0: every larger set of patterns conflicts."""
    for N, most in ((2, 2), (3, 3)):
        states = list(product((0, 1), repeat=N))
        for size in (most, most + 1):
            sets = list(combinations(states, size))
            stored = [design(Patterns.of(chosen, "zero"), candidates=()).feasible for chosen in sets]
            assert any(stored) == (size == most)
