r"""1/N terms of the static network: one loop about its saddle, with the Jacobian of the fixed-point equation.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (path integral to order 1/N), re-derived for an undefined activation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr, sstr

from theory.derivation import Step
from theory.fields.collective import (
    ACTIVITY,
    PREACTIVATION,
    Bilinear,
    Operator,
    SiteMeasure,
    disorder_average,
)
from theory.fields.loop_argument import (
    diagonal_step,
    dimension_step,
    entry_step,
    jacobian_steps,
    loop_steps,
    observable_step,
    observed_step,
)
from theory.fields.one_loop import OneLoop, Source, source
from theory.gaussian.average import Average, stein
from theory.models import STATIC, GaussianCouplings
from theory.symbols import Delta, O, phi, x

REFERENCE = STATIC.reference

OBSERVED = {"x": PREACTIVATION, "phi": ACTIVITY}


@dataclass(frozen=True)
class Corrections:
    """Coefficients of 1/N, for a generic odd activation.

    Attributes
    ----------
    mean_square : mapping from 'x' and 'phi'
        Of [<x^2>] and [<phi^2>].
    dimension : mapping from 'x' and 'phi'
        d of the participation dimension D (1 + d/N).
    n_variance : mapping from 'x' and 'phi'
        Of N times the variance of an off-diagonal covariance.
    gain : Expr
        Of <x phi>/<x^2>, which is the mean response to leading order.
    n_variance_diagonal : mapping from 'x' and 'phi'
        N times the variance over units of C_ii: itself of order one.
    steps : tuple of Step
    """

    mean_square: Mapping[str, Expr]
    dimension: Mapping[str, Expr]
    n_variance: Mapping[str, Expr]
    gain: Expr
    n_variance_diagonal: Mapping[str, Expr]
    steps: tuple[Step, ...]


@lru_cache(maxsize=8)
def one_replica(couplings: GaussianCouplings, *, jacobian: bool = True) -> OneLoop:
    """One loop of a single noise: for the averages of one-site observables, odd activation or not."""
    action = disorder_average(couplings, (1,), jacobian=jacobian)
    return OneLoop(action, SiteMeasure(Delta, phi_parity="none"))


@lru_cache(maxsize=8)
def two_replicas(couplings: GaussianCouplings, *, jacobian: bool = True) -> OneLoop:
    """One loop of two noises with the same couplings, for an odd activation: for products of two covariances."""
    return OneLoop(disorder_average(couplings, (1, 2), jacobian=jacobian), SiteMeasure(Delta))


def one_site_correction(observable: Expr, couplings: GaussianCouplings, *, jacobian: bool = True) -> Expr:
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
    """
    return one_replica(couplings, jacobian=jacobian).mean(_site(observable))


@lru_cache(maxsize=2)
def corrections(couplings: GaussianCouplings) -> Corrections:
    """Derive every 1/N term of the static network."""
    one, two = one_replica(couplings), two_replicas(couplings)
    squares = {name: operator.function**2 for name, operator in OBSERVED.items()}
    mean_square = {name: one.mean(_site(square)) for name, square in squares.items()}
    diagonal = {name: stein(Average(square)) for name, square in squares.items()}
    pairs = {name: source(Bilinear.of((1, operator), (2, operator))) for name, operator in OBSERVED.items()}
    entry = {name: two.leading(pair) for name, pair in pairs.items()}
    entry_correction = {name: two.variance(pair) for name, pair in pairs.items()}
    response = Average(phi(x), 1)  # <x phi>/<x^2> by Stein's lemma
    gain = one.tidy(one.mean(_site(x * phi(x))) - response * mean_square["x"]) / Delta

    squared = {name: two.mean(_site(square, square)) for name, square in squares.items()}
    n_variance_diagonal = {name: two.tidy(squared[name] - 2 * diagonal[name] * mean_square[name]) for name in OBSERVED}
    # sum over i, j of C_ij^2 = diagonal part + N (N - 1) times the mean squared off-diagonal covariance
    n_variance = {
        name: two.tidy(
            entry_correction[name]
            - 2 * diagonal[name] * mean_square[name]
            - n_variance_diagonal[name]
            + entry[name]
            - diagonal[name] ** 2
        )
        for name in OBSERVED
    }
    dimension = {
        name: 2 * mean_square[name] / diagonal[name] - entry_correction[name] / entry[name] for name in OBSERVED
    }
    generic = one.mean(_site(O(x)))
    steps = (
        *jacobian_steps(couplings, two.action, REFERENCE),
        *loop_steps(two, two_replicas(couplings, jacobian=False), (1, 2)),
        observable_step(generic, REFERENCE),
        *(
            observed_step(sstr(squares[name]), generic, mean_square[name], squares[name], REFERENCE)
            for name in OBSERVED
        ),
        *(
            step
            for name in OBSERVED
            for step in (
                entry_step(name, entry_correction[name], REFERENCE),
                dimension_step(
                    name,
                    entry[name],
                    entry_correction[name],
                    mean_square[name],
                    diagonal[name],
                    dimension[name],
                    REFERENCE,
                ),
                diagonal_step(
                    name, squared[name], mean_square[name], diagonal[name], n_variance_diagonal[name], REFERENCE
                ),
            )
        ),
    )
    return Corrections(mean_square, dimension, n_variance, gain, n_variance_diagonal, steps)


def _site(*observables: Expr) -> Source:
    """The source of one observable for each replica."""
    return source(Bilinear.of(*((k, Operator(0, o)) for k, o in enumerate(observables, 1))))
