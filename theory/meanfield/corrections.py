r"""1/N terms of the static network: one loop about its saddle, with the Jacobian of the fixed-point equation.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (path integral to order 1/N), re-derived for an undefined activation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr, Symbol

from theory.averages.average import Average, stein
from theory.derivation import Step
from theory.engine.collective import (
    ACTIVITY,
    PREACTIVATION,
    Bilinear,
    Operator,
    SiteMeasure,
    disorder_average,
)
from theory.engine.one_loop import OneLoop, source
from theory.engine.one_loop_steps import (
    jacobian_steps,
    linear_network_step,
    loop_steps,
    loop_term_step,
    observed_step,
    size_step,
)
from theory.engine.wick import mean_covariance, mean_squared_covariance, mean_squared_variance
from theory.errors import DomainError
from theory.models.static import STATIC
from theory.networks import GaussianCouplings
from theory.symbols import Delta, O, phi, x
from theory.theory import Correction

REFERENCE = STATIC.reference

OBSERVED = {"x": PREACTIVATION, "phi": ACTIVITY}
MEAN_SQUARE = {"x": "Delta", "phi": "C_phi"}
PER_UNIT = Symbol("1/N", positive=True)
SQUARES = {name: operator.function**2 for name, operator in OBSERVED.items()}


@dataclass(frozen=True)
class Corrections:
    """1/N terms for a generic activation.

    Attributes
    ----------
    quantities : mapping of key to Correction
        Coefficients of 1/N of quantities of the theory.
    n_variance_diagonal : mapping from 'x' and 'phi'
        N times the variance over units of C_ii: itself of order one. Empty where phi need not be odd.
    steps : tuple of Step
    """

    quantities: Mapping[str, Correction]
    n_variance_diagonal: Mapping[str, Expr]
    steps: tuple[Step, ...]


@lru_cache(maxsize=8)
def one_replica(couplings: GaussianCouplings, *, jacobian: bool = True) -> OneLoop:
    """One loop of a single noise: for the averages of one-site observables, odd activation or not."""
    action = disorder_average(_independent(couplings), (1,), jacobian=jacobian)
    return OneLoop(action, SiteMeasure(Delta, phi_parity="none"))


@lru_cache(maxsize=8)
def two_replicas(couplings: GaussianCouplings, *, jacobian: bool = True) -> OneLoop:
    """One loop of two noises with the same couplings, for an odd activation: for products of two covariances."""
    return OneLoop(disorder_average(_independent(couplings), (1, 2), jacobian=jacobian), SiteMeasure(Delta))


def _independent(couplings: GaussianCouplings) -> GaussianCouplings:
    """Refuse partial symmetry: a site then acts back on itself, and its measure is not Gaussian."""
    if couplings.symmetry != 0:
        raise DomainError("1/N terms are derived for independent couplings, symmetry 0")
    return couplings


def one_site_correction(
    observable: Expr, couplings: GaussianCouplings = STATIC.network.couplings, *, jacobian: bool = True
) -> Expr:
    """The coefficient of 1/N in the average of a one-site observable O(x) over noise, couplings and units.

    Parameters
    ----------
    observable : Expr
        In ``theory.symbols.x``, ``phi(x)`` and undefined functions of x.
    couplings : GaussianCouplings
        Independent couplings.
    jacobian : bool
        False leaves out the determinant of the fixed-point equation. The static integral then holds closed response loops, which
        causality forbids, and its 1/N terms are wrong; only for comparison.

    Returns
    -------
    Expr
        In averages over ``x ~ N(0, Delta)``.

    Raises
    ------
    DomainError
        For partially symmetric couplings.
    """
    return one_replica(couplings, jacobian=jacobian).mean(source(_site(observable)))


_AS_READ = ("c1_x", "c1_phi", "d1_x", "d1_phi", "c1_gain", "c1_n_var_cov_x", "c1_n_var_cov_phi")
"""Mean squares, dimensions, gain, covariances."""


@lru_cache(maxsize=4)
def corrections(couplings: GaussianCouplings, *, odd: bool = True) -> Corrections:
    """Derive the 1/N terms of the static network: every one for odd phi, those of the mean squares for any."""
    one, two = one_replica(couplings), two_replicas(couplings)
    loop, replicas = (two, (1, 2)) if odd else (one, (1,))
    generic, mean_square = one.mean(source(_site(O(x)))), {n: one.mean(source(_site(s))) for n, s in SQUARES.items()}
    quantities = [_correction(f"c1_{name}", MEAN_SQUARE[name], c) for name, c in mean_square.items()]
    steps = (
        *jacobian_steps(couplings, loop.action, replicas, REFERENCE),
        *loop_steps(loop, replicas),
        loop_term_step(
            "1/N term of the average of any one-site observable O(x) over noise, couplings and units. The source O "
            "shifts the fields by (1 - Pi F'')^{-1} <b O>_c; the shifted site weight changes Pi, and W1 changes by "
            "tr[(1 - Pi F'')^{-1} dPi F'']/2 of the commuting fields minus the same of the anticommuting ones",
            one.action,
            _site(O(x)),
            generic,
            REFERENCE,
        ),
        linear_network_step("O = x^2", generic, mean_covariance, 4),
        *(
            observed_step(f"c1_{name}", generic, mean_square[name], square, REFERENCE)
            for name, square in SQUARES.items()
        ),
    )
    spread: dict[str, Expr] = {}
    if odd:
        response, product = Average(phi(x), 1), one.mean(source(_site(x * phi(x))))
        gain = one.tidy(product - response * mean_square["x"]) / Delta
        quantities.append(_correction("c1_gain", "gain", gain))
        steps += (
            observed_step("", generic, product, x * phi(x), REFERENCE),
            size_step(
                "c1_gain",
                "Mean response at N units, <x phi>/<x^2>, which is <phi'> for Gaussian x",
                (Delta * response + PER_UNIT * product) / (Delta + PER_UNIT * mean_square["x"]),
                gain,
            ),
        )
        for name in OBSERVED:
            spread[name], further, more = _pair_corrections(two, name, mean_square[name])
            quantities += further
            steps += more
    found = {q.key: q for q in quantities}
    return Corrections({key: found[key] for key in _AS_READ if key in found}, spread, steps)


def _pair_corrections(two: OneLoop, name: str, mean_square: Expr) -> tuple[Expr, list[Correction], tuple[Step, ...]]:
    """N times the variance over units of C_ii, the 1/N terms of the statistics of C, and the steps to them."""
    operator, square = OBSERVED[name], SQUARES[name]
    pair, both = Bilinear.of((1, operator), (2, operator)), _site(square, square)
    diagonal = stein(Average(square))
    entry, entry_correction = two.leading(source(pair)), two.variance(source(pair))
    squared = two.mean(source(both))
    spread = two.tidy(squared - 2 * diagonal * mean_square)
    # sum over i, j of C_ij^2 = diagonal part + N (N - 1) times the mean squared off-diagonal covariance
    n_variance = two.tidy(entry_correction - 2 * diagonal * mean_square - spread + entry - diagonal**2)
    dimension = 2 * mean_square / diagonal - entry_correction / entry
    quantities = [
        _correction(f"d1_{name}", f"D_{name}", dimension, relative=True),
        _correction(f"c1_n_var_cov_{name}", f"n_var_cov_{name}", n_variance),
    ]
    own, whole = diagonal + PER_UNIT * mean_square, entry + PER_UNIT * entry_correction
    steps = (
        loop_term_step(
            f"1/N term of (1/N) sum_ij C_ij^2 of {name}, from the source {name}1 {name}2: the second derivative of "
            "W1, with the change of the shifted site weight itself",
            two.action,
            pair,
            entry_correction,
            REFERENCE,
            order=2,
        ),
        linear_network_step(f"(1/N) sum_ij C_ij^2 of {name}", entry_correction, mean_squared_covariance, 3),
        loop_term_step(
            f"1/N term of the average of C_ii^2 of {name} over couplings, from O = {name}1^2 {name}2^2 of two replicas",
            two.action,
            both,
            squared,
            REFERENCE,
        ),
        linear_network_step(f"C_ii^2 of {name}", squared, mean_squared_variance, 3),
        size_step(
            f"n_var_var_{name}",
            f"N times the variance of C_ii of {name}: the average of the square without the square of the average",
            diagonal**2 + PER_UNIT * squared - own**2,
            spread,
        ),
        size_step(
            f"c1_n_var_cov_{name}",
            f"N times the variance of an off-diagonal covariance of {name} at N units: the N (N - 1) terms with i and j different",
            (whole - diagonal**2 - PER_UNIT * squared) / (1 - PER_UNIT),
            n_variance,
        ),
        size_step(
            f"d1_{name}",
            f"Participation dimension of {name} at N units, D (1 + d/N)",
            own**2 / whole,
            dimension,
            relative=True,
        ),
    )
    return spread, quantities, steps


def _correction(key: str, of: str, expression: Expr, *, relative: bool = False) -> Correction:
    """What a network of N units adds: value + c/N, or value (1 + d/N)."""
    meaning = f"1/N term: {of} (1 + d/N)" if relative else f"coefficient c of the 1/N term: {of} + c/N"
    return Correction(key, expression, meaning, REFERENCE, of=of, relative=relative)


def _site(*observables: Expr) -> Bilinear:
    """The product of one observable for each replica."""
    return Bilinear.of(*((k, Operator(0, o)) for k, o in enumerate(observables, 1)))
