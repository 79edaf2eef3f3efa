"""What may be asked of a network of threshold units beside its states: equilibria, walls, transitions, a diagram; and figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.settings import Answer
from numerics.solve.solution import Solution
from numerics.solve.solver import Solver
from numerics.threshold.design import Design, design
from numerics.threshold.integrator import SteepNetwork
from numerics.threshold.transitions import TransitionGraph, transition_graph
from numerics.view import Picture, aligned, fraction_text, vector_text
from theory.errors import InputError, require
from theory.models.threshold import THRESHOLD
from theory.threshold.entries import WEIGHT, numbers
from theory.threshold.filippov import filippov_equilibria, region_map
from theory.threshold.inequalities import inequalities
from theory.threshold.network import ThresholdNetwork, text_of
from theory.threshold.patterns import FEASIBLE, FREE, Patterns
from theory.threshold.reading import PatternFile

SHOWN = 40  # lines of one kind on a terminal
_COUNTED = {"minnorm": "squared norm", "margin": "smallest field", "integer": "sum of absolute values"}
DRAWN = 6  # units of a transition graph that is drawn


def network_of(solution: Solution) -> ThresholdNetwork:
    """The network that was solved."""
    network: ThresholdNetwork = solution.parameters["network"]
    return network


def answer_filippov(solver: Solver, solution: Solution, *_: Any) -> Answer:
    """All equilibria in Filippov's sense, with the checksum of their indices."""
    found = filippov_equilibria(network_of(solution))
    points = [*found.regular, *found.degenerate]
    table = [["outputs u", "y", "index"]]
    table += [
        [vector_text(p.u), vector_text(p.y), f"{p.index:+d}" if p.index else "degenerate"] for p in points[:SHOWN]
    ]
    total = f"  indices sum to {found.index_sum}" + (
        ", as they must" if not found.degenerate else "; some are degenerate"
    )
    return Answer(found.data, _section("equilibria in Filippov's sense", table, (0, 1), len(points), [total]))


def answer_walls(solver: Solver, solution: Solution, *_: Any) -> Answer:
    """Focal points of all regions, and what each wall between two regions does."""
    found = region_map(network_of(solution))
    points = [[text_of(s), vector_text(f)] for s, f in found.focal_points.items()]
    walls = [
        [
            f"y{w.unit} = 0",
            text_of(w.below)[: w.unit] + "." + text_of(w.below)[w.unit + 1 :],
            fraction_text(w.low),
            fraction_text(w.high),
            w.kind,
        ]
        for w in found.walls
    ]
    return Answer(
        found.data,
        [
            *_section("focal points", [["region", "W s + b"], *points[:SHOWN]], (0, 1), len(points)),
            *_section(
                "walls", [["wall", "between", "field below", "above", "kind"], *walls[:SHOWN]], (0, 1, 4), len(walls)
            ),
        ],
    )


def answer_transitions(solver: Solver, solution: Solution, *_: Any) -> Answer:
    """The transition graph of all states: terminals, cycles, what they attract."""
    graph = transition_graph(network_of(solution))
    edges = [
        f"  {text_of(s)} -> {' '.join(map(text_of, after)) or 'terminal'}" for s, after in sorted(graph.edges.items())
    ]
    terminals = [*map(text_of, sorted(graph.terminals))]
    more = [f"  ... and {len(edges) - SHOWN} more"] if len(edges) > SHOWN else []
    more += [f"  {len(terminals)} terminals: {' '.join(terminals[:SHOWN])}"] if more else []
    inhibited = any(graph.network.W[i][i] < 0 for i in range(graph.network.N))
    ends = (
        " (units that inhibit themselves may slide instead)"
        if inhibited
        else ": generic trajectories end in a terminal"
    )
    cycles = [f"  cycle of {len(c)} states: {' '.join(map(text_of, c[:12]))}" for c in graph.cycles]
    return Answer(
        graph.data,
        [
            "",
            "  transitions:",
            *edges[:SHOWN],
            *more,
            *(cycles or [f"  no cycles{ends}"]),
        ],
        picture=_drawn(graph) if graph.network.N <= DRAWN else None,
    )


def answer_diagram(solver: Solver, solution: Solution, asked: Sequence[str], *_: Any) -> Answer:
    """The stable states as a function of the parameter in the entries of W and b."""
    family = network_of(solution).family
    require((family is not None, '--diagram: no entry of W and b holds a parameter, such as p in "1-2*p"'))
    from theory.threshold.family import Diagram, diagram

    ends = numbers("--diagram", asked[0].split(":"), 2, WEIGHT)
    found: Diagram = diagram(family, *ends)
    return Answer(
        {"diagram": found.data},
        [
            "",
            f"  stable states for {family.parameter} from {ends[0]} to {ends[1]}:",
            *(f"  {row}" for row in found.rows),
        ],
        picture=_bars(found.data, solution),
    )


