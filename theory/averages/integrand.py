"""From a generic average <F^(n)> and an activation to the ordinary function whose Gaussian integral it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mpmath
from sympy import Add, Derivative, Expr, Mul, S, Symbol, diff, sympify, tanh

from theory.activation.pieces import Pieces, refine
from theory.averages.average import Average, canonical_order, outermost, without_variances
from theory.averages.certify import certify
from theory.averages.law import Law, Samples
from theory.averages.measures import Connected
from theory.averages.parity import parity
from theory.errors import DomainError, InputError
from theory.functions import sigmoid
from theory.highprecision import mp_function
from theory.symbols import O, phi, x

if TYPE_CHECKING:
    from theory.activation.activation import Activation


def ordinary_integrand(average: Average, activation: Activation, observable: Activation | None = None) -> Pieces | None:
    """The ordinary function G with <G> = `average` for this activation.

    One derivative is taken if the function is absolutely continuous; the rest moves to the Gaussian by parts,
    <F''> = <F' (x - m)>/v and so on, so that no delta function is ever met.

    Parameters
    ----------
    average : Average
        Generic average; its integrand contains `phi(x)` and its derivatives.
    activation : Activation
    observable : Activation, optional
        What `O(x)` stands for, if it occurs.

    Returns
    -------
    Pieces or None
        None where the average is +infinity (e.g. <phi'^2> of a jump or of |x|^p with p <= 1/2).

    Raises
    ------
    DomainError
        If a derivative inside a product does not exist as a function for this activation.
    """
    integrand, order, measure = average.integrand, average.order, average.measure
    derivatives = sorted(integrand.atoms(Derivative), key=lambda node: node.derivative_count)
    functions = {phi: activation} if observable is None else {phi: activation, O: observable}
    for node in derivatives:
        if not _is_function(functions[node.expr.func], node.derivative_count):
            if _even_power(integrand, node):
                return None
            raise DomainError(
                f"{average} is not defined for {activation.text}: the derivative of order {node.derivative_count} is no function"
            )
    nodes = [*derivatives, *(function(x) for function in functions)]
    parts = tuple(
        functions[n.expr.func].derivative(n.derivative_count) if isinstance(n, Derivative) else functions[n.func].pieces
        for n in nodes
    )
    pieces = refine(parts, lambda row: integrand.xreplace(dict(zip(nodes, row, strict=True))))
    if _diverges(pieces):
        return None
    taken = 0
    while taken < _derivatives_to_take(average, activation) and _is_continuous(pieces):
        pieces, taken = pieces.diff(), taken + 1
    weight = _hermite(order - taken, measure.mean, measure.variance)
    return pieces.map(lambda expression: _without_cancellation(expression) * weight)


def _derivatives_to_take(average: Average, activation: Activation) -> int:
    """At most one: <F''> = <F' x>/v has an integrand of one sign for an even F that grows with |x|, such as phi^2.

    For the same reason none at zero mean for an odd F: <F'> = <x F>/v.
    """
    centred_odd = average.measure.mean == 0 and parity(average.integrand, activation.parity) == "odd"
    return min(average.order, 0 if average.order == 1 and centred_odd else 1)


def _is_function(activation: Activation, n: int) -> bool:
    """Whether phi^(n) is an ordinary function: phi^(n-1) continuous. A kink of undecided order has a continuous phi."""
    return all(n <= (1 if kink.order is None else kink.order) for kink in activation.kinks)


def _is_continuous(pieces: Pieces) -> bool:
    try:
        return all(pieces.first_break(k, 0) is None for k in range(len(pieces.breakpoints)))
    except InputError:  # depends on a parameter: the Hermite weight is right in either case
        return False


def _even_power(integrand: Expr, node: Derivative) -> bool:
    """Whether the derivative enters as an even power of a product that is otherwise even: the average is +infinity."""
    return all(factor.as_base_exp()[1].is_even for factor in Mul.make_args(integrand) if factor.has(node, phi))


def _diverges(pieces: Pieces) -> bool:
    """Whether the function has a non-integrable singularity; an undecided (symbolic) exponent is left to the closed form."""
    exponents = (pieces.exponent(k, side) for k in range(len(pieces.breakpoints)) for side in (-1, 1))
    return any((q <= -1) == True for q in exponents)  # noqa: E712 - a SymPy relation may stay open


def _without_cancellation(expression: Expr) -> Expr:
    """Write 1 - tanh(u)^2 as 4 sigmoid(2u) sigmoid(-2u): no digit is lost in the tails, where a narrow slope lives."""

    def factored(terms: Add) -> Expr:
        constant, rest = terms.as_coeff_Add()
        for term in Add.make_args(rest):
            factor, square = term.as_coeff_Mul()
            if factor == -constant and square.is_Pow and square.exp == 2 and isinstance(square.base, tanh):
                u = 2 * square.base.args[0]
                return terms - constant - term + 4 * constant * sigmoid(u) * sigmoid(-u)
        return terms

    return expression.replace(lambda node: node.is_Add and node.has(tanh), factored)


def _hermite(order: int, mean: Expr, variance: Expr) -> Expr:
    """He_n((x-m)/sqrt(v)) v^(-n/2), by p_{n+1} = p_n (x-m)/v - p_n'."""
    weight: Expr = S.One
    for _ in range(order):
        weight = (weight * (x - mean) / variance - diff(weight, x)).expand()
    return weight


def certified(average: Average, activation: Activation, values: dict[Symbol, Expr], digits: int = 30) -> mpmath.mpf:
    """One average to `digits` digits by mpmath; ``mpmath.inf`` where it diverges.

    Parameters
    ----------
    average : Average
    activation : Activation
    values : dict
        Numbers for the symbols in the measure and the activation's parameters.
    digits : int

    Returns
    -------
    mpmath.mpf
    """
    exact = {symbol: sympify(value, strict=True) for symbol, value in values.items()}
    integrand, measure = average.integrand, average.measure.subs(exact)
    if isinstance(measure, Law | Samples):
        return measure.evaluate(
            integrand.replace(phi, lambda y: activation.expression.subs(x, y)).doit().subs(exact), digits
        )
    if isinstance(measure, Connected):
        return evaluate(without_variances(average), activation, values, digits)
    pieces = ordinary_integrand(average, activation)
    if pieces is None:
        return mpmath.inf
    return certify(pieces.substitute(exact), measure.mean, measure.variance, digits)


def evaluate(expression: Expr, activation: Activation, values: dict[Symbol, Expr], digits: int = 15) -> mpmath.mpf:
    """Number behind an expression with averages, every average certified.

    Parameters
    ----------
    expression : Expr
        In averages of the generic activation and symbols.
    activation : Activation
    values : dict
        A number for every free symbol.
    digits : int

    Returns
    -------
    mpmath.mpf
    """
    nodes = canonical_order(outermost(expression))
    names = [Symbol(f"average_{k}", real=True) for k in range(len(nodes))]
    symbols = sorted(expression.free_symbols, key=str)
    with mpmath.workdps(digits + 10):
        numbers = [certified(node, activation, values, digits + 5) for node in nodes]
        given = [mpmath.mpmathify(sympify(values[s], strict=True).evalf(digits + 10)) for s in symbols]
        function = mp_function((*names, *symbols), expression.xreplace(dict(zip(nodes, names, strict=True))))
        return function(*numbers, *given)


__all__ = ["certified", "evaluate", "ordinary_integrand"]
