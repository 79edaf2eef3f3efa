"""The equations of a network that stores patterns as generated code: averages over the nodes of a law, and `solve`."""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Expr, Poly, Symbol, Tuple, sstr

from numerics.codegen.printer import source
from numerics.codegen.statements import function
from theory.activation.activation import Activation
from theory.attractor.patterns import each_average, mean
from theory.attractor.spectrum import OUTLIER, PARTS, TURN, at_vanishing_load, outlier_matrix
from theory.attractor.symbols import V_r, alpha, b, beta2, c0, m, omega, r, t, ubar
from theory.symbols import growth
from theory.theory import Theory

_AT = ("growth", t, c0, b)  # lambda is a word of Python


def pattern_equations(theory: Theory, activation: Activation, *_: object) -> list[str]:
    """Functions of the generated module, in order."""
    equation, means = theory.equation, (*_AT, m, ubar)
    moments = {symbol: e for symbol, e in equation.named.items() if symbol not in (c0, omega, *PARTS)}
    weights = {key: theory.observables[key].expression for key in ("norm", "row_sum", "row_sum_sd")}
    uniform, recalled = (outlier_matrix()[k, k] for k in (0, 1))
    first, second = (Poly(at_vanishing_load(e), growth).all_coeffs() for e in (OUTLIER, equation.centred))
    nodes, propagator = "r, u, g, weight = patterns", _stated(omega, equation.named[omega].expand())

    def averaged(name: str, doc: str, arguments: Sequence[object], *results: Expr, form: str = "") -> str:
        """A function of numbers and of the nodes of a law, after statements about the nodes."""
        parts = [_stated(symbol, e) for symbol, e in PARTS.items() if Tuple(*results).has(symbol)]
        before = [nodes, propagator, *parts] if parts or Tuple(*results).has(omega) else [nodes]
        written = [_inline(e) for e in results] if len(results) > 1 else _inline(results[0])
        return function(name, (*map(str, arguments), "patterns"), written, doc, before=before, form=form, share=False)

    names = {str(symbol): symbol for symbol in moments}
    stated = [nodes, *(_stated(symbol, e) for symbol, e in moments.items())]
    regression = "Means, variances and the regression of the input on the rate."
    load = f"The load at which t is the order parameter, {sstr(equation.load)}, and its derivative in t."
    boundary = f"The load at which lambda lies on the boundary: {sstr(equation.boundary)}."
    outlier = "Both vanish at an outlier, without and with trained biases."
    entries = "The two diagonal entries behind it, each over the factor of its eigenvalue."
    directions = uniform / (growth * m * mean(omega)), recalled / (growth * mean(r**2 * omega))
    shift = "By how much the threshold may rise until lambda is an outlier, and what that was divided by."
    coefficients = "Coefficients in lambda of both determinants at a vanishing load."
    groups = ", ".join(f"({', '.join(['{}'] * len(group))})" for group in (first, second))
    rows = "Norm of a row of W, mean and spread of the sums of its rows."
    return [
        function("moments", ("patterns",), names, regression, before=stated),
        function("self_coupling", (alpha, b), equation.named[c0], f"{c0} = {sstr(equation.named[c0])}."),
        averaged("load", load, _AT, equation.load, equation.load.diff(t)),
        averaged("boundary", boundary, (*_AT, beta2), equation.boundary),
        averaged("outlier", outlier, means, equation.outlier, equation.centred),
        averaged("directions", entries, means, *directions),
        averaged("threshold_shift", shift, means, equation.outlier / TURN, TURN),
        averaged("first_outliers", coefficients, (m, ubar), *first, *second, form=groups),
        function("weights", (alpha, c0, m, ubar, V_r, b, beta2), weights, rows, share=False),
        "EQUATIONS = Equations(moments, self_coupling, load, boundary, outlier, directions, threshold_shift, first_outliers)",
        _solve(theory, activation),
    ]


def _stated(symbol: Symbol, expression: Expr) -> str:
    return f"{symbol} = {source(_inline(expression))}"


def _inline(expression: Expr) -> Expr:
    """Every average as the sum over nodes that evaluates it."""
    summed = each_average(expression, lambda F: Symbol(f"(weight @ ({source(F.subs(growth, Symbol('growth')))}))"))
    return summed.subs(growth, Symbol("growth"))


def _solve(theory: Theory, activation: Activation) -> str:
    own = [str(p) for p in activation.parameters]
    given = "".join(f", {name}" for name in own)
    kinks = ", ".join(source(kink.position) for kink in activation.kinks)
    threshold = activation.threshold
    docs = "\n".join(f"    {key} : {q.meaning}" for key, q in theory.leading.items())
    return f'''\
def nodes_of_law(tail{given}, law="lognormal", CV=1.0, f=1.0, eps=1.0, samples=()):
    """Rates and probabilities that stand for a law, for these parameters of phi; see `law_nodes`."""
    return law_nodes(law, CV, f, eps, samples, tail, phi(np.array([{kinks}], dtype=float){given}))


def solve(alpha{given}, law="lognormal", variant="noself", CV=1.0, f=1.0, eps=1.0, samples=(), units=0.0):
    """Weights, spectrum at a stored pattern and critical loads, for one set of numbers.

    Returns a dict:

{docs}
    residual, errors : relative residual of the load at the edge; what changes if the law is cut earlier
    outliers, first_outliers, mechanism : real outliers outside the bulk, those at a vanishing load; 'bulk', 'average' or
        'pattern', whichever reaches 1 first

    Raises ValueError where phi does not take the rates.
    """
    return with_errors(
        EQUATIONS,
        weights,
        lambda x: phi(x{given}),
        lambda x: phi_prime(x{given}),
        lambda tail: nodes_of_law(tail{given}, law, CV, f, eps, samples),
        alpha,
        variant,
        {"0.0" if threshold is None else source(threshold)},
        units,
    )'''
