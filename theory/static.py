r"""The static network ``x = J phi(x) + xi``: its large-N theory assembled from the collective-field engine.

Source: Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (statistics of correlations); Hu & Sompolinsky 2022 (linear network).
"""

from __future__ import annotations

from functools import lru_cache, partial
from math import inf

from sympy import Eq, Expr, Matrix, Symbol

from theory.derivation import Fact, Step, chain, same
from theory.fields.argument import disorder_steps, instability_steps, kernel_steps, reading_steps, saddle_steps
from theory.fields.cavity import PairStatistics, two_site_cavity
from theory.fields.collective import (
    ACTIVITY,
    PREACTIVATION,
    RESPONSE,
    Bilinear,
    Operator,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    in_multiplier,
    pair_fields,
)
from theory.models import STATIC
from theory.symbols import Delta, g
from theory.theory import Condition, Quantity, Requirement, Theory

REFERENCE = STATIC.reference
VARIANCE, FRACTION = (0.0, inf), (0.0, 1.0)
_OBSERVED = {"x": PREACTIVATION, "phi": ACTIVITY}


def _square(operator: Operator) -> Bilinear:
    return Bilinear.of((1, operator), (1, operator))


@lru_cache(maxsize=1)
def derive() -> Theory:
    """Derive the theory of the static network for a generic odd activation.

    Returns
    -------
    Theory
        Order parameters `Delta`, `C_phi`; observables `gain`, `stability`, `D_x`, `D_phi`, `n_var_cov_x`, `n_var_cov_phi`.
    """
    action = disorder_average(STATIC.couplings)
    independent, identical = SiteMeasure(Delta), SiteMeasure(Delta, shared_noise=True)

    saddle = {b.symbol: independent.average(b) for b in action.fields}
    variance = STATIC.noise.variance + 2 * action.conjugate(_square(RESPONSE)).subs(saddle)

    operators = (RESPONSE, ACTIVITY, PREACTIVATION)
    kernel = fluctuation_kernel(action, pair_fields(operators), independent)
    covariance, (multiplier,) = kernel.covariance(), kernel.multipliers()
    two_point = Matrix(3, 3, lambda r, c: independent.average(Bilinear.of((1, operators[r]), (1, operators[c]))))

    diagonal, n_variance, dimension = {}, {}, {}
    reading: list[Step] = []
    for name, operator in _OBSERVED.items():
        k = kernel.index((1, operator), (2, operator))
        diagonal[name] = independent.average(_square(operator))
        n_variance[name] = in_multiplier(covariance[k, k] - diagonal[name] ** 2, multiplier)
        dimension[name] = in_multiplier(diagonal[name] ** 2 / covariance[k, k], multiplier)
        reading += reading_steps(
            name,
            in_multiplier(covariance[k, k], multiplier),
            diagonal[name],
            n_variance[name],
            dimension[name],
            REFERENCE,
        )

    block = [kernel.index((1, operator), (2, operator)) for operator in (ACTIVITY, PREACTIVATION)]
    shown = covariance.extract(block, block).applyfunc(lambda entry: in_multiplier(entry, multiplier))

    same_noise = fluctuation_kernel(action, pair_fields((RESPONSE, ACTIVITY)), identical)
    one_replica = fluctuation_kernel(action, (_square(RESPONSE), _square(ACTIVITY)), independent)
    (stability,), (slope,) = same_noise.multipliers(), one_replica.multipliers()

    cavity = two_site_cavity(STATIC.couplings, STATIC.noise)
    return Theory(
        model=STATIC,
        unknown=Delta,
        self_consistency=variance,
        order_parameters=_keyed(
            Quantity("Delta", Delta, "variance of x over units and noise", REFERENCE, VARIANCE),
            Quantity("C_phi", diagonal["phi"], "mean square activity <phi^2>", REFERENCE, VARIANCE),
        ),
        observables=_keyed(
            Quantity("gain", two_point[0, 1], "mean response <phi'>", REFERENCE),
            Quantity(
                "stability",
                stability,
                "squared spectral radius g^2 <phi'^2> of the Jacobian; stable below 1",
                REFERENCE,
                VARIANCE,
            ),
            Quantity("D_x", dimension["x"], "participation dimension of x, (tr C)^2/(N tr C^2)", REFERENCE, FRACTION),
            Quantity("D_phi", dimension["phi"], "participation dimension of phi", REFERENCE, FRACTION),
            Quantity(
                "n_var_cov_x",
                n_variance["x"],
                "N times the variance of an off-diagonal covariance of x",
                REFERENCE,
                VARIANCE,
            ),
            Quantity(
                "n_var_cov_phi",
                n_variance["phi"],
                "N times the variance of an off-diagonal covariance of phi",
                REFERENCE,
                VARIANCE,
            ),
        ),
        conditions=(
            Condition(
                "stability",
                stability,
                "the fixed point is unstable (chaotic regime): these numbers describe the formal saddle, not the network",
            ),
            Condition("slope", slope, "the solution lies on an unphysical branch beyond a saddle-node"),
        ),
        control=g,
        requirements=(
            Requirement(
                lambda activation: activation.parity == "odd",
                "phi must be odd, phi(-x) = -phi(x); the frozen mean activity of other activations is not covered yet",
            ),
        ),
        derivation=chain(
            "Static network: collective fields, two-site cavity, comparison",
            disorder_steps(STATIC, action),
            saddle_steps(STATIC, action, independent, _square(RESPONSE), variance),
            kernel_steps(action, kernel, operators, two_point, covariance, shown),
            reading,
            instability_steps(same_noise, one_replica, stability, slope, variance),
            cavity.derivation,
            _two_routes(cavity, variance, n_variance),
        ),
    )


def _keyed(*quantities: Quantity) -> dict[str, Quantity]:
    return {q.key: q for q in quantities}


def _two_routes(cavity: PairStatistics, variance: Expr, n_variance: dict[str, Expr]) -> tuple[Step, ...]:
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
