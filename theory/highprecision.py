"""Expressions as mpmath functions, with exponentials that cannot run away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import mpmath
import sympy
from sympy import Expr, Symbol

from theory.functions import mpmath_names


def mp_function(arguments: Symbol | Sequence[Symbol], expression: Expr, cse: bool = False) -> Callable[..., Any]:
    """Compile an expression for mpmath at the working precision of the call.

    Parameters
    ----------
    arguments : Symbol or sequence of Symbol
        Positional arguments of the result.
    expression : Expr
        An expression built by this package (never user text).
    cse : bool
        Whether repeated subexpressions are computed once, which pays for many points; not for integrals.

    Returns
    -------
    callable
        Raises ArithmeticError or ValueError where the expression has no value or overflows beyond exp(2**400).
    """
    roots = sorted(expression.atoms(sympy.CRootOf), key=str)
    if not roots:
        return sympy.lambdify(arguments, expression, modules=[mpmath_names(), "mpmath"], cse=cse)
    # algebraic numbers become further arguments, evaluated once per working precision
    stands = [sympy.Dummy() for _ in roots]
    whole = (*((arguments,) if isinstance(arguments, Symbol) else arguments), *stands)
    compiled = sympy.lambdify(
        whole, expression.xreplace(dict(zip(roots, stands, strict=True))), modules=[mpmath_names(), "mpmath"]
    )

    @lru_cache(maxsize=8)
    def values(precision: int) -> tuple[Any, ...]:
        digits = mpmath.libmp.prec_to_dps(precision) + 5
        return tuple(mpmath.mpf(sympy.N(root, digits)._to_mpmath(precision)) for root in roots)

    return lambda *point: compiled(*point, *values(mpmath.mp.prec))
