r"""The static network ``x = J phi(x) + xi``: its large-N theory assembled from the collective-field engine.

Where phi is not odd, the couplings fix a mean mu_i of every unit, N(0, Delta0) over units; the noise moves x_i about it with
variance Delta - Delta0, and covariances are connected ones.  At Delta0 = 0 that is the theory for odd phi.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (statistics of correlations); Hu & Sompolinsky 2022 (linear network); the
sector of frozen means is derived here.
"""

from __future__ import annotations

from functools import partial
from math import inf

from sympy import Eq, Expr, Matrix, S, Symbol

from theory.averages.average import Average, over_frozen_mean, stein, through_noise_variance
from theory.averages.exact import exact
from theory.derivation import Evaluated, Step, applied, chain, named
from theory.engine.cavity import two_site_cavity
from theory.engine.collective import (
    ACTIVITY,
    PREACTIVATION,
    RESPONSE,
    Action,
    Bilinear,
    Operator,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    in_multiplier,
    pair_fields,
)
from theory.engine.replicon import (
    REPLICAS,
    Replicon,
    connected_two_point,
    replicon_fields,
    replicon_kernel,
    replicon_steps,
)
from theory.engine.statistics import CovarianceStatistics, connected
from theory.engine.steps import (
    comparison_steps,
    disorder_steps,
    frozen_steps,
    instability_steps,
    saddle_steps,
    unique_root_steps,
)
from theory.equations import FollowUp, SelfConsistency
from theory.meanfield.corrections import Corrections, corrections
from theory.model import Model
from theory.models.static import STATIC
from theory.networks import StaticNetwork
from theory.symbols import Delta, Delta0, delta, g, phi, x
from theory.theory import Condition, Quantity, Requirement, Theory

REFERENCE = STATIC.reference
VARIANCE, FRACTION = (0.0, inf), (0.0, 1.0)
OPERATORS = (RESPONSE, ACTIVITY, PREACTIVATION)
OBSERVED = {"phi": ACTIVITY, "x": PREACTIVATION}
ODD = Requirement(
    lambda activation: activation.parity == "odd",
    "this is the theory of odd phi, phi(-x) = -phi(x); other activations have a frozen mean activity (odd=False)",
)


def square(operator: Operator, other: int = 1) -> Bilinear:
    """The operator squared, in replica 1, or its product in two replicas."""
    return Bilinear.of((1, operator), (other, operator))


