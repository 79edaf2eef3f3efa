"""Names of the parameters that an activation's text declares, found without reading the formula."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")


def declared_names(text: str) -> tuple[str, ...]:
    """The names after ``where``."""
    _, where, declarations = text.partition(" where ")
    return tuple(dict.fromkeys(_NAME.findall(declarations))) if where else ()


def free_names(text: str, taken: Collection[str]) -> dict[str, str]:
    """Another name for each declared parameter whose own name is taken: ``p`` becomes ``phi_p``."""
    return {name: f"phi_{name}" for name in declared_names(text) if name in taken}


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text with parameters renamed."""
    return _NAME.sub(lambda match: names.get(match[0], match[0]), text)
