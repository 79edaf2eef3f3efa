"""The activation families: constructors of exact SymPy expressions in x, and the one table of their names.

The parser reads `FAMILIES` and nothing else, so a name that stands there can be typed by a user, and a name that a user
can type is documented there.
"""

from __future__ import annotations

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
functions: Any = Lazy("theory.functions")
approximants: Any = Lazy("theory.activation.pade")


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
        Whether it takes an input u, which may be left out, and is x then, where there are parameters.
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

    def misuse(self, count: int) -> str | None:
        """What is wrong with so many arguments, as far as that does not depend on what they are."""
        if not self.parameters:
            return None if count == 1 else f"needs exactly one argument: {self.signature}"
        fits = count >= self.required if "..." in self.parameters else count == self.required
        return None if self.takes_input or fits else f"has the wrong arguments; write {self.signature}: {self.doc}"


FAMILIES: dict[str, Family] = {}
"""Every family by its name."""


def family(*parameters: str, required: int = 0) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a constructor into the table; its parameters are named here as a user knows them."""

    def enter(construct: Callable[..., Any]) -> Callable[..., Any]:
        doc = (construct.__doc__ or "").partition("\n")[0].rstrip(".")
        FAMILIES[construct.__name__] = Family(construct.__name__, construct, doc, parameters, required)
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


@family("slope")
def linear(slope: Number = 1, u: Expr | None = None) -> Expr:
    """Linear unit, slope * u."""
    return _parameter(slope, "slope", "linear(slope)") * _input(u)


@family("c0", "c1", "...", required=1)
def polynomial(*coefficients: Number, u: Expr | None = None) -> Expr:
    """Polynomial c0 + c1 u + c2 u^2 + ..., coefficients in rising order."""
    if not coefficients:
        raise InputError("polynomial(c0, c1, ...) needs at least one coefficient")
    if len(coefficients) > 65:
        raise InputError("polynomial(c0, c1, ...) takes at most 65 coefficients")
    values = [_parameter(c, "a coefficient", "polynomial(c0, c1, ...)") for c in coefficients]
    return sympy.Add(*(c * _input(u) ** k for k, c in enumerate(values)))


@family()
def relu(u: Expr | None = None) -> Expr:
    """Rectified linear unit, max(0, u)."""
    return sympy.Max(0, _input(u))


@family("theta", required=1)
def threshold_linear(theta: Number, u: Expr | None = None) -> Expr:
    """Rectified linear unit with threshold, max(0, u - theta)."""
    return sympy.Max(0, _input(u) - _parameter(theta, "theta", "threshold_linear(theta)"))


@family("slope")
def leaky_relu(slope: Number = Fraction(1, 100), u: Expr | None = None) -> Expr:
    """Leaky rectifier: u for u > 0, slope * u for u < 0."""
    u = _input(u)
    return sympy.Max(0, u) + _parameter(slope, "slope", "leaky_relu(slope)") * sympy.Min(0, u)


@family("width")
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


@family("p", required=1)
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


@family("n", "sigma", "theta", required=3)
def threshold_power(n: Number, sigma: Number, theta: Number, u: Expr | None = None) -> Expr:
    """Threshold-power law under Gaussian noise, the average of max(0, u - theta + sigma*eta)^n over a standard normal eta.

    Parameters
    ----------
    n : number or Expr
        Exponent above -1; without noise not negative.
    sigma : number or Expr
        Standard deviation of the noise; a symbol must be positive.
    theta : number or Expr
        Threshold.
    u : Expr, optional
        Input.

    Returns
    -------
    Expr
        ``sigma^n I_n((u - theta)/sigma)``, see `theory.functions.SmoothedPower`; ``max(0, u - theta)^n`` for sigma = 0.

    Raises
    ------
    InputError
        For an exponent or a noise outside these ranges, or not known to be inside.
    """
    signature = "threshold_power(n, sigma, theta)"
    n, sigma, theta = (
        _parameter(value, name, signature) for value, name in ((n, "n"), (sigma, "sigma"), (theta, "theta"))
    )
    noisy, problems = sigma != 0, []
    if not (enclosures.enclosure(n + 1).positive if noisy else enclosures.enclosure(n).nonnegative):
        problems.append(f"n {'> -1' if noisy else '>= 0 where sigma = 0'}, not {n}")
    if n.is_Rational and n > 64:
        problems.append(f"n up to 64, not {n}")
    if noisy and not enclosures.enclosure(sigma).positive:
        problems.append(f"sigma >= 0, not {sigma}")
    if problems:
        open_ = sorted({s.name for value in (n, sigma) for s in value.free_symbols})
        hint = f"; declare parameters as in: where {open_[0]}>0" if open_ else ""
        raise InputError(f"{signature} needs {' and '.join(problems)}{hint}")
    u = _input(u) - theta
    if noisy:
        return sigma**n * functions.SmoothedPower(n, u / sigma)
    return sympy.Heaviside(u) if n == 0 else sympy.Max(0, u) ** n


@family()
def cbrt(u: Expr | None = None) -> Expr:
    """Real cube root, sign(u) |u|^(1/3)."""
    return power(sympy.Rational(1, 3), u)


FAMILIES |= {
    entry.name: entry
    for entry in (
        Family(
            "pade",
            lambda f, m, n: approximants.pade(f, m, n),
            "[m/n] Pade approximant of f: numerator degree m, denominator degree n",
            ("f", "m", "n"),
            3,
            False,
        ),
        Family("sqrt", lambda u: sympy.sqrt(u), "square root of a nonnegative function", (), 1, False),
        Family("Max", lambda *a: sympy.Max(*a), "largest of its arguments", ("a", "b", "..."), 2, False),
        Family("Min", lambda *a: sympy.Min(*a), "smallest of its arguments", ("a", "b", "..."), 2, False),
        Family(
            "Piecewise",
            lambda *branches: sympy.Piecewise(*branches, evaluate=False),
            "first expression whose condition holds, such as Piecewise((x, x < 1), (1, True))",
            ("(expression, condition)", "..."),
            1,
            False,
        ),
    )
}

ALIASES: dict[str, str] = {
    **{alias: record.name for record in ELEMENTARY.values() for alias in record.aliases},
    "ReLU": "relu",
    "max": "Max",
    "min": "Min",
    "gaussian": "gaussian_bump",
    "maximum": "Max",
    "minimum": "Min",
    "piecewise": "Piecewise",
    "expit": "sigmoid",
    "sgn": "sign",
}
"""Other spellings of the same names."""
