"""Malformed and hostile command lines: exit code 2, one sentence on one line of stderr, nothing on stdout."""

import subprocess
import sys

import pytest

from quenched.cli import main
from tests.effort import one_in
from tests.hostile import HOSTILE
from tests.hostile_lines import GOOD, IN_A_PROCESS, LINES, MODEL

EVERY = [*(["solve", "static", "-a", text, *GOOD] for text in HOSTILE), *LINES]


def refused(capsys, words):
    code = main(list(words))
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("quenched: ") and err.endswith("\n")
    sentence = err[len("quenched: ") : -1]
    assert sentence.isprintable() and 10 < len(sentence) <= 1010
    return sentence


def test_there_are_many():
    assert len({tuple(line) for line in EVERY}) > 900


@pytest.mark.parametrize(
    "words",
    one_in(7, EVERY),  # some of each kind, of each command
    ids=lambda words: " ".join(words)[:60].encode("unicode_escape").decode(),
)
def test_refused_in_one_sentence(capsys, words):
    refused(capsys, words)


@pytest.mark.parametrize(
    ("words", "pieces"),
    [
        (["solve", *MODEL, "g=-1", "sigma=1"], ["g = -1 is not allowed", "g must be a number >= 0"]),
        (["solve", *MODEL, "g=1e999", "sigma=1"], ["g = 1e999 is no finite number"]),
        (["solve", *MODEL, "sigma=1"], ["parameter g is missing", "coupling strength"]),
        (["solve", *MODEL, *GOOD, "tau=1"], ["unknown parameter 'tau'", "allowed: g, sigma"]),
        (["solve", *MODEL, *GOOD, "g=1"], ["g is given twice"]),
        (["solve", *MODEL, *GOOD, "-a", "x"], ["--activation is given twice"]),
        (["solve", *MODEL, "g=-1", "sigma=inf", "b=1"], ["g = -1", "sigma = inf", "'b'"]),
        (["simulate", *MODEL, *GOOD, "N=0", "seed=-1"], ["N = 0", "whole number from 2 to 20000", "seed = -1"]),
        (["validate", *MODEL, *GOOD, "N=100"], ["N = 100", "two or more different sizes"]),
        (["solve", "static", "-a", "x", "g=1", "sigma=1"], ["slope of phi at infinity", "g < 1"]),
        (["solve", "static", "-a", "power(2)", "g=1", "sigma=1"], ["saddle-node at g = 0.2886751346"]),
        (["solve", *MODEL, "g=0.9", "sigma=0"], ["Delta = 0", "silent"]),
        (
            ["solve", "static", "-a", "relu(x+1)", "g=0.7", "sigma=0"],
            ["the noise is zero or too weak", "Delta0 equals Delta"],
        ),
        (["solve", *MODEL, "g=1e160", "sigma=1"], ["double precision"]),
        (["solve", "dynamics", "-a", "x"], ["unknown model 'dynamics'", "available: static"]),
        (["derive", *MODEL, "--format", "pdf"], ["--format pdf", "text, markdown, latex, json"]),
        (["emit", *MODEL, "--target", "julia"], ["--target julia", "numpy"]),
        (["solve", "static", *GOOD], ["needs an activation: -a/--activation"]),
    ],
    ids=lambda value: " ".join(value)[:40],
)
def test_the_sentence_says_what_and_what_is_allowed(capsys, words, pieces):
    sentence = refused(capsys, words)
    for piece in pieces:
        assert piece in sentence


@pytest.mark.parametrize(
    "words",
    one_in(3, IN_A_PROCESS),
    ids=lambda words: words[-1],
)
def test_a_real_process_refuses_alike(words):
    out = subprocess.run([sys.executable, "-m", "quenched", *words], capture_output=True, text=True, check=False)
    assert (out.returncode, out.stdout) == (2, "")
    assert out.stderr.startswith("quenched: ") and out.stderr.count("\n") == 1


STORING = ["attractor", "-a", "threshold_power(1,1/2,-1)", "alpha=0.1", "CV=1"]
AT_ONCE = [
    (["solve", *STORING, "--plot", "a.xyz"], "must end in .png, .pdf or .svg"),
    (["solve", *STORING, "--plot", "/nowhere/a.png"], "there is no folder '/nowhere'"),
    (["solve", "static", "-a", "x", "g=1/2", "sigma=1", "--plot", "a.png"], "has no figure of one solution"),
    (["emit", *STORING[:3], "-o", "/nowhere/new/a.py"], "there is no folder '/nowhere/new'"),
    (["sweep", *STORING[:4], "CV=1:2:3", "-o", "/nowhere/a.csv"], "there is no folder '/nowhere'"),
    (["solve", *STORING, "--boundary", "1"], "--boundary 1 is not allowed; it must be a whole number from 2 to 1000"),
    (["solve", *STORING, "--boundary", "2.5"], "--boundary 2.5 is not allowed"),
    (["solve", *STORING, "--boundary", "5", "--boundary", "6"], "--boundary is given 2 times"),
    (["solve", *STORING, "--ridge", "-1"], "--ridge -1 is not allowed; it must be a number from 0"),
    (["solve", *STORING, "--rate-noise", "-1"], "--rate-noise -1 is not allowed; it must be a number >= 0"),
    (["solve", *STORING[:3], "alph=0.1", "CV=1"], "unknown parameter 'alph'; did you mean alpha?"),
    (["solve", *STORING[:4], "cv=1"], "unknown parameter 'cv'; did you mean CV?"),
    (["simulate", *STORING, "paterns=2"], "did you mean patterns?"),
    (["solve", *STORING, "law=logNormal"], "law must be one of lognormal, gamma, halfnormal, sparse, samples; did you"),
    (["solve", "atractor", *STORING[1:]], "unknown model 'atractor'; did you mean attractor?"),
    (["check", "cohen2205"], "unknown paper 'cohen2205'; did you mean cohen2025?"),
]


def test_refused_before_anything_large_is_imported():
    """One process for all: SymPy is not imported when the last has been refused."""
    script = "import sys\nfrom quenched.cli import main\n" + "".join(
        f"print(main({words!r}), 'sympy' in sys.modules)\n" for words, _ in AT_ONCE
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["2 False"] * len(AT_ONCE)
    for sentence, (_, part) in zip(done.stderr.splitlines(), AT_ONCE, strict=True):
        assert part in sentence
