r"""What the claims of Clark, Abbott, Litwin-Kumar 2023 are stated in.

Notation, at two frequencies 1 and 2: S response of phi, T of x; C, X spectra of phi and x; K = <phi x*>;
y = g^2 S_1 S_2,  z = eta g^2 S_1 S_2*.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sympy import Expr

from numerics.solve.solver import Solver
from theory.fields.cavity_in_time import ONE, TWO, PairSpectra, two_site_cavity_in_time
from theory.models import derive
from theory.models.dynamic import DYNAMIC
from theory.symbols import eta, g

Row = tuple[str, str, Callable[[], bool]]
"""Statement, how it is checked, and the check."""

REFERENCE = "Clark, Abbott, Litwin-Kumar 2023, PRL 131 118401"

Y, YC = g**2 * ONE.S * TWO.S, g**2 * ONE.Sc * TWO.Sc
Z, ZC = eta * g**2 * ONE.S * TWO.Sc, eta * g**2 * ONE.Sc * TWO.S

GENERIC = "path integral, canonical forms compared for a generic phi and any filter"
TANH, ERF = "tanh(x)", "erf(sqrt(pi)/2*x)"


def pair_spectrum(name: str) -> Expr:
    """``psi_phi`` or ``psi_x`` as the path integral derives it."""
    return derive("dynamic").equation.pair_spectra[name]


def by_cavity() -> PairSpectra:
    """The same by the two-site cavity."""
    return two_site_cavity_in_time(DYNAMIC.network.couplings)


@lru_cache(maxsize=16)
def solver(text: str) -> Solver:
    """The solver of one activation."""
    return Solver("dynamic", text)


@lru_cache(maxsize=64)
def values(text: str, **given: float | str) -> dict[str, float]:
    """Order parameters and observables of one solution."""
    return dict(solver(text).solve(**given).leading)


def close(value: float, claimed: float, tolerance: float) -> bool:
    """Relative agreement."""
    return abs(value - claimed) <= tolerance * abs(claimed)
