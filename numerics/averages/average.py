"""Numbers for Gaussian averages of any monomial of an activation, through the same generated code as the solvers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Expr, S, Symbol, lambdify, sstr

from numerics.algorithms.averages import Mean
from numerics.codegen.cache import cached, content_key
from numerics.codegen.means import mean_name
from numerics.codegen.module import emit_mean
from theory.activation.activation import Activation
from theory.averages.average import Average, averages, weak_product
from theory.averages.measures import Normal
from theory.errors import DomainError, InputError
from theory.symbols import Delta, mu
from theory.text.parsing import parse_monomial

Values = NDArray[np.float64]


def average(
    monomial: str, activation: Activation | str, *, variance: ArrayLike, mean: ArrayLike = 0.0, **parameters: ArrayLike
) -> Values:
    """Gaussian average <F(x)>, x ~ N(mean, variance), of a monomial of the activation.

    Parameters
    ----------
    monomial : str
        E.g. ``"phi^2"``, ``"phi'"``, ``"phi'^2"``, ``"phi*phi''"``, ``"x*phi"``.
    activation : Activation or str
    variance, mean : array_like
        Variance (> 0) and mean of x.
    **parameters : array_like
        Parameters of the activation.

    Returns
    -------
    ndarray
        Of the broadcast shape; inf where the average diverges, nan where it could not be resolved.

    Raises
    ------
    InputError
        For an unusable monomial, activation or parameter.
    DomainError
        Where the average is not defined for this activation.

    Examples
    --------
    >>> float(average("phi^2", "x", variance=2.0))
    2.0
    """
    activation = Activation.of(activation)
    check_measure(activation, parameters, variance, mean)
    centred = not np.any(np.asarray(mean))
    node = Average(parse_monomial(monomial), 0, Normal(S.Zero if centred else mu))
    arguments = [np.asarray(parameters[p.name], dtype=float) for p in activation.parameters]

    def value(term: Average) -> Values:
        return mean_object(term, activation)(variance, *arguments, mean=0.0 if centred else mean)

    if not isinstance(node, Average):  # linear activations and pure powers of x may reduce to a number
        return evaluated(node, value, {mu.name: mean, Delta.name: variance})
    try:
        return value(node)
    except DomainError:
        equivalent = weak_product(node)
        if equivalent is None:
            raise
        return evaluated(equivalent, value, {mu.name: mean, Delta.name: variance})


def check_measure(
    activation: Activation, parameters: Mapping[str, ArrayLike], variance: ArrayLike, mean: ArrayLike
) -> None:
    """Report every unusable parameter, variance and mean at once."""
    names = {p.name for p in activation.parameters}
    problems = [f"unknown parameter '{name}'" for name in parameters if name not in names]
    problems += [f"parameter {name} is missing" for name in sorted(names - set(parameters))]
    if not np.all(np.asarray(variance, dtype=float) > 0) or not np.all(np.isfinite(np.asarray(variance, dtype=float))):
        problems.append("variance must be a number > 0")
    if not np.all(np.isfinite(np.asarray(mean, dtype=float))):
        problems.append("mean must be a finite number")
    if problems:
        raise InputError(problems)


def mean_object(node: Average, activation: Activation, observable: Activation | None = None) -> Mean:
    """The generated evaluator of one average; `observable` is what ``O(x)`` stands for, if it occurs."""
    of = "" if observable is None else f"|{observable.canonical}"
    key = content_key(f"{sstr(node.integrand)}|{node.order}|{node.measure.mean}{of}", activation)
    name = f"average_{key}"
    module = cached(name, lambda: emit_mean(node, activation, observable))
    return getattr(module, mean_name(node).upper())


def evaluated(expression: Expr, value: Callable[[Average], ArrayLike], numbers: Mapping[str, ArrayLike]) -> Values:
    """An expression at numbers by name, its averages by `value`."""
    names = {node: Symbol(f"average_{k}") for k, node in enumerate(averages(expression))}
    plain = expression.xreplace(names)
    symbols = sorted(plain.free_symbols - set(names.values()), key=str)
    function = lambdify([*names.values(), *symbols], plain, "numpy")
    return np.asarray(function(*map(value, names), *(numbers[s.name] for s in symbols)), dtype=float)
