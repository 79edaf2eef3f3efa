"""The command line as a contract: what is printed where, exit codes, files, interruption, broken pipes."""

import ast
import dataclasses
import importlib.util
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sympy import sqrt

import numerics.solve.solver
import quenched
from numerics.codegen.module import module_name
from numerics.models import find_treatment, treatments
from quenched.arguments import number
from quenched.cli import main, one_line
from theory.derivation import StepFailed
from theory.model import FileParameter, Model
from theory.models import NAMES, derive

TOP = ["model", "activation", "parameters", "order_parameters", "observables", "diagnostics"]
ORDER = ["Delta", "C_phi"]
MEASURED = ["gain", "stability", "D_x", "D_phi", "n_var_cov_x", "n_var_cov_phi", "n_var_var_x", "n_var_var_phi"]
CORRECTIONS = ["c1_x", "c1_phi", "d1_x", "d1_phi", "c1_gain", "c1_n_var_cov_x", "c1_n_var_cov_phi"]
OBSERVABLES = MEASURED + CORRECTIONS
STATIC = ["static", "-a", "tanh(x)", "g=1.2", "sigma=1"]
SMALL = ["N=20", "couplings=4", "samples=8"]
SMALL_PAIR = ["N=20,40", "couplings=8", "samples=8"]


def run(capsys, *words):
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def one_object(out):
    """The only JSON value on stdout; everything but white space after it is refused by json."""
    data = json.loads(out)
    assert isinstance(data, dict)
    return data


# ---- JSON --------------------------------------------------------------------------------------------------------------


def test_solve_json(capsys):
    code, out, err = run(capsys, "solve", *STATIC, "--json")
    data = one_object(out)
    assert (code, err) == (0, "")
    assert list(data) == TOP
    assert data["model"] == "static"
    assert data["activation"] == "tanh(x)"
    assert data["parameters"] == {"g": 1.2, "sigma": 1.0}
    assert list(data["order_parameters"]) == ORDER
    assert sorted(data["observables"]) == sorted(OBSERVABLES)
    diagnostics = data["diagnostics"]
    assert {"converged", "residual", "error", "stable", "branches"} <= set(diagnostics)
    assert diagnostics["converged"] is True and diagnostics["stable"] is True
    assert type(diagnostics["branches"]) is int and diagnostics["branches"] == 1
    assert diagnostics["messages"] == []
    # Delta = sigma^2 + g^2 C_phi
    assert data["order_parameters"]["Delta"] == pytest.approx(1 + 1.44 * data["order_parameters"]["C_phi"], rel=1e-12)


def test_observables_and_a_size(capsys):
    code, out, err = run(capsys, "solve", *STATIC, "N=50", "--observable", "x^2", "--observable", "exp(-x^2)", "--json")
    data = one_object(out)
    assert code == 0 and list(data["one_site"]) == ["x^2", "exp(-x^2)"]
    assert data["one_site"]["x^2"]["c1"] == pytest.approx(data["observables"]["c1_x"], rel=1e-12)
    assert data["finite_size"]["N"] == 50
    expected = data["order_parameters"]["Delta"] + data["observables"]["c1_x"] / 50
    assert data["finite_size"]["Delta"] == pytest.approx(expected, rel=1e-14)
    code, out, err = run(capsys, "solve", *STATIC, "--observable", "1/x")
    assert (code, out) == (2, "") and "vanishes" in err
    code, _, err = run(capsys, "solve", "static", "-a", "x", "g=0.8", "sigma=1", "N=100")
    assert code == 0 and "D_x (32%)" in err  # d1 = -32


def test_unstable_solution_is_flagged(capsys):
    code, out, err = run(capsys, "solve", "static", "-a", "erf(x)", "g=3", "sigma=1", "--json")
    diagnostics = one_object(out)["diagnostics"]
    assert code == 0
    assert diagnostics["stable"] is False
    (message,) = diagnostics["messages"]
    assert "not below 1" in message
    assert err == f"quenched: warning: {message}\n"


