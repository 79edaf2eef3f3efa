"""One unit: two-time self-consistency, energy condition, onset of chaos, feedback of partially symmetric couplings."""

from __future__ import annotations

from math import asin, pi, sqrt
from typing import Any

import numpy as np
from scipy import integrate
from sympy import Expr, Symbol

from derivations.clark.quantities import ERF, GENERIC, TANH, Row, close, solver, values
from theory.derivation import same
from theory.errors import DomainError
from theory.fields.cavity_in_time import ONE
from theory.models import derive
from theory.models.dynamic import DYNAMIC
from theory.symbols import eta, frequency, g, sigma

_NOISE = Symbol("noise", nonnegative=True)
_ENERGY: tuple[tuple[str, dict[str, Any]], ...] = (
    (TANH, {"g": 1.5, "noise": "none"}),
    (TANH, {"g": 3.0, "noise": "none"}),
    (ERF, {"g": 2.0, "noise": "none"}),
    (TANH, {"g": 1.5, "sigma": 1.0, "noise": "white"}),
    (ERF, {"g": 1.5, "sigma": 1.0, "noise": "white"}),
)


def _self_consistency() -> bool:
    """X = |h|^2 (g^2 C + noise); no noise and white noise have no autocovariance at tau > 0."""
    equation = derive("dynamic").equation
    plain = same(equation.site.spectrum_x.subs(eta, 0), ONE.h * ONE.hc * (g**2 * ONE.C + _NOISE))
    spectra = {"none": 0, "white": sigma**2}
    silent = all(equation.noises[word].autocovariance == 0 for word in spectra)
    both_ends = 1 / (DYNAMIC.network.transfer * DYNAMIC.network.transfer.subs(frequency, -frequency))
    return (
        plain
        and silent
        and all(equation.noises[word].spectrum == value for word, value in spectra.items())
        and same(both_ends, 1 - frequency**2)
    )


def _spread_of_primitive(text: str, variance: float) -> float:
    """Var Phi: log cosh by quadrature; for erf the arcsine law integrated."""
    if text == ERF:
        b = variance + 2 / pi
        u = variance / b
        return 2 / pi * b * (u * asin(u) - u * u / (1 + sqrt(1 - u * u)))
    deviation = sqrt(variance)

    def mean(power: int) -> float:
        def weighted(v: float) -> float:
            y = deviation * v
            return float((y + np.log1p(np.exp(-2 * y)) - np.log(2)) ** power * np.exp(-v * v / 2))

        return 2 * integrate.quad(weighted, 0, 14, epsabs=0, epsrel=1e-13, limit=400)[0] / sqrt(2 * pi)

    return mean(2) - mean(1) ** 2


def _energy() -> bool:
    for text, given in _ENERGY:
        variance, strength = values(text, **given)["Delta0"], given["g"]
        kinetic = given.get("sigma", 0.0) ** 4 / 8
        left = variance**2 / 2 - kinetic
        if not close(strength**2 * _spread_of_primitive(text, variance), left, 1e-11):
            return False
    return True


def _onset() -> bool:
    """No activity below g = 1/phi'(0), some above."""
    for text, critical in (("tanh(2*x)", 0.5), (ERF, 1.0)):
        try:
            solver(text).solve(g=0.99 * critical, noise="none")
            return False
        except DomainError:
            pass
        if not values(text, g=1.1 * critical, noise="none")["Delta0"] > 0:
            return False
    return True


def _feedback() -> bool:
    """T = h (1 + eta g^2 S^2), K = h* (S hh + eta g^2 S* C), X likewise, hh = g^2 C + noise."""
    site = derive("dynamic").equation.site
    hh, back = g**2 * ONE.C + _NOISE, eta * g**2
    claimed: tuple[tuple[Expr, Expr], ...] = (
        (site.response_x, ONE.h * (1 + back * ONE.S**2)),
        (site.cross, ONE.hc * (ONE.S * hh + back * ONE.Sc * ONE.C)),
        (
            site.spectrum_x,
            ONE.h * ONE.hc * (hh + back * (ONE.S**2 + ONE.Sc**2) * hh + back**2 * ONE.S * ONE.Sc * ONE.C),
        ),
    )
    return all(same(derived, formula) for derived, formula in claimed)


ROWS: tuple[Row, ...] = (
    (
        "Two-time self-consistency: (1 + omega^2) X = g^2 C + noise, with C the spectrum of <phi(u) phi(v)> over Gaussian u, v of "
        "covariance C_x(tau)",
        GENERIC,
        _self_consistency,
    ),
    (
        "Energy condition: Delta0^2/2 = g^2 Var Phi, Phi' = phi, without noise; with white noise less sigma^4/8",
        "solutions inserted, Var Phi of tanh by quadrature of log cosh, of erf from the arcsine law, 11 digits",
        _energy,
    ),
    (
        "Without noise activity sets in at g = 1/phi'(0)",
        "the generated solver on both sides of it, tanh(2 x) and erf",
        _onset,
    ),
    (
        "Partially symmetric couplings, feedback eta g^2 S: T = h (1 + eta g^2 S^2), K = h* (S hh + eta g^2 S* C), "
        "X = |h|^2 (hh + 2 eta g^2 Re(S^2) hh + eta^2 g^4 |S|^2 C), hh = g^2 C + noise",
        "one-site cavity with the Furutsu-Novikov theorem, canonical forms compared for a generic phi and any filter",
        _feedback,
    ),
)
