r"""The static network with an activation that is not odd: frozen mean activity, connected covariances.

Without the symmetry x -> -x the couplings fix a mean mu_i of every unit, N(0, Delta0) over units; the noise moves x_i about
it with variance Delta - Delta0.  At Delta0 = 0 everything here is the theory of `theory.static`.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (model and statistics); the sector of frozen means is derived here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from sympy import Expr, Matrix

from theory.corrections import mean_corrections
from theory.derivation import chain
from theory.equations import FollowUp, SelfConsistency
from theory.fields.argument import comparison_steps, disorder_steps, instability_steps, saddle_steps
from theory.fields.collective import (
    ACTIVITY,
    RESPONSE,
    Action,
    Bilinear,
    Kernel,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    in_multiplier,
    pair_fields,
)
from theory.fields.frozen_argument import (
    connected_reading_steps,
    covariance_step,
    frozen_steps,
    replicon_steps,
    unique_root_steps,
)
from theory.fields.frozen_cavity import two_site_cavity
from theory.fields.replicon import REPLICAS, Replicon, connected_two_point, replicon_fields, replicon_kernel
from theory.gaussian.average import over_frozen_mean, through_noise_variance
from theory.models.static import STATIC
from theory.static import FRACTION, OBSERVED, OPERATORS, REFERENCE, VARIANCE, keyed, square, validity
from theory.symbols import Delta, Delta0, g
from theory.theory import Quantity, Theory


@dataclass(frozen=True)
class ConnectedStatistics:
    """Fluctuations of the replicon fields, and what they say about connected covariance matrices.

    Attributes
    ----------
    fields : tuple of Replicon
    kernel : Kernel
    covariance : Matrix
        N Cov(R) of all replicon fields.
    two_point : Matrix
        Connected two-point function of (response, activity, preactivation) at a fixed mean.
    shown : Matrix
        The block of N Cov(R) that carries the results.
    multiplier : Expr
        The eigenvalue of Pi F'', the replicon slope.
    trace, diagonal, entry, n_variance, dimension : mapping from 'x' and 'phi'
        Mean over units of C_ii and of C_ii^2, (1/N) sum_ij C_ij^2, N times the variance of an off-diagonal C_ij, the
        participation dimension.
    """

    fields: tuple[Replicon, ...]
    kernel: Kernel
    covariance: Matrix
    two_point: Matrix
    shown: Matrix
    multiplier: Expr
    trace: Mapping[str, Expr]
    diagonal: Mapping[str, Expr]
    entry: Mapping[str, Expr]
    n_variance: Mapping[str, Expr]
    dimension: Mapping[str, Expr]


@lru_cache(maxsize=1)
def derive() -> Theory:
    """Derive the theory of the static network for a generic activation, odd or not.

    Returns
    -------
    Theory
        Order parameters `Delta`, `C_phi`, `Delta0`; observables `gain`, `stability`, `replicon_slope`, `var_x`, `var_phi`,
        `var_var_phi`, `D_x`, `D_phi`, `n_var_cov_x`, `n_var_cov_phi`.
    """
    action = disorder_average(STATIC.network.couplings, REPLICAS)
    measure = SiteMeasure(Delta, phi_parity="none", frozen=Delta0)
    identical = SiteMeasure(Delta, shared_noise=True, phi_parity="none")
    two_responses = Bilinear.of((1, RESPONSE), (2, RESPONSE))

    saddle = {b.symbol: measure.average(b) for b in action.fields}
    variance = STATIC.network.noise.variance + 2 * action.conjugate(square(RESPONSE)).subs(saddle)
    frozen = action.conjugate(two_responses).subs(saddle)
    connected = connected_statistics(action, measure)

    same_noise = fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY)), identical)
    one_replica = fluctuation_kernel(action, (square(RESPONSE), square(ACTIVITY)), measure)
    (stability,), (slope,) = same_noise.multipliers(), one_replica.multipliers()
    cavity = two_site_cavity(STATIC.network.couplings, STATIC.network.noise)
    loop = mean_corrections(STATIC.network.couplings)

    return Theory(
        model=STATIC,
        equation=SelfConsistency(Delta, variance, control=g),
        then=(FollowUp(Delta0, frozen, upper=Delta),),
        order_parameters=keyed(
            Quantity("Delta", Delta, "variance of x over units and noise", REFERENCE, VARIANCE),
            Quantity("C_phi", measure.average(square(ACTIVITY)), "mean square activity <phi^2>", REFERENCE, VARIANCE),
            Quantity("Delta0", Delta0, "variance over units of the frozen mean of x", REFERENCE, VARIANCE),
        ),
        observables=_observables(connected, stability),
        finite_size=loop.quantities,
        conditions=validity(stability, slope),
        derivation=chain(
            "Static network, phi not odd: collective fields, two-site cavity at frozen means, comparison, one loop",
            disorder_steps(STATIC, action, REPLICAS),
            saddle_steps(STATIC, action, measure, square(RESPONSE), variance, assumption="N -> infinity"),
            frozen_steps(action, measure, two_responses, frozen),
            unique_root_steps(frozen, variance, STATIC.network.noise.variance, STATIC.network.couplings.strength),
            replicon_steps(action, connected.kernel, connected.fields, connected.two_point, measure),
            (covariance_step(connected.kernel, connected.covariance, connected.shown),),
            *(
                connected_reading_steps(
                    name,
                    connected.trace[name],
                    connected.entry[name],
                    connected.diagonal[name],
                    connected.n_variance[name],
                    connected.dimension[name],
                    REFERENCE,
                )
                for name in OBSERVED
            ),
            instability_steps(same_noise, one_replica, stability, slope, variance),
            cavity.derivation,
            comparison_steps(
                (
                    ("Delta", cavity.variance, variance),
                    ("Delta0", cavity.frozen, frozen),
                    ("n_var_cov_phi", cavity.phi, connected.n_variance["phi"]),
                    ("n_var_cov_x", cavity.x, connected.n_variance["x"]),
                )
            ),
            loop.steps,
        ),
    )


def connected_statistics(action: Action, measure: SiteMeasure) -> ConnectedStatistics:
    """Second moments over J of the connected covariance matrices, from the replicon kernel."""
    fields, two_point = replicon_fields(OPERATORS), connected_two_point(OPERATORS)
    kernel = replicon_kernel(action, fields, two_point, measure)
    covariance, (multiplier,) = kernel.covariance(), kernel.multipliers()
    place = {name: fields.index(Replicon(operator, operator)) for name, operator in OBSERVED.items()}
    own = {name: two_point[k, k] for name, k in (("phi", 1), ("x", 2))}
    trace, diagonal = (
        {name: over_frozen_mean(own[name] ** power, measure.variance, measure.frozen) for name in OBSERVED}
        for power in (1, 2)
    )
    entry = {name: covariance[k, k] for name, k in place.items()}
    tidy = partial(through_noise_variance, function=lambda e: in_multiplier(e, multiplier))
    return ConnectedStatistics(
        fields=fields,
        kernel=kernel,
        covariance=covariance,
        two_point=two_point,
        shown=covariance.extract(list(place.values()), list(place.values())).applyfunc(tidy),
        multiplier=multiplier,
        trace=trace,
        diagonal=diagonal,
        entry={name: tidy(e) for name, e in entry.items()},
        n_variance={name: tidy(e - diagonal[name]) for name, e in entry.items()},
        dimension={name: tidy(trace[name] ** 2 / e) for name, e in entry.items()},
    )


def _observables(connected: ConnectedStatistics, stability: Expr) -> dict[str, Quantity]:
    radius = "squared spectral radius g^2 <phi'^2> of the Jacobian; stable below 1"
    spread = "N times the variance of an off-diagonal connected covariance of"
    trace, dimension, n_variance = connected.trace, connected.dimension, connected.n_variance
    gain = over_frozen_mean(connected.two_point[0, 1])
    units = connected.diagonal["phi"] - trace["phi"] ** 2
    return keyed(
        Quantity("gain", gain, "mean response <phi'>", REFERENCE),
        Quantity("stability", stability, radius, REFERENCE, VARIANCE),
        Quantity(
            "replicon_slope",
            connected.multiplier,
            "slope g^2 [<phi'>^2] of the equation for Delta0",
            REFERENCE,
            FRACTION,
        ),
        Quantity("var_x", trace["x"], "variance of x over the noise, the same for every unit", REFERENCE, VARIANCE),
        Quantity("var_phi", trace["phi"], "variance of phi over the noise, mean over units", REFERENCE, VARIANCE),
        Quantity(
            "var_var_phi", units, "variance over units of the variance of phi over the noise", REFERENCE, VARIANCE
        ),
        Quantity(
            "D_x", dimension["x"], "participation dimension of x, (tr C)^2/(N tr C^2), C connected", REFERENCE, FRACTION
        ),
        Quantity("D_phi", dimension["phi"], "participation dimension of phi", REFERENCE, FRACTION),
        Quantity("n_var_cov_x", n_variance["x"], f"{spread} x", REFERENCE, VARIANCE),
        Quantity("n_var_cov_phi", n_variance["phi"], f"{spread} phi", REFERENCE, VARIANCE),
    )


__all__ = ["ConnectedStatistics", "connected_statistics", "derive"]
