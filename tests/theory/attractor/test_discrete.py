"""Critical loads of laws of few rates as algebraic numbers, against the solver."""

import pytest
from sympy import Poly, Rational, minimal_polynomial, sqrt

from quenched import InputError, Solver, exact_loads
from theory.attractor.symbols import alpha

CASES = [
    ("x+x^2", (0.75, 0.75, 6), "noself"),
    ("x+x^3", (0.625, 2, 10), "noself"),
    ("threshold_power(1,1/2,-1)", (0.3, 0.8, 2.5), "self"),
    ("softplus(x)", (0.5, 1.5, 1.5, 3), "bias"),
    ("threshold_power(1,1,-3/20)", (0.1, 0.8, 3.5), "noself"),  # an outlier is first
]


def solved(text, samples, variant="noself", **law):
    given = law or {"law": "samples", "samples": samples}
    return Solver("attractor", text).solve(alpha=0.02, variant=variant, **given)


@pytest.mark.parametrize(("text", "samples", "variant"), CASES)
def test_exact_loads_are_those_of_the_solver(text, samples, variant):
    solution = solved(text, samples, variant)
    found = exact_loads(solution)
    assert found.is_rounded == (text[0] != "x")
    for key in ("alpha_bulk", "alpha_out", "alpha_S"):
        value, exact = solution.observables[key], getattr(found, key)
        assert value != value if exact is None else value == pytest.approx(float(exact.evalf(20)), rel=1e-11)


def test_algebraic_numbers():
    assert exact_loads(solved(*CASES[0])).alpha_bulk.expand() == (91 - 56 * sqrt(21) / 3) / 177
    assert exact_loads(solved(*CASES[0][:2], "self")).alpha_bulk == Rational(1, 2) - sqrt(2) / 3
    root = exact_loads(solved(*CASES[1])).alpha_bulk
    assert Poly(minimal_polynomial(root, alpha), alpha).degree() == 5 and root.poly.domain.is_ZZ


def test_refusals():
    with pytest.raises(InputError, match="4 distinct rates: critical loads are exact for 2 to 3"):
        exact_loads(solved("softplus(x)", (0.5, 1, 2, 3)))
    with pytest.raises(InputError, match="law=samples"):
        exact_loads(solved("softplus(x)", (), law="halfnormal"))
