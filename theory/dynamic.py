r"""The network in time, ``x' = -x + J phi(x) + xi(t)``: its large-N theory assembled from the collective-field engine.

Sources: Sompolinsky, Crisanti, Sommers 1988, PRL 61 259 (autocovariance without noise); Clark, Abbott, Litwin-Kumar 2023, PRL 131
118401 (dimension of activity); Mato, Rigatuso, Torroba 2025, arXiv 2510.21742 (white and coloured noise).
"""

from __future__ import annotations

from functools import lru_cache
from math import inf

from sympy import Expr, Matrix, S, Symbol, symbols

from theory import static
from theory.derivation import chain
from theory.equations import AutocovarianceEquation, C, PairTransform, f
from theory.fields.collective import (
    ACTIVITY,
    PREACTIVATION,
    RESPONSE,
    Bilinear,
    Kernel,
    Operator,
    SiteMeasure,
    disorder_average,
    fluctuation_kernel,
    in_multiplier,
    pair_fields,
)
from theory.fields.intime import (
    CLARK,
    energy_steps,
    field_steps,
    limit_steps,
    residue_steps,
    spectral_steps,
)
from theory.fields.spectral import L_phi, L_x, Spectra, SpectralMeasure, inner_integral
from theory.gaussian.average import Average
from theory.models import DYNAMIC, STATIC
from theory.symbols import Delta, frequency, g, mu, phi, sigma, tau, x
from theory.theory import Condition, Quantity, Requirement, Theory

OPERATORS = (RESPONSE, ACTIVITY, PREACTIVATION)
OBSERVED: dict[str, Operator] = {"phi": ACTIVITY, "x": PREACTIVATION}
VARIANCE, FRACTION = (0.0, inf), (0.0, 1.0)
ODD = Requirement(
    lambda activation: activation.parity == "odd",
    "phi must be odd, phi(-x) = -phi(x); the frozen mean activity of other activations is not covered yet",
)
PSI = dict(zip(OBSERVED, symbols("psi_phi psi_x", nonnegative=True), strict=True))
"""Integrated pair spectra: N times the mean squared off-diagonal covariance at equal times."""

AT_ZERO = dict(zip(OBSERVED, symbols("S_phi S_x", nonnegative=True), strict=True))
"""Spectra of phi and x at frequency zero."""

POLES = symbols("p q")
_t = Symbol("t")


@lru_cache(maxsize=1)
def derive() -> Theory[AutocovarianceEquation]:
    """Derive the theory of the network in time for a generic odd activation.

    Returns
    -------
    Theory
        Order parameters `Delta0` = C_x(0), `C_phi0` = C_phi(0); observables `gain`, `kappa2`, `PR_x`, `PR_phi` (equal times),
        `PR0_x`, `PR0_phi` (zero frequency).
    """
    action = disorder_average(DYNAMIC.couplings)
    site = SiteMeasure(Delta)
    gain = site.average(Bilinear.of((1, RESPONSE), (1, ACTIVITY)))
    power = site.average(Bilinear.of((1, ACTIVITY), (1, ACTIVITY)))

    spectra = {replica: Spectra.of(replica) for replica in (1, 2)}
    two_point = {replica: s.two_point(gain) for replica, s in spectra.items()}
    kernel = fluctuation_kernel(action, pair_fields(OPERATORS), SpectralMeasure(OPERATORS, two_point))
    covariance = kernel.covariance()
    entries = {name: covariance[k, k] for name, k in _places(kernel).items()}
    shown = _block(covariance, kernel)
    multiplier = kernel.multipliers()[0].subs(spectra[1].h, 1).subs(spectra[2].h, 1)

    transforms = {f"psi_{name}": _transform(entry, multiplier, spectra) for name, entry in entries.items()}
    strength = 2 * action.conjugate(Bilinear.of((1, RESPONSE), (1, RESPONSE))).diff(
        Bilinear.of((1, ACTIVITY), (1, ACTIVITY)).symbol
    )
    kinetic = {
        word: (noise.impulse / 2) ** 2 / 2 for word, noise in DYNAMIC.noises.items() if noise.autocovariance == 0
    }
    equation = AutocovarianceEquation(
        unknown=Delta,
        control=g,
        strength=strength,
        noises={word: noise.autocovariance for word, noise in DYNAMIC.noises.items()},
        kinetic=kinetic,
        pair_average=Average(phi(x), 0, mu, Delta),
        gain=gain,
        multiplier=multiplier,
        transforms=transforms,
    )
    return Theory(
        model=DYNAMIC,
        equation=equation,
        order_parameters=_keyed(
            Quantity("Delta0", Delta, "equal-time variance C_x(0) of x", CLARK, VARIANCE),
            Quantity("C_phi0", power, "equal-time variance C_phi(0) of phi", CLARK, VARIANCE),
        ),
        observables=_observables(entries, spectra, power, gain, multiplier),
        conditions=(
            Condition("multiplier", multiplier, "pair correlations do not relax: the state described does not exist"),
        ),
        requirements=(ODD,),
        derivation=chain(
            "Network in time: two-time fields, autocovariance, pair spectra",
            field_steps(DYNAMIC, action, C(tau) - strength * f(C(tau), Delta) - DYNAMIC.noises["ou"].autocovariance),
            energy_steps(kinetic["white"], Delta**2 / 2 - strength * Symbol("V", nonnegative=True)),
            spectral_steps(kernel, covariance, shown, two_point[1], _constant_noise(spectra, power), _static_block),
            *(residue_steps(name, entries[name], transforms[f"psi_{name}"]) for name in OBSERVED),
            limit_steps(DYNAMIC, STATIC.noise.variance + strength * power, Delta - strength * power - sigma**2),
        ),
    )


