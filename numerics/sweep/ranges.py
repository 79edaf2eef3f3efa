"""What may be swept: how many ranges, how many points, values that are allowed all along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

from theory.errors import require

MOST_POINTS = 100_000


def check_ranges(sizes: Sequence[int], simulated: int = 0) -> None:
    """Refuse more or fewer ranges than one or two, and more points than can be solved.

    Parameters
    ----------
    sizes : sequence of int
        Values in each range.
    simulated : int
        Points at which networks are to be simulated.

    Raises
    ------
    InputError
    """
    plane = "networks are simulated along one swept parameter, not on a map of two: leave simulate out"
    require(
        (len(sizes) in (1, 2), f"{len(sizes) or 'no'} parameters are swept: give one or two a range"),
        (not (simulated and len(sizes) == 2), plane),
        (prod(sizes) <= MOST_POINTS, f"more than {MOST_POINTS} points are asked for"),
    )


def ends(parameters: Mapping[str, Any], ranges: Mapping[str, Sequence[float]]) -> Iterator[dict[str, Any]]:
    """The parameters at the lower and at the upper end of all ranges: what is allowed at both is allowed between."""
    for end in (min, max):
        yield {**parameters, **{name: end(values) for name, values in ranges.items()}}
