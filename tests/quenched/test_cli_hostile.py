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
