r"""The static network ``x = J phi(x) + xi``: its large-N theory assembled from the collective-field engine.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (statistics of correlations); Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from math import inf

from sympy import Eq, Expr, Matrix, Symbol

from theory.corrections import Corrections, corrections
from theory.derivation import Fact, Step, chain, same
from theory.equations import SelfConsistency
from theory.fields.argument import disorder_steps, instability_steps, kernel_steps, reading_steps, saddle_steps
from theory.fields.cavity import CavityStatistics, two_site_cavity
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
from theory.models import STATIC
from theory.symbols import Delta, g
from theory.theory import Condition, Correction, Quantity, Requirement, Theory

REFERENCE = STATIC.reference
VARIANCE, FRACTION = (0.0, inf), (0.0, 1.0)
OPERATORS = (RESPONSE, ACTIVITY, PREACTIVATION)
OBSERVED = {"phi": ACTIVITY, "x": PREACTIVATION}
ODD = Requirement(
    lambda activation: activation.parity == "odd",
    "phi must be odd, phi(-x) = -phi(x); the frozen mean activity of other activations is not covered yet",
)


def _square(operator: Operator) -> Bilinear:
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
    action = disorder_average(STATIC.couplings)
    independent, identical = SiteMeasure(Delta), SiteMeasure(Delta, shared_noise=True)

    saddle = {b.symbol: independent.average(b) for b in action.fields}
    variance = STATIC.noise.variance + 2 * action.conjugate(_square(RESPONSE)).subs(saddle)
    pairs = pair_statistics(action, independent)

    same_noise = fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY)), identical)
    one_replica = fluctuation_kernel(action, (_square(RESPONSE), _square(ACTIVITY)), independent)
    (stability,), (slope,) = same_noise.multipliers(), one_replica.multipliers()
    cavity = two_site_cavity(STATIC.couplings, STATIC.noise)
    loop = corrections(STATIC.couplings)

    return Theory(
        model=STATIC,
        equation=SelfConsistency(Delta, variance, control=g),
        order_parameters=_order_parameters(pairs),
        observables=_observables(pairs, stability, loop),
        finite_size=_finite_size(loop),
        conditions=_conditions(stability, slope),
        requirements=(ODD,),
        derivation=chain(
            "Static network: collective fields, two-site cavity, comparison, one loop",
            disorder_steps(STATIC, action),
            saddle_steps(STATIC, action, independent, _square(RESPONSE), variance),
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
            _two_routes(cavity, variance, pairs.n_variance),
            loop.steps,
        ),
    )


def pair_statistics(action: Action, measure: SiteMeasure) -> PairStatistics:
    """Second moments over J of the covariance matrices, from the fluctuation kernel of two replicas."""
    kernel = fluctuation_kernel(action, pair_fields(OPERATORS), measure)
    covariance, (multiplier,) = kernel.covariance(), kernel.multipliers()
    place = {name: kernel.index((1, operator), (2, operator)) for name, operator in OBSERVED.items()}
    diagonal = {name: measure.average(_square(operator)) for name, operator in OBSERVED.items()}
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
    return _keyed(
        Quantity("Delta", Delta, "variance of x over units and noise", REFERENCE, VARIANCE),
        Quantity("C_phi", pairs.diagonal["phi"], "mean square activity <phi^2>", REFERENCE, VARIANCE),
    )


def _observables(pairs: PairStatistics, stability: Expr, loop: Corrections) -> dict[str, Quantity]:
    radius = "squared spectral radius g^2 <phi'^2> of the Jacobian; stable below 1"
    spread = "N times the variance of an off-diagonal covariance of"
    own = "N times the variance over units of the variance of"
    n_var_var = loop.n_variance_diagonal
    dimension, n_variance = pairs.dimension, pairs.n_variance
    return _keyed(
        Quantity("gain", pairs.two_point[0, 1], "mean response <phi'>", REFERENCE),
        Quantity("stability", stability, radius, REFERENCE, VARIANCE),
        Quantity("D_x", dimension["x"], "participation dimension of x, (tr C)^2/(N tr C^2)", REFERENCE, FRACTION),
        Quantity("D_phi", dimension["phi"], "participation dimension of phi", REFERENCE, FRACTION),
        Quantity("n_var_cov_x", n_variance["x"], f"{spread} x", REFERENCE, VARIANCE),
        Quantity("n_var_cov_phi", n_variance["phi"], f"{spread} phi", REFERENCE, VARIANCE),
        Quantity("n_var_var_x", n_var_var["x"], f"{own} x", REFERENCE, VARIANCE),
        Quantity("n_var_var_phi", n_var_var["phi"], f"{own} phi", REFERENCE, VARIANCE),
    )


def _finite_size(loop: Corrections) -> dict[str, Correction]:
    """What a network of N units adds: value + c/N, and for dimensions value (1 + d/N)."""
    term = "coefficient c of the 1/N term:"

    def correction(key: str, expression: Expr, of: str, meaning: str, *, relative: bool = False) -> Correction:
        return Correction(key, expression, meaning, REFERENCE, of=of, relative=relative)

    found = [
        correction("c1_x", loop.mean_square["x"], "Delta", f"{term} Delta + c/N"),
        correction("c1_phi", loop.mean_square["phi"], "C_phi", f"{term} C_phi + c/N"),
        correction("c1_gain", loop.gain, "gain", f"{term} gain + c/N, as measured by <x phi>/<x^2>"),
    ]
    for name in OBSERVED:
        dimension, spread = f"D_{name}", f"n_var_cov_{name}"
        found += [
            correction(
                f"d1_{name}", loop.dimension[name], dimension, f"1/N term: {dimension} (1 + d/N)", relative=True
            ),
            correction(f"c1_{spread}", loop.n_variance[name], spread, f"{term} {spread} + c/N"),
        ]
    order = ("c1_x", "c1_phi", "d1_x", "d1_phi")
    return {q.key: q for q in sorted(found, key=lambda q: order.index(q.key) if q.key in order else len(order))}


def _conditions(stability: Expr, slope: Expr) -> tuple[Condition, ...]:
    chaos = "the fixed point is unstable (chaotic regime): these numbers describe the formal saddle, not the network"
    fold = "the solution lies on an unphysical branch beyond a saddle-node"
    return Condition("stability", stability, chaos), Condition("slope", slope, fold)


def _keyed(*quantities: Quantity) -> dict[str, Quantity]:
    return {q.key: q for q in quantities}


def _two_routes(cavity: CavityStatistics, variance: Expr, n_variance: Mapping[str, Expr]) -> tuple[Step, ...]:
    """The cavity must give what the collective fields gave, for a generic phi."""
    pairs = (
        ("Delta", cavity.variance, variance),
        ("n_var_cov_phi", cavity.phi, n_variance["phi"]),
        ("n_var_cov_x", cavity.x, n_variance["x"]),
    )
    return tuple(
        Step(
            f"Both routes agree on {key}, for any phi",
            "comparison",
            Eq(Symbol(key), by_cavity),
            Eq(Symbol(key), by_fields),
            check=Fact(partial(same, by_cavity, by_fields), "difference of canonical forms is zero"),
        )
        for key, by_cavity, by_fields in pairs
    )
