r"""Networks with a trained readout that is fed back: mean field, outliers and folds from the collective-field engine.

    dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i,      z = sum_i n_i phi(x_i)

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386 (model, mean field, outliers).
"""

from __future__ import annotations

from functools import lru_cache
from math import inf

from sympy import Eq, Expr, Max, S, sqrt, symbols

from theory.derivation import Replay, Step, chain
from theory.equations import ReadoutEquation
from theory.fields.argument import comparison_steps, instability_steps
from theory.fields.collective import (
    ACTIVITY,
    RESPONSE,
    Bilinear,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    pair_fields,
)
from theory.fields.readout import (
    FEEDBACK_ENTRY,
    NOISE_POWER,
    OUTPUT,
    POWER,
    READOUT_ENTRY,
    LoadedSite,
    Loop,
    readout_action,
    readout_loop,
)
from theory.fields.readout_argument import exponent_steps, outlier_steps, stationary_steps
from theory.fields.readout_cavity import eigenvector
from theory.gaussian.average import Average
from theory.model import Model
from theory.models.feedback import FEEDBACK
from theory.networks import ReadoutNetwork
from theory.readout import least_squares_steps
from theory.readout.least_squares import least_squares_outlier, least_squares_slope
from theory.readout.vectors import drive, overlaps_of, with_feedback, with_input, with_readout
from theory.symbols import C, Delta, g, growth, mu, phi, snI, snm, x, z
from theory.theory import Condition, Quantity, Theory

REFERENCE = FEEDBACK.reference
FLEX, A_c, A_b = symbols("flex A_c A_b", real=True)
"""Found by the solver along the open loop: the pole of C(A), its extremum beyond the pole, the target of equal amplitude."""

MEANS = Mm, MI, Mn = symbols("Mm MI Mn", real=True)
"""Means over units of feedback, input and readout, where they have any; that of the readout at amplitude 1."""

ENTRANCES = {"feedback": (with_feedback(z), snm), "input": (with_input(z), snI)}
"""Where a signal can enter: covariance of that vector with x, and its overlap with the readout at amplitude 1."""

_a, _G, _theta = symbols("a G theta")
_POSITIVE = (0.0, inf)
_NO_EXTREMUM = (
    "C(A) has no pole (that needs a readout which overlaps with feedback and input), or does not turn beyond it"
)


@lru_cache(maxsize=1)
def derive() -> Theory[ReadoutEquation]:
    """Derive the theory of trained feedback networks for a generic activation, odd or not.

    Returns
    -------
    Theory
        Order parameters `Delta0`, `C`; observables `C_phi`, `gain`, `overlap`, `overlap_slope`, `H_slope`, `bulk_radius`,
        `outlier`, `lambda_ls`, `H_slope_ls`, `flex`, `A_c`, `A_b`.
    """
    model = FEEDBACK
    action = readout_action(model.network.couplings)
    site = loaded_site()
    loop = readout_loop(model.network.couplings, site)
    overlaps = overlaps_of(model)
    variance = 2 * action.conjugate(NOISE_POWER).subs(POWER.symbol, site.average(POWER)) + drive(z)
    readout = site.average(OUTPUT).factor()
    direct, mode = readout.diff(z), variance.diff(Delta)
    equation = ReadoutEquation(
        unknown=Delta,
        output=z,
        amplitude=C,
        target=model.network.target,
        control=g,
        right=variance,
        readout=readout,
        trace=direct + mode + (loop.trace - direct - mode).factor(),
        determinant=loop.determinant,
        overlaps=overlaps,
        transfers={
            name: _transfer(readout_loop(model.network.couplings, loaded_site(name)), variance.diff(Delta))
            for name in ENTRANCES
        },
    )
    route = eigenvector(model.network.couplings, site.with_x[FEEDBACK_ENTRY], site.with_x[READOUT_ENTRY], site.between)
    pair = disorder_average(model.network.couplings)
    same_state = fluctuation_kernel(
        pair, pair_fields((RESPONSE, ACTIVITY)), SiteMeasure(Delta, shared_noise=True, phi_parity="none")
    )
    one_replica = fluctuation_kernel(
        pair, (NOISE_POWER, Bilinear.of((1, ACTIVITY), (1, ACTIVITY))), SiteMeasure(Delta, phi_parity="none")
    )
    (stability,), (slope,) = same_state.multipliers(), one_replica.multipliers()
    named = (growth - _G) * (growth - _a) - _theta * growth
    return Theory(
        model=model,
        equation=equation,
        order_parameters={
            "Delta0": Quantity("Delta0", Delta, "variance of x over units", REFERENCE, _POSITIVE),
            "C": Quantity(
                "C", equation.at_target(C), "amplitude of the readout that puts the output at the target", REFERENCE
            ),
        },
        observables=_observables(equation, stability),
        conditions=(
            Condition(
                "bulk_radius",
                sqrt(stability),
                "the bulk of the Jacobian is unstable (chaotic regime): these numbers describe the formal fixed point, "
                "not the network",
            ),
            Condition(
                "outlier",
                equation.at_target(leading_outlier(equation)),
                "the target is no stable fixed point: the network leaves it for another state, or drifts where this is 1",
            ),
        ),
        derivation=chain(
            "Feedback network: collective fields with a loop, eigenvector route, comparison, vectors with means, least squares",
            exponent_steps(model, action),
            stationary_steps(model, action, equation, site),
            outlier_steps(loop, equation, named),
            instability_steps(same_state, one_replica, stability, slope, equation.right),
            route.derivation,
            comparison_steps((("outliers", route.polynomial, loop.polynomial),)),
            _mean_steps(model),
            least_squares_steps.steps(),
        ),
    )


