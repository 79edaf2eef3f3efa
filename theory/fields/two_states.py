r"""Two stationary states of one network: replicas of the collective fields whose output is clamped at different values.

With z_1 and z_2 in place of the output, x_i^a = sum_j g chi_ij phi(x_j^a) + m_i z_a + I_i, the disorder average leaves the fields
of two replicas, and at the saddle x^1 and x^2 are jointly Gaussian at a site with variances Delta_1, Delta_2 and covariance c,

    c = g^2 <phi(x^1) phi(x^2)> + <(m z_1 + I)(m z_2 + I)>.

    PairOfStates(j, k, Delta_1, Delta_2, c)  =  <phi^(j)(x^1) phi^(k)(x^2)>,     derivatives weak,
    Price   d/dc = <phi^(j+1) phi^(k+1)>,   d/dDelta_1 = <phi^(j+2) phi^(k)>/2
"""

from __future__ import annotations

from sympy import Expr, Integer, Rational, S, Symbol, diff, sympify

from theory.fields.collective import ACTIVITY, RESPONSE, Bilinear, disorder_average
from theory.gaussian.average import Average
from theory.gaussian.joint import polynomial_average
from theory.networks import GaussianCouplings
from theory.symbols import Delta, phi, x

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
    """Right-hand side of the covariance of two clamped states.

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


def price_holds() -> bool:
    """Price's theorem for PairOfStates, exactly, for phi = x + x^3/7 and Isserlis' theorem."""
    first, second, c = measure = tuple(Symbol(name, positive=True) for name in ("D1", "D2", "c"))
    node = PairOfStates(0, 0, *measure)
    return all(
        (
            cubic_pair(node).diff(v) - diff(node, v).replace(PairOfStates, lambda *a: cubic_pair(PairOfStates(*a)))
        ).expand()
        == 0
        for v in (first, second, c)
    )


def cubic_pair(node: PairOfStates) -> Expr:
    """The average for phi = x + x^3/7."""
    x1, x2 = (Symbol(f"x{a}", real=True) for a in (1, 2))
    first, second, c = node.measure
    covariance = {(x1, x1): first, (x2, x2): second, (x1, x2): c, (x2, x1): c}
    functions = (diff(y + Rational(1, 7) * y**3, y, n) for y, n in zip((x1, x2), node.orders, strict=True))
    left, right = functions
    return polynomial_average((left * right) + S.Zero, covariance)


__all__ = ["PairOfStates", "at_one_state", "clamped_covariance", "cubic_pair", "price_holds"]
