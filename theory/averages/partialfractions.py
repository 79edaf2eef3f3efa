"""Exact arithmetic for rational functions: one common denominator, irreducible factors, Laurent coefficients.

Coefficients are elements of a SymPy field (QQ, or rational functions of the parameters), polynomials are lists of them,
lowest power first. Poles live in that field, in one quadratic extension of it (`Quadratic`), or, where the
denominator has an irreducible factor of higher degree, in mpmath's complex numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import Any

from sympy import Add, Expr, Mul, Poly, Pow, S, expand
from sympy.polys.constructor import construct_domain

from theory.symbols import x

Polynomial = list[Any]


@dataclass(frozen=True)
class Quadratic:
    """The number p + q sqrt(d) over a field."""

    p: Any
    q: Any
    d: Any

    def _lift(self, other: Any) -> Quadratic:
        return other if isinstance(other, Quadratic) else Quadratic(self.d * 0 + other, self.d * 0, self.d)

    def __add__(self, other: Any) -> Quadratic:
        """Sum with another number of the extension or of the field."""
        other = self._lift(other)
        return Quadratic(self.p + other.p, self.q + other.q, self.d)

    __radd__ = __add__

    def __neg__(self) -> Quadratic:
        """Minus the number."""
        return Quadratic(-self.p, -self.q, self.d)

    def __sub__(self, other: Any) -> Quadratic:
        """Difference."""
        return self + -self._lift(other)

    def __mul__(self, other: Any) -> Quadratic:
        """Product."""
        other = self._lift(other)
        return Quadratic(self.p * other.p + self.q * other.q * self.d, self.p * other.q + self.q * other.p, self.d)

    __rmul__ = __mul__

    def inverse(self) -> Quadratic:
        """1/(p + q sqrt(d))."""
        norm = self.p * self.p - self.q * self.q * self.d
        return Quadratic(self.p / norm, -self.q / norm, self.d)

    def __rtruediv__(self, other: Any) -> Quadratic:
        """Field element divided by the number."""
        return other * self.inverse()

    def __truediv__(self, other: Any) -> Quadratic:
        """Quotient."""
        return self * self._lift(other).inverse()

    def conjugate(self) -> Quadratic:
        """The other root of the same quadratic equation."""
        return Quadratic(self.p, -self.q, self.d)


def multiply(left: Polynomial, right: Polynomial, length: int | None = None) -> Polynomial:
    """Product of two polynomials, or of two power series to a given length."""
    size = len(left) + len(right) - 1 if length is None else length
    result = [left[0] * 0] * size
    for i, p in enumerate(left[:size]):
        for j, q in enumerate(right[: size - i]):
            result[i + j] = result[i + j] + p * q
    return result


def power(base: Polynomial, n: int) -> Polynomial:
    """n-th power of a polynomial, n >= 1."""
    result = base
    for _ in range(n - 1):
        result = multiply(result, base)
    return result


def divide(numerator: Polynomial, denominator: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder over a field."""
    rest = list(numerator)
    quotient = [rest[0] * 0] * max(len(rest) - len(denominator) + 1, 1)
    for shift in range(len(rest) - len(denominator), -1, -1):
        factor = rest[shift + len(denominator) - 1] / denominator[-1]
        quotient[shift] = factor
        for j, q in enumerate(denominator):
            rest[shift + j] = rest[shift + j] - factor * q
    return quotient, trimmed(rest[: max(len(denominator) - 1, 1)])


def trimmed(polynomial: Polynomial) -> Polynomial:
    """Without leading zeros; the zero polynomial keeps one."""
    size = len(polynomial)
    while size > 1 and not polynomial[size - 1]:
        size -= 1
    return polynomial[:size]


def taylor(polynomial: Polynomial, point: Any, length: int) -> Polynomial:
    """First coefficients of the polynomial in powers of (x - point)."""
    powers = [point * 0 + 1]
    for _ in polynomial[1:]:
        powers.append(powers[-1] * point)
    zero = point * 0
    return [
        sum((powers[n - k] * c * comb(n, k) for n, c in enumerate(polynomial) if n >= k and c), zero)
        for k in range(length)
    ]


def laurent(numerator: Polynomial, factors: Sequence[tuple[Polynomial, int]], own: int, pole: Any) -> Polynomial:
    """Principal part at a simple root of ``factors[own]`` of ``numerator / prod factor^multiplicity``.

    Returns
    -------
    list
        Coefficients of (x - pole)^-1, (x - pole)^-2, ...
    """
    order = factors[own][1]
    below = [pole * 0 + 1]
    for index, (factor, multiplicity) in enumerate(factors):
        series = taylor(factor, pole, order + 1)
        series = series[1:] if index == own else series[:order]
        for _ in range(multiplicity):
            below = multiply(below, series, order)
    above = taylor(numerator, pole, order)
    ratio: Polynomial = []
    for k in range(order):
        convolved = sum((below[j] * ratio[k - j] for j in range(1, k + 1)), pole * 0)
        ratio.append((above[k] - convolved) / below[0])
    return ratio[::-1]


