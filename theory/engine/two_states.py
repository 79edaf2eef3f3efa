r"""Two stationary states of one network: replicas of the collective fields whose output is clamped at different values.

With z_1 and z_2 in place of the output, x_i^a = sum_j g chi_ij phi(x_j^a) + m_i z_a + I_i, the disorder average leaves the fields
of two replicas, and at the saddle x^1 and x^2 are jointly Gaussian at a site with variances Delta_1, Delta_2 and covariance c,

    c = g^2 <phi(x^1) phi(x^2)> + <(m z_1 + I)(m z_2 + I)>.

Two states that are one give the variance, two times of one fluctuating state its autocovariance.
"""

from __future__ import annotations

from sympy import Expr, IndexedBase, Sum, Symbol, diff, symbols

from theory.averages.average import Average, outermost, weak_product
from theory.averages.measures import Joint
from theory.derivation import Evaluated, Step
from theory.engine.collective import ACTIVITY, RESPONSE, Bilinear, disorder_average
from theory.engine.moments import ALL_PAIRINGS, J, N, at_three_units
from theory.networks import GaussianCouplings
from theory.symbols import Delta, g, phi, x

RESPONSES = Bilinear.of((1, RESPONSE), (2, RESPONSE))
ACTIVITIES_OF_TWO = Bilinear.of((1, ACTIVITY), (2, ACTIVITY))


x1, x2 = symbols("x1 x2", real=True)
"""The two states at one site."""


def pair_of_states(j: int, k: int, first: Expr, second: Expr, covariance: Expr) -> Average:
    """<phi^(j)(x1) phi^(k)(x2)> of states of these variances and this covariance."""
    states = Joint({(x1, x1): first, (x2, x2): second, (x1, x2): covariance})
    return Average(diff(phi(x1), x1, j) * diff(phi(x2), x2, k), 0, states)


def at_one_state(expression: Expr) -> Expr:
    """The expression where both states are the same, of variance Delta: averages of two derivatives in all, or none."""
    pairs = {node for node in outermost(expression) if isinstance(node.measure, Joint)}
    same = {node: Average(node.integrand.xreplace({x1: x, x2: x})) for node in pairs}
    expression = expression.xreplace({node: weak_product(one) or one for node, one in same.items()})
    return expression.subs(dict.fromkeys({s for node in pairs for s in node.measure.free_symbols} - {x1, x2}, Delta))


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


_j = Symbol("j", integer=True)


def shared_couplings(carried: str, also: str) -> Step:
    """Two inputs through the same couplings."""
    a, b = (IndexedBase(name) for name in (carried, also))
    return Step(
        "Two inputs to a unit through the same couplings, averaged over these: their covariance is that of what they carry",
        "couplings averaged",
        Sum(J[1, _j] * a[_j], (_j, 1, N)) * Sum(J[1, _j] * b[_j], (_j, 1, N)),
        g**2 / N * Sum(a[_j] * b[_j], (_j, 1, N)),
        assumption="couplings independent with variance g^2/N",
        check=Evaluated(at_three_units, name=ALL_PAIRINGS),
    )
