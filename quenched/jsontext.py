"""JSON of the command line: the one place that decides how numbers that are not finite are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isnan
from typing import Any


def json_text(data: Mapping[str, Any]) -> str:
    """One JSON object as text.

    An infinite value, such as <phi'^2> of a jump, is a result and is written ``Infinity`` or ``-Infinity``, which Python's
    `json` and most readers take although strict JSON has no such word. A value that is not defined (nan inside the
    toolkit), such as the z-score of a quantity that was not measured, is written ``null``.
    """
    return json.dumps(_defined(data), indent=2)


def _defined(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _defined(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(entry) for entry in value]
    return None if isinstance(value, float) and isnan(value) else value