def loaded_site(entrance: str = "feedback") -> LoadedSite:
    """Measure of a site whose vectors have zero mean, for signals that enter along the feedback m or along the input I."""
    with_x, with_n = ENTRANCES[entrance]
    return LoadedSite(Delta, {FEEDBACK_ENTRY: with_x, READOUT_ENTRY: C * with_readout(z)}, C * with_n)


def _transfer(loop: Loop, mode: Expr) -> Expr:
    """h(lambda) in partial fractions: direct, and by way of the variance mode."""
    direct = (loop.transfer * growth).subs(growth, 0).cancel()
    by_variance = ((loop.transfer * (growth - mode)).cancel().subs(growth, mode)).factor()
    return direct / growth + by_variance / (growth - mode)


def leading_outlier(equation: ReadoutEquation) -> Expr:
    """Largest real part of the two outliers."""
    half = equation.trace / 2
    return half + sqrt(Max(S.Zero, half**2 - equation.determinant))


def _observables(equation: ReadoutEquation, stability: Expr) -> dict[str, Quantity]:
    at = equation.at_target
    overlap_slope = equation.output_slope.subs(equation.amplitude, 1)
    power = Average(phi(x) ** 2)
    quantities = (
        Quantity("C_phi", power, "mean square activity <phi^2>", REFERENCE, _POSITIVE),
        Quantity("gain", Average(phi(x), 1), "mean response <phi'>", REFERENCE),
        Quantity("overlap", at(equation.overlap), "output at amplitude 1, A/C", REFERENCE),
        Quantity("overlap_slope", at(overlap_slope), "slope of the output against the clamped output, at amplitude 1"),
        Quantity(
            "H_slope", at(equation.output_slope), "slope H'(A) of the output against the clamped output; 1 at a fold"
        ),
        Quantity(
            "bulk_radius",
            sqrt(stability),
            "spectral radius g <phi'^2>^(1/2) of the bulk; stable below 1",
            REFERENCE,
            _POSITIVE,
        ),
        Quantity(
            "outlier", at(leading_outlier(equation)), "largest real part of the outliers; stable below 1", REFERENCE
        ),
        Quantity(
            "lambda_ls",
            least_squares_outlier(),
            "outlier of the least-squares readout with the same target; stable below 1",
        ),
        Quantity(
            "H_slope_ls",
            least_squares_slope(),
            "slope of the output of that readout against the clamped output; 1 at a fold",
        ),
        Quantity(
            "flex",
            FLEX,
            "target at which C(A) has its pole, -snI/snm",
            undefined=_NO_EXTREMUM,
        ),
        Quantity(
            "A_c",
            A_c,
            "target beyond the pole at which C(A) is extremal, a zero of turning: between it and the pole targets are unstable",
            undefined=_NO_EXTREMUM,
        ),
        Quantity(
            "A_b",
            A_b,
            "target on the other side with the amplitude of A_c: beyond it a second stable state exists",
            undefined=_NO_EXTREMUM,
        ),
    )
    return {q.key: q for q in quantities}


def loop_with_means() -> tuple[LoadedSite, Loop]:
    """The site and the loop where m, I and n have means: x ~ N(mu, Delta), mu = Mm z + MI."""
    plain = loaded_site()
    site = LoadedSite(Delta, plain.with_x, plain.between, mean=mu, means={FEEDBACK_ENTRY: Mm, READOUT_ENTRY: C * Mn})
    return site, readout_loop(FEEDBACK.network.couplings, site)


def _mean_steps(model: Model[ReadoutNetwork]) -> tuple[Step, ...]:
    site, loop = loop_with_means()
    return (
        Step(
            "Vectors with means: x ~ N(mu, Delta), mu = Mm z + MI; overlaps and variances are those of the centred parts. The "
            "output has one more term",
            "Stein's lemma",
            Eq(z, OUTPUT.symbol),
            Eq(z, site.average(OUTPUT)),
            reference=model.reference,
            check=Replay(lambda saddle: saddle.subs(OUTPUT.symbol, site.average(OUTPUT))),
        ),
        Step(
            "The outliers are again two: signals along m also shift the mean of x",
            "determinant of the 2x2 block of the kernel, averages at mean mu",
            loop.gain,
            loop.polynomial,
            check=Replay(lambda gain: growth**2 - gain.trace() * growth + gain.det()),
        ),
    )


__all__ = ["derive", "loaded_site", "loop_with_means"]
