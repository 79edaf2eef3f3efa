"""A function of x written as a sum of products that the table of Gaussian averages knows.

Every entry of the table is an average of ``x^n`` times a `Kernel`: an exponential of a quadratic, at most one sine or
cosine, error functions, a power of |x| and a denominator. This file multiplies an expression out into such products,
without `expand` or `simplify`, and says `NotInTable` as soon as a factor of another kind appears.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import sympy
from sympy import Add, Expr, Float, Integer, Mul, Pow, Rational, S, cos, cosh, erf, erfc, exp, expand, log, sin, sinh

from theory.functions import erfcx
from theory.symbols import x

_MOST_PRODUCTS = 3000
_HIGHEST_POWER = 64
_MOST_ERFS = 3


class NotInTable(Exception):
    """The average stands in no entry of the table; not an error, the caller turns to quadrature."""


@dataclass(frozen=True)
class Kernel:
    """The factor ``exp(a x^2 + b x + c) wave(omega x) |x|^power prod erf(k x + l) / prod base^m`` of one product.

    Attributes
    ----------
    exponent : tuple of Expr
        (a, b, c).
    wave : tuple or None
        ("cos", omega), ("sin", omega) or None.
    erfs : tuple of pairs of Expr
        The arguments (k, l) of the error functions, at most three.
    power : Expr
        Exponent of |x|.
    denominators : tuple of pairs (Expr, int)
        Monic polynomials in x with their multiplicities.
    """

    exponent: tuple[Expr, Expr, Expr] = (S.Zero, S.Zero, S.Zero)
    wave: tuple[str, Expr] | None = None
    erfs: tuple[tuple[Expr, Expr], ...] = ()
    power: Expr = S.Zero
    denominators: tuple[tuple[Expr, int], ...] = ()

    @property
    def is_polynomial(self) -> bool:
        """Whether nothing but the power of x is left."""
        return self == Kernel()

    @property
    def is_exponential(self) -> bool:
        """Whether the factor is an exponential of a quadratic, possibly one."""
        return self == Kernel(exponent=self.exponent)

    def parity(self) -> int | None:
        """+1 for even, -1 for odd, None for neither (or not visible)."""
        _, b, _ = self.exponent
        if b != 0 or self.denominators or any(offset != 0 for _, offset in self.erfs):
            return None
        odd = len(self.erfs) + (self.wave is not None and self.wave[0] == "sin")
        return -1 if odd % 2 else 1


@dataclass(frozen=True)
class SteppedTerm:
    """``step(x) x^n kernel(x)``, the step function constant between breakpoints."""

    kernel: Kernel
    n: int
    steps: tuple[Expr, ...]
    breakpoints: tuple[Expr, ...]

    @property
    def is_smooth(self) -> bool:
        """Whether the step function is a constant."""
        return not self.breakpoints

    @property
    def is_fraction(self) -> bool:
        """Whether the term has a denominator."""
        return bool(self.kernel.denominators) or (self.n < 0 and self.kernel.power == 0)

    def around_origin(self) -> tuple[Expr, Expr]:
        """The step function just left and just right of x = 0."""
        signs = [(beta.is_negative, beta.is_positive) for beta in self.breakpoints]
        if any(None in pair for pair in signs):
            raise NotInTable
        return self.steps[sum(left for left, _ in signs)], self.steps[sum(not right for _, right in signs)]

    @property
    def is_polynomial(self) -> bool:
        """Whether the term is a monomial."""
        return self.is_smooth and self.kernel.is_polynomial and self.n >= 0

    @property
    def is_analytic(self) -> bool:
        """Whether the term is a product of a monomial, exponentials, waves and error functions only."""
        return self.is_smooth and self.kernel.power == 0 and not self.kernel.denominators and self.n >= 0

    def parity(self) -> int | None:
        """Parity of ``x^n kernel(x)``."""
        parity = self.kernel.parity()
        return None if parity is None else parity * (-1) ** (self.n % 2)


Products = dict[tuple[Kernel, int], Expr]
"""Coefficient of ``x^n kernel(x)`` under the key (kernel, n)."""


def products(expression: Expr, side: int = 0) -> Products:
    """Multiply an expression out into products of the table.

    Parameters
    ----------
    expression : Expr
        Ordinary function of ``theory.symbols.x``.
    side : int
        +1 where it is used on positive x only, -1 on negative x only, 0 elsewhere; powers of x need it.

    Returns
    -------
    Products

    Raises
    ------
    NotInTable
        For any factor the table lacks.
    """
    exact = expression.xreplace({number: _decimal(number) for number in expression.atoms(Float)})
    expanded = {key: flat_coefficient(value) for key, value in _expand(exact, side).items()}
    return {key: value for key, value in expanded.items() if value != 0}


def _decimal(number: Float) -> Rational:
    """The shortest decimal fraction that is this floating-point number, so that exact arithmetic stays readable."""
    return Rational(repr(float(number))) if number._prec <= 53 else Rational(number)


def flat_coefficient(coefficient: Expr) -> Expr:
    """A constant as an expanded sum, so that what cancels cancels, and what remains is visible term by term."""
    if coefficient.is_Rational:
        return coefficient
    return expand(coefficient, power_exp=False, power_base=False, log=False, basic=False)


def linear_coefficients(argument: Expr, degree: int) -> tuple[Expr, ...]:
    """Coefficients (highest power first) of a polynomial in x of at most the given degree, or `NotInTable`."""
    found = [S.Zero] * (degree + 1)
    for term in Add.make_args(flat_coefficient(argument)):
        constant, rest = term.as_independent(x, as_Add=False)
        power = 0 if rest is S.One else 1 if rest == x else rest.exp if rest.is_Pow and rest.base == x else None
        if power is None or not S(power).is_Integer or not 0 <= power <= degree:
            raise NotInTable(argument)
        found[degree - int(power)] += constant
    return tuple(found)


def _expand(expression: Expr, side: int) -> Products:
    if not expression.has(x):
        if not expression.is_finite and expression.is_number:
            raise NotInTable(expression)
        return {(Kernel(), 0): expression}
    if expression == x:
        return {(Kernel(), 1): S.One}
    if expression.is_Add:
        total: Products = {}
        for term in expression.args:
            _accumulate(total, _expand(term, side))
        return total
    if expression.is_Mul:
        return _product([_expand(factor, side) for factor in expression.args])
    if isinstance(expression, exp):
        return _exponential(*linear_coefficients(expression.exp, 2))
    if expression.is_Pow:
        return _power(expression.base, expression.exp, side)
    if expression.func in _WRITTEN:
        return _expand(_WRITTEN[expression.func](*expression.args), side)
    rule = _FUNCTIONS.get(expression.func)
    if rule is None:
        raise NotInTable(expression)
    return rule(*linear_coefficients(expression.args[0], 1))


def _accumulate(total: Products, part: Products) -> None:
    for key, value in part.items():
        total[key] = total[key] + value if key in total else value


def _product(factors: list[Products]) -> Products:
    result = factors[0]
    for factor in factors[1:]:
        if len(result) * len(factor) > _MOST_PRODUCTS:
            raise NotInTable
        total: Products = {}
        for (kernel, n), left in result.items():
            for (other, m), right in factor.items():
                for weight, joint in _join(kernel, other):
                    _accumulate(total, {(joint, n + m): weight * left * right})
        result = {key: value for key, value in total.items() if value != 0}
    return result


def _join(left: Kernel, right: Kernel) -> list[tuple[Expr, Kernel]]:
    """Product of two kernels: one kernel, or two when waves combine by product-to-sum."""
    if left.is_polynomial or right.is_polynomial:
        return [(S.One, right if left.is_polynomial else left)]
    erfs = tuple(sorted(left.erfs + right.erfs, key=_order))
    if len(erfs) > _MOST_ERFS:
        raise NotInTable
    powers = dict(left.denominators)
    for base, multiplicity in right.denominators:
        powers[base] = powers.get(base, 0) + multiplicity
    joint = Kernel(
        exponent=tuple(p + q for p, q in zip(left.exponent, right.exponent, strict=True)),
        erfs=erfs,
        power=left.power + right.power,
        denominators=tuple(sorted(powers.items(), key=_order)),
    )
    return [(weight, replace(joint, wave=wave)) for weight, wave in _join_waves(left.wave, right.wave)]


def _order(pair):
    return tuple(S(entry).sort_key() for entry in pair)


def _join_waves(left, right) -> list[tuple[Expr, tuple[str, Expr] | None]]:
    if left is None or right is None:
        return [(S.One, left or right)]
    (first, p), (second, q) = sorted((left, right), key=lambda wave: wave[0])
    if first == second:  # cos cos and sin sin
        return [_wave("cos", p - q, S.Half), _wave("cos", p + q, S.Half if first == "cos" else -S.Half)]
    waves = [_wave("sin", q + p, S.Half), _wave("sin", q - p, S.Half)]  # cos(p x) sin(q x)
    return [(weight, wave) for weight, wave in waves if weight != 0]


def _wave(kind: str, omega: Expr, weight: Expr) -> tuple[Expr, tuple[str, Expr] | None]:
    """A wave with the sign of its frequency made canonical and frequency zero dropped."""
    omega = flat_coefficient(omega)
    if omega == 0:
        return (weight, None) if kind == "cos" else (S.Zero, None)
    if omega.could_extract_minus_sign():
        return (weight if kind == "cos" else -weight, (kind, -omega))
    return weight, (kind, omega)


def _exponential(a: Expr, b: Expr, c: Expr) -> Products:
    return {(Kernel(exponent=(a, b, c)), 0): S.One}


def _trigonometric(kind: str, omega: Expr, phase: Expr) -> Products:
    """cos(omega x + phase) or sin(omega x + phase) by the addition theorem."""
    other, sign = ("sin", -1) if kind == "cos" else ("cos", 1)
    total: Products = {}
    for name, weight in ((kind, cos(phase)), (other, sign * sin(phase))):
        weight, wave = _wave(name, omega, weight)
        if weight != 0:
            _accumulate(total, {(Kernel(wave=wave), 0): weight})
    return total


_FUNCTIONS: dict[type, Callable[[Expr, Expr], Products]] = {
    sin: lambda omega, phase: _trigonometric("sin", omega, phase),
    cos: lambda omega, phase: _trigonometric("cos", omega, phase),
    erf: lambda k, offset: {(Kernel(erfs=((k, offset),)), 0): S.One},
}
"""Products of a function of ``k x + l``."""

_WRITTEN: dict[type, Callable[[Expr], Expr]] = {
    sinh: lambda u: (exp(u) - exp(-u)) / 2,
    cosh: lambda u: (exp(u) + exp(-u)) / 2,
    erfc: lambda u: 1 - erf(u),
    erfcx: lambda u: exp(u**2) * (1 - erf(u)),
}
"""Functions by those that the table has."""


def _power(base: Expr, exponent: Expr, side: int) -> Products:
    if exponent.has(x):
        if base.has(x) or not base.is_positive:
            raise NotInTable
        a, b, c = linear_coefficients(exponent, 2)
        return _exponential(a * log(base), b * log(base), c * log(base))
    if exponent.is_Integer:
        n = int(exponent)
        if base == x:
            return {(Kernel(), n): S.One}
        if abs(n) > _HIGHEST_POWER:
            raise NotInTable
        return _positive_power(_expand(base, side) if n > 0 else _reciprocal(base, side), abs(n))
    return _power_of_modulus(base, exponent, side)


def _positive_power(base: Products, n: int) -> Products:
    result: Products = {(Kernel(), 0): S.One}
    while n:
        if n % 2:
            result = _product([result, base])
        n //= 2
        base = _product([base, base]) if n else base
    return result


def _power_of_modulus(base: Expr, exponent: Expr, side: int) -> Products:
    """``(k x^m)^p`` for a real exponent p, where the base is known to be positive."""
    constant, rest = base.as_independent(x, as_Add=False)
    m = rest.exp if rest.is_Pow and rest.base == x else S.One if rest == x else None
    if m is None or not exponent.is_real or not m.is_Integer:
        raise NotInTable
    sign = constant * side**m if m % 2 else constant
    if not sign.is_positive:
        raise NotInTable
    return {(Kernel(power=m * exponent), 0): Pow(sign, exponent)}


def _reciprocal(base: Expr, side: int) -> Products:
    """1/base for a rational or single-exponential base; anything else is not in the table."""
    expanded = _expand(base, side)
    if len(expanded) == 1:
        ((kernel, n), value), *_ = expanded.items()
        if kernel.is_exponential or kernel == Kernel(power=kernel.power):
            inverse = Kernel(exponent=tuple(-p for p in kernel.exponent), power=-kernel.power)
            return {(inverse, -n): 1 / value}
    if not base.is_rational_function(x):
        raise NotInTable
    numerator, denominator = sympy.fraction(sympy.together(base))
    return _product([_one_over_polynomial(_expand(numerator, 0)), _expand(denominator, 0)])


def _one_over_polynomial(base: Products) -> Products:
    coefficients = {n: flat_coefficient(value) for (_, n), value in base.items()}
    coefficients = {n: value for n, value in coefficients.items() if value != 0}
    if not coefficients:
        raise NotInTable
    lowest, highest = min(coefficients), max(coefficients)
    leading = coefficients[highest]
    if lowest == highest:
        return {(Kernel(), -lowest): 1 / leading}
    monic = Add(*(Mul(value / leading, Pow(x, Integer(n - lowest))) for n, value in sorted(coefficients.items())))
    return {(Kernel(denominators=((flat_coefficient(monic), 1),)), -lowest): 1 / leading}
