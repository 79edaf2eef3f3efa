"""Networks of threshold units: enumeration, exact trajectories, designs, and the comparison with steep sigmoids."""

from __future__ import annotations

from numerics.settings import Question, Setting
from numerics.treatment import Simulator, Treatment
from theory.lazy import Later
from theory.models.threshold import THRESHOLD
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

TREATMENT = Treatment(
    model=THRESHOLD,
    method=Later("numerics.solve.threshold:THRESHOLD"),
    simulator=Simulator(run=Later("numerics.threshold.simulation:simulate"), sizes=(), couplings=()),
    comparison=Later("numerics.threshold.simulation:compare_states"),
    settings={"simulate": RUNS, "validate": (STARTS,)},
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
        ),
    ),
    picture=Later("numerics.threshold.questions:picture"),
    example="network.json",
)
