r"""Clark, Abbott, Litwin-Kumar 2023: dimension of activity in random neural networks (PRL 131 118401, arXiv 2207.12373).

The claims as re-derived (equations are not quoted from the paper).  Each typed formula on the paper's side is compared with what
the engine derives, as a canonical form for a generic phi; each number with the generated solver.  What goes beyond independent
couplings and the leading orders is marked as derived here.  `derivations.clark` holds the claims.
"""

from __future__ import annotations

from derivations.claims import Paper
from derivations.clark import limits, numbers, sites
from derivations.clark.quantities import REFERENCE

PAPER = Paper.of(
    "clark2023",
    "Dimension of activity in random neural networks",
    REFERENCE,
    *(part.claims for part in (sites, limits, numbers)),
    not_covered=(
        "chaotic networks with partially symmetric couplings: simulated with noise only",
        "activations that are not odd: each unit has a frozen mean activity of its own",
        "the shape of psi(tau, tau) against simulations: deviations of single networks of 1000 units are not explained",
    ),
    note="Odd phi, 1/(1+s) for the unit where nothing else is said. Statements are given as re-derived, not quoted; S, T responses "
    "of phi and x at one frequency, C, X their spectra, K = <phi x*>, y = g^2 S1 S2, z = eta g^2 S1 S2*, "
    "kappa^2 = 1 - g^2 <phi'>^2.",
)