def test_infinite_and_undefined_in_json(capsys):
    """One rule: what is infinite is written Infinity, what is undefined null; in every command."""
    phi = ["static", "-a", "power(1/2)", "g=1/2", "sigma=1"]
    code, out, err = run(capsys, "solve", *phi, "--json")
    assert code == 0
    assert '"stability": Infinity' in out
    assert one_object(out)["observables"]["stability"] == math.inf
    assert err.startswith("quenched: warning: stability = inf")
    code, out, _ = run(capsys, "validate", *phi, *SMALL_PAIR, "--json")
    data = one_object(out)
    assert code in (0, 1) and "NaN" not in out
    assert data["observables"]["stability"] == math.inf
    row = next(row for row in data["rows"] if row["observable"] == "stability")
    assert row["theory"] == math.inf and row["z"] is None and row["status"] == "not tested"
    code, out, _ = run(capsys, "simulate", "static", "-a", "x", "g=1/2", "sigma=0", *SMALL, "--json")
    assert code == 0 and "NaN" not in out
    assert one_object(out)["observables"]["D_x"] is None  # 0/0: no activity
    code, out, _ = run(capsys, "solve", "static", "-a", "tanh(x)", "g=2", "sigma=0", "--json")
    assert code == 0 and "NaN" not in out
    assert one_object(out)["diagnostics"]["branch_list"][0] == {"value": 0.0, "slope": None, "label": "silent"}


def test_simulate_json(capsys):
    code, out, err = run(capsys, "simulate", *STATIC, *SMALL, "--json")
    data = one_object(out)
    assert (code, err) == (0, "")
    assert list(data) == TOP
    assert list(data["order_parameters"]) == ORDER
    assert set(MEASURED) <= set(data["observables"])
    diagnostics = data["diagnostics"]
    assert diagnostics["converged"] is True
    assert [diagnostics[key] for key in ("N", "couplings", "samples", "seed")] == [20, 4, 8, 0]
    assert set(diagnostics["standard_errors"]) == {*data["order_parameters"], *data["observables"]}
    assert run(capsys, "simulate", *STATIC, *SMALL, "--json", "seed=0")[1] == out
    assert run(capsys, "simulate", *STATIC, *SMALL, "--json", "seed=1")[1] != out


def test_simulation_says_what_was_lost(capsys):
    # at N = 20 and g = 4 a part of the draws has a fixed point
    code, out, err = run(capsys, "simulate", "static", "-a", "tanh(x)", "g=4", "sigma=1", *SMALL, "--json")
    diagnostics = one_object(out)["diagnostics"]
    assert code == 0
    assert 0 < diagnostics["unconverged"] < 1 and diagnostics["converged"] is False
    assert err == f"quenched: warning: {diagnostics['messages'][0]}\n"


def test_simulation_without_fixed_points_is_refused(capsys):
    code, out, err = run(capsys, "simulate", "static", "-a", "tanh(x)", "g=30", "sigma=1", "N=100", "couplings=2")
    assert (code, out) == (2, "")
    assert "did not converge to a fixed point" in err and err.count("\n") == 1


def test_validate_json(capsys):
    code, out, _ = run(capsys, "validate", *STATIC, *SMALL_PAIR, "--json")
    data = one_object(out)
    assert list(data)[: len(TOP)] == TOP
    assert sorted(data["observables"]) == sorted(OBSERVABLES)
    assert data["verdict"] in ("agree", "disagree", "inconclusive")
    assert code == (0 if data["verdict"] == "agree" else 1)
    assert data["sizes"] == [20, 40] and data["couplings"] == [8, 8] and data["samples"] == 8
    assert {row["observable"] for row in data["rows"]} >= {*ORDER, *MEASURED}


def test_words_and_numbers(capsys):
    """The text tables hold the same numbers as the JSON."""
    data = one_object(run(capsys, "solve", *STATIC, "--json")[1])
    table = run(capsys, "solve", *STATIC)[1]
    for key, value in {**data["order_parameters"], **data["observables"]}.items():
        assert re.search(rf"^  {key} +{re.escape(f'{value:.16g}')} ", table, re.M), key


