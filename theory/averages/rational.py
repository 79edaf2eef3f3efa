"""Rational functions without real poles: partial fractions, and one Faddeeva function for each pair of poles.

At zero mean an even F is a function of y = x^2. A pole at y = -1/a gives, with w = 1/(2 a v),

    I_n(w) = <(1 + a x^2)^-n>,   I_0 = 1,   I_1 = sqrt(pi w) erfcx(sqrt(w)),
    2n I_{n+1} = (2n - 1 - 2w) I_n + 2w I_{n-1}        (Abramowitz & Stegun 7.1.3 and integration by parts).

Any other pole z in the upper half plane, with zeta = (z - m)/sqrt(2 v) and w the Faddeeva function,

    <1/(x - z)> = i sqrt(pi/(2 v)) w(zeta),   w' = -2 zeta w + 2i/sqrt(pi),   w^(n+1) = -2 zeta w^(n) - 2n w^(n-1),

where <(x - z)^-j> is the (j-1)-th derivative by z over (j-1)!  (Abramowitz & Stegun 7.1.4, 7.1.20).
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, factorial
from typing import Any

import mpmath
from sympy import Expr, Float, Gt, I, Poly, Pow, Rational, S, im, pi, re

from theory.activation.rational import complex_roots
from theory.averages.partialfractions import Polynomial, Quadratic, RationalFunction, flat, laurent, stable
from theory.averages.polynomial import moment, times
from theory.averages.products import NotInTable
from theory.errors import DomainError
from theory.functions import erfcx, faddeeva
from theory.symbols import x

REFERENCE = "partial fractions; Abramowitz & Stegun 7.1.3, 7.1.4"

_WORKING_DIGITS = 70
_PRINTED_DIGITS = 34
REAL_POLE = "the function has a pole on the real axis: its Gaussian average does not exist"

Terms = list[Expr]


def rational(function: RationalFunction, mean: Expr, variance: Expr) -> tuple[Terms, list[Expr]]:
    """Average of a rational function.

    Parameters
    ----------
    function : RationalFunction
        In x, in lowest terms.
    mean, variance : Expr
        The Gaussian measure.

    Returns
    -------
    terms : list of Expr
        Terms whose sum is the average.
    conditions : list of Expr
        What has to hold for symbolic parameters (no pole on the real axis).

    Raises
    ------
    DomainError
        Where a pole is real.
    NotInTable
        Where the poles of a function with symbolic coefficients cannot be located.
    """
    square = function.even_in_square() if mean == 0 else None
    if square is None:
        terms = _polynomial_part(function, 1, mean, variance)
        conditions: list[Expr] = []
        for own in range(len(function.factors)):
            terms += _poles_in_x(function, own, mean, variance)
        return terms, conditions
    return _even(square, variance)


def _polynomial_part(function: RationalFunction, stride: int, mean: Expr, variance: Expr) -> Terms:
    parts = [mean] if mean != 0 else []
    terms: Terms = []
    for n, coefficient in enumerate(function.polynomial_part()):
        terms += times(flat(coefficient, function.field), moment(stride * n, parts, variance))
    return terms


# --- zero mean: poles in y = x^2 -----------------------------------------------------------------------------------


def _even(square: RationalFunction, variance: Expr) -> tuple[Terms, list[Expr]]:
    terms = _polynomial_part(square, 2, S.Zero, variance)
    conditions: list[Expr] = []
    for own, (factor, _) in enumerate(square.factors):
        kind, poles = _negative_poles(factor, square.field, conditions)
        if kind == "complex":
            terms += _numeric_poles(square, own, poles, S.Zero, variance, 2)
            continue
        for pole in poles:
            terms += _negative_pole(square, own, pole, variance)
    return terms, conditions


def _negative_poles(factor: Polynomial, field, conditions: list[Expr]) -> tuple[str, list[Any]]:
    """Roots in y of one irreducible factor: ("real", all negative) or ("complex", numerically, mixed)."""
    if len(factor) == 2:
        _require_positive(field.to_sympy(factor[0]), conditions)
        return "real", [-factor[0]]
    if len(factor) == 3:
        half, discriminant = factor[1] / 2, factor[1] * factor[1] / 4 - factor[0]
        sign = field.to_sympy(discriminant)
        if sign.is_positive:
            if not (field.to_sympy(half).is_positive and field.to_sympy(factor[0]).is_positive):
                raise (DomainError(REAL_POLE) if field.to_sympy(half).is_number else NotInTable())
            root = Quadratic(-half, field.one, discriminant)
            return "real", [root, root.conjugate()]
    return "complex", numeric_roots(factor, field)


def _require_positive(constant: Expr, conditions: list[Expr]) -> None:
    if constant.is_nonpositive:
        raise DomainError(REAL_POLE)
    if not constant.is_positive:
        conditions.append(Gt(constant, 0))


def _negative_pole(square: RationalFunction, own: int, pole: Any, variance: Expr) -> Terms:
    """Principal part at y = pole < 0: sum over j of c_j <(x^2 - pole)^-j> = sum c_j (-1/pole)^j I_j(w)."""
    principal = laurent(square.numerator, square.factors, own, pole)
    smooth: dict[int, Any] = {}
    scaled: dict[int, Any] = {}
    for j, coefficient in enumerate(principal, start=1):
        for target, polynomial in zip((smooth, scaled), _recursion(j), strict=True):
            for k, weight in enumerate(polynomial):
                if weight:  # w^k a^j, and w = -pole/(2v): whole powers of -pole cancel exactly
                    value = coefficient * square.field.from_sympy(weight) * _integer_power(-pole, k - j)
                    target[k] = target.get(k, pole * 0) + value
    write = (lambda c: stable(c, square.field)) if isinstance(pole, Quadratic) else (lambda c: flat(c, square.field))
    w = sum(write(-pole), S.Zero) / (2 * variance)
    bell = Pow(pi, S.Half) * Pow(w, S.Half) * erfcx(Pow(w, S.Half))
    terms = []
    for k, value in smooth.items():
        terms += [c * Pow(2 * variance, -k) for c in write(value)]
    for k, value in scaled.items():
        terms += [c * Pow(2 * variance, -k) * bell for c in write(value)]
    return terms


def _integer_power(base: Any, n: int) -> Any:
    result = base * 0 + 1
    for _ in range(abs(n)):
        result = result * base if n > 0 else result / base
    return result


@lru_cache(maxsize=64)
def _recursion(n: int) -> tuple[tuple[Rational, ...], tuple[Rational, ...]]:
    """I_n = A(w) + B(w) I_1 as two polynomials in w."""
    if n < 2:
        return ((), (S.One,)) if n else ((S.One,), ())
    rows = []
    for one, two in zip(_recursion(n - 1), _recursion(n - 2), strict=True):
        row = [S.Zero] * (max(len(one), len(two)) + 1)
        for k, weight in enumerate(one):
            row[k] += weight * Rational(2 * n - 3, 2 * n - 2)
            row[k + 1] -= weight / (n - 1)
        for k, weight in enumerate(two):
            row[k + 1] += weight / (n - 1)
        rows.append(tuple(row))
    return rows[0], rows[1]


# --- any mean: poles in x ------------------------------------------------------------------------------------------


def _poles_in_x(function: RationalFunction, own: int, mean: Expr, variance: Expr) -> Terms:
    factor, field = function.factors[own][0], function.field
    if len(factor) == 2:
        raise DomainError(REAL_POLE)
    if len(factor) == 3:
        half, depth = factor[1] / 2, factor[0] - factor[1] * factor[1] / 4
        sign = field.to_sympy(depth)
        if sign.is_nonpositive:
            raise DomainError(REAL_POLE)
        if not sign.is_positive:
            raise NotInTable
        pole = Quadratic(-half, field.one, -depth)
        principal = laurent(function.numerator, function.factors, own, pole)
        return _faddeeva_terms(principal, pole, mean, variance, _exact_parts(field, depth))
    return _numeric_poles(function, own, numeric_roots(factor, field), mean, variance, 1)


def _numeric_poles(
    function: RationalFunction, own: int, roots: list[Any], mean: Expr, variance: Expr, stride: int
) -> Terms:
    """Poles at the roots, in x or, with a stride of 2, in x^2; those at z and -conj(z) then contribute equally."""
    with mpmath.workdps(_WORKING_DIGITS):
        above = _numeric_polynomial(function.numerator, function.field, stride)
        factors = [(_numeric_polynomial(f, function.field, stride), k) for f, k in function.factors]
        terms: Terms = []
        for root in roots:
            if root.imag < 0:
                continue
            pole = mpmath.sqrt(root) if stride == 2 else root
            if pole.imag == 0:
                raise DomainError(REAL_POLE)
            copies = 2 if stride == 2 and pole.real else 1
            terms += _faddeeva_terms(laurent(above, factors, own, pole), pole, mean, variance, _numeric_parts, copies)
        return terms


def _faddeeva_terms(principal: Polynomial, pole: Any, mean: Expr, variance: Expr, parts, copies: int = 1) -> Terms:
    """``2 copies Re sum_j c_j <(x - pole)^-j>``, real and imaginary parts of every coefficient written out.

    The powers of zeta = (pole - mean)/sqrt(2 v) are multiplied out, so that all cancellation is between terms.
    """
    scaled: dict[tuple[int, int], Any] = {}
    smooth: dict[tuple[int, int], Any] = {}
    for j, coefficient in enumerate(principal):
        for target, polynomial in zip((scaled, smooth), faddeeva_derivative(j), strict=True):
            for k, weight in enumerate(polynomial):
                if not weight:
                    continue
                for i in range(k + 1 if mean != 0 else 1):
                    value = coefficient * _integer_power(pole, k - i) * (weight * comb(k, i) * (-1) ** i)
                    value = value * (1 / (pole * 0 + factorial(j)))  # in the arithmetic of the pole
                    target[j + k, i] = target.get((j + k, i), pole * 0) + value
    width = Pow(2, S.Half) * Pow(variance, S.Half)
    real, imaginary = (sum(part, S.Zero) for part in parts(pole))
    if real - mean == 0:
        bell_real, bell_imaginary = erfcx(imaginary / width), S.Zero
    else:
        bell = faddeeva((real - mean + I * imaginary) / width)
        bell_real, bell_imaginary = re(bell), im(bell)
    terms: Terms = []
    for (k, i), value in scaled.items():
        common = 2 * copies * Pow(pi, S.Half) * Pow(width, -k - 1) * Pow(mean, i)
        real_terms, imaginary_terms = parts(value)
        terms += [-common * c * bell_real for c in imaginary_terms]
        terms += [-common * c * bell_imaginary for c in real_terms]
    for (k, i), value in smooth.items():
        terms += [-4 * copies * Pow(width, -k - 1) * Pow(mean, i) * c for c in parts(value)[0]]
    return [term for term in terms if term != 0]


@lru_cache(maxsize=64)
def faddeeva_derivative(n: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """w^(n) = A(zeta) w + (2i/sqrt(pi)) B(zeta) as two integer polynomials."""
    if n < 2:
        return ((0, -2), (1,)) if n else ((1,), ())
    rows = []
    for one, two in zip(faddeeva_derivative(n - 1), faddeeva_derivative(n - 2), strict=True):
        row = [0] * (len(one) + 1)
        for k, weight in enumerate(one):
            row[k + 1] -= 2 * weight
        for k, weight in enumerate(two):
            row[k] -= 2 * (n - 1) * weight
        rows.append(tuple(row))
    return rows[0], rows[1]


def _exact_parts(field, depth: Any):
    """Real and imaginary parts of p + q sqrt(-depth), as terms."""
    root = Pow(field.to_sympy(depth), S.Half)
    return lambda number: (flat(number.p, field), [term * root for term in flat(number.q, field)])


def _numeric_parts(number: Any) -> tuple[Terms, ...]:
    """Real and imaginary parts of an mpmath number, as terms."""
    return tuple([Float(mpmath.nstr(p, _PRINTED_DIGITS), 30)] if p else [] for p in (number.real, number.imag))


# --- numerical poles -----------------------------------------------------------------------------------------------


def _numeric_polynomial(polynomial: Polynomial, field, stride: int = 1) -> Polynomial:
    """Coefficients as mpmath numbers, in powers of x^stride."""
    numbers = []
    for element in polynomial:
        value = field.to_sympy(element)
        if not value.is_number:
            raise NotInTable
        numbers.append(mpmath.mpc(value.evalf(_WORKING_DIGITS)._to_mpmath(mpmath.mp.prec)))
        numbers += [mpmath.mpc(0)] * (stride - 1)
    return numbers[: len(numbers) - (stride - 1)]


def numeric_roots(factor: Polynomial, field) -> list[Any]:
    """Roots of an irreducible (so square-free) polynomial; which ones are real is decided by Sturm's theorem."""
    poly = Poly.from_list(factor[::-1], x, domain=field)
    if not all(coefficient.is_number for coefficient in poly.all_coeffs()):
        raise NotInTable
    with mpmath.workdps(_WORKING_DIGITS):
        roots = sorted(complex_roots(poly, _WORKING_DIGITS), key=lambda root: abs(root.imag))
        tiny = mpmath.mpf(10) ** (-_WORKING_DIGITS // 2)
        count = int(poly.count_roots()) if field.is_QQ else sum(abs(root.imag) <= tiny * abs(root) for root in roots)
        return [mpmath.mpc(root.real, 0) if k < count else root for k, root in enumerate(roots)]
