"""Averages of the theory as generated code: closed-form terms, and the integrand beside every breakpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from sympy import Add, And, Derivative, Expr, S, Symbol, false, oo, sstr, true
from sympy.logic.boolalg import Boolean

from numerics.codegen.statements import function
from theory.activation.activation import Activation
from theory.activation.features import feature_points, unlisted_distance
from theory.activation.growth import growth
from theory.activation.pieces import Pieces, compare, merged, refine
from theory.averages.average import Average, conditional_averages
from theory.averages.closed import ClosedForm, closed_form
from theory.averages.integrand import ordinary_integrand
from theory.averages.measures import Connected, Normal
from theory.averages.parity import parity
from theory.errors import InputError
from theory.symbols import Delta, mu, phi, x

u = Symbol("u", real=True)
_UNKNOWN_EXPONENT = -0.95  # assumed at a breakpoint whose local exponent depends on a parameter


@dataclass(frozen=True)
class MeanCode:
    """Everything that the module template prints for one average.

    Attributes
    ----------
    average : Average
    name : str
        Name of the public function.
    closed : ClosedForm or None
    finite : Boolean
        Condition on variance and parameters under which the average is finite.
    functions : tuple of str
        Texts of helpers: terms, breakpoints, integrands.
    call : str
        Arguments of the `Mean` constructor.
    """

    average: Average
    name: str
    closed: ClosedForm | None
    finite: Boolean
    functions: tuple[str, ...]
    call: str

    @property
    def how(self) -> str:
        """How the average is evaluated, for the docstring."""
        if self.finite == false:
            return "infinite for this activation"
        bound = "" if self.finite == true else f", infinite unless {sstr(self.finite)}"
        if self.closed is None:
            return f"quadrature{bound}"
        return f"closed form ({self.closed.family}; {self.closed.reference}), quadrature where its terms cancel{bound}"


def mean_name(average: Average) -> str:
    """Identifier for an average: <phi^2> -> mean_phi2, <phi'^2> -> mean_dphi2, <(phi^2)''> -> mean_phi2_d2."""
    if average.integrand == phi(x):
        return "mean_" + "d" * average.order + "phi"
    parts = []
    for factor in average.integrand.as_ordered_factors():
        base, exponent = factor.as_base_exp()
        function, count = (base.expr, base.derivative_count) if isinstance(base, Derivative) else (base, 0)
        stem = "d" * count + ("x" if base == x else function.func.__name__)
        parts.append(stem + (str(exponent) if exponent != 1 else ""))
    suffix = f"_d{average.order}" if average.order else ""
    return "mean_" + "_".join(parts) + suffix


def lower_mean(
    average: Average, activation: Activation, observable: Activation | None = None, name: str = ""
) -> MeanCode:
    """Reduce one average of a concrete activation to code.

    Parameters
    ----------
    average : Average
        With mean 0 or `mu`, variance `Delta`.
    activation : Activation
    observable : Activation, optional
        What `O(x)` stands for, if it occurs.
    name : str
        Name of the public function; by default `mean_name`.
    """
    name = name or mean_name(average)
    pieces = ordinary_integrand(average, activation, observable)
    closed = None if pieces is None else closed_form(pieces, average.measure.mean, average.measure.variance)
    finite = false if pieces is None else _is_finite(pieces, closed)
    if pieces is None or finite == false:
        condition = function(f"_finite_{name}", _arguments(activation), false)
        return MeanCode(average, name, None, false, (condition,), f"finite=_finite_{name}")
    even = average.measure.mean == 0 and _parity(average, activation) == "even"
    functions, arguments = _integrands(name, pieces, even, activation)
    if closed is not None:
        functions = (function(f"_terms_{name}", _arguments(activation), terms_of(closed)), *functions)
        arguments = (f"terms=_terms_{name}", *arguments)
    if finite != true:
        functions = (function(f"_finite_{name}", _arguments(activation), finite), *functions)
        arguments = (f"finite=_finite_{name}", *arguments)
    return MeanCode(average, name, closed, finite, functions, ", ".join(arguments))


def terms_of(closed: ClosedForm) -> list[Expr]:
    """The terms of a closed form, short ones first; where they cancel it is not used."""
    return sorted(Add.make_args(closed.expression), key=lambda term: (term.count_ops(), sstr(term)))


def _is_finite(pieces: Pieces, closed: ClosedForm | None) -> Boolean:
    """Condition for a finite average: that of the closed form, else that no tail beats the Gaussian."""
    if closed is not None:
        return false if closed.expression == oo else closed.condition if closed.condition is not None else true
    condition: Boolean = true
    for expression, side in ((pieces.expressions[0], -1), (pieces.expressions[-1], 1)):
        try:  # the powers of mean and variance in a weight do not change which tail wins
            condition = And(condition, growth(expression.subs({Delta: 1, mu: 0}), side).finite(Delta))
        except InputError:  # depends on the activation's parameters
            continue
    return condition


def _arguments(activation: Activation) -> tuple[Symbol, ...]:
    return (mu, Delta, *activation.parameters)


def _parity(average: Average, activation: Activation) -> str:
    kind = parity(average.integrand, activation.parity)
    flip = {"odd": "even", "even": "odd", "none": "none"}
    return flip[kind] if average.order % 2 else kind


