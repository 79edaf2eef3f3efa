"""Elementary functions as nodes of expressions; those that SymPy lacks are built from their records.

`erfcx` and `faddeeva` are the numerically stable building blocks of Gaussian averages of rational functions; `sigmoid`
and `softplus` are the overflow-free forms of 1/(1 + exp(-u)) and log(1 + exp(u)).
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

import mpmath
import sympy
from sympy import Expr, Function
from sympy.core.function import ArgumentIndexError

from theory.elementary import ELEMENTARY, GUARDED, INCREASING, ElementaryFunction, End, exact


class _Built(Function):
    """A function of one argument with what its record says: value at zero, derivative, values by mpmath."""

    nargs = 1
    record: ElementaryFunction

    @classmethod
    def eval(cls, argument):
        """Exact value at zero only."""
        return exact(cls.record.at_zero) if argument.is_zero else None

    def fdiff(self, argindex=1):
        """Derivative with respect to the argument."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        assert self.record.derivative is not None
        return self.record.derivative(self.func, self.args[0])

    def _eval_is_real(self):
        return self.args[0].is_real if self.record.monotone else None

    def _eval_is_positive(self):
        return True if self.record.monotone and self.record.positive and self.args[0].is_real else None

    def _eval_evalf(self, prec):
        argument = self.args[0].evalf(int(prec * 0.302) + 10)
        if not argument.is_number:
            return None
        with mpmath.workprec(prec + 20):
            value = self.record.value(argument._to_mpmath(mpmath.mp.prec))
            return Expr._from_mpmath(mpmath.mpmathify(value), prec)

    def _latex(self, printer, exp=None):
        """`exp` is the power to which SymPy's printer sees it raised."""
        return rf"{self.record.latex}{f'^{{{exp}}}' if exp else ''}\left({printer._print(self.args[0])}\right)"


_RECORDS: dict[type, ElementaryFunction] = {}


class SmoothedPower(Function):
    """I_n(z) = E[(z + eta)_+^n], eta standard normal, and its analytic continuation to n < -1.

    Equal to Gamma(n + 1) exp(-z^2/4) D_(-n-1)(-z)/sqrt(2 pi), D the parabolic cylinder function (DLMF 12.5.1).  It is not written
    with erfc where n is a whole number: SymPy turns erfc(-u) into 2 - erfc(u), which leaves no digit of a small value.
    """

    nargs = 2

    @classmethod
    def eval(cls, n, z):
        """Exact value at z = 0 only."""
        return 2 ** (n / 2 - 1) * sympy.gamma((n + 1) / 2) / sympy.sqrt(sympy.pi) if z.is_zero else None

    def fdiff(self, argindex=2):
        """I_n' = n I_(n-1), where I_(n-1) has no pole in n; else by the recursion."""
        n, z = self.args
        if argindex != 2:
            raise ArgumentIndexError(self, argindex)
        if n.is_zero:
            return sympy.exp(-(z**2) / 2) / sympy.sqrt(2 * sympy.pi)
        if n.is_number or n.is_positive:
            return n * SmoothedPower(n - 1, z)
        return SmoothedPower(n + 1, z) - z * self

    def _eval_is_real(self):
        return True if self.args[0].is_real and self.args[1].is_real else None

    def _eval_is_positive(self):
        return True if (self.args[0] + 1).is_positive and self.args[1].is_real else None

    def _eval_evalf(self, prec):
        n, z = (argument.evalf(int(prec * 0.302) + 10) for argument in self.args)
        if not (n.is_number and z.is_number):
            return None
        with mpmath.workprec(prec + 20):
            value = smoothed_power(*(argument._to_mpmath(mpmath.mp.prec) for argument in (n, z)))
            return Expr._from_mpmath(value, prec)

    def _sympystr(self, printer):
        return f"smoothed_power({', '.join(map(printer._print, self.args))})"

    def _latex(self, printer, exp=None):
        n, z = map(printer._print, self.args)
        return rf"I_{{{n}}}{f'^{{{exp}}}' if exp else ''}\left({z}\right)"


def smoothed_power(n: Any, z: Any) -> Any:
    """I_n(z) by mpmath at the current working precision (DLMF 12.7.12, 12.7.14); for whole n >= 0 by recursion from Phi(z)."""
    n, z, half = mpmath.mpmathify(n), mpmath.mpmathify(z), mpmath.mpf(1) / 2
    if mpmath.isint(n) and n >= 0 and abs(z.real) < 100:
        with mpmath.workprec(mpmath.mp.prec + 10 + 16 * int(n)):  # each step cancels a factor below z^2
            before, value = mpmath.npdf(z), mpmath.ncdf(z)
            for k in range(1, int(n) + 1):
                before, value = value, z * value + (k - 1 or 1) * before
        return +value
    square = z * z / 2
    if z.real < 0:
        density = GUARDED.exp(-square) / mpmath.sqrt(2 * mpmath.pi)
        scale = density * 2 ** (-(n + 1) / 2) if density else 0
        return scale and scale * mpmath.gamma(n + 1) * mpmath.hyperu((n + 1) / 2, half, square)
    even = mpmath.gamma((n + 1) / 2) * mpmath.hyp1f1(-n / 2, half, -square)
    odd = z * mpmath.sqrt(2) * mpmath.gamma(n / 2 + 1) * mpmath.hyp1f1((1 - n) / 2, 3 * half, -square)
    return 2 ** (n / 2 - 1) / mpmath.sqrt(mpmath.pi) * (even + odd)


@lru_cache(maxsize=256)
def _smoothed_power_record(n: Expr) -> ElementaryFunction:
    """I_n as a function of z: it grows as z^n and decays as a Gaussian."""
    return ElementaryFunction(
        name="smoothed_power",
        doc="smoothed power, the average of (z + eta)_+^n over a standard normal eta",
        typed=False,
        monotone=INCREASING if n.is_nonnegative else 0,
        right=End(exponent=n),
        left=End(sympy.gamma(n + 1) / sympy.sqrt(2 * sympy.pi), -n - 1, Fraction(-1, 2), 2),
        evaluate=lambda m, n, z: smoothed_power(n, z),
        numpy="smoothed_power({}, {})",
        parameters=(n,),
        infimum=0 if (n + 1).is_positive else None,
    )


def node(record: ElementaryFunction) -> Any:
    """The function in expressions: SymPy's class, one built from the record, or `SmoothedPower` of one n."""
    if record.parameters:
        return partial(SmoothedPower, *record.parameters)
    name = record.sympy_name or record.name
    metaclass: Any = type(_Built)
    body = {"record": record, "__module__": __name__, "__doc__": record.doc}
    return getattr(sympy, name, None) or metaclass(name, (_Built,), body)


def record_of(expression: Expr) -> ElementaryFunction | None:
    """The record of the outermost function of an expression, None for any other node."""
    if len(_RECORDS) < len(ELEMENTARY):
        _RECORDS.update({record.node: record for record in ELEMENTARY.values()})
    if isinstance(expression, SmoothedPower):
        return _smoothed_power_record(expression.args[0])
    return _RECORDS.get(expression.func)


erfcx, faddeeva, sigmoid, softplus = (ELEMENTARY[name].node for name in ("erfcx", "faddeeva", "sigmoid", "softplus"))


def mpmath_names() -> dict[str, Any]:
    """Names for ``sympy.lambdify(..., modules=[mpmath_names(), "mpmath"])``."""
    own = {record.node.__name__: record.value for record in ELEMENTARY.values() if record.evaluate or record.explodes}
    return {**own, SmoothedPower.__name__: smoothed_power}
