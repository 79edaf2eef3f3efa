r"""Two stationary states of one network: replicas of the collective fields whose output is clamped at different values.

With z_1 and z_2 in place of the output, x_i^a = sum_j g chi_ij phi(x_j^a) + m_i z_a + I_i, the disorder average leaves the fields
of two replicas, and at the saddle x^1 and x^2 are jointly Gaussian at a site with variances Delta_1, Delta_2 and covariance c,

    c = g^2 <phi(x^1) phi(x^2)> + <(m z_1 + I)(m z_2 + I)>.

    PairOfStates(j, k, Delta_1, Delta_2, c)  =  <phi^(j)(x^1) phi^(k)(x^2)>,     derivatives weak,
    Price   d/dc = <phi^(j+1) phi^(k+1)>,   d/dDelta_1 = <phi^(j+2) phi^(k)>/2

Two states that are one give the variance, two times of one fluctuating state its autocovariance.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from sympy import Expr, Indexed, IndexedBase, Integer, S, Sum, Symbol, diff, sqrt, symbols, sympify

from theory.derivation import Evaluated, Step
from theory.fields.collective import ACTIVITY, RESPONSE, Bilinear, disorder_average
from theory.gaussian.average import Average
from theory.gaussian.exact import CUBIC, exact
from theory.gaussian.joint import polynomial_average
from theory.networks import GaussianCouplings
from theory.symbols import Delta, g, phi, x

RESPONSES = Bilinear.of((1, RESPONSE), (2, RESPONSE))
ACTIVITIES_OF_TWO = Bilinear.of((1, ACTIVITY), (2, ACTIVITY))


class PairOfStates(Expr):
    """``<phi^(j)(x1) phi^(k)(x2)>`` over jointly Gaussian x1, x2 of zero mean, unevaluated.

    Parameters
    ----------
    j, k : int
        Numbers of weak derivatives.
    first, second, covariance : Expr
        Variances of x1 and x2, and their covariance.
    """

    is_commutative = True

    def __new__(cls, j, k, first, second, covariance):
        """Numbers are made SymPy's."""
        return super().__new__(
            cls, Integer(j), Integer(k), *(sympify(a, strict=True) for a in (first, second, covariance))
        )

    orders = property(lambda self: (int(self.args[0]), int(self.args[1])))
    measure = property(lambda self: self.args[2:])

    def _eval_is_real(self):
        return True

    def _eval_derivative(self, symbol):
        (j, k), (first, second, covariance) = self.orders, self.measure
        return (
            PairOfStates(j + 2, k, *self.measure) * diff(first, symbol) / 2
            + PairOfStates(j, k + 2, *self.measure) * diff(second, symbol) / 2
            + PairOfStates(j + 1, k + 1, *self.measure) * diff(covariance, symbol)
        )

    def _sympystr(self, printer):
        first, second = ("'" * n for n in self.orders)
        return f"<phi{first}(x1) phi{second}(x2)>"

    def _latex(self, printer):
        first, second = ("'" * n for n in self.orders)
        return rf"\left\langle \phi{first}(x_1)\, \phi{second}(x_2) \right\rangle"


def at_one_state(expression: Expr) -> Expr:
    """The expression where both states are the same, of variance Delta: averages of two derivatives in all, or none."""
    square, slope = phi(x) ** 2, diff(phi(x), x)
    curved = Average(square, 2) / 2 - Average(slope**2)
    same = {(0, 0): Average(square), (1, 1): Average(slope**2), (0, 2): curved, (2, 0): curved}
    nodes = expression.atoms(PairOfStates)
    expression = expression.xreplace({node: same[node.orders] for node in nodes})
    measures = {symbol for node in nodes for symbol in node.measure if isinstance(symbol, Symbol)}
    return expression.subs(dict.fromkeys(measures, Delta))


def clamped_covariance(couplings: GaussianCouplings, pair: Expr, inputs: Expr) -> Expr:
    """Right-hand side of the covariance of two clamped states, or of the variance of one.

    Parameters
    ----------
    couplings : GaussianCouplings
    pair : Expr
        <phi(x1) phi(x2)>.
    inputs : Expr
        Covariance of what the two states receive from outside.
    """
    F = disorder_average(couplings).F
    # exp( sum_ab xr_a xr_b c_ab / 2 ): the mixed term stands twice, so that its coefficient is c_12
    return F.diff(RESPONSES.symbol).subs(ACTIVITIES_OF_TWO.symbol, pair) + inputs


_N, _j = Symbol("N", positive=True, integer=True), Symbol("j", integer=True)
x1, x2 = symbols("x1 x2", real=True)
"""The two states at one site."""


def exact_pairs(expression: Any) -> Any:
    """An expression, equation or matrix for a cubic phi, averages over two states by Isserlis' theorem."""
    values = {}
    for node in expression.atoms(PairOfStates):
        first, second, c = node.measure
        factors = (CUBIC.subs(x, y).diff(y, n) for y, n in zip((x1, x2), node.orders, strict=True))
        covariance = {(x1, x1): first, (x2, x2): second, (x1, x2): c, (x2, x1): c}
        values[node] = polynomial_average(next(factors) * next(factors) + S.Zero, covariance)
    return exact(expression.xreplace(values)).doit()


def shared_couplings(carried: str, also: str) -> Step:
    """Two inputs through the same couplings."""
    a, b, chi = (IndexedBase(name) for name in (carried, also, "chi"))
    inputs = (Sum(chi[_j] * e[_j], (_j, 1, _N)) for e in (a, b))
    return Step(
        "Two inputs to a unit through the same couplings, averaged over these: their covariance is that of what they carry",
        "couplings averaged",
        g**2 * next(inputs) * next(inputs),
        g**2 / _N * Sum(a[_j] * b[_j], (_j, 1, _N)),
        assumption="<chi_j chi_k> = delta_jk/N",
        check=Evaluated(_over_couplings, name="exact at N = 3"),
    )


def _over_couplings(side: Expr) -> Expr:
    """Averaged over couplings +-1/sqrt(N) of three units."""
    written = side.subs(_N, 3).doit().replace(Indexed, lambda base, index: Symbol(f"{base}_{index}"))
    signs = product((-1, 1), repeat=3)
    return sum(written.subs({Symbol(f"chi_{k}"): s / sqrt(3) for k, s in enumerate(row, 1)}) for row in signs) / 8


__all__ = ["PairOfStates", "at_one_state", "clamped_covariance", "exact_pairs", "shared_couplings"]
