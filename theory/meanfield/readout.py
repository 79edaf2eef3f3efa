r"""Networks with a trained readout that is fed back: mean field, outliers and folds from the collective-field engine.

    dx_i/dt = -x_i + sum_j g chi_ij phi(x_j) + m_i z + I_i,      z = sum_i n_i phi(x_i)

Source: Mastrogiuseppe, Ostojic 2019, Neural Computation 31, 1139, arXiv 1809.02386 (model, mean field, outliers).
"""

from __future__ import annotations

from math import inf

from sympy import Eq, Expr, I, Integer, Matrix, Max, Rational, S, eye, re, roots, sqrt, symbols

from theory.averages.average import Average
from theory.derivation import Check, Replay, Solves, Step, chain, named
from theory.engine.readout import OUTPUT, POWER, LoadedSite, Loop, m, n, readout_action, readout_loop
from theory.engine.steps import comparison_steps, instability_steps
from theory.equations import ReadoutEquation
from theory.implicit import Branch
from theory.model import Model
from theory.models.feedback import FEEDBACK
from theory.networks import ReadoutNetwork
from theory.readout import least_squares_steps
from theory.readout.eigenvector import LocalReadout, eigenvector_steps
from theory.readout.least_squares import least_squares_outlier, least_squares_slope
from theory.readout.loop_steps import BY_PAIRINGS, exponent_steps, outlier_steps, stationary_steps
from theory.readout.open_loop import bulk_radius, kernels, variance
from theory.readout.vectors import VECTORS, overlap_steps, overlaps_of, site_at
from theory.symbols import C, Delta, g, growth, mu, phi, x, z
from theory.theory import Condition, Quantity, Theory

REFERENCE = FEEDBACK.reference
FLEX, A_c, A_b = symbols("flex A_c A_b", real=True)
"""Found by the solver along the open loop: the pole of C(A), its extremum beyond the pole, the target of equal amplitude."""

MEANS = Mm, MI, Mn = symbols("Mm MI Mn", real=True)
"""Means over units of feedback, input and readout, where they have any; that of the readout at amplitude 1."""

ENTRANCES = {name: entry for name, entry in VECTORS.items() if entry != n}
"""Where a signal can enter: entry of that vector."""

_half, _product = symbols("h d", real=True)
_QUADRATIC = growth**2 - 2 * _half * growth + _product
_POSITIVE = (0.0, inf)
_NO_EXTREMUM = (
    "C(A) has no pole (that needs a readout which overlaps with feedback and input), or does not turn beyond it"
)
_FORMAL = "the bulk of the Jacobian is unstable (chaotic regime): these numbers describe the formal fixed point, not the network"
_LEFT = "the target is no stable fixed point: the network leaves it for another state, or drifts where this is 1"
_RADIUS = "spectral radius g <phi'^2>^(1/2) of the bulk; stable below 1"
_FITTED = "outlier of the least-squares readout with the same target; stable below 1"
_SLOPE_FITTED = "slope of the output of that readout against the clamped output; 1 at a fold"
_EXTREMAL = (
    "target beyond the pole at which C(A) is extremal, a zero of turning: between it and the pole targets are unstable"
)
_SAME_AMPLITUDE = "target on the other side with the amplitude of A_c: beyond it a second stable state exists"


def derive(model: Model[ReadoutNetwork] = FEEDBACK, *, odd: bool = True) -> Theory[ReadoutEquation]:
    """Derive the theory of trained feedback networks for a generic activation, odd or not.

    Returns
    -------
    Theory
        Order parameters `Delta0`, `C`; observables `C_phi`, `gain`, `overlap`, `overlap_slope`, `H_slope`, `bulk_radius`,
        `outlier`, `lambda_ls`, `H_slope_ls`, `flex`, `A_c`, `A_b`.
    """
    independent = LocalReadout(C * n)
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
    quantities, unstable = _quantities(equation), {"bulk_radius": _FORMAL, "outlier": _LEFT}
    return Theory(
        model=model,
        equation=equation,
        order_parameters={key: quantities[key] for key in ("Delta0", "C")},
        observables={key: quantity for key, quantity in quantities.items() if key not in ("Delta0", "C")},
        conditions=tuple(Condition(key, quantities[key].expression, meaning) for key, meaning in unstable.items()),
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
            _target_steps(equation, site, quantities),
            _mean_steps(),
            least_squares_steps.steps(),
        ),
    )


def leading_outlier(equation: ReadoutEquation) -> Expr:
    """Largest real part of the two outliers."""
    return _larger_root().xreplace({_half: equation.trace / 2, _product: equation.determinant})


def _larger_root() -> Expr:
    """Largest real part of the zeros of lambda^2 - 2 h lambda + d."""
    larger = max(roots(_QUADRATIC, growth), key=lambda root: root.subs({_half: 2, _product: 1}))
    return larger.replace(lambda e: e.is_Pow and e.exp == S.Half, lambda e: sqrt(Max(S.Zero, e.base)))