def _integrands(name: str, pieces: Pieces, even: bool, activation: Activation):
    """Functions of the offset u on either side of every breakpoint, and the arguments that hand them over."""
    reach = unlisted_distance(pieces)
    pieces = _with_features(pieces, even)
    points = [(k, b) for k, b in enumerate(pieces.breakpoints) if not even or compare(b, S.Zero) >= 0]
    left = [_beside(pieces.expressions[k], b) for k, b in points]
    right = [_beside(pieces.expressions[k + 1], b) for k, b in points]
    names = {e: f"_integrand{k}_{name}" for k, e in enumerate(dict.fromkeys((*left, *right)))}
    functions = [function(helper, (u, *_arguments(activation)), e) for e, helper in names.items()]
    functions.append(function(f"_breakpoints_{name}", activation.parameters, [b for _, b in points]))
    arguments = [
        f"left=[{', '.join(names[e] for e in left)}]",
        f"right=[{', '.join(names[e] for e in right)}]",
        f"breakpoints=_breakpoints_{name}",
    ]
    exponent = _lowest_exponent(pieces)
    arguments += ["even=True"] if even else []
    arguments += [f"exponent={exponent!r}"] if exponent < 0 else []
    arguments += [f"reach={reach!r}"] if isfinite(reach) else []
    return tuple(functions), tuple(arguments)


def _with_features(pieces: Pieces, even: bool) -> Pieces:
    """The same function with narrow features, and 0, as additional breakpoints."""
    centres = feature_points(pieces)
    try:
        points = merged(pieces.breakpoints, (S.Zero,), *((centre,) for centre in centres))
    except InputError:  # order depends on parameters: kinks alone are certain
        points = pieces.breakpoints or (S.Zero,)
    if even and not any(point == 0 for point in points):
        points = merged(points, (S.Zero,))
    marks = Pieces(points, (S.Zero,) * (len(points) + 1))
    return refine((pieces, marks), lambda row: row[0])


def _beside(expression: Expr, point: Expr) -> Expr:
    """F(point + u): the singular factors become powers of u itself."""
    return expression.subs(x, point + u) if point != 0 else expression.xreplace({x: u})


def _lowest_exponent(pieces: Pieces) -> float:
    lowest = 0.0
    for k, point in enumerate(pieces.breakpoints):
        if (
            pieces.expressions[k] == pieces.expressions[k + 1]
            and point.is_number
            and pieces.expressions[k].subs(x, point).is_finite
        ):
            continue
        for side in (-1, 1):
            q = pieces.exponent(k, side)
            lowest = min(lowest, float(q) if q.is_number else _UNKNOWN_EXPONENT)
    return lowest


# --- over a frozen mean: the factors are ordinary averages at a fixed mean -----------------------------------------------


@dataclass(frozen=True)
class FrozenCode:
    """Everything that the module template prints for one average over the frozen mean.

    Attributes
    ----------
    average : Average
    name : str
        Name of the public function.
    factors : tuple of (str, int)
        Names of the evaluators at a fixed mean, with their powers.
    """

    average: Average
    name: str
    factors: tuple[tuple[str, int], ...]


def lower_frozen(
    nodes: Sequence[Average], activation: Activation
) -> tuple[tuple[MeanCode, ...], dict[str, tuple[str, str]], tuple[FrozenCode, ...]]:
    """Reduce averages over the frozen mean to code.

    Returns
    -------
    means : tuple of MeanCode
        The averages at a fixed mean.
    variances : dict
        Names of the variances at a fixed mean, each with the means of F and of F^2 that it is made of.
    frozen : tuple of FrozenCode
    """
    inner = conditional_averages(nodes)
    means = tuple(
        lower_mean(Average(a.integrand, a.order, Normal(mu)), activation, name=_conditional_name(a)) for a in inner
    )
    varying = {f for node in nodes for f, _ in _factors(node) if isinstance(f.measure, Connected)}
    variances = {
        _conditional_name(f): (_conditional_name(Average(f.integrand)), _conditional_name(Average(f.integrand**2)))
        for f in sorted(varying, key=_conditional_name)
    }
    frozen = []
    for node in nodes:
        factors = tuple((_conditional_name(f), power) for f, power in _factors(node))
        frozen.append(FrozenCode(node, "_".join(["frozen", *(_stem(name, power) for name, power in factors)]), factors))
    return means, variances, tuple(frozen)


def _factors(node: Average) -> list[tuple[Average, int]]:
    """The averages at a fixed frozen mean, each with its power."""
    return sorted(((base, int(n)) for base, n in node.integrand.as_powers_dict().items()), key=sstr)


def _conditional_name(factor: Average) -> str:
    """<phi'> -> conditional_dphi, Var(phi) -> variance_phi."""
    kind = "variance" if isinstance(factor.measure, Connected) else "conditional"
    return f"{kind}_{mean_name(factor).removeprefix('mean_')}"


def _stem(name: str, power: int) -> str:
    """[<phi'>^2] -> frozen_dphi_power2, [Var(phi)] -> frozen_variance_phi."""
    return name.removeprefix("conditional_") + (f"_power{power}" if power > 1 else "")
