"""Networks and patterns from files: numbers as they are meant, every problem with its row and column."""

import json
from fractions import Fraction

import numpy as np
import pytest
from sympy import Matrix, Rational

from theory.errors import InputError
from theory.models.threshold import NETWORK, PATTERNS
from theory.parameters import plain
from theory.threshold.network import ThresholdNetwork

TOGGLE = ThresholdNetwork.of([[0, -1], [-1, 0]], ["1/2", "1/2"])


@pytest.fixture
def file(tmp_path):
    def write(content, name="network.json"):
        path = tmp_path / name
        if not isinstance(content, str | bytes):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def saved(array, tmp_path):
    np.save(tmp_path / "network.npy", array)
    return str(tmp_path / "network.npy")


@pytest.mark.parametrize(
    "content",
    [
        {"W": [["0", "-1"], ["-1", "0"]], "b": ["1/2", "1/2"]},
        {"W": [[0, -1.0], ["-2/2", "0e5"]], "b": ["0.5", 0.5], "name": "toggle", "comment": None},
        {"W": [[0, -1], [-1, 0]], "theta": ["-1/2", "1/2"], "I": [0, 1]},
        {"W": [[0, -1], [-1, 0]], "theta": ["-1/2", -0.5]},
        {"W": [[0, -1], [-1, 0]], "I": ["1/2", " 1 / 2 "], "b": None},
        "\ufeff  [[0, -1, 0.5], [-1, 0, 0.5]]",
        "# toggle\n0,-1,1/2\n\n-1, 0 ,0.5  # second\r\n",
        "0 -1 .5\n-1\t0 5e-1",
        "0;-1;0.5\n-1;0;0.5",
    ],
)
def test_ways_to_write_one_network(file, content):
    network = NETWORK.value(file(content, "network.json" if isinstance(content, dict) else "network.csv"))
    assert network == TOGGLE and network.notes == ()
    assert NETWORK.value(network) is network
    assert plain({"network": network}) == {"network": {"file": network.file, "N": 2}}
    assert f"{network:g}" == f"{network.file} (2 units)"


def test_arrays_and_python(tmp_path):
    array = np.array([[0, -1, 0.5], [-1, 0, 0.5]])
    assert NETWORK.value(saved(array, tmp_path)) == TOGGLE
    assert NETWORK.value(saved(array[:, :2].astype(np.int8), tmp_path)).b == (0, 0)
    for given in (
        array,
        {"W": array[:, :2], "b": array[:, 2]},
        Matrix([[0, -1, Rational(1, 2)], [-1, 0, Rational(1, 2)]]),
    ):
        assert NETWORK.value(given) == TOGGLE
    assert str(NETWORK.value([[Fraction(2)]])) == "1 unit"


def test_floats_are_the_binary_numbers_they_are(file, tmp_path):
    for given, is_text in (
        (file({"W": [[0.1]], "b": ["0.1"]}), True),
        (file("0.1,1/10", "n.csv"), True),
        ({"W": [[0.1]], "b": ["0.1"]}, True),
        (saved(np.array([[0.1, 0.1]]), tmp_path), False),
    ):
        network = NETWORK.value(given)
        assert [*network.W[0]] == [Fraction(0.1)] != [Fraction(1, 10)]
        assert network.b == ((Fraction(1, 10),) if is_text else (Fraction(0.1),))
        (note,) = network.notes
        assert note.startswith("1 decimal, 0.1 the first" if is_text else "2 decimals, 0.1 the first")
    assert NETWORK.value(file({"W": [["1"]]})).notes[0].startswith("no biases are given: b = 0")