def _section(
    title: str, table: list[list[str]], left: tuple[int, ...], count: int, more: Sequence[str] = ()
) -> list[str]:
    hidden = [f"  ... and {count - SHOWN} more"] if count > SHOWN else []
    return ["", f"  {title}:", *(f"  {row}" for row in aligned(table, left=left)), *hidden, *more]


# ---- figures -----------------------------------------------------------------------------------------------------------

Points = NDArray[Any]


def picture(solver: Solver, solution: Solution) -> Picture:
    """Two units: regions of the plane, walls and where trajectories go; more of them: the transition graph.

    Raises
    ------
    InputError
        For one unit, or more than six.
    """
    network = network_of(solution)
    if network.N == 2:
        return _plane(network)
    if not 3 <= network.N <= DRAWN:
        raise InputError(
            f"--plot draws the plane of two units or the transitions of 3 to {DRAWN}; the network has {network.N}"
        )
    return _drawn(transition_graph(network))


def _plane(network: ThresholdNetwork) -> Picture:
    """Regions, walls, focal points, equilibria, and the flow on a grid."""
    found = region_map(network)
    smooth = SteepNetwork.of(network)  # its rows are scaled: only directions along an axis change
    focal = {text_of(s): _point(f, smooth) for s, f in found.focal_points.items()}
    size = 1.25 * max(max(abs(z.real), abs(z.imag)) for z in (*focal.values(), 0.2 + 0.2j))
    curves: dict[str, list[Points]] = {}
    for wall in found.walls:
        along = np.array([0, size]) * (1 if wall.below[1 - wall.unit] else -1)
        curves.setdefault(f"{wall.kind} wall", []).append(along * (1j if wall.unit == 0 else 1))
    grid = np.linspace(-size, size, 13)[[1, 3, 5, 7, 9, 11]]
    arrows = []
    for x, y in product(grid, grid):
        to = focal[f"{int(x > 0)}{int(y > 0)}"] - (x + 1j * y)
        if abs(to) > size / 20:
            arrows.append((x + 1j * y, x + 1j * y + to / abs(to) * min(abs(to), size / 8)))
    equilibria = filippov_equilibria(network)
    points = {"focal point of a region": np.array([*focal.values()])}
    points["equilibrium (Filippov)"] = np.array(
        [_point(p.y, smooth) for p in (*equilibria.regular, *equilibria.degenerate)]
    )
    return Picture(
        f"{network}: regions of the plane",
        "y0 / (|b_0| + sum_j |W_0j|)",
        "y1 / (|b_1| + sum_j |W_1j|)",
        {},
        {label: _joined(lines) for label, lines in curves.items()},
        marks=points,
        arrows=tuple(arrows),
        texts={", ".join(s for s, z in focal.items() if z == place): place for place in focal.values()},
    )


def _point(y: Sequence[Fraction], smooth: SteepNetwork) -> complex:
    x = [float(v) / size for v, size in zip(y, smooth.scale, strict=True)]
    return complex(*x)


def _drawn(graph: TransitionGraph) -> Picture:
    """States by their number of active units, an arrow for every transition."""
    levels: dict[int, list[str]] = {}
    for state in sorted(graph.edges):
        levels.setdefault(sum(state), []).append(text_of(state))
    place = {
        text: complex(k - (len(level) - 1) / 2, active)
        for active, level in levels.items()
        for k, text in enumerate(level)
    }
    stable = {s for s in graph.edges if graph.network.is_stable(s)}
    named = {*graph.terminals, *(s for cycle in graph.cycles for s in cycle)}
    kinds = {
        "stable": stable,
        "marginal": set(graph.terminals) - stable,
        "not stable": set(graph.edges) - set(graph.terminals),
    }
    return Picture(
        f"{graph.network}: transitions between states",
        "",
        "active units",
        {},
        {},
        marks={
            label: np.array([place[text_of(s)] for s in sorted(states)]) for label, states in kinds.items() if states
        },
        arrows=tuple((place[text_of(s)], place[text_of(t)]) for s, after in sorted(graph.edges.items()) for t in after),
        texts=place
        if graph.network.N < DRAWN
        else {text_of(s): place[text_of(s)] for s in named},  # more would overlap
    )


