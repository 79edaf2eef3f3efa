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
    assert (
        out.returncode == 2
        and "W: row 1 has 2 numbers; needed: 1 row of 1 number;" in out.stderr
        and "row 1, column 2 ('x')" in out.stderr
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"\xff", b"{", b"[]", b"{}", b"[[1]", b"[[1, 2, 3]]", b"1 2\n3", b"[[NaN]]", b"[[[[1]]]]", b"{" * 10_000,
     b"\x93NUMPY",
     b'"W"',
     b'{"W": {}}', b'{"W": [[1]], "b": {"0": 1}}', b'{"W": null}', b'{"W": [["__import__(\'os\')"]]}', b'{"W": [["9**9**9"]]}',
     b"\x93NUMPY\x01\x00",
     b'{"W": [["p^9999"]]}', b'{"W": [["p*q"]]}', b'{"W": [["p"]], "at": "x"}',
     b'{"W": ["p"]}', b'{"W": [["p", 1]]}', b'{"W": [["1/p"]]}'],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("command", ["solve", "design"])
def test_hostile_files(capsys, folder, content, command):
    (folder / "x.json").write_bytes(content)
    sentence = refusal(capsys, command, "threshold", "x.json")
    assert "x.json" in sentence and len(sentence) < 1000


def test_questions(capsys):
    data = answer(capsys, "solve", "threshold", "network.json", "--filippov", "--transitions", "--walls")
    assert data["filippov_index_sum"] == 1 and len(data["filippov_equilibria"]) == 3
    assert data["stg_terminal"] == ["01", "10"] and data["stg_acyclic"] is True
    assert data["focal_points"]["00"] == ["1/2", "1/2"] and {w["kind"] for w in data["walls"]} == {"crossing"}
    assert main(["solve", "threshold", "network.json", "--filippov", "--transitions", "--walls"]) == 0
    out = capsys.readouterr().out
    for piece in ("indices sum to 1", "(1/2, 1/2)", "00 -> ", "terminal", "y0 = 0", "crossing"):
        assert piece in out


def test_a_parameter_in_the_entries(capsys, folder):
    (folder / "family.json").write_text('{"W": [["0", "-1"], ["p-2", 0]], "b": ["1/2", 0.5], "at": "1"}')
    data = answer(capsys, "solve", "threshold", "family.json", "--diagram", "0:3")
    assert data["stable"] == ["01", "10"] and any(
        "these are the states at p = 1" in m for m in data["diagnostics"]["messages"]
    )
    (at,) = data["diagram"]["breakpoints"]
    assert at["at"] == "3/2" and at["lost"] == ["10"] and at["gained"] == []
    assert [piece["stable"] for piece in data["diagram"]["pieces"]] == [["01", "10"], ["01"]]
    assert answer(capsys, "solve", "threshold", "family.json", "--diagram", "-1/2:1")["diagram"]["low"] == "-1/2"
    assert "no entry of W and b holds a parameter" in refusal(
        capsys, "solve", "threshold", "network.json", "--diagram", "0:1"
    )
    assert "0:1:2 is not allowed" in refusal(capsys, "solve", "threshold", "family.json", "--diagram", "0:1:2")
    assert "interval from 1 to 0 is empty" in refusal(capsys, "solve", "threshold", "family.json", "--diagram", "1:0")


@pytest.mark.parametrize("words", [[], ["--transitions"], ["--diagram", "0:3"]])
def test_figures(capsys, folder, words):
    (folder / "family.json").write_text('{"W": [["0", "-1"], ["p-2", 0]], "b": ["1/2", "1/2"]}')
    assert main(["solve", "threshold", "family.json", *words, "--plot", "a.svg"]) == 0
    text = (folder / "a.svg").read_text()
    assert "2 units" in text and "01" in text
    capsys.readouterr()
    (folder / "one.json").write_text('{"W": [[2]], "b": [-1]}')
    assert "the network has 1" in refusal(capsys, "solve", "threshold", "one.json", "--plot", "b.svg")
    assert not (folder / "b.svg").exists()


