"""Expressions as mpmath functions, with exponentials that cannot run away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import mpmath
import sympy
from sympy import Expr, Symbol

from theory.functions import MPMATH_NAMES

_MAX_EXPONENT_BITS = 400


def mp_function(arguments: Symbol | Sequence[Symbol], expression: Expr) -> Callable[..., Any]:
    """Compile an expression for mpmath at the working precision of the call.

    Parameters
    ----------
    arguments : Symbol or sequence of Symbol
        Positional arguments of the result.
    expression : Expr
        An expression built by this package (never user text).

    Returns
    -------
    callable
        Raises ArithmeticError or ValueError where the expression has no value or overflows beyond exp(2**400).
    """
    roots = sorted(expression.atoms(sympy.CRootOf), key=str)
    if not roots:
        return sympy.lambdify(arguments, expression, modules=[_NAMES, "mpmath"])
    # algebraic numbers become further arguments, evaluated once per working precision
    stands = [sympy.Dummy() for _ in roots]
    whole = (*((arguments,) if isinstance(arguments, Symbol) else arguments), *stands)
    compiled = sympy.lambdify(
        whole, expression.xreplace(dict(zip(roots, stands, strict=True))), modules=[_NAMES, "mpmath"]
    )

    @lru_cache(maxsize=8)
    def values(precision: int) -> tuple[Any, ...]:
        digits = mpmath.libmp.prec_to_dps(precision) + 5
        return tuple(mpmath.mpf(sympy.N(root, digits)._to_mpmath(precision)) for root in roots)

    return lambda *point: compiled(*point, *values(mpmath.mp.prec))


def _bounded_exp(u: Any) -> Any:
    """exp(u); mpmath would spend 2**k bits on an argument of size 2**(2**k), as in exp(-exp(x)) at large x."""
    u = mpmath.mpmathify(u)
    real = mpmath.re(u)
    if mpmath.isfinite(real) and mpmath.mag(real) > _MAX_EXPONENT_BITS:
        if real > 0:
            raise OverflowError("exponential of a number beyond 2**400")
        return mpmath.mpf(0)
    return mpmath.exp(u)


def _bounded(function: Callable, name: str) -> Callable:
    def guarded(u: Any) -> Any:
        if mpmath.mag(mpmath.re(u)) > _MAX_EXPONENT_BITS:
            raise OverflowError(f"{name} of a number beyond 2**400")
        return function(u)

    return guarded


def _sigmoid(u: Any) -> Any:
    u = mpmath.mpmathify(u)
    decay = _bounded_exp(-u if mpmath.re(u) >= 0 else u)
    return 1 / (1 + decay) if mpmath.re(u) >= 0 else decay / (1 + decay)


def _softplus(u: Any) -> Any:
    u = mpmath.mpmathify(u)
    return u + mpmath.log1p(_bounded_exp(-u)) if mpmath.re(u) > 0 else mpmath.log1p(_bounded_exp(u))


_NAMES = {
    **MPMATH_NAMES,
    "exp": _bounded_exp,
    "cosh": _bounded(mpmath.cosh, "cosh"),
    "sinh": _bounded(mpmath.sinh, "sinh"),
    "sigmoid": _sigmoid,
    "softplus": _softplus,
}
