"""What networks that store patterns can be asked beside stability: capacity, storage with a ridge, noise of the rates.

Evaluates what `theory.attractor.capacity` and `theory.attractor.storage` derive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from sympy import Expr, S, Symbol, lambdify

from numerics.settings import Answer
from numerics.solve.patterns import jacobian_of
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from theory.activation.activation import Activation
from theory.activation.families import threshold_power
from theory.attractor import storage
from theory.attractor.capacity import FREE, LACKED, M, active, excitatory, written
from theory.attractor.powers import AboveThreshold
from theory.attractor.symbols import V_r, alpha, b, beta2, tau
from theory.attractor.weights import norm, penalty
from theory.errors import DomainError, InputError, require
from theory.functions import SmoothedPower
from theory.models.attractor import ATTRACTOR
from theory.symbols import x

_NOISE = Symbol("s_eff", positive=True)
_INEXACT = "error: mean square error of the inputs; with it patterns are no exact fixed points, the spectrum is without a ridge"
SHOWN = "norm", "edge", "abscissa", "alpha_bulk", "alpha_out", "alpha_S"  # what is said of a network with noisy rates
_GROWTH, _STEPS = 1.25, 100  # of the noise between which its strength is looked for


def capacity(active_share: float = 1.0, excitatory_share: float | None = None) -> float:
    """Largest number of patterns per unit that can be stored, stable or not, for any law of the rates.

    Parameters
    ----------
    active_share : float
        Share of the units that are active in a pattern, in (0, 1]; the others are silent, their input below a sharp threshold.
    excitatory_share : float, optional
        Share of the units whose weights on others must not be negative, in [0, 1], those of the others being not positive;
        weights have any sign if not given.

    Returns
    -------
    float

    Raises
    ------
    InputError
        For shares outside these ranges.
    """
    signs = excitatory_share
    require(
        (0 < active_share <= 1, f"active_share = {active_share} is not allowed; it must be above 0 and at most 1"),
        (signs is None or 0 <= signs <= 1, f"excitatory_share = {signs} is not allowed; it must be from 0 to 1"),
    )
    if signs in (0, 1):
        return 0.0
    free = 1.0 if signs is None else _least(FREE.subs(excitatory, signs))
    return free / _least(LACKED.subs(active, active_share))


def _least(size: Expr) -> float:
    """Minimum of a convex function of M."""
    return float(minimize_scalar(lambdify(M, written(size), "scipy"), tol=1e-10).fun)


class RidgeStorage(NamedTuple):
    """Norm of a row of W, and mean square of u - sum_j W_ij r_j over units and patterns, with a ridge."""

    norm: float
    error: float


def ridge_storage(solution: Solution, ridge: float) -> RidgeStorage:
    """Rows w of least N k V_r |w|^2 + squared errors of the inputs, instead of exact storage, in large networks.

    Parameters
    ----------
    solution : Solution
        Of the model `attractor`.
    ridge : float
        Penalty k, in units of the variance V_r of the rates.

    Raises
    ------
    InputError
        For the solution of another model, or a penalty that is not positive.
    """
    solver = Solver.of(solution, ATTRACTOR)
    if not 0 < ridge < np.inf:
        raise InputError(f"ridge = {ridge} is not allowed; it must be positive")
    numbers = solution.parameters
    moments = jacobian_of(solver, numbers).moments
    found = {penalty: ridge, alpha: numbers["alpha"], **{symbol: moments[symbol.name] for symbol in (V_r, b, beta2)}}
    found[tau] = float(storage.ROOT.subs(found))
    squared, error = (float(e.subs(found)) for e in storage.ridge(numbers["variant"]))
    return RidgeStorage(float(np.sqrt(squared)), error)


def with_rate_noise(solution: Solution, rate_noise: float) -> Solution:
    """The solution where rates are noisy: their noise adds to the one that smooths a threshold-power law.

    Parameters
    ----------
    solution : Solution
        Of the model `attractor` for `threshold_power`, without or with noise.
    rate_noise : float
        Standard deviation of each rate, independent over units, fast against their time constant.

    Returns
    -------
    Solution
        Its parameter ``s_eff`` is the noise of the inputs.

    Raises
    ------
    InputError
        For the solution of another model, or a negative noise.
    DomainError
        For another activation, or where no noise is consistent with the norm of the weights that it leads to.
    """
    solver = Solver.of(solution, ATTRACTOR)
    if not 0 <= rate_noise < np.inf:
        raise InputError(f"rate_noise = {rate_noise} is not allowed; it must not be negative")
    numbers = dict(solution.parameters)
    smoothed, sigma = _smoothed(solver.activation)
    start = float(sigma.subs({p: numbers[p.name] for p in solver.activation.parameters}))
    noisy, load = Solver(ATTRACTOR.name, smoothed), numbers["alpha"]
    square = lambdify((storage.noise, storage.rate_noise, norm), storage.NOISE)

    def excess(noise: float) -> float:
        found = jacobian_of(noisy, {**numbers, "s_eff": noise})
        moments = (found.moments[key] for key in ("m", "ubar", "V_r", "b", "beta2"))
        size = noisy.module.weights(load, found.self_coupling(load), *moments)["norm"]
        return float(square(start, rate_noise, size) - noise**2)

    if start == rate_noise == 0:
        return solution
    low = max(start, 1e-6 * rate_noise)
    ladder = low * _GROWTH ** np.arange(_STEPS)
    high = next((noise for noise in ladder[1:] if not excess(noise) > 0), None)
    if high is None:
        raise DomainError("no noise of the inputs is consistent with the weights that it leads to")
    found = brentq(excess, max(low, high / _GROWTH * (1 - 1e-12)), high, xtol=1e-14) if rate_noise else start
    gone = {p.name for p in solver.activation.parameters if p not in smoothed.parameters}
    return noisy.solve(**{name: value for name, value in numbers.items() if name not in gone}, s_eff=found)


def _smoothed(activation: Activation) -> tuple[Activation, Expr]:
    """A threshold-power law with its noise as a parameter, and what it is."""
    above = AboveThreshold.of(activation)
    if above is not None:
        factor, n, theta, sigma = above.factor, above.exponent, above.threshold, S.Zero
    else:
        factor, power = activation.expression.as_independent(x, as_Add=False)
        if not isinstance(power, SmoothedPower) or power.args[1].diff(x).has(x):
            shape = "is no threshold_power, which noise keeps of the same shape"
            raise DomainError(f"rate noise: {activation.text} {shape}")
        n, z = power.args
        sigma = 1 / z.diff(x)
        factor, theta = factor / sigma**n, -z.subs(x, 0) * sigma
    return Activation.from_expression(factor * threshold_power(n, _NOISE, theta)), sigma


def answer_ridge(solver: Solver, solution: Solution, asked: Sequence[float], settings: Mapping[str, Any]) -> Answer:
    """Norm and error for each penalty."""
    return _answer("ridge", {ridge: ridge_storage(solution, ridge)._asdict() for ridge in asked}, [_INEXACT])


def answer_noise(solver: Solver, solution: Solution, asked: Sequence[float], settings: Mapping[str, Any]) -> Answer:
    """Noise of the inputs and what follows from it, for each noise of the rates."""
    found, messages = {}, []
    for noise in asked:
        one = with_rate_noise(solution, noise)
        found[noise] = {"sigma_eff": one.parameters.get("s_eff", 0.0), **{key: one.observables[key] for key in SHOWN}}
        messages += [f"rate noise {noise:g}: {message}" for message in one.messages]
    return _answer("rate_noise", found, messages)


def _answer(key: str, found: Mapping[float, Mapping[str, float]], messages: Sequence[str]) -> Answer:
    rows = [
        f"  {key.replace('_', ' ')} {asked:g}: " + ", ".join(f"{name} {value:.10g}" for name, value in values.items())
        for asked, values in found.items()
    ]
    return Answer({key: [{key: asked, **values} for asked, values in found.items()]}, rows, tuple(messages))