def test_design_solve_and_check(capsys, folder):
    data = answer(capsys, "design", "threshold", "patterns.json")
    assert data["model"] == "threshold" and data["feasible"] is True and data["diag"] == "zero"
    assert answer(capsys, "design", "threshold", "patterns.json", "diag=free", "bias=zero")["bias"] == "zero"
    assert main(["design", "threshold", "patterns.json", "objective=minnorm", "-o", "found.json"]) == 0
    assert "squared norm" in capsys.readouterr().out
    solved = answer(capsys, "solve", "threshold", "found.json")
    assert {"110", "011"} <= set(solved["stable"])
    (folder / "solved.json").write_text(json.dumps(solved))
    for file in ("found.json", "solved.json"):
        assert answer(capsys, "check", file)["holds"] is True
    solved["stable"].pop()
    (folder / "altered.json").write_text(json.dumps(solved))
    assert main(["check", "altered.json"]) == 1 and "FALSE" in capsys.readouterr().out
    assert "claims nothing" in refusal(capsys, "check", "network.json")


def test_no_design(capsys, folder):
    (folder / "xor.txt").write_text("000\n011\n101\n110\n")
    assert "diag is missing" in refusal(capsys, "design", "threshold", "xor.txt")
    data = answer(capsys, "design", "threshold", "xor.txt", "diag=zero")
    assert data["feasible"] is False and data["rows"][0]["farkas_y"] == ["1"] * 4
    (folder / "certificate.json").write_text(json.dumps(data))
    assert main(["check", "certificate.json"]) == 0
    capsys.readouterr()
    assert "no network has these states" in refusal(
        capsys, "design", "threshold", "xor.txt", "diag=zero", "-o", "no.json"
    )
    assert not (folder / "no.json").exists()
    assert (
        main(["design", "threshold", "xor.txt", "diag=zero"]) == 0 and "exclude each other" in capsys.readouterr().out
    )


def test_undecided(capsys, folder):
    N = 30
    data = {
        "W": [[int(i == j) for j in range(N)] for i in range(N)],
        "b": [-0.5] * N,
        "stable": ["0" * N],
        "complete": True,
    }
    (folder / "large.json").write_text(json.dumps(data))
    assert main(["check", "large.json"]) == 3 and "undecided" in capsys.readouterr().out


def test_simulate_and_validate(capsys):
    data = answer(capsys, "simulate", "threshold", "network.json", "y0=1/3,-1/7")
    assert data["status"] == "converged" and data["u_final"] == ["1", "0"]
    assert answer(capsys, "simulate", "threshold", "network.json", "cue=10", "form=R")["form"] == "R"
    data = answer(capsys, "validate", "threshold", "network.json", "starts=8")
    assert data["verdict"] == "agree" and data["found"].keys() == {"01", "10"} and data["stable"] == ["01", "10"]
    for words, piece in (
        (["cue=0a"], "cue = 0a is not allowed; cue takes a text such as 0110"),
        (["cue=011"], "the network has 2"),
        (["y0=1;2"], "y0 takes numbers such as 1/2,-0.3"),
        (["form=R"], "only with cue"),
    ):
        assert piece in refusal(capsys, "simulate", "threshold", "network.json", *words)


def test_python_takes_lists_and_names(folder):
    from quenched import Solver

    solver = Solver("threshold")
    for network in (TOGGLE, "network.json", [[0, -1, "1/2"], [-1, 0, "1/2"]]):
        assert solver.solve(network=network).data["stable"] == ["01", "10"]


