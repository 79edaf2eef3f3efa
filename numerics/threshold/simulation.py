"""A threshold network simulated: the exact trajectory of a cue, or where steep sigmoids end; and this against its stable states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import nan
from typing import Any

import numpy as np

from numerics.compare.validation import Validation
from numerics.compare.verdict import Row
from numerics.simulate.sample import Sample, SingleRun
from numerics.solve.solution import Solution
from numerics.threshold.integrator import Array, SteepNetwork, random_starts, starts_near
from numerics.threshold.trajectories import CAPPED, MAX_EVENTS, Trajectory, trajectory
from numerics.view import aligned
from theory.errors import require
from theory.threshold.entries import WEIGHT, numbers
from theory.threshold.network import State, ThresholdNetwork, state_of, text_of

Progress = Callable[[float], None]

STARTS, STEEPNESS = 256, 400
MARGINS = (10.0, 20.0, 40.0)
"""Steepnesses of a validation, times the smallest margin of a stable state over the sum of abs of its row."""
STEEPEST = 2000.0
RESOLVED = 24.0  # margin times steepness from which a sigmoid is a step in all of a state's neighbourhood
NEAR = 4  # starts in the region of each stable state
SHOWN = 20  # events on a terminal, from the start and to the end
MOST_STATES = 200  # stable states that are validated
DEVIATION = 1e-6  # of y from its focal point, over the sum of abs of the row, at the largest steepness


@dataclass(frozen=True, eq=False)
class Run(SingleRun):
    """The sample of one network in which nothing is estimated: what is seen, in its own words.

    Attributes
    ----------
    content : mapping
        For JSON, at its top.
    lines : tuple of str
        For a terminal.
    reasons : tuple of str
        For caution.
    """

    content: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, network: ThresholdNetwork, seed: int, lost: float, values: Mapping[str, float], **words: Any) -> Run:
        """A run with these values; `lost` is the share of it whose end is not known."""
        statistics = {key: np.array([value], dtype=float) for key, value in values.items()}
        return cls(network.N, 1, 1, seed, {"network": network}, np.array([lost]), statistics, **words)

    @property
    def messages(self) -> tuple[str, ...]:
        """Reasons for caution."""
        return self.reasons

    @property
    def details(self) -> Mapping[str, Any]:
        """What is seen, for JSON."""
        return self.content

    @property
    def rows(self) -> list[str]:
        """The same for a terminal."""
        return list(self.lines)


def simulate(
    phi: Any,
    parameters: Mapping[str, Any],
    *,
    seed: int = 0,
    cue: str | None = None,
    y0: str | None = None,
    form: str = "C",
    events: int = 1000,
    starts: int | None = None,
    steepness: float | None = None,
    progress: Progress | None = None,
    **_: Any,
) -> Run:
    """The exact trajectory from a cue or a point; without one, where a network with steep sigmoids ends from many initial states.

    Parameters
    ----------
    phi
        Nothing: the model has no activation.
    parameters : mapping
        ``network``.
    seed : int
        Of the initial states.
    cue : str, optional
        Active units at the start (form C: at y = 1, the others at -1), or rates r (form R: at y = W r + b).
    y0 : str, optional
        The start, numbers with commas between them.
    form : {'C', 'R'}
    events : int
        Events after which a trajectory is left.
    starts : int, optional
        Initial states; of up to ten units at least one in each region.
    steepness : float, optional
        Slope of the sigmoids is steepness/4, with fields within -1 and 1.

    Raises
    ------
    InputError
        For a start that does not fit the network.
    """
    network = parameters["network"]
    follows = cue is not None or y0 is not None
    require(
        (
            cue is None or len(cue) == network.N,
            f"cue = {str(cue)[:40]} has {len(cue or '')} units; the network has {network.N}",
        ),
        (
            not (follows and (starts or steepness)),
            "starts and steepness are for runs from random states: leave cue and y0 out",
        ),
        (follows or form == "C", "form is what a cue means: give a cue"),
    )
    if follows:
        point = None if y0 is None else numbers("y0", y0.split(","), kind=WEIGHT)
        return _followed(
            trajectory(network, point, cue=None if cue is None else state_of(cue), form=form, most_events=events), seed
        )
    smooth, slope = SteepNetwork.of(network), float(steepness or STEEPNESS)
    y = smooth.ends(random_starts(network.N, starts or STARTS, seed), slope, progress)
    found, rest = smooth.states(y, slope), smooth.at_rest(y, slope)
    ends = Counter(text_of(state) for state in found if state is not None)
    moving = float(np.mean(~rest))
    between = float(np.mean(rest)) - ends.total() / len(found)
    listed = sorted(ends.items(), key=lambda entry: (-entry[1], entry[0]))
    return Run.of(
        network,
        seed,
        moving,
        {"stable_count": len(ends)},
        content={
            "ends": [{"state": text, "share": count / len(found)} for text, count in listed],
            "starts": len(found),
            "steepness": slope,
            "between": between,
            "moving": moving,
        },
        lines=(
            "",
            f"  {len(found)} initial states, sigmoids of steepness {slope:g}:",
            *(f"  {text}  {count / len(found):>8.2%}" for text, count in listed[:40]),
            *([f"  ... and {len(listed) - 40} more states"] if len(listed) > 40 else []),
            f"  at rest with an output between 0 and 1  {between:.2%}",
            f"  still moving                            {moving:.2%}",
        ),
        reasons=("basins are those of the steep network, and states with small ones may not be met",),
    )


def _followed(run: Trajectory, seed: int) -> Run:
    """A trajectory as the sample of one run."""
    lost = float(run.status in (MAX_EVENTS, CAPPED))
    caution = (f"the end is not known: {run.ending}",) if lost else ()
    events = [row for row in run.rows if row[0]]
    left_out = len(events) - 2 * SHOWN
    table = aligned([("time", "", "outputs"), *events], left=(1, 2))
    if left_out > 0:
        table[SHOWN + 1 : -SHOWN] = [f"... {left_out} more ..."]
    ends = [f"{what}: {outputs}" if outputs else what for time, what, outputs in run.rows if not time]
    return Run.of(
        run.network,
        seed,
        lost,
        {"event_count": len(run.events), "last_event": run.time},
        content=run.data,
        lines=("", *(f"  {line}" for line in (*table, *ends))),
        reasons=(*run.network.notes, *caution),
    )


# ---- stable states against steep sigmoids ------------------------------------------------------------------------------


@dataclass(frozen=True)
class StateValidation(Validation):
    """Stable states against a network with steep sigmoids.

    Attributes
    ----------
    found : mapping of str to int
        States in which runs from all over the space ended, and how many did.
    steepnesses : tuple of float
    """

    found: Mapping[str, int] = field(default_factory=dict)
    steepnesses: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Content for JSON."""
        return {**super().to_dict(), "found": dict(self.found), "steepnesses": list(self.steepnesses)}

    def table(self) -> str:
        """One line a state, and the verdict."""
        cells = [
            [row.observable, f"{row.theory:.6g}", f"{row.simulation:.6g}", f"{row.error:.1g}", row.status, row.note]
            for row in self.rows
        ]
        head = ["state", "smallest |y|", "simulation", "change", "status", ""]
        shown = aligned([head, *cells], left=(0, 4, 5))
        return "\n".join([*shown, "", f"{self.verdict}: {self.sentence}"])


