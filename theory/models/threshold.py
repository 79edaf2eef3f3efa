"""Networks of threshold units with given weights: multistable, without randomness (Tournoy, Doiron 2022)."""

from __future__ import annotations

from theory.lazy import Later
from theory.model import Choice, FileParameter, Model

NETWORK = FileParameter(
    "network",
    "weights W[i][j] from unit j onto unit i, and biases b = I - theta",
    content='{"W": [["0", "-1/2"], ...], "b": ["1", ...]} as JSON, or N rows of N numbers, or of N + 1 with b last, as CSV or NPY',
    read=Later("theory.threshold.reading:network_of"),
    leads=True,
)

PATTERNS = FileParameter(
    "patterns",
    "states that are to be stable",
    content='one pattern such as 0110 a line, or {"patterns": ["0110", ...], "diag": ...} as JSON',
    read=Later("theory.threshold.reading:patterns_of"),
    leads=True,
)
"""What a design and the inequalities start from."""

THRESHOLD: Model[None] = Model(
    name="threshold",
    equation="dy_i/dt = -y_i + sum_j W_ij H(y_j) + b_i, H(y) = 1 for y > 0 and 0 for y < 0",
    parameters=(NETWORK,),
    reference="Tournoy, Doiron 2022, arXiv 2210.03241",
    derive_theory=Later("theory.threshold.theory:derive"),
    choices=(
        Choice(
            "method",
            "how stable states are enumerated",
            ("auto", "brute", "tree", "product", "milp", "sweep", "cooperative"),
            default="auto",
        ),
    ),
    needs_activation=False,
    needs_couplings=False,
)

MODEL = THRESHOLD
