"""Special functions that SymPy lacks, as nodes with derivatives, numerical values and printed names.

`erfcx` and `faddeeva` are the numerically stable building blocks of Gaussian averages of rational functions; `sigmoid`
and `softplus` are the overflow-free forms of 1/(1 + exp(-u)) and log(1 + exp(u)).
"""

from __future__ import annotations

import mpmath
from sympy import Expr, Function, I, S, erfc, exp, log, pi, sqrt
from sympy.core.function import ArgumentIndexError


def mp_faddeeva(z):
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
        return total if z.imag >= 0 else 2 * mpmath.exp(-z * z) - mp_faddeeva(-z)
    with mpmath.workprec(mpmath.mp.prec + lost):
        value = mpmath.exp(-z * z) * mpmath.erfc(-1j * z)
    return +value


def mp_erfcx(z):
    """exp(z^2) erfc(z) by mpmath, at the current working precision."""
    z = mpmath.mpmathify(z)
    value = mp_faddeeva(1j * z)
    return value.real if isinstance(z, mpmath.mpf) else value


def mp_sigmoid(u):
    """1/(1 + exp(-u)) by mpmath."""
    return 1 / (1 + mpmath.exp(-mpmath.mpmathify(u)))


def mp_softplus(u):
    """log(1 + exp(u)) by mpmath without overflow or loss of digits."""
    u = mpmath.mpmathify(u)
    if mpmath.re(u) > 0:
        return u + mpmath.log1p(mpmath.exp(-u))
    return mpmath.log1p(mpmath.exp(u))


class _Special(Function):
    """A function of one argument with an exact value at zero, a derivative, and values by mpmath."""

    nargs = 1
    at_zero: Expr
    printed: str
    positive = True  # for a real argument

    @classmethod
    def eval(cls, argument):
        """Exact value at zero only."""
        return cls.at_zero if argument.is_zero else None

    def fdiff(self, argindex=1):
        """Derivative with respect to the argument."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return self.derivative(self.args[0])

    def _eval_is_real(self):
        return self.args[0].is_real if self.positive else None

    def _eval_is_positive(self):
        return True if self.positive and self.args[0].is_real else None

    def _eval_evalf(self, prec):
        argument = self.args[0].evalf(int(prec * 0.302) + 10)
        if not argument.is_number:
            return None
        with mpmath.workprec(prec + 20):
            value = MPMATH_NAMES[type(self).__name__](argument._to_mpmath(mpmath.mp.prec))
            return Expr._from_mpmath(mpmath.mpmathify(value), prec)

    def _latex(self, printer, exp=None):
        """`exp` is the power to which SymPy's printer sees it raised."""
        return rf"{self.printed}{f'^{{{exp}}}' if exp else ''}\left({printer._print(self.args[0])}\right)"


class erfcx(_Special):
    """Scaled complementary error function, erfcx(z) = exp(z^2) erfc(z)."""

    at_zero, printed = S.One, r"\operatorname{erfcx}"

    def derivative(self, z):
        """erfcx' = 2 z erfcx - 2/sqrt(pi)."""
        return 2 * z * self - 2 / sqrt(pi)

    def _eval_rewrite_as_erfc(self, z, **hints):
        return exp(z**2) * erfc(z)


class faddeeva(_Special):
    """Faddeeva function w(z) = exp(-z^2) erfc(-i z)."""

    at_zero, printed, positive = S.One, "w", False

    def derivative(self, z):
        """w' = -2 z w + 2 i/sqrt(pi)."""
        return -2 * z * self + 2 * I / sqrt(pi)


class sigmoid(_Special):
    """Logistic function 1/(1 + exp(-u))."""

    at_zero, printed = S.Half, r"\operatorname{sigmoid}"

    def derivative(self, u):
        """sigmoid' = sigmoid(u) sigmoid(-u), without cancellation in either tail."""
        return self * sigmoid(-u)

    def _eval_rewrite_as_exp(self, u, **hints):
        return 1 / (1 + exp(-u))


class softplus(_Special):
    """log(1 + exp(u))."""

    at_zero, printed = log(2), r"\operatorname{softplus}"

    def derivative(self, u):
        """softplus' = sigmoid."""
        return sigmoid(u)

    def _eval_rewrite_as_exp(self, u, **hints):
        return log(1 + exp(u))


MPMATH_NAMES = {"erfcx": mp_erfcx, "faddeeva": mp_faddeeva, "sigmoid": mp_sigmoid, "softplus": mp_softplus}
"""Names for ``sympy.lambdify(..., modules=[MPMATH_NAMES, "mpmath"])``."""
