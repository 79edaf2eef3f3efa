"""Existence limits derived from the growth of the activation."""

import pytest
from sympy import Rational, S, gamma, oo, pi, sqrt

from theory.activation.activation import Activation
from theory.meanfield.existence import existence
from theory.models import derive
from theory.symbols import sigma

THEORY = derive("static")


@pytest.mark.parametrize("p", [Rational(3, 2), S(2), S(3), Rational(5, 4)])
def test_power_law_saddle_node(p):
    """g_c^2 = (p-1)^(p-1) / (p^p m_2p) sigma^(2-2p) at Delta = p/(p-1) sigma^2, m_q = E|z|^q (Mato et al. 2025, re-derived)."""
    found = existence(THEORY, Activation.from_text(f"power({p})"))
    m = 2**p * gamma(p + Rational(1, 2)) / sqrt(pi)
    expected = (p - 1) ** (p - 1) / (p**p * m) * sigma ** (2 - 2 * p)
    assert found.turning.subs(sigma, 3) == 9 * p / (p - 1)
    assert float((found.limit**2).subs(sigma, 3)) == pytest.approx(float(expected.subs(sigma, 3)), rel=1e-13)
    assert "saddle-node" in found.sentence


@pytest.mark.parametrize(
    ("text", "limit"), [("tanh(x)", oo), ("power(1/2)", oo), ("x", 1), ("x/2+tanh(x)", 2), ("x*(15+x^2)/(15+6*x^2)", 6)]
)
def test_sublinear_and_linear_growth(text, limit):
    assert existence(THEORY, Activation.from_text(text)).limit == limit


def test_no_closed_form_is_said():
    found = existence(THEORY, Activation.from_text("x-x^3/20"))
    assert found.limit is None and "maximum over Delta" in found.sentence
    assert "depends on the parameters" in existence(THEORY, Activation.from_text("power(p) where p>0")).sentence
