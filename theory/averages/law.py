r"""Averages over a law that need not be Gaussian, such as that of the rates r of stored patterns.

A continuous law is given by its density, by its quantile function, or as the image r = T(z) of a variable of known density; a
discrete one, or a sample, by values and weights; and laws can be mixed.  F may be any function of r.

    d<F>/dp  =  < dF/dp + F'(r) dT/dp + F dln(density)/dp >
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mpmath
from sympy import Basic, Expr, Rational, S, Symbol, Tuple, diff, erf, exp, oo, pi, sqrt, sympify

from theory.averages.average import Average
from theory.averages.certify import GUARD, real
from theory.averages.measures import Terms
from theory.errors import DomainError
from theory.highprecision import mp_function

r = Symbol("r", positive=True)
"""Rate of a unit in a stored pattern."""

q = Symbol("q", positive=True)
"""Share of the units whose rate is below r."""

z = Symbol("z", real=True)
_NORMAL = exp(-(z**2) / 2) / sqrt(2 * pi)


class Law(Basic):
    """A continuous law of r.

    Parameters
    ----------
    density : Expr
        Of `base`.
    low, high : Expr
        Ends of its support.
    base : Symbol
        The variable r itself, if nothing else is said.
    image : Expr
        r as a function of `base`.
    """

    rank = 0

    def __new__(cls, density, low=S.Zero, high=oo, base=r, image=r):
        """Numbers are made SymPy's."""
        return super().__new__(cls, *(sympify(a, strict=True) for a in (density, low, high, base, image)))

    @classmethod
    def of_normal(cls, image: Expr) -> Law:
        """The law of a function of a standard normal `z`."""
        return cls(_NORMAL, -oo, oo, z, image)

    @classmethod
    def of_quantile(cls, function: Expr) -> Law:
        """The law with this quantile function of `q`, the distribution function of `z`."""
        return cls.of_normal(function.subs(q, (1 + erf(z / sqrt(2))) / 2))

    variables = property(lambda self: tuple(dict.fromkeys((r, self.args[3]))))

    def derivative(self, F: Expr, order: int, symbol: Symbol) -> Terms:
        """d<F>/dsymbol, for a support that does not depend on it."""
        density, low, high, _, image = self.args
        if symbol in low.free_symbols | high.free_symbols:
            raise DomainError(f"the support of the law depends on {symbol}: its averages are not differentiated")
        return [(S.One, diff(F, symbol) + diff(F, r) * diff(image, symbol) + F * diff(density, symbol) / density, 0)]

    def evaluate(self, F: Expr, digits: int = 15) -> mpmath.mpf:
        """<F> without free parameters; the density has to integrate to 1 to the same digits.

        Raises
        ------
        DomainError
            Where an integral is not resolved to the digits asked for.
        """
        density, low, high, base, image = self.args
        on, ends, slope = base, (low, high), S.One
        if (low, high) == (0, oo):  # powers and logarithms at both ends become exponential tails
            on, ends, slope = z, (-oo, oo), exp(z)
        weight, value = (
            (e * slope).subs(base, slope) if on != base else e for e in (density, F.subs(r, image) * density)
        )
        total, average = (certified_integral(mp_function(on, e), *ends, digits) for e in (weight, value))
        if not abs(total - 1) <= mpmath.mpf(10) ** -digits:
            raise DomainError(f"the density {density} integrates to {mpmath.nstr(total, 8)}, not to 1")
        return average


def certified_integral(function: Callable, low: Expr, high: Expr, digits: int) -> mpmath.mpf:
    """Integral of a smooth function, whose tails are exponential where the ends are infinite."""
    with mpmath.workdps(digits + GUARD):
        points = [real(low), real(high)]
        if low.is_infinite:
            peak = max((mpmath.mpf(k) / 4 for k in range(-160, 161)), key=lambda t: abs(function(t)))
            floor = abs(function(peak)) * mpmath.mpf(10) ** -(digits + GUARD)
            reach = [next((2**k for k in range(12) if abs(function(peak + s * 2**k)) <= floor), 2**12) for s in (-1, 1)]
            points = [peak - reach[0], peak, peak + reach[1]]
        value, error = mpmath.quad(function, points, error=True)
        if not error <= mpmath.mpf(10) ** -digits * max(abs(value), mpmath.mpf(10) ** -digits):
            raise DomainError(f"an average is not resolved to {digits} digits: {mpmath.nstr(value, 8)} +- {error}")
        return value


class Samples(Basic):
    """Values of r with weights: a sample, or a discrete law.

    Parameters
    ----------
    values : sequence of Expr
    weights : sequence of Expr
        Equal ones if not given.
    """

    rank = 0
    variables = (r,)

    def __new__(cls, values, weights=()):
        """Numbers are made SymPy's."""
        return super().__new__(cls, Tuple(*values), Tuple(*(weights or [Rational(1, len(values))] * len(values))))

    def written(self, F: Expr) -> Expr:
        """<F>, the sum over all values."""
        return sum((weight * F.subs(r, value) for value, weight in zip(*self.args, strict=True)), S.Zero)

    def derivative(self, F: Expr, order: int, symbol: Symbol) -> Terms:
        """d<F>/dsymbol; where values or weights depend on it, the sum is written out."""
        if symbol in self.free_symbols:
            return [(diff(self.written(F), symbol), S.One, 0)]
        return [(S.One, diff(F, symbol), 0)]

    def evaluate(self, F: Expr, digits: int = 15) -> mpmath.mpf:
        """<F> without free parameters."""
        with mpmath.workdps(digits + GUARD):
            function = mp_function(r, F)
            values, weights = ([real(e) for e in row] for row in self.args)
            return mpmath.fsum(weight * function(value) for value, weight in zip(values, weights, strict=True))


def mixture(F: Expr, parts: Mapping[Law | Samples, Expr]) -> Expr:
    """<F> over a mixture of laws with these weights."""
    return sum((weight * Average(F, 0, law) for law, weight in parts.items()), S.Zero)