def _bars(data: Mapping[str, Any], solution: Solution) -> Picture:
    """A line for each state, where it is stable."""
    ends = {b["at"]: float(b["decimal"]) for b in data["breakpoints"]}
    ends |= {end: float(Fraction(end)) for end in (data["low"], data["high"])}
    states = sorted({s for piece in data["pieces"] for s in piece["stable"]})
    place = {state: k for k, state in enumerate(states)}
    lines = [
        np.array([ends[piece["low"]], ends[piece["high"]]]) + 1j * place[state]
        for piece in data["pieces"]
        for state in piece["stable"]
    ]
    return Picture(
        f"{network_of(solution)}: stable states",
        data["parameter"],
        "",
        {},
        {"stable": _joined(lines)} if lines else {},
        texts={
            s: complex(min(ends[p["low"]] for p in data["pieces"] if s in p["stable"]), k) for s, k in place.items()
        },
    )


def _joined(lines: Sequence[Points]) -> Points:
    """Several curves as one, with gaps between them."""
    gap = np.array([np.nan + 0j])
    return np.concatenate([part for line in lines for part in (line.astype(complex), gap)])


# ---- designs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DesignAnswer:
    """A design as the command line shows it.

    Attributes
    ----------
    model : str
    found : Design
    """

    model: str
    found: Design

    @property
    def feasible(self) -> bool:
        """Whether there is a network."""
        return self.found.feasible

    def to_dict(self) -> dict[str, Any]:
        """Content for JSON."""
        return {"model": self.model, **self.found.data}

    def table(self) -> str:
        """Row by row, then the states of the network."""
        data = self.found.data
        title = f"{len(data['patterns'])} patterns of {self.found.patterns.N} units, diag = {data['diag']}, bias = {data['bias']}"
        rows = []
        for row in data["rows"]:
            if row["feasible"]:
                value = (
                    f"   {_COUNTED[data['objective']]} {row['value']}, at best {row['bound']}" if "value" in row else ""
                )
                rows.append(f"  unit {row['row']}: w = ({', '.join(row['w'])}), b = {row['b']}{value}")
            else:
                weights = ", ".join(y for y in row["farkas_y"] if y != "0")
                rows.append(
                    f"  unit {row['row']}: no weights; {', '.join(row['conflict'])} exclude each other (multipliers {weights})"
                )
        if not self.feasible:
            said = "no network has these stable states; quenched derive shows the inequalities that exclude each other"
            return "\n".join([title, *rows, said])
        stable = data["stable_of_design"]
        others = "too many states to look at" if stable is None else f"{len(stable)}: {' '.join(stable[:SHOWN])}"
        if stable is not None and (extra := set(stable) - set(data["patterns"])):
            others += f" ({len(extra)} of them not asked for)"
        forced = [entry["state"] for entry in data["forced"] or ()]
        more = [f"stable in every such network too: {' '.join(forced[:SHOWN])}"] if forced else []
        return "\n".join([title, *rows, f"stable states of this network: {others}", *more])


def design_for(read: PatternFile, **given: Any) -> DesignAnswer:
    """A network with the patterns of a file as stable states, or why there is none.

    Parameters
    ----------
    read : PatternFile
    **given
        `diag`, `bias`, `signs` and `objective`, which replace what the file says.

    Raises
    ------
    InputError
        If `diag` is given nowhere, or an option does not fit the patterns.
    """
    objective = given.pop("objective", FEASIBLE)
    return DesignAnswer(THRESHOLD.name, design(Patterns.of(read, **given), objective))


def inequalities_for(read: PatternFile, style: str, **given: Any) -> str:
    """What the patterns of a file ask of W_ij and b_i; weights that no option mentions are free.

    Parameters
    ----------
    read : PatternFile
    style : {'text', 'markdown', 'latex', 'json'}
    **given
        `diag`, `bias` and `signs`, which replace what the file says.
    """
    found = inequalities(Patterns.of(read, **{"diag": read.options.get("diag", FREE), **given}))
    if style == "json":
        return json.dumps({"model": THRESHOLD.name, **found.data}, indent=2)
    if style == "latex":
        return found.latex
    p = found.patterns
    title = f"{p.P} states of {p.N} units are stable if and only if (diag = {p.diag}, bias = {p.bias})"
    if style == "text":
        return "\n".join([f"{title}:", "", *found.rows])
    lines = []
    for unit in found.units:
        states = [f" ({text_of(entry.state)})" for entry in unit.kept] + [""] * len(unit.signs)
        lines += [f"* unit {unit.unit}: ${text}$" + state for text, state in zip(unit.latex, states, strict=True)]
        lines += [f"* unit {unit.unit}: {refusal}" for refusal in unit.refusal]
    return "\n".join([f"# {title}", "", *lines])
