"""Special functions that SymPy lacks, as nodes with derivatives, numerical values and printed names.

`erfcx` and `faddeeva` are the numerically stable building blocks of Gaussian averages of rational functions; `sigmoid`
and `softplus` are the overflow-free forms of 1/(1 + exp(-u)) and log(1 + exp(u)).
"""

from __future__ import annotations

import mpmath
from sympy import Function, I, S, exp, log, pi, sqrt
from sympy.core.function import ArgumentIndexError


def _mp_value(node, precision, function):
    """Value of a one-argument node by an mpmath function, or None when the argument is not a number."""
    from sympy import Expr

    argument = node.args[0].evalf(int(precision * 0.302) + 10)
    if not argument.is_number:
        return None
    with mpmath.workprec(precision + 20):
        return Expr._from_mpmath(mpmath.mpmathify(function(argument._to_mpmath(mpmath.mp.prec))), precision)


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


class erfcx(Function):
    """Scaled complementary error function, erfcx(z) = exp(z^2) erfc(z)."""

    nargs = 1

    @classmethod
    def eval(cls, z):
        """Exact value at zero only."""
        return S.One if z.is_zero else None

    def fdiff(self, argindex=1):
        """erfcx' = 2 z erfcx - 2/sqrt(pi)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return 2 * self.args[0] * self - 2 / sqrt(pi)

    def _eval_is_real(self):
        return self.args[0].is_real

    def _eval_is_positive(self):
        return True if self.args[0].is_real else None

    def _eval_evalf(self, prec):
        return _mp_value(self, prec, mp_erfcx)

    def _eval_rewrite_as_erfc(self, z, **hints):
        from sympy import erfc

        return exp(z**2) * erfc(z)

    def _latex(self, printer):
        return rf"\operatorname{{erfcx}}\left({printer._print(self.args[0])}\right)"


class faddeeva(Function):
    """Faddeeva function w(z) = exp(-z^2) erfc(-i z)."""

    nargs = 1

    @classmethod
    def eval(cls, z):
        """Exact value at zero only."""
        return S.One if z.is_zero else None

    def fdiff(self, argindex=1):
        """w' = -2 z w + 2 i/sqrt(pi)."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return -2 * self.args[0] * self + 2 * I / sqrt(pi)

    def _eval_evalf(self, prec):
        return _mp_value(self, prec, mp_faddeeva)

    def _latex(self, printer):
        return rf"w\left({printer._print(self.args[0])}\right)"


class sigmoid(Function):
    """Logistic function 1/(1 + exp(-u))."""

    nargs = 1

    @classmethod
    def eval(cls, u):
        """Exact value at zero only."""
        return S.Half if u.is_zero else None

    def fdiff(self, argindex=1):
        """sigmoid' = sigmoid(u) sigmoid(-u), without cancellation in either tail."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return self * sigmoid(-self.args[0])

    def _eval_is_real(self):
        return self.args[0].is_real

    def _eval_is_positive(self):
        return True if self.args[0].is_real else None

    def _eval_rewrite_as_exp(self, u, **hints):
        return 1 / (1 + exp(-u))

    def _eval_evalf(self, prec):
        return _mp_value(self, prec, lambda u: 1 / (1 + mpmath.exp(-u)))


class softplus(Function):
    """log(1 + exp(u))."""

    nargs = 1

    @classmethod
    def eval(cls, u):
        """Exact value at zero only."""
        return log(2) if u.is_zero else None

    def fdiff(self, argindex=1):
        """softplus' = sigmoid."""
        if argindex != 1:
            raise ArgumentIndexError(self, argindex)
        return sigmoid(self.args[0])

    def _eval_is_real(self):
        return self.args[0].is_real

    def _eval_is_positive(self):
        return True if self.args[0].is_real else None

    def _eval_rewrite_as_exp(self, u, **hints):
        return log(1 + exp(u))

    def _eval_evalf(self, prec):
        return _mp_value(self, prec, mp_softplus)


def mp_softplus(u):
    """log(1 + exp(u)) by mpmath without overflow or loss of digits."""
    u = mpmath.mpmathify(u)
    if mpmath.re(u) > 0:
        return u + mpmath.log1p(mpmath.exp(-u))
    return mpmath.log1p(mpmath.exp(u))


MPMATH_NAMES = {
    "erfcx": mp_erfcx,
    "faddeeva": mp_faddeeva,
    "sigmoid": lambda u: 1 / (1 + mpmath.exp(-u)),
    "softplus": mp_softplus,
}
"""Names for ``sympy.lambdify(..., modules=[MPMATH_NAMES, "mpmath"])``."""
