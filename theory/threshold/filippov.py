"""Walls, ties and equilibria of a threshold network where units sit exactly at zero: Filippov's sense, in rational arithmetic.

The output of a unit at y_i = 0 may be any u_i in [0, 1]. The right-hand side is affine in the outputs, therefore these u fill
Filippov's convex hull, and a motion with constant outputs from a point whose zero coordinates are Z solves the box problem

    v = W_ZZ u + c,   u_i = 1 where v_i > 0,   u_i = 0 where v_i < 0,   0 <= u_i <= 1 where v_i = 0

with c the field that the other units and the bias cause (Filippov 1988; the linear complementarity problem on a box: Cottle,
Pang, Stone 1992). With Z all units its solutions are the equilibria. Motions whose switches accumulate at the start are not
described by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Any

from theory.errors import DomainError, require
from theory.threshold.algebra import exact, sign, solved, times
from theory.threshold.network import State, ThresholdNetwork, Vector, text_of

CROSSING, SLIDING, REPELLING, DEGENERATE = "crossing", "sliding", "repelling", "degenerate"
"""Walls: trajectories go through; stay on it; leave it to both sides; a field vanishes on one side."""

MOST_CASES = 20_000
"""Cases of the box problem that are looked at, out of 3^n for n units at zero: seconds."""

MOST_IN_MAP = 12
"""Units of a network whose regions and walls are all listed: 2^12 regions and 12 * 2^11 walls."""

Matrix = Sequence[Sequence[Fraction]]


@dataclass(frozen=True)
class Equilibrium:
    """One solution of the box problem; with all units y = W u + b, where u_i = H(y_i) if y_i is not zero.

    Attributes
    ----------
    u, y : tuple of Fraction
        Outputs of the units, and their velocities v; of all units, the equilibrium itself.
    index : int
        Sign of det(-W_FF), with F the units with 0 < u < 1; 0 if the solution is degenerate (y vanishes with the output at 0
        or 1, or W_FF is singular).
    """

    u: Vector
    y: Vector
    index: int

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON, numbers as texts of fractions."""
        return {"u": list(map(str, self.u)), "y": list(map(str, self.y)), "index": self.index}


def box_solutions(W: Matrix, c: Sequence[Fraction]) -> tuple[Equilibrium, ...]:
    """All solutions of the box problem; of a continuum of degenerate ones, its corners.

    Parameters
    ----------
    W : matrix of Fraction, shape (n, n)
    c : sequence of Fraction, shape (n,)

    Returns
    -------
    tuple of Equilibrium
        At least one: a solution exists for all W and c (Hartman and Stampacchia 1966).

    Raises
    ------
    DomainError
        If more than `MOST_CASES` cases would have to be looked at; there are up to 3^n.
    """
    found: dict[Vector, Equilibrium] = {}
    for count, solution in enumerate(_attempts(W, c), 1):
        if count > MOST_CASES:
            raise DomainError(f"the outputs of {len(c)} units at zero have more than {MOST_CASES} cases to look at")
        if solution is not None:
            found.setdefault(solution.u, solution)
    return tuple(found.values())


def _attempts(W: Matrix, c: Sequence[Fraction]) -> Iterator[Equilibrium | None]:
    """Solutions, and None for each case without one: which of the first outputs are 0, 1 or between (None).

    What intervals of the velocities rule out is left out.
    """
    rows, biases = ThresholdNetwork(tuple(map(tuple, W)), tuple(c)).integers  # the scale of a row changes no sign

    def after(kinds: tuple[int | None, ...]) -> Iterator[Equilibrium | None]:
        for i, kind in enumerate(kinds):
            known = biases[i] + sum(w for w, k in zip(rows[i], kinds, strict=False) if k)
            free = [w for j, w in enumerate(rows[i]) if j >= len(kinds) or kinds[j] is None]
            if (kind != 1 and known + sum(w for w in free if w < 0) > 0) or (
                kind != 0 and known + sum(w for w in free if w > 0) < 0
            ):
                return
        yield None
        if len(kinds) == len(c):
            yield from _corners(W, c, kinds)
        else:
            for kind in (0, 1, None):
                yield from after((*kinds, kind))

    yield from after(())


def _corners(W: Matrix, c: Sequence[Fraction], kinds: Sequence[int | None]) -> Iterator[Equilibrium | None]:
    """Solutions with these outputs, and None for each attempt without one.

    Where W_FF is singular, further velocities that vanish single out the corners of a continuum.
    """
    free = [i for i, kind in enumerate(kinds) if kind is None]
    rest = [i for i, kind in enumerate(kinds) if kind is not None]
    rows = [
        [*(row[j] for j in free), -bias - sum(w for w, k in zip(row, kinds, strict=True) if k)]
        for row, bias in zip(W, c, strict=True)
    ]
    pivots, inner = solved((rows[i] for i in free), len(free)) if free else ((), ())
    for extra in combinations(rest, len(free) - len(pivots)) if len(free) not in pivots else ():
        if extra:
            _, inner = solved((rows[i] for i in (*free, *extra)), len(free))
        if inner is None or not all(0 < x < 1 for x in inner):
            yield None
            continue
        outputs = dict(zip(free, inner, strict=True))
        u = tuple(outputs[i] if kind is None else Fraction(kind) for i, kind in enumerate(kinds))
        y = tuple(h + bias for h, bias in zip(times(W, u), c, strict=True))
        regular = not extra and all(y[i] for i in rest)
        agrees = all(y[i] >= 0 if kinds[i] else y[i] <= 0 for i in rest)
        yield Equilibrium(u, y, index_of(W, u) if regular else 0) if agrees else None


