"""Averages of random activations at random variances: right to 1e-10 of <|F|>, or refused; never wrong, never endless."""

import signal
from collections import Counter
from contextlib import contextmanager

import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from numerics.averages.average import average
from tests.certification import reference
from tests.random_activations import ACTIVATIONS
from theory.activation.activation import Activation
from theory.errors import QuenchedError

pytestmark = pytest.mark.filterwarnings("error")

MONOMIALS = ("phi^2", "phi'", "phi'^2")
TOLERANCE = 1e-10
PATIENCE = 10  # seconds for one average, from text to number
LONG = 25  # seconds for one reference
REFUSED = 0.03  # largest fraction of averages that may be refused


class TooLong(BaseException):
    """Not caught by the code under test."""


@contextmanager
def limited(seconds):
    """Interrupt what takes longer."""

    def interrupt(number, frame):
        raise TooLong

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def survey(count):
    """Outcomes of `count` random averages; fails at the first wrong or endless one."""
    outcomes = Counter()

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(ACTIVATIONS, st.floats(-6, 6), st.sampled_from(MONOMIALS), st.sampled_from([0.0, 0.0, 0.7]))
    def one(text, decades, monomial, mean):
        outcomes[outcome(text, float(f"{10**decades:.4g}"), monomial, mean)] += 1

    one()
    return outcomes


def outcome(text, variance, monomial, mean):
    """'right', 'refused' or 'unchecked' (no reference)."""
    case = f"<{monomial}>, phi = {text}, variance {variance}, mean {mean}"
    try:
        with limited(PATIENCE):
            activation = Activation.from_text(text)
            value = float(average(monomial, activation, variance=variance, mean=mean))
    except QuenchedError:
        return "refused"
    except TooLong:
        raise AssertionError(f"{case}: no answer within {PATIENCE} s") from None
    if np.isnan(value):
        return "refused"
    try:
        with limited(LONG):
            exact, size = reference(monomial, activation, variance, mean, 13)
    except (QuenchedError, TooLong):
        return "unchecked"
    if mpmath.isinf(exact):
        assert np.isinf(value), case
    else:
        assert abs(value - exact) <= TOLERANCE * size + 1e-290, f"{case}: {value} instead of {mpmath.nstr(exact, 15)}"
    return "right"


def check(count):
    """Few refusals, and few cases that even mpmath cannot settle."""
    outcomes = survey(count)
    assert outcomes["refused"] <= REFUSED * count, outcomes
    assert outcomes["unchecked"] <= REFUSED * count, outcomes
    assert outcomes["right"] >= (1 - 2 * REFUSED) * count - 1, outcomes


@pytest.mark.heavy
def test_random_averages():
    """A sample of the long test."""
    check(40)


@pytest.mark.heavy
def test_five_hundred_random_averages():
    """500 activations, Delta log-uniform in 1e-6..1e6."""
    check(500)
