r"""What the claims of Mato, Rigatuso, Torroba 2025 are stated in, and what the engine derives for it.

Notation: gamma = g^2 <phi'>^2,  s = 1 - sigma^2/Delta,  m_q = <|z|^q> for z ~ N(0, 1).
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath
from sympy import Expr, sqrt

from derivations.comparison import DIGITS, number
from theory.averages.average import Average
from theory.derivation import same
from theory.models import derive
from theory.models.static import STATIC
from theory.symbols import Delta, g, phi, sigma, x

REFERENCE = STATIC.reference

POWER = Average(phi(x) ** 2)
GAIN = Average(phi(x), 1)
GAMMA = g**2 * GAIN**2
S = 1 - sigma**2 / Delta

GENERIC = "canonical forms compared for a generic phi"
NUMBERS = f"{DIGITS} digits, averages by certified quadrature, at"


def derived(key: str) -> Expr:
    """What the engine derives under a canonical key, for a generic phi."""
    theory = derive("static")
    places = {"self_consistency": "right", "slope": "slope", "control": "control_at"}
    return getattr(theory.equation, places[key]) if key in places else theory.quantities[key].expression


def at_saddle(expression: Expr) -> Expr:
    """With sigma eliminated by the self-consistency Delta = sigma^2 + g^2 <phi^2>."""
    return expression.subs(sigma, sqrt(Delta - g**2 * POWER))


def matches(key: str, formula: Expr) -> Callable[[], bool]:
    """Check that a claimed formula is what the engine derives under a key."""
    return lambda: same(at_saddle(derived(key)), at_saddle(formula))


def coupling(text: str, variance: Expr, noise: Expr | int = 1) -> mpmath.mpf:
    """The g at which `variance` is the solution, from the engine."""
    return number(derived("control"), text, Delta=variance, sigma=noise)


def on_branch(key: str, text: str, variance: Expr, noise: Expr | int = 1) -> mpmath.mpf:
    """A result of the engine where `variance` is the solution, for noise of standard deviation `noise`."""
    return number(at_saddle(derived(key)).subs(g, derived("control")), text, Delta=variance, sigma=noise)


def moment(q: mpmath.mpf | int) -> mpmath.mpf:
    """<|z|^q> for z ~ N(0, 1)."""
    return 2 ** (mpmath.mpf(q) / 2) * mpmath.gamma((mpmath.mpf(q) + 1) / 2) / mpmath.sqrt(mpmath.pi)
