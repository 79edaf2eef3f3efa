"""Exact arithmetic for rational functions: one common denominator, irreducible factors, Laurent coefficients.

Coefficients are elements of a SymPy field (QQ, or rational functions of the parameters), polynomials are lists of them,
lowest power first. Poles live in that field, in one quadratic extension of it (`Quadratic`), or, where the
denominator has an irreducible factor of higher degree, in mpmath's complex numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from math import comb, prod
from operator import or_
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
        denominators = []
        for _, below in fractions:
            powers: Counter[Poly] = Counter()
            for base, multiplicity in below:
                for factor, inner in split[base]:
                    powers[factor] += inner * multiplicity
            denominators.append(powers)
        common: Counter[Poly] = reduce(or_, denominators, Counter())
        total = _poly([], self.field)
        for (above, _), powers in zip(fractions, denominators, strict=True):
            term = _poly([self.field.from_sympy(above.get(n, S.Zero)) for n in range(max(above) + 1)], self.field)
            total += prod((factor**k for factor, k in (common - powers).items()), start=term)
        self.numerator, self.factors = _lowest_terms(total, common)

    def _denominator(self) -> Poly:
        factors = (_poly(factor, self.field) ** multiplicity for factor, multiplicity in self.factors)
        return prod(factors, start=_poly([self.field.one], self.field))

    def even_in_square(self) -> RationalFunction | None:
        """The even part as a rational function of y = x^2; None where the denominator is not even."""
        below = _elements(self._denominator())
        if any(below[1::2]):
            return None
        half = object.__new__(RationalFunction)
        half.field = self.field
        common = dict(_factor_list(_poly(below[::2], self.field)))
        half.numerator, half.factors = _lowest_terms(_poly(self.numerator[::2], self.field), common)
        return half

    def polynomial_part(self) -> Polynomial:
        """What is left over when numerator is divided by denominator."""
        return _elements(_poly(self.numerator, self.field).quo(self._denominator()))


def _poly(elements: Polynomial, field: Any) -> Poly:
    return Poly.from_list(elements[::-1], x, domain=field)


def _elements(poly: Poly) -> Polynomial:
    """Coefficients in the field, lowest power first; the zero polynomial keeps one."""
    return poly.rep.to_list()[::-1] or [poly.domain.zero]


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
def _factors(coefficients: tuple[Expr, ...], field: Any) -> list[tuple[Poly, int]]:
    return _factor_list(_poly([field.from_sympy(c) for c in coefficients], field))


def _factor_list(poly: Poly) -> list[tuple[Poly, int]]:
    """Monic irreducible factors with their multiplicities."""
    return [(factor.set_domain(poly.domain).monic(), multiplicity) for factor, multiplicity in poly.factor_list()[1]]


def _lowest_terms(numerator: Poly, common: Mapping[Poly, int]) -> tuple[Polynomial, list[tuple[Polynomial, int]]]:
    remaining = []
    for factor, multiplicity in common.items():
        while multiplicity and not numerator.is_zero:
            quotient, rest = numerator.div(factor)
            if not rest.is_zero:
                break
            numerator, multiplicity = quotient, multiplicity - 1
        remaining.append((_elements(factor), multiplicity))
    return _elements(numerator), [] if numerator.is_zero else [pair for pair in remaining if pair[1]]


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
