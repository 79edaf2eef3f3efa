"""SymPy expressions as NumPy source text."""

from __future__ import annotations

from sympy import Expr, Function, Pow, Symbol
from sympy.printing.numpy import SciPyPrinter
from sympy.printing.precedence import PRECEDENCE

from theory.functions import record_of

_MULTIPLIED = range(3, 7)  # integer powers of a name printed as products: NumPy's general power is 30 times slower


class NumpySourcePrinter(SciPyPrinter):
    """Prints ``np.`` and ``special.`` calls, the elementary functions as their records say."""

    _CALLS = {  # functions that closed forms bring, beside the elementary ones
        "gamma": "special.gamma({})",
        "loggamma": "special.gammaln({})",
        "erfinv": "special.erfinv({})",
        "erfcinv": "special.erfcinv({})",
        "LambertW": "np.real(special.lambertw({}))",
        "conjugate": "np.conj({})",
    }

    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True, "precision": 17})

    def _module_format(self, fqn: str, register: bool = True) -> str:
        name = super()._module_format(fqn, register)
        return name.replace("numpy.", "np.", 1).replace("scipy.special.", "special.", 1)

    def _print_Pi(self, node):
        return "np.pi"

    def _print_Exp1(self, node):
        return "np.e"

    def _print(self, expr, **kwargs):
        record = record_of(expr) if isinstance(expr, Function) else None
        template = self._CALLS.get(type(expr).__name__) if record is None else record.numpy
        return super()._print(expr, **kwargs) if template is None else template.format(*map(self._print, expr.args))

    def _print_not_supported(self, node):
        """A constant that NumPy has no function for, as its value."""
        return repr(float(node)) if node.is_number and node.is_real else super()._print_not_supported(node)

    def _print_hyper(self, node):
        if len(node.ap) == 2 and len(node.bq) == 1:
            arguments = ", ".join(self._print(a) for a in (*node.ap, *node.bq, node.argument))
            return f"special.hyp2f1({arguments})"
        return super()._print_hyper(node)

    def _print_MatMul(self, node):
        """Scalars first, then matrices joined by ``@``."""
        scalar, matrices = node.as_coeff_matrices()
        product = " @ ".join(self.parenthesize(matrix, PRECEDENCE["Pow"]) for matrix in matrices)
        product = f"({product})" if len(matrices) > 1 and scalar != 1 else product
        return product if scalar == 1 else f"{self.parenthesize(scalar, PRECEDENCE['Mul'])}*{product}"

    def _print_Identity(self, node):
        return f"np.eye({self._print(node.rows)})"

    def _print_Adjoint(self, node):
        return f"np.conj({self.parenthesize(node.arg, PRECEDENCE['Pow'])}.T)"

    def _print_Max(self, node):
        first, *others = map(self._print, node.args)
        for other in others:
            first = f"np.maximum({first}, {other})"
        return first

    def _print_re(self, node):
        return f"np.real({self._print(node.args[0])})"

    def _print_im(self, node):
        return f"np.imag({self._print(node.args[0])})"

    def _print_Infinity(self, node):
        return "np.inf"

    def _print_Float(self, node):
        return repr(float(node))

    def _print_Pow(self, node: Pow, rational=False):
        base, exponent = node.args
        if isinstance(base, Symbol) and exponent in _MULTIPLIED:
            return "(" + "*".join([self._print(base)] * int(exponent)) + ")"
        if exponent == -1:
            return f"1/{self.parenthesize(base, PRECEDENCE['Pow'])}"
        return super()._print_Pow(node, rational=rational)


def source(expression: Expr) -> str:
    """One expression as NumPy source."""
    return NumpySourcePrinter().doprint(expression)
