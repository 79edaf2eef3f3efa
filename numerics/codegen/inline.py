"""Sources of `numerics.algorithms` as they are pasted into a generated module."""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache
from types import ModuleType

from numerics.algorithms import (
    autocovariance,
    averages,
    clamped,
    coloured,
    contour,
    filtered,
    frozen,
    hermite,
    loop,
    onesite,
    pairs,
    pairsum,
    panels,
    plane,
    primitive,
    quadrature,
    roots,
    self_consistency,
    sets,
    states,
    trajectories,
    transfer,
    twotime,
)

_AVERAGES = (quadrature, averages)
_SOLVERS = {  # in dependency order
    "number": (*_AVERAGES, roots, self_consistency),
    "autocovariance": (
        *_AVERAGES,
        pairs,
        primitive,
        panels,
        twotime,
        coloured,
        transfer,
        filtered,
        plane,
        contour,
        hermite,
        onesite,
        trajectories,
        pairsum,
        states,
        autocovariance,
    ),
    "readout": (*_AVERAGES, roots, self_consistency, sets, clamped, loop),
}


def algorithm_source(kind: str = "number", with_frozen: bool = False) -> str:
    """All algorithms without module docstrings and imports, each under a heading that keeps the docstring's first line.

    Parameters
    ----------
    kind : str
        Kind of the equation.
    with_frozen : bool
        Whether the module needs averages over a frozen mean.
    """
    return _pasted((*_SOLVERS[kind], frozen) if with_frozen else _SOLVERS[kind])


def average_source() -> str:
    """The part that evaluates averages."""
    return _pasted(_AVERAGES)


@lru_cache(maxsize=4)
def _pasted(rooms: tuple[ModuleType, ...]) -> str:
    return "\n\n\n".join(_body(inspect.getsource(room), room.__name__.rsplit(".", 1)[1]) for room in rooms)


def _body(text: str, name: str) -> str:
    tree = ast.parse(text)
    skip: set[int] = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or node is tree.body[0]:
            skip.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = [line for number, line in enumerate(text.splitlines(), 1) if number not in skip]
    summary = (ast.get_docstring(tree) or "").splitlines()[0]
    return f"# {name}: {summary}\n\n" + "\n".join(lines).strip()
