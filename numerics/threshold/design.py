"""Networks in which prescribed states are stable: row by row weights, or what excludes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from numerics.threshold.rows import Solution, decide, rounded, solve_row
from numerics.threshold.states import stable_states
from theory.errors import InputError
from theory.threshold.algebra import dot
from theory.threshold.network import State, ThresholdNetwork, Vector, text_of
from theory.threshold.patterns import FEASIBLE, FREE, OBJECTIVES, ZERO, Patterns, Row
from theory.threshold.reading import pattern_file
from theory.threshold.simplex import Obstruction
from theory.threshold.verify import sealed

RIDGE = 1e-9  # of the least-squares guess, relative to a Gram matrix of integers: dependent patterns make it singular
MOST_UNITS, MOST_STATES = 32, 2**17  # of a design whose stable states are all looked for; partial states count too
MOST_CANDIDATES = 200  # of states that may be forced, without being asked for


@dataclass(frozen=True)
class RowDesign:
    """The weights onto one unit.

    Attributes
    ----------
    unit : int
    w : tuple of Fraction, shape (N,)
        Empty where there are none.
    b : Fraction
    value, bound : Fraction or None
        What the objective counts, and what no weights surpass (`Row.value`, `Row.bound`): equal where the weights are proved best.
    multipliers : tuple of Fraction
        They prove the bound.
    obstruction : tuple of int
        y >= 0, one a pattern, that proves that there are no weights; empty where there are.
    """

    unit: int
    w: Vector = ()
    b: Fraction = Fraction(0)
    value: Fraction | None = None
    bound: Fraction | None = None
    multipliers: Vector = ()
    obstruction: tuple[int, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether there are weights."""
        return not self.obstruction

    @property
    def weights(self) -> dict[str, Any]:
        """Weights and bias for JSON; numbers as texts of fractions."""
        return {"w": list(map(str, self.w)), "b": str(self.b)}

    def data(self, patterns: Patterns) -> dict[str, Any]:
        """Content for JSON."""
        head: dict[str, Any] = {"row": self.unit, "feasible": self.feasible}
        if not self.feasible:
            conflict = [text_of(s) for s, y in zip(patterns.states, self.obstruction, strict=True) if y]
            return {**head, "farkas_y": list(map(str, self.obstruction)), "conflict": conflict}
        if self.value is None:
            return head | self.weights
        proof = {"value": str(self.value), "bound": str(self.bound), "multipliers": list(map(str, self.multipliers))}
        return head | self.weights | proof


@dataclass(frozen=True)
class Forced:
    """A state that is stable in every network that stores the patterns: for each unit, multipliers of the patterns' fields."""

    state: State
    multipliers: tuple[Vector, ...]

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {"state": text_of(self.state), "multipliers": [list(map(str, y)) for y in self.multipliers]}


@dataclass(frozen=True)
class Avoidable:
    """A state that is not stable with these weights onto one unit, which store the patterns."""

    state: State
    row: RowDesign

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {"state": text_of(self.state), "row": self.row.unit, **self.row.weights}


