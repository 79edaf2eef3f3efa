r"""The static network ``x = J phi(x) + xi``: its large-N theory assembled from the collective-field engine.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (statistics of correlations); Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import inf

from sympy import Expr, Matrix

from theory.corrections import Corrections, corrections
from theory.derivation import chain
from theory.equations import SelfConsistency
from theory.fields.argument import (
    comparison_steps,
    disorder_steps,
    instability_steps,
    kernel_steps,
    reading_steps,
    saddle_steps,
)
from theory.fields.cavity import two_site_cavity
from theory.fields.collective import (
    ACTIVITY,
    PREACTIVATION,
    RESPONSE,
    Action,
    Bilinear,
    Kernel,
    Operator,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    in_multiplier,
    pair_fields,
)
from theory.models.static import STATIC
from theory.symbols import Delta, g
from theory.theory import Condition, Quantity, Requirement, Theory

REFERENCE = STATIC.reference
VARIANCE, FRACTION = (0.0, inf), (0.0, 1.0)
OPERATORS = (RESPONSE, ACTIVITY, PREACTIVATION)
OBSERVED = {"phi": ACTIVITY, "x": PREACTIVATION}
ODD = Requirement(
    lambda activation: activation.parity == "odd",
    "this is the theory of odd phi, phi(-x) = -phi(x); other activations have a frozen mean activity (odd=False)",
)


def square(operator: Operator) -> Bilinear:
    """The operator squared, in replica 1."""
    return Bilinear.of((1, operator), (1, operator))


@dataclass(frozen=True)
class PairStatistics:
    """Fluctuations of the fields of two replicas with different noise, and what they say about covariance matrices.

    Attributes
    ----------
    kernel : Kernel
    covariance : Matrix
        N Cov(B) of all pair fields.
    two_point : Matrix
        One-site two-point function of (response, activity, preactivation).
    shown : Matrix
        The block of N Cov(B) that carries the results.
    entry, diagonal, n_variance, dimension : mapping from 'x' and 'phi'
        (1/N) sum_ij C_ij^2, the variance C_ii, N times the variance of an off-diagonal C_ij, the participation dimension.
    """

    kernel: Kernel
    covariance: Matrix
    two_point: Matrix
    shown: Matrix
    entry: Mapping[str, Expr]
    diagonal: Mapping[str, Expr]
    n_variance: Mapping[str, Expr]
    dimension: Mapping[str, Expr]


@lru_cache(maxsize=1)
def derive() -> Theory:
    """Derive the theory of the static network for a generic odd activation.

    Returns
    -------
    Theory
        Order parameters `Delta`, `C_phi`; observables `gain`, `stability`, `D_x`, `D_phi`, `n_var_cov_x`, `n_var_cov_phi`,
        `n_var_var_x`, `n_var_var_phi`; 1/N terms `c1_x`, `c1_phi`, `c1_gain`, `d1_x`, `d1_phi`, `c1_n_var_cov_x`,
        `c1_n_var_cov_phi`.
    """
    action = disorder_average(STATIC.network.couplings)
    independent, identical = SiteMeasure(Delta), SiteMeasure(Delta, shared_noise=True)

    saddle = {b.symbol: independent.average(b) for b in action.fields}
    variance = STATIC.network.noise.variance + 2 * action.conjugate(square(RESPONSE)).subs(saddle)
    pairs = pair_statistics(action, independent)

    same_noise = fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY)), identical)
    one_replica = fluctuation_kernel(action, (square(RESPONSE), square(ACTIVITY)), independent)
    (stability,), (slope,) = same_noise.multipliers(), one_replica.multipliers()
    cavity = two_site_cavity(STATIC.network.couplings, STATIC.network.noise)
    loop = corrections(STATIC.network.couplings)

    return Theory(
        model=STATIC,
        equation=SelfConsistency(Delta, variance, control=g),
        order_parameters=_order_parameters(pairs),
        observables=_observables(pairs, stability, loop),
        finite_size=loop.quantities,
        conditions=validity(stability, slope),
        requirements=(ODD,),
        derivation=chain(
            "Static network: collective fields, two-site cavity, comparison, one loop",
            disorder_steps(STATIC, action),
            saddle_steps(STATIC, action, independent, square(RESPONSE), variance),
            kernel_steps(action, pairs.kernel, OPERATORS, pairs.two_point, pairs.covariance, pairs.shown),
            *(
                reading_steps(
                    name,
                    pairs.entry[name],
                    pairs.diagonal[name],
                    pairs.n_variance[name],
                    pairs.dimension[name],
                    REFERENCE,
                )
                for name in OBSERVED
            ),
            instability_steps(same_noise, one_replica, stability, slope, variance),
            cavity.derivation,
            comparison_steps(
                (
                    ("Delta", cavity.variance, variance),
                    ("n_var_cov_phi", cavity.phi, pairs.n_variance["phi"]),
                    ("n_var_cov_x", cavity.x, pairs.n_variance["x"]),
                )
            ),
            loop.steps,
        ),
    )


def pair_statistics(action: Action, measure: SiteMeasure) -> PairStatistics:
    """Second moments over J of the covariance matrices, from the fluctuation kernel of two replicas."""
    kernel = fluctuation_kernel(action, pair_fields(OPERATORS), measure)
    covariance, (multiplier,) = kernel.covariance(), kernel.multipliers()
    place = {name: kernel.index((1, operator), (2, operator)) for name, operator in OBSERVED.items()}
    diagonal = {name: measure.average(square(operator)) for name, operator in OBSERVED.items()}
    entry = {name: covariance[k, k] for name, k in place.items()}

    def tidy(expression: Expr) -> Expr:
        return in_multiplier(expression, multiplier)

    return PairStatistics(
        kernel=kernel,
        covariance=covariance,
        two_point=Matrix(3, 3, lambda r, c: measure.average(Bilinear.of((1, OPERATORS[r]), (1, OPERATORS[c])))),
        shown=covariance.extract(list(place.values()), list(place.values())).applyfunc(tidy),
        entry={name: tidy(e) for name, e in entry.items()},
        diagonal=diagonal,
        n_variance={name: tidy(e - diagonal[name] ** 2) for name, e in entry.items()},
        dimension={name: tidy(diagonal[name] ** 2 / e) for name, e in entry.items()},
    )


def _order_parameters(pairs: PairStatistics) -> dict[str, Quantity]:
    return keyed(
        Quantity("Delta", Delta, "variance of x over units and noise", REFERENCE, VARIANCE),
        Quantity("C_phi", pairs.diagonal["phi"], "mean square activity <phi^2>", REFERENCE, VARIANCE),
    )


def _observables(pairs: PairStatistics, stability: Expr, loop: Corrections) -> dict[str, Quantity]:
    radius = "squared spectral radius g^2 <phi'^2> of the Jacobian; stable below 1"
    spread = "N times the variance of an off-diagonal covariance of"
    own = "N times the variance over units of the variance of"
    n_var_var = loop.n_variance_diagonal
    dimension, n_variance = pairs.dimension, pairs.n_variance
    return keyed(
        Quantity("gain", pairs.two_point[0, 1], "mean response <phi'>", REFERENCE),
        Quantity("stability", stability, radius, REFERENCE, VARIANCE),
        Quantity("D_x", dimension["x"], "participation dimension of x, (tr C)^2/(N tr C^2)", REFERENCE, FRACTION),
        Quantity("D_phi", dimension["phi"], "participation dimension of phi", REFERENCE, FRACTION),
        Quantity("n_var_cov_x", n_variance["x"], f"{spread} x", REFERENCE, VARIANCE),
        Quantity("n_var_cov_phi", n_variance["phi"], f"{spread} phi", REFERENCE, VARIANCE),
        Quantity("n_var_var_x", n_var_var["x"], f"{own} x", REFERENCE, VARIANCE),
        Quantity("n_var_var_phi", n_var_var["phi"], f"{own} phi", REFERENCE, VARIANCE),
    )


def validity(stability: Expr, slope: Expr) -> tuple[Condition, ...]:
    """What the multipliers that reach 1 mean."""
    chaos = "the fixed point is unstable (chaotic regime): these numbers describe the formal saddle, not the network"
    fold = "the solution lies on an unphysical branch beyond a saddle-node"
    return Condition("stability", stability, chaos), Condition("slope", slope, fold)


def keyed(*quantities: Quantity) -> dict[str, Quantity]:
    """Quantities by their keys."""
    return {q.key: q for q in quantities}
