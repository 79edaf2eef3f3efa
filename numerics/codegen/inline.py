"""Sources of `numerics.algorithms` as they are pasted into a generated module."""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache
from types import ModuleType


@lru_cache(maxsize=8)
def pasted(rooms: tuple[ModuleType, ...]) -> str:
    """Sources without module docstrings and imports, each under a heading that keeps the docstring's first line.

    Parameters
    ----------
    rooms : tuple of ModuleType
        In dependency order.
    """
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
