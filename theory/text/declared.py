"""Names and ranges of the parameters that an activation's text declares, found without reading the formula."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from theory.interval import Interval

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_DECLARATION = re.compile(r"\s*([^\W\d]\w*)\s*(>=|<=|>|<)?")
_RANGES = {
    ">": Interval.POSITIVE,
    ">=": Interval.NONNEGATIVE,
    "<": Interval.NEGATIVE,
    "<=": Interval.NONPOSITIVE,
    None: Interval.REAL,
}


def declared(text: str) -> dict[str, Interval]:
    """The parameters after ``where``, and the sign that is declared for each."""
    _, where, declarations = text.partition(" where ")
    found = (_DECLARATION.match(piece) for piece in declarations.split(",")) if where else ()
    return {match[1]: _RANGES[match[2]] for match in found if match}


def free_names(text: str, taken: Collection[str]) -> dict[str, str]:
    """Another name for each declared parameter whose own name is taken: ``p`` becomes ``phi_p``."""
    return {name: f"phi_{name}" for name in declared(text) if name in taken}


def with_names(text: str, names: Mapping[str, str]) -> str:
    """The text with parameters renamed."""
    return _NAME.sub(lambda match: names.get(match[0], match[0]), text)
