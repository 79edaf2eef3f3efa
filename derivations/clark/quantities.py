r"""What the claims of Clark, Abbott, Litwin-Kumar 2023 are stated in.

Notation, at two frequencies 1 and 2: S response of phi, T of x; C, X spectra of phi and x; K = <phi x*>;
y = g^2 S_1 S_2,  z = eta g^2 S_1 S_2*.
"""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr

from derivations.comparison import solver
from theory.engine.cavity_in_time import ONE, TWO
from theory.models import derive
from theory.symbols import eta, g

REFERENCE = "Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401"

Y, YC = g**2 * ONE.S * TWO.S, g**2 * ONE.Sc * TWO.Sc
Z, ZC = eta * g**2 * ONE.S * TWO.Sc, eta * g**2 * ONE.Sc * TWO.S

GENERIC = "path integral, canonical forms compared for a generic phi and any filter"
TANH, ERF = "tanh(x)", "erf(sqrt(pi)/2*x)"


def pair_spectrum(name: str) -> Expr:
    """``psi_phi`` or ``psi_x`` as the path integral derives it."""
    return derive("dynamic").equation.pair_spectra[name]


@lru_cache(maxsize=64)
def values(text: str, **given: float | str) -> dict[str, float]:
    """Order parameters and observables of one solution."""
    return dict(solver("dynamic", text).solve(**given).leading)