def derive(model: Model[StaticNetwork] = STATIC, *, odd: bool = True) -> Theory:
    """Derive the theory of the static network for a generic activation.

    Parameters
    ----------
    model : Model, optional
    odd : bool
        Whether the activation is odd; if not, units have frozen means.

    Returns
    -------
    Theory
        Order parameters `Delta`, `C_phi`; observables `gain`, `stability`, `D_x`, `D_phi`, `n_var_cov_x`, `n_var_cov_phi`; 1/N
        terms `c1_x`, `c1_phi`. For odd phi also `n_var_var_x`, `n_var_var_phi`; 1/N terms `c1_gain`, `d1_x`, `d1_phi`,
        `c1_n_var_cov_x`, `c1_n_var_cov_phi`. Otherwise also `Delta0`, `replicon_slope`, `var_x`, `var_phi`, `var_var_phi`.
    """
    couplings, noise = model.network.couplings, model.network.noise
    replicas, parity = ((1, 2), "odd") if odd else (REPLICAS, "none")
    action = disorder_average(couplings, replicas)
    measure = SiteMeasure(Delta, phi_parity=parity, frozen=S.Zero if odd else Delta0)
    identical = SiteMeasure(Delta, shared_noise=True, phi_parity=parity)

    to_saddle = saddle_steps(action, measure, square(RESPONSE), noise.variance, odd, REFERENCE)
    variance = to_saddle[-1].after.rhs
    statistics = pair_statistics(action, measure) if odd else connected_statistics(action, measure)
    same_noise = fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY)), identical)
    one_replica = fluctuation_kernel(action, (square(RESPONSE), square(ACTIVITY)), measure)
    (stability,), (slope,), (multiplier,) = (
        kernel.multipliers() for kernel in (same_noise, one_replica, statistics.kernel)
    )
    cavity = two_site_cavity(couplings, noise, odd=odd)
    loop = corrections(couplings, odd=odd)

    quantities = [
        Quantity("Delta", Delta, "variance of x over units and noise", REFERENCE, VARIANCE),
        Quantity("C_phi", measure.average(square(ACTIVITY)), "mean square activity <phi^2>", REFERENCE, VARIANCE),
    ]
    compared = [("Delta", cavity.variance, variance)]
    then: tuple[FollowUp, ...] = ()
    to_frozen: tuple[Step, ...] = ()
    if not odd:
        to_frozen = frozen_steps(action, measure, square(RESPONSE, 2))
        frozen = to_frozen[-1].after.rhs
        to_frozen += unique_root_steps(frozen, variance, noise.variance, couplings.strength, multiplier)
        then = (FollowUp(Delta0, frozen, upper=Delta),)
        quantities.append(
            Quantity("Delta0", Delta0, "variance over units of the frozen mean of x", REFERENCE, VARIANCE)
        )
        compared.append(("Delta0", cavity.frozen, frozen))
    observables = _observables(statistics, stability, multiplier, loop, odd)
    return Theory(
        model=STATIC,
        equation=SelfConsistency(Delta, variance, control=g),
        then=then,
        order_parameters=keyed(*quantities),
        observables=observables,
        finite_size=loop.quantities,
        conditions=validity(stability, slope),
        requirements=(ODD,) if odd else (),
        derivation=chain(
            "Static network"
            + ("" if odd else ", phi not odd")
            + ": collective fields, two-site cavity, comparison, one loop",
            disorder_steps(STATIC, action, replicas),
            to_saddle,
            to_frozen,
            () if odd else replicon_steps(action, replicon_fields(OPERATORS)),
            statistics.steps(action, REFERENCE),
            instability_steps(same_noise, one_replica, stability, slope, variance),
            _one_unit_steps(measure, statistics, observables),
            cavity.derivation,
            comparison_steps(compared),
            statistics.comparison(cavity),
            loop.steps,
        ),
    )


def pair_statistics(action: Action, measure: SiteMeasure) -> CovarianceStatistics:
    """Covariance matrices for odd phi: products of the operators of two replicas."""
    kernel = fluctuation_kernel(action, pair_fields(OPERATORS), measure)
    (multiplier,) = kernel.multipliers()
    return CovarianceStatistics.of(
        kernel,
        measure,
        Matrix(3, 3, lambda r, c: measure.average(Bilinear.of((1, OPERATORS[r]), (1, OPERATORS[c])))),
        {name: kernel.index((1, operator), (2, operator)) for name, operator in OBSERVED.items()},
        {name: measure.average(square(operator)) for name, operator in OBSERVED.items()},
        partial(in_multiplier, multiplier=multiplier),
    )


def connected_statistics(action: Action, measure: SiteMeasure) -> CovarianceStatistics:
    """Connected covariance matrices: the replicon fields of four replicas."""
    fields, two_point = replicon_fields(OPERATORS), connected_two_point(OPERATORS)
    kernel = replicon_kernel(action, fields, two_point, measure)
    (multiplier,) = kernel.multipliers()
    return CovarianceStatistics.of(
        kernel,
        measure,
        two_point,
        {name: fields.index(Replicon(operator, operator)) for name, operator in OBSERVED.items()},
        {
            name: two_point[k, k]
            for k, operator in enumerate(OPERATORS)
            for name, o in OBSERVED.items()
            if o == operator
        },
        partial(through_noise_variance, function=partial(in_multiplier, multiplier=multiplier)),
    )