def compare_states(
    solution: Solution, *, seed: int = 0, starts: int | None = None, progress: Progress | None = None, **_: Any
) -> StateValidation:
    """Every stable state is to attract the runs that start in its region, and no run from anywhere may end in another state.

    With finite steepness beta the state rests within exp(-beta margin) of its focal point: three steepnesses show the limit.

    Parameters
    ----------
    solution : Solution
        Its ``stable`` and ``complete`` are tested.
    seed, starts, progress
        As for `simulate`.
    """
    network: ThresholdNetwork = solution.parameters["network"]
    stable = list(map(state_of, solution.data["stable"]))[:MOST_STATES]
    smooth = SteepNetwork.of(network)
    focal = [np.array(list(map(float, network.fields(s)))) for s in stable]
    least = float(min([*(np.min(np.abs(f) / smooth.scale) for f in focal), 0.1]))
    slopes = tuple(min(STEEPEST, margin / least) if least else STEEPEST for margin in MARGINS)
    near = starts_near(smooth, stable, NEAR, seed) if stable else np.zeros((network.N, 0))
    rests = [smooth.ends(near, slope) for slope in slopes]
    rows = [
        _row(s, f, [y[:, NEAR * k : NEAR * (k + 1)] for y in rests], smooth, slopes[-1])
        for k, (s, f) in enumerate(zip(stable, focal, strict=True))
    ]
    everywhere = smooth.ends(random_starts(network.N, starts or STARTS, seed), slopes[-1], progress)
    found = Counter(text_of(s) for s in smooth.states(everywhere, slopes[-1]) if s is not None)
    others = sorted(found.keys() - {*solution.data["stable"], *solution.data["marginal"]})
    rows.append(_others(others, bool(solution.data["complete"])))
    verdict, sentence = _concluded(rows, found, network.N, everywhere.shape[1])
    sample: Sample = Run.of(network, seed, 0.0, {"stable_count": len(found)})
    return StateValidation(tuple(rows), verdict, sentence, 0.0, (sample,), dict(sorted(found.items())), slopes)