# ---- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["solve", "static", "-a", "-tanh(x)", "g=1.2", "sigma=1"],
        ["solve", "static", "g=1.2", "-a", "-tanh(x)", "sigma=1"],
        ["solve", "--activation=-tanh(x)", "static", "g=1.2", "sigma=1"],
        ["solve", "static", "--activation", "-tanh(x)", "sigma=1", "g=6/5"],
        ["solve", "--json", "-a", "-tanh(x)", "static", "sigma=1", "g=1.2e0"],
        ["solve", "static", "sigma=+1.", "g=12/10", "-a-tanh(x)"],
    ],
)
def test_order_of_words_and_leading_minus(capsys, words):
    code, out, err = run(capsys, *words, *([] if "--json" in words else ["--json"]))
    assert (code, err) == (0, "")
    data = one_object(out)
    assert data["parameters"] == {"g": 1.2, "sigma": 1.0}
    right = one_object(run(capsys, "solve", *STATIC, "--json")[1])
    # averages of -phi and phi are the same but for the sign of the gain
    assert data["observables"]["D_x"] == pytest.approx(right["observables"]["D_x"], rel=1e-12)
    assert data["observables"]["gain"] == pytest.approx(-right["observables"]["gain"], rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("-1.5", -1.5),
        ("+.5", 0.5),
        ("2.", 2.0),
        ("1e-3", 1e-3),
        ("1E2", 100.0),
        ("1/4", 0.25),
        ("1.5/3", 0.5),
    ],
)
def test_numbers_are_read(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "-inf", "1_0", "٣", "１", "1e999", "1/0", "0x1", "1j", "1e", ".", "1" * 61]
)
def test_what_is_no_number_stays_text(text):
    assert number(text) == text


def test_parameters_of_the_activation(capsys):
    code, out, _ = run(capsys, "solve", "static", "-a", "tanh(a*x) where a>0", "g=1", "sigma=1", "a=1/2", "--json")
    assert code == 0
    assert one_object(out)["parameters"] == {"g": 1.0, "sigma": 1.0, "a": 0.5}


@pytest.mark.parametrize("command", ["derive", "solve", "emit", "simulate", "validate", "check"])
def test_help(capsys, command):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    out, err = capsys.readouterr()
    assert left.value.code == 0 and err == ""
    assert f"example: quenched {command} " in out
    assert "exit codes: 0 done; 1" in out
    for setting in (s for treatment in treatments() for s in treatment.settings_of(command)):
        assert f"  {setting.name} " in out and setting.meaning in out


@pytest.mark.parametrize("model", NAMES)
def test_examples_in_the_help_run(capsys, model, tmp_path, monkeypatch):
    """Words that the parser and the checks accept; the one that takes little time runs."""
    import shlex

    from quenched.arguments import read_asked
    from quenched.cli import _parsed

    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.json").write_text('{"W": [["0", "-1"], ["-1", "0"]], "b": ["1/2", "1/2"]}')
    (tmp_path / "patterns.json").write_text('{"patterns": ["10", "01"]}')
    for command in ("derive", "solve", "design", "emit", "simulate", "validate", "sweep"):
        with pytest.raises(SystemExit):
            main([command, model, "--help"])
        examples = re.findall("^example: quenched (.*)$", capsys.readouterr().out, re.MULTILINE)
        treatment = find_treatment(model)
        if (command == "design" and treatment.design is None) or (
            command == "sweep" and all(isinstance(p, FileParameter) for p in treatment.model.parameters)
        ):
            assert examples == []
            continue
        (example,) = examples
        asked = _parsed(shlex.split(example))
        assert asked.command == command and read_asked(asked).model.name == model
        if command == "solve":
            assert main(shlex.split(example)) == 0
            capsys.readouterr()


def test_messages_are_one_line():
    assert one_line("a\n b\t\x1b[31m\x00c") == "a b ?[31m?c"
    assert len(one_line("y" * 10**6)) < 1100


# ---- derive ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "style", ["json", *(pytest.param(s, marks=pytest.mark.heavy) for s in ("text", "markdown", "latex"))]
)
def test_derive_steps(capsys, style):
    code, out, err = run(capsys, "derive", "static", "-a", "tanh(x)", "--steps", "--format", style)
    assert (code, err) == (0, "")
    assert "FAILS" not in out
    if style == "json":
        data = one_object(out)
        assert set(OBSERVABLES) <= set(data["equations"])
        assert [step["number"] for step in data["steps"]] == list(range(1, len(data["steps"]) + 1))
        assert all(step["holds"] for step in data["steps"])
        assert sum(step["check"] != "definition" for step in data["steps"]) > 20
    elif style == "text":
        short = run(capsys, "derive", "static", "-a", "tanh(x)")[1]
        assert "D_phi" in short and "Impose" not in short and len(short) < len(out) / 2
        assert all(key in out for key in (*OBSERVABLES, "-- holds", "  1. "))
    elif style == "markdown":
        assert out.startswith("# Model static") and out.count("$$") % 2 == 0 and "**1.**" in out
    else:
        assert out.count(r"\begin{dmath*}") == out.count(r"\end{dmath*}") > 10
        assert out.count("{") == out.count("}")


