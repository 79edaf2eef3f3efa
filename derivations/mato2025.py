r"""Mato, Rigatuso, Torroba 2025: statistics of correlations in nonlinear recurrent neural networks (arXiv 2510.21742).

The claims as re-derived (equations are not quoted from the paper).  Each typed formula on the paper's side is compared with what
the engine derives: as a canonical form for a generic phi, or to 25 digits for concrete activations, where every average of the
engine's expression is certified by mpmath quadrature; or with a simulation of the network.  `derivations.mato` holds the claims.
"""

from __future__ import annotations

from derivations.claims import Paper
from derivations.mato import beyond, leading, one_loop, powerlaws
from derivations.mato.quantities import REFERENCE

PAPER = Paper.of(
    "mato2025",
    "Statistics of correlations in nonlinear recurrent neural networks",
    REFERENCE,
    *(part.claims for part in (leading, powerlaws, one_loop, beyond)),
    not_covered=(
        "1/N terms of covariances and dimensions for activations that are not odd",
        "p <= 1/2 at strong coupling: the fixed point is unstable, its 1/N terms are those of the formal saddle; the variances of "
        "the chaotic state are derived, its covariances are not",
    ),
    note="Static noise and odd phi where nothing else is said. Statements are given as re-derived, not quoted; "
    "gamma = g^2 <phi'>^2, s = 1 - sigma^2/Delta, G_p = 2 Gamma(1+p/2)^2/(sqrt(pi) Gamma(p+1/2)), m_q = <|z|^q>, z ~ N(0, 1).",
)
