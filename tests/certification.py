"""mpmath references for the numerical averages, with the size <|F|> against which they may cancel."""

import mpmath
from sympy import S

from theory.activation.activation import Activation
from theory.averages.average import Average, averages, weak_product
from theory.averages.certify import certify_with_size
from theory.averages.integrand import ordinary_integrand
from theory.averages.measures import Normal
from theory.errors import DomainError
from theory.symbols import Delta, mu
from theory.text.parsing import parse_monomial


def reference(monomial: str, activation: Activation, variance: float, mean: float, digits: int):
    """(<F>, <|F|>) of a monomial; both infinite where the average diverges."""
    values = {mu: S(mean), Delta: S(variance)}
    node = Average(parse_monomial(monomial), 0, Normal(mu))
    try:
        return _certified(node, activation, values, digits)
    except DomainError:
        equivalent = weak_product(node)
        if equivalent is None:
            raise
    value = size = mpmath.mpf(0)
    for term in averages(equivalent):
        weight = mpmath.mpf(float(equivalent.coeff(term)))  # halves and whole numbers: exact
        part, part_size = _certified(term, activation, values, digits)
        value, size = value + weight * part, size + abs(weight) * part_size
    return value, size


def _certified(node: Average, activation: Activation, values: dict, digits: int):
    pieces = ordinary_integrand(node, activation)
    if pieces is None:
        return mpmath.inf, mpmath.inf
    return certify_with_size(pieces.substitute(values), values[mu], values[Delta], digits)
