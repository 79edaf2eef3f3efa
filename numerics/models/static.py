"""The static network: fixed points, their 1/N terms, the chaotic state beyond."""

from __future__ import annotations

from numerics.settings import Question, Setting
from numerics.treatment import Simulator, Treatment
from numerics.view import Panel, View
from theory.lazy import Later
from theory.models.static import STATIC

SAMPLES = Setting("samples", "independent draws of the noise for each coupling matrix", (), 4)

TREATMENT = Treatment(
    model=STATIC,
    simulator=Simulator(
        run=Later("numerics.simulate.fixed_points:simulate"),
        couplings=(400, 240, 120),  # about the same time and the same errors at each of these sizes
        pilot=4,
    ),
    settings={
        "solve": (Setting("N", "units at which the 1/N terms are added", (), 2, 10**9),),
        "simulate": (SAMPLES,),
        "validate": (SAMPLES,),
        "sweep": (SAMPLES,),
    },
    questions=(
        Question(
            "observable",
            "one-site observable whose average and 1/N term are wanted, e.g. 'x^4', 'exp(-x^2)', 'x*phi'; may be given "
            "several times",
            Later("numerics.averages.observable:answer"),
            value="O",
        ),
    ),
    replacement=Later("numerics.chaos.static_noise:chaos_under_noise"),
    covariance=Later("numerics.covariance.matrices:static_covariance"),
    view=View(
        panels=(
            Panel(("D_x", "D_phi"), "participation dimension over N"),
            Panel(("Delta", "C_phi"), "variance"),
        ),
        columns=("Delta", "C_phi", "gain", "stability", "D_x", "D_phi"),
        labels={
            "D_x": r"$D_x$",
            "D_phi": r"$D_\phi$",
            "Delta": r"$\Delta$",
            "C_phi": r"$C_\phi$",
            "stability": r"$g^2\langle\phi'^2\rangle$",
            "gain": r"$\langle\phi'\rangle$",
        },
        directions="D_phi",
        network={"N": 200, "couplings": 80},
    ),
    example="-a 'x/(1+x^2/3)' g=1.3 sigma=0.8",
)