class RationalFunction:
    """``numerator / prod factor^multiplicity`` in lowest terms, with monic irreducible factors.

    Parameters
    ----------
    fractions : sequence of (dict, tuple)
        Summands: numerator as {power of x: Expr}, denominators as (monic Expr in x, multiplicity) pairs.
    """

    def __init__(self, fractions: Sequence[tuple[dict[int, Expr], tuple[tuple[Expr, int], ...]]]) -> None:
        """Bring the fractions over one denominator."""
        bases = sorted({base for _, below in fractions for base, _ in below}, key=lambda base: base.sort_key())
        raw = {base: _coefficients(base) for base in bases}
        constants = [c for above, _ in fractions for c in above.values()] + [c for row in raw.values() for c in row]
        self.field = _field(constants)
        split = {base: _factors(tuple(raw[base]), self.field) for base in bases}
        denominators = [self._expand_factors(below, split) for _, below in fractions]
        common: dict[tuple, int] = {}
        for below in denominators:
            for factor, multiplicity in below.items():
                common[factor] = max(common.get(factor, 0), multiplicity)
        zero = self.field.zero
        total: Polynomial = [zero]
        for (above, _), below in zip(fractions, denominators, strict=True):
            term = [self.field.from_sympy(above.get(n, S.Zero)) for n in range(max(above) + 1)]
            for factor, multiplicity in common.items():
                for _ in range(multiplicity - below.get(factor, 0)):
                    term = multiply(term, list(factor))
            total = _added(total, term)
        self.numerator, self.factors = _lowest_terms(trimmed(total), common)

    @staticmethod
    def _expand_factors(below, split) -> dict[tuple, int]:
        found: dict[tuple, int] = {}
        for base, multiplicity in below:
            for factor, inner in split[base]:
                found[factor] = found.get(factor, 0) + inner * multiplicity
        return found

    def denominator(self) -> Polynomial:
        """The denominator multiplied out."""
        result = [self.field.one]
        for factor, multiplicity in self.factors:
            result = multiply(result, power(factor, multiplicity))
        return result

    def even_in_square(self) -> RationalFunction | None:
        """The even part as a rational function of y = x^2; None where the denominator is not even."""
        below = self.denominator()
        if any(below[1::2]):
            return None
        half = object.__new__(RationalFunction)
        half.field = self.field
        common = dict(_factor_elements(below[::2], self.field))
        half.numerator, half.factors = _lowest_terms(trimmed(self.numerator[::2]), common)
        return half

    def split_polynomial(self) -> tuple[Polynomial, Polynomial]:
        """Polynomial part and the remaining numerator."""
        return divide(self.numerator, self.denominator()) if self.factors else (self.numerator, [self.field.zero])


def _coefficients(base: Expr) -> list[Expr]:
    found: dict[int, Expr] = {}
    for term in Add.make_args(base):
        constant, rest = term.as_independent(x, as_Add=False)
        n = 0 if rest is S.One else 1 if rest == x else int(rest.exp)
        found[n] = found.get(n, S.Zero) + constant
    return [found.get(n, S.Zero) for n in range(max(found) + 1)]


def _field(constants: Sequence[Expr]):
    """The field of all coefficients; irrational numbers such as pi and sqrt(2) count as parameters."""
    composite = any(not c.is_Rational for c in constants)
    return construct_domain(list(constants), field=True, composite=True if composite else None)[0]


@lru_cache(maxsize=256)
def _factors(coefficients: tuple[Expr, ...], field) -> tuple[tuple[tuple, int], ...]:
    return _factor_elements([field.from_sympy(c) for c in coefficients], field)


def _factor_elements(polynomial: Polynomial, field) -> tuple[tuple[tuple, int], ...]:
    poly = Poly.from_list(polynomial[::-1], x, domain=field)
    pairs = []
    for factor, multiplicity in poly.factor_list()[1]:
        elements = [field.convert_from(c, factor.domain) for c in factor.rep.to_list()[::-1]]
        pairs.append((tuple(c / elements[-1] for c in elements), multiplicity))
    return tuple(pairs)


def _added(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) < len(right):
        left, right = right, left
    return [p + right[k] if k < len(right) else p for k, p in enumerate(left)]


def _lowest_terms(numerator: Polynomial, common: dict[tuple, int]) -> tuple[Polynomial, list[tuple[Polynomial, int]]]:
    remaining = []
    for factor, multiplicity in common.items():
        while multiplicity:
            quotient, rest = divide(numerator, list(factor)) if len(numerator) >= len(factor) else ([], numerator)
            if any(rest):
                break
            if not any(numerator):
                return numerator, []
            numerator, multiplicity = quotient, multiplicity - 1
        if multiplicity:
            remaining.append((list(factor), multiplicity))
    return numerator, remaining


def flat(element: Any, field) -> list[Expr]:
    """A field element as terms over a factored denominator: no sum that can cancel stays inside."""
    if not getattr(field, "is_Composite", False) and not field.is_FractionField:
        return [field.to_sympy(element)] if element else []
    below = element.denom
    content, factors = below.factor_list()
    scale = 1 / Mul(field.domain.to_sympy(content), *(Pow(f.as_expr(), k) for f, k in factors))
    return [scale * term for term in Add.make_args(expand(element.numer.as_expr())) if term != 0]


def stable(number: Quadratic, field) -> list[Expr]:
    """p + q sqrt(d), d > 0, as terms; over the rationals one number, written without cancellation."""
    root = Pow(field.to_sympy(number.d), S.Half)
    if not field.is_QQ:
        return flat(number.p, field) + [term * root for term in flat(number.q, field)]
    p, q = field.to_sympy(number.p), field.to_sympy(number.q)
    if p * q >= 0:
        return [p + q * root] if number.p or number.q else []
    return [field.to_sympy(number.p * number.p - number.q * number.q * number.d) / (p - q * root)]