@pytest.mark.parametrize(
    ("content", "pieces"),
    [
        ({"W": [[1, 2], [3, 4], [5, 6]], "b": [1, 2]}, ["row 2 has 2 numbers, row 3 has 2 numbers; needed: 3 rows of 3 numbers"]),
        ({"W": [[1, 2], [3]], "b": [1, 2]}, ["W: row 2 has 1 number; needed: 2 rows of 2 numbers"]),
        ({"W": [[1, 2], 3], "b": [1, 2]}, ["W: row 2 is no list; needed: 2 rows of 2 numbers"]),
        ({"W": [["1", "x"], ["nan", "1/0"]], "b": ["1", "inf"]},
         ["row 1, column 2 ('x'), row 2, column 1 ('nan'), row 2, column 2 ('1/0')", "b: number 2 ('inf')"]),
        ('{"W": [[1, NaN], [-Infinity, 1e999]], "b": [1, 1]}',
         ["row 1, column 2 (NaN)", "row 2, column 1 (-Infinity)", "row 2, column 2 (1e999)"]),
        ({"W": [[True, 1], [None, [1]]], "b": [{}, "é"]},
         ["row 1, column 1 (True)", "row 2, column 1 (None)", "column 2 (a list)", "number 2"]),
        ({"W": [["9" * 310, "1e400"], ["1e-999", "1_0"]], "b": ["٣", "--1"]},
         ["row 1, column 1 ('999", "row 1, column 2", "row 2, column 2"]),
        ('{"W": [[' + "9" * 5000 + "]]}", ["row 1, column 1 (99999999999999999999...)"]),
        ({"W": [["x"] * 9] * 9, "b": [0] * 9}, ["row 1, column 5 ('x') and 76 more"]),
        ({"W": [[1]], "b": [1, 2]}, ["b: 2 numbers; needed: 1"]),
        ({"W": [[1]], "b": 3}, ["b: 3 is no list"]),
        ({"W": [["p"]], "b": 3}, ["b has 0 entries; there are 1 rows"]),
        ({"W": [["p"], 3]}, ["W: row 1 has 1 entries; there are 2 rows", "W: row 2 has 0 entries"]),
        ({"W": [[1]], "b": [1], "theta": [1]}, ["b is given and theta too"]),
        ({"W": [[1]], "theta": ["x"]}, ["theta: number 1 ('x')"]),
        ({"W": [[1]], "b": [1], "tau": [1]}, ["tau: all units have the time constant 1"]),
        ({"w": [[1]], "B": [1]}, ["no W in it, but w, B"]),
        ({"W": []}, ["W: 0 rows; needed: N rows of N numbers"]),
        ({"W": 3}, ["W: 0 rows; needed: N rows of N numbers"]),
        ({"W": "11"}, ["W: 0 rows; needed: N rows of N numbers"]),
        ({"W": [[0] * 1001] * 1001}, ["W has 1001 rows; at most 1000 units"]),
        ('{"W": [[1]], "W": [[2]]}', ["the key 'W' is given twice"]),
        ('{"W": [[1]], ', ["no JSON", "line 1, column 14"]),
        ("[" * 100_000, ["lists within lists"]),
        ("", ["it is empty"]),
        (" \n", ["it is empty"]),
        ("[]", ["no rows of numbers"]),
        ('"text"', ["no rows of numbers"]),
        ("3", ["no rows of numbers"]),
        (b"\xff\xfe\x00", ["is no text"]),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", ["no array of numbers that NumPy can read"]),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_bad_networks(file, content, pieces):
    with pytest.raises(InputError) as caught:
        NETWORK.value(file(content))
    sentence = str(caught.value)
    assert sentence.startswith("network = ") and len(sentence) < 900
    for piece in pieces:
        assert piece in sentence


@pytest.mark.parametrize(
    ("content", "piece"),
    [
        ("1,2\n3", "W: row 2 has 1 number; needed: 2 rows of 2 numbers"),
        ("1,2,3,4\n1,2,3,4", "W: row 1 has 4 numbers, row 2 has 4 numbers"),
        ("a,b\n1,2", "row 1, column 1 (a), row 1, column 2 (b)"),
        ("1,,2\n1,2,3", "row 1, column 2 ()"),
        ("", "no rows of numbers"),
        ("# nothing", "no rows of numbers"),
    ],
)
def test_bad_tables(file, content, piece):
    with pytest.raises(InputError) as caught:
        NETWORK.value(file(content, "n.csv"))
    assert piece in str(caught.value)


@pytest.mark.parametrize(
    "array",
    [np.zeros(3), np.zeros((2, 2), complex), np.zeros((2, 2), bool), np.array([["1"]]), np.zeros((0, 0)), np.full((2, 2), np.nan),
     np.zeros((2, 5))],
)  # fmt: skip
def test_bad_arrays(tmp_path, array):
    with pytest.raises(InputError):
        NETWORK.value(saved(array, tmp_path))
    np.save(tmp_path / "o.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match="no array of numbers that NumPy can read"):
        NETWORK.value(str(tmp_path / "o.npy"))


@pytest.mark.parametrize(
    "given",
    [
        None,
        3,
        "",
        "nowhere.json",
        ".",
        "a\0b",
        object(),
        {},
        [],
        [[]],
        [[1, 2], [3]],
        {1, 2},
        [[10**5000]],
        [[1j]],
        [["1", object()]] * 2,
    ],
)
def test_bad_values(given):
    with pytest.raises(InputError):
        NETWORK.value(given)


# ---- patterns ----------------------------------------------------------------------------------------------------------


def test_patterns(file):
    for given in (
        file("110\n# more\n011 # second\n", "p.txt"),
        file({"patterns": ["110", "011"]}),
        file('["110", "011"]'),
        file({"patterns": [[1, 1, 0], [0, 1, 1]]}),
        ["110", "011"],
        np.array([[1, 1, 0], [0, 1, 1]]),
    ):
        read = PATTERNS.value(given)
        assert read.states == ((1, 1, 0), (0, 1, 1)) and read.options == {}
        assert PATTERNS.value(read) is read and read.data == {"file": read.file or None, "count": 2}
    signs, mask = [[1, 0], [-1, 1]], [[1, 0], [1, 1]]
    read = PATTERNS.value(
        file({"patterns": ["10"], "diag": "zero", "bias": "free", "signs": signs, "mask": mask, "comment": 1})
    )
    assert read.options == {"diag": "zero", "bias": "free", "signs": ((1, 0), (-1, 1)), "mask": ((1, 0), (1, 1))}
    assert PATTERNS.value({"patterns": ["10"], "signs": [1, -1], "mask": None}).options == {"signs": ((1, -1),) * 2}


@pytest.mark.parametrize(
    ("content", "pieces"),
    [
        ("110\n01\n110\n1x0",
         ["pattern 4 ('1x0') is no text of 0 and 1", "pattern 2 has 2 characters, pattern 1 has 3",
          "pattern 3 ('110') is pattern 1 again"]),
        ("", ["no patterns"]),
        ('{"patterns": ["1", 2, null, "", "٣"]}', ["pattern 2 (2)", "pattern 3 (None)", "pattern 4 ('')", "pattern 5"]),
        ('{"pattern": ["1"]}', ["no patterns in it, but pattern"]),
        ('{"patterns": "110"}', ["no patterns; needed"]),
        ('{"patterns": ["10"], "diag": "none", "bias": 1}',
         ["diag = none is not allowed", "diag must be one of free, zero, nonpositive", "bias = 1"]),
        ('{"patterns": ["10"], "signs": [[1, 2], [0, "x"]]}',
         ["signs: row 1, column 2 (2), row 2, column 2 ('x'): each must be one of -1, 0, 1"]),
        ('{"patterns": ["10"], "signs": [1, 0]}', ["signs: number 2 (0): each must be one of 1, -1"]),
        ('{"patterns": ["10"], "signs": [1], "mask": [[1, 1]]}', ["signs: 1 number; needed: 2", "mask: 1 row; needed: 2 rows"]),
        ('{"patterns": ["10"], "mask": [[1, -1], [true, 0]]}', ["mask: row 1, column 2 (-1), row 2, column 1 (true"]),
        ("1" * 1001, ["patterns of 1001 units; at most 1000"]),
        ("\n".join(f"{k:014b}" for k in range(10_001)), ["10001 patterns; at most 10000"]),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_bad_patterns(file, content, pieces):
    with pytest.raises(InputError) as caught:
        PATTERNS.value(file(content, "p.json" if content.startswith("{") else "p.txt"))
    sentence = str(caught.value)
    assert sentence.startswith("patterns = ") and len(sentence) < 900
    for piece in pieces:
        assert piece.lower() in sentence.lower()