def _places(kernel: Kernel) -> dict[str, int]:
    return {name: kernel.index((1, operator), (2, operator)) for name, operator in OBSERVED.items()}


def _block(covariance: Matrix, kernel: Kernel) -> Matrix:
    places = list(_places(kernel).values())
    return covariance.extract(places, places)


def _transform(entry: Expr, multiplier: Expr, spectra: dict[int, Spectra]) -> PairTransform:
    """The entry integrated over its second frequency, without the squared variance that its constant gives."""
    one, two = spectra[1], spectra[2]
    p, q = POLES
    h, conjugate = (DYNAMIC.transfer.subs(frequency, s) for s in (frequency, -frequency))
    # the entry has poles in t where 1 - multiplier h(s) h(t) = 0: at t = -p, p = 1 - multiplier h(s), and at t = q
    in_poles = {one.h: (1 - p) / multiplier, one.conjugate: (1 - q) / multiplier}
    in_poles |= {two.h: DYNAMIC.transfer.subs(frequency, _t), two.conjugate: DYNAMIC.transfer.subs(frequency, -_t)}
    total: Expr = S.Zero
    for first, outer in ((one.phi, L_phi), (one.x, L_x)):
        for second, inner in ((two.phi, L_phi), (two.x, L_x)):
            response = entry.diff(first, second).subs(in_poles)  # the entry is bilinear in the spectra
            if response != 0:
                _, right, left = inner_integral(response.cancel(), _t, p, q)
                total += outer(frequency) * (right * inner(p) + left * inner(q))
    return PairTransform({p: 1 - multiplier * h, q: 1 - multiplier * conjugate}, total)


def _constant_noise(spectra: dict[int, Spectra], power: Expr) -> dict[Symbol, Expr]:
    """Responses and spectra when nothing changes in time: responses 1, spectra the variances."""
    limits: dict[Symbol, Expr] = {}
    for s in spectra.values():
        limits |= {s.h: S.One, s.conjugate: S.One, s.phi: power, s.x: Delta}
    return limits


def _static_block() -> Matrix:
    """The block of the static network, from its own kernel."""
    pairs = static.pair_statistics(disorder_average(STATIC.couplings), SiteMeasure(Delta))
    return _block(pairs.covariance, pairs.kernel)


def _observables(
    entries: dict[str, Expr], spectra: dict[int, Spectra], power: Expr, gain: Expr, multiplier: Expr
) -> dict[str, Quantity]:
    variance = {"phi": power, "x": Delta}
    slow: dict[Symbol, Expr] = {}
    for s in spectra.values():
        slow |= {s.h: S.One, s.conjugate: S.One, s.phi: AT_ZERO["phi"], s.x: AT_ZERO["x"]}
    dimension = {name: variance[name] ** 2 / (variance[name] ** 2 + PSI[name]) for name in OBSERVED}
    at_zero = {name: in_multiplier(AT_ZERO[name] ** 2 / entries[name].xreplace(slow), multiplier) for name in OBSERVED}
    ratio = "participation ratio over N of"
    return _keyed(
        Quantity("gain", gain, "mean response <phi'>", CLARK),
        Quantity("kappa2", 1 - multiplier, "squared decay rate 1 - g^2 <phi'>^2 of C at long lags", CLARK, FRACTION),
        Quantity("PR_x", dimension["x"], f"{ratio} x, equal-time covariances", CLARK, FRACTION),
        Quantity("PR_phi", dimension["phi"], f"{ratio} phi, equal-time covariances", CLARK, FRACTION),
        Quantity("PR0_x", at_zero["x"], f"{ratio} x, covariances at zero frequency (long windows)", CLARK, FRACTION),
        Quantity(
            "PR0_phi", at_zero["phi"], f"{ratio} phi, covariances at zero frequency (long windows)", CLARK, FRACTION
        ),
    )


def _keyed(*quantities: Quantity) -> dict[str, Quantity]:
    return {q.key: q for q in quantities}
