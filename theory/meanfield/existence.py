"""For which couplings a self-consistency has a solution: from the growth of the activation, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Expr, diff, oo, solve, sstr

from theory.activation.activation import Activation
from theory.averages.average import averages
from theory.concrete import in_closed_form
from theory.theory import Theory


@dataclass(frozen=True)
class Existence:
    """Range of the control parameter with a solution.

    Attributes
    ----------
    sentence : str
        For the reader.
    limit : Expr or None
        Least upper bound of the control parameter; oo where there is none, None where it has no closed form.
    turning : Expr or None
        Order parameter at which the limit is reached; oo where it is only approached.
    """

    sentence: str
    limit: Expr | None
    turning: Expr | None


def existence(theory: Theory, activation: Activation) -> Existence:
    """Where the branch from zero coupling ends.

    The control parameter that a given order parameter asks for, `SelfConsistency.control_at`, rises from zero along the branch.
    It grows without bound if phi grows sublinearly, tends to 1/slope if phi grows linearly, and falls again if phi grows
    superlinearly: then its maximum is a saddle-node, where the slope of the self-consistency is 1.

    Parameters
    ----------
    theory : Theory
    activation : Activation

    Returns
    -------
    Existence
    """
    name, slope = theory.equation.control, activation.mean_square_slope
    if slope == 0:
        return Existence(f"a solution exists for every {name}: phi grows slower than x", oo, oo)
    if slope.is_finite and slope.is_positive:
        return Existence(
            f"a solution exists whenever {name} < {sstr(1 / slope)}, the inverse of the slope of phi at infinity",
            1 / slope,
            oo,
        )
    if slope == oo:
        turning = _saddle_node(theory, activation)
        supremum = f"the maximum over {theory.equation.unknown} of {sstr(theory.equation.control_at)}"
        if turning is None:
            return Existence(
                f"phi grows faster than x: solutions end in a saddle-node at {name} = {supremum}", None, None
            )
        limit = in_closed_form(theory.equation.control_at, activation).subs(theory.equation.unknown, turning)
        return Existence(
            f"phi grows faster than x: solutions end in a saddle-node at {name} = {sstr(limit)}, "
            f"{theory.equation.unknown} = {sstr(turning)}",
            limit,
            turning,
        )
    return Existence(
        f"the slope of phi at infinity, {sstr(slope)}, depends on the parameters: a solution exists for every {name} where "
        f"it is 0, for {name} times the slope < 1 where it is finite, up to a saddle-node where it is infinite",
        None,
        None,
    )


def existence_in_time(theory: Theory, activation: Activation) -> Existence:
    """In time growth bounds the variance from above; without noise the instability of x = 0 bounds the coupling from below."""
    name, at_zero, slope = theory.equation.control, activation.slope_at_zero, activation.mean_square_slope
    if at_zero.is_finite and at_zero.is_nonzero:
        silent = f"without noise only for {name} > {sstr(abs(1 / at_zero))} = 1/phi'(0)"
    elif at_zero.is_zero:
        silent = f"without noise only beyond a finite {name}, because phi'(0) = 0"
    else:
        silent = f"without noise for every {name} > 0, because phi is steep at 0"
    if slope == 0:
        return Existence(f"with noise a solution exists for every {name}; {silent}", oo, oo)
    if slope.is_finite and slope.is_positive:
        return Existence(f"a solution exists only for {name} < {sstr(1 / slope)}; {silent}", 1 / slope, oo)
    return Existence(f"phi grows faster than x: with noise solutions end at a finite {name}", None, None)


def _saddle_node(theory: Theory, activation: Activation) -> Expr | None:
    """Maximum of `control_at` for a single power of the unknown, where it solves a linear equation."""
    squared = in_closed_form(theory.equation.control_at, activation) ** 2
    if squared.has(*averages(theory.equation.control_at)):
        return None
    logarithmic = (theory.equation.unknown * diff(squared, theory.equation.unknown) / squared).together().cancel()
    numerator = logarithmic.as_numer_denom()[0]
    if not numerator.is_polynomial(theory.equation.unknown) or numerator.as_poly(theory.equation.unknown).degree() != 1:
        return None
    (turning,) = solve(numerator, theory.equation.unknown)
    return turning