def index_of(W: Matrix, u: Sequence[Fraction]) -> int:
    """Sign of det(-W_FF), F the units with 0 < u < 1."""
    free = [i for i, x in enumerate(u) if 0 < x < 1]
    return sign(exact(([-W[i][j] for j in free] for i in free), len(free)).det()) if free else 1


@dataclass(frozen=True)
class Equilibria:
    """All Filippov equilibria of a network.

    Attributes
    ----------
    regular : tuple of Equilibrium
        Those that no small change of W and b removes; without sliding units they are the stable states.
    degenerate : tuple of Equilibrium
        The others (index 0); of a continuum, its corners.
    """

    regular: tuple[Equilibrium, ...]
    degenerate: tuple[Equilibrium, ...]

    @property
    def index_sum(self) -> int:
        """Sum of the indices; 1 where none is degenerate (degree theory: the outer field points inwards)."""
        return sum(point.index for point in self.regular)

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "filippov_equilibria": [point.data for point in self.regular],
            "filippov_degenerate": [point.data for point in self.degenerate],
            "filippov_index_sum": self.index_sum,
            "filippov_nondegenerate": not self.degenerate,
        }


def filippov_equilibria(network: ThresholdNetwork) -> Equilibria:
    """All equilibria, those with sliding units too; where none is degenerate, their indices are checked to sum to 1.

    Raises
    ------
    DomainError
        If the network is too large: more than `MOST_CASES` cases of sliding units.
    """
    points = box_solutions(network.W, network.b)
    found = Equilibria(tuple(p for p in points if p.index), tuple(p for p in points if not p.index))
    assert found.degenerate or found.index_sum == 1, f"indices of the equilibria sum to {found.index_sum}, not to 1"
    return found


def is_p_matrix(M: Matrix) -> bool:
    """Whether all principal minors are positive (Tsatsomeros and Li 2000: by Schur complements).

    Where -W is a P-matrix, the network has exactly one Filippov equilibrium for every bias, and every tie one continuation.
    """
    if not M:
        return True
    head, rest = M[0][0], [row[1:] for row in M[1:]]
    schur = [[x - row[0] * y / head for x, y in zip(row[1:], M[0][1:], strict=True)] for row in M[1:]] if head else []
    return head > 0 and is_p_matrix(rest) and is_p_matrix(schur)


@dataclass(frozen=True)
class Wall:
    """The wall y_i = 0 between the regions of two states that differ in unit i.

    Attributes
    ----------
    unit : int
    below : State
        The state on the side y_i < 0.
    low, high : Fraction
        Field of the unit on the two sides, y_i < 0 and y_i > 0; they differ by w_ii.
    """

    unit: int
    below: State
    low: Fraction
    high: Fraction

    @property
    def kind(self) -> str:
        """`CROSSING`, `SLIDING`, `REPELLING` or `DEGENERATE`."""
        if self.low * self.high > 0:
            return CROSSING
        if not self.low * self.high:
            return DEGENERATE
        return SLIDING if self.low > 0 else REPELLING

    @property
    def sliding_output(self) -> Fraction | None:
        """Output u_i = h/abs(w_ii) of the unit while it slides on this wall."""
        return self.low / (self.low - self.high) if self.kind == SLIDING else None

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        output = {} if self.sliding_output is None else {"u": str(self.sliding_output)}
        fields = {"field_below": str(self.low), "field_above": str(self.high)}
        return {"unit": self.unit, "below": text_of(self.below), "kind": self.kind, **fields, **output}


def wall(network: ThresholdNetwork, unit: int, state: State) -> Wall:
    """The wall of a unit at a state of the other units."""
    below = (*state[:unit], 0, *state[unit + 1 :])
    low = network.fields(below)[unit]
    return Wall(unit, below, low, low + network.W[unit][unit])


@dataclass(frozen=True)
class RegionMap:
    """Where trajectories of every region move, and what its walls do.

    Attributes
    ----------
    focal_points : dict of State to tuple of Fraction
        W s + b, to which trajectories in the region of s move on straight lines.
    walls : tuple of Wall
    """

    focal_points: dict[State, Vector]
    walls: tuple[Wall, ...]

    @property
    def data(self) -> dict[str, Any]:
        """Content for JSON."""
        return {
            "focal_points": {text_of(s): list(map(str, f)) for s, f in self.focal_points.items()},
            "walls": [found.data for found in self.walls],
        }


def region_map(network: ThresholdNetwork) -> RegionMap:
    """All regions and walls of a network.

    Raises
    ------
    InputError
        If the network has more than `MOST_IN_MAP` units.
    """
    N = network.N
    require((N <= MOST_IN_MAP, f"all regions and walls are listed up to N = {MOST_IN_MAP}, and N is {N}"))
    focal = {s: network.fields(s) for s in product((0, 1), repeat=N)}
    walls = (
        Wall(i, s, f[i], f[i] + network.W[i][i]) for i in range(N) for s, f in focal.items() if not s[i]
    )  # fmt: skip
    return RegionMap(focal, tuple(walls))
