"""Networks that store patterns: weights, spectrum and critical loads."""

from __future__ import annotations

from numerics.settings import Question, Setting
from numerics.treatment import Simulator, Treatment
from numerics.view import Panel, View
from theory.interval import Interval
from theory.lazy import Later
from theory.models.attractor import ATTRACTOR

SPECTRA = (
    Setting("patterns", "stored patterns of each network whose stability is found", (8,), 1),
    Setting("spectrum", "how leading eigenvalues are found", words=("dense", "arnoldi")),
)
DYNAMICS = (
    Setting("T", "time of the dynamics from a changed pattern, in time constants of a unit", (), 0, 10**6, whole=False),
    Setting("perturbation", "size of the perturbation over the spread of the rates", (), 0, 1, whole=False, needs="T"),
    Setting("corrupt", "share of units whose rates are replaced before recall", (), 0, 1, whole=False, needs="T"),
)

TREATMENT = Treatment(
    model=ATTRACTOR,
    method=Later("numerics.solve.patterns:PATTERNS"),
    simulator=Simulator(Later("numerics.simulate.attractor:simulate"), (300, 600, 1200), (32, 16, 8), pilot=2),
    questions=(
        Question(
            "best",
            "also the value of this parameter of the activation, in its range, at which alpha_S is largest; given several "
            "times, of these parameters",
            Later("numerics.solve.patterns:answer_best"),
            value="NAME",
        ),
        Question(
            "boundary",
            "boundary of the bulk of eigenvalues in the complex plane, with about this number of points",
            Later("numerics.solve.patterns:answer_boundary"),
            value="COUNT",
            takes_numbers=True,
            interval=Interval(2, 1000),
            once=True,
        ),
        Question(
            "ridge",
            "also weights of least N K V_r |w|^2 + squared errors of the inputs: their norm and errors; may be given several times",
            Later("numerics.solve.storage:answer_ridge"),
            value="K",
            takes_numbers=True,
            interval=Interval(0, 1e6, True),
        ),
        Question(
            "rate-noise",
            "also with noise of this standard deviation on each rate, for threshold_power; may be given several times",
            Later("numerics.solve.storage:answer_noise"),
            value="S",
            takes_numbers=True,
            interval=Interval.NONNEGATIVE,
        ),
    ),
    settings={"simulate": (*SPECTRA, *DYNAMICS), "validate": SPECTRA, "sweep": SPECTRA},
    example="-a 'threshold_power(1,0.5,-1)' alpha=0.1 CV=1",
    picture=Later("numerics.simulate.attractor:spectrum_picture"),
    view=View(
        panels=(
            Panel(("edge", "abscissa"), "real part of eigenvalues", line=1.0),
            Panel(("alpha_S", "alpha_bulk", "alpha_out"), "critical load"),
        ),
        columns=("alpha_S", "alpha_bulk", "alpha_out", "edge", "abscissa", "norm", "mechanism"),
        labels={
            "alpha_S": r"$\alpha_S$",
            "alpha_bulk": r"$\alpha_\mathrm{bulk}$",
            "alpha_out": r"$\alpha_\mathrm{out}$",
            "edge": "bulk edge",
            "norm": r"$\|w\|$",
        },
    ),
)
