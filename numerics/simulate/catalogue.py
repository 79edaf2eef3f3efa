"""The simulators, by model: the one list that `simulate` and `validate` read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from numerics.simulate import clamped
from numerics.simulate import fixed_points as static
from numerics.simulate import in_time as dynamic
from numerics.simulate import loop as feedback
from numerics.simulate.fixed_points import Function, Progress
from numerics.simulate.sample import Sample


@dataclass(frozen=True)
class Simulator:
    """How the network of one model is simulated.

    Attributes
    ----------
    run : callable
        ``run(phi, parameters, *, N, couplings, seed, phi_prime, centred, progress, **settings)`` simulates networks of one
        size and returns a `Sample`.
    sizes, couplings : tuple of int
        Of a default `validate`: units, and coupling matrices at each size.
    pilot : int
        Coupling matrices of the trial run that precedes a `validate`.
    nothing : str
        Why a simulation may have nothing to report.
    draws : str
        What is counted where it does not converge.
    """

    run: Callable[..., Sample]
    sizes: tuple[int, ...]
    couplings: tuple[int, ...]
    pilot: int
    nothing: str
    draws: str = "noise draws"

    def coupling_count(self, size: int) -> int:
        """Default number of coupling matrices at a size: for other sizes than the default ones in proportion to 1/N."""
        default = dict(zip(self.sizes, self.couplings, strict=True))
        work = float(np.median(np.multiply(self.sizes, self.couplings)))
        return default.get(size, max(self.couplings[-1] // 3, round(work / max(size, 1))))


def _static(
    phi: Function,
    parameters: Mapping[str, Any],
    *,
    N: int,
    couplings: int,
    seed: int,
    phi_prime: Function | None,
    centred: bool | None,
    progress: Progress | None,
    samples: int = 64,
) -> Sample:
    return static.simulate(
        phi,
        float(parameters["g"]),
        float(parameters["sigma"]),
        N=N,
        couplings=couplings,
        samples=samples,
        seed=seed,
        phi_prime=phi_prime,
        centred=centred,
        progress=progress,
    )


SIMULATORS: dict[str, Simulator] = {
    "static": Simulator(
        run=_static,
        sizes=(100, 200, 400),
        couplings=(400, 240, 120),  # about the same time and the same errors at each of these sizes
        pilot=4,
        nothing="{lost} of the noise draws reach no fixed point, too few are left for statistics; either there is none or "
        "it is unstable (chaotic regime)",
    ),
    "dynamic": Simulator(
        run=dynamic.simulate,
        sizes=(100, 200, 400),
        couplings=(300, 200, 120),
        pilot=1,
        nothing="{lost} of the trajectories leave the range of numbers; phi grows too fast for these couplings",
    ),
    "feedback": Simulator(
        run=feedback.simulate,
        sizes=(100, 200, 400),
        couplings=(480, 240, 120),
        pilot=8,
        nothing="{lost} of the networks have no stationary state at the target; either there is none or it is unstable "
        "(chaotic regime)",
        draws="networks",
    ),
}


IN_TIME: dict[str, Simulator] = {
    "feedback": Simulator(
        run=clamped.simulate,
        sizes=(100, 200, 400),
        couplings=(160, 80, 40),
        pilot=2,
        nothing="the activity of {lost} of the networks leaves the range of numbers",
        draws="networks",
    ),
}
"""The same network where its stationary state is unstable and the activity fluctuates for ever: chaotic states."""
