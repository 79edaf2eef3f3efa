"""Where a smooth real expression can change sign: exact zeros where structure gives them, certified ones otherwise."""

from __future__ import annotations

import math

import mpmath
import sympy
from sympy import Expr, Float, Function, Mul, Poly, Rational, S

from theory.activation.isolation import isolate_zeros
from theory.elementary import EVEN, ODD
from theory.errors import InputError
from theory.functions import record_of
from theory.symbols import x

MAX_DEGREE = 60
"""Largest polynomial degree whose real roots are searched exactly."""


def sign_of(value: Expr) -> int | None:
    """Sign of an x-free real expression: -1, 0, 1, or None when its parameters leave it open.

    Numbers are evaluated until the sign is certain; a value below 1e-60 in magnitude that SymPy cannot separate from
    zero at 120 digits counts as zero.
    """
    if value.is_number:
        if value.is_infinite:
            return -1 if value is S.NegativeInfinity else 1
        if value.is_zero:
            return 0
        with mpmath.workdps(40):
            number = _real_number(value, 40)
            if abs(number) < mpmath.mpf(10) ** -25:
                number = _real_number(value, 120)
                if abs(number) < mpmath.mpf(10) ** -60:
                    return 0
            return 1 if number > 0 else -1
    for candidate in (value, sympy.expand(value), sympy.factor_terms(value)):
        if candidate.is_zero:
            return 0
        if candidate.is_positive:
            return 1
        if candidate.is_negative:
            return -1
    return _sign_of_factors(sympy.factor(value)) if value.is_polynomial(*value.free_symbols) else None


def _sign_of_factors(value: Expr) -> int | None:
    product = 1
    for factor in Mul.make_args(value):
        if factor.is_positive:
            continue
        if not factor.is_negative:
            return None
        product = -product
    return product


def _real_number(value: Expr, digits: int) -> mpmath.mpf:
    number = sympy.N(value, digits)
    real, imaginary = number.as_real_imag()
    if not (real.is_Number and imaginary.is_Number) or abs(imaginary) > abs(real) * Float("1e-20"):
        raise InputError(f"'{value}' is not a real number")
    return mpmath.mpf(real._to_mpmath(mpmath.mp.prec + 200))


def exact_rationals(expression: Expr) -> Expr:
    """Replace floating-point literals by the decimal fraction they were written as."""
    floats = expression.atoms(Float)
    return expression.xreplace({f: Rational(str(f)) for f in floats}) if floats else expression


def sign_change_points(u: Expr) -> tuple[Expr, ...]:
    """Real points between which the smooth expression `u` keeps its sign (zeros and poles).

    Parameters
    ----------
    u : Expr
        Expression in ``x`` without Abs, sign, Heaviside, Max, Min or Piecewise of x.

    Returns
    -------
    tuple of Expr
        In no particular order, possibly with points where the sign does not change after all.

    Raises
    ------
    InputError
        If there are infinitely many points or they cannot be located with certainty.
    """
    return tuple(dict.fromkeys(_points(u)))


def _points(u: Expr) -> tuple[Expr, ...]:
    if not u.has(x) or u.is_positive or u.is_negative:
        return ()
    if u.is_Mul:
        return tuple(point for factor in u.args for point in _points(factor))
    if u.is_Pow:
        return () if u.exp.has(x) else _points(u.base)
    record = record_of(u)
    if record is not None and record.monotone and record.parity == ODD:
        return _points(u.args[0])
    if record is not None and record.positive:
        return ()
    if isinstance(u, sympy.log):
        return _points(u.args[0]) + _points(u.args[0] - 1)
    if u.is_polynomial(x):
        return _polynomial_zeros(u)
    if u.is_Add:
        return _sum_points(u)
    return _kernel_or_certified(u)


def _sum_points(u: Expr) -> tuple[Expr, ...]:
    numerator, denominator = sympy.fraction(sympy.together(u))
    if denominator.has(x) and denominator.is_polynomial(x):
        return _points(sympy.expand(numerator)) + _points(denominator)
    factored = sympy.factor_terms(u)
    if factored.is_Mul and sum(1 for factor in factored.args if factor.has(x)) > 1:
        return _points(factored)
    try:
        return _kernel_or_certified(u)
    except InputError:
        if not denominator.has(x):
            raise
        return _points(sympy.expand(numerator)) + _points(denominator)


def _kernel_or_certified(u: Expr) -> tuple[Expr, ...]:
    """Zeros of a polynomial in one kernel f(v) through the inverse of f, otherwise by certified isolation."""
    kernels = _kernels(u)
    if len(kernels) == 1:
        t = sympy.Dummy("t", real=True)
        in_kernel = u.xreplace({kernels[0]: t})
        if not in_kernel.has(x) and in_kernel.is_polynomial(t):
            values = _polynomial_zeros(in_kernel, t)
            return tuple(point for value in values for point in _preimages(kernels[0], value))
    if u.free_symbols - {x}:
        raise InputError(f"cannot locate the zeros of '{u}' for general values of its parameters")
    by_root = _zeros_by_root(u, kernels)
    return isolate_zeros(u) if by_root is None else by_root