@dataclass(frozen=True)
class Design:
    """The answer to the question for a network in which some states are stable.

    Attributes
    ----------
    patterns : Patterns
    objective : str
    rows : tuple of RowDesign
    network : ThresholdNetwork or None
        Where every row is feasible.
    stable : tuple of State or None
        All stable states of that network; None where there are too many to look at.
    forced : tuple of Forced or None
        The other states that no network avoids that stores the patterns; None where the question was not answered.
    avoidable : tuple of Avoidable
        Other stable states of this network, or states that were asked for, that some network avoids.
    """

    patterns: Patterns
    objective: str
    rows: tuple[RowDesign, ...]
    network: ThresholdNetwork | None
    stable: tuple[State, ...] | None = None
    forced: tuple[Forced, ...] | None = None
    avoidable: tuple[Avoidable, ...] = ()

    @property
    def feasible(self) -> bool:
        """Whether there is such a network."""
        return self.network is not None

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON; `theory.threshold.verify` checks every number of it."""
        data = {
            **self.patterns.data,
            "objective": self.objective,
            "feasible": self.feasible,
            "rows": [row.data(self.patterns) for row in self.rows],
        }
        if self.network is not None:
            data |= {
                "W": [list(map(str, row)) for row in self.network.W],
                "b": list(map(str, self.network.b)),
                "stable_of_design": None if self.stable is None else list(map(text_of, self.stable)),
                "forced": None if self.forced is None else [entry.data for entry in self.forced],
                "avoidable": [entry.data for entry in self.avoidable],
            }
        return sealed(data)


def design(
    patterns: Patterns,
    objective: str = FEASIBLE,
    candidates: Sequence[State | str] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Design:
    """A network in which the patterns are stable, or what excludes it.

    Parameters
    ----------
    patterns : Patterns
    objective : str
        ``feasible``, any weights, small integers where it is easy; ``minnorm``, least sum of squares of weights and bias at
        fields of at least 1; ``margin``, largest field for weights and bias within -1 and 1; ``integer``, least sum of absolute
        values of integer weights and bias.
    candidates : sequence of State or str, optional
        States of which to say whether every network with the patterns has them too. By default the stable states of the network
        that is found, the only ones that can be forced, if they are known and at most `MOST_CANDIDATES`.
    progress : callable, optional
        Told the fraction of the rows that are done.

    Returns
    -------
    Design

    Raises
    ------
    InputError
        For another objective, or a candidate of another length.
    """
    if objective not in OBJECTIVES:
        raise InputError(f"objective = {str(objective)[:40]} is not allowed; it must be one of {', '.join(OBJECTIVES)}")
    asked = None if candidates is None else _states(candidates, patterns.N)
    guesses = _guesses(patterns) if objective == FEASIBLE else [None] * patterns.N
    rows = []
    for unit, guess in enumerate(guesses):
        rows.append(_row(patterns, unit, objective, guess))
        if progress:
            progress((unit + 1) / patterns.N)
    if not all(row.feasible for row in rows):
        return Design(patterns, objective, tuple(rows), None)
    network = ThresholdNetwork(tuple(row.w for row in rows), tuple(row.b for row in rows))
    found = stable_states(network, most=MOST_STATES) if network.N <= MOST_UNITS else None
    stable = found.stable if found and found.complete else None
    others = [state for state in (stable if asked is None else asked) or () if state not in patterns.states]
    if asked is None and (stable is None or len(others) > MOST_CANDIDATES):
        return Design(patterns, objective, tuple(rows), network, stable)
    return Design(patterns, objective, tuple(rows), network, stable, *forced_states(patterns, others, network))


def forced_states(
    patterns: Patterns, candidates: Sequence[State], network: ThresholdNetwork
) -> tuple[tuple[Forced, ...], tuple[Avoidable, ...]]:
    """Which states are stable in every network that stores the patterns, each with its proof.

    A field is positive for all weights that store the patterns if and only if it is a combination y >= 0, y not 0, of the
    patterns' fields, up to terms that the prescribed signs make harmless (Motzkin). Else some weights make it zero or less.

    Parameters
    ----------
    patterns : Patterns
    candidates : sequence of State
        Other states than the patterns.
    network : ThresholdNetwork
        One that stores the patterns.
    """
    rows = [patterns.row(unit) for unit in range(patterns.N)] if candidates else []
    known = [[row.gathered(w, b)] for row, w, b in zip(rows, network.W, network.b, strict=False)]
    forced, avoidable = [], []
    for state in candidates:
        proofs = []
        for row, solutions in zip(rows, known, strict=True):
            t = patterns.signed(row.unit, state, row.columns)
            against = next((x for x in solutions if dot(t, x) <= 0), None)
            answer = _implied(row, t) if against is None else Solution(against)
            if isinstance(answer, Solution):
                solutions.append(answer.x)
                avoidable.append(Avoidable(state, RowDesign(row.unit, *row.spread(answer.x, patterns.N))))
                break
            proofs.append(answer)
        else:
            forced.append(Forced(state, tuple(proofs)))
    return tuple(forced), tuple(avoidable)


def _implied(row: Row, t: tuple[int, ...]) -> Vector | Solution:
    """Multipliers that prove t.x > 0 for every solution x of a row, or a solution with t.x <= 0."""
    found = decide(Row(row.unit, row.columns, row.signs, (*row.strict, tuple(-v for v in t))))
    if isinstance(found, Solution):
        return found
    *y, own = map(Fraction, found.y)
    if any(y):  # own > 0: without it the patterns would exclude each other
        return tuple(v / own for v in y)
    # the signs alone make every term of t.x >= 0, so that it is zero only without the unknowns in it
    free = [k for k, v in enumerate(t) if not v]
    columns, signs = (tuple(part[k] for k in free) for part in (row.columns, row.signs))
    found = decide(Row(row.unit, columns, signs, tuple(tuple(a[k] for k in free) for a in row.strict)))
    if isinstance(found, Solution):
        values = dict(zip(free, found.x, strict=True))
        return Solution(tuple(values.get(k, Fraction(0)) for k in range(len(t))))
    y = [Fraction(v) for v in found.y]
    scale = max((c / v for c, v in zip(row.combined(y), t, strict=True) if v), default=Fraction(0))
    return tuple(v / max(scale, Fraction(1)) for v in y)


def _row(patterns: Patterns, unit: int, objective: str, guess: Sequence[int] | None) -> RowDesign:
    """The design of one row; any weights that were guessed are good where none are best."""
    if guess is not None:
        guessed = RowDesign(unit, tuple(map(Fraction, guess[: patterns.N])), Fraction(sum(guess[patterns.N :])))
        if _is_right(guessed, patterns):
            return guessed
    row = patterns.row(unit)
    answer = solve_row(row, objective)
    if isinstance(answer, Obstruction):
        return RowDesign(unit, obstruction=answer.y)
    found = RowDesign(unit, *row.spread(answer.x, patterns.N))
    if not _is_right(found, patterns):
        raise ArithmeticError(f"the weights onto unit {unit} do not satisfy their definition")
    if not answer.multipliers:
        return found
    value, bound = row.value(objective, answer.x), row.bound(objective, answer.multipliers)
    return replace(found, value=value, bound=bound, multipliers=answer.multipliers)


def _is_right(row: RowDesign, patterns: Patterns) -> bool:
    return patterns.admits(row.unit, row.w, row.b) and patterns.are_stored(row.unit, row.w, row.b)


def _guesses(patterns: Patterns) -> Sequence[Sequence[int] | None]:
    """Integer weights, and bias, of all rows by least squares: all fields near one, then cut at prescribed signs.

    The Gram matrix of a row is that of the patterns without the columns that the row has no unknowns for: most often one. A weight
    of a unit onto itself is left out where it must not be positive: cut, it would leave the fields wrong.
    """
    patterns = patterns if patterns.diag == FREE else replace(patterns, diag=ZERO)
    S = np.array(patterns.states)
    E = np.column_stack([S, np.ones(len(S), int)]) if patterns.bias == FREE else S
    needed, gram = 2 * S - 1, E @ E.T + RIDGE * np.eye(len(S))
    x = np.zeros((patterns.N, E.shape[1]))
    for unit in range(patterns.N):
        columns, signs = map(list, patterns.unknowns(unit))
        gone = np.delete(E, columns, axis=1)
        y = np.linalg.solve(gram - gone @ gone.T, needed[:, unit])
        free = y @ E[:, columns]
        x[unit, columns] = np.where(free * signs < 0, 0.0, free)
    return rounded(E, needed.T, x)


def _states(given: Sequence[Any], N: int) -> tuple[State, ...]:
    states = pattern_file(list(given), {}).states if len(given) else ()
    if states and len(states[0]) != N:
        raise InputError(f"the candidates are states of {len(states[0])} units; needed: of {N}")
    return states
