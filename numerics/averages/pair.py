"""Two-point averages <F(u) G(v)> of an activation: closed form by table, else two nested one-point rules."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import S

from numerics.algorithms.averages import summed
from numerics.algorithms.pairs import nested_average, quadrant_step, quadrant_sum
from numerics.averages.average import check_measure, mean_object
from numerics.codegen.cache import cached, content_key
from numerics.codegen.module import emit_pair
from theory.activation.activation import Activation
from theory.averages.average import Average
from theory.averages.integrand import ordinary_integrand
from theory.averages.measures import Normal
from theory.averages.pair import pair_closed_form
from theory.errors import DomainError, InputError
from theory.symbols import Delta, mu, rho
from theory.text.parsing import parse_monomial

Values = NDArray[np.float64]


def pair_function(activation: Activation, variance: float, **parameters: float) -> Callable[[ArrayLike], Values]:
    """<phi(u) phi(v)> over u, v ~ N(0, variance) as a function of their correlation coefficient, for many correlations.

    Parameters
    ----------
    activation : Activation
    variance : float
    **parameters : float
        Parameters of the activation.

    Returns
    -------
    callable
        Of correlations in (-1, 1). Where phi is smooth and no closed form is known, by a two-dimensional rule that converges
        exponentially, if it does; else `pair_average`.
    """
    if activation.is_smooth:
        module = _pair_module("phi", "phi", activation, centred=True)
        if module.terms is None:
            own = [float(parameters[p.name]) for p in activation.parameters]
            rules = [_plane_rule(part, float(np.sqrt(variance))) for part in _parts(module.phi, activation.parity, own)]
            if all(rules):
                return lambda correlation: np.sum([rule(correlation) for rule in rules if rule], axis=0)
    return lambda correlation: pair_average(
        "phi", "phi", activation, variance=variance, correlation=correlation, **parameters
    )


def _parts(phi: Callable[..., Values], parity: str, parameters: list[float]) -> list[Callable[[Values], Values]]:
    """Odd and even part of phi, as far as they are not zero: they do not correlate with each other."""

    def whole(x: Values) -> Values:
        return phi(x, *parameters)

    if parity in ("odd", "even"):
        return [whole]
    return [lambda x: 0.5 * (whole(x) - whole(-x)), lambda x: 0.5 * (whole(x) + whole(-x))]


def _plane_rule(phi: Callable[[Values], Values], deviation: float) -> Callable[[ArrayLike], Values] | None:
    """<phi(u) phi(v)> as a function of the correlation for phi odd or even, by the trapezoidal rule along u+v and u-v."""
    step = quadrant_step(phi, deviation)
    if step is None:
        return None

    def at(correlation: ArrayLike) -> Values:
        angle = np.arccos(np.asarray(correlation, dtype=float))
        return np.asarray(quadrant_sum(phi, deviation, angle.reshape(-1), step)).reshape(angle.shape)

    return at


def pair_average(
    first: str,
    second: str,
    activation: Activation | str,
    *,
    variance: ArrayLike,
    correlation: ArrayLike,
    mean: ArrayLike = 0.0,
    **parameters: ArrayLike,
) -> Values:
    """Average <F(u) G(v)> over u, v ~ N(mean, variance) with a given correlation coefficient.

    Parameters
    ----------
    first, second : str
        Monomials F and G, as for `average`.
    activation : Activation or str
    variance, mean : array_like
    correlation : array_like
        Correlation coefficient of u and v, -1 < correlation < 1.
    **parameters : array_like
        Parameters of the activation.

    Returns
    -------
    ndarray
        nan where the average could not be resolved.

    Raises
    ------
    InputError
        For unusable arguments.
    DomainError
        Where F or G is no function for this activation.
    """
    activation = Activation.of(activation)
    check_measure(activation, parameters, variance, mean)
    if not np.all(np.abs(np.asarray(correlation, dtype=float)) < 1):
        raise InputError("correlation must lie strictly between -1 and 1")
    own = [np.asarray(parameters[p.name], dtype=float) for p in activation.parameters]
    columns = [np.asarray(c, dtype=float) for c in np.broadcast_arrays(mean, variance, correlation, *own)]
    shape = columns[0].shape
    columns = [c.reshape(-1) for c in columns]
    value = np.full(columns[0].shape, np.nan)
    left_open = np.ones(value.shape, dtype=bool)
    terms = _pair_module(first, second, activation, centred=not np.any(columns[0])).terms
    if terms is not None:
        _, total, _, good = summed(terms, columns, value.shape)
        value[good], left_open = total[good], ~good
    if np.any(left_open):
        outer, inner = (mean_object(Average(parse_monomial(m), 0, Normal(mu)), activation) for m in (first, second))
        at, spread, correlated, *parts = (c[left_open] for c in columns)
        value[left_open] = nested_average(
            outer, inner, at, spread, correlated, spread * (1 - correlated) * (1 + correlated), parts
        )
    return value.reshape(shape)


def _pair_module(first: str, second: str, activation: Activation, centred: bool) -> ModuleType:
    name = f"pair_{content_key(f'{first}|{second}|{centred}', activation)}"

    def text() -> str:
        F, G = (ordinary_integrand(_plain(m, activation), activation) for m in (first, second))
        if F is None or G is None:
            raise DomainError(f"<{first} {second}> diverges or is not defined for {activation.text}")
        closed = pair_closed_form(F, G, S.Zero if centred else mu, Delta, rho)
        return emit_pair(f"<{first}(u) {second}(v)>", closed, activation)

    return cached(name, text)


def _plain(monomial: str, activation: Activation) -> Average:
    """The average whose integrand is the function itself: a slope is one where phi is continuous."""
    node = Average(parse_monomial(monomial), 0, Normal(mu))
    if not isinstance(node, Average) or node.order > (1 if activation.is_continuous else 0):
        raise InputError(f"'{monomial}' must be a plain function of phi in a two-point average")
    return node