def _quantities(equation: ReadoutEquation) -> dict[str, Quantity]:
    """What is read at the target."""
    at, slope = equation.at_target, equation.output_slope
    rows = (
        Quantity("Delta0", Delta, "variance of x over units", REFERENCE, _POSITIVE),
        Quantity("C", at(C), "amplitude of the readout that puts the output at the target", REFERENCE),
        Quantity("C_phi", Average(phi(x) ** 2), "mean square activity <phi^2>", REFERENCE, _POSITIVE),
        Quantity("gain", Average(phi(x), 1), "mean response <phi'>", REFERENCE),
        Quantity("overlap", at(equation.overlap), "output at amplitude 1, A/C", REFERENCE),
        Quantity(
            "overlap_slope", at(slope.subs(C, 1)), "slope of the output against the clamped output, at amplitude 1"
        ),
        Quantity("H_slope", at(slope), "slope H'(A) of the output against the clamped output; 1 at a fold"),
        Quantity("bulk_radius", bulk_radius(), _RADIUS, REFERENCE, _POSITIVE),
        Quantity(
            "outlier", at(leading_outlier(equation)), "largest real part of the outliers; stable below 1", REFERENCE
        ),
        Quantity("lambda_ls", least_squares_outlier(), _FITTED),
        Quantity("H_slope_ls", least_squares_slope(), _SLOPE_FITTED),
        Quantity("flex", FLEX, "target at which C(A) has its pole, -snI/snm", undefined=_NO_EXTREMUM),
        Quantity("A_c", A_c, _EXTREMAL, undefined=_NO_EXTREMUM),
        Quantity("A_b", A_b, _SAME_AMPLITUDE, undefined=_NO_EXTREMUM),
    )
    return {quantity.key: quantity for quantity in rows}


def _transfer_steps(loop: Loop, equation: ReadoutEquation) -> tuple[Step, ...]:
    return tuple(
        Step(
            f"By either route: response to a signal along the {name}, the loop open. An eigenvector that is driven along it has "
            "covariances with x and with the vectors, and passes through the variance mode and directly",
            "partial fractions",
            loop.transfer(entry),
            named(f"h_{name}", equation.transfers[name]),
            check=Replay(lambda h: h, "collective fields against the eigenvector"),
        )
        for name, entry in ENTRANCES.items()
    )


def _target_steps(equation: ReadoutEquation, site: LoadedSite, quantities: dict[str, Quantity]) -> tuple[Step, ...]:
    """What is read at the target."""
    open_loop = Branch(z, {Delta: equation.right - Delta}, {})
    at_target = {z: equation.target, C: equation.at_target(C)}
    coefficients = {_half: equation.trace / 2, _product: equation.determinant}
    complex_pair = Rational(1, 2) + 3 * I, Rational(1, 2) - 3 * I
    zeros = (Integer(2), Rational(1, 3)), (Integer(-1), Rational(1, 2)), (Integer(-3), Integer(-2)), complex_pair

    def along(output: Expr) -> Expr:
        return open_loop.along(output).subs(at_target)

    def misses(root: Expr) -> Matrix:
        found = [root.subs({_half: (p + q) / 2, _product: (p * q).expand()}) for p, q in zeros]
        return Matrix([value - Max(re(p), re(q)) for value, (p, q) in zip(found, zeros, strict=True)])

    squared = g**2 * Average(phi(x).diff(x) ** 2)
    spread, by_field = (Average(x * y, 0, site.joint, evaluate=False) for y in (x, phi(x)))
    rows: dict[str, tuple[str, str, Expr, Check]] = {
        "Delta0": ("Variance of x over units", "second moment", spread, BY_PAIRINGS),
        "C_phi": ("Mean square activity", "saddle value", site.average(POWER, evaluate=False), BY_PAIRINGS),
        "gain": (
            "Mean response to a field, by the covariance of phi and x",
            "Stein's lemma",
            by_field / Delta,
            BY_PAIRINGS,
        ),
        "overlap": (
            "Output per amplitude",
            "(M3)",
            at_target[C],
            Replay(lambda amplitude: equation.target / amplitude),
        ),
        "overlap_slope": ("Its slope along the open loop", "implicit differentiation", equation.overlap, Replay(along)),
        "H_slope": ("Slope H'(A) at that amplitude", "(M3) inserted", equation.readout, Replay(along)),
        "bulk_radius": ("Radius of the bulk", "square root of the multiplier", squared, Replay(sqrt)),
        "outlier": (
            "The leading outlier",
            "(O) and (M3) inserted",
            _larger_root(),
            Replay(lambda root: root.subs(coefficients).subs(at_target)),
        ),
    }
    return (
        Step(
            "The larger of two zeros, or the real part of both",
            "quadratic equation",
            _QUADRATIC,
            _larger_root(),
            check=Solves(misses, "four pairs of zeros, real and complex"),
        ),
        *(
            Step(f"At the target: {title}", rule, before, named(key, quantities[key].expression), check=check)
            for key, (title, rule, before, check) in rows.items()
        ),
    )


def loop_with_means() -> tuple[LoadedSite, Loop]:
    """The site and the loop where m, I and n have means: x ~ N(mu, Delta), mu = Mm z + MI."""
    site = LoadedSite(site_at(z).joined({}, {x: mu, m: Mm, n: Mn}))
    return site, readout_loop(FEEDBACK.network.couplings, site)


def _mean_steps() -> tuple[Step, ...]:
    site, loop = loop_with_means()
    return (
        Step(
            "Vectors with means: x ~ N(mu, Delta), mu = Mm z + MI; overlaps and variances are those of the centred parts. The "
            "output has one more term",
            "Stein's lemma",
            Eq(z, site.average(OUTPUT, evaluate=False)),
            Eq(z, site.average(OUTPUT)),
            reference=REFERENCE,
            check=BY_PAIRINGS,
        ),
        Step(
            "The outliers are again two: signals along m also shift the mean of x",
            "determinant of the 2x2 block of the kernel, averages at mean mu",
            loop.gain,
            loop.polynomial,
            check=Replay(lambda gain: (growth * eye(2) - gain).det()),
        ),
    )
