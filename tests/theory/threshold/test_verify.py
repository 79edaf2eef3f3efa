"""Verification of answers from their JSON alone: true ones are true, altered ones are not, broken ones are named."""

import copy
import json
from fractions import Fraction
from random import Random

import pytest

from numerics.threshold.design import design
from theory.errors import InputError
from theory.threshold.every_state import stable_and_marginal
from theory.threshold.filippov import box_solutions
from theory.threshold.network import ThresholdNetwork, text_of
from theory.threshold.patterns import Patterns
from theory.threshold.verify import sealed, verify

STATES = {"state", "cue", "stable", "marginal", "patterns", "conflict", "stable_of_design", "stg_terminal"}


def texts(values):
    return [str(v) for v in values]


def solution(network):
    """What an answer of `solve` says of a network."""
    stable, marginal = stable_and_marginal(network)
    return {
        "W": [texts(row) for row in network.W],
        "b": texts(network.b),
        "stable": [text_of(s) for s in stable],
        "marginal": [text_of(s) for s in marginal],
        "certificates": [network.certificate(s).data for s in stable],
        "complete": True,
        "order_parameters": {"stable_count": len(stable)},
        "observables": {"marginal_count": len(marginal)},
    }


TOGGLE = ThresholdNetwork.of([[0, "-1"], ["-1", 0]], ["1/2", "1/2"])
RING = ThresholdNetwork.of([[0, 0, 2], [2, 0, 0], [0, 2, 0]], [-1, -1, -1])
MIXED = ThresholdNetwork.of([[0, 2, -1], ["-1/2", 0, 1], [1, 1, 0]], ["-1/2", "1/4", 0])

# of the ring of three: the transition graph has a cycle of six states
REACHED = {
    "cue": "001",
    "stg_terminal": ["000", "111"],
    "stg_acyclic": False,
    "stg_reachable": 8,
}


def instance(network):
    """More about a network: what leaves which state, and the equilibria with an index."""
    found = [
        {"u": texts(s.u), "y": texts(network.fields(s.u)), "index": s.index}
        for s in box_solutions(network.W, network.b)
        if s.index
    ]
    states = [tuple(map(int, f"{k:0{network.N}b}")) for k in range(2**network.N)]
    return solution(network) | {
        "N": network.N,
        "theta_if_I0": texts(-b for b in network.b),
        "leaving_certificates": {text_of(s): list(network.violated(s)) for s in states if network.violated(s)},
        "filippov_equilibria": found,
        "filippov_index_sum": sum(entry["index"] for entry in found),
        "filippov_nondegenerate": all(s.index for s in box_solutions(network.W, network.b)),
    }


ANSWERS = {
    "solution": solution(MIXED),
    "sealed solution": sealed(solution(MIXED)),
    "toggle": instance(TOGGLE),
    "ring": instance(RING) | {"completion": [REACHED]},
    "mixed": instance(MIXED),
    "design": design(Patterns.of(["110", "011", "101"], "zero")).data,
    "smallest norm": design(Patterns.of(["1101", "0110"], "nonpositive", signs=[[1, 1, -1, 0]] * 4), "minnorm").data,
    "largest margin": design(Patterns.of(["101", "011"], "free", "zero", signs="++-"), "margin").data,
    "small integers": design(Patterns.of(["101", "011"], "free", "zero", signs="++-"), "integer").data,
    "conflict": design(Patterns.of(["000", "011", "101", "110"], "zero")).data,
    "conflict of signs": design(Patterns.of(["110", "111"], "free", "zero", signs="+++")).data,
    "forced": design(Patterns.of(["100", "010", "001", "111"], "free", "zero")).data,
}


@pytest.mark.parametrize("name", ANSWERS)
def test_true_answers_are_true(name):
    for given in (ANSWERS[name], json.dumps(ANSWERS[name])):
        found = verify(given)
        assert found.holds, found.table()
    assert "every claim is true" in found.table()
    assert found.to_dict()["holds"]


def leaves(entry, path=()):
    if isinstance(entry, dict | list):
        for key, value in entry.items() if isinstance(entry, dict) else enumerate(entry):
            yield from leaves(value, (*path, key))
    else:
        yield path, entry


