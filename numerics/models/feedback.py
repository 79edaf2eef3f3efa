"""Trained feedback networks: fixed points of the loop, responses, training, the chaotic state of an unstable target."""

from __future__ import annotations

from numerics.settings import Question, Setting
from numerics.treatment import Simulator, Treatment
from numerics.view import Panel, States, View
from theory.lazy import Later
from theory.models.feedback import FEEDBACK

REGIMES = ("monostable", "bistable", "unstable target", "chaotic", "continuum")
"""What a target is: the only stable state; one of several; a saddle or otherwise unstable; unstable in the bulk; one of a line."""

TRAINING = (
    Setting(
        "training",
        "train the readout of each network and release it, instead of the amplitude of the theory",
        words=("class", "least_squares", "ridge", "force"),
    ),
    Setting("ridge", "penalty of ridge regression per unit", (), 0, 10**6, whole=False, needs="training"),
    Setting("alpha", "penalty of recursive least squares (force)", (), 1e-9, 10**9, whole=False, needs="training"),
    Setting(
        "T", "time of training by force, and of runs after the release", (), 1, 10**6, whole=False, needs="training"
    ),
    Setting("dt", "time step of training by force", (), 1e-4, 1, whole=False, needs="training"),
    Setting(
        "final_states",
        "random initial states from which each network is released",
        (),
        0,
        1000,
        needs="training",
    ),
    Setting("spread", "standard deviation of these states", (), 0, 1000, whole=False, needs="training"),
    Setting(
        "curve", "outputs z at which the curve H(z) of each trained network is taken", spans=True, needs="training"
    ),
)

TREATMENT = Treatment(
    model=FEEDBACK,
    method=Later("numerics.solve.readout:READOUT"),
    simulator=Simulator(
        run=Later("numerics.readout.training:simulate"),
        couplings=(480, 240, 120),
        pilot=8,
    ),
    settings={
        "solve": (Setting("ridge", "penalty per unit", (), 0, 10**6, whole=False, needs="--least-squares"),),
        "simulate": TRAINING,
    },
    questions=(
        Question(
            "frequency",
            "angular frequency at which responses of the output are wanted; may be given several times",
            Later("numerics.readout.response:answer"),
            value="W",
            takes_numbers=True,
        ),
        Question(
            "least-squares",
            "also the readout that least squares (or with ridge=..., ridge regression) fits at the target, and every state "
            "of its loop",
            Later("numerics.readout.least_squares:answer"),
        ),
    ),
    replacement=Later("numerics.chaos.target:chaotic_feedback_of"),
    replacing_simulator=Simulator(
        run=Later("numerics.simulate.clamped:simulate"),
        couplings=(160, 80, 40),
        pilot=2,
    ),
    view=View(
        panels=(
            Panel(("outlier", "bulk_radius", "lambda_ls"), "real part of eigenvalues", line=1.0),
            Panel(("Delta0", "C_phi"), "variance"),
        ),
        columns=("C", "Delta0", "outlier", "bulk_radius", "lambda_ls", "regime"),
        labels={
            "C": r"$C$",
            "Delta0": r"$\Delta_0$",
            "C_phi": r"$\langle\phi^2\rangle$",
            "gain": r"$\langle\phi'\rangle$",
            "outlier": "outliers",
            "bulk_radius": "bulk radius",
            "lambda_ls": "outlier, least squares",
            "H_slope": r"$H'(A)$",
            "overlap": r"$A/C$",
            "Sm": r"$S_m$",
            "SI": r"$S_I$",
            "pm": r"$p_m$",
            "pI": r"$p_I$",
            "A_c": r"$A_c$",
            "A_b": r"$A_b$",
        },
        network={"N": 300, "couplings": 12},
        states=States(
            target="A",
            pole="flex",
            marks={
                "flex": "pole of the amplitude",
                "A_c": "an outlier is 1",
                "A_b": "a second stable state appears",
            },
            limits={"bulk_radius": (1.0, "the bulk is unstable")},
            order=REGIMES,
        ),
    ),
    example="-a 'tanh(x)' g=0.3 Sm=1.2 SI=0.5 rho=0.5 p=1 pm=1 pI=0.3 A=-0.5",
)
