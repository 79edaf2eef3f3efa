"""The network in time: autocovariances, functions of lag and frequency, trajectories."""

from __future__ import annotations

from numerics.settings import Question, Setting
from numerics.treatment import Simulator, Treatment
from numerics.view import Panel, View
from theory.lazy import Later
from theory.models.dynamic import DYNAMIC

TRAJECTORIES = (
    Setting("samples", "independent draws of the noise for each coupling matrix", (), 4),
    Setting("T", "observation time of each trajectory", (), 1, 10**6, whole=False),
    Setting("burn", "time before the observation", (), 0, 10**6, whole=False),
    Setting("dt", "time step", (), 1e-4, 1, whole=False),
    Setting("method", "second order with exact noise, or fourth order", words=("heun", "rk4")),
    Setting("precision", "bits of the numbers", words=("64", "32")),
    Setting(
        "backend", "array library of the time steps, also --backend", words=("numpy", "jax", "torch"), is_option=True
    ),
)

TREATMENT = Treatment(
    model=DYNAMIC,
    method=Later("numerics.solve.autocovariance:AUTOCOVARIANCE"),
    simulator=Simulator(
        run=Later("numerics.simulate.in_time:simulate"),
        couplings=(300, 200, 120),
        pilot=1,
    ),
    settings={"simulate": TRAJECTORIES, "validate": TRAJECTORIES, "sweep": TRAJECTORIES},
    questions=(
        Question(
            "lag",
            "lag at which autocovariances and mean squared cross-covariances psi(T, T) are wanted; may be given several times",
            Later("numerics.covariance.correlation:answer_lags"),
            value="T",
            takes_numbers=True,
        ),
        Question(
            "frequency",
            "angular frequency at which participation ratios are wanted; may be given several times",
            Later("numerics.covariance.correlation:answer_frequencies"),
            value="W",
            takes_numbers=True,
        ),
    ),
    covariance=Later("numerics.covariance.in_time:covariance_in_time"),
    view=View(
        panels=(
            Panel(("PR_x", "PR_phi"), "participation ratio over N"),
            Panel(("Delta0",), "equal-time variance of x"),
        ),
        columns=("Delta0", "C_phi0", "gain", "kappa2", "PR_x", "PR_phi", "PR0_x", "PR0_phi"),
        labels={
            "PR_x": r"$\mathrm{PR}_x$",
            "PR_phi": r"$\mathrm{PR}_\phi$",
            "PR0_x": r"$\mathrm{PR}_x(\omega=0)$",
            "PR0_phi": r"$\mathrm{PR}_\phi(\omega=0)$",
            "Delta0": r"$C_x(0)$",
            "C_phi0": r"$C_\phi(0)$",
            "kappa2": r"$\kappa^2$",
            "gain": r"$\langle\phi'\rangle$",
        },
        directions="PR_phi",
        network={"N": 1000, "couplings": 8, "T": 40, "dt": 0.25},
    ),
    example="-a 'tanh(x)' g=1.5 noise=ou sigma=1 tau_n=2",
)
