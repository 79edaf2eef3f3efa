"""The activation families: constructors of exact SymPy expressions in x, and the one table of their names.

The parser reads `FAMILIES` and nothing else, so a name that stands there can be typed by a user, and a name that a user
can type is documented there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

from theory.elementary import ELEMENTARY
from theory.errors import InputError
from theory.lazy import Lazy, sympy

if TYPE_CHECKING:
    from sympy import Expr

Number: TypeAlias = "int | float | Fraction | Expr"

symbols: Any = Lazy("theory.symbols")
enclosures: Any = Lazy("theory.enclosure")
approximants: Any = Lazy("theory.activations.pade")


@dataclass(frozen=True)
class Family:
    """A name that a user may call, beside the elementary functions.

    Attributes
    ----------
    name : str
    construct : callable
        ``construct(*parameters, u=input)`` (parameters exact, u an expression) -> Expr.
    doc : str
        One line.
    parameters : tuple of str
        Names of the parameters, in order; ``...`` as the last one stands for any number more.
    required : int
        How many of the parameters have no default.
    takes_input : bool
        Whether the call takes an input u, which is x if left out.
    """

    name: str
    construct: Callable[..., Any]
    doc: str
    parameters: tuple[str, ...] = ()
    required: int = 0
    takes_input: bool = True

    @property
    def signature(self) -> str:
        """How a user writes it."""
        return f"{self.name}({', '.join(self.parameters) or 'x'})"


FAMILIES: dict[str, Family] = {}
"""Every family by its name."""


def family(doc: str, *parameters: str, required: int = 0) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a constructor into the table; its parameters are named here as a user knows them."""

    def enter(construct: Callable[..., Any]) -> Callable[..., Any]:
        name, takes_input = construct.__name__, "u" in inspect.signature(construct).parameters
        FAMILIES[name] = Family(name, construct, doc, parameters, required, takes_input)
        return construct

    return enter


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
    if isinstance(number, sympy.Expr):
        return number
    if isinstance(number, bool) or not isinstance(number, int | float | Fraction):
        raise InputError(f"{number!r} is not a number")
    try:
        value = Fraction(repr(number)) if isinstance(number, float) else Fraction(number)
    except ValueError:
        raise InputError(f"{number!r} is not a finite number") from None
    return sympy.Rational(value.numerator, value.denominator)


def _parameter(number: Number, name: str, family: str) -> Expr:
    value = exact(number)
    if value.has(symbols.x):
        raise InputError(f"{name} in {family} may not depend on x")
    return value


def _input(u: Expr | None) -> Expr:
    return symbols.x if u is None else u


@family("slope*x, slope 1 if left out", "slope")
def linear(slope: Number = 1, u: Expr | None = None) -> Expr:
    """Linear unit, slope * u."""
    return _parameter(slope, "slope", "linear(slope)") * _input(u)


@family("c0 + c1*x + c2*x^2 + ...", "c0", "c1", "...", required=1)
def polynomial(*coefficients: Number, u: Expr | None = None) -> Expr:
    """Polynomial c0 + c1 u + c2 u^2 + ..., coefficients in rising order."""
    if not coefficients:
        raise InputError("polynomial(c0, c1, ...) needs at least one coefficient")
    if len(coefficients) > 65:
        raise InputError("polynomial(c0, c1, ...) takes at most 65 coefficients")
    values = [_parameter(c, "a coefficient", "polynomial(c0, c1, ...)") for c in coefficients]
    return sympy.Add(*(c * _input(u) ** k for k, c in enumerate(values)))


@family("rectified linear, max(0, x)")
def relu(u: Expr | None = None) -> Expr:
    """Rectified linear unit, max(0, u)."""
    return sympy.Max(0, _input(u))


@family("max(0, x - theta)", "theta", required=1)
def threshold_linear(theta: Number, u: Expr | None = None) -> Expr:
    """Rectified linear unit with threshold, max(0, u - theta)."""
    return sympy.Max(0, _input(u) - _parameter(theta, "theta", "threshold_linear(theta)"))


@family("x for x > 0, slope*x for x < 0", "slope", required=1)
def leaky_relu(slope: Number, u: Expr | None = None) -> Expr:
    """Leaky rectifier: u for u > 0, slope * u for u < 0."""
    u = _input(u)
    return sympy.Max(0, u) + _parameter(slope, "slope", "leaky_relu(slope)") * sympy.Min(0, u)


@family("exp(-x^2/(2*width^2)), width 1 if left out", "width")
def gaussian_bump(width: Number = 1, u: Expr | None = None) -> Expr:
    """Gaussian bump, exp(-u^2 / (2 width^2)).

    Raises
    ------
    InputError
        If the width is not positive.
    """
    value = _parameter(width, "width", "gaussian_bump(width)")
    if not enclosures.enclosure(value).positive:
        raise InputError(f"gaussian_bump(width) needs width > 0, not {value}")
    return sympy.exp(-(_input(u) ** 2) / (2 * value**2))


@family("sign(x)*abs(x)^p, p >= 0", "p", required=1)
def power(p: Number, u: Expr | None = None) -> Expr:
    """Odd power law, sign(u) |u|^p with p >= 0; p = 0 is sign(u), an odd integer p is u^p.

    Parameters
    ----------
    p : number or Expr
        Exponent; a symbol must be positive or nonnegative.
    u : Expr, optional
        Input.

    Raises
    ------
    InputError
        If p is negative or not known to be nonnegative.
    """
    value, u = _parameter(p, "p", "power(p)"), _input(u)
    if not enclosures.enclosure(value).nonnegative:
        hint = "" if value.is_number else f"; declare it, e.g. where {min(map(str, value.free_symbols))}>0"
        raise InputError(f"power(p) = sign(x)*abs(x)^p needs p >= 0, not {value}{hint}")
    if value.is_Rational and value > 64:
        raise InputError(f"power(p) takes p up to 64, not {value}")
    if value == 0:
        return sympy.sign(u)
    if value.is_Integer and value % 2 == 1:
        return u**value
    return sympy.sign(u) * sympy.Abs(u) ** value


@family("real cube root")
def cbrt(u: Expr | None = None) -> Expr:
    """Real cube root, sign(u) |u|^(1/3)."""
    return power(sympy.Rational(1, 3), u)


@family("[m/n] Pade approximant of f: numerator degree m, denominator degree n", "f", "m", "n", required=3)
def pade(function: Expr, m: int, n: int) -> Expr:
    """The approximant of `theory.activations.pade`."""
    return approximants.pade(function, m, n)


@family("square root of a nonnegative function", "x", required=1)
def sqrt(argument: Expr) -> Expr:
    """Square root."""
    return sympy.sqrt(argument)


@family("largest of its arguments", "a", "b", "...", required=2)
def Max(*arguments: Expr) -> Expr:
    """Largest of the arguments."""
    return sympy.Max(*arguments)


@family("smallest of its arguments", "a", "b", "...", required=2)
def Min(*arguments: Expr) -> Expr:
    """Smallest of the arguments."""
    return sympy.Min(*arguments)


@family(
    "first expression whose condition holds: Piecewise((x, x < 1), (1, True))",
    "(expression, condition)",
    "...",
    required=1,
)
def Piecewise(*branches: Any) -> Expr:
    """The branches as they are."""
    return sympy.Piecewise(*branches, evaluate=False)


ALIASES: dict[str, str] = {
    **{alias: record.name for record in ELEMENTARY.values() for alias in record.aliases},
    "ReLU": "relu",
    "max": "Max",
    "min": "Min",
    "gaussian": "gaussian_bump",
}
"""Other spellings of the same names."""