def _row(state: State, focal: Array, rests: list[Array], smooth: SteepNetwork, slope: float) -> Row:
    """One state: whether the runs that start in its region end in it, and how near to its focal point."""
    before, last = (float(np.min(np.abs(y * smooth.scale[:, None]))) for y in rests[-2:])
    ends = smooth.states(rests[-1], slope)
    left = sorted({text_of(s) for s in ends if s not in (None, state)})
    away = float(np.max(np.abs(rests[-1] - (focal / smooth.scale)[:, None])))
    if float(np.min(np.abs(focal) / smooth.scale)) * slope < RESOLVED:
        status, note = "inconclusive", f"the margin is too small for a steepness of {slope:g}"
    elif left:
        status, note = "disagree", f"runs end in {', '.join(left[:3])}"
    elif None in ends:
        status, note = "disagree", "runs do not come to rest in it"
    elif away > DEVIATION:
        status, note = "disagree", f"runs end {away:.1g} away from the focal point"
    else:
        status, note = "agree", ""
    theory, change = float(np.min(np.abs(focal))), abs(last - before)
    return Row(text_of(state), theory, last, change, nan, nan, nan, nan, nan, nan, (), status, note)


def _others(others: list[str], complete: bool) -> Row:
    """The states in which runs ended that are not among the stable ones."""
    named = f"{', '.join(others[:3])}{', ...' if len(others) > 3 else ''}"
    status = "agree" if not others else "disagree" if complete else "inconclusive"
    note = "" if not others else named if complete else f"{named}; the list of stable states was not complete"
    return Row("others", 0.0, float(len(others)), 0.0, nan, nan, nan, nan, nan, nan, (), status, note)


def _concluded(rows: list[Row], found: Mapping[str, int], N: int, runs: int) -> tuple[str, str]:
    """The verdict and why."""
    where = "every region" if runs >= 2**N else f"{runs} random places, not every region"
    for status, words in (
        ("disagree", "stable states and steep sigmoids differ"),
        ("inconclusive", "no answer for all states"),
    ):
        if wrong := [f"{row.observable} ({row.note})" for row in rows if row.status == status]:
            more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            return status, f"{words}: {', '.join(wrong[:5])}{more}"
    if len(rows) == 1:
        return "agree", f"no stable state, and runs from {where} end in none"
    return (
        "agree",
        f"each stable state attracts the runs from its region; runs from {where} end in no other state",
    )