def _one_unit_steps(
    measure: SiteMeasure, statistics: CovarianceStatistics, observables: dict[str, Quantity]
) -> tuple[Step, ...]:
    """Averages of one unit, and how they divide into what is frozen and what the noise moves."""
    gain = Symbol("gain")
    steps = [
        applied(
            "Mean response: the regression of phi on x",
            "Stein's lemma",
            Eq(gain, Average(x * phi(x)) / Delta),
            lambda regression: Eq(gain, stein(regression.rhs).expand()),
        )
    ]
    if measure.frozen == 0:
        return tuple(steps)
    total, frozen = ({n: measure.average(square(o, k)) for n, o in OBSERVED.items()} for k in (1, 2))
    replicon = Replicon(ACTIVITY, ACTIVITY)
    within = {name: total[name] - frozen[name] for name in OBSERVED}
    by_replicas = {
        **{f"var_{name}": within[name] for name in OBSERVED},
        "var_var_phi": connected(replicon, replicon, measure) - within["phi"] ** 2,
        "C_phi": statistics.trace["phi"] + frozen["phi"],
    }
    shown = {**{key: observables[key].expression for key in by_replicas if key in observables}, "C_phi": total["phi"]}
    steps += [
        Step(
            f"{key} from products of the activities of two and four replicas"
            if key != "C_phi"
            else "Mean square activity: variance over the noise, and the square of the frozen mean",
            "law of total variance",
            named(key, by_replicas[key]),
            named(key, shown[key]),
            check=Evaluated(
                lambda side: exact(side).subs(Delta, Delta0 + delta), name="exact averages of a cubic phi, not odd"
            ),
        )
        for key in by_replicas
    ]
    return tuple(steps)


def _observables(
    statistics: CovarianceStatistics, stability: Expr, multiplier: Expr, loop: Corrections, odd: bool
) -> dict[str, Quantity]:
    trace, dimension, n_variance = statistics.trace, statistics.dimension, statistics.n_variance
    word, moved = ("", "") if odd else ("connected ", "over the noise")
    spread = f"N times the variance of an off-diagonal {word}covariance of"
    gain = over_frozen_mean(statistics.two_point[0, 1], statistics.measure.variance, statistics.measure.frozen)
    rows = [
        ("gain", gain, "mean response <phi'>", (-inf, inf)),
        ("stability", stability, "squared spectral radius g^2 <phi'^2> of the Jacobian; stable below 1", VARIANCE),
    ]
    if not odd:
        units = statistics.diagonal["phi"] - trace["phi"] ** 2
        rows += [
            ("replicon_slope", multiplier, "slope g^2 [<phi'>^2] of the equation for Delta0", FRACTION),
            ("var_x", trace["x"], f"variance of x {moved}, the same for every unit", VARIANCE),
            ("var_phi", trace["phi"], f"variance of phi {moved}, mean over units", VARIANCE),
            ("var_var_phi", units, f"variance over units of the variance of phi {moved}", VARIANCE),
        ]
    of_x = "participation dimension of x, (tr C)^2/(N tr C^2)" + ("" if odd else ", C connected")
    rows += [
        ("D_x", dimension["x"], of_x, FRACTION),
        ("D_phi", dimension["phi"], "participation dimension of phi", FRACTION),
        ("n_var_cov_x", n_variance["x"], f"{spread} x", VARIANCE),
        ("n_var_cov_phi", n_variance["phi"], f"{spread} phi", VARIANCE),
        *(
            (f"n_var_var_{name}", e, f"N times the variance over units of the variance of {name}", VARIANCE)
            for name, e in loop.n_variance_diagonal.items()
        ),
    ]
    return keyed(*(Quantity(key, e, meaning, REFERENCE, bounds) for key, e, meaning, bounds in rows))


def validity(stability: Expr, slope: Expr) -> tuple[Condition, ...]:
    """What the multipliers that reach 1 mean."""
    chaos = "the fixed point is unstable (chaotic regime): these numbers describe the formal saddle, not the network"
    fold = "the solution lies on an unphysical branch beyond a saddle-node"
    return Condition("stability", stability, chaos), Condition("slope", slope, fold)


def keyed(*quantities: Quantity) -> dict[str, Quantity]:
    """Quantities by their keys."""
    return {q.key: q for q in quantities}
