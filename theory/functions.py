"""Elementary functions as nodes of expressions; those that SymPy lacks are built from their records.

`erfcx` and `faddeeva` are the numerically stable building blocks of Gaussian averages of rational functions; `sigmoid`
and `softplus` are the overflow-free forms of 1/(1 + exp(-u)) and log(1 + exp(u)).
"""

from __future__ import annotations

from typing import Any

import mpmath
import sympy
from sympy import Expr, Function
from sympy.core.function import ArgumentIndexError

from theory.elementary import ELEMENTARY, ElementaryFunction, exact


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


def node(record: ElementaryFunction) -> Any:
    """The class of a function: SymPy's, or one built from the record."""
    name = record.sympy_name or record.name
    metaclass: Any = type(_Built)
    body = {"record": record, "__module__": __name__, "__doc__": record.doc}
    return getattr(sympy, name, None) or metaclass(name, (_Built,), body)


def record_of(expression: Expr) -> ElementaryFunction | None:
    """The record of the outermost function of an expression, None for any other node."""
    if len(_RECORDS) < len(ELEMENTARY):
        _RECORDS.update({record.node: record for record in ELEMENTARY.values()})
    return _RECORDS.get(expression.func)


erfcx, faddeeva, sigmoid, softplus = (ELEMENTARY[name].node for name in ("erfcx", "faddeeva", "sigmoid", "softplus"))


def mpmath_names() -> dict[str, Any]:
    """Names for ``sympy.lambdify(..., modules=[mpmath_names(), "mpmath"])``."""
    return {record.node.__name__: record.value for record in ELEMENTARY.values() if record.evaluate or record.explodes}