def altered(value, name):
    """Other values in place of one: of a state with one unit flipped, of a number with another sign, larger, doubled."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, -value - 1]
    if name in STATES:
        return [f"{value[:k]}{1 - int(value[k])}{value[k + 1 :]}" for k in range(len(value))]
    try:
        number = Fraction(value)
    except (ValueError, TypeError):
        return []
    return sorted({str(number + 1), str(-number - 1), str(2 * number)} - {str(number)})


def mutants(answer):
    for path, value in leaves(answer):
        name = next(key for key in reversed(path) if isinstance(key, str))
        for other in altered(value, name):
            changed = copy.deepcopy(answer)
            place = changed
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = other
            yield path, changed


def is_caught(answer):
    try:
        return verify(answer).holds is False
    except InputError:
        return True


@pytest.mark.parametrize("name", [name for name, answer in ANSWERS.items() if "seal" in answer])
def test_every_altered_number_or_state_of_a_sealed_answer_is_caught(name):
    assert [path for path, mutant in mutants(ANSWERS[name]) if not is_caught(mutant)] == []


@pytest.mark.parametrize("name", ["solution", "toggle", "ring", "mixed"])
def test_without_a_seal_what_is_not_caught_is_true(name):
    """Weights that no claim depends on, and cues that lead to the same states."""
    for path, mutant in mutants(ANSWERS[name]):
        if not is_caught(mutant):
            assert path[0] in ("W", "b", "complete") or path[-1] == "cue", path
            right = (instance if "N" in mutant else solution)(ThresholdNetwork.of(mutant["W"], mutant["b"]))
            assert {**right, **mutant, "complete": True} == {**mutant, **right}


def test_without_a_seal_every_altered_proof_is_caught():
    """All numbers but signs that were prescribed: weights that obey them obey weaker ones too."""
    for name in ("design", "conflict", "forced", "smallest norm"):
        answer = {key: value for key, value in ANSWERS[name].items() if key != "seal"}
        kept = [path for path, mutant in mutants(answer) if not is_caught(mutant)]
        assert all(path[0] == "signs" for path in kept), kept


def test_what_cannot_be_looked_at_is_undecided():
    N = 40
    network = ThresholdNetwork.of([[int(i == j) for j in range(N)] for i in range(N)], ["-1/2"] * N)
    answer = solution(RING) | {
        "W": [texts(row) for row in network.W],
        "b": texts(network.b),
        "stable": ["01" * 20],
        "marginal": [],
        "certificates": [network.certificate((0, 1) * 20).data],
    }
    del answer["order_parameters"]
    found = verify(answer)
    assert found.holds is None
    assert "undecided" in found.table()
    answer["stable"][0] = "1" * 40
    assert verify(answer).holds is False


def test_a_state_that_is_missing_is_named():
    answer = copy.deepcopy(ANSWERS["ring"])
    del answer["stable"][0], answer["certificates"][0]
    found = verify(answer)
    assert found.holds is False
    assert "no other state is stable (000 too)" in found.table()


def test_many_answers_in_one_file():
    given = {"instances": [ANSWERS["ring"] | {"name": "ring"}], "inverse_instances": [ANSWERS["design"]]}
    found = verify(given)
    assert found.holds
    assert found.claims[0].sentence.startswith("ring: ")
    assert found.claims[-1].sentence.startswith("answer 2: ")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "the answer: .* is no object"),
        ("{}", "neither W nor patterns in it, but nothing"),
        ('{"model": "x"}', "but model"),
        ({"W": []}, "W: 0 rows; needed: N rows of N numbers"),
        ({"W": 3}, "W: 0 rows; needed: N rows of N numbers"),
        ({"W": [["0", "1"]]}, "W: row 1 has 2 numbers"),
        ({"W": [["x"]]}, r"W: row 1, column 1 \('x'\): no rational number"),
        ({"W": [["1/0"]]}, "no rational number"),
        ({"W": [["1e999999999"]]}, "no rational number"),
        ({"W": [[True]]}, "no rational number"),
        ('{"W": [[NaN]]}', "no rational number"),
        ('{"W": [[1]], "W": [[2]]}', "the key 'W' is given twice"),
        ({"W": [["0"]], "b": []}, "b: 0 numbers; needed: 1"),
        ({"W": [["0"]], "stable": ["01"]}, "stable, entry 1: '01' is no state of 1 units"),
        ({"W": [["0"]], "stable": [["0"]]}, "is no state"),
        ({"W": [["0"]], "certificates": [3]}, "certificates, entry 1: 3 is no object"),
        ({"W": [["0"]], "completion": [{}]}, "completion, entry 1, cue: None is no state"),
        ({"W": [["0"]], "filippov_equilibria": [{}]}, "u: None is no list"),
        (
            {"W": [["0"]], "order_parameters": {"stable_count": "many"}, "stable": []},
            "order_parameters, stable_count: 'many'",
        ),
        ({"instances": [3]}, "instances, entry 1: 3 is no object"),
        ({"patterns": [3], "diag": "zero"}, "pattern 1"),
        ({"patterns": ["01"]}, "diag is missing"),
        ({"patterns": ["01"], "diag": "zero"}, "rows: None is no list"),
        ({"patterns": ["01"], "diag": "zero", "rows": [{"row": 7}]}, "rows, entry 1, row: 7 is none of 0 to 1"),
        ({"patterns": ["01"], "diag": "zero", "rows": [{"row": 0}]}, "rows, entry 1, w: None is no list"),
        ({"patterns": ["01"], "diag": "zero", "rows": [], "objective": "best"}, "objective = best"),
        ({"patterns": ["01"], "diag": "zero", "signs": 3, "rows": []}, "signs"),
        ({"patterns": ["01"], "diag": "zero", "mask": {"a": 1}, "rows": []}, "mask"),
        ({"patterns": ["01"], "diag": ["zero"], "signs": [[{}, []]], "rows": []}, "diag"),
    ],
)
def test_broken_answers_are_named(given, sentence):
    with pytest.raises(InputError, match=sentence):
        verify(given)


def places(entry, path=()):
    """The place of every entry, lists and mappings included."""
    if path:
        yield path
    if isinstance(entry, dict | list):
        for key, value in entry.items() if isinstance(entry, dict) else enumerate(entry):
            yield from places(value, (*path, key))


@pytest.mark.parametrize("name", ["toggle", "smallest norm", "forced"])
def test_entries_of_any_kind_are_read_or_refused(name):
    """Another kind of entry in each place: claims, true or not, or one sentence; nothing else."""
    draw = Random(1)
    others = [None, 3, -1, 2.5, "x", "", "01", "1/0", [], {}, [[]], [1], {"a": 1}, True, 1e308, float("nan")]
    for path in places(ANSWERS[name]):
        changed = copy.deepcopy(ANSWERS[name])
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = draw.choice(others)
        try:
            assert verify(changed).claims
        except InputError as error:
            assert 0 < len(str(error)) < 600