def test_texts_stay_short(capsys, folder):
    (folder / "n.csv").write_text("0,0.1,0.1,0.1,0.1,-0.3\n" + "".join("0," * 5 + f"-{k}\n" for k in range(1, 5)))
    assert main(["simulate", "threshold", "n.csv", "cue=11111"]) == 0
    assert "\n  converges to y = (-0.3, -1, -2, -3, -4): 00000\n" in capsys.readouterr().out
    (folder / "many.csv").write_text("".join("0," * 45 + f"-{k}\n" for k in range(1, 46)))
    assert main(["simulate", "threshold", "many.csv", "cue=" + "1" * 45]) == 0
    shown = capsys.readouterr().out  # the start and 45 crossings, 20 lines from either end
    assert shown.count(" at zero") == 39 and "\n  ... 6 more ...\n" in shown
    assert main(["solve", "threshold", "network.json"]) == 0
    head, row, _ = capsys.readouterr().out.splitlines()[-3:]
    assert head.index("margin") + len("margin") == row.index("0.5") + len("0.5")
    assert head.index("signs") == row.index("permitted")
    (folder / "six.csv").write_text(
        "\n".join(",".join(["-1" if j == i else "0" for j in range(6)] + ["2"]) for i in range(6))
    )
    assert main(["solve", "threshold", "six.csv", "--transitions"]) == 0
    assert "  ... and 24 more\n  1 terminals: 111111\n" in capsys.readouterr().out


def test_every_format_says_that_there_is_no_solution_and_which_signs_are_prescribed(capsys, folder):
    (folder / "xor.txt").write_text("000\n011\n101\n110\n")
    for style in ("text", "markdown", "latex"):
        assert main(["derive", "threshold", "xor.txt", "diag=zero", "signs=++-", "--format", style]) == 0
        out = capsys.readouterr().out
        assert out.count("no solution: each written as ... > 0, ") == 3
        assert ("W_01 >= 0" if style == "text" else r"W_{01} \geq 0") in out
    assert main(["design", "threshold", "xor.txt", "diag=free"]) == 0
    assert "of them not asked for)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("style", "pieces"),
    [
        ("text", ["2 states of 3 units are stable if and only if (diag = zero", "W_01 + b_0 > 0    (110)", "unit 2:"]),
        ("latex", [r"W_{01} + b_{0} > 0"]),
        ("markdown", ["* unit 0: $"]),
        ("json", ['"feasible": true', "W_01 + b_0 > 0"]),
    ],
)
def test_inequalities(capsys, style, pieces):
    assert main(["derive", "threshold", "patterns.json", "--format", style]) == 0
    out = capsys.readouterr().out
    for piece in pieces:
        assert piece.replace(" ", "") in out.replace(" ", "")
    assert style != "json" or json.loads(out)["patterns"] == ["110", "011"]
    assert "one step" in refusal(capsys, "derive", "threshold", "patterns.json", "--steps")
    assert "diag = 1 is not allowed" in refusal(capsys, "derive", "threshold", "patterns.json", "diag=1")
    assert main(["derive", "threshold", "patterns.json", "diag=free"]) == 0 and "W_00" in capsys.readouterr().out


def test_the_general_derivation(capsys):
    assert main(["derive", "threshold"]) == 0
    assert "stable_count" in capsys.readouterr().out


def test_numbers_of_a_point_are_not_of_any_length(capsys):
    for y0 in ("1" * 5000 + ",0", "1/0,0", "1e301,0"):
        said = refusal(capsys, "simulate", "threshold", "network.json", f"y0={y0}")
        assert "y0: number 1" in said and "of size 1e-300 to 1e300" in said


def test_no_altered_answer_is_called_true(capsys, folder):
    """What claims are about is found to be false; what no claim is about is called undecided."""
    data = answer(capsys, "solve", "threshold", "network.json", "--walls", "--filippov", "--transitions")
    file = folder / "answer.json"

    def code(changed):
        file.write_text(json.dumps(changed))
        found = main(["check", "answer.json"])
        capsys.readouterr()
        return found

    unseen = {key for key in data if key.startswith("stg_")}
    seen = {key: value for key, value in data.items() if key not in unseen}
    assert code(data) == 3 and code(seen) == 0
    for key, value in (("walls", data["walls"][1:]), ("focal_points", {**data["focal_points"], "00": ["1", "1"]})):
        assert code({**seen, key: value}) == 1
    for value in (data["observables"]["robustness"] + 0.01, 1, None):
        assert code({**seen, "observables": {"robustness": value}}) == 1
    assert code({**seen, "filippov_degenerate": [{"u": ["0", "0"]}]}) == 3
    assert code(answer(capsys, "validate", "threshold", "network.json", "starts=4")) == 3
