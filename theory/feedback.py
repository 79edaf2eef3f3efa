r"""Networks with a trained readout that is fed back: mean field, outliers and folds from the collective-field engine.

    dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i,      z = sum_i n_i phi(x_i)

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386 (model, mean field, outliers).
"""

from __future__ import annotations

from functools import lru_cache
from math import inf

from sympy import Eq, Expr, I, Integer, Matrix, Max, Rational, S, Symbol, eye, re, roots, sqrt, symbols

from theory.derivation import Evaluated, Replay, Solves, Step, chain
from theory.equations import ReadoutEquation
from theory.fields.argument import comparison_steps, instability_steps
from theory.fields.readout import I_, OUTPUT, POWER, LoadedSite, Loop, m, n, readout_action, readout_loop
from theory.gaussian.average import Average
from theory.gaussian.exact import exact
from theory.gaussian.joint import SiteAverage
from theory.implicit import Branch
from theory.models.feedback import FEEDBACK
from theory.readout import least_squares_steps
from theory.readout.eigenvector import LocalReadout, eigenvector_steps
from theory.readout.least_squares import least_squares_outlier, least_squares_slope
from theory.readout.loop_steps import by_pairings, exponent_steps, outlier_steps, stationary_steps, unevaluated
from theory.readout.open_loop import bulk_radius, kernels, variance
from theory.readout.vectors import overlap_steps, overlaps_of, site_at
from theory.symbols import C, Delta, g, growth, mu, phi, x, z
from theory.theory import Condition, Quantity, Theory

REFERENCE = FEEDBACK.reference
FLEX, A_c, A_b = symbols("flex A_c A_b", real=True)
"""Found by the solver along the open loop: the pole of C(A), its extremum beyond the pole, the target of equal amplitude."""

MEANS = Mm, MI, Mn = symbols("Mm MI Mn", real=True)
"""Means over units of feedback, input and readout, where they have any; that of the readout at amplitude 1."""

ENTRANCES = {"feedback": m, "input": I_}
"""Where a signal can enter: entry of that vector."""

_half, _product = symbols("h d", real=True)
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
    model, independent = FEEDBACK, LocalReadout(C * n)
    action, site = readout_action(model.network.couplings), LoadedSite(site_at(z))
    loop = readout_loop(model.network.couplings, site)
    readout = site.average(OUTPUT).factor()
    direct, mode = readout.diff(z), variance(z).diff(Delta)
    equation = ReadoutEquation(
        unknown=Delta,
        output=z,
        amplitude=C,
        target=model.network.target,
        control=g,
        right=variance(z),
        readout=readout,
        trace=direct + mode + (loop.trace - direct - mode).factor(),
        determinant=loop.determinant,
        overlaps=overlaps_of(model),
        transfers={name: independent.transfer(entry) for name, entry in ENTRANCES.items()},
    )
    same_state, one_replica = kernels()
    (slope,) = one_replica.multipliers()
    observables = _observables(equation)
    return Theory(
        model=model,
        equation=equation,
        order_parameters={
            "Delta0": Quantity("Delta0", Delta, "variance of x over units", REFERENCE, _POSITIVE),
            "C": Quantity(
                "C", equation.at_target(C), "amplitude of the readout that puts the output at the target", REFERENCE
            ),
        },
        observables=observables,
        conditions=(
            Condition(
                "bulk_radius",
                bulk_radius(),
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
            overlap_steps(model),
            stationary_steps(model, action, equation, site),
            outlier_steps(loop, equation),
            instability_steps(same_state, one_replica, bulk_radius() ** 2, slope, equation.right),
            eigenvector_steps(),
            comparison_steps((("outliers", independent.polynomial, loop.polynomial),)),
            _transfer_steps(loop, equation),
            _target_steps(equation, site, observables),
            _mean_steps(),
            least_squares_steps.steps(),
        ),
    )


def leading_outlier(equation: ReadoutEquation) -> Expr:
    """Largest real part of the two outliers."""
    return _larger_root().xreplace({_half: equation.trace / 2, _product: equation.determinant})


def _larger_root() -> Expr:
    """Largest real part of the zeros of lambda^2 - 2 h lambda + d."""
    larger = max(
        roots(growth**2 - 2 * _half * growth + _product, growth), key=lambda root: root.subs({_half: 2, _product: 1})
    )
    return larger.replace(lambda e: e.is_Pow and e.exp == S.Half, lambda e: sqrt(Max(S.Zero, e.base)))


def _observables(equation: ReadoutEquation) -> dict[str, Quantity]:
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
            bulk_radius(),
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


def _transfer_steps(loop: Loop, equation: ReadoutEquation) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"By either route: response to a signal along the {name}, the loop open. An eigenvector that is driven along it has "
            "covariances with x and with the vectors, and passes through the variance mode and directly",
            "partial fractions",
            loop.transfer(entry),
            Eq(Symbol(f"h_{name}"), equation.transfers[name]),
            check=Replay(lambda h: h, "collective fields against the eigenvector"),
        )
        for name, entry in ENTRANCES.items()
    )


