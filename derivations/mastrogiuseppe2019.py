r"""Mastrogiuseppe, Ostojic 2019: global stability in trained feedback networks (Neural Computation 31, 1139, arXiv 1809.02386).

The claims as re-derived (equations are not quoted from the paper).  Each typed formula on the paper's side is compared with what
the engine derives, as a canonical form for a generic phi; each number with the generated solver.  Model, mean field, outliers and
the classes of readouts are the paper's; exact results for least squares, closed forms at the target and everything about
activations other than tanh are derived here.  `derivations.mastrogiuseppe` holds the claims.
"""

from __future__ import annotations

from derivations.claims import Paper
from derivations.mastrogiuseppe import chaos, mean_field, numbers, simulation, targets, training
from derivations.mastrogiuseppe.loop import REFERENCE

PAPER = Paper.of(
    "mastrogiuseppe2019",
    "A geometrical analysis of global stability in trained feedback networks",
    REFERENCE,
    *(part.claims for part in (mean_field, targets, numbers, training, chaos, simulation)),
    not_covered=(
        "a target that loses stability by a complex pair (trace above 2): predicted where m and I all but cancel, not confirmed "
        "by simulation",
        "recursive least squares: no theory of its outlier; it depends on the transient and on the penalty",
        "the arrays of Fig. 1e that the public code stores",
        "the paper's own figures on training: sizes of networks and penalties are not known",
        "linear stability of chaotic states: the slope of the output is an adiabatic argument",
    ),
    note="tanh where nothing else is said. Statements are given as re-derived, not quoted; P = <phi^2>, Q = <phi'>, primes on "
    "P and Q derivatives in Delta; s = <m x> = <m^2> z + <m I>, snx = <n x> = C (snm z + snI), G = g^2 P', a = C snm Q, "
    "theta = 2 snx s Q', R = g <phi'^2>^(1/2); outliers and R are those of the Jacobian without its leak, stable below 1.",
)
