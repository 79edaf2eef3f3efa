"""The activation families: constructors of exact SymPy expressions in x, and the one table of their names.

The parser reads `FAMILIES` and nothing else, so a name that stands there can be typed by a user, and a name that a user
can type is documented there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import sympy
from sympy import Abs, Expr, Heaviside, Max, Min, Rational, asinh, atan, erf, erfc, sign, sin, tanh

from theory.activations.pade import pade
from theory.errors import InputError
from theory.functions import sigmoid, softplus
from theory.symbols import x
from theory.enclosure import enclosure

__all__ = [
    "ALIASES",
    "FAMILIES",
    "Family",
    "asinh",
    "atan",
    "cbrt",
    "erf",
    "erfc",
    "gaussian_bump",
    "leaky_relu",
    "linear",
    "pade",
    "polynomial",
    "power",
    "relu",
    "sigmoid",
    "sign",
    "sin",
    "softplus",
    "step",
    "tanh",
    "threshold_linear",
]

Number: TypeAlias = int | float | Fraction | Expr


def exact(number: Number) -> Expr:
    """The exact value of a number: a float counts as the decimal that Python prints for it.

    Parameters
    ----------
    number : int, float, Fraction or Expr

    Returns
    -------
    Expr

    Raises
    ------
    InputError
        For anything else, for nan and for infinity.
    """
    if isinstance(number, Expr):
        return number
    if isinstance(number, bool) or not isinstance(number, int | float | Fraction):
        raise InputError(f"{number!r} is not a number")
    try:
        value = Fraction(repr(number)) if isinstance(number, float) else Fraction(number)
    except ValueError:
        raise InputError(f"{number!r} is not a finite number") from None
    return Rational(value.numerator, value.denominator)


def _parameter(number: Number, name: str, family: str) -> Expr:
    value = exact(number)
    if value.has(x):
        raise InputError(f"{name} in {family} may not depend on x")
    return value


def linear(slope: Number = 1, u: Expr = x) -> Expr:
    """Linear unit, slope * u."""
    return _parameter(slope, "slope", "linear(slope)") * u


def polynomial(*coefficients: Number, u: Expr = x) -> Expr:
    """Polynomial c0 + c1 u + c2 u^2 + ..., coefficients in rising order."""
    if not coefficients:
        raise InputError("polynomial(c0, c1, ...) needs at least one coefficient")
    if len(coefficients) > 65:
        raise InputError("polynomial(c0, c1, ...) takes at most 65 coefficients")
    values = [_parameter(c, "a coefficient", "polynomial(c0, c1, ...)") for c in coefficients]
    return sympy.Add(*(c * u**k for k, c in enumerate(values)))


def step(u: Expr = x) -> Expr:
    """Heaviside step, 0 for u < 0 and 1 for u > 0."""
    return Heaviside(u)


def relu(u: Expr = x) -> Expr:
    """Rectified linear unit, max(0, u)."""
    return Max(0, u)


def threshold_linear(theta: Number, u: Expr = x) -> Expr:
    """Rectified linear unit with threshold, max(0, u - theta)."""
    return Max(0, u - _parameter(theta, "theta", "threshold_linear(theta)"))


def leaky_relu(slope: Number, u: Expr = x) -> Expr:
    """Leaky rectifier: u for u > 0, slope * u for u < 0."""
    return Max(0, u) + _parameter(slope, "slope", "leaky_relu(slope)") * Min(0, u)


def gaussian_bump(width: Number = 1, u: Expr = x) -> Expr:
    """Gaussian bump, exp(-u^2 / (2 width^2)).

    Raises
    ------
    InputError
        If the width is not positive.
    """
    value = _parameter(width, "width", "gaussian_bump(width)")
    if not enclosure(value).positive:
        raise InputError(f"gaussian_bump(width) needs width > 0, not {value}")
    return sympy.exp(-(u**2) / (2 * value**2))


def power(p: Number, u: Expr = x) -> Expr:
    """Odd power law, sign(u) |u|^p with p >= 0; p = 0 is sign(u), an odd integer p is u^p.

    Parameters
    ----------
    p : number or Expr
        Exponent; a symbol must be positive or nonnegative.
    u : Expr
        Input.

    Returns
    -------
    Expr

    Raises
    ------
    InputError
        If p is negative or not known to be nonnegative.
    """
    value = _parameter(p, "p", "power(p)")
    if not enclosure(value).nonnegative:
        hint = "" if value.is_number else f"; declare it, e.g. where {min(map(str, value.free_symbols))}>0"
        raise InputError(f"power(p) = sign(x)*abs(x)^p needs p >= 0, not {value}{hint}")
    if isinstance(value, Rational) and value > 64:
        raise InputError(f"power(p) takes p up to 64, not {value}")
    if value == 0:
        return sign(u)
    if isinstance(value, sympy.Integer) and value % 2 == 1:
        return u**value
    return sign(u) * Abs(u) ** value


def cbrt(u: Expr = x) -> Expr:
    """Real cube root, sign(u) |u|^(1/3)."""
    return power(Rational(1, 3), u)


@dataclass(frozen=True)
class Family:
    """One name that a user may type.

    Attributes
    ----------
    name : str
    construct : callable
        ``construct(*parameters, u=input)`` (parameters exact, u an expression) -> Expr.
    parameters : tuple of str
        Names of the parameters, in order; ``...`` as the last one stands for any number more.
    required : int
        How many of the parameters have no default.
    input : {"needed", "optional", "none"}
        Whether the call takes the input u; where it is optional it is x.
    doc : str
        One line.
    """

    name: str
    construct: Callable[..., Expr]
    doc: str
    parameters: tuple[str, ...] = ()
    required: int = 0
    input: str = "optional"

    @property
    def signature(self) -> str:
        """How a user writes it."""
        if self.input == "needed":
            return f"{self.name}(x)"
        return f"{self.name}({', '.join(self.parameters)})"

    @property
    def bare(self) -> bool:
        """Whether the name alone is an activation."""
        return self.required == 0 and self.input != "none"


def _of_input(construct: Callable[[Expr], Expr]) -> Callable[..., Expr]:
    return lambda u=x: construct(u)


def _function(name: str, construct: Callable[[Expr], Expr], doc: str) -> Family:
    return Family(name, _of_input(construct), doc, input="needed")


_TABLE = (
    _function("tanh", sympy.tanh, "hyperbolic tangent"),
    _function("erf", sympy.erf, "error function"),
    _function("sin", sympy.sin, "sine"),
    _function("atan", sympy.atan, "inverse tangent"),
    _function("asinh", sympy.asinh, "inverse hyperbolic sine"),
    _function("sign", sympy.sign, "sign, -1, 0 or 1"),
    _function("step", step, "Heaviside step"),
    _function("relu", relu, "rectified linear, max(0, x)"),
    _function("softplus", softplus, "log(1 + exp(x))"),
    _function("sigmoid", sigmoid, "logistic, 1/(1 + exp(-x))"),
    Family("linear", linear, "slope*x, slope 1 if left out", ("slope",)),
    Family("polynomial", polynomial, "c0 + c1*x + c2*x^2 + ...", ("c0", "c1", "..."), 1),
    Family("threshold_linear", threshold_linear, "max(0, x - theta)", ("theta",), 1),
    Family("leaky_relu", leaky_relu, "x for x > 0, slope*x for x < 0", ("slope",), 1),
    Family("gaussian_bump", gaussian_bump, "exp(-x^2/(2*width^2)), width 1 if left out", ("width",)),
    Family("power", power, "sign(x)*abs(x)^p, p >= 0", ("p",), 1),
    Family(
        "pade",
        pade,
        "[m/n] Pade approximant of f: numerator degree m, denominator degree n",
        ("f", "m", "n"),
        3,
        "none",
    ),
    _function("exp", sympy.exp, "exponential"),
    _function("log", sympy.log, "natural logarithm of a positive function"),
    _function("sqrt", sympy.sqrt, "square root of a nonnegative function"),
    _function("cbrt", cbrt, "real cube root"),
    _function("cos", sympy.cos, "cosine"),
    _function("sinh", sympy.sinh, "hyperbolic sine"),
    _function("cosh", sympy.cosh, "hyperbolic cosine"),
    _function("erfc", sympy.erfc, "complementary error function"),
    _function("abs", sympy.Abs, "absolute value"),
    Family("Max", Max, "largest of its arguments", ("a", "b", "..."), 2, "none"),
    Family("Min", Min, "smallest of its arguments", ("a", "b", "..."), 2, "none"),
    Family(
        "Piecewise",
        sympy.Piecewise,
        "first expression whose condition holds: Piecewise((x, x < 1), (1, True))",
        ("(expression, condition)", "..."),
        1,
        "none",
    ),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _TABLE}
"""Every function and family by its name, in the order in which they are shown to a user."""

ALIASES: dict[str, str] = {
    "ln": "log",
    "arctan": "atan",
    "arcsinh": "asinh",
    "Abs": "abs",
    "Heaviside": "step",
    "heaviside": "step",
    "ReLU": "relu",
    "max": "Max",
    "min": "Min",
    "logistic": "sigmoid",
    "gaussian": "gaussian_bump",
}
"""Other spellings of the same names."""
