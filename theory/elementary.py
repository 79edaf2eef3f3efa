"""What each elementary function is: one record per function, asked by every room that meets the function.

A record states what cannot be derived; limits, ranges, series and interval bounds follow from it. A function that SymPy lacks
is built from its record (`theory.functions`). The table loads without SymPy: symbolic rules are functions, called later.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from theory.lazy import Lazy, mpmath, sympy

functions: Any = Lazy("theory.functions")

INCREASING, DECREASING = 1, -1
EVEN, ODD = 1, -1


@dataclass(frozen=True)
class End:
    """Leading behaviour of f(u) where the size of u grows without bound: ``c |u|^q exp(rate |u|^degree)``, or c log|u|.

    Attributes
    ----------
    coefficient : number or callable
        c, or a function without arguments that gives it as an expression.
    exponent : int or Expr
    rate : int or Fraction
    degree : int
    logarithmic : bool
    """

    coefficient: Any = 1
    exponent: Any = 0
    rate: Any = 0
    degree: int = 1
    logarithmic: bool = False

    @property
    def limit(self) -> Any:
        """Limit of f, infinities included, as an expression; of a power whose sign is open, its bound."""
        c = exact(self.coefficient)
        if self.rate < 0 or (exact(self.exponent).is_negative and not self.rate):
            return sympy.S.Zero
        return c * sympy.oo if self.rate or self.exponent or self.logarithmic else c


@dataclass(frozen=True, kw_only=True)
class ElementaryFunction:
    """A real function of one real argument.

    Attributes
    ----------
    name : str
        How a user writes it; SymPy's class of this name, or of ``sympy_name``, is the function in expressions.
    doc : str
        One line.
    typed : bool
        Whether a user may type it; the others arise in closed forms and expressions.
    positive_argument : bool
        Whether it is defined for positive arguments only.
    monotone : int
        INCREASING, DECREASING or 0; for an even function, on the positive half of the line.
    parity : int
        EVEN, ODD or 0.
    right, left : End or None
        Behaviour at oo and -oo; the left of an odd or even function follows.
    inverse : callable, optional
        c -> the expression v with f(v) = c (of an even function v >= 0).
    wave : bool
        A function that takes the values from -1 to 1 periodically, with a slope of at most 1.
    kink : bool
        Whether it is smooth on both sides of 0 only.
    levels : tuple of numbers, optional
        Values below, at and above 0 of a function that is constant on both sides.
    evaluate : callable, optional
        (m, u) -> value with the functions of a module m, `math` or `mpmath`; m's function of the same name if left out. The
        parameters, if there are any, stand before u.
    numpy : str, optional
        Call in NumPy source, ``{}`` for every argument; SymPy's printer if left out.
    parameters : tuple of Expr
        Arguments that stand before the one that varies.
    infimum : number, optional
        Of a function that is not monotone, where it is known; no value attains it.
    at_zero, derivative, latex : optional
        Only of a function that SymPy lacks: value at 0, ``(f, u) -> f'(u)``, name in LaTeX.
    """

    name: str
    doc: str
    aliases: tuple[str, ...] = ()
    sympy_name: str = ""
    typed: bool = True
    positive_argument: bool = False
    monotone: int = 0
    parity: int = 0
    right: End | None = None
    left: End | None = None
    inverse: Callable[[Any], Any] | None = None
    wave: bool = False
    kink: bool = False
    levels: tuple[Any, Any, Any] | None = None
    evaluate: Callable[..., Any] | None = None
    numpy: str | None = None
    parameters: tuple[Any, ...] = ()
    infimum: Any = None
    at_zero: Any = None
    derivative: Callable[[Any, Any], Any] | None = None
    latex: str = ""

    @cached_property
    def node(self) -> Any:
        """The class of the function in expressions."""
        return functions.node(self)

    def argument(self, call: Any) -> Any:
        """What varies in a call of the function."""
        return call.args[len(self.parameters)]

    def value(self, *arguments: Any, m: Any = None) -> Any:
        """f(u) by mpmath at its working precision, or with the functions of another module; parameters stand before u."""
        m = m or GUARDED
        return self.evaluate(m, *arguments) if self.evaluate else getattr(m, self.name)(*arguments)

    def end(self, side: int) -> End | None:
        """Behaviour at oo (side 1) or -oo (side -1)."""
        if side > 0 or not self.parity or self.right is None:
            return self.right if side > 0 else self.left
        right = self.right
        return End(self.parity * exact(right.coefficient), right.exponent, right.rate, right.degree, right.logarithmic)

    @cached_property
    def bounds(self) -> tuple[Any, Any]:
        """Infimum and supremum as expressions."""
        if self.wave:
            return sympy.S.NegativeOne, sympy.S.One
        if not self.monotone or self.right is None:
            return -sympy.oo if self.infimum is None else exact(self.infimum), sympy.oo
        right, left = self.right.limit, self.end(-1)
        low = self.node(0) if self.parity == EVEN else left.limit if left else -self.monotone * sympy.oo
        return (low, right) if self.monotone > 0 else (right, low)

    @cached_property
    def positive(self) -> bool:
        """Whether no value is <= 0."""
        low = self.bounds[0]
        return bool(low > 0 or (low == 0 and not (self.parity == EVEN and self.monotone > 0)))

    @property
    def explodes(self) -> bool:
        """Whether it grows or decays exponentially somewhere."""
        return any(end is not None and end.rate for end in (self.right, self.left))

    @property
    def signature(self) -> str:
        """How a user writes it."""
        return f"{self.name}(x)"

    def misuse(self, count: int) -> str | None:
        """What is wrong with so many arguments."""
        return None if count == 1 else f"needs exactly one argument: {self.signature}"


def exact(number: Any) -> Any:
    """A number of a record as an expression."""
    return sympy.sympify(number() if callable(number) else number, strict=True)


class Guarded:
    """mpmath, whose exponentials refuse arguments beyond 2^400: it would spend 2^k bits on exp(2^k)."""

    def __getattr__(self, name: str) -> Any:
        return getattr(mpmath, name)

    def exp(self, u: Any) -> Any:
        """exp(u), 0 where it is too small to write down."""
        u = mpmath.mpmathify(u)
        if mpmath.isfinite(u.real) and mpmath.mag(u.real) > 400:
            if u.real > 0:
                raise OverflowError("exponential of a number beyond 2**400")
            return mpmath.mpf(0)
        return mpmath.exp(u)

    def cosh(self, u: Any) -> Any:
        """cosh(u)."""
        self.exp(abs(u))
        return mpmath.cosh(u)

    def sinh(self, u: Any) -> Any:
        """sinh(u)."""
        self.exp(abs(u))
        return mpmath.sinh(u)


GUARDED = Guarded()


def faddeeva(z: Any) -> Any:
    """w(z) = exp(-z^2) erfc(-i z) by mpmath, at the current working precision (Abramowitz & Stegun 7.1.3)."""
    z = mpmath.mpmathify(z)
    # exp(-z^2) and erfc(-iz) under- and overflow against each other: spend the digits that the product loses.
    lost = int(abs(z) ** 2 * 2.9) + 20
    if abs(z) ** 2 > 0.7 * mpmath.mp.prec + 10:
        # asymptotic series, error below the smallest term, which is e^{-|z|^2}: below the working precision here
        total, term, k = mpmath.mpf(0), mpmath.mpc(0, 1) / (mpmath.sqrt(mpmath.pi) * z), 0
        while abs(term) > mpmath.eps * abs(total) or k == 0:
            total += term
            k += 1
            term *= (2 * k - 1) / (2 * z * z)
        return total if z.imag >= 0 else 2 * mpmath.exp(-z * z) - faddeeva(-z)
    with mpmath.workprec(mpmath.mp.prec + lost):
        value = mpmath.exp(-z * z) * mpmath.erfc(-1j * z)
    return +value


def _erfcx(z: Any) -> Any:
    value = faddeeva(1j * mpmath.mpmathify(z))
    return value if isinstance(z, mpmath.mpc) else value.real


_SATURATES, _GROWS, _DECAYS = End(1), End(rate=1), End(rate=-1)

_RECORDS = (
    ElementaryFunction(
        name="tanh", doc="hyperbolic tangent", monotone=INCREASING, parity=ODD, right=_SATURATES,
        inverse=lambda c: sympy.atanh(c), numpy="np.tanh({})",
    ),
    ElementaryFunction(
        name="erf", doc="error function", monotone=INCREASING, parity=ODD, right=_SATURATES,
        inverse=lambda c: sympy.erfinv(c), numpy="special.erf({})",
    ),
    ElementaryFunction(name="sin", doc="sine", parity=ODD, wave=True, numpy="np.sin({})"),
    ElementaryFunction(
        name="atan", doc="inverse tangent", aliases=("arctan",), monotone=INCREASING, parity=ODD,
        right=End(lambda: sympy.pi / 2), inverse=lambda c: sympy.tan(c), numpy="np.arctan({})",
    ),
    ElementaryFunction(
        name="asinh", doc="inverse hyperbolic sine", aliases=("arcsinh",), monotone=INCREASING, parity=ODD,
        right=End(logarithmic=True), inverse=lambda c: sympy.sinh(c), numpy="np.arcsinh({})",
    ),
    ElementaryFunction(
        name="sign", doc="sign, -1, 0 or 1", parity=ODD, kink=True, levels=(-1, 0, 1), evaluate=lambda m, u: _sign(u),
    ),
    ElementaryFunction(
        name="step", doc="Heaviside step", aliases=("Heaviside", "heaviside"), sympy_name="Heaviside",
        kink=True, levels=(0, Fraction(1, 2), 1), evaluate=lambda m, u: (_sign(u) + 1) / 2,
    ),
    ElementaryFunction(
        name="softplus", doc="log(1 + exp(x))", monotone=INCREASING, right=End(exponent=1), left=_DECAYS,
        inverse=lambda c: sympy.log(sympy.exp(c) - 1),
        evaluate=lambda m, u: u + m.log1p(m.exp(-u)) if u.real > 0 else m.log1p(m.exp(u)),
        numpy="np.logaddexp(0.0, {})",
        at_zero=lambda: sympy.log(2), derivative=lambda f, u: functions.sigmoid(u), latex=r"\operatorname{softplus}",
    ),
    ElementaryFunction(
        name="sigmoid", doc="logistic, 1/(1 + exp(-x))", aliases=("logistic",), monotone=INCREASING,
        right=_SATURATES, left=_DECAYS, inverse=lambda c: sympy.log(c / (1 - c)),
        evaluate=lambda m, u: 1 / (1 + m.exp(-u)) if u.real > -700 else m.exp(u) / (1 + m.exp(u)),
        numpy="special.expit({})",
        at_zero=Fraction(1, 2), derivative=lambda f, u: f(u) * f(-u), latex=r"\operatorname{sigmoid}",
    ),
    ElementaryFunction(
        name="exp", doc="exponential", monotone=INCREASING, right=_GROWS, left=_DECAYS,
        inverse=lambda c: sympy.log(c), numpy="np.exp({})",
    ),
    ElementaryFunction(
        name="log", doc="natural logarithm of a positive function", aliases=("ln",), positive_argument=True,
        monotone=INCREASING, right=End(logarithmic=True), inverse=lambda c: sympy.exp(c), numpy="np.log({})",
    ),
    ElementaryFunction(name="cos", doc="cosine", parity=EVEN, wave=True, numpy="np.cos({})"),
    ElementaryFunction(
        name="sinh", doc="hyperbolic sine", monotone=INCREASING, parity=ODD, right=_GROWS,
        inverse=lambda c: sympy.asinh(c), numpy="np.sinh({})",
    ),
    ElementaryFunction(
        name="cosh", doc="hyperbolic cosine", monotone=INCREASING, parity=EVEN, right=_GROWS,
        inverse=lambda c: sympy.acosh(c), numpy="np.cosh({})",
    ),
    ElementaryFunction(
        name="sech", doc="1/cosh(x)", monotone=DECREASING, parity=EVEN, right=_DECAYS,
        inverse=lambda c: sympy.acosh(1 / c), evaluate=lambda m, u: 1 / m.cosh(u), numpy="(1/np.cosh({}))",
    ),
    ElementaryFunction(
        name="erfc", doc="complementary error function", monotone=DECREASING, right=End(rate=-1, degree=2), left=End(2),
        inverse=lambda c: sympy.erfinv(1 - c), numpy="special.erfc({})",
    ),
    ElementaryFunction(
        name="abs", doc="absolute value", aliases=("Abs",), sympy_name="Abs", kink=True, monotone=INCREASING, parity=EVEN,
        right=End(exponent=1), inverse=lambda c: c, evaluate=lambda m, u: abs(u),
    ),
    ElementaryFunction(
        name="erfi", doc="imaginary error function", typed=False, monotone=INCREASING, parity=ODD,
        right=End(rate=1, degree=2),
    ),
    ElementaryFunction(
        name="erfcx", doc="scaled complementary error function, erfcx(z) = exp(z^2) erfc(z)", typed=False,
        monotone=DECREASING, right=End(lambda: 1 / sympy.sqrt(sympy.pi), exponent=-1), left=End(rate=1, degree=2),
        evaluate=lambda m, z: _erfcx(z), numpy="special.erfcx({})",
        at_zero=1, derivative=lambda f, z: 2 * z * f(z) - 2 / sympy.sqrt(sympy.pi), latex=r"\operatorname{erfcx}",
    ),
    ElementaryFunction(
        name="faddeeva", doc="Faddeeva function w(z) = exp(-z^2) erfc(-i z), complex", typed=False,
        evaluate=lambda m, z: faddeeva(z), numpy="special.wofz({})",
        at_zero=1, derivative=lambda f, z: -2 * z * f(z) + 2 * sympy.I / sympy.sqrt(sympy.pi), latex="w",
    ),
)  # fmt: skip

ELEMENTARY: dict[str, ElementaryFunction] = {record.name: record for record in _RECORDS}
"""Every elementary function by its name."""


def _sign(u: Any) -> Any:
    return type(u)((u > 0) - (u < 0))