def _target_steps(equation: ReadoutEquation, site: LoadedSite, observables: dict[str, Quantity]) -> tuple[Step, ...]:
    """What is read at the target."""
    amplitude, open_loop = equation.at_target(C), Branch(z, {Delta: equation.right - Delta}, {})

    def shown(key: str) -> Eq:
        return Eq(Symbol(key), observables[key].expression)

    complex_pair = Rational(1, 2) + 3 * I, Rational(1, 2) - 3 * I
    pairs = (Integer(2), Rational(1, 3)), (Integer(-1), Rational(1, 2)), (Integer(-3), Integer(-2)), complex_pair
    larger, at_target = _larger_root(), {z: equation.target, C: amplitude}
    coefficients = {_half: equation.trace / 2, _product: equation.determinant}
    return (
        Step(
            "Variance of x over units",
            "second moment",
            Eq(Symbol("Delta0"), SiteAverage(x**2)),
            Eq(Symbol("Delta0"), Delta),
            check=by_pairings(site.site),
        ),
        Step(
            "Mean square activity",
            "saddle value",
            Eq(Symbol("C_phi"), unevaluated(POWER)),
            shown("C_phi"),
            check=by_pairings(site.site),
        ),
        Step(
            "Mean response of phi to a field at the same unit, from the covariance of phi and x",
            "Stein's lemma",
            Eq(Symbol("gain"), Average(x * phi(x)) / Delta),
            shown("gain"),
            check=Evaluated(exact, name="a cubic phi, exactly"),
        ),
        Step(
            "Output per amplitude at the target",
            "(M3)",
            amplitude,
            shown("overlap"),
            check=Replay(lambda amplitude: equation.target / amplitude),
        ),
        Step(
            "Its slope along the open loop",
            "implicit differentiation",
            equation.overlap,
            shown("overlap_slope"),
            check=Replay(lambda overlap: open_loop.along(overlap).subs(at_target)),
        ),
        Step(
            "Slope H'(A) at the amplitude that puts the output at the target",
            "(M3) inserted",
            equation.readout,
            shown("H_slope"),
            check=Replay(lambda output: open_loop.along(output).subs(at_target)),
        ),
        Step(
            "Radius of the bulk",
            "square root of the multiplier",
            g**2 * Average(phi(x).diff(x) ** 2),
            shown("bulk_radius"),
            check=Replay(sqrt),
        ),
        Step(
            "The larger of two zeros, or the real part of both",
            "quadratic equation",
            growth**2 - 2 * _half * growth + _product,
            larger,
            check=Solves(
                lambda root: Matrix(
                    [root.subs({_half: (p + q) / 2, _product: (p * q).expand()}) - Max(re(p), re(q)) for p, q in pairs]
                ),
                "four pairs of zeros, real and complex",
            ),
        ),
        Step(
            "The leading outlier at the target",
            "(O) and (M3) inserted",
            larger,
            shown("outlier"),
            check=Replay(lambda root: root.subs(coefficients).subs(at_target)),
        ),
    )


def loop_with_means() -> tuple[LoadedSite, Loop]:
    """The site and the loop where m, I and n have means: x ~ N(mu, Delta), mu = Mm z + MI."""
    site = LoadedSite(site_at(z), mean=mu, means={m: Mm, n: Mn})
    return site, readout_loop(FEEDBACK.network.couplings, site)


def _mean_steps() -> tuple[Step, ...]:
    site, loop = loop_with_means()
    return (
        Step(
            "Vectors with means: x ~ N(mu, Delta), mu = Mm z + MI; overlaps and variances are those of the centred parts. The "
            "output has one more term",
            "Stein's lemma",
            Eq(z, unevaluated(OUTPUT)),
            Eq(z, site.average(OUTPUT)),
            reference=REFERENCE,
            check=by_pairings(site.site, {x: mu, **site.means}),
        ),
        Step(
            "The outliers are again two: signals along m also shift the mean of x",
            "determinant of the kernel, averages at mean mu",
            loop.kernel.Pi * loop.kernel.coupling,
            (loop.polynomial / growth**2) ** 2,
            check=Replay(lambda matrix: (eye(4) - matrix / growth).det(method="berkowitz")),
        ),
    )


__all__ = ["derive", "loop_with_means"]
