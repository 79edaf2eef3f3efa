r"""The network in time, ``x' = -x + J phi(x) + xi(t)``: its large-N theory assembled from the collective-field engine.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259 (autocovariance without noise); Clark, Abbott, Litwin-Kumar 2023, PRL 131
118401 (dimension of activity); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (white and coloured noise).
"""

from __future__ import annotations

from math import inf

from sympy import Expr, Matrix, S, Symbol, sqrt, symbols

from theory import static
from theory.averages.average import Average
from theory.averages.measures import Normal
from theory.derivation import chain
from theory.equations import AutocovarianceEquation, C, PairTransform, f
from theory.factors import positive_factors
from theory.fields.collective import (
    ACTIVITY,
    PREACTIVATION,
    RESPONSE,
    Bilinear,
    Kernel,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    pair_fields,
)
from theory.fields.intime import (
    CLARK,
    OPERATOR,
    energy_steps,
    field_steps,
    limit_steps,
    pair_steps,
    residue_steps,
    slow_steps,
)
from theory.fields.site_in_time import filtered_site, site_steps
from theory.fields.spectral import L_phi, L_x, OneSite, SpectralMeasure, inner_integral
from theory.model import Model
from theory.models.dynamic import DYNAMIC
from theory.models.static import STATIC
from theory.networks import NetworkInTime
from theory.symbols import Delta, eta, frequency, g, mu, phi, sigma, tau, x
from theory.theory import Condition, Quantity, Requirement, Theory

OPERATORS = (RESPONSE, ACTIVITY, PREACTIVATION)
VARIANCE, FRACTION = (0.0, inf), (0.0, 1.0)
ODD = Requirement(
    lambda activation: activation.parity == "odd",
    "phi must be odd, phi(-x) = -phi(x); the frozen mean activity of other activations is not covered yet",
)
ONE, TWO, ZERO = OneSite.of(1), OneSite.of(2), OneSite.of(0)
"""One-site functions of two replicas, each at its frequency, and of one at frequency zero."""

POWER, GAIN = symbols("P_0 G_0", real=True)
"""Equal-time variance and mean slope of phi, averages over the process of one unit."""

PSI = dict(zip(OPERATOR, symbols("psi_phi psi_x", nonnegative=True), strict=True))
"""Integrated pair spectra: N times the mean squared off-diagonal covariance at equal times."""

PSI_LAGS = Symbol("Psi_phi", nonnegative=True)
"""Integral over tau > 0 of N times the mean squared off-diagonal covariance of phi at lag tau."""

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
    transfer = model.network.transfer
    action = disorder_average(model.network.couplings)
    site = SiteMeasure(Delta)
    gain = site.average(Bilinear.of((1, RESPONSE), (1, ACTIVITY)))
    power = site.average(Bilinear.of((1, ACTIVITY), (1, ACTIVITY)))
    strength, feedback = _strength(model), _feedback(model)

    drive = strength * ONE.C + Symbol("noise", nonnegative=True)
    functions = filtered_site(ONE, drive, feedback)

    kernel = fluctuation_kernel(
        action, pair_fields(OPERATORS), SpectralMeasure(OPERATORS, {1: ONE.two_point(), 2: TWO.two_point()})
    )
    columns = {name: kernel.column(k) for name, k in _places(kernel).items()}
    totals = {name: columns[name][k] for name, k in _places(kernel).items()}
    totals["phi"] = positive_factors(totals["phi"].factor())
    pairs = {"psi_phi": totals["phi"] - ONE.C * TWO.C, "psi_x": totals["x"] - ONE.X * TWO.X}

    independent = {eta: S.Zero, **ONE.gaussian(gain), **TWO.gaussian(gain)}
    entries = {name: positive_factors(e.xreplace(independent).factor()) for name, e in totals.items()}
    multiplier = strength * gain**2
    conserved = transfer == DYNAMIC.network.transfer
    transforms = {f"psi_{n}": _transform(e, multiplier, model) for n, e in entries.items()} if conserved else {}
    kinetic = {
        word: (noise.impulse / 2) ** 2 / 2
        for word, noise in model.network.noises.items()
        if conserved and noise.autocovariance == 0
    }
    equation = AutocovarianceEquation(
        unknown=Delta,
        control=g,
        transfer=transfer,
        strength=strength,
        feedback=feedback,
        noises={word: noise.autocovariance for word, noise in model.network.noises.items()},
        impulses={word: noise.impulse for word, noise in model.network.noises.items()},
        noise_spectra={word: noise.spectrum for word, noise in model.network.noises.items()},
        kinetic=kinetic,
        pair_average=Average(phi(x), 0, Normal(mu)),
        power=power,
        gain=gain,
        multiplier=multiplier,
        site=functions,
        pair_spectra=pairs,
        transforms=transforms,
    )
    static_response = transfer.subs(frequency, 0)
    zero = {name: _at_zero(total) for name, total in totals.items()}
    energy = (
        energy_steps(kinetic["white"], Delta**2 / 2 - strength * Symbol("V", nonnegative=True)) if conserved else ()
    )
    inner = [residue_steps(n, entries[n], transforms[f"psi_{n}"], model) for n in OPERATOR] if conserved else []
    ends = limit_steps(model, STATIC.network.noise.variance + strength * power, Delta - strength * power - sigma**2)
    return Theory(
        model=model,
        equation=equation,
        order_parameters=_keyed(
            Quantity("Delta0", Delta, "equal-time variance C_x(0) of x", CLARK, VARIANCE),
            Quantity("C_phi0", POWER, "equal-time variance C_phi(0) of phi", CLARK, VARIANCE),
        ),
        observables=_observables(zero, strength),
        conditions=(
            Condition(
                "multiplier",
                strength * ZERO.S**2,
                "pair correlations do not relax: the state described does not exist",
            ),
        ),
        requirements=(ODD,),
        closure={
            POWER: power,
            GAIN: gain,
            ZERO.S: gain * static_response,
            ZERO.T: static_response,
            ZERO.K: gain * ZERO.X,
        },
        derivation=chain(
            f"Network in time, {model.equation}: two-time fields, autocovariance, pair spectra",
            field_steps(
                model,
                action,
                C(tau) - strength * f(C(tau), Delta) - model.network.noises["ou"].autocovariance if conserved else None,
            ),
            site_steps(ONE, drive, feedback, functions, model.equation),
            energy,
            pair_steps(kernel, columns, totals, independent, entries, gain, _static_block(power, gain)),
            *inner,
            slow_steps(zero["phi"], totals["phi"]),
            ends if conserved else (),
        ),
    )


