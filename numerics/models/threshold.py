"""Networks of threshold units: enumeration, exact trajectories, designs, and the comparison with steep sigmoids."""

from __future__ import annotations

from numerics.treatment import Treatment
from theory.lazy import Later
from theory.models.threshold import THRESHOLD

TREATMENT = Treatment(
    model=THRESHOLD,
    method=Later("numerics.solve.threshold:THRESHOLD"),
    example="network.json",
)
