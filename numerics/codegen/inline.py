"""Sources of `numerics.algorithms` as they are pasted into a generated module."""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache
from importlib import import_module
from types import ModuleType

from numerics import algorithms


@lru_cache(maxsize=8)
def pasted(rooms: tuple[ModuleType, ...]) -> str:
    """Algorithms and what they import from each other, without module docstrings and imports, each under a heading."""
    bodies: dict[str, str] = {}
    for room in rooms:
        _paste(room.__name__, bodies)
    return "\n\n\n".join(bodies.values())


def _paste(name: str, bodies: dict[str, str]) -> None:
    """Add the file of that name, after those that it imports."""
    if name in bodies:
        return
    text = inspect.getsource(import_module(name))
    tree = ast.parse(text)
    skip: set[int] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{algorithms.__name__}."):
            _paste(str(node.module), bodies)
        if isinstance(node, ast.Import | ast.ImportFrom) or node is tree.body[0]:
            skip.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = [line for number, line in enumerate(text.splitlines(), 1) if number not in skip]
    summary = (ast.get_docstring(tree) or "").splitlines()[0]
    bodies[name] = f"# {name.rsplit('.', 1)[1]}: {summary}\n\n" + "\n".join(lines).strip()