def test_a_step_that_does_not_hold_is_no_bad_input(capsys, monkeypatch):
    def fails(*_, **__):
        raise StepFailed("steps 3 of the derivation do not hold")

    monkeypatch.setattr("quenched.presentation.present", fails)
    code, out, err = run(capsys, "derive", "static", "-a", "tanh(x)")
    assert (code, out) == (1, "") and "steps 3" in err


# ---- emit --------------------------------------------------------------------------------------------------------------


def imported(path, name="emitted"):
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_emitted_file_stands_alone(capsys, tmp_path):
    target = tmp_path / "solver.py"
    code, out, err = run(capsys, "emit", "static", "-a", "x/(1+x^2/3)", "-o", str(target))
    assert (code, out, err) == (0, "", "")
    assert os.listdir(target.parent) == ["solver.py"]
    roots = set()
    for node in ast.walk(ast.parse(target.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(node.module.split(".")[0])
    assert roots <= {"__future__", "collections", "dataclasses", "functools", "math", "numpy", "scipy", "typing"}
    found = imported(target).solve(1.3, 0.8)
    solved = one_object(run(capsys, "solve", "static", "-a", "x/(1+x^2/3)", "g=1.3", "sigma=0.8", "--json")[1])
    assert float(found["Delta"]) == solved["order_parameters"]["Delta"]
    assert run(capsys, "emit", "static", "-a", "x/(1+x^2/3)")[1] == target.read_text()


def test_emitted_file_has_ordinary_permissions(capsys, tmp_path):
    plain, emitted = tmp_path / "plain", tmp_path / "emitted.py"
    plain.touch()
    assert run(capsys, "emit", "static", "-a", "tanh(x)", "-o", str(emitted))[0] == 0
    assert emitted.stat().st_mode == plain.stat().st_mode


def test_links_and_devices_are_not_replaced(capsys, tmp_path):
    real, link = tmp_path / "real.py", tmp_path / "link.py"
    real.write_text("old")
    link.symlink_to(real)
    assert run(capsys, "emit", "static", "-a", "tanh(x)", "-o", str(link))[0] == 0
    assert link.is_symlink() and real.read_text().startswith('"""')
    assert run(capsys, "emit", "static", "-a", "tanh(x)", "-o", os.devnull)[0] == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("kind", ["folder", "inside a file", "null character", "empty", "long"])
def test_unwritable_output(capsys, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("old")
    names = {
        "folder": str(tmp_path),
        "inside a file": str(tmp_path / "file" / "solver.py"),
        "null character": str(tmp_path / "a\0b"),
        "empty": "",
        "long": "a" * 5000,
    }
    code, out, err = run(capsys, "emit", "static", "-a", "tanh(x)", "-o", names[kind])
    assert (code, out) == (2, "")
    assert err.startswith("quenched: cannot write '") and err.count("\n") == 1 and len(err) < 400
    assert os.listdir(tmp_path) == ["file"] and (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize("moment", ["while deriving", "while writing"])
def test_interruption_leaves_nothing_half_written(capsys, tmp_path, monkeypatch, moment):
    target = tmp_path / "solver.py"
    target.write_text("old")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    if moment == "while deriving":
        monkeypatch.setattr("numerics.codegen.module.emit", interrupt)
    else:
        monkeypatch.setattr(Path, "replace", interrupt)
    code, out, err = run(capsys, "emit", "static", "-a", "tanh(x)", "-o", str(target))
    assert (code, out, err) == (130, "", "quenched: interrupted\n")
    assert os.listdir(tmp_path) == ["solver.py"] and target.read_text() == "old"


# ---- validate: a wrong theory is found -----------------------------------------------------------------------------------

ENOUGH = ["static", "-a", "x/(1+x^2/3)", "g=1.3", "sigma=0.8", "N=50,100", "couplings=200,100", "samples=32"]


def with_wrong(monkeypatch, key, change):
    """The derived theory with one altered observable, from the equations down to the generated code."""
    right = derive("static")
    observable = dataclasses.replace(right.observables[key], expression=change(right.observables[key].expression))
    wrong = dataclasses.replace(right, observables={**right.observables, key: observable})
    monkeypatch.setattr(Model, "theory_of", lambda model, activation: wrong)
    monkeypatch.setattr(numerics.solve.solver, "module_name", lambda *given: f"wrong_{key}_{module_name(*given)}")


def test_the_right_theory_agrees(capsys):
    code, out, err = run(capsys, "validate", *ENOUGH, "--json")
    data = one_object(out)
    assert (code, data["verdict"], err) == (0, "agree", "")
    assert max(abs(row["z"]) for row in data["rows"] if row["z"] is not None) < 4


@pytest.mark.parametrize(
    ("key", "change"),
    [
        pytest.param("D_phi", sqrt, id="exponent of D_phi"),
        pytest.param("n_var_cov_x", lambda e: 3 * e / 2, id="factor of n_var_cov_x", marks=pytest.mark.heavy),
        pytest.param("gain", lambda e: 11 * e / 10, id="factor of gain", marks=pytest.mark.heavy),
    ],
)
def test_a_wrong_factor_is_found(capsys, monkeypatch, key, change):
    with_wrong(monkeypatch, key, change)
    code, out, _ = run(capsys, "validate", *ENOUGH, "--json")
    data = one_object(out)
    assert (code, data["verdict"]) == (1, "disagree")
    rows = {row["observable"]: row for row in data["rows"]}
    assert abs(rows[key]["z"]) > 6  # far beyond the threshold 4, not by luck
    aliases = {key, "gain_derivative"} if key == "gain" else {key}
    assert {name for name, row in rows.items() if row["status"] == "disagree"} == aliases


@pytest.mark.heavy
def test_the_promised_validation():
    out = program("validate", "static", "-a", "x/(1+x^2/3)", "g=1.3", "sigma=0.8", "--json")
    assert (out.returncode, out.stderr) == (0, "")
    data = one_object(out.stdout)
    assert all(abs(row["z"]) < 4 for row in data["rows"])
    assert {row["status"] for row in data["rows"]} == {"agree"}


# ---- real processes ------------------------------------------------------------------------------------------------------


def program(*words):
    return subprocess.run([sys.executable, "-m", "quenched", *words], capture_output=True, text=True, check=False)


def test_program():
    out = program("--version")
    assert (out.returncode, out.stdout, out.stderr) == (0, f"quenched {quenched.__version__}\n", "")
    out = program("solve", *STATIC, "--json")
    assert (out.returncode, out.stderr) == (0, "")
    assert list(one_object(out.stdout)) == TOP
    out = program("solve", "static", "-a", "tanh(x", "g=1", "sigma=1", "--json")
    assert (out.returncode, out.stdout) == (2, "")
    assert out.stderr == "quenched: '(' at character 5 is never closed\n"


def test_a_terminal_that_knows_only_ascii():
    words = ["validate", *STATIC, *SMALL_PAIR]
    out = subprocess.run(
        [sys.executable, "-m", "quenched", *words],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert out.returncode in (0, 1) and out.stderr == b""
    assert b"Delta" in out.stdout and out.stdout.isascii()


def test_a_reader_that_has_gone_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "quenched", "solve", *STATIC],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence():
    with open("/dev/full", "w") as full:
        out = subprocess.run(
            [sys.executable, "-m", "quenched", "solve", *STATIC],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert out.returncode == 2
    assert out.stderr.startswith("quenched: No space left") and out.stderr.count("\n") == 1


def _heeding_interruptions():
    """The background jobs of a script inherit a signal that is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interruption_of_the_program(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "quenched", "simulate", *STATIC, "N=20", "couplings=1000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "QUENCHED_CACHE": str(tmp_path)},
        preexec_fn=_heeding_interruptions,
    ) as process:
        while not list(tmp_path.glob("activation_*.py")):
            assert process.poll() is None
            time.sleep(0.1)
        time.sleep(1)  # well inside the simulation, which takes an hour
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "quenched: interrupted\n")


def test_progress_only_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    code, out, err = run(capsys, "simulate", *STATIC, *SMALL, "--json")
    assert code == 0 and "simulate [" in err
    one_object(out)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert run(capsys, "simulate", *STATIC, *SMALL)[2] == ""
