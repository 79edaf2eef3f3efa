"""Complex poles of a rational function."""

from __future__ import annotations

import mpmath
import sympy
from sympy import Expr, Float, I, Poly, PolynomialError

from theory.errors import InputError
from theory.symbols import x

MAX_DEGREE = 60


def complex_poles(expression: Expr, digits: int = 30) -> tuple[Expr, ...]:
    """Distinct poles of a rational function with numeric coefficients, after cancelling common factors.

    Parameters
    ----------
    expression : Expr
        Rational function of ``x``.
    digits : int
        Decimal digits of the result.

    Returns
    -------
    tuple of Expr
        Complex decimals, sorted by real and imaginary part.

    Raises
    ------
    InputError
        If the denominator has degree above 60 or its zeros do not converge.
    """
    numerator, denominator = (Poly(part, x) for part in sympy.fraction(sympy.together(expression)))
    if denominator.degree() > MAX_DEGREE:
        raise InputError(f"the denominator of '{expression}' has degree {denominator.degree()}, above {MAX_DEGREE}")
    if denominator.degree() == 0:
        return ()
    try:
        reduced = denominator.quo(numerator.gcd(denominator))
    except (PolynomialError, NotImplementedError):
        reduced = denominator
    with mpmath.workdps(digits + 10):
        try:
            roots = complex_roots(reduced, digits + 10)
        except mpmath.libmp.NoConvergence as error:
            raise InputError(f"the poles of '{expression}' could not be computed") from error
        clean = [(_tidy(mpmath.re(root)), _tidy(mpmath.im(root))) for root in roots]
        ordered = sorted(clean, key=lambda pair: (float(pair[0]), float(pair[1])))
        return tuple(Float(real, digits) + I * Float(imaginary, digits) for real, imaginary in ordered)


def complex_roots(poly: Poly, digits: int) -> list[mpmath.mpc]:
    """Distinct zeros of a polynomial with numeric coefficients, computed with so many digits.

    Raises
    ------
    mpmath.libmp.NoConvergence
    """
    if poly.degree() < 1:
        return []
    simple = poly.sqf_part() if poly.domain.is_Exact else poly  # so that multiple zeros keep their digits
    with mpmath.workdps(digits):
        coefficients = [mpmath.mpf(sympy.N(c, digits)._to_mpmath(mpmath.mp.prec)) for c in simple.all_coeffs()]
        return [mpmath.mpc(root) for root in mpmath.polyroots(coefficients, maxsteps=500, extraprec=400)]


def _tidy(part: mpmath.mpf) -> mpmath.mpf:
    """Exact zero for the rounding noise of a real or purely imaginary root."""
    return mpmath.mpf(0) if abs(part) < mpmath.mpf(10) ** (8 - mpmath.mp.dps) else part
