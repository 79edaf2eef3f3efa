r"""The network in time, ``x' = -x + J phi(x) + xi(t)``: its large-N theory assembled from the collective-field engine.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259 (autocovariance without noise); Clark, Abbott, Litwin-Kumar 2023, PRL 131
118401 (dimension of activity); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (white and coloured noise).
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Matrix, S, Symbol, kronecker_product, sqrt, symbols

from theory.derivation import chain
from theory.engine import two_time_steps as steps
from theory.engine.cavity_in_time import two_site_cavity_in_time
from theory.engine.collective import (
    ACTIVITY,
    RESPONSE,
    Bilinear,
    Kernel,
    SiteMeasure,
    disorder_average,
    pair_fields,
)
from theory.engine.site_in_time import filtered_site, site_steps
from theory.engine.spectral import L_phi, L_x, inner_integral
from theory.engine.steps import comparison_steps
from theory.engine.two_time_steps import CLARK, DIAGONAL, GAIN, ONE, OPERATOR, POWER, PSI, PSI_LAGS, TWO, ZERO
from theory.equations import AutocovarianceEquation, C, C_phi, PairTransform, f
from theory.factors import positive_factors
from theory.meanfield import fixed_point as static
from theory.meanfield.fixed_point import FRACTION, OPERATORS, VARIANCE, keyed
from theory.model import Model
from theory.models.dynamic import DYNAMIC
from theory.models.static import STATIC
from theory.networks import NetworkInTime
from theory.symbols import Delta, eta, frequency, g, tau
from theory.theory import Condition, Quantity, Requirement, Theory

ODD = Requirement(
    lambda activation: activation.parity == "odd",
    "phi must be odd, phi(-x) = -phi(x); the frozen mean activity of other activations is not covered yet",
)
NOISE = Symbol("noise", nonnegative=True)
"""Spectrum of the noise."""

POLES = symbols("p q")
_t = Symbol("t")


def derive(model: Model[NetworkInTime] = DYNAMIC, *, odd: bool = True) -> Theory[AutocovarianceEquation]:
    """Derive the theory of the network in time for a generic odd activation.

    Parameters
    ----------
    model : Model, optional
        With the transfer function h(s) of one unit; 1/(1+s) if not given.
    odd : bool
        Nothing is known for other phi: the theory refuses them.

    Returns
    -------
    Theory
        Order parameters `Delta0` = C_x(0), `C_phi0` = C_phi(0); observables `gain`, `kappa2`, `PR_x`, `PR_phi` (equal times),
        `PR0_x`, `PR0_phi` (zero frequency), `tau_pop`.
    """
    network, action = model.network, disorder_average(model.network.couplings)
    transfer, leaky = network.transfer, network.transfer == DYNAMIC.network.transfer
    site = SiteMeasure(Delta)
    gain = site.average(Bilinear.of((1, RESPONSE), (1, ACTIVITY)))
    power = site.average(Bilinear.of((1, ACTIVITY), (1, ACTIVITY)))
    strength = action.coupling(Bilinear.of((1, RESPONSE), (2, RESPONSE)), Bilinear.of((1, ACTIVITY), (2, ACTIVITY)))
    feedback = action.coupling(Bilinear.of((1, RESPONSE), (2, ACTIVITY)), Bilinear.of((1, ACTIVITY), (2, RESPONSE)))

    drive = strength * ONE.C + NOISE
    functions = filtered_site(ONE, drive, feedback)
    filtered = {ONE.h: transfer, ONE.hc: transfer.subs(frequency, -frequency), ONE.C: C_phi(frequency)}
    spectrum_x = functions.spectrum_x.subs(eta, 0).xreplace(filtered)
    spectra = {word: spectrum_x.xreplace({NOISE: noise.spectrum}) for word, noise in network.noises.items()}
    noises = network.noises.items() if leaky else ()
    in_lags = C(tau) - drive.xreplace({ONE.C: f(C(tau), Delta)})  # 1/[h(s) h(-s)] = 1 - s^2, s = d/dtau
    second = {word: in_lags.xreplace({NOISE: noise.autocovariance}) for word, noise in noises}

    fields = pair_fields(OPERATORS)
    linked = Matrix([[action.coupling(a, b) for b in fields] for a in fields])
    kernel = Kernel(fields, kronecker_product(ONE.two_point(), TWO.two_point()), linked)
    totals = {name: kernel.column(k)[k] for name, k in _places(kernel).items()}
    totals["phi"] = positive_factors(totals["phi"].factor())
    pairs = {name: total - DIAGONAL[name] for name, total in totals.items()}

    independent = {eta: S.Zero, **ONE.gaussian(gain), **TWO.gaussian(gain)}
    entries = {name: positive_factors(e.xreplace(independent).factor()) for name, e in totals.items()}
    multiplier = strength * gain**2
    transforms = {name: _transform(e, multiplier, transfer) for name, e in entries.items()} if leaky else {}
    equation = AutocovarianceEquation(
        unknown=Delta,
        control=g,
        right=second or spectra,
        transfer=transfer,
        strength=strength,
        feedback=feedback,
        noises=network.noises,
        power=power,
        gain=gain,
        multiplier=multiplier,
        site=functions,
        pair_spectra={f"psi_{name}": e for name, e in pairs.items()},
        transforms={f"psi_{name}": transform for name, transform in transforms.items()},
    )
    at_rest = {ONE.h: transfer.subs(frequency, 0), ONE.X: ZERO.X}
    closure = {ONE.renamed(ZERO)[s]: e.xreplace(at_rest) for s, e in ONE.gaussian(gain).items() if s in ONE.functions}
    persisting = strength * ZERO.S**2
    observables = _observables(totals, persisting)
    cavity = two_site_cavity_in_time(network.couplings)
    static_variance = STATIC.network.noise.variance + strength * power
    return Theory(
        model=model,
        equation=equation,
        order_parameters=keyed(
            Quantity("Delta0", Delta, "equal-time variance C_x(0) of x", CLARK, VARIANCE),
            Quantity("C_phi0", POWER, "equal-time variance C_phi(0) of phi", CLARK, VARIANCE),
        ),
        observables=observables,
        conditions=(
            Condition("multiplier", persisting, "pair correlations do not relax: the state described does not exist"),
        ),
        requirements=(ODD,),
        closure={POWER: power, GAIN: gain, **closure},
        derivation=chain(
            f"Network in time, {model.equation}: two-time fields, autocovariance, pair spectra",
            steps.field_steps(model, action, strength, feedback, leaky),
            site_steps(ONE, network, model.equation, drive, feedback, functions, gain),
            steps.equal_time_steps(strength, power, gain),
            steps.autocovariance_steps(network, strength, spectra, second),
            steps.energy_steps(network, spectra, second, equation.kinetic) if leaky else (),
            steps.pair_steps(kernel, totals, pairs, independent, entries, _static_block(power, gain)),
            cavity.derivation,
            comparison_steps([(steps.NAMES[name].name, getattr(cavity, name), e) for name, e in pairs.items()]),
            steps.reading_steps(kernel, totals, persisting, {key: q.expression for key, q in observables.items()}),
            steps.rest_steps(transfer, gain, closure),
            steps.residue_steps(entries, transforms, multiplier, transfer) if leaky else (),
            steps.limit_steps(network, second["ou"], power, static_variance) if leaky else (),
        ),
    )


def _places(kernel: Kernel) -> dict[str, int]:
    return {name: kernel.index((1, operator), (2, operator)) for name, operator in OPERATOR.items()}


def _transform(entry: Expr, multiplier: Expr, transfer: Expr) -> PairTransform:
    """The entry integrated over its second frequency, without the squared variance that its constant gives."""
    p, q = POLES
    h, conjugate = (transfer.subs(frequency, s) for s in (frequency, -frequency))
    # the entry has poles in t where 1 - multiplier h(s) h(t) = 0: at t = -p, p = 1 - multiplier h(s), and at t = q
    in_poles = {ONE.h: (1 - p) / multiplier, ONE.hc: (1 - q) / multiplier}
    in_poles |= {TWO.h: transfer.subs(frequency, _t), TWO.hc: transfer.subs(frequency, -_t)}
    total: Expr = S.Zero
    for first, outer in ((ONE.C, L_phi), (ONE.X, L_x)):
        for second, inner in ((TWO.C, L_phi), (TWO.X, L_x)):
            response = entry.diff(first, second).subs(in_poles)  # the entry is bilinear in the spectra
            if response != 0:
                _, right, left = inner_integral(response.cancel(), _t, p, q)
                total += outer(frequency) * (right * inner(p) + left * inner(q))
    return PairTransform({p: 1 - multiplier * h, q: 1 - multiplier * conjugate}, total)


def _in_squares(expression: Expr) -> Expr:
    """With factors in g^2 S^2, S the static response, where the expression is even in S."""
    square = Symbol("square", positive=True)
    even = expression.subs(ZERO.S, sqrt(square)).expand().factor()
    return positive_factors(expression if even.has(sqrt(square)) else even).subs(square, ZERO.S**2)


def _static_block(power: Expr, gain: Expr) -> tuple[Matrix, dict[Symbol, Expr]]:
    """The block of the static network from its own kernel, and what one-site functions become when nothing changes in time."""
    pairs = static.pair_statistics(disorder_average(STATIC.network.couplings), SiteMeasure(Delta))
    limits: dict[Symbol, Expr] = {}
    for s in (ONE, TWO):
        limits |= {s.h: S.One, s.hc: S.One, s.C: power, s.X: Delta}
    return pairs.shown, limits


def _observables(totals: Mapping[str, Expr], multiplier: Expr) -> dict[str, Quantity]:
    dimension = {name: v**2 / (v**2 + PSI[name]) for name, v in (("phi", POWER), ("x", Delta))}
    zero = {name: steps.at_frequency_zero(DIAGONAL[name] / total).factor() for name, total in totals.items()}
    at_zero = {name: _in_squares(ratio) for name, ratio in zero.items()}
    ratio = "participation ratio over N of"
    windows = "covariances at zero frequency (long windows)"
    return keyed(
        Quantity("gain", GAIN, "mean response <phi'>", CLARK),
        Quantity(
            "kappa2",
            1 - multiplier,
            "1 - g^2 S(0)^2; for eta = 0 the squared decay rate 1 - g^2 <phi'>^2 of C at long lags",
            CLARK,
            FRACTION,
        ),
        Quantity("PR_x", dimension["x"], f"{ratio} x, equal-time covariances", CLARK, FRACTION),
        Quantity("PR_phi", dimension["phi"], f"{ratio} phi, equal-time covariances", CLARK, FRACTION),
        Quantity("PR0_x", at_zero["x"], f"{ratio} x, {windows}", CLARK, FRACTION),
        Quantity("PR0_phi", at_zero["phi"], f"{ratio} phi, {windows}", CLARK, FRACTION),
        Quantity(
            "tau_pop",
            PSI_LAGS / PSI["phi"],
            "correlation time of the population: integral over tau > 0 of the mean squared cross-covariance of phi at lag tau, "
            "over its value at lag 0",
            CLARK,
            VARIANCE,
            "without couplings no two units are correlated",
        ),
    )
