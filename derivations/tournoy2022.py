r"""Tournoy, Doiron 2022: a step towards uncovering the structure of multistable neural networks (arXiv 2210.03241).

The claims of the abstract, in the words of this toolkit, and theorems that are derived here, each on random networks in rational
numbers; `derivations.tournoy` holds them. `NOTE` says what that means.
"""

from __future__ import annotations

from derivations.claims import Claims, Paper
from derivations.tournoy import motion, refuted, states, storage
from theory.models import derive

NOTE = (
    "Only the abstract was available. Claims that begin with one of its subjects (topology, sign stability, semipositivity, "
    "factorization, completion, coupling) say what these subjects mean here; none is a theorem of the paper by number or wording, "
    "and its definition of the coupling of patterns is not known. The derivation has the identities behind the theorems; each is "
    "then tried on random networks, which proves nothing, by the functions that answer users. States are stable if all fields "
    "have their signs strictly."
)
argument = Claims()


@argument("Every step of the derivation holds, and reads what it shows", "derivation replayed")
def _derivation() -> bool:
    derive("threshold").check()
    return True


PAPER = Paper.of(
    "tournoy2022",
    "A Step Towards Uncovering The Structure of Multistable Neural Networks",
    "Tournoy, Doiron 2022, arXiv 2210.03241",
    argument,
    *(part.claims for part in (motion, states, storage, refuted)),
    not_covered=(
        "the theorems, equations and figures of the full text",
        "whether an equilibrium with two or more sliding units attracts: its index is known, no more",
        "convergence of almost all trajectories for W >= 0 from cues that do not support themselves",
        "the largest number of stable states without self-coupling for five units and more",
        "capacities of weights with prescribed signs for patterns of zeros and ones",
    ),
    note=NOTE,
)
