"""Parameters that are read from a file: what is accepted, what is refused and in which words, what is shown."""

import json

import numpy as np
import pytest

from numerics.models import add_treatment
from numerics.simulate.sample import single_run
from numerics.sweep.table import write_table
from numerics.treatment import Simulator, Treatment
from quenched.cli import main
from tests.quenched.test_toy_unit import H, theory
from theory.errors import InputError
from theory.files import Numbers
from theory.interval import Interval
from theory.model import Choice, FileParameter, Model
from theory.parameters import checked_parameters, plain, with_files_read

RATES = FileParameter("rates", "rates of one unit", Interval.NONNEGATIVE, content="one number >= 0 a line")
CHOSEN = FileParameter("chosen", "rates", Interval.POSITIVE, only=("law", ("file",)))
MODEL = Model("rated", "x = h", (H, RATES), "a textbook", theory, needs_activation=False, needs_couplings=False)
CHOOSING = Model(
    "choosing", "x", (CHOSEN,), "", theory, (Choice("law", "law", ("none", "file")),), needs_activation=False
)
TOTAL = Simulator(lambda parameters, **_: single_run(parameters, {"Delta": sum(parameters["rates"])}), sizes=())
add_treatment(Treatment(MODEL, TOTAL))


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "rates.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def test_a_file_is_read(file):
    name = file("\ufeff# rates\n1.5\n\n 2e-3   # slow\r\n1/4\n0\n")
    read = RATES.value(name)
    assert read == Numbers((1.5, 2e-3, 0.25, 0.0), name)
    assert read.data == {"file": name, "count": 4} and f"{read:g}" == f"{name} (4 numbers)"
    assert RATES.value(read) is read


@pytest.mark.parametrize("numbers", [[1, 2.5], (1, 2.5), np.array([1, 2.5])])
def test_a_sequence_in_its_place(numbers):
    read = RATES.value(numbers)
    assert read == Numbers((1.0, 2.5)) and read.data == {"file": None, "count": 2}
    assert str(read) == "2 numbers" and str(RATES.value([3])) == "1 number"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("1\n-2\nx\n", "rates.txt: line 2 ('-2'), line 3 ('x'): each must be a number >= 0"),
        ("1e999\n", "line 1 ('1e999')"),
        ("nan\ninf\n1_0\n1 2\n٣\n1,5\n7\n", "line 5 ('٣') and 1 more"),
        ("", "holds no number; it must be the name of a file with one number >= 0 a line"),
        ("# nothing\n\n", "holds no number"),
        (b"\xff\xfe\x00", "is no text"),
        ("9" * 100, "line 1 ('99999999999999999999')"),
    ],
)
def test_bad_files(file, content, sentence):
    with pytest.raises(InputError) as caught:
        RATES.value(file(content))
    (problem,) = caught.value.problems
    assert sentence in problem and len(problem) < 400


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "rates holds no number"),
        ([1.0, -1.0, float("nan"), "2"], "rates: number 2 (-1.0), number 3 (nan), number 4 ('2')"),
        (3.0, "rates = 3.0 is no file and no sequence of numbers"),
        (None, "rates = None"),
        ("missing.txt", "cannot read rates = 'missing.txt': No such file or directory"),
        (".", "cannot read rates = '.': Is a directory"),
        ("a\0b", "cannot read rates"),
    ],
)
def test_bad_values(given, sentence):
    with pytest.raises(InputError) as caught:
        RATES.value(given)
    assert sentence in caught.value.problems[0]


def test_every_problem_at_once(file):
    with pytest.raises(InputError) as caught:
        checked_parameters(MODEL, (), {"h": -1, "rates": file("-3")})
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError, match=r"chosen is missing \(rates; the name of a file .* needed with law=file\)"):
        checked_parameters(CHOOSING, (), {"law": "file"})
    with pytest.raises(InputError, match="chosen has a meaning only with law=file, not with law=none"):
        checked_parameters(CHOOSING, (), {"law": "none", "chosen": [1]})
    assert checked_parameters(CHOOSING, (), {"chosen": [1]}) == {"law": "file", "chosen": Numbers((1.0,))}


def test_files_are_read_once(file):
    name = file("1\n2\n")
    read = with_files_read(MODEL, {"h": [1, 2], "rates": name})
    file("")
    values = checked_parameters(MODEL, (), {**read, "h": 1})
    assert values["rates"].values == (1.0, 2.0)
    assert plain(values) == {"h": 1.0, "rates": {"file": name, "count": 2}}
    wrong = with_files_read(MODEL, {"h": 1, "rates": file("x")})
    file("1\n")  # as a pipe, which holds nothing the second time
    with pytest.raises(InputError, match=r"line 1 \('x'\)"):
        checked_parameters(MODEL, (), wrong)


def test_command_line(file, capsys):
    name = file("1\n2\n")
    assert main(["simulate", "rated", "h=1", f"rates={name}", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["parameters"]["rates"] == {"file": name, "count": 2} and data["order_parameters"]["Delta"] == 3
    assert main(["simulate", "rated", "h=0", "rates=a:b"]) == 2
    assert (
        "h = 0 is not allowed" in (error := capsys.readouterr().err) and error.count("cannot read rates = 'a:b'") == 1
    )
    assert main(["sweep", "rated", "h=1:2:3", f"rates={file('x')}"]) == 2 and "line 1 ('x')" in capsys.readouterr().err


def test_tables_hold_the_name(tmp_path):
    columns = {"h": np.array([1.0, 2.0])}
    for suffix in ("csv", "npz"):
        path = tmp_path / f"table.{suffix}"
        write_table(path, columns, columns, {"rates": Numbers((1.0, 2.0), "rates.txt")}, {"model": "rated"})
    assert "1.0,rates.txt (2 numbers)" in (tmp_path / "table.csv").read_text()
    assert str(np.load(path, allow_pickle=False)["rates"]) == "rates.txt (2 numbers)"
