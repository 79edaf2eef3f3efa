r"""1/N terms of the static network: one loop about its saddle, with the Jacobian of the fixed-point equation.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (path integral to order 1/N), re-derived for an undefined activation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr, sstr

from theory.derivation import Step
from theory.errors import DomainError
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
from theory.models.static import STATIC
from theory.networks import GaussianCouplings
from theory.symbols import Delta, O, phi, x
from theory.theory import Correction

REFERENCE = STATIC.reference

OBSERVED = {"x": PREACTIVATION, "phi": ACTIVITY}
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
    return one_replica(couplings, jacobian=jacobian).mean(_site(observable))


@lru_cache(maxsize=2)
def mean_corrections(couplings: GaussianCouplings) -> Corrections:
    """Derive the 1/N terms of the mean squares, for any activation, odd or not."""
    one = one_replica(couplings)
    mean_square = {name: one.mean(_site(square)) for name, square in SQUARES.items()}
    steps = (
        *jacobian_steps(couplings, one.action, (1,), REFERENCE),
        *loop_steps(one, one_replica(couplings, jacobian=False), (1,)),
        *_one_site_steps(one, mean_square),
    )
    return Corrections(_means(mean_square), {}, steps)


@lru_cache(maxsize=2)
def corrections(couplings: GaussianCouplings) -> Corrections:
    """Derive every 1/N term of the static network with an odd activation."""
    one, two = one_replica(couplings), two_replicas(couplings)
    mean_square = {name: one.mean(_site(square)) for name, square in SQUARES.items()}
    diagonal = {name: stein(Average(square)) for name, square in SQUARES.items()}
    pairs = {name: source(Bilinear.of((1, operator), (2, operator))) for name, operator in OBSERVED.items()}
    entry = {name: two.leading(pair) for name, pair in pairs.items()}
    entry_correction = {name: two.variance(pair) for name, pair in pairs.items()}
    squared = {name: two.mean(_site(square, square)) for name, square in SQUARES.items()}
    spread = {name: two.tidy(squared[name] - 2 * diagonal[name] * mean_square[name]) for name in OBSERVED}
    # sum over i, j of C_ij^2 = diagonal part + N (N - 1) times the mean squared off-diagonal covariance
    n_variance = {
        name: two.tidy(
            entry_correction[name]
            - 2 * diagonal[name] * mean_square[name]
            - spread[name]
            + entry[name]
            - diagonal[name] ** 2
        )
        for name in OBSERVED
    }
    dimension = {
        name: 2 * mean_square[name] / diagonal[name] - entry_correction[name] / entry[name] for name in OBSERVED
    }
    response = Average(phi(x), 1)  # <x phi>/<x^2> by Stein's lemma
    gain = one.tidy(one.mean(_site(x * phi(x))) - response * mean_square["x"]) / Delta

    relative = [_correction(f"d1_{name}", d, f"D_{name}", relative=True) for name, d in dimension.items()]
    further = [_correction("c1_gain", gain, "gain")]
    further += [_correction(f"c1_n_var_cov_{name}", c, f"n_var_cov_{name}") for name, c in n_variance.items()]
    quantities = {**_means(mean_square), **{q.key: q for q in (*relative, *further)}}
    steps = (
        *jacobian_steps(couplings, two.action, (1, 2), REFERENCE),
        *loop_steps(two, two_replicas(couplings, jacobian=False), (1, 2)),
        *_one_site_steps(one, mean_square),
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
                diagonal_step(name, squared[name], mean_square[name], diagonal[name], spread[name], REFERENCE),
            )
        ),
    )
    return Corrections(quantities, spread, steps)


def _means(mean_square: Mapping[str, Expr]) -> dict[str, Correction]:
    of = {"x": "Delta", "phi": "C_phi"}
    return {f"c1_{name}": _correction(f"c1_{name}", correction, of[name]) for name, correction in mean_square.items()}


def _one_site_steps(one: OneLoop, mean_square: Mapping[str, Expr]) -> tuple[Step, ...]:
    generic = one.mean(_site(O(x)))
    return (
        observable_step(generic, REFERENCE),
        *(
            observed_step(sstr(square), generic, mean_square[name], square, REFERENCE)
            for name, square in SQUARES.items()
        ),
    )


def _correction(key: str, expression: Expr, of: str, *, relative: bool = False) -> Correction:
    """What a network of N units adds: value + c/N, or value (1 + d/N)."""
    meaning = f"1/N term: {of} (1 + d/N)" if relative else f"coefficient c of the 1/N term: {of} + c/N"
    return Correction(key, expression, meaning, REFERENCE, of=of, relative=relative)


def _site(*observables: Expr) -> Source:
    """The source of one observable for each replica."""
    return source(Bilinear.of(*((k, Operator(0, o)) for k, o in enumerate(observables, 1))))