def _strength(model: Model[NetworkInTime]) -> Expr:
    """Factor of <phi phi> in the spectrum of the field of one unit."""
    action = disorder_average(model.network.couplings)
    responses, activities = Bilinear.of((1, RESPONSE), (2, RESPONSE)), Bilinear.of((1, ACTIVITY), (2, ACTIVITY))
    return action.conjugate(responses).diff(activities.symbol)


def _feedback(model: Model[NetworkInTime]) -> Expr:
    """Factor of the response of the network in the field that a unit's own activity sends back."""
    action = disorder_average(model.network.couplings)
    one, two = Bilinear.of((1, RESPONSE), (2, ACTIVITY)), Bilinear.of((2, RESPONSE), (1, ACTIVITY))
    return action.conjugate(one).diff(two.symbol)


def _places(kernel: Kernel) -> dict[str, int]:
    return {name: kernel.index((1, operator), (2, operator)) for name, operator in OPERATOR.items()}


def _transform(entry: Expr, multiplier: Expr, model: Model[NetworkInTime]) -> PairTransform:
    """The entry integrated over its second frequency, without the squared variance that its constant gives."""
    p, q = POLES
    h, conjugate = (model.network.transfer.subs(frequency, s) for s in (frequency, -frequency))
    # the entry has poles in t where 1 - multiplier h(s) h(t) = 0: at t = -p, p = 1 - multiplier h(s), and at t = q
    in_poles = {ONE.h: (1 - p) / multiplier, ONE.hc: (1 - q) / multiplier}
    in_poles |= {TWO.h: model.network.transfer.subs(frequency, _t), TWO.hc: model.network.transfer.subs(frequency, -_t)}
    total: Expr = S.Zero
    for first, outer in ((ONE.C, L_phi), (ONE.X, L_x)):
        for second, inner in ((TWO.C, L_phi), (TWO.X, L_x)):
            response = entry.diff(first, second).subs(in_poles)  # the entry is bilinear in the spectra
            if response != 0:
                _, right, left = inner_integral(response.cancel(), _t, p, q)
                total += outer(frequency) * (right * inner(p) + left * inner(q))
    return PairTransform({p: 1 - multiplier * h, q: 1 - multiplier * conjugate}, total)


def _at_zero(total: Expr) -> Expr:
    """A pair spectrum at frequency zero in both replicas, where everything is real."""
    return total.xreplace(TWO.renamed(ONE)).xreplace(ONE.real()).xreplace(ONE.renamed(ZERO)).factor()


def _in_squares(expression: Expr) -> Expr:
    """With factors in g^2 S^2, S the static response, where the expression is even in S."""
    square = Symbol("square", positive=True)
    even = expression.subs(ZERO.S, sqrt(square)).expand().factor()
    return positive_factors(expression if even.has(sqrt(square)) else even).subs(square, ZERO.S**2)


def _static_block(power: Expr, gain: Expr) -> tuple[Matrix, dict[Symbol, Expr]]:
    """The block of the static network from its own kernel, and what one-site functions become when nothing changes in time."""
    pairs = static.pair_statistics(disorder_average(STATIC.network.couplings), SiteMeasure(Delta))
    places = list(_places(pairs.kernel).values())
    limits: dict[Symbol, Expr] = {}
    for s in (ONE, TWO):
        limits |= {s.h: S.One, s.hc: S.One, s.C: power, s.X: Delta}
    return pairs.covariance.extract(places, places), limits


def _observables(zero: dict[str, Expr], strength: Expr) -> dict[str, Quantity]:
    variance = {"phi": POWER, "x": Delta}
    spectrum = {"phi": ZERO.C, "x": ZERO.X}
    dimension = {name: variance[name] ** 2 / (variance[name] ** 2 + PSI[name]) for name in OPERATOR}
    at_zero = {name: _in_squares((spectrum[name] ** 2 / zero[name]).factor()) for name in OPERATOR}
    ratio = "participation ratio over N of"
    windows = "covariances at zero frequency (long windows)"
    return _keyed(
        Quantity("gain", GAIN, "mean response <phi'>", CLARK),
        Quantity(
            "kappa2",
            1 - strength * ZERO.S**2,
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


def _keyed(*quantities: Quantity) -> dict[str, Quantity]:
    return {q.key: q for q in quantities}
