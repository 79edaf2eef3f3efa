"""Networks of threshold units on the command line: files, answers, refusals."""

import json
import subprocess
import sys

import pytest

from quenched.cli import main

TOGGLE = {"W": [["0", "-1"], ["-1", "0"]], "b": ["1/2", "1/2"]}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.json").write_text(json.dumps(TOGGLE))
    (tmp_path / "patterns.json").write_text('{"patterns": ["110", "011"], "diag": "zero"}')
    return tmp_path


def answer(capsys, *words):
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys, *words):
    assert main(list(words)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("quenched: ") and err.count("\n") == 1
    return err


@pytest.mark.parametrize("words", [["network.json"], ["network=network.json"], ["method=tree", "./network.json"]])
def test_a_bare_word_is_the_file(capsys, words):
    data = answer(capsys, "solve", "threshold", *words)
    assert data["stable"] == ["01", "10"] and data["marginal"] == [] and data["complete"] is True
    assert data["W"] == TOGGLE["W"] and data["b"] == TOGGLE["b"] and data["parameters"]["network"]["N"] == 2
    assert data["order_parameters"]["stable_count"] == 2 and data["activation"] is None
    assert [row["state"] for row in data["certificates"]] == data["stable"]


def test_text_and_cautions(capsys, folder):
    (folder / "n.csv").write_text("0,-1,0.1\n-1,0,0.5\n")
    assert main(["solve", "threshold", "n.csv"]) == 0
    out, err = capsys.readouterr()
    assert "network = n.csv (2 units)" in out and "01" in out
    assert err.count("1 decimal, 0.1 the first, taken for the binary fractions") == 1


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        (["solve", "threshold"], ["parameter network is missing"]),
        (["solve", "threshold", "nowhere.json"], ["cannot read network = 'nowhere.json'"]),
        (["solve", "threshold", "network.json", "network.json"], ["network is given twice"]),
        (["solve", "threshold", "network.json", "method=best"], ["method = best is not allowed"]),
        (["solve", "threshold", "network.json", "g=1"], ["unknown parameter 'g'"]),
        (["solve", "threshold", "network.json", "-a", "x"], ["has no activation"]),
        (["solve", "threshold", "network.json", "--lag", "1"], ["--lag is for the model dynamic"]),
        (["solve", "threshold", "patterns.json"], ["no W in it, but patterns, diag"]),
        (["sweep", "threshold", "network.json"], ["no number that could be swept"]),
        (["emit", "threshold", "network.json"], ["takes no numbers and no file such as network.json"]),
        (["derive", "static", "-a", "x", "g=1"], ["takes no numbers and no file such as g=1"]),
        (["solve", "static", "-a", "tanh(x)", "g=1", "sigma=1", "network.json"], ["'network.json' is not of the form"]),
        (["design", "static", "-a", "x"], ["the model static has no design"]),
    ],
)
def test_refusals(capsys, words, pieces):
    sentence = refusal(capsys, *words)
    for piece in pieces:
        assert piece in sentence


def test_a_refusal_imports_nothing_large(folder):
    (folder / "bad.json").write_text('{"W": [["1", "x"]]}')
    code = (
        "import sys\nfrom quenched.cli import main\ncode = main(['solve', 'threshold', 'bad.json'])\n"
        "sys.exit(code if not {'numpy', 'sympy', 'scipy'} & set(sys.modules) else 9)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert out.returncode == 2 and "1 row of 2 numbers" in out.stderr and "row 1, column 2 ('x')" in out.stderr
