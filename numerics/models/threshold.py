"""Networks of threshold units: enumeration, exact trajectories, designs, and the comparison with steep sigmoids."""

from __future__ import annotations

from numerics.settings import Question, Setting
from numerics.treatment import Simulator, Treatment
from theory.lazy import Later
from theory.models.threshold import PATTERNS, THRESHOLD
from theory.text.numbers import DECIMAL

_NUMBER = rf"{DECIMAL}(?:/[0-9]+)?"
STARTS = Setting(
    "starts", "initial states of steep sigmoids; of up to ten units at least one in each region", (), 1, 100_000
)
RUNS = (
    Setting(
        "cue",
        "the exact trajectory from these active units (y = 1, else -1), or with form=R from these rates",
        pattern="[01]+",
        form="a text such as 0110, a 0 or 1 for each unit",
    ),
    Setting("form", "C: dy/dt = -y + W H(y) + b; R: dr/dt = -r + H(W r + b)", words=("C", "R"), needs="cue"),
    Setting(
        "y0",
        "the exact trajectory from this point",
        pattern=rf"{_NUMBER}(,{_NUMBER})*",
        form="numbers such as 1/2,-0.3, one for each unit",
    ),
    Setting("events", "events after which a trajectory is left", (), 1, 100_000),
    STARTS,
    Setting("steepness", "of the sigmoids, fields being within -1 and 1", (), 10, 10_000, whole=False),
)
DESIGN = (
    Setting(
        "diag",
        "weights of units onto themselves, here or in the file; with diag=free any states can be stored",
        words=("free", "zero", "nonpositive"),
    ),
    Setting("bias", "biases", words=("free", "zero")),
    Setting(
        "signs",
        "Dale's law: signs of all weights from each unit",
        pattern="[+-]+",
        form="a text such as ++-, a sign for each unit",
    ),
    Setting(
        "objective",
        "any weights (if not given), those of least norm, of largest margin, or small integers",
        words=("feasible", "minnorm", "margin", "integer"),
    ),
)

TREATMENT = Treatment(
    model=THRESHOLD,
    method=Later("numerics.solve.threshold:THRESHOLD"),
    simulator=Simulator(run=Later("numerics.threshold.simulation:simulate"), sizes=(), couplings=()),
    comparison=Later("numerics.threshold.simulation:compare_states"),
    settings={"simulate": RUNS, "validate": (STARTS,), "design": DESIGN, "derive": DESIGN[:3]},
    files={"design": PATTERNS, "derive": PATTERNS},
    derivation_for=Later("numerics.threshold.questions:inequalities_for"),
    design=Later("numerics.threshold.questions:design_for"),
    verify=Later("theory.threshold.verify:verify"),
    questions=(
        Question(
            "filippov",
            "also all equilibria with units that slide on their threshold, and the sum of their indices",
            Later("numerics.threshold.questions:answer_filippov"),
        ),
        Question(
            "transitions",
            "also the state transition graph, its cycles and terminals",
            Later("numerics.threshold.questions:answer_transitions"),
        ),
        Question(
            "walls",
            "also the focal point of every region, and whether its walls are crossed, slid along or repelling",
            Later("numerics.threshold.questions:answer_walls"),
        ),
        Question(
            "diagram",
            "also the stable states for every p from LOW to HIGH, where entries of W and b are texts such as 1-2*p",
            Later("numerics.threshold.questions:answer_diagram"),
            value="LOW:HIGH",
            pattern=f"{_NUMBER}:{_NUMBER}",
            form="an interval LOW:HIGH such as -1:3/2",
        ),
    ),
    picture=Later("numerics.threshold.questions:picture"),
    example="network.json",
)