def _zeros_by_root(u: Expr, kernels: list[Expr]) -> tuple[Expr, ...] | None:
    """Zeros of a polynomial in x and fractional powers of one linear base, base = s^q; None for other forms.

    Only s >= 0 counts: where the base is negative the expression is not real.
    """
    bases = {kernel.base for kernel in kernels if kernel.is_Pow and kernel.exp.is_Rational and kernel.exp > 0}
    if len(bases) != 1 or not all(kernel.is_Pow and kernel.exp.is_Rational and kernel.exp > 0 for kernel in kernels):
        return None
    (base,) = bases
    if not base.is_polynomial(x) or Poly(base, x).degree() != 1:
        return None
    slope, offset = Poly(base, x).all_coeffs()
    s = sympy.Dummy("s", positive=True)
    q = math.lcm(*(kernel.exp.q for kernel in kernels))
    powers = {kernel: s ** (kernel.exp * q) for kernel in kernels}
    in_s = sympy.expand(u.xreplace(powers).xreplace({x: (s**q - offset) / slope}))
    roots = (root for root in _polynomial_zeros(in_s, s) if sign_of(root) != -1)
    return tuple(sympy.expand((root**q - offset) / slope) for root in roots)


def _kernels(u: Expr) -> list[Expr]:
    """Outermost function calls and non-polynomial powers in which x appears."""
    if not u.has(x):
        return []
    if isinstance(u, Function) or (u.is_Pow and not (u.exp.is_Integer and u.exp > 0)):
        return [u]
    return list(dict.fromkeys(kernel for argument in u.args for kernel in _kernels(argument)))


def _preimages(kernel: Expr, value: Expr) -> tuple[Expr, ...]:
    """Zeros of ``kernel - value``, x-free `value`."""
    record = record_of(kernel)
    if record is not None and record.wave:
        if sign_of(abs(value) - 1) == 1:
            return ()
        raise InputError(f"'{kernel}' takes the value {value} at infinitely many points")
    if kernel.is_Pow and not kernel.exp.has(x):
        return _points(kernel.base - value ** (1 / kernel.exp)) if sign_of(value) == 1 else ()
    if record is None or record.inverse is None:
        if kernel.free_symbols - {x}:
            raise InputError(f"cannot locate the points where '{kernel}' equals {value}")
        return isolate_zeros(kernel - value)
    for bound, side in zip(record.bounds, (1, -1), strict=True):
        position = side if bound.is_infinite else sign_of(value - bound)
        if position is None:
            raise InputError(f"cannot tell whether '{kernel}' reaches the value {value}; declare the parameters' signs")
        if position != side:
            return _points(kernel.args[0]) if position == 0 and bound == kernel.func(0) else ()
    found = record.inverse(value)
    both = (found, -found) if record.parity == EVEN else (found,)
    return tuple(point for v in both for point in _points(kernel.args[0] - v))


def _polynomial_zeros(u: Expr, variable: sympy.Symbol = x) -> tuple[Expr, ...]:
    """Distinct real zeros of a polynomial with number or symbolic coefficients."""
    poly = Poly(u, variable)
    if poly.degree() > MAX_DEGREE:
        raise InputError(f"the polynomial '{u}' has degree {poly.degree()}; at most {MAX_DEGREE} is allowed here")
    if all(c.is_Rational for c in poly.all_coeffs()):
        return tuple(dict.fromkeys(poly.real_roots()))
    if poly.degree() <= 2:
        return _low_degree_zeros(poly, u)
    factors = Mul.make_args(sympy.factor(u))
    if len(factors) > 1:
        bases = [factor.as_base_exp()[0] for factor in factors if factor.has(variable)]
        return tuple(point for base in bases for point in _polynomial_zeros(base, variable))
    if u.free_symbols - {variable}:
        raise InputError(f"cannot solve '{u}' = 0 for general values of its parameters")
    # Cauchy's bound on the magnitude of a zero, doubled so that it stays strict
    cauchy = 2 + 2 * max(abs(sympy.N(c / poly.LC(), 20)) for c in poly.all_coeffs())
    return isolate_zeros(u.xreplace({variable: x}), reach=cauchy)


def _low_degree_zeros(poly: Poly, u: Expr) -> tuple[Expr, ...]:
    coefficients = poly.all_coeffs()
    if sign_of(coefficients[0]) in (None, 0) and not coefficients[0].is_nonzero:
        raise InputError(f"cannot tell the sign of '{coefficients[0]}' in '{u}'; declare it, as in a>0")
    if poly.degree() < 2:
        return (sympy.expand(-coefficients[1] / coefficients[0]),) if poly.degree() == 1 else ()
    a, b, c = coefficients
    discriminant = sympy.factor_terms(sympy.expand(b**2 - 4 * a * c))
    case = sign_of(discriminant)
    if case is None:
        raise InputError(f"cannot tell whether '{u}' has real zeros; declare the signs of its parameters, as in a>0")
    if case < 0:
        return ()
    centre, radius = -b / (2 * a), sympy.sqrt(discriminant) / (2 * a)
    return (centre,) if case == 0 else (centre - radius, centre + radius)
